/*
 * modem_life: grants the wishes of the session, runs its scripts, and
 * tells the owner of a new state. One loop, modem_settle(), goes on until
 * nothing more can be done without the wire or the clock.
 */
#include "modem/modem_inside.h"

#include <errno.h>
#include <string.h>

/* 27.007 9.2: what AT+CPIN? may say instead of a state. */
static const struct {
	int code;
	enum session_event event;
} sim_errors[] = {
	{5, SESSION_SIM_BAD}, /* locked to a phone */
	{10, SESSION_SIM_ABSENT},
	{11, SESSION_SIM_PIN},
	{12, SESSION_SIM_PUK},
	{13, SESSION_SIM_BAD},
	{15, SESSION_SIM_BAD},
};

/* How many rounds of modem_settle() can be needed: each ends a script or
 * a request, or grants a wish, and none of these follows from itself. */
enum { SETTLE_ROUNDS_MAX = 32 };

static void
run(struct modem *m, const struct chat_script *script)
{
	struct chat_args args = {.wait_ms = 0};

	if (script == &script_sim) {
		m->sim_ready = m->sim_doubted = false;
		/* Who it is is told after this, each time anew. */
		chat_unsee(&m->chat, TAG_IMSI);
		chat_unsee(&m->chat, TAG_ICCID);
		chat_unsee(&m->chat, TAG_PIN_TRIES);
		m->info.pin_tries = -1;
	}
	if (script == &script_wake)
		chat_saw(&m->chat, TAG_RADIO);
	m->job = JOB_LIFE;
	m->job_state = m->session.state;
	chat_begin(&m->chat, script, &args);
}

/*
 * Another device, another SIM: all that is known has to be told again. Who
 * it was is shown until then, or until it does not tell.
 */
static void
doubt_identity(struct modem *m)
{
	m->info.network[0] = '\0';
	m->info.signal_dbm = 0;
	m->info.registration = -1;
	m->info.ussd_unavailable = "";
	m->info.on_lte = false;
	m->charset = NULL;
	m->sim_ready = false;
	m->open = false;
	m->cancel_wanted = false; /* the set-up does it */
	m->escape_wanted = false; /* so does the probe */
	m->refresh_wanted = false;
	m->recover_wanted = false;
	m->info.pin_tries = -1;
	modem_mail_doubt(m);
	modem_clock_doubt(m);
	chat_init(&m->chat);
}

static void
forget_unless_seen(struct modem *m, enum script_tag tag, char *value)
{
	if (!chat_has_seen(&m->chat, (unsigned)tag))
		value[0] = '\0';
}

/* What the scripts that ask for it have not brought is not known. */
static void
forget_untold(struct modem *m)
{
	struct modem_info *info = &m->info;

	if (m->chat.script == &script_identify) {
		forget_unless_seen(m, TAG_MAKER, info->manufacturer);
		forget_unless_seen(m, TAG_MODEL, info->model);
		forget_unless_seen(m, TAG_FIRMWARE, info->firmware);
	} else if (m->chat.script == &script_subscriber) {
		forget_unless_seen(m, TAG_IMEI, info->imei);
		forget_unless_seen(m, TAG_IMSI, info->imsi);
		forget_unless_seen(m, TAG_ICCID, info->iccid);
	} else if (m->chat.script == &script_sim && !m->sim_ready) {
		info->imsi[0] = '\0';
		info->iccid[0] = '\0';
	}
}

static void
choose_dialect(struct modem *m)
{
	const struct dialect *found;

	struct span maker = span_str(m->info.manufacturer);
	struct span model = span_str(m->info.model);

	if (m->dialect_fixed)
		return;
	found = dialect_of(maker, model);
	m->info.told_by = dialect_word(found, maker, model);
	if (found == m->dialect)
		return;
	m->dialect = found;
	m->coding = found->codings[0];
	m->info.coding_known = false;
	modem_recover_fit(m);
}

static void
open_port(struct modem *m, int64_t now_ms)
{
	int rc = modem_wire_open(m);

	(void)session_on(&m->session,
		rc == 0 ? SESSION_OPENED : SESSION_NOT_OPENED, now_ms);
	if (rc < 0 && modem_port_why(m)[0] != '\0') {
		m->session.why = modem_port_why(m);
		return;
	}
	switch (-rc) {
	case 0:
		break;
	case ENOENT:
	case ENODEV:
	case ENXIO:
		m->session.why = "the port is not there";
		break;
	case EBUSY:
		m->session.why = "another program holds the port";
		break;
	case EACCES:
	case EPERM:
		m->session.why = "no permission to open the port";
		break;
	case ECONNREFUSED:
		m->session.why = "nobody listens at that address";
		break;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
		m->session.why = "there is no way to that address";
		break;
	default: /* an errno, not an enum of ours */
		m->session.why = "the port cannot be opened";
		break;
	}
}

