/* intake_job: one batch file on its way. For the files of intake alone. */
#ifndef AGENT_INTAKE_JOB_H
#define AGENT_INTAKE_JOB_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "agent/batch.h"
#include "agent/intake.h"
#include "agent/ledger.h"
#include "agent/profile_folder.h"

struct redact;
struct spool_file;
struct vault_run;

enum {
	INTAKE_PIECE = 2048,        /* bytes parsed between two counts */
	INTAKE_SLICE_BYTES = 65536, /* parsed or copied in one slice */
	INTAKE_SLICE_ROWS = 200,    /* each is sealed and stored */
	INTAKE_RETRY_MS = 5000,     /* after a disk error */
	INTAKE_FILES_MAX = 512,     /* wait; scans bring others */
	INTAKE_SUBMITTED_MAX = 32,
	INTAKE_STAYS_MAX = 64,
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
	INTAKE_HOLD,     /* all is read, and will be held: in slices */
	INTAKE_ACCEPTED, /* the turn that accepted it is on disk */
	INTAKE_COPY,     /* the masked rows into done/ */
	INTAKE_KEEP,     /* refused: into failed/ */
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
	int64_t held_to;     /* HOLD: the row it came to */
	char reason[256];    /* of the refusal */
	bool again;          /* after the drop it is read anew */
	bool gone;           /* RETIRE: there is no file to look for */
	bool maybe;          /* RETIRE: another file may be the batch's */
	char first_fault[128];
	struct redact *redact;
	struct spool_file *done;
	bool from_ledger;          /* done/: the file itself is gone */
	int64_t copied, copied_to; /* vouchers of the slice; the last one */
	struct spool_file *sealed; /* KEEP: run fills it */
	struct vault_run *run;
};

/* A file that was refused, and kept, but could not be removed. */
struct intake_stay {
	dev_t dev;
	ino_t ino;
	struct timespec changed;
};

#endif
