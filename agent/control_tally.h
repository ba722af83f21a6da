/*
 * control_tally: how far the cards are that a client waits for. Part of
 * control: nobody else includes it.
 */
#ifndef AGENT_CONTROL_TALLY_H
#define AGENT_CONTROL_TALLY_H

#include "agent/control_private.h"

enum { CONTROL_FAULTS_SHOWN = 5 }; /* of the bad rows of a batch */

struct control_tally {
	int64_t counts[VOUCHER_STATES];
	bool files; /* files wait or are being read */
	bool owed;  /* a report is not written yet */
};

/* Of the batch that the client waits for, or of all cards and files. What
 * cannot be read counts as not done. */
void control_tally_take(struct client *client, struct control_tally *tally);

/* How many cards go on by themselves; how many are left to a person. */
int64_t control_tally_moving(const struct control_tally *tally);
int64_t control_tally_left_open(const struct control_tally *tally);

/* {batch, rows, bad_rows, first_bad_rows, total, done, counts}; the caller
 * owns it. */
struct json *control_tally_shape(
	const struct client *client, const struct control_tally *tally);

#endif
