/*
 * Short messages in PDU mode: field by field, cut, spoilt, and there and
 * back. Real ones are in test_pdu_corpus.
 */
#include "modem/pdu.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modem/gsm7_national.h"
#include "modem/ucs2.h"

#define S(text)     span_of(text, sizeof(text) - 1)
#define COUNT(list) (sizeof(list) / sizeof(list)[0])
/* A DELIVER from 1234 in 2026, up to its protocol; then DCS, time, data. */
#define FROM_1234 "00040481214300"
#define IN_2026   "62101000000000"
#define LONG_ONE                                                               \
	"07912143658709F1440B918100551512F20008111010214365000C050003A70302"   \
	"D83DDE010041"

enum { SEED = 20261122, TURNS = 4000 };

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

/* ---- decoding ---------------------------------------------------------- */

static void
message_is_decoded_field_by_field(void **state)
{
	struct pdu p;

	(void)state;
	assert_int_equal(pdu_decode(S(LONG_ONE), &p), 0);
	assert_int_equal(p.type, PDU_DELIVER);
	assert_string_equal(p.smsc.text, "+12345678901");
	assert_string_equal(p.address.text, "+18005551212");
	assert_false(p.address.is_name);
	assert_int_equal(p.coding, PDU_UCS2);
	assert_int_equal(p.message_class, PDU_NO_CLASS);
	assert_true(p.sent.known);
	assert_true(p.sent.utc_ms == 1293885296000);
	assert_int_equal(p.part.reference, 0xA7);
	assert_int_equal(p.part.total, 3);
	assert_int_equal(p.part.number, 2);
	assert_false(p.part.wide);
	assert_int_equal(p.port, -1);
	assert_int_equal(p.data_len, 6);
	assert_string_equal(p.text, "\xF0\x9F\x98\x81"
				    "A");
	assert_int_equal(p.text_len, 5);

	assert_int_equal(
		pdu_decode(S(" 00261C0F9121436587092143F562101000000000"
			     "6210100000108043FFFF\r\n"),
			&p),
		0);
	assert_int_equal(p.type, PDU_STATUS_REPORT);
	assert_int_equal(p.reference, 0x1C);
	assert_int_equal(p.status, 0x43);
	assert_string_equal(p.address.text, "+123456789012345");
	assert_true(p.sent.utc_ms == 1767225600000);
	assert_true(p.done.known);
	assert_int_equal(p.done.zone_minutes, 120);
	assert_string_equal(p.text, "");

	/* A validity of each length, a class, a request for a report. */
	assert_int_equal(pdu_decode(S("003101048121430010AA0141"), &p), 0);
	assert_int_equal(p.type, PDU_SUBMIT);
	assert_true(p.wants_report);
	assert_int_equal(p.message_class, 0);
	assert_string_equal(p.text, "A");
	assert_int_equal(
		pdu_decode(S("001901048121430010621010000000000141"), &p), 0);
	assert_string_equal(p.text, "A");
	assert_false(p.sent.known);
}

