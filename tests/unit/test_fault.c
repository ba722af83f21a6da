/*
 * What goes wrong with the simulated modems: each fault on the line and in
 * the truth, in virtual time; hang, vanishing, hostile bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/lab.h"
#include "tests/sim/rng.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* What a redemption under a fault looks like, and what is true of it. */
struct fault_row {
	enum device_fault fault;
	const char *said; /* in 60 s; NULL: see the test below */
	size_t executed;
	const char *fate; /* of the reply; NULL: there is none */
};

#define LOADED                                                                 \
	"You have been credited with 100.00 XTS. Your balance is 150.00 XTS."
#define OK "\r\nOK\r\n"

static const struct fault_row fault_rows[] = {
	{DEVICE_CME_LOCAL, "\r\n+CME ERROR: 30\r\n", 0, NULL},
	{DEVICE_LOSE_REQUEST, OK, 0, NULL},
	{DEVICE_NEVER, OK, 0, NULL},
	{DEVICE_BUSY,
		OK "\r\n+CUSD: 0,\"Service busy, please try again "
		   "later.\",15\r\n",
		0, "sent"},
	{DEVICE_LOSE_REPLY, OK, 1, "lost"},
	{DEVICE_SILENT, "", 1, "lost"},
	{DEVICE_REBOOT, OK, 1, "lost"},
	{DEVICE_HANG, OK, 1, "lost"},
	{DEVICE_VANISH, OK, 1, "lost"},
	{DEVICE_REPLUG, OK "\r\n+CUSD: 0,\"" LOADED "\",15\r\n", 1, "sent"},
	{DEVICE_CME, OK "\r\n+CME ERROR: 132\r\n", 1, "lost"},
	{DEVICE_DROPPED, OK "\r\n+CUSD: 2\r\n", 1, "lost"},
	{DEVICE_UNSUPPORTED, OK "\r\n+CUSD: 4\r\n", 1, "lost"},
	{DEVICE_TIMEOUT, OK "\r\n+CUSD: 5,\"*12?*12?456?890?234?\",15\r\n", 1,
		"lost"},
	{DEVICE_LATE, OK "\r\n+CUSD: 0,\"" LOADED "\",15\r\n", 1, "late"},
	{DEVICE_TWICE,
		OK "\r\n+CUSD: 0,\"" LOADED "\",15\r\n\r\n+CUSD: 0,\"" LOADED
		   "\",15\r\n",
		1, "twice"},
	{DEVICE_GARBLE, NULL, 1, "garbled"},
	{DEVICE_ENDED, OK "\r\n+CUSD: 2,\"" LOADED "\",15\r\n", 1, "sent"},
	{DEVICE_OPEN, OK "\r\n+CUSD: 1,\"" LOADED "\",15\r\n\r\n+CUSD: 2\r\n",
		1, "sent"},
	{DEVICE_STALE, OK "\r\n+CUSD: 2\r\n\r\n+CUSD: 0,\"" LOADED "\",15\r\n",
		1, "sent"},
	{DEVICE_RELEASE, NULL, 1, "sent"},
	{DEVICE_QUOTES,
		OK "\r\n+CUSD: 0,\"Dear \"customer\", " LOADED
		   " Dial \"*123#\".\",15\r\n",
		1, "sent"},
	{DEVICE_LINES,
		OK "\r\n+CUSD: 0,\"You have been credited with 100.00 "
		   "XTS.\r\n\r\nOK\r\nYour balance is 150.00 XTS.\",15\r\n",
		1, "sent"},
	{DEVICE_UNTERMINATED, OK "\r\n+CUSD: 0,\"" LOADED "\r\n", 1, "sent"},
	{DEVICE_SPLICE, NULL, 1, "garbled"},
	{DEVICE_GLUED, "\r\nOK+CUSD: 0,\"" LOADED "\",15\r\n", 1, "sent"},
	{DEVICE_NO_OK, "\r\n+CUSD: 0,\"" LOADED "\",15\r\n", 1, "sent"},
	{DEVICE_NO_DCS, OK "\r\n+CUSD: 0,\"" LOADED "\"\r\n", 1, "sent"},
	{DEVICE_ODD_DCS, OK "\r\n+CUSD: 0,\"" LOADED "\",15r\r\n", 1, "sent"},
	{DEVICE_NO_QUOTES, OK "\r\n+CUSD: 0, " LOADED "\r\n", 1, "sent"},
	{DEVICE_DCS17, NULL, 1, "sent"},
	{DEVICE_DCS17_LANG, NULL, 1, "sent"},
	{DEVICE_LONG, NULL, 1, "sent"},
	{DEVICE_RAW_PACKED, NULL, 1, "packed"},
	{DEVICE_NULS, NULL, 1, "sent"},
	{DEVICE_PAD_AT, NULL, 1, "sent"}, /* NUL is "@" in the alphabet */
	{DEVICE_PAD_CR, OK "\r\n+CUSD: 0,\"" LOADED "\r\",15\r\n", 1, "sent"},
};

