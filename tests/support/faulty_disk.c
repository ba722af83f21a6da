/*
 * faulty_disk: SQLite's own file methods, with write and sync in between.
 * It must never fail a read: that would be another test.
 */
#include "tests/support/faulty_disk.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <sqlite3.h>

enum { METHODS_MAX = 8 };

/* One for each table of methods that the real disk uses; methods first, so
 * that a file's pointer leads back here. */
struct patched {
	sqlite3_io_methods methods;
	const sqlite3_io_methods *real;
};

static struct patched patches[METHODS_MAX];
static sqlite3_vfs disk;
static sqlite3_vfs *real_disk;
static enum faulty_disk fault;
static unsigned writes_left;
static struct {
	char path[256]; /* "": nobody gives room back */
	int64_t bytes, written;
} room;

static const sqlite3_io_methods *
real_of(const sqlite3_file *file)
{
	return ((const struct patched *)(const void *)file->pMethods)->real;
}

static bool
has_room(int len)
{
	struct stat st;
	if (room.path[0] == '\0')
		return false;
	int64_t size = stat(room.path, &st) == 0 ? (int64_t)st.st_size : 0;
	if (room.written + len > room.bytes - size)
		return false;
	room.written += len;
	return true;
}

static int
faulty_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
	bool write_fails =
		fault == FAULTY_DISK_FULL || fault == FAULTY_DISK_IO_ERROR;
	if (write_fails && writes_left > 0)
		writes_left--;
	else if (fault == FAULTY_DISK_FULL && !has_room(len))
		return SQLITE_FULL;
	else if (fault == FAULTY_DISK_IO_ERROR)
		return SQLITE_IOERR_WRITE;
	return real_of(file)->xWrite(file, data, len, at);
}

static int
faulty_sync(sqlite3_file *file, int flags)
{
	if (fault == FAULTY_DISK_NO_SYNC)
		return SQLITE_IOERR_FSYNC;
	return real_of(file)->xSync(file, flags);
}

static const sqlite3_io_methods *
patched_of(const sqlite3_io_methods *real)
{
	struct patched *p = patches;
	while (p->real != NULL && p->real != real)
		p++;
	if (p->real == NULL) {
		if (p == patches + METHODS_MAX - 1)
			abort(); /* the last one stays the end */
		p->real = real;
		p->methods = *real;
		p->methods.xWrite = faulty_write;
		p->methods.xSync = faulty_sync;
	}
	return &p->methods;
}

static int
faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
	int *out_flags)
{
	(void)vfs;
	int rc = real_disk->xOpen(real_disk, name, file, flags, out_flags);
	if (rc == SQLITE_OK && file->pMethods != NULL)
		file->pMethods = patched_of(file->pMethods);
	return rc;
}

void
faulty_disk_install(void)
{
	/* As for the daemon, whose operations are undone in memory; it is too
	 * late for the ledger to ask for it. */
	(void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
	real_disk = sqlite3_vfs_find(NULL);
	if (real_disk == NULL)
		abort();
	disk = *real_disk;
	disk.zName = "faulty";
	disk.pNext = NULL;
	disk.xOpen = faulty_open;
	if (sqlite3_vfs_register(&disk, 1) != SQLITE_OK)
		abort();
}

void
faulty_disk_set(enum faulty_disk now)
{
	fault = now;
	writes_left = 0;
	room.path[0] = '\0';
}

void
faulty_disk_room_of(const char *path, int64_t bytes)
{
	(void)snprintf(room.path, sizeof(room.path), "%s", path);
	room.bytes = bytes;
	room.written = 0;
}

void
faulty_disk_after(unsigned writes)
{
	writes_left = writes;
}
