/*
 * test_fit_verdict: which words an attempt may still be told, by what came of
 * it: a card that was loaded is refused no more, and one that was refused is
 * not refused otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/fit.h"
#include "agent/money.h"
#include "tests/support/fitting.h"

/* ---- verdicts ---------------------------------------------------------- */

static void
a_refusal_is_not_of_a_card_that_was_loaded_or_refused_otherwise(void **state)
{
	(void)state;
	static const struct {
		enum fit_standing standing;
		enum verdict had, told;
		bool fits;
	} rows[] = {
		{FIT_PENDING, VERDICT_PENDING, VERDICT_INVALID, true},
		{FIT_OPEN, VERDICT_NONE, VERDICT_USED, true},
		{FIT_DOUBT, VERDICT_NONE, VERDICT_EXPIRED, true},
		{FIT_DOUBT, VERDICT_BUSY, VERDICT_BUSY, true},
		{FIT_LOADED, VERDICT_LOADED, VERDICT_INVALID, false},
		{FIT_LOADED, VERDICT_LOADED, VERDICT_BUSY, false},
		{FIT_LOADED, VERDICT_NONE, VERDICT_LOADED, true},
		/* refused, tried again by a person, and loaded */
		{FIT_LOADED, VERDICT_INVALID, VERDICT_INVALID, true},
		{FIT_REJECTED, VERDICT_INVALID, VERDICT_INVALID, true},
		{FIT_REJECTED, VERDICT_INVALID, VERDICT_EXPIRED, false},
		{FIT_REJECTED, VERDICT_INVALID, VERDICT_REFUSED, true},
		{FIT_REJECTED, VERDICT_REFUSED, VERDICT_USED, true},
		{FIT_REJECTED, VERDICT_USED, VERDICT_USED_BY_ME, true},
		{FIT_REJECTED, VERDICT_USED_BY_ME, VERDICT_USED, true},
		{FIT_REJECTED, VERDICT_INVALID, VERDICT_BUSY, false},
		{FIT_REJECTED, VERDICT_INVALID, VERDICT_SIM_BLOCKED, false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fit_message m = fitting_message();
		struct fit_attempt a = fitting_attempt(3);
		int64_t id;
		m.verdict = rows[i].told;
		m.amount_minor = MONEY_NONE;
		a.standing = rows[i].standing;
		a.verdict = rows[i].had;
		if ((fitting_end(&m, &a, 1, &id) == FIT_ONE) != rows[i].fits)
			fail_msg("row %zu", i);
	}
}

/* A card that was dialled twice was refused one time, if it was loaded: that
 * refusal is not for the next card. */
static void
a_silent_attempt_of_a_loaded_card_may_have_been_refused(void **state)
{
	(void)state;
	struct fit_message m = fitting_message();
	struct fit_attempt repeat = fitting_attempt(1),
			   open = fitting_attempt(2);
	int64_t id;
	m.verdict = VERDICT_USED_BY_ME;
	m.amount_minor = MONEY_NONE;
	repeat.standing = FIT_LOADED;
	repeat.verdict = VERDICT_NONE;
	open.standing = FIT_DOUBT;
	open.verdict = VERDICT_NONE;
	assert_int_equal(fitting_end_both(&m, &repeat, &open, &id), FIT_ONE);
	repeat.repeated = true;
	assert_int_equal(
		fitting_end_both(&m, &repeat, &open, &id), FIT_SEVERAL);
	repeat.verdict = VERDICT_LOADED;
	assert_int_equal(fitting_end_both(&m, &repeat, &open, &id), FIT_ONE);
}

static void
an_attempt_stands_where_its_voucher_and_its_answer_put_it(void **state)
{
	(void)state;
	static const struct {
		enum voucher_state voucher;
		enum verdict verdict;
		bool open, flying;
		enum fit_standing standing;
	} rows[] = {
		{VOUCHER_DIALING, VERDICT_NONE, true, true, FIT_OPEN},
		{VOUCHER_PENDING, VERDICT_PENDING, false, true, FIT_PENDING},
		/* its voucher is dialled anew */
		{VOUCHER_DIALING, VERDICT_NONE, false, false, FIT_DOUBT},
		{VOUCHER_PENDING, VERDICT_BUSY, false, false, FIT_DOUBT},
		{VOUCHER_UNKNOWN, VERDICT_NONE, false, false, FIT_DOUBT},
		{VOUCHER_UNKNOWN, VERDICT_LOADED, false, false, FIT_DOUBT},
		{VOUCHER_READY, VERDICT_BUSY, false, false, FIT_DOUBT},
		{VOUCHER_HELD, VERDICT_NOT_NOW, false, false, FIT_DOUBT},
		{VOUCHER_LOADED, VERDICT_LOADED, false, false, FIT_LOADED},
		{VOUCHER_LOADED, VERDICT_NONE, false, false, FIT_LOADED},
		{VOUCHER_REJECTED, VERDICT_USED, false, false, FIT_REJECTED},
		/* by a person */
		{VOUCHER_REJECTED, VERDICT_NONE, false, false, FIT_DOUBT},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (fit_standing_of(rows[i].voucher, rows[i].verdict,
			    rows[i].open, rows[i].flying) != rows[i].standing)
			fail_msg("row %zu", i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_refusal_is_not_of_a_card_that_was_loaded_or_refused_otherwise),
		cmocka_unit_test(
			a_silent_attempt_of_a_loaded_card_may_have_been_refused),
		cmocka_unit_test(
			an_attempt_stands_where_its_voucher_and_its_answer_put_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
