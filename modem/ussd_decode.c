/*
 * ussd_decode: the text of a +CUSD line as a person reads it. The coding
 * scheme is a hint (TS 23.038 clause 5); modems transcode without saying
 * so, and the text itself decides. Must never make up a text where no
 * coding makes sense: a verdict may hang on it.
 */
#include "modem/ussd.h"

#include <errno.h>

#include "modem/ucs2.h"
#include "modem/ussd_guess.h"

enum {
	DCS_GSM7_LANGUAGE = 0x10, /* clause 5, group 0001 */
	DCS_UCS2_LANGUAGE = 0x11,

	/* Hex digits below which a word may happen to look like hex. */
	HEX_SURE = 16,
	/* Octets below which packed septets may happen to look like ASCII. */
	ASCII_SURE = 8,
	/* The same for octets below 80, which +CSCS="HEX" gives. */
	SEPTETS_SURE = 16,
	/* Digits from which pairs 30..39 are no chance. */
	DIGITS_SURE = 12,
	/* Scores (of 100): of a text, of a word or two, of what is no noise. */
	SCORE_TEXT = 60,
	SCORE_WORD = 80,
	SCORE_NOISE = 40,
	/* Question marks that show a text flattened by a poorer charset. */
	FLAT_LEAST = 3,
	FLAT_PART = 5 /* one in five */
};

enum claim { CLAIM_GSM7, CLAIM_OCTETS, CLAIM_UCS2 };

/* What the characters show before any is converted. */
struct look {
	bool hex; /* hex digits only, letters of one case */
	bool digits;
	bool letters;
};

static enum claim
claim_of(int dcs)
{
	unsigned group;

	if (dcs < 0 || dcs > UINT8_MAX)
		return CLAIM_GSM7;
	if (dcs == DCS_UCS2_LANGUAGE)
		return CLAIM_UCS2;
	group = (unsigned)dcs >> 4;
	if (group == 0xF)
		return (dcs & 4) != 0 ? CLAIM_OCTETS : CLAIM_GSM7;
	/* Groups 01xx and 1001 carry the alphabet in bits 3 and 2. */
	if (group == 9 || (group >= 4 && group <= 7)) {
		if ((dcs & 0xC) == 4)
			return CLAIM_OCTETS;
		if ((dcs & 0xC) == 8)
			return CLAIM_UCS2;
	}
	return CLAIM_GSM7;
}

static struct look
look_at(struct span s)
{
	struct look look = {.hex = s.len > 0};
	bool upper = false, lower = false;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c >= '0' && c <= '9')
			look.digits = true;
		else if (c >= 'A' && c <= 'F')
			upper = true;
		else if (c >= 'a' && c <= 'f')
			lower = true;
		else
			look.hex = false;
	}
	look.letters = upper || lower;
	if (upper && lower)
		look.hex = false;
	return look;
}

/*
 * A noise line in the middle of hex leaves its line ends behind, and no text
 * in hex has any of its own. The body without them, in joined, where that is
 * surely hex; otherwise the body as it is.
 */
static struct span
join_hex(struct span body, char *joined, size_t cap)
{
	struct look look;
	size_t n = 0;

	if (body.len > cap)
		return body;
	for (size_t i = 0; i < body.len; i++)
		if (body.ptr[i] != '\r' && body.ptr[i] != '\n')
			joined[n++] = body.ptr[i];
	look = look_at(span_of(joined, n));
	if (n == body.len || n < HEX_SURE || !look.hex || !look.digits ||
		!look.letters)
		return body;
	return span_of(joined, n);
}

/*
 * A modem that cannot show a character of UCS-2 puts a question mark or
 * nonsense in its place: what is left is no answer.
 */
static int
refuse_flat(const struct ussd_guess *guess)
{
	struct span rest = span_of(guess->utf8, guess->len);
	size_t count = 0, flat = 0;
	uint32_t point;

	while (ucs2_utf8_next(&rest, &point) == 0) {
		count++;
		if (point == '?' || point == '@' || point == 0xFFFD)
			flat++;
	}
	return flat >= FLAT_LEAST && flat * FLAT_PART >= count ? -EILSEQ : 0;
}

/*
 * Digits only. 0, or -ENODATA: a number as it stands. Only units that all
 * begin with 0 are characters: "12345678" is a text under any scheme.
 */
static int
decode_digits(struct span s, enum claim claim, struct ussd_guess *guess)
{
	uint8_t octets[USSD_OCTETS_MAX];
	bool units = s.len % 4 == 0, pairs = s.len % 2 == 0;
	size_t n;

	for (size_t i = 0; i < s.len; i++) {
		units = units && (i % 4 != 0 || s.ptr[i] == '0');
		pairs = pairs && (i % 2 != 0 || s.ptr[i] == '3');
	}
	if (units && ussd_guess_ucs2_hex(s,
			     claim == CLAIM_UCS2 ? USSD_PROOF_SCRIPT
						 : USSD_PROOF_LATIN,
			     guess) == 0)
		return 0;
	if (pairs && s.len >= DIGITS_SURE &&
		span_from_hex(s, octets, sizeof octets, &n) == 0)
		return ussd_guess_same(span_of((char *)octets, n), guess);
	return -ENODATA;
}

/* Whether all octets are ASCII that a text may hold. */
static bool
is_ascii(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = (uint8_t)s.ptr[i];

		if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') ||
			c > 0x7E)
			return false;
	}
	return true;
}

