/*
 * turn: all that one turn of the loop decides, its one commit, and the
 * effects that the commit releases. Law 1 lives here: an outlet (modems,
 * the control socket, the trail) lets nothing leave the process before the
 * operations of the turn are on disk.
 *
 * When a commit fails, the list of operations is kept, the loop is held (no
 * new event is read), and the list is replayed until it is on disk. Where it
 * failed for want of room the reserve is given up first, and nothing new is
 * begun until it is whole again.
 */
#ifndef AGENT_TURN_H
#define AGENT_TURN_H

#include "agent/ledger.h"

struct loop;
struct reserve;
struct turn;

/* Registers with the loop as its turn end. Borrows both. */
struct turn *turn_new(struct loop *loop, struct ledger *ledger);
void turn_free(struct turn *turn);

/* Lets out what waits; called after the commit of each turn, and after turns
 * without operations. In the order of registration. Operations of an outlet
 * belong to the next turn, which comes at once. */
typedef void turn_outlet_fn(void *ctx);
void turn_add_outlet(struct turn *turn, turn_outlet_fn *fn, void *ctx);

/* Gives the reserve up when the ledger lacks room, and takes it again later.
 * on_safe (may be NULL) is called each time turn_unsafe() becomes NULL: what
 * waited may go on. Borrows it until turn_free(); NULL: there is none. */
void turn_keep_reserve(struct turn *turn, struct reserve *reserve,
	turn_outlet_fn *on_safe, void *ctx);

/* An empty operation of that kind, by "daemon", at this moment; its amounts
 * are MONEY_NONE. */
struct ledger_op turn_op(const struct turn *turn, enum ledger_op_kind kind);

/*
 * Applies an operation that may be refused: on failure nothing is kept and
 * the code of ledger_apply() is returned. For intents (begin an attempt,
 * a person's wish). While turn_unsafe(), an attempt is not begun, and no row
 * of a batch taken: -EIO. result may be NULL.
 */
int turn_try(struct turn *turn, const struct ledger_op *op,
	struct ledger_result *result);

/*
 * Applies an operation that must not be lost (a result from the air): when
 * the disk refuses it, it is kept and replayed. An operation that the
 * ledger calls impossible (-EINVAL) is our own bug: logged, aborted.
 */
void turn_must(struct turn *turn, const struct ledger_op *op);

/* The ledger, for reading; what this turn did is seen already. */
struct ledger *turn_ledger(struct turn *turn);

/* This moment: wall clock, and time run over all lives of the daemon. */
struct ledger_moment turn_now(const struct turn *turn);

/* A moment of ran_ms on the loop's clock; INT64_MAX stays what it is. */
int64_t turn_loop_ms(const struct turn *turn, int64_t ran_ms);

/* Not NULL while a commit is stuck: why, for status. */
const char *turn_stuck(const struct turn *turn);

/* NULL while it is certain that a result could be written. Else nothing may
 * go on air: the sentence for people, what is wrong, what became of the
 * money, what to do. Asked by whoever makes a modem dial. */
const char *turn_unsafe(const struct turn *turn);

/* Commits now, for start-up and shutdown; the outlets stay closed until the
 * turn ends. 0 or -EIO: what was taken is kept, and the turn is stuck. */
int turn_commit(struct turn *turn);

#endif
