/*
 * ledger_message: operators' messages as they came, each of them once, and
 * the attempts that may have caused one. It must never let messages fill the
 * disk, nor forget one that decided before one that did not.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/words.h"

enum {
	WINDOW_MS = 60000,
	ENTRIES_MAX = 30, /* audit entries of one SIM in a window */
	SENDER_SHOWN = 6, /* longer ones of digits may be somebody's number */
	SENDER_END = 4
};

/* ---- keeping ----------------------------------------------------------- */

/* -EEXIST for a copy; result.id is then the first. */
static int
check_copy(struct ledger *ledger, const struct ledger_message_keep *m,
	struct ledger_result *result)
{
	int rc = ledger_number(ledger,
		"SELECT id FROM message WHERE iccid = ?1 AND digest = ?2",
		&result->id, ledger_text(m->iccid),
		ledger_blob(m->digest, sizeof(m->digest)));
	if (rc == 0)
		return -EEXIST;
	return rc == -ENOENT ? 0 : rc;
}

static int
insert(struct ledger *ledger, const struct ledger_op *op)
{
	const struct ledger_message_keep *m = &op->u.message_keep;
	return ledger_run(ledger,
		"INSERT INTO message(iccid,modem,sender,smsc,stamp,text,digest,"
		"arrived,arrived_ran,verdict,rule,amount,deducted,bonus,"
		"balance,attempt,waits,why,serial)"
		" VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,"
		"?16,?17,?18,?19)",
		ledger_text(m->iccid), ledger_text(m->modem),
		ledger_text(m->sender), ledger_text(m->smsc),
		ledger_int(m->stamp_wall_ms), ledger_text(m->text),
		ledger_blob(m->digest, sizeof(m->digest)),
		ledger_int(op->at.wall_ms), ledger_int(op->at.ran_ms),
		ledger_text(verdict_name(m->verdict)), ledger_text(m->rule),
		ledger_money(m->amount_minor), ledger_money(m->deducted_minor),
		ledger_money(m->bonus_minor), ledger_money(m->balance_minor),
		ledger_ref(m->attempt), ledger_int(m->waits),
		ledger_text(m->why), ledger_text(m->serial));
}

/* Those that decided nothing go first, the oldest before. */
static int
make_room(struct ledger *ledger, const char *iccid)
{
	int64_t kept;
	int rc = ledger_number(ledger,
		"SELECT count(*) FROM message WHERE iccid = ?1", &kept,
		ledger_text(iccid));
	if (rc != 0 || kept < LEDGER_MESSAGES_MAX)
		return rc;
	return ledger_run(ledger,
		"DELETE FROM message WHERE id = ifnull("
		"(SELECT min(id) FROM message WHERE iccid = ?1"
		"  AND attempt IS NULL),"
		"(SELECT min(id) FROM message WHERE iccid = ?1"
		"  AND waits = 0))",
		ledger_text(iccid));
}

/*
 * Audit goes to syslog: of a subscriber's number only its end is told, and
 * of a name only what cannot look like another field of the note.
 */
static void
note_sender(struct ledger_note *note, const char *sender)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+-.";
	char word[LEDGER_NAME_MAX];
	size_t len = strlen(sender);
	if (len > SENDER_SHOWN && strspn(sender, "+0123456789") == len) {
		ledger_note_text(note, "sender_end", sender + len - SENDER_END);
		return;
	}
	(void)span_copy(word, sizeof(word), span_str(sender)); /* fits */
	for (char *c = word; *c != '\0'; c++)
		if (strchr(plain, *c) == NULL)
			*c = '_';
	ledger_note_text(note, "sender", word);
}

static int
audit_message(
	struct ledger *ledger, const struct ledger_op *op, int64_t message)
{
	const struct ledger_message_keep *m = &op->u.message_keep;
	struct ledger_note note = {.len = 0};
	ledger_note_number(&note, "message", message);
	note_sender(&note, m->sender);
	ledger_note_text(&note, "verdict", verdict_name(m->verdict));
	ledger_note_text(&note, "rule", m->rule);
	ledger_note_number(&note, "attempt", m->attempt);
	ledger_note_text(&note, "why", m->why);
	struct ledger_entry entry = {
		.event = "sim.message", .modem = m->modem, .note = note.text};
	return ledger_audit_add(ledger, op, &entry);
}

