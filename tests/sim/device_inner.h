/*
 * device_inner: what the files of device share. Only they include it.
 */
#ifndef SIM_DEVICE_INNER_H
#define SIM_DEVICE_INNER_H

#include "tests/sim/device.h"
#include "tests/sim/device_calls.h"
#include "tests/sim/device_dialect.h"
#include "tests/sim/network.h"
#include "tests/sim/rng.h"

enum { DEVICE_LINE_MAX = 2048, DEVICE_INPUT_MAX = 65536, DEVICE_STRIKES = 32 };

/* Bytes on their way out. */
struct piece {
	struct piece *next;
	int64_t due_ms;
	const char *fate; /* of a reply; NULL for other bytes */
	char *text;       /* of a reply, owned */
	size_t len;
	size_t at; /* bytes already taken */
	char bytes[];
};

/* The SIM as the modem has read it. */
struct device_sim {
	char imsi[sizeof((struct device_options *)0)->imsi];
	char iccid[sizeof((struct device_options *)0)->iccid];
	char msisdn[sizeof((struct device_options *)0)->msisdn];
};

/* One of its ports. What is set over the line is shared, but for echo. */
struct channel {
	struct piece *out;
	char input[DEVICE_INPUT_MAX];
	size_t input_len;
	char line[DEVICE_LINE_MAX];
	size_t line_len;
	bool line_over;
	bool echo;
};

/*
 * 1. Between two calls from outside, to is urc and at is the first channel:
 *    what is said then is unasked.
 * 2. While bytes of a channel are taken, at is that channel and to its bit.
 */
struct device {
	struct device_options options;
	struct device_sim sim;
	const struct dialect *dialect;
	struct network *network;
	struct sim_hook hook;
	struct rng rng;

	struct channel channels[DEVICE_PORTS_MAX];
	int channel_count;
	struct channel *at;
	unsigned to;    /* bits of the channels that hear what is said */
	unsigned urc;   /* of those that hear what comes unasked */
	unsigned asker; /* of the one that asked for USSD last; 0: none */

	/* Set back by a start. */
	int cmee;
	int cusd; /* <n> of +CUSD: whether answers are shown */
	int creg;
	int cereg;
	int cfun;
	int cops_format;
	int ussdmode;
	int ate0_refused;
	enum charset charset;
	bool silenced;    /* ^CURC=0 */
	bool forced_down; /* told to leave LTE alone */
	int ctzr;         /* whether the network's time is told */
	bool nitz_told;

	bool there;
	bool lives_on; /* while it is not there */
	bool unlocked; /* the SIM PIN was given */
	int told_registration;
	int64_t heard_from_ms; /* a start: silence before */
	int64_t awake_at_ms;
	int64_t registered_at_ms;
	int64_t back_at_ms;
	int64_t sms_ready_at_ms;
	int64_t heard_at_ms; /* these two of sleep_ms */
	int64_t awake_again_at_ms;
	int64_t hung_until_ms; /* 0: not hung */
	enum device_hang_kind hang_kind;
	bool cure_began; /* ESC came, or the radio was switched off */
	int cure_count;
	int64_t blocked_until_ms;
	int64_t chatter_at_ms;
	int64_t session_until_ms;  /* 0: no session is open */
	int64_t answer_due_ms;     /* of the request under way */
	struct device_strike plan; /* a restart, hang, ... to come */
	int64_t plan_at_ms;        /* 0: none */
	unsigned noise_at;
	struct mailroom mail;

	struct device_strike strikes[DEVICE_STRIKES];
	size_t strike_count;
};

#endif
