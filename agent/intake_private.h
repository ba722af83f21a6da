/* intake_private: what the files of intake share. For nobody else. */
#ifndef AGENT_INTAKE_PRIVATE_H
#define AGENT_INTAKE_PRIVATE_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "agent/batch.h"
#include "agent/intake.h"
#include "agent/ledger.h"
#include "agent/profile_folder.h"

struct redact;
struct spool_file;

enum {
	INTAKE_PIECE = 2048,        /* bytes parsed between two counts */
	INTAKE_SLICE_BYTES = 65536, /* parsed or copied in one slice */
	INTAKE_SLICE_ROWS = 200,    /* each is sealed and stored */
	INTAKE_RETRY_MS = 5000,     /* after a disk error */
	INTAKE_FILES_MAX = 512,     /* wait; scans bring others */
	INTAKE_SUBMITTED_MAX = 32,
	INTAKE_NOTE_MAX = 256
};

enum intake_kind {        /* where a file comes from */
	INTAKE_SPOOL,     /* a file in incoming/ */
	INTAKE_SUBMITTED, /* a descriptor from the control socket */
	INTAKE_RETIRE,    /* accepted in an earlier life, not finished */
	INTAKE_UNDO       /* half-read in an earlier life */
};

enum intake_phase {
	INTAKE_DIGEST,   /* once over the bytes, to know the file again */
	INTAKE_READ,     /* rows into the ledger */
	INTAKE_ACCEPTED, /* the turn that accepted it is on disk */
	INTAKE_COPY,     /* the masked rows into done/ */
	INTAKE_DROP,     /* what was read is taken back */
	INTAKE_DROPPED   /* that is on disk too */
};

/* What looks wrong only over all rows. Of one file at a time. */
struct intake_shape {
	struct secret last; /* the row before */
	unsigned up, down;  /* PINs in a row that were one more, one less */
	bool counted;
	uint32_t (*lengths)[VOUCHER_PIN_MAX + 1]; /* by profile */
};

/* One file on its way.
 * 1. batch != 0 from BATCH_OPEN on, until it is dropped.
 * 2. Until the turn that accepted it is on disk nothing of it is told, and
 *    the file stays where it is. */
struct intake_job {
	struct intake_job *next;
	enum intake_kind kind;
	enum intake_phase phase;
	char name[LEDGER_FILE_MAX];  /* in incoming/, and for the parser only */
	char shown[LEDGER_FILE_MAX]; /* everywhere else: no PIN in it */
	char who[LEDGER_NAME_MAX];
	struct intake_defaults defaults;
	intake_fn *fn; /* NULL: nobody waits, or he was told */
	void *ctx;
	int fd;
	struct stat opened; /* how the file looked then */
	off_t at;           /* of the pass under way */
	struct vault_digest *digest;
	uint8_t hash[VAULT_HASH_LEN];
	struct profiles profiles; /* its own references */
	struct batch_parser *parser;
	struct intake_shape shape;
	int64_t batch, rows, faults;
	int64_t known_batch; /* the one that has the same bytes; 0 */
	int rc;              /* the first failure of the ledger */
	char reason[256];    /* of the refusal */
	bool again;          /* after the drop it is read anew */
	bool gone;           /* RETIRE: there is no file to look for */
	char first_fault[128];
	struct redact *redact;
	struct spool_file *done;
};

struct intake {
	struct intake_options options;
	const struct profiles *profiles;
	struct loop_idle *idle;
	struct loop_timer *retry;
	struct intake_job *job;   /* under way */
	struct intake_job *first; /* wait, in order */
	size_t files, submitted;  /* of those that wait */
	bool overflowed;          /* a name found no room: scan at the end */
	bool paused;              /* a disk error; the retry timer runs */
	char buffer[INTAKE_SLICE_BYTES]; /* PINs in clear: wiped each time */
};

/* ---- intake.c */
/* An operation by whoever brought the file. */
struct ledger_op intake_op(
	const struct intake *intake, enum ledger_op_kind kind);
/* The next slice, after this turn's commit. */
void intake_go_on(struct intake *intake, enum intake_phase phase);
/* The disk failed: the phase is entered again after a pause. */
void intake_wait(
	struct intake *intake, enum intake_phase phase, const char *why);
/* The same, but what was read is dropped and the file read from its start. */
void intake_start_again(struct intake *intake, const char *why);
/* The file cannot be read as it is: dropped; read when it is told again. */
void intake_give_back(struct intake *intake, const char *why);
/* The job is over; tells who waits. */
void intake_end(struct intake *intake);

/* ---- intake_begin.c */
void intake_begin(struct intake *intake);
void intake_digest_slice(struct intake *intake);
/* The next bytes of the pass under way; 0 at the end of what was there when
 * the file was opened, or -errno. */
ssize_t intake_pull(struct intake *intake, size_t max);
bool intake_has_changed(const struct intake_job *job);

/* ---- intake_row.c */
/* A parsed row into the ledger's, all but sealing. NULL, or why it is bad. */
const char *intake_check_row(const struct intake *intake,
	const struct intake_job *job, const struct batch_row *row,
	struct ledger_batch_row *out);
/* A note without what could be a PIN, this card's or another's. */
void intake_mask_note(const struct intake_job *job, const char *note,
	struct span voucher_pin, char out[INTAKE_NOTE_MAX]);
/* Remembers a good row (profile is its index); "counted", "lengths" or "". */
void intake_shape_add(struct intake_shape *shape, size_t profile,
	const struct secret *voucher_pin);
const char *intake_shape_hold(const struct intake_shape *shape, size_t count);
/* Whether b is the number after a, of the same length. */
bool intake_follows(const struct secret *a, const struct secret *b);

/* ---- intake_read.c, intake_refuse.c, intake_done.c */
void intake_read_begin(struct intake *intake);
void intake_read_slice(struct intake *intake);
/* Nothing of it is dialled: failed/, then what was read is dropped. */
void intake_refuse(struct intake *intake, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void intake_refuse_known(struct intake *intake, int64_t batch);
void intake_drop_slice(struct intake *intake);
void intake_dropped(struct intake *intake);
/* It is in the ledger and on disk: done/, then the file goes. */
void intake_finish_begin(struct intake *intake);
void intake_copy_slice(struct intake *intake);

#endif
