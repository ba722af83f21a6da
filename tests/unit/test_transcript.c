/*
 * What may be shown of the wire: numbers and the digits of texts are
 * stand-ins, everything else stands as it came, and nothing breaks it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modem/pdu.h"
#include "modem/transcript.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static char shown[2 * TRANSCRIPT_LINE_MAX];

static const char *
heard(struct transcript *t, const char *line)
{
	(void)transcript_heard(t, span_str(line), shown, sizeof shown);
	return shown;
}

static void
send(struct transcript *t, const char *line)
{
	(void)transcript_sent(
		t, span_str(line), TRANSCRIPT_NOTHING, shown, sizeof shown);
}

static void
lines_are_shown_by_their_form(void **state)
{
	static const struct {
		const char *command, *line, *shown;
	} rows[] = {
		{"AT", "OK", "OK"},
		{"AT", "+CME ERROR: 132", "+CME ERROR: 132"},
		{"AT+CGMM", "SIMCOM_SIM800L", "SIMCOM_SIM800L"},
		{"ATI", "IMEI: 350000000000011", "IMEI: 000000000000001"},
		{"AT+CGSN", "350000000000011", "000000000000001"},
		{"AT+CIMI", "244050000000011", "001010000000001"},
		{"AT+CCID", "+CCID: \"8935805010000000011\"",
			"+CCID: \"8900000000000000001\""},
		{"AT+QCCID", "+QCCID: 8935805010000000011F",
			"+QCCID: 8900000000000000000F"},
		{"AT+CRSM=176,12258,0,0,10",
			"+CRSM: 144,0,\"985308050100000000F1\"",
			"+CRSM: 144,0,\"980000000000000000F0\""},
		{"AT+CREG?", "+CREG: 2,1,\"1A2B\",\"01F4\"",
			"+CREG: 2,1,\"0000\",\"0000\""},
		{"AT+COPS?", "+COPS: 0,2,\"24405\"", "+COPS: 0,2,\"24405\""},
		{"AT+CSCA?", "+CSCA: \"+358501234567\",145",
			"+CSCA: \"+000000000001\",145"},
		{"AT+CSCA?", "+CSCA: \"002B003300350038\",145",
			"+CSCA: \"002B003100310031\",145"},
		{"AT", "+CUSD: 0,\"Card 1234 5678 has 9.50\",15",
			"+CUSD: 0,\"Card 1111 1111 has 1.11\",15"},
		{"AT", "+CUSD: 0,\"00430061007200640020003100320033\",72",
			"+CUSD: 0,\"00430061007200640020003100310031\",72"},
		{"AT", "+CUSD: 0,\"AA180C3602\",15",
			"+CUSD: 0,\"AA582C3602\",15"},
		{"AT", "+CUSD: 5,\"*121*12345678901234#\",15",
			"+CUSD: 5,\"00000000000000000000\",15"},
		{"AT", "+CUSD: 2", "+CUSD: 2"},
		{"AT", "your card 12-34-56 is", "your card 11-11-11 is"},
		{"AT", "AA180C3602C9 and", "111111111111 and"},
		{"AT", "+CLIP: \"0501234567\",129",
			"+CLIP: \"1111111111\",111"},
		{"AT", "a\\b\xC3\xA4", "a\\\\b??"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct transcript t;

		transcript_init(&t);
		send(&t, rows[i].command);
		assert_string_equal(heard(&t, rows[i].line), rows[i].shown);
	}
}

/* The health check ends with AT+CIMI: for minutes that is the last command. */
static void
what_comes_after_an_answer_is_no_part_of_it(void **state)
{
	static const char *const results[] = {"OK", "+CME ERROR: 10"};

	(void)state;
	for (size_t i = 0; i < COUNT(results); i++) {
		struct transcript t;

		transcript_init(&t);
		send(&t, "AT+CIMI");
		assert_string_equal(
			heard(&t, "244050000000011"), "001010000000001");
		assert_string_equal(heard(&t, results[i]), results[i]);
		assert_string_equal(heard(&t, "1234 5678 9012 34 was used"),
			"1111 1111 1111 11 was used");
	}
}

/* The same number, the same stand-in; another one, another. */
static void
stand_ins_are_stable(void **state)
{
	struct transcript t;

	(void)state;
	transcript_init(&t);
	send(&t, "AT+CGSN");
	assert_string_equal(heard(&t, "350000000000011"), "000000000000001");
	assert_string_equal(heard(&t, "350000000000022"), "000000000000002");
	assert_string_equal(heard(&t, "350000000000011"), "000000000000001");
	for (int i = 0; i < 200; i++) {
		char line[32];

		(void)snprintf(line, sizeof line, "35%013d", i);
		assert_null(strstr(heard(&t, line), line));
	}
}

