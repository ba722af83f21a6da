/*
 * bench_redeem: cards a second through the whole daemon, against a network
 * that answers at once: what topupd itself costs. One modem and four in one
 * run, so that the ratio says how modems share a commit. No pass mark: a
 * figure, not a test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/house_inside.h"
#include "tests/support/house_proof.h"

enum { CARDS = 400, MODEMS = 4 };

static double rates[MODEMS + 1];

static bool
batch_has_ended(struct house *h, const void *ctx)
{
	(void)ctx;
	return house_ctl(h, "wait", "--batch", "1", NULL) == 0;
}

static void
redeem_on(struct house *h, unsigned modems)
{
	char name[16], *batch;
	size_t len;
	FILE *f = open_memstream(&batch, &len);
	int64_t from;

	house_add_cards(h, 0, CARDS);
	for (unsigned i = 0; i < modems; i++) {
		snprintf(name, sizeof(name), "m%u", i + 1);
		house_add_modem(h, name, "standard", "{\"delay_ms\": [0, 0]}");
	}
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
	fprintf(f, "# operator: simtel\npin,serial\n");
	for (unsigned i = 0; i < CARDS; i++)
		fprintf(f, "%s,S%u\n", house_pin(i), i);
	assert_int_equal(fclose(f), 0);
	from = house_now_ms();
	house_submit(h, "cards.csv", batch);
	house_until(h, "the batch has ended", batch_has_ended, NULL);
	rates[modems] = CARDS * 1000.0 / (double)(house_now_ms() - from + 1);
	free(batch);
	house_assert_money_law(h, CARDS);
	print_message("%u modem(s): %d cards, %.0f a second\n", modems, CARDS,
		rates[modems]);
	house_done(h);
}

static void
one_modem(void **state)
{
	redeem_on(*state, 1);
}

static void
four_modems(void **state)
{
	redeem_on(*state, MODEMS);
	if (rates[1] > 0)
		print_message("four modems against one: %.2f times\n",
			rates[MODEMS] / rates[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(one_modem),
		HOUSE_TEST(four_modems),
	};

	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
