/*
 * What becomes of a batch: each verdict, reports and masked files, other
 * numbers, menus, duplicates. The real binaries against the simulator.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

/* The card nobody printed: the network calls it invalid. */
static const char *const wrong_pin = "90210344017755";

static const struct expected {
	const char *serial, *state, *reason, *credited;
} mixed[] = {
	{"good", "loaded", "", "100.00"},
	{"small", "loaded", "", "20.50"},
	{"used", "rejected", "used", ""},
	{"expired", "rejected", "expired", ""},
	{"blocked", "rejected", "card_blocked", ""},
	{"wrong", "rejected", "invalid", ""},
	{"priced", "loaded", "", "100.00"},
	/* For another number: no balance proves what the text says. Last,
         * since after an unknown its modem dials no PIN. */
	{"differs", "unknown", "amount_differs", ""},
};

static void
start_with_one_modem(struct house *h)
{
	house_add_modem(h, "m1", "huawei", NULL);
	house_network_set(h, "lock_after", json_integer(100));
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
}

static void
write_mixed_batch(char *text, size_t cap)
{
	snprintf(text, cap,
		"# operator: simtel\npin,serial,amount,target\n"
		"%s,good,\n%s,small,\n%s,used,\n%s,expired,\n%s,blocked,\n"
		"%s,wrong,\n%s,priced,100,self\n",
		house_pin(0), house_pin(1), house_pin(2), house_pin(3),
		house_pin(4), wrong_pin, house_pin(5));
	snprintf(text + strlen(text), cap - strlen(text),
		"%s,differs,50,0800000099\n", house_pin(6));
}

static void
mixed_batch_ends_with_a_verdict_for_each_card(void **state)
{
	struct house *h = *state;
	char batch[1024], *report, *done;

	house_add_card(h, house_pin(0), 10000, "good");
	house_add_card(h, house_pin(1), 2050, "good");
	house_add_card(h, house_pin(2), 10000, "used");
	house_add_card(h, house_pin(3), 10000, "expired");
	house_add_card(h, house_pin(4), 10000, "blocked");
	house_add_card(h, house_pin(5), 10000, "good");
	house_add_card(h, house_pin(6), 10000, "good");
	start_with_one_modem(h);
	write_mixed_batch(batch, sizeof(batch));
	house_drop(h, "mix.csv", batch);
	house_until_settled(h, 8);
	for (size_t i = 0; i < sizeof(mixed) / sizeof(mixed[0]); i++) {
		const struct expected *e = &mixed[i];

		house_assert_voucher(h, e->serial, e->state, e->reason);
		if (e->credited[0] != '\0')
			assert_string_equal(
				house_text(house_voucher(h, e->serial),
					"credited"),
				e->credited);
	}
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), 8);

	report = house_read(house_until_file(h, "spool/reports", "1-mix.csv"));
	house_assert_contains(report,
		"row,serial,pin,operator,amount,target,state,reason,credited,"
		"modem,attempts,finished_at,reply\r\n");
	house_assert_contains(report, ",good,**********");
	house_assert_contains(report, ",loaded,,100.00,m1,1,");
	house_assert_contains(report, ",rejected,card_blocked,,m1,1,");
	house_assert_contains(report, ",unknown,amount_differs,");
	free(report);
	done = house_read(house_until_file(h, "spool/done", "1-mix.csv"));
	house_assert_contains(done, "# operator: simtel");
	house_assert_contains(done, "**********");
	free(done);
	assert_null(house_read(house_path(h, "spool/incoming/mix.csv")));
	house_done(h);
}

static void
balance_and_audit_agree_with_what_was_loaded(void **state)
{
	struct house *h = *state;
	char batch[256];

	house_add_cards(h, 0, 2);
	start_with_one_modem(h);
	snprintf(batch, sizeof(batch), "%s\n%s\n", house_pin(0), house_pin(1));
	/* The file's name gives operator and amount. */
	house_drop(h, "simtel-100-today.txt", batch);
	house_until_settled(h, 2);
	/* 50.00 at first, and twice 100.00. */
	assert_string_equal(
		house_text(house_ask(h, "balance", "m1", NULL), "balance"),
		"250.00");
	house_ask(h, "audit", "verify", NULL);
	assert_true(json_is_true(json_object_get(h->doc, "ok")));
	assert_true(house_number(h->doc, "entries") > 4);
	house_ask(h, "batch", "1", NULL);
	assert_int_equal(
		house_number(json_object_get(h->doc, "counts"), "loaded"), 2);
	assert_int_equal(house_ctl(h, "wait", "--batch", "1", NULL), 0);
	house_done(h);
}

