/*
 * test_dispatch_carry: lines whose network carries no USSD, in virtual time:
 * which cards they take, by which way, and what people are told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/dialogue.h"
#include "agent/redeem.h"
#include "tests/support/fakewire.h"
#include "tests/virtual/trade.h"

#define A    SHOP_PORT_A
#define HERE "\r\n+CREG: 1,1\r\n\r\nOK\r\n"
#define SMS  "\r\n+CREG: 1,6\r\n\r\nOK\r\n"

#define TEXTS "sms_to = 121\nsms_from = 121\nsmsc = any\nsms_timeout = 300\n"
#define BOTH                                                                   \
	COUNTER_SIMTEL(COUNTER_USSD "\n" TEXTS "sms_text = TOP {pin}\n"        \
				    "sms_text_for_other = TOP {pin} "          \
				    "{msisdn}\nvia = ussd, sms",               \
		COUNTER_BALANCE)
#define BOTH_REPEATED                                                          \
	COUNTER_SIMTEL(COUNTER_USSD "\n" TEXTS "sms_text = TOP {pin}\n"        \
				    "via = ussd, sms\nrepeat = once",          \
		COUNTER_BALANCE)
/* Texts are for the SIM itself alone. */
#define OWN_BY_TEXT                                                            \
	COUNTER_SIMTEL(COUNTER_USSD "\n" TEXTS "sms_text = TOP {pin}\n"        \
				    "via = ussd, sms",                         \
		COUNTER_BALANCE)

static void
rule(const char *when, const char *say, int times)
{
	fakewire_rule(virtual_wire(A), (struct fakewire_rule){.when = when,
					       .say = say,
					       .after_ms = 5,
					       .times = times});
}

/* A line that is registered so, and sends texts. */
static void
begin(struct trade *t, void **state, const char *profile, const char *creg)
{
	trade_init(t, *state, profile);
	rule("AT+CREG?", creg, 0);
	rule("AT+CMGS=", "\r\n> ", 0);
	rule("00", "\r\n+CMGS: 7\r\n\r\nOK\r\n", 0);
	trade_open(t);
}

static unsigned
texts(void)
{
	return fakewire_count(virtual_wire(A), "AT+CMGS=");
}

static unsigned
codes(void)
{
	return fakewire_count(virtual_wire(A), "AT+CUSD=1,");
}

static void
for_a_number(struct ledger_batch_row *row, unsigned i)
{
	(void)snprintf(row->target, sizeof(row->target), "080000000%u", i % 10);
}

static void
waits_for(struct trade *t, const struct trade_batch *b, unsigned i,
	const char *expected)
{
	struct purse_card card = purse_card(t->shop.purse, trade_card(t, b, i));
	char reason[16];
	int64_t next;
	char operator[] = "simtel", modem[] = "", expires[] = "";
	char target[LEDGER_TARGET_MAX];
	card.v.operator= operator;
	card.v.modem_only = modem;
	card.v.expires = expires;
	(void)snprintf(target, sizeof(target), "%s",
		i == 0 && expected != NULL ? "self" : "0800000000");
	card.v.target = target;
	assert_int_equal(card.state, VOUCHER_READY);
	dispatch_why_waiting(
		t->dispatch, &card.v, reason, sizeof(reason), &next);
	assert_string_equal(reason, expected);
}

/* The first attempt of the card is the text: a refusal is one, and no rest
 * and no held card comes of a way that is not there. */
static void
card_goes_by_text_where_no_ussd_is_carried(void **state)
{
	struct trade t;
	begin(&t, state, BOTH, SMS);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_PENDING, "");
	assert_int_equal(texts(), 1);
	assert_int_equal(codes(), 0);
	struct purse_card card =
		purse_card(t.shop.purse, trade_card(&t, &b, 0));
	assert_int_equal(card.v.attempts, 1);
	assert_int_equal(card.v.not_sent, 0);
	assert_int_equal(
		shop_events(&t.shop, "modem.ussd_unavailable", "a"), 1);
	struct line_status status = trade_status(&t, "a");
	assert_int_equal(status.state, LINE_READY);
	trade_fini(&t);
}

