/*
 * network: one operator behind any number of modems: accounts, cards,
 * lock-outs, balances, menus and texts. It alone knows what was credited.
 * Pure: a request and the time come in, an answer comes out.
 * Must never know of AT, and never forgive what a real network would not.
 */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/event.h"
#include "tests/sim/network_text.h"

enum {
	NETWORK_TEXT_MAX = 2048,
	NETWORK_PIN_MAX = 64,
	NETWORK_BUNDLE_MINOR = 5000,
	NETWORK_ID_MAX = 32 /* an IMSI or a number */
};

enum card_state { CARD_GOOD, CARD_USED, CARD_EXPIRED, CARD_BLOCKED };

struct network_options {
	int lock_after;   /* wrong PINs in a row that lock; 0: never */
	bool count_all;   /* used, expired and blocked count as wrong too */
	bool sms_verdict; /* answers "wait"; the verdict goes by SMS */
	bool sms_copy;    /* the verdict goes by SMS as well */
	char currency[8];
	/* {amount}, {balance}, {number} and {serial} (the last six digits
	 * of the PIN) are filled in. */
	char texts[NETWORK_TEXTS][160];
};

enum network_session {
	NETWORK_NONE,
	NETWORK_ENTER,
	NETWORK_SURE,
	NETWORK_LEFT
};

struct network_account {
	char key[NETWORK_ID_MAX]; /* IMSI, or a number that no SIM has */
	char msisdn[NETWORK_ID_MAX];
	struct network_account
		*purse; /* whose balance it has: mostly its own */
	int64_t balance_minor;
	int wrong_in_a_row;
	bool locked;
	enum network_session session; /* of the SIM that has this account */
	char typed_pin[NETWORK_PIN_MAX];
	char last_pin[NETWORK_PIN_MAX]; /* of its last credit, or "" */
	int64_t last_minor;
};

struct network_card {
	char voucher_pin[NETWORK_PIN_MAX];
	int64_t amount_minor;
	enum card_state state;
	unsigned executed; /* credits in all; more than one cannot happen */
	char credited_to[NETWORK_ID_MAX]; /* an account's key, or "" */
};

/* What a SIM sends: a code, or an answer to the menu that it has open. */
struct network_request {
	const char *modem; /* for the truth */
	const char *imsi;
	const char *text;
	bool busy; /* the recharge service answers that it is busy */
	int64_t now_ms;
};

struct network_answer {
	int mode;                    /* <m> of +CUSD: 0 done, 1 asks, 2 ended */
	char text[NETWORK_TEXT_MAX]; /* "" : a session dropped in silence */
	char sms[NETWORK_TEXT_MAX];  /* goes to the SIM by SMS; mostly "" */
};

struct network;

/* A network of the options given, or of the usual ones with NULL. */
struct network *network_new(
	const struct network_options *options, struct sim_hook hook);
void network_free(struct network *network);

/* lock_after 3, XTS, the usual texts. */
void network_defaults(struct network_options *options);

/* "good", "used", "expired", "blocked". */
const char *card_state_name(enum card_state state);

/* Says it so from now on; NULL: the usual. The text is copied. */
void network_say(
	struct network *network, enum network_text which, const char *text);

/* A SIM and its account, or a number without one (imsi NULL). 0, or -1
 * when it is there already or a name is too long. */
int network_add_account(struct network *network, const char *imsi,
	const char *msisdn, int64_t balance_minor);

/* One SIM more of an account (owner: its first IMSI): one balance, but
 * locked and counted by itself. 0, or -1. */
int network_share_account(struct network *network, const char *imsi,
	const char *msisdn, const char *owner);

/* Adds or replaces a card that was never credited. 0, or -1. */
int network_add_card(struct network *network, const char *voucher_pin,
	int64_t amount_minor, enum card_state state);

/* By IMSI or by number; NULL when there is none. */
struct network_account *network_account(
	const struct network *network, const char *id);
struct network_card *network_card(
	const struct network *network, const char *voucher_pin);

/* Whether this text, sent now by that SIM, carries or confirms a PIN. */
bool network_is_redeem(
	const struct network *network, const char *imsi, const char *text);

/* Does what the request says, tells the truth of it, and answers. */
void network_ask(struct network *network, const struct network_request *request,
	struct network_answer *answer);

/* The SIM or the network ends the session. */
void network_end(struct network *network, const char *imsi);

/* The network leaves the session open after a last text. */
void network_leave_open(struct network *network, const char *imsi);

/* In the order in which they came; NULL past the end. */
const struct network_account *network_account_at(
	const struct network *network, size_t i);
const struct network_card *network_card_at(
	const struct network *network, size_t i);

#endif
