/*
 * pdu_encode: an SMS-SUBMIT (TS 23.040 clause 9.2.2.2), one part at a time.
 * Must never send a text that a receiver would read as another one.
 */
#include "modem/pdu.h"

#include <errno.h>
#include <string.h>

#include "modem/pdu_parts.h"
#include "modem/ucs2.h"

enum {
	USER_OCTETS_MAX = 140, /* clause 9.2.3.16 */
	USER_SEPTETS_MAX = 160,
	HEADER_MAX = 16,
	SCHEME_UCS2 = 0x08,
	SCHEME_CLASS = 0x10
};

struct header {
	uint8_t octets[HEADER_MAX]; /* with its length octet; */
	size_t len;                 /* 0 when there is none */
};

/* The septets or octets of a text. */
struct body {
	uint8_t bytes[PDU_DATA_MAX];
	size_t len;
};

struct writer {
	uint8_t octets[PDU_HEX_MAX / 2];
	size_t len;
};

static void
put(struct writer *w, unsigned octet)
{
	w->octets[w->len++] = (uint8_t)octet; /* the longest one fits */
}

static void
put_element(struct header *h, unsigned id, const uint8_t *octets, size_t n)
{
	if (h->len == 0)
		h->len = 1;
	h->octets[h->len++] = (uint8_t)id;
	h->octets[h->len++] = (uint8_t)n;
	memcpy(h->octets + h->len, octets, n);
	h->len += n;
	h->octets[0] = (uint8_t)(h->len - 1);
}

static void
make_header(const struct pdu_submit *what, struct header *h)
{
	const struct pdu_part *part = &what->part;
	uint8_t wide[] = {(uint8_t)(part->reference >> 8),
		(uint8_t)part->reference, (uint8_t)part->total,
		(uint8_t)part->number};
	uint8_t single = (uint8_t)what->shift.single;
	uint8_t locking = (uint8_t)what->shift.locking;

	h->len = 0;
	if (part->total > 0 && part->wide)
		put_element(h, PDU_IE_PART_WIDE, wide, 4);
	else if (part->total > 0)
		put_element(h, PDU_IE_PART, wide + 1, 3);
	if (what->coding == PDU_GSM7 && single != 0)
		put_element(h, PDU_IE_SINGLE, &single, 1);
	if (what->coding == PDU_GSM7 && locking != 0)
		put_element(h, PDU_IE_LOCKING, &locking, 1);
}

/* How many septets or octets of text fit behind the header. */
static size_t
room_of(enum pdu_coding coding, const struct header *h)
{
	return coding == PDU_GSM7 ? USER_SEPTETS_MAX - pdu_septets_of(h->len)
	                          : USER_OCTETS_MAX - h->len;
}

static int
make_body(const struct pdu_submit *what, struct span text, struct body *out)
{
	int rc = what->coding == PDU_UCS2
	                 ? ucs2_from_utf8(text, out->bytes, sizeof out->bytes,
				   &out->len)
	                 : gsm7_from_utf8_shift(what->shift, text, out->bytes,
				   sizeof out->bytes, &out->len);

	return rc == -ENOSPC ? -EMSGSIZE : rc;
}

static int
put_number(struct writer *w, struct span number)
{
	static const char signs[] = "0123456789*#abc";
	bool plus = number.len > 0 && number.ptr[0] == '+';
	size_t first;

	number = span_skip(number, plus ? 1 : 0);
	if (number.len == 0 || number.len > PDU_DIGITS_MAX)
		return -EINVAL;
	put(w, (unsigned)number.len);
	put(w, plus ? PDU_INTERNATIONAL : PDU_UNKNOWN);
	first = w->len;
	for (size_t i = 0; i < number.len; i++) {
		const char *sign = number.ptr[i] != '\0'
		                           ? strchr(signs, number.ptr[i])
		                           : NULL;

		if (sign == NULL)
			return -EINVAL;
		if (i % 2 == 0)
			put(w, 0xF0U | (unsigned)(sign - signs));
		else
			w->octets[first + i / 2] =
				(uint8_t)((w->octets[first + i / 2] & 0x0F) |
					  (unsigned)(sign - signs) << 4);
	}
	return 0;
}

