/*
 * modem_mail: what of the driver is for short messages: those that go out
 * (modem_send.c) and those that come (modem_sms.c, modem_mail_heard.c). Only
 * modem_private.h includes it.
 */
#ifndef MODEM_MODEM_MAIL_H
#define MODEM_MODEM_MAIL_H

#include "modem/chat.h"
#include "modem/mailbox.h"
#include "modem/modem_sms.h"

enum {
	MAIL_TOLD_MAX = 16, /* places told and not read; more: all are listed */
	MAIL_LIST_MS = 300000,
	MAIL_PAUSE_MS = 10000, /* after a failure; twice as long each time */
	MAIL_READ_MS = 2000,   /* between two rounds of reading what was told */
	MAIL_DIRECT_MS = 5000  /* from the head of a +CMT to its message */
};

/* A message on its way out. */
struct sending {
	bool active;
	bool over; /* the result is known */
	uint32_t timeout_ms;
	modem_on_result *on_result;
	void *ctx;
	enum pdu_coding coding;
	unsigned parts, at; /* how many; the one under way, from 0 */
	uint8_t reference;
	bool left;     /* the port had a byte of a part */
	bool accepted; /* the network has the one under way */
	enum modem_fate fate;
	enum modem_cause cause;
	int code;
	char number[PDU_NUMBER_MAX];
	size_t text_len, text_at; /* what is not yet in a part */
	char text[MODEM_SMS_TEXT_MAX];
	struct pdu_out pdu; /* the part under way */
};

/* What a script of JOB_MAIL is for. */
enum mail_work {
	MAIL_IDLE,
	MAIL_REMEMBER,
	MAIL_PREPARE,
	MAIL_LIST,
	MAIL_READ,
	MAIL_DELETE,
	MAIL_ACKNOWLEDGE
};

enum mail_direct { MAIL_NO_DIRECT, MAIL_MESSAGE, MAIL_REPORT };

/*
 * 1. work is MAIL_IDLE when, and only when, job is not JOB_MAIL.
 * 2. round counts the stores that the round of listings has behind it; it
 *    is 0 when none is under way.
 */
struct mail {
	struct mailbox *box; /* NULL: nobody wants messages */
	char imsi[sizeof((struct modem_info *)0)->imsi]; /* whose they are */
	enum mail_work work;
	struct mailbox_place place; /* of the work */
	bool entry; /* its head was heard, not yet its message */
	unsigned round;
	unsigned chosen;     /* how many stores could be chosen in it */
	bool full;           /* a store is nearly, or said to be, full */
	bool gave;           /* something, since the round began */
	bool give;           /* messages may be ready to hand over */
	bool acknowledges;   /* +CSMS: 1: what comes directly must be */
	bool owes;           /* an acknowledgement */
	unsigned failures;   /* in a row */
	int64_t list_at_ms;  /* the next round */
	int64_t read_at_ms;  /* before, nothing that was told is read */
	int64_t quiet_at_ms; /* before, nothing at all is done */
	struct mailbox_place told[MAIL_TOLD_MAX];
	size_t told_count;
	size_t reading; /* of them, in the round under way: the first ones */
	enum mail_direct direct; /* whose message comes next, */
	int64_t direct_until_ms; /* if by then */
};

/* modem_send.c */
bool modem_send_begin_job(struct modem *m);
bool modem_send_is_at_prompt(const struct modem *m); /* nothing left yet */
void modem_send_args(const struct modem *m, struct chat_args *args);
void modem_send_on_job(struct modem *m);
void modem_send_on_prompt(struct modem *m, int64_t now_ms);
void modem_send_end(struct modem *m, enum modem_cause cause);
void modem_send_finish(struct modem *m, int64_t now_ms);

/* modem_sms.c */
void modem_mail_doubt(struct modem *m); /* it may be another modem or SIM */
void modem_mail_break(struct modem *m);
bool modem_mail_begin_job(struct modem *m, int64_t now_ms);
void modem_mail_args(const struct modem *m, struct chat_args *args);
void modem_mail_on_job(struct modem *m, int64_t now_ms);
bool modem_mail_give(struct modem *m, int64_t now_ms);
int64_t modem_mail_wake_at(const struct modem *m);

/* modem_mail_heard.c */
/* Whether the line is about messages, whatever else is under way. */
bool modem_mail_on_line(struct modem *m, struct span line, int64_t now_ms);
void modem_mail_on_info(struct modem *m, struct span line, int64_t now_ms);
void modem_mail_on_store(struct modem *m, struct span line);
/* A head that has no message behind it is one that is none. */
void modem_mail_end_entry(struct modem *m, int64_t now_ms);

#endif
