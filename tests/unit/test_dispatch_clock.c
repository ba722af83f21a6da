/*
 * test_dispatch_clock: a wall clock that jumps changes no time-out, ends no
 * pause and expires no voucher, in virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "agent/clock.h"
#include "agent/loop.h"
#include "tests/support/fakewire.h"
#include "tests/virtual/trade.h"

#define A   SHOP_PORT_A
#define B   SHOP_PORT_B
#define DAY (24 * HOUR)

/* Years forward, and back before the epoch of most clocks. */
static const int64_t jumps[] = {400 * DAY, -400 * DAY, 3 * HOUR, -3 * HOUR};
enum { JUMPS = sizeof(jumps) / sizeof(jumps[0]) };

static void
jump(int64_t by_ms)
{
	virtual_set_wall(loop_wall_ms() + by_ms);
}

/* The virtual day is 2023-11-14. */
static void
expires_tomorrow(struct ledger_batch_row *row, unsigned i)
{
	(void)i;
	strcpy(row->expires, "2023-11-15");
}

static void
a_jump_expires_no_voucher(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	virtual_set_trusted(true);
	trade_open(&t);
	/* Somebody is listened to: the clock is looked at. */
	struct trade_batch first = trade_batch(&t, 1, expires_tomorrow);
	trade_run(&t, MINUTE);
	trade_expect(&t, &first, 0, VOUCHER_LOADED, "");
	jump(400 * DAY);
	struct trade_batch b = trade_batch(&t, 1, expires_tomorrow);
	trade_run(&t, 5 * MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_READY, "");
	jump(-400 * DAY); /* corrected in time */
	trade_run(&t, CLOCK_DOUBT_MS + 2 * MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	trade_fini(&t);
}

static void
a_jump_opens_no_hours(void **state)
{
	struct trade t;
	trade_init(&t, *state,
		TRADE_LIMITS("hours = 12:00-13:00\nmin_interval = 1s\n"));
	virtual_set_trusted(true);
	trade_open(&t);
	struct trade_batch first = trade_batch(&t, 1, NULL);
	trade_run(&t, MINUTE);
	trade_expect(&t, &first, 0, VOUCHER_LOADED, "");
	trade_run(&t, 2 * HOUR); /* it is two o'clock */
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, MINUTE);
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	jump(22 * HOUR);
	dispatch_kick(t.dispatch);
	trade_run(&t, 5 * MINUTE);
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	trade_fini(&t);
}

static void
a_jump_begins_no_new_day(void **state)
{
	static const bool synced[] = {true, false};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct trade t;
		void *fresh;
		assert_int_equal(purse_setup(&fresh), 0);
		trade_init(&t, fresh, TRADE_LIMITS("daily_max = 2\n"));
		virtual_set_trusted(synced[i]);
		trade_open(&t);
		struct trade_batch b = trade_batch(&t, 4, NULL);
		trade_run(&t, MINUTE);
		assert_int_equal(trade_dialled(A, &b, 1), 1);
		assert_int_equal(trade_dialled(A, &b, 2), 0);
		jump(3 * DAY);
		dispatch_kick(t.dispatch);
		trade_run(&t, CLOCK_DOUBT_MS / 2);
		assert_int_equal(trade_dialled(A, &b, 2), 0);
		jump(-3 * DAY);
		virtual_set_trusted(false);
		/* Its own day, by the time that it ran. */
		trade_run(&t, 23 * HOUR);
		assert_int_equal(trade_dialled(A, &b, 2), 0);
		trade_run(&t, HOUR);
		assert_int_equal(trade_dialled(A, &b, 3), 1);
		trade_fini(&t);
		assert_int_equal(purse_teardown(&fresh), 0);
	}
}

static void
a_jump_ends_no_pause(void **state)
{
	(void)state;
	for (size_t i = 0; i < JUMPS; i++) {
		struct trade t;
		void *fresh;
		assert_int_equal(purse_setup(&fresh), 0);
		trade_init(&t, fresh, TRADE_LIMITS("min_interval = 10m\n"));
		virtual_set_trusted(true);
		trade_open(&t);
		struct trade_batch b = trade_batch(&t, 2, NULL);
		trade_run(&t, MINUTE);
		assert_int_equal(trade_dialled(A, &b, 0), 1);
		jump(jumps[i]);
		dispatch_kick(t.dispatch);
		trade_run(&t, 8 * MINUTE);
		assert_int_equal(trade_dialled(A, &b, 1), 0);
		trade_run(&t, 2 * MINUTE);
		assert_int_equal(trade_dialled(A, &b, 1), 1);
		trade_fini(&t);
		assert_int_equal(purse_teardown(&fresh), 0);
	}
}

static void
a_jump_changes_no_time_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < JUMPS; i++) {
		struct trade t;
		void *fresh;
		assert_int_equal(purse_setup(&fresh), 0);
		trade_init(&t, fresh, COUNTER_PLAIN);
		trade_answer(A, "*121*", NULL);
		virtual_set_trusted(true);
		trade_open(&t);
		struct trade_batch b = trade_batch(&t, 1, NULL);
		while (trade_dialled(A, &b, 0) == 0)
			trade_run(&t, 100);
		jump(jumps[i]);
		trade_run(&t, 40 * SECOND); /* the profile says 60 */
		trade_expect(&t, &b, 0, VOUCHER_DIALING, "");
		trade_run(&t, 40 * SECOND);
		trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
		trade_fini(&t);
		assert_int_equal(purse_teardown(&fresh), 0);
	}
}

