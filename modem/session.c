/*
 * session: the edges are the specification; one function changes state.
 * What an edge does beside that is in on_enter() and on_edge(), no more.
 */
#include "modem/session.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum {
	REOPEN_MS = 3000,      /* an absent port is looked for again */
	SETUP_RETRY_MS = 2000, /* a SIM that is busy is asked again */
	REGISTER_POLL_MS = 3000,
	HEALTH_MS = 30000, /* an idle modem is asked how it is */
	SOON_MS = 500,
	FAILED_LOOK_MS = 60000, /* a SIM may have been put in */
	REBOOT_MS = 5000,       /* what still answers is what is about to go */
	PIN_SETTLE_MS = 1000 /* from the OK on a SIM still says its old state */
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
};

/* Pauses between attempts at a modem that is no use. */
static const int64_t rests_ms[] = {10000, 30000, 60000, 120000, 300000};

/* Phases of UNLOCKING; from the last one on nothing of the SIM is open. */
enum { UNLOCK_TYPED, UNLOCK_READY, UNLOCK_MESSAGES };

struct edge {
	enum session_state from;
	enum session_event event;
	enum session_state to;
	const char *why; /* NULL leaves it as it is */
};

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
#define STOPPED     SESSION_STOPPED
#define RESTING     SESSION_RESTING
#define FAILED      SESSION_FAILED

static const char why_silent[] = "it does not answer";
static const char why_refused[] = "it refuses to be set up";
static const char why_lost[] = "the port vanished";
static const char why_pin[] = "the SIM asks for its PIN (SIM PIN)";
static const char why_pin_refused[] = "the SIM refused its PIN";
static const char why_pin_no_use[] = "the SIM still asks for its PIN";
static const char why_puk[] = "the SIM is blocked and asks for its PUK";
static const char why_no_sim[] = "there is no SIM";
static const char why_bad_sim[] = "the SIM cannot be used (failure or lock)";
static const char why_denied[] = "the network refuses this SIM";
static const char why_roaming[] = "registered abroad, roaming is not allowed";
static const char why_sms_only[] = "registered for SMS only: no USSD here";
static const char why_unregistered[] = "not registered with a network";
static const char why_sim_busy[] = "the SIM does not get ready";
static const char why_leaving[] = "its settings are put back";
static const char why_stopped[] = "stopped";

