/* ledger: a batch from its first row to its report. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/purse.h"

/* ---- reading ----------------------------------------------------------- */

static void
repeated_pin_is_refused_unless_cancelled(void **state)
{
	struct purse *p = *state;
	struct ledger_result result = {0};
	int64_t batch = purse_open_batch(p);
	struct ledger_op row = purse_row(p, batch, 1);
	int64_t voucher = purse_must(p, &row);
	row.u.batch_row.line = 2;
	assert_int_equal(purse_do(p, &row, &result), -EEXIST);
	assert_int_equal(result.id, batch);
	struct ledger_op op = purse_op(p, LEDGER_BATCH_ACCEPT);
	op.u.batch_accept.batch = batch;
	purse_must(p, &op);
	row.u.batch_row.batch = purse_open_batch(p);
	assert_int_equal(purse_do(p, &row, &result), -EEXIST);
	op = purse_move(p, voucher, VOUCHER_CANCEL);
	purse_must(p, &op);
	purse_must(p, &row); /* it was never on air: it may come again */
	purse_is_sound(p);
}

static void
row_that_does_not_fit_its_batch_is_refused(void **state)
{
	struct purse *p = *state;
	int64_t accepted = purse_batch(p, 1, "");
	int64_t batch = purse_open_batch(p);
	struct ledger_op first = purse_row(p, batch, 1);
	purse_must(p, &first);
	struct ledger_op row = purse_row(p, accepted, 9);
	assert_int_equal(purse_do(p, &row, NULL), -EINVAL);
	row = purse_row(p, 4711, 9);
	assert_int_equal(purse_do(p, &row, NULL), -EINVAL);
	row = purse_row(p, batch, 1); /* the same line */
	assert_int_equal(purse_do(p, &row, NULL), -EINVAL);
	row = purse_row(p, batch, 2);
	row.u.batch_row.priority = 6;
	assert_int_equal(purse_do(p, &row, NULL), -EINVAL);
	row.u.batch_row.priority = 5;
	row.u.batch_row.sealed_len = VAULT_SEALED_MAX + 1;
	assert_int_equal(purse_do(p, &row, NULL), -EINVAL);
	purse_is_sound(p);
}

/* purse_open_batch() numbers its digests from 0. */
static struct ledger_op
open_first_again(const struct purse *p)
{
	struct ledger_op op = purse_op(p, LEDGER_BATCH_OPEN);
	strcpy(op.u.batch_open.name, "again.csv");
	return op;
}

static void
same_file_is_refused_unless_all_was_cancelled(void **state)
{
	struct purse *p = *state;
	struct ledger_result result = {0};
	int64_t batch = purse_batch(p, 2, "");
	struct ledger_op again = open_first_again(p);
	assert_int_equal(
		ledger_batch_of_digest(p->ledger, again.u.batch_open.digest),
		batch);
	assert_int_equal(purse_do(p, &again, &result), -EEXIST);
	assert_int_equal(result.id, batch);
	struct ledger_op op =
		purse_move(p, purse_voucher(p, batch, 2), VOUCHER_CANCEL);
	purse_must(p, &op);
	assert_int_equal(purse_do(p, &again, &result), -EEXIST);
	op = purse_move(p, purse_voucher(p, batch, 3), VOUCHER_CANCEL);
	purse_must(p, &op);
	purse_must(p, &again);
	assert_int_equal(
		ledger_batch_of_digest(p->ledger, again.u.batch_open.digest),
		0);
}

static void
same_file_read_twice_at_once_is_accepted_once(void **state)
{
	struct purse *p = *state;
	struct ledger_result result = {0};
	struct ledger_op op = purse_op(p, LEDGER_BATCH_OPEN);
	int64_t ids[2];
	for (int i = 0; i < 2; i++) {
		op.kind = LEDGER_BATCH_OPEN;
		memset(&op.u, 0, sizeof(op.u));
		ids[i] = purse_must(p, &op);
		struct ledger_op row = purse_row(p, ids[i], 1);
		purse_must(p, &row);
	}
	op = purse_op(p, LEDGER_BATCH_ACCEPT);
	op.u.batch_accept.batch = ids[0];
	purse_must(p, &op);
	op.u.batch_accept.batch = ids[1];
	assert_int_equal(purse_do(p, &op, &result), -EEXIST);
	assert_int_equal(result.id, ids[0]);
	op.u.batch_accept.batch = ids[0];
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
}

