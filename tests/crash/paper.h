/*
 * paper: the files of the spool on the simulated machine: what libc does for
 * agent/spool.c is taken by the linker (--wrap) and asks power.h first. A
 * name that was given or removed is safe when its folder was synced, bytes
 * when their file was; a power cut takes back what is not.
 */
#ifndef TESTS_CRASH_PAPER_H
#define TESTS_CRASH_PAPER_H

struct rng;

/* A folder for the runs, which becomes the working directory; on a memory
 * file system where there is one. Removed at exit. */
void paper_open(void);

/* Empties it. chance (may be NULL: nothing is taken back) is borrowed. */
void paper_reset(struct rng *chance);

/* The power went; or the process was killed, and all stays. */
void paper_cut(void);
void paper_kill(void);

#endif
