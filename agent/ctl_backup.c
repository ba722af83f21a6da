/*
 * ctl_backup: a backup into a new file. It must never write over one, leave
 * half of one, or let anybody think that the key is in it.
 */
#include "agent/ctl_private.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/json.h"
#include "agent/ledger_copy.h"

enum { PATH_BYTES = 4096 };

struct making {
	struct ctl *ctl;
	const char *file;
	int fd;
};

/* ---- the file ----------------------------------------------------------- */

static int
create(const struct ctl *ctl, const char *file)
{
	int fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		ctl_say(ctl,
			"%s exists already, and is left as it is: say a "
			"new name",
			file);
	else if (fd < 0)
		ctl_say(ctl, "cannot make %s: %s", file, strerror(errno));
	return fd;
}

/* The file and its name. 0 or -errno. */
static int
sync_all(const struct making *making)
{
	char copy[PATH_BYTES];
	if (fsync(making->fd) != 0)
		return -errno;
	if (span_copy(copy, sizeof(copy), span_str(making->file)) != 0)
		return -ENAMETOOLONG;
	int dir = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	int rc = fsync(dir) == 0 ? 0 : -errno;
	(void)close(dir); /* only synced */
	return rc;
}

/* ---- the answer --------------------------------------------------------- */

static void
copy_text(const struct json *done, const char *key, char *out, size_t cap)
{
	const char *text = json_get_text(done, key);
	(void)span_copy(out, cap, span_str(text != NULL ? text : ""));
}

/* Read back and compared: what is on this disk is the backup, not what the
 * daemon meant to write. */
static bool
is_whole(const struct making *making, const struct json *done)
{
	struct ledger_copy_info info = {.seq = -1};
	char why[512];
	(void)json_get_number(done, "seq", &info.seq);
	copy_text(done, "head", info.head, sizeof(info.head));
	for (char *p = info.head; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	copy_text(done, "key_id", info.key_id, sizeof(info.key_id));
	int rc = sync_all(making);
	if (rc != 0)
		(void)snprintf(why, sizeof(why), "it is not safely on disk: %s",
			strerror(-rc));
	else
		rc = ledger_copy_check(making->file, &info, why, sizeof(why));
	if (rc != 0)
		ctl_say(making->ctl, "no backup was made: %s: %s", making->file,
			why);
	return rc == 0;
}

static void
print_made(const struct making *making, const struct json *done)
{
	char *vouchers =
		ctl_table_cell(json_get(done, "vouchers"), CELL_NUMBER);
	char *seq = ctl_table_cell(json_get(done, "seq"), CELL_NUMBER);
	char *key = ctl_table_cell(json_get(done, "key_file"), CELL_TEXT);
	char *id = ctl_table_cell(json_get(done, "key_id"), CELL_TEXT);
	(void)printf("%s: %s vouchers, up to audit entry %s\n", making->file,
		vouchers, seq);
	(void)printf("The key is NOT in it: keep a copy of %s (key %s) too, in "
		     "another place; without it no PIN in this backup can be "
		     "read, and it cannot be restored.\n",
		key, id);
	free(vouchers);
	free(seq);
	free(key);
	free(id);
}

static void
share_member(void *ctx, const char *key, const struct json *value)
{
	json_share(ctx, key, value);
}

static int
on_made(void *ctx, const struct json *done, int exit_status)
{
	const struct making *making = ctx;
	if (!is_whole(making, done))
		return CTL_REFUSED;
	if (making->ctl->json) {
		struct json *o = json_new_object();
		json_put_text(o, "file", making->file);
		json_each(done, share_member, o);
		ctl_show_json(o);
		json_free(o);
	} else {
		print_made(making, done);
	}
	return exit_status;
}

static int
on_interrupt(void *ctx)
{
	const struct making *making = ctx;
	ctl_say(making->ctl, "given up: no backup was made");
	return CTL_REFUSED;
}

int
ctl_run_backup(struct ctl *ctl)
{
	struct making making = {.ctl = ctl, .file = ctl->args[0]};
	const struct ctl_hooks hooks = {.ctx = &making,
		.on_done = on_made,
		.on_interrupt = on_interrupt,
		.waits = true};
	making.fd = create(ctl, making.file);
	if (making.fd < 0)
		return CTL_REFUSED;
	int exit_status = ctl_ask(ctl, json_new_object(), making.fd, &hooks);
	if (close(making.fd) != 0 && exit_status == CTL_DONE) {
		ctl_say(ctl, "no backup was made: %s: %s", making.file,
			strerror(errno));
		exit_status = CTL_REFUSED;
	}
	if (exit_status != CTL_DONE)
		(void)unlink(making.file); /* ours, and of no use */
	return exit_status;
}
