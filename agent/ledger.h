/*
 * ledger: the durable record of vouchers, attempts, batches, SIMs and the
 * audit chain. All SQL is in ledger.c and ledger_*.c (the one module with
 * SQLite). Every change is an operation, applied inside the transaction of
 * a turn; every change of state writes its audit entry in the same commit.
 * It refuses any edge that the table of voucher.h has not, and it never
 * sees a PIN in clear.
 *
 * Moments: wall_ms is what people read (UTC); ran_ms counts the time that
 * the daemon ran, over all its lives: pauses and lock-outs are counted in
 * it, so no jump of a clock ends one. The ledger keeps the highest ran_ms.
 */
#ifndef AGENT_LEDGER_H
#define AGENT_LEDGER_H

#include "agent/money.h"
#include "agent/vault.h"
#include "agent/verdict.h"
#include "agent/voucher.h"
#include "modem/span.h"

enum {
	LEDGER_SCHEMA = 2,
	LEDGER_NAME_MAX = 64, /* operator, modem, reason, who, IMEI, ... */
	LEDGER_TARGET_MAX = 64,
	LEDGER_TEXT_MAX = 1024,    /* replies (masked), notes */
	LEDGER_FILE_MAX = 256,     /* file names */
	LEDGER_MESSAGES_MAX = 2000 /* kept of one SIM */
};

struct ledger;

struct ledger_moment {
	int64_t wall_ms;
	int64_t ran_ms;
};

/* ---- opening ---------------------------------------------------------- */

enum ledger_open_how { LEDGER_OPEN_RW, LEDGER_OPEN_READ_ONLY };

/*
 * Opens or makes the ledger, migrates an older one, checks that the key is
 * the one it was sealed with. Takes an exclusive lock beside it
 * (LEDGER_OPEN_RW), so that a second daemon is refused. NULL on failure;
 * why says it for people. vault is borrowed, and outlives the ledger.
 */
struct ledger *ledger_open(const char *path, enum ledger_open_how how,
	struct vault *vault, char *why, size_t cap);
void ledger_close(struct ledger *ledger);

/* ran_ms as last stored. */
int64_t ledger_ran_ms(struct ledger *ledger);

/* ---- the transaction of a turn: called by turn.c only ------------------ */

/* Each 0 or -EIO (see ledger_error()). */
int ledger_begin(struct ledger *ledger);
int ledger_commit(struct ledger *ledger, int64_t ran_ms);
void ledger_rollback(struct ledger *ledger);

/* What SQLite said last, for people; the ledger's. */
const char *ledger_error(const struct ledger *ledger);
/* Whether something failed for want of room since this was asked last. */
bool ledger_lacked_room(struct ledger *ledger);

/* ---- operations -------------------------------------------------------- */

enum ledger_op_kind {
	LEDGER_BATCH_OPEN,
	LEDGER_BATCH_ROW,
	LEDGER_BATCH_FAULT,
	LEDGER_BATCH_ACCEPT,
	LEDGER_BATCH_DROP,
	LEDGER_BATCH_RETIRED,
	LEDGER_BATCH_REPORTED,
	LEDGER_BATCH_MOVE,
	LEDGER_VOUCHER_MOVE,
	LEDGER_ATTEMPT_BEGIN,
	LEDGER_ATTEMPT_SETTLE,
	LEDGER_EVIDENCE,
	LEDGER_BALANCE,
	LEDGER_BALANCE_ASKED,
	LEDGER_FENCE,
	LEDGER_SPOIL,
	LEDGER_SIM_SEEN,
	LEDGER_SIM_BLOCKED,
	LEDGER_UNLOCK,
	LEDGER_PAUSE,
	LEDGER_CURSOR,
	LEDGER_EVENT,
	LEDGER_MESSAGE,
	LEDGER_MESSAGE_DONE,
	LEDGER_OP_KINDS
};

/* A file begins to be read. Invisible to queues and lists until accepted. */
struct ledger_batch_open {
	char name[LEDGER_FILE_MAX];
	uint8_t digest[VAULT_HASH_LEN]; /* of the file's bytes */
	bool from_spool;
};

