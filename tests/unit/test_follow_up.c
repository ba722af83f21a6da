/*
 * test_follow_up: codes after a recharge, beside cards, fences, restarts and
 * reloads, in virtual time with the real ledger.
 */
#include "agent/follow_up.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/balance.h"
#include "agent/loop.h"
#include "agent/recover.h"
#include "agent/turn.h"
#include "tests/virtual/trade.h"

#define A SHOP_PORT_A

/* The operator's time-out and its quiet time are a minute each. */
#define AFTER_FENCE (4 * MINUTE)

#define BUNDLE      "*140*1#"
#define SECOND_CODE "*140*2#"
#define FOLLOW_UPS                                                             \
	"[follow_up]\n1 = " BUNDLE " => (?i)activated\n2 = " SECOND_CODE       \
	" => (?i)renewed\n"
#define PROFILE COUNTER_PLAIN FOLLOW_UPS

/* ---- short words -------------------------------------------------------- */

static void
open_shop(struct trade *t, struct purse *p, const char *profile)
{
	trade_init(t, p, profile);
	trade_answer(A, BUNDLE, "Bundle activated");
	trade_answer(A, SECOND_CODE, "Bundle renewed");
	trade_open(t);
}

struct told {
	char text[256];
};

static bool
on_row(void *ctx, const struct ledger_follow *f)
{
	struct told *told = ctx;
	size_t len = strlen(told->text);
	(void)snprintf(told->text + len, sizeof(told->text) - len,
		"%s%u %s%s%s", len > 0 ? ", " : "", f->step,
		ledger_follow_state_name(f->state),
		f->why[0] != '\0' ? " " : "", f->why);
	return true;
}

/* "1 done, 2 owed" */
static void
expect(struct trade *t, const struct trade_batch *b, unsigned i,
	const char *rows)
{
	struct told told = {.text = ""};
	assert_int_equal(ledger_each_follow(t->shop.purse->ledger,
				 trade_card(t, b, i), on_row, &told),
		0);
	assert_string_equal(told.text, rows);
}

static size_t
place_of(const char *code)
{
	const struct fakewire *wire = virtual_wire(A);
	char command[64];
	(void)snprintf(command, sizeof(command), "AT+CUSD=1,\"%s", code);
	const char *at = strstr(wire->written, command);
	assert_non_null(at);
	return (size_t)(at - wire->written);
}

/* ---- after a recharge --------------------------------------------------- */

static void
codes_go_out_in_order_before_the_next_card(void **state)
{
	struct trade t;
	open_shop(&t, *state, PROFILE);
	struct trade_batch b = trade_batch(&t, 2, NULL);
	trade_run(&t, 2 * MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	trade_expect(&t, &b, 1, VOUCHER_LOADED, "");
	expect(&t, &b, 0, "1 done, 2 done");
	expect(&t, &b, 1, "1 done, 2 done");
	assert_int_equal(trade_codes(A, BUNDLE), 2);
	assert_int_equal(trade_codes(A, SECOND_CODE), 2);
	assert_true(trade_place(A, &b, 0) < place_of(BUNDLE));
	assert_true(place_of(BUNDLE) < place_of(SECOND_CODE));
	assert_true(place_of(SECOND_CODE) < trade_place(A, &b, 1));
	assert_false(trade_is_fenced(&t, "a"));
	assert_int_equal(shop_events(&t.shop, "sim.follow_up", "a"), 4);
	trade_assert_noted(&t, "sim.followed",
		"step=2 fate=answered matched=yes reply=Bundle renewed");
	trade_fini(&t);
}

static void
an_operator_without_such_codes_owes_none(void **state)
{
	struct trade t;
	open_shop(&t, *state, COUNTER_PLAIN);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	expect(&t, &b, 0, "");
	assert_int_equal(trade_codes(A, "*140*"), 0);
	trade_fini(&t);
}

static void
a_card_that_is_refused_is_followed_by_nothing(void **state)
{
	struct trade t;
	open_shop(&t, *state, PROFILE);
	trade_answer(A, "*121*", TRADE_INVALID);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_REJECTED, "invalid");
	assert_int_equal(trade_codes(A, "*140*"), 0);
	trade_fini(&t);
}

/* The reading before a code is no evidence for the card after it. */
static void
a_balance_proves_nothing_across_a_code(void **state)
{
	struct trade t;
	open_shop(&t, *state, PROFILE);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, MINUTE);
	expect(&t, &b, 0, "1 done, 2 done");
	struct ledger_sim sim;
	assert_int_equal(ledger_sim(t.shop.purse->ledger,
				 line_iccid(shop_line(&t.shop, "a")), 0, &sim),
		0);
	assert_false(sim.balance_is_last);
	trade_assert_noted(&t, "sim.spoiled", "by=follow_up");
	trade_fini(&t);
}

