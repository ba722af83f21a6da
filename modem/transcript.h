/*
 * transcript: lines of the wire as they may be shown to anybody: numbers and
 * the digits of texts are stand-ins of the same length, codes and messages of
 * ours are only named. What comes out can still be replayed: answers and
 * messages decode as before. Pure. It would rather hide too much.
 */
#ifndef MODEM_TRANSCRIPT_H
#define MODEM_TRANSCRIPT_H

#include "modem/span.h"

enum {
	TRANSCRIPT_NUMBERS_MAX = 48, /* more numbers share one stand-in */
	TRANSCRIPT_DIGITS_MAX = 24,
	TRANSCRIPT_LINE_MAX = 8192
};

/* What a command of ours carries. */
enum transcript_cargo {
	TRANSCRIPT_NOTHING,
	TRANSCRIPT_CODE,  /* a code that goes out once */
	TRANSCRIPT_ASK,   /* a code for which a coding is looked for */
	TRANSCRIPT_REPLY, /* an answer in a USSD session */
	TRANSCRIPT_PDU,
	TRANSCRIPT_SIM_PIN
};

struct transcript {
	char numbers[TRANSCRIPT_NUMBERS_MAX][TRANSCRIPT_DIGITS_MAX];
	unsigned number_count;
	char command[16]; /* how the last one of ours begins */
	bool pdu_next;    /* the head of a message was heard */
};

void transcript_init(struct transcript *t);

/*
 * The line as it may be shown, in printable ASCII (others as \xNN, the
 * backslash as \\), NUL-terminated; cut where cap ends. Returns its length.
 */
size_t transcript_sent(struct transcript *t, struct span line,
	enum transcript_cargo cargo, char *out, size_t cap);
size_t transcript_heard(
	struct transcript *t, struct span line, char *out, size_t cap);

#endif
