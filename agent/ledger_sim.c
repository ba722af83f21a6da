/*
 * ledger_sim: what is known of each SIM: who it is, its balance, its
 * breaker's count, the marks that a person sets. It must never forget an
 * attempt that the operator counts.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <string.h>

/* ---- balance ----------------------------------------------------------- */

int
ledger_reading_add(struct ledger *ledger, const struct ledger_reading *reading)
{
	int rc = ledger_run(ledger,
		"INSERT INTO sim(iccid,modem,balance,balance_decimals,"
		"balance_currency,balance_wall,balance_attempt)"
		" VALUES(?1,?2,?3,?4,?5,?6,ifnull("
		"(SELECT max(id) FROM attempt WHERE iccid = ?1),0))"
		" ON CONFLICT(iccid) DO UPDATE SET balance = ?3,"
		" balance_decimals = ?4, balance_currency = ?5,"
		" balance_wall = ?6,"
		" balance_attempt = excluded.balance_attempt",
		ledger_text(reading->iccid), ledger_text(reading->modem),
		ledger_int(reading->minor), ledger_int(reading->decimals),
		ledger_text(reading->currency),
		ledger_int(reading->at.wall_ms));
	if (rc != 0)
		return rc;
	return ledger_run(ledger,
		"INSERT INTO balance(iccid,modem,minor,decimals,currency,"
		"reply,at,at_ran) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
		ledger_text(reading->iccid), ledger_text(reading->modem),
		ledger_int(reading->minor), ledger_int(reading->decimals),
		ledger_text(reading->currency), ledger_text(reading->reply),
		ledger_int(reading->at.wall_ms),
		ledger_int(reading->at.ran_ms));
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
	if (b->minor == MONEY_NONE)
		return -EINVAL;
	int rc = ledger_reading_add(ledger, &reading);
	if (rc != 0)
		return rc;
	result->id = sqlite3_last_insert_rowid(ledger->db);
	struct ledger_note note = {.len = 0};
	ledger_note_text(&note, "iccid", b->iccid);
	ledger_note_money(&note, "balance", b->minor, b->decimals);
	ledger_note_text(&note, "currency", b->currency);
	struct ledger_entry entry = {
		.event = "sim.balance", .modem = b->modem, .note = note.text};
	return ledger_audit_add(ledger, op, &entry);
}

/* ---- identity ---------------------------------------------------------- */

int
ledger_take_sim_seen(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_sim_seen *s = &op->u.sim_seen;
	int rc = ledger_run(ledger,
		"INSERT INTO sim(iccid,modem,imsi,imei,operator,account)"
		" VALUES(?1,?2,?3,?4,?5,?6)"
		" ON CONFLICT(iccid) DO UPDATE SET modem = ?2, imsi = ?3,"
		" imei = ?4, operator = ?5, account = ?6"
		" WHERE (modem,imsi,imei,operator,account)"
		" <> (?2,?3,?4,?5,?6)",
		ledger_text(s->iccid), ledger_text(s->modem),
		ledger_text(s->imsi), ledger_text(s->imei),
		ledger_text(s->operator), ledger_text(s->account));
	if (rc != 0)
		return rc;
	result->count = sqlite3_changes(ledger->db);
	if (result->count == 0)
		return 0; /* the same as before: nothing to tell */
	struct ledger_note note = {.len = 0};
	ledger_note_text(&note, "iccid", s->iccid);
	ledger_note_text(&note, "imei", s->imei);
	ledger_note_text(&note, "operator", s->operator);
	ledger_note_text(&note, "account", s->account);
	struct ledger_entry entry = {
		.event = "sim.seen", .modem = s->modem, .note = note.text};
	return ledger_audit_add(ledger, op, &entry);
}

/* ---- marks ------------------------------------------------------------- */

