/* ledger: what breakers, pacing and people need to know of a SIM. */
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

/* Settles a new attempt on sim1 with a fresh voucher; its number. */
static int64_t
attempt_that(struct purse *p, enum ledger_fate fate, enum verdict verdict,
	enum voucher_event event)
{
	int64_t voucher = purse_voucher(p, purse_batch(p, 1, ""), 2);
	struct ledger_op op =
		purse_settle(p, purse_dial(p, voucher), fate, verdict, event);
	purse_must(p, &op);
	return voucher;
}

static int64_t
refused(struct purse *p)
{
	return attempt_that(
		p, LEDGER_ANSWERED, VERDICT_INVALID, VOUCHER_REFUSED_FIRST);
}

static int64_t
unanswered(struct purse *p)
{
	return attempt_that(
		p, LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_MAYBE_SENT);
}

static void
unlock(struct purse *p)
{
	struct ledger_op op = purse_op(p, LEDGER_UNLOCK);
	strcpy(op.u.unlock.iccid, "sim1");
	strcpy(op.u.unlock.modem, "m1");
	purse_must(p, &op);
}

static void
resolve(struct purse *p, int64_t voucher, enum voucher_event event)
{
	struct ledger_op op = purse_move(p, voucher, event);
	purse_must(p, &op);
}

static void
sim_never_seen_is_not_found(void **state)
{
	struct purse *p = *state;
	struct ledger_sim sim = {.counted = 77};
	assert_int_equal(ledger_sim(p->ledger, "none", 0, &sim), -ENOENT);
	assert_int_equal(sim.counted, 77);
	struct ledger_op op = purse_op(p, LEDGER_UNLOCK);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	strcpy(op.u.unlock.iccid, "none");
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
}

static void
all_but_not_sent_busy_and_not_now_is_counted(void **state)
{
	struct purse *p = *state;
	static const struct {
		enum ledger_fate fate;
		enum verdict verdict;
		enum voucher_event event;
		unsigned counted;
	} rows[] = {
		{LEDGER_NOT_SENT, VERDICT_NONE, VOUCHER_NOT_SENT, 0},
		{LEDGER_ANSWERED, VERDICT_BUSY, VOUCHER_BUSY, 0},
		{LEDGER_ANSWERED, VERDICT_NOT_NOW, VOUCHER_NOT_NOW, 0},
		{LEDGER_ANSWERED, VERDICT_USED, VOUCHER_REFUSED_FIRST, 1},
		{LEDGER_ANSWERED, VERDICT_NONE, VOUCHER_NO_VERDICT, 1},
		{LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_MAYBE_SENT, 1},
		{LEDGER_ANSWERED, VERDICT_SIM_BLOCKED, VOUCHER_SIM_BLOCKED, 1},
		{LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_AMOUNT_DIFFERS, 1},
	};
	unsigned expected = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		attempt_that(p, rows[i].fate, rows[i].verdict, rows[i].event);
		expected += rows[i].counted;
		assert_int_equal(purse_sim(p).counted, expected);
	}
	/* An open one counts from the start. */
	purse_dial(p, purse_voucher(p, purse_batch(p, 1, ""), 2));
	assert_int_equal(purse_sim(p).counted, expected + 1);
}

static void
credit_sets_back_what_was_before_it_and_nothing_after(void **state)
{
	struct purse *p = *state;
	refused(p);
	int64_t doubtful = unanswered(p);
	refused(p);
	assert_int_equal(purse_sim(p).counted, 3);
	/* Known later, by a person: only what came before it is forgiven. */
	resolve(p, doubtful, VOUCHER_RESOLVED_LOADED);
	assert_int_equal(purse_sim(p).counted, 1);
	attempt_that(p, LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_CREDITED);
	struct ledger_sim sim = purse_sim(p);
	assert_int_equal(sim.counted, 0);
	assert_int_equal(sim.stopped_ran_ms, 0);
}

static void
evidence_credits_the_last_attempt_on_air(void **state)
{
	struct purse *p = *state;
	int64_t voucher =
		attempt_that(p, LEDGER_ANSWERED, VERDICT_BUSY, VOUCHER_BUSY);
	refused(p);
	struct ledger_op op = purse_settle(p, purse_dial(p, voucher),
		LEDGER_NOT_SENT, VERDICT_NONE, VOUCHER_NOT_SENT);
	purse_must(p, &op);
	/* The busy one it was: before the refusal, which stays counted. */
	resolve(p, voucher, VOUCHER_EVIDENCE);
	assert_int_equal(purse_sim(p).counted, 1);
	purse_is_sound(p);
}

