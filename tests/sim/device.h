/*
 * device: one AT device of one dialect in front of a network: bytes and the
 * time in, bytes out with the moment at which they are due. Times are
 * milliseconds of the caller's clock and never go back.
 * Must never be kinder to the driver than real modems are.
 */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/device_sms.h"
#include "tests/sim/event.h"
#include "tests/sim/fault.h"

struct device;
struct network;

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
	int registration;  /* <stat> of +CREG */
	int signal;        /* <rssi> of +CSQ */
	int cut;           /* at most so many bytes in one piece; 0: any */
	bool noise;        /* unsolicited lines between any two lines */
	bool echo;         /* after a start */
	int ate0_refused;  /* how many ATE0 are refused after a start */
	int ussdmode;      /* huawei: ^USSDMODE after a start; -1: unknown */
	int ussdmode_text; /* which ^USSDMODE means plain text */
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

/* The usual options of a dialect. 0, or -1 when there is no such dialect. */
int device_defaults(struct device_options *options, const char *dialect);

/*
 * A device, as yet without power. The network must live longer and must
 * know its IMSI; the hook is told what truly happens. seed and the name make
 * its chance. Aborts when memory is out; NULL when there is no such dialect.
 */
struct device *device_new(const struct device_options *options,
	struct network *network, struct sim_hook hook, uint64_t seed);
void device_free(struct device *device);

/* Power on, or a restart: everything set over the line is forgotten, what
 * has not left is lost. */
void device_start(struct device *device, int64_t now_ms);

/* To be changed at will (imsi, iccid and msisdn: another SIM, which it reads
 * when it starts, or when device_swapped() says so); tell device_changed()
 * after. */
struct device_options *device_options(struct device *device);
void device_changed(struct device *device, int64_t now_ms);

/* The SIM was changed under power, and the modem notices. */
void device_swapped(struct device *device, int64_t now_ms);

/* How many ports it has, 1 to DEVICE_PORTS_MAX. */
int device_ports(const struct device *device);

/* Bytes from the host, on the first port. */
void device_feed(
	struct device *device, int64_t now_ms, const void *bytes, size_t len);

/* The next piece that is due on the first port, at most cap bytes; 0 when
 * nothing is. Tells the truth of a reply before its first byte is given. */
size_t device_take(
	struct device *device, int64_t now_ms, char *bytes, size_t cap);

/* The same on any of its ports. */
struct device_span {
	char *bytes;
	size_t len;
};
struct device_bytes {
	const char *bytes;
	size_t len;
};
void device_feed_port(struct device *device, int port, int64_t now_ms,
	struct device_bytes in);
size_t device_take_port(struct device *device, int port, int64_t now_ms,
	struct device_span out);

/* The host has closed one of its ports. */
void device_closed(struct device *device, int64_t now_ms);

/* When device_take() or device_tick() has to be called; INT64_MAX: only
 * after the next bytes. */
int64_t device_wake_at(const struct device *device);

/* Lets time pass. */
void device_tick(struct device *device, int64_t now_ms);

/* Whether the port is there. It goes away during a feed or an order, comes
 * back during a tick; then it has echo on and begins with a start. */
bool device_is_there(const struct device *device);

/* Orders, beside device_start(). ms 0 means what the options say. */
void device_vanish(struct device *device, int64_t now_ms, int64_t ms);
void device_hang(struct device *device, int64_t now_ms, int64_t ms);
/* Its power is off for a time, whether the port is there or not. */
void device_power(struct device *device, int64_t now_ms, int64_t ms);
/* The port goes away and the module lives on (a hub): what is due until it
 * is back is lost, nothing else is. */
void device_replug(struct device *device, int64_t now_ms, int64_t ms);
void device_push(
	struct device *device, int64_t now_ms, int mode, const char *text);
/* Raw bytes on the line, as they are. */
void device_print(
	struct device *device, int64_t now_ms, const void *bytes, size_t len);

/* The next request (with a PIN, when only_pin) meets this fault. */
struct device_strike {
	enum device_fault fault;
	bool only_pin;
	int64_t ms; /* for late, vanish and hang; 0: as the options say */
};

void device_strike(struct device *device, const struct device_strike *strike);

#endif
