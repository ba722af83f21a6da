/*
 * test_dispatch: when a line may not dial, and which cards never are dialled,
 * in virtual time with a real ledger and the real driver. What is proven of
 * each card is what its modem was told to dial.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "agent/redeem.h"
#include "agent/turn.h"
#include "tests/virtual/trade.h"

enum { FENCE_MS = 60000 };

#define A SHOP_PORT_A

/* ---- no PIN before its time -------------------------------------------- */

static void
no_pin_is_dialled_while_the_balance_is_not_answered(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*123#", NULL);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	/* Time-out, and fences that ask three times and are quiet. */
	trade_run(&t, 10 * MINUTE);
	unsigned asked = trade_codes(A, "*123#");
	assert_in_range(asked, 4, 8);
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	trade_expect(&t, &b, 0, VOUCHER_READY, "");
	trade_answer(A, "*123#", TRADE_BALANCE);
	trade_run(&t, 20 * MINUTE);
	assert_in_range(trade_codes(A, "*123#"), asked + 1, asked + 2);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	trade_fini(&t);
}

/* Each failure makes the line rest longer: 30 s, 60 s, 120 s, 240 s. */
static void
a_balance_that_is_refused_is_asked_ever_more_rarely(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	fakewire_rule(
		virtual_wire(A), (struct fakewire_rule){.when = "AT+CUSD=1,",
					 .say = "\r\n+CME ERROR: 30\r\n",
					 .after_ms = 5});
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 460 * SECOND);
	assert_int_equal(trade_codes(A, "*123#"), 5);
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	trade_fini(&t);
}

/* Whatever `before` says, a PIN does not find the coding. */
static void
before_always_finds_the_coding_first_too(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN "before = always\n");
	trade_answer(A, "*123#", NULL);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 10 * MINUTE);
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	trade_answer(A, "*123#", TRADE_BALANCE);
	trade_run(&t, 20 * MINUTE);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_fini(&t);
}

static void
a_pause_holds_all_or_one_until_it_is_lifted(void **state)
{
	static const char *const rows[] = {"", "a"};
	for (size_t i = 0; i < 2; i++) {
		struct trade t;
		trade_init(&t, *state, COUNTER_PLAIN);
		trade_open(&t);
		trade_pause(&t, "b", true); /* another one */
		trade_pause(&t, rows[i], true);
		struct trade_batch b = trade_batch(&t, 1, NULL);
		trade_run(&t, HOUR);
		assert_int_equal(trade_dialled(A, &b, 0), 0);
		assert_int_equal(trade_codes(A, "*123#"), 0);
		trade_pause(&t, rows[i], false);
		trade_run(&t, MINUTE);
		assert_int_equal(trade_dialled(A, &b, 0), 1);
		trade_pause(&t, "b", false);
		trade_fini(&t);
	}
}

/* max_rejects is 2: one more may follow the first, not the second. */
static void
an_unsettled_card_counts_and_lets_one_more_go_when_its_fence_is_over(
	void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*121*", NULL);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 4, NULL);
	while (purse_card(t.shop.purse, trade_card(&t, &b, 0)).state !=
		VOUCHER_UNKNOWN)
		trade_run(&t, SECOND);
	assert_int_equal(trade_status(&t, "a").state, LINE_FENCED);
	trade_run(&t, 55 * SECOND);
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	trade_run(&t, HOUR);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	assert_int_equal(trade_dialled(A, &b, 2), 0);
	assert_int_equal(trade_status(&t, "a").state, LINE_LOCKED_OUT);
	trade_unlock(&t, "a");
	trade_run(&t, HOUR);
	assert_int_equal(trade_dialled(A, &b, 2), 1);
	assert_int_equal(trade_dialled(A, &b, 3), 0);
	assert_int_equal(trade_status(&t, "a").state, LINE_LOCKED_OUT);
	trade_fini(&t);
}

/* Unlocking at once does not shorten the quiet time of the old session. */
static void
quiet_time_is_kept_whatever_a_person_allows(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*121*", NULL);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 2, NULL);
	while (trade_status(&t, "a").state != LINE_FENCED)
		trade_run(&t, SECOND);
	trade_unlock(&t, "a");
	trade_run(&t, FENCE_MS - 5 * SECOND);
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	assert_int_equal(trade_status(&t, "a").state, LINE_FENCED);
	trade_run(&t, 15 * SECOND);
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	trade_fini(&t);
}

