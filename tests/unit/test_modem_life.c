/*
 * The life of a modem as its owner sees it: found, set up, kept ready,
 * lost, found again; on a scripted wire in virtual time.
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

static bool
wrote_in_order(const char *first, const char *second)
{
	const char *a = strstr(rig.wire.written, first);
	const char *b = strstr(rig.wire.written, second);

	return a != NULL && b != NULL && a < b;
}

/* ---- set-up ------------------------------------------------------------ */

static void
healthy_modem_becomes_ready_and_tells_who_it_is(void **state)
{
	(void)state;
	for (size_t cut = 0; cut <= 3; cut++) {
		rig_init(&rig, "auto");
		rig.wire.cut = cut;
		rig.wire.take_max = cut == 0 ? SIZE_MAX : cut;
		rig.wire.echo = cut == 2; /* and stays on */
		assert_int_equal(info()->state, MODEM_ABSENT);
		rig_run_to(&rig, MODEM_READY);
		rig_run(&rig, 1000);
		assert_string_equal(info()->dialect, "standard");
		assert_string_equal(info()->manufacturer, "Acme");
		assert_string_equal(info()->model, "M1");
		assert_string_equal(info()->imei, "350000000000011");
		assert_string_equal(info()->imsi, "001010000000011");
		assert_string_equal(info()->iccid, "8900000000000000011");
		assert_string_equal(info()->network, "SimTel");
		assert_int_equal(info()->signal_dbm, -73);
		assert_int_equal(info()->registration, 1);
		assert_string_equal(info()->why, "");
		assert_int_equal(info()->restarts, 0);
		rig_fini(&rig);
	}
}

static void
set_up_is_orderly(void **state)
{
	(void)state;
	rig_init(&rig, "auto");
	rig_run_to(&rig, MODEM_READY);
	assert_true(wrote_in_order("\x1b\r", "AT\r"));
	assert_true(wrote_in_order("AT\r", "AT+CMEE?\r"));
	assert_true(wrote_in_order("AT+CUSD?\r", "ATE0\r"));
	assert_true(wrote_in_order("ATE0\r", "AT+CMEE=1\r"));
	assert_true(wrote_in_order("AT+CMEE=1\r", "AT+CPIN?\r"));
	assert_true(wrote_in_order("AT+CPIN?\r", "AT+CIMI\r"));
	assert_true(wrote_in_order("AT+CSCS=\"GSM\"\r", "AT+CSQ\r"));
	assert_true(wrote_in_order("AT+CUSD=2\r", "AT+CUSD=1\r"));
	assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=1,"), 0);
	rig_fini(&rig);
}

/* AT wakes it; the code goes once, and at once where it is awake. */
static void
code_follows_at_where_the_make_may_sleep(void **state)
{
	static const struct {
		const char *dialect;
		int deaf;        /* so many AT are lost */
		int64_t idle_ms; /* before the code */
		unsigned hellos;
	} rows[] = {
		{"simcom", 0, 9000, 1},
		{"simcom", 2, 9000, 3},
		{"quectel", 4, 9000, 5},
		{"simcom", 9, 9000, 5}, /* then it goes all the same */
		{"simcom", 0, 100, 0},
		{"standard", 0, 9000, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rig_init(&rig, rows[i].dialect);
		rig_run_to(&rig, MODEM_READY);
		rig_run(&rig, rows[i].idle_ms);
		unsigned before = fakewire_count(&rig.wire, "AT\r");
		if (rows[i].deaf > 0)
			fakewire_rule(
				&rig.wire, (struct fakewire_rule){.when = "AT",
						   .times = rows[i].deaf});
		rig_answer(&rig, "\r\n+CUSD: 0,\"Balance 7\",15\r\n", 50);
		assert_int_equal(rig_ask(&rig, "*123#", MODEM_ONCE), 0);
		rig_run(&rig, 1);
		assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=1,"),
			rows[i].hellos == 0);
		rig_run(&rig, rows[i].deaf == 0 ? 100 : 2000);
		assert_int_equal(fakewire_count(&rig.wire, "AT+CUSD=1,"), 1);
		assert_int_equal(fakewire_count(&rig.wire, "AT\r") - before,
			rows[i].hellos);
		assert_string_equal(rig.text, "Balance 7");
		rig_fini(&rig);
	}
}

