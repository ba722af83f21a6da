/*
 * modem_unlock: the PIN of a SIM that asks for it: the owner is asked, the PIN
 * typed once, and what came of it told. It must never type one that the owner
 * did not give for just this question, nor the last try.
 */
#include "modem/modem_inside.h"

#include <errno.h>
#include <string.h>

enum {
	SIM_PIN_MIN = 4, /* digits: TS 102 221 9.5.1 */
	TRIES_MIN = 2,
	CME_SIM_BUSY = 14 /* 27.007 9.2: it has not looked at the PIN */
};

bool
modem_unlock_is_typing(const struct modem *m)
{
	return m->job == JOB_LIFE && m->chat.script == &script_unlock;
}

void
modem_unlock_wipe(struct modem *m)
{
	explicit_bzero(m->unlock.sim_pin, sizeof m->unlock.sim_pin);
	m->unlock.len = 0;
	m->unlock.given = false;
}

static bool
is_pin(struct span sim_pin)
{
	for (size_t i = 0; i < sim_pin.len; i++)
		if (sim_pin.ptr[i] < '0' || sim_pin.ptr[i] > '9')
			return false;
	return sim_pin.len >= SIM_PIN_MIN && sim_pin.len <= MODEM_SIM_PIN_MAX;
}

int
modem_enter_pin(struct modem *m, struct span sim_pin)
{
	struct unlock *unlock = &m->unlock;

	if (!unlock->asking || !is_pin(sim_pin) || m->info.iccid[0] == '\0' ||
		m->info.pin_tries < TRIES_MIN)
		return -EINVAL;
	memcpy(unlock->sim_pin, sim_pin.ptr, sim_pin.len);
	unlock->len = sim_pin.len;
	unlock->given = true;
	unlock->owed = true;
	return 0;
}

void
modem_keep_locked(struct modem *m, const char *why)
{
	(void)span_copy(m->unlock.why, sizeof m->unlock.why, span_str(why));
	if (m->session.state == SESSION_FAILED)
		m->session.why = m->unlock.why;
}

void
modem_unlock_ask(struct modem *m, int64_t now_ms)
{
	struct unlock *unlock = &m->unlock;

	unlock->why[0] = '\0';
	unlock->sim_busy = false;
	unlock->asking = true;
	if (m->hooks.on_sim_pin != NULL)
		m->hooks.on_sim_pin(m->hooks.ctx, MODEM_SIM_PIN_ASKED);
	unlock->asking = false;
	(void)session_on(&m->session,
		unlock->given ? SESSION_PIN_GIVEN : SESSION_PIN_KEPT, now_ms);
	if (!unlock->given && unlock->why[0] != '\0')
		m->session.why = unlock->why;
}

void
modem_unlock_on_script(struct modem *m)
{
	m->unlock.sim_busy =
		m->chat.result == CHAT_FAILED && m->chat.code == CME_SIM_BUSY;
	/* Its echo, if any, is past. */
	if (m->chat.result == CHAT_DONE || m->chat.result == CHAT_FAILED)
		m->masked = false;
	modem_unlock_wipe(m);
}

/* The session is past it: what is not known here is not told. */
static void
tell_end(struct modem *m, bool refused)
{
	struct unlock *unlock = &m->unlock;
	bool typed = unlock->typed;

	if (!unlock->owed)
		return;
	unlock->owed = unlock->typed = false;
	if (!typed)
		m->hooks.on_sim_pin(m->hooks.ctx, MODEM_SIM_PIN_NOT_SENT);
	else if (m->session.state == SESSION_SETTING_UP)
		m->hooks.on_sim_pin(m->hooks.ctx, MODEM_SIM_PIN_TAKEN);
	else if (refused)
		m->hooks.on_sim_pin(m->hooks.ctx, MODEM_SIM_PIN_REFUSED);
}

void
modem_unlock_tell(struct modem *m)
{
	enum session_state state = m->session.state;
	bool refused = state == SESSION_FAILED && m->session.pin_refused &&
	               !m->unlock.sim_busy;

	if (state == SESSION_UNLOCKING || state == SESSION_LOCKED)
		return;
	/* It waits no longer to be flushed: nobody would hear of it. */
	if (modem_unlock_is_typing(m) && m->chat.state != CHAT_OVER) {
		modem_life_break(m);
	}
	tell_end(m, refused);
}
