/*
 * intake_done: a file whose batch is on disk: its masked rows in done/, and
 * only then the file goes. It must never write a PIN in clear.
 */
#include "agent/intake_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/log.h"
#include "agent/mask.h"
#include "agent/redact.h"
#include "agent/report.h"
#include "agent/spool.h"
#include "agent/turn.h"

/* ---- the rows of the file ---------------------------------------------- */

static void
on_masked(void *ctx, struct span text)
{
	(void)spool_file_write(ctx, text.ptr, text.len); /* commit tells */
}

/* Whether the note holds what could be the PIN of another card. */
static bool
notes_a_pin(const struct intake_job *job, const struct batch_row *row)
{
	struct span voucher_pin =
		span_of(row->voucher_pin.bytes, row->voucher_pin.len);
	char own[INTAKE_NOTE_MAX], any[INTAKE_NOTE_MAX];

	mask_text(
		span_str(row->note), voucher_pin, NULL, NULL, own, sizeof(own));
	intake_mask_note(job, row->note, voucher_pin, any);
	return strcmp(own, any) != 0;
}

/* A row with a PIN that nobody can point at is masked as a whole. */
static void
on_copy_row(void *ctx, const struct batch_row *row)
{
	static const struct secret nowhere = {.len = 0};
	struct intake *intake = ctx;

	redact_row(intake->job->redact, row->line,
		notes_a_pin(intake->job, row) ? &nowhere : &row->voucher_pin);
}

static void
on_copy_fault(void *ctx, unsigned line, const char *reason)
{
	(void)ctx, (void)line, (void)reason; /* its line is masked */
}

/* The next scan, or start, tries again. */
static void
leave(struct intake *intake, int rc)
{
	log_line(LOG_AT_ERROR,
		"intake batch=%lld is in the ledger, but file=%s stays: %s",
		(long long)intake->job->batch, intake->job->shown,
		strerror(-rc));
	intake_end(intake);
}

/* done/ cannot be written: the file stays where it is until it can. */
static void
copy_later(struct intake *intake, int rc)
{
	redact_free(intake->job->redact);
	intake->job->redact = NULL;
	intake_wait(intake, INTAKE_ACCEPTED, strerror(-rc));
}

static void
retire(struct intake *intake)
{
	struct intake_job *job = intake->job;
	struct ledger_op op = intake_op(intake, LEDGER_BATCH_RETIRED);
	int rc = 0;

	if (job->kind != INTAKE_SUBMITTED && job->fd >= 0) {
		rc = intake_has_changed(job)
		             ? -ESTALE
		             : spool_remove_incoming(intake->options.spool,
				       job->name, job->fd);
	}
	if (rc == -ESTALE)
		log_line(LOG_AT_WARNING,
			"intake file=%s changed after it was read: it is "
			"read again",
			job->shown);
	else if (rc != 0) {
		leave(intake, rc);
		return;
	}
	op.u.batch_ref.batch = job->batch;
	turn_must(intake->options.turn, &op);
	log_line(LOG_AT_INFO, "intake batch=%lld file=%s is done",
		(long long)job->batch, job->shown);
	intake_end(intake);
}

/* ---- done/ from the ledger: the file itself is gone -------------------- */

static bool
on_voucher(void *ctx, const struct ledger_voucher *v)
{
	struct intake_job *job = ctx;
	char line[REPORT_ROW_MAX], amount[MONEY_TEXT_MAX];
	size_t len = 0;

	money_print(v->amount_minor, v->decimals, amount);
	const struct span cells[] = {span_str(v->masked), span_str(v->serial),
		span_str(amount), span_str(v->operator), span_str(v->target),
		span_str(v->modem_only), span_str(v->expires),
		span_str(v->note)};

	job->copied_to = v->id;
	job->copied++;
	return report_row(cells, sizeof(cells) / sizeof(*cells), line,
		       sizeof(line), &len) == 0 &&
	       spool_file_write(job->done, line, len) == 0;
}

static void
copy_begin_from_ledger(struct intake *intake)
{
	static const char header[] =
		"pin,serial,amount,operator,target,modem,expires,note\r\n";
	struct intake_job *job = intake->job;

	job->from_ledger = true;
	job->copied_to = 0;
	(void)spool_file_write(
		job->done, header, sizeof(header) - 1); /* commit tells */
	intake_go_on(intake, INTAKE_COPY);
}

static void
copy_end(struct intake *intake, int rc)
{
	struct intake_job *job = intake->job;

	if (rc == 0)
		rc = spool_file_commit(job->done);
	else
		spool_file_abort(job->done);
	job->done = NULL;
	if (rc != 0)
		copy_later(intake, rc);
	else
		retire(intake);
}

/* By number: rows were stored in the order of the file. */
static void
copy_ledger_slice(struct intake *intake)
{
	struct intake_job *job = intake->job;
	struct ledger_voucher_filter filter = {.batch = job->batch,
		.state = -1,
		.after = job->copied_to,
		.limit = INTAKE_SLICE_ROWS};
	int rc;

	job->copied = 0;
	rc = ledger_each_voucher(
		turn_ledger(intake->options.turn), &filter, on_voucher, job);
	if (rc == 0 && job->copied == INTAKE_SLICE_ROWS)
		intake_go_on(intake, INTAKE_COPY);
	else
		copy_end(intake, rc);
}

/* ---- done/ from the file ----------------------------------------------- */

void
intake_copy_slice(struct intake *intake)
{
	struct intake_job *job = intake->job;
	size_t bytes = 0;
	ssize_t n = 0;

	if (job->from_ledger) {
		copy_ledger_slice(intake);
		return;
	}
	while (bytes < INTAKE_SLICE_BYTES &&
		(n = intake_pull(intake, INTAKE_PIECE)) > 0) {
		struct span piece = span_of(intake->buffer, (size_t)n);

		redact_feed(job->redact, piece);
		/* What it cannot understand is masked as unknown. */
		(void)batch_parser_feed(job->parser, piece);
		bytes += (size_t)n;
	}
	explicit_bzero(intake->buffer, INTAKE_PIECE);
	if (n > 0) {
		intake_go_on(intake, INTAKE_COPY);
		return;
	}
	(void)batch_parser_finish(job->parser);
	redact_finish(job->redact);
	if (n < 0) {
		leave(intake, (int)n);
		return;
	}
	copy_end(intake, 0);
}

void
intake_finish_begin(struct intake *intake)
{
	struct intake_job *job = intake->job;
	struct batch_events events = {.ctx = intake,
		.on_row = on_copy_row,
		.on_fault = on_copy_fault};
	enum batch_kind kind = BATCH_TXT;
	char name[SPOOL_NAME_MAX];

	spool_name(job->batch, job->shown, "", name);
	job->done = spool_file_new(intake->options.spool, SPOOL_DONE, name);
	if (!job->done) {
		copy_later(intake, -errno);
		return;
	}
	if (job->fd < 0 || intake_has_changed(job)) {
		copy_begin_from_ledger(intake);
		return;
	}
	job->from_ledger = false;
	(void)batch_kind_of(job->name, &kind); /* was asked before */
	batch_parser_free(job->parser);
	job->parser = batch_parser_new(kind, job->name, &events);
	job->redact = redact_new(on_masked, job->done);
	job->at = 0;
	intake_go_on(intake, INTAKE_COPY);
}
