/*
 * ledger_copy: a copy of a ledger that is written meanwhile, what is found
 * wrong with one, and what is kept before a migration.
 */
#include "agent/ledger_copy.h"

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

#include "tests/support/faulty_disk.h"
#include "tests/support/purse.h"

enum { ROWS = 600, SLICES_MAX = 10000 };

/* An accepted batch, all of it in one commit. */
static int64_t
fill(struct purse *p, unsigned rows)
{
	int64_t batch = purse_open_batch(p);
	assert_int_equal(ledger_begin(p->ledger), 0);
	for (unsigned i = 0; i < rows; i++) {
		struct ledger_op row = purse_row(p, batch, i + 2);
		assert_int_equal(ledger_apply(p->ledger, &row, NULL), 0);
	}
	struct ledger_op op = purse_op(p, LEDGER_BATCH_ACCEPT);
	op.u.batch_accept.batch = batch;
	assert_int_equal(ledger_apply(p->ledger, &op, NULL), 0);
	assert_int_equal(ledger_commit(p->ledger, 0), 0);
	return batch;
}

static const char *
copy_path(const struct purse *p)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/copy.db", p->dir);
	return path;
}

static struct ledger_copy *
begin(struct purse *p)
{
	struct ledger_copy *copy = ledger_copy_open(
		p->ledger, copy_path(p), p->why, sizeof(p->why));
	if (copy == NULL)
		fail_msg("%s", p->why);
	return copy;
}

/* To its end; how many slices it took. */
static unsigned
finish(struct ledger_copy *copy)
{
	unsigned slices = 1;
	int rc;
	while ((rc = ledger_copy_step(copy)) == 1)
		assert_in_range(slices++, 1, SLICES_MAX);
	if (rc != 0)
		fail_msg("%d: %s", rc, ledger_copy_error(copy));
	return slices;
}

/* The purse goes on with the copy. */
static void
look_into_copy(struct purse *p)
{
	purse_close(p);
	snprintf(p->path, sizeof(p->path), "%s", copy_path(p));
	purse_open(p);
}

static void
copy_is_the_moment_at_which_it_began(void **state)
{
	struct purse *p = *state;
	int64_t batch = fill(p, ROWS);
	int64_t before = purse_dial(p, purse_voucher(p, batch, 2));
	int64_t head = ledger_audit_head(p->ledger);
	struct ledger_copy *copy = begin(p);
	struct ledger_copy_info info = *ledger_copy_info(copy);
	assert_int_equal(info.seq, head);
	assert_int_equal(info.vouchers, ROWS);
	assert_string_equal(info.key_id, vault_key_id(p->vault));
	/* A turn between any two slices, and one open all over a slice. */
	unsigned row = 2;
	for (;;) {
		struct ledger_op op = purse_settle(p, before, LEDGER_ANSWERED,
			VERDICT_LOADED, VOUCHER_CREDITED);
		(void)purse_must(p, &op);
		op = purse_begin(p, purse_voucher(p, batch, ++row));
		struct ledger_result made;
		assert_int_equal(ledger_begin(p->ledger), 0);
		assert_int_equal(ledger_apply(p->ledger, &op, &made), 0);
		int rc = ledger_copy_step(copy);
		assert_int_equal(ledger_commit(p->ledger, 0), 0);
		before = made.id;
		if (rc == 0)
			break;
		assert_int_equal(rc, 1);
	}
	assert_true(row > 4); /* it was not over at once */
	assert_int_equal(purse_card(p, purse_voucher(p, batch, row)).state,
		VOUCHER_DIALING);
	purse_is_sound(p);
	assert_int_equal(ledger_copy_check(copy_path(p), ledger_copy_info(copy),
				 p->why, sizeof(p->why)),
		0);
	ledger_copy_close(copy);
	look_into_copy(p);
	purse_is_sound(p);
	assert_int_equal(ledger_audit_head(p->ledger), head);
	assert_int_equal(purse_card(p, purse_voucher(p, batch, 2)).state,
		VOUCHER_DIALING);
	assert_int_equal(
		purse_card(p, purse_voucher(p, batch, 3)).state, VOUCHER_READY);
}