/* A set-up phase that the dialect does not have is done; a way to start it
 * anew that it does not have is as good as refused. */
static void
run_setup(struct modem *m, int64_t now_ms)
{
	const struct chat_script *script = modem_phase_script(m);
	bool rebooting = m->session.state == SESSION_REBOOTING;

	if (script != NULL)
		run(m, script);
	else
		(void)session_on(&m->session,
			rebooting ? SESSION_REFUSED : SESSION_DONE, now_ms);
}

static bool
grant_wish(struct modem *m, int64_t now_ms)
{
	bool is_close = m->session.wish == SESSION_WISH_CLOSE ||
	                m->session.wish == SESSION_WISH_REOPEN ||
	                m->session.wish == SESSION_WISH_POWER;

	if (m->session.wish == SESSION_WISH_NONE ||
		(m->job != JOB_NONE && !is_close))
		return false;
	switch (session_take_wish(&m->session)) {
	case SESSION_WISH_NONE:
		return false;
	case SESSION_WISH_CLOSE:
		modem_life_break(m);
		modem_wire_close(m);
		break;
	case SESSION_WISH_OPEN:
		open_port(m, now_ms);
		break;
	case SESSION_WISH_REOPEN:
		modem_life_break(m);
		modem_wire_close(m);
		open_port(m, now_ms);
		break;
	case SESSION_WISH_PROBE:
		doubt_identity(m);
		run(m, modem_port_probe(m));
		break;
	case SESSION_WISH_SETUP:
		run_setup(m, now_ms);
		break;
	case SESSION_WISH_REGISTER:
		run(m, &script_register);
		break;
	case SESSION_WISH_CHECK:
		run(m, m->info.imsi[0] != '\0' ? &script_check_sim
					       : &script_check);
		break;
	case SESSION_WISH_LOOK:
		run(m, &script_sim);
		break;
	case SESSION_WISH_ASK_PIN:
		modem_unlock_ask(m, now_ms);
		break;
	case SESSION_WISH_LEAVE:
		modem_leave_begin_script(m);
		run(m, &script_leave);
		break;
	case SESSION_WISH_POWER:
		modem_life_break(m);
		modem_wire_close(m);
		m->hooks.on_power(m->hooks.ctx); /* or it were not usable */
		break;
	}
	return true;
}

static enum session_event
event_of_sim_error(const struct modem *m)
{
	for (size_t i = 0; i < sizeof sim_errors / sizeof *sim_errors; i++)
		if (m->chat.code == sim_errors[i].code)
			return sim_errors[i].event;
	return SESSION_SIM_BUSY; /* 14, or not in a state to say */
}

static enum session_event
event_of_script(const struct modem *m)
{
	switch (m->chat.result) {
	case CHAT_DONE:
		if (m->chat.script == &script_sim && !m->sim_ready)
			return SESSION_SIM_BUSY;
		return SESSION_DONE;
	case CHAT_FAILED:
		if (m->chat.script == &script_sim)
			return event_of_sim_error(m);
		return SESSION_REFUSED;
	case CHAT_NOT_OVER:
	case CHAT_BROKEN:
	case CHAT_TIMED_OUT:
		break;
	}
	/* It does answer: no remedy for silence is for it. */
	if (m->chat.script == &script_register && m->chat.bare_ok)
		return SESSION_UNTOLD;
	return SESSION_SILENT;
}

/* As at the health check, but by both names. */
static bool
is_other_sim(const struct modem *m)
{
	return strcmp(m->info.imsi, m->was_imsi) != 0 ||
	       strcmp(m->info.iccid, m->was_iccid) != 0;
}

/*
 * A script of the session is over. If the session went on meanwhile (it
 * heard that it is registered, say), only silence still matters, and only
 * to one that is up.
 */
