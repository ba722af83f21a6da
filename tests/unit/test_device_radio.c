/*
 * The SIM PIN's counters, cells that carry no USSD, the network's time and
 * modems with several ports, as simulated modems show them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "modem/nitz.h"
#include "tests/sim/lab.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* ---- SIM PIN ------------------------------------------------------------ */

static void
begin_locked(struct lab *lab, const char *dialect)
{
	lab_init(lab, dialect);
	(void)snprintf(lab->options.pin_state, sizeof lab->options.pin_state,
		"SIM PIN");
	lab_start(lab);
	lab_talk(lab, "ATE0+CMEE=1\r", 100);
}

static void
tries_are_told_as_each_family_does(void **state)
{
	static const struct {
		const char *dialect;
		const char *command;
		const char *before; /* with three tries */
		const char *after;  /* a wrong one */
	} rows[] = {
		{"standard", "AT+CPINR=\"SIM PIN\"\r", "+CPINR: SIM PIN, 3,3",
			"+CPINR: SIM PIN, 2,3"},
		{"standard", "AT+CSIM=10,\"0020000100\"\r", "+CSIM: 4,\"63C3\"",
			"+CSIM: 4,\"63C2\""},
		{"huawei", "AT^CPIN?\r", "^CPIN: SIM PIN,3,10,3,10,3",
			"^CPIN: SIM PIN,2,10,2,10,3"},
		{"quectel", "AT+QPINC=\"SC\"\r", "+QPINC: \"SC\",3,10",
			"+QPINC: \"SC\",2,10"},
		{"simcom", "AT+SPIC\r", "+SPIC: 3,3,10,10", "+SPIC: 2,3,10,10"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lab lab;
		char want[128];
		begin_locked(&lab, rows[i].dialect);
		(void)snprintf(want, sizeof want, "\r\n%s\r\n\r\nOK\r\n",
			rows[i].before);
		assert_string_equal(lab_talk(&lab, rows[i].command, 0), want);
		assert_string_equal(lab_talk(&lab, "AT+CPIN=\"0000\"\r", 0),
			"\r\n+CME ERROR: 16\r\n");
		(void)snprintf(want, sizeof want, "\r\n%s\r\n\r\nOK\r\n",
			rows[i].after);
		assert_string_equal(lab_talk(&lab, rows[i].command, 0), want);
		lab_fini(&lab);
	}
}

static void
third_wrong_pin_wants_the_puk_which_nobody_gives(void **state)
{
	struct lab lab;
	(void)state;
	begin_locked(&lab, "standard");
	for (int i = 0; i < 3; i++)
		lab_talk(&lab, "AT+CPIN=\"0000\"\r", 0);
	assert_string_equal(lab_talk(&lab, "AT+CPIN?\r", 0),
		"\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n");
	assert_string_equal(lab_talk(&lab, "AT+CSIM=10,\"0020000100\"\r", 0),
		"\r\n+CSIM: 4,\"6983\"\r\n\r\nOK\r\n");
	lab_talk(&lab, "AT+CPIN=\"12345678\",\"1234\"\r", 0);
	assert_string_equal(lab_talk(&lab, "AT+CPINR=\"SIM PUK\"\r", 0),
		"\r\n+CPINR: SIM PUK, 9,10\r\n\r\nOK\r\n");
	lab_fini(&lab);
}

static void
messages_are_ready_after_the_pin(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "simcom");
	(void)snprintf(
		lab.options.pin_state, sizeof lab.options.pin_state, "SIM PIN");
	lab.options.sms_ready_ms = 5000;
	lab_start(&lab);
	assert_string_equal(
		lab.out, "\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: SIM PIN\r\n");
	lab_talk(&lab, "ATE0+CMEE=1\r", 100);
	assert_string_equal(lab_talk(&lab, "AT+CPIN=\"1234\"\r", 100),
		"\r\nOK\r\n\r\n+CPIN: READY\r\n");
	assert_string_equal(
		lab_talk(&lab, "AT+CPMS?\r", 0), "\r\n+CMS ERROR: 314\r\n");
	assert_string_equal(
		lab_talk(&lab, "AT+CPBS?\r", 0), "\r\n+CME ERROR: 14\r\n");
	assert_string_equal(
		lab_hear(&lab, 6000), "\r\nCall Ready\r\n\r\nSMS Ready\r\n");
	assert_non_null(strstr(lab_talk(&lab, "AT+CPMS?\r", 0), "+CPMS: "));
	lab_fini(&lab);
}

/* ---- LTE ---------------------------------------------------------------- */

