/*
 * Short messages of the simulated device: it must do what modems and
 * networks do to them, or the driver's tests prove nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/lab.h"
#include "tests/sim/network_sms.h"

#define NOON INT64_C(1795348800000)
/* "TOP 12345678901234" and "BAL" to 121, by hand (TS 23.040 9.2.2.2). */
#define TOP "000100038121F1000012D427141493CD6835DB0D9783C564331A"
#define BAL "000100038121F1000003C22013"

static struct lab lab;

static struct sms_message
message(const char *text)
{
	return (struct sms_message){.smsc = NETWORK_SMS_CENTRE,
		.sender = NETWORK_SMS_SENDER,
		.text = text,
		.stamp_ms = NOON,
		.message_class = SMS_NO_CLASS};
}

static void
begin(const char *dialect)
{
	lab_init(&lab, dialect);
	lab.options.mail.delay_ms[0] = lab.options.mail.delay_ms[1] = 1000;
	lab_start(&lab);
	(void)lab_talk(&lab, "ATE0\r", 100);
	(void)lab_talk(&lab, "AT+CMEE=1;+CMGF=0\r", 100);
}

static void
expect(const char *bytes, const char *answer)
{
	assert_string_equal(lab_talk(&lab, bytes, 200), answer);
}

/* Whether the answer has that in it. */
static void
expect_part(const char *bytes, int64_t wait_ms, const char *part)
{
	const char *heard = lab_talk(&lab, bytes, wait_ms);

	if (strstr(heard, part) == NULL)
		fail_msg("no %s in %s", part, heard);
}

static void
message_is_stored_told_listed_and_deleted(void **state)
{
	struct sms_message m = message("hello");
	const char *heard;

	(void)state;
	begin("standard");
	expect("AT+CNMI=2,1\r", "\r\nOK\r\n");
	assert_int_equal(device_message(lab.device, lab.now_ms, &m, NULL), 0);
	assert_string_equal(lab_hear(&lab, 100), "\r\n+CMTI: \"SM\",1\r\n");
	expect("AT+CPMS=\"SM\"\r", "\r\n+CPMS: 1,20,1,20,1,20\r\n\r\nOK\r\n");
	heard = lab_talk(&lab, "AT+CMGL=4\r", 100);
	assert_memory_equal(heard, "\r\n+CMGL: 1,0,,", 14);
	assert_non_null(strstr(heard, "E8329BFD06\r\n\r\nOK\r\n"));
	expect_part("AT+CMGR=1\r", 100, "+CMGR: 1,,");
	expect("AT+CMGR=2\r", "\r\n+CMS ERROR: 321\r\n");
	expect("AT+CMGD=1\r", "\r\nOK\r\n");
	expect("AT+CMGL=4\r", "\r\nOK\r\n");
	lab_fini(&lab);
}

static void
lists_have_their_forms_and_gaps(void **state)
{
	static const char *const forms[] = {"\r\n+CMGL: 3,0,,4\r\n00AABBCC\r\n",
		"\r\n+CMGL: 3,0,4\r\n00AABBCC\r\n",
		"\r\n+CMGL: 3,0,\"\",4\r\n00AABBCC\r\n",
		"\r\n+CMGL: 3,0,\"616E64726577\",4 \r\n00AABBCC\r\n",
		"\r\n+CMGL: 3,0,,4,00AABBCC\r\n"};

	(void)state;
	for (int i = 0; i < 5; i++) {
		begin("standard");
		device_options(lab.device)->mail.form = (enum mail_form)i;
		for (int k = 0; k < 3; k++)
			assert_int_equal(
				device_stored(lab.device, "SM", "00AABBCC"), 0);
		(void)lab_talk(&lab, "AT+CMGD=1;+CMGD=2\r", 100);
		assert_int_equal(device_store_used(lab.device, "SM"), 1);
		expect_part("AT+CMGL=4\r", 100, forms[i]);
		lab_fini(&lab);
	}
}

static void
text_to_the_operator_redeems_and_is_answered(void **state)
{
	(void)state;
	begin("standard");
	expect("AT+CNMI=2,1\r", "\r\nOK\r\n");
	expect("AT+CMGS=25\r", "\r\n> ");
	expect_part(TOP "\x1a", 900, "\r\n+CMGS: ");
	assert_non_null(strstr(lab.truth, "\"event\":\"sms_sent\""));
	assert_non_null(strstr(lab.truth, "\"reached\":true"));
	assert_non_null(strstr(lab.truth, "\"outcome\":\"loaded\""));
	assert_string_equal(lab_hear(&lab, 2000), "\r\n+CMTI: \"SM\",1\r\n");
	assert_int_equal(network_card(lab.network, LAB_PIN)->executed, 1);
	expect("AT+CMGS=12\r", "\r\n> ");
	expect_part(BAL "\x1a", 900, "\r\n+CMGS: ");
	assert_non_null(strstr(lab.truth, "Your balance is 150.00 XTS."));
	lab_fini(&lab);
}

