/*
 * Which remedy comes when: the order of the rungs, the pauses between the
 * heavy ones, their limits, and what makes all begin anew.
 */
#include "modem/ladder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)

enum { T0 = 1000, PROBE_MS = 6000 };

static struct ladder ladder;

static void
begin(bool reboot, bool power)
{
	ladder_init(&ladder);
	ladder.usable[LADDER_REBOOT] = reboot;
	ladder.usable[LADDER_POWER] = power;
}

/* The next rung of a modem that stays ill, given when it is due. */
static enum ladder_rung
climb(enum ladder_trouble trouble, int64_t *now_ms)
{
	struct ladder_plan plan = ladder_next(&ladder, trouble, *now_ms);

	assert_true(plan.at_ms >= *now_ms);
	*now_ms = plan.at_ms;
	ladder_give(&ladder, plan.rung, *now_ms);
	*now_ms += PROBE_MS;
	return plan.rung;
}

static bool
is_heavy(enum ladder_rung rung)
{
	return rung == LADDER_RADIO || rung == LADDER_REBOOT ||
	       rung == LADDER_POWER;
}

static enum ladder_rung
climb_to_heavy(enum ladder_trouble trouble, int64_t *now_ms)
{
	for (int i = 0; i < 100; i++) {
		enum ladder_rung rung = climb(trouble, now_ms);

		if (is_heavy(rung))
			return rung;
	}
	return LADDER_NONE;
}

static void
rungs_come_in_their_order_the_light_ones_first(void **state)
{
	int64_t now = T0;

	(void)state;
	begin(true, true);
	assert_int_equal(climb(LADDER_MUTE, &now), LADDER_RESET);
	assert_int_equal(climb(LADDER_MUTE, &now), LADDER_REOPEN);
	assert_int_equal(climb(LADDER_MUTE, &now), LADDER_RADIO);
	assert_true(now < T0 + 2 * MINUTE);
	assert_int_equal(climb_to_heavy(LADDER_MUTE, &now), LADDER_REBOOT);
	assert_int_equal(climb_to_heavy(LADDER_MUTE, &now), LADDER_POWER);
	assert_int_equal(climb_to_heavy(LADDER_MUTE, &now), LADDER_RADIO);
}

static void
rungs_that_a_modem_has_not_are_left_out(void **state)
{
	int64_t now = T0;

	(void)state;
	begin(false, false);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			climb_to_heavy(LADDER_MUTE, &now), LADDER_RADIO);
	begin(false, true);
	assert_int_equal(climb_to_heavy(LADDER_MUTE, &now), LADDER_RADIO);
	assert_int_equal(climb_to_heavy(LADDER_MUTE, &now), LADDER_POWER);
	begin(false, false);
	ladder.usable[LADDER_RADIO] = false;
	assert_int_equal(climb_to_heavy(LADDER_MUTE, &now), LADDER_NONE);
}

/* At least five minutes, so that a SIM can register; twice as long each
 * round; an hour and the rest at most. */
static void
heavy_rungs_keep_a_distance_that_grows_and_is_bounded(void **state)
{
	int64_t now = T0;
	int64_t last = 0;
	unsigned given[LADDER_RUNGS] = {0};
	unsigned count = 0;
	enum ladder_rung rung;

	(void)state;
	begin(true, true);
	while ((rung = climb_to_heavy(LADDER_MUTE, &now)) != LADDER_NONE) {
		int64_t least = (int64_t)LADDER_COOL_MS << given[rung];

		if (least > LADDER_COOL_MAX_MS)
			least = LADDER_COOL_MAX_MS;
		if (count++ > 0)
			assert_in_range(now - last, least,
				least + 5 * MINUTE + INT64_C(2) * PROBE_MS);
		given[rung]++;
		last = now;
	}
	assert_int_equal(given[LADDER_RADIO], LADDER_TRIES_MUTE);
	assert_int_equal(given[LADDER_REBOOT], LADDER_TRIES_MUTE);
	assert_int_equal(given[LADDER_POWER], LADDER_TRIES_MUTE);
}

