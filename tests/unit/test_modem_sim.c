/*
 * The SIM in a modem and its network: what keeps a modem from being ready,
 * and how a change is noticed; on a scripted wire in virtual time.
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

static void
rule_once(const char *when, const char *say)
{
	fakewire_rule(&rig.wire,
		(struct fakewire_rule){
			.when = when, .say = say, .after_ms = 5, .times = 1});
}

/* ---- the SIM ----------------------------------------------------------- */

static void
sim_that_needs_a_person_fails_and_says_so(void **state)
{
	static const struct {
		const char *say;
		const char *why;
	} rows[] = {
		{"\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n", "SIM PIN"},
		{"\r\n+CPIN: SIM PIN\r\n", "SIM PIN"},
		{"\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n", "PUK"},
		{"\r\n+CPIN: PH-NET PIN\r\n\r\nOK\r\n", "lock"},
		{"\r\n+CPIN: NOT INSERTED\r\n\r\nOK\r\n", "no SIM"},
		{"\r\n+CME ERROR: 10\r\n", "no SIM"},
		{"\r\n+CME ERROR: 11\r\n", "SIM PIN"},
		{"\r\n+CME ERROR: 12\r\n", "PUK"},
		{"\r\n+CME ERROR: 13\r\n", "failure"},
		{"\r\n+CME ERROR: SIM not inserted\r\n", "no SIM"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rig_init(&rig, "auto");
		rule("AT+CPIN?", rows[i].say);
		rig_run_to(&rig, MODEM_FAILED);
		assert_non_null(strstr(info()->why, rows[i].why));
		assert_int_equal(rig_ask(&rig, "*1#", MODEM_SEARCH), -EBUSY);
		rig_run(&rig, 59000);
		assert_int_equal(fakewire_count(&rig.wire, "AT+CPIN?"), 1);
		assert_int_equal(fakewire_count(&rig.wire, "AT+CPIN="), 0);
		rig_run(&rig, 300000);
		assert_int_equal(info()->state, MODEM_FAILED);
		assert_true(fakewire_count(&rig.wire, "AT+CPIN?") > 3);
		rule("AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n");
		rig_run(&rig, 70000);
		assert_int_equal(info()->state, MODEM_READY);
		rig_fini(&rig);
	}
}

static void
sim_put_into_a_failed_modem_is_noticed_at_once(void **state)
{
	(void)state;
	rig_init(&rig, "auto");
	rule("AT+CPIN?", "\r\n+CME ERROR: 10\r\n");
	rig_run_to(&rig, MODEM_FAILED);
	rule("AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n");
	fakewire_say(&rig.wire, "\r\n+CPIN: READY\r\n", 100);
	rig_run(&rig, 5000);
	assert_int_equal(info()->state, MODEM_READY);
	rig_fini(&rig);
}

static void
sim_that_is_not_ready_yet_is_waited_for(void **state)
{
	static const char *const busy[] = {"\r\n+CME ERROR: 14\r\n",
		"\r\nERROR\r\n", "\r\n+CPIN: NOT READY\r\n\r\nOK\r\n",
		"\r\nOK\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof busy / sizeof *busy; i++) {
		rig_init(&rig, "auto");
		rule("AT+CPIN?", busy[i]);
		rig_run(&rig, 60000);
		assert_int_equal(info()->state, MODEM_STARTING);
		rule("AT+CPIN?", "\r\n+CPIN: READY\r\n"); /* and no OK */
		rig_run(&rig, 10000);
		assert_int_equal(info()->state, MODEM_READY);
		rig_fini(&rig);

		rig_init(&rig, "auto");
		rule("AT+CPIN?", busy[i]);
		rig_run(&rig, 95000);
		assert_int_equal(info()->state, MODEM_RESTING);
		assert_string_equal(info()->why, "the SIM does not get ready");
		rig_fini(&rig);
	}
}

static void
swapped_sim_is_noticed_by_an_idle_modem(void **state)
{
	(void)state;
	rig_init(&rig, "auto");
	rig_run_to(&rig, MODEM_READY);
	rule("AT+CCID", "\r\n+CCID: 8900000000000000022\r\n\r\nOK\r\n");
	rule("AT+CIMI", "\r\n001010000000022\r\n\r\nOK\r\n");
	rig_run(&rig, 40000);
	assert_int_equal(info()->state, MODEM_READY);
	assert_string_equal(info()->iccid, "8900000000000000022");
	assert_int_equal(info()->restarts, 1);

	rule("AT+CIMI", "\r\n+CME ERROR: 10\r\n");
	rule("AT+CPIN?", "\r\n+CME ERROR: 10\r\n");
	rig_run(&rig, 40000);
	assert_int_equal(info()->state, MODEM_FAILED);
	assert_string_equal(info()->iccid, "");
	rig_fini(&rig);

	rig_init(&rig, "auto");
	rig_run_to(&rig, MODEM_READY);
	rule("AT+CPIN?", "\r\n+CME ERROR: 10\r\n");
	fakewire_say(&rig.wire, "\r\n+CPIN: NOT READY\r\n", 100);
	rig_run(&rig, 5000);
	assert_int_equal(info()->state, MODEM_FAILED);
	rig_fini(&rig);
}

/* Each family says it in its own words: what went is not dialled on. */
static void
swapped_sim_that_is_told_of_is_read_at_once(void **state)
{
	static const char *const news[] = {"\r\n+CPIN: NOT READY\r\n",
		"\r\n^SIMST:255\r\n", "\r\n^SIMST: 0\r\n",
		"\r\n+SIMCARD: NOT AVAILABLE\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof news / sizeof *news; i++) {
		rig_init(&rig, "auto");
		rig_run_to(&rig, MODEM_READY);
		rule("AT+CCID", "\r\n+CCID: 8900000000000000022\r\n\r\nOK\r\n");
		fakewire_say(&rig.wire, news[i], 100);
		rig_run(&rig, 5000);
		assert_int_equal(info()->state, MODEM_READY);
		assert_string_equal(info()->iccid, "8900000000000000022");
		rig_fini(&rig);
	}
	rig_init_ready(&rig, "standard");
	fakewire_say(&rig.wire, "\r\n^SIMST:1\r\n", 100); /* all is well */
	rig_run(&rig, 1000);
	assert_int_equal(info()->restarts, 0);
	rig_fini(&rig);
}

static void
swapped_sim_during_a_request_is_read_before_the_next(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rig_answer(&rig, "\r\n+CUSD: 0,\"Balance 7\",15\r\n", 2000);
	rule("AT+CCID", "\r\n+CCID: 8900000000000000022\r\n\r\nOK\r\n");
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_ONCE), 0);
	fakewire_say(&rig.wire, "\r\n+CPIN: NOT READY\r\n", 500);
	while (rig.results == 0)
		rig_run(&rig, 1);
	assert_int_equal(rig.result.cause, MODEM_TEXT);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_ONCE), -EBUSY);
	rig_run_to(&rig, MODEM_READY);
	assert_string_equal(info()->iccid, "8900000000000000022");
	rig_fini(&rig);
}

