/*
 * herald: what tells others of events. Never waits for them.
 */
#include "agent/herald.h"

#include <stdlib.h>

#include "agent/config.h"
#include "agent/event_run.h"

struct herald {
	struct event_run *run;
};

struct herald *
herald_new(struct loop *loop, struct turn *turn, const struct config *config)
{
	struct herald *herald = calloc(1, sizeof(*herald));

	if (!herald)
		abort(); /* out of memory while starting */
	herald->run = event_run_new(loop, turn);
	herald_apply(herald, config);
	return herald;
}

void
herald_free(struct herald *herald)
{
	if (!herald)
		return;
	event_run_free(herald->run);
	free(herald);
}

void
herald_apply(struct herald *herald, const struct config *config)
{
	event_run_set(herald->run, config->on_event);
}