/* OK alone is the answer of some that start. It is asked on, and told. */
static void
modem_that_does_not_say_its_state_is_asked_on_and_told(void **state)
{
	static const struct {
		const char *when, *says, *why;
	} rows[] = {
		{"AT+CREG?", "\r\n+CREG: 1,1\r\n\r\nOK\r\n",
			"does not say whether it is registered"},
		{"AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n",
			"the SIM does not get ready"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rig_init(&rig, "auto");
		rule(rows[i].when, "\r\nOK\r\n");
		rig_run_to(&rig, MODEM_RESTING);
		assert_non_null(strstr(info()->why, rows[i].why));
		/* It answers: it is no mute one, and gets no reset for it. */
		assert_int_equal(fakewire_count(&rig.wire, "ATZ\r"), 0);
		assert_in_range(
			fakewire_count(&rig.wire, rows[i].when), 10, 60);
		rule(rows[i].when, rows[i].says);
		rig_run_to(&rig, MODEM_READY);
		rig_fini(&rig);

		/* After some looks it is ready, without a word. */
		rig_init(&rig, "auto");
		rule(rows[i].when, rows[i].says);
		fakewire_rule(
			&rig.wire, (struct fakewire_rule){.when = rows[i].when,
					   .say = "\r\nOK\r\n",
					   .after_ms = 5,
					   .times = 5});
		rig_run_to(&rig, MODEM_READY);
		assert_int_equal(rig.wire.opens, 1);
		rig_fini(&rig);
	}
}

static void
makes_are_told_and_spoken_to_in_their_dialect(void **state)
{
	static const struct {
		const char *maker;
		const char *model;
		const char *dialect;
		const char *says;  /* something only it is told */
		const char *coded; /* how *123# goes out */
	} rows[] = {
		{"huawei", "E1550", "huawei", "AT^CURC=0\r", "\"AA986C3602\""},
		{"Quectel", "EC25", "quectel", "AT+QCCID\r",
			"\"002A0031003200330023\""},
		{"SIMCOM_Ltd", "SIMCOM_SIM800L", "simcom", "AT+CSCS=\"GSM\"\r",
			"\"*123#\""},
		{"Acme", "M1", "standard", "AT+CCID\r", "\"*123#\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rig_init(&rig, "auto");
		rig_speak(&rig, rows[i].maker, rows[i].model);
		rule("AT+CGMR", "\r\nRevision:R1B04\r\n\r\nOK\r\n");
		rule("AT+QCCID", "\r\n+QCCID: 8900000000000000011\r\n\r\n"
				 "OK\r\n");
		rig_answer(&rig, "\r\n+CUSD: 0,\"Balance 7\",15\r\n", 50);
		rig_run_to(&rig, MODEM_READY);
		assert_string_equal(info()->dialect, rows[i].dialect);
		assert_int_equal(info()->told_by[0] == '\0',
			strcmp(rows[i].dialect, "standard") == 0);
		assert_string_equal(info()->firmware, "R1B04");
		assert_string_equal(info()->iccid, "8900000000000000011");
		assert_int_equal(fakewire_count(&rig.wire, rows[i].says), 1);
		assert_int_equal(rig_ask(&rig, "*123#", MODEM_SEARCH), 0);
		rig_run(&rig, 1000);
		assert_int_equal(fakewire_count(&rig.wire, rows[i].coded), 1);
		assert_string_equal(rig.text, "Balance 7");
		rig_fini(&rig);
	}
}

static void
configured_dialect_wins_over_what_the_modem_says(void **state)
{
	struct modem_options options = {.name = "x", .dialect = "acme"};
	struct modem_hooks hooks = {.ctx = NULL};
	struct fakewire wire;

	(void)state;
	rig_init(&rig, "huawei");
	rig_run_to(&rig, MODEM_READY);
	assert_string_equal(info()->dialect, "huawei");
	rig_fini(&rig);
	assert_true(modem_has_dialect("auto"));
	assert_true(modem_has_dialect("simcom"));
	assert_false(modem_has_dialect("acme"));
	fakewire_init(&wire);
	assert_null(modem_new(&options, &wire.port, &hooks));
	assert_false(wire.was_freed);
	modem_free(NULL);
}

static void
iccid_is_found_in_all_its_forms(void **state)
{
	static const struct {
		const char *when;
		const char *say;
		const char *iccid;
	} rows[] = {
		{"AT+CCID", "\r\n+CCID: \"8900000000000000011F\"\r\n",
			"8900000000000000011"},
		{"AT+CCID", "\r\n89000000000000000112\r\n",
			"89000000000000000112"},
		{"AT+CCID", "\r\n+CCID:89000000000000000112\r\n",
			"89000000000000000112"},
		{"AT+ICCID", "\r\n+ICCID: 89000000000000000112\r\n",
			"89000000000000000112"},
		{"AT^ICCID?", "\r\n^ICCID: 98000000000000000011\r\n",
			"89000000000000000011"},
		{"AT+CRSM=176,12258,0,0,10",
			"\r\n+CRSM: 144,0,\"980000000000000000F1\"\r\n",
			"8900000000000000001"},
		{"AT+CCID", "\r\n+CCID: 123\r\n", ""},
		{"AT+CCID", "\r\n+CCID: 89xx000000000000011\r\n", ""},
		{"AT+CCID", "\r\nRING\r\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char say[96];

		rig_init(&rig, "auto");
		rule("AT+CCID", "\r\nERROR\r\n");
		rule("AT+ICCID", "\r\nERROR\r\n");
		rule("AT+QCCID", "\r\nERROR\r\n");
		rule("AT^ICCID", "\r\nERROR\r\n");
		rule("AT+CICCID", "\r\nERROR\r\n");
		rule("AT+CRSM", "\r\nERROR\r\n");
		(void)snprintf(say, sizeof say, "%s\r\nOK\r\n", rows[i].say);
		rule(rows[i].when, say);
		rig_run_to(&rig, MODEM_READY);
		assert_string_equal(info()->iccid, rows[i].iccid);
		rig_fini(&rig);
	}
}

static void
values_of_the_wrong_form_are_not_believed(void **state)
{
	(void)state;
	rig_init(&rig, "auto");
	rule("AT+CGMI", "\r\nRING\r\n\r\n^RSSI:3\r\n\r\nOK\r\n");
	rule("ATI", "\r\nAcme\r\nRevision: 1\r\n\r\nOK\r\n");
	rule("AT+CGMM", "\r\n+CGMM: \"Air724UG\x01\"\r\n\r\nOK\r\n");
	rule("AT+CGSN", "\r\nSMS Ready\r\nabc\r\n12\r\n350000000000011\r\n"
			"\r\nOK\r\n");
	rule("AT+CIMI", "\r\n00101\r\n\r\nOK\r\n");
	rule("AT+CSQ", "\r\n+CSQ: 99,99\r\n\r\nOK\r\n");
	rule("AT+COPS?", "\r\n+COPS: 0,0,\"Orange@\",2\r\n\r\nOK\r\n");
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 1000);
	assert_string_equal(info()->manufacturer, "Acme");
	assert_string_equal(info()->model, "Air724UG?");
	assert_string_equal(info()->imei, "350000000000011");
	assert_string_equal(info()->imsi, "");
	assert_int_equal(info()->signal_dbm, 0);
	assert_string_equal(info()->network, "Orange");
	rig_run(&rig, 120000); /* no IMSI to compare: healthy all the same */
	assert_int_equal(info()->restarts, 0);
	rig_fini(&rig);
}

static void
network_name_in_ucs2_is_read(void **state)
{
	(void)state;
	rig_init(&rig, "quectel");
	rule("AT+COPS?", "\r\n+COPS: 0,0,\"004F00720061006E00670065\",7\r\n"
			 "\r\nOK\r\n");
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 1000);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CSCS=\"UCS2\""), 1);
	assert_string_equal(info()->network, "Orange");
	rig_fini(&rig);
}

