/*
 * batch: bytes into records, and records into rows. Never holds more than one
 * record, and wipes it as soon as it was given on.
 */
#include "agent/batch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/batch_private.h"
#include "agent/utf8.h"

enum { WARNINGS_MAX = 100, SWALLOWED_DIGITS = 10 /* no PIN has less */ };

enum stage {
	STAGE_FIRST_LINE, /* a byte order mark and "sep=" may stand here */
	STAGE_HEADER,     /* directives, and the line that names columns */
	STAGE_FIRST_ROW,  /* directives may still come */
	STAGE_ROWS,
	STAGE_FAILED
};

/* Where in a cell the next byte stands. */
enum quote { QUOTE_CELL_START, QUOTE_NONE, QUOTE_IN, QUOTE_CLOSED };

struct batch_parser {
	enum batch_kind kind;
	struct batch_events events;
	struct batch_decoder decoder;
	struct batch_defaults defaults;
	enum stage stage;
	enum quote quote;
	bool too_long;
	unsigned line;        /* of the next byte, from 1 */
	unsigned row_line;    /* that the record begins on */
	unsigned inner_lines; /* that end inside it */
	size_t len;
	char record[BATCH_ROW_MAX + 1]; /* and the CR of a CRLF */
	unsigned warnings;
	char *name;
	char delimiter; /* 0: not known yet */
	struct batch_csv *csv;
	size_t column_count;
	uint8_t columns[BATCH_COLUMNS_MAX];
	char error[BATCH_ERROR_MAX];
	int rc;
};

/* ---- names ------------------------------------------------------------- */

static bool
ends_in(const char *name, const char *ending)
{
	size_t len = strlen(name);
	size_t n = strlen(ending);

	return len > n && strcasecmp(name + len - n, ending) == 0;
}

int
batch_kind_of(const char *name, enum batch_kind *kind)
{
	if (ends_in(name, ".csv"))
		*kind = BATCH_CSV;
	else if (ends_in(name, ".txt"))
		*kind = BATCH_TXT;
	else
		return -EINVAL;
	return 0;
}

struct batch_parser *
batch_parser_new(enum batch_kind kind, const char *name,
	const struct batch_events *events)
{
	struct batch_parser *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->kind = kind;
	p->events = *events;
	p->defaults.priority = 5;
	p->line = 1;
	p->row_line = 1;
	p->column_count = 1; /* of a text file: the PIN */
	p->columns[0] = BATCH_COLUMN_PIN;
	p->name = strdup(name);
	if (p->name)
		return p;
	free(p);
	return NULL;
}

void
batch_parser_free(struct batch_parser *p)
{
	if (!p)
		return;
	batch_csv_free(p->csv);
	free(p->name);
	explicit_bzero(p, sizeof(*p));
	free(p);
}

/* ---- what is told ------------------------------------------------------ */

static void fail(struct batch_parser *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
fail(struct batch_parser *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(p->error, sizeof(p->error), format, args);
	va_end(args);
	p->stage = STAGE_FAILED;
	p->rc = -EINVAL;
}

static void
fail_no_memory(struct batch_parser *p)
{
	fail(p, "out of memory");
	p->rc = -ENOMEM;
}

static void
fault(struct batch_parser *p, const char *reason)
{
	p->events.on_fault(p->events.ctx, p->row_line, reason);
}

/* A file of a million rows must not fill the log. */
static void
warn(struct batch_parser *p, const char *text)
{
	if (++p->warnings > WARNINGS_MAX || !p->events.on_warning)
		return;
	p->events.on_warning(p->events.ctx, p->row_line,
		p->warnings == WARNINGS_MAX ? "more warnings are not told"
					    : text);
}

/* ---- the line that names the columns ----------------------------------- */

static void
warn_ignored(struct batch_parser *p, struct span name)
{
	char text[80];
	bool tell = name.len <= 32;

	/* Whatever has digits in it may be a PIN. */
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.ptr[i] < ' ' ||
			(name.ptr[i] >= '0' && name.ptr[i] <= '9'))
			tell = false;
	if (tell)
		(void)snprintf(text, sizeof(text), "column '%.*s' is ignored",
			(int)name.len, name.ptr);
	else
		(void)snprintf(text, sizeof(text), "column %zu is ignored",
			p->column_count + 1);
	warn(p, text);
}

