/*
 * modem_job: what the modem does next for its owner, one script after the
 * other, and what has to follow when one is over. It must never begin a
 * request while something else is open or under way.
 */
#include "modem/modem_inside.h"

#include <string.h>

void
modem_job_run(
	struct modem *m, enum modem_job job, const struct chat_script *script)
{
	struct chat_args args = {.wait_ms = job == JOB_SEND
	                                            ? m->sending.timeout_ms
	                                            : m->request.timeout_ms};

	m->job = job;
	m->job_state = m->session.state;
	chat_begin(&m->chat, script, &args);
}

/* What was meant for the SIM that was there, and has not begun to leave. */
static void
take_back_for_sim(struct modem *m)
{
	modem_request_take_back(m, MODEM_BROKEN);
	if (m->sending.active && !m->sending.left)
		modem_send_end(m, MODEM_BROKEN);
}

/* First close what is open, then the request, then be ready. */
bool
modem_job_begin(struct modem *m, int64_t now_ms)
{
	bool quiet = m->ask.state == ASK_IDLE || m->ask.state == ASK_QUEUED;

	if (m->session.state != SESSION_BUSY || m->job != JOB_NONE || !quiet)
		return false;
	if ((m->refresh_wanted || m->recover_wanted) && !m->cancel_wanted &&
		!m->escape_wanted)
		return false; /* modem_settle() begins it */
	if (m->sim_doubted)
		take_back_for_sim(m);
	if (m->escape_wanted) {
		m->escape_wanted = false;
		modem_job_run(m, JOB_ESCAPE, &script_escape);
	} else if (m->cancel_wanted) {
		m->cancel_wanted = false;
		m->open = false;
		modem_job_run(m, JOB_CANCEL, &script_cancel);
	} else if (m->request.active && m->charset != NULL &&
		   strcmp(m->charset, dialect_charset(m->coding)) == 0) {
		modem_job_run(m, JOB_ASK, m->dialect->ask);
	} else if (m->request.active) {
		modem_job_run(m, JOB_CHARSET, &script_charset);
	} else if (modem_send_begin_job(m)) {
		return true;
	} else if (!m->open && !m->sending.active) {
		(void)session_on(&m->session, SESSION_IDLE, now_ms);
		if (!modem_port_give_up(m, now_ms) && m->sim_doubted)
			(void)session_on(
				&m->session, SESSION_SIM_CHANGED, now_ms);
	} else {
		return false;
	}
	return true;
}

/* A script of ours is over. */
void
modem_job_end(struct modem *m, int64_t now_ms)
{
	enum modem_job job = m->job;

	m->job = JOB_NONE;
	switch (job) {
	case JOB_NONE:
	case JOB_LIFE:
		break;
	case JOB_ASK:
		/* The result went to the ask; without one, its own deadline
		 * ends it. A command that could not be made is not sent. */
		if (m->ask.state == ASK_QUEUED)
			ask_end(&m->ask, MODEM_REFUSED);
		break;
	case JOB_CHARSET:
		if (m->chat.result == CHAT_TIMED_OUT)
			(void)session_on(&m->session, SESSION_SILENT, now_ms);
		/* Refused: then it knows but one, and we have tried. */
		m->charset = dialect_charset(m->coding);
		break;
	case JOB_SEND:
		modem_send_on_job(m);
		break;
	case JOB_ESCAPE:
		m->masked = m->masked && m->chat.result != CHAT_DONE;
		if (m->chat.result != CHAT_DONE)
			(void)session_on(&m->session, SESSION_SILENT, now_ms);
		break;
	case JOB_MAIL:
		modem_mail_on_job(m, now_ms);
		break;
	case JOB_CLOCK:
		modem_clock_on_job(m);
		break;
	case JOB_CANCEL:
		m->unsynced = m->chat.result != CHAT_DONE;
		m->masked = m->masked && m->unsynced;
		if (m->unsynced)
			(void)session_on(&m->session, SESSION_SILENT, now_ms);
		break;
	}
}
