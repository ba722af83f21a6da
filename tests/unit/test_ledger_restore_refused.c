/*
 * ledger_restore: beside which ledger none is made, and from which file.
 * Whatever is refused, the ledger that was there is as it was.
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

/* ---- beside a ledger that is there --------------------------------------- */

static void
older_ledger_is_replaced_and_kept(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	int64_t batch = purse_batch(p, 2, "");
	purse_close(p);
	size_t len;
	char *older = attic_bytes(p->path, &len);
	purse_open(p);
	attic_dial(purse_voucher(p, batch, 2), VERDICT_LOADED, VOUCHER_CREDITED,
		"");
	attic_back_up();
	attic_lose_ledger();
	int fd = open(p->path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, older, len), (ssize_t)len);
	close(fd);
	free(older);
	/* A name that is taken is not written over. */
	fd = open(purse_path(p, "ledger.db.replaced-1"), O_WRONLY | O_CREAT,
		0600);
	close(fd);
	attic_is_restored();
	assert_non_null(strstr(attic.made.kept, "/ledger.db.replaced-2"));
	assert_int_equal(purse_card(p, purse_voucher(p, batch, 2)).state,
		VOUCHER_LOADED);
	purse_close(p);
	snprintf(p->path, sizeof(p->path), "%s/ledger.db.replaced-2", p->dir);
	purse_open(p);
	purse_is_sound(p);
	assert_int_equal(
		purse_card(p, purse_voucher(p, batch, 2)).state, VOUCHER_READY);
}

static void
ledger_in_which_no_batch_ever_was_is_replaced(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	(void)purse_batch(p, 2, "");
	attic_back_up();
	attic_lose_ledger();
	/* A daemon was started too early, and made a new one. */
	purse_open(p);
	struct ledger_op op = purse_op(p, LEDGER_EVENT);
	strcpy(op.u.event.event, "daemon.start");
	(void)purse_must(p, &op);
	purse_close(p);
	attic_is_restored();
	assert_int_equal(attic.made.held, 2);
	assert_true(attic_has("ledger.db.replaced-1"));
	/* And a key, which the right one has replaced since. */
	attic_lose_ledger();
	struct vault *ours = p->vault;
	p->vault = vault_open(
		purse_path(p, "other.key"), true, p->why, sizeof(p->why));
	purse_open(p);
	purse_close(p);
	vault_close(p->vault);
	p->vault = ours;
	attic_is_restored();
	assert_true(attic_has("ledger.db.replaced-2"));
}

static void
ledger_of_another_key_with_cards_in_it_stays(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	(void)purse_batch(p, 2, "");
	attic_back_up();
	attic_lose_ledger();
	struct vault *ours = p->vault;
	p->vault = vault_open(
		purse_path(p, "other.key"), true, p->why, sizeof(p->why));
	purse_open(p);
	(void)purse_batch(p, 2, "");
	purse_close(p);
	vault_close(p->vault);
	p->vault = ours;
	attic_is_refused(-EINVAL, "sealed with another key");
}

static void
ledger_that_is_newer_the_same_or_another_stays(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	int64_t batch = purse_batch(p, 3, "");
	attic_back_up();
	purse_close(p);
	attic_is_refused(-EINVAL, "is the same");
	purse_open(p);
	attic_dial(purse_voucher(p, batch, 2), VERDICT_LOADED, VOUCHER_CREDITED,
		"");
	purse_close(p);
	attic_is_refused(-EINVAL, "is newer");
	/* Two that went different ways from one moment on. */
	attic_lose_ledger();
	attic_is_restored();
	attic_dial(purse_voucher(p, purse_batch(p, 1, ""), 2), VERDICT_LOADED,
		VOUCHER_CREDITED, "");
	unlink(attic.backup);
	attic_back_up();
	attic_lose_ledger();
	purse_open(p);
	(void)purse_batch(p, 40, "");
	purse_close(p);
	attic_is_refused(-EINVAL, "went different ways");
}

static void
second_restore_of_the_same_is_refused(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	(void)purse_batch(p, 3, "");
	attic_back_up();
	attic_lose_ledger();
	attic_is_restored();
	purse_close(p);
	attic_is_refused(-EINVAL, "is newer");
	purse_open(p);
	purse_is_sound(p);
}

static void
damaged_ledger_stays_in_its_place(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	(void)purse_batch(p, 3, "");
	attic_back_up();
	attic_lose_ledger();
	int fd = open(p->path, O_WRONLY | O_CREAT, 0600);
	for (int i = 0; i < 300; i++)
		assert_int_equal(write(fd, "no database ", 12), 12);
	close(fd);
	attic_is_refused(-EINVAL, "move it away, keep it");
}

static void
leftover_of_a_lost_ledger_is_not_taken_into_the_new_one(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	(void)purse_batch(p, 3, "");
	attic_back_up();
	attic_lose_ledger();
	int fd = open(purse_path(p, "ledger.db-wal"), O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "old", 3), 3);
	close(fd);
	attic_is_refused(-EINVAL, "belongs to a ledger that is not there");
	unlink(purse_path(p, "ledger.db-wal"));
	attic_is_restored();
}

