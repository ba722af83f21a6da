/*
 * What is not surely known: lost answers, refusals of the modem itself, a
 * busy operator, wrong cards, shutdown in the middle. Law 2 and law 3 of
 * the contract as a person meets them.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

static void
start(struct house *h, const char *more)
{
	house_add_modem(h, "m1", "huawei", more);
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
}

/* A batch of cards S0 to S(count-1). */
static void
submit_cards(struct house *h, unsigned count)
{
	char batch[4096] = "# operator: simtel\npin,serial\n";

	for (unsigned i = 0; i < count; i++)
		snprintf(batch + strlen(batch), sizeof(batch) - strlen(batch),
			"%s,S%u\n", house_pin(i), i);
	house_submit(h, "cards.csv", batch);
}

static const char *
id_of(struct house *h, const char *serial)
{
	static char id[24];

	snprintf(id, sizeof(id), "%ld", house_voucher_id(h, serial));
	return id;
}

static bool
modem_asks_for_a_person(struct house *h, const void *ctx)
{
	(void)ctx;
	return house_ctl(h, "modems", NULL) == 0 &&
	       strstr(h->out, "unlock") != NULL;
}

static bool
redeems_are(struct house *h, const void *ctx)
{
	return house_truth_count(h, "redeem", NULL, "") >= *(const size_t *)ctx;
}

static void
lost_answer_stops_the_modem_until_a_person_unlocks_it(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 2);
	house_rule_set(h, "recharge", "timeout", "2");
	house_rule_set(h, "limits", "max_rejects", "1");
	start(h, NULL);
	house_strike(h, "m1", "lose_reply");
	submit_cards(h, 2);
	house_until_state(h, "S0", "unknown");
	house_assert_voucher(h, "S0", "unknown", "no_answer");
	house_until(h, "modems says what to do", modem_asks_for_a_person, NULL);
	assert_string_equal(
		house_text(house_voucher(h, "S1"), "state"), "ready");
	/* The network credited it; only we do not know. */
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), 1);
	assert_int_equal(house_ctl(h, "wait", "--timeout", "1", NULL), 1);

	assert_int_equal(house_ctl(h, "unlock", "m1", NULL), 0);
	house_until_state(h, "S1", "loaded");
	house_assert_money_law(h, 2);
	assert_int_equal(house_ctl(h, "resolve", id_of(h, "S0"), "loaded",
				 "--note", "the balance shows it", NULL),
		0);
	house_assert_voucher(h, "S0", "loaded", "");
	assert_int_equal(house_ctl(h, "wait", "--batch", "1", NULL), 0);
	house_done(h);
}

static void
lost_request_is_dialled_again_only_by_a_person(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 1);
	house_rule_set(h, "recharge", "timeout", "2");
	start(h, NULL);
	house_strike(h, "m1", "lose_request");
	submit_cards(h, 1);
	house_until_state(h, "S0", "unknown");
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), 0);
	assert_int_equal(house_ctl(h, "resolve", id_of(h, "S0"), "retry",
				 "--note", "the operator never saw it", NULL),
		0);
	house_until_state(h, "S0", "loaded");
	assert_int_equal(house_number(house_voucher(h, "S0"), "attempts"), 2);
	house_assert_money_law(h, 1);
	house_done(h);
}

/* Law 2: a refusal on a later attempt may be our own first one. */
static void
refusal_of_a_repeated_dial_is_no_verdict(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 1);
	house_rule_set(h, "recharge", "timeout", "2");
	house_rule_drop(h, "reply", "used_by_me");
	start(h, NULL);
	house_strike(h, "m1", "lose_reply");
	submit_cards(h, 1);
	house_until_state(h, "S0", "unknown");
	assert_int_equal(house_ctl(h, "resolve", id_of(h, "S0"), "retry",
				 "--note", "let us see", NULL),
		0);
	house_until_state(h, "S0", "unknown");
	house_until_settled(h, 1);
	house_assert_voucher(h, "S0", "unknown", "refused_on_repeat");
	house_assert_money_law(h, 1);
	house_done(h);
}

