/*
 * spool: the folders incoming/, done/, failed/, reports/: what may be read
 * in them, and how files are written so that a power cut leaves the old or
 * the new one. Every name is used relative to an open folder. It must never
 * follow a link or open what is no plain file with one name.
 */
#ifndef AGENT_SPOOL_H
#define AGENT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct loop;
struct spool;

/* fn is told of a file that is whole: closed, moved into place, or no
 * longer growing. The same name may be told again. */
typedef void spool_fn(void *ctx, const char *name);

/*
 * Opens the folders and makes those that are missing (incoming/ 2770, the
 * group's; the others 2750). group -1: leave it. Watches incoming/ with
 * inotify, looks at it in the first turn and every 60 seconds. Removes what
 * a stop left half-written. NULL on failure; why says it for people.
 */
struct spool *spool_open(struct loop *loop, const char *dir, gid_t group,
	spool_fn *fn, void *ctx, char *why, size_t cap);
void spool_close(struct spool *spool);

/*
 * Looks at incoming/, in slices, and then tells the files there that are
 * whole, in the order in which they came: the first SPOOL_SCAN_MAX of them.
 * Looks again at the others by itself.
 */
enum { SPOOL_SCAN_MAX = 1024 };
void spool_scan(struct spool *spool);

/* Whether files wait in incoming/ (topupctl wait). */
bool spool_has_incoming(struct spool *spool);

/* Opens a waiting file for reading. A descriptor, or -errno: -EPERM what is
 * no plain file with one name. */
int spool_open_incoming(struct spool *spool, const char *name);

/*
 * Removes a file that is in the ledger, and syncs the folder. fd is open on
 * the file that was read: -ESTALE, and nothing is removed, when another file
 * has that name by now. 0 (also when it is gone already) or -errno.
 */
int spool_remove_incoming(struct spool *spool, const char *name, int fd);

/*
 * Opens failed/NAME.sealed for reading; name may be anything. A descriptor,
 * or -errno: -EINVAL for what no refused file is called, -ENOENT.
 */
int spool_open_sealed(const struct spool *spool, const char *name);

enum spool_folder { SPOOL_DONE, SPOOL_FAILED, SPOOL_REPORTS };

/*
 * A file being written under a hidden name. spool_file_commit() syncs it,
 * gives it its name (what had that name is replaced), syncs the folder. Only
 * one of commit and abort is called; both free. spool_file_new() gives NULL
 * and errno. Write errors are kept and given back by commit.
 */
struct spool_file;
struct spool_file *spool_file_new(
	const struct spool *spool, enum spool_folder folder, const char *name);
int spool_file_fd(struct spool_file *file); /* what was written lies in it */
int spool_file_write(struct spool_file *file, const void *data, size_t len);
int spool_file_commit(struct spool_file *file);
void spool_file_abort(struct spool_file *file);

/* "ID-NAMEsuffix", NAME cut between characters where the whole would be too
 * long for a folder; id 0: without "ID-". out has SPOOL_NAME_MAX bytes. */
enum { SPOOL_NAME_MAX = 256 };
void spool_name(int64_t id, const char *name, const char *suffix, char *out);

/*
 * name, or "name.2", ...: the first of which failed/ has neither .reason nor
 * .sealed yet; and the one before it, "" when that is the first. Each has
 * SPOOL_NAME_MAX bytes.
 */
void spool_failed_name(
	const struct spool *spool, const char *name, char *next, char *last);

/* The end of failed/NAME.reason, NUL-terminated, "" when there is none; and
 * whether there is a failed/NAME.sealed. */
void spool_failed_end(
	const struct spool *spool, const char *name, char *out, size_t cap);
bool spool_failed_has(const struct spool *spool, const char *name);

/* Bytes that failed/ has room for. */
uint64_t spool_failed_room(const struct spool *spool);

/* Every name in incoming/ that a batch file may have. */
void spool_each_incoming(const struct spool *spool, spool_fn *fn, void *ctx);

#endif
