/*
 * Every family that modemsim speaks: who it says it is, in which coding it
 * takes a request and gives an answer, and where it differs from 27.007.
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
#define OK          "\r\nOK\r\n"

/* "Your balance is 50.00 XTS.", as it is packed, and in UCS2. */
#define TEXT   "Your balance is 50.00 XTS."
#define PACKED "D9775D0E1287D961F7B80C4ACF4135980B060361A95317"
#define WIDE                                                                   \
	"0059006F00750072002000620061006C0061006E006300650020006900730020003"  \
	"50030002E003000300020005800540053002E"
#define SMALL                                                                  \
	"0059006f00750072002000620061006c0061006e006300650020006900730020003"  \
	"50030002e003000300020005800540053002e"

static const struct family {
	const char *dialect;
	const char *maker;
	const char *model;
	const char *cscs; /* said before the request; "": nothing */
	const char *request;
	const char *answer; /* all of it, without +CUSD: 0, */
	bool ok_last;
} families[] = {
	{"standard", "Acme", "TS27007", "GSM", "\"*123#\",15",
		"\"" TEXT "\",15", false},
	{"huawei", "huawei", "E1550", "GSM", "\"AA986C3602\",15",
		"\"" PACKED "\",15", false},
	{"me909", "Huawei Technologies Co., Ltd.", "ME909s-120", "IRA",
		"\"*123#\",15", "\"" TEXT "\",15", false},
	{"zte", "ZTE INCORPORATED", "MF190", "GSM", "\"*123#\",15",
		"\"" TEXT "\",15", false},
	{"qualcomm", "QUALCOMM INCORPORATED", "M6280", "",
		"\"002A0031003200330023\",15", "\"" WIDE "\",15", false},
	{"sierra", "Sierra Wireless, Incorporated", "MC7455", "GSM",
		"\"*123#\",15", "\"" TEXT "\",15", false},
	{"ericsson", "Ericsson", "F3507g", "UCS2",
		"\"002A0031003200330023\",15", "\"" WIDE "\",15", false},
	{"sonyericsson", "Sony Ericsson", "AAD-3021011-BV", "GSM", "\"*123#\"",
		"\"" TEXT "\"", true},
	{"nokia", "Nokia", "Nokia C6-01", "GSM", "\"*123#\",15",
		"\"d9775d0e1287d961f7b80c4acf4135980b060361a95317\",15", false},
	{"alcatel", "Alcatel", "X220L", "GSM", "\"*123#\",15",
		"\"" PACKED "\",15", false},
	{"icera", "ZTE", "K3805-Z", "GSM", "\"*123#\",15", "\"" TEXT "\",15",
		false},
	{"option", "Option N.V.", "GTM378", "GSM", "\"*123#\",15",
		"\"" TEXT "\",15", false},
	{"quectel", "Quectel", "EC25", "UCS2", "\"002A0031003200330023\",15",
		"\"" WIDE "\",15", false},
	{"quectel2g", "Quectel_Ltd", "Quectel_M95", "UCS2",
		"\"002A0031003200330023\",15", "\"" WIDE "\",15", true},
	{"simcom", "SIMCOM_Ltd", "SIMCOM_SIM800L", "GSM", "\"*123#\",15",
		" \"" TEXT "\", 15", true},
	{"sim7600", "SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "GSM",
		"\"*123#\",15", "\"" WIDE "\",72", false},
	{"a7670", "INCORPORATED", "A7670E-FASE", "GSM", "\"*123#\",15",
		"\"" SMALL "\",17", false},
	{"ublox", "u-blox", "LARA-R211", "UCS2", "\"002A0031003200330023\",15",
		"\"" WIDE "\",15", false},
	{"gm862", "Telit", "GM862-QUAD", "GSM", "\"*123#\",15",
		"\"" TEXT "\",15", true},
	{"telit", "Telit", "LM960A18", "GSM", "\"*123#\",15", "\"" WIDE "\",72",
		false},
	{"cinterion", "Cinterion", "MC55i", "GSM", "\"*123#\",15",
		"\"" TEXT "\",15", false},
	{"a9g", "Ai_Thinker_Co._Ltd.", "A9G", "GSM", "\"*123#\",15",
		"\"" TEXT "\" ,15", false},
	{"fibocom", "Fibocom Wireless Inc.", "FM350-GL", "GSM", "\"*123#\",15",
		"\"" TEXT "\",15", false},
	{"wavecom", " WAVECOM MODEM", " MULTIBAND  900E  1800", "GSM",
		"\"*123#\",15", "\"" TEXT "\",15            ", false},
	{"motorola", "+CGMI: \"Motorola CE, Copyright 2000\"",
		"+CGMM: \"GSM900\",\"GSM1800\",\"GSM1900\",\"GSM850\","
		"\"MODEL=G24\"",
		"GSM", "\"*123#\"", "\"" TEXT "\"", false},
};

