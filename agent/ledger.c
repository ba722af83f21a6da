/*
 * ledger: opening, the lock, the transaction of a turn, and which file does
 * which operation. Everything it says is on disk only after
 * ledger_commit(); it must never act on a state that is not.
 */
#include "agent/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ledger_private.h"

enum {
	PATH_BYTES = 4096,
	BUSY_MS = 5000,
	/* What one operation changes is kept in memory, to undo it, up to
	 * this; beyond it in a temporary file. SQLite's own 64 kB are sixteen
	 * pages, fewer than an attempt touches: a third of all writes. It is
	 * written out in one piece, and SQLite's unix files take no piece of
	 * 128 kB or more: they call it a full disk (3.40, seekAndWriteFd). */
	UNDO_BYTES = 120 * 1024
};

/* ---- the lock ---------------------------------------------------------- */

/* "DIR/ledger.db" is guarded by "DIR/ledger.lock". */
static int
lock_path_of(const char *path, char *out, size_t cap)
{
	static const char ending[] = ".db";
	size_t len = strlen(path);
	size_t cut = sizeof(ending) - 1;
	if (len > cut && strcmp(path + len - cut, ending) == 0)
		len -= cut;
	int n = snprintf(out, cap, "%.*s.lock", (int)len, path);
	return n < 0 || (size_t)n >= cap ? -ENAMETOOLONG : 0;
}

static void
tell_holder(int fd, char *why, size_t cap)
{
	char pid[32];
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);
	pid[n > 0 ? n : 0] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';
	snprintf(why, cap, "another topupd (pid %s) has the ledger",
		pid[0] != '\0' ? pid : "not known");
}

static int
write_holder(int fd)
{
	char pid[32];
	int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n)
		return -EIO;
	return 0;
}

/* The lock is the descriptor's: it goes with the process, however it ends.
 * The file stays, so that nobody locks a name that is being removed. */
int
ledger_lock(const char *path, char *why, size_t cap)
{
	char lock[PATH_BYTES];
	if (lock_path_of(path, lock, sizeof(lock)) != 0) {
		snprintf(why, cap, "the ledger's path is too long");
		return -ENAMETOOLONG;
	}
	int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		snprintf(why, cap, "%s: %s", lock, strerror(errno));
		return -EIO;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			tell_holder(fd, why, cap);
		else
			snprintf(why, cap, "%s: %s", lock, strerror(errno));
		(void)close(fd); /* nothing of ours is in it */
		return -EBUSY;
	}
	(void)write_holder(fd); /* only helps people; the lock is what counts */
	return fd;
}

/* ---- opening ----------------------------------------------------------- */

static int
run_pragmas(struct ledger *ledger, enum ledger_open_how how)
{
	/* WAL with FULL: one sync a commit, and a commit that returned is on
	 * disk. The page size stays at SQLite's own 4096. */
	static const char both[] = "PRAGMA foreign_keys = ON;"
				   "PRAGMA trusted_schema = OFF;"
				   "PRAGMA cache_size = -8000;";
	static const char writer[] = "PRAGMA journal_mode = WAL;"
				     "PRAGMA synchronous = FULL;";
	(void)sqlite3_extended_result_codes(ledger->db, 1); /* never fails */
	(void)sqlite3_busy_timeout(ledger->db, BUSY_MS);    /* never fails */
	if (sqlite3_exec(ledger->db, both, NULL, NULL, NULL) != SQLITE_OK)
		return ledger_fail(ledger);
	if (how == LEDGER_OPEN_RW &&
		sqlite3_exec(ledger->db, writer, NULL, NULL, NULL) != SQLITE_OK)
		return ledger_fail(ledger);
	return 0;
}

/*
 * The log is copied into the database, and that synced. A life before may
 * have ended after a sync that failed: what it had written is read back
 * from memory, the next sync succeeds without it (fsync(2), EIO), and a
 * power cut would take all that stands behind it in the log. On a full or
 * failing disk this fails, and so does the next commit.
 */
