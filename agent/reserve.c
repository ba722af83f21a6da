/*
 * reserve: bytes that are really on the disk, allocated, and written where
 * the file system only pretends. It must never keep a part of them after it
 * was told to give them up, and never touch another file.
 */
#include "agent/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	PATH_BYTES = 4096,
	BLOCK = 512, /* of st_blocks, whatever the file system's own is */
	CHUNK = 64 * 1024,
	/* So many times its own size must be free, with what it still holds,
	 * before it is taken: a disk on the edge would be filled and emptied
	 * in turns. */
	CLEARLY = 2
};

struct reserve {
	char path[PATH_BYTES];
	bool held;
	off_t left; /* what of it is on the disk */
};

/* ---- taking ------------------------------------------------------------ */

/* Allocated, not only promised: a compressing or copying file system may
 * say yes and have nothing. */
static bool
is_real(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size == RESERVE_BYTES &&
	       (int64_t)st.st_blocks * BLOCK >= RESERVE_BYTES;
}

/* Bytes that no file system can make smaller; what they are matters not. */
static void
fill(uint64_t *words, size_t count, uint64_t *seed)
{
	for (size_t i = 0; i < count; i++) {
		*seed ^= *seed << 13;
		*seed ^= *seed >> 7;
		*seed ^= *seed << 17;
		words[i] = *seed;
	}
}

static int
write_all(int fd)
{
	static uint64_t chunk[CHUNK / sizeof(uint64_t)];
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
	for (off_t at = 0; at < RESERVE_BYTES; at += CHUNK) {
		fill(chunk, sizeof(chunk) / sizeof(chunk[0]), &seed);
		ssize_t n = pwrite(fd, chunk, CHUNK, at);
		if (n != CHUNK)
			return n < 0 ? -errno : -ENOSPC;
	}
	/* A disk at the other end of a wire tells only now. */
	return fdatasync(fd) == 0 ? 0 : -errno;
}

static int
allocate(int fd)
{
	int rc = posix_fallocate(fd, 0, RESERVE_BYTES);
	if (rc == 0 && ftruncate(fd, RESERVE_BYTES) != 0) /* an older one's */
		rc = errno;
	if (rc != 0 && rc != EOPNOTSUPP && rc != EINVAL)
		return -rc;
	return is_real(fd) ? 0 : write_all(fd);
}

/* What an earlier life left of it stays ours where there is no more. */
static int
take(struct reserve *reserve, int fd)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL; /* not ours */
	off_t before = st.st_size < RESERVE_BYTES ? st.st_size : 0;
	before -= before % RESERVE_PART;
	int rc = is_real(fd) ? 0 : allocate(fd);
	reserve->held = rc == 0;
	reserve->left = rc == 0 ? RESERVE_BYTES : before;
	if (rc != 0 && ftruncate(fd, before) != 0)
		reserve->left = RESERVE_PART; /* there is something to remove */
	if (rc != 0 && before == 0 && unlink(reserve->path) == 0)
		reserve->left = 0;
	return rc;
}

int
reserve_take(struct reserve *reserve)
{
	int fd = open(reserve->path,
		O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return -errno;
	int rc = take(reserve, fd);
	(void)close(fd); /* what was to be on disk is */
	return rc;
}

bool
reserve_has_room(const struct reserve *reserve)
{
	char dir[PATH_BYTES];
	struct statvfs fs;
	memcpy(dir, reserve->path, sizeof(dir));
	char *slash = strrchr(dir, '/');
	if (slash != NULL)
		slash[slash == dir] = '\0';
	if (statvfs(slash != NULL ? dir : ".", &fs) != 0)
		return true; /* trying tells */
	uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
	return room + (uint64_t)reserve->left >=
	       (uint64_t)CLEARLY * RESERVE_BYTES;
}

/* ---- giving up --------------------------------------------------------- */

bool
reserve_give_up(struct reserve *reserve)
{
	reserve->held = false;
	if (reserve->left == 0)
		return false;
	reserve->left -= RESERVE_PART;
	/* Where even a shorter file needs room, the whole of it must go. */
	if (reserve->left > 0 && truncate(reserve->path, reserve->left) == 0)
		return true;
	reserve->left = 0;
	return unlink(reserve->path) == 0;
}

/* ---- life -------------------------------------------------------------- */

struct reserve *
reserve_open(const char *path)
{
	struct reserve *reserve = calloc(1, sizeof(*reserve));
	if (reserve == NULL)
		abort(); /* at start, before anything is in flight */
	size_t len = strlen(path);
	if (len >= sizeof(reserve->path)) {
		free(reserve);
		return NULL;
	}
	memcpy(reserve->path, path, len + 1);
	(void)reserve_take(reserve); /* else whoever asks is told so */
	return reserve;
}

void
reserve_close(struct reserve *reserve)
{
	free(reserve);
}

/* A person, or what tidies up, may have deleted it meanwhile. */
bool
reserve_is_held(const struct reserve *reserve)
{
	struct stat st;
	return reserve->held && stat(reserve->path, &st) == 0 &&
	       st.st_size >= RESERVE_BYTES;
}
