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

/* n_cancelled only where it changes: the index batch_digest has it. */
#define SHIFT_BUT_CANCELLED                                                    \
	" n_ready = n_ready + ?1, n_held = n_held + ?2,"                       \
	" n_dialing = n_dialing + ?3, n_pending = n_pending + ?4,"             \
	" n_unknown = n_unknown + ?5, n_loaded = n_loaded + ?6,"               \
	" n_rejected = n_rejected + ?7,"
#define SHIFT_ALL SHIFT_BUT_CANCELLED " n_cancelled = n_cancelled + ?8"

/* finished: when the last that could move by itself stopped; none while one
 * can. A report is owed for each settlement, not for each dialling. */
#define SHIFT_SUMS                                                             \
	" loaded_minor = min(" SUM_MAX ", loaded_minor + CASE WHEN ?10"        \
	"  BETWEEN 0 AND " SUM_STEP_MAX " THEN ?10 ELSE 0 END),"               \
	" generation = generation + ?11,"                                      \
	" finished = CASE WHEN n_ready + n_dialing + n_pending + ?1 + ?3 + ?4" \
	"  > 0 THEN NULL ELSE ifnull(finished, ?12) END"
#define SHIFT_BREAKER                                                          \
	", slots = ?13, rejects_max = ?14, since_loaded = ?15,"                \
	" since_refused = ?16, since_unknown = ?17, recent = ?18,"             \
	" tripped = ?19"
#define OF_BATCH " WHERE id = ?9"

static const char shift_many_sql[] =
	"UPDATE batch SET" SHIFT_ALL "," SHIFT_SUMS OF_BATCH;
static const char shift_card_sql[] =
	"UPDATE batch SET" SHIFT_BUT_CANCELLED SHIFT_SUMS SHIFT_BREAKER
		OF_BATCH;
static const char shift_cancelled_sql[] =
	"UPDATE batch SET" SHIFT_ALL "," SHIFT_SUMS SHIFT_BREAKER OF_BATCH;
static const char shift_total_sql[] =
	"UPDATE total SET" SHIFT_ALL " WHERE one = 1";

enum { SHIFT_NUMBERS = VOUCHER_STATES, SHIFT_VALUES = 12, SHIFT_CARD = 19 };

_Static_assert(VOUCHER_READY == 0 && VOUCHER_CANCELLED == 7,
	"the parameters are in the order of the states");

static void
put_breaker(struct ledger_value values[], const struct ledger_breaker *b)
{
	values[0] = ledger_int(b->slots);
	values[1] = ledger_int(b->rejects_max);
	values[2] = ledger_int(b->loaded);
	values[3] = ledger_int(b->refused);
	values[4] = ledger_int(b->unknown);
	values[5] = ledger_int(b->recent);
	values[6] = ledger_int(b->tripped);
}

static int
shift_batch(struct ledger *ledger, const struct ledger_shift *shift,
	const struct ledger_value values[SHIFT_CARD])
{
	bool cancelled = shift->from == VOUCHER_CANCELLED ||
	                 shift->to == VOUCHER_CANCELLED;
	int rc;
	if (shift->breaker == NULL)
		rc = ledger_run_n(ledger, shift_many_sql, values, SHIFT_VALUES);
	else
		rc = ledger_run_n(ledger,
			cancelled ? shift_cancelled_sql : shift_card_sql,
			values, SHIFT_CARD);
	if (rc == 0 && sqlite3_changes(ledger->db) != 1)
		return -EINVAL;
	return rc;
}

int
ledger_counts_shift(struct ledger *ledger, const struct ledger_shift *shift)
{
	struct ledger_value values[SHIFT_CARD];
	for (size_t i = 0; i < SHIFT_NUMBERS; i++)
		values[i] = ledger_int(0);
	values[shift->from].number -= shift->count;
	values[shift->to].number += shift->count;
	values[8] = ledger_int(shift->batch);
	values[9] = ledger_money(shift->credited_minor);
	values[10] = ledger_int(shift->to != VOUCHER_DIALING);
	values[11] = ledger_int(shift->wall_ms);
	if (shift->breaker != NULL)
		put_breaker(values + SHIFT_VALUES, shift->breaker);
	int rc = shift_batch(ledger, shift, values);
	if (rc != 0)
		return rc;
	return ledger_run_n(ledger, shift_total_sql, values, SHIFT_NUMBERS);
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
	ledger_col_copy(stmt, 10, card->operator, sizeof(card->operator));
	card->batch_finished = sqlite3_column_int64(stmt, 11) != 0;
	card->batch_flies = sqlite3_column_int64(stmt, 12);
	card->batch_moves = card->batch_flies + sqlite3_column_int64(stmt, 13);
	card->breaker =
		(struct ledger_breaker){.slots = sqlite3_column_int64(stmt, 14),
			.rejects_max = sqlite3_column_int64(stmt, 15),
			.loaded = sqlite3_column_int64(stmt, 16),
			.refused = sqlite3_column_int64(stmt, 17),
			.unknown = sqlite3_column_int64(stmt, 18),
			.recent = (unsigned)sqlite3_column_int64(stmt, 19),
			.tripped = sqlite3_column_int64(stmt, 20)};
}

