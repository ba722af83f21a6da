/*
 * device_options: what a simulated modem is told to be; configurations, the
 * order "set" and tests fill it in.
 * Must never hold what a modem finds out by itself.
 */
#ifndef SIM_DEVICE_OPTIONS_H
#define SIM_DEVICE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/device_sms.h"
#include "tests/sim/fault.h"

/* When OK comes. */
enum device_order {
	DEVICE_OK_FIRST, /* at once; +CUSD follows when it comes */
	DEVICE_OK_LAST,  /* +CUSD first, and no command is heard before */
	DEVICE_BLOCK     /* the same, and silence means block_ms of it */
};

/* What ends a hang. A start ends it too where it still takes the command,
 * which one cured by closing the port or by power does not. */
enum device_cure {
	DEVICE_BY_TIME,
	DEVICE_BY_ATZ,
	DEVICE_BY_CFUN, /* AT+CFUN=1,1 and the family's own reset */
	DEVICE_BY_POWER,
	DEVICE_BY_ESC,    /* ESC, then AT three times */
	DEVICE_BY_REOPEN, /* the host closes the port */
	DEVICE_BY_RADIO   /* AT+CFUN=0 or 4, then AT+CFUN=1 */
};

/* What a hang is like. */
enum device_hang_kind {
	DEVICE_HANG_SILENT, /* bytes are taken, nothing is said */
	DEVICE_HANG_ECHO,   /* they are echoed, nothing more is said */
	DEVICE_HANG_ERROR,  /* every command gets ERROR */
	DEVICE_HANG_USSD    /* all is well, but no request is answered */
};

/* What becomes of a request where the cell carries no USSD. */
enum device_lte {
	DEVICE_LTE_FAMILY,      /* what the family does */
	DEVICE_LTE_SILENT,      /* OK, then nothing */
	DEVICE_LTE_ERROR_AFTER, /* OK, then a lone +CME ERROR */
	DEVICE_LTE_ERROR,       /* +CME ERROR in the place of OK */
	DEVICE_LTE_CUSD_4,      /* OK, then +CUSD: 4 */
	DEVICE_LTE_NOTHING      /* not even OK */
};

/* What AT+CCLK? tells. */
enum device_clock {
	DEVICE_CLOCK_RIGHT,
	DEVICE_CLOCK_ABSENT, /* the family's year 1980, 2000 or 2004 */
	DEVICE_CLOCK_WRONG   /* clock_shift_ms away from the time */
};

/* One of the ports of a modem that has several. */
enum device_role {
	DEVICE_ROLE_AT,  /* answers commands */
	DEVICE_ROLE_MUTE /* takes bytes and says nothing: diagnostics */
};

enum { DEVICE_PORTS_MAX = 6 };

struct device_port {
	enum device_role role;
	bool urc; /* speaks unasked as well */
};

/* Which of them hear what comes unasked (AT+QURCCFG). */
enum device_urc {
	DEVICE_URC_PORTS,  /* those whose urc is set */
	DEVICE_URC_FIRST,  /* of those that answer: "usbat" */
	DEVICE_URC_SECOND, /* "usbmodem" */
	DEVICE_URC_NONE,   /* "uart1": none that is there */
	DEVICE_URC_ALL
};

struct device_options {
	char name[32];
	char dialect[16];
	char manufacturer[32]; /* "": the dialect's */
	char model[32];        /* "": the dialect's */
	char imei[20];
	char imsi[20];
	char iccid[24];
	char msisdn[32];
	char operator_name[32];
	char pin_state[12]; /* READY, SIM PIN, SIM PUK, absent */
	char sim_pin[12];
	char cscs[8]; /* after a start; "": GSM (IRA for simcom) */
	int sim_pin_tries;
	int sim_puk_tries;
	int registration;    /* <stat> of +CREG */
	int signal;          /* <rssi> of +CSQ */
	int cut;             /* at most so many bytes in one piece; 0: any */
	bool noise;          /* unsolicited lines between any two lines */
	bool echo;           /* after a start */
	bool echo_lf;        /* CR comes back as CR LF */
	int noise_cuts;      /* per cent of the lines that noise cuts in two */
	char only_ok_to[16]; /* this command gets OK and no answer */
	char no_ok_to[16];   /* this one an answer and no OK */
	int64_t sleep_ms;    /* of silence; then what wakes it is lost; 0 */
	int ate0_refused;    /* how many ATE0 are refused after a start */
	int ussdmode;        /* huawei: ^USSDMODE after a start; -1: unknown */
	int ussdmode_text;   /* which ^USSDMODE means plain text */
	bool lte_only;    /* registered, but without circuit-switched service */
	int dcs;          /* printed for texts of the GSM alphabet */
	bool radio_stuck; /* AT+CFUN=0 and 4 are refused */
	bool lose_coding; /* a request in a wrong coding gets OK and silence */
	struct device_port ports[DEVICE_PORTS_MAX];
	int port_count; /* 0: one that does all */
	enum device_urc urc_port;
	bool answer_on_sender; /* +CUSD comes where the request came from */
	enum device_lte lte;
	int lte_code; /* 0: the family's */
	int act;      /* <AcT> where it is shown; -1: 2, or 7 if lte_only */
	enum device_clock clock;
	int64_t clock_shift_ms;
	int zone_quarters;    /* of an hour, east of UTC */
	bool nitz;            /* the network's time is said when registered */
	int64_t sms_ready_ms; /* from the end of boot or the SIM PIN on */
	enum device_order order;
	int64_t delay_ms[2]; /* from the request to its answer */
	int64_t boot_ms;     /* from a start to the end of its banner */
	int64_t register_ms; /* from there until it is registered */
	int64_t chatter_ms;  /* between two lines of ^RSSI and the like; 0 */
	int64_t session_ms;  /* how long the network waits for an answer */
	int64_t block_ms;
	double chance[DEVICE_FAULTS]; /* for a request with a voucher PIN */
	int64_t late_ms;
	int64_t twice_ms; /* at most so long until the second copy */
	int64_t replug_ms;
	int64_t vanish_ms;
	int64_t hang_ms;
	int cme_code;
	int cme_local_code;
	enum device_cure cure;
	enum device_hang_kind hang_kind;
	struct mail_options mail;
};

#endif
