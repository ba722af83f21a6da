/*
 * The simulated network: which PIN is executed, refused, counted and locked.
 * It is what the proofs of the money law stand on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/network_sms.h"

#define ONE   "001010000000011"
#define OTHER "001010000000012"
#define GOOD  "12345678901234"

static struct {
	unsigned redeems;
	unsigned locks;
	unsigned sms;
	unsigned executed; /* of the last redeem */
	int64_t amount;
	char outcome[32];
	char account[64];
	char by[64];
} truth;

static void
note(void *ctx, const struct sim_event *event)
{
	(void)ctx;
	if (event->kind == SIM_LOCK)
		truth.locks++;
	if (event->kind == SIM_SMS)
		truth.sms++;
	if (event->kind != SIM_REDEEM)
		return;
	truth.redeems++;
	truth.executed = event->executed;
	truth.amount = event->amount_minor;
	(void)snprintf(
		truth.outcome, sizeof truth.outcome, "%s", event->outcome);
	(void)snprintf(
		truth.account, sizeof truth.account, "%s", event->account);
	(void)snprintf(truth.by, sizeof truth.by, "%s", event->by);
}

static struct network *
network_with(const struct network_options *options)
{
	static const struct {
		const char *voucher_pin;
		enum card_state state;
	} cards[] = {{GOOD, CARD_GOOD}, {"22222222222222", CARD_GOOD},
		{"33333333333333", CARD_USED}, {"44444444444444", CARD_EXPIRED},
		{"55555555555555", CARD_BLOCKED}};
	struct network *network =
		network_new(options, (struct sim_hook){note, NULL});
	memset(&truth, 0, sizeof truth);
	assert_int_equal(
		network_add_account(network, ONE, "0800000011", 5000), 0);
	assert_int_equal(
		network_add_account(network, OTHER, "0800000012", 0), 0);
	for (size_t i = 0; i < sizeof cards / sizeof cards[0]; i++)
		assert_int_equal(network_add_card(network, cards[i].voucher_pin,
					 10000, cards[i].state),
			0);
	return network;
}

static struct network_answer
ask(struct network *network, const char *imsi, const char *text)
{
	struct network_answer answer;
	struct network_request request = {
		.modem = "m1", .imsi = imsi, .text = text};
	network_ask(network, &request, &answer);
	return answer;
}

struct step {
	const char *imsi;
	const char *text;
	int mode;
	const char *answer;
	const char *outcome; /* of the redeem event; "" for none */
};

static void
run(struct network *network, const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned before = truth.redeems;
		struct network_answer answer =
			ask(network, steps[i].imsi, steps[i].text);
		assert_string_equal(answer.text, steps[i].answer);
		assert_int_equal(answer.mode, steps[i].mode);
		assert_int_equal(truth.redeems - before,
			steps[i].outcome[0] == '\0' ? 0 : 1);
		if (steps[i].outcome[0] != '\0')
			assert_string_equal(truth.outcome, steps[i].outcome);
	}
	network_free(network);
}

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static void
each_state_of_a_card_has_its_text(void **state)
{
	static const struct step steps[] = {
		{ONE, "*121*55555555555555#", 0, "This voucher is blocked.",
			"blocked"},
		{ONE, "*121*44444444444444#", 0, "This voucher has expired.",
			"expired"},
		{ONE, "*121*33333333333333#", 0, "Voucher already used.",
			"used"},
		{ONE, "*121*99999999999999#", 0,
			"Invalid voucher. Please check the number.", "invalid"},
		{ONE, "*121*" GOOD "#", 0,
			"You have been credited with 100.00 XTS. Your balance "
			"is 150.00 XTS.",
			"loaded"},
		{ONE, "*121*" GOOD "#", 0, "Voucher already used by you.",
			"used_by_you"},
		{OTHER, "*121*" GOOD "#", 0, "Voucher already used.", "used"},
		{ONE, "*123#", 0, "Your balance is 150.00 XTS.", ""},
	};
	(void)state;
	run(network_with(NULL), steps, COUNT(steps));
}

