/* alarm: told once when it has held long enough, once when it is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/alarm.h"
#include "agent/event.h"

static struct alarm_set set;

static int
set_up(void **state)
{
	(void)state;
	memset(&set, 0, sizeof(set));
	return 0;
}

/* One look at a moment: what it sees of a subject, whether that is told, and
 * whether something is over. "-": it does not see it; "!": it denies it. */
static void
look(int64_t at_ms, enum alarm_kind kind, const char *sees, bool told,
	bool over)
{
	struct alarm out = {.kind = ALARM_KINDS};
	bool begins = false;

	alarm_begin(&set, at_ms);
	if (sees[0] == '!')
		alarm_deny(&set, kind, sees + 1);
	else if (sees[0] != '-')
		begins = alarm_see(&set, kind, sees, 100) != NULL;
	if (begins != told || alarm_over(&set, &out) != over)
		fail_msg("at %lld", (long long)at_ms);
	if (over) {
		assert_int_equal(out.kind, kind);
		assert_false(alarm_over(&set, &out));
	}
}

static void
condition_is_told_once_when_it_held_long_enough(void **state)
{
	(void)state;
	look(0, ALARM_UNKNOWN, "7", false, false);
	look(99, ALARM_UNKNOWN, "7", false, false);
	look(100, ALARM_UNKNOWN, "7", true, false);
	look(5000, ALARM_UNKNOWN, "7", false, false);
	look(5001, ALARM_UNKNOWN, "-", false, true);
	look(5002, ALARM_UNKNOWN, "-", false, false);
	/* and again, from its beginning */
	look(6000, ALARM_UNKNOWN, "7", false, false);
	look(6100, ALARM_UNKNOWN, "7", true, false);
}

static void
condition_that_did_not_hold_long_enough_tells_nothing(void **state)
{
	(void)state;
	look(0, ALARM_IDLE, "", false, false);
	look(90, ALARM_IDLE, "-", false, false);
	look(95, ALARM_IDLE, "", false, false);
	look(180, ALARM_IDLE, "", false, false); /* 85 since it came back */
	look(195, ALARM_IDLE, "", true, false);
}

static void
modem_that_comes_for_a_moment_is_not_back(void **state)
{
	(void)state;
	look(0, ALARM_MODEM, "shop1", false, false);
	look(100, ALARM_MODEM, "shop1", true, false);
	look(30000, ALARM_MODEM, "-", false, false);
	look(59000, ALARM_MODEM, "shop1", false, false);
	look(118999, ALARM_MODEM, "-", false, false);
	look(119000, ALARM_MODEM, "-", false, true);
}

static void
balance_that_is_not_known_is_as_it_was(void **state)
{
	(void)state;
	look(0, ALARM_BALANCE, "sim", false, false);
	look(100, ALARM_BALANCE, "sim", true, false);
	look(INT64_C(900000000), ALARM_BALANCE, "-", false, false);
	look(INT64_C(900000001), ALARM_BALANCE, "sim", false, false);
	look(INT64_C(900000002), ALARM_BALANCE, "!sim", false, true);
	look(INT64_C(900000003), ALARM_BALANCE, "!sim", false, false);
}

static void
what_an_earlier_life_told_is_not_told_again(void **state)
{
	(void)state;
	alarm_restore(&set, ALARM_MODEM, "shop1");
	alarm_restore(&set, ALARM_MODEM, "shop1");
	assert_int_equal(set.count, 1);
	look(1000, ALARM_MODEM, "shop1", false, false);
	look(2000, ALARM_MODEM, "shop1", false, false);
	look(62000, ALARM_MODEM, "-", false, true);
}

static void
kinds_and_subjects_are_told_apart_and_room_is_bounded(void **state)
{
	char subject[ALARM_SUBJECT_MAX + 1];

	(void)state;
	alarm_begin(&set, 0);
	assert_non_null(alarm_see(&set, ALARM_MODEM, "a", 0));
	assert_non_null(alarm_see(&set, ALARM_MODEM, "b", 0));
	assert_non_null(alarm_see(&set, ALARM_BALANCE, "a", 0));
	assert_null(alarm_see(&set, ALARM_BALANCE, "a", 0));
	for (int i = 0; i < 2 * ALARM_MAX; i++) {
		(void)snprintf(subject, sizeof(subject), "%d", i);
		assert_int_equal(
			alarm_see(&set, ALARM_LOCKED_OUT, subject, 0) != NULL,
			i < ALARM_MAX - 3);
	}
	assert_int_equal(set.count, ALARM_MAX);
	memset(subject, 'x', ALARM_SUBJECT_MAX);
	subject[ALARM_SUBJECT_MAX] = '\0';
	set.count = 0;
	assert_null(alarm_see(&set, ALARM_MODEM, subject, 0));
}

static void
every_alarm_and_its_end_is_an_event(void **state)
{
	(void)state;
	for (int kind = 0; kind < ALARM_KINDS; kind++) {
		assert_true(event_is_told(
			alarm_event((enum alarm_kind)kind, false)));
		assert_true(event_is_told(
			alarm_event((enum alarm_kind)kind, true)));
	}
}

#define CASE(name) cmocka_unit_test_setup(name, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(condition_is_told_once_when_it_held_long_enough),
		CASE(condition_that_did_not_hold_long_enough_tells_nothing),
		CASE(modem_that_comes_for_a_moment_is_not_back),
		CASE(balance_that_is_not_known_is_as_it_was),
		CASE(what_an_earlier_life_told_is_not_told_again),
		CASE(kinds_and_subjects_are_told_apart_and_room_is_bounded),
		CASE(every_alarm_and_its_end_is_an_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
