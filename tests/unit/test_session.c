/*
 * The life of a modem: every permitted edge, every forbidden one, and the
 * deadlines, without a modem.
 */
#include "modem/session.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/session_stage.h"

struct row {
	enum session_state from;
	enum session_event event;
	enum session_state to;
	enum session_wish wish;
};

static const struct row rows[] = {
	{SESSION_STOPPED, SESSION_START, ABSENT, SESSION_WISH_CLOSE},

	{ABSENT, SESSION_TIME, ABSENT, SESSION_WISH_OPEN},
	{ABSENT, SESSION_OPENED, PROBING, SESSION_WISH_PROBE},
	{ABSENT, SESSION_NOT_OPENED, ABSENT, SESSION_WISH_NONE},
	{ABSENT, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},

	{PROBING, SESSION_DONE, SETTING_UP, SESSION_WISH_SETUP},
	{PROBING, SESSION_REFUSED, CURING, SESSION_WISH_SETUP},
	{PROBING, SESSION_SILENT, CURING, SESSION_WISH_SETUP},
	{PROBING, SESSION_LIMIT, CURING, SESSION_WISH_SETUP},
	{PROBING, SESSION_LOST, ABSENT, SESSION_WISH_CLOSE},
	{PROBING, SESSION_NEXT_PORT, ABSENT, SESSION_WISH_REOPEN},
	{PROBING, SESSION_NO_PORT, ABSENT, SESSION_WISH_CLOSE},
	{PROBING, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},

	{SETTING_UP, SESSION_DONE, SETTING_UP, SESSION_WISH_SETUP},
	{SETTING_UP, SESSION_TIME, SETTING_UP, SESSION_WISH_SETUP},
	{SETTING_UP, SESSION_SIM_READY, SETTING_UP, SESSION_WISH_NONE},
	{SETTING_UP, SESSION_SIM_BUSY, SETTING_UP, SESSION_WISH_NONE},
	{SETTING_UP, SESSION_SIM_PIN, LOCKED, SESSION_WISH_SETUP},
	{SETTING_UP, SESSION_SIM_PUK, FAILED, SESSION_WISH_NONE},
	{SETTING_UP, SESSION_SIM_ABSENT, FAILED, SESSION_WISH_NONE},
	{SETTING_UP, SESSION_SIM_BAD, FAILED, SESSION_WISH_NONE},
	{SETTING_UP, SESSION_REFUSED, CURING, SESSION_WISH_SETUP},
	{SETTING_UP, SESSION_SILENT, CURING, SESSION_WISH_SETUP},
	{SETTING_UP, SESSION_LIMIT, RESTING, SESSION_WISH_CLOSE},
	{SETTING_UP, SESSION_RESTARTED, PROBING, SESSION_WISH_PROBE},
	{SETTING_UP, SESSION_LOST, ABSENT, SESSION_WISH_CLOSE},
	{SETTING_UP, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},

	{REGISTERING, SESSION_REGISTERED, READY, SESSION_WISH_NONE},
	{REGISTERING, SESSION_DONE, REGISTERING, SESSION_WISH_NONE},
	{REGISTERING, SESSION_TIME, REGISTERING, SESSION_WISH_REGISTER},
	{REGISTERING, SESSION_UNREGISTERED, REGISTERING, SESSION_WISH_NONE},
	{REGISTERING, SESSION_DENIED, REGISTERING, SESSION_WISH_NONE},
	{REGISTERING, SESSION_ROAMING, REGISTERING, SESSION_WISH_NONE},
	{REGISTERING, SESSION_UNTOLD, REGISTERING, SESSION_WISH_NONE},
	{REGISTERING, SESSION_REFUSED, REGISTERING, SESSION_WISH_NONE},
	{REGISTERING, SESSION_SILENT, CURING, SESSION_WISH_SETUP},
	{REGISTERING, SESSION_LIMIT, RESTING, SESSION_WISH_CLOSE},
	{REGISTERING, SESSION_RESTARTED, PROBING, SESSION_WISH_PROBE},
	{REGISTERING, SESSION_SIM_CHANGED, PROBING, SESSION_WISH_PROBE},
	{REGISTERING, SESSION_LOST, ABSENT, SESSION_WISH_CLOSE},
	{REGISTERING, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},

	{READY, SESSION_TIME, READY, SESSION_WISH_CHECK},
	{READY, SESSION_DONE, READY, SESSION_WISH_NONE},
	{READY, SESSION_REGISTERED, READY, SESSION_WISH_NONE},
	{READY, SESSION_WORK, BUSY, SESSION_WISH_NONE},
	{READY, SESSION_NEXT_PORT, ABSENT, SESSION_WISH_REOPEN},
	{READY, SESSION_UNREGISTERED, REGISTERING, SESSION_WISH_REGISTER},
	{READY, SESSION_DENIED, REGISTERING, SESSION_WISH_REGISTER},
	{READY, SESSION_ROAMING, REGISTERING, SESSION_WISH_REGISTER},
	{READY, SESSION_REFUSED, PROBING, SESSION_WISH_PROBE},
	{READY, SESSION_SILENT, PROBING, SESSION_WISH_PROBE},
	{READY, SESSION_RESTARTED, PROBING, SESSION_WISH_PROBE},
	{READY, SESSION_SIM_CHANGED, PROBING, SESSION_WISH_PROBE},
	{READY, SESSION_LOST, ABSENT, SESSION_WISH_CLOSE},
	{READY, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},

	{BUSY, SESSION_IDLE, READY, SESSION_WISH_NONE},
	{BUSY, SESSION_DONE, BUSY, SESSION_WISH_NONE},
	{BUSY, SESSION_REFUSED, PROBING, SESSION_WISH_PROBE},
	{BUSY, SESSION_SILENT, PROBING, SESSION_WISH_PROBE},
	{BUSY, SESSION_RESTARTED, PROBING, SESSION_WISH_PROBE},
	{BUSY, SESSION_REGISTERED, BUSY, SESSION_WISH_NONE},
	{BUSY, SESSION_UNREGISTERED, BUSY, SESSION_WISH_NONE},
	{BUSY, SESSION_DENIED, BUSY, SESSION_WISH_NONE},
	{BUSY, SESSION_ROAMING, BUSY, SESSION_WISH_NONE},
	{BUSY, SESSION_SIM_CHANGED, BUSY, SESSION_WISH_NONE},
	{BUSY, SESSION_REFRESH_SIM, REREADING, SESSION_WISH_SETUP},
	{BUSY, SESSION_REFRESH_RADIO, RADIO, SESSION_WISH_SETUP},
	{BUSY, SESSION_RECOVER, CURING, SESSION_WISH_SETUP},
	{BUSY, SESSION_LOST, ABSENT, SESSION_WISH_CLOSE},
	{BUSY, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},

	{RADIO, SESSION_DONE, RADIO, SESSION_WISH_SETUP},
	{RADIO, SESSION_REFUSED, REBOOTING, SESSION_WISH_SETUP},
	{RADIO, SESSION_SILENT, REBOOTING, SESSION_WISH_SETUP},
	{RADIO, SESSION_LIMIT, REBOOTING, SESSION_WISH_SETUP},
	{RADIO, SESSION_RESTARTED, PROBING, SESSION_WISH_PROBE},
	{RADIO, SESSION_SIM_CHANGED, RADIO, SESSION_WISH_NONE},
	{RADIO, SESSION_LOST, ABSENT, SESSION_WISH_CLOSE},
	{RADIO, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},

	{REREADING, SESSION_DONE, REREADING, SESSION_WISH_SETUP},
	{REREADING, SESSION_TIME, REREADING, SESSION_WISH_SETUP},
	{REREADING, SESSION_SIM_READY, REREADING, SESSION_WISH_NONE},
	{REREADING, SESSION_SIM_BUSY, REREADING, SESSION_WISH_NONE},
	{REREADING, SESSION_SIM_PIN, LOCKED, SESSION_WISH_SETUP},
	{REREADING, SESSION_SIM_PUK, FAILED, SESSION_WISH_NONE},
	{REREADING, SESSION_SIM_ABSENT, FAILED, SESSION_WISH_NONE},
	{REREADING, SESSION_SIM_BAD, FAILED, SESSION_WISH_NONE},
	{REREADING, SESSION_SIM_CHANGED, PROBING, SESSION_WISH_PROBE},
	{REREADING, SESSION_REFUSED, PROBING, SESSION_WISH_PROBE},
	{REREADING, SESSION_SILENT, PROBING, SESSION_WISH_PROBE},
	{REREADING, SESSION_RESTARTED, PROBING, SESSION_WISH_PROBE},
	{REREADING, SESSION_LIMIT, RESTING, SESSION_WISH_CLOSE},
	{REREADING, SESSION_LOST, ABSENT, SESSION_WISH_CLOSE},
	{REREADING, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},

	{REBOOTING, SESSION_DONE, REBOOTING, SESSION_WISH_NONE},
	{REBOOTING, SESSION_REFUSED, REBOOTING, SESSION_WISH_SETUP},
	{REBOOTING, SESSION_SIM_CHANGED, REBOOTING, SESSION_WISH_NONE},
	{REBOOTING, SESSION_SILENT, PROBING, SESSION_WISH_PROBE},
	{REBOOTING, SESSION_RESTARTED, PROBING, SESSION_WISH_PROBE},
	{REBOOTING, SESSION_TIME, PROBING, SESSION_WISH_PROBE},
	{REBOOTING, SESSION_LIMIT, CURING, SESSION_WISH_SETUP},
	{REBOOTING, SESSION_LOST, ABSENT, SESSION_WISH_CLOSE},
	{REBOOTING, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},

	{LOCKED, SESSION_DONE, LOCKED, SESSION_WISH_SETUP},
	{LOCKED, SESSION_PIN_GIVEN, UNLOCKING, SESSION_WISH_SETUP},
	{LOCKED, SESSION_PIN_KEPT, FAILED, SESSION_WISH_NONE},
	{LOCKED, SESSION_SIM_CHANGED, PROBING, SESSION_WISH_PROBE},
	{LOCKED, SESSION_RESTARTED, PROBING, SESSION_WISH_PROBE},
	{LOCKED, SESSION_SILENT, CURING, SESSION_WISH_SETUP},
	{LOCKED, SESSION_LIMIT, RESTING, SESSION_WISH_CLOSE},
	{LOCKED, SESSION_LOST, ABSENT, SESSION_WISH_CLOSE},
	{LOCKED, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},

	{UNLOCKING, SESSION_DONE, UNLOCKING, SESSION_WISH_NONE},
	{UNLOCKING, SESSION_TIME, UNLOCKING, SESSION_WISH_SETUP},
	{UNLOCKING, SESSION_SIM_READY, UNLOCKING, SESSION_WISH_NONE},
	{UNLOCKING, SESSION_SIM_BUSY, UNLOCKING, SESSION_WISH_NONE},
	{UNLOCKING, SESSION_SIM_PIN, UNLOCKING, SESSION_WISH_NONE},
	{UNLOCKING, SESSION_REFUSED, FAILED, SESSION_WISH_NONE},
	{UNLOCKING, SESSION_SIM_PUK, FAILED, SESSION_WISH_NONE},
	{UNLOCKING, SESSION_SIM_ABSENT, FAILED, SESSION_WISH_NONE},
	{UNLOCKING, SESSION_SIM_BAD, FAILED, SESSION_WISH_NONE},
	{UNLOCKING, SESSION_LIMIT, FAILED, SESSION_WISH_NONE},
	{UNLOCKING, SESSION_SIM_CHANGED, PROBING, SESSION_WISH_PROBE},
	{UNLOCKING, SESSION_RESTARTED, PROBING, SESSION_WISH_PROBE},
	{UNLOCKING, SESSION_SILENT, PROBING, SESSION_WISH_PROBE},
	{UNLOCKING, SESSION_LOST, ABSENT, SESSION_WISH_CLOSE},
	{UNLOCKING, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},

	{SETTING_UP, SESSION_LEAVE, LEAVING, SESSION_WISH_LEAVE},
	{REGISTERING, SESSION_LEAVE, LEAVING, SESSION_WISH_LEAVE},
	{READY, SESSION_LEAVE, LEAVING, SESSION_WISH_LEAVE},
	{FAILED, SESSION_LEAVE, LEAVING, SESSION_WISH_LEAVE},
	{LEAVING, SESSION_DONE, SESSION_STOPPED, SESSION_WISH_CLOSE},
	{LEAVING, SESSION_REFUSED, SESSION_STOPPED, SESSION_WISH_CLOSE},
	{LEAVING, SESSION_SILENT, SESSION_STOPPED, SESSION_WISH_CLOSE},
	{LEAVING, SESSION_LIMIT, SESSION_STOPPED, SESSION_WISH_CLOSE},
	{LEAVING, SESSION_LOST, SESSION_STOPPED, SESSION_WISH_CLOSE},
	{LEAVING, SESSION_RESTARTED, SESSION_STOPPED, SESSION_WISH_CLOSE},
	{LEAVING, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},
	{LEAVING, SESSION_SIM_CHANGED, LEAVING, SESSION_WISH_NONE},

	{CURING, SESSION_DONE, PROBING, SESSION_WISH_PROBE},
	{CURING, SESSION_REFUSED, PROBING, SESSION_WISH_PROBE},
	{CURING, SESSION_SILENT, PROBING, SESSION_WISH_PROBE},
	{CURING, SESSION_TIME, PROBING, SESSION_WISH_PROBE},
	{CURING, SESSION_SIM_CHANGED, CURING, SESSION_WISH_NONE},
	{CURING, SESSION_RESTARTED, PROBING, SESSION_WISH_PROBE},
	{CURING, SESSION_LIMIT, PROBING, SESSION_WISH_PROBE},
	{CURING, SESSION_LOST, ABSENT, SESSION_WISH_CLOSE},
	{CURING, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},

	{POWERING, SESSION_POWERED, ABSENT, SESSION_WISH_CLOSE},
	{POWERING, SESSION_LIMIT, ABSENT, SESSION_WISH_CLOSE},
	{POWERING, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},

	{RESTING, SESSION_TIME, ABSENT, SESSION_WISH_CLOSE},
	{RESTING, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},

	{FAILED, SESSION_TIME, FAILED, SESSION_WISH_LOOK},
	{FAILED, SESSION_DONE, FAILED, SESSION_WISH_NONE},
	{FAILED, SESSION_REFUSED, FAILED, SESSION_WISH_NONE},
	{FAILED, SESSION_SIM_BUSY, FAILED, SESSION_WISH_NONE},
	{FAILED, SESSION_SIM_PIN, LOCKED, SESSION_WISH_SETUP},
	{FAILED, SESSION_SIM_PUK, FAILED, SESSION_WISH_NONE},
	{FAILED, SESSION_SIM_ABSENT, FAILED, SESSION_WISH_NONE},
	{FAILED, SESSION_SIM_BAD, FAILED, SESSION_WISH_NONE},
	{FAILED, SESSION_SIM_READY, PROBING, SESSION_WISH_PROBE},
	{FAILED, SESSION_SIM_CHANGED, PROBING, SESSION_WISH_PROBE},
	{FAILED, SESSION_SILENT, CURING, SESSION_WISH_SETUP},
	{FAILED, SESSION_RESTARTED, PROBING, SESSION_WISH_PROBE},
	{FAILED, SESSION_LOST, ABSENT, SESSION_WISH_CLOSE},
	{FAILED, SESSION_STOP, SESSION_STOPPED, SESSION_WISH_CLOSE},
};
enum { ROWS = sizeof rows / sizeof *rows };

