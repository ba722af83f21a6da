/*
 * intake: which file is read next, and the steps of the one that is. Each
 * step is a slice of its own turn, so what an earlier one stored is on disk.
 * It must never go on with a file that is not the one it began with.
 */
#include "agent/intake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/intake_private.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/redact.h"
#include "agent/spool.h"
#include "agent/turn.h"
#include "agent/vault.h"

_Static_assert((int)SPOOL_SCAN_MAX > (int)INTAKE_FILES_MAX,
	"what a scan does not tell overflows the queue, and comes later");

/* ---- jobs -------------------------------------------------------------- */

static struct intake_job *
job_new(const struct intake *intake, enum intake_kind kind, const char *name)
{
	struct intake_job *job = calloc(1, sizeof(*job));

	if (!job)
		abort(); /* out of memory */
	job->kind = kind;
	job->fd = -1;
	(void)snprintf(job->name, sizeof(job->name), "%s", name);
	intake_show_name(intake, name, job->shown);
	(void)snprintf(job->who, sizeof(job->who), "daemon");
	return job;
}

/* All that a reading made; the job can begin anew. */
static void
job_clear(struct intake_job *job)
{
	vault_digest_free(job->digest);
	job->digest = NULL;
	batch_parser_free(job->parser);
	job->parser = NULL;
	redact_free(job->redact);
	job->redact = NULL;
	spool_file_abort(job->done);
	job->done = NULL;
	vault_run_free(job->run);
	job->run = NULL;
	spool_file_abort(job->sealed);
	job->sealed = NULL;
	for (size_t i = 0; i < job->profiles.count; i++)
		profile_unref(job->profiles.list[i]);
	free(job->profiles.list);
	job->profiles = (struct profiles){.list = NULL};
	secret_wipe(&job->shape.last);
	free(job->shape.lengths);
	job->shape = (struct intake_shape){.lengths = NULL};
	job->rows = job->faults = job->held_to = 0;
	job->rc = 0;
	job->again = false;
	job->reason[0] = job->first_fault[0] = '\0';
}

static void
job_free(struct intake_job *job)
{
	job_clear(job);
	if (job->fd >= 0)
		(void)close(job->fd); /* only read */
	free(job);
}

struct ledger_op
intake_op(const struct intake *intake, enum ledger_op_kind kind)
{
	struct ledger_op op = turn_op(intake->options.turn, kind);

	(void)snprintf(op.who, sizeof(op.who), "%s", intake->job->who);
	return op;
}

void
intake_go_on(struct intake *intake, enum intake_phase phase)
{
	intake->job->phase = phase;
	loop_idle_once(intake->idle);
}

/* ---- the end of a job -------------------------------------------------- */

/* Tells who waits, once. */
static void
tell(struct intake *intake, int64_t batch)
{
	struct intake_job *job = intake->job;
	struct intake_result result = {.batch = batch,
		.rows = job->rows,
		.faults = job->faults,
		.known_batch = job->known_batch,
		.reason = job->reason};
	intake_fn *fn = job->fn;

	job->fn = NULL;
	if (fn)
		fn(job->ctx, &result);
}

void
intake_end(struct intake *intake)
{
	struct intake_job *job = intake->job;

	if (job->again) {
		job_clear(job);
		intake_go_on(intake, INTAKE_DIGEST);
		return;
	}
	tell(intake, 0);
	intake->job = NULL;
	job_free(job);
	loop_idle_once(intake->idle);
}

static void
on_retry(void *ctx)
{
	struct intake *intake = ctx;

	intake->paused = false;
	loop_idle_once(intake->idle);
}

void
intake_wait(struct intake *intake, enum intake_phase phase, const char *why)
{
	log_line(LOG_AT_WARNING, "intake file=%s waits: %s", intake->job->shown,
		why);
	intake->job->phase = phase;
	intake->paused = true;
	loop_timer_at(intake->retry,
		loop_now_ms(intake->options.loop) + INTAKE_RETRY_MS);
}

void
intake_start_again(struct intake *intake, const char *why)
{
	struct intake_job *job = intake->job;

	job->reason[0] = '\0';
	job->again = true;
	intake_wait(
		intake, job->batch != 0 ? INTAKE_DROP : INTAKE_DROPPED, why);
}