static void
settle_log(struct ledger *ledger)
{
	(void)sqlite3_wal_checkpoint_v2(
		ledger->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

static int
open_database(struct ledger *ledger, const char *path, enum ledger_open_how how,
	char *why, size_t cap)
{
	int flags = how == LEDGER_OPEN_RW ? SQLITE_OPEN_READWRITE
	                                  : SQLITE_OPEN_READONLY;
	if (how == LEDGER_OPEN_RW) {
		/* SQLite would make it readable by all; its other files take
		 * the mode of this one. */
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0) {
			snprintf(why, cap, "%s: %s", path, strerror(errno));
			return -EIO;
		}
		(void)close(fd); /* nothing was written */
	}
	if (sqlite3_open_v2(path, &ledger->db, flags | SQLITE_OPEN_NOMUTEX,
		    NULL) != SQLITE_OK ||
		run_pragmas(ledger, how) != 0 ||
		ledger_teach_words(ledger) != 0) {
		snprintf(why, cap, "%s: %s", path,
			ledger->db != NULL ? sqlite3_errmsg(ledger->db)
					   : "no memory");
		return -EIO;
	}
	return 0;
}

/* A new ledger takes the key; an old one must have been sealed with it. */
static int
check_key(
	struct ledger *ledger, enum ledger_open_how how, char *why, size_t cap)
{
	const char *key = vault_key_id(ledger->vault);
	int64_t known = 0, same = 0;
	int rc = ledger_number_n(
		ledger, "SELECT count(*) FROM meta", &known, NULL, 0);
	if (rc == 0 && known == 0 && how == LEDGER_OPEN_RW) {
		uint8_t none[VAULT_HASH_LEN] = {0};
		rc = ledger_run(ledger,
			"INSERT INTO meta(one,key_id,audit_hash,audit_seal)"
			" VALUES(1,?1,?2,?2)",
			ledger_text(key), ledger_blob(none, sizeof(none)));
		ledger->stored.seq = -1; /* so that the seal is written */
		if (rc == 0)
			rc = ledger_head_store(ledger, 0);
	}
	if (rc == 0)
		rc = ledger_number(ledger,
			"SELECT count(*) FROM meta WHERE key_id = ?1", &same,
			ledger_text(key));
	if (rc == 0)
		rc = ledger_head_load(ledger);
	if (rc == 0 && same == 1)
		return 0;
	snprintf(why, cap, "%s",
		rc != 0 ? ledger->error
			: "this ledger was sealed with another key");
	return rc != 0 ? rc : -EINVAL;
}

/* An entry behind the sealed end was not written by a topupd; the next one
 * of ours would have its number. */
static int
check_tail(struct ledger *ledger, char *why, size_t cap)
{
	int64_t last = 0;
	int rc = ledger_number_n(ledger,
		"SELECT ifnull(max(seq), 0) FROM audit", &last, NULL, 0);
	if (rc == 0 && last <= ledger->stored.seq)
		return 0;
	if (rc != 0)
		snprintf(why, cap, "%s", ledger->error);
	else
		snprintf(why, cap,
			"the audit has an entry (%lld) behind its sealed end "
			"(%lld): somebody wrote into the ledger; look at it "
			"with: topupctl audit verify",
			(long long)last, (long long)ledger->stored.seq);
	return rc != 0 ? rc : -EINVAL;
}

static int
open_all(struct ledger *ledger, const char *path, enum ledger_open_how how,
	char *why, size_t cap)
{
	int rc = 0;
	if (how == LEDGER_OPEN_RW) {
		ledger->lock_fd = ledger_lock(path, why, cap);
		rc = ledger->lock_fd < 0 ? ledger->lock_fd : 0;
	}
	if (rc == 0)
		rc = open_database(ledger, path, how, why, cap);
	if (rc == 0 && how == LEDGER_OPEN_RW)
		settle_log(ledger);
	if (rc == 0 && how == LEDGER_OPEN_RW && !ledger->is_copy)
		rc = ledger_keep_older(ledger, why, cap);
	if (rc == 0)
		rc = how == LEDGER_OPEN_RW
		             ? ledger_migrate(ledger, why, cap)
		             : ledger_check_version(ledger, why, cap);
	if (rc == 0)
		rc = check_key(ledger, how, why, cap);
	if (rc == 0 && how == LEDGER_OPEN_RW)
		rc = check_tail(ledger, why, cap);
	return rc;
}

static struct ledger *
new_ledger(struct vault *vault)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	if (ledger == NULL)
		abort(); /* at start, before anything is in flight */
	/* Refused after the first ledger of the process: it is set then. */
	(void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, (int)UNDO_BYTES);
	ledger->vault = vault;
	ledger->lock_fd = -1;
	return ledger;
}

