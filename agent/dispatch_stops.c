/*
 * dispatch_stops: the SIMs and numbers whose breaker lets no PIN through, for
 * people. Reads; decides nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/dispatch_private.h"
#include "agent/ledger.h"
#include "agent/loop.h"
#include "agent/turn.h"

enum { FLIGHTS_MAX = 64, SIMS_MAX = 256 };

/* The default of the profiles, for cards whose operator is not configured any
 * more; nobody can tell then when the pause is over. */
static const struct profile unknown_profile = {
	.max_rejects = 2, .reject_pause_ms = -1};

/* A SIM's account; whether the SIM itself was told already. */
struct known_sim {
	char account[LEDGER_TARGET_MAX];
	char modem[LEDGER_NAME_MAX];
	bool told;
};

/* 1. A row is on air now: it counts already, but stops nobody yet.
 * 2. A SIM that was told is not told again as the account of its cards. */
struct look {
	struct dispatch *dispatch;
	dispatch_stop_fn *fn;
	void *ctx;
	bool enough;
	char sims_on_air[FLIGHTS_MAX][LEDGER_NAME_MAX];
	char accounts_on_air[FLIGHTS_MAX][LEDGER_TARGET_MAX];
	size_t flights;
	struct known_sim sims[SIMS_MAX];
	size_t sim_count;
};

static bool
on_flight(void *ctx, const struct ledger_attempt *a)
{
	struct look *look = ctx;
	size_t i = look->flights++;
	(void)span_copy(look->sims_on_air[i], sizeof(look->sims_on_air[i]),
		span_str(a->iccid));
	(void)span_copy(look->accounts_on_air[i],
		sizeof(look->accounts_on_air[i]), span_str(a->account));
	return look->flights < FLIGHTS_MAX;
}

static void
but_for_flights(struct pick_breaker *breaker, const char *name,
	char list[][LEDGER_NAME_MAX], size_t count)
{
	_Static_assert((int)LEDGER_NAME_MAX == (int)LEDGER_TARGET_MAX,
		"the two lists have one form");
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0 && breaker->counted > 0)
			breaker->counted--;
}

static const struct profile *
profile_of(const struct dispatch *d, const char *operator)
{
	const struct profiles *all = fleet_profiles(d->parts.fleet);
	for (size_t i = 0; i < fleet_count(d->parts.fleet); i++) {
		const struct profile *p = fleet_at(d->parts.fleet, i)->profile;
		if (p && strcmp(p->stem, operator) == 0)
			return p;
	}
	/* No modem has it now, and its rules are its rules. */
	const struct profile *known =
		all ? profiles_find(all, span_str(operator)) : NULL;
	return known ? known : &unknown_profile;
}

/* Tells of one, if its breaker stops it now. */
static bool
tell(struct look *look, const struct pick_breaker *breaker,
	struct dispatch_stop *stop)
{
	struct ledger_moment now = turn_now(look->dispatch->parts.turn);
	int64_t until_ran;
	if (!pick_breaker_stops(breaker, now.ran_ms, &until_ran))
		return false;
	stop->until_wall_ms = until_ran == PICK_NEVER
	                              ? 0
	                              : now.wall_ms + until_ran - now.ran_ms;
	if (breaker->blocked)
		(void)snprintf(stop->why, sizeof(stop->why),
			"the operator has barred it from recharging");
	else
		(void)snprintf(stop->why, sizeof(stop->why),
			"%u card%s in a row %s refused or not settled",
			breaker->counted, breaker->counted == 1 ? "" : "s",
			breaker->counted == 1 ? "was" : "were");
	look->enough = !look->fn(look->ctx, stop);
	return true;
}

static bool
on_sim(void *ctx, const struct ledger_sim *sim)
{
	struct look *look = ctx;
	struct pick_breaker breaker = dispatch_sim_breaker(
		sim, profile_of(look->dispatch, sim->operator));
	struct dispatch_stop stop = {.is_number = false,
		.name = sim->iccid,
		.modem = sim->modem,
		.since_wall_ms = sim->stopped_wall_ms};
	but_for_flights(&breaker, sim->iccid, look->sims_on_air, look->flights);
	bool told = tell(look, &breaker, &stop);
	if (look->sim_count < SIMS_MAX) {
		struct known_sim *known = &look->sims[look->sim_count++];
		(void)span_copy(known->account, sizeof(known->account),
			span_str(sim->account));
		(void)span_copy(known->modem, sizeof(known->modem),
			span_str(sim->modem));
		known->told = told && strcmp(sim->iccid, sim->account) == 0;
	}
	return !look->enough;
}

/* The SIM whose own account that is; NULL for a number. */
static const struct known_sim *
sim_of_account(const struct look *look, const char *name)
{
	for (size_t i = 0; i < look->sim_count; i++)
		if (strcmp(look->sims[i].account, name) == 0)
			return &look->sims[i];
	return NULL;
}

static bool
on_account(void *ctx, const struct ledger_account *account)
{
	struct look *look = ctx;
	const struct known_sim *sim = sim_of_account(look, account->name);
	struct pick_breaker breaker = dispatch_account_breaker(
		account, profile_of(look->dispatch, account->operator));
	struct dispatch_stop stop = {.is_number = sim == NULL,
		.name = account->name,
		.modem = sim ? sim->modem : "",
		.since_wall_ms = account->stopped_wall_ms};
	but_for_flights(
		&breaker, account->name, look->accounts_on_air, look->flights);
	if (!sim || !sim->told)
		(void)tell(look, &breaker, &stop);
	return !look->enough;
}

int
dispatch_each_stop(struct dispatch *d, dispatch_stop_fn *fn, void *ctx)
{
	struct ledger *ledger = turn_ledger(d->parts.turn);
	struct look *look = calloc(1, sizeof(*look));
	if (!look)
		abort();
	look->dispatch = d;
	look->fn = fn;
	look->ctx = ctx;
	int rc = ledger_each_attempt(ledger, 0, on_flight, look);
	if (rc == 0)
		rc = ledger_each_sim(
			ledger, turn_now(d->parts.turn).wall_ms, on_sim, look);
	if (rc == 0 && !look->enough)
		rc = ledger_each_account(ledger, on_account, look);
	free(look);
	return rc;
}
