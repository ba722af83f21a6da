/*
 * intake_read: the bytes of a file through the parser into the ledger, row
 * by row, in slices. A PIN is in clear here between the parser and the
 * vault, and nowhere longer.
 */
#include "agent/intake_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/ledger_copy.h"
#include "agent/log.h"
#include "agent/turn.h"
#include "agent/vault.h"

/* ---- rows -------------------------------------------------------------- */

static void
on_fault(void *ctx, unsigned line, const char *reason)
{
	struct intake *intake = ctx;
	struct intake_job *job = intake->job;
	struct ledger_op op = intake_op(intake, LEDGER_BATCH_FAULT);
	struct ledger_result result;

	if (job->rc != 0)
		return;
	if (job->faults++ == 0)
		(void)snprintf(job->first_fault, sizeof(job->first_fault),
			"line %u: %s", line, reason);
	op.u.batch_fault.batch = job->batch;
	op.u.batch_fault.line = line;
	(void)snprintf(op.u.batch_fault.reason, sizeof(op.u.batch_fault.reason),
		"%s", reason);
	job->rc = turn_try(intake->options.turn, &op, &result);
}

static size_t
index_of(const struct intake_job *job, const char *operator)
{
	size_t i = 0;

	while (i + 1 < job->profiles.count &&
		strcmp(job->profiles.list[i]->stem, operator) != 0)
		i++;
	return i;
}

/* Seals a good row and stores it. 0, -EEXIST for a known PIN, or worse. */
static int
store_row(struct intake *intake, const struct batch_row *row,
	struct ledger_op *op)
{
	struct ledger_batch_row *out = &op->u.batch_row;
	struct vault *vault = intake->options.vault;
	struct ledger_result result;
	int rc = vault_seal(vault, &row->voucher_pin, out->sealed,
		sizeof(out->sealed), &out->sealed_len);

	if (rc != 0)
		return rc;
	vault_fingerprint(vault, &row->voucher_pin, out->fingerprint);
	out->batch = intake->job->batch;
	out->priority = batch_parser_priority(intake->job->parser);
	return turn_try(intake->options.turn, op, &result);
}

static void
on_row(void *ctx, const struct batch_row *row)
{
	struct intake *intake = ctx;
	struct intake_job *job = intake->job;
	struct ledger_op op = intake_op(intake, LEDGER_BATCH_ROW);
	const char *why;
	int rc;

	if (job->rc != 0)
		return;
	why = intake_check_row(intake, job, row, &op.u.batch_row);
	if (why) {
		on_fault(ctx, row->line, why);
		return;
	}
	rc = store_row(intake, row, &op);
	if (rc == -EEXIST) {
		on_fault(ctx, row->line, "repeats a PIN that is known");
		return;
	}
	if (rc == -EINVAL) {
		on_fault(ctx, row->line, "the ledger refuses it");
		return;
	}
	job->rc = rc;
	if (rc != 0)
		return;
	job->rows++;
	intake_shape_add(&job->shape, index_of(job, op.u.batch_row.operator),
		&row->voucher_pin);
}

static void
on_warning(void *ctx, unsigned line, const char *text)
{
	const struct intake *intake = ctx;

	log_line(LOG_AT_WARNING, "intake file=%s line=%u %s",
		intake->job->shown, line, text);
}

/* ---- the end of the file ----------------------------------------------- */

/* A file that lay there when the ledger was restored may have been accepted,
 * and dialled, by the one that is lost. */
