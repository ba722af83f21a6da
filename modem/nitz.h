/*
 * nitz: the lines in which modems tell the time: the network's word
 * (TS 24.008 10.5.3.9, by make), and the modem's own clock. Pure. It must
 * never take the date that a clock has without a network for a time.
 */
#ifndef MODEM_NITZ_H
#define MODEM_NITZ_H

#include "modem/span.h"

enum nitz_kind {
	NITZ_NEWS,  /* the network said it just now */
	NITZ_ASKED, /* it said it before, and the modem counted on */
	NITZ_CLOCK  /* the modem's own clock (+CCLK), whoever set it */
};

/*
 * Milliseconds since 1970, UTC. A clock runs on local time by the standard
 * (27.007 8.15) and on UTC in some makes, its zone behind it all the same:
 * other_ms is the second reading. Of the rest both are the same.
 */
struct nitz {
	enum nitz_kind kind;
	int64_t utc_ms;
	int64_t other_ms;
};

/*
 * 0; -ENOENT for a line that is none of them; -ENODATA where it tells a zone
 * but no time; -EINVAL for a form that is not known, or no date; -ERANGE for
 * a date before 2024 or after 2069 (clocks begin in 1970, 1980, 1990, 2000 or
 * 2004, which two digits may make 2070 and later). *out only with 0.
 */
int nitz_of(struct span line, struct nitz *out);

#endif
