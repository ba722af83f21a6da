/*
 * mask: finds runs of digits in foreign text and hides those that are, or
 * hold a good part of, a PIN.
 */
#include "agent/mask.h"

#include <string.h>

#include "agent/secret.h"
#include "agent/utf8.h"

enum {
	RUN_DIGITS_MAX = VOUCHER_PIN_MAX,
	OWN_PART = 8,   /* digits of the card's own PIN that give it away */
	JOINERS_MAX = 4 /* between two digits of one number */
};

/* One character at s: its value as a digit or -1; *len its bytes (bytes
 * that are no UTF-8 count singly). */
static int
digit_at(struct span s, size_t *len)
{
	uint32_t character;
	*len = utf8_next(s, &character);
	if (*len > 0)
		return utf8_digit_value(character);
	*len = 1;
	return -1;
}

struct run {
	size_t bytes; /* of the text, up to the last digit */
	size_t digits;
	bool goes_on;    /* and more digits belong to it */
	uint64_t starts; /* bit i: digit i stands first, or after a joiner */
	char ascii[RUN_DIGITS_MAX];
};

/* What may stand between the groups of a number: blanks and line ends of
 * any kind, a dash of any kind, a point. */
static bool
is_joiner(uint32_t c)
{
	return c == ' ' || c == '-' || c == '.' || (c >= '\t' && c <= '\r') ||
	       c == 0xa0 || (c >= 0x2000 && c <= 0x2015) || c == 0x2028 ||
	       c == 0x202f || c == 0x2060 || c == 0x2212 || c == 0xfeff;
}

/* The bytes of the joiners at s; 0 where there are none, or too many. */
static size_t
joiners_at(struct span s)
{
	uint32_t character;
	size_t at = 0;
	for (int i = 0; i <= JOINERS_MAX; i++) {
		size_t len = utf8_next(span_skip(s, at), &character);
		if (len == 0 || !is_joiner(character))
			return at;
		at += len;
	}
	return 0;
}

/* A run that is full: whether it goes on in s, behind it. Then it has the
 * joiners too, so that the next piece begins with a digit. */
static void
look_further(struct run *run, struct span s)
{
	size_t len, joiners = joiners_at(s);
	run->goes_on = digit_at(span_skip(s, joiners), &len) >= 0;
	if (run->goes_on)
		run->bytes += joiners;
}

/* The run of digits at s; digits == 0 when there is none. A run longer than
 * any PIN is taken in pieces of RUN_DIGITS_MAX. */
static struct run
run_at(struct span s)
{
	struct run run = {.starts = 1};
	size_t at = 0;
	while (at < s.len && run.digits < RUN_DIGITS_MAX) {
		size_t len;
		int digit = digit_at(span_skip(s, at), &len);
		size_t joiners = 0;
		if (digit < 0 && run.digits > 0 && at == run.bytes)
			joiners = joiners_at(span_skip(s, at));
		if (joiners > 0) {
			run.starts |= (uint64_t)1 << run.digits;
			at += joiners;
			continue;
		}
		if (digit < 0)
			break;
		run.ascii[run.digits++] = (char)('0' + digit);
		at += len;
		run.bytes = at;
	}
	if (run.digits == RUN_DIGITS_MAX)
		look_further(&run, span_skip(s, run.bytes));
	return run;
}

/* Whether OWN_PART digits in a row of the run stand in the PIN as well. */
static bool
shows_own(const struct run *run, struct span voucher_pin)
{
	if (voucher_pin.len < OWN_PART)
		return voucher_pin.len > 0 &&
		       memmem(run->ascii, run->digits, voucher_pin.ptr,
			       voucher_pin.len);
	for (size_t i = 0; i + OWN_PART <= run->digits; i++)
		if (memmem(voucher_pin.ptr, voucher_pin.len, run->ascii + i,
			    OWN_PART))
			return true;
	return false;
}

static bool
is_bound(const struct run *run, size_t i)
{
	return i == run->digits || (run->starts >> i & 1U) != 0;
}

/* Joined runs ("50.00 12345678901234") may hold a PIN beside an amount: any
 * part between two joiners, or from one to another, may be it. */
static bool
shows_any(const struct run *run, mask_takes_pin *takes_pin, const void *ctx)
{
	for (size_t from = 0; from < run->digits; from++)
		for (size_t to = from + 1; to <= run->digits; to++)
			if (is_bound(run, from) && is_bound(run, to) &&
				takes_pin(ctx,
					span_of(run->ascii + from, to - from)))
				return true;
	return false;
}

static void
append(char *out, size_t cap, size_t *at, struct span s)
{
	size_t n = s.len < cap - 1 - *at ? s.len : cap - 1 - *at;
	memcpy(out + *at, s.ptr, n);
	*at += n;
}

/* Whether a run is hidden, and whether its end may be shown as a PIN's is. */
enum look { LOOK_SHOW, LOOK_MASK, LOOK_HIDE };

static void
append_run(char *out, size_t cap, size_t *at, const struct run *run,
	enum look look, struct span text)
{
	char masked[RUN_DIGITS_MAX + 1];
	if (look == LOOK_SHOW) {
		append(out, cap, at, span_of(text.ptr, run->bytes));
		return;
	}
	secret_mask(span_of(run->ascii, run->digits), masked, sizeof(masked));
	if (look == LOOK_HIDE)
		memset(masked, '*', run->digits);
	append(out, cap, at, span_of(masked, run->digits));
	explicit_bzero(masked, sizeof(masked));
}

void
mask_text(struct span text, struct span voucher_pin, mask_takes_pin *takes_pin,
	const void *ctx, char *out, size_t cap)
{
	size_t at = 0;
	bool is_rest = false; /* of a run that is hidden whole */
	while (text.len > 0) {
		struct run run = run_at(text);
		size_t len = run.bytes;
		enum look look = LOOK_SHOW;
		if (run.digits == 0)
			(void)digit_at(text, &len);
		else if ((run.goes_on || is_rest) &&
			 (takes_pin || voucher_pin.len > 0))
			look = LOOK_HIDE;
		else if (shows_own(&run, voucher_pin) ||
			 (takes_pin && shows_any(&run, takes_pin, ctx)))
			look = LOOK_MASK;
		is_rest = run.goes_on;
		run.bytes = len;
		append_run(out, cap, &at, &run, look, text);
		explicit_bzero(&run, sizeof(run));
		text = span_skip(text, len);
	}
	out[at] = '\0';
}
