/*
 * ledger_stmt: prepared statements, kept by the address of their text, with
 * typed parameters. It must never be given SQL that was put together from
 * foreign text.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <string.h>

struct ledger_value
ledger_text(const char *text)
{
	return (struct ledger_value){
		.kind = LEDGER_IS_TEXT, .bytes = text, .len = strlen(text)};
}

/* Quotas and disks at the other end of a wire say it in their own way. */
static bool
is_full(sqlite3 *db)
{
	int code = sqlite3_errcode(db) & 0xff;
	int why = sqlite3_system_errno(db);
	return code == SQLITE_FULL ||
	       (code == SQLITE_IOERR && (why == ENOSPC || why == EDQUOT));
}

bool
ledger_lacked_room(struct ledger *ledger)
{
	bool lacked = ledger->lacked_room;
	ledger->lacked_room = false;
	return lacked;
}

int
ledger_fail(struct ledger *ledger)
{
	if (is_full(ledger->db))
		ledger->lacked_room = true;
	(void)span_copy(ledger->error, sizeof(ledger->error),
		span_str(sqlite3_errmsg(ledger->db)));
	return -EIO;
}

static struct ledger_cached *
find_free(struct ledger *ledger, const char *sql)
{
	for (size_t i = 0; i < ledger->cached; i++)
		if (ledger->cache[i].sql == sql && !ledger->cache[i].taken)
			return &ledger->cache[i];
	return NULL;
}

static sqlite3_stmt *
prepare(struct ledger *ledger, const char *sql)
{
	struct ledger_cached *cached = find_free(ledger, sql);
	if (cached != NULL) {
		cached->taken = true;
		return cached->stmt;
	}
	sqlite3_stmt *stmt = NULL;
	if (sqlite3_prepare_v3(ledger->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
		    &stmt, NULL) != SQLITE_OK) {
		(void)ledger_fail(ledger);
		return NULL;
	}
	/* A full cache only costs time: the statement is not kept. */
	if (ledger->cached < LEDGER_CACHE)
		ledger->cache[ledger->cached++] = (struct ledger_cached){
			.sql = sql, .stmt = stmt, .taken = true};
	return stmt;
}

static int
bind(sqlite3_stmt *stmt, int i, const struct ledger_value *value)
{
	switch (value->kind) {
	case LEDGER_IS_NULL:
		return sqlite3_bind_null(stmt, i);
	case LEDGER_IS_INT:
		return sqlite3_bind_int64(stmt, i, value->number);
	case LEDGER_IS_TEXT:
		return sqlite3_bind_text64(stmt, i, value->bytes, value->len,
			SQLITE_STATIC, SQLITE_UTF8);
	case LEDGER_IS_BLOB:
		return sqlite3_bind_blob64(
			stmt, i, value->bytes, value->len, SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

sqlite3_stmt *
ledger_take_n(struct ledger *ledger, const char *sql,
	const struct ledger_value *values, size_t count)
{
	sqlite3_stmt *stmt = prepare(ledger, sql);
	if (stmt == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (bind(stmt, (int)i + 1, &values[i]) != SQLITE_OK) {
			(void)ledger_fail(ledger);
			ledger_give(ledger, stmt);
			return NULL;
		}
	return stmt;
}

void
ledger_give(struct ledger *ledger, sqlite3_stmt *stmt)
{
	/* Tells the failure of the last step again; it was seen there. */
	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt); /* never fails */
	for (size_t i = 0; i < ledger->cached; i++)
		if (ledger->cache[i].stmt == stmt) {
			ledger->cache[i].taken = false;
			return;
		}
	(void)sqlite3_finalize(stmt); /* as sqlite3_reset() */
}

int
ledger_step(struct ledger *ledger, sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	(void)ledger_fail(ledger);
	if ((rc & 0xff) != SQLITE_CONSTRAINT)
		return -EIO;
	/* The rules of the schema: our own mistake, but for what is unique. */
	return rc == SQLITE_CONSTRAINT_UNIQUE ? -EEXIST : -EINVAL;
}

int
ledger_run_n(struct ledger *ledger, const char *sql,
	const struct ledger_value *values, size_t count)
{
	sqlite3_stmt *stmt = ledger_take_n(ledger, sql, values, count);
	if (stmt == NULL)
		return -EIO;
	int rc;
	do
		rc = ledger_step(ledger, stmt);
	while (rc > 0);
	ledger_give(ledger, stmt);
	return rc;
}

int
ledger_number_n(struct ledger *ledger, const char *sql, int64_t *out,
	const struct ledger_value *values, size_t count)
{
	sqlite3_stmt *stmt = ledger_take_n(ledger, sql, values, count);
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc > 0)
		*out = sqlite3_column_int64(stmt, 0);
	ledger_give(ledger, stmt);
	if (rc < 0)
		return rc;
	return rc > 0 ? 0 : -ENOENT;
}

const char *
ledger_col_text(sqlite3_stmt *stmt, int i)
{
	const unsigned char *text = sqlite3_column_text(stmt, i);
	return text != NULL ? (const char *)text : "";
}

int64_t
ledger_col_money(sqlite3_stmt *stmt, int i)
{
	if (sqlite3_column_type(stmt, i) == SQLITE_NULL)
		return MONEY_NONE;
	return sqlite3_column_int64(stmt, i);
}

void
ledger_col_hash(sqlite3_stmt *stmt, int i, uint8_t hash[VAULT_HASH_LEN])
{
	memset(hash, 0, VAULT_HASH_LEN);
	const void *bytes = sqlite3_column_blob(stmt, i);
	if (bytes != NULL && sqlite3_column_bytes(stmt, i) == VAULT_HASH_LEN)
		memcpy(hash, bytes, VAULT_HASH_LEN);
}

void
ledger_col_copy(sqlite3_stmt *stmt, int i, char *out, size_t cap)
{
	/* Cut only where the file was changed by another hand. */
	(void)span_copy(out, cap, span_str(ledger_col_text(stmt, i)));
}