/* ---- what networks say -------------------------------------------------- */

/* 2026-11-22T12:00:00Z: no network says the virtual day. */
#define WALL_MS INT64_C(1795348800000)

/* The modem there says it by itself: the wall clock, so far off. */
static void
network_says(struct trade *t, const char *port, int64_t off_ms)
{
	time_t seconds = (time_t)((loop_wall_ms() + off_ms) / 1000);
	char line[96];
	struct tm tm;
	gmtime_r(&seconds, &tm);
	(void)strftime(line, sizeof(line),
		"\r\n*PSUTTZ: %Y,%m,%d,%H,%M,%S,\"+4\",0\r\n", &tm);
	fakewire_say(virtual_wire(port), line, 0);
	trade_run(t, SECOND);
}

static void
expires_next_week(struct ledger_batch_row *row, unsigned i)
{
	(void)i;
	strcpy(row->expires, "2026-11-29");
}

/* A clock that nobody synchronised, and hours that are open all day. */
static void
open_unsynced(struct trade *t, struct purse *p)
{
	trade_init(t, p,
		TRADE_LIMITS("hours = 00:00-24:00\n"
			     "min_interval = 1s\n"));
	virtual_set_wall(WALL_MS);
	trade_add_b(t);
	trade_open_all(t, 2);
}

struct asked {
	struct dispatch *dispatch;
	char why[32];
};

static bool
ask_why(void *ctx, const struct ledger_voucher *v)
{
	struct asked *asked = ctx;
	int64_t next_wall_ms;
	dispatch_why_waiting(asked->dispatch, v, asked->why, sizeof(asked->why),
		&next_wall_ms);
	return false;
}

/* Whether one card with a date is dialled within minutes; else it waits for
 * the clock, and is cancelled by nobody. */
static bool
goes(struct trade *t)
{
	struct trade_batch b = trade_batch(t, 1, expires_next_week);
	trade_run(t, 3 * MINUTE);
	unsigned dialled = trade_dialled(A, &b, 0) + trade_dialled(B, &b, 0);
	if (dialled > 0) {
		trade_expect(t, &b, 0, VOUCHER_LOADED, "");
		return true;
	}
	trade_expect(t, &b, 0, VOUCHER_READY, "");
	struct asked asked = {.dispatch = t->dispatch};
	struct ledger_voucher_filter filter = {
		.id = trade_card(t, &b, 0), .state = -1};
	assert_int_equal(ledger_each_voucher(t->shop.purse->ledger, &filter,
				 ask_why, &asked),
		0);
	assert_string_equal(asked.why, "clock");
	return false;
}

static void
a_network_that_agrees_opens_hours_and_dates(void **state)
{
	static const struct {
		int64_t off_ms;
		bool right;
	} rows[] = {{0, true}, {4 * MINUTE, true}, {-4 * MINUTE, true},
		{6 * MINUTE, false}, {-HOUR, false}, {365 * DAY, false}};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trade t;
		void *fresh;
		assert_int_equal(purse_setup(&fresh), 0);
		open_unsynced(&t, fresh);
		assert_false(goes(&t));
		network_says(&t, A, rows[i].off_ms);
		assert_int_equal(goes(&t), rows[i].right);
		assert_false(loop_clock_is_trusted());
		trade_fini(&t);
		assert_int_equal(purse_teardown(&fresh), 0);
	}
}

static void
networks_that_disagree_open_nothing(void **state)
{
	struct trade t;
	open_unsynced(&t, *state);
	network_says(&t, A, 0);
	network_says(&t, B, HOUR);
	assert_false(goes(&t));
	network_says(&t, B, MINUTE);
	assert_true(goes(&t));
	/* A clock that is synchronised asks nobody. */
	network_says(&t, B, HOUR);
	assert_false(goes(&t));
	virtual_set_trusted(true);
	assert_true(goes(&t));
	trade_fini(&t);
}

static void
a_day_without_news_ends_the_belief(void **state)
{
	struct trade t;
	open_unsynced(&t, *state);
	network_says(&t, A, 0);
	trade_run(&t, DAY - 10 * MINUTE);
	assert_true(goes(&t));
	trade_run(&t, 10 * MINUTE);
	assert_false(goes(&t));
	network_says(&t, A, 0);
	assert_true(goes(&t));
	trade_fini(&t);
}

static void
a_jump_away_from_the_network_ends_the_belief(void **state)
{
	struct trade t;
	open_unsynced(&t, *state);
	network_says(&t, A, 0);
	assert_true(goes(&t));
	jump(HOUR);
	assert_false(goes(&t));
	jump(-HOUR);
	assert_true(goes(&t));
	trade_fini(&t);
}

int
main(void)
{
#define CLOCK_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		CLOCK_TEST(a_jump_expires_no_voucher),
		CLOCK_TEST(a_jump_opens_no_hours),
		cmocka_unit_test(a_jump_begins_no_new_day),
		cmocka_unit_test(a_jump_ends_no_pause),
		cmocka_unit_test(a_jump_changes_no_time_out),
		cmocka_unit_test(a_network_that_agrees_opens_hours_and_dates),
		CLOCK_TEST(networks_that_disagree_open_nothing),
		CLOCK_TEST(a_day_without_news_ends_the_belief),
		CLOCK_TEST(a_jump_away_from_the_network_ends_the_belief),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
