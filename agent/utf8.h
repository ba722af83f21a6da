/*
 * utf8: bytes into characters, strictly (RFC 3629), and the decimal digits
 * of every script. Pure.
 */
#ifndef AGENT_UTF8_H
#define AGENT_UTF8_H

#include "modem/span.h"

/*
 * The first character of s: how many bytes it takes, or 0 when s is empty or
 * begins with what is no UTF-8 (over-long forms and surrogates included).
 */
size_t utf8_next(struct span s, uint32_t *character);

bool utf8_is_valid(struct span s);
/* Whether a character does something where it is shown, rather than stand
 * there: controls (C1 too: terminals obey them), line ends of Unicode, what
 * turns the writing direction, what has no width. */
bool utf8_acts(uint32_t character);

/* 0..9 for a decimal digit of any script (Unicode category Nd), else -1. */
int utf8_digit_value(uint32_t character);

/*
 * Copies s with every digit as 0-9; anything else stays, bytes that are no
 * UTF-8 too. Never longer than s; no NUL is added. 0 or -ENOSPC.
 */
int utf8_plain_digits(struct span s, char *out, size_t cap, size_t *len);

#endif
