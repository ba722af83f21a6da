/*
 * ucs2: UCS-2 (in practice UTF-16BE, surrogate pairs and all) and UTF-8.
 * Pure; allocates nothing.
 */
#ifndef MODEM_UCS2_H
#define MODEM_UCS2_H

#include "modem/span.h"

/*
 * Big-endian units into UTF-8, NUL-terminated. A lone surrogate becomes
 * U+FFFD. 0, -EINVAL for an odd number of octets, or -ENOSPC.
 */
int ucs2_to_utf8(
	const uint8_t *octets, size_t n, char *utf8, size_t cap, size_t *len);

/* UTF-8 into big-endian units. 0, -EILSEQ for what is no UTF-8, -ENOSPC. */
int ucs2_from_utf8(struct span utf8, uint8_t *octets, size_t cap, size_t *len);

/* Whether all of s is well-formed UTF-8 without NUL. */
bool ucs2_is_utf8(struct span s);

#endif
