/*
 * modem_awake: a modem that sleeps is woken before it is told what matters.
 * Only modem_private.h includes it.
 */
#ifndef MODEM_MODEM_AWAKE_H
#define MODEM_MODEM_AWAKE_H

#include <stdbool.h>
#include <stdint.h>

enum awake_state {
	AWAKE_SURE, /* or asked in vain */
	AWAKE_DUE,  /* AT goes out with the next flush */
	AWAKE_ASKED
};

struct awake {
	enum awake_state state;
	unsigned tries;
	int64_t sent_ms;  /* of the last command */
	int64_t until_ms; /* ASKED: for its answer */
};

struct modem;
struct span;

/* modem_awake.c */
void modem_awake_on_open(struct modem *m);
void modem_awake_on_sent(struct modem *m, int64_t now_ms);
/* In modem_flush(): whether what waits has to wait for the answer to AT. */
bool modem_awake_holds(struct modem *m, int64_t now_ms);
void modem_awake_on_line(struct modem *m, struct span line, int64_t now_ms);
void modem_awake_on_tick(struct modem *m, int64_t now_ms);
int64_t modem_awake_wake_at(const struct modem *m);

#endif
