/*
 * balance: asks an operator for the balance of the SIM in a line, and
 * writes what it told into the ledger. The request on which a modem's
 * coding is found, so that no PIN is ever dialled to find it.
 */
#ifndef AGENT_BALANCE_H
#define AGENT_BALANCE_H

#include "agent/reading.h"

struct balance;
struct classify_result;
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
	bool owed;                  /* an answer may still come */
	struct reading_proof proof; /* when ok: what it said of a card */
};
typedef void balance_fn(void *ctx, const struct balance_answer *answer);

/* Whether its operator can be asked, and max_per_day allows it now. */
bool balance_may_ask(const struct balance *balance, const struct line *line);

/* Whether it is asked by a text, since it cannot be by a code; how long an
 * answer may take. Of a line with an operator. */
bool balance_goes_by_text(const struct line *line);
int64_t balance_patience_ms(const struct line *line);

/*
 * Asks now; fn (may be NULL) is called once, later. What comes is weighed as
 * evidence in the turn in which it comes. 0; -EBUSY when the line is taken or
 * not ready; -ENOTSUP when its operator has neither a code nor a text for it;
 * -EDQUOT when max_per_day is used up, for persons as well: each costs. -EIO:
 * the ledger did not take that it was asked. The line stays busy until the
 * answer came or is no longer waited for: after a text, sms_timeout.
 */
int balance_ask(
	struct balance *balance, struct line *line, balance_fn *fn, void *ctx);

/* An operator's message, whose sender and centre are right; read by the
 * line's profile. Borrowed for the call. */
struct balance_message {
	struct span text_utf8;
	const struct classify_result *read;
	int64_t stamp_wall_ms; /* of the service centre */
};
enum balance_use {
	BALANCE_NOTHING,    /* it tells no balance, or is a card's */
	BALANCE_UNASKED,    /* it answers nothing that waits */
	BALANCE_FOR_PEOPLE, /* the answer; but it may be older than what moved
	                       the balance since: no reading */
	BALANCE_READING     /* the answer */
};
enum balance_use balance_weigh_message(struct balance *balance,
	const struct line *line, const struct balance_message *message);
/* Once it is kept, in the same turn: it answers. */
void balance_take_message(struct balance *balance, struct line *line,
	const struct balance_message *message, enum balance_use use);

/* Forget a waiter (its connection closed). */
void balance_forget(struct balance *balance, void *ctx);

#endif
