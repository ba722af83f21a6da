/*
 * dialogue_private: what the two files of dialogue share, and nobody else may
 * see: whose hand is on a line, and what the audit says of it.
 */
#ifndef AGENT_DIALOGUE_PRIVATE_H
#define AGENT_DIALOGUE_PRIVATE_H

#include "agent/dialogue.h"
#include "agent/guard.h"
#include "agent/ledger.h"

struct letter;
struct session;

struct dialogue {
	struct loop *loop;
	struct turn *turn;
	struct fleet *fleet;
	struct fleet_idle on_idle;
	struct session *sessions;
	struct letter *letters;
};

/* A person on a line; all borrowed. */
struct dialogue_hand {
	struct dialogue *dialogue;
	const struct line *line;
	const struct profile *profile;
	const char *who;
	const char *kind; /* "ussd", "sms": of the entries and of the spoil */
};

/* Whether a session of somebody else may be on the line, or is to be. */
bool dialogue_is_taken(const struct line *line);

/* What a text of that line is held against. */
struct guard dialogue_guard(
	const struct dialogue *dialogue, const struct profile *profile);

/* An entry: what, and a text behind it, masked. */
void dialogue_note(
	const struct dialogue_hand *hand, const char *what, struct span text);

/* The same before a byte leaves: who sends what; and what the account told is
 * no evidence any more. 0 or -EIO. */
int dialogue_record(
	const struct dialogue_hand *hand, const char *what, const char *text);

/* A text that may be shown. */
void dialogue_mask(const struct dialogue_hand *hand, struct span text,
	char *out, size_t cap);

/* dialogue_text.c: of a person who left; of all. */
void dialogue_leave_letters(struct dialogue *dialogue, const void *ctx);
void dialogue_free_letters(struct dialogue *dialogue);

#endif
