/*
 * metrics_file_private: what the files of metrics_file share: metrics_file.c
 * writes, metrics_file_tally.c counts, metrics_file_gather.c says what is.
 */
#ifndef AGENT_METRICS_FILE_PRIVATE_H
#define AGENT_METRICS_FILE_PRIVATE_H

#include "agent/ledger.h"
#include "agent/metrics.h"
#include "agent/metrics_file.h"

enum { METRICS_TALLIES_MAX = 256 };

/* Ends of attempts, by operator and verdict. */
struct metrics_count {
	char operator[32], verdict[24];
	int64_t count, stored;
};

/*
 * 1. Counted are the audit entries up to seq; in the ledger is what was counted
 *    up to stored_seq, and both are stored in one turn.
 */
struct metrics_tally {
	int64_t seq, stored_seq;
	size_t count;
	struct metrics_count counts[METRICS_TALLIES_MAX];
};

/* metrics_file_tally.c */
void metrics_tally_load(struct metrics_tally *tally, struct turn *turn);
/* One slice; whether there is more. */
bool metrics_tally_count(struct metrics_tally *tally, struct turn *turn);
/* In this turn, where something was counted. */
void metrics_tally_store(struct metrics_tally *tally, struct turn *turn);

/* metrics_file_gather.c: all but the signals, which change each minute; and
 * these. up: the daemon goes on. */
void metrics_gather(const struct metrics_file_parts *parts,
	const struct metrics_tally *tally, bool up, struct metrics *out);
void metrics_gather_signals(
	const struct metrics_file_parts *parts, struct metrics *out);

#endif