static const struct edge edges[] = {
	{SESSION_STOPPED, SESSION_START, ABSENT, "not yet opened"},

	{ABSENT, SESSION_TIME, ABSENT, NULL},
	{ABSENT, SESSION_OPENED, PROBING, ""},
	{ABSENT, SESSION_NOT_OPENED, ABSENT, NULL},

	{PROBING, SESSION_DONE, SETTING_UP, ""},
	{PROBING, SESSION_REFUSED, RESTING, why_refused},
	{PROBING, SESSION_SILENT, RESTING, why_silent},
	{PROBING, SESSION_LIMIT, RESTING, why_silent},

	{SETTING_UP, SESSION_DONE, SETTING_UP, NULL}, /* or REGISTERING */
	{SETTING_UP, SESSION_TIME, SETTING_UP, NULL},
	{SETTING_UP, SESSION_SIM_READY, SETTING_UP, NULL},
	{SETTING_UP, SESSION_SIM_BUSY, SETTING_UP, NULL},
	{SETTING_UP, SESSION_SIM_PIN, LOCKED, why_pin},
	{SETTING_UP, SESSION_SIM_PUK, FAILED, why_puk},
	{SETTING_UP, SESSION_SIM_ABSENT, FAILED, why_no_sim},
	{SETTING_UP, SESSION_SIM_BAD, FAILED, why_bad_sim},
	{SETTING_UP, SESSION_REFUSED, RESTING, why_refused},
	{SETTING_UP, SESSION_SILENT, RESTING, why_silent},
	{SETTING_UP, SESSION_RESTARTED, PROBING, ""},
	{SETTING_UP, SESSION_LIMIT, RESTING, why_sim_busy},

	{REGISTERING, SESSION_REGISTERED, READY, ""},
	{REGISTERING, SESSION_DONE, REGISTERING, NULL},
	{REGISTERING, SESSION_TIME, REGISTERING, NULL},
	{REGISTERING, SESSION_UNREGISTERED, REGISTERING, why_unregistered},
	{REGISTERING, SESSION_DENIED, REGISTERING, why_denied},
	{REGISTERING, SESSION_ROAMING, REGISTERING, why_roaming},
	{REGISTERING, SESSION_SMS_ONLY, REGISTERING, why_sms_only},
	{REGISTERING, SESSION_REFUSED, REGISTERING, NULL},
	{REGISTERING, SESSION_SILENT, RESTING, why_silent},
	{REGISTERING, SESSION_RESTARTED, PROBING, ""},
	{REGISTERING, SESSION_SIM_CHANGED, PROBING, ""},
	{REGISTERING, SESSION_LIMIT, RESTING, NULL}, /* or FAILED */

	{READY, SESSION_TIME, READY, NULL},
	{READY, SESSION_DONE, READY, NULL},
	{READY, SESSION_REGISTERED, READY, NULL},
	{READY, SESSION_WORK, BUSY, NULL},
	{READY, SESSION_UNREGISTERED, REGISTERING, why_unregistered},
	{READY, SESSION_DENIED, REGISTERING, why_denied},
	{READY, SESSION_ROAMING, REGISTERING, why_roaming},
	{READY, SESSION_SMS_ONLY, REGISTERING, why_sms_only},
	{READY, SESSION_REFUSED, PROBING, ""},
	{READY, SESSION_SILENT, PROBING, ""},
	{READY, SESSION_RESTARTED, PROBING, ""},
	{READY, SESSION_SIM_CHANGED, PROBING, ""},

	{BUSY, SESSION_IDLE, READY, NULL},
	{BUSY, SESSION_REFUSED, PROBING, ""},
	{BUSY, SESSION_SILENT, PROBING, ""},
	{BUSY, SESSION_RESTARTED, PROBING, ""},
	{BUSY, SESSION_DONE, BUSY, NULL},
	{BUSY, SESSION_REGISTERED, BUSY, NULL},
	{BUSY, SESSION_UNREGISTERED, BUSY, NULL},
	{BUSY, SESSION_DENIED, BUSY, NULL},
	{BUSY, SESSION_ROAMING, BUSY, NULL},
	{BUSY, SESSION_SMS_ONLY, BUSY, NULL},
	{BUSY, SESSION_SIM_CHANGED, BUSY, NULL},
	{BUSY, SESSION_REFRESH_SIM, REREADING, NULL},
	{BUSY, SESSION_REFRESH_RADIO, RADIO, NULL},

	{RADIO, SESSION_DONE, RADIO, NULL}, /* or REREADING */
	{RADIO, SESSION_REFUSED, REBOOTING, ""},
	{RADIO, SESSION_SILENT, REBOOTING, ""},
	{RADIO, SESSION_LIMIT, REBOOTING, ""},
	{RADIO, SESSION_RESTARTED, PROBING, ""},
	/* Some say that the SIM goes with the radio: it is read after. */
	{RADIO, SESSION_SIM_CHANGED, RADIO, NULL},

	{REREADING, SESSION_DONE, REREADING, NULL}, /* or REGISTERING */
	{REREADING, SESSION_TIME, REREADING, NULL},
	{REREADING, SESSION_SIM_READY, REREADING, NULL},
	{REREADING, SESSION_SIM_BUSY, REREADING, NULL},
	{REREADING, SESSION_SIM_PIN, LOCKED, why_pin},
	{REREADING, SESSION_SIM_PUK, FAILED, why_puk},
	{REREADING, SESSION_SIM_ABSENT, FAILED, why_no_sim},
	{REREADING, SESSION_SIM_BAD, FAILED, why_bad_sim},
	{REREADING, SESSION_SIM_CHANGED, PROBING, ""},
	{REREADING, SESSION_REFUSED, PROBING, ""},
	{REREADING, SESSION_SILENT, PROBING, ""},
	{REREADING, SESSION_RESTARTED, PROBING, ""},
	{REREADING, SESSION_LIMIT, RESTING, why_sim_busy},

	{REBOOTING, SESSION_DONE, REBOOTING, NULL},
	{REBOOTING, SESSION_REFUSED, REBOOTING, NULL}, /* or RESTING */
	{REBOOTING, SESSION_SIM_CHANGED, REBOOTING, NULL},
	{REBOOTING, SESSION_SILENT, PROBING, ""},
	{REBOOTING, SESSION_RESTARTED, PROBING, ""},
	{REBOOTING, SESSION_TIME, PROBING, ""},
	{REBOOTING, SESSION_LIMIT, RESTING, why_silent},

	{LOCKED, SESSION_DONE, LOCKED, NULL},
	{LOCKED, SESSION_PIN_GIVEN, UNLOCKING, NULL},
	{LOCKED, SESSION_PIN_KEPT, FAILED, NULL},
	{LOCKED, SESSION_SIM_CHANGED, PROBING, ""},
	{LOCKED, SESSION_RESTARTED, PROBING, ""},
	{LOCKED, SESSION_SILENT, RESTING, why_silent},
	{LOCKED, SESSION_LIMIT, RESTING, why_silent},

	{UNLOCKING, SESSION_DONE, UNLOCKING, NULL}, /* or SETTING_UP */
	{UNLOCKING, SESSION_TIME, UNLOCKING, NULL},
	{UNLOCKING, SESSION_SIM_READY, UNLOCKING, NULL},
	{UNLOCKING, SESSION_SIM_BUSY, UNLOCKING, NULL},
	{UNLOCKING, SESSION_SIM_PIN, UNLOCKING, NULL},
	{UNLOCKING, SESSION_REFUSED, FAILED, why_pin_refused}, /* or stays */
	{UNLOCKING, SESSION_SIM_PUK, FAILED, why_puk},
	{UNLOCKING, SESSION_SIM_ABSENT, FAILED, why_no_sim},
	{UNLOCKING, SESSION_SIM_BAD, FAILED, why_bad_sim},
	{UNLOCKING, SESSION_LIMIT, FAILED, why_pin_no_use}, /* likewise */
	{UNLOCKING, SESSION_SIM_CHANGED, PROBING, ""},
	{UNLOCKING, SESSION_RESTARTED, PROBING, ""},
	{UNLOCKING, SESSION_SILENT, PROBING, ""},

	/* From where the port is not in the middle of something. */
	{SETTING_UP, SESSION_LEAVE, LEAVING, why_leaving},
	{REGISTERING, SESSION_LEAVE, LEAVING, why_leaving},
	{READY, SESSION_LEAVE, LEAVING, why_leaving},
	{FAILED, SESSION_LEAVE, LEAVING, why_leaving},

	{LEAVING, SESSION_DONE, STOPPED, why_stopped},
	{LEAVING, SESSION_REFUSED, STOPPED, why_stopped},
	{LEAVING, SESSION_SILENT, STOPPED, why_stopped},
	{LEAVING, SESSION_LIMIT, STOPPED, why_stopped},
	{LEAVING, SESSION_LOST, STOPPED, why_stopped},
	{LEAVING, SESSION_RESTARTED, STOPPED, why_stopped}, /* forgotten */
	{LEAVING, SESSION_SIM_CHANGED, LEAVING, NULL},

	{RESTING, SESSION_TIME, ABSENT, NULL},

	{FAILED, SESSION_TIME, FAILED, NULL},
	{FAILED, SESSION_DONE, FAILED, NULL},
	{FAILED, SESSION_REFUSED, FAILED, NULL},
	{FAILED, SESSION_SIM_BUSY, FAILED, NULL},
	{FAILED, SESSION_SIM_PIN, LOCKED, why_pin},
	{FAILED, SESSION_SIM_PUK, FAILED, why_puk},
	{FAILED, SESSION_SIM_ABSENT, FAILED, why_no_sim},
	{FAILED, SESSION_SIM_BAD, FAILED, why_bad_sim},
	{FAILED, SESSION_SIM_READY, PROBING, ""},
	{FAILED, SESSION_SIM_CHANGED, PROBING, ""},
	{FAILED, SESSION_SILENT, RESTING, why_silent},
	{FAILED, SESSION_RESTARTED, PROBING, ""},
};

