/*
 * realm_terms: what was drawn for a run: what the profile of its operator
 * says, what its network does, and which lie of the world it may meet. It
 * holds nothing that changes but by a reload.
 */
#ifndef TESTS_CRASH_REALM_TERMS_H
#define TESTS_CRASH_REALM_TERMS_H

#include <stdbool.h>
#include <stdint.h>

/* What no rule can close (contract, Evidence), each in runs of its own. */
enum realm_residual {
	REALM_NOTHING,
	REALM_OTHER_CREDIT, /* somebody else loads the same amount */
	REALM_LATE_TEXT,    /* a text that outlasts every quiet time */
	REALM_FORGED,       /* an SMS through the operator's own centre */
	REALM_RESIDUALS
};
/* "other_credit"; NULL past the end. */
const char *realm_residual_name(enum realm_residual residual);

/* Where the final answer comes from: `verdict` of the profile. */
enum realm_verdict { REALM_BY_USSD, REALM_BY_SMS, REALM_BY_BALANCE };

/* What the profile says, and what the network does. */
struct realm_terms {
	int64_t timeout_ms, fence_ms, interval_ms;
	int64_t retry_pause_ms, reject_pause_ms;
	unsigned max_rejects, batch_rejects, retries;
	const char *before; /* of [balance] */
	bool menu, repeat_once;
	enum realm_verdict verdict;
	bool ussd, sms;   /* how PINs go: `via` */
	bool sms_verdict; /* the verdict of a USSD recharge comes by SMS */
	bool sms_copy;    /* it comes by SMS as well */
	bool serials;     /* texts tell the card's serial */
	bool bare;        /* they tell no balance */
	bool by_text;   /* the balance is asked by a text, and told by an SMS */
	bool proof;     /* there is a code for the last recharge */
	bool shared;    /* the first two SIMs have one account */
	bool doubles;   /* every second message comes twice */
	bool follow_up; /* codes are dialled after each recharge, */
	bool alike;     /* and told in the words of a recharge */
	int64_t sms_timeout_ms;
	int lock_after;
	bool count_all;
	double trouble; /* how likely a request meets a fault */
	double bad;     /* how many cards are bad */
	int64_t lag_ms; /* a credit shows in the balance so late at most */
};

#endif
