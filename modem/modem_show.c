/*
 * modem_show: the state of the session as its owner sees it, in modem_info.
 * It must never change anything else.
 */
#include "modem/modem_inside.h"

static enum modem_state
shown_state(const struct modem *m)
{
	switch (m->session.state) {
	case SESSION_STOPPED:
	case SESSION_ABSENT:
		break;
	case SESSION_REGISTERING:
		return m->session.refreshing ? MODEM_BUSY : MODEM_STARTING;
	case SESSION_LOCKED:
		return m->session.failed_before ? MODEM_FAILED : MODEM_STARTING;
	case SESSION_PROBING:
	case SESSION_SETTING_UP:
	case SESSION_REBOOTING:
	case SESSION_UNLOCKING:
	case SESSION_CURING:
		return MODEM_STARTING;
	case SESSION_READY:
		return MODEM_READY;
	case SESSION_BUSY:
	case SESSION_RADIO:
	case SESSION_REREADING:
	case SESSION_LEAVING:
		return MODEM_BUSY;
	case SESSION_RESTING:
	case SESSION_POWERING:
		return MODEM_RESTING;
	case SESSION_FAILED:
		return MODEM_FAILED;
	}
	return MODEM_ABSENT;
}

void
modem_show(struct modem *m)
{
	m->info.state = shown_state(m);
	m->info.why = m->session.why;
	m->info.remedy = modem_recover_remedy(m);
	m->info.unanswered = m->session.ladder.unanswered;
	m->info.until_ms =
		m->session.next_ms != INT64_MAX ? m->session.next_ms : 0;
	m->info.dialect = m->dialect->name;
	m->info.coding = dialect_coding_name(m->coding);
	m->info.to_3g =
		m->dialect->to_3g != NULL ? m->dialect->to_3g : "AT+COPS=0,,,2";
	m->info.restarts = m->session.restarts;
}
