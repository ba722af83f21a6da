/*
 * session: the edges are the specification; one function changes state.
 * What an edge does beside that is in on_enter() and on_edge(), no more.
 */
#include "modem/session.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "modem/session_edges.h"
#include "modem/session_rung.h"
#include "modem/session_states.h"

enum {
	REOPEN_MS = 3000,      /* an absent port is looked for again */
	SETUP_RETRY_MS = 2000, /* a SIM that is busy is asked again */
	REGISTER_POLL_MS = 3000,
	HEALTH_MS = 30000, /* an idle modem is asked how it is */
	SOON_MS = 500,
	FAILED_LOOK_MS = 60000, /* a SIM may have been put in */
	REBOOT_MS = 5000,       /* what still answers is what is about to go */
	PIN_SETTLE_MS =
		1000, /* from the OK on a SIM still says its old state */
	/* A modem that says registered and not registered in turn is asked
	 * more and more rarely, and at last is no use. */
	FLAP_MS = 250,
	FLAP_MAX_MS = 30000,
	FLAPS_MAX = 12 /* that is two minutes */
};

/* How long a state may last at most; 0: as long as it likes, its looks at
 * next_ms and the deadlines of its scripts bound it. */
static const int64_t limits_ms[SESSION_STATES] = {
	[SESSION_PROBING] = 30000,
	[SESSION_SETTING_UP] = 90000, /* boards refuse for 60 s after boot */
	[SESSION_REGISTERING] = 120000,
	[SESSION_RADIO] = 90000,
	[SESSION_REREADING] = 90000,
	[SESSION_REBOOTING] = 60000,
	[SESSION_LOCKED] = 120000,
	[SESSION_UNLOCKING] = 45000,
	[SESSION_LEAVING] = 3000, /* whoever stops the program waits */
	[SESSION_CURING] = 150000,
	[SESSION_POWERING] = 180000,
};

/* Phases of UNLOCKING; from the last one on nothing of the SIM is open. */
enum { UNLOCK_TYPED, UNLOCK_READY, UNLOCK_MESSAGES };

void
session_init(struct session *s, unsigned setup_phases)
{
	assert(setup_phases > 0);
	memset(s, 0, sizeof *s);
	s->setup_phases = setup_phases;
	s->why = "";
	s->ill = "";
	s->next_ms = INT64_MAX;
	s->limit_ms = INT64_MAX;
	s->check_ms = INT64_MAX;
	ladder_init(&s->ladder);
}

/* Whether the port is wanted open in this state. */
static bool
has_port(const struct session *s)
{
	return s->state != SESSION_STOPPED && s->state != SESSION_ABSENT &&
	       s->state != SESSION_RESTING && s->state != SESSION_POWERING;
}

/* What the outside sees as "ready", whether or not at work. */
static bool
is_up(const struct session *s)
{
	return s->state == READY || s->state == BUSY || s->refreshing;
}

/* The first time at once: a network is lost, and found again. */
static int64_t
flap_ms(unsigned flaps)
{
	int64_t ms = flaps > 1 ? FLAP_MS : 0;

	for (unsigned i = 2; i < flaps && ms < FLAP_MAX_MS; i++)
		ms *= 2;
	return ms < FLAP_MAX_MS ? ms : FLAP_MAX_MS;
}

static void
on_enter_registering(struct session *s, int64_t now_ms)
{
	int64_t wait_ms = flap_ms(s->flaps);

	if (wait_ms > 0)
		s->next_ms = now_ms + wait_ms;
	else
		s->wish = SESSION_WISH_REGISTER;
}

/* What being in a new state brings with it. */
/* A look that is due comes before the next work: its script is begun first,
 * and a SIM may have been changed without a word. */
static void
on_enter_ready(struct session *s, int64_t now_ms)
{
	bool soon = s->check_soon || ladder_is_climbing(&s->ladder);
	int64_t due_ms = now_ms + (soon ? SOON_MS : HEALTH_MS);

	s->check_soon = false;
	if (s->check_ms > due_ms)
		s->check_ms = due_ms;
	if (s->check_ms > now_ms) {
		s->next_ms = s->check_ms;
		return;
	}
	s->wish = SESSION_WISH_CHECK;
}

