/*
 * ledger: vouchers and attempts on a real file: every row of the state
 * table, every pair that is no row, and the laws that the schema holds.
 */
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

static struct ledger_op
begin_alone(const struct purse *p, int64_t voucher)
{
	struct ledger_op op = purse_begin(p, voucher);
	snprintf(op.u.attempt_begin.iccid, LEDGER_NAME_MAX, "sim-%lld",
		(long long)voucher);
	snprintf(op.u.attempt_begin.account, LEDGER_TARGET_MAX, "account%lld",
		(long long)voucher);
	return op;
}

/* Its fence is over: all was asked. */
static void
ask_all(struct purse *p, int64_t voucher)
{
	struct ledger_op op = purse_op(p, LEDGER_FENCE);
	op.u.fence.over = true;
	snprintf(op.u.fence.iccid, LEDGER_NAME_MAX, "sim-%lld",
		(long long)voucher);
	purse_must(p, &op);
}

/* What an attempt that ends by this event looks like. */
static struct ledger_op
settle_by(const struct purse *p, int64_t attempt, enum voucher_event event)
{
	enum ledger_fate fate = LEDGER_ANSWERED;
	enum verdict verdict = VERDICT_NONE;
	if (event == VOUCHER_NOT_SENT || event == VOUCHER_NOT_SENT_AGAIN)
		fate = LEDGER_NOT_SENT;
	if (event == VOUCHER_MAYBE_SENT || event == VOUCHER_FOUND_AT_START)
		fate = LEDGER_MAYBE_SENT;
	if (event == VOUCHER_BUSY || event == VOUCHER_BUSY_TOO_OFTEN)
		verdict = VERDICT_BUSY;
	if (event == VOUCHER_SIM_BLOCKED)
		verdict = VERDICT_SIM_BLOCKED;
	if (event == VOUCHER_NOT_NOW)
		verdict = VERDICT_NOT_NOW;
	if (event == VOUCHER_TAKEN)
		verdict = VERDICT_PENDING;
	if (event == VOUCHER_CREDITED)
		verdict = VERDICT_LOADED;
	if (event == VOUCHER_REFUSED_FIRST)
		verdict = VERDICT_INVALID;
	return purse_settle(p, attempt, fate, verdict, event);
}

struct made {
	int64_t voucher, attempt;
};

static int64_t
settle_now(struct purse *p, int64_t voucher, enum voucher_event event,
	const char *reason)
{
	struct ledger_op op = begin_alone(p, voucher);
	int64_t attempt = purse_must(p, &op);
	op = settle_by(p, attempt, event);
	snprintf(op.u.attempt_settle.reason, LEDGER_NAME_MAX, "%s", reason);
	purse_must(p, &op);
	return attempt;
}

/* A fresh voucher, brought into a state; on air before where it can. */
static struct made
bring(struct purse *p, enum voucher_state state, bool was_on_air)
{
	struct made m = {0};
	m.voucher = purse_voucher(p, purse_batch(p, 1, ""), 2);
	if (was_on_air && state != VOUCHER_CANCELLED)
		m.attempt = settle_now(p, m.voucher, VOUCHER_BUSY, "retry");
	struct ledger_op op;
	switch (state) {
	case VOUCHER_READY:
		break;
	case VOUCHER_HELD:
		op = purse_move(p, m.voucher, VOUCHER_HOLD);
		strcpy(op.u.voucher_move.reason, "person");
		purse_must(p, &op);
		break;
	case VOUCHER_DIALING:
		op = begin_alone(p, m.voucher);
		m.attempt = purse_must(p, &op);
		break;
	case VOUCHER_PENDING:
		m.attempt = settle_now(p, m.voucher, VOUCHER_TAKEN, "");
		break;
	case VOUCHER_UNKNOWN:
		m.attempt = settle_now(
			p, m.voucher, VOUCHER_MAYBE_SENT, "no_answer");
		break;
	case VOUCHER_LOADED:
		m.attempt = settle_now(p, m.voucher, VOUCHER_CREDITED, "");
		break;
	case VOUCHER_REJECTED:
		m.attempt = settle_now(
			p, m.voucher, VOUCHER_REFUSED_FIRST, "invalid");
		break;
	case VOUCHER_CANCELLED:
		op = purse_move(p, m.voucher, VOUCHER_CANCEL);
		purse_must(p, &op);
		break;
	case VOUCHER_STATES:
		fail();
	}
	assert_int_equal(purse_card(p, m.voucher).state, state);
	return m;
}

