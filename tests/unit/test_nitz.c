/*
 * test_nitz: how each make tells the time, and what is no time.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "modem/nitz.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* 2026-03-09T12:36:21Z, as date -u -d says it. */
#define AT_MS   INT64_C(1773059781000)
#define HOUR_MS INT64_C(3600000)

static void
each_make_tells_the_time_of_its_network(void **state)
{
	static const struct {
		const char *line;
		int64_t utc_ms;
	} rows[] = {
		/* UTC, whatever the zone. */
		{"*PSUTTZ: 2026,3,9,12,36,21,\"+4\",0", AT_MS},
		{"*PSUTTZ: 26,3,9,12,36,21,\"+4\",0", AT_MS},
		{"*PSUTTZ: 2026,03,09,12,36,21,\"-20\",1", AT_MS},
		{"*PSUTTZ: 2026,3,9,12,36,21,\"+22\"", AT_MS},
		{"^NWTIME: 26/03/09,12:36:21+4,00", AT_MS},
		{"^NWTIME:26/03/09,12:36:21-48,01", AT_MS},
		{"+CTZEU: \"+08\",0,\"2026/03/09,12:36:21\"", AT_MS},
		{"+QLTS: \"2026/03/09,12:36:21+32,0\"", AT_MS},
		{"+QLTS: \"2026/03/09,12:36:21-20,1\"", AT_MS},
		/* Local, its zone in quarters of an hour. */
		{"+CTZE: \"+08\",0,\"2026/03/09,12:36:21\"",
			AT_MS - 2 * HOUR_MS},
		{"+CTZE: \"-14\",1,\"2026/03/09,12:36:21\"",
			AT_MS + 7 * HOUR_MS / 2},
		{"+CTZE: +00,0,\"26/03/09,12:36:21\"", AT_MS},
		/* The ends of what is plausible, and a day that not each year
	         * has. */
		{"+QLTS: \"2024/01/01,00:00:00+00,0\"", 1704067200000},
		{"+QLTS: \"2028/02/29,23:59:59+00,0\"", 1835481599000},
		{"+QLTS: \"2028/03/01,00:00:00+00,0\"", 1835481600000},
		{"+QLTS: \"2069/12/31,23:59:59+00,0\"", 3155759999000},
	};
	struct nitz nitz;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (nitz_of(span_str(rows[i].line), &nitz) != 0)
			fail_msg("%s was refused", rows[i].line);
		assert_int_equal(nitz.kind,
			rows[i].line[1] == 'Q' ? NITZ_ASKED : NITZ_NEWS);
		assert_int_equal(nitz.utc_ms, rows[i].utc_ms);
		assert_int_equal(nitz.other_ms, rows[i].utc_ms);
	}
}

static void
a_clock_is_read_as_local_time_and_as_utc(void **state)
{
	static const struct {
		const char *line;
		int64_t utc_ms;
	} rows[] = {
		{"+CCLK: \"26/03/09,12:36:21+04\"", AT_MS - HOUR_MS},
		{"+CCLK: \"26/03/09,12:36:21-20\"", AT_MS + 5 * HOUR_MS},
		{"+CCLK: \"2026/03/09,12:36:21+00\"", AT_MS},
		{"+CCLK: \"26/03/09,12:36:21\"", AT_MS},
	};
	struct nitz nitz;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(nitz_of(span_str(rows[i].line), &nitz), 0);
		assert_int_equal(nitz.kind, NITZ_CLOCK);
		assert_int_equal(nitz.utc_ms, rows[i].utc_ms);
		assert_int_equal(nitz.other_ms, AT_MS);
	}
}