int
ledger_card_load(struct ledger *ledger, int64_t id, struct ledger_card *card)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT v.batch,v.state,v.reason,v.on_air,v.attempts,"
		"v.decimals,v.amount,v.own,v.masked,v.currency,v.operator,"
		"b.finished IS NOT NULL,b.n_dialing + b.n_pending,b.n_ready,"
		"b.slots,b.rejects_max,b.since_loaded,b.since_refused,"
		"b.since_unknown,b.recent,b.tripped FROM voucher v"
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

#define STEP                                                                   \
	"UPDATE voucher SET state = ?2, reason = ?3, next_at = ?4,"            \
	" updated = ?5, finished = CASE WHEN ?6 THEN ?5 END,"                  \
	" credited = CASE WHEN ?7 THEN ?8 ELSE credited END,"
#define ANEW                                                                   \
	" not_sent = CASE WHEN ?9 THEN 0 ELSE not_sent END,"                   \
	" busy = CASE WHEN ?9 THEN 0 ELSE busy END"
#define STEP_VALUES(op, card, wish)                                            \
	ledger_int((card)->id),                                                \
		ledger_text(voucher_state_name((card)->state)),                \
		ledger_text((card)->reason),                                   \
		ledger_int((wish)->next_at_ran_ms),                            \
		ledger_int((op)->at.wall_ms),                                  \
		ledger_int(voucher_has_ended((card)->state)),                  \
		ledger_int((card)->state == VOUCHER_LOADED),                   \
		ledger_money((wish)->credited_minor)

static int
store_begin(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, const struct ledger_step_wish *wish)
{
	const struct ledger_attempt_begin *b = wish->begins;
	return ledger_run(ledger,
		STEP " attempts = attempts + 1, modem = ?9,"
		     " balance_before = ?10, balance_after = NULL,"
		     " reply = '', repeated = repeated OR ?11 WHERE id = ?1",
		STEP_VALUES(op, card, wish), ledger_text(b->modem),
		ledger_money(b->balance_before_minor),
		ledger_int(b->event == VOUCHER_REPEATED));
}

static int
store_told(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, const struct ledger_step_wish *wish)
{
	const struct ledger_told *t = wish->told;
	return ledger_run(ledger,
		STEP " reply = ?9, balance_after = ifnull(?10, balance_after),"
		     " on_air = on_air + ?11,"
		     " not_sent = CASE WHEN ?12 THEN 0 ELSE not_sent + 1 END,"
		     " busy = busy + ?13 WHERE id = ?1",
		STEP_VALUES(op, card, wish), ledger_text(t->reply),
		ledger_money(t->balance_minor), ledger_int(t->goes_on_air),
		ledger_int(t->sent), ledger_int(t->busy));
}

static int
store_step(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, const struct ledger_step_wish *wish)
{
	if (wish->begins != NULL)
		return store_begin(ledger, op, card, wish);
	if (wish->told != NULL)
		return store_told(ledger, op, card, wish);
	/* A person who releases or retries begins anew. */
	bool anew = wish->event == VOUCHER_RELEASE ||
	            wish->event == VOUCHER_RESOLVED_RETRY;
	return ledger_run(ledger,
		card->state == VOUCHER_CANCELLED ? STEP ANEW
			", gone = 1 WHERE id = ?1"
						 : STEP ANEW " WHERE id = ?1",
		STEP_VALUES(op, card, wish), ledger_int(anew));
}

static bool
moves_by_itself(enum voucher_state state)
{
	return state == VOUCHER_READY || state == VOUCHER_DIALING ||
	       state == VOUCHER_PENDING;
}