static void
sleepy_modem_that_loses_its_first_commands_is_found(void **state)
{
	(void)state;
	rig_init(&rig, "auto");
	fakewire_rule(
		&rig.wire, (struct fakewire_rule){.when = "AT", .times = 4});
	rig_run_to(&rig, MODEM_READY);
	assert_int_equal(fakewire_count(&rig.wire, "AT\r"), 5);
	assert_int_equal(rig.wire.opens, 1);
	rig_fini(&rig);
}

/* ---- the port ---------------------------------------------------------- */

static void
absent_port_says_why_and_is_looked_for_again(void **state)
{
	static const struct {
		int error;
		const char *why;
	} rows[] = {
		{-ENOENT, "the port is not there"},
		{-ENODEV, "the port is not there"},
		{-EBUSY, "another program holds the port"},
		{-EACCES, "no permission to open the port"},
		{-ECONNREFUSED, "nobody listens at that address"},
		{-EHOSTUNREACH, "there is no way to that address"},
		{-EMFILE, "the port cannot be opened"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rig_init(&rig, "auto");
		rig.wire.open_error = rows[i].error;
		rig_run(&rig, 60000);
		assert_int_equal(info()->state, MODEM_ABSENT);
		assert_string_equal(info()->why, rows[i].why);
		assert_true(info()->until_ms > rig.wire.now_ms);
		assert_true(info()->until_ms <= rig.wire.now_ms + 5000);
		rig.wire.open_error = 0;
		rig_run(&rig, 6000);
		assert_int_equal(info()->state, MODEM_READY);
		rig_fini(&rig);
	}
}

/* A connection that is under way when open() ends. */
static void
connection_that_is_refused_later_is_no_port_that_vanished(void **state)
{
	static const struct {
		int error;
		const char *why;
	} rows[] = {
		{-ECONNREFUSED, "nobody listens at that address"},
		{-ENETUNREACH, "there is no way to that address"},
		{-ETIMEDOUT, "nothing at that address answers"},
		{-ECONNRESET, "the port vanished"},
		{-EIO, "the port vanished"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rig_init(&rig, "auto");
		rig.wire.gone = true;
		rig.wire.gone_error = rows[i].error;
		rig_run(&rig, 60000);
		assert_int_equal(info()->state, MODEM_ABSENT);
		assert_string_equal(info()->why, rows[i].why);
		rig_fini(&rig);
	}
}

static void
vanished_modem_comes_back_with_echo_on_and_another_sim(void **state)
{
	(void)state;
	rig_init(&rig, "auto");
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 5000);
	rig.wire.gone = true;
	rig_run(&rig, 10);
	assert_int_equal(info()->state, MODEM_ABSENT);
	assert_string_equal(info()->why, "the port vanished");
	assert_int_equal(info()->restarts, 1);
	rig.wire.open_error = -ENOENT;
	rig.wire.gone = false;
	fakewire_hush(&rig.wire);
	rig_run(&rig, 90000);
	rig.wire.open_error = 0;
	rig.wire.echo = true;
	rule("AT+CCID", "\r\n+CCID: 8900000000000000022\r\n\r\nOK\r\n");
	rule("AT+CIMI", "\r\n001010000000022\r\n\r\nOK\r\n");
	rig_run_to(&rig, MODEM_READY);
	assert_string_equal(info()->iccid, "8900000000000000022");
	assert_string_equal(info()->imsi, "001010000000022");
	rig_fini(&rig);
}

static void
babbling_port_is_read_in_portions(void **state)
{
	static char babble[FAKEWIRE_SAYING_MAX];

	(void)state;
	rig_init(&rig, "auto");
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 1000);
	memset(babble, 'x', sizeof babble - 1);
	fakewire_say(&rig.wire, babble, 0);
	modem_on_ready(rig.modem, rig.wire.now_ms);
	assert_true(fakewire_next_ms(&rig.wire) <= rig.wire.now_ms);
	rig_run(&rig, 1000);
	assert_int_equal(info()->state, MODEM_READY);
	rig_fini(&rig);
}