static void
on_enter(struct session *s, int64_t now_ms)
{
	s->wish = SESSION_WISH_NONE;
	s->next_ms = INT64_MAX;
	s->limit_ms = limits_ms[s->state] > 0 ? now_ms + limits_ms[s->state]
	                                      : INT64_MAX;
	switch (s->state) {
	case SESSION_STOPPED:
		s->wish = SESSION_WISH_CLOSE;
		break;
	case SESSION_ABSENT:
		s->wish = SESSION_WISH_CLOSE;
		s->next_ms = now_ms;
		break;
	case SESSION_PROBING:
		s->wish = SESSION_WISH_PROBE;
		s->check_ms = INT64_MAX;
		break;
	case SESSION_SETTING_UP:
	case SESSION_RADIO:
	case SESSION_REREADING:
	case SESSION_REBOOTING:
	case SESSION_LOCKED:
	case SESSION_UNLOCKING:
	case SESSION_CURING:
		s->setup_phase = 0;
		s->wish = SESSION_WISH_SETUP;
		break;
	case SESSION_POWERING:
		s->wish = SESSION_WISH_POWER;
		break;
	case SESSION_REGISTERING:
		on_enter_registering(s, now_ms);
		break;
	case SESSION_LEAVING:
		s->wish = SESSION_WISH_LEAVE;
		break;
	case SESSION_READY:
		on_enter_ready(s, now_ms);
		break;
	case SESSION_BUSY:
		break;
	case SESSION_RESTING:
		s->wish = SESSION_WISH_CLOSE;
		s->flaps = 0;
		break; /* plan() says how long */
	case SESSION_FAILED:
		s->next_ms = now_ms + FAILED_LOOK_MS;
		break;
	}
}

static void
next_setup_phase(struct session *s)
{
	s->setup_phase++;
	s->wish = SESSION_WISH_SETUP;
}

/* A SIM that went away while it was read is read from the beginning. */
static void
stay_rereading(struct session *s, enum session_event event, int64_t now_ms)
{
	s->next_ms = INT64_MAX;
	if (event == SESSION_DONE) {
		next_setup_phase(s);
	} else if (event == SESSION_TIME) {
		s->wish = SESSION_WISH_SETUP;
	} else if (event == SESSION_SIM_BUSY) {
		s->setup_phase = 0;
		s->wish = SESSION_WISH_NONE;
		s->next_ms = now_ms + SETUP_RETRY_MS;
	}
}

/* The owner is asked once both names are told, or are not. */
static void
stay_locked(struct session *s)
{
	next_setup_phase(s);
	if (s->setup_phase == SESSION_LOCKED_PHASES)
		s->wish = SESSION_WISH_ASK_PIN;
}

/* The PIN is typed once: from then on the SIM is only looked at. */
static void
stay_unlocking(struct session *s, enum session_event event, int64_t now_ms)
{
	s->next_ms = INT64_MAX;
	if (event == SESSION_TIME) {
		s->wish = SESSION_WISH_SETUP;
	} else if (event == SESSION_DONE && s->setup_phase == UNLOCK_TYPED) {
		s->setup_phase++;
		s->next_ms = now_ms + PIN_SETTLE_MS;
	} else if (event == SESSION_DONE) {
		next_setup_phase(s);
	} else if (event != SESSION_SIM_READY) {
		s->next_ms = now_ms + SETUP_RETRY_MS;
	}
}

/* However a step ended, the next one follows; a modem that was told to start
 * anew is left alone for a moment. */
static void
stay_curing(struct session *s, enum session_event event, int64_t now_ms)
{
	if (event == SESSION_SIM_CHANGED)
		return;
	s->next_ms = INT64_MAX;
	if (s->rung == LADDER_REBOOT && event == SESSION_DONE)
		s->next_ms = now_ms + REBOOT_MS;
	else
		next_setup_phase(s);
}

