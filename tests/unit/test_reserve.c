/*
 * reserve: real files in a temporary folder; how much room the disk has, and
 * whether it only pretends to allocate, is said here.
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
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/reserve.h"
#include "tests/support/purse.h"

/* ---- the disk ---------------------------------------------------------- */

static struct {
	int code;      /* of posix_fallocate() */
	bool pretends; /* says yes and allocates nothing */
	int64_t free;  /* what statvfs() tells, in bytes */
	unsigned calls;
} disk;

int
posix_fallocate(int fd, off_t at, off_t len)
{
	disk.calls++;
	if (disk.code != 0)
		return disk.code;
	if (disk.pretends)
		return ftruncate(fd, at + len) == 0 ? 0 : errno;
	return fallocate(fd, 0, at, len) == 0 ? 0 : errno;
}

int
statvfs(const char *path, struct statvfs *out)
{
	struct stat st;
	*out = (struct statvfs){.f_frsize = 512};
	out->f_bavail = (fsblkcnt_t)disk.free / 512;
	return stat(path, &st);
}

/* ---- the stage --------------------------------------------------------- */

struct stage {
	char dir[64], path[80];
	struct reserve *reserve;
};

static int
stage_setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));
	assert_non_null(s);
	strcpy(s->dir, "/tmp/topupd-reserve-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/reserve", s->dir);
	memset(&disk, 0, sizeof(disk));
	disk.free = INT64_C(1) << 40;
	*state = s;
	return 0;
}

static int
stage_teardown(void **state)
{
	struct stage *s = *state;
	reserve_close(s->reserve);
	(void)unlink(s->path); /* where a test left it */
	assert_int_equal(rmdir(s->dir), 0);
	free(s);
	return 0;
}

/* Bytes of it on the disk; -1: there is no file. */
static int64_t
on_disk(const struct stage *s)
{
	struct stat st;
	if (stat(s->path, &st) != 0)
		return -1;
	return (int64_t)st.st_blocks * 512;
}

static void
reopen(struct stage *s)
{
	reserve_close(s->reserve);
	s->reserve = reserve_open(s->path);
	assert_non_null(s->reserve);
}

/* ---- taking ------------------------------------------------------------ */

static void
it_is_real_bytes_that_nobody_else_may_read(void **state)
{
	struct stage *s = *state;
	struct stat st;
	reopen(s);
	assert_true(reserve_is_held(s->reserve));
	assert_true(on_disk(s) >= RESERVE_BYTES);
	assert_int_equal(stat(s->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, RESERVE_BYTES);
}

static void
what_the_disk_only_promises_is_written(void **state)
{
	static const int codes[] = {0, EOPNOTSUPP, EINVAL};
	struct stage *s = *state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		(void)unlink(s->path); /* of the round before */
		disk.pretends = codes[i] == 0;
		disk.code = codes[i];
		reopen(s);
		assert_true(reserve_is_held(s->reserve));
		assert_true(on_disk(s) >= RESERVE_BYTES);
	}
}

static void
one_that_somebody_deleted_or_cut_is_missed_and_made_again(void **state)
{
	struct stage *s = *state;
	reopen(s);
	assert_true(reserve_is_held(s->reserve));
	assert_int_equal(truncate(s->path, RESERVE_BYTES / 2), 0);
	assert_false(reserve_is_held(s->reserve));
	assert_int_equal(unlink(s->path), 0);
	assert_false(reserve_is_held(s->reserve));
	assert_int_equal(reserve_take(s->reserve), 0);
	assert_true(reserve_is_held(s->reserve));
	assert_true(on_disk(s) >= RESERVE_BYTES);
}

static void
one_that_is_whole_is_not_made_again(void **state)
{
	struct stage *s = *state;
	reopen(s);
	assert_int_equal(disk.calls, 1);
	reopen(s);
	assert_int_equal(disk.calls, 1);
	assert_true(reserve_is_held(s->reserve));
}

static void
one_that_an_older_daemon_made_longer_is_cut(void **state)
{
	struct stage *s = *state;
	struct stat st;
	int fd = open(s->path, O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)2 * RESERVE_BYTES), 0);
	close(fd);
	reopen(s);
	assert_true(reserve_is_held(s->reserve));
	assert_int_equal(stat(s->path, &st), 0);
	assert_int_equal(st.st_size, RESERVE_BYTES);
}

static void
what_is_no_plain_file_is_left_alone(void **state)
{
	struct stage *s = *state;
	assert_int_equal(symlink("/dev/null", s->path), 0);
	reopen(s);
	assert_false(reserve_is_held(s->reserve));
	assert_false(reserve_give_up(s->reserve));
	assert_int_equal(unlink(s->path), 0);
	assert_int_equal(mkfifo(s->path, 0600), 0);
	reopen(s);
	assert_false(reserve_is_held(s->reserve));
	assert_int_equal(reserve_take(s->reserve), -EINVAL);
	assert_false(reserve_give_up(s->reserve));
	assert_int_equal(access(s->path, F_OK), 0);
}

static void
a_path_without_end_is_refused(void **state)
{
	char path[8192];
	(void)state;
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_null(reserve_open(path));
}

/* ---- giving up --------------------------------------------------------- */

static void
it_is_given_back_part_by_part_down_to_nothing(void **state)
{
	struct stage *s = *state;
	reopen(s);
	for (int64_t left = RESERVE_BYTES - RESERVE_PART; left > 0;
		left -= RESERVE_PART) {
		assert_true(reserve_give_up(s->reserve));
		assert_false(reserve_is_held(s->reserve));
		assert_in_range(on_disk(s), left, left + RESERVE_PART / 2);
	}
	assert_true(reserve_give_up(s->reserve));
	assert_int_equal(on_disk(s), -1);
	assert_false(reserve_give_up(s->reserve));
	assert_int_equal(reserve_take(s->reserve), 0);
	assert_true(reserve_is_held(s->reserve));
	assert_true(on_disk(s) >= RESERVE_BYTES);
}

