/*
 * pdu: the text of a message by its coding, for both directions, and the
 * scheme that says the coding. Must never guess: what a scheme does not say
 * is the default alphabet (TS 23.038 clause 4).
 */
#include "modem/pdu.h"

#include <errno.h>

#include "modem/pdu_parts.h"
#include "modem/ucs2.h"

/* Bits of TP-DCS. */
enum {
	GENERAL_END = 0x80, /* below: the general groups */
	COMPRESSED = 0x20,
	HAS_CLASS = 0x10,
	GROUP = 0xF0,
	WAITING_UCS2 = 0xE0, /* message waiting, stored, UCS-2 */
	DATA_CODING = 0xF0,
	DATA_OCTETS = 0x04,
	CLASS = 0x03
};

void
pdu_read_scheme(struct pdu *p)
{
	uint8_t scheme = p->scheme;
	static const enum pdu_coding alphabets[] = {
		PDU_GSM7, PDU_OCTETS, PDU_UCS2, PDU_GSM7};

	p->coding = PDU_GSM7;
	p->message_class = PDU_NO_CLASS;
	if (scheme < GENERAL_END) {
		p->coding = (scheme & COMPRESSED) != 0
		                    ? PDU_PACKED
		                    : alphabets[scheme >> 2 & 3];
		if ((scheme & HAS_CLASS) != 0)
			p->message_class = scheme & CLASS;
	} else if ((scheme & GROUP) == WAITING_UCS2) {
		p->coding = PDU_UCS2;
	} else if ((scheme & GROUP) == DATA_CODING) {
		p->coding = (scheme & DATA_OCTETS) != 0 ? PDU_OCTETS : PDU_GSM7;
		p->message_class = scheme & CLASS;
	}
}

/* U+0000 and half a character are shown as what they are not: U+FFFD. */
static int
text_of_ucs2(struct pdu *p)
{
	size_t put = 0;
	size_t at = 0;

	while (at < p->data_len) {
		size_t left = p->data_len - at;
		uint32_t point = 0;
		size_t used =
			left < 2 ? 1
				 : ucs2_point_at(p->data + at, left, &point);

		if (point == 0)
			point = UINT32_MAX;
		if (ucs2_utf8_put(point, p->text, sizeof p->text, &put) < 0)
			return -EBADMSG;
		at += used;
	}
	p->text[put] = '\0';
	p->text_len = put;
	return 0;
}

int
pdu_read_text(struct pdu *p)
{
	struct gsm7_septets septets = {p->data, p->data_len};

	p->text[0] = '\0';
	p->text_len = 0;
	switch (p->coding) {
	case PDU_GSM7:
		return gsm7_to_utf8_shift(p->shift, septets, p->text,
			       sizeof p->text, &p->text_len) < 0
		               ? -EBADMSG
		               : 0;
	case PDU_UCS2:
		return text_of_ucs2(p);
	case PDU_OCTETS:
	case PDU_PACKED:
		break;
	}
	return 0;
}
