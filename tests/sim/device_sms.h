/*
 * device_sms: what a device does with short messages: its stores, how it
 * tells of what comes, its prompt, and what can go wrong with a text that
 * goes out. Must never delete what nobody told it to delete.
 */
#ifndef SIM_DEVICE_SMS_H
#define SIM_DEVICE_SMS_H

#include "tests/sim/sms.h"

struct channel;
struct device;

enum { STORE_MAX = 64, TRANSIT_MAX = 128, MAIL_STRIKES = 16 };

/* What can go wrong with a text that goes out; at most one strikes. */
enum mail_fault {
	MAIL_PROMPT_LATE,    /* prompt_ms later; what comes before is lost */
	MAIL_PROMPT_MISSING, /* the command is not answered */
	MAIL_PROMPT_URC,     /* an unsolicited line comes first */
	MAIL_PROMPT_ERROR,   /* ERROR in its place */
	MAIL_LOST,           /* silence; the network never sees it */
	MAIL_REFUSED,        /* an error; the network never sees it */
	MAIL_SILENT,         /* executed; no word of it */
	MAIL_ERROR,          /* executed; an error all the same */
	MAIL_LATE,           /* executed; +CMGS 30 s later */
	MAIL_REBOOT,         /* executed; then the device starts anew */
	MAIL_CUSD,           /* executed; +CUSD that nobody asked for, first */
	MAIL_FAULTS
};

/* How a list is printed. */
enum mail_form {
	MAIL_PLAIN,    /* 1,1,,25 */
	MAIL_SHORT,    /* 1,1,25 (Pantech) */
	MAIL_QUOTED,   /* 1,1,"",25 (Telit) */
	MAIL_NAMED,    /* 1,1,"616E64726577",23 and a blank (Icera) */
	MAIL_SAME_LINE /* the message behind its head */
};

struct mail_options {
	int sm_size, me_size; /* at most STORE_MAX */
	int first;            /* the lowest index: 0 or 1 */
	enum mail_form form;
	bool full_silent;    /* no word of a full store */
	bool by_hand;        /* whoever hears SIM_SMS brings it, or does not */
	int64_t wall_ms;     /* UTC at the time 0 of the device's clock */
	int64_t delay_ms[2]; /* from the network's text to the SIM */
	int64_t prompt_ms;   /* how late a late prompt is */
	int64_t late_ms;     /* and a late +CMGS */
	double chance[MAIL_FAULTS]; /* for a text with a voucher PIN */
};

struct mail_entry {
	bool used;
	int stat; /* 0 unread, 1 read, 2 unsent, 3 sent (27.005 3.1) */
	long octets;
	char hex[SMS_HEX_MAX];
};

struct mail_transit {
	int64_t due_ms; /* 0: free */
	unsigned order; /* of two that are due, the one that began first */
	int message_class;
	long octets;
	char hex[SMS_HEX_MAX];
};

struct mailroom {
	/* Kept over a start: SM is the SIM's, ME the modem's. */
	struct mail_entry stores[2][STORE_MAX];
	struct mail_transit transit[TRANSIT_MAX];
	unsigned orders;
	enum mail_fault strikes[MAIL_STRIKES];
	size_t strike_count;
	/* Set back by a start. */
	int mem[3]; /* 0 SM, 1 ME: to read, to write, to receive */
	int cmgf, csms, cnmi_mode, cnmi_mt;
	bool unacknowledged; /* a direct message; none comes before +CNMA */
	unsigned reference;
	const struct channel *prompt_of;
	long awaited; /* octets that the prompt waits for; 0: no prompt */
	int64_t prompt_at_ms;
	enum mail_fault fault; /* of the text at the prompt */
	char body[SMS_HEX_MAX];
	size_t body_len;
};

void mail_defaults(struct mail_options *options);
const char *mail_fault_name(enum mail_fault fault);   /* "prompt_late", ... */
enum mail_fault mail_fault_by_name(const char *name); /* or MAIL_FAULTS */

/* A text that goes to the SIM: the network sends its parts, in the order of
 * the digits of parts ("132", "1123", "13"; NULL: in order). 0, or -1. */
int device_message(struct device *device, int64_t now_ms,
	const struct sms_message *message, const char *parts);

/* Puts something into a store at once, at the lowest index that is free;
 * hex as it stands. 0, or -1 when it is full. */
int device_stored(struct device *device, const char *store, const char *hex);

/* How many entries a store has ("SM", "ME"). */
int device_store_used(const struct device *device, const char *store);

/* The next text that goes out meets this fault. */
void device_mail_strike(struct device *device, enum mail_fault fault);

#endif
