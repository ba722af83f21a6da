/*
 * The corners where money could be lost or a PIN shown: each test is one
 * that a driver without its guard would fail.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modem/modem_private.h"
#include "tests/support/rig.h"

#define PIN  "55501234123456"
#define CODE "*121*" PIN "#"

static struct rig rig;

static void
rule(const char *when, const char *say, const char *then, int64_t after_ms)
{
	fakewire_rule(&rig.wire, (struct fakewire_rule){.when = when,
					 .say = say,
					 .after_ms = 5,
					 .then = then,
					 .then_after_ms = after_ms});
}

/* Into a menu whose command had its OK, or did not. */
static void
open_menu(bool with_ok)
{
	rig_init_ready(&rig, "standard");
	rule("AT+CUSD=1,\"*120#\"", "\r\n+CUSD: 1,\"Enter\",15\r\n",
		with_ok ? "\r\nOK\r\n" : NULL, 50);
	assert_int_equal(rig_ask(&rig, "*120#", MODEM_ONCE), 0);
	rig_run(&rig, 5000);
	assert_int_equal(rig.results, 1);
	assert_true(rig.result.open);
	rig_forget_written(&rig);
}

/* ---- memory ------------------------------------------------------------ */

static void
code_is_gone_from_memory_as_soon_as_the_port_has_it(void **state)
{
	static const char *const dialects[] = {"standard", "huawei", "quectel"};

	(void)state;
	for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++) {
		rig_init_ready(&rig, dialects[i]);
		rig.wire.echo = true;
		rule("AT+CUSD=1,", NULL, NULL, 0);
		assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
		assert_true(rig_holds_code(&rig, CODE));
		rig_run(&rig, 10);
		assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=1,"), 1);
		assert_false(rig_holds_code(&rig, CODE));
		rig_fini(&rig);
	}
}

/* ---- traces ------------------------------------------------------------ */

static void
pieces_of_a_broken_echo_are_not_traced(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rule("AT+CUSD=1,",
		"AT+CUSD=1,\"*121*55501\r\n^RSSI:3\r\n234123456#\",15\r\nOK"
		"\r\n",
		"\r\n+CUSD: 0,\"Done 5\",15\r\n", 100);
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	rig_run(&rig, 5000);
	assert_string_equal(rig.text, "Done 5");
	assert_null(strstr(rig.trace, "55501"));
	assert_null(strstr(rig.trace, "234123456"));
	rig_fini(&rig);
}

static void
echo_that_comes_late_is_not_traced(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	fakewire_say(&rig.wire, "AT+CUSD=1,\"" CODE "\",15\r\r\n", 10);
	fakewire_say(&rig.wire, "\r\n+CUSD: 5,\"" CODE "\",15\r\n", 20);
	rig_run(&rig, 1000);
	assert_non_null(strstr(rig.trace, "AT+CUSD=1,\"*121****"));
	assert_false(rig_holds(&rig, PIN));
	rig_fini(&rig);
}

/* ---- the flush --------------------------------------------------------- */

static void
ask_again(struct rig *r)
{
	if (r->results == 2)
		assert_int_equal(rig_ask(r, CODE, MODEM_ONCE), 0);
}

/* The flush itself hears that the menu is closed; the owner asks something
 * new at once, but what that stands for is not on disk yet. */
static void
what_is_asked_inside_a_flush_waits_for_the_next_one(void **state)
{
	int64_t now;

	(void)state;
	open_menu(true);
	rig.hold = true;
	rig.then = ask_again;
	assert_int_equal(rig_reply(&rig, "1"), 0);
	fakewire_say(&rig.wire, "\r\n+CUSD: 2\r\n", 0);
	now = rig.wire.now_ms;
	modem_flush(rig.modem, now);
	assert_int_equal(rig.results, 2);
	assert_int_equal(rig.result.fate, MODEM_NOT_SENT);
	assert_string_equal(rig.wire.written, "");
	assert_true(modem_wake_at(rig.modem) <= now);
	modem_tick(rig.modem, now);
	assert_true(modem_wake_at(rig.modem) > now);
	modem_flush(rig.modem, now);
	assert_int_equal(
		fakewire_count(&rig.wire, "AT+CUSD=1,\"" CODE "\""), 1);
	rig_fini(&rig);
}

