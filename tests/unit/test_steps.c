/*
 * Whatever bytes come, each function that reads them does work in proportion
 * to their number: eight times as many bytes are about eight times as many
 * steps. Steps are counted (by the compiler, at each edge of the code,
 * and by the length of what is copied or searched), not timed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modem/at.h"
#include "modem/chat.h"
#include "modem/dialects.h"
#include "modem/framer.h"
#include "modem/gsm7.h"
#include "modem/pdu.h"
#include "modem/nitz.h"
#include "modem/sim_tries.h"
#include "modem/ucs2.h"
#include "modem/ussd.h"

/* ---- the counter ------------------------------------------------------- */

static uint64_t steps;

/* Called at each edge of what is compiled for it. */
void __sanitizer_cov_trace_pc(void);
void
__sanitizer_cov_trace_pc(void)
{
	steps++;
}

enum { OCTETS_A_STEP = 8 };

#define WRAP(type, name, formal, actual, n)                                    \
	type __real_##name formal;                                             \
	type __wrap_##name formal;                                             \
	type __wrap_##name formal                                              \
	{                                                                      \
		steps += (n) / OCTETS_A_STEP;                                  \
		return __real_##name actual;                                   \
	}
WRAP(void *, memcpy, (void *to, const void *from, size_t n), (to, from, n), n)
WRAP(void *, memmove, (void *to, const void *from, size_t n), (to, from, n), n)
WRAP(void *, memset, (void *to, int c, size_t n), (to, c, n), n)
WRAP(int, memcmp, (const void *a, const void *b, size_t n), (a, b, n), n)
WRAP(size_t, strlen, (const char *s), (s), __real_strlen(s))

/* It stops where it finds. */
void *__real_memchr(const void *s, int c, size_t n);
void *__wrap_memchr(const void *s, int c, size_t n);
void *
__wrap_memchr(const void *s, int c, size_t n)
{
	void *found = __real_memchr(s, c, n);

	n = found != NULL ? (size_t)((char *)found - (const char *)s) : n;
	steps += n / OCTETS_A_STEP;
	return found;
}

/* ---- what is counted --------------------------------------------------- */

enum { BYTES = 240, TIMES = 8, LARGE = BYTES * TIMES };

static void
read_at(const char *bytes, size_t n)
{
	struct at_fields fields;
	struct at_field field;
	struct span line = span_of(bytes, n);
	int code;

	(void)at_final_of(line, &code);
	(void)at_value_of(line);
	(void)at_fields_init(&fields, line, span_of(bytes, 0));
	while (at_fields_next(&fields, &field))
		;
}

static void
read_ussd(const char *bytes, size_t n)
{
	static char line[LARGE + 16], text[2 * USSD_TEXT_MAX];
	static const int schemes[] = {15, 68, 72};
	struct ussd_answer answer;
	size_t len;

	memcpy(line, "+CUSD: 0,\"", 10);
	memcpy(line + 10, bytes, n);
	if (ussd_parse(span_of(line, n + 10), &answer) != 0)
		return;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		answer.dcs = schemes[i];
		(void)ussd_decode(&answer, text, sizeof text, &len);
	}
}

static void
read_pdu(const char *bytes, size_t n)
{
	static struct pdu p;

	(void)pdu_decode(span_of(bytes, n), &p);
}

static void
read_texts(const char *bytes, size_t n)
{
	static uint8_t octets[8 * LARGE];
	static char text[8 * LARGE];
	struct gsm7_septets in = {(const uint8_t *)bytes, n};
	struct span utf8 = span_of(bytes, n);
	enum pdu_coding coding;
	size_t len;

	(void)gsm7_from_utf8(utf8, octets, sizeof octets, &len);
	(void)gsm7_from_utf8_shift(
		(struct gsm7_shift){1, 13}, utf8, octets, sizeof octets, &len);
	(void)gsm7_to_utf8(in.ptr, n, text, sizeof text, &len);
	(void)gsm7_to_utf8_shift(
		(struct gsm7_shift){4, 6}, in, text, sizeof text, &len);
	(void)gsm7_pack_ussd(in.ptr, n, octets, sizeof octets, &len);
	(void)gsm7_unpack_ussd(in.ptr, n, octets, sizeof octets, &len);
	(void)ucs2_to_utf8(in.ptr, n, text, sizeof text, &len);
	(void)ucs2_from_utf8(utf8, octets, sizeof octets, &len);
	(void)ucs2_is_utf8(utf8);
	(void)pdu_coding_for(utf8, &coding);
}