/* What each fault says, and whether the card is then spent. */
static void
faults_of_a_text_are_what_they_say(void **state)
{
	static const struct {
		enum mail_fault fault;
		const char *prompt;
		const char *sent;
		unsigned executed;
	} rows[] = {
		{MAIL_PROMPT_MISSING, "", NULL, 0},
		{MAIL_PROMPT_ERROR, "\r\nERROR\r\n", NULL, 0},
		{MAIL_PROMPT_URC,
			"\r\n+ZUSIMR:2\r\n\r\n+CMTI: \"SM\",19\r\n\r\n> ",
			"+CMGS", 1},
		{MAIL_LOST, "\r\n> ", "", 0},
		{MAIL_REFUSED, "\r\n> ", "\r\n+CMS ERROR: 500\r\n", 0},
		{MAIL_SILENT, "\r\n> ", "", 1},
		{MAIL_ERROR, "\r\n> ", "\r\n+CMS ERROR: 500\r\n", 1},
		{MAIL_LATE, "\r\n> ", "", 1},
		{MAIL_REBOOT, "\r\n> ", "", 1},
		{MAIL_CUSD, "\r\n> ", "\r\n+CMGS: 2\r\n\r\nOK\r\n", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *heard;

		begin("standard");
		device_mail_strike(lab.device, rows[i].fault);
		expect("AT+CMGS=25\r", rows[i].prompt);
		heard = lab_talk(&lab,
			rows[i].sent != NULL ? TOP "\x1a" : "\x1b\r", 900);
		if (rows[i].sent != NULL && rows[i].sent[0] == '+')
			assert_non_null(strstr(heard, rows[i].sent));
		else if (rows[i].sent != NULL)
			assert_string_equal(heard, rows[i].sent);
		assert_int_equal(network_card(lab.network, LAB_PIN)->executed,
			rows[i].executed);
		if (rows[i].fault == MAIL_LATE)
			assert_non_null(
				strstr(lab_hear(&lab, 30000), "+CMGS: "));
		lab_fini(&lab);
	}
}

static void
answer_nobody_asked_for_comes_before_the_result(void **state)
{
	(void)state;
	begin("standard");
	(void)lab_talk(&lab, "AT+CUSD=1\r", 0);
	device_mail_strike(lab.device, MAIL_CUSD);
	expect("AT+CMGS=25\r", "\r\n> ");
	assert_string_equal(lab_talk(&lab, TOP "\x1a", 900),
		"\r\n+CUSD: 0,\"Your last call cost 0.10.\",15\r\n"
		"\r\n+CMGS: 2\r\n\r\nOK\r\n");
	lab_fini(&lab);
}

static void
late_prompt_hears_nothing_before_it(void **state)
{
	(void)state;
	begin("standard");
	device_mail_strike(lab.device, MAIL_PROMPT_LATE);
	expect("AT+CMGS=25\r", "");
	expect("\x1b\rAT\r", "");
	assert_string_equal(lab_hear(&lab, 5000), "\r\n> ");
	expect("AT+CREG?\r", ""); /* a text now */
	expect("\x1b", "\r\nOK\r\n");
	expect("AT\r", "\r\nOK\r\n");
	lab_fini(&lab);
}

static void
full_store_makes_the_network_wait(void **state)
{
	struct sms_message m = message("hello");

	(void)state;
	for (int silent = 0; silent < 2; silent++) {
		begin("huawei");
		device_options(lab.device)->mail.sm_size = 1;
		device_options(lab.device)->mail.full_silent = silent == 1;
		expect("AT+CNMI=1,1\r", "\r\nOK\r\n");
		expect("AT+CNMI=2,1\r", "\r\n+CMS ERROR: 303\r\n");
		(void)device_message(lab.device, lab.now_ms, &m, NULL);
		(void)lab_hear(&lab, 100);
		(void)device_message(lab.device, lab.now_ms, &m, NULL);
		assert_string_equal(lab_hear(&lab, 100),
			silent ? "" : "\r\n^SMMEMFULL: \"SM\"\r\n");
		expect("AT+CMGD=1\r", "\r\nOK\r\n");
		assert_string_equal(
			lab_hear(&lab, 20000), "\r\n+CMTI: \"SM\",1\r\n");
		lab_fini(&lab);
	}
}

static void
direct_message_waits_for_its_acknowledgement(void **state)
{
	struct sms_message m = message("hello");

	(void)state;
	begin("standard");
	expect("AT+CNMI=2,2;+CSMS=1\r", "\r\n+CSMS: 1,1,1\r\n\r\nOK\r\n");
	(void)device_message(lab.device, lab.now_ms, &m, NULL);
	assert_non_null(strstr(lab_hear(&lab, 100), "+CMT: ,"));
	assert_string_equal(lab_hear(&lab, 14000), "");
	assert_non_null(strstr(lab_hear(&lab, 2000), "+CMT: ,")); /* again */
	expect("AT+CNMA\r", "\r\nOK\r\n");
	assert_string_equal(lab_hear(&lab, 60000), "");
	lab_fini(&lab);
}

static void
parts_come_as_they_are_ordered(void **state)
{
	char text[401];
	struct sms_message m = message(text);
	const char *heard;

	(void)state;
	memset(text, 'x', 400);
	text[400] = '\0';
	begin("standard");
	(void)device_message(lab.device, lab.now_ms, &m, "3122");
	lab_pass(&lab, 5000);
	assert_int_equal(device_store_used(lab.device, "SM"), 4);
	heard = lab_talk(&lab, "AT+CMGL=4\r", 100);
	heard = strstr(heard, "050003000303");
	assert_non_null(heard);
	heard = strstr(heard, "050003000301");
	assert_non_null(heard);
	heard = strstr(heard, "050003000302");
	assert_non_null(heard);
	assert_non_null(strstr(heard + 1, "050003000302"));
	lab_fini(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_is_stored_told_listed_and_deleted),
		cmocka_unit_test(lists_have_their_forms_and_gaps),
		cmocka_unit_test(text_to_the_operator_redeems_and_is_answered),
		cmocka_unit_test(faults_of_a_text_are_what_they_say),
		cmocka_unit_test(
			answer_nobody_asked_for_comes_before_the_result),
		cmocka_unit_test(late_prompt_hears_nothing_before_it),
		cmocka_unit_test(full_store_makes_the_network_wait),
		cmocka_unit_test(direct_message_waits_for_its_acknowledgement),
		cmocka_unit_test(parts_come_as_they_are_ordered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
