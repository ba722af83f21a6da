/*
 * Scans of incoming/, on a file system that sends no events and tells of no
 * writers, as NFS and SMB mounts: in virtual time, on real folders.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/spool_private.h"
#include "tests/virtual/virtual.h"

enum { MANY = 1500 };

#define SECONDS(n) (INT64_C(1000) * (n))

/* ---- the mount ----------------------------------------------------------- */

static unsigned asked, asked_most; /* for writers: in this turn, in any */
static const char *unreadable;

int
inotify_init1(int flags)
{
	(void)flags;
	errno = ENOSYS;
	return -1;
}

/* NFS gives no lease; the rest works. */
int
fcntl(int fd, int command, ...)
{
	va_list args;
	long value;

	va_start(args, command);
	value = va_arg(args, long);
	va_end(args);
	if (command == F_SETLEASE) {
		asked++;
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_fcntl, fd, command, value);
}

int
openat(int at, const char *name, int flags, ...)
{
	va_list args;
	unsigned mode;

	va_start(args, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(args, unsigned) : 0;
	va_end(args);
	if (unreadable && strcmp(name, unreadable) == 0) {
		errno = EACCES;
		return -1;
	}
	return (int)syscall(SYS_openat, at, name, flags, mode);
}

/* ---- the folder ---------------------------------------------------------- */

struct fixture {
	char dir[32];
	struct loop *loop;
	struct spool *spool;
	char (*told)[32];
	int count;
};

static void
put(const struct fixture *f, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/incoming/%s", f->dir, name);
	file = fopen(path, "a");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
on_file(void *ctx, const char *name)
{
	struct fixture *f = ctx;

	assert_true(f->count < MANY + 10);
	(void)snprintf(f->told[f->count++], sizeof(*f->told), "%.31s", name);
}

static void
on_turn_end(void *ctx)
{
	(void)ctx;
	if (asked > asked_most)
		asked_most = asked;
	asked = 0;
}

static void
open_spool(struct fixture *f)
{
	char why[256];

	f->spool = spool_open(
		f->loop, f->dir, (gid_t)-1, on_file, f, why, sizeof(why));
	assert_non_null(f->spool);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char path[64];

	assert_non_null(f);
	virtual_reset();
	f->told = calloc(MANY + 10, sizeof(*f->told));
	assert_non_null(f->told);
	(void)strcpy(f->dir, "/tmp/test_spool.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(path, sizeof(path), "%s/incoming", f->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	f->loop = loop_new();
	loop_on_turn_end(f->loop, on_turn_end, f);
	asked = asked_most = 0;
	unreadable = NULL;
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;
	char command[64];

	spool_close(f->spool);
	loop_free(f->loop);
	(void)snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	assert_int_equal(system(command), 0);
	free(f->told);
	free(f);
	return 0;
}

/* The daemon's clock against that of the files. */
static void
set_wall(int64_t ahead_ms)
{
	virtual_set_wall((int64_t)time(NULL) * 1000 + ahead_ms);
}

/* ---- when ---------------------------------------------------------------- */

static void
file_counts_as_whole_a_minute_after_it_last_grew(void **state)
{
	struct fixture *f = *state;

	set_wall(SECONDS(-3600)); /* only what is seen counts, then */
	put(f, "a.csv", "pin\n");
	open_spool(f);
	virtual_run(f->loop, SECONDS(30));
	put(f, "a.csv", "1\n");            /* at 30 s */
	virtual_run(f->loop, SECONDS(31)); /* the look at 60 s sees it */
	assert_int_equal(f->count, 0);
	virtual_run(f->loop, SECONDS(58));
	assert_int_equal(f->count, 0);
	virtual_run(f->loop, SECONDS(2));
	assert_int_equal(f->count, 1);
	assert_string_equal(f->told[0], "a.csv");
}

static void
file_that_lay_there_for_a_minute_is_told_at_start(void **state)
{
	struct fixture *f = *state;

	set_wall(SECONDS(62));
	put(f, "a.csv", "pin\n");
	open_spool(f);
	virtual_run(f->loop, 10);
	assert_int_equal(f->count, 1);
	/* What comes later is found by the look of every minute. */
	set_wall(SECONDS(-3600));
	put(f, "b.csv", "pin\n");
	virtual_run(f->loop, SECONDS(61));
	assert_string_not_equal(f->told[f->count - 1], "b.csv");
	virtual_run(f->loop, SECONDS(60));
	assert_string_equal(f->told[f->count - 1], "b.csv");
}

static void
file_that_cannot_be_read_is_told_each_minute(void **state)
{
	struct fixture *f = *state;

	set_wall(SECONDS(62));
	put(f, "a.csv", "pin\n");
	unreadable = "a.csv";
	open_spool(f);
	virtual_run(f->loop, SECONDS(61));
	assert_int_equal(f->count, 2);
	assert_string_equal(f->told[1], "a.csv");
}

/* ---- many ---------------------------------------------------------------- */

static struct timespec
changed(const struct fixture *f, const char *name)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/incoming/%s", f->dir, name);
	assert_int_equal(stat(path, &st), 0);
	return st.st_ctim;
}

/* The clock of files has ticked when a new one shows it. */
static void
let_the_clock_tick(const struct fixture *f, const char *last)
{
	struct timespec before = changed(f, last), now;

	do {
		put(f, ".tick", "x");
		now = changed(f, ".tick");
	} while (now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec);
}

static void
oldest_are_told_first_and_the_rest_later(void **state)
{
	struct fixture *f = *state;
	char name[32];

	set_wall(SECONDS(100));
	for (int i = 0; i < MANY - 1; i++) {
		(void)snprintf(name, sizeof(name), "m%05d.csv", i);
		put(f, name, "x");
		if (i == 9) {
			let_the_clock_tick(f, name);
			put(f, "z-second.csv", "x");
			let_the_clock_tick(f, "z-second.csv");
		}
	}
	open_spool(f);
	virtual_run(f->loop, 10);
	assert_int_equal(f->count, SPOOL_SCAN_MAX);
	assert_string_equal(f->told[10], "z-second.csv");
	for (int i = 0; i < SPOOL_SCAN_MAX; i++) {
		if (i == 10)
			continue;
		(void)snprintf(
			name, sizeof(name), "m%05d.csv", i > 10 ? i - 1 : i);
		assert_string_equal(f->told[i], name);
	}
}

static void
look_at_a_full_folder_takes_many_turns(void **state)
{
	struct fixture *f = *state;
	char name[32];

	set_wall(SECONDS(100));
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "m%05d.csv", i);
		put(f, name, "x");
	}
	open_spool(f);
	virtual_run(f->loop, 10);
	assert_int_equal(f->count, SPOOL_SCAN_MAX);
	/* A timer begins it, and slices follow in the same turn. */
	assert_in_range(asked_most, 1, 2 * SPOOL_SCAN_SLICE);
	/* Closed in the middle of the next one, nothing is left behind. */
	spool_scan(f->spool);
	assert_non_null(f->spool->sweep);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(file_counts_as_whole_a_minute_after_it_last_grew),
		CASE(file_that_lay_there_for_a_minute_is_told_at_start),
		CASE(file_that_cannot_be_read_is_told_each_minute),
		CASE(oldest_are_told_first_and_the_rest_later),
		CASE(look_at_a_full_folder_takes_many_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
