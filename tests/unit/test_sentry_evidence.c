/*
 * test_sentry_evidence: what settles a card of which no answer came, in
 * virtual time with the real ledger: the rise of the balance, and what
 * withholds it; the operator's own proof.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/balance.h"
#include "tests/virtual/trade.h"

#define A SHOP_PORT_A

/* The operator's time-out and its quiet time are a minute each. */
#define TIMEOUT MINUTE
#define QUIET   MINUTE

#define BALANCE_OF(amount) "Your balance is " amount " XTS"

/* From trade_unanswered() on: sooner than the fence can be over; later than
 * any needs. */
#define IN_THE_FENCE (TIMEOUT + QUIET - 25 * SECOND)
#define AFTER_FENCE  (TIMEOUT + QUIET + 30 * SECOND)

/* ---- the proof by balance ---------------------------------------------- */

static void
rise_by_the_card_settles_it(void **state)
{
	struct trade t;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*123#", BALANCE_OF("350.00"));
	trade_run(&t, TIMEOUT);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	trade_assert_noted(&t, "voucher.loaded", "by=balance");
	trade_assert_noted(&t, "voucher.loaded", "credited=100.00");
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	trade_run(&t, AFTER_FENCE);
	trade_assert_noted(&t, "modem.fence_over", "balance: proven");
	trade_expect(&t, &b, 1, VOUCHER_LOADED, "");
	trade_fini(&t);
}

/* A message that was lost, or that two cards could have caused: nothing is
 * under way, so there is no fence, but the balance is asked. */
static void
missing_message_has_the_balance_asked(void **state)
{
	static const struct {
		const char *balance;
		enum voucher_state state;
		const char *reason;
	} rows[] = {
		{BALANCE_OF("350.00"), VOUCHER_LOADED, ""},
		{BALANCE_OF("250.00"), VOUCHER_UNKNOWN, "no_sms"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trade t;
		purse_teardown(state);
		assert_int_equal(purse_setup(state), 0);
		trade_init(&t, *state,
			COUNTER_SIMTEL(COUNTER_USSD
				"\nverdict = sms\nsms_from = 121\n"
				"sms_timeout = 300",
				COUNTER_BALANCE));
		trade_answer(A, "*121*", "You will receive an SMS");
		trade_open(&t);
		struct trade_batch b = trade_batch(&t, 1, NULL);
		trade_run(&t, 4 * MINUTE);
		trade_expect(&t, &b, 0, VOUCHER_PENDING, "");
		assert_int_equal(trade_codes(A, "*123#"), 1);
		trade_answer(A, "*123#", rows[i].balance);
		trade_run(&t, 2 * MINUTE);
		trade_expect(&t, &b, 0, rows[i].state, rows[i].reason);
		assert_int_equal(trade_codes(A, "*123#"), 2);
		assert_int_equal(trade_codes(A, "*121*"), 1);
		assert_false(trade_is_fenced(&t, "a"));
		/* Once, whatever it told. */
		trade_run(&t, HOUR);
		assert_int_equal(trade_codes(A, "*123#"), 2);
		trade_fini(&t);
	}
}

static void
credit_that_is_late_proves_nothing(void **state)
{
	struct trade t;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);
	trade_run(&t, IN_THE_FENCE);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	trade_fini(&t);
}

static void
card_of_unknown_worth(struct ledger_batch_row *row, unsigned i)
{
	(void)i;
	row->amount_minor = MONEY_NONE;
}

static void
card_in_other_money(struct ledger_batch_row *row, unsigned i)
{
	(void)i;
	strcpy(row->currency, "USD");
}

static void
card_for_a_number(struct ledger_batch_row *row, unsigned i)
{
	(void)i;
	strcpy(row->target, "0812345678");
}

