/*
 * metrics_file_tally: ends of attempts counted from the audit. It must never
 * count an entry twice, nor store a count without the number it goes up to.
 */
#include <stdio.h>
#include <string.h>

#include "agent/log.h"
#include "agent/metrics_file_private.h"
#include "agent/turn.h"

#define PREFIX  "metrics."
#define SEQ     PREFIX "audit"
#define ATTEMPT PREFIX "attempt/"

enum {
	SLICE = 256,      /* entries a turn: modems wait meanwhile */
	FORGET_MAX = 8192 /* that are looked at again by the next life */
};

static struct metrics_count *
find(struct metrics_tally *tally, const char *operator, const char * verdict)
{
	struct metrics_count *c = tally->counts;

	for (; c < tally->counts + tally->count; c++)
		if (strcmp(c->operator, operator) == 0 &&
			strcmp(c->verdict, verdict) == 0)
			return c;
	if (tally->count == METRICS_TALLIES_MAX)
		return NULL; /* dozens of operators: not all are shown */
	*c = (struct metrics_count){.count = 0};
	if (span_copy(c->operator, sizeof(c->operator), span_str(operator)) !=
			0 ||
		span_copy(c->verdict, sizeof(c->verdict), span_str(verdict)) !=
			0)
		return NULL;
	tally->count++;
	return c;
}

/* "metrics.attempt/OPERATOR/VERDICT" */
static bool
on_cursor(void *ctx, const char *name, int64_t seq)
{
	struct metrics_tally *tally = ctx;
	char operator[32];
	const char *at, *slash;

	if (strcmp(name, SEQ) == 0)
		tally->seq = tally->stored_seq = seq;
	if (strncmp(name, ATTEMPT, strlen(ATTEMPT)) != 0)
		return true;
	at = name + strlen(ATTEMPT);
	slash = strchr(at, '/');
	if (!slash || span_copy(operator, sizeof(operator),
			      span_of(at, (size_t)(slash - at))) != 0)
		return true; /* none of ours */
	struct metrics_count *c = find(tally, operator, slash + 1);

	if (c)
		c->count = c->stored = seq;
	return true;
}

void
metrics_tally_load(struct metrics_tally *tally, struct turn *turn)
{
	if (ledger_each_cursor(turn_ledger(turn), PREFIX, on_cursor, tally) !=
		0)
		log_line(LOG_AT_ERROR, "metrics cannot be read");
}

static void
on_verdict(void *ctx, const char *operator, const char * verdict)
{
	struct metrics_count *c = find(ctx, operator, verdict);

	if (c)
		c->count++;
}

bool
metrics_tally_count(struct metrics_tally *tally, struct turn *turn)
{
	struct ledger *ledger = turn_ledger(turn);
	int64_t before = tally->seq;

	/* On a disk that cannot be read it stays as it is. */
	(void)ledger_each_verdict(
		ledger, before, SLICE, &tally->seq, on_verdict, tally);
	return tally->seq > before && tally->seq < ledger_audit_head(ledger);
}

static void
store(struct turn *turn, const char *name, int64_t value)
{
	struct ledger_op op = turn_op(turn, LEDGER_CURSOR);

	/* A longer one would have no place of its own: find() bounds both. */
	(void)snprintf(op.u.cursor.name, sizeof(op.u.cursor.name), "%s", name);
	op.u.cursor.seq = value;
	turn_must(turn, &op);
}

void
metrics_tally_store(struct metrics_tally *tally, struct turn *turn)
{
	char name[LEDGER_NAME_MAX + 16];
	bool any = tally->seq - tally->stored_seq > FORGET_MAX;

	for (size_t i = 0; i < tally->count; i++) {
		struct metrics_count *c = &tally->counts[i];

		if (c->count == c->stored)
			continue;
		any = true;
		(void)snprintf(name, sizeof(name), ATTEMPT "%.31s/%.14s",
			c->operator, c->verdict);
		store(turn, name, c->count);
		c->stored = c->count;
	}
	if (!any)
		return;
	store(turn, SEQ, tally->seq);
	tally->stored_seq = tally->seq;
}