static void
on_life_script(struct modem *m, int64_t now_ms)
{
	enum session_state state = m->session.state;
	enum session_event event = event_of_script(m);
	bool is_up = state == SESSION_READY || state == SESSION_BUSY ||
	             m->session.refreshing;

	m->job = JOB_NONE;
	if (m->chat.script == &script_unlock)
		modem_unlock_on_script(m);
	if (m->chat.result == CHAT_BROKEN)
		return;
	forget_untold(m);
	modem_leave_on_script(m);
	if (state == SESSION_PROBING && m->job_state == state)
		event = modem_port_on_probe(m, event);
	if (m->chat.script == &script_identify)
		choose_dialect(m);
	if (m->chat.script == &script_prepare)
		m->charset = dialect_charset(m->coding);
	if (state == SESSION_REREADING &&
		m->chat.script == &script_subscriber && is_other_sim(m))
		event = SESSION_SIM_CHANGED;
	/* The end of a look is heard by one that has work since, too. */
	if (state == m->job_state || (is_up && event == SESSION_SILENT) ||
		(state == SESSION_BUSY && event == SESSION_DONE))
		(void)session_on(&m->session, event, now_ms);
}

/* Ends the script under way; a request on its way ends with it. */
void
modem_life_break(struct modem *m)
{
	chat_break(&m->chat);
	m->job = JOB_NONE;
	modem_wire_drop(m);
	ask_end(&m->ask, MODEM_BROKEN);
	modem_send_end(m, MODEM_BROKEN);
	modem_mail_break(m);
	modem_unlock_wipe(m);
}

void
modem_life_restart(struct modem *m, int64_t now_ms)
{
	modem_life_break(m);
	modem_leave_forget(m);
	(void)session_on(&m->session, SESSION_RESTARTED, now_ms);
}

/* Begins the refresh that is wanted, once the wire is free for it. */
static bool
begin_refresh(struct modem *m, int64_t now_ms)
{
	bool radio = m->refresh == MODEM_REFRESH_RADIO;

	m->refresh_wanted =
		m->refresh_wanted && m->session.state == SESSION_BUSY;
	if (!m->refresh_wanted || m->job != JOB_NONE || m->cancel_wanted ||
		m->escape_wanted)
		return false;
	m->refresh_wanted = false;
	m->mail.list_at_ms = 0; /* settings may be gone with the radio */
	memcpy(m->was_imsi, m->info.imsi, sizeof m->was_imsi);
	memcpy(m->was_iccid, m->info.iccid, sizeof m->was_iccid);
	(void)session_on(&m->session,
		radio ? SESSION_REFRESH_RADIO : SESSION_REFRESH_SIM, now_ms);
	return true;
}

static bool
settle_once(struct modem *m, int64_t now_ms)
{
	modem_unlock_tell(m);
	if (m->request.active && m->session.state != SESSION_BUSY)
		ask_end(&m->ask, MODEM_BROKEN);
	if (m->ask.state == ASK_OVER) {
		modem_request_finish(m, now_ms);
		return true;
	}
	if (m->sending.active && m->session.state != SESSION_BUSY)
		modem_send_end(m, MODEM_BROKEN);
	if (m->sending.over) {
		modem_send_finish(m, now_ms);
		return true;
	}
	if (m->job != JOB_NONE && m->chat.state == CHAT_OVER) {
		if (m->job == JOB_LIFE)
			on_life_script(m, now_ms);
		else
			modem_job_end(m, now_ms);
		return true;
	}
	if (grant_wish(m, now_ms))
		return true;
	if (m->session.state == SESSION_READY && m->job == JOB_NONE &&
		(m->cancel_wanted || m->escape_wanted)) {
		(void)session_on(&m->session, SESSION_WORK, now_ms);
		return true;
	}
	return modem_leave_go_on(m, now_ms) || begin_refresh(m, now_ms) ||
	       modem_recover_begin(m, now_ms) || modem_job_begin(m, now_ms) ||
	       modem_mail_give(m, now_ms) || modem_mail_begin_job(m, now_ms) ||
	       modem_clock_begin_job(m, now_ms);
}

void
modem_settle(struct modem *m, int64_t now_ms)
{
	for (int i = 0; i < SETTLE_ROUNDS_MAX && settle_once(m, now_ms); i++)
		;
	modem_wire_compose(m);
	modem_show(m);
	modem_recover_tell(m);
	if (m->info.state == m->told_state &&
		strcmp(m->info.ussd_unavailable, m->told_ussd) == 0)
		return;
	m->told_state = m->info.state;
	m->told_ussd = m->info.ussd_unavailable;
	m->hooks.on_state(m->hooks.ctx);
}
