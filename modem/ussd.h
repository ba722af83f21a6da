/*
 * ussd: the fields of +CUSD (3GPP TS 27.007 clause 7.15) and the coding of
 * its text (TS 23.038 clause 5). What modems really send is in cusd.tsv:
 * the coding scheme is a hint, the text itself decides. Pure; allocates
 * nothing.
 */
#ifndef MODEM_USSD_H
#define MODEM_USSD_H

#include "modem/span.h"

enum {
	USSD_TEXT_MAX = 2048, /* bytes of UTF-8 that a decoded text may take */
	USSD_CODE_MAX = 183   /* characters of a request */
};

/* <m> of +CUSD. */
enum ussd_mode {
	USSD_DONE = 0,
	USSD_ASKS = 1,
	USSD_ENDED = 2,
	USSD_OTHER_CLIENT = 3,
	USSD_UNSUPPORTED = 4,
	USSD_TIMEOUT = 5,
	USSD_ODD = 6 /* any other number */
};

/* How the text of a request stands in AT+CUSD=1,"...". */
enum ussd_coding { USSD_PLAIN, USSD_GSM7_HEX, USSD_UCS2_HEX };

struct ussd_answer {
	enum ussd_mode mode;
	int dcs;          /* -1 where the line has none; 0..255 */
	struct span body; /* inside the quotes; points into the line */
	bool has_body;    /* false for an empty one too */
};

/*
 * Takes a whole +CUSD line apart: blanks anywhere, no quotes, no dcs, junk
 * after the dcs, a missing closing quote, CR and LF in the text, a quote
 * inside the text, a dcs printed as a signed number. 0, or -EINVAL when it
 * is no +CUSD line with a number.
 */
int ussd_parse(struct span line, struct ussd_answer *out);

/*
 * The text as a person reads it, UTF-8, NUL-terminated, at most cap bytes
 * with it. 0, -ENOSPC, or -EILSEQ when no coding makes sense of it (the
 * caller keeps the raw line).
 */
int ussd_decode(
	const struct ussd_answer *answer, char *utf8, size_t cap, size_t *len);

/*
 * The text of a request in the given coding, without quotes, NUL-terminated.
 * 0, -EILSEQ for a character that the coding has not, -ENOSPC. USSD_PLAIN
 * has the characters that are the same in IRA and in the GSM alphabet, but
 * for the quote: so it does not matter which of the two +CSCS names.
 */
int ussd_encode(enum ussd_coding coding, struct span utf8, char *out,
	size_t cap, size_t *len);

#endif