static void
on_header_cell(void *ctx, struct span cell)
{
	struct batch_parser *p = ctx;
	struct span name = span_trim(cell);
	enum batch_column column = batch_column_of(name);

	/* As many as a record has bytes, and one: it cannot be more. */
	p->columns[p->column_count++] = (uint8_t)column;
}

static void
on_told_cell(void *ctx, struct span cell)
{
	struct batch_parser *p = ctx;
	struct span name = span_trim(cell);

	if (p->columns[p->column_count] == BATCH_COLUMN_IGNORED && name.len > 0)
		warn_ignored(p, name);
	p->column_count++;
}

static size_t
count_column(const struct batch_parser *p, enum batch_column column)
{
	size_t count = 0;

	for (size_t i = 0; i < p->column_count; i++)
		count += p->columns[i] == column;
	return count;
}

/* Whether the line, cut at that sign, has a column for PINs. */
static bool
try_delimiter(struct batch_parser *p, struct span line, char delimiter)
{
	batch_csv_free(p->csv);
	p->csv = batch_csv_new(delimiter);
	p->column_count = 0;
	if (!p->csv) {
		fail_no_memory(p);
		return false;
	}
	if (batch_csv_read(p->csv, line, on_header_cell, p) < 0 ||
		count_column(p, BATCH_COLUMN_PIN) == 0)
		return false;
	p->delimiter = delimiter;
	return true;
}

/* A first line that is a row already may be a PIN: nothing of it is told. */
static void
take_header(struct batch_parser *p, struct span line)
{
	const char signs[] = {',', ';', '\t', '\0'};
	char given[] = {p->delimiter, '\0'};
	const char *sign = p->delimiter ? given : signs;

	while (*sign && !try_delimiter(p, line, *sign))
		sign++;
	if (p->stage == STAGE_FAILED)
		return;
	if (*sign == '\0') {
		fail(p, "line %u: no column is named pin", p->row_line);
		return;
	}
	for (int i = 0; i < BATCH_COLUMN_COUNT; i++) {
		if (count_column(p, (enum batch_column)i) < 2)
			continue;
		fail(p, "line %u: two columns are named %s", p->row_line,
			batch_column_name((enum batch_column)i));
		return;
	}
	p->column_count = 0;
	(void)batch_csv_read(p->csv, line, on_told_cell, p); /* as before */
	p->stage = STAGE_FIRST_ROW;
}

/* ---- rows -------------------------------------------------------------- */

/* Lines of a cell behind its first, when there are digits for a card. */
static size_t
swallowed_lines(struct span cell)
{
	size_t lines = 0, digits = 0;

	for (size_t i = 0; i < cell.len; i++) {
		lines += cell.ptr[i] == '\n';
		digits += lines > 0 && cell.ptr[i] >= '0' && cell.ptr[i] <= '9';
	}
	return digits >= SWALLOWED_DIGITS ? lines : 0;
}

/* A quote that was none takes the rows behind it for its text, up to the next
 * one; where nobody reads the cell, nobody would notice. */
static void
warn_swallowed(
	struct batch_parser *p, enum batch_column column, struct span cell)
{
	char text[128];
	size_t lines = 0;

	if (column == BATCH_COLUMN_IGNORED || column == BATCH_COLUMN_NOTE)
		lines = swallowed_lines(cell);
	if (lines == 0)
		return;
	(void)snprintf(text, sizeof(text),
		"a quote takes %zu more lines into its cell: cards in them "
		"were not read",
		lines);
	warn(p, text);
}

struct reading {
	struct batch_parser *parser;
	struct batch_row row;
	size_t cell;
	bool empty;         /* no cell had anything in it */
	const char *reason; /* the first that is wrong */
};

static void
on_cell(void *ctx, struct span text)
{
	struct reading *r = ctx;
	struct batch_parser *p = r->parser;
	struct span cell = span_trim(text);
	const char *reason = NULL;

	if (cell.len > 0) {
		r->empty = false;
		if (r->cell < p->column_count)
			warn_swallowed(p,
				(enum batch_column)p->columns[r->cell], cell);
		reason = r->cell < p->column_count
		                 ? batch_row_put(&r->row,
					   (enum batch_column)
						   p->columns[r->cell],
					   cell)
		                 : "more cells than columns";
	}
	if (!r->reason)
		r->reason = reason;
	r->cell++;
}