static void
person_who_rejects_or_retries_forgives_nothing(void **state)
{
	struct purse *p = *state;
	int64_t one = unanswered(p), other = unanswered(p);
	struct ledger_sim sim = purse_sim(p);
	assert_int_equal(sim.counted, 2);
	assert_int_equal(sim.unsettled, 2);
	resolve(p, one, VOUCHER_RESOLVED_REJECTED);
	resolve(p, other, VOUCHER_RESOLVED_RETRY);
	sim = purse_sim(p);
	assert_int_equal(sim.counted, 2);
	assert_int_equal(sim.unsettled, 0);
}

static void
unlock_forgets_what_is_unsettled_and_gives_one_more(void **state)
{
	struct purse *p = *state;
	unanswered(p);
	struct ledger_sim sim = purse_sim(p);
	assert_int_equal(sim.unsettled, 1);
	assert_false(sim.one_more);
	unlock(p);
	sim = purse_sim(p);
	assert_int_equal(sim.unsettled, 0);
	assert_int_equal(sim.counted, 1); /* the operator counts it still */
	assert_true(sim.one_more);
	/* What did not go on air, or does not count, uses nothing up. */
	attempt_that(p, LEDGER_NOT_SENT, VERDICT_NONE, VOUCHER_NOT_SENT);
	assert_true(purse_sim(p).one_more);
	refused(p);
	sim = purse_sim(p);
	assert_false(sim.one_more);
	assert_int_equal(sim.counted, 2);
	unlock(p);
	assert_true(purse_sim(p).one_more);
	attempt_that(p, LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_CREDITED);
	sim = purse_sim(p);
	assert_false(sim.one_more);
	assert_int_equal(sim.counted, 0);
}

static void
unlock_does_not_settle_what_is_in_the_air(void **state)
{
	struct purse *p = *state;
	int64_t attempt =
		purse_dial(p, purse_voucher(p, purse_batch(p, 1, ""), 2));
	assert_int_equal(purse_sim(p).unsettled, 1);
	unlock(p);
	struct ledger_sim sim = purse_sim(p);
	assert_int_equal(sim.unsettled, 1);
	assert_false(sim.one_more);
	struct ledger_op op = purse_settle(p, attempt, LEDGER_MAYBE_SENT,
		VERDICT_NONE, VOUCHER_MAYBE_SENT);
	purse_must(p, &op);
	assert_int_equal(purse_sim(p).unsettled, 1);
}

static void
barred_sim_is_free_after_unlock_or_a_later_credit(void **state)
{
	struct purse *p = *state;
	struct ledger_op block = purse_op(p, LEDGER_SIM_BLOCKED);
	strcpy(block.u.sim_blocked.iccid, "sim1");
	strcpy(block.u.sim_blocked.modem, "m1");
	purse_must(p, &block);
	struct ledger_sim sim = purse_sim(p);
	assert_true(sim.blocked);
	assert_int_equal(sim.stopped_ran_ms, block.at.ran_ms);
	assert_int_equal(sim.stopped_wall_ms, block.at.wall_ms);
	unlock(p);
	assert_false(purse_sim(p).blocked);
	int64_t before = unanswered(p);
	purse_must(p, &block);
	/* Credited before it was barred: that proves nothing. */
	resolve(p, before, VOUCHER_EVIDENCE);
	assert_true(purse_sim(p).blocked);
	int64_t after = unanswered(p);
	assert_true(purse_sim(p).blocked);
	resolve(p, after, VOUCHER_EVIDENCE);
	assert_false(purse_sim(p).blocked);
	purse_must(p, &block);
	attempt_that(p, LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_CREDITED);
	assert_false(purse_sim(p).blocked);
}

static void
breakers_survive_a_restart(void **state)
{
	struct purse *p = *state;
	refused(p);
	unanswered(p);
	struct ledger_sim before = purse_sim(p);
	purse_close(p);
	purse_open(p);
	struct ledger_sim after = purse_sim(p);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_true(after.stopped_ran_ms > 0);
}

static void
today_counts_what_was_on_air_since_the_day_began(void **state)
{
	struct purse *p = *state;
	refused(p);
	int64_t day = p->now.wall_ms;
	struct ledger_sim sim;
	refused(p);
	attempt_that(p, LEDGER_NOT_SENT, VERDICT_NONE, VOUCHER_NOT_SENT);
	attempt_that(p, LEDGER_ANSWERED, VERDICT_BUSY, VOUCHER_BUSY);
	int64_t last = p->now.ran_ms - 10;
	assert_int_equal(ledger_sim(p->ledger, "sim1", day, &sim), 0);
	assert_int_equal(sim.dialled_today, 2);
	assert_int_equal(sim.last_ran_ms, last);
	assert_int_equal(ledger_sim(p->ledger, "sim1", 0, &sim), 0);
	assert_int_equal(sim.dialled_today, 3);
}

