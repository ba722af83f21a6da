/*
 * verdict: what an operator's answer means (contract, [reply]).
 */
#ifndef AGENT_VERDICT_H
#define AGENT_VERDICT_H

#include "modem/span.h"

/* In the order of precedence where several kinds match a text. */
enum verdict {
	VERDICT_NONE,
	VERDICT_SIM_BLOCKED,
	VERDICT_CARD_BLOCKED,
	VERDICT_USED_BY_ME,
	VERDICT_USED,
	VERDICT_EXPIRED,
	VERDICT_INVALID,
	VERDICT_REFUSED,
	VERDICT_NOT_NOW,
	VERDICT_PENDING,
	VERDICT_LOADED,
	VERDICT_BUSY,
	VERDICT_COUNT
};

/* The word of the contract, "none" for VERDICT_NONE. Static. */
const char *verdict_name(enum verdict verdict);

/* 0 or -EINVAL. */
int verdict_from_name(struct span name, enum verdict *out);

/* invalid used used_by_me expired refused card_blocked: the card was
 * refused, and the operator counted it against the SIM. */
bool verdict_is_refusal(enum verdict verdict);

#endif
