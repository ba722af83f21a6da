/*
 * ledger_read: rows out of the ledger, one by one. Nothing here writes.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <string.h>

/* Column numbers in LEDGER_VOUCHER_COLUMNS. */
enum {
	V_ID,
	V_BATCH,
	V_ROW,
	V_SERIAL,
	V_MASKED,
	V_OPERATOR,
	V_CURRENCY,
	V_TARGET,
	V_MODEM_ONLY,
	V_NOTE,
	V_EXPIRES,
	V_REASON,
	V_MODEM,
	V_REPLY,
	V_DECIMALS,
	V_PRIORITY,
	V_AMOUNT,
	V_CREDITED,
	V_BEFORE,
	V_AFTER,
	V_STATE,
	V_NEXT_AT,
	V_ATTEMPTS,
	V_ON_AIR,
	V_NOT_SENT,
	V_BUSY,
	V_UPDATED,
	V_FINISHED
};

static unsigned
col_unsigned(sqlite3_stmt *stmt, int i)
{
	return (unsigned)sqlite3_column_int64(stmt, i);
}

static void
voucher_texts(sqlite3_stmt *stmt, struct ledger_voucher *out)
{
	out->serial = ledger_col_text(stmt, V_SERIAL);
	out->masked = ledger_col_text(stmt, V_MASKED);
	out->operator= ledger_col_text(stmt, V_OPERATOR);
	out->currency = ledger_col_text(stmt, V_CURRENCY);
	out->target = ledger_col_text(stmt, V_TARGET);
	out->modem_only = ledger_col_text(stmt, V_MODEM_ONLY);
	out->note = ledger_col_text(stmt, V_NOTE);
	out->expires = ledger_col_text(stmt, V_EXPIRES);
	out->reason = ledger_col_text(stmt, V_REASON);
	out->modem = ledger_col_text(stmt, V_MODEM);
	out->reply = ledger_col_text(stmt, V_REPLY);
}

void
ledger_voucher_of(sqlite3_stmt *stmt, struct ledger_voucher *out)
{
	*out = (struct ledger_voucher){.id = sqlite3_column_int64(stmt, V_ID),
		.batch = sqlite3_column_int64(stmt, V_BATCH),
		.row = col_unsigned(stmt, V_ROW),
		.decimals = col_unsigned(stmt, V_DECIMALS),
		.priority = col_unsigned(stmt, V_PRIORITY),
		.amount_minor = ledger_col_money(stmt, V_AMOUNT),
		.credited_minor = ledger_col_money(stmt, V_CREDITED),
		.balance_before_minor = ledger_col_money(stmt, V_BEFORE),
		.balance_after_minor = ledger_col_money(stmt, V_AFTER),
		.next_at_ran_ms = sqlite3_column_int64(stmt, V_NEXT_AT),
		.attempts = col_unsigned(stmt, V_ATTEMPTS),
		.on_air = col_unsigned(stmt, V_ON_AIR),
		.not_sent = col_unsigned(stmt, V_NOT_SENT),
		.busy = col_unsigned(stmt, V_BUSY),
		.updated_wall_ms = sqlite3_column_int64(stmt, V_UPDATED),
		.finished_wall_ms = sqlite3_column_int64(stmt, V_FINISHED)};
	voucher_texts(stmt, out);
	/* The schema has no other word. */
	(void)voucher_state_from_name(
		span_str(ledger_col_text(stmt, V_STATE)), &out->state);
}

/* ---- vouchers ---------------------------------------------------------- */

#define VOUCHERS "SELECT " LEDGER_VOUCHER_COLUMNS " FROM voucher v "
#define FILTERED                                                               \
	" CROSS JOIN batch b ON b.id = v.batch AND b.accepted = 1"             \
	" WHERE (?1 = 0 OR v.id = ?1) AND (?2 = 0 OR v.batch = ?2)"            \
	" AND (?3 = '' OR v.state = ?3) AND v.id > ?4"

