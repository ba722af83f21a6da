/*
 * fleet: the set of modems: made from the configuration, wired to the loop,
 * their health, their SIM and operator, and which may dial. It speaks to
 * modem/ and knows SIMs, but no voucher.
 */
#ifndef AGENT_FLEET_H
#define AGENT_FLEET_H

#include "agent/config.h"
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
	int64_t quiet_until_ms;  /* loop clock: no PIN before */
	char account[64];        /* its account: configured, or the ICCID */
	char last_error[128];
	char why_no_profile[128];
};

typedef void fleet_fn(void *ctx, struct line *line);
typedef void fleet_push_fn(
	void *ctx, struct line *line, struct span text_utf8);

struct fleet_hooks {
	void *ctx;
	fleet_fn *on_change;      /* a line's state is another one */
	fleet_push_fn *on_push;   /* a text that no request asked for */
};

/* Becomes an outlet of the turn: bytes to modems leave after the commit. */
struct fleet *fleet_new(struct loop *loop, struct turn *turn,
	const struct fleet_hooks *hooks);
void fleet_free(struct fleet *fleet);

/*
 * Brings the set to what the configuration says: new modems start, removed
 * ones drain, changed ones drain and start anew. Profiles are looked up
 * again. Borrows both until the next call.
 */
void fleet_apply(struct fleet *fleet, const struct config *config,
	const struct profiles *profiles);

/* Stops all modems (shutdown). */
void fleet_stop(struct fleet *fleet);

size_t fleet_count(const struct fleet *fleet);
struct line *fleet_at(const struct fleet *fleet, size_t i);
struct line *fleet_find(const struct fleet *fleet, const char *name);

/* The line's ICCID; "" while no SIM is known. */
const char *line_iccid(const struct line *line);

#endif
