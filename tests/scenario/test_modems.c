/*
 * Modems that are missing, vanish, hang or restart: the others go on, no
 * card is dialled twice, and what came back serves again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

enum { CARDS = 24 };

static void
start_two(struct house *h)
{
	house_add_cards(h, 0, CARDS);
	house_rule_set(h, "recharge", "timeout", "3");
	house_add_modem(h, "m1", "huawei", NULL);
	house_add_modem(h, "m2", "quectel", NULL);
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
}

/* Cards from to to-1; modem "" for any. */
static void
submit(struct house *h, unsigned from, unsigned to, const char *modem)
{
	char batch[4096] = "# operator: simtel\npin,serial,modem\n", name[32];

	for (unsigned i = from; i < to; i++)
		snprintf(batch + strlen(batch), sizeof(batch) - strlen(batch),
			"%s,S%u,%s\n", house_pin(i), i, modem);
	snprintf(name, sizeof(name), "from-%u.csv", from);
	house_submit(h, name, batch);
}

static void
vanished_modem_slows_nobody_and_is_found_again(void **state)
{
	struct house *h = *state;

	start_two(h);
	house_tell(
		h, "{\"order\": \"vanish\", \"modem\": \"m2\", \"ms\": 3000}");
	house_until_modem(h, "m2", "absent");
	submit(h, 0, CARDS - 2, "");
	house_until_settled(h, CARDS - 2);
	assert_int_equal(
		house_count(house_ask(h, "vouchers", NULL), "state", "loaded"),
		CARDS - 2);
	house_until_modem(h, "m2", "ready");
	submit(h, CARDS - 2, CARDS, "m2");
	house_until_settled(h, CARDS);
	assert_string_equal(house_text(house_voucher(h, "S23"), "modem"), "m2");
	house_assert_voucher(h, "S23", "loaded", "");
	house_assert_money_law(h, CARDS);
	house_done(h);
}

static void
modem_that_vanishes_in_the_middle_leaves_one_unknown(void **state)
{
	struct house *h = *state;

	start_two(h);
	house_tell(h, "{\"order\": \"set\", \"modem\": \"m2\", "
		      "\"faults\": {\"vanish\": 1, \"vanish_ms\": 1000}}");
	submit(h, 0, CARDS, "");
	house_until_settled(h, CARDS);
	house_assert_money_law(h, CARDS);
	assert_int_equal(
		house_count(house_ask(h, "vouchers", NULL), "state", "unknown"),
		1);
	assert_int_equal(house_count(h->doc, "state", "loaded"), CARDS - 1);
	house_done(h);
}

/* Whether each request with a PIN on m2 meets the fault. */
static void
set_fault(struct house *h, const char *fault, int chance)
{
	char order[128];

	snprintf(order, sizeof(order),
		"{\"order\": \"set\", \"modem\": \"m2\", "
		"\"faults\": {\"%s\": %d}}",
		fault, chance);
	house_tell(h, order);
}

static void
modem_that_hangs_or_restarts_leaves_one_unknown(void **state)
{
	static const char *const faults[] = {"hang", "reboot"};
	struct house *h = *state;
	unsigned done = 0;

	start_two(h);
	for (unsigned i = 0; i < 2; i++) {
		house_until_modem(h, "m2", "ready");
		set_fault(h, faults[i], 1);
		submit(h, done, done + 1, "m2");
		submit(h, done + 1, done + CARDS / 2, "");
		done += CARDS / 2;
		house_until_settled(h, done);
		set_fault(h, faults[i], 0);
		house_until_modem(h, "m2", "fenced");
		/* One unknown between credits stops no SIM. */
		assert_int_equal(house_ctl(h, "unlock", "m2", NULL), 1);
	}
	house_assert_money_law(h, CARDS);
	assert_int_equal(
		house_count(house_ask(h, "vouchers", NULL), "state", "unknown"),
		2);
	house_done(h);
}

static void
modem_that_was_never_there_is_told_and_slows_nobody(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 4);
	house_add_modem(h, "m1", "standard", NULL);
	house_start_sim(h);
	snprintf(h->modems[1].name, sizeof(h->modems[1].name), "gone");
	snprintf(h->modems[1].port, sizeof(h->modems[1].port),
		"/dev/topupd-no-such-port");
	snprintf(h->modems[2].name, sizeof(h->modems[2].name), "dead");
	/* The discard port of a host that has none. */
	snprintf(h->modems[2].port, sizeof(h->modems[2].port),
		"tcp://127.0.0.1:9");
	h->modem_count = 3;
	house_start(h);
	house_until_modem(h, "m1", "ready");
	submit(h, 0, 4, "");
	house_until_settled(h, 4);
	house_until_modem(h, "gone", "absent");
	house_until_modem(h, "dead", "absent");
	house_assert_money_law(h, 4);
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(vanished_modem_slows_nobody_and_is_found_again),
		HOUSE_TEST(
			modem_that_vanishes_in_the_middle_leaves_one_unknown),
		HOUSE_TEST(modem_that_hangs_or_restarts_leaves_one_unknown),
		HOUSE_TEST(modem_that_was_never_there_is_told_and_slows_nobody),
	};

	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
