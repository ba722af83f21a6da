/*
 * disk: a disk in memory under SQLite (a VFS), for one process with one
 * connection. It knows what was synced; a power cut forgets the rest, or
 * keeps any part of it. It must never lose what a finished sync promised.
 */
#ifndef TESTS_CRASH_DISK_H
#define TESTS_CRASH_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng;

/* Registers it as the default VFS. Once, before SQLite is used. */
void disk_install(void);

/* An empty disk without faults. chance is borrowed: it draws the random
 * numbers of SQLite too. Nothing may be open. */
void disk_reset(struct rng *chance);

/*
 * The power went (power.h): of each write that was not synced none, all or
 * some sectors are there; a file that was made or removed and not synced may
 * be or not. Everything must be closed.
 */
void disk_cut(void);

/* The process was killed: what it wrote stays. Everything must be closed. */
void disk_kill(void);

/* So many bytes may still be added; negative: no limit. */
void disk_room(int64_t bytes);
int64_t disk_left(void);
/* Somebody else gives so many back, or takes them (negative). */
void disk_give(int64_t bytes);

enum disk_fault {
	DISK_WORKS,
	DISK_WRITES_FAIL,
	DISK_SYNCS_FAIL,
	DISK_BOTH_FAIL
};
void disk_fault(enum disk_fault fault);

/* After a failed sync a later one succeeds without writing what the failed
 * one did not (Linux, fsync(2)). Off at first. */
void disk_is_harsh(bool on);

/* Whether nothing is written to a log that was not synced. */
bool disk_is_synced(void);

/* How often a file was synced since the reset; also the number by which
 * something is durable: what was written before is. */
uint64_t disk_syncs(void);
uint64_t disk_writes(void);

#endif
