/*
 * fate: what became of a request to the network, in two words: whether it
 * can have got there, and why it ended so. The words that modem.h hands to
 * its users and that the machines below it decide on.
 */
#ifndef MODEM_FATE_H
#define MODEM_FATE_H

/* Whether a request can have reached the network. */
enum modem_fate { MODEM_NOT_SENT, MODEM_MAYBE_SENT, MODEM_ANSWERED };

/* Why a request ended as it did. */
enum modem_cause {
	MODEM_TEXT,       /* answered with a text */
	MODEM_NO_ANSWER,  /* nothing in time */
	MODEM_BROKEN,     /* the port vanished, or the modem restarted */
	MODEM_REFUSED,    /* a final error before anything went on air */
	MODEM_ERROR,      /* an error that may have come after the air */
	MODEM_DROPPED,    /* the USSD session ended, no text (+CUSD: 2) */
	MODEM_NETWORK,    /* +CUSD: 3, 4 or 5: says nothing of the request */
	MODEM_UNREADABLE, /* a text that no coding makes sense of; text is raw
	                   */
	MODEM_STOPPED,    /* the owner stopped the modem */
	MODEM_USSD_UNAVAILABLE /* not asked: the network carries no USSD here */
};

#endif
