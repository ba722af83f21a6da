/*
 * mask: hides PINs in texts that come from outside: operators' replies, the
 * wire. Pure. It would rather hide too much than show one PIN.
 */
#ifndef AGENT_MASK_H
#define AGENT_MASK_H

#include "modem/span.h"

/*
 * Copies text (UTF-8) into out, NUL-terminated and cut at cap. Each run of
 * decimal digits of any script, with single blanks, dashes or dots inside,
 * is shown as secret_mask() shows a PIN when
 * - takes_pin says that its digits are a whole PIN, or
 * - it holds eight or more digits that stand in voucher_pin in that order
 *   and neighbourhood (the card's own, empty if none); for these any signs
 *   and blanks may stand between the digits.
 * A run with more digits than any PIN (VOUCHER_PIN_MAX) is hidden whole where
 * a PIN is looked for at all: one could lie anywhere in it.
 * takes_pin may be NULL.
 */
typedef bool mask_takes_pin(const void *ctx, struct span digits);
void mask_text(struct span text, struct span voucher_pin,
	mask_takes_pin *takes_pin, const void *ctx, char *out, size_t cap);

/* The same with several cards in hand; none of the PINs need be there. */
struct mask_rules {
	const struct span *voucher_pins;
	size_t count;
	mask_takes_pin *takes_pin;
	const void *ctx;
};
void mask_by_rules(struct span text, const struct mask_rules *rules, char *out,
	size_t cap);

#endif