static void
codes_that_mean_nothing_execute_nothing(void **state)
{
	static const struct step steps[] = {
		{ONE, "*999#", 2, "Unknown service code.", ""},
		{ONE, "*121*#", 2, "Unknown service code.", ""},
		{ONE, "*121#", 2, "Unknown service code.", ""},
		{ONE, "*121*" GOOD "*#", 2, "Unknown service code.", ""},
		{ONE, "*121*" GOOD "*0800000012*1#", 2, "Unknown service code.",
			""},
		{ONE, "*121*" GOOD "##", 2, "Unknown service code.", ""},
		/* what wrong codings make of a code */
		{ONE, "*121*" GOOD "#@", 2, "", ""},
		{ONE, "*121*" GOOD, 2, "", ""},
		{ONE, "AA180C3602", 2, "", ""},
		{ONE, "", 2, "", ""},
		{"999", "*123#", 2, "", ""},
	};
	(void)state;
	run(network_with(NULL), steps, COUNT(steps));
}

static void
card_for_another_number_credits_that_account(void **state)
{
	static const struct step steps[] = {
		{ONE, "*121*" GOOD "*0800000012#", 0,
			"0800000012 has been credited with 100.00 XTS.",
			"loaded"},
		{ONE, "*121*" GOOD "*0800000012#", 0,
			"Voucher already used by you.", "used_by_you"},
		{ONE, "*121*" GOOD "#", 0, "Voucher already used.", "used"},
		{ONE, "*123#", 0, "Your balance is 50.00 XTS.", ""},
		{OTHER, "*123#", 0, "Your balance is 100.00 XTS.", ""},
		{ONE, "*121*22222222222222*0800000099#", 0,
			"0800000099 has been credited with 100.00 XTS.",
			"loaded"},
	};
	struct network *network = network_with(NULL);
	(void)state;
	run(network, steps, 5);
	network = network_with(NULL);
	struct network_answer answer = ask(network, ONE, steps[5].text);
	assert_string_equal(answer.text, steps[5].answer);
	assert_string_equal(truth.account, "0800000099");
	assert_string_equal(truth.by, ONE);
	assert_int_equal(
		network_account(network, "0800000099")->balance_minor, 10000);
	assert_string_equal(
		network_card(network, "22222222222222")->credited_to,
		"0800000099");
	network_free(network);
}

static void
wrong_pins_in_a_row_lock_the_sim_that_dials(void **state)
{
	static const struct step steps[] = {
		{ONE, "*121*1*0800000012#", 0,
			"Invalid voucher. Please check the number.", "invalid"},
		{ONE, "*121*2*0800000012#", 0,
			"Invalid voucher. Please check the number.", "invalid"},
		{ONE, "*121*3*0800000012#", 0,
			"Invalid voucher. Please check the number.", "invalid"},
		{ONE, "*121*" GOOD "#", 0,
			"Too many wrong attempts. Recharge is barred.",
			"locked"},
		{ONE, "*123#", 0, "Your balance is 50.00 XTS.", ""},
		/* the number that was to be credited is not locked */
		{OTHER, "*121*" GOOD "#", 0,
			"You have been credited with 100.00 XTS. Your balance "
			"is 100.00 XTS.",
			"loaded"},
	};
	struct network *network = network_with(NULL);
	(void)state;
	run(network, steps, COUNT(steps));
	assert_int_equal(truth.locks, 1);
}

static void
good_card_sets_the_count_back(void **state)
{
	struct network *network = network_with(NULL);
	(void)state;
	ask(network, ONE, "*121*1#");
	ask(network, ONE, "*121*2#");
	assert_int_equal(network_account(network, ONE)->wrong_in_a_row, 2);
	ask(network, ONE, "*121*" GOOD "#");
	assert_int_equal(network_account(network, ONE)->wrong_in_a_row, 0);
	ask(network, ONE, "*121*3#");
	ask(network, ONE, "*121*4#");
	assert_false(network_account(network, ONE)->locked);
	ask(network, ONE, "*121*5#");
	assert_true(network_account(network, ONE)->locked);
	network_free(network);
}

