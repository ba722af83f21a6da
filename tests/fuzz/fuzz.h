/*
 * fuzz: what the targets share. A target checks one input, the same bytes
 * always in the same way: what it chooses besides comes from a stream of
 * chance that the input itself begins. It must never accept in silence what
 * it was made to refuse.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "modem/span.h"
#include "tests/sim/rng.h"

struct fuzz_target {
	const char *name; /* of its folders of seeds and findings */
	size_t most;      /* bytes of an input; what is longer is cut */
	bool grows;       /* takes inputs of any length, in linear time */
	/* Dies (FUZZ_HOLDS) where a property does not hold. */
	void (*check)(struct span in, struct rng *rng);
};

/* Each fuzz_NAME.c defines its own. */
extern const struct fuzz_target fuzz_target;

/* What libFuzzer calls; replay calls it too. 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Says which property broke, and aborts. */
_Noreturn void fuzz_fail(const char *file, int line, const char *property);

#define FUZZ_HOLDS(property)                                                   \
	do {                                                                   \
		if (!(property))                                               \
			fuzz_fail(__FILE__, __LINE__, #property);              \
	} while (0)

/* Cuts the next piece of 1 to most bytes off *rest. */
struct span fuzz_piece(struct span *rest, struct rng *rng, size_t most);

/* True for one chance in n. */
bool fuzz_chance(struct rng *rng, unsigned n);

/*
 * A diary: what happened, in a row, so that two ways to the same end can be
 * compared (by their digest).
 */
struct fuzz_diary {
	uint64_t digest;
	size_t events;
};
void fuzz_note(struct fuzz_diary *diary, int64_t what, struct span text);
bool fuzz_same(const struct fuzz_diary *a, const struct fuzz_diary *b);

/* The profile of a made-up operator, whose PINs have 14 digits. */
extern const char fuzz_profile[];

#endif
