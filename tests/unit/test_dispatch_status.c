/*
 * test_dispatch_status: what people are told of each line and each waiting
 * card, in virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/redeem.h"
#include "tests/virtual/trade.h"

enum { INTERVAL_MS = 5000, FENCE_MS = 60000 };

#define A SHOP_PORT_A

/* Until then from now, 0 where it is not known. */
static int64_t
left_ms(int64_t wall_ms)
{
	return wall_ms == 0 ? 0 : wall_ms - loop_wall_ms();
}

/* The line shows the state, the words, and about so much time left. */
static void
expect_line(struct trade *t, enum line_state state, const char *why,
	int64_t least_ms, int64_t most_ms)
{
	struct line_status status = trade_status(t, "a");
	int64_t left = left_ms(status.until_wall_ms);
	assert_string_equal(
		line_state_name(status.state), line_state_name(state));
	if (why[0] == '\0')
		assert_string_equal(status.why, "");
	if (!strstr(status.why, why) || left < least_ms || left > most_ms)
		fail_msg("%s, %lld ms", status.why, (long long)left);
	assert_true(strlen(status.why) + 1 < sizeof(status.why));
}

struct why {
	struct dispatch *dispatch;
	char reason[32];
	int64_t next_at_wall_ms;
};

static bool
ask_why(void *ctx, const struct ledger_voucher *v)
{
	struct why *why = ctx;
	dispatch_why_waiting(why->dispatch, v, why->reason, sizeof(why->reason),
		&why->next_at_wall_ms);
	return false;
}

/* The card waits for that, and for about so much time. */
static void
expect_card(struct trade *t, const struct trade_batch *b, unsigned i,
	const char *reason, int64_t least_ms, int64_t most_ms)
{
	struct why why = {.dispatch = t->dispatch, .next_at_wall_ms = -1};
	struct ledger_voucher_filter filter = {
		.id = trade_card(t, b, i), .state = -1};
	assert_int_equal(ledger_each_voucher(
				 t->shop.purse->ledger, &filter, ask_why, &why),
		0);
	int64_t left = left_ms(why.next_at_wall_ms);
	assert_string_equal(why.reason, reason);
	if (left < least_ms || left > most_ms)
		fail_msg("%s: %lld ms", reason, (long long)left);
}

/* ---- lines that are no use --------------------------------------------- */

static void
states_have_the_words_of_the_contract(void **state)
{
	(void)state;
	static const char *const words[] = {"absent", "starting", "ready",
		"busy", "fenced", "resting", "locked_out", "paused", "failed"};
	for (int i = LINE_ABSENT; i <= LINE_FAILED; i++)
		assert_string_equal(
			line_state_name((enum line_state)i), words[i]);
}

static void
an_absent_modem_says_when_it_is_looked_for(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	virtual_unplug(A);
	shop_apply(&t.shop);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, MINUTE);
	expect_line(&t, LINE_ABSENT, "the port is not there", 1, 3000);
	expect_card(&t, &b, 0, "no_modem", 0, 0);
	virtual_plug(A, SHOP_SIM_1);
	shop_run_to(&t.shop, "a", MODEM_STARTING);
	expect_line(&t, LINE_STARTING, "", 0, 0);
	expect_card(&t, &b, 0, "no_modem", 0, 0);
	trade_fini(&t);
}

static void
a_modem_that_does_not_answer_rests(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	fakewire_rule(virtual_wire(A),
		(struct fakewire_rule){.when = "", .say = NULL});
	shop_apply(&t.shop);
	shop_run_to(&t.shop, "a", MODEM_RESTING);
	expect_line(&t, LINE_RESTING, "it does not answer", 1, 10 * SECOND);
	trade_fini(&t);
}

