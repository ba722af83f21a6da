/*
 * disk_inner: what the files of disk share. Only they include it.
 */
#ifndef TESTS_CRASH_DISK_INNER_H
#define TESTS_CRASH_DISK_INNER_H

#include "tests/crash/disk.h"

enum {
	FILES_MAX = 16,
	NAME_MAX_BYTES = 128,
	SECTOR = 512,
	REGIONS_MAX = 64,
	REGION_GROW = 65536
};

struct bytes {
	uint8_t *at;
	size_t len, cap;
};

/* A write, or with data NULL a truncation to at, that is not synced. */
struct pending {
	struct pending *next;
	size_t at, len;
	uint8_t data[];
};

/*
 * 1. durable with all of pending applied in order is now; but for what a
 *    failed sync lost.
 * 2. A file that is not linked was removed; its content may come back.
 */
struct file {
	char name[NAME_MAX_BYTES];
	bool used, linked;
	bool made_safe; /* its name is on disk */
	bool temporary;
	struct bytes now, durable;
	struct pending *first, **last;
	void *regions[REGIONS_MAX]; /* xShm */
};

struct disk {
	struct file files[FILES_MAX];
	struct rng *chance;
	int64_t room;
	enum disk_fault fault;
	uint64_t syncs, writes;
	bool harsh;
};
extern struct disk disk;

void bytes_len(struct bytes *b, size_t len);
void bytes_put(struct bytes *b, size_t at, const uint8_t *data, size_t len);

/* A truncation has no bytes. */
void pending_add(struct file *f, size_t at, const void *data, size_t len);
void pending_apply(struct bytes *b, const struct pending *p);
void pending_drop(struct file *f);

struct file *file_find(const char *name); /* linked; NULL */
struct file *file_new(const char *name);
void file_clear(struct file *f);
void file_drop_shm(struct file *f);

#endif
