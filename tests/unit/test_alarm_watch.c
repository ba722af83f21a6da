/*
 * alarm_watch over a shop in virtual time: what is told, once, over restarts,
 * and that it is over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/alarm_watch.h"
#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/support/purse.h"
#include "tests/virtual/trade.h"

#define A SHOP_PORT_A

static struct alarm_watch *watch;

static void
begin_watch(struct trade *t)
{
	const struct alarm_watch_parts parts = {.loop = t->shop.loop,
		.turn = t->shop.turn,
		.fleet = t->shop.fleet,
		.dispatch = t->dispatch};
	const struct alarm_watch_times times = {.idle_ms = 4 * HOUR,
		.unknown_ms = 24 * HOUR,
		.modem_down_ms = 15 * MINUTE};

	watch = alarm_watch_new(&parts);
	alarm_watch_set(watch, &times);
}

static void
end(struct trade *t)
{
	alarm_watch_free(watch);
	trade_fini(t);
}

/* The next life of the daemon; time goes on there. */
static void
restart(struct trade *t, const char *profile)
{
	alarm_watch_free(watch);
	trade_restart(t, profile);
	begin_watch(t);
}

/* A long time: what the wires were told is forgotten meanwhile. */
static void
run_long(struct trade *t, int64_t ms)
{
	for (; ms > 0; ms -= 30 * MINUTE) {
		virtual_wire(A)->written_len = 0;
		trade_run(t, ms < 30 * MINUTE ? ms : 30 * MINUTE);
	}
}

static void
expect(struct trade *t, const char *event, const char *modem, unsigned count)
{
	assert_int_equal(shop_events(&t->shop, event, modem), count);
}

static void
modem_that_is_down_is_told_once_over_restarts_and_its_return(void **state)
{
	struct trade t;

	trade_init(&t, *state, COUNTER_PLAIN);
	begin_watch(&t);
	trade_open(&t);
	virtual_unplug(A);
	trade_run(&t, 14 * MINUTE);
	expect(&t, "alarm.modem", "a", 0);
	trade_run(&t, 2 * MINUTE);
	expect(&t, "alarm.modem", "a", 1);
	trade_assert_noted(&t, "alarm.modem", "state=absent why=");
	run_long(&t, 24 * HOUR);
	restart(&t, COUNTER_PLAIN);
	virtual_unplug(A);
	shop_apply(&t.shop);
	run_long(&t, HOUR);
	expect(&t, "alarm.modem", "a", 1);
	expect(&t, "alarm.modem_over", "a", 0);
	virtual_plug(A, SHOP_SIM_1);
	shop_run_to(&t.shop, "a", MODEM_READY);
	trade_run(&t, 2 * MINUTE);
	expect(&t, "alarm.modem_over", "a", 1);
	run_long(&t, HOUR);
	restart(&t, COUNTER_PLAIN);
	trade_open(&t);
	run_long(&t, HOUR);
	expect(&t, "alarm.modem", "a", 1);
	expect(&t, "alarm.modem_over", "a", 1);
	end(&t);
}

static void
cards_that_wait_while_nothing_is_loaded_are_told_of(void **state)
{
	struct trade t;

	trade_init(&t, *state, COUNTER_PLAIN);
	begin_watch(&t);
	trade_open(&t);
	run_long(&t, 10 * HOUR); /* nothing waits */
	expect(&t, "alarm.idle", "", 0);
	virtual_unplug(A);
	(void)trade_batch(&t, 2, NULL);
	run_long(&t, 4 * HOUR - MINUTE);
	expect(&t, "alarm.idle", "", 0);
	trade_run(&t, 2 * MINUTE);
	expect(&t, "alarm.idle", "", 1);
	trade_assert_noted(&t, "alarm.idle", "ready=2 last_loaded=never");
	run_long(&t, 10 * HOUR);
	expect(&t, "alarm.idle", "", 1);
	expect(&t, "alarm.idle_over", "", 0);
	virtual_plug(A, SHOP_SIM_1);
	trade_answer(A, "*121*", TRADE_LOADED);
	shop_run_to(&t.shop, "a", MODEM_READY);
	trade_run(&t, 10 * MINUTE);
	expect(&t, "alarm.idle_over", "", 1);
	run_long(&t, 10 * HOUR);
	expect(&t, "alarm.idle", "", 1);
	end(&t);
}