static void
what_a_person_must_mend_is_failed(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	shop_modem(&t.shop, "a", A, "auto");
	virtual_plug(A, SHOP_SIM_3);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	expect_line(&t, LINE_FAILED, "no operator profile has this", 0, 0);
	expect_card(&t, &b, 0, "no_modem", 0, 0);
	trade_fini(&t);

	trade_init(&t, *state, COUNTER_PLAIN);
	fakewire_rule(
		virtual_wire(A), (struct fakewire_rule){.when = "AT+CPIN?",
					 .say = "\r\n+CME ERROR: 12\r\n"});
	shop_apply(&t.shop);
	shop_run_to(&t.shop, "a", MODEM_FAILED);
	expect_line(&t, LINE_FAILED, "PUK", 0, 0);
	trade_fini(&t);

	trade_init(&t, *state, COUNTER_PLAIN);
	fakewire_rule(virtual_wire(A), (struct fakewire_rule){.when = "AT+CCID",
					       .say = "\r\nERROR\r\n"});
	fakewire_rule(virtual_wire(A), (struct fakewire_rule){.when = "AT+CIMI",
					       .say = "\r\nERROR\r\n"});
	trade_open(&t);
	b = trade_batch(&t, 1, NULL);
	trade_run(&t, HOUR);
	expect_line(&t, LINE_FAILED, "neither ICCID nor IMSI", 0, 0);
	expect_card(&t, &b, 0, "no_modem", 0, 0);
	assert_int_equal(trade_codes(A, "*"), 0);
	trade_fini(&t);
}

static void
a_line_whose_balance_is_not_told_rests_and_says_why(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*123#", "Happy birthday");
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 20 * SECOND);
	expect_line(
		&t, LINE_RESTING, "tells no balance", 5 * SECOND, 30 * SECOND);
	expect_card(&t, &b, 0, "no_modem", 0, 0);
	trade_fini(&t);
}

/* ---- lines that may not dial ------------------------------------------- */

/* With the SIM its own account stops: unlock allows both. */
static void
unsettled_cards_lock_a_sim_out_for_the_pause(void **state)
{
	struct trade t;
	trade_init(&t, *state, TRADE_LIMITS("reject_pause = 24h\n"));
	trade_answer(A, "*121*", NULL);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 3, NULL);
	trade_run(&t, HOUR);
	expect_line(
		&t, LINE_LOCKED_OUT, "topupctl unlock a", 23 * HOUR, 24 * HOUR);
	expect_line(
		&t, LINE_LOCKED_OUT, "are not settled", 23 * HOUR, 24 * HOUR);
	expect_card(&t, &b, 2, "stopped", 23 * HOUR, 24 * HOUR);
	trade_fini(&t);
}

static void
for_one_number(struct ledger_batch_row *row, unsigned i)
{
	(void)i;
	strcpy(row->target, "0800000099");
}

static void
a_card_waits_for_the_one_in_the_air_for_its_number(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_add_b(&t);
	trade_open_all(&t, 2);
	struct trade_batch b = trade_batch(&t, 2, for_one_number);
	while (redeem_in_flight(t.redeem) == 0)
		trade_run(&t, 50);
	expect_card(&t, &b, 1, "account", 0, 0);
	trade_run(&t, MINUTE);
	trade_expect(&t, &b, 1, VOUCHER_LOADED, "");
	trade_fini(&t);
}

static void
a_card_for_a_stopped_number_says_until_when(void **state)
{
	struct trade t;
	trade_init(&t, *state,
		TRADE_LIMITS("reject_pause = 2h\nbatch_rejects = 9\n"));
	trade_add_b(&t);
	trade_answer(A, "*121*", TRADE_INVALID);
	trade_answer(SHOP_PORT_B, "*121*", TRADE_INVALID);
	trade_open_all(&t, 2);
	struct trade_batch b = trade_batch(&t, 3, for_one_number);
	trade_run(&t, 5 * MINUTE);
	expect_line(&t, LINE_READY, "", 0, 0);
	expect_card(&t, &b, 2, "stopped", HOUR, 2 * HOUR);
	trade_fini(&t);
}

static void
a_card_waits_for_the_slow_start_of_its_batch(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_add_b(&t);
	trade_open_all(&t, 2);
	struct trade_batch b = trade_batch(&t, 3, NULL);
	while (redeem_in_flight(t.redeem) == 0)
		trade_run(&t, 50);
	expect_card(&t, &b, 1, "slow_start", 0, 0);
	trade_run(&t, 2 * SECOND);
	expect_card(&t, &b, 2, "interval", 0, INTERVAL_MS);
	trade_fini(&t);
}

