/*
 * ledger_op_sim: operations on SIMs, their accounts and their messages, as
 * values: no pointer may be in them. See ledger_op.h.
 */
#ifndef AGENT_LEDGER_OP_SIM_H
#define AGENT_LEDGER_OP_SIM_H

#include "agent/ledger_base.h"

struct ledger_balance {
	char modem[LEDGER_NAME_MAX];
	char iccid[LEDGER_NAME_MAX];
	int64_t minor;
	unsigned decimals;
	char currency[8];
	char reply[LEDGER_TEXT_MAX];
};

/* A balance request goes out; counted where requests cost money. */
struct ledger_balance_asked {
	char iccid[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX];
	int64_t day_wall_ms; /* start of the local day */
};

/*
 * A fence begins around a SIM, or is over. It survives restarts and follows
 * the SIM. Over: all that may be asked about its doubtful attempts has been
 * asked (repeat = once waits for that). The same twice changes nothing: where
 * none is up, as after a missing SMS, it is begun before it is over.
 */
struct ledger_fence {
	char iccid[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX];
	bool over;
	char why[128]; /* "no_answer", "replug", ...; over: what it found */
};

/* Something else touched the account of a SIM (an administrator's code, a
 * message, a follow-up, a balance that told itself unasked): readings before
 * it are no evidence across it. */
struct ledger_spoil {
	char iccid[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX];
	char by[LEDGER_NAME_MAX]; /* "ussd", "sms", "follow_up", "text" */
};

struct ledger_sim_seen {
	char modem[LEDGER_NAME_MAX];
	char iccid[LEDGER_NAME_MAX];
	char imsi[LEDGER_NAME_MAX];
	char imei[LEDGER_NAME_MAX];
	char operator[LEDGER_NAME_MAX];
	char account[LEDGER_TARGET_MAX];
};

/* Which of a modem's ports speaks unasked. What is known already writes
 * nothing (result.count 0); another port than before is told in the audit. */
struct ledger_device_seen {
	char imei[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX];  /* for the audit */
	char place[LEDGER_PLACE_MAX]; /* as the finder of ports names it */
};

enum ledger_sim_pin_step {
	LEDGER_SIM_PIN_TRIED, /* is about to be typed: nothing left yet */
	LEDGER_SIM_PIN_TAKEN,
	LEDGER_SIM_PIN_REFUSED,
	LEDGER_SIM_PIN_NOT_SENT /* no byte of it left: as if never tried */
};

/*
 * A SIM PIN. TRIED is refused with -EINVAL where it must not be typed: fewer
 * than two tries are left; the SIM refused this content before; it was typed
 * and what came of it is not known. TAKEN, REFUSED and NOT_SENT are of the last
 * TRIED of that content: without one -EINVAL.
 */
struct ledger_sim_pin {
	char iccid[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX];
	uint8_t digest[VAULT_HASH_LEN]; /* keyed, of its digits */
	enum ledger_sim_pin_step step;
	unsigned tries; /* left, as the SIM says; with TRIED */
};

/* The operator barred it ("too many wrong"). */
struct ledger_sim_blocked {
	char iccid[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX];
};

/* A person allows one PIN more on a SIM (iccid) or an account. */
struct ledger_unlock {
	char iccid[LEDGER_NAME_MAX];     /* or "" */
	char account[LEDGER_TARGET_MAX]; /* or "" */
	char modem[LEDGER_NAME_MAX];
};

struct ledger_pause {
	char modem[LEDGER_NAME_MAX]; /* "" for all */
	bool on;
};

/*
 * An operator's message, or anybody's. -EEXIST for a copy (the same digest on
 * that SIM), which changes nothing; result.id is the message, or the first.
 * Of a SIM with LEDGER_MESSAGES_MAX the oldest that decided nothing goes.
 */
struct ledger_message_keep {
	char iccid[LEDGER_NAME_MAX]; /* must be known */
	char modem[LEDGER_NAME_MAX];
	char sender[LEDGER_NAME_MAX];
	char smsc[LEDGER_NAME_MAX];
	int64_t stamp_wall_ms;
	uint8_t digest[VAULT_HASH_LEN]; /* over sender, stamp and text */
	char text[LEDGER_TEXT_MAX];     /* masked by the caller */
	enum verdict verdict;           /* VERDICT_NONE where it may be none */
	char rule[LEDGER_NAME_MAX];
	char serial[LEDGER_NAME_MAX]; /* as told */
	int64_t amount_minor, deducted_minor, bonus_minor, balance_minor;
	int64_t attempt; /* whose message it is; 0: nobody's */
	bool waits;      /* that attempt is in the air: it may yet decide */
	char why[LEDGER_NAME_MAX]; /* why it decides nothing; "" */
};

/* A message that waited has been weighed. */
struct ledger_message_done {
	int64_t message;
	int64_t attempt; /* whose it is after all; 0: nobody's, and that of
	                    the attempt it waited for may yet come */
	char why[LEDGER_NAME_MAX]; /* as above */
};

#endif