struct faults {
	unsigned count, lines[4];
};

static bool
on_fault(void *ctx, unsigned line, const char *reason)
{
	struct faults *faults = ctx;
	assert_string_equal(reason, "no pin");
	faults->lines[faults->count++] = line;
	return faults->count < 4;
}

static void
faults_keep_their_order_and_lines(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_open_batch(p);
	static const unsigned lines[] = {7, 3, 7};
	struct ledger_op op = purse_op(p, LEDGER_BATCH_FAULT);
	op.u.batch_fault.batch = batch;
	strcpy(op.u.batch_fault.reason, "no pin");
	for (size_t i = 0; i < 3; i++) {
		op.u.batch_fault.line = lines[i];
		purse_must(p, &op);
	}
	struct faults faults = {.count = 0};
	assert_int_equal(
		ledger_each_fault(p->ledger, batch, on_fault, &faults), 0);
	assert_int_equal(faults.count, 3);
	assert_memory_equal(faults.lines, lines, sizeof(lines));
	assert_int_equal(purse_batch_now(p, batch).faults, 3);
	op.u.batch_fault.batch = 4711;
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
}

/* ---- accepted or dropped ----------------------------------------------- */

static void
arrival_is_one_entry_with_count_and_digest(void **state)
{
	struct purse *p = *state;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	int64_t batch = purse_batch(p, 3, "counted");
	assert_int_equal(ledger_audit_head(p->ledger), 1);
	purse_last_audit(p, event, note);
	assert_string_equal(event, "batch.accepted");
	assert_non_null(strstr(note, "name=cards.csv"));
	assert_non_null(strstr(note, "rows=3"));
	assert_non_null(strstr(note, "hold=counted"));
	assert_non_null(strstr(note, "digest="));
	struct ledger_batch b = purse_batch_now(p, batch);
	assert_int_equal(b.counts[VOUCHER_HELD], 3);
	assert_false(b.reading);
	assert_true(b.finished_wall_ms > 0);
	struct purse_card card = purse_card(p, purse_voucher(p, batch, 2));
	assert_int_equal(card.state, VOUCHER_HELD);
	assert_string_equal(card.reason, "counted");
}

static void
drop_goes_in_slices_and_leaves_one_entry(void **state)
{
	struct purse *p = *state;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	struct ledger_result result;
	int64_t batch = purse_open_batch(p);
	assert_int_equal(ledger_begin(p->ledger), 0);
	for (unsigned i = 0; i < 1500; i++) {
		struct ledger_op row = purse_row(p, batch, i);
		assert_int_equal(ledger_apply(p->ledger, &row, NULL), 0);
	}
	struct ledger_op fault = purse_op(p, LEDGER_BATCH_FAULT);
	fault.u.batch_fault.batch = batch;
	for (unsigned i = 0; i < 700; i++)
		assert_int_equal(ledger_apply(p->ledger, &fault, NULL), 0);
	assert_int_equal(ledger_commit(p->ledger, 0), 0);
	struct ledger_op op = purse_op(p, LEDGER_BATCH_DROP);
	op.u.batch_drop.batch = batch;
	strcpy(op.u.batch_drop.reason, "more than half is bad");
	static const int64_t left[] = {1200, 200, 0};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(ledger_audit_head(p->ledger), 0);
		assert_int_equal(purse_do(p, &op, &result), 0);
		assert_int_equal(result.count, left[i]);
	}
	purse_last_audit(p, event, note);
	assert_string_equal(event, "batch.refused");
	assert_non_null(strstr(note, "rows=1500"));
	assert_non_null(strstr(note, "bad_rows=700"));
	assert_non_null(strstr(note, "reason=more than half is bad"));
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	purse_is_sound(p);
	/* Its number is not used again: the audit names it. */
	assert_true(purse_open_batch(p) > batch);
}

static void
accepted_batch_cannot_be_dropped(void **state)
{
	struct purse *p = *state;
	struct ledger_op op = purse_op(p, LEDGER_BATCH_DROP);
	op.u.batch_drop.batch = purse_batch(p, 1, "");
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
}

/* ---- what is owed ------------------------------------------------------ */

static bool
on_due(void *ctx, const struct ledger_batch *b)
{
	int64_t *due = ctx;
	*due = *due * 10 + b->id;
	return true;
}

