/*
 * ledger_restore: what a ledger made from a backup is, and when none is
 * made. Whatever is refused, the ledger that was there is as it was.
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/faulty_disk.h"
#include "tests/support/purse.h"

/* Of a file that begins with no cards of the backup's. */
enum { RESTORED_MS = 1800000000 };

struct attic {
	struct purse *p;
	char backup[128];
	struct ledger_restored made;
	char why[1024];
};
static struct attic attic;

static int
set_up(void **state)
{
	memset(&attic, 0, sizeof(attic));
	if (purse_setup(state) != 0)
		return -1;
	attic.p = *state;
	snprintf(attic.backup, sizeof(attic.backup), "%s/backup.db",
		attic.p->dir);
	return 0;
}

static void
back_up(void)
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

static int
restore_with(struct vault *vault)
{
	const struct ledger_restore how = {.path = attic.p->path,
		.backup = attic.backup,
		.who = "uid:0",
		.wall_ms = RESTORED_MS,
		.vault = vault};
	memset(&attic.made, 0, sizeof(attic.made));
	attic.why[0] = '\0';
	return ledger_restore(&how, &attic.made, attic.why, sizeof(attic.why));
}

static int
restore(void)
{
	return restore_with(attic.p->vault);
}

/* The bytes of a file; the caller frees them. */
static char *
bytes_of(const char *path, size_t *len)
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

static bool
is_there(const char *name)
{
	return access(purse_path(attic.p, name), F_OK) == 0;
}

static void
nothing_half_made_is_left(void)
{
	static const char *const names[] = {"ledger.db.restoring",
		"ledger.db.restoring-wal", "ledger.db.restoring-shm",
		"ledger.db.restoring-journal", "ledger.db.restoring.lock"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_there(names[i]))
			fail_msg("%s is left", names[i]);
}

static void
is_refused(int code, const char *because)
{
	size_t len, now_len;
	char *before = bytes_of(attic.p->path, &len);
	int rc = restore();
	if (rc != code || strstr(attic.why, because) == NULL)
		fail_msg("not '%s': %d, %s", because, rc, attic.why);
	char *now = bytes_of(attic.p->path, &now_len);
	assert_int_equal(now_len, len);
	if (len > 0)
		assert_memory_equal(now, before, len);
	free(before);
	free(now);
	nothing_half_made_is_left();
	assert_false(is_there("ledger.db.replaced-1"));
}

static void
is_restored(void)
{
	int rc = restore();
	if (rc != 0)
		fail_msg("%d: %s", rc, attic.why);
	nothing_half_made_is_left();
	purse_open(attic.p);
	purse_is_sound(attic.p);
}

/* The ledger is lost, and what SQLite had beside it. */
static void
lose_ledger(void)
{
	purse_close(attic.p);
	ledger_copy_remove(attic.p->path);
}

/* As dialled on "m1", with an answer or none. */
static void
dial(int64_t voucher, enum verdict verdict, enum voucher_event event,
	const char *reason)
{
	struct ledger_op op = purse_settle(attic.p,
		purse_dial(attic.p, voucher),
		verdict == VERDICT_NONE ? LEDGER_MAYBE_SENT : LEDGER_ANSWERED,
		verdict, event);
	strcpy(op.u.attempt_settle.reason, reason);
	(void)purse_must(attic.p, &op);
}

static void
see_sim(void)
{
	struct ledger_op op = purse_op(attic.p, LEDGER_SIM_SEEN);
	strcpy(op.u.sim_seen.modem, "m1");
	strcpy(op.u.sim_seen.iccid, "sim1");
	strcpy(op.u.sim_seen.imsi, "001010000000011");
	strcpy(op.u.sim_seen.operator, "simtel");
	strcpy(op.u.sim_seen.account, "sim1");
	(void)purse_must(attic.p, &op);
}

static void
read_balance(int64_t minor)
{
	struct ledger_op op = purse_op(attic.p, LEDGER_BALANCE);
	strcpy(op.u.balance.modem, "m1");
	strcpy(op.u.balance.iccid, "sim1");
	op.u.balance.minor = minor;
	op.u.balance.decimals = 2;
	strcpy(op.u.balance.currency, "XTS");
	(void)purse_must(attic.p, &op);
}

/* ---- what it is ---------------------------------------------------------- */

