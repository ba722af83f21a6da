/*
 * ledger: the facts of the proof by balance: what happens breaks the one
 * condition that it should.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/purse.h"

enum { HUNDRED = 10000 };

/* ---- short words ------------------------------------------------------- */

static int64_t
card_for(struct purse *p, const char *number, const char *operator)
{
	int64_t batch = purse_open_batch(p);
	struct ledger_op op = purse_row(p, batch, 1);
	snprintf(op.u.batch_row.target, sizeof(op.u.batch_row.target), "%s",
		number);
	snprintf(op.u.batch_row.operator, sizeof(op.u.batch_row.operator),
		"%s", operator);
	int64_t voucher = purse_must(p, &op);
	op = purse_op(p, LEDGER_BATCH_ACCEPT);
	op.u.batch_accept.batch = batch;
	purse_must(p, &op);
	return voucher;
}

static int64_t
dial_for(struct purse *p, int64_t voucher, const char *account,
	const char *iccid)
{
	struct ledger_op op = purse_begin(p, voucher);
	snprintf(op.u.attempt_begin.account, sizeof(op.u.attempt_begin.account),
		"%s", account);
	snprintf(op.u.attempt_begin.iccid, sizeof(op.u.attempt_begin.iccid),
		"%s", iccid);
	return purse_must(p, &op);
}

static void
load(struct purse *p)
{
	purse_end(p, purse_dial(p, purse_fresh(p)), LEDGER_ANSWERED,
		VERDICT_LOADED, VOUCHER_CREDITED);
}

static void
spoil(struct purse *p, const char *iccid)
{
	struct ledger_op op = purse_op(p, LEDGER_SPOIL);
	snprintf(op.u.spoil.iccid, sizeof(op.u.spoil.iccid), "%s", iccid);
	strcpy(op.u.spoil.by, "ussd");
	purse_must(p, &op);
}

static struct ledger_proof
proof(struct purse *p)
{
	struct ledger_proof out;
	assert_int_equal(ledger_proof(p->ledger, "sim1", &out), 0);
	return out;
}

/* ---- the proof by balance ---------------------------------------------- */

static void
nothing_in_doubt_is_not_found(void **state)
{
	struct purse *p = *state;
	struct ledger_proof out = {.attempt = 77};
	purse_tell(p, 0);
	assert_int_equal(ledger_proof(p->ledger, "sim1", &out), -ENOENT);
	load(p);
	assert_int_equal(ledger_proof(p->ledger, "sim1", &out), -ENOENT);
	assert_int_equal(out.attempt, 77);
}

/* Each thing that may happen, and which condition alone it breaks. */
enum happening {
	NOTHING,
	NO_READING,
	SPOILED_BEFORE, /* before the reading: it saw it */
	SPOILED_BETWEEN,
	SPOILED_AFTER,
	REFUSED_BETWEEN,
	NOT_SENT_BETWEEN,
	REFUSED_AFTER,
	NOT_SENT_AFTER,
	LOST_BEFORE,
	NUMBER_BEFORE, /* before the reading */
	NUMBER_BETWEEN,
	NUMBER_AFTER,
	NUMBER_NOT_SENT,
	NUMBER_OF_OTHERS, /* another operator's */
	OTHER_DECIMALS
};

static void
dial_and_end(struct purse *p, bool sent)
{
	int64_t attempt = purse_dial(p, purse_fresh(p));
	if (sent)
		purse_end(p, attempt, LEDGER_ANSWERED, VERDICT_INVALID,
			VOUCHER_REFUSED_FIRST);
	else
		purse_end(p, attempt, LEDGER_NOT_SENT, VERDICT_NONE,
			VOUCHER_NOT_SENT);
}

static void
dial_number(struct purse *p, const char *operator, bool sent)
{
	int64_t voucher = card_for(p, "0801", operator);
	int64_t attempt = dial_for(p, voucher, "0801", "sim9");
	if (sent)
		purse_end(p, attempt, LEDGER_ANSWERED, VERDICT_LOADED,
			VOUCHER_CREDITED);
	else
		purse_end(p, attempt, LEDGER_NOT_SENT, VERDICT_NONE,
			VOUCHER_NOT_SENT);
}

static void
happen_before(struct purse *p, enum happening what)
{
	if (what == SPOILED_BEFORE)
		spoil(p, "sim1");
	if (what == LOST_BEFORE)
		purse_lose(p, purse_fresh(p));
	if (what == NUMBER_BEFORE)
		dial_number(p, "simtel", true);
}

static void
happen_between(struct purse *p, enum happening what)
{
	if (what == SPOILED_BETWEEN)
		spoil(p, "sim1");
	if (what == REFUSED_BETWEEN)
		dial_and_end(p, true);
	if (what == NOT_SENT_BETWEEN)
		dial_and_end(p, false);
	if (what == NUMBER_BETWEEN)
		dial_number(p, "simtel", true);
}

