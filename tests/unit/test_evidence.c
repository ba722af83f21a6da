/*
 * What came after an attempt settles its voucher only where nothing else can
 * have caused it: each condition alone withholds.
 */
#include "agent/evidence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/money.h"

#define NONE MONEY_NONE

/* A card of 100.00, and a balance that rose from 5.00 by just that. */
static struct evidence_case
proven(void)
{
	return (struct evidence_case){.own = true,
		.has_before = true,
		.before_shown = true,
		.open = 1,
		.before_currency = "XTS",
		.card_currency = "XTS",
		.after_currency = "XTS",
		.before_minor = 500,
		.after_minor = 10500,
		.card_minor = 10000,
		.deducted_minor = NONE,
		.bonus_minor = NONE};
}

static void
rise_by_the_card_proves_it(void **state)
{
	(void)state;
	struct evidence_case c = proven();
	assert_int_equal(evidence_by_balance(&c), EVIDENCE_PROVEN);
}

typedef void break_fn(struct evidence_case *c);

static void
for_another_number(struct evidence_case *c)
{
	c->own = false;
}

static void
without_a_reading_before(struct evidence_case *c)
{
	c->has_before = false;
}

static void
with_an_earlier_credit_not_shown(struct evidence_case *c)
{
	c->before_shown = false;
}

static void
with_a_code_in_between(struct evidence_case *c)
{
	c->spoiled = true;
}

static void
dialled_on_since(struct evidence_case *c)
{
	c->dialled_since = true;
}

/* Perhaps the number of this very SIM. */
static void
with_a_card_for_a_number_since(struct evidence_case *c)
{
	c->others_since = true;
}

static void
with_two_open(struct evidence_case *c)
{
	c->open = 2;
}

static void
with_none_open(struct evidence_case *c)
{
	c->open = 0;
}

static void
before_in_another_currency(struct evidence_case *c)
{
	c->before_currency = "USD";
}

static void
card_in_another_currency(struct evidence_case *c)
{
	c->card_currency = "USD";
}

static void
after_in_another_currency(struct evidence_case *c)
{
	c->after_currency = "USD";
}

static void
of_unknown_worth(struct evidence_case *c)
{
	c->card_minor = NONE;
}

/* A credit that is late, or none. */
static void
that_did_not_rise(struct evidence_case *c)
{
	c->after_minor = c->before_minor;
}

static void
that_rose_by_more(struct evidence_case *c)
{
	c->after_minor++;
}

static void
that_rose_by_less(struct evidence_case *c)
{
	c->after_minor--;
}

static void
that_fell(struct evidence_case *c)
{
	c->before_minor = 20500;
}

static void
not_told_before(struct evidence_case *c)
{
	c->before_minor = NONE;
}

static void
not_told_after(struct evidence_case *c)
{
	c->after_minor = NONE;
}

static void
wholly_deducted(struct evidence_case *c)
{
	c->deducted_minor = c->card_minor;
	c->after_minor = c->before_minor;
}

static void
that_overflows(struct evidence_case *c)
{
	c->before_minor = INT64_MIN + 1;
	c->after_minor = INT64_MAX;
}

static void
each_condition_alone_withholds_the_proof(void **state)
{
	(void)state;
	static const struct {
		break_fn *fn;
		enum evidence_balance why;
	} rows[] = {
		{for_another_number, EVIDENCE_OTHER_ACCOUNT},
		{without_a_reading_before, EVIDENCE_NO_BEFORE},
		{with_an_earlier_credit_not_shown, EVIDENCE_NOT_SHOWN},
		{with_a_code_in_between, EVIDENCE_SPOILED},
		{dialled_on_since, EVIDENCE_DIALLED_SINCE},
		{with_a_card_for_a_number_since, EVIDENCE_OTHERS_SINCE},
		{with_two_open, EVIDENCE_SEVERAL_OPEN},
		{with_none_open, EVIDENCE_SEVERAL_OPEN},
		{before_in_another_currency, EVIDENCE_CURRENCY},
		{card_in_another_currency, EVIDENCE_CURRENCY},
		{after_in_another_currency, EVIDENCE_CURRENCY},
		{of_unknown_worth, EVIDENCE_NO_AMOUNT},
		{that_did_not_rise, EVIDENCE_OTHER_RISE},
		{that_rose_by_more, EVIDENCE_OTHER_RISE},
		{that_rose_by_less, EVIDENCE_OTHER_RISE},
		{that_fell, EVIDENCE_OTHER_RISE},
		{not_told_before, EVIDENCE_OTHER_RISE},
		{not_told_after, EVIDENCE_OTHER_RISE},
		{wholly_deducted, EVIDENCE_OTHER_RISE},
		{that_overflows, EVIDENCE_OTHER_RISE},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct evidence_case c = proven();
		rows[i].fn(&c);
		assert_string_equal(
			evidence_balance_name(evidence_by_balance(&c)),
			evidence_balance_name(rows[i].why));
	}
}

