/*
 * policy: what an ended attempt means for its voucher and its SIM: from
 * fate, verdict, amounts and history to one event of the state table. Pure;
 * it must never call an answer good that it cannot account for.
 */
#ifndef AGENT_POLICY_H
#define AGENT_POLICY_H

#include "agent/verdict.h"
#include "agent/voucher.h"

enum policy_fate { POLICY_NOT_SENT, POLICY_MAYBE_SENT, POLICY_ANSWERED };

/* Amounts are minor units, MONEY_NONE where not known. */
struct policy_case {
	enum policy_fate fate;
	bool broken;          /* MAYBE_SENT: the modem or port broke off */
	enum verdict verdict; /* ANSWERED */
	bool doubled; /* word for word what the SIM was told before it dialled
	                 this card, the same balance too: a copy of that */
	bool verdict_by_sms; /* this text is not the final answer: its `loaded`
	                        is only a promise */
	unsigned earlier_attempts; /* of this voucher, of whatever fate */
	unsigned busy_before;      /* "busy" answers before this one */
	unsigned not_sent_before;  /* not_sent in a row before this one */
	int64_t card_minor;
	int64_t amount_minor; /* what the text says was credited */
	int64_t deducted_minor;
	int64_t bonus_minor;
	int64_t balance_before_minor; /* of the credited account, if own */
	int64_t balance_told_minor;   /* in the text, same account */
	unsigned retries;             /* of the profile */
	int64_t retry_pause_ms;
	int64_t sms_timeout_ms;
};

struct policy_step {
	enum voucher_event event;
	const char *reason;     /* of the new state; static */
	int64_t wait_ms;        /* until it may be dialled again */
	int64_t credited_minor; /* loaded: what the text said */
	bool rest_modem;        /* the modem refused too often */
	bool sim_blocked;       /* the operator barred the SIM */
};

struct policy_step policy_next(const struct policy_case *c);

/* The contract's row of `loaded`: the amount is the card's, or not known, or
 * the difference is told, or the balance rose by what the text says. */
bool policy_amount_is_right(const struct policy_case *c);

enum {
	POLICY_NOT_SENT_MAX = 3,   /* the third time the card is held */
	POLICY_PAUSE_DOUBLINGS = 6 /* a retry pause grows 64-fold at most */
};

#endif