/* Of a flood the first are told one by one; all are in the table. */
static int
audit_bounded(
	struct ledger *ledger, const struct ledger_op *op, int64_t message)
{
	const struct ledger_message_keep *m = &op->u.message_keep;
	int64_t recent;
	int rc = ledger_number(ledger,
		"SELECT count(*) FROM message WHERE iccid = ?1"
		" AND arrived_ran > ?2",
		&recent, ledger_text(m->iccid),
		ledger_int(op->at.ran_ms - WINDOW_MS));
	if (rc != 0 || recent > ENTRIES_MAX + 1)
		return rc;
	if (recent <= ENTRIES_MAX)
		return audit_message(ledger, op, message);
	struct ledger_entry entry = {.event = "sim.message",
		.modem = m->modem,
		.note = "(too many messages: more of this minute are not "
			"told)"};
	return ledger_audit_add(ledger, op, &entry);
}

int
ledger_take_message(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_message_keep *m = &op->u.message_keep;
	if (m->iccid[0] == '\0' || (unsigned)m->verdict >= VERDICT_COUNT)
		return -EINVAL;
	int rc = check_copy(ledger, m, result);
	if (rc == 0)
		rc = make_room(ledger, m->iccid);
	if (rc == 0)
		rc = insert(ledger, op);
	if (rc != 0)
		return rc;
	result->id = sqlite3_last_insert_rowid(ledger->db);
	return audit_bounded(ledger, op, result->id);
}

int
ledger_take_message_done(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_message_done *d = &op->u.message_done;
	int rc = ledger_run(ledger,
		"UPDATE message SET waits = 0, why = ?2,"
		" attempt = ?3"
		" WHERE id = ?1 AND waits = 1",
		ledger_int(d->message), ledger_text(d->why),
		ledger_ref(d->attempt));
	if (rc == 0 && sqlite3_changes(ledger->db) != 1)
		return -EINVAL;
	result->id = d->message;
	return rc;
}

/* ---- reading messages -------------------------------------------------- */

enum {
	COL_ID,
	COL_ICCID,
	COL_MODEM,
	COL_SENDER,
	COL_SMSC,
	COL_TEXT,
	COL_RULE,
	COL_WHY,
	COL_STAMP,
	COL_ARRIVED,
	COL_VERDICT,
	COL_AMOUNT,
	COL_DEDUCTED,
	COL_BONUS,
	COL_BALANCE,
	COL_ATTEMPT,
	COL_VOUCHER,
	COL_WAITS,
	COL_SERIAL,
	COL_ARRIVED_RAN
};

#define MESSAGE_COLUMNS                                                        \
	"SELECT m.id,m.iccid,m.modem,m.sender,m.smsc,m.text,m.rule,m.why,"     \
	"m.stamp,m.arrived,m.verdict,m.amount,m.deducted,m.bonus,m.balance,"   \
	"ifnull(m.attempt,0),ifnull(a.voucher,0),m.waits,m.serial,"            \
	"m.arrived_ran"                                                        \
	" FROM message m LEFT JOIN attempt a ON a.id = m.attempt"

