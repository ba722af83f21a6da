/*
 * ledger_follow: the codes that a SIM owes its operator after a recharge. It
 * must never let one begin twice, unless the first was surely not sent.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const fate_names[] = {
	[LEDGER_NOT_SENT] = "not_sent",
	[LEDGER_MAYBE_SENT] = "maybe_sent",
	[LEDGER_ANSWERED] = "answered",
};

static const char *const state_names[] = {
	[LEDGER_FOLLOW_OWED] = "owed",
	[LEDGER_FOLLOW_DIALING] = "dialing",
	[LEDGER_FOLLOW_DONE] = "done",
	[LEDGER_FOLLOW_FAILED] = "failed",
	[LEDGER_FOLLOW_DROPPED] = "dropped",
};

enum {
	FATES = sizeof(fate_names) / sizeof(fate_names[0]),
	STATES = sizeof(state_names) / sizeof(state_names[0]),
	STEPS = 9
};

const char *
ledger_follow_state_name(enum ledger_follow_state state)
{
	return state_names[state];
}

/* ---- what is owed ------------------------------------------------------ */

static int
owe_step(
	struct ledger *ledger, int64_t attempt, unsigned step, const char *code)
{
	return ledger_run(ledger,
		"INSERT INTO follow_up(iccid,voucher,step,code)"
		" SELECT iccid,voucher,?2,?3 FROM attempt WHERE id = ?1"
		" ON CONFLICT(voucher, step) DO NOTHING",
		ledger_int(attempt), ledger_int(step), ledger_text(code));
}

/* "STEP CODE\n" after another. */
static int
owe_list(struct ledger *ledger, int64_t attempt, char *list)
{
	int rc = 0;
	char *rest = list, *line;
	while (rc == 0 && (line = strsep(&rest, "\n")) != NULL) {
		unsigned step = (unsigned)(line[0] - '0');
		if (step >= 1 && step <= STEPS && line[1] == ' ')
			rc = owe_step(ledger, attempt, step, line + 2);
	}
	return rc;
}

int
ledger_follow_owe(
	struct ledger *ledger, const struct ledger_card *card, int64_t attempt)
{
	char list[LEDGER_TEXT_MAX] = "";
	if (card->state != VOUCHER_LOADED || !card->own || attempt == 0)
		return 0;
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT follow_ups FROM attempt WHERE id = ?1"
		" AND follow_ups IS NOT NULL",
		ledger_int(attempt));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1)
		ledger_col_copy(stmt, 0, list, sizeof(list));
	ledger_give(ledger, stmt);
	return rc < 0 ? rc : owe_list(ledger, attempt, list);
}

/* ---- reading ----------------------------------------------------------- */

#define FOLLOW_UPS                                                             \
	"SELECT id,voucher,step,tries,state,fate,matched,began,ended,iccid,"   \
	"modem,code,reply,why FROM follow_up"

static enum ledger_follow_state
state_of(const char *name)
{
	int i = 0;
	while (i + 1 < STATES && strcmp(state_names[i], name) != 0)
		i++;
	return (enum ledger_follow_state)i; /* the schema has no other */
}

static int
fate_of(const char *name)
{
	int i = FATES - 1;
	while (i >= 0 && strcmp(fate_names[i], name) != 0)
		i--;
	return i;
}

static void
follow_of(sqlite3_stmt *stmt, struct ledger_follow *out)
{
	*out = (struct ledger_follow){.id = sqlite3_column_int64(stmt, 0),
		.voucher = sqlite3_column_int64(stmt, 1),
		.step = (unsigned)sqlite3_column_int64(stmt, 2),
		.tries = (unsigned)sqlite3_column_int64(stmt, 3),
		.state = state_of(ledger_col_text(stmt, 4)),
		.fate = fate_of(ledger_col_text(stmt, 5)),
		.matched = sqlite3_column_int64(stmt, 6) != 0,
		.began_wall_ms = sqlite3_column_int64(stmt, 7),
		.ended_wall_ms = sqlite3_column_int64(stmt, 8),
		.iccid = ledger_col_text(stmt, 9),
		.modem = ledger_col_text(stmt, 10),
		.code = ledger_col_text(stmt, 11),
		.reply = ledger_col_text(stmt, 12),
		.why = ledger_col_text(stmt, 13)};
}