/* The rise is right; only the card is not. */
static void
wrong_card_withholds_the_proof(void **state)
{
	static const struct {
		trade_tweak *tweak;
		const char *why;
	} rows[] = {
		{card_of_unknown_worth, "no_amount"},
		{card_in_other_money, "currency"},
		/* The account that rose has nothing in doubt. */
		{card_for_a_number, "found nothing"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trade t;
		char iccid[24];
		trade_init(&t, *state, COUNTER_PLAIN);
		(void)snprintf(
			iccid, sizeof(iccid), "890000000000000020%zu", i);
		virtual_plug(A, "001010000000011", iccid);
		trade_answer(A, "*121*", NULL);
		trade_open(&t);
		struct trade_batch b = trade_batch(&t, 1, rows[i].tweak);
		trade_run(&t, 20 * SECOND);
		trade_answer(A, "*123#", BALANCE_OF("350.00"));
		trade_run(&t, AFTER_FENCE);
		trade_assert_noted(&t, "modem.fence_over", rows[i].why);
		trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
		trade_fini(&t);
	}
}

/* What else may have moved the account. */
static void
touched_account_withholds_the_proof(void **state)
{
	static const char *const by[] = {"ussd", "sms", "follow_up"};
	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		struct trade t;
		struct trade_batch b;
		if (i > 0) {
			assert_int_equal(purse_teardown(state), 0);
			assert_int_equal(purse_setup(state), 0);
		}
		b = trade_unanswered(&t, *state, COUNTER_PLAIN);
		struct ledger_op spoil = purse_op(t.shop.purse, LEDGER_SPOIL);
		strcpy(spoil.u.spoil.iccid, "8900000000000000011");
		strcpy(spoil.u.spoil.modem, "a");
		(void)snprintf(spoil.u.spoil.by, LEDGER_NAME_MAX, "%s", by[i]);
		trade_act(&t, &spoil);
		trade_answer(A, "*123#", BALANCE_OF("350.00"));
		trade_run(&t, AFTER_FENCE);
		trade_assert_noted(&t, "modem.fence_over", "balance: spoiled");
		trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
		trade_fini(&t);
	}
}

/* A balance that told itself: the reading before is not the last thing that
 * the account told. */
static void
balance_that_nobody_asked_for_withholds_the_proof(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*121*", NULL);
	trade_open(&t);
	trade_pause(&t, "a", true);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	struct line *line = shop_line(&t.shop, "a");
	assert_int_equal(balance_ask(t.balance, line, NULL, NULL), 0);
	trade_run(&t, 5 * SECOND);
	trade_push(&t, A, BALANCE_OF("200.00"));
	trade_assert_noted(&t, "sim.spoiled", "text");
	line->balance_batch = b.id; /* it is not asked again */
	trade_pause(&t, "a", false);
	trade_run(&t, 20 * SECOND);
	trade_answer(A, "*123#", BALANCE_OF("350.00"));
	trade_run(&t, AFTER_FENCE);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_fini(&t);
}

/* The credit of a card before was not in the reading: both may be in the
 * next one. */
static void
earlier_credit_not_yet_shown_withholds_the_proof(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 20 * SECOND);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	trade_answer(A, "*121*", NULL);
	b = trade_batch(&t, 1, NULL); /* its balance is still 250.00 */
	trade_run(&t, 20 * SECOND);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_answer(A, "*123#", BALANCE_OF("350.00"));
	trade_run(&t, AFTER_FENCE);
	trade_assert_noted(&t, "modem.fence_over", "balance: not_shown");
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_fini(&t);
}

static void
two_cards_in_doubt_withhold_the_proof(void **state)
{
	struct trade t;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*121*", NULL);
	trade_run(&t, AFTER_FENCE);
	assert_int_equal(trade_dialled(A, &b, 1), 1);
	trade_answer(A, "*123#", BALANCE_OF("350.00"));
	trade_run(&t, AFTER_FENCE);
	trade_assert_noted(&t, "modem.fence_over", "balance: several_open");
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_expect(&t, &b, 1, VOUCHER_UNKNOWN, "no_answer");
	trade_fini(&t);
}

