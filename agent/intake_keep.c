/*
 * intake_keep: a refused file into failed/: why, with its masked rows, and its
 * sealed bytes, in slices. It must never write a PIN in clear, nor keep one
 * file twice.
 */
#include "agent/intake_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/redact.h"
#include "agent/spool.h"
#include "agent/turn.h"
#include "agent/vault.h"

enum {
	REASON_FAULTS_MAX = 1000,      /* lines of failed/NAME.reason */
	REASON_BYTES_MAX = 256 * 1024, /* of the masked file in it */
	IDENTITY_MAX = 128,
	SMALL_FILE = 1 << 20, /* is kept whatever room is left */
	ROOM_LEFT = 16 << 20  /* for the ledger, beside a larger one */
};

/* The last line of a reason: this very file, not its bytes, which may be
 * dropped again. What was cut off after it goes on where it was. */
static void
identify(const struct intake_job *job, char line[IDENTITY_MAX])
{
	const struct stat *st = &job->opened;

	(void)snprintf(line, IDENTITY_MAX, "\n\nfile %llu:%llu of %lld.%09ld\n",
		(unsigned long long)st->st_dev, (unsigned long long)st->st_ino,
		(long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
}

/* ---- NAME.reason ------------------------------------------------------- */

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
	char name[SPOOL_NAME_MAX], line[IDENTITY_MAX];

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
	identify(job, line);
	put(reason.file, "%s", line);
	return spool_file_commit(reason.file);
}

/* ---- NAME.sealed ------------------------------------------------------- */

/* It stays where it is, and the next one has its turn. */
static void
keep_later(struct intake *intake, const char *why)
{
	intake->job->reason[0] = '\0';
	intake_give_back(intake, why);
}

static void
begin_sealing(struct intake *intake, const char *base)
{
	struct intake_job *job = intake->job;
	char name[SPOOL_NAME_MAX];

	spool_name(0, base, ".sealed", name);
	job->sealed = spool_file_new(intake->options.spool, SPOOL_FAILED, name);
	if (!job->sealed || lseek(job->fd, 0, SEEK_SET) < 0) {
		intake_start_again(intake, strerror(errno));
		return;
	}
	job->run = vault_run_new(intake->options.vault, VAULT_SEALS, job->fd,
		spool_file_fd(job->sealed));
	intake_go_on(intake, INTAKE_KEEP);
}

/* The reason first: by its last line it is known which file it is of. */
static void
begin_keeping(struct intake *intake)
{
	struct intake_job *job = intake->job;
	const struct spool *spool = intake->options.spool;
	char base[SPOOL_NAME_MAX], last[SPOOL_NAME_MAX];
	char mine[IDENTITY_MAX], theirs[IDENTITY_MAX];
	uint64_t size = (uint64_t)job->opened.st_size;
	int rc = 0;

	if (size > SMALL_FILE && spool_failed_room(spool) < size + ROOM_LEFT) {
		keep_later(intake, "there is no room to keep it");
		return;
	}
	spool_failed_name(spool, job->shown, base, last);
	identify(job, mine);
	spool_failed_end(spool, last, theirs, strlen(mine) + 1);
	if (last[0] == '\0' || strcmp(mine, theirs) != 0) {
		rc = write_reason(intake, base);
	} else if (spool_failed_has(spool, last)) {
		intake_kept(intake);
		return;
	} else {
		(void)snprintf(base, sizeof(base), "%s", last);
	}
	if (rc == 0)
		begin_sealing(intake, base);
	else
		intake_start_again(intake, strerror(-rc));
}

void
intake_keep_slice(struct intake *intake)
{
	struct intake_job *job = intake->job;
	int rc;

	if (!job->run) {
		begin_keeping(intake);
		return;
	}
	rc = vault_run_step(job->run);
	if (rc == 1) {
		intake_go_on(intake, INTAKE_KEEP);
		return;
	}
	vault_run_free(job->run);
	job->run = NULL;
	if (rc == 0)
		rc = spool_file_commit(job->sealed);
	else
		spool_file_abort(job->sealed);
	job->sealed = NULL;
	if (rc == 0)
		intake_kept(intake);
	else
		intake_start_again(intake, strerror(-rc));
}
