/*
 * balance_private: what the two files of balance share, and nobody else may
 * see: a request under way, and what texts may still be answered.
 */
#ifndef AGENT_BALANCE_PRIVATE_H
#define AGENT_BALANCE_PRIVATE_H

#include "agent/balance.h"
#include "agent/ledger.h"

struct loop_timer;

/*
 * One request under way.
 * 1. By a code: on_result() comes, once.
 * 2. By a text: on_sent() comes while in_modem; otherwise the timer runs.
 */
struct ask {
	struct balance *balance;
	struct line *line;
	struct profile *profile; /* the one it began with; counted */
	balance_fn *fn;
	void *ctx;
	int64_t began_ms;
	bool by_text, in_modem;
	int64_t began_wall_ms;
	struct ledger_touch touch;   /* by a code: when it was asked */
	char iccid[LEDGER_NAME_MAX]; /* the SIM that was asked */
	struct loop_timer *timer;    /* NULL: not by a text */
	bool answered;               /* before the text had its receipt */
	struct balance_answer answer;
	struct ask *next;
};

/*
 * Texts of one SIM whose answers may still come. Which answer is whose no
 * message says: each may be of the earliest of them.
 */
struct balance_debt {
	char iccid[LEDGER_NAME_MAX];
	unsigned count;
	bool known; /* touch is; otherwise another life sent the earliest */
	struct ledger_touch touch; /* when the earliest was sent */
	int64_t sent_wall_ms;      /* the same */
	int64_t last_ran_ms;       /* when the latest was */
	struct balance_debt *next;
};

struct balance {
	struct loop *loop;
	struct turn *turn;
	struct fleet_idle on_idle;
	struct ask *asks;
	struct balance_debt *debts;
};

/* balance.c: an answer that tells nothing yet. error: for people, static. */
struct balance_answer balance_no_answer(
	const struct ask *ask, const char *error);
/* balance.c: a balance that was told: only for people; or as a reading, weighed
 * in this turn. */
void balance_told(const struct reading *told, struct balance_answer *answer);
void balance_read(const struct ask *ask, const struct reading *told,
	struct span text, struct balance_answer *answer);
/* balance.c: tells the waiter and the line, and forgets the request. */
void balance_finish(struct ask *ask, const struct balance_answer *answer);

/* balance_text.c: as balance_ask(), for a request that is not begun yet. */
int balance_text_begin(struct ask *ask);
void balance_text_free_debts(struct balance *balance);

#endif
