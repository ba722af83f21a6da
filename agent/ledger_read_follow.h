/*
 * ledger_read_follow: the codes that are dialled after a recharge: what is
 * owed, under way, and what came of it. It changes nothing. Rows as in
 * ledger_read.h.
 */
#ifndef AGENT_LEDGER_READ_FOLLOW_H
#define AGENT_LEDGER_READ_FOLLOW_H

#include "agent/ledger_op_follow.h"

enum ledger_follow_state {
	LEDGER_FOLLOW_OWED,
	LEDGER_FOLLOW_DIALING,
	LEDGER_FOLLOW_DONE,
	LEDGER_FOLLOW_FAILED,
	LEDGER_FOLLOW_DROPPED
};
const char *ledger_follow_state_name(enum ledger_follow_state state);

struct ledger_follow {
	int64_t id, voucher;
	unsigned step;
	unsigned tries; /* begun so often */
	enum ledger_follow_state state;
	int fate; /* an enum ledger_fate, or -1 */
	bool matched;
	int64_t began_wall_ms, ended_wall_ms; /* 0: not yet */
	const char *iccid, *modem, *code, *reply, *why;
};
typedef bool ledger_follow_fn(void *ctx, const struct ledger_follow *f);

/* The first that the SIM owes, in the order of the recharges and then of the
 * steps: fn is called once, or not at all. */
int ledger_next_follow(struct ledger *ledger, const char *iccid,
	ledger_follow_fn *fn, void *ctx);

/* All of a voucher, by their steps. */
int ledger_each_follow(struct ledger *ledger, int64_t voucher,
	ledger_follow_fn *fn, void *ctx);

/* All that are under way. */
int ledger_each_open_follow(
	struct ledger *ledger, ledger_follow_fn *fn, void *ctx);

/* All that failed since that moment of the daemon's own time, oldest first. */
int ledger_each_failed_follow(struct ledger *ledger, int64_t since_ran_ms,
	ledger_follow_fn *fn, void *ctx);

/* Whether one of the SIM was, or may have been, on air at that moment of the
 * daemon's own time or later: a text may be its answer. Also where that cannot
 * be read. */
bool ledger_was_followed(
	struct ledger *ledger, const char *iccid, int64_t since_ran_ms);

#endif
