/*
 * spool_private: what spool.c and spool_watch.c share. Nobody else may
 * include it.
 */
#ifndef AGENT_SPOOL_PRIVATE_H
#define AGENT_SPOOL_PRIVATE_H

#include <dirent.h>
#include <sys/stat.h>

#include "agent/spool.h"

enum {
	SPOOL_RESCAN_MS = 60000, /* contract, Batch files */
	SPOOL_SETTLE_MS = 1000,  /* when nobody has it open for writing */
	SPOOL_LOOKS_MAX = 64,
	SPOOL_SCAN_SLICE = 250 /* names, each of which may be opened */
};

/* Begins the name of a file that is being written. */
#define SPOOL_HIDDEN ".topupd-"

/* How a file looked when it was not whole yet. */
struct spool_look {
	char name[SPOOL_NAME_MAX];
	ino_t ino;
	off_t size;
	struct timespec changed;
	int64_t since_ms; /* it has looked so since then */
	bool seen;        /* in the scan under way */
};

/* A whole file that a scan found. */
struct spool_found {
	struct timespec changed; /* when it came, or was last written */
	char name[SPOOL_NAME_MAX];
};

/* The scan under way: the first SPOOL_SCAN_MAX of what it found, and what came
 * since they were last put in order. */
struct spool_sweep {
	DIR *dir; /* NULL: none */
	struct spool_found found[2 * SPOOL_SCAN_MAX];
	size_t count;
	int64_t next_ms; /* until the next one */
};

struct spool {
	struct loop *loop;
	int dir, incoming;
	int folders[SPOOL_REPORTS + 1];
	int notify; /* inotify; -1: only scans */
	struct loop_poll *poll;
	struct loop_timer *timer;
	struct loop_idle *idle;
	struct spool_sweep *sweep; /* NULL: none is under way */
	spool_fn *fn;
	void *ctx;
	struct spool_look looks[SPOOL_LOOKS_MAX];
	size_t look_count;
};

/* Watches incoming/ of dir; without inotify, scans have to do. */
void spool_watch(struct spool *spool, const char *dir);
void spool_unwatch(struct spool *spool);

/* As much of name as room allows, cut between characters. */
int spool_fitting_len(const char *name, size_t room);

/* incoming/, to be read; NULL and errno. */
DIR *spool_open_dir(const struct spool *spool);

/* Whether a name is one that batch files may not have. */
bool spool_ignores(const char *name);

/* A slice of the scan under way (loop_fn); its end, told or not. */
void spool_scan_slice(void *spool);
void spool_scan_end(struct spool *spool);

enum spool_writers {
	SPOOL_WRITERS_NONE, /* nobody has it open for writing */
	SPOOL_WRITERS_SOME,
	SPOOL_WRITERS_UNKNOWN /* the kernel does not tell us */
};

/* Asks the kernel about a file of incoming/. */
enum spool_writers spool_writers_of(int fd);

/*
 * How long a scan waits before a file counts as whole; 0: it is. age_ms:
 * since its last change, by the wall clock (negative: the clock lies);
 * unchanged_ms: how long we have seen it so, by the steady one.
 */
int64_t spool_wait_ms(
	enum spool_writers writers, int64_t age_ms, int64_t unchanged_ms);

#endif