static void
card_for_another_number_credits_that_number(void **state)
{
	struct house *h = *state;
	char batch[512];
	json_t *account;

	house_add_cards(h, 0, 3);
	start_with_one_modem(h);
	snprintf(batch, sizeof(batch),
		"# operator: simtel\npin,serial,target\n"
		"%s,a,0800000099\n%s,b,0800000098\n%s,bad,12\n",
		house_pin(0), house_pin(1), house_pin(2));
	house_submit(h, "others.csv", batch);
	house_until_settled(h, 2);
	house_assert_voucher(h, "a", "loaded", "");
	house_assert_voucher(h, "b", "loaded", "");
	/* The third row's number has not the operator's form. */
	house_ask(h, "batch", "1", NULL);
	assert_int_equal(
		json_array_size(json_object_get(h->doc, "bad_rows")), 1);
	account = json_object_get(
		json_object_get(
			house_tell(h, "{\"order\":\"state\"}"), "accounts"),
		"0800000099");
	assert_int_equal(house_number(account, "balance"), 10000);
	house_done(h);
}

static void
menu_is_answered_step_by_step(void **state)
{
	struct house *h = *state;
	char batch[256];

	house_add_cards(h, 0, 2);
	house_rule_set(h, "recharge", "ussd", "*120#");
	house_rule_set(h, "menu", "1", "(?i)enter the voucher -> {pin}");
	house_rule_set(h, "menu", "2", "(?i)confirm -> 1");
	house_add_modem(h, "m2", "quectel", NULL);
	house_network_set(h, "lock_after", json_integer(100));
	start_with_one_modem(h);
	snprintf(batch, sizeof(batch),
		"# operator: simtel\npin,serial,modem\n"
		"%s,a,m1\n%s,b,m2\n%s,wrong,m1\n",
		house_pin(0), house_pin(1), wrong_pin);
	house_submit(h, "menu.csv", batch);
	house_until_settled(h, 3);
	house_assert_voucher(h, "a", "loaded", "");
	house_assert_voucher(h, "b", "loaded", "");
	house_assert_voucher(h, "wrong", "rejected", "invalid");
	house_done(h);
}

static void
pin_is_never_typed_into_an_unexpected_screen(void **state)
{
	struct house *h = *state;
	char batch[256];

	house_add_cards(h, 0, 1);
	house_rule_set(h, "recharge", "ussd", "*120#");
	house_rule_set(h, "menu", "1", "(?i)some other screen -> {pin}");
	start_with_one_modem(h);
	snprintf(batch, sizeof(batch), "# operator: simtel\npin,serial\n%s,a\n",
		house_pin(0));
	house_submit(h, "menu.csv", batch);
	/* not_sent; the third time it is held. */
	house_until_state(h, "a", "held");
	house_assert_voucher(h, "a", "held", "not_sent");
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), 0);
	house_done(h);
}

static void
repeated_pin_is_dialled_once(void **state)
{
	struct house *h = *state;
	char first[512], second[512];
	char *reason;

	house_add_cards(h, 0, 4);
	start_with_one_modem(h);
	snprintf(first, sizeof(first),
		"# operator: simtel\npin,serial\n%s,a\n%s,b\n%s,again\n",
		house_pin(0), house_pin(1), house_pin(0));
	house_drop(h, "first.csv", first);
	house_until_settled(h, 2);
	house_ask(h, "batch", "1", NULL);
	assert_int_equal(
		house_number(
			json_array_get(json_object_get(h->doc, "bad_rows"), 0),
			"line"),
		5);

	/* One of three rows was redeemed before: the others go on. */
	snprintf(second, sizeof(second),
		"# operator: simtel\npin,serial\n%s,c\n%s,again\n%s,d\n",
		house_pin(2), house_pin(1), house_pin(3));
	house_drop(h, "second.csv", second);
	house_until_settled(h, 4);
	house_assert_voucher(h, "d", "loaded", "");

	/* The same bytes under another name are refused whole. */
	house_drop(h, "third.csv", second);
	reason = house_read(
		house_until_file(h, "spool/failed", "third.csv.reason"));
	assert_true(strlen(reason) > 0);
	free(reason);
	(void)house_until_file(h, "spool/failed", "third.csv.sealed");
	assert_int_equal(house_truth_count(h, "redeem", NULL, ""), 4);
	assert_int_equal(
		house_truth_count(h, "redeem", "pin", house_pin(0)), 1);
	assert_int_equal(
		house_truth_count(h, "redeem", "pin", house_pin(1)), 1);
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(mixed_batch_ends_with_a_verdict_for_each_card),
		HOUSE_TEST(balance_and_audit_agree_with_what_was_loaded),
		HOUSE_TEST(card_for_another_number_credits_that_number),
		HOUSE_TEST(menu_is_answered_step_by_step),
		HOUSE_TEST(pin_is_never_typed_into_an_unexpected_screen),
		HOUSE_TEST(repeated_pin_is_dialled_once),
	};

	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