static void
a_pause_stops_a_code_too(void **state)
{
	struct trade t;
	open_shop(&t, *state, PROFILE);
	trade_answer(A, "*121*", TRADE_LOADED);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	while (trade_dialled(A, &b, 0) == 0)
		trade_run(&t, 100);
	trade_pause(&t, "a", true);
	trade_run(&t, HOUR);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	expect(&t, &b, 0, "1 owed, 2 owed");
	assert_int_equal(trade_codes(A, "*140*"), 0);
	trade_pause(&t, "a", false);
	trade_run(&t, MINUTE);
	expect(&t, &b, 0, "1 done, 2 done");
	trade_fini(&t);
}

/* ---- what goes wrong ---------------------------------------------------- */

static void
another_answer_stops_what_may_build_on_it(void **state)
{
	struct trade t;
	open_shop(&t, *state, PROFILE);
	trade_answer(A, BUNDLE, "Insufficient balance");
	struct trade_batch b = trade_batch(&t, 2, NULL);
	trade_run(&t, 2 * MINUTE);
	expect(&t, &b, 0, "1 failed, 2 dropped step_failed");
	expect(&t, &b, 1, "1 failed, 2 dropped step_failed");
	trade_expect(&t, &b, 1, VOUCHER_LOADED, "");
	assert_int_equal(trade_codes(A, SECOND_CODE), 0);
	assert_false(trade_is_fenced(&t, "a"));
	assert_int_equal(shop_events(&t.shop, "sim.follow_up_failed", "a"), 2);
	trade_assert_noted(&t, "sim.followed", "matched=no");
	trade_fini(&t);
}

static void
no_answer_raises_a_fence_and_is_never_asked_again(void **state)
{
	struct trade t;
	open_shop(&t, *state, PROFILE);
	trade_answer(A, BUNDLE, NULL);
	struct trade_batch b = trade_batch(&t, 2, NULL);
	trade_run(&t, 80 * SECOND);
	assert_true(trade_is_fenced(&t, "a"));
	expect(&t, &b, 0, "1 failed no_answer, 2 dropped step_failed");
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	trade_assert_noted(&t, "modem.fenced", "why=follow_up");
	trade_run(&t, AFTER_FENCE);
	trade_expect(&t, &b, 1, VOUCHER_LOADED, "");
	trade_run(&t, HOUR);
	assert_int_equal(trade_codes(A, BUNDLE), 2); /* one a card */
	trade_fini(&t);
}

