/*
 * redeem_private: what the two files of redeem share, and nobody else may
 * see: an attempt under way, and how it ends.
 */
#ifndef AGENT_REDEEM_PRIVATE_H
#define AGENT_REDEEM_PRIVATE_H

#include <string.h>

#include "agent/ledger.h"
#include "agent/redeem.h"

struct secret;

/* One attempt under way. */
struct attempt {
	struct redeem *redeem;
	struct line *line;
	struct profile *profile; /* the one it began with; counted */
	int64_t voucher;
	enum voucher_event event; /* VOUCHER_DISPATCHED or VOUCHER_REPEATED */
	int64_t id;
	char target[LEDGER_TARGET_MAX];
	int64_t card_minor;
	int64_t balance_before_minor;
	int64_t asked_ms; /* loop clock: the request under way went out */
	char reply_before[LEDGER_TEXT_MAX]; /* of the SIM's attempt before */
	unsigned earlier_attempts, busy_before, not_sent_before;
	bool by_sms;         /* a text, whose answer is a message */
	bool pin_in_request; /* it stands in the request under way */
	bool pin_out;        /* a request that held it may have been on air */
	size_t menu_next;    /* the first menu step not passed yet */
	struct attempt *next;
};

struct redeem {
	struct loop *loop;
	struct turn *turn;
	struct vault *vault;
	struct fleet_idle on_idle;
	struct attempt *attempts;
};

static inline bool
redeem_is_self(const struct attempt *a)
{
	return strcmp(a->target, "self") == 0;
}

/* redeem.c: the card's PIN; whoever asks wipes it. 0, or negative. */
int redeem_unseal(const struct attempt *a, struct secret *voucher_pin);

/* redeem.c: takes it off its line, and frees it. */
void redeem_forget(struct attempt *a);

/* redeem_end.c: what came back, or that nothing did, into the ledger. The
 * attempt is gone after it, and its line free. */
void redeem_conclude(struct attempt *a, const struct modem_result *result);

#endif
