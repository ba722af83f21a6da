/*
 * intake_refuse: a file that is not taken: it is kept in failed/, its rows
 * leave the ledger, and only then the file goes. It must never remove what is
 * not kept.
 */
#include "agent/intake_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/log.h"
#include "agent/spool.h"
#include "agent/turn.h"

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

	va_start(args, format);
	(void)vsnprintf(job->reason, sizeof(job->reason), format, args);
	va_end(args);
	log_line(LOG_AT_WARNING, "intake file=%s is refused: %s", job->shown,
		job->reason);
	if (job->kind == INTAKE_SPOOL)
		intake_go_on(intake, INTAKE_KEEP);
	else
		intake_kept(intake); /* who submitted it has it still */
}

void
intake_kept(struct intake *intake)
{
	struct intake_job *job = intake->job;

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
	if (rc != 0) {
		intake_stay(intake);
		log_line(LOG_AT_ERROR, "intake file=%s stays: %s", job->shown,
			strerror(-rc));
	}
	intake_end(intake);
}
