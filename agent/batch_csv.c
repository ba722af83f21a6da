/*
 * batch_csv: the cells of one record, by libcsv. Must leave no PIN behind in
 * the library's buffer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "agent/batch_private.h"

struct batch_csv {
	struct csv_parser parser;
	char delimiter;
	batch_csv_fn *fn;
	void *ctx;
};

/* Only LF ends a row, and records come without it: a CR inside is foreign
 * text like any other. */
static int
is_term(unsigned char c)
{
	return c == '\n';
}

/* Strict: RFC 4180 section 2, rules 5 to 7. */
static int
begin(struct batch_csv *csv)
{
	if (csv_init(&csv->parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
		return -ENOMEM;
	csv_set_delim(&csv->parser, (unsigned char)csv->delimiter);
	csv_set_term_func(&csv->parser, is_term);
	/* One block holds the longest record: a second one would leave the
	 * first behind unwiped. */
	csv_set_blk_size(&csv->parser, BATCH_ROW_MAX + 16);
	return 0;
}

static void
end(struct batch_csv *csv)
{
	if (csv->parser.entry_buf)
		explicit_bzero(csv->parser.entry_buf, csv->parser.entry_size);
	csv_free(&csv->parser);
}

struct batch_csv *
batch_csv_new(char delimiter)
{
	struct batch_csv *csv = calloc(1, sizeof(*csv));

	if (!csv)
		return NULL;
	csv->delimiter = delimiter;
	if (begin(csv) == 0)
		return csv;
	free(csv);
	return NULL;
}

void
batch_csv_free(struct batch_csv *csv)
{
	if (!csv)
		return;
	end(csv);
	free(csv);
}

static void
on_cell(void *text, size_t len, void *ctx)
{
	struct batch_csv *csv = ctx;

	csv->fn(csv->ctx, span_of(text, len));
}

static void
on_record(int c, void *ctx)
{
	(void)c, (void)ctx; /* the caller knows where a record ends */
}

int
batch_csv_read(
	struct batch_csv *csv, struct span record, batch_csv_fn *fn, void *ctx)
{
	csv->fn = fn;
	csv->ctx = ctx;
	size_t n = csv_parse(
		&csv->parser, record.ptr, record.len, on_cell, on_record, csv);
	int rc = n == record.len && csv_fini(&csv->parser, on_cell, on_record,
					    csv) == 0
	                 ? 0
	                 : -EINVAL;

	if (csv_error(&csv->parser) == CSV_ENOMEM ||
		csv_error(&csv->parser) == CSV_ETOOBIG)
		rc = -ENOMEM;
	size_t used = record.len < csv->parser.entry_size
	                      ? record.len
	                      : csv->parser.entry_size;

	if (csv->parser.entry_buf)
		explicit_bzero(csv->parser.entry_buf, used);
	if (rc == -EINVAL) { /* its state is in the middle of a record */
		end(csv);
		if (begin(csv) < 0)
			rc = -ENOMEM;
	}
	return rc;
}
