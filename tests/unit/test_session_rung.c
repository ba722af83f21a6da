/*
 * The session on its ladder, and its pauses where a modem contradicts itself
 * about its registration; without a modem.
 */
#include "modem/session_rung.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/session_stage.h"

static void
rests_grow_up_to_five_minutes_and_start_anew_after_success(void **state)
{
	static const int64_t pauses[] = {
		10000, 30000, 60000, 120000, 300000, 300000, 300000};
	struct session s;
	int64_t now = T0;

	(void)state;
	bring_to(&s, PROBING);
	s.ladder.usable[LADDER_RADIO] = false;
	for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
		stay_silent(&s, now);
		assert_int_equal(s.state, RESTING);
		assert_int_equal(session_wake_at(&s), now + pauses[i]);
		session_on_tick(&s, now + pauses[i] - 1);
		assert_int_equal(s.state, RESTING);
		now += pauses[i];
		session_on_tick(&s, now);
		assert_int_equal(s.state, ABSENT);
		assert_int_equal(session_wake_at(&s), now);
		assert_int_equal(session_on(&s, SESSION_OPENED, now), 0);
	}
	become_ready(&s, now);
	assert_true(s.helpless);
	assert_int_equal(session_on(&s, SESSION_DONE, now), 0);
	assert_false(s.helpless);
	assert_int_equal(session_on(&s, SESSION_SILENT, now), 0);
	stay_silent(&s, now);
	assert_int_equal(session_wake_at(&s), now + pauses[0]);
}

/* A mute modem, until a rung of that kind was begun. */
static int64_t
climb_to(struct session *s, enum ladder_rung rung, int64_t now_ms)
{
	for (int i = 0; i < 1000; i++) {
		if (session_take_rung(s) == rung)
			return now_ms;
		if (s->state == ABSENT || s->state == RESTING)
			session_on_tick(s, now_ms = session_wake_at(s));
		if (s->wish == SESSION_WISH_OPEN)
			(void)session_on(s, SESSION_OPENED, now_ms);
		else if (s->state == POWERING)
			(void)session_on(s, SESSION_POWERED, now_ms);
		else if (s->state == PROBING || s->state == CURING)
			(void)session_on(s, SESSION_SILENT, now_ms);
		assert_int_equal(s->refused, 0);
	}
	fail_msg("rung %s never came", ladder_rung_name(rung));
	return 0;
}

static void
mute_modem_climbs_rung_by_rung_and_the_cure_is_named(void **state)
{
	static const enum ladder_rung order[] = {LADDER_ASK, LADDER_RESET,
		LADDER_REOPEN, LADDER_RADIO, LADDER_REBOOT, LADDER_POWER};
	enum { ORDER = sizeof order / sizeof *order };
	struct session s;

	(void)state;
	for (size_t cure = 0; cure < ORDER; cure++) {
		int64_t now = T0;

		bring_to(&s, READY);
		s.ladder.usable[LADDER_REBOOT] = true;
		s.ladder.usable[LADDER_POWER] = true;
		s.ladder.unanswered = 0;
		assert_int_equal(session_on(&s, SESSION_SILENT, now), 0);
		for (size_t i = 0; i <= cure; i++)
			now = climb_to(&s, order[i], now);
		if (s.state == POWERING)
			assert_int_equal(
				session_on(&s, SESSION_POWERED, now), 0);
		if (s.state == ABSENT)
			assert_int_equal(
				session_on(&s, SESSION_OPENED, now + 5000), 0);
		become_ready(&s, now + 6000);
		assert_int_equal(session_take_cure(&s), LADDER_NONE);
		assert_int_equal(session_on(&s, SESSION_DONE, now + 9000), 0);
		assert_int_equal(session_take_cure(&s), order[cure]);
		assert_int_equal(session_take_cure(&s), LADDER_NONE);
		assert_int_equal(s.restarts, 1);
	}
}

static void
heavy_rung_is_not_given_to_a_port_that_is_not_there(void **state)
{
	struct session s;
	int64_t now;

	(void)state;
	bring_to(&s, PROBING);
	s.ladder.usable[LADDER_POWER] = true;
	s.ladder.usable[LADDER_RADIO] = false;
	now = climb_to(&s, LADDER_REOPEN, T0);
	stay_silent(&s, now);
	assert_int_equal(s.state, RESTING);
	assert_int_equal(s.rung, LADDER_POWER);
	session_on_tick(&s, now = session_wake_at(&s));
	assert_int_equal(s.state, ABSENT);
	assert_int_equal(session_on(&s, SESSION_NOT_OPENED, now), 0);
	assert_int_equal(s.rung, LADDER_NONE);
	assert_int_equal(session_on(&s, SESSION_OPENED, now + 3000), 0);
	assert_int_equal(s.state, PROBING);
	assert_int_equal(s.ladder.tries[LADDER_POWER], 0);
}

