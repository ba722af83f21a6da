/*
 * ledger_sim: what is known of each SIM: who it is, its breaker's count, its
 * fence, the marks that it bears. It must never forget an attempt that the
 * operator counts.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <string.h>

/* ---- identity ---------------------------------------------------------- */

/* One SIM, two names of its account: a reading under one does not know what
 * is dialled under the other. */
static int
rename_account(struct ledger *ledger, const char *before, const char *now)
{
	if (now[0] == '\0' || strcmp(before, now) == 0)
		return 0;
	int rc = ledger_account_spoil(ledger, before, "account");
	return rc == 0 ? ledger_account_spoil(ledger, now, "account") : rc;
}

int
ledger_take_sim_seen(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_sim_seen *s = &op->u.sim_seen;
	char before[LEDGER_TARGET_MAX];
	int rc = ledger_account_of(ledger, s->iccid, before);
	if (rc != 0)
		return rc;
	rc = ledger_run(ledger,
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
	rc = ledger_audit_add(ledger, op, &entry);
	return rc == 0 ? rename_account(ledger, before, s->account) : rc;
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

/* ---- fence ------------------------------------------------------------- */

/* Over: whatever may be asked about what it dialled has been asked. */
static int
lower_fence(struct ledger *ledger, const char *iccid)
{
	int rc = ledger_run(ledger,
		"UPDATE sim SET fence = 0 WHERE iccid = ?1 AND fence = 1",
		ledger_text(iccid));
	if (rc != 0 || sqlite3_changes(ledger->db) == 0)
		return rc;
	rc = ledger_run(ledger,
		"UPDATE attempt SET asked = 1 WHERE iccid = ?1"
		" AND doubt = 1 AND ended IS NOT NULL",
		ledger_text(iccid));
	return rc == 0 ? 1 : rc;
}

/* 1 where it was not up before. */
static int
raise_fence(struct ledger *ledger, const struct ledger_fence *f)
{
	int rc = ledger_run(ledger,
		"INSERT INTO sim(iccid,modem,fence) VALUES(?1,?2,1)"
		" ON CONFLICT(iccid) DO UPDATE SET fence = 1 WHERE fence = 0",
		ledger_text(f->iccid), ledger_text(f->modem));
	return rc == 0 ? sqlite3_changes(ledger->db) : rc;
}

int
ledger_take_fence(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_fence *f = &op->u.fence;
	int rc = f->over ? lower_fence(ledger, f->iccid)
	                 : raise_fence(ledger, f);
	if (rc <= 0)
		return rc; /* it was so already: nothing to tell */
	result->count = 1;
	struct ledger_note note = {.len = 0};
	ledger_note_text(&note, "iccid", f->iccid);
	ledger_note_text(&note, "why", f->why);
	struct ledger_entry entry = {
		.event = f->over ? "modem.fence_over" : "modem.fenced",
		.modem = f->modem,
		.note = note.text};
	return ledger_audit_add(ledger, op, &entry);
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
 * After the last attempt that is known to have credited all that count do
 * count for the breaker. The count of an attempt is a flag of its own row,
 * kept when it is settled, so nothing here looks at old rows.
 */
static const char sim_sql[] =
	"SELECT s.iccid,s.modem,s.operator,s.account,s.blocked,"
	"s.blocked_wall,s.blocked_ran,"
	"(SELECT count(*) FROM attempt WHERE iccid = ?1 AND counted = 1"
	"  AND id > ifnull((SELECT max(id) FROM attempt WHERE iccid = ?1"
	"   AND credited = 1),0)),"
	"(SELECT count(*) FROM attempt a INDEXED BY attempt_doubt"
	"  CROSS JOIN voucher v ON v.id = a.voucher"
	"  WHERE a.iccid = ?1 AND a.doubt = 1"
	"  AND a.id > ifnull(s.unlock_mark,0)"
	"  AND (a.ended IS NULL OR v.state = 'unknown')),"
	"s.unlock_mark IS NOT NULL AND NOT EXISTS (SELECT 1 FROM attempt"
	"  WHERE iccid = ?1 AND counted = 1 AND id > s.unlock_mark),"
	"(SELECT count(*) FROM attempt WHERE iccid = ?1 AND began >= ?2"
	"  AND fate IS NOT 'not_sent'),"
	"s.fence,CASE WHEN s.asked_day = ?2 THEN s.asked ELSE 0 END,"
	"EXISTS (SELECT 1 FROM attempt WHERE iccid = ?1 AND flying = 1),"
	"(SELECT count(*) FROM attempt WHERE iccid = ?1 AND counted = 1"
	"  AND id > (SELECT min(id) FROM attempt WHERE iccid = ?1"
	"   AND counted = 1 AND verdict = 'sim_blocked' AND id > ifnull("
	"   (SELECT max(id) FROM attempt WHERE iccid = ?1"
	"    AND credited = 1),0)))"
	" FROM sim s WHERE s.iccid = ?1";

enum {
	SIM_ICCID,
	SIM_MODEM,
	SIM_OPERATOR,
	SIM_ACCOUNT,
	SIM_BLOCKED,
	SIM_BLOCKED_WALL,
	SIM_BLOCKED_RAN,
	SIM_COUNTED,
	SIM_UNSETTLED,
	SIM_ONE_MORE,
	SIM_TODAY,
	SIM_FENCE,
	SIM_ASKED,
	SIM_FLIES,
	SIM_TRIED
};

static void
sim_of(sqlite3_stmt *stmt, struct ledger_sim *out)
{
	ledger_col_copy(stmt, SIM_ICCID, out->iccid, sizeof(out->iccid));
	ledger_col_copy(stmt, SIM_MODEM, out->modem, sizeof(out->modem));
	ledger_col_copy(
		stmt, SIM_OPERATOR, out->operator, sizeof(out->operator));
	ledger_col_copy(stmt, SIM_ACCOUNT, out->account, sizeof(out->account));
	out->blocked = sqlite3_column_int64(stmt, SIM_BLOCKED) != 0;
	if (out->blocked) {
		out->stopped_wall_ms =
			sqlite3_column_int64(stmt, SIM_BLOCKED_WALL);
		out->stopped_ran_ms =
			sqlite3_column_int64(stmt, SIM_BLOCKED_RAN);
	}
	out->counted = (unsigned)sqlite3_column_int64(stmt, SIM_COUNTED);
	out->unsettled = (unsigned)sqlite3_column_int64(stmt, SIM_UNSETTLED);
	out->one_more = sqlite3_column_int64(stmt, SIM_ONE_MORE) != 0;
	out->dialled_today = (unsigned)sqlite3_column_int64(stmt, SIM_TODAY);
	out->fence = sqlite3_column_int64(stmt, SIM_FENCE) != 0;
	out->asked_today = (unsigned)sqlite3_column_int64(stmt, SIM_ASKED);
	out->flies = sqlite3_column_int64(stmt, SIM_FLIES) != 0;
	out->tried = (unsigned)sqlite3_column_int64(stmt, SIM_TRIED);
}

/*
 * The balance is the account's, whichever SIM of it told it. It is the last
 * thing that the account told while nothing was dialled for it or by this
 * SIM since, and nothing else touched it.
 */
static const char balance_sql[] =
	"SELECT b.minor,b.decimals,b.currency,b.at,"
	"ifnull(c.spoiled_seq,0) <= b.seq"
	" AND NOT EXISTS (SELECT 1 FROM attempt"
	"  WHERE account = ?1 AND id > b.mark)"
	" AND NOT EXISTS (SELECT 1 FROM attempt"
	"  WHERE iccid = ?2 AND id > b.mark)"
	" FROM balance b LEFT JOIN account c ON c.name = ?1"
	" WHERE b.account = ?1 ORDER BY b.id DESC LIMIT 1";

static int
read_balance(struct ledger *ledger, const char *iccid, struct ledger_sim *out)
{
	const char *account = out->account[0] != '\0' ? out->account : iccid;
	sqlite3_stmt *stmt = ledger_take(
		ledger, balance_sql, ledger_text(account), ledger_text(iccid));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1) {
		out->balance_minor = ledger_col_money(stmt, 0);
		out->balance_decimals = (unsigned)sqlite3_column_int64(stmt, 1);
		ledger_col_copy(stmt, 2, out->balance_currency,
			sizeof(out->balance_currency));
		out->balance_wall_ms = sqlite3_column_int64(stmt, 3);
		out->balance_is_last = sqlite3_column_int64(stmt, 4) != 0;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : 0;
}

/* When the last one ended. */
static int
read_last(struct ledger *ledger, const char *iccid, struct ledger_sim *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT ended_ran FROM attempt WHERE id ="
		" (SELECT max(id) FROM attempt WHERE iccid = ?1"
		"  AND ended IS NOT NULL)",
		ledger_text(iccid));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1)
		out->last_ran_ms = sqlite3_column_int64(stmt, 0);
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
	if (read_balance(ledger, iccid, &sim) != 0 ||
		read_ends(ledger, iccid, &sim) != 0)
		return -EIO;
	*out = sim;
	return 0;
}

/* From the last one back: what is older is not looked at. */
int
ledger_dialled_since(
	struct ledger *ledger, const char *iccid, int64_t ran_ms, unsigned *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT began_ran, fate IS NOT 'not_sent' FROM attempt"
		" WHERE iccid = ?1 ORDER BY id DESC",
		ledger_text(iccid));
	if (stmt == NULL)
		return -EIO;
	unsigned count = 0;
	int rc;
	while ((rc = ledger_step(ledger, stmt)) == 1 &&
		sqlite3_column_int64(stmt, 0) >= ran_ms)
		count += sqlite3_column_int64(stmt, 1) != 0;
	ledger_give(ledger, stmt);
	if (rc < 0)
		return -EIO;
	*out = count;
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
