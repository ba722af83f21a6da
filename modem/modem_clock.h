/*
 * modem_clock: what the network says of the time. Only modem_private.h
 * includes it.
 */
#ifndef MODEM_MODEM_CLOCK_H
#define MODEM_MODEM_CLOCK_H

#include "modem/span.h"

enum {
	MODEM_CLOCK_ASK_MS = 60 * 60 * 1000,
	/* What the modem's clock may differ by from the network's word, gone
	 * on by ours: times are told in seconds, and late. */
	MODEM_CLOCK_OFF_MS = 2 * 60 * 1000
};

/*
 * Of this life of the modem:
 * 1. told: the network said that it was utc_ms at at_ms.
 * 2. follows: told, and its own clock was seen to run by that.
 * 3. refused: it does not know the dialect's question; mute: nor +CCLK.
 */
struct modem_clock {
	bool told, follows;
	bool refused, mute;
	int64_t utc_ms, at_ms;
	int64_t ask_at_ms; /* 0: at once */
};

struct modem;

/* modem_clock.c */
void modem_clock_doubt(struct modem *m); /* another life begins */
void modem_clock_on_line(struct modem *m, struct span line, int64_t now_ms);
void modem_clock_on_info(struct modem *m, struct span line, int64_t now_ms);
bool modem_clock_begin_job(struct modem *m, int64_t now_ms);
void modem_clock_on_job(struct modem *m);
int64_t modem_clock_wake_at(const struct modem *m);

#endif
