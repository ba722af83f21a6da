/*
 * pick: the order in which a line's reasons not to dial are asked: what
 * needs a person first, what ends by itself last.
 */
#include "agent/pick.h"

/*
 * When the pause after the last counted attempt is over. It doubles with
 * each attempt that was allowed beyond the breaker and refused again.
 */
static int64_t
pause_ends(const struct pick_case *c)
{
	if (c->reject_pause_ms < 0)
		return PICK_NEVER;
	unsigned beyond =
		c->counted > c->max_rejects ? c->counted - c->max_rejects : 0;
	if (beyond > PICK_PAUSE_DOUBLINGS)
		beyond = PICK_PAUSE_DOUBLINGS;
	int64_t pause, ends;
	if (__builtin_mul_overflow(
		    c->reject_pause_ms, (int64_t)1 << beyond, &pause) ||
		__builtin_add_overflow(c->stopped_ran_ms, pause, &ends))
		return PICK_NEVER;
	return ends;
}

/* The contract's breaker: counted + 1 <= max_rejects, or one PIN more. */
static bool
breaker_is_open(const struct pick_case *c)
{
	return !c->one_more && (c->blocked || c->counted >= c->max_rejects) &&
	       pause_ends(c) > c->now_ran_ms;
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
	if (c->unsettled > 0)
		return PICK_UNSETTLED;
	if (breaker_is_open(c)) {
		*until_ran_ms = pause_ends(c);
		return c->blocked ? PICK_BLOCKED : PICK_LOCKED_OUT;
	}
	return pacing(c, until_ran_ms);
}
