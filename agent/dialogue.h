/*
 * dialogue: one USSD session that an administrator holds on a line: a code,
 * the operator's screens, the person's answers; or one message of his. All of
 * it is in the audit, and no balance is evidence across it. It must never send
 * a PIN.
 */
#ifndef AGENT_DIALOGUE_H
#define AGENT_DIALOGUE_H

#include "agent/fleet.h"

struct dialogue;
struct loop;
struct turn;

/* A screen that asks back waits so long for the person; then the session is
 * closed, as networks do. Shorter than the driver's own patience. */
enum { DIALOGUE_WAIT_MS = 60000 };

/* Borrows all. on_idle is called when a line is free again. */
struct dialogue *dialogue_new(struct loop *loop, struct turn *turn,
	struct fleet *fleet, const struct fleet_idle *on_idle);
void dialogue_free(struct dialogue *dialogue);

/* What came: a text, or why there is none. */
struct dialogue_screen {
	const char *text;  /* masked; "" when there is none */
	const char *error; /* for people; "" when the operator answered */
	bool open;         /* the operator asked back */
	bool over;         /* the session has ended: nothing follows */
};
typedef void dialogue_fn(void *ctx, const struct dialogue_screen *screen);

struct dialogue_request {
	struct line *line;
	const char *code;
	const char *who;
	bool answers; /* the person can answer; else what is open is closed */
	dialogue_fn *fn;
	void *ctx; /* names the session, too */
};

/*
 * Dials the code once; fn is called later for each screen, the last time with
 * over. Texts are copied. 0, or nothing is dialled:
 * -EBUSY    the line is taken, fenced, or about to be asked for evidence
 * -ENOTSUP  it has no operator, or its SIM is not known
 * -EPERM    there may be a PIN in it
 * -EINVAL   it is empty, too long, or cannot be typed
 * -EIO      the ledger cannot take it: turn_unsafe(), ledger_error()
 */
int dialogue_begin(
	struct dialogue *dialogue, const struct dialogue_request *request);

/* The person's answer to an open screen: codes as above; -EPROTO when none is
 * open any more. On any failure the session is closed, and fn is not called
 * again. */
int dialogue_answer(struct dialogue *dialogue, void *ctx, const char *text);

/* A message to a number: "121", "+358401234567". */
enum dialogue_sent {
	DIALOGUE_SENT, /* the network took all its parts */
	DIALOGUE_NOT_SENT,
	DIALOGUE_MAYBE_SENT /* nobody knows, and it is not sent again */
};
/* why: for people; "" when it was sent. */
typedef void dialogue_sent_fn(
	void *ctx, enum dialogue_sent sent, const char *why);

struct dialogue_letter {
	struct line *line;
	const char *number, *text; /* UTF-8, of several parts too */
	const char *who;
	dialogue_sent_fn *fn;
	void *ctx;
};

/* Sends it, once; fn is called later, once. Texts are copied. 0; -EMSGSIZE for
 * more than modem_sms_measure() allows; or as
 * dialogue_begin(), and nothing is sent. */
int dialogue_send(
	struct dialogue *dialogue, const struct dialogue_letter *letter);

/* The person left: fn is not called again, and the session is closed at the
 * next turn, or when what is on air was answered. A message goes its way. */
void dialogue_leave(struct dialogue *dialogue, void *ctx);

#endif
