/*
 * modem_identity: who the modem says it is, and whose SIM it holds: maker,
 * model, IMEI, IMSI, ICCID. It must never believe a value that does not have
 * the form it should have: a SIM's state hangs on its number.
 */
#include "modem/modem_inside.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool
is_digits(struct span s, size_t least, size_t most)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
	return s.len >= least && s.len <= most;
}

static void
keep_imei(struct modem *m, struct span value)
{
	enum { IMEI_MIN = 14, IMEI_MAX = 16 }; /* TS 23.003 6.2, IMEISV too */

	if (!is_digits(value, IMEI_MIN, IMEI_MAX) ||
		chat_has_seen(&m->chat, TAG_IMEI))
		return;
	(void)span_copy(m->info.imei, sizeof m->info.imei, value); /* fits */
	chat_saw(&m->chat, TAG_IMEI);
}

static const char *
word_of(struct span maker, struct span name)
{
	return dialect_word(dialect_of(maker, name), maker, name);
}

/* Whether it tells more of the make than the maker alone, which is "" for
 * the maker itself. */
static bool
tells_make(struct span maker, struct span name)
{
	return strcmp(word_of(maker, name), word_of(maker, span_str(""))) != 0;
}

/* The first that is told; or, as a line that nobody knows may come before it,
 * the first that tells a make. */
static void
keep_name(struct modem *m, char *dst, size_t cap, struct span value,
	enum script_tag tag)
{
	struct span maker =
		span_str(tag == TAG_MODEL ? m->info.manufacturer : "");
	bool is_better =
		!tells_make(maker, span_str(dst)) && tells_make(maker, value);

	if (value.len == 0 ||
		(chat_has_seen(&m->chat, (unsigned)tag) && !is_better))
		return;
	(void)span_copy(dst, cap, value); /* a long name may be cut */
	for (size_t i = 0; dst[i] != '\0'; i++)
		if (!isprint((unsigned char)dst[i]))
			dst[i] = '?';
	chat_saw(&m->chat, (unsigned)tag);
	/* Names that tell no make may be what noise left of them. */
	if (chat_has_seen(&m->chat, TAG_MAKER) &&
		chat_has_seen(&m->chat, TAG_MODEL) &&
		word_of(span_str(m->info.manufacturer),
			span_str(m->info.model))[0] != '\0')
		chat_saw(&m->chat, TAG_ABOUT);
}

static void
keep_maker(struct modem *m, struct span value)
{
	keep_name(m, m->info.manufacturer, sizeof m->info.manufacturer, value,
		TAG_MAKER);
}

static void
keep_model(struct modem *m, struct span value)
{
	keep_name(m, m->info.model, sizeof m->info.model, value, TAG_MODEL);
}

/* "Model: E1550": what some say to AT+CGMM, and most to ATI. */
static bool
is_labelled(struct span line, const char *label, struct span *value)
{
	size_t n = strlen(label);

	line = span_trim(line);
	if (line.len <= n || line.ptr[n] != ':' ||
		strncasecmp(line.ptr, label, n) != 0)
		return false;
	*value = span_trim(span_skip(line, n + 1));
	return true;
}

/*
 * A line of ATI, for what +CGMI and +CGMM did not tell: labelled, or the
 * maker and the model in that order, or the model alone.
 */
static void
on_about(struct modem *m, struct span line)
{
	struct span value = span_trim(line);
	bool is_maker = is_labelled(line, "Manufacturer", &value);
	bool is_model = !is_maker && is_labelled(line, "Model", &value);

	if (!is_maker && !is_model && span_find(value, ':') < value.len)
		return; /* a revision, a number */
	if (is_maker || (!is_model && !chat_has_seen(&m->chat, TAG_MAKER)))
		keep_maker(m, value);
	else if (is_model || !span_eq(value, span_str(m->info.manufacturer)))
		keep_model(m, value);
}

static void
on_name(struct modem *m, enum script_tag tag, struct span line)
{
	struct span value = at_value_of(line);

	if (tag == TAG_MAKER) {
		(void)is_labelled(line, "Manufacturer", &value);
		keep_maker(m, value);
	} else if (tag == TAG_FIRMWARE) {
		(void)is_labelled(line, "Revision", &value);
		keep_name(m, m->info.firmware, sizeof m->info.firmware, value,
			tag);
	} else {
		(void)is_labelled(line, "Model", &value);
		keep_model(m, value);
	}
}