/* With what it says the truth must agree: the fault by name, the request
 * and whether it came there, the credit, the fate of the reply. */
static void
check_truth(const char *truth, const struct fault_row *row, bool reached)
{
	char want[128];
	(void)snprintf(want, sizeof want,
		"\"event\":\"fault\",\"modem\":\"m1\""
		",\"code\":\"" LAB_CODE "\",\"fault\":\"%s\"",
		device_fault_name(row->fault));
	if (row->fault != DEVICE_NEVER)
		assert_non_null(strstr(truth, want));
	(void)snprintf(want, sizeof want,
		"\"event\":\"request\",\"modem\":\"m1\",\"code\":\"" LAB_CODE
		"\",\"reached\":%s",
		reached ? "true" : "false");
	assert_int_equal(
		strstr(truth, want) != NULL, row->fault != DEVICE_CME_LOCAL);
	assert_int_equal(
		strstr(truth, "\"executed\":1,\"outcome\":\"loaded\"") != NULL,
		row->executed);
	if (row->fate == NULL) {
		assert_null(strstr(truth, "\"event\":\"reply\""));
		return;
	}
	(void)snprintf(want, sizeof want, "\"fate\":\"%s\"", row->fate);
	assert_non_null(strstr(truth, want));
}

static void
each_fault_is_seen_on_the_line_and_in_the_truth(void **state)
{
	(void)state;
	assert_int_equal(COUNT(fault_rows), DEVICE_FAULTS);
	for (size_t i = 0; i < COUNT(fault_rows); i++) {
		struct fault_row row = fault_rows[i];
		struct lab lab;
		assert_int_equal(row.fault, i);
		assert_int_equal(
			device_fault_by_name(device_fault_name(row.fault)),
			row.fault);
		lab_init(&lab, "standard");
		lab.options.chance[row.fault] = 1;
		lab_start(&lab);
		lab_talk(&lab, "ATE0+CMEE=1\r", 0);
		/* a balance meets no fault: only PINs have a chance of it */
		assert_non_null(strstr(
			lab_talk(&lab, "AT+CUSD=1,\"*123#\"\r", 100), "50.00"));
		size_t from = lab.truth_len;
		lab_talk(&lab, "AT+CUSD=1,\"" LAB_CODE "\",15\r", 70000);
		if (row.said != NULL)
			assert_string_equal(lab.out, row.said);
		unsigned executed =
			network_card(lab.network, LAB_PIN)->executed;
		if (row.fault == DEVICE_NEVER && executed == 1) {
			row.executed = 1;
			row.fate = "lost";
		}
		assert_int_equal(executed, row.executed);
		check_truth(lab.truth + from, &row,
			row.executed == 1 || row.fault == DEVICE_BUSY);
		lab_fini(&lab);
	}
}

/* The faults whose bytes are a matter of chance. */
static void
damaged_answers_look_as_they_do_in_captures(void **state)
{
	struct lab lab;
	static const struct {
		enum device_fault fault;
		bool whole; /* the text stands in it unharmed */
		const char *holds;
		const char *other; /* or this */
	} rows[] = {
		{DEVICE_GARBLE, false, "+CUSD: 0,\"", NULL},
		{DEVICE_RELEASE, true, "+CUSD: 2,\"Initiating Release\",15\r\n",
			"+CUSD: 3,\"Other local client responded\",15\r\n"},
		{DEVICE_SPLICE, false, "\r\n+CREG: 1\r\n", NULL},
		{DEVICE_DCS17, false, "+CUSD: 0,\"0059006F0075", NULL},
		{DEVICE_DCS17_LANG, false, "0000006E0012F4,17\r\n", NULL},
		{DEVICE_LONG, true, LOADED " Stay with us", NULL},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		lab_init(&lab, "standard");
		lab_start(&lab);
		lab_talk(&lab, "ATE0\r", 0);
		device_strike(lab.device,
			&(struct device_strike){.fault = rows[i].fault});
		lab_talk(&lab, "AT+CUSD=1,\"" LAB_CODE "\",15\r", 1000);
		assert_true(strstr(lab.out, rows[i].holds) != NULL ||
			    (rows[i].other != NULL &&
				    strstr(lab.out, rows[i].other) != NULL));
		assert_int_equal(
			strstr(lab.out, LOADED) != NULL, rows[i].whole);
		assert_non_null(strstr(lab.truth, LOADED));
		if (rows[i].fault == DEVICE_LONG)
			assert_true(lab.out_len > 4096);
		lab_fini(&lab);
	}
}