static int
shift_one(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_card *card, const struct ledger_shift *way)
{
	struct ledger_shift shift = *way;
	shift.batch = card->batch;
	shift.count = 1;
	shift.wall_ms = op->at.wall_ms;
	shift.breaker = &card->breaker;
	if (card->state != VOUCHER_LOADED)
		shift.credited_minor = MONEY_NONE;
	int64_t moves = card->batch_moves + moves_by_itself(way->to) -
	                moves_by_itself(way->from);
	card->ends_batch = moves == 0 && !card->batch_finished;
	return ledger_counts_shift(ledger, &shift);
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
	struct ledger_shift way = {.from = edge->from,
		.to = edge->to,
		.credited_minor = wish->credited_minor};
	const char *reason = reason_of(edge, wish->reason);
	card->state = edge->to;
	if (span_copy(card->reason, sizeof(card->reason), span_str(reason)) !=
		0)
		return -EINVAL;
	int rc = store_step(ledger, op, card, wish);
	ledger_breaker_count(card, edge->from, wish->event);
	return rc == 0 ? shift_one(ledger, op, card, &way) : rc;
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

static int
release_batch(struct ledger *ledger, struct ledger_card *card)
{
	int rc = ledger_breaker_release(ledger, card->batch);
	return rc == 0 ? ledger_card_load(ledger, card->id, card) : rc;
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
		rc = release_batch(ledger, &card);
	if (rc == 0)
		rc = ledger_card_move(ledger, op, &card, &wish);
	if (rc == 0)
		rc = settle_attempts(ledger, &card);
	if (rc == 0)
		rc = audit_move(ledger, op, &card, wish.credited_minor);
	if (rc == 0)
		rc = ledger_tally_tell_all(ledger, op, &card);
	*result = (struct ledger_result){.id = m->voucher, .count = 1};
	return rc;
}

/* ---- all of a batch ---------------------------------------------------- */

struct sweep {
	const struct ledger_op *op;
	const struct voucher_edge *edge;
	struct vault_digest *digest; /* over the numbers that moved */
	int64_t moved;
	int64_t upto; /* the last row of the slice */
};

/* Those that can: in the edge's state, and never on air, or not revealed,
 * where it asks so (the only conditions that an act on a batch has). */
#define THAT_CAN                                                               \
	" WHERE batch = ?1 AND row > ?4 AND row <= ?5 AND state = ?2"          \
	" AND CASE ?3 WHEN 1 THEN on_air = 0"                                  \
	" WHEN 2 THEN reason <> 'revealed' ELSE 1 END"

static struct ledger_value
condition_of(const struct sweep *sweep)
{
	if (sweep->edge->condition == VOUCHER_IF_NEVER_ON_AIR)
		return ledger_int(1);
	return ledger_int(
		sweep->edge->condition == VOUCHER_IF_NOT_REVEALED ? 2 : 0);
}

static int
sweep_digest(struct ledger *ledger, struct sweep *sweep)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT id FROM voucher INDEXED BY voucher_row" THAT_CAN
		" ORDER BY row",
		ledger_int(sweep->op->u.batch_move.batch),
		ledger_text(voucher_state_name(sweep->edge->from)),
		condition_of(sweep), ledger_int(sweep->op->u.batch_move.after),
		ledger_int(sweep->upto));
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

#define SWEEP                                                                  \
	"UPDATE voucher INDEXED BY voucher_row"                                \
	" SET state = ?6, reason = ?7, next_at = 0, updated = ?8,"             \
	" finished = CASE WHEN ?9 THEN ?8 END,"                                \
	" not_sent = CASE WHEN ?10 THEN 0 ELSE not_sent END,"                  \
	" busy = CASE WHEN ?10 THEN 0 ELSE busy END"

static int
sweep_update(struct ledger *ledger, struct sweep *sweep)
{
	const struct ledger_batch_move *m = &sweep->op->u.batch_move;
	const struct voucher_edge *edge = sweep->edge;
	int rc = ledger_run(ledger,
		edge->to == VOUCHER_CANCELLED ? SWEEP ", gone = 1" THAT_CAN
					      : SWEEP THAT_CAN,
		ledger_int(m->batch),
		ledger_text(voucher_state_name(edge->from)),
		condition_of(sweep), ledger_int(m->after),
		ledger_int(sweep->upto),
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
		.from = edge->from,
		.to = edge->to,
		.count = count,
		.credited_minor = MONEY_NONE,
		.wall_ms = sweep->op->at.wall_ms};
	return ledger_counts_shift(ledger, &shift);
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
	if (m->after > 0)
		ledger_note_number(&note, "after_row", m->after);
	if (sweep->upto != INT64_MAX)
		ledger_note_number(&note, "up_to_row", sweep->upto);
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
	/* What is released slice by slice is dialled meanwhile, and counts. */
	if (m->event == VOUCHER_RELEASE && m->after == 0)
		rc = ledger_breaker_release(ledger, m->batch);
	struct sweep sweep = {.op = op, .upto = INT64_MAX};
	if (rc == 0 && m->in_slices)
		rc = ledger_batch_slice(
			ledger, m->batch, m->after, &sweep.upto);
	sweep.digest = vault_digest_new(ledger->vault);
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
	*result = (struct ledger_result){m->batch, sweep.moved,
		sweep.upto == INT64_MAX ? 0 : sweep.upto};
	return rc;
}
