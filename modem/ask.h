/*
 * ask: one USSD question, from its command to the network's answer, and
 * what is sure about it: cause and fate. Pure. It must never call a request
 * unsent unless that is certain: a wrong "not sent" dials a PIN twice.
 */
#ifndef MODEM_ASK_H
#define MODEM_ASK_H

#include "modem/at.h"
#include "modem/fate.h"
#include "modem/ussd.h"

enum {
	/* A bare +CUSD: 2 may be the end of the USSD session before: so long a
	 * text may still follow it. */
	ASK_GRACE_MS = 3000,
	/* After an answer that came before its OK: so long for the OK. */
	ASK_SETTLE_MS = 2000,
	/* What a raw answer may take: two hex digits a UTF-16 octet. */
	ASK_TEXT_MAX = 4096
};

enum ask_state {
	ASK_IDLE,
	ASK_QUEUED,   /* nothing of it was handed to the port */
	ASK_SENDING,  /* the port has some of it */
	ASK_SENT,     /* the port has all; no final result yet */
	ASK_WAITING,  /* OK; now the network's turn */
	ASK_GRACE,    /* a bare +CUSD: 2 came; may be stale */
	ASK_SETTLING, /* the outcome is known; the OK is missing */
	ASK_OVER
};

/* The errors that mean, so early, that nothing went on air. */
struct ask_refusals {
	const int *codes; /* of +CME ERROR */
	size_t count;
	uint32_t within_ms; /* from the flush */
};

struct ask {
	enum ask_state state;
	const struct ask_refusals *refusals;
	uint32_t timeout_ms;
	int64_t sent_at_ms;
	int64_t state_until_ms;
	bool final_seen;   /* the command has had its final result */
	bool other_client; /* +CUSD: 3 came */
	enum modem_fate fate;
	enum modem_cause cause;
	int code;
	bool open;
	size_t text_len;
	char text[ASK_TEXT_MAX];
};

void ask_init(struct ask *a);

/* A question is to be asked. refusals stays the caller's. */
void ask_begin(struct ask *a, const struct ask_refusals *refusals,
	uint32_t timeout_ms);

/* Whether the network may still answer it: lines are to be shown to it. */
bool ask_is_on_air(const struct ask *a);

void ask_on_sending(struct ask *a);
void ask_on_sent(struct ask *a, int64_t now_ms);

/* A final result: of its command, or one that comes alone after the OK. */
void ask_on_final(struct ask *a, enum at_final final, int code, int64_t now_ms);

/*
 * A whole +CUSD line. false when it is not for this question (not sent yet,
 * or already answered): it is a push then.
 */
bool ask_on_answer(struct ask *a, struct span line, int64_t now_ms);

void ask_on_tick(struct ask *a, int64_t now_ms);
int64_t ask_wake_at(const struct ask *a);

/* Ends it where it stands: MAYBE_SENT once the port had a byte of it. */
void ask_end(struct ask *a, enum modem_cause cause);

/* Wipes the answer; idle again. */
void ask_forget(struct ask *a);

/* A text that only tells that a USSD session is over: never an answer. */
bool ask_is_notice(struct span text_utf8);

#endif
