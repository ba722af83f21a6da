/*
 * ledger_figures: lists and sums for people, in walks of bounded steps. It
 * must never sort, nor look at more rows in one call than it was allowed.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* ---- claims -------------------------------------------------------------- */

/* Not "accepted": what was on air is, and rows that are being read are many. */
static const char all_sql[] =
	"SELECT " LEDGER_VOUCHER_COLUMNS " FROM voucher v NOT INDEXED"
	" CROSS JOIN batch b ON b.id = v.batch"
	" WHERE v.id > ?1 ORDER BY v.id LIMIT ?2";
static const char of_batch_sql[] =
	"SELECT " LEDGER_VOUCHER_COLUMNS " FROM voucher v"
	" INDEXED BY voucher_batch CROSS JOIN batch b ON b.id = v.batch"
	" WHERE v.batch = ?3 AND v.id > ?1 ORDER BY v.id LIMIT ?2";

static bool
is_claim(const struct ledger_voucher *v, const char *operator)
{
	if (v->on_air == 0 ||
		(operator[0] != '\0' && strcasecmp(v->operator, operator) != 0))
		return false;
	switch (v->state) {
	case VOUCHER_REJECTED:
	case VOUCHER_UNKNOWN:
	case VOUCHER_HELD:
		return true;
	case VOUCHER_READY:
	case VOUCHER_DIALING:
	case VOUCHER_PENDING:
	case VOUCHER_LOADED:
	case VOUCHER_CANCELLED:
	case VOUCHER_STATES:
		return false;
	}
	return false;
}

/* Hands over the card with its last attempt on air. 1: go on; 0: it was
 * enough; -EIO. */
static int
give_claim(struct ledger *ledger, const struct ledger_voucher *v,
	int64_t since_wall_ms, ledger_claim_fn *fn, void *ctx)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT began,iccid FROM attempt INDEXED BY attempt_voucher"
		" WHERE voucher = ?1 AND fate IS NOT 'not_sent'"
		" ORDER BY id DESC LIMIT 1",
		ledger_int(v->id));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt), on = 1;
	if (rc == 1 && sqlite3_column_int64(stmt, 0) >= since_wall_ms) {
		const struct ledger_claim claim = {.voucher = v,
			.at_wall_ms = sqlite3_column_int64(stmt, 0),
			.iccid = ledger_col_text(stmt, 1)};
		on = fn(ctx, &claim) ? 1 : 0;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : on;
}

int
ledger_each_claim(struct ledger *ledger,
	const struct ledger_claim_filter *filter, ledger_claim_fn *fn,
	void *ctx, int64_t *last)
{
	sqlite3_stmt *stmt = filter->batch == 0
	                             ? ledger_take(ledger, all_sql,
					       ledger_int(filter->after),
					       ledger_int(filter->look))
	                             : ledger_take(ledger, of_batch_sql,
					       ledger_int(filter->after),
					       ledger_int(filter->look),
					       ledger_int(filter->batch));
	if (stmt == NULL)
		return -EIO;
	int rc, on = 1;
	*last = 0;
	while (on == 1 && (rc = ledger_step(ledger, stmt)) == 1) {
		struct ledger_voucher v;
		ledger_voucher_of(stmt, &v);
		*last = v.id;
		if (is_claim(&v, filter->operator))
			on = give_claim(
				ledger, &v, filter->since_wall_ms, fn, ctx);
	}
	ledger_give(ledger, stmt);
	return on < 0 || rc < 0 ? -EIO : 0;
}

/* ---- what was dialled ---------------------------------------------------- */

