/*
 * ledger: the facts of the proof by balance, what comes to light of an
 * attempt that had ended, the last attempt of a SIM, repeat = once.
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
card(struct purse *p)
{
	return purse_voucher(p, purse_batch(p, 1, ""), 2);
}

static int64_t
card_for(struct purse *p, const char *number, const char *operator)
{
	int64_t batch = purse_open_batch(p);
	struct ledger_op op = purse_row(p, batch, 1);
	strcpy(op.u.batch_row.target, number);
	strcpy(op.u.batch_row.operator, operator);
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
	strcpy(op.u.attempt_begin.account, account);
	strcpy(op.u.attempt_begin.iccid, iccid);
	return purse_must(p, &op);
}

static void
end(struct purse *p, int64_t attempt, enum ledger_fate fate,
	enum verdict verdict, enum voucher_event event)
{
	struct ledger_op op = purse_settle(p, attempt, fate, verdict, event);
	if (event == VOUCHER_CREDITED)
		op.u.attempt_settle.credited_minor = HUNDRED;
	if (event == VOUCHER_MAYBE_SENT)
		strcpy(op.u.attempt_settle.reason, "no_answer");
	purse_must(p, &op);
}

/* An attempt for self without an answer; its number. */
static int64_t
lose(struct purse *p, int64_t voucher)
{
	int64_t attempt = purse_dial(p, voucher);
	end(p, attempt, LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_MAYBE_SENT);
	return attempt;
}

static void
load(struct purse *p)
{
	end(p, purse_dial(p, card(p)), LEDGER_ANSWERED, VERDICT_LOADED,
		VOUCHER_CREDITED);
}

static struct ledger_op
reading_op(struct purse *p, const char *iccid, int64_t minor)
{
	struct ledger_op op = purse_op(p, LEDGER_BALANCE);
	strcpy(op.u.balance.iccid, iccid);
	strcpy(op.u.balance.modem, "m1");
	strcpy(op.u.balance.currency, "XTS");
	op.u.balance.decimals = 2;
	op.u.balance.minor = minor;
	return op;
}

static int64_t
tell(struct purse *p, int64_t minor)
{
	struct ledger_op op = reading_op(p, "sim1", minor);
	return purse_must(p, &op);
}

static void
spoil(struct purse *p, const char *iccid)
{
	struct ledger_op op = purse_op(p, LEDGER_SPOIL);
	strcpy(op.u.spoil.iccid, iccid);
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

/* ---- the proof by balance ---------------------------------------------- */

static void
nothing_in_doubt_is_not_found(void **state)
{
	struct purse *p = *state;
	struct ledger_proof out = {.attempt = 77};
	tell(p, 0);
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
	int64_t attempt = purse_dial(p, card(p));
	if (sent)
		end(p, attempt, LEDGER_ANSWERED, VERDICT_INVALID,
			VOUCHER_REFUSED_FIRST);
	else
		end(p, attempt, LEDGER_NOT_SENT, VERDICT_NONE,
			VOUCHER_NOT_SENT);
}

static void
dial_number(struct purse *p, const char *operator, bool sent)
{
	int64_t voucher = card_for(p, "0801", operator);
	int64_t attempt = dial_for(p, voucher, "0801", "sim9");
	if (sent)
		end(p, attempt, LEDGER_ANSWERED, VERDICT_LOADED,
			VOUCHER_CREDITED);
	else
		end(p, attempt, LEDGER_NOT_SENT, VERDICT_NONE,
			VOUCHER_NOT_SENT);
}

static void
happen_before(struct purse *p, enum happening what)
{
	if (what == SPOILED_BEFORE)
		spoil(p, "sim1");
	if (what == LOST_BEFORE)
		lose(p, card(p));
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
		struct ledger_op op = reading_op(p, "sim1", 500);
		if (rows[i].what == OTHER_DECIMALS)
			op.u.balance.decimals = 3;
		if (rows[i].what != NO_READING)
			purse_must(p, &op);
		happen_between(p, rows[i].what);
		int64_t attempt = lose(p, card(p));
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
	tell(p, 500);
	int64_t attempt = purse_dial(p, card(p));
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
	end(p, dial_for(p, voucher, "0801", "sim1"), LEDGER_MAYBE_SENT,
		VERDICT_NONE, VOUCHER_MAYBE_SENT);
	struct ledger_proof got;
	assert_int_equal(ledger_proof(p->ledger, "0801", &got), 0);
	assert_false(got.own);
	assert_false(got.has_before);
}

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
	struct ledger_op op = reading_op(p, "sim2", 500);
	purse_must(p, &op);
	assert_int_equal(purse_sim(p).balance_minor, 500);
	assert_true(purse_sim(p).balance_is_last);
	int64_t attempt = dial_for(p, card(p), "shop", "sim1");
	end(p, attempt, LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_MAYBE_SENT);
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
	int64_t voucher = card(p);
	int64_t attempt = lose(p, voucher);
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
	tell(p, 500);
	assert_true(has_shown(p));
}

