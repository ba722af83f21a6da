/*
 * ledger: the breakers of accounts and of batches, slow start, and what a
 * voucher waits for.
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

enum { MAX_REJECTS = 3, NAMES = 128 };

/* ---- accounts ---------------------------------------------------------- */

static struct ledger_account
account(struct purse *p, const char *name)
{
	struct ledger_account out;
	assert_int_equal(ledger_account(p->ledger, name, &out), 0);
	assert_string_equal(out.name, name);
	return out;
}

/* A fresh card dialled for that account by that SIM; the attempt. */
static int64_t
dial_for(struct purse *p, const char *name, const char *iccid)
{
	struct ledger_op op =
		purse_begin(p, purse_voucher(p, purse_batch(p, 1, ""), 2));
	snprintf(op.u.attempt_begin.account, sizeof(op.u.attempt_begin.account),
		"%s", name);
	snprintf(op.u.attempt_begin.iccid, sizeof(op.u.attempt_begin.iccid),
		"%s", iccid);
	return purse_must(p, &op);
}

static void
end(struct purse *p, int64_t attempt, enum ledger_fate fate,
	enum verdict verdict, enum voucher_event event)
{
	struct ledger_op op = purse_settle(p, attempt, fate, verdict, event);
	purse_must(p, &op);
}

static void
refuse(struct purse *p, int64_t attempt)
{
	end(p, attempt, LEDGER_ANSWERED, VERDICT_INVALID,
		VOUCHER_REFUSED_FIRST);
}

static void
credit(struct purse *p, int64_t attempt)
{
	end(p, attempt, LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_CREDITED);
}

static void
account_never_dialled_for_has_zeros(void **state)
{
	struct purse *p = *state;
	struct ledger_account a = account(p, "0801");
	assert_int_equal(a.counted, 0);
	assert_false(a.one_more);
	assert_int_equal(a.stopped_ran_ms, 0);
	assert_string_equal(a.operator, "");
}

/* Whichever SIM dials: the operator counts for the number. */
static void
attempts_of_all_sims_count_for_their_account(void **state)
{
	struct purse *p = *state;
	refuse(p, dial_for(p, "0801", "sim1"));
	refuse(p, dial_for(p, "0801", "sim2"));
	refuse(p, dial_for(p, "0802", "sim1"));
	int64_t last = p->now.ran_ms - 10;
	assert_int_equal(account(p, "0801").counted, 2);
	assert_int_equal(account(p, "0802").counted, 1);
	assert_int_equal(account(p, "0802").stopped_ran_ms, last);
	assert_string_equal(account(p, "0802").operator, "simtel");
	int64_t open = dial_for(p, "0801", "sim1");
	assert_int_equal(account(p, "0801").counted, 3);
	end(p, open, LEDGER_NOT_SENT, VERDICT_NONE, VOUCHER_NOT_SENT);
	assert_int_equal(account(p, "0801").counted, 2);
	credit(p, dial_for(p, "0801", "sim2"));
	assert_int_equal(account(p, "0801").counted, 0);
	assert_int_equal(account(p, "0801").stopped_ran_ms, 0);
	purse_is_sound(p);
}

static int64_t
voucher_of(struct purse *p, int64_t batch)
{
	return purse_voucher(p, batch, 2);
}

static void
later_credit_forgives_only_what_was_before_it(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_batch(p, 1, "");
	refuse(p, dial_for(p, "0801", "sim1"));
	struct ledger_op op = purse_begin(p, voucher_of(p, batch));
	strcpy(op.u.attempt_begin.account, "0801");
	end(p, purse_must(p, &op), LEDGER_MAYBE_SENT, VERDICT_NONE,
		VOUCHER_MAYBE_SENT);
	refuse(p, dial_for(p, "0801", "sim1"));
	assert_int_equal(account(p, "0801").counted, 3);
	op = purse_move(p, voucher_of(p, batch), VOUCHER_RESOLVED_LOADED);
	purse_must(p, &op);
	assert_int_equal(account(p, "0801").counted, 1);
	purse_is_sound(p);
}