/* What packed septets must score to be no word that looks like hex. */
static unsigned
least_score(struct span hex, struct look look)
{
	if (!look.digits)
		return SCORE_WORD;
	return hex.len >= HEX_SURE ? SCORE_NOISE : SCORE_TEXT;
}

/*
 * Octets in hex as one character each: *sure when they can be nothing else.
 * 0 or a negative code.
 */
static int
guess_octets(struct span octets, enum claim claim, struct ussd_guess *guess,
	bool *sure)
{
	int rc = -EILSEQ;

	if (is_ascii(octets) || claim == CLAIM_OCTETS) {
		*sure = is_ascii(octets) && octets.len >= ASCII_SURE;
		rc = ussd_guess_same(octets, guess);
		if (rc == -EILSEQ)
			rc = ussd_guess_latin(octets, guess);
	}
	if (rc == -EILSEQ && octets.len >= SEPTETS_SURE) {
		*sure = true;
		rc = ussd_guess_septets(octets, guess);
	}
	return rc;
}

/* Octets in hex: packed septets, or one character each. */
static int
decode_octets(struct span octets, enum claim claim, unsigned least,
	struct ussd_guess *guess)
{
	struct ussd_guess other;
	bool sure = false;
	int rc;

	rc = ussd_guess_packed(octets, guess);
	if (rc == 0 && guess->score < least)
		rc = -ENODATA;
	if (guess_octets(octets, claim, &other, &sure) < 0)
		return rc;
	if (sure ||
		(claim == CLAIM_OCTETS &&
			(rc < 0 || other.score >= guess->score)) ||
		(rc == -ENODATA && other.score >= SCORE_WORD)) {
		*guess = other;
		return 0;
	}
	return rc;
}

/* 0, -EILSEQ, -ENOSPC, or -ENODATA: the text only looks like hex. */
static int
decode_hex(struct span s, enum claim claim, struct ussd_guess *guess)
{
	uint8_t octets[USSD_OCTETS_MAX];
	struct look look = look_at(s);
	bool sure = s.len >= HEX_SURE && look.digits && look.letters;
	size_t n;
	int rc;

	if (look.hex && !look.letters)
		return decode_digits(s, claim, guess);
	rc = ussd_guess_ucs2_hex(s,
		claim == CLAIM_UCS2 ? USSD_PROOF_NONE : USSD_PROOF_SCRIPT,
		guess);
	if (rc != -EILSEQ)
		return rc;
	if (!look.hex)
		return -ENODATA;
	if (s.len % 2 != 0 || claim == CLAIM_UCS2)
		return sure ? -EILSEQ : -ENODATA;
	rc = span_from_hex(s, octets, sizeof octets, &n);
	if (rc < 0)
		return rc;
	rc = decode_octets(
		span_of((char *)octets, n), claim, least_score(s, look), guess);
	return rc == -ENODATA && sure ? -EILSEQ : rc;
}

/* Octets as no text has them: the reading that looks best, if any does. */
static int
decode_odd(struct span s, struct ussd_guess *guess)
{
	static int (*const readers[])(struct span, struct ussd_guess *) = {
		ussd_guess_same,
		ussd_guess_latin,
		ussd_guess_septets,
		ussd_guess_packed,
	};
	bool found = false;

	for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
		struct ussd_guess other;

		if (readers[i](s, &other) < 0 || other.score < SCORE_TEXT ||
			(found && other.score <= guess->score))
			continue;
		*guess = other;
		found = true;
	}
	return found ? 0 : -EILSEQ;
}

static bool
has_control(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		struct span one = span_of(s.ptr + i, 1);

		if ((uint8_t)s.ptr[i] < 0x80 && !is_ascii(one))
			return true;
	}
	return false;
}

static int
decode_plain(struct span s, struct ussd_guess *guess)
{
	int rc = -EILSEQ;

	if (!has_control(s))
		rc = ussd_guess_same(s, guess);
	return rc == -EILSEQ ? decode_odd(s, guess) : rc;
}

/* "en" and CR before a text (clause 5, coding scheme 16). */
static void
drop_language(struct span *text)
{
	bool there = text->len >= 3 && text->ptr[2] == '\r';

	for (size_t i = 0; there && i < 2; i++)
		there = text->ptr[i] >= 'a' && text->ptr[i] <= 'z';
	if (there)
		*text = span_skip(*text, 3);
}

int
ussd_decode(
	const struct ussd_answer *answer, char *utf8, size_t cap, size_t *len)
{
	enum claim claim = claim_of(answer->dcs);
	struct ussd_guess guess = {.len = 0};
	char joined[2 * USSD_OCTETS_MAX];
	struct span body = join_hex(answer->body, joined, sizeof joined);
	struct span text;
	int rc = 0;

	if (body.len > 0) {
		rc = decode_hex(span_trim(body), claim, &guess);
		if (rc == -ENODATA)
			rc = decode_plain(body, &guess);
	}
	if (rc == 0 && claim == CLAIM_UCS2)
		rc = refuse_flat(&guess);
	if (rc < 0)
		return rc;
	text = span_of(guess.utf8, guess.len);
	if (answer->dcs == DCS_GSM7_LANGUAGE)
		drop_language(&text);
	if (text.len >= cap)
		return -ENOSPC;
	*len = text.len;
	return span_copy(utf8, cap, text);
}
