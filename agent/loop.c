/*
 * loop: libuv behind the words of loop.h. The turn end is a prepare handle:
 * libuv runs timers, idle, prepare, and then polls (1.44) or polls and then
 * runs timers (since 1.45); in both nothing lies between prepare and sleep.
 * It must never let an event in between the last turn end and the return of
 * loop_run(), nor while the loop is held.
 */
#include "agent/loop.h"

#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>

#include <uv.h>

#include "agent/clock.h"
#include "agent/loop_private.h"

enum watch_kind { WATCH_TIMER, WATCH_POLL, WATCH_IDLE, WATCH_SIGNAL };

/*
 * Anything that can wake the loop: what its owner wishes, and the handle.
 * 1. Linked in loop->watches from its making until it is closed.
 * 2. The handle is active only as watch_apply() says; the wishes survive
 *    a hold and a stop.
 * 3. Freed in the handle's close callback only.
 */
struct watch {
	union {
		uv_handle_t any;
		uv_timer_t timer;
		uv_poll_t poll;
		uv_idle_t idle;
		uv_signal_t signal;
	} uv;
	enum watch_kind kind;
	struct loop *loop;
	struct watch *next, **link;
	loop_fn *fn;
	loop_poll_fn *poll_fn;
	void *ctx;
	bool always;         /* served while the loop is held */
	int64_t at_ms;       /* timer; INT64_MAX: not running */
	int want, active;    /* poll: UV_READABLE, UV_WRITABLE */
	bool asked;          /* idle */
	uint64_t asked_turn; /* idle: runs only in a later one */
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
	uv_loop_t uv;
	uv_prepare_t turn_end;
	struct watch *watches;
	struct loop_child *children;
	loop_fn *fn;
	void *ctx;
	uint64_t turn;
	bool held;
	bool stop_wanted;
	bool stopped;   /* after the last turn end of a run */
	bool in_timers; /* inside a timer's callback */
};

static void
must(bool ok)
{
	if (!ok)
		abort(); /* out of memory or descriptors while starting */
}

/* ---- what is served --------------------------------------------------- */

static void
on_timer(uv_timer_t *handle)
{
	struct watch *w = handle->data;
	struct loop *loop = w->loop;

	if (loop->stopped)
		return; /* loop_run() takes it up again */
	w->at_ms = INT64_MAX;
	loop->in_timers = true;
	w->fn(w->ctx);
	loop->in_timers = false;
}

static void watch_apply(struct watch *w);

static void
on_poll(uv_poll_t *handle, int status, int events)
{
	struct watch *w = handle->data;

	if (w->loop->stopped)
		return; /* level-triggered: it comes again */
	if (status < 0) {
		/* libuv has stopped the handle; the owner finds out by
		 * reading what is wrong. */
		w->active = 0;
		events = w->want | UV_READABLE;
	}
	w->poll_fn(w->ctx, (events & UV_READABLE) != 0,
		(events & UV_WRITABLE) != 0);
	if (!uv_is_closing(&w->uv.any))
		watch_apply(w);
}

static void
on_idle(uv_idle_t *handle)
{
	struct watch *w = handle->data;

	if (!w->asked || w->asked_turn == w->loop->turn)
		return;
	w->asked = false;
	w->fn(w->ctx);
	if (!uv_is_closing(&w->uv.any))
		watch_apply(w);
}

static void
on_signal(uv_signal_t *handle, int signo)
{
	struct watch *w = handle->data;

	(void)signo;
	w->fn(w->ctx);
}

static void
timer_apply(struct watch *w, bool served)
{
	int64_t delay_ms;

	if (!served || w->at_ms == INT64_MAX) {
		(void)uv_timer_stop(&w->uv.timer); /* cannot fail */
		return;
	}
	delay_ms = w->at_ms - loop_now_ms(w->loop);
	if (w->at_ms <= loop_now_ms(w->loop))
		delay_ms = 0;
	/* libuv 1.44 runs a timer set to "now" inside a timer's callback
	 * before it goes on to prepare: a turn could then never end. */
	if (delay_ms == 0 && w->loop->in_timers)
		delay_ms = 1;
	(void)uv_timer_start(
		&w->uv.timer, on_timer, (uint64_t)delay_ms, /* repeat */ 0);
}

