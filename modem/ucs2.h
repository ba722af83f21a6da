/*
 * ucs2: UCS-2 (in practice UTF-16BE, surrogate pairs and all) and UTF-8.
 * Pure; allocates nothing.
 */
#ifndef MODEM_UCS2_H
#define MODEM_UCS2_H

#include "modem/span.h"

/*
 * Big-endian units into UTF-8, NUL-terminated; *len without the NUL. A lone
 * surrogate becomes U+FFFD. U+0000 ends the text: what some modems print
 * after it is their memory. 0, -EINVAL for an odd number of octets, or
 * -ENOSPC.
 */
int ucs2_to_utf8(
	const uint8_t *octets, size_t n, char *utf8, size_t cap, size_t *len);

/*
 * The character at octets (n of them, at least 2), into *point; a lone
 * surrogate is given as it is. How many octets belong to it: 2 or 4.
 */
size_t ucs2_point_at(const uint8_t *octets, size_t n, uint32_t *point);

/*
 * UTF-8 into big-endian units; *len octets. 0, -EILSEQ for what is no UTF-8
 * (and for NUL), -ENOSPC.
 */
int ucs2_from_utf8(struct span utf8, uint8_t *octets, size_t cap, size_t *len);

/* Whether all of s is well-formed UTF-8 without NUL. */
bool ucs2_is_utf8(struct span s);

/*
 * Takes the first character off s. 0, -ENODATA when s is empty, -EILSEQ
 * when s does not begin with a well-formed character or begins with NUL.
 */
int ucs2_utf8_next(struct span *s, uint32_t *point);

/*
 * Appends a character to the *len bytes in utf8, always leaving room for a
 * NUL, which it does not write. What is no Unicode scalar becomes U+FFFD.
 * 0 or -ENOSPC.
 */
int ucs2_utf8_put(uint32_t point, char *utf8, size_t cap, size_t *len);

#endif