struct ledger_batch_row {
	int64_t batch;
	unsigned line;
	unsigned priority;
	uint8_t sealed[VAULT_SEALED_MAX];
	size_t sealed_len;
	uint8_t fingerprint[VAULT_HASH_LEN];
	char masked[VOUCHER_PIN_MAX + 1];
	char serial[LEDGER_NAME_MAX];
	char operator[LEDGER_NAME_MAX];
	char currency[8];
	unsigned decimals;
	int64_t amount_minor;           /* MONEY_NONE */
	char target[LEDGER_TARGET_MAX]; /* "self" or a number */
	char modem[LEDGER_NAME_MAX];    /* "" for any */
	char expires[12];               /* YYYY-MM-DD or "" */
	char note[256];
};

struct ledger_batch_fault {
	int64_t batch;
	unsigned line;
	char reason[128];
};

struct ledger_batch_accept {
	int64_t batch;
	char hold[LEDGER_NAME_MAX]; /* "counted", "lengths", or "" for ready */
	char note[256];
};

/* Removes all that was read of it, in one slice of at most a thousand rows:
 * result.count is what is left; repeated until 0. */
struct ledger_batch_drop {
	int64_t batch;
	char reason[256]; /* "" when the reading was only interrupted */
};

struct ledger_batch_ref {
	int64_t batch; /* RETIRED: its file is gone; REPORTED: report is out */
	int64_t generation; /* REPORTED: of ledger_batch.generation */
};

/* VOUCHER_HOLD, RELEASE or CANCEL for all vouchers of a batch that can; one
 * audit entry with the count. result.count is how many moved. */
struct ledger_batch_move {
	int64_t batch;
	enum voucher_event event;
	char reason[LEDGER_NAME_MAX];
	char note[LEDGER_TEXT_MAX];
};

struct ledger_voucher_move {
	int64_t voucher;
	enum voucher_event event;
	char reason[LEDGER_NAME_MAX]; /* "" for none */
	int64_t credited_minor;       /* RESOLVED_LOADED, EVIDENCE */
	char note[LEDGER_TEXT_MAX];
};

/*
 * ready -> dialing; unknown -> dialing with VOUCHER_REPEATED. result.id is
 * the attempt. -EBUSY when the account or the SIM has a PIN in flight
 * already, or a pending one (law 5), or the batch's slow start allows no
 * more. iccid and account must be known. The ledger itself remembers which
 * reading of the account's balance was the last before it.
 */
struct ledger_attempt_begin {
	int64_t voucher;
	enum voucher_event event; /* VOUCHER_DISPATCHED or VOUCHER_REPEATED */
	unsigned batch_rejects;   /* of the profile; kept for its batch */
	char modem[LEDGER_NAME_MAX];
	char iccid[LEDGER_NAME_MAX];
	char account[LEDGER_TARGET_MAX]; /* the account credited */
	int64_t balance_before_minor;    /* MONEY_NONE where not known */
};

enum ledger_fate { LEDGER_NOT_SENT, LEDGER_MAYBE_SENT, LEDGER_ANSWERED };

struct ledger_attempt_settle {
	int64_t attempt;
	enum ledger_fate fate;
	enum verdict verdict;
	enum voucher_event event;
	char reason[LEDGER_NAME_MAX];
	int64_t next_at_ran_ms; /* busy, not_sent; 0 for now */
	int64_t credited_minor; /* MONEY_NONE */
	int64_t balance_minor;  /* as the text told it; MONEY_NONE */
	int64_t deducted_minor; /* as the text told it; MONEY_NONE */
	int64_t bonus_minor;
	char by[LEDGER_NAME_MAX];   /* what decided: "text", "restart", "timer",
	                               "balance", "sms" */
	char rule[LEDGER_NAME_MAX]; /* key of the rule that fired */
	char reply[LEDGER_TEXT_MAX]; /* masked by the caller */
};

/*
 * What came to light of an attempt that had ended (contract, Evidence):
 * VOUCHER_EVIDENCE or VOUCHER_LATE_REFUSAL, along the table. The attempt is
 * no longer in doubt; with EVIDENCE it is the one that credited.
 */
struct ledger_evidence {
	int64_t attempt;
	enum voucher_event event;
	enum verdict verdict;         /* of the text; VERDICT_NONE */
	char reason[LEDGER_NAME_MAX]; /* LATE_REFUSAL: "invalid", ... */
	int64_t credited_minor;       /* as told, or the rise; MONEY_NONE */
	int64_t balance_minor;        /* as told with it; MONEY_NONE: a reading
	                                 is a LEDGER_BALANCE of its own */
	char by[LEDGER_NAME_MAX]; /* "late_answer", "sms", "proof", "balance" */
	char rule[LEDGER_NAME_MAX];
	char reply[LEDGER_TEXT_MAX]; /* masked; "" keeps the one there is */
};