/* The other SIM has room; but the card's own must wait for its verdict. */
static void
a_line_whose_card_waits_for_its_sms_says_so(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*121*", "You will receive an SMS");
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, MINUTE);
	struct trade_batch other = trade_batch(&t, 1, for_one_number);
	trade_expect(&t, &b, 0, VOUCHER_PENDING, "");
	expect_line(&t, LINE_READY, "waits for the SMS", 0, 0);
	expect_card(&t, &other, 0, "account", 0, 0);
	trade_fini(&t);
}

/* ---- what is stopped --------------------------------------------------- */

struct told {
	unsigned count;
	char text[512];
};

static bool
on_stop(void *ctx, const struct dispatch_stop *stop)
{
	struct told *told = ctx;
	size_t len = strlen(told->text);
	told->count++;
	(void)snprintf(told->text + len, sizeof(told->text) - len,
		"%s %s %s%s; ", stop->is_number ? "number" : "sim", stop->name,
		stop->why, stop->until_wall_ms == 0 ? ", for ever" : "");
	assert_true(stop->since_wall_ms > 0);
	return true;
}

static void
expect_stops(struct trade *t, const char *text)
{
	struct told told = {0};
	assert_int_equal(dispatch_each_stop(t->dispatch, on_stop, &told), 0);
	assert_string_equal(told.text, text);
}

static void
each_sim_and_number_that_is_stopped_is_told_once(void **state)
{
	struct trade t;
	trade_init(&t, *state,
		TRADE_LIMITS("reject_pause = never\nbatch_rejects = 9\n"));
	trade_add_b(&t);
	trade_answer(A, "*121*", TRADE_INVALID);
	trade_answer(SHOP_PORT_B, "*121*", TRADE_INVALID);
	trade_open_all(&t, 2);
	expect_stops(&t, "");
	(void)trade_batch(&t, 3, for_one_number);
	trade_run(&t, 5 * MINUTE);
	expect_stops(&t,
		"number 0800000099 2 cards in a row were refused or not "
		"settled, for ever; ");
	trade_pause(&t, "b", true);
	(void)trade_batch(&t, 2, NULL);
	trade_run(&t, 5 * MINUTE);
	expect_stops(&t,
		"sim 8900000000000000011 2 cards in a row were refused or not "
		"settled, for ever; "
		"number 0800000099 2 cards in a row were refused or not "
		"settled, for ever; ");
	trade_pause(&t, "b", false);
	trade_fini(&t);
}

/* It counts from when it is dialled on; that alone stops nobody. */
static void
a_card_in_the_air_is_not_told_as_stopping(void **state)
{
	struct trade t;
	trade_init(&t, *state, TRADE_LIMITS("max_rejects = 1\n"));
	trade_open(&t);
	(void)trade_batch(&t, 1, for_one_number);
	while (redeem_in_flight(t.redeem) == 0)
		trade_run(&t, 50);
	expect_stops(&t, "");
	trade_run(&t, MINUTE);
	expect_stops(&t, "");
	trade_fini(&t);
}

/* The latest moment: five quiet times, should texts keep coming. */
static void
fence_says_when_it_ends_at_the_latest(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	fleet_doubt_all(t.shop.fleet);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 10 * SECOND);
	int64_t most = 5 * (int64_t)FENCE_MS + 10 * SECOND;
	expect_line(&t, LINE_FENCED, "may still be answered",
		INT64_C(4) * FENCE_MS, most);
	expect_card(&t, &b, 0, "interval", INT64_C(4) * FENCE_MS, most);
	trade_run(&t, FENCE_MS);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_fini(&t);
}

