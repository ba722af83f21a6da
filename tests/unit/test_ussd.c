/*
 * +CUSD lines as modems really print them. The corpus of real lines is
 * cusd.tsv, and what else has its columns, in the folder that CORPUS names;
 * the tables here hold its rules, so that they stay tested where it is absent.
 */
#include "modem/ussd.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/corpus.h"

#define S(text) span_of(text, sizeof(text) - 1)

enum { SEED = 20260102, TURNS = 3000 };

/* A small generator of our own: the same numbers on every machine. */
static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static void
line_that_is_no_cusd_is_refused(void **state)
{
	static const char *const bad[] = {"", "+CUSD",
		"+CUSD:", "+CUSD: ", "+CUSD: \"0\"", "+CUSD: (0-2)",
		"+CUSD: -1", "+CUSD: ,\"x\"", "OK+CUSD: 2", "+CUSDX: 1",
		"+CMTI: 1"};
	struct ussd_answer out = {.dcs = 4711};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(ussd_parse(span_str(bad[i]), &out), -EINVAL);
	assert_int_equal(out.dcs, 4711);
}

static void
odd_lines_still_give_their_fields(void **state)
{
	static const struct {
		const char *line;
		enum ussd_mode mode;
		int dcs;
		const char *body; /* NULL: none */
	} rows[] = {
		{"+CUSD: 2", USSD_ENDED, -1, NULL},
		{"+CUSD:5\r\n", USSD_TIMEOUT, -1, NULL},
		{"\r\n+CUSD: 1", USSD_ASKS, -1, NULL},
		{"+CUSD: 6, \"...\"", USSD_ODD, -1, "..."},
		{"+CUSD: 99999999999999", USSD_ODD, -1, NULL},
		{"+CUSD: 2,", USSD_ENDED, -1, NULL},
		{"+CUSD: 2,\"\",15", USSD_ENDED, 15, NULL},
		{"+CUSD: 2,,15", USSD_ENDED, 15, NULL},
		{"+CUSD: 0 junk", USSD_DONE, -1, NULL},
		{"+CUSD: 0, \"a\", 15", USSD_DONE, 15, "a"},
		{"+CUSD: 2, \"a\" ,1", USSD_ENDED, 1, "a"},
		{"+CUSD: 0,\"a\"", USSD_DONE, -1, "a"},
		{"+CUSD: 0,\"a\",", USSD_DONE, -1, "a"},
		{"+CUSD: 0,\"a\",0       \r\n", USSD_DONE, 0, "a"},
		{"+CUSD: 0,\"a\", 17r", USSD_DONE, 17, "a"},
		{"+CUSD: 0,\"a\",-12", USSD_DONE, 244, "a"},
		{"+CUSD: 0,\"a\",-1", USSD_DONE, 255, "a"},
		{"+CUSD: 0,\"a\",-0", USSD_DONE, 0, "a"},
		{"+CUSD: 0,\"a\",999", USSD_DONE, -1, "a"},
		{"+CUSD: 0,\" a \",15", USSD_DONE, 15, " a "},
		{"+CUSD: 0,\"a\r\n\r\nb\n\",15", USSD_DONE, 15, "a\r\n\r\nb\n"},
		{"+CUSD: 0,\"say \"yes\", 15 days\",15", USSD_DONE, 15,
			"say \"yes\", 15 days"},
		{"+CUSD: 0,\"a\" b", USSD_DONE, -1, "a\" b"},
		{"+CUSD: 0,\"a\", said he", USSD_DONE, -1, "a\", said he"},
		{"+CUSD: 0,\"a\",1234", USSD_DONE, -1, "a\",1234"},
		{"+CUSD: 0,\"a\",15 and so on", USSD_DONE, -1,
			"a\",15 and so on"},
		{"+CUSD: 2,\"never closed\r\n", USSD_ENDED, -1, "never closed"},
		{"+CUSD: 2,\"you have 1,15", USSD_ENDED, -1, "you have 1,15"},
		{"+CUSD: 2,\"00410042,17", USSD_ENDED, 17, "00410042"},
		{"+CUSD: 2,\"", USSD_ENDED, -1, NULL},
		{"+CUSD: 0, AA180C3602\r\n", USSD_DONE, -1, "AA180C3602"},
		{"+CUSD: 0,AA180C3602 , 15", USSD_DONE, 15, "AA180C3602"},
		{"+CUSD: 0,AA180C3602,x", USSD_DONE, -1, "AA180C3602,x"},
		{"+CUSD: 0,You have 1,15", USSD_DONE, -1, "You have 1,15"},
		{"+CUSD: 0,12345678 left,15", USSD_DONE, -1,
			"12345678 left,15"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ussd_answer out;
		int rc = ussd_parse(span_str(rows[i].line), &out);

		assert_int_equal(rc, 0);
		assert_int_equal(out.mode, rows[i].mode);
		assert_int_equal(out.dcs, rows[i].dcs);
		assert_int_equal(out.has_body, rows[i].body != NULL);
		if (rows[i].body != NULL)
			assert_true(span_eq(out.body, span_str(rows[i].body)));
	}
}

/* What a body reads as under a coding scheme. NULL: undecodable. */
static const struct {
	const char *body;
	int dcs;
	const char *text;
} readings[] = {
	/* digits are text */
	{"100", 15, "100"},
	{"12345678", 15, "12345678"},
	{"12345678", 72, "12345678"},
	{"0412", 72, "0412"},
	{"00000000", 15, "00000000"},
	{"3132", 15, "3132"},
	{"3037373935353033333035", 0, "07795503305"},
	{"00310030", 72, "10"},
	{"00310030", 15, "10"},
	/* words that look like hex */
	{"DECADE", 15, "DECADE"},
	{"Added", 15, "Added"},
	{"facade", 0, "facade"},
	{"AB12", 15, "AB12"},
	{"4B0", 15, "4B0"},
	/* packed septets */
	{"CF25", 15, "OK"},
	{"AA180C3602", 15, "*100#"},
	{"aa180c3602", 0, "*100#"},
	{" AA180C3602\r\n", 15, "*100#"},
	{"AA182CA6A28D1A", 1, "*101*4#"},
	{"AA182CA6A28D00", 1, "*101*4#"}, /* filled with zero bits */
	{"CF2135487D2E4130572D0682BB1A", 68, "OCTATOK 0.51 p."},
	{"656E0D8A0100000000", 15, NULL}, /* noise */
	{"00000000000000F8", 15, NULL},
	/* octets in hex */
	{"4F4B2031", 68, "OK 1"},
	{"48656C6C6F20746865726521", 0, "Hello there!"},
	{"42616C3A0231302E353020636172056C6C", 0, "Bal:$10.50 car\xC3\xA9ll"},
	{"48E96C6C6F20776F726C6421", 68, "H\xC3\xA9llo world!"},
	{"48C3A96C6C6F20776F726C64", 244, "H\xC3\xA9llo world"},
	/* UCS-2 in hex, under any scheme */
	{"004800e9", 15, "H\xC3\xA9"},
	{"041104300441", 15, "041104300441"}, /* may be a number */
	{"04110430043B", 15, "\xD0\x91\xD0\xB0\xD0\xBB"},
	{"0645063A", 72, "\xD9\x85\xD8\xBA"},
	{"4F60597D", 72, "\xE4\xBD\xA0\xE5\xA5\xBD"},
	{"0041004", 72, "0041004"}, /* too short to be sure */
	{"00410042004300440", 72, "00410042004300440"},
	{"004100420043004F0", 72, NULL}, /* cut short */
	{"00410000FFFFZZ", 72, "A"},     /* memory behind the end */
	{"004100420043\"d e\"0046", -1, "ABC\"d e\"F"},
	{"004100420043\"de", 72, "004100420043\"de"},
	{"00410042\"de\"", -1, "AB\"de\""},
	{"0041\"\xE9\"0042", 72, "0041\"\xC3\xA9\"0042"},
	{"0041221225002600201320AC0042", 15,
		"A\xE2\x88\x92\xE2\x94\x80\xE2\x98\x80\xE2\x80\x93"
		"\xE2\x82\xAC"
		"B"},
	{"FB56FE8D0020FEAD", 15, "\xEF\xAD\x96\xEF\xBA\x8D \xEF\xBA\xAD"},
	/* three scripts are none: packed septets, if anything */
	{"0411045A05D003B1", 15,
		"\xC3\xA8\"\xCE\x94PU@t\xC2\xA3"
		"1"},
	{"0411045A05D0", 15, "\xD0\x91\xD1\x9A\xD7\x90"},
	{"004100010042008A", 15, NULL}, /* controls */
	{"5F5F", 15, "5F5F"},
	{"D83D0041D83DD83D", 72, NULL},
	{"0411045A", 999, "0411045A"},
	/* a language code before the text */
	{"61390411043A", 17, "\xD0\x91\xD0\xBA"},
	{"6139041104300041004D", -1,
		"\xD0\x91\xD0\xB0"
		"AM"},
	{"61394F60", 17, "\xE6\x84\xB9\xE4\xBD\xA0"},
	{"613900410000DEADBEEF123", 17, "A"},
	{"en\rHello", 16, "Hello"},
	{"en\rHello", 15, "en\rHello"},
	{"E1n\rHello", 16, "E1n\rHello"},
	/* flattened by a poorer charset */
	{"ar?hb? ?'  10?@ ? ?hb@?J@@?@?? @f@", 17, NULL},
	{"00610072003F00680062003F003F", 17, NULL},
	{"???????: 100.00", 72, NULL},
	{"Ready? Send 1", 72, "Ready? Send 1"},
	/* a noise line was taken out of the middle of hex, and only there */
	{"48656C6C6F20\r\n746865726521", 0, "Hello there!"},
	{"D9771D840EDBCB2071\r\n\r\nB9EC06", 15, "You have been"},
	{"00590065007300\r\n2C0020006F006B", 72, "Yes, ok"},
	{"12345678\r\n12345678", 15, "12345678\r\n12345678"},
	{"FEED\nBEEF", 15, "FEED\nBEEF"},
	/* octets on the line */
	{"v\xE0s\xE0rl\xE0s", 15, "v\xC3\xA0s\xC3\xA0rl\xC3\xA0s"},
	{"Il Credito \xC3\xA8 10", 15, "Il Credito \xC3\xA8 10"},
	{"10\x02 credit\x05", 15, "10$ credit\xC3\xA9"},
	{"\xCF\x21\x35\x48\x7D\x2E\x41\x30\x57\x2D\x06\x82\xBB\x1A", 1,
		"OCTATOK 0.51 p."},
	{"\x01\x02\x03\x04\x05\x06", 15, NULL},
	{"\xFE\xFF\x80\x81\xFF", 15, NULL},
	{"", 15, ""},
};

static void
text_decides_where_the_scheme_lies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
		struct ussd_answer answer = {.mode = USSD_DONE,
			.dcs = readings[i].dcs,
			.body = span_str(readings[i].body),
			.has_body = true};
		char text[USSD_TEXT_MAX] = "";
		size_t len = 4711;
		int rc = ussd_decode(&answer, text, sizeof text, &len);

		if (readings[i].text == NULL) {
			if (rc == 0)
				print_error("row %zu: \"%s\"\n", i, text);
			assert_int_equal(rc, -EILSEQ);
			assert_int_equal(len, 4711);
			continue;
		}
		if (rc != 0)
			print_error("row %zu: %d\n", i, rc);
		assert_int_equal(rc, 0);
		assert_string_equal(text, readings[i].text);
		assert_int_equal(len, strlen(text));
	}
}