static void
give_row(struct batch_parser *p, struct reading *r)
{
	r->row.line = p->row_line;
	if (!r->reason)
		r->reason = batch_row_complete(&r->row, &p->defaults);
	if (r->reason)
		fault(p, r->reason);
	else
		p->events.on_row(p->events.ctx, &r->row);
}

static void
take_row(struct batch_parser *p, struct span record)
{
	struct reading r = {.parser = p, .empty = true};
	int rc = 0;

	if (p->kind == BATCH_CSV)
		rc = batch_csv_read(p->csv, record, on_cell, &r);
	else
		on_cell(&r, record);
	if (rc == -ENOMEM)
		fail_no_memory(p);
	else if (rc < 0)
		fault(p, "quotes that do not fit together");
	else if (!r.empty)
		give_row(p, &r);
	explicit_bzero(&r, sizeof(r));
}

static const char *
record_fault(const struct batch_parser *p, struct span record)
{
	if (p->too_long || record.len > BATCH_ROW_MAX)
		return "too long";
	if (memchr(record.ptr, '\0', record.len))
		return "a NUL byte";
	if (!utf8_is_valid(record))
		return "not UTF-8";
	return NULL;
}

/* ---- lines before the first row ---------------------------------------- */

/* A spreadsheet fills short lines up with empty cells. */
static struct span
without_empty_cells(const struct batch_parser *p, struct span line)
{
	while (p->kind == BATCH_CSV && line.len > 0 &&
		strchr(",;\t ", line.ptr[line.len - 1]))
		line.len--;
	return line;
}

static void
take_directive(struct batch_parser *p, struct span line)
{
	bool ignored;
	const char *reason = batch_directive_take(
		&p->defaults, without_empty_cells(p, line), &ignored);

	if (reason)
		fail(p, "line %u: %s", p->row_line, reason);
	else if (ignored)
		warn(p, "a line that is no directive is ignored");
}

/* "sep=;", as some spreadsheets write and want it. */
static bool
take_separator(struct batch_parser *p, struct span line)
{
	if (p->kind != BATCH_CSV || line.len != 5 ||
		strncasecmp(line.ptr, "sep=", 4) != 0)
		return false;
	p->delimiter = line.ptr[4];
	if (p->delimiter != ',' && p->delimiter != ';' && p->delimiter != '\t')
		fail(p, "line 1: sep= names neither comma, semicolon nor tab");
	return true;
}

static void
begin_rows(struct batch_parser *p)
{
	if (p->kind == BATCH_TXT)
		batch_directive_of_name(&p->defaults, p->name);
	p->stage = STAGE_ROWS;
}

static void
take_line(struct batch_parser *p, struct span line)
{
	const char *reason = record_fault(p, line);
	bool first = p->stage == STAGE_FIRST_LINE;

	if (first)
		p->stage =
			p->kind == BATCH_CSV ? STAGE_HEADER : STAGE_FIRST_ROW;
	/* A row may be bad; a line that rules all rows must not be. */
	if (reason && (p->stage == STAGE_HEADER ||
			      (line.len > 0 && line.ptr[0] == '#'))) {
		fail(p, "line %u: %s", p->row_line, reason);
		return;
	}
	if (!reason && span_trim(line).len == 0)
		return;
	if (!reason && line.ptr[0] == '#')
		take_directive(p, line);
	else if (first && !reason && take_separator(p, line))
		return;
	else if (p->stage == STAGE_HEADER)
		take_header(p, line);
	else {
		begin_rows(p);
		if (reason)
			fault(p, reason);
		else
			take_row(p, line);
	}
}

/* ---- records ----------------------------------------------------------- */

