/*
 * guard: finds what may be a PIN in a code that a person typed. It must
 * never keep, nor show, what it looked at.
 */
#include "agent/guard.h"

#include <string.h>
#include <strings.h>

#include "agent/guard_sign.h"
#include "agent/secret.h"
#include "agent/utf8.h"

enum {
	DIGITS_MAX = 256, /* few messages have more; what has is refused */
	PLAIN_MAX = 4096,
	HALF_PIN = 5 /* a PIN typed wrong counts against the SIM, too */
};

/*
 * The digits of one reading of a text, and the text without blanks and dashes.
 * 1. starts[i]: digit i begins a run; starts[count] is set.
 */
struct typed {
	char digits[DIGITS_MAX];
	bool starts[DIGITS_MAX + 1];
	size_t count;
	char plain[PLAIN_MAX];
	size_t plain_len;
	bool too_long;
};

static void
add_plain(struct typed *t, char c)
{
	if (t->plain_len == sizeof(t->plain))
		t->too_long = true;
	else
		t->plain[t->plain_len++] = c;
}

static void
add_digit(struct typed *t, int value, bool starts)
{
	if (t->count == DIGITS_MAX) {
		t->too_long = true;
		return;
	}
	t->starts[t->count] = starts;
	t->digits[t->count++] = (char)('0' + value);
	add_plain(t, (char)('0' + value));
}

/* ---- readings ----------------------------------------------------------- */

/* A text by its characters. */
struct signs {
	struct guard_sign at[PLAIN_MAX];
	char plain[PLAIN_MAX]; /* the character itself, or NUL if it is wide */
	size_t count;
	bool too_long;
};

static void
read_signs(struct span text, struct signs *s)
{
	memset(s, 0, sizeof(*s));
	while (text.len > 0 && s->count < PLAIN_MAX) {
		uint32_t character = 0;
		size_t len = utf8_next(text, &character);
		if (len > 0)
			s->at[s->count] = guard_sign_of(character);
		if (len == 1)
			s->plain[s->count] = (char)character;
		s->count++;
		text = span_skip(text, len > 0 ? len : 1);
	}
	s->too_long = text.len > 0;
}

static bool
is_kind(const struct signs *s, size_t at, enum guard_kind kind)
{
	return at < s->count && s->at[at].kind == kind;
}

/* Whether the word of lookalikes alone in [from, to) stands between numbers:
 * "I" in a sentence is a word. */
static bool
is_between_numbers(const struct signs *s, size_t from, size_t to)
{
	if (from == 0 || is_kind(s, from - 1, GUARD_LETTER) ||
		is_kind(s, to, GUARD_LETTER))
		return false;
	while (from > 0 && is_kind(s, from - 1, GUARD_SEPARATOR))
		from--;
	while (is_kind(s, to, GUARD_SEPARATOR) ||
		is_kind(s, to, GUARD_LOOKALIKE))
		to++;
	return from > 0 && is_kind(s, from - 1, GUARD_DIGIT) &&
	       is_kind(s, to, GUARD_DIGIT);
}

/* What looks like a digit is one where it stands among digits. */
static void
take_lookalikes(struct signs *s)
{
	size_t to;
	for (size_t from = 0; from < s->count; from = to + 1) {
		bool has_digit = false, has_other = false;
		for (to = from; is_kind(s, to, GUARD_DIGIT) ||
				is_kind(s, to, GUARD_LOOKALIKE);
			to++) {
			has_digit = has_digit || is_kind(s, to, GUARD_DIGIT);
			has_other = true;
		}
		if (!has_other ||
			(!has_digit && !is_between_numbers(s, from, to)))
			continue;
		for (size_t i = from; i < to; i++)
			s->at[i].kind = GUARD_DIGIT;
	}
}

static void
take_apart(const struct signs *s, struct typed *t)
{
	bool in_run = false;
	memset(t, 0, sizeof(*t));
	t->too_long = s->too_long;
	for (size_t i = 0; i < s->count; i++) {
		const struct guard_sign *sign = &s->at[i];
		bool is_digit = sign->kind == GUARD_DIGIT;
		if (is_digit && sign->places > 1)
			add_digit(t, sign->value / 10, !in_run);
		if (is_digit)
			add_digit(t, sign->value % 10,
				!in_run && sign->places == 1);
		else if (s->plain[i] != '\0' && s->plain[i] != ' ' &&
			 s->plain[i] != '-')
			add_plain(t, s->plain[i]);
		in_run = is_digit;
	}
	t->starts[t->count] = true;
}

/* ---- the form of a PIN -------------------------------------------------- */

static bool
is_pin(const struct guard *guard, struct span digits)
{
	if (profile_takes_pin(guard->own, digits))
		return true;
	for (size_t i = 0; guard->all && i < guard->all->count; i++)
		if (profile_takes_pin(guard->all->list[i], digits))
			return true;
	return false;
}

/* Any part of one run, and whole runs joined. */
static bool
has_form(const struct guard *guard, const struct typed *t)
{
	for (size_t from = 0; from < t->count; from++) {
		bool one_run = true;
		size_t last = from + VOUCHER_PIN_MAX;
		for (size_t to = from + 1; to <= t->count && to <= last; to++) {
			bool joined = t->starts[from] && t->starts[to];
			if ((one_run || joined) &&
				is_pin(guard,
					span_of(t->digits + from, to - from)))
				return true;
			one_run = one_run && !t->starts[to];
		}
	}
	return false;
}

