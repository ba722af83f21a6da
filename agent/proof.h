/*
 * proof: whether what an operator's own code for the last recharge tells is
 * the recharge by one card (contract, Evidence 3). Pure. It must never take
 * the recharge of the card before for this one's.
 */
#ifndef AGENT_PROOF_H
#define AGENT_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "modem/span.h"

/* Moments are of the wall clock; amounts are minor units, MONEY_NONE where
 * not known. */
struct proof_case {
	const char *card_serial, *told_serial; /* "" where not known */
	bool own;               /* the card is for the SIM that asks */
	bool clock_trusted;     /* now, and so when the attempt ran */
	int64_t told_wall_ms;   /* PROOF_NO_TIME: none was told */
	int64_t before_wall_ms; /* the attempt before it ended; 0: none */
	int64_t began_wall_ms, ended_wall_ms;
	int64_t fence_ms;
	int64_t card_minor, told_minor;
};
bool proof_fits(const struct proof_case *c);

#define PROOF_NO_TIME INT64_MIN

enum { PROOF_SLACK_MS = 60000 }; /* clocks, and times told in minutes */

/*
 * DD/MM/YYYY, DD-MM-YYYY or YYYY-MM-DD, then HH:MM or HH:MM:SS, in the local
 * time zone; digits of 0-9. PROOF_NO_TIME when it is none of these, or no
 * moment of the calendar.
 */
int64_t proof_time(struct span text);

#endif
