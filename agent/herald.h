/*
 * herald: what tells others of events: the program of on_event, the alarms,
 * the file of metrics; made, changed and ended together. It must never decide
 * anything of a card.
 */
#ifndef AGENT_HERALD_H
#define AGENT_HERALD_H

struct config;
struct herald;
struct loop;
struct turn;

/* Tells of events from now on. Borrows loop and turn. */
struct herald *herald_new(
	struct loop *loop, struct turn *turn, const struct config *config);
void herald_free(struct herald *herald);

/* A configuration was read anew; nothing of it is borrowed. */
void herald_apply(struct herald *herald, const struct config *config);

#endif
