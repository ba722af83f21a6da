/*
 * ledger_restore: what a ledger made from a backup is, also when the disk
 * fails.
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

#include "tests/support/faulty_disk.h"

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
	attic_dial(purse_voucher(p, first, 2), VERDICT_LOADED, VOUCHER_CREDITED,
		"");
	attic_dial(purse_voucher(p, first, 3), VERDICT_INVALID,
		VOUCHER_REFUSED_FIRST, "invalid");
	attic_dial(purse_voucher(p, first, 4), VERDICT_BUSY, VOUCHER_BUSY, "");
	int64_t on_air = purse_voucher(p, second, 2);
	(void)purse_dial(p, on_air);
	int64_t head = ledger_audit_head(p->ledger);
	attic_back_up();
	attic_lose_ledger();
	attic_is_restored();
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
	assert_int_equal(ledger_cursor(p->ledger, LEDGER_RESTORED_CURSOR),
		ATTIC_RESTORED_MS);
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
	snprintf(found->note, sizeof(found->note), "%s", a->note);
	snprintf(found->who, sizeof(found->who), "%s", a->who);
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
	attic_back_up();
	attic_lose_ledger();
	attic_is_restored();
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
	attic_dial(purse_voucher(p, purse_batch(p, 2, ""), 2), VERDICT_NONE,
		VOUCHER_MAYBE_SENT, "no_answer");
	assert_int_equal(ledger_proof(p->ledger, "sim1", &proof), 0);
	assert_false(proof.spoiled);
	struct ledger_op over = purse_op(p, LEDGER_FENCE);
	strcpy(over.u.fence.iccid, "sim1");
	over.u.fence.over = true;
	(void)purse_must(p, &over);
	assert_false(purse_sim(p).fence);
	attic_back_up();
	attic_lose_ledger();
	attic_is_restored();
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
	attic_dial(voucher, VERDICT_NONE, VOUCHER_MAYBE_SENT, "no_answer");
	struct ledger_op over = purse_op(p, LEDGER_FENCE);
	strcpy(over.u.fence.iccid, "sim1");
	over.u.fence.over = true;
	(void)purse_must(p, &over);
	assert_int_equal(
		ledger_repeatable(p->ledger, "sim1", "simtel"), voucher);
	attic_back_up();
	attic_lose_ledger();
	attic_is_restored();
	(void)purse_must(p, &over);
	assert_int_equal(ledger_repeatable(p->ledger, "sim1", "simtel"), 0);
}

static bool
count_any(void *ctx, const struct ledger_follow *f)
{
	(void)f;
	++*(size_t *)ctx;
	return true;
}

static bool
count_dropped(void *ctx, const struct ledger_follow *f)
{
	if (f->state == LEDGER_FOLLOW_DROPPED)
		assert_string_equal(f->why, "restored");
	*(size_t *)ctx += f->state == LEDGER_FOLLOW_DROPPED;
	return true;
}

/* It may have been dialled since the backup, as what its attempts owe. */
static void
what_a_backup_owes_its_operator_is_not_dialled(void **state)
{
	struct purse *p = attic.p;
	size_t dropped = 0, left = 0;
	int64_t cards[2], attempts[2];
	(void)state;
	for (int i = 0; i < 2; i++) {
		cards[i] = purse_fresh(p);
		struct ledger_op op = purse_begin(p, cards[i]);
		strcpy(op.u.attempt_begin.follow_ups, "1 *140*1#\n2 *140*2#\n");
		attempts[i] = purse_must(p, &op);
		purse_end(p, attempts[i],
			i == 0 ? LEDGER_ANSWERED : LEDGER_MAYBE_SENT,
			i == 0 ? VERDICT_LOADED : VERDICT_NONE,
			i == 0 ? VOUCHER_CREDITED : VOUCHER_MAYBE_SENT);
	}
	attic_back_up();
	attic_lose_ledger();
	attic_is_restored();
	assert_int_equal(ledger_each_follow(
				 p->ledger, cards[0], count_dropped, &dropped),
		0);
	assert_int_equal(dropped, 2);
	struct ledger_op op = purse_op(p, LEDGER_EVIDENCE);
	op.u.evidence.attempt = attempts[1];
	op.u.evidence.event = VOUCHER_EVIDENCE;
	op.u.evidence.credited_minor = 10000;
	op.u.evidence.balance_minor = MONEY_NONE;
	(void)purse_must(p, &op);
	assert_int_equal(
		ledger_next_follow(p->ledger, "sim1", count_any, &left), 0);
	assert_int_equal(
		ledger_each_follow(p->ledger, cards[1], count_any, &left), 0);
	assert_int_equal(left, 0);
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
	char *db = attic_bytes(p->path, &len);
	char *log = attic_bytes(purse_path(p, "ledger.db-wal"), &log_len);
	int64_t head = ledger_audit_head(p->ledger);
	assert_true(log_len > 0);
	attic_write_backup(db, len);
	snprintf(log_name, sizeof(log_name), "%s-wal", attic.backup);
	int fd = open(log_name, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, log, log_len), (ssize_t)log_len);
	close(fd);
	free(db);
	free(log);
	attic_lose_ledger();
	attic_is_restored();
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
	attic_back_up();
	attic_lose_ledger();
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		faulty_disk_set(faults[i]);
		int rc = attic_restore();
		faulty_disk_set(FAULTY_DISK_NOT);
		if (rc == 0)
			fail_msg("fault %zu went through", i);
		assert_false(attic_has("ledger.db"));
		attic_has_no_half();
	}
	attic_is_restored();
}

