/*
 * realm_money: what moves a balance but our cards, and credits that show late.
 * See realm.h.
 */
#include "tests/crash/realm_inner.h"

#include <stdio.h>

#include "tests/virtual/virtual.h"

void
realm_others(struct realm *r, const char *imsi, int64_t minor)
{
	if (r->residual == REALM_OTHER_CREDIT && realm_chance(r, 50))
		network_account(r->network, imsi)->purse->balance_minor +=
			minor;
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
	network_account(r->network, account)->purse->balance_minor -= minor;
}

void
realm_passes(struct realm *r)
{
	for (size_t i = r->lag_count; i-- > 0;) {
		struct realm_lag *lag = &r->lags[i];
		if (lag->due_ms > virtual_now_ms())
			continue;
		network_account(r->network, lag->account)
			->purse->balance_minor += lag->amount_minor;
		*lag = r->lags[--r->lag_count];
	}
}

void
realm_spends(struct realm *r)
{
	struct network_account *account = network_account(
		r->network, r->sims[realm_draw(r, r->sim_count)].imsi);
	int64_t minor = 50 * (int64_t)realm_draw(r, 400);
	if (account->purse->balance_minor >= minor)
		account->purse->balance_minor -= minor;
}
