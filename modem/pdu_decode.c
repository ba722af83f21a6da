/*
 * pdu_decode: the fields of a message, one after the other, each only as far
 * as there are octets. Must refuse what is cut short: half a message may say
 * the contrary of the whole.
 */
#include "modem/pdu.h"

#include <errno.h>
#include <string.h>

#include "modem/gsm7_national.h"
#include "modem/pdu_parts.h"

enum {
	SMSC_OCTETS_MAX = 11, /* TS 24.011 8.2.5.1: a type and 20 digits */
	TIME_OCTETS = 7,
	VALIDITY_LONG = 7,
	FILL = 0xF,
	MINUTES_A_QUARTER = 15,
	CENTURY = 2000
};

/* What is still to be read. */
struct reader {
	const uint8_t *at;
	size_t left;
};

static int
take(struct reader *r, size_t n, const uint8_t **octets)
{
	if (r->left < n)
		return -EBADMSG;
	*octets = r->at;
	r->at += n;
	r->left -= n;
	return 0;
}

static int
take_octet(struct reader *r, uint8_t *octet)
{
	const uint8_t *at;
	int rc = take(r, 1, &at);

	if (rc == 0)
		*octet = *at;
	return rc;
}

/* ---- addresses --------------------------------------------------------- */

/* Clause 9.1.2.3: two digits an octet, the first one low; F fills. */
static void
put_digits(struct pdu_address *out, uint8_t type, const uint8_t *octets,
	size_t digits)
{
	static const char signs[] = "0123456789*#abc";
	size_t n = 0;

	if ((type & PDU_TON) == PDU_TON_INTERNATIONAL)
		out->text[n++] = '+';
	for (size_t i = 0; i < digits; i++) {
		unsigned digit = octets[i / 2] >> (i % 2 == 0 ? 0 : 4) & 0xF;

		if (digit != FILL)
			out->text[n++] = signs[digit];
	}
	out->text[n] = '\0';
}

/* Clause 9.1.2.5: septets, as many as the half octets hold. */
static int
put_name(struct pdu_address *out, const uint8_t *octets, size_t halves)
{
	struct gsm7_octets in = {octets, (halves + 1) / 2};
	struct gsm7_shift none = {0, 0};
	uint8_t septets[PDU_DIGITS_MAX];
	struct gsm7_septets name = {septets, halves * 4 / PDU_SEPTET_BITS};
	size_t len;

	if (gsm7_unpack_sms(in, 0, septets, name.len) < 0 ||
		gsm7_to_utf8_shift(
			none, name, out->text, sizeof out->text, &len) < 0)
		return -EBADMSG;
	out->is_name = true;
	return 0;
}

static int
take_address(struct reader *r, struct pdu_address *out)
{
	const uint8_t *octets = NULL;
	uint8_t halves = 0;
	uint8_t type = 0;

	*out = (struct pdu_address){.is_name = false};
	if (take_octet(r, &halves) < 0 || halves > PDU_DIGITS_MAX ||
		take_octet(r, &type) < 0 ||
		take(r, (halves + 1U) / 2, &octets) < 0)
		return -EBADMSG;
	if ((type & PDU_TON) == PDU_TON_NAME)
		return put_name(out, octets, halves);
	if (halves > 0)
		put_digits(out, type, octets, halves);
	return 0;
}

/* Its length is in octets, with the type; 0: the one in the SIM. */
static int
take_smsc(struct reader *r, struct pdu_address *out)
{
	const uint8_t *octets = NULL;
	uint8_t len = 0;

	*out = (struct pdu_address){.is_name = false};
	if (take_octet(r, &len) < 0 || len > SMSC_OCTETS_MAX ||
		take(r, len, &octets) < 0)
		return -EBADMSG;
	if (len > 1)
		put_digits(out, octets[0], octets + 1, 2 * ((size_t)len - 1));
	return 0;
}

/* ---- time -------------------------------------------------------------- */

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t m = month <= 2 ? month + 9 : month - 3; /* from March on */

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day -
	       1 - 719468;
}