static int64_t
due(struct purse *p, enum ledger_batch_due what)
{
	int64_t ids = 0;
	assert_int_equal(
		ledger_each_batch_due(p->ledger, what, on_due, &ids), 0);
	return ids;
}

static void
each_batch_is_due_for_what_it_owes(void **state)
{
	struct purse *p = *state;
	int64_t ready = purse_batch(p, 1, "");
	int64_t held = purse_batch(p, 1, "counted");
	int64_t reading = purse_open_batch(p);
	assert_int_equal(due(p, LEDGER_DUE_DROP), reading);
	assert_int_equal(due(p, LEDGER_DUE_RETIRE), ready * 10 + held);
	assert_int_equal(due(p, LEDGER_DUE_REPORT), held);
	int64_t all = 0;
	assert_int_equal(ledger_each_batch(p->ledger, 0, on_due, &all), 0);
	assert_int_equal(all, ready * 10 + held);
	struct ledger_op op = purse_op(p, LEDGER_BATCH_RETIRED);
	op.u.batch_ref.batch = ready;
	purse_must(p, &op);
	assert_int_equal(due(p, LEDGER_DUE_RETIRE), held);
	op.u.batch_ref.batch = reading;
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
}

static void
report(struct purse *p, int64_t batch)
{
	struct ledger_op op = purse_op(p, LEDGER_BATCH_REPORTED);
	op.u.batch_ref.batch = batch;
	op.u.batch_ref.generation = purse_batch_now(p, batch).generation;
	purse_must(p, &op);
}

static void
report_is_owed_at_the_end_and_at_each_later_settlement(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_batch(p, 2, "");
	int64_t first = purse_voucher(p, batch, 2);
	int64_t second = purse_voucher(p, batch, 3);
	int64_t attempt = purse_dial(p, first);
	struct ledger_op op = purse_settle(p, attempt, LEDGER_MAYBE_SENT,
		VERDICT_NONE, VOUCHER_MAYBE_SENT);
	strcpy(op.u.attempt_settle.reason, "no_answer");
	purse_must(p, &op);
	assert_int_equal(due(p, LEDGER_DUE_REPORT), 0); /* one is ready */
	op = purse_move(p, second, VOUCHER_HOLD);
	purse_must(p, &op);
	assert_int_equal(due(p, LEDGER_DUE_REPORT), batch);
	assert_true(purse_batch_now(p, batch).finished_wall_ms > 0);
	report(p, batch);
	assert_int_equal(due(p, LEDGER_DUE_REPORT), 0);
	op = purse_move(p, first, VOUCHER_RESOLVED_LOADED);
	purse_must(p, &op);
	assert_int_equal(due(p, LEDGER_DUE_REPORT), batch);
	report(p, batch);
	/* Under way again: nothing is owed before it ends anew. */
	op = purse_move(p, second, VOUCHER_RELEASE);
	purse_must(p, &op);
	assert_int_equal(purse_batch_now(p, batch).finished_wall_ms, 0);
	assert_int_equal(due(p, LEDGER_DUE_REPORT), 0);
	op = purse_settle(p, purse_dial(p, second), LEDGER_ANSWERED,
		VERDICT_LOADED, VOUCHER_CREDITED);
	op.u.attempt_settle.credited_minor = 5000;
	purse_must(p, &op);
	assert_int_equal(due(p, LEDGER_DUE_REPORT), batch);
	assert_int_equal(purse_batch_now(p, batch).loaded_minor, 15000);
}

static void
report_of_a_generation_that_is_not_there_is_refused(void **state)
{
	struct purse *p = *state;
	struct ledger_op op = purse_op(p, LEDGER_BATCH_REPORTED);
	op.u.batch_ref.batch = purse_batch(p, 1, "counted");
	op.u.batch_ref.generation = 99;
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	/* An older one than was reported takes nothing back. */
	op.u.batch_ref.generation = 2;
	purse_must(p, &op);
	op.u.batch_ref.generation = 1;
	purse_must(p, &op);
	assert_int_equal(purse_batch_now(p, op.u.batch_ref.batch).reported, 2);
}

/* ---- acts on all of it ------------------------------------------------- */

static int64_t
act(struct purse *p, int64_t batch, enum voucher_event event,
	const char *reason)
{
	struct ledger_result result = {0};
	struct ledger_op op = purse_op(p, LEDGER_BATCH_MOVE);
	op.u.batch_move.batch = batch;
	op.u.batch_move.event = event;
	snprintf(op.u.batch_move.reason, LEDGER_NAME_MAX, "%s", reason);
	int rc = purse_do(p, &op, &result);
	return rc == 0 ? result.count : rc;
}

