/*
 * The base everything stands on: views of foreign bytes, numbers and hex.
 */
#include "modem/span.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define S(text) span_of(text, sizeof(text) - 1)

static const struct span nothing = {NULL, 0};

static void
empty_span_is_harmless(void **state)
{
	char dst[4] = "abc";
	uint8_t octets[1];
	uint32_t number = 77;
	size_t len = 5;

	(void)state;
	assert_true(span_eq(nothing, S("")));
	assert_true(span_starts(nothing, nothing));
	assert_true(span_starts(S("a"), nothing));
	assert_false(span_starts(nothing, S("a")));
	assert_int_equal(span_skip(nothing, 9).len, 0);
	assert_int_equal(span_trim(nothing).len, 0);
	assert_int_equal(span_find(nothing, 'a'), 0);
	assert_int_equal(span_to_u32(nothing, 9, &number), -EINVAL);
	assert_int_equal(number, 77);
	assert_int_equal(span_copy(dst, sizeof dst, nothing), 0);
	assert_string_equal(dst, "");
	assert_int_equal(span_from_hex(nothing, octets, 0, &len), 0);
	assert_int_equal(len, 0);
}

static void
span_looks_no_further_than_its_length(void **state)
{
	struct span cut = span_of("+CSQ: 17\r\n", 5);

	(void)state;
	assert_true(span_eq(cut, S("+CSQ:")));
	assert_false(span_eq(cut, S("+CSQ: 17\r\n")));
	assert_false(span_starts(cut, S("+CSQ: ")));
	assert_int_equal(span_find(cut, '1'), 5);
	assert_true(span_eq(span_of("a\0b", 3), span_of("a\0b", 3)));
	assert_false(span_eq(span_of("a\0b", 3), span_of("a\0c", 3)));
	assert_int_equal(span_str("three").len, 5);
}

static void
skip_stops_at_the_end(void **state)
{
	(void)state;
	assert_true(span_eq(span_skip(S("abc"), 0), S("abc")));
	assert_true(span_eq(span_skip(S("abc"), 2), S("c")));
	assert_true(span_eq(span_skip(S("abc"), 3), S("")));
	assert_true(span_eq(span_skip(S("abc"), SIZE_MAX), S("")));
}

static void
trim_takes_blanks_of_both_ends_only(void **state)
{
	(void)state;
	assert_true(span_eq(span_trim(S(" \t\r\na b\r\n ")), S("a b")));
	assert_true(span_eq(span_trim(S("\r\n \t")), S("")));
	assert_true(span_eq(span_trim(S("\va\f")), S("\va\f")));
}

static void
number_is_digits_within_its_limit(void **state)
{
	static const struct {
		const char *text;
		uint32_t max;
		int rc;
		uint32_t value;
	} rows[] = {
		{"0", 0, 0, 0},
		{"007", 9, 0, 7},
		{"4294967295", UINT32_MAX, 0, UINT32_MAX},
		{"4294967296", UINT32_MAX, -ERANGE, 0},
		{"99999999999999999999999999999999999999", 9, -ERANGE, 0},
		{"18446744073709551617", UINT32_MAX, -ERANGE, 0},
		{"100", 99, -ERANGE, 0},
		{"999999999999999999999x", 9, -EINVAL, 0},
		{"-1", 9, -EINVAL, 0},
		{"+1", 9, -EINVAL, 0},
		{" 1", 9, -EINVAL, 0},
		{"1 ", 9, -EINVAL, 0},
		{"0x1", 9, -EINVAL, 0},
		{"/", 99, -EINVAL, 0},
		{":", 99, -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint32_t out = 4711;
		int rc = span_to_u32(span_str(rows[i].text), rows[i].max, &out);

		assert_int_equal(rc, rows[i].rc);
		assert_int_equal(out, rc == 0 ? rows[i].value : 4711);
	}
}

static void
copy_reports_what_it_had_to_cut(void **state)
{
	char dst[4];

	(void)state;
	assert_int_equal(span_copy(dst, sizeof dst, S("abc")), 0);
	assert_string_equal(dst, "abc");
	assert_int_equal(span_copy(dst, sizeof dst, S("wxyz")), -ENOSPC);
	assert_string_equal(dst, "wxy");
	assert_int_equal(span_copy(dst, 1, S("w")), -ENOSPC);
	assert_string_equal(dst, "");
	dst[0] = '#';
	assert_int_equal(span_copy(dst, 0, S("")), -ENOSPC);
	assert_int_equal(dst[0], '#');
}

static void
bad_hex_leaves_the_buffer_alone(void **state)
{
	static const char *const bad[] = {"A", "0G", "0g", "G0", "0/",
		"0:", "0@", "0`", " 0", "0x", "00é"};
	uint8_t dst[2] = {0x5A, 0x5A};
	size_t len = 99;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(
			span_from_hex(span_str(bad[i]), dst, 2, &len), -EINVAL);
	assert_int_equal(span_from_hex(S("010203"), dst, 2, &len), -ENOSPC);
	assert_int_equal(dst[0], 0x5A);
	assert_int_equal(dst[1], 0x5A);
	assert_int_equal(len, 99);
}

static void
hex_of_every_octet_comes_back(void **state)
{
	uint8_t all[256], back[256];
	char hex[513];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (uint8_t)i;
	assert_int_equal(span_to_hex(all, 256, hex, sizeof hex), 0);
	assert_int_equal(strlen(hex), 512);
	assert_memory_equal(&hex[342], "AB", 2);
	assert_int_equal(span_from_hex(span_str(hex), back, 256, &len), 0);
	assert_int_equal(len, 256);
	assert_memory_equal(all, back, 256);
	assert_int_equal(span_from_hex(S("aBcD"), back, 2, &len), 0);
	assert_memory_equal(back, "\xAB\xCD", 2);
}

static void
hex_needs_room_for_its_nul(void **state)
{
	char hex[4] = "###";

	(void)state;
	assert_int_equal(
		span_to_hex((const uint8_t *)"ab", 2, hex, 4), -ENOSPC);
	assert_int_equal(span_to_hex((const uint8_t *)"a", 1, hex, 0), -ENOSPC);
	assert_string_equal(hex, "###");
	assert_int_equal(span_to_hex((const uint8_t *)"a", 1, hex, 3), 0);
	assert_string_equal(hex, "61");
	assert_int_equal(span_to_hex(NULL, 0, hex, 1), 0);
	assert_string_equal(hex, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_span_is_harmless),
		cmocka_unit_test(span_looks_no_further_than_its_length),
		cmocka_unit_test(skip_stops_at_the_end),
		cmocka_unit_test(trim_takes_blanks_of_both_ends_only),
		cmocka_unit_test(number_is_digits_within_its_limit),
		cmocka_unit_test(copy_reports_what_it_had_to_cut),
		cmocka_unit_test(bad_hex_leaves_the_buffer_alone),
		cmocka_unit_test(hex_of_every_octet_comes_back),
		cmocka_unit_test(hex_needs_room_for_its_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