/* ---- what is no backup --------------------------------------------------- */

static void
backup_that_is_none_or_cut_or_changed_is_refused(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	int64_t batch = purse_batch(p, 60, "");
	attic_dial(purse_voucher(p, batch, 2), VERDICT_LOADED, VOUCHER_CREDITED,
		"");
	attic_back_up();
	attic_lose_ledger();
	size_t len;
	char *good = attic_bytes(attic.backup, &len), page[4096];
	unlink(attic.backup);
	attic_is_refused(-EINVAL, "No such file");
	attic_write_backup("", 0);
	attic_is_refused(-EINVAL, "no ledger of topupd");
	memset(page, 'x', sizeof(page));
	attic_write_backup(page, sizeof(page));
	attic_is_refused(-EINVAL, "not a database");
	for (size_t cut = len / 2; cut < len; cut += len / 8) {
		attic_write_backup(good, cut / 4096 * 4096);
		attic_is_refused(-EINVAL, attic.backup);
	}
	/* No page but can be missed: a free one is none of it. */
	unsigned refused = 0;
	for (size_t at = 0; at < len; at += 4096) {
		char *bad = malloc(len);
		assert_non_null(bad);
		memcpy(bad, good, len);
		memset(bad + at, 0x5a, 2048);
		attic_write_backup(bad, len);
		free(bad);
		attic_is_refused(-EINVAL, attic.backup);
		refused++;
	}
	assert_true(refused > 5);
	attic_write_backup(good, len);
	free(good);
	attic_is_restored();
}

static void
tamper_backup(const char *sql)
{
	struct purse *p = attic.p;
	char path[sizeof(p->path)];
	memcpy(path, p->path, sizeof(path));
	snprintf(p->path, sizeof(p->path), "%s", attic.backup);
	purse_tamper(p, sql);
	memcpy(p->path, path, sizeof(path));
}

static void
backup_that_somebody_wrote_into_is_refused(void **state)
{
	struct purse *p = attic.p;
	static const struct {
		const char *sql, *because;
	} rows[] = {
		{"UPDATE audit SET note = 'x' WHERE seq = 1",
			"audit is broken at entry 1"},
		{"DELETE FROM audit WHERE seq ="
		 " (SELECT max(seq) FROM audit)",
			"audit is broken"},
		{"UPDATE voucher SET state = 'ready' WHERE state = 'held'",
			"counts"},
		{"UPDATE meta SET key_id = 'fedcba9876543210'",
			"sealed with another key (fedcba9876543210"},
		{"PRAGMA user_version = 77", "version 77, newer than"},
		{"PRAGMA application_id = 7", "no ledger of topupd"},
		{"DELETE FROM meta", attic.backup},
	};
	(void)state;
	(void)purse_batch(p, 3, "counted");
	attic_back_up();
	attic_lose_ledger();
	size_t len;
	char *good = attic_bytes(attic.backup, &len);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		attic_write_backup(good, len);
		tamper_backup(rows[i].sql);
		attic_is_refused(-EINVAL, rows[i].because);
	}
	free(good);
}

static void
backup_of_another_key_is_refused(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	(void)purse_batch(p, 3, "");
	attic_back_up();
	attic_lose_ledger();
	struct vault *other = vault_open(
		purse_path(p, "other.key"), true, p->why, sizeof(p->why));
	assert_non_null(other);
	assert_int_equal(attic_restore_with(other), -EINVAL);
	assert_non_null(strstr(attic.why, "sealed with another key"));
	vault_close(other);
	assert_false(attic_has("ledger.db"));
	attic_has_no_half();
}

static void
running_daemon_keeps_its_ledger(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	(void)purse_batch(p, 3, "");
	attic_back_up();
	int rc = attic_restore();
	assert_int_equal(rc, -EBUSY);
	assert_non_null(strstr(attic.why, "another topupd (pid"));
	purse_is_sound(p);
}

int
main(void)
{
#define ATTIC_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, attic_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		ATTIC_TEST(older_ledger_is_replaced_and_kept),
		ATTIC_TEST(ledger_in_which_no_batch_ever_was_is_replaced),
		ATTIC_TEST(ledger_of_another_key_with_cards_in_it_stays),
		ATTIC_TEST(ledger_that_is_newer_the_same_or_another_stays),
		ATTIC_TEST(second_restore_of_the_same_is_refused),
		ATTIC_TEST(damaged_ledger_stays_in_its_place),
		ATTIC_TEST(
			leftover_of_a_lost_ledger_is_not_taken_into_the_new_one),
		ATTIC_TEST(backup_that_is_none_or_cut_or_changed_is_refused),
		ATTIC_TEST(backup_that_somebody_wrote_into_is_refused),
		ATTIC_TEST(backup_of_another_key_is_refused),
		ATTIC_TEST(running_daemon_keeps_its_ledger),
	};
	return cmocka_run_group_tests_name(
		"ledger_restore_refused", tests, NULL, NULL);
}
