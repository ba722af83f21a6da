/*
 * ledger_voucher: the one place where a voucher changes its state, with the
 * kept counts and the audit entry of it. It must never take an edge that
 * the table of voucher.h has not.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- kept counts ------------------------------------------------------- */

/* A hostile reply may tell any amount; the sum must not overflow. */
#define SUM_STEP_MAX "1000000000000000"
#define SUM_MAX      "4000000000000000000"

#define SHIFT(state)                                                           \
	" n_" state " = n_" state " + ?3 * ((?2 = '" state                     \
	"') - (?1 = '" state "'))"
#define SHIFT_OPEN SHIFT("ready") "," SHIFT("held") "," SHIFT("dialing")
#define SHIFT_LATE SHIFT("pending") "," SHIFT("unknown") "," SHIFT("loaded")
#define SHIFT_GONE SHIFT("rejected") "," SHIFT("cancelled")
#define SHIFT_ALL  SHIFT_OPEN "," SHIFT_LATE "," SHIFT_GONE
#define MOVES      "('ready','dialing','pending')"

/* finished: when the last that could move by itself stopped; none while one
 * can. A report is owed for each settlement, not for each dialling. */
static const char shift_batch_sql[] =
	"UPDATE batch SET" SHIFT_ALL ","
	" loaded_minor = min(" SUM_MAX ", loaded_minor + CASE WHEN ?5"
	"  BETWEEN 0 AND " SUM_STEP_MAX " THEN ?5 ELSE 0 END),"
	" generation = generation + (?2 <> 'dialing'),"
	" finished = CASE WHEN n_ready + n_dialing + n_pending"
	"   + ?3 * ((?2 IN " MOVES ") - (?1 IN " MOVES ")) > 0 THEN NULL"
	"  ELSE ifnull(finished, ?6) END"
	" WHERE id = ?4 RETURNING finished IS NOT NULL";

static const char shift_total_sql[] =
	"UPDATE total SET" SHIFT_ALL " WHERE one = 1";

int
ledger_counts_shift(
	struct ledger *ledger, const struct ledger_shift *shift, bool *finished)
{
	int64_t done;
	int rc = ledger_number(ledger, shift_batch_sql, &done,
		ledger_text(shift->from), ledger_text(shift->to),
		ledger_int(shift->count), ledger_int(shift->batch),
		ledger_money(shift->credited_minor),
		ledger_int(shift->wall_ms));
	if (rc == 0)
		rc = ledger_run(ledger, shift_total_sql,
			ledger_text(shift->from), ledger_text(shift->to),
			ledger_int(shift->count));
	if (rc == 0)
		*finished = done != 0;
	return rc == -ENOENT ? -EINVAL : rc;
}

/* ---- one voucher ------------------------------------------------------- */

static void
card_of(sqlite3_stmt *stmt, struct ledger_card *card)
{
	card->batch = sqlite3_column_int64(stmt, 0);
	ledger_col_copy(stmt, 2, card->reason, sizeof(card->reason));
	card->on_air = (unsigned)sqlite3_column_int64(stmt, 3);
	card->attempts = (unsigned)sqlite3_column_int64(stmt, 4);
	card->decimals = (unsigned)sqlite3_column_int64(stmt, 5);
	card->amount_minor = ledger_col_money(stmt, 6);
	card->own = sqlite3_column_int64(stmt, 7) != 0;
	ledger_col_copy(stmt, 8, card->masked, sizeof(card->masked));
	ledger_col_copy(stmt, 9, card->currency, sizeof(card->currency));
	card->batch_finished = sqlite3_column_int64(stmt, 10) != 0;
}

int
ledger_card_load(struct ledger *ledger, int64_t id, struct ledger_card *card)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT v.batch,v.state,v.reason,v.on_air,v.attempts,"
		"v.decimals,v.amount,v.own,v.masked,v.currency,"
		"b.finished IS NOT NULL FROM voucher v"
		" JOIN batch b ON b.id = v.batch AND b.accepted = 1"
		" WHERE v.id = ?1",
		ledger_int(id));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1) {
		*card = (struct ledger_card){.id = id};
		card_of(stmt, card);
		/* The schema has no other word than the table's. */
		rc = voucher_state_from_name(span_str(ledger_col_text(stmt, 1)),
			     &card->state) == 0
		             ? 1
		             : 0;
	}
	ledger_give(ledger, stmt);
	if (rc == 0)
		return -EINVAL;
	return rc == 1 ? 0 : rc;
}

