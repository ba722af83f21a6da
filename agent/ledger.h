/*
 * ledger: the durable record of vouchers, attempts, batches, SIMs and the
 * audit chain. All SQL is in ledger.c and ledger_*.c (the one module with
 * SQLite). Every change is an operation, applied inside the transaction of
 * a turn; every change of state writes its audit entry in the same commit.
 * It refuses any edge that the table of voucher.h has not, and it never
 * sees a PIN in clear.
 *
 * Here: opening it, and the transaction of a turn. What may change it is in
 * ledger_op.h, what may be asked in ledger_read.h (vouchers, batches, the
 * queue), ledger_read_sim.h, ledger_read_evidence.h, ledger_read_follow.h,
 * ledger_read_audit.h and ledger_read_gauge.h.
 */
#ifndef AGENT_LEDGER_H
#define AGENT_LEDGER_H

#include "agent/ledger_base.h"
#include "agent/ledger_op.h"
#include "agent/ledger_read.h"
#include "agent/ledger_read_audit.h"
#include "agent/ledger_read_evidence.h"
#include "agent/ledger_read_figures.h"
#include "agent/ledger_read_follow.h"
#include "agent/ledger_read_gauge.h"
#include "agent/ledger_read_sim.h"

/* ---- opening ---------------------------------------------------------- */

enum ledger_open_how { LEDGER_OPEN_RW, LEDGER_OPEN_READ_ONLY };

/*
 * Opens or makes the ledger, migrates an older one, checks that the key is
 * the one it was sealed with. Takes an exclusive lock beside it
 * (LEDGER_OPEN_RW), so that a second daemon is refused. NULL on failure;
 * why says it for people. vault is borrowed, and outlives the ledger.
 */
struct ledger *ledger_open(const char *path, enum ledger_open_how how,
	struct vault *vault, char *why, size_t cap);
void ledger_close(struct ledger *ledger);

/* ran_ms as last stored. */
int64_t ledger_ran_ms(struct ledger *ledger);

/* ---- the transaction of a turn: called by turn.c only ------------------ */

/* Each 0 or -EIO (see ledger_error()). */
int ledger_begin(struct ledger *ledger);
int ledger_commit(struct ledger *ledger, int64_t ran_ms);
void ledger_rollback(struct ledger *ledger);

/* What SQLite said last, for people; the ledger's. */
const char *ledger_error(const struct ledger *ledger);
/* Whether something failed for want of room since this was asked last. */
bool ledger_lacked_room(struct ledger *ledger);

#endif
