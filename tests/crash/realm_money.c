/*
 * realm_money: what moves a balance but our cards, credits that show late, and
 * how the network words what it says. See realm.h.
 */
#include "tests/crash/realm_inner.h"

#include <stdio.h>

#include "tests/virtual/virtual.h"

void
realm_others(struct realm *r, const char *imsi, int64_t minor)
{
	if (r->residual == REALM_OTHER_CREDIT && realm_chance(r, 50))
		network_account(r->network, imsi)->balance_minor += minor;
}

void
realm_credited(struct realm *r, const char *account, int64_t minor)
{
	if (r->terms.lag_ms == 0 || r->trouble <= 0 || realm_chance(r, 60) ||
		r->lag_count == REALM_LAGS_MAX)
		return;
	struct realm_lag *lag = &r->lags[r->lag_count++];
	(void)snprintf(lag->account, sizeof(lag->account), "%s", account);
	lag->amount_minor = minor;
	lag->due_ms = virtual_now_ms() + realm_draw_ms(r, 500, r->terms.lag_ms);
	network_account(r->network, account)->balance_minor -= minor;
}

void
realm_passes(struct realm *r)
{
	for (size_t i = r->lag_count; i-- > 0;) {
		struct realm_lag *lag = &r->lags[i];
		if (lag->due_ms > virtual_now_ms())
			continue;
		network_account(r->network, lag->account)->balance_minor +=
			lag->amount_minor;
		*lag = r->lags[--r->lag_count];
	}
}

void
realm_spends(struct realm *r)
{
	struct network_account *account = network_account(
		r->network, r->sims[realm_draw(r, r->sim_count)].imsi);
	int64_t minor = 50 * (int64_t)realm_draw(r, 400);
	if (account->balance_minor >= minor)
		account->balance_minor -= minor;
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
		network_say(r->network, odd[i].which, NULL);
	r->odd_words = rng_strikes(&r->chance, r->trouble / 2);
	if (!r->odd_words)
		return;
	/* One for each kind of answer, whichever it will be. */
	for (size_t i = 0; i < 4; i++) {
		size_t n = realm_draw(r, ODD);
		network_say(r->network, odd[n].which, odd[n].text);
	}
}
