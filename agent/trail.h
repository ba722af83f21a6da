/*
 * trail: the two durable cursors outside: audit entries to syslog (at least
 * once, in order, each with its number) and reports of batches. Views of
 * the ledger, resumed from it after any stop.
 */
#ifndef AGENT_TRAIL_H
#define AGENT_TRAIL_H

struct loop;
struct spool;
struct turn;
struct trail;

/* An outlet of the turn. Borrows all. */
struct trail *trail_new(
	struct loop *loop, struct turn *turn, const struct spool *spool);
void trail_free(struct trail *trail);

/* At shutdown: sends what it can, stores the cursor in the turn. */
void trail_finish(struct trail *trail);

#endif
