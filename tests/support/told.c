/*
 * told: runs a batch parser and writes down what it says. Never looks into
 * the parser.
 */
#include "tests/support/told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/batch.h"

/* What a parser told, as text: one line for each row, fault and warning. */
struct told {
	char *text;
	size_t len;
	FILE *stream;
};

static void
on_row(void *ctx, const struct batch_row *row)
{
	struct told *told = ctx;

	fprintf(told->stream, "%u row %.*s", row->line,
		(int)row->voucher_pin.len, row->voucher_pin.bytes);
	const char *const words[] = {row->serial, row->amount, row->operator,
		row->target, row->modem, row->expires, row->note};
	static const char *const names[] = {"serial", "amount", "operator",
		"target", "modem", "expires", "note"};

	for (size_t i = 0; i < 7; i++)
		if (words[i][0] != '\0')
			fprintf(told->stream, " %s=%s", names[i], words[i]);
	fputc('\n', told->stream);
}

static void
on_fault(void *ctx, unsigned line, const char *reason)
{
	fprintf(((struct told *)ctx)->stream, "%u fault %s\n", line, reason);
}

static void
on_warning(void *ctx, unsigned line, const char *text)
{
	fprintf(((struct told *)ctx)->stream, "%u warning %s\n", line, text);
}

char *
told_of_batch(const char *name, const char *bytes, size_t len, size_t piece)
{
	struct told told = {0};
	struct batch_events events = {&told, on_row, on_fault, on_warning};
	enum batch_kind kind;
	int rc = 0;

	told.stream = open_memstream(&told.text, &told.len);
	assert_int_equal(batch_kind_of(name, &kind), 0);
	struct batch_parser *p = batch_parser_new(kind, name, &events);

	for (size_t at = 0; at < len && rc == 0; at += piece)
		rc = batch_parser_feed(
			p, span_of(bytes + at,
				   len - at < piece ? len - at : piece));
	int end = batch_parser_finish(p);

	if (rc < 0)
		assert_int_equal(end, rc);
	assert_int_equal(batch_parser_error(p)[0] != '\0', end < 0);
	if (end < 0)
		fprintf(told.stream, "refused %s\n", batch_parser_error(p));
	else if (batch_parser_priority(p) != 5 || batch_parser_note(p)[0])
		fprintf(told.stream, "priority %u note %s\n",
			batch_parser_priority(p), batch_parser_note(p));
	batch_parser_free(p);
	assert_int_equal(fclose(told.stream), 0);
	return told.text;
}

void
told_expect(const char *name, const char *bytes, size_t len, const char *want)
{
	for (size_t piece = len + 1; piece > 0;
		piece = piece > 8 ? 8 : piece - 1) {
		char *got = told_of_batch(name, bytes, len, piece);

		if (strcmp(got, want) != 0)
			fail_msg(
				"%s in pieces of %zu:\n%.*s\nwanted\n%sgot\n%s",
				name, piece, (int)len, bytes, want, got);
		free(got);
	}
}

void
told_expect_all(const char *name, const struct told_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		told_expect(name, rows[i].bytes, rows[i].len, rows[i].want);
}
