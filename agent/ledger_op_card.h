/*
 * ledger_op_card: operations on vouchers and attempts, as values: no
 * pointer may be in them. See ledger_op.h.
 */
#ifndef AGENT_LEDGER_OP_CARD_H
#define AGENT_LEDGER_OP_CARD_H

#include "agent/ledger_base.h"

struct ledger_voucher_move {
	int64_t voucher;
	enum voucher_event event;
	char reason[LEDGER_NAME_MAX]; /* "" for none */
	int64_t credited_minor;       /* RESOLVED_LOADED, EVIDENCE */
	char note[LEDGER_TEXT_MAX];
};

/* The way a code goes; not known of attempts that older versions made. */
enum ledger_via { LEDGER_VIA_UNKNOWN, LEDGER_VIA_USSD, LEDGER_VIA_SMS };

/*
 * A person is about to be shown its PIN: -EINVAL where it is ready, dialing
 * or pending. What is held is cancelled; held as "revealed" where it was on
 * air. No machine repeats an unknown one from now on.
 */
struct ledger_voucher_reveal {
	int64_t voucher;
};

/*
 * ready -> dialing; unknown -> dialing with VOUCHER_REPEATED. result.id is
 * the attempt. -EBUSY when the account or the SIM has a PIN in flight
 * already, or a pending one (law 5), or the batch's slow start allows no
 * more. iccid and account must be known. The ledger itself remembers which
 * reading of the account's balance was the last before it.
 */
struct ledger_attempt_begin {
	int64_t voucher;
	enum voucher_event event; /* VOUCHER_DISPATCHED or VOUCHER_REPEATED */
	unsigned batch_rejects;   /* of the profile; kept for its batch */
	enum ledger_via via;
	char modem[LEDGER_NAME_MAX];
	char iccid[LEDGER_NAME_MAX];
	char account[LEDGER_TARGET_MAX]; /* the account credited */
	int64_t balance_before_minor;    /* MONEY_NONE where not known */
	/* What the SIM owes once the card, which is for itself, is loaded:
	 * "STEP CODE\n" for each; "" for nothing. */
	char follow_ups[LEDGER_TEXT_MAX];
};

enum ledger_fate { LEDGER_NOT_SENT, LEDGER_MAYBE_SENT, LEDGER_ANSWERED };

struct ledger_attempt_settle {
	int64_t attempt;
	enum ledger_fate fate;
	enum verdict verdict;
	enum voucher_event event;
	char reason[LEDGER_NAME_MAX];
	int64_t next_at_ran_ms; /* busy, not_sent; 0 for now */
	int64_t credited_minor; /* MONEY_NONE */
	int64_t balance_minor;  /* as the text told it; MONEY_NONE */
	int64_t deducted_minor; /* as the text told it; MONEY_NONE */
	int64_t bonus_minor;
	char by[LEDGER_NAME_MAX];   /* what decided: "text", "restart", "timer",
	                               "balance", "sms" */
	char rule[LEDGER_NAME_MAX]; /* key of the rule that fired */
	char reply[LEDGER_TEXT_MAX]; /* masked by the caller */
};

/*
 * What came to light of an attempt that had ended (contract, Evidence):
 * VOUCHER_EVIDENCE or VOUCHER_LATE_REFUSAL, along the table. The attempt is
 * no longer in doubt; with EVIDENCE it is the one that credited.
 */
struct ledger_evidence {
	int64_t attempt;
	enum voucher_event event;
	enum verdict verdict;         /* of the text; VERDICT_NONE */
	char reason[LEDGER_NAME_MAX]; /* LATE_REFUSAL: "invalid", ... */
	int64_t credited_minor;       /* as told, or the rise; MONEY_NONE */
	int64_t balance_minor;        /* as told with it; MONEY_NONE: a reading
	                                 is a LEDGER_BALANCE of its own */
	char by[LEDGER_NAME_MAX]; /* "late_answer", "sms", "proof", "balance" */
	char rule[LEDGER_NAME_MAX];
	char reply[LEDGER_TEXT_MAX]; /* masked; "" keeps the one there is */
};

#endif
