/*
 * What a wire and a network do to an answer: every dialect cut into single
 * bytes, noise between any two lines, texts under ended and open sessions,
 * late, doubled and garbled answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
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

static void
text_under_an_ended_session_is_the_answer(void **state)
{
	redeem_with(*state, "{\"faults\": {\"ended\": 1}}");
}

static void
session_left_open_after_the_verdict_is_closed(void **state)
{
	redeem_with(*state, "{\"faults\": {\"open\": 1}}");
}

static void
answer_that_comes_twice_counts_once(void **state)
{
	redeem_with(*state, "{\"faults\": {\"twice\": 1}}");
}

static void
answer_that_comes_late_but_in_time_is_the_answer(void **state)
{
	redeem_with(*state, "{\"faults\": {\"late\": 1, \"late_ms\": 1500}}");
}

/* A garbled text, a session dropped without one: no verdict is made up. */
static void
answer_that_says_nothing_leaves_the_voucher_unknown(void **state)
{
	static const char *const faults[] = {"garble", "dropped"};
	struct house *h = *state;
	char batch[256], order[64];

	house_add_cards(h, 0, 2);
	house_add_modem(h, "m1", "standard", NULL);
	house_add_modem(h, "m2", "huawei", NULL);
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(order, sizeof(order),
			"{\"order\": \"%s\", \"modem\": \"m%u\"}", faults[i],
			i + 1);
		house_tell(h, order);
	}
	snprintf(batch, sizeof(batch),
		"# operator: simtel\npin,serial,modem\n%s,S0,m1\n%s,S1,m2\n",
		house_pin(0), house_pin(1));
	house_submit(h, "two.csv", batch);
	house_until_settled(h, 2);
	assert_int_equal(
		house_count(house_ask(h, "vouchers", NULL), "state", "unknown"),
		2);
	house_assert_money_law(h, 2);
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
		HOUSE_TEST(text_under_an_ended_session_is_the_answer),
		HOUSE_TEST(session_left_open_after_the_verdict_is_closed),
		HOUSE_TEST(answer_that_comes_twice_counts_once),
		HOUSE_TEST(answer_that_comes_late_but_in_time_is_the_answer),
		HOUSE_TEST(answer_that_says_nothing_leaves_the_voucher_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
