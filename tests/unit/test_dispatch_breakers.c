/*
 * test_dispatch_breakers: SIMs and numbers that stop themselves before the
 * operator stops them, in virtual time, and whom that may not keep waiting.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/virtual/trade.h"

#define A      SHOP_PORT_A
#define B      SHOP_PORT_B
#define NUMBER "0800000099"

/* Two refusals are enough; batches stop for six of ten only. */
#define LIMITS TRADE_LIMITS("reject_pause = 10m\nbatch_rejects = 50\n")

static void
for_one_number(struct ledger_batch_row *row, unsigned i)
{
	(void)i;
	strcpy(row->target, NUMBER);
}

/* How often the card was dialled, wherever. */
static unsigned
dialled(const struct trade_batch *b, unsigned i)
{
	return trade_dialled(A, b, i) + trade_dialled(B, b, i);
}

/* So many of the first of a batch were dialled, each once, and no other. */
static void
expect_dialled(const struct trade_batch *b, unsigned rows, unsigned first)
{
	for (unsigned i = 0; i < rows; i++)
		if (dialled(b, i) != (i < first ? 1 : 0))
			fail_msg("card %u was dialled %u times", i,
				dialled(b, i));
}

static void
both_answer(const char *text)
{
	trade_answer(A, "*121*", text);
	trade_answer(B, "*121*", text);
}

/* "a" and "b"; both refuse. */
static void
open_two(struct trade *t, struct purse *p, const char *profile)
{
	trade_init(t, p, profile);
	trade_add_b(t);
	both_answer(TRADE_INVALID);
	trade_open_all(t, 2);
}

/* ---- a number ---------------------------------------------------------- */

static void
refusals_over_two_sims_stop_the_number_and_no_sim(void **state)
{
	struct trade t;
	open_two(&t, *state, LIMITS);
	struct trade_batch b = trade_batch(&t, 4, for_one_number);
	trade_run(&t, 9 * MINUTE);
	expect_dialled(&b, 4, 2);
	assert_int_equal(trade_codes(A, "*121*"), 1);
	assert_int_equal(trade_codes(B, "*121*"), 1);
	assert_int_equal(trade_status(&t, "a").state, LINE_READY);
	assert_int_equal(trade_status(&t, "b").state, LINE_READY);
	trade_expect(&t, &b, 2, VOUCHER_READY, "");
	trade_fini(&t);
}

static void
a_person_allows_a_number_one_card_more(void **state)
{
	struct trade t;
	open_two(&t, *state,
		TRADE_LIMITS("reject_pause = never\nbatch_rejects = 50\n"));
	struct trade_batch b = trade_batch(&t, 5, for_one_number);
	trade_run(&t, 3 * HOUR);
	expect_dialled(&b, 5, 2);
	trade_unlock_number(&t, "0800000011"); /* another one */
	trade_run(&t, 20 * MINUTE);
	expect_dialled(&b, 5, 2);
	trade_unlock_number(&t, NUMBER);
	trade_run(&t, 3 * HOUR);
	expect_dialled(&b, 5, 3);
	/* One that is credited lets the others follow. */
	both_answer(TRADE_LOADED);
	trade_unlock_number(&t, NUMBER);
	trade_run(&t, 20 * MINUTE);
	expect_dialled(&b, 5, 5);
	trade_fini(&t);
}

/* Ten minutes, then twenty. */
static void
a_pause_that_ran_out_tries_one_card_of_the_number(void **state)
{
	struct trade t;
	open_two(&t, *state, LIMITS);
	virtual_set_trusted(true); /* else it looks each minute anyway */
	struct trade_batch b = trade_batch(&t, 5, for_one_number);
	trade_run(&t, 9 * MINUTE);
	expect_dialled(&b, 5, 2);
	trade_run(&t, 2 * MINUTE);
	expect_dialled(&b, 5, 3);
	trade_run(&t, 18 * MINUTE);
	expect_dialled(&b, 5, 3);
	trade_run(&t, 3 * MINUTE);
	expect_dialled(&b, 5, 4);
	trade_fini(&t);
}

