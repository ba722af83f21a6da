/*
 * ledger_reading: what was told of a balance, and what touched an account
 * beside our cards. It must never call a reading good for a proof that may
 * have missed an earlier credit.
 */
#include "agent/ledger_private.h"

#include <errno.h>

enum {
	/* Ended so long ago, a credit is in every balance. */
	SHOWN_AFTER_MS = 24 * 60 * 60 * 1000,
	/* So many credits are added up for one reading; with more since the
	 * last that was shown the rest is waited for. */
	CREDITS_MAX = 256
};

/* ---- whether it had shown every earlier credit ------------------------- */

struct before {
	bool known;   /* a reading that had shown all before it */
	bool spoiled; /* and something else moved the balance after it */
	int64_t minor, mark;
};

static int
find_shown(struct ledger *ledger, const char *account, struct before *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT minor,mark,seq < ifnull((SELECT spoiled_seq"
		"  FROM account WHERE name = ?1),0)"
		" FROM balance INDEXED BY balance_shown"
		" WHERE account = ?1 AND shown = 1"
		" ORDER BY mark DESC, id DESC LIMIT 1",
		ledger_text(account));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	*out = (struct before){.known = rc == 1};
	if (rc == 1) {
		out->minor = sqlite3_column_int64(stmt, 0);
		out->mark = sqlite3_column_int64(stmt, 1);
		out->spoiled = sqlite3_column_int64(stmt, 2) != 0;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? rc : 0;
}

/* When the newest credit after mark ended; -ENOENT: there is none. On one
 * account one PIN flies at a time, so the newest is the last to end. */
static int
newest_credit(struct ledger *ledger, const char *account, int64_t mark,
	int64_t *ended_ran_ms)
{
	return ledger_number(ledger,
		"SELECT ended_ran FROM attempt INDEXED BY"
		" attempt_account_credited WHERE account = ?1"
		" AND credited = 1 AND id > ?2 ORDER BY id DESC LIMIT 1",
		ended_ran_ms, ledger_text(account), ledger_int(mark));
}

/* Whether the SIM was credited after mark, within the day, under another
 * account's name: the configuration has renamed it since. */
static int
was_credited_elsewhere(struct ledger *ledger,
	const struct ledger_reading *reading, const char *account, int64_t mark,
	bool *out)
{
	int64_t one;
	int rc = ledger_number(ledger,
		"SELECT 1 FROM attempt INDEXED BY attempt_credited"
		" WHERE iccid = ?1 AND credited = 1 AND id > ?2 AND own = 1"
		" AND account <> ?3 AND ended_ran >= ?4",
		&one, ledger_text(reading->iccid), ledger_int(mark),
		ledger_text(account),
		ledger_int(reading->at.ran_ms - SHOWN_AFTER_MS));
	*out = rc == 0;
	return rc == -ENOENT ? 0 : rc;
}

static int
adds_up(struct ledger *ledger, const struct ledger_reading *reading,
	const char *account, const struct before *p, bool *out)
{
	struct ledger_credits credits;
	int64_t many, sum;
	int rc = ledger_number(ledger,
		"SELECT count(*) FROM (SELECT 1 FROM attempt INDEXED BY"
		" attempt_account_credited WHERE account = ?1"
		" AND credited = 1 AND id > ?2 LIMIT ?3)",
		&many, ledger_text(account), ledger_int(p->mark),
		ledger_int(CREDITS_MAX + 1));
	if (rc != 0 || many > CREDITS_MAX) {
		*out = false;
		return rc;
	}
	rc = ledger_credits_between(
		ledger, account, p->mark, INT64_MAX, &credits);
	*out = rc == 0 && credits.unknown == 0 &&
	       !__builtin_add_overflow(p->minor, credits.minor, &sum) &&
	       sum == reading->minor;
	return rc;
}

/*
 * With p the last reading that had shown all: nothing was credited after
 * it; or the rise since is exactly what was; or that is a day ago.
 */
static int
adds_up_since(struct ledger *ledger, const struct ledger_reading *reading,
	const char *account, const struct before *p, bool *out)
{
	int64_t ended_ran_ms;
	int rc = newest_credit(ledger, account, p->mark, &ended_ran_ms);
	if (rc == -ENOENT) {
		*out = true;
		return 0;
	}
	if (rc != 0)
		return rc;
	*out = ended_ran_ms + SHOWN_AFTER_MS < reading->at.ran_ms;
	/* A loan may hide that a credit is not in the balance yet: across what
	 * else moved it no sum says anything. */
	if (*out || !p->known || p->spoiled)
		return 0;
	return adds_up(ledger, reading, account, p, out);
}

/* Elsewhere is looked at last: where no reading had shown all, that is a walk
 * over all credits of the SIM, and then most often nothing adds up. */
static int
has_shown(struct ledger *ledger, const struct ledger_reading *reading,
	const char *account, bool *out)
{
	struct before p;
	bool elsewhere = false;
	int rc = find_shown(ledger, account, &p);
	if (rc == 0)
		rc = adds_up_since(ledger, reading, account, &p, out);
	if (rc == 0 && *out)
		rc = was_credited_elsewhere(
			ledger, reading, account, p.mark, &elsewhere);
	*out = *out && !elsewhere;
	return rc;
}

/* ---- storing ----------------------------------------------------------- */

static int
insert_reading(struct ledger *ledger, const struct ledger_reading *reading,
	const char *account, bool shown)
{
	int rc = ledger_run(ledger,
		"INSERT INTO sim(iccid,modem) VALUES(?1,?2)"
		" ON CONFLICT(iccid) DO NOTHING",
		ledger_text(reading->iccid), ledger_text(reading->modem));
	if (rc != 0)
		return rc;
	return ledger_run(ledger,
		"INSERT INTO balance(iccid,modem,minor,decimals,currency,"
		"reply,at,at_ran,account,seq,shown,mark) VALUES(?1,?2,?3,?4,?5,"
		"?6,?7,?8,?9,?10,?11,(SELECT ifnull(max(id),0) FROM attempt))",
		ledger_text(reading->iccid), ledger_text(reading->modem),
		ledger_int(reading->minor), ledger_int(reading->decimals),
		ledger_text(reading->currency), ledger_text(reading->reply),
		ledger_int(reading->at.wall_ms), ledger_int(reading->at.ran_ms),
		ledger_text(account), ledger_int(ledger->head.seq),
		ledger_int(shown));
}

int
ledger_reading_add(struct ledger *ledger, const struct ledger_reading *reading,
	int64_t *id)
{
	char account[LEDGER_TARGET_MAX];
	bool shown = false;
	int rc = ledger_account_of(ledger, reading->iccid, account);
	if (rc == 0)
		rc = has_shown(ledger, reading, account, &shown);
	if (rc == 0)
		rc = insert_reading(ledger, reading, account, shown);
	if (rc != 0)
		return rc;
	int64_t made = sqlite3_last_insert_rowid(ledger->db);
	if (id != NULL)
		*id = made;
	return ledger_tally_reading(ledger, account, made);
}

int
ledger_take_balance(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_balance *b = &op->u.balance;
	struct ledger_reading reading = {.modem = b->modem,
		.iccid = b->iccid,
		.currency = b->currency,
		.reply = b->reply,
		.minor = b->minor,
		.decimals = b->decimals,
		.at = op->at};
	char account[LEDGER_TARGET_MAX];
	if (b->minor == MONEY_NONE)
		return -EINVAL;
	int rc = ledger_reading_add(ledger, &reading, &result->id);
	if (rc != 0)
		return rc;
	struct ledger_note note = {.len = 0};
	ledger_note_text(&note, "iccid", b->iccid);
	ledger_note_money(&note, "balance", b->minor, b->decimals);
	ledger_note_text(&note, "currency", b->currency);
	struct ledger_entry entry = {
		.event = "sim.balance", .modem = b->modem, .note = note.text};
	rc = ledger_audit_add(ledger, op, &entry);
	if (rc == 0)
		rc = ledger_account_of(ledger, b->iccid, account);
	return rc == 0 ? ledger_tally_tell(ledger, op, account, true) : rc;
}

/* No entry: it changes nothing that anybody is told of, and the answer is
 * one. */
int
ledger_take_balance_asked(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_balance_asked *b = &op->u.balance_asked;
	(void)result;
	return ledger_run(ledger,
		"INSERT INTO sim(iccid,modem,asked_day,asked)"
		" VALUES(?1,?2,?3,1) ON CONFLICT(iccid) DO UPDATE SET"
		" asked = CASE WHEN asked_day = ?3 THEN asked + 1 ELSE 1 END,"
		" asked_day = ?3",
		ledger_text(b->iccid), ledger_text(b->modem),
		ledger_int(b->day_wall_ms));
}

/* ---- what else touched the account ------------------------------------- */

int
ledger_account_spoil(struct ledger *ledger, const char *account, const char *by)
{
	return ledger_run(ledger,
		"INSERT INTO account(name,spoiled_seq,spoiled_by)"
		" VALUES(?1,?2,?3) ON CONFLICT(name) DO UPDATE SET"
		" spoiled_seq = ?2, spoiled_by = ?3",
		ledger_text(account), ledger_int(ledger->head.seq),
		ledger_text(by));
}

int
ledger_take_spoil(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_spoil *s = &op->u.spoil;
	char account[LEDGER_TARGET_MAX];
	(void)result;
	if (s->iccid[0] == '\0')
		return -EINVAL;
	struct ledger_note note = {.len = 0};
	ledger_note_text(&note, "iccid", s->iccid);
	ledger_note_text(&note, "by", s->by);
	struct ledger_entry entry = {
		.event = "sim.spoiled", .modem = s->modem, .note = note.text};
	int rc = ledger_audit_add(ledger, op, &entry);
	if (rc == 0)
		rc = ledger_account_of(ledger, s->iccid, account);
	if (rc != 0)
		return rc;
	return ledger_account_spoil(ledger, account, s->by);
}

static const char touch_sql[] =
	"SELECT max(ifnull((SELECT max(id) FROM attempt WHERE account = ?1),0),"
	"  ifnull((SELECT max(id) FROM attempt WHERE iccid = ?2),0)),"
	" ifnull((SELECT spoiled_seq FROM account WHERE name = ?1),0),"
	" ifnull((SELECT at FROM audit WHERE seq ="
	"  (SELECT spoiled_seq FROM account WHERE name = ?1)),0),"
	" EXISTS (SELECT 1 FROM attempt WHERE account = ?1 AND flying = 1"
	"  AND iccid <> ?2)";

int
ledger_last_touch(
	struct ledger *ledger, const char *iccid, struct ledger_touch *out)
{
	char account[LEDGER_TARGET_MAX];
	if (ledger_account_of(ledger, iccid, account) != 0)
		return -EIO;
	sqlite3_stmt *stmt = ledger_take(
		ledger, touch_sql, ledger_text(account), ledger_text(iccid));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1)
		*out = (struct ledger_touch){
			.attempt = sqlite3_column_int64(stmt, 0),
			.spoiled_seq = sqlite3_column_int64(stmt, 1),
			.spoiled_wall_ms = sqlite3_column_int64(stmt, 2),
			.elsewhere = sqlite3_column_int64(stmt, 3) != 0};
	ledger_give(ledger, stmt);
	return rc == 1 ? 0 : -EIO;
}
