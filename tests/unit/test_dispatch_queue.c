/*
 * test_dispatch_queue: which card goes next, on which line, and when, in
 * virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/redeem.h"
#include "tests/virtual/trade.h"

enum { INTERVAL_MS = 5000 }; /* min_interval, where nothing is said */

#define A SHOP_PORT_A
#define B SHOP_PORT_B

/* ---- expiry ------------------------------------------------------------ */

static void
most_expire(struct ledger_batch_row *row, unsigned i)
{
	if (i != 20)
		strcpy(row->expires, "2099-12-31");
}

/* More of them than are looked at in one turn. */
static void
cards_with_a_date_wait_for_a_clock_and_stop_no_others(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 21, most_expire);
	trade_run(&t, 10 * MINUTE);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(trade_dialled(A, &b, i), 0);
	assert_int_equal(trade_dialled(A, &b, 20), 1);
	virtual_set_trusted(true); /* nobody kicks */
	trade_run(&t, 10 * MINUTE);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(trade_dialled(A, &b, i), 1);
	trade_fini(&t);
}

/* The virtual day is 2023-11-14. */
static void
expire_around_today(struct ledger_batch_row *row, unsigned i)
{
	static const char *const dates[] = {
		"2023-11-13", "2023-11-14", "2023-11-15", "2022-12-31"};
	if (i < 4)
		(void)snprintf(
			row->expires, sizeof(row->expires), "%s", dates[i]);
}

static void
by_a_trusted_clock_what_is_past_its_date_is_held(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	virtual_set_trusted(true);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 5, expire_around_today);
	trade_run(&t, 5 * MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_HELD, "expired");
	trade_expect(&t, &b, 1, VOUCHER_LOADED, "");
	trade_expect(&t, &b, 2, VOUCHER_LOADED, "");
	trade_expect(&t, &b, 3, VOUCHER_HELD, "expired");
	trade_expect(&t, &b, 4, VOUCHER_LOADED, "");
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	trade_fini(&t);
}

static void
expire_yesterday(struct ledger_batch_row *row, unsigned i)
{
	if (i < 20)
		strcpy(row->expires, "2023-11-13");
}

static void
a_long_row_of_expired_cards_is_passed(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	virtual_set_trusted(true);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 21, expire_yesterday);
	trade_run(&t, MINUTE);
	trade_expect(&t, &b, 19, VOUCHER_HELD, "expired");
	trade_expect(&t, &b, 20, VOUCHER_LOADED, "");
	trade_fini(&t);
}

/* ---- the balance before ------------------------------------------------ */

static void
the_balance_is_asked_once_where_texts_tell_it(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_answer(
		A, "*121*", "Credited with 100.00. Your balance is 350.00 XTS");
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 5 * MINUTE);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_answer(
		A, "*121*", "Credited with 100.00. Your balance is 450.00 XTS");
	b = trade_batch(&t, 1, NULL);
	trade_run(&t, 5 * MINUTE);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	assert_int_equal(trade_codes(A, "*123#"), 1);
	trade_fini(&t);
}

static void
the_balance_is_asked_at_the_start_of_each_batch_where_they_do_not(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	for (unsigned i = 1; i < 4; i++) {
		struct trade_batch b = trade_batch(&t, 2, NULL);
		trade_run(&t, 5 * MINUTE);
		assert_int_equal(trade_dialled(A, &b, 0), 1);
		assert_int_equal(trade_dialled(A, &b, 1), 1);
		assert_int_equal(trade_codes(A, "*123#"), i);
	}
	trade_fini(&t);
}

static void
before_says_how_often_the_balance_is_asked(void **state)
{
	static const struct {
		const char *profile;
		unsigned asked;
	} rows[] = {
		{COUNTER_PLAIN "before = never\n", 0},
		{COUNTER_PLAIN "before = auto\n", 1},
		{COUNTER_PLAIN "before = always\n", 3},
		{COUNTER_SIMTEL(COUNTER_USSD, ""), 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trade t;
		trade_init(&t, *state, rows[i].profile);
		trade_open(&t);
		struct trade_batch b = trade_batch(&t, 3, NULL);
		trade_run(&t, 5 * MINUTE);
		assert_int_equal(trade_dialled(A, &b, 2), 1);
		assert_int_equal(trade_codes(A, "*123#"), rows[i].asked);
		trade_fini(&t);
	}
}

/* ---- order ------------------------------------------------------------- */

static void
urgent(struct ledger_batch_row *row, unsigned i)
{
	(void)i;
	row->priority = 9;
}

static void
heads_go_by_priority_then_batch_then_row(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	struct trade_batch first = trade_batch(&t, 2, NULL);
	struct trade_batch second = trade_batch(&t, 2, NULL);
	struct trade_batch third = trade_batch(&t, 2, urgent);
	const struct {
		const struct trade_batch *batch;
		unsigned card;
	} order[] = {{&third, 0}, {&third, 1}, {&first, 0}, {&first, 1},
		{&second, 0}, {&second, 1}};
	trade_open(&t);
	trade_run(&t, 5 * MINUTE);
	size_t last = 0;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		size_t place = trade_place(A, order[i].batch, order[i].card);
		assert_true(place > last);
		last = place;
	}
	trade_fini(&t);
}

