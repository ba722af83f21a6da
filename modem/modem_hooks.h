/*
 * modem_hooks: what a modem tells its owner. Part of modem.h.
 */
#ifndef MODEM_MODEM_HOOKS_H
#define MODEM_MODEM_HOOKS_H

#include <stdbool.h>

#include "modem/modem_recovery.h"
#include "modem/span.h"

struct modem_message;

/* What on_sim_pin() tells. */
enum modem_sim_pin {
	MODEM_SIM_PIN_ASKED, /* the SIM asks for it: see modem_enter_pin() */
	MODEM_SIM_PIN_TAKEN, /* the SIM is ready */
	MODEM_SIM_PIN_REFUSED,
	MODEM_SIM_PIN_NOT_SENT /* the port took no byte of what was given */
};

struct modem_hooks {
	void *ctx;
	/* The descriptor to wait on and what for; fd is -1 before a close. */
	void (*on_fd)(void *ctx, int fd, bool want_write);
	/* modem_info()->state, or ussd_unavailable, is another one. */
	void (*on_state)(void *ctx);
	/* A text that no request asked for, or too late; "": unreadable. */
	void (*on_push)(void *ctx, struct span text_utf8);
	/* A message that came. NULL: none is read, told or deleted. */
	void (*on_sms)(void *ctx, const struct modem_message *message);
	/* Of info.iccid and info.pin_tries. What came of a PIN that was typed
	 * is not told when the modem went away first. NULL: none is typed. */
	void (*on_sim_pin)(void *ctx, enum modem_sim_pin what);
	/* A rung of the recovery begins, or has cured it. May be NULL. */
	void (*on_rung)(void *ctx, const struct modem_rung *rung);
	/* Switch its power off and on, and say modem_powered() later. Its port
	 * is closed. NULL: that cannot be done. */
	void (*on_power)(void *ctx);
	/* Where that modem was heard speaking unasked before: a place, or
	 * "". Only read in the call. May be NULL. */
	const char *(*on_imei)(void *ctx, const char *imei);
	/* Something came unasked: info.place is right. May be NULL. */
	void (*on_spoke)(void *ctx);
	/* The wire, for debugging; what was sent under MODEM_ONCE comes
	 * redacted. May be NULL. */
	void (*on_trace)(void *ctx, bool sent, struct span line);
};

#endif
