/*
 * Texts and sessions on a scripted wire in virtual time: late and foreign
 * texts, menus, and which coding a request goes out in.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "modem/modem_private.h"
#include "tests/support/rig.h"

#define PIN  "55501234123456"
#define CODE "*121*" PIN "#"
#define BROKEN_HEX                                                             \
	"c47258e1ad7e7f477bb2c6781e0ec72785e691d36136481593cd54f6777d8c2ecb2"  \
	"3e1313d6dfd3d36f7764fc26974720fa1b242f8fd161f9b9cc"
#define DIALLED "AT+CUSD=1,\"" CODE "\",15\r"

static struct rig rig;

static enum modem_state
state_now(void)
{
	return modem_info(rig.modem)->state;
}

static void
assert_no_pin_left(void)
{
	assert_false(rig_holds(&rig, PIN));
	assert_false(rig_holds_code(&rig, CODE));
}

/* ---- late and foreign texts -------------------------------------------- */

static void
late_answer_is_a_push_and_the_session_was_cancelled(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rig_answer(&rig, "\r\n+CUSD: 0,\"Done 5\",15\r\n", 61000);
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	rig_forget_written(&rig);
	rig_run(&rig, 60500);
	assert_int_equal(rig.result.cause, MODEM_NO_ANSWER);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=2\r"), 1);
	assert_int_equal(state_now(), MODEM_READY);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_SEARCH), 0);
	rig.hold = true; /* its commit takes long */
	rig_run(&rig, 1000);
	assert_string_equal(rig.push, "Done 5|");
	assert_int_equal(rig.results, 1);
	rig_fini(&rig);
}

static void
texts_that_nobody_asked_for_are_pushed(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	fakewire_say(&rig.wire, "\r\n+CUSD: 0,\"One\",15\r\n", 10);
	fakewire_say(&rig.wire, "\r\n+CUSD: 2,\"Two\r\nlines\",15\r\n", 20);
	fakewire_say(&rig.wire, "\r\n+CUSD: 2\r\n", 30);
	fakewire_say(&rig.wire, "\r\n+CUSD: 4\r\n", 40);
	fakewire_say(&rig.wire, "\r\n+CUSD: 5,\"*121*" PIN "\",15\r\n", 50);
	fakewire_say(
		&rig.wire, "\r\n+CUSD: 2,\"Initiating Release\",15\r\n", 60);
	rig_run(&rig, 1000);
	assert_string_equal(rig.push, "One|Two\r\nlines|");
	assert_int_equal(state_now(), MODEM_READY);
	assert_no_pin_left();
	rig_fini(&rig);
}