/* People name the SIM of a modem that is starting again; but what the new
 * set-up did not bring is not known. */
static void
identity_is_shown_until_it_is_told_anew(void **state)
{
	(void)state;
	rig_init(&rig, "auto");
	rig_run_to(&rig, MODEM_READY);
	fakewire_say(&rig.wire, "\r\nRDY\r\n", 10);
	rig_run(&rig, 20);
	assert_int_equal(info()->state, MODEM_STARTING);
	assert_string_equal(info()->iccid, "8900000000000000011");
	assert_string_equal(info()->imsi, "001010000000011");
	rule("AT+CCID", "\r\nERROR\r\n");
	rule("AT+CGSN", "\r\nERROR\r\n");
	rule("AT+CIMI", "\r\n001010000000022\r\n\r\nOK\r\n");
	rule("AT+ICCID", "\r\nERROR\r\n");
	rule("AT+QCCID", "\r\nERROR\r\n");
	rule("AT^ICCID", "\r\nERROR\r\n");
	rig_run_to(&rig, MODEM_READY);
	assert_string_equal(info()->iccid, "");
	assert_string_equal(info()->imei, "");
	assert_string_equal(info()->imsi, "001010000000022");
	assert_string_equal(info()->manufacturer, "Acme");
	rig_fini(&rig);
}

/* ---- registration ------------------------------------------------------ */

