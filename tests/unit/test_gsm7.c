/*
 * The GSM alphabet and its packing for USSD, against published vectors and
 * against themselves.
 */
#include "modem/gsm7.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define S(text) span_of(text, sizeof(text) - 1)

enum { SEED = 20260101, TURNS = 2000, LEN_MAX = 200 };

/* A small generator of our own: the same numbers on every machine. */
static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static void
character_outside_the_alphabet_is_refused(void **state)
{
	static const char *const bad[] = {"`", "\t", "\xC3\xA1" /* a acute */,
		"\xD0\x91", "\xC2\xA0", "\x7F", "\xFF", "ok\x80"};
	uint8_t septets[8];
	size_t len = 77;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(gsm7_from_utf8(span_str(bad[i]), septets,
					 sizeof septets, &len),
			-EILSEQ);
	assert_int_equal(
		gsm7_from_utf8(span_of("\0", 1), septets, 8, &len), -EILSEQ);
	assert_int_equal(len, 77);
}

static void
known_characters_have_their_septets(void **state)
{
	static const struct {
		const char *utf8;
		const char *septets;
		size_t n;
	} rows[] = {
		{"", "", 0},
		{"@\xC2\xA3$", "\x00\x01\x02", 3},
		{"*100#", "*100#", 5},
		{"\xC3\xA8\xC3\xA9\xC3\xB9\xC3\xAC\xC3\xB2\xC3\x87",
			"\x04\x05\x06\x07\x08\x09", 6},
		{"_\xCE\x94\xCE\x9E", "\x11\x10\x1A", 3},
		{"\xC3\x84\xC3\x96\xC3\x91\xC3\x9C\xC2\xA7\xC2\xBF",
			"\x5B\x5C\x5D\x5E\x5F\x60", 6},
		{"\xC3\xA4\xC3\xB6\xC3\xB1\xC3\xBC\xC3\xA0",
			"\x7B\x7C\x7D\x7E\x7F", 5},
		{"\xE2\x82\xAC", "\x1B\x65", 2},
		{"^{}\\[~]|\f",
			"\x1B\x14\x1B\x28\x1B\x29\x1B\x2F\x1B\x3C\x1B\x3D"
			"\x1B\x3E\x1B\x40\x1B\x0A",
			18},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t septets[32];
		char utf8[64];
		size_t n, len;

		assert_int_equal(gsm7_from_utf8(span_str(rows[i].utf8), septets,
					 sizeof septets, &n),
			0);
		assert_int_equal(n, rows[i].n);
		assert_memory_equal(septets, rows[i].septets, n);
		assert_int_equal(
			gsm7_to_utf8(septets, n, utf8, sizeof utf8, &len), 0);
		assert_string_equal(utf8, rows[i].utf8);
		assert_int_equal(len, strlen(rows[i].utf8));
	}
}

static void
all_septets_but_escape_come_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 128; i++) {
		uint8_t septet = (uint8_t)i, back[2];
		char utf8[8];
		size_t len, n;

		assert_int_equal(gsm7_to_utf8(&septet, 1, utf8, 8, &len), 0);
		assert_int_equal(
			gsm7_from_utf8(span_of(utf8, len), back, 2, &n), 0);
		assert_int_equal(n, 1);
		assert_int_equal(back[0], i == 0x1B ? 0x20 : i);
	}
}

static void
unknown_escape_shows_the_plain_character(void **state)
{
	static const struct {
		const char *septets;
		size_t n;
		const char *utf8;
	} rows[] = {
		{"\x1B\x41", 2, "A"},
		{"\x1B\x1B\x65", 3, " e"}, /* a table that nobody has */
		{"a\x1B", 2, "a "},        /* cut off */
		{"\x1B\x00", 2, "@"},
		{"\xE5\x80", 2, "e@"}, /* bit 8 is no part of a septet */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char utf8[8];
		size_t len;

		assert_int_equal(gsm7_to_utf8((const uint8_t *)rows[i].septets,
					 rows[i].n, utf8, sizeof utf8, &len),
			0);
		assert_string_equal(utf8, rows[i].utf8);
	}
}