static void
balance_is_the_last_until_something_is_dialled(void **state)
{
	struct purse *p = *state;
	struct ledger_op op = purse_op(p, LEDGER_BALANCE);
	strcpy(op.u.balance.iccid, "sim1");
	strcpy(op.u.balance.modem, "m1");
	strcpy(op.u.balance.currency, "XTS");
	op.u.balance.decimals = 2;
	op.u.balance.minor = MONEY_NONE;
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	op.u.balance.minor = 0;
	purse_must(p, &op);
	struct ledger_sim sim = purse_sim(p);
	assert_int_equal(sim.balance_minor, 0);
	assert_int_equal(sim.balance_wall_ms, op.at.wall_ms);
	assert_true(sim.balance_is_last);
	refused(p);
	sim = purse_sim(p);
	assert_int_equal(sim.balance_minor, 0);
	assert_false(sim.balance_is_last);
	op.u.balance.minor = 12345;
	purse_must(p, &op);
	assert_true(purse_sim(p).balance_is_last);
}

static unsigned
sims_told(struct purse *p, ledger_sim_fn *fn)
{
	unsigned count = 0;
	assert_int_equal(ledger_each_sim(p->ledger, 0, fn, &count), 0);
	return count;
}

static bool
count_all(void *ctx, const struct ledger_sim *sim)
{
	unsigned *count = ctx;
	assert_true(sim->iccid[0] != '\0');
	(*count)++;
	return true;
}

static bool
count_one(void *ctx, const struct ledger_sim *sim)
{
	return count_all(ctx, sim) && false;
}

static void
each_sim_is_told_once_with_its_last_modem(void **state)
{
	struct purse *p = *state;
	struct ledger_op op = purse_op(p, LEDGER_SIM_SEEN);
	for (int i = 0; i < 3; i++) {
		snprintf(op.u.sim_seen.iccid, LEDGER_NAME_MAX, "sim%d", i % 2);
		snprintf(op.u.sim_seen.modem, LEDGER_NAME_MAX, "m%d", i);
		purse_must(p, &op);
	}
	assert_int_equal(sims_told(p, count_all), 2);
	assert_int_equal(sims_told(p, count_one), 1);
	struct ledger_sim sim;
	assert_int_equal(ledger_sim(p->ledger, "sim0", 0, &sim), 0);
	assert_string_equal(sim.modem, "m2");
	op.u.sim_seen.iccid[0] = '\0';
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
}

static void
pause_holds_for_all_or_for_one_modem_over_restarts(void **state)
{
	struct purse *p = *state;
	struct ledger_op op = purse_op(p, LEDGER_PAUSE);
	op.u.pause.on = true;
	strcpy(op.u.pause.modem, "m1");
	purse_must(p, &op);
	purse_close(p);
	purse_open(p);
	assert_true(ledger_is_paused(p->ledger, "m1"));
	assert_false(ledger_is_paused(p->ledger, "m2"));
	assert_false(ledger_is_paused(p->ledger, ""));
	op.u.pause.on = false;
	purse_must(p, &op);
	assert_false(ledger_is_paused(p->ledger, "m1"));
	op.u.pause.modem[0] = '\0';
	op.u.pause.on = true;
	purse_must(p, &op);
	assert_true(ledger_is_paused(p->ledger, ""));
}

static void
account_unlock_tells_only_the_end_of_a_number(void **state)
{
	struct purse *p = *state;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	struct ledger_op op = purse_op(p, LEDGER_UNLOCK);
	strcpy(op.u.unlock.account, "08012345678");
	purse_must(p, &op);
	purse_must(p, &op);
	purse_last_audit(p, event, note);
	assert_string_equal(event, "account.unlocked");
	assert_string_equal(note, "account_end=5678");
}

int
main(void)
{
#define LEDGER_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(sim_never_seen_is_not_found),
		LEDGER_TEST(all_but_not_sent_busy_and_not_now_is_counted),
		LEDGER_TEST(
			credit_sets_back_what_was_before_it_and_nothing_after),
		LEDGER_TEST(evidence_credits_the_last_attempt_on_air),
		LEDGER_TEST(person_who_rejects_or_retries_forgives_nothing),
		LEDGER_TEST(
			unlock_forgets_what_is_unsettled_and_gives_one_more),
		LEDGER_TEST(unlock_does_not_settle_what_is_in_the_air),
		LEDGER_TEST(barred_sim_is_free_after_unlock_or_a_later_credit),
		LEDGER_TEST(breakers_survive_a_restart),
		LEDGER_TEST(today_counts_what_was_on_air_since_the_day_began),
		LEDGER_TEST(balance_is_the_last_until_something_is_dialled),
		LEDGER_TEST(each_sim_is_told_once_with_its_last_modem),
		LEDGER_TEST(pause_holds_for_all_or_for_one_modem_over_restarts),
		LEDGER_TEST(account_unlock_tells_only_the_end_of_a_number),
	};
	return cmocka_run_group_tests_name("ledger_sim", tests, NULL, NULL);
}