static void
poll_apply(struct watch *w, bool served)
{
	int events = served ? w->want : 0;

	if (events == w->active)
		return;
	/* With no events it only stops. */
	must(uv_poll_start(&w->uv.poll, events, on_poll) == 0);
	w->active = events;
}

/* Brings the handle into accord with the wishes and with hold and stop. */
static void
watch_apply(struct watch *w)
{
	struct loop *loop = w->loop;
	bool served = !loop->stopped && (!loop->held || w->always);

	switch (w->kind) {
	case WATCH_TIMER:
		timer_apply(w, served);
		break;
	case WATCH_POLL:
		poll_apply(w, served);
		break;
	case WATCH_IDLE:
		/* An active idle handle keeps the loop from sleeping. */
		if (served && w->asked)
			(void)uv_idle_start(&w->uv.idle, on_idle);
		else
			(void)uv_idle_stop(&w->uv.idle);
		break;
	case WATCH_SIGNAL:
		break; /* always served: a person must be able to stop us */
	}
}

static void
watches_apply(struct loop *loop)
{
	for (struct watch *w = loop->watches; w; w = w->next)
		watch_apply(w);
}

static void
watch_link(struct watch *w, struct loop *loop, enum watch_kind kind, void *ctx)
{
	w->kind = kind;
	w->loop = loop;
	w->ctx = ctx;
	w->at_ms = INT64_MAX;
	w->uv.any.data = w;
	w->next = loop->watches;
	w->link = &loop->watches;
	if (w->next)
		w->next->link = &w->next;
	loop->watches = w;
}

static void
on_closed(uv_handle_t *handle)
{
	/* The watch is the first member of each of its wrappers. */
	free(handle->data);
}

static void
watch_close(struct watch *w)
{
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
	/* Stops at once; only the memory has to wait for the callback. */
	uv_close(&w->uv.any, on_closed);
}

/* ---- the loop --------------------------------------------------------- */

static void
on_prepare(uv_prepare_t *handle)
{
	struct loop *loop = handle->data;

	if (loop->fn)
		loop->fn(loop->ctx);
	loop->turn++;
	if (!loop->stop_wanted)
		return;
	/* libuv polls once more before it returns: what it would bring then
	 * would miss its turn end. */
	loop->stopped = true;
	watches_apply(loop);
	uv_stop(&loop->uv);
}

struct loop *
loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	must(loop != NULL);
	must(uv_loop_init(&loop->uv) == 0);
	must(uv_prepare_init(&loop->uv, &loop->turn_end) == 0);
	loop->turn_end.data = loop;
	must(uv_prepare_start(&loop->turn_end, on_prepare) == 0);
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (!loop)
		return;
	loop_spawn_fini(loop);
	while (loop->watches)
		watch_close(loop->watches);
	uv_close((uv_handle_t *)&loop->turn_end, NULL);
	/* Nothing is left but close callbacks. */
	(void)uv_run(&loop->uv, UV_RUN_DEFAULT);
	must(uv_loop_close(&loop->uv) == 0);
	free(loop);
}

uv_loop_t *
loop_uv(struct loop *loop)
{
	return &loop->uv;
}

struct loop_child **
loop_children(struct loop *loop)
{
	return &loop->children;
}

void
loop_run(struct loop *loop)
{
	uv_update_time(&loop->uv);
	loop->stop_wanted = false;
	loop->stopped = false;
	watches_apply(loop);
	(void)uv_run(&loop->uv, UV_RUN_DEFAULT); /* says what is left open */
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
	if (loop->held == on)
		return;
	loop->held = on;
	watches_apply(loop);
}

/* ---- clocks ----------------------------------------------------------- */