static void
permitted_events_lead_where_the_table_says(void **state)
{
	struct session s;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		bring_to(&s, rows[i].from);
		(void)session_take_wish(&s);
		if (session_on(&s, rows[i].event, T0) != 0 ||
			s.state != rows[i].to || s.wish != rows[i].wish)
			fail_msg("%s + %d: %s, wish %d",
				session_state_name(rows[i].from), rows[i].event,
				session_state_name(s.state), s.wish);
		assert_int_equal(s.refused, 0);
		assert_non_null(s.why);
	}
}

static bool
is_permitted(enum session_state state, enum session_event event)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].from == state && rows[i].event == event)
			return true;
	return false;
}

static void
all_other_events_are_refused_counted_and_change_nothing(void **state)
{
	struct session s;
	struct session before;
	int refused = 0;

	(void)state;
	for (int from = 0; from < SESSION_STATES; from++) {
		for (int event = 0; event < SESSION_EVENTS; event++) {
			if (is_permitted((enum session_state)from,
				    (enum session_event)event))
				continue;
			bring_to(&s, (enum session_state)from);
			before = s;
			before.refused++;
			assert_int_equal(
				session_on(&s, (enum session_event)event, T0),
				-EINVAL);
			assert_memory_equal(&s, &before, sizeof s);
			refused++;
		}
	}
	print_message("%d edges, %d refusals\n", ROWS, refused);
}

