/*
 * fuzz_ucs2: any units and any UTF-8. What was read and is said again is
 * read the same, and two readers of UTF-8 agree on what is none.
 * Must never repair what it checks.
 */
#include <errno.h>
#include <string.h>

#include "agent/utf8.h"
#include "modem/ucs2.h"
#include "tests/fuzz/fuzz.h"

enum { BYTES_MAX = 1 << 14 };

/* How many characters a person would count: a pair is one, and NUL ends. */
static size_t
characters_of(struct span in)
{
	size_t count = 0;

	for (size_t i = 0; i + 1 < in.len; i += 2, count++) {
		uint8_t high = (uint8_t)in.ptr[i];

		if (high == 0 && in.ptr[i + 1] == 0)
			break;
		if (high >= 0xd8 && high < 0xdc && i + 3 < in.len &&
			((uint8_t)in.ptr[i + 2] & 0xfc) == 0xdc)
			i += 2;
	}
	return count;
}

static size_t
count_points(struct span text)
{
	size_t count = 0;
	uint32_t point;

	for (; text.len > 0; count++)
		text = span_skip(text, utf8_next(text, &point));
	return count;
}

static void
units(struct span in)
{
	static char text[2 * BYTES_MAX + 1], again[2 * BYTES_MAX + 1];
	static uint8_t octets[2 * BYTES_MAX];
	size_t len, n, len_again;
	int rc = ucs2_to_utf8(
		(const uint8_t *)in.ptr, in.len, text, sizeof(text), &len);

	FUZZ_HOLDS(rc == (in.len % 2 != 0 ? -EINVAL : 0));
	if (rc < 0)
		return;
	FUZZ_HOLDS(text[len] == '\0' && ucs2_is_utf8(span_of(text, len)));
	FUZZ_HOLDS(count_points(span_of(text, len)) == characters_of(in));
	FUZZ_HOLDS(ucs2_from_utf8(span_of(text, len), octets, sizeof(octets),
			   &n) == 0);
	FUZZ_HOLDS(n <= in.len);
	FUZZ_HOLDS(
		ucs2_to_utf8(octets, n, again, sizeof(again), &len_again) == 0);
	FUZZ_HOLDS(len == len_again && memcmp(text, again, len) == 0);
}

static void
text(struct span in)
{
	static uint8_t octets[2 * BYTES_MAX];
	static char again[BYTES_MAX + 1];
	size_t n, len;
	bool valid = utf8_is_valid(in) && span_find(in, '\0') == in.len;

	FUZZ_HOLDS(ucs2_is_utf8(in) == valid);
	int rc = ucs2_from_utf8(in, octets, sizeof(octets), &n);

	FUZZ_HOLDS(rc == (valid ? 0 : -EILSEQ));
	if (rc < 0)
		return;
	FUZZ_HOLDS(ucs2_to_utf8(octets, n, again, sizeof(again), &len) == 0);
	FUZZ_HOLDS(span_eq(span_of(again, len), in));
}

static void
check(struct span in, struct rng *rng)
{
	(void)rng;
	units(in);
	text(in);
}

const struct fuzz_target fuzz_target = {
	.name = "ucs2", .most = BYTES_MAX, .grows = true, .check = check};
