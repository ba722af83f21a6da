/*
 * mask: finds runs of digits in foreign text and hides those that are, or
 * hold a good part of, a PIN.
 */
#include "agent/mask.h"

#include <ctype.h>
#include <string.h>

#include "agent/secret.h"
#include "agent/utf8.h"

enum {
	RUN_DIGITS_MAX = VOUCHER_PIN_MAX,
	OWN_PART = 8,    /* digits of the card's own PIN that give it away */
	JOINERS_MAX = 4, /* between two digits of one number */
	SIGNS_MAX = 16   /* between two digits of the card's own PIN */
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

/* ---- the card's own PIN -------------------------------------------------- */

/* No letter of any script: between digits that are known it hides nothing
 * else, so amounts, dates and times that are not the PIN stay. */
static bool
is_sign(uint32_t c)
{
	if (c < 0x80)
		return !isalpha((int)c);
	return is_joiner(c) || c < 0xc0 || c == 0xd7 || c == 0xf7 ||
	       (c >= 0x600 && c <= 0x60f) || (c >= 0x66a && c <= 0x66d) ||
	       (c >= 0x2000 && c <= 0x206f) || (c >= 0x2190 && c <= 0x2bff) ||
	       (c >= 0x3000 && c <= 0x303f) || (c >= 0xfe10 && c <= 0xfe6f) ||
	       (c >= 0xff01 && c <= 0xff20);
}

/* The bytes at the start of s that hold the front of that part of the PIN,
 * with any signs between its digits; *digits says how much of it. */
static size_t
part_at(struct span s, struct span part, size_t *digits)
{
	size_t at = 0, end = 0, signs = 0;
	*digits = 0;
	while (at < s.len && *digits < part.len && signs <= SIGNS_MAX) {
		uint32_t character;
		size_t len = utf8_next(span_skip(s, at), &character);
		int digit = len > 0 ? utf8_digit_value(character) : -1;
		if (digit >= 0 && part.ptr[*digits] != '0' + digit)
			break;
		if (digit < 0 &&
			(*digits == 0 || (len > 0 && !is_sign(character))))
			break;
		at += len > 0 ? len : 1;
		signs = digit < 0 ? signs + 1 : 0;
		*digits += digit >= 0;
		end = digit < 0 ? end : at;
	}
	return end;
}

/* The bytes at the start of s that give the PIN away; 0: none do. */
static size_t
own_at(struct span s, struct span voucher_pin)
{
	size_t least = voucher_pin.len < OWN_PART ? voucher_pin.len : OWN_PART;
	size_t most = 0;
	for (size_t from = 0; from + least <= voucher_pin.len; from++) {
		size_t digits;
		size_t n = part_at(s, span_skip(voucher_pin, from), &digits);
		if (digits >= least && n > most)
			most = n;
	}
	return most;
}

/* The same of any of the cards in hand. */
static size_t
any_own_at(const struct mask_rules *m, struct span s)
{
	size_t most = 0;
	for (size_t i = 0; i < m->count; i++) {
		size_t n = own_at(s, m->voucher_pins[i]);
		if (m->voucher_pins[i].len > 0 && n > most)
			most = n;
	}
	return most;
}

static bool
has_own(const struct mask_rules *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->voucher_pins[i].len > 0)
			return true;
	return false;
}

/* Whether a PIN begins in the first `bytes` of s, in whatever spelling;
 * *bytes grows to where it ends. */
static bool
shows_own(const struct mask_rules *m, struct span s, size_t *bytes)
{
	bool shows = false;
	for (size_t at = 0; m->count > 0 && at < *bytes;) {
		size_t len, own = 0;
		if (digit_at(span_skip(s, at), &len) >= 0)
			own = any_own_at(m, span_skip(s, at));
		shows = shows || own > 0;
		*bytes = at + own > *bytes ? at + own : *bytes;
		at += len;
	}
	return shows;
}

/* The run goes on to there; false when it has more digits than any PIN. */
static bool
run_extend(struct run *run, struct span s, size_t bytes)
{
	while (run->bytes < bytes) {
		size_t len;
		int digit = digit_at(span_skip(s, run->bytes), &len);
		if (digit >= 0 && run->digits == RUN_DIGITS_MAX) {
			run->bytes = bytes;
			return false;
		}
		if (digit >= 0)
			run->ascii[run->digits++] = (char)('0' + digit);
		run->bytes += len;
	}
	return true;
}

/* ---- any card's PIN ------------------------------------------------------ */

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

/* What is done with the run at the start of s, which it may make longer. */
static enum look
look_of(const struct mask_rules *m, struct run *run, struct span s,
	bool is_rest)
{
	size_t bytes = run->bytes;
	if (shows_own(m, s, &bytes)) {
		if (!run_extend(run, s, bytes))
			return LOOK_HIDE;
		return run->goes_on || is_rest ? LOOK_HIDE : LOOK_MASK;
	}
	if ((run->goes_on || is_rest) && (m->takes_pin || has_own(m)))
		return LOOK_HIDE;
	return m->takes_pin && shows_any(run, m->takes_pin, m->ctx) ? LOOK_MASK
	                                                            : LOOK_SHOW;
}

void
mask_text(struct span text, struct span voucher_pin, mask_takes_pin *takes_pin,
	const void *ctx, char *out, size_t cap)
{
	const struct mask_rules rules = {&voucher_pin, 1, takes_pin, ctx};
	mask_by_rules(text, &rules, out, cap);
}

void
mask_by_rules(
	struct span text, const struct mask_rules *rules, char *out, size_t cap)
{
	size_t at = 0;
	bool is_rest = false; /* of a run that is hidden whole */
	while (text.len > 0) {
		struct run run = run_at(text);
		enum look look = LOOK_SHOW;
		if (run.digits > 0)
			look = look_of(rules, &run, text, is_rest);
		else
			(void)digit_at(text, &run.bytes);
		is_rest = run.goes_on;
		append_run(out, cap, &at, &run, look, text);
		text = span_skip(text, run.bytes);
		explicit_bzero(&run, sizeof(run));
	}
	out[at] = '\0';
}