struct registration {
	const char *line;
	int stat;
	bool roaming; /* allowed */
	enum modem_state state;
};

static void
registration_is_read_in_all_its_forms(void **state)
{
	static const struct registration rows[] = {
		{"+CREG: 1,1,84CD,00D30173", 1, false, MODEM_READY},
		{"+CREG: 2,1,\"CE00\",\"01CEAD8F\"", 1, false, MODEM_READY},
		{"+CREG:002,001,\"18d8\",\"ffff\"", 1, false, MODEM_READY},
		{"+CREG: 1,\"84CD\",\"00D30156\"", 1, false, MODEM_READY},
		{"+CREG: 2,1,  0 5, 2715", 1, false, MODEM_READY},
		{"+CREG: 1", 1, false, MODEM_READY},
		{"+CREG: 0,5", 5, true, MODEM_READY},
		{"+CREG: 0,5", 5, false, MODEM_FAILED},
		{"+CREG: 2,0,00,0", 0, false, MODEM_RESTING},
		{"+CREG: 2,,", 2, false, MODEM_RESTING},
		{"+CREG: 0,2", 2, false, MODEM_RESTING},
		{"+CREG: 0,3", 3, false, MODEM_FAILED},
		{"+CREG: 2,6,\"8B37\",\"0A265185\",7", 6, false, MODEM_READY},
		{"+CREG: 0,7", 7, false, MODEM_FAILED},
		{"+CREG: 0,7", 7, true, MODEM_READY},
		{"+CREG: 0,10", 10, true, MODEM_READY},
		{"+CREG: 0,9", 9, false, MODEM_READY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char say[96];
		struct modem *m;

		rig_init(&rig, "auto");
		m = rig.modem;
		m->roaming = rows[i].roaming;
		(void)snprintf(
			say, sizeof say, "\r\n%s\r\n\r\nOK\r\n", rows[i].line);
		rule("AT+CREG?", say);
		rig_run(&rig, 122000);
		if (info()->state != rows[i].state)
			fail_msg("%s: state %d", rows[i].line, info()->state);
		assert_int_equal(info()->registration, rows[i].stat);
		if (rows[i].state != MODEM_READY)
			assert_string_not_equal(info()->why, "");
		rig_fini(&rig);
	}
}

/* Registered for texts only: ready, and no USSD leaves; as it comes and goes
 * its owner is told. */
static void
no_ussd_leaves_where_only_texts_are_carried(void **state)
{
	(void)state;
	rig_init_mail(&rig, "simcom-lte");
	rule("AT+CREG?", "\r\n+CREG: 1,6\r\n\r\nOK\r\n");
	rule("AT+COPS?", "\r\n+COPS: 0,0,\"SimTel\",7\r\n\r\nOK\r\n");
	rig_run_to(&rig, MODEM_READY);
	assert_non_null(strstr(info()->ussd_unavailable, "SMS only"));
	rig_run(&rig, 5000);
	assert_true(info()->on_lte);
	assert_non_null(strstr(info()->to_3g, "AT+CNMP=14"));
	static const enum modem_try ways[] = {MODEM_ONCE, MODEM_SEARCH};
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(
			rig_ask(&rig, "*121*12345678901234#", ways[i]), 0);
		assert_int_equal(rig.results, i); /* never from inside */
		assert_int_equal(info()->state, MODEM_BUSY);
		rig_run(&rig, 10);
		assert_int_equal(rig.results, i + 1);
		assert_int_equal(rig.result.fate, MODEM_NOT_SENT);
		assert_int_equal(rig.result.cause, MODEM_USSD_UNAVAILABLE);
		assert_int_equal(info()->state, MODEM_READY);
	}
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=1,"), 0);
	assert_false(rig_holds_code(&rig, "12345678901234"));
	rule("AT+CMGS=", "\r\n> ");
	rule("00", "\r\n+CMGS: 7\r\n\r\nOK\r\n");
	assert_int_equal(rig_send(&rig, "121", "TOP 1"), 0);
	rig_run(&rig, 5000);
	assert_int_equal(rig.result.fate, MODEM_ANSWERED);

	unsigned calls = rig.state_calls;
	fakewire_say(&rig.wire, "\r\n+CREG: 1\r\n", 10);
	rig_run(&rig, 100);
	assert_string_equal(info()->ussd_unavailable, "");
	assert_int_equal(rig.state_calls, calls + 1);
	assert_int_equal(info()->restarts, 0);
	rig_answer(&rig, "\r\n+CUSD: 0,\"Balance 7\",15\r\n", 100);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_ONCE), 0);
	rig_run(&rig, 2000);
	assert_int_equal(rig.result.cause, MODEM_TEXT);
	fakewire_say(&rig.wire, "\r\n+CREG: 6\r\n", 10);
	rig_run(&rig, 100);
	assert_string_not_equal(info()->ussd_unavailable, "");
	assert_int_equal(info()->state, MODEM_READY);
	rig_fini(&rig);
}

