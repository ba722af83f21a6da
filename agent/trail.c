/*
 * trail: audit entries to syslog, after their commit. It must never send an
 * entry that is not on disk, nor move its cursor past one that no channel
 * took.
 */
#include "agent/trail.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/audit.h"
#include "agent/ledger.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/trail_private.h"
#include "agent/turn.h"

#define CURSOR "syslog"

enum {
	SENT_MAX = 64,       /* lines a turn: modems wait meanwhile */
	FINISH_MAX = 100000, /* lines at shutdown */
	FINISH_WAITS = 10,
	FINISH_WAIT_MS = 100, /* each at most */
	SLOW_RETRY_MS = 10,   /* the reader is slow; doubles up to */
	SLOW_RETRY_MAX_MS = 1000,
	NONE_RETRY_MS = 5000, /* there is none */
	STORE_MS = 3000       /* so much is sent again after a crash */
};

/*
 * 1. stored <= sent <= the ledger's head; seen <= the head.
 * 2. Entries up to sent were taken by every channel.
 */
struct trail {
	struct loop *loop;
	struct turn *turn;
	struct trail_reports *reports;
	struct loop_timer *retry; /* runs while the reader is slow */
	struct loop_timer *store; /* runs while sent is above stored */
	struct loop_idle *more;
	bool blocked;    /* the retry timer runs: do not try before */
	bool storing;    /* the store timer runs */
	int64_t slow_ms; /* the next pause */
	int64_t sent, stored;
	int64_t seen; /* the head when the reports were woken last */
};

/* ---- syslog ------------------------------------------------------------ */

struct sending {
	struct trail *trail;
	int64_t count;
	int rc;
};

static void
hex_of(const uint8_t hash[VAULT_HASH_LEN], char *out)
{
	for (size_t i = 0; i < VAULT_HASH_LEN; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

static bool
on_entry_send(void *ctx, const struct ledger_audit *a)
{
	struct sending *sending = ctx;
	char line[AUDIT_LINE_MAX], hash_hex[2 * VAULT_HASH_LEN + 1];
	struct audit_entry entry = {.seq = a->seq,
		.at_wall_ms = a->at_wall_ms,
		.voucher = a->voucher,
		.batch = a->batch,
		.event = span_str(a->event),
		.modem = span_str(a->modem),
		.who = span_str(a->who),
		.note = span_str(a->note)};

	hex_of(a->hash, hash_hex);
	/* A cut line still has its number and its hash. */
	(void)audit_line(&entry, hash_hex, line, sizeof(line));
	sending->rc = log_try(line);
	if (sending->rc != 0)
		return false;
	sending->trail->sent = a->seq;
	sending->count++;
	return true;
}

/* Sends up to limit entries. 0, -EAGAIN, -ENOTCONN; 1: more are left. */
static int
send_some(struct trail *trail, int64_t limit)
{
	struct sending sending = {.trail = trail};
	struct ledger_audit_filter filter = {
		.after = trail->sent, .limit = limit};

	if (ledger_each_audit(turn_ledger(trail->turn), &filter, on_entry_send,
		    &sending) != 0)
		return -EAGAIN;
	if (sending.rc != 0)
		return sending.rc;
	return sending.count == limit ? 1 : 0;
}

static void
retry_in(struct trail *trail, int64_t ms)
{
	trail->blocked = true;
	loop_timer_at(trail->retry, loop_now_ms(trail->loop) + ms);
}

static void
retry_slowly(struct trail *trail, bool some_went)
{
	if (some_went)
		trail->slow_ms = SLOW_RETRY_MS;
	retry_in(trail, trail->slow_ms);
	trail->slow_ms *= 2;
	if (trail->slow_ms > SLOW_RETRY_MAX_MS)
		trail->slow_ms = SLOW_RETRY_MAX_MS;
}

static void
send_lines(struct trail *trail)
{
	int64_t before = trail->sent;
	int rc = trail->blocked ? 0 : send_some(trail, SENT_MAX);

	if (rc == 1)
		loop_idle_once(trail->more);
	else if (rc == -EAGAIN)
		retry_slowly(trail, trail->sent > before);
	else if (rc != 0)
		retry_in(trail, NONE_RETRY_MS);
	if (trail->sent > trail->stored && !trail->storing) {
		trail->storing = true;
		loop_timer_at(
			trail->store, loop_now_ms(trail->loop) + STORE_MS);
	}
}

static void
on_retry(void *ctx)
{
	struct trail *trail = ctx;

	trail->blocked = false;
	/* In the outlet, after this turn's commit. */
}

static void
on_more(void *ctx)
{
	(void)ctx; /* only so that the loop does not sleep: see on_turn() */
}

/* The cursor is an operation of this turn; one for many lines. */
static void
store_cursor(struct trail *trail)
{
	struct ledger_op op = turn_op(trail->turn, LEDGER_CURSOR);

	if (trail->sent == trail->stored)
		return;
	(void)snprintf(op.u.cursor.name, sizeof(op.u.cursor.name), CURSOR);
	op.u.cursor.seq = trail->sent;
	turn_must(trail->turn, &op);
	trail->stored = trail->sent;
}

static void
on_store(void *ctx)
{
	struct trail *trail = ctx;

	trail->storing = false;
	store_cursor(trail);
}

/* ---- the outlet -------------------------------------------------------- */

/* Everything below the head is committed here: the turn calls it after. */
static void
on_turn(void *ctx)
{
	struct trail *trail = ctx;
	int64_t head = ledger_audit_head(turn_ledger(trail->turn));

	if (head > trail->seen) {
		trail->seen = head;
		trail_reports_wake(trail->reports);
	}
	if (head > trail->sent)
		send_lines(trail);
	trail_reports_step(trail->reports);
}

struct trail *
trail_new(struct loop *loop, struct turn *turn, const struct spool *spool)
{
	struct trail *trail = calloc(1, sizeof(*trail));
	struct ledger *ledger = turn_ledger(turn);

	if (!trail)
		abort(); /* out of memory while starting */
	trail->loop = loop;
	trail->turn = turn;
	trail->sent = trail->stored = ledger_cursor(ledger, CURSOR);
	trail->seen = ledger_audit_head(ledger);
	trail->slow_ms = SLOW_RETRY_MS;
	trail->retry = loop_timer_new(loop, on_retry, trail);
	trail->store = loop_timer_new(loop, on_store, trail);
	trail->more = loop_idle_new(loop, on_more, trail);
	trail->reports = trail_reports_new(loop, turn, spool);
	turn_add_outlet(turn, on_turn, trail);
	return trail;
}

void
trail_free(struct trail *trail)
{
	if (!trail)
		return;
	trail_reports_free(trail->reports);
	loop_timer_free(trail->retry);
	loop_timer_free(trail->store);
	loop_idle_free(trail->more);
	free(trail);
}

/* A reader that is behind for a moment gets the last lines, too; the rest goes
 * out at the next start. */
void
trail_finish(struct trail *trail)
{
	int rc = send_some(trail, FINISH_MAX);
	for (int waits = 0; rc == -EAGAIN && waits < FINISH_WAITS; waits++) {
		log_wait(FINISH_WAIT_MS);
		rc = send_some(trail, FINISH_MAX);
	}
	store_cursor(trail);
}
