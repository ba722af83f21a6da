/*
 * modem_request: USSD requests: asked, replied, searched for a coding,
 * ended. It must never send a MODEM_ONCE code twice, nor anything into a
 * session that is not the one it was meant for.
 */
#include "modem/modem_inside.h"

#include <errno.h>
#include <string.h>

#include "modem/session_rung.h"

static const struct ask_refusals no_refusals = {.codes = NULL};

void
modem_request_wipe(struct modem *m)
{
	explicit_bzero(m->request.code, sizeof m->request.code);
	m->request.code_len = 0;
}

/* The request's code into coded, and what else the templates want. */
struct chat_args
modem_request_args(const struct modem *m, char *coded, size_t cap)
{
	struct chat_args args = {
		.charset = span_str(dialect_charset(m->coding)),
		.dcs = m->dialect->dcs,
		.wait_ms = m->request.timeout_ms};
	size_t len = 0;

	if (m->job == JOB_LIFE)
		args.was = modem_leave_value(m);
	if (modem_unlock_is_typing(m))
		args.code = span_of(m->unlock.sim_pin, m->unlock.len);
	else if (m->job == JOB_SEND)
		modem_send_args(m, &args);
	else if (m->job == JOB_MAIL)
		modem_mail_args(m, &args);
	if (m->job == JOB_ASK &&
		ussd_encode(m->coding,
			span_of(m->request.code, m->request.code_len), coded,
			cap, &len) == 0)
		args.code = span_of(coded, len);
	return args;
}

static bool
can_encode(enum ussd_coding coding, struct span code)
{
	char coded[MODEM_TX_MAX - 64]; /* room for the command around it */
	size_t len;
	int rc = ussd_encode(coding, code, coded, sizeof coded, &len);

	explicit_bzero(coded, sizeof coded);
	return rc == 0;
}

static bool
is_valid(const struct modem *m, struct span code)
{
	size_t characters = 0;

	if (code.len == 0 || code.len > sizeof m->request.code)
		return false;
	for (size_t i = 0; i < code.len; i++) {
		unsigned char c = (unsigned char)code.ptr[i];

		if (c < ' ' || c == '"' || c == '\x7f')
			return false;
		characters += (c & 0xC0) != 0x80 ? 1 : 0; /* UTF-8 */
	}
	return characters <= USSD_CODE_MAX && can_encode(m->coding, code);
}

/*
 * After an answer whose OK did not come, an error may be an old one. In an
 * open session the connection is there already: what is as fast as the
 * modem itself may be the network's.
 */
static const struct ask_refusals *
refusals_of(const struct modem *m, const struct request *what)
{
	return m->unsynced || what->is_reply ? &no_refusals
	                                     : &m->dialect->refusals;
}

static void
begin(struct modem *m, const struct request *what, struct span code)
{
	m->request = *what;
	m->request.active = true;
	m->request.codings_tried = 1U << m->coding;
	memcpy(m->request.code, code.ptr, code.len);
	m->request.code_len = code.len;
	ask_begin(&m->ask, refusals_of(m, what), what->timeout_ms);
}

/* What waits to be sent is not: told by the next tick. A reply belongs to a
 * session that is there. */
void
modem_request_take_back(struct modem *m, enum modem_cause cause)
{
	if (!m->request.active || m->request.is_reply ||
		m->ask.state != ASK_QUEUED)
		return;
	if (m->job == JOB_ASK)
		modem_wire_drop(m);
	ask_end(&m->ask, cause);
	m->flush_again = true;
}

int
modem_ask(struct modem *m, struct span code, enum modem_try how,
	uint32_t timeout_ms, modem_on_result *on_result, void *ctx)
{
	struct request what = {.how = how,
		.timeout_ms = timeout_ms,
		.on_result = on_result,
		.ctx = ctx};

	if (m->session.state != SESSION_READY || m->request.active ||
		m->sending.active)
		return -EBUSY;
	if (!is_valid(m, code))
		return -EINVAL;
	(void)session_on(&m->session, SESSION_WORK, 0); /* READY has the edge */
	begin(m, &what, code);
	if (m->info.ussd_unavailable[0] != '\0')
		modem_request_take_back(m, MODEM_USSD_UNAVAILABLE);
	(void)modem_job_begin(m, 0);
	modem_wire_compose(m);
	modem_show(m);
	return 0;
}

int
modem_reply(struct modem *m, struct span text, uint32_t timeout_ms,
	modem_on_result *on_result, void *ctx)
{
	struct request what = {.is_reply = true,
		.how = MODEM_ONCE,
		.timeout_ms = timeout_ms,
		.on_result = on_result,
		.ctx = ctx};

	if (!m->open || m->cancel_wanted)
		return -EPROTO;
	if (m->request.active || m->session.state != SESSION_BUSY)
		return -EBUSY;
	if (!is_valid(m, text))
		return -EINVAL;
	begin(m, &what, text);
	(void)modem_job_begin(m, 0);
	modem_wire_compose(m);
	return 0;
}

