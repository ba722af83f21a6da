/*
 * ledger: what comes to light of an attempt that had ended, the last attempt
 * of a SIM, its fence, repeat = once.
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

enum { HUNDRED = 10000 };

/* ---- short words ------------------------------------------------------- */

static int64_t
dial_for(struct purse *p, int64_t voucher, const char *account,
	const char *iccid)
{
	struct ledger_op op = purse_begin(p, voucher);
	snprintf(op.u.attempt_begin.account, sizeof(op.u.attempt_begin.account),
		"%s", account);
	snprintf(op.u.attempt_begin.iccid, sizeof(op.u.attempt_begin.iccid),
		"%s", iccid);
	return purse_must(p, &op);
}

static void
dial_and_end(struct purse *p, bool sent)
{
	int64_t attempt = purse_dial(p, purse_fresh(p));
	if (sent)
		purse_end(p, attempt, LEDGER_ANSWERED, VERDICT_INVALID,
			VOUCHER_REFUSED_FIRST);
	else
		purse_end(p, attempt, LEDGER_NOT_SENT, VERDICT_NONE,
			VOUCHER_NOT_SENT);
}

static struct ledger_op
evidence_op(struct purse *p, int64_t attempt)
{
	struct ledger_op op = purse_op(p, LEDGER_EVIDENCE);
	struct ledger_evidence *e = &op.u.evidence;
	e->attempt = attempt;
	e->event = VOUCHER_EVIDENCE;
	e->credited_minor = HUNDRED;
	e->balance_minor = MONEY_NONE;
	strcpy(e->by, "late_answer");
	return op;
}

static struct ledger_proof
proof(struct purse *p)
{
	struct ledger_proof out;
	assert_int_equal(ledger_proof(p->ledger, "sim1", &out), 0);
	return out;
}

static struct ledger_last
last(struct purse *p)
{
	struct ledger_last out;
	assert_int_equal(ledger_last(p->ledger, "sim1", &out), 0);
	return out;
}

/* ---- evidence ---------------------------------------------------------- */

static void
evidence_credits_its_own_attempt_and_no_other(void **state)
{
	struct purse *p = *state;
	int64_t voucher = purse_fresh(p);
	int64_t first = purse_lose(p, voucher);
	dial_and_end(p, true);
	struct ledger_op op = purse_move(p, voucher, VOUCHER_RESOLVED_RETRY);
	purse_must(p, &op);
	purse_lose(p, voucher);
	assert_int_equal(proof(p).open, 2);
	assert_int_equal(purse_sim(p).counted, 3);
	op = evidence_op(p, first);
	strcpy(op.u.evidence.rule, "loaded");
	strcpy(op.u.evidence.reply, "credited with 100.00");
	op.u.evidence.verdict = VERDICT_LOADED;
	op.u.evidence.balance_minor = 700;
	purse_must(p, &op);
	struct purse_card now = purse_card(p, voucher);
	assert_int_equal(now.state, VOUCHER_LOADED);
	assert_int_equal(now.v.credited_minor, HUNDRED);
	assert_int_equal(now.v.balance_after_minor, 700);
	/* What was dialled after it still counts. */
	assert_int_equal(purse_sim(p).counted, 2);
	assert_int_equal(purse_sim(p).unsettled, 0);
	assert_int_equal(purse_sim(p).balance_minor, 700);
	struct ledger_proof none;
	assert_int_equal(ledger_proof(p->ledger, "sim1", &none), -ENOENT);
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	purse_last_audit(p, event, note);
	assert_string_equal(event, "voucher.loaded");
	assert_non_null(strstr(note, "attempt=1 verdict=loaded"));
	assert_non_null(strstr(note, "by=late_answer rule=loaded"));
	assert_non_null(strstr(note, "credited=100.00 balance=7.00"));
	purse_is_sound(p);
}