/* Scripts have deadlines of their own, and a request too; but for these,
 * each state wakes up by itself. */
static void
no_state_waits_for_ever(void **state)
{
	struct session s;

	(void)state;
	for (int at = SESSION_ABSENT; at < SESSION_STATES; at++) {
		bring_to(&s, (enum session_state)at);
		if (at == SESSION_BUSY)
			continue;
		assert_true(session_wake_at(&s) < T0 + 600000);
	}
	bring_to(&s, SESSION_STOPPED);
	assert_true(session_wake_at(&s) == INT64_MAX);
}

static void
setup_goes_through_its_phases_once(void **state)
{
	struct session s;

	(void)state;
	bring_to(&s, SETTING_UP);
	for (unsigned phase = 0; phase < PHASES; phase++) {
		assert_int_equal(s.state, SETTING_UP);
		assert_int_equal(s.setup_phase, phase);
		assert_int_equal(session_take_wish(&s), SESSION_WISH_SETUP);
		assert_int_equal(session_take_wish(&s), SESSION_WISH_NONE);
		assert_int_equal(session_on(&s, SESSION_DONE, T0), 0);
	}
	assert_int_equal(s.state, REGISTERING);
}

static void
busy_sim_is_asked_again_in_the_same_phase_until_the_limit(void **state)
{
	struct session s;
	int64_t now = T0;
	unsigned asked = 0;

	(void)state;
	bring_to(&s, SETTING_UP);
	assert_int_equal(session_on(&s, SESSION_DONE, now), 0);
	while (s.state == SETTING_UP) {
		assert_int_equal(session_take_wish(&s), SESSION_WISH_SETUP);
		assert_int_equal(s.setup_phase, 1);
		assert_int_equal(session_on(&s, SESSION_SIM_BUSY, now), 0);
		now = session_wake_at(&s);
		session_on_tick(&s, now);
		asked++;
	}
	assert_int_equal(s.state, RESTING);
	assert_string_equal(s.why, "the SIM does not get ready");
	assert_in_range(asked, 30, 60);
}

