/*
 * pick: whether a line may dial a PIN now, and if not, why and until when:
 * pauses, the breakers, pacing, hours. Pure: all it weighs is passed in.
 * Times are ran_ms of the ledger.
 */
#ifndef AGENT_PICK_H
#define AGENT_PICK_H

#include <stdbool.h>
#include <stdint.h>

#define PICK_NEVER INT64_MAX /* until a person acts */

/* The breaker of one SIM or one account, as the ledger counts it. */
struct pick_breaker {
	unsigned counted;       /* attempts that count, those in flight too */
	bool one_more;          /* an unlock not used yet */
	bool blocked;           /* the operator barred it */
	unsigned tried;         /* those of them dialled after it was barred */
	int64_t stopped_ran_ms; /* when the last of them ended */
	unsigned max_rejects;
	int64_t reject_pause_ms; /* -1: never ends by itself */
};

/*
 * Whether it lets no PIN through (contract, The breakers): at max_rejects, or
 * barred, until a person allows one more or the pause is over; one PIN is
 * tried then, and where that one counts too the pause has doubled.
 * *until_ran_ms: when the pause is over, or PICK_NEVER; set only where it
 * stops.
 */
bool pick_breaker_stops(const struct pick_breaker *breaker, int64_t now_ran_ms,
	int64_t *until_ran_ms);

enum pick_answer {
	PICK_DIAL,
	PICK_PAUSED,     /* a person said pause */
	PICK_BLOCKED,    /* the operator barred the SIM */
	PICK_LOCKED_OUT, /* the breaker of this SIM */
	PICK_PENDING,    /* its last card waits for the verdict by SMS */
	PICK_QUIET,      /* after a time-out or a late text */
	PICK_INTERVAL,   /* between two recharges on one SIM */
	PICK_DAILY_MAX,
	PICK_HOURS,
	PICK_CLOCK,  /* hours need a clock that can be believed */
	PICK_UNREAD, /* what is known of the SIM cannot be read */
	PICK_UNSAFE  /* a result could not be written */
};

struct pick_case {
	int64_t now_ran_ms;
	bool paused;
	struct pick_breaker sim;
	bool pending;
	int64_t quiet_until_ran_ms;
	int64_t last_ran_ms; /* end of the last attempt; 0: none */
	int64_t min_interval_ms;
	unsigned dialled_today;
	unsigned daily_max; /* 0: no limit */
	int64_t next_day_ran_ms;
	bool has_hours; /* some hours are excluded */
	bool hours_allow;
	int64_t hours_open_ran_ms; /* when they allow it again */
	bool clock_trusted;
};

/* *until_ran_ms: when to look again; PICK_NEVER. For PICK_DIAL it is now. */
enum pick_answer pick_line(const struct pick_case *c, int64_t *until_ran_ms);

/* The breaker's pause grows with each refusal after it, to this many
 * doublings at most. */
enum { PICK_PAUSE_DOUBLINGS = 8 };

#endif