int
ledger_take_sim_blocked(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_sim_blocked *b = &op->u.sim_blocked;
	(void)result;
	int rc = ledger_run(ledger,
		"INSERT INTO sim(iccid,modem,blocked,blocked_attempt,"
		"blocked_wall,blocked_ran) VALUES(?1,?2,1,ifnull("
		"(SELECT max(id) FROM attempt WHERE iccid = ?1),0),?3,?4)"
		" ON CONFLICT(iccid) DO UPDATE SET blocked = 1,"
		" blocked_attempt = excluded.blocked_attempt,"
		" blocked_wall = ?3, blocked_ran = ?4",
		ledger_text(b->iccid), ledger_text(b->modem),
		ledger_int(op->at.wall_ms), ledger_int(op->at.ran_ms));
	if (rc != 0)
		return rc;
	struct ledger_note note = {.len = 0};
	ledger_note_text(&note, "iccid", b->iccid);
	struct ledger_entry entry = {
		.event = "sim.blocked", .modem = b->modem, .note = note.text};
	return ledger_audit_add(ledger, op, &entry);
}

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
		" VALUES(?1,ifnull((SELECT max(id) FROM attempt),0),?2)"
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

/* ---- pause ------------------------------------------------------------- */

int
ledger_take_pause(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_pause *p = &op->u.pause;
	int rc =
		p->on ? ledger_run(ledger,
				"INSERT INTO pause(modem,since) VALUES(?1,?2)"
				" ON CONFLICT(modem) DO NOTHING",
				ledger_text(p->modem),
				ledger_int(op->at.wall_ms))
		      : ledger_run(ledger, "DELETE FROM pause WHERE modem = ?1",
				ledger_text(p->modem));
	if (rc != 0)
		return rc;
	result->count = sqlite3_changes(ledger->db);
	if (result->count == 0)
		return 0; /* it was so already */
	const char *all = p->on ? "daemon.paused" : "daemon.resumed";
	const char *one = p->on ? "modem.paused" : "modem.resumed";
	struct ledger_entry entry = {
		.event = p->modem[0] == '\0' ? all : one, .modem = p->modem};
	return ledger_audit_add(ledger, op, &entry);
}

bool
ledger_is_paused(struct ledger *ledger, const char *modem)
{
	int64_t one;
	/* What cannot be read is not dialled on: anything but "no" is yes. */
	return ledger_number(ledger, "SELECT 1 FROM pause WHERE modem = ?1",
		       &one, ledger_text(modem)) != -ENOENT;
}

/* ---- reading ----------------------------------------------------------- */

/*
 * since: the last attempt that is known to have credited; all that count
 * after it count for the breaker. The count of an attempt is a flag of its
 * own row, kept when it is settled, so nothing here looks at old rows.
 */
static const char sim_sql[] =
	"SELECT s.iccid,s.modem,s.operator,s.account,s.blocked,"
	"s.blocked_wall,s.blocked_ran,s.balance,s.balance_decimals,"
	"s.balance_currency,s.balance_wall,"
	"(SELECT count(*) FROM attempt WHERE iccid = ?1 AND counted = 1"
	"  AND id > ifnull((SELECT max(id) FROM attempt WHERE iccid = ?1"
	"   AND credited = 1),0)),"
	"(SELECT count(*) FROM attempt WHERE iccid = ?1 AND doubt = 1"
	"  AND id > ifnull(s.unlock_mark,0)),"
	"s.unlock_mark IS NOT NULL AND NOT EXISTS (SELECT 1 FROM attempt"
	"  WHERE iccid = ?1 AND counted = 1 AND id > s.unlock_mark),"
	"(SELECT count(*) FROM attempt WHERE iccid = ?1 AND began >= ?2"
	"  AND fate IS NOT 'not_sent'),"
	"(SELECT max(id) FROM attempt WHERE iccid = ?1)"
	"  <= s.balance_attempt"
	" FROM sim s WHERE s.iccid = ?1";

enum {
	SIM_ICCID,
	SIM_MODEM,
	SIM_OPERATOR,
	SIM_ACCOUNT,
	SIM_BLOCKED,
	SIM_BLOCKED_WALL,
	SIM_BLOCKED_RAN,
	SIM_BALANCE,
	SIM_DECIMALS,
	SIM_CURRENCY,
	SIM_BALANCE_WALL,
	SIM_COUNTED,
	SIM_UNSETTLED,
	SIM_ONE_MORE,
	SIM_TODAY,
	SIM_BALANCE_LAST
};