static void
what_is_stopped_stays_so_over_a_restart(void **state)
{
	static trade_tweak *const tweaks[] = {for_one_number, NULL};
	for (size_t i = 0; i < 2; i++) {
		struct trade t;
		struct purse *p = NULL;
		assert_int_equal(purse_setup((void **)&p), 0);
		trade_init(&t, p, LIMITS);
		trade_answer(A, "*121*", TRADE_INVALID);
		trade_open(&t);
		struct trade_batch b = trade_batch(&t, 3, tweaks[i]);
		trade_run(&t, 5 * MINUTE);
		assert_int_equal(trade_dialled(A, &b, 1), 1);
		trade_restart(&t, LIMITS);
		trade_open(&t);
		trade_run(&t, 3 * MINUTE);
		assert_int_equal(trade_dialled(A, &b, 2), 0);
		trade_run(&t, 10 * MINUTE);
		assert_int_equal(trade_dialled(A, &b, 2), 1);
		trade_fini(&t);
		assert_int_equal(purse_teardown((void **)&p), 0);
	}
	(void)state;
}

static void
a_credit_forgets_what_was_before_it(void **state)
{
	struct trade t;
	open_two(&t, *state, LIMITS);
	struct trade_batch b = trade_batch(&t, 5, for_one_number);
	while (dialled(&b, 0) == 0)
		trade_run(&t, 100);
	both_answer(TRADE_LOADED); /* the next */
	while (dialled(&b, 1) == 0)
		trade_run(&t, 100);
	both_answer(TRADE_INVALID);
	trade_run(&t, 5 * MINUTE);
	expect_dialled(&b, 5, 4);
	trade_expect(&t, &b, 1, VOUCHER_LOADED, "");
	trade_fini(&t);
}

/* The SIMs of one account have one breaker. */
static void
sims_of_one_account_stop_together(void **state)
{
	struct trade t;
	trade_init(&t, *state, LIMITS);
	trade_add_b(&t);
	strcpy(t.shop.modems[0].account, "shop");
	strcpy(t.shop.modems[1].account, "shop");
	both_answer(TRADE_INVALID);
	trade_open_all(&t, 2);
	struct trade_batch b = trade_batch(&t, 4, NULL);
	trade_run(&t, 9 * MINUTE);
	expect_dialled(&b, 4, 2);
	assert_int_equal(trade_codes(A, "*121*"), 1);
	assert_int_equal(trade_codes(B, "*121*"), 1);
	/* They are not stopped for a number. */
	struct trade_batch other = trade_batch(&t, 1, for_one_number);
	trade_run(&t, MINUTE);
	expect_dialled(&other, 1, 1);
	trade_fini(&t);
}

/* ---- a SIM ------------------------------------------------------------- */

/* Its time-out and the fence take some minutes. */
static void
an_unknown_card_counts_like_a_refusal(void **state)
{
	struct trade t;
	trade_init(&t, *state,
		TRADE_LIMITS("reject_pause = never\nbatch_rejects = 50\n"));
	trade_answer(A, "*121*", NULL);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 4, NULL);
	trade_run(&t, 10 * MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_answer(A, "*121*", TRADE_INVALID);
	trade_run(&t, 3 * HOUR);
	unsigned count = trade_codes(A, "*121*");
	assert_int_equal(count, 2);
	assert_int_equal(trade_status(&t, "a").state, LINE_LOCKED_OUT);
	trade_unlock(&t, "a");
	trade_run(&t, 3 * HOUR);
	assert_int_equal(trade_codes(A, "*121*"), 3);
	assert_int_equal(trade_status(&t, "a").state, LINE_LOCKED_OUT);
	trade_fini(&t);
}

/* Two modems exchange their SIMs: what stops one of them stops it in the
 * other modem, and in no modem the other. */