static void
what_was_not_dialled_is_held_and_the_rest_is_as_it_was(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	int64_t first = purse_batch(p, 5, ""), second = purse_batch(p, 2, "");
	int64_t held = purse_batch(p, 1, "counted");
	dial(purse_voucher(p, first, 2), VERDICT_LOADED, VOUCHER_CREDITED, "");
	dial(purse_voucher(p, first, 3), VERDICT_INVALID, VOUCHER_REFUSED_FIRST,
		"invalid");
	dial(purse_voucher(p, first, 4), VERDICT_BUSY, VOUCHER_BUSY, "");
	int64_t on_air = purse_voucher(p, second, 2);
	(void)purse_dial(p, on_air);
	int64_t head = ledger_audit_head(p->ledger);
	back_up();
	lose_ledger();
	is_restored();
	assert_int_equal(attic.made.seq, head);
	assert_int_equal(attic.made.held, 4);
	assert_int_equal(attic.made.on_air, 1);
	assert_int_equal(attic.made.batches, 2);
	assert_int_equal(attic.made.batch[0], first);
	assert_int_equal(attic.made.batch[1], second);
	assert_string_equal(attic.made.kept, "");
	static const struct {
		unsigned row;
		enum voucher_state state;
		const char *reason;
	} rows[] = {{2, VOUCHER_LOADED, ""}, {3, VOUCHER_REJECTED, "invalid"},
		{4, VOUCHER_HELD, "restored"}, {5, VOUCHER_HELD, "restored"},
		{6, VOUCHER_HELD, "restored"}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct purse_card card =
			purse_card(p, purse_voucher(p, first, rows[i].row));
		assert_int_equal(card.state, rows[i].state);
		assert_string_equal(card.reason, rows[i].reason);
	}
	assert_int_equal(purse_card(p, on_air).state, VOUCHER_DIALING);
	assert_string_equal(
		purse_card(p, purse_voucher(p, held, 2)).reason, "counted");
	assert_int_equal(
		ledger_cursor(p->ledger, LEDGER_RESTORED_CURSOR), RESTORED_MS);
	/* A person may release it, and it is dialled then. */
	struct ledger_op op = purse_op(p, LEDGER_BATCH_MOVE);
	op.u.batch_move.batch = second;
	op.u.batch_move.event = VOUCHER_RELEASE;
	(void)purse_must(p, &op);
	assert_int_equal(purse_card(p, purse_voucher(p, second, 3)).state,
		VOUCHER_READY);
}

struct found {
	unsigned batches, restored;
	char note[LEDGER_TEXT_MAX], who[LEDGER_NAME_MAX];
	int64_t held;
};

static bool
on_entry(void *ctx, const struct ledger_audit *a)
{
	struct found *found = ctx;
	if (strcmp(a->event, "batch.restored") == 0) {
		found->batches++;
		assert_non_null(strstr(a->note, "digest="));
		assert_non_null(strstr(a->note, "count="));
	}
	if (strcmp(a->event, "daemon.restored") != 0)
		return true;
	found->restored++;
	strcpy(found->note, a->note);
	strcpy(found->who, a->who);
	return true;
}

static void
audit_names_the_backup_and_each_batch(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	(void)purse_batch(p, 3, "");
	(void)purse_batch(p, 3, "");
	struct ledger_verify verify;
	assert_int_equal(ledger_verify_audit(p->ledger, &verify), 0);
	back_up();
	lose_ledger();
	is_restored();
	struct found found = {.batches = 0};
	const struct ledger_audit_filter all = {.after = verify.entries};
	assert_int_equal(
		ledger_each_audit(p->ledger, &all, on_entry, &found), 0);
	assert_int_equal(found.batches, 2);
	assert_int_equal(found.restored, 1);
	assert_string_equal(found.who, "uid:0");
	assert_non_null(strstr(found.note, verify.head));
	assert_non_null(strstr(found.note, "held=6"));
}

static void
no_reading_of_before_is_evidence_and_every_sim_is_fenced(void **state)
{
	struct purse *p = attic.p;
	struct ledger_proof proof;
	(void)state;
	see_sim();
	read_balance(5000);
	dial(purse_voucher(p, purse_batch(p, 2, ""), 2), VERDICT_NONE,
		VOUCHER_MAYBE_SENT, "no_answer");
	assert_int_equal(ledger_proof(p->ledger, "sim1", &proof), 0);
	assert_false(proof.spoiled);
	struct ledger_op over = purse_op(p, LEDGER_FENCE);
	strcpy(over.u.fence.iccid, "sim1");
	over.u.fence.over = true;
	(void)purse_must(p, &over);
	assert_false(purse_sim(p).fence);
	back_up();
	lose_ledger();
	is_restored();
	assert_int_equal(ledger_proof(p->ledger, "sim1", &proof), 0);
	assert_true(proof.spoiled);
	assert_true(purse_sim(p).fence);
}

