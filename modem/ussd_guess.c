/*
 * ussd_guess: the readings that the body of a +CUSD line may have, each with
 * a score of how much it looks like a text.
 * Must never decide between them: that is ussd_decode's.
 */
#include "modem/ussd_guess.h"

#include <errno.h>

#include "modem/gsm7.h"
#include "modem/ucs2.h"

enum { SEPTETS_MAX = USSD_OCTETS_MAX / 7 * 8 + 8, SCRIPT_UNITS = 3 };

static bool
is_word_sign(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == ' ' || c == '.' || c == '\n' ||
	       c == '\r';
}

/* Other signs of a text; symbols, controls and GSM's Greek are none. */
static bool
is_fair_sign(uint32_t c)
{
	return (c > ' ' && c < 0x7F && c != '@') || c == '\t' ||
	       (c >= 0xC0 && c != 0xD7 && c != 0xF7 && c < 0x250) ||
	       c == 0x20AC;
}

static void
score(struct ussd_guess *guess)
{
	struct span rest = span_of(guess->utf8, guess->len);
	size_t count = 0, points = 0;
	uint32_t point;

	while (ucs2_utf8_next(&rest, &point) == 0) {
		count++;
		if (is_word_sign(point))
			points += 2;
		else if (is_fair_sign(point))
			points++;
	}
	guess->score = count > 0 ? (unsigned)(points * 50 / count) : 0;
}

int
ussd_guess_same(struct span text, struct ussd_guess *guess)
{
	if (!ucs2_is_utf8(text))
		return -EILSEQ;
	if (span_copy(guess->utf8, sizeof guess->utf8, text) < 0)
		return -ENOSPC;
	guess->len = text.len;
	score(guess);
	return 0;
}

static bool
is_control(uint32_t c)
{
	return (c < ' ' && c != '\t' && c != '\r' && c != '\n') ||
	       (c >= 0x7F && c < 0xA0);
}

int
ussd_guess_latin(struct span text, struct ussd_guess *guess)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = (uint8_t)text.ptr[i];

		if (is_control(c))
			return -EILSEQ;
		if (ucs2_utf8_put(c, guess->utf8, sizeof guess->utf8, &len) < 0)
			return -ENOSPC;
	}
	guess->utf8[len] = '\0';
	guess->len = len;
	score(guess);
	return 0;
}

int
ussd_guess_septets(struct span text, struct ussd_guess *guess)
{
	int rc;

	for (size_t i = 0; i < text.len; i++)
		if ((uint8_t)text.ptr[i] > 0x7F)
			return -EILSEQ;
	rc = gsm7_to_utf8((const uint8_t *)text.ptr, text.len, guess->utf8,
		sizeof guess->utf8, &guess->len);
	if (rc == 0)
		score(guess);
	return rc;
}

int
ussd_guess_packed(struct span octets, struct ussd_guess *guess)
{
	uint8_t septets[SEPTETS_MAX];
	size_t n;
	int rc;

	rc = gsm7_unpack_ussd((const uint8_t *)octets.ptr, octets.len, septets,
		sizeof septets, &n);
	if (rc < 0)
		return rc;
	/* Some fill the last octet with zero bits: an "@" that is none. */
	if (n > 0 && n % 8 == 0 && septets[n - 1] == 0)
		n--;
	rc = gsm7_to_utf8(
		septets, n, guess->utf8, sizeof guess->utf8, &guess->len);
	if (rc == 0)
		score(guess);
	return rc;
}

/* The units of UCS-2 hex, as octets. */
struct units {
	uint8_t octets[USSD_OCTETS_MAX];
	size_t n;
	bool ended; /* by U+0000: what follows is the modem's memory */
};

static int
add_unit(struct units *units, uint8_t high, uint8_t low)
{
	if (units->n + 2 > sizeof units->octets)
		return -ENOSPC;
	if (high == 0 && low == 0) {
		units->ended = true;
		return 0;
	}
	units->octets[units->n++] = high;
	units->octets[units->n++] = low;
	return 0;
}