/* The reason that a voucher shows after the edge: the caller's, or, where
 * only one is possible and it has not to wait for anything, that one. */
static const char *
reason_of(const struct voucher_edge *edge, const char *reason)
{
	if (reason[0] != '\0' || edge->to == VOUCHER_READY ||
		strchr(edge->reasons, ' ') != NULL)
		return reason;
	return edge->reasons;
}

static int
store_step(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, const struct ledger_step_wish *wish)
{
	bool ended = voucher_has_ended(card->state);
	bool loaded = card->state == VOUCHER_LOADED;
	/* A person who releases or retries begins anew. */
	bool anew = wish->event == VOUCHER_RELEASE ||
	            wish->event == VOUCHER_RESOLVED_RETRY;
	return ledger_run(ledger,
		"UPDATE voucher SET state = ?2, reason = ?3, next_at = ?4,"
		" updated = ?5, finished = CASE WHEN ?6 THEN ?5 END,"
		" credited = CASE WHEN ?7 THEN ?8 ELSE credited END,"
		" not_sent = CASE WHEN ?9 THEN 0 ELSE not_sent END,"
		" busy = CASE WHEN ?9 THEN 0 ELSE busy END WHERE id = ?1",
		ledger_int(card->id),
		ledger_text(voucher_state_name(card->state)),
		ledger_text(card->reason), ledger_int(wish->next_at_ran_ms),
		ledger_int(op->at.wall_ms), ledger_int(ended),
		ledger_int(loaded), ledger_money(wish->credited_minor),
		ledger_int(anew));
}

static int
shift_one(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_card *card, const struct ledger_shift *way)
{
	struct ledger_shift shift = *way;
	bool finished;
	shift.batch = card->batch;
	shift.count = 1;
	shift.wall_ms = op->at.wall_ms;
	if (card->state != VOUCHER_LOADED)
		shift.credited_minor = MONEY_NONE;
	int rc = ledger_counts_shift(ledger, &shift, &finished);
	if (rc == 0)
		card->ends_batch = finished && !card->batch_finished;
	return rc;
}

int
ledger_card_move(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_card *card, const struct ledger_step_wish *wish)
{
	const struct voucher_edge *edge =
		voucher_edge_find(card->state, wish->event);
	if (edge == NULL ||
		!voucher_edge_permits(
			edge, card->on_air, span_str(card->reason)) ||
		!voucher_edge_takes_reason(edge, span_str(wish->reason)))
		return -EINVAL;
	struct ledger_shift way = {.from = voucher_state_name(edge->from),
		.to = voucher_state_name(edge->to),
		.credited_minor = wish->credited_minor};
	const char *reason = reason_of(edge, wish->reason);
	card->state = edge->to;
	if (span_copy(card->reason, sizeof(card->reason), span_str(reason)) !=
		0)
		return -EINVAL;
	int rc = store_step(ledger, op, card, wish);
	if (rc == 0)
		rc = shift_one(ledger, op, card, &way);
	if (rc == 0)
		rc = ledger_breaker_count(
			ledger, card, edge->from, wish->event);
	return rc;
}

/* The batch stops itself: that is told with what made it. */
static int
audit_stop(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card)
{
	struct ledger_note note = {.len = 0};
	ledger_note_text(&note, "why", card->stops_batch);
	struct ledger_entry entry = {.event = "batch.stopped",
		.note = note.text,
		.batch = card->batch};
	return ledger_audit_add(ledger, op, &entry);
}

int
ledger_card_audit(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, const struct ledger_entry *entry)
{
	struct ledger_entry end = {
		.event = "batch.finished", .batch = card->batch};
	int rc = ledger_audit_add(ledger, op, entry);
	if (rc == 0 && card->stops_batch != NULL)
		rc = audit_stop(ledger, op, card);
	if (rc != 0 || !card->ends_batch)
		return rc;
	return ledger_audit_add(ledger, op, &end);
}

/* ---- moves without an attempt ------------------------------------------ */

/* Attempts begin with ATTEMPT_BEGIN and end with ATTEMPT_SETTLE. */
static bool
moves_without_attempt(enum voucher_state from, enum voucher_event event)
{
	return from != VOUCHER_DIALING && event != VOUCHER_DISPATCHED &&
	       event != VOUCHER_REPEATED;
}