static void
a_failed_taking_leaves_nothing_half(void **state)
{
	struct stage *s = *state;
	disk.code = ENOSPC;
	reopen(s);
	assert_false(reserve_is_held(s->reserve));
	assert_int_equal(reserve_take(s->reserve), -ENOSPC);
	assert_int_equal(on_disk(s), -1);
	assert_false(reserve_give_up(s->reserve));
}

/* Killed on a full disk, started on a full disk. */
static void
what_an_earlier_life_left_is_kept_and_can_be_given_up(void **state)
{
	struct stage *s = *state;
	reopen(s);
	assert_true(reserve_give_up(s->reserve));
	int64_t left = on_disk(s);
	disk.code = ENOSPC;
	reopen(s);
	assert_false(reserve_is_held(s->reserve));
	assert_int_equal(on_disk(s), left);
	assert_true(reserve_give_up(s->reserve));
	assert_true(on_disk(s) < left);
	disk.code = 0;
	assert_int_equal(reserve_take(s->reserve), 0);
	assert_true(reserve_is_held(s->reserve));
}

static void
room_means_clearly_more_than_it_needs(void **state)
{
	struct stage *s = *state;
	reopen(s);
	while (reserve_give_up(s->reserve))
		;
	disk.free = INT64_C(2) * RESERVE_BYTES;
	assert_true(reserve_has_room(s->reserve));
	disk.free = INT64_C(2) * RESERVE_BYTES - 512;
	assert_false(reserve_has_room(s->reserve));
	/* What it still holds need not be found. */
	assert_int_equal(reserve_take(s->reserve), 0);
	assert_true(reserve_give_up(s->reserve));
	disk.free = RESERVE_BYTES + RESERVE_PART;
	assert_true(reserve_has_room(s->reserve));
	disk.free -= 512;
	assert_false(reserve_has_room(s->reserve));
}

/* ---- whether it is enough ---------------------------------------------- */

enum { MODEMS = 64 };

static int64_t
size_of(struct purse *p, const char *name)
{
	struct stat st;
	return stat(purse_path(p, name), &st) == 0 ? (int64_t)st.st_size : 0;
}

static int64_t
size_of_all(struct purse *p)
{
	return size_of(p, "ledger.db") + size_of(p, "ledger.db-wal") +
	       size_of(p, "ledger.db-shm");
}

static struct ledger_op
long_answer(struct purse *p, int64_t attempt)
{
	struct ledger_op op = purse_op(p, LEDGER_ATTEMPT_SETTLE);
	struct ledger_attempt_settle *a = &op.u.attempt_settle;
	a->attempt = attempt;
	a->event = VOUCHER_NO_VERDICT;
	a->fate = LEDGER_ANSWERED;
	strcpy(a->reason, "unrecognised");
	memset(a->reply, 'x', sizeof(a->reply) - 1);
	return op;
}

/* The log is new, so all that is written makes it longer; each result comes
 * in a turn of its own; all answers are as long as can be. */
static void
it_is_enough_for_results_of_sixty_four_modems(void **state)
{
	void *fresh;
	int64_t attempts[MODEMS];
	(void)state;
	assert_int_equal(purse_setup(&fresh), 0);
	struct purse *p = fresh;
	for (unsigned i = 0; i < MODEMS; i++) {
		/* A batch each: of a new one only one flies. */
		int64_t batch = purse_batch(p, 1, "");
		struct ledger_op op =
			purse_begin(p, purse_voucher(p, batch, 2));
		struct ledger_attempt_begin *b = &op.u.attempt_begin;
		snprintf(b->modem, sizeof(b->modem), "modem%u", i);
		snprintf(b->iccid, sizeof(b->iccid), "89%018u", i);
		snprintf(b->account, sizeof(b->account), "89%018u", i);
		attempts[i] = purse_must(p, &op);
	}
	purse_close(p);
	purse_open(p);
	int64_t before = size_of_all(p);
	for (unsigned i = 0; i < MODEMS; i++) {
		struct ledger_op op = long_answer(p, attempts[i]);
		(void)purse_must(p, &op);
	}
	int64_t grown = size_of_all(p) - before;
	print_message("%d results: %lld kB\n", MODEMS, (long long)grown / 1024);
	assert_in_range(grown, 1, 5 * RESERVE_BYTES / 8);
	assert_int_equal(purse_teardown(&fresh), 0);
}

int
main(void)
{
#define RESERVE_TEST(name)                                                     \
	cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		RESERVE_TEST(it_is_real_bytes_that_nobody_else_may_read),
		RESERVE_TEST(what_the_disk_only_promises_is_written),
		RESERVE_TEST(
			one_that_somebody_deleted_or_cut_is_missed_and_made_again),
		RESERVE_TEST(one_that_is_whole_is_not_made_again),
		RESERVE_TEST(one_that_an_older_daemon_made_longer_is_cut),
		RESERVE_TEST(what_is_no_plain_file_is_left_alone),
		RESERVE_TEST(a_path_without_end_is_refused),
		RESERVE_TEST(it_is_given_back_part_by_part_down_to_nothing),
		RESERVE_TEST(a_failed_taking_leaves_nothing_half),
		RESERVE_TEST(
			what_an_earlier_life_left_is_kept_and_can_be_given_up),
		RESERVE_TEST(room_means_clearly_more_than_it_needs),
		cmocka_unit_test(it_is_enough_for_results_of_sixty_four_modems),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
