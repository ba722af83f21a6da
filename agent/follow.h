/*
 * follow: what a SIM owes after a recharge, and whether it may be dialled now
 * (contract, [follow_up]). Pure. It must never let a code go out twice that
 * may have gone out once.
 */
#ifndef AGENT_FOLLOW_H
#define AGENT_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#define FOLLOW_NEVER INT64_MAX

/* The first code that the SIM in a free line owes, no fence being up. Times
 * are the daemon's own. */
struct follow_case {
	bool owed;       /* there is one */
	bool in_profile; /* the operator's profile still has it */
	bool paused;
	bool flies;             /* a card of the SIM is in flight, or pending */
	int64_t now_ms;         /* */
	int64_t quiet_until_ms; /* a text with a verdict came: its copy may */
	int64_t last_ended_ms;  /* the SIM's last attempt did; 0: none */
	int64_t apart_ms;       /* the profile's min_interval */
};

enum follow_answer {
	FOLLOW_NOTHING, /* the line is free for cards */
	FOLLOW_DROP,    /* nobody wants it any more */
	FOLLOW_WAIT,    /* no card goes before it */
	FOLLOW_DIAL
};
/* *until_ms: with FOLLOW_WAIT, when to ask again; FOLLOW_NEVER: when something
 * else happens. */
enum follow_answer follow_next(const struct follow_case *c, int64_t *until_ms);

/* What came back in the session of such a code. */
struct follow_text {
	bool matches; /* what the answer must match */
	bool is_copy; /* word for word what the SIM's last card was told, with
	                 the balance in it: the network says it twice */
	bool is_verdict; /* [reply] finds a card's verdict in it */
	bool in_doubt;   /* a card of the SIM is not settled: its late answer
	                    may come at any time */
};
/* Whether it is the code's own answer. */
bool follow_is_answer(const struct follow_text *t);
/* Whether the code's own answer, or a card's, may still come. */
bool follow_owes_text(const struct follow_text *t);

/* How long the line rests when it was surely not sent for the n-th time (from
 * 1 on). */
int64_t follow_rest_ms(unsigned tries);

#endif
