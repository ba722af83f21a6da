/*
 * paper: see paper.h. It must never touch a file outside of its folder.
 */
#define _XOPEN_SOURCE 700
#include "tests/crash/paper.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/crash/power.h"

int __wrap_fsync(int fd);
int __wrap_renameat(int from_at, const char *from, int to_at, const char *to);
int __wrap_unlinkat(int at, const char *name, int flags);
int __real_renameat(int from_at, const char *from, int to_at, const char *to);
int __real_unlinkat(int at, const char *name, int flags);

static char folder[64];

static int
refuse(void)
{
	errno = EIO;
	return -1;
}

int
__wrap_fsync(int fd)
{
	(void)fd;
	return power_step(POWER_FILE) ? 0 : refuse();
}

int
__wrap_renameat(int from_at, const char *from, int to_at, const char *to)
{
	if (!power_step(POWER_FILE))
		return refuse();
	return __real_renameat(from_at, from, to_at, to);
}

int
__wrap_unlinkat(int at, const char *name, int flags)
{
	if (!power_step(POWER_FILE))
		return refuse();
	return __real_unlinkat(at, name, flags);
}

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
paper_reset(void)
{
	(void)nftw(folder, on_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void
clean_up(void)
{
	paper_reset();
	if (chdir("/") == 0)
		(void)rmdir(folder);
}

void
paper_open(void)
{
	const char *where = getenv("TMPDIR");
	if (access("/dev/shm", W_OK | X_OK) == 0)
		where = "/dev/shm";
	(void)snprintf(folder, sizeof(folder), "%s/topup-XXXXXX",
		where && strlen(where) < 40 ? where : "/tmp");
	if (!mkdtemp(folder) || chdir(folder) != 0) {
		perror(folder);
		exit(2);
	}
	(void)atexit(clean_up);
}
