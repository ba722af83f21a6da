/*
 * clock: holds the wall clock against the steady one. It must never believe
 * a clock only because it was right before.
 */
#include "agent/clock.h"

static bool
jumped(const struct clock_watch *watch, const struct clock_sight *now)
{
	int64_t ran_ms = now->steady_ms - watch->steady_ms;
	int64_t allowed_ms = CLOCK_JUMP_MS + ran_ms / 1000;
	int64_t off_ms = now->wall_ms - watch->wall_ms - ran_ms;
	return off_ms > allowed_ms || off_ms < -allowed_ms;
}

bool
clock_look(struct clock_watch *watch, const struct clock_sight *now)
{
	bool is_jump = watch->looked && jumped(watch, now);
	bool newly_synced = watch->looked && now->synced && !watch->was_synced;
	if (newly_synced)
		watch->doubt_until_ms = 0;
	else if (is_jump && now->synced)
		watch->doubt_until_ms = now->steady_ms + CLOCK_DOUBT_MS;
	*watch = (struct clock_watch){.looked = true,
		.was_synced = now->synced,
		.wall_ms = now->wall_ms,
		.steady_ms = now->steady_ms,
		.doubt_until_ms = watch->doubt_until_ms};
	return now->synced && now->steady_ms >= watch->doubt_until_ms;
}

/* ---- what networks say --------------------------------------------------- */

void
clock_weigh(struct clock_scale *scale, size_t by, struct clock_word word,
	const struct clock_sight *now)
{
	int64_t age_ms = now->steady_ms - word.steady_ms;
	int64_t ahead_ms = now->wall_ms - (word.utc_ms + age_ms);
	if (word.utc_ms == 0 || age_ms < 0 || age_ms > CLOCK_WORD_MS)
		return;
	if (scale->count == 0 || ahead_ms < scale->least_ms) {
		scale->least_ms = ahead_ms;
		scale->least_by = by;
	}
	if (scale->count == 0 || ahead_ms > scale->most_ms) {
		scale->most_ms = ahead_ms;
		scale->most_by = by;
	}
	scale->count++;
}

enum clock_judgement
clock_judge(const struct clock_scale *scale)
{
	if (scale->count == 0)
		return CLOCK_UNTOLD;
	if (scale->most_ms - scale->least_ms > CLOCK_AGREE_MS)
		return CLOCK_DISPUTED;
	return scale->least_ms >= -CLOCK_AGREE_MS &&
	                       scale->most_ms <= CLOCK_AGREE_MS
	               ? CLOCK_AGREES
	               : CLOCK_DIFFERS;
}
