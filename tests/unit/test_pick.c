/*
 * test_pick: whether a line may dial a PIN, and if not, why and until when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/pick.h"

enum { NOW = 1000000, PAUSE = 1000 };

/* A line that may dial. */
static struct pick_case
free_line(void)
{
	return (struct pick_case){.now_ran_ms = NOW,
		.max_rejects = 2,
		.reject_pause_ms = PAUSE,
		.min_interval_ms = 500,
		.hours_allow = true,
		.clock_trusted = true};
}

static void
expect(struct pick_case c, enum pick_answer answer, int64_t until)
{
	int64_t got = -1;
	assert_int_equal(pick_line(&c, &got), answer);
	assert_true(got == until);
}

static void
a_line_with_nothing_against_it_dials_now(void **state)
{
	(void)state;
	expect(free_line(), PICK_DIAL, NOW);
}

static void
a_pause_and_an_unsettled_attempt_wait_for_a_person(void **state)
{
	(void)state;
	struct pick_case c = free_line();
	c.unsettled = 1;
	expect(c, PICK_UNSETTLED, PICK_NEVER);
	c.one_more = true;
	expect(c, PICK_UNSETTLED, PICK_NEVER);
	c.paused = true;
	expect(c, PICK_PAUSED, PICK_NEVER);
}

static void
the_breaker_stops_before_max_rejects_is_passed(void **state)
{
	(void)state;
	struct pick_case c = free_line();
	c.stopped_ran_ms = NOW - 1;
	c.counted = 1;
	expect(c, PICK_DIAL, NOW);
	c.counted = 2;
	expect(c, PICK_LOCKED_OUT, NOW - 1 + PAUSE);
	c.max_rejects = 0; /* then no PIN at all, but for a person */
	c.counted = 0;
	expect(c, PICK_LOCKED_OUT, NOW - 1 + PAUSE);
}

static void
an_unlock_allows_a_pin_through_the_breaker_and_a_block(void **state)
{
	(void)state;
	struct pick_case c = free_line();
	c.stopped_ran_ms = NOW;
	c.counted = 5;
	c.blocked = true;
	c.one_more = true;
	expect(c, PICK_DIAL, NOW);
}

static void
a_pause_that_is_over_lets_one_pin_try_and_doubles_with_each(void **state)
{
	(void)state;
	struct pick_case c = free_line();
	c.stopped_ran_ms = NOW - PAUSE;
	c.counted = 2;
	expect(c, PICK_DIAL, NOW);
	c.counted = 3;
	expect(c, PICK_LOCKED_OUT, NOW - PAUSE + 2 * PAUSE);
	c.counted = 4;
	expect(c, PICK_LOCKED_OUT, NOW - PAUSE + 4 * PAUSE);
	c.counted = 1000;
	expect(c, PICK_LOCKED_OUT,
		NOW - PAUSE + ((int64_t)PAUSE << PICK_PAUSE_DOUBLINGS));
}

static void
a_pause_that_never_ends_waits_for_a_person(void **state)
{
	(void)state;
	struct pick_case c = free_line();
	c.counted = 2;
	c.reject_pause_ms = -1;
	expect(c, PICK_LOCKED_OUT, PICK_NEVER);
	c.reject_pause_ms = INT64_MAX / 2;
	c.counted = 5;
	expect(c, PICK_LOCKED_OUT, PICK_NEVER);
}

static void
a_block_by_the_operator_lasts_as_long_as_the_pause(void **state)
{
	(void)state;
	struct pick_case c = free_line();
	c.blocked = true;
	c.counted = 1;
	c.stopped_ran_ms = NOW - 10;
	expect(c, PICK_BLOCKED, NOW - 10 + PAUSE);
	c.stopped_ran_ms = NOW - PAUSE;
	expect(c, PICK_DIAL, NOW);
}

static void
pacing_waits_for_the_moment_it_names(void **state)
{
	(void)state;
	struct pick_case c = free_line();
	c.last_ran_ms = NOW - 499;
	expect(c, PICK_INTERVAL, NOW + 1);
	c.last_ran_ms = NOW - 500;
	expect(c, PICK_DIAL, NOW);
	c.quiet_until_ran_ms = NOW + 7;
	expect(c, PICK_QUIET, NOW + 7);
	c.quiet_until_ran_ms = NOW;
	expect(c, PICK_DIAL, NOW);
}

static void
hours_and_daily_max_are_kept(void **state)
{
	(void)state;
	struct pick_case c = free_line();
	c.has_hours = true;
	expect(c, PICK_DIAL, NOW);
	c.hours_allow = false;
	c.hours_open_ran_ms = NOW + 60;
	expect(c, PICK_HOURS, NOW + 60);
	c.clock_trusted = false;
	expect(c, PICK_CLOCK, PICK_NEVER);
	c = free_line();
	c.clock_trusted = false; /* all hours: no clock is needed */
	expect(c, PICK_DIAL, NOW);
	c.daily_max = 3;
	c.dialled_today = 2;
	c.next_day_ran_ms = NOW + 99;
	expect(c, PICK_DIAL, NOW);
	c.dialled_today = 3;
	expect(c, PICK_DAILY_MAX, NOW + 99);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_with_nothing_against_it_dials_now),
		cmocka_unit_test(
			a_pause_and_an_unsettled_attempt_wait_for_a_person),
		cmocka_unit_test(
			the_breaker_stops_before_max_rejects_is_passed),
		cmocka_unit_test(
			an_unlock_allows_a_pin_through_the_breaker_and_a_block),
		cmocka_unit_test(
			a_pause_that_is_over_lets_one_pin_try_and_doubles_with_each),
		cmocka_unit_test(a_pause_that_never_ends_waits_for_a_person),
		cmocka_unit_test(
			a_block_by_the_operator_lasts_as_long_as_the_pause),
		cmocka_unit_test(pacing_waits_for_the_moment_it_names),
		cmocka_unit_test(hours_and_daily_max_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