static void
cell_without_ussd_answers_as_it_is_told(void **state)
{
	static const struct {
		enum device_lte lte;
		int code;
		const char *said;
	} rows[] = {
		{DEVICE_LTE_FAMILY, 0, "\r\nOK\r\n"},
		{DEVICE_LTE_SILENT, 0, "\r\nOK\r\n"},
		{DEVICE_LTE_ERROR_AFTER, 258,
			"\r\nOK\r\n\r\n+CME ERROR: 258\r\n"},
		{DEVICE_LTE_ERROR_AFTER, 0,
			"\r\nOK\r\n\r\n+CME ERROR: 100\r\n"},
		{DEVICE_LTE_ERROR, 30, "\r\n+CME ERROR: 30\r\n"},
		{DEVICE_LTE_CUSD_4, 0, "\r\nOK\r\n\r\n+CUSD: 4\r\n"},
		{DEVICE_LTE_NOTHING, 0, ""},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lab lab;
		lab_init(&lab, "quectel");
		lab.options.lte_only = true;
		lab.options.lte = rows[i].lte;
		lab.options.lte_code = rows[i].code;
		lab_start(&lab);
		lab_talk(&lab, "ATE0+CMEE=1\r", 100);
		assert_string_equal(
			lab_talk(
				&lab, "AT+CUSD=1,\"" LAB_CODE "\",15\r", 60000),
			rows[i].said);
		assert_null(strstr(lab.truth, "request"));
		lab_fini(&lab);
	}
}

static void
lte_is_shown_and_left_on_command(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "quectel");
	lab.options.registration = 6;
	lab.options.lte = DEVICE_LTE_SILENT;
	lab.options.register_ms = 2000;
	lab_start(&lab);
	lab_talk(&lab, "ATE0+CREG=2;+CEREG=2\r", 3000);
	assert_string_equal(lab_talk(&lab, "AT+CREG?;+CEREG?;+COPS?\r", 0),
		"\r\n+CREG: 2,6,\"00C3\",\"01F4\",7\r\n"
		"\r\n+CEREG: 2,1,\"00C3\",\"01F4\",7\r\n"
		"\r\n+COPS: 0,0,\"SimTel\",7\r\n\r\nOK\r\n");
	lab_talk(&lab, "AT+QCFG=\"nwscanmode\",2,1\r", 5000);
	assert_string_equal(lab_talk(&lab, "AT+CREG?;+CEREG?;+COPS?\r", 0),
		"\r\n+CREG: 2,1,\"00C3\",\"01F4\"\r\n"
		"\r\n+CEREG: 2,0\r\n"
		"\r\n+COPS: 0,0,\"SimTel\",2\r\n\r\nOK\r\n");
	assert_non_null(strstr(
		lab_talk(&lab, "AT+CUSD=1,\"*123#\",15\r", 200), "50.00"));
	lab_talk(&lab, "AT+QCFG=\"nwscanmode\",0,1\r", 5000);
	assert_string_equal(
		lab_talk(&lab, "AT+CUSD=1,\"*123#\",15\r", 200), "\r\nOK\r\n");
	lab_fini(&lab);
}

/* ---- time --------------------------------------------------------------- */

static void
clock_is_right_absent_or_wrong(void **state)
{
	static const struct {
		const char *dialect;
		enum device_clock clock;
		const char *told;
	} rows[] = {
		{"standard", DEVICE_CLOCK_RIGHT, "26/11/22,13:00:00+04"},
		{"standard", DEVICE_CLOCK_ABSENT, "80/01/06,00:00:00+00"},
		{"simcom", DEVICE_CLOCK_ABSENT, "04/01/01,00:00:00+00"},
		{"standard", DEVICE_CLOCK_WRONG, "25/11/22,13:00:00+04"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lab lab;
		char want[128];
		lab_init(&lab, rows[i].dialect);
		lab.options.clock = rows[i].clock;
		lab_start(&lab);
		lab_talk(&lab, "ATE0\r", 0);
		(void)snprintf(want, sizeof want,
			"\r\n+CCLK: \"%s\"\r\n\r\nOK\r\n", rows[i].told);
		assert_string_equal(lab_talk(&lab, "AT+CCLK?\r", 0), want);
		lab_fini(&lab);
	}
}

static void
network_tells_the_time_when_it_is_registered(void **state)
{
	static const struct {
		const char *dialect;
		const char *setting;
		const char *said;
		int read; /* by the driver: 0 is a time */
	} rows[] = {
		{"huawei", "AT\r", "^NWTIME: 26/11/22,12:00:09+4,00", 0},
		{"simcom", "AT\r", "*PSUTTZ: 2026,11,22,12,0,9,\"+4\",0", 0},
		{"quectel", "AT+CTZR=1\r", "+CTZV: \"+04\"", -ENODATA},
		{"quectel", "AT+CTZR=2\r",
			"+CTZE: \"+04\",0,\"2026/11/22,13:00:09\"", 0},
		{"standard", "AT\r", "", -ENOENT},
	};
	static const int64_t utc_ms = 1795348809000; /* 12:00:09Z */
	struct nitz nitz = {.utc_ms = 0};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lab lab;
		lab_init(&lab, rows[i].dialect);
		lab.options.nitz = true;
		lab.options.register_ms = 9000;
		lab_start(&lab);
		lab_talk(&lab, rows[i].setting, 0);
		lab_hear(&lab, 10000);
		assert_non_null(strstr(lab.out, rows[i].said));
		assert_int_equal(lab.out[0] == '\0', rows[i].said[0] == '\0');
		assert_int_equal(
			nitz_of(span_str(rows[i].said), &nitz), rows[i].read);
		if (rows[i].read == 0)
			assert_int_equal(nitz.utc_ms, utc_ms);
		assert_string_equal(lab_hear(&lab, 60000), "");
		lab_fini(&lab);
	}
}

