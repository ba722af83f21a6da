/*
 * purse: a real ledger on a temporary file, with its key, and short words
 * for what tests do to it. Whatever goes wrong fails the test that runs.
 */
#ifndef TESTS_SUPPORT_PURSE_H
#define TESTS_SUPPORT_PURSE_H

#include "agent/ledger.h"

struct purse {
	char dir[64];
	char path[128]; /* of the ledger */
	char key[128];
	char why[256]; /* of a refused opening */
	struct vault *vault;
	struct ledger *ledger; /* NULL while closed */
	struct ledger_moment now;
	unsigned serial; /* of PINs drawn */
};

/* cmocka fixtures: *state is the struct purse, its ledger open. */
int purse_setup(void **state);
int purse_teardown(void **state);

void purse_open(struct purse *p);
void purse_look(struct purse *p); /* opens it for reading only */
void purse_close(struct purse *p);
/* The path of a file beside the ledger; static until the next call. */
const char *purse_path(const struct purse *p, const char *name);

/* Runs SQL on the file behind the ledger's back, triggers dropped before.
 * The ledger must be closed. */
void purse_tamper(struct purse *p, const char *sql);

/* An empty operation at the purse's moment, by "daemon". */
struct ledger_op purse_op(const struct purse *p, enum ledger_op_kind kind);
/* Applies and commits; on failure rolls back. */
int purse_do(struct purse *p, const struct ledger_op *op,
	struct ledger_result *result);
/* The same, must succeed; the id made. */
int64_t purse_must(struct purse *p, const struct ledger_op *op);

/* A row of simtel, 100.00, for self, with a PIN that no other row has. */
struct ledger_op purse_row(struct purse *p, int64_t batch, unsigned line);
/* An accepted batch of so many such rows; "hold" as BATCH_ACCEPT's. */
int64_t purse_open_batch(struct purse *p);
int64_t purse_batch(struct purse *p, unsigned rows, const char *hold);
/* The number of the voucher of that row. */
int64_t purse_voucher(struct purse *p, int64_t batch, unsigned row);

/* An attempt for self on modem "m1", SIM and account "sim1". */
struct ledger_op purse_begin(const struct purse *p, int64_t voucher);
int64_t purse_dial(struct purse *p, int64_t voucher);
struct ledger_op purse_settle(const struct purse *p, int64_t attempt,
	enum ledger_fate fate, enum verdict verdict, enum voucher_event event);
struct ledger_op purse_move(
	const struct purse *p, int64_t voucher, enum voucher_event event);

/* A card for self of a batch of its own; its number. */
int64_t purse_fresh(struct purse *p);
/* Settles; with VOUCHER_CREDITED its 100.00, with MAYBE_SENT "no_answer". */
void purse_end(struct purse *p, int64_t attempt, enum ledger_fate fate,
	enum verdict verdict, enum voucher_event event);
/* An attempt for self without an answer; its number. */
int64_t purse_lose(struct purse *p, int64_t voucher);
/* A reading of XTS, two decimals; purse_tell() applies it for "sim1". */
struct ledger_op purse_reading(
	const struct purse *p, const char *iccid, int64_t minor);
void purse_tell(struct purse *p, int64_t minor);

/* A voucher as it is now. Its texts are gone but for state and reason. */
struct purse_card {
	enum voucher_state state;
	char reason[LEDGER_NAME_MAX];
	struct ledger_voucher v;
};
struct purse_card purse_card(struct purse *p, int64_t voucher);
/* The numbers that a filter gives, at most cap of them; how many. */
size_t purse_list(struct purse *p, const struct ledger_voucher_filter *filter,
	int64_t *ids, size_t cap);
/* A batch as it is now; texts are gone. */
struct ledger_batch purse_batch_now(struct purse *p, int64_t batch);
struct ledger_sim purse_sim(struct purse *p);

/* Copies the event and note of an audit entry, of the last one. */
void purse_audit(struct purse *p, int64_t seq, char event[LEDGER_NAME_MAX],
	char note[LEDGER_TEXT_MAX]);
void purse_last_audit(struct purse *p, char event[LEDGER_NAME_MAX],
	char note[LEDGER_TEXT_MAX]);

/* Kept is counted, and the chain is whole. */
void purse_is_sound(struct purse *p);

#endif
