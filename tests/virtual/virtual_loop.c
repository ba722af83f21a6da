/*
 * virtual_loop: agent/loop.h in virtual time. A turn is as libuv makes it:
 * descriptors, timers, slices, the turn end; then the time jumps to what is
 * due next. It must never do what the real loop would not.
 */
#include "tests/virtual/virtual.h"

#include <assert.h>
#include <stdlib.h>

#include "agent/clock.h"
#include "agent/loop.h"

enum { TURNS_MAX = 2000000, TURNS_A_SECOND = 100, START_MS = 5000000 };

/* 2023-11-14 12:00:00 UTC */
#define START_WALL_MS INT64_C(1699963200000)

enum watch_kind { WATCH_TIMER, WATCH_POLL, WATCH_IDLE };

struct watch {
	enum watch_kind kind;
	struct loop *loop;
	struct watch *next;
	loop_fn *fn;
	loop_poll_fn *poll_fn;
	void *ctx;
	bool dead;   /* freed by its owner, not yet by us */
	bool always; /* served while the loop is held */
	int64_t at_ms;
	bool asked; /* idle */
	bool fresh; /* armed in this phase of this turn: waits for the next */
	int fd;
	bool want_read, want_write;
};
struct loop_timer {
	struct watch watch;
};
struct loop_poll {
	struct watch watch;
};
struct loop_idle {
	struct watch watch;
};

struct loop {
	struct watch *watches;
	loop_fn *fn;
	void *ctx;
	bool held, stop_wanted;
};

static struct {
	int64_t now_ms;
	int64_t wall_less_now_ms;
	bool trusted;
	struct clock_watch watch;
} time_now;

/* ---- one turn ---------------------------------------------------------- */

static bool
is_served(const struct watch *w)
{
	return !w->dead && (!w->loop->held || w->always);
}

static void
serve_polls(struct loop *loop)
{
	for (struct watch *w = loop->watches; w; w = w->next) {
		if (w->kind != WATCH_POLL || !is_served(w))
			continue;
		bool readable = w->want_read && virtual_is_readable(w->fd);
		bool writable = w->want_write && virtual_is_writable(w->fd);
		if (readable || writable)
			w->poll_fn(w->ctx, readable, writable);
	}
}

static struct watch *
first_due(struct loop *loop)
{
	struct watch *first = NULL;
	for (struct watch *w = loop->watches; w; w = w->next)
		if (w->kind == WATCH_TIMER && is_served(w) && !w->fresh &&
			w->at_ms <= time_now.now_ms &&
			(!first || w->at_ms < first->at_ms))
			first = w;
	return first;
}

static void
set_fresh(struct loop *loop, enum watch_kind kind, bool fresh)
{
	for (struct watch *w = loop->watches; w; w = w->next)
		if (w->kind == kind)
			w->fresh = fresh;
}

/* A timer that is set to "now" by one that fires waits for the next turn. */
static void
serve_timers(struct loop *loop)
{
	struct watch *w;
	set_fresh(loop, WATCH_TIMER, false);
	while ((w = first_due(loop))) {
		w->at_ms = INT64_MAX;
		w->fn(w->ctx);
		w->fresh = true;
	}
}

/* A slice that is asked for by one that runs waits for the next turn. */
static void
serve_idles(struct loop *loop)
{
	set_fresh(loop, WATCH_IDLE, false);
	for (struct watch *w = loop->watches; w; w = w->next)
		if (w->kind == WATCH_IDLE && is_served(w) && w->asked &&
			!w->fresh) {
			w->asked = false;
			w->fn(w->ctx);
			w->fresh = true;
		}
}

