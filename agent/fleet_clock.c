/*
 * fleet_clock: the wall clock, held against what the networks of the modems
 * say. It must never set a clock, nor serve to compare moments of minutes:
 * networks tell the time too coarsely for that.
 */
#include "agent/fleet_private.h"

#include "agent/loop.h"

void
fleet_clock_weigh(const struct fleet *fleet, struct fleet_clock *out)
{
	struct clock_sight now = {.wall_ms = loop_wall_ms(),
		.steady_ms = loop_now_ms(fleet->loop)};
	struct clock_scale scale = {.count = 0};
	size_t i = 0;
	for (const struct slot *s = fleet->slots; s; s = s->next, i++) {
		const struct modem_info *info = modem_info(s->line.modem);
		clock_weigh(&scale, i,
			(struct clock_word){
				info->network_utc_ms, info->network_at_ms},
			&now);
	}
	*out = (struct fleet_clock){.judgement = clock_judge(&scale),
		.least_ms = scale.least_ms,
		.most_ms = scale.most_ms};
	if (scale.count == 0)
		return;
	out->least_by = fleet_at(fleet, scale.least_by);
	out->most_by = fleet_at(fleet, scale.most_by);
}

bool
fleet_clock_is_trusted(const struct fleet *fleet)
{
	struct fleet_clock clock;
	if (loop_clock_is_trusted()) /* each time: it sees jumps by looking */
		return true;
	fleet_clock_weigh(fleet, &clock);
	return clock.judgement == CLOCK_AGREES;
}
