/*
 * test_policy: from fate, verdict, amounts and history to the one event of
 * the state table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/money.h"
#include "agent/policy.h"

#define NONE MONEY_NONE

static struct policy_case
answered(enum verdict verdict)
{
	return (struct policy_case){.fate = POLICY_ANSWERED,
		.verdict = verdict,
		.card_minor = NONE,
		.amount_minor = NONE,
		.deducted_minor = NONE,
		.bonus_minor = NONE,
		.balance_before_minor = NONE,
		.balance_told_minor = NONE,
		.retries = 3,
		.retry_pause_ms = 1000};
}

static void
each_verdict_takes_its_row_of_the_state_table(void **state)
{
	(void)state;
	static const struct {
		enum verdict verdict;
		enum voucher_event first;
		const char *first_reason;
		enum voucher_event later;
		const char *later_reason;
	} rows[] = {
		{VERDICT_NONE, VOUCHER_NO_VERDICT, "unrecognised",
			VOUCHER_NO_VERDICT, "unrecognised"},
		{VERDICT_LOADED, VOUCHER_CREDITED, "", VOUCHER_CREDITED, ""},
		{VERDICT_INVALID, VOUCHER_REFUSED_FIRST, "invalid",
			VOUCHER_REFUSED_ON_REPEAT, "refused_on_repeat"},
		{VERDICT_USED, VOUCHER_REFUSED_FIRST, "used",
			VOUCHER_REFUSED_ON_REPEAT, "refused_on_repeat"},
		{VERDICT_USED_BY_ME, VOUCHER_REFUSED_FIRST, "used",
			VOUCHER_USED_BY_ME_ON_REPEAT, ""},
		{VERDICT_EXPIRED, VOUCHER_REFUSED_FIRST, "expired",
			VOUCHER_REFUSED_ON_REPEAT, "refused_on_repeat"},
		{VERDICT_REFUSED, VOUCHER_REFUSED_FIRST, "refused",
			VOUCHER_REFUSED_ON_REPEAT, "refused_on_repeat"},
		{VERDICT_CARD_BLOCKED, VOUCHER_REFUSED_FIRST, "card_blocked",
			VOUCHER_REFUSED_ON_REPEAT, "refused_on_repeat"},
		{VERDICT_SIM_BLOCKED, VOUCHER_SIM_BLOCKED, "retry",
			VOUCHER_SIM_BLOCKED, "retry"},
		{VERDICT_NOT_NOW, VOUCHER_NOT_NOW, "not_now", VOUCHER_NOT_NOW,
			"not_now"},
		{VERDICT_BUSY, VOUCHER_BUSY, "retry", VOUCHER_BUSY, "retry"},
		{VERDICT_PENDING, VOUCHER_TAKEN, "", VOUCHER_TAKEN, ""},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_case c = answered(rows[i].verdict);
		struct policy_step first = policy_next(&c);
		c.earlier_attempts = 1;
		struct policy_step later = policy_next(&c);
		assert_int_equal(first.event, rows[i].first);
		assert_string_equal(first.reason, rows[i].first_reason);
		assert_int_equal(later.event, rows[i].later);
		assert_string_equal(later.reason, rows[i].later_reason);
		assert_int_equal(first.sim_blocked,
			rows[i].verdict == VERDICT_SIM_BLOCKED);
	}
}

static void
doubled_text_is_not_taken_for_the_next_card(void **state)
{
	(void)state;
	struct policy_case c = answered(VERDICT_LOADED);
	c.doubled = true;
	struct policy_step step = policy_next(&c);
	assert_int_equal(step.event, VOUCHER_AMBIGUOUS);
	assert_string_equal(step.reason, "ambiguous");
	assert_int_equal(step.credited_minor, NONE);
}

static void
every_step_can_be_taken_from_dialing(void **state)
{
	(void)state;
	for (unsigned fate = POLICY_NOT_SENT; fate <= POLICY_ANSWERED; fate++)
		for (unsigned v = 0; v < VERDICT_COUNT; v++)
			for (unsigned n = 0; n < 5; n++) {
				struct policy_case c = answered(v);
				c.fate = fate;
				c.earlier_attempts = n;
				c.busy_before = n;
				c.not_sent_before = n;
				c.broken = n % 2 == 1;
				struct policy_step s = policy_next(&c);
				const struct voucher_edge *edge =
					voucher_edge_find(
						VOUCHER_DIALING, s.event);
				assert_non_null(edge);
				assert_true(voucher_edge_takes_reason(
					edge, span_str(s.reason)));
			}
}

static void
an_amount_that_cannot_be_accounted_for_is_not_called_loaded(void **state)
{
	(void)state;
	static const struct {
		int64_t card, amount, deducted, bonus, before, told;
		bool right;
	} rows[] = {
		{NONE, NONE, NONE, NONE, NONE, NONE, true},
		{10000, NONE, NONE, NONE, NONE, NONE, true},
		{NONE, 10000, NONE, NONE, NONE, NONE, true},
		{10000, 10000, NONE, NONE, NONE, NONE, true},
		{10000, 9000, NONE, NONE, NONE, NONE, false},
		{10000, 9000, 1000, NONE, NONE, NONE, true},
		{10000, 9000, 999, NONE, NONE, NONE, false},
		{10000, 9000, -1000, NONE, NONE, NONE, false},
		{10000, 12000, NONE, 2000, NONE, NONE, true},
		{10000, 12000, NONE, 1999, NONE, NONE, false},
		{10000, 9000, NONE, 1000, NONE, NONE, false},
		{10000, 5000, NONE, NONE, 100, 5100, true},
		{10000, 5000, NONE, NONE, 100, 5101, false},
		{10000, 5000, NONE, NONE, NONE, 5100, false},
		{10000, 5000, NONE, NONE, 100, NONE, false},
		{INT64_MAX, 1, INT64_MAX, NONE, NONE, NONE, false},
		{10000, 5000, NONE, NONE, INT64_MAX, 0, false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_case c = answered(VERDICT_LOADED);
		c.card_minor = rows[i].card;
		c.amount_minor = rows[i].amount;
		c.deducted_minor = rows[i].deducted;
		c.bonus_minor = rows[i].bonus;
		c.balance_before_minor = rows[i].before;
		c.balance_told_minor = rows[i].told;
		struct policy_step s = policy_next(&c);
		assert_int_equal(s.event, rows[i].right
						  ? VOUCHER_CREDITED
						  : VOUCHER_AMOUNT_DIFFERS);
		assert_true(s.credited_minor == rows[i].amount);
	}
}

static void
busy_is_retried_with_growing_pauses_and_then_held(void **state)
{
	(void)state;
	struct policy_case c = answered(VERDICT_BUSY);
	for (c.busy_before = 0; c.busy_before < 3; c.busy_before++) {
		struct policy_step s = policy_next(&c);
		assert_int_equal(s.event, VOUCHER_BUSY);
		assert_int_equal(s.wait_ms, 1000 << c.busy_before);
	}
	struct policy_step s = policy_next(&c);
	assert_int_equal(s.event, VOUCHER_BUSY_TOO_OFTEN);
	assert_string_equal(s.reason, "busy");
	c.retries = 1000;
	c.busy_before = 500;
	assert_int_equal(
		policy_next(&c).wait_ms, 1000 << POLICY_PAUSE_DOUBLINGS);
	c.retries = c.busy_before = 0;
	assert_int_equal(policy_next(&c).event, VOUCHER_BUSY_TOO_OFTEN);
}

static void
the_third_time_not_sent_holds_the_card_and_rests_the_modem(void **state)
{
	(void)state;
	struct policy_case c = answered(VERDICT_NONE);
	c.fate = POLICY_NOT_SENT;
	for (c.not_sent_before = 0; c.not_sent_before < 2;
		c.not_sent_before++) {
		assert_int_equal(policy_next(&c).event, VOUCHER_NOT_SENT);
		assert_false(policy_next(&c).rest_modem);
	}
	assert_int_equal(policy_next(&c).event, VOUCHER_NOT_SENT_AGAIN);
	assert_true(policy_next(&c).rest_modem);
}

static void
what_may_have_been_sent_is_unknown_whatever_else_is_said(void **state)
{
	(void)state;
	for (unsigned v = 0; v < VERDICT_COUNT; v++) {
		struct policy_case c = answered(v);
		c.fate = POLICY_MAYBE_SENT;
		assert_int_equal(policy_next(&c).event, VOUCHER_MAYBE_SENT);
		assert_string_equal(policy_next(&c).reason, "no_answer");
		c.broken = true;
		assert_string_equal(policy_next(&c).reason, "broken");
	}
}

/* Where the message decides, the answer's `loaded` is a promise: of whatever
 * amount, since the message tells it again. */
