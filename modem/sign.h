/*
 * sign: what one ASCII character is, whatever the locale says. It must never
 * be taken for all that a digit can be: texts have those of other scripts.
 */
#ifndef MODEM_SIGN_H
#define MODEM_SIGN_H

#include <stdbool.h>

static inline bool
sign_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
sign_is_hex(char c)
{
	return sign_is_digit(c) || (c >= 'A' && c <= 'F') ||
	       (c >= 'a' && c <= 'f');
}

static inline char
sign_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

#endif
