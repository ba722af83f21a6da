/*
 * What a wire and a network do to an answer: every dialect cut into single
 * bytes, noise between any two lines, texts under ended and open sessions,
 * late, doubled and garbled answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

static const char *const dialects[] = {
	"standard", "huawei", "quectel", "simcom"};

enum { DIALECTS = 4, CARDS_EACH = 3, PINS = DIALECTS * CARDS_EACH };

/* Four modems, one of each dialect, which all have this more to them. */
static void
start_all_dialects(struct house *h, const char *more)
{
	char name[16];

	for (unsigned i = 0; i < DIALECTS; i++) {
		snprintf(name, sizeof(name), "m%u", i + 1);
		house_add_modem(h, name, dialects[i], more);
	}
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
}

/* For each modem two good cards and a used one between them. */
static void
redeem_on_all(struct house *h)
{
	char batch[2048] = "# operator: simtel\npin,serial,modem\n", name[16];

	for (unsigned i = 0; i < PINS; i++)
		snprintf(batch + strlen(batch), sizeof(batch) - strlen(batch),
			"%s,S%u,m%u\n", house_pin(i), i, i % DIALECTS + 1);
	house_submit(h, "all.csv", batch);
	house_until_settled(h, PINS);
	for (unsigned i = 0; i < PINS; i++) {
		bool used = i / DIALECTS == 1;

		snprintf(name, sizeof(name), "S%u", i);
		house_assert_voucher(h, name, used ? "rejected" : "loaded",
			used ? "used" : "");
	}
	house_assert_money_law(h, PINS);
}

static void
redeem_with(struct house *h, const char *more)
{
	for (unsigned i = 0; i < PINS; i++)
		house_add_card(h, house_pin(i), 10000,
			i / DIALECTS == 1 ? "used" : "good");
	start_all_dialects(h, more);
	redeem_on_all(h);
	house_done(h);
}

static void
every_dialect_redeems_on_a_whole_wire(void **state)
{
	redeem_with(*state, NULL);
}

static void
every_dialect_redeems_with_the_wire_cut_into_single_bytes(void **state)
{
	redeem_with(*state, "{\"cut\": 1}");
}

static void
every_dialect_redeems_with_noise_in_every_answer(void **state)
{
	redeem_with(*state, "{\"noise\": true}");
}

static void
every_dialect_redeems_with_noise_cut_into_single_bytes(void **state)
{
	redeem_with(*state, "{\"noise\": true, \"cut\": 1}");
}

static void
every_dialect_redeems_over_tcp(void **state)
{
	redeem_with(*state, "{\"transport\": \"tcp\", \"cut\": 7}");
}

/* How real modems dress an answer; none of it changes what it means. */
static const char *const dresses[] = {"ended", "open", "twice", "stale",
	"release", "quotes", "lines", "unterminated", "splice", "glued",
	"no_ok", "no_dcs"};

static void
set_faults(struct house *h, const char *fault, int chance)
{
	char order[128];

	for (unsigned i = 0; i < DIALECTS; i++) {
		snprintf(order, sizeof(order),
			"{\"order\": \"set\", \"modem\": \"m%u\", "
			"\"faults\": {\"%s\": %d}}",
			i + 1, fault, chance);
		house_tell(h, order);
	}
}

static void
answer_is_read_however_it_is_dressed(void **state)
{
	enum { DRESSES = sizeof(dresses) / sizeof(dresses[0]) };
	struct house *h = *state;
	char batch[1024], serial[16], name[32];
	unsigned n = 0;

	house_add_cards(h, 0, DRESSES * DIALECTS);
	start_all_dialects(h, NULL);
	for (unsigned d = 0; d < DRESSES; d++) {
		set_faults(h, dresses[d], 1);
		snprintf(batch, sizeof(batch),
			"# operator: simtel\npin,serial,modem\n");
		for (unsigned i = 0; i < DIALECTS; i++, n++)
			snprintf(batch + strlen(batch),
				sizeof(batch) - strlen(batch), "%s,S%u,m%u\n",
				house_pin(n), n, i + 1);
		snprintf(name, sizeof(name), "%s.csv", dresses[d]);
		house_submit(h, name, batch);
		house_until_settled(h, n);
		for (unsigned i = n - DIALECTS; i < n; i++) {
			snprintf(serial, sizeof(serial), "S%u", i);
			if (strcmp(house_text(
					   house_voucher(h, serial), "state"),
				    "loaded") != 0)
				fail_msg("answer \"%s\" of %s was not read",
					dresses[d], dialects[i % DIALECTS]);
		}
		set_faults(h, dresses[d], 0);
	}
	house_assert_money_law(h, n);
	house_done(h);
}

static void
answer_that_comes_late_but_in_time_is_the_answer(void **state)
{
	redeem_with(*state, "{\"faults\": {\"late\": 1, \"late_ms\": 1500}}");
}

/* No verdict is made up: the card was spent, and only the truth knows. */
static void
answer_that_says_nothing_leaves_the_voucher_unknown(void **state)
{
	static const char *const faults[] = {
		"garble", "dropped", "cme", "unsupported", "timeout"};
	enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };
	struct house *h = *state;
	char batch[512] = "# operator: simtel\npin,serial,modem\n", name[16];

	house_add_cards(h, 0, FAULTS);
	for (unsigned i = 0; i < FAULTS; i++) {
		snprintf(name, sizeof(name), "m%u", i + 1);
		house_add_modem(h, name, dialects[i % DIALECTS], NULL);
		snprintf(batch + strlen(batch), sizeof(batch) - strlen(batch),
			"%s,S%u,%s\n", house_pin(i), i, name);
	}
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
	for (unsigned i = 0; i < FAULTS; i++)
		house_strike(h, h->modems[i].name, faults[i]);
	house_submit(h, "all.csv", batch);
	house_until_settled(h, FAULTS);
	for (unsigned i = 0; i < FAULTS; i++) {
		snprintf(name, sizeof(name), "S%u", i);
		if (strcmp(house_text(house_voucher(h, name), "state"),
			    "unknown") != 0)
			fail_msg("\"%s\" was taken for a verdict", faults[i]);
	}
	house_assert_money_law(h, FAULTS);
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(every_dialect_redeems_on_a_whole_wire),
		HOUSE_TEST(
			every_dialect_redeems_with_the_wire_cut_into_single_bytes),
		HOUSE_TEST(every_dialect_redeems_with_noise_in_every_answer),
		HOUSE_TEST(
			every_dialect_redeems_with_noise_cut_into_single_bytes),
		HOUSE_TEST(every_dialect_redeems_over_tcp),
		HOUSE_TEST(answer_is_read_however_it_is_dressed),
		HOUSE_TEST(answer_that_comes_late_but_in_time_is_the_answer),
		HOUSE_TEST(answer_that_says_nothing_leaves_the_voucher_unknown),
	};

	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
