/*
 * map: strings to things, for cards and accounts by the hundred thousand.
 * Must never own what it points to.
 */
#ifndef SIM_MAP_H
#define SIM_MAP_H

#include <stddef.h>

struct map_slot {
	const char *key;
	void *value;
};

struct map {
	struct map_slot *slots;
	size_t cap; /* 0, or a power of two */
	size_t count;
};

/* The value, or NULL. */
void *map_get(const struct map *map, const char *key);

/* Adds or replaces; key must live as long as the map. Aborts when memory
 * is out. */
void map_put(struct map *map, const char *key, void *value);

void map_fini(struct map *map);

#endif
