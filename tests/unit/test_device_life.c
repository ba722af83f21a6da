/*
 * The life of a simulated modem: start, SIM, registration, echo, chatter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/lab.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static void
sim_states_are_said_and_refuse(void **state)
{
	static const struct {
		const char *pin_state;
		const char *cpin;
		const char *cimi;
		const char *creg;
	} rows[] = {
		{"READY", "\r\n+CPIN: READY\r\n\r\nOK\r\n",
			"\r\n" LAB_IMSI "\r\n\r\nOK\r\n",
			"\r\n+CREG: 0,1\r\n\r\nOK\r\n"},
		{"SIM PIN", "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n",
			"\r\n+CME ERROR: 11\r\n",
			"\r\n+CREG: 0,0\r\n\r\nOK\r\n"},
		{"SIM PUK", "\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n",
			"\r\n+CME ERROR: 12\r\n",
			"\r\n+CREG: 0,0\r\n\r\nOK\r\n"},
		{"absent", "\r\n+CME ERROR: 10\r\n", "\r\n+CME ERROR: 10\r\n",
			"\r\n+CREG: 0,0\r\n\r\nOK\r\n"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lab lab;
		lab_init(&lab, "standard");
		(void)snprintf(lab.options.pin_state,
			sizeof lab.options.pin_state, "%s", rows[i].pin_state);
		lab_start(&lab);
		lab_talk(&lab, "ATE0+CMEE=1\r", 0);
		assert_string_equal(
			lab_talk(&lab, "AT+CPIN?\r", 0), rows[i].cpin);
		assert_string_equal(
			lab_talk(&lab, "AT+CIMI\r", 0), rows[i].cimi);
		assert_string_equal(
			lab_talk(&lab, "AT+CREG?\r", 0), rows[i].creg);
		size_t from = lab.truth_len;
		lab_talk(&lab, "AT+CUSD=1,\"*123#\"\r", 100);
		assert_int_equal(
			strstr(lab.truth + from, "request") != NULL, i == 0);
		lab_fini(&lab);
	}
}

static void
sim_pin_unlocks_and_wrong_ones_lock_it(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "standard");
	(void)snprintf(lab.options.pin_state, sizeof lab.options.pin_state,
		"%s", "SIM PIN");
	lab.options.register_ms = 500;
	lab_start(&lab);
	lab_talk(&lab, "ATE0+CMEE=1;+CREG=1\r", 1000);
	assert_string_equal(lab_talk(&lab, "AT+CPIN=\"0000\"\r", 0),
		"\r\n+CME ERROR: 16\r\n");
	assert_string_equal(lab_talk(&lab, "AT+CPINR\r", 0),
		"\r\n+CPINR: SIM PIN, 2,3\r\n\r\n+CPINR: SIM PUK, "
		"10,10\r\n\r\nOK\r\n");
	assert_string_equal(
		lab_talk(&lab, "AT+CPIN=\"1234\"\r", 0), "\r\nOK\r\n");
	assert_string_equal(lab_talk(&lab, "AT+CREG?\r", 600),
		"\r\n+CREG: 1,2\r\n\r\nOK\r\n\r\n+CREG: 1\r\n");
	/* a restart wants it again */
	device_start(lab.device, lab.now_ms);
	lab_talk(&lab, "ATE0+CMEE=1\r", 0);
	assert_string_equal(
		lab_talk(&lab, "AT+CIMI\r", 0), "\r\n+CME ERROR: 11\r\n");
	for (int i = 0; i < 3; i++)
		lab_talk(&lab, "AT+CPIN=9999\r", 0);
	assert_string_equal(lab_talk(&lab, "AT+CPIN?\r", 0),
		"\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n");
	lab_fini(&lab);
}

static void
only_home_and_roaming_carry_ussd(void **state)
{
	(void)state;
	for (int stat = 0; stat <= 7; stat++) {
		struct lab lab;
		char creg[64];
		lab_init(&lab, "quectel");
		lab.options.registration = stat;
		lab_start(&lab);
		lab_talk(&lab, "ATE0+CMEE=1\r", 0);
		(void)snprintf(creg, sizeof creg,
			"\r\n+CREG: 0,%d\r\n\r\nOK\r\n", stat);
		assert_string_equal(lab_talk(&lab, "AT+CREG?\r", 0), creg);
		const char *said =
			lab_talk(&lab, "AT+CUSD=1,\"" LAB_CODE "\"\r", 100);
		bool carried = stat == 1 || stat == 5;
		assert_int_equal(strstr(said, "credited") != NULL, carried);
		if (!carried)
			assert_string_equal(said, "\r\n+CME ERROR: 30\r\n");
		assert_int_equal(
			network_card(lab.network, LAB_PIN)->executed, carried);
		lab_fini(&lab);
	}
}

