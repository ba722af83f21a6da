/*
 * ledger_origin: whose ledger a file is, of which version, and up to which
 * entry: for one that is not, or not yet, this topupd's. It must never
 * change one.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int
one_number(sqlite3 *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt); /* says again what step said */
	return rc == SQLITE_ROW ? 0 : -EIO;
}

static int
read_meta(sqlite3 *db, struct ledger_origin *out)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db,
		"SELECT audit_seq, audit_hash, key_id FROM meta", -1, &stmt,
		NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		out->head.seq = sqlite3_column_int64(stmt, 0);
		ledger_col_hash(stmt, 1, out->head.hash);
		ledger_col_copy(stmt, 2, out->key_id, sizeof(out->key_id));
	}
	(void)sqlite3_finalize(stmt); /* says again what step said */
	return rc == SQLITE_ROW ? 0 : -EIO;
}

int
ledger_origin_read(
	sqlite3 *db, struct ledger_origin *out, char *why, size_t cap)
{
	int64_t application = 0;
	if (one_number(db, "PRAGMA application_id", &application) != 0) {
		snprintf(why, cap, "%s", sqlite3_errmsg(db));
		return -EINVAL;
	}
	if (application != LEDGER_APPLICATION_ID) {
		snprintf(why, cap, "it is no ledger of topupd");
		return -EINVAL;
	}
	/* Numbers of batches are never used again: the sequence keeps the
	 * highest, also of those that were refused. */
	if (one_number(db, "PRAGMA user_version", &out->version) == 0 &&
		one_number(db,
			"SELECT count(*) FROM sqlite_sequence"
			" WHERE name = 'batch' AND seq > 0",
			&out->batches) == 0 &&
		read_meta(db, out) == 0)
		return 0;
	snprintf(why, cap, "%s", sqlite3_errmsg(db));
	return -EINVAL;
}

int
ledger_origin_check(const struct ledger_origin *origin,
	const struct vault *vault, char *why, size_t cap)
{
	if (strcmp(origin->key_id, vault_key_id(vault)) != 0) {
		snprintf(why, cap,
			"it was sealed with another key (%s; the key file has "
			"%s): put the key that belongs to it in its place",
			origin->key_id, vault_key_id(vault));
		return -EINVAL;
	}
	if (origin->version > LEDGER_SCHEMA) {
		snprintf(why, cap,
			"it has version %lld, newer than %d: it needs a newer "
			"topupd",
			(long long)origin->version, LEDGER_SCHEMA);
		return -EINVAL;
	}
	return 0;
}

bool
ledger_origin_has(sqlite3 *db, const struct ledger_chain *chain)
{
	if (chain->seq == 0)
		return true;
	sqlite3_stmt *stmt = NULL;
	uint8_t hash[VAULT_HASH_LEN] = {0};
	if (sqlite3_prepare_v2(db, "SELECT hash FROM audit WHERE seq = ?1", -1,
		    &stmt, NULL) != SQLITE_OK)
		return false;
	(void)sqlite3_bind_int64(stmt, 1, chain->seq); /* there is a ?1 */
	bool found = sqlite3_step(stmt) == SQLITE_ROW;
	if (found)
		ledger_col_hash(stmt, 0, hash);
	(void)sqlite3_finalize(stmt); /* says again what step said */
	return found && memcmp(hash, chain->hash, sizeof(hash)) == 0;
}
