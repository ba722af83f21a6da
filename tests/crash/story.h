/*
 * story: what happened in a run, line by line with the virtual time, and a
 * hash of all of it: the same seed tells the same story. It must hold
 * nothing that another run with that seed would not say.
 */
#ifndef TESTS_CRASH_STORY_H
#define TESTS_CRASH_STORY_H

#include <stdint.h>
#include <stdio.h>

void story_reset(void);

/* One line without its end. */
void story_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

uint64_t story_hash(void);

/* The last so many lines; 0: all that is kept. */
void story_print(FILE *out, unsigned lines);

#endif
