/*
 * ledger_batch: a batch from its first row to its report. It is invisible
 * to queues and lists until it is accepted, and its arrival, or an act on
 * all of it, is one audit entry. It must never sit in memory as a whole.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <string.h>

/* What one BATCH_DROP removes: a slice of the loop's time. */
enum { DROP_SLICE = 1000 };

/* ---- reading a file ---------------------------------------------------- */

int64_t
ledger_batch_of_digest(
	struct ledger *ledger, const uint8_t digest[VAULT_HASH_LEN])
{
	int64_t id;
	int rc = ledger_number(ledger,
		"SELECT id FROM batch WHERE digest = ?1 AND accepted = 1"
		" AND n_cancelled < rows",
		&id, ledger_blob(digest, VAULT_HASH_LEN));
	return rc == 0 ? id : 0;
}

int
ledger_batch_open(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_batch_open *b = &op->u.batch_open;
	result->id = ledger_batch_of_digest(ledger, b->digest);
	if (result->id != 0)
		return -EEXIST;
	int rc = ledger_run(ledger,
		"INSERT INTO batch(name,digest,who,from_spool,received)"
		" VALUES(?1,?2,?3,?4,?5)",
		ledger_text(b->name), ledger_blob(b->digest, VAULT_HASH_LEN),
		ledger_text(op->who), ledger_int(b->from_spool),
		ledger_int(op->at.wall_ms));
	if (rc == 0)
		result->id = sqlite3_last_insert_rowid(ledger->db);
	return rc;
}

/* The first row gives the batch its priority; all have the same (it is a
 * directive of the file). */
static int
count_row(struct ledger *ledger, const struct ledger_batch_row *row)
{
	int rc = ledger_run(ledger,
		"UPDATE batch SET rows = rows + 1, n_ready = n_ready + 1,"
		" priority = ?2 WHERE id = ?1 AND accepted = 0"
		" AND (rows = 0 OR priority = ?2)",
		ledger_int(row->batch), ledger_int(row->priority));
	if (rc == 0 && sqlite3_changes(ledger->db) != 1)
		return -EINVAL;
	return rc;
}

/* A row that the schema calls repeated: a known PIN, or our own mistake. */
static int
find_repeated(struct ledger *ledger, const struct ledger_batch_row *row,
	struct ledger_result *result)
{
	int rc = ledger_number(ledger,
		"SELECT batch FROM voucher WHERE fingerprint = ?1"
		" AND gone = 0",
		&result->id, ledger_blob(row->fingerprint, VAULT_HASH_LEN));
	if (rc == 0)
		return -EEXIST;
	return rc == -ENOENT ? -EINVAL : rc;
}

int
ledger_batch_row(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_batch_row *row = &op->u.batch_row;
	if (row->sealed_len > sizeof(row->sealed))
		return -EINVAL;
	int rc = count_row(ledger, row);
	if (rc == 0)
		rc = ledger_run(ledger,
			"INSERT INTO voucher(batch,row,operator,modem_only,"
			"target,own,serial,masked,currency,decimals,amount,"
			"expires,note,updated,sealed,fingerprint)"
			" VALUES(?1,?2,?3,?4,?5,?5 = 'self',?6,?7,?8,?9,?10,"
			"?11,?12,?13,?14,?15)",
			ledger_int(row->batch), ledger_int(row->line),
			ledger_text(row->operator), ledger_text(row->modem),
			ledger_text(row->target), ledger_text(row->serial),
			ledger_text(row->masked), ledger_text(row->currency),
			ledger_int(row->decimals),
			ledger_money(row->amount_minor),
			ledger_text(row->expires), ledger_text(row->note),
			ledger_int(op->at.wall_ms),
			ledger_blob(row->sealed, row->sealed_len),
			ledger_blob(row->fingerprint, VAULT_HASH_LEN));
	if (rc == -EEXIST)
		return find_repeated(ledger, row, result);
	if (rc == 0)
		result->id = sqlite3_last_insert_rowid(ledger->db);
	return rc;
}

int
ledger_batch_fault(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_batch_fault *f = &op->u.batch_fault;
	int64_t n;
	int rc = ledger_number(ledger,
		"UPDATE batch SET faults = faults + 1"
		" WHERE id = ?1 AND accepted = 0 RETURNING faults",
		&n, ledger_int(f->batch));
	if (rc == -ENOENT)
		return -EINVAL;
	if (rc == 0)
		rc = ledger_run(ledger,
			"INSERT INTO fault(batch,n,line,reason)"
			" VALUES(?1,?2,?3,?4)",
			ledger_int(f->batch), ledger_int(n),
			ledger_int(f->line), ledger_text(f->reason));
	result->id = n;
	return rc;
}

/* ---- accepted or dropped ----------------------------------------------- */

