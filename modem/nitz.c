/*
 * nitz: one table of lines, and how each tells the time. It must never guess
 * whether a time is local: a form that no source explains is refused.
 */
#include "modem/nitz.h"

#include <errno.h>

#include "modem/at.h"

enum {
	YEAR_FIRST = 2024, /* this is older than no network's time */
	YEAR_LAST = 2069,
	CENTURY = 2000,
	QUARTERS_MAX = 56, /* 27.007 8.41: -48 to +56 */
	ZONE_DIGITS = 2,
	QUARTER_MS = 15 * 60 * 1000,
	FIELDS = 6
};

/* Year to second, and the zone east of UTC in quarters of an hour. */
struct moment {
	uint32_t v[FIELDS];
	int quarters;
};

/* ---- pieces ------------------------------------------------------------- */

static bool
take_sign(struct span *s, char sign)
{
	if (s->len == 0 || s->ptr[0] != sign)
		return false;
	*s = span_skip(*s, 1);
	return true;
}

static bool
take_number(struct span *s, size_t digits_max, uint32_t *out)
{
	size_t n = 0;

	while (n < s->len && n < digits_max && s->ptr[n] >= '0' &&
		s->ptr[n] <= '9')
		n++;
	if (span_to_u32(span_of(s->ptr, n), UINT16_MAX, out) != 0)
		return false;
	*s = span_skip(*s, n);
	return true;
}

/* +4, -20, +08; the sign has to be there. */
static bool
take_zone(struct span *s, int *quarters)
{
	bool minus = s->len > 0 && s->ptr[0] == '-';
	uint32_t n;

	if (!take_sign(s, minus ? '-' : '+') ||
		!take_number(s, ZONE_DIGITS, &n) || n > QUARTERS_MAX)
		return false;
	*quarters = minus ? -(int)n : (int)n;
	return true;
}

/* 18/03/09,12:36:21 or 2018/03/09,12:36:21 */
static bool
take_moment(struct span *s, uint32_t v[FIELDS])
{
	static const char after[FIELDS] = "//,::";
	enum { YEAR_DIGITS = 4, DIGITS = 2 };

	for (size_t i = 0; i < FIELDS; i++)
		if (!take_number(s, i == 0 ? YEAR_DIGITS : DIGITS, &v[i]) ||
			(after[i] != '\0' && !take_sign(s, after[i])))
			return false;
	return true;
}

static uint32_t
days_in(uint32_t year, uint32_t month)
{
	static const uint8_t days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	enum { FEBRUARY = 2, LEAP = 4 }; /* in the years that are taken */

	return days[month - 1] +
	       (month == FEBRUARY && year % LEAP == 0 ? 1U : 0U);
}

static int
check(struct moment *m)
{
	uint32_t *v = m->v;

	if (v[0] < 100)
		v[0] += CENTURY;
	if (v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > days_in(v[0], v[1]) ||
		v[3] > 23 || v[4] > 59 || v[5] > 59)
		return -EINVAL;
	return v[0] < YEAR_FIRST || v[0] > YEAR_LAST ? -ERANGE : 0;
}

/* Of a moment that was checked: no century without a leap day is in it. */
static int64_t
ms_of(const uint32_t v[FIELDS])
{
	int64_t years = (int64_t)v[0] - 1970;
	int64_t days = years * 365 + (years + 1) / 4 + v[2] - 1;

	for (uint32_t month = 1; month < v[1]; month++)
		days += days_in(v[0], month);
	return (((days * 24 + v[3]) * 60 + v[4]) * 60 + v[5]) * 1000;
}

/* ---- forms -------------------------------------------------------------- */

/* 18/03/09,12:36:21+4[,0]: ^NWTIME, and within quotes +QLTS and +CCLK. */
static int
read_whole(struct span value, struct moment *m)
{
	uint32_t dst;

	if (!take_moment(&value, m->v))
		return -EINVAL;
	if (value.len > 0 && value.ptr[0] != ',' &&
		!take_zone(&value, &m->quarters))
		return -EINVAL;
	if (take_sign(&value, ',') && !take_number(&value, ZONE_DIGITS, &dst))
		return -EINVAL;
	return value.len > 0 ? -EINVAL : 0;
}

