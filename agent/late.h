/*
 * late: texts that no request asked for: late answers, copies, notices. Each
 * is kept for a person, and weighed as evidence for the card that its SIM
 * dialled last (contract, Evidence 1).
 */
#ifndef AGENT_LATE_H
#define AGENT_LATE_H

#include "agent/fleet.h"

struct turn;

/* Whether a balance is still owed to us: then a text that tells only that is
 * the answer, come late. */
enum late_awaits { LATE_AWAITS_NOTHING, LATE_AWAITS_BALANCE };

struct late_news {
	bool verdict; /* it has one, or nobody can read it: more may follow */
	bool copy;    /* word for word the last attempt's own answer */
	bool settled; /* it was evidence, and its voucher moved */
	bool reading; /* it answered the balance request */
};

/*
 * A text on that line; now_ms is the loop's. An empty one could not be read.
 * Of a flood only the first of each minute are kept; all of them are weighed.
 */
struct late_news late_text(struct turn *turn, struct line *line,
	struct span text_utf8, enum late_awaits awaits, int64_t now_ms);

#endif