static void
begin(struct lab *lab, const char *dialect)
{
	lab_init(lab, dialect);
	lab->options.echo = false;
	lab_start(lab);
	lab_talk(lab, "AT+CMEE=1\r", 0);
}

static void
each_family_says_who_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(families); i++) {
		const struct family *row = &families[i];
		struct lab lab;
		char want[256];
		begin(&lab, row->dialect);
		(void)snprintf(want, sizeof want, "\r\n%s\r\n" OK, row->maker);
		assert_string_equal(lab_talk(&lab, "AT+CGMI\r", 0), want);
		(void)snprintf(want, sizeof want, "\r\n%s\r\n" OK, row->model);
		assert_string_equal(lab_talk(&lab, "AT+CGMM\r", 0), want);
		assert_true(lab_talk(&lab, "ATI\r", 0)[0] == '\r');
		lab_fini(&lab);
	}
}

static void
each_family_is_asked_and_answers_in_its_coding(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(families); i++) {
		const struct family *row = &families[i];
		struct lab lab;
		char line[256];
		char want[512];
		begin(&lab, row->dialect);
		(void)snprintf(
			line, sizeof line, "AT+CSCS=\"%s\"\r", row->cscs);
		if (row->cscs[0] != '\0')
			assert_string_equal(lab_talk(&lab, line, 0), OK);
		(void)snprintf(
			line, sizeof line, "AT+CUSD=1,%s\r", row->request);
		(void)snprintf(want, sizeof want, "%s\r\n+CUSD: 0,%s\r\n%s",
			row->ok_last ? "" : OK, row->answer,
			row->ok_last ? OK : "");
		if (strcmp(lab_talk(&lab, line, 200), want) != 0)
			fail_msg("%s: %s", row->dialect, lab.out);
		lab_fini(&lab);
	}
}

