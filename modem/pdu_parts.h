/*
 * pdu_parts: what the files of pdu share. Only they include it.
 */
#ifndef MODEM_PDU_PARTS_H
#define MODEM_PDU_PARTS_H

#include "modem/pdu.h"

/* Bits of the first octet (TS 23.040 clause 9.2.2). */
enum {
	PDU_TYPE = 0x03,
	PDU_IS_DELIVER = 0x00,
	PDU_IS_SUBMIT = 0x01,
	PDU_IS_STATUS_REPORT = 0x02,
	PDU_VALIDITY = 0x18,
	PDU_VALIDITY_RELATIVE = 0x10,
	PDU_REPORT = 0x20,
	PDU_HAS_HEADER = 0x40
};

/* Type of address (clause 9.1.2.5). */
enum {
	PDU_TON = 0x70,
	PDU_TON_INTERNATIONAL = 0x10,
	PDU_TON_NAME = 0x50,
	PDU_INTERNATIONAL = 0x91,
	PDU_UNKNOWN = 0x81
};

/* Information elements (clause 9.2.3.24). */
enum {
	PDU_IE_PART = 0x00,
	PDU_IE_PORT8 = 0x04,
	PDU_IE_PORT16 = 0x05,
	PDU_IE_PART_WIDE = 0x08,
	PDU_IE_SINGLE = 0x24,
	PDU_IE_LOCKING = 0x25
};

enum { PDU_SEPTET_BITS = 7, PDU_DIGITS_MAX = 20 };

/* How many septets so many octets of a header take. */
static inline size_t
pdu_septets_of(size_t octets)
{
	return (octets * 8 + PDU_SEPTET_BITS - 1) / PDU_SEPTET_BITS;
}

/* Coding and class from the scheme. */
void pdu_read_scheme(struct pdu *p);

/* The text from data, coding and shift. 0 or -EBADMSG. */
int pdu_read_text(struct pdu *p);

#endif