static void
owner_is_asked_for_a_pin_once_all_ways_were_gone(void **state)
{
	struct session s;

	(void)state;
	bring_to(&s, LOCKED);
	for (unsigned phase = 0; phase < SESSION_LOCKED_PHASES; phase++) {
		assert_int_equal(s.setup_phase, phase);
		assert_int_equal(session_take_wish(&s), SESSION_WISH_SETUP);
		assert_int_equal(session_on(&s, SESSION_DONE, T0), 0);
	}
	assert_int_equal(session_take_wish(&s), SESSION_WISH_ASK_PIN);
	assert_int_equal(s.state, LOCKED);
	assert_false(s.failed_before);
	assert_int_equal(session_on(&s, SESSION_PIN_KEPT, T0), 0);
	assert_false(s.pin_refused);
	assert_int_equal(session_on(&s, SESSION_SIM_PIN, T0), 0);
	assert_true(s.failed_before);
}

/* The phase that types is run once; the others are repeated. */
static void
pin_is_typed_once_and_then_only_looked_after(void **state)
{
	struct session s;
	int64_t now = T0;

	(void)state;
	bring_to(&s, UNLOCKING);
	assert_int_equal(session_take_wish(&s), SESSION_WISH_SETUP);
	assert_int_equal(s.setup_phase, 0);
	assert_int_equal(session_on(&s, SESSION_DONE, now), 0);
	for (int i = 0; i < 3; i++) {
		now = session_wake_at(&s);
		session_on_tick(&s, now);
		assert_int_equal(session_take_wish(&s), SESSION_WISH_SETUP);
		assert_int_equal(s.setup_phase, 1);
		assert_int_equal(
			session_on(&s,
				i == 0 ? SESSION_SIM_PIN : SESSION_SIM_BUSY,
				now),
			0);
	}
	now = session_wake_at(&s);
	session_on_tick(&s, now);
	assert_int_equal(session_on(&s, SESSION_SIM_READY, now), 0);
	assert_int_equal(session_on(&s, SESSION_DONE, now), 0);
	assert_int_equal(s.setup_phase, 2);
	/* Messages are refused for a while: they are asked again. */
	assert_int_equal(session_on(&s, SESSION_REFUSED, now), 0);
	assert_int_equal(s.state, UNLOCKING);
	session_on_tick(&s, session_wake_at(&s));
	assert_int_equal(s.setup_phase, 2);
	assert_int_equal(session_on(&s, SESSION_DONE, now), 0);
	assert_int_equal(s.state, SETTING_UP);
}