struct ledger_balance {
	char modem[LEDGER_NAME_MAX];
	char iccid[LEDGER_NAME_MAX];
	int64_t minor;
	unsigned decimals;
	char currency[8];
	char reply[LEDGER_TEXT_MAX];
};

/* A balance request goes out; counted where requests cost money. */
struct ledger_balance_asked {
	char iccid[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX];
	int64_t day_wall_ms; /* start of the local day */
};

/*
 * A fence begins around a SIM, or is over. It survives restarts and follows
 * the SIM. Over: all that may be asked about its doubtful attempts has been
 * asked (repeat = once waits for that). The same twice changes nothing: where
 * none is up, as after a missing SMS, it is begun before it is over.
 */
struct ledger_fence {
	char iccid[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX];
	bool over;
	char why[128]; /* "no_answer", "replug", ...; over: what it found */
};

/* Something else touched the account of a SIM (an administrator's code, a
 * message, a follow-up, a balance that told itself unasked): readings before
 * it are no evidence across it. */
struct ledger_spoil {
	char iccid[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX];
	char by[LEDGER_NAME_MAX]; /* "ussd", "sms", "follow_up", "text" */
};

struct ledger_sim_seen {
	char modem[LEDGER_NAME_MAX];
	char iccid[LEDGER_NAME_MAX];
	char imsi[LEDGER_NAME_MAX];
	char imei[LEDGER_NAME_MAX];
	char operator[LEDGER_NAME_MAX];
	char account[LEDGER_TARGET_MAX];
};

/* The operator barred it ("too many wrong"). */
struct ledger_sim_blocked {
	char iccid[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX];
};

/* A person allows one PIN more on a SIM (iccid) or an account. */
struct ledger_unlock {
	char iccid[LEDGER_NAME_MAX];     /* or "" */
	char account[LEDGER_TARGET_MAX]; /* or "" */
	char modem[LEDGER_NAME_MAX];
};

struct ledger_pause {
	char modem[LEDGER_NAME_MAX]; /* "" for all */
	bool on;
};

struct ledger_cursor {
	char name[LEDGER_NAME_MAX];
	int64_t seq;
};

/* An audit entry that changes no voucher: "daemon.start", "modem.ready". */
struct ledger_event {
	char event[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX];
	int64_t batch; /* 0 for none */
	int64_t voucher;
	char note[LEDGER_TEXT_MAX];
};

/*
 * An operator's message, or anybody's. -EEXIST for a copy (the same digest on
 * that SIM), which changes nothing; result.id is the message, or the first.
 * Of a SIM with LEDGER_MESSAGES_MAX the oldest that decided nothing goes.
 */
struct ledger_message_keep {
	char iccid[LEDGER_NAME_MAX]; /* must be known */
	char modem[LEDGER_NAME_MAX];
	char sender[LEDGER_NAME_MAX];
	char smsc[LEDGER_NAME_MAX];
	int64_t stamp_wall_ms;
	uint8_t digest[VAULT_HASH_LEN]; /* over sender, stamp and text */
	char text[LEDGER_TEXT_MAX];     /* masked by the caller */
	enum verdict verdict;           /* VERDICT_NONE where it may be none */
	char rule[LEDGER_NAME_MAX];
	char serial[LEDGER_NAME_MAX]; /* as told */
	int64_t amount_minor, deducted_minor, bonus_minor, balance_minor;
	int64_t attempt; /* whose message it is; 0: nobody's */
	bool waits;      /* that attempt is in the air: it may yet decide */
	char why[LEDGER_NAME_MAX]; /* why it decides nothing; "" */
};

/* A message that waited has been weighed. */
struct ledger_message_done {
	int64_t message;
	int64_t attempt; /* whose it is after all; 0: nobody's, and that of
	                    the attempt it waited for may yet come */
	char why[LEDGER_NAME_MAX]; /* as above */
};

