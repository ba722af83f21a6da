/*
 * What the real daemon tells others: the program of on_event, the file of
 * metrics, alarms; changed by a reload, and over a restart.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/exposition.h"
#include "tests/support/house_proof.h"

/* Adds each event to the file "events". */
static void
write_program(struct house *h, const char *text)
{
	char script[1024];

	(void)snprintf(script, sizeof(script), "#!/bin/sh\ndir=%s\n%s\n",
		house_path(h, "out"), text);
	house_write(house_path(h, "program"), script);
	assert_int_equal(chmod(house_path(h, "program"), 0700), 0);
}

static bool
has_event(struct house *h, const void *ctx)
{
	char *text = house_read(house_path(h, "out/events"));
	bool has = text && strstr(text, ctx);

	free(text);
	return has;
}

static bool
has_metric(struct house *h, const void *ctx)
{
	char *text = house_read(house_path(h, "out/topupd.prom"));
	double value;
	bool has = text && exposition_value(text, ctx, &value) && value == 1;

	if (text)
		exposition_check(text);
	free(text);
	return has;
}

static void
configure(struct house *h, const char *more)
{
	free(h->config_extra);
	assert_true(asprintf(&h->config_extra,
			    "on_event = \"%s\";\nmetrics_file = \"%s\";\n"
			    "metrics_interval = \"15s\";\n%s",
			    house_path(h, "program"),
			    house_path(h, "out/topupd.prom"), more) > 0);
}

/* No PIN in what was told; each line is whole. */
static void
assert_clean(struct house *h, unsigned cards)
{
	char *text = house_read(house_path(h, "out/events"));
	const char *at = text;

	assert_non_null(text);
	for (unsigned i = 0; i < cards; i++)
		assert_null(strstr(text, house_pin(i)));
	while (at && *at) {
		const char *end = strchr(at, '\n');
		assert_non_null(end);
		json_t *o = json_loadb(at, (size_t)(end - at), 0, NULL);

		assert_non_null(o);
		assert_int_equal(json_object_size(o), 9);
		json_decref(o);
		at = end + 1;
	}
	free(text);
}

static void
card_batch_and_modem_are_told_to_program_and_metrics(void **state)
{
	struct house *h = *state;
	char batch[256];

	/* Appended in one write: programs run side by side. */
	write_program(h, "cat >>$dir/events");
	house_add_cards(h, 0, 1);
	house_add_modem(h, "m1", "standard", NULL);
	configure(h, "alarms = { modem_down = \"1s\"; };\n");
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
	(void)snprintf(batch, sizeof(batch),
		"# operator: simtel\npin,serial\n%s,S0\n", house_pin(0));
	house_submit(h, "cards.csv", batch);
	house_until_state(h, "S0", "loaded");
	house_until(h, "modem.ready", has_event, "\"modem.ready\"");
	house_until(h, "voucher.loaded", has_event, "\"voucher.loaded\"");
	house_until(h, "batch.finished", has_event, "\"batch.finished\"");
	house_until(h, "the metrics", has_metric,
		"topupd_vouchers{state=\"loaded\"}");
	house_until(h, "the counter", has_metric,
		"topupd_attempts_total{operator=\"simtel\",verdict="
		"\"loaded\"}");
	assert_clean(h, 1);
	house_tell(h, "{\"order\": \"vanish\", \"modem\": \"m1\", "
		      "\"ms\": 100000}");
	house_until(h, "modem.absent", has_event, "\"modem.absent\"");
	/* The next life goes on counting, and tells that this one is over. */
	assert_int_equal(house_stop(h), 0);
	char *text = house_read(house_path(h, "out/topupd.prom"));
	double up = 1;
	assert_non_null(text);
	assert_true(exposition_value(text, "topupd_up", &up) && up == 0);
	free(text);
	house_start(h);
	house_until(h, "the metrics again", has_metric, "topupd_up");
	assert_true(has_metric(h, "topupd_attempts_total{operator=\"simtel\","
				  "verdict=\"loaded\"}"));
	house_done(h);
}

static bool
are_gone(struct house *h, const void *ctx)
{
	char *text = house_read(house_path(h, "out/pids"));
	size_t alive = 0, count = 0;

	(void)ctx;
	assert_non_null(text);
	for (char *at = text; *at; at = strchr(at, '\n') + 1, count++)
		alive += kill((pid_t)strtol(at, NULL, 10), 0) == 0;
	free(text);
	assert_int_equal(count, 4); /* at once */
	return alive == 0;
}

/* It hangs, and talks: cards are loaded meanwhile, the daemon ends at once,
 * and leaves none behind. */
static void
program_that_hangs_keeps_no_card_waiting(void **state)
{
	enum { CARDS = 12 };
	struct house *h = *state;
	char batch[1024] = "# operator: simtel\npin,serial\n";

	write_program(h, "echo $$ >>$dir/pids; yes; sleep 1000");
	house_rule_set(h, "limits", "min_interval", "0");
	house_add_cards(h, 0, CARDS);
	house_add_modem(h, "m1", "standard", NULL);
	configure(h, "");
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
	for (unsigned i = 0; i < CARDS; i++) {
		size_t len = strlen(batch);
		(void)snprintf(batch + len, sizeof(batch) - len, "%s,S%u\n",
			house_pin(i), i);
	}
	house_submit(h, "cards.csv", batch);
	house_until_settled(h, CARDS);
	assert_int_equal(
		house_count(house_ask(h, "vouchers", NULL), "state", "loaded"),
		CARDS);
	house_assert_money_law(h, CARDS);
	assert_int_equal(house_stop(h), 0);
	for (int i = 0; i < 500 && !are_gone(h, NULL); i++)
		(void)usleep(10000);
	assert_true(are_gone(h, NULL));
	house_done(h);
}

static void
reload_begins_and_ends_it(void **state)
{
	struct house *h = *state;

	write_program(h, "cat >>$dir/events");
	house_add_modem(h, "m1", "standard", NULL);
	house_start_sim(h);
	house_start(h);
	house_until_modems_ready(h);
	assert_int_equal(access(house_path(h, "out/events"), F_OK), -1);
	configure(h, "");
	house_write_settings(h);
	assert_int_equal(house_ctl(h, "reload", NULL), 0);
	house_until(h, "the metrics", has_metric, "topupd_up");
	house_tell(
		h, "{\"order\": \"vanish\", \"modem\": \"m1\", \"ms\": 500}");
	house_until(h, "modem.absent", has_event, "\"modem.absent\"");
	house_until_modem(h, "m1", "ready");
	house_until(h, "modem.ready", has_event, "\"modem.ready\"");
	free(h->config_extra);
	h->config_extra = NULL;
	house_write_settings(h);
	assert_int_equal(house_ctl(h, "reload", NULL), 0);
	assert_false(has_metric(h, "topupd_up")); /* it says that it is left */
	house_done(h);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, house_setup, house_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(card_batch_and_modem_are_told_to_program_and_metrics),
		TEST(program_that_hangs_keeps_no_card_waiting),
		TEST(reload_begins_and_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