static void
reading_shows_a_credit_that_it_rose_by(void **state)
{
	struct purse *p = *state;
	tell(p, 500);
	load(p);
	tell(p, 500); /* it is late */
	assert_false(has_shown(p));
	tell(p, 700); /* something else */
	assert_false(has_shown(p));
	tell(p, 500 + HUNDRED);
	assert_true(has_shown(p));
	load(p);
	load(p);
	tell(p, 500 + 2 * HUNDRED);
	assert_false(has_shown(p));
	tell(p, 500 + 3 * HUNDRED);
	assert_true(has_shown(p));
	/* And with nothing credited since, whatever was spent. */
	tell(p, 1);
	assert_true(has_shown(p));
	purse_is_sound(p);
}

static void
credit_of_a_day_ago_is_in_every_balance(void **state)
{
	struct purse *p = *state;
	load(p);
	tell(p, 500); /* the first, after a credit */
	assert_false(has_shown(p));
	p->now.ran_ms += DAY - 1000;
	tell(p, 500);
	assert_false(has_shown(p));
	p->now.ran_ms += 2000;
	tell(p, 500);
	assert_true(has_shown(p));
}

/* The readings that were taken before it was known were not weighed with
 * it: one of them may be without it, and the credit come after. */
static void
credit_that_comes_to_light_takes_it_from_readings(void **state)
{
	struct purse *p = *state;
	tell(p, 500);
	int64_t attempt = lose(p, card(p));
	tell(p, 500); /* not there yet */
	struct ledger_op op = evidence_op(p, attempt);
	purse_must(p, &op);
	assert_false(has_shown(p));
	tell(p, 500 + HUNDRED);
	assert_true(has_shown(p));
	purse_is_sound(p);
}

static void
balance_in_the_answer_shows_its_own_credit(void **state)
{
	struct purse *p = *state;
	tell(p, 500);
	struct ledger_op op = purse_settle(p, purse_dial(p, card(p)),
		LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_CREDITED);
	op.u.attempt_settle.credited_minor = HUNDRED;
	op.u.attempt_settle.balance_minor = 500 + HUNDRED;
	purse_must(p, &op);
	assert_true(purse_sim(p).balance_is_last);
	assert_int_equal(purse_sim(p).balance_minor, 500 + HUNDRED);
	assert_true(has_shown(p));
}

