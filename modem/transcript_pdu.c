/*
 * transcript_pdu: see transcript_pdu.h (TS 23.040 clause 9.2). It must never
 * leave a digit of a number or of a text as it was.
 */
#include "modem/transcript_pdu.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "modem/pdu_parts.h"
#include "modem/span.h"

enum {
	OCTETS_MAX = 300,
	ESCAPE = 0x1B,
	STAMP = 7,
	STAND_IN = 0x31, /* '1', in septets and octets alike */
	SCHEME_GROUP = 0xC0,
	SCHEME_CODING = 0x0C,
	SCHEME_OCTETS = 0x04,
	SCHEME_UCS2 = 0x08
};

/* The octets that are left, in place. */
struct view {
	uint8_t *at;
	size_t left;
};

static bool
take(struct view *v, size_t n, uint8_t **out)
{
	if (n > v->left)
		return false;
	*out = v->at;
	v->at += n;
	v->left -= n;
	return true;
}

/* Semi-octets: each digit becomes 1; F, *, # and the like stay. */
static void
hide_semi_octets(uint8_t *octets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t low = octets[i] & 0x0F;
		uint8_t high = octets[i] >> 4;

		low = low <= 9 ? 1 : low;
		high = high <= 9 ? 1 : high;
		octets[i] = (uint8_t)(high << 4 | low);
	}
}

static unsigned
septet(const uint8_t *data, size_t bit)
{
	unsigned pair = data[bit / 8];

	if (bit % 8 > 1)
		pair |= (unsigned)data[bit / 8 + 1] << 8;
	return pair >> bit % 8 & 0x7F;
}

static void
put_septet(uint8_t *data, size_t bit, unsigned value)
{
	for (unsigned i = 0; i < PDU_SEPTET_BITS; i++) {
		uint8_t mask = (uint8_t)(1U << (bit + i) % 8);

		if ((value >> i & 1) != 0)
			data[(bit + i) / 8] |= mask;
		else
			data[(bit + i) / 8] &= (uint8_t)~mask;
	}
}

/* Digits, and what the single shift tables of India's scripts have in their
 * place (TS 23.038 annex A.2). */
static void
hide_septets(uint8_t *data, size_t from_bit, size_t count)
{
	enum { INDIC_FIRST = 0x1C, INDIC_LAST = 0x27 };
	bool escaped = false;

	for (size_t i = 0; i < count; i++) {
		size_t bit = from_bit + i * PDU_SEPTET_BITS;
		unsigned value = septet(data, bit);

		if (value >= '0' && value <= '9')
			put_septet(data, bit, STAND_IN);
		if (escaped && value >= INDIC_FIRST && value <= INDIC_LAST) {
			put_septet(data, bit - PDU_SEPTET_BITS, ' ');
			put_septet(data, bit, STAND_IN);
		}
		escaped = value == ESCAPE;
	}
}

static void
hide_octets(uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (data[i] >= '0' && data[i] <= '9')
			data[i] = STAND_IN;
}

/* Of any script: 16 units from a digit zero on, in the blocks of letters,
 * cannot be told from letters without a table; those that have one are here. */
static void
hide_ucs2(uint8_t *data, size_t n)
{
	static const uint16_t zeros[] = {0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966,
		0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
		0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0xFF10};

	for (size_t i = 0; i + 1 < n; i += 2) {
		unsigned unit = (unsigned)data[i] << 8 | data[i + 1];

		for (size_t k = 0; k < sizeof zeros / sizeof *zeros; k++) {
			if (unit < zeros[k] || unit > zeros[k] + 9U)
				continue;
			data[i] = 0;
			data[i + 1] = STAND_IN;
		}
	}
}

