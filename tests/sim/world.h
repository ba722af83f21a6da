/*
 * world: all modems of a configuration and the network behind them, and the
 * orders given to them. Pure, so that tests run it in virtual time.
 * Must never read a clock, a file or a descriptor.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "tests/sim/conf.h"

struct world_modem {
	struct conf_modem conf;
	struct device *device;
	bool renumber; /* when its port comes back; for the rim to set back */
};

struct world {
	struct network *network;
	struct world_modem *modems;
	size_t count;
	bool quit; /* by an order */
};

/* All modems, without power. 0, or -1 with the error told; world_fini() in
 * both cases. */
int world_init(struct world *world, const struct conf *conf,
	struct sim_hook hook, struct conf_error *error);
void world_fini(struct world *world);

/* Powers all on. */
void world_start(struct world *world, int64_t now_ms);

/* Carries out one order; the answer, one line of JSON without its line end,
 * is the caller's to free. */
char *world_order(struct world *world, int64_t now_ms, const char *line);

#endif
