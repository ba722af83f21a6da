/*
 * ledger_op_batch: operations on batches, as values: no pointer may be in
 * them. See ledger_op.h.
 */
#ifndef AGENT_LEDGER_OP_BATCH_H
#define AGENT_LEDGER_OP_BATCH_H

#include "agent/ledger_base.h"

/* A file begins to be read. Invisible to queues and lists until accepted. */
struct ledger_batch_open {
	char name[LEDGER_FILE_MAX];
	uint8_t digest[VAULT_HASH_LEN]; /* of the file's bytes */
	bool from_spool;
};

struct ledger_batch_row {
	int64_t batch;
	unsigned line;
	unsigned priority;
	uint8_t sealed[VAULT_SEALED_MAX];
	size_t sealed_len;
	uint8_t fingerprint[VAULT_HASH_LEN];
	char masked[VOUCHER_PIN_MAX + 1];
	char serial[LEDGER_NAME_MAX];
	char operator[LEDGER_NAME_MAX];
	char currency[8];
	unsigned decimals;
	int64_t amount_minor;           /* MONEY_NONE */
	char target[LEDGER_TARGET_MAX]; /* "self" or a number */
	char modem[LEDGER_NAME_MAX];    /* "" for any */
	char expires[12];               /* YYYY-MM-DD or "" */
	char note[256];
};

struct ledger_batch_fault {
	int64_t batch;
	unsigned line;
	char reason[128];
};

/* What reads, and what acts on, a whole batch goes in slices of so many rows:
 * an update of a million would keep the loop for ten seconds. A slice begins
 * behind the row `after` (0: the first); result.after is where the next one
 * does, 0 when it was the last. */
enum { LEDGER_SLICE_ROWS = 500 };

/* Before it is accepted: the rows of a batch that will be held. No audit
 * entry, since nobody sees them yet. */
struct ledger_batch_hold {
	int64_t batch, after;
	char hold[LEDGER_NAME_MAX]; /* as ACCEPT's */
};

struct ledger_batch_accept {
	int64_t batch;
	/* "counted", "lengths", or "" for ready: of the rows that are not held
	 * by then. */
	char hold[LEDGER_NAME_MAX];
	char note[256];
};

/* Removes all that was read of it, in one slice of at most a thousand rows:
 * result.count is what is left; repeated until 0. */
struct ledger_batch_drop {
	int64_t batch;
	char reason[256]; /* "" when the reading was only interrupted */
};

struct ledger_batch_ref {
	int64_t batch; /* RETIRED: its file is gone; REPORTED: report is out */
	int64_t generation; /* REPORTED: of ledger_batch.generation */
};

/* VOUCHER_HOLD, RELEASE or CANCEL for all vouchers of a batch that can, or
 * for a slice of them; one audit entry with the count. result.count is how
 * many moved. */
struct ledger_batch_move {
	int64_t batch;
	bool in_slices;
	int64_t after; /* in slices; else 0 */
	enum voucher_event event;
	char reason[LEDGER_NAME_MAX];
	char note[LEDGER_TEXT_MAX];
};

#endif