static void
stopped_modem_can_be_started_again(void **state)
{
	(void)state;
	rig_init(&rig, "auto");
	rig_run_to(&rig, MODEM_READY);
	modem_stop(rig.modem, rig.wire.now_ms);
	modem_stop(rig.modem, rig.wire.now_ms);
	assert_int_equal(rig.fd, -1);
	assert_int_equal(info()->state, MODEM_ABSENT);
	assert_true(modem_wake_at(rig.modem) == INT64_MAX);
	fakewire_hush(&rig.wire);
	rig_run(&rig, 100000);
	assert_int_equal(rig.wire.opens, 1);
	modem_start(rig.modem, rig.wire.now_ms);
	rig_run_to(&rig, MODEM_READY);
	rig_fini(&rig);
}

/* ---- sick -------------------------------------------------------------- */

static void
silent_modem_rests_longer_and_longer(void **state)
{
	(void)state;
	rig_init(&rig, "auto");
	rig.wire.rule_count = 0;
	rule("", NULL);
	rig_run(&rig, 20000); /* asked, reset, asked */
	assert_int_equal(info()->state, MODEM_RESTING);
	assert_string_equal(info()->why, "it does not answer");
	assert_string_equal(info()->remedy, "its port will be opened again");
	assert_int_equal(rig.fd, -1);
	rig_run(&rig, 3600000);
	assert_in_range(rig.wire.opens, 12, 20);
	rig_speak(&rig, "Acme", "M1");
	rig_run_to(&rig, MODEM_READY);
	rig_fini(&rig);
}

