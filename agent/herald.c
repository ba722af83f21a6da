/*
 * herald: what tells others of events. Never waits for them.
 */
#include "agent/herald.h"

#include <stdlib.h>

#include "agent/alarm_watch.h"
#include "agent/config.h"
#include "agent/event_run.h"
#include "agent/metrics_file.h"

struct herald {
	struct loop *loop;
	struct turn *turn;
	struct event_run *run;
	struct alarm_watch *alarms; /* NULL until there is something to watch */
	struct metrics_file *metrics; /* likewise */
	const struct config *config;
};

struct herald *
herald_new(struct loop *loop, struct turn *turn, const struct config *config)
{
	struct herald *herald = calloc(1, sizeof(*herald));

	if (!herald)
		abort(); /* out of memory while starting */
	herald->loop = loop;
	herald->turn = turn;
	herald->run = event_run_new(loop, turn);
	herald_apply(herald, config);
	return herald;
}

void
herald_free(struct herald *herald)
{
	if (!herald)
		return;
	alarm_watch_free(herald->alarms);
	metrics_file_free(herald->metrics);
	event_run_free(herald->run);
	free(herald);
}

void
herald_watch(
	struct herald *herald, struct fleet *fleet, struct dispatch *dispatch)
{
	const struct alarm_watch_parts parts = {.loop = herald->loop,
		.turn = herald->turn,
		.fleet = fleet,
		.dispatch = dispatch};

	herald->alarms = alarm_watch_new(&parts);
	const struct metrics_file_parts file = {.loop = herald->loop,
		.turn = herald->turn,
		.fleet = fleet,
		.dispatch = dispatch};

	herald->metrics = metrics_file_new(&file);
	herald_apply(herald, herald->config);
}

void
herald_apply(struct herald *herald, const struct config *config)
{
	event_run_set(herald->run, config->on_event);
	herald->config = config;
	if (!herald->alarms)
		return;
	const struct alarm_watch_times times = {.idle_ms = config->idle_ms,
		.unknown_ms = config->unknown_ms,
		.modem_down_ms = config->modem_down_ms};

	alarm_watch_set(herald->alarms, &times);
	metrics_file_set(herald->metrics, config->metrics_file,
		config->metrics_interval_ms);
}

void
herald_finish(struct herald *herald)
{
	if (herald->metrics)
		metrics_file_finish(herald->metrics);
}