/* A value: no pointer in it, so a turn can keep and replay it. */
struct ledger_op {
	enum ledger_op_kind kind;
	struct ledger_moment at;
	char who[LEDGER_NAME_MAX]; /* "daemon", or a person: "uid:1000(ann)" */
	union {
		struct ledger_batch_open batch_open;
		struct ledger_batch_row batch_row;
		struct ledger_batch_fault batch_fault;
		struct ledger_batch_accept batch_accept;
		struct ledger_batch_drop batch_drop;
		struct ledger_batch_ref batch_ref;
		struct ledger_batch_move batch_move;
		struct ledger_voucher_move voucher_move;
		struct ledger_attempt_begin attempt_begin;
		struct ledger_attempt_settle attempt_settle;
		struct ledger_evidence evidence;
		struct ledger_balance balance;
		struct ledger_balance_asked balance_asked;
		struct ledger_fence fence;
		struct ledger_spoil spoil;
		struct ledger_sim_seen sim_seen;
		struct ledger_sim_blocked sim_blocked;
		struct ledger_unlock unlock;
		struct ledger_pause pause;
		struct ledger_cursor cursor;
		struct ledger_event event;
		struct ledger_message_keep message_keep;
		struct ledger_message_done message_done;
	} u;
};

struct ledger_result {
	int64_t id;    /* of what was made */
	int64_t count; /* of what was moved, or is left */
};

/*
 * Applies one operation inside the open transaction, as one savepoint. 0;
 * -EINVAL: the edge or the reference does not exist (nothing was changed);
 * -EEXIST: a repeated PIN, or a file accepted before (result.id: the other
 * batch); -EBUSY; -EIO: the disk (see ledger_error()).
 */
int ledger_apply(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result);

/* ---- reading ----------------------------------------------------------- */
/* Rows are handed to fn one by one; it returns false to stop. Texts are
 * valid during the call. fn may read more, but must not apply operations
 * nor end the turn. Each reader returns 0 or -EIO. */

struct ledger_voucher {
	int64_t id, batch;
	unsigned row;
	const char *serial, *masked, *operator, * currency, *target,
		*modem_only;
	const char *note, *expires, *reason, *modem, *reply;
	unsigned decimals, priority;
	int64_t amount_minor, credited_minor;
	int64_t balance_before_minor, balance_after_minor;
	enum voucher_state state;
	int64_t next_at_ran_ms; /* 0: now */
	unsigned attempts;      /* all */
	unsigned on_air;   /* those that were or may have been on air; an open
	                      one is counted when it ends */
	unsigned not_sent; /* in a row */
	unsigned busy;     /* answers "busy" so far */
	int64_t updated_wall_ms, finished_wall_ms; /* 0: not yet */
};
typedef bool ledger_voucher_fn(void *ctx, const struct ledger_voucher *v);

struct ledger_voucher_filter {
	int64_t id;    /* 0: any */
	int64_t batch; /* 0: any */
	int state;     /* an enum voucher_state, or -1 */
	int64_t after; /* only ids above */
	int64_t limit; /* 0: no limit */
	bool by_row;   /* in the batch's order of rows, not of ids */
};
int ledger_each_voucher(struct ledger *ledger,
	const struct ledger_voucher_filter *filter, ledger_voucher_fn *fn,
	void *ctx);

/* The sealed PIN. 0 or -ENOENT. */
int ledger_sealed_pin(struct ledger *ledger, int64_t voucher, uint8_t *blob,
	size_t cap, size_t *len);

struct ledger_attempt {
	int64_t id, voucher;
	int64_t began_wall_ms, ended_wall_ms; /* 0: open */
	const char *modem, *iccid, *account, *reply, *by, *rule;
	int fate; /* an enum ledger_fate, or -1 while open */
	enum verdict verdict;
};
typedef bool ledger_attempt_fn(void *ctx, const struct ledger_attempt *a);
/* Of a voucher in order; voucher 0: all that are open (no fate yet). */
int ledger_each_attempt(struct ledger *ledger, int64_t voucher,
	ledger_attempt_fn *fn, void *ctx);

struct ledger_batch {
	int64_t id;
	const char *name, *note, *who;
	bool reading; /* not accepted yet */
	bool from_spool;
	bool retired; /* its file is gone from incoming/ */
	int64_t received_wall_ms, finished_wall_ms; /* 0: not finished */
	int64_t rows, faults;
	int64_t counts[VOUCHER_STATES]; /* kept by the ledger, not counted */
	int64_t loaded_minor;           /* sum of what was credited */
	int64_t generation;             /* grows with each settlement */
	int64_t reported;               /* the generation of the last report */
	int64_t window; /* slow start: so many may be in flight */
	const uint8_t *digest;
};
typedef bool ledger_batch_fn(void *ctx, const struct ledger_batch *b);
/* id 0: all that were accepted, in order. An id: that one, reading too. */
int ledger_each_batch(
	struct ledger *ledger, int64_t id, ledger_batch_fn *fn, void *ctx);