static bool
ends_attempt(enum voucher_state from, enum voucher_event event)
{
	return from == VOUCHER_DIALING ||
	       (from == VOUCHER_PENDING && event != VOUCHER_SMS_TIMEOUT);
}

static int
apply_event(struct purse *p, struct made m, enum voucher_state from,
	enum voucher_event event, const char *reason)
{
	struct ledger_op op;
	if (event == VOUCHER_DISPATCHED || event == VOUCHER_REPEATED) {
		op = begin_alone(p, m.voucher);
		op.u.attempt_begin.event = event;
	} else if (ends_attempt(from, event)) {
		op = settle_by(p, m.attempt, event);
		snprintf(op.u.attempt_settle.reason, LEDGER_NAME_MAX, "%s",
			reason);
	} else {
		op = purse_move(p, m.voucher, event);
		snprintf(op.u.voucher_move.reason, LEDGER_NAME_MAX, "%s",
			reason);
	}
	return purse_do(p, &op, NULL);
}

static void
first_word(const char *words, char *out)
{
	size_t n = strcspn(words, " ");
	memcpy(out, words, n);
	out[n] = '\0';
}

static bool
may_take(const struct voucher_edge *edge, const struct purse_card *card)
{
	return edge != NULL && voucher_edge_permits(edge, card->v.on_air,
				       span_str(card->reason));
}

static void
try_pair(struct purse *p, enum voucher_state from, enum voucher_event event,
	bool was_on_air)
{
	struct made m = bring(p, from, was_on_air);
	if (from == VOUCHER_UNKNOWN)
		ask_all(p, m.voucher);
	struct purse_card before = purse_card(p, m.voucher);
	int64_t head = ledger_audit_head(p->ledger);
	const struct voucher_edge *edge = voucher_edge_find(from, event);
	char reason[LEDGER_NAME_MAX] = "";
	if (edge != NULL)
		first_word(edge->reasons, reason);
	bool may = may_take(edge, &before);
	int rc = apply_event(p, m, from, event, reason);
	struct purse_card after = purse_card(p, m.voucher);
	if (rc != (may ? 0 : -EINVAL))
		fail_msg("%s by %s: %d", voucher_state_name(from),
			voucher_event_name(event), rc);
	assert_int_equal(after.state, may ? edge->to : from);
	assert_string_equal(after.reason, may ? reason : before.reason);
	if (may)
		assert_true(ledger_audit_head(p->ledger) > head);
	else
		assert_int_equal(ledger_audit_head(p->ledger), head);
}

static void
every_pair_of_state_and_event_obeys_the_table(void **state)
{
	struct purse *p = *state;
	for (unsigned from = 0; from < VOUCHER_STATES; from++)
		for (unsigned event = 0; event < VOUCHER_EVENTS; event++)
			for (int on_air = 0; on_air < 2; on_air++)
				try_pair(p, (enum voucher_state)from,
					(enum voucher_event)event, on_air != 0);
	purse_is_sound(p);
}

static void
reason_that_the_row_has_not_is_refused(void **state)
{
	struct purse *p = *state;
	struct made m = bring(p, VOUCHER_READY, false);
	struct ledger_op op = purse_move(p, m.voucher, VOUCHER_HOLD);
	strcpy(op.u.voucher_move.reason, "because");
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	m = bring(p, VOUCHER_DIALING, false);
	op = settle_by(p, m.attempt, VOUCHER_NOT_NOW);
	strcpy(op.u.attempt_settle.reason, "person");
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	/* The one reason that an edge has need not be told. */
	op.u.attempt_settle.reason[0] = '\0';
	purse_must(p, &op);
	assert_string_equal(purse_card(p, m.voucher).reason, "not_now");
}

/* ---- the laws ---------------------------------------------------------- */

