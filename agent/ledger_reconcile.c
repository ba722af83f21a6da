/*
 * ledger_reconcile: what accounts told against what was credited there. The
 * sums are kept with each reading and each credit; nothing here may walk
 * over all attempts of old at a reading.
 */
#include "agent/ledger_private.h"

#include <errno.h>

/* ---- sums -------------------------------------------------------------- */

int
ledger_credits_between(struct ledger *ledger, const char *account,
	int64_t after, int64_t last, struct ledger_credits *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT min(" LEDGER_SUM_MAX ", ifnull(sum(" LEDGER_CREDIT_OR_0
		"), 0)),"
		" ifnull(sum(NOT " LEDGER_CREDIT_KNOWN "), 0)"
		" FROM attempt a INDEXED BY attempt_account_credited"
		" CROSS JOIN voucher v ON v.id = a.voucher"
		" WHERE a.account = ?1 AND a.credited = 1"
		" AND a.id > ?2 AND a.id <= ?3",
		ledger_text(account), ledger_int(after), ledger_int(last));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1) {
		out->minor = sqlite3_column_int64(stmt, 0);
		out->unknown = sqlite3_column_int64(stmt, 1);
	}
	ledger_give(ledger, stmt);
	if (rc == 0)
		return -EIO;
	return rc == 1 ? 0 : rc;
}

/* Readings are what strangers tell: no sum of them may overflow. */
static int64_t
less(int64_t a, int64_t b)
{
	int64_t out;
	if (!__builtin_sub_overflow(a, b, &out) && out != INT64_MIN)
		return out;
	return a < b ? -INT64_MAX : INT64_MAX;
}

static int64_t
size_of(int64_t minor)
{
	return minor < 0 ? -minor : minor;
}

/* ---- what is kept ------------------------------------------------------ */

/* The span of an account: its first and its newest reading. */
struct tally {
	int64_t first_minor, first_mark;
	int64_t last, last_minor, last_mark;
	int64_t credited_minor, told_minor;
	unsigned decimals;
	char currency[8];
	char iccid[LEDGER_NAME_MAX];
	char modem[LEDGER_NAME_MAX];
};

static const char tally_sql[] =
	"SELECT f.minor,f.mark,l.id,l.minor,l.mark,a.credited_minor,"
	"a.told_minor,l.decimals,l.currency,l.iccid,l.modem"
	" FROM account a CROSS JOIN balance f ON f.id = a.first_reading"
	" CROSS JOIN balance l ON l.id = a.last_reading WHERE a.name = ?1";

static void
tally_of(sqlite3_stmt *stmt, struct tally *t)
{
	t->first_minor = sqlite3_column_int64(stmt, 0);
	t->first_mark = sqlite3_column_int64(stmt, 1);
	t->last = sqlite3_column_int64(stmt, 2);
	t->last_minor = sqlite3_column_int64(stmt, 3);
	t->last_mark = sqlite3_column_int64(stmt, 4);
	t->credited_minor = sqlite3_column_int64(stmt, 5);
	t->told_minor = sqlite3_column_int64(stmt, 6);
	t->decimals = (unsigned)sqlite3_column_int64(stmt, 7);
	ledger_col_copy(stmt, 8, t->currency, sizeof(t->currency));
	ledger_col_copy(stmt, 9, t->iccid, sizeof(t->iccid));
	ledger_col_copy(stmt, 10, t->modem, sizeof(t->modem));
}

/* -ENOENT where the account never told a balance. */
static int
load(struct ledger *ledger, const char *account, struct tally *t)
{
	sqlite3_stmt *stmt =
		ledger_take(ledger, tally_sql, ledger_text(account));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1)
		tally_of(stmt, t);
	ledger_give(ledger, stmt);
	if (rc == 0)
		return -ENOENT;
	return rc == 1 ? 0 : rc;
}

static int64_t
unexplained(const struct tally *t)
{
	return less(less(t->last_minor, t->first_minor), t->credited_minor);
}

/* Whether the new reading goes on from the newest before: the same money.
 * Its mark in *mark. */
static int
goes_on(struct ledger *ledger, int64_t reading, int64_t before, int64_t *mark)
{
	return ledger_number(ledger,
		"SELECT n.mark FROM balance n JOIN balance b ON b.id = ?2"
		" AND b.currency = n.currency AND b.decimals = n.decimals"
		" WHERE n.id = ?1",
		mark, ledger_int(reading), ledger_int(before));
}

static int
begin_tally(struct ledger *ledger, const char *account, int64_t reading)
{
	return ledger_run(ledger,
		"INSERT INTO account(name,first_reading,last_reading)"
		" VALUES(?1,?2,?2) ON CONFLICT(name) DO UPDATE SET"
		" first_reading = ?2, last_reading = ?2, credited_minor = 0,"
		" credits_unknown = 0, told_minor = 0",
		ledger_text(account), ledger_int(reading));
}

