/* money: what operators print, and what must have no value. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/money.h"

static struct money_format
format_of(const char *example)
{
	struct money_format f = {'?', '?'};

	assert_int_equal(money_format_parse(span_str(example), &f), 0);
	return f;
}

static void
example_that_shows_no_format_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "abc", ",", "1,", ",1", "1,,234",
		"1;234", "1,234.56.7", "1,234 567.8", "1,234,5", "1 234 5",
		"12 34", "1'23", "1,2,3,4,5,6,7,8,9,0.5", "1.234,5 6"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct money_format f = {'g', 'd'};

		if (money_format_parse(span_str(bad[i]), &f) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(f.group, 'g');
		assert_int_equal(f.divide, 'd');
	}
}

static void
example_tells_which_sign_groups_and_which_divides(void **state)
{
	(void)state;
	static const struct {
		const char *example;
		char group;
		char divide;
	} rows[] = {{"1,234.56", ',', '.'}, {"1.234,56", '.', ','},
		{"1 234,56", ' ', ','}, {"1234.567", 0, '.'},
		{"1234,56", 0, ','}, {"12.34", 0, '.'}, {"1'234.56", '\'', '.'},
		{"1.234", '.', 0}, {"50.000", '.', 0}, {"1,234,567", ',', 0},
		{"1,234,567.89", ',', '.'}, {"1234", 0, 0}, {"1 234", ' ', 0},
		{"12,34,567.89", ',', '.'}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct money_format f = format_of(rows[i].example);

		assert_int_equal(f.group, rows[i].group);
		assert_int_equal(f.divide, rows[i].divide);
	}
}

struct row {
	const char *format;
	const char *text;
	unsigned decimals;
	int64_t minor;
};

static void
numbers_that_do_not_fit_the_format_have_no_value(void **state)
{
	(void)state;
	static const struct row rows[] = {{"1,234.56", "", 2, 0},
		{"1,234.56", " ", 2, 0}, {"1,234.56", "-", 2, 0},
		{"1,234.56", "--1", 2, 0}, {"1,234.56", "abc", 2, 0},
		{"1,234.56", "12a", 2, 0}, {"1,234.56", "1.2.3", 2, 0},
		{"1,234.56", "1..5", 2, 0}, {"1,234.56", "1,5", 2, 0},
		{"1,234.56", "1,23,5.00", 2, 0}, {"1,234.56", "1,2345", 2, 0},
		{"1,234.56", "1234,567", 2, 0}, {"1,234.56", "1,2,345", 2, 0},
		{"1,234.56", ",123", 2, 0}, {"1,234.56", "1.234,56", 2, 0},
		{"1.234,56", "1,234.56", 2, 0},
		/* ".50" of "Rs.50" is fifty, not a half */
		{"1,234.56", ".50", 2, 0}, {"1,234.56", ".24025", 2, 0},
		/* more decimals than the currency has must be zeros */
		{"1234.567", "0.6154", 2, 0}, {"1234.567", "1.37749", 2, 0},
		{"1,234.56", "1.001", 2, 0}, {"1,234.56", "1.5", 0, 0},
		{"1 234,56", "1 23", 2, 0}, {"1 234,56", "12  345", 2, 0},
		{"1,234.56", "Tk. 100.00", 2, 0}, {"1,234.56", "100 XTS", 2, 0},
		{"1,234.56", "1\xff", 2, 0}, {"1,234.56", "\xc3", 2, 0},
		{"1.234", "1.23", 2, 0}, {"1234", "1.5", 2, 0},
		{"1,234.56", "½", 2, 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t minor = 77;
		int rc = money_parse(span_str(rows[i].text),
			format_of(rows[i].format), rows[i].decimals, &minor);

		if (rc != -EINVAL)
			fail_msg("%s '%s': %d, %lld", rows[i].format,
				rows[i].text, rc, (long long)minor);
		assert_int_equal(minor, 77);
	}
	int64_t minor = 77;
	struct money_format f = format_of("1,234.56");

	assert_int_equal(money_parse(span_of("1\0", 2), f, 2, &minor), -EINVAL);
}

static void
numbers_too_large_are_out_of_range_and_never_wrap(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"1,234.56", "9223372036854775808", 0, 0},
		{"1,234.56", "-9223372036854775808", 0, 0},
		{"1,234.56", "92233720368547758.08", 2, 0},
		{"1,234.56", "92233720368547759", 2, 0},
		{"1,234.56", "99999999999999999999999999999", 2, 0},
		{"1,234.56", "9,999,999,999,999,999,999", 2, 0},
		{"1,234.56", "10", 18, 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t minor = 77;

		assert_int_equal(money_parse(span_str(rows[i].text),
					 format_of(rows[i].format),
					 rows[i].decimals, &minor),
			-ERANGE);
		assert_int_equal(minor, 77);
	}
}