/* A list of one of the states that wait for somebody has its own index. */
#define OF_STATE(state)                                                        \
	VOUCHERS "INDEXED BY voucher_open" FILTERED " AND (" LEDGER_IS_OPEN    \
		 ")"                                                           \
		 " AND v.state = '" state "' ORDER BY v.id LIMIT ?5"

static const char one_sql[] = VOUCHERS FILTERED " AND v.id = ?1 LIMIT ?5";
static const char by_row_sql[] =
	VOUCHERS "INDEXED BY voucher_row" FILTERED " AND v.batch = ?2"
		 " ORDER BY v.row LIMIT ?5";
static const char of_batch_sql[] =
	VOUCHERS "INDEXED BY voucher_batch" FILTERED " AND v.batch = ?2"
		 " ORDER BY v.id LIMIT ?5";
static const char all_sql[] =
	VOUCHERS "NOT INDEXED" FILTERED " ORDER BY v.id LIMIT ?5";
static const char held_sql[] = OF_STATE("held");
static const char dialing_sql[] = OF_STATE("dialing");
static const char pending_sql[] = OF_STATE("pending");
static const char unknown_sql[] = OF_STATE("unknown");

static const char *
sql_of_state(enum voucher_state state)
{
	switch (state) {
	case VOUCHER_HELD:
		return held_sql;
	case VOUCHER_DIALING:
		return dialing_sql;
	case VOUCHER_PENDING:
		return pending_sql;
	case VOUCHER_UNKNOWN:
		return unknown_sql;
	case VOUCHER_READY:
	case VOUCHER_LOADED:
	case VOUCHER_REJECTED:
	case VOUCHER_CANCELLED:
	case VOUCHER_STATES:
		return all_sql;
	}
	return all_sql;
}

/* Which index serves a filter is decided here, not by the planner. */
static const char *
sql_of(const struct ledger_voucher_filter *f)
{
	if (f->id != 0)
		return one_sql;
	if (f->batch != 0)
		return f->by_row ? by_row_sql : of_batch_sql;
	return f->state >= 0 ? sql_of_state((enum voucher_state)f->state)
	                     : all_sql;
}

int
ledger_each_voucher(struct ledger *ledger,
	const struct ledger_voucher_filter *filter, ledger_voucher_fn *fn,
	void *ctx)
{
	const char *state =
		filter->state < 0
			? ""
			: voucher_state_name((enum voucher_state)filter->state);
	sqlite3_stmt *stmt = ledger_take(ledger, sql_of(filter),
		ledger_int(filter->id), ledger_int(filter->batch),
		ledger_text(state), ledger_int(filter->after),
		ledger_int(filter->limit > 0 ? filter->limit : -1));
	if (stmt == NULL)
		return -EIO;
	int rc;
	while ((rc = ledger_step(ledger, stmt)) == 1) {
		struct ledger_voucher v;
		ledger_voucher_of(stmt, &v);
		if (!fn(ctx, &v))
			break;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : 0;
}

int
ledger_sealed_pin(struct ledger *ledger, int64_t voucher, uint8_t *blob,
	size_t cap, size_t *len)
{
	sqlite3_stmt *stmt =
		ledger_take(ledger, "SELECT sealed FROM voucher WHERE id = ?1",
			ledger_int(voucher));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1) {
		const void *bytes = sqlite3_column_blob(stmt, 0);
		size_t n = (size_t)sqlite3_column_bytes(stmt, 0);
		if (bytes == NULL || n > cap) {
			rc = -ENOSPC;
		} else {
			memcpy(blob, bytes, n);
			*len = n;
		}
	}
	ledger_give(ledger, stmt);
	if (rc == 0)
		return -ENOENT;
	return rc == 1 ? 0 : rc;
}

#define LAST_PINS                                                              \
	"SELECT v.sealed FROM attempt a JOIN voucher v ON v.id = a.voucher"
#define LAST_PINS_END " ORDER BY a.id DESC LIMIT ?1"

