/*
 * fuzz_batch: any file as a batch. In one piece or in many it has the same
 * rows, faults and end; a PIN is of digits, a line lies in the file, and no
 * fault shows digits of the row. Must never know a column.
 */
#include <string.h>

#include "agent/batch.h"
#include "tests/fuzz/fuzz.h"

struct reading {
	struct fuzz_diary diary;
	unsigned lines; /* of the file */
};

static void
on_row(void *ctx, const struct batch_row *row)
{
	struct reading *reading = ctx;
	const struct secret *pin = &row->voucher_pin;

	FUZZ_HOLDS(row->line >= 1 && row->line <= reading->lines);
	FUZZ_HOLDS(pin->len > 0 && pin->len <= VOUCHER_PIN_MAX);
	FUZZ_HOLDS(strlen(row->expires) == 0 || strlen(row->expires) == 10);
	fuzz_note(&reading->diary, row->line, span_of(pin->bytes, pin->len));
	const char *const texts[] = {row->serial, row->amount, row->operator,
		row->target, row->modem, row->expires, row->note};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		fuzz_note(&reading->diary, (int64_t)i, span_str(texts[i]));
}

/* More digits than a limit of ours has. */
static bool
shows_number(const char *text)
{
	static const char digits[] = "0123456789";

	for (text += strcspn(text, digits); *text != '\0';
		text += strcspn(text, digits)) {
		size_t n = strspn(text, digits);

		if (n > 4)
			return true;
		text += n;
	}
	return false;
}

static void
on_fault(void *ctx, unsigned line, const char *reason)
{
	struct reading *reading = ctx;

	FUZZ_HOLDS(line <= reading->lines);
	FUZZ_HOLDS(!shows_number(reason));
	fuzz_note(&reading->diary, line, span_str(reason));
}

static void
on_warning(void *ctx, unsigned line, const char *text)
{
	struct reading *reading = ctx;

	fuzz_note(&reading->diary, -(int64_t)line, span_str(text));
}

static struct fuzz_diary
run(enum batch_kind kind, struct span in, struct rng *rng, size_t most)
{
	struct reading reading = {.lines = 2};
	const struct batch_events events = {
		&reading, on_row, on_fault, on_warning};

	for (size_t i = 0; i < in.len; i++)
		reading.lines += in.ptr[i] == '\n' || in.ptr[i] == '\r';
	struct batch_parser *parser = batch_parser_new(kind,
		kind == BATCH_CSV ? "a.csv" : "simtel-100-a.txt", &events);
	int rc = 0;

	while (in.len > 0 && rc == 0)
		rc = batch_parser_feed(parser, fuzz_piece(&in, rng, most));
	if (rc == 0)
		rc = batch_parser_finish(parser);
	const char *error = batch_parser_error(parser);

	FUZZ_HOLDS(rc == 0 || (error && error[0] != '\0'));
	fuzz_note(&reading.diary, rc, span_str(rc < 0 ? error : ""));
	FUZZ_HOLDS(batch_parser_priority(parser) <= 9);
	fuzz_note(&reading.diary, batch_parser_priority(parser),
		span_str(batch_parser_note(parser)));
	batch_parser_free(parser);
	return reading.diary;
}

static void
check(struct span in, struct rng *rng)
{
	for (int i = 0; i < 2; i++) {
		enum batch_kind kind = i == 0 ? BATCH_CSV : BATCH_TXT;
		struct fuzz_diary whole = run(kind, in, rng, 1 << 20);
		struct fuzz_diary pieces = run(kind, in, rng, 7);

		FUZZ_HOLDS(fuzz_same(&whole, &pieces));
	}
}

const struct fuzz_target fuzz_target = {
	.name = "batch", .most = 1 << 16, .grows = true, .check = check};
