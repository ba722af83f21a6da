/*
 * event: what truly happened in the simulated world, in one struct that
 * network and device hand to whoever keeps the truth.
 * Must never be shown to the program under test.
 */
#ifndef SIM_EVENT_H
#define SIM_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sim_event_kind {
	SIM_REQUEST,  /* modem, code, reached */
	SIM_REDEEM,   /* modem, voucher_pin, by, account, amount, outcome,
	               * executed */
	SIM_REPLY,    /* modem, text, fate */
	SIM_LOCK,     /* account */
	SIM_FAULT,    /* modem, what, code where there is one */
	SIM_BOOT,     /* modem */
	SIM_PORT,     /* modem, what: "up" or "down" */
	SIM_SMS,      /* modem, account, text */
	SIM_SMS_SENT, /* modem, account: to which number, text, reached */
	SIM_SWAP      /* modem, by: it has read another SIM than before */
};

/* Fields that do not belong to the kind are NULL or 0. All pointers are
 * valid only during the call. */
struct sim_event {
	enum sim_event_kind kind;
	int64_t t_ms;
	const char *modem;
	const char *code;
	bool reached; /* the request came to the network */
	const char *voucher_pin;
	const char *by;       /* IMSI of the SIM that dialled */
	const char *account;  /* IMSI, or the number where no SIM has it */
	int64_t amount_minor; /* what was credited */
	const char *outcome;
	unsigned executed; /* how often this PIN was credited in all */
	const char *text;
	const char *fate;
	const char *what;
};

typedef void sim_on_event(void *ctx, const struct sim_event *event);

struct sim_hook {
	sim_on_event *on_event; /* may be NULL */
	void *ctx;
};

/* One line of JSON with its line end; -1 when it does not fit. */
long sim_event_json(const struct sim_event *event, char *out, size_t cap);

/* Appends a JSON string with its quotes at *len; false when it does not
 * fit. Bytes that are no UTF-8 become U+FFFD. */
bool sim_json_string(char *out, size_t cap, size_t *len, const char *text);

#endif
