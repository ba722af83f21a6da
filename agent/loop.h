/*
 * loop: timers, descriptors, signals, clocks and programs of the one thread.
 * The one module with libuv. A simulation may put virtual time behind this
 * header.
 */
#ifndef AGENT_LOOP_H
#define AGENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "modem/span.h"

struct loop;
struct loop_timer;
struct loop_poll;

typedef void loop_fn(void *ctx);
typedef void loop_poll_fn(void *ctx, bool readable, bool writable);

struct loop *loop_new(void);
void loop_free(struct loop *loop); /* everything made from it is closed */

/* Runs until loop_stop(); the turn that asked for it is ended first. May be
 * run again: timers and descriptors keep their wishes. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Milliseconds of a clock that never jumps, the same within one turn. */
int64_t loop_now_ms(const struct loop *loop);

/* Wall time in milliseconds since the epoch, UTC. */
int64_t loop_wall_ms(void);

/* Whether the kernel calls its clock synchronised (adjtimex), and it has not
 * jumped lately (agent/clock.h). Hours and dates ask fleet_clock_is_trusted(),
 * which knows more. */
bool loop_clock_is_trusted(void);

/* A timer, not running. The loop owns it. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *ctx);
/* Fires once at that moment of loop_now_ms(); a second call moves it.
 * INT64_MAX stops it. */
void loop_timer_at(struct loop_timer *timer, int64_t at_ms);
void loop_timer_free(struct loop_timer *timer);

/* Watches a descriptor, which stays the caller's and becomes non-blocking,
 * for reading and, where wanted, writing. Errors and hang-ups count as
 * readable, again and again until the caller frees it. Must be freed before
 * the descriptor is closed. NULL when it cannot be watched (a plain file; a
 * descriptor that is watched already). */
struct loop_poll *loop_poll_new(
	struct loop *loop, int fd, loop_poll_fn *fn, void *ctx);
void loop_poll_want(struct loop_poll *poll, bool read, bool write);
void loop_poll_free(struct loop_poll *poll);

/* fn is called in the loop, not in the handler; while it is held, too. */
void loop_on_signal(struct loop *loop, int signo, loop_fn *fn, void *ctx);

/*
 * fn runs last in each turn, before the loop sleeps: the commit. While
 * loop_hold() is on, no descriptor, no slice and no timer but those marked
 * by loop_timer_always() is served.
 */
void loop_on_turn_end(struct loop *loop, loop_fn *fn, void *ctx);
void loop_hold(struct loop *loop, bool on);
void loop_timer_always(struct loop_timer *timer);

/* Runs fn in the next turn, so after this one's commit and after descriptors
 * had their chance: one slice of long work. A second call before it ran does
 * nothing more. */
struct loop_idle;
struct loop_idle *loop_idle_new(struct loop *loop, loop_fn *fn, void *ctx);
void loop_idle_once(struct loop_idle *idle);
void loop_idle_free(struct loop_idle *idle);

/* A program that is run once: without a shell, our environment, or any
 * descriptor of ours. */
struct loop_program {
	const char *path;     /* absolute */
	const char *argument; /* its only one; NULL: none */
	struct span input;    /* all that it can read; copied */
	int64_t limit_ms;     /* then it is ended, with all that it started */
};

struct loop_ended {
	int status;       /* its exit status; 127: it could not be started */
	int signal;       /* that ended it, or 0 */
	bool late;        /* it was ended at its limit */
	const char *said; /* the beginning of its output, printable, one line;
	                     only during the call */
};

typedef void loop_ended_fn(void *ctx, const struct loop_ended *ended);

/* fn comes once, in a later turn, whether or not it could be started; the
 * child is the loop's, and gone after it. */
struct loop_child;
struct loop_child *loop_spawn(struct loop *loop,
	const struct loop_program *program, loop_ended_fn *fn, void *ctx);
/* fn will not come; the program goes on, up to its limit. */
void loop_child_forget(struct loop_child *child);
/* The same, and it is asked to end (SIGTERM), with all that it started. */
void loop_child_end(struct loop_child *child);

#endif
