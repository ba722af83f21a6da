/*
 * There and back: a text, real or drawn by lot, is the same after each
 * coding that can say it: USSD answers, and messages in parts.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "modem/gsm7.h"
#include "modem/pdu.h"
#include "modem/ucs2.h"
#include "modem/ussd.h"
#include "tests/support/corpus.h"

enum {
	TURNS = 4000,
	TEXT_MAX = 1024,
	LINE_MAX_LEN = 8 * TEXT_MAX,
	ESCAPE = 0x1B
};

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

/* ---- one text, one coding ---------------------------------------------- */

/* Whether the body, under the scheme, reads as text. */
static bool
reads_as(const char *body, unsigned scheme, struct span text)
{
	static char line[LINE_MAX_LEN], back[LINE_MAX_LEN];
	struct ussd_answer answer;
	size_t len;

	assert_true(snprintf(line, sizeof line, "+CUSD: 0,\"%s\",%u", body,
			    scheme) < (int)sizeof line);
	return ussd_parse(span_str(line), &answer) == 0 &&
	       answer.dcs == (int)scheme &&
	       ussd_decode(&answer, back, sizeof back, &len) == 0 &&
	       span_eq(span_of(back, len), text);
}

static bool
survives_ucs2(struct span text, unsigned scheme)
{
	static uint8_t octets[4 * TEXT_MAX];
	static char hex[LINE_MAX_LEN];
	size_t n;

	return ucs2_from_utf8(text, octets, sizeof octets, &n) == 0 &&
	       span_to_hex(octets, n, hex, sizeof hex) == 0 &&
	       reads_as(hex, scheme, text);
}

/* True as well where the alphabet has it not. */
static bool
survives_packing(struct span text, unsigned scheme)
{
	static uint8_t septets[2 * TEXT_MAX], octets[2 * TEXT_MAX];
	static char hex[LINE_MAX_LEN];
	size_t n;

	if (gsm7_from_utf8(text, septets, sizeof septets, &n) != 0)
		return true;
	return gsm7_pack_ussd(septets, n, octets, sizeof octets, &n) == 0 &&
	       span_to_hex(octets, n, hex, sizeof hex) == 0 &&
	       reads_as(hex, scheme, text);
}

/* As a message in as many parts as it takes. */
static bool
survives_parts(struct span text, enum pdu_coding coding)
{
	static uint8_t data[4 * TEXT_MAX];
	static char back[4 * TEXT_MAX];
	struct pdu_submit what = {.number = span_str("121"),
		.coding = coding,
		.message_class = PDU_NO_CLASS,
		.part = {9, 1, 77, false}};
	static struct pdu_out out;
	static struct pdu p;
	struct span whole = text;
	size_t n = 0, len = 0;

	do {
		if (pdu_take_part(&what, &text, &what.text) != 0 ||
			pdu_encode(&what, &out) != 0 ||
			pdu_decode(span_str(out.hex), &p) != 0 ||
			p.coding != coding)
			return false;
		assert_true(n + p.data_len <= sizeof data);
		memcpy(data + n, p.data, p.data_len);
		n += p.data_len;
	} while (text.len > 0);
	if (coding == PDU_UCS2
			? ucs2_to_utf8(data, n, back, sizeof back, &len) != 0
			: gsm7_to_utf8(data, n, back, sizeof back, &len) != 0)
		return false;
	return span_eq(span_of(back, len), whole);
}

/* ---- real texts -------------------------------------------------------- */

static enum corpus_verdict
judge(char *value[])
{
	size_t len = corpus_unescape(value[1]);
	struct span text = span_of(value[1], len);
	enum pdu_coding coding;

	if (len == 0 || len > TEXT_MAX)
		return CORPUS_SKIPPED;
	return survives_ucs2(text, 72) && survives_packing(text, 15) &&
	                       survives_packing(text, 0) &&
	                       pdu_coding_for(text, &coding) == 0 &&
	                       survives_parts(text, coding) &&
	                       survives_parts(text, PDU_UCS2)
	               ? CORPUS_GOOD
	               : CORPUS_BAD;
}

static void
every_real_text_comes_back_in_each_coding(void **state)
{
	static const char *const columns[] = {
		"id", "text", "channel", "kind", NULL};

	(void)state;
	corpus_expect(columns, judge);
}

/* ---- texts by lot ------------------------------------------------------ */

/* What operators write in: first and count of characters. */
static const struct {
	uint32_t first, count;
} scripts[] = {
	{'a', 26}, {0xC0, 23},      /* accents */
	{0x100, 128}, {0x391, 50},  /* Greek, some of it in GSM's alphabet */
	{0x410, 64},                /* Cyrillic */
	{0x5D0, 27}, {0x621, 26},   /* Hebrew, Arabic */
	{0x905, 53}, {0xE01, 46},   /* Devanagari, Thai */
	{0x10D0, 33}, {0x1200, 64}, /* Georgian, Ethiopic */
	{0x4E00, 2000},             /* Chinese */
	{0x1F600, 64},              /* outside the basic plane */
};
enum { SCRIPTS = sizeof scripts / sizeof *scripts };