/* Its owner has to know that something came. */
static void
text_that_nobody_can_read_is_pushed_empty(void **state)
{
	static const struct {
		const char *line;
		const char *push;
	} rows[] = {
		{"+CUSD: 0,\"" BROKEN_HEX "\",1", "|"},
		{"+CUSD: 2,\"" BROKEN_HEX "\",1", "|"},
		{"+CUSD: 1,\"" BROKEN_HEX "\",1", "|"},
		{"+CUSD: 0,\"\x01\x02\x03\x04\",15", "|"},
		{"+CUSD: 0,\"\",15", ""},
		{"+CUSD: 0", ""},
		{"+CUSD: 2", ""},
		{"+CUSD: 4", ""},
		{"+CUSD: 5", ""},
		{"+CUSD: 5,\"" BROKEN_HEX "\",1", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char line[256];

		rig_init_ready(&rig, "standard");
		/* One that comes too late, and one that nobody asked for. */
		(void)snprintf(line, sizeof line, "\r\n%s\r\n", rows[i].line);
		rig_answer(&rig, line, 61000);
		assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
		rig_run(&rig, 90000);
		assert_int_equal(rig.results, 1);
		assert_int_equal(rig.result.cause, MODEM_NO_ANSWER);
		if (strcmp(rig.push, rows[i].push) != 0)
			fail_msg("%s: \"%s\"", rows[i].line, rig.push);
		rig_answer(&rig, "", 10);
		fakewire_say(&rig.wire, line, 10);
		rig_run(&rig, 10000);
		assert_int_equal(rig.pushes, rows[i].push[0] != '\0' ? 2 : 0);
		assert_int_equal(state_now(), MODEM_READY);
		rig_fini(&rig);
	}
}

/* The network opens a menu by itself: the next code would be an answer to
 * it, so it is closed first. */
static void
foreign_menu_is_closed_before_anything_is_dialled(void **state)
{
	char *cancel;
	char *dial;

	(void)state;
	rig_init_ready(&rig, "standard");
	rig_answer(&rig, "\r\n+CUSD: 0,\"Done 5\",15\r\n", 3000);
	rig.hold = true;
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	fakewire_say(&rig.wire, "\r\n+CUSD: 1,\"Win! 1. Yes\",15\r\n", 0);
	rig_run(&rig, 100);
	rig_forget_written(&rig);
	rig.hold = false;
	rig_run(&rig, 10000);
	assert_string_equal(rig.push, "Win! 1. Yes|");
	cancel = strstr(rig.wire.written, "AT+CUSD=2\r");
	dial = strstr(rig.wire.written, DIALLED);
	assert_non_null(cancel);
	assert_non_null(dial);
	assert_true(cancel < dial);
	assert_int_equal(rig.result.cause, MODEM_TEXT);
	rig_fini(&rig);
}

static void
foreign_menu_is_closed_when_idle(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rig_forget_written(&rig);
	fakewire_say(&rig.wire, "\r\n+CUSD: 1,\"Win! 1. Yes\",15\r\n", 0);
	rig_run(&rig, 1000);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=2\r"), 1);
	assert_int_equal(state_now(), MODEM_READY);
	rig_fini(&rig);
}

/* Between the answer and its OK, too. */
static void
foreign_menu_behind_the_answer_is_closed(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	fakewire_rule(
		&rig.wire, (struct fakewire_rule){.when = "AT+CUSD=1,",
				   .say = "\r\n+CUSD: 0,\"Done 5\",15\r\n"
					  "\r\n+CUSD: 1,\"Win! 1. Yes\",15\r\n",
				   .then = "\r\nOK\r\n",
				   .then_after_ms = 100});
	rig_forget_written(&rig);
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	rig_run(&rig, 2000);
	assert_string_equal(rig.text, "Done 5");
	assert_false(rig.result.open);
	assert_string_equal(rig.push, "Win! 1. Yes|");
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=2\r"), 1);
	assert_int_equal(modem_info(rig.modem)->state, MODEM_READY);
	rig_fini(&rig);
}

/* ---- menus ------------------------------------------------------------- */

static void
ask_into_menu(void)
{
	rig_init_ready(&rig, "standard");
	fakewire_rule(&rig.wire,
		(struct fakewire_rule){.when = "AT+CUSD=1,\"*120#\"",
			.say = "\r\nOK\r\n",
			.then = "\r\n+CUSD: 1,\"Enter the voucher\",15\r\n",
			.then_after_ms = 100});
	fakewire_rule(&rig.wire,
		(struct fakewire_rule){.when = "AT+CUSD=1,\"" PIN "\"",
			.say = "\r\nOK\r\n",
			.then = "\r\n+CUSD: 0,\"Done 5\",15\r\n",
			.then_after_ms = 100});
	assert_int_equal(rig_ask(&rig, "*120#", MODEM_ONCE), 0);
	rig_run(&rig, 1000);
	assert_true(rig.result.open);
	assert_int_equal(state_now(), MODEM_BUSY);
	rig_forget_written(&rig);
}

static void
menu_is_answered_and_ends(void **state)
{
	(void)state;
	ask_into_menu();
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_SEARCH), -EBUSY);
	assert_int_equal(rig_reply(&rig, PIN), 0);
	assert_int_equal(rig_reply(&rig, PIN), -EBUSY);
	rig_run(&rig, 1000);
	assert_int_equal(rig.results, 2);
	assert_string_equal(rig.text, "Done 5");
	assert_int_equal(state_now(), MODEM_READY);
	assert_int_equal(rig_reply(&rig, "1"), -EPROTO);
	assert_no_pin_left();
	rig_fini(&rig);
}

/* Or the PIN would open a session of its own. */
static void
menu_that_the_network_closed_takes_no_reply(void **state)
{
	(void)state;
	ask_into_menu();
	fakewire_say(&rig.wire, "\r\n+CUSD: 2\r\n", 0);
	rig_run(&rig, 100);
	assert_int_equal(rig_reply(&rig, PIN), -EPROTO);
	assert_int_equal(state_now(), MODEM_READY);
	assert_string_equal(rig.wire.written, "");
	rig_fini(&rig);
}

