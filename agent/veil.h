/*
 * veil: masks a foreign text of a SIM with the cards in hand that it dialled
 * last: an operator repeats a PIN in spellings that no form of a number
 * covers. It must never keep a PIN for longer than the call.
 */
#ifndef AGENT_VEIL_H
#define AGENT_VEIL_H

#include "agent/mask.h"

struct ledger;

/* Whose text it is, and what else is a PIN. */
struct veil {
	struct ledger *ledger;
	const char *iccid;         /* "": no SIM is known, it may be any's */
	struct span voucher_pin;   /* in hand beside them; "" */
	mask_takes_pin *takes_pin; /* as in mask_text() */
	const void *ctx;
};

/* For takes_pin where ctx is a struct profile: whether the digits have the form
 * of its PINs. Without a profile, NULL, any may be one. */
bool veil_takes_pin(const void *profile, struct span digits);

/*
 * As mask_by_rules(), with the PINs of the last VEIL_CARDS attempts of that
 * SIM, however they ended. One that cannot be read is masked by its form alone.
 */
enum { VEIL_CARDS = 128 };
void veil_text(
	const struct veil *veil, struct span text, char *out, size_t cap);

#endif
