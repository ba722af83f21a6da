/*
 * The control socket: what each account told against what was credited, and
 * the unlock of a SIM with the account of its own cards.
 */
#include "agent/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/control_private.h"
#include "agent/json.h"
#include "tests/support/desk.h"

#include "tests/unit/control_fakes.h"

#define RECONCILE "{\"command\":\"reconcile\"}"

static void
tell_balance(const char *iccid, int64_t minor)
{
	struct ledger_op op = purse_op(desk.purse, LEDGER_BALANCE);
	struct ledger_balance *b = &op.u.balance;
	(void)snprintf(b->modem, sizeof(b->modem), "m1");
	(void)snprintf(b->iccid, sizeof(b->iccid), "%s", iccid);
	(void)snprintf(b->currency, sizeof(b->currency), "XTS");
	b->minor = minor;
	b->decimals = 2;
	(void)purse_must(desk.purse, &op);
}

static void
see_sim(const char *iccid)
{
	struct ledger_op op = purse_op(desk.purse, LEDGER_SIM_SEEN);
	struct ledger_sim_seen *s = &op.u.sim_seen;
	(void)snprintf(s->modem, sizeof(s->modem), "m1");
	(void)snprintf(s->iccid, sizeof(s->iccid), "%s", iccid);
	(void)snprintf(s->operator, sizeof(s->operator), "simtel");
	(void)snprintf(s->account, sizeof(s->account), "%s", iccid);
	(void)purse_must(desk.purse, &op);
}

static bool
says(const char *words)
{
	return strstr(desk.heard, words) != NULL;
}

static void
without_a_balance_there_is_nothing_to_reconcile(void **state)
{
	(void)state;
	(void)desk_done(desk_ask(RECONCILE), 0);
	assert_int_equal(desk_count(desk.heard, "\"item\""), 0);
}

