/*
 * fuzz_redact: any batch file, masked while it is read. No row's PIN stands
 * on its line of what comes out, and the cuts change nothing.
 * Must never find rows itself: the parser tells them.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/batch.h"
#include "agent/redact.h"
#include "agent/utf8.h"
#include "tests/fuzz/fuzz.h"

enum { BYTES_MAX = 1 << 15, OUT_MAX = 4 * BYTES_MAX, ROWS_MAX = 64 };

struct row {
	unsigned line;
	struct secret voucher_pin;
};

struct work {
	struct redact *redact;
	size_t len, rows;
	struct row row[ROWS_MAX];
	char out[OUT_MAX];
};

static struct work work;

static void
on_text(void *ctx, struct span text)
{
	(void)ctx;
	FUZZ_HOLDS(work.len + text.len <= sizeof(work.out));
	memcpy(work.out + work.len, text.ptr, text.len);
	work.len += text.len;
}

static void
on_row(void *ctx, const struct batch_row *row)
{
	(void)ctx;
	redact_row(work.redact, row->line, &row->voucher_pin);
	if (work.rows < ROWS_MAX)
		work.row[work.rows++] =
			(struct row){row->line, row->voucher_pin};
}

static void
on_other(void *ctx, unsigned line, const char *text)
{
	(void)ctx;
	(void)line;
	(void)text;
}

static void
run(enum batch_kind kind, struct span in, struct rng *rng, size_t most)
{
	const struct batch_events events = {&work, on_row, on_other, on_other};
	struct batch_parser *parser = batch_parser_new(
		kind, kind == BATCH_CSV ? "a.csv" : "a.txt", &events);

	work.len = work.rows = 0;
	work.redact = redact_new(on_text, &work);
	while (in.len > 0) {
		struct span piece = fuzz_piece(&in, rng, most);

		redact_feed(work.redact, piece);
		(void)batch_parser_feed(parser, piece);
	}
	(void)batch_parser_finish(parser);
	redact_finish(work.redact);
	redact_free(work.redact);
	batch_parser_free(parser);
}

/* What came out for that line, digits as 0-9 and nothing between them. */
static struct span
digits_of_line(unsigned line, char *digits)
{
	struct span rest = span_of(work.out, work.len);
	size_t len = 0, kept = 0;

	for (unsigned i = 1; i < line; i++)
		rest = span_skip(rest, span_find(rest, '\n') + 1);
	rest.len = span_find(rest, '\n');
	FUZZ_HOLDS(utf8_plain_digits(rest, digits, OUT_MAX, &len) == 0);
	for (size_t i = 0; i < len; i++)
		if (digits[i] != ' ' && digits[i] != '-')
			digits[kept++] = digits[i];
	return span_of(digits, kept);
}

/* A PIN that the file had masked already, but for its last four, looks as it
 * does masked. */
static bool
is_stars(const struct secret *voucher_pin)
{
	for (size_t i = 0; i + 4 < voucher_pin->len; i++)
		if (voucher_pin->bytes[i] != '*')
			return false;
	return true;
}

static void
expect_masked(void)
{
	static char digits[OUT_MAX];

	for (size_t i = 0; i < work.rows; i++) {
		const struct row *row = &work.row[i];

		if (row->voucher_pin.len < 10 || is_stars(&row->voucher_pin))
			continue; /* may stand in a date or an amount */
		struct span line = digits_of_line(row->line, digits);

		FUZZ_HOLDS(!memmem(line.ptr, line.len, row->voucher_pin.bytes,
			row->voucher_pin.len));
	}
}

static void
check(struct span in, struct rng *rng)
{
	for (int i = 0; i < 2; i++) {
		enum batch_kind kind = i == 0 ? BATCH_CSV : BATCH_TXT;
		struct fuzz_diary whole = {0}, pieces = {0};

		run(kind, in, rng, 7);
		fuzz_note(&pieces, 0, span_of(work.out, work.len));
		expect_masked();
		run(kind, in, rng, 512);
		fuzz_note(&whole, 0, span_of(work.out, work.len));
		expect_masked();
		FUZZ_HOLDS(fuzz_same(&whole, &pieces));
	}
}

const struct fuzz_target fuzz_target = {
	.name = "redact", .most = BYTES_MAX, .grows = true, .check = check};