static void
nothing_goes_back_to_the_queue_without_proof(void **state)
{
	struct purse *p = *state;
	static const struct {
		enum ledger_fate fate;
		enum verdict verdict;
		enum voucher_event event;
	} rows[] = {
		{LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_NOT_SENT},
		{LEDGER_ANSWERED, VERDICT_NONE, VOUCHER_NOT_SENT},
		{LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_NOT_SENT_AGAIN},
		{LEDGER_ANSWERED, VERDICT_NONE, VOUCHER_BUSY},
		{LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_BUSY},
		{LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_BUSY_TOO_OFTEN},
		{LEDGER_ANSWERED, VERDICT_BUSY, VOUCHER_SIM_BLOCKED},
		{LEDGER_ANSWERED, VERDICT_INVALID, VOUCHER_NOT_NOW},
		{LEDGER_NOT_SENT, VERDICT_LOADED, VOUCHER_CREDITED},
		{LEDGER_NOT_SENT, VERDICT_NONE, VOUCHER_NO_VERDICT},
		{(enum ledger_fate)3, VERDICT_NONE, VOUCHER_NOT_SENT},
	};
	struct made m = bring(p, VOUCHER_DIALING, false);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ledger_op op = purse_settle(p, m.attempt, rows[i].fate,
			rows[i].verdict, rows[i].event);
		assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	}
	assert_int_equal(purse_card(p, m.voucher).state, VOUCHER_DIALING);
	purse_is_sound(p);
}

static void
late_settle_of_an_ended_attempt_is_refused(void **state)
{
	struct purse *p = *state;
	struct made m = bring(p, VOUCHER_UNKNOWN, false);
	struct ledger_op op = settle_by(p, m.attempt, VOUCHER_CREDITED);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	op = settle_by(p, 4711, VOUCHER_CREDITED);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	assert_int_equal(purse_card(p, m.voucher).state, VOUCHER_UNKNOWN);
}

static void
pending_attempt_is_settled_by_its_sms(void **state)
{
	struct purse *p = *state;
	struct made m = bring(p, VOUCHER_PENDING, false);
	struct ledger_op op = settle_by(p, m.attempt, VOUCHER_CREDITED);
	op.u.attempt_settle.credited_minor = 10000;
	strcpy(op.u.attempt_settle.reply, "by SMS");
	purse_must(p, &op);
	struct purse_card card = purse_card(p, m.voucher);
	assert_int_equal(card.state, VOUCHER_LOADED);
	assert_int_equal(card.v.on_air, 1); /* it flew once */
	purse_is_sound(p);
}

/* ---- counters of a voucher --------------------------------------------- */

static void
not_sent_is_counted_in_a_row_and_never_as_on_air(void **state)
{
	struct purse *p = *state;
	struct made m = bring(p, VOUCHER_READY, false);
	settle_now(p, m.voucher, VOUCHER_NOT_SENT, "retry");
	settle_now(p, m.voucher, VOUCHER_NOT_SENT, "retry");
	struct purse_card card = purse_card(p, m.voucher);
	assert_int_equal(card.v.not_sent, 2);
	assert_int_equal(card.v.on_air, 0);
	assert_int_equal(card.v.attempts, 2);
	settle_now(p, m.voucher, VOUCHER_BUSY, "retry");
	card = purse_card(p, m.voucher);
	assert_int_equal(card.v.not_sent, 0);
	assert_int_equal(card.v.busy, 1);
	assert_int_equal(card.v.on_air, 1);
	settle_now(p, m.voucher, VOUCHER_NOT_SENT_AGAIN, "not_sent");
	struct ledger_op op = purse_move(p, m.voucher, VOUCHER_RELEASE);
	purse_must(p, &op);
	card = purse_card(p, m.voucher);
	assert_int_equal(card.v.not_sent, 0); /* a person begins anew */
	assert_int_equal(card.v.busy, 0);
	assert_int_equal(card.v.attempts, 4);
	assert_string_equal(card.reason, "");
}

static void
voucher_that_was_never_sent_may_be_cancelled(void **state)
{
	struct purse *p = *state;
	struct made m = bring(p, VOUCHER_READY, false);
	settle_now(p, m.voucher, VOUCHER_NOT_SENT, "retry");
	struct ledger_op op = purse_move(p, m.voucher, VOUCHER_CANCEL);
	purse_must(p, &op);
	assert_int_equal(purse_card(p, m.voucher).state, VOUCHER_CANCELLED);
	purse_is_sound(p);
}

