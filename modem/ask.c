/*
 * ask: the states of one USSD question. Modems answer before, after or
 * instead of OK, and say "+CUSD: 2" for the USSD session before (see
 * DESIGN.md).
 */
#include "modem/ask.h"

#include <assert.h>
#include <string.h>

/* Seen before the real answer (python-gsmmodem issue 14). */
static const char *const notices[] = {
	"Initiating Release", "Other local client responded"};

bool
ask_is_notice(struct span text_utf8)
{
	struct span text = span_trim(text_utf8);

	for (size_t i = 0; i < sizeof notices / sizeof *notices; i++)
		if (span_eq(text, span_str(notices[i])))
			return true;
	return false;
}

void
ask_init(struct ask *a)
{
	memset(a, 0, sizeof *a);
	a->code = -1;
	a->state_until_ms = INT64_MAX;
}

void
ask_begin(
	struct ask *a, const struct ask_refusals *refusals, uint32_t timeout_ms)
{
	ask_forget(a);
	a->state = ASK_QUEUED;
	a->refusals = refusals;
	a->timeout_ms = timeout_ms;
}

bool
ask_is_on_air(const struct ask *a)
{
	return a->state == ASK_SENT || a->state == ASK_WAITING ||
	       a->state == ASK_GRACE;
}

void
ask_on_sending(struct ask *a)
{
	if (a->state == ASK_QUEUED)
		a->state = ASK_SENDING;
}

void
ask_on_sent(struct ask *a, int64_t now_ms)
{
	assert(a->state == ASK_QUEUED || a->state == ASK_SENDING);
	a->state = ASK_SENT;
	a->sent_at_ms = now_ms;
	a->state_until_ms = now_ms + a->timeout_ms;
}

/* The outcome is known; the result of the command may still be missing. */
static void
settle(struct ask *a, enum modem_cause cause, enum modem_fate fate,
	int64_t now_ms)
{
	a->cause = cause;
	a->fate = fate;
	a->state = a->final_seen ? ASK_OVER : ASK_SETTLING;
	a->state_until_ms = a->final_seen ? INT64_MAX : now_ms + ASK_SETTLE_MS;
}

void
ask_end(struct ask *a, enum modem_cause cause)
{
	if (a->state == ASK_IDLE || a->state == ASK_OVER)
		return;
	if (a->state != ASK_SETTLING) {
		a->cause = cause;
		a->fate = a->state == ASK_QUEUED ? MODEM_NOT_SENT
		                                 : MODEM_MAYBE_SENT;
	} else if (cause == MODEM_BROKEN || cause == MODEM_STOPPED) {
		a->open = false; /* the answer stands, its session does not */
	}
	a->state = ASK_OVER;
	a->state_until_ms = INT64_MAX;
}

/* Nothing less than a code that the dialect vouches for, in no time. */
static bool
is_sure_refusal(
	const struct ask *a, enum at_final final, int code, int64_t now_ms)
{
	if (a->state != ASK_SENT || final != AT_FINAL_CME || code < 0 ||
		now_ms - a->sent_at_ms > a->refusals->within_ms)
		return false;
	for (size_t i = 0; i < a->refusals->count; i++)
		if (a->refusals->codes[i] == code)
			return true;
	return false;
}

void
ask_on_final(struct ask *a, enum at_final final, int code, int64_t now_ms)
{
	if (a->state == ASK_SETTLING) {
		a->final_seen = true;
		a->state = ASK_OVER;
		a->state_until_ms = INT64_MAX;
		return;
	}
	if (!ask_is_on_air(a))
		return;
	if (final == AT_FINAL_OK) {
		a->final_seen = true;
		if (a->state == ASK_SENT)
			a->state = ASK_WAITING;
		return;
	}
	a->code = code;
	bool refused = is_sure_refusal(a, final, code, now_ms);

	a->final_seen = true;
	settle(a, refused ? MODEM_REFUSED : MODEM_ERROR,
		refused ? MODEM_NOT_SENT : MODEM_MAYBE_SENT, now_ms);
}

static void
keep_raw(struct ask *a, const struct ussd_answer *answer)
{
	size_t n = answer->body.len;

	if (n > sizeof a->text)
		n = sizeof a->text;
	memcpy(a->text, answer->body.ptr, n);
	a->text_len = n;
}

/* An end of session without a text: of ours, or of the one before. */
static void
on_bare_end(struct ask *a, int64_t now_ms)
{
	int64_t until = now_ms + ASK_GRACE_MS;

	if (a->state == ASK_GRACE)
		return;
	a->state = ASK_GRACE;
	if (until < a->state_until_ms)
		a->state_until_ms = until;
}

static void
on_text(struct ask *a, const struct ussd_answer *answer, int64_t now_ms)
{
	bool asks = answer->mode == USSD_ASKS;
	bool readable = true;

	a->text_len = 0;
	if (answer->has_body)
		readable = ussd_decode(answer, a->text, sizeof a->text,
				   &a->text_len) == 0;
	if (!readable) {
		keep_raw(a, answer);
	} else if (ask_is_notice(span_of(a->text, a->text_len))) {
		a->text_len = 0;
		return;
	} else if (a->text_len == 0 && !asks) {
		on_bare_end(a, now_ms);
		return;
	}
	a->open = asks;
	settle(a, readable ? MODEM_TEXT : MODEM_UNREADABLE, MODEM_ANSWERED,
		now_ms);
}

bool
ask_on_answer(struct ask *a, struct span line, int64_t now_ms)
{
	struct ussd_answer answer;

	if (ussd_parse(line, &answer) != 0)
		return false;
	if (a->state == ASK_SETTLING) {
		/* The session that the answer left open goes on, or is gone. */
		a->open = a->open && answer.mode == USSD_ASKS;
		return !answer.has_body;
	}
	if (!ask_is_on_air(a))
		return false;
	switch (answer.mode) {
	case USSD_DONE:
	case USSD_ASKS:
	case USSD_ENDED:
		on_text(a, &answer, now_ms);
		break;
	case USSD_OTHER_CLIENT:
		a->other_client = true;
		break;
	case USSD_UNSUPPORTED:
	case USSD_TIMEOUT:
	case USSD_ODD:
		settle(a, MODEM_NETWORK, MODEM_MAYBE_SENT, now_ms);
		break;
	}
	return true;
}

void
ask_on_tick(struct ask *a, int64_t now_ms)
{
	if (now_ms < a->state_until_ms)
		return;
	if (a->state == ASK_GRACE)
		ask_end(a, MODEM_DROPPED);
	else
		ask_end(a, a->other_client ? MODEM_NETWORK : MODEM_NO_ANSWER);
}

int64_t
ask_wake_at(const struct ask *a)
{
	return a->state_until_ms;
}

void
ask_forget(struct ask *a)
{
	explicit_bzero(a->text, sizeof a->text);
	ask_init(a);
}
