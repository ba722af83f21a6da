/*
 * fuzz_mask: any text of an operator. No number of the form of a PIN, alone
 * or in groups, stays, and of the card's own no eight digits in a row.
 * Must never use mask's own eyes: it looks at what came out afresh.
 */
#include <string.h>

#include "agent/mask.h"
#include "agent/utf8.h"
#include "tests/fuzz/fuzz.h"

enum { BYTES_MAX = 1 << 14, PIN_DIGITS = 14, OWN_PART = 8, GAP_MAX = 4 };

static const char own_pin[] = "80124590763318";

static bool
takes_pin(const void *ctx, struct span digits)
{
	(void)ctx;
	return digits.len == PIN_DIGITS;
}

/* The numbers of a text: their digits, and where groups begin. */
struct numbers {
	size_t count;
	char digit[BYTES_MAX];
	bool starts[BYTES_MAX + 1]; /* something stands before it */
	bool breaks[BYTES_MAX + 1]; /* it belongs to no number before */
};

static struct numbers numbers;

static void
collect(struct span text)
{
	size_t gap = 0;
	bool broken = true;

	numbers.count = 0;
	while (text.len > 0) {
		uint32_t c = 0;
		size_t len = utf8_next(text, &c);
		int digit = len > 0 ? utf8_digit_value(c) : -1;

		if (digit >= 0) {
			numbers.starts[numbers.count] = broken || gap > 0;
			numbers.breaks[numbers.count] = broken;
			numbers.digit[numbers.count++] = (char)('0' + digit);
			gap = 0;
			broken = false;
		} else {
			bool joins = c == ' ' || c == '-' || c == '.';

			broken |= !joins || ++gap > GAP_MAX;
		}
		text = span_skip(text, len > 0 ? len : 1);
	}
	numbers.starts[numbers.count] = numbers.breaks[numbers.count] = true;
}

/* Whether n digits from i on are of one number. */
static bool
is_one(size_t i, size_t n)
{
	for (size_t k = 1; k < n; k++)
		if (numbers.breaks[i + k])
			return false;
	return true;
}

static void
expect_no_pin(void)
{
	for (size_t i = 0; i + PIN_DIGITS <= numbers.count; i++)
		FUZZ_HOLDS(!numbers.starts[i] ||
			   !numbers.starts[i + PIN_DIGITS] ||
			   !is_one(i, PIN_DIGITS));
	for (size_t i = 0; i + OWN_PART <= numbers.count; i++)
		FUZZ_HOLDS(!is_one(i, OWN_PART) ||
			   !memmem(own_pin, PIN_DIGITS, numbers.digit + i,
				   OWN_PART));
}

static void
check(struct span in, struct rng *rng)
{
	static char out[2 * BYTES_MAX], cut[64];

	mask_text(in, span_str(own_pin), takes_pin, NULL, out, sizeof(out));
	FUZZ_HOLDS(strlen(out) <= in.len);
	collect(span_str(out));
	expect_no_pin();
	size_t cap = (size_t)rng_between(rng, 1, sizeof(cut));

	mask_text(in, span_str(own_pin), takes_pin, NULL, cut, cap);
	FUZZ_HOLDS(strlen(cut) < cap);
	FUZZ_HOLDS(strncmp(cut, out, strlen(cut)) == 0);
}

const struct fuzz_target fuzz_target = {
	.name = "mask", .most = BYTES_MAX, .grows = true, .check = check};
