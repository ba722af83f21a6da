/*
 * voucher: the states of a scratch card and the table of permitted edges,
 * row for row the table of the contract. State changes nowhere but along
 * this table. Pure.
 */
#ifndef AGENT_VOUCHER_H
#define AGENT_VOUCHER_H

#include "modem/span.h"

enum voucher_state {
	VOUCHER_READY,
	VOUCHER_HELD,
	VOUCHER_DIALING,
	VOUCHER_PENDING,
	VOUCHER_UNKNOWN,
	VOUCHER_LOADED,
	VOUCHER_REJECTED,
	VOUCHER_CANCELLED,
	VOUCHER_STATES
};

/* What may happen to a voucher; the comments are the contract's words. */
enum voucher_event {
	VOUCHER_DISPATCHED,           /* dispatched */
	VOUCHER_PAST_EXPIRY,          /* past its expiry, by a trusted clock */
	VOUCHER_NOT_SENT,             /* not_sent */
	VOUCHER_NOT_SENT_AGAIN,       /* not_sent, the third time */
	VOUCHER_MAYBE_SENT,           /* maybe_sent */
	VOUCHER_FOUND_AT_START,       /* found at start */
	VOUCHER_CREDITED,             /* loaded, and the amount is right */
	VOUCHER_AMOUNT_DIFFERS,       /* loaded with another amount */
	VOUCHER_REFUSED_FIRST,        /* a refusal on the first attempt */
	VOUCHER_REFUSED_ON_REPEAT,    /* a refusal on a later attempt */
	VOUCHER_USED_BY_ME_ON_REPEAT, /* used_by_me on a later attempt */
	VOUCHER_SIM_BLOCKED,          /* sim_blocked */
	VOUCHER_NOT_NOW,              /* not_now */
	VOUCHER_BUSY,                 /* busy */
	VOUCHER_BUSY_TOO_OFTEN,       /* busy, after retries */
	VOUCHER_TAKEN,             /* pending; with verdict = sms also loaded */
	VOUCHER_NO_VERDICT,        /* no verdict in the text */
	VOUCHER_AMBIGUOUS,         /* may belong to another attempt */
	VOUCHER_SMS_TIMEOUT,       /* sms_timeout */
	VOUCHER_EVIDENCE,          /* evidence of the credit */
	VOUCHER_LATE_REFUSAL,      /* its own late answer is a refusal */
	VOUCHER_REPEATED,          /* repeat = once */
	VOUCHER_RESOLVED_LOADED,   /* a person: resolve ID loaded */
	VOUCHER_RESOLVED_REJECTED, /* a person: resolve ID rejected */
	VOUCHER_RESOLVED_RETRY,    /* a person: resolve ID retry */
	VOUCHER_HOLD,              /* hold; a batch's breaker */
	VOUCHER_RELEASE,           /* release */
	VOUCHER_CANCEL,            /* cancel */
	VOUCHER_REVEAL,            /* reveal */
	VOUCHER_RESTORED,          /* read from a backup (restored) */
	VOUCHER_REVEAL_ON_AIR,     /* reveal, of one that was on air */
	VOUCHER_EVENTS
};

/* What must hold besides the state. */
enum voucher_condition {
	VOUCHER_ALWAYS,
	VOUCHER_IF_WAS_ON_AIR,   /* an attempt was, or may have been, on air */
	VOUCHER_IF_NEVER_ON_AIR, /* none was */
	VOUCHER_IF_UNANSWERED,   /* its reason is no_answer, broken, restart or
	                            no_sms (repeat = once) */
	VOUCHER_IF_ONE_ATTEMPT,  /* exactly one attempt was on air */
	VOUCHER_IF_REVEALED,     /* its reason is "revealed" */
	VOUCHER_IF_NOT_REVEALED  /* it is another one */
};

struct voucher_edge {
	enum voucher_state from;
	enum voucher_event by;
	enum voucher_state to;
	enum voucher_condition condition;
	const char *reasons; /* those it may carry, blank-separated; "" none */
};

/* The edge, or NULL when the table has none. */
const struct voucher_edge *voucher_edge_find(
	enum voucher_state from, enum voucher_event by);

/* Whether a voucher may take the edge now. */
bool voucher_edge_permits(const struct voucher_edge *edge, unsigned on_air,
	struct span reason_now);

/* Whether a voucher that took the edge may show that reason ("" always). */
bool voucher_edge_takes_reason(
	const struct voucher_edge *edge, struct span reason);

/* Row i of the table, NULL past the end: for tests and drawings. */
const struct voucher_edge *voucher_edge_at(size_t i);

/* loaded, rejected, cancelled. */
bool voucher_has_ended(enum voucher_state state);

/* The contract's word. Static. */
const char *voucher_state_name(enum voucher_state state);
const char *voucher_event_name(enum voucher_event event);

/* 0 or -EINVAL. */
int voucher_state_from_name(struct span name, enum voucher_state *out);

#endif