static void
unknown_one_is_not_repeated_by_a_machine(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	see_sim();
	int64_t voucher = purse_voucher(p, purse_batch(p, 2, ""), 2);
	dial(voucher, VERDICT_NONE, VOUCHER_MAYBE_SENT, "no_answer");
	struct ledger_op over = purse_op(p, LEDGER_FENCE);
	strcpy(over.u.fence.iccid, "sim1");
	over.u.fence.over = true;
	(void)purse_must(p, &over);
	assert_int_equal(
		ledger_repeatable(p->ledger, "sim1", "simtel"), voucher);
	back_up();
	lose_ledger();
	is_restored();
	(void)purse_must(p, &over);
	assert_int_equal(ledger_repeatable(p->ledger, "sim1", "simtel"), 0);
}

/* ---- beside a ledger that is there --------------------------------------- */

static void
older_ledger_is_replaced_and_kept(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	int64_t batch = purse_batch(p, 2, "");
	purse_close(p);
	size_t len;
	char *older = bytes_of(p->path, &len);
	purse_open(p);
	dial(purse_voucher(p, batch, 2), VERDICT_LOADED, VOUCHER_CREDITED, "");
	back_up();
	lose_ledger();
	int fd = open(p->path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, older, len), (ssize_t)len);
	close(fd);
	free(older);
	/* A name that is taken is not written over. */
	fd = open(purse_path(p, "ledger.db.replaced-1"), O_WRONLY | O_CREAT,
		0600);
	close(fd);
	is_restored();
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
	back_up();
	lose_ledger();
	/* A daemon was started too early, and made a new one. */
	purse_open(p);
	struct ledger_op op = purse_op(p, LEDGER_EVENT);
	strcpy(op.u.event.event, "daemon.start");
	(void)purse_must(p, &op);
	purse_close(p);
	is_restored();
	assert_int_equal(attic.made.held, 2);
	assert_true(is_there("ledger.db.replaced-1"));
	/* And a key, which the right one has replaced since. */
	lose_ledger();
	struct vault *ours = p->vault;
	p->vault = vault_open(
		purse_path(p, "other.key"), true, p->why, sizeof(p->why));
	purse_open(p);
	purse_close(p);
	vault_close(p->vault);
	p->vault = ours;
	is_restored();
	assert_true(is_there("ledger.db.replaced-2"));
}

static void
ledger_of_another_key_with_cards_in_it_stays(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	(void)purse_batch(p, 2, "");
	back_up();
	lose_ledger();
	struct vault *ours = p->vault;
	p->vault = vault_open(
		purse_path(p, "other.key"), true, p->why, sizeof(p->why));
	purse_open(p);
	(void)purse_batch(p, 2, "");
	purse_close(p);
	vault_close(p->vault);
	p->vault = ours;
	is_refused(-EINVAL, "sealed with another key");
}

static void
ledger_that_is_newer_the_same_or_another_stays(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	int64_t batch = purse_batch(p, 3, "");
	back_up();
	purse_close(p);
	is_refused(-EINVAL, "is the same");
	purse_open(p);
	dial(purse_voucher(p, batch, 2), VERDICT_LOADED, VOUCHER_CREDITED, "");
	purse_close(p);
	is_refused(-EINVAL, "is newer");
	/* Two that went different ways from one moment on. */
	lose_ledger();
	is_restored();
	dial(purse_voucher(p, purse_batch(p, 1, ""), 2), VERDICT_LOADED,
		VOUCHER_CREDITED, "");
	unlink(attic.backup);
	back_up();
	lose_ledger();
	purse_open(p);
	(void)purse_batch(p, 40, "");
	purse_close(p);
	is_refused(-EINVAL, "went different ways");
}

static void
second_restore_of_the_same_is_refused(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	(void)purse_batch(p, 3, "");
	back_up();
	lose_ledger();
	is_restored();
	purse_close(p);
	is_refused(-EINVAL, "is newer");
	purse_open(p);
	purse_is_sound(p);
}

static void
damaged_ledger_stays_in_its_place(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	(void)purse_batch(p, 3, "");
	back_up();
	lose_ledger();
	int fd = open(p->path, O_WRONLY | O_CREAT, 0600);
	for (int i = 0; i < 300; i++)
		assert_int_equal(write(fd, "no database ", 12), 12);
	close(fd);
	is_refused(-EINVAL, "move it away, keep it");
}

static void
leftover_of_a_lost_ledger_is_not_taken_into_the_new_one(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	(void)purse_batch(p, 3, "");
	back_up();
	lose_ledger();
	int fd = open(purse_path(p, "ledger.db-wal"), O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "old", 3), 3);
	close(fd);
	is_refused(-EINVAL, "belongs to a ledger that is not there");
	unlink(purse_path(p, "ledger.db-wal"));
	is_restored();
}

/* ---- what is no backup --------------------------------------------------- */

