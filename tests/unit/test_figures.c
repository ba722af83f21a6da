/*
 * figures: rows of sums, and local days.
 */
#include "agent/figures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct figures_key
key_of(int64_t number, const char *text, const char *currency)
{
	struct figures_key key = {.number = number, .decimals = 2};
	(void)snprintf(key.text, sizeof(key.text), "%s", text);
	(void)snprintf(key.currency, sizeof(key.currency), "%s", currency);
	return key;
}

static void
each_key_and_currency_has_a_row_and_rows_are_in_order(void **state)
{
	(void)state;
	static const struct {
		int64_t number;
		const char *text, *currency;
	} rows[] = {{3, "", "XTS"}, {1, "b", "XTS"}, {1, "a", "XTS"},
		{1, "a", "EUR"}, {2, "", "XTS"}, {1, "a", "XTS"}};
	static const size_t order[] = {3, 2, 1, 4, 0};
	struct figures *figures = figures_new();
	for (size_t i = 0; i < 6; i++) {
		const struct figures_key key =
			key_of(rows[i].number, rows[i].text, rows[i].currency);
		figures_add_card(
			figures_row(figures, &key), FIGURES_LOADED, 100);
	}
	for (size_t i = 0; i < 5; i++) {
		const struct figures_row *row = figures_at(figures, i);
		assert_non_null(row);
		assert_int_equal(row->key.number, rows[order[i]].number);
		assert_string_equal(row->key.text, rows[order[i]].text);
		assert_string_equal(row->key.currency, rows[order[i]].currency);
		assert_int_equal(row->counts[FIGURES_LOADED], i == 1 ? 2 : 1);
		assert_int_equal(
			row->minor[FIGURES_LOADED], i == 1 ? 200 : 100);
	}
	assert_null(figures_at(figures, 5));
	figures_free(figures);
}

static void
sums_stay_in_bounds_and_what_has_no_worth_is_counted(void **state)
{
	(void)state;
	struct figures *figures = figures_new();
	const struct figures_key key = key_of(1, "", "XTS");
	struct figures_row *row = figures_row(figures, &key);
	figures_add_card(row, FIGURES_REFUSED, MONEY_NONE);
	assert_int_equal(row->counts[FIGURES_REFUSED], 1);
	assert_int_equal(row->minor[FIGURES_REFUSED], 0);
	assert_int_equal(row->no_worth, 1);
	figures_add_card(row, FIGURES_REFUSED, INT64_MAX);
	figures_add_card(row, FIGURES_REFUSED, 5);
	assert_int_equal(row->minor[FIGURES_REFUSED], INT64_MAX);
	assert_int_equal(row->opening_minor, MONEY_NONE);
	figures_add_account(row, 100, -50);
	figures_add_account(row, -INT64_MAX, 20);
	figures_add_account(row, -INT64_MAX, 0);
	assert_int_equal(row->opening_minor, -INT64_MAX);
	assert_int_equal(row->closing_minor, -30);
	figures_free(figures);
}

static void
rows_are_bounded(void **state)
{
	(void)state;
	struct figures *figures = figures_new();
	/* Each before all others: the worst order. */
	for (int64_t i = FIGURES_ROWS_MAX; i > 0; i--) {
		const struct figures_key key = key_of(i, "", "");
		assert_non_null(figures_row(figures, &key));
	}
	const struct figures_key known = key_of(7, "", "");
	const struct figures_key other = key_of(0, "", "");
	assert_non_null(figures_row(figures, &known));
	assert_null(figures_row(figures, &other));
	figures_free(figures);
}

/* Where a clock goes forward at midnight there is no midnight. */
static void
days_are_local_and_follow_one_another(void **state)
{
	(void)state;
	static const char *const zones[] = {"UTC0", "WAT-1",
		"BRT3BRST,M10.3.0/0,M2.3.0/0", "CET-1CEST,M3.5.0,M10.5.0/3",
		"XXX12YYY,M4.1.0/0,M9.1.0/0", "ZZZ-14"};
	const int64_t from = 1767225600000, hour = 3600000, days = 29;
	for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
		(void)setenv("TZ", zones[z], 1);
		tzset();
		int64_t day = figures_day(from);
		for (int i = 0; i < 400; i++) {
			int64_t next = figures_day_later(day, 1);
			assert_in_range(next - day, 22 * hour, 26 * hour);
			assert_int_equal(figures_day(day), day);
			assert_int_equal(figures_day(next - 1), day);
			assert_int_equal(figures_day(day + 12 * hour), day);
			assert_int_equal(figures_day_later(next, -1), day);
			day = next;
		}
	}
	(void)setenv("TZ", "WAT-1", 1);
	tzset();
	/* 2026-01-31T23:30Z is February there. */
	assert_int_equal(figures_day(1769902200000), 1769900400000);
	assert_int_equal(figures_day_later(1769900400000, -29),
		1769900400000 - days * 24 * hour);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_key_and_currency_has_a_row_and_rows_are_in_order),
		cmocka_unit_test(
			sums_stay_in_bounds_and_what_has_no_worth_is_counted),
		cmocka_unit_test(rows_are_bounded),
		cmocka_unit_test(days_are_local_and_follow_one_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
