/*
 * ledger_schema: the tables, as migrations: forward only, numbered, all of
 * one opening in one transaction with their number. A migration that was
 * released must never be edited.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* "TPUP": this SQLite file is a ledger. */
#define APPLICATION_ID 0x54505550

#define STATES                                                                 \
	"'ready','held','dialing','pending','unknown','loaded','rejected',"    \
	"'cancelled'"

#define COUNTS                                                                 \
	" n_ready INTEGER NOT NULL DEFAULT 0 CHECK(n_ready >= 0),"             \
	" n_held INTEGER NOT NULL DEFAULT 0 CHECK(n_held >= 0),"               \
	" n_dialing INTEGER NOT NULL DEFAULT 0 CHECK(n_dialing >= 0),"         \
	" n_pending INTEGER NOT NULL DEFAULT 0 CHECK(n_pending >= 0),"         \
	" n_unknown INTEGER NOT NULL DEFAULT 0 CHECK(n_unknown >= 0),"         \
	" n_loaded INTEGER NOT NULL DEFAULT 0 CHECK(n_loaded >= 0),"           \
	" n_rejected INTEGER NOT NULL DEFAULT 0 CHECK(n_rejected >= 0),"       \
	" n_cancelled INTEGER NOT NULL DEFAULT 0 CHECK(n_cancelled >= 0)"