static void
nul_octets_are_no_text(void **state)
{
	struct ussd_answer answer = {
		.dcs = 15, .body = span_of("\0\0\xFF\0", 4), .has_body = true};
	char text[USSD_TEXT_MAX];
	size_t len;

	(void)state;
	assert_int_equal(
		ussd_decode(&answer, text, sizeof text, &len), -EILSEQ);
	/* The GSM alphabet has "@" there. */
	answer.body = span_of("me\0home.ng", 10);
	assert_int_equal(ussd_decode(&answer, text, sizeof text, &len), 0);
	assert_string_equal(text, "me@home.ng");
}

static void
text_of_any_length_is_bounded(void **state)
{
	static char body[40000];
	static const char *const fills[] = {"AA18", "0041", "Text", "6139",
		"3030", "\xE0\xE0\xE0\xE0", "\x01\x02\x03\x04"};

	(void)state;
	for (size_t i = 0; i < sizeof fills / sizeof fills[0]; i++) {
		for (size_t n = 0; n < sizeof body; n++)
			body[n] = fills[i][n % 4];
		for (size_t n = 4; n < sizeof body; n = n * 3 / 4 * 2 + 2) {
			struct ussd_answer answer = {.dcs = 15,
				.body = span_of(body, n),
				.has_body = true};
			char text[USSD_TEXT_MAX];
			size_t len = 0;
			int rc = ussd_decode(&answer, text, sizeof text, &len);

			assert_true(rc == 0 || rc == -ENOSPC || rc == -EILSEQ);
			assert_true(len < sizeof text);
			assert_true(n < 10000 || rc != 0);
		}
	}
}

