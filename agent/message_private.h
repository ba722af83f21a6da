/*
 * message_private: what the two files of message share, and nobody else may
 * see: what a message is to an attempt, and the step that it takes.
 */
#ifndef AGENT_MESSAGE_PRIVATE_H
#define AGENT_MESSAGE_PRIVATE_H

#include "agent/ledger.h"
#include "agent/weigh.h"

struct fit;
struct turn;

enum message_use {
	MESSAGE_NOTHING, /* not its, or nothing that the state table knows */
	MESSAGE_READ,    /* its, and says what is known already */
	MESSAGE_WAIT,    /* its, and in the air: decides when that has ended */
	MESSAGE_SETTLE,  /* the verdict that it is pending for */
	MESSAGE_EVIDENCE
};

struct message_step {
	enum message_use use;
	struct policy_step next; /* SETTLE, EVIDENCE */
};

/* To the fit of a message. */
void message_offer(struct fit *fit, const struct ledger_cause *cause);

/* Of an attempt that fits. */
struct message_step message_use(const struct profile *profile,
	const struct ledger_cause *cause, const struct weigh_told *told);

/* What is told with the step. */
struct message_proof {
	struct turn *turn;
	const struct ledger_cause *cause;
	const struct weigh_told *told;
	const char *rule, *text; /* text: masked */
	int64_t balance_minor;   /* from message_reading() */
};

/* SETTLE, EVIDENCE: into the turn; what else: nothing. */
void message_take(
	const struct message_proof *p, const struct message_step *step);

/* An attempt as a cause, without its texts. 0 or -EIO; cause->attempt is 0
 * where there is none. */
int message_look_up(
	struct turn *turn, int64_t attempt, struct ledger_cause *cause);

/*
 * The balance as a reading, or MONEY_NONE: of a card for the SIM itself, and
 * where nothing was dialled on that SIM since, nor told later; else a late
 * message would be taken for what the account has now.
 */
int64_t message_reading(struct turn *turn, const char *iccid,
	const struct ledger_cause *cause, const struct weigh_told *told,
	int64_t stamp_wall_ms);

/*
 * A balance that told itself, and is no reading: the one before is no longer
 * the last thing that the account told, unless it is the same.
 */
void message_spoil(
	struct turn *turn, const char *iccid, const struct weigh_told *told);

#endif
