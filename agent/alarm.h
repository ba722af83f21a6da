/*
 * alarm: which conditions hold for how long, told once when they have held
 * long enough and once when they are over. Pure: whoever looks says what he
 * sees; what was told outlives him elsewhere.
 */
#ifndef AGENT_ALARM_H
#define AGENT_ALARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum alarm_kind {
	ALARM_IDLE,       /* nothing was loaded, and cards wait */
	ALARM_UNKNOWN,    /* a card is unknown for long; subject: its number */
	ALARM_MODEM,      /* is down; subject: its name */
	ALARM_BALANCE,    /* is low; subject: the account */
	ALARM_LOCKED_OUT, /* a breaker stops it; subject: SIM or number */
	ALARM_KINDS
};

enum { ALARM_SUBJECT_MAX = 48, ALARM_MAX = 512 };

struct alarm {
	enum alarm_kind kind;
	char subject[ALARM_SUBJECT_MAX]; /* "" for idle */
	int64_t since_ms;                /* its condition holds */
	int64_t seen_ms;                 /* the last look that saw it */
	bool raised;                     /* it was told */
};

/*
 * Begins as zeros, now_ms aside.
 * 1. No two of a kind have one subject; of more than ALARM_MAX the rest is not
 *    watched.
 * 2. What is not raised is forgotten by the first look that does not see it.
 */
struct alarm_set {
	int64_t now_ms; /* of the look under way */
	size_t count;
	struct alarm list[ALARM_MAX];
};

/* "alarm.idle"; "alarm.idle_over". Static. */
const char *alarm_event(enum alarm_kind kind, bool over);

/* It was told in an earlier life. */
void alarm_restore(
	struct alarm_set *set, enum alarm_kind kind, const char *subject);

/* A look begins; time that never goes back. */
void alarm_begin(struct alarm_set *set, int64_t now_ms);

/* The condition holds. The alarm when it is to be told now, because it has
 * held for after_ms; else NULL. */
const struct alarm *alarm_see(struct alarm_set *set, enum alarm_kind kind,
	const char *subject, int64_t after_ms);

/* The condition does surely not hold: needed where one that is not seen may
 * only not be known (balances). */
void alarm_deny(
	struct alarm_set *set, enum alarm_kind kind, const char *subject);

/* The look ends: takes one out that was told and is over; false when there
 * is none left. */
bool alarm_over(struct alarm_set *set, struct alarm *out);

#endif