static int
read_quoted(struct at_fields *fields, struct moment *m)
{
	struct at_field value;

	if (!at_fields_next(fields, &value) || !value.quoted)
		return -EINVAL;
	return value.text.len == 0 ? -ENODATA : read_whole(value.text, m);
}

/* 2018,3,9,12,36,21,"+4",0 */
static int
read_fields(struct at_fields *fields, struct moment *m)
{
	struct at_field zone;

	for (size_t i = 0; i < FIELDS; i++)
		if (at_fields_u32(fields, UINT16_MAX, &m->v[i]) != 0)
			return -EINVAL;
	if (!at_fields_next(fields, &zone) ||
		!take_zone(&zone.text, &m->quarters) || zone.text.len > 0)
		return -EINVAL;
	return 0;
}

/* "+08",0,"2018/03/09,12:36:21": the time is there if the network told it. */
static int
read_zone_first(struct at_fields *fields, struct moment *m)
{
	struct at_field field;

	if (!at_fields_next(fields, &field) ||
		!take_zone(&field.text, &m->quarters) || field.text.len > 0 ||
		!at_fields_next(fields, &field))
		return -EINVAL;
	if (!at_fields_next(fields, &field) || field.text.len == 0)
		return -ENODATA;
	return take_moment(&field.text, m->v) && field.text.len == 0 ? 0
	                                                             : -EINVAL;
}

enum form { FORM_WHOLE, FORM_QUOTED, FORM_FIELDS, FORM_ZONE_FIRST, FORM_ZONE };

static const struct {
	const char *prefix;
	enum form form;
	enum nitz_kind kind;
	bool local; /* not UTC */
} rows[] = {
	/* SIMCom, after AT+CLTS=1. UTC: +CCLK beside it is ahead by the zone.
         */
	{"*PSUTTZ:", FORM_FIELDS, NITZ_NEWS, false},
	/* Huawei, until AT^CURC=0. UTC, as those say who set clocks by it. */
	{"^NWTIME:", FORM_WHOLE, NITZ_NEWS, false},
	{"+CTZEU:", FORM_ZONE_FIRST, NITZ_NEWS, false}, /* 27.007 8.41 */
	{"+CTZE:", FORM_ZONE_FIRST, NITZ_NEWS, true},   /* likewise */
	{"+CTZV:", FORM_ZONE, NITZ_NEWS, true},         /* likewise */
	/* Quectel, asked as AT+QLTS=1: what the network said, gone on. UTC. */
	{"+QLTS:", FORM_QUOTED, NITZ_ASKED, false},
	{"+CCLK:", FORM_QUOTED, NITZ_CLOCK, true}, /* 27.007 8.15 */
};

static int
read_form(enum form form, struct span line, struct at_fields *fields,
	struct moment *m)
{
	switch (form) {
	case FORM_WHOLE:
		line = span_skip(line, span_find(line, ':') + 1);
		return read_whole(span_trim(line), m);
	case FORM_QUOTED:
		return read_quoted(fields, m);
	case FORM_FIELDS:
		return read_fields(fields, m);
	case FORM_ZONE_FIRST:
		return read_zone_first(fields, m);
	case FORM_ZONE:
		break;
	}
	return -ENODATA;
}

int
nitz_of(struct span line, struct nitz *out)
{
	struct moment m = {.quarters = 0};
	struct at_fields fields;
	int64_t said_ms;
	int64_t zone_ms;
	size_t i = 0;
	int rc;

	while (i < sizeof rows / sizeof *rows &&
		!at_fields_init(&fields, line, span_str(rows[i].prefix)))
		i++;
	if (i == sizeof rows / sizeof *rows)
		return -ENOENT;
	rc = read_form(rows[i].form, line, &fields, &m);
	if (rc == 0)
		rc = check(&m);
	if (rc != 0)
		return rc;
	said_ms = ms_of(m.v);
	zone_ms = (int64_t)m.quarters * QUARTER_MS;
	out->kind = rows[i].kind;
	out->utc_ms = rows[i].local ? said_ms - zone_ms : said_ms;
	out->other_ms = out->kind == NITZ_CLOCK ? said_ms : out->utc_ms;
	return 0;
}
