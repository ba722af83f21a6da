/*
 * ledger_read_evidence: what late answers, messages and balances are weighed
 * with. It changes nothing. Rows as in ledger_read.h.
 */
#ifndef AGENT_LEDGER_READ_EVIDENCE_H
#define AGENT_LEDGER_READ_EVIDENCE_H

#include "agent/ledger_op.h"

/* The last attempt that a SIM dialled, for what comes late. */
struct ledger_last {
	int64_t attempt; /* 0: none */
	int64_t voucher;
	enum voucher_state state;
	bool open; /* in the air */
	enum ledger_fate fate;
	enum verdict verdict;
	int64_t began_wall_ms, began_ran_ms, ended_wall_ms, ended_ran_ms;
	unsigned on_air;   /* attempts of its voucher that were on air */
	unsigned in_doubt; /* attempts of this SIM in doubt, this included */
	bool doubt;        /* this one is */
	int64_t before_wall_ms; /* when the attempt before it on that account
	                           ended; 0: there is none */
	int64_t card_minor;     /* MONEY_NONE */
	unsigned decimals;
	bool own; /* the card is for the SIM itself */
	bool repeated;
	int64_t balance_before_minor;
	char serial[LEDGER_NAME_MAX];
	char account[LEDGER_TARGET_MAX];
	char operator[LEDGER_NAME_MAX];
	char reply[LEDGER_TEXT_MAX]; /* masked */
};
int ledger_last(
	struct ledger *ledger, const char *iccid, struct ledger_last *out);

/*
 * What the proof by balance looks at (contract, Evidence 4): the attempt on
 * that account that is in doubt, dialled last there, and the reading before
 * it. Asked before the new reading is stored. 0; -ENOENT when nothing is in
 * doubt there; -EIO.
 */
struct ledger_proof {
	int64_t attempt, voucher;
	bool in_the_air;    /* not settled yet (verdict = balance) */
	unsigned open;      /* attempts on that account in doubt */
	bool dialled_since; /* another attempt, of whatever end, on that
	                       account after the reading before, or after
	                       this attempt */
	bool own;           /* the card is for the SIM that dialled */
	bool others_since;  /* a card for a number was on air anywhere since the
	                       reading before: the number may be this SIM's */
	bool has_before;
	bool before_shown; /* it had shown every earlier credit */
	bool spoiled;      /* see ledger_spoil */
	int64_t before_minor;
	unsigned decimals;
	char before_currency[8], card_currency[8];
	int64_t card_minor, deducted_minor, bonus_minor; /* MONEY_NONE */
	char iccid[LEDGER_NAME_MAX];
	char serial[LEDGER_NAME_MAX];
	int64_t began_wall_ms, ended_wall_ms;
};
int ledger_proof(
	struct ledger *ledger, const char *account, struct ledger_proof *out);

/* What moved a SIM's balance last, or may have: so that two looks at it tell
 * whether anything did in between. 0 or -EIO. */
struct ledger_touch {
	int64_t attempt;         /* the newest on its account, or by the SIM */
	bool elsewhere;          /* another SIM has one on its account in the
	                            air, or pending */
	int64_t spoiled_seq;     /* see ledger_spoil; 0: never */
	int64_t spoiled_wall_ms; /* when that was */
};
int ledger_last_touch(
	struct ledger *ledger, const char *iccid, struct ledger_touch *out);

/* The unknown voucher that repeat = once may dial again on this SIM, which
 * dialled it before: unanswered, not yet repeated, its fence over. 0: none. */
int64_t ledger_repeatable(
	struct ledger *ledger, const char *iccid, const char *operator);

/* A message as it was kept. */
struct ledger_message {
	int64_t id;
	const char *iccid, *modem, *sender, *smsc, *text, *rule, *serial;
	const char *why; /* "sender", "centre", "old", "several", ...; "" */
	int64_t stamp_wall_ms;
	struct ledger_moment arrived;
	enum verdict verdict;
	int64_t amount_minor, deducted_minor, bonus_minor, balance_minor;
	int64_t attempt, voucher; /* whose it is; 0: nobody's */
	bool waits;
};
typedef bool ledger_message_fn(void *ctx, const struct ledger_message *m);
struct ledger_message_filter {
	int64_t after;     /* only ids above */
	int64_t before;    /* only ids below; 0: all */
	bool newest;       /* the newest first; not asked with waits */
	int64_t limit;     /* 0: none */
	const char *modem; /* NULL: any; not asked with waits */
	int64_t attempt;   /* 0: any */
	bool waits;        /* only those that wait */
};
int ledger_each_message(struct ledger *ledger,
	const struct ledger_message_filter *filter, ledger_message_fn *fn,
	void *ctx);

/*
 * What may have caused a message: the attempts of a SIM, of its account, of
 * the accounts that it dialled for, and those of its operator for numbers
 * elsewhere, that began at since_ran_ms or later and were, or may have been,
 * on air.
 */
struct ledger_cause {
	int64_t attempt, voucher;
	bool open;       /* in the air */
	bool flying;     /* open, or pending */
	bool read;       /* it has its message, */
	bool same_words; /* ... or one of them, in the words of the query */
	bool elsewhere;  /* another SIM dialled it, for a number that may be
	                    this SIM's: never the one that it decides */
	bool own;        /* the card is for the SIM itself */
	enum verdict verdict;
	enum voucher_state state; /* of the voucher, now */
	int64_t card_minor, balance_before_minor;
	const char *serial, *target, *iccid, *account;
	struct ledger_moment began;
	unsigned attempts, on_air, busy; /* of the voucher */
};
struct ledger_cause_query {
	const char *iccid, *account, *operator;
	int64_t since_ran_ms;
	int64_t attempt;  /* this one alone, if on air; 0: as above */
	const char *text; /* a message, masked; NULL: of no words */
};
typedef bool ledger_cause_fn(void *ctx, const struct ledger_cause *cause);
int ledger_each_cause(struct ledger *ledger, const struct ledger_cause_query *q,
	ledger_cause_fn *fn, void *ctx);

#endif
