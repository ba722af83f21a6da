/*
 * ledger_proof: the facts on which what comes late is weighed: the last
 * attempt of a SIM, the one in doubt on an account with the reading before
 * it, the card that may be repeated. It gives facts; where one is not known
 * it must give the one that withholds.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <string.h>

/* ---- the proof by balance ---------------------------------------------- */

/*
 * The newest attempt in doubt (those in the air are), and the reading that
 * was the account's last when it began.
 */
static const char proof_sql[] =
	"SELECT a.id,a.voucher,a.flying,v.own,v.decimals,v.currency,v.amount,"
	"a.deducted,a.bonus,a.iccid,v.serial,a.began,a.ended,v.operator,"
	"b.id,b.minor,b.decimals,b.currency,b.shown,b.mark,"
	"ifnull((SELECT spoiled_seq FROM account WHERE name = ?1),0) > b.seq"
	" FROM attempt a JOIN voucher v ON v.id = a.voucher"
	" LEFT JOIN balance b ON b.id = a.before_reading"
	" WHERE a.id = (SELECT id FROM attempt INDEXED BY"
	"  attempt_account_doubt WHERE account = ?1 AND doubt = 1"
	"  ORDER BY id DESC LIMIT 1)";

struct span_of_proof {
	int64_t mark; /* of the reading before; 0 where there is none */
	char operator[LEDGER_NAME_MAX];
};

static void
before_of(sqlite3_stmt *stmt, struct ledger_proof *out,
	struct span_of_proof *span)
{
	unsigned decimals = (unsigned)sqlite3_column_int64(stmt, 16);
	/* In other parts of the money it cannot be compared. */
	out->has_before = sqlite3_column_type(stmt, 14) != SQLITE_NULL &&
	                  decimals == out->decimals;
	out->before_minor = ledger_col_money(stmt, 15);
	ledger_col_copy(
		stmt, 17, out->before_currency, sizeof(out->before_currency));
	out->before_shown = sqlite3_column_int64(stmt, 18) != 0;
	span->mark = sqlite3_column_int64(stmt, 19);
	out->spoiled = sqlite3_column_int64(stmt, 20) != 0;
}

static void
proof_of(sqlite3_stmt *stmt, struct ledger_proof *out,
	struct span_of_proof *span)
{
	out->attempt = sqlite3_column_int64(stmt, 0);
	out->voucher = sqlite3_column_int64(stmt, 1);
	out->in_the_air = sqlite3_column_int64(stmt, 2) != 0;
	out->own = sqlite3_column_int64(stmt, 3) != 0;
	out->decimals = (unsigned)sqlite3_column_int64(stmt, 4);
	ledger_col_copy(
		stmt, 5, out->card_currency, sizeof(out->card_currency));
	out->card_minor = ledger_col_money(stmt, 6);
	out->deducted_minor = ledger_col_money(stmt, 7);
	out->bonus_minor = ledger_col_money(stmt, 8);
	ledger_col_copy(stmt, 9, out->iccid, sizeof(out->iccid));
	ledger_col_copy(stmt, 10, out->serial, sizeof(out->serial));
	out->began_wall_ms = sqlite3_column_int64(stmt, 11);
	out->ended_wall_ms = sqlite3_column_int64(stmt, 12);
	ledger_col_copy(stmt, 13, span->operator, sizeof(span->operator));
	before_of(stmt, out, span);
}

/* Another on the account, between the reading and this one, or later: what
 * was surely not sent moved nothing. */