static void
the_breaker_stops_a_sim_and_lets_one_pin_through_after_its_pause(void **state)
{
	struct trade t;
	trade_init(&t, *state,
		TRADE_LIMITS("reject_pause = 10m\nbatch_rejects = 50\n"));
	trade_answer(A, "*121*", TRADE_INVALID);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 6, NULL);
	trade_run(&t, 5 * MINUTE);
	trade_expect(&t, &b, 1, VOUCHER_REJECTED, "invalid");
	assert_int_equal(trade_dialled(A, &b, 2), 0);
	assert_int_equal(trade_status(&t, "a").state, LINE_LOCKED_OUT);
	trade_run(&t, 6 * MINUTE); /* one try after 10 minutes */
	assert_int_equal(trade_dialled(A, &b, 2), 1);
	assert_int_equal(trade_dialled(A, &b, 3), 0);
	trade_run(&t, 18 * MINUTE); /* the pause has doubled */
	assert_int_equal(trade_dialled(A, &b, 3), 0);
	trade_run(&t, 3 * MINUTE);
	assert_int_equal(trade_dialled(A, &b, 3), 1);
	/* A person allows one, not all of them. */
	trade_unlock(&t, "a");
	trade_run(&t, 5 * MINUTE);
	assert_int_equal(trade_dialled(A, &b, 4), 1);
	assert_int_equal(trade_dialled(A, &b, 5), 0);
	trade_fini(&t);
}

static void
a_barred_sim_dials_no_more_until_its_pause_is_over(void **state)
{
	struct trade t;
	trade_init(&t, *state, TRADE_LIMITS("reject_pause = 10m\n"));
	trade_answer(A, "*121*", "Too many wrong attempts");
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 9 * MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_READY, "retry");
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	assert_int_equal(trade_status(&t, "a").state, LINE_LOCKED_OUT);
	trade_answer(A, "*121*", TRADE_LOADED);
	trade_run(&t, 2 * MINUTE);
	assert_int_equal(trade_dialled(A, &b, 0), 2);
	trade_fini(&t);
}

static void
a_draining_daemon_ends_what_is_on_air_and_dials_nothing_new(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 2, NULL);
	while (redeem_in_flight(t.redeem) == 0)
		trade_run(&t, 50);
	dispatch_drain(t.dispatch);
	trade_run(&t, HOUR);
	assert_int_equal(redeem_in_flight(t.redeem), 0);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	dispatch_kick(t.dispatch);
	trade_run(&t, HOUR);
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	trade_expect(&t, &b, 1, VOUCHER_READY, "");
	trade_fini(&t);
}

/* No file may grow: as on a full disk. */
static void
fill_disk(bool full)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = full ? 0 : limit.rlim_max;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
a_full_disk_lets_nothing_be_dialled(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 2, NULL);
	while (trade_codes(A, "*123#") == 0)
		trade_run(&t, 50);
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	fill_disk(true);
	trade_run(&t, MINUTE);
	fill_disk(false);
	assert_non_null(turn_stuck(t.shop.turn));
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	trade_run(&t, MINUTE);
	assert_null(turn_stuck(t.shop.turn));
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	trade_fini(&t);
}

static void
an_intent_that_the_ledger_refuses_is_tried_again(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN "before = never\n");
	virtual_set_trusted(true);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	/* A transaction that is not the turn's: its own cannot begin. */
	assert_int_equal(ledger_begin(t.shop.purse->ledger), 0);
	trade_run(&t, 500);
	ledger_rollback(t.shop.purse->ledger);
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	trade_run(&t, 5 * SECOND);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_fini(&t);
}

/* ---- cards that cannot be dialled -------------------------------------- */

static void
first_is_for_a_number(struct ledger_batch_row *row, unsigned i)
{
	if (i == 0)
		strcpy(row->target, "0800000099");
}

static void
a_card_that_its_operator_cannot_dial_is_held_and_the_next_goes(void **state)
{
	struct trade t;
	trade_init(&t, *state,
		COUNTER_SIMTEL("ussd = *121*{pin}#", COUNTER_BALANCE));
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 2, first_is_for_a_number);
	trade_run(&t, MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_HELD, "person");
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	trade_fini(&t);
}

static void
first_is_damaged(struct ledger_batch_row *row, unsigned i)
{
	if (i == 0)
		row->sealed[row->sealed_len - 1] ^= 1;
}

static void
a_card_whose_pin_cannot_be_unsealed_is_held_and_the_next_goes(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 2, first_is_damaged);
	trade_run(&t, MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_HELD, "person");
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	trade_fini(&t);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_pin_is_dialled_while_the_balance_is_not_answered),
		TEST(a_balance_that_is_refused_is_asked_ever_more_rarely),
		TEST(before_always_finds_the_coding_first_too),
		TEST(a_pause_holds_all_or_one_until_it_is_lifted),
		TEST(an_unsettled_card_counts_and_lets_one_more_go_when_its_fence_is_over),
		TEST(quiet_time_is_kept_whatever_a_person_allows),
		TEST(the_breaker_stops_a_sim_and_lets_one_pin_through_after_its_pause),
		TEST(a_barred_sim_dials_no_more_until_its_pause_is_over),
		TEST(a_draining_daemon_ends_what_is_on_air_and_dials_nothing_new),
		TEST(a_full_disk_lets_nothing_be_dialled),
		TEST(an_intent_that_the_ledger_refuses_is_tried_again),
		TEST(a_card_that_its_operator_cannot_dial_is_held_and_the_next_goes),
		TEST(a_card_whose_pin_cannot_be_unsealed_is_held_and_the_next_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
