/*
 * A SIM that asks for its PIN: who it is and how many tries are left is read
 * first, the PIN typed once, what came of it told; on a scripted wire in
 * virtual time.
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

#define ASKS  "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n"
#define READY "\r\n+CPIN: READY\r\n\r\nOK\r\n"
#define OK    "\r\nOK\r\n"
#define WRONG "\r\n+CME ERROR: 16\r\n"

static struct rig rig;

static const struct modem_info *
info(void)
{
	return modem_info(rig.modem);
}

static void
rule(const char *when, const char *say)
{
	fakewire_rule(
		&rig.wire, (struct fakewire_rule){
				   .when = when, .say = say, .after_ms = 5});
}

/* First so often; after that what was said before holds again. */
static void
rule_times(const char *when, const char *say, int times)
{
	fakewire_rule(&rig.wire, (struct fakewire_rule){.when = when,
					 .say = say,
					 .after_ms = 5,
					 .times = times});
}

static void
rule_then(const char *when, const char *at_last, const char *first, int times)
{
	rule(when, at_last);
	rule_times(when, first, times);
}

static unsigned
typed(void)
{
	return fakewire_count(&rig.wire, "AT+CPIN=");
}

/* A locked SIM with three tries left, and the PIN for it. */
static void
init_locked(const char *dialect)
{
	rig_init(&rig, dialect);
	rule("AT+CPIN?", ASKS);
	rule("AT+CIMI", "\r\n+CME ERROR: 11\r\n");
	rule("AT+CPINR", "\r\n+CPINR: SIM PIN,3,3\r\n\r\nOK\r\n");
	rig.sim_pin = "4711";
}

static void
pin_is_typed_once_and_the_modem_gets_ready(void **state)
{
	(void)state;
	init_locked("auto");
	rule_then("AT+CPIN?", READY, ASKS, 1);
	rule("AT+CIMI", "\r\n001010000000011\r\n\r\nOK\r\n");
	rule_then("AT+CPMS?",
		"\r\n+CPMS: \"SM\",0,10,\"SM\",0,10,\"SM\",0,10\r\n" OK,
		"\r\n+CMS ERROR: 314\r\n", 3);
	rule("AT+CPIN=", OK);
	rig_run_to(&rig, MODEM_READY);
	assert_int_equal(rig.pin_tries, 3);
	assert_string_equal(rig.iccid, "8900000000000000011");
	assert_int_equal(fakewire_count(&rig.wire, "AT+CPIN=\"4711\"\r"), 1);
	/* Each set-up asks once for the stores that were chosen before. */
	assert_int_equal(fakewire_count(&rig.wire, "AT+CPMS?"), 5);
	assert_int_equal(rig.pins_asked, 1);
	assert_int_equal(rig.pins_taken, 1);
	assert_int_equal(rig.pins_refused, 0);
	assert_string_equal(info()->iccid, "8900000000000000011");
	rig_run(&rig, 600000);
	assert_int_equal(typed(), 1);
	assert_int_equal(info()->restarts, 0);
	assert_false(rig_holds(&rig, "4711"));
	assert_non_null(strstr(rig.trace, "> AT+CPIN=\"<redacted>\""));
	rig_fini(&rig);
}

/* Bytes leave by modem_flush() alone, when the try is on disk. */
static void
nothing_of_it_leaves_before_the_flush(void **state)
{
	(void)state;
	init_locked("auto");
	rig.holds_pin = true;
	while (rig.pins_asked == 0)
		rig_run(&rig, 1);
	rig_run(&rig, 5000);
	assert_int_equal(typed(), 0);
	rig.hold = false;
	rig_run(&rig, 1);
	assert_int_equal(typed(), 1);
	rig_fini(&rig);
}

/* The commit takes longer than anybody waits: it stays here. */
static void
pin_that_was_not_flushed_in_time_is_taken_back(void **state)
{
	(void)state;
	init_locked("auto");
	rig.holds_pin = true;
	while (rig.pins_asked == 0)
		rig_run(&rig, 1);
	rig_run(&rig, 50000);
	assert_int_equal(info()->state, MODEM_FAILED);
	assert_false(rig_holds(&rig, "4711"));
	rig.holds_pin = rig.hold = false;
	rig.sim_pin = NULL;
	rig_run(&rig, 300000);
	assert_int_equal(typed(), 0);
	assert_int_equal(rig.pins_refused, 0);
	assert_int_equal(rig.pins_not_sent, 1);
	rig_fini(&rig);
}