static void
unlock_of_an_account_is_used_up_by_what_counts(void **state)
{
	struct purse *p = *state;
	refuse(p, dial_for(p, "0801", "sim1"));
	int64_t open = dial_for(p, "0801", "sim1");
	struct ledger_op op = purse_op(p, LEDGER_UNLOCK);
	strcpy(op.u.unlock.account, "0801");
	purse_must(p, &op);
	/* The one in the air is not what the person knows of. */
	assert_false(account(p, "0801").one_more);
	refuse(p, open);
	purse_must(p, &op);
	assert_true(account(p, "0801").one_more);
	end(p, dial_for(p, "0801", "sim1"), LEDGER_NOT_SENT, VERDICT_NONE,
		VOUCHER_NOT_SENT);
	assert_true(account(p, "0801").one_more);
	refuse(p, dial_for(p, "0802", "sim1"));
	assert_true(account(p, "0801").one_more);
	refuse(p, dial_for(p, "0801", "sim2"));
	assert_false(account(p, "0801").one_more);
	assert_int_equal(account(p, "0801").counted, 3);
}

static bool
on_account(void *ctx, const struct ledger_account *a)
{
	char *names = ctx;
	size_t len = strlen(names);
	snprintf(names + len, NAMES - len, "%s ", a->name);
	assert_true(a->counted > 0);
	return a->name[0] != '9';
}

static void
accounts_that_count_are_listed(void **state)
{
	struct purse *p = *state;
	char names[NAMES] = "";
	refuse(p, dial_for(p, "0802", "sim1"));
	refuse(p, dial_for(p, "0801", "sim1"));
	credit(p, dial_for(p, "0803", "sim1"));
	credit(p, dial_for(p, "0802", "sim1"));
	refuse(p, dial_for(p, "9", "sim1"));
	refuse(p, dial_for(p, "99", "sim1"));
	assert_int_equal(ledger_each_account(p->ledger, on_account, names), 0);
	assert_string_equal(names, "0801 9 ");
}

/* ---- slow start -------------------------------------------------------- */

/* Each on a SIM of its own. */
static struct ledger_op
begin_row(struct purse *p, int64_t batch, unsigned row)
{
	struct ledger_op op = purse_begin(p, purse_voucher(p, batch, row));
	struct ledger_attempt_begin *b = &op.u.attempt_begin;
	b->batch_rejects = MAX_REJECTS;
	snprintf(b->iccid, sizeof(b->iccid), "sim%lld-%u", (long long)batch,
		row);
	snprintf(b->account, sizeof(b->account), "%s", b->iccid);
	return op;
}

static int64_t
dial_row(struct purse *p, int64_t batch, unsigned row)
{
	struct ledger_op op = begin_row(p, batch, row);
	return purse_must(p, &op);
}

static struct ledger_wait
wait_of(struct purse *p, int64_t batch, unsigned row)
{
	struct ledger_wait out;
	assert_int_equal(
		ledger_wait(p->ledger, purse_voucher(p, batch, row), &out), 0);
	return out;
}

static void
batch_starts_with_one_and_doubles_with_each_that_is_loaded(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_batch(p, 12, "");
	assert_int_equal(purse_batch_now(p, batch).window, 1);
	assert_false(wait_of(p, batch, 3).slow_start);
	int64_t first = dial_row(p, batch, 2);
	struct ledger_op op = begin_row(p, batch, 3);
	assert_int_equal(purse_do(p, &op, NULL), -EBUSY);
	assert_true(wait_of(p, batch, 3).slow_start);
	credit(p, first);
	assert_int_equal(purse_batch_now(p, batch).window, 2);
	first = dial_row(p, batch, 3);
	int64_t second = dial_row(p, batch, 4);
	op = begin_row(p, batch, 5);
	assert_int_equal(purse_do(p, &op, NULL), -EBUSY);
	/* Pending is in flight as well. */
	end(p, first, LEDGER_ANSWERED, VERDICT_PENDING, VOUCHER_TAKEN);
	assert_int_equal(purse_do(p, &op, NULL), -EBUSY);
	refuse(p, second);
	assert_int_equal(purse_batch_now(p, batch).window, 2);
	purse_must(p, &op);
	credit(p, first);
	assert_int_equal(purse_batch_now(p, batch).window, 4);
	purse_is_sound(p);
}

