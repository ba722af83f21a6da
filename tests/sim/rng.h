/*
 * rng: the simulator's only source of chance, so that a seed tells a whole
 * run. Must never be used where a real secret is wanted.
 */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

/* A stream of its own for each (seed, name); name may be "". */
void rng_init(struct rng *rng, uint64_t seed, const char *name);

uint64_t rng_next(struct rng *rng);

/* A whole number from low to high, both included; low if high < low. */
int64_t rng_between(struct rng *rng, int64_t low, int64_t high);

/* True with the given chance, 0 to 1; draws only when it is in between. */
bool rng_strikes(struct rng *rng, double chance);

#endif