static void
busy_voucher_waits_until_its_moment(void **state)
{
	struct purse *p = *state;
	struct made m = bring(p, VOUCHER_DIALING, false);
	struct ledger_op op = settle_by(p, m.attempt, VOUCHER_BUSY);
	strcpy(op.u.attempt_settle.reason, "retry");
	op.u.attempt_settle.next_at_ran_ms = 99000;
	purse_must(p, &op);
	assert_int_equal(purse_card(p, m.voucher).v.next_at_ran_ms, 99000);
	assert_int_equal(ledger_next_due(p->ledger, 1000), 99000);
	assert_true(ledger_next_due(p->ledger, 99000) == INT64_MAX);
	/* Held and released: at once. */
	op = purse_move(p, m.voucher, VOUCHER_HOLD);
	purse_must(p, &op);
	op = purse_move(p, m.voucher, VOUCHER_RELEASE);
	purse_must(p, &op);
	assert_int_equal(purse_card(p, m.voucher).v.next_at_ran_ms, 0);
}

static void
amounts_are_kept_as_they_were_told(void **state)
{
	struct purse *p = *state;
	struct made m = bring(p, VOUCHER_READY, false);
	struct ledger_op op = purse_begin(p, m.voucher);
	op.u.attempt_begin.balance_before_minor = 500;
	int64_t attempt = purse_must(p, &op);
	op = settle_by(p, attempt, VOUCHER_CREDITED);
	op.u.attempt_settle.credited_minor = 10000;
	op.u.attempt_settle.balance_minor = 10500;
	purse_must(p, &op);
	struct purse_card card = purse_card(p, m.voucher);
	assert_int_equal(card.v.balance_before_minor, 500);
	assert_int_equal(card.v.balance_after_minor, 10500);
	assert_int_equal(card.v.credited_minor, 10000);
	assert_int_equal(card.v.amount_minor, 10000);
	assert_int_equal(card.v.finished_wall_ms, op.at.wall_ms);
	struct ledger_sim sim = purse_sim(p);
	assert_int_equal(sim.balance_minor, 10500);
	assert_true(sim.balance_is_last);
	assert_string_equal(sim.balance_currency, "XTS");
}

static void
person_resolves_loaded_with_the_cards_amount_or_another(void **state)
{
	struct purse *p = *state;
	struct made m = bring(p, VOUCHER_UNKNOWN, false);
	struct ledger_op op = purse_move(p, m.voucher, VOUCHER_RESOLVED_LOADED);
	purse_must(p, &op);
	assert_int_equal(purse_card(p, m.voucher).v.credited_minor, 10000);
	m = bring(p, VOUCHER_UNKNOWN, false);
	op = purse_move(p, m.voucher, VOUCHER_RESOLVED_LOADED);
	op.u.voucher_move.credited_minor = 7;
	purse_must(p, &op);
	assert_int_equal(purse_card(p, m.voucher).v.credited_minor, 7);
	purse_is_sound(p);
}

static void
hostile_amount_does_not_break_the_sum(void **state)
{
	struct purse *p = *state;
	static const int64_t told[] = {INT64_MAX, -5, 999999999999999};
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		struct made m = bring(p, VOUCHER_DIALING, false);
		struct ledger_op op = settle_by(p, m.attempt, VOUCHER_CREDITED);
		op.u.attempt_settle.credited_minor = told[i];
		op.u.attempt_settle.balance_minor = told[i];
		purse_must(p, &op);
		assert_int_equal(
			purse_card(p, m.voucher).v.credited_minor, told[i]);
	}
	purse_is_sound(p);
}

/* ---- attempts ---------------------------------------------------------- */

struct seen {
	unsigned count;
	struct ledger_attempt last;
};

static bool
on_attempt(void *ctx, const struct ledger_attempt *a)
{
	struct seen *seen = ctx;
	seen->count++;
	seen->last = *a;
	return true;
}

