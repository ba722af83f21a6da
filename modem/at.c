/*
 * at: one line from a modem, taken apart (3GPP TS 27.007, ITU-T V.250).
 * Pure; must never read beyond the line, whatever a modem sends.
 */
#include "modem/at.h"

#include <errno.h>
#include <limits.h>

#include "modem/sign.h"

bool
at_fields_init(struct at_fields *f, struct span line, struct span prefix)
{
	if (!span_starts(line, prefix))
		return false;
	f->rest = span_skip(line, prefix.len);
	f->started = false;
	return true;
}

static struct span
skip_blanks(struct span s)
{
	while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = span_skip(s, 1);
	return s;
}

/*
 * Where the quote ends that began just before s. Operators' names hold
 * quotes themselves, so one that a comma or the end follows goes first.
 */
static size_t
closing_quote(struct span s)
{
	size_t first = s.len;

	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == ',' && first < i)
			break; /* behind a quote: the next field begins */
		if (s.ptr[i] != '"')
			continue;
		if (first == s.len)
			first = i;
		struct span after = skip_blanks(span_skip(s, i + 1));
		if (after.len == 0 || after.ptr[0] == ',')
			return i;
	}
	return first;
}

bool
at_fields_next(struct at_fields *f, struct at_field *out)
{
	struct span s;
	size_t end;

	s = f->rest;
	if (!f->started && span_trim(s).len == 0)
		return false;
	if (f->started) {
		if (s.len == 0)
			return false;
		s = span_skip(s, 1); /* the comma */
	}
	f->started = true;
	s = skip_blanks(s);
	out->quoted = s.len > 0 && s.ptr[0] == '"';
	if (out->quoted) {
		s = span_skip(s, 1);
		end = closing_quote(s);
		out->text = span_of(s.ptr, end);
		s = span_skip(s, end);
		end = span_find(s, ',');
	} else {
		end = span_find(s, ',');
		out->text = span_trim(span_of(s.ptr, end));
	}
	out->present = out->quoted || out->text.len > 0;
	f->rest = span_skip(s, end);
	return true;
}

int
at_fields_u32(struct at_fields *f, uint32_t max, uint32_t *out)
{
	struct at_field field;

	if (!at_fields_next(f, &field) || !field.present)
		return -ENODATA;
	/* Some modems quote their numbers. */
	return span_to_u32(span_trim(field.text), max, out) == 0 ? 0 : -EINVAL;
}

struct span
at_value_of(struct span line)
{
	static const struct span signs = {"+^#!*%$_", 8};
	size_t colon = span_find(line, ':');

	if (line.len > 0 && span_find(signs, line.ptr[0]) < signs.len &&
		colon < line.len)
		line = span_skip(line, colon + 1);
	line = span_trim(line);
	if (line.len >= 2 && line.ptr[0] == '"' &&
		line.ptr[line.len - 1] == '"')
		line = span_trim(span_of(line.ptr + 1, line.len - 2));
	return line;
}

bool
at_registration_of(struct span line, struct at_registration *out)
{
	enum { N_MAX = 5, STAT_MAX = 10, STAT_DIGITS = 3 };
	struct at_fields fields;
	struct at_field second;
	uint32_t first;
	uint32_t stat;

	if (!at_fields_init(&fields, line, span_str("+CREG:")) ||
		at_fields_u32(&fields, STAT_MAX, &first) < 0)
		return false;
	*out = (struct at_registration){.n = -1, .stat = (int)first};
	if (first <= N_MAX && at_fields_next(&fields, &second) &&
		!second.quoted && second.text.len <= STAT_DIGITS &&
		span_to_u32(second.text, STAT_MAX, &stat) == 0)
		*out = (struct at_registration){(int)first, (int)stat};
	return true;
}