static void
read_names(const char *bytes, size_t n)
{
	unsigned tries;
	struct nitz nitz;

	(void)dialect_of(span_of(bytes, n / 2), span_of(bytes + n / 2, n / 2));
	(void)sim_tries_of(span_of(bytes, n), &tries);
	(void)nitz_of(span_of(bytes, n), &nitz);
}

/* In pieces, as a port gives them, and the time that a lost quote takes. */
static void
read_wire(const char *bytes, size_t n, size_t piece)
{
	static struct framer f;
	static const struct chat_step step = {.text = "AT",
		.takes = {"+X:"},
		.wait_ms = 1,
		.flags = CHAT_BARE};
	static const struct chat_script script = {"x", &step, 1, 1};
	static const struct chat_args args = {.wait_ms = 0};
	struct frame frame;
	struct chat chat;
	size_t room;

	framer_init(&f);
	chat_init(&chat);
	chat_begin(&chat, &script, &args);
	chat_on_sent(&chat, 0);
	for (size_t at = 0; at < n; at += piece) {
		size_t take = n - at < piece ? n - at : piece;

		memcpy(framer_room(&f, &room), bytes + at, take);
		framer_filled(&f, take);
		while ((frame = framer_next(&f, 0)).kind != FRAME_NONE)
			(void)chat_on_line(&chat, frame.text, 0);
	}
	while (framer_next(&f, FRAMER_QUOTE_MS).kind != FRAME_NONE)
		;
}

static void
read_wire_whole(const char *bytes, size_t n)
{
	read_wire(bytes, n, FRAMER_READ_MAX);
}

static void
read_wire_singly(const char *bytes, size_t n)
{
	read_wire(bytes, n, 1);
}

static const struct {
	const char *name;
	void (*read)(const char *bytes, size_t n);
	bool by_character; /* each alike, whatever stood before it */
} readers[] = {
	{"at", read_at, false},
	{"ussd", read_ussd, false},
	{"pdu", read_pdu, false},
	{"gsm7, ucs2", read_texts, true},
	{"names", read_names, true},
	{"framer", read_wire_whole, false},
	{"framer, by single bytes", read_wire_singly, false},
};

/* ---- what is read ------------------------------------------------------ */

/* Said over and over: what a reader may stumble over again and again. */
static const char *const patterns[] = {"0", "7", "A5", "0041", "00", "\"",
	"\"\"", "\",", "\" ", "\"x", ",", ",\"", " ", "\n", "\r\n", "\r\r\n",
	":", "+", "+CUSD: 0,\"", "+CUSD: 0,\"x\n", "x\n", "x\"\n", "+A",
	"\"y\"\n", "\n+CUSD: 0,\"x", "^RSSI:3\r\n", "x\r\n^RSSI:3\r\n",
	"OK\r\n", "\r\nOK", "OK+CUSD: 1", "AT\r\n", "AT", "> ", "\r\n> ",
	"+CME ERROR: 25", "+CREG: 1\r\n", "\",15\r\n", "\x1b", "\x1b\x1b",
	"\xC3\xA9", "\xC3", "\xF0\x9F\x98\x80", "\xD8\x3D", "\xD8\x3D\xDE\x00",
	"004F\"OK\"", "0031\"", "AA180C3602", "@", "?", "MF#", "SIM", "a-",
	"+CPINR: SIM PIN", "07911326040000F0", "\r", "\x80"};
enum { PATTERNS = sizeof patterns / sizeof *patterns };

