/*
 * backup: the steps of it. The file is filled from a copy that was looked
 * at, not from the ledger itself: what came out halfway is no backup.
 */
#include "agent/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent/turn.h"

enum {
	PATH_BYTES = 4096,
	WHY_MAX = 512,
	SLICE_BYTES = 128 * 1024,
	MEGABYTE = 1000000
};

enum phase { COPIES, TELLS, STREAMS, IS_DONE, HAS_FAILED };

struct backup {
	struct turn *turn;
	struct ledger_copy *copy;
	struct ledger_copy_info info; /* once it was copied */
	enum phase phase;
	int fd, from; /* from: the copy; -1: not open */
	bool same_disk;
	char who[LEDGER_NAME_MAX];
	char path[PATH_BYTES]; /* of the copy */
	char error[WHY_MAX];
};

/* ---- room --------------------------------------------------------------- */

static int64_t
free_bytes(const char *path)
{
	char copy[PATH_BYTES];
	struct statvfs disk;
	if (span_copy(copy, sizeof(copy), span_str(path)) != 0 ||
		statvfs(dirname(copy), &disk) != 0)
		return -1;
	return (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
}

/* Whether so many bytes more leave the margin. What cannot be asked does
 * not stop it: the write would. */
static bool
has_room(struct backup *b, int64_t bytes)
{
	const char *unsafe = turn_unsafe(b->turn);
	if (unsafe != NULL) {
		(void)span_copy(b->error, sizeof(b->error), span_str(unsafe));
		return false;
	}
	int64_t room = free_bytes(b->path);
	if (room < 0 || room - bytes >= BACKUP_MARGIN)
		return true;
	snprintf(b->error, sizeof(b->error),
		"there is no room for it: %" PRId64 " MB are free beside the "
		"ledger, the backup needs %" PRId64 " there, and %d stay free "
		"for results%s",
		room / MEGABYTE, bytes / MEGABYTE + 1,
		(int)BACKUP_MARGIN / MEGABYTE,
		b->same_disk ? "; a FILE on another disk needs half of it"
			     : "");
	return false;
}

/* ---- beginning ---------------------------------------------------------- */

static bool
path_of(struct ledger *ledger, char *out, size_t cap)
{
	int n = snprintf(out, cap, "%s.backup", ledger_path(ledger));
	return n > 0 && (size_t)n < cap;
}

void
backup_clean(struct ledger *ledger)
{
	char path[PATH_BYTES];
	if (path_of(ledger, path, sizeof(path)))
		ledger_copy_remove(path);
}

static bool
take_file(struct backup *b)
{
	struct stat st, ours;
	int flags = fcntl(b->fd, F_GETFL);
	if (flags < 0 || fstat(b->fd, &st) != 0 || !S_ISREG(st.st_mode) ||
		(flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) != 0 ||
		(flags & O_APPEND) != 0 || st.st_size != 0) {
		snprintf(b->error, sizeof(b->error),
			"the file is no plain, empty one that can be written");
		return false;
	}
	b->same_disk = stat(ledger_path(turn_ledger(b->turn)), &ours) == 0 &&
	               ours.st_dev == st.st_dev;
	return true;
}

static bool
begin(struct backup *b)
{
	struct ledger *ledger = turn_ledger(b->turn);
	char why[WHY_MAX];
	if (!path_of(ledger, b->path, sizeof(b->path))) {
		snprintf(b->error, sizeof(b->error), "the path is too long");
		return false;
	}
	if (!take_file(b))
		return false;
	b->copy = ledger_copy_open(ledger, b->path, why, sizeof(why));
	if (b->copy == NULL) {
		snprintf(b->error, sizeof(b->error), "%s", why);
		return false;
	}
	int64_t bytes = ledger_copy_info(b->copy)->bytes;
	return has_room(b, b->same_disk ? 2 * bytes : bytes);
}

struct backup *
backup_begin(struct turn *turn, int fd, const char *who, char *why, size_t cap)
{
	struct backup *b = calloc(1, sizeof(*b));
	if (b == NULL)
		abort(); /* as must_alloc */
	b->turn = turn;
	b->fd = fd;
	b->from = -1;
	(void)span_copy(
		b->who, sizeof(b->who), span_str(who)); /* cut is fine */
	if (begin(b))
		return b;
	snprintf(why, cap, "%s", b->error);
	backup_free(b);
	return NULL;
}

/* ---- its steps ---------------------------------------------------------- */

static int
fail(struct backup *b, int rc, const char *why)
{
	if (why != NULL)
		snprintf(b->error, sizeof(b->error), "%s", why);
	b->phase = HAS_FAILED;
	return rc;
}

static int
step_copy(struct backup *b)
{
	/* Others write, too; and SQLite keeps what they write beside the
	 * ledger until the copy is made. */
	if (!has_room(b, 0))
		return fail(b, -ENOSPC, NULL);
	int rc = ledger_copy_step(b->copy);
	if (rc == 1)
		return 1;
	if (rc != 0)
		return fail(b, rc, ledger_copy_error(b->copy));
	b->info = *ledger_copy_info(b->copy);
	ledger_copy_close(b->copy);
	b->copy = NULL;
	b->from = open(b->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (b->from < 0)
		return fail(b, -EIO, strerror(errno));
	b->phase = TELLS;
	return 1;
}

/* Sealed PINs leave the house: that is written down first. */
static int
step_tell(struct backup *b)
{
	struct ledger_op op = turn_op(b->turn, LEDGER_EVENT);
	struct ledger_event *e = &op.u.event;
	(void)span_copy(op.who, sizeof(op.who), span_str(b->who));
	(void)span_copy(e->event, sizeof(e->event),
		span_str("daemon.backup")); /* fits */
	snprintf(e->note, sizeof(e->note),
		"seq=%" PRId64 " head=%s vouchers=%" PRId64 " bytes=%" PRId64,
		b->info.seq, b->info.head, b->info.vouchers, b->info.bytes);
	int rc = turn_try(b->turn, &op, NULL);
	if (rc != 0)
		return fail(b, rc, ledger_error(turn_ledger(b->turn)));
	b->phase = STREAMS;
	return 1;
}

static int
step_stream(struct backup *b)
{
	if (b->same_disk && !has_room(b, 0))
		return fail(b, -ENOSPC, NULL);
	ssize_t n = sendfile(b->fd, b->from, NULL, SLICE_BYTES);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n < 0)
		return fail(b, -errno, strerror(errno));
	if (n > 0)
		return 1;
	struct stat st;
	if (fstat(b->fd, &st) != 0 || st.st_size != b->info.bytes)
		return fail(b, -EIO, "the file was changed by somebody else");
	b->phase = IS_DONE;
	return 0;
}

int
backup_step(struct backup *b)
{
	switch (b->phase) {
	case COPIES:
		return step_copy(b);
	case TELLS:
		return step_tell(b);
	case STREAMS:
		return step_stream(b);
	case IS_DONE:
		return 0;
	case HAS_FAILED:
		return -EIO;
	}
	return -EIO;
}

const struct ledger_copy_info *
backup_info(const struct backup *b)
{
	return &b->info;
}

const char *
backup_error(const struct backup *b)
{
	return b->error;
}

void
backup_free(struct backup *b)
{
	if (b == NULL)
		return;
	ledger_copy_close(b->copy);
	if (b->from >= 0)
		(void)close(b->from); /* only read from */
	if (b->path[0] != '\0')
		ledger_copy_remove(b->path);
	if (b->phase != IS_DONE)
		(void)!ftruncate(b->fd, 0); /* half of it is of no use */
	(void)close(b->fd);                 /* who gave it syncs it */
	free(b);
}
