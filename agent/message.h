/*
 * message: what comes to a SIM by SMS. Every message is kept; one from the
 * operator may be the verdict of the one attempt that could have caused it
 * (contract, Evidence 2). It must never let a message settle a card that
 * another card's may belong to, nor the same message settle twice.
 */
#ifndef AGENT_MESSAGE_H
#define AGENT_MESSAGE_H

#include "agent/fleet.h"

struct balance;
struct loop;
struct turn;
struct vault;

/* As the modem hands it over; all borrowed for the call. */
struct message {
	const char *sender;    /* number or name, as it stands in the message */
	const char *smsc;      /* the service centre it came through, or "" */
	const char *own_smsc;  /* the SIM's own centre; "": not known */
	int64_t stamp_wall_ms; /* when the centre had it, UTC; or: */
	bool no_stamp;         /* nobody knows; stamp_wall_ms is 0 */
	bool incomplete;       /* parts of it never came */
	struct span text_utf8; /* its parts put together */
};

/* Borrows all. on_idle is called when a card was settled: its account, and
 * its SIM, may dial again. */
struct message_parts {
	struct loop *loop;
	struct turn *turn;
	struct vault *vault;
	struct balance *balance; /* whose answers come by message; or NULL */
	struct fleet_idle on_idle;
};

/*
 * A message on that line. 0: it is in the turn, or is a copy of one that is
 * kept; it may be deleted from the modem after the turn's commit. Otherwise
 * it is not kept and must stay there, to be handed over again: -EAGAIN while
 * the SIM is not known, -EIO.
 */
int message_on_arrival(const struct message_parts *parts, struct line *line,
	const struct message *message);

/* The same for one as the driver hands it over (fleet_hooks.on_sms). */
int message_on_sms(const struct message_parts *parts, struct line *line,
	const struct modem_message *sms);

/*
 * An attempt ended: the message that came for it while it was in the air is
 * weighed now. profile is the one it began with, or NULL.
 */
void message_on_settled(
	struct turn *turn, const struct profile *profile, int64_t attempt);

/* The same for all attempts whose message waits: at start, after those in
 * the air were found. */
void message_recall(struct turn *turn);

#endif
