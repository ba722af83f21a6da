/*
 * metrics_file over a shop in virtual time: what the file says, when it is
 * written, and that no counter goes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/metrics_file.h"
#include "agent/turn.h"
#include "tests/support/exposition.h"
#include "tests/support/purse.h"
#include "tests/virtual/trade.h"

#define A SHOP_PORT_A

static char dir[] = "/tmp/test_metrics_file.XXXXXX";
static char path[64], text[65536];
static struct metrics_file *file;

static int
make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/topupd.prom", dir);
	(void)umask(077); /* as strict as a daemon's may be */
	return 0;
}

static int
remove_folder(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void
begin(struct trade *t)
{
	const struct metrics_file_parts parts = {.loop = t->shop.loop,
		.turn = t->shop.turn,
		.fleet = t->shop.fleet,
		.dispatch = t->dispatch};

	file = metrics_file_new(&parts);
	metrics_file_set(file, path, MINUTE);
}

static void
end(struct trade *t)
{
	metrics_file_free(file);
	trade_fini(t);
	(void)unlink(path);
}

static void
restart(struct trade *t)
{
	metrics_file_free(file); /* cut off: nothing is finished */
	trade_restart(t, COUNTER_PLAIN);
	begin(t);
}

/* Checked as a whole each time. */
static void
read_file(void)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	assert_int_equal(fclose(f), 0);
	exposition_check(text);
}

static double
value(const char *series)
{
	double found = -1;

	if (!exposition_value(text, series, &found))
		fail_msg("no %s in:\n%s", series, text);
	return found;
}

#define EXPECT(series, want) assert_true(value(series) == (want))

static bool
is_there(void)
{
	return access(path, F_OK) == 0;
}