static bool
is_older_than_ledger(const struct intake *intake)
{
	int64_t restored_ms = ledger_cursor(
		turn_ledger(intake->options.turn), LEDGER_RESTORED_CURSOR);
	const struct timespec *t = &intake->job->opened.st_ctim;
	int64_t changed_ms = (int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000;
	return restored_ms > 0 && changed_ms <= restored_ms;
}

static const char *
hold_of(const struct intake *intake)
{
	const struct intake_job *job = intake->job;
	const char *hold = intake_shape_hold(&job->shape, job->profiles.count);
	if (hold[0] == '\0' && is_older_than_ledger(intake))
		return "restored";
	return hold;
}

static void
accept(struct intake *intake)
{
	struct intake_job *job = intake->job;
	struct ledger_op op = intake_op(intake, LEDGER_BATCH_ACCEPT);
	struct ledger_result result = {.id = 0};
	int rc;

	op.u.batch_accept.batch = job->batch;
	(void)snprintf(op.u.batch_accept.hold, sizeof(op.u.batch_accept.hold),
		"%s", hold_of(intake));
	intake_mask_note(job, batch_parser_note(job->parser), span_of("", 0),
		op.u.batch_accept.note);
	rc = turn_try(intake->options.turn, &op, &result);
	if (rc == -EEXIST) {
		intake_refuse_known(intake, result.id);
	} else if (rc != 0) {
		intake_start_again(intake, "the ledger cannot be written");
	} else {
		intake_go_on(intake, INTAKE_ACCEPTED);
		if (intake->options.on_batch)
			intake->options.on_batch(intake->options.ctx);
	}
}

/* Before anybody sees them: accepting a million rows is one update then. */
void
intake_hold_slice(struct intake *intake)
{
	struct intake_job *job = intake->job;
	struct ledger_op op = intake_op(intake, LEDGER_BATCH_HOLD);
	struct ledger_result result = {.after = 0};
	int rc;

	op.u.batch_hold.batch = job->batch;
	op.u.batch_hold.after = job->held_to;
	(void)snprintf(op.u.batch_hold.hold, sizeof(op.u.batch_hold.hold), "%s",
		hold_of(intake));
	rc = turn_try(intake->options.turn, &op, &result);
	job->held_to = result.after;
	if (rc != 0)
		intake_start_again(intake, "the ledger cannot be written");
	else if (result.after > 0)
		intake_go_on(intake, INTAKE_HOLD);
	else
		accept(intake);
}

static void
decide(struct intake *intake)
{
	struct intake_job *job = intake->job;
	int64_t rows = job->rows, all = job->rows + job->faults;

	if (all == 0)
		intake_refuse(intake, "it has no rows");
	else if (rows == 0)
		intake_refuse(
			intake, "it has no good row (%s)", job->first_fault);
	else if (2 * job->faults > all)
		intake_refuse(intake,
			"more than half of its rows are bad: %lld of %lld "
			"(%s)",
			(long long)job->faults, (long long)all,
			job->first_fault);
	else if (hold_of(intake)[0] != '\0')
		intake_go_on(intake, INTAKE_HOLD);
	else
		accept(intake);
}

/* Whether the bytes parsed are not those that the digest was made of. */
static bool
has_changed(struct intake_job *job, bool to_the_end)
{
	uint8_t hash[VAULT_HASH_LEN];

	if (!to_the_end)
		return intake_has_changed(job);
	vault_digest_end(job->digest, hash);
	job->digest = NULL;
	return memcmp(hash, job->hash, sizeof(hash)) != 0 ||
	       intake_has_changed(job);
}

static void
end_reading(struct intake *intake, int parse_rc)
{
	struct intake_job *job = intake->job;

	if (job->rc != 0)
		intake_start_again(intake, "the ledger cannot be written");
	else if (has_changed(job, parse_rc == 0))
		intake_give_back(intake, "it changed while it was read");
	else if (parse_rc != 0)
		intake_refuse(intake, "it cannot be understood: %s",
			batch_parser_error(job->parser));
	else
		decide(intake);
}

void
intake_read_slice(struct intake *intake)
{
	struct intake_job *job = intake->job;
	int64_t rows = job->rows + job->faults;
	ssize_t n = 1;
	int rc = 0;

	for (size_t bytes = 0;
		bytes < INTAKE_SLICE_BYTES && n > 0 && rc == 0 &&
		job->rc == 0 &&
		job->rows + job->faults < rows + INTAKE_SLICE_ROWS;
		bytes += INTAKE_PIECE) {
		n = intake_pull(intake, INTAKE_PIECE);
		if (n <= 0)
			break;
		struct span piece = span_of(intake->buffer, (size_t)n);

		vault_digest_add(job->digest, piece);
		rc = batch_parser_feed(job->parser, piece);
	}
	explicit_bzero(intake->buffer, INTAKE_PIECE);
	if (n < 0) {
		intake_give_back(intake, strerror((int)-n));
		return;
	}
	if (n > 0 && rc == 0 && job->rc == 0) {
		intake_go_on(intake, INTAKE_READ);
		return;
	}
	if (rc == 0 && job->rc == 0)
		rc = batch_parser_finish(job->parser);
	end_reading(intake, rc);
}

void
intake_read_begin(struct intake *intake)
{
	struct intake_job *job = intake->job;
	struct batch_events events = {.ctx = intake,
		.on_row = on_row,
		.on_fault = on_fault,
		.on_warning = on_warning};
	enum batch_kind kind = BATCH_TXT;

	(void)batch_kind_of(job->name, &kind); /* was asked before */
	job->at = 0;
	job->digest = vault_digest_new(intake->options.vault);
	job->parser = batch_parser_new(kind, job->name, &events);
	intake_go_on(intake, INTAKE_READ);
}
