/*
 * metrics_file: states and counters of the daemon in a file for the textfile
 * collector of Prometheus' node_exporter. Counters never go back: they are
 * counted from the audit, whose entries are final, and kept in the ledger. It
 * decides nothing.
 */
#ifndef AGENT_METRICS_FILE_H
#define AGENT_METRICS_FILE_H

#include <stdint.h>

struct dispatch;
struct fleet;
struct loop;
struct metrics_file;
struct turn;

struct metrics_file_parts {
	struct loop *loop;
	struct turn *turn;
	struct fleet *fleet;
	struct dispatch *dispatch;
};

/* Unchanged it is written again after so long: its age says that we live. */
enum { METRICS_BEAT_MS = 3600000 };

/* Writes nothing before metrics_file_set(). Borrows the parts. */
struct metrics_file *metrics_file_new(const struct metrics_file_parts *parts);
void metrics_file_free(struct metrics_file *file);

/* From now on there (copied), at most that often; NULL: nowhere. A file that
 * is left says that the daemon is down. */
void metrics_file_set(
	struct metrics_file *file, const char *path, int64_t interval_ms);

/* The daemon ends: says so, while the modems are still there. */
void metrics_file_finish(struct metrics_file *file);

#endif
