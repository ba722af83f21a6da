/*
 * spool_sealed: a refused file by its name. It must never open what is not in
 * failed/, or is no plain file with one name.
 */
#include "agent/spool_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
spool_open_sealed(const struct spool *spool, const char *name)
{
	char sealed[SPOOL_NAME_MAX];
	struct stat st;
	int n = snprintf(sealed, sizeof(sealed), "%s.sealed", name);
	int fd;

	/* Only a name: no way leads out of the folder. */
	if (n < 0 || n >= (int)sizeof(sealed) || name[0] == '\0' ||
		name[0] == '.' || strchr(name, '/'))
		return -EINVAL;
	fd = openat(spool->folders[SPOOL_FAILED], sealed,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP ? -EINVAL : -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1)
		return fd;
	(void)close(fd); /* only looked at */
	return -EINVAL;
}