static void
two_recharges_of_a_sim_keep_their_distance(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 2, NULL);
	while (purse_card(t.shop.purse, trade_card(&t, &b, 0)).state !=
		VOUCHER_LOADED)
		trade_run(&t, 100);
	trade_run(&t, INTERVAL_MS - 500);
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	trade_run(&t, 1 * SECOND);
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	trade_fini(&t);
}

static void
a_busy_network_is_asked_again_when_its_pause_is_over(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	virtual_set_trusted(true); /* else it looks again anyway */
	trade_answer(A, "*121*", "Please try again later");
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 50 * SECOND);
	trade_expect(&t, &b, 0, VOUCHER_READY, "retry");
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_answer(A, "*121*", TRADE_LOADED);
	trade_run(&t, 20 * SECOND);
	assert_int_equal(trade_dialled(A, &b, 0), 2);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	trade_fini(&t);
}

static void
a_missing_sms_leaves_the_card_unknown_in_time(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*121*", "You will receive an SMS");
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 4 * MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_PENDING, "");
	trade_run(&t, 2 * MINUTE); /* sms_timeout is five */
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_sms");
	trade_fini(&t);
}

static void
for_a_number(struct ledger_batch_row *row, unsigned i)
{
	(void)i;
	strcpy(row->target, "0800000099");
}

/* Law 5: whose SMS it is would not be known. */
static void
for_another_number(struct ledger_batch_row *row, unsigned i)
{
	(void)i;
	strcpy(row->target, "0800000088");
}

/* Both the number and the SIM wait: nothing tells apart two SMS. */
static void
a_number_and_a_sim_that_wait_for_an_sms_are_passed(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_add_b(&t);
	trade_answer(A, "*121*", "You will receive an SMS");
	trade_answer(B, "*121*", "You will receive an SMS");
	trade_open_all(&t, 2);
	struct trade_batch first = trade_batch(&t, 1, for_a_number);
	struct trade_batch same = trade_batch(&t, 1, for_a_number);
	struct trade_batch other = trade_batch(&t, 1, for_another_number);
	struct trade_batch self = trade_batch(&t, 2, NULL);
	trade_run(&t, MINUTE);
	trade_expect(&t, &first, 0, VOUCHER_PENDING, "");
	trade_expect(&t, &other, 0, VOUCHER_PENDING, "");
	trade_expect(&t, &same, 0, VOUCHER_READY, "");
	trade_expect(&t, &self, 0, VOUCHER_READY, "");
	trade_expect(&t, &self, 1, VOUCHER_READY, "");
	trade_run(&t, 5 * MINUTE); /* sms_timeout */
	trade_expect(&t, &first, 0, VOUCHER_UNKNOWN, "no_sms");
	assert_int_equal(trade_codes(A, "*121*"), 2);
	assert_int_equal(trade_codes(B, "*121*"), 2);
	trade_fini(&t);
}

/* ---- repeat = once ----------------------------------------------------- */

#define REPEAT(limits)                                                         \
	COUNTER_SIMTEL(COUNTER_USSD "\nrepeat = once", COUNTER_BALANCE)        \
	"[limits]\nbatch_rejects = 50\n" limits

/* Its fence is over: all that may be asked was asked. */
static void
end_fence(struct trade *t)
{
	for (int over = 0; over < 2; over++) {
		struct ledger_op op = purse_op(t->shop.purse, LEDGER_FENCE);
		(void)snprintf(op.u.fence.iccid, LEDGER_NAME_MAX, "%s",
			line_iccid(shop_line(&t->shop, "a")));
		(void)snprintf(op.u.fence.modem, LEDGER_NAME_MAX, "a");
		(void)snprintf(
			op.u.fence.why, sizeof(op.u.fence.why), "no_answer");
		op.u.fence.over = over == 1;
		trade_act(t, &op);
	}
}

/* The first of so many cards is lost, its fence over. */
static struct trade_batch
lose_first(struct trade *t, unsigned rows)
{
	trade_answer(A, "*121*", NULL);
	trade_open(t);
	struct trade_batch b = trade_batch(t, rows, NULL);
	while (purse_card(t->shop.purse, trade_card(t, &b, 0)).state !=
		VOUCHER_UNKNOWN)
		trade_run(t, 100);
	end_fence(t);
	return b;
}