static const char since_sql[] =
	"SELECT"
	" (SELECT count(*) FROM attempt INDEXED BY attempt_account_doubt"
	"  WHERE account = ?1 AND doubt = 1)"
	/* ... and those of the SIM from when its account had another name */
	" + (SELECT count(*) FROM attempt INDEXED BY attempt_doubt"
	"  WHERE iccid = ?5 AND doubt = 1 AND own = 1 AND account <> ?1),"
	" EXISTS (SELECT 1 FROM attempt INDEXED BY attempt_of_account"
	"  WHERE account = ?1 AND id > ?2 AND id < ?3"
	"  AND fate IS NOT 'not_sent'),"
	" EXISTS (SELECT 1 FROM attempt INDEXED BY attempt_of_account"
	"  WHERE account = ?1 AND id > ?3 AND fate IS NOT 'not_sent'),"
	" EXISTS (SELECT 1 FROM attempt INDEXED BY attempt_number"
	"  WHERE operator = ?4 AND own = 0 AND fate IS NOT 'not_sent'"
	"  AND id > ?2 AND id <> ?3)"
	/* ... or through another profile of the same network */
	" OR EXISTS (SELECT 1 FROM attempt a CROSS JOIN sim s"
	"  ON s.iccid = a.iccid WHERE a.id > ?2 AND a.id <> ?3 AND a.own = 0"
	"  AND a.fate IS NOT 'not_sent' AND a.operator <> ?4"
	"  AND s.imsi <> '' AND substr(s.imsi,1,5) = (SELECT substr(imsi,1,5) "
	"FROM sim"
	"   WHERE iccid = ?5))";

static int
look_since(struct ledger *ledger, const char *account,
	const struct span_of_proof *span, struct ledger_proof *out)
{
	sqlite3_stmt *stmt =
		ledger_take(ledger, since_sql, ledger_text(account),
			ledger_int(span->mark), ledger_int(out->attempt),
			ledger_text(span->operator), ledger_text(out->iccid));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1) {
		bool between = sqlite3_column_int64(stmt, 1) != 0;
		bool after = sqlite3_column_int64(stmt, 2) != 0;
		out->open = (unsigned)sqlite3_column_int64(stmt, 0);
		out->has_before = out->has_before && !between;
		out->dialled_since = between || after;
		out->others_since = sqlite3_column_int64(stmt, 3) != 0;
	}
	ledger_give(ledger, stmt);
	return rc == 1 ? 0 : -EIO;
}

int
ledger_proof(
	struct ledger *ledger, const char *account, struct ledger_proof *out)
{
	struct ledger_proof proof = {.attempt = 0};
	struct span_of_proof span = {.mark = 0};
	sqlite3_stmt *stmt =
		ledger_take(ledger, proof_sql, ledger_text(account));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1)
		proof_of(stmt, &proof, &span);
	ledger_give(ledger, stmt);
	if (rc != 1)
		return rc == 0 ? -ENOENT : -EIO;
	if (look_since(ledger, account, &span, &proof) != 0)
		return -EIO;
	*out = proof;
	return 0;
}

/* ---- the last attempt of a SIM ----------------------------------------- */

/* What was surely not sent is no attempt that an answer can be of. */
static const char last_sql[] =
	"SELECT a.id,a.voucher,v.state,a.fate,a.verdict,a.began,a.began_ran,"
	"a.ended,a.ended_ran,v.on_air,(SELECT count(*) FROM attempt INDEXED BY"
	"  attempt_doubt WHERE iccid = ?1 AND doubt = 1),"
	"v.amount,v.decimals,v.own,v.repeated,a.balance_before,v.serial,"
	"a.account,v.operator,a.reply,a.doubt,"
	"ifnull((SELECT b.ended FROM attempt b INDEXED BY attempt_of_account"
	"  WHERE b.account = a.account AND b.id < a.id"
	"  AND b.fate IS NOT 'not_sent' ORDER BY b.id DESC LIMIT 1),0)"
	" FROM attempt a INDEXED BY attempt_sim"
	" CROSS JOIN voucher v ON v.id = a.voucher"
	" WHERE a.iccid = ?1 AND a.fate IS NOT 'not_sent'"
	" ORDER BY a.id DESC LIMIT 1";

static void
last_texts(sqlite3_stmt *stmt, struct ledger_last *out)
{
	ledger_col_copy(stmt, 16, out->serial, sizeof(out->serial));
	ledger_col_copy(stmt, 17, out->account, sizeof(out->account));
	ledger_col_copy(stmt, 18, out->operator, sizeof(out->operator));
	ledger_col_copy(stmt, 19, out->reply, sizeof(out->reply));
}