/* Whatever ends it before the port has a byte: it surely never left. */
static void
pin_that_never_left_is_told_so(void **state)
{
	enum way { PORT_GONE, PORT_TAKES_NONE, STOPPED, WAYS };

	(void)state;
	for (enum way way = PORT_GONE; way < WAYS; way++) {
		init_locked("auto");
		rig.holds_pin = true;
		while (rig.pins_asked == 0)
			rig_run(&rig, 1);
		rig.sim_pin = NULL;
		if (way == STOPPED)
			modem_stop(rig.modem, rig.wire.now_ms);
		rig.wire.gone = way == PORT_GONE;
		if (way == PORT_TAKES_NONE)
			rig.wire.take_left = 0;
		rig.holds_pin = rig.hold = false;
		rig_run(&rig, 60000);
		assert_int_equal(typed(), 0);
		assert_int_equal(rig.pins_not_sent, 1);
		assert_int_equal(rig.pins_taken + rig.pins_refused, 0);
		rig_fini(&rig);
	}
}

static void
refused_pin_is_told_and_not_typed_again_by_itself(void **state)
{
	static const char *const refusals[] = {WRONG, "\r\nERROR\r\n",
		"\r\n+CME ERROR: incorrect password\r\n",
		"\r\n+CME ERROR: 12\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		init_locked("auto");
		rule("AT+CPIN=", refusals[i]);
		rig_run_to(&rig, MODEM_FAILED);
		assert_non_null(strstr(info()->why, "refused its PIN"));
		assert_int_equal(rig.pins_refused, 1);
		rig.sim_pin = ""; /* so its owner says from now on */
		rig_run(&rig, 300000);
		assert_int_equal(typed(), 1);
		assert_int_equal(rig.pins_refused, 1);
		assert_in_range(rig.pins_asked, 4, 7);
		assert_int_equal(info()->state, MODEM_FAILED);
		assert_string_equal(info()->why, "the owner keeps it");
		assert_string_equal(info()->iccid, "8900000000000000011");
		rig_fini(&rig);
	}
}

/* An OK is no proof: the SIM is. */
static void
sim_that_still_asks_after_an_ok_has_refused(void **state)
{
	(void)state;
	init_locked("auto");
	rule("AT+CPIN=", OK);
	rig_run_to(&rig, MODEM_FAILED);
	assert_non_null(strstr(info()->why, "still asks"));
	assert_int_equal(rig.pins_refused, 1);
	assert_int_equal(rig.pins_taken, 0);
	assert_int_equal(typed(), 1);
	rig_fini(&rig);
}

static void
sim_that_is_slow_to_get_ready_has_taken_it(void **state)
{
	static const char *const slow[] = {ASKS, "\r\n+CME ERROR: 14\r\n",
		"\r\n+CME ERROR: 11\r\n", "\r\nERROR\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof slow / sizeof *slow; i++) {
		init_locked("auto");
		rule("AT+CPIN=", OK);
		rule("AT+CIMI", "\r\n001010000000011\r\n\r\nOK\r\n");
		rule_then("AT+CPIN?", READY, slow[i], 4);
		rule_times("AT+CPIN?", ASKS, 1);
		rig_run_to(&rig, MODEM_READY);
		assert_int_equal(typed(), 1);
		assert_int_equal(rig.pins_taken, 1);
		assert_int_equal(rig.pins_refused, 0);
		rig_fini(&rig);
	}
}

/* It has not looked at it: nothing is known of that PIN. */
static void
busy_sim_is_no_refusal(void **state)
{
	(void)state;
	init_locked("auto");
	rule("AT+CPIN=", "\r\n+CME ERROR: 14\r\n");
	rig_run_to(&rig, MODEM_FAILED);
	assert_int_equal(rig.pins_refused, 0);
	assert_int_equal(rig.pins_taken, 0);
	assert_int_equal(typed(), 1);
	rig_fini(&rig);
}