static void
addresses_are_read_in_their_kinds(void **state)
{
	static const struct {
		const char *hex; /* length, type, digits */
		const char *text;
		bool name;
	} rows[] = {
		{"0000", "", false},
		{"04812143", "1234", false},
		{"05912143F5", "+12345", false},
		{"05A12143F5", "12345", false},  /* national */
		{"0691BADCFE", "+*#abc", false}, /* F fills */
		{"06D04F5904", "O2_", true},
		{"0DD0F334FC1CA69701", "sipgate", true},
		{"14D04937BD2C7797E9D3E614", "InternetSMS", true},
		{"148121436587092143658709", "12345678901234567890", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char hex[128];
		struct pdu p;

		(void)snprintf(hex, sizeof hex, "0004%s0000" IN_2026 "0141",
			rows[i].hex);
		assert_int_equal(pdu_decode(span_str(hex), &p), 0);
		assert_string_equal(p.address.text, rows[i].text);
		assert_int_equal(p.address.is_name, rows[i].name);
		assert_string_equal(p.text, "A");
	}
}

static void
times_are_utc_and_what_is_no_date_is_none(void **state)
{
	static const struct {
		const char *stamp;
		int64_t utc_ms; /* 0: none */
		int zone;
	} rows[] = {
		{"42209232958500", 1709251198000, 0},
		{"42209232958521", 1709240398000, 180},
		{"4220923295850A", 1709269198000, -300},
		{"42209232958532", 1709230498000, 345},
		{"62101000000000", 1767225600000, 0},
		{"62101000000021", 1767214800000, 180},
		{"00000000000000", 0, 0}, {"FFFFFFFFFFFFFF", 0, 0},
		{"42200332958500", 0, 0}, /* the 30th of February */
		{"42209242958500", 0, 0}, /* hour 24 */
		{"4220923A958500", 0, 0}, /* no digit */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char hex[128];
		struct pdu p;

		(void)snprintf(
			hex, sizeof hex, FROM_1234 "00%s0141", rows[i].stamp);
		assert_int_equal(pdu_decode(span_str(hex), &p), 0);
		assert_int_equal(p.sent.known, rows[i].utc_ms != 0);
		assert_true(p.sent.utc_ms == rows[i].utc_ms);
		assert_int_equal(p.sent.zone_minutes, rows[i].zone);
		assert_string_equal(p.text, "A");
	}
}

static void
scheme_says_coding_and_class(void **state)
{
	static const struct {
		unsigned scheme;
		enum pdu_coding coding;
		int message_class;
	} rows[] = {
		{0x00, PDU_GSM7, PDU_NO_CLASS},
		{0x03, PDU_GSM7, PDU_NO_CLASS}, /* class bits without meaning */
		{0x04, PDU_OCTETS, PDU_NO_CLASS},
		{0x08, PDU_UCS2, PDU_NO_CLASS},
		{0x0C, PDU_GSM7, PDU_NO_CLASS}, /* reserved */
		{0x10, PDU_GSM7, 0},
		{0x18, PDU_UCS2, 0},
		{0x19, PDU_UCS2, 1},
		{0x20, PDU_PACKED, PDU_NO_CLASS},
		{0x48, PDU_UCS2, PDU_NO_CLASS}, /* to be deleted after */
		{0x80, PDU_GSM7, PDU_NO_CLASS},
		{0xC8, PDU_GSM7, PDU_NO_CLASS},
		{0xD8, PDU_GSM7, PDU_NO_CLASS},
		{0xE0, PDU_UCS2, PDU_NO_CLASS},
		{0xF0, PDU_GSM7, 0},
		{0xF5, PDU_OCTETS, 1},
		{0xFB, PDU_GSM7, 3},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char hex[128];
		struct pdu p;

		(void)snprintf(hex, sizeof hex,
			FROM_1234 "%02X" IN_2026 "020041", rows[i].scheme);
		assert_int_equal(pdu_decode(span_str(hex), &p), 0);
		assert_int_equal(p.coding, rows[i].coding);
		assert_int_equal(p.message_class, rows[i].message_class);
		assert_int_equal(p.data_len, 2);
		if (p.coding == PDU_UCS2)
			assert_string_equal(p.text, "A");
		else if (p.coding != PDU_GSM7)
			assert_int_equal(p.text_len, 0);
	}
}

/* A DELIVER in UCS-2 with that header, and an "A". */
static void
decode_with_header(const char *header, struct pdu *p)
{
	char hex[256];
	unsigned octets = (unsigned)strlen(header) / 2;

	(void)snprintf(hex, sizeof hex, "0044048121430008" IN_2026 "%02X%s0041",
		octets + 2, header);
	assert_int_equal(pdu_decode(span_str(hex), p), 0);
	assert_string_equal(p->text, "A");
}

static void
headers_tell_parts_and_ports(void **state)
{
	static const struct {
		const char *header;
		struct pdu_part part;
		int port;
	} rows[] = {
		{"0500032A0201", {2, 1, 0x2A, false}, -1},
		{"06080412340302", {3, 2, 0x1234, true}, -1},
		{"05000300FFFF", {255, 255, 0, false}, -1},
		{"0500032A0203", {0, 0, 0, false}, -1}, /* 3 of 2 */
		{"0500032A0200", {0, 0, 0, false}, -1},
		{"0500032A0000", {0, 0, 0, false}, -1},
		{"0400022A02", {0, 0, 0, false}, -1}, /* another length */
		{"0605040B8423F0", {0, 0, 0, false}, 0x0B84},
		{"0404020B23", {0, 0, 0, false}, 0x0B},
		{"0B00032A020105040B8423F0", {2, 1, 0x2A, false}, 0x0B84},
		{"0870010000032A0201", {2, 1, 0x2A, false}, -1},
		{"00", {0, 0, 0, false}, -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pdu p;

		decode_with_header(rows[i].header, &p);
		assert_int_equal(p.part.total, rows[i].part.total);
		assert_int_equal(p.part.number, rows[i].part.number);
		assert_int_equal(p.part.reference, rows[i].part.reference);
		assert_int_equal(p.part.wide, rows[i].part.wide);
		assert_int_equal(p.port, rows[i].port);
	}
}

static void
language_that_stands_in_no_table_is_told(void **state)
{
	struct pdu p;

	(void)state;
	decode_with_header("03240101", &p);
	assert_int_equal(p.shift.single, 1);
	assert_false(p.language_unknown);
	decode_with_header("0324010E", &p);
	assert_true(p.language_unknown);
	decode_with_header("03250102", &p); /* void in A.3 */
	assert_int_equal(p.shift.locking, 2);
	assert_true(p.language_unknown);
}

static void
half_a_character_is_shown_as_such(void **state)
{
	struct pdu p;

	(void)state;
	assert_int_equal(
		pdu_decode(S(FROM_1234 "08" IN_2026 "0600410000D83D"), &p), 0);
	assert_string_equal(p.text, "A\xEF\xBF\xBD\xEF\xBF\xBD");
	assert_int_equal(
		pdu_decode(S(FROM_1234 "08" IN_2026 "03004100"), &p), 0);
	assert_string_equal(p.text, "A\xEF\xBF\xBD");
}

/* ---- what is refused --------------------------------------------------- */

static void
malformed_message_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "0", "00", "0004zz",
		"0C91214365870921436587092143", /* centre too long */
		"079121436587",                 /* cut short */
		"0004159121436587092143658709210000" IN_2026
		"0141",                            /* 21 digits */
		"0044048121430000" IN_2026 "0100", /* a header of 2 septets */
		"0007048121430000" IN_2026 "0141", /* no such type */
		FROM_1234 "00" IN_2026,            /* no length */
		FROM_1234 "00" IN_2026 "0241",     /* 14 bits, 8 there */
		FROM_1234 "04" IN_2026 "0241",     /* 2 octets, 1 */
		"0044048121430008" IN_2026 "00",   /* header, no data */
		"0044048121430008" IN_2026 "0103", /* longer than all */
		"0044048121430008" IN_2026 "0403000301", /* element is cut */
		"0044048121430008" IN_2026 "03020501",   /* likewise */
		"0044048121430008" IN_2026 "020100",     /* no length of it */
		"0044048121430000" IN_2026 "0205000300", /* 2 septets */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct pdu p;

		if (pdu_decode(span_str(bad[i]), &p) != -EBADMSG)
			fail_msg("%zu: %s", i, bad[i]);
	}
}

