/*
 * The simulated modems, in virtual time: transcripts of each dialect against
 * what captures show; noise, pieces and single bytes; the ways of a text.
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

struct line {
	const char *said;
	const char *answer;
};

/* wait_ms is enough for all that a request brings. */
static void
transcript(struct lab *lab, const struct line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_string_equal(
			lab_talk(lab, lines[i].said, 200), lines[i].answer);
}

static void
standard_speaks_27007_per_charset(void **state)
{
	static const struct line lines[] = {
		{"AT\r", "AT\r\r\nOK\r\n"},
		{"ATE0\r", "ATE0\r\r\nOK\r\n"},
		{"AT+NONSENSE\r", "\r\nERROR\r\n"},
		{"AT+CMEE=1\r", "\r\nOK\r\n"},
		{"AT+NONSENSE\r", "\r\n+CME ERROR: 100\r\n"},
		{"AT+CMEE=2\r", "\r\nOK\r\n"},
		{"AT+NONSENSE\r", "\r\n+CME ERROR: unknown\r\n"},
		{"AT+CMEE=3\r", "\r\nERROR\r\n"},
		{"AT+CMEE?\r", "\r\n+CMEE: 2\r\n\r\nOK\r\n"},
		{"ATI\r", "\r\nAcme\r\nTS27007\r\nRevision: 1.0\r\n\r\nOK\r\n"},
		{"AT+CGMI\r", "\r\nAcme\r\n\r\nOK\r\n"},
		{"at+cgmm\r", "\r\nTS27007\r\n\r\nOK\r\n"},
		{"AT+CGSN\r", "\r\n350000000000011\r\n\r\nOK\r\n"},
		{"AT+CIMI\r", "\r\n" LAB_IMSI "\r\n\r\nOK\r\n"},
		{"AT+CCID\r",
			"\r\n+CCID: \"8900000000000000011\"\r\n\r\nOK\r\n"},
		{"AT+QCCID\r", "\r\n+CME ERROR: unknown\r\n"},
		{"AT^ICCID?\r", "\r\n+CME ERROR: unknown\r\n"},
		{"AT+CRSM=176,12258,0,0,10\r",
			"\r\n+CRSM: "
			"144,0,\"980000000000000010F1\"\r\n\r\nOK\r\n"},
		{"AT+CPIN?\r", "\r\n+CPIN: READY\r\n\r\nOK\r\n"},
		{"AT+CREG?\r", "\r\n+CREG: 0,1\r\n\r\nOK\r\n"},
		{"AT+CREG=2\r", "\r\nOK\r\n"},
		{"AT+CREG?\r",
			"\r\n+CREG: 2,1,\"00C3\",\"01F4\"\r\n\r\nOK\r\n"},
		{"AT+CSQ\r", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n"},
		{"AT+COPS?\r", "\r\n+COPS: 0,0,\"SimTel\",2\r\n\r\nOK\r\n"},
		{"AT+COPS=3,2;+COPS?\r",
			"\r\n+COPS: 0,2,\"00101\",2\r\n\r\nOK\r\n"},
		{"AT+CSCS?\r", "\r\n+CSCS: \"GSM\"\r\n\r\nOK\r\n"},
		{"AT+CUSD=?\r", "\r\n+CUSD: (0-2)\r\n\r\nOK\r\n"},
		{"AT+CUSD?\r", "\r\n+CUSD: 0\r\n\r\nOK\r\n"},
		{"AT+CUSD=2\r", "\r\nOK\r\n"},
		{"AT+CUSD=1,\"*123#\",15\r",
			"\r\nOK\r\n\r\n+CUSD: 0,\"Your balance is 50.00 "
			"XTS.\",15\r\n"},
		/* packed hex is taken literally, and the network drops it */
		{"AT+CUSD=1,\"AA986C3602\",15\r", "\r\nOK\r\n\r\n+CUSD: 2\r\n"},
		{"AT+CSCS=\"UCS2\"\r", "\r\nOK\r\n"},
		{"AT+CUSD=1,\"*123#\",15\r", "\r\n+CME ERROR: unknown\r\n"},
		{"AT+CUSD=1,\"002A0039003900390023\",15\r",
			"\r\nOK\r\n\r\n+CUSD: 2,\"0055006E006B006E006F0077006E"
			"0020007300650072007600690063006500200063006F006400650"
			"02E\",15\r\n"},
		{"AT+CSCS=\"0047005304D\"\r",
			"\r\n+CME ERROR: operation not allowed\r\n"},
		{"AT+CSCS=\"00470053004D\"\r", "\r\nOK\r\n"},
		{"AT+CSCS=\"HEX\"\r", "\r\nOK\r\n"},
		{"AT+CUSD=1,\"2A31323323\"\r",
			"\r\nOK\r\n\r\n+CUSD: 0,\"596F75722062616C616E636520697"
			"32035302E3030205854532E\",15\r\n"},
		{"ATD*123#\r", "\r\nNO CARRIER\r\n"},
		{"ATZ\r", "\r\nOK\r\n"},
		{"AT+CSCS?\r", "AT+CSCS?\r\r\n+CSCS: \"GSM\"\r\n\r\nOK\r\n"},
	};
	struct lab lab;
	(void)state;
	lab_init(&lab, "standard");
	lab_start(&lab);
	assert_string_equal(lab.out, "");
	transcript(&lab, lines, COUNT(lines));
	lab_fini(&lab);
}

static void
huawei_takes_and_gives_packed_hex_only(void **state)
{
	static const struct line lines[] = {
		{"ATE0\r", "ATE0\r\r\nOK\r\n"},
		{"AT+CMEE=1\r", "\r\nOK\r\n"},
		{"ATI\r",
			"\r\nManufacturer: huawei\r\nModel: E1550\r\nRevision: "
			"11.608.12.04.21\r\nIMEI: 350000000000011\r\n+GCAP: "
			"+CGSM,+DS,+ES\r\n\r\nOK\r\n"},
		{"AT+QCCID\r", "\r\nCOMMAND NOT SUPPORT\r\n"},
		{"AT+CCID\r", "\r\nCOMMAND NOT SUPPORT\r\n"},
		{"AT^ICCID?\r",
			"\r\n^ICCID: 980000000000000010F1\r\n\r\nOK\r\n"},
		{"AT^USSDMODE?\r", "\r\n^USSDMODE: 1\r\n\r\nOK\r\n"},
		{"AT^CURC=0\r", "\r\nOK\r\n"},
		{"AT^CPIN?\r", "\r\n^CPIN: READY,,10,3,10,3\r\n\r\nOK\r\n"},
		{"AT+CUSD=2\r", "\r\nERROR\r\n"},
		{"AT+CSCS=\"GSM\"\r", "\r\nOK\r\n"},
		{"AT+CUSD=1,\"*123#\",15\r", "\r\nERROR\r\n"},
		{"AT+CUSD=1,\"AA180C3602\",15\r",
			"\r\nOK\r\n\r\n+CUSD: 2,\"55F7DAFDBEBB41F3B2DC9E1E9741E"
			"337B9EC02\",15\r\n"},
		{"AT+CUSD=1,\"AA986C3602\",15\r",
			"\r\nOK\r\n\r\n+CUSD: "
			"0,\"D9775D0E1287D961F7B80C4ACF4135980B060361A95317\","
			"15\r\n"},
		/* *101*4#: seven characters fill up with CR, or end in "@" */
		{"AT+CUSD=1,\"AA182CA6A28D1A\"\r",
			"\r\nOK\r\n\r\n+CUSD: "
			"2,\"55F7DAFDBEBB41F3B2DC9E1E9741E337B9EC02\",15\r\n"},
		{"AT+CUSD=1,\"AA182CA6A28D00\"\r",
			"\r\nOK\r\n\r\n+CUSD: 2\r\n"},
		{"AT+CSCS=\"UCS2\"\r", "\r\nOK\r\n"},
		{"AT+CUSD=1,\"AA986C3602\",15\r",
			"\r\nOK\r\n\r\n+CUSD: "
			"0,\"D9775D0E1287D961F7B80C4ACF4135980B060361A95317\","
			"15\r\n"},
		/* UCS2 is taken for packed septets */
		{"AT+CUSD=1,\"002A0031003200330023\",15\r",
			"\r\nOK\r\n\r\n+CUSD: 2\r\n"},
		{"AT+CSCS=\"GSM\";^USSDMODE=0\r", "\r\nOK\r\n"},
		{"AT+CUSD=1,\"*123#\",15\r",
			"\r\nOK\r\n\r\n+CUSD: 0,\"Your balance is 50.00 "
			"XTS.\",15\r\n"},
	};
	struct lab lab;
	(void)state;
	lab_init(&lab, "huawei");
	lab_start(&lab);
	assert_string_equal(lab.out, "\r\n^SIMST:1\r\n\r\n^SRVST:2\r\n");
	transcript(&lab, lines, COUNT(lines));
	lab_fini(&lab);
}

static void
huawei_firmware_differs_in_ussdmode(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "huawei");
	lab.options.ussdmode = -1;
	lab.options.lose_coding = true;
	lab_start(&lab);
	lab_talk(&lab, "ATE0\r", 0);
	assert_string_equal(lab_talk(&lab, "AT^USSDMODE=0\r", 0),
		"\r\nCOMMAND NOT SUPPORT\r\n");
	assert_string_equal(lab_talk(&lab, "AT+CUSD=1,\"*123#\",15\r", 60000),
		"\r\nOK\r\n");
	lab_fini(&lab);

	lab_init(&lab, "huawei");
	lab.options.ussdmode = 0;
	lab.options.ussdmode_text = 1;
	lab_start(&lab);
	lab_talk(&lab, "ATE0\r", 0);
	assert_string_equal(
		lab_talk(&lab, "AT+CUSD=1,\"*123#\",15\r", 0), "\r\nERROR\r\n");
	lab_talk(&lab, "AT^USSDMODE=1\r", 0);
	assert_non_null(strstr(
		lab_talk(&lab, "AT+CUSD=1,\"*123#\",15\r", 100), "50.00"));
	lab_fini(&lab);
}

