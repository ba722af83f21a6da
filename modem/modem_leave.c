/*
 * modem_leave: the settings of the modem as they were before ours: read,
 * kept while the modem keeps ours, put back at the end. It must never take
 * our own settings for those of before, nor hold up the end for long.
 */
#include "modem/modem_inside.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "modem/ucs2.h"

enum { NEWS_FIELDS = 5, STORES = 3, STORE_LEN = 2 };

/* A setting that is one small number of its line. */
static const struct {
	enum script_tag tag;
	const char *prefix;
	unsigned at; /* which field, from 0 */
	uint32_t max;
} numbers[] = {
	{TAG_WAS_MODE, "+CMGF:", 0, 1},
	{TAG_WAS_ERRORS, "+CMEE:", 0, 2},
	{TAG_WAS_FORMAT, "+COPS:", 1, 2},
	{TAG_WAS_NOISE, "^CURC:", 0, 1},
	{TAG_WAS_SERVICE, "+CSMS:", 0, 1},
};

static char *
place_of(struct modem *m, enum script_tag tag)
{
	return m->leaving.was[tag - TAG_WAS_FIRST];
}

void
modem_leave_forget(struct modem *m)
{
	memset(m->leaving.was, 0, sizeof m->leaving.was);
	m->leaving.asked_mail = false;
	m->leaving.quiet = false;
}

static void
keep(struct modem *m, enum script_tag tag, const char *value)
{
	char *place = place_of(m, tag);

	if (place[0] == '\0')
		(void)span_copy(place, LEAVE_VALUE_MAX, span_str(value));
}

/* ---- what it says ------------------------------------------------------- */

static bool
number_of(enum script_tag tag, struct span line, char *out, size_t cap)
{
	struct at_fields fields;
	struct at_field skipped;
	uint32_t value;

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (numbers[i].tag != tag ||
			!at_fields_init(
				&fields, line, span_str(numbers[i].prefix)))
			continue;
		for (unsigned k = 0; k < numbers[i].at; k++)
			if (!at_fields_next(&fields, &skipped))
				return false;
		if (at_fields_u32(&fields, numbers[i].max, &value) < 0)
			return false;
		(void)snprintf(out, cap, "%u", value); /* one digit */
		return true;
	}
	return false;
}

/* An unsolicited line does not say <n>. */
static bool
told_registration_of(struct span line, char *out, size_t cap)
{
	struct at_registration said;

	if (!at_registration_of(line, &said) || said.n < 0)
		return false;
	(void)snprintf(out, cap, "%d", said.n); /* one digit */
	return true;
}

/* +CUSD: <n>; 2 is no setting but the end of a session (27.007 7.15). */
static bool
ussd_of(struct span line, char *out, size_t cap)
{
	struct at_fields fields;
	struct at_field more;
	uint32_t n;

	if (!at_fields_init(&fields, line, span_str("+CUSD:")) ||
		at_fields_u32(&fields, 1, &n) < 0 ||
		at_fields_next(&fields, &more))
		return false;
	(void)snprintf(out, cap, "%u", n); /* one digit */
	return true;
}

static bool
is_name(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '-')
			return false;
	return n >= 2;
}

/* Under UCS2 some say the name itself in UCS-2, too. */
static bool
charset_of(struct span line, char *out, size_t cap)
{
	enum { OCTETS = 64 };
	uint8_t octets[OCTETS];
	struct at_fields fields;
	struct at_field name;
	size_t n;
	size_t len;

	if (!at_fields_init(&fields, line, span_str("+CSCS:")) ||
		!at_fields_next(&fields, &name))
		return false;
	if (!span_starts(name.text, span_str("00")) ||
		span_from_hex(name.text, octets, sizeof octets, &n) < 0)
		return span_copy(out, cap, name.text) == 0 && is_name(out);
	return ucs2_to_utf8(octets, n, out, cap, &len) == 0 && is_name(out);
}

/* +CNMI: <mode>[,<mt>[,<bm>[,<ds>[,<bfr>]]]] (27.005 3.4.1). */
static bool
news_of(struct span line, char *out, size_t cap)
{
	struct at_fields fields;
	uint32_t value;
	size_t used = 0;

	if (!at_fields_init(&fields, line, span_str("+CNMI:")))
		return false;
	out[0] = '\0';
	for (int i = 0; i < NEWS_FIELDS; i++) {
		if (at_fields_u32(&fields, 9, &value) < 0)
			break;
		used += (size_t)snprintf(out + used, cap - used, "%s%u",
			i > 0 ? "," : "", value); /* digits: they fit */
	}
	return used > 1; /* a mode alone says nothing of messages */
}