static void
numbers_of_operators_have_their_value(void **state)
{
	(void)state;
	static const struct row rows[] = {/* texts of real operators */
		{"1,234.56", "1,234.50", 2, 123450},
		{"1.234,56", "1.234,50", 2, 123450},
		{"1 234,56", "152,40", 2, 15240},
		{"1234,567", "633,100", 2, 63310}, /* three decimals of two */
		{"1234.567", "50.000", 2, 5000},   /* Zambia: fifty */
		{"1.234,56", "50.000", 0, 50000},  /* Vietnam: thousands */
		{"1.234", "50.000", 0, 50000}, {"1234.567", "0.6154", 4, 6154},
		{"1234.567", "1.37749", 5, 137749},
		{"1,234.56", "24025", 2, 2402500},
		{"1,234.56", "100.44", 2, 10044},
		{"1,234.56", "10,896.00", 2, 1089600},
		{"1,234.56", "10", 2, 1000}, {"1,234.56", "5270", 0, 5270},
		{"1,234.56", "0,37", 2, -1}, {"1.234,56", "0,37", 2, 37},
		{"1,234.56", "-15.50", 2, -1550}, {"1,234.56", "0", 2, 0},
		/* forms */
		{"1,234.56", "+5", 2, 500}, {"1,234.56", "- 5.5", 2, -550},
		{"1,234.56", " 1,234,567.89 ", 2, 123456789},
		{"1,234.56", "12,34,567.89", 2, 123456789},
		{"1,234.56", "1234567.89", 2, 123456789},
		{"1,234.56", "100.", 2, 10000},
		{"1,234.56", "250.00.", 2, 25000},
		{"1,234.56", "1,234,", 2, 123400},
		{"1.234,56", "250,00.", 2, 25000}, {"1234", "250.", 2, 25000},
		{"1'234.56", "1’234.50", 2, 123450},
		{"1 234,56", "1 234,5", 2, 123450},
		{"1 234,56", "1\u00a0234,50", 2, 123450},
		{"1 234,56", "1\u202f234,50 ", 2, 123450},
		{"1,234.56", "−15.50", 2, -1550},
		{"1,234.56", "007.10", 2, 710},
		{"1,234.56", "1.5000000000000000000000000", 2, 150},
		/* digits of other scripts */
		{"1,234.56", "٢٥٠٫٥٠", 2, 25050},
		{"1,234.56", "١٬٢٣٤٫٥٠", 2, 123450},
		{"1,234.56", "१,२३४.५०", 2, 123450},
		{"1,234.56", "۱۰۰", 0, 100}, {"1,234.56", "１００．", 0, -1},
		/* the edges */
		{"1,234.56", "9223372036854775807", 0, INT64_MAX},
		{"1,234.56", "-9223372036854775807", 0, -INT64_MAX},
		{"1,234.56", "92233720368547758.07", 2, INT64_MAX}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t minor = -1;
		int rc = money_parse(span_str(rows[i].text),
			format_of(rows[i].format), rows[i].decimals, &minor);

		if (minor != rows[i].minor || (rc == 0) != (minor != -1))
			fail_msg("%s '%s': %d, %lld", rows[i].format,
				rows[i].text, rc, (long long)minor);
	}
}

static void
amounts_are_printed_with_the_currencys_decimals(void **state)
{
	(void)state;
	static const struct {
		int64_t minor;
		unsigned decimals;
		const char *text;
	} rows[] = {{MONEY_NONE, 2, ""}, {0, 2, "0.00"}, {0, 0, "0"},
		{5, 2, "0.05"}, {-5, 2, "-0.05"}, {123450, 2, "1234.50"},
		{-123450, 2, "-1234.50"}, {50000, 0, "50000"}, {1, 3, "0.001"},
		{INT64_MAX, 2, "92233720368547758.07"},
		{-INT64_MAX, 0, "-9223372036854775807"},
		{-INT64_MAX, 18, "-9.223372036854775807"},
		{-1, 18, "-0.000000000000000001"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[MONEY_TEXT_MAX];
		int64_t back;

		money_print(rows[i].minor, rows[i].decimals, out);
		assert_string_equal(out, rows[i].text);
		if (rows[i].minor == MONEY_NONE)
			continue;
		assert_int_equal(money_parse(span_str(out), format_of("1234.5"),
					 rows[i].decimals, &back),
			0);
		assert_int_equal(back, rows[i].minor);
	}
}

static void
amounts_add_up_only_when_all_are_known(void **state)
{
	static const struct {
		int64_t a, b, c;
		bool up;
	} rows[] = {
		{100, 25, 125, true},
		{100, -25, 75, true},
		{0, 0, 0, true},
		{100, 25, 126, false},
		{MONEY_NONE, 25, 25, false},
		{25, MONEY_NONE, 25, false},
		{-1, -INT64_MAX, MONEY_NONE, false},
		{INT64_MAX, 1, INT64_MAX, false},
		{INT64_MAX, 2, -INT64_MAX, false},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (money_adds_up(rows[i].a, rows[i].b, rows[i].c) !=
			rows[i].up)
			fail_msg("row %zu", i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_that_shows_no_format_is_refused),
		cmocka_unit_test(
			example_tells_which_sign_groups_and_which_divides),
		cmocka_unit_test(
			numbers_that_do_not_fit_the_format_have_no_value),
		cmocka_unit_test(
			numbers_too_large_are_out_of_range_and_never_wrap),
		cmocka_unit_test(numbers_of_operators_have_their_value),
		cmocka_unit_test(
			amounts_are_printed_with_the_currencys_decimals),
		cmocka_unit_test(amounts_add_up_only_when_all_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