static bool
is_date(const unsigned v[6])
{
	static const unsigned days[] = {
		31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return v[1] >= 1 && v[1] <= 12 && v[2] >= 1 && v[2] <= days[v[1] - 1] &&
	       v[3] < 24 && v[4] < 60 && v[5] < 61;
}

/* Clause 9.2.3.11: each octet two digits, the first one low; the zone in
 * quarters of an hour, its bit 3 the sign. */
static void
read_time(const uint8_t octets[TIME_OCTETS], struct pdu_time *out)
{
	enum { MINUS = 0x08, TENS = 0x07, MS = 1000, DAY_S = 86400 };
	unsigned v[6];
	unsigned quarters = (octets[6] & TENS) * 10U + (octets[6] >> 4);
	int zone = (int)quarters * MINUTES_A_QUARTER;
	bool good = octets[6] >> 4 <= 9;

	*out = (struct pdu_time){.known = false};
	for (size_t i = 0; i < 6; i++) {
		good = good && (octets[i] & 0xF) <= 9 && octets[i] >> 4 <= 9;
		v[i] = (octets[i] & 0xFU) * 10U + (octets[i] >> 4);
	}
	if (!good || !is_date(v))
		return;
	out->known = true;
	out->zone_minutes = (octets[6] & MINUS) != 0 ? -zone : zone;
	out->utc_ms = (days_of(CENTURY + (int64_t)v[0], v[1], v[2]) * DAY_S +
			      v[3] * 3600L + v[4] * 60L + v[5] -
			      out->zone_minutes * 60L) *
	              MS;
}

static int
take_time(struct reader *r, struct pdu_time *out)
{
	const uint8_t *octets;

	if (take(r, TIME_OCTETS, &octets) < 0)
		return -EBADMSG;
	read_time(octets, out);
	return 0;
}

/* ---- the user's data --------------------------------------------------- */

/* A part that cannot be is none (clause 9.2.3.24.1). */
static void
read_part(struct pdu *p, const uint8_t *octets, bool wide)
{
	struct pdu_part part = {.wide = wide, .reference = octets[0]};

	if (wide)
		part.reference = part.reference << 8 | *++octets;
	part.total = octets[1];
	part.number = octets[2];
	if (part.number >= 1 && part.number <= part.total)
		p->part = part;
}

static void
read_language(struct pdu *p, uint8_t id, unsigned language)
{
	bool locking = id == PDU_IE_LOCKING;

	if (locking)
		p->shift.locking = language;
	else
		p->shift.single = language;
	if (locking ? !gsm7_has_locking(language) : !gsm7_has_single(language))
		p->language_unknown = true;
}

/* One of another length than it should have is passed over. */
static void
read_element(struct pdu *p, uint8_t id, const uint8_t *octets, size_t len)
{
	if (id == PDU_IE_PART && len == 3)
		read_part(p, octets, false);
	else if (id == PDU_IE_PART_WIDE && len == 4)
		read_part(p, octets, true);
	else if (id == PDU_IE_PORT8 && len == 2)
		p->port = octets[0];
	else if (id == PDU_IE_PORT16 && len == 4)
		p->port = octets[0] << 8 | octets[1];
	else if ((id == PDU_IE_SINGLE || id == PDU_IE_LOCKING) && len == 1)
		read_language(p, id, octets[0]);
}

/* The header (clause 9.2.3.24); *len octets, its length octet included. */
static int
read_header(struct pdu *p, struct reader r, size_t *len)
{
	uint8_t all = 0;

	if (take_octet(&r, &all) < 0 || r.left < all)
		return -EBADMSG;
	r.left = all;
	while (r.left > 0) {
		const uint8_t *octets = NULL;
		uint8_t id = 0;
		uint8_t n = 0;

		if (take_octet(&r, &id) < 0 || take_octet(&r, &n) < 0 ||
			take(&r, n, &octets) < 0)
			return -EBADMSG;
		read_element(p, id, octets, n);
	}
	*len = all + 1U;
	return 0;
}

/* TP-UDL counts septets in the default alphabet, else octets. */
static int
take_data(struct pdu *p, struct reader *r, bool has_header)
{
	bool septets = p->coding == PDU_GSM7;
	struct reader all = {.left = 0};
	size_t header = 0;
	size_t octets;
	uint8_t len = 0;

	if (take_octet(r, &len) < 0)
		return -EBADMSG;
	octets = septets ? (len * (size_t)PDU_SEPTET_BITS + 7) / 8 : len;
	all.left = octets;
	if (take(r, octets, &all.at) < 0 ||
		(has_header && read_header(p, all, &header) < 0))
		return -EBADMSG;
	if (septets)
		header = pdu_septets_of(header);
	if (header > len)
		return -EBADMSG;
	p->data_len = len - header;
	if (!septets)
		memcpy(p->data, all.at + header, p->data_len);
	else if (gsm7_unpack_sms((struct gsm7_octets){all.at, octets}, header,
			 p->data, p->data_len) < 0)
		return -EBADMSG;
	return pdu_read_text(p);
}

static int
take_scheme(struct pdu *p, struct reader *r)
{
	if (take_octet(r, &p->protocol) < 0 || take_octet(r, &p->scheme) < 0)
		return -EBADMSG;
	pdu_read_scheme(p);
	return 0;
}

/* ---- the three kinds --------------------------------------------------- */

static int
take_deliver(struct pdu *p, struct reader *r, uint8_t first)
{
	if (take_address(r, &p->address) < 0 || take_scheme(p, r) < 0 ||
		take_time(r, &p->sent) < 0)
		return -EBADMSG;
	return take_data(p, r, (first & PDU_HAS_HEADER) != 0);
}

static int
take_submit(struct pdu *p, struct reader *r, uint8_t first)
{
	const uint8_t *validity;
	size_t len = 0;

	if ((first & PDU_VALIDITY) != 0)
		len = (first & PDU_VALIDITY) == PDU_VALIDITY_RELATIVE
		              ? 1
		              : VALIDITY_LONG;
	if (take_octet(r, &p->reference) < 0 ||
		take_address(r, &p->address) < 0 || take_scheme(p, r) < 0 ||
		take(r, len, &validity) < 0)
		return -EBADMSG;
	return take_data(p, r, (first & PDU_HAS_HEADER) != 0);
}

/* What may stand behind the status is of no use, and often rubbish. */
static int
take_report(struct pdu *p, struct reader *r)
{
	if (take_octet(r, &p->reference) < 0 ||
		take_address(r, &p->address) < 0 ||
		take_time(r, &p->sent) < 0 || take_time(r, &p->done) < 0 ||
		take_octet(r, &p->status) < 0)
		return -EBADMSG;
	return 0;
}

static int
take_tpdu(struct pdu *p, struct reader *r)
{
	uint8_t first = 0;

	if (take_octet(r, &first) < 0)
		return -EBADMSG;
	p->wants_report = (first & PDU_REPORT) != 0;
	switch (first & PDU_TYPE) {
	case PDU_IS_DELIVER:
		p->type = PDU_DELIVER;
		return take_deliver(p, r, first);
	case PDU_IS_SUBMIT:
		p->type = PDU_SUBMIT;
		return take_submit(p, r, first);
	case PDU_IS_STATUS_REPORT:
		p->type = PDU_STATUS_REPORT;
		return take_report(p, r);
	default: /* bits from outside, not an enum of ours */
		return -EBADMSG;
	}
}

int
pdu_decode(struct span hex, struct pdu *out)
{
	uint8_t octets[PDU_OCTETS_MAX];
	struct reader r = {.at = octets};
	int rc;

	memset(out, 0, sizeof *out);
	out->message_class = PDU_NO_CLASS;
	out->port = -1;
	if (span_from_hex(span_trim(hex), octets, sizeof octets, &r.left) < 0)
		return -EBADMSG;
	rc = take_smsc(&r, &out->smsc) < 0 ? -EBADMSG : take_tpdu(out, &r);
	explicit_bzero(octets, sizeof octets); /* it may tell a PIN */
	return rc;
}