/* +CPMS: "SM",3,20,"SM",3,20[,"SM",3,20] (27.005 3.2.2). */
static bool
stores_of(struct span line, char *out, size_t cap)
{
	struct at_fields fields;
	struct at_field field;
	size_t used = 0;
	unsigned stores = 0;

	if (!at_fields_init(&fields, line, span_str("+CPMS:")))
		return false;
	while (stores < STORES && at_fields_next(&fields, &field)) {
		if (field.text.len != STORE_LEN ||
			!isupper((unsigned char)field.text.ptr[0]) ||
			!isupper((unsigned char)field.text.ptr[1]))
			continue;
		used += (size_t)snprintf(out + used, cap - used, "%s\"%.2s\"",
			stores > 0 ? "," : "", field.text.ptr); /* fits */
		stores++;
	}
	return stores > 0;
}

static bool
value_of(enum script_tag tag, struct span line, char *out, size_t cap)
{
	if (tag == TAG_WAS_CHARSET)
		return charset_of(line, out, cap);
	if (tag == TAG_WAS_USSD)
		return ussd_of(line, out, cap);
	if (tag == TAG_WAS_REGISTRATION)
		return told_registration_of(line, out, cap);
	if (tag == TAG_WAS_NEWS)
		return news_of(line, out, cap);
	if (tag == TAG_WAS_STORES)
		return stores_of(line, out, cap);
	return number_of(tag, line, out, cap);
}

/*
 * Errors as numbers are ours: a modem that says them otherwise has forgotten
 * our settings, or another program has been here; what it says now counts.
 */
void
modem_leave_on_info(
	struct modem *m, enum script_tag tag, struct span line, int64_t now_ms)
{
	char value[LEAVE_VALUE_MAX];
	bool known = value_of(tag, line, value, sizeof value);

	if (tag == TAG_WAS_USSD && !known)
		modem_cusd_on_line(m, line, false, now_ms); /* a text */
	if (!known)
		return;
	if (tag == TAG_WAS_ERRORS && strcmp(value, "1") != 0)
		modem_leave_forget(m);
	keep(m, tag, value);
}

/* Until our ATE0 an echo tells that it was on; after it, that the modem has
 * started anew, with or without a word of it. */
void
modem_leave_on_echo(struct modem *m)
{
	bool before_ours = m->session.state == SESSION_PROBING ||
	                   (m->session.state == SESSION_SETTING_UP &&
				   m->chat.script == &script_remember);

	if (m->leaving.quiet)
		modem_leave_forget(m);
	if (before_ours)
		keep(m, TAG_WAS_ECHO, "1");
	m->leaving.quiet = false;
}

void
modem_leave_on_script(struct modem *m)
{
	if (m->chat.script == &script_identify)
		m->leaving.quiet = true;
}

/* ---- leaving ------------------------------------------------------------ */

struct span
modem_leave_value(const struct modem *m)
{
	unsigned tag = chat_tag(&m->chat);

	if (m->chat.script != &script_leave || tag < TAG_WAS_FIRST ||
		tag > TAG_WAS_LAST)
		return span_str("");
	return span_str(m->leaving.was[tag - TAG_WAS_FIRST]);
}

/* What is not known is skipped. */
void
modem_leave_begin_script(struct modem *m)
{
	for (unsigned i = 0; i < LEAVE_SETTINGS; i++) {
		if (m->leaving.was[i][0] == '\0')
			chat_saw(&m->chat, TAG_WAS_FIRST + i);
		else
			chat_unsee(&m->chat, TAG_WAS_FIRST + i);
	}
}

/* What may follow on what: nothing of ours is under way, and the modem takes
 * commands. A busy one has to become ready first. */
static bool
may_leave(const struct modem *m)
{
	return m->session.state == SESSION_SETTING_UP ||
	       m->session.state == SESSION_REGISTERING ||
	       m->session.state == SESSION_FAILED ||
	       (m->session.state == SESSION_READY && !m->cancel_wanted &&
		       !m->escape_wanted);
}

static bool
may_wait(const struct modem *m)
{
	return (m->session.state == SESSION_READY ||
		       m->session.state == SESSION_BUSY) &&
	       !m->refresh_wanted && !m->recover_wanted;
}

bool
modem_leave_go_on(struct modem *m, int64_t now_ms)
{
	if (m->leaving.until_ms == INT64_MAX ||
		m->session.state == SESSION_LEAVING)
		return false;
	if (may_leave(m)) {
		(void)session_on(&m->session, SESSION_LEAVE, now_ms);
	} else if (m->session.state == SESSION_STOPPED) {
		m->leaving.until_ms = INT64_MAX;
	} else if (!may_wait(m)) {
		(void)session_on(&m->session, SESSION_STOP, now_ms);
	} else {
		return false;
	}
	return true;
}

void
modem_leave(struct modem *m, int64_t now_ms)
{
	if (m->session.state == SESSION_STOPPED ||
		m->leaving.until_ms != INT64_MAX)
		return;
	if (m->request.active || m->sending.active ||
		(!may_leave(m) && !may_wait(m))) {
		modem_stop(m, now_ms);
		return;
	}
	m->leaving.until_ms = now_ms + LEAVE_MS;
	m->cancel_wanted = m->cancel_wanted || m->open;
	modem_settle(m, now_ms);
}

bool
modem_is_stopped(const struct modem *m)
{
	return m->session.state == SESSION_STOPPED;
}
