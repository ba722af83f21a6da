/*
 * dispatch: for each free line the next voucher, by the rules of pick and
 * the breakers; starts redeem; sets the next wake-up; says of each line and
 * each waiting voucher why it waits.
 */
#ifndef AGENT_DISPATCH_H
#define AGENT_DISPATCH_H

#include "agent/fleet.h"

struct balance;
struct dispatch;
struct follow_up;
struct loop;
struct redeem;
struct sentry;
struct turn;

/* Borrows all. */
struct dispatch_parts {
	struct loop *loop;
	struct turn *turn;
	struct fleet *fleet;
	struct redeem *redeem;
	struct balance *balance;
	struct sentry *sentry;
	struct follow_up *follow_up;
};
struct dispatch *dispatch_new(const struct dispatch_parts *parts);
void dispatch_free(struct dispatch *dispatch);

/* Something changed (a batch came, a line is free, a person acted): looks
 * again in the next turn. Cheap; call it freely. */
void dispatch_kick(struct dispatch *dispatch);

/* Dial nothing new from now on (shutdown). */
void dispatch_drain(struct dispatch *dispatch);

/* What a line shows to people (contract, modems). */
enum line_state {
	LINE_ABSENT,
	LINE_STARTING,
	LINE_READY,
	LINE_BUSY,
	LINE_FENCED,
	LINE_RESTING,
	LINE_LOCKED_OUT,
	LINE_PAUSED,
	LINE_FAILED
};
struct line_status {
	enum line_state state;
	char why[256];         /* for people; "" when ready or busy */
	int64_t until_wall_ms; /* 0: not known, or until a person acts */
};
void dispatch_line_status(struct dispatch *dispatch, const struct line *line,
	struct line_status *out);
const char *line_state_name(enum line_state state); /* static */

/* Why a ready voucher waits ("interval", "no_modem", ...), and until when
 * (wall clock, 0: not known). reason has cap bytes, at least 16. */
struct ledger_voucher;
void dispatch_why_waiting(struct dispatch *dispatch,
	const struct ledger_voucher *voucher, char *reason, size_t cap,
	int64_t *next_at_wall_ms);

/* Whether all lines that work wait for what somebody wanted so: the operator's
 * hours, daily_max, a pause. */
bool dispatch_waits_by_rule(struct dispatch *dispatch);

/* A SIM or a number whose breaker lets no PIN through now. */
struct dispatch_stop {
	bool is_number;
	const char *name;      /* the ICCID, the account of a SIM, the number */
	const char *modem;     /* where the SIM was seen last; "" */
	int64_t since_wall_ms; /* 0: not known */
	int64_t until_wall_ms; /* 0: until a person acts */
	char why[96];
};

/* Texts are valid during the call; fn returns false to stop. 0 or -EIO. */
typedef bool dispatch_stop_fn(void *ctx, const struct dispatch_stop *stop);
int dispatch_each_stop(
	struct dispatch *dispatch, dispatch_stop_fn *fn, void *ctx);

#endif
