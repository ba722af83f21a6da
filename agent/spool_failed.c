/*
 * spool_failed: what lies in failed/, under which name, and with how much room
 * left. It only looks.
 */
#include "agent/spool_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FAILED_NAMES_MAX = 10000 };

static bool
is_there(const struct spool *spool, const char *name, const char *ending)
{
	char whole[SPOOL_NAME_MAX];

	spool_name(0, name, ending, whole);
	return faccessat(spool->folders[SPOOL_FAILED], whole, F_OK,
		       AT_SYMLINK_NOFOLLOW) == 0;
}

bool
spool_failed_has(const struct spool *spool, const char *name)
{
	return is_there(spool, name, ".sealed");
}

void
spool_failed_name(
	const struct spool *spool, const char *name, char *next, char *last)
{
	int len = spool_fitting_len(name, SPOOL_NAME_MAX - 32);

	last[0] = '\0';
	(void)snprintf(next, SPOOL_NAME_MAX, "%.*s", len, name);
	for (int i = 2; i <= FAILED_NAMES_MAX; i++) {
		/* Of a pair that is not whole one may be there. */
		if (!is_there(spool, next, ".reason") &&
			!is_there(spool, next, ".sealed"))
			return;
		(void)snprintf(last, SPOOL_NAME_MAX, "%s", next);
		(void)snprintf(next, SPOOL_NAME_MAX, "%.*s.%d", len, name, i);
	}
}

void
spool_failed_end(
	const struct spool *spool, const char *name, char *out, size_t cap)
{
	char whole[SPOOL_NAME_MAX];
	struct stat st;
	ssize_t n = 0;
	int fd;

	spool_name(0, name, ".reason", whole);
	fd = openat(spool->folders[SPOOL_FAILED], whole,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		off_t at = st.st_size - ((off_t)cap - 1);

		n = pread(fd, out, cap - 1, at > 0 ? at : 0);
	}
	out[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		(void)close(fd); /* only read */
}

uint64_t
spool_failed_room(const struct spool *spool)
{
	struct statvfs fs;

	if (fstatvfs(spool->folders[SPOOL_FAILED], &fs) != 0)
		return UINT64_MAX; /* writing will tell */
	return (uint64_t)fs.f_bavail * fs.f_frsize;
}