/* ---- out of step ------------------------------------------------------- */

static void
missing_ok_is_waited_out_before_the_next_request(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rule("AT+CUSD=1,", "\r\n+CUSD: 0,\"Done 5\",15\r\n", NULL, 0);
	rig_forget_written(&rig);
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	rig_run(&rig, ASK_SETTLE_MS + 100);
	assert_int_equal(rig.result.cause, MODEM_TEXT);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=2\r"), 1);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CREG?\r"), 1);
	assert_int_equal(modem_info(rig.modem)->state, MODEM_READY);
	rig_fini(&rig);
}

/* The connection is there already: the network may be as fast as the modem.
 * And the error may be that of the command before, if that is owing. */
static void
refusal_of_a_reply_is_never_sure(void **state)
{
	(void)state;
	for (int with_ok = 0; with_ok <= 1; with_ok++) {
		open_menu(with_ok == 1);
		rule("AT+CUSD=1,", "\r\n+CME ERROR: 30\r\n", NULL, 0);
		assert_int_equal(rig_reply(&rig, PIN), 0);
		rig_run(&rig, 1000);
		assert_int_equal(rig.results, 2);
		assert_int_equal(rig.result.fate, MODEM_MAYBE_SENT);
		rig_fini(&rig);
	}
}

/* There the result waits for the network: only what is said of the SIM
 * cannot be the network's. */