static void
what_stops_a_sim_goes_with_it_to_another_modem(void **state)
{
	struct trade t;
	trade_init(&t, *state,
		TRADE_LIMITS("reject_pause = never\nbatch_rejects = 50\n"));
	trade_add_b(&t);
	trade_answer(A, "*121*", NULL);
	trade_open_all(&t, 2);
	trade_pause(&t, "b", true);
	struct trade_batch b = trade_batch(&t, 4, NULL);
	trade_run(&t, 10 * MINUTE);
	trade_answer(A, "*121*", TRADE_INVALID);
	trade_run(&t, 30 * MINUTE);
	assert_int_equal(trade_codes(A, "*121*"), 2);
	assert_int_equal(trade_status(&t, "a").state, LINE_LOCKED_OUT);
	virtual_unplug(A);
	virtual_unplug(B);
	trade_run(&t, 5 * SECOND);
	virtual_plug(A, SHOP_SIM_2);
	virtual_plug(B, SHOP_SIM_1);
	trade_answer(A, "*121*", TRADE_LOADED);
	trade_answer(B, "*121*", TRADE_LOADED);
	shop_run_to(&t.shop, "b", MODEM_READY);
	trade_pause(&t, "b", false);
	trade_run(&t, 30 * MINUTE);
	assert_int_equal(trade_status(&t, "b").state, LINE_LOCKED_OUT);
	assert_int_equal(trade_codes(B, "*121*"), 0);
	trade_expect(&t, &b, 2, VOUCHER_LOADED, "");
	trade_expect(&t, &b, 3, VOUCHER_LOADED, "");
	assert_int_equal(trade_codes(A, "*121*"), 4);
	trade_fini(&t);
}

/* Ten minutes from each try on, then twice as many. */
static void
a_barred_sim_tries_one_card_after_ever_longer_pauses(void **state)
{
	struct trade t;
	trade_init(&t, *state, LIMITS);
	trade_answer(A, "*121*", "Too many wrong attempts");
	trade_open(&t);
	(void)trade_batch(&t, 1, NULL);
	trade_run(&t, 9 * MINUTE);
	assert_int_equal(trade_codes(A, "*121*"), 1);
	trade_run(&t, 2 * MINUTE);
	assert_int_equal(trade_codes(A, "*121*"), 2);
	trade_run(&t, 18 * MINUTE);
	assert_int_equal(trade_codes(A, "*121*"), 2);
	trade_run(&t, 3 * MINUTE);
	assert_int_equal(trade_codes(A, "*121*"), 3);
	trade_run(&t, 35 * MINUTE);
	assert_int_equal(trade_codes(A, "*121*"), 3);
	trade_fini(&t);
}

/* ---- nobody starves ---------------------------------------------------- */

enum { MANY = 300 };

static void
many_for_one_number_then_some_for_self(struct ledger_batch_row *row, unsigned i)
{
	if (i < MANY)
		strcpy(row->target, NUMBER);
}

static void
a_long_run_of_cards_for_a_stopped_number_stops_no_others(void **state)
{
	struct trade t;
	open_two(&t, *state,
		TRADE_LIMITS("reject_pause = never\nbatch_rejects = 50\n"));
	struct trade_batch first = trade_batch(&t, 2, for_one_number);
	trade_run(&t, MINUTE);
	expect_dialled(&first, 2, 2);
	both_answer(TRADE_LOADED);
	struct trade_batch b = trade_batch(
		&t, MANY + 10, many_for_one_number_then_some_for_self);
	trade_run(&t, 5 * MINUTE);
	assert_int_equal(dialled(&b, 0), 0);
	assert_int_equal(dialled(&b, MANY - 1), 0);
	for (unsigned i = MANY; i < MANY + 10; i++)
		assert_int_equal(dialled(&b, i), 1);
	assert_true(trade_codes(A, "*121*") >= 4);
	assert_true(trade_codes(B, "*121*") >= 4);
	trade_fini(&t);
}