static void
long_texts_are_long_in_every_coding(void **state)
{
	static const struct {
		const char *dialect;
		const char *charset;
		const char *request;
		size_t least;
	} rows[] = {
		{"standard", "HEX", "AT+CUSD=1,\"2A31323323\"\r", 8192},
		{"quectel", "UCS2", "AT+CUSD=1,\"002A0031003200330023\"\r",
			16384},
		{"huawei", "GSM", "AT+CUSD=1,\"AA986C3602\"\r", 7168},
		{"simcom", "IRA", "AT+CUSD=1,\"*123#\"\r", 4096},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lab lab;
		lab_init(&lab, rows[i].dialect);
		(void)snprintf(lab.options.cscs, sizeof lab.options.cscs, "%s",
			rows[i].charset);
		lab_start(&lab);
		device_strike(lab.device,
			&(struct device_strike){.fault = DEVICE_LONG});
		lab_talk(&lab, rows[i].request, 100);
		assert_true(lab.out_len > rows[i].least);
		lab_fini(&lab);
	}
}

static void
strike_meets_one_request_and_can_wait_for_a_pin(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "standard");
	lab_start(&lab);
	lab_talk(&lab, "ATE0\r", 0);
	device_strike(lab.device,
		&(struct device_strike){.fault = DEVICE_LOSE_REPLY});
	assert_string_equal(lab_talk(&lab, "AT+CUSD=1,\"*123#\"\r", 100), OK);
	assert_non_null(
		strstr(lab_talk(&lab, "AT+CUSD=1,\"*123#\"\r", 100), "50.00"));
	device_strike(lab.device,
		&(struct device_strike){
			.fault = DEVICE_LATE, .only_pin = true, .ms = 700});
	assert_non_null(
		strstr(lab_talk(&lab, "AT+CUSD=1,\"*123#\"\r", 100), "50.00"));
	assert_string_equal(
		lab_talk(&lab, "AT+CUSD=1,\"" LAB_CODE "\"\r", 700), OK);
	/* it lands inside the next command */
	assert_string_equal(lab_talk(&lab, "AT+C", 100),
		"\r\n+CUSD: 0,\"" LOADED "\",15\r\n");
	assert_string_equal(
		lab_talk(&lab, "SQ\r", 0), "\r\n+CSQ: 20,99\r\n\r\nOK\r\n");
	lab_fini(&lab);
}

static void
hung_device_hears_nothing_until_its_cure(void **state)
{
	static const struct {
		enum device_cure cure;
		const char *no_cure;
		const char *cure_line;
		int64_t wait_ms;
	} rows[] = {
		{DEVICE_BY_TIME, "AT\rATZ\rAT+CFUN=1,1\r", "", 5000},
		{DEVICE_BY_ATZ, "AT\r\x1B\r", "ATZ\r", 0},
		{DEVICE_BY_CFUN, "AT\rATZ\r", "AT+CFUN=1,1\r", 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lab lab;
		lab_init(&lab, "standard");
		lab.options.cure = rows[i].cure;
		lab_start(&lab);
		device_hang(lab.device, lab.now_ms, 0);
		assert_string_equal(lab_talk(&lab, rows[i].no_cure, 4000), "");
		lab_talk(&lab, rows[i].cure_line, rows[i].wait_ms);
		assert_string_equal(
			lab_talk(&lab, "AT\r", 0), "AT\r\r\nOK\r\n");
		lab_fini(&lab);
	}
}

static void
device_that_vanished_comes_back_as_new(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "simcom");
	lab_start(&lab);
	lab_talk(&lab, "ATE0\r", 0);
	device_vanish(lab.device, lab.now_ms, 10000);
	assert_false(device_is_there(lab.device));
	assert_string_equal(lab_talk(&lab, "AT\r", 9999), "");
	lab_talk(&lab, "", 1);
	assert_true(device_is_there(lab.device));
	assert_non_null(strstr(lab.out, "SMS Ready"));
	assert_string_equal(lab_talk(&lab, "AT\r", 0), "AT\r\r\nOK\r\n");
	assert_non_null(strstr(lab.truth, "\"state\":\"down\""));
	assert_non_null(strstr(lab.truth, "\"state\":\"up\""));
	lab_fini(&lab);
}