/* What an event does in a state that it does not end. */
static void
on_stay(struct session *s, enum session_event event, int64_t now_ms)
{
	bool due = event == SESSION_TIME;

	switch (s->state) {
	case SESSION_STOPPED:
	case SESSION_PROBING:
	case SESSION_LEAVING:
	case SESSION_RESTING:
	case SESSION_POWERING:
		break;
	case SESSION_CURING:
		stay_curing(s, event, now_ms);
		break;
	case SESSION_ABSENT:
		if (event == SESSION_NOT_OPENED)
			session_rung_forget(s);
		s->wish = due ? SESSION_WISH_OPEN : SESSION_WISH_NONE;
		s->next_ms = now_ms + REOPEN_MS;
		break;
	case SESSION_SETTING_UP:
		s->next_ms = INT64_MAX;
		if (event == SESSION_DONE)
			next_setup_phase(s);
		else if (due)
			s->wish = SESSION_WISH_SETUP;
		else if (event == SESSION_SIM_BUSY)
			s->next_ms = now_ms + SETUP_RETRY_MS;
		break;
	case SESSION_RADIO:
		if (event == SESSION_DONE)
			next_setup_phase(s);
		break;
	case SESSION_REREADING:
		stay_rereading(s, event, now_ms);
		break;
	case SESSION_REBOOTING:
		if (event == SESSION_REFUSED)
			next_setup_phase(s);
		else if (event == SESSION_DONE)
			s->next_ms = now_ms + REBOOT_MS;
		break;
	case SESSION_LOCKED:
		stay_locked(s);
		break;
	case SESSION_UNLOCKING:
		stay_unlocking(s, event, now_ms);
		break;
	case SESSION_REGISTERING:
		if (due)
			s->wish = SESSION_WISH_REGISTER;
		s->next_ms = due ? INT64_MAX : now_ms + REGISTER_POLL_MS;
		break;
	case SESSION_READY:
		if (due) {
			s->wish = SESSION_WISH_CHECK;
			s->next_ms = INT64_MAX;
		} else if (event == SESSION_DONE) {
			s->next_ms = s->check_ms = now_ms + HEALTH_MS;
			session_rung_on_well(s, now_ms);
		}
		break;
	case SESSION_BUSY:
		if (event == SESSION_DONE)
			s->check_ms = now_ms + HEALTH_MS;
		else if (event != SESSION_REGISTERED)
			s->check_soon = true;
		break;
	case SESSION_FAILED:
		if (due)
			s->wish = SESSION_WISH_LOOK;
		s->next_ms = due ? INT64_MAX : now_ms + FAILED_LOOK_MS;
		break;
	}
}

/* Edges that hang on more than the event: what follows the last phase. */
static enum session_state
target_of(const struct session *s, const struct session_edge *edge)
{
	const struct {
		enum session_state from;
		enum session_event event;
		unsigned phases;
		enum session_state to;
	} lasts[] = {
		{SETTING_UP, SESSION_DONE, s->setup_phases, REGISTERING},
		{RADIO, SESSION_DONE, SESSION_RADIO_PHASES, REREADING},
		{REREADING, SESSION_DONE, SESSION_REREAD_PHASES, REGISTERING},
		{REBOOTING, SESSION_REFUSED, SESSION_REBOOT_PHASES, RESTING},
		{UNLOCKING, SESSION_DONE, SESSION_UNLOCK_PHASES, SETTING_UP},
		/* Messages that do not get ready are not waited for longer. */
		{UNLOCKING, SESSION_REFUSED, SESSION_UNLOCK_PHASES, UNLOCKING},
		{UNLOCKING, SESSION_LIMIT, SESSION_UNLOCK_PHASES, SETTING_UP},
	};

	for (size_t i = 0; i < sizeof lasts / sizeof *lasts; i++)
		if (edge->from == lasts[i].from &&
			edge->event == lasts[i].event &&
			s->setup_phase + 1 == lasts[i].phases)
			return lasts[i].to;
	if (edge->from == REGISTERING && edge->event == SESSION_LIMIT &&
		(s->why == session_why_denied || s->why == session_why_roaming))
		return FAILED;
	if (edge->from == READY && edge->to == REGISTERING &&
		s->flaps >= FLAPS_MAX)
		return RESTING;
	if (edge->from == CURING && edge->to == CURING &&
		session_rung_is_over(s, edge->event))
		return PROBING;
	if (edge->event == SESSION_OPENED && s->is_stranger)
		return edge->to;
	if (edge->event == SESSION_OPENED || edge->event == SESSION_RECOVER)
		return session_rung_target(s, edge->to);
	return edge->to;
}

