/*
 * intake_name: a file's name as people, the ledger and other folders see it.
 * It must never show a PIN, nor what a terminal would obey.
 */
#include "agent/intake_private.h"

#include <string.h>

#include "agent/utf8.h"

static bool
is_pin_of_any(const struct intake *intake, struct span digits)
{
	for (size_t i = 0; i < intake->profiles->count; i++) {
		if (profile_takes_pin(intake->profiles->list[i], digits))
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

/* People do name a file after the one card in it: digits in a row that are a
 * PIN of some operator are shown as 'x', but for the last four. */
void
intake_show_name(const struct intake *intake, const char *name,
	char out[LEDGER_FILE_MAX])
{
	static const char digits[] = "0123456789";
	char *at = out;

	make_seemly(name, out, LEDGER_FILE_MAX);
	while (*(at += strcspn(at, digits)) != '\0') {
		size_t len = strspn(at, digits);

		if (is_pin_of_any(intake, span_of(at, len)))
			memset(at, 'x', len >= 12 ? len - 4 : len);
		at += len;
	}
}
