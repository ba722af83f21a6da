/*
 * pdu: short messages as AT commands carry them in PDU mode (3GPP TS 23.040
 * clause 9, TS 23.038): decoded, and an SMS-SUBMIT encoded. Pure; allocates
 * nothing. It must never read outside of what it was given, nor take a
 * message for whole that is not.
 */
#ifndef MODEM_PDU_H
#define MODEM_PDU_H

#include "modem/gsm7.h"
#include "modem/span.h"

enum {
	PDU_OCTETS_MAX =
		512,         /* in all; what stands behind one is passed over */
	PDU_DATA_MAX = 255,  /* octets that TP-UDL can tell */
	PDU_TEXT_MAX = 1024, /* UTF-8 of them, with its NUL */
	PDU_NUMBER_MAX = 48, /* of UTF-8: a name may have accents */
	PDU_HEX_MAX = 2 * 180, /* of a SUBMIT of ours */
	PDU_NO_CLASS = -1
};

enum pdu_type { PDU_DELIVER, PDU_SUBMIT, PDU_STATUS_REPORT };

/* TS 23.038 clause 4. */
enum pdu_coding {
	PDU_GSM7,
	PDU_OCTETS, /* 8-bit data, no text */
	PDU_UCS2,
	PDU_PACKED /* compressed: TS 23.042, not read */
};

struct pdu_address {
	char text[PDU_NUMBER_MAX]; /* "+358...", "12345", "Operator", "" */
	bool is_name;              /* alphanumeric */
};

/* TP-SCTS and TP-DT (clause 9.2.3.11). */
struct pdu_time {
	bool known; /* what is no date is none, and spoils nothing else */
	int64_t utc_ms;
	int zone_minutes; /* the sender's, east of Greenwich */
};

/* A part of a longer message (clause 9.2.3.24.1 and .8). */
struct pdu_part {
	unsigned total;  /* 0: it is no part */
	unsigned number; /* from 1 to total */
	unsigned reference;
	bool wide; /* a reference of 16 bits: another one than of 8 */
};

struct pdu {
	enum pdu_type type;
	struct pdu_address smsc;    /* the service centre's; "" is usual */
	struct pdu_address address; /* from whom, to whom */
	uint8_t reference;          /* TP-MR; not of a DELIVER */
	bool wants_report;          /* TP-SRR or TP-SRI */
	uint8_t protocol;           /* TP-PID */
	uint8_t scheme;             /* TP-DCS */
	enum pdu_coding coding;
	int message_class;    /* 0 is shown and not kept; or PDU_NO_CLASS */
	struct pdu_time sent; /* at the service centre; not of a SUBMIT */
	struct pdu_time done; /* of a STATUS-REPORT */
	uint8_t status;       /* likewise, TP-ST (clause 9.2.3.15) */
	struct pdu_part part;
	int port; /* to which application; -1: a text for people */
	struct gsm7_shift shift;
	bool language_unknown; /* a table that we have not: text is wrong */
	/* What the user's data is, behind its header: septets, one a byte,
	 * or octets. Parts of a text in UCS-2 are joined here: a character
	 * may stand in two of them. */
	size_t data_len;
	uint8_t data[PDU_DATA_MAX];
	size_t text_len;         /* 0 for 8-bit and compressed data */
	char text[PDU_TEXT_MAX]; /* UTF-8, NUL-terminated */
};

/*
 * A message in hex, its service centre first, as +CMGL, +CMGR, +CMT and +CDS
 * have it. 0, or -EBADMSG for what is none or is cut short; *out is then
 * undefined.
 */
int pdu_decode(struct span hex, struct pdu *out);

struct pdu_submit {
	struct span number;     /* "+358401234567", "1234"; * and # too */
	struct span text;       /* UTF-8 */
	enum pdu_coding coding; /* PDU_GSM7 or PDU_UCS2 */
	struct gsm7_shift shift;
	uint8_t reference;
	bool wants_report;
	int message_class; /* or PDU_NO_CLASS */
	struct pdu_part part;
};

struct pdu_out {
	char hex[PDU_HEX_MAX + 1]; /* NUL-terminated */
	size_t tpdu_octets; /* for AT+CMGS=: all but the service centre's */
};

/* The coding that can say a text: GSM7 if it can. -EILSEQ: no UTF-8. */
int pdu_coding_for(struct span text, enum pdu_coding *coding);

/*
 * An SMS-SUBMIT in hex, the modem's own service centre before it. 0; -EINVAL
 * for a number or a part that cannot be said; -EILSEQ for a text that the
 * coding cannot say; -EMSGSIZE when it does not fit (pdu_take_part()).
 */
int pdu_encode(const struct pdu_submit *what, struct pdu_out *out);

/*
 * Takes off *text what fits into one message of that coding, shift and part
 * (what->text is not looked at), never half a character. 0, or -EILSEQ.
 */
int pdu_take_part(
	const struct pdu_submit *what, struct span *text, struct span *part);

#endif
