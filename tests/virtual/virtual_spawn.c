/*
 * virtual_spawn: programs in virtual time: a test says how long each takes
 * and how it ends. It must never start one.
 */
#include <assert.h>
#include <stdlib.h>

#include "agent/loop.h"
#include "tests/virtual/virtual.h"

struct loop_child {
	struct loop_timer *timer;
	loop_ended_fn *fn;
	void *ctx;
	struct loop_ended ended;
};

static struct {
	virtual_program_fn *fn;
	void *ctx;
} programs;

void
virtual_on_program(virtual_program_fn *fn, void *ctx)
{
	programs.fn = fn;
	programs.ctx = ctx;
}

static void
on_end(void *ctx)
{
	struct loop_child *child = ctx;
	if (child->fn)
		child->fn(child->ctx, &child->ended);
	loop_timer_free(child->timer);
	free(child);
}

struct loop_child *
loop_spawn(struct loop *loop, const struct loop_program *program,
	loop_ended_fn *fn, void *ctx)
{
	struct virtual_program run = {.takes_ms = 0};
	struct loop_child *child = calloc(1, sizeof(*child));
	assert(child && program->path[0] == '/');
	if (programs.fn)
		run = programs.fn(programs.ctx, program);
	*child = (struct loop_child){.fn = fn,
		.ctx = ctx,
		.ended = {.status = run.status, .said = ""}};
	if (run.takes_ms > program->limit_ms) {
		run.takes_ms = program->limit_ms;
		child->ended.status = 0;
		child->ended.signal = 15; /* SIGTERM */
		child->ended.late = true;
	}
	child->timer = loop_timer_new(loop, on_end, child);
	loop_timer_at(child->timer, loop_now_ms(loop) + run.takes_ms);
	return child;
}

void
loop_child_forget(struct loop_child *child)
{
	if (child)
		child->fn = NULL;
}

void
loop_child_end(struct loop_child *child)
{
	loop_child_forget(child); /* nothing was started */
}
