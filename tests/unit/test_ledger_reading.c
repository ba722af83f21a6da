/*
 * ledger: readings of a balance: whose they are, whether they had shown
 * every earlier credit, what takes them away.
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

enum { HUNDRED = 10000, DAY = 24 * 60 * 60 * 1000 };

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

static struct ledger_op
evidence_op(struct purse *p, int64_t attempt)
{
	struct ledger_op op = purse_op(p, LEDGER_EVIDENCE);
	struct ledger_evidence *e = &op.u.evidence;
	e->attempt = attempt;
	e->event = VOUCHER_EVIDENCE;
	e->credited_minor = HUNDRED;
	e->balance_minor = MONEY_NONE;
	strcpy(e->by, "late_answer");
	return op;
}

static struct ledger_proof
proof(struct purse *p)
{
	struct ledger_proof out;
	assert_int_equal(ledger_proof(p->ledger, "sim1", &out), 0);
	return out;
}

/* ---- whose ------------------------------------------------------------- */

/* SIMs of one account share a balance: what one dialled, the other sees. */
static void
readings_belong_to_the_account_of_their_sim(void **state)
{
	struct purse *p = *state;
	for (int i = 1; i <= 2; i++) {
		struct ledger_op op = purse_op(p, LEDGER_SIM_SEEN);
		snprintf(op.u.sim_seen.iccid, LEDGER_NAME_MAX, "sim%d", i);
		strcpy(op.u.sim_seen.account, "shop");
		purse_must(p, &op);
	}
	struct ledger_op op = purse_reading(p, "sim2", 500);
	purse_must(p, &op);
	assert_int_equal(purse_sim(p).balance_minor, 500);
	assert_true(purse_sim(p).balance_is_last);
	int64_t attempt = dial_for(p, purse_fresh(p), "shop", "sim1");
	purse_end(p, attempt, LEDGER_MAYBE_SENT, VERDICT_NONE,
		VOUCHER_MAYBE_SENT);
	struct ledger_proof got;
	assert_int_equal(ledger_proof(p->ledger, "shop", &got), 0);
	assert_true(got.has_before);
	assert_int_equal(got.before_minor, 500);
	struct ledger_sim sim;
	assert_int_equal(ledger_sim(p->ledger, "sim2", 0, &sim), 0);
	assert_false(sim.balance_is_last);
	spoil(p, "sim2");
	assert_int_equal(ledger_proof(p->ledger, "shop", &got), 0);
	assert_true(got.spoiled);
}

/* ---- whether a reading had shown every earlier credit ------------------ */

/* Whether a proof that began now would start from a reading that had. */
static bool
has_shown(struct purse *p)
{
	int64_t voucher = purse_fresh(p);
	int64_t attempt = purse_lose(p, voucher);
	bool shown = proof(p).before_shown;
	struct ledger_op op = evidence_op(p, attempt);
	op.u.evidence.event = VOUCHER_LATE_REFUSAL;
	op.u.evidence.credited_minor = MONEY_NONE;
	strcpy(op.u.evidence.reason, "invalid");
	purse_must(p, &op);
	return shown;
}

static void
first_reading_has_shown_all_where_nothing_was_credited(void **state)
{
	struct purse *p = *state;
	dial_and_end(p, true);
	purse_tell(p, 500);
	assert_true(has_shown(p));
}

static void
reading_shows_a_credit_that_it_rose_by(void **state)
{
	struct purse *p = *state;
	purse_tell(p, 500);
	load(p);
	purse_tell(p, 500); /* it is late */
	assert_false(has_shown(p));
	purse_tell(p, 700); /* something else */
	assert_false(has_shown(p));
	purse_tell(p, 501 + HUNDRED); /* or beside it */
	assert_false(has_shown(p));
	purse_tell(p, 500 + HUNDRED);
	assert_true(has_shown(p));
	load(p);
	load(p);
	purse_tell(p, 500 + 2 * HUNDRED);
	assert_false(has_shown(p));
	purse_tell(p, 500 + 3 * HUNDRED);
	assert_true(has_shown(p));
	/* And with nothing credited since, whatever was spent. */
	purse_tell(p, 1);
	assert_true(has_shown(p));
	purse_is_sound(p);
}

/* A loan of a card's worth, and a credit that is late: they look alike. */
static void
no_sum_shows_a_credit_across_what_else_moved_the_balance(void **state)
{
	struct purse *p = *state;
	purse_tell(p, 500);
	spoil(p, "sim1");
	load(p);
	purse_tell(p, 500 + HUNDRED);
	assert_false(has_shown(p));
	purse_is_sound(p);
}