static void
modem_that_talks_is_rebooted_less_often(void **state)
{
	int64_t now = T0;
	unsigned count = 0;

	(void)state;
	begin(true, true);
	assert_int_equal(climb(LADDER_STUCK, &now), LADDER_REOPEN);
	while (climb_to_heavy(LADDER_STUCK, &now) != LADDER_NONE)
		count++;
	assert_int_equal(count, 3 * LADDER_TRIES_TALKS);
}

static void
pauses_go_on_when_nothing_is_left(void **state)
{
	int64_t now = T0;

	(void)state;
	begin(true, false);
	while (climb_to_heavy(LADDER_MUTE, &now) != LADDER_NONE)
		;
	for (int i = 0; i < 100; i++) {
		int64_t before = now;

		assert_int_equal(climb(LADDER_MUTE, &now), LADDER_REOPEN);
		assert_int_equal(now - before, 5 * MINUTE + PROBE_MS);
	}
}

static void
person_is_needed_once_each_heavy_rung_was_in_vain(void **state)
{
	int64_t now = T0;

	(void)state;
	begin(true, true);
	for (int i = 0; i < 3; i++) {
		assert_false(ladder_next(&ladder, LADDER_MUTE, now).helpless);
		(void)climb_to_heavy(LADDER_MUTE, &now);
	}
	assert_true(ladder_next(&ladder, LADDER_MUTE, now).helpless);
	/* A new illness begins without that, though the tries count on. */
	assert_int_equal(ladder_on_well(&ladder, 0), LADDER_POWER);
	assert_false(ladder_next(&ladder, LADDER_MUTE, now).helpless);
	assert_int_equal(ladder.tries[LADDER_POWER], 1);
}

static void
recovery_begins_at_the_foot_again_but_keeps_the_distance(void **state)
{
	int64_t now = T0;
	int64_t heavy;

	(void)state;
	begin(true, false);
	(void)climb_to_heavy(LADDER_MUTE, &now);
	heavy = now;
	assert_true(ladder_is_climbing(&ladder));
	assert_int_equal(ladder_on_well(&ladder, 0), LADDER_RADIO);
	assert_false(ladder_is_climbing(&ladder));
	assert_int_equal(ladder_on_well(&ladder, 0), LADDER_NONE);
	assert_int_equal(climb(LADDER_MUTE, &now), LADDER_RESET);
	assert_int_equal(climb_to_heavy(LADDER_MUTE, &now), LADDER_REBOOT);
	assert_true(now - heavy >= LADDER_COOL_MS);
}

static void
answer_or_an_hour_of_health_forgets_the_tries(void **state)
{
	int64_t now = T0;

	(void)state;
	begin(true, false);
	(void)climb_to_heavy(LADDER_MUTE, &now);
	(void)ladder_on_well(&ladder, HOUR - 1);
	assert_int_equal(ladder.tries[LADDER_RADIO], 1);
	(void)ladder_on_well(&ladder, HOUR);
	assert_int_equal(ladder.tries[LADDER_RADIO], 0);
	(void)climb_to_heavy(LADDER_MUTE, &now);
	assert_int_equal(ladder_on_request(&ladder, true), LADDER_RADIO);
	assert_int_equal(ladder.tries[LADDER_RADIO], 0);
}

static void
cure_that_shows_after_the_boot_is_the_heavy_rung(void **state)
{
	int64_t now = T0;

	(void)state;
	begin(true, false);
	while (climb(LADDER_MUTE, &now) != LADDER_REBOOT)
		;
	assert_int_equal(ladder.last, LADDER_REBOOT);
	ladder_give(&ladder, LADDER_REOPEN, now + MINUTE);
	assert_int_equal(ladder_on_well(&ladder, 0), LADDER_REBOOT);
	(void)climb(LADDER_MUTE, &now);
	ladder_give(&ladder, LADDER_REBOOT, now);
	ladder_give(&ladder, LADDER_REOPEN, now + 4 * MINUTE);
	assert_int_equal(ladder_on_well(&ladder, 0), LADDER_REOPEN);
}

