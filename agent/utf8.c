/*
 * utf8: strict decoding and digits of every script. Never repairs a broken
 * text: it says that it is broken.
 */
#include "agent/utf8.h"

#include <errno.h>
#include <string.h>

/* RFC 3629 section 3: how many bytes a first byte announces, 0 for none. */
static size_t
announced_len(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

/* Over-long forms, surrogates and what is beyond U+10FFFF. */
static bool
is_forbidden(uint32_t c, size_t len)
{
	return (len == 3 && c < 0x800) || (len == 4 && c < 0x10000) ||
	       (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff;
}

size_t
utf8_next(struct span s, uint32_t *character)
{
	if (s.len == 0)
		return 0;
	const unsigned char *bytes = (const unsigned char *)s.ptr;
	size_t len = announced_len(bytes[0]);

	if (len == 0 || len > s.len)
		return 0;
	uint32_t c = len == 1 ? bytes[0] : bytes[0] & (0x7fU >> len);

	for (size_t i = 1; i < len; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (bytes[i] & 0x3f);
	}
	if (is_forbidden(c, len))
		return 0;
	*character = c;
	return len;
}

bool
utf8_acts(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
	       c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe007f);
}

bool
utf8_is_valid(struct span s)
{
	uint32_t character;

	while (s.len > 0) {
		size_t n = utf8_next(s, &character);

		if (n == 0)
			return false;
		s = span_skip(s, n);
	}
	return true;
}

/* The zeros of Unicode 14, category Nd; nine more digits follow each
 * (Unicode Standard, section 4.6). Ascending. */
static const uint32_t zeros[] = {0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66,
	0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
	0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50,
	0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50,
	0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0,
	0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950,
	0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8,
	0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0};

int
utf8_digit_value(uint32_t character)
{
	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
		if (character < zeros[i])
			return -1;
		if (character - zeros[i] <= 9)
			return (int)(character - zeros[i]);
	}
	return -1;
}

int
utf8_plain_digits(struct span s, char *out, size_t cap, size_t *len)
{
	size_t used = 0;

	while (s.len > 0) {
		uint32_t c = 0;
		size_t n = utf8_next(s, &c);
		int digit = n > 1 ? utf8_digit_value(c) : -1;

		if (n == 0)
			n = 1;
		size_t need = digit >= 0 ? 1 : n;

		if (cap - used < need)
			return -ENOSPC;
		if (digit >= 0)
			out[used] = (char)('0' + digit);
		else
			memcpy(out + used, s.ptr, n);
		used += need;
		s = span_skip(s, n);
	}
	*len = used;
	return 0;
}