/* Those being read when the daemon stopped; those whose file was not yet
 * retired; those whose report is owed. */
enum ledger_batch_due { LEDGER_DUE_DROP, LEDGER_DUE_RETIRE, LEDGER_DUE_REPORT };
int ledger_each_batch_due(struct ledger *ledger, enum ledger_batch_due due,
	ledger_batch_fn *fn, void *ctx);
/* The accepted batch (not wholly cancelled before any attempt) with that
 * digest: its id, or 0. */
int64_t ledger_batch_of_digest(
	struct ledger *ledger, const uint8_t digest[VAULT_HASH_LEN]);

typedef bool ledger_fault_fn(void *ctx, unsigned line, const char *reason);
int ledger_each_fault(
	struct ledger *ledger, int64_t batch, ledger_fault_fn *fn, void *ctx);

/* Vouchers by state over all accepted batches; kept, not counted. */
int ledger_counts(struct ledger *ledger, int64_t counts[VOUCHER_STATES]);

/*
 * The heads of the queue for one modem: ready, due at ran_ms, of that
 * operator, for any modem or for this one, whose account has nothing in
 * flight (self_account stands for "self"), highest priority first, then
 * oldest batch, then row. At most limit.
 */
struct ledger_head_query {
	const char *operator, * modem, *self_account;
	const char *iccid; /* while one of its PINs flies it has no heads; NULL
	                      where it does not matter */
	int64_t ran_ms;
	bool skip_expiring; /* leave out vouchers with an expiry date */
	int64_t limit;
};
int ledger_each_head(struct ledger *ledger, const struct ledger_head_query *q,
	ledger_voucher_fn *fn, void *ctx);
/* The earliest next_at_ran_ms of a ready voucher after ran_ms; INT64_MAX. */
int64_t ledger_next_due(struct ledger *ledger, int64_t ran_ms);

/* What breakers and pacing need of a SIM. */
struct ledger_sim {
	char iccid[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX]; /* where it was seen last */
	char operator[LEDGER_NAME_MAX];
	char account[LEDGER_TARGET_MAX];
	unsigned counted;       /* attempts that count for the breaker */
	unsigned unsettled;     /* open or unknown, dialled after the last
	                           unlock: for people */
	bool one_more;          /* an unlock that no attempt has used yet */
	bool blocked;           /* the operator said sim_blocked */
	unsigned tried;         /* of those that count: after the first that
	                           was answered so */
	int64_t stopped_ran_ms; /* when the last that counts ended; 0: none */
	int64_t stopped_wall_ms;
	int64_t last_ran_ms;    /* end of the last attempt; 0: none */
	bool last_in_doubt;     /* it had no answer, and its may still come */
	bool flies;             /* a PIN that it dialled is in flight */
	bool fence;             /* one was begun, and is not over */
	unsigned asked_today;   /* balance requests since day_wall_ms */
	unsigned dialled_today; /* attempts on air since day_wall_ms */
	int64_t balance_minor;  /* MONEY_NONE */
	unsigned balance_decimals;
	char balance_currency[8];
	int64_t balance_wall_ms; /* 0: never */
	bool balance_is_last;    /* nothing was dialled on the account, or by
	                            this SIM, or touched it since */
};
/* 0, -ENOENT for a SIM never seen, -EIO. day_wall_ms: start of the day. */
int ledger_sim(struct ledger *ledger, const char *iccid, int64_t day_wall_ms,
	struct ledger_sim *out);
/* Its attempts on air since that moment of the daemon's own time, for when
 * the wall clock does not say what a day is. 0, -EIO. */
int ledger_dialled_since(struct ledger *ledger, const char *iccid,
	int64_t ran_ms, unsigned *out);
typedef bool ledger_sim_fn(void *ctx, const struct ledger_sim *sim);
int ledger_each_sim(struct ledger *ledger, int64_t day_wall_ms,
	ledger_sim_fn *fn, void *ctx);

/* The breaker of an account: the SIM of `self` cards, or a number. */
struct ledger_account {
	char name[LEDGER_TARGET_MAX];
	char operator[LEDGER_NAME_MAX]; /* of the last card dialled there */
	unsigned counted;       /* attempts since the last that credited */
	bool one_more;          /* an unlock that no attempt has used yet */
	int64_t stopped_ran_ms; /* when the last that counts ended; 0: none */
	int64_t stopped_wall_ms;
};
/* An account never dialled for has zeros. 0 or -EIO. */
int ledger_account(
	struct ledger *ledger, const char *name, struct ledger_account *out);
