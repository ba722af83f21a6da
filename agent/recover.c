/*
 * recover: runs once, before any modem is opened. It must never guess what
 * became of an attempt.
 */
#include "agent/recover.h"

#include <string.h>

#include "agent/turn.h"

/* The open attempts come in order of their numbers. */
struct search {
	int64_t after;
	int64_t found; /* 0: none */
	char iccid[LEDGER_NAME_MAX], modem[LEDGER_NAME_MAX];
};

static bool
first_open(void *ctx, const struct ledger_attempt *a)
{
	struct search *search = ctx;
	if (a->id <= search->after)
		return true;
	search->found = a->id;
	(void)span_copy(
		search->iccid, sizeof(search->iccid), span_str(a->iccid));
	(void)span_copy(
		search->modem, sizeof(search->modem), span_str(a->modem));
	return false;
}

/* Whoever may still answer that session is fenced off, wherever its SIM is
 * put next. */
static void
raise_fence(struct turn *turn, const struct search *open)
{
	struct ledger_op op = turn_op(turn, LEDGER_FENCE);
	struct ledger_fence *f = &op.u.fence;
	struct ledger_sim sim;
	if (ledger_sim(turn_ledger(turn), open->iccid, 0, &sim) != 0 ||
		sim.fence)
		return;
	(void)span_copy(f->iccid, sizeof(f->iccid), span_str(open->iccid));
	(void)span_copy(f->modem, sizeof(f->modem), span_str(open->modem));
	(void)span_copy(f->why, sizeof(f->why), span_str("restart"));
	turn_must(turn, &op);
}

static void
settle(struct turn *turn, int64_t attempt)
{
	struct ledger_op op = turn_op(turn, LEDGER_ATTEMPT_SETTLE);
	struct ledger_attempt_settle *s = &op.u.attempt_settle;
	s->attempt = attempt;
	s->fate = LEDGER_MAYBE_SENT;
	s->verdict = VERDICT_NONE;
	s->event = VOUCHER_FOUND_AT_START;
	(void)span_copy(s->reason, sizeof(s->reason), span_str("restart"));
	(void)span_copy(s->by, sizeof(s->by), span_str("restart"));
	turn_must(turn, &op);
}

/* ---- what follows a recharge -------------------------------------------- */

static bool
first_open_follow(void *ctx, const struct ledger_follow *f)
{
	struct search *search = ctx;
	if (f->id <= search->after)
		return true;
	search->found = f->id;
	(void)span_copy(
		search->iccid, sizeof(search->iccid), span_str(f->iccid));
	(void)span_copy(
		search->modem, sizeof(search->modem), span_str(f->modem));
	return false;
}

/* It may be on air: never again. */
static void
settle_follow(struct turn *turn, int64_t id)
{
	struct ledger_op op = turn_op(turn, LEDGER_FOLLOW_END);
	struct ledger_follow_end *e = &op.u.follow_end;
	e->id = id;
	e->fate = LEDGER_MAYBE_SENT;
	(void)span_copy(e->why, sizeof(e->why), span_str("restart"));
	turn_must(turn, &op);
}

static void
recover_follow_ups(struct turn *turn)
{
	struct search search = {.after = 0};
	for (;;) {
		search.found = 0;
		if (ledger_each_open_follow(turn_ledger(turn),
			    first_open_follow, &search) != 0 ||
			search.found == 0)
			return;
		raise_fence(turn, &search);
		settle_follow(turn, search.found);
		search.after = search.found;
	}
}

size_t
recover_attempts(struct turn *turn)
{
	struct search search = {.after = 0};
	size_t n = 0;
	recover_follow_ups(turn);
	for (;;) {
		search.found = 0;
		if (ledger_each_attempt(
			    turn_ledger(turn), 0, first_open, &search) != 0 ||
			search.found == 0)
			return n;
		raise_fence(turn, &search);
		settle(turn, search.found);
		n++;
		/* While the disk refuses, what is settled stays open: the
		 * commit tries again. */
		search.after = search.found;
	}
}

static bool
is_stop(void *ctx, const struct ledger_audit *a)
{
	bool *clean = ctx;
	*clean = strcmp(a->event, RECOVER_STOP) == 0;
	return false;
}

bool
recover_was_clean(struct turn *turn)
{
	bool clean = true;
	int64_t head = ledger_audit_head(turn_ledger(turn));
	struct ledger_audit_filter filter = {.after = head - 1, .limit = 1};
	if (head > 0 && ledger_each_audit(turn_ledger(turn), &filter, is_stop,
				&clean) != 0)
		return false;
	return clean;
}
