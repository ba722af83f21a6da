/*
 * post: a shop with one line whose operator writes to it: cards that were
 * dialled, as a test says, and messages that come. No dispatch: what is
 * dialled, and when, is the test's.
 */
#ifndef TESTS_VIRTUAL_POST_H
#define TESTS_VIRTUAL_POST_H

#include "agent/message.h"
#include "tests/virtual/shop.h"

enum { POST_CARD = 10000 }; /* its worth, in minor units */

#define POST_CENTRE "+2348030000000"
#define POST_LOADED "You have been credited with 100.00"

/* Messages are of that sender, came through that centre. */
struct post {
	struct shop shop;
	struct line *line; /* "a", ready */
	struct redeem *redeem;
	struct message_parts parts;
	unsigned idle;    /* how often a card was settled */
	int64_t stamp_ms; /* 0: the moment at which it comes */
	const char *sender, *smsc, *own_smsc;
	char pin[16]; /* of the newest card */
};

/* By a trusted clock; *state is a purse. */
void post_init(struct post *s, void **state);
void post_fini(struct post *s);
void post_commit(struct post *s);
void post_pass(struct post *s, int64_t ms);

struct post_kind {
	int64_t minor;
	const char *serial, *target;
};
extern const struct post_kind post_plain; /* POST_CARD for the SIM itself */

/* A ready card; an attempt of it; what came of the session. */
int64_t post_card(struct post *s, const struct post_kind *kind);
int64_t post_dial(struct post *s, int64_t voucher, const char *target);
void post_answer(struct post *s, int64_t attempt, enum verdict verdict,
	enum voucher_event event);

enum post_became {
	POST_OPEN,
	POST_PENDING,
	POST_UNKNOWN,
	POST_CREDITED,
	POST_REFUSED
};
/* All three. */
int64_t post_dialled(
	struct post *s, const struct post_kind *kind, enum post_became became);

void post_expect(struct post *s, int64_t voucher, enum voucher_state state,
	const char *reason);

/* What is kept. */
struct post_letters {
	size_t count;
	struct ledger_message last; /* its texts are gone */
	char why[LEDGER_NAME_MAX], text[LEDGER_TEXT_MAX];
};
struct post_letters post_kept(struct post *s);

/* A message comes, and the turn ends: what message_on_arrival() said. */
int post_arrive(struct post *s, const char *text);

/* The same for one that is new; a second passes, so that the next has another
 * stamp. Why it decided nothing, "" where it did. */
const char *post_sms(struct post *s, const char *text);

#endif
