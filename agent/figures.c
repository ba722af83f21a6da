/*
 * figures: rows of sums, found by their key. It must never add two
 * currencies, nor let a sum run over.
 */
#include "agent/figures.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Pointers in order: a new row moves no other. */
struct figures {
	struct figures_row **rows;
	size_t count, cap;
	struct figures_row *last; /* the next card is often of it, too */
};

static int
compare(const struct figures_key *a, const struct figures_key *b)
{
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	int order = strcmp(a->text, b->text);
	if (order == 0)
		order = strcmp(a->currency, b->currency);
	if (order == 0 && a->decimals != b->decimals)
		order = a->decimals < b->decimals ? -1 : 1;
	return order;
}

struct figures *
figures_new(void)
{
	struct figures *figures = calloc(1, sizeof(*figures));
	if (figures == NULL)
		abort();
	return figures;
}

void
figures_free(struct figures *figures)
{
	if (figures == NULL)
		return;
	for (size_t i = 0; i < figures->count; i++)
		free(figures->rows[i]);
	free(figures->rows);
	free(figures);
}

/* Where it stands, or would stand. */
static size_t
find(const struct figures *figures, const struct figures_key *key)
{
	size_t low = 0, high = figures->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(&figures->rows[middle]->key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct figures_row *
insert(struct figures *figures, size_t at, const struct figures_key *key)
{
	struct figures_row *row = calloc(1, sizeof(*row));
	if (figures->count == figures->cap) {
		figures->cap = 2 * figures->cap + 16;
		figures->rows = reallocarray(figures->rows, figures->cap,
			sizeof(struct figures_row *));
	}
	if (row == NULL || figures->rows == NULL)
		abort();
	row->key = *key;
	row->opening_minor = row->closing_minor = MONEY_NONE;
	memmove(figures->rows + at + 1, figures->rows + at,
		(figures->count - at) * sizeof(struct figures_row *));
	figures->rows[at] = row;
	figures->count++;
	return row;
}

struct figures_row *
figures_row(struct figures *figures, const struct figures_key *key)
{
	struct figures_row *last = figures->last;
	if (last != NULL && compare(&last->key, key) == 0)
		return last;
	size_t at = find(figures, key);
	if (at < figures->count && compare(&figures->rows[at]->key, key) == 0)
		figures->last = figures->rows[at];
	else if (figures->count == FIGURES_ROWS_MAX)
		return NULL;
	else
		figures->last = insert(figures, at, key);
	return figures->last;
}

const struct figures_row *
figures_at(const struct figures *figures, size_t i)
{
	return i < figures->count ? figures->rows[i] : NULL;
}

/* ---- sums ---------------------------------------------------------------- */

static int64_t
sum(int64_t a, int64_t b)
{
	int64_t out;
	if (__builtin_add_overflow(a, b, &out) || out == MONEY_NONE)
		return a > 0 ? INT64_MAX : -INT64_MAX;
	return out;
}

void
figures_add_card(struct figures_row *row, enum figures_kind kind, int64_t minor)
{
	row->counts[kind]++;
	if (minor == MONEY_NONE)
		row->no_worth++;
	else
		row->minor[kind] = sum(row->minor[kind], minor);
}

void
figures_add_account(
	struct figures_row *row, int64_t opening_minor, int64_t closing_minor)
{
	bool first = row->opening_minor == MONEY_NONE;
	row->opening_minor =
		first ? opening_minor : sum(row->opening_minor, opening_minor);
	row->closing_minor =
		first ? closing_minor : sum(row->closing_minor, closing_minor);
}

/* ---- local days ---------------------------------------------------------- */

enum { HOUR_S = 3600, DAY_MS = 24 * HOUR_S * 1000 };

/* Midnight, or where a clock skips it the first moment after it: mktime() may
 * take the hour before for it then. */
static int64_t
day_of(int64_t wall_ms, int later)
{
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm, found;
	if (localtime_r(&t, &tm) == NULL)
		return wall_ms;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday += later;
	tm.tm_isdst = -1;
	time_t start = mktime(&tm);
	if (localtime_r(&start, &found) != NULL && found.tm_hour == 23)
		start += HOUR_S;
	return (int64_t)start * 1000;
}

int64_t
figures_day(int64_t wall_ms)
{
	return day_of(wall_ms, 0);
}

int64_t
figures_day_later(int64_t day_wall_ms, int days)
{
	int64_t day = day_of(day_wall_ms, days);
	/* Whoever counts days comes to an end, whatever the zone does. */
	return days > 0 && day <= day_wall_ms ? day_wall_ms + DAY_MS : day;
}