static void
what_we_send_with_a_secret_is_only_named(void **state)
{
	static const struct {
		enum transcript_cargo cargo;
		const char *shown;
	} rows[] = {
		{TRANSCRIPT_CODE, "AT+CUSD=1,\"<code>\""},
		{TRANSCRIPT_ASK, "AT+CUSD=1,\"<ask>\""},
		{TRANSCRIPT_REPLY, "AT+CUSD=1,\"<reply>\""},
		{TRANSCRIPT_PDU, "<pdu>\\x1A"},
		{TRANSCRIPT_SIM_PIN, "AT+CPIN=\"<pin>\""},
	};
	struct transcript t;

	(void)state;
	transcript_init(&t);
	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)transcript_sent(&t, span_str("*121*12345678901234#"),
			rows[i].cargo, shown, sizeof shown);
		assert_string_equal(shown, rows[i].shown);
	}
}

static void
ones(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= '0' && *text <= '9')
			*text = '1';
}

/* Decoded again: the same letters, other digits; the numbers gone. */
static void
messages_decode_to_their_letters(void **state)
{
	/* 7 bit, from a number; UCS-2, from a name; a part, with a header. */
	static const char *const rows[] = {
		"07912104442961F4040B916171957291F800001120821105050A6AC8B2BC7C"
		"9A83C220F6DB7D2ECB41EDF27C1E3E97411BDE06754FD3D1A0F9BB5D0695F1"
		"F4B29B5C2683C6E8B03C3CA697E5F34D6AE303D1D1F2F7DD0D4ABB59A0797D"
		"8C0685E7A00028EC26832A960B28EC2683BE6050780EBA97D96C17",
		"07919730071111F10414D04937BD2C7797E9D3E61400081130929102406108"
		"0442043504410442"};
	struct transcript t;
	struct pdu before, after;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		transcript_init(&t);
		assert_string_equal(
			heard(&t, "+CMGL: 1,1,,32"), "+CMGL: 1,1,,32");
		(void)heard(&t, "^RSSI:14"); /* noise between them */
		(void)heard(&t, rows[i]);
		assert_string_not_equal(shown, rows[i]);
		assert_int_equal(pdu_decode(span_str(rows[i]), &before), 0);
		assert_int_equal(pdu_decode(span_str(shown), &after), 0);
		ones(before.text);
		ones(before.address.text);
		ones(before.smsc.text);
		assert_string_equal(after.text, before.text);
		assert_string_equal(after.address.text, before.address.text);
		assert_string_equal(after.smsc.text, before.smsc.text);
	}
	/* Garbage stays garbage, and tells nothing. */
	transcript_init(&t);
	(void)heard(&t, "+CMGL: 1,1,,32");
	assert_string_equal(
		heard(&t, "0791132604000012345678"), "FFFFFFFFFFFFFFFFFFFFFF");
}

/* Whatever comes: it ends, and a PIN in it is not in what is shown. */
static void
random_lines_show_no_pin(void **state)
{
	static const char *const fronts[] = {"+CUSD: 0,\"", "+CMGL: 1,1,,",
		"+CMGR: 0,,", "", "+CSCA: \"", "^BOOT:", "+CREG: ", "\xE0\xA5"};
	static const char pin[] = "83920174659283";
	unsigned seed = 20261122;
	struct transcript t;

	(void)state;
	transcript_init(&t);
	for (int i = 0; i < 20000; i++) {
		char line[400];
		size_t n = (size_t)snprintf(line, sizeof line, "%s",
			fronts[(size_t)rand_r(&seed) % COUNT(fronts)]);
		size_t junk = (size_t)rand_r(&seed) % 40;

		for (size_t k = 0; k < junk; k++)
			line[n++] = (char)rand_r(&seed);
		memcpy(line + n, pin, sizeof pin - 1);
		n += sizeof pin - 1;
		junk = (size_t)rand_r(&seed) % 40;
		for (size_t k = 0; k < junk; k++)
			line[n++] = (char)rand_r(&seed);
		(void)transcript_heard(
			&t, span_of(line, n), shown, sizeof shown);
		if (strstr(shown, pin) != NULL)
			fail_msg("%s", shown);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_shown_by_their_form),
		cmocka_unit_test(what_comes_after_an_answer_is_no_part_of_it),
		cmocka_unit_test(stand_ins_are_stable),
		cmocka_unit_test(what_we_send_with_a_secret_is_only_named),
		cmocka_unit_test(messages_decode_to_their_letters),
		cmocka_unit_test(random_lines_show_no_pin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
