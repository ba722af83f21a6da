/*
 * power: the one switch of the simulated machine, and the fuse that turns it
 * off at a step of a kind. Whoever has an effect outside the process (the
 * disk, the wire, files, the log) asks before each one. Nothing must happen
 * while it is off.
 */
#ifndef TESTS_CRASH_POWER_H
#define TESTS_CRASH_POWER_H

#include <stdbool.h>
#include <stdint.h>

enum power_step {
	POWER_WRITE, /* to the disk under SQLite */
	POWER_SYNC,
	POWER_BYTE, /* to a modem */
	POWER_FILE, /* a file of the spool renamed, removed, synced */
	POWER_STEPS
};

/* On, and no fuse. */
void power_on(void);
void power_off(void);
bool power_is_on(void);

/* Goes off when that many steps of the kind are done, in place of the next:
 * 0 is the very next one. */
void power_fuse(enum power_step kind, uint64_t steps);

/* One step: whether it may happen. */
bool power_step(enum power_step kind);

/* "write", ...; what blew the fuse last, or why it is off; static. */
const char *power_step_name(enum power_step kind);

#endif