static void
radio_off_has_no_network_and_loses_what_was_under_way(void **state)
{
	static const char *const levels[] = {"0", "4"};
	static const char *const names[] = {
		"standard", "huawei", "quectel", "simcom"};
	(void)state;
	for (size_t i = 0; i < COUNT(levels) * COUNT(names); i++) {
		struct device_strike late = {.fault = DEVICE_LATE, .ms = 5000};
		bool simcom = i / 2 == 3;
		char off[32];
		struct lab lab;
		lab_init(&lab, names[i / 2]);
		lab.options.register_ms = 700;
		lab_start(&lab);
		lab_pass(&lab, 1000);
		lab_talk(&lab, "ATE0;+CMEE=1;+CREG=1;+CUSD=1\r", 0);
		device_strike(lab.device, &late);
		const char *balance = i / 2 == 1 ? "AT+CUSD=1,\"AA986C3602\"\r"
		                                 : "AT+CUSD=1,\"*123#\"\r";
		lab_talk(&lab, balance, 1000);
		(void)snprintf(off, sizeof off, "AT+CFUN=%s\r", levels[i % 2]);
		assert_string_equal(
			lab_talk(&lab, off, 0), "\r\n+CREG: 0\r\n\r\nOK\r\n");
		assert_non_null(strstr(lab.truth, "\"fate\":\"lost\""));
		assert_string_equal(lab_talk(&lab, "AT+CREG?\r", 0),
			"\r\n+CREG: 1,0\r\n\r\nOK\r\n");
		assert_string_equal(lab_talk(&lab, balance, 9000),
			simcom ? "\r\n+CUSD: 4\r\n\r\nOK\r\n"
			       : "\r\n+CME ERROR: 30\r\n");
		assert_string_equal(lab_talk(&lab, "AT+CFUN=1\r", 1000),
			"\r\n+CREG: 2\r\n\r\nOK\r\n\r\n+CREG: 1\r\n");
		assert_non_null(strstr(lab_talk(&lab, balance, 100), "+CUSD"));
		lab_fini(&lab);
	}
}

static void
radio_off_ends_the_menu_at_the_network(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "standard");
	lab_start(&lab);
	lab_talk(&lab, "ATE0;+CMEE=1;+CUSD=1\r", 0);
	assert_non_null(strstr(
		lab_talk(&lab, "AT+CUSD=1,\"*120#\"\r", 100), "+CUSD: 1"));
	lab_talk(&lab, "AT+CFUN=4\r", 0);
	lab_talk(&lab, "AT+CFUN=1\r", 0);
	/* It dials, and is no answer to the menu. */
	assert_non_null(strstr(
		lab_talk(&lab, "AT+CUSD=1,\"*123#\"\r", 100), "balance"));
	assert_string_equal(lab_hear(&lab, 120000), "");
	lab_fini(&lab);

	lab_init(&lab, "standard");
	lab.options.radio_stuck = true;
	lab_start(&lab);
	lab_talk(&lab, "ATE0;+CMEE=1\r", 0);
	assert_string_equal(
		lab_talk(&lab, "AT+CFUN=4\r", 0), "\r\n+CME ERROR: 3\r\n");
	assert_string_equal(
		lab_talk(&lab, "AT+CFUN?\r", 0), "\r\n+CFUN: 1\r\n\r\nOK\r\n");
	lab_fini(&lab);
}

static void
sim_that_is_changed_while_the_modem_is_away_is_read(void **state)
{
	(void)state;
	for (int hot = 0; hot < 2; hot++) {
		struct lab lab;
		lab_init(&lab, "standard");
		(void)network_add_account(lab.network, "00102", "0802", 7);
		lab_start(&lab);
		device_replug(lab.device, lab.now_ms, 1000);
		struct device_options *options = device_options(lab.device);
		(void)snprintf(options->imsi, sizeof options->imsi, "00102");
		if (hot == 1)
			device_swapped(lab.device, lab.now_ms);
		else
			device_vanish(lab.device, lab.now_ms, 0);
		(void)lab_hear(&lab, 60000);
		lab_talk(&lab, "ATE0\r", 0);
		assert_string_equal(lab_talk(&lab, "AT+CIMI\r", 0),
			"\r\n00102\r\n\r\nOK\r\n");
		lab_fini(&lab);
	}
}

static void
other_sim_is_read_at_a_start_or_when_it_is_noticed(void **state)
{
	static const struct {
		const char *dialect;
		const char *says;
	} rows[] = {
		{"standard", ""},
		{"huawei", "\r\n^SIMST:255\r\n\r\n^SIMST:1\r\n"},
		{"quectel", "\r\n+CPIN: NOT READY\r\n\r\n+CPIN: READY\r\n"},
		{"simcom", "\r\n+CPIN: NOT READY\r\n\r\n+CPIN: READY\r\n"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows) * 2; i++) {
		bool hot = i % 2 == 1;
		struct lab lab;
		lab_init(&lab, rows[i / 2].dialect);
		(void)network_add_account(lab.network, "00102", "0802", 7);
		lab_start(&lab);
		lab_talk(&lab, "ATE0\r", 0);
		struct device_options *options = device_options(lab.device);
		(void)snprintf(options->imsi, sizeof options->imsi, "00102");
		assert_string_equal(lab_talk(&lab, "AT+CIMI\r", 0),
			"\r\n" LAB_IMSI "\r\n\r\nOK\r\n");
		assert_null(strstr(lab.truth, "swap"));
		if (hot)
			device_swapped(lab.device, lab.now_ms);
		else
			device_start(lab.device, lab.now_ms);
		const char *says = rows[i / 2].says;
		if (hot &&
			strncmp(lab_hear(&lab, 100), says, strlen(says)) != 0)
			fail_msg("%s: %s", rows[i / 2].dialect, lab.out);
		lab_talk(&lab, "ATE0\r", 0);
		assert_string_equal(lab_talk(&lab, "AT+CIMI\r", 0),
			"\r\n00102\r\n\r\nOK\r\n");
		assert_non_null(
			strstr(lab.truth, "\"event\":\"swap\",\"modem\":\"m1\","
					  "\"by\":\"00102\""));
		lab_fini(&lab);
	}
}