/* The words of a card that has one attempt need no look at others. */
static const char figures_sql[] =
	"SELECT a.id,a.began,v.batch,v.operator,v.currency,v.decimals,v.state,"
	" CASE WHEN v.state = 'loaded' THEN"
	"  CASE WHEN " LEDGER_CREDIT_KNOWN " THEN " LEDGER_CREDIT " END"
	" WHEN v.amount BETWEEN 0 AND " LEDGER_CREDIT_MAX " THEN v.amount END,"
	" v.attempts = 1 OR a.id = ifnull("
	"  (SELECT max(c.id) FROM attempt c INDEXED BY attempt_voucher"
	"   WHERE c.voucher = a.voucher AND c.credited = 1),"
	"  (SELECT max(c.id) FROM attempt c INDEXED BY attempt_voucher"
	"   WHERE c.voucher = a.voucher AND c.fate IS NOT 'not_sent'))"
	" FROM attempt a INDEXED BY attempt_day"
	" CROSS JOIN voucher v ON v.id = a.voucher"
	" WHERE a.iccid = ?1 AND a.fate IS NOT 'not_sent' AND a.began >= ?2"
	" AND (a.began > ?2 OR a.id > ?3) ORDER BY a.began,a.id LIMIT ?4";

static bool
is_figure(enum voucher_state state)
{
	return state == VOUCHER_LOADED || state == VOUCHER_REJECTED ||
	       state == VOUCHER_UNKNOWN;
}

static void
give_figure(
	sqlite3_stmt *stmt, const char *iccid, ledger_figure_fn *fn, void *ctx)
{
	struct ledger_figure figure = {
		.began_wall_ms = sqlite3_column_int64(stmt, 1),
		.batch = sqlite3_column_int64(stmt, 2),
		.iccid = iccid,
		.operator= ledger_col_text(stmt, 3),
		.currency = ledger_col_text(stmt, 4),
		.decimals = (unsigned)sqlite3_column_int64(stmt, 5),
		.minor = ledger_col_money(stmt, 7)};
	if (voucher_state_from_name(
		    span_str(ledger_col_text(stmt, 6)), &figure.state) == 0 &&
		is_figure(figure.state) && sqlite3_column_int64(stmt, 8) != 0)
		fn(ctx, &figure);
}

/* How many it looked at; -EIO. */
static int64_t
walk_sim(struct ledger *ledger, struct ledger_figure_walk *walk, int64_t look,
	ledger_figure_fn *fn, void *ctx)
{
	sqlite3_stmt *stmt = ledger_take(ledger, figures_sql,
		ledger_text(walk->iccid), ledger_int(walk->began_wall_ms),
		ledger_int(walk->attempt), ledger_int(look));
	if (stmt == NULL)
		return -EIO;
	int64_t count = 0;
	int rc;
	while ((rc = ledger_step(ledger, stmt)) == 1) {
		count++;
		walk->attempt = sqlite3_column_int64(stmt, 0);
		walk->began_wall_ms = sqlite3_column_int64(stmt, 1);
		give_figure(stmt, walk->iccid, fn, ctx);
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : count;
}

/* 1: walk is at its begin; 0: there is none; -EIO. */
static int
next_sim(struct ledger *ledger, struct ledger_figure_walk *walk)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT iccid FROM attempt INDEXED BY attempt_day"
		" WHERE fate IS NOT 'not_sent' AND iccid > ?1"
		" ORDER BY iccid LIMIT 1",
		ledger_text(walk->iccid));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	char iccid[LEDGER_NAME_MAX];
	if (rc == 1)
		ledger_col_copy(stmt, 0, iccid, sizeof(iccid));
	ledger_give(ledger, stmt);
	if (rc != 1)
		return rc < 0 ? -EIO : 0;
	(void)span_copy(walk->iccid, sizeof(walk->iccid), span_str(iccid));
	walk->began_wall_ms = walk->since_wall_ms;
	walk->attempt = 0;
	return 1;
}

int
ledger_each_figure(struct ledger *ledger, struct ledger_figure_walk *walk,
	int64_t look, ledger_figure_fn *fn, void *ctx)
{
	while (look > 0) {
		if (walk->iccid[0] != '\0') {
			int64_t count = walk_sim(ledger, walk, look, fn, ctx);
			if (count < 0)
				return -EIO;
			if (count == look)
				return 1;
			look -= count;
		}
		int rc = next_sim(ledger, walk);
		if (rc != 1)
			return rc;
		look--; /* the search is a look, too */
	}
	return 1;
}

