/*
 * test_sentry: stories at the fence, in virtual time with the real ledger:
 * what must happen on a SIM before it dials again, and what settles a card
 * of which no answer came.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/recover.h"
#include "agent/turn.h"
#include "tests/virtual/trade.h"

#define A SHOP_PORT_A
#define B SHOP_PORT_B

/* The operator's time-out and its quiet time are a minute each. */
#define TIMEOUT MINUTE
#define QUIET   MINUTE

/* A real answer that no coding reads. */
#define BROKEN_HEX                                                             \
	"c47258e1ad7e7f477bb2c6781e0ec72785e691d36136481593cd54f6777d8c2ecb2"  \
	"3e1313d6dfd3d36f7764fc26974720fa1b242f8fd161f9b9cc"

/* From trade_unanswered() on: sooner than the fence can be over; later than
 * any needs. */
#define IN_THE_FENCE (TIMEOUT + QUIET - 25 * SECOND)
#define AFTER_FENCE  (TIMEOUT + QUIET + 30 * SECOND)

/* ---- each cause leads through the whole fence -------------------------- */

static void
time_out_leads_through_the_fence_before_the_next_pin(void **state)
{
	struct trade t;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);
	trade_run(&t, IN_THE_FENCE);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_assert_noted(&t, "modem.fenced", "no_answer");
	assert_true(trade_is_fenced(&t, "a"));
	assert_int_equal(trade_codes(A, "*123#"), 2);
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	trade_run(&t, 30 * SECOND);
	assert_false(trade_is_fenced(&t, "a"));
	trade_assert_noted(&t, "modem.fence_over", "balance: other_rise");
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	trade_expect(&t, &b, 1, VOUCHER_LOADED, "");
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_fini(&t);
}

static void
broken_session_leads_through_the_fence(void **state)
{
	struct trade t;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);
	virtual_unplug(A);
	trade_run(&t, 5 * SECOND);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "broken");
	virtual_plug(A, SHOP_SIM_1);
	/* Its answer was due a time-out after it was dialled. */
	trade_run(&t, IN_THE_FENCE - 5 * SECOND);
	assert_true(trade_is_fenced(&t, "a"));
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	trade_run(&t, AFTER_FENCE);
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	trade_fini(&t);
}

/* The daemon dies with a card on air; another life finds it. */
static void
live_again(struct trade *t, void **state, const char *profile)
{
	trade_fini(t);
	trade_init(t, *state, profile);
	assert_false(recover_was_clean(t->shop.turn));
	(void)recover_attempts(t->shop.turn);
	assert_int_equal(turn_commit(t->shop.turn), 0);
	fleet_doubt_all(t->shop.fleet);
	trade_open(t);
}

static void
restart_leads_through_the_fence(void **state)
{
	struct trade t;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);
	live_again(&t, state, COUNTER_PLAIN);
	trade_run(&t, IN_THE_FENCE);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "restart");
	trade_assert_noted(&t, "modem.fenced", "restart");
	assert_true(trade_is_fenced(&t, "a"));
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	trade_run(&t, 30 * SECOND);
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	trade_fini(&t);
}

#define MENU                                                                   \
	COUNTER_SIMTEL("ussd = *120#",                                         \
		COUNTER_BALANCE "[menu]\n1 = (?i)enter the voucher -> {pin}\n" \
				"[limits]\nfence = 10s\n")

/* The PIN went out when the menu asked for it: its answer was due a time-out
 * after that, not after the first code. */
static void
restart_in_a_menu_waits_for_the_answer_to_the_pin(void **state)
{
	struct trade t;
	trade_init(&t, *state, MENU);
	trade_add_b(&t);
	fakewire_rule(virtual_wire(A),
		(struct fakewire_rule){.when = "AT+CUSD=1,\"*120#",
			.say = "\r\nOK\r\n",
			.then = "\r\n+CUSD: 1,\"Enter the voucher\",15\r\n",
			.then_after_ms = 50 * SECOND});
	trade_answer(A, "77", NULL);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 2, NULL);
	trade_run(&t, 55 * SECOND);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_push(&t, B, "Good day"); /* on disk time goes on */
	live_again(&t, state, MENU);
	trade_run(&t, 40 * SECOND);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "restart");
	assert_true(trade_is_fenced(&t, "a"));
	assert_int_equal(trade_codes(A, "*120#"), 0);
	trade_run(&t, AFTER_FENCE);
	assert_in_range(trade_codes(A, "*120#"), 1, 99);
	trade_fini(&t);
}

