/*
 * journal: agent/log.h in place of agent/log.c: the daemon's lines go into
 * the story, its trail to whoever checks it. Nothing is logged while the
 * power is off.
 */
#ifndef TESTS_CRASH_JOURNAL_H
#define TESTS_CRASH_JOURNAL_H

#include <stdbool.h>

/* Told of each line of the trail that was taken. */
typedef void journal_fn(const char *text);
void journal_reset(journal_fn *on_trail);

/* Whether its reader is too slow just now. */
void journal_stall(bool on);

#endif
