/*
 * test_words: which texts are one wording with other numbers, and which are
 * two.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/words.h"

struct row {
	const char *a, *b;
};

static void
numbers_dates_and_masks_make_no_other_wording(void **state)
{
	static const struct row rows[] = {
		{"Credited with 100.00", "credited  with 1,000.00!"},
		{"Credited with 100.00", "Credited with N250"},
		{"Card **********1234 gave 5", "Card 123 gave 7.50."},
		{"Sun 22 Nov 11:59 AM: you got 5",
			"Monday, 23/11/26 12:01 pm: you got 5"},
		{"\xd8\xb1\xd8\xb5\xd9\x8a\xd8\xaf \xd9\xa1\xd9\xa0",
			"\xd8\xb1\xd8\xb5\xd9\x8a\xd8\xaf 10"},
		{"Ref A7F got 5", "Ref B88 got 5"},
		{"", "100 "},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!words_are_same(span_str(rows[i].a), span_str(rows[i].b)))
			fail_msg("row %zu", i);
}

static void
a_word_more_or_another_is_another_wording(void **state)
{
	static const struct row rows[] = {
		{"Credited with 100.00", "Recharged with 100.00"},
		{"Credited with 100.00", "Credited with 100.00 thanks"},
		{"Thank you: credited with 100.00", "Credited with 100.00"},
		{"Credited with 100.00", "with credited 100.00"},
		{"Credited with 100.00", ""},
		{"Caf\xc3\xa9 5", "Caf\xc3\xa8 5"},
		{"bad \xff 5", "bad \xfe\xfe 5"},
		{"you got it", "yo ugotit"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (words_are_same(span_str(rows[i].a), span_str(rows[i].b)) ||
			words_are_same(
				span_str(rows[i].b), span_str(rows[i].a)))
			fail_msg("row %zu", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_dates_and_masks_make_no_other_wording),
		cmocka_unit_test(a_word_more_or_another_is_another_wording),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
