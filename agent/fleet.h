/*
 * fleet: the set of modems: made from the configuration, wired to the loop,
 * their health, their SIM and operator, and which may dial. It speaks to
 * modem/ and knows SIMs, but no voucher.
 */
#ifndef AGENT_FLEET_H
#define AGENT_FLEET_H

#include "agent/config.h"
#include "agent/fence.h"
#include "agent/profile.h"
#include "modem/modem.h"

struct fleet;
struct loop;
struct turn;

/* One modem of the configuration. */
struct line {
	struct config_modem config;
	struct modem *modem;
	struct profile *profile; /* counted; NULL: none fits (why says it) */
	bool draining;           /* taken out of the configuration */
	bool busy;               /* an attempt or a balance request is on it */
	bool doubt;              /* a session of it may be open at the network:
	                            quiet time is due when it is ready again */
	struct fence fence;      /* sentry's */
	int64_t quiet_until_ms;  /* loop clock: no PIN before */
	int64_t rest_until_ms;   /* loop clock: it refused too often */
	unsigned refusals;       /* not_sent in a row */
	int64_t balance_batch;   /* the newest batch it asked its balance for */
	bool balance_fresh;      /* it was asked since the last PIN */
	unsigned balance_failures; /* unanswered balance requests in a row */
	unsigned texts;            /* unasked ones since texts_since_ms */
	int64_t texts_since_ms;
	int64_t look_after_ms; /* loop clock: all it found was stopped */
	int64_t shown_ms; /* dispatch's memo for lists: when it asked */
	int shown_answer; /* ... pick_line(), and what that said */
	int64_t shown_until_ran_ms;
	char account[64]; /* its account: configured, or the ICCID */
	char last_error[128];
	char why_no_profile[128];
};

typedef void fleet_fn(void *ctx, struct line *line);
typedef void fleet_push_fn(void *ctx, struct line *line, struct span text_utf8);

/* Whom a story tells that a line is free again. */
struct fleet_idle {
	void *ctx;
	fleet_fn *fn;
};

struct fleet_hooks {
	void *ctx;
	fleet_fn *on_change;    /* a line's state is another one */
	fleet_push_fn *on_push; /* a text that no request asked for */
};

/* Becomes an outlet of the turn: bytes to modems leave after the commit. */
struct fleet *fleet_new(
	struct loop *loop, struct turn *turn, const struct fleet_hooks *hooks);
void fleet_free(struct fleet *fleet);

/*
 * Brings the set to what the configuration says: new modems start, removed
 * ones drain, changed ones drain and start anew. Profiles are looked up
 * again. Borrows both until the next call.
 */
void fleet_apply(struct fleet *fleet, const struct config *config,
	const struct profiles *profiles);

/* Every modem begins with quiet time: an unclean stop may have left
 * sessions open. Call before fleet_apply(). */
void fleet_doubt_all(struct fleet *fleet);

/* Frees lines that have drained, and starts those that take their name.
 * Must not be called from a callback of a modem. */
void fleet_sweep(struct fleet *fleet);

/* Stops all modems (shutdown). */
void fleet_stop(struct fleet *fleet);

size_t fleet_count(const struct fleet *fleet);
struct line *fleet_at(const struct fleet *fleet, size_t i);
struct line *fleet_find(const struct fleet *fleet, const char *name);

/* Its session may still be open at the network: no PIN before the quiet
 * time of its operator is over, counted again from when it is ready. */
void line_doubt(struct line *line, int64_t now_ms);

/* What names the SIM: its ICCID, the IMSI where it tells none, "" while no
 * SIM is known. */
const char *line_iccid(const struct line *line);

#endif