static void
resolve_without_a_note_or_on_an_ended_voucher_is_refused(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 1);
	start(h, NULL);
	submit_cards(h, 1);
	house_until_state(h, "S0", "loaded");
	assert_int_not_equal(
		house_ctl(h, "resolve", id_of(h, "S0"), "loaded", NULL), 0);
	assert_int_equal(house_ctl(h, "resolve", id_of(h, "S0"), "rejected",
				 "--note", "I want it so", NULL),
		1);
	assert_int_equal(house_ctl(h, "cancel", id_of(h, "S0"), NULL), 1);
	house_assert_voucher(h, "S0", "loaded", "");
	house_done(h);
}

static void
refusal_by_the_modem_itself_costs_nothing(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 2);
	start(h, NULL);
	house_strike(h, "m1", "cme_local");
	submit_cards(h, 2);
	house_until_settled(h, 2);
	house_assert_voucher(h, "S0", "loaded", "");
	house_assert_voucher(h, "S1", "loaded", "");
	house_assert_money_law(h, 2);
	house_done(h);
}

static void
busy_operator_is_asked_again(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 2);
	start(h, NULL);
	house_strike(h, "m1", "busy");
	submit_cards(h, 2);
	house_until_settled(h, 2);
	assert_int_equal(
		house_count(house_ask(h, "vouchers", NULL), "state", "loaded"),
		2);
	house_assert_money_law(h, 2);
	house_done(h);
}

static void
operator_that_stays_busy_gets_the_voucher_held(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 1);
	house_rule_set(h, "limits", "retries", "2");
	start(h, "{\"faults\": {\"busy\": 1}}");
	submit_cards(h, 1);
	house_until_state(h, "S0", "held");
	house_assert_voucher(h, "S0", "held", "busy");
	house_assert_money_law(h, 1);
	/* Released, and the operator is well again. */
	house_tell(h, "{\"order\": \"set\", \"modem\": \"m1\", "
		      "\"faults\": {\"busy\": 0}}");
	assert_int_equal(house_ctl(h, "release", id_of(h, "S0"), NULL), 0);
	house_until_state(h, "S0", "loaded");
	house_done(h);
}

static void
wrong_cards_stop_the_sim_before_the_operator_locks_it(void **state)
{
	struct house *h = *state;
	const size_t one_more = 3;

	/* The operator locks at the fourth; none of these cards exists. */
	house_network_set(h, "lock_after", json_integer(4));
	house_rule_set(h, "limits", "max_rejects", "2");
	start(h, NULL);
	submit_cards(h, 6);
	house_until_modem(h, "m1", "locked_out");
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), 2);
	assert_int_equal(
		house_count(house_ask(h, "vouchers", NULL), "state", "ready"),
		4);
	house_until(h, "modems says what to do", modem_asks_for_a_person, NULL);

	/* A person allows one more, and only one. */
	assert_int_equal(house_ctl(h, "unlock", "m1", NULL), 0);
	house_until(h, "one more is dialled", redeems_are, &one_more);
	house_until_modem(h, "m1", "locked_out");
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), 3);
	assert_int_equal(house_truth_count(h, "lock", NULL, ""), 0);

	/* It survives a restart. */
	assert_int_equal(house_stop(h), 0);
	house_start(h);
	house_until_modem(h, "m1", "locked_out");
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), 3);
	house_done(h);
}

static void
sim_that_the_operator_barred_keeps_its_vouchers(void **state)
{
	struct house *h = *state;

	house_network_set(h, "lock_after", json_integer(2));
	start(h, NULL);
	submit_cards(h, 4);
	/* Two wrong ones, and the third is told "too many wrong". */
	house_until_modem(h, "m1", "locked_out");
	assert_int_equal(house_count(house_ask(h, "vouchers", NULL), "state",
				 "rejected"),
		2);
	assert_int_equal(
		house_count(house_ask(h, "vouchers", NULL), "state", "ready"),
		2);
	house_done(h);
}

static bool
request_with_a_pin_is_out(struct house *h, const void *ctx)
{
	(void)ctx;
	return house_truth_count(h, "redeem", NULL, "") > 0;
}