/* A refresh goes from one of its states to the next, or is over. */
static void
note_refresh(struct session *s, enum session_state to)
{
	s->refreshing =
		to == RADIO || to == REREADING ||
		(to == REGISTERING && s->refreshing && s->state == REREADING);
}

/* What whoever typed the PIN has to know when it failed. */
static void
note_pin(struct session *s, const struct session_edge *edge,
	enum session_state to)
{
	s->failed_before = to == LOCKED && s->state == FAILED;
	s->pin_refused = to == FAILED && edge->from == UNLOCKING &&
	                 (edge->event == SESSION_REFUSED ||
				 edge->event == SESSION_LIMIT ||
				 edge->event == SESSION_SIM_PUK);
}

static void
follow(struct session *s, const struct session_edge *edge, int64_t now_ms)
{
	enum session_state to = target_of(s, edge);
	bool was_up = is_up(s);

	if (to == s->state) {
		if (edge->why != NULL && to == edge->to)
			s->why = edge->why;
		on_stay(s, edge->event, now_ms);
		return;
	}
	if (edge->why != NULL)
		s->why = edge->why;
	note_pin(s, edge, to);
	if (to == RESTING && edge->from == REBOOTING)
		s->why = edge->event == SESSION_REFUSED ? session_why_refused
		                                        : session_why_silent;
	if (to == RESTING && edge->from == READY)
		s->why = session_why_flapping;
	if (to == RESTING && s->why[0] == '\0')
		s->why = session_why_unregistered; /* it was never told */
	if (to == RESTING)
		to = session_rung_plan(s, edge->event, now_ms);
	else if (to == CURING || to == POWERING)
		s->why = s->ill;
	if (edge->from == READY && to == REGISTERING)
		s->flaps++;
	if (to == READY && !is_up(s))
		s->ready_ms = now_ms;
	note_refresh(s, to);
	s->state = to;
	if (was_up && !is_up(s))
		s->restarts++;
	on_enter(s, now_ms);
	session_rung_begin(s, edge->from, edge->event, now_ms);
	if (s->state == RESTING)
		s->next_ms = s->rest_until_ms;
	/* A port that opens and vanishes at once must not keep us busy. */
	if (edge->event == SESSION_LOST || edge->event == SESSION_NO_PORT ||
		edge->from == POWERING)
		s->next_ms = now_ms + REOPEN_MS;
	if (edge->event == SESSION_NEXT_PORT) {
		s->wish = SESSION_WISH_REOPEN;
		s->next_ms = now_ms + REOPEN_MS;
	}
}

/* STOP and LOST mean the same wherever the port is in use. */
static const struct session_edge *
common_edge(const struct session *s, enum session_event event)
{
	static const struct session_edge stop = {SESSION_STOPPED, SESSION_STOP,
		SESSION_STOPPED, session_why_stopped};
	static const struct session_edge lost = {SESSION_STOPPED, SESSION_LOST,
		SESSION_ABSENT, session_why_lost};

	if (event == SESSION_STOP && s->state != SESSION_STOPPED)
		return &stop;
	if (event == SESSION_LOST && has_port(s) && s->state != LEAVING)
		return &lost;
	return NULL;
}

int
session_on(struct session *s, enum session_event event, int64_t now_ms)
{
	const struct session_edge *edge = common_edge(s, event);

	if (edge == NULL)
		edge = session_edge_of(s->state, event);
	if (edge == NULL) {
		s->refused++;
		return -EINVAL;
	}
	follow(s, edge, now_ms);
	return 0;
}

void
session_on_tick(struct session *s, int64_t now_ms)
{
	if (now_ms >= s->limit_ms) {
		s->limit_ms = INT64_MAX;
		(void)session_on(s, SESSION_LIMIT, now_ms); /* has an edge */
	} else if (now_ms >= s->next_ms) {
		s->next_ms = INT64_MAX;
		(void)session_on(s, SESSION_TIME, now_ms); /* likewise */
	}
}

int64_t
session_wake_at(const struct session *s)
{
	return s->next_ms < s->limit_ms ? s->next_ms : s->limit_ms;
}

enum session_wish
session_take_wish(struct session *s)
{
	enum session_wish wish = s->wish;

	s->wish = SESSION_WISH_NONE;
	return wish;
}
