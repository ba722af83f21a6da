/*
 * topupctl totals and balance --history: tables, charts, pictures, JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/call.h"
#include "tests/support/teller.h"

#define DAY(day, loaded, amount)                                               \
	"{\"item\":{\"by\":\"day\",\"key\":\"" day "\",\"name\":null,"         \
	"\"currency\":\"XTS\",\"loaded\":" loaded                              \
	",\"loaded_amount\":\"" amount                                         \
	"\",\"refused\":1,\"refused_amount\":\"100.00\","                      \
	"\"unknown\":0,\"unknown_amount\":\"0.00\",\"no_amount\":0,"           \
	"\"opening\":\"50.00\",\"closing\":\"250.00\",\"sum\":false}}\n"
#define SUM                                                                    \
	"{\"item\":{\"by\":\"day\",\"key\":null,\"currency\":\"XTS\","         \
	"\"loaded\":3,\"loaded_amount\":\"300.00\",\"refused\":2,"             \
	"\"refused_amount\":\"200.00\",\"unknown\":0,\"unknown_amount\":"      \
	"\"0.00\",\"no_amount\":0,\"opening\":\"50.00\",\"closing\":"          \
	"\"250.00\",\"sum\":true}}\n"
#define DONE "{\"done\":{\"count\":2},\"exit\":0}\n"
#define DAYS                                                                   \
	DAY("2026-01-30", "2", "200.00")                                       \
	DAY("2026-01-31", "1", "100.00") SUM DONE

static void
totals_are_a_table_with_a_row_for_all(void **state)
{
	(void)state;
	teller_will_say(DAYS);
	assert_int_equal(call_ctl("totals", "--days", "2", "--by", "day",
				 "--socket", teller_sock, NULL),
		0);
	assert_string_equal(call_out, "DAY         LOADED  CREDITED  REFUSED   "
				      "WORTH  UNKNOWN  WORTH  "
				      "OPENING  CLOSING  CURRENCY  NO WORTH\n"
				      "2026-01-30       2    200.00        1  "
				      "100.00        0   0.00  "
				      "  50.00   250.00  XTS              0\n"
				      "2026-01-31       1    100.00        1  "
				      "100.00        0   0.00  "
				      "  50.00   250.00  XTS              0\n"
				      "all              3    300.00        2  "
				      "200.00        0   0.00  "
				      "  50.00   250.00  XTS              0\n");
	(void)teller_asked();
}

static void
days_are_drawn_as_bars_on_a_terminal(void **state)
{
	(void)state;
	teller_will_say(DAYS);
	assert_int_equal(call_ctl_on_terminal(80, "NO_COLOR=1", "totals",
				 "--socket", teller_sock, NULL),
		0);
	assert_non_null(strstr(call_out, "\nloaded, XTS\n"));
	assert_non_null(strstr(call_out, "\u2588"));
	assert_non_null(strstr(call_out, "   200\u2524\u2588\u2588"));
	(void)teller_asked();
	/* A terminal that has none is given none. */
	teller_will_say(DAYS);
	assert_int_equal(call_ctl_on_terminal(80, "NO_COLOR=1", "LC_ALL=C",
				 "totals", "--socket", teller_sock, NULL),
		0);
	assert_non_null(strstr(call_out, "   200+##"));
	for (const char *p = call_out; *p != '\0'; p++)
		assert_true((unsigned char)*p < 0x80);
	(void)teller_asked();
	teller_will_say(DAYS);
	assert_int_equal(
		call_ctl("totals", "--ascii", "--socket", teller_sock, NULL),
		0);
	assert_non_null(strstr(call_out, "   200+##"));
	(void)teller_asked();
}

static void
svg_file_is_written_whole(void **state)
{
	(void)state;
	char path[256];
	(void)snprintf(path, sizeof(path), "%s", teller_path("t.svg"));
	teller_will_say(DAYS);
	assert_int_equal(call_ctl("totals", "--svg", path, "--socket",
				 teller_sock, NULL),
		0);
	const char *svg = teller_read("t.svg");
	assert_non_null(svg);
	assert_non_null(strstr(svg, "<title>loaded, by day</title>"));
	assert_non_null(strstr(svg, "<title>2026-01-30 200.00</title>"));
	assert_non_null(strstr(svg, "</svg>\n"));
	assert_null(strstr(svg, "script"));
	(void)teller_asked();
	teller_will_say(DAYS);
	assert_int_equal(
		call_ctl("totals", "--json", "--svg", "/nonexistent/x.svg",
			"--socket", teller_sock, NULL),
		1);
	assert_non_null(strstr(call_err, "cannot write /nonexistent/x.svg"));
	(void)teller_asked();
}

static void
totals_in_json_are_one_array_and_words_are_checked(void **state)
{
	(void)state;
	teller_will_say(DAY("2026-01-31", "1", "100.00") SUM DONE);
	assert_int_equal(
		call_ctl("totals", "--json", "--since", "2026-01-31", "--by",
			"operator", "--socket", teller_sock, NULL),
		0);
	assert_int_equal(call_out[0], '[');
	assert_non_null(strstr(call_out, "\"sum\":false},\n{"));
	assert_non_null(strstr(call_out, "\"sum\":true}]\n"));
	assert_string_equal(teller_asked(),
		"{\"command\":\"totals\",\"args\":{\"by\":\"operator\","
		"\"since_ms\":1769817600000}}\n");
	assert_int_equal(call_ctl("totals", "--days", "2", "--since",
				 "2026-01-31", NULL),
		2);
	assert_int_equal(call_ctl("totals", "--days", "x", NULL), 2);
	assert_int_equal(call_ctl("totals", "--since", "x", NULL), 2);
	teller_will_say("{\"done\":{\"count\":0},\"exit\":0}\n");
	assert_int_equal(call_ctl("totals", "--socket", teller_sock, NULL), 0);
	assert_string_equal(
		call_out, "nothing was dialled, and no balance was told\n");
	(void)teller_asked();
}

