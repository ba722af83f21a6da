/*
 * clock: when the wall clock is believed. Each story is a row of looks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/clock.h"

/* In seconds: how long after the look before, and by how much the wall
 * clock was set meanwhile. */
struct look {
	int64_t after, set_by;
	bool synced, believed;
};

enum { LOOKS_MAX = 8, HOUR = 3600 };
#define DAY INT64_C(86400)

struct story {
	const char *what;
	struct look looks[LOOKS_MAX]; /* a zero after ends them */
};

static const struct story stories[] = {
	{"a clock that runs is believed while it is synchronised",
		{{1, 0, true, true}, {HOUR, 0, true, true},
			{DAY, 0, false, false}, {DAY, 0, true, true}}},
	{"a clock that nobody synchronises is not believed",
		{{1, 0, false, false}, {DAY, 0, false, false}}},
	{"slewing is no jump, over a month either",
		{{1, 0, true, true}, {30 * DAY, 1296, true, true},
			{30 * DAY, -1296, true, true}}},
	{"small steps are no jump",
		{{1, 0, true, true}, {1, 60, true, true}, {1, -60, true, true},
			{1, 119, true, true}}},
	{"a jump forward is doubted for ten minutes",
		{{1, 0, true, true}, {1, DAY, true, false},
			{300, 0, true, false}, {299, 0, true, false},
			{1, 0, true, true}}},
	{"a jump backward is doubted for ten minutes",
		{{1, 0, true, true}, {1, -HOUR, true, false},
			{599, 0, true, false}, {1, 0, true, true}}},
	{"each jump begins the doubt anew",
		{{1, 0, true, true}, {1, HOUR, true, false},
			{500, -HOUR, true, false}, {599, 0, true, false},
			{1, 0, true, true}}},
	{"the jump that synchronises is what was waited for",
		{{1, 0, false, false}, {30, 20000 * DAY, true, true},
			{1, 0, true, true}}},
	{"synchronised anew ends the doubt",
		{{1, 0, true, true}, {1, DAY, true, false},
			{5, 0, false, false}, {5, -DAY, true, true}}},
	{"a clock that somebody set is not synchronised, and not believed",
		{{1, 0, true, true}, {1, DAY, false, false},
			{HOUR, 0, false, false}, {5, -DAY, true, true}}},
	{"a jump long after the last look is one too",
		{{1, 0, true, true}, {DAY, 207, true, false},
			{600, 0, true, true}, {DAY, 206, true, true}}},
};

static void
tell(const struct story *story)
{
	struct clock_watch watch = {.looked = false};
	struct clock_sight now = {.wall_ms = 1700000000000, .steady_ms = 5000};
	for (size_t i = 0; i < LOOKS_MAX && story->looks[i].after > 0; i++) {
		const struct look *look = &story->looks[i];
		now.steady_ms += look->after * 1000;
		now.wall_ms += (look->after + look->set_by) * 1000;
		now.synced = look->synced;
		if (clock_look(&watch, &now) != look->believed)
			fail_msg("%s: look %zu", story->what, i);
	}
}

static void
wall_clock_is_believed_only_while_it_runs_as_the_steady_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++)
		tell(&stories[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			wall_clock_is_believed_only_while_it_runs_as_the_steady_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
