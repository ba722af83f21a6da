/*
 * sms: the simulator's own short messages in PDU mode: SMS-DELIVER made,
 * SMS-SUBMIT read (3GPP TS 23.040 clause 9.2).
 * Must never share code or tables with modem/, whose errors it shall show.
 */
#ifndef SIM_SMS_H
#define SIM_SMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SMS_HEX_MAX = 400,
	SMS_PARTS_MAX = 40,
	SMS_NUMBER_MAX = 32,
	SMS_TEXT_MAX = 512, /* of one part, in UTF-8 */
	SMS_NO_CLASS = -1
};

/* A text on its way to a SIM. */
struct sms_message {
	const char *smsc;   /* a number; "" for none */
	const char *sender; /* a number, or a name when it has letters */
	const char *text;
	int64_t stamp_ms;  /* UTC */
	int zone_quarters; /* of an hour, east of Greenwich */
	int message_class; /* 0 to 3, or SMS_NO_CLASS */
	unsigned reference;
	bool wide; /* a reference of 16 bits */
};

/* In how many parts it goes; -1 when in too many, or it is no UTF-8. */
int sms_parts(const struct sms_message *message);

/*
 * Part number (from 1) in hex, NUL-terminated, its service centre first.
 * Parts are cut where they are full: in a character, too. How many octets
 * there are behind the service centre; -1 when there is no such part.
 */
long sms_deliver(
	const struct sms_message *message, int number, char *hex, size_t cap);

/* A status report of a message sent, likewise. */
long sms_report(const char *number, int64_t stamp_ms, char *hex, size_t cap);

/* What a SIM sends: one part. */
struct sms_submit {
	char number[SMS_NUMBER_MAX];
	char text[SMS_TEXT_MAX];
	unsigned reference, total, part; /* total 0: it is whole */
	long octets;                     /* behind the service centre */
};

/* 0, or -1 for what is none. */
int sms_read_submit(const char *hex, struct sms_submit *out);

#endif
