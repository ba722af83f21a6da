/*
 * redeem: one attempt from intent to verdict. The only file that sees a
 * voucher and a modem. The intent is an operation of the turn before the
 * code is handed to the modem, and the modem's bytes leave after that
 * turn's commit.
 */
#ifndef AGENT_REDEEM_H
#define AGENT_REDEEM_H

#include "agent/fleet.h"
#include "agent/ledger.h"

struct redeem;
struct turn;
struct vault;

/* on_idle is called when a line is free again. Borrows all. */
struct redeem *redeem_new(struct loop *loop, struct turn *turn,
	struct vault *vault, fleet_fn *on_idle, void *ctx);
void redeem_free(struct redeem *redeem);

/*
 * Dials a ready voucher on a ready line. 0: under way; -EBUSY: the line or
 * the account is taken; -EIO: the ledger did not take the intent; -EINVAL:
 * the voucher cannot be dialled on this line (why). Nothing is on air then.
 */
int redeem_begin(struct redeem *redeem, struct line *line, int64_t voucher);

/* Asks the balance; fn (may be NULL) is called once with the answer. 0,
 * -EBUSY, or -ENOTSUP when the operator has no code for it. */
struct redeem_balance {
	bool ok;
	int64_t minor;
	unsigned decimals;
	const char *currency;
	const char *error; /* for people */
};
typedef void redeem_balance_fn(void *ctx, const struct redeem_balance *b);
int redeem_balance(struct redeem *redeem, struct line *line,
	redeem_balance_fn *fn, void *ctx);

/* Forget the waiter of balance answers (its connection closed). */
void redeem_forget(struct redeem *redeem, void *ctx);

/* How many attempts are on air or about to be. */
size_t redeem_in_flight(const struct redeem *redeem);

#endif