static void
a_locked_out_sim_says_until_when_or_that_a_person_is_needed(void **state)
{
	static const struct {
		const char *profile, *answer, *why;
		int64_t least_ms, most_ms;
	} rows[] = {
		{TRADE_LIMITS("reject_pause = 2h\n"), TRADE_INVALID,
			"too many cards in a row", HOUR, 2 * HOUR},
		{TRADE_LIMITS("reject_pause = never\n"), TRADE_INVALID,
			"too many cards in a row", 0, 0},
		{TRADE_LIMITS("reject_pause = 2h\n"), "Too many wrong attempts",
			"has barred this SIM", HOUR, 2 * HOUR},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trade t;
		char iccid[24]; /* another SIM each time */
		trade_init(&t, *state, rows[i].profile);
		(void)snprintf(
			iccid, sizeof(iccid), "890000000000000010%zu", i);
		virtual_plug(A, "001010000000011", iccid);
		trade_answer(A, "*121*", rows[i].answer);
		trade_open(&t);
		struct trade_batch b = trade_batch(&t, 3, NULL);
		trade_run(&t, 5 * MINUTE);
		expect_line(&t, LINE_LOCKED_OUT, rows[i].why, rows[i].least_ms,
			rows[i].most_ms);
		expect_line(&t, LINE_LOCKED_OUT, "topupctl unlock a",
			rows[i].least_ms, rows[i].most_ms);
		expect_card(&t, &b, 2, "stopped", rows[i].least_ms,
			rows[i].most_ms);
		trade_fini(&t);
	}
}

static void
a_paused_line_says_how_to_go_on(void **state)
{
	static const char *const rows[] = {"", "a"};
	for (size_t i = 0; i < 2; i++) {
		struct trade t;
		trade_init(&t, *state, COUNTER_PLAIN);
		trade_open(&t);
		trade_pause(&t, rows[i], true);
		struct trade_batch b = trade_batch(&t, 1, NULL);
		trade_run(&t, SECOND);
		expect_line(&t, LINE_PAUSED, "topupctl resume", 0, 0);
		expect_card(&t, &b, 0, "stopped", 0, 0);
		trade_pause(&t, rows[i], false);
		trade_fini(&t);
	}
}

/* ---- lines that dial --------------------------------------------------- */

static void
a_line_at_work_is_busy_and_then_keeps_its_distance(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	expect_line(&t, LINE_READY, "", 0, 0);
	struct trade_batch b = trade_batch(&t, 2, NULL);
	while (redeem_in_flight(t.redeem) == 0)
		trade_run(&t, 50);
	expect_line(&t, LINE_BUSY, "", 0, 0);
	expect_card(&t, &b, 1, "slow_start", 0, 0);
	while (redeem_in_flight(t.redeem) > 0)
		trade_run(&t, 50);
	expect_line(&t, LINE_READY, "min_interval", 4 * SECOND, INTERVAL_MS);
	expect_card(&t, &b, 1, "interval", 4 * SECOND, INTERVAL_MS);
	trade_run(&t, MINUTE);
	expect_line(&t, LINE_READY, "", 0, 0);
	shop_line(&t.shop, "a")->busy = true; /* taken, nothing sent yet */
	expect_line(&t, LINE_BUSY, "", 0, 0);
	shop_line(&t.shop, "a")->busy = false;
	trade_fini(&t);
}

static void
with_date(struct ledger_batch_row *row, unsigned i)
{
	if (i == 0)
		strcpy(row->expires, "2099-12-31");
}

static void
the_day_of_a_line_is_told(void **state)
{
	struct trade t;
	/* It is noon. */
	trade_init(&t, *state, TRADE_LIMITS("hours = 14:00-15:00\n"));
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 2, with_date);
	trade_run(&t, SECOND);
	expect_line(&t, LINE_READY, "the clock is not synchronised", 0, 0);
	expect_card(&t, &b, 0, "clock", 0, 0);
	expect_card(&t, &b, 1, "clock", 0, 0);
	virtual_set_trusted(true);
	trade_run(&t, SECOND);
	expect_line(&t, LINE_READY, "hours", 2 * HOUR - MINUTE, 2 * HOUR);
	expect_card(&t, &b, 0, "hours", 2 * HOUR - MINUTE, 2 * HOUR);
	trade_fini(&t);

	trade_init(&t, *state, TRADE_LIMITS("daily_max = 1\n"));
	trade_open(&t);
	b = trade_batch(&t, 2, NULL);
	trade_run(&t, MINUTE);
	expect_line(&t, LINE_READY, "daily_max", 11 * HOUR, 12 * HOUR);
	expect_card(&t, &b, 1, "daily_max", 11 * HOUR, 12 * HOUR);
	trade_fini(&t);
}