static void
spoiled_reading_is_not_the_last_thing_told(void **state)
{
	struct purse *p = *state;
	struct ledger_op op = purse_op(p, LEDGER_SPOIL);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	tell(p, 500);
	spoil(p, "sim1");
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	purse_last_audit(p, event, note);
	assert_string_equal(event, "sim.spoiled");
	assert_string_equal(note, "iccid=sim1 by=ussd");
	assert_false(purse_sim(p).balance_is_last);
	tell(p, 500);
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

/* ---- evidence ---------------------------------------------------------- */

static struct ledger_last
last(struct purse *p)
{
	struct ledger_last out;
	assert_int_equal(ledger_last(p->ledger, "sim1", &out), 0);
	return out;
}

static void
evidence_credits_its_own_attempt_and_no_other(void **state)
{
	struct purse *p = *state;
	int64_t voucher = card(p);
	int64_t first = lose(p, voucher);
	dial_and_end(p, true);
	struct ledger_op op = purse_move(p, voucher, VOUCHER_RESOLVED_RETRY);
	purse_must(p, &op);
	lose(p, voucher);
	assert_int_equal(proof(p).open, 2);
	assert_int_equal(purse_sim(p).counted, 3);
	op = evidence_op(p, first);
	strcpy(op.u.evidence.rule, "loaded");
	strcpy(op.u.evidence.reply, "credited with 100.00");
	op.u.evidence.verdict = VERDICT_LOADED;
	op.u.evidence.balance_minor = 700;
	purse_must(p, &op);
	struct purse_card now = purse_card(p, voucher);
	assert_int_equal(now.state, VOUCHER_LOADED);
	assert_int_equal(now.v.credited_minor, HUNDRED);
	assert_int_equal(now.v.balance_after_minor, 700);
	/* What was dialled after it still counts. */
	assert_int_equal(purse_sim(p).counted, 2);
	assert_int_equal(purse_sim(p).unsettled, 0);
	assert_int_equal(purse_sim(p).balance_minor, 700);
	struct ledger_proof none;
	assert_int_equal(ledger_proof(p->ledger, "sim1", &none), -ENOENT);
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	purse_last_audit(p, event, note);
	assert_string_equal(event, "voucher.loaded");
	assert_non_null(strstr(note, "attempt=1 verdict=loaded"));
	assert_non_null(strstr(note, "by=late_answer rule=loaded"));
	assert_non_null(strstr(note, "credited=100.00 balance=7.00"));
	purse_is_sound(p);
}

static void
evidence_goes_only_where_the_table_leads(void **state)
{
	struct purse *p = *state;
	int64_t voucher = card(p);
	int64_t attempt = purse_dial(p, voucher);
	struct ledger_op op = evidence_op(p, attempt);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL); /* in the air */
	end(p, attempt, LEDGER_NOT_SENT, VERDICT_NONE, VOUCHER_NOT_SENT);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL); /* nothing sent */
	op.u.evidence.attempt = lose(p, voucher);
	op.u.evidence.event = VOUCHER_RESOLVED_REJECTED;
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	op.u.evidence.event = VOUCHER_LATE_REFUSAL;
	strcpy(op.u.evidence.reason, "because");
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	strcpy(op.u.evidence.reason, "used");
	op.u.evidence.verdict = VERDICT_USED;
	op.u.evidence.credited_minor = MONEY_NONE;
	purse_must(p, &op);
	assert_int_equal(purse_card(p, voucher).state, VOUCHER_REJECTED);
	assert_int_equal(last(p).verdict, VERDICT_USED);
	assert_int_equal(purse_sim(p).counted, 1);
	/* A refusal that was wrong: evidence of the credit is stronger. */
	op.u.evidence.event = VOUCHER_EVIDENCE;
	op.u.evidence.reason[0] = '\0';
	purse_must(p, &op);
	assert_int_equal(purse_card(p, voucher).state, VOUCHER_LOADED);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL); /* ended */
	op.u.evidence.attempt = 4711;
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	purse_is_sound(p);
}

static void
late_refusal_on_a_repeat_settles_nothing(void **state)
{
	struct purse *p = *state;
	int64_t voucher = card(p);
	lose(p, voucher);
	struct ledger_op op = purse_move(p, voucher, VOUCHER_RESOLVED_RETRY);
	purse_must(p, &op);
	op = evidence_op(p, lose(p, voucher));
	op.u.evidence.event = VOUCHER_LATE_REFUSAL;
	strcpy(op.u.evidence.reason, "used");
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
}

static void
used_by_me_credits_the_attempt_before(void **state)
{
	struct purse *p = *state;
	int64_t voucher = card(p);
	lose(p, voucher);
	dial_and_end(p, true);
	struct ledger_op op = purse_move(p, voucher, VOUCHER_RESOLVED_RETRY);
	purse_must(p, &op);
	end(p, purse_dial(p, voucher), LEDGER_ANSWERED, VERDICT_USED_BY_ME,
		VOUCHER_USED_BY_ME_ON_REPEAT);
	/* The refused one and the repeat are both after the credit. */
	assert_int_equal(purse_sim(p).counted, 2);
	purse_is_sound(p);
}

/* Whatever ends it as unknown leaves it in doubt; a person's retry, too. */
static void
doubt_lasts_until_the_voucher_ends(void **state)
{
	struct purse *p = *state;
	static const struct {
		enum ledger_fate fate;
		enum verdict verdict;
		enum voucher_event event;
	} rows[] = {
		{LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_MAYBE_SENT},
		{LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_FOUND_AT_START},
		{LEDGER_ANSWERED, VERDICT_NONE, VOUCHER_NO_VERDICT},
		{LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_AMOUNT_DIFFERS},
		{LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_AMBIGUOUS},
		{LEDGER_ANSWERED, VERDICT_USED, VOUCHER_REFUSED_ON_REPEAT},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ledger_proof none;
		int64_t voucher = card(p);
		end(p, purse_dial(p, voucher), rows[i].fate, rows[i].verdict,
			rows[i].event);
		assert_int_equal(proof(p).open, 1);
		struct ledger_op op =
			purse_move(p, voucher, VOUCHER_RESOLVED_RETRY);
		purse_must(p, &op);
		assert_int_equal(proof(p).open, 1);
		assert_int_equal(purse_sim(p).unsettled, 0);
		end(p, purse_dial(p, voucher), LEDGER_ANSWERED, VERDICT_BUSY,
			VOUCHER_BUSY);
		assert_int_equal(proof(p).open, 1);
		end(p, purse_dial(p, voucher), LEDGER_ANSWERED, VERDICT_LOADED,
			VOUCHER_CREDITED);
		assert_int_equal(
			ledger_proof(p->ledger, "sim1", &none), -ENOENT);
	}
	purse_is_sound(p);
}