static void
replug_leads_through_the_fence(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	virtual_unplug(A);
	trade_run(&t, 5 * SECOND);
	virtual_plug(A, SHOP_SIM_1);
	shop_run_to(&t.shop, "a", MODEM_READY);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, QUIET);
	trade_assert_noted(&t, "modem.fenced", "replug");
	assert_true(trade_is_fenced(&t, "a"));
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	trade_run(&t, 20 * SECOND);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_fini(&t);
}

static void
unanswered_balance_request_leads_through_the_fence(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*123#", NULL);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, TIMEOUT + SECOND);
	assert_true(trade_is_fenced(&t, "a"));
	trade_answer(A, "*123#", TRADE_BALANCE);
	trade_run(&t, QUIET);
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	trade_run(&t, 2 * MINUTE);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_fini(&t);
}

static void
verdict_that_nobody_asked_for_leads_through_the_fence(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 20 * SECOND);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	trade_push(&t, A, TRADE_LOADED); /* a copy of its own answer */
	assert_false(trade_is_fenced(&t, "a"));
	trade_push(&t, A, "Happy birthday");
	trade_push(&t, A, TRADE_BALANCE);
	assert_false(trade_is_fenced(&t, "a"));
	trade_push(&t, A, TRADE_INVALID);
	assert_true(trade_is_fenced(&t, "a"));
	trade_assert_noted(&t, "modem.fenced", "text");
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	trade_fini(&t);
}

/* ---- late answers ------------------------------------------------------ */

/* The next question is answered by the card's verdict. */
static void
late_answer_comes_to_the_balance_question(void **state)
{
	struct trade t;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);
	fakewire_rule(virtual_wire(A),
		(struct fakewire_rule){.when = "AT+CUSD=1,\"*123#",
			.say = "\r\nOK\r\n",
			.then = "\r\n+CUSD: 0,\"" TRADE_LOADED "\",15\r\n",
			.then_after_ms = 500,
			.times = 1});
	trade_run(&t, TIMEOUT);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	trade_assert_noted(&t, "voucher.loaded", "late_answer");
	/* The answer to that question is still to come: it is asked again. */
	assert_int_equal(trade_codes(A, "*123#"), 3);
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	assert_true(trade_is_fenced(&t, "a"));
	trade_run(&t, AFTER_FENCE);
	trade_assert_noted(&t, "modem.fence_over", "late_answer");
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	trade_fini(&t);
}

static void
late_answer_is_pushed_while_the_fence_is_quiet(void **state)
{
	static const struct {
		const char *text;
		enum voucher_state state;
		const char *reason;
	} rows[] = {
		{TRADE_LOADED, VOUCHER_LOADED, ""},
		{TRADE_INVALID, VOUCHER_REJECTED, "invalid"},
		{"Already used by you", VOUCHER_REJECTED, "used"},
		{"Credited with 50.00", VOUCHER_UNKNOWN, "no_answer"},
		{"Try again later", VOUCHER_UNKNOWN, "no_answer"},
		{"You will receive an SMS", VOUCHER_UNKNOWN, "no_answer"},
		{TRADE_BALANCE, VOUCHER_UNKNOWN, "no_answer"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trade t;
		char iccid[24]; /* another SIM each time */
		trade_init(&t, *state, COUNTER_PLAIN);
		(void)snprintf(
			iccid, sizeof(iccid), "890000000000000010%zu", i);
		virtual_plug(A, "001010000000011", iccid);
		trade_answer(A, "*121*", NULL);
		trade_open(&t);
		struct trade_batch b = trade_batch(&t, 1, NULL);
		trade_run(&t, TIMEOUT + 20 * SECOND);
		assert_true(trade_is_fenced(&t, "a"));
		print_message("%s\n", rows[i].text);
		trade_push(&t, A, rows[i].text);
		trade_expect(&t, &b, 0, rows[i].state, rows[i].reason);
		trade_run(&t, 2 * AFTER_FENCE);
		assert_false(trade_is_fenced(&t, "a"));
		trade_expect(&t, &b, 0, rows[i].state, rows[i].reason);
		trade_fini(&t);
	}
}

static void
late_answer_is_pushed_after_the_fence(void **state)
{
	struct trade t;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);
	trade_pause(&t, "a", true); /* so that no other PIN is dialled */
	trade_run(&t, AFTER_FENCE);
	assert_false(trade_is_fenced(&t, "a"));
	trade_push(&t, A, TRADE_LOADED);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	assert_true(trade_is_fenced(&t, "a")); /* more may follow */
	trade_pause(&t, "a", false);
	trade_fini(&t);
}

