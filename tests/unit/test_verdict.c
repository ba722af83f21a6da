/* verdict: words, precedence order, and what counts as a refusal. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/verdict.h"

/* The contract's list of precedence, with what the breakers count. */
static const struct {
	const char *name;
	bool refusal;
} rows[VERDICT_COUNT] = {
	{"none", false},
	{"sim_blocked", false},
	{"card_blocked", true},
	{"used_by_me", true},
	{"used", true},
	{"expired", true},
	{"invalid", true},
	{"refused", true},
	{"not_now", false},
	{"pending", false},
	{"loaded", false},
	{"busy", false},
};

static void
foreign_word_is_no_verdict(void **state)
{
	(void)state;
	static const char *const words[] = {
		"", "Loaded", "loaded ", "load", "loadedx", "unknown", "use"};
	enum verdict v = VERDICT_BUSY;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_int_equal(
			verdict_from_name(span_str(words[i]), &v), -EINVAL);
	assert_int_equal(v, VERDICT_BUSY);
}

static void
words_stand_in_the_contracts_order_of_precedence(void **state)
{
	(void)state;
	for (int i = 0; i < VERDICT_COUNT; i++) {
		enum verdict v = VERDICT_COUNT;

		assert_string_equal(
			verdict_name((enum verdict)i), rows[i].name);
		assert_int_equal(
			verdict_from_name(span_str(rows[i].name), &v), 0);
		assert_int_equal(v, i);
	}
}

static void
refusals_are_those_that_the_breakers_count(void **state)
{
	(void)state;
	for (int i = 0; i < VERDICT_COUNT; i++)
		assert_int_equal(
			verdict_is_refusal((enum verdict)i), rows[i].refusal);
	assert_false(verdict_is_refusal(VERDICT_COUNT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foreign_word_is_no_verdict),
		cmocka_unit_test(
			words_stand_in_the_contracts_order_of_precedence),
		cmocka_unit_test(refusals_are_those_that_the_breakers_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
