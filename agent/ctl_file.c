/*
 * ctl_file: a file that a person named, for a table or a picture. It must
 * never leave half a file under that name, nor take the place of one that is
 * whole before the new one is.
 */
#include "agent/ctl_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct ctl_file {
	const struct ctl *ctl;
	const char *path;
	char *part; /* the name until it is whole; NULL: written in place */
	FILE *stream;
};

/* A pipe, a terminal, /dev/full: what is there stays what it is. */
static bool
is_written_in_place(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static FILE *
open_stream(const char *path, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0640);
	FILE *stream = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (stream == NULL && fd >= 0)
		(void)close(fd); /* nothing was written */
	return stream;
}

static void
forget(struct ctl_file *file)
{
	free(file->part);
	free(file);
}

struct ctl_file *
ctl_file_new(const struct ctl *ctl, const char *path)
{
	struct ctl_file *file = calloc(1, sizeof(*file));
	if (file == NULL)
		abort();
	file->ctl = ctl;
	file->path = path;
	if (strcmp(path, "-") == 0) {
		file->stream = stdout;
		return file;
	}
	if (is_written_in_place(path))
		file->stream = open_stream(path, 0);
	else if (asprintf(&file->part, "%s.part", path) < 0)
		abort();
	else
		file->stream =
			open_stream(file->part, O_CREAT | O_TRUNC | O_NOFOLLOW);
	if (file->stream != NULL)
		return file;
	ctl_say(ctl, "cannot write %s: %s", path, strerror(errno));
	forget(file);
	return NULL;
}

FILE *
ctl_file_stream(struct ctl_file *file)
{
	return file->stream;
}

/* 0 or -errno. */
static int
close_stream(struct ctl_file *file)
{
	bool good = fflush(file->stream) == 0 && !ferror(file->stream);
	int err = good ? 0 : -EIO;
	if (file->stream == stdout)
		return 0; /* ctl_main looks at it */
	if (fclose(file->stream) != 0)
		err = -errno;
	return err;
}

bool
ctl_file_end(struct ctl_file *file, bool whole)
{
	int err = close_stream(file);
	if (err == 0 && whole && file->part != NULL &&
		rename(file->part, file->path) != 0)
		err = -errno;
	if ((err != 0 || !whole) && file->part != NULL)
		(void)unlink(file->part); /* half of it is none */
	if (err != 0)
		ctl_say(file->ctl, "cannot write %s: %s", file->path,
			strerror(-err));
	forget(file);
	return err == 0;
}