static void
idle_modem_that_hangs_is_found_out(void **state)
{
	(void)state;
	rig_init(&rig, "auto");
	rig_run_to(&rig, MODEM_READY);
	rig.wire.rule_count = 0;
	rule("", NULL);
	rig_run(&rig, 45000);
	assert_int_not_equal(info()->state, MODEM_READY);
	assert_int_equal(info()->restarts, 1);
	rig_run(&rig, 25000);
	assert_int_equal(info()->state, MODEM_RESTING);
	rig_fini(&rig);
}

static void
modem_that_boots_while_it_is_set_up_is_set_up_anew(void **state)
{
	(void)state;
	rig_init(&rig, "auto");
	rule("AT+CPIN?", "\r\n+CME ERROR: 14\r\n");
	rig_run(&rig, 3000);
	assert_int_equal(info()->state, MODEM_STARTING);
	rig_forget_written(&rig);
	rig.wire.echo = true;
	fakewire_say(&rig.wire,
		"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n"
		"\r\nCall Ready\r\n\r\nSMS Ready\r\n",
		100);
	rule("AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n");
	rig_run(&rig, 8000);
	assert_int_equal(info()->state, MODEM_READY);
	assert_int_equal(fakewire_count(&rig.wire, "ATE0\r"), 1);
	rig_fini(&rig);
}

static void
healthy_modem_stays_ready_for_a_day(void **state)
{
	(void)state;
	rig_init(&rig, "auto");
	rig_run_to(&rig, MODEM_READY);
	assert_int_equal(rig.state_calls, 2); /* starting, ready */
	for (int hour = 0; hour < 24; hour++) {
		rig_run(&rig, 3600000);
		assert_int_equal(info()->state, MODEM_READY);
		assert_in_range(
			fakewire_count(&rig.wire, "AT+CSQ\r"), 100, 130);
		rig_forget_written(&rig);
		rig.trace[0] = '\0';
	}
	assert_int_equal(info()->restarts, 0);
	assert_int_equal(rig.wire.opens, 1);
	assert_int_equal(rig.state_calls, 2);
	rig_fini(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			healthy_modem_becomes_ready_and_tells_who_it_is),
		cmocka_unit_test(set_up_is_orderly),
		cmocka_unit_test(
			modem_that_does_not_say_its_state_is_asked_on_and_told),
		cmocka_unit_test(code_follows_at_where_the_make_may_sleep),
		cmocka_unit_test(makes_are_told_and_spoken_to_in_their_dialect),
		cmocka_unit_test(
			configured_dialect_wins_over_what_the_modem_says),
		cmocka_unit_test(iccid_is_found_in_all_its_forms),
		cmocka_unit_test(values_of_the_wrong_form_are_not_believed),
		cmocka_unit_test(network_name_in_ucs2_is_read),
		cmocka_unit_test(
			sleepy_modem_that_loses_its_first_commands_is_found),
		cmocka_unit_test(absent_port_says_why_and_is_looked_for_again),
		cmocka_unit_test(
			connection_that_is_refused_later_is_no_port_that_vanished),
		cmocka_unit_test(
			vanished_modem_comes_back_with_echo_on_and_another_sim),
		cmocka_unit_test(babbling_port_is_read_in_portions),
		cmocka_unit_test(stopped_modem_can_be_started_again),
		cmocka_unit_test(silent_modem_rests_longer_and_longer),
		cmocka_unit_test(idle_modem_that_hangs_is_found_out),
		cmocka_unit_test(
			modem_that_boots_while_it_is_set_up_is_set_up_anew),
		cmocka_unit_test(healthy_modem_stays_ready_for_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
