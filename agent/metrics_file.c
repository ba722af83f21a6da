/*
 * metrics_file: the file of metrics. Never in place: written beside it and
 * renamed. Never more often than it was told to, for disks that wear.
 */
#include "agent/metrics_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/log.h"
#include "agent/loop.h"
#include "agent/metrics_file_private.h"

enum { FIRST_MS = 2000 }; /* modems begin to start meanwhile */

struct metrics_file {
	struct metrics_file_parts parts;
	struct loop_timer *timer;
	struct loop_idle *more; /* entries to count */
	struct metrics_tally tally;
	char *path, *draft; /* or NULL: nothing is written */
	int64_t interval_ms;
	struct metrics body; /* as written last, without signals */
	int64_t written_ms;
	bool failed; /* it was told that it cannot be written */
};

/* ---- writing --------------------------------------------------------------
 */

static int
write_text(int fd, const struct metrics *text)
{
	size_t at = 0;

	while (at < text->len) {
		ssize_t n = write(fd, text->text + at, text->len - at);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += (size_t)n;
	}
	return 0;
}

static int
write_draft(const char *draft, const struct metrics *body,
	const struct metrics *signals)
{
	(void)unlink(draft); /* of a life that was cut off */
	int fd = open(draft,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	int rc = fchmod(fd, 0644) < 0 ? -errno : 0; /* whatever our umask */

	if (rc == 0)
		rc = write_text(fd, body);
	if (rc == 0)
		rc = write_text(fd, signals);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	return rc;
}

/* Not synced: what a power cut takes is written again. */
static void
put_file(struct metrics_file *file)
{
	struct metrics signals = {0};

	metrics_gather_signals(&file->parts, &signals);
	int rc = write_draft(file->draft, &file->body, &signals);

	metrics_fini(&signals);

	if (rc == 0 && rename(file->draft, file->path) < 0)
		rc = -errno;
	if (rc < 0)
		(void)unlink(file->draft);
	if (rc < 0 && !file->failed)
		log_line(LOG_AT_ERROR, "metrics file path=%s why=\"%s\"",
			file->path, strerror(-rc));
	file->failed = rc < 0;
}

static void
write_now(struct metrics_file *file, bool up)
{
	int64_t now_ms = loop_now_ms(file->parts.loop);
	struct metrics text = {0};

	metrics_gather(&file->parts, &file->tally, up, &text);
	bool same = file->body.text && !file->failed &&
	            strcmp(text.text, file->body.text) == 0;

	if (same && now_ms - file->written_ms < METRICS_BEAT_MS) {
		metrics_fini(&text);
		return;
	}
	metrics_fini(&file->body);
	file->body = text;
	file->written_ms = now_ms;
	put_file(file);
}

/* ---- with the loop ---------------------------------------------------------
 */

/* What there is to count comes first, in slices; then the file. */
static void
on_due(void *ctx)
{
	struct metrics_file *file = ctx;

	if (!file->path)
		return;
	if (metrics_tally_count(&file->tally, file->parts.turn)) {
		loop_idle_once(file->more);
		return;
	}
	metrics_tally_store(&file->tally, file->parts.turn);
	write_now(file, true);
	loop_timer_at(
		file->timer, loop_now_ms(file->parts.loop) + file->interval_ms);
}

struct metrics_file *
metrics_file_new(const struct metrics_file_parts *parts)
{
	struct metrics_file *file = calloc(1, sizeof(*file));

	if (!file)
		abort(); /* out of memory while starting */
	file->parts = *parts;
	file->timer = loop_timer_new(parts->loop, on_due, file);
	file->more = loop_idle_new(parts->loop, on_due, file);
	metrics_tally_load(&file->tally, parts->turn);
	return file;
}

static void
forget_path(struct metrics_file *file)
{
	free(file->path);
	free(file->draft);
	file->path = file->draft = NULL;
	metrics_fini(&file->body);
}

void
metrics_file_free(struct metrics_file *file)
{
	if (!file)
		return;
	forget_path(file);
	loop_timer_free(file->timer);
	loop_idle_free(file->more);
	free(file);
}

void
metrics_file_finish(struct metrics_file *file)
{
	if (file->path)
		write_now(file, false);
	forget_path(file);
}

/* Hidden, and of another ending: the collector passes it by. */
static char *
draft_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *draft = NULL;

	if (asprintf(&draft, "%.*s.%s.tmp", (int)(slash + 1 - path), path,
		    slash + 1) < 0)
		abort(); /* a path's worth of memory */
	return draft;
}

void
metrics_file_set(
	struct metrics_file *file, const char *path, int64_t interval_ms)
{
	bool same = path && file->path && strcmp(path, file->path) == 0;

	file->interval_ms = interval_ms;
	if (!same)
		metrics_file_finish(file);
	if (same || !path)
		return;
	file->path = strdup(path);
	file->draft = draft_of(path);
	if (!file->path)
		abort(); /* a path's worth of memory */
	loop_timer_at(file->timer, loop_now_ms(file->parts.loop) + FIRST_MS);
}
