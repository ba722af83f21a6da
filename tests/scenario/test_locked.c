/*
 * On the real binaries: a SIM that asks for its PIN, which is typed once and
 * never again where it was wrong; and a modem that has texts but no USSD.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

#define LOCKED "{\"pin_state\": \"SIM PIN\"}"

/* Modem m1 with a SIM whose PIN is 1234, and a file with that content. */
static void
start_locked(struct house *h, const char *content)
{
	const char *path = house_path(h, "sim.pin");

	house_write(path, content);
	house_add_cards(h, 0, 1);
	house_add_modem(h, "m1", "quectel", LOCKED);
	snprintf(h->modems[0].more, sizeof(h->modems[0].more),
		"sim_pin_file = \"%s\";", path);
	house_start_sim(h);
	house_start(h);
}

static size_t
told(struct house *h, const char *event)
{
	return house_count(house_ask(h, "audit", NULL), "event", event);
}

/* As after a power cut of the modem: the SIM asks again. */
static void
boot_modem(struct house *h)
{
	house_tell(
		h, "{\"order\": \"vanish\", \"modem\": \"m1\", \"ms\": 1000}");
	house_until_modem(h, "m1", "absent");
}

static void
why_says(struct house *h, const char *text)
{
	json_t *m = house_find(house_ask(h, "modems", NULL), "name", "m1");

	house_assert_contains(house_text(m, "why"), text);
}

static void
wrong_pin_costs_one_try_and_a_changed_file_another(void **state)
{
	struct house *h = *state;

	start_locked(h, "9999\n");
	house_until_modem(h, "m1", "failed");
	why_says(h, "refused the PIN in sim_pin_file");
	assert_int_equal(told(h, "sim.pin_tried"), 1);
	assert_int_equal(told(h, "sim.pin_refused"), 1);

	/* Nothing of the daemon or the modem that starts anew changes that. */
	assert_int_equal(house_stop(h), 0);
	house_start(h);
	house_until_modem(h, "m1", "failed");
	boot_modem(h);
	house_until_modem(h, "m1", "failed");
	house_kill(h);
	house_write(house_path(h, "sim.pin"), " 9999\r\n\n"); /* the same */
	house_start(h);
	house_until_modem(h, "m1", "failed");
	why_says(h, "refused the PIN in sim_pin_file");
	assert_int_equal(told(h, "sim.pin_tried"), 1);

	/* Another content: one more, and then one try is left. */
	house_write(house_path(h, "sim.pin"), "8888\n");
	boot_modem(h);
	house_until_modem(h, "m1", "failed");
	assert_int_equal(told(h, "sim.pin_tried"), 2);
	assert_int_equal(told(h, "sim.pin_refused"), 2);
	house_write(house_path(h, "sim.pin"), "1234\n");
	boot_modem(h);
	house_until_modem(h, "m1", "failed");
	why_says(h, "tries left: 1");
	assert_int_equal(told(h, "sim.pin_tried"), 2);
	house_done(h);
}

static void
right_pin_is_typed_at_each_start_of_the_modem(void **state)
{
	struct house *h = *state;

	start_locked(h, "1234\n");
	house_until_modem(h, "m1", "ready");
	boot_modem(h);
	house_until_modem(h, "m1", "ready");
	assert_int_equal(told(h, "sim.pin_tried"), 2);
	assert_int_equal(told(h, "sim.pin_taken"), 2);
	assert_int_equal(told(h, "sim.pin_refused"), 0);
	/* An unlocked SIM is asked nothing by another daemon. */
	assert_int_equal(house_stop(h), 0);
	house_start(h);
	house_until_modem(h, "m1", "ready");
	assert_int_equal(told(h, "sim.pin_tried"), 2);
	house_done(h);
}

/* via = ussd, sms where the network carries texts only. */
static void
card_goes_by_text_on_lte(void **state)
{
	struct house *h = *state;

	house_add_cards(h, 0, 2);
	house_rule_set(h, "recharge", "via", "ussd, sms");
	house_rule_set(h, "recharge", "sms_to", "121");
	house_rule_set(h, "recharge", "sms_text", "TOP {pin}");
	house_rule_set(h, "recharge", "sms_from", "SimTel, 121");
	house_rule_set(h, "recharge", "smsc", "any");
	house_network_set(h, "sms_copy", json_true());
	house_add_modem(h, "m1", "sim7600",
		"{\"registration\": 6, \"sms_delay_ms\": [1, 5]}");
	house_start_sim(h);
	house_start(h);
	house_until_modem(h, "m1", "ready");
	why_says(h, "ussd_unavailable: ");
	why_says(h, "AT+CNMP=14");
	char batch[128];
	snprintf(batch, sizeof(batch),
		"# operator: simtel\npin,serial\n%s,S0\n", house_pin(0));
	house_submit(h, "one.csv", batch);
	house_until_state(h, "S0", "loaded");
	assert_int_equal(house_number(house_voucher(h, "S0"), "attempts"), 1);
	assert_int_equal(told(h, "modem.ussd_unavailable"), 1);
	house_assert_money_law(h, 1);
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(wrong_pin_costs_one_try_and_a_changed_file_another),
		HOUSE_TEST(right_pin_is_typed_at_each_start_of_the_modem),
		HOUSE_TEST(card_goes_by_text_on_lte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