static void
unlocking_ends_by_what_the_sim_says_or_does_not(void **state)
{
	static const struct {
		unsigned phase;
		enum session_event event;
		enum session_state to;
		bool refused;
	} ends[] = {
		{0, SESSION_REFUSED, FAILED, true},
		{0, SESSION_SIM_PUK, FAILED, true},
		{0, SESSION_SILENT, PROBING, false},
		{1, SESSION_LIMIT, FAILED, true},
		{1, SESSION_SIM_PUK, FAILED, true},
		{1, SESSION_SIM_ABSENT, FAILED, false},
		{1, SESSION_SIM_BAD, FAILED, false},
		{2, SESSION_LIMIT, SETTING_UP, false},
	};
	struct session s;

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		bring_to(&s, UNLOCKING);
		for (unsigned phase = 0; phase < ends[i].phase; phase++)
			assert_int_equal(session_on(&s, SESSION_DONE, T0), 0);
		assert_int_equal(session_on(&s, ends[i].event, T0), 0);
		assert_int_equal(s.state, ends[i].to);
		assert_int_equal(s.pin_refused, ends[i].refused);
	}
}

static void
wish_of_a_state_that_is_left_is_dropped(void **state)
{
	struct session s;

	(void)state;
	bring_to(&s, READY);
	session_on_tick(&s, session_wake_at(&s));
	assert_int_equal(s.wish, SESSION_WISH_CHECK);
	assert_int_equal(session_on(&s, SESSION_WORK, T0), 0);
	assert_int_equal(s.wish, SESSION_WISH_NONE);
}

