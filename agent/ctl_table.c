/*
 * ctl_table: objects as a table that fits the terminal. The first rows say
 * how wide the columns are; after them rows are printed as they come, so a
 * list of any length needs bounded memory. On what is no terminal nothing
 * is cut and no column is left out; a sentence is cut nowhere. Where not even
 * the columns that matter have room, each cell has a line of its own.
 */
#include "agent/ctl_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/json.h"

enum { LOOK_ROWS = 200, COLUMNS_MAX = 24, GAP = 2, LABEL_MAX = 40 };

struct ctl_table {
	const struct ctl_column *columns;
	const struct ctl_screen *screen;
	size_t count; /* of columns */
	size_t rows;
	char *cells[LOOK_ROWS][COLUMNS_MAX];
	size_t kept; /* rows of cells; not printed yet */
	unsigned widths[COLUMNS_MAX];
	bool left_out[COLUMNS_MAX];
	bool laid_out;
	bool stacked; /* too narrow for columns: a line for each cell */
};

const struct json *
ctl_table_find(const struct json *object, const char *path)
{
	const char *dot = strchr(path, '.');
	char head[32];
	if (dot == NULL || (size_t)(dot - path) >= sizeof(head))
		return json_get(object, path);
	memcpy(head, path, (size_t)(dot - path));
	head[dot - path] = '\0';
	const struct json *inner = json_get(object, head);
	return inner == NULL ? NULL : ctl_table_find(inner, dot + 1);
}

char *
ctl_table_cell(const struct json *value, enum ctl_cell kind)
{
	char number[CTL_TIME_MAX];
	int64_t n;
	if (value == NULL)
		return ctl_text_clean("");
	if (json_number(value, &n) == 0) {
		(void)snprintf(number, sizeof(number), "%lld", (long long)n);
		return ctl_text_clean(number);
	}
	const char *text = json_text(value);
	if (text == NULL)
		return ctl_text_clean("");
	if (kind != CELL_TIME)
		return ctl_text_clean(text);
	ctl_text_time(text, number);
	return ctl_text_clean(number);
}

struct ctl_table *
ctl_table_new(const struct ctl_column *columns, const struct ctl_screen *screen)
{
	struct ctl_table *table = calloc(1, sizeof(*table));
	if (table == NULL)
		abort();
	table->columns = columns;
	table->screen = screen;
	while (table->count < COLUMNS_MAX &&
		columns[table->count].title != NULL)
		table->count++;
	return table;
}

/* ---- layout -------------------------------------------------------------- */

static unsigned
total_width(const struct ctl_table *table)
{
	unsigned total = 0;
	for (size_t c = 0; c < table->count; c++) {
		if (!table->left_out[c])
			total += table->widths[c] + (total > 0 ? GAP : 0);
	}
	return total;
}

/* Takes what is too much from the widest column that may be cut. */
static bool
shrink_one(struct ctl_table *table, unsigned too_much)
{
	size_t widest = table->count;
	for (size_t c = 0; c < table->count; c++) {
		const struct ctl_column *column = &table->columns[c];
		if (table->left_out[c] || column->least == 0 ||
			table->widths[c] <= column->least)
			continue;
		if (widest == table->count ||
			table->widths[c] > table->widths[widest])
			widest = c;
	}
	if (widest == table->count)
		return false;
	unsigned spare = table->widths[widest] - table->columns[widest].least;
	table->widths[widest] -= spare < too_much ? spare : too_much;
	return true;
}

static bool
drop_one(struct ctl_table *table)
{
	size_t first = table->count;
	for (size_t c = 0; c < table->count; c++) {
		unsigned drop = table->columns[c].drop;
		if (table->left_out[c] || drop == 0)
			continue;
		if (first == table->count || drop > table->columns[first].drop)
			first = c;
	}
	if (first == table->count)
		return false;
	table->left_out[first] = true;
	return true;
}

/* The width it would have with every column cut as far as it may be. */
static unsigned
least_width(const struct ctl_table *table)
{
	unsigned total = 0;
	for (size_t c = 0; c < table->count; c++) {
		unsigned least = table->columns[c].least;
		unsigned width = table->widths[c];
		if (least > 0 && least < width)
			width = least;
		if (!table->left_out[c])
			total += width + (total > 0 ? GAP : 0);
	}
	return total;
}

/* In a list that is all there, what nobody has needs no column. */
static void
leave_out_empty(struct ctl_table *table)
{
	for (size_t c = 0; c < table->count; c++) {
		bool empty = table->columns[c].drop > 0;
		for (size_t r = 0; r < table->kept && empty; r++)
			empty = table->cells[r][c][0] == '\0';
		if (empty)
			table->left_out[c] = true;
	}
}

/* They stand below their rows then. */
static void
leave_out_sentences(struct ctl_table *table)
{
	for (size_t c = 0; c < table->count; c++)
		if (table->columns[c].kind == CELL_SENTENCE)
			table->left_out[c] = true;
}

static void
lay_out(struct ctl_table *table)
{
	for (size_t c = 0; c < table->count; c++) {
		table->widths[c] = ctl_text_width(table->columns[c].title);
		for (size_t r = 0; r < table->kept; r++) {
			unsigned width = ctl_text_width(table->cells[r][c]);
			if (width > table->widths[c])
				table->widths[c] = width;
		}
	}
	table->laid_out = true;
	unsigned limit = table->screen->width;
	if (limit == 0)
		return;
	if (total_width(table) > limit)
		leave_out_sentences(table);
	while (least_width(table) > limit && drop_one(table))
		;
	table->stacked = least_width(table) > limit;
	while (total_width(table) > limit &&
		shrink_one(table, total_width(table) - limit))
		;
}

