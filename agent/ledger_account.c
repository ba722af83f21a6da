/*
 * ledger_account: the breaker of an account (the SIM of `self` cards, or a
 * number), and what a person unlocks. What is kept here is counted anew from
 * the attempts at each change; it must never walk over the attempts of old.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <string.h>

int
ledger_account_of(
	struct ledger *ledger, const char *iccid, char out[LEDGER_TARGET_MAX])
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT account FROM sim WHERE iccid = ?1 AND account <> ''",
		ledger_text(iccid));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1)
		ledger_col_copy(stmt, 0, out, LEDGER_TARGET_MAX);
	ledger_give(ledger, stmt);
	if (rc == 0)
		return span_copy(out, LEDGER_TARGET_MAX, span_str(iccid)) == 0
		               ? 0
		               : -EINVAL;
	return rc < 0 ? rc : 0;
}

/* ---- what is kept ------------------------------------------------------ */

#define ENDED_AFTER_CREDIT                                                     \
	" a.account = account.name AND a.counted = 1 AND a.id > ifnull("       \
	"(SELECT max(c.id) FROM attempt c WHERE c.account = account.name"      \
	" AND c.credited = 1), 0) AND a.ended IS NOT NULL"
#define LAST(column)                                                           \
	"ifnull((SELECT a." column " FROM attempt a WHERE" ENDED_AFTER_CREDIT  \
	" ORDER BY a.id DESC LIMIT 1), 0)"
#define STOPPED_RAN  LAST("ended_ran")
#define STOPPED_WALL LAST("ended")
/* Where nothing counts, and nothing did, the row stays as it is. */
#define COUNT_ANEW                                                             \
	"UPDATE account SET counted = (SELECT count(*) FROM attempt a"         \
	" WHERE" ENDED_AFTER_CREDIT "), stopped_ran = " STOPPED_RAN ","        \
	" stopped_wall = " STOPPED_WALL " WHERE (counted > 0 OR EXISTS"        \
	" (SELECT 1 FROM attempt a WHERE" ENDED_AFTER_CREDIT ")) AND name "
#define ITS_ACCOUNTS "(SELECT account FROM attempt WHERE voucher = ?1)"

/* One attempt has one account: for more SQLite builds a table of its own. */
int
ledger_account_count_all(struct ledger *ledger, const struct ledger_card *card)
{
	return ledger_run(ledger,
		card->attempts > 1 ? COUNT_ANEW "IN " ITS_ACCOUNTS
				   : COUNT_ANEW "= " ITS_ACCOUNTS,
		ledger_int(card->id));
}

/* ---- reading ----------------------------------------------------------- */

/* What is in the air is not kept: each attempt would write this row twice. */
#define ACCOUNTS                                                               \
	"SELECT name,operator,counted + (SELECT count(*) FROM attempt a"       \
	" WHERE a.account = account.name AND a.flying = 1"                     \
	" AND a.ended IS NULL),stopped_ran,stopped_wall,"                      \
	"unlock_mark IS NOT NULL AND NOT EXISTS (SELECT 1 FROM attempt a"      \
	" WHERE a.account = account.name AND a.counted = 1"                    \
	" AND a.id > account.unlock_mark) FROM account"

static void
account_of_row(sqlite3_stmt *stmt, struct ledger_account *out)
{
	*out = (struct ledger_account){
		.counted = (unsigned)sqlite3_column_int64(stmt, 2),
		.stopped_ran_ms = sqlite3_column_int64(stmt, 3),
		.stopped_wall_ms = sqlite3_column_int64(stmt, 4),
		.one_more = sqlite3_column_int64(stmt, 5) != 0};
	ledger_col_copy(stmt, 0, out->name, sizeof(out->name));
	ledger_col_copy(stmt, 1, out->operator, sizeof(out->operator));
}

int
ledger_account(
	struct ledger *ledger, const char *name, struct ledger_account *out)
{
	sqlite3_stmt *stmt = ledger_take(
		ledger, ACCOUNTS " WHERE name = ?1", ledger_text(name));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1)
		account_of_row(stmt, out);
	ledger_give(ledger, stmt);
	if (rc == 0) {
		*out = (struct ledger_account){.counted = 0};
		(void)span_copy(out->name, sizeof(out->name), span_str(name));
	}
	return rc < 0 ? -EIO : 0;
}

int
ledger_each_account(struct ledger *ledger, ledger_account_fn *fn, void *ctx)
{
	sqlite3_stmt *stmt = ledger_take_n(ledger,
		ACCOUNTS " INDEXED BY account_counted WHERE counted > 0"
			 " ORDER BY name",
		NULL, 0);
	if (stmt == NULL)
		return -EIO;
	int rc;
	while ((rc = ledger_step(ledger, stmt)) == 1) {
		struct ledger_account account;
		account_of_row(stmt, &account);
		if (!fn(ctx, &account))
			break;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : 0;
}

/* ---- a person allows one PIN more -------------------------------------- */

/* Marks the last attempt that has ended: one that is in the air at this
 * moment is not what the person knows of. */
static int
unlock_sim(struct ledger *ledger, const struct ledger_op *op)
{
	const struct ledger_unlock *u = &op->u.unlock;
	int rc = ledger_run(ledger,
		"UPDATE sim SET blocked = 0, unlock_mark = ifnull("
		"(SELECT max(id) FROM attempt WHERE iccid = ?1"
		" AND ended IS NOT NULL),0) WHERE iccid = ?1",
		ledger_text(u->iccid));
	if (rc == 0 && sqlite3_changes(ledger->db) != 1)
		return -EINVAL;
	if (rc != 0)
		return rc;
	struct ledger_note note = {.len = 0};
	ledger_note_text(&note, "iccid", u->iccid);
	struct ledger_entry entry = {
		.event = "sim.unlocked", .modem = u->modem, .note = note.text};
	return ledger_audit_add(ledger, op, &entry);
}

static int
unlock_account(struct ledger *ledger, const struct ledger_op *op)
{
	const struct ledger_unlock *u = &op->u.unlock;
	int rc = ledger_run(ledger,
		"INSERT INTO account(name,unlock_mark,unlocked)"
		" VALUES(?1,ifnull((SELECT id FROM attempt WHERE account = ?1"
		"  AND ended IS NOT NULL ORDER BY id DESC LIMIT 1),0),?2)"
		" ON CONFLICT(name) DO UPDATE SET"
		" unlock_mark = excluded.unlock_mark, unlocked = ?2",
		ledger_text(u->account), ledger_int(op->at.wall_ms));
	if (rc != 0)
		return rc;
	/* Audit goes to syslog: of a number only its end is told. */
	size_t len = strlen(u->account);
	struct ledger_note note = {.len = 0};
	ledger_note_text(
		&note, "account_end", u->account + (len > 4 ? len - 4 : 0));
	struct ledger_entry entry = {.event = "account.unlocked",
		.modem = u->modem,
		.note = note.text};
	return ledger_audit_add(ledger, op, &entry);
}

int
ledger_take_unlock(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_unlock *u = &op->u.unlock;
	(void)result;
	if (u->iccid[0] == '\0' && u->account[0] == '\0')
		return -EINVAL;
	int rc = 0;
	if (u->iccid[0] != '\0')
		rc = unlock_sim(ledger, op);
	if (rc == 0 && u->account[0] != '\0')
		rc = unlock_account(ledger, op);
	return rc;
}