static void
only_invalid_ones_count_unless_all_do(void **state)
{
	static const struct {
		bool count_all;
		int lock_after;
		int wrong;
		bool locked;
	} rows[] = {{false, 3, 1, false}, {true, 3, 3, true},
		{true, 0, 4, false}, {true, 5, 4, false}, {false, 1, 1, true}};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct network_options options;
		network_defaults(&options);
		options.count_all = rows[i].count_all;
		options.lock_after = rows[i].lock_after;
		struct network *network = network_with(&options);
		ask(network, ONE, "*121*33333333333333#");
		ask(network, ONE, "*121*44444444444444#");
		ask(network, ONE, "*121*55555555555555#");
		ask(network, ONE, "*121*1#");
		const struct network_account *account =
			network_account(network, ONE);
		assert_int_equal(account->wrong_in_a_row, rows[i].wrong);
		assert_int_equal(account->locked, rows[i].locked);
		network_free(network);
	}
}

static void
busy_service_leaves_the_card_alone(void **state)
{
	struct network *network = network_with(NULL);
	struct network_answer answer;
	struct network_request request = {.modem = "m1",
		.imsi = ONE,
		.text = "*121*" GOOD "#",
		.busy = true};
	(void)state;
	network_ask(network, &request, &answer);
	assert_string_equal(
		answer.text, "Service busy, please try again later.");
	assert_string_equal(truth.outcome, "busy");
	assert_int_equal(truth.amount, 0);
	assert_int_equal(network_card(network, GOOD)->executed, 0);
	assert_int_equal(network_account(network, ONE)->wrong_in_a_row, 0);
	network_free(network);
}

static void
no_card_is_executed_twice(void **state)
{
	struct network *network = network_with(NULL);
	(void)state;
	for (int i = 0; i < 20; i++) {
		ask(network, i % 2 == 0 ? ONE : OTHER,
			i % 3 == 0 ? "*121*" GOOD "#"
				   : "*121*" GOOD "*0800000099#");
		assert_int_equal(truth.executed, 1);
	}
	assert_int_equal(network_card(network, GOOD)->executed, 1);
	assert_int_equal(network_account(network, ONE)->balance_minor, 15000);
	/* and nobody makes it good again */
	assert_int_equal(network_add_card(network, GOOD, 1, CARD_GOOD), -1);
	network_free(network);
}

static void
menu_asks_for_the_number_and_for_a_yes(void **state)
{
	static const struct step steps[] = {
		{ONE, "*120#", 1, "Enter the voucher number", ""},
		{ONE, GOOD, 1, "1. Confirm 2. Cancel", ""},
		{ONE, "2", 0, "Cancelled.", ""},
		{ONE, "*120#", 1, "Enter the voucher number", ""},
		{ONE, GOOD, 1, "1. Confirm 2. Cancel", ""},
		{ONE, "1", 0,
			"You have been credited with 100.00 XTS. Your balance "
			"is 150.00 XTS.",
			"loaded"},
		/* what comes while a menu is open is an answer to it */
		{ONE, "*120#", 1, "Enter the voucher number", ""},
		{ONE, "*121*22222222222222#", 0, "Not a valid choice.", ""},
		{ONE, "*120#", 1, "Enter the voucher number", ""},
		{ONE, "22222222222222", 1, "1. Confirm 2. Cancel", ""},
		{ONE, "3", 0, "Not a valid choice.", ""},
		/* and that of another SIM is its own */
		{OTHER, "*120#", 1, "Enter the voucher number", ""},
		{ONE, "*123#", 0, "Your balance is 150.00 XTS.", ""},
	};
	(void)state;
	run(network_with(NULL), steps, COUNT(steps));
}

