/*
 * Files that the spool writes: whole or not at all, under names that stay in
 * their folder.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/spool.h"

struct fixture {
	char dir[32];
	struct loop *loop;
	struct spool *spool;
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
open_spool(struct fixture *f)
{
	char why[256];

	f->spool = spool_open(f->loop, f->dir, (gid_t)-1, (spool_fn *)NULL,
		NULL, why, sizeof(why));
	assert_non_null(f->spool);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)strcpy(f->dir, "/tmp/test_spool.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->loop = loop_new();
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

/* ---- writing ----------------------------------------------------------- */

static void
write_file(struct fixture *f, const char *name, const char *text)
{
	struct spool_file *file = spool_file_new(f->spool, SPOOL_DONE, name);

	assert_non_null(file);
	assert_int_equal(spool_file_write(file, text, strlen(text)), 0);
	assert_int_equal(spool_file_commit(file), 0);
}

/* How many files a folder has, hidden ones too. */
static size_t
entries(struct fixture *f, const char *folder)
{
	DIR *dir = opendir(path(f, folder));
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	(void)closedir(dir);
	return n - 2; /* "." and ".." */
}

static void
file_appears_whole_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	struct spool_file *file, *other;
	struct stat st;

	open_spool(f);
	write_file(f, "1-a.csv", "old");
	file = spool_file_new(f->spool, SPOOL_DONE, "1-a.csv");
	other = spool_file_new(f->spool, SPOOL_DONE, "1-a.csv");
	assert_non_null(file);
	assert_non_null(other);
	assert_int_equal(spool_file_write(file, "n", 1), 0);
	assert_int_equal(spool_file_write(other, "x", 1), 0);
	assert_int_equal(write(spool_file_fd(file), "ew", 2), 2);
	assert_string_equal(get(f, "done/1-a.csv"), "old");
	spool_file_abort(other);
	assert_int_equal(spool_file_commit(file), 0);
	assert_string_equal(get(f, "done/1-a.csv"), "new");
	assert_int_equal(stat(path(f, "done/1-a.csv"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(entries(f, "done"), 1);
	spool_file_abort(NULL);
}

static void
long_file_is_written_in_order(void **state)
{
	struct fixture *f = *state;
	struct spool_file *file;
	static char big[40000];
	const char *all;

	open_spool(f);
	file = spool_file_new(f->spool, SPOOL_REPORTS, "r");
	assert_non_null(file);
	memset(big, 'b', sizeof(big));
	for (int i = 0; i < 10000; i++)
		assert_int_equal(spool_file_write(file, "a", 1), 0);
	assert_int_equal(spool_file_write(file, big, sizeof(big)), 0);
	assert_int_equal(spool_file_write(file, "c", 1), 0);
	assert_int_equal(spool_file_commit(file), 0);
	all = get(f, "reports/r");
	assert_int_equal(strlen(all), 50001);
	assert_int_equal(strspn(all, "a"), 10000);
	assert_int_equal(strspn(all + 10000, "b"), 40000);
	assert_int_equal(all[50000], 'c');
}

static void
disk_error_leaves_the_old_file(void **state)
{
	struct fixture *f = *state;
	struct rlimit old, low;
	struct spool_file *file;
	static char big[40000];

	open_spool(f);
	write_file(f, "1-a.csv", "old");
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	low = (struct rlimit){.rlim_cur = 30000, .rlim_max = old.rlim_max};
	file = spool_file_new(f->spool, SPOOL_DONE, "1-a.csv");
	assert_non_null(file);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	(void)spool_file_write(file, big, sizeof(big));
	assert_int_equal(spool_file_write(file, "x", 1), -EFBIG);
	assert_int_equal(spool_file_commit(file), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_string_equal(get(f, "done/1-a.csv"), "old");
	assert_int_equal(entries(f, "done"), 1);
}

static void
leftovers_of_a_stop_are_removed_at_start(void **state)
{
	struct fixture *f = *state;

	open_spool(f);
	put(f, "done/.topupd-0.tmp", "x");
	put(f, "reports/.topupd-7.tmp", "x");
	put(f, "failed/.topupd-0.tmp", "x");
	put(f, "failed/.mine", "x");
	spool_close(f->spool);
	open_spool(f);
	assert_int_equal(entries(f, "done"), 0);
	assert_int_equal(entries(f, "reports"), 0);
	assert_int_equal(entries(f, "failed"), 1);
}

static void
names_that_leave_the_folder_are_refused(void **state)
{
	static const char *const bad[] = {
		"", ".", "..", "../x", "a/b", "/etc/x", ".hidden"};
	struct fixture *f = *state;

	open_spool(f);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_null(spool_file_new(f->spool, SPOOL_DONE, bad[i]));
		assert_int_equal(errno, EINVAL);
	}
}

/* ---- names ------------------------------------------------------------- */

static void
names_are_cut_between_characters(void **state)
{
	char name[300], out[SPOOL_NAME_MAX];

	(void)state;
	spool_name(12, "a.csv", "", out);
	assert_string_equal(out, "12-a.csv");
	spool_name(0, "a.csv", ".reason", out);
	assert_string_equal(out, "a.csv.reason");
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	spool_name(1, name, ".csv", out);
	assert_int_equal(strlen(out), 255);
	assert_string_equal(out + 251, ".csv");
	memcpy(name + 248, "\xe2\x82\xac", 3); /* ends one byte too late */
	spool_name(1, name, ".csv", out);
	assert_int_equal(strlen(out), 254);
	assert_string_equal(out + 249, "a.csv");
}

static void
refused_file_gets_a_name_that_is_free(void **state)
{
	struct fixture *f = *state;
	char name[300], out[SPOOL_NAME_MAX], reason[SPOOL_NAME_MAX + 16];
	char last[SPOOL_NAME_MAX];

	open_spool(f);
	spool_failed_name(f->spool, "a.csv", out, last);
	assert_string_equal(out, "a.csv");
	assert_string_equal(last, "");
	put(f, "failed/a.csv.sealed", "x"); /* somebody removed the reason */
	assert_true(spool_failed_has(f->spool, "a.csv"));
	spool_failed_name(f->spool, "a.csv", out, last);
	assert_string_equal(out, "a.csv.2");
	assert_string_equal(last, "a.csv");
	put(f, "failed/a.csv.2.reason", "x");
	assert_false(spool_failed_has(f->spool, "a.csv.2"));
	spool_failed_name(f->spool, "a.csv", out, last);
	assert_string_equal(out, "a.csv.3");
	assert_string_equal(last, "a.csv.2");
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 3; i++) {
		spool_failed_name(f->spool, name, out, last);
		(void)snprintf(reason, sizeof(reason), "failed/%s.reason", out);
		assert_string_equal(get(f, reason), "(none)");
		put(f, reason, "x");
	}
}

static void
end_of_a_reason_tells_which_file_it_was(void **state)
{
	struct fixture *f = *state;
	char end[8];

	open_spool(f);
	put(f, "failed/a.reason", "0123456789");
	put(f, "failed/b.reason", "01");
	assert_int_equal(symlink("a.reason", path(f, "failed/c.reason")), 0);
	spool_failed_end(f->spool, "a", end, sizeof(end));
	assert_string_equal(end, "3456789");
	spool_failed_end(f->spool, "b", end, sizeof(end));
	assert_string_equal(end, "01");
	spool_failed_end(f->spool, "c", end, sizeof(end));
	assert_string_equal(end, "");
	spool_failed_end(f->spool, "none", end, sizeof(end));
	assert_string_equal(end, "");
	assert_true(spool_failed_room(f->spool) > 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(file_appears_whole_or_not_at_all),
		CASE(long_file_is_written_in_order),
		CASE(disk_error_leaves_the_old_file),
		CASE(leftovers_of_a_stop_are_removed_at_start),
		CASE(names_that_leave_the_folder_are_refused),
		CASE(names_are_cut_between_characters),
		CASE(refused_file_gets_a_name_that_is_free),
		CASE(end_of_a_reason_tells_which_file_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
