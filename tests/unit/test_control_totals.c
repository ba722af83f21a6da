/*
 * The control socket: sums by batch, SIM, operator and day, and what a SIM
 * told over days.
 */
#include "agent/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "agent/control_private.h"
#include "agent/json.h"
#include "tests/support/desk.h"

#include "tests/unit/control_fakes.h"

enum { HOUR_MS = 3600000, DAY_MS = 24 * HOUR_MS };

/* Noon of today, so many days ago. */
static void
go_to(int days_ago)
{
	time_t now = time(NULL);
	int64_t today = (int64_t)now / 86400 * DAY_MS;
	desk.purse->now.wall_ms = today - days_ago * (int64_t)DAY_MS;
}

/* "2026-01-31", of today so many days ago. */
static const char *
day_name(int days_ago)
{
	static char text[4][16];
	static unsigned turn;
	time_t at = time(NULL) - days_ago * (time_t)86400;
	struct tm tm;
	char *out = text[turn++ % 4];
	(void)gmtime_r(&at, &tm);
	(void)strftime(out, 16, "%Y-%m-%d", &tm);
	return out;
}

static bool
says(const char *words)
{
	return strstr(desk.heard, words) != NULL;
}

static void
ask_with(const char *command, const char *args)
{
	char request[256];
	(void)snprintf(request, sizeof(request),
		"{\"command\":\"%s\",\"args\":{%s}}", command, args);
	(void)desk_done(desk_ask(request), 0);
}

