/*
 * paper: see paper.h. Folders keep the order of what was done in them, as
 * journalling file systems do: a cut takes back the last so many. It must
 * never touch a file outside of its folder.
 */
#define _XOPEN_SOURCE 700
#include "tests/crash/paper.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/crash/power.h"
#include "tests/sim/rng.h"

int __wrap_fsync(int fd);
int __wrap_renameat(int from_at, const char *from, int to_at, const char *to);
int __wrap_unlinkat(int at, const char *name, int flags);
int __real_renameat(int from_at, const char *from, int to_at, const char *to);
int __real_unlinkat(int at, const char *name, int flags);

enum { DONE_MAX = 64, SYNCED_MAX = 64, NAME_MAX_BYTES = 300 };

/* What is not safe yet, in order. */
struct done {
	int folder; /* our own descriptor */
	ino_t folder_ino;
	bool renamed; /* from that name; else removed */
	char from[NAME_MAX_BYTES], name[NAME_MAX_BYTES];
	bool replaced, kept; /* what had the name lies in the attic */
	bool bytes_safe;
	char attic[32];
};

static struct {
	char folder[64];
	struct rng *chance;
	struct done done[DONE_MAX];
	size_t count;
	unsigned kept;
	ino_t synced[SYNCED_MAX]; /* files; the latest */
	size_t synced_at;
} paper;

/* ---- what is not safe -------------------------------------------------- */

static ino_t
ino_of(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static void
forget(size_t i)
{
	struct done *d = &paper.done[i];
	(void)close(d->folder);
	if (d->kept)
		(void)unlink(d->attic);
	memmove(d, d + 1, (--paper.count - i) * sizeof(*d));
}

static struct done *
remember(int folder, const char *name)
{
	if (!paper.chance)
		return NULL;
	if (paper.count == DONE_MAX)
		forget(0); /* the kernel wrote it by itself meanwhile */
	struct done *d = &paper.done[paper.count++];
	memset(d, 0, sizeof(*d));
	d->folder = dup(folder);
	d->folder_ino = ino_of(folder);
	(void)snprintf(d->name, sizeof(d->name), "%s", name);
	(void)snprintf(d->attic, sizeof(d->attic), "attic-%u", paper.kept++);
	d->kept = linkat(folder, name, AT_FDCWD, d->attic, 0) == 0;
	return d;
}

static bool
is_synced(int at, const char *name)
{
	struct stat st;
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return true;
	for (size_t i = 0; i < SYNCED_MAX; i++)
		if (paper.synced[i] == st.st_ino)
			return true;
	return false;
}

/* ---- libc -------------------------------------------------------------- */

static int
refuse(void)
{
	errno = EIO;
	return -1;
}

int
__wrap_fsync(int fd)
{
	if (!power_step(POWER_FILE))
		return refuse();
	ino_t ino = ino_of(fd);
	paper.synced[paper.synced_at++ % SYNCED_MAX] = ino;
	for (size_t i = paper.count; i-- > 0;)
		if (paper.done[i].folder_ino == ino)
			forget(i);
	return 0;
}

int
__wrap_renameat(int from_at, const char *from, int to_at, const char *to)
{
	if (!power_step(POWER_FILE))
		return refuse();
	struct done *d = remember(to_at, to);
	if (d) {
		d->renamed = true;
		d->replaced = d->kept;
		d->bytes_safe = is_synced(from_at, from);
		(void)snprintf(d->from, sizeof(d->from), "%s", from);
	}
	return __real_renameat(from_at, from, to_at, to);
}

int
__wrap_unlinkat(int at, const char *name, int flags)
{
	if (!power_step(POWER_FILE))
		return refuse();
	if (flags == 0)
		(void)remember(at, name);
	return __real_unlinkat(at, name, flags);
}

/* ---- the end of a life ------------------------------------------------- */

static void
take_back(struct done *d)
{
	if (d->renamed)
		(void)__real_renameat(d->folder, d->name, d->folder, d->from);
	if (d->kept)
		(void)__real_renameat(AT_FDCWD, d->attic, d->folder, d->name);
	d->kept = false;
}

/* The name is there, what was in the file is not. */
static void
empty(const struct done *d)
{
	int fd = openat(d->folder, d->name, O_WRONLY | O_TRUNC | O_NOFOLLOW);
	if (fd >= 0)
		(void)close(fd);
}

void
paper_cut(void)
{
	size_t stays = paper.chance && paper.count > 0
	                       ? rng_next(paper.chance) % (paper.count + 1)
	                       : paper.count;
	while (paper.count > stays) {
		take_back(&paper.done[paper.count - 1]);
		forget(paper.count - 1);
	}
	while (paper.count > 0) {
		struct done *d = &paper.done[paper.count - 1];
		if (d->renamed && !d->bytes_safe)
			empty(d);
		forget(paper.count - 1);
	}
}

void
paper_kill(void)
{
	/* What a killed process did is done; it becomes safe some time. */
	while (paper.count > 0)
		forget(paper.count - 1);
}

/* ---- the folder -------------------------------------------------------- */

static int
on_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	if (ftw->level > 0)
		(void)remove(path); /* what is left shows in the next run */
	return 0;
}

void
paper_reset(struct rng *chance)
{
	paper_kill();
	(void)nftw(paper.folder, on_entry, 16, FTW_DEPTH | FTW_PHYS);
	memset(paper.synced, 0, sizeof(paper.synced));
	paper.chance = chance;
}

static void
clean_up(void)
{
	paper_reset(NULL);
	if (chdir("/") == 0)
		(void)rmdir(paper.folder);
}

void
paper_open(void)
{
	const char *where = getenv("TMPDIR");
	if (access("/dev/shm", W_OK | X_OK) == 0)
		where = "/dev/shm";
	(void)snprintf(paper.folder, sizeof(paper.folder), "%s/topup-XXXXXX",
		where && strlen(where) < 40 ? where : "/tmp");
	if (!mkdtemp(paper.folder) || chdir(paper.folder) != 0) {
		perror(paper.folder);
		exit(2);
	}
	(void)atexit(clean_up);
}