static void
refusal_is_sure_by_the_dialect(void **state)
{
	static const struct {
		const char *dialect;
		const char *say;
		enum modem_fate fate;
	} rows[] = {
		{"standard", "\r\n+CME ERROR: 30\r\n", MODEM_NOT_SENT},
		{"zte", "\r\n+CME ERROR: 4\r\n", MODEM_NOT_SENT},
		{"telit", "\r\n+CME ERROR: 30\r\n", MODEM_MAYBE_SENT},
		{"telit", "\r\n+CME ERROR: 10\r\n", MODEM_NOT_SENT},
		{"ericsson", "\r\n+CME ERROR: 3\r\n", MODEM_MAYBE_SENT},
		{"quectel-2g", "\r\n+CME ERROR: 4\r\n", MODEM_MAYBE_SENT},
		{"simcom", "\r\n+CME ERROR: 3\r\n", MODEM_MAYBE_SENT},
		{"simcom", "\r\n+CME ERROR: 14\r\n", MODEM_NOT_SENT},
		{"mediatek", "\r\n+CME ERROR: 10\r\n", MODEM_MAYBE_SENT},
		{"nokia", "\r\n+CME ERROR: 30\r\n", MODEM_MAYBE_SENT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rig_init_ready(&rig, rows[i].dialect);
		rule("AT+CUSD=1,", rows[i].say, NULL, 0);
		assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
		rig_run(&rig, 1000);
		assert_int_equal(rig.results, 1);
		if (rig.result.fate != rows[i].fate)
			fail_msg("%s: %s", rows[i].dialect, rows[i].say);
		rig_fini(&rig);
	}
}

static void
request_behind_a_check_that_hangs_is_not_sent(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rule("AT+CREG?", NULL, NULL, 0);
	rig_forget_written(&rig);
	for (int i = 0; i < 400 && rig.wire.written_len == 0; i++)
		rig_run(&rig, 100);
	assert_string_equal(rig.wire.written, "AT+CREG?\r");
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	rig_run(&rig, 6000);
	assert_int_equal(rig.results, 1);
	assert_int_equal(rig.result.cause, MODEM_BROKEN);
	assert_int_equal(rig.result.fate, MODEM_NOT_SENT);
	assert_int_equal(fakewire_count(&rig.wire, PIN), 0);
	assert_false(rig_holds_code(&rig, CODE));
	rig_fini(&rig);
}

/* ---- sessions ---------------------------------------------------------- */

static void
half_written_reply_to_a_closed_menu_is_never_finished(void **state)
{
	unsigned closes;

	(void)state;
	open_menu(true);
	closes = rig.wire.closes;
	rig.wire.take_left = 15;
	assert_int_equal(rig_reply(&rig, PIN), 0);
	rig_run(&rig, 100);
	assert_int_equal(rig.wire.written_len, 15);
	fakewire_say(&rig.wire, "\r\n+CUSD: 2\r\n", 0);
	rig_run(&rig, 100);
	assert_int_equal(rig.results, 2);
	assert_int_equal(rig.result.cause, MODEM_BROKEN);
	assert_int_equal(rig.result.fate, MODEM_MAYBE_SENT);
	assert_int_equal(rig.wire.closes, closes + 1);
	rig.wire.take_left = SIZE_MAX;
	rig_run_to(&rig, MODEM_READY);
	assert_int_equal(fakewire_count(&rig.wire, PIN), 0);
	rig_fini(&rig);
}

static void
foreign_menu_behind_the_last_answer_of_ours_is_closed(void **state)
{
	(void)state;
	open_menu(true);
	rule("AT+CUSD=1,",
		"\r\n+CUSD: 0,\"Done 5\",15\r\n"
		"\r\n+CUSD: 1,\"Win! 1. Yes\",15\r\n",
		"\r\nOK\r\n", 50);
	assert_int_equal(rig_reply(&rig, "1"), 0);
	rig_run(&rig, 1000);
	assert_string_equal(rig.text, "Done 5");
	assert_string_equal(rig.push, "Win! 1. Yes|");
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=2\r"), 1);
	rig_fini(&rig);
}

static void
foreign_menu_of_a_modem_not_yet_ready_is_closed_first(void **state)
{
	(void)state;
	rig_init(&rig, "standard");
	rule("AT+CREG?", "\r\n+CREG: 0,2\r\n\r\nOK\r\n", NULL, 0);
	rig_run(&rig, 5000);
	rig_forget_written(&rig);
	fakewire_say(&rig.wire, "\r\n+CUSD: 1,\"Win! 1. Yes\",15\r\n", 0);
	rig_run(&rig, 100);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=2\r"), 0);
	rule("AT+CREG?", "\r\n+CREG: 0,1\r\n\r\nOK\r\n", NULL, 0);
	rig_run(&rig, 5000);
	assert_int_equal(modem_info(rig.modem)->state, MODEM_READY);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=2\r"), 1);
	rig_fini(&rig);
}

/* ---- codings ----------------------------------------------------------- */

static void
search_in_vain_leaves_the_coding_as_it_was(void **state)
{
	(void)state;
	rig_init_ready(&rig, "huawei");
	rule("AT+CUSD=1,", "\r\nERROR\r\n", NULL, 0);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_SEARCH), 0);
	rig_run(&rig, 20000);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=1,"), 3);
	rig_forget_written(&rig);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_ONCE), 0);
	rig_run(&rig, 20000);
	assert_int_equal(
		fakewire_count(&rig.wire, "AT+CUSD=1,\"AA986C3602\""), 1);
	rig_fini(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			code_is_gone_from_memory_as_soon_as_the_port_has_it),
		cmocka_unit_test(pieces_of_a_broken_echo_are_not_traced),
		cmocka_unit_test(echo_that_comes_late_is_not_traced),
		cmocka_unit_test(
			what_is_asked_inside_a_flush_waits_for_the_next_one),
		cmocka_unit_test(
			missing_ok_is_waited_out_before_the_next_request),
		cmocka_unit_test(refusal_of_a_reply_is_never_sure),
		cmocka_unit_test(refusal_is_sure_by_the_dialect),
		cmocka_unit_test(request_behind_a_check_that_hangs_is_not_sent),
		cmocka_unit_test(
			half_written_reply_to_a_closed_menu_is_never_finished),
		cmocka_unit_test(
			foreign_menu_behind_the_last_answer_of_ours_is_closed),
		cmocka_unit_test(
			foreign_menu_of_a_modem_not_yet_ready_is_closed_first),
		cmocka_unit_test(search_in_vain_leaves_the_coding_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
