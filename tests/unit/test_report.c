/* report: cells that spreadsheets and CSV readers must not misread. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/report.h"

static void
row_that_does_not_fit_is_refused_whole(void **state)
{
	(void)state;
	struct span cells[] = {span_str("ab"), span_str("c\"d")};
	char out[32];
	size_t len = 99;
	static const char want[] = "ab,\"c\"\"d\"\r\n";
	size_t need = sizeof(want) - 1;

	for (size_t cap = 0; cap < need; cap++)
		assert_int_equal(report_row(cells, 2, out, cap, &len), -ENOSPC);
	assert_int_equal(len, 99);
	assert_int_equal(report_row(cells, 2, out, need, &len), 0);
	assert_int_equal(len, need);
	assert_memory_equal(out, want, need);
}

static void
cells_are_quoted_and_formulas_defused(void **state)
{
	(void)state;
	static const struct {
		struct span cell;
		const char *want;
	} rows[] = {{{NULL, 0}, "\r\n"}, {{"plain", 5}, "plain\r\n"},
		{{"a,b", 3}, "\"a,b\"\r\n"}, {{"a;b", 3}, "\"a;b\"\r\n"},
		{{"a\"b", 3}, "\"a\"\"b\"\r\n"},
		{{"a\r\nb", 4}, "\"a\r\nb\"\r\n"}, {{" a", 2}, "\" a\"\r\n"},
		{{"a ", 2}, "\"a \"\r\n"}, {{"=1+1", 4}, "'=1+1\r\n"},
		{{"+1", 2}, "'+1\r\n"}, {{"-5.00", 5}, "'-5.00\r\n"},
		{{"@x", 2}, "'@x\r\n"}, {{"\tx", 2}, "\"'\tx\"\r\n"},
		{{"\rx", 2}, "\"'\rx\"\r\n"}, {{"\n=x", 3}, "\"'\n'=x\"\r\n"},
		{{"=\"a\"", 4}, "\"'=\"\"a\"\"\"\r\n"},
		{{"\xef\xbc\x9dx", 4}, "'\xef\xbc\x9dx\r\n"},
		{{"\xef\xbc\xa1", 3}, "\xef\xbc\xa1\r\n"},
		{{"1-2=3", 5}, "1-2=3\r\n"}, {{"a\0b\033c", 5}, "a?b?c\r\n"},
		{{"é", 2}, "é\r\n"},
		/* Another divider than ours. */
		{{"a;=1", 4}, "\"a;'=1\"\r\n"},
		{{"a\t-1", 4}, "\"a\t'-1\"\r\n"},
		{{"a;b=1", 5}, "\"a;b=1\"\r\n"},
		/* C1, a line end of Unicode, another direction, no UTF-8. */
		{{"a\xc2\x9b"
		  "b",
			 4},
			"a?b\r\n"},
		{{"a\xe2\x80\xa8"
		  "b",
			 5},
			"a?b\r\n"},
		{{"a\xe2\x80\xae"
		  "b",
			 5},
			"a?b\r\n"},
		{{"a\xff"
		  "b",
			 3},
			"a?b\r\n"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[64];
		size_t len;

		assert_int_equal(
			report_row(&rows[i].cell, 1, out, sizeof(out), &len),
			0);
		assert_int_equal(len, strlen(rows[i].want));
		assert_memory_equal(out, rows[i].want, len);
	}
}

static void
header_has_the_contracts_columns(void **state)
{
	(void)state;
	static const char *const names[] = {"row", "serial", "pin", "operator",
		"amount", "target", "state", "reason", "credited", "modem",
		"attempts", "finished_at", "reply"};
	struct span cells[13];
	char out[256];
	size_t len;

	for (size_t i = 0; i < 13; i++)
		cells[i] = span_str(names[i]);
	assert_int_equal(report_row(cells, 13, out, sizeof(out), &len), 0);
	assert_int_equal(len, strlen(REPORT_HEADER));
	assert_memory_equal(out, REPORT_HEADER, len);
}

static void
times_are_rfc_3339_or_nothing(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *want;
	} rows[] = {{0, ""}, {-1, ""}, {999, "1970-01-01T00:00:00Z"},
		{1769851800000, "2026-01-31T09:30:00Z"},
		{1769851800999, "2026-01-31T09:30:00Z"},
		{4102444800000, "2100-01-01T00:00:00Z"},
		{253402300799999, "9999-12-31T23:59:59Z"},
		{253402300800000, ""}, {INT64_MAX, ""}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[REPORT_TIME_MAX];

		report_time(rows[i].ms, out);
		assert_string_equal(out, rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_that_does_not_fit_is_refused_whole),
		cmocka_unit_test(cells_are_quoted_and_formulas_defused),
		cmocka_unit_test(header_has_the_contracts_columns),
		cmocka_unit_test(times_are_rfc_3339_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