static void
take_record(struct batch_parser *p, struct span record)
{
	/* RFC 3629 section 6; U+FEFF, from UTF-16 too */
	if (p->stage == STAGE_FIRST_LINE &&
		span_starts(record, span_str("\xef\xbb\xbf")))
		record = span_skip(record, 3);
	if (p->stage != STAGE_ROWS) {
		take_line(p, record);
		return;
	}
	const char *reason = record_fault(p, record);

	if (reason)
		fault(p, reason);
	else
		take_row(p, record);
}

static void
end_record(struct batch_parser *p)
{
	size_t len = p->len;

	if (len > 0 && p->record[len - 1] == '\r' && !p->too_long)
		len--;
	if (p->inner_lines > 0 && (p->too_long || len > BATCH_ROW_MAX))
		warn(p, "a row that is too long goes on over several lines: "
			"its quote may be a stray one");
	if (len > 0 || p->too_long)
		take_record(p, span_of(p->record, len));
	explicit_bzero(p->record, p->len);
	p->len = 0;
	p->too_long = false;
	p->inner_lines = 0;
	p->row_line = p->line;
	p->quote = QUOTE_CELL_START;
}

/* Only rows of a CSV have quotes; a directive has not. */
static bool
has_quotes(const struct batch_parser *p)
{
	if (p->kind != BATCH_CSV)
		return false;
	return p->stage == STAGE_ROWS ||
	       (p->stage == STAGE_FIRST_ROW &&
		       (p->len == 0 || p->record[0] != '#'));
}

/* As libcsv sees it: a quote opens only at the start of a cell. */
static enum quote
next_quote(const struct batch_parser *p, char c)
{
	switch (p->quote) {
	case QUOTE_NONE:
		return c == p->delimiter ? QUOTE_CELL_START : QUOTE_NONE;
	case QUOTE_CELL_START:
		if (c == p->delimiter)
			return QUOTE_CELL_START;
		if (c == '"')
			return QUOTE_IN;
		return c == ' ' || c == '\t' ? QUOTE_CELL_START : QUOTE_NONE;
	case QUOTE_IN:
		return c == '"' ? QUOTE_CLOSED : QUOTE_IN;
	case QUOTE_CLOSED:
		if (c == p->delimiter)
			return QUOTE_CELL_START;
		return c == '"' ? QUOTE_IN : QUOTE_NONE; /* one of a pair */
	}
	return QUOTE_NONE;
}

static void
take_byte(struct batch_parser *p, char c)
{
	p->line += c == '\n';
	if (c == '\n' && p->quote != QUOTE_IN) {
		end_record(p);
		return;
	}
	p->inner_lines += c == '\n';
	if (has_quotes(p))
		p->quote = next_quote(p, c);
	if (p->len < sizeof(p->record))
		p->record[p->len++] = c;
	else
		p->too_long = true;
}

int
batch_parser_feed(struct batch_parser *p, struct span piece)
{
	char bytes[BATCH_DECODED_MAX];

	for (size_t i = 0; i < piece.len && p->stage != STAGE_FAILED; i++) {
		size_t n = batch_decode(&p->decoder, piece.ptr[i], bytes);

		for (size_t k = 0; k < n && p->stage != STAGE_FAILED; k++)
			take_byte(p, bytes[k]);
	}
	explicit_bzero(bytes, sizeof(bytes));
	return p->rc;
}

int
batch_parser_finish(struct batch_parser *p)
{
	char byte[BATCH_DECODED_MAX];

	if (batch_decode_end(&p->decoder, byte) > 0 && p->stage != STAGE_FAILED)
		take_byte(p, byte[0]);
	if (p->stage != STAGE_FAILED && p->quote == QUOTE_IN)
		fail(p, "a quote that opens in the row of line %u never closes",
			p->row_line);
	if (p->stage != STAGE_FAILED)
		end_record(p);
	if (p->stage == STAGE_HEADER ||
		(p->stage == STAGE_FIRST_LINE && p->kind == BATCH_CSV))
		fail(p, "no line names the columns");
	explicit_bzero(p->record, sizeof(p->record));
	p->len = 0;
	return p->rc;
}

const char *
batch_parser_error(const struct batch_parser *p)
{
	return p->error;
}

unsigned
batch_parser_priority(const struct batch_parser *p)
{
	return p->defaults.priority;
}

const char *
batch_parser_note(const struct batch_parser *p)
{
	return p->defaults.note;
}
