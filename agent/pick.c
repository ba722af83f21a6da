/*
 * pick: the order in which a line's reasons not to dial are asked: what
 * needs a person first, what ends by itself last.
 */
#include "agent/pick.h"

/* How often the pause has doubled: with each PIN that was tried although the
 * breaker had stopped, and counted again. */
static unsigned
doublings(const struct pick_breaker *b)
{
	unsigned beyond =
		b->counted > b->max_rejects ? b->counted - b->max_rejects : 0;
	if (b->blocked && b->tried > beyond)
		beyond = b->tried;
	return beyond < PICK_PAUSE_DOUBLINGS ? beyond : PICK_PAUSE_DOUBLINGS;
}

/* When the pause after the last counted attempt is over. */
static int64_t
pause_ends(const struct pick_breaker *b)
{
	int64_t pause, ends;
	if (b->reject_pause_ms < 0 ||
		__builtin_mul_overflow(b->reject_pause_ms,
			(int64_t)1 << doublings(b), &pause) ||
		__builtin_add_overflow(b->stopped_ran_ms, pause, &ends))
		return PICK_NEVER;
	return ends;
}

bool
pick_breaker_stops(const struct pick_breaker *breaker, int64_t now_ran_ms,
	int64_t *until_ran_ms)
{
	if (breaker->one_more ||
		(!breaker->blocked && breaker->counted < breaker->max_rejects))
		return false;
	int64_t ends = pause_ends(breaker);
	if (ends <= now_ran_ms)
		return false;
	*until_ran_ms = ends;
	return true;
}

static enum pick_answer
pacing(const struct pick_case *c, int64_t *until_ran_ms)
{
	if (c->quiet_until_ran_ms > c->now_ran_ms) {
		*until_ran_ms = c->quiet_until_ran_ms;
		return PICK_QUIET;
	}
	if (c->last_ran_ms > 0 &&
		c->last_ran_ms + c->min_interval_ms > c->now_ran_ms) {
		*until_ran_ms = c->last_ran_ms + c->min_interval_ms;
		return PICK_INTERVAL;
	}
	if (c->has_hours && !c->clock_trusted) {
		*until_ran_ms = PICK_NEVER;
		return PICK_CLOCK;
	}
	if (c->has_hours && !c->hours_allow) {
		*until_ran_ms = c->hours_open_ran_ms;
		return PICK_HOURS;
	}
	if (c->daily_max > 0 && c->dialled_today >= c->daily_max) {
		*until_ran_ms = c->next_day_ran_ms;
		return PICK_DAILY_MAX;
	}
	*until_ran_ms = c->now_ran_ms;
	return PICK_DIAL;
}

enum pick_answer
pick_line(const struct pick_case *c, int64_t *until_ran_ms)
{
	*until_ran_ms = PICK_NEVER;
	if (c->paused)
		return PICK_PAUSED;
	if (pick_breaker_stops(&c->sim, c->now_ran_ms, until_ran_ms))
		return c->sim.blocked ? PICK_BLOCKED : PICK_LOCKED_OUT;
	if (c->pending)
		return PICK_PENDING;
	return pacing(c, until_ran_ms);
}
