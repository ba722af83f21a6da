/*
 * device_inner: what the files of device share. Only they include it.
 */
#ifndef SIM_DEVICE_INNER_H
#define SIM_DEVICE_INNER_H

#include "tests/sim/device.h"
#include "tests/sim/device_dialect.h"
#include "tests/sim/device_mail.h"
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

struct device {
	struct device_options options;
	struct device_sim sim;
	const struct dialect *dialect;
	struct network *network;
	struct sim_hook hook;
	struct rng rng;

	struct piece *out;
	char input[DEVICE_INPUT_MAX];
	size_t input_len;
	char line[DEVICE_LINE_MAX];
	size_t line_len;
	bool line_over;

	/* Set back by a start. */
	bool echo;
	int cmee;
	int cusd; /* <n> of +CUSD: whether answers are shown */
	int creg;
	int cfun;
	int cops_format;
	int ussdmode;
	int ate0_refused;
	enum charset charset;
	bool silenced; /* ^CURC=0 */

	bool there;
	bool lives_on; /* while it is not there */
	bool unlocked; /* the SIM PIN was given */
	int told_registration;
	int64_t heard_from_ms; /* a start: silence before */
	int64_t awake_at_ms;
	int64_t registered_at_ms;
	int64_t back_at_ms;
	int64_t hung_until_ms; /* 0: not hung */
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

/* device_line.c: what goes out. */
void line_bytes(
	struct device *device, int64_t due_ms, const void *bytes, size_t len);
struct line_reply {
	const char *bytes;
	size_t len;
	const char *text; /* for the truth, with its fate */
	const char *fate;
};
void line_reply(
	struct device *device, int64_t due_ms, const struct line_reply *reply);
/* CR LF, the line, CR LF, and noise before it when it is on. */
void line_say(struct device *device, int64_t due_ms, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A further line of an answer that line_say() began. */
void line_more(struct device *device, int64_t due_ms, const char *text);
void line_noise(struct device *device, int64_t due_ms);
/* The network's answers that have not begun to leave are lost. */
void line_drop_replies(struct device *device, int64_t now_ms);
/* What is due before that moment is lost. */
void line_drop_until(struct device *device, int64_t now_ms, int64_t until_ms);
/* What has not left is lost. */
void line_drop(struct device *device, int64_t now_ms);
void line_result(struct device *device, int64_t due_ms, int result);
void line_event(const struct device *device, struct sim_event event);

/* device.c */
/* The network lets go of the SIM: sessions end, answers are lost. */
void device_detach(struct device *device, int64_t now_ms);
void device_tell_registration(struct device *device, int64_t now_ms);

/* device_at.c: commands but USSD. */
void at_run_line(struct device *device, int64_t now_ms, const char *line);
/* The state of the SIM as an error, or AT_OK. */
int at_sim_error(const struct device *device, int64_t now_ms);
const char *at_pin_state(const struct device *device);
int at_registration(const struct device *device, int64_t now_ms);
/* A text as the character set has strings in quotes. */
void at_string(
	const struct device *device, const char *utf8, char *out, size_t cap);

/* device_ussd.c */
int ussd_command(struct device *device, int64_t now_ms, const char *args);
int ussd_mode_command(struct device *device, int64_t now_ms, const char *args);
void ussd_push(
	struct device *device, int64_t due_ms, int mode, const char *text);

/* device_reply.c: how an answer stands on the line. */
struct reply {
	int64_t due_ms;
	int mode;
	const char *text; /* "": no text */
	const char *code; /* what was dialled */
	uint64_t faults;  /* bits by enum device_fault */
};

void reply_send(struct device *device, const struct reply *reply);

#endif