static void
small_buffer_is_refused(void **state)
{
	struct ussd_answer answer = {
		.dcs = 15, .body = S("AA180C3602"), .has_body = true};
	char text[6];
	size_t len = 4711;

	(void)state;
	for (size_t cap = 0; cap < sizeof text; cap++)
		assert_int_equal(
			ussd_decode(&answer, text, cap, &len), -ENOSPC);
	assert_int_equal(len, 4711);
	assert_int_equal(ussd_decode(&answer, text, sizeof text, &len), 0);
	assert_string_equal(text, "*100#");
}

static void
request_is_coded_as_the_modem_wants_it(void **state)
{
	static const struct {
		enum ussd_coding coding;
		int rc;
		const char *utf8;
		const char *out;
	} rows[] = {
		{USSD_PLAIN, 0, "*121*123#", "*121*123#"},
		{USSD_PLAIN, 0, "Yes (1)", "Yes (1)"},
		{USSD_PLAIN, 0, "", ""},
		{USSD_PLAIN, -EILSEQ, "*1\"#", ""},
		{USSD_PLAIN, -EILSEQ, "*1\r#", ""},
		{USSD_PLAIN, -EILSEQ, "a@b", ""},
		{USSD_PLAIN, -EILSEQ, "1$", ""},
		{USSD_PLAIN, -EILSEQ, "a_b", ""},
		{USSD_PLAIN, -EILSEQ, "{}", ""},
		{USSD_PLAIN, -EILSEQ, "\xC3\xA9", ""},
		{USSD_GSM7_HEX, 0, "*100#", "AA180C3602"},
		{USSD_GSM7_HEX, 0, "*101*4#", "AA182CA6A28D1A"},
		{USSD_GSM7_HEX, -EILSEQ, "\xD0\x91", ""},
		{USSD_GSM7_HEX, -EILSEQ, "\xFF", ""},
		{USSD_UCS2_HEX, 0, "*1#", "002A00310023"},
		{USSD_UCS2_HEX, 0, "\xD0\x91", "0411"},
		{USSD_UCS2_HEX, -EILSEQ, "\xFF", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char out[64];
		size_t len = 4711;
		int rc = ussd_encode(rows[i].coding, span_str(rows[i].utf8),
			out, sizeof out, &len);

		assert_int_equal(rc, rows[i].rc);
		if (rc != 0) {
			assert_int_equal(len, 4711);
			continue;
		}
		assert_string_equal(out, rows[i].out);
		assert_int_equal(len, strlen(out));
		/* One byte less is too small. */
		assert_int_equal(
			ussd_encode(rows[i].coding, span_str(rows[i].utf8), out,
				strlen(rows[i].out), &len),
			-ENOSPC);
	}
}

static void
longest_request_fits_every_coding(void **state)
{
	static const enum ussd_coding codings[] = {
		USSD_PLAIN, USSD_GSM7_HEX, USSD_UCS2_HEX};
	char code[USSD_CODE_MAX + 1], out[4 * USSD_CODE_MAX + 1];
	size_t len;

	(void)state;
	memset(code, '7', USSD_CODE_MAX);
	code[USSD_CODE_MAX] = '\0';
	for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++)
		assert_int_equal(ussd_encode(codings[i], span_str(code), out,
					 sizeof out, &len),
			0);
}

