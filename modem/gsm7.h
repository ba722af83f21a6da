/*
 * gsm7: the GSM 7-bit default alphabet (3GPP TS 23.038 clause 6.2.1), its
 * extension table (6.2.1.1), the national ones (Annex A), and its packing
 * for USSD (6.1.2.3) and SMS (6.1.2.1).
 * Pure; allocates nothing.
 */
#ifndef MODEM_GSM7_H
#define MODEM_GSM7_H

#include "modem/span.h"

struct gsm7_septets { /* one a byte */
	const uint8_t *ptr;
	size_t len;
};

struct gsm7_octets {
	const uint8_t *ptr;
	size_t len;
};

/*
 * UTF-8 into septets, one a byte, extended characters as ESC and one more.
 * 0, -ENOSPC, or -EILSEQ for a character that the alphabet has not.
 */
int gsm7_from_utf8(struct span utf8, uint8_t *septets, size_t cap, size_t *len);

/*
 * Septets (one a byte) into UTF-8, NUL-terminated; *len without the NUL.
 * An ESC before an unknown septet is shown as the default table's character
 * (clause 6.2.1.1). 0, or -ENOSPC.
 */
int gsm7_to_utf8(
	const uint8_t *septets, size_t n, char *utf8, size_t cap, size_t *len);

/* National tables (TS 23.038 6.2.1.2.4); 0 for the default one. */
struct gsm7_shift {
	unsigned locking, single;
};

/*
 * The two above by national tables (gsm7_national.h): one that is not there
 * is taken for the default one.
 */
int gsm7_from_utf8_shift(struct gsm7_shift shift, struct span utf8,
	uint8_t *septets, size_t cap, size_t *len);
int gsm7_to_utf8_shift(struct gsm7_shift shift, struct gsm7_septets in,
	char *utf8, size_t cap, size_t *len);

/*
 * Septets for SMS (clause 6.1.2.1), which begin behind `first` septets of
 * something else; the bits where they go must be 0. 0 or -ENOSPC.
 */
int gsm7_pack_sms(
	struct gsm7_septets in, size_t first, uint8_t *octets, size_t cap);

/* n septets from septet `first` on. 0, or -EINVAL: there are not so many. */
int gsm7_unpack_sms(
	struct gsm7_octets in, size_t first, uint8_t *septets, size_t n);

/*
 * Packs septets for USSD. Where seven bits of the last octet would stay
 * free, they are filled with CR (clause 6.1.2.3.1), so that no "@" appears.
 * A text that itself ends in CR on an octet boundary gets one CR more.
 * 0 or -ENOSPC; *len octets.
 */
int gsm7_pack_ussd(const uint8_t *septets, size_t n, uint8_t *octets,
	size_t cap, size_t *len);

/*
 * Unpacks all whole septets of the octets. A CR that only fills the last
 * octet is dropped. 0 or -ENOSPC; *n septets.
 */
int gsm7_unpack_ussd(const uint8_t *octets, size_t len, uint8_t *septets,
	size_t cap, size_t *n);

#endif
