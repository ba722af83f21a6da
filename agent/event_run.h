/*
 * event_run: runs the program of on_event for each event, after its commit.
 * Best effort: what must not be missed is read with `topupctl audit`. It must
 * never wait for a program, nor keep more than a few numbers for it.
 */
#ifndef AGENT_EVENT_RUN_H
#define AGENT_EVENT_RUN_H

#include <stdint.h>

struct event_run;
struct loop;
struct turn;

enum {
	EVENT_RUN_MAX = 4, /* programs at once */
	EVENT_QUEUE_MAX = 256,
	EVENT_LIMIT_MS = 30000 /* then a program is ended */
};

/* An outlet of the turn. Borrows both. */
struct event_run *event_run_new(struct loop *loop, struct turn *turn);
/* Programs that run are asked to end: nobody would bound them any more. */
void event_run_free(struct event_run *run);

/* From now on that program (copied) is run; NULL: none is. */
void event_run_set(struct event_run *run, const char *program);

/* Events for which no program was run, since the start: for want of room. */
int64_t event_run_dropped(const struct event_run *run);

#endif