/* 27.007 clause 9.2.1 to 9.2.4: general, GPRS and the codes seen for USSD. */
static const struct {
	int code;
	const char *name;
} cme_names[] = {
	{0, "phone failure"},
	{1, "no connection to phone"},
	{2, "phone-adaptor link reserved"},
	{3, "operation not allowed"},
	{4, "operation not supported"},
	{5, "PH-SIM PIN required"},
	{6, "PH-FSIM PIN required"},
	{7, "PH-FSIM PUK required"},
	{10, "SIM not inserted"},
	{11, "SIM PIN required"},
	{12, "SIM PUK required"},
	{13, "SIM failure"},
	{14, "SIM busy"},
	{15, "SIM wrong"},
	{16, "incorrect password"},
	{17, "SIM PIN2 required"},
	{18, "SIM PUK2 required"},
	{20, "memory full"},
	{21, "invalid index"},
	{22, "not found"},
	{23, "memory failure"},
	{24, "text string too long"},
	{25, "invalid characters in text string"},
	{26, "dial string too long"},
	{27, "invalid characters in dial string"},
	{30, "no network service"},
	{31, "network timeout"},
	{32, "network not allowed - emergency calls only"},
	{40, "network personalization PIN required"},
	{41, "network personalization PUK required"},
	{42, "network subset personalization PIN required"},
	{43, "network subset personalization PUK required"},
	{44, "service provider personalization PIN required"},
	{45, "service provider personalization PUK required"},
	{46, "corporate personalization PIN required"},
	{47, "corporate personalization PUK required"},
	{48, "hidden key required"},
	{49, "EAP method not supported"},
	{50, "incorrect parameters"},
	{51, "command implemented but currently disabled"},
	{52, "command aborted by user"},
	{53, "not attached to network due to MT functionality restrictions"},
	{54, "modem not allowed - MT restricted to emergency calls only"},
	{55, "operation not allowed because of MT functionality restrictions"},
	{56, "fixed dial number only allowed"},
	{57, "temporarily out of service due to other MT usage"},
	{58, "language/alphabet not supported"},
	{59, "unexpected data value"},
	{60, "system failure"},
	{61, "data missing"},
	{62, "call barred"},
	{63, "message waiting indication subscription failure"},
	{100, "unknown"},
	{103, "illegal MS"},
	{106, "illegal ME"},
	{107, "GPRS services not allowed"},
	{111, "PLMN not allowed"},
	{112, "location area not allowed"},
	{113, "roaming not allowed in this location area"},
	{132, "service option not supported"},
	{133, "requested service option not subscribed"},
	{134, "service option temporarily out of order"},
	{148, "unspecified GPRS error"},
	{149, "PDP authentication failure"},
	{150, "invalid mobile class"},
};

enum { CME_COUNT = sizeof cme_names / sizeof cme_names[0] };

const char *
at_cme_name(int code)
{
	for (size_t i = 0; i < CME_COUNT; i++)
		if (cme_names[i].code == code)
			return cme_names[i].name;
	return NULL;
}

/* Firmwares differ in the case of the letters ("Operation not allowed"). */
static bool
same_words(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (sign_lower(a.ptr[i]) != sign_lower(b.ptr[i]))
			return false;
	return true;
}

/*
 * The number behind "+CME ERROR:". What is glued to it makes it -1: a code
 * may decide that a request was surely not sent, so it is never guessed.
 */
static int
error_code(struct span s, bool named)
{
	uint32_t number;

	s = span_trim(s);
	if (s.len > 0 && s.ptr[0] == ':')
		s = span_trim(span_skip(s, 1));
	if (span_to_u32(s, INT_MAX, &number) == 0)
		return (int)number;
	for (size_t i = 0; named && i < CME_COUNT; i++)
		if (same_words(s, span_str(cme_names[i].name)))
			return cme_names[i].code;
	return -1;
}

static const struct {
	const char *line;
	enum at_final final;
} whole_lines[] = {
	{"OK", AT_FINAL_OK},
	{"ERROR", AT_FINAL_ERROR},
	{"COMMAND NOT SUPPORT", AT_FINAL_ERROR}, /* Huawei */
	{"COMMAND NOT SUPPORTED", AT_FINAL_ERROR},
	{"TOO MANY PARAMETERS", AT_FINAL_ERROR}, /* Qualcomm */
	{"NO CARRIER", AT_FINAL_CALL},
	{"BUSY", AT_FINAL_CALL},
	{"NO ANSWER", AT_FINAL_CALL},
	{"NO DIALTONE", AT_FINAL_CALL},
	{"NO DIAL TONE", AT_FINAL_CALL},
};

enum at_final
at_final_of(struct span line, int *code)
{
	static const struct span cme = {"+CME ERROR", 10};
	static const struct span cms = {"+CMS ERROR", 10};

	*code = -1;
	line = span_trim(line);
	for (size_t i = 0; i < sizeof whole_lines / sizeof whole_lines[0]; i++)
		if (span_eq(line, span_str(whole_lines[i].line)))
			return whole_lines[i].final;
	if (span_starts(line, cme)) {
		*code = error_code(span_skip(line, cme.len), true);
		return AT_FINAL_CME;
	}
	if (span_starts(line, cms)) {
		*code = error_code(span_skip(line, cms.len), false);
		return AT_FINAL_CMS;
	}
	return AT_FINAL_NONE;
}