static void
open_attempts_are_found_after_a_stop(void **state)
{
	struct purse *p = *state;
	struct made m = bring(p, VOUCHER_DIALING, true);
	purse_close(p);
	purse_open(p);
	struct seen seen = {0};
	assert_int_equal(
		ledger_each_attempt(p->ledger, 0, on_attempt, &seen), 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.last.id, m.attempt);
	assert_int_equal(seen.last.fate, -1);
	assert_int_equal(seen.last.ended_wall_ms, 0);
	struct ledger_op op = settle_by(p, m.attempt, VOUCHER_FOUND_AT_START);
	purse_must(p, &op);
	assert_string_equal(purse_card(p, m.voucher).reason, "restart");
	seen = (struct seen){0};
	assert_int_equal(
		ledger_each_attempt(p->ledger, 0, on_attempt, &seen), 0);
	assert_int_equal(seen.count, 0);
	assert_int_equal(
		ledger_each_attempt(p->ledger, m.voucher, on_attempt, &seen),
		0);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.last.fate, LEDGER_MAYBE_SENT);
}

static void
sealed_pin_comes_back_as_it_was(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_open_batch(p);
	struct ledger_op row = purse_row(p, batch, 1);
	int64_t voucher = purse_must(p, &row);
	uint8_t blob[VAULT_SEALED_MAX];
	size_t len = 0;
	assert_int_equal(
		ledger_sealed_pin(p->ledger, 4711, blob, sizeof(blob), &len),
		-ENOENT);
	assert_int_equal(
		ledger_sealed_pin(p->ledger, voucher, blob, 10, &len), -ENOSPC);
	assert_int_equal(
		ledger_sealed_pin(p->ledger, voucher, blob, sizeof(blob), &len),
		0);
	assert_int_equal(len, row.u.batch_row.sealed_len);
	assert_memory_equal(blob, row.u.batch_row.sealed, len);
}

/* ---- entries ----------------------------------------------------------- */

static void
entry_tells_what_decided_but_no_pin(void **state)
{
	struct purse *p = *state;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	struct made m = bring(p, VOUCHER_DIALING, false);
	struct ledger_op op = settle_by(p, m.attempt, VOUCHER_REFUSED_FIRST);
	strcpy(op.u.attempt_settle.reason, "invalid");
	strcpy(op.u.attempt_settle.rule, "invalid");
	purse_must(p, &op);
	purse_last_audit(p, event, note);
	assert_string_equal(event, "batch.finished");
	purse_audit(p, ledger_audit_head(p->ledger) - 1, event, note);
	assert_string_equal(event, "voucher.rejected");
	assert_non_null(strstr(note, "verdict=invalid"));
	assert_non_null(strstr(note, "reason=invalid"));
	assert_non_null(strstr(note, "by=text"));
	assert_non_null(strstr(note, "amount=100.00"));
	assert_non_null(strstr(note, "pin=**********"));
	assert_null(strstr(note, "77000"));
	m = bring(p, VOUCHER_UNKNOWN, false);
	op = purse_move(p, m.voucher, VOUCHER_RESOLVED_RETRY);
	strcpy(op.u.voucher_move.note, "asked the shop");
	purse_must(p, &op);
	purse_last_audit(p, event, note);
	assert_string_equal(event, "voucher.ready");
	assert_non_null(strstr(note, "by=resolved_retry"));
	assert_non_null(strstr(note, "note=asked the shop"));
}

int
main(void)
{
#define LEDGER_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(every_pair_of_state_and_event_obeys_the_table),
		LEDGER_TEST(reason_that_the_row_has_not_is_refused),
		LEDGER_TEST(nothing_goes_back_to_the_queue_without_proof),
		LEDGER_TEST(late_settle_of_an_ended_attempt_is_refused),
		LEDGER_TEST(pending_attempt_is_settled_by_its_sms),
		LEDGER_TEST(not_sent_is_counted_in_a_row_and_never_as_on_air),
		LEDGER_TEST(voucher_that_was_never_sent_may_be_cancelled),
		LEDGER_TEST(busy_voucher_waits_until_its_moment),
		LEDGER_TEST(amounts_are_kept_as_they_were_told),
		LEDGER_TEST(
			person_resolves_loaded_with_the_cards_amount_or_another),
		LEDGER_TEST(hostile_amount_does_not_break_the_sum),
		LEDGER_TEST(open_attempts_are_found_after_a_stop),
		LEDGER_TEST(sealed_pin_comes_back_as_it_was),
		LEDGER_TEST(entry_tells_what_decided_but_no_pin),
	};
	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