static void
power_is_switched_once_and_the_port_looked_for_after_it(void **state)
{
	struct session s;

	(void)state;
	bring_to(&s, POWERING);
	assert_int_equal(session_take_wish(&s), SESSION_WISH_POWER);
	assert_int_equal(session_take_rung(&s), LADDER_POWER);
	assert_int_equal(s.restarts, 1);
	assert_int_equal(session_on(&s, SESSION_POWERED, T0 + 20000), 0);
	assert_int_equal(session_wake_at(&s), T0 + 23000);
	assert_int_equal(session_on(&s, SESSION_OPENED, T0 + 23000), 0);
	assert_int_equal(s.state, PROBING);
	/* An owner that never says so is not waited for. */
	bring_to(&s, POWERING);
	session_on_tick(&s, session_wake_at(&s));
	assert_int_equal(s.state, ABSENT);
}

static void
reboot_is_given_time_before_it_is_asked(void **state)
{
	struct session s;

	(void)state;
	bring_to(&s, BUSY);
	s.ladder.usable[LADDER_RADIO] = false;
	s.ladder.usable[LADDER_REBOOT] = true;
	assert_int_equal(session_recover(&s, T0), 0);
	assert_int_equal(s.state, CURING);
	assert_int_equal(session_take_wish(&s), SESSION_WISH_SETUP);
	assert_int_equal(session_on(&s, SESSION_DONE, T0), 0);
	assert_int_equal(s.wish, SESSION_WISH_NONE);
	assert_int_equal(session_wake_at(&s), T0 + 5000);
	session_on_tick(&s, T0 + 5000);
	assert_int_equal(session_take_wish(&s), SESSION_WISH_SETUP);
	assert_int_equal(s.setup_phase, 1);
	assert_int_equal(session_on(&s, SESSION_DONE, T0 + 30000), 0);
	assert_int_equal(s.state, PROBING);
}

static void
recovery_is_for_a_modem_that_is_kept_busy_for_it(void **state)
{
	struct session s;

	(void)state;
	bring_to(&s, BUSY);
	s.ladder.unanswered = LADDER_UNANSWERED_MAX - 1;
	assert_int_equal(session_recover(&s, T0), -EAGAIN);
	session_on_request(&s, false);
	assert_int_equal(session_on(&s, SESSION_IDLE, T0), 0);
	assert_int_equal(session_recover(&s, T0), -EBUSY);
	assert_int_equal(session_on(&s, SESSION_WORK, T0), 0);
	assert_int_equal(session_recover(&s, T0), 0);
	assert_int_equal(s.rung, LADDER_RADIO);
	assert_int_equal(s.restarts, 1);
}

static void
helpless_modem_tells_a_person_once(void **state)
{
	struct session s;
	int64_t now;

	(void)state;
	bring_to(&s, PROBING);
	now = climb_to(&s, LADDER_PERSON, T0);
	assert_true(s.helpless);
	for (int i = 0; i < 50; i++) {
		now = climb_to(&s, LADDER_REOPEN, now);
		assert_int_not_equal(s.given, LADDER_PERSON);
	}
	assert_true(s.helpless);
}

static void
contradiction_about_the_registration_gets_pauses_that_grow(void **state)
{
	struct session s;
	int64_t now = T0;
	int64_t last = 0;
	unsigned flaps = 0;

	(void)state;
	bring_to(&s, READY);
	while (s.state != RESTING) {
		int64_t wait;

		assert_int_equal(session_on(&s, SESSION_UNREGISTERED, now), 0);
		if (s.state == RESTING)
			break;
		wait = s.wish == SESSION_WISH_REGISTER
		               ? 0
		               : session_wake_at(&s) - now;
		if (flaps > 0)
			assert_in_range(wait, last > 0 ? last : 250, 30000);
		last = wait;
		now += wait;
		session_on_tick(&s, now);
		assert_int_equal(session_take_wish(&s), SESSION_WISH_REGISTER);
		assert_int_equal(session_on(&s, SESSION_REGISTERED, now), 0);
		flaps++;
	}
	assert_int_equal(flaps, 12);
	assert_in_range(now - T0, 60000, 180000);
	assert_non_null(strstr(s.why, "in turn"));
}

static void
network_that_is_lost_and_found_for_good_is_no_contradiction(void **state)
{
	struct session s;

	(void)state;
	bring_to(&s, READY);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(session_on(&s, SESSION_UNREGISTERED, T0), 0);
		assert_int_equal(session_take_wish(&s), SESSION_WISH_REGISTER);
		assert_int_equal(session_on(&s, SESSION_REGISTERED, T0), 0);
		assert_int_equal(session_on(&s, SESSION_DONE, T0), 0);
	}
	assert_int_equal(s.state, READY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			rests_grow_up_to_five_minutes_and_start_anew_after_success),
		cmocka_unit_test(
			mute_modem_climbs_rung_by_rung_and_the_cure_is_named),
		cmocka_unit_test(
			heavy_rung_is_not_given_to_a_port_that_is_not_there),
		cmocka_unit_test(
			power_is_switched_once_and_the_port_looked_for_after_it),
		cmocka_unit_test(reboot_is_given_time_before_it_is_asked),
		cmocka_unit_test(
			recovery_is_for_a_modem_that_is_kept_busy_for_it),
		cmocka_unit_test(helpless_modem_tells_a_person_once),
		cmocka_unit_test(
			contradiction_about_the_registration_gets_pauses_that_grow),
		cmocka_unit_test(
			network_that_is_lost_and_found_for_good_is_no_contradiction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
