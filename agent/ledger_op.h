/*
 * ledger_op: all that may change the ledger, as one value that a turn keeps
 * and replays. What each may be refused with stands beside its struct, in
 * ledger_op_card.h and ledger_op_sim.h.
 */
#ifndef AGENT_LEDGER_OP_H
#define AGENT_LEDGER_OP_H

#include "agent/ledger_op_batch.h"
#include "agent/ledger_op_card.h"
#include "agent/ledger_op_follow.h"
#include "agent/ledger_op_sim.h"

enum ledger_op_kind {
	LEDGER_BATCH_OPEN,
	LEDGER_BATCH_ROW,
	LEDGER_BATCH_FAULT,
	LEDGER_BATCH_HOLD,
	LEDGER_BATCH_ACCEPT,
	LEDGER_BATCH_DROP,
	LEDGER_BATCH_RETIRED,
	LEDGER_BATCH_REPORTED,
	LEDGER_BATCH_MOVE,
	LEDGER_VOUCHER_MOVE,
	LEDGER_ATTEMPT_BEGIN,
	LEDGER_ATTEMPT_SETTLE,
	LEDGER_EVIDENCE,
	LEDGER_BALANCE,
	LEDGER_BALANCE_ASKED,
	LEDGER_FENCE,
	LEDGER_SPOIL,
	LEDGER_SIM_SEEN,
	LEDGER_SIM_BLOCKED,
	LEDGER_UNLOCK,
	LEDGER_PAUSE,
	LEDGER_CURSOR,
	LEDGER_EVENT,
	LEDGER_MESSAGE,
	LEDGER_MESSAGE_DONE,
	LEDGER_DEVICE_SEEN,
	LEDGER_SIM_PIN,
	LEDGER_VOUCHER_REVEAL,
	LEDGER_FOLLOW_BEGIN,
	LEDGER_FOLLOW_END,
	LEDGER_FOLLOW_DROP,
	LEDGER_OP_KINDS
};

struct ledger_cursor {
	char name[LEDGER_NAME_MAX];
	int64_t seq;
};

/* An audit entry that changes no voucher: "daemon.start", "modem.ready". */
struct ledger_event {
	char event[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX];
	int64_t batch; /* 0 for none */
	int64_t voucher;
	char note[LEDGER_TEXT_MAX];
};

/* A value: no pointer in it, so a turn can keep and replay it. */
struct ledger_op {
	enum ledger_op_kind kind;
	struct ledger_moment at;
	char who[LEDGER_NAME_MAX]; /* "daemon", or a person: "uid:1000(ann)" */
	union {
		struct ledger_batch_open batch_open;
		struct ledger_batch_row batch_row;
		struct ledger_batch_fault batch_fault;
		struct ledger_batch_hold batch_hold;
		struct ledger_batch_accept batch_accept;
		struct ledger_batch_drop batch_drop;
		struct ledger_batch_ref batch_ref;
		struct ledger_batch_move batch_move;
		struct ledger_voucher_move voucher_move;
		struct ledger_attempt_begin attempt_begin;
		struct ledger_attempt_settle attempt_settle;
		struct ledger_evidence evidence;
		struct ledger_balance balance;
		struct ledger_balance_asked balance_asked;
		struct ledger_fence fence;
		struct ledger_spoil spoil;
		struct ledger_sim_seen sim_seen;
		struct ledger_sim_blocked sim_blocked;
		struct ledger_unlock unlock;
		struct ledger_pause pause;
		struct ledger_cursor cursor;
		struct ledger_event event;
		struct ledger_message_keep message_keep;
		struct ledger_message_done message_done;
		struct ledger_device_seen device_seen;
		struct ledger_sim_pin sim_pin;
		struct ledger_voucher_reveal voucher_reveal;
		struct ledger_follow_begin follow_begin;
		struct ledger_follow_end follow_end;
		struct ledger_follow_drop follow_drop;
	} u;
};

struct ledger_result {
	int64_t id;    /* of what was made */
	int64_t count; /* of what was moved, or is left */
	int64_t after; /* of a slice: the row it came to; 0: no more */
};

/*
 * Applies one operation inside the open transaction, as one savepoint. 0;
 * -EINVAL: the edge or the reference does not exist (nothing was changed);
 * -EEXIST: a repeated PIN, or a file accepted before (result.id: the other
 * batch); -EBUSY; -EIO: the disk (see ledger_error()).
 */
int ledger_apply(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result);

#endif
