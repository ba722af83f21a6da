/*
 * ussd_guess: the readings that the body of a +CUSD line may have, each with
 * a score of how much it looks like a text. ussd_decode chooses among them.
 * Private to ussd; pure; allocates nothing.
 */
#ifndef MODEM_USSD_GUESS_H
#define MODEM_USSD_GUESS_H

#include "modem/span.h"
#include "modem/ussd.h"

enum { USSD_OCTETS_MAX = 2 * USSD_TEXT_MAX };

/* One reading. */
struct ussd_guess {
	char utf8[USSD_TEXT_MAX]; /* NUL-terminated */
	size_t len;               /* without the NUL */
	unsigned score;           /* 0..100; words and numbers come near 100 */
};

/* What makes a run of hex UCS-2. */
enum ussd_proof {
	USSD_PROOF_NONE,   /* the coding scheme says so: take any unit */
	USSD_PROOF_SCRIPT, /* the units are those of one or two scripts */
	USSD_PROOF_LATIN   /* all units are below U+0100, two at the least */
};

/* Every reader: 0, -EILSEQ when the bytes cannot be read so, or -ENOSPC. */

/* As it stands: UTF-8 without NUL. */
int ussd_guess_same(struct span text, struct ussd_guess *guess);

/* ISO 8859-1, one octet a character. */
int ussd_guess_latin(struct span text, struct ussd_guess *guess);

/* The GSM alphabet, one septet an octet. */
int ussd_guess_septets(struct span text, struct ussd_guess *guess);

/* The GSM alphabet, packed. */
int ussd_guess_packed(struct span octets, struct ussd_guess *guess);

/*
 * UCS-2 as hex, with words that the modem left in quotes in between (they
 * are kept, quotes and all), and a packed language code before it
 * (TS 23.038 clause 5, coding scheme 17), which is dropped.
 */
int ussd_guess_ucs2_hex(
	struct span hex, enum ussd_proof proof, struct ussd_guess *guess);

#endif
