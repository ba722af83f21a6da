/*
 * realm_words: how the network words what it says: the usual texts of this
 * operator, and odd ones. See realm.h. An odd text must never be a verdict
 * that is not true.
 */
#include "tests/crash/realm_inner.h"

#include <stddef.h>

/* With the card's serial, as some operators print it. */
static const char *const with_serial[NETWORK_TEXTS] = {
	[NETWORK_LOADED] = ("You have been credited with {amount}. Your "
			    "balance is {balance}. Serial {serial}."),
	[NETWORK_LOADED_OTHER] =
		"{number} has been credited with {amount}. Serial {serial}.",
	[NETWORK_INVALID] = "Invalid voucher. Serial {serial}.",
	[NETWORK_USED] = "Voucher already used. Serial {serial}.",
	[NETWORK_USED_BY_YOU] = "Voucher already used by you. Serial {serial}.",
	[NETWORK_EXPIRED] = "This voucher has expired. Serial {serial}.",
	[NETWORK_BLOCKED] = "This voucher is blocked. Serial {serial}.",
};

/* NULL: the simulator's own. */
static const char *
usual(const struct realm *r, enum network_text which)
{
	if (r->terms.verdict == REALM_BY_BALANCE && which == NETWORK_LOADED)
		return "Your balance is {balance}.";
	if (r->terms.alike && which == NETWORK_BUNDLE)
		return "Bundle activated, you have been credited with "
		       "{amount}.";
	if (r->terms.serials)
		return with_serial[which];
	if (r->terms.bare && which == NETWORK_LOADED)
		return "You have been credited with {amount}.";
	return NULL;
}

void
realm_usual_words(struct realm *r)
{
	for (int i = 0; i < NETWORK_TEXTS; i++)
		network_say(r->network, (enum network_text)i,
			usual(r, (enum network_text)i));
}

/* A text that says two things, one that nobody can read, one that tells a
 * balance only: none of them is a verdict. */
void
realm_words(struct realm *r)
{
	static const struct {
		enum network_text which;
		const char *text;
	} odd[] = {
		{NETWORK_LOADED, "You have been credited with {amount}. "
				 "Invalid voucher."},
		{NETWORK_LOADED, "Your balance is {balance}."},
		{NETWORK_LOADED, "Thank you."},
		{NETWORK_LOADED_OTHER, "{number}: Voucher already used. "
				       "Credited with {amount}."},
		{NETWORK_LOADED_OTHER, "Thank you."},
		{NETWORK_INVALID, "Sorry."},
		{NETWORK_INVALID, "Your balance is {balance}."},
		{NETWORK_USED, "Not possible. Your balance is {balance}."},
		{NETWORK_EXPIRED, "Sorry."},
		{NETWORK_BUSY, "Sorry."},
	};
	enum { ODD = sizeof(odd) / sizeof(*odd) };
	for (size_t i = 0; r->odd_words && i < ODD; i++)
		network_say(r->network, odd[i].which, usual(r, odd[i].which));
	r->odd_words = rng_strikes(&r->chance, r->trouble / 2);
	if (!r->odd_words)
		return;
	/* One for each kind of answer, whichever it will be. */
	for (size_t i = 0; i < 4; i++) {
		size_t n = realm_draw(r, ODD);
		network_say(r->network, odd[n].which, odd[n].text);
	}
}