/* ---- the last attempt of a SIM ----------------------------------------- */

static void
last_attempt_is_the_last_that_may_be_answered(void **state)
{
	struct purse *p = *state;
	assert_int_equal(last(p).attempt, 0);
	int64_t voucher = card(p);
	struct ledger_op op = purse_begin(p, voucher);
	op.u.attempt_begin.balance_before_minor = 500;
	int64_t attempt = purse_must(p, &op);
	struct ledger_last got = last(p);
	assert_int_equal(got.attempt, attempt);
	assert_int_equal(got.voucher, voucher);
	assert_int_equal(got.state, VOUCHER_DIALING);
	assert_true(got.open);
	assert_true(got.own);
	assert_int_equal(got.in_doubt, 1);
	assert_int_equal(got.on_air, 0);
	assert_int_equal(got.card_minor, HUNDRED);
	assert_int_equal(got.balance_before_minor, 500);
	assert_string_equal(got.account, "sim1");
	assert_string_equal(got.operator, "simtel");
	op = purse_settle(
		p, attempt, LEDGER_ANSWERED, VERDICT_NONE, VOUCHER_NO_VERDICT);
	strcpy(op.u.attempt_settle.reply, "what?");
	purse_must(p, &op);
	dial_and_end(p, false);
	got = last(p);
	assert_int_equal(got.attempt, attempt);
	assert_false(got.open);
	assert_int_equal(got.state, VOUCHER_UNKNOWN);
	assert_int_equal(got.fate, LEDGER_ANSWERED);
	assert_int_equal(got.verdict, VERDICT_NONE);
	assert_int_equal(got.on_air, 1);
	assert_int_equal(got.ended_ran_ms, op.at.ran_ms);
	assert_string_equal(got.reply, "what?");
	lose(p, card(p));
	assert_int_equal(last(p).in_doubt, 2);
	assert_int_equal(last(p).fate, LEDGER_MAYBE_SENT);
}

/* ---- the fence, and repeat = once -------------------------------------- */

static struct ledger_op
fence_op(struct purse *p, bool over)
{
	struct ledger_op op = purse_op(p, LEDGER_FENCE);
	strcpy(op.u.fence.iccid, "sim1");
	strcpy(op.u.fence.modem, "m1");
	strcpy(op.u.fence.why, over ? "quiet" : "replug");
	op.u.fence.over = over;
	return op;
}

static void
fence_is_told_once_and_survives_a_restart(void **state)
{
	struct purse *p = *state;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	struct ledger_op up = fence_op(p, false), over = fence_op(p, true);
	purse_must(p, &over);
	assert_int_equal(ledger_audit_head(p->ledger), 0);
	purse_must(p, &up);
	purse_must(p, &up);
	assert_int_equal(ledger_audit_head(p->ledger), 1);
	purse_last_audit(p, event, note);
	assert_string_equal(event, "modem.fenced");
	assert_string_equal(note, "iccid=sim1 why=replug");
	purse_close(p);
	purse_open(p);
	assert_true(purse_sim(p).fence);
	purse_must(p, &over);
	purse_must(p, &over);
	assert_false(purse_sim(p).fence);
	assert_int_equal(ledger_audit_head(p->ledger), 2);
	purse_last_audit(p, event, note);
	assert_string_equal(event, "modem.fence_over");
	/* No answer raises it by itself; a word of the network does not. */
	dial_and_end(p, true);
	assert_false(purse_sim(p).fence);
	lose(p, card(p));
	assert_true(purse_sim(p).fence);
}

static int64_t
repeatable(struct purse *p)
{
	return ledger_repeatable(p->ledger, "sim1", "simtel");
}

