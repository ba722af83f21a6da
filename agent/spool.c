/*
 * spool: the four folders, and files written so that a power cut leaves the
 * old or the new one. It must never follow a link, nor remove a file that
 * is not the one that was read.
 */
#include "agent/spool_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FILE_BUFFER = 16384,
	HIDDEN_MAX = 10000 /* files written at the same time, at most */
};

struct spool_file {
	const struct spool *spool;
	enum spool_folder folder;
	int fd;
	int rc; /* the first write error */
	char hidden[32];
	char name[SPOOL_NAME_MAX];
	size_t len; /* in buffer, not yet written */
	char buffer[FILE_BUFFER];
};

/* ---- folders ----------------------------------------------------------- */

static const struct {
	const char *name;
	mode_t mode;
} folders[] = {
	[SPOOL_DONE] = {"done", 02750},
	[SPOOL_FAILED] = {"failed", 02750},
	[SPOOL_REPORTS] = {"reports", 02750},
};

/* Opens a folder, made where it is missing. A descriptor or -errno. */
static int
open_folder(int at, const char *name, mode_t mode, gid_t group)
{
	bool made = mkdirat(at, name, 0700) == 0;
	int fd, rc = 0;

	if (!made && errno != EEXIST)
		return -errno;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* The group first: changing it may clear the set-group-ID bit. */
	if (made && group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) != 0)
		rc = -errno;
	if (made && rc == 0 && (fchmod(fd, mode) != 0 || fsync(at) != 0))
		rc = -errno;
	if (rc == 0 && faccessat(fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0)
		rc = -errno;
	if (rc == 0)
		return fd;
	(void)close(fd); /* nothing was written through it */
	if (made)
		(void)unlinkat(at, name, AT_REMOVEDIR); /* not ours to use */
	return rc;
}

/* Files that a stop left half-written. */
static void
remove_hidden(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, SPOOL_HIDDEN,
			    strlen(SPOOL_HIDDEN)) == 0)
			(void)unlinkat(folder, entry->d_name, 0);
	}
	(void)closedir(dir);
}

static int
open_folders(struct spool *spool, const char *dir, gid_t group, char *why,
	size_t cap)
{
	const char *name = "incoming";
	int fd;

	(void)mkdir(dir, 0755); /* opening it tells what is wrong */
	spool->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (spool->dir < 0) {
		(void)snprintf(why, cap, "%s: %s", dir, strerror(errno));
		return -1;
	}
	fd = spool->incoming = open_folder(spool->dir, name, 02770, group);
	for (size_t i = 0; fd >= 0 && i <= SPOOL_REPORTS; i++) {
		name = folders[i].name;
		fd = open_folder(spool->dir, name, folders[i].mode, group);
		spool->folders[i] = fd;
		if (fd >= 0)
			remove_hidden(fd);
	}
	if (fd < 0)
		(void)snprintf(why, cap, "%s/%s: %s", dir, name, strerror(-fd));
	return fd < 0 ? -1 : 0;
}

struct spool *
spool_open(struct loop *loop, const char *dir, gid_t group, spool_fn *fn,
	void *ctx, char *why, size_t cap)
{
	struct spool *spool = calloc(1, sizeof(*spool));

	if (!spool)
		abort(); /* out of memory while starting */
	spool->loop = loop;
	spool->fn = fn;
	spool->ctx = ctx;
	spool->incoming = spool->notify = -1;
	for (size_t i = 0; i <= SPOOL_REPORTS; i++)
		spool->folders[i] = -1;
	if (open_folders(spool, dir, group, why, cap) != 0) {
		spool_close(spool);
		return NULL;
	}
	spool_watch(spool, dir);
	return spool;
}

void
spool_close(struct spool *spool)
{
	if (!spool)
		return;
	spool_unwatch(spool);
	for (size_t i = 0; i <= SPOOL_REPORTS; i++) {
		if (spool->folders[i] >= 0)
			(void)close(spool->folders[i]);
	}
	if (spool->incoming >= 0)
		(void)close(spool->incoming);
	if (spool->dir >= 0)
		(void)close(spool->dir);
	free(spool);
}

/* ---- incoming/ --------------------------------------------------------- */

static bool
is_plain(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_nlink == 1;
}