static void
an_unanswered_card_is_repeated_once_and_before_the_others(void **state)
{
	struct trade t;
	trade_init(&t, *state, REPEAT("max_rejects = 5\n"));
	t.shop.list[0]->repeat_once = true;
	struct trade_batch b = lose_first(&t, 2);
	for (int i = 0; i < 3000 && trade_dialled(A, &b, 0) < 2; i++)
		trade_run(&t, 100);
	assert_int_equal(trade_dialled(A, &b, 0), 2);
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	trade_answer(A, "*121*", TRADE_LOADED);
	trade_run(&t, 65 * SECOND);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	end_fence(&t);
	trade_run(&t, 5 * MINUTE);
	assert_int_equal(trade_dialled(A, &b, 0), 2);
	trade_expect(&t, &b, 1, VOUCHER_LOADED, "");
	trade_fini(&t);
}

/* Of its SIM, or of the account: the one in doubt counts there. */
static void
nothing_is_repeated_where_the_breaker_or_the_profile_forbids_it(void **state)
{
	static const char *const rows[] = {
		REPEAT("max_rejects = 1\nreject_pause = never\n"),
		TRADE_LIMITS("max_rejects = 5\nbatch_rejects = 50\n")};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct trade t;
		struct purse *p = NULL;
		assert_int_equal(purse_setup((void **)&p), 0);
		trade_init(&t, p, rows[i]);
		t.shop.list[0]->repeat_once = i == 0;
		struct trade_batch b = lose_first(&t, 1);
		trade_run(&t, 20 * MINUTE);
		assert_int_equal(trade_dialled(A, &b, 0), 1);
		trade_fini(&t);
		assert_int_equal(purse_teardown((void **)&p), 0);
	}
}

#define ALWAYS(recharge)                                                       \
	COUNTER_SIMTEL(recharge "\nrepeat = once",                             \
		COUNTER_BALANCE "before = always\n")                           \
	"[limits]\nbatch_rejects = 50\nmax_rejects = 5\n"

static void
all_for_a_number(struct ledger_batch_row *row, unsigned i)
{
	(void)i;
	strcpy(row->target, "0812345678");
}

/* A reload took its code away. What cannot be repeated must neither be asked
 * for without end, nor keep the others waiting. */
static void
card_that_cannot_be_repeated_keeps_nobody_waiting(void **state)
{
	struct trade t;
	trade_init(&t, *state, ALWAYS(COUNTER_USSD));
	trade_answer(A, "*121*", NULL);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, all_for_a_number);
	trade_run(&t, 65 * SECOND);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	shop_operator(&t.shop, "simtel", ALWAYS("ussd = *121*{pin}#"));
	shop_apply(&t.shop);
	trade_answer(A, "*121*", TRADE_LOADED);
	trade_run(&t, 5 * MINUTE);
	assert_false(trade_is_fenced(&t, "a"));
	struct trade_batch good = trade_batch(&t, 1, NULL);
	trade_run(&t, 20 * SECOND);
	trade_expect(&t, &good, 0, VOUCHER_LOADED, "");
	assert_in_range(trade_codes(A, "*123#"), 1, 5);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_fini(&t);
}

/* ---- several lines ----------------------------------------------------- */

static void
all_for_modem_b(struct ledger_batch_row *row, unsigned i)
{
	(void)i;
	strcpy(row->modem, "b");
}

static void
a_card_for_one_modem_is_dialled_by_no_other(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 2, all_for_modem_b);
	trade_run(&t, HOUR);
	assert_int_equal(trade_codes(A, "*"), 0);
	trade_add_b(&t);
	shop_apply(&t.shop);
	trade_run(&t, 5 * MINUTE);
	assert_int_equal(trade_dialled(B, &b, 0), 1);
	assert_int_equal(trade_dialled(B, &b, 1), 1);
	assert_int_equal(trade_codes(A, "*"), 0);
	trade_fini(&t);
}

static void
all_for_one_number(struct ledger_batch_row *row, unsigned i)
{
	(void)i;
	strcpy(row->target, "0800000099");
}

/* Law 5: one PIN in flight an account, whichever SIM dials. */
static void
two_modems_never_credit_one_number_at_the_same_time(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_add_b(&t);
	trade_open(&t);
	shop_run_to(&t.shop, "b", MODEM_READY);
	struct trade_batch b = trade_batch(&t, 6, all_for_one_number);
	for (int i = 0; i < 600; i++) {
		trade_run(&t, 100);
		assert_true(redeem_in_flight(t.redeem) <= 1);
	}
	for (unsigned i = 0; i < 6; i++)
		trade_expect(&t, &b, i, VOUCHER_LOADED, "");
	trade_fini(&t);
}