void
session_init(struct session *s, unsigned setup_phases)
{
	assert(setup_phases > 0);
	memset(s, 0, sizeof *s);
	s->setup_phases = setup_phases;
	s->why = "";
	s->next_ms = INT64_MAX;
	s->limit_ms = INT64_MAX;
}

/* Whether the port is wanted open in this state. */
static bool
has_port(const struct session *s)
{
	return s->state != SESSION_STOPPED && s->state != SESSION_ABSENT &&
	       s->state != SESSION_RESTING;
}

/* What the outside sees as "ready", whether or not at work. */
static bool
is_up(const struct session *s)
{
	return s->state == READY || s->state == BUSY || s->refreshing;
}

static int64_t
rest_ms(unsigned rests)
{
	size_t last = sizeof rests_ms / sizeof *rests_ms - 1;

	return rests_ms[rests < last ? rests : last];
}

/* What being in a new state brings with it. */
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
		break;
	case SESSION_SETTING_UP:
	case SESSION_RADIO:
	case SESSION_REREADING:
	case SESSION_REBOOTING:
	case SESSION_LOCKED:
	case SESSION_UNLOCKING:
		s->setup_phase = 0;
		s->wish = SESSION_WISH_SETUP;
		break;
	case SESSION_REGISTERING:
		s->wish = SESSION_WISH_REGISTER;
		break;
	case SESSION_LEAVING:
		s->wish = SESSION_WISH_LEAVE;
		break;
	case SESSION_READY:
		s->rests = 0;
		s->next_ms = now_ms + (s->check_soon ? SOON_MS : HEALTH_MS);
		s->check_soon = false;
		break;
	case SESSION_BUSY:
		break;
	case SESSION_RESTING:
		s->wish = SESSION_WISH_CLOSE;
		s->next_ms = now_ms + rest_ms(s->rests++);
		break;
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
		break;
	case SESSION_ABSENT:
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
		if (due)
			s->wish = SESSION_WISH_CHECK;
		s->next_ms = due ? INT64_MAX : now_ms + HEALTH_MS;
		break;
	case SESSION_BUSY:
		if (event != SESSION_DONE && event != SESSION_REGISTERED)
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
target_of(const struct session *s, const struct edge *edge)
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
		(s->why == why_denied || s->why == why_roaming))
		return FAILED;
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
note_pin(struct session *s, const struct edge *edge, enum session_state to)
{
	s->failed_before = to == LOCKED && s->state == FAILED;
	s->pin_refused = to == FAILED && edge->from == UNLOCKING &&
	                 (edge->event == SESSION_REFUSED ||
				 edge->event == SESSION_LIMIT ||
				 edge->event == SESSION_SIM_PUK);
}

