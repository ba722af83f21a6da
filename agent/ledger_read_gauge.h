/*
 * ledger_read_gauge: what alarms and metrics ask of the ledger, each small
 * enough to be asked every few seconds. It changes nothing. Rows as in
 * ledger_read.h.
 */
#ifndef AGENT_LEDGER_READ_GAUGE_H
#define AGENT_LEDGER_READ_GAUGE_H

#include "agent/ledger_base.h"

/* When the newest attempt that is known to have credited ended; both 0 where
 * there is none. 0, -EIO. */
int ledger_last_credit(struct ledger *ledger, struct ledger_moment *out);

/* Batches of which something is ready, and when the oldest of them came
 * (wall clock; 0 for none). 0, -EIO. */
int ledger_queued_batches(
	struct ledger *ledger, int64_t *count, int64_t *oldest_wall_ms);

/* Cursors whose names begin so and that are not 0, by name. */
typedef bool ledger_cursor_fn(void *ctx, const char *name, int64_t seq);
int ledger_each_cursor(struct ledger *ledger, const char *prefix,
	ledger_cursor_fn *fn, void *ctx);

/* Audit entries above that number that end an attempt, with the verdict then
 * ("none" for none); at most limit entries are looked at, *last is the highest
 * of them. What was counted once is the same for ever: entries are final. */
typedef void ledger_verdict_fn(
	void *ctx, const char *operator, const char * verdict);
int ledger_each_verdict(struct ledger *ledger, int64_t after, int64_t limit,
	int64_t *last, ledger_verdict_fn *fn, void *ctx);

#endif
