/*
 * ucs2: UCS-2 (in practice UTF-16BE, surrogate pairs and all) and UTF-8.
 * Pure; must never let an ill-formed sequence through as UTF-8.
 */
#include "modem/ucs2.h"

#include <errno.h>

enum {
	REPLACEMENT = 0xFFFD,
	UNICODE_MAX = 0x10FFFF,
	HIGH_FIRST = 0xD800, /* surrogates: Unicode 3.9, D91 */
	LOW_FIRST = 0xDC00,
	SURROGATES_END = 0xE000,
	PLANE_1 = 0x10000
};

static bool
is_surrogate(uint32_t point)
{
	return point >= HIGH_FIRST && point < SURROGATES_END;
}

/* How a lead byte begins a sequence of that many bytes (RFC 3629 3). */
static const struct {
	uint8_t mask;
	uint8_t lead;
	uint32_t least; /* what is less is over-long */
} shapes[] = {
	{0x80, 0x00, 1}, /* NUL is no text */
	{0xE0, 0xC0, 0x80},
	{0xF0, 0xE0, 0x800},
	{0xF8, 0xF0, PLANE_1},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

int
ucs2_utf8_next(struct span *s, uint32_t *point)
{
	uint8_t first;
	size_t more = 0;
	uint32_t value;

	if (s->len == 0)
		return -ENODATA;
	first = (uint8_t)s->ptr[0];
	while (more < SHAPES &&
		(first & shapes[more].mask) != shapes[more].lead)
		more++;
	if (more == SHAPES || s->len <= more)
		return -EILSEQ;
	value = first & (uint8_t)~shapes[more].mask;
	for (size_t i = 1; i <= more; i++) {
		uint8_t c = (uint8_t)s->ptr[i];

		if ((c & 0xC0) != 0x80)
			return -EILSEQ;
		value = value << 6 | (c & 0x3F);
	}
	if (value < shapes[more].least || value > UNICODE_MAX ||
		is_surrogate(value))
		return -EILSEQ;
	*s = span_skip(*s, more + 1);
	*point = value;
	return 0;
}

int
ucs2_utf8_put(uint32_t point, char *utf8, size_t cap, size_t *len)
{
	static const uint8_t leads[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
	size_t size = 1;

	if (point > UNICODE_MAX || is_surrogate(point))
		point = REPLACEMENT;
	while (size < SHAPES && point >= shapes[size].least)
		size++;
	if (*len >= cap || cap - *len - 1 < size)
		return -ENOSPC;
	for (size_t i = size; i-- > 1;) {
		utf8[*len + i] = (char)(0x80 | (point & 0x3F));
		point >>= 6;
	}
	utf8[*len] = (char)(leads[size] | point);
	*len += size;
	return 0;
}

bool
ucs2_is_utf8(struct span s)
{
	uint32_t point;
	int rc;

	do {
		rc = ucs2_utf8_next(&s, &point);
	} while (rc == 0);
	return rc == -ENODATA;
}

static uint32_t
unit_at(const uint8_t *octets)
{
	return (uint32_t)octets[0] << 8 | octets[1];
}

size_t
ucs2_point_at(const uint8_t *octets, size_t n, uint32_t *point)
{
	uint32_t high = unit_at(octets);
	uint32_t low;

	*point = high;
	if (high < HIGH_FIRST || high >= LOW_FIRST || n < 4)
		return 2; /* a lone surrogate is replaced when it is put */
	low = unit_at(octets + 2);
	if (low < LOW_FIRST || low >= SURROGATES_END)
		return 2;
	*point = PLANE_1 + ((high - HIGH_FIRST) << 10) + (low - LOW_FIRST);
	return 4;
}

int
ucs2_to_utf8(
	const uint8_t *octets, size_t n, char *utf8, size_t cap, size_t *len)
{
	size_t put = 0;
	size_t used;

	if (n % 2 != 0)
		return -EINVAL;
	if (cap == 0)
		return -ENOSPC;
	for (size_t i = 0; i < n; i += used) {
		uint32_t point;
		int rc;

		used = ucs2_point_at(octets + i, n - i, &point);
		if (point == 0)
			break;
		rc = ucs2_utf8_put(point, utf8, cap, &put);
		if (rc < 0)
			return rc;
	}
	utf8[put] = '\0';
	*len = put;
	return 0;
}

static void
put_unit(uint8_t *octets, uint32_t unit)
{
	octets[0] = (uint8_t)(unit >> 8);
	octets[1] = (uint8_t)unit;
}

int
ucs2_from_utf8(struct span utf8, uint8_t *octets, size_t cap, size_t *len)
{
	size_t put = 0;
	uint32_t point;
	int rc;

	while ((rc = ucs2_utf8_next(&utf8, &point)) == 0) {
		size_t size = point >= PLANE_1 ? 4 : 2;

		if (cap - put < size)
			return -ENOSPC;
		if (size == 2) {
			put_unit(octets + put, point);
		} else {
			point -= PLANE_1;
			put_unit(octets + put, HIGH_FIRST + (point >> 10));
			put_unit(octets + put + 2, LOW_FIRST + (point & 0x3FF));
		}
		put += size;
	}
	if (rc != -ENODATA)
		return rc;
	*len = put;
	return 0;
}
