/*
 * modem_info: what is known of a modem: its state and why, who it is, where
 * it is registered. Values only. Part of modem.h.
 */
#ifndef MODEM_MODEM_INFO_H
#define MODEM_MODEM_INFO_H

#include <stdbool.h>
#include <stdint.h>

enum modem_state {
	MODEM_ABSENT,   /* the port is not there; looked for again */
	MODEM_STARTING, /* probing, setting up, registering */
	MODEM_READY,    /* registered, and no request under way */
	MODEM_BUSY,     /* a request is under way, or a USSD session is open */
	MODEM_RESTING,  /* does not answer usefully; tried again later */
	MODEM_FAILED    /* a person is needed: SIM PIN or PUK, no SIM, barred */
};

struct modem_info {
	enum modem_state state;
	const char *why;     /* of absent, resting, failed: for people; or "" */
	const char *remedy;  /* what is done about it, likewise; or "" */
	int64_t until_ms;    /* when it is tried again; 0: not known */
	const char *dialect; /* "standard", "huawei", ... */
	const char *told_by; /* the word that told the dialect, or "" */
	const char *coding;  /* of requests: "text", "packed", "ucs2" */
	/* Where its port may be any of several: which one is open ("": none),
	 * and its place on the bus. */
	char port[96];
	char place[56];
	/* What comes unasked comes on another port of its, as far as is known:
	 * nothing came on this one, and there are others. */
	bool port_doubtful;
	/* Who it is; while it starts again, who it was. "": not told. */
	char firmware[48];
	char manufacturer[32];
	char model[32];
	char imei[17];
	char imsi[17];
	char iccid[23];
	int pin_tries;    /* left for the SIM PIN of a SIM that asks; -1: not
	                     known */
	char smsc[24];    /* the SIM's service centre, once asked */
	char network[32]; /* the operator's name as the modem says it */
	int signal_dbm;   /* 0 when not known (27.007 8.5) */
	int registration; /* <stat> of +CREG, or -1 */
	/* Why no USSD can be asked for now, "" where it can: a ready modem
	 * may have texts only, and requests end NOT_SENT. Static. */
	const char *ussd_unavailable;
	/* On E-UTRAN or later (27.007 7.3 <AcT>): USSD may work, or not. */
	bool on_lte;
	const char *to_3g; /* what would take it off LTE, for people; static */
	bool coding_known; /* an answer was read in the coding in use */
	unsigned restarts; /* times it went back from ready to starting */
	unsigned garbage;  /* entries of its stores that are no message */
	unsigned unanswered; /* requests in a row that got no answer */
	/* It was network_utc_ms (since 1970) at network_at_ms (now_ms), as the
	 * network said (modem/nitz.h), or as was found again then; 0: it said
	 * nothing. Stays when the modem goes. */
	int64_t network_utc_ms, network_at_ms;
};

#endif