static int
each(struct ledger *ledger, sqlite3_stmt *stmt, ledger_follow_fn *fn, void *ctx)
{
	int rc;
	if (stmt == NULL)
		return -EIO;
	while ((rc = ledger_step(ledger, stmt)) == 1) {
		struct ledger_follow f;
		follow_of(stmt, &f);
		if (!fn(ctx, &f))
			break;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : 0;
}

int
ledger_next_follow(struct ledger *ledger, const char *iccid,
	ledger_follow_fn *fn, void *ctx)
{
	return each(ledger,
		ledger_take(ledger,
			FOLLOW_UPS " INDEXED BY follow_up_owed WHERE"
				   " state = 'owed' AND iccid = ?1"
				   " ORDER BY id LIMIT 1",
			ledger_text(iccid)),
		fn, ctx);
}

int
ledger_each_follow(
	struct ledger *ledger, int64_t voucher, ledger_follow_fn *fn, void *ctx)
{
	return each(ledger,
		ledger_take(ledger,
			FOLLOW_UPS " WHERE voucher = ?1 ORDER BY step",
			ledger_int(voucher)),
		fn, ctx);
}

int
ledger_each_open_follow(struct ledger *ledger, ledger_follow_fn *fn, void *ctx)
{
	return each(ledger,
		ledger_take_n(ledger,
			FOLLOW_UPS " INDEXED BY follow_up_flight WHERE"
				   " state = 'dialing' ORDER BY id",
			NULL, 0),
		fn, ctx);
}

int
ledger_each_failed_follow(struct ledger *ledger, int64_t since_ran_ms,
	ledger_follow_fn *fn, void *ctx)
{
	return each(ledger,
		ledger_take(ledger,
			FOLLOW_UPS " INDEXED BY follow_up_failed WHERE"
				   " state = 'failed' AND ended_ran >= ?1"
				   " ORDER BY ended_ran, id",
			ledger_int(since_ran_ms)),
		fn, ctx);
}

bool
ledger_was_followed(
	struct ledger *ledger, const char *iccid, int64_t since_ran_ms)
{
	int64_t one;
	return ledger_number(ledger,
		       "SELECT 1 FROM follow_up INDEXED BY follow_up_began"
		       " WHERE iccid = ?1 AND began_ran >= ?2"
		       " AND fate IS NOT 'not_sent' LIMIT 1",
		       &one, ledger_text(iccid),
		       ledger_int(since_ran_ms)) != -ENOENT;
}

/* ---- begin ------------------------------------------------------------- */

struct found {
	int64_t id, voucher, batch;
	unsigned step, tries;
	char modem[LEDGER_NAME_MAX];
	char iccid[LEDGER_NAME_MAX];
};

/* -EINVAL for one that is not in that state. */
static int
find(struct ledger *ledger, int64_t id, enum ledger_follow_state state,
	struct found *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT f.voucher,v.batch,f.step,f.tries,f.modem,f.iccid"
		" FROM follow_up f JOIN voucher v ON v.id = f.voucher"
		" WHERE f.id = ?1 AND f.state = ?2",
		ledger_int(id), ledger_text(state_names[state]));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1) {
		*out = (struct found){.id = id,
			.voucher = sqlite3_column_int64(stmt, 0),
			.batch = sqlite3_column_int64(stmt, 1),
			.step = (unsigned)sqlite3_column_int64(stmt, 2),
			.tries = (unsigned)sqlite3_column_int64(stmt, 3)};
		ledger_col_copy(stmt, 4, out->modem, sizeof(out->modem));
		ledger_col_copy(stmt, 5, out->iccid, sizeof(out->iccid));
	}
	ledger_give(ledger, stmt);
	if (rc == 0)
		return -EINVAL;
	return rc == 1 ? 0 : rc;
}

