/*
 * voucher: the table of permitted edges. It is the contract's state table,
 * row for row; a row that is not here cannot happen. Holds no state itself.
 */
#include "agent/voucher.h"

#include <errno.h>

#define DIALING_OR_PENDING(event, to, reasons)                                 \
	{VOUCHER_DIALING, event, to, VOUCHER_ALWAYS, reasons},                 \
	{                                                                      \
		VOUCHER_PENDING, event, to, VOUCHER_ALWAYS, reasons            \
	}

static const struct voucher_edge edges[] = {
	{VOUCHER_READY, VOUCHER_DISPATCHED, VOUCHER_DIALING, VOUCHER_ALWAYS,
		""},
	{VOUCHER_READY, VOUCHER_PAST_EXPIRY, VOUCHER_HELD, VOUCHER_ALWAYS,
		"expired"},
	{VOUCHER_DIALING, VOUCHER_NOT_SENT, VOUCHER_READY, VOUCHER_ALWAYS,
		"retry"},
	{VOUCHER_DIALING, VOUCHER_NOT_SENT_AGAIN, VOUCHER_HELD, VOUCHER_ALWAYS,
		"not_sent"},
	{VOUCHER_DIALING, VOUCHER_MAYBE_SENT, VOUCHER_UNKNOWN, VOUCHER_ALWAYS,
		"no_answer broken"},
	{VOUCHER_DIALING, VOUCHER_FOUND_AT_START, VOUCHER_UNKNOWN,
		VOUCHER_ALWAYS, "restart"},
	DIALING_OR_PENDING(VOUCHER_CREDITED, VOUCHER_LOADED, ""),
	DIALING_OR_PENDING(
		VOUCHER_AMOUNT_DIFFERS, VOUCHER_UNKNOWN, "amount_differs"),
	DIALING_OR_PENDING(VOUCHER_REFUSED_FIRST, VOUCHER_REJECTED,
		"invalid used expired refused card_blocked"),
	DIALING_OR_PENDING(VOUCHER_REFUSED_ON_REPEAT, VOUCHER_UNKNOWN,
		"refused_on_repeat"),
	DIALING_OR_PENDING(VOUCHER_USED_BY_ME_ON_REPEAT, VOUCHER_LOADED, ""),
	DIALING_OR_PENDING(VOUCHER_SIM_BLOCKED, VOUCHER_READY, "retry"),
	DIALING_OR_PENDING(VOUCHER_NOT_NOW, VOUCHER_HELD, "not_now"),
	DIALING_OR_PENDING(VOUCHER_BUSY, VOUCHER_READY, "retry"),
	DIALING_OR_PENDING(VOUCHER_BUSY_TOO_OFTEN, VOUCHER_HELD, "busy"),
	{VOUCHER_DIALING, VOUCHER_TAKEN, VOUCHER_PENDING, VOUCHER_ALWAYS, ""},
	DIALING_OR_PENDING(VOUCHER_NO_VERDICT, VOUCHER_UNKNOWN, "unrecognised"),
	DIALING_OR_PENDING(VOUCHER_AMBIGUOUS, VOUCHER_UNKNOWN, "ambiguous"),
	{VOUCHER_PENDING, VOUCHER_SMS_TIMEOUT, VOUCHER_UNKNOWN, VOUCHER_ALWAYS,
		"no_sms"},
	{VOUCHER_UNKNOWN, VOUCHER_EVIDENCE, VOUCHER_LOADED, VOUCHER_ALWAYS, ""},
	{VOUCHER_READY, VOUCHER_EVIDENCE, VOUCHER_LOADED, VOUCHER_IF_WAS_ON_AIR,
		""},
	{VOUCHER_HELD, VOUCHER_EVIDENCE, VOUCHER_LOADED, VOUCHER_IF_WAS_ON_AIR,
		""},
	{VOUCHER_REJECTED, VOUCHER_EVIDENCE, VOUCHER_LOADED,
		VOUCHER_IF_WAS_ON_AIR, ""},
	{VOUCHER_UNKNOWN, VOUCHER_LATE_REFUSAL, VOUCHER_REJECTED,
		VOUCHER_IF_ONE_ATTEMPT,
		"invalid used expired refused card_blocked"},
	{VOUCHER_UNKNOWN, VOUCHER_REPEATED, VOUCHER_DIALING,
		VOUCHER_IF_UNANSWERED, ""},
	{VOUCHER_UNKNOWN, VOUCHER_RESOLVED_LOADED, VOUCHER_LOADED,
		VOUCHER_ALWAYS, ""},
	{VOUCHER_UNKNOWN, VOUCHER_RESOLVED_REJECTED, VOUCHER_REJECTED,
		VOUCHER_ALWAYS, "refused"},
	{VOUCHER_UNKNOWN, VOUCHER_RESOLVED_RETRY, VOUCHER_READY, VOUCHER_ALWAYS,
		""},
	{VOUCHER_READY, VOUCHER_HOLD, VOUCHER_HELD, VOUCHER_ALWAYS,
		"person batch"},
	{VOUCHER_HELD, VOUCHER_RELEASE, VOUCHER_READY, VOUCHER_IF_NOT_REVEALED,
		""},
	{VOUCHER_READY, VOUCHER_CANCEL, VOUCHER_CANCELLED,
		VOUCHER_IF_NEVER_ON_AIR, ""},
	{VOUCHER_HELD, VOUCHER_CANCEL, VOUCHER_CANCELLED,
		VOUCHER_IF_NEVER_ON_AIR, ""},
	{VOUCHER_HELD, VOUCHER_REVEAL, VOUCHER_CANCELLED,
		VOUCHER_IF_NEVER_ON_AIR, "revealed"},
	{VOUCHER_REJECTED, VOUCHER_RESOLVED_RETRY, VOUCHER_READY,
		VOUCHER_ALWAYS, ""},
	/* To a restored ledger its backup is the file that is read. */
	{VOUCHER_READY, VOUCHER_RESTORED, VOUCHER_HELD, VOUCHER_ALWAYS,
		"restored"},
	/* A PIN that people know is theirs to use: it goes on air again only
         * after a person with the right said so of this very card. */
	{VOUCHER_HELD, VOUCHER_REVEAL_ON_AIR, VOUCHER_HELD,
		VOUCHER_IF_WAS_ON_AIR, "revealed"},
	{VOUCHER_HELD, VOUCHER_RESOLVED_LOADED, VOUCHER_LOADED,
		VOUCHER_IF_REVEALED, ""},
	{VOUCHER_HELD, VOUCHER_RESOLVED_REJECTED, VOUCHER_REJECTED,
		VOUCHER_IF_REVEALED, "refused"},
	{VOUCHER_HELD, VOUCHER_RESOLVED_RETRY, VOUCHER_READY,
		VOUCHER_IF_REVEALED, ""},
};