static void
port_that_vanishes_at_once_does_not_keep_the_loop_busy(void **state)
{
	struct session s;

	(void)state;
	bring_to(&s, PROBING);
	assert_int_equal(session_on(&s, SESSION_LOST, T0), 0);
	assert_int_equal(s.state, ABSENT);
	assert_true(session_wake_at(&s) >= T0 + 1000);
	session_on_tick(&s, session_wake_at(&s));
	assert_int_equal(s.wish, SESSION_WISH_OPEN);
	assert_int_equal(session_on(&s, SESSION_NOT_OPENED, T0 + 9000), 0);
	assert_true(session_wake_at(&s) >= T0 + 10000);
}

static void
refused_registration_needs_a_person_after_a_while(void **state)
{
	static const struct {
		enum session_event event;
		enum session_state to;
	} ends[] = {
		{SESSION_UNREGISTERED, RESTING},
		{SESSION_DENIED, FAILED},
		{SESSION_ROAMING, FAILED},
	};
	struct session s;

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		bring_to(&s, REGISTERING);
		assert_int_equal(session_on(&s, ends[i].event, T0), 0);
		session_on_tick(&s, T0 + 200000);
		assert_int_equal(s.state, ends[i].to);
		assert_string_not_equal(s.why, "");
	}
}

static void
what_was_heard_while_busy_is_looked_into_soon_after(void **state)
{
	struct session s;

	(void)state;
	bring_to(&s, BUSY);
	assert_int_equal(session_on(&s, SESSION_UNREGISTERED, T0), 0);
	assert_int_equal(session_on(&s, SESSION_IDLE, T0), 0);
	assert_true(session_wake_at(&s) <= T0 + 1000);
	session_on_tick(&s, session_wake_at(&s));
	assert_int_equal(s.wish, SESSION_WISH_CHECK);
}