static void
quectel_gives_ucs2_under_dcs_15(void **state)
{
	static const struct line lines[] = {
		{"ATE0\r", "ATE0\r\r\nOK\r\n"},
		{"AT+CMEE=1\r", "\r\nOK\r\n"},
		{"ATI\r", "\r\nQuectel\r\nEC25\r\nRevision: "
			  "EC25EFAR06A04M4G\r\n\r\nOK\r\n"},
		{"AT+CCID\r", "\r\n+CME ERROR: 4\r\n"},
		{"AT+QCCID\r",
			"\r\n+QCCID: 8900000000000000011F\r\n\r\nOK\r\n"},
		{"AT+QPINC?\r", "\r\n+QPINC: \"SC\",3,10\r\n\r\n+QPINC: "
				"\"P2\",3,10\r\n\r\nOK\r\n"},
		{"AT+CUSD=1,\"*123#\",15\r",
			"\r\nOK\r\n\r\n+CUSD: 0,\"Your balance is 50.00 "
			"XTS.\",15\r\n"},
		{"AT+CSCS=\"UCS2\"\r", "\r\nOK\r\n"},
		{"AT+CUSD=1,\"*123#\",15\r", "\r\n+CME ERROR: 100\r\n"},
		{"AT+CUSD=1,\"002A0031003200330023\",15\r",
			"\r\nOK\r\n\r\n+CUSD: "
			"0,\"0059006F00750072002000620061006C0061006E0063006500"
			"200069007300200035"
			"0030002E003000300020005800540053002E\",15\r\n"},
		{"AT+COPS?\r",
			"\r\n+COPS: "
			"0,0,\"00530069006D00540065006C\",2\r\n\r\nOK\r\n"},
		{"AT+CUSD=2\r", "\r\nOK\r\n"},
	};
	struct lab lab;
	(void)state;
	lab_init(&lab, "quectel");
	lab_start(&lab);
	assert_non_null(strstr(lab.out, "RDY\r\n"));
	transcript(&lab, lines, COUNT(lines));
	lab_fini(&lab);
}

