/*
 * dispatch_pick: what pick weighs of a line and of an account, gathered from
 * the ledger, the profile and the clocks. What cannot be read must never
 * count as nothing.
 */
#include <time.h>

#include "agent/dispatch_private.h"
#include "agent/ledger.h"
#include "agent/loop.h"
#include "agent/turn.h"

enum { DAY_MIN = 24 * 60, DAY_MS = DAY_MIN * 60 * 1000 };

/* ---- the local day ----------------------------------------------------- */

struct tm
dispatch_local_time(int64_t wall_ms)
{
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;
	(void)localtime_r(&t, &tm);
	return tm;
}

static int64_t
day_start_wall_ms(int64_t wall_ms)
{
	struct tm tm = dispatch_local_time(wall_ms);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * 1000;
}

static unsigned
minute_of_day(int64_t wall_ms)
{
	struct tm tm = dispatch_local_time(wall_ms);
	return (unsigned)(tm.tm_hour * 60 + tm.tm_min);
}

/* Minutes until the operator's hours allow dialling again. */
static unsigned
minutes_to_open(const struct profile *profile, unsigned minute)
{
	unsigned wait = 0;
	while (wait < DAY_MIN &&
		!profile_hours_allow(profile, (minute + wait) % DAY_MIN))
		wait++;
	return wait;
}

/* ---- a line ------------------------------------------------------------ */

static int64_t
to_ran(struct dispatch *d, int64_t loop_ms)
{
	return turn_now(d->parts.turn).ran_ms +
	       (loop_ms - loop_now_ms(d->parts.loop));
}

/* While its fence is up nothing is dialled (see sentry). */
static int64_t
quiet_until_ms(struct dispatch *d, const struct line *line)
{
	int64_t ends_ms =
		fence_ends_by(&line->fence, loop_now_ms(d->parts.loop));
	return ends_ms > line->quiet_until_ms ? ends_ms : line->quiet_until_ms;
}

static void
weigh_hours(struct pick_case *c, const struct profile *p, int64_t wall_ms)
{
	unsigned minute = minute_of_day(wall_ms);
	c->has_hours = p->hours_count > 0;
	c->hours_allow = profile_hours_allow(p, minute);
	c->hours_open_ran_ms =
		c->now_ran_ms + (int64_t)minutes_to_open(p, minute) * 60 * 1000;
	c->next_day_ran_ms =
		c->now_ran_ms + (int64_t)(DAY_MIN - minute) * 60 * 1000;
}

struct pick_breaker
dispatch_sim_breaker(
	const struct ledger_sim *sim, const struct profile *profile)
{
	return (struct pick_breaker){.counted = sim->counted,
		.one_more = sim->one_more,
		.blocked = sim->blocked,
		.tried = sim->tried,
		.stopped_ran_ms = sim->stopped_ran_ms,
		.max_rejects = profile->max_rejects,
		.reject_pause_ms = profile->reject_pause_ms};
}

static void
weigh_sim(struct pick_case *c, const struct ledger_sim *sim,
	const struct profile *profile)
{
	c->sim = dispatch_sim_breaker(sim, profile);
	c->last_ran_ms = sim->last_ran_ms;
	c->dialled_today = sim->dialled_today;
}

/* One that is on air counts already, and stops nobody: its line is busy. One
 * that waits for its SMS keeps the SIM from the next (law 5). */
static void
weigh_flight(struct pick_case *c, bool on_air)
{
	c->pending = !on_air;
	if (on_air && c->sim.counted > 0)
		c->sim.counted--;
}

/* A clock that jumps begins no new day: while it is not believed, a day is
 * 24 hours of the daemon's own time, too. */
static int
weigh_own_day(struct pick_case *c, struct ledger *ledger, const char *iccid)
{
	unsigned dialled;
	if (c->daily_max == 0 || c->clock_trusted)
		return 0;
	int rc = ledger_dialled_since(
		ledger, iccid, c->now_ran_ms - DAY_MS, &dialled);
	if (rc == 0 && dialled > c->dialled_today)
		c->dialled_today = dialled;
	return rc;
}

enum pick_answer
dispatch_pick(
	struct dispatch *d, const struct line *line, int64_t *until_ran_ms)
{
	struct ledger *ledger = turn_ledger(d->parts.turn);
	struct ledger_moment now = turn_now(d->parts.turn);
	const struct profile *p = line->profile;
	struct pick_case c = {.now_ran_ms = now.ran_ms,
		.paused = ledger_is_paused(ledger, "") ||
	                  ledger_is_paused(ledger, line->config.name),
		.min_interval_ms = p->min_interval_ms,
		.daily_max = p->daily_max,
		.quiet_until_ran_ms = to_ran(d, quiet_until_ms(d, line))};
	c.clock_trusted = fleet_clock_is_trusted(d->parts.fleet);
	weigh_hours(&c, p, now.wall_ms);
	struct ledger_sim sim;
	struct ledger_last last;
	*until_ran_ms = PICK_NEVER;
	if (turn_unsafe(d->parts.turn) != NULL)
		return PICK_UNSAFE;
	if (ledger_sim(ledger, line_iccid(line), day_start_wall_ms(now.wall_ms),
		    &sim) != 0 ||
		ledger_last(ledger, line_iccid(line), &last) != 0)
		return PICK_UNREAD;
	weigh_sim(&c, &sim, p);
	if (sim.flies)
		weigh_flight(&c, last.open);
	if (weigh_own_day(&c, ledger, line_iccid(line)) != 0)
		return PICK_UNREAD;
	return pick_line(&c, until_ran_ms);
}

/* ---- an account -------------------------------------------------------- */

struct pick_breaker
dispatch_account_breaker(
	const struct ledger_account *account, const struct profile *profile)
{
	return (struct pick_breaker){.counted = account->counted,
		.one_more = account->one_more,
		.stopped_ran_ms = account->stopped_ran_ms,
		.max_rejects = profile->max_rejects,
		.reject_pause_ms = profile->reject_pause_ms};
}

bool
dispatch_account_stops(struct dispatch *d, const struct profile *profile,
	const char *name, int64_t *until_ran_ms)
{
	struct ledger_account account;
	*until_ran_ms = PICK_NEVER;
	if (ledger_account(turn_ledger(d->parts.turn), name, &account) != 0)
		return true;
	struct pick_breaker breaker =
		dispatch_account_breaker(&account, profile);
	return pick_breaker_stops(
		&breaker, turn_now(d->parts.turn).ran_ms, until_ran_ms);
}