static void
unanswered(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(
			ladder_on_request(&ladder, false), LADDER_NONE);
}

static void
unanswered_requests_in_a_row_call_for_a_heavy_rung(void **state)
{
	int64_t now = T0;

	(void)state;
	begin(true, false);
	unanswered(LADDER_UNANSWERED_MAX - 1);
	assert_int_equal(ladder_due(&ladder, now), LADDER_NONE);
	(void)ladder_on_request(&ladder, true);
	unanswered(LADDER_UNANSWERED_MAX - 1);
	assert_int_equal(ladder_due(&ladder, now), LADDER_NONE);
	unanswered(1);
	assert_int_equal(ladder_due(&ladder, now), LADDER_RADIO);
	ladder_give(&ladder, LADDER_RADIO, now);
	/* As many again before the next one, whatever the time. */
	assert_int_equal(ladder_due(&ladder, now + 10 * HOUR), LADDER_NONE);
	unanswered(LADDER_UNANSWERED_MAX - 1);
	assert_int_equal(ladder_due(&ladder, now), LADDER_NONE);
	assert_int_equal(ladder_due(&ladder, now + HOUR), LADDER_REBOOT);
	/* Being ready proves nothing here; an answer does. */
	assert_int_equal(ladder_on_well(&ladder, 0), LADDER_NONE);
	assert_int_equal(ladder_on_well(&ladder, HOUR), LADDER_NONE);
	assert_int_equal(ladder_on_request(&ladder, true), LADDER_RADIO);
}

/* An operator that answers nobody is no reason to go on for ever. */
static void
silent_operator_costs_a_few_restarts_and_no_more(void **state)
{
	int64_t now = T0;
	int64_t last = 0;
	unsigned count = 0;

	(void)state;
	begin(true, true);
	for (int i = 0; i < 10000; i++) {
		enum ladder_rung rung;

		unanswered(1);
		(void)ladder_on_well(&ladder, 2 * HOUR);
		now += MINUTE;
		rung = ladder_due(&ladder, now);
		if (rung == LADDER_NONE)
			continue;
		if (count++ > 0)
			assert_true(now - last >= LADDER_COOL_MS);
		ladder_give(&ladder, rung, now);
		last = now;
	}
	assert_int_equal(count, 3 * LADDER_TRIES_TALKS);
}

static void
port_that_was_gone_begins_with_the_reset_again(void **state)
{
	int64_t now = T0;

	(void)state;
	begin(true, true);
	assert_int_equal(climb(LADDER_MUTE, &now), LADDER_RESET);
	assert_int_equal(climb(LADDER_MUTE, &now), LADDER_REOPEN);
	ladder_on_gone(&ladder);
	assert_int_equal(climb(LADDER_MUTE, &now), LADDER_RESET);
}

static void
every_rung_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < LADDER_RUNGS; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
				ladder_rung_name((enum ladder_rung)i),
				ladder_rung_name((enum ladder_rung)k));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			rungs_come_in_their_order_the_light_ones_first),
		cmocka_unit_test(rungs_that_a_modem_has_not_are_left_out),
		cmocka_unit_test(
			heavy_rungs_keep_a_distance_that_grows_and_is_bounded),
		cmocka_unit_test(modem_that_talks_is_rebooted_less_often),
		cmocka_unit_test(pauses_go_on_when_nothing_is_left),
		cmocka_unit_test(
			person_is_needed_once_each_heavy_rung_was_in_vain),
		cmocka_unit_test(
			recovery_begins_at_the_foot_again_but_keeps_the_distance),
		cmocka_unit_test(answer_or_an_hour_of_health_forgets_the_tries),
		cmocka_unit_test(
			cure_that_shows_after_the_boot_is_the_heavy_rung),
		cmocka_unit_test(
			unanswered_requests_in_a_row_call_for_a_heavy_rung),
		cmocka_unit_test(
			silent_operator_costs_a_few_restarts_and_no_more),
		cmocka_unit_test(
			port_that_was_gone_begins_with_the_reset_again),
		cmocka_unit_test(every_rung_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