/* A letter from J to O, whose hex is no number, as that of a short text may
 * be; then words of one script, signs, figures between. */
static size_t
random_text(uint32_t *seed, char *out)
{
	static const char signs[] = "     0123456789.,:;-+*#()/!\n";
	size_t script = next_random(seed) % SCRIPTS;
	size_t want = 1 + next_random(seed) % 300, len = 0;

	out[len++] = (char)('J' + next_random(seed) % 6);
	for (size_t i = 1; i < want; i++) {
		uint32_t point = scripts[script].first +
		                 next_random(seed) % scripts[script].count;

		if (next_random(seed) % 4 == 0)
			point = (uint8_t)
				signs[next_random(seed) % (sizeof signs - 1)];
		assert_int_equal(
			ucs2_utf8_put(point, out, LINE_MAX_LEN, &len), 0);
	}
	return len;
}

static void
random_texts_come_back_from_ussd_in_ucs2(void **state)
{
	static char text[LINE_MAX_LEN];
	uint32_t seed = (uint32_t)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	for (int turn = 0; turn < TURNS; turn++) {
		size_t len = random_text(&seed, text);

		if (!survives_ucs2(span_of(text, len), 72))
			fail_msg("turn %d: %.*s", turn, (int)len, text);
	}
}

/* Mostly letters, as a text is; the rest any of the alphabet. What fills
 * the last octet (a CR or "@" that ends it) is no text. */
static size_t
random_septets(uint32_t *seed, uint8_t *septets)
{
	size_t n = 0, want = 8 + next_random(seed) % 160;

	while (n < want) {
		uint8_t any = next_random(seed) % 128;
		bool extended = next_random(seed) % 24 == 0;

		if (next_random(seed) % 4 != 0)
			septets[n++] = (uint8_t)('a' + any % 26);
		else if (extended && any != ESCAPE) {
			septets[n++] = ESCAPE;
			septets[n++] = any;
		} else if (any != ESCAPE && any != '\f')
			septets[n++] = any;
	}
	septets[n++] = '.';
	return n;
}

static void
random_texts_come_back_from_ussd_packed(void **state)
{
	static char text[LINE_MAX_LEN];
	uint32_t seed = (uint32_t)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	for (int turn = 0; turn < TURNS; turn++) {
		uint8_t septets[256];
		size_t n = random_septets(&seed, septets), len;

		assert_int_equal(
			gsm7_to_utf8(septets, n, text, sizeof text, &len), 0);
		if (!survives_packing(
			    span_of(text, len), turn % 2 == 0 ? 15 : 0))
			fail_msg("turn %d: %.*s", turn, (int)len, text);
	}
}

/* Of each pair of tables: a whole text, not only its single characters. */
static void
random_texts_come_back_in_every_pair_of_tables(void **state)
{
	static const unsigned languages[] = {0, 1, 2, 3, 4, 6, 13};
	static char text[LINE_MAX_LEN], again[LINE_MAX_LEN];
	uint32_t seed = (uint32_t)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	for (unsigned turn = 0; turn < TURNS; turn++) {
		struct gsm7_shift shift = {
			languages[turn % 7], languages[turn / 7 % 7]};
		uint8_t septets[512], octets[512] = {0}, back[512];
		size_t n = random_septets(&seed, septets), len, again_len;
		size_t first = next_random(&seed) % 8;
		struct gsm7_septets in = {septets, n};

		assert_int_equal(
			gsm7_to_utf8_shift(shift, in, text, sizeof text, &len),
			0);
		assert_int_equal(gsm7_from_utf8_shift(shift, span_of(text, len),
					 septets, sizeof septets, &n),
			0);
		in.len = n;
		assert_int_equal(
			gsm7_pack_sms(in, first, octets, sizeof octets), 0);
		assert_int_equal(
			gsm7_unpack_sms((struct gsm7_octets){octets,
						((first + n) * 7 + 7) / 8},
				first, back, n),
			0);
		in.ptr = back;
		assert_int_equal(gsm7_to_utf8_shift(shift, in, again,
					 sizeof again, &again_len),
			0);
		assert_int_equal(again_len, len);
		assert_memory_equal(again, text, len);
	}
}

static void
random_texts_come_back_from_messages(void **state)
{
	static char text[LINE_MAX_LEN];
	uint32_t seed = (uint32_t)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	for (int turn = 0; turn < TURNS; turn++) {
		size_t len = random_text(&seed, text);

		if (!survives_parts(span_of(text, len), PDU_UCS2))
			fail_msg("turn %d: %.*s", turn, (int)len, text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_real_text_comes_back_in_each_coding),
		cmocka_unit_test(random_texts_come_back_from_ussd_in_ucs2),
		cmocka_unit_test(random_texts_come_back_from_ussd_packed),
		cmocka_unit_test(
			random_texts_come_back_in_every_pair_of_tables),
		cmocka_unit_test(random_texts_come_back_from_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
