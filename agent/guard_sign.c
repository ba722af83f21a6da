/*
 * guard_sign: tables of what looks like a digit. It must never miss one for
 * being unusual: it is what keeps a PIN from a person's hand.
 */
#include "agent/guard_sign.h"

#include <stdbool.h>
#include <stddef.h>

#include "agent/utf8.h"

/* Blocks of the Unicode code charts: characters that count on from a value. */
static const struct {
	uint32_t first, last;
	uint8_t value; /* of the first */
} numbers[] = {
	{0xb2, 0xb3, 2},       /* superscripts */
	{0xb9, 0xb9, 1},       /* likewise */
	{0x2070, 0x2070, 0},   /* likewise */
	{0x2074, 0x2079, 4},   /* likewise */
	{0x2080, 0x2089, 0},   /* subscripts */
	{0x2160, 0x2168, 1},   /* Roman */
	{0x2170, 0x2178, 1},   /* likewise, small */
	{0x2460, 0x2473, 1},   /* circled */
	{0x2474, 0x2487, 1},   /* in brackets */
	{0x2488, 0x249b, 1},   /* with a full stop */
	{0x24ea, 0x24ea, 0},   /* circled */
	{0x24eb, 0x24f4, 11},  /* black circled */
	{0x24f5, 0x24fe, 1},   /* double circled */
	{0x24ff, 0x24ff, 0},   /* black circled */
	{0x2776, 0x277f, 1},   /* likewise */
	{0x2780, 0x2789, 1},   /* circled sans-serif */
	{0x278a, 0x2793, 1},   /* black circled sans-serif */
	{0x3007, 0x3007, 0},   /* Han */
	{0x3021, 0x3029, 1},   /* Hangzhou */
	{0x3220, 0x3229, 1},   /* Han in brackets */
	{0x3248, 0x3248, 10},  /* on a black square */
	{0x3251, 0x325f, 21},  /* circled */
	{0x3280, 0x3289, 1},   /* Han circled */
	{0x32b1, 0x32bf, 36},  /* circled */
	{0x4e00, 0x4e00, 1},   /* Han */
	{0x4e09, 0x4e09, 3},   /* likewise */
	{0x4e03, 0x4e03, 7},   /* likewise */
	{0x4e5d, 0x4e5d, 9},   /* likewise */
	{0x4e8c, 0x4e8c, 2},   /* likewise */
	{0x4e94, 0x4e94, 5},   /* likewise */
	{0x516b, 0x516b, 8},   /* likewise */
	{0x516d, 0x516d, 6},   /* likewise */
	{0x56db, 0x56db, 4},   /* likewise */
	{0x96f6, 0x96f6, 0},   /* likewise */
	{0x102e1, 0x102e9, 1}, /* Coptic */
	{0x1f100, 0x1f100, 0}, /* with a full stop */
	{0x1f101, 0x1f10a, 0}, /* with a comma */
	{0x1f10b, 0x1f10b, 0}, /* circled */
	{0x1f10c, 0x1f10c, 0}, /* black circled */
};

/* Letters that people type for a digit: of the Latin, Cyrillic and Greek
 * alphabets, wide ones, and signs of that form. */
static const uint32_t noughts[] = {'O', 'o', 0xb0, 0xba, 0xd8, 0xf8, 0x39f,
	0x3bf, 0x41e, 0x43e, 0x25cb, 0x25ef, 0xff2f, 0xff4f};
static const uint32_t ones[] = {'l', 'I', '|', 0x399, 0x406, 0x4c0, 0x4cf,
	0x1c0, 0x2223, 0xa6, 0xff29, 0xff4c, 0xff5c};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static bool
is_one_of(uint32_t character, const uint32_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (character == list[i])
			return true;
	return false;
}

static bool
is_letter(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= 0xc0 && !(c >= 0x2000 && c <= 0x206f) &&
		       !(c >= 0x3000 && c <= 0x303f));
}

struct guard_sign
guard_sign_of(uint32_t character)
{
	enum { TWO_PLACES = 10 };
	struct guard_sign sign = {.kind = GUARD_SEPARATOR, .places = 1};
	int value = utf8_digit_value(character);
	for (size_t i = 0; value < 0 && i < COUNT(numbers); i++)
		if (character >= numbers[i].first &&
			character <= numbers[i].last)
			value = (int)(numbers[i].value +
				      (character - numbers[i].first));
	if (value >= 0) {
		sign.kind = GUARD_DIGIT;
		sign.value = (uint8_t)value;
		sign.places = value >= TWO_PLACES ? 2 : 1;
	} else if (is_one_of(character, noughts, COUNT(noughts))) {
		sign.kind = GUARD_LOOKALIKE;
	} else if (is_one_of(character, ones, COUNT(ones))) {
		sign.kind = GUARD_LOOKALIKE;
		sign.value = 1;
	} else if (is_letter(character)) {
		sign.kind = GUARD_LETTER;
	}
	return sign;
}