struct arrival {
	int64_t rows, faults; /* as read */
	int64_t ready, held;  /* of the rows */
	char name[LEDGER_FILE_MAX];
	uint8_t digest[VAULT_HASH_LEN];
};

/* -EINVAL for what is not being read. */
static int
find_arrival(struct ledger *ledger, int64_t batch, struct arrival *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT rows + dropped,faults,name,digest,n_ready,n_held"
		" FROM batch"
		" WHERE id = ?1 AND accepted = 0",
		ledger_int(batch));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1) {
		out->rows = sqlite3_column_int64(stmt, 0);
		out->faults = sqlite3_column_int64(stmt, 1);
		ledger_col_copy(stmt, 2, out->name, sizeof(out->name));
		ledger_col_hash(stmt, 3, out->digest);
		out->ready = sqlite3_column_int64(stmt, 4);
		out->held = sqlite3_column_int64(stmt, 5);
	}
	ledger_give(ledger, stmt);
	if (rc == 0)
		return -EINVAL;
	return rc == 1 ? 0 : rc;
}

static int
audit_arrival(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_entry *entry, const struct arrival *a)
{
	struct ledger_note note = {.len = 0};
	ledger_note_text(&note, "name", a->name);
	ledger_note_number(&note, "rows", a->rows);
	ledger_note_number(&note, "bad_rows", a->faults);
	ledger_note_digest(&note, a->digest);
	if (op->kind == LEDGER_BATCH_ACCEPT) {
		ledger_note_text(&note, "hold", op->u.batch_accept.hold);
		ledger_note_text(&note, "note", op->u.batch_accept.note);
	} else {
		ledger_note_text(&note, "reason", op->u.batch_drop.reason);
	}
	struct ledger_entry told = *entry;
	told.note = note.text;
	return ledger_audit_add(ledger, op, &told);
}

int
ledger_batch_slice(
	struct ledger *ledger, int64_t batch, int64_t after, int64_t *upto)
{
	int rc = ledger_number(ledger,
		"SELECT row FROM voucher INDEXED BY voucher_row"
		" WHERE batch = ?1 AND row > ?2 ORDER BY row"
		" LIMIT 1 OFFSET ?3",
		upto, ledger_int(batch), ledger_int(after),
		ledger_int(LEDGER_SLICE_ROWS - 1));
	if (rc != -ENOENT)
		return rc;
	*upto = INT64_MAX;
	return 0;
}

int
ledger_batch_hold(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_batch_hold *h = &op->u.batch_hold;
	int64_t upto;
	int rc = ledger_batch_slice(ledger, h->batch, h->after, &upto);
	if (rc == 0)
		rc = ledger_run(ledger,
			"UPDATE voucher INDEXED BY voucher_row"
			" SET state = 'held', reason = ?2 WHERE batch = ?1"
			" AND row > ?3 AND row <= ?4 AND state = 'ready'",
			ledger_int(h->batch), ledger_text(h->hold),
			ledger_int(h->after), ledger_int(upto));
	if (rc != 0)
		return rc;
	int64_t held = sqlite3_changes64(ledger->db);
	rc = ledger_run(ledger,
		"UPDATE batch SET n_ready = n_ready - ?2,"
		" n_held = n_held + ?2 WHERE id = ?1 AND accepted = 0",
		ledger_int(h->batch), ledger_int(held));
	if (rc == 0 && sqlite3_changes(ledger->db) != 1)
		return -EINVAL; /* an accepted one is moved, and audited */
	*result = (struct ledger_result){
		h->batch, held, upto == INT64_MAX ? 0 : upto};
	return rc;
}

/* Held whole: read, but not dialled before a person releases it. */
static int
hold_all(struct ledger *ledger, const struct ledger_op *op, int64_t rows)
{
	const struct ledger_batch_accept *a = &op->u.batch_accept;
	struct ledger_shift shift = {.batch = a->batch,
		.from = VOUCHER_READY,
		.to = VOUCHER_HELD,
		.count = rows,
		.credited_minor = MONEY_NONE,
		.wall_ms = op->at.wall_ms};
	int rc = ledger_run(ledger,
		"UPDATE voucher SET state = 'held', reason = ?2"
		" WHERE batch = ?1 AND state = 'ready'",
		ledger_int(a->batch), ledger_text(a->hold));
	return rc == 0 ? ledger_counts_shift(ledger, &shift) : rc;
}