/* Whose it is nobody knows then. */
static void
late_answer_after_the_next_pin_settles_nothing(void **state)
{
	struct trade t;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*121*", TRADE_INVALID);
	trade_run(&t, AFTER_FENCE);
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	trade_expect(&t, &b, 1, VOUCHER_REJECTED, "invalid");
	trade_push(&t, A, "Already used");
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_expect(&t, &b, 1, VOUCHER_REJECTED, "invalid");
	/* Nor is it the refused card's, with the other in doubt. */
	trade_push(&t, A, TRADE_LOADED);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_expect(&t, &b, 1, VOUCHER_REJECTED, "invalid");
	trade_fini(&t);
}

/* A card that had its answer: soon after, that text may have been another's;
 * hours later, a credit is somebody's transfer. */
static void
credit_pushed_after_a_refusal_counts_only_soon(void **state)
{
	static const struct {
		int64_t until_dialled_ms; /* a fence of the row before */
		int64_t after_ms;
		enum voucher_state state;
		const char *reason;
	} rows[] = {
		{10 * SECOND, 2 * SECOND, VOUCHER_LOADED, ""},
		{AFTER_FENCE, 3 * HOUR, VOUCHER_REJECTED, "invalid"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trade t;
		trade_init(&t, *state, COUNTER_PLAIN);
		trade_answer(A, "*121*", TRADE_INVALID);
		trade_open(&t);
		struct trade_batch b = trade_batch(&t, 1, NULL);
		trade_run(&t, rows[i].until_dialled_ms);
		trade_expect(&t, &b, 0, VOUCHER_REJECTED, "invalid");
		trade_run(&t, rows[i].after_ms);
		trade_push(&t, A, TRADE_LOADED);
		trade_expect(&t, &b, 0, rows[i].state, rows[i].reason);
		trade_fini(&t);
	}
}

static void
late_word_of_a_barred_sim_stops_it(void **state)
{
	struct trade t;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);
	trade_run(&t, TIMEOUT);
	trade_push(&t, A, "Too many wrong attempts");
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_run(&t, HOUR);
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	assert_int_equal(trade_status(&t, "a").state, LINE_LOCKED_OUT);
	trade_fini(&t);
}

/* ---- the bounds of the fence ------------------------------------------- */

static void
text_after_text_holds_the_fence_five_quiet_times(void **state)
{
	struct trade t;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);
	trade_run(&t, TIMEOUT - 10 * SECOND);
	/* A text each 50 seconds, for ever: the fifth quiet time ends it. */
	for (int i = 0; i < 5; i++) {
		trade_run(&t, 49 * SECOND);
		assert_int_equal(trade_dialled(A, &b, 1), 0);
		assert_true(trade_is_fenced(&t, "a"));
		trade_push(&t, A, TRADE_INVALID);
	}
	trade_run(&t, 30 * SECOND);
	trade_assert_noted(&t, "modem.fence_over", "cut short");
	trade_run(&t, QUIET);
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	trade_fini(&t);
}

static void
unreadable_text_begins_the_quiet_time_again(void **state)
{
	struct trade t;
	(void)trade_unanswered(&t, *state, COUNTER_PLAIN);
	trade_run(&t, TIMEOUT + 30 * SECOND);
	fakewire_say(
		virtual_wire(A), "\r\n+CUSD: 0,\"" BROKEN_HEX "\",1\r\n", 0);
	trade_run(&t, 55 * SECOND);
	assert_true(trade_is_fenced(&t, "a"));
	trade_run(&t, 20 * SECOND);
	assert_false(trade_is_fenced(&t, "a"));
	trade_fini(&t);
}

static void
three_unanswered_questions_lead_to_the_radio(void **state)
{
	struct trade t;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*123#", NULL);
	trade_run(&t, 4 * TIMEOUT);
	assert_int_equal(trade_codes(A, "*123#"), 4);
	assert_int_equal(fakewire_count(virtual_wire(A), "AT+CFUN=4"), 1);
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	assert_true(trade_is_fenced(&t, "a"));
	/* The last of them was due at the end of its time-out. */
	trade_run(&t, QUIET - 25 * SECOND);
	assert_true(trade_is_fenced(&t, "a"));
	trade_run(&t, 30 * SECOND);
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	trade_fini(&t);
}