/* A pending one lands. What came of it is known now, unless its voucher is
 * unknown: a person who says "retry" does not know it either. */
static int
settle_attempts(struct ledger *ledger, const struct ledger_card *card)
{
	int rc = ledger_run(ledger,
		"UPDATE attempt SET flying = 0, doubt = ?2 WHERE voucher = ?1"
		" AND ended IS NOT NULL AND flying = 1",
		ledger_int(card->id),
		ledger_int(card->state == VOUCHER_UNKNOWN));
	return rc == 0 ? ledger_credit_book(ledger, card, 0) : rc;
}

static int
audit_move(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, int64_t credited_minor)
{
	const struct ledger_voucher_move *m = &op->u.voucher_move;
	char event[LEDGER_NAME_MAX] = "voucher.";
	strncat(event, voucher_state_name(card->state),
		sizeof(event) - strlen(event) - 1);
	struct ledger_note note = {.len = 0};
	ledger_note_text(&note, "by", voucher_event_name(m->event));
	ledger_note_text(&note, "reason", card->reason);
	ledger_note_text(&note, "pin", card->masked);
	ledger_note_money(&note, "amount", card->amount_minor, card->decimals);
	if (card->state == VOUCHER_LOADED)
		ledger_note_money(
			&note, "credited", credited_minor, card->decimals);
	ledger_note_text(&note, "note", m->note);
	struct ledger_entry entry = {.event = event,
		.note = note.text,
		.voucher = card->id,
		.batch = card->batch};
	return ledger_card_audit(ledger, op, card, &entry);
}

int
ledger_voucher_move(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_voucher_move *m = &op->u.voucher_move;
	struct ledger_card card;
	int rc = ledger_card_load(ledger, m->voucher, &card);
	if (rc != 0)
		return rc;
	if (!moves_without_attempt(card.state, m->event))
		return -EINVAL;
	struct ledger_step_wish wish = {.event = m->event,
		.reason = m->reason,
		.credited_minor = m->credited_minor};
	if (m->event == VOUCHER_RESOLVED_LOADED &&
		wish.credited_minor == MONEY_NONE)
		wish.credited_minor = card.amount_minor;
	if (m->event == VOUCHER_RELEASE || m->event == VOUCHER_RESOLVED_RETRY)
		rc = ledger_breaker_release(ledger, card.batch);
	if (rc == 0)
		rc = ledger_card_move(ledger, op, &card, &wish);
	if (rc == 0)
		rc = settle_attempts(ledger, &card);
	if (rc == 0)
		rc = audit_move(ledger, op, &card, wish.credited_minor);
	if (rc == 0)
		rc = ledger_tally_tell_all(ledger, op, &card);
	*result = (struct ledger_result){m->voucher, 1};
	return rc;
}

/* ---- all of a batch ---------------------------------------------------- */

struct sweep {
	const struct ledger_op *op;
	const struct voucher_edge *edge;
	struct vault_digest *digest; /* over the numbers that moved */
	int64_t moved;
};

/* Those that can: in the edge's state, and never on air where it asks so
 * (the only condition that an act on a batch has). */
static int
sweep_digest(struct ledger *ledger, struct sweep *sweep)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT id FROM voucher WHERE batch = ?1 AND state = ?2"
		" AND (on_air = 0 OR ?3 = 0) ORDER BY row",
		ledger_int(sweep->op->u.batch_move.batch),
		ledger_text(voucher_state_name(sweep->edge->from)),
		ledger_int(sweep->edge->condition == VOUCHER_IF_NEVER_ON_AIR));
	if (stmt == NULL)
		return -EIO;
	int rc;
	while ((rc = ledger_step(ledger, stmt)) == 1) {
		char number[24];
		int n = snprintf(number, sizeof(number), "%lld\n",
			(long long)sqlite3_column_int64(stmt, 0));
		vault_digest_add(sweep->digest, span_of(number, (size_t)n));
	}
	ledger_give(ledger, stmt);
	return rc;
}

