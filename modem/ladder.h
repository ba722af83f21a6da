/*
 * ladder: which remedy a modem gets that does not answer, does not register,
 * or gets no answers: from a question to its power, the light ones first,
 * with growing pauses and a limit for the heavy ones. Pure: troubles and the
 * time in, a rung out. It must never give heavy rungs so fast one after
 * another that a SIM cannot register between them.
 */
#ifndef MODEM_LADDER_H
#define MODEM_LADDER_H

#include <stdbool.h>
#include <stdint.h>

enum ladder_rung {
	LADDER_NONE,
	LADDER_ASK,    /* ESC and AT, some times over */
	LADDER_RESET,  /* ATZ, ATE0 (V.250 6.1.1, 6.2.4) */
	LADDER_REOPEN, /* the port closed, and opened again */
	LADDER_RADIO,  /* off and on (27.007 8.2); from here on heavy */
	LADDER_REBOOT, /* told to start anew */
	LADDER_POWER,  /* its owner switches its power */
	LADDER_PERSON  /* no remedy: each has been in vain */
};
enum { LADDER_RUNGS = LADDER_PERSON + 1 };

enum ladder_trouble {
	LADDER_MUTE,      /* it says nothing, or refuses all */
	LADDER_STUCK,     /* it answers, but its SIM or network does not come */
	LADDER_UNANSWERED /* its requests get no answer */
};

enum {
	LADDER_UNANSWERED_MAX =
		6,               /* in a row: more than a card and its fence */
	LADDER_COOL_MS = 300000, /* between two heavy rungs, at first; */
	LADDER_COOL_MAX_MS = 3600000, /* twice as long with each round */
	LADDER_TRIES_MUTE = 6,   /* of each heavy rung, until it is of use */
	LADDER_TRIES_TALKS = 2,  /* where it may be the network's fault */
	LADDER_WELL_MS = 3600000 /* of good health forget what was tried */
};

/*
 * 1. usable[] of the heavy rungs is its owner's; the others always are.
 * 2. tries[] count heavy rungs since it was last of use; they outlive a
 *    recovery, as heavy_ms does.
 * 3. last is NONE, and rests 0, while nothing is wrong.
 */
struct ladder {
	bool usable[LADDER_RUNGS];
	unsigned tries[LADDER_RUNGS];
	int64_t heavy_ms;      /* when the last heavy one was given */
	bool was_heavy;        /* ever */
	enum ladder_rung last; /* what may have been the cure */
	bool was_reset;
	bool awaits_answer; /* only an answer shows whether it helped */
	unsigned rests;
	unsigned in_vain;    /* heavy rungs given since it was well */
	unsigned unanswered; /* requests in a row */
};

struct ladder_plan {
	enum ladder_rung rung; /* RESET now, all others at_ms */
	int64_t at_ms;
	bool helpless; /* each heavy rung was in vain: a person is needed */
};

void ladder_init(struct ladder *l);

/* Something is wrong, or still is: what comes next, and when. */
struct ladder_plan ladder_next(
	struct ladder *l, enum ladder_trouble trouble, int64_t now_ms);

/* A modem that is up, at a moment that suits its owner: the heavy rung that
 * its unanswered requests call for, or NONE. */
enum ladder_rung ladder_due(const struct ladder *l, int64_t now_ms);

/* The rung is being given. */
void ladder_give(struct ladder *l, enum ladder_rung rung, int64_t now_ms);

/* It was seen to be well, since so long. Which rung cured it, or NONE. */
enum ladder_rung ladder_on_well(struct ladder *l, int64_t since_ms);

/* A request of it ended; an answer may tell which rung cured it. */
enum ladder_rung ladder_on_request(struct ladder *l, bool answered);

/* The device went away: what comes back begins at the foot. */
void ladder_on_gone(struct ladder *l);

/* Whether a rung was given, and it is not known to be well again. */
bool ladder_is_climbing(const struct ladder *l);

const char *ladder_rung_name(enum ladder_rung rung);

#endif