static void
evidence_and_a_person_open_the_window_too(void **state)
{
	struct purse *p = *state;
	static const enum voucher_event events[] = {
		VOUCHER_RESOLVED_LOADED, VOUCHER_EVIDENCE};
	int64_t batch = purse_batch(p, 3, "");
	for (unsigned i = 0; i < 2; i++) {
		end(p, dial_row(p, batch, 2 + i), LEDGER_MAYBE_SENT,
			VERDICT_NONE, VOUCHER_MAYBE_SENT);
		struct ledger_op op = purse_move(
			p, purse_voucher(p, batch, 2 + i), events[i]);
		purse_must(p, &op);
		assert_int_equal(purse_batch_now(p, batch).window, 2 << i);
	}
}

/* ---- a batch that stops itself ----------------------------------------- */

/* How row n of a batch ends, one letter each: l)oaded, r)efused, u)nknown,
 * b)usy, s)im_blocked, p)ending and then no SMS, f)ound at start,
 * U) unknown and then loaded by evidence, R) unknown and then rejected by a
 * person. */
static void
end_as(struct purse *p, int64_t batch, unsigned row, char how)
{
	int64_t attempt = dial_row(p, batch, row);
	struct ledger_op op =
		purse_move(p, purse_voucher(p, batch, row), VOUCHER_EVIDENCE);
	switch (how) {
	case 'l':
		credit(p, attempt);
		return;
	case 'r':
		refuse(p, attempt);
		return;
	case 'b':
		end(p, attempt, LEDGER_ANSWERED, VERDICT_BUSY, VOUCHER_BUSY);
		return;
	case 's':
		end(p, attempt, LEDGER_ANSWERED, VERDICT_SIM_BLOCKED,
			VOUCHER_SIM_BLOCKED);
		return;
	case 'p':
		end(p, attempt, LEDGER_ANSWERED, VERDICT_PENDING,
			VOUCHER_TAKEN);
		op.u.voucher_move.event = VOUCHER_SMS_TIMEOUT;
		purse_must(p, &op);
		return;
	case 'f':
		end(p, attempt, LEDGER_MAYBE_SENT, VERDICT_NONE,
			VOUCHER_FOUND_AT_START);
		return;
	default:
		break;
	}
	end(p, attempt, LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_MAYBE_SENT);
	if (how == 'R')
		op.u.voucher_move.event = VOUCHER_RESOLVED_REJECTED;
	if (how != 'u')
		purse_must(p, &op);
}

static struct ledger_op
act(struct purse *p, int64_t batch, enum voucher_event event,
	const char *reason)
{
	struct ledger_op op = purse_op(p, LEDGER_BATCH_MOVE);
	op.u.batch_move.batch = batch;
	op.u.batch_move.event = event;
	snprintf(op.u.batch_move.reason, LEDGER_NAME_MAX, "%s", reason);
	return op;
}

static void
batch_trips_as_the_contract_says(void **state)
{
	struct purse *p = *state;
	static const struct {
		const char *ends;
		const char *why; /* NULL: it does not */
	} rows[] = {
		{"rr", NULL},
		{"rrr", "refused_before_success"},
		{"rsr", "refused_before_success"},
		{"uuu", "unknown_before_success"},
		{"ufp", "unknown_before_success"},
		{"RRR", "refused_before_success"},
		{"uurr", NULL}, /* so many of one kind */
		{"rlrr", NULL},
		{"uUuu", NULL}, /* a success that came to light */
		{"bbbbb", NULL},
		{"lrrrrr", NULL},
		{"lrrrrrr", "last_ten"},
		{"lrururu", "last_ten"},
		{"lrrrrrlllllr", NULL},
		{"lRRRR", NULL}, /* one bad end each */
		{"lrrrrrllllr", "last_ten"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].ends);
		int64_t batch = purse_batch(p, (unsigned)n + 1, "");
		for (unsigned k = 0; k < n; k++) {
			assert_int_equal(ledger_tripped_batch(p->ledger), 0);
			end_as(p, batch, k + 2, rows[i].ends[k]);
		}
		if (ledger_tripped_batch(p->ledger) !=
			(rows[i].why ? batch : 0))
			fail_msg("%s", rows[i].ends);
		char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
		purse_last_audit(p, event, note);
		assert_true((strcmp(event, "batch.stopped") == 0) ==
			    (rows[i].why != NULL));
		if (rows[i].why == NULL)
			continue;
		assert_string_equal(note + strlen("why="), rows[i].why);
		purse_is_sound(p);
		struct ledger_op op = act(p, batch, VOUCHER_HOLD, "batch");
		purse_must(p, &op);
	}
}

