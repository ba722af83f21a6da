/*
 * Batch files with their rows told as a parser would tell them; every text
 * is fed in pieces of 1 to n bytes and must give the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/redact.h"

enum { TEXT_MAX = 200000, ROWS_MAX = 8 };

struct row {
	unsigned line;
	const char *voucher_pin;
};

struct example {
	const char *in;
	size_t len; /* 0: strlen */
	struct row rows[ROWS_MAX];
	const char *out;
};

static char got[TEXT_MAX];
static size_t got_len;

static void
on_text(void *ctx, struct span text)
{
	(void)ctx;
	assert_true(got_len + text.len < sizeof(got));
	memcpy(got + got_len, text.ptr, text.len);
	got_len += text.len;
}

static struct secret
secret_of(const char *voucher_pin)
{
	struct secret secret = {.len = strlen(voucher_pin)};

	memcpy(secret.bytes, voucher_pin, secret.len);
	return secret;
}

/* Tells a row once its first line is whole, as a parser does. */
static void
redact(const struct example *e, size_t piece)
{
	struct redact *r = redact_new(on_text, NULL);
	size_t len = e->len ? e->len : strlen(e->in), lines = 1;
	const struct row *row = e->rows;

	got_len = 0;
	for (size_t at = 0; at < len; at += piece) {
		size_t n = piece < len - at ? piece : len - at;

		redact_feed(r, span_of(e->in + at, n));
		for (size_t i = at; i < at + n; i++)
			lines += e->in[i] == '\n';
		while (row->line != 0 && row->line < lines) {
			struct secret secret = secret_of(row->voucher_pin);

			redact_row(r, row->line, &secret);
			row++;
		}
	}
	for (; row->line != 0; row++) {
		struct secret secret = secret_of(row->voucher_pin);

		redact_row(r, row->line, &secret);
	}
	redact_finish(r);
	redact_free(r);
	got[got_len] = '\0';
}

static void
check(const struct example *e)
{
	static const size_t pieces[] = {1, 2, 3, 7, 64, TEXT_MAX};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		redact(e, pieces[i]);
		assert_string_equal(got, e->out);
	}
}

#define PIN  "12345678901234"
#define STAR "**********1234"

