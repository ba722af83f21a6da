/*
 * ledger_gauge: small questions of alarms and metrics. It must never walk over
 * the cards or attempts of years.
 */
#include "agent/ledger_read_gauge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/ledger_private.h"

int
ledger_last_credit(struct ledger *ledger, struct ledger_moment *out)
{
	sqlite3_stmt *stmt = ledger_take_n(ledger,
		"SELECT ifnull(max(a.ended),0), ifnull(max(a.ended_ran),0)"
		" FROM sim s JOIN attempt a ON a.id ="
		" (SELECT c.id FROM attempt c INDEXED BY attempt_credited"
		"  WHERE c.iccid = s.iccid AND c.credited = 1"
		"  ORDER BY c.id DESC LIMIT 1)",
		NULL, 0);
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1)
		*out = (struct ledger_moment){
			.wall_ms = sqlite3_column_int64(stmt, 0),
			.ran_ms = sqlite3_column_int64(stmt, 1)};
	ledger_give(ledger, stmt);
	return rc == 1 ? 0 : -EIO;
}

int
ledger_queued_batches(
	struct ledger *ledger, int64_t *count, int64_t *oldest_wall_ms)
{
	sqlite3_stmt *stmt = ledger_take_n(ledger,
		"SELECT count(*), ifnull(min(received),0) FROM batch"
		" WHERE accepted = 1 AND n_ready > 0",
		NULL, 0);
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1) {
		*count = sqlite3_column_int64(stmt, 0);
		*oldest_wall_ms = sqlite3_column_int64(stmt, 1);
	}
	ledger_give(ledger, stmt);
	return rc == 1 ? 0 : -EIO;
}

int
ledger_each_cursor(struct ledger *ledger, const char *prefix,
	ledger_cursor_fn *fn, void *ctx)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT name, seq FROM cursor WHERE name >= ?1 AND seq <> 0"
		" ORDER BY name",
		ledger_text(prefix));
	int rc = -EIO;
	bool more = stmt != NULL;
	while (more && (rc = ledger_step(ledger, stmt)) == 1) {
		const char *name = ledger_col_text(stmt, 0);
		more = strncmp(name, prefix, strlen(prefix)) == 0 &&
		       fn(ctx, name, sqlite3_column_int64(stmt, 1));
	}
	if (stmt != NULL)
		ledger_give(ledger, stmt);
	return rc < 0 ? rc : 0;
}

/* Of a note "attempt=1 fate=answered verdict=loaded ..."; false for another
 * entry. */
static bool
verdict_of(const char *note, char *out, size_t cap)
{
	struct span left = span_str(note);
	const char *at = strstr(note, " verdict=");
	if (!span_starts(left, span_str("attempt=")))
		return false;
	left = span_skip(left, span_find(left, ' '));
	if (!span_starts(left, span_str(" fate=")))
		return false;
	at = at != NULL ? at + strlen(" verdict=") : "none";
	return snprintf(out, cap, "%.*s", (int)strcspn(at, " "), at) < (int)cap;
}

int
ledger_each_verdict(struct ledger *ledger, int64_t after, int64_t limit,
	int64_t *last, ledger_verdict_fn *fn, void *ctx)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT a.seq, a.note, v.operator FROM audit a"
		" LEFT JOIN voucher v ON v.id = a.voucher"
		" WHERE a.seq > ?1 ORDER BY a.seq LIMIT ?2",
		ledger_int(after), ledger_int(limit));
	int rc = -EIO;
	char verdict[32];
	*last = after;
	while (stmt != NULL && (rc = ledger_step(ledger, stmt)) == 1) {
		*last = sqlite3_column_int64(stmt, 0);
		if (sqlite3_column_type(stmt, 2) != SQLITE_NULL &&
			verdict_of(ledger_col_text(stmt, 1), verdict,
				sizeof(verdict)))
			fn(ctx, ledger_col_text(stmt, 2), verdict);
	}
	if (stmt != NULL)
		ledger_give(ledger, stmt);
	return rc < 0 ? rc : 0;
}