static void
random_requests_decode_to_themselves(void **state)
{
	/* Of all three codings; no text of them is hex by itself. */
	static const char alphabet[] =
		"*#0123456789 ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz.,:;!?%&()+-/<=>'";
	static const enum ussd_coding codings[] = {
		USSD_PLAIN, USSD_GSM7_HEX, USSD_UCS2_HEX};
	static const int schemes[] = {15, 0, 72};
	uint32_t seed = SEED;

	(void)state;
	print_message("seed %u\n", seed);
	for (int turn = 0; turn < TURNS; turn++) {
		char code[USSD_CODE_MAX + 1], line[1024], text[USSD_TEXT_MAX];
		char hex[4 * USSD_CODE_MAX + 1];
		size_t n = 8 + next_random(&seed) % (USSD_CODE_MAX - 8), len;
		size_t which = next_random(&seed) % 3;
		struct ussd_answer answer;

		code[0] = '*';
		for (size_t i = 1; i < n; i++)
			code[i] = alphabet[next_random(&seed) %
					   (sizeof alphabet - 1)];
		code[n] = '\0';
		assert_int_equal(ussd_encode(codings[which], span_str(code),
					 hex, sizeof hex, &len),
			0);
		assert_true(snprintf(line, sizeof line, "+CUSD: 0,\"%s\",%d",
				    hex, schemes[which]) < (int)sizeof line);
		assert_int_equal(ussd_parse(span_str(line), &answer), 0);
		assert_int_equal(answer.dcs, schemes[which]);
		assert_int_equal(
			ussd_decode(&answer, text, sizeof text, &len), 0);
		assert_string_equal(text, code);
	}
}