static void
follow(struct session *s, const struct edge *edge, int64_t now_ms)
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
		s->why = edge->event == SESSION_REFUSED ? why_refused
		                                        : why_silent;
	note_refresh(s, to);
	s->state = to;
	if (was_up && !is_up(s))
		s->restarts++;
	on_enter(s, now_ms);
	/* A port that opens and vanishes at once must not keep us busy. */
	if (edge->event == SESSION_LOST)
		s->next_ms = now_ms + REOPEN_MS;
}

/* STOP and LOST mean the same wherever the port is in use. */
static const struct edge *
common_edge(const struct session *s, enum session_event event)
{
	static const struct edge stop = {
		SESSION_STOPPED, SESSION_STOP, SESSION_STOPPED, why_stopped};
	static const struct edge lost = {
		SESSION_STOPPED, SESSION_LOST, SESSION_ABSENT, why_lost};

	if (event == SESSION_STOP && s->state != SESSION_STOPPED)
		return &stop;
	if (event == SESSION_LOST && has_port(s) && s->state != LEAVING)
		return &lost;
	return NULL;
}

int
session_on(struct session *s, enum session_event event, int64_t now_ms)
{
	const struct edge *edge = common_edge(s, event);

	for (size_t i = 0; edge == NULL && i < sizeof edges / sizeof *edges;
		i++)
		if (edges[i].from == s->state && edges[i].event == event)
			edge = &edges[i];
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

const char *
session_state_name(enum session_state state)
{
	switch (state) {
	case SESSION_STOPPED:
		return "stopped";
	case SESSION_ABSENT:
		return "absent";
	case SESSION_PROBING:
		return "probing";
	case SESSION_SETTING_UP:
		return "setting up";
	case SESSION_REGISTERING:
		return "registering";
	case SESSION_READY:
		return "ready";
	case SESSION_BUSY:
		return "busy";
	case SESSION_RADIO:
		return "radio";
	case SESSION_REREADING:
		return "rereading";
	case SESSION_REBOOTING:
		return "rebooting";
	case SESSION_LOCKED:
		return "locked";
	case SESSION_UNLOCKING:
		return "unlocking";
	case SESSION_LEAVING:
		return "leaving";
	case SESSION_RESTING:
		return "resting";
	case SESSION_FAILED:
		return "failed";
	}
	return "?";
}
