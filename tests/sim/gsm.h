/*
 * gsm: the simulator's own codings of text on the AT line: the GSM 7-bit
 * alphabet and its packing (3GPP TS 23.038), UCS2 and octets in hex.
 * Must never share code or tables with modem/, whose errors it shall show.
 */
#ifndef SIM_GSM_H
#define SIM_GSM_H

#include <stddef.h>
#include <stdint.h>

/*
 * All functions that write text end it with NUL and return its length, or
 * -1 when a character has no place in the coding, the input is malformed,
 * or the buffer is too small.
 */

/* UTF-8 to septets (escape sequences take two), not packed. */
long gsm_septets(const char *utf8, uint8_t *septets, size_t cap);

/* Septets to UTF-8. */
long gsm_text(const uint8_t *septets, size_t n, char *utf8, size_t cap);

/* UTF-8 to packed septets in upper-case hex; seven spare bits in the last
 * octet are filled with CR (TS 23.038 6.1.2.3.1). */
long gsm_packed_hex(const char *utf8, char *hex, size_t cap);

/* Packed septets in hex to UTF-8; a CR that only fills is dropped, the "@"
 * of a request that was not filled so stays. */
long gsm_from_packed_hex(const char *hex, char *utf8, size_t cap);

/* UTF-8 to UTF-16 big-endian in upper-case hex, and back. */
long gsm_ucs2_hex(const char *utf8, char *hex, size_t cap);
long gsm_from_ucs2_hex(const char *hex, char *utf8, size_t cap);

/* UTF-8 to one octet of ISO 8859-1 a character. */
long gsm_latin(const char *utf8, char *out, size_t cap);

/* Octets to upper-case hex, and back. */
long gsm_hex(const void *octets, size_t n, char *hex, size_t cap);
long gsm_from_hex(const char *hex, uint8_t *octets, size_t cap);

#endif