static void
any_bytes_are_survived(void **state)
{
	static const char likely[] = "0123456789ABCDEFabcdef\"\",,:+ \r\n-";
	uint32_t seed = SEED + 1;

	(void)state;
	print_message("seed %u\n", seed);
	for (int turn = 0; turn < TURNS * 4; turn++) {
		/* Of its own size, so that a sanitizer sees one byte more. */
		size_t n = 8 + next_random(&seed) % 96, len = 0;
		char *line = malloc(n);
		char text[USSD_TEXT_MAX];
		struct ussd_answer answer;

		assert_non_null(line);
		memcpy(line, "+CUSD: 0", 8);
		for (size_t i = 8; i < n; i++)
			line[i] = next_random(&seed) % 4 == (uint32_t)turn % 4
			                  ? (char)next_random(&seed)
			                  : likely[next_random(&seed) %
						    (sizeof likely - 1)];
		if (n > 10)
			memcpy(line + 8, ",\"", 2);
		if (ussd_parse(span_of(line, n), &answer) == 0) {
			int rc;

			answer.dcs = (int)(next_random(&seed) % 257) - 1;
			rc = ussd_decode(&answer, text, sizeof text, &len);
			assert_true(rc == 0 || rc == -EILSEQ);
			if (rc == 0)
				assert_int_equal(strlen(text), len);
		}
		free(line);
	}
}

/*
 * Whether got is want. Where the source had lost an octet, got has U+FFFD,
 * and any one character of want will do.
 */
static bool
is_wanted(const char *got, const char *want)
{
	static const char lost[] = "\xEF\xBF\xBD";

	while (*got != '\0' && *want != '\0') {
		if (!strncmp(got, lost, 3)) {
			got += 3;
			for (want++; ((unsigned char)*want & 0xC0) == 0x80;)
				want++;
		} else if (*got++ != *want++) {
			return false;
		}
	}
	return *got == *want;
}

static const char *const columns[] = {
	"id", "raw_line", "m", "dcs", "decoded_text", NULL};
enum { COLUMN_LINE = 1, COLUMN_MODE, COLUMN_DCS, COLUMN_TEXT };

/* One row: whether it reads as it should. */
static enum corpus_verdict
judge(char *value[])
{
	struct ussd_answer answer;
	char text[USSD_TEXT_MAX] = "";
	uint32_t mode = 0, dcs = 0;
	char *raw = value[COLUMN_LINE], *want = value[COLUMN_TEXT];
	size_t len;
	int rc;

	/* "..." stands for what its reporter left out. */
	if (strstr(raw, "\"...\"") != NULL)
		return CORPUS_SKIPPED;
	if (span_to_u32(span_str(value[COLUMN_MODE]), USSD_ODD, &mode) < 0)
		return CORPUS_BAD;
	rc = span_to_u32(span_str(value[COLUMN_DCS]), UINT8_MAX, &dcs);
	len = corpus_unescape(raw);
	(void)corpus_unescape(want);
	if (ussd_parse(span_of(raw, len), &answer) < 0 ||
		answer.mode != (enum ussd_mode)mode ||
		answer.dcs != (rc == 0 ? (int)dcs : -1))
		return CORPUS_BAD;
	if (!answer.has_body)
		return *want == '\0' ? CORPUS_GOOD : CORPUS_BAD;
	rc = ussd_decode(&answer, text, sizeof text, &len);
	/* A body without a text: corrupt, and to be reported so. */
	if (*want == '\0')
		return rc == -EILSEQ ? CORPUS_GOOD : CORPUS_BAD;
	return rc == 0 && is_wanted(text, want) ? CORPUS_GOOD : CORPUS_BAD;
}

static void
every_real_line_decodes(void **state)
{
	(void)state;
	corpus_expect(columns, judge);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_that_is_no_cusd_is_refused),
		cmocka_unit_test(odd_lines_still_give_their_fields),
		cmocka_unit_test(text_decides_where_the_scheme_lies),
		cmocka_unit_test(nul_octets_are_no_text),
		cmocka_unit_test(text_of_any_length_is_bounded),
		cmocka_unit_test(small_buffer_is_refused),
		cmocka_unit_test(request_is_coded_as_the_modem_wants_it),
		cmocka_unit_test(longest_request_fits_every_coding),
		cmocka_unit_test(random_requests_decode_to_themselves),
		cmocka_unit_test(any_bytes_are_survived),
		cmocka_unit_test(every_real_line_decodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