/* What is not theirs, one line each. */
static void
families_refuse_what_others_take(void **state)
{
	static const struct {
		const char *dialect;
		const char *said;
		const char *answer;
	} rows[] = {
		{"me909", "AT+CUSD=1,\"AA986C3602\",15\r",
			OK "\r\n+CUSD: 2\r\n"},
		{"qualcomm", "AT+CUSD=1,\"*123#\",15\r", "\r\nERROR\r\n"},
		{"sierra", "AT+CNMI=2,1\r", "\r\n+CMS ERROR: 303\r\n"},
		{"sierra", "AT+CNMI=1,1\r", OK},
		{"ublox", "AT+CNMI=3,1\r", OK},
		{"sonyericsson", "AT+CUSD=1,\"*123#\",15\r", "\r\nERROR\r\n"},
		{"sonyericsson", "AT+CSCS=\"HEX\"\r", "\r\n+CME ERROR: 3\r\n"},
		{"nokia", "AT+CNMI=?\r", "\r\nERROR\r\n"},
		{"nokia", "AT+CPMS=?\r", "\r\n+CPMS: (),(),()\r\n" OK},
		{"nokia", "AT+CPMS=\"SM\",\"SM\"\r", "\r\nERROR\r\n"},
		{"sim7600", "AT+CUSD=1,\"AA986C3602\",15\r",
			"\r\n+CME ERROR: 515\r\n"},
		{"telit", "AT+CUSD=1,\"AA986C3602\",15\r", OK},
		{"cinterion", "AT+CUSD=1,\"*123#\",0\r", "\r\nERROR\r\n"},
		{"a9g", "AT+CUSD=1,\"*123#\"\r",
			"\r\n+CME ERROR:Excute command failure\r\n"},
		{"motorola", "AT+CUSD=1,\"*123#\",15\r", "\r\nERROR\r\n"},
		{"wavecom", "AT+CPIN?\r", "\r\n+CPIN: READY\r\n"},
		{"wavecom", "AT+CPMS=?\r",
			"\r\n+CPMS: ((\"SM\",\"BM\",\"SR\"),(\"SM\"))\r\n" OK},
		{"wavecom", "AT+CPMS=\"SM\",\"SM\"\r",
			"\r\n+CPMS: 0,20,0,20\r\n" OK},
		{"wavecom", "AT+CPMS=\"SM\",\"SM\",\"SM\"\r",
			"\r\n+CMS ERROR: 305\r\n"},
		{"wavecom", "AT+CFUN=4\r", "\r\n+CME ERROR: 3\r\n"},
		{"me909", "AT+CPMS=?\r",
			"\r\n+CPMS: \"ME\",\"MT\",\"SM\"\r\n" OK},
		{"zte", "AT^ICCID?\r", "\r\nERROR\r\n"},
		{"ublox", "AT+NONSENSE\r", "\r\n+CME ERROR: 100\r\n"},
		{"a9g", "AT+NONSENSE\r",
			"\r\n+CME ERROR:The command not support,check your "
			"input,pls\r\n"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lab lab;
		begin(&lab, rows[i].dialect);
		if (strcmp(lab_talk(&lab, rows[i].said, 200), rows[i].answer) !=
			0)
			fail_msg("%s %s: %s", rows[i].dialect, rows[i].said,
				lab.out);
		lab_fini(&lab);
	}
}

static void
card_and_tries_are_asked_by_the_familys_own_commands(void **state)
{
	static const struct {
		const char *dialect;
		const char *said;
		const char *answer;
	} rows[] = {
		{"me909", "AT^ICCID?\r", "^ICCID: 8900000000000000011"},
		{"zte", "AT+ZGETICCID\r", "+ZGETICCID: 8900000000000000011"},
		{"sierra", "AT!ICCID?\r", "!ICCID: 8900000000000000011"},
		{"quectel2g", "AT+QCCID\r", "8900000000000000011"},
		{"sim7600", "AT+CICCID\r", "+ICCID: 8900000000000000011"},
		{"a7670", "AT+CICCID\r", "+ICCID: 8900000000000000011"},
		{"ublox", "AT+CCID\r", "+CCID: 8900000000000000011"},
		{"telit", "AT#CCID\r", "#CCID: 8900000000000000011"},
		{"cinterion", "AT^SCID\r", "^SCID: 8900000000000000011"},
		{"a9g", "AT+CCID\r", "+SCID: SIM Card ID: 8900000000000000011"},
		{"zte", "AT+ZPINPUK=?\r", "+ZPINPUK: 3,10"},
		{"quectel2g", "AT+QTRPIN\r", "+QTRPIN: 3,3,10,10"},
		{"ublox", "AT+UPINCNT\r", "+UPINCNT: 3,3,10,10"},
		{"telit", "AT#PCT\r", "#PCT: 3"},
		{"sierra", "AT+CPINC?\r", "+CPINC: 3,3,10,10"},
		{"cinterion", "AT^SPIC\r", "^SPIC: 3"},
		{"ericsson", "AT*EPIN?\r", "*EPIN: 3,10,3,10"},
		{"fibocom", "AT+EPINC?\r", "+EPINC: 3, 3, 10, 10"},
		{"wavecom", "AT+CPINC\r", "+CPINC: 3,3,10,10"},
		{"option", "AT_OERCN?\r", "_OERCN: 3,10"},
		{"icera", "AT%PINNUM?\r", "%PINNUM: 3, 10, 3, 10"},
		{"alcatel", "AT+PNNM?\r", "+PNNM: 3,10"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lab lab;
		char want[128];
		begin(&lab, rows[i].dialect);
		(void)snprintf(
			want, sizeof want, "\r\n%s\r\n" OK, rows[i].answer);
		if (strcmp(lab_talk(&lab, rows[i].said, 0), want) != 0)
			fail_msg("%s %s: %s", rows[i].dialect, rows[i].said,
				lab.out);
		lab_fini(&lab);
	}
}

static void
family_starts_anew_by_its_own_command(void **state)
{
	static const char *const rows[][2] = {{"huawei", "AT^RESET\r"},
		{"ublox", "AT+CFUN=16\r"}, {"telit", "AT#REBOOT\r"},
		{"sierra", "AT!RESET\r"}, {"sim7600", "AT+CRESET\r"},
		{"a9g", "AT+RST=1\r"}, {"ericsson", "AT*E2RESET\r"},
		{"fibocom", "AT+CFUN=15\r"}};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lab lab;
		begin(&lab, rows[i][0]);
		lab_talk(&lab, rows[i][1], 200);
		assert_memory_equal(lab.out, OK, strlen(OK));
		assert_non_null(strstr(
			strstr(lab.truth, "boot") + 1, "\"event\":\"boot\""));
		lab_fini(&lab);
	}
}

static void
zte_floods_until_its_stores_are_asked(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "zte");
	lab.options.chatter_ms = 2000;
	lab_start(&lab);
	lab_talk(&lab, "ATE0\r", 0);
	assert_string_equal(
		lab_hear(&lab, 4500), "\r\n+ZUSIMR:2\r\n\r\n+ZUSIMR:2\r\n");
	lab_talk(&lab, "AT+CPMS?\r", 0);
	assert_string_equal(lab_hear(&lab, 60000), "");
	lab_fini(&lab);
}