static void
last_of(sqlite3_stmt *stmt, struct ledger_last *out)
{
	const char *fate = ledger_col_text(stmt, 3);
	*out = (struct ledger_last){.attempt = sqlite3_column_int64(stmt, 0),
		.voucher = sqlite3_column_int64(stmt, 1),
		.open = fate[0] == '\0',
		.fate = strcmp(fate, "answered") == 0 ? LEDGER_ANSWERED
	                                              : LEDGER_MAYBE_SENT,
		.began_wall_ms = sqlite3_column_int64(stmt, 5),
		.began_ran_ms = sqlite3_column_int64(stmt, 6),
		.ended_wall_ms = sqlite3_column_int64(stmt, 7),
		.ended_ran_ms = sqlite3_column_int64(stmt, 8),
		.on_air = (unsigned)sqlite3_column_int64(stmt, 9),
		.in_doubt = (unsigned)sqlite3_column_int64(stmt, 10),
		.doubt = sqlite3_column_int64(stmt, 20) != 0,
		.before_wall_ms = sqlite3_column_int64(stmt, 21),
		.card_minor = ledger_col_money(stmt, 11),
		.decimals = (unsigned)sqlite3_column_int64(stmt, 12),
		.own = sqlite3_column_int64(stmt, 13) != 0,
		.repeated = sqlite3_column_int64(stmt, 14) != 0,
		.balance_before_minor = ledger_col_money(stmt, 15)};
	/* The schema has no other state, and another hand's verdict is none. */
	(void)voucher_state_from_name(
		span_str(ledger_col_text(stmt, 2)), &out->state);
	(void)verdict_from_name(
		span_str(ledger_col_text(stmt, 4)), &out->verdict);
	last_texts(stmt, out);
}

int
ledger_last(struct ledger *ledger, const char *iccid, struct ledger_last *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger, last_sql, ledger_text(iccid));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1)
		last_of(stmt, out);
	ledger_give(ledger, stmt);
	if (rc == 0)
		*out = (struct ledger_last){.attempt = 0,
			.card_minor = MONEY_NONE,
			.balance_before_minor = MONEY_NONE};
	return rc < 0 ? -EIO : 0;
}

/* ---- repeat = once ----------------------------------------------------- */

/*
 * The attempt to repeat is its voucher's last, was dialled by this SIM, and
 * all that may be asked about the voucher was asked in vain.
 */
#define REPEATABLE                                                             \
	" FROM attempt a INDEXED BY attempt_doubt"                             \
	" CROSS JOIN voucher v ON v.id = a.voucher"                            \
	" CROSS JOIN batch b ON b.id = v.batch"                                \
	" CROSS JOIN sim s ON s.iccid = a.iccid"                               \
	" WHERE a.iccid = ?1 AND a.doubt = 1 AND a.flying = 0"                 \
	" AND s.fence = 0"                                                     \
	" AND v.state = 'unknown' AND v.repeated = 0"                          \
	" AND v.reason IN ('no_answer','broken','restart','no_sms')"           \
	" AND NOT EXISTS (SELECT 1 FROM attempt c WHERE c.voucher = v.id"      \
	"  AND c.fate <> 'not_sent' AND (c.id > a.id"                          \
	"   OR (c.doubt = 1 AND c.asked = 0)))"

int64_t
ledger_repeatable(
	struct ledger *ledger, const char *iccid, const char *operator)
{
	int64_t id;
	/* What cannot be read is not dialled. */
	int rc = ledger_number(ledger,
		"SELECT v.id" REPEATABLE
		" AND v.operator = ?2 AND b.may_dial = 1"
		" AND NOT EXISTS (SELECT 1 FROM attempt f"
		"  WHERE f.account = a.account AND f.flying = 1)"
		" AND NOT EXISTS (SELECT 1 FROM attempt f"
		"  WHERE f.iccid = ?1 AND f.flying = 1)"
		" ORDER BY a.id LIMIT 1",
		&id, ledger_text(iccid), ledger_text(operator));
	return rc == 0 ? id : 0;
}

int
ledger_repeat_check(struct ledger *ledger, const char *iccid, int64_t voucher)
{
	int64_t one;
	int rc = ledger_number(ledger, "SELECT 1" REPEATABLE " AND v.id = ?2",
		&one, ledger_text(iccid), ledger_int(voucher));
	return rc == -ENOENT ? -EINVAL : rc;
}
