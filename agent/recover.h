/*
 * recover: what an earlier life of the daemon left behind. An attempt found
 * open becomes unknown: its PIN is, or may be, on air.
 */
#ifndef AGENT_RECOVER_H
#define AGENT_RECOVER_H

#include <stdbool.h>
#include <stddef.h>

struct turn;

/* Settles every open attempt as found at start, and every code that followed a
 * recharge and has no end. How many attempts there were. */
size_t recover_attempts(struct turn *turn);

/* Whether the last life ended on purpose (its last event says so), or there
 * was none: no session can be open at a network then. */
bool recover_was_clean(struct turn *turn);

/* The audit events that begin and end a life. */
#define RECOVER_START "daemon.start"
#define RECOVER_STOP  "daemon.stop"

#endif