static void
disk_that_fills_at_any_write_leaves_none_or_a_whole_one(void **state)
{
	struct purse *p = attic.p;
	unsigned writes = 0;
	(void)state;
	int64_t batch = purse_batch(p, 20, "");
	attic_back_up();
	attic_lose_ledger();
	for (;; writes++) {
		faulty_disk_set(FAULTY_DISK_FULL);
		faulty_disk_after(writes);
		int rc = attic_restore();
		faulty_disk_set(FAULTY_DISK_NOT);
		attic_has_no_half();
		if (rc == 0)
			break;
		assert_false(attic_has("ledger.db"));
		assert_in_range(writes, 0, 2000);
	}
	assert_true(writes > 5);
	purse_open(p);
	purse_is_sound(p);
	assert_string_equal(
		purse_card(p, purse_voucher(p, batch, 2)).reason, "restored");
}

static void
restore_that_was_cut_off_is_done_again(void **state)
{
	static const char *const left[] = {"ledger.db.restoring",
		"ledger.db.restoring-wal", "ledger.db.restoring-journal",
		"ledger.db.restoring.lock"};
	struct purse *p = attic.p;
	(void)state;
	(void)purse_batch(p, 3, "");
	attic_back_up();
	attic_lose_ledger();
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		int fd = open(purse_path(p, left[i]), O_WRONLY | O_CREAT, 0600);
		assert_int_equal(write(fd, "half of it", 10), 10);
		close(fd);
	}
	attic_is_restored();
	assert_int_equal(attic.made.held, 3);
}

int
main(void)
{
#define ATTIC_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, attic_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		ATTIC_TEST(
			what_was_not_dialled_is_held_and_the_rest_is_as_it_was),
		ATTIC_TEST(audit_names_the_backup_and_each_batch),
		ATTIC_TEST(
			no_reading_of_before_is_evidence_and_every_sim_is_fenced),
		ATTIC_TEST(unknown_one_is_not_repeated_by_a_machine),
		ATTIC_TEST(what_a_backup_owes_its_operator_is_not_dialled),
		ATTIC_TEST(raw_copy_with_its_log_beside_it_is_restored_whole),
		ATTIC_TEST(failing_disk_leaves_what_was_there),
		ATTIC_TEST(
			disk_that_fills_at_any_write_leaves_none_or_a_whole_one),
		ATTIC_TEST(restore_that_was_cut_off_is_done_again),
	};
	faulty_disk_install();
	return cmocka_run_group_tests_name("ledger_restore", tests, NULL, NULL);
}