int64_t
loop_now_ms(const struct loop *loop)
{
	return (int64_t)uv_now(&loop->uv);
}

int64_t
loop_wall_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool
clock_is_synced(void)
{
	struct timex clock = {.modes = 0}; /* only reads */
	int state = adjtimex(&clock);

	return state >= 0 && state != TIME_ERROR &&
	       !(clock.status & STA_UNSYNC);
}

bool
loop_clock_is_trusted(void)
{
	static struct clock_watch watch; /* there is one clock */
	struct timespec steady;

	/* Counts suspended time, as the wall clock does. Cannot fail. */
	(void)clock_gettime(CLOCK_BOOTTIME, &steady);
	return clock_look(
		&watch, &(struct clock_sight){.wall_ms = loop_wall_ms(),
				.steady_ms = (int64_t)steady.tv_sec * 1000 +
	                                     steady.tv_nsec / 1000000,
				.synced = clock_is_synced()});
}

/* ---- timers, descriptors, signals, slices ------------------------------ */

struct loop_timer *
loop_timer_new(struct loop *loop, loop_fn *fn, void *ctx)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	must(timer != NULL);
	must(uv_timer_init(&loop->uv, &timer->watch.uv.timer) == 0);
	watch_link(&timer->watch, loop, WATCH_TIMER, ctx);
	timer->watch.fn = fn;
	return timer;
}

void
loop_timer_at(struct loop_timer *timer, int64_t at_ms)
{
	timer->watch.at_ms = at_ms;
	watch_apply(&timer->watch);
}

void
loop_timer_always(struct loop_timer *timer)
{
	timer->watch.always = true;
	watch_apply(&timer->watch);
}

void
loop_timer_free(struct loop_timer *timer)
{
	if (timer)
		watch_close(&timer->watch);
}

struct loop_poll *
loop_poll_new(struct loop *loop, int fd, loop_poll_fn *fn, void *ctx)
{
	struct loop_poll *poll = calloc(1, sizeof(*poll));

	must(poll != NULL);
	if (uv_poll_init(&loop->uv, &poll->watch.uv.poll, fd) != 0) {
		free(poll);
		return NULL;
	}
	watch_link(&poll->watch, loop, WATCH_POLL, ctx);
	poll->watch.poll_fn = fn;
	loop_poll_want(poll, /* read */ true, /* write */ false);
	return poll;
}

void
loop_poll_want(struct loop_poll *poll, bool read, bool write)
{
	poll->watch.want = (read ? UV_READABLE : 0) | (write ? UV_WRITABLE : 0);
	watch_apply(&poll->watch);
}

void
loop_poll_free(struct loop_poll *poll)
{
	if (poll)
		watch_close(&poll->watch);
}

void
loop_on_signal(struct loop *loop, int signo, loop_fn *fn, void *ctx)
{
	struct watch *w = calloc(1, sizeof(*w));

	must(w != NULL);
	must(uv_signal_init(&loop->uv, &w->uv.signal) == 0);
	watch_link(w, loop, WATCH_SIGNAL, ctx);
	w->fn = fn;
	must(uv_signal_start(&w->uv.signal, on_signal, signo) == 0);
}

struct loop_idle *
loop_idle_new(struct loop *loop, loop_fn *fn, void *ctx)
{
	struct loop_idle *idle = calloc(1, sizeof(*idle));

	must(idle != NULL);
	must(uv_idle_init(&loop->uv, &idle->watch.uv.idle) == 0);
	watch_link(&idle->watch, loop, WATCH_IDLE, ctx);
	idle->watch.fn = fn;
	return idle;
}

void
loop_idle_once(struct loop_idle *idle)
{
	if (idle->watch.asked)
		return;
	idle->watch.asked = true;
	idle->watch.asked_turn = idle->watch.loop->turn;
	watch_apply(&idle->watch);
}

void
loop_idle_free(struct loop_idle *idle)
{
	if (idle)
		watch_close(&idle->watch);
}