static void
first_for_the_sim_then_for_a_number(struct ledger_batch_row *row, unsigned i)
{
	if (i == 0)
		strcpy(row->modem, "a");
	if (i == 1) {
		strcpy(row->target, "0812345678");
		strcpy(row->modem, "b");
	}
}

/* The number may be this very SIM's: our other SIM loads it. */
static void
card_for_a_number_in_between_withholds_the_proof(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_add_b(&t);
	trade_answer(A, "*121*", NULL);
	trade_open(&t);
	shop_run_to(&t.shop, "b", MODEM_READY);
	struct trade_batch first =
		trade_batch(&t, 1, first_for_the_sim_then_for_a_number);
	trade_run(&t, 20 * SECOND);
	assert_int_equal(trade_dialled(A, &first, 0), 1);
	trade_answer(A, "*123#", BALANCE_OF("350.00"));
	struct trade_batch other = trade_batch(&t, 1, card_for_a_number);
	trade_run(&t, 20 * SECOND);
	trade_expect(&t, &other, 0, VOUCHER_LOADED, "");
	trade_run(&t, AFTER_FENCE);
	trade_assert_noted(&t, "modem.fence_over", "balance: others_since");
	trade_expect(&t, &first, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_fini(&t);
}

static void
card_of_another_profile(struct ledger_batch_row *row, unsigned i)
{
	card_for_a_number(row, i);
	strcpy(row->operator, "simtel2");
}

/* Two profiles may be of one network. */
static void
number_by_another_profile_withholds_the_proof(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	shop_operator(&t.shop, "simtel2", COUNTER_PLAIN);
	trade_add_b(&t);
	strcpy(t.shop.modems[1].operator, "simtel2");
	trade_answer(A, "*121*", NULL);
	trade_open_all(&t, 2);
	struct trade_batch first = trade_batch(&t, 1, NULL);
	trade_run(&t, 20 * SECOND);
	assert_int_equal(trade_dialled(A, &first, 0), 1);
	trade_answer(A, "*123#", BALANCE_OF("350.00"));
	struct trade_batch other = trade_batch(&t, 1, card_of_another_profile);
	trade_run(&t, 20 * SECOND);
	trade_expect(&t, &other, 0, VOUCHER_LOADED, "");
	trade_run(&t, AFTER_FENCE);
	trade_assert_noted(&t, "modem.fence_over", "balance: others_since");
	trade_expect(&t, &first, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_fini(&t);
}

/* The account of "a" by another name, "" for that of its SIM. */
static void
rename_account(struct trade *t, const char *name)
{
	(void)snprintf(t->shop.modems[0].account,
		sizeof(t->shop.modems[0].account), "%s", name);
	shop_apply(&t->shop);
}

static void
ask_now(struct trade *t)
{
	struct line *line = shop_line(&t->shop, "a");
	assert_int_equal(balance_ask(t->balance, line, NULL, NULL), 0);
	trade_run(t, 5 * SECOND);
}

/* The card in doubt of "shop", and another that was dialled while the same
 * SIM's account had another name. */
static void
card_under_another_name_withholds_the_proof(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	strcpy(t.shop.modems[0].account, "shop");
	trade_answer(A, "*121*", NULL);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, AFTER_FENCE + 20 * SECOND);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	rename_account(&t, "");
	trade_answer(A, "*121*", TRADE_LOADED);
	struct trade_batch other = trade_batch(&t, 1, NULL);
	trade_run(&t, 20 * SECOND);
	trade_expect(&t, &other, 0, VOUCHER_LOADED, "");
	rename_account(&t, "shop");
	trade_answer(A, "*123#", BALANCE_OF("350.00"));
	ask_now(&t);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_fini(&t);
}

/* Its credit is not in the balance yet; the reading under the new name, which
 * knows of no card, has not shown it. */
static void
late_credit_of_another_name_withholds_the_proof(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 20 * SECOND);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	rename_account(&t, "shop");
	trade_answer(A, "*121*", NULL);
	b = trade_batch(&t, 1, NULL); /* its balance is still 250.00 */
	trade_run(&t, 20 * SECOND);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_answer(A, "*123#", BALANCE_OF("350.00"));
	trade_run(&t, AFTER_FENCE);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_fini(&t);
}