static void
sigterm_lets_the_attempt_on_air_end(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 3);
	start(h, "{\"delay_ms\": [1500, 1500]}");
	submit_cards(h, 3);
	house_until(h, "a card is on air", request_with_a_pin_is_out, NULL);
	assert_int_equal(house_stop(h), 0);
	/* Nothing new was dialled, and the one on air has its verdict. */
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), 1);
	house_tell(h, "{\"order\": \"set\", \"modem\": \"m1\", \"delay_ms\": "
		      "[1, 5]}");
	house_start(h);
	house_until_settled(h, 3);
	assert_int_equal(
		house_count(house_ask(h, "vouchers", NULL), "state", "loaded"),
		3);
	house_assert_money_law(h, 3);
	house_done(h);
}

static void
attempt_found_at_start_is_settled_by_evidence_before_the_next(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 2);
	/* Longer than this network takes, or its late words meet S1. */
	house_rule_set(h, "limits", "fence", "3s");
	start(h, "{\"delay_ms\": [1500, 1500]}");
	submit_cards(h, 2);
	house_until(h, "a card is on air", request_with_a_pin_is_out, NULL);
	house_kill(h);
	house_start(h);
	/* Its late answer, or the rise of the balance: nobody has to ask. */
	house_until_state(h, "S0", "loaded");
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), 1);
	house_until_state(h, "S1", "loaded");
	house_assert_money_law(h, 2);
	house_done(h);
}

/* Law 4: the late answer of one card is not the next one's, though a person
 * unlocked the modem and the daemon was stopped and started in between. */
static void
quiet_time_survives_a_clean_restart(void **state)
{
	struct house *h = *state;

	house_add_card(h, house_pin(0), 10000, "used");
	house_add_cards(h, 1, 2);
	house_rule_set(h, "recharge", "timeout", "1");
	house_rule_set(h, "limits", "fence", "6s");
	house_rule_set(h, "balance", "before", "never");
	start(h, "{\"faults\": {\"late_ms\": 4000}}");
	house_strike(h, "m1", "late");
	submit_cards(h, 2);
	house_until_state(h, "S0", "unknown");
	assert_int_equal(house_stop(h), 0);
	/* Were it dialled at once, its answer came after the late one. */
	house_tell(h, "{\"order\": \"set\", \"modem\": \"m1\", \"delay_ms\": "
		      "[3500, 3500]}");
	house_rule_set(h, "recharge", "timeout", "20");
	house_write_settings(h);
	house_start(h);
	house_until_state(h, "S1", "loaded");
	house_assert_money_law(h, 2);
	house_done(h);
}

static void
pause_survives_a_restart(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 1);
	start(h, NULL);
	assert_int_equal(house_ctl(h, "pause", NULL), 0);
	house_until_modem(h, "m1", "paused");
	submit_cards(h, 1);
	assert_int_equal(house_stop(h), 0);
	house_start(h);
	house_until_modem(h, "m1", "paused");
	assert_string_equal(
		house_text(house_voucher(h, "S0"), "state"), "ready");
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), 0);
	assert_int_equal(house_ctl(h, "resume", NULL), 0);
	house_until_state(h, "S0", "loaded");
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(
			lost_answer_stops_the_modem_until_a_person_unlocks_it),
		HOUSE_TEST(lost_request_is_dialled_again_only_by_a_person),
		HOUSE_TEST(refusal_of_a_repeated_dial_is_no_verdict),
		HOUSE_TEST(
			resolve_without_a_note_or_on_an_ended_voucher_is_refused),
		HOUSE_TEST(refusal_by_the_modem_itself_costs_nothing),
		HOUSE_TEST(busy_operator_is_asked_again),
		HOUSE_TEST(operator_that_stays_busy_gets_the_voucher_held),
		HOUSE_TEST(
			wrong_cards_stop_the_sim_before_the_operator_locks_it),
		HOUSE_TEST(sim_that_the_operator_barred_keeps_its_vouchers),
		HOUSE_TEST(sigterm_lets_the_attempt_on_air_end),
		HOUSE_TEST(
			attempt_found_at_start_is_settled_by_evidence_before_the_next),
		HOUSE_TEST(quiet_time_survives_a_clean_restart),
		HOUSE_TEST(pause_survives_a_restart),
	};

	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