int
spool_open_incoming(struct spool *spool, const char *name)
{
	struct stat st;
	int fd;

	if (spool_ignores(name))
		return -EPERM;
	/* Opening a device would already act on it. */
	if (fstatat(spool->incoming, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return -errno;
	if (!is_plain(&st))
		return -EPERM;
	fd = openat(spool->incoming, name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, &st) == 0 && is_plain(&st))
		return fd;
	(void)close(fd); /* only looked at */
	return -EPERM;
}

int
spool_remove_incoming(struct spool *spool, const char *name, int fd)
{
	struct stat named, read;

	if (fstat(fd, &read) != 0)
		return -errno;
	if (fstatat(spool->incoming, name, &named, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : -errno;
	if (named.st_ino != read.st_ino || named.st_dev != read.st_dev)
		return -ESTALE;
	if (unlinkat(spool->incoming, name, 0) != 0)
		return errno == ENOENT ? 0 : -errno;
	return fsync(spool->incoming) == 0 ? 0 : -errno;
}

/* ---- files written ----------------------------------------------------- */

int
spool_fitting_len(const char *name, size_t room)
{
	size_t len = strlen(name);

	if (len > room) {
		len = room;
		/* In UTF-8 10xxxxxx continues a character. */
		while (len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80)
			len--;
	}
	return (int)len;
}

void
spool_name(int64_t id, const char *name, const char *suffix, char *out)
{
	char prefix[24] = "";
	int len;

	if (id != 0)
		(void)snprintf(prefix, sizeof(prefix), "%lld-", (long long)id);
	len = spool_fitting_len(
		name, SPOOL_NAME_MAX - 1 - strlen(prefix) - strlen(suffix));
	(void)snprintf(
		out, SPOOL_NAME_MAX, "%s%.*s%s", prefix, len, name, suffix);
}

struct spool_file *
spool_file_new(
	const struct spool *spool, enum spool_folder folder, const char *name)
{
	struct spool_file *file;
	int n = 0;

	if (*name == '\0' || *name == '.' || strchr(name, '/') ||
		strlen(name) >= SPOOL_NAME_MAX) {
		errno = EINVAL;
		return NULL;
	}
	file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	file->spool = spool;
	file->folder = folder;
	(void)snprintf(file->name, sizeof(file->name), "%s", name);
	do {
		(void)snprintf(file->hidden, sizeof(file->hidden),
			SPOOL_HIDDEN "%d.tmp", n++);
		file->fd = openat(spool->folders[folder], file->hidden,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);
	} while (file->fd < 0 && errno == EEXIST && n < HIDDEN_MAX);
	if (file->fd < 0 || fchmod(file->fd, 0640) != 0) {
		int why = errno;

		if (file->fd >= 0)
			spool_file_abort(file);
		else
			free(file);
		errno = why;
		return NULL;
	}
	return file;
}

static void
write_all(struct spool_file *file, const char *data, size_t len)
{
	while (file->rc == 0 && len > 0) {
		ssize_t n = write(file->fd, data, len);

		if (n < 0 && errno != EINTR)
			file->rc = -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
}

static void
flush(struct spool_file *file)
{
	write_all(file, file->buffer, file->len);
	file->len = 0;
}

int
spool_file_fd(struct spool_file *file)
{
	flush(file);
	return file->fd;
}

int
spool_file_write(struct spool_file *file, const void *data, size_t len)
{
	if (file->len + len > sizeof(file->buffer))
		flush(file);
	if (len > sizeof(file->buffer)) {
		write_all(file, data, len);
	} else {
		memcpy(file->buffer + file->len, data, len);
		file->len += len;
	}
	return file->rc;
}

int
spool_file_commit(struct spool_file *file)
{
	int folder = file->spool->folders[file->folder];
	int rc;

	flush(file);
	rc = file->rc;
	if (rc == 0 && fsync(file->fd) != 0)
		rc = -errno;
	/* NFS tells some write errors only here. */
	if (close(file->fd) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && renameat(folder, file->hidden, folder, file->name) != 0)
		rc = -errno;
	if (rc == 0 && fsync(folder) != 0)
		rc = -errno;
	if (rc != 0)
		(void)unlinkat(folder, file->hidden, 0); /* start removes it */
	free(file);
	return rc;
}

void
spool_file_abort(struct spool_file *file)
{
	if (!file)
		return;
	(void)close(file->fd); /* it is thrown away */
	(void)unlinkat(file->spool->folders[file->folder], file->hidden, 0);
	free(file);
}