static void
message_of(sqlite3_stmt *stmt, struct ledger_message *out)
{
	*out = (struct ledger_message){
		.id = sqlite3_column_int64(stmt, COL_ID),
		.iccid = ledger_col_text(stmt, COL_ICCID),
		.modem = ledger_col_text(stmt, COL_MODEM),
		.sender = ledger_col_text(stmt, COL_SENDER),
		.smsc = ledger_col_text(stmt, COL_SMSC),
		.text = ledger_col_text(stmt, COL_TEXT),
		.rule = ledger_col_text(stmt, COL_RULE),
		.serial = ledger_col_text(stmt, COL_SERIAL),
		.why = ledger_col_text(stmt, COL_WHY),
		.stamp_wall_ms = sqlite3_column_int64(stmt, COL_STAMP),
		.arrived = {.wall_ms = sqlite3_column_int64(stmt, COL_ARRIVED),
			.ran_ms = sqlite3_column_int64(stmt, COL_ARRIVED_RAN)},
		.amount_minor = ledger_col_money(stmt, COL_AMOUNT),
		.deducted_minor = ledger_col_money(stmt, COL_DEDUCTED),
		.bonus_minor = ledger_col_money(stmt, COL_BONUS),
		.balance_minor = ledger_col_money(stmt, COL_BALANCE),
		.attempt = sqlite3_column_int64(stmt, COL_ATTEMPT),
		.voucher = sqlite3_column_int64(stmt, COL_VOUCHER),
		.waits = sqlite3_column_int64(stmt, COL_WAITS) != 0,
	};
	/* The ledger wrote the word itself. */
	(void)verdict_from_name(
		span_str(ledger_col_text(stmt, COL_VERDICT)), &out->verdict);
}

