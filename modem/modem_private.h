/*
 * modem_private: what the files of the driver share. modem.c is the
 * interface; what each file is for stands in modem/DESIGN.md.
 */
#ifndef MODEM_PRIVATE_H
#define MODEM_PRIVATE_H

#include "modem/ask.h"
#include "modem/chat.h"
#include "modem/dialects.h"
#include "modem/framer.h"
#include "modem/modem.h"
#include "modem/modem_awake.h"
#include "modem/modem_clock.h"
#include "modem/modem_leave.h"
#include "modem/modem_mail.h"
#include "modem/modem_port.h"
#include "modem/session.h"

enum {
	MODEM_TX_MAX = 1024,  /* the longest command: a code in UCS-2 hex */
	MODEM_CODE_MAX = 736, /* USSD_CODE_MAX characters of UTF-8 */
	MODEM_NAME_MAX = 32,
	MODEM_SIM_PIN_MAX = 8,  /* digits: TS 102 221 9.5.1 */
	MODEM_SETUP_PHASES = 8, /* scripts of the set-up */
	MODEM_READS_MAX = 4,    /* of FRAMER_READ_MAX bytes, a call; */
	MODEM_DRAINS_MAX = 16,  /* so many calls before a request */
	MODEM_STALL_MS = 10000, /* a port that takes no bytes is no port */
	/* A USSD session that its owner forgot is closed: the network would
	 * take the next code for an answer. */
	MODEM_OPEN_MS = 120000
};

/* What the script under way is for. */
enum modem_job {
	JOB_NONE,
	JOB_LIFE,    /* a wish of the session */
	JOB_CHARSET, /* before a request in another coding */
	JOB_ASK,     /* the request itself */
	JOB_CANCEL,  /* AT+CUSD=2 */
	JOB_SEND,    /* one part of a message */
	JOB_ESCAPE,  /* out of a prompt, and in step again */
	JOB_MAIL,    /* messages that came */
	JOB_CLOCK    /* what time it is */
};

struct recording;

struct request {
	bool active;
	bool is_reply; /* in an open USSD session */
	enum modem_try how;
	uint32_t timeout_ms;
	modem_on_result *on_result;
	void *ctx;
	unsigned codings_tried; /* a bit each */
	size_t code_len;
	char code[MODEM_CODE_MAX];
};

/* A SIM PIN on its way, and what its owner said of it. */
struct unlock {
	bool asking;   /* on_sim_pin() is being called */
	bool given;    /* by modem_enter_pin(), in it */
	bool owed;     /* given, and what came of it was not told yet */
	bool typed;    /* bytes of it left; what came of it was not told */
	bool sim_busy; /* the SIM did not look at it */
	size_t len;
	char sim_pin[MODEM_SIM_PIN_MAX];
	char why[128]; /* of modem_keep_locked() */
};

/*
 * 1. A request is active only while session.state is SESSION_BUSY (or on
 *    its way out of it, within modem_settle()).
 * 2. tx[tx_off, tx_len) waits for the port; released says that the owner
 *    has flushed it. A command under way has tx_len == 0.
 * 3. job is JOB_NONE when, and only when, chat has no script.
 * 4. open: the network waits for an answer of ours.
 * 5. A message is sent only while session.state is SESSION_BUSY, likewise,
 *    and never while a request is active.
 * 6. refresh_wanted and recover_wanted only while session.state is
 *    SESSION_BUSY.
 */
struct modem {
	struct modem_hooks hooks;
	struct port *port;
	const struct dialect *dialect;
	bool dialect_fixed;
	bool roaming;
	bool is_port_open;
	bool is_port_judged;  /* it was said what the open port is */
	bool has_spoken;      /* it told something unasked since it opened */
	bool is_port_trusted; /* it did so before, or there is no other */
	bool port_doubted;    /* an answer did not come: the next is tried */
	char wanted_imei[17];
	bool wants_write;
	char name[MODEM_NAME_MAX];

	struct session session;
	struct framer framer;
	struct chat chat;
	struct ask ask;
	enum modem_job job;
	enum session_state job_state; /* in which it began */
	enum modem_state told_state;
	const char *told_ussd; /* of info.ussd_unavailable */
	struct modem_info info;

	enum ussd_coding coding;
	const char *charset; /* the one that the modem is set to, or NULL */
	bool sim_ready;      /* +CPIN: READY was seen */
	bool sim_doubted;    /* it went while busy: read before the next */

	struct unlock unlock;
	struct sending sending;
	struct mail mail;
	bool escape_wanted; /* the modem may wait at a prompt */

	struct request request;
	bool open;
	int64_t open_until_ms;
	bool cancel_wanted;
	bool unsynced; /* a final result may still be on its way */

	struct awake awake;
	struct leaving leaving;
	struct modem_clock clock;
	struct recording *recording; /* or NULL */

	bool recover_wanted;
	bool refresh_wanted;
	enum modem_refresh refresh;
	/* Whose SIM it was before the refresh. */
	char was_imsi[sizeof((struct modem_info *)0)->imsi];
	char was_iccid[sizeof((struct modem_info *)0)->iccid];

	bool masked;     /* a PIN may be echoed: traces show no digits */
	bool text_heard; /* since the last command: its rest may follow */
	bool released;
	bool flush_again; /* bytes were made inside modem_flush() */
	int64_t stall_ms;
	unsigned tx_serial; /* tells one command from the next */
	size_t tx_len, tx_off;
	char tx[MODEM_TX_MAX];
	char text[ASK_TEXT_MAX]; /* shown to the owner; wiped after */
};

#endif