/* 89, digits, and with some networks A to E among them (their BCD). */
static bool
is_iccid(struct span s)
{
	static const struct span signs = {"0123456789ABCDE", 15};
	enum { ICCID_MIN = 18, ICCID_MAX = 20 }; /* ITU-T E.118 4.1 */

	for (size_t i = 0; i < s.len; i++)
		if (span_find(signs, s.ptr[i]) == signs.len)
			return false;
	return s.len >= ICCID_MIN && s.len <= ICCID_MAX &&
	       (is_digits(s, s.len, s.len) || span_starts(s, span_str("89")));
}

/* At most 20 digits; some add F, some swap nibbles. */
static void
keep_iccid(struct modem *m, struct span value, bool swapped)
{
	enum { ICCID_DIGITS = 20 };
	char text[ICCID_DIGITS];
	size_t n = value.len;

	if (n > ICCID_DIGITS || n < 2 || chat_has_seen(&m->chat, TAG_ICCID))
		return;
	for (size_t i = 0; i < n; i++)
		text[i] = (char)toupper((unsigned char)value.ptr[i]);
	swapped = swapped || (text[0] == '9' && text[1] == '8');
	for (size_t i = 0; swapped && i + 1 < n; i += 2) {
		char first = text[i];

		text[i] = text[i + 1];
		text[i + 1] = first;
	}
	while (n > 0 && text[n - 1] == 'F')
		n--;
	if (!is_iccid(span_of(text, n)))
		return;
	(void)span_copy(m->info.iccid, sizeof m->info.iccid, span_of(text, n));
	chat_saw(&m->chat, TAG_ICCID);
}

/* Some say "ICCID: 89..." or "SCID: 89...", without a sign before it. */
static struct span
iccid_of(struct span line)
{
	struct span value = at_value_of(line);
	size_t colon = span_find(value, ':');

	return colon < value.len ? at_value_of(span_skip(value, colon + 1))
	                         : value;
}

/* +CRSM: 144,0,"98..." */
static void
keep_iccid_file(struct modem *m, struct span line)
{
	struct at_fields fields;
	struct at_field field;

	if (!at_fields_init(&fields, line, span_str("+CRSM:")) ||
		!at_fields_next(&fields, &field) ||
		!at_fields_next(&fields, &field) ||
		!at_fields_next(&fields, &field))
		return;
	keep_iccid(m, field.text, true);
}

static void
on_imsi(struct modem *m, struct span value, int64_t now_ms)
{
	enum { IMSI_MIN = 14, IMSI_MAX = 15 }; /* TS 23.003 2.2 */

	if (!is_digits(value, IMSI_MIN, IMSI_MAX))
		return;
	if (chat_has_seen(&m->chat, TAG_IMSI)) {
		if (span_eq(value, span_str(m->info.imsi)))
			return;
		m->sim_doubted = m->session.state == SESSION_BUSY;
		(void)session_on(&m->session, SESSION_SIM_CHANGED, now_ms);
		return;
	}
	(void)span_copy(m->info.imsi, sizeof m->info.imsi, value);
	chat_saw(&m->chat, TAG_IMSI);
}

void
modem_identity_on_info(
	struct modem *m, enum script_tag tag, struct span line, int64_t now_ms)
{
	if (tag == TAG_MAKER || tag == TAG_MODEL || tag == TAG_FIRMWARE)
		on_name(m, tag, line);
	else if (tag == TAG_ABOUT)
		on_about(m, line);
	else if (tag == TAG_IMEI)
		keep_imei(m, at_value_of(line));
	else if (tag == TAG_IMSI)
		on_imsi(m, at_value_of(line), now_ms);
	else if (tag == TAG_ICCID && span_starts(line, span_str("+CRSM:")))
		keep_iccid_file(m, line);
	else if (tag == TAG_ICCID)
		keep_iccid(m, iccid_of(line), false);
}
