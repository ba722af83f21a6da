/*
 * map: open addressing over FNV-1a, never more than half full.
 * Must never own what it points to.
 */
#include "tests/sim/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct map_slot *
find(const struct map *map, const char *key)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (const char *p = key; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	size_t i = (size_t)(hash ^ hash >> 32) & (map->cap - 1);
	while (map->slots[i].key != NULL && strcmp(map->slots[i].key, key) != 0)
		i = (i + 1) & (map->cap - 1);
	return &map->slots[i];
}

void *
map_get(const struct map *map, const char *key)
{
	return map->cap == 0 ? NULL : find(map, key)->value;
}

static void
grow(struct map *map)
{
	struct map wider = {.cap = map->cap == 0 ? 64 : map->cap * 2};
	wider.slots = calloc(wider.cap, sizeof *wider.slots);
	if (wider.slots == NULL)
		abort();
	for (size_t i = 0; i < map->cap; i++)
		if (map->slots[i].key != NULL)
			*find(&wider, map->slots[i].key) = map->slots[i];
	wider.count = map->count;
	free(map->slots);
	*map = wider;
}

void
map_put(struct map *map, const char *key, void *value)
{
	if (map->count * 2 >= map->cap)
		grow(map);
	struct map_slot *slot = find(map, key);
	if (slot->key == NULL)
		map->count++;
	*slot = (struct map_slot){key, value};
}

void
map_fini(struct map *map)
{
	free(map->slots);
	*map = (struct map){0};
}
