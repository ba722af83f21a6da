/*
 * ledger_op_follow: operations on the codes that are dialled after a recharge,
 * as values: no pointer may be in them. See ledger_op.h.
 *
 * That one is owed is no operation: it comes with the operation by which the
 * daemon calls a card for the SIM itself loaded (ATTEMPT_SETTLE, EVIDENCE),
 * out of the list that its attempt began with.
 */
#ifndef AGENT_LEDGER_OP_FOLLOW_H
#define AGENT_LEDGER_OP_FOLLOW_H

#include "agent/ledger_op_card.h"

/* Surely unsent so often, it is given up. */
enum { LEDGER_FOLLOW_TRIES = 3 };

/*
 * It is about to be dialled: "sim.follow_up". -EINVAL unless it is the next
 * that this SIM owes; -EBUSY while a PIN, or another such code, of the SIM is
 * in flight. The caller spoils the account in the same turn.
 */
struct ledger_follow_begin {
	int64_t id;
	char iccid[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX];
	char code[LEDGER_TEXT_MAX]; /* masked by the caller, for the audit */
};

/*
 * What came of one under way: "sim.followed". Surely unsent it is owed again,
 * LEDGER_FOLLOW_TRIES times in all. One that was answered, and matched, is
 * done; any other has failed ("sim.follow_up_failed"), and what the same
 * recharge owes behind it is dropped: it may build on it.
 */
struct ledger_follow_end {
	int64_t id;
	enum ledger_fate fate;
	bool matched;
	char why[LEDGER_NAME_MAX];   /* there was no text: "no_answer", ... */
	char reply[LEDGER_TEXT_MAX]; /* masked by the caller */
};

/* One that is owed is not dialled after all: "sim.follow_up_dropped". */
struct ledger_follow_drop {
	int64_t id;
	char modem[LEDGER_NAME_MAX];
	char why[LEDGER_NAME_MAX]; /* "profile", "restored" */
};

#endif
