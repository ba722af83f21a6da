/*
 * clerk: see clerk.h. As `topupctl ussd`: what is known to the ledger first,
 * what goes on air after.
 */
#include "tests/crash/clerk.h"

#include <inttypes.h>
#include <string.h>

#include "agent/dispatch.h"
#include "agent/fleet.h"
#include "agent/reading.h"
#include "agent/turn.h"
#include "tests/crash/law.h"
#include "tests/crash/life.h"
#include "tests/crash/power.h"
#include "tests/crash/realm.h"
#include "tests/crash/story.h"

static void
move_balance(struct realm *r, const struct realm_modem *m)
{
	struct network_account *account =
		network_account(r->network, r->sims[m->sim].imsi);
	const struct realm_card *card = law_last_dialled(r, m);
	int64_t minor = 5000 * (int64_t)(1 + realm_draw(r, 4));
	/* What could pass for a card's credit shows whether it does. */
	if (card && realm_draw(r, 2) == 0)
		minor = card->amount_minor;
	bool buys = realm_draw(r, 3) == 0;
	if (buys && account->purse->balance_minor < minor)
		return;
	account->purse->balance_minor += buys ? -minor : minor;
	story_tell("clerk: %s on %s, %" PRId64, buys ? "a bundle" : "a loan",
		m->name, minor);
}

void
clerk_dials(struct realm *r, struct life *life)
{
	const struct realm_modem *m = &r->modems[realm_draw(r, r->modem_count)];
	struct line *line = fleet_find(life->fleet, m->name);
	bool free = line && !line->busy && !line->refreshing && line->profile &&
	            device_is_there(m->device) &&
	            strcmp(line_iccid(line), r->sims[m->sim].iccid) == 0;
	if (!free || turn_unsafe(life->turn))
		return;
	reading_spoil(life->turn, line, "ussd");
	dispatch_kick(life->dispatch);
	if (turn_commit(life->turn) == 0 && power_is_on())
		move_balance(r, m);
}
