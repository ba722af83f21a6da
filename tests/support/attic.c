/*
 * attic: see attic.h. A refusal that changed a byte of the ledger fails.
 */
#include "tests/support/attic.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct attic attic;

int
attic_setup(void **state)
{
	memset(&attic, 0, sizeof(attic));
	if (purse_setup(state) != 0)
		return -1;
	attic.p = *state;
	snprintf(attic.backup, sizeof(attic.backup), "%s/backup.db",
		attic.p->dir);
	return 0;
}

void
attic_back_up(void)
{
	struct purse *p = attic.p;
	struct ledger_copy *copy = ledger_copy_open(
		p->ledger, attic.backup, p->why, sizeof(p->why));
	assert_non_null(copy);
	int rc;
	while ((rc = ledger_copy_step(copy)) == 1)
		;
	assert_int_equal(rc, 0);
	ledger_copy_close(copy);
}

int
attic_restore_with(struct vault *vault)
{
	const struct ledger_restore how = {.path = attic.p->path,
		.backup = attic.backup,
		.who = "uid:0",
		.wall_ms = ATTIC_RESTORED_MS,
		.vault = vault};
	memset(&attic.made, 0, sizeof(attic.made));
	attic.why[0] = '\0';
	return ledger_restore(&how, &attic.made, attic.why, sizeof(attic.why));
}

int
attic_restore(void)
{
	return attic_restore_with(attic.p->vault);
}

/* The bytes of a file; the caller frees them. */
char *
attic_bytes(const char *path, size_t *len)
{
	struct stat st;
	int fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) != 0) {
		*len = 0;
		return NULL;
	}
	char *bytes = malloc((size_t)st.st_size + 1);
	assert_non_null(bytes);
	*len = (size_t)read(fd, bytes, (size_t)st.st_size);
	close(fd);
	return bytes;
}

bool
attic_has(const char *name)
{
	return access(purse_path(attic.p, name), F_OK) == 0;
}

void
attic_has_no_half(void)
{
	static const char *const names[] = {"ledger.db.restoring",
		"ledger.db.restoring-wal", "ledger.db.restoring-shm",
		"ledger.db.restoring-journal", "ledger.db.restoring.lock"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (attic_has(names[i]))
			fail_msg("%s is left", names[i]);
}

void
attic_is_refused(int code, const char *because)
{
	size_t len, now_len;
	char *before = attic_bytes(attic.p->path, &len);
	int rc = attic_restore();
	if (rc != code || strstr(attic.why, because) == NULL)
		fail_msg("not '%s': %d, %s", because, rc, attic.why);
	char *now = attic_bytes(attic.p->path, &now_len);
	assert_int_equal(now_len, len);
	if (len > 0)
		assert_memory_equal(now, before, len);
	free(before);
	free(now);
	attic_has_no_half();
	assert_false(attic_has("ledger.db.replaced-1"));
}

void
attic_is_restored(void)
{
	int rc = attic_restore();
	if (rc != 0)
		fail_msg("%d: %s", rc, attic.why);
	attic_has_no_half();
	purse_open(attic.p);
	purse_is_sound(attic.p);
}

/* The ledger is lost, and what SQLite had beside it. */
void
attic_lose_ledger(void)
{
	purse_close(attic.p);
	ledger_copy_remove(attic.p->path);
}

/* As dialled on "m1", with an answer or none. */
void
attic_dial(int64_t voucher, enum verdict verdict, enum voucher_event event,
	const char *reason)
{
	struct ledger_op op = purse_settle(attic.p,
		purse_dial(attic.p, voucher),
		verdict == VERDICT_NONE ? LEDGER_MAYBE_SENT : LEDGER_ANSWERED,
		verdict, event);
	snprintf(op.u.attempt_settle.reason, LEDGER_NAME_MAX, "%s", reason);
	(void)purse_must(attic.p, &op);
}

void
attic_write_backup(const char *bytes, size_t len)
{
	int fd = open(attic.backup, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}
