/*
 * paper: the files of the spool under the power switch: what libc does for
 * agent/spool.c is taken by the linker (--wrap) and asks power.h first. They
 * lie on a real file system, whose names are safe at once.
 */
#ifndef TESTS_CRASH_PAPER_H
#define TESTS_CRASH_PAPER_H

/* An empty folder for the run, which becomes the working directory; a
 * memory file system where there is one. Removed at exit. */
void paper_open(void);

/* Empties it. */
void paper_reset(void);

#endif
