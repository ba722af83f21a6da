/*
 * dispatch_private: what dispatch.c (who dials next) and dispatch_status.c
 * (why somebody does not) share. For these two files only.
 */
#ifndef AGENT_DISPATCH_PRIVATE_H
#define AGENT_DISPATCH_PRIVATE_H

#include "agent/dispatch.h"
#include "agent/pick.h"

struct dispatch {
	struct dispatch_parts parts;
	struct loop_timer *timer;
	int64_t wake_ms; /* when the timer fires (loop clock); INT64_MAX */
	bool draining;
};

/* Whether the line may dial a PIN, or why not and until when (ran_ms). Asked
 * of lines whose modem is ready or busy and that have a profile. */
enum pick_answer dispatch_pick(
	struct dispatch *d, const struct line *line, int64_t *until_ran_ms);

#endif
