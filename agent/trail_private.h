/*
 * trail_private: what trail.c and trail_report.c share. Nobody else may
 * include it.
 */
#ifndef AGENT_TRAIL_PRIVATE_H
#define AGENT_TRAIL_PRIVATE_H

#include <stdint.h>

#include "agent/trail.h"

struct loop;
struct spool;
struct turn;
struct trail_reports;

/* Writes the reports that are owed. Borrows all. */
struct trail_reports *trail_reports_new(
	struct loop *loop, struct turn *turn, const struct spool *spool);
void trail_reports_free(struct trail_reports *reports);

/* Something was committed: a report may be owed. */
void trail_reports_wake(struct trail_reports *reports);

/* One slice of the report under way. After a commit only: what the ledger
 * gives then is on disk. */
void trail_reports_step(struct trail_reports *reports);

#endif
