/*
 * disk: the VFS over disk_store. SQLite's own rules stand behind each answer
 * (os_unix.c); what it may not believe of a disk, this one does not promise.
 */
#include "tests/crash/disk.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "tests/crash/disk_inner.h"
#include "tests/crash/power.h"
#include "tests/sim/rng.h"

struct handle {
	sqlite3_file base;
	struct file *file;
	bool remove;
	bool new_name; /* its folder is synced with it */
};

/* ---- an open file ------------------------------------------------------ */

static struct file *
file_of(sqlite3_file *base)
{
	return ((struct handle *)(void *)base)->file;
}

static int
disk_close(sqlite3_file *base)
{
	struct handle *h = (struct handle *)(void *)base;
	if (h->remove && power_is_on())
		file_clear(h->file);
	h->file = NULL;
	return SQLITE_OK;
}

static int
disk_read(sqlite3_file *base, void *out, int len, sqlite3_int64 at)
{
	const struct file *f = file_of(base);
	if (!power_is_on())
		return SQLITE_IOERR_READ;
	size_t from = (size_t)at, n = (size_t)len, has = 0;
	if (from < f->now.len)
		has = f->now.len - from < n ? f->now.len - from : n;
	if (has > 0)
		memcpy(out, f->now.at + from, has);
	memset((uint8_t *)out + has, 0, n - has);
	return has == n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static bool
writes_fail(void)
{
	return disk.fault == DISK_WRITES_FAIL || disk.fault == DISK_BOTH_FAIL;
}

static int
disk_write(sqlite3_file *base, const void *data, int len, sqlite3_int64 at)
{
	struct file *f = file_of(base);
	size_t from = (size_t)at, n = (size_t)len;
	if (!power_is_on())
		return SQLITE_IOERR_WRITE;
	if (!f->temporary && !power_step(POWER_WRITE)) {
		pending_add(f, from, data, n); /* it was on its way */
		return SQLITE_IOERR_WRITE;
	}
	if (writes_fail())
		return SQLITE_IOERR_WRITE;
	int64_t more = (int64_t)(from + n) - (int64_t)f->now.len;
	if (disk.room >= 0 && more > 0 && more > disk.room)
		return SQLITE_FULL;
	if (disk.room >= 0 && more > 0)
		disk.room -= more;
	disk.writes++;
	bytes_put(&f->now, from, data, n);
	if (!f->temporary)
		pending_add(f, from, data, n);
	return SQLITE_OK;
}

static int
disk_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct file *f = file_of(base);
	if (!power_is_on() || (!f->temporary && !power_step(POWER_WRITE)))
		return SQLITE_IOERR_TRUNCATE;
	bytes_len(&f->now, (size_t)size);
	if (!f->temporary)
		pending_add(f, (size_t)size, NULL, 0);
	return SQLITE_OK;
}

static void
sync_folder(void)
{
	for (size_t i = 0; i < FILES_MAX; i++) {
		struct file *f = &disk.files[i];
		if (f->used && f->linked)
			f->made_safe = true;
		else if (f->used)
			file_clear(f);
	}
}

/* What a failed sync did not write is not written by the next one either:
 * the kernel calls those pages clean (fsync(2), EIO). */
static void
lose_some(struct file *f)
{
	struct pending **at = &f->first;
	if (!disk.harsh)
		return;
	while (*at) {
		struct pending *p = *at;
		if (rng_next(disk.chance) % 2 == 0) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		free(p);
	}
	f->last = at;
}

static int
disk_sync(sqlite3_file *base, int flags)
{
	struct handle *h = (struct handle *)(void *)base;
	struct file *f = h->file;
	(void)flags;
	if (f->temporary)
		return power_is_on() ? SQLITE_OK : SQLITE_IOERR_FSYNC;
	if (!power_step(POWER_SYNC))
		return SQLITE_IOERR_FSYNC;
	if (disk.fault == DISK_SYNCS_FAIL || disk.fault == DISK_BOTH_FAIL) {
		lose_some(f);
		return SQLITE_IOERR_FSYNC;
	}
	disk.syncs++;
	for (const struct pending *p = f->first; p; p = p->next)
		pending_apply(&f->durable, p);
	pending_drop(f);
	if (h->new_name || !f->made_safe)
		sync_folder();
	h->new_name = false;
	return SQLITE_OK;
}

static int
disk_size(sqlite3_file *base, sqlite3_int64 *out)
{
	*out = (sqlite3_int64)file_of(base)->now.len;
	return power_is_on() ? SQLITE_OK : SQLITE_IOERR_FSTAT;
}

static int
disk_lock(sqlite3_file *base, int how)
{
	(void)base;
	(void)how; /* there is one connection */
	return SQLITE_OK;
}

static int
disk_is_locked(sqlite3_file *base, int *out)
{
	(void)base;
	*out = 0;
	return SQLITE_OK;
}

