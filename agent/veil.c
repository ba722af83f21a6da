/*
 * veil: takes the PINs out of the ledger, masks, and wipes them. It must
 * never return before that.
 */
#include "agent/veil.h"

#include "agent/ledger.h"
#include "agent/profile.h"

bool
veil_takes_pin(const void *profile, struct span digits)
{
	return !profile || profile_takes_pin(profile, digits);
}

void
veil_text(const struct veil *veil, struct span text, char *out, size_t cap)
{
	struct secret cards[VEIL_CARDS];
	struct span voucher_pins[VEIL_CARDS + 1];
	size_t count =
		ledger_last_pins(veil->ledger, veil->iccid, cards, VEIL_CARDS);
	struct mask_rules rules = {.voucher_pins = voucher_pins,
		.count = count + 1,
		.takes_pin = veil->takes_pin,
		.ctx = veil->ctx};
	for (size_t i = 0; i < count; i++)
		voucher_pins[i] = span_of(cards[i].bytes, cards[i].len);
	voucher_pins[count] = veil->voucher_pin;
	mask_by_rules(text, &rules, out, cap);
	for (size_t i = 0; i < count; i++)
		secret_wipe(&cards[i]);
}
