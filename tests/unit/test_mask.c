/*
 * test_mask: no PIN survives in a foreign text, and little else is hidden.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/mask.h"

#define OWN "12345678901234"

/* This operator's PINs have fourteen digits. */
static bool
has_fourteen(const void *ctx, struct span digits)
{
	(void)ctx;
	return digits.len == 14;
}

static void
pins_are_hidden_in_whatever_form_they_come(void **state)
{
	(void)state;
	static const struct {
		const char *text, *masked;
	} rows[] = {
		{"", ""},
		{"no digits at all", "no digits at all"},
		{"credited with 100.00 XTS", "credited with 100.00 XTS"},
		{"PIN " OWN " is bad", "PIN **********1234 is bad"},
		{"PIN 1234 5678 9012 34.", "PIN **********1234."},
		{"1234-5678-9012-34", "**********1234"},
		/* gaps as wide, and of the kinds, that operators write */
		{"1234  5678  9012  34", "**********1234"},
		{"1234 - 5678 - 9012 - 34", "**********1234"},
		{"1234\xc2\xa0"
		 "5678\xe2\x80\xaf"
		 "9012\xe2\x80\x93"
		 "34",
			"**********1234"},
		{"PIN 1234\t5678\r\n9012 34", "PIN **********1234"},
		{"credited 100.00 \r\nTotal: 50",
			"credited 100.00 \r\nTotal: 50"},
		{"another 99999999991111!", "another **********1111!"},
		/* an amount beside it hides nothing of it */
		{"50.00 99999999991111 7", "***************1117"},
		/* a good part of the own PIN, with something glued to it */
		{"x3456789012y", "x**********y"},
		{"999123456789", "********6789"},
		/* eight digits that are not in it */
		{"call 0800000011", "call 0800000011"},
		/* Arabic-Indic and Devanagari digits */
		{"رقم ١٢٣٤٥٦٧٨٩٠١٢٣٤", "رقم **********1234"},
		{"१२३४५६७८९०१२३४", "**********1234"},
		/* bytes that are no text */
		{"\xff\xfe" OWN "\xc3", "\xff\xfe**********1234\xc3"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[128];
		mask_text(span_str(rows[i].text), span_str(OWN), has_fourteen,
			NULL, out, sizeof(out));
		assert_string_equal(out, rows[i].masked);
	}
}

static void
without_a_pin_and_a_form_nothing_is_hidden(void **state)
{
	(void)state;
	char out[64];
	mask_text(span_str(OWN), span_str(""), NULL, NULL, out, sizeof(out));
	assert_string_equal(out, OWN);
}

static void
a_short_own_pin_is_hidden_whole(void **state)
{
	(void)state;
	char out[64];
	mask_text(span_str("card 12345 no"), span_str("12345"), NULL, NULL, out,
		sizeof(out));
	assert_string_equal(out, "card ***** no");
}

static void
a_small_buffer_cuts_and_never_shows_more(void **state)
{
	(void)state;
	for (size_t cap = 1; cap < 40; cap++) {
		char out[40];
		memset(out, 'x', sizeof(out));
		mask_text(span_str("pin " OWN " and more"), span_str(OWN), NULL,
			NULL, out, cap);
		assert_true(strlen(out) < cap);
		assert_null(strstr(out, "123456"));
	}
}

static void
a_run_longer_than_any_pin_is_hidden_whole(void **state)
{
	(void)state;
	char text[301], out[301];
	memset(text, '7', 300);
	memcpy(text + 100, OWN, 14);
	text[300] = '\0';
	mask_text(span_str(text), span_str(OWN), NULL, NULL, out, sizeof(out));
	assert_null(strstr(out, OWN));
	assert_int_equal(strlen(out), 300);
}

/* What is looked at at once has 64 digits; the PIN lies across its end. */
static void
a_pin_behind_many_numbers_is_not_cut_into_view(void **state)
{
	(void)state;
	for (size_t digits = 48; digits < 68; digits++) {
		char text[128], out[128];
		size_t at = 0;
		for (size_t i = 0; i < digits; i++) {
			if (i > 0 && i % 6 == 0)
				text[at++] = ' ';
			text[at++] = '7';
		}
		memcpy(text + at, " 99999999991111.", 17);
		mask_text(span_str(text), span_str(OWN), has_fourteen, NULL,
			out, sizeof(out));
		assert_null(strstr(out, "9999"));
		memcpy(text + at, " " OWN ".", 17);
		mask_text(span_str(text), span_str(OWN), NULL, NULL, out,
			sizeof(out));
		assert_null(strstr(out, "1234567"));
		assert_null(strstr(out, "7890123"));
	}
}

static void
own_pin_is_hidden_in_odd_spellings(void **state)
{
	(void)state;
	static const struct {
		const char *text, *masked;
	} rows[] = {
		{"card 12,345,678,901,234 used", "card **********1234 used"},
		{"1234/5678/9012/34!", "**********1234!"},
		{"1234_5678:9012'34", "**********1234"},
		{"*1*2*3*4*5*6*7*8*9*0*1*2*3*4#", "***********1234#"},
		{"(1234) [5678] {9012}, <34>", "(**********1234>"},
		{"1 ; 2 ; 3 ; 4 ; 5678 + 9012 = 34", "**********1234"},
		{"1234\xd9\xac"
		 "5678\xd9\xac"
		 "9012\xe3\x80\x81"
		 "34",
			"**********1234"},
		{"1234\xff"
		 "56789012\xfe"
		 "34",
			"**********1234"},
		/* a good part, behind and before other numbers */
		{"on 10:20:33,3456,7890,5", "on 10:20:33,********,5"},
		{"00 12,34,56,78 00", "********** 00"},
		/* what is not of it stays */
		{"100.00 XTS on 2026/11/22 10:20:33, balance 1,234.56",
			"100.00 XTS on 2026/11/22 10:20:33, balance 1,234.56"},
		{"12,345 of 1,234", "12,345 of 1,234"},
		{"1234a5678", "1234a5678"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int form = 0; form < 2; form++) {
			char out[128];
			mask_text(span_str(rows[i].text), span_str(OWN),
				form ? has_fourteen : NULL, NULL, out,
				sizeof(out));
			assert_string_equal(out, rows[i].masked);
		}
	}
}

static void
every_card_in_hand_is_hidden(void **state)
{
	(void)state;
	const struct span cards[] = {
		span_str(""), span_str("88887777666655"), span_str(OWN)};
	const struct mask_rules rules = {cards, 3, NULL, NULL};
	char out[128];
	mask_by_rules(
		span_str(
			"88,88,77,77,66,66,55 and 12,345,678,901,234: 1,234.5"),
		&rules, out, sizeof(out));
	assert_string_equal(out, "**********6655 and **********1234: 1,234.5");
	/* one that ends where the next begins */
	mask_by_rules(span_str("88,887,777,666,655,12,345,678,901,234"), &rules,
		out, sizeof(out));
	assert_null(strstr(out, "888"));
	assert_null(strstr(out, "345"));
}

/* However it begins and wherever it is cut: never eight of it in a row. */
static void
own_pin_behind_other_numbers_is_hidden(void **state)
{
	(void)state;
	for (size_t before = 0; before < 70; before++) {
		char text[256], out[256];
		size_t at = 0, kept = 0;
		for (size_t i = 0; i < before; i++) {
			text[at++] = '7';
			if (i % 3 == 2)
				text[at++] = ' ';
		}
		for (size_t i = 0; OWN[i]; i++) {
			text[at++] = OWN[i];
			if (i % 2 == 1)
				text[at++] = '/';
		}
		mask_text(span_of(text, at), span_str(OWN), NULL, NULL, out,
			sizeof(out));
		for (size_t i = 0; out[i]; i++)
			kept += out[i] != '7' && out[i] >= '0' && out[i] <= '9';
		if (kept > 4)
			fail_msg("%zu: %s", before, out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pins_are_hidden_in_whatever_form_they_come),
		cmocka_unit_test(without_a_pin_and_a_form_nothing_is_hidden),
		cmocka_unit_test(a_short_own_pin_is_hidden_whole),
		cmocka_unit_test(a_small_buffer_cuts_and_never_shows_more),
		cmocka_unit_test(a_run_longer_than_any_pin_is_hidden_whole),
		cmocka_unit_test(
			a_pin_behind_many_numbers_is_not_cut_into_view),
		cmocka_unit_test(own_pin_is_hidden_in_odd_spellings),
		cmocka_unit_test(every_card_in_hand_is_hidden),
		cmocka_unit_test(own_pin_behind_other_numbers_is_hidden),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
