/*
 * test_dispatch_batches: the slow start and the breaker of a batch, in
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

#define A SHOP_PORT_A
#define B SHOP_PORT_B

/* So many of its cards are in that state. */
static int64_t
count_of(struct trade *t, const struct trade_batch *b, enum voucher_state state)
{
	return purse_batch_now(t->shop.purse, b->id).counts[state];
}

/* The first `dialled` of a batch were dialled; the others are held. */
static void
expect_held_after(struct trade *t, const struct trade_batch *b, unsigned rows,
	unsigned dialled)
{
	for (unsigned i = 0; i < rows; i++) {
		unsigned times = trade_dialled(A, b, i);
		times += trade_dialled(B, b, i);
		assert_int_equal(times, i < dialled ? 1 : 0);
		if (i >= dialled)
			trade_expect(t, b, i, VOUCHER_HELD, "batch");
	}
}

/* ---- slow start -------------------------------------------------------- */

/* Each line answers at another moment, so that each step is seen. */
static void
answer_in_turn(unsigned i)
{
	fakewire_rule(virtual_wire(trade_port(i)),
		(struct fakewire_rule){.when = "AT+CUSD=1,\"*121*",
			.say = "\r\nOK\r\n",
			.then = "\r\n+CUSD: 0,\"" TRADE_LOADED "\",15\r\n",
			.then_after_ms = 3000 + 1000 * (int64_t)i});
}

static void
a_batch_starts_with_one_then_twice_as_many_with_each_credit(void **state)
{
	static const size_t most[] = {1, 2, 4, 8, 8};
	size_t seen[sizeof(most) / sizeof(most[0])] = {0};
	struct trade t;
	trade_init(&t, *state,
		COUNTER_PLAIN "before = never\n[limits]\nmin_interval = 0\n");
	for (unsigned i = 1; i < TRADE_LINES; i++)
		trade_add(&t, i);
	for (unsigned i = 0; i < TRADE_LINES; i++)
		answer_in_turn(i);
	trade_open_all(&t, TRADE_LINES);
	struct trade_batch b = trade_batch(&t, 40, NULL);
	for (int i = 0; i < 400; i++) {
		trade_run(&t, 50);
		size_t loaded = (size_t)count_of(&t, &b, VOUCHER_LOADED);
		size_t flying = redeem_in_flight(t.redeem);
		if (loaded < 5 && flying > seen[loaded])
			seen[loaded] = flying;
	}
	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++)
		assert_int_equal(seen[i], most[i]);
	trade_fini(&t);
}

static void
a_batch_in_its_slow_start_lets_the_next_one_go(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN "before = never\n");
	trade_add_b(&t);
	trade_answer(A, "*121*", NULL);
	trade_answer(B, "*121*", NULL);
	trade_open_all(&t, 2);
	struct trade_batch first = trade_batch(&t, 5, NULL);
	struct trade_batch second = trade_batch(&t, 5, NULL);
	trade_run(&t, 10 * SECOND);
	assert_int_equal(redeem_in_flight(t.redeem), 2);
	assert_int_equal(count_of(&t, &first, VOUCHER_DIALING), 1);
	assert_int_equal(count_of(&t, &second, VOUCHER_DIALING), 1);
	trade_fini(&t);
}

/* ---- its breaker ------------------------------------------------------- */

/* One SIM may have so many refused. */
#define LIMITS(rejects)                                                        \
	COUNTER_PLAIN "before = never\n[limits]\nmax_rejects = 100\n"          \
		      "batch_rejects = " rejects "\n"

static void
refusals_before_its_first_success_hold_a_batch(void **state)
{
	struct trade t;
	trade_init(&t, *state, LIMITS("3"));
	trade_answer(A, "*121*", TRADE_INVALID);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 6, NULL);
	struct trade_batch other = trade_batch(&t, 1, NULL);
	trade_run(&t, HOUR);
	expect_held_after(&t, &b, 6, 3);
	/* The next one is another's. */
	assert_int_equal(trade_dialled(A, &other, 0), 1);
	trade_fini(&t);
}

static void
unknowns_before_its_first_success_hold_a_batch(void **state)
{
	struct trade t;
	trade_init(&t, *state, LIMITS("2"));
	trade_answer(A, "*121*", NULL);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 5, NULL);
	trade_run(&t, 2 * HOUR);
	expect_held_after(&t, &b, 5, 2);
	assert_int_equal(count_of(&t, &b, VOUCHER_UNKNOWN), 2);
	trade_fini(&t);
}