struct ledger *
ledger_open(const char *path, enum ledger_open_how how, struct vault *vault,
	char *why, size_t cap)
{
	struct ledger *ledger = new_ledger(vault);
	if (open_all(ledger, path, how, why, cap) == 0)
		return ledger;
	ledger_close(ledger);
	return NULL;
}

struct ledger *
ledger_open_copy(const char *path, struct vault *vault, char *why, size_t cap)
{
	struct ledger *ledger = new_ledger(vault);
	ledger->is_copy = true;
	if (open_all(ledger, path, LEDGER_OPEN_RW, why, cap) == 0)
		return ledger;
	ledger_close(ledger);
	return NULL;
}

void
ledger_close(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	for (size_t i = 0; i < ledger->cached; i++)
		(void)sqlite3_finalize(ledger->cache[i].stmt); /* as reset */
	(void)sqlite3_close(ledger->db); /* nothing is open any more */
	if (ledger->lock_fd >= 0)
		(void)close(ledger->lock_fd); /* gives the lock back */
	free(ledger);
}

int64_t
ledger_ran_ms(struct ledger *ledger)
{
	return ledger->ran_ms;
}

const char *
ledger_error(const struct ledger *ledger)
{
	return ledger->error;
}

/* ---- the transaction of a turn ----------------------------------------- */

int
ledger_begin(struct ledger *ledger)
{
	/* SQLite itself would only complain at the first write. */
	if (ledger->lock_fd < 0) {
		(void)span_copy(ledger->error, sizeof(ledger->error),
			span_str("the ledger is open for reading only"));
		return -EIO;
	}
	return ledger_run_n(ledger, "BEGIN IMMEDIATE", NULL, 0) == 0 ? 0 : -EIO;
}

int
ledger_commit(struct ledger *ledger, int64_t ran_ms)
{
	/* After some errors SQLite has rolled back by itself: then there is
	 * nothing to commit, and a COMMIT would only say so. */
	if (sqlite3_get_autocommit(ledger->db) != 0 ||
		ledger_head_store(ledger, ran_ms) != 0 ||
		ledger_run_n(ledger, "COMMIT", NULL, 0) != 0)
		return -EIO;
	ledger->stored = ledger->head;
	if (ran_ms > ledger->ran_ms)
		ledger->ran_ms = ran_ms;
	return 0;
}

void
ledger_rollback(struct ledger *ledger)
{
	if (sqlite3_get_autocommit(ledger->db) == 0)
		/* Fails only where it is rolled back already. */
		(void)sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
	ledger->head = ledger->stored;
}

/* ---- operations -------------------------------------------------------- */

static int
take_cursor(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	(void)result;
	return ledger_run(ledger,
		"INSERT INTO cursor(name,seq) VALUES(?1,?2)"
		" ON CONFLICT(name) DO UPDATE SET seq = excluded.seq",
		ledger_text(op->u.cursor.name), ledger_int(op->u.cursor.seq));
}

static int
take_event(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_event *e = &op->u.event;
	struct ledger_entry entry = {.event = e->event,
		.modem = e->modem,
		.note = e->note,
		.voucher = e->voucher,
		.batch = e->batch};
	int rc = ledger_audit_add(ledger, op, &entry);
	if (rc == 0)
		result->id = ledger->head.seq;
	return rc;
}