static void
ended_session_takes_the_next_code_as_a_code(void **state)
{
	struct network *network = network_with(NULL);
	(void)state;
	ask(network, ONE, "*120#");
	network_end(network, ONE);
	assert_string_equal(
		ask(network, ONE, "*123#").text, "Your balance is 50.00 XTS.");
	network_leave_open(network, ONE);
	assert_string_equal(
		ask(network, ONE, "*123#").text, "Not a valid choice.");
	assert_string_equal(
		ask(network, ONE, "*123#").text, "Your balance is 50.00 XTS.");
	network_free(network);
}

static void
requests_that_carry_or_confirm_a_pin_are_known(void **state)
{
	struct network *network = network_with(NULL);
	(void)state;
	assert_true(network_is_redeem(network, ONE, "*121*" GOOD "#"));
	assert_true(
		network_is_redeem(network, ONE, "*121*" GOOD "*0800000012#"));
	assert_false(network_is_redeem(network, ONE, "*123#"));
	assert_false(network_is_redeem(network, ONE, "*120#"));
	ask(network, ONE, "*120#");
	assert_true(network_is_redeem(network, ONE, GOOD));
	ask(network, ONE, GOOD);
	assert_true(network_is_redeem(network, ONE, "1"));
	network_leave_open(network, ONE);
	assert_false(network_is_redeem(network, ONE, "*121*" GOOD "#"));
	network_free(network);
}

static void
verdict_by_sms_answers_wait_and_executes(void **state)
{
	struct network_options options;
	network_defaults(&options);
	options.sms_verdict = true;
	struct network *network = network_with(&options);
	(void)state;
	struct network_answer answer = ask(network, ONE, "*121*" GOOD "#");
	assert_string_equal(
		answer.text, "Request received. You will receive an SMS.");
	assert_non_null(strstr(answer.sms, "credited with 100.00 XTS"));
	assert_int_equal(truth.sms, 1);
	assert_int_equal(network_card(network, GOOD)->executed, 1);
	network_free(network);
}

static void
verdict_comes_by_both_ways_where_it_does(void **state)
{
	struct network_options options;
	network_defaults(&options);
	options.sms_copy = true;
	struct network *network = network_with(&options);
	(void)state;
	struct network_answer answer = ask(network, ONE, "*121*" GOOD "#");
	assert_non_null(strstr(answer.text, "credited with 100.00 XTS"));
	assert_string_equal(answer.text, answer.sms);
	assert_int_equal(truth.sms, 1);
	assert_string_equal(ask(network, ONE, "*123#").sms, "");
	network_free(network);
}

static void
texts_to_the_operator_do_what_codes_do(void **state)
{
	static const struct {
		const char *to;
		const char *text;
		const char *sms; /* it begins so; "" for none */
		const char *outcome;
		unsigned redeems;
	} rows[] = {
		{"122", "TOP " GOOD, "", "", 0},
		{"121", "hello", "Unknown service code.", "", 0},
		{"121", "TOP", "Unknown service code.", "", 0},
		{"121", "TOP 1 2 3", "Unknown service code.", "", 0},
		{"121", "BAL", "Your balance is 50.00 XTS.", "", 0},
		{"121", "TOP 1", "Invalid voucher.", "invalid", 1},
		{"121", "TOP " GOOD " 0800000012",
			"0800000012 has been credited", "loaded", 2},
		{"121", "top " GOOD, "Voucher already used.", "used", 3},
		{"121", "TOP 22222222222222", "You have been credited",
			"loaded", 4},
	};
	struct network *network = network_with(NULL);
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct network_answer answer;
		struct network_request request = {
			.modem = "m1", .imsi = ONE, .text = rows[i].text};
		network_sms(network, rows[i].to, &request, &answer);
		assert_memory_equal(
			answer.sms, rows[i].sms, strlen(rows[i].sms));
		assert_true(rows[i].sms[0] != '\0' || answer.sms[0] == '\0');
		assert_int_equal(truth.redeems, rows[i].redeems);
		if (rows[i].outcome[0] != '\0')
			assert_string_equal(truth.outcome, rows[i].outcome);
	}
	assert_int_equal(network_account(network, OTHER)->balance_minor, 10000);
	network_free(network);
}

