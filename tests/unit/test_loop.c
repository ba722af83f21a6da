/*
 * The loop on real pipes, signals and clocks. Nothing sleeps: each test runs
 * the loop until what it waits for, and a deadline timer makes it fail.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/loop.h"

enum { DEADLINE_MS = 5000 };

struct fixture {
	struct loop *loop;
	struct loop_timer *deadline;
	struct loop_timer *timer;
	struct loop_poll *poll;
	struct loop_idle *idle;
	int pipe[2];
	int turns;      /* turn ends so far */
	int reads;      /* descriptor events */
	int slices;     /* idle slices */
	int fired;      /* timer callbacks */
	int until;      /* of whatever the test counts */
	int asked_turn; /* turns when a slice was asked for */
	char log[64];   /* one letter an event */
	bool late;
};

static void
note(struct fixture *f, char what)
{
	size_t len = strlen(f->log);

	if (len + 1 < sizeof(f->log))
		f->log[len] = what;
}

static void
on_deadline(void *ctx)
{
	struct fixture *f = ctx;

	f->late = true;
	loop_stop(f->loop);
}

static void
on_turn_end(void *ctx)
{
	struct fixture *f = ctx;

	f->turns++;
	note(f, 'T');
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(pipe(f->pipe), 0);
	f->loop = loop_new();
	loop_on_turn_end(f->loop, on_turn_end, f);
	f->deadline = loop_timer_new(f->loop, on_deadline, f);
	loop_timer_always(f->deadline);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	loop_free(f->loop);
	close(f->pipe[0]);
	if (f->pipe[1] >= 0)
		close(f->pipe[1]);
	free(f);
	return 0;
}

static void
run(struct fixture *f)
{
	loop_timer_at(f->deadline, loop_now_ms(f->loop) + DEADLINE_MS);
	loop_run(f->loop);
	assert_false(f->late);
}

static void
feed(struct fixture *f)
{
	assert_int_equal(write(f->pipe[1], "x", 1), 1);
}

static void
on_readable(void *ctx, bool readable, bool writable)
{
	struct fixture *f = ctx;
	char byte;

	assert_true(readable);
	assert_false(writable);
	assert_int_equal(read(f->pipe[0], &byte, 1), 1);
	f->reads++;
	note(f, 'r');
	if (f->reads == f->until)
		loop_stop(f->loop);
}

static void
on_timer_feeds(void *ctx)
{
	struct fixture *f = ctx;

	f->fired++;
	note(f, 't');
	feed(f);
}

static void
turn_end_follows_each_event_before_the_loop_sleeps(void **state)
{
	struct fixture *f = *state;

	f->until = 1;
	f->poll = loop_poll_new(f->loop, f->pipe[0], on_readable, f);
	assert_non_null(f->poll);
	f->timer = loop_timer_new(f->loop, on_timer_feeds, f);
	loop_timer_at(f->timer, loop_now_ms(f->loop) + 2);
	run(f);
	/* Some turns may be empty; after the timer and after the descriptor
	 * a turn end comes before anything else, and last of all. */
	assert_non_null(strstr(f->log, "tT"));
	assert_string_equal(strstr(f->log, "r"), "rT");
}

static void
nothing_is_served_between_last_turn_end_and_return(void **state)
{
	struct fixture *f = *state;

	f->until = 1;
	f->poll = loop_poll_new(f->loop, f->pipe[0], on_readable, f);
	feed(f);
	feed(f);
	run(f);
	assert_int_equal(f->reads, 1);
	f->until = 2;
	run(f); /* what was left is served by the next run */
	assert_int_equal(f->reads, 2);
}

static void
on_timer_again(void *ctx)
{
	struct fixture *f = ctx;

	f->fired++;
	note(f, 't');
	if (f->fired == f->until)
		loop_stop(f->loop);
	else
		loop_timer_at(f->timer, loop_now_ms(f->loop));
}

static void
timer_set_to_now_by_itself_lets_the_turn_end(void **state)
{
	struct fixture *f = *state;

	f->until = 5;
	f->timer = loop_timer_new(f->loop, on_timer_again, f);
	loop_timer_at(f->timer, loop_now_ms(f->loop) - 1000);
	run(f);
	assert_null(strstr(f->log, "tt"));
	assert_true(f->turns >= 5);
}

static void
on_slice_again(void *ctx)
{
	struct fixture *f = ctx;

	f->slices++;
	note(f, 's');
	assert_true(f->turns > f->asked_turn);
	f->asked_turn = f->turns;
	loop_idle_once(f->idle);
	loop_idle_once(f->idle); /* does nothing more */
	if (f->slices <= 10)
		feed(f);
}