static void
file_says_what_is_the_case_and_anybody_may_read_it(void **state)
{
	struct trade t;
	struct stat st;

	trade_init(&t, *state, COUNTER_PLAIN);
	begin(&t);
	trade_open(&t);
	trade_answer(A, "*121*", TRADE_LOADED);
	(void)trade_batch(&t, 2, NULL);
	trade_run(&t, 5 * MINUTE);
	trade_answer(A, "*121*", TRADE_INVALID);
	(void)trade_batch(&t, 1, NULL);
	trade_run(&t, 5 * MINUTE);
	read_file();
	EXPECT("topupd_up", 1);
	EXPECT("topupd_build_info{version=\"" TOPUP_VERSION "\"}", 1);
	EXPECT("topupd_vouchers{state=\"loaded\"}", 2);
	EXPECT("topupd_vouchers{state=\"rejected\"}", 1);
	EXPECT("topupd_vouchers{state=\"ready\"}", 0);
	EXPECT("topupd_attempts_total{operator=\"simtel\",verdict=\"loaded\"}",
		2);
	EXPECT("topupd_attempts_total{operator=\"simtel\",verdict=\"invalid\"}",
		1);
	EXPECT("topupd_modem_state{modem=\"a\",state=\"ready\"}", 1);
	EXPECT("topupd_modem_state{modem=\"a\",state=\"failed\"}", 0);
	EXPECT("topupd_balance{modem=\"a\",currency=\"XTS\"}", 250);
	EXPECT("topupd_queue_batches", 0);
	assert_true(value("topupd_modem_signal{modem=\"a\"}") < 0);
	assert_true(value("topupd_last_loaded_timestamp_seconds") > 1e9);
	assert_null(strstr(text, "topupd_oldest_unknown"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	metrics_file_finish(file);
	read_file();
	EXPECT("topupd_up", 0);
	end(&t);
}

static void
waiting_and_unknown_cards_have_their_moments(void **state)
{
	struct trade t;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);

	begin(&t);
	trade_pause(&t, "", true);
	trade_run(&t, 20 * MINUTE);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	read_file();
	EXPECT("topupd_vouchers{state=\"unknown\"}", 1);
	EXPECT("topupd_queue_batches", 1);
	assert_true(value("topupd_oldest_unknown_timestamp_seconds") > 1e9);
	assert_true(value("topupd_queue_oldest_batch_timestamp_seconds") > 1e9);
	EXPECT("topupd_attempts_total{operator=\"simtel\",verdict=\"none\"}",
		1);
	end(&t);
}

/* Whether it is written within so long; it is taken away before. */
static bool
is_written_within(struct trade *t, int64_t ms)
{
	(void)unlink(path);
	virtual_wire(A)->written_len = 0;
	trade_run(t, ms);
	return is_there();
}

static void
it_is_written_when_something_changed_or_an_hour_passed(void **state)
{
	struct trade t;

	trade_init(&t, *state, COUNTER_PLAIN);
	begin(&t);
	trade_open(&t);
	trade_run(&t, 10 * MINUTE);
	assert_true(is_there());
	assert_false(is_written_within(&t, 30 * MINUTE));
	trade_pause(&t, "a", true);
	assert_true(is_written_within(&t, MINUTE + SECOND));
	trade_pause(&t, "a", false);
	trade_pause(&t, "a", true); /* seen only each minute */
	assert_false(is_written_within(&t, 58 * MINUTE));
	assert_true(is_written_within(&t, 3 * MINUTE));
	end(&t);
}

static void
counters_go_on_over_restarts_and_from_before_they_were_wanted(void **state)
{
	static const char series[] =
		"topupd_attempts_total{operator=\"simtel\",verdict=\"loaded\"}";
	struct trade t;

	trade_init(&t, *state, COUNTER_PLAIN);
	file = NULL;
	trade_open(&t);
	trade_answer(A, "*121*", TRADE_LOADED);
	(void)trade_batch(&t, 3, NULL);
	trade_run(&t, 10 * MINUTE);
	begin(&t); /* later than these */
	trade_run(&t, 2 * MINUTE);
	read_file();
	EXPECT(series, 3);
	/* Entries enough for several slices, and another life. */
	for (int i = 0; i < 1000; i++) {
		struct ledger_op op = turn_op(t.shop.turn, LEDGER_EVENT);

		(void)strcpy(op.u.event.event, "test.event");
		(void)strcpy(op.u.event.note, "attempt=1 verdict=loaded");
		turn_must(t.shop.turn, &op);
	}
	restart(&t);
	trade_open(&t);
	trade_answer(A, "*121*", TRADE_LOADED);
	trade_run(&t, 2 * MINUTE);
	read_file();
	EXPECT(series, 3);
	(void)trade_batch(&t, 1, NULL);
	trade_run(&t, 5 * MINUTE);
	read_file();
	EXPECT(series, 4);
	restart(&t);
	trade_run(&t, 2 * MINUTE);
	read_file();
	EXPECT(series, 4);
	end(&t);
}

/* A draft of a life that was cut off, a folder that is not there, another
 * path: the one before says that it is left. */
static void
file_is_renamed_into_place_and_left_in_order(void **state)
{
	struct trade t;
	char other[80], draft[80];

	trade_init(&t, *state, COUNTER_PLAIN);
	(void)snprintf(draft, sizeof(draft), "%s/.topupd.prom.tmp", dir);
	assert_int_equal(symlink("/nonexistent/target", draft), 0);
	begin(&t);
	trade_open(&t);
	trade_run(&t, 2 * MINUTE);
	read_file();
	assert_int_equal(access(draft, F_OK), -1);
	(void)snprintf(other, sizeof(other), "%s/none/topupd.prom", dir);
	metrics_file_set(file, other, MINUTE);
	read_file();
	EXPECT("topupd_up", 0);
	trade_run(&t, 5 * MINUTE); /* told once, and goes on */
	other[strlen(dir) + strlen("/none")] = '\0';
	assert_int_equal(mkdir(other, 0700), 0);
	trade_run(&t, 2 * MINUTE);
	other[strlen(dir) + strlen("/none")] = '/';
	assert_int_equal(access(other, R_OK), 0);
	metrics_file_set(file, NULL, MINUTE);
	assert_false(is_written_within(&t, 2 * MINUTE));
	end(&t);
}

#define CASE(name)                                                             \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(file_says_what_is_the_case_and_anybody_may_read_it),
		CASE(waiting_and_unknown_cards_have_their_moments),
		CASE(it_is_written_when_something_changed_or_an_hour_passed),
		CASE(counters_go_on_over_restarts_and_from_before_they_were_wanted),
		CASE(file_is_renamed_into_place_and_left_in_order),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