static void
simcom_has_blanks_and_answers_before_ok(void **state)
{
	static const struct line lines[] = {
		{"ATE0\r", "ATE0\r\r\nOK\r\n"},
		{"AT+CMEE=1\r", "\r\nOK\r\n"},
		{"ATI\r", "\r\nSIM800 R14.18\r\n\r\nOK\r\n"},
		{"AT+CCID\r", "\r\n8900000000000000011f\r\n\r\nOK\r\n"},
		{"AT^ICCID?\r", "\r\n+CME ERROR: 100\r\n"},
		{"AT+SPIC\r", "\r\n+SPIC: 3,3,10,10\r\n\r\nOK\r\n"},
		{"AT+CUSD=2\r", "\r\nOK\r\n"},
		{"AT+CUSD=1,\"*123#\",15\r",
			"\r\n+CUSD: 0, \"Your balance is 50.00 XTS.\", "
			"15\r\n\r\nOK\r\n"},
		{"AT+CSCS=\"HEX\"\r", "\r\nOK\r\n"},
		{"AT+CUSD=1,\"2A31323323\",15\r", "\r\nOK\r\n\r\n+CUSD: 2\r\n"},
		{"AT+CFUN=1,1\r",
			"\r\nOK\r\n\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: "
			"READY\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n"},
		{"AT\r", "AT\r\r\nOK\r\n"},
		{"ATE0\r", "ATE0\r\r\nOK\r\n"},
		{"AT+CSCS?\r", "\r\n+CSCS: \"IRA\"\r\n\r\nOK\r\n"},
	};
	struct lab lab;
	(void)state;
	lab_init(&lab, "simcom");
	lab_start(&lab);
	assert_string_equal(lab.out,
		"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nCall "
		"Ready\r\n\r\nSMS Ready\r\n");
	transcript(&lab, lines, COUNT(lines));
	/* every error of a request is +CUSD: 4 */
	device_options(lab.device)->registration = 3;
	device_changed(lab.device, lab.now_ms);
	assert_string_equal(lab_talk(&lab, "AT+CUSD=1,\"*123#\",15\r", 100),
		"\r\n+CUSD: 4\r\n\r\nOK\r\n");
	lab_fini(&lab);
}

