/*
 * trade: a shop that redeems: the fleet with balance, redeem and dispatch
 * behind it, wired as the daemon wires them, in virtual time.
 */
#ifndef TESTS_VIRTUAL_TRADE_H
#define TESTS_VIRTUAL_TRADE_H

#include "agent/dispatch.h"
#include "tests/virtual/shop.h"

/* Answers of the operator of COUNTER_PLAIN. */
#define TRADE_LOADED  "Credited with 100.00"
#define TRADE_INVALID "Invalid voucher"
#define TRADE_BALANCE "Your balance is 250.00 XTS"

/* As amounts of milliseconds. */
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* More keys of [limits] behind the usual operator. */
#define TRADE_LIMITS(text) COUNTER_PLAIN "[limits]\n" text

enum { TRADE_ANSWER_MS = 500 };

struct trade {
	struct shop shop;
	struct balance *balance;
	struct dialogue *dialogue;
	struct follow_up *follow_up;
	struct redeem *redeem;
	struct sentry *sentry;
	struct dispatch *dispatch;
};

/* simtel as that profile says; modem "a" with SIM 1 at port A, not started.
 * Its network loads every card and tells a balance. */
void trade_init(struct trade *t, struct purse *p, const char *profile);
void trade_fini(struct trade *t);

/* Modem "b" with SIM 2 at port B, of the same network. */
void trade_add_b(struct trade *t);

/* Modem i of eight, with a SIM of its own at trade_port(i), of the same
 * network; 0 and 1 are "a" and "b". trade_init() adds 0. */
enum { TRADE_LINES = 8 };
void trade_add(struct trade *t, unsigned i);
const char *trade_name(unsigned i);
const char *trade_port(unsigned i);

/* Starts the modems; runs until "a" is ready; until so many are. */
void trade_open(struct trade *t);
void trade_open_all(struct trade *t, unsigned lines);

/* The daemon stops and starts again; wires and answers are new. */
void trade_restart(struct trade *t, const char *profile);

/* What the network answers to codes that begin so; NULL: never. */
void trade_answer(const char *port, const char *code, const char *text);

/* An accepted batch of so many cards of 100.00; its tweak, if any, changes
 * each row (0 is the first) before it is stored. Kicks. */
typedef void trade_tweak(struct ledger_batch_row *row, unsigned i);
struct trade_batch {
	int64_t id;
	unsigned first; /* serial of the first PIN */
};
struct trade_batch trade_batch(
	struct trade *t, unsigned rows, trade_tweak *tweak);
int64_t trade_card(struct trade *t, const struct trade_batch *b, unsigned i);

/* How often the PIN of that card was dialled at that port; where in what was
 * written it stands first (it must). */
unsigned trade_dialled(
	const char *port, const struct trade_batch *b, unsigned i);
size_t trade_place(const char *port, const struct trade_batch *b, unsigned i);

/* How often a code was dialled there. */
unsigned trade_codes(const char *port, const char *code);

/* The card's state and reason. */
void trade_expect(struct trade *t, const struct trade_batch *b, unsigned i,
	enum voucher_state state, const char *reason);

/* Lets time pass; what a person does (an operation, applied and kicked). */
void trade_run(struct trade *t, int64_t ms);
void trade_act(struct trade *t, const struct ledger_op *op);
/* Two things that persons do: pause ("" is all) or resume; unlock. */
void trade_pause(struct trade *t, const char *modem, bool on);
void trade_unlock(struct trade *t, const char *modem);
void trade_unlock_number(struct trade *t, const char *number);
/* release of all that a batch holds. */
void trade_release(struct trade *t, const struct trade_batch *b);

/* The network says it by itself; a second passes. */
void trade_push(struct trade *t, const char *port, const char *text);

/* The last audit entry of that event has that in its note. */
void trade_assert_noted(struct trade *t, const char *event, const char *what);

bool trade_is_fenced(struct trade *t, const char *modem);

/* trade_init(), and a batch of two cards: the balance was told, and the first
 * card is on air and gets no answer; the second would. */
struct trade_batch trade_unanswered(
	struct trade *t, struct purse *p, const char *profile);

/* The status of a line. */
struct line_status trade_status(struct trade *t, const char *modem);

#endif
