/*
 * span: a bounded view of bytes that somebody else owns.
 * Never allocates, never reads beyond the length it was given.
 */
#include "modem/span.h"

#include <errno.h>
#include <string.h>

struct span
span_str(const char *text)
{
	return span_of(text, strlen(text));
}

bool
span_eq(struct span a, struct span b)
{
	/* memcmp() must not see the NULL of an empty span. */
	return a.len == b.len && (a.len == 0 || !memcmp(a.ptr, b.ptr, a.len));
}

bool
span_starts(struct span s, struct span prefix)
{
	return s.len >= prefix.len &&
	       span_eq(span_of(s.ptr, prefix.len), prefix);
}

struct span
span_skip(struct span s, size_t n)
{
	if (n >= s.len)
		n = s.len;
	/* NULL + 0 is undefined in C. */
	return n == 0 ? s : span_of(s.ptr + n, s.len - n);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span
span_trim(struct span s)
{
	while (s.len > 0 && is_blank(s.ptr[0]))
		s = span_skip(s, 1);
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

size_t
span_find(struct span s, char c)
{
	const char *hit;

	if (s.len == 0)
		return 0;
	hit = memchr(s.ptr, c, s.len);
	return hit != NULL ? (size_t)(hit - s.ptr) : s.len;
}

int
span_to_u32(struct span s, uint32_t max, uint32_t *out)
{
	uint64_t value = 0;
	bool over = false;

	if (s.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return -EINVAL;
		value = value * 10 + (uint64_t)(s.ptr[i] - '0');
		if (value > max) {
			over = true;
			value = max; /* cannot wrap round, however long */
		}
	}
	if (over)
		return -ERANGE;
	*out = (uint32_t)value;
	return 0;
}

int
span_copy(char *dst, size_t cap, struct span s)
{
	size_t n = s.len;

	if (cap == 0)
		return -ENOSPC;
	if (n > cap - 1)
		n = cap - 1;
	if (n > 0)
		memcpy(dst, s.ptr, n);
	dst[n] = '\0';
	return n == s.len ? 0 : -ENOSPC;
}

void
span_copy_text(char *dst, size_t cap, const char *text)
{
	(void)span_copy(dst, cap, span_str(text));
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int
span_from_hex(struct span hex, uint8_t *dst, size_t cap, size_t *len)
{
	if (hex.len % 2 != 0)
		return -EINVAL;
	/* First look, then write: dst stays as it was on failure. */
	for (size_t i = 0; i < hex.len; i++)
		if (hex_value(hex.ptr[i]) < 0)
			return -EINVAL;
	if (hex.len / 2 > cap)
		return -ENOSPC;
	for (size_t i = 0; i < hex.len / 2; i++)
		dst[i] = (uint8_t)(hex_value(hex.ptr[2 * i]) * 16 +
				   hex_value(hex.ptr[2 * i + 1]));
	*len = hex.len / 2;
	return 0;
}

int
span_to_hex(const uint8_t *src, size_t len, char *dst, size_t cap)
{
	static const char digits[] = "0123456789ABCDEF";

	if (cap == 0 || len > (cap - 1) / 2)
		return -ENOSPC;
	for (size_t i = 0; i < len; i++) {
		dst[2 * i] = digits[src[i] >> 4];
		dst[2 * i + 1] = digits[src[i] & 15];
	}
	dst[2 * len] = '\0';
	return 0;
}