static void
restarts_count_what_was_up_and_fell(void **state)
{
	struct session s;

	(void)state;
	bring_to(&s, READY);
	(void)session_on(&s, SESSION_RESTARTED, T0);
	assert_int_equal(s.restarts, 1);
	bring_to(&s, BUSY);
	(void)session_on(&s, SESSION_LOST, T0);
	assert_int_equal(s.restarts, 1);
	bring_to(&s, REGISTERING);
	(void)session_on(&s, SESSION_RESTARTED, T0);
	assert_int_equal(s.restarts, 0);
}

static void
refresh_goes_through_its_states_and_is_no_restart(void **state)
{
	struct session s;

	(void)state;
	bring_to(&s, RADIO);
	for (unsigned i = 0; i < SESSION_RADIO_PHASES; i++)
		assert_int_equal(session_on(&s, SESSION_DONE, T0), 0);
	assert_int_equal(s.state, REREADING);
	for (unsigned i = 0; i + 1 < SESSION_REREAD_PHASES; i++)
		assert_int_equal(session_on(&s, SESSION_DONE, T0), 0);
	(void)session_take_wish(&s);
	/* The SIM went away while it was read: from the beginning. */
	assert_int_equal(session_on(&s, SESSION_SIM_BUSY, T0), 0);
	assert_int_equal(s.setup_phase, 0);
	assert_int_equal(session_wake_at(&s), T0 + 2000);
	for (unsigned i = 0; i < SESSION_REREAD_PHASES; i++)
		assert_int_equal(session_on(&s, SESSION_DONE, T0), 0);
	assert_int_equal(s.state, REGISTERING);
	assert_true(s.refreshing);
	assert_int_equal(session_on(&s, SESSION_REGISTERED, T0), 0);
	assert_int_equal(s.state, READY);
	assert_false(s.refreshing);
	assert_int_equal(s.restarts, 0);
}

static void
refresh_that_fails_is_a_restart(void **state)
{
	struct session s;

	(void)state;
	bring_to(&s, REBOOTING);
	assert_int_equal(s.restarts, 1);
	for (unsigned i = 0; i < SESSION_REBOOT_PHASES; i++)
		assert_int_equal(session_on(&s, SESSION_REFUSED, T0), 0);
	assert_int_equal(s.state, RESTING);
	assert_int_equal(s.restarts, 1);
	bring_to(&s, REREADING);
	for (unsigned i = 0; i < SESSION_REREAD_PHASES; i++)
		assert_int_equal(session_on(&s, SESSION_DONE, T0), 0);
	assert_int_equal(s.restarts, 0);
	assert_int_equal(session_on(&s, SESSION_LIMIT, T0), 0);
	assert_int_equal(s.state, RESTING);
	assert_int_equal(s.restarts, 1);
}

static void
every_state_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < SESSION_STATES; i++)
		assert_string_not_equal(
			session_state_name((enum session_state)i), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(permitted_events_lead_where_the_table_says),
		cmocka_unit_test(
			all_other_events_are_refused_counted_and_change_nothing),
		cmocka_unit_test(no_state_waits_for_ever),
		cmocka_unit_test(setup_goes_through_its_phases_once),
		cmocka_unit_test(
			busy_sim_is_asked_again_in_the_same_phase_until_the_limit),
		cmocka_unit_test(
			owner_is_asked_for_a_pin_once_all_ways_were_gone),
		cmocka_unit_test(pin_is_typed_once_and_then_only_looked_after),
		cmocka_unit_test(
			unlocking_ends_by_what_the_sim_says_or_does_not),
		cmocka_unit_test(
			port_that_vanishes_at_once_does_not_keep_the_loop_busy),
		cmocka_unit_test(
			refused_registration_needs_a_person_after_a_while),
		cmocka_unit_test(
			what_was_heard_while_busy_is_looked_into_soon_after),
		cmocka_unit_test(restarts_count_what_was_up_and_fell),
		cmocka_unit_test(
			refresh_goes_through_its_states_and_is_no_restart),
		cmocka_unit_test(refresh_that_fails_is_a_restart),
		cmocka_unit_test(wish_of_a_state_that_is_left_is_dropped),
		cmocka_unit_test(every_state_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