static int
keep_told(struct ledger *ledger, const char *account, int64_t minor)
{
	return ledger_run(ledger,
		"UPDATE account SET told_minor = ?2 WHERE name = ?1",
		ledger_text(account), ledger_int(minor));
}

#define ADD_CREDIT                                                             \
	" credited_minor = min(" LEDGER_SUM_MAX ", credited_minor + ?2),"      \
	" credits_unknown = credits_unknown + ?3"

int
ledger_tally_reading(
	struct ledger *ledger, const char *account, int64_t reading)
{
	struct tally t;
	struct ledger_credits since;
	int64_t mark;
	int rc = load(ledger, account, &t);
	if (rc == 0)
		rc = goes_on(ledger, reading, t.last, &mark);
	if (rc == -ENOENT)
		return begin_tally(ledger, account, reading);
	if (rc == 0)
		rc = ledger_credits_between(
			ledger, account, t.last_mark, mark, &since);
	if (rc == 0)
		rc = ledger_run(ledger,
			"UPDATE account SET last_reading = ?4," ADD_CREDIT
			" WHERE name = ?1",
			ledger_text(account), ledger_int(since.minor),
			ledger_int(since.unknown), ledger_int(reading));
	/* Of a rise beside a credit of unknown worth nothing can be said. */
	if (rc == 0 && since.unknown > 0)
		rc = load(ledger, account, &t);
	if (rc == 0 && since.unknown > 0)
		rc = keep_told(ledger, account, unexplained(&t));
	return rc;
}

/* One that began after the newest reading is added with the next. */
int
ledger_tally_credit(struct ledger *ledger, int64_t attempt)
{
	return ledger_run(ledger,
		"UPDATE account SET credited_minor = min(" LEDGER_SUM_MAX
		", credited_minor + " LEDGER_CREDIT_OR_0 "),"
		" credits_unknown = credits_unknown + (NOT " LEDGER_CREDIT_KNOWN
		")"
		" FROM attempt a JOIN voucher v ON v.id = a.voucher"
		" WHERE a.id = ?1 AND account.name = a.account"
		" AND account.last_reading IS NOT NULL"
		" AND a.id > (SELECT mark FROM balance"
		"  WHERE id = account.first_reading)"
		" AND a.id <= (SELECT mark FROM balance"
		"  WHERE id = account.last_reading)",
		ledger_int(attempt));
}

/* ---- telling ----------------------------------------------------------- */

/* A card in doubt there that is worth exactly so much. */
static int
is_explained(
	struct ledger *ledger, const char *account, int64_t growth, bool *out)
{
	int64_t one;
	int rc = ledger_number(ledger,
		"SELECT 1 FROM attempt a INDEXED BY attempt_account_doubt"
		" CROSS JOIN voucher v ON v.id = a.voucher"
		" WHERE a.account = ?1 AND a.doubt = 1 AND v.amount = ?2",
		&one, ledger_text(account), ledger_int(growth));
	*out = rc == 0;
	return rc == -ENOENT ? 0 : rc;
}

static int
audit_unexplained(struct ledger *ledger, const struct ledger_op *op,
	const struct tally *t)
{
	struct ledger_note note = {.len = 0};
	ledger_note_text(&note, "iccid", t->iccid);
	ledger_note_money(&note, "unexplained", unexplained(t), t->decimals);
	ledger_note_money(&note, "was", t->told_minor, t->decimals);
	ledger_note_money(&note, "first", t->first_minor, t->decimals);
	ledger_note_money(&note, "balance", t->last_minor, t->decimals);
	ledger_note_money(&note, "credited", t->credited_minor, t->decimals);
	ledger_note_text(&note, "currency", t->currency);
	struct ledger_entry entry = {.event = "sim.unexplained",
		.modem = t->modem,
		.note = note.text};
	return ledger_audit_add(ledger, op, &entry);
}

int
ledger_tally_tell(struct ledger *ledger, const struct ledger_op *op,
	const char *account, bool grows)
{
	struct tally t;
	bool explained;
	int rc = load(ledger, account, &t);
	if (rc != 0)
		return rc == -ENOENT ? 0 : rc;
	int64_t now = unexplained(&t);
	if (now == t.told_minor)
		return 0;
	if (size_of(now) <= size_of(t.told_minor))
		return keep_told(ledger, account, now);
	if (!grows)
		return 0;
	rc = is_explained(ledger, account, less(now, t.told_minor), &explained);
	if (rc != 0 || explained)
		return rc;
	rc = audit_unexplained(ledger, op, &t);
	return rc == 0 ? keep_told(ledger, account, now) : rc;
}

/* A credit lowers what is not explained, or takes it below zero until the
 * next reading shows it: only what was no credit may be told. An account that
 * comes twice has nothing more to tell. */