static void
slices_give_descriptors_their_turn(void **state)
{
	struct fixture *f = *state;

	f->until = 10;
	f->poll = loop_poll_new(f->loop, f->pipe[0], on_readable, f);
	f->idle = loop_idle_new(f->loop, on_slice_again, f);
	f->asked_turn = f->turns;
	loop_idle_once(f->idle);
	run(f);
	assert_int_equal(f->reads, 10);
	/* Between two slices lie a turn end and the descriptor. */
	assert_null(strstr(f->log, "ss"));
	assert_non_null(strstr(f->log, "sTrsTr"));
}

static void
on_slice_stops(void *ctx)
{
	struct fixture *f = ctx;

	f->slices++;
	assert_true(f->turns > f->asked_turn);
	loop_stop(f->loop);
}

static void
on_timer_asks(void *ctx)
{
	struct fixture *f = ctx;

	f->asked_turn = f->turns;
	loop_idle_once(f->idle);
}

static void
slice_runs_after_the_commit_of_the_turn_that_asked(void **state)
{
	struct fixture *f = *state;

	f->idle = loop_idle_new(f->loop, on_slice_stops, f);
	f->timer = loop_timer_new(f->loop, on_timer_asks, f);
	loop_timer_at(f->timer, loop_now_ms(f->loop) + 1);
	run(f);
	assert_int_equal(f->slices, 1);
}

static void
on_always_releases(void *ctx)
{
	struct fixture *f = ctx;

	/* All of these were due all the time. */
	assert_int_equal(f->reads, 0);
	assert_int_equal(f->fired, 0);
	assert_int_equal(f->slices, 0);
	loop_hold(f->loop, false);
}

static void
on_timer_counts(void *ctx)
{
	struct fixture *f = ctx;

	f->fired++;
	if (f->fired && f->reads && f->slices)
		loop_stop(f->loop);
}

static void
on_slice_counts(void *ctx)
{
	struct fixture *f = ctx;

	f->slices++;
	loop_timer_at(f->timer, loop_now_ms(f->loop) + 1);
}

static void
held_loop_serves_only_timers_marked_always(void **state)
{
	struct fixture *f = *state;
	struct loop_timer *always =
		loop_timer_new(f->loop, on_always_releases, f);

	loop_timer_always(always);
	f->timer = loop_timer_new(f->loop, on_timer_counts, f);
	f->idle = loop_idle_new(f->loop, on_slice_counts, f);
	f->poll = loop_poll_new(f->loop, f->pipe[0], on_readable, f);
	loop_hold(f->loop, true);
	loop_idle_once(f->idle);
	loop_timer_at(f->timer, loop_now_ms(f->loop));
	feed(f);
	loop_timer_at(always, loop_now_ms(f->loop) + 20);
	run(f);
	assert_int_equal(f->reads, 1);
	assert_int_equal(f->slices, 1);
	/* It was not spinning while it was held. */
	assert_true(f->turns < 20);
	loop_timer_free(always);
}

static void
on_turn_end_holds(void *ctx)
{
	struct fixture *f = ctx;

	f->turns++;
	if (f->turns == 1) {
		feed(f);
		loop_hold(f->loop, true);
	}
}

static void
hold_at_turn_end_stops_the_poll_that_follows(void **state)
{
	struct fixture *f = *state;
	struct loop_timer *always =
		loop_timer_new(f->loop, on_always_releases, f);

	loop_on_turn_end(f->loop, on_turn_end_holds, f);
	loop_timer_always(always);
	f->until = 1;
	f->poll = loop_poll_new(f->loop, f->pipe[0], on_readable, f);
	loop_timer_at(always, loop_now_ms(f->loop) + 20);
	run(f);
	assert_int_equal(f->reads, 1);
	loop_timer_free(always);
}

static void
on_never(void *ctx)
{
	(void)ctx;
	fail_msg("a timer that was stopped fired");
}

static void
on_timer_stops(void *ctx)
{
	struct fixture *f = ctx;

	f->fired++;
	loop_timer_free(f->timer);
	loop_stop(f->loop);
}

static void
timer_is_moved_stopped_and_freed_in_its_own_callback(void **state)
{
	struct fixture *f = *state;
	struct loop_timer *never = loop_timer_new(f->loop, on_never, f);
	int64_t began_ms = loop_now_ms(f->loop);

	loop_timer_at(never, began_ms);
	loop_timer_at(never, INT64_MAX);
	f->timer = loop_timer_new(f->loop, on_timer_stops, f);
	loop_timer_at(f->timer, began_ms);
	loop_timer_at(f->timer, began_ms + 15);
	run(f);
	assert_int_equal(f->fired, 1);
	assert_true(loop_now_ms(f->loop) >= began_ms + 15);
	loop_timer_free(never);
	loop_timer_free(NULL);
}

