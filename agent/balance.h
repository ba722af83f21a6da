/*
 * balance: asks an operator for the balance of the SIM in a line, and
 * writes what it told into the ledger. The request on which a modem's
 * coding is found, so that no PIN is ever dialled to find it.
 */
#ifndef AGENT_BALANCE_H
#define AGENT_BALANCE_H

#include "agent/reading.h"

struct balance;
struct loop;
struct turn;

/* Borrows all. on_idle is called when a line is free again. */
struct balance *balance_new(
	struct loop *loop, struct turn *turn, const struct fleet_idle *on_idle);
void balance_free(struct balance *balance);

struct balance_answer {
	bool ok;
	int64_t minor;
	unsigned decimals;
	const char *currency;
	int64_t at_wall_ms;
	const char *error;          /* for people; "" when ok */
	bool late;                  /* a card's verdict came in its place */
	bool settled;               /* that, or the reading, settled a card */
	bool owed;                  /* it may still come */
	struct reading_proof proof; /* when ok: what it said of a card */
};
typedef void balance_fn(void *ctx, const struct balance_answer *answer);

/* Whether its operator has a code for it, and max_per_day allows it now. */
bool balance_may_ask(const struct balance *balance, const struct line *line);

/*
 * Asks now; fn (may be NULL) is called once, later. What comes is weighed as
 * evidence in the turn in which it comes. 0; -EBUSY when the line is taken or
 * not ready; -ENOTSUP when its operator has no code for it; -EDQUOT when
 * max_per_day is used up, for persons as well: each costs. -EIO: the ledger
 * did not take that it was asked (where that is counted).
 */
int balance_ask(
	struct balance *balance, struct line *line, balance_fn *fn, void *ctx);

/* Forget a waiter (its connection closed). */
void balance_forget(struct balance *balance, void *ctx);

#endif