static int
add_hex(struct units *units, struct span hex)
{
	while (hex.len > 0 && !units->ended) {
		uint8_t unit[2];
		size_t n;
		int rc;

		if (hex.len < 4 ||
			span_from_hex(span_of(hex.ptr, 4), unit, 2, &n) < 0)
			return -EILSEQ;
		rc = add_unit(units, unit[0], unit[1]);
		if (rc < 0)
			return rc;
		hex = span_skip(hex, 4);
	}
	return 0;
}

static int
add_literal(struct units *units, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = (uint8_t)text.ptr[i];
		int rc;

		if (c > 0x7E || is_control(c))
			return -EILSEQ;
		rc = add_unit(units, 0, c);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
read_units(struct span s, struct units *units)
{
	units->n = 0;
	units->ended = false;
	while (s.len > 0 && !units->ended) {
		size_t hex = span_find(s, '"');
		size_t quoted;
		int rc;

		rc = add_hex(units, span_of(s.ptr, hex));
		s = span_skip(s, hex);
		if (rc < 0 || units->ended || s.len == 0)
			return rc;
		quoted = 2 + span_find(span_skip(s, 1), '"');
		if (quoted > s.len || hex == 0)
			return -EILSEQ; /* one quote alone, or no hex */
		rc = add_literal(units, span_of(s.ptr, quoted));
		if (rc < 0)
			return rc;
		s = span_skip(s, quoted);
	}
	return 0;
}

/*
 * Whether two letters a-z, packed, stand before the text. As a unit they
 * would be Chinese, and so would be what follows.
 */
static bool
has_language(const uint8_t *octets, size_t n)
{
	unsigned wide, first, second;

	if (n < 4)
		return false;
	wide = octets[0] | (unsigned)octets[1] << 8;
	first = wide & 0x7F;
	second = wide >> 7;
	return first >= 'a' && first <= 'z' && second >= 'a' && second <= 'z' &&
	       octets[2] < 0x30;
}

/* What may stand between the letters of any script, by its high octet. */
static bool
is_neutral_block(uint8_t high)
{
	return high == 0x01 || high == 0x02 || high == 0x1E ||
	       (high >= 0x20 && high <= 0x22) || high == 0x25 || high == 0x26;
}

/*
 * Scripts of an alphabet, by their high octet: Greek to Khmer, and Arabic
 * as presentation forms. Chinese and Korean need the coding scheme's word:
 * packed septets look like them.
 */
static bool
is_script_block(uint8_t high)
{
	return (high >= 0x03 && high <= 0x17) || high == 0xFB || high == 0xFE;
}

static bool
is_proven(const uint8_t *octets, size_t n, enum ussd_proof proof)
{
	uint8_t scripts[2] = {0, 0};
	size_t latin = 0;

	for (size_t i = 0; i < n; i += 2) {
		uint8_t high = octets[i];

		if (high == 0 && is_control(octets[i + 1]))
			return false;
		if (high == 0) {
			latin++;
			continue;
		}
		if (is_neutral_block(high) || high == scripts[0] ||
			high == scripts[1])
			continue;
		if (!is_script_block(high) || scripts[1] != 0)
			return false;
		scripts[scripts[0] != 0] = high;
	}
	if (proof == USSD_PROOF_LATIN)
		return latin * 2 == n && latin > 1;
	return n > 0 && (latin * 2 == n || n / 2 >= SCRIPT_UNITS);
}

int
ussd_guess_ucs2_hex(
	struct span hex, enum ussd_proof proof, struct ussd_guess *guess)
{
	struct units units;
	const uint8_t *octets = units.octets;
	int rc;

	rc = read_units(hex, &units);
	if (rc < 0)
		return rc;
	if (has_language(octets, units.n)) {
		octets += 2;
		units.n -= 2;
	}
	if (proof != USSD_PROOF_NONE && !is_proven(octets, units.n, proof))
		return -EILSEQ;
	rc = ucs2_to_utf8(
		octets, units.n, guess->utf8, sizeof guess->utf8, &guess->len);
	if (rc == 0)
		score(guess);
	return rc;
}
