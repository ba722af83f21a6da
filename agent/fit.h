/*
 * fit: whose message an operator's SMS is (contract, Evidence 2): that of the
 * one attempt that could have caused it, or nobody's. Pure; it is offered
 * one attempt after the other and keeps none. It must never choose between
 * two that both fit.
 */
#ifndef AGENT_FIT_H
#define AGENT_FIT_H

#include "agent/verdict.h"
#include "agent/voucher.h"

#define FIT_DAY_MS      INT64_C(86400000)
#define FIT_GRACE_MS    INT64_C(120000) /* between two clocks that are right */
#define FIT_EXCHANGE_MS INT64_C(3000)   /* no SIM is exchanged in less */
#define FIT_STAY_MS     INT64_C(600000) /* by then all it kept was listed */

enum {
	FIT_DIGITS_MAX = 1536, /* of a text, where numbers are looked for */
	FIT_WORD_MAX = 64
};

/* Moments: wall is UTC, ran the time that the daemon ran. */
struct fit_moment {
	int64_t wall_ms, ran_ms;
};

/* Where an attempt stands. */
enum fit_standing {
	FIT_OPEN,    /* in the air */
	FIT_PENDING, /* taken; its message decides */
	FIT_DOUBT,   /* was, or may have been, on air, and neither its operator
	                nor a credit ended its voucher */
	FIT_LOADED,
	FIT_REJECTED /* by the operator's word */
};

/* What is known of an attempt that was, or may have been, on air. Texts are
 * borrowed for the call. */
struct fit_attempt {
	int64_t id, voucher;
	enum fit_standing standing;
	enum verdict verdict; /* that it has so far */
	bool read;            /* it has had its message, */
	bool same_words;      /* ... in the words of this one */
	bool repeated;      /* one of several of its voucher that were on air */
	bool elsewhere;     /* another SIM dialled it for a number, which may
	                       be this SIM's: it is never the one here */
	int64_t card_minor; /* MONEY_NONE */
	struct span serial; /* "" where not known */
	struct span number; /* "" for the SIM itself */
	struct fit_moment began;
};

/* Of a voucher in that state, that attempt of it. */
enum fit_standing fit_standing_of(
	enum voucher_state state, enum verdict verdict, bool open, bool flying);

/* What a message tells. Texts are borrowed until fit_decide(). */
struct fit_message {
	enum verdict verdict; /* a final one: neither none nor pending */
	int64_t amount_minor, deducted_minor, bonus_minor; /* MONEY_NONE */
	struct span serial, text_utf8;
	int64_t stamp_wall_ms;    /* as the service centre says */
	struct fit_moment now;    /* of its arrival */
	struct fit_moment here;   /* since when its SIM is in this modem in the
	                             place of another, or at all; wall 0: by a
	                             clock that was not believed; ran 0: always */
	bool clock_trusted;       /* else it may be behind, or ahead */
	int64_t restored_wall_ms; /* the ledger was made from a backup then;
	                             0: it was not */
};

/* Sent more than a day ago, as far as one can know: it decides nothing. */
bool fit_is_stale(const struct fit_message *m);

/* It may have come for another SIM that was in that modem before, which kept
 * it: only a serial names a card then. */
bool fit_is_of_other_sim(const struct fit_message *m);

/* The attempts of one way to fit: none, those of one voucher, or more. */
struct fit_tally {
	int64_t attempt, voucher; /* the newest of that voucher; 0: none */
	bool several;
	bool expected;  /* that one is for a number, or its message is due */
	bool elsewhere; /* another SIM's fits as well */
	bool restored;  /* that one was dialled before the restore */
	bool moved;     /* ... before its SIM came into this modem */
	bool early;     /* it may be younger than the message: none of its */
};

enum fit_way { FIT_BY_SERIAL, FIT_BY_NUMBER, FIT_BY_REST, FIT_WAYS };

/* 1. named[way]: an attempt was offered that the text names that way, even
 *    one that does not fit: then a weaker way counts for nothing.
 * 2. A number takes out attempts for other numbers, never those for the SIM
 *    itself: it may be the SIM's own.
 * 3. For the same reason a card for the SIM itself whose message is not due
 *    is not settled while one that another SIM dialled fits as well. */
struct fit {
	const struct fit_message *message;
	struct fit_tally tallies[FIT_WAYS];
	bool named[FIT_WAYS];
	char digits[FIT_DIGITS_MAX]; /* of the text; runs end in a blank */
	size_t digits_len;
	char serial[FIT_WORD_MAX];
};

void fit_begin(struct fit *f, const struct fit_message *m);

/*
 * Some operators write twice of one card, each time in other words. So one
 * that was settled is out only for messages in words that it has had.
 *
 * All attempts of the SIM, of the accounts that it dialled for, and those
 * for numbers elsewhere, that began within a day; those that had their message,
 * too: the text may name one of them. In any order.
 */
void fit_offer(struct fit *f, const struct fit_attempt *a);

/* FIT_RESTORED: it may be of an attempt that only the lost ledger knew, since
 * the message, or the one that fits, is older than the restore; a serial tells
 * them apart. FIT_OTHER_SIM: see fit_is_of_other_sim(). */
enum fit_end { FIT_NONE, FIT_ONE, FIT_SEVERAL, FIT_RESTORED, FIT_OTHER_SIM };
/* FIT_ONE: *attempt is the one. */
enum fit_end fit_decide(const struct fit *f, int64_t *attempt);

#endif
