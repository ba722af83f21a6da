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

/* TS 23.038 Annex A, where a place differs from the default table. */
static void
national_tables_say_what_annex_a_says(void **state)
{
	static const struct {
		struct gsm7_shift shift;
		const char *septets;
		size_t n;
		const char *utf8;
	} rows[] = {
		{{0, 0}, "hola", 4, "hola"},
		{{0, 1},
			"\033\107\033\111\033\123\033\143\033\147\033\151\033"
			"\163\033\145",
			16,
			"\304\236\304\260\305\236\303\247\304\237\304\261\305"
			"\237\342\202\254"},
		{{0, 2}, "\033\011\033\101\033\111\033\141\033\165\033\074", 12,
			"\303\247\303\201\303\215\303\241\303\272["},
		{{0, 3}, "\033\005\033\101\033\133\033\141\033\174\033\177", 12,
			"\303\252\303\200\303\203\303\202\303\265\303\242"},
		{{1, 0}, "\004\007\013\014\034\035\100\140\151", 9,
			"\342\202\254\304\261\304\236\304\237\305\236\305\237"
			"\304\260\303\247i"},
		{{1, 1}, "\140\033\143\033\050", 5, "\303\247\303\247{"},
		{{3, 0}, "\004\006\011\022\025\030\032\044\100\133\140\175", 12,
			"\303\252\303\272\303\247\302\252\342\210\236\342\202"
			"\254|\302\272\303\215\303\203~`"},
		{{4, 4}, "\000\017\050\051\105\137\176\033\031\033\101\033\017",
			13,
			"\340\246\201\340\246\217)( "
			"\340\247\215\340\247\260\340\247\246A/"},
		{{6, 6}, "\001\074\115\140\177\033\032\033\072", 9,
			"\340\244\202\340\244\251\340\244\271\340\245\220\340"
			"\245\277\340\245\245\340\245\261"},
		{{13, 13}, "\000\042\117\140\177\033\045\033\077\033\076", 11,
			"\330\247\332\217\331\206\331\224\331\260\333\271\333"
			"\224]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gsm7_septets in = {
			(const uint8_t *)rows[i].septets, rows[i].n};
		char utf8[128];
		size_t len;

		assert_int_equal(gsm7_to_utf8_shift(rows[i].shift, in, utf8,
					 sizeof utf8, &len),
			0);
		assert_string_equal(utf8, rows[i].utf8);
	}
}

/* What a table can show, it can say; in as many septets or fewer. */
static void
national_characters_come_back_in_every_pair_of_tables(void **state)
{
	static const unsigned languages[] = {0, 1, 2, 3, 4, 6, 13, 99};

	(void)state;
	for (unsigned i = 0; i < 8 * 8 * 256; i++) {
		struct gsm7_shift shift = {
			languages[i / 256 % 8], languages[i / 2048]};
		uint8_t pair[2] = {0x1B, i % 128};
		bool extended = i / 128 % 2 != 0;
		struct gsm7_septets in = {
			extended ? pair : pair + 1, extended ? 2 : 1};
		char utf8[16], again[16];
		uint8_t septets[4];
		struct gsm7_septets said = {septets, 0};
		size_t len, again_len;

		if (pair[1] == 0x1B)
			continue;
		assert_int_equal(
			gsm7_to_utf8_shift(shift, in, utf8, sizeof utf8, &len),
			0);
		assert_int_equal(gsm7_from_utf8_shift(shift, span_of(utf8, len),
					 septets, sizeof septets, &said.len),
			0);
		assert_true(said.len <= in.len);
		assert_int_equal(gsm7_to_utf8_shift(shift, said, again,
					 sizeof again, &again_len),
			0);
		assert_string_equal(again, utf8);
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
		cmocka_unit_test(national_tables_say_what_annex_a_says),
		cmocka_unit_test(
			national_characters_come_back_in_every_pair_of_tables),
		cmocka_unit_test(random_septets_come_back_at_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