enum { EDGES = sizeof(edges) / sizeof(edges[0]) };

static const char *const state_names[VOUCHER_STATES] = {
	[VOUCHER_READY] = "ready",
	[VOUCHER_HELD] = "held",
	[VOUCHER_DIALING] = "dialing",
	[VOUCHER_PENDING] = "pending",
	[VOUCHER_UNKNOWN] = "unknown",
	[VOUCHER_LOADED] = "loaded",
	[VOUCHER_REJECTED] = "rejected",
	[VOUCHER_CANCELLED] = "cancelled",
};

static const char *const event_names[VOUCHER_EVENTS] = {
	[VOUCHER_DISPATCHED] = "dispatched",
	[VOUCHER_PAST_EXPIRY] = "past_expiry",
	[VOUCHER_NOT_SENT] = "not_sent",
	[VOUCHER_NOT_SENT_AGAIN] = "not_sent_again",
	[VOUCHER_MAYBE_SENT] = "maybe_sent",
	[VOUCHER_FOUND_AT_START] = "found_at_start",
	[VOUCHER_CREDITED] = "credited",
	[VOUCHER_AMOUNT_DIFFERS] = "amount_differs",
	[VOUCHER_REFUSED_FIRST] = "refused_first",
	[VOUCHER_REFUSED_ON_REPEAT] = "refused_on_repeat",
	[VOUCHER_USED_BY_ME_ON_REPEAT] = "used_by_me_on_repeat",
	[VOUCHER_SIM_BLOCKED] = "sim_blocked",
	[VOUCHER_NOT_NOW] = "not_now",
	[VOUCHER_BUSY] = "busy",
	[VOUCHER_BUSY_TOO_OFTEN] = "busy_too_often",
	[VOUCHER_TAKEN] = "taken",
	[VOUCHER_NO_VERDICT] = "no_verdict",
	[VOUCHER_AMBIGUOUS] = "ambiguous",
	[VOUCHER_SMS_TIMEOUT] = "sms_timeout",
	[VOUCHER_EVIDENCE] = "evidence",
	[VOUCHER_LATE_REFUSAL] = "late_refusal",
	[VOUCHER_REPEATED] = "repeated",
	[VOUCHER_RESOLVED_LOADED] = "resolved_loaded",
	[VOUCHER_RESOLVED_REJECTED] = "resolved_rejected",
	[VOUCHER_RESOLVED_RETRY] = "resolved_retry",
	[VOUCHER_HOLD] = "hold",
	[VOUCHER_RELEASE] = "release",
	[VOUCHER_CANCEL] = "cancel",
	[VOUCHER_REVEAL] = "reveal",
	[VOUCHER_RESTORED] = "restored",
	[VOUCHER_REVEAL_ON_AIR] = "reveal",
};