/* What may be answered now must be of one code only. */
static int
check_flight(struct ledger *ledger, const char *iccid)
{
	int64_t one;
	int rc = ledger_number(ledger,
		"SELECT 1 FROM attempt WHERE iccid = ?1 AND flying = 1"
		" UNION ALL"
		" SELECT 1 FROM follow_up WHERE iccid = ?1"
		"  AND state = 'dialing'",
		&one, ledger_text(iccid));
	if (rc == 0)
		return -EBUSY;
	return rc == -ENOENT ? 0 : rc;
}

static int
check_order(struct ledger *ledger, const struct found *f)
{
	int64_t next;
	int rc = ledger_number(ledger,
		"SELECT min(id) FROM follow_up INDEXED BY follow_up_owed"
		" WHERE iccid = ?1 AND state = 'owed'",
		&next, ledger_text(f->iccid));
	if (rc != 0)
		return rc;
	return next == f->id ? 0 : -EINVAL;
}

static int
audit(struct ledger *ledger, const struct ledger_op *op, const struct found *f,
	const struct ledger_entry *what)
{
	struct ledger_entry entry = *what;
	entry.voucher = f->voucher;
	entry.batch = f->batch;
	return ledger_audit_add(ledger, op, &entry);
}

static int
audit_begin(struct ledger *ledger, const struct ledger_op *op,
	const struct found *f)
{
	const struct ledger_follow_begin *b = &op->u.follow_begin;
	struct ledger_note note = {.len = 0};
	ledger_note_number(&note, "step", f->step);
	ledger_note_text(&note, "iccid", f->iccid);
	ledger_note_text(&note, "code", b->code);
	struct ledger_entry entry = {
		.event = "sim.follow_up", .modem = b->modem, .note = note.text};
	return audit(ledger, op, f, &entry);
}

int
ledger_take_follow_begin(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_follow_begin *b = &op->u.follow_begin;
	struct found f;
	int rc = find(ledger, b->id, LEDGER_FOLLOW_OWED, &f);
	if (rc == 0 && strcmp(f.iccid, b->iccid) != 0)
		rc = -EINVAL;
	if (rc == 0)
		rc = check_order(ledger, &f);
	if (rc == 0)
		rc = check_flight(ledger, b->iccid);
	if (rc == 0)
		rc = ledger_run(ledger,
			"UPDATE follow_up SET state = 'dialing',"
			" tries = tries + 1, modem = ?2, began = ?3,"
			" began_ran = ?4, ended = NULL, ended_ran = NULL,"
			" fate = NULL WHERE id = ?1",
			ledger_int(b->id), ledger_text(b->modem),
			ledger_int(op->at.wall_ms), ledger_int(op->at.ran_ms));
	result->id = b->id;
	return rc == 0 ? audit_begin(ledger, op, &f) : rc;
}

/* ---- end --------------------------------------------------------------- */

static enum ledger_follow_state
end_of(const struct ledger_follow_end *e, const struct found *f)
{
	if (e->fate == LEDGER_NOT_SENT && f->tries < LEDGER_FOLLOW_TRIES)
		return LEDGER_FOLLOW_OWED;
	return e->fate == LEDGER_ANSWERED && e->matched ? LEDGER_FOLLOW_DONE
	                                                : LEDGER_FOLLOW_FAILED;
}

