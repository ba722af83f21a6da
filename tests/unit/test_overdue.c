/*
 * test_overdue: an SMS that does not come in time leaves its card unknown,
 * and frees the account.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/overdue.h"
#include "agent/turn.h"
#include "tests/support/purse.h"

/* A card that the operator took; its SMS is due at that moment. */
static int64_t
pending_until(struct purse *p, int64_t due_ran_ms)
{
	int64_t voucher = purse_voucher(p, purse_batch(p, 1, ""), 2);
	struct ledger_op op = purse_settle(p, purse_dial(p, voucher),
		LEDGER_ANSWERED, VERDICT_PENDING, VOUCHER_TAKEN);
	op.u.attempt_settle.next_at_ran_ms = due_ran_ms;
	purse_must(p, &op);
	return voucher;
}

static void
a_pending_card_waits_until_its_time_is_over(void **state)
{
	struct purse *p = *state;
	struct loop *loop = loop_new();
	int64_t voucher = pending_until(p, INT64_MAX / 2);
	struct turn *turn = turn_new(loop, p->ledger);
	assert_true(overdue_sweep(turn, NULL, NULL) == INT64_MAX / 2);
	assert_int_equal(purse_card(p, voucher).state, VOUCHER_PENDING);
	turn_free(turn);
	loop_free(loop);
}

static void
then_it_is_unknown_and_its_account_free_again(void **state)
{
	struct purse *p = *state;
	struct loop *loop = loop_new();
	int64_t voucher = pending_until(p, 1);
	struct turn *turn = turn_new(loop, p->ledger);
	assert_true(overdue_sweep(turn, NULL, NULL) == INT64_MAX);
	assert_int_equal(turn_commit(turn), 0);
	struct purse_card card = purse_card(p, voucher);
	assert_int_equal(card.state, VOUCHER_UNKNOWN);
	assert_string_equal(card.reason, "no_sms");
	turn_free(turn);
	int64_t next = purse_voucher(p, purse_batch(p, 1, ""), 2);
	assert_true(purse_dial(p, next) > 0);
	purse_is_sound(p);
	loop_free(loop);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pending_card_waits_until_its_time_is_over),
		TEST(then_it_is_unknown_and_its_account_free_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