/* A number of a later row is whole, however wide the first ones were. */
static void
numbers_are_never_cut(void **state)
{
	enum { ROWS = 230 };
	(void)state;
	char *answer = calloc(ROWS + 2, 512), *at = answer;
	for (int i = 0; i < ROWS; i++)
		at += sprintf(at, "%s", DAY("2026-01-30", "2", "1.00"));
	(void)sprintf(
		at, "%s%s", DAY("2026-01-31", "1", "123456789012.00"), DONE);
	teller_will_say(answer);
	free(answer);
	assert_int_equal(call_ctl_on_terminal(
				 60, "totals", "--socket", teller_sock, NULL),
		0);
	assert_non_null(strstr(call_out, " 123456789012.00"));
	(void)teller_asked();
}

/* ---- history ------------------------------------------------------------- */

#define READ(at, balance)                                                      \
	"{\"item\":{\"at\":\"" at "\",\"balance\":\"" balance                  \
	"\",\"currency\":\"XTS\",\"modem\":\"shop1\",\"iccid\":\"8901\"}}\n"
#define READINGS                                                               \
	READ("2026-01-01T09:00:00Z", "50.00")                                  \
	READ("2026-01-10T09:00:00Z", "250.00")                                 \
	READ("2026-01-20T09:00:00Z", "-10.00") DONE

static void
history_is_a_chart_with_its_words(void **state)
{
	(void)state;
	teller_will_say(READINGS);
	assert_int_equal(
		call_ctl_on_terminal(60, "NO_COLOR=1", "balance", "--history",
			"shop1", "--days", "30", "--socket", teller_sock, NULL),
		0);
	assert_string_equal(teller_asked(),
		"{\"command\":\"history\",\"args\":{\"modem\":\"shop1\","
		"\"days\":30}}\n");
	assert_non_null(strstr(call_out,
		"shop1: balance -10.00 XTS at 2026-01-20 09:00:00; lowest\n"
		"-10.00, highest 250.00, of 3 readings\n"));
	assert_non_null(strstr(call_out, "   250\u2524"));
	assert_non_null(strstr(call_out, "   -10\u2524"));
	assert_non_null(strstr(call_out, "2026-01-01"));
	assert_non_null(strstr(call_out, "2026-01-20\n"));
	teller_will_say(READINGS);
	assert_int_equal(call_ctl("balance", "--history", "shop1", "--ascii",
				 "--socket", teller_sock, NULL),
		0);
	assert_non_null(strstr(call_out, "   250+"));
	(void)teller_asked();
}

static void
history_of_many_readings_keeps_its_ends(void **state)
{
	enum { MANY = 5000 };
	(void)state;
	char *answer = calloc(MANY + 1, 160), *at = answer, path[256];
	for (int i = 0; i < MANY; i++)
		at += sprintf(at,
			"{\"item\":{\"at\":\"2026-%02d-%02dT%02d:00:00Z\","
			"\"balance\":\"%d.00\",\"currency\":\"XTS\"}}\n",
			1 + i / 672 % 12, 1 + i / 24 % 28, i % 24, i);
	(void)sprintf(at, "%s", DONE);
	teller_will_say(answer);
	free(answer);
	(void)snprintf(path, sizeof(path), "%s", teller_path("h.svg"));
	assert_int_equal(
		call_ctl("balance", "--history", "shop1", "--svg", path,
			"--ascii", "--socket", teller_sock, NULL),
		0);
	assert_non_null(strstr(call_out, "balance 4999.00 XTS"));
	assert_non_null(strstr(call_out, "lowest 0.00"));
	assert_non_null(strstr(call_out, "of 5000 readings"));
	const char *svg = teller_read("h.svg");
	assert_non_null(svg);
	assert_true(strlen(svg) < 20000);
	assert_non_null(strstr(svg, "<title>balance of shop1</title>"));
	(void)teller_asked();
}

static void
history_of_nothing_says_what_to_do(void **state)
{
	(void)state;
	teller_will_say("{\"done\":{\"count\":0},\"exit\":0}\n");
	assert_int_equal(call_ctl("balance", "--history", "shop1", "--socket",
				 teller_sock, NULL),
		0);
	assert_non_null(strstr(call_out, "`topupctl balance shop1` asks"));
	(void)teller_asked();
	teller_will_say(READINGS);
	assert_int_equal(call_ctl("balance", "--history", "shop1", "--json",
				 "--socket", teller_sock, NULL),
		0);
	assert_int_equal(call_out[0], '[');
	assert_non_null(strstr(call_out, "\"8901\"}]\n"));
	(void)teller_asked();
	assert_int_equal(call_ctl("balance", "shop1", "--days", "3", NULL), 2);
	assert_non_null(strstr(call_err, "--days goes with --history"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(totals_are_a_table_with_a_row_for_all),
		cmocka_unit_test(days_are_drawn_as_bars_on_a_terminal),
		cmocka_unit_test(svg_file_is_written_whole),
		cmocka_unit_test(
			totals_in_json_are_one_array_and_words_are_checked),
		cmocka_unit_test(numbers_are_never_cut),
		cmocka_unit_test(history_is_a_chart_with_its_words),
		cmocka_unit_test(history_of_many_readings_keeps_its_ends),
		cmocka_unit_test(history_of_nothing_says_what_to_do),
	};
	return cmocka_run_group_tests(tests, teller_setup, teller_teardown);
}