static void
act_on_a_batch_moves_those_that_can_in_one_entry(void **state)
{
	struct purse *p = *state;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	int64_t batch = purse_batch(p, 5, "");
	int64_t flown = purse_voucher(p, batch, 2);
	struct ledger_op op = purse_settle(p, purse_dial(p, flown),
		LEDGER_ANSWERED, VERDICT_BUSY, VOUCHER_BUSY);
	purse_must(p, &op);
	purse_dial(p, purse_voucher(p, batch, 3));
	int64_t head = ledger_audit_head(p->ledger);
	assert_int_equal(act(p, batch, VOUCHER_HOLD, "person"), 4);
	assert_int_equal(ledger_audit_head(p->ledger), head + 1);
	purse_last_audit(p, event, note);
	assert_string_equal(event, "batch.held");
	assert_non_null(strstr(note, "count=4"));
	assert_non_null(strstr(note, "digest="));
	assert_string_equal(purse_card(p, flown).reason, "person");
	assert_int_equal(act(p, batch, VOUCHER_HOLD, "person"), 0);
	assert_int_equal(ledger_audit_head(p->ledger), head + 1);
	assert_int_equal(act(p, batch, VOUCHER_RELEASE, ""), 4);
	assert_string_equal(purse_card(p, flown).reason, "");
	op = purse_move(p, purse_voucher(p, batch, 4), VOUCHER_HOLD);
	purse_must(p, &op);
	/* From ready and from held; not the one that was on air. */
	assert_int_equal(act(p, batch, VOUCHER_CANCEL, ""), 3);
	assert_int_equal(purse_card(p, flown).state, VOUCHER_READY);
	assert_int_equal(
		purse_batch_now(p, batch).counts[VOUCHER_CANCELLED], 3);
	purse_is_sound(p);
}

/* A batch of two slices and a bit. */
enum { LARGE = 2 * LEDGER_SLICE_ROWS + 10 };

static int64_t
large_batch(struct purse *p, int64_t hold_slices)
{
	int64_t batch = purse_open_batch(p);
	struct ledger_result result = {.after = 0};
	assert_int_equal(ledger_begin(p->ledger), 0);
	for (unsigned i = 1; i <= LARGE; i++) {
		struct ledger_op op = purse_row(p, batch, 2 * i);
		assert_int_equal(ledger_apply(p->ledger, &op, &result), 0);
	}
	struct ledger_op op = purse_op(p, LEDGER_BATCH_HOLD);
	op.u.batch_hold.batch = batch;
	strcpy(op.u.batch_hold.hold, "counted");
	result.after = 0;
	for (int64_t i = 0; i < hold_slices; i++) {
		op.u.batch_hold.after = result.after;
		assert_int_equal(ledger_apply(p->ledger, &op, &result), 0);
	}
	assert_int_equal(ledger_commit(p->ledger, 0), 0);
	return batch;
}

static void
accept_large(struct purse *p, int64_t batch, const char *hold)
{
	struct ledger_op op = purse_op(p, LEDGER_BATCH_ACCEPT);
	op.u.batch_accept.batch = batch;
	strcpy(op.u.batch_accept.hold, hold);
	purse_must(p, &op);
}

static void
act_in_slices_moves_all_with_an_entry_each(void **state)
{
	static const struct {
		const char *part;
		int64_t count, after;
	} slices[] = {
		{"up_to_row=1000", LEDGER_SLICE_ROWS, 2 * LEDGER_SLICE_ROWS},
		{"after_row=1000 up_to_row=2000", LEDGER_SLICE_ROWS,
			4 * LEDGER_SLICE_ROWS},
		{"after_row=2000", 10, 0}};
	struct purse *p = *state;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	int64_t batch = large_batch(p, 0);
	struct ledger_result result = {.after = 0};
	accept_large(p, batch, "");
	int64_t head = ledger_audit_head(p->ledger);
	for (int i = 0; i < 3; i++) {
		struct ledger_op op = purse_op(p, LEDGER_BATCH_MOVE);
		op.u.batch_move.batch = batch;
		op.u.batch_move.event = VOUCHER_CANCEL;
		op.u.batch_move.in_slices = true;
		op.u.batch_move.after = result.after;
		assert_int_equal(purse_do(p, &op, &result), 0);
		assert_int_equal(result.count, slices[i].count);
		assert_int_equal(result.after, slices[i].after);
		assert_int_equal(ledger_audit_head(p->ledger), head + i + 1);
		purse_last_audit(p, event, note);
		assert_string_equal(event, "batch.cancelled");
		if (strstr(note, slices[i].part) == NULL)
			fail_msg("%s", note);
		purse_is_sound(p);
	}
	assert_int_equal(
		purse_batch_now(p, batch).counts[VOUCHER_CANCELLED], LARGE);
}

