/*
 * session_edges: the specification of the session: which event leads where,
 * and why. A table; whatever is not in it is refused.
 */
#include "modem/session_edges.h"

#include "modem/session_states.h"

const char session_why_silent[] = "it does not answer";
const char session_why_refused[] = "it refuses to be set up";
const char session_why_lost[] = "the port vanished";
static const char why_next[] = "its other ports are tried";
static const char why_no_port[] = "no modem here has that IMEI";
static const char why_pin[] = "the SIM asks for its PIN (SIM PIN)";
static const char why_pin_refused[] = "the SIM refused its PIN";
static const char why_pin_no_use[] = "the SIM still asks for its PIN";
static const char why_puk[] = "the SIM is blocked and asks for its PUK";
static const char why_no_sim[] = "there is no SIM";
static const char why_bad_sim[] = "the SIM cannot be used (failure or lock)";
const char session_why_denied[] = "the network refuses this SIM";
const char session_why_roaming[] = "registered abroad, roaming is not allowed";
const char session_why_unregistered[] = "not registered with a network";
static const char why_untold[] =
	"it does not say whether it is registered (+CREG? is answered OK)";
static const char why_leaving[] = "its settings are put back";
const char session_why_stopped[] = "stopped";
static const char why_sim_busy[] = "the SIM does not get ready";
const char session_why_flapping[] =
	"it says registered and not registered in turn";

/* Where an edge leads to RESTING, the ladder may say CURING instead; where
 * one leads from ABSENT to PROBING, a rung may go before. */