/* Each length is tried in memory of exactly that size. */
static void
message_cut_anywhere_is_refused(void **state)
{
	static const char *const whole[] = {LONG_ONE,
		"00261C0F9121436587092143F5621010000000006210100000108043",
		"005101048121430000AA0A0500030102014141"};

	(void)state;
	for (size_t i = 0; i < COUNT(whole); i++) {
		size_t len = strlen(whole[i]);

		for (size_t n = 0; n < len; n++) {
			char *copy = malloc(n + 1);
			struct pdu p;

			assert_non_null(copy);
			memcpy(copy, whole[i], n);
			if (pdu_decode(span_of(copy, n), &p) != -EBADMSG)
				fail_msg("%zu of %s", n, whole[i]);
			free(copy);
		}
	}
}

static void
rubbish_does_no_harm(void **state)
{
	static const char digits[] = "0123456789ABCDEF";
	uint32_t seed = SEED;
	unsigned taken = 0;

	(void)state;
	for (int turn = 0; turn < TURNS * 4; turn++) {
		size_t len = sizeof LONG_ONE - 1;
		char *hex = malloc(len);
		struct pdu p;

		assert_non_null(hex);
		memcpy(hex, LONG_ONE, len);
		for (unsigned k = next_random(&seed) % 8; k > 0; k--)
			hex[next_random(&seed) % len] =
				digits[next_random(&seed) % 16];
		len -= 2 * (size_t)(next_random(&seed) % 4);
		if (pdu_decode(span_of(hex, len), &p) == 0) {
			taken++;
			assert_true(p.text_len < sizeof p.text);
			assert_int_equal(p.text[p.text_len], '\0');
			assert_true(ucs2_is_utf8(span_of(p.text, p.text_len)));
			assert_true(p.part.number <= p.part.total);
		}
		free(hex);
	}
	assert_true(taken > 100);
}

