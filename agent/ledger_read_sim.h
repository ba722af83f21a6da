/*
 * ledger_read_sim: SIMs and accounts: breakers, balances, pauses. It changes
 * nothing. Rows as in ledger_read.h.
 */
#ifndef AGENT_LEDGER_READ_SIM_H
#define AGENT_LEDGER_READ_SIM_H

#include "agent/ledger_base.h"

/* What breakers and pacing need of a SIM. */
struct ledger_sim {
	char iccid[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX]; /* where it was seen last */
	char operator[LEDGER_NAME_MAX];
	char account[LEDGER_TARGET_MAX];
	unsigned counted;       /* attempts that count for the breaker */
	unsigned unsettled;     /* open or unknown, dialled after the last
	                           unlock: for people */
	bool one_more;          /* an unlock that no attempt has used yet */
	bool blocked;           /* the operator said sim_blocked */
	unsigned tried;         /* of those that count: after the first that
	                           was answered so */
	int64_t stopped_ran_ms; /* when the last that counts ended; 0: none */
	int64_t stopped_wall_ms;
	int64_t last_ran_ms;    /* end of the last attempt; 0: none */
	bool flies;             /* a PIN that it dialled is in flight */
	bool fence;             /* one was begun, and is not over */
	unsigned asked_today;   /* balance requests since day_wall_ms */
	unsigned dialled_today; /* attempts on air since day_wall_ms */
	int64_t balance_minor;  /* MONEY_NONE */
	unsigned balance_decimals;
	char balance_currency[8];
	int64_t balance_wall_ms; /* 0: never */
	bool balance_is_last;    /* nothing was dialled on the account, or by
	                            this SIM, or touched it since */
};
/* 0, -ENOENT for a SIM never seen, -EIO. day_wall_ms: start of the day. */
int ledger_sim(struct ledger *ledger, const char *iccid, int64_t day_wall_ms,
	struct ledger_sim *out);
/* Its attempts on air since that moment of the daemon's own time, for when
 * the wall clock does not say what a day is. 0, -EIO. */
int ledger_dialled_since(struct ledger *ledger, const char *iccid,
	int64_t ran_ms, unsigned *out);
typedef bool ledger_sim_fn(void *ctx, const struct ledger_sim *sim);
int ledger_each_sim(struct ledger *ledger, int64_t day_wall_ms,
	ledger_sim_fn *fn, void *ctx);

/* The breaker of an account: the SIM of `self` cards, or a number. */
struct ledger_account {
	char name[LEDGER_TARGET_MAX];
	char operator[LEDGER_NAME_MAX]; /* of the last card dialled there */
	unsigned counted;       /* attempts since the last that credited */
	bool one_more;          /* an unlock that no attempt has used yet */
	int64_t stopped_ran_ms; /* when the last that counts ended; 0: none */
	int64_t stopped_wall_ms;
};
/* An account never dialled for has zeros. 0 or -EIO. */
int ledger_account(
	struct ledger *ledger, const char *name, struct ledger_account *out);
/* Those with at least one attempt that counts and has ended; numbers and
 * SIMs. */
typedef bool ledger_account_fn(void *ctx, const struct ledger_account *a);
int ledger_each_account(
	struct ledger *ledger, ledger_account_fn *fn, void *ctx);

/* What was told and what was credited, per account that told a balance. */
struct ledger_reconcile {
	const char *account, *iccid, *modem, *operator, * currency;
	unsigned decimals;
	int64_t then_minor, now_minor; /* readings */
	int64_t then_wall_ms, now_wall_ms;
	int64_t credited_minor; /* by attempts between the two; the card's
	                           worth where no amount was told */
	int64_t unexplained_minor;
	unsigned credits_unknown; /* credited with an amount nobody knows */
	unsigned open;            /* vouchers unknown on this account */
	int64_t open_minor;       /* the sum of their amounts where known */
};
typedef bool ledger_reconcile_fn(void *ctx, const struct ledger_reconcile *r);
/* since_wall_ms: from the last reading before it on; 0: from the first. */
int ledger_each_reconcile(struct ledger *ledger, int64_t since_wall_ms,
	ledger_reconcile_fn *fn, void *ctx);

/* Which of a modem's ports speaks unasked, as remembered. */
struct ledger_device {
	char place[LEDGER_PLACE_MAX];
	int64_t seen_wall_ms; /* when that was told first */
};
/* 0, -ENOENT, -EIO. */
int ledger_device(
	struct ledger *ledger, const char *imei, struct ledger_device *out);

/* What came of typing the content of a SIM PIN file into a SIM. */
struct ledger_sim_pin_known {
	bool refused;
	unsigned open;  /* times typed without a known end; 0: it was taken */
	unsigned tries; /* left before it was typed last */
	int64_t at_wall_ms;
};
/* 0, -ENOENT where it was never typed, -EIO. */
int ledger_sim_pin(struct ledger *ledger, const char *iccid,
	const uint8_t digest[VAULT_HASH_LEN], struct ledger_sim_pin_known *out);
/* Whether it may be typed into a SIM with so many tries left: the rule of
 * LEDGER_SIM_PIN_TRIED. known: NULL where it was never typed. */
bool ledger_sim_pin_may(
	const struct ledger_sim_pin_known *known, unsigned tries);

/* Whether dialling is paused, for all ("") or for this modem by itself. Also
 * when the ledger cannot be read. */
bool ledger_is_paused(struct ledger *ledger, const char *modem);

#endif