int
ledger_batch_accept(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_batch_accept *a = &op->u.batch_accept;
	struct arrival arrival;
	int rc = find_arrival(ledger, a->batch, &arrival);
	if (rc != 0)
		return rc;
	result->id = ledger_batch_of_digest(ledger, arrival.digest);
	if (result->id != 0)
		return -EEXIST;
	rc = ledger_run(ledger,
		"UPDATE batch SET accepted = 1, note = ?2, generation = 1,"
		" finished = CASE WHEN n_ready = 0 THEN ?3 END WHERE id = ?1",
		ledger_int(a->batch), ledger_text(a->note),
		ledger_int(op->at.wall_ms));
	if (rc == 0)
		rc = ledger_run(ledger,
			"UPDATE total SET n_ready = n_ready + ?1,"
			" n_held = n_held + ?2 WHERE one = 1",
			ledger_int(arrival.ready), ledger_int(arrival.held));
	if (rc == 0 && a->hold[0] != '\0' && arrival.ready > 0)
		rc = hold_all(ledger, op, arrival.ready);
	if (rc != 0)
		return rc;
	*result = (struct ledger_result){a->batch, arrival.rows, 0};
	struct ledger_entry entry = {
		.event = "batch.accepted", .batch = a->batch};
	return audit_arrival(ledger, op, &entry, &arrival);
}

/* Of those that will be held some may be held by now. */
static int
drop_rows(struct ledger *ledger, int64_t batch, int64_t *rows)
{
	int64_t held;
	int rc = ledger_number(ledger,
		"SELECT count(*) FROM (SELECT state FROM voucher"
		" WHERE batch = ?1 LIMIT ?2) WHERE state = 'held'",
		&held, ledger_int(batch), ledger_int(DROP_SLICE));
	if (rc == 0)
		rc = ledger_run(ledger,
			"DELETE FROM voucher WHERE id IN"
			" (SELECT id FROM voucher WHERE batch = ?1 LIMIT ?2)",
			ledger_int(batch), ledger_int(DROP_SLICE));
	if (rc != 0)
		return rc;
	*rows = sqlite3_changes(ledger->db);
	return ledger_run(ledger,
		"UPDATE batch SET rows = rows - ?2,"
		" n_ready = n_ready - (?2 - ?3), n_held = n_held - ?3,"
		" dropped = dropped + ?2 WHERE id = ?1",
		ledger_int(batch), ledger_int(*rows), ledger_int(held));
}

/* Removes a slice of rows, then of faults: how many went in all. */
static int
drop_slice(struct ledger *ledger, int64_t batch, int64_t *went)
{
	int64_t rows = 0;
	int rc = drop_rows(ledger, batch, &rows);
	if (rc == 0)
		rc = ledger_run(ledger,
			"DELETE FROM fault WHERE batch = ?1 AND n IN"
			" (SELECT n FROM fault WHERE batch = ?1 LIMIT ?2)",
			ledger_int(batch), ledger_int(DROP_SLICE - rows));
	*went = rows + sqlite3_changes(ledger->db);
	return rc;
}

static int
drop_end(struct ledger *ledger, const struct ledger_op *op,
	const struct arrival *arrival)
{
	const struct ledger_batch_drop *d = &op->u.batch_drop;
	int rc = ledger_run(ledger, "DELETE FROM batch WHERE id = ?1",
		ledger_int(d->batch));
	if (rc != 0)
		return rc;
	struct ledger_entry entry = {.event = d->reason[0] != '\0'
	                                              ? "batch.refused"
	                                              : "batch.interrupted",
		.batch = d->batch};
	return audit_arrival(ledger, op, &entry, arrival);
}

int
ledger_batch_drop(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	int64_t batch = op->u.batch_drop.batch;
	struct arrival arrival;
	int64_t went, left = 0;
	int rc = find_arrival(ledger, batch, &arrival);
	if (rc == 0)
		rc = drop_slice(ledger, batch, &went);
	if (rc == 0 && went == DROP_SLICE)
		rc = ledger_number(ledger,
			"SELECT (SELECT rows FROM batch WHERE id = ?1)"
			" + (SELECT count(*) FROM fault WHERE batch = ?1)",
			&left, ledger_int(batch));
	if (rc == 0 && left == 0)
		rc = drop_end(ledger, op, &arrival);
	result->id = batch;
	result->count = left;
	return rc;
}

/* ---- afterwards -------------------------------------------------------- */

static int
mark(struct ledger *ledger, int rc)
{
	if (rc == 0 && sqlite3_changes(ledger->db) != 1)
		return -EINVAL;
	return rc;
}

int
ledger_batch_retired(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	result->id = op->u.batch_ref.batch;
	return mark(ledger, ledger_run(ledger,
				    "UPDATE batch SET retired = 1"
				    " WHERE id = ?1 AND accepted = 1",
				    ledger_int(op->u.batch_ref.batch)));
}

int
ledger_batch_reported(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	result->id = op->u.batch_ref.batch;
	return mark(
		ledger, ledger_run(ledger,
				"UPDATE batch SET reported = max(reported, ?2)"
				" WHERE id = ?1 AND accepted = 1"
				" AND ?2 <= generation",
				ledger_int(op->u.batch_ref.batch),
				ledger_int(op->u.batch_ref.generation)));
}
