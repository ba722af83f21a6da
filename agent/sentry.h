/*
 * sentry: stands at the fence of each line: carries out what the fence
 * wishes for, hears the texts that nobody asked for, and weighs what comes
 * as evidence. It must never let dispatch pass while a fence is up.
 */
#ifndef AGENT_SENTRY_H
#define AGENT_SENTRY_H

#include "agent/fleet.h"

struct balance;
struct loop;
struct sentry;
struct turn;

/* Borrows all. on_idle is called when a line is free again. */
struct sentry_parts {
	struct loop *loop;
	struct turn *turn;
	struct balance *balance;
	struct fleet_idle on_idle;
};
struct sentry *sentry_new(const struct sentry_parts *parts);
/* After the fleet's modems have stopped; before balance is freed. */
void sentry_free(struct sentry *sentry);

/*
 * Asked by dispatch for each free line whose modem is ready, before it looks
 * for a card, and before the line rests: whether the line has to wait. Goes
 * on with its fence, or raises one that is due. *until_ms: when to ask again
 * (loop clock; INT64_MAX: when the line is free again).
 */
bool sentry_stops(struct sentry *sentry, struct line *line, int64_t *until_ms);

/* A text that no request asked for (fleet_hooks.on_push). */
void sentry_on_text(
	struct sentry *sentry, struct line *line, struct span text_utf8);

#endif