static int
sweep_update(struct ledger *ledger, struct sweep *sweep)
{
	const struct ledger_batch_move *m = &sweep->op->u.batch_move;
	const struct voucher_edge *edge = sweep->edge;
	int rc = ledger_run(ledger,
		"UPDATE voucher SET state = ?4, reason = ?5, next_at = 0,"
		" updated = ?6, finished = CASE WHEN ?7 THEN ?6 END,"
		" not_sent = CASE WHEN ?8 THEN 0 ELSE not_sent END,"
		" busy = CASE WHEN ?8 THEN 0 ELSE busy END"
		" WHERE batch = ?1 AND state = ?2 AND (on_air = 0 OR ?3 = 0)",
		ledger_int(m->batch),
		ledger_text(voucher_state_name(edge->from)),
		ledger_int(edge->condition == VOUCHER_IF_NEVER_ON_AIR),
		ledger_text(voucher_state_name(edge->to)),
		ledger_text(reason_of(edge, m->reason)),
		ledger_int(sweep->op->at.wall_ms),
		ledger_int(voucher_has_ended(edge->to)),
		ledger_int(m->event == VOUCHER_RELEASE));
	int64_t count = sqlite3_changes64(ledger->db);
	if (rc != 0 || count == 0)
		return rc;
	sweep->moved += count;
	struct ledger_shift shift = {.batch = m->batch,
		.from = voucher_state_name(edge->from),
		.to = voucher_state_name(edge->to),
		.count = count,
		.credited_minor = MONEY_NONE,
		.wall_ms = sweep->op->at.wall_ms};
	bool finished;
	return ledger_counts_shift(ledger, &shift, &finished);
}

/* Edge by edge: an act may lead from several states (cancel). */
static int
sweep_edges(struct ledger *ledger, struct sweep *sweep)
{
	const struct ledger_batch_move *m = &sweep->op->u.batch_move;
	int rc = 0;
	for (unsigned from = 0; from < VOUCHER_STATES && rc == 0; from++) {
		sweep->edge =
			voucher_edge_find((enum voucher_state)from, m->event);
		if (sweep->edge == NULL)
			continue;
		if (!voucher_edge_takes_reason(
			    sweep->edge, span_str(m->reason)))
			return -EINVAL;
		rc = sweep_digest(ledger, sweep);
		if (rc == 0)
			rc = sweep_update(ledger, sweep);
	}
	return rc;
}

static const char *
batch_event(enum voucher_event event)
{
	if (event == VOUCHER_HOLD)
		return "batch.held";
	if (event == VOUCHER_RELEASE)
		return "batch.released";
	if (event == VOUCHER_RESTORED)
		return "batch.restored";
	return event == VOUCHER_CANCEL ? "batch.cancelled" : NULL;
}

static int
audit_sweep(struct ledger *ledger, const struct sweep *sweep,
	const uint8_t digest[VAULT_HASH_LEN])
{
	const struct ledger_batch_move *m = &sweep->op->u.batch_move;
	struct ledger_note note = {.len = 0};
	char count[24];
	snprintf(count, sizeof(count), "%lld", (long long)sweep->moved);
	ledger_note_text(&note, "count", count);
	ledger_note_text(&note, "reason", m->reason);
	ledger_note_digest(&note, digest);
	ledger_note_text(&note, "note", m->note);
	struct ledger_entry entry = {.event = batch_event(m->event),
		.note = note.text,
		.batch = m->batch};
	return ledger_audit_add(ledger, sweep->op, &entry);
}

int
ledger_batch_move(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_batch_move *m = &op->u.batch_move;
	int64_t known;
	if (batch_event(m->event) == NULL)
		return -EINVAL;
	int rc = ledger_number(ledger,
		"SELECT 1 FROM batch WHERE id = ?1 AND accepted = 1", &known,
		ledger_int(m->batch));
	if (rc != 0)
		return rc == -ENOENT ? -EINVAL : rc;
	if (m->event == VOUCHER_RELEASE)
		rc = ledger_breaker_release(ledger, m->batch);
	struct sweep sweep = {
		.op = op, .digest = vault_digest_new(ledger->vault)};
	if (rc == 0)
		rc = sweep_edges(ledger, &sweep);
	uint8_t digest[VAULT_HASH_LEN];
	vault_digest_end(sweep.digest, digest);
	if (rc == 0 && sweep.moved > 0)
		rc = audit_sweep(ledger, &sweep, digest);
	/* Its breaker holds it; it counts anew once it is released. */
	if (rc == 0 && sweep.moved > 0 && m->event == VOUCHER_HOLD &&
		span_eq(span_str(m->reason), span_str("batch")))
		rc = ledger_breaker_hold(ledger, m->batch);
	*result = (struct ledger_result){m->batch, sweep.moved};
	return rc;
}
