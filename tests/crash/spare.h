/*
 * spare: agent/reserve.h on the disk of the simulation, in place of
 * agent/reserve.c. It must never hold bytes that the disk has not.
 */
#ifndef TESTS_CRASH_SPARE_H
#define TESTS_CRASH_SPARE_H

#include <stdbool.h>

/* A new disk has none. */
void spare_reset(void);

#endif