static void
what_is_no_time_is_refused(void **state)
{
	static const struct {
		const char *line;
		int rc;
	} rows[] = {
		{"+CREG: 1", -ENOENT},
		{"DST: 0", -ENOENT},
		{"PSUTTZ: 2026,3,9,12,36,21,\"+4\",0", -ENOENT},
		{"", -ENOENT},
		/* A zone alone, or no word of the network yet. */
		{"+CTZV: \"+08\"", -ENODATA},
		{"+CTZV: +4,0", -ENODATA},
		{"+CTZE: \"+08\",0", -ENODATA},
		{"+CTZE: \"+08\",0,", -ENODATA},
		{"+CTZE: \"+08\",0,\"\"", -ENODATA},
		{"+QLTS: \"\"", -ENODATA},
		/* Where clocks begin. */
		{"+CCLK: \"80/01/06,00:00:00+00\"", -ERANGE},
		{"+CCLK: \"70/01/01,00:00:00+00\"", -ERANGE},
		{"+CCLK: \"00/01/01,00:00:00+00\"", -ERANGE},
		{"+CCLK: \"04/01/01,00:00:00+00\"", -ERANGE},
		{"+CCLK: \"1980/01/06,00:00:00+00\"", -ERANGE},
		{"+QLTS: \"1980/01/06,00:00:10+00,0\"", -ERANGE},
		{"^NWTIME: 90/01/06,00:00:00+0,00", -ERANGE},
		{"^NWTIME: 18/03/09,12:36:21+4,00", -ERANGE},
		{"*PSUTTZ: 2018,3,9,12,36,21,\"+4\",0", -ERANGE},
		{"+QLTS: \"2023/12/31,23:59:59+00,0\"", -ERANGE},
		{"+QLTS: \"2070/01/01,00:00:00+00,0\"", -ERANGE},
		/* No date, no hour. */
		{"+CCLK: \"26/00/09,12:36:21+04\"", -EINVAL},
		{"+CCLK: \"26/13/09,12:36:21+04\"", -EINVAL},
		{"+CCLK: \"26/02/29,12:36:21+04\"", -EINVAL},
		{"+CCLK: \"26/04/31,12:36:21+04\"", -EINVAL},
		{"+CCLK: \"26/03/00,12:36:21+04\"", -EINVAL},
		{"+CCLK: \"26/03/09,24:36:21+04\"", -EINVAL},
		{"+CCLK: \"26/03/09,12:60:21+04\"", -EINVAL},
		{"+CCLK: \"26/03/09,12:36:60+04\"", -EINVAL},
		{"+CCLK: \"26/03/09,12:36:21+57\"", -EINVAL},
		/* Forms that nobody explains, or that are cut. */
		{"*PSUTTZ: 26/03/09,12:36:21\",\"+08\",1", -EINVAL},
		{"*PSUTTZ: 2026,3,9,12,36,\"+4\",0", -EINVAL},
		{"*PSUTTZ: 2026,3,9,12,36,21", -EINVAL},
		{"*PSUTTZ: 2026,3,9,12,36,21,\"4\",0", -EINVAL},
		{"*PSUTTZ: 99999,3,9,12,36,21,\"+4\",0", -EINVAL},
		{"^NWTIME: 26/03/09,12:36:21*4,00", -EINVAL},
		{"^NWTIME: 26/03/09,12:36", -EINVAL},
		{"^NWTIME: 26/03/09", -EINVAL},
		{"^NWTIME:", -EINVAL},
		{"+CCLK: 26/03/09,12:36:21+04", -EINVAL},
		{"+CCLK: \"26/03/09,12:36:21+04x\"", -EINVAL},
		{"+CCLK: \"26/03/09 12:36:21+04\"", -EINVAL},
		{"+CCLK: \"26/03/09,12:36:21+\"", -EINVAL},
		{"+CCLK:", -EINVAL},
		{"+CTZE: \"8\",0,\"2026/03/09,12:36:21\"", -EINVAL},
		{"+CTZE: \"+08\",0,\"2026/03/09,12:36:21+08\"", -EINVAL},
		{"+CTZE: \"+08\"", -EINVAL},
	};
	struct nitz nitz = {.utc_ms = AT_MS};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int rc = nitz_of(span_str(rows[i].line), &nitz);

		if (rc != rows[i].rc)
			fail_msg(
				"%s: %d, not %d", rows[i].line, rc, rows[i].rc);
	}
	assert_int_equal(nitz.utc_ms, AT_MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_make_tells_the_time_of_its_network),
		cmocka_unit_test(a_clock_is_read_as_local_time_and_as_utc),
		cmocka_unit_test(what_is_no_time_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
