/*
 * turn_loop: agent/loop.h as a variable, and a log that only counts. For the
 * tests of turn alone.
 */
#ifndef TESTS_UNIT_TURN_LOOP_H
#define TESTS_UNIT_TURN_LOOP_H

#include "agent/log.h"
#include "agent/loop.h"

enum { TIMERS_MAX = 8 };

struct loop_timer {
	loop_fn *fn;
	void *ctx;
	int64_t at_ms;
	bool always;
};

struct loop_idle {
	bool asked;
};

struct loop {
	int64_t now_ms;
	bool held;
	loop_fn *end;
	void *end_ctx;
	struct loop_timer timers[TIMERS_MAX];
	size_t timer_count;
	struct loop_idle idle;
};

static unsigned error_lines;

void
log_line(enum log_level level, const char *format, ...)
{
	(void)format;
	error_lines += level == LOG_AT_ERROR;
}

int64_t
loop_now_ms(const struct loop *loop)
{
	return loop->now_ms;
}

int64_t
loop_wall_ms(void)
{
	return 1700000000000;
}

struct loop_timer *
loop_timer_new(struct loop *loop, loop_fn *fn, void *ctx)
{
	assert_true(loop->timer_count < TIMERS_MAX);
	struct loop_timer *timer = &loop->timers[loop->timer_count++];
	*timer = (struct loop_timer){fn, ctx, INT64_MAX, false};
	return timer;
}

void
loop_timer_at(struct loop_timer *timer, int64_t at_ms)
{
	timer->at_ms = at_ms;
}

void
loop_timer_free(struct loop_timer *timer)
{
	timer->at_ms = INT64_MAX;
}

void
loop_timer_always(struct loop_timer *timer)
{
	timer->always = true;
}

void
loop_on_turn_end(struct loop *loop, loop_fn *fn, void *ctx)
{
	loop->end = fn;
	loop->end_ctx = ctx;
}

void
loop_hold(struct loop *loop, bool on)
{
	loop->held = on;
}

struct loop_idle *
loop_idle_new(struct loop *loop, loop_fn *fn, void *ctx)
{
	(void)fn;
	(void)ctx;
	return &loop->idle;
}

void
loop_idle_once(struct loop_idle *idle)
{
	idle->asked = true;
}

void
loop_idle_free(struct loop_idle *idle)
{
	idle->asked = false;
}

/* The rest of a turn: what is due, and its end. */
static void
end_turn_at(struct loop *loop, int64_t now_ms)
{
	loop->now_ms = now_ms;
	loop->idle.asked = false;
	for (size_t i = 0; i < loop->timer_count; i++) {
		struct loop_timer *timer = &loop->timers[i];
		if (timer->at_ms > now_ms || (loop->held && !timer->always))
			continue;
		timer->at_ms = INT64_MAX;
		timer->fn(timer->ctx);
	}
	loop->end(loop->end_ctx);
}

#endif