/* Amounts are in minor units, NULL where not known; moments in ms. */
static const char version_1[] =
	/* One row: whose key, how long it ran, the sealed end of the chain. */
	"CREATE TABLE meta("
	" one INTEGER PRIMARY KEY CHECK(one = 1),"
	" key_id TEXT NOT NULL,"
	" ran_ms INTEGER NOT NULL DEFAULT 0,"
	" audit_seq INTEGER NOT NULL DEFAULT 0,"
	" audit_hash BLOB NOT NULL,"
	" audit_seal BLOB NOT NULL"
	") STRICT;"

	/* One row: the vouchers of accepted batches by state. */
	"CREATE TABLE total("
	" one INTEGER PRIMARY KEY CHECK(one = 1)," COUNTS ") STRICT;"
	"INSERT INTO total(one) VALUES(1);"

	/* AUTOINCREMENT: the number of a refused batch is never used again,
         * since the audit names it. */
	"CREATE TABLE batch("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" name TEXT NOT NULL,"
	" digest BLOB NOT NULL CHECK(length(digest) = 32),"
	" who TEXT NOT NULL,"
	" note TEXT NOT NULL DEFAULT '',"
	" from_spool INTEGER NOT NULL CHECK(from_spool IN (0,1)),"
	" accepted INTEGER NOT NULL DEFAULT 0 CHECK(accepted IN (0,1)),"
	" retired INTEGER NOT NULL DEFAULT 0 CHECK(retired IN (0,1)),"
	" received INTEGER NOT NULL,"
	" finished INTEGER,"
	" priority INTEGER NOT NULL DEFAULT 5"
	"  CHECK(priority BETWEEN 0 AND 9),"
	" rows INTEGER NOT NULL DEFAULT 0 CHECK(rows >= 0),"
	" faults INTEGER NOT NULL DEFAULT 0 CHECK(faults >= 0),"
	" dropped INTEGER NOT NULL DEFAULT 0," /* rows, of a refused one */
	" loaded_minor INTEGER NOT NULL DEFAULT 0,"
	" generation INTEGER NOT NULL DEFAULT 0,"
	" reported INTEGER NOT NULL DEFAULT 0," COUNTS ","
	" CHECK(rows = n_ready + n_held + n_dialing + n_pending + n_unknown"
	"  + n_loaded + n_rejected + n_cancelled)"
	") STRICT;"
	/* The same bytes twice, unless all of the first was cancelled. */
	"CREATE UNIQUE INDEX batch_digest ON batch(digest)"
	" WHERE accepted = 1 AND n_cancelled < rows;"
	"CREATE INDEX batch_queue ON batch(priority DESC, id)"
	" WHERE accepted = 1 AND n_ready > 0;"
	"CREATE INDEX batch_drop ON batch(id) WHERE accepted = 0;"
	"CREATE INDEX batch_retire ON batch(id)"
	" WHERE accepted = 1 AND retired = 0;"
	"CREATE INDEX batch_report ON batch(id) WHERE accepted = 1"
	" AND finished IS NOT NULL AND generation > reported;"

	"CREATE TABLE fault("
	" batch INTEGER NOT NULL REFERENCES batch(id),"
	" n INTEGER NOT NULL,"
	" line INTEGER NOT NULL,"
	" reason TEXT NOT NULL,"
	" PRIMARY KEY(batch, n)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE voucher("
	" id INTEGER PRIMARY KEY,"
	" batch INTEGER NOT NULL REFERENCES batch(id),"
	" row INTEGER NOT NULL,"
	" state TEXT NOT NULL DEFAULT 'ready' CHECK(state IN (" STATES ")),"
	" reason TEXT NOT NULL DEFAULT '',"
	" next_at INTEGER NOT NULL DEFAULT 0," /* ran_ms; 0: now */
	" operator TEXT NOT NULL,"
	" modem_only TEXT NOT NULL,"
	" target TEXT NOT NULL CHECK(target <> ''),"
	" own INTEGER NOT NULL CHECK(own = (target = 'self')),"
	" serial TEXT NOT NULL,"
	" masked TEXT NOT NULL,"
	" currency TEXT NOT NULL,"
	" decimals INTEGER NOT NULL CHECK(decimals >= 0),"
	" amount INTEGER,"
	" expires TEXT NOT NULL,"
	" note TEXT NOT NULL,"
	" attempts INTEGER NOT NULL DEFAULT 0 CHECK(attempts >= 0),"
	" on_air INTEGER NOT NULL DEFAULT 0"
	"  CHECK(on_air BETWEEN 0 AND attempts),"
	" not_sent INTEGER NOT NULL DEFAULT 0,"
	" busy INTEGER NOT NULL DEFAULT 0,"
	" credited INTEGER,"
	" balance_before INTEGER,"
	" balance_after INTEGER,"
	" modem TEXT NOT NULL DEFAULT '',"
	" reply TEXT NOT NULL DEFAULT '',"
	" updated INTEGER NOT NULL,"
	" finished INTEGER,"
	" sealed BLOB NOT NULL,"
	" fingerprint BLOB NOT NULL CHECK(length(fingerprint) = 32),"
	/* Somebody may have been credited: never withdrawn. */
	" CHECK(state <> 'cancelled' OR on_air = 0),"
	" CHECK((finished IS NOT NULL) ="
	"  (state IN ('loaded','rejected','cancelled')))"
	") STRICT;"
	"CREATE UNIQUE INDEX voucher_row ON voucher(batch, row);"
	"CREATE INDEX voucher_batch ON voucher(batch);"
	/* A cancelled voucher was never on air: its PIN may come again. */
	"CREATE UNIQUE INDEX voucher_fingerprint ON voucher(fingerprint)"
	" WHERE state <> 'cancelled';"
	"CREATE INDEX voucher_queue"
	" ON voucher(batch, operator, modem_only, own, row)"
	" WHERE state = 'ready';"
	"CREATE INDEX voucher_due ON voucher(next_at)"
	" WHERE state = 'ready' AND next_at > 0;"
	"CREATE INDEX voucher_open ON voucher(state, id)"
	" WHERE state IN ('held','dialing','pending','unknown');"

	"CREATE TABLE attempt("
	" id INTEGER PRIMARY KEY,"
	" voucher INTEGER NOT NULL REFERENCES voucher(id),"
	" modem TEXT NOT NULL,"
	" iccid TEXT NOT NULL CHECK(iccid <> ''),"
	" account TEXT NOT NULL CHECK(account <> ''),"
	" began INTEGER NOT NULL,"
	" began_ran INTEGER NOT NULL,"
	" ended INTEGER,"
	" ended_ran INTEGER,"
	" fate TEXT CHECK(fate IN ('not_sent','maybe_sent','answered')),"
	" verdict TEXT NOT NULL DEFAULT 'none',"
	" decided_by TEXT NOT NULL DEFAULT '',"
	" rule TEXT NOT NULL DEFAULT '',"
	" reply TEXT NOT NULL DEFAULT '',"
	" balance_before INTEGER,"
	" balance_told INTEGER,"
	/* In flight: open, or its voucher is pending. */
	" flying INTEGER NOT NULL DEFAULT 1 CHECK(flying IN (0,1)),"
	/* Counts for the breakers: all but not_sent, busy, not_now. */
	" counted INTEGER NOT NULL DEFAULT 1 CHECK(counted IN (0,1)),"
	/* Open, or not answered clearly and its voucher still unknown. */
	" doubt INTEGER NOT NULL DEFAULT 1 CHECK(doubt IN (0,1)),"
	/* This attempt is the one that is known to have credited. */
	" credited INTEGER NOT NULL DEFAULT 0 CHECK(credited IN (0,1)),"
	" CHECK((ended IS NULL) = (fate IS NULL)),"
	" CHECK(ended IS NOT NULL OR (flying AND counted AND doubt)),"
	" CHECK(credited = 0 OR fate <> 'not_sent')"
	") STRICT;"
	"CREATE INDEX attempt_voucher ON attempt(voucher, id);"
	"CREATE INDEX attempt_sim ON attempt(iccid, id);"
	"CREATE INDEX attempt_day ON attempt(iccid, began)"
	" WHERE fate IS NOT 'not_sent';"
	/* Law 5: one PIN in flight an account. */
	"CREATE UNIQUE INDEX attempt_account ON attempt(account)"
	" WHERE flying = 1;"
	"CREATE INDEX attempt_open ON attempt(id) WHERE ended IS NULL;"
	"CREATE INDEX attempt_counted ON attempt(iccid, id)"
	" WHERE counted = 1;"
	"CREATE INDEX attempt_doubt ON attempt(iccid, id) WHERE doubt = 1;"
	"CREATE INDEX attempt_credited ON attempt(iccid, id)"
	" WHERE credited = 1;"

	"CREATE TABLE sim("
	" iccid TEXT PRIMARY KEY CHECK(iccid <> ''),"
	" modem TEXT NOT NULL DEFAULT '',"
	" imsi TEXT NOT NULL DEFAULT '',"
	" imei TEXT NOT NULL DEFAULT '',"
	" operator TEXT NOT NULL DEFAULT '',"
	" account TEXT NOT NULL DEFAULT '',"
	" blocked INTEGER NOT NULL DEFAULT 0 CHECK(blocked IN (0,1)),"
	" blocked_attempt INTEGER NOT NULL DEFAULT 0,"
	" blocked_wall INTEGER NOT NULL DEFAULT 0,"
	" blocked_ran INTEGER NOT NULL DEFAULT 0,"
	/* The last attempt that had ended when a person said unlock. */
	" unlock_mark INTEGER,"
	" balance INTEGER,"
	" balance_decimals INTEGER NOT NULL DEFAULT 0,"
	" balance_currency TEXT NOT NULL DEFAULT '',"
	" balance_wall INTEGER NOT NULL DEFAULT 0,"
	" balance_attempt INTEGER NOT NULL DEFAULT 0"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE account("
	" name TEXT PRIMARY KEY CHECK(name <> ''),"
	" unlock_mark INTEGER NOT NULL,"
	" unlocked INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"

	/* Every reading of a balance, as it was told. */
	"CREATE TABLE balance("
	" id INTEGER PRIMARY KEY,"
	" iccid TEXT NOT NULL REFERENCES sim(iccid),"
	" modem TEXT NOT NULL,"
	" minor INTEGER NOT NULL,"
	" decimals INTEGER NOT NULL,"
	" currency TEXT NOT NULL,"
	" reply TEXT NOT NULL,"
	" at INTEGER NOT NULL,"
	" at_ran INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX balance_sim ON balance(iccid, id);"

	"CREATE TABLE pause("
	" modem TEXT PRIMARY KEY," /* '': all */
	" since INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE cursor("
	" name TEXT PRIMARY KEY,"
	" seq INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE audit("
	" seq INTEGER PRIMARY KEY CHECK(seq > 0),"
	" at INTEGER NOT NULL,"
	" event TEXT NOT NULL CHECK(event <> ''),"
	" voucher INTEGER,"
	" batch INTEGER,"
	" modem TEXT NOT NULL,"
	" who TEXT NOT NULL,"
	" note TEXT NOT NULL,"
	" hash BLOB NOT NULL CHECK(length(hash) = 32)"
	") STRICT;"
	"CREATE INDEX audit_voucher ON audit(voucher, seq)"
	" WHERE voucher IS NOT NULL;"
	/* The chain finds a change; these keep an honest hand from one. */
	"CREATE TRIGGER audit_stays BEFORE DELETE ON audit"
	" BEGIN SELECT RAISE(ABORT, 'audit entries stay'); END;"
	"CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit"
	" BEGIN SELECT RAISE(ABORT, 'audit entries are final'); END;";

/*
 * What the fence, the evidence and the breakers need. What version 1 did not
 * write down is taken for what withholds: its readings had not shown all
 * credits, its slow starts begin anew, what was not answered is in doubt.
 */
static const char version_2[] =
	/* ---- checks: SQLite builds a table of its own, each time, for a
         * list of three words or more. The rows stay as they are: this is
         * what https://sqlite.org/lang_altertable.html (7, the second
         * list) permits for a CHECK. */
	"PRAGMA writable_schema = ON;"
	"UPDATE sqlite_schema SET sql = replace(replace(sql,"
	" 'CHECK(state IN (''ready'',''held'',''dialing'',''pending'',"
	"''unknown'',''loaded'',''rejected'',''cancelled''))',"
	" 'CHECK(state = ''ready'' OR state = ''held''"
	" OR state = ''dialing'' OR state = ''pending''"
	" OR state = ''unknown'' OR state = ''loaded''"
	" OR state = ''rejected'' OR state = ''cancelled'')'),"
	" '(state IN (''loaded'',''rejected'',''cancelled''))',"
	" '(state = ''loaded'' OR state = ''rejected''"
	" OR state = ''cancelled'')')"
	" WHERE type = 'table' AND name = 'voucher';"
	"UPDATE sqlite_schema SET sql = replace(sql,"
	" 'fate IN (''not_sent'',''maybe_sent'',''answered'')',"
	" 'fate = ''not_sent'' OR fate = ''maybe_sent''"
	" OR fate = ''answered''')"
	" WHERE type = 'table' AND name = 'attempt';"
	"PRAGMA writable_schema = RESET;"
	"DROP INDEX voucher_open;"
	"CREATE INDEX voucher_open ON voucher(state, id)"
	" WHERE " LEDGER_IS_OPEN ";"
	/* Cancelled, in a column that no other step writes: an index with the
         * state in its condition is written with each, at a random place. */
	"ALTER TABLE voucher ADD COLUMN gone INTEGER NOT NULL DEFAULT 0"
	" CHECK(gone = 0 OR (gone = 1 AND state = 'cancelled'));"
	"UPDATE voucher SET gone = 1 WHERE state = 'cancelled';"
	"DROP INDEX voucher_fingerprint;"
	"CREATE UNIQUE INDEX voucher_fingerprint ON voucher(fingerprint)"
	" WHERE gone = 0;"
	/* What is open flies. */
	"DROP INDEX attempt_open;"

	/* ---- attempts */
	"ALTER TABLE voucher ADD COLUMN repeated INTEGER NOT NULL DEFAULT 0"
	" CHECK(repeated IN (0,1));"
	/* Of its voucher, so that an index can have them. */
	"ALTER TABLE attempt ADD COLUMN own INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE attempt ADD COLUMN operator TEXT NOT NULL DEFAULT '';"
	/* The last reading of the account when it began. */
	"ALTER TABLE attempt ADD COLUMN before_reading INTEGER;"
	"ALTER TABLE attempt ADD COLUMN deducted INTEGER;"
	"ALTER TABLE attempt ADD COLUMN bonus INTEGER;"
	/* In doubt, and a fence was over since. */
	"ALTER TABLE attempt ADD COLUMN asked INTEGER NOT NULL DEFAULT 0"
	" CHECK(asked IN (0,1));"
	/* 0; version 1 let several of one SIM be pending: these have their
         * own number. */
	"ALTER TABLE attempt ADD COLUMN seat INTEGER NOT NULL DEFAULT 0;"
	"UPDATE attempt SET (own, operator) = (SELECT v.own, v.operator"
	"  FROM voucher v WHERE v.id = attempt.voucher);"
	"UPDATE attempt SET seat = id WHERE flying = 1 AND EXISTS"
	" (SELECT 1 FROM attempt b WHERE b.iccid = attempt.iccid"
	"  AND b.flying = 1 AND b.id > attempt.id);"
	/* doubt: flying; or on air without a clear word and its voucher has
         * not ended; or the last on air of an unknown voucher. */
	"UPDATE attempt SET doubt = 1 WHERE doubt = 0"
	" AND fate IS NOT 'not_sent' AND (flying = 1"
	"  OR ((fate = 'maybe_sent' OR verdict = 'none') AND voucher IN"
	"   (SELECT id FROM voucher WHERE state IN"
	"    ('ready','held','dialing','pending','unknown')))"
	"  OR id IN (SELECT max(a.id) FROM attempt a JOIN voucher v"
	"    ON v.id = a.voucher AND v.state = 'unknown'"
	"    WHERE a.fate <> 'not_sent' GROUP BY a.voucher));"
	/* One PIN in flight a SIM, too. */
	"CREATE UNIQUE INDEX attempt_seat ON attempt(iccid, seat)"
	" WHERE flying = 1;"
	"CREATE INDEX attempt_of_account ON attempt(account, id);"
	"CREATE INDEX attempt_account_counted ON attempt(account, id)"
	" WHERE counted = 1;"
	"CREATE INDEX attempt_account_doubt ON attempt(account, id)"
	" WHERE doubt = 1;"
	"CREATE INDEX attempt_account_credited ON attempt(account, id)"
	" WHERE credited = 1;"
	"CREATE INDEX attempt_number ON attempt(operator, id)"
	" WHERE own = 0 AND fate IS NOT 'not_sent';"

	/* ---- readings: of an account, not of a SIM */
	"ALTER TABLE balance ADD COLUMN account TEXT NOT NULL DEFAULT '';"
	/* The head of the audit then: a clock that no hand sets. */
	"ALTER TABLE balance ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;"
	/* The highest attempt of all then. */
	"ALTER TABLE balance ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;"
	/* It had shown every earlier credit. */
	"ALTER TABLE balance ADD COLUMN shown INTEGER NOT NULL DEFAULT 0"
	" CHECK(shown IN (0,1));"
	"UPDATE balance SET account = (SELECT ifnull(nullif(s.account,''),"
	"  s.iccid) FROM sim s WHERE s.iccid = balance.iccid);"
	"UPDATE balance SET mark = (SELECT s.balance_attempt FROM sim s"
	"  WHERE s.iccid = balance.iccid)"
	" WHERE id IN (SELECT max(id) FROM balance GROUP BY iccid);"
	"DROP INDEX balance_sim;"
	"CREATE INDEX balance_account ON balance(account, id);"
	"CREATE INDEX balance_shown ON balance(account, mark)"
	" WHERE shown = 1;"

	/* ---- SIMs */
	"ALTER TABLE sim DROP COLUMN balance;"
	"ALTER TABLE sim DROP COLUMN balance_decimals;"
	"ALTER TABLE sim DROP COLUMN balance_currency;"
	"ALTER TABLE sim DROP COLUMN balance_wall;"
	"ALTER TABLE sim DROP COLUMN balance_attempt;"
	"ALTER TABLE sim ADD COLUMN fence INTEGER NOT NULL DEFAULT 0"
	" CHECK(fence IN (0,1));"
	/* The local day of the last balance request, how many on it. */
	"ALTER TABLE sim ADD COLUMN asked_day INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE sim ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;"
	"UPDATE sim SET fence = 1 WHERE iccid IN (SELECT iccid FROM attempt"
	"  WHERE doubt = 1 AND fate IS NOT 'answered');"

	/* ---- accounts: what was dialled there, what was told of them */
	"CREATE TABLE account_2("
	" name TEXT PRIMARY KEY CHECK(name <> ''),"
	" operator TEXT NOT NULL DEFAULT ''," /* of the last card */
	/* The last attempt there that had ended at an unlock. */
	" unlock_mark INTEGER,"
	" unlocked INTEGER NOT NULL DEFAULT 0,"
	/* Kept: attempts that have ended and count, after the last that
         * credited; when the last of these ended, 0 for none. */
	" counted INTEGER NOT NULL DEFAULT 0 CHECK(counted >= 0),"
	" stopped_ran INTEGER NOT NULL DEFAULT 0,"
	" stopped_wall INTEGER NOT NULL DEFAULT 0,"
	/* The audit entry of what touched it last beside our cards. */
	" spoiled_seq INTEGER NOT NULL DEFAULT 0,"
	" spoiled_by TEXT NOT NULL DEFAULT '',"
	/* Readings; of credits between their marks the kept sum, and how
         * many have no amount. */
	" first_reading INTEGER,"
	" last_reading INTEGER,"
	" credited_minor INTEGER NOT NULL DEFAULT 0,"
	" credits_unknown INTEGER NOT NULL DEFAULT 0,"
	/* What was not explained when it was told last. */
	" told_minor INTEGER NOT NULL DEFAULT 0,"
	" CHECK((first_reading IS NULL) = (last_reading IS NULL))"
	") STRICT, WITHOUT ROWID;"
	"INSERT INTO account_2(name, unlock_mark, unlocked)"
	" SELECT name, unlock_mark, unlocked FROM account;"
	"DROP TABLE account;"
	"ALTER TABLE account_2 RENAME TO account;"
	"INSERT INTO account(name) SELECT DISTINCT account FROM attempt"
	" WHERE true ON CONFLICT DO NOTHING;"
	"INSERT INTO account(name, first_reading, last_reading)"
	" SELECT account, max(id), max(id) FROM balance GROUP BY account"
	" ON CONFLICT DO UPDATE SET first_reading = excluded.first_reading,"
	" last_reading = excluded.last_reading;"
	"UPDATE account SET operator = ifnull((SELECT a.operator"
	"  FROM attempt a WHERE a.account = account.name"
	"  ORDER BY a.id DESC LIMIT 1), '');"
	"UPDATE account SET counted = (SELECT count(*) FROM attempt a"
	"  WHERE a.account = account.name AND a.counted = 1"
	"  AND a.ended IS NOT NULL"
	"  AND a.id > ifnull((SELECT max(c.id) FROM attempt c"
	"   WHERE c.account = account.name AND c.credited = 1), 0));"
	"UPDATE account SET (stopped_ran, stopped_wall) ="
	" (SELECT a.ended_ran, a.ended FROM attempt a"
	"  WHERE a.account = account.name AND a.counted = 1"
	"  AND a.ended IS NOT NULL ORDER BY a.id DESC LIMIT 1)"
	" WHERE EXISTS (SELECT 1 FROM attempt a"
	"  WHERE a.account = account.name AND a.counted = 1"
	"  AND a.ended IS NOT NULL AND a.id > ifnull((SELECT max(c.id)"
	"   FROM attempt c WHERE c.account = account.name"
	"   AND c.credited = 1), 0));"
	"CREATE INDEX account_counted ON account(name) WHERE counted > 0;"
	"CREATE INDEX account_told ON account(name)"
	" WHERE last_reading IS NOT NULL;"

	/* ---- batches: slow start and breaker; since_: since the start, or
         * since its last release after a trip */
	"ALTER TABLE batch ADD COLUMN slots INTEGER NOT NULL DEFAULT 1;"
	"ALTER TABLE batch ADD COLUMN rejects_max INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE batch ADD COLUMN since_loaded INTEGER NOT NULL"
	" DEFAULT 0;"
	"ALTER TABLE batch ADD COLUMN since_refused INTEGER NOT NULL"
	" DEFAULT 0;"
	"ALTER TABLE batch ADD COLUMN since_unknown INTEGER NOT NULL"
	" DEFAULT 0;"
	/* The last ten ends as bits, 1: refused or unknown. */
	"ALTER TABLE batch ADD COLUMN recent INTEGER NOT NULL DEFAULT 0"
	" CHECK(recent BETWEEN 0 AND 1023);"
	/* 1: its breaker tripped; 2: and its rest was held. */
	"ALTER TABLE batch ADD COLUMN tripped INTEGER NOT NULL DEFAULT 0"
	" CHECK(tripped BETWEEN 0 AND 2);"
	"ALTER TABLE batch ADD COLUMN may_dial INTEGER GENERATED ALWAYS AS"
	" (tripped = 0 AND n_dialing + n_pending < slots) VIRTUAL;"
	"DROP INDEX batch_queue;"
	"CREATE INDEX batch_queue ON batch(priority DESC, id)"
	" WHERE accepted = 1 AND n_ready > 0 AND may_dial = 1;"
	"CREATE INDEX batch_tripped ON batch(id)"
	" WHERE tripped > 0 AND n_ready > 0;"

	/* ---- what operators, and others, wrote to the SIMs */
	"CREATE TABLE message("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" iccid TEXT NOT NULL CHECK(iccid <> ''),"
	" modem TEXT NOT NULL,"
	" sender TEXT NOT NULL,"
	" smsc TEXT NOT NULL,"
	" stamp INTEGER NOT NULL,"
	" text TEXT NOT NULL,"
	" digest BLOB NOT NULL CHECK(length(digest) = 32),"
	" arrived INTEGER NOT NULL,"
	" arrived_ran INTEGER NOT NULL,"
	" verdict TEXT NOT NULL,"
	" rule TEXT NOT NULL,"
	" serial TEXT NOT NULL,"
	" amount INTEGER,"
	" deducted INTEGER,"
	" bonus INTEGER,"
	" balance INTEGER,"
	" attempt INTEGER REFERENCES attempt(id),"
	" waits INTEGER NOT NULL CHECK(waits IN (0,1)),"
	" why TEXT NOT NULL,"
	" CHECK(waits = 0 OR attempt IS NOT NULL)"
	") STRICT;"
	/* A copy is one message. */
	"CREATE UNIQUE INDEX message_copy ON message(iccid, digest);"
	"CREATE INDEX message_minute ON message(iccid, arrived_ran);"
	"CREATE INDEX message_idle ON message(iccid, id)"
	" WHERE attempt IS NULL;"
	"CREATE INDEX message_attempt ON message(attempt)"
	" WHERE attempt IS NOT NULL;"
	"CREATE INDEX message_waits ON message(id) WHERE waits = 1;";

/* What is to be known of a modem before anything is said to it, and of a SIM
 * before a PIN is typed into it. */
static const char version_3[] =
	/* Which of its ports speaks unasked, as its finder names ports. */
	"CREATE TABLE device("
	" imei TEXT PRIMARY KEY CHECK(imei <> ''),"
	" place TEXT NOT NULL CHECK(place <> ''),"
	" seen INTEGER NOT NULL" /* when that was told first */
	") STRICT, WITHOUT ROWID;"

	/* What was typed into a SIM: the keyed digest of the file's bytes, not
         * of the PIN, so that a person can say "again" by touching it. */
	"CREATE TABLE sim_pin("
	" iccid TEXT NOT NULL CHECK(iccid <> ''),"
	" digest BLOB NOT NULL CHECK(length(digest) = 32),"
	" modem TEXT NOT NULL,"
	/* Typed, and what came of it is not known; 0 once it was taken. */
	" open INTEGER NOT NULL CHECK(open BETWEEN 0 AND 2),"
	" refused INTEGER NOT NULL DEFAULT 0 CHECK(refused IN (0,1)),"
	/* Tries that the SIM had left before it was typed last. */
	" tries INTEGER NOT NULL CHECK(tries >= 2),"
	" at INTEGER NOT NULL,"
	" PRIMARY KEY(iccid, digest)"
	") STRICT, WITHOUT ROWID;";

/* What a person wants to know of an attempt; what follows a recharge. */
static const char version_4[] =
	/* Which way its code went; NULL for those of before. */
	"ALTER TABLE attempt ADD COLUMN via TEXT"
	" CHECK(via IS NULL OR via = 'ussd' OR via = 'sms');"

	/* The codes that its SIM owes once its card is loaded, "STEP CODE" a
         * line; NULL: none. */
	"ALTER TABLE attempt ADD COLUMN follow_ups TEXT;"
	"CREATE TABLE follow_up("
	" id INTEGER PRIMARY KEY,"
	" iccid TEXT NOT NULL CHECK(iccid <> ''),"
	" voucher INTEGER NOT NULL REFERENCES voucher(id),"
	" step INTEGER NOT NULL CHECK(step BETWEEN 1 AND 9),"
	" code TEXT NOT NULL CHECK(code <> ''),"
	" state TEXT NOT NULL DEFAULT 'owed' CHECK(state = 'owed'"
	"  OR state = 'dialing' OR state = 'done' OR state = 'failed'"
	"  OR state = 'dropped'),"
	" tries INTEGER NOT NULL DEFAULT 0 CHECK(tries >= 0),"
	" modem TEXT NOT NULL DEFAULT '',"
	" began INTEGER,"
	" began_ran INTEGER,"
	" ended INTEGER,"
	" ended_ran INTEGER,"
	" fate TEXT CHECK(fate IS NULL OR fate = 'not_sent'"
	"  OR fate = 'maybe_sent' OR fate = 'answered'),"
	" matched INTEGER NOT NULL DEFAULT 0 CHECK(matched = 0 OR matched = 1),"
	" reply TEXT NOT NULL DEFAULT '',"
	" why TEXT NOT NULL DEFAULT '',"
	" UNIQUE(voucher, step),"
	/* Only what was surely not sent may be dialled again. */
	" CHECK(state <> 'owed' OR fate IS NULL OR fate = 'not_sent'),"
	" CHECK(state <> 'dialing' OR (began IS NOT NULL AND fate IS NULL)),"
	" CHECK(state <> 'done' OR (fate = 'answered' AND matched = 1))"
	") STRICT;"
	"CREATE UNIQUE INDEX follow_up_flight ON follow_up(iccid)"
	" WHERE state = 'dialing';"
	"CREATE INDEX follow_up_owed ON follow_up(iccid, id)"
	" WHERE state = 'owed';"
	"CREATE INDEX follow_up_began ON follow_up(iccid, began_ran)"
	" WHERE began_ran IS NOT NULL;"
	"CREATE INDEX follow_up_failed ON follow_up(ended_ran)"
	" WHERE state = 'failed';";

/* migrations[n] leads from version n to n + 1. */
static const char *const migrations[] = {
	version_1, version_2, version_3, version_4};

_Static_assert(sizeof(migrations) / sizeof(migrations[0]) == LEDGER_SCHEMA,
	"each version has its migration");

static int
pragma_number(struct ledger *ledger, const char *sql, int64_t *out)
{
	return ledger_number_n(ledger, sql, out, NULL, 0);
}

const char *
ledger_migration(size_t from)
{
	return from < LEDGER_SCHEMA ? migrations[from] : NULL;
}

static int
run_text(struct ledger *ledger, const char *sql)
{
	if (sqlite3_exec(ledger->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return ledger_fail(ledger);
}

/* From there to LEDGER_SCHEMA, inside a transaction. */
static int
run_migrations(struct ledger *ledger, int64_t from)
{
	char text[96];
	int rc = 0;
	for (int64_t at = from; rc == 0 && at < LEDGER_SCHEMA; at++)
		rc = run_text(ledger, migrations[at]);
	snprintf(text, sizeof(text),
		"PRAGMA application_id = %d; PRAGMA user_version = %d",
		APPLICATION_ID, LEDGER_SCHEMA);
	return rc == 0 ? run_text(ledger, text) : rc;
}

/* A database that is not empty and not ours is left alone. */
static int
check_is_ours(struct ledger *ledger, int64_t *version, char *why, size_t cap)
{
	int64_t id, tables;
	if (pragma_number(ledger, "PRAGMA user_version", version) != 0 ||
		pragma_number(ledger, "PRAGMA application_id", &id) != 0 ||
		pragma_number(ledger, "SELECT count(*) FROM sqlite_schema",
			&tables) != 0) {
		snprintf(why, cap, "the ledger cannot be read: %s",
			ledger->error);
		return -EIO;
	}
	if (id != APPLICATION_ID && (id != 0 || tables > 0 || *version != 0)) {
		snprintf(why, cap, "this is no ledger of topupd");
		return -EINVAL;
	}
	if (*version > LEDGER_SCHEMA) {
		snprintf(why, cap,
			"this ledger has version %" PRId64 ", newer than %d: "
			"it needs a newer topupd",
			*version, LEDGER_SCHEMA);
		return -EINVAL;
	}
	return 0;
}

int
ledger_check_version(struct ledger *ledger, char *why, size_t cap)
{
	int64_t version;
	int rc = check_is_ours(ledger, &version, why, cap);
	if (rc != 0)
		return rc;
	if (version == LEDGER_SCHEMA)
		return 0;
	snprintf(why, cap,
		"this ledger has version %" PRId64 ", older than %d: "
		"the daemon brings it up when it starts",
		version, LEDGER_SCHEMA);
	return -EINVAL;
}

/* All of one opening in one transaction: a ledger is of the version before
 * or of this one, whatever happens on the way. */
static int
migrate_from(struct ledger *ledger, int64_t version)
{
	/* Where a distribution forbids it: version 2 rewords its checks. */
	(void)sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	int rc = run_text(ledger, "BEGIN IMMEDIATE");
	if (rc != 0)
		return rc;
	rc = run_migrations(ledger, version);
	if (rc == 0)
		rc = run_text(ledger, "COMMIT");
	if (rc != 0)
		/* May be rolled back already; then this changes nothing. */
		(void)sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

int
ledger_migrate(struct ledger *ledger, char *why, size_t cap)
{
	int64_t version;
	int rc = check_is_ours(ledger, &version, why, cap);
	if (rc != 0 || version == LEDGER_SCHEMA)
		return rc;
	rc = migrate_from(ledger, version);
	if (rc != 0)
		snprintf(why, cap,
			"the ledger cannot be brought up to date: %s",
			ledger->error);
	return rc;
}
