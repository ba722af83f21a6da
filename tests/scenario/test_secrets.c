/*
 * Law 7 as a search: after everything that a PIN can go through, no file
 * of the daemon, no log line at debug level, no answer of topupctl and no
 * command line or environment holds it, in any coding.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/house_inside.h"
#include "tests/support/house_proof.h"

enum { CARDS = 12, COUNTER_CARD = 20, FAILED_CARD = 21, SHORT_CARD = 22 };

static void
everything_happens(struct house *h)
{
	char batch[2048] = "# operator: simtel\npin,serial,modem\n";

	house_add_cards(h, 0, CARDS - 2); /* the last two are wrong */
	house_add_cards(h, COUNTER_CARD, COUNTER_CARD + 1);
	house_rule_set(h, "recharge", "timeout", "2");
	house_network_set(h, "lock_after", json_integer(100));
	/* Echo, packed hex and UCS-2: each shows a PIN in another way. */
	house_add_modem(h, "m1", "huawei", NULL);
	house_add_modem(h, "m2", "quectel", NULL);
	house_add_modem(h, "m3", "simcom", "{\"noise\": true}");
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
	house_strike(h, "m1", "lose_reply");
	house_strike(h, "m2", "garble");
	for (unsigned i = 0; i < CARDS; i++)
		snprintf(batch + strlen(batch), sizeof(batch) - strlen(batch),
			"%s,S%u,m3\n", house_pin(i), i);
	/* A bad row: one digit is missing. */
	snprintf(batch + strlen(batch), sizeof(batch) - strlen(batch),
		"%.13s,short,\n%s,m1,m1\n%s,m2,m2\n", house_pin(SHORT_CARD),
		house_pin(30), house_pin(31));
	house_drop(h, "all.csv", batch);
	(void)house_until_file(h, "spool/done", "1-all.csv");
	house_until_settled(h, CARDS + 2);
}

static void
assert_no_pin_lies_in_clear(struct house *h)
{
	house_note_process(h, h->daemon);
	for (unsigned i = 0; i < CARDS; i++)
		house_assert_secret(h, house_pin(i));
	house_assert_secret(h, house_pin(COUNTER_CARD));
	house_assert_secret(h, house_pin(FAILED_CARD));
	house_assert_secret(h, house_pin(30));
	house_assert_secret(h, house_pin(31));
}

static void
no_pin_lies_in_clear_anywhere(void **state)
{
	struct house *h = *state;
	char text[256], typed[64], *log;

	everything_happens(h);

	/* A file that is refused whole, with rows that are right and wrong. */
	snprintf(text, sizeof(text), "pin,operator\n%s,nobody\n%s\n",
		house_pin(FAILED_CARD), house_pin(0));
	house_drop(h, "refused.csv", text);
	(void)house_until_file(h, "spool/failed", "refused.csv.reason");

	/* One card at the counter: the PIN comes on standard input. */
	snprintf(typed, sizeof(typed), "%s\n", house_pin(COUNTER_CARD));
	h->input = typed;
	assert_int_equal(house_ctl(h, "load", "--modem", "m3", "--operator",
				 "simtel", NULL),
		0);
	house_assert_contains(h->out, "loaded");
	house_assert_contains(h->out, "100.00");
	/* It is used now. */
	h->input = typed;
	assert_int_equal(house_ctl(h, "load", "--modem", "m3", "--operator",
				 "simtel", NULL),
		1);

	house_ask(h, "audit", NULL);
	house_ask(h, "batch", "1", NULL);
	house_ask(h, "voucher", "1", NULL);
	assert_int_equal(house_ctl(h, "vouchers", NULL), 0);
	assert_no_pin_lies_in_clear(h);

	/* The audit went to syslog too, with numbers and the chain's head. */
	log = house_syslog(h);
	house_assert_contains(log, "audit seq=1 ");
	house_assert_contains(log, "head=");
	free(log);

	/* Killed, its files as they lie; and after the next start. */
	house_kill(h);
	for (unsigned i = 0; i < CARDS; i++)
		house_assert_secret(h, house_pin(i));
	house_start(h);
	assert_no_pin_lies_in_clear(h);
	house_done(h);
}

/* The search itself must be able to find. */
static void
search_finds_a_pin_in_each_coding(void **state)
{
	static const char *const codings[] = {"see 90210344017755 here",
		"3930323130333434303137373535",
		"00390030003200310030003300340034003000310037003700350035"};
	struct house *h = *state;

	for (size_t i = 0; i < 3; i++) {
		house_write(house_path(h, "out/planted"), codings[i]);
		assert_true(house_finds_secret(h, "90210344017755"));
		assert_false(house_finds_secret(h, "90210344017756"));
	}
	assert_int_equal(unlink(house_path(h, "out/planted")), 0);
	house_done(h);
}

static void
key_and_ledger_are_readable_by_nobody_else(void **state)
{
	struct house *h = *state;
	struct stat st;

	house_add_modem(h, "m1", "standard", NULL);
	house_start_sim(h);
	house_start(h);
	assert_int_equal(stat(house_path(h, "state/pin.key"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0400);
	assert_int_equal(stat(house_path(h, "state/ledger.db"), &st), 0);
	assert_int_equal(st.st_mode & 0007, 0);
	assert_int_equal(stat(house_path(h, "run/control.sock"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(search_finds_a_pin_in_each_coding),
		HOUSE_TEST(no_pin_lies_in_clear_anywhere),
		HOUSE_TEST(key_and_ledger_are_readable_by_nobody_else),
	};

	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