/* The line of the answer with that row, up to its end; fails without one. */
static const char *
row(const char *key)
{
	static char line[1024];
	char words[96];
	(void)snprintf(words, sizeof(words), "\"key\":%s,", key);
	const char *at = strstr(desk.heard, words);
	if (at == NULL) {
		fail_msg("no %s in: %s", words, desk.heard);
		return "";
	}
	(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	return line;
}

static void
row_says(const char *key, const char *words)
{
	if (strstr(row(key), words) == NULL)
		fail_msg("'%s' is not in: %s", words, row(key));
}

static void
see_sim(void)
{
	struct ledger_op op = purse_op(desk.purse, LEDGER_SIM_SEEN);
	struct ledger_sim_seen *s = &op.u.sim_seen;
	(void)snprintf(s->modem, sizeof(s->modem), "m1");
	(void)snprintf(s->iccid, sizeof(s->iccid), "sim1");
	(void)snprintf(s->operator, sizeof(s->operator), "simtel");
	(void)snprintf(s->account, sizeof(s->account), "sim1");
	(void)purse_must(desk.purse, &op);
}

/* Two days ago two loaded of batch 1; yesterday one refused of it and one
 * lost of batch 2. Readings: 50.00 before all, 150.00, and 30.00 yesterday. */
static void
some_days(void)
{
	struct purse *p = desk.purse;
	go_to(40);
	see_sim();
	purse_tell(p, 5000);
	go_to(2);
	int64_t first = desk_batch(3, 0), second = desk_batch(1, 0);
	desk_dial(purse_voucher(p, first, 1), VERDICT_LOADED, VOUCHER_CREDITED,
		"");
	purse_tell(p, 15000);
	desk_dial(purse_voucher(p, first, 2), VERDICT_LOADED, VOUCHER_CREDITED,
		"");
	purse_tell(p, 25000);
	go_to(1);
	desk_dial(purse_voucher(p, first, 3), VERDICT_USED,
		VOUCHER_REFUSED_FIRST, "used");
	desk_dial(purse_voucher(p, second, 1), VERDICT_NONE, VOUCHER_MAYBE_SENT,
		"no_answer");
	purse_tell(p, 3000);
	go_to(0);
}

#define NOTHING                                                                \
	"\"loaded\":0,\"loaded_amount\":\"0.00\",\"refused\":0,"               \
	"\"refused_amount\":\"0.00\",\"unknown\":0,"                           \
	"\"unknown_amount\":\"0.00\""

static void
days_have_their_cards_and_balances_and_no_holes(void **state)
{
	char key[24];
	(void)state;
	some_days();
	ask_with("totals", "\"days\":7");
	/* All seven, and the sum. */
	assert_int_equal(desk_count(desk.heard, "\"item\""), 8);
	(void)snprintf(key, sizeof(key), "\"%s\"", day_name(6));
	row_says(key, NOTHING);
	row_says(key, "\"opening\":\"50.00\",\"closing\":\"50.00\"");
	(void)snprintf(key, sizeof(key), "\"%s\"", day_name(2));
	row_says(key, "\"currency\":\"XTS\",\"loaded\":2,"
		      "\"loaded_amount\":\"200.00\",\"refused\":0");
	row_says(key, "\"opening\":\"50.00\",\"closing\":\"250.00\"");
	(void)snprintf(key, sizeof(key), "\"%s\"", day_name(1));
	row_says(key, "\"loaded\":0,\"loaded_amount\":\"0.00\",\"refused\":1,"
		      "\"refused_amount\":\"100.00\",\"unknown\":1,"
		      "\"unknown_amount\":\"100.00\"");
	row_says(key, "\"opening\":\"250.00\",\"closing\":\"30.00\"");
	(void)snprintf(key, sizeof(key), "\"%s\"", day_name(0));
	row_says(key, NOTHING);
	row_says(key, "\"opening\":\"30.00\",\"closing\":\"30.00\"");
	row_says("null", "\"loaded\":2,\"loaded_amount\":\"200.00\","
			 "\"refused\":1,\"refused_amount\":\"100.00\","
			 "\"unknown\":1,\"unknown_amount\":\"100.00\","
			 "\"no_amount\":0,\"opening\":\"50.00\","
			 "\"closing\":\"30.00\",\"sum\":true");
	/* Without a word: thirty days. */
	ask_with("totals", "");
	assert_int_equal(desk_count(desk.heard, "\"item\""), 31);
	ask_with("totals", "\"days\":1");
	assert_int_equal(desk_count(desk.heard, "\"item\""), 2);
	row_says("null", "\"opening\":\"30.00\",\"closing\":\"30.00\"");
}

static void
batches_sims_and_operators_have_rows_over_all_time(void **state)
{
	(void)state;
	some_days();
	ask_with("totals", "\"by\":\"batch\"");
	assert_int_equal(desk_count(desk.heard, "\"item\""), 3);
	row_says("\"1\"", "\"loaded\":2,\"loaded_amount\":\"200.00\","
			  "\"refused\":1");
	row_says("\"1\"", "\"opening\":null,\"closing\":null");
	row_says("\"2\"", "\"unknown\":1,\"unknown_amount\":\"100.00\"");
	row_says("null", "\"opening\":\"50.00\",\"closing\":\"30.00\"");
	ask_with("totals", "\"by\":\"sim\"");
	assert_int_equal(desk_count(desk.heard, "\"item\""), 2);
	row_says("\"sim1\"", "\"name\":\"m1\"");
	row_says("\"sim1\"", "\"loaded\":2");
	row_says("\"sim1\"", "\"opening\":\"50.00\",\"closing\":\"30.00\"");
	ask_with("totals", "\"by\":\"operator\"");
	row_says("\"simtel\"", "\"unknown\":1");
	row_says("\"simtel\"", "\"opening\":\"50.00\",\"closing\":\"30.00\"");
}

static void
card_that_was_dialled_twice_counts_once(void **state)
{
	struct purse *p = desk.purse;
	(void)state;
	go_to(1);
	int64_t batch = desk_batch(1, 0), card = desk_first(batch);
	desk_dial(card, VERDICT_BUSY, VOUCHER_BUSY, "retry");
	p->now.ran_ms += DAY_MS;
	go_to(0);
	desk_dial(card, VERDICT_LOADED, VOUCHER_CREDITED, "");
	ask_with("totals", "\"days\":2");
	char key[24];
	(void)snprintf(key, sizeof(key), "\"%s\"", day_name(1));
	row_says(key, "\"loaded\":0");
	(void)snprintf(key, sizeof(key), "\"%s\"", day_name(0));
	row_says(key, "\"loaded\":1");
	row_says("null", "\"loaded\":1");
}

static void
empty_ledger_and_wrong_words(void **state)
{
	(void)state;
	static const char *const wrong[] = {"\"by\":\"week\"",
		"\"days\":1,\"since_ms\":1", "\"days\":99999", "\"days\":\"x\"",
		"\"until\":1"};
	go_to(0);
	ask_with("totals", "");
	assert_int_equal(desk_count(desk.heard, "\"item\""), 0);
	ask_with("totals", "\"by\":\"sim\"");
	assert_int_equal(desk_count(desk.heard, "\"item\""), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char request[128];
		(void)snprintf(request, sizeof(request),
			"{\"command\":\"totals\",\"args\":{%s}}", wrong[i]);
		(void)desk_error(desk_ask(request), 2);
	}
}

/* More cards, readings and rows than one turn takes. */
static void
what_takes_many_turns_is_whole(void **state)
{
	enum { CARDS = 1203, READINGS = 1207 };
	(void)state;
	go_to(0);
	see_sim();
	for (int i = 0; i < READINGS; i++)
		purse_tell(desk.purse, i);
	int64_t batch = desk_batch(CARDS, 0);
	for (unsigned i = 1; i <= CARDS; i++)
		desk_dial(purse_voucher(desk.purse, batch, i), VERDICT_USED,
			VOUCHER_REFUSED_FIRST, "used");
	ask_with("totals", "\"by\":\"batch\"");
	row_says("null", "\"refused\":1203,\"refused_amount\":\"120300.00\"");
	row_says("null", "\"opening\":\"0.00\",\"closing\":\"12.06\"");
	ask_with("history", "\"modem\":\"m1\"");
	assert_int_equal(desk_count(desk.heard, "\"item\""), READINGS);
}

/* ---- history ------------------------------------------------------------- */

static void
history_has_the_readings_of_the_days_in_order(void **state)
{
	(void)state;
	some_days();
	ask_with("history", "\"modem\":\"m1\"");
	/* Each of the two that were loaded told one, too. */
	assert_int_equal(desk_count(desk.heard, "\"item\""), 5);
	const char *a = strstr(desk.heard, "\"balance\":\"150.00\"");
	const char *b = strstr(desk.heard, "\"balance\":\"30.00\"");
	assert_true(a != NULL && b > a);
	assert_true(says("\"currency\":\"XTS\""));
	assert_true(says("\"iccid\":\"sim1\""));
	ask_with("history", "\"modem\":\"m1\",\"days\":1");
	assert_int_equal(desk_count(desk.heard, "\"item\""), 0);
	ask_with("history", "\"modem\":\"m1\",\"days\":60");
	assert_int_equal(desk_count(desk.heard, "\"item\""), 6);
	const char *error = desk_error(desk_ask("{\"command\":\"history\","
						"\"args\":{\"modem\":\"m9\"}}"),
		1);
	assert_non_null(strstr(error, "topupctl modems"));
}

/* A clock that was not set yet, once: the walk does not end there. */
static void
history_goes_on_across_a_clock_that_was_wrong(void **state)
{
	(void)state;
	go_to(3);
	see_sim();
	purse_tell(desk.purse, 100);
	desk.purse->now.wall_ms = 1000;
	purse_tell(desk.purse, 200);
	go_to(1);
	purse_tell(desk.purse, 300);
	go_to(0);
	ask_with("history", "\"modem\":\"m1\"");
	assert_int_equal(desk_count(desk.heard, "\"item\""), 2);
	assert_false(says("\"balance\":\"2.00\""));
	ask_with("totals", "\"by\":\"sim\",\"days\":30");
	row_says("null", "\"opening\":\"1.00\",\"closing\":\"3.00\"");
}

static int
set_up_utc(void **state)
{
	(void)setenv("TZ", "UTC0", 1);
	tzset();
	return set_up(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up_utc, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(days_have_their_cards_and_balances_and_no_holes),
		TEST(batches_sims_and_operators_have_rows_over_all_time),
		TEST(card_that_was_dialled_twice_counts_once),
		TEST(empty_ledger_and_wrong_words),
		TEST(what_takes_many_turns_is_whole),
		TEST(history_has_the_readings_of_the_days_in_order),
		TEST(history_goes_on_across_a_clock_that_was_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