/* Closed hours and a pause are somebody's will. */
static void
cards_that_wait_for_hours_or_a_person_are_no_alarm(void **state)
{
	struct trade t;

	trade_init(&t, *state, TRADE_LIMITS("hours = 03:00-03:10\n"));
	virtual_set_trusted(true);
	begin_watch(&t);
	trade_open(&t);
	(void)trade_batch(&t, 1, NULL);
	run_long(&t, 10 * HOUR);
	expect(&t, "alarm.idle", "", 0);
	trade_pause(&t, "", true);
	run_long(&t, 30 * HOUR);
	expect(&t, "alarm.idle", "", 0);
	end(&t);
}

static void
old_unknown_is_told_once_and_when_it_is_settled(void **state)
{
	struct trade t;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);

	begin_watch(&t);
	run_long(&t, 23 * HOUR);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	expect(&t, "alarm.unknown", "a", 0);
	run_long(&t, 2 * HOUR);
	expect(&t, "alarm.unknown", "a", 1);
	trade_assert_noted(&t, "alarm.unknown", "reason=no_answer");
	restart(&t, COUNTER_PLAIN);
	trade_open(&t);
	run_long(&t, 2 * HOUR);
	expect(&t, "alarm.unknown", "a", 1);
	expect(&t, "alarm.unknown_over", "", 0);
	struct ledger_op op = turn_op(t.shop.turn, LEDGER_VOUCHER_MOVE);
	op.u.voucher_move = purse_move(
		t.shop.purse, trade_card(&t, &b, 0), VOUCHER_RESOLVED_LOADED)
	                            .u.voucher_move;
	op.u.voucher_move.reason[0] = '\0';
	trade_act(&t, &op);
	trade_run(&t, MINUTE);
	expect(&t, "alarm.unknown_over", "", 1);
	end(&t);
}

#define LOW COUNTER_PLAIN "[balance]\nlow = 300.00\n"

static void
low_balance_is_told_once_until_it_was_above(void **state)
{
	struct trade t;

	trade_init(&t, *state, LOW);
	begin_watch(&t);
	trade_open(&t);
	(void)trade_batch(&t, 1, NULL); /* it asks the balance: 250.00 */
	trade_run(&t, 10 * MINUTE);
	expect(&t, "alarm.balance", "a", 1);
	trade_assert_noted(
		&t, "alarm.balance", "balance=250.00 currency=XTS low=300.00");
	run_long(&t, 24 * HOUR);
	restart(&t, LOW);
	run_long(&t, HOUR); /* its SIM is not known */
	trade_open(&t);
	run_long(&t, HOUR);
	expect(&t, "alarm.balance", "a", 1);
	expect(&t, "alarm.balance_over", "", 0);
	trade_answer(A, "*123#", "Your balance is 300.00 XTS");
	(void)trade_batch(&t, 1, NULL);
	trade_run(&t, 10 * MINUTE);
	expect(&t, "alarm.balance_over", "", 1);
	trade_answer(A, "*123#", "Your balance is 299.99 XTS");
	(void)trade_batch(&t, 1, NULL);
	trade_run(&t, 10 * MINUTE);
	expect(&t, "alarm.balance", "a", 2);
	end(&t);
}

static void
lock_out_is_told_with_its_modem_and_its_end(void **state)
{
	struct trade t;

	trade_init(&t, *state, COUNTER_PLAIN);
	begin_watch(&t);
	trade_open(&t);
	trade_answer(A, "*121*", TRADE_INVALID);
	(void)trade_batch(&t, 3, NULL);
	trade_run(&t, 10 * MINUTE);
	expect(&t, "alarm.locked_out", "a", 1);
	trade_assert_noted(&t, "alarm.locked_out", "2 cards in a row");
	restart(&t, COUNTER_PLAIN);
	trade_open(&t);
	trade_run(&t, 20 * MINUTE);
	expect(&t, "alarm.locked_out", "a", 1);
	expect(&t, "alarm.locked_out_over", "", 0);
	trade_pause(&t, "", true); /* so that nothing is dialled meanwhile */
	trade_unlock(&t, "a");
	trade_run(&t, 12 * MINUTE);
	expect(&t, "alarm.locked_out_over", "", 1);
	end(&t);
}

#define CASE(name)                                                             \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(modem_that_is_down_is_told_once_over_restarts_and_its_return),
		CASE(cards_that_wait_while_nothing_is_loaded_are_told_of),
		CASE(cards_that_wait_for_hours_or_a_person_are_no_alarm),
		CASE(old_unknown_is_told_once_and_when_it_is_settled),
		CASE(low_balance_is_told_once_until_it_was_above),
		CASE(lock_out_is_told_with_its_modem_and_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
