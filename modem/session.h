/*
 * session: the life of one modem: absent, probing, setting up, unlocking,
 * registering, ready, busy, resting, failed. A table of permitted edges; pure:
 * events and the time in, a new state and one wish out. It must never wait
 * without a deadline.
 */
#ifndef MODEM_SESSION_H
#define MODEM_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modem/ladder.h"
#include "modem/session_words.h"

/* How many scripts, by setup_phase, these states have. */
enum {
	SESSION_RADIO_PHASES = 2,  /* off, on */
	SESSION_REREAD_PHASES = 4, /* the last ones of a set-up */
	SESSION_LOCKED_PHASES = 5, /* IMEI; ICCID, tries, two ways each */
	SESSION_UNLOCK_PHASES = 3, /* typed, ready, messages ready */
	/* Each only when the one before is refused. */
	SESSION_REBOOT_PHASES = 2,
	SESSION_CURE_PHASES = 2 /* off and on; reboot and wait; reset, none */
};

/* What the owner of the port is to do now. */
enum session_wish {
	SESSION_WISH_NONE,
	SESSION_WISH_OPEN,
	SESSION_WISH_CLOSE,
	SESSION_WISH_REOPEN, /* close, and open what is then next */
	SESSION_WISH_PROBE,
	SESSION_WISH_SETUP,    /* the script of the state's setup_phase */
	SESSION_WISH_REGISTER, /* ask for the registration */
	SESSION_WISH_CHECK,    /* the health of an idle modem */
	SESSION_WISH_LOOK,     /* at the SIM of a failed one */
	SESSION_WISH_ASK_PIN,  /* the owner: PIN_GIVEN or PIN_KEPT follows */
	SESSION_WISH_LEAVE,    /* put the settings back */
	SESSION_WISH_POWER     /* close, and switch its power */
};

/*
 * 1. wish is not NONE only until session_take_wish().
 * 2. next_ms and limit_ms are INT64_MAX or a time of the caller's clock.
 * 3. refreshing is true from the beginning of a refresh until it is ready
 *    again, or begins a new life.
 * 4. rung is the one that is given (curing, powering), or will be once the
 *    port is open (resting, absent); else LADDER_NONE.
 */
struct session {
	enum session_state state;
	enum session_wish wish;
	unsigned setup_phase; /* of setup_phases, or as many as the state has */
	unsigned setup_phases;
	unsigned restarts; /* from ready or busy back to starting */
	unsigned refused;  /* events that had no edge */
	bool check_soon;   /* something was heard while busy */
	int64_t check_ms;  /* when one that is up is to be looked at next:
	                      work does not put it off */
	bool refreshing;
	bool is_stranger;   /* what opens may be another's: no rung before it
	                       said who it is. Its owner sets it */
	bool failed_before; /* locked: it was looked at again, from failed */
	bool pin_refused;   /* failed: the SIM did not take what was typed */
	unsigned flaps;     /* registered and not, in turn */
	struct ladder ladder;
	enum ladder_rung rung;
	bool helpless;          /* all rungs were in vain: a person is needed */
	enum ladder_rung given; /* news, until session_take_rung() */
	enum ladder_rung cured; /* likewise */
	int64_t ready_ms;       /* since when it is up */
	int64_t rest_until_ms;  /* of the rest that was planned last */
	const char *why;        /* of absent, resting, failed; static */
	const char *ill;        /* for what the last rung was given; static */
	int64_t next_ms;
	int64_t limit_ms;
};

/* Stopped. setup_phases: how many scripts the set-up has, at least 1. */
void session_init(struct session *s, unsigned setup_phases);

/*
 * Something happened. 0, or -EINVAL when the state has no edge for it (it
 * is counted, and nothing changes).
 */
int session_on(struct session *s, enum session_event event, int64_t now_ms);

/* Says TIME or LIMIT if one is due. */
void session_on_tick(struct session *s, int64_t now_ms);
int64_t session_wake_at(const struct session *s);

/* The wish, which is then fulfilled. */
enum session_wish session_take_wish(struct session *s);

const char *session_state_name(enum session_state state);

#endif