const struct voucher_edge *
voucher_edge_find(enum voucher_state from, enum voucher_event by)
{
	for (size_t i = 0; i < EDGES; i++)
		if (edges[i].from == from && edges[i].by == by)
			return &edges[i];
	return NULL;
}

const struct voucher_edge *
voucher_edge_at(size_t i)
{
	return i < EDGES ? &edges[i] : NULL;
}

/* Whether word is one of the blank-separated words. */
static bool
has_word(const char *words, struct span word)
{
	struct span rest = span_str(words);
	while (rest.len > 0) {
		size_t end = span_find(rest, ' ');
		if (span_eq(span_of(rest.ptr, end), word))
			return true;
		rest = span_skip(rest, end + 1);
	}
	return false;
}

bool
voucher_edge_permits(const struct voucher_edge *edge, unsigned on_air,
	struct span reason_now)
{
	switch (edge->condition) {
	case VOUCHER_ALWAYS:
		return true;
	case VOUCHER_IF_WAS_ON_AIR:
		return on_air > 0;
	case VOUCHER_IF_NEVER_ON_AIR:
		return on_air == 0;
	case VOUCHER_IF_UNANSWERED:
		return has_word("no_answer broken restart no_sms", reason_now);
	case VOUCHER_IF_ONE_ATTEMPT:
		return on_air == 1;
	case VOUCHER_IF_REVEALED:
		return has_word("revealed", reason_now);
	case VOUCHER_IF_NOT_REVEALED:
		return !has_word("revealed", reason_now);
	}
	return false;
}

bool
voucher_edge_takes_reason(const struct voucher_edge *edge, struct span reason)
{
	return reason.len == 0 || has_word(edge->reasons, reason);
}

bool
voucher_has_ended(enum voucher_state state)
{
	return state == VOUCHER_LOADED || state == VOUCHER_REJECTED ||
	       state == VOUCHER_CANCELLED;
}

const char *
voucher_state_name(enum voucher_state state)
{
	return state < VOUCHER_STATES ? state_names[state] : "?";
}

const char *
voucher_event_name(enum voucher_event event)
{
	return event < VOUCHER_EVENTS ? event_names[event] : "?";
}

int
voucher_state_from_name(struct span name, enum voucher_state *out)
{
	for (unsigned i = 0; i < VOUCHER_STATES; i++)
		if (span_eq(name, span_str(state_names[i]))) {
			*out = (enum voucher_state)i;
			return 0;
		}
	return -EINVAL;
}
