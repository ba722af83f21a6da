/*
 * device_dialect: what differs between families, as data; and the numbers
 * and names of 3GPP TS 27.007 that they share.
 * Must never hold what the driver merely expects.
 */
#ifndef SIM_DEVICE_DIALECT_H
#define SIM_DEVICE_DIALECT_H

#include "tests/sim/device.h"

/* What running a command came to; above 0 it is a CME error. */
enum {
	AT_OK = 0,
	AT_ERROR = -1,   /* a plain ERROR whatever +CMEE says */
	AT_SILENT = -2,  /* the command answers for itself */
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

/* Bits, so that a command can be of several. */
enum family { STANDARD = 1, HUAWEI = 2, QUECTEL = 4, SIMCOM = 8, ALL = ~0U };

/* How the tries that are left of the SIM PIN are told. */
enum tries {
	TRIES_CPINR,      /* +CPINR: SIM PIN, 3,3 */
	TRIES_HUAWEI,     /* ^CPIN: SIM PIN,3,10,3,10,3 */
	TRIES_QPINC,      /* +QPINC: "SC",3,10 */
	TRIES_PINS_FIRST, /* PIN, PIN2, PUK, PUK2 */
	TRIES_IN_PAIRS,   /* PIN, PUK, PIN2, PUK2 */
	TRIES_ONE_PAIR,   /* PIN, PUK */
	TRIES_OF_WANTED   /* of what is asked for now */
};

/* How the network's time is said by itself. */
enum nitz { NITZ_NONE, NITZ_PSUTTZ, NITZ_NWTIME };

/* A dialect is data; what it changes is looked up, not asked by name. */
struct dialect {
	const char *name;
	const char *manufacturer;
	const char *model;
	const char *const *ati;    /* lines; %m is the model, %i the IMEI */
	const char *const *banner; /* %p is the state of the SIM */
	const char *const *noise;
	const char *const *chatter;  /* until silenced */
	const char *const *swapped;  /* said when the SIM is changed */
	const char *const *accepted; /* settings that are just believed */
	const char *unknown;         /* a line, or NULL for unknown_cme */
	const char *iccid_command;
	const char *iccid_format;     /* holds one %s */
	const char *charset;          /* after a start */
	const char *tries_command;    /* NULL: the family has none */
	const char *reset_command;    /* NULL: AT+CFUN=1,1 only */
	const char *cold_clock;       /* +CCLK without a network's time */
	const char *mode_command;     /* which radio it uses; NULL: fixed */
	const char *const *mode_down; /* its arguments that leave LTE alone */
	int64_t chatter_ms;
	enum family family;
	enum device_order order;
	enum tries tries;
	enum nitz nitz;
	enum device_lte lte_answer; /* DEVICE_LTE_FAMILY: silence */
	int lte_code;
	int unknown_cme;
	int cme_code; /* seen after OK in this family */
	bool csim;
	bool lte;
	bool iccid_swapped;
	bool packed; /* requests and answers are packed hex */
	bool cancel_needs_session;
	bool blanks; /* +CUSD: 0, "...", 15 */
	bool error_is_cusd_4;
};

const struct dialect *dialect_by_name(const char *name);
const char *cme_text(int code);
int charset_by_name(const char *name); /* -1 when there is none */

#endif
