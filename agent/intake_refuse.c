/*
 * intake_refuse: a file that is not taken: its reason and its sealed bytes
 * in failed/, its rows out of the ledger, and only then the file goes. It
 * must never write a PIN in clear.
 */
#include "agent/intake_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/log.h"
#include "agent/redact.h"
#include "agent/spool.h"
#include "agent/turn.h"
#include "agent/vault.h"

enum {
	REASON_FAULTS_MAX = 1000,     /* lines of failed/NAME.reason */
	REASON_BYTES_MAX = 256 * 1024 /* of the masked file in it */
};

/* ---- refused ----------------------------------------------------------- */

/* Text for failed/NAME.reason; errors are told by its commit. */
static void put(struct spool_file *file, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
put(struct spool_file *file, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	(void)spool_file_write(file, line, strlen(line));
}

struct reason {
	struct spool_file *file;
	int64_t lines;
};

static bool
on_fault(void *ctx, unsigned line, const char *why)
{
	struct reason *reason = ctx;

	put(reason->file, "line %u: %s\n", line, why);
	return ++reason->lines < REASON_FAULTS_MAX;
}

static void
on_masked(void *ctx, struct span text)
{
	(void)spool_file_write(ctx, text.ptr, text.len);
}

/* The rows as far as they may be shown: no row is known to be good. */
static void
put_masked_rows(struct intake *intake, struct spool_file *file)
{
	struct redact *redact = redact_new(on_masked, file);
	ssize_t n = 1;

	intake->job->at = 0;
	for (size_t bytes = 0; bytes < REASON_BYTES_MAX && n > 0;
		bytes += (size_t)n) {
		n = intake_pull(intake, sizeof(intake->buffer));
		if (n <= 0)
			break;
		redact_feed(redact, span_of(intake->buffer, (size_t)n));
	}
	explicit_bzero(intake->buffer, sizeof(intake->buffer));
	redact_finish(redact);
	redact_free(redact);
}

static int
write_reason(struct intake *intake, const char *base)
{
	struct intake_job *job = intake->job;
	struct reason reason = {.lines = 0};
	char name[SPOOL_NAME_MAX];

	spool_name(0, base, ".reason", name);
	reason.file = spool_file_new(intake->options.spool, SPOOL_FAILED, name);
	if (!reason.file)
		return -errno;
	put(reason.file, "%s was refused: %s\n", job->shown, job->reason);
	if (job->batch != 0)
		(void)ledger_each_fault(turn_ledger(intake->options.turn),
			job->batch, on_fault, &reason);
	put(reason.file, "\nThe file, its numbers masked:\n");
	put_masked_rows(intake, reason.file);
	return spool_file_commit(reason.file);
}

/* In one piece: a file is rarely refused, and sealing is as fast as the
 * disk. */
static int
write_sealed(struct intake *intake, const char *base)
{
	struct spool_file *file;
	char name[SPOOL_NAME_MAX];
	int rc;

	spool_name(0, base, ".sealed", name);
	file = spool_file_new(intake->options.spool, SPOOL_FAILED, name);
	if (!file)
		return -errno;
	rc = lseek(intake->job->fd, 0, SEEK_SET) < 0 ? -errno : 0;
	if (rc == 0)
		rc = vault_seal_file(intake->options.vault, intake->job->fd,
			spool_file_fd(file));
	if (rc == 0)
		return spool_file_commit(file);
	spool_file_abort(file);
	return rc;
}

/* The reason last: its name says that the pair is whole. */
static int
keep_failed(struct intake *intake)
{
	char base[SPOOL_NAME_MAX];
	int rc;

	if (intake->job->kind != INTAKE_SPOOL)
		return 0; /* who submitted it has it still */
	spool_failed_name(intake->options.spool, intake->job->shown, base);
	rc = write_sealed(intake, base);
	return rc == 0 ? write_reason(intake, base) : rc;
}

/* Refused before a batch was opened: still one audit entry. */
static void
note_refusal(struct intake *intake)
{
	struct intake_job *job = intake->job;
	struct ledger_op op = intake_op(intake, LEDGER_EVENT);

	(void)snprintf(
		op.u.event.event, sizeof(op.u.event.event), "batch.refused");
	(void)snprintf(op.u.event.note, sizeof(op.u.event.note),
		"name=%s reason=%s", job->shown, job->reason);
	turn_must(intake->options.turn, &op);
}

void
intake_refuse_known(struct intake *intake, int64_t batch)
{
	intake->job->known_batch = batch;
	intake_refuse(intake, "the same file was accepted as batch %lld",
		(long long)batch);
}

void
intake_refuse(struct intake *intake, const char *format, ...)
{
	struct intake_job *job = intake->job;
	va_list args;
	int rc;

	va_start(args, format);
	(void)vsnprintf(job->reason, sizeof(job->reason), format, args);
	va_end(args);
	log_line(LOG_AT_WARNING, "intake file=%s is refused: %s", job->shown,
		job->reason);
	rc = keep_failed(intake);
	if (rc != 0) {
		intake_start_again(intake, strerror(-rc));
		return;
	}
	if (job->batch == 0)
		note_refusal(intake);
	intake_go_on(intake, job->batch == 0 ? INTAKE_DROPPED : INTAKE_DROP);
}

void
intake_drop_slice(struct intake *intake)
{
	struct intake_job *job = intake->job;
	struct ledger_op op = intake_op(intake, LEDGER_BATCH_DROP);
	struct ledger_result result = {.count = 0};
	int rc;

	op.u.batch_drop.batch = job->batch;
	(void)snprintf(op.u.batch_drop.reason, sizeof(op.u.batch_drop.reason),
		"%s", job->reason);
	rc = turn_try(intake->options.turn, &op, &result);
	if (rc == -EINVAL)
		rc = 0; /* no such batch is being read: nothing to take back */
	if (rc != 0)
		intake_wait(
			intake, INTAKE_DROP, "the ledger cannot be written");
	else if (result.count > 0)
		intake_go_on(intake, INTAKE_DROP);
	else
		intake_go_on(intake, INTAKE_DROPPED);
}

/* Its rows are gone for good: a file that was refused may go, too. */
void
intake_dropped(struct intake *intake)
{
	struct intake_job *job = intake->job;
	int rc = 0;

	job->batch = 0;
	if (job->kind == INTAKE_SPOOL && job->reason[0] != '\0')
		rc = intake_has_changed(job)
		             ? -ESTALE
		             : spool_remove_incoming(intake->options.spool,
				       job->name, job->fd);
	if (rc != 0)
		log_line(LOG_AT_ERROR, "intake file=%s stays: %s", job->shown,
			strerror(-rc));
	intake_end(intake);
}