static void
two_modems_share_a_batch_and_no_card_goes_twice(void **state)
{
	struct trade t;
	trade_init(&t, *state, TRADE_LIMITS("min_interval = 0\n"));
	trade_add_b(&t);
	trade_open(&t);
	shop_run_to(&t.shop, "b", MODEM_READY);
	struct trade_batch b = trade_batch(&t, 10, NULL);
	trade_run(&t, MINUTE);
	unsigned by_a = 0;
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(
			trade_dialled(A, &b, i) + trade_dialled(B, &b, i), 1);
		by_a += trade_dialled(A, &b, i);
	}
	assert_in_range(by_a, 1, 9);
	trade_fini(&t);
}

static void
a_modem_taken_out_ends_its_attempt_and_goes(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 2, NULL);
	while (redeem_in_flight(t.redeem) == 0)
		trade_run(&t, 50);
	shop_modem_gone(&t.shop, "a");
	shop_apply(&t.shop);
	assert_int_equal(fleet_count(t.shop.fleet), 1);
	trade_run(&t, MINUTE);
	assert_int_equal(fleet_count(t.shop.fleet), 0);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	trade_fini(&t);
}

static void
another_operators_card_is_not_dialled(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	shop_operator(&t.shop, "other",
		"[operator]\nmcc_mnc = 00101\n[recharge]\nussd = *9*{pin}#\n"
		"[reply]\nloaded = good\n");
	shop_modem(&t.shop, "a", A, "other");
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, HOUR);
	trade_expect(&t, &b, 0, VOUCHER_READY, "");
	/* Nor any, while the operator of the SIM is in doubt. */
	shop_modem(&t.shop, "a", A, "auto");
	shop_apply(&t.shop);
	dispatch_kick(t.dispatch);
	trade_run(&t, HOUR);
	trade_expect(&t, &b, 0, VOUCHER_READY, "");
	assert_int_equal(trade_codes(A, "*"), 0);
	trade_fini(&t);
}

/* ---- the day ----------------------------------------------------------- */

static void
hours_wait_for_a_clock_and_then_for_their_time(void **state)
{
	struct trade t;
	trade_init(&t, *state, TRADE_LIMITS("hours = 13:00-14:00\n"));
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 2 * HOUR); /* 14:00, as an untrusted clock says */
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	virtual_set_trusted(true); /* nobody kicks */
	trade_run(&t, 22 * HOUR + 55 * MINUTE);
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	trade_run(&t, 10 * MINUTE); /* past 13:00 of the next day */
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_fini(&t);
}

static void
a_clock_that_is_set_within_the_hours_is_noticed(void **state)
{
	struct trade t;
	trade_init(&t, *state, TRADE_LIMITS("hours = 11:00-14:00\n"));
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, HOUR);
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	virtual_set_trusted(true);
	trade_run(&t, 2 * MINUTE);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_fini(&t);
}

static void
no_sim_dials_more_than_its_daily_number(void **state)
{
	struct trade t;
	trade_init(&t, *state, TRADE_LIMITS("daily_max = 2\n"));
	virtual_set_trusted(true);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 3, NULL);
	trade_run(&t, 11 * HOUR + 50 * MINUTE); /* before midnight */
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	assert_int_equal(trade_dialled(A, &b, 2), 0);
	trade_run(&t, 12 * MINUTE);
	assert_int_equal(trade_dialled(A, &b, 2), 1);
	trade_fini(&t);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cards_with_a_date_wait_for_a_clock_and_stop_no_others),
		TEST(by_a_trusted_clock_what_is_past_its_date_is_held),
		TEST(a_long_row_of_expired_cards_is_passed),
		TEST(the_balance_is_asked_once_where_texts_tell_it),
		TEST(the_balance_is_asked_at_the_start_of_each_batch_where_they_do_not),
		TEST(before_says_how_often_the_balance_is_asked),
		TEST(heads_go_by_priority_then_batch_then_row),
		TEST(two_recharges_of_a_sim_keep_their_distance),
		TEST(a_busy_network_is_asked_again_when_its_pause_is_over),
		TEST(a_missing_sms_leaves_the_card_unknown_in_time),
		TEST(a_number_and_a_sim_that_wait_for_an_sms_are_passed),
		TEST(an_unanswered_card_is_repeated_once_and_before_the_others),
		TEST(nothing_is_repeated_where_the_breaker_or_the_profile_forbids_it),
		TEST(card_that_cannot_be_repeated_keeps_nobody_waiting),
		TEST(a_card_for_one_modem_is_dialled_by_no_other),
		TEST(two_modems_never_credit_one_number_at_the_same_time),
		TEST(two_modems_share_a_batch_and_no_card_goes_twice),
		TEST(a_modem_taken_out_ends_its_attempt_and_goes),
		TEST(another_operators_card_is_not_dialled),
		TEST(hours_wait_for_a_clock_and_then_for_their_time),
		TEST(a_clock_that_is_set_within_the_hours_is_noticed),
		TEST(no_sim_dials_more_than_its_daily_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