static void
where_the_sms_decides_a_loaded_answer_is_only_taken(void **state)
{
	(void)state;
	for (unsigned v = 0; v < VERDICT_COUNT; v++) {
		struct policy_case c = answered(v);
		c.card_minor = 10000;
		c.amount_minor = 5000;
		c.sms_timeout_ms = 300000;
		struct policy_step usual = policy_next(&c);
		c.verdict_by_sms = true;
		struct policy_step s = policy_next(&c);
		if (v != VERDICT_LOADED) {
			assert_int_equal(s.event, usual.event);
			continue;
		}
		assert_int_equal(s.event, VOUCHER_TAKEN);
		assert_int_equal(s.wait_ms, 300000);
		assert_true(s.credited_minor == NONE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubled_text_is_not_taken_for_the_next_card),
		cmocka_unit_test(each_verdict_takes_its_row_of_the_state_table),
		cmocka_unit_test(every_step_can_be_taken_from_dialing),
		cmocka_unit_test(
			an_amount_that_cannot_be_accounted_for_is_not_called_loaded),
		cmocka_unit_test(
			busy_is_retried_with_growing_pauses_and_then_held),
		cmocka_unit_test(
			the_third_time_not_sent_holds_the_card_and_rests_the_modem),
		cmocka_unit_test(
			what_may_have_been_sent_is_unknown_whatever_else_is_said),
		cmocka_unit_test(
			where_the_sms_decides_a_loaded_answer_is_only_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
