/*
 * batch_decode: the bytes of a file into UTF-8: those with a byte order mark
 * of UTF-16 are converted, all others pass. Never repairs: what is no
 * character becomes a byte that is no UTF-8, and its row a bad row.
 */
#include "agent/batch_private.h"

enum { NO_TEXT = 0xff /* no UTF-8 has this byte */ };

/* RFC 3629 section 3. */
static size_t
put_character(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = len - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(lead[len] | c);
	return len;
}

/* RFC 2781 section 2.2. */
static size_t
put_unit(struct batch_decoder *d, uint32_t unit, char *out)
{
	bool low = unit >= 0xdc00 && unit <= 0xdfff;
	uint32_t high = d->high;
	size_t len = 0;

	d->high = 0;
	if (high != 0 && low)
		return put_character(out,
			0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
	if (high != 0)
		out[len++] = (char)NO_TEXT;
	if (unit >= 0xd800 && unit <= 0xdbff)
		d->high = (uint16_t)unit;
	else if (low)
		out[len++] = (char)NO_TEXT;
	else
		len += put_character(out + len, unit);
	return len;
}

/* The first two bytes: RFC 2781 section 3.2. */
static size_t
detect(struct batch_decoder *d, char *out)
{
	if (d->held_len == 1 && (d->held[0] == 0xff || d->held[0] == 0xfe))
		return 0; /* it may be the first half of a mark */
	if (d->held_len == 2 && d->held[0] + d->held[1] == 0xff + 0xfe) {
		d->encoding =
			d->held[0] == 0xff ? BATCH_UTF16_LE : BATCH_UTF16_BE;
		d->held_len = 0;
		return 0;
	}
	d->encoding = BATCH_UTF8;
	for (size_t i = 0; i < d->held_len; i++)
		out[i] = (char)d->held[i];
	return d->held_len;
}

size_t
batch_decode(struct batch_decoder *d, char byte, char *out)
{
	if (d->encoding == BATCH_UTF8) {
		out[0] = byte;
		return 1;
	}
	d->held[d->held_len++] = (uint8_t)byte;
	if (d->encoding == BATCH_NOT_KNOWN)
		return detect(d, out);
	if (d->held_len < 2)
		return 0;
	unsigned first = d->held[0];
	unsigned second = d->held[1];

	d->held_len = 0;
	return put_unit(d,
		d->encoding == BATCH_UTF16_LE ? second << 8 | first
					      : first << 8 | second,
		out);
}

size_t
batch_decode_end(struct batch_decoder *d, char *out)
{
	bool half =
		d->high != 0 || (d->encoding != BATCH_UTF8 && d->held_len > 0);

	d->high = 0;
	d->held_len = 0;
	out[0] = (char)NO_TEXT;
	return half ? 1 : 0;
}