/* The card itself may be good; but it was the third that went wrong. */
static void
a_barred_sim_counts_for_its_batch(void **state)
{
	struct trade t;
	trade_init(&t, *state, LIMITS("1"));
	trade_answer(A, "*121*", "Too many wrong attempts");
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 2, NULL);
	trade_run(&t, MINUTE);
	assert_int_equal(count_of(&t, &b, VOUCHER_HELD), 2);
	trade_fini(&t);
}

/* Dials the next card, and that is its answer. */
static void
dial_next(struct trade *t, const char *text)
{
	unsigned before = trade_codes(A, "*121*");
	trade_answer(A, "*121*", text);
	while (trade_codes(A, "*121*") == before)
		trade_run(t, 100);
	trade_run(t, SECOND);
}

static void
six_of_the_last_ten_hold_a_batch_that_began_well(void **state)
{
	static const char word[] = "loooxoxoxxox"; /* x: refused */
	struct trade t;
	trade_init(&t, *state, LIMITS("3"));
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, sizeof(word) + 5, NULL);
	for (size_t i = 0; i + 1 < sizeof(word); i++)
		dial_next(&t, word[i] == 'x' ? TRADE_INVALID : TRADE_LOADED);
	assert_int_equal(count_of(&t, &b, VOUCHER_HELD), 0);
	/* Of the last ten five are refused; the next makes six. */
	dial_next(&t, TRADE_INVALID);
	expect_held_after(&t, &b, sizeof(word) + 5, (unsigned)sizeof(word));
	trade_fini(&t);
}

static void
after_a_release_it_counts_anew(void **state)
{
	struct trade t;
	trade_init(&t, *state, LIMITS("2"));
	trade_add_b(&t);
	trade_answer(A, "*121*", TRADE_INVALID);
	trade_answer(B, "*121*", TRADE_INVALID);
	trade_open_all(&t, 2);
	struct trade_batch b = trade_batch(&t, 9, NULL);
	trade_run(&t, HOUR);
	expect_held_after(&t, &b, 9, 2);
	trade_release(&t, &b);
	trade_run(&t, HOUR);
	expect_held_after(&t, &b, 9, 4);
	/* Slow start, too. */
	trade_answer(A, "*121*", TRADE_LOADED);
	trade_answer(B, "*121*", TRADE_LOADED);
	trade_release(&t, &b);
	trade_run(&t, 200);
	assert_int_equal(redeem_in_flight(t.redeem), 1);
	trade_run(&t, HOUR);
	assert_int_equal(count_of(&t, &b, VOUCHER_LOADED), 5);
	trade_fini(&t);
}

/* Where the first hold stopped is not where the next one begins: the last of
 * its cards were held before it had come to the end of the rows. */
static void
a_batch_of_slices_is_held_at_once_each_time(void **state)
{
	struct trade t;
	trade_init(&t, *state, LIMITS("2"));
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 2 * LEDGER_SLICE_ROWS, NULL);
	for (int round = 1; round <= 3; round++) {
		dial_next(&t, TRADE_INVALID);
		dial_next(&t, TRADE_INVALID);
		assert_int_equal(count_of(&t, &b, VOUCHER_READY), 0);
		assert_int_equal(count_of(&t, &b, VOUCHER_HELD),
			2 * LEDGER_SLICE_ROWS - 2 * round);
		trade_release(&t, &b);
	}
	trade_fini(&t);
}

static void
what_the_breaker_counted_survives_a_restart(void **state)
{
	struct trade t;
	trade_init(&t, *state, LIMITS("3"));
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 6, NULL);
	dial_next(&t, TRADE_INVALID);
	dial_next(&t, TRADE_INVALID);
	trade_restart(&t, LIMITS("3"));
	trade_answer(A, "*121*", TRADE_INVALID);
	trade_open(&t);
	trade_run(&t, HOUR);
	assert_int_equal(trade_dialled(A, &b, 2), 1);
	assert_int_equal(count_of(&t, &b, VOUCHER_HELD), 3);
	trade_fini(&t);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_batch_starts_with_one_then_twice_as_many_with_each_credit),
		TEST(a_batch_in_its_slow_start_lets_the_next_one_go),
		TEST(refusals_before_its_first_success_hold_a_batch),
		TEST(unknowns_before_its_first_success_hold_a_batch),
		TEST(a_barred_sim_counts_for_its_batch),
		TEST(six_of_the_last_ten_hold_a_batch_that_began_well),
		TEST(after_a_release_it_counts_anew),
		TEST(a_batch_of_slices_is_held_at_once_each_time),
		TEST(what_the_breaker_counted_survives_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
