/*
 * intake: one batch file at a time, from incoming/ or from the control
 * socket, to rows, to the vault, to the ledger: in slices, so that modems
 * have their turn. A file is in the ledger wholly or not at all, and its
 * rows are on disk before it leaves incoming/.
 */
#ifndef AGENT_INTAKE_H
#define AGENT_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

struct intake;
struct loop;
struct profiles;
struct spool;
struct turn;
struct vault;

struct intake_result {
	int64_t batch; /* 0: refused */
	int64_t rows, faults;
	int64_t known_batch; /* refused: the batch that has it all; 0 */
	const char *reason;  /* of the refusal, for people; "" */
};
typedef void intake_fn(void *ctx, const struct intake_result *result);

/* Borrows all. The known names of modems are asked through has_modem;
 * on_batch (may be NULL) is told that there are new vouchers to dial. */
struct intake_options {
	struct loop *loop;
	struct turn *turn;
	struct vault *vault;
	struct spool *spool;
	const struct profiles *profiles;
	bool (*has_modem)(void *ctx, const char *name);
	void (*on_batch)(void *ctx);
	void *ctx;
};
struct intake *intake_new(const struct intake_options *options);
void intake_free(struct intake *intake);

/* New profiles (a reload). A file under way keeps the old ones' answers. */
void intake_set_profiles(
	struct intake *intake, const struct profiles *profiles);

/* A whole file lies in incoming/ (spool_fn). */
void intake_on_file(void *intake, const char *name);

/* What a person says about a whole batch on the command line; "" for not
 * said. They stand behind the file's own columns and directives. */
struct intake_defaults {
	char operator[64], amount[64], target[64], modem[64];
};

/*
 * A batch over the control socket: fd is read from its start to its end,
 * and closed, in failure too. name says its kind by its ending. fn is called
 * once, later, when the batch is on disk or refused. 0, -EBUSY when too many
 * wait, or -ESPIPE for what is no plain file (memfd is one).
 */
int intake_submit(struct intake *intake, int fd, const char *name,
	const char *who, const struct intake_defaults *defaults, intake_fn *fn,
	void *ctx);

/* Forget the waiter (its connection closed); the batch goes on. */
void intake_forget(struct intake *intake, void *ctx);

/* At start: drops half-read batches, finishes files of accepted ones. */
void intake_recover(struct intake *intake);

/* Whether a file is being read or waits. */
bool intake_is_busy(const struct intake *intake);

#endif
