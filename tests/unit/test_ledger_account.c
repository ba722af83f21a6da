/*
 * ledger: one PIN in flight for an account, by whichever SIM and however its
 * number is written.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/purse.h"

static void
second_pin_of_one_account_is_busy(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_batch(p, 2, "");
	int64_t first = purse_dial(p, purse_voucher(p, batch, 2));
	struct ledger_op second = purse_begin(p, purse_voucher(p, batch, 3));
	assert_int_equal(purse_do(p, &second, NULL), -EBUSY);
	/* Another SIM, but the same account. */
	strcpy(second.u.attempt_begin.iccid, "sim2");
	assert_int_equal(purse_do(p, &second, NULL), -EBUSY);
	/* Still in flight while the operator's SMS is waited for. */
	struct ledger_op op = purse_settle(
		p, first, LEDGER_ANSWERED, VERDICT_PENDING, VOUCHER_TAKEN);
	purse_must(p, &op);
	assert_int_equal(purse_do(p, &second, NULL), -EBUSY);
	op = purse_move(p, purse_voucher(p, batch, 2), VOUCHER_SMS_TIMEOUT);
	purse_must(p, &op);
	purse_must(p, &second);
	purse_is_sound(p);
}

/* A card for a number, in its own batch. */
static int64_t
card_for(struct purse *p, const char *number)
{
	int64_t batch = purse_open_batch(p);
	struct ledger_op op = purse_row(p, batch, 2);
	(void)snprintf(op.u.batch_row.target, sizeof(op.u.batch_row.target),
		"%s", number);
	purse_must(p, &op);
	op = purse_op(p, LEDGER_BATCH_ACCEPT);
	op.u.batch_accept.batch = batch;
	purse_must(p, &op);
	return purse_voucher(p, batch, 2);
}

static struct ledger_op
begin_for(struct purse *p, const char *number, const char *iccid)
{
	struct ledger_op op = purse_begin(p, card_for(p, number));
	(void)snprintf(op.u.attempt_begin.account,
		sizeof(op.u.attempt_begin.account), "%s", number);
	(void)snprintf(op.u.attempt_begin.iccid,
		sizeof(op.u.attempt_begin.iccid), "%s", iccid);
	return op;
}

static bool
count_one(void *ctx, const struct ledger_voucher *v)
{
	unsigned *n = ctx;
	(void)v;
	++*n;
	return true;
}

static void
two_spellings_of_a_number_are_one_account_in_flight(void **state)
{
	struct purse *p = *state;
	struct ledger_op first = begin_for(p, "+2348012345678", "sim1");
	struct ledger_op same = begin_for(p, "08012345678", "sim2");
	struct ledger_head_query q = {.operator= "simtel",
		.modem = "m2",
		.self_account = "sim2",
		.iccid = "sim2",
		.ran_ms = p->now.ran_ms,
		.limit = 9};
	unsigned heads = 0;
	purse_must(p, &first);
	assert_int_equal(purse_do(p, &same, NULL), -EBUSY);
	/* Nor is it offered, so that it holds up no other. */
	assert_int_equal(ledger_each_head(p->ledger, &q, count_one, &heads), 0);
	assert_int_equal(heads, 0);
	struct ledger_op other = begin_for(p, "08012345679", "sim3");
	assert_int_equal(ledger_each_head(p->ledger, &q, count_one, &heads), 0);
	assert_int_equal(heads, 1);
	purse_must(p, &other);
	purse_is_sound(p);
}

static void
attempt_without_sim_or_account_is_refused(void **state)
{
	struct purse *p = *state;
	int64_t voucher = purse_voucher(p, purse_batch(p, 1, ""), 2);
	struct ledger_op op = purse_begin(p, voucher);
	op.u.attempt_begin.iccid[0] = '\0';
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	op = purse_begin(p, voucher);
	op.u.attempt_begin.account[0] = '\0';
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	op = purse_begin(p, 4711);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	assert_int_equal(purse_card(p, voucher).state, VOUCHER_READY);
}

