/*
 * The spool on real folders under /tmp. Nothing sleeps: the loop runs until
 * the file that is waited for is told, and a deadline makes the test fail.
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
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/spool_private.h"

enum { DEADLINE_MS = 10000 };

struct fixture {
	char dir[32];
	char why[256];
	struct loop *loop;
	struct loop_timer *deadline;
	struct spool *spool;
	const char *until; /* the loop stops when this name is told */
	char told[1024];   /* names, each with a blank behind it */
	int fd;            /* of whoever writes */
	bool late;
};

static const char *
path(const struct fixture *f, const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *out = paths[next++ % 4];

	(void)snprintf(out, sizeof(paths[0]), "%s/%s", f->dir, name);
	return out;
}

static void
put(const struct fixture *f, const char *name, const char *text)
{
	FILE *file = fopen(path(f, name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* The whole file, or "(none)". */
static const char *
get(const struct fixture *f, const char *name)
{
	static char text[65536];
	FILE *file = fopen(path(f, name), "r");
	size_t n;

	if (!file)
		return "(none)";
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	(void)fclose(file);
	return text;
}

static void
on_file(void *ctx, const char *name)
{
	struct fixture *f = ctx;
	size_t len = strlen(f->told);

	if (len + strlen(name) + 2 < sizeof(f->told))
		(void)sprintf(f->told + len, "%s ", name);
	if (f->until && strcmp(name, f->until) == 0)
		loop_stop(f->loop);
}

static void
on_deadline(void *ctx)
{
	struct fixture *f = ctx;

	f->late = true;
	loop_stop(f->loop);
}

static void
open_spool(struct fixture *f)
{
	f->spool = spool_open(
		f->loop, f->dir, (gid_t)-1, on_file, f, f->why, sizeof(f->why));
	if (!f->spool)
		print_message("%s\n", f->why);
	assert_non_null(f->spool);
}

static void
run_until(struct fixture *f, const char *name)
{
	f->until = name;
	f->told[0] = '\0';
	loop_timer_at(f->deadline, loop_now_ms(f->loop) + DEADLINE_MS);
	loop_run(f->loop);
	if (f->late)
		print_message("told: %s\n", f->told);
	assert_false(f->late);
}

static void
on_stop(void *ctx)
{
	struct fixture *f = ctx;

	loop_stop(f->loop);
}

/* Runs the scan at start. */
static void
run_a_turn(struct fixture *f)
{
	struct loop_idle *idle = loop_idle_new(f->loop, on_stop, f);

	loop_idle_once(idle);
	loop_run(f->loop);
	loop_idle_free(idle);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)strcpy(f->dir, "/tmp/test_spool.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->loop = loop_new();
	f->deadline = loop_timer_new(f->loop, on_deadline, f);
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
	free(f);
	return 0;
}

/* ---- folders ----------------------------------------------------------- */

static void
missing_folders_are_made_with_their_modes(void **state)
{
	static const struct {
		const char *name;
		mode_t mode;
	} cases[] = {{"incoming", 02770}, {"done", 02750}, {"failed", 02750},
		{"reports", 02750}};
	struct fixture *f = *state;
	mode_t mask = umask(077);

	f->spool = spool_open(
		f->loop, f->dir, getgid(), on_file, f, f->why, sizeof(f->why));
	umask(mask);
	assert_non_null(f->spool);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stat st;

		assert_int_equal(stat(path(f, cases[i].name), &st), 0);
		assert_int_equal(st.st_mode & 07777, cases[i].mode);
		assert_int_equal(st.st_gid, getgid());
	}
}

static void
modes_of_folders_that_are_there_stay(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(mkdir(path(f, "incoming"), 0700), 0);
	open_spool(f);
	assert_int_equal(stat(path(f, "incoming"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void
folder_that_is_a_link_or_a_file_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(symlink("/tmp", path(f, "failed")), 0);
	assert_null(spool_open(f->loop, f->dir, (gid_t)-1, on_file, f, f->why,
		sizeof(f->why)));
	assert_non_null(strstr(f->why, "/failed: "));
	assert_int_equal(unlink(path(f, "failed")), 0);
	put(f, "failed", "");
	assert_null(spool_open(f->loop, f->dir, (gid_t)-1, on_file, f, f->why,
		sizeof(f->why)));
	assert_null(spool_open(f->loop, "/tmp/no/such/spool", (gid_t)-1,
		on_file, f, f->why, sizeof(f->why)));
	assert_non_null(strstr(f->why, "/tmp/no/such/spool: "));
	spool_close(NULL);
}

/* ---- what may be read -------------------------------------------------- */

static void
only_plain_files_with_one_name_are_opened(void **state)
{
	struct fixture *f = *state;
	int fd;

	open_spool(f);
	put(f, "incoming/good.csv", "x");
	put(f, "incoming/two.csv", "x");
	put(f, "incoming/.hidden", "x");
	assert_int_equal(link(path(f, "incoming/two.csv"),
				 path(f, "incoming/other.csv")),
		0);
	assert_int_equal(symlink("good.csv", path(f, "incoming/link.csv")), 0);
	assert_int_equal(mkfifo(path(f, "incoming/fifo.csv"), 0600), 0);
	assert_int_equal(mkdir(path(f, "incoming/dir.csv"), 0700), 0);
	assert_int_equal(spool_open_incoming(f->spool, "two.csv"), -EPERM);
	assert_int_equal(spool_open_incoming(f->spool, "link.csv"), -EPERM);
	assert_int_equal(spool_open_incoming(f->spool, "fifo.csv"), -EPERM);
	assert_int_equal(spool_open_incoming(f->spool, "dir.csv"), -EPERM);
	assert_int_equal(spool_open_incoming(f->spool, ".hidden"), -EPERM);
	assert_int_equal(
		spool_open_incoming(f->spool, "../incoming/good.csv"), -EPERM);
	assert_int_equal(spool_open_incoming(f->spool, "none.csv"), -ENOENT);
	fd = spool_open_incoming(f->spool, "good.csv");
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(unlink(path(f, "incoming/other.csv")), 0);
	fd = spool_open_incoming(f->spool, "two.csv");
	assert_true(fd >= 0);
	close(fd);
}

static void
names_of_files_under_way_are_ignored(void **state)
{
	(void)state;
	assert_true(spool_ignores(""));
	assert_true(spool_ignores(".a.csv"));
	assert_true(spool_ignores("a.csv.tmp"));
	assert_true(spool_ignores("a.part"));
	assert_true(spool_ignores("a.csv~"));
	assert_true(spool_ignores("a/b.csv"));
	assert_false(spool_ignores("a.csv"));
	assert_false(spool_ignores("tmp"));
	assert_false(spool_ignores("a.tmp.csv"));
}

/* ---- when it is told --------------------------------------------------- */

static void
on_drop_files(void *ctx)
{
	struct fixture *f = ctx;
	int fd;

	put(f, "incoming/skip.tmp", "x");
	put(f, "incoming/skip~", "x");
	put(f, "outside", "x");
	assert_int_equal(mkdir(path(f, "incoming/folder"), 0700), 0);
	assert_int_equal(symlink("/etc/hosts", path(f, "incoming/link")), 0);
	put(f, "incoming/closed.csv", "x");
	/* Closed by one, still open for another. */
	fd = open(path(f, "incoming/open.csv"), O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	put(f, "incoming/open.csv", "x");
	assert_int_equal(
		rename(path(f, "outside"), path(f, "incoming/moved.csv")), 0);
	f->fd = fd;
}

static void
file_is_told_once_closed_or_moved_into_place(void **state)
{
	struct fixture *f = *state;
	struct loop_timer *timer = loop_timer_new(f->loop, on_drop_files, f);

	open_spool(f);
	assert_false(spool_has_incoming(f->spool));
	loop_timer_at(timer, loop_now_ms(f->loop) + 1);
	run_until(f, "moved.csv");
	assert_string_equal(f->told, "closed.csv moved.csv ");
	assert_true(spool_has_incoming(f->spool));
	assert_int_equal(close(f->fd), 0);
	run_until(f, "open.csv");
	assert_string_equal(f->told, "open.csv ");
}

static void
scan_at_start_leaves_a_file_that_is_being_written(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkdir(path(f, "incoming"), 0700), 0);
	put(f, "incoming/.hidden.csv", "x");
	put(f, "incoming/whole.csv", "x");
	put(f, "incoming/growing.csv", "x");
	f->fd = open(path(f, "incoming/growing.csv"), O_WRONLY | O_APPEND);
	assert_true(f->fd >= 0);
	open_spool(f);
	run_until(f, "whole.csv"); /* after the time in which it settles */
	assert_string_equal(f->told, "whole.csv ");
	assert_int_equal(write(f->fd, "y", 1), 1);
	assert_int_equal(close(f->fd), 0);
	run_until(f, "growing.csv");
}

static void
quiet_time_depends_on_what_is_known_of_writers(void **state)
{
	static const struct {
		enum spool_writers writers;
		int64_t age_ms, unchanged_ms, wait_ms;
	} cases[] = {
		{SPOOL_WRITERS_SOME, 1000000, 1000000, 60000},
		{SPOOL_WRITERS_NONE, 0, 0, 1000},
		{SPOOL_WRITERS_NONE, 400, 0, 600},
		{SPOOL_WRITERS_NONE, 1000, 0, 0},
		{SPOOL_WRITERS_NONE, -50000, 999, 1}, /* a clock that lies */
		{SPOOL_WRITERS_NONE, -50000, 1000, 0},
		{SPOOL_WRITERS_UNKNOWN, 59999, 0, 1},
		{SPOOL_WRITERS_UNKNOWN, 60000, 0, 0},
		{SPOOL_WRITERS_UNKNOWN, -1, 10000, 50000},
		{SPOOL_WRITERS_UNKNOWN, -1, 60000, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(
			spool_wait_ms(cases[i].writers, cases[i].age_ms,
				cases[i].unchanged_ms),
			cases[i].wait_ms);
}

static void
lost_events_lead_to_a_scan(void **state)
{
	enum { EVENTS = 40000 }; /* fs.inotify.max_queued_events is less */
	struct fixture *f = *state;
	int a, b;
	char text[32] = "";
	int fd = open("/proc/sys/fs/inotify/max_queued_events", O_RDONLY);
	long max;

	if (fd >= 0) {
		assert_true(read(fd, text, sizeof(text) - 1) > 0);
		close(fd);
	}
	max = strtol(text, NULL, 10);
	if (max == 0 || max >= EVENTS)
		skip();
	open_spool(f);
	run_a_turn(f);
	for (long i = 0; i < max / 2 + 1; i++) {
		/* Same events one after another would be merged. */
		a = open(path(f, "incoming/a.tmp"), O_WRONLY | O_CREAT, 0600);
		b = open(path(f, "incoming/b.tmp"), O_WRONLY | O_CREAT, 0600);
		assert_true(a >= 0 && b >= 0);
		close(a);
		close(b);
	}
	put(f, "incoming/lost.csv", "x");
	run_until(f, "lost.csv");
}

/* ---- removing ---------------------------------------------------------- */

static void
only_the_file_that_was_read_is_removed(void **state)
{
	struct fixture *f = *state;
	int fd;

	open_spool(f);
	put(f, "incoming/a.csv", "old");
	fd = spool_open_incoming(f->spool, "a.csv");
	assert_true(fd >= 0);
	put(f, "incoming/.new", "new");
	assert_int_equal(
		rename(path(f, "incoming/.new"), path(f, "incoming/a.csv")), 0);
	assert_int_equal(spool_remove_incoming(f->spool, "a.csv", fd), -ESTALE);
	assert_string_equal(get(f, "incoming/a.csv"), "new");
	close(fd);
	fd = spool_open_incoming(f->spool, "a.csv");
	assert_true(fd >= 0);
	assert_int_equal(spool_remove_incoming(f->spool, "a.csv", fd), 0);
	assert_string_equal(get(f, "incoming/a.csv"), "(none)");
	assert_int_equal(spool_remove_incoming(f->spool, "a.csv", fd), 0);
	close(fd);
	assert_int_equal(spool_remove_incoming(f->spool, "a.csv", -1), -EBADF);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(missing_folders_are_made_with_their_modes),
		CASE(modes_of_folders_that_are_there_stay),
		CASE(folder_that_is_a_link_or_a_file_is_refused),
		CASE(only_plain_files_with_one_name_are_opened),
		CASE(names_of_files_under_way_are_ignored),
		CASE(file_is_told_once_closed_or_moved_into_place),
		CASE(scan_at_start_leaves_a_file_that_is_being_written),
		CASE(quiet_time_depends_on_what_is_known_of_writers),
		CASE(lost_events_lead_to_a_scan),
		CASE(only_the_file_that_was_read_is_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