/* ---- ports -------------------------------------------------------------- */

/* Diagnostics, a port that never speaks unasked, and one that does. */
static void
begin_ports(struct lab *lab, const char *dialect)
{
	lab_init(lab, dialect);
	lab->options.port_count = 3;
	lab->options.ports[0].role = DEVICE_ROLE_MUTE;
	lab->options.ports[2].urc = true;
	lab->options.echo = false;
	lab_start(lab);
	lab_hear(lab, 0);
}

static void
each_port_does_what_its_role_says(void **state)
{
	struct lab lab;
	(void)state;
	begin_ports(&lab, "quectel");
	assert_string_equal(lab_talk_to(&lab, 0, "AT\r"), "");
	assert_string_equal(lab_talk_to(&lab, 1, "AT\r"), "\r\nOK\r\n");
	assert_string_equal(
		lab_talk_to(&lab, 1, "AT+CUSD=1,\"*123#\",15\r"), "\r\nOK\r\n");
	assert_string_equal(lab.ports[2],
		"\r\n+CUSD: 0,\"Your balance is 50.00 XTS.\",15\r\n");
	assert_string_equal(lab.out, "");
	assert_non_null(strstr(
		lab_talk_to(&lab, 2, "AT+CUSD=1,\"*123#\",15\r"), "50.00"));
	assert_string_equal(lab.ports[1], "");
	lab_fini(&lab);
}

static void
answers_go_to_the_sender_where_the_family_does_so(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "standard");
	lab.options.port_count = 2;
	lab.options.ports[1].urc = true;
	lab.options.answer_on_sender = true;
	lab.options.echo = false;
	lab_start(&lab);
	assert_non_null(strstr(
		lab_talk_to(&lab, 0, "AT+CUSD=1,\"*123#\",15\r"), "50.00"));
	assert_string_equal(lab.ports[1], "");
	lab_fini(&lab);
}

static void
qurccfg_says_which_port_speaks_unasked(void **state)
{
	struct lab lab;
	(void)state;
	begin_ports(&lab, "quectel");
	lab_talk_to(&lab, 2, "AT+QURCCFG=\"urcport\",\"usbat\"\r");
	assert_non_null(strstr(
		lab_talk_to(&lab, 1, "AT+CUSD=1,\"*123#\",15\r"), "50.00"));
	assert_string_equal(lab_talk_to(&lab, 1, "AT+QURCCFG=\"urcport\"\r"),
		"\r\n+QURCCFG: \"urcport\",\"usbat\"\r\n\r\nOK\r\n");
	/* a port that is not there: the answer is for nobody */
	lab_talk_to(&lab, 1, "AT+QURCCFG=\"urcport\",\"uart1\"\r");
	assert_string_equal(
		lab_talk_to(&lab, 1, "AT+CUSD=1,\"*123#\",15\r"), "\r\nOK\r\n");
	assert_string_equal(lab.ports[2], "");
	assert_non_null(strstr(lab.truth, "\"fate\":\"lost\""));
	/* it is kept over a start */
	device_start(lab.device, lab.now_ms);
	lab_hear(&lab, 100);
	assert_string_equal(lab.ports[2], "");
	lab_fini(&lab);
}

static void
message_is_asked_for_where_it_was_begun(void **state)
{
	struct lab lab;
	(void)state;
	begin_ports(&lab, "quectel");
	lab_talk_to(&lab, 1, "AT+CMGF=0\r");
	assert_string_equal(lab_talk_to(&lab, 1, "AT+CMGS=20\r"), "\r\n> ");
	assert_string_equal(lab_talk_to(&lab, 2, "AT\r"), "\r\nOK\r\n");
	lab_talk_to(&lab, 1, "\x1B");
	assert_string_equal(lab_talk_to(&lab, 1, "AT\r"), "\r\nOK\r\n");
	lab_fini(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tries_are_told_as_each_family_does),
		cmocka_unit_test(
			third_wrong_pin_wants_the_puk_which_nobody_gives),
		cmocka_unit_test(messages_are_ready_after_the_pin),
		cmocka_unit_test(cell_without_ussd_answers_as_it_is_told),
		cmocka_unit_test(lte_is_shown_and_left_on_command),
		cmocka_unit_test(clock_is_right_absent_or_wrong),
		cmocka_unit_test(network_tells_the_time_when_it_is_registered),
		cmocka_unit_test(each_port_does_what_its_role_says),
		cmocka_unit_test(
			answers_go_to_the_sender_where_the_family_does_so),
		cmocka_unit_test(qurccfg_says_which_port_speaks_unasked),
		cmocka_unit_test(message_is_asked_for_where_it_was_begun),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