/* An address: its length in digits, its type, its digits or its name. */
static bool
hide_address(struct view *v)
{
	uint8_t *head;
	uint8_t *digits;
	size_t octets;

	if (!take(v, 2, &head))
		return false;
	octets = (head[0] + 1U) / 2;
	if (!take(v, octets, &digits))
		return false;
	if ((head[1] & PDU_TON) == PDU_TON_NAME)
		hide_septets(digits, 0, octets * 8 / PDU_SEPTET_BITS);
	else
		hide_semi_octets(digits, octets);
	return true;
}

/* The user data, behind the octet of its length (9.2.3.16, 9.2.3.24). */
static bool
hide_data(struct view *v, uint8_t scheme, bool has_header)
{
	bool general =
		(scheme & SCHEME_GROUP) == 0 || (scheme & SCHEME_GROUP) == 0x40;
	bool ucs2 = (general && (scheme & SCHEME_CODING) == SCHEME_UCS2) ||
	            (scheme & 0xF0) == 0xE0;
	bool octets = (general && (scheme & SCHEME_CODING) == SCHEME_OCTETS) ||
	              ((scheme & 0xF0) == 0xF0 && (scheme & 4) != 0);
	uint8_t *length;
	uint8_t *data;
	size_t header = 0;
	size_t n;

	if (!take(v, 1, &length))
		return false;
	n = ucs2 || octets ? *length
	                   : (*length * (size_t)PDU_SEPTET_BITS + 7) / 8;
	if (!take(v, n, &data))
		return false;
	if (has_header) {
		if (n < 1 || data[0] + 1U > n)
			return false;
		header = data[0] + 1U;
	}
	if (ucs2) {
		hide_ucs2(data + header, n - header);
	} else if (octets) {
		hide_octets(data + header, n - header);
	} else {
		size_t skipped = pdu_septets_of(header);

		if (skipped > *length)
			return false;
		hide_septets(
			data, skipped * PDU_SEPTET_BITS, *length - skipped);
	}
	memset(v->at, 0xFF, v->left); /* what the slot held before */
	return true;
}

static bool
hide_validity(struct view *v, uint8_t first)
{
	uint8_t *at;

	if ((first & PDU_VALIDITY) == 0)
		return true;
	return take(v,
		(first & PDU_VALIDITY) == PDU_VALIDITY_RELATIVE ? 1 : STAMP,
		&at);
}

/* Service centre, then what its type says. */
static bool
hide_all(struct view *v)
{
	uint8_t *first;
	uint8_t *at;
	uint8_t flags;
	uint8_t type;
	bool submit;

	if (!take(v, 1, &at) || !take(v, *at, &first))
		return false;
	if (*at > 0)
		hide_semi_octets(first + 1, *at - 1U);
	if (!take(v, 1, &first))
		return false;
	flags = *first;
	type = flags & PDU_TYPE;
	submit = type == PDU_IS_SUBMIT;
	if (type != PDU_IS_DELIVER && !submit && type != PDU_IS_STATUS_REPORT)
		return false;
	if (type != PDU_IS_DELIVER && !take(v, 1, &at)) /* its reference */
		return false;
	if (!hide_address(v))
		return false;
	if (type == PDU_IS_STATUS_REPORT) {
		bool whole = take(v, 2 * STAMP + 1, &at);

		memset(v->at, 0xFF, v->left);
		return whole;
	}
	if (!take(v, 2, &at) || (submit && !hide_validity(v, flags)) ||
		(!submit && !take(v, STAMP, &first)))
		return false;
	return hide_data(v, at[1], (flags & PDU_HAS_HEADER) != 0);
}

void
transcript_hide_pdu(char *hex, size_t len)
{
	uint8_t octets[OCTETS_MAX];
	char shown[2 * OCTETS_MAX + 1];
	size_t n = 0;
	struct view v = {.at = octets};

	if (span_from_hex(span_of(hex, len), octets, sizeof octets, &n) == 0 &&
		n > 0) {
		v.left = n;
		if (hide_all(&v) &&
			span_to_hex(octets, n, shown, sizeof shown) == 0) {
			memcpy(hex, shown, len);
			return;
		}
	}
	memset(hex, 'F', len);
}
