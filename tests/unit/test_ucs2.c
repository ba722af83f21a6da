/*
 * UTF-8 and big-endian units: every character there and back, and every
 * kind of ill-formed input refused.
 */
#include "modem/ucs2.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define S(text) span_of(text, sizeof(text) - 1)

static void
ill_formed_utf8_is_refused(void **state)
{
	static const char *const bad[] = {
		"\x80",             /* a continuation alone */
		"a\xBF",            /* after a good character */
		"\xC3",             /* cut short */
		"\xE2\x82",         /* cut short */
		"\xF0\x9F\x92",     /* cut short */
		"\xC3(",            /* no continuation */
		"\xE2(\xA1",        /* no continuation */
		"\xE2\x82(",        /* no continuation */
		"\xF0(\x8C\xBC",    /* no continuation */
		"\xC0\x80",         /* over-long NUL */
		"\xC1\xBF",         /* over-long */
		"\xE0\x9F\xBF",     /* over-long */
		"\xF0\x8F\xBF\xBF", /* over-long */
		"\xED\xA0\x80",     /* surrogates */
		"\xED\xBF\xBF",
		"\xF4\x90\x80\x80", /* beyond U+10FFFF */
		"\xF8\x88\x80\x80\x80",
		"\xFE",
		"\xFF",
	};
	uint8_t octets[16];
	size_t len = 77;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_false(ucs2_is_utf8(span_str(bad[i])));
		assert_int_equal(ucs2_from_utf8(span_str(bad[i]), octets,
					 sizeof octets, &len),
			-EILSEQ);
	}
	assert_false(ucs2_is_utf8(span_of("a\0b", 3)));
	assert_int_equal(
		ucs2_from_utf8(span_of("\0", 1), octets, 2, &len), -EILSEQ);
	assert_int_equal(len, 77);
	assert_true(ucs2_is_utf8(S("")));
	assert_true(ucs2_is_utf8(S("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x92\xA9")));
}

static void
as_many_short_sequences_pass_as_there_are_characters(void **state)
{
	unsigned two = 0, three = 0;
	char s[3];

	(void)state;
	for (unsigned i = 0x8000; i < 0x10000; i++) {
		s[0] = (char)(i >> 8);
		s[1] = (char)i;
		two += ucs2_is_utf8(span_of(s, 2));
	}
	/* A lead and one continuation: U+0080 to U+07FF. */
	assert_int_equal(two, 0x800 - 0x80);
	for (unsigned i = 0xE00000; i < 0xF00000; i++) {
		s[0] = (char)(i >> 16);
		s[1] = (char)(i >> 8);
		s[2] = (char)i;
		three += ucs2_is_utf8(span_of(s, 3));
	}
	assert_int_equal(three, 0x10000 - 0x800 - 0x800);
}

static void
every_character_comes_back(void **state)
{
	(void)state;
	for (uint32_t point = 1; point <= 0x10FFFF; point++) {
		char utf8[8], back[8];
		uint8_t octets[4];
		size_t len = 0, n, back_len;
		uint32_t again;
		struct span s;

		if (point >= 0xD800 && point < 0xE000)
			continue;
		assert_int_equal(
			ucs2_utf8_put(point, utf8, sizeof utf8, &len), 0);
		s = span_of(utf8, len);
		assert_int_equal(ucs2_utf8_next(&s, &again), 0);
		assert_int_equal(again, point);
		assert_int_equal(s.len, 0);
		assert_int_equal(
			ucs2_from_utf8(span_of(utf8, len), octets, 4, &n), 0);
		assert_int_equal(n, point < 0x10000 ? 2 : 4);
		assert_int_equal(
			ucs2_to_utf8(octets, n, back, sizeof back, &back_len),
			0);
		assert_int_equal(back_len, len);
		assert_memory_equal(back, utf8, len);
	}
}

static void
units_become_the_text_a_person_reads(void **state)
{
	static const struct {
		const char *octets;
		size_t n;
		const char *utf8;
	} rows[] = {
		{"", 0, ""},
		{"\x00\x41\x04\x31", 4, "A\xD0\xB1"},
		{"\x20\xAC", 2, "\xE2\x82\xAC"},
		{"\xD8\x3D\xDC\xA9", 4, "\xF0\x9F\x92\xA9"},
		/* lone surrogates, at the end, in the middle, reversed */
		{"\xD8\x3D", 2, "\xEF\xBF\xBD"},
		{"\xD8\x3D\x00\x41", 4, "\xEF\xBF\xBD\x41"},
		{"\xDC\xA9\xD8\x3D", 4, "\xEF\xBF\xBD\xEF\xBF\xBD"},
		{"\xD8\x3D\xD8\x3D\xDC\xA9", 6, "\xEF\xBF\xBD\xF0\x9F\x92\xA9"},
		/* what follows U+0000 is the modem's memory */
		{"\x00\x41\x00\x00\x00\x42", 6, "A"},
		{"\x00\x00", 2, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char utf8[32];
		size_t len;

		assert_int_equal(ucs2_to_utf8((const uint8_t *)rows[i].octets,
					 rows[i].n, utf8, sizeof utf8, &len),
			0);
		assert_string_equal(utf8, rows[i].utf8);
		assert_int_equal(len, strlen(rows[i].utf8));
	}
}

static void
half_a_unit_is_refused(void **state)
{
	char utf8[8];
	size_t len = 77;

	(void)state;
	assert_int_equal(
		ucs2_to_utf8((const uint8_t *)"\0A\0", 3, utf8, 8, &len),
		-EINVAL);
	assert_int_equal(len, 77);
}

static void
too_small_a_buffer_is_refused_at_every_size(void **state)
{
	static const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x92\xA9";
	uint8_t octets[10];
	char utf8[11];
	size_t n, len;

	(void)state;
	for (size_t cap = 0; cap < 10; cap++)
		assert_int_equal(
			ucs2_from_utf8(S(text), octets, cap, &n), -ENOSPC);
	assert_int_equal(ucs2_from_utf8(S(text), octets, 10, &n), 0);
	assert_int_equal(n, 10);
	for (size_t cap = 0; cap < 11; cap++)
		assert_int_equal(
			ucs2_to_utf8(octets, n, utf8, cap, &len), -ENOSPC);
	assert_int_equal(ucs2_to_utf8(octets, n, utf8, 11, &len), 0);
	assert_string_equal(utf8, text);
}

static void
what_is_no_character_is_put_as_the_replacement(void **state)
{
	char utf8[4];
	size_t len = 0;

	(void)state;
	assert_int_equal(ucs2_utf8_put(0xD800, utf8, sizeof utf8, &len), 0);
	assert_memory_equal(utf8, "\xEF\xBF\xBD", 3);
	len = 0;
	assert_int_equal(ucs2_utf8_put(0x110000, utf8, sizeof utf8, &len), 0);
	assert_memory_equal(utf8, "\xEF\xBF\xBD", 3);
	assert_int_equal(ucs2_utf8_put('a', utf8, sizeof utf8, &len), -ENOSPC);
	assert_int_equal(len, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ill_formed_utf8_is_refused),
		cmocka_unit_test(
			as_many_short_sequences_pass_as_there_are_characters),
		cmocka_unit_test(every_character_comes_back),
		cmocka_unit_test(units_become_the_text_a_person_reads),
		cmocka_unit_test(half_a_unit_is_refused),
		cmocka_unit_test(too_small_a_buffer_is_refused_at_every_size),
		cmocka_unit_test(
			what_is_no_character_is_put_as_the_replacement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