static void
batch_without_a_limit_never_trips(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_batch(p, 12, "");
	for (unsigned row = 2; row < 12; row++) {
		struct ledger_op op = begin_row(p, batch, row);
		op.u.attempt_begin.batch_rejects = 0;
		refuse(p, purse_must(p, &op));
	}
	assert_int_equal(ledger_tripped_batch(p->ledger), 0);
}

static bool
any_head(void *ctx, const struct ledger_voucher *v)
{
	(void)v;
	*(unsigned *)ctx += 1;
	return true;
}

static unsigned
heads(struct purse *p)
{
	unsigned n = 0;
	struct ledger_head_query q = {.operator= "simtel",
		.modem = "m1",
		.self_account = "sim1",
		.ran_ms = p->now.ran_ms,
		.limit = 100};
	assert_int_equal(ledger_each_head(p->ledger, &q, any_head, &n), 0);
	return n;
}

/* Whatever comes back to the queue after the trip is held too. */
static void
tripped_batch_stays_until_a_person_releases_it(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_batch(p, 20, "");
	const char ends[] = "llrrrrr";
	for (unsigned i = 0; i < sizeof(ends) - 1; i++)
		end_as(p, batch, i + 2, ends[i]);
	int64_t last = dial_row(p, batch, 9), busy = dial_row(p, batch, 10);
	refuse(p, last);
	assert_int_equal(ledger_tripped_batch(p->ledger), batch);
	assert_true(wait_of(p, batch, 11).batch_stops);
	assert_int_equal(heads(p), 0);
	struct ledger_op op = begin_row(p, batch, 11);
	assert_int_equal(purse_do(p, &op, NULL), -EBUSY);
	op = act(p, batch, VOUCHER_HOLD, "batch");
	purse_must(p, &op);
	assert_int_equal(ledger_tripped_batch(p->ledger), 0);
	end(p, busy, LEDGER_ANSWERED, VERDICT_BUSY, VOUCHER_BUSY);
	assert_int_equal(heads(p), 0);
	assert_int_equal(ledger_tripped_batch(p->ledger), batch);
	/* A restart forgets nothing of it. */
	purse_close(p);
	purse_open(p);
	assert_int_equal(ledger_tripped_batch(p->ledger), batch);
	op = act(p, batch, VOUCHER_HOLD, "batch");
	purse_must(p, &op);
	op = act(p, batch, VOUCHER_RELEASE, "");
	purse_must(p, &op);
	assert_int_equal(ledger_tripped_batch(p->ledger), 0);
	assert_int_equal(purse_batch_now(p, batch).window, 1);
	assert_int_equal(heads(p), 12);
	/* And counts anew. */
	refuse(p, dial_row(p, batch, 11));
	refuse(p, dial_row(p, batch, 12));
	assert_int_equal(ledger_tripped_batch(p->ledger), 0);
	refuse(p, dial_row(p, batch, 13));
	assert_int_equal(ledger_tripped_batch(p->ledger), batch);
	purse_is_sound(p);
}

static void
trip_with_nothing_left_ends_with_the_next_release(void **state)
{
	struct purse *p = *state;
	for (int by_batch = 0; by_batch < 2; by_batch++) {
		int64_t batch = purse_batch(p, 5, "");
		struct ledger_op op;
		for (unsigned row = 5; row <= 6; row++) {
			op = purse_move(
				p, purse_voucher(p, batch, row), VOUCHER_HOLD);
			strcpy(op.u.voucher_move.reason, "person");
			purse_must(p, &op);
		}
		for (unsigned row = 2; row <= 4; row++)
			end_as(p, batch, row, 'u');
		assert_int_equal(ledger_tripped_batch(p->ledger), 0);
		op = purse_move(p, purse_voucher(p, batch, 5), VOUCHER_RELEASE);
		if (by_batch)
			op = act(p, batch, VOUCHER_RELEASE, "");
		purse_must(p, &op);
		assert_int_equal(ledger_tripped_batch(p->ledger), 0);
		assert_false(wait_of(p, batch, 5).batch_stops);
		end_as(p, batch, 5, 'l');
	}
	purse_is_sound(p);
}