static void
line_with_ussd_alone_takes_no_card_and_says_why(void **state)
{
	struct trade t;
	begin(&t, state, COUNTER_PLAIN, SMS);
	struct trade_batch b = trade_batch(&t, 2, NULL);
	trade_run(&t, 30 * MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_READY, "");
	waits_for(&t, &b, 0, "no_modem");
	assert_int_equal(codes(), 0);
	struct line_status status = trade_status(&t, "a");
	assert_int_equal(status.state, LINE_FAILED);
	assert_non_null(strstr(status.why, "ussd_unavailable: "));
	assert_non_null(strstr(status.why, "AT+COPS=0,,,2"));
	/* It comes back by itself: nobody has to kick. */
	rule("AT+CREG?", HERE, 0);
	fakewire_say(virtual_wire(A), "\r\n+CREG: 1\r\n", 10);
	trade_run(&t, MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	trade_expect(&t, &b, 1, VOUCHER_LOADED, "");
	assert_int_equal(shop_events(&t.shop, "modem.ussd_available", "a"), 1);
	trade_fini(&t);
}

static void
cards_of_one_kind_wait_while_the_other_goes(void **state)
{
	struct trade t;
	begin(&t, state, OWN_BY_TEXT, SMS);
	struct trade_batch others = trade_batch(&t, 1, for_a_number);
	struct trade_batch own = trade_batch(&t, 1, NULL);
	trade_run(&t, MINUTE);
	trade_expect(&t, &others, 0, VOUCHER_READY, "");
	trade_expect(&t, &own, 0, VOUCHER_PENDING, "");
	assert_int_equal(codes(), 0);
	trade_fini(&t);
}

/* What was counted before for other causes must not hold the card. */
static void
card_that_was_not_sent_before_goes_by_text(void **state)
{
	struct trade t;
	begin(&t, state, BOTH "before = never\n", HERE);
	/* Refused by the modem itself, at once: not sent. */
	rule("AT+CUSD=1,\"*121*", "\r\n+CME ERROR: 4\r\n", 0);
	rule("AT+CMGS=", "\r\n+CMS ERROR: 302\r\n", 1);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	for (int i = 0;
		i < 600 &&
		purse_card(t.shop.purse, trade_card(&t, &b, 0)).v.not_sent < 2;
		i++)
		trade_run(&t, SECOND);
	assert_int_equal(
		purse_card(t.shop.purse, trade_card(&t, &b, 0)).v.not_sent, 2);
	rule("AT+CREG?", SMS, 0);
	fakewire_say(virtual_wire(A), "\r\n+CREG: 6\r\n", 1);
	for (int i = 0; i < 600 && texts() < 2; i++)
		trade_run(&t, SECOND);
	trade_run(&t, SECOND);
	trade_expect(&t, &b, 0, VOUCHER_PENDING, "");
	trade_fini(&t);
}

/* The balance is asked by a code there is no way for: it stops no card. */
static void
balance_that_cannot_be_asked_stops_nothing(void **state)
{
	struct trade t;
	begin(&t, state, BOTH, SMS);
	for (unsigned i = 0; i < 3; i++) {
		struct trade_batch b = trade_batch(&t, 1, for_a_number);
		trade_run(&t, 10 * SECOND);
		(void)b;
		assert_int_equal(texts(), 1); /* one PIN in flight a SIM */
	}
	assert_int_equal(codes(), 0);
	struct line_status status = trade_status(&t, "a");
	assert_int_not_equal(status.state, LINE_RESTING);
	trade_fini(&t);
}

/* On LTE, and no answer: the fate is as ever; only the name is told. */
static void
silence_on_lte_is_named_and_stays_in_doubt(void **state)
{
	static const struct {
		const char *say;
		bool lte, named;
	} rows[] = {
		{"\r\nOK\r\n", true, true},
		{"\r\nOK\r\n\r\n+CME ERROR: 100\r\n", true, true},
		{"\r\nOK\r\n\r\n+CME ERROR: 258\r\n", true, true},
		{"\r\nOK\r\n\r\n+CUSD: 4\r\n", true, true},
		{"\r\nOK\r\n\r\n+CME ERROR: 100\r\n", false, false},
		{"\r\nOK\r\n", false, false},
		{"\r\nOK\r\n\r\n+CME ERROR: 132\r\n", true, false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trade t;
		trade_init(&t, *state, BOTH "before = never\n");
		rule("AT+CMGS=", "\r\n> ", 0);
		rule("AT+COPS?",
			rows[i].lte ? "\r\n+COPS: 0,0,\"S\",7\r\n\r\nOK\r\n"
				    : "\r\n+COPS: 0,0,\"S\",2\r\n\r\nOK\r\n",
			0);
		rule("AT+CUSD=1,\"*121*", rows[i].say, 0);
		trade_open(&t);
		trade_run(&t, SECOND);
		struct trade_batch b = trade_batch(&t, 1, NULL);
		trade_run(&t, 70 * SECOND);
		trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
		assert_int_equal(texts(), 0); /* no second way after it */
		assert_int_equal(shop_events(&t.shop, "modem.ussd_failed", "a"),
			rows[i].named);
		trade_fini(&t);
		assert_int_equal(purse_teardown(state), 0); /* a new SIM */
		assert_int_equal(purse_setup(state), 0);
	}
}

static void
card_goes_by_text_while_no_code_leaves_and_by_code_later(void **state)
{
	struct trade t;
	begin(&t, state, BOTH, HERE);
	rule("AT+CUSD=1,", "\r\n+CME ERROR: 30\r\n", 0);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_PENDING, "");
	assert_int_equal(texts(), 1);
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	assert_true(codes() > 0);
	trade_answer(A, "*121*", TRADE_LOADED);
	trade_answer(A, "*123#", TRADE_BALANCE);
	trade_run(&t, 15 * MINUTE);
	struct trade_batch later = trade_batch(&t, 1, NULL);
	trade_run(&t, MINUTE);
	trade_expect(&t, &later, 0, VOUCHER_LOADED, "");
	assert_int_equal(texts(), 1);
	trade_fini(&t);
}

static void
card_that_may_be_on_its_way_as_a_text_is_not_repeated_by_code(void **state)
{
	struct trade t;
	begin(&t, state, BOTH_REPEATED, SMS);
	rule("00", NULL, 0); /* taken, and no word of it */
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 5 * MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	rule("AT+CREG?", HERE, 0);
	fakewire_say(virtual_wire(A), "\r\n+CREG: 1\r\n", 10);
	trade_run(&t, HOUR);
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	assert_int_equal(texts(), 1);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_fini(&t);
}

int
main(void)
{
#define TRADE_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		TRADE_TEST(card_goes_by_text_where_no_ussd_is_carried),
		TRADE_TEST(line_with_ussd_alone_takes_no_card_and_says_why),
		TRADE_TEST(cards_of_one_kind_wait_while_the_other_goes),
		TRADE_TEST(card_that_was_not_sent_before_goes_by_text),
		TRADE_TEST(
			card_goes_by_text_while_no_code_leaves_and_by_code_later),
		TRADE_TEST(balance_that_cannot_be_asked_stops_nothing),
		TRADE_TEST(silence_on_lte_is_named_and_stays_in_doubt),
		TRADE_TEST(
			card_that_may_be_on_its_way_as_a_text_is_not_repeated_by_code),
	};
	return cmocka_run_group_tests_name("dispatch_carry", tests, NULL, NULL);
}
