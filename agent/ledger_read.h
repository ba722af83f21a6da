/*
 * ledger_read: vouchers, attempts, batches and queues, for who asks. It
 * changes nothing.
 */
#ifndef AGENT_LEDGER_READ_H
#define AGENT_LEDGER_READ_H

#include "agent/ledger_base.h"

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

/* The PINs of the last attempts of that SIM ("": of all SIMs), the newest
 * first, at most max; those that cannot be read are left out. How many;
 * whoever asks wipes them. */
size_t ledger_last_pins(struct ledger *ledger, const char *iccid,
	struct secret *voucher_pins, size_t max);

struct ledger_attempt {
	int64_t id, voucher;
	int64_t began_wall_ms, ended_wall_ms; /* 0: open */
	const char *modem, *iccid, *account, *reply, *by, *rule;
	const char *via; /* "ussd", "sms"; "" where it is not known */
	int fate;        /* an enum ledger_fate, or -1 while open */
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
	bool skip_own, skip_numbers; /* those for the SIM itself, for others */
	int64_t limit;
};
int ledger_each_head(struct ledger *ledger, const struct ledger_head_query *q,
	ledger_voucher_fn *fn, void *ctx);
/* The earliest next_at_ran_ms of a ready voucher after ran_ms; INT64_MAX. */
int64_t ledger_next_due(struct ledger *ledger, int64_t ran_ms);

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

#endif
