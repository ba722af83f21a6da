/*
 * device_calls: what the files of device call of one another. Only
 * device_inner.h includes it.
 */
#ifndef SIM_DEVICE_CALLS_H
#define SIM_DEVICE_CALLS_H

#include "tests/sim/device_mail.h"

struct channel;

/* device_line.c: what goes out. */
/* From here on these hear it; those who did, to be given back. */
unsigned line_turn(struct device *device, unsigned to);
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

/* device_hang.c */
/* Nothing that comes in has an effect. */
bool hang_is_mute(const struct device *device);
/* A line that comes to a hung device; true when it is dealt with. */
bool hang_takes_line(struct device *device, int64_t now_ms);
void hang_takes_esc(struct device *device);
bool hang_outlives_restart(const struct device *device);

/* device_port.c: which port hears what. */
void port_start(struct device *device);
void port_take_input(struct device *device, int64_t now_ms);
int64_t port_wake_at(const struct device *device); /* INT64_MAX: never */
/* The channels that hear the answers to requests. */
unsigned port_of_answers(const struct device *device);
int port_urc_command(struct device *device, int64_t now_ms, const char *args);

/* device.c */
/* What the banner says once the SIM is open. */
void device_say_ready(struct device *device, int64_t now_ms);
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

/* What a command is: its arguments with their = or ?. */
typedef int at_run(struct device *device, int64_t now_ms, const char *args);

/* device_sim.c: what concerns the SIM. */
at_run sim_cimi, sim_cnum, sim_iccid, sim_crsm, sim_csim, sim_cpin, sim_clck,
	sim_book, sim_tries;
/* The same for messages and the phone book, which are ready later. */
int sim_mail_error(const struct device *device, int64_t now_ms);

/* device_radio.c: registration, operator, time. */
at_run radio_creg, radio_cereg, radio_cops, radio_csq, radio_cfun, radio_mode,
	radio_cclk, radio_qlts, radio_ctzr;
/* Whether it is registered where no USSD is carried. */
bool radio_lacks_ussd(const struct device *device, int64_t now_ms);
void radio_say_time(struct device *device, int64_t now_ms);

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