void
intake_give_back(struct intake *intake, const char *why)
{
	struct intake_job *job = intake->job;

	if (job->kind == INTAKE_SUBMITTED) {
		intake_refuse(intake, "%s", why);
		return;
	}
	log_line(LOG_AT_WARNING, "intake file=%s is left for later: %s",
		job->shown, why);
	intake_go_on(intake, job->batch != 0 ? INTAKE_DROP : INTAKE_DROPPED);
}

void
intake_stay(struct intake *intake)
{
	const struct stat *st = &intake->job->opened;

	intake->stays[intake->stay_count++ % INTAKE_STAYS_MAX] =
		(struct intake_stay){st->st_dev, st->st_ino, st->st_ctim};
}

bool
intake_stays(const struct intake *intake, const struct stat *st)
{
	size_t count = intake->stay_count;

	for (size_t i = 0; i < count && i < INTAKE_STAYS_MAX; i++) {
		const struct intake_stay *stay = &intake->stays[i];

		if (stay->dev == st->st_dev && stay->ino == st->st_ino &&
			stay->changed.tv_sec == st->st_ctim.tv_sec &&
			stay->changed.tv_nsec == st->st_ctim.tv_nsec)
			return true;
	}
	return false;
}

/* ---- the queue --------------------------------------------------------- */

static void
on_accepted(struct intake *intake)
{
	tell(intake, intake->job->batch);
	intake_finish_begin(intake);
}

/* People wait for what they submit: it comes before the spool's files. */
static void
append(struct intake *intake, struct intake_job *job)
{
	struct intake_job **link = &intake->first;

	while (*link && (job->kind != INTAKE_SUBMITTED ||
				(*link)->kind != INTAKE_SPOOL))
		link = &(*link)->next;
	job->next = *link;
	*link = job;
	if (job->kind == INTAKE_SUBMITTED)
		intake->submitted++;
	else
		intake->files++;
	loop_idle_once(intake->idle);
}

static struct intake_job *
take_first(struct intake *intake)
{
	struct intake_job *job = intake->first;

	if (!job)
		return NULL;
	intake->first = job->next;
	job->next = NULL;
	if (job->kind == INTAKE_SUBMITTED)
		intake->submitted--;
	else
		intake->files--;
	return job;
}

static void
begin_next(struct intake *intake)
{
	if (!intake->first && intake->overflowed) {
		/* Those that the queue had no room for. */
		intake->overflowed = false;
		spool_scan(intake->options.spool);
	}
	intake->job = take_first(intake);
	if (intake->job)
		intake_begin(intake);
}

static void
on_slice(void *ctx)
{
	struct intake *intake = ctx;

	if (intake->paused)
		return;
	if (!intake->job) {
		begin_next(intake);
		return;
	}
	switch (intake->job->phase) {
	case INTAKE_DIGEST:
		if (intake->job->digest)
			intake_digest_slice(intake);
		else
			intake_begin(intake);
		break;
	case INTAKE_READ:
		intake_read_slice(intake);
		break;
	case INTAKE_HOLD:
		intake_hold_slice(intake);
		break;
	case INTAKE_ACCEPTED:
		on_accepted(intake);
		break;
	case INTAKE_COPY:
		intake_copy_slice(intake);
		break;
	case INTAKE_KEEP:
		intake_keep_slice(intake);
		break;
	case INTAKE_DROP:
		intake_drop_slice(intake);
		break;
	case INTAKE_DROPPED:
		intake_dropped(intake);
		break;
	}
}

struct intake *
intake_new(const struct intake_options *options)
{
	struct intake *intake = calloc(1, sizeof(*intake));

	if (!intake)
		abort(); /* out of memory while starting */
	/* Its buffer holds PINs; where the limit does not allow it, the
	 * system may have no swap, or an encrypted one. */
	(void)mlock(intake, sizeof(*intake));
	intake->options = *options;
	intake->profiles = options->profiles;
	intake->idle = loop_idle_new(options->loop, on_slice, intake);
	intake->retry = loop_timer_new(options->loop, on_retry, intake);
	return intake;
}