/* Registered does not mean that USSD works. */
static void
data_only_service_never_answers(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "quectel");
	lab.options.lte_only = true;
	lab_start(&lab);
	lab_talk(&lab, "ATE0+CREG=2\r", 0);
	assert_string_equal(lab_talk(&lab, "AT+CREG?;+COPS?\r", 0),
		"\r\n+CREG: 2,1,\"00C3\",\"01F4\",7\r\n"
		"\r\n+COPS: 0,0,\"SimTel\",7\r\n\r\nOK\r\n");
	assert_string_equal(
		lab_talk(&lab, "AT+CUSD=1,\"" LAB_CODE "\"\r", 60000),
		"\r\nOK\r\n");
	assert_int_equal(network_card(lab.network, LAB_PIN)->executed, 0);
	lab_fini(&lab);
}

static void
start_is_silent_then_refuses_then_ready(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "simcom");
	lab.options.boot_ms = 10000;
	lab_start(&lab);
	assert_string_equal(lab_talk(&lab, "AT\r", 4999), "");
	assert_string_equal(lab_talk(&lab, "", 1), "\r\nRDY\r\n");
	assert_string_equal(lab_talk(&lab, "AT+CMEE=1;E0\r", 0),
		"AT+CMEE=1;E0\r\r\nOK\r\n");
	assert_string_equal(
		lab_talk(&lab, "AT+CPIN?\r", 0), "\r\n+CME ERROR: 14\r\n");
	assert_string_equal(lab_talk(&lab, "AT+CUSD=1,\"*123#\"\r", 0),
		"\r\n+CME ERROR: 14\r\n");
	assert_string_equal(lab_talk(&lab, "", 5000),
		"\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nCall "
		"Ready\r\n\r\nSMS Ready\r\n");
	assert_string_equal(lab_talk(&lab, "AT+CPIN?\r", 0),
		"\r\n+CPIN: READY\r\n\r\nOK\r\n");
	lab_fini(&lab);
}

static void
ate0_can_be_refused_and_echo_comes_back(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "standard");
	lab.options.ate0_refused = 1;
	lab_start(&lab);
	assert_string_equal(lab_talk(&lab, "ATE0\r", 0), "ATE0\r\r\nERROR\r\n");
	assert_string_equal(lab_talk(&lab, "ATE0\r", 0), "ATE0\r\r\nOK\r\n");
	assert_string_equal(lab_talk(&lab, "AT\r", 0), "\r\nOK\r\n");
	assert_string_equal(lab_talk(&lab, "ATZ\r", 0), "\r\nOK\r\n");
	assert_string_equal(lab_talk(&lab, "AT\r", 0), "AT\r\r\nOK\r\n");
	lab_fini(&lab);
}

static void
chatter_comes_until_it_is_silenced(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "huawei");
	lab.options.chatter_ms = 3000;
	lab_start(&lab);
	lab_talk(&lab, "ATE0\r", 0);
	assert_string_equal(lab_talk(&lab, "", 6500),
		"\r\n^RSSI:14\r\n\r\n^BOOT:20952548,0,0,0,72\r\n");
	lab_talk(&lab, "AT^CURC=0\r", 0);
	assert_string_equal(lab_talk(&lab, "", 60000), "");
	lab_fini(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			radio_off_has_no_network_and_loses_what_was_under_way),
		cmocka_unit_test(radio_off_ends_the_menu_at_the_network),
		cmocka_unit_test(
			sim_that_is_changed_while_the_modem_is_away_is_read),
		cmocka_unit_test(
			other_sim_is_read_at_a_start_or_when_it_is_noticed),
		cmocka_unit_test(sim_states_are_said_and_refuse),
		cmocka_unit_test(sim_pin_unlocks_and_wrong_ones_lock_it),
		cmocka_unit_test(only_home_and_roaming_carry_ussd),
		cmocka_unit_test(data_only_service_never_answers),
		cmocka_unit_test(start_is_silent_then_refuses_then_ready),
		cmocka_unit_test(ate0_can_be_refused_and_echo_comes_back),
		cmocka_unit_test(chatter_comes_until_it_is_silenced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