/* Commands wait behind an answer that comes before OK. */
static void
commands_wait_while_the_line_is_blocked(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "simcom");
	lab.options.delay_ms[0] = lab.options.delay_ms[1] = 1000;
	lab_start(&lab);
	lab_talk(&lab, "ATE0\r", 0);
	assert_string_equal(
		lab_talk(&lab, "AT+CUSD=1,\"*123#\"\rAT+CSQ\r", 999), "");
	assert_string_equal(lab_talk(&lab, "", 1),
		"\r\n+CUSD: 0, \"Your balance is 50.00 XTS.\", 15\r\n"
		"\r\nOK\r\n\r\n+CSQ: 20,99\r\n\r\nOK\r\n");
	/* Telit blocks, and gives up in its own time. */
	device_options(lab.device)->order = DEVICE_BLOCK;
	device_strike(lab.device,
		&(struct device_strike){.fault = DEVICE_LOSE_REPLY});
	assert_string_equal(
		lab_talk(&lab, "AT+CUSD=1,\"*123#\"\rAT\r", 29999), "");
	assert_string_equal(
		lab_talk(&lab, "", 1), "\r\n+CUSD: 4\r\n\r\nOK\r\n\r\nOK\r\n");
	lab_fini(&lab);
}

static void
line_is_taken_apart_as_v250_says(void **state)
{
	static const struct line lines[] = {
		{"ATE0\r", "ATE0\r\r\nOK\r\n"},
		{"\r\n\r", ""},
		{"garbage\r", ""},
		{"xxAT\r", "\r\nOK\r\n"},
		{"AT+CS\x1B\rAT\r", "\r\nOK\r\n"},
		{"AT+CSX\bQ\r", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n"},
		{"AT&F&C1&D0V1Q0S0=0\r", "\r\nOK\r\n"},
		{"ATE0+CMEE=1;+CSQ;+CPIN?\r",
			"ATE0+CMEE=1;+CSQ;+CPIN?\r\r\n+CSQ: 20,99\r\n\r\n+CPIN:"
			" READY\r\n\r\nOK\r\n"},
		{"AT+NO;+CSQ\r", "\r\n+CME ERROR: 100\r\n"},
		{"AT&Y\r", "\r\nERROR\r\n"},
		{"ATY\r", "\r\nERROR\r\n"},
		{"AT+CUSD\r", "\r\nERROR\r\n"},
		{"AT+CUSD=7\r", "\r\nERROR\r\n"},
		{"AT+CUSD=1,\"*12", ""},
		{"3#\",15\r", "\r\nOK\r\n\r\n+CUSD: 0,\"Your balance is 50.00 "
			      "XTS.\",15\r\n"},
		{"AT+CUSD=1,\"*123#\r",
			"\r\nOK\r\n\r\n+CUSD: 0,\"Your balance is 50.00 "
			"XTS.\",15\r\n"},
		{"AT+CUSD=1,*123#\r",
			"\r\nOK\r\n\r\n+CUSD: 0,\"Your balance is 50.00 "
			"XTS.\",15\r\n"},
		{"AT+CUSD=1,\"\"\r", "\r\n+CME ERROR: 100\r\n"},
		{"AT+CUSD=1,\"\xC3\xA9\"\r", "\r\n+CME ERROR: 100\r\n"},
	};
	static char endless[5000];
	struct lab lab;
	(void)state;
	lab_init(&lab, "standard");
	lab_start(&lab);
	transcript(&lab, lines, COUNT(lines));
	memset(endless, 'A', sizeof endless - 2);
	endless[sizeof endless - 2] = '\r';
	assert_string_equal(lab_talk(&lab, endless, 0), "\r\nERROR\r\n");
	assert_string_equal(lab_talk(&lab, "AT\r", 0), "\r\nOK\r\n");
	lab_fini(&lab);
}

/* Nothing but the noise stands between the lines of an answer. */
static void
noise_stands_before_every_line(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "standard");
	lab.options.noise = true;
	lab_start(&lab);
	lab_talk(&lab, "ATE0\r", 0);
	assert_string_equal(lab_talk(&lab, "AT+CSQ;+CPIN?\r", 0),
		"\r\n+CRING: VOICE\r\n\r\n+CSQ: 20,99\r\n"
		"\r\n+CLIP: \"0800000000\",129,,,,0\r\n"
		"\r\n+CPIN: READY\r\n"
		"\r\n+CMTI: \"SM\",4\r\n\r\nOK\r\n");
	lab_talk(&lab, "ATE1\r", 0);
	bool cut = false;
	for (int i = 0; i < 100 && !cut; i++)
		cut = strncmp(lab_talk(&lab, "AT+CSQ\r", 0), "AT+CSQ\r\r\n",
			      9) != 0;
	assert_true(cut);
	lab_fini(&lab);
}