size_t
ledger_last_pins(struct ledger *ledger, const char *iccid,
	struct secret *voucher_pins, size_t max)
{
	static const char any[] = LAST_PINS LAST_PINS_END;
	static const char one[] = LAST_PINS " WHERE a.iccid = ?2" LAST_PINS_END;
	sqlite3_stmt *stmt =
		iccid[0] != '\0'
			? ledger_take(ledger, one, ledger_int((int64_t)max),
				  ledger_text(iccid))
			: ledger_take(ledger, any, ledger_int((int64_t)max));
	size_t count = 0;
	if (stmt == NULL)
		return 0;
	while (count < max && ledger_step(ledger, stmt) == 1) {
		const void *sealed = sqlite3_column_blob(stmt, 0);
		size_t len = (size_t)sqlite3_column_bytes(stmt, 0);
		if (sealed != NULL && vault_unseal(ledger->vault, sealed, len,
					      &voucher_pins[count]) == 0)
			count++;
	}
	ledger_give(ledger, stmt);
	return count;
}

/* ---- attempts ---------------------------------------------------------- */

#define ATTEMPTS                                                               \
	"SELECT id,voucher,began,ended,modem,iccid,account,reply,decided_by,"  \
	"rule,fate,verdict,ifnull(via,'') FROM attempt"

static int
fate_from_name(const char *name)
{
	if (strcmp(name, "not_sent") == 0)
		return LEDGER_NOT_SENT;
	if (strcmp(name, "maybe_sent") == 0)
		return LEDGER_MAYBE_SENT;
	return strcmp(name, "answered") == 0 ? LEDGER_ANSWERED : -1;
}

static void
attempt_of(sqlite3_stmt *stmt, struct ledger_attempt *out)
{
	*out = (struct ledger_attempt){.id = sqlite3_column_int64(stmt, 0),
		.voucher = sqlite3_column_int64(stmt, 1),
		.began_wall_ms = sqlite3_column_int64(stmt, 2),
		.ended_wall_ms = sqlite3_column_int64(stmt, 3),
		.modem = ledger_col_text(stmt, 4),
		.iccid = ledger_col_text(stmt, 5),
		.account = ledger_col_text(stmt, 6),
		.reply = ledger_col_text(stmt, 7),
		.by = ledger_col_text(stmt, 8),
		.rule = ledger_col_text(stmt, 9),
		.fate = fate_from_name(ledger_col_text(stmt, 10)),
		.verdict = VERDICT_NONE,
		.via = ledger_col_text(stmt, 12)};
	/* Written by verdict_name(); another hand's word is none. */
	(void)verdict_from_name(
		span_str(ledger_col_text(stmt, 11)), &out->verdict);
}