/* ---- printing ------------------------------------------------------------ */

/* Blanks are owed until something follows them: no line ends with any. */
static void
print_cell(const struct ctl_table *table, size_t c, char *text, unsigned *owed)
{
	const struct ctl_screen *screen = table->screen;
	enum ctl_cell kind = table->columns[c].kind;
	/* Half a number is another number: it is never cut. */
	if (screen->width > 0 && kind != CELL_NUMBER)
		ctl_text_cut(text, table->widths[c]);
	unsigned width = ctl_text_width(text);
	unsigned pad = width < table->widths[c] ? table->widths[c] - width : 0;
	if (text[0] == '\0') {
		*owed += table->widths[c];
		return;
	}
	if (kind == CELL_NUMBER)
		*owed += pad;
	const char *colour =
		kind == CELL_STATE ? ctl_screen_colour(screen, text) : "";
	(void)fprintf(screen->file, "%*s%s%s%s", (int)*owed, "", colour, text,
		colour[0] != '\0' ? ctl_screen_plain(screen) : "");
	*owed = kind == CELL_NUMBER ? 0 : pad;
}

/* One of a later row may be longer than those that gave the width. */
static bool
stands_below(const struct ctl_table *table, size_t c, const char *text)
{
	return table->columns[c].kind == CELL_SENTENCE &&
	       table->screen->width > 0 && text[0] != '\0' &&
	       (table->left_out[c] || ctl_text_width(text) > table->widths[c]);
}

static void
print_below(const struct ctl_table *table, char **cells)
{
	static const char indent[] = "    ";
	for (size_t c = 0; c < table->count; c++) {
		if (!stands_below(table, c, cells[c]))
			continue;
		(void)fputs(indent, table->screen->file);
		ctl_text_wrap(table->screen, indent, cells[c]);
		(void)fputc('\n', table->screen->file);
	}
}

static void
print_row(const struct ctl_table *table, char **cells)
{
	unsigned owed = 0;
	bool first = true;
	char none[] = "";
	for (size_t c = 0; c < table->count; c++) {
		if (table->left_out[c])
			continue;
		owed += first ? 0 : GAP;
		print_cell(table, c,
			stands_below(table, c, cells[c]) ? none : cells[c],
			&owed);
		first = false;
	}
	(void)fputc('\n', table->screen->file);
}

static void
print_field(const struct ctl_screen *screen, const char *before,
	const struct ctl_column *field, char *text)
{
	const char *colour = field->kind == CELL_STATE
	                             ? ctl_screen_colour(screen, text)
	                             : "";
	(void)fprintf(screen->file, "%-*s%s", (int)strlen(before), field->title,
		colour);
	ctl_text_wrap(screen, before, text);
	(void)fprintf(screen->file, "%s\n",
		colour[0] != '\0' ? ctl_screen_plain(screen) : "");
}

/* Blanks as wide as the longest title and the gap. */
static void
print_indent(const struct ctl_column *columns, char before[LABEL_MAX])
{
	int label = 0;
	for (size_t i = 0; columns[i].title != NULL; i++) {
		int width = (int)ctl_text_width(columns[i].title);
		if (width > label)
			label = width;
	}
	(void)snprintf(before, LABEL_MAX, "%*s", label + GAP, "");
}

/* One row as a block; an empty line between two. */
static void
print_block(const struct ctl_table *table, char **cells, bool first)
{
	char before[LABEL_MAX];
	print_indent(table->columns, before);
	if (!first)
		(void)fputc('\n', table->screen->file);
	for (size_t c = 0; c < table->count; c++)
		if (cells[c][0] != '\0')
			print_field(table->screen, before, &table->columns[c],
				cells[c]);
}

static void
print_titles(const struct ctl_table *table)
{
	char *titles[COLUMNS_MAX];
	for (size_t c = 0; c < table->count; c++)
		titles[c] = ctl_text_clean(table->columns[c].title);
	print_row(table, titles);
	for (size_t c = 0; c < table->count; c++)
		free(titles[c]);
}

static void
print_kept(struct ctl_table *table)
{
	bool begins = !table->laid_out;
	if (begins)
		lay_out(table);
	if (begins && !table->stacked)
		print_titles(table);
	for (size_t r = 0; r < table->kept; r++) {
		if (table->stacked) {
			print_block(table, table->cells[r], begins && r == 0);
		} else {
			print_row(table, table->cells[r]);
			print_below(table, table->cells[r]);
		}
		for (size_t c = 0; c < table->count; c++)
			free(table->cells[r][c]);
	}
	table->kept = 0;
}

void
ctl_table_row(struct ctl_table *table, const struct json *row)
{
	char **cells = table->cells[table->kept++];
	for (size_t c = 0; c < table->count; c++) {
		const struct ctl_column *column = &table->columns[c];
		cells[c] = ctl_table_cell(
			ctl_table_find(row, column->key), column->kind);
	}
	table->rows++;
	if (table->laid_out || table->kept == LOOK_ROWS)
		print_kept(table);
}

size_t
ctl_table_end(struct ctl_table *table)
{
	size_t rows = table->rows;
	if (!table->laid_out)
		leave_out_empty(table);
	if (table->kept > 0)
		print_kept(table);
	free(table);
	return rows;
}

void
ctl_table_object(const struct ctl_column *fields, const struct json *object,
	const struct ctl_screen *screen)
{
	char before[LABEL_MAX];
	print_indent(fields, before);
	for (size_t i = 0; fields[i].title != NULL; i++) {
		char *text = ctl_table_cell(
			ctl_table_find(object, fields[i].key), fields[i].kind);
		if (text[0] != '\0')
			print_field(screen, before, &fields[i], text);
		free(text);
	}
}
