/*
 * fuzz_submit: any text to be sent. Its parts are the whole text, each fits
 * into a message, and that message says just that part.
 * Must never choose the cuts itself.
 */
#include <string.h>

#include "modem/pdu.h"
#include "tests/fuzz/fuzz.h"

static const unsigned languages[] = {0, 1, 2, 3, 4, 13, 200};

static void
say(struct pdu_submit *what, struct span part)
{
	struct pdu_out out;
	struct pdu pdu;

	what->text = part;
	FUZZ_HOLDS(pdu_encode(what, &out) == 0);
	FUZZ_HOLDS(strlen(out.hex) <= PDU_HEX_MAX);
	FUZZ_HOLDS(pdu_decode(span_str(out.hex), &pdu) == 0);
	FUZZ_HOLDS(pdu.type == PDU_SUBMIT && pdu.coding == what->coding);
	FUZZ_HOLDS(span_eq(span_of(pdu.text, pdu.text_len), part));
	FUZZ_HOLDS(pdu.part.total == what->part.total);
	FUZZ_HOLDS(pdu.part.number == what->part.number);
}

static void
check(struct span in, struct rng *rng)
{
	struct pdu_submit what = {.number = span_str("121"),
		.reference = (uint8_t)rng_next(rng),
		.message_class = (int)rng_between(rng, PDU_NO_CLASS, 3)};
	struct span rest = in, part;

	if (pdu_coding_for(in, &what.coding) < 0)
		return;
	if (fuzz_chance(rng, 4))
		what.coding = PDU_UCS2;
	if (what.coding == PDU_GSM7 && fuzz_chance(rng, 2))
		what.shift = (struct gsm7_shift){
			.locking = languages[rng_next(rng) % 7],
			.single = languages[rng_next(rng) % 7]};
	if (fuzz_chance(rng, 2))
		what.part = (struct pdu_part){.total = 255,
			.number = 1,
			.reference = (unsigned)(rng_next(rng) % 256),
			.wide = fuzz_chance(rng, 2)};
	while (rest.len > 0) {
		if (pdu_take_part(&what, &rest, &part) < 0)
			return; /* the shift has not that character */
		FUZZ_HOLDS(part.len > 0 && part.ptr + part.len == rest.ptr);
		say(&what, part);
		what.part.number = what.part.number % 255 + 1;
		if (what.part.total == 0)
			what.part.number = 0;
	}
	FUZZ_HOLDS(rest.ptr == in.ptr + in.len);
}

const struct fuzz_target fuzz_target = {
	.name = "submit", .most = 4096, .check = check};