/* Those with at least one attempt that counts and has ended; numbers and
 * SIMs. */
typedef bool ledger_account_fn(void *ctx, const struct ledger_account *a);
int ledger_each_account(
	struct ledger *ledger, ledger_account_fn *fn, void *ctx);

/* What stands between a ready voucher and its modem, beside the modem. */
struct ledger_wait {
	bool account_flies; /* a PIN for its target is in flight */
	bool slow_start;    /* its batch has as many in flight as it may */
	bool batch_stops;   /* its batch's breaker tripped; it will be held */
};
int ledger_wait(
	struct ledger *ledger, int64_t voucher, struct ledger_wait *out);

/* A batch whose breaker tripped and of which something is ready: 0 for none.
 * LEDGER_BATCH_MOVE with VOUCHER_HOLD and reason "batch" holds it; what comes
 * back to the queue later is named again. Its counts begin anew with the
 * next release (or a person's retry). */
int64_t ledger_tripped_batch(struct ledger *ledger);

/* The last attempt that a SIM dialled, for what comes late. */
struct ledger_last {
	int64_t attempt; /* 0: none */
	int64_t voucher;
	enum voucher_state state;
	bool open; /* in the air */
	enum ledger_fate fate;
	enum verdict verdict;
	int64_t began_wall_ms, began_ran_ms, ended_wall_ms, ended_ran_ms;
	unsigned on_air;   /* attempts of its voucher that were on air */
	unsigned in_doubt; /* attempts of this SIM in doubt, this included */
	bool doubt;        /* this one is */
	int64_t before_wall_ms; /* when the attempt before it on that account
	                           ended; 0: there is none */
	int64_t card_minor;     /* MONEY_NONE */
	unsigned decimals;
	bool own; /* the card is for the SIM itself */
	bool repeated;
	int64_t balance_before_minor;
	char serial[LEDGER_NAME_MAX];
	char account[LEDGER_TARGET_MAX];
	char operator[LEDGER_NAME_MAX];
	char reply[LEDGER_TEXT_MAX]; /* masked */
};
int ledger_last(
	struct ledger *ledger, const char *iccid, struct ledger_last *out);

/*
 * What the proof by balance looks at (contract, Evidence 4): the attempt on
 * that account that is in doubt, dialled last there, and the reading before
 * it. Asked before the new reading is stored. 0; -ENOENT when nothing is in
 * doubt there; -EIO.
 */
struct ledger_proof {
	int64_t attempt, voucher;
	bool in_the_air;    /* not settled yet (verdict = balance) */
	unsigned open;      /* attempts on that account in doubt */
	bool dialled_since; /* another attempt, of whatever end, on that
	                       account after the reading before, or after
	                       this attempt */
	bool own;           /* the card is for the SIM that dialled */
	bool others_since;  /* a card for a number was on air anywhere since the
	                       reading before: the number may be this SIM's */
	bool has_before;
	bool before_shown; /* it had shown every earlier credit */
	bool spoiled;      /* see ledger_spoil */
	int64_t before_minor;
	unsigned decimals;
	char before_currency[8], card_currency[8];
	int64_t card_minor, deducted_minor, bonus_minor; /* MONEY_NONE */
	char iccid[LEDGER_NAME_MAX];
	char serial[LEDGER_NAME_MAX];
	int64_t began_wall_ms, ended_wall_ms;
};
int ledger_proof(
	struct ledger *ledger, const char *account, struct ledger_proof *out);

/* The unknown voucher that repeat = once may dial again on this SIM, which
 * dialled it before: unanswered, not yet repeated, its fence over. 0: none. */
int64_t ledger_repeatable(
	struct ledger *ledger, const char *iccid, const char *operator);