static void
write_backup(const char *bytes, size_t len)
{
	int fd = open(attic.backup, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

static void
backup_that_is_none_or_cut_or_changed_is_refused(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	int64_t batch = purse_batch(p, 60, "");
	dial(purse_voucher(p, batch, 2), VERDICT_LOADED, VOUCHER_CREDITED, "");
	back_up();
	lose_ledger();
	size_t len;
	char *good = bytes_of(attic.backup, &len), page[4096];
	unlink(attic.backup);
	is_refused(-EINVAL, "No such file");
	write_backup("", 0);
	is_refused(-EINVAL, "no ledger of topupd");
	memset(page, 'x', sizeof(page));
	write_backup(page, sizeof(page));
	is_refused(-EINVAL, "not a database");
	for (size_t cut = len / 2; cut < len; cut += len / 8) {
		write_backup(good, cut / 4096 * 4096);
		is_refused(-EINVAL, attic.backup);
	}
	/* No page but can be missed: a free one is none of it. */
	unsigned refused = 0;
	for (size_t at = 0; at < len; at += 4096) {
		char *bad = malloc(len);
		assert_non_null(bad);
		memcpy(bad, good, len);
		memset(bad + at, 0x5a, 2048);
		write_backup(bad, len);
		free(bad);
		is_refused(-EINVAL, attic.backup);
		refused++;
	}
	assert_true(refused > 5);
	write_backup(good, len);
	free(good);
	is_restored();
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
	back_up();
	lose_ledger();
	size_t len;
	char *good = bytes_of(attic.backup, &len);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_backup(good, len);
		tamper_backup(rows[i].sql);
		is_refused(-EINVAL, rows[i].because);
	}
	free(good);
}

static void
backup_of_another_key_is_refused(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	(void)purse_batch(p, 3, "");
	back_up();
	lose_ledger();
	struct vault *other = vault_open(
		purse_path(p, "other.key"), true, p->why, sizeof(p->why));
	assert_non_null(other);
	assert_int_equal(restore_with(other), -EINVAL);
	assert_non_null(strstr(attic.why, "sealed with another key"));
	vault_close(other);
	assert_false(is_there("ledger.db"));
	nothing_half_made_is_left();
}

static void
running_daemon_keeps_its_ledger(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	(void)purse_batch(p, 3, "");
	back_up();
	int rc = restore();
	assert_int_equal(rc, -EBUSY);
	assert_non_null(strstr(attic.why, "another topupd (pid"));
	purse_is_sound(p);
}

static void
raw_copy_with_its_log_beside_it_is_restored_whole(void **state)
{
	struct purse *p = attic.p;
	(void)state;
	int64_t batch = purse_batch(p, 3, "");
	/* The ledger is open: its newest entries are not in the file yet. */
	size_t len, log_len;
	char log_name[160];
	char *db = bytes_of(p->path, &len);
	char *log = bytes_of(purse_path(p, "ledger.db-wal"), &log_len);
	int64_t head = ledger_audit_head(p->ledger);
	assert_true(log_len > 0);
	write_backup(db, len);
	snprintf(log_name, sizeof(log_name), "%s-wal", attic.backup);
	int fd = open(log_name, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, log, log_len), (ssize_t)log_len);
	close(fd);
	free(db);
	free(log);
	lose_ledger();
	is_restored();
	assert_int_equal(attic.made.seq, head);
	assert_int_equal(attic.made.held, 3);
	assert_int_equal(
		purse_card(p, purse_voucher(p, batch, 4)).state, VOUCHER_HELD);
}

/* ---- a disk that fails, a power cut -------------------------------------- */

static void
failing_disk_leaves_what_was_there(void **state)
{
	struct purse *p = attic.p;
	static const enum faulty_disk faults[] = {
		FAULTY_DISK_FULL, FAULTY_DISK_IO_ERROR, FAULTY_DISK_NO_SYNC};
	(void)state;
	(void)purse_batch(p, 50, "");
	back_up();
	lose_ledger();
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		faulty_disk_set(faults[i]);
		int rc = restore();
		faulty_disk_set(FAULTY_DISK_NOT);
		if (rc == 0)
			fail_msg("fault %zu went through", i);
		assert_false(is_there("ledger.db"));
		nothing_half_made_is_left();
	}
	is_restored();
}

int
main(void)
{
#define ATTIC_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, set_up, purse_teardown)
	const struct CMUnitTest tests[] = {
		ATTIC_TEST(
			what_was_not_dialled_is_held_and_the_rest_is_as_it_was),
		ATTIC_TEST(audit_names_the_backup_and_each_batch),
		ATTIC_TEST(
			no_reading_of_before_is_evidence_and_every_sim_is_fenced),
		ATTIC_TEST(unknown_one_is_not_repeated_by_a_machine),
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
		ATTIC_TEST(raw_copy_with_its_log_beside_it_is_restored_whole),
		ATTIC_TEST(failing_disk_leaves_what_was_there),
	};
	faulty_disk_install();
	return cmocka_run_group_tests_name("ledger_restore", tests, NULL, NULL);
}
