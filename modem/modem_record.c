/*
 * modem_record: the wire of a modem for a person who wants to show it: each
 * line as a transcript has it. It must never give a line as it was.
 */
#include "modem/modem_inside.h"

#include <stdlib.h>
#include <string.h>

#include "modem/transcript.h"

/* Once for each recording; the modem's own pages are for what holds a PIN. */
struct recording {
	modem_record_fn *fn;
	void *ctx;
	struct transcript transcript;
	char line[TRANSCRIPT_LINE_MAX];
};

void
modem_record(struct modem *m, modem_record_fn *fn, void *ctx)
{
	free(m->recording);
	m->recording = NULL;
	if (fn == NULL)
		return;
	m->recording = malloc(sizeof *m->recording);
	if (m->recording == NULL)
		abort(); /* as the agent does; what is on air is on disk */
	m->recording->fn = fn;
	m->recording->ctx = ctx;
	transcript_init(&m->recording->transcript);
}

static enum transcript_cargo
cargo_of(const struct modem *m)
{
	if (m->job == JOB_SEND && chat_acts(&m->chat))
		return TRANSCRIPT_PDU;
	if (modem_unlock_is_typing(m))
		return TRANSCRIPT_SIM_PIN;
	if (m->job != JOB_ASK)
		return TRANSCRIPT_NOTHING;
	if (m->request.is_reply)
		return TRANSCRIPT_REPLY;
	return m->request.how == MODEM_ONCE ? TRANSCRIPT_CODE : TRANSCRIPT_ASK;
}

void
modem_record_sent(struct modem *m)
{
	struct recording *r = m->recording;
	size_t n;

	if (r == NULL)
		return;
	n = transcript_sent(&r->transcript,
		span_trim(span_of(m->tx, m->tx_len)), cargo_of(m), r->line,
		sizeof r->line);
	r->fn(r->ctx, true, span_of(r->line, n));
}

/* An echo is our own command; while it may hold a PIN, all that is no answer
 * of the operator is shown with stars. */
void
modem_record_heard(
	struct modem *m, struct span heard, struct span masked, bool is_echo)
{
	struct recording *r = m->recording;
	bool is_answer = span_starts(heard, span_str("+CUSD:"));
	size_t n;

	if (r == NULL || is_echo)
		return;
	n = transcript_heard(&r->transcript,
		m->masked && !is_answer ? masked : heard, r->line,
		sizeof r->line);
	r->fn(r->ctx, false, span_of(r->line, n));
}
