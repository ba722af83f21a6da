/*
 * ledger_read_figures: walks for lists and sums that people ask for: refused
 * and doubtful cards, what was credited, what was told of balances. Each call
 * looks at a bounded number of rows, and says where to go on. It changes
 * nothing. Rows as in ledger_read.h.
 */
#ifndef AGENT_LEDGER_READ_FIGURES_H
#define AGENT_LEDGER_READ_FIGURES_H

#include "agent/ledger_read.h"

/* ---- claims -------------------------------------------------------------- */

/* A card that was on air, and is rejected, unknown or held now. */
struct ledger_claim {
	const struct ledger_voucher *voucher;
	int64_t at_wall_ms; /* its last attempt on air began */
	const char *iccid;  /* of the SIM that dialled it then */
};
typedef bool ledger_claim_fn(void *ctx, const struct ledger_claim *claim);

struct ledger_claim_filter {
	int64_t batch;         /* 0: any */
	const char *operator;  /* in any case of letters; "": any */
	int64_t since_wall_ms; /* dialled at that time or later; 0: any */
	int64_t after;         /* only vouchers above */
	int64_t look;          /* at so many vouchers at most */
};

/* *last is the last voucher that was looked at, 0 when none was left (and
 * where fn stopped, the one that it was given). */
int ledger_each_claim(struct ledger *ledger,
	const struct ledger_claim_filter *filter, ledger_claim_fn *fn,
	void *ctx, int64_t *last);

/* ---- what was dialled ---------------------------------------------------- */

/* A card that is loaded, rejected or unknown, at the attempt that made it so:
 * the one that credited it, else the last that was on air. Once each. */
struct ledger_figure {
	int64_t batch;
	int64_t began_wall_ms;
	const char *iccid, *operator, * currency;
	unsigned decimals;
	enum voucher_state state;
	int64_t minor; /* credited, else the card's worth; MONEY_NONE */
};
typedef void ledger_figure_fn(void *ctx, const struct ledger_figure *figure);

/* A walk by SIM, then by time. Begins as zeros, with since_wall_ms set. */
struct ledger_figure_walk {
	int64_t since_wall_ms;
	char iccid[LEDGER_NAME_MAX];
	int64_t began_wall_ms, attempt; /* the last one looked at */
};

/* Looks at so many attempts at most. 1 when there may be more, 0 at the end,
 * -EIO. */
int ledger_each_figure(struct ledger *ledger, struct ledger_figure_walk *walk,
	int64_t look, ledger_figure_fn *fn, void *ctx);

/* ---- what was told ------------------------------------------------------- */

/* An account that told its balance, with the newest reading. */
struct ledger_teller {
	char account[LEDGER_TARGET_MAX];
	char iccid[LEDGER_NAME_MAX], modem[LEDGER_NAME_MAX];
	char operator[LEDGER_NAME_MAX]; /* of that SIM; "" */
	char currency[8];
	unsigned decimals;
};
/* The next one behind that account ("": the first). 0, -ENOENT, -EIO. */
int ledger_next_teller(
	struct ledger *ledger, const char *after, struct ledger_teller *out);

/* Whose balance that modem tells: of the SIM in it, or (iccid "") of the one
 * that told it there last. 0, -ENOENT, -EIO. */
int ledger_account_told(struct ledger *ledger, const char *modem,
	const char *iccid, char account[LEDGER_TARGET_MAX]);

struct ledger_heard {
	int64_t id, at_wall_ms, minor;
	unsigned decimals;
	const char *currency, *modem, *iccid;
};
typedef bool ledger_heard_fn(void *ctx, const struct ledger_heard *told);

/* Readings of an account above after, in order; or (backwards) below before,
 * the newest first, 0: all. */
struct ledger_heard_filter {
	const char *account;
	int64_t after, before;
	bool backwards;
	int64_t limit;
};
int ledger_each_heard(struct ledger *ledger,
	const struct ledger_heard_filter *filter, ledger_heard_fn *fn,
	void *ctx);

#endif
