/*
 * mailbox: the short messages that one modem holds, by their places in its
 * stores: parts are put together, and what its owner has is to be deleted.
 * Pure. It must never mix senders or centres, nor give up a place whose message
 * its owner has not confirmed.
 */
#ifndef MODEM_MAILBOX_H
#define MODEM_MAILBOX_H

#include "modem/pdu.h"

enum {
	MAILBOX_SLOTS = 300, /* more than any store was seen to have */
	MAILBOX_STORE_MAX = 4,
	MAILBOX_NOWHERE = -1, /* the index of what is in no store */
	MAILBOX_DONE_MAX = 64,
	MAILBOX_JOINED_MAX = 8192, /* septets or octets of a long message */
	MAILBOX_TEXT_MAX = 3 * MAILBOX_JOINED_MAX + 1
};

/* Parts whose fellows have not come by then are given out without them. */
#define MAILBOX_PATIENCE_MS (INT64_C(24) * 3600 * 1000)

struct mailbox_place {
	char store[MAILBOX_STORE_MAX]; /* "SM", "ME"; "": the only one */
	int index;
};

enum mailbox_kind {
	MAILBOX_FREE,
	MAILBOX_MESSAGE,
	MAILBOX_GARBAGE, /* what stands there is no message */
	MAILBOX_PASSED   /* of no use to anybody: a status report */
};

struct mailbox_slot {
	enum mailbox_kind kind;
	struct mailbox_place place;
	uint64_t mark;    /* of its PDU */
	uint64_t arrival; /* 1, 2, ... in the order in which they came */
	uint64_t handle;  /* of the message that it was given out in, or 0 */
	int64_t came_ms;
	bool seen;  /* in the listing under way */
	bool given; /* since the last listing */
	bool over;  /* to be deleted, */
	bool doubt; /* but not before it is found there once more */
	char sender[PDU_NUMBER_MAX];
	char smsc[PDU_NUMBER_MAX];
	struct pdu_time sent;
	int message_class;
	enum pdu_coding coding;
	struct gsm7_shift shift;
	struct pdu_part part;
	size_t data_len;
	uint8_t data[PDU_DATA_MAX];
};

/*
 * 1. Two slots in use have the same place only if that is nowhere.
 * 2. handle is new each time that a message is given out, so that a word
 *    about an earlier time says nothing of a part that came since.
 */
struct mailbox {
	struct mailbox_slot slots[MAILBOX_SLOTS];
	uint64_t arrivals;
	uint64_t handles;
	/* Parts that their owner has: the same, once more, is a copy. */
	uint64_t done[MAILBOX_DONE_MAX];
	unsigned done_at;
	uint8_t joined[MAILBOX_JOINED_MAX];
	char text[MAILBOX_TEXT_MAX];
};

void mailbox_init(struct mailbox *box);

enum mailbox_took {
	MAILBOX_NEW,
	MAILBOX_KNOWN,   /* it is there already */
	MAILBOX_COPY,    /* of what its owner has; deleted where it stands */
	MAILBOX_REFUSED, /* it is no message; kept as garbage where it has a
	                  * place
	                  */
	MAILBOX_FULL     /* no slot is left; it stays in the modem's store */
};

/* What stands in a place, in hex. */
enum mailbox_took mailbox_put(struct mailbox *box,
	const struct mailbox_place *place, struct span hex, int64_t now_ms);

/* A listing of one store: what it has not shown at its end is not there.
 * What was given out and not confirmed is then given out again. One that was
 * cut (not whole) says nothing of what it has not shown. */
void mailbox_begin_listing(struct mailbox *box, const char *store);
void mailbox_end_listing(struct mailbox *box, const char *store, bool whole);

/* All places are another modem's or SIM's now, or may be. */
void mailbox_forget_stored(struct mailbox *box);

struct mailbox_message {
	uint64_t handle;
	const struct mailbox_slot *first; /* the part that tells the sender */
	bool incomplete;
	struct span text_utf8; /* in the mailbox, until the next call */
};

/* The next message to give out; impatient: parts without their fellows
 * too. false when there is none. */
bool mailbox_next(struct mailbox *box, int64_t now_ms, bool impatient,
	struct mailbox_message *out);

/* Wipes the text that was given out last: an operator may tell a PIN. */
void mailbox_wipe_text(struct mailbox *box);

/* Its owner has it: what it said is wiped. How many slots were in no store (and
 * are free now). */
unsigned mailbox_done(struct mailbox *box, uint64_t handle);

/* Garbage of that store is to be deleted. */
void mailbox_give_up_garbage(struct mailbox *box, const char *store);

/* Something else may stand at that index by now, in that store or in one
 * that may be the same: it is not deleted until it is put again. */
void mailbox_doubt(struct mailbox *box, const struct mailbox_place *place);

/* A place that is to be deleted, the highest of its store first. */
bool mailbox_next_over(const struct mailbox *box, struct mailbox_place *out);

/* It is empty now, and its twin in another store in doubt. */
void mailbox_drop(struct mailbox *box, const struct mailbox_place *place);

#endif