static void
copy_stands_alone_and_is_private(void **state)
{
	struct purse *p = *state;
	(void)fill(p, 10);
	struct ledger_copy *copy = begin(p);
	(void)finish(copy);
	struct stat st;
	assert_int_equal(stat(copy_path(p), &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	assert_int_equal(st.st_size, ledger_copy_info(copy)->bytes);
	ledger_copy_close(copy);
	assert_int_not_equal(access(purse_path(p, "copy.db-wal"), F_OK), 0);
	assert_int_not_equal(access(purse_path(p, "copy.db-shm"), F_OK), 0);
	/* Bytes 18 and 19 of the file: 1, a rollback journal; 2, a WAL. */
	unsigned char head[20] = {0};
	int fd = open(copy_path(p), O_RDONLY);
	assert_int_equal(read(fd, head, sizeof(head)), sizeof(head));
	close(fd);
	assert_int_equal(head[18], 1);
	assert_int_equal(head[19], 1);
}

static void
copy_given_up_leaves_the_ledger_as_it_was(void **state)
{
	struct purse *p = *state;
	int64_t batch = fill(p, ROWS);
	struct ledger_copy *copy = begin(p);
	assert_int_equal(ledger_copy_step(copy), 1);
	ledger_copy_close(copy);
	/* The next one takes the name over, whatever lies there. */
	copy = begin(p);
	assert_true(finish(copy) > 2);
	ledger_copy_close(copy);
	ledger_copy_remove(copy_path(p));
	assert_int_not_equal(access(copy_path(p), F_OK), 0);
	(void)purse_dial(p, purse_voucher(p, batch, 2));
	purse_is_sound(p);
}

static void
empty_ledger_can_be_copied(void **state)
{
	struct purse *p = *state;
	struct ledger_copy *copy = begin(p);
	(void)finish(copy);
	assert_int_equal(ledger_copy_info(copy)->seq, 0);
	assert_int_equal(ledger_copy_info(copy)->vouchers, 0);
	assert_int_equal(ledger_copy_check(copy_path(p), ledger_copy_info(copy),
				 p->why, sizeof(p->why)),
		0);
	ledger_copy_close(copy);
}

static void
full_disk_ends_the_copy_and_not_the_ledger(void **state)
{
	struct purse *p = *state;
	int64_t batch = fill(p, ROWS);
	struct ledger_copy *copy = begin(p);
	assert_int_equal(ledger_copy_step(copy), 1);
	faulty_disk_set(FAULTY_DISK_FULL);
	int rc;
	while ((rc = ledger_copy_step(copy)) == 1)
		;
	faulty_disk_set(FAULTY_DISK_NOT);
	assert_int_equal(rc, -ENOSPC);
	assert_non_null(strstr(ledger_copy_error(copy), "full"));
	assert_true(ledger_copy_step(copy) < 0); /* and stays so */
	ledger_copy_close(copy);
	(void)purse_dial(p, purse_voucher(p, batch, 2));
	purse_is_sound(p);
}

/* ---- checking ------------------------------------------------------------ */

static void
change_bytes(const char *path, off_t at, size_t len)
{
	char junk[512];
	memset(junk, 0x5a, sizeof(junk));
	int fd = open(path, O_WRONLY);
	assert_true(fd >= 0 && len <= sizeof(junk));
	assert_int_equal(pwrite(fd, junk, len, at), (ssize_t)len);
	close(fd);
}

static void
is_wrong(struct purse *p, const struct ledger_copy_info *info,
	const char *because)
{
	p->why[0] = '\0';
	assert_int_equal(
		ledger_copy_check(copy_path(p), info, p->why, sizeof(p->why)),
		-EINVAL);
	if (strstr(p->why, because) == NULL)
		fail_msg("not '%s': %s", because, p->why);
}

static void
copy_that_was_changed_or_cut_is_found(void **state)
{
	struct purse *p = *state;
	(void)fill(p, ROWS);
	struct ledger_copy *copy = begin(p);
	(void)finish(copy);
	struct ledger_copy_info info = *ledger_copy_info(copy), other = info;
	ledger_copy_close(copy);
	other.seq++;
	is_wrong(p, &other, "does not end in audit entry");
	other = info;
	other.head[5] = other.head[5] == '0' ? '1' : '0';
	is_wrong(p, &other, "does not end in audit entry");
	assert_int_equal(truncate(copy_path(p), info.bytes - 4096), 0);
	is_wrong(p, &info, "");
	assert_int_equal(truncate(copy_path(p), 0), 0);
	is_wrong(p, &info, "cannot be read");
	copy = begin(p);
	(void)finish(copy);
	ledger_copy_close(copy);
	for (off_t page = info.bytes / 4096 / 2; page > 0; page /= 2) {
		change_bytes(copy_path(p), page * 4096, 512);
		if (page == 1)
			break;
	}
	is_wrong(p, &info, "");
}

/* ---- before a migration -------------------------------------------------- */

int
main(void)
{
#define COPY_TEST(name)                                                        \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		COPY_TEST(copy_is_the_moment_at_which_it_began),
		COPY_TEST(copy_stands_alone_and_is_private),
		COPY_TEST(copy_given_up_leaves_the_ledger_as_it_was),
		COPY_TEST(empty_ledger_can_be_copied),
		COPY_TEST(full_disk_ends_the_copy_and_not_the_ledger),
		COPY_TEST(copy_that_was_changed_or_cut_is_found),
	};
	faulty_disk_install();
	return cmocka_run_group_tests_name("ledger_copy", tests, NULL, NULL);
}
