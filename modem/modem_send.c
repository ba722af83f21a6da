/*
 * modem_send: messages that go out. The one thing that matters is whether a
 * byte of one can have left: until the prompt was seen none has, and after
 * it nothing is ever sent again. It must never leave a modem at its prompt,
 * where the next command would be a text.
 */
#include "modem/modem_inside.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static struct pdu_submit
submit_of(const struct sending *s)
{
	return (struct pdu_submit){.number = span_str(s->number),
		.coding = s->coding,
		.reference = 0, /* the modem counts by itself */
		.message_class = PDU_NO_CLASS,
		.part = {.total = s->parts > 1 ? s->parts : 0,
			.number = s->parts > 1 ? s->at + 1 : 0,
			.reference = s->reference}};
}

/* Encodes the part at s->text_at. How many bytes of the text it takes, or
 * negative. */
static int
encode_part(struct sending *s)
{
	struct pdu_submit submit = submit_of(s);
	struct span rest =
		span_of(s->text + s->text_at, s->text_len - s->text_at);
	int rc = pdu_take_part(&submit, &rest, &submit.text);

	if (rc == 0)
		rc = pdu_encode(&submit, &s->pdu);
	return rc == 0 ? (int)submit.text.len : rc;
}

/* Whether all of the text fits into so many parts. */
static bool
fits(struct sending *s, unsigned parts)
{
	bool good = true;

	s->parts = parts;
	for (s->at = 0; good && s->at < parts; s->at++) {
		int taken = encode_part(s);

		good = taken > 0;
		s->text_at += good ? (size_t)taken : 0;
	}
	good = good && s->text_at == s->text_len;
	s->at = 0;
	s->text_at = 0;
	explicit_bzero(&s->pdu, sizeof s->pdu);
	return good;
}

static bool
prepare(struct sending *s, const struct modem_sms *what)
{
	if (what->number.len == 0 || what->text_utf8.len == 0 ||
		what->text_utf8.len > sizeof s->text ||
		span_copy(s->number, sizeof s->number, what->number) < 0 ||
		pdu_coding_for(what->text_utf8, &s->coding) < 0)
		return false;
	memcpy(s->text, what->text_utf8.ptr, what->text_utf8.len);
	s->text_len = what->text_utf8.len;
	for (unsigned parts = 1; parts <= MODEM_SMS_PARTS_MAX; parts++)
		if (fits(s, parts))
			return true;
	return false;
}

static void
forget(struct sending *s)
{
	uint8_t reference = s->reference;

	explicit_bzero(s, sizeof *s);
	s->reference = reference;
}

int
modem_send_sms(struct modem *m, const struct modem_sms *what,
	uint32_t timeout_ms, modem_on_result *on_result, void *ctx)
{
	struct sending *s = &m->sending;

	if (m->session.state != SESSION_READY || m->request.active || s->active)
		return -EBUSY;
	s->reference++;
	if (!prepare(s, what)) {
		forget(s);
		return -EINVAL;
	}
	s->active = true;
	s->timeout_ms = timeout_ms;
	s->on_result = on_result;
	s->ctx = ctx;
	s->code = -1;
	(void)session_on(&m->session, SESSION_WORK, 0); /* READY has the edge */
	(void)modem_job_begin(m, 0);
	modem_wire_compose(m);
	modem_show(m);
	return 0;
}

/* The wire is free for the next part. */
bool
modem_send_begin_job(struct modem *m)
{
	struct sending *s = &m->sending;

	if (!s->active || s->over)
		return false;
	if (encode_part(s) <= 0) {
		modem_send_end(m, MODEM_REFUSED); /* prepare() has seen it */
		return false;
	}
	s->accepted = false;
	modem_job_run(m, JOB_SEND, &script_send);
	return true;
}

void
modem_send_args(const struct modem *m, struct chat_args *args)
{
	args->code = span_str(m->sending.pdu.hex);
	args->number = (unsigned)m->sending.pdu.tpdu_octets;
	args->wait_ms = m->sending.timeout_ms;
}

/* Ends it where it stands. */
void
modem_send_end(struct modem *m, enum modem_cause cause)
{
	struct sending *s = &m->sending;

	if (!s->active || s->over)
		return;
	s->over = true;
	s->cause = cause;
	s->fate = s->left ? MODEM_MAYBE_SENT : MODEM_NOT_SENT;
	if (s->accepted && s->at + 1 == s->parts) {
		s->fate = MODEM_ANSWERED;
		s->cause = MODEM_TEXT;
	}
}

static enum modem_cause
cause_of(const struct modem *m)
{
	switch (m->chat.result) {
	case CHAT_FAILED:
		return m->sending.left ? MODEM_ERROR : MODEM_REFUSED;
	case CHAT_TIMED_OUT:
		return m->sending.left ? MODEM_NO_ANSWER : MODEM_REFUSED;
	case CHAT_NOT_OVER:
	case CHAT_DONE:
	case CHAT_BROKEN:
		break;
	}
	return MODEM_BROKEN;
}

/* The part waits to be flushed. */
bool
modem_send_is_at_prompt(const struct modem *m)
{
	return m->job == JOB_SEND && m->chat.state == CHAT_TO_SEND &&
	       chat_acts(&m->chat) && m->tx_off == 0;
}

/* The script of a part is over. */
void
modem_send_on_job(struct modem *m)
{
	struct sending *s = &m->sending;

	if (m->chat.result != CHAT_DONE)
		m->escape_wanted = true;
	if (!s->active || s->over)
		return;
	if (!s->accepted) {
		s->code = m->chat.result == CHAT_FAILED ? m->chat.code : -1;
		modem_send_end(m, cause_of(m));
	} else if (s->at + 1 == s->parts) {
		modem_send_end(m, MODEM_TEXT);
	} else {
		int taken = encode_part(s); /* as when it was begun */

		s->text_at += (size_t)taken;
		s->at++;
	}
}

/* A prompt that nobody waits for any more: what we would say is a text. */
static void
flee(struct modem *m)
{
	if (m->job != JOB_ESCAPE || m->tx_off > 0)
		return;
	chat_break(&m->chat);
	modem_wire_drop(m);
	m->job = JOB_NONE;
	m->escape_wanted = true;
}

void
modem_send_on_prompt(struct modem *m, int64_t now_ms)
{
	if (m->job == JOB_ESCAPE)
		flee(m);
	else
		chat_on_prompt(&m->chat, now_ms);
}

void
modem_send_finish(struct modem *m, int64_t now_ms)
{
	modem_on_result *on_result = m->sending.on_result;
	void *ctx = m->sending.ctx;
	struct modem_result result = {.fate = m->sending.fate,
		.cause = m->sending.cause,
		.code = m->sending.code,
		.text = span_str("")};

	if (m->job == JOB_SEND) {
		chat_break(&m->chat);
		m->job = JOB_NONE;
		modem_wire_drop(m);
		m->escape_wanted = true;
	}
	/* Its echo, if any, is past: or it comes while we get away. */
	m->masked = m->masked && m->escape_wanted;
	forget(&m->sending);
	(void)modem_job_begin(m, now_ms);
	modem_show(m);
	on_result(ctx, &result);
}
