/*
 * modem_phase: which script comes in each phase of a state of the session.
 * It must never know what they bring.
 */
#include "modem/modem_inside.h"

/* What the set-up runs, in order; NULL is the dialect's own. */
enum phase {
	PHASE_REMEMBER,
	PHASE_IDENTIFY,
	PHASE_EXTRAS,
	PHASE_WAKE,
	PHASE_SIM, /* a refresh begins here */
	PHASE_ICCID,
	PHASE_SUBSCRIBER,
	PHASE_PREPARE,
	PHASES
};
_Static_assert(PHASES == (enum phase)MODEM_SETUP_PHASES, "as it says");
_Static_assert(PHASES == PHASE_SIM + (enum phase)SESSION_REREAD_PHASES, "so");

static const struct chat_script *
script_of_setup(const struct modem *m, enum phase phase)
{
	switch (phase) {
	case PHASE_REMEMBER:
		return &script_remember;
	case PHASE_IDENTIFY:
		return &script_identify;
	case PHASE_EXTRAS:
		return m->dialect->extras;
	case PHASE_WAKE:
		return &script_wake;
	case PHASE_SIM:
		return &script_sim;
	case PHASE_ICCID:
		return m->dialect->iccid;
	case PHASE_SUBSCRIBER:
		return &script_subscriber;
	case PHASE_PREPARE:
	case PHASES:
		break;
	}
	return &script_prepare;
}

/* Each way in vain where the one before told it. */
static const struct chat_script *
script_of_locked(const struct modem *m, unsigned at)
{
	const struct chat_script *const scripts[SESSION_LOCKED_PHASES] = {
		&script_imei, m->dialect->iccid, &script_iccid,
		m->dialect->pin_tries, &script_card_tries};

	return scripts[at];
}

static const struct chat_script *
script_of_unlocking(unsigned at)
{
	static const struct chat_script *const scripts[SESSION_UNLOCK_PHASES] =
		{&script_unlock, &script_sim, &script_sms_ready};

	return scripts[at];
}

const struct chat_script *
modem_phase_script(const struct modem *m)
{
	unsigned at = m->session.setup_phase;

	switch (m->session.state) {
	case SESSION_RADIO:
		return at == 0 ? m->dialect->radio_off : &script_radio_on;
	case SESSION_REBOOTING:
		return at == 0 ? m->dialect->reboot : &script_reset;
	case SESSION_REREADING:
		return script_of_setup(m, (enum phase)(PHASE_SIM + at));
	case SESSION_SETTING_UP:
		return script_of_setup(m, (enum phase)at);
	case SESSION_LOCKED:
		return script_of_locked(m, at);
	case SESSION_UNLOCKING:
		return script_of_unlocking(at);
	case SESSION_CURING:
		return modem_recover_script(m, at);
	case SESSION_STOPPED:
	case SESSION_ABSENT:
	case SESSION_PROBING:
	case SESSION_REGISTERING:
	case SESSION_READY:
	case SESSION_BUSY:
	case SESSION_LEAVING:
	case SESSION_POWERING:
	case SESSION_RESTING:
	case SESSION_FAILED:
		break;
	}
	return NULL;
}
