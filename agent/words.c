/*
 * words: takes one word after the other from both texts. It must never look
 * at a number: these differ between two messages of one wording.
 */
#include "agent/words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "agent/utf8.h"

/* ---- characters -------------------------------------------------------- */

/* Between words. Of other scripts all else counts as a letter: a sign too
 * many makes two wordings out of one, never one out of two. */
static bool
is_gap(uint32_t c)
{
	if (c < 0x80)
		return c != '*' && !isalnum((int)c);
	return c < 0xc0 || (c >= 0x2000 && c <= 0x206f) ||
	       (c >= 0x3000 && c <= 0x303f) || c == 0xfeff;
}

/* One character; *len its bytes. What is no UTF-8 counts as letters. */
static uint32_t
character_at(struct span s, size_t *len)
{
	uint32_t character = 'x';
	*len = utf8_next(s, &character);
	if (*len > 0)
		return character;
	*len = 1;
	return 'x';
}

/* ---- words ------------------------------------------------------------- */

static bool
is_of_calendar(struct span word)
{
	static const char *const names[] = {"am", "pm", "mon", "tue", "wed",
		"thu", "fri", "sat", "sun", "monday", "tuesday", "wednesday",
		"thursday", "friday", "saturday", "sunday", "jan", "feb", "mar",
		"apr", "may", "jun", "jul", "aug", "sep", "sept", "oct", "nov",
		"dec", "january", "february", "march", "april", "june", "july",
		"august", "september", "october", "november", "december"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == word.len &&
			strncasecmp(names[i], word.ptr, word.len) == 0)
			return true;
	return false;
}

/* Letters and digits at the start of *text, which loses them. */
static struct span
take_token(struct span *text, bool *is_number)
{
	struct span token = span_of(text->ptr, 0);
	*is_number = false;
	while (text->len > 0) {
		size_t len;
		uint32_t c = character_at(*text, &len);
		if (is_gap(c))
			break;
		*is_number |= c == '*' || utf8_digit_value(c) >= 0;
		token.len += len;
		*text = span_skip(*text, len);
	}
	return token;
}

/* The next word of *text, empty at its end. */
static struct span
take_word(struct span *text)
{
	while (text->len > 0) {
		bool is_number;
		struct span token = take_token(text, &is_number);
		size_t len;
		if (token.len == 0) {
			(void)character_at(*text, &len);
			*text = span_skip(*text, len);
		} else if (!is_number && !is_of_calendar(token)) {
			return token;
		}
	}
	return span_of("", 0);
}

bool
words_are_same(struct span a_utf8, struct span b_utf8)
{
	for (;;) {
		struct span a = take_word(&a_utf8);
		struct span b = take_word(&b_utf8);
		if (a.len != b.len || strncasecmp(a.ptr, b.ptr, a.len) != 0)
			return false;
		if (a.len == 0)
			return true;
	}
}
