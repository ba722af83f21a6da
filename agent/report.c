/*
 * report: cells into one CSV line. Must never let a cell become a formula:
 * replies, notes and names are foreign text that a person opens in a
 * spreadsheet.
 */
#include "agent/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct row {
	char *out;
	size_t cap;
	size_t len;
	bool full;
};

/* strchr() also finds the NUL at the end. */
static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

static void
put(struct row *row, char c)
{
	if (row->len == row->cap)
		row->full = true;
	else
		row->out[row->len++] = c;
}

/*
 * What spreadsheets take for the start of a formula: OWASP, "CSV Injection".
 * A negative number counts: a program cannot tell it from -1+cmd|'...'.
 * The full-width forms (U+FF0B, FF0D, FF1D, FF20) do as well in some locales.
 */
static bool
looks_like_formula(struct span cell)
{
	static const char *const full_width[] = {
		"\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\x9d", "\xef\xbc\xa0"};

	if (cell.len == 0)
		return false;
	if (is_one_of(cell.ptr[0], "=+-@\t\r\n"))
		return true;
	for (size_t i = 0; i < 4; i++)
		if (span_starts(cell, span_str(full_width[i])))
			return true;
	return false;
}

/* RFC 4180 section 2, rules 5 to 7; blanks at the ends would be trimmed. */
static bool
needs_quotes(struct span cell)
{
	if (cell.len == 0)
		return false;
	if (cell.ptr[0] == ' ' || cell.ptr[cell.len - 1] == ' ')
		return true;
	for (size_t i = 0; i < cell.len; i++)
		if (is_one_of(cell.ptr[i], ",;\"\r\n\t"))
			return true;
	return false;
}

static void
put_cell(struct row *row, struct span cell)
{
	bool quotes = needs_quotes(cell);

	if (quotes)
		put(row, '"');
	if (looks_like_formula(cell))
		put(row, '\'');
	for (size_t i = 0; i < cell.len; i++) {
		char c = cell.ptr[i];

		if (c == '"')
			put(row, '"');
		/* NUL, ESC and the like would end or colour somebody's view */
		if ((unsigned char)c < ' ' && !is_one_of(c, "\t\r\n"))
			c = '?';
		put(row, c);
	}
	if (quotes)
		put(row, '"');
}

int
report_row(const struct span *cells, size_t count, char *out, size_t cap,
	size_t *len)
{
	struct row row = {.out = out, .cap = cap};

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			put(&row, ',');
		put_cell(&row, cells[i]);
	}
	put(&row, '\r');
	put(&row, '\n');
	if (row.full)
		return -ENOSPC;
	*len = row.len;
	return 0;
}

void
report_time(int64_t wall_ms, char *out)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	out[0] = '\0';
	/* RFC 3339 has four digits for the year */
	if (wall_ms <= 0 || !gmtime_r(&seconds, &tm) || tm.tm_year > 8099)
		return;
	(void)strftime(out, REPORT_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