static void
evidence_goes_only_where_the_table_leads(void **state)
{
	struct purse *p = *state;
	int64_t voucher = purse_fresh(p);
	int64_t attempt = purse_dial(p, voucher);
	struct ledger_op op = evidence_op(p, attempt);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL); /* in the air */
	purse_end(p, attempt, LEDGER_NOT_SENT, VERDICT_NONE, VOUCHER_NOT_SENT);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL); /* nothing sent */
	op.u.evidence.attempt = purse_lose(p, voucher);
	op.u.evidence.event = VOUCHER_RESOLVED_REJECTED;
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	op.u.evidence.event = VOUCHER_LATE_REFUSAL;
	strcpy(op.u.evidence.reason, "because");
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	strcpy(op.u.evidence.reason, "used");
	op.u.evidence.verdict = VERDICT_USED;
	op.u.evidence.credited_minor = MONEY_NONE;
	purse_must(p, &op);
	assert_int_equal(purse_card(p, voucher).state, VOUCHER_REJECTED);
	assert_int_equal(last(p).verdict, VERDICT_USED);
	assert_int_equal(purse_sim(p).counted, 1);
	/* A refusal that was wrong: evidence of the credit is stronger. */
	op.u.evidence.event = VOUCHER_EVIDENCE;
	op.u.evidence.reason[0] = '\0';
	purse_must(p, &op);
	assert_int_equal(purse_card(p, voucher).state, VOUCHER_LOADED);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL); /* ended */
	op.u.evidence.attempt = 4711;
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	purse_is_sound(p);
}

static void
late_refusal_on_a_repeat_settles_nothing(void **state)
{
	struct purse *p = *state;
	int64_t voucher = purse_fresh(p);
	purse_lose(p, voucher);
	struct ledger_op op = purse_move(p, voucher, VOUCHER_RESOLVED_RETRY);
	purse_must(p, &op);
	op = evidence_op(p, purse_lose(p, voucher));
	op.u.evidence.event = VOUCHER_LATE_REFUSAL;
	strcpy(op.u.evidence.reason, "used");
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
}

static void
used_by_me_credits_the_attempt_before(void **state)
{
	struct purse *p = *state;
	int64_t voucher = purse_fresh(p);
	purse_lose(p, voucher);
	dial_and_end(p, true);
	struct ledger_op op = purse_move(p, voucher, VOUCHER_RESOLVED_RETRY);
	purse_must(p, &op);
	purse_end(p, purse_dial(p, voucher), LEDGER_ANSWERED,
		VERDICT_USED_BY_ME, VOUCHER_USED_BY_ME_ON_REPEAT);
	/* The refused one and the repeat are both after the credit. */
	assert_int_equal(purse_sim(p).counted, 2);
	purse_is_sound(p);
}

/* Whatever ends it as unknown leaves it in doubt; a person's retry, too. */
static void
doubt_lasts_until_the_voucher_ends(void **state)
{
	struct purse *p = *state;
	static const struct {
		enum ledger_fate fate;
		enum verdict verdict;
		enum voucher_event event;
	} rows[] = {
		{LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_MAYBE_SENT},
		{LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_FOUND_AT_START},
		{LEDGER_ANSWERED, VERDICT_NONE, VOUCHER_NO_VERDICT},
		{LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_AMOUNT_DIFFERS},
		{LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_AMBIGUOUS},
		{LEDGER_ANSWERED, VERDICT_USED, VOUCHER_REFUSED_ON_REPEAT},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ledger_proof none;
		int64_t voucher = purse_fresh(p);
		purse_end(p, purse_dial(p, voucher), rows[i].fate,
			rows[i].verdict, rows[i].event);
		assert_int_equal(proof(p).open, 1);
		struct ledger_op op =
			purse_move(p, voucher, VOUCHER_RESOLVED_RETRY);
		purse_must(p, &op);
		assert_int_equal(proof(p).open, 1);
		assert_int_equal(purse_sim(p).unsettled, 0);
		purse_end(p, purse_dial(p, voucher), LEDGER_ANSWERED,
			VERDICT_BUSY, VOUCHER_BUSY);
		assert_int_equal(proof(p).open, 1);
		purse_end(p, purse_dial(p, voucher), LEDGER_ANSWERED,
			VERDICT_LOADED, VOUCHER_CREDITED);
		assert_int_equal(
			ledger_proof(p->ledger, "sim1", &none), -ENOENT);
	}
	purse_is_sound(p);
}

