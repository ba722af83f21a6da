/*
 * modem_mail_heard: what lines say of messages: where one stands, one that
 * comes itself, one that was asked for, a store that is full. It must never
 * take noise for a message.
 */
#include "modem/modem_inside.h"

#include <ctype.h>
#include <string.h>

enum { INDEX_MAX = 65535, PDU_DIGITS_MIN = 16, CMS_MEMORY_FULL = 322 };

static void
trace_garbage(struct modem *m)
{
	static const char text[] = "(that is no message)";

	m->info.garbage++;
	if (m->hooks.on_trace != NULL)
		m->hooks.on_trace(m->hooks.ctx, false, span_str(text));
}

static void
put(struct modem *m, struct span pdu, int64_t now_ms)
{
	m->mail.entry = false;
	switch (mailbox_put(m->mail.box, &m->mail.place, pdu, now_ms)) {
	case MAILBOX_NEW:
	case MAILBOX_KNOWN:
	case MAILBOX_COPY:
		break;
	case MAILBOX_FULL: /* what is handed over and deleted makes room */
		m->mail.full = true;
		break;
	case MAILBOX_REFUSED:
		trace_garbage(m);
		break;
	}
	/* What was told since is not yet in what is listed, perhaps. */
	for (size_t i = 0; i < m->mail.told_count; i++)
		mailbox_doubt(m->mail.box, &m->mail.told[i]);
}

void
modem_mail_end_entry(struct modem *m, int64_t now_ms)
{
	if (m->mail.entry)
		put(m, span_str(""), now_ms);
}

static bool
is_hex(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isxdigit((unsigned char)s.ptr[i]))
			return false;
	return s.len >= PDU_DIGITS_MIN;
}

/* The message on the line of its own head, as some have it. */
static struct span
pdu_on(struct span line)
{
	size_t at = line.len;

	while (at > 0 && line.ptr[at - 1] != ',' && line.ptr[at - 1] != ' ')
		at--;
	line = span_skip(line, at);
	return is_hex(line) ? line : span_of(line.ptr, 0);
}

/*
 * What came without being stored. Not acknowledged, it comes again: so it is
 * acknowledged at once only if that would be of no use.
 */
static void
put_direct(struct modem *m, struct span pdu, int64_t now_ms)
{
	static const struct mailbox_place nowhere = {.index = MAILBOX_NOWHERE};
	enum mail_direct direct = m->mail.direct;
	bool useless = direct == MAIL_REPORT;

	m->mail.direct = MAIL_NO_DIRECT;
	if (direct == MAIL_MESSAGE) {
		switch (mailbox_put(m->mail.box, &nowhere, pdu, now_ms)) {
		case MAILBOX_NEW:
			m->mail.give = true;
			break;
		case MAILBOX_KNOWN:
		case MAILBOX_FULL:
			break;
		case MAILBOX_COPY:
			useless = true;
			break;
		case MAILBOX_REFUSED:
			useless = true;
			trace_garbage(m);
			break;
		}
	}
	m->mail.owes = m->mail.owes || (useless && m->mail.acknowledges);
}

static void
on_direct_head(struct modem *m, enum mail_direct direct, struct span line,
	int64_t now_ms)
{
	struct span pdu = pdu_on(line);

	m->mail.direct = direct;
	m->mail.direct_until_ms = now_ms + MAIL_DIRECT_MS;
	if (pdu.len > 0)
		put_direct(m, pdu, now_ms);
}

static void
remember(struct modem *m, const struct mailbox_place *place)
{
	struct mail *mail = &m->mail;

	mailbox_doubt(mail->box, place);
	for (size_t i = 0; i < mail->told_count; i++)
		if (mail->told[i].index == place->index &&
			strcmp(mail->told[i].store, place->store) == 0)
			return;
	if (mail->told_count < MAIL_TOLD_MAX)
		mail->told[mail->told_count++] = *place;
	else
		mail->list_at_ms = 0;
}

/* +CMTI: "SM",3 */
static void
on_told(struct modem *m, struct span line)
{
	struct mailbox_place place;
	struct at_fields fields;
	struct at_field store;
	uint32_t index;

	if (at_fields_init(&fields, line, span_str("+CMTI:")) &&
		at_fields_next(&fields, &store) &&
		span_copy(place.store, sizeof place.store, store.text) == 0 &&
		at_fields_u32(&fields, INDEX_MAX, &index) == 0) {
		place.index = (int)index;
		remember(m, &place);
	} else {
		m->mail.list_at_ms = 0;
	}
}

static bool
is_full(const struct modem *m, struct span line)
{
	int code = -1;

	if (span_starts(line, span_str("^SMMEMFULL")))
		return true;
	return m->job != JOB_SEND && m->job != JOB_MAIL &&
	       at_final_of(line, &code) == AT_FINAL_CMS &&
	       code == CMS_MEMORY_FULL;
}

bool
modem_mail_on_line(struct modem *m, struct span line, int64_t now_ms)
{
	struct mail *mail = &m->mail;

	if (mail->box == NULL)
		return false;
	if (span_starts(line, span_str("+CMTI:"))) {
		on_told(m, line);
	} else if (span_starts(line, span_str("+CMT:"))) {
		on_direct_head(m, MAIL_MESSAGE, line, now_ms);
	} else if (span_starts(line, span_str("+CDS:"))) {
		on_direct_head(m, MAIL_REPORT, line, now_ms);
	} else if (mail->direct != MAIL_NO_DIRECT && is_hex(line) &&
		   now_ms <= mail->direct_until_ms) {
		put_direct(m, line, now_ms);
	} else if (is_full(m, line)) {
		mail->full = true;
		mail->list_at_ms = 0;
	} else {
		return span_starts(line, span_str("+CDSI:"));
	}
	return true;
}

/* +CMGL: <index>,<stat>,... before each message, +CMGR: <stat>,... */
static void
on_head(struct modem *m, struct span line, int64_t now_ms)
{
	struct span pdu = pdu_on(line);
	struct at_fields fields;
	uint32_t index;

	modem_mail_end_entry(m, now_ms);
	if (m->mail.work == MAIL_LIST) {
		if (!at_fields_init(&fields, line, span_str("+CMGL:")) ||
			at_fields_u32(&fields, INDEX_MAX, &index) < 0)
			return;
		m->mail.place.index = (int)index;
	}
	m->mail.entry = true;
	if (pdu.len > 0)
		put(m, pdu, now_ms);
}

void
modem_mail_on_info(struct modem *m, struct span line, int64_t now_ms)
{
	if (m->mail.work != MAIL_LIST && m->mail.work != MAIL_READ)
		return;
	if (span_starts(line, span_str("+")))
		on_head(m, line, now_ms);
	else if (m->mail.entry && is_hex(line))
		put(m, line, now_ms); /* else it is noise, or garbage */
}

/* +CPMS: <used>,<total>,... of the store chosen. Nine tenths are full:
 * some lose what comes without a word. */
void
modem_mail_on_store(struct modem *m, struct span line)
{
	enum { COUNT_MAX = 100000 };
	struct at_fields fields;
	uint32_t used;
	uint32_t total;

	if (at_fields_init(&fields, line, span_str("+CPMS:")) &&
		at_fields_u32(&fields, COUNT_MAX, &used) == 0 &&
		at_fields_u32(&fields, COUNT_MAX, &total) == 0 && total > 0)
		m->mail.full = m->mail.full || used * 10 >= total * 9;
}