static void
what_was_deducted_or_given_changes_the_rise(void **state)
{
	(void)state;
	static const struct {
		int64_t deducted, bonus, rise;
		enum evidence_balance why;
	} rows[] = {
		{2000, NONE, 8000, EVIDENCE_PROVEN},
		{2000, NONE, 10000, EVIDENCE_PROVEN},
		{2000, NONE, 12000, EVIDENCE_OTHER_RISE},
		{NONE, 500, 10500, EVIDENCE_PROVEN},
		{NONE, 500, 10000, EVIDENCE_PROVEN},
		{NONE, 500, 9500, EVIDENCE_OTHER_RISE},
		{2000, 500, 8500, EVIDENCE_OTHER_RISE},
		{NONE, NONE, 8000, EVIDENCE_OTHER_RISE},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct evidence_case c = proven();
		c.deducted_minor = rows[i].deducted;
		c.bonus_minor = rows[i].bonus;
		c.after_minor = c.before_minor + rows[i].rise;
		assert_int_equal(evidence_by_balance(&c), rows[i].why);
	}
}

/* ---- texts --------------------------------------------------------------- */

/* A late "loaded" of 100.00 for an unknown card of 100.00. */
static struct evidence_text
late(enum voucher_state state, enum verdict verdict)
{
	return (struct evidence_text){.state = state,
		.on_air = 1,
		.verdict = verdict,
		.settles_by_ussd = true,
		.card_minor = 10000,
		.amount_minor = verdict == VERDICT_LOADED ? 10000 : NONE,
		.deducted_minor = NONE,
		.bonus_minor = NONE,
		.balance_before_minor = NONE,
		.balance_told_minor = NONE};
}

static void
assert_settles(const struct evidence_text *c, enum voucher_event event,
	const char *reason, int64_t credited)
{
	struct evidence_step s = evidence_by_text(c);
	assert_true(s.settles);
	assert_int_equal(s.event, event);
	assert_string_equal(s.reason, reason);
	assert_int_equal(s.credited_minor, credited);
	const struct voucher_edge *edge = voucher_edge_find(c->state, event);
	assert_non_null(edge);
	assert_true(voucher_edge_takes_reason(edge, span_str(s.reason)));
	assert_true(voucher_edge_permits(edge, c->on_air, span_str("")));
}

static void
assert_nothing(const struct evidence_text *c)
{
	assert_false(evidence_by_text(c).settles);
}

static void
late_answer_settles_its_own_unknown(void **state)
{
	(void)state;
	static const struct {
		enum verdict verdict;
		enum voucher_event event;
		const char *reason;
		int64_t credited;
	} rows[] = {
		{VERDICT_LOADED, VOUCHER_EVIDENCE, "", 10000},
		{VERDICT_INVALID, VOUCHER_LATE_REFUSAL, "invalid", NONE},
		{VERDICT_USED, VOUCHER_LATE_REFUSAL, "used", NONE},
		{VERDICT_USED_BY_ME, VOUCHER_LATE_REFUSAL, "used", NONE},
		{VERDICT_EXPIRED, VOUCHER_LATE_REFUSAL, "expired", NONE},
		{VERDICT_REFUSED, VOUCHER_LATE_REFUSAL, "refused", NONE},
		{VERDICT_CARD_BLOCKED, VOUCHER_LATE_REFUSAL, "card_blocked",
			NONE},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct evidence_text c = late(VOUCHER_UNKNOWN, rows[i].verdict);
		assert_settles(
			&c, rows[i].event, rows[i].reason, rows[i].credited);
	}
}

static void
what_is_no_end_settles_nothing(void **state)
{
	(void)state;
	static const enum verdict verdicts[] = {VERDICT_NONE,
		VERDICT_SIM_BLOCKED, VERDICT_NOT_NOW, VERDICT_PENDING,
		VERDICT_BUSY};
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		struct evidence_text c = late(VOUCHER_UNKNOWN, verdicts[i]);
		assert_nothing(&c);
	}
}