int
ledger_each_attempt(struct ledger *ledger, int64_t voucher,
	ledger_attempt_fn *fn, void *ctx)
{
	sqlite3_stmt *stmt =
		voucher != 0
			? ledger_take(ledger,
				  ATTEMPTS " WHERE voucher = ?1 ORDER BY id",
				  ledger_int(voucher))
			: ledger_take_n(ledger,
				  ATTEMPTS
				  " INDEXED BY attempt_seat WHERE"
				  " flying = 1 AND ended IS NULL ORDER BY id",
				  NULL, 0);
	if (stmt == NULL)
		return -EIO;
	int rc;
	while ((rc = ledger_step(ledger, stmt)) == 1) {
		struct ledger_attempt a;
		attempt_of(stmt, &a);
		if (!fn(ctx, &a))
			break;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : 0;
}

/* ---- batches ----------------------------------------------------------- */

#define BATCHES                                                                \
	"SELECT id,name,note,who,accepted,from_spool,retired,received,"        \
	"finished,rows,faults,loaded_minor,generation,reported,digest,"        \
	"n_ready,n_held,n_dialing,n_pending,n_unknown,n_loaded,n_rejected,"    \
	"n_cancelled,slots FROM batch"

enum { BATCH_COUNTS_AT = 15, BATCH_WINDOW = 23 };

static void
batch_of(sqlite3_stmt *stmt, struct ledger_batch *out,
	uint8_t digest[VAULT_HASH_LEN])
{
	ledger_col_hash(stmt, 14, digest);
	*out = (struct ledger_batch){.id = sqlite3_column_int64(stmt, 0),
		.name = ledger_col_text(stmt, 1),
		.note = ledger_col_text(stmt, 2),
		.who = ledger_col_text(stmt, 3),
		.reading = sqlite3_column_int64(stmt, 4) == 0,
		.from_spool = sqlite3_column_int64(stmt, 5) != 0,
		.retired = sqlite3_column_int64(stmt, 6) != 0,
		.received_wall_ms = sqlite3_column_int64(stmt, 7),
		.finished_wall_ms = sqlite3_column_int64(stmt, 8),
		.rows = sqlite3_column_int64(stmt, 9),
		.faults = sqlite3_column_int64(stmt, 10),
		.loaded_minor = sqlite3_column_int64(stmt, 11),
		.generation = sqlite3_column_int64(stmt, 12),
		.reported = sqlite3_column_int64(stmt, 13),
		.window = sqlite3_column_int64(stmt, BATCH_WINDOW),
		.digest = digest};
	for (int i = 0; i < VOUCHER_STATES; i++)
		out->counts[i] =
			sqlite3_column_int64(stmt, BATCH_COUNTS_AT + i);
}

/* Takes stmt, which may be NULL. */
static int
give_batches(struct ledger *ledger, sqlite3_stmt *stmt, ledger_batch_fn *fn,
	void *ctx)
{
	if (stmt == NULL)
		return -EIO;
	int rc;
	while ((rc = ledger_step(ledger, stmt)) == 1) {
		struct ledger_batch batch;
		uint8_t digest[VAULT_HASH_LEN];
		batch_of(stmt, &batch, digest);
		if (!fn(ctx, &batch))
			break;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : 0;
}

int
ledger_each_batch(
	struct ledger *ledger, int64_t id, ledger_batch_fn *fn, void *ctx)
{
	sqlite3_stmt *stmt =
		id != 0 ? ledger_take(ledger, BATCHES " WHERE id = ?1",
				  ledger_int(id))
			: ledger_take_n(ledger,
				  BATCHES " WHERE accepted = 1 ORDER BY id",
				  NULL, 0);
	return give_batches(ledger, stmt, fn, ctx);
}

/* Each as its partial index has it. */
static const char *const due_sql[] = {
	[LEDGER_DUE_DROP] = BATCHES " WHERE accepted = 0 ORDER BY id",
	[LEDGER_DUE_RETIRE] =
		BATCHES " WHERE accepted = 1 AND retired = 0 ORDER BY id",
	[LEDGER_DUE_REPORT] =
		BATCHES " WHERE accepted = 1 AND finished IS NOT NULL"
			" AND generation > reported ORDER BY id",
};

int
ledger_each_batch_due(struct ledger *ledger, enum ledger_batch_due due,
	ledger_batch_fn *fn, void *ctx)
{
	return give_batches(
		ledger, ledger_take_n(ledger, due_sql[due], NULL, 0), fn, ctx);
}

int
ledger_each_fault(
	struct ledger *ledger, int64_t batch, ledger_fault_fn *fn, void *ctx)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT line,reason FROM fault WHERE batch = ?1 ORDER BY n",
		ledger_int(batch));
	if (stmt == NULL)
		return -EIO;
	int rc;
	while ((rc = ledger_step(ledger, stmt)) == 1)
		if (!fn(ctx, col_unsigned(stmt, 0), ledger_col_text(stmt, 1)))
			break;
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : 0;
}

/* ---- cursors ----------------------------------------------------------- */

int64_t
ledger_cursor(struct ledger *ledger, const char *name)
{
	int64_t seq;
	/* Not readable is as none: what it guards is done at least once. */
	int rc = ledger_number(ledger, "SELECT seq FROM cursor WHERE name = ?1",
		&seq, ledger_text(name));
	return rc == 0 ? seq : 0;
}
