/*
 * control_shape: vouchers, batches, modems and audit entries as the
 * contract's JSON, for the files of control. It reads; it must never change
 * anything.
 */
#ifndef AGENT_CONTROL_SHAPE_H
#define AGENT_CONTROL_SHAPE_H

#include "agent/ledger.h"

struct control;
struct json;
struct line;

/* A copy of a row that outlives the call of its reader; one free() frees
 * it. NULL texts become "". */
struct ledger_voucher *shape_keep_voucher(const struct ledger_voucher *v);
struct ledger_batch *shape_keep_batch(const struct ledger_batch *b);

/* Reads one; NULL when there is none. Freed with free(). */
struct ledger_voucher *shape_find_voucher(struct ledger *ledger, int64_t id);
struct ledger_batch *shape_find_batch(struct ledger *ledger, int64_t id);

struct json *shape_voucher(
	struct control *control, const struct ledger_voucher *v);
struct json *shape_batch(struct control *control, const struct ledger_batch *b,
	int64_t faults_max);
struct json *shape_counts(const int64_t counts[VOUCHER_STATES]);
struct json *shape_audit(const struct ledger_audit *a);
struct json *shape_attempt(const struct ledger_attempt *a);
struct json *shape_follow(const struct ledger_follow *f);
struct json *shape_modem(struct control *control, const struct line *line);
/* NULL for MONEY_NONE, and for 0: null in the answer. */
struct json *shape_money(int64_t minor, unsigned decimals);
struct json *shape_time(int64_t wall_ms);
/* For a sentence: in the zone of the configuration, as the tables show it;
 * without the day where it is today's. */
enum { SHAPE_LOCAL_MAX = 24 };
void shape_local_time(int64_t wall_ms, char out[SHAPE_LOCAL_MAX]);
/* A batch's bad rows, [{line,reason}], so many at most. */
struct json *shape_faults(
	struct control *control, int64_t batch, int64_t faults_max);

#endif