/* ---- the place of a PIN ------------------------------------------------- */

static size_t
count_digits(struct span s)
{
	size_t count = 0;
	for (size_t i = 0; i < s.len; i++)
		count += s.ptr[i] >= '0' && s.ptr[i] <= '9' ? 1 : 0;
	return count;
}

/* What stands before {pin} names the service: without a digit in it any code
 * would begin so. */
static bool
goes_on_like(const char *template, const struct typed *t)
{
	const char *hole = strchr(template, '{');
	struct span code = span_of(t->plain, t->plain_len);
	if (!hole || !strstr(template, "{pin}"))
		return false;
	struct span prefix = span_of(template, (size_t)(hole - template));
	return count_digits(prefix) > 0 && code.len >= prefix.len &&
	       memcmp(code.ptr, prefix.ptr, prefix.len) == 0 &&
	       count_digits(span_skip(code, prefix.len)) >= HALF_PIN;
}

static bool
is_recharge(const struct profile *profile, const struct typed *t)
{
	return goes_on_like(profile->recharge_ussd, t) ||
	       goes_on_like(profile->recharge_ussd_for_other, t);
}

static bool
is_any_recharge(const struct guard *guard, const struct typed *t)
{
	if (is_recharge(guard->own, t))
		return true;
	for (size_t i = 0; guard->all && i < guard->all->count; i++)
		if (is_recharge(guard->all->list[i], t))
			return true;
	return false;
}

/* ---- ... in a message --------------------------------------------------- */

/* The template up to its PIN, without blanks and dashes, as plain is. */
static size_t
beginning_of(const char *template, char out[PROFILE_CODE_MAX])
{
	size_t len = 0;
	for (const char *p = template; *p != '\0' && *p != '{'; p++)
		if (*p != ' ' && *p != '-')
			out[len++] = *p;
	out[len] = '\0';
	return len;
}

/* Letters in any case: operators take them so. A template that begins with
 * the PIN has no word to know it by: there the number does. */
static bool
begins_like(const char *template, const struct typed *t, bool to_operator)
{
	char word[PROFILE_CODE_MAX];
	size_t len = beginning_of(template, word);
	struct span text = span_of(t->plain, t->plain_len);
	if (template[0] == '\0' || (len == 0 && !to_operator))
		return false;
	return text.len >= len && strncasecmp(text.ptr, word, len) == 0 &&
	       count_digits(span_skip(text, len)) >= HALF_PIN;
}

static bool
is_card_text(const struct profile *profile, struct span number,
	const struct typed *t)
{
	bool to_operator = span_eq(number, span_str(profile->sms_to));
	return begins_like(profile->recharge_sms, t, to_operator) ||
	       begins_like(profile->recharge_sms_for_other, t, to_operator);
}

static bool
is_any_card_text(
	const struct guard *guard, struct span number, const struct typed *t)
{
	if (is_card_text(guard->own, number, t))
		return true;
	for (size_t i = 0; guard->all && i < guard->all->count; i++)
		if (is_card_text(guard->all->list[i], number, t))
			return true;
	return false;
}

/* ---- all of it ---------------------------------------------------------- */

/* A text, and the number that it is for; a code has none. */
struct sending {
	bool is_message;
	struct span number;
	struct span text_utf8;
};

static bool
finds_pin(const struct guard *guard, const struct sending *sending,
	const struct typed *t)
{
	if (t->too_long || has_form(guard, t))
		return true;
	if (sending->is_message)
		return is_any_card_text(guard, sending->number, t);
	return (guard->card_wanted && t->count >= HALF_PIN) ||
	       is_any_recharge(guard, t);
}

/* As it is written, and as it may be meant. */
static bool
finds_pin_in_any_reading(
	const struct guard *guard, const struct sending *sending)
{
	struct signs s;
	struct typed t;
	read_signs(sending->text_utf8, &s);
	take_apart(&s, &t);
	bool found = finds_pin(guard, sending, &t);
	take_lookalikes(&s);
	take_apart(&s, &t);
	found = found || finds_pin(guard, sending, &t);
	explicit_bzero(&s, sizeof(s));
	explicit_bzero(&t, sizeof(t));
	return found;
}

bool
guard_finds_pin_in_text(
	const struct guard *guard, struct span number, struct span text_utf8)
{
	const struct sending sending = {
		.is_message = true, .number = number, .text_utf8 = text_utf8};
	return finds_pin_in_any_reading(guard, &sending);
}

bool
guard_finds_pin(const struct guard *guard, struct span text_utf8)
{
	const struct sending sending = {.text_utf8 = text_utf8};
	return finds_pin_in_any_reading(guard, &sending);
}

bool
guard_screen_wants_card(const struct profile *profile, struct span screen_utf8)
{
	for (size_t i = 0; i < profile->menu_count; i++)
		if (strstr(profile->menu[i].answer, "{pin}") &&
			expression_matches(
				profile->menu[i].screen, screen_utf8))
			return true;
	return false;
}
