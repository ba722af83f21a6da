/*
 * guard: whether what a person wants to send to an operator may hold a PIN
 * (contract, law 6). It would rather refuse a good code than let one PIN go
 * by the ledger.
 */
#ifndef AGENT_GUARD_H
#define AGENT_GUARD_H

#include "agent/profile_folder.h"

struct guard {
	const struct profiles *all; /* may be NULL */
	const struct profile *own;  /* of the SIM that would send it */
	bool card_wanted;           /* the screen before it asks for a card */
};

/*
 * Whether a part of a run of digits (of any script and dress: guard_sign.h;
 * with letters among them that are typed for 0 and 1), or runs that follow one
 * another joined over whatever stands between them, has the form of a PIN of
 * any operator; or whether half a PIN follows where a recharge code, or a
 * menu that asks for a card, has one.
 */
bool guard_finds_pin(const struct guard *guard, struct span text_utf8);

/* The same of a message to that number, where [recharge] sms_text has the PIN:
 * whoever it is for. */
bool guard_finds_pin_in_text(
	const struct guard *guard, struct span number, struct span text_utf8);

/* Whether the operator's [menu] types a PIN into that screen. */
bool guard_screen_wants_card(
	const struct profile *profile, struct span screen_utf8);

#endif
