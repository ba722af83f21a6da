/*
 * ledger_queue: the heads of the queue, each an indexed look-up. Nothing
 * here may walk over all vouchers, or keep them in memory.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <string.h>

/*
 * One lane: the ready vouchers of an operator for one modem or for any, for
 * the SIM itself or for a number. Within a lane the indexes batch_queue and
 * voucher_queue give the order; four lanes are merged. What is skipped is
 * only what waits for its moment, its account or a clock; batches whose slow
 * start allows no more, or whose breaker tripped, are not in the index.
 */
const char ledger_head_sql[] =
	"SELECT " LEDGER_VOUCHER_COLUMNS " FROM batch b INDEXED BY batch_queue"
	" CROSS JOIN voucher v INDEXED BY voucher_queue"
	" WHERE b.accepted = 1 AND b.n_ready > 0 AND b.may_dial = 1"
	" AND v.batch = b.id AND v.state = 'ready'"
	" AND v.operator = ?1 AND v.modem_only = ?2 AND v.own = ?3"
	" AND v.next_at <= ?4 AND (?5 = 0 OR v.expires = '')"
	" AND (?3 = 1 OR NOT EXISTS (SELECT 1 FROM attempt a"
	"  WHERE a.flying = 1 AND a.own = 0"
	"  AND substr(a.account, -9) = substr(v.target, -9)))"
	" ORDER BY b.priority DESC, b.id, v.row";

enum { LANES = 4 };

struct lane {
	sqlite3_stmt *stmt; /* NULL: it has come to its end */
	struct ledger_voucher head;
};

struct merge {
	struct ledger *ledger;
	struct lane lanes[LANES];
};

/* Fetches the lane's next head, or closes it. */
static int
lane_step(struct merge *merge, struct lane *lane)
{
	int rc = ledger_step(merge->ledger, lane->stmt);
	if (rc == 1) {
		ledger_voucher_of(lane->stmt, &lane->head);
		return 0;
	}
	ledger_give(merge->ledger, lane->stmt);
	lane->stmt = NULL;
	return rc < 0 ? -EIO : 0;
}

static bool
goes_before(const struct ledger_voucher *a, const struct ledger_voucher *b)
{
	if (a->priority != b->priority)
		return a->priority > b->priority;
	if (a->batch != b->batch)
		return a->batch < b->batch;
	return a->row < b->row;
}

static struct lane *
first_lane(struct merge *merge)
{
	struct lane *first = NULL;
	for (size_t i = 0; i < LANES; i++) {
		struct lane *lane = &merge->lanes[i];
		if (lane->stmt != NULL &&
			(first == NULL ||
				goes_before(&lane->head, &first->head)))
			first = lane;
	}
	return first;
}

static int
is_there(int rc, bool *out)
{
	*out = rc == 0;
	return rc == -ENOENT ? 0 : rc;
}

/* Whether the SIM that would dial has a PIN in flight for itself, and
 * whether for anybody. */
static int
is_flying(struct ledger *ledger, const struct ledger_head_query *q, bool *self,
	bool *any)
{
	int64_t one;
	*any = false;
	int rc = is_there(ledger_number(ledger,
				  "SELECT 1 FROM attempt WHERE account = ?1"
				  " AND flying = 1",
				  &one, ledger_text(q->self_account)),
		self);
	if (rc != 0 || q->iccid == NULL)
		return rc;
	return is_there(ledger_number(ledger,
				"SELECT 1 FROM attempt WHERE iccid = ?1"
				" AND flying = 1",
				&one, ledger_text(q->iccid)),
		any);
}

static int
open_lanes(struct merge *merge, const struct ledger_head_query *q)
{
	bool self_flies, sim_flies;
	int rc = is_flying(merge->ledger, q, &self_flies, &sim_flies);
	for (size_t i = 0; i < LANES && rc == 0 && !sim_flies; i++) {
		bool own = (i & 1) != 0;
		const char *modem = (i & 2) != 0 ? q->modem : "";
		if (own ? q->skip_own || self_flies : q->skip_numbers)
			continue;
		/* Without a name the two lanes of a modem are one. */
		if ((i & 2) != 0 && modem[0] == '\0')
			continue;
		struct lane *lane = &merge->lanes[i];
		lane->stmt = ledger_take(merge->ledger, ledger_head_sql,
			ledger_text(q->operator), ledger_text(modem),
			ledger_int(own), ledger_int(q->ran_ms),
			ledger_int(q->skip_expiring));
		rc = lane->stmt == NULL ? -EIO : lane_step(merge, lane);
	}
	return rc;
}

int
ledger_each_head(struct ledger *ledger, const struct ledger_head_query *q,
	ledger_voucher_fn *fn, void *ctx)
{
	struct merge merge = {.ledger = ledger};
	int rc = open_lanes(&merge, q);
	for (int64_t n = 0; n < q->limit && rc == 0; n++) {
		struct lane *lane = first_lane(&merge);
		if (lane == NULL || !fn(ctx, &lane->head))
			break;
		rc = lane_step(&merge, lane);
	}
	for (size_t i = 0; i < LANES; i++)
		if (merge.lanes[i].stmt != NULL)
			ledger_give(ledger, merge.lanes[i].stmt);
	return rc == 0 ? 0 : -EIO;
}

int64_t
ledger_next_due(struct ledger *ledger, int64_t ran_ms)
{
	int64_t due;
	/* What cannot be read is looked at again at the next occasion. */
	int rc = ledger_number(ledger,
		"SELECT next_at FROM voucher WHERE state = 'ready'"
		" AND next_at > 0 AND next_at > ?1 ORDER BY next_at LIMIT 1",
		&due, ledger_int(ran_ms));
	return rc == 0 ? due : INT64_MAX;
}

int
ledger_counts(struct ledger *ledger, int64_t counts[VOUCHER_STATES])
{
	sqlite3_stmt *stmt = ledger_take_n(ledger,
		"SELECT n_ready,n_held,n_dialing,n_pending,n_unknown,"
		"n_loaded,n_rejected,n_cancelled FROM total WHERE one = 1",
		NULL, 0);
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	for (int i = 0; i < VOUCHER_STATES && rc == 1; i++)
		counts[i] = sqlite3_column_int64(stmt, i);
	ledger_give(ledger, stmt);
	return rc == 1 ? 0 : -EIO;
}
