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

#include "agent/utf8.h"

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

/* One character; its length. What would end, turn or colour somebody's view
 * is a question mark. A spreadsheet that takes another sign than the comma
 * for the divider knows nothing of our quotes: behind such a sign a formula
 * is disarmed, too. */
static size_t
put_sign(struct row *row, struct span rest)
{
	uint32_t c = 0;
	size_t len = utf8_next(rest, &c);

	if (len == 0 || (utf8_acts(c) && !is_one_of(rest.ptr[0], "\t\r\n"))) {
		put(row, '?');
		return len == 0 ? 1 : len;
	}
	if (c == '"')
		put(row, '"');
	for (size_t i = 0; i < len; i++)
		put(row, rest.ptr[i]);
	struct span next = span_skip(rest, len);

	if (is_one_of(rest.ptr[0], ";\t\r\n") && next.len > 0 &&
		!is_one_of(next.ptr[0], "\t\r\n") && looks_like_formula(next))
		put(row, '\'');
	return len;
}

static void
put_cell(struct row *row, struct span cell)
{
	bool quotes = needs_quotes(cell);

	if (quotes)
		put(row, '"');
	if (looks_like_formula(cell))
		put(row, '\'');
	for (struct span rest = cell; rest.len > 0;)
		rest = span_skip(rest, put_sign(row, rest));
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
