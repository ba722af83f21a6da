/*
 * intake_begin: the first pass over a file: its digest, and by it whether
 * the file is new, known, or one that an earlier life did not finish. It
 * must never take a name for the file.
 */
#include "agent/intake_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/log.h"
#include "agent/spool.h"
#include "agent/turn.h"
#include "agent/vault.h"

ssize_t
intake_pull(struct intake *intake, size_t max)
{
	struct intake_job *job = intake->job;
	off_t left = job->opened.st_size - job->at;
	ssize_t n;

	if ((off_t)max > left)
		max = (size_t)left;
	do {
		n = pread(job->fd, intake->buffer, max, job->at);
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		job->at += n;
	return n < 0 ? -errno : n;
}

bool
intake_has_changed(const struct intake_job *job)
{
	struct stat now;

	return fstat(job->fd, &now) != 0 ||
	       now.st_size != job->opened.st_size ||
	       now.st_mtim.tv_sec != job->opened.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != job->opened.st_mtim.tv_nsec;
}

/* A reload in the middle of a file must not change its rules. */
static void
take_profiles(struct intake_job *job, const struct profiles *profiles)
{
	size_t count = profiles->count;

	job->profiles.list = calloc(count + 1, sizeof(struct profile *));
	job->shape.lengths = calloc(count + 1, sizeof(*job->shape.lengths));
	if (!job->profiles.list || !job->shape.lengths)
		abort(); /* out of memory */
	for (size_t i = 0; i < count; i++)
		job->profiles.list[i] = profile_ref(profiles->list[i]);
	job->profiles.count = count;
}

/* ---- the beginning ----------------------------------------------------- */

struct found {
	bool from_spool, retired;
	char name[LEDGER_FILE_MAX];
};

static bool
on_found(void *ctx, const struct ledger_batch *b)
{
	struct found *found = ctx;

	found->from_spool = b->from_spool;
	found->retired = b->retired;
	(void)snprintf(found->name, sizeof(found->name), "%s", b->name);
	return true;
}

/* Whether the batch is this very file, accepted but not yet removed: the
 * daemon stopped in between, or the disk was full. */
static bool
is_unfinished(struct intake *intake, int64_t batch)
{
	struct found found = {.retired = true};

	return intake->job->kind != INTAKE_SUBMITTED &&
	       ledger_each_batch(turn_ledger(intake->options.turn), batch,
		       on_found, &found) == 0 &&
	       found.from_spool && !found.retired &&
	       strcmp(found.name, intake->job->shown) == 0;
}

/* By a file of another name. */
static bool
is_retired(const struct intake *intake, int64_t batch)
{
	struct found found = {.retired = false};

	return ledger_each_batch(turn_ledger(intake->options.turn), batch,
		       on_found, &found) == 0 &&
	       found.retired;
}

/* The batch was accepted; its file is gone, or is another one by now. */
static void
finish_without_file(struct intake *intake)
{
	struct intake_job *job = intake->job;

	if (job->maybe) {
		intake_end(intake); /* the next one may be it */
		return;
	}
	if (job->fd >= 0)
		(void)close(job->fd); /* only read */
	job->fd = -1;
	intake_finish_begin(intake);
}

static void
open_batch(struct intake *intake)
{
	struct intake_job *job = intake->job;
	struct ledger_op op = intake_op(intake, LEDGER_BATCH_OPEN);
	struct ledger_result result = {.id = 0};
	int rc;

	(void)snprintf(op.u.batch_open.name, sizeof(op.u.batch_open.name), "%s",
		job->shown);
	memcpy(op.u.batch_open.digest, job->hash, sizeof(job->hash));
	op.u.batch_open.from_spool = job->kind == INTAKE_SPOOL;
	rc = turn_try(intake->options.turn, &op, &result);
	if (rc == -EEXIST) {
		intake_refuse_known(intake, result.id);
	} else if (rc != 0) {
		intake_start_again(intake, "the ledger cannot be written");
	} else {
		job->batch = result.id;
		take_profiles(job, intake->profiles);
		intake_read_begin(intake);
	}
}

/* The digest is known: is the file? */
static void
know(struct intake *intake)
{
	struct intake_job *job = intake->job;
	enum batch_kind kind;
	int64_t batch = ledger_batch_of_digest(
		turn_ledger(intake->options.turn), job->hash);

	if (job->kind == INTAKE_RETIRE && batch != job->batch) {
		finish_without_file(intake);
	} else if (batch != 0 && is_unfinished(intake, batch)) {
		job->batch = batch;
		if (!job->profiles.list)
			take_profiles(job, intake->profiles);
		intake_finish_begin(intake);
	} else if (batch != 0) {
		intake_refuse_known(intake, batch);
	} else if (batch_kind_of(job->name, &kind) != 0) {
		intake_refuse(
			intake, "its name ends neither in .csv nor in .txt");
	} else {
		open_batch(intake);
	}
}

void
intake_digest_slice(struct intake *intake)
{
	struct intake_job *job = intake->job;
	ssize_t n = intake_pull(intake, sizeof(intake->buffer));

	if (n < 0 && job->kind == INTAKE_RETIRE) {
		finish_without_file(intake);
		return;
	}
	if (n < 0) {
		intake_give_back(intake, strerror((int)-n));
		return;
	}
	vault_digest_add(job->digest, span_of(intake->buffer, (size_t)n));
	explicit_bzero(intake->buffer, sizeof(intake->buffer));
	if (n > 0) {
		intake_go_on(intake, INTAKE_DIGEST);
		return;
	}
	vault_digest_end(job->digest, job->hash);
	job->digest = NULL;
	know(intake);
}

/* 0 when the bytes can be read. */
static int
open_file(struct intake *intake)
{
	struct intake_job *job = intake->job;

	/* Anew each time: the name may belong to another file by now. */
	if (job->kind != INTAKE_SUBMITTED) {
		if (job->fd >= 0)
			(void)close(job->fd); /* only read */
		job->fd = spool_open_incoming(intake->options.spool, job->name);
	}
	if (job->fd < 0)
		return job->fd;
	return fstat(job->fd, &job->opened) == 0 ? 0 : -errno;
}

void
intake_begin(struct intake *intake)
{
	struct intake_job *job = intake->job;
	int rc;

	if (job->kind == INTAKE_UNDO) {
		intake_go_on(intake, INTAKE_DROP);
		return;
	}
	if (job->kind == INTAKE_RETIRE && is_retired(intake, job->batch)) {
		intake_end(intake);
		return;
	}
	rc = job->gone ? -ENOENT : open_file(intake);
	if (rc == 0 && intake_stays(intake, &job->opened)) {
		intake_end(intake);
		return;
	}
	if (rc == 0) {
		job->at = 0;
		job->digest = vault_digest_new(intake->options.vault);
		intake_digest_slice(intake);
		return;
	}
	if (job->kind == INTAKE_RETIRE) {
		finish_without_file(intake);
		return;
	}
	/* Gone, or no plain file: not ours to tell. */
	if (rc != -ENOENT && rc != -EPERM)
		log_line(LOG_AT_ERROR, "intake file=%s cannot be read: %s",
			job->shown, strerror(-rc));
	(void)snprintf(job->reason, sizeof(job->reason),
		"it cannot be read: %s", strerror(-rc));
	intake_end(intake);
}