/* ---- encoding ---------------------------------------------------------- */

static struct pdu_submit
submit(struct span text, enum pdu_coding coding)
{
	return (struct pdu_submit){.number = S("+34616585119"),
		.text = text,
		.coding = coding,
		.message_class = PDU_NO_CLASS};
}

/* As other programs encode them. */
static void
submit_is_encoded_as_others_do(void **state)
{
	struct pdu_submit what = submit(S("hola"), PDU_GSM7);
	struct pdu_out out;

	(void)state;
	assert_int_equal(pdu_encode(&what, &out), 0);
	assert_string_equal(out.hex, "0001000B914316565811F9000004E8373B0C");
	assert_int_equal(out.tpdu_octets, 17);
	what.wants_report = true;
	what.reference = 7;
	what.message_class = 0;
	what.number = S("123*#");
	assert_int_equal(pdu_encode(&what, &out), 0);
	assert_string_equal(out.hex, "002107058121A3FB001004E8373B0C");
	what = submit(S("Hell\xC3\xB3 wor\xC5\x82"
			"d!"),
		PDU_UCS2);
	what.number = S("+0123456789");
	what.wants_report = true;
	what.reference = 0x8D;
	assert_int_equal(pdu_encode(&what, &out), 0);
	assert_string_equal(out.hex,
		"00218D0A91103254769800081800480065006C006C00F30020"
		"0077006F0072014200640021");
	what = submit(S("45-160-Hell\xC3\xB2 wor\xC2\xA3"
			"d!"),
		PDU_GSM7);
	what.number = S("+0123456789");
	what.wants_report = true;
	what.reference = 0x8F;
	what.part = (struct pdu_part){2, 2, 0x8F, false};
	assert_int_equal(pdu_encode(&what, &out), 0);
	assert_string_equal(out.hex,
		"00618F0A91103254769800001A0500038F020268B556CC066B21CB6C3602"
		"747FCB03E410");
}

static void
submit_that_cannot_be_said_is_refused(void **state)
{
	static const char *const numbers[] = {
		"", "+", "12a4x", "++1", "123456789012345678901", "1 2"};
	static const struct pdu_part parts[] = {{2, 0, 1, false},
		{2, 3, 1, false}, {256, 1, 1, false}, {2, 1, 256, false},
		{2, 1, 65536, true}};
	char longest[PDU_DATA_MAX * 2];
	struct pdu_submit what;
	struct pdu_out out;

	(void)state;
	memset(longest, 'a', sizeof longest);
	for (size_t i = 0; i < COUNT(numbers); i++) {
		what = submit(S("a"), PDU_GSM7);
		what.number = span_str(numbers[i]);
		assert_int_equal(pdu_encode(&what, &out), -EINVAL);
	}
	for (size_t i = 0; i < COUNT(parts); i++) {
		what = submit(S("a"), PDU_GSM7);
		what.part = parts[i];
		assert_int_equal(pdu_encode(&what, &out), -EINVAL);
	}
	what = submit(S("a"), PDU_OCTETS);
	assert_int_equal(pdu_encode(&what, &out), -EINVAL);
	what = submit(S("\xD1\x82"), PDU_GSM7);
	assert_int_equal(pdu_encode(&what, &out), -EILSEQ);
	what = submit(S("\xD1"), PDU_UCS2);
	assert_int_equal(pdu_encode(&what, &out), -EILSEQ);
	for (size_t n = 0; n <= sizeof longest; n++) {
		what = submit(span_of(longest, n), PDU_GSM7);
		assert_int_equal(
			pdu_encode(&what, &out), n <= 160 ? 0 : -EMSGSIZE);
		what.part = (struct pdu_part){2, 1, 9, false};
		assert_int_equal(
			pdu_encode(&what, &out), n <= 153 ? 0 : -EMSGSIZE);
		what.part.wide = true;
		assert_int_equal(
			pdu_encode(&what, &out), n <= 152 ? 0 : -EMSGSIZE);
		what = submit(span_of(longest, n), PDU_UCS2);
		assert_int_equal(
			pdu_encode(&what, &out), n <= 70 ? 0 : -EMSGSIZE);
	}
}