/* The radio, where the operator has no balance code, or no more for today. */
static void
what_may_not_be_asked_leads_to_the_radio(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_SIMTEL(COUNTER_USSD, ""));
	trade_answer(A, "*121*", NULL);
	trade_open(&t);
	(void)trade_batch(&t, 1, NULL);
	trade_run(&t, AFTER_FENCE);
	assert_false(trade_is_fenced(&t, "a"));
	assert_int_equal(fakewire_count(virtual_wire(A), "AT+CFUN=4"), 1);
	trade_fini(&t);
}

static void
limit_of_the_day_forbids_the_question(void **state)
{
	struct trade t;
	(void)trade_unanswered(&t, *state,
		COUNTER_SIMTEL(
			COUNTER_USSD, COUNTER_BALANCE "max_per_day = 1\n"));
	trade_run(&t, AFTER_FENCE);
	assert_int_equal(trade_codes(A, "*123#"), 1);
	assert_int_equal(fakewire_count(virtual_wire(A), "AT+CFUN=4"), 1);
	trade_fini(&t);
}

/* before = never is about cards, not about the fence. */
static void
before_never_does_not_forbid_the_question(void **state)
{
	struct trade t;
	trade_init(&t, *state,
		COUNTER_SIMTEL(
			COUNTER_USSD, COUNTER_BALANCE "before = never\n"));
	trade_answer(A, "*121*", NULL);
	trade_open(&t);
	(void)trade_batch(&t, 1, NULL);
	trade_run(&t, AFTER_FENCE);
	assert_int_equal(trade_codes(A, "*123#"), 1);
	trade_assert_noted(&t, "modem.fence_over", "no_reading_before");
	trade_fini(&t);
}

static void
fence_outlives_the_daemon(void **state)
{
	struct trade t;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);
	trade_run(&t, TIMEOUT + 10 * SECOND);
	assert_true(trade_is_fenced(&t, "a"));
	/* A clean stop: nothing but the ledger knows of it. */
	trade_fini(&t);
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	trade_run(&t, QUIET);
	assert_true(trade_is_fenced(&t, "a"));
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	trade_run(&t, 20 * SECOND);
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	trade_fini(&t);
}

static void
fence_follows_its_sim_to_another_modem(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	virtual_plug(B, SHOP_SIM_2);
	shop_modem(&t.shop, "b", B, "simtel");
	trade_answer(B, "*121*", TRADE_LOADED);
	trade_answer(B, "*123#", TRADE_BALANCE);
	trade_answer(A, "*121*", NULL);
	trade_open(&t);
	shop_run_to(&t.shop, "b", MODEM_READY);
	trade_pause(&t, "b", true);
	struct trade_batch b = trade_batch(&t, 2, NULL);
	trade_run(&t, TIMEOUT + 20 * SECOND);
	assert_true(trade_is_fenced(&t, "a"));
	virtual_unplug(A);
	virtual_unplug(B);
	trade_run(&t, 5 * SECOND);
	trade_pause(&t, "b", false);
	virtual_plug(B, SHOP_SIM_1);
	shop_run_to(&t.shop, "b", MODEM_READY);
	trade_run(&t, QUIET - 10 * SECOND);
	assert_true(trade_is_fenced(&t, "b"));
	assert_int_equal(trade_dialled(B, &b, 1), 0);
	trade_run(&t, AFTER_FENCE);
	assert_int_equal(trade_dialled(B, &b, 1), 1);
	trade_fini(&t);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(time_out_leads_through_the_fence_before_the_next_pin),
		TEST(broken_session_leads_through_the_fence),
		TEST(restart_leads_through_the_fence),
		TEST(restart_in_a_menu_waits_for_the_answer_to_the_pin),
		TEST(replug_leads_through_the_fence),
		TEST(unanswered_balance_request_leads_through_the_fence),
		TEST(verdict_that_nobody_asked_for_leads_through_the_fence),
		TEST(late_answer_comes_to_the_balance_question),
		TEST(late_answer_is_pushed_while_the_fence_is_quiet),
		TEST(late_answer_is_pushed_after_the_fence),
		TEST(late_answer_after_the_next_pin_settles_nothing),
		TEST(credit_pushed_after_a_refusal_counts_only_soon),
		TEST(late_word_of_a_barred_sim_stops_it),
		TEST(text_after_text_holds_the_fence_five_quiet_times),
		TEST(unreadable_text_begins_the_quiet_time_again),
		TEST(three_unanswered_questions_lead_to_the_radio),
		TEST(what_may_not_be_asked_leads_to_the_radio),
		TEST(limit_of_the_day_forbids_the_question),
		TEST(before_never_does_not_forbid_the_question),
		TEST(fence_outlives_the_daemon),
		TEST(fence_follows_its_sim_to_another_modem),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