static int
disk_control(sqlite3_file *base, int op, void *arg)
{
	(void)base;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int
disk_sector(sqlite3_file *base)
{
	(void)base;
	return 4096; /* as os_unix says */
}

static int
disk_character(sqlite3_file *base)
{
	(void)base;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as os_unix says */
}

static int
disk_shm_map(sqlite3_file *base, int region, int size, int extend,
	void volatile **out)
{
	struct file *f = file_of(base);
	*out = NULL;
	if (!power_is_on())
		return SQLITE_IOERR_SHMMAP;
	assert(region < REGIONS_MAX);
	if (!f->regions[region] && extend) {
		f->regions[region] = calloc(1, (size_t)size);
		assert(f->regions[region]);
	}
	*out = f->regions[region];
	return SQLITE_OK;
}

static int
disk_shm_lock(sqlite3_file *base, int at, int n, int flags)
{
	(void)base;
	(void)at;
	(void)n;
	(void)flags;
	return SQLITE_OK;
}

static void
disk_shm_barrier(sqlite3_file *base)
{
	(void)base;
}

static int
disk_shm_unmap(sqlite3_file *base, int remove)
{
	(void)remove;
	file_drop_shm(file_of(base));
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = disk_close,
	.xRead = disk_read,
	.xWrite = disk_write,
	.xTruncate = disk_truncate,
	.xSync = disk_sync,
	.xFileSize = disk_size,
	.xLock = disk_lock,
	.xUnlock = disk_lock,
	.xCheckReservedLock = disk_is_locked,
	.xFileControl = disk_control,
	.xSectorSize = disk_sector,
	.xDeviceCharacteristics = disk_character,
	.xShmMap = disk_shm_map,
	.xShmLock = disk_shm_lock,
	.xShmBarrier = disk_shm_barrier,
	.xShmUnmap = disk_shm_unmap,
};

/* ---- the disk ---------------------------------------------------------- */

static int
disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
	int *out_flags)
{
	static unsigned temporaries;
	struct handle *h = (struct handle *)(void *)base;
	char made_up[32];
	(void)vfs;
	memset(h, 0, sizeof(*h));
	if (!power_is_on())
		return SQLITE_CANTOPEN;
	bool temporary = name == NULL;
	if (temporary) {
		(void)snprintf(made_up, sizeof(made_up), "temporary-%u",
			temporaries++);
		name = made_up;
	}
	h->file = file_find(name);
	/* The ledger makes its file itself, outside. */
	bool may_make = flags & (SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB);
	if (!h->file && !may_make)
		return SQLITE_CANTOPEN;
	if (!h->file)
		h->file = file_new(name);
	h->file->temporary = temporary;
	h->remove = temporary || (flags & SQLITE_OPEN_DELETEONCLOSE);
	/* os_unix does so with the first sync of a journal or log that it may
	 * have made, also where the file was there. */
	h->new_name = (flags & SQLITE_OPEN_CREATE) &&
	              (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL));
	h->base.pMethods = &methods;
	if (out_flags)
		*out_flags = flags;
	return SQLITE_OK;
}

static int
disk_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	struct file *f = file_find(name);
	(void)vfs;
	if (!power_step(POWER_WRITE))
		return SQLITE_IOERR_DELETE;
	if (!f)
		return SQLITE_IOERR_DELETE_NOENT;
	f->linked = false;
	if (sync && !power_step(POWER_SYNC))
		return SQLITE_IOERR_DIR_FSYNC;
	if (sync)
		sync_folder();
	return SQLITE_OK;
}

static int
disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	const struct file *f = file_find(name);
	(void)vfs;
	if (!power_is_on())
		return SQLITE_IOERR_ACCESS;
	*out = f && (flags != SQLITE_ACCESS_EXISTS || f->now.len > 0);
	return SQLITE_OK;
}

static int
disk_path(sqlite3_vfs *vfs, const char *name, int cap, char *out)
{
	(void)vfs;
	(void)snprintf(out, (size_t)cap, "%s", name);
	return SQLITE_OK;
}

static int
disk_randomness(sqlite3_vfs *vfs, int len, char *out)
{
	(void)vfs;
	for (int i = 0; i < len; i++)
		out[i] = disk.chance ? (char)rng_next(disk.chance) : 1;
	return len;
}

static int
disk_sleep(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	return us;
}

static int
disk_time(sqlite3_vfs *vfs, double *out)
{
	(void)vfs;
	*out = 2460000.5; /* nothing of the ledger asks SQLite for the time */
	return SQLITE_OK;
}

static int
disk_last_error(sqlite3_vfs *vfs, int len, char *out)
{
	(void)vfs;
	if (len > 0)
		out[0] = '\0';
	return 0;
}

void
disk_install(void)
{
	static sqlite3_vfs vfs = {
		.iVersion = 1,
		.szOsFile = sizeof(struct handle),
		.mxPathname = NAME_MAX_BYTES,
		.zName = "crash",
		.xOpen = disk_open,
		.xDelete = disk_delete,
		.xAccess = disk_access,
		.xFullPathname = disk_path,
		.xRandomness = disk_randomness,
		.xSleep = disk_sleep,
		.xCurrentTime = disk_time,
		.xGetLastError = disk_last_error,
	};
	for (size_t i = 0; i < FILES_MAX; i++)
		disk.files[i].last = &disk.files[i].first;
	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}