static void
menu_closed_while_the_reply_waits_leaves_it_unsent(void **state)
{
	static const char *const ends[] = {"\r\n+CUSD: 2\r\n",
		"\r\n+CUSD: 2,\"Bye\",15\r\n", "\r\n+CUSD: 4\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		ask_into_menu();
		assert_int_equal(rig_reply(&rig, PIN), 0);
		fakewire_say(&rig.wire, ends[i], 0);
		rig_run(&rig, 1000);
		assert_int_equal(rig.results, 2);
		assert_int_equal(rig.result.fate, MODEM_NOT_SENT);
		assert_int_equal(rig.result.cause, MODEM_DROPPED);
		assert_int_equal(fakewire_count(&rig.wire, PIN), 0);
		assert_int_equal(state_now(), MODEM_READY);
		assert_no_pin_left();
		rig_fini(&rig);
	}
}

static void
menu_is_closed_on_request_or_when_forgotten(void **state)
{
	(void)state;
	ask_into_menu();
	modem_end(rig.modem);
	assert_int_equal(state_now(), MODEM_BUSY);
	assert_int_equal(rig_reply(&rig, PIN), -EPROTO);
	rig_run(&rig, 1000);
	assert_int_equal(state_now(), MODEM_READY);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=2\r"), 1);
	rig_fini(&rig);

	ask_into_menu();
	rig_run(&rig, MODEM_OPEN_MS - 2000);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=2\r"), 0);
	rig_run(&rig, 3000);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=2\r"), 1);
	assert_int_equal(state_now(), MODEM_READY);
	rig_fini(&rig);

	ask_into_menu();
	modem_stop(rig.modem, rig.wire.now_ms);
	assert_string_equal(rig.wire.written, "AT+CUSD=2\r");
	assert_int_equal(rig.fd, -1);
	rig_fini(&rig);
}

/* The agent answers from inside the callback. */
static void
reply_at_once(struct rig *r)
{
	if (r->results == 1)
		assert_int_equal(rig_reply(r, PIN), 0);
	else if (r->results == 2)
		assert_int_equal(rig_ask(r, "*123#", MODEM_SEARCH), 0);
}

static void
callbacks_may_ask_reply_and_end(void **state)
{
	(void)state;
	ask_into_menu();
	rig.results = 0;
	rig.then = reply_at_once;
	modem_end(rig.modem);
	rig_run(&rig, 1000);
	assert_int_equal(rig_ask(&rig, "*120#", MODEM_ONCE), 0);
	rig_answer(&rig, "\r\n+CUSD: 0,\"Balance 7\",15\r\n", 50);
	fakewire_rule(
		&rig.wire, (struct fakewire_rule){.when = "AT+CUSD=1,\"*120#\"",
				   .say = "\r\nOK\r\n",
				   .then = "\r\n+CUSD: 1,\"Enter\",15\r\n",
				   .then_after_ms = 100});
	rig_run(&rig, 10000);
	assert_int_equal(rig.results, 3);
	assert_string_equal(rig.text, "Balance 7");
	rig_fini(&rig);
}

/* ---- codings ----------------------------------------------------------- */

static void
search_finds_the_coding_and_remembers_it(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	fakewire_rule(&rig.wire, (struct fakewire_rule){.when = "AT+CUSD=1,",
					 .say = "\r\nERROR\r\n"});
	fakewire_rule(&rig.wire,
		(struct fakewire_rule){.when = "AT+CUSD=1,\"AA986C3602\"",
			.say = "\r\nOK\r\n",
			.then = "\r\n+CUSD: 2\r\n"});
	fakewire_rule(
		&rig.wire, (struct fakewire_rule){
				   .when = "AT+CUSD=1,\"002A0031003200330023\"",
				   .say = "\r\nOK\r\n",
				   .then = "\r\n+CUSD: 0,\"0035\",72\r\n"});
	assert_false(modem_info(rig.modem)->coding_known);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_SEARCH), 0);
	rig_run(&rig, 30000);
	assert_int_equal(rig.results, 1);
	assert_string_equal(rig.text, "5");
	assert_true(modem_info(rig.modem)->coding_known);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CSCS=\"UCS2\""), 1);
	rig_forget_written(&rig);
	assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
	rig_run(&rig, 70000);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=1,"), 1);
	assert_int_equal(
		fakewire_count(&rig.wire, "AT+CUSD=1,\"002A003100320031"), 1);
	assert_no_pin_left();
	rig_fini(&rig);
}