/* ---- what was told ------------------------------------------------------- */

int
ledger_next_teller(
	struct ledger *ledger, const char *after, struct ledger_teller *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT a.name,b.iccid,b.modem,"
		" ifnull((SELECT s.operator FROM sim s WHERE s.iccid = b.iccid"
		"  AND s.operator <> ''),a.operator),b.currency,b.decimals"
		" FROM account a INDEXED BY account_told"
		" CROSS JOIN balance b ON b.id = a.last_reading"
		" WHERE a.last_reading IS NOT NULL AND a.name > ?1"
		" ORDER BY a.name LIMIT 1",
		ledger_text(after));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1) {
		ledger_col_copy(stmt, 0, out->account, sizeof(out->account));
		ledger_col_copy(stmt, 1, out->iccid, sizeof(out->iccid));
		ledger_col_copy(stmt, 2, out->modem, sizeof(out->modem));
		ledger_col_copy(stmt, 3, out->operator, sizeof(out->operator));
		ledger_col_copy(stmt, 4, out->currency, sizeof(out->currency));
		out->decimals = (unsigned)sqlite3_column_int64(stmt, 5);
	}
	ledger_give(ledger, stmt);
	if (rc == 0)
		return -ENOENT;
	return rc < 0 ? -EIO : 0;
}

int
ledger_account_told(struct ledger *ledger, const char *modem, const char *iccid,
	char account[LEDGER_TARGET_MAX])
{
	char after[LEDGER_TARGET_MAX] = "";
	struct ledger_teller teller;
	int64_t newest = 0, id;
	if (iccid[0] != '\0')
		return ledger_account_of(ledger, iccid, account);
	int rc;
	while ((rc = ledger_next_teller(ledger, after, &teller)) == 0) {
		(void)span_copy(after, sizeof(after), span_str(teller.account));
		if (strcmp(teller.modem, modem) != 0)
			continue;
		rc = ledger_number(ledger,
			"SELECT last_reading FROM account WHERE name = ?1", &id,
			ledger_text(teller.account));
		if (rc != 0)
			return rc;
		if (id > newest)
			(void)span_copy(account, LEDGER_TARGET_MAX,
				span_str(teller.account));
		newest = id > newest ? id : newest;
	}
	if (rc != -ENOENT)
		return rc;
	return newest > 0 ? 0 : -ENOENT;
}

#define TOLD                                                                   \
	"SELECT id,at,minor,decimals,currency,modem,iccid FROM balance"        \
	" INDEXED BY balance_account WHERE account = ?1"

static const char onwards_sql[] = TOLD " AND id > ?2 ORDER BY id LIMIT ?3";
static const char backwards_sql[] =
	TOLD " AND id < ?2 ORDER BY id DESC LIMIT ?3";

static void
told_of(sqlite3_stmt *stmt, struct ledger_heard *out)
{
	*out = (struct ledger_heard){.id = sqlite3_column_int64(stmt, 0),
		.at_wall_ms = sqlite3_column_int64(stmt, 1),
		.minor = sqlite3_column_int64(stmt, 2),
		.decimals = (unsigned)sqlite3_column_int64(stmt, 3),
		.currency = ledger_col_text(stmt, 4),
		.modem = ledger_col_text(stmt, 5),
		.iccid = ledger_col_text(stmt, 6)};
}

int
ledger_each_heard(struct ledger *ledger,
	const struct ledger_heard_filter *filter, ledger_heard_fn *fn,
	void *ctx)
{
	int64_t below = filter->before > 0 ? filter->before : INT64_MAX;
	sqlite3_stmt *stmt = ledger_take(ledger,
		filter->backwards ? backwards_sql : onwards_sql,
		ledger_text(filter->account),
		ledger_int(filter->backwards ? below : filter->after),
		ledger_int(filter->limit));
	if (stmt == NULL)
		return -EIO;
	int rc;
	while ((rc = ledger_step(ledger, stmt)) == 1) {
		struct ledger_heard told;
		told_of(stmt, &told);
		if (!fn(ctx, &told))
			break;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : 0;
}