static void
a_card_with_a_date_waits_for_a_clock_that_is_right(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, with_date);
	trade_run(&t, MINUTE);
	expect_card(&t, &b, 0, "clock", 0, 0);
	trade_fini(&t);
}

static void
a_card_that_is_tried_again_says_when(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*121*", "Please try again later");
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 30 * SECOND);
	expect_card(&t, &b, 0, "retry", 30 * SECOND, MINUTE);
	trade_fini(&t);
}

/* ---- which line a card waits for --------------------------------------- */

static void
for_modem_b(struct ledger_batch_row *row, unsigned i)
{
	if (i == 0)
		strcpy(row->modem, "b");
	if (i == 1)
		strcpy(row->operator, "other");
}

static void
a_card_that_no_line_may_dial_has_no_modem(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	struct trade_batch none = trade_batch(&t, 1, NULL);
	expect_card(&t, &none, 0, "no_modem", 0, 0);
	trade_pause(&t, "", true);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 3, for_modem_b);
	expect_card(&t, &b, 0, "no_modem", 0, 0);
	expect_card(&t, &b, 1, "no_modem", 0, 0);
	expect_card(&t, &b, 2, "stopped", 0, 0);
	shop_line(&t.shop, "a")->busy = true; /* drains for long */
	shop_modem_gone(&t.shop, "a");
	shop_apply(&t.shop);
	expect_card(&t, &b, 2, "no_modem", 0, 0);
	shop_line(&t.shop, "a")->busy = false;
	trade_fini(&t);
}

/* The one that may dial first is told of, wherever it stands in the list. */
static void
a_card_waits_for_the_line_that_is_free_first(void **state)
{
	static const char *const rows[] = {"a", "b"};
	for (size_t i = 0; i < 2; i++) {
		struct trade t;
		trade_init(&t, *state, TRADE_LIMITS("daily_max = 1\n"));
		trade_add_b(&t);
		trade_open(&t);
		trade_pause(&t, rows[i], true);
		struct trade_batch b = trade_batch(&t, 3, NULL);
		trade_run(&t, MINUTE);
		expect_card(&t, &b, 2, "daily_max", 11 * HOUR, 12 * HOUR);
		trade_pause(&t, rows[1 - i], true);
		trade_run(&t, SECOND);
		expect_card(&t, &b, 2, "stopped", 0, 0);
		trade_pause(&t, "a", false);
		trade_pause(&t, "b", false);
		trade_fini(&t);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(states_have_the_words_of_the_contract),
		TEST(an_absent_modem_says_when_it_is_looked_for),
		TEST(a_modem_that_does_not_answer_rests),
		TEST(what_a_person_must_mend_is_failed),
		TEST(a_line_whose_balance_is_not_told_rests_and_says_why),
		TEST(unsettled_cards_lock_a_sim_out_for_the_pause),
		TEST(a_card_waits_for_the_one_in_the_air_for_its_number),
		TEST(a_card_for_a_stopped_number_says_until_when),
		TEST(a_card_waits_for_the_slow_start_of_its_batch),
		TEST(a_line_whose_card_waits_for_its_sms_says_so),
		TEST(each_sim_and_number_that_is_stopped_is_told_once),
		TEST(a_card_in_the_air_is_not_told_as_stopping),
		TEST(fence_says_when_it_ends_at_the_latest),
		TEST(a_locked_out_sim_says_until_when_or_that_a_person_is_needed),
		TEST(a_paused_line_says_how_to_go_on),
		TEST(a_line_at_work_is_busy_and_then_keeps_its_distance),
		TEST(the_day_of_a_line_is_told),
		TEST(a_card_with_a_date_waits_for_a_clock_that_is_right),
		TEST(a_card_that_is_tried_again_says_when),
		TEST(a_card_that_no_line_may_dial_has_no_modem),
		TEST(a_card_waits_for_the_line_that_is_free_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
