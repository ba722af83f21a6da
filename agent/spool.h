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
 * inotify, looks at it at start and every 60 seconds. NULL on failure; why
 * says it for people.
 */
struct spool *spool_open(struct loop *loop, const char *dir, gid_t group,
	spool_fn *fn, void *ctx, char *why, size_t cap);
void spool_close(struct spool *spool);

/* Tells every file that is there: at start, after a reload. */
void spool_scan(struct spool *spool);

/* Whether files wait in incoming/ (topupctl wait). */
bool spool_has_incoming(struct spool *spool);

/* Opens a waiting file for reading. A descriptor, or -errno: -EPERM what is
 * no plain file with one name. */
int spool_open_incoming(struct spool *spool, const char *name);

/* Removes a file that is in the ledger, and syncs the folder. 0 or -errno. */
int spool_remove_incoming(struct spool *spool, const char *name);

enum spool_folder { SPOOL_DONE, SPOOL_FAILED, SPOOL_REPORTS };

/*
 * A file being written under a hidden name. spool_file_commit() syncs it,
 * gives it its name, syncs the folder. In failed/ a name already taken gets
 * a number ("NAME.2"); elsewhere it replaces. Only one of commit and abort
 * is called; both free.
 */
struct spool_file;
struct spool_file *spool_file_new(const struct spool *spool,
	enum spool_folder folder, const char *name);
int spool_file_fd(const struct spool_file *file);
int spool_file_write(struct spool_file *file, const void *data, size_t len);
int spool_file_commit(struct spool_file *file);
void spool_file_abort(struct spool_file *file);

#endif