static void
rows_held_before_their_batch_is_accepted_are_held_then(void **state)
{
	struct purse *p = *state;
	for (int64_t slices = 0; slices <= 3; slices++) {
		int64_t totals[VOUCHER_STATES];
		int64_t batch = large_batch(p, slices);
		struct ledger_batch b;
		assert_int_equal(ledger_counts(p->ledger, totals), 0);
		assert_int_equal(totals[VOUCHER_HELD], slices * LARGE);
		accept_large(p, batch, "counted");
		b = purse_batch_now(p, batch);
		assert_int_equal(b.counts[VOUCHER_HELD], LARGE);
		assert_true(b.finished_wall_ms > 0);
		assert_string_equal(
			purse_card(p, purse_voucher(p, batch, 2 * LARGE))
				.reason,
			"counted");
		purse_is_sound(p);
	}
	/* What is accepted is moved by an act, which is audited. */
	struct ledger_op op = purse_op(p, LEDGER_BATCH_HOLD);
	op.u.batch_hold.batch = purse_batch(p, 1, "");
	strcpy(op.u.batch_hold.hold, "counted");
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
}

static void
batch_that_is_half_held_can_be_dropped(void **state)
{
	struct purse *p = *state;
	struct ledger_result result = {.count = 1};
	struct ledger_op op = purse_op(p, LEDGER_BATCH_DROP);
	op.u.batch_drop.batch = large_batch(p, 1);
	while (result.count > 0) {
		assert_int_equal(purse_do(p, &op, &result), 0);
		purse_is_sound(p);
	}
	assert_int_equal(purse_do(p, &op, &result), -EINVAL); /* gone */
}

static void
act_that_is_none_for_a_batch_is_refused(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_batch(p, 2, "");
	int64_t reading = purse_open_batch(p);
	assert_int_equal(act(p, batch, VOUCHER_RESOLVED_LOADED, ""), -EINVAL);
	assert_int_equal(act(p, batch, VOUCHER_REVEAL, ""), -EINVAL);
	assert_int_equal(act(p, batch, VOUCHER_HOLD, "because"), -EINVAL);
	assert_int_equal(act(p, reading, VOUCHER_HOLD, ""), -EINVAL);
	assert_int_equal(act(p, 4711, VOUCHER_HOLD, ""), -EINVAL);
	purse_is_sound(p);
}

int
main(void)
{
#define LEDGER_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(act_in_slices_moves_all_with_an_entry_each),
		LEDGER_TEST(
			rows_held_before_their_batch_is_accepted_are_held_then),
		LEDGER_TEST(batch_that_is_half_held_can_be_dropped),
		LEDGER_TEST(repeated_pin_is_refused_unless_cancelled),
		LEDGER_TEST(row_that_does_not_fit_its_batch_is_refused),
		LEDGER_TEST(same_file_is_refused_unless_all_was_cancelled),
		LEDGER_TEST(same_file_read_twice_at_once_is_accepted_once),
		LEDGER_TEST(faults_keep_their_order_and_lines),
		LEDGER_TEST(arrival_is_one_entry_with_count_and_digest),
		LEDGER_TEST(drop_goes_in_slices_and_leaves_one_entry),
		LEDGER_TEST(accepted_batch_cannot_be_dropped),
		LEDGER_TEST(each_batch_is_due_for_what_it_owes),
		LEDGER_TEST(
			report_is_owed_at_the_end_and_at_each_later_settlement),
		LEDGER_TEST(
			report_of_a_generation_that_is_not_there_is_refused),
		LEDGER_TEST(act_on_a_batch_moves_those_that_can_in_one_entry),
		LEDGER_TEST(act_that_is_none_for_a_batch_is_refused),
	};
	return cmocka_run_group_tests_name("ledger_batch", tests, NULL, NULL);
}