static const struct session_edge edges[] = {
	{SESSION_STOPPED, SESSION_START, ABSENT, "not yet opened"},

	{ABSENT, SESSION_TIME, ABSENT, NULL},
	{ABSENT, SESSION_OPENED, PROBING, ""},
	{ABSENT, SESSION_NOT_OPENED, ABSENT, NULL},

	{PROBING, SESSION_DONE, SETTING_UP, ""},
	{PROBING, SESSION_NEXT_PORT, ABSENT, why_next},
	{PROBING, SESSION_NO_PORT, ABSENT, why_no_port},
	{PROBING, SESSION_REFUSED, RESTING, session_why_refused},
	{PROBING, SESSION_SILENT, RESTING, session_why_silent},
	{PROBING, SESSION_LIMIT, RESTING, session_why_silent},

	{SETTING_UP, SESSION_DONE, SETTING_UP, NULL}, /* or REGISTERING */
	{SETTING_UP, SESSION_TIME, SETTING_UP, NULL},
	{SETTING_UP, SESSION_SIM_READY, SETTING_UP, NULL},
	{SETTING_UP, SESSION_SIM_BUSY, SETTING_UP, NULL},
	{SETTING_UP, SESSION_SIM_PIN, LOCKED, why_pin},
	{SETTING_UP, SESSION_SIM_PUK, FAILED, why_puk},
	{SETTING_UP, SESSION_SIM_ABSENT, FAILED, why_no_sim},
	{SETTING_UP, SESSION_SIM_BAD, FAILED, why_bad_sim},
	{SETTING_UP, SESSION_REFUSED, RESTING, session_why_refused},
	{SETTING_UP, SESSION_SILENT, RESTING, session_why_silent},
	{SETTING_UP, SESSION_RESTARTED, PROBING, ""},
	{SETTING_UP, SESSION_LIMIT, RESTING, why_sim_busy},

	{REGISTERING, SESSION_REGISTERED, READY, ""},
	{REGISTERING, SESSION_DONE, REGISTERING, NULL},
	{REGISTERING, SESSION_TIME, REGISTERING, NULL},
	{REGISTERING, SESSION_UNREGISTERED, REGISTERING,
		session_why_unregistered},
	{REGISTERING, SESSION_DENIED, REGISTERING, session_why_denied},
	{REGISTERING, SESSION_ROAMING, REGISTERING, session_why_roaming},
	{REGISTERING, SESSION_UNTOLD, REGISTERING, why_untold},
	{REGISTERING, SESSION_REFUSED, REGISTERING, NULL},
	{REGISTERING, SESSION_SILENT, RESTING, session_why_silent},
	{REGISTERING, SESSION_RESTARTED, PROBING, ""},
	{REGISTERING, SESSION_SIM_CHANGED, PROBING, ""},
	{REGISTERING, SESSION_LIMIT, RESTING, NULL}, /* or FAILED */

	{READY, SESSION_TIME, READY, NULL},
	{READY, SESSION_DONE, READY, NULL},
	{READY, SESSION_REGISTERED, READY, NULL},
	{READY, SESSION_WORK, BUSY, NULL},
	{READY, SESSION_NEXT_PORT, ABSENT, why_next},
	{READY, SESSION_UNREGISTERED, REGISTERING, session_why_unregistered},
	{READY, SESSION_DENIED, REGISTERING, session_why_denied},
	{READY, SESSION_ROAMING, REGISTERING, session_why_roaming},
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
	{BUSY, SESSION_SIM_CHANGED, BUSY, NULL},
	{BUSY, SESSION_RECOVER, CURING, NULL}, /* or POWERING */
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
	{REBOOTING, SESSION_LIMIT, RESTING, session_why_silent},

	{LOCKED, SESSION_DONE, LOCKED, NULL},
	{LOCKED, SESSION_PIN_GIVEN, UNLOCKING, NULL},
	{LOCKED, SESSION_PIN_KEPT, FAILED, NULL},
	{LOCKED, SESSION_SIM_CHANGED, PROBING, ""},
	{LOCKED, SESSION_RESTARTED, PROBING, ""},
	{LOCKED, SESSION_SILENT, RESTING, session_why_silent},
	{LOCKED, SESSION_LIMIT, RESTING, session_why_silent},

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

	{CURING, SESSION_DONE, CURING, NULL},    /* or PROBING */
	{CURING, SESSION_REFUSED, CURING, NULL}, /* likewise */
	{CURING, SESSION_SILENT, CURING, NULL},  /* likewise */
	{CURING, SESSION_TIME, CURING, NULL},    /* likewise */
	{CURING, SESSION_SIM_CHANGED, CURING, NULL},
	{CURING, SESSION_RESTARTED, PROBING, NULL},
	{CURING, SESSION_LIMIT, PROBING, NULL},

	{POWERING, SESSION_POWERED, ABSENT, NULL},
	{POWERING, SESSION_LIMIT, ABSENT, NULL},

	/* From where the port is not in the middle of something. */
	{SETTING_UP, SESSION_LEAVE, LEAVING, why_leaving},
	{REGISTERING, SESSION_LEAVE, LEAVING, why_leaving},
	{READY, SESSION_LEAVE, LEAVING, why_leaving},
	{FAILED, SESSION_LEAVE, LEAVING, why_leaving},

	{LEAVING, SESSION_DONE, STOPPED, session_why_stopped},
	{LEAVING, SESSION_REFUSED, STOPPED, session_why_stopped},
	{LEAVING, SESSION_SILENT, STOPPED, session_why_stopped},
	{LEAVING, SESSION_LIMIT, STOPPED, session_why_stopped},
	{LEAVING, SESSION_LOST, STOPPED, session_why_stopped},
	{LEAVING, SESSION_RESTARTED, STOPPED,
		session_why_stopped}, /* forgotten */
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
	{FAILED, SESSION_SILENT, RESTING, session_why_silent},
	{FAILED, SESSION_RESTARTED, PROBING, ""},
};

const struct session_edge *
session_edge_of(enum session_state from, enum session_event event)
{
	for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
		if (edges[i].from == from && edges[i].event == event)
			return &edges[i];
	return NULL;
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
	case SESSION_CURING:
		return "curing";
	case SESSION_POWERING:
		return "powering";
	case SESSION_RESTING:
		return "resting";
	case SESSION_FAILED:
		return "failed";
	}
	return "?";
}
