/*
 * report: one row of reports/ID-NAME.csv (RFC 4180, UTF-8, CRLF). Cells
 * that a spreadsheet would take for a formula begin with a quote mark.
 * Pure.
 */
#ifndef AGENT_REPORT_H
#define AGENT_REPORT_H

#include "modem/span.h"

#define REPORT_HEADER                                                          \
	"row,serial,pin,operator,amount,target,state,reason,credited,modem,"   \
	"attempts,finished_at,reply\r\n"

enum { REPORT_ROW_MAX = 16384 };

/*
 * Joins cells into one CSV line with its CRLF, without a NUL. 0 or -ENOSPC.
 */
int report_row(const struct span *cells, size_t count, char *out, size_t cap,
	size_t *len);

/* Milliseconds since the epoch as RFC 3339 in UTC ("2026-01-31T09:30:00Z"),
 * "" for 0. out has REPORT_TIME_MAX bytes. */
enum { REPORT_TIME_MAX = 32 };
void report_time(int64_t wall_ms, char *out);

#endif