static unsigned
scheme_of(const struct pdu_submit *what)
{
	unsigned scheme = what->coding == PDU_UCS2 ? SCHEME_UCS2 : 0;

	if (what->message_class != PDU_NO_CLASS)
		scheme |= SCHEME_CLASS | (unsigned)what->message_class;
	return scheme;
}

static void
put_data(struct writer *w, const struct pdu_submit *what,
	const struct header *h, const struct body *body)
{
	size_t skipped = pdu_septets_of(h->len);
	bool septets = what->coding == PDU_GSM7;
	size_t len = septets ? skipped + body->len : h->len + body->len;
	uint8_t *at;

	put(w, (unsigned)len);
	at = w->octets + w->len;
	memset(at, 0, sizeof w->octets - w->len);
	memcpy(at, h->octets, h->len);
	if (septets) {
		/* Fits: see room_of(). */
		(void)gsm7_pack_sms(
			(struct gsm7_septets){body->bytes, body->len}, skipped,
			at, USER_OCTETS_MAX);
		w->len += (len * PDU_SEPTET_BITS + 7) / 8;
	} else {
		memcpy(at + h->len, body->bytes, body->len);
		w->len += len;
	}
}

static bool
is_valid(const struct pdu_submit *what)
{
	const struct pdu_part *part = &what->part;
	unsigned most = part->wide ? 0xFFFF : 0xFF;
	bool is_part = part->number >= 1 && part->number <= part->total &&
	               part->total <= 0xFF && part->reference <= most;

	return (part->total == 0 || is_part) &&
	       (what->coding == PDU_GSM7 || what->coding == PDU_UCS2) &&
	       what->shift.single <= 0xFF && what->shift.locking <= 0xFF &&
	       what->message_class >= PDU_NO_CLASS && what->message_class <= 3;
}

int
pdu_encode(const struct pdu_submit *what, struct pdu_out *out)
{
	struct writer w = {.len = 0};
	struct header h;
	struct body body = {.len = 0};
	int rc;

	if (!is_valid(what))
		return -EINVAL;
	make_header(what, &h);
	rc = make_body(what, what->text, &body);
	if (rc < 0)
		return rc;
	if (body.len > room_of(what->coding, &h))
		return -EMSGSIZE;
	put(&w, 0); /* the service centre that the SIM has */
	put(&w, PDU_IS_SUBMIT | (what->wants_report ? PDU_REPORT : 0) |
			(h.len > 0 ? PDU_HAS_HEADER : 0));
	put(&w, what->reference);
	rc = put_number(&w, what->number);
	if (rc < 0)
		return rc;
	put(&w, 0); /* TP-PID: an ordinary message */
	put(&w, scheme_of(what));
	put_data(&w, what, &h, &body);
	out->tpdu_octets = w.len - 1;
	return span_to_hex(w.octets, w.len, out->hex, sizeof out->hex);
}

int
pdu_coding_for(struct span text, enum pdu_coding *coding)
{
	uint32_t point;
	int rc;

	*coding = PDU_GSM7;
	while (text.len > 0) {
		uint8_t septets[2];
		struct span rest = text;
		size_t n;

		rc = ucs2_utf8_next(&rest, &point);
		if (rc < 0)
			return rc;
		if (gsm7_from_utf8(span_of(text.ptr, text.len - rest.len),
			    septets, sizeof septets, &n) < 0)
			*coding = PDU_UCS2;
		text = rest;
	}
	return 0;
}

int
pdu_take_part(
	const struct pdu_submit *what, struct span *text, struct span *part)
{
	struct span rest = *text;
	struct header h;
	size_t room;
	size_t used = 0;

	make_header(what, &h);
	room = room_of(what->coding, &h);
	while (rest.len > 0) {
		struct span next = rest;
		struct body one = {.len = 0};
		uint32_t point;
		int rc = ucs2_utf8_next(&next, &point);

		if (rc == 0)
			rc = make_body(what,
				span_of(rest.ptr, rest.len - next.len), &one);
		if (rc < 0)
			return rc;
		if (used + one.len > room)
			break;
		used += one.len;
		rest = next;
	}
	*part = span_of(text->ptr, text->len - rest.len);
	*text = rest;
	return 0;
}
