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

/* Noise may cut it anywhere. */
static void
sim_pin_shows_in_no_piece_of_its_echo(void **state)
{
	(void)state;
	rig_init(&rig, "standard");
	rule("AT+CPIN?", "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n", NULL, 0);
	rule("AT+CIMI", "\r\n+CME ERROR: 11\r\n", NULL, 0);
	rule("AT+CPINR", "\r\n+CPINR: SIM PIN,3,3\r\n\r\nOK\r\n", NULL, 0);
	rule("AT+CPIN=",
		"AT+CPIN=\"47\r\n^RSSI:3\r\n11\"\r\n\r\n+CME ERROR: 16\r\n",
		NULL, 0);
	rig.sim_pin = "4711";
	rig_run_to(&rig, MODEM_FAILED);
	assert_int_equal(rig.pins_refused, 1);
	assert_non_null(strstr(rig.trace, "< AT+CPIN=\"**\n"));
	assert_non_null(strstr(rig.trace, "< **\"\n"));
	assert_non_null(strstr(rig.trace, "< +CME ERROR: 16\n"));
	assert_null(strstr(rig.trace, "\"47"));
	/* One that comes when nobody waits for it any more. */
	fakewire_say(&rig.wire, "AT+CPIN=\"47\r\n", 1);
	rig_run(&rig, 100);
	assert_null(strstr(rig.trace, "\"47"));
	rig_fini(&rig);
}

/* Less than four digits of it in each piece. */
static void
short_pieces_of_an_echo_are_not_traced(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rule("AT+CUSD=1,",
		"AT+CUSD=1,\"*121*555\r\n^RSSI:3\r\n012\r\n^RSSI:3\r\n"
		"341\r\n\r\nOK\r\n",
		"\r\n+CUSD: 0,\"Done 5\",15\r\n", 100);
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	rig_run(&rig, 5000);
	assert_string_equal(rig.text, "Done 5");
	assert_null(strstr(rig.trace, "555"));
	assert_null(strstr(rig.trace, "012\n"));
	assert_null(strstr(rig.trace, "341\n"));
	assert_non_null(strstr(rig.trace, "+CUSD: 0,\"Done 5\",15"));
	rig_fini(&rig);
}

#define LONG_HEX "07913266040000F0040B911356063160F60000728080"
/* Each holds a PIN, or may; and what must not be seen of it. */
static const struct {
	const char *said, *hidden;
} spoken[] = {
	{"+CUSD: 0,\"card " PIN " is used\",15", "4123"},
	{"+CUSD: 0,\"first line\r\ncard " PIN "\r\nis used\",15", "4123"},
	{"+CUSD: 0,\"555.012/341:234'123_456*7\",15", "341"},
	{"+CUSD: 0,\"card 555,012,341,234,123 used\",15", "341"},
	{"+CUSD: 0,\"0035003500350030\",72", "0035"},
	{"+CUSD: 0,\"B5984D368BCD\",15", "984D"},
	{"+CUSD: 0, card " PIN, "4123"},
	{"+CUSD: 0,\"no end\r\n\r\nOK\r\n" PIN, "4123"},
	{"+CMT: ,25\r\n" LONG_HEX, "0791"},
	{"+CMT: ,25," LONG_HEX, "0791"},
	{"+CMGL: 1,1,,25\r\n" LONG_HEX, "0791"},
	{"+CMGR: 1,,25\r\n^RSSI:3\r\n" LONG_HEX, "0791"},
	{"+CMT: \"121\",,\"26/11/22,10:20:33+00\"\r\ncard " PIN, "4123"},
	{LONG_HEX, "0791"},
	{"card " PIN " is used", "4123"},
};

static void
texts_and_messages_are_not_traced(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof spoken / sizeof *spoken; i++) {
		char said[256];
		rig_init_ready(&rig, "standard");
		rig.trace[0] = '\0';
		(void)snprintf(said, sizeof said, "\r\n%s\r\n", spoken[i].said);
		fakewire_say(&rig.wire, said, 10);
		rig_run(&rig, 20000);
		assert_true(strlen(rig.trace) > 0);
		if (strstr(rig.trace, spoken[i].hidden) != NULL)
			fail_msg("row %zu: %s", i, rig.trace);
		rig_fini(&rig);
	}
}

/* The log is for people who look for what is wrong. */
static void
what_a_modem_tells_of_itself_is_traced(void **state)
{
	static const char *const lines[] = {"< E1550", "< +CREG: 1,1",
		"< +CUSD: 0,\"balance 100.00 XTS\",15"};

	(void)state;
	rig_init(&rig, "standard");
	rig_speak(&rig, "Huawei", "E1550");
	rig_run_to(&rig, MODEM_READY);
	fakewire_say(
		&rig.wire, "\r\n+CUSD: 0,\"balance 100.00 XTS\",15\r\n", 10);
	rig_run(&rig, 1000);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (strstr(rig.trace, lines[i]) == NULL)
			fail_msg("%s is not in %s", lines[i], rig.trace);
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
		cmocka_unit_test(sim_pin_shows_in_no_piece_of_its_echo),
		cmocka_unit_test(short_pieces_of_an_echo_are_not_traced),
		cmocka_unit_test(texts_and_messages_are_not_traced),
		cmocka_unit_test(what_a_modem_tells_of_itself_is_traced),
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
