/*
 * fence: what must happen on a SIM after a session that may still be
 * answered, before it dials another PIN (contract, The fence): cancel, wait,
 * ask, be quiet, see that the SIM is the same. Pure: events and the time in,
 * one wish out. It must never end while a text may still be under way.
 * Times are milliseconds of the loop's clock.
 */
#ifndef AGENT_FENCE_H
#define AGENT_FENCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	FENCE_SETTLE_MS = 2000, /* between the cancel and the first question */
	FENCE_ASKS = 3,         /* how often the balance is asked at most */
	FENCE_QUIETS = 5        /* quiet times begun anew, at most */
};

enum fence_phase {
	FENCE_DOWN, /* there is none */
	FENCE_CANCELLING,
	FENCE_SETTLING,
	FENCE_PROVING, /* the operator's own code for the last recharge */
	FENCE_ASKING,  /* the balance */
	FENCE_RADIO,   /* off and on: nothing could be asked */
	FENCE_QUIET,
	FENCE_IDENTIFYING /* reads the SIM again */
};

/* What the owner does now; it says FENCE_DONE or FENCE_FAILED when it is. */
enum fence_wish {
	FENCE_WISH_NONE,
	FENCE_WISH_CANCEL,
	FENCE_WISH_PROOF,
	FENCE_WISH_BALANCE,
	FENCE_WISH_RADIO,
	FENCE_WISH_IDENTIFY,
	FENCE_WISH_END /* write that it is over */
};

enum fence_event {
	FENCE_DONE,    /* the wish was carried out; BALANCE: a reading came */
	FENCE_FAILED,  /* it was not; BALANCE, PROOF: no answer of its own */
	FENCE_TEXT,    /* a text with a verdict, or one that nobody can read. It
	                  ends no question: where it came in the place of the
	                  answer, FENCE_FAILED follows it */
	FENCE_READING, /* the answer to a balance question, come by itself */
	FENCE_BROKEN   /* the modem broke off or started anew */
};

struct fence_terms {
	int64_t quiet_ms; /* the profile's fence */
	int64_t ask_ms;   /* how long an answer may take */
	int64_t due_ms;   /* the last answer under way was due then: the quiet
	                     time ends no earlier than quiet_ms after it */
	bool can_ask;     /* there is a balance code, and it may be asked */
	bool can_prove;   /* there is a [proof] */
	bool only_ask;    /* nothing is under way; only evidence is wanted */
};

/*
 * 1. wish is NONE while it is down and in the phases that only wait (settling,
 *    quiet); the others have the one they are named after. FENCE_IDENTIFYING
 *    has two: IDENTIFY, and when that is done, END.
 * 2. wait_until_ms is INT64_MAX but while time ends the phase: settling,
 *    quiet, and a wish that failed and is given again.
 * 3. quiets counts the quiet times begun since the cancel.
 */
struct fence {
	enum fence_phase phase;
	enum fence_wish wish;
	bool wish_taken;
	struct fence_terms terms;
	unsigned asked, quiets;
	int64_t began_ms, wait_until_ms;
	bool answered;  /* a balance question was */
	bool cut_short; /* it ended although texts kept coming */
};

/* Raises it; one that is up begins anew, and keeps the later due_ms. */
void fence_raise(
	struct fence *f, const struct fence_terms *terms, int64_t now_ms);

void fence_on(struct fence *f, enum fence_event event, int64_t now_ms);
void fence_tick(struct fence *f, int64_t now_ms);
int64_t fence_wake_at(const struct fence *f); /* INT64_MAX: after an event */

/* What to do now; each wish is given once. */
enum fence_wish fence_take_wish(struct fence *f);

bool fence_is_up(const struct fence *f);

/* A balance question was asked, or is, and none was answered yet. */
bool fence_awaits_reading(const struct fence *f);

/* The latest moment at which it can end if the modem stays. */
int64_t fence_ends_by(const struct fence *f, int64_t now_ms);

#endif