/* Two in doubt, of one SIM under two names. */
static void
doubt_under_another_name_withholds_the_proof(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*121*", NULL);
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, AFTER_FENCE + 20 * SECOND);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	rename_account(&t, "shop");
	b = trade_batch(&t, 1, NULL);
	trade_run(&t, 20 * SECOND);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_answer(A, "*123#", BALANCE_OF("350.00"));
	trade_run(&t, AFTER_FENCE);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_fini(&t);
}

/* ---- answers that settle nothing by themselves ------------------------- */

static void
unrecognised_answer_has_the_balance_asked(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*121*", "Thank you");
	trade_answer(A, "*123#", BALANCE_OF("350.00"));
	fakewire_rule(virtual_wire(A),
		(struct fakewire_rule){.when = "AT+CUSD=1,\"*123#",
			.say = "\r\nOK\r\n",
			.then = "\r\n+CUSD: 0,\"" TRADE_BALANCE "\",15\r\n",
			.then_after_ms = 500,
			.times = 1});
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 20 * SECOND);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	trade_assert_noted(&t, "voucher.loaded", "by=balance");
	assert_false(trade_is_fenced(&t, "a"));
	assert_int_equal(trade_codes(A, "*123#"), 2);
	trade_fini(&t);
}

static void
balance_in_the_own_answer_is_weighed_at_once(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*121*", BALANCE_OF("350.00"));
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 20 * SECOND);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	trade_assert_noted(&t, "voucher.unknown", "unrecognised");
	trade_assert_noted(&t, "voucher.loaded", "by=balance");
	assert_int_equal(trade_codes(A, "*123#"), 1);
	trade_fini(&t);
}

#define BY_BALANCE                                                             \
	COUNTER_SIMTEL(COUNTER_USSD "\nverdict = balance", COUNTER_BALANCE)