static void
no_answer_tells_nothing_and_types_nothing(void **state)
{
	(void)state;
	init_locked("auto");
	rule("AT+CPIN=", NULL);
	while (typed() == 0)
		rig_run(&rig, 10);
	rig.sim_pin = NULL;
	rig_run(&rig, 120000);
	assert_int_equal(typed(), 1);
	assert_int_equal(rig.pins_refused, 0);
	assert_int_equal(rig.pins_taken, 0);
	assert_int_equal(info()->state, MODEM_FAILED);
	assert_int_equal(rig.pins_not_sent, 0);
	assert_false(rig_holds(&rig, "4711"));
	rig_fini(&rig);
}

/* What the owner may not have typed: the driver keeps it as well. */
static void
pin_is_not_taken_where_the_sim_could_be_lost(void **state)
{
	static const struct {
		const char *tries;
		const char *iccid;
		const char *sim_pin;
	} rows[] = {
		{"\r\n+CPINR: SIM PIN,1,3\r\n" OK, NULL, "4711"},
		{"\r\n+CPINR: SIM PIN,0,3\r\n" OK, NULL, "4711"},
		{"\r\n+CPINR: SIM PUK,3,3\r\n" OK, NULL, "4711"},
		{"\r\nERROR\r\n", NULL, "4711"},
		{NULL, "\r\nERROR\r\n", "4711"},
		{NULL, NULL, ""},
		{NULL, NULL, "471"},
		{NULL, NULL, "471147114"},
		{NULL, NULL, "47a1"},
		{NULL, NULL, "4711\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		init_locked("auto");
		rig.sim_pin = rows[i].sim_pin;
		rule("AT+CSIM", "\r\nERROR\r\n");
		if (rows[i].tries != NULL)
			rule("AT+CPINR", rows[i].tries);
		if (rows[i].iccid != NULL) {
			rule("AT+CCID", rows[i].iccid);
			rule("AT+CRSM", "\r\n+CRSM: 106,130\r\n\r\nOK\r\n");
		}
		rig_run_to(&rig, MODEM_FAILED);
		assert_int_equal(rig.pins_asked, 1);
		assert_int_equal(typed(), 0);
		rig_fini(&rig);
	}
}

static void
each_way_to_iccid_and_tries_is_gone_in_turn(void **state)
{
	(void)state;
	init_locked("auto");
	rule("AT+CCID", "\r\nERROR\r\n");
	rule("AT+CRSM=176,12258,0,0,10",
		"\r\n+CRSM: 144,0,\"98000000000000000021\"\r\n\r\nOK\r\n");
	rule("AT+CPINR", "\r\nERROR\r\n");
	rule("AT+CSIM=10,\"0020000100\"",
		"\r\n+CSIM: 4,\"63C2\"\r\n\r\nOK\r\n");
	rule("AT+CPIN=", WRONG);
	rig_run_to(&rig, MODEM_FAILED);
	assert_int_equal(rig.pin_tries, 2);
	assert_string_equal(rig.iccid, "89000000000000000012");
	assert_int_equal(typed(), 1);
	rig_fini(&rig);

	init_locked("huawei");
	rule("AT^ICCID?", "\r\n^ICCID: 8900000000000000012\r\n\r\nOK\r\n");
	rule("AT^CPIN?", "\r\n^CPIN: SIM PIN,3,10,3,10,3\r\n\r\nOK\r\n");
	rule("AT+CPIN=", WRONG);
	rig_run_to(&rig, MODEM_FAILED);
	assert_string_equal(rig.iccid, "8900000000000000012");
	assert_int_equal(fakewire_count(&rig.wire, "AT+CPINR"), 0);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CSIM"), 0);
	rig_fini(&rig);
}

/* What is told of the SIM before the PIN left makes it another SIM's. */
static void
sim_that_goes_before_the_pin_left_does_not_get_it(void **state)
{
	static const char *const news[] = {
		"\r\n+CPIN: NOT READY\r\n", "\r\nRDY\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof news / sizeof *news; i++) {
		init_locked("auto");
		rig.holds_pin = true;
		while (rig.pins_asked == 0)
			rig_run(&rig, 1);
		rig.sim_pin = NULL;
		fakewire_say(&rig.wire, news[i], 1);
		rig_run(&rig, 100);
		rig.holds_pin = rig.hold = false;
		rig_run(&rig, 60000);
		assert_int_equal(typed(), 0);
		assert_int_equal(rig.pins_asked, 2);
		assert_int_equal(rig.pins_taken + rig.pins_refused, 0);
		assert_int_equal(rig.pins_not_sent, 1);
		rig_fini(&rig);
	}
}

static void
sim_news_after_it_left_do_not_disturb(void **state)
{
	(void)state;
	init_locked("auto");
	fakewire_rule(&rig.wire, (struct fakewire_rule){.when = "AT+CPIN=",
					 .say = OK "\r\n+CPIN: NOT READY\r\n",
					 .after_ms = 500,
					 .then = "\r\n+CPIN: READY\r\n",
					 .then_after_ms = 900});
	rule_then("AT+CPIN?", READY, ASKS, 1);
	rule("AT+CIMI", "\r\n001010000000011\r\n\r\nOK\r\n");
	rig_run_to(&rig, MODEM_READY);
	assert_int_equal(typed(), 1);
	assert_int_equal(rig.pins_taken, 1);
	rig_fini(&rig);
}

/* After a replug, or a SIM that asks in the middle of its life. */
static void
sim_that_asks_again_is_asked_about_again(void **state)
{
	(void)state;
	rig_init_ready(&rig, "auto");
	rig.sim_pin = "4711";
	rule("AT+CPINR", "\r\n+CPINR: SIM PIN,3,3\r\n\r\nOK\r\n");
	rule("AT+CPIN=", OK);
	rule_then("AT+CPIN?", READY, ASKS, 1);
	fakewire_say(&rig.wire, "\r\nRDY\r\n\r\n+CPIN: SIM PIN\r\n", 10);
	rig_run(&rig, 60000);
	assert_int_equal(info()->state, MODEM_READY);
	assert_int_equal(typed(), 1);
	assert_int_equal(info()->restarts, 1);
	rig_fini(&rig);
}

/* A file that was changed is tried without anybody touching the modem. */
static void
failed_modem_asks_its_owner_again_and_stays_failed(void **state)
{
	(void)state;
	init_locked("auto");
	rig.sim_pin = NULL;
	rig_run_to(&rig, MODEM_FAILED);
	unsigned calls = rig.state_calls;
	rig_run(&rig, 200000);
	assert_int_equal(rig.state_calls, calls);
	assert_int_equal(rig.pins_asked, 4);
	rig.sim_pin = "4711";
	rule("AT+CPIN=", OK);
	rule_then("AT+CPIN?", READY, ASKS, 1);
	rule("AT+CIMI", "\r\n001010000000011\r\n\r\nOK\r\n");
	rig_run_to(&rig, MODEM_READY);
	assert_int_equal(typed(), 1);
	rig_fini(&rig);
}

static void
puk_is_left_alone(void **state)
{
	(void)state;
	init_locked("auto");
	rule("AT+CPIN?", "\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n");
	rig_run_to(&rig, MODEM_FAILED);
	rig_run(&rig, 600000);
	assert_int_equal(typed(), 0);
	assert_int_equal(rig.pins_asked, 0);
	assert_non_null(strstr(info()->why, "PUK"));
	rig_fini(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pin_is_typed_once_and_the_modem_gets_ready),
		cmocka_unit_test(nothing_of_it_leaves_before_the_flush),
		cmocka_unit_test(
			pin_that_was_not_flushed_in_time_is_taken_back),
		cmocka_unit_test(pin_that_never_left_is_told_so),
		cmocka_unit_test(
			refused_pin_is_told_and_not_typed_again_by_itself),
		cmocka_unit_test(sim_that_still_asks_after_an_ok_has_refused),
		cmocka_unit_test(sim_that_is_slow_to_get_ready_has_taken_it),
		cmocka_unit_test(busy_sim_is_no_refusal),
		cmocka_unit_test(no_answer_tells_nothing_and_types_nothing),
		cmocka_unit_test(pin_is_not_taken_where_the_sim_could_be_lost),
		cmocka_unit_test(each_way_to_iccid_and_tries_is_gone_in_turn),
		cmocka_unit_test(
			sim_that_goes_before_the_pin_left_does_not_get_it),
		cmocka_unit_test(sim_news_after_it_left_do_not_disturb),
		cmocka_unit_test(sim_that_asks_again_is_asked_about_again),
		cmocka_unit_test(
			failed_modem_asks_its_owner_again_and_stays_failed),
		cmocka_unit_test(puk_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