static void
published_vectors_pack_and_unpack(void **state)
{
	static const struct {
		const char *text;
		const char *hex;
	} rows[] = {
		{"", ""},
		{"*100#", "AA180C3602"},
		/* Seven characters: a CR fills the last octet. */
		{"*101*4#", "AA182CA6A28D1A"},
		{"*101*44#", "AA182CA6A2D146"},
		{"OCTATOK 0.51 p.", "CF2135487D2E4130572D0682BB1A"},
		{"hellohello", "E8329BFD4697D9EC37"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t septets[64], octets[64], back[64];
		char hex[129];
		size_t n, len, back_n;

		assert_int_equal(
			gsm7_from_utf8(span_str(rows[i].text), septets, 64, &n),
			0);
		assert_int_equal(
			gsm7_pack_ussd(septets, n, octets, 64, &len), 0);
		assert_int_equal(span_to_hex(octets, len, hex, sizeof hex), 0);
		assert_string_equal(hex, rows[i].hex);
		assert_int_equal(
			gsm7_unpack_ussd(octets, len, back, 64, &back_n), 0);
		assert_int_equal(back_n, n);
		assert_memory_equal(back, septets, n);
	}
}

static void
text_that_ends_in_cr_on_an_octet_boundary_keeps_it(void **state)
{
	static const uint8_t text[8] = "1234567\r";
	uint8_t octets[8], back[9];
	size_t len, n;

	(void)state;
	assert_int_equal(gsm7_pack_ussd(text, 8, octets, 8, &len), 0);
	assert_int_equal(len, 8);
	assert_int_equal(gsm7_unpack_ussd(octets, len, back, 9, &n), 0);
	assert_int_equal(n, 9);
	assert_memory_equal(back, "1234567\r\r", 9);
}

static void
small_buffers_are_refused(void **state)
{
	uint8_t octets[7], septets[8];
	char utf8[4];
	size_t len = 77;

	(void)state;
	assert_int_equal(gsm7_from_utf8(S("ab"), septets, 1, &len), -ENOSPC);
	assert_int_equal(
		gsm7_from_utf8(S("\xE2\x82\xAC"), septets, 1, &len), -ENOSPC);
	assert_int_equal(gsm7_to_utf8(septets, 0, utf8, 0, &len), -ENOSPC);
	assert_int_equal(
		gsm7_to_utf8((const uint8_t *)"abcd", 4, utf8, 4, &len),
		-ENOSPC);
	assert_int_equal(
		gsm7_pack_ussd((const uint8_t *)"1234567", 7, octets, 6, &len),
		-ENOSPC);
	assert_int_equal(gsm7_pack_ussd((const uint8_t *)"1234567", SIZE_MAX,
				 octets, 7, &len),
		-ENOSPC);
	memset(octets, 0, sizeof octets);
	assert_int_equal(
		gsm7_unpack_ussd(octets, 7, septets, 7, &len), -ENOSPC);
	assert_int_equal(
		gsm7_unpack_ussd(octets, SIZE_MAX, septets, 7, &len), -ENOSPC);
	assert_int_equal(len, 77);
}

static void
random_septets_come_back_at_every_length(void **state)
{
	uint32_t seed = SEED;

	(void)state;
	print_message("seed %u\n", seed);
	for (size_t turn = 0; turn < TURNS; turn++) {
		uint8_t in[LEN_MAX], octets[LEN_MAX], back[LEN_MAX + 1];
		size_t n = turn % LEN_MAX, len, back_n;

		for (size_t i = 0; i < n; i++)
			in[i] = next_random(&seed) & 0x7F;
		assert_int_equal(
			gsm7_pack_ussd(in, n, octets, sizeof octets, &len), 0);
		assert_int_equal(gsm7_unpack_ussd(octets, len, back,
					 sizeof back, &back_n),
			0);
		assert_true(back_n >= n);
		assert_memory_equal(back, in, n);
		/* At most the one CR of a text that ends in CR. */
		assert_true(
			back_n == n || (back_n == n + 1 && back[n] == '\r' &&
					       back[n - 1] == '\r'));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(character_outside_the_alphabet_is_refused),
		cmocka_unit_test(known_characters_have_their_septets),
		cmocka_unit_test(all_septets_but_escape_come_back),
		cmocka_unit_test(unknown_escape_shows_the_plain_character),
		cmocka_unit_test(published_vectors_pack_and_unpack),
		cmocka_unit_test(
			text_that_ends_in_cr_on_an_octet_boundary_keeps_it),
		cmocka_unit_test(small_buffers_are_refused),
		cmocka_unit_test(random_septets_come_back_at_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