/* What waits for its commit is taken back; what left is not unsent by it. */
static void
ussd_that_goes_away_takes_back_what_did_not_leave(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rig.hold = true;
	assert_int_equal(rig_ask(&rig, "*121*12345678901234#", MODEM_ONCE), 0);
	fakewire_say(&rig.wire, "\r\n+CREG: 6\r\n", 10);
	rig_run(&rig, 100);
	rig.hold = false;
	rig_run(&rig, 1000);
	assert_int_equal(rig.results, 1);
	assert_int_equal(rig.result.cause, MODEM_USSD_UNAVAILABLE);
	assert_int_equal(rig.result.fate, MODEM_NOT_SENT);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=1,"), 0);
	assert_false(rig_holds_code(&rig, "12345678901234"));
	rig_fini(&rig);

	rig_init_ready(&rig, "standard");
	rig_answer(&rig, "\r\n+CUSD: 0,\"Loaded\",15\r\n", 3000);
	assert_int_equal(rig_ask(&rig, "*121*12345678901234#", MODEM_ONCE), 0);
	fakewire_say(&rig.wire, "\r\n+CREG: 6\r\n", 1000);
	rig_run(&rig, 5000);
	assert_int_equal(rig.result.cause, MODEM_TEXT);
	rig_fini(&rig);
}

static void
radio_is_known_by_what_the_network_says(void **state)
{
	static const struct {
		const char *say;
		bool on_lte;
	} rows[] = {
		{"\r\n+COPS: 0,0,\"SimTel\",7\r\n\r\nOK\r\n", true},
		{"\r\n+COPS: 0,0,\"SimTel\",13\r\n\r\nOK\r\n", true},
		{"\r\n+COPS: 0,0,\"SimTel\",2\r\n\r\nOK\r\n", false},
		{"\r\n+COPS: 0,0,\"SimTel\",8\r\n\r\nOK\r\n", false},
		{"\r\n+COPS: 0,0,\"SimTel\"\r\n\r\nOK\r\n", false},
		{"\r\n+COPS: 0\r\n\r\nOK\r\n", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rig_init(&rig, "auto");
		rule("AT+COPS?", rows[i].say);
		rig_run_to(&rig, MODEM_READY);
		rig_run(&rig, 1000);
		assert_int_equal(info()->on_lte, rows[i].on_lte);
		rig_fini(&rig);
	}
}

static void
registration_may_take_its_time(void **state)
{
	(void)state;
	rig_init(&rig, "auto");
	rule("AT+CREG?", "\r\n+CREG: 1,2\r\n\r\nOK\r\n");
	rig_run(&rig, 60000);
	assert_int_equal(info()->state, MODEM_STARTING);
	fakewire_say(&rig.wire, "\r\n+CREG: 1\r\n", 100);
	rule("AT+CREG?", "\r\n+CREG: 1,1\r\n\r\nOK\r\n");
	rig_run(&rig, 200);
	assert_int_equal(info()->state, MODEM_READY);
	fakewire_say(&rig.wire, "\r\n+CREG: 2\r\n", 100);
	rule_once("AT+CREG?", "\r\n+CREG: 1,2\r\n\r\nOK\r\n");
	rig_run(&rig, 200);
	assert_int_equal(info()->state, MODEM_STARTING);
	assert_int_equal(info()->restarts, 1);
	rig_run(&rig, 10000);
	assert_int_equal(info()->state, MODEM_READY);
	rig_fini(&rig);
}

/* A modem that goes to 2G to dial loses its registration meanwhile. */
static void
registration_lost_in_a_request_is_looked_into_after_it(void **state)
{
	(void)state;
	rig_init(&rig, "auto");
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 1000);
	rig_answer(&rig, "\r\n+CREG: 2\r\n\r\n+CUSD: 0,\"Balance 7\",15\r\n",
		3000);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_ONCE), 0);
	rig_forget_written(&rig);
	rig_run(&rig, 3500);
	assert_int_equal(rig.results, 1);
	assert_int_equal(rig.result.cause, MODEM_TEXT);
	rig_run(&rig, 1000);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CREG?"), 1);
	assert_int_equal(info()->state, MODEM_READY);
	rig_fini(&rig);
}

