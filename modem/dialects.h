/*
 * dialects: what differs between makes, one row each, with the reason. The
 * only place in the driver that knows a maker's name.
 */
#ifndef MODEM_DIALECTS_H
#define MODEM_DIALECTS_H

#include "modem/ask.h"
#include "modem/scripts.h"
#include "modem/ussd.h"

enum { DIALECT_MARKS_MAX = 8, DIALECT_CODINGS = 3, DIALECT_STORES = 2 };

/*
 * What tells a row: a word of the maker and a word of the model, in any
 * case, each in +CGMI, +CGMM or ATI, whichever of them holds it; NULL: any.
 * A word begins where no letter or digit stands before it. In it, '#' is
 * any digit, and '|' at its end says that it ends there.
 */
struct dialect_mark {
	const char *maker;
	const char *model;
};

/*
 * 1. codings holds each coding once; the first is used unless another one
 *    is found, or nothing is known.
 * 2. A code in refusals is said by the modem alone, never after the air.
 */
struct dialect {
	const char *name;
	struct dialect_mark marks[DIALECT_MARKS_MAX]; /* up to {NULL, NULL} */
	enum ussd_coding codings[DIALECT_CODINGS];
	/* May sleep after some seconds of quiet (AT+CSCLK, AT+QSCLK): what
	 * wakes it is lost, so AT goes first. */
	bool dozes;
	unsigned dcs;                  /* in a request (TS 23.038 clause 5) */
	const struct chat_script *ask; /* a USSD request */
	const struct chat_script *extras; /* of the set-up; or NULL */
	const struct chat_script *iccid;  /* its own way to it; or NULL */
	/* The tries left for the SIM PIN (TAG_PIN_TRIES), where it is asked
	 * for; a row always has one, and it may bring nothing. */
	const struct chat_script *pin_tries;
	/* Asks what the network said of the time (TAG_TIME), without a
	 * setting; or NULL. */
	const struct chat_script *clock;
	const struct chat_script *radio_off;
	const struct chat_script *reboot;   /* or NULL: settings only */
	const struct chat_script *mail;     /* how messages come */
	const char *stores[DIALECT_STORES]; /* where; the first is chosen */
	struct ask_refusals refusals;       /* sure ones; may be none */
	/* What would take it off LTE, where USSD may not work; NULL: the
	 * standard's way. Only ever named: it cuts others' data. */
	const char *to_3g;
	const char *reason; /* why the row is there */
};

/* The row of that name, or NULL. */
const struct dialect *dialect_named(struct span name);

/*
 * The row that a maker's and a model's text tell, or the standard one. The
 * first that fits: rows of one model stand before those of its maker, and
 * those of a maker before those of a chip's.
 */
const struct dialect *dialect_of(struct span maker, struct span model);

/* The word of the row that tells it, the model's before the maker's; "" where
 * none does. Static. */
const char *dialect_word(
	const struct dialect *d, struct span maker, struct span model);

/* The charset (+CSCS) that a coding of requests wants. Static. */
const char *dialect_charset(enum ussd_coding coding);

/* Its name for people: "text", "packed", "ucs2". Static. */
const char *dialect_coding_name(enum ussd_coding coding);

/* For tests and the manual: all rows. */
const struct dialect *dialect_at(size_t i); /* NULL after the last */

#endif
