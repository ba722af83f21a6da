/*
 * event_run: the program of on_event. The ledger is its queue: kept are the
 * numbers of entries, read again when a program may start; of too many the
 * oldest are dropped. It must never give a program more than one line.
 */
#include "agent/event_run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/control_shape.h"
#include "agent/event.h"
#include "agent/json.h"
#include "agent/ledger.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/turn.h"

enum { LOOK_MAX = 128 }; /* entries a turn: modems wait meanwhile */

struct running {
	struct event_run *run;
	struct loop_child *child; /* NULL: free */
	int64_t seq;
};

/*
 * 1. seen <= the ledger's head; what is queued is <= seen.
 * 2. first is the oldest of queued numbers; they are in order.
 */
struct event_run {
	struct loop *loop;
	struct turn *turn;
	struct loop_idle *more;
	char *program; /* or NULL */
	int64_t seen;
	int64_t queue[EVENT_QUEUE_MAX];
	size_t first, queued;
	struct running running[EVENT_RUN_MAX];
	int64_t dropped, told_dropped;
};

/* ---- what waits --------------------------------------------------------- */

static int64_t
pop(struct event_run *run)
{
	int64_t seq = run->queue[run->first];

	run->first = (run->first + 1) % EVENT_QUEUE_MAX;
	run->queued--;
	return seq;
}

static void
push(struct event_run *run, int64_t seq)
{
	if (run->queued == EVENT_QUEUE_MAX) {
		int64_t oldest = pop(run);

		if (run->dropped++ == run->told_dropped)
			log_line(LOG_AT_WARNING,
				"event dropped from_seq=%" PRId64
				" why=\"%d wait already: the program of "
				"on_event is too slow; topupctl audit --since "
				"has them\"",
				oldest, EVENT_QUEUE_MAX);
	}
	run->queue[(run->first + run->queued++) % EVENT_QUEUE_MAX] = seq;
}

/* Once all is told: how many were not. */
static void
tell_dropped(struct event_run *run)
{
	if (run->queued > 0 || run->dropped == run->told_dropped)
		return;
	log_line(LOG_AT_WARNING, "event dropped count=%" PRId64,
		run->dropped - run->told_dropped);
	run->told_dropped = run->dropped;
}

static bool
on_entry(void *ctx, const struct ledger_audit *a)
{
	struct event_run *run = ctx;

	run->seen = a->seq;
	if (event_is_told(a->event))
		push(run, a->seq);
	return true;
}

static void
look(struct event_run *run)
{
	struct ledger *ledger = turn_ledger(run->turn);
	struct ledger_audit_filter filter = {
		.after = run->seen, .limit = LOOK_MAX};

	if (ledger_audit_head(ledger) <= run->seen)
		return;
	/* What cannot be read now is looked at after the next turn. */
	(void)ledger_each_audit(ledger, &filter, on_entry, run);
	if (ledger_audit_head(ledger) > run->seen)
		loop_idle_once(run->more);
}

/* ---- a program ---------------------------------------------------------- */

static void
on_ended(void *ctx, const struct loop_ended *ended)
{
	struct running *r = ctx;
	bool good = ended->status == 0 && ended->signal == 0;

	r->child = NULL;
	if (!good || ended->said[0] != '\0')
		log_line(good ? LOG_AT_INFO : LOG_AT_WARNING,
			"event program seq=%" PRId64
			" exit=%d signal=%d%s said=\"%s\"",
			r->seq, ended->status, ended->signal,
			ended->late ? " late" : "", ended->said);
	loop_idle_once(r->run->more); /* another may start */
}

static bool
keep_line(void *ctx, const struct ledger_audit *a)
{
	struct json *o = shape_audit(a);
	char **line = ctx;

	*line = json_print(o);
	json_free(o);
	return false;
}

static void
start(struct event_run *run, struct running *r)
{
	char *line = NULL;
	size_t len;
	struct ledger_audit_filter filter = {.after = pop(run), .limit = 1};
	struct loop_program program = {
		.path = run->program, .limit_ms = EVENT_LIMIT_MS};

	r->seq = filter.after--;
	(void)ledger_each_audit(
		turn_ledger(run->turn), &filter, keep_line, &line);
	if (!line)
		return; /* a disk that cannot be read: best effort */
	len = strlen(line);
	line[len] = '\n'; /* in place of its NUL */
	program.input = span_of(line, len + 1);
	r->child = loop_spawn(run->loop, &program, on_ended, r);
	free(line);
}

/* One a turn: to start a program takes a while. */
static void
start_next(struct event_run *run)
{
	for (size_t i = 0; i < EVENT_RUN_MAX && run->queued > 0; i++) {
		if (run->running[i].child)
			continue;
		start(run, &run->running[i]);
		loop_idle_once(run->more);
		break;
	}
	tell_dropped(run);
}

/* ---- with the turn ------------------------------------------------------ */

static void
on_more(void *ctx)
{
	(void)ctx; /* only so that the loop does not sleep: see on_turn() */
}

static void
on_turn(void *ctx)
{
	struct event_run *run = ctx;

	if (!run->program)
		return;
	look(run);
	start_next(run);
}

struct event_run *
event_run_new(struct loop *loop, struct turn *turn)
{
	struct event_run *run = calloc(1, sizeof(*run));

	if (!run)
		abort(); /* out of memory while starting */
	run->loop = loop;
	run->turn = turn;
	run->more = loop_idle_new(loop, on_more, run);
	for (size_t i = 0; i < EVENT_RUN_MAX; i++)
		run->running[i].run = run;
	turn_add_outlet(turn, on_turn, run);
	return run;
}

void
event_run_free(struct event_run *run)
{
	if (!run)
		return;
	for (size_t i = 0; i < EVENT_RUN_MAX; i++)
		loop_child_end(run->running[i].child);
	loop_idle_free(run->more);
	free(run->program);
	free(run);
}

void
event_run_set(struct event_run *run, const char *program)
{
	if (!run->program)
		run->seen = ledger_audit_head(turn_ledger(run->turn));
	free(run->program);
	run->program = program ? strdup(program) : NULL;
	if (program && !run->program)
		abort(); /* a path's worth of memory */
	if (!program)
		run->queued = 0;
}

int64_t
event_run_dropped(const struct event_run *run)
{
	return run->dropped;
}
