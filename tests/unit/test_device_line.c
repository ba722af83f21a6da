/*
 * What a line does to a dialogue with a simulated modem: echoes, cut lines,
 * answers without their end, sleep, other programs, octets of all kinds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/lab.h"

#define OK "\r\nOK\r\n"

static struct lab lab;

static void
begin(const char *dialect)
{
	lab_init(&lab, dialect);
	lab.options.echo = false;
}

static void
echo_has_its_two_forms(void **state)
{
	(void)state;
	begin("standard");
	lab.options.echo = true;
	lab_start(&lab);
	assert_string_equal(lab_talk(&lab, "AT\r", 0), "AT\r" OK);
	lab_fini(&lab);
	begin("standard");
	lab.options.echo = true;
	lab.options.echo_lf = true;
	lab_start(&lab);
	assert_string_equal(lab_talk(&lab, "AT\r", 0), "AT\r\n" OK);
	lab_fini(&lab);
}

/* A line in two, with a whole other one between its halves. */
static void
noise_cuts_a_line_at_any_byte(void **state)
{
	char places[4] = "";
	(void)state;
	begin("huawei");
	lab.options.noise = true;
	lab.options.noise_cuts = 100;
	lab_start(&lab);
	for (int i = 0; i < 200; i++) {
		const char *said = lab_talk(&lab, "AT+CSQ\r", 0);
		assert_null(strstr(said, "+CSQ: 20,99"));
		assert_null(strstr(said, "OK"));
		if (strstr(said, "\r\n+\r\n") != NULL)
			places[0] = '1';
		if (strstr(said, "\r\n9\r\n") != NULL)
			places[1] = '2';
		if (strstr(said, "\r\nO\r\n") != NULL)
			places[2] = '3';
	}
	assert_string_equal(places, "123");
	lab_fini(&lab);
}

static void
one_command_lacks_its_answer_or_its_end(void **state)
{
	(void)state;
	begin("standard");
	(void)snprintf(
		lab.options.only_ok_to, sizeof lab.options.only_ok_to, "+CREG");
	(void)snprintf(
		lab.options.no_ok_to, sizeof lab.options.no_ok_to, "+CSQ");
	lab_start(&lab);
	assert_string_equal(lab_talk(&lab, "AT+CREG?\r", 0), OK);
	assert_string_equal(
		lab_talk(&lab, "AT+CSQ\r", 0), "\r\n+CSQ: 20,99\r\n");
	assert_string_equal(lab_talk(&lab, "AT\r", 0), OK);
	lab_fini(&lab);
}

static void
sleeping_modem_loses_what_wakes_it(void **state)
{
	(void)state;
	begin("standard");
	lab.options.sleep_ms = 5000;
	lab.now_ms = 10000;
	lab_start(&lab);
	assert_string_equal(lab_talk(&lab, "AT\r", 50), "");
	assert_string_equal(lab_talk(&lab, "AT\r", 100), "");
	assert_string_equal(lab_talk(&lab, "AT\r", 4000), OK);
	assert_string_equal(lab_talk(&lab, "AT\r", 6000), OK);
	assert_string_equal(lab_talk(&lab, "AT\r", 200), "");
	lab_fini(&lab);
}

static void
other_program_leaves_its_answer_and_its_charset(void **state)
{
	(void)state;
	begin("zte");
	lab_start(&lab);
	device_foreign(lab.device, lab.now_ms, "AT+COPS?");
	assert_string_equal(
		lab_hear(&lab, 0), "\r\n+COPS: 0,0,\"SimTel\",2\r\n" OK);
	lab_talk(&lab, "AT+CUS", 0);
	device_foreign(lab.device, lab.now_ms, "AT+CSCS=\"HEX\"");
	assert_string_equal(lab_hear(&lab, 0), OK);
	/* our own line goes on, and is not what it was */
	assert_string_equal(
		lab_talk(&lab, "D=1,\"*123#\",15\r", 200), "\r\nERROR\r\n");
	assert_string_equal(
		lab_talk(&lab, "AT+CSCS?\r", 0), "\r\n+CSCS: \"HEX\"\r\n" OK);
	lab_fini(&lab);
}

static void
flood_has_no_line_end(void **state)
{
	(void)state;
	begin("standard");
	lab_start(&lab);
	device_flood(lab.device, lab.now_ms, 20001);
	lab_hear(&lab, 0);
	assert_int_equal(strlen(lab.out), 20001);
	assert_null(strpbrk(lab.out, "\r\n"));
	assert_string_equal(lab_talk(&lab, "AT\r", 0), OK);
	lab_fini(&lab);
}

/* What of a body stands on the line, octet by octet. */
static void
body_is(enum device_fault fault, const void *start, size_t len)
{
	struct device_strike strike = {.fault = fault};
	begin("standard");
	lab_start(&lab);
	device_strike(lab.device, &strike);
	lab_talk(&lab, "AT+CUSD=1,\"*123#\",15\r", 200);
	assert_memory_equal(lab.out, OK "\r\n+CUSD: 0,\"", 18);
	assert_memory_equal(lab.out + 18, start, len);
	lab_fini(&lab);
}

static void
octets_of_all_kinds_stand_in_the_text(void **state)
{
	static const char text[] = "Your balance is 50.00 XTS.";
	(void)state;
	body_is(DEVICE_RAW_PACKED, "\xD9\x77\x5D\x0E\x12\x87\xD9\x61", 8);
	body_is(DEVICE_NULS, "Your bal\0ance is ", 17);
	body_is(DEVICE_PAD_CR, "Your balance is 50.00 XTS.\r\",15\r\n", 33);
	/* "@" is 0 in the alphabet of GSM */
	body_is(DEVICE_PAD_AT, text, sizeof text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echo_has_its_two_forms),
		cmocka_unit_test(noise_cuts_a_line_at_any_byte),
		cmocka_unit_test(one_command_lacks_its_answer_or_its_end),
		cmocka_unit_test(sleeping_modem_loses_what_wakes_it),
		cmocka_unit_test(
			other_program_leaves_its_answer_and_its_charset),
		cmocka_unit_test(flood_has_no_line_end),
		cmocka_unit_test(octets_of_all_kinds_stand_in_the_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