static void
pieces_are_no_longer_than_the_cut(void **state)
{
	static const char *const dialects[] = {
		"standard", "huawei", "quectel", "simcom"};
	(void)state;
	for (size_t i = 0; i < COUNT(dialects); i++) {
		char whole[1024] = "";
		for (int cut = 0; cut <= 9; cut++) {
			struct lab lab;
			lab_init(&lab, dialects[i]);
			lab.options.cut = cut;
			/* the same chance, but for the sizes of pieces */
			lab.options.delay_ms[0] = lab.options.delay_ms[1];
			lab_start(&lab);
			lab_talk(&lab, "AT+CGMI;+CIMI\r", 0);
			assert_true(cut == 0 || lab.largest <= (size_t)cut);
			if (cut == 0)
				(void)snprintf(whole, sizeof whole, "%.1000s",
					lab.out);
			assert_string_equal(lab.out, whole);
			lab_fini(&lab);
		}
	}
}

static void
bytes_fed_one_by_one_mean_the_same(void **state)
{
	static const char said[] = "ATE0\rAT+CSCS=\"GSM\"\rAT+CSQ\r";
	struct lab lab;
	char whole[1024];
	(void)state;
	lab_init(&lab, "quectel");
	lab_start(&lab);
	lab_talk(&lab, said, 10);
	(void)snprintf(whole, sizeof whole, "%.1000s", lab.out);
	lab_fini(&lab);
	lab_init(&lab, "quectel");
	lab_start(&lab);
	lab.out_len = 0;
	for (const char *p = said; *p != '\0'; p++) {
		device_feed(lab.device, lab.now_ms, p, 1);
		lab_pass(&lab, 1);
	}
	assert_string_equal(lab.out, whole);
	lab_fini(&lab);
}

static void
text_beyond_the_alphabet_comes_as_ucs2(void **state)
{
	static const char *const dialects[] = {
		"standard", "huawei", "quectel", "simcom"};
	(void)state;
	for (size_t i = 0; i < COUNT(dialects); i++) {
		struct lab lab;
		lab_init(&lab, dialects[i]);
		lab_start(&lab);
		lab_talk(&lab, "AT+CUSD=1\r", 0);
		lab.out_len = 0;
		device_push(lab.device, lab.now_ms, 0, "Да 1");
		lab_pass(&lab, 0);
		assert_string_equal(lab.out,
			i == 3 ? "\r\n+CUSD: 0, \"0414043000200031\", 72\r\n"
			       : "\r\n+CUSD: 0,\"0414043000200031\",72\r\n");
		lab_fini(&lab);
	}
}

