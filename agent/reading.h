/*
 * reading: a balance that a SIM told: weighed as evidence before it is
 * stored (contract, Evidence 4), so that it is measured against the reading
 * before it.
 */
#ifndef AGENT_READING_H
#define AGENT_READING_H

#include "agent/evidence.h"
#include "agent/fleet.h"

struct classify_groups;
struct turn;

struct reading {
	const struct profile *profile; /* that read it; borrowed */
	int64_t minor;                 /* MONEY_NONE: the text told none */
	char currency[8]; /* the profile's, or another that the text names */
};

/* What a text of that operator tells. */
struct reading reading_of(
	const struct profile *profile, const struct classify_groups *groups);

/* What it says of the attempt on that account that is in doubt. */
struct reading_proof {
	int64_t attempt; /* 0: nothing is in doubt there */
	bool in_the_air; /* and is not settled yet */
	bool settles; /* it proves a credit that the voucher may still take */
	enum evidence_balance why;
	int64_t rise_minor;
};
struct reading_proof reading_weigh(
	struct turn *turn, const char *account, const struct reading *reading);

/* Writes that the proof settled its attempt. */
void reading_settle(struct turn *turn, const struct reading_proof *proof);

/*
 * All of it for a reading of the line's SIM, in this turn: weighs it, stores
 * it with the text (masked here), settles what it proves.
 */
struct reading_proof reading_take(struct turn *turn, const struct line *line,
	const struct reading *reading, struct span text_utf8);

/* Something else touched the SIM's account: "ussd", "sms", "text", ... */
void reading_spoil(struct turn *turn, const struct line *line, const char *by);

#endif
