/*
 * device_inner: what the files of device share. Only they include it.
 */
#ifndef SIM_DEVICE_INNER_H
#define SIM_DEVICE_INNER_H

#include "tests/sim/device.h"
#include "tests/sim/network.h"
#include "tests/sim/rng.h"

enum { DEVICE_LINE_MAX = 2048, DEVICE_INPUT_MAX = 65536, DEVICE_STRIKES = 32 };

/* What running a command came to; above 0 it is a CME error. */
enum {
	AT_OK = 0,
	AT_ERROR = -1,	 /* a plain ERROR whatever +CMEE says */
	AT_SILENT = -2,	 /* the command answers for itself */
	AT_UNKNOWN = -3, /* the dialect's way to say so */
	/* 27.007 clause 9.2.1 */
	CME_NOT_ALLOWED = 3,
	CME_NOT_SUPPORTED = 4,
	CME_NO_SIM = 10,
	CME_SIM_PIN = 11,
	CME_SIM_PUK = 12,
	CME_SIM_BUSY = 14,
	CME_WRONG_PIN = 16,
	CME_NO_NETWORK = 30,
	CME_UNKNOWN = 100
};

enum charset { CHARSET_GSM, CHARSET_IRA, CHARSET_UCS2, CHARSET_HEX };

enum family { STANDARD = 1, HUAWEI = 2, QUECTEL = 4, SIMCOM = 8, ALL = 15 };

/* A dialect is data; what it changes is looked up, not asked by name. */
struct dialect {
	const char *name;
	enum family family;
	const char *manufacturer;
	const char *model;
	const char *const *ati; /* lines; %s is the model or the IMEI */
	const char *const *banner;
	const char *const *noise;
	const char *const *chatter;  /* until silenced */
	const char *const *accepted; /* settings that are just believed */
	const char *unknown; /* a line of its own, or NULL for unknown_cme */
	int unknown_cme;
	const char *iccid_command; /* "+QCCID" */
	const char *iccid_format;
	bool iccid_swapped;
	bool packed; /* requests and answers are packed hex */
	bool cancel_needs_session;
	bool blanks; /* +CUSD: 0, "...", 15 */
	bool error_is_cusd_4;
	const char *charset;
	enum device_order order;
	int64_t chatter_ms;
	int cme_code; /* seen after OK in this family */
};

/* Bytes on their way out. */
struct piece {
	struct piece *next;
	int64_t due_ms;
	const char *fate; /* of a reply; NULL for other bytes */
	char *text;	  /* of a reply, owned */
	size_t len;
	size_t at; /* bytes already taken */
	char bytes[];
};

struct device {
	struct device_options options;
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
	int64_t answer_due_ms;	   /* of the request under way */
	struct device_strike plan; /* a restart, hang or vanishing to come */
	int64_t plan_at_ms;	   /* 0: none */
	unsigned noise_at;

	struct device_strike strikes[DEVICE_STRIKES];
	size_t strike_count;
};

/* device_dialect.c */
const struct dialect *dialect_by_name(const char *name);
const char *cme_text(int code);
int charset_by_name(const char *name); /* -1 when there is none */

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
void line_noise(struct device *device, int64_t due_ms);
/* What has not left is lost. */
void line_drop(struct device *device, int64_t now_ms);
void line_result(struct device *device, int64_t due_ms, int result);
void line_event(const struct device *device, struct sim_event event);

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
	uint32_t faults;  /* bits by enum device_fault */
};

void reply_send(struct device *device, const struct reply *reply);

#endif
