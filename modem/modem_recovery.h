/*
 * modem_recovery: radio and SIM taken anew, and what is done about a modem
 * that is no use. Part of modem.h; must never interrupt what its owner has
 * under way.
 */
#ifndef MODEM_MODEM_RECOVERY_H
#define MODEM_MODEM_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

struct modem;

/* What modem_refresh() does anew. */
enum modem_refresh {
	MODEM_REFRESH_SIM,  /* reads ICCID and IMSI */
	MODEM_REFRESH_RADIO /* radio off and on (27.007 8.2), then that */
};

/*
 * Only when ready and no USSD session is open; 0, or -EBUSY. Went well: the
 * modem is busy, then ready (on_state tells), info.restarts is as it was, and
 * so is the SIM. Anything else is a new life, with restarts one more: another
 * SIM, a port that was lost, a modem that knows no CFUN=4 (told to start anew,
 * or where it cannot, only to forget its settings).
 */
int modem_refresh(struct modem *modem, enum modem_refresh what);

/* A step of the recovery of a modem that is no use, or its success. */
struct modem_rung {
	/* "ask", "reset", "reopen", "radio", "reboot", "power"; "person"
	 * when each of them was in vain. */
	const char *name;
	const char *why; /* what is wrong; "" once it is cured */
	unsigned tries;  /* heavy ones, this one too, since it was of use */
	bool cured;      /* by that */
};

/*
 * A moment that suits the owner: nothing of its is under way or awaited. A
 * modem whose requests get no answer has its radio, itself or its power
 * switched off and on then; a new life. 0; -EBUSY when it is not ready, or a
 * session is open; -EAGAIN when nothing is called for, or not yet again.
 */
int modem_recover(struct modem *modem, int64_t now_ms);

/* What on_power asked for is done, or could not be. */
void modem_powered(struct modem *modem, int64_t now_ms);

#endif