static void
verdict_may_be_the_balance(void **state)
{
	static const struct {
		const char *answer;
		enum voucher_state state;
		const char *reason;
	} rows[] = {
		{BALANCE_OF("350.00"), VOUCHER_LOADED, ""},
		{BALANCE_OF("349.99"), VOUCHER_UNKNOWN, "unrecognised"},
		{TRADE_BALANCE, VOUCHER_UNKNOWN, "unrecognised"},
		{TRADE_LOADED, VOUCHER_UNKNOWN, "unrecognised"},
		{TRADE_INVALID, VOUCHER_REJECTED, "invalid"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trade t;
		char iccid[24];
		trade_init(&t, *state, BY_BALANCE);
		(void)snprintf(
			iccid, sizeof(iccid), "890000000000000030%zu", i);
		virtual_plug(A, "001010000000011", iccid);
		trade_answer(A, "*121*", rows[i].answer);
		trade_open(&t);
		struct trade_batch b = trade_batch(&t, 1, NULL);
		trade_run(&t, 20 * SECOND);
		print_message("%s\n", rows[i].answer);
		trade_expect(&t, &b, 0, rows[i].state, rows[i].reason);
		if (rows[i].state == VOUCHER_LOADED)
			trade_assert_noted(&t, "voucher.loaded", "by=balance");
		trade_fini(&t);
	}
}

static void
doubled_text_is_not_taken_for_the_next_card(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*121*", "Credited with 100.00. Balance is 350.00");
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, 2, NULL);
	trade_run(&t, MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	trade_expect(&t, &b, 1, VOUCHER_UNKNOWN, "ambiguous");
	trade_fini(&t);
}

/* ---- the operator's own proof ------------------------------------------ */

#define WITH_PROOF                                                             \
	COUNTER_PLAIN                                                          \
	"[proof]\nussd = *124#\n"                                              \
	"reply = (?i)last recharge (?<amount>[\\d.,]+) serial (?<serial>\\w+)" \
	"\n"                                                                   \
	"reply = (?i)last recharge (?<amount>[\\d.,]+) at "                    \
	"(?<time>[\\d/]+ [\\d:]+)\n"

static void
with_serial(struct ledger_batch_row *row, unsigned i)
{
	(void)snprintf(row->serial, sizeof(row->serial), "S%u", i);
}

/* The clock of the shop begins at noon UTC. */
static void
proof_code_settles_its_card(void **state)
{
	static const struct {
		const char *answer;
		bool trusted;
		enum voucher_state state;
	} rows[] = {
		{"Last recharge 100.00 serial S0", false, VOUCHER_LOADED},
		{"Last recharge 100.00 serial S1", false, VOUCHER_UNKNOWN},
		{"Last recharge 50.00 serial S0", false, VOUCHER_UNKNOWN},
		{"Last recharge 100.00 at 06/01/2026 12:00", true,
			VOUCHER_LOADED},
		{"Last recharge 100.00 at 06/01/2026 12:00", false,
			VOUCHER_UNKNOWN},
		{"Last recharge 100.00 at 06/01/2026 11:30", true,
			VOUCHER_UNKNOWN},
		{"Nothing found", true, VOUCHER_UNKNOWN},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trade t;
		char iccid[24];
		trade_init(&t, *state, WITH_PROOF);
		virtual_set_wall(INT64_C(1767700800000)); /* noon */
		virtual_set_trusted(rows[i].trusted);
		(void)snprintf(
			iccid, sizeof(iccid), "890000000000000040%zu", i);
		virtual_plug(A, "001010000000011", iccid);
		trade_answer(A, "*121*", NULL);
		trade_answer(A, "*124#", rows[i].answer);
		trade_open(&t);
		struct trade_batch b = trade_batch(&t, 1, with_serial);
		trade_run(&t, TIMEOUT + 20 * SECOND);
		print_message("%s\n", rows[i].answer);
		trade_expect(&t, &b, 0, rows[i].state,
			rows[i].state == VOUCHER_LOADED ? "" : "no_answer");
		assert_int_equal(trade_codes(A, "*124#"), 1);
		if (rows[i].state == VOUCHER_LOADED)
			trade_assert_noted(&t, "voucher.loaded", "by=proof");
		trade_run(&t, AFTER_FENCE);
		assert_false(trade_is_fenced(&t, "a"));
		trade_fini(&t);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rise_by_the_card_settles_it),
		TEST(missing_message_has_the_balance_asked),
		TEST(credit_that_is_late_proves_nothing),
		TEST(wrong_card_withholds_the_proof),
		TEST(touched_account_withholds_the_proof),
		TEST(balance_that_nobody_asked_for_withholds_the_proof),
		TEST(earlier_credit_not_yet_shown_withholds_the_proof),
		TEST(two_cards_in_doubt_withhold_the_proof),
		TEST(card_for_a_number_in_between_withholds_the_proof),
		TEST(number_by_another_profile_withholds_the_proof),
		TEST(card_under_another_name_withholds_the_proof),
		TEST(late_credit_of_another_name_withholds_the_proof),
		TEST(doubt_under_another_name_withholds_the_proof),
		TEST(unrecognised_answer_has_the_balance_asked),
		TEST(balance_in_the_own_answer_is_weighed_at_once),
		TEST(verdict_may_be_the_balance),
		TEST(doubled_text_is_not_taken_for_the_next_card),
		TEST(proof_code_settles_its_card),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
