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

/* Words of networks, in seconds: how old each is, and how far the wall clock
 * is ahead of it. */
enum { WORDS_MAX = 3, NOW_S = 1000000, WALL_S = 1800000000 };

static const struct {
	const char *what;
	struct {
		int64_t age, ahead;
	} words[WORDS_MAX];
	size_t count;
	enum clock_judgement judgement;
} scales[] = {
	{"no word", {{0}}, 0, CLOCK_UNTOLD},
	{"a day and a second old", {{DAY + 1, 0}}, 1, CLOCK_UNTOLD},
	{"from the future", {{-1, 0}}, 1, CLOCK_UNTOLD},
	{"just now", {{0, 0}}, 1, CLOCK_AGREES},
	{"a day old", {{DAY, 0}}, 1, CLOCK_AGREES},
	{"five minutes ahead", {{60, 300}}, 1, CLOCK_AGREES},
	{"more than that ahead", {{60, 301}}, 1, CLOCK_DIFFERS},
	{"five minutes behind", {{60, -300}}, 1, CLOCK_AGREES},
	{"more than that behind", {{60, -301}}, 1, CLOCK_DIFFERS},
	{"years behind", {{60, -20000 * DAY}}, 1, CLOCK_DIFFERS},
	{"two that agree", {{60, 100}, {HOUR, -200}}, 2, CLOCK_AGREES},
	{"an old one that differs", {{60, 0}, {DAY + 1, HOUR}}, 2,
		CLOCK_AGREES},
	{"two that do not", {{60, 0}, {60, HOUR}}, 2, CLOCK_DISPUTED},
	{"of three, one", {{60, 0}, {60, -301}, {60, 0}}, 3, CLOCK_DISPUTED},
	{"two that agree on another time", {{60, HOUR}, {60, HOUR + 60}}, 2,
		CLOCK_DIFFERS},
	{"two of which one is near", {{60, 200}, {60, 400}}, 2, CLOCK_DIFFERS},
};

static void
networks_are_believed_while_young_and_of_one_mind(void **state)
{
	const struct clock_sight now = {
		.wall_ms = WALL_S * INT64_C(1000), .steady_ms = NOW_S * 1000};
	(void)state;
	for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++) {
		struct clock_scale scale = {.count = 0};
		clock_weigh(&scale, 9, (struct clock_word){0, 0}, &now);
		for (size_t k = 0; k < scales[i].count; k++) {
			int64_t age = scales[i].words[k].age;
			int64_t ahead = scales[i].words[k].ahead;
			clock_weigh(&scale, k,
				(struct clock_word){
					(WALL_S - age - ahead) * INT64_C(1000),
					(NOW_S - age) * 1000},
				&now);
		}
		if (clock_judge(&scale) != scales[i].judgement)
			fail_msg("%s", scales[i].what);
	}
}

static void
the_words_farthest_apart_are_named(void **state)
{
	const struct clock_sight now = {.wall_ms = 10000000, .steady_ms = 0};
	static const int64_t ahead_ms[] = {5, -7, 30, 2};
	struct clock_scale scale = {.count = 0};
	(void)state;
	for (size_t i = 0; i < 4; i++)
		clock_weigh(&scale, i,
			(struct clock_word){now.wall_ms - ahead_ms[i], 0},
			&now);
	assert_int_equal(scale.least_by, 1);
	assert_int_equal(scale.least_ms, -7);
	assert_int_equal(scale.most_by, 2);
	assert_int_equal(scale.most_ms, 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			wall_clock_is_believed_only_while_it_runs_as_the_steady_one),
		cmocka_unit_test(
			networks_are_believed_while_young_and_of_one_mind),
		cmocka_unit_test(the_words_farthest_apart_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