void
modem_end(struct modem *m)
{
	if (m->session.state == SESSION_READY)
		(void)session_on(&m->session, SESSION_WORK, 0); /* has it */
	if (m->session.state != SESSION_BUSY)
		return;
	m->cancel_wanted = true;
	(void)modem_job_begin(m, 0);
	modem_wire_compose(m);
	modem_show(m);
}

int
modem_refresh(struct modem *m, enum modem_refresh what)
{
	if (m->session.state != SESSION_READY || m->request.active || m->open)
		return -EBUSY;
	(void)session_on(&m->session, SESSION_WORK, 0); /* READY has the edge */
	m->refresh_wanted = true; /* by the next tick, which has the time */
	m->refresh = what;
	modem_show(m);
	return 0;
}

/* ---- the end of a request ---------------------------------------------- */

static bool
may_search(const struct modem *m)
{
	if (m->request.how != MODEM_SEARCH || m->info.coding_known ||
		m->session.state != SESSION_BUSY)
		return false;
	switch (m->ask.cause) {
	case MODEM_REFUSED:
	case MODEM_ERROR:
	case MODEM_DROPPED:
	case MODEM_NETWORK:
		return true;
	case MODEM_TEXT:
	case MODEM_NO_ANSWER:
	case MODEM_BROKEN:
	case MODEM_UNREADABLE:
	case MODEM_STOPPED:
	case MODEM_USSD_UNAVAILABLE:
		break;
	}
	return false;
}

/* The next coding that was not tried and can say the code. */
static bool
next_coding(struct modem *m)
{
	struct span code = span_of(m->request.code, m->request.code_len);

	for (size_t i = 0; i < DIALECT_CODINGS; i++) {
		enum ussd_coding coding = m->dialect->codings[i];

		if ((m->request.codings_tried >> coding & 1) != 0 ||
			!can_encode(coding, code))
			continue;
		m->coding = coding;
		m->request.codings_tried |= 1U << coding;
		return true;
	}
	m->coding = m->dialect->codings[0];
	return false;
}

/* The chat may still wait for a final result that will not come. */
static void
note_sync(struct modem *m)
{
	bool sent = m->ask.fate != MODEM_NOT_SENT;

	if (m->job == JOB_ASK) {
		chat_break(&m->chat);
		m->job = JOB_NONE;
		modem_wire_drop(m);
	}
	m->unsynced = sent && !m->ask.final_seen;
	if (!m->ask.open)
		m->cancel_wanted = m->cancel_wanted || m->unsynced ||
		                   m->ask.cause == MODEM_NO_ANSWER ||
		                   m->ask.cause == MODEM_ERROR ||
		                   m->ask.cause == MODEM_NETWORK;
	/* Its echo, if any, is past. */
	m->masked = m->masked && m->unsynced;
}

/* Whether the network answers what it is asked. A modem that broke off, and
 * a request that never went on air, say nothing of it. */
static void
note_health(struct modem *m)
{
	switch (m->ask.cause) {
	case MODEM_TEXT:
	case MODEM_UNREADABLE:
		session_on_request(&m->session, true);
		break;
	case MODEM_ERROR:
	case MODEM_DROPPED:
	case MODEM_NETWORK:
	case MODEM_NO_ANSWER:
		/* On LTE it may be the network that carries no USSD. */
		if (!m->info.on_lte)
			session_on_request(&m->session, false);
		break;
	case MODEM_REFUSED:
	case MODEM_BROKEN:
	case MODEM_STOPPED:
	case MODEM_USSD_UNAVAILABLE:
		break;
	}
}

static void
deliver(struct modem *m, int64_t now_ms)
{
	struct request request = m->request;
	struct modem_result result = {.fate = m->ask.fate,
		.cause = m->ask.cause,
		.code = m->ask.code,
		.text = span_of(m->text, m->ask.text_len),
		.open = m->ask.open};

	explicit_bzero(request.code, sizeof request.code);
	memcpy(m->text, m->ask.text, sizeof m->text);
	m->open = m->ask.open;
	m->open_until_ms = now_ms + MODEM_OPEN_MS;
	ask_forget(&m->ask);
	modem_request_wipe(m);
	m->request.active = false;
	(void)modem_job_begin(m, now_ms);
	modem_show(m);
	request.on_result(request.ctx, &result);
	explicit_bzero(m->text, sizeof m->text);
}

void
modem_request_finish(struct modem *m, int64_t now_ms)
{
	note_sync(m);
	if (m->ask.cause == MODEM_TEXT)
		m->info.coding_known = true;
	if (m->ask.cause == MODEM_NO_ANSWER && m->ask.final_seen)
		modem_port_on_no_answer(m);
	if (may_search(m) && next_coding(m)) {
		ask_begin(
			&m->ask, &m->dialect->refusals, m->request.timeout_ms);
		return;
	}
	/* Silence ends a search, and may be the coding's own: the next one
	 * begins anew. */
	if (m->request.how == MODEM_SEARCH && !m->info.coding_known)
		m->coding = m->dialect->codings[0];
	if (m->session.state != SESSION_BUSY) {
		m->cancel_wanted = false;
		m->ask.open = false;
	}
	note_health(m);
	deliver(m, now_ms);
}
