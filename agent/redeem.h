/*
 * redeem: one attempt from intent to verdict. The only file that sees a
 * voucher and a modem. The intent is an operation of the turn before the
 * code is handed to the modem, and the modem's bytes leave after that
 * turn's commit.
 */
#ifndef AGENT_REDEEM_H
#define AGENT_REDEEM_H

#include "agent/fleet.h"

struct loop;
struct redeem;
struct turn;
struct vault;

/* on_idle is called when a line is free again. Borrows all. */
struct redeem *redeem_new(struct loop *loop, struct turn *turn,
	struct vault *vault, const struct fleet_idle *on_idle);
void redeem_free(struct redeem *redeem);

/*
 * Dials a ready voucher on a ready line. 0: under way. Otherwise nothing is
 * on air: -EBUSY the line or the account is taken; -EIO the ledger did not
 * take the intent; -EINVAL this line's operator cannot dial that voucher (no
 * code for its target, a PIN of another form); -EBADMSG its PIN cannot be
 * unsealed.
 */
int redeem_begin(struct redeem *redeem, struct line *line, int64_t voucher);

/* The same for an unknown voucher that the profile's repeat = once lets dial
 * one more time. */
int redeem_repeat(struct redeem *redeem, struct line *line, int64_t voucher);

/* How many attempts are on air or about to be. */
size_t redeem_in_flight(const struct redeem *redeem);

#endif
