/*
 * herald: what tells others of events: the program of on_event, the alarms,
 * the file of metrics; made, changed and ended together. It must never decide
 * anything of a card.
 */
#ifndef AGENT_HERALD_H
#define AGENT_HERALD_H

struct config;
struct dispatch;
struct fleet;
struct herald;
struct loop;
struct turn;

/* Tells of events from now on. Borrows loop and turn, and the configuration
 * until herald_apply(). */
struct herald *herald_new(
	struct loop *loop, struct turn *turn, const struct config *config);
/* Before what it watches. */
void herald_free(struct herald *herald);

/* Watches these from now on. Borrows both. */
void herald_watch(
	struct herald *herald, struct fleet *fleet, struct dispatch *dispatch);

/* The daemon ends: says so, while what it watches is there. */
void herald_finish(struct herald *herald);

/* A configuration was read anew. Borrowed until the next one. */
void herald_apply(struct herald *herald, const struct config *config);

#endif
