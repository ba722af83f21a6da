/*
 * spool_watch: when a file in incoming/ is whole: closed or moved into place
 * (inotify), or no longer changing (scans). It must never tell a file that
 * somebody is known to be writing.
 */
#include "agent/spool_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "agent/log.h"
#include "agent/loop.h"

enum { EVENT_READS_MAX = 16 }; /* in one turn */

bool
spool_ignores(const char *name)
{
	static const char *const endings[] = {".tmp", ".part", "~"};
	size_t len = strlen(name);

	if (len == 0 || name[0] == '.' || strchr(name, '/'))
		return true;
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		size_t n = strlen(endings[i]);

		if (len >= n && strcmp(name + len - n, endings[i]) == 0)
			return true;
	}
	return false;
}

int64_t
spool_wait_ms(enum spool_writers writers, int64_t age_ms, int64_t unchanged_ms)
{
	int64_t quiet_ms = age_ms > unchanged_ms ? age_ms : unchanged_ms;
	int64_t needed_ms = SPOOL_RESCAN_MS;

	switch (writers) {
	case SPOOL_WRITERS_NONE:
		needed_ms = SPOOL_SETTLE_MS;
		break;
	case SPOOL_WRITERS_SOME:
		return SPOOL_RESCAN_MS;
	case SPOOL_WRITERS_UNKNOWN:
		break;
	}
	return quiet_ms >= needed_ms ? 0 : needed_ms - quiet_ms;
}

/*
 * Asks the kernel for a read lease, which it gives only when nobody has the
 * file open for writing (fcntl(2), F_SETLEASE), and only for our own files.
 */
enum spool_writers
spool_writers_of(int fd)
{
	enum spool_writers writers = SPOOL_WRITERS_NONE;

	/* Who opens the file while we hold the lease would send us SIGIO,
	 * which kills; SIGURG is ignored unless asked for. */
	if (fcntl(fd, F_SETSIG, SIGURG) != 0)
		return SPOOL_WRITERS_UNKNOWN;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0)
		(void)fcntl(fd, F_SETLEASE, F_UNLCK); /* closing does it too */
	else if (errno == EAGAIN)
		writers = SPOOL_WRITERS_SOME;
	else
		writers = SPOOL_WRITERS_UNKNOWN;
	return writers;
}

/* A file that was closed or moved into place. */
static void
offer(struct spool *spool, const char *name)
{
	enum spool_writers writers;
	int fd = spool_open_incoming(spool, name);

	if (fd < 0 && fd != -EACCES)
		return; /* ignored, or gone again */
	writers = fd < 0 ? SPOOL_WRITERS_UNKNOWN : spool_writers_of(fd);
	if (fd >= 0)
		(void)close(fd); /* only looked at */
	/* A second writer's close is an event of its own. */
	if (writers != SPOOL_WRITERS_SOME)
		spool->fn(spool->ctx, name);
}

void
spool_each_incoming(const struct spool *spool, spool_fn *fn, void *ctx)
{
	DIR *dir = spool_open_dir(spool);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL) {
		if (!spool_ignores(entry->d_name))
			fn(ctx, entry->d_name);
	}
	if (dir)
		(void)closedir(dir);
}

bool
spool_has_incoming(struct spool *spool)
{
	DIR *dir = spool_open_dir(spool);
	const struct dirent *entry;
	struct stat st;
	bool has = false;

	while (dir && !has && (entry = readdir(dir)) != NULL) {
		has = !spool_ignores(entry->d_name) &&
		      fstatat(spool->incoming, entry->d_name, &st,
			      AT_SYMLINK_NOFOLLOW) == 0 &&
		      S_ISREG(st.st_mode) && st.st_nlink == 1;
	}
	if (dir)
		(void)closedir(dir);
	return has;
}

static void
on_timer(void *ctx)
{
	spool_scan(ctx);
}

/* ---- events ------------------------------------------------------------ */

static void
on_event(struct spool *spool, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW) {
		/* Events were lost: look at everything. */
		loop_timer_at(spool->timer, loop_now_ms(spool->loop));
	} else if (event->mask & IN_IGNORED) {
		log_line(LOG_AT_ERROR,
			"spool incoming was removed: restart when it is back");
	} else if (event->len > 0 && !(event->mask & IN_ISDIR)) {
		offer(spool, event->name);
	}
}

static void
on_notify(void *ctx, bool readable, bool writable)
{
	struct spool *spool = ctx;
	_Alignas(struct inotify_event) char buffer[4096];

	(void)readable, (void)writable;
	for (int i = 0; i < EVENT_READS_MAX; i++) {
		ssize_t n = read(spool->notify, buffer, sizeof(buffer));
		const char *p = buffer;

		if (n <= 0)
			return; /* EAGAIN: that was all */
		while (p < buffer + n) {
			/* The kernel gives whole, aligned events. */
			const struct inotify_event *event = (const void *)p;

			on_event(spool, event);
			p += sizeof(*event) + event->len;
		}
	}
}

void
spool_watch(struct spool *spool, const char *dir)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/incoming", dir);

	spool->timer = loop_timer_new(spool->loop, on_timer, spool);
	loop_timer_at(spool->timer, loop_now_ms(spool->loop));
	spool->idle = loop_idle_new(spool->loop, spool_scan_slice, spool);
	spool->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (spool->notify < 0 || n >= (int)sizeof(path) ||
		inotify_add_watch(spool->notify, path,
			IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR |
				IN_DONT_FOLLOW) < 0) {
		log_line(LOG_AT_WARNING,
			"spool incoming is not watched, only looked at "
			"every minute: %s",
			strerror(errno));
		return;
	}
	spool->poll =
		loop_poll_new(spool->loop, spool->notify, on_notify, spool);
}

void
spool_unwatch(struct spool *spool)
{
	loop_poll_free(spool->poll);
	loop_timer_free(spool->timer);
	loop_idle_free(spool->idle);
	spool_scan_end(spool);
	if (spool->notify >= 0)
		(void)close(spool->notify);
}
