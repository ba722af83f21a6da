/*
 * verdict: the words of the contract for what an answer means. Never decides
 * what a text means: that is classify.
 */
#include "agent/verdict.h"

#include <errno.h>

static const char *const names[VERDICT_COUNT] = {
	[VERDICT_NONE] = "none",
	[VERDICT_SIM_BLOCKED] = "sim_blocked",
	[VERDICT_CARD_BLOCKED] = "card_blocked",
	[VERDICT_USED_BY_ME] = "used_by_me",
	[VERDICT_USED] = "used",
	[VERDICT_EXPIRED] = "expired",
	[VERDICT_INVALID] = "invalid",
	[VERDICT_REFUSED] = "refused",
	[VERDICT_NOT_NOW] = "not_now",
	[VERDICT_PENDING] = "pending",
	[VERDICT_LOADED] = "loaded",
	[VERDICT_BUSY] = "busy",
};

const char *
verdict_name(enum verdict verdict)
{
	return names[verdict];
}

int
verdict_from_name(struct span name, enum verdict *out)
{
	for (int v = 0; v < VERDICT_COUNT; v++) {
		if (!span_eq(name, span_str(names[v])))
			continue;
		*out = (enum verdict)v;
		return 0;
	}
	return -EINVAL;
}

bool
verdict_is_refusal(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_CARD_BLOCKED:
	case VERDICT_USED_BY_ME:
	case VERDICT_USED:
	case VERDICT_EXPIRED:
	case VERDICT_INVALID:
	case VERDICT_REFUSED:
		return true;
	case VERDICT_NONE:
	case VERDICT_SIM_BLOCKED:
	case VERDICT_NOT_NOW:
	case VERDICT_PENDING:
	case VERDICT_LOADED:
	case VERDICT_BUSY:
	case VERDICT_COUNT:
		break;
	}
	return false;
}
