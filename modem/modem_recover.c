/*
 * modem_recover: the rungs of the ladder as scripts and words, and the moment
 * for those that need its owner. It must never begin one while a request or
 * a USSD session of its owner is under way.
 */
#include "modem/modem_inside.h"

#include <errno.h>

#include "modem/session_rung.h"

/* NULL where the dialect has none. */
const struct chat_script *
modem_recover_script(const struct modem *m, unsigned phase)
{
	switch (m->session.rung) {
	case LADDER_RESET:
		return &script_revive;
	case LADDER_RADIO:
		return phase == 0 ? m->dialect->radio_off : &script_radio_on;
	case LADDER_REBOOT:
		return phase == 0 ? m->dialect->reboot : &script_await;
	case LADDER_NONE:
	case LADDER_ASK:
	case LADDER_REOPEN:
	case LADDER_POWER:
	case LADDER_PERSON:
		break;
	}
	return NULL;
}

/* Which rungs this modem has. */
void
modem_recover_fit(struct modem *m)
{
	bool *usable = m->session.ladder.usable;

	usable[LADDER_RADIO] = m->dialect->radio_off != NULL;
	usable[LADDER_REBOOT] = m->dialect->reboot != NULL;
	usable[LADDER_POWER] = m->hooks.on_power != NULL;
}

/* The owner's moment has come, and the wire is free for it. */
bool
modem_recover_begin(struct modem *m, int64_t now_ms)
{
	m->recover_wanted =
		m->recover_wanted && m->session.state == SESSION_BUSY;
	if (!m->recover_wanted || m->job != JOB_NONE || m->cancel_wanted ||
		m->escape_wanted)
		return false;
	m->recover_wanted = false;
	(void)session_recover(&m->session, now_ms); /* or it is idle again */
	return true;
}

int
modem_recover(struct modem *m, int64_t now_ms)
{
	if (ladder_due(&m->session.ladder, now_ms) == LADDER_NONE)
		return -EAGAIN;
	if (m->session.state != SESSION_READY || m->request.active || m->open)
		return -EBUSY;
	(void)session_on(&m->session, SESSION_WORK, now_ms); /* has the edge */
	m->recover_wanted = true; /* once the wire is free */
	modem_show(m);
	return 0;
}

void
modem_powered(struct modem *m, int64_t now_ms)
{
	/* Too late, after a stop, it is refused and counted. */
	(void)session_on(&m->session, SESSION_POWERED, now_ms);
	modem_show(m);
}

/* Tells the rung that began, and the one that helped. */
void
modem_recover_tell(struct modem *m)
{
	enum ladder_rung given = session_take_rung(&m->session);
	enum ladder_rung cured = session_take_cure(&m->session);
	struct modem_rung rung = {.why = ""};

	if (m->hooks.on_rung == NULL)
		return;
	if (given != LADDER_NONE) {
		rung.name = ladder_rung_name(given);
		rung.why = m->session.ill;
		rung.tries = m->session.ladder.tries[given];
		m->hooks.on_rung(m->hooks.ctx, &rung);
	}
	if (cured != LADDER_NONE) {
		rung = (struct modem_rung){.name = ladder_rung_name(cured),
			.why = "",
			.cured = true};
		m->hooks.on_rung(m->hooks.ctx, &rung);
	}
}

/* For a person who sees a modem that does not work. */
const char *
modem_recover_remedy(const struct modem *m)
{
	const struct session *s = &m->session;

	if (s->helpless)
		return "nothing has helped so far: unplug it, wait ten "
		       "seconds, plug it in again; look at its SIM and its "
		       "power supply";
	switch (s->rung) {
	case LADDER_RESET:
		return "its settings are reset";
	case LADDER_REOPEN:
		return "its port will be opened again";
	case LADDER_RADIO:
		return "its radio will be switched off and on";
	case LADDER_REBOOT:
		return "it will be told to start anew";
	case LADDER_POWER:
		return "its power will be switched off and on";
	case LADDER_NONE:
	case LADDER_ASK:
	case LADDER_PERSON:
		break;
	}
	return "";
}
