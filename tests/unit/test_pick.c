/*
 * test_pick: whether a line may dial a PIN, and if not, why and until when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/pick.h"

enum { NOW = 1000000 };
#define PAUSE INT64_C(1000)

/* A line that may dial. */
static struct pick_case
free_line(void)
{
	return (struct pick_case){.now_ran_ms = NOW,
		.sim = {.max_rejects = 2, .reject_pause_ms = PAUSE},
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
a_pause_waits_for_a_person_before_all_else(void **state)
{
	(void)state;
	struct pick_case c = free_line();
	c.sim.blocked = true;
	c.paused = true;
	expect(c, PICK_PAUSED, PICK_NEVER);
}

static void
a_card_that_waits_for_its_sms_keeps_the_sim(void **state)
{
	(void)state;
	struct pick_case c = free_line();
	c.pending = true;
	c.last_ran_ms = NOW;
	expect(c, PICK_PENDING, PICK_NEVER);
	c.sim.counted = 2;
	c.sim.stopped_ran_ms = NOW;
	expect(c, PICK_LOCKED_OUT, NOW + PAUSE);
}

/* max_rejects is 2, the pause 1000; the last of them ended so long ago. */
static const struct row {
	const char *name;
	struct pick_breaker breaker;
	int64_t ago;
	bool stops;
	int64_t until; /* after it stopped; PICK_NEVER */
} rows[] = {
	{"nothing counts", {.counted = 0}, 0, false, 0},
	{"one may follow one", {.counted = 1}, 0, false, 0},
	{"two are enough", {.counted = 2}, 0, true, PAUSE},
	{"still within the pause", {.counted = 2}, PAUSE - 1, true, PAUSE},
	{"its pause is over: one is tried", {.counted = 2}, PAUSE, false, 0},
	{"the try counted: twice the pause", {.counted = 3}, PAUSE, true,
		2 * PAUSE},
	{"that is over, too", {.counted = 3}, 2 * PAUSE, false, 0},
	{"four times", {.counted = 4}, 2 * PAUSE, true, 4 * PAUSE},
	{"no more than so often", {.counted = 1000}, 0, true,
		PAUSE << PICK_PAUSE_DOUBLINGS},
	{"a person allows one more", {.counted = 2, .one_more = true}, 0, false,
		0},
	{"and it counted", {.counted = 3}, 0, true, 2 * PAUSE},
	{"barred at its first", {.counted = 1, .blocked = true}, 0, true,
		PAUSE},
	{"barred for as long as the pause", {.counted = 1, .blocked = true},
		PAUSE, false, 0},
	{"barred again", {.counted = 2, .blocked = true, .tried = 1}, PAUSE,
		true, 2 * PAUSE},
	{"barred, and a third time",
		{.counted = 3, .blocked = true, .tried = 2}, 0, true,
		4 * PAUSE},
	{"tried after it was free again", {.counted = 1, .tried = 1}, 0, false,
		0},
	{"barred, but a person allows one",
		{.counted = 5, .blocked = true, .one_more = true}, 0, false, 0},
};

static void
the_breaker_is_one_rule_for_sims_and_accounts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pick_breaker b = rows[i].breaker;
		int64_t until = -1;
		b.max_rejects = 2;
		b.reject_pause_ms = PAUSE;
		b.stopped_ran_ms = NOW - rows[i].ago;
		bool stops = pick_breaker_stops(&b, NOW, &until);
		int64_t expected =
			rows[i].stops ? b.stopped_ran_ms + rows[i].until : -1;
		if (stops != rows[i].stops || until != expected)
			fail_msg("%s: %d, until %lld", rows[i].name, stops,
				(long long)until);
	}
}

static void
a_pause_that_never_ends_waits_for_a_person(void **state)
{
	(void)state;
	struct pick_case c = free_line();
	c.sim.counted = 2;
	c.sim.reject_pause_ms = -1;
	expect(c, PICK_LOCKED_OUT, PICK_NEVER);
	c.sim.one_more = true;
	expect(c, PICK_DIAL, NOW);
	c.sim.one_more = false;
	c.sim.reject_pause_ms = INT64_MAX / 2;
	c.sim.counted = 5;
	expect(c, PICK_LOCKED_OUT, PICK_NEVER);
}

static void
a_block_by_the_operator_is_told_apart(void **state)
{
	(void)state;
	struct pick_case c = free_line();
	c.sim.blocked = true;
	c.sim.counted = 1;
	c.sim.stopped_ran_ms = NOW - 10;
	expect(c, PICK_BLOCKED, NOW - 10 + PAUSE);
	c.sim.stopped_ran_ms = NOW - PAUSE;
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
		cmocka_unit_test(a_pause_waits_for_a_person_before_all_else),
		cmocka_unit_test(a_card_that_waits_for_its_sms_keeps_the_sim),
		cmocka_unit_test(the_breaker_is_one_rule_for_sims_and_accounts),
		cmocka_unit_test(a_pause_that_never_ends_waits_for_a_person),
		cmocka_unit_test(a_block_by_the_operator_is_told_apart),
		cmocka_unit_test(pacing_waits_for_the_moment_it_names),
		cmocka_unit_test(hours_and_daily_max_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
