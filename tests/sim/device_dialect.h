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

/* Which commands of their own a family has; bits. */
enum family { PLAIN = 1, CARETS = 2, QUECTEL = 4, SIMCOM = 8, ALL = ~0U };

/* How a request has to be written. */
enum takes {
	TAKES_CHARSET, /* in the character set of +CSCS */
	TAKES_PLAIN,   /* as text whatever +CSCS is; hex is refused */
	TAKES_PACKED   /* as packed septets in hex whatever +CSCS is */
};

/* How an answer of the default alphabet is written. */
enum gives {
	GIVES_CHARSET,
	GIVES_PACKED,
	GIVES_UCS2 /* as UCS2 in hex, under wide_dcs */
};

/* What a request needs to have for a coding scheme. */
enum dcs_rule { DCS_ANY, DCS_NEEDED, DCS_ONLY_15, DCS_NONE };

/* How it says who it is. */
enum names { NAMES_PLAIN, NAMES_PREFIXED, NAMES_QUOTED };

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

/* A dialect is data; what it changes is looked up, not asked by name. A list
 * ends with NULL, and NULL is an empty one. */
struct dialect {
	const char *name;
	const char *manufacturer;
	const char *model;
	const char *const *ati;    /* lines; %m is the model, %i the IMEI */
	const char *const *banner; /* %p is the state of the SIM */
	const char *const *noise;
	const char *const *chatter;   /* until silenced */
	const char *quiet_command;    /* silences it; NULL: ^CURC=0 */
	const char *const *swapped;   /* said when the SIM is changed */
	const char *unknown;          /* a line, or NULL for unknown_cme */
	const char *failure;          /* of +CUSD; a line, or NULL: a number */
	const char *cme_format;       /* holds one %s; NULL: +CME ERROR: %s */
	const char *iccid_command;    /* NULL: +CRSM only */
	const char *iccid_format;     /* holds one %s */
	const char *charset;          /* after a start */
	const char *tries_command;    /* NULL: the family has none */
	const char *reset_command;    /* NULL: AT+CFUN=1,1 only */
	const char *cold_clock;       /* +CCLK without a network's time */
	const char *mode_command;     /* which radio it uses; NULL: fixed */
	const char *const *mode_down; /* its arguments that leave LTE alone */
	const char *cfun_levels;      /* digits; NULL: "014" */
	const char *cpms_test;        /* what +CPMS=? tells; NULL: SM and ME */
	const char *tail;             /* behind a +CUSD line */
	int64_t chatter_ms;
	int64_t lte_ms; /* until lte_answer; 0: as an answer */
	enum family family;
	enum takes takes;
	enum gives gives;
	enum dcs_rule dcs_rule;
	enum names names;
	enum device_order order;
	enum tries tries;
	enum nitz nitz;
	enum device_lte lte_answer; /* DEVICE_LTE_FAMILY: silence */
	enum mail_form mail_form;
	unsigned charsets;   /* bits by enum charset; 0: all */
	unsigned cnmi_modes; /* bits by mode; 0: there is no +CNMI */
	int stores;          /* that +CPMS names at once; 0: none */
	int first_store;     /* after a start: 0 SM, 1 ME */
	int wide_dcs;        /* of UCS2; 0: 72 */
	int end_mode;        /* <m> of an end by the network; 0: 2 */
	int lte_code;
	int coding_cme; /* of a request in a wrong coding; 0: 100 or ERROR */
	int unknown_cme;
	int cme_code; /* seen after OK in this family */
	bool csim;
	bool lte;
	bool iccid_swapped;
	bool loses_coding; /* a wrong coding gets OK and silence */
	bool cancel_needs_session;
	bool blanks;     /* +CUSD: 0, "...", 15 */
	bool late_comma; /* +CUSD: 0, "..." ,1 */
	bool lower_hex;
	bool gives_no_dcs;
	bool error_is_cusd_4;
	bool drops_hex;   /* a request under "HEX" ends the session */
	bool tries_apart; /* with blanks between the numbers */
	bool cpin_without_ok;
	bool answer_on_sender;
	bool says_full; /* ^SMMEMFULL */
	bool no_mail;   /* of the commands for messages only +CMGF */
};

/* The tables; each ends with a row without a name. */
extern const struct dialect dialects_sticks[];  /* and phones */
extern const struct dialect dialects_modules[]; /* to be soldered on */

const struct dialect *dialect_by_name(const char *name);
/* The list, or an empty one for NULL. */
const char *const *dialect_list(const char *const *list);
const char *cme_text(int code);
int charset_by_name(const char *name); /* -1 when there is none */

#endif