static void
on_hang_up(void *ctx, bool readable, bool writable)
{
	struct fixture *f = ctx;
	char byte;

	(void)writable;
	assert_true(readable);
	assert_int_equal(read(f->pipe[0], &byte, 1), 0);
	f->reads++;
	if (f->reads < f->until)
		return; /* told again, until it is freed */
	loop_poll_free(f->poll);
	loop_stop(f->loop);
}

static void
hang_up_counts_as_readable_until_freed(void **state)
{
	struct fixture *f = *state;

	f->until = 3;
	f->poll = loop_poll_new(f->loop, f->pipe[0], on_hang_up, f);
	close(f->pipe[1]);
	f->pipe[1] = -1;
	run(f);
	assert_int_equal(f->reads, 3);
}

static void
on_error(void *ctx, bool readable, bool writable)
{
	struct fixture *f = ctx;

	(void)writable;
	assert_true(readable);
	f->reads++;
	if (f->reads == f->until)
		loop_stop(f->loop);
}

static void
error_counts_as_readable_and_is_told_again(void **state)
{
	struct fixture *f = *state;

	/* A pipe without readers gives its writer an error. */
	f->until = 3;
	close(f->pipe[0]);
	f->pipe[0] = dup(f->pipe[1]);
	f->poll = loop_poll_new(f->loop, f->pipe[1], on_error, f);
	run(f);
	assert_int_equal(f->reads, 3);
	loop_poll_free(f->poll);
}

static void
on_writable(void *ctx, bool readable, bool writable)
{
	struct fixture *f = ctx;

	assert_false(readable);
	assert_true(writable);
	f->reads++;
	loop_poll_want(f->poll, /* read */ false, /* write */ false);
	loop_timer_at(f->timer, loop_now_ms(f->loop) + 5);
}

static void
on_timer_ends(void *ctx)
{
	struct fixture *f = ctx;

	loop_stop(f->loop);
}

static void
descriptor_is_served_only_for_what_is_wanted(void **state)
{
	struct fixture *f = *state;

	f->timer = loop_timer_new(f->loop, on_timer_ends, f);
	f->poll = loop_poll_new(f->loop, f->pipe[1], on_writable, f);
	loop_poll_want(f->poll, /* read */ false, /* write */ true);
	run(f);
	assert_int_equal(f->reads, 1);
	loop_poll_free(f->poll);
}

static void
on_timer_kills(void *ctx)
{
	(void)ctx;
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
}

static void
on_user_signal(void *ctx)
{
	struct fixture *f = ctx;

	f->fired++;
	loop_stop(f->loop);
}

static void
signal_is_served_while_the_loop_is_held(void **state)
{
	struct fixture *f = *state;

	loop_on_signal(f->loop, SIGUSR1, on_user_signal, f);
	f->timer = loop_timer_new(f->loop, on_timer_kills, f);
	loop_timer_always(f->timer);
	loop_hold(f->loop, true);
	loop_timer_at(f->timer, loop_now_ms(f->loop) + 1);
	run(f);
	assert_int_equal(f->fired, 1);
}

static void
plain_file_cannot_be_watched(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/test_loop.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_null(loop_poll_new(f->loop, fd, on_error, f));
	close(fd);
	unlink(path);
	loop_poll_free(NULL);
	loop_idle_free(NULL);
	loop_free(NULL);
}

static void
clocks_tell_plausible_times(void **state)
{
	(void)state;
	assert_true(loop_wall_ms() > INT64_C(1600000000000));
	print_message("the kernel's clock is %ssynchronised\n",
		loop_clock_is_trusted() ? "" : "not ");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(turn_end_follows_each_event_before_the_loop_sleeps),
		CASE(nothing_is_served_between_last_turn_end_and_return),
		CASE(timer_set_to_now_by_itself_lets_the_turn_end),
		CASE(slices_give_descriptors_their_turn),
		CASE(slice_runs_after_the_commit_of_the_turn_that_asked),
		CASE(held_loop_serves_only_timers_marked_always),
		CASE(hold_at_turn_end_stops_the_poll_that_follows),
		CASE(timer_is_moved_stopped_and_freed_in_its_own_callback),
		CASE(hang_up_counts_as_readable_until_freed),
		CASE(error_counts_as_readable_and_is_told_again),
		CASE(descriptor_is_served_only_for_what_is_wanted),
		CASE(signal_is_served_while_the_loop_is_held),
		CASE(plain_file_cannot_be_watched),
		CASE(clocks_tell_plausible_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