/* A reply that waits when the device goes is lost, and the truth says so. */
static void
reply_under_way_is_lost_with_the_port(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "standard");
	lab.options.delay_ms[0] = lab.options.delay_ms[1] = 1000;
	lab_start(&lab);
	lab_talk(&lab, "AT+CUSD=1,\"" LAB_CODE "\"\r", 500);
	size_t from = lab.truth_len;
	assert_null(strstr(lab.truth, "\"event\":\"reply\""));
	device_vanish(lab.device, lab.now_ms, 0);
	assert_non_null(strstr(lab.truth + from, "\"fate\":\"lost\""));
	lab_fini(&lab);
}

/* Whoever is killed between the two finds the truth in the file. */
static void
truth_of_a_reply_comes_before_its_first_byte(void **state)
{
	struct lab lab;
	char byte;
	(void)state;
	lab_init(&lab, "standard");
	lab.options.cut = 1;
	lab.options.delay_ms[0] = lab.options.delay_ms[1] = 10;
	lab_start(&lab);
	lab_talk(&lab, "ATE0\r", 0);
	lab_talk(&lab, "AT+CUSD=1,\"*123#\"\r", 9);
	assert_null(strstr(lab.truth, "\"event\":\"reply\""));
	assert_int_equal(device_take(lab.device, lab.now_ms + 1, &byte, 1), 1);
	assert_non_null(strstr(lab.truth, "\"fate\":\"sent\""));
	lab_fini(&lab);
}

static void
same_seed_makes_the_same_run(void **state)
{
	static struct lab runs[2];
	(void)state;
	for (int i = 0; i < 2; i++) {
		lab_init(&runs[i], "huawei");
		for (int f = 0; f < DEVICE_FAULTS; f++)
			runs[i].options.chance[f] = 0.1;
		runs[i].options.ussdmode = 0;
		runs[i].options.vanish_ms = 100;
		lab_start(&runs[i]);
		for (int n = 0; n < 60; n++)
			lab_talk(&runs[i], "AT+CUSD=1,\"" LAB_CODE "\"\r",
				20000);
	}
	assert_string_equal(runs[0].truth, runs[1].truth);
	assert_int_equal(network_card(runs[0].network, LAB_PIN)->executed, 1);
	lab_fini(&runs[0]);
	lab_fini(&runs[1]);
}

/* Any bytes at any moment: no crash, no endless loop, no second credit. */
static void
hostile_bytes_do_no_harm(void **state)
{
	static const char code[] = LAB_CODE;
	static const char *const words[] = {"AT", "+CUSD=1,\"", code, "\"",
		"\r", "\n", ";", "+CPIN=", "E0", "D", "=", "?", ",", "\x1B",
		"+CSCS=\"UCS2\"", "^USSDMODE=0", "+CFUN=1,1", "Z", "&F", "002A",
		"\xFF", " "};
	struct rng rng;
	struct lab lab;
	(void)state;
	rng_init(&rng, LAB_SEED, "hostile");
	print_message("seed %d\n", LAB_SEED);
	lab_init(&lab, "huawei");
	lab.options.noise = true;
	lab_start(&lab);
	for (int i = 0; i < 20000; i++) {
		const char *word = words[rng_next(&rng) % COUNT(words)];
		lab.truth_len = 0;
		lab_talk(&lab, word, rng_between(&rng, 0, 30));
	}
	assert_true(network_card(lab.network, LAB_PIN)->executed <= 1);
	lab_fini(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_fault_is_seen_on_the_line_and_in_the_truth),
		cmocka_unit_test(damaged_answers_look_as_they_do_in_captures),
		cmocka_unit_test(long_texts_are_long_in_every_coding),
		cmocka_unit_test(
			strike_meets_one_request_and_can_wait_for_a_pin),
		cmocka_unit_test(hung_device_hears_nothing_until_its_cure),
		cmocka_unit_test(device_that_vanished_comes_back_as_new),
		cmocka_unit_test(reply_under_way_is_lost_with_the_port),
		cmocka_unit_test(truth_of_a_reply_comes_before_its_first_byte),
		cmocka_unit_test(same_seed_makes_the_same_run),
		cmocka_unit_test(hostile_bytes_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