int
ledger_tally_tell_all(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card)
{
	char account[LEDGER_TARGET_MAX];
	int rc;
	if (!voucher_has_ended(card->state))
		return 0;
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT account FROM attempt WHERE voucher = ?1",
		ledger_int(card->id));
	if (stmt == NULL)
		return -EIO;
	while ((rc = ledger_step(ledger, stmt)) == 1) {
		ledger_col_copy(stmt, 0, account, sizeof(account));
		rc = ledger_tally_tell(
			ledger, op, account, card->state != VOUCHER_LOADED);
		if (rc != 0)
			break;
	}
	ledger_give(ledger, stmt);
	return rc;
}

/* ---- the whole list ---------------------------------------------------- */

struct list {
	struct ledger *ledger;
	ledger_reconcile_fn *fn;
	void *ctx;
};

/*
 * Of each account the newest reading, and the one to begin with: its first,
 * or the last at or before that moment.
 */
static const char list_sql[] =
	"SELECT a.name,l.iccid,l.modem,ifnull(s.operator,''),l.currency,"
	"l.decimals,t.minor,l.minor,t.at,l.at,t.mark,l.mark,"
	"t.id = a.first_reading,a.credited_minor,a.credits_unknown"
	" FROM account a INDEXED BY account_told"
	" CROSS JOIN balance l ON l.id = a.last_reading"
	" CROSS JOIN balance t ON t.id = ifnull((SELECT b.id FROM balance b"
	"  WHERE ?1 > 0 AND b.account = a.name"
	"  AND b.id >= a.first_reading AND b.at <= ?1 ORDER BY b.id DESC LIMIT "
	"1), a.first_reading)"
	" LEFT JOIN sim s ON s.iccid = l.iccid"
	" WHERE a.last_reading IS NOT NULL ORDER BY a.name";

static int
count_open(struct ledger *ledger, struct ledger_reconcile *r)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT count(*), ifnull(sum(CASE WHEN ifnull(v.amount, -1)"
		"  BETWEEN 0 AND " LEDGER_CREDIT_MAX
		"  THEN v.amount ELSE 0 END), 0) FROM voucher v"
		" WHERE v.state = 'unknown' AND v.id IN (SELECT voucher"
		"  FROM attempt INDEXED BY attempt_account_doubt"
		"  WHERE account = ?1 AND doubt = 1)",
		ledger_text(r->account));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1) {
		r->open = (unsigned)sqlite3_column_int64(stmt, 0);
		r->open_minor = sqlite3_column_int64(stmt, 1);
	}
	ledger_give(ledger, stmt);
	return rc == 1 ? 0 : -EIO;
}

/* From the first reading on they are kept. */
static int
credits_of(struct ledger *ledger, sqlite3_stmt *stmt, const char *account,
	struct ledger_credits *out)
{
	if (sqlite3_column_int64(stmt, 12) == 0)
		return ledger_credits_between(ledger, account,
			sqlite3_column_int64(stmt, 10),
			sqlite3_column_int64(stmt, 11), out);
	out->minor = sqlite3_column_int64(stmt, 13);
	out->unknown = sqlite3_column_int64(stmt, 14);
	return 0;
}

static int
give_one(const struct list *list, sqlite3_stmt *stmt, bool *more)
{
	struct ledger_credits credits;
	struct ledger_reconcile r = {.account = ledger_col_text(stmt, 0),
		.iccid = ledger_col_text(stmt, 1),
		.modem = ledger_col_text(stmt, 2),
		.operator= ledger_col_text(stmt, 3),
		.currency = ledger_col_text(stmt, 4),
		.decimals = (unsigned)sqlite3_column_int64(stmt, 5),
		.then_minor = sqlite3_column_int64(stmt, 6),
		.now_minor = sqlite3_column_int64(stmt, 7),
		.then_wall_ms = sqlite3_column_int64(stmt, 8),
		.now_wall_ms = sqlite3_column_int64(stmt, 9)};
	int rc = credits_of(list->ledger, stmt, r.account, &credits);
	if (rc == 0)
		rc = count_open(list->ledger, &r);
	if (rc != 0)
		return rc;
	r.credited_minor = credits.minor;
	r.credits_unknown = (unsigned)credits.unknown;
	r.unexplained_minor =
		less(less(r.now_minor, r.then_minor), r.credited_minor);
	*more = list->fn(list->ctx, &r);
	return 0;
}

int
ledger_each_reconcile(struct ledger *ledger, int64_t since_wall_ms,
	ledger_reconcile_fn *fn, void *ctx)
{
	const struct list list = {.ledger = ledger, .fn = fn, .ctx = ctx};
	sqlite3_stmt *stmt =
		ledger_take(ledger, list_sql, ledger_int(since_wall_ms));
	if (stmt == NULL)
		return -EIO;
	int rc;
	bool more = true;
	while (more && (rc = ledger_step(ledger, stmt)) == 1) {
		rc = give_one(&list, stmt, &more);
		if (rc != 0)
			break;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : 0;
}