static unsigned
counted(struct purse *p)
{
	struct ledger_account out;
	assert_int_equal(ledger_account(p->ledger, "sim1", &out), 0);
	return out.counted;
}

/* The operator counts the second attempt as a refusal, if it was the first
 * one that credited: nobody knows, so it stays counted. */
static void
credit_of_two_silent_attempts_is_the_first_ones(void **state)
{
	struct purse *p = *state;
	int64_t card = purse_fresh(p);
	(void)purse_lose(p, card);
	struct ledger_op op = purse_move(p, card, VOUCHER_RESOLVED_RETRY);
	purse_must(p, &op);
	(void)purse_lose(p, card);
	assert_int_equal(counted(p), 2);
	op = purse_move(p, card, VOUCHER_RESOLVED_LOADED);
	purse_must(p, &op);
	assert_int_equal(counted(p), 1);
	purse_is_sound(p);
}

/* "Used by you" says which it was not, no more. */
static void
used_by_me_credits_the_first_silent_attempt(void **state)
{
	struct purse *p = *state;
	int64_t card = purse_fresh(p);
	for (int i = 0; i < 2; i++) {
		(void)purse_lose(p, card);
		struct ledger_op op =
			purse_move(p, card, VOUCHER_RESOLVED_RETRY);
		purse_must(p, &op);
	}
	purse_end(p, purse_dial(p, card), LEDGER_ANSWERED, VERDICT_USED_BY_ME,
		VOUCHER_USED_BY_ME_ON_REPEAT);
	assert_int_equal(counted(p), 2);
	purse_is_sound(p);
}

/* A word of its own says that it was this one. */
static void
answer_of_a_credit_forgives_the_silent_attempt_before(void **state)
{
	struct purse *p = *state;
	int64_t card = purse_fresh(p);
	(void)purse_lose(p, card);
	struct ledger_op op = purse_move(p, card, VOUCHER_RESOLVED_RETRY);
	purse_must(p, &op);
	purse_end(p, purse_dial(p, card), LEDGER_ANSWERED, VERDICT_LOADED,
		VOUCHER_CREDITED);
	assert_int_equal(counted(p), 0);
	purse_is_sound(p);
}

/* Nor may an operator's message, which is one of either. */
static void
message_credits_the_first_silent_attempt(void **state)
{
	struct purse *p = *state;
	int64_t card = purse_fresh(p);
	(void)purse_lose(p, card);
	struct ledger_op op = purse_move(p, card, VOUCHER_RESOLVED_RETRY);
	purse_must(p, &op);
	int64_t second = purse_lose(p, card);
	op = purse_op(p, LEDGER_EVIDENCE);
	op.u.evidence.attempt = second;
	op.u.evidence.event = VOUCHER_EVIDENCE;
	op.u.evidence.verdict = VERDICT_LOADED;
	op.u.evidence.credited_minor = 10000;
	op.u.evidence.balance_minor = MONEY_NONE;
	strcpy(op.u.evidence.by, "sms");
	purse_must(p, &op);
	assert_int_equal(counted(p), 1);
	purse_is_sound(p);
}

int
main(void)
{
#define LEDGER_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(second_pin_of_one_account_is_busy),
		LEDGER_TEST(
			two_spellings_of_a_number_are_one_account_in_flight),
		LEDGER_TEST(attempt_without_sim_or_account_is_refused),
		LEDGER_TEST(credit_of_two_silent_attempts_is_the_first_ones),
		LEDGER_TEST(used_by_me_credits_the_first_silent_attempt),
		LEDGER_TEST(
			answer_of_a_credit_forgives_the_silent_attempt_before),
		LEDGER_TEST(message_credits_the_first_silent_attempt),
	};
	return cmocka_run_group_tests_name("ledger_account", tests, NULL, NULL);
}
