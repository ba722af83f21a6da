/*
 * intake_name: a file's name as people, the ledger and other folders see it.
 * It must never show a PIN, nor what a terminal would obey.
 */
#include "agent/intake_private.h"

#include <string.h>

#include "agent/utf8.h"

static const char digits[] = "0123456789";

static bool
is_pin_of_any(const struct intake *intake, struct span text)
{
	for (size_t i = 0; i < intake->profiles->count; i++) {
		if (profile_takes_pin(intake->profiles->list[i], text))
			return true;
	}
	return false;
}

/* Control characters, those that end a line, and those that turn the order of
 * what follows (Unicode, general categories Cc, Zl, Zp; Bidi_Control). */
static bool
is_unseemly(uint32_t c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	       c == 0x61c || c == 0x200e || c == 0x200f || c == 0xfeff;
}

/* Copies, with '_' for what nobody can read or type. */
static void
make_seemly(const char *name, char *out, size_t cap)
{
	struct span rest = span_str(name);
	size_t len = 0;

	while (rest.len > 0) {
		uint32_t c = 0;
		size_t n = utf8_next(rest, &c);
		bool good = n > 0 && !is_unseemly(c);
		size_t wants = good ? n : 1;

		if (len + wants >= cap)
			break;
		if (good)
			memcpy(out + len, rest.ptr, n);
		else
			out[len] = '_';
		len += wants;
		rest = span_skip(rest, n > 0 ? n : 1);
	}
	out[len] = '\0';
}

/* As long as the digits from here on stand in groups, as on a card: with one
 * and the same space or dash between them, all of one length, the last perhaps
 * shorter: a date is none. The digits alone come out; 0: no such groups. */
static size_t
find_groups(const char *at, char out[VOUCHER_PIN_MAX], size_t *count)
{
	const size_t first = strspn(at, digits);
	const char sign = at[first];
	size_t len = 0, group = first;

	*count = 0;
	if (first < 3 || first > 6 || (sign != ' ' && sign != '-'))
		return 0;
	while (group > 0 && group <= first &&
		*count + group <= VOUCHER_PIN_MAX) {
		memcpy(out + *count, at + len, group);
		*count += group;
		len += group;
		if (group < first || at[len] != sign)
			return len;
		group = strspn(at + len + 1, digits);
		len += group > 0 && group <= first ? 1 : 0;
	}
	return len;
}

static void
hide(char *at, size_t len, size_t count)
{
	size_t hidden = count >= 12 ? count - 4 : count;

	for (size_t i = 0; i < len && hidden > 0; i++) {
		if (at[i] < '0' || at[i] > '9')
			continue;
		at[i] = 'x';
		hidden--;
	}
}

/* People do name a file after the one card in it: digits in a row, or in the
 * groups of a card, that are a PIN of some operator are shown as 'x', but for
 * the last four. */
void
intake_show_name(const struct intake *intake, const char *name,
	char out[LEDGER_FILE_MAX])
{
	char plain[VOUCHER_PIN_MAX];
	char *at = out;

	make_seemly(name, out, LEDGER_FILE_MAX);
	while (*(at += strcspn(at, digits)) != '\0') {
		size_t count, len = find_groups(at, plain, &count);

		if (len == 0 || !is_pin_of_any(intake, span_of(plain, count))) {
			len = count = strspn(at, digits);
			if (!is_pin_of_any(intake, span_of(at, len)))
				count = 0;
		}
		hide(at, len, count);
		at += len;
	}
	explicit_bzero(plain, sizeof(plain));
}