static int
store_end(struct ledger *ledger, const struct ledger_op *op,
	enum ledger_follow_state state)
{
	const struct ledger_follow_end *e = &op->u.follow_end;
	bool matched = e->fate == LEDGER_ANSWERED && e->matched;
	return ledger_run(ledger,
		"UPDATE follow_up SET state = ?2, ended = ?3, ended_ran = ?4,"
		" fate = ?5, matched = ?6, reply = ?7, why = ?8 WHERE id = ?1",
		ledger_int(e->id), ledger_text(state_names[state]),
		ledger_int(op->at.wall_ms), ledger_int(op->at.ran_ms),
		ledger_text(fate_names[e->fate]), ledger_int(matched),
		ledger_text(e->reply), ledger_text(e->why));
}

/* How many steps of the same recharge may have built on it. */
static int
drop_rest(struct ledger *ledger, const struct found *f, int *count)
{
	int rc = ledger_run(ledger,
		"UPDATE follow_up SET state = 'dropped', why = 'step_failed'"
		" WHERE voucher = ?1 AND step > ?2 AND state = 'owed'",
		ledger_int(f->voucher), ledger_int(f->step));
	*count = rc == 0 ? sqlite3_changes(ledger->db) : 0;
	return rc;
}

/* A person is told of it by an entry of its own. */
static int
audit_failure(struct ledger *ledger, const struct ledger_op *op,
	const struct found *f, int dropped)
{
	struct ledger_note note = {.len = 0};
	ledger_note_number(&note, "step", f->step);
	ledger_note_text(&note, "iccid", f->iccid);
	ledger_note_number(&note, "steps_dropped", dropped);
	struct ledger_entry entry = {.event = "sim.follow_up_failed",
		.modem = f->modem,
		.note = note.text};
	return audit(ledger, op, f, &entry);
}

static int
audit_end(struct ledger *ledger, const struct ledger_op *op,
	const struct found *f)
{
	const struct ledger_follow_end *e = &op->u.follow_end;
	bool matched = e->fate == LEDGER_ANSWERED && e->matched;
	struct ledger_note note = {.len = 0};
	ledger_note_number(&note, "step", f->step);
	ledger_note_text(&note, "fate", fate_names[e->fate]);
	ledger_note_text(&note, "matched", matched ? "yes" : "no");
	ledger_note_text(&note, "why", e->why);
	ledger_note_text(&note, "reply", e->reply);
	struct ledger_entry entry = {
		.event = "sim.followed", .modem = f->modem, .note = note.text};
	return audit(ledger, op, f, &entry);
}

int
ledger_take_follow_end(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_follow_end *e = &op->u.follow_end;
	struct found f;
	int dropped = 0;
	if ((unsigned)e->fate >= FATES)
		return -EINVAL;
	int rc = find(ledger, e->id, LEDGER_FOLLOW_DIALING, &f);
	if (rc != 0)
		return rc;
	enum ledger_follow_state state = end_of(e, &f);
	rc = store_end(ledger, op, state);
	if (rc == 0)
		rc = audit_end(ledger, op, &f);
	result->id = e->id;
	if (rc != 0 || state != LEDGER_FOLLOW_FAILED)
		return rc;
	rc = drop_rest(ledger, &f, &dropped);
	return rc == 0 ? audit_failure(ledger, op, &f, dropped) : rc;
}

/* ---- not dialled after all --------------------------------------------- */

int
ledger_take_follow_drop(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_follow_drop *d = &op->u.follow_drop;
	struct found f;
	int rc = find(ledger, d->id, LEDGER_FOLLOW_OWED, &f);
	if (rc == 0)
		rc = ledger_run(ledger,
			"UPDATE follow_up SET state = 'dropped', why = ?2"
			" WHERE id = ?1",
			ledger_int(d->id), ledger_text(d->why));
	if (rc != 0)
		return rc;
	struct ledger_note note = {.len = 0};
	ledger_note_number(&note, "step", f.step);
	ledger_note_text(&note, "why", d->why);
	struct ledger_entry entry = {.event = "sim.follow_up_dropped",
		.modem = d->modem,
		.note = note.text};
	result->id = d->id;
	return audit(ledger, op, &f, &entry);
}
