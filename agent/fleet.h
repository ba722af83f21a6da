/*
 * fleet: the set of modems: made from the configuration, wired to the loop,
 * their health, their SIM and operator, and which may dial. It speaks to
 * modem/ and knows SIMs, but no voucher.
 */
#ifndef AGENT_FLEET_H
#define AGENT_FLEET_H

#include "agent/clock.h"
#include "agent/config.h"
#include "agent/fence.h"
#include "agent/profile_folder.h"
#include "modem/modem_sms.h"

struct fleet;
struct loop;
struct turn;
struct vault;

/* One modem of the configuration. */
struct line {
	struct config_modem config;
	struct modem *modem;
	struct profile *profile; /* counted; NULL: none fits (why says it) */
	bool draining;           /* taken out of the configuration */
	bool busy;               /* an attempt or a balance request is on it */
	bool doubt;              /* a session of it may still be answered: a
	                            fence is due (sentry raises it) */
	bool wants_evidence;     /* its last answer settled nothing: evidence
	                            is asked for before the next PIN */
	int64_t due_ms;          /* loop clock: the last answer under way was
	                            due then */
	char doubt_why[24];      /* "no_answer", "replug", ... */
	struct fence fence;      /* sentry's, and what follows */
	char fenced_iccid[24];   /* the SIM that the fence stands around */
	char found[96];          /* what it found, for the audit */
	bool refreshing;         /* the modem takes its radio or SIM anew */
	unsigned restarts;       /* of the modem, as last seen */
	int64_t quiet_until_ms;  /* loop clock: no PIN before */
	int64_t rest_until_ms;   /* loop clock: it refused too often */
	unsigned refusals;       /* not_sent in a row */
	int64_t balance_batch;   /* the newest batch it asked its balance for */
	bool balance_fresh;      /* it was asked since the last PIN */
	unsigned balance_failures; /* unanswered balance requests in a row */
	unsigned texts;            /* unasked ones since texts_since_ms */
	int64_t texts_since_ms;
	bool ussd_refused;     /* its codes do not leave the modem: cards
	                          go by text, where they can, */
	int64_t ussd_again_ms; /* loop clock: and until then (carry) */
	int64_t look_after_ms; /* loop clock: all it found was stopped */
	int64_t shown_ms;      /* dispatch's memo for lists: when it asked */
	int shown_answer;      /* ... pick_line(), and what that said */
	int64_t shown_until_ran_ms;
	int64_t here_wall_ms; /* when its SIM came into this modem in the place
	                         of another, or at all (0: by a clock
	                         that was not believed), */
	int64_t here_ran_ms;  /* 0: nobody knows */
	char account[64];     /* its account: configured, or the ICCID */
	char last_error[256];
	char why_no_profile[128];
};

typedef void fleet_fn(void *ctx, struct line *line);
typedef void fleet_push_fn(void *ctx, struct line *line, struct span text_utf8);
/* 0: it is kept in this turn, and may be deleted after the commit. Anything
 * else: it stays in the modem, which hands it over again later. */
typedef int fleet_sms_fn(
	void *ctx, struct line *line, const struct modem_message *sms);

/* Whom a story tells that a line is free again. */
struct fleet_idle {
	void *ctx;
	fleet_fn *fn;
};

struct fleet_hooks {
	void *ctx;
	fleet_fn *on_change;    /* a line's state is another one */
	fleet_push_fn *on_push; /* a text that no request asked for */
	fleet_sms_fn *on_sms;   /* NULL: no message is read or deleted */
};

/* Becomes an outlet of the turn: bytes to modems leave after the commit. */
struct fleet *fleet_new(
	struct loop *loop, struct turn *turn, const struct fleet_hooks *hooks);
void fleet_free(struct fleet *fleet);

/* With that key tries of SIM PINs are kept in the ledger; without it none is
 * typed. Borrowed. Call before fleet_apply(). */
void fleet_keep_pins(struct fleet *fleet, struct vault *vault);

/*
 * Brings the set to what the configuration says: new modems start, removed
 * ones drain, changed ones drain and start anew. Profiles are looked up
 * again. Borrows both until the next call.
 */
void fleet_apply(struct fleet *fleet, const struct config *config,
	const struct profiles *profiles);

/* Every modem begins with a fence: an unclean stop may have left sessions
 * open. Call before fleet_apply(). */
void fleet_doubt_all(struct fleet *fleet);

/* Lets lines that have drained put their modems' settings back, frees those
 * that have, and starts those that take their name. Must not be called from a
 * callback of a modem. */
void fleet_sweep(struct fleet *fleet);

/*
 * fn gets each line of the wire of that modem as it may be shown
 * (modem_record), and at last, when the line is freed, an empty one. One
 * listener a line: -EBUSY. fleet_deafen() ends it; ctx tells whose it is.
 */
typedef void fleet_record_fn(void *ctx, bool sent, struct span shown);
int fleet_record(struct line *line, fleet_record_fn *fn, void *ctx);
void fleet_deafen(struct fleet *fleet, const void *ctx);

/* How long fleet_leave() may need, the turns between included. */
enum { FLEET_LEAVE_MS = 3500 };

/* Shutdown: each modem puts its settings back and stops; on_change tells.
 * Requests under way end as in fleet_stop(). Must not be called from a
 * callback of a modem. */
void fleet_leave(struct fleet *fleet);
bool fleet_is_stopped(const struct fleet *fleet);

/* Stops all modems at once, as they are. */
void fleet_stop(struct fleet *fleet);

/* All operators that are known now; NULL before fleet_apply(). Borrowed until
 * the next one. */
const struct profiles *fleet_profiles(const struct fleet *fleet);

size_t fleet_count(const struct fleet *fleet);
struct line *fleet_at(const struct fleet *fleet, size_t i);
struct line *fleet_find(const struct fleet *fleet, const char *name);

/* By how much the wall clock is ahead of what the networks of modems said in
 * the last 24 hours, and whose they are; NULL where none said anything. */
struct fleet_clock {
	enum clock_judgement judgement;
	int64_t least_ms, most_ms;
	const struct line *least_by, *most_by;
};
void fleet_clock_weigh(const struct fleet *fleet, struct fleet_clock *out);

/* Whether hours, dates and days can be judged by the wall clock: it is
 * synchronised (loop_clock_is_trusted()), or the networks agree with it. What
 * compares moments of minutes asks the loop. */
bool fleet_clock_is_trusted(const struct fleet *fleet);

/*
 * A session of its SIM may still be answered: a fence is due, and the ledger
 * knows it in this turn (where the SIM is known). due_ms: when the answer
 * under way was due (loop clock).
 */
void line_doubt(
	struct line *line, struct turn *turn, const char *why, int64_t due_ms);

/* What names the SIM: its ICCID, the IMSI where it tells none, "" while no
 * SIM is known. */
const char *line_iccid(const struct line *line);

/* Why its modem is not ready, and what is done about it, for people. */
void line_why(const struct line *line, char *out, size_t cap);

#endif