static void
what_is_no_known_row_loses_its_numbers(void **state)
{
	static const struct example cases[] = {
		{"# amount: 100\n# note: " PIN "\n", 0, {{0, NULL}},
			"# amount: 100\n# note: **************\n"},
		/* A bad row among good ones: PIN and serial changed places. */
		{"pin\n" PIN "\nS1," PIN ",100\n" PIN "\n", 0,
			{{2, PIN}, {4, PIN}},
			"pin\n" STAR "\n**,**************,***\n" STAR "\n"},
		/* Also where there are few digits, once rows began. */
		{PIN "\n12\n" PIN "\n", 0, {{1, PIN}, {3, PIN}},
			STAR "\n**\n" STAR "\n"},
		{"ab12cd34;Lagos\n", 0, {{0, NULL}}, "ab12cd34;Lagos\n"},
		{"ab12cd3456;Lagos\n", 0, {{0, NULL}}, "**********;Lagos\n"},
		/* Digits of another script. */
		{"\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6\n", 0,
			{{0, NULL}}, "******\n"},
		{"", 0, {{0, NULL}}, ""},
		{"x", 0, {{0, NULL}}, "x"},
		/* UTF-16 without a mark: a bad row full of NUL. */
		{"\x01"
		 "1\0"
		 "2\0"
		 "3\0"
		 "4\0"
		 "5\0"
		 "6\0\n",
			14, {{1, PIN}}, "\x01*"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check(&cases[i]);
}

static void
row_whose_pin_is_not_found_is_hidden_whole(void **state)
{
	static const struct example cases[] = {
		{"ABCD,word,7\n", 0, {{1, "99999999999999"}}, "****,****,*\n"},
		/* A PIN of letters only, and a row that continues. */
		{"\"x\nSECRETPIN\",1\n", 0, {{1, "SECRETPIN"}},
			"\"*\n*********\",*\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check(&cases[i]);
}

static void
known_rows_keep_all_but_the_pin(void **state)
{
	static const struct example cases[] = {
		{"\xef\xbb\xbfpin;serial;amount\r\n" PIN
		 ";8899001122;100.50\r\n",
			0, {{2, PIN}},
			"\xef\xbb\xbfpin;serial;amount\r\n" STAR
			";8899001122;100.50\r\n"},
		{"1234-5678 9012.34,x\n", 0, {{1, PIN}},
			"****-**** **12.34,x\n"},
		{"1234\xc2\xa0"
		 "5678901234\n",
			0, {{1, PIN}}, "****\xc2\xa0******1234\n"},
		{"1234567890\n", 0, {{1, "1234567890"}}, "**********\n"},
		{"AB12CD34EF56\n", 0, {{1, "AB12CD34EF56"}}, "**********56\n"},
		/* Twice, and a good part of it in another cell. */
		{PIN "," PIN ",no 123456789\n", 0, {{1, PIN}},
			STAR "," STAR ",no *********\n"},
		/* Digits of another script; the file ends without a line end.
	         */
		{"\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6\xd9\xa7"
		 "\xd9\xa8,1",
			0, {{1, "12345678"}}, "********,1"},
		/* A row in two lines: what continues loses numbers. */
		{PIN ",\"a\n77 b\"\n" PIN "\n", 0, {{1, PIN}, {3, PIN}},
			STAR ",\"a\n** b\"\n" STAR "\n"},
		{"\n\n" PIN "\n\n", 0, {{3, PIN}}, "\n\n" STAR "\n\n"},
		/* Told too late or of no line: never in clear. */
		{PIN "\n", 0, {{9, PIN}}, "**************\n"},
		{"123 456\n" PIN "\n", 0, {{2, PIN}, {1, PIN}},
			"*** ***\n" STAR "\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check(&cases[i]);
}

static void
utf16_comes_out_as_utf8(void **state)
{
	static const char le[] = "\xff\xfe"
				 "p\0i\0n\0\r\0\n\0"
				 "1\0"
				 "2\0"
				 "3\0"
				 "4\0"
				 "5\0"
				 "6\0"
				 "7\0"
				 ",\0\xe9\0,\0\x3d\xd8\x00\xde\x3d\xd8\n\0";
	static const char be[] = "\xfe\xff"
				 "\0p\0i\0n\0\n"
				 "\0"
				 "1\0"
				 "2\0"
				 "3\0"
				 "4\0"
				 "5\0"
				 "6\0"
				 "7"
				 "\0,\xde\x00\xd8\x3d\xde\x00\0\n";
	const struct example cases[] = {
		{le, sizeof(le) - 1, {{2, "1234567"}},
			"\xef\xbb\xbfpin\r\n*******,\xc3\xa9,\xf0\x9f\x98\x80"
			"\xef\xbf\xbd\n"},
		{be, sizeof(be) - 1, {{2, "1234567"}},
			"\xef\xbb\xbfpin\n*******,\xef\xbf\xbd"
			"\xf0\x9f\x98\x80\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check(&cases[i]);
}

static void
endless_lines_are_left_out(void **state)
{
	struct redact *r = redact_new(on_text, NULL);
	struct secret secret = secret_of(PIN);

	(void)state;
	got_len = 0;
	for (int i = 0; i < 100000; i++)
		redact_feed(r, span_of("9", 1));
	redact_feed(r, span_of("\n" PIN "\n", 16));
	redact_row(r, 2, &secret);
	redact_finish(r);
	redact_free(r);
	got[got_len] = '\0';
	assert_string_equal(got, "(a line that is too long)\n" STAR "\n");
	redact_free(NULL);
}

static void
parser_that_tells_nothing_is_not_waited_for(void **state)
{
	struct redact *r = redact_new(on_text, NULL);

	(void)state;
	got_len = 0;
	for (int i = 0; i < 10000; i++)
		redact_feed(r, span_of(PIN "\n", 15));
	assert_true(got_len > 10000 * 15 - 70000);
	redact_finish(r);
	redact_free(r);
	assert_int_equal(got_len, 10000 * 15);
	assert_null(memchr(got, '4', got_len));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_known_row_loses_its_numbers),
		cmocka_unit_test(row_whose_pin_is_not_found_is_hidden_whole),
		cmocka_unit_test(known_rows_keep_all_but_the_pin),
		cmocka_unit_test(utf16_comes_out_as_utf8),
		cmocka_unit_test(endless_lines_are_left_out),
		cmocka_unit_test(parser_that_tells_nothing_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
