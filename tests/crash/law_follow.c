/*
 * law_follow: codes after a recharge, as they come on air: each is owed by a
 * card that is loaded, is on disk as begun, goes out once, and no balance from
 * before it is evidence any more. See law.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/ledger.h"
#include "tests/crash/law_inner.h"
#include "tests/crash/life.h"

struct sought {
	const char *code, *iccid;
	int64_t id, voucher;
};

static bool
on_open(void *ctx, const struct ledger_follow *f)
{
	struct sought *sought = ctx;
	if (strcmp(f->iccid, sought->iccid) != 0 ||
		strcmp(f->code, sought->code) != 0)
		return true;
	sought->id = f->id;
	sought->voucher = f->voucher;
	return false;
}

static bool
on_card(void *ctx, const struct ledger_voucher *v)
{
	*(bool *)ctx = v->state == VOUCHER_LOADED;
	return false;
}

static bool
is_loaded(int64_t voucher)
{
	bool loaded = false;
	const struct ledger_voucher_filter one = {.id = voucher, .state = -1};
	(void)ledger_each_voucher(law.life->ledger, &one, on_card, &loaded);
	return loaded;
}

/* Nothing that was told before it is the last word of the account. */
static bool
is_spoilt(const char *iccid)
{
	struct ledger_sim sim;
	return ledger_sim(law.life->ledger, iccid, 0, &sim) != 0 ||
	       sim.balance_minor == MONEY_NONE || !sim.balance_is_last;
}

void
law_on_follow_up(const struct sim_event *e)
{
	const struct realm_modem *m = realm_modem(law.realm, e->modem);
	struct sought f = {
		.code = e->code, .iccid = law.realm->sims[m->sim].iccid};
	law_catch_up();
	law_counts()->followed++;
	(void)ledger_each_open_follow(law.life->ledger, on_open, &f);
	if (f.id == 0 || f.id >= LAW_FOLLOW_UPS_MAX) {
		law_break("law 6: %s goes on air by %s, and nothing says that "
			  "it was begun",
			e->code, e->modem);
		return;
	}
	if (!law_is_follow_up_durable(f.id))
		law_break("law 6: %s (voucher %" PRId64
			  ") goes on air, its beginning is not on disk",
			e->code, f.voucher);
	if (law.follow_requests[f.id]++ > 0)
		law_break("law 1: %s (voucher %" PRId64
			  ") is dialled again by a machine",
			e->code, f.voucher);
	if (!is_loaded(f.voucher))
		law_break("law 2: %s goes on air for voucher %" PRId64
			  ", which is not loaded",
			e->code, f.voucher);
	if (!is_spoilt(f.iccid))
		law_break("law 2: %s goes on air, and the balance before it is "
			  "evidence still",
			e->code);
}