static void
sim_of(sqlite3_stmt *stmt, struct ledger_sim *out)
{
	ledger_col_copy(stmt, SIM_ICCID, out->iccid, sizeof(out->iccid));
	ledger_col_copy(stmt, SIM_MODEM, out->modem, sizeof(out->modem));
	ledger_col_copy(
		stmt, SIM_OPERATOR, out->operator, sizeof(out->operator));
	ledger_col_copy(stmt, SIM_ACCOUNT, out->account, sizeof(out->account));
	ledger_col_copy(stmt, SIM_CURRENCY, out->balance_currency,
		sizeof(out->balance_currency));
	out->blocked = sqlite3_column_int64(stmt, SIM_BLOCKED) != 0;
	if (out->blocked) {
		out->stopped_wall_ms =
			sqlite3_column_int64(stmt, SIM_BLOCKED_WALL);
		out->stopped_ran_ms =
			sqlite3_column_int64(stmt, SIM_BLOCKED_RAN);
	}
	out->balance_minor = ledger_col_money(stmt, SIM_BALANCE);
	out->balance_decimals =
		(unsigned)sqlite3_column_int64(stmt, SIM_DECIMALS);
	out->balance_wall_ms = sqlite3_column_int64(stmt, SIM_BALANCE_WALL);
	out->counted = (unsigned)sqlite3_column_int64(stmt, SIM_COUNTED);
	out->unsettled = (unsigned)sqlite3_column_int64(stmt, SIM_UNSETTLED);
	out->one_more = sqlite3_column_int64(stmt, SIM_ONE_MORE) != 0;
	out->dialled_today = (unsigned)sqlite3_column_int64(stmt, SIM_TODAY);
	out->balance_is_last =
		out->balance_minor != MONEY_NONE &&
		(sqlite3_column_type(stmt, SIM_BALANCE_LAST) == SQLITE_NULL ||
			sqlite3_column_int64(stmt, SIM_BALANCE_LAST) != 0);
}

/* When the last one ended, and whether with a word of the network. */
static int
read_last(struct ledger *ledger, const char *iccid, struct ledger_sim *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT ended_ran, fate = 'maybe_sent' FROM attempt WHERE id ="
		" (SELECT max(id) FROM attempt WHERE iccid = ?1"
		"  AND ended IS NOT NULL)",
		ledger_text(iccid));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1) {
		out->last_ran_ms = sqlite3_column_int64(stmt, 0);
		out->last_in_doubt = sqlite3_column_int64(stmt, 1) != 0;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : 0;
}

/* When the last one ended, and the last that counts. */
static int
read_ends(struct ledger *ledger, const char *iccid, struct ledger_sim *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT ended,ended_ran FROM attempt WHERE id ="
		" (SELECT max(id) FROM attempt WHERE iccid = ?1"
		"  AND counted = 1 AND ended IS NOT NULL AND id > ifnull("
		"  (SELECT max(id) FROM attempt WHERE iccid = ?1"
		"   AND credited = 1),0))",
		ledger_text(iccid));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1 && sqlite3_column_int64(stmt, 1) > out->stopped_ran_ms) {
		out->stopped_wall_ms = sqlite3_column_int64(stmt, 0);
		out->stopped_ran_ms = sqlite3_column_int64(stmt, 1);
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? rc : read_last(ledger, iccid, out);
}

int
ledger_sim(struct ledger *ledger, const char *iccid, int64_t day_wall_ms,
	struct ledger_sim *out)
{
	struct ledger_sim sim = {.balance_minor = MONEY_NONE};
	sqlite3_stmt *stmt = ledger_take(
		ledger, sim_sql, ledger_text(iccid), ledger_int(day_wall_ms));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1)
		sim_of(stmt, &sim);
	ledger_give(ledger, stmt);
	if (rc != 1)
		return rc == 0 ? -ENOENT : -EIO;
	if (read_ends(ledger, iccid, &sim) != 0)
		return -EIO;
	*out = sim;
	return 0;
}

int
ledger_each_sim(struct ledger *ledger, int64_t day_wall_ms, ledger_sim_fn *fn,
	void *ctx)
{
	sqlite3_stmt *stmt = ledger_take_n(
		ledger, "SELECT iccid FROM sim ORDER BY modem, iccid", NULL, 0);
	if (stmt == NULL)
		return -EIO;
	int rc;
	while ((rc = ledger_step(ledger, stmt)) == 1) {
		struct ledger_sim sim;
		rc = ledger_sim(
			ledger, ledger_col_text(stmt, 0), day_wall_ms, &sim);
		if (rc != 0 || !fn(ctx, &sim))
			break;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : 0;
}
