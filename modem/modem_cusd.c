/*
 * modem_cusd: a +CUSD line: the answer to the request, a text that nobody
 * asked for, or the end of a USSD session. It must never leave a menu open that
 * the network opened by itself.
 */
#include "modem/modem_inside.h"

#include <string.h>

static void
push(struct modem *m, const struct ussd_answer *answer)
{
	size_t len = 0;
	struct span text;

	if (!answer->has_body)
		return;
	if (ussd_decode(answer, m->text, sizeof m->text, &len) != 0) {
		explicit_bzero(m->text, sizeof m->text);
		m->hooks.on_push(m->hooks.ctx, span_str(""));
		return;
	}
	text = span_of(m->text, len);
	if (len > 0 && !ask_is_notice(text))
		m->hooks.on_push(m->hooks.ctx, text);
	explicit_bzero(m->text, sizeof m->text);
}

/* A menu that the network opened by itself would take the next code for
 * an answer: close it. */
static void
close_foreign(struct modem *m, int64_t now_ms)
{
	m->cancel_wanted = true;
	if (m->session.state == SESSION_READY)
		(void)session_on(&m->session, SESSION_WORK, now_ms);
	/* What waits unflushed waits until then. */
	if (m->job == JOB_ASK && m->ask.state == ASK_QUEUED) {
		modem_wire_drop(m);
		chat_break(&m->chat);
		m->job = JOB_NONE;
	}
}

/*
 * The USSD session that we thought open is not: a reply that waits would open
 * another one. Half a command on the wire cannot be taken back but by
 * closing the port.
 */
static void
lose_session(struct modem *m, int64_t now_ms)
{
	m->open = false;
	if (!m->request.active || !m->request.is_reply)
		return;
	if (m->ask.state == ASK_QUEUED) {
		modem_wire_drop(m);
		ask_end(&m->ask, MODEM_DROPPED);
	} else if (m->ask.state == ASK_SENDING) {
		modem_wire_lost(m, now_ms);
	}
}

void
modem_cusd_on_line(
	struct modem *m, struct span line, bool stale, int64_t now_ms)
{
	bool on_air = ask_is_on_air(&m->ask);
	struct ussd_answer answer;

	if (!stale && ask_on_answer(&m->ask, line, now_ms))
		return;
	if (ussd_parse(line, &answer) != 0)
		return;
	switch (answer.mode) {
	case USSD_ASKS:
		if (!m->open && !on_air && !m->ask.open)
			close_foreign(m, now_ms);
		push(m, &answer);
		break;
	case USSD_DONE:
	case USSD_ENDED:
		lose_session(m, now_ms);
		push(m, &answer);
		break;
	case USSD_OTHER_CLIENT:
		break;
	case USSD_UNSUPPORTED:
	case USSD_TIMEOUT:
	case USSD_ODD:
		lose_session(m, now_ms);
		break;
	}
}