static void
late_amount_must_be_right(void **state)
{
	(void)state;
	struct evidence_text c = late(VOUCHER_UNKNOWN, VERDICT_LOADED);
	c.amount_minor = 5000;
	assert_nothing(&c);
	c.deducted_minor = 5000;
	assert_settles(&c, VOUCHER_EVIDENCE, "", 5000);
	c.deducted_minor = NONE;
	c.balance_before_minor = 100;
	c.balance_told_minor = 5100;
	assert_settles(&c, VOUCHER_EVIDENCE, "", 5000);
	c.balance_told_minor = 5101;
	assert_nothing(&c);
	c.amount_minor = NONE;
	assert_settles(&c, VOUCHER_EVIDENCE, "", NONE);
}

static void
late_refusal_needs_one_attempt_and_no_balance(void **state)
{
	(void)state;
	struct evidence_text c = late(VOUCHER_UNKNOWN, VERDICT_USED);
	c.on_air = 2;
	assert_nothing(&c);
	c.on_air = 1;
	c.balance_matched = true;
	assert_nothing(&c);
}

static void
copy_of_the_own_answer_changes_nothing(void **state)
{
	(void)state;
	static const enum voucher_state states[] = {VOUCHER_UNKNOWN,
		VOUCHER_READY, VOUCHER_HELD, VOUCHER_REJECTED, VOUCHER_LOADED};
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct evidence_text c = late(states[i], VERDICT_LOADED);
		c.repeats = true;
		assert_nothing(&c);
	}
}

static void
where_the_sms_decides_a_late_ussd_credits_nothing(void **state)
{
	(void)state;
	struct evidence_text c = late(VOUCHER_UNKNOWN, VERDICT_LOADED);
	c.settles_by_ussd = false;
	assert_nothing(&c);
	c.state = VOUCHER_REJECTED;
	assert_nothing(&c);
	c = late(VOUCHER_UNKNOWN, VERDICT_INVALID);
	c.settles_by_ussd = false;
	assert_settles(&c, VOUCHER_LATE_REFUSAL, "invalid", NONE);
}

static void
credit_of_what_moved_on_must_be_unmistakable(void **state)
{
	(void)state;
	static const enum voucher_state states[] = {
		VOUCHER_READY, VOUCHER_HELD, VOUCHER_REJECTED};
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct evidence_text good = late(states[i], VERDICT_LOADED);
		assert_settles(&good, VOUCHER_EVIDENCE, "", 10000);
		struct evidence_text c = good;
		c.card_minor = NONE;
		assert_settles(&c, VOUCHER_EVIDENCE, "", 10000);
		c = good;
		c.amount_minor = NONE;
		assert_nothing(&c);
		c = good;
		c.amount_minor = 5000;
		c.deducted_minor = 5000;
		assert_nothing(&c);
		c = good;
		c.others_in_doubt = 1;
		assert_nothing(&c);
		c = good;
		c.answered_long_ago = true;
		assert_nothing(&c);
		c = good;
		c.on_air = 0;
		assert_nothing(&c);
		c = good;
		c.verdict = VERDICT_INVALID;
		assert_nothing(&c);
	}
}

static void
what_is_under_way_or_done_is_left_alone(void **state)
{
	(void)state;
	static const enum voucher_state states[] = {VOUCHER_DIALING,
		VOUCHER_PENDING, VOUCHER_LOADED, VOUCHER_CANCELLED};
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		for (int v = 0; v < VERDICT_COUNT; v++) {
			struct evidence_text c =
				late(states[i], (enum verdict)v);
			assert_nothing(&c);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rise_by_the_card_proves_it),
		cmocka_unit_test(each_condition_alone_withholds_the_proof),
		cmocka_unit_test(what_was_deducted_or_given_changes_the_rise),
		cmocka_unit_test(late_answer_settles_its_own_unknown),
		cmocka_unit_test(what_is_no_end_settles_nothing),
		cmocka_unit_test(late_amount_must_be_right),
		cmocka_unit_test(late_refusal_needs_one_attempt_and_no_balance),
		cmocka_unit_test(copy_of_the_own_answer_changes_nothing),
		cmocka_unit_test(
			where_the_sms_decides_a_late_ussd_credits_nothing),
		cmocka_unit_test(credit_of_what_moved_on_must_be_unmistakable),
		cmocka_unit_test(what_is_under_way_or_done_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