/* The first card is found to be credited while the second is unknown. */
static struct trade_batch
followed_beside_an_unknown(struct trade *t, struct purse *p)
{
	struct trade_batch b = trade_unanswered(t, p, PROFILE);
	trade_answer(A, "*121*", "Something new");
	trade_answer(A, BUNDLE, NULL);
	trade_run(t, 2 * AFTER_FENCE);
	trade_expect(t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_expect(t, &b, 1, VOUCHER_UNKNOWN, "unrecognised");
	struct ledger_op op = purse_op(p, LEDGER_EVIDENCE);
	op.u.evidence.attempt = 1;
	op.u.evidence.event = VOUCHER_EVIDENCE;
	op.u.evidence.credited_minor = 10000;
	op.u.evidence.balance_minor = MONEY_NONE;
	trade_act(t, &op);
	trade_run(t, SECOND);
	assert_int_equal(trade_codes(A, BUNDLE), 1);
	return b;
}

/* "Credited with" is what a bundle is told by as well. */
static void
its_late_answer_is_no_cards(void **state)
{
	struct trade t;
	struct trade_batch b = followed_beside_an_unknown(&t, *state);
	trade_run(&t, 70 * SECOND);
	assert_true(trade_is_fenced(&t, "a"));
	trade_push(&t, A, TRADE_LOADED);
	trade_expect(&t, &b, 1, VOUCHER_UNKNOWN, "unrecognised");
	trade_assert_noted(&t, "modem.text", TRADE_LOADED);
	assert_true(trade_is_fenced(&t, "a"));
	trade_fini(&t);
}

static void
a_cards_verdict_in_its_place_is_evidence_of_nothing(void **state)
{
	struct trade t;
	struct trade_batch b = followed_beside_an_unknown(&t, *state);
	trade_push(&t, A, TRADE_LOADED);
	expect(&t, &b, 0, "1 failed, 2 dropped step_failed");
	trade_expect(&t, &b, 1, VOUCHER_UNKNOWN, "unrecognised");
	assert_true(trade_is_fenced(&t, "a")); /* the right one may come */
	trade_fini(&t);
}

static void
one_that_the_modem_refuses_is_tried_three_times(void **state)
{
	struct trade t;
	open_shop(&t, *state, PROFILE);
	fakewire_rule(virtual_wire(A),
		(struct fakewire_rule){.when = "AT+CUSD=1,\"" BUNDLE,
			.say = "\r\n+CME ERROR: 3\r\n"});
	struct trade_batch b = trade_batch(&t, 2, NULL);
	trade_run(&t, 12 * SECOND);
	expect(&t, &b, 0, "1 owed refused, 2 owed");
	trade_run(&t, 5 * MINUTE);
	expect(&t, &b, 0, "1 failed refused, 2 dropped step_failed");
	trade_expect(&t, &b, 1, VOUCHER_LOADED, "");
	assert_int_equal(trade_codes(A, BUNDLE), 6);
	assert_false(trade_is_fenced(&t, "a"));
	trade_fini(&t);
}

/* ---- a restart ---------------------------------------------------------- */

static void
restart(struct trade *t)
{
	struct purse *p = t->shop.purse;
	trade_restart(t, PROFILE);
	(void)recover_attempts(t->shop.turn);
	trade_answer(A, BUNDLE, "Bundle activated");
	trade_answer(A, SECOND_CODE, "Bundle renewed");
	trade_open(t);
	assert_ptr_equal(t->shop.purse, p);
}

static void
one_that_was_on_air_when_we_died_never_goes_out_again(void **state)
{
	struct trade t;
	open_shop(&t, *state, PROFILE);
	trade_answer(A, BUNDLE, NULL);
	struct trade_batch b = trade_batch(&t, 2, NULL);
	for (int i = 0; i < 600 && trade_codes(A, BUNDLE) == 0; i++)
		trade_run(&t, 100);
	expect(&t, &b, 0, "1 dialing, 2 owed");
	restart(&t);
	expect(&t, &b, 0, "1 failed restart, 2 dropped step_failed");
	trade_run(&t, SECOND);
	assert_true(trade_is_fenced(&t, "a"));
	trade_run(&t, AFTER_FENCE);
	trade_expect(&t, &b, 1, VOUCHER_LOADED, "");
	assert_int_equal(trade_codes(A, BUNDLE), 1); /* the second card's */
	trade_fini(&t);
}

static void
what_was_owed_when_we_stopped_goes_out_in_the_next_life(void **state)
{
	struct trade t;
	open_shop(&t, *state, PROFILE);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	while (trade_dialled(A, &b, 0) == 0)
		trade_run(&t, 100);
	trade_run(&t, SECOND);
	expect(&t, &b, 0, "1 owed, 2 owed");
	restart(&t);
	trade_run(&t, MINUTE);
	expect(&t, &b, 0, "1 done, 2 done");
	trade_fini(&t);
}

/* ---- a reload ----------------------------------------------------------- */

static void
a_code_that_the_profile_has_no_more_is_not_dialled(void **state)
{
	struct trade t;
	open_shop(&t, *state, PROFILE);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	while (trade_dialled(A, &b, 0) == 0)
		trade_run(&t, 100);
	trade_run(&t, SECOND); /* loaded; its code waits for a copy's time */
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	expect(&t, &b, 0, "1 owed, 2 owed");
	shop_operator(&t.shop, "simtel",
		COUNTER_PLAIN "[follow_up]\n1 = " SECOND_CODE
			      " => (?i)renewed\n");
	shop_apply(&t.shop);
	dispatch_kick(t.dispatch);
	trade_run(&t, MINUTE);
	expect(&t, &b, 0, "1 dropped profile, 2 done");
	assert_int_equal(trade_codes(A, BUNDLE), 0);
	assert_int_equal(trade_codes(A, SECOND_CODE), 1);
	assert_int_equal(shop_events(&t.shop, "sim.follow_up_dropped", "a"), 1);
	trade_fini(&t);
}

static void
a_code_follows_the_sim_into_another_modem(void **state)
{
	struct trade t;
	open_shop(&t, *state, PROFILE);
	trade_add_b(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	while (trade_dialled(A, &b, 0) == 0)
		trade_run(&t, 100);
	trade_run(&t, SECOND);
	expect(&t, &b, 0, "1 owed, 2 owed");
	virtual_unplug(A);
	virtual_plug(SHOP_PORT_B, SHOP_SIM_1);
	trade_answer(SHOP_PORT_B, BUNDLE, "Bundle activated");
	trade_answer(SHOP_PORT_B, SECOND_CODE, "Bundle renewed");
	shop_apply(&t.shop);
	shop_run_to(&t.shop, "b", MODEM_READY);
	trade_run(&t, AFTER_FENCE); /* the SIM went with an unknown session */
	expect(&t, &b, 0, "1 done, 2 done");
	assert_int_equal(trade_codes(A, "*140*"), 0);
	assert_int_equal(trade_codes(SHOP_PORT_B, BUNDLE), 1);
	trade_fini(&t);
}

int
main(void)
{
#define CASE(name)                                                             \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		CASE(codes_go_out_in_order_before_the_next_card),
		CASE(an_operator_without_such_codes_owes_none),
		CASE(a_card_that_is_refused_is_followed_by_nothing),
		CASE(a_balance_proves_nothing_across_a_code),
		CASE(a_pause_stops_a_code_too),
		CASE(another_answer_stops_what_may_build_on_it),
		CASE(no_answer_raises_a_fence_and_is_never_asked_again),
		CASE(its_late_answer_is_no_cards),
		CASE(a_cards_verdict_in_its_place_is_evidence_of_nothing),
		CASE(one_that_the_modem_refuses_is_tried_three_times),
		CASE(one_that_was_on_air_when_we_died_never_goes_out_again),
		CASE(what_was_owed_when_we_stopped_goes_out_in_the_next_life),
		CASE(a_code_that_the_profile_has_no_more_is_not_dialled),
		CASE(a_code_follows_the_sim_into_another_modem),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
