/*
 * run: one seed: lives of the daemon one after the other in one world, with
 * faults of every kind, and an end at which everything must end.
 */
#ifndef TESTS_CRASH_RUN_H
#define TESTS_CRASH_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct run_options {
	double hours;       /* virtual, until the faults stop */
	unsigned residual;  /* an enum realm_residual */
	const char *family; /* of all modems; NULL: drawn */
};

struct run_result {
	bool good;
	char broken[400]; /* the law, in words */
	uint64_t story;   /* hash */
	int64_t ran_ms;   /* virtual */
};

/* Once a process, before the first run. */
void run_prepare(void);

struct run_result run_seed(uint64_t seed, const struct run_options *options);

#endif
