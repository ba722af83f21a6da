/*
 * dispatch_private: what dispatch.c (who dials next), dispatch_look.c (which
 * card), dispatch_pick.c (what is weighed), dispatch_status.c (why somebody
 * waits) and dispatch_stops.c (what is stopped) share. For these files only.
 */
#ifndef AGENT_DISPATCH_PRIVATE_H
#define AGENT_DISPATCH_PRIVATE_H

#include <time.h>

#include "agent/dispatch.h"
#include "agent/pick.h"
#include "agent/voucher.h"

struct ledger_account;
struct ledger_sim;

/* What was asked of an account last, for lists. */
struct dispatch_shown {
	int64_t at_ms;
	char account[64];
	bool stops;
	int64_t until_ran_ms;
};

struct dispatch {
	struct dispatch_parts parts;
	struct loop_timer *timer;
	int64_t wake_ms; /* when the timer fires (loop clock); INT64_MAX */
	bool draining;
	struct dispatch_shown shown;
	int64_t holding, holding_after; /* a batch that is held in slices */
};

/* ---- dispatch_pick.c --------------------------------------------------- */

struct tm dispatch_local_time(int64_t wall_ms);

/* Whether the line may dial a PIN, or why not and until when (ran_ms). Asked
 * of lines whose modem is ready or busy and that have a profile. */
enum pick_answer dispatch_pick(
	struct dispatch *d, const struct line *line, int64_t *until_ran_ms);

/* What the breaker rule weighs of a SIM, and of an account. */
struct pick_breaker dispatch_sim_breaker(
	const struct ledger_sim *sim, const struct profile *profile);
struct pick_breaker dispatch_account_breaker(
	const struct ledger_account *account, const struct profile *profile);

/* Whether the breaker of an account (a number, or that of a SIM's own cards)
 * lets no PIN through, and until when (ran_ms); it does not, either, where
 * the ledger cannot be read. */
bool dispatch_account_stops(struct dispatch *d, const struct profile *profile,
	const char *name, int64_t *until_ran_ms);

/* ---- dispatch_look.c --------------------------------------------------- */

/* What a look at the queue found for a line. */
struct dispatch_head {
	int64_t voucher, batch; /* 0: nothing to dial now */
	int64_t until_ran_ms;   /* when the first pause of an account that was
	                           passed by is over; PICK_NEVER */
	int64_t passed;         /* cards for accounts that are stopped */
	bool goes_on;           /* there is more than one look takes */
};
void dispatch_look(
	struct dispatch *d, const struct line *line, struct dispatch_head *out);

/* Moves a voucher; a refusal is logged. */
void dispatch_move(struct dispatch *d, int64_t voucher,
	enum voucher_event event, const char *reason, const char *note);

#endif