/* What was told and what was credited, per account that told a balance. */
struct ledger_reconcile {
	const char *account, *iccid, *modem, *operator, * currency;
	unsigned decimals;
	int64_t then_minor, now_minor; /* readings */
	int64_t then_wall_ms, now_wall_ms;
	int64_t credited_minor; /* by attempts between the two; the card's
	                           worth where no amount was told */
	int64_t unexplained_minor;
	unsigned credits_unknown; /* credited with an amount nobody knows */
	unsigned open;            /* vouchers unknown on this account */
	int64_t open_minor;       /* the sum of their amounts where known */
};
typedef bool ledger_reconcile_fn(void *ctx, const struct ledger_reconcile *r);
/* since_wall_ms: from the last reading before it on; 0: from the first. */
int ledger_each_reconcile(struct ledger *ledger, int64_t since_wall_ms,
	ledger_reconcile_fn *fn, void *ctx);

/* Whether dialling is paused, for all ("") or for this modem by itself. Also
 * when the ledger cannot be read. */
bool ledger_is_paused(struct ledger *ledger, const char *modem);

int64_t ledger_cursor(struct ledger *ledger, const char *name); /* 0: none */

struct ledger_audit {
	int64_t seq;
	int64_t at_wall_ms;
	const char *event, *modem, *who, *note; /* "" where absent */
	int64_t voucher, batch;                 /* 0 where absent */
	uint8_t hash[VAULT_HASH_LEN];
};
typedef bool ledger_audit_fn(void *ctx, const struct ledger_audit *a);
struct ledger_audit_filter {
	int64_t after;         /* only seq above */
	int64_t since_wall_ms; /* 0: any */
	int64_t voucher;       /* 0: any */
	int64_t limit;         /* 0: none */
};
int ledger_each_audit(struct ledger *ledger,
	const struct ledger_audit_filter *filter, ledger_audit_fn *fn,
	void *ctx);
int64_t ledger_audit_head(struct ledger *ledger); /* the highest seq; 0 */

/* A message as it was kept. */
struct ledger_message {
	int64_t id;
	const char *iccid, *modem, *sender, *smsc, *text, *rule, *serial;
	const char *why; /* "sender", "centre", "old", "several", ...; "" */
	int64_t stamp_wall_ms;
	struct ledger_moment arrived;
	enum verdict verdict;
	int64_t amount_minor, deducted_minor, bonus_minor, balance_minor;
	int64_t attempt, voucher; /* whose it is; 0: nobody's */
	bool waits;
};
typedef bool ledger_message_fn(void *ctx, const struct ledger_message *m);
struct ledger_message_filter {
	int64_t after;     /* only ids above */
	int64_t limit;     /* 0: none */
	const char *modem; /* NULL: any; not asked with waits */
	int64_t attempt;   /* 0: any */
	bool waits;        /* only those that wait */
};
int ledger_each_message(struct ledger *ledger,
	const struct ledger_message_filter *filter, ledger_message_fn *fn,
	void *ctx);

/*
 * What may have caused a message: the attempts of a SIM, of its account, of
 * the accounts that it dialled for, and those of its operator for numbers
 * elsewhere, that began at since_ran_ms or later and were, or may have been,
 * on air.
 */
struct ledger_cause {
	int64_t attempt, voucher;
	bool open;      /* in the air */
	bool flying;    /* open, or pending */
	bool read;      /* it has its message */
	bool elsewhere; /* only by its operator: the number may be the SIM's */
	bool own;       /* the card is for the SIM itself */
	enum verdict verdict;
	enum voucher_state state; /* of the voucher, now */
	int64_t card_minor, balance_before_minor;
	const char *serial, *target, *iccid, *account;
	struct ledger_moment began;
	unsigned attempts, on_air, busy; /* of the voucher */
};
struct ledger_cause_query {
	const char *iccid, *account, *operator;
	int64_t since_ran_ms;
	int64_t attempt; /* this one alone, if on air; 0: as above */
};
typedef bool ledger_cause_fn(void *ctx, const struct ledger_cause *cause);
int ledger_each_cause(struct ledger *ledger, const struct ledger_cause_query *q,
	ledger_cause_fn *fn, void *ctx);

/* ---- checking ---------------------------------------------------------- */

struct ledger_verify {
	bool ok;
	int64_t entries;
	char head[2 * VAULT_HASH_LEN + 1];
	int64_t first_bad; /* 0 when ok */
	char what[128];    /* what is wrong with it */
};
/* Walks the whole chain, also that no entry is missing at the end. */
int ledger_verify_audit(struct ledger *ledger, struct ledger_verify *out);

/* Whether the kept counts, states and attempts fit together. 0, or -EINVAL
 * with the first thing that does not. For tests and after unclean stops. */
int ledger_check(struct ledger *ledger, char *what, size_t cap);

#endif
