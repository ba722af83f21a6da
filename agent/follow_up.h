/*
 * follow_up: dials what a SIM owes after a recharge, on whatever line has it,
 * before its next card. That it begins is an operation of the turn before the
 * code is handed to the modem, and no balance is evidence across it. It must
 * never dial a code that is not in the operator's profile.
 */
#ifndef AGENT_FOLLOW_UP_H
#define AGENT_FOLLOW_UP_H

#include <stddef.h>

#include "agent/fleet.h"

struct follow_up;
struct loop;
struct turn;

/* Borrows all. on_idle is called when a line is free again. */
struct follow_up *follow_up_new(
	struct loop *loop, struct turn *turn, const struct fleet_idle *on_idle);
/* After the fleet's modems have stopped. */
void follow_up_free(struct follow_up *follow_up);

/*
 * Asked by dispatch for each free line whose modem is ready, with no fence up,
 * before it looks for a card: whether the line has to wait. Begins what the
 * SIM owes, if it may go. *until_ms: when to ask again (loop clock; INT64_MAX:
 * when the line is free again, or something else happens).
 */
bool follow_up_stops(
	struct follow_up *follow_up, struct line *line, int64_t *until_ms);

/* How many codes are on air or about to be. */
size_t follow_up_in_flight(const struct follow_up *follow_up);

#endif