static ledger_op_fn *const operations[LEDGER_OP_KINDS] = {
	[LEDGER_BATCH_OPEN] = ledger_batch_open,
	[LEDGER_BATCH_ROW] = ledger_batch_row,
	[LEDGER_BATCH_FAULT] = ledger_batch_fault,
	[LEDGER_BATCH_HOLD] = ledger_batch_hold,
	[LEDGER_BATCH_ACCEPT] = ledger_batch_accept,
	[LEDGER_BATCH_DROP] = ledger_batch_drop,
	[LEDGER_BATCH_RETIRED] = ledger_batch_retired,
	[LEDGER_BATCH_REPORTED] = ledger_batch_reported,
	[LEDGER_BATCH_MOVE] = ledger_batch_move,
	[LEDGER_VOUCHER_MOVE] = ledger_voucher_move,
	[LEDGER_ATTEMPT_BEGIN] = ledger_attempt_begin,
	[LEDGER_ATTEMPT_SETTLE] = ledger_attempt_settle,
	[LEDGER_EVIDENCE] = ledger_take_evidence,
	[LEDGER_BALANCE] = ledger_take_balance,
	[LEDGER_BALANCE_ASKED] = ledger_take_balance_asked,
	[LEDGER_FENCE] = ledger_take_fence,
	[LEDGER_SPOIL] = ledger_take_spoil,
	[LEDGER_SIM_SEEN] = ledger_take_sim_seen,
	[LEDGER_SIM_BLOCKED] = ledger_take_sim_blocked,
	[LEDGER_UNLOCK] = ledger_take_unlock,
	[LEDGER_PAUSE] = ledger_take_pause,
	[LEDGER_CURSOR] = take_cursor,
	[LEDGER_EVENT] = take_event,
	[LEDGER_MESSAGE] = ledger_take_message,
	[LEDGER_MESSAGE_DONE] = ledger_take_message_done,
	[LEDGER_DEVICE_SEEN] = ledger_take_device_seen,
	[LEDGER_SIM_PIN] = ledger_take_sim_pin,
	[LEDGER_VOUCHER_REVEAL] = ledger_voucher_reveal,
	[LEDGER_FOLLOW_BEGIN] = ledger_take_follow_begin,
	[LEDGER_FOLLOW_END] = ledger_take_follow_end,
	[LEDGER_FOLLOW_DROP] = ledger_take_follow_drop,
};

/* The failure is worth more than what undoing it may say. */
static void
undo(struct ledger *ledger, const struct ledger_chain *head)
{
	char error[LEDGER_WHY_MAX];
	memcpy(error, ledger->error, sizeof(error));
	(void)ledger_run_n(ledger, "ROLLBACK TO op", NULL, 0);
	(void)ledger_run_n(ledger, "RELEASE op", NULL, 0);
	memcpy(ledger->error, error, sizeof(error));
	ledger->head = *head;
}

int
ledger_apply(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	if ((unsigned)op->kind >= LEDGER_OP_KINDS)
		return -EINVAL;
	if (sqlite3_get_autocommit(ledger->db) != 0) {
		if (ledger->error[0] == '\0')
			(void)span_copy(ledger->error, sizeof(ledger->error),
				span_str("no transaction is open"));
		return -EIO;
	}
	struct ledger_chain head = ledger->head;
	struct ledger_result made = {0};
	if (ledger_run_n(ledger, "SAVEPOINT op", NULL, 0) != 0)
		return -EIO;
	int rc = operations[op->kind](ledger, op, &made);
	if (rc == 0 && ledger_run_n(ledger, "RELEASE op", NULL, 0) != 0)
		rc = -EIO;
	if (rc != 0)
		undo(ledger, &head);
	/* Of a refused file, result names the other one. */
	if (result != NULL && (rc == 0 || rc == -EEXIST))
		*result = made;
	return rc;
}