static void
texts_and_currency_can_be_others(void **state)
{
	struct network_options options;
	network_defaults(&options);
	(void)snprintf(options.currency, sizeof options.currency, "EUR");
	(void)snprintf(options.texts[NETWORK_BALANCE], sizeof options.texts[0],
		"Баланс {balance}{balance}{x");
	struct network *network = network_with(&options);
	(void)state;
	assert_string_equal(
		ask(network, ONE, "*123#").text, "Баланс 50.00 EUR50.00 EUR{x");
	network_account(network, ONE)->balance_minor = -5;
	assert_string_equal(
		ask(network, ONE, "*123#").text, "Баланс -0.05 EUR-0.05 EUR{x");
	network_free(network);
}

static void
accounts_and_cards_do_not_come_twice(void **state)
{
	struct network *network = network_with(NULL);
	(void)state;
	assert_int_equal(network_add_account(network, ONE, "1", 0), -1);
	assert_int_equal(
		network_add_account(network, "2", "0800000011", 0), -1);
	assert_int_equal(network_add_account(network, NULL, "", 0), -1);
	assert_int_equal(network_add_card(network, "", 1, CARD_GOOD), -1);
	assert_int_equal(network_add_card(network, GOOD, 700, CARD_EXPIRED), 0);
	assert_int_equal(network_card(network, GOOD)->amount_minor, 700);
	assert_null(network_card(network, "nothing"));
	assert_null(network_card_at(network, 5));
	assert_string_equal(network_account_at(network, 1)->key, OTHER);
	network_free(network);
}

static void
many_cards_are_all_found(void **state)
{
	struct network *network = network_new(NULL, (struct sim_hook){0});
	char pin[32];
	(void)state;
	for (int i = 0; i < 20000; i++) {
		(void)snprintf(pin, sizeof pin, "%014d", i * 7919);
		assert_int_equal(
			network_add_card(network, pin, i + 1, CARD_GOOD), 0);
	}
	for (int i = 0; i < 20000; i++) {
		(void)snprintf(pin, sizeof pin, "%014d", i * 7919);
		assert_int_equal(
			network_card(network, pin)->amount_minor, i + 1);
	}
	network_free(network);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_of_a_card_has_its_text),
		cmocka_unit_test(codes_that_mean_nothing_execute_nothing),
		cmocka_unit_test(card_for_another_number_credits_that_account),
		cmocka_unit_test(wrong_pins_in_a_row_lock_the_sim_that_dials),
		cmocka_unit_test(good_card_sets_the_count_back),
		cmocka_unit_test(only_invalid_ones_count_unless_all_do),
		cmocka_unit_test(busy_service_leaves_the_card_alone),
		cmocka_unit_test(no_card_is_executed_twice),
		cmocka_unit_test(menu_asks_for_the_number_and_for_a_yes),
		cmocka_unit_test(ended_session_takes_the_next_code_as_a_code),
		cmocka_unit_test(
			requests_that_carry_or_confirm_a_pin_are_known),
		cmocka_unit_test(verdict_by_sms_answers_wait_and_executes),
		cmocka_unit_test(verdict_comes_by_both_ways_where_it_does),
		cmocka_unit_test(texts_to_the_operator_do_what_codes_do),
		cmocka_unit_test(texts_and_currency_can_be_others),
		cmocka_unit_test(accounts_and_cards_do_not_come_twice),
		cmocka_unit_test(many_cards_are_all_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
