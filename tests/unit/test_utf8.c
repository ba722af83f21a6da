/* utf8: strict decoding, and digits of every script. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/utf8.h"

#define BYTES(s)                                                               \
	{                                                                      \
		s, sizeof(s) - 1                                               \
	}

static void
broken_bytes_are_no_characters(void **state)
{
	(void)state;
	/* RFC 3629 sections 3 and 10 */
	static const struct span bad[] = {BYTES("\x80"), BYTES("\xc0\x80"),
		BYTES("\xc1\xbf"), BYTES("\xe0\x80\x80"), BYTES("\xe0\x9f\xbf"),
		BYTES("\xed\xa0\x80"), BYTES("\xed\xbf\xbf"),
		BYTES("\xf0\x8f\xbf\xbf"), BYTES("\xf4\x90\x80\x80"),
		BYTES("\xf5\x80\x80\x80"), BYTES("\xff"), BYTES("\xc3"),
		BYTES("\xe2\x82"), BYTES("\xf0\x9f\x98"), BYTES("\xc3("),
		BYTES("\xe2(\xa1"), BYTES("\xf0\x9f\x98("), BYTES("")};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t c = 77;

		assert_int_equal(utf8_next(bad[i], &c), 0);
		assert_int_equal(c, 77);
		assert_int_equal(utf8_is_valid(bad[i]), bad[i].len == 0);
	}
	assert_false(utf8_is_valid(span_str("good until \xff here")));
}

static void
characters_at_the_edges_decode(void **state)
{
	(void)state;
	static const struct {
		struct span bytes;
		uint32_t c;
	} rows[] = {{BYTES("\0"), 0}, {BYTES("\x7f"), 0x7f},
		{BYTES("\xc2\x80"), 0x80}, {BYTES("\xdf\xbf"), 0x7ff},
		{BYTES("\xe0\xa0\x80"), 0x800}, {BYTES("\xed\x9f\xbf"), 0xd7ff},
		{BYTES("\xee\x80\x80"), 0xe000},
		{BYTES("\xef\xbf\xbf"), 0xffff},
		{BYTES("\xf0\x90\x80\x80"), 0x10000},
		{BYTES("\xf4\x8f\xbf\xbf"), 0x10ffff}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t c = 1;

		assert_int_equal(
			utf8_next(rows[i].bytes, &c), rows[i].bytes.len);
		assert_int_equal(c, rows[i].c);
		assert_true(utf8_is_valid(rows[i].bytes));
	}
}

static void
only_digits_have_a_digit_value(void **state)
{
	(void)state;
	static const struct {
		uint32_t c;
		int value;
	} rows[] = {{'0', 0}, {'9', 9}, {'/', -1}, {':', -1}, {0x663, 3},
		{0x6f9, 9}, {0x966, 0}, {0x9ed, 7}, {0xe59, 9}, {0xff15, 5},
		{0x1d7cd, -1}, {0x1d7ce, 0}, {0x1d7d7, 9}, {0x1d7d8, 0},
		{0x1d7ff, 9}, {0x1d800, -1}, {0x1fbf9, 9}, {0x10ffff, -1},
		{0xb2, -1} /* superscript two */, {0x2160, -1} /* Roman one */,
		{0x4e09, -1} /* three, in Chinese */};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(utf8_digit_value(rows[i].c), rows[i].value);
}

static void
plain_digits_keep_everything_else(void **state)
{
	(void)state;
	static const struct {
		struct span in;
		const char *out;
	} rows[] = {{BYTES(""), ""}, {BYTES("Tk. 100.00"), "Tk. 100.00"},
		{BYTES("رصيدك ٢٥٠٫٥٠ ج"), "رصيدك 250٫50 ج"},
		{BYTES("१२३ रुपये"), "123 रुपये"},
		{BYTES("\xff٣\xc3"), "\xff"
				     "3\xc3"},
		{BYTES("𝟗é"), "9é"}};
	char out[64];
	size_t len;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			utf8_plain_digits(rows[i].in, out, sizeof(out), &len),
			0);
		assert_int_equal(len, strlen(rows[i].out));
		assert_memory_equal(out, rows[i].out, len);
		if (len == 0)
			continue;
		assert_int_equal(
			utf8_plain_digits(rows[i].in, out, len, &len), 0);
		assert_int_equal(
			utf8_plain_digits(rows[i].in, out, len - 1, &len),
			-ENOSPC);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_bytes_are_no_characters),
		cmocka_unit_test(characters_at_the_edges_decode),
		cmocka_unit_test(only_digits_have_a_digit_value),
		cmocka_unit_test(plain_digits_keep_everything_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
