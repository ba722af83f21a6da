/* intake_private: what the files of intake share. For nobody else. */
#ifndef AGENT_INTAKE_PRIVATE_H
#define AGENT_INTAKE_PRIVATE_H

#include "agent/intake_job.h"

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
	struct intake_stay stays[INTAKE_STAYS_MAX]; /* a ring */
	size_t stay_count;
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
/* A file that was kept cannot be removed: it is not read again as long as it
 * is the same. */
void intake_stay(struct intake *intake);
bool intake_stays(const struct intake *intake, const struct stat *st);
/* The name as everybody may see it, the same for the same name. */
void intake_show_name(const struct intake *intake, const char *name,
	char out[LEDGER_FILE_MAX]);
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

/* ---- intake_keep.c */
void intake_keep_slice(struct intake *intake);

/* ---- intake_read.c, intake_refuse.c, intake_done.c */
void intake_read_begin(struct intake *intake);
void intake_read_slice(struct intake *intake);
void intake_hold_slice(struct intake *intake);
/* Nothing of it is dialled: failed/, then what was read is dropped. */
void intake_refuse(struct intake *intake, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void intake_refuse_known(struct intake *intake, int64_t batch);
/* It is kept, or who brought it has it. */
void intake_kept(struct intake *intake);
void intake_drop_slice(struct intake *intake);
void intake_dropped(struct intake *intake);
/* It is in the ledger and on disk: done/, then the file goes. */
void intake_finish_begin(struct intake *intake);
void intake_copy_slice(struct intake *intake);

#endif
