/*
 * fuzz_pdu: any hex as a message. What is decoded is bounded and UTF-8, and
 * what can be said again is read again as the same.
 * Must never take a message apart itself.
 */
#include <string.h>

#include "modem/pdu.h"
#include "modem/ucs2.h"
#include "tests/fuzz/fuzz.h"

static bool
is_text(const char *text, size_t len, size_t cap)
{
	return len < cap && text[len] == '\0' &&
	       ucs2_is_utf8(span_of(text, len));
}

static void
look(const struct pdu *pdu)
{
	FUZZ_HOLDS(is_text(pdu->text, pdu->text_len, sizeof(pdu->text)));
	FUZZ_HOLDS(is_text(pdu->address.text, strlen(pdu->address.text),
		sizeof(pdu->address.text)));
	FUZZ_HOLDS(is_text(pdu->smsc.text, strlen(pdu->smsc.text),
		sizeof(pdu->smsc.text)));
	FUZZ_HOLDS(pdu->data_len <= sizeof(pdu->data));
	FUZZ_HOLDS(pdu->port >= -1 && pdu->port <= 0xffff);
	FUZZ_HOLDS(
		pdu->message_class >= PDU_NO_CLASS && pdu->message_class <= 3);
	FUZZ_HOLDS(
		pdu->part.total == 0 ||
		(pdu->part.number >= 1 && pdu->part.number <= pdu->part.total));
	if (pdu->sent.known)
		FUZZ_HOLDS(pdu->sent.zone_minutes > -24 * 60 &&
			   pdu->sent.zone_minutes < 24 * 60);
}

/* What came as a message, sent on: the other end reads the same. */
static void
send_on(const struct pdu *pdu)
{
	struct pdu_submit what = {.number = span_str("+358401234567"),
		.text = span_of(pdu->text, pdu->text_len),
		.coding = pdu->coding,
		.shift = pdu->shift,
		.reference = pdu->reference,
		.message_class = pdu->message_class,
		.part = pdu->part};
	struct pdu_out out;
	struct pdu again;

	if ((pdu->coding != PDU_GSM7 && pdu->coding != PDU_UCS2) ||
		pdu_encode(&what, &out) < 0)
		return;
	FUZZ_HOLDS(pdu_decode(span_str(out.hex), &again) == 0);
	FUZZ_HOLDS(again.type == PDU_SUBMIT);
	FUZZ_HOLDS(again.text_len == pdu->text_len);
	FUZZ_HOLDS(memcmp(again.text, pdu->text, pdu->text_len) == 0);
	FUZZ_HOLDS(again.part.total == pdu->part.total);
	FUZZ_HOLDS(again.part.number == pdu->part.number);
	FUZZ_HOLDS(again.message_class == pdu->message_class);
	FUZZ_HOLDS(strcmp(again.address.text, "+358401234567") == 0);
}

static void
check(struct span in, struct rng *rng)
{
	char hex[2 * PDU_OCTETS_MAX + 1];
	struct pdu pdu;

	(void)rng;
	if (pdu_decode(in, &pdu) < 0 &&
		(span_to_hex((const uint8_t *)in.ptr, in.len, hex,
			 sizeof(hex)) < 0 ||
			pdu_decode(span_str(hex), &pdu) < 0))
		return;
	look(&pdu);
	send_on(&pdu);
}

const struct fuzz_target fuzz_target = {
	.name = "pdu", .most = 4096, .check = check};
