/*
 * rig: a modem on a wire, driven as the loop drives it: flushed after each
 * turn, woken when bytes or a deadline are due; the clock is a variable.
 */
#ifndef TESTS_SUPPORT_RIG_H
#define TESTS_SUPPORT_RIG_H

#include "modem/modem_sms.h"
#include "tests/support/fakewire.h"

enum { RIG_TEXT_MAX = 16384 };

struct rig {
	struct fakewire wire;
	struct modem *modem;
	bool hold; /* nothing is flushed: the commit has not come */
	int fd;    /* as on_fd said last */
	bool wants_write;
	unsigned results;
	struct modem_result result; /* of the last one; text is in text */
	char text[RIG_TEXT_MAX];
	unsigned pushes;
	char push[RIG_TEXT_MAX]; /* all of them, "|" behind each */
	char trace[4 * RIG_TEXT_MAX];
	unsigned state_calls;
	char rungs[8192]; /* all that began, "radio "; cures, "=radio " */
	unsigned powers;  /* how often its power was to be switched */
	unsigned messages;
	struct modem_message message; /* the last one; its pointers are gone */
	char mail[4 * RIG_TEXT_MAX];  /* all: "sender: text|" */
	bool confirms;                /* each is done at once */
	const char *sim_pin;          /* typed when asked for, if it may be */
	unsigned pins_asked, pins_taken, pins_refused, pins_not_sent;
	bool holds_pin; /* hold, from where it is asked for on */
	int pin_tries;  /* as told when it was asked for last, */
	char iccid[24];
	/* Called for each result and each push, if not NULL. */
	void (*then)(struct rig *rig);
};

/* A healthy modem of the standard dialect, started, not yet set up. */
void rig_init(struct rig *rig, const char *dialect);
void rig_fini(struct rig *rig);

/* The same, and it takes messages. */
void rig_init_mail(struct rig *rig, const char *dialect);

/* The same, and its power can be switched (modem_powered() is the test's). */
void rig_init_power(struct rig *rig, const char *dialect);

/* Answers that a modem of that make gives to the set-up. */
void rig_speak(struct rig *rig, const char *maker, const char *model);

/* Inits, and runs until the modem has been ready for a second. */
void rig_init_ready(struct rig *rig, const char *dialect);

/* Whether text is still anywhere: in traces, pushes, the driver's memory. */
bool rig_holds(const struct rig *rig, const char *text);

/* Whether a code, or most of it, in any coding, is anywhere. */
bool rig_holds_code(const struct rig *rig, const char *code);

/* Forgets what was written so far. */
void rig_forget_written(struct rig *rig);

/* Turns the clock on so far, doing all that becomes due. */
void rig_run(struct rig *rig, int64_t ms);

/* Runs until the state is shown, for at most five minutes. */
void rig_run_to(struct rig *rig, enum modem_state state);

/* As modem_ask() with 60 s; the result lands in the rig. */
int rig_ask(struct rig *rig, const char *code, enum modem_try how);
int rig_reply(struct rig *rig, const char *text);

/* As modem_send_sms() with 60 s; the result lands in the rig. */
int rig_send(struct rig *rig, const char *number, const char *text);

/* A rule for the dialling command: OK, and the answer so much later. */
void rig_answer(struct rig *rig, const char *answer, int64_t after_ms);

#endif