static void
bury(struct loop *loop)
{
	struct watch **at = &loop->watches;
	while (*at) {
		struct watch *w = *at;
		if (!w->dead) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
}

static void
turn(struct loop *loop)
{
	serve_polls(loop);
	serve_timers(loop);
	serve_idles(loop);
	if (loop->fn)
		loop->fn(loop->ctx);
	bury(loop);
}

/* When something is due next; now when a slice waits. */
static int64_t
next_ms(const struct loop *loop)
{
	int64_t next = INT64_MAX;
	for (const struct watch *w = loop->watches; w; w = w->next) {
		int64_t at = INT64_MAX;
		if (!is_served(w))
			continue;
		if (w->kind == WATCH_TIMER)
			at = w->at_ms;
		else if (w->kind == WATCH_IDLE)
			at = w->asked ? time_now.now_ms : INT64_MAX;
		else if (w->want_write && virtual_is_writable(w->fd))
			at = time_now.now_ms;
		else if (w->want_read)
			at = virtual_next_ms(w->fd);
		next = at < next ? at : next;
	}
	return next;
}

static void
jump_to(int64_t ms)
{
	if (ms <= time_now.now_ms)
		return;
	time_now.now_ms = ms;
	virtual_wires_turn_to(ms);
}

bool
virtual_run_until(
	struct loop *loop, int64_t ms, virtual_seen_fn *seen, void *ctx)
{
	int64_t end = ms == INT64_MAX ? INT64_MAX : time_now.now_ms + ms;
	int64_t from = time_now.now_ms;
	loop->stop_wanted = false;
	/* Days of a shop that idles are as many turns as one that spins. */
	for (int64_t i = 0; i < TURNS_MAX + (time_now.now_ms - from) / 1000 *
						    TURNS_A_SECOND;
		i++) {
		turn(loop);
		if (seen && seen(ctx))
			return true;
		if (loop->stop_wanted)
			return false;
		int64_t next = next_ms(loop);
		if (next > end) {
			jump_to(end);
			return false;
		}
		assert(next < INT64_MAX && "nothing will ever happen");
		jump_to(next);
	}
	assert(0 && "the loop is kept busy");
	return false;
}

void
virtual_run(struct loop *loop, int64_t ms)
{
	(void)virtual_run_until(loop, ms, NULL, NULL);
}

/* ---- the clock --------------------------------------------------------- */

void
virtual_set_wall(int64_t wall_ms)
{
	time_now.wall_less_now_ms = wall_ms - time_now.now_ms;
}

void
virtual_set_trusted(bool trusted)
{
	time_now.trusted = trusted;
}

int64_t
virtual_now_ms(void)
{
	return time_now.now_ms;
}

int64_t
loop_now_ms(const struct loop *loop)
{
	(void)loop;
	return time_now.now_ms;
}

int64_t
loop_wall_ms(void)
{
	return time_now.wall_less_now_ms + time_now.now_ms;
}

bool
loop_clock_is_trusted(void)
{
	return clock_look(&time_now.watch,
		&(struct clock_sight){.wall_ms = loop_wall_ms(),
			.steady_ms = time_now.now_ms,
			.synced = time_now.trusted});
}

/* ---- agent/loop.h ------------------------------------------------------ */

struct loop *
loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	assert(loop);
	if (time_now.now_ms == 0) {
		time_now.now_ms = START_MS;
		virtual_set_wall(START_WALL_MS);
	}
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (!loop)
		return;
	for (struct watch *w = loop->watches; w; w = w->next)
		w->dead = true;
	bury(loop);
	free(loop);
}

void
virtual_reset(void)
{
	time_now.now_ms = START_MS;
	time_now.trusted = false;
	time_now.watch = (struct clock_watch){.looked = false};
	virtual_set_wall(START_WALL_MS);
	virtual_wires_turn_to(0);
	virtual_on_program(NULL, NULL);
}

void
loop_run(struct loop *loop)
{
	virtual_run(loop, INT64_MAX);
}

void
loop_stop(struct loop *loop)
{
	loop->stop_wanted = true;
}

void
loop_on_turn_end(struct loop *loop, loop_fn *fn, void *ctx)
{
	loop->fn = fn;
	loop->ctx = ctx;
}

void
loop_hold(struct loop *loop, bool on)
{
	loop->held = on;
}

static void
watch_link(struct watch *w, struct loop *loop, enum watch_kind kind, void *ctx)
{
	w->kind = kind;
	w->loop = loop;
	w->ctx = ctx;
	w->at_ms = INT64_MAX;
	w->next = loop->watches;
	loop->watches = w;
}

struct loop_timer *
loop_timer_new(struct loop *loop, loop_fn *fn, void *ctx)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));
	assert(timer);
	watch_link(&timer->watch, loop, WATCH_TIMER, ctx);
	timer->watch.fn = fn;
	return timer;
}

void
loop_timer_at(struct loop_timer *timer, int64_t at_ms)
{
	timer->watch.at_ms = at_ms;
}

void
loop_timer_always(struct loop_timer *timer)
{
	timer->watch.always = true;
}

void
loop_timer_free(struct loop_timer *timer)
{
	if (timer)
		timer->watch.dead = true;
}

struct loop_poll *
loop_poll_new(struct loop *loop, int fd, loop_poll_fn *fn, void *ctx)
{
	for (struct watch *w = loop->watches; w; w = w->next)
		if (w->kind == WATCH_POLL && !w->dead && w->fd == fd)
			return NULL;
	struct loop_poll *poll = calloc(1, sizeof(*poll));
	assert(poll);
	watch_link(&poll->watch, loop, WATCH_POLL, ctx);
	poll->watch.poll_fn = fn;
	poll->watch.fd = fd;
	poll->watch.want_read = true;
	return poll;
}

void
loop_poll_want(struct loop_poll *poll, bool read, bool write)
{
	poll->watch.want_read = read;
	poll->watch.want_write = write;
}

void
loop_poll_free(struct loop_poll *poll)
{
	if (poll)
		poll->watch.dead = true;
}

/* Nobody sends a signal into virtual time. */
void
loop_on_signal(struct loop *loop, int signo, loop_fn *fn, void *ctx)
{
	(void)loop;
	(void)signo;
	(void)fn;
	(void)ctx;
}

struct loop_idle *
loop_idle_new(struct loop *loop, loop_fn *fn, void *ctx)
{
	struct loop_idle *idle = calloc(1, sizeof(*idle));
	assert(idle);
	watch_link(&idle->watch, loop, WATCH_IDLE, ctx);
	idle->watch.fn = fn;
	return idle;
}

void
loop_idle_once(struct loop_idle *idle)
{
	idle->watch.asked = true;
}

void
loop_idle_free(struct loop_idle *idle)
{
	if (idle)
		idle->watch.dead = true;
}
