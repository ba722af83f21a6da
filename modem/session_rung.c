/*
 * session_rung: the session on its ladder. It must never begin a rung at a
 * port that is not there, nor one that the ladder has not given.
 */
#include "modem/session_rung.h"

#include <errno.h>

static void
give(struct session *s, enum ladder_rung rung, int64_t now_ms)
{
	ladder_give(&s->ladder, rung, now_ms);
	s->given = rung;
}

static void
note_cure(struct session *s, enum ladder_rung cure)
{
	if (cure != LADDER_NONE)
		s->cured = cure;
}

/* One that lasted too long to come up, or that contradicts itself, talks. */
static enum ladder_trouble
trouble_of(enum session_state from, enum session_event event)
{
	switch (from) {
	case SESSION_READY:
		return LADDER_STUCK;
	case SESSION_SETTING_UP:
	case SESSION_REGISTERING:
	case SESSION_REREADING:
	case SESSION_LOCKED:
		return event == SESSION_LIMIT ? LADDER_STUCK : LADDER_MUTE;
	case SESSION_REBOOTING:
		return event == SESSION_REFUSED ? LADDER_STUCK : LADDER_MUTE;
	case SESSION_STOPPED:
	case SESSION_ABSENT:
	case SESSION_PROBING:
	case SESSION_BUSY:
	case SESSION_RADIO:
	case SESSION_UNLOCKING:
	case SESSION_LEAVING:
	case SESSION_CURING:
	case SESSION_POWERING:
	case SESSION_RESTING:
	case SESSION_FAILED:
		break;
	}
	return LADDER_MUTE;
}

enum session_state
session_rung_plan(struct session *s, enum session_event event, int64_t now_ms)
{
	struct ladder_plan next =
		ladder_next(&s->ladder, trouble_of(s->state, event), now_ms);

	s->rung = next.rung;
	s->ill = s->why;
	if (next.helpless && !s->helpless)
		give(s, LADDER_PERSON, now_ms);
	s->helpless = next.helpless;
	s->rest_until_ms = next.at_ms;
	return next.rung == LADDER_RESET ? SESSION_CURING : SESSION_RESTING;
}

enum session_state
session_rung_target(const struct session *s, enum session_state otherwise)
{
	switch (s->rung) {
	case LADDER_POWER:
		return SESSION_POWERING;
	case LADDER_RADIO:
	case LADDER_REBOOT:
		return SESSION_CURING;
	case LADDER_NONE:
	case LADDER_ASK:
	case LADDER_RESET:
	case LADDER_REOPEN:
	case LADDER_PERSON:
		break;
	}
	return otherwise;
}

static void
ask(struct session *s, enum session_event event, int64_t now_ms)
{
	s->ill = event == SESSION_SILENT ? "it did not answer"
	                                 : "it answered with an error";
	give(s, LADDER_ASK, now_ms);
}

void
session_rung_begin(struct session *s, enum session_state from,
	enum session_event event, int64_t now_ms)
{
	bool was_up = from == SESSION_READY || from == SESSION_BUSY;
	bool is_no_use = event == SESSION_SILENT || event == SESSION_REFUSED;

	if (s->state == SESSION_CURING || s->state == SESSION_POWERING ||
		(event == SESSION_OPENED && s->rung == LADDER_REOPEN))
		give(s, s->rung, now_ms);
	else if (was_up && is_no_use && s->state == SESSION_PROBING)
		ask(s, event, now_ms);
	if (s->state == SESSION_PROBING || s->state == SESSION_STOPPED ||
		from == SESSION_POWERING || event == SESSION_LOST)
		s->rung = LADDER_NONE;
	if (event == SESSION_LOST)
		ladder_on_gone(&s->ladder);
}

bool
session_rung_is_over(const struct session *s, enum session_event event)
{
	bool waits = s->rung == LADDER_REBOOT && event == SESSION_DONE &&
	             s->setup_phase == 0; /* for the restart */

	return event != SESSION_SIM_CHANGED && !waits &&
	       (s->rung == LADDER_RESET ||
		       s->setup_phase + 1 == SESSION_CURE_PHASES);
}

void
session_rung_forget(struct session *s)
{
	s->rung = LADDER_NONE;
	ladder_on_gone(&s->ladder);
}

void
session_rung_on_well(struct session *s, int64_t now_ms)
{
	s->flaps = 0;
	s->helpless = false;
	note_cure(s, ladder_on_well(&s->ladder, now_ms - s->ready_ms));
}

enum ladder_rung
session_take_rung(struct session *s)
{
	enum ladder_rung rung = s->given;

	s->given = LADDER_NONE;
	return rung;
}

enum ladder_rung
session_take_cure(struct session *s)
{
	enum ladder_rung rung = s->cured;

	s->cured = LADDER_NONE;
	return rung;
}

int
session_recover(struct session *s, int64_t now_ms)
{
	enum ladder_rung rung = ladder_due(&s->ladder, now_ms);

	if (s->state != SESSION_BUSY)
		return -EBUSY;
	if (rung == LADDER_NONE)
		return -EAGAIN;
	s->rung = rung;
	s->ill = "its requests get no answer";
	return session_on(s, SESSION_RECOVER, now_ms);
}

void
session_on_request(struct session *s, bool answered)
{
	if (answered)
		s->helpless = false;
	note_cure(s, ladder_on_request(&s->ladder, answered));
}