/* ---- the last attempt of a SIM ----------------------------------------- */

static void
last_attempt_is_the_last_that_may_be_answered(void **state)
{
	struct purse *p = *state;
	assert_int_equal(last(p).attempt, 0);
	int64_t voucher = purse_fresh(p);
	struct ledger_op op = purse_begin(p, voucher);
	op.u.attempt_begin.balance_before_minor = 500;
	int64_t attempt = purse_must(p, &op);
	struct ledger_last got = last(p);
	assert_int_equal(got.attempt, attempt);
	assert_int_equal(got.voucher, voucher);
	assert_int_equal(got.state, VOUCHER_DIALING);
	assert_true(got.open);
	assert_true(got.own);
	assert_int_equal(got.in_doubt, 1);
	assert_int_equal(got.on_air, 0);
	assert_int_equal(got.card_minor, HUNDRED);
	assert_int_equal(got.balance_before_minor, 500);
	assert_string_equal(got.account, "sim1");
	assert_string_equal(got.operator, "simtel");
	op = purse_settle(
		p, attempt, LEDGER_ANSWERED, VERDICT_NONE, VOUCHER_NO_VERDICT);
	strcpy(op.u.attempt_settle.reply, "what?");
	purse_must(p, &op);
	dial_and_end(p, false);
	got = last(p);
	assert_int_equal(got.attempt, attempt);
	assert_false(got.open);
	assert_int_equal(got.state, VOUCHER_UNKNOWN);
	assert_int_equal(got.fate, LEDGER_ANSWERED);
	assert_int_equal(got.verdict, VERDICT_NONE);
	assert_int_equal(got.on_air, 1);
	assert_int_equal(got.ended_ran_ms, op.at.ran_ms);
	assert_string_equal(got.reply, "what?");
	purse_lose(p, purse_fresh(p));
	assert_int_equal(last(p).in_doubt, 2);
	assert_int_equal(last(p).fate, LEDGER_MAYBE_SENT);
}

/* ---- the fence, and repeat = once -------------------------------------- */

static struct ledger_op
fence_op(struct purse *p, bool over)
{
	struct ledger_op op = purse_op(p, LEDGER_FENCE);
	strcpy(op.u.fence.iccid, "sim1");
	strcpy(op.u.fence.modem, "m1");
	snprintf(op.u.fence.why, sizeof(op.u.fence.why), "%s",
		over ? "quiet" : "replug");
	op.u.fence.over = over;
	return op;
}

static void
fence_is_told_once_and_survives_a_restart(void **state)
{
	struct purse *p = *state;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	struct ledger_op up = fence_op(p, false), over = fence_op(p, true);
	purse_must(p, &over);
	assert_int_equal(ledger_audit_head(p->ledger), 0);
	purse_must(p, &up);
	purse_must(p, &up);
	assert_int_equal(ledger_audit_head(p->ledger), 1);
	purse_last_audit(p, event, note);
	assert_string_equal(event, "modem.fenced");
	assert_string_equal(note, "iccid=sim1 why=replug");
	purse_close(p);
	purse_open(p);
	assert_true(purse_sim(p).fence);
	purse_must(p, &over);
	purse_must(p, &over);
	assert_false(purse_sim(p).fence);
	assert_int_equal(ledger_audit_head(p->ledger), 2);
	purse_last_audit(p, event, note);
	assert_string_equal(event, "modem.fence_over");
	/* No answer raises it by itself; a word of the network does not. */
	dial_and_end(p, true);
	assert_false(purse_sim(p).fence);
	purse_lose(p, purse_fresh(p));
	assert_true(purse_sim(p).fence);
}

static int64_t
repeatable(struct purse *p)
{
	return ledger_repeatable(p->ledger, "sim1", "simtel");
}