static void
accents_come_as_octets_of_the_charset(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "standard");
	lab_start(&lab);
	lab_talk(&lab, "ATE0+CUSD=1\r", 0);
	lab.out_len = 0;
	device_push(lab.device, lab.now_ms, 0, "é@x");
	lab_pass(&lab, 0);
	assert_memory_equal(lab.out, "\r\n+CUSD: 0,\"\x05\x00x\",15\r\n", 20);
	lab_talk(&lab, "AT+CSCS=\"IRA\"\r", 0);
	lab.out_len = 0;
	device_push(lab.device, lab.now_ms, 0, "é@x");
	lab_pass(&lab, 0);
	assert_string_equal(lab.out, "\r\n+CUSD: 0,\"\xE9@x\",15\r\n");
	device_options(lab.device)->dcs = -12; /* 0xF4 printed signed */
	device_push(lab.device, lab.now_ms, 0, "x");
	assert_string_equal(lab_hear(&lab, 0), "\r\n+CUSD: 0,\"x\",-12\r\n");
	lab_fini(&lab);
}

static void
answers_are_not_shown_before_they_are_wanted(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "standard");
	lab_start(&lab);
	lab_talk(&lab, "ATE0\r", 0);
	lab.out_len = 0;
	device_push(lab.device, lab.now_ms, 0, "Hello");
	lab_pass(&lab, 0);
	assert_string_equal(lab.out, "");
	assert_non_null(strstr(lab.truth, "\"fate\":\"lost\""));
	assert_string_equal(
		lab_talk(&lab, "AT+CUSD=0,\"*123#\"\r", 100), "\r\nOK\r\n");
	lab_fini(&lab);
}

static void
menu_session_ends_by_cancel_or_by_time(void **state)
{
	struct lab lab;
	(void)state;
	lab_init(&lab, "huawei");
	lab.options.ussdmode = 0;
	lab_start(&lab);
	lab_talk(&lab, "ATE0\r", 0);
	assert_non_null(strstr(
		lab_talk(&lab, "AT+CUSD=1,\"*120#\"\r", 100), "+CUSD: 1"));
	assert_string_equal(lab_talk(&lab, "AT+CUSD=2\r", 0), "\r\nOK\r\n");
	assert_string_equal(lab_talk(&lab, "AT+CUSD=2\r", 0), "\r\nERROR\r\n");
	assert_non_null(strstr(
		lab_talk(&lab, "AT+CUSD=1,\"*123#\"\r", 100), "50.00 XTS"));
	lab_talk(&lab, "AT+CUSD=1,\"*120#\"\r", 100);
	assert_string_equal(lab_talk(&lab, "", 60000), "\r\n+CUSD: 2\r\n");
	assert_non_null(strstr(
		lab_talk(&lab, "AT+CUSD=1,\"*123#\"\r", 100), "50.00 XTS"));
	/* and the whole way */
	lab_talk(&lab, "AT+CUSD=1,\"*120#\"\r", 100);
	assert_non_null(
		strstr(lab_talk(&lab, "AT+CUSD=1,\"" LAB_PIN "\"\r", 100),
			"1. Confirm"));
	assert_non_null(strstr(lab_talk(&lab, "AT+CUSD=1,\"1\"\r", 100),
		"credited with 100.00"));
	lab_fini(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(standard_speaks_27007_per_charset),
		cmocka_unit_test(huawei_takes_and_gives_packed_hex_only),
		cmocka_unit_test(huawei_firmware_differs_in_ussdmode),
		cmocka_unit_test(quectel_gives_ucs2_under_dcs_15),
		cmocka_unit_test(simcom_has_blanks_and_answers_before_ok),
		cmocka_unit_test(commands_wait_while_the_line_is_blocked),
		cmocka_unit_test(line_is_taken_apart_as_v250_says),
		cmocka_unit_test(noise_stands_before_every_line),
		cmocka_unit_test(pieces_are_no_longer_than_the_cut),
		cmocka_unit_test(bytes_fed_one_by_one_mean_the_same),
		cmocka_unit_test(text_beyond_the_alphabet_comes_as_ucs2),
		cmocka_unit_test(accents_come_as_octets_of_the_charset),
		cmocka_unit_test(answers_are_not_shown_before_they_are_wanted),
		cmocka_unit_test(menu_session_ends_by_cancel_or_by_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
