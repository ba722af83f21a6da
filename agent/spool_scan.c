/*
 * spool_scan: a look at all of incoming/, in slices: what is whole, and no
 * longer growing, the oldest first. It must never hold more than a bounded
 * number of names, whatever the folder has.
 */
#include "agent/spool_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/log.h"
#include "agent/loop.h"

/* For how long the file has looked as it does now. */
static int64_t
unchanged_ms(struct spool *spool, const char *name, const struct stat *st)
{
	struct spool_look *look = NULL;
	int64_t now_ms = loop_now_ms(spool->loop);

	for (size_t i = 0; i < spool->look_count && !look; i++) {
		if (strcmp(spool->looks[i].name, name) == 0)
			look = &spool->looks[i];
	}
	if (!look) {
		if (spool->look_count == SPOOL_LOOKS_MAX)
			return 0; /* its turn comes when others are read */
		look = &spool->looks[spool->look_count++];
		*look = (struct spool_look){.since_ms = now_ms};
		(void)snprintf(look->name, sizeof(look->name), "%s", name);
	}
	if (look->ino != st->st_ino || look->size != st->st_size ||
		look->changed.tv_sec != st->st_ctim.tv_sec ||
		look->changed.tv_nsec != st->st_ctim.tv_nsec)
		look->since_ms = now_ms;
	look->ino = st->st_ino;
	look->size = st->st_size;
	look->changed = st->st_ctim;
	look->seen = true;
	return now_ms - look->since_ms;
}

static void
forget_looks(struct spool *spool)
{
	size_t kept = 0;

	for (size_t i = 0; i < spool->look_count; i++) {
		if (!spool->looks[i].seen)
			continue;
		spool->looks[kept] = spool->looks[i];
		spool->looks[kept++].seen = false;
	}
	spool->look_count = kept;
}

static int
compare_found(const void *a, const void *b)
{
	const struct spool_found *x = a, *y = b;

	if (x->changed.tv_sec != y->changed.tv_sec)
		return x->changed.tv_sec < y->changed.tv_sec ? -1 : 1;
	if (x->changed.tv_nsec != y->changed.tv_nsec)
		return x->changed.tv_nsec < y->changed.tv_nsec ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* A folder is in no order that people know: the oldest are kept. */
static void
sort_found(struct spool_sweep *sweep)
{
	qsort(sweep->found, sweep->count, sizeof(*sweep->found), compare_found);
	if (sweep->count > SPOOL_SCAN_MAX)
		sweep->count = SPOOL_SCAN_MAX;
}

static void
keep_found(struct spool_sweep *sweep, const char *name, struct timespec changed)
{
	struct spool_found *found;

	if (sweep->count == sizeof(sweep->found) / sizeof(*sweep->found))
		sort_found(sweep);
	found = &sweep->found[sweep->count++];
	found->changed = changed;
	(void)snprintf(found->name, sizeof(found->name), "%s", name);
}

/* Keeps one file if it is whole; otherwise how long to wait. */
static int64_t
scan_file(struct spool *spool, const char *name)
{
	struct stat st = {.st_size = 0};
	enum spool_writers writers;
	int64_t age_ms, wait_ms;
	int fd = spool_open_incoming(spool, name);

	if (fd < 0) {
		if (fd == -EACCES) /* intake says so */
			keep_found(spool->sweep, name, st.st_ctim);
		return SPOOL_RESCAN_MS;
	}
	if (fstat(fd, &st) != 0) {
		(void)close(fd);
		return SPOOL_RESCAN_MS;
	}
	writers = spool_writers_of(fd);
	(void)close(fd); /* only looked at */
	/* The time of change: that of the bytes can be set by anybody. */
	age_ms = loop_wall_ms() - ((int64_t)st.st_ctim.tv_sec * 1000 +
					  st.st_ctim.tv_nsec / 1000000);
	wait_ms =
		spool_wait_ms(writers, age_ms, unchanged_ms(spool, name, &st));
	if (wait_ms == 0)
		keep_found(spool->sweep, name, st.st_ctim);
	return wait_ms == 0 ? SPOOL_RESCAN_MS : wait_ms;
}

DIR *
spool_open_dir(const struct spool *spool)
{
	int fd = openat(
		spool->incoming, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		(void)close(fd);
	return dir;
}

void
spool_scan_end(struct spool *spool)
{
	struct spool_sweep *sweep = spool->sweep;

	spool->sweep = NULL;
	if (sweep && sweep->dir)
		(void)closedir(sweep->dir);
	free(sweep);
}

static void
tell_found(struct spool *spool)
{
	struct spool_sweep *sweep = spool->sweep;

	forget_looks(spool);
	loop_timer_at(spool->timer, loop_now_ms(spool->loop) + sweep->next_ms);
	sort_found(sweep);
	for (size_t i = 0; i < sweep->count; i++)
		spool->fn(spool->ctx, sweep->found[i].name);
	spool_scan_end(spool);
}

void
spool_scan_slice(void *ctx)
{
	struct spool *spool = ctx;
	struct spool_sweep *sweep = spool->sweep;
	const struct dirent *entry = NULL;

	for (int i = 0; i < SPOOL_SCAN_SLICE && sweep->dir &&
			(entry = readdir(sweep->dir)) != NULL;
		i++) {
		int64_t wait_ms = SPOOL_RESCAN_MS;

		if (!spool_ignores(entry->d_name))
			wait_ms = scan_file(spool, entry->d_name);
		if (wait_ms < sweep->next_ms)
			sweep->next_ms = wait_ms;
	}
	if (entry)
		loop_idle_once(spool->idle);
	else
		tell_found(spool);
}

void
spool_scan(struct spool *spool)
{
	if (spool->sweep)
		return; /* one is under way */
	spool->sweep = calloc(1, sizeof(*spool->sweep));
	if (!spool->sweep)
		abort(); /* out of memory */
	spool->sweep->next_ms = SPOOL_RESCAN_MS;
	spool->sweep->dir = spool_open_dir(spool);
	if (!spool->sweep->dir)
		log_line(LOG_AT_ERROR, "spool incoming is not readable: %s",
			strerror(errno));
	spool_scan_slice(spool);
}
