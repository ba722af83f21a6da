/*
 * gsm7_national: the national language tables of the 7-bit alphabet (3GPP TS
 * 23.038 Annex A): Turkish, Spanish, Portuguese, Bengali, Hindi, Urdu.
 * Tables and look-ups only; texts are gsm7's.
 */
#ifndef MODEM_GSM7_NATIONAL_H
#define MODEM_GSM7_NATIONAL_H

#include <stdbool.h>
#include <stdint.h>

enum {
	GSM7_NO_POINT = 0 /* the default tables say it */
};

/* Whether the table of that language (TS 23.038 6.2.1.2.4) stands here;
 * that of language 0, the default one, always does. */
bool gsm7_has_locking(unsigned language);
bool gsm7_has_single(unsigned language);

/* What a septet means, or GSM7_NO_POINT. A place that is void is a space. */
uint32_t gsm7_locking_point(unsigned language, uint8_t septet);
uint32_t gsm7_single_point(unsigned language, uint8_t septet);

#endif