static void
a9g_ends_with_a_number_of_its_own(void **state)
{
	struct lab lab;
	(void)state;
	begin(&lab, "a9g");
	device_strike(
		lab.device, &(struct device_strike){DEVICE_ENDED, false, 0});
	assert_non_null(strstr(lab_talk(&lab, "AT+CUSD=1,\"*123#\",15\r", 200),
		"+CUSD: 6,\"Your balance"));
	lab_fini(&lab);
}

static void
telit_tells_of_lte_after_half_a_minute(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "telit");
	lab.options.lte_only = true;
	lab.options.echo = false;
	lab_start(&lab);
	assert_string_equal(
		lab_talk(&lab, "AT+CUSD=1,\"*123#\",15\r", 29000), OK);
	assert_string_equal(lab_hear(&lab, 2000), "\r\n+CUSD: 4\r\n");
	lab_talk(&lab, "AT+WS46=22\r", 1000);
	assert_non_null(
		strstr(lab_talk(&lab, "AT+CUSD=1,\"*123#\",15\r", 200), WIDE));
	lab_fini(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_family_says_who_it_is),
		cmocka_unit_test(
			each_family_is_asked_and_answers_in_its_coding),
		cmocka_unit_test(families_refuse_what_others_take),
		cmocka_unit_test(
			card_and_tries_are_asked_by_the_familys_own_commands),
		cmocka_unit_test(family_starts_anew_by_its_own_command),
		cmocka_unit_test(zte_floods_until_its_stores_are_asked),
		cmocka_unit_test(a9g_ends_with_a_number_of_its_own),
		cmocka_unit_test(telit_tells_of_lte_after_half_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