void
intake_free(struct intake *intake)
{
	if (!intake)
		return;
	/* A batch under way is dropped at the next start. */
	if (intake->job)
		job_free(intake->job);
	for (struct intake_job *job = intake->first, *next; job; job = next) {
		next = job->next;
		job_free(job);
	}
	loop_idle_free(intake->idle);
	loop_timer_free(intake->retry);
	(void)munlock(intake, sizeof(*intake));
	explicit_bzero(intake, sizeof(*intake));
	free(intake);
}

void
intake_set_profiles(struct intake *intake, const struct profiles *profiles)
{
	intake->profiles = profiles;
}

void
intake_on_file(void *ctx, const char *name)
{
	struct intake *intake = ctx;

	/* The one under way may have changed: it is looked at once more. */
	for (struct intake_job *job = intake->first; job; job = job->next) {
		if (job->kind == INTAKE_SPOOL && strcmp(job->name, name) == 0)
			return;
	}
	if (intake->files >= INTAKE_FILES_MAX)
		intake->overflowed = true;
	else
		append(intake, job_new(intake, INTAKE_SPOOL, name));
}

int
intake_submit(struct intake *intake, int fd, const char *name, const char *who,
	const struct intake_defaults *defaults, intake_fn *fn, void *ctx)
{
	struct intake_job *job;
	struct stat st;
	int rc = 0;

	if (intake->submitted >= INTAKE_SUBMITTED_MAX)
		rc = -EBUSY;
	else if (fstat(fd, &st) != 0)
		rc = -errno;
	else if (!S_ISREG(st.st_mode))
		rc = -ESPIPE; /* a pipe could make the loop wait for ever */
	if (rc != 0) {
		(void)close(fd); /* only read */
		return rc;
	}
	job = job_new(intake, INTAKE_SUBMITTED, name);
	job->fd = fd;
	job->defaults = *defaults;
	job->fn = fn;
	job->ctx = ctx;
	(void)snprintf(job->who, sizeof(job->who), "%s", who);
	append(intake, job);
	return 0;
}

void
intake_forget(struct intake *intake, void *ctx)
{
	if (intake->job && intake->job->ctx == ctx)
		intake->job->fn = NULL;
	for (struct intake_job *job = intake->first; job; job = job->next) {
		if (job->ctx == ctx)
			job->fn = NULL;
	}
}

static bool
on_undo(void *ctx, const struct ledger_batch *b)
{
	struct intake *intake = ctx;
	struct intake_job *job = job_new(intake, INTAKE_UNDO, b->name);

	job->batch = b->id;
	append(intake, job);
	return true;
}

struct retiring {
	struct intake *intake;
	const struct ledger_batch *batch;
};

/* The ledger has the name as it is shown: the file may be called otherwise. */
static void
on_maybe(void *ctx, const char *name)
{
	const struct retiring *r = ctx;
	char shown[LEDGER_FILE_MAX];
	struct intake_job *job;

	intake_show_name(r->intake, name, shown);
	if (strcmp(shown, r->batch->name) != 0 ||
		strcmp(name, r->batch->name) == 0)
		return;
	job = job_new(r->intake, INTAKE_RETIRE, name);
	job->batch = r->batch->id;
	job->maybe = true;
	append(r->intake, job);
}

static bool
on_retire(void *ctx, const struct ledger_batch *b)
{
	struct intake *intake = ctx;
	struct retiring retiring = {intake, b};
	struct intake_job *job = job_new(intake, INTAKE_RETIRE, b->name);

	job->batch = b->id;
	job->gone = !b->from_spool;
	if (b->from_spool)
		spool_each_incoming(intake->options.spool, on_maybe, &retiring);
	append(intake, job);
	return true;
}

void
intake_recover(struct intake *intake)
{
	struct ledger *ledger = turn_ledger(intake->options.turn);

	if (ledger_each_batch_due(ledger, LEDGER_DUE_DROP, on_undo, intake) !=
			0 ||
		ledger_each_batch_due(
			ledger, LEDGER_DUE_RETIRE, on_retire, intake) != 0)
		log_line(LOG_AT_ERROR, "intake cannot read the ledger: %s",
			ledger_error(ledger));
}

bool
intake_is_busy(const struct intake *intake)
{
	return intake->job || intake->first;
}
