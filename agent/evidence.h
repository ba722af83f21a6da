/*
 * evidence: whether what came later settles an unknown voucher (contract,
 * Evidence). Pure. It must never take a rise of the balance for a credit
 * that anything else could have caused.
 */
#ifndef AGENT_EVIDENCE_H
#define AGENT_EVIDENCE_H

#include "agent/verdict.h"
#include "agent/voucher.h"

/* The proof by balance, or the first condition that withholds it. */
enum evidence_balance {
	EVIDENCE_PROVEN,
	EVIDENCE_OTHER_ACCOUNT, /* the card is not for the SIM that dialled */
	EVIDENCE_NO_BEFORE,     /* no reading, or not the last thing told */
	EVIDENCE_NOT_SHOWN,     /* an earlier credit was not in it yet */
	EVIDENCE_SPOILED,       /* a code, a message, a follow-up in between */
	EVIDENCE_DIALLED_SINCE, /* another card of that account */
	EVIDENCE_OTHERS_SINCE,  /* a card for a number that may be this SIM's */
	EVIDENCE_SEVERAL_OPEN,
	EVIDENCE_CURRENCY,
	EVIDENCE_NO_AMOUNT, /* the card's worth is not known */
	EVIDENCE_OTHER_RISE /* it rose by another amount, or not at all */
};

/* Amounts are minor units, MONEY_NONE where not known. The facts are those
 * of struct ledger_proof. */
struct evidence_case {
	bool own, has_before, before_shown, spoiled, dialled_since,
		others_since;
	unsigned open;
	const char *before_currency, *card_currency, *after_currency;
	int64_t before_minor, after_minor;
	int64_t card_minor, deducted_minor, bonus_minor;
};

enum evidence_balance evidence_by_balance(const struct evidence_case *c);
/* For audit and people; static. */
const char *evidence_balance_name(enum evidence_balance why);

/* A text that came after its attempt had ended. */
struct evidence_text {
	enum voucher_state state; /* of the voucher, now */
	unsigned on_air;          /* its attempts that were */
	unsigned others_in_doubt; /* other attempts of that SIM in doubt */
	enum verdict verdict;
	bool balance_matched; /* [balance] reads it as well */
	bool repeats; /* word for word the attempt's own answer: a copy */
	bool settles_by_ussd; /* the profile's verdict is ussd */
	bool restored; /* it was dialled before the ledger was restored, and the
	                  text does not name it: it may be of a card that
	                  only the lost ledger knew */
	bool followed; /* the SIM dialled another code since, and the text does
	                  not name the card: it may be that code's answer */
	bool answered_long_ago; /* its attempt was, longer ago than an answer
	                           and its copies take: this is of another */
	int64_t card_minor, amount_minor, deducted_minor, bonus_minor;
	int64_t balance_before_minor, balance_told_minor;
};

struct evidence_step {
	bool settles;             /* with the event, or changes nothing */
	enum voucher_event event; /* VOUCHER_EVIDENCE, VOUCHER_LATE_REFUSAL */
	const char *reason;       /* of the new state; static */
	int64_t credited_minor;
};
struct evidence_step evidence_by_text(const struct evidence_text *c);

#endif