static void
for_many_numbers_then_self(struct ledger_batch_row *row, unsigned i)
{
	if (i < MANY)
		(void)snprintf(
			row->target, sizeof(row->target), "08%08u", i % 150);
}

static void
stop_number(struct trade *t, unsigned n)
{
	struct purse *p = t->shop.purse;
	for (unsigned i = 0; i < 2; i++) {
		struct ledger_op row;
		int64_t batch = purse_open_batch(p);
		row = purse_row(p, batch, 2);
		(void)snprintf(row.u.batch_row.target,
			sizeof(row.u.batch_row.target), "08%08u", n);
		purse_must(p, &row);
		struct ledger_op op = purse_op(p, LEDGER_BATCH_ACCEPT);
		op.u.batch_accept.batch = batch;
		purse_must(p, &op);
		op = purse_begin(p, purse_voucher(p, batch, 2));
		(void)snprintf(op.u.attempt_begin.account,
			sizeof(op.u.attempt_begin.account), "08%08u", n);
		(void)snprintf(op.u.attempt_begin.iccid,
			sizeof(op.u.attempt_begin.iccid), "elsewhere%u", n);
		op.u.attempt_begin.batch_rejects = 50;
		op = purse_settle(p, purse_must(p, &op), LEDGER_ANSWERED,
			VERDICT_INVALID, VOUCHER_REFUSED_FIRST);
		strcpy(op.u.attempt_settle.reason, "invalid");
		purse_must(p, &op);
	}
}

/* More of them than one look remembers. */
static void
many_stopped_numbers_stop_no_others(void **state)
{
	struct trade t;
	trade_init(&t, *state,
		TRADE_LIMITS("reject_pause = never\nbatch_rejects = 50\n"));
	for (unsigned n = 0; n < 150; n++)
		stop_number(&t, n);
	trade_open(&t);
	struct trade_batch b =
		trade_batch(&t, MANY + 3, for_many_numbers_then_self);
	trade_run(&t, 5 * MINUTE);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(trade_dialled(A, &b, i), 0);
	for (unsigned i = MANY; i < MANY + 3; i++)
		assert_int_equal(trade_dialled(A, &b, i), 1);
	trade_fini(&t);
}

static void
for_modem_b(struct ledger_batch_row *row, unsigned i)
{
	(void)i;
	strcpy(row->modem, "b");
}

/* Those of a modem that stands still keep no other from its own. */
static void
cards_for_a_modem_that_is_stopped_stop_no_other_modem(void **state)
{
	struct trade t;
	open_two(&t, *state,
		TRADE_LIMITS("reject_pause = never\nbatch_rejects = 50\n"));
	struct trade_batch pinned = trade_batch(&t, 20, for_modem_b);
	trade_run(&t, 5 * MINUTE);
	expect_dialled(&pinned, 20, 2);
	assert_int_equal(trade_status(&t, "b").state, LINE_LOCKED_OUT);
	trade_answer(A, "*121*", TRADE_LOADED);
	struct trade_batch b = trade_batch(&t, 5, NULL);
	trade_run(&t, 5 * MINUTE);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(trade_dialled(A, &b, i), 1);
	expect_dialled(&pinned, 20, 2);
	trade_fini(&t);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refusals_over_two_sims_stop_the_number_and_no_sim),
		TEST(a_person_allows_a_number_one_card_more),
		TEST(a_pause_that_ran_out_tries_one_card_of_the_number),
		TEST(what_is_stopped_stays_so_over_a_restart),
		TEST(a_credit_forgets_what_was_before_it),
		TEST(sims_of_one_account_stop_together),
		TEST(an_unknown_card_counts_like_a_refusal),
		TEST(what_stops_a_sim_goes_with_it_to_another_modem),
		TEST(a_barred_sim_tries_one_card_after_ever_longer_pauses),
		TEST(a_long_run_of_cards_for_a_stopped_number_stops_no_others),
		TEST(many_stopped_numbers_stop_no_others),
		TEST(cards_for_a_modem_that_is_stopped_stop_no_other_modem),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