static void
credit_of_a_day_ago_is_in_every_balance(void **state)
{
	struct purse *p = *state;
	load(p);
	purse_tell(p, 500); /* the first, after a credit */
	assert_false(has_shown(p));
	p->now.ran_ms += DAY - 1000;
	purse_tell(p, 500);
	assert_false(has_shown(p));
	p->now.ran_ms += 2000;
	purse_tell(p, 500);
	assert_true(has_shown(p));
}

/* The readings that were taken before it was known were not weighed with
 * it: one of them may be without it, and the credit come after. */
static void
credit_that_comes_to_light_takes_it_from_readings(void **state)
{
	struct purse *p = *state;
	purse_tell(p, 500);
	int64_t attempt = purse_lose(p, purse_fresh(p));
	purse_tell(p, 500); /* not there yet */
	struct ledger_op op = evidence_op(p, attempt);
	purse_must(p, &op);
	assert_false(has_shown(p));
	purse_tell(p, 500 + HUNDRED);
	assert_true(has_shown(p));
	purse_is_sound(p);
}

static void
balance_in_the_answer_shows_its_own_credit(void **state)
{
	struct purse *p = *state;
	purse_tell(p, 500);
	struct ledger_op op = purse_settle(p, purse_dial(p, purse_fresh(p)),
		LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_CREDITED);
	op.u.attempt_settle.credited_minor = HUNDRED;
	op.u.attempt_settle.balance_minor = 500 + HUNDRED;
	purse_must(p, &op);
	assert_true(purse_sim(p).balance_is_last);
	assert_int_equal(purse_sim(p).balance_minor, 500 + HUNDRED);
	assert_true(has_shown(p));
}

/* ---- what else --------------------------------------------------------- */

static void
spoiled_reading_is_not_the_last_thing_told(void **state)
{
	struct purse *p = *state;
	struct ledger_op op = purse_op(p, LEDGER_SPOIL);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	purse_tell(p, 500);
	spoil(p, "sim1");
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	purse_last_audit(p, event, note);
	assert_string_equal(event, "sim.spoiled");
	assert_string_equal(note, "iccid=sim1 by=ussd");
	assert_false(purse_sim(p).balance_is_last);
	purse_tell(p, 500);
	assert_true(purse_sim(p).balance_is_last);
	spoil(p, "sim2");
	assert_true(purse_sim(p).balance_is_last);
	dial_for(p, card_for(p, "0801", "simtel"), "0801", "sim1");
	assert_false(purse_sim(p).balance_is_last);
}

static void
balance_requests_are_counted_by_day(void **state)
{
	struct purse *p = *state;
	struct ledger_op op = purse_op(p, LEDGER_BALANCE_ASKED);
	strcpy(op.u.balance_asked.iccid, "sim1");
	static const struct {
		int64_t day;
		unsigned asked;
	} rows[] = {{1000, 1}, {1000, 2}, {2000, 1}, {2000, 2}, {1000, 1}};
	int64_t head = ledger_audit_head(p->ledger);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ledger_sim sim;
		op.u.balance_asked.day_wall_ms = rows[i].day;
		purse_must(p, &op);
		assert_int_equal(
			ledger_sim(p->ledger, "sim1", rows[i].day, &sim), 0);
		assert_int_equal(sim.asked_today, rows[i].asked);
		assert_int_equal(ledger_sim(p->ledger, "sim1", 77, &sim), 0);
		assert_int_equal(sim.asked_today, 0);
	}
	assert_int_equal(ledger_audit_head(p->ledger), head);
}

int
main(void)
{
#define LEDGER_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(readings_belong_to_the_account_of_their_sim),
		LEDGER_TEST(
			first_reading_has_shown_all_where_nothing_was_credited),
		LEDGER_TEST(reading_shows_a_credit_that_it_rose_by),
		LEDGER_TEST(
			no_sum_shows_a_credit_across_what_else_moved_the_balance),
		LEDGER_TEST(credit_of_a_day_ago_is_in_every_balance),
		LEDGER_TEST(credit_that_comes_to_light_takes_it_from_readings),
		LEDGER_TEST(balance_in_the_answer_shows_its_own_credit),
		LEDGER_TEST(spoiled_reading_is_not_the_last_thing_told),
		LEDGER_TEST(balance_requests_are_counted_by_day),
	};
	return cmocka_run_group_tests_name("ledger_reading", tests, NULL, NULL);
}