/* A full batch lets the next one go. */
static void
heads_pass_a_batch_that_is_full(void **state)
{
	struct purse *p = *state;
	int64_t full = purse_batch(p, 3, "");
	int64_t next = purse_batch(p, 2, "");
	(void)next;
	assert_int_equal(heads(p), 5);
	int64_t attempt = dial_row(p, full, 2);
	assert_int_equal(heads(p), 2);
	credit(p, attempt);
	assert_int_equal(heads(p), 4);
}

static void
sim_and_account_carry_one_pin_at_a_time(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_batch(p, 1, ""), other = purse_batch(p, 1, "");
	int64_t attempt = dial_row(p, batch, 2);
	for (int pending = 0; pending < 2; pending++) {
		if (pending)
			end(p, attempt, LEDGER_ANSWERED, VERDICT_PENDING,
				VOUCHER_TAKEN);
		struct ledger_op op = begin_row(p, other, 2);
		snprintf(op.u.attempt_begin.iccid, LEDGER_NAME_MAX, "sim%lld-2",
			(long long)batch);
		assert_int_equal(purse_do(p, &op, NULL), -EBUSY);
		op = begin_row(p, other, 2);
		snprintf(op.u.attempt_begin.account, LEDGER_TARGET_MAX,
			"sim%lld-2", (long long)batch);
		assert_int_equal(purse_do(p, &op, NULL), -EBUSY);
		struct ledger_head_query q = {.operator= "simtel",
			.modem = "m1",
			.self_account = "none",
			.ran_ms = p->now.ran_ms,
			.limit = 9};
		char iccid[LEDGER_NAME_MAX];
		snprintf(iccid, sizeof(iccid), "sim%lld-2", (long long)batch);
		unsigned n = 0;
		q.iccid = iccid;
		assert_int_equal(
			ledger_each_head(p->ledger, &q, any_head, &n), 0);
		assert_int_equal(n, 0);
		struct ledger_sim sim;
		assert_int_equal(ledger_sim(p->ledger, iccid, 0, &sim), 0);
		assert_true(sim.flies);
	}
	credit(p, attempt);
	dial_row(p, other, 2);
}

static void
voucher_waits_for_its_number(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_open_batch(p);
	struct ledger_op op = purse_row(p, batch, 1);
	strcpy(op.u.batch_row.target, "0801");
	purse_must(p, &op);
	op = purse_op(p, LEDGER_BATCH_ACCEPT);
	op.u.batch_accept.batch = batch;
	purse_must(p, &op);
	assert_false(wait_of(p, batch, 1).account_flies);
	int64_t attempt = dial_for(p, "0801", "sim1");
	assert_true(wait_of(p, batch, 1).account_flies);
	credit(p, attempt);
	assert_false(wait_of(p, batch, 1).account_flies);
}

int
main(void)
{
#define LEDGER_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(account_never_dialled_for_has_zeros),
		LEDGER_TEST(attempts_of_all_sims_count_for_their_account),
		LEDGER_TEST(later_credit_forgives_only_what_was_before_it),
		LEDGER_TEST(unlock_of_an_account_is_used_up_by_what_counts),
		LEDGER_TEST(accounts_that_count_are_listed),
		LEDGER_TEST(
			batch_starts_with_one_and_doubles_with_each_that_is_loaded),
		LEDGER_TEST(evidence_and_a_person_open_the_window_too),
		LEDGER_TEST(batch_trips_as_the_contract_says),
		LEDGER_TEST(batch_without_a_limit_never_trips),
		LEDGER_TEST(tripped_batch_stays_until_a_person_releases_it),
		LEDGER_TEST(trip_with_nothing_left_ends_with_the_next_release),
		LEDGER_TEST(heads_pass_a_batch_that_is_full),
		LEDGER_TEST(sim_and_account_carry_one_pin_at_a_time),
		LEDGER_TEST(voucher_waits_for_its_number),
	};
	return cmocka_run_group_tests_name("ledger_breaker", tests, NULL, NULL);
}