static void
coding_is_the_cheapest_that_can_say_it(void **state)
{
	enum pdu_coding coding;

	(void)state;
	assert_int_equal(
		pdu_coding_for(S("Caf\xC3\xA9 {5\xE2\x82\xAC}"), &coding), 0);
	assert_int_equal(coding, PDU_GSM7);
	assert_int_equal(pdu_coding_for(S("a\xD1\x82"), &coding), 0);
	assert_int_equal(coding, PDU_UCS2);
	assert_int_equal(pdu_coding_for(S("a\xD1"), &coding), -EILSEQ);
}

/* ---- there and back ---------------------------------------------------- */

/* Characters that the septets of some tables are, by chance. */
static size_t
random_text(uint32_t *seed, const struct pdu_submit *what, char *out)
{
	size_t want = next_random(seed) % 400;
	size_t len = 0;

	while (len < want) {
		uint8_t septet = next_random(seed) % 128;
		bool extended = next_random(seed) % 4 == 0;
		uint8_t pair[2] = {0x1B, septet};
		struct gsm7_septets in = {
			extended ? pair : pair + 1, extended ? 2 : 1};
		uint32_t wide = next_random(seed) % 5 == 0
		                        ? 0x1F300 + next_random(seed) % 256
		                        : 0x20 + next_random(seed) % 0x2000;
		size_t n;

		if (what->coding == PDU_UCS2) {
			assert_int_equal(
				ucs2_utf8_put(wide, out, 1024, &len), 0);
			continue;
		}
		if (septet == 0x1B)
			continue;
		assert_int_equal(gsm7_to_utf8_shift(what->shift, in, out + len,
					 1024 - len, &n),
			0);
		len += n;
	}
	return len;
}

static void
parts_come_back_as_the_text_that_they_were(void **state)
{
	static const unsigned languages[] = {0, 1, 2, 3, 4, 6, 13};
	uint32_t seed = SEED;
	unsigned parts = 0;

	(void)state;
	for (int turn = 0; turn < TURNS; turn++) {
		char text[1024], back[2048];
		struct pdu_submit what =
			submit(S(""), turn % 3 == 0 ? PDU_UCS2 : PDU_GSM7);
		struct span rest;
		size_t len, back_len = 0;

		what.shift.single = languages[next_random(&seed) % 7];
		what.shift.locking = languages[next_random(&seed) % 7];
		if (what.shift.locking == 2)
			what.shift.locking = 0;
		what.part = (struct pdu_part){
			9, 1, next_random(&seed) % 256, turn % 2 == 0};
		len = random_text(&seed, &what, text);
		rest = span_of(text, len);
		do {
			struct pdu_out out;
			struct pdu p;

			assert_int_equal(
				pdu_take_part(&what, &rest, &what.text), 0);
			assert_int_equal(pdu_encode(&what, &out), 0);
			assert_int_equal(
				out.tpdu_octets, strlen(out.hex) / 2 - 1);
			assert_int_equal(pdu_decode(span_str(out.hex), &p), 0);
			assert_int_equal(p.type, PDU_SUBMIT);
			assert_string_equal(p.address.text, "+34616585119");
			assert_int_equal(p.part.reference, what.part.reference);
			assert_int_equal(p.part.wide, what.part.wide);
			assert_false(p.language_unknown);
			memcpy(back + back_len, p.text, p.text_len);
			back_len += p.text_len;
			parts++;
		} while (rest.len > 0);
		assert_int_equal(back_len, len);
		assert_memory_equal(back, text, len);
	}
	print_message("%d texts in %u parts\n", TURNS, parts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_is_decoded_field_by_field),
		cmocka_unit_test(addresses_are_read_in_their_kinds),
		cmocka_unit_test(times_are_utc_and_what_is_no_date_is_none),
		cmocka_unit_test(scheme_says_coding_and_class),
		cmocka_unit_test(headers_tell_parts_and_ports),
		cmocka_unit_test(language_that_stands_in_no_table_is_told),
		cmocka_unit_test(half_a_character_is_shown_as_such),
		cmocka_unit_test(malformed_message_is_refused),
		cmocka_unit_test(message_cut_anywhere_is_refused),
		cmocka_unit_test(rubbish_does_no_harm),
		cmocka_unit_test(submit_is_encoded_as_others_do),
		cmocka_unit_test(submit_that_cannot_be_said_is_refused),
		cmocka_unit_test(coding_is_the_cheapest_that_can_say_it),
		cmocka_unit_test(parts_come_back_as_the_text_that_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