/* The card is worth 100.00, its text tells a balance of 250.00. */
static void
what_is_not_explained_is_told_with_what_it_may_mean(void **state)
{
	static const struct {
		int64_t before, after; /* told before and after the card */
		int exit_status;
		const char *numbers, *say;
	} rows[] = {
		{15000, 25000, 0, "\"unexplained\":\"0.00\"", "\"say\":null"},
		{14000, 26000, 4, "\"unexplained\":\"20.00\"",
			"it rose by more than we know of"},
		{15000, 24000, 4, "\"unexplained\":\"-10.00\"",
			"it has less than was credited"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (i > 0) {
			assert_int_equal(desk_teardown(state), 0);
			assert_int_equal(set_up(state), 0);
		}
		int64_t batch = desk_batch(1, 0);
		see_sim("sim1");
		tell_balance("sim1", rows[i].before);
		desk_dial(desk_first(batch), VERDICT_LOADED, VOUCHER_CREDITED,
			"");
		tell_balance("sim1", rows[i].after);
		(void)desk_done(desk_ask(RECONCILE), rows[i].exit_status);
		assert_int_equal(desk_count(desk.heard, "\"item\""), 1);
		assert_true(says("\"account\":\"sim1\",\"modem\":\"m1\","
				 "\"iccid\":\"sim1\",\"operator\":\"simtel\","
				 "\"currency\":\"XTS\""));
		assert_true(says("\"credited\":\"100.00\""));
		assert_true(says(rows[i].numbers));
		assert_true(says(rows[i].say));
		assert_true(says("\"unknown\":0"));
	}
}

static void
an_unknown_card_stands_beside_it_and_is_left_open(void **state)
{
	(void)state;
	int64_t batch = desk_batch(1, 0);
	see_sim("sim1");
	tell_balance("sim1", 15000);
	desk_dial(desk_first(batch), VERDICT_NONE, VOUCHER_MAYBE_SENT,
		"no_answer");
	(void)desk_done(desk_ask(RECONCILE), 4);
	assert_true(says("\"unexplained\":\"0.00\",\"unknown\":1,"
			 "\"unknown_amount\":\"100.00\""));
	tell_balance("sim1", 25000);
	(void)desk_done(desk_ask(RECONCILE), 4);
	assert_true(says("\"unexplained\":\"100.00\",\"unknown\":1"));
	assert_true(says("its unknown cards may explain it"));
}

/* From the last reading before that time on. */
static void
since_says_from_when_on(void **state)
{
	(void)state;
	char request[96];
	see_sim("sim1");
	tell_balance("sim1", 10000);
	desk.purse->now.wall_ms += 3600000;
	tell_balance("sim1", 20000);
	int64_t since = desk.purse->now.wall_ms + 1;
	desk.purse->now.wall_ms += 3600000;
	tell_balance("sim1", 25000);
	(void)desk_done(desk_ask(RECONCILE), 4);
	assert_true(says("\"then\":\"100.00\""));
	assert_true(says("\"unexplained\":\"150.00\""));
	(void)snprintf(request, sizeof(request),
		"{\"command\":\"reconcile\",\"args\":{\"since_ms\":%lld}}",
		(long long)since);
	(void)desk_done(desk_ask(request), 4);
	assert_true(says("\"then\":\"200.00\""));
	assert_true(says("\"unexplained\":\"50.00\""));
	(void)desk_error(desk_ask("{\"command\":\"reconcile\",\"args\":"
				  "{\"since_ms\":\"x\"}}"),
		2);
	(void)desk_error(desk_ask("{\"command\":\"reconcile\",\"args\":"
				  "{\"since\":1}}"),
		2);
}

/* More than are queued at once; exit 4 is for one in the first slice. */
static void
many_accounts_come_each_once(void **state)
{
	enum { MANY = 400 };
	char iccid[16];
	(void)state;
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(iccid, sizeof(iccid), "s%04d", i);
		see_sim(iccid);
		tell_balance(iccid, 100);
	}
	tell_balance("s0000", 200);
	const struct json *done = desk_done(desk_ask(RECONCILE), 4);
	assert_int_equal(desk_number(done, "count"), MANY);
	assert_int_equal(desk_count(desk.heard, "\"item\""), MANY);
	for (int i = 0; i < MANY; i++) {
		char words[48];
		(void)snprintf(
			words, sizeof(words), "\"account\":\"s%04d\"", i);
		assert_int_equal(desk_count(desk.heard, words), 1);
	}
}

/* They are two breakers; a person has one wish. */
static void
unlock_allows_a_sim_and_the_account_of_its_cards_one_more(void **state)
{
	struct ledger_account account;
	struct ledger_sim sim;
	int64_t batch = desk_batch(2, 0);
	(void)state;
	see_sim("sim1");
	(void)snprintf(shop1.account, sizeof(shop1.account), "sim1");
	for (int64_t i = 0; i < 2; i++)
		desk_dial(desk_first(batch) + i, VERDICT_INVALID,
			VOUCHER_REFUSED_FIRST, "invalid");
	stops[0] = (struct dispatch_stop){.name = "sim1", .modem = "shop1"};
	(void)desk_done(desk_ask("{\"command\":\"unlock\",\"args\":{\"what\":"
				 "\"shop1\"}}"),
		0);
	assert_int_equal(ledger_sim(desk.ledger, "sim1", 0, &sim), 0);
	assert_int_equal(ledger_account(desk.ledger, "sim1", &account), 0);
	assert_int_equal(account.counted, 2);
	assert_true(sim.one_more);
	assert_true(account.one_more);
	stops[0].name = NULL;
	shop1.account[0] = '\0';
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_balance_there_is_nothing_to_reconcile),
		TEST(what_is_not_explained_is_told_with_what_it_may_mean),
		TEST(an_unknown_card_stands_beside_it_and_is_left_open),
		TEST(since_says_from_when_on),
		TEST(many_accounts_come_each_once),
		TEST(unlock_allows_a_sim_and_the_account_of_its_cards_one_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
