/*
 * trouble: what strikes while a life runs: modems, disk, clock, SIMs, files,
 * the reader of the log, and persons. One strike at a time, drawn.
 */
#ifndef TESTS_CRASH_TROUBLE_H
#define TESTS_CRASH_TROUBLE_H

#include <stdbool.h>

struct life;
struct realm;

void trouble_reset(void);
void trouble_strikes(struct realm *realm, struct life *life);

/* Time went on: what was only for a while is over. */
void trouble_passes(void);

/* Whether the disk is out of order just now. */
bool trouble_is_on_disk(void);

/* None any more, and nothing that is left of one. */
void trouble_ends(struct realm *realm);

#endif
