/*
 * Simulated modems that hang: what they still do, and that nothing but their
 * cure helps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/lab.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static void
begin(struct lab *lab, enum device_hang_kind kind, enum device_cure cure)
{
	lab_init(lab, "standard");
	lab->options.hang_kind = kind;
	lab->options.cure = cure;
	lab->options.register_ms = 0;
	lab_start(lab);
	lab_talk(lab, "ATE0\r", 0);
	device_hang(lab->device, lab->now_ms, 0);
}

/* What a ladder does at each rung; closing and power are no words. */
enum rung { ESC, ATZ, REOPEN, RADIO, CFUN, POWER, RUNGS };

static void
climb(struct lab *lab, enum rung rung)
{
	switch (rung) {
	case ESC:
		lab_talk(lab, "\x1B\r", 100);
		for (int i = 0; i < 3; i++)
			lab_talk(lab, "AT\r", 100);
		break;
	case ATZ:
		lab_talk(lab, "ATZ\r", 100);
		break;
	case REOPEN:
		device_closed(lab->device, lab->now_ms);
		break;
	case RADIO:
		lab_talk(lab, "AT+CFUN=4\r", 100);
		lab_talk(lab, "AT+CFUN=1\r", 100);
		break;
	case CFUN:
		lab_talk(lab, "AT+CFUN=1,1\r", 200);
		break;
	case POWER:
		device_power(lab->device, lab->now_ms, 1000);
		break;
	case RUNGS:
		break;
	}
	lab_hear(lab, 2000);
}

static bool
works(struct lab *lab)
{
	const char *said;
	lab_talk(lab, "ATE0\r", 100);
	said = lab_talk(lab, "AT+CUSD=1,\"*123#\",15\r", 200);
	return strstr(said, "\r\nOK\r\n") != NULL && strstr(said, "50.00");
}

/* Each rung alone, at each hang: a row says which of them help. */
static void
only_its_cure_helps_a_hang(void **state)
{
	static const struct {
		enum device_cure cure;
		const char *helps; /* E, Z, O, R, C, P: in the rungs' order */
	} rows[] = {
		{DEVICE_BY_ESC, "E...CP"},
		{DEVICE_BY_ATZ, ".Z..CP"},
		{DEVICE_BY_REOPEN, "..O..P"},
		{DEVICE_BY_RADIO, "...RCP"},
		{DEVICE_BY_CFUN, "....CP"},
		{DEVICE_BY_POWER, ".....P"},
	};
	static const enum device_hang_kind kinds[] = {DEVICE_HANG_SILENT,
		DEVICE_HANG_ECHO, DEVICE_HANG_ERROR, DEVICE_HANG_USSD};
	(void)state;
	for (size_t i = 0; i < COUNT(rows) * COUNT(kinds) * RUNGS; i++) {
		size_t row = i / RUNGS / COUNT(kinds);
		enum device_hang_kind kind = kinds[i / RUNGS % COUNT(kinds)];
		enum rung rung = (enum rung)(i % RUNGS);
		struct lab lab;
		begin(&lab, kind, rows[row].cure);
		assert_false(works(&lab));
		climb(&lab, rung);
		if (works(&lab) != (rows[row].helps[rung] != '.'))
			fail_msg("kind %d, cure %d, rung %d", (int)kind,
				(int)rows[row].cure, (int)rung);
		lab_fini(&lab);
	}
}

static void
hang_does_what_its_kind_says(void **state)
{
	static const struct {
		enum device_hang_kind kind;
		const char *at;
		const char *request;
	} rows[] = {
		{DEVICE_HANG_SILENT, "", ""},
		{DEVICE_HANG_ECHO, "", ""},
		{DEVICE_HANG_ERROR, "\r\nERROR\r\n", "\r\nERROR\r\n"},
		{DEVICE_HANG_USSD, "\r\nOK\r\n", "\r\nOK\r\n"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lab lab;
		begin(&lab, rows[i].kind, DEVICE_BY_POWER);
		assert_string_equal(lab_talk(&lab, "AT\r", 200), rows[i].at);
		assert_string_equal(
			lab_talk(
				&lab, "AT+CUSD=1,\"" LAB_CODE "\",15\r", 60000),
			rows[i].request);
		assert_int_equal(
			network_card(lab.network, LAB_PIN)->executed, 0);
		lab_fini(&lab);
	}
}

static void
echoing_hang_echoes(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "standard");
	lab.options.hang_kind = DEVICE_HANG_ECHO;
	lab.options.cure = DEVICE_BY_POWER;
	lab_start(&lab);
	device_hang(lab.device, lab.now_ms, 0);
	assert_string_equal(lab_talk(&lab, "AT\r", 200), "AT\r");
	lab_fini(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_its_cure_helps_a_hang),
		cmocka_unit_test(hang_does_what_its_kind_says),
		cmocka_unit_test(echoing_hang_echoes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
