/*
 * kill_step: put before topupd with LD_PRELOAD, it watches what the daemon
 * does to its files, its modems and syslog, and kills it at a named step; or
 * makes its state directory read-only. It must never change what a call
 * does before the step is reached.
 *
 * Environment: TOPUP_STEP "NAME:N[,NAME:N...]", SIGKILL at the N-th time of
 * the first that is reached; TOPUP_STEP_LOG, a file that gets its name;
 * TOPUP_READ_ONLY, a file: while it is there, nothing can be written where
 * ledger.db is.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

enum { WANTS_MAX = 16, NAME_MAX_ = 32, PATH_BYTES = 4096 };

static struct want {
	char name[NAME_MAX_];
	long left;
} wants[WANTS_MAX];
static size_t want_count;

/* The next definition of what is defined here. */
#define REAL(name)                                                             \
	static __typeof__(&(name)) real;                                       \
	if (real == NULL)                                                      \
	*(void **)&real = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void
read_wants(void)
{
	const char *at = getenv("TOPUP_STEP");
	while (at != NULL && *at != '\0' && want_count < WANTS_MAX) {
		struct want *want = &wants[want_count];
		size_t len = strcspn(at, ":");
		if (at[len] != ':' || len >= sizeof(want->name))
			return;
		char *end;
		memcpy(want->name, at, len);
		want->left = strtol(at + len + 1, &end, 10);
		want_count++;
		at = *end == ',' ? end + 1 : end;
	}
}

static void
die(const char *name)
{
	const char *log = getenv("TOPUP_STEP_LOG");
	FILE *f = log != NULL ? fopen(log, "a") : NULL;
	if (f != NULL) {
		fprintf(f, "%s\n", name);
		(void)fclose(f); /* whoever reads it misses the line */
	}
	(void)kill(getpid(), SIGKILL);
	for (;;)
		(void)pause(); /* it is on its way */
}

static bool
is_wanted(const char *name)
{
	for (size_t i = 0; i < want_count; i++)
		if (strcmp(wants[i].name, name) == 0 && --wants[i].left == 0)
			return true;
	return false;
}

static void
step(const char *name)
{
	int before = errno;
	if (is_wanted(name))
		die(name);
	errno = before;
}

/* ---- where a descriptor leads ------------------------------------------ */

static const char *
path_of(int fd)
{
	static char path[PATH_BYTES];
	char link[64];
	int before = errno;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	errno = before;
	return path;
}

static bool
ends_with(const char *path, const char *end)
{
	size_t len = strlen(path), cut = strlen(end);
	return len >= cut && strcmp(path + len - cut, end) == 0;
}

/* "done" or "report" for what lies in those folders, "incoming" for that
 * folder itself; or NULL. */
static const char *
folder_of(const char *path)
{
	if (strstr(path, "/spool/done") != NULL)
		return "done";
	if (strstr(path, "/spool/reports") != NULL)
		return "report";
	if (ends_with(path, "/spool/incoming"))
		return "incoming";
	return NULL;
}

static bool
is_modem(const char *path)
{
	return strncmp(path, "/dev/pts/", 9) == 0;
}

static bool
is_read_only(const char *path)
{
	const char *flag = getenv("TOPUP_READ_ONLY");
	return flag != NULL && strstr(path, "/state/") != NULL &&
	       access(flag, F_OK) == 0;
}

/* ---- the ledger's files ------------------------------------------------ */

ssize_t
pwrite64(int fd, const void *data, size_t len, off64_t at)
{
	REAL(pwrite64);
	const char *path = path_of(fd);
	bool is_log = ends_with(path, "/ledger.db-wal");
	bool is_ledger = ends_with(path, "/ledger.db");
	if (is_read_only(path)) {
		errno = EROFS;
		return -1;
	}
	if (is_log && is_wanted("ledger-torn")) {
		(void)real(fd, data, len / 2, at); /* it dies anyway */
		die("ledger-torn");
	}
	ssize_t n = real(fd, data, len, at);
	if (is_log)
		step("ledger-written");
	if (is_ledger)
		step("checkpoint-written");
	return n;
}

static int
sync_it(int fd, int (*real)(int))
{
	const char *path = path_of(fd);
	const char *folder = folder_of(path);
	bool is_log = ends_with(path, "/ledger.db-wal");
	bool is_ledger = ends_with(path, "/ledger.db");
	char name[NAME_MAX_];
	if (is_log)
		step("before-ledger-synced");
	int rc = real(fd);
	if (is_log)
		step("ledger-synced");
	if (is_ledger)
		step("checkpoint-synced");
	if (folder != NULL) {
		(void)snprintf(name, sizeof(name), "%s-synced", folder);
		step(name);
	}
	return rc;
}

int
fdatasync(int fd)
{
	REAL(fdatasync);
	return sync_it(fd, real);
}

int
fsync(int fd)
{
	REAL(fsync);
	return sync_it(fd, real);
}

int
ftruncate64(int fd, off64_t len)
{
	REAL(ftruncate64);
	if (is_read_only(path_of(fd))) {
		errno = EROFS;
		return -1;
	}
	return real(fd, len);
}

/* ---- the spool --------------------------------------------------------- */

int
renameat(int from_at, const char *from, int to_at, const char *to)
{
	REAL(renameat);
	const char *folder = folder_of(path_of(to_at));
	char name[NAME_MAX_];
	if (folder != NULL) {
		(void)snprintf(name, sizeof(name), "before-%s-renamed", folder);
		step(name);
	}
	int rc = real(from_at, from, to_at, to);
	if (folder != NULL) {
		(void)snprintf(name, sizeof(name), "%s-renamed", folder);
		step(name);
	}
	return rc;
}

int
unlinkat(int at, const char *path, int flags)
{
	REAL(unlinkat);
	const char *folder = folder_of(path_of(at));
	bool is_file = folder != NULL && strcmp(folder, "incoming") == 0 &&
	               path[0] != '.';
	if (is_file)
		step("before-incoming-unlinked");
	int rc = real(at, path, flags);
	if (is_file)
		step("incoming-unlinked");
	return rc;
}

/* ---- modems and syslog ------------------------------------------------- */

/* A code with a PIN, where the modem takes plain text. */
static bool
is_code(int fd, const void *data, size_t len)
{
	return len > 5 && memmem(data, len, "*121*", 5) != NULL &&
	       is_modem(path_of(fd));
}

ssize_t
write(int fd, const void *data, size_t len)
{
	REAL(write);
	if (!is_code(fd, data, len))
		return real(fd, data, len);
	step("before-first-byte");
	if (is_wanted("first-byte-to-modem")) {
		(void)real(fd, data, 1); /* it dies anyway */
		die("first-byte-to-modem");
	}
	ssize_t n = real(fd, data, len);
	step("code-to-modem");
	return n;
}

ssize_t
read(int fd, void *data, size_t cap)
{
	REAL(read);
	ssize_t n = real(fd, data, cap);
	if (n > 6 && memmem(data, (size_t)n, "+CUSD:", 6) != NULL &&
		is_modem(path_of(fd)))
		step("answer-read");
	return n;
}

ssize_t
send(int fd, const void *data, size_t len, int flags)
{
	REAL(send);
	ssize_t n = real(fd, data, len, flags);
	if (memmem(data, len, "audit seq=", 10) != NULL)
		step("audit-sent");
	return n;
}