static void
search_without_success_ends_once_and_starts_over(void **state)
{
	(void)state;
	rig_init_ready(&rig, "quectel");
	fakewire_rule(&rig.wire, (struct fakewire_rule){.when = "AT+CUSD=1,",
					 .say = "\r\nOK\r\n",
					 .then = "\r\n+CUSD: 4\r\n"});
	for (unsigned i = 1; i <= 2; i++) {
		assert_int_equal(rig_ask(&rig, "*123#", MODEM_SEARCH), 0);
		rig_run(&rig, 30000);
		assert_int_equal(rig.results, i);
		assert_int_equal(rig.result.cause, MODEM_NETWORK);
		assert_int_equal(
			fakewire_count(&rig.wire, "AT+CUSD=1,"), 3 * i);
		assert_int_equal(fakewire_count(&rig.wire,
					 "AT+CUSD=1,\"002A003100320033"),
			i);
	}
	assert_false(modem_info(rig.modem)->coding_known);
	rig_fini(&rig);
}

/* The network fails once, and the coding that is tried then is swallowed. */
static void
search_goes_on_after_a_coding_that_gets_no_answer(void **state)
{
	(void)state;
	rig_init_ready(&rig, "telit");
	fakewire_rule(&rig.wire, (struct fakewire_rule){.when = "AT+CUSD=1,",
					 .say = "\r\nOK\r\n"});
	fakewire_rule(
		&rig.wire, (struct fakewire_rule){.when = "AT+CUSD=1,\"*123#",
				   .say = "\r\n+CME ERROR: 30\r\n"});
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_SEARCH), 0);
	rig_run(&rig, 200000);
	assert_int_equal(rig.result.cause, MODEM_NO_ANSWER);
	fakewire_rule(&rig.wire,
		(struct fakewire_rule){.when = "AT+CUSD=1,\"*123#",
			.say = "\r\nOK\r\n\r\n+CUSD: 0,\"7\",15\r\n"});
	for (unsigned i = 0; i < 2 && rig.result.cause != MODEM_TEXT; i++) {
		assert_int_equal(rig_ask(&rig, "*123#", MODEM_SEARCH), 0);
		rig_run(&rig, 200000);
	}
	assert_int_equal(rig.result.cause, MODEM_TEXT);
	assert_true(modem_info(rig.modem)->coding_known);
	rig_fini(&rig);
}

static void
pin_is_never_sent_again_in_another_coding(void **state)
{
	static const char *const replies[] = {"\r\nERROR\r\n",
		"\r\n+CME ERROR: 30\r\n", "\r\nOK\r\n\r\n+CUSD: 2\r\n",
		"\r\nOK\r\n\r\n+CUSD: 4\r\n", "\r\nOK\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
		rig_init_ready(&rig, "huawei");
		fakewire_rule(
			&rig.wire, (struct fakewire_rule){.when = "AT+CUSD=1,",
					   .say = replies[i]});
		assert_int_equal(rig_ask(&rig, CODE, MODEM_ONCE), 0);
		rig_run(&rig, 200000);
		assert_int_equal(rig.results, 1);
		assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=1,"), 1);
		assert_no_pin_left();
		rig_fini(&rig);
	}
}

static void
known_coding_is_not_searched_again(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rig_answer(&rig, "\r\n+CUSD: 0,\"Balance 7\",15\r\n", 50);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_SEARCH), 0);
	rig_run(&rig, 1000);
	fakewire_rule(&rig.wire, (struct fakewire_rule){.when = "AT+CUSD=1,",
					 .say = "\r\nERROR\r\n"});
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_SEARCH), 0);
	rig_run(&rig, 20000);
	assert_int_equal(rig.results, 2);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=1,"), 2);
	rig_fini(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			late_answer_is_a_push_and_the_session_was_cancelled),
		cmocka_unit_test(texts_that_nobody_asked_for_are_pushed),
		cmocka_unit_test(text_that_nobody_can_read_is_pushed_empty),
		cmocka_unit_test(
			foreign_menu_is_closed_before_anything_is_dialled),
		cmocka_unit_test(foreign_menu_is_closed_when_idle),
		cmocka_unit_test(foreign_menu_behind_the_answer_is_closed),
		cmocka_unit_test(menu_is_answered_and_ends),
		cmocka_unit_test(menu_that_the_network_closed_takes_no_reply),
		cmocka_unit_test(
			menu_closed_while_the_reply_waits_leaves_it_unsent),
		cmocka_unit_test(menu_is_closed_on_request_or_when_forgotten),
		cmocka_unit_test(callbacks_may_ask_reply_and_end),
		cmocka_unit_test(search_finds_the_coding_and_remembers_it),
		cmocka_unit_test(
			search_without_success_ends_once_and_starts_over),
		cmocka_unit_test(
			search_goes_on_after_a_coding_that_gets_no_answer),
		cmocka_unit_test(pin_is_never_sent_again_in_another_coding),
		cmocka_unit_test(known_coding_is_not_searched_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