static void
unanswered_card_may_be_repeated_once_after_its_fence(void **state)
{
	struct purse *p = *state;
	struct ledger_op over = fence_op(p, true), up = fence_op(p, false);
	int64_t voucher = card(p);
	lose(p, voucher);
	struct ledger_op op = purse_begin(p, voucher);
	op.u.attempt_begin.event = VOUCHER_REPEATED;
	assert_int_equal(repeatable(p), 0);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	purse_must(p, &over);
	assert_int_equal(repeatable(p), voucher);
	assert_int_equal(ledger_repeatable(p->ledger, "sim2", "simtel"), 0);
	assert_int_equal(ledger_repeatable(p->ledger, "sim1", "other"), 0);
	purse_must(p, &up);
	assert_int_equal(repeatable(p), 0);
	purse_must(p, &over);
	/* On another SIM it would be another card's place. */
	strcpy(op.u.attempt_begin.iccid, "sim2");
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	strcpy(op.u.attempt_begin.iccid, "sim1");
	int64_t attempt = purse_must(p, &op);
	assert_true(last(p).repeated);
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	purse_last_audit(p, event, note);
	assert_string_equal(event, "voucher.dialing");
	assert_non_null(strstr(note, "by=repeated"));
	end(p, attempt, LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_MAYBE_SENT);
	purse_must(p, &over);
	assert_int_equal(repeatable(p), 0);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	/* Nor after a person's retry. */
	op = purse_move(p, voucher, VOUCHER_RESOLVED_RETRY);
	purse_must(p, &op);
	lose(p, voucher);
	purse_must(p, &over);
	assert_int_equal(repeatable(p), 0);
	purse_is_sound(p);
}

static void
answered_card_is_never_repeated(void **state)
{
	struct purse *p = *state;
	struct ledger_op over = fence_op(p, true), up = fence_op(p, false);
	end(p, purse_dial(p, card(p)), LEDGER_ANSWERED, VERDICT_NONE,
		VOUCHER_NO_VERDICT);
	purse_must(p, &up);
	purse_must(p, &over);
	assert_int_equal(repeatable(p), 0);
	/* A missing SMS is no answer. */
	int64_t voucher = card(p);
	end(p, purse_dial(p, voucher), LEDGER_ANSWERED, VERDICT_PENDING,
		VOUCHER_TAKEN);
	struct ledger_op op = purse_move(p, voucher, VOUCHER_SMS_TIMEOUT);
	purse_must(p, &op);
	purse_must(p, &up);
	purse_must(p, &over);
	assert_int_equal(repeatable(p), voucher);
	/* Not while something flies for the account, nor of the SIM. */
	int64_t other = dial_for(p, card(p), "sim1", "sim2");
	assert_int_equal(repeatable(p), 0);
	end(p, other, LEDGER_NOT_SENT, VERDICT_NONE, VOUCHER_NOT_SENT);
	assert_int_equal(repeatable(p), voucher);
	dial_for(p, card(p), "other", "sim1");
	assert_int_equal(repeatable(p), 0);
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
		LEDGER_TEST(readings_belong_to_the_account_of_their_sim),
		LEDGER_TEST(
			first_reading_has_shown_all_where_nothing_was_credited),
		LEDGER_TEST(reading_shows_a_credit_that_it_rose_by),
		LEDGER_TEST(credit_of_a_day_ago_is_in_every_balance),
		LEDGER_TEST(credit_that_comes_to_light_takes_it_from_readings),
		LEDGER_TEST(balance_in_the_answer_shows_its_own_credit),
		LEDGER_TEST(spoiled_reading_is_not_the_last_thing_told),
		LEDGER_TEST(balance_requests_are_counted_by_day),
		LEDGER_TEST(evidence_credits_its_own_attempt_and_no_other),
		LEDGER_TEST(evidence_goes_only_where_the_table_leads),
		LEDGER_TEST(late_refusal_on_a_repeat_settles_nothing),
		LEDGER_TEST(used_by_me_credits_the_attempt_before),
		LEDGER_TEST(doubt_lasts_until_the_voucher_ends),
		LEDGER_TEST(last_attempt_is_the_last_that_may_be_answered),
		LEDGER_TEST(fence_is_told_once_and_survives_a_restart),
		LEDGER_TEST(
			unanswered_card_may_be_repeated_once_after_its_fence),
		LEDGER_TEST(answered_card_is_never_repeated),
	};
	return cmocka_run_group_tests_name("ledger_proof", tests, NULL, NULL);
}
