/*
 * rng: SplitMix64 (Steele, Lea, Flood 2014), small and good enough for
 * faults. Must never be used where a real secret is wanted.
 */
#include "tests/sim/rng.h"

void
rng_init(struct rng *rng, uint64_t seed, const char *name)
{
	/* FNV-1a of the name keeps the streams of the modems apart. */
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	rng->state = seed * UINT64_C(0x9e3779b97f4a7c15) + hash;
}

uint64_t
rng_next(struct rng *rng)
{
	rng->state += UINT64_C(0x9e3779b97f4a7c15);
	uint64_t z = rng->state;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int64_t
rng_between(struct rng *rng, int64_t low, int64_t high)
{
	if (high <= low)
		return low;
	uint64_t span = (uint64_t)(high - low) + 1;
	return low + (int64_t)(rng_next(rng) % span);
}

bool
rng_strikes(struct rng *rng, double chance)
{
	if (chance <= 0)
		return false;
	if (chance >= 1)
		return true;
	return (double)(rng_next(rng) >> 11) < chance * 0x1p53;
}