static void
repeat(const char *pattern, char *out, size_t n)
{
	size_t len = strlen(pattern);

	for (size_t i = 0; i < n; i++)
		out[i] = pattern[i % len];
}

static uint64_t
count(size_t reader, const char *bytes, size_t n)
{
	/* Of its own size, so that a sanitizer sees one byte more. */
	char *copy = malloc(n);
	uint64_t before;

	assert_non_null(copy);
	memcpy(copy, bytes, n);
	before = steps;
	readers[reader].read(copy, n);
	before = steps - before;
	free(copy);
	return before;
}

/*
 * so many bytes against LARGE of them; a tenth more, or a half where parts
 * of a mixture may be read in another way when others stand before them.
 */
static void
expect_linear(
	size_t reader, const char *bytes, size_t few_bytes, unsigned percent)
{
	uint64_t few = count(reader, bytes, few_bytes);
	uint64_t many = count(reader, bytes, LARGE);

	assert_true(few > 0);
	if (many > few * (LARGE / few_bytes) * percent / 100 + 100)
		fail_msg("%s, \"%.40s\": %llu steps for %zu bytes, %llu for %d",
			readers[reader].name, bytes, (unsigned long long)few,
			few_bytes, (unsigned long long)many, LARGE);
}

static void
work_grows_with_the_bytes_and_no_faster(void **state)
{
	static char bytes[LARGE];

	(void)state;
	for (size_t reader = 0; reader < sizeof readers / sizeof *readers;
		reader++)
		for (size_t i = 0; i < PATTERNS; i++) {
			repeat(patterns[i], bytes, sizeof bytes);
			expect_linear(reader, bytes, BYTES, 110);
		}
}

/* A beginning, and then the same again and again. */
static void
work_behind_a_beginning_grows_no_faster(void **state)
{
	static const char *const beginnings[] = {"+CUSD: 0,\"",
		"+CUSD: 0,\"a\"b", "+CUSD: 0,\"a\"b\n", "+CME ERROR:", "OK",
		"+CME ERROR:                                              ",
		"AT+CUSD=1,\"", "\"", "+CPINR: \"", "\x1b"};
	static char bytes[LARGE];

	(void)state;
	for (size_t r = 0; r < sizeof readers / sizeof *readers; r++)
		for (size_t b = 0; b < sizeof beginnings / sizeof *beginnings;
			b++)
			for (size_t i = 0; i < PATTERNS; i++) {
				size_t len = strlen(beginnings[b]);

				if (readers[r].by_character)
					continue;
				memcpy(bytes, beginnings[b], len);
				repeat(patterns[i], bytes + len,
					sizeof bytes - len);
				expect_linear(r, bytes, BYTES, 150);
			}
}

/* One pattern for a while, then another one, often. */
static void
work_of_mixtures_grows_no_faster_either(void **state)
{
	enum { TURNS = 100, SEED = 20261122 };
	static char bytes[LARGE];
	uint32_t seed = SEED;

	(void)state;
	print_message("seed %d\n", SEED);
	for (int turn = 0; turn < TURNS; turn++) {
		size_t len = 0;

		/* Each of them again and again: else a dear part may come
		 * last. */
		while (len < BYTES) {
			const char *pattern;
			size_t n;

			seed = seed * 1664525 + 1013904223;
			pattern = patterns[(seed >> 16) % PATTERNS];
			n = strlen(pattern) * (1 + (seed >> 8) % 4);
			n = n < BYTES - len ? n : BYTES - len;
			repeat(pattern, bytes + len, n);
			len += n;
		}
		for (size_t i = 1; i < TIMES; i++)
			memcpy(bytes + i * BYTES, bytes, BYTES);
		for (size_t r = 0; r < sizeof readers / sizeof *readers; r++)
			expect_linear(r, bytes, LARGE / 2, 150);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_grows_with_the_bytes_and_no_faster),
		cmocka_unit_test(work_behind_a_beginning_grows_no_faster),
		cmocka_unit_test(work_of_mixtures_grows_no_faster_either),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