/* ---- one that is changed without a word --------------------------------- */

static void
busy_modem_is_asked_for_its_sim_all_the_same(void **state)
{
	(void)state;
	rig_init_ready(&rig, "auto");
	rig_answer(&rig, "+CUSD: 0,\"Done\",15", 3000);
	rig_run(&rig, 1000);
	unsigned before = fakewire_count(&rig.wire, "AT+CIMI");
	for (int i = 0; i < 30; i++) {
		assert_int_equal(rig_ask(&rig, "*1#", MODEM_SEARCH), 0);
		rig_run_to(&rig, MODEM_READY);
	}
	assert_true(fakewire_count(&rig.wire, "AT+CIMI") >= before + 3);
	rule("AT+CIMI", "\r\n001010000000022\r\n\r\nOK\r\n");
	for (int i = 0; i < 20 && info()->restarts == 0; i++) {
		(void)rig_ask(&rig, "*1#", MODEM_SEARCH);
		rig_run_to(&rig, MODEM_READY);
	}
	assert_int_equal(info()->restarts, 1);
	rig_run_to(&rig, MODEM_READY);
	assert_string_equal(info()->imsi, "001010000000022");
	rig_fini(&rig);
}

static void
code_that_waits_for_the_look_does_not_go_out_on_another_sim(void **state)
{
	unsigned asked;

	(void)state;
	rig_init_ready(&rig, "auto");
	rule("AT+CIMI", "\r\n001010000000022\r\n\r\nOK\r\n");
	asked = fakewire_count(&rig.wire, "AT+CREG?");
	for (int i = 0;
		i < 400 && fakewire_count(&rig.wire, "AT+CREG?") == asked; i++)
		rig_run(&rig, 100);
	assert_int_equal(info()->state, MODEM_READY);
	assert_int_equal(rig_ask(&rig, "*121*1#", MODEM_ONCE), 0);
	rig_run(&rig, 5000);
	assert_int_equal(rig.results, 1);
	assert_int_equal(rig.result.fate, MODEM_NOT_SENT);
	assert_int_equal(fakewire_count(&rig.wire, "*121*1#"), 0);
	rig_run_to(&rig, MODEM_READY);
	assert_string_equal(info()->imsi, "001010000000022");
	assert_int_equal(info()->restarts, 1);
	rig_fini(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sim_that_needs_a_person_fails_and_says_so),
		cmocka_unit_test(
			sim_put_into_a_failed_modem_is_noticed_at_once),
		cmocka_unit_test(sim_that_is_not_ready_yet_is_waited_for),
		cmocka_unit_test(swapped_sim_is_noticed_by_an_idle_modem),
		cmocka_unit_test(swapped_sim_that_is_told_of_is_read_at_once),
		cmocka_unit_test(
			swapped_sim_during_a_request_is_read_before_the_next),
		cmocka_unit_test(identity_is_shown_until_it_is_told_anew),
		cmocka_unit_test(registration_is_read_in_all_its_forms),
		cmocka_unit_test(no_ussd_leaves_where_only_texts_are_carried),
		cmocka_unit_test(
			ussd_that_goes_away_takes_back_what_did_not_leave),
		cmocka_unit_test(radio_is_known_by_what_the_network_says),
		cmocka_unit_test(registration_may_take_its_time),
		cmocka_unit_test(
			registration_lost_in_a_request_is_looked_into_after_it),
		cmocka_unit_test(busy_modem_is_asked_for_its_sim_all_the_same),
		cmocka_unit_test(
			code_that_waits_for_the_look_does_not_go_out_on_another_sim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
