/*
 * session_stage: a session brought into a state, for the tests of it. It must
 * never set a state itself: each is reached by events.
 */
#ifndef TESTS_UNIT_SESSION_STAGE_H
#define TESTS_UNIT_SESSION_STAGE_H

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "modem/session_rung.h"

#define ABSENT      SESSION_ABSENT
#define PROBING     SESSION_PROBING
#define SETTING_UP  SESSION_SETTING_UP
#define REGISTERING SESSION_REGISTERING
#define READY       SESSION_READY
#define BUSY        SESSION_BUSY
#define RADIO       SESSION_RADIO
#define REREADING   SESSION_REREADING
#define REBOOTING   SESSION_REBOOTING
#define LOCKED      SESSION_LOCKED
#define UNLOCKING   SESSION_UNLOCKING
#define LEAVING     SESSION_LEAVING
#define CURING      SESSION_CURING
#define POWERING    SESSION_POWERING
#define RESTING     SESSION_RESTING
#define FAILED      SESSION_FAILED

enum { PHASES = 3, T0 = 1000 };

/* Into a state by the shortest way; due looks are still to come. */
static inline void
bring_to(struct session *s, enum session_state state)
{
	static const enum session_event way[] = {SESSION_START, SESSION_OPENED,
		SESSION_DONE, SESSION_DONE, SESSION_DONE, SESSION_DONE,
		SESSION_REGISTERED, SESSION_WORK};

	session_init(s, PHASES);
	s->ladder.unanswered = LADDER_UNANSWERED_MAX;
	for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
		if (s->state == state)
			return;
		if (s->state == SETTING_UP && state == FAILED)
			assert_int_equal(
				session_on(s, SESSION_SIM_ABSENT, T0), 0);
		else if (s->state == SETTING_UP && state == LOCKED)
			assert_int_equal(session_on(s, SESSION_SIM_PIN, T0), 0);
		else if (s->state == SETTING_UP && state == UNLOCKING)
			assert_int_equal(session_on(s, SESSION_SIM_PIN, T0), 0);
		else if (s->state == LOCKED)
			assert_int_equal(
				session_on(s, SESSION_PIN_GIVEN, T0), 0);
		else if (s->state == PROBING && state == CURING)
			assert_int_equal(session_on(s, SESSION_SILENT, T0), 0);
		else if (s->state == REGISTERING && state == RESTING)
			assert_int_equal(session_on(s, SESSION_LIMIT, T0), 0);
		else
			assert_int_equal(session_on(s, way[i], T0), 0);
	}
	if (state == POWERING && s->state == BUSY) {
		s->ladder.usable[LADDER_RADIO] = false;
		s->ladder.usable[LADDER_POWER] = true;
		assert_int_equal(session_recover(s, T0), 0);
	}
	if (state == REREADING)
		assert_int_equal(session_on(s, SESSION_REFRESH_SIM, T0), 0);
	if (state == RADIO || state == REBOOTING)
		assert_int_equal(session_on(s, SESSION_REFRESH_RADIO, T0), 0);
	if (state == REBOOTING)
		assert_int_equal(session_on(s, SESSION_REFUSED, T0), 0);
	if (state == LEAVING) {
		assert_int_equal(session_on(s, SESSION_IDLE, T0), 0);
		assert_int_equal(session_on(s, SESSION_LEAVE, T0), 0);
	}
	assert_int_equal(s->state, state);
}

/* A probe that fails, and at the foot of the ladder the reset after it. */
static inline void
stay_silent(struct session *s, int64_t now_ms)
{
	assert_int_equal(s->state, PROBING);
	assert_int_equal(session_on(s, SESSION_SILENT, now_ms), 0);
	if (s->state != CURING)
		return;
	assert_int_equal(s->rung, LADDER_RESET);
	assert_int_equal(session_on(s, SESSION_SILENT, now_ms), 0);
	assert_int_equal(session_on(s, SESSION_SILENT, now_ms), 0);
}

static inline void
become_ready(struct session *s, int64_t now_ms)
{
	while (s->state == CURING)
		assert_int_equal(session_on(s, SESSION_REFUSED, now_ms), 0);
	while (s->state == PROBING || s->state == SETTING_UP)
		assert_int_equal(session_on(s, SESSION_DONE, now_ms), 0);
	assert_int_equal(session_on(s, SESSION_REGISTERED, now_ms), 0);
	assert_int_equal(s->state, READY);
}

#endif