static int
each(struct ledger *ledger, sqlite3_stmt *stmt, ledger_message_fn *fn,
	void *ctx)
{
	if (stmt == NULL)
		return -EIO;
	struct ledger_message m;
	int rc;
	while ((rc = ledger_step(ledger, stmt)) == 1) {
		message_of(stmt, &m);
		if (!fn(ctx, &m))
			break;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : 0;
}

#define MESSAGES_SQL                                                           \
	MESSAGE_COLUMNS                                                        \
	" WHERE m.id > ?1 AND m.id < ?2 AND (?3 = '' OR m.modem = ?3)"         \
	" AND (?4 = 0 OR m.attempt = ?4) ORDER BY m.id "

int
ledger_each_message(struct ledger *ledger,
	const struct ledger_message_filter *filter, ledger_message_fn *fn,
	void *ctx)
{
	int64_t limit = filter->limit > 0 ? filter->limit : -1;
	if (filter->waits)
		return each(ledger,
			ledger_take(ledger,
				MESSAGE_COLUMNS
				" WHERE m.waits = 1 AND m.id > ?1"
				" AND (?2 = 0 OR m.attempt = ?2)"
				" ORDER BY m.id LIMIT ?3",
				ledger_int(filter->after),
				ledger_int(filter->attempt), ledger_int(limit)),
			fn, ctx);
	const char *sql = filter->newest ? MESSAGES_SQL "DESC LIMIT ?5"
	                                 : MESSAGES_SQL "LIMIT ?5";
	return each(ledger,
		ledger_take(ledger, sql, ledger_int(filter->after),
			ledger_int(filter->before > 0 ? filter->before
						      : INT64_MAX),
			ledger_text(filter->modem ? filter->modem : ""),
			ledger_int(filter->attempt), ledger_int(limit)),
		fn, ctx);
}

/* ---- what may have caused one ------------------------------------------ */

static struct span
text_of(sqlite3_value *value)
{
	const char *text = (const char *)sqlite3_value_text(value);
	return span_str(text ? text : "");
}

static void
on_same_words(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count; /* as it was made: two */
	sqlite3_result_int(context,
		words_are_same(text_of(values[0]), text_of(values[1])));
}

int
ledger_teach_words(struct ledger *ledger)
{
	return sqlite3_create_function(ledger->db, "same_words", 2,
		       SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, on_same_words,
		       NULL, NULL) == SQLITE_OK
	               ? 0
	               : -EIO;
}

#define CAUSE_COLUMNS                                                          \
	"SELECT a.id,a.voucher,a.ended IS NULL,a.flying,a.verdict,v.state,"    \
	"v.amount,v.serial,v.target,v.own,a.began,a.began_ran,"                \
	"EXISTS (SELECT 1 FROM message m WHERE m.attempt = a.id),"             \
	"EXISTS (SELECT 1 FROM message m WHERE m.attempt = a.id"               \
	" AND same_words(m.text, ?1)),"                                        \
	"v.attempts,v.on_air,v.busy,a.balance_before,a.iccid,a.account,"
#define CAUSE_TABLES " FROM attempt a JOIN voucher v ON v.id = a.voucher"

static void
cause_of(sqlite3_stmt *stmt, struct ledger_cause *out)
{
	*out = (struct ledger_cause){
		.attempt = sqlite3_column_int64(stmt, 0),
		.voucher = sqlite3_column_int64(stmt, 1),
		.open = sqlite3_column_int64(stmt, 2) != 0,
		.flying = sqlite3_column_int64(stmt, 3) != 0,
		.card_minor = ledger_col_money(stmt, 6),
		.serial = ledger_col_text(stmt, 7),
		.target = ledger_col_text(stmt, 8),
		.own = sqlite3_column_int64(stmt, 9) != 0,
		.began = {.wall_ms = sqlite3_column_int64(stmt, 10),
			.ran_ms = sqlite3_column_int64(stmt, 11)},
		.read = sqlite3_column_int64(stmt, 12) != 0,
		.same_words = sqlite3_column_int64(stmt, 13) != 0,
		.attempts = (unsigned)sqlite3_column_int64(stmt, 14),
		.on_air = (unsigned)sqlite3_column_int64(stmt, 15),
		.busy = (unsigned)sqlite3_column_int64(stmt, 16),
		.balance_before_minor = ledger_col_money(stmt, 17),
		.iccid = ledger_col_text(stmt, 18),
		.account = ledger_col_text(stmt, 19),
		.elsewhere = sqlite3_column_int64(stmt, 20) != 0,
	};
	/* Both words are the schema's or our own. */
	(void)verdict_from_name(
		span_str(ledger_col_text(stmt, 4)), &out->verdict);
	(void)voucher_state_from_name(
		span_str(ledger_col_text(stmt, 5)), &out->state);
}

/* Numbers grow with time: the day is a span of them (above ?4), and all three
 * indexes hold them in order. */
static const char causes_sql[] =
	"WITH dialled(account) AS (SELECT ?3 UNION SELECT account"
	" FROM attempt WHERE iccid = ?2 AND id > ?4) " CAUSE_COLUMNS
	"NOT (a.iccid = ?2 OR a.account = ?3)" CAUSE_TABLES
	" WHERE a.fate IS NOT 'not_sent' AND a.id IN"
	" (SELECT id FROM attempt WHERE iccid = ?2 AND id > ?4"
	"  UNION SELECT id FROM attempt WHERE id > ?4 AND account IN dialled"
	"  UNION SELECT id FROM attempt WHERE id > ?4 AND operator = ?5"
	"   AND own = 0 AND fate IS NOT 'not_sent')";

static sqlite3_stmt *
take_causes(struct ledger *ledger, const struct ledger_cause_query *q)
{
	const char *text = q->text ? q->text : "";
	if (q->attempt != 0)
		return ledger_take(ledger,
			CAUSE_COLUMNS "0" CAUSE_TABLES " WHERE a.id = ?2"
				      " AND a.fate IS NOT 'not_sent'",
			ledger_text(text), ledger_int(q->attempt));
	int64_t before = 0;
	int rc = ledger_number(ledger,
		"SELECT id FROM attempt WHERE began_ran < ?1"
		" ORDER BY id DESC LIMIT 1",
		&before, ledger_int(q->since_ran_ms));
	if (rc != 0 && rc != -ENOENT)
		return NULL;
	return ledger_take(ledger, causes_sql, ledger_text(text),
		ledger_text(q->iccid), ledger_text(q->account),
		ledger_int(before), ledger_text(q->operator));
}

int
ledger_each_cause(struct ledger *ledger, const struct ledger_cause_query *q,
	ledger_cause_fn *fn, void *ctx)
{
	sqlite3_stmt *stmt = take_causes(ledger, q);
	if (stmt == NULL)
		return -EIO;
	struct ledger_cause cause;
	int rc;
	while ((rc = ledger_step(ledger, stmt)) == 1) {
		cause_of(stmt, &cause);
		if (!fn(ctx, &cause))
			break;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : 0;
}
