/*
 * ledger_read_audit: the audit chain, and whether all is whole. It changes
 * nothing. Rows as in ledger_read.h.
 */
#ifndef AGENT_LEDGER_READ_AUDIT_H
#define AGENT_LEDGER_READ_AUDIT_H

#include "agent/ledger_base.h"

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