static void
happen_after(struct purse *p, enum happening what)
{
	if (what == SPOILED_AFTER)
		spoil(p, "sim1");
	if (what == REFUSED_AFTER)
		dial_and_end(p, true);
	if (what == NOT_SENT_AFTER)
		dial_and_end(p, false);
	if (what == NUMBER_AFTER)
		dial_number(p, "simtel", true);
	if (what == NUMBER_NOT_SENT)
		dial_number(p, "simtel", false);
	if (what == NUMBER_OF_OTHERS)
		dial_number(p, "other", true);
}

static void
each_thing_that_happens_breaks_its_own_condition(void **state)
{
	static const struct {
		enum happening what;
		bool no_before, dialled, others, spoiled;
		unsigned open;
	} rows[] = {
		{NOTHING, .open = 1},
		{NO_READING, .no_before = true, .open = 1},
		{SPOILED_BEFORE, .open = 1},
		{SPOILED_BETWEEN, .spoiled = true, .open = 1},
		{SPOILED_AFTER, .spoiled = true, .open = 1},
		{REFUSED_BETWEEN, .no_before = true, .dialled = true,
			.open = 1},
		{NOT_SENT_BETWEEN, .open = 1},
		{REFUSED_AFTER, .dialled = true, .open = 1},
		{NOT_SENT_AFTER, .open = 1},
		{LOST_BEFORE, .open = 2},
		{NUMBER_BEFORE, .open = 1},
		{NUMBER_BETWEEN, .others = true, .open = 1},
		{NUMBER_AFTER, .others = true, .open = 1},
		{NUMBER_NOT_SENT, .open = 1},
		{NUMBER_OF_OTHERS, .open = 1},
		{OTHER_DECIMALS, .no_before = true, .open = 1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		void *fresh;
		assert_int_equal(purse_setup(&fresh), 0);
		struct purse *p = fresh;
		happen_before(p, rows[i].what);
		struct ledger_op op = purse_reading(p, "sim1", 500);
		if (rows[i].what == OTHER_DECIMALS)
			op.u.balance.decimals = 3;
		if (rows[i].what != NO_READING)
			purse_must(p, &op);
		happen_between(p, rows[i].what);
		int64_t attempt = purse_lose(p, purse_fresh(p));
		happen_after(p, rows[i].what);
		struct ledger_proof got = proof(p);
		if (got.attempt != attempt || got.open != rows[i].open ||
			got.has_before == rows[i].no_before ||
			got.dialled_since != rows[i].dialled ||
			got.others_since != rows[i].others ||
			got.spoiled != rows[i].spoiled || !got.own ||
			got.in_the_air)
			fail_msg("row %zu: attempt %lld open %u before %d "
				 "dialled %d others %d spoiled %d",
				i, (long long)got.attempt, got.open,
				got.has_before, got.dialled_since,
				got.others_since, got.spoiled);
		assert_true(got.has_before ? got.before_shown &&
						     got.before_minor == 500
					   : true);
		assert_string_equal(got.card_currency, "XTS");
		assert_int_equal(got.card_minor, HUNDRED);
		assert_string_equal(got.iccid, "sim1");
		assert_true(got.began_wall_ms <= got.ended_wall_ms);
		purse_is_sound(p);
		assert_int_equal(purse_teardown(&fresh), 0);
	}
}

static void
one_in_the_air_can_be_proven_too(void **state)
{
	struct purse *p = *state;
	purse_tell(p, 500);
	int64_t attempt = purse_dial(p, purse_fresh(p));
	struct ledger_proof got = proof(p);
	assert_true(got.in_the_air);
	assert_int_equal(got.attempt, attempt);
	assert_int_equal(got.ended_wall_ms, 0);
	struct ledger_op op = purse_settle(p, attempt, LEDGER_ANSWERED,
		VERDICT_LOADED, VOUCHER_AMOUNT_DIFFERS);
	op.u.attempt_settle.deducted_minor = 1;
	op.u.attempt_settle.bonus_minor = 2;
	purse_must(p, &op);
	got = proof(p);
	assert_false(got.in_the_air);
	assert_int_equal(got.deducted_minor, 1);
	assert_int_equal(got.bonus_minor, 2);
}

static void
card_for_a_number_is_not_the_sims_own(void **state)
{
	struct purse *p = *state;
	int64_t voucher = card_for(p, "0801", "simtel");
	purse_end(p, dial_for(p, voucher, "0801", "sim1"), LEDGER_MAYBE_SENT,
		VERDICT_NONE, VOUCHER_MAYBE_SENT);
	struct ledger_proof got;
	assert_int_equal(ledger_proof(p->ledger, "0801", &got), 0);
	assert_false(got.own);
	assert_false(got.has_before);
}

int
main(void)
{
#define LEDGER_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(nothing_in_doubt_is_not_found),
		cmocka_unit_test(
			each_thing_that_happens_breaks_its_own_condition),
		LEDGER_TEST(one_in_the_air_can_be_proven_too),
		LEDGER_TEST(card_for_a_number_is_not_the_sims_own),
	};
	return cmocka_run_group_tests_name("ledger_proof", tests, NULL, NULL);
}
