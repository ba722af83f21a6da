/*
 * disk_store: the bytes of the disk, what of them is safe, and the cut. See
 * disk.h. It must never lose what a finished sync promised.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "tests/crash/disk_inner.h"
#include "tests/sim/rng.h"

struct disk disk = {.room = -1};

/* ---- bytes ------------------------------------------------------------- */

void
bytes_len(struct bytes *b, size_t len)
{
	if (len > b->cap) {
		size_t cap = b->cap > 0 ? b->cap : REGION_GROW;
		while (cap < len)
			cap *= 2;
		uint8_t *at = realloc(b->at, cap);
		assert(at);
		b->at = at;
		b->cap = cap;
	}
	if (len > b->len)
		memset(b->at + b->len, 0, len - b->len);
	b->len = len;
}

void
bytes_put(struct bytes *b, size_t at, const uint8_t *data, size_t len)
{
	if (at + len > b->len)
		bytes_len(b, at + len);
	memcpy(b->at + at, data, len);
}

void
pending_apply(struct bytes *b, const struct pending *p)
{
	if (p->len == 0)
		bytes_len(b, p->at);
	else
		bytes_put(b, p->at, p->data, p->len);
}

/* A truncation has no bytes. */
void
pending_add(struct file *f, size_t at, const void *data, size_t len)
{
	struct pending *p = malloc(sizeof(*p) + len);
	assert(p);
	*p = (struct pending){.at = at, .len = len};
	if (len > 0)
		memcpy(p->data, data, len);
	*f->last = p;
	f->last = &p->next;
}

void
pending_drop(struct file *f)
{
	while (f->first) {
		struct pending *p = f->first;
		f->first = p->next;
		free(p);
	}
	f->last = &f->first;
}

/* ---- files ------------------------------------------------------------- */

void
file_clear(struct file *f)
{
	pending_drop(f);
	free(f->now.at);
	free(f->durable.at);
	for (size_t i = 0; i < REGIONS_MAX; i++)
		free(f->regions[i]);
	memset(f, 0, sizeof(*f));
	f->last = &f->first;
}

struct file *
file_find(const char *name)
{
	for (size_t i = 0; i < FILES_MAX; i++)
		if (disk.files[i].used && disk.files[i].linked &&
			strcmp(disk.files[i].name, name) == 0)
			return &disk.files[i];
	return NULL;
}

/* One that is removed for good, or was never there, makes room. */
struct file *
file_new(const char *name)
{
	struct file *f = NULL;
	for (size_t i = 0; i < FILES_MAX; i++) {
		struct file *old = &disk.files[i];
		if (old->used && !old->linked && strcmp(old->name, name) == 0)
			file_clear(old); /* the new one takes its place */
		if (!old->used && !f)
			f = old;
	}
	assert(f && "too many files");
	f->used = f->linked = true;
	f->last = &f->first;
	(void)snprintf(f->name, sizeof(f->name), "%s", name);
	return f;
}

void
file_drop_shm(struct file *f)
{
	for (size_t i = 0; i < REGIONS_MAX; i++) {
		free(f->regions[i]);
		f->regions[i] = NULL;
	}
}

/* ---- as it is ---------------------------------------------------------- */

void
disk_reset(struct rng *chance)
{
	for (size_t i = 0; i < FILES_MAX; i++)
		file_clear(&disk.files[i]);
	disk.chance = chance;
	disk.room = -1;
	disk.fault = DISK_WORKS;
	disk.syncs = disk.writes = 0;
	sqlite3_randomness(0, NULL); /* it draws anew, from us */
}

void
disk_room(int64_t bytes)
{
	disk.room = bytes;
}

int64_t
disk_left(void)
{
	return disk.room;
}

void
disk_give(int64_t bytes)
{
	if (disk.room >= 0)
		disk.room += bytes;
}

void
disk_fault(enum disk_fault fault)
{
	disk.fault = fault;
}

void
disk_is_harsh(bool on)
{
	disk.harsh = on;
}

bool
disk_is_synced(void)
{
	for (size_t i = 0; i < FILES_MAX; i++) {
		const struct file *f = &disk.files[i];
		if (f->used && f->linked && f->first && strstr(f->name, "-wal"))
			return false;
	}
	return true;
}

uint64_t
disk_syncs(void)
{
	return disk.syncs;
}

uint64_t
disk_writes(void)
{
	return disk.writes;
}

/* ---- the cut ----------------------------------------------------------- */

/* Some sectors of a write reach the platter. */
static void
tear(struct file *f, const struct pending *p)
{
	for (size_t from = 0; from < p->len;) {
		size_t to = from + SECTOR - (p->at + from) % SECTOR;
		to = to < p->len ? to : p->len;
		if (rng_next(disk.chance) % 2 == 0)
			bytes_put(&f->durable, p->at + from, p->data + from,
				to - from);
		from = to;
	}
}

enum loss { LOSS_ALL, LOSS_NONE, LOSS_SOME };

static void
lose(struct file *f, enum loss loss)
{
	for (const struct pending *p = f->first; p; p = p->next) {
		bool keep = loss == LOSS_NONE;
		if (loss == LOSS_SOME) {
			uint64_t drawn = rng_next(disk.chance) % 4;
			keep = drawn < 2;
			if (drawn == 2 && p->len > 0)
				tear(f, p);
		}
		if (keep)
			pending_apply(&f->durable, p);
	}
	pending_drop(f);
	bytes_len(&f->now, 0);
	if (f->durable.len > 0)
		bytes_put(&f->now, 0, f->durable.at, f->durable.len);
}

void
disk_cut(void)
{
	enum loss loss = (enum loss)(rng_next(disk.chance) % 3);
	for (size_t i = 0; i < FILES_MAX; i++) {
		struct file *f = &disk.files[i];
		if (!f->used)
			continue;
		file_drop_shm(f);
		bool luck = rng_next(disk.chance) % 2 == 0;
		bool gone = f->linked ? !f->made_safe && luck : luck;
		if (gone || f->temporary) {
			file_clear(f);
			continue;
		}
		lose(f, f->linked ? loss : LOSS_ALL);
		f->linked = true;
	}
}

void
disk_kill(void)
{
	for (size_t i = 0; i < FILES_MAX; i++) {
		struct file *f = &disk.files[i];
		file_drop_shm(f);
		if (f->used && f->temporary)
			file_clear(f);
	}
}
