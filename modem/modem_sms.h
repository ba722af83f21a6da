/*
 * modem_sms: short messages over a modem: sent, and those that came handed
 * over. It must never send a text twice by itself, nor delete a message that
 * its owner has not confirmed.
 */
#ifndef MODEM_MODEM_SMS_H
#define MODEM_MODEM_SMS_H

#include "modem/modem.h"

enum { MODEM_SMS_PARTS_MAX = 10, MODEM_SMS_TEXT_MAX = 4096 };

/*
 * A message that came; all of it only during the callback. It stays in the
 * modem until modem_sms_done(), and is handed over once more, under another
 * handle, at each listing before that: at a start, after the port or the
 * modem was away, every few minutes. Copies are the owner's to know.
 */
struct modem_message {
	uint64_t handle;
	const char *sender;   /* number, or name; UTF-8 */
	const char *smsc;     /* the service centre's number, or "" */
	int64_t stamp_utc_ms; /* when that centre had it */
	bool stamp_known;
	int message_class;     /* 0 to 3, or -1; 0 is kept nowhere else */
	bool incomplete;       /* parts never came; U+2026 stands for each */
	struct span text_utf8; /* of all parts; "" for what is no text */
};

/* The message is safe: it is deleted from the modem as soon as the wire is
 * free. A handle that is none (any more) does nothing. */
void modem_sms_done(struct modem *modem, uint64_t handle);

struct modem_sms {
	struct span number; /* "121", "+358401234567" */
	struct span text_utf8;
};

/* How long a text is, as messages count it: in septets of the GSM alphabet
 * (some signs take two), or in UTF-16 units where it has other signs. */
struct modem_sms_size {
	size_t signs;
	size_t most; /* that MODEM_SMS_PARTS_MAX parts can hold */
	bool is_unicode;
};
/* What is no UTF-8 counts up to there. */
void modem_sms_measure(struct span text_utf8, struct modem_sms_size *out);

/*
 * Sends a text, in as many parts as it needs. The result comes once, later;
 * its text is empty: ANSWERED (with the cause MODEM_TEXT) once the network
 * has taken every part, NOT_SENT while the port had no byte of any part,
 * MAYBE_SENT else; code is of a CMS error. Nothing is ever sent again.
 * timeout_ms runs for each part, from its flush. what is copied, and wiped
 * at the end. 0; -EBUSY when not ready; -EINVAL for a number or a text that
 * cannot be sent, or is too long.
 */
int modem_send_sms(struct modem *modem, const struct modem_sms *what,
	uint32_t timeout_ms, modem_on_result *on_result, void *ctx);

#endif