static void
unanswered_card_may_be_repeated_once_after_its_fence(void **state)
{
	struct purse *p = *state;
	struct ledger_op over = fence_op(p, true), up = fence_op(p, false);
	int64_t voucher = purse_fresh(p);
	purse_lose(p, voucher);
	struct ledger_op op = purse_begin(p, voucher);
	op.u.attempt_begin.event = VOUCHER_REPEATED;
	assert_int_equal(repeatable(p), 0);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	purse_must(p, &over);
	assert_int_equal(repeatable(p), voucher);
	assert_int_equal(ledger_repeatable(p->ledger, "sim2", "simtel"), 0);
	assert_int_equal(ledger_repeatable(p->ledger, "sim1", "other"), 0);
	purse_must(p, &up);
	assert_int_equal(repeatable(p), 0);
	purse_must(p, &over);
	/* On another SIM it would be another card's place. */
	strcpy(op.u.attempt_begin.iccid, "sim2");
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	strcpy(op.u.attempt_begin.iccid, "sim1");
	int64_t attempt = purse_must(p, &op);
	assert_true(last(p).repeated);
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	purse_last_audit(p, event, note);
	assert_string_equal(event, "voucher.dialing");
	assert_non_null(strstr(note, "by=repeated"));
	purse_end(p, attempt, LEDGER_MAYBE_SENT, VERDICT_NONE,
		VOUCHER_MAYBE_SENT);
	purse_must(p, &over);
	assert_int_equal(repeatable(p), 0);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	/* Nor after a person's retry. */
	op = purse_move(p, voucher, VOUCHER_RESOLVED_RETRY);
	purse_must(p, &op);
	purse_lose(p, voucher);
	purse_must(p, &over);
	assert_int_equal(repeatable(p), 0);
	purse_is_sound(p);
}

static void
answered_card_is_never_repeated(void **state)
{
	struct purse *p = *state;
	struct ledger_op over = fence_op(p, true), up = fence_op(p, false);
	purse_end(p, purse_dial(p, purse_fresh(p)), LEDGER_ANSWERED,
		VERDICT_NONE, VOUCHER_NO_VERDICT);
	purse_must(p, &up);
	purse_must(p, &over);
	assert_int_equal(repeatable(p), 0);
	/* A missing SMS is no answer. */
	int64_t voucher = purse_fresh(p);
	purse_end(p, purse_dial(p, voucher), LEDGER_ANSWERED, VERDICT_PENDING,
		VOUCHER_TAKEN);
	struct ledger_op op = purse_move(p, voucher, VOUCHER_SMS_TIMEOUT);
	purse_must(p, &op);
	assert_int_equal(repeatable(p), 0); /* nothing was asked yet */
	purse_must(p, &up);
	purse_must(p, &over);
	assert_int_equal(repeatable(p), voucher);
	/* Not while something flies for the account, nor of the SIM. */
	int64_t other = dial_for(p, purse_fresh(p), "sim1", "sim2");
	assert_int_equal(repeatable(p), 0);
	purse_end(p, other, LEDGER_NOT_SENT, VERDICT_NONE, VOUCHER_NOT_SENT);
	assert_int_equal(repeatable(p), voucher);
	dial_for(p, purse_fresh(p), "other", "sim1");
	assert_int_equal(repeatable(p), 0);
}

int
main(void)
{
#define LEDGER_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(evidence_credits_its_own_attempt_and_no_other),
		LEDGER_TEST(evidence_goes_only_where_the_table_leads),
		LEDGER_TEST(late_refusal_on_a_repeat_settles_nothing),
		LEDGER_TEST(used_by_me_credits_the_attempt_before),
		LEDGER_TEST(doubt_lasts_until_the_voucher_ends),
		LEDGER_TEST(last_attempt_is_the_last_that_may_be_answered),
		LEDGER_TEST(fence_is_told_once_and_survives_a_restart),
		LEDGER_TEST(
			unanswered_card_may_be_repeated_once_after_its_fence),
		LEDGER_TEST(answered_card_is_never_repeated),
	};
	return cmocka_run_group_tests_name(
		"ledger_evidence", tests, NULL, NULL);
}
