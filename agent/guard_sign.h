/*
 * guard_sign: what one character may stand for in a number that a person
 * typed: a digit in any dress, or a letter that people type for one. Only for
 * refusing: what is dialled is never made of it.
 */
#ifndef AGENT_GUARD_SIGN_H
#define AGENT_GUARD_SIGN_H

#include <stdint.h>

enum guard_kind {
	GUARD_SEPARATOR, /* parts two words */
	GUARD_LETTER,
	GUARD_LOOKALIKE, /* a letter or sign that may be meant for 0 or 1 */
	GUARD_DIGIT
};

struct guard_sign {
	enum guard_kind kind;
	uint8_t value;  /* of a digit or what looks like one: 0 to 50 */
	uint8_t places; /* how many digits that is: 1 or 2 */
};

/* Digits are those of category Nd, and superscript, subscript, circled,
 * bracketed, dotted, Roman and Han ones (Unicode Standard, chapter 22). */
struct guard_sign guard_sign_of(uint32_t character);

#endif
