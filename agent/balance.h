/*
 * balance: asks an operator for the balance of the SIM in a line, and
 * writes what it told into the ledger. The request on which a modem's
 * coding is found, so that no PIN is ever dialled to find it.
 */
#ifndef AGENT_BALANCE_H
#define AGENT_BALANCE_H

#include "agent/fleet.h"

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
	const char *error; /* for people; "" when ok */
};
typedef void balance_fn(void *ctx, const struct balance_answer *answer);

/*
 * Asks now; fn (may be NULL) is called once, later. 0; -EBUSY when the line
 * is taken or not ready; -ENOTSUP when its operator has no code for it.
 */
int balance_ask(
	struct balance *balance, struct line *line, balance_fn *fn, void *ctx);

/* Forget a waiter (its connection closed). */
void balance_forget(struct balance *balance, void *ctx);

/* Reads a text of the line's operator: the balance it tells, MONEY_NONE. */
struct classify_groups;
int64_t balance_told(
	const struct profile *profile, const struct classify_groups *groups);

#endif
