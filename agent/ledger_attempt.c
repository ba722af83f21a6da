/*
 * ledger_attempt: an attempt on disk before its code goes out, and what came
 * of it. It must never let two PINs of one account be in flight, nor send a
 * voucher back to the queue without proof that it may be dialled again.
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

enum { FATES = sizeof(fate_names) / sizeof(fate_names[0]) };

/* ---- begin ------------------------------------------------------------- */

/* -EBUSY where a PIN is in flight on that account (law 5). */
static int
check_account(struct ledger *ledger, const char *account)
{
	int64_t one;
	int rc = ledger_number(ledger,
		"SELECT 1 FROM attempt WHERE account = ?1 AND flying = 1", &one,
		ledger_text(account));
	if (rc == 0)
		return -EBUSY;
	return rc == -ENOENT ? 0 : rc;
}

static int
insert_attempt(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_attempt_begin *b = &op->u.attempt_begin;
	int rc = ledger_run(ledger,
		"INSERT INTO attempt(voucher,modem,iccid,account,began,"
		"began_ran,balance_before) VALUES(?1,?2,?3,?4,?5,?6,?7)",
		ledger_int(b->voucher), ledger_text(b->modem),
		ledger_text(b->iccid), ledger_text(b->account),
		ledger_int(op->at.wall_ms), ledger_int(op->at.ran_ms),
		ledger_money(b->balance_before_minor));
	if (rc == 0)
		result->id = sqlite3_last_insert_rowid(ledger->db);
	if (rc == 0)
		rc = ledger_run(ledger,
			"UPDATE voucher SET attempts = attempts + 1,"
			" modem = ?2, balance_before = ?3,"
			" balance_after = NULL, reply = '' WHERE id = ?1",
			ledger_int(b->voucher), ledger_text(b->modem),
			ledger_money(b->balance_before_minor));
	if (rc == 0)
		/* Breakers look at SIMs: there is none without its row. */
		rc = ledger_run(ledger,
			"INSERT INTO sim(iccid,modem) VALUES(?1,?2)"
			" ON CONFLICT(iccid) DO NOTHING",
			ledger_text(b->iccid), ledger_text(b->modem));
	return rc;
}

int
ledger_attempt_begin(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_attempt_begin *b = &op->u.attempt_begin;
	struct ledger_card card;
	struct ledger_step_wish wish = {.event = VOUCHER_DISPATCHED,
		.reason = "",
		.credited_minor = MONEY_NONE};
	int rc = ledger_card_load(ledger, b->voucher, &card);
	if (rc == 0)
		rc = ledger_card_move(ledger, op, &card, &wish);
	if (rc == 0)
		rc = check_account(ledger, b->account);
	if (rc == 0)
		rc = insert_attempt(ledger, op, result);
	if (rc != 0)
		return rc;
	struct ledger_note note = {.len = 0};
	ledger_note_number(&note, "attempt", result->id);
	ledger_note_text(&note, "pin", card.masked);
	ledger_note_money(&note, "amount", card.amount_minor, card.decimals);
	ledger_note_money(&note, "balance_before", b->balance_before_minor,
		card.decimals);
	struct ledger_entry entry = {.event = "voucher.dialing",
		.modem = b->modem,
		.note = note.text,
		.voucher = card.id,
		.batch = card.batch};
	return ledger_audit_add(ledger, op, &entry);
}

/* ---- what an attempt is ------------------------------------------------ */

struct flight {
	int64_t id, voucher;
	bool open;
	char modem[LEDGER_NAME_MAX];
	char iccid[LEDGER_NAME_MAX];
};

/* -EINVAL for what is not in flight: settled before, or never begun. */
static int
find_flight(struct ledger *ledger, int64_t id, struct flight *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT voucher,ended IS NULL,modem,iccid FROM attempt"
		" WHERE id = ?1 AND flying = 1",
		ledger_int(id));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1) {
		out->id = id;
		out->voucher = sqlite3_column_int64(stmt, 0);
		out->open = sqlite3_column_int64(stmt, 1) != 0;
		ledger_col_copy(stmt, 2, out->modem, sizeof(out->modem));
		ledger_col_copy(stmt, 3, out->iccid, sizeof(out->iccid));
	}
	ledger_give(ledger, stmt);
	if (rc == 0)
		return -EINVAL;
	return rc == 1 ? 0 : rc;
}

/* ---- settle ------------------------------------------------------------ */

/*
 * Law 2, once more behind the rules that decide: what leads back to the
 * queue by itself must have its proof in the same operation.
 */
static bool
is_proven(const struct ledger_attempt_settle *s)
{
	if (s->event == VOUCHER_NOT_SENT || s->event == VOUCHER_NOT_SENT_AGAIN)
		return s->fate == LEDGER_NOT_SENT;
	if (s->fate == LEDGER_NOT_SENT)
		return false; /* what was surely not sent has no answer */
	if (s->event == VOUCHER_BUSY || s->event == VOUCHER_BUSY_TOO_OFTEN)
		return s->verdict == VERDICT_BUSY;
	if (s->event == VOUCHER_SIM_BLOCKED)
		return s->verdict == VERDICT_SIM_BLOCKED;
	if (s->event == VOUCHER_NOT_NOW)
		return s->verdict == VERDICT_NOT_NOW;
	return true;
}

static bool
is_counted(const struct ledger_attempt_settle *s)
{
	return s->fate != LEDGER_NOT_SENT && s->verdict != VERDICT_BUSY &&
	       s->verdict != VERDICT_NOT_NOW;
}

static int
end_attempt(struct ledger *ledger, const struct ledger_op *op,
	enum voucher_state to)
{
	const struct ledger_attempt_settle *s = &op->u.attempt_settle;
	bool unclear =
		s->fate == LEDGER_MAYBE_SENT || s->verdict == VERDICT_NONE;
	return ledger_run(ledger,
		"UPDATE attempt SET ended = ?2, ended_ran = ?3, fate = ?4,"
		" verdict = ?5, decided_by = ?6, rule = ?7, reply = ?8,"
		" balance_told = ?9, flying = ?10, counted = ?11,"
		" doubt = ?12, credited = ?13 WHERE id = ?1",
		ledger_int(s->attempt), ledger_int(op->at.wall_ms),
		ledger_int(op->at.ran_ms), ledger_text(fate_names[s->fate]),
		ledger_text(verdict_name(s->verdict)), ledger_text(s->by),
		ledger_text(s->rule), ledger_text(s->reply),
		ledger_money(s->balance_minor),
		ledger_int(to == VOUCHER_PENDING), ledger_int(is_counted(s)),
		ledger_int(to == VOUCHER_UNKNOWN && unclear),
		ledger_int(to == VOUCHER_LOADED));
}

/* Only the first end of an attempt counts as its way through the air; a
 * pending one is told its verdict later. */
static int
mark_voucher(struct ledger *ledger, const struct ledger_attempt_settle *s,
	const struct flight *flight)
{
	bool sent = s->fate != LEDGER_NOT_SENT;
	return ledger_run(ledger,
		"UPDATE voucher SET reply = ?2,"
		" balance_after = ifnull(?3, balance_after),"
		" on_air = on_air + ?4,"
		" not_sent = CASE WHEN ?5 THEN 0 ELSE not_sent + 1 END,"
		" busy = busy + ?6 WHERE id = ?1",
		ledger_int(flight->voucher), ledger_text(s->reply),
		ledger_money(s->balance_minor),
		ledger_int(flight->open && sent), ledger_int(sent),
		ledger_int(s->verdict == VERDICT_BUSY));
}

/* What an attempt teaches of its SIM: the balance that the text told, and
 * that it is not barred when it was credited. */
static int
mark_sim(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, const struct flight *flight)
{
	const struct ledger_attempt_settle *s = &op->u.attempt_settle;
	int rc = 0;
	if (card->state == VOUCHER_LOADED)
		rc = ledger_run(ledger,
			"UPDATE sim SET blocked = 0"
			" WHERE iccid = ?1 AND blocked_attempt < ?2",
			ledger_text(flight->iccid), ledger_int(flight->id));
	if (rc != 0 || !card->own || s->balance_minor == MONEY_NONE)
		return rc;
	struct ledger_reading reading = {.modem = flight->modem,
		.iccid = flight->iccid,
		.currency = card->currency,
		.reply = s->reply,
		.minor = s->balance_minor,
		.decimals = card->decimals,
		.at = op->at};
	return ledger_reading_add(ledger, &reading);
}

static int
audit_settle(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, const char *modem)
{
	const struct ledger_attempt_settle *s = &op->u.attempt_settle;
	char event[LEDGER_NAME_MAX];
	snprintf(event, sizeof(event), "voucher.%s",
		voucher_state_name(card->state));
	struct ledger_note note = {.len = 0};
	ledger_note_number(&note, "attempt", s->attempt);
	ledger_note_text(&note, "fate", fate_names[s->fate]);
	ledger_note_text(&note, "verdict", verdict_name(s->verdict));
	ledger_note_text(&note, "reason", card->reason);
	ledger_note_text(&note, "by", s->by);
	ledger_note_text(&note, "rule", s->rule);
	ledger_note_text(&note, "pin", card->masked);
	ledger_note_money(&note, "amount", card->amount_minor, card->decimals);
	ledger_note_money(&note, "credited", s->credited_minor, card->decimals);
	ledger_note_money(&note, "balance", s->balance_minor, card->decimals);
	struct ledger_entry entry = {.event = event,
		.modem = modem,
		.note = note.text,
		.voucher = card->id,
		.batch = card->batch};
	return ledger_card_audit(ledger, op, card, &entry);
}

static int
settle(struct ledger *ledger, const struct ledger_op *op,
	const struct flight *flight, struct ledger_card *card)
{
	const struct ledger_attempt_settle *s = &op->u.attempt_settle;
	struct ledger_step_wish wish = {.event = s->event,
		.reason = s->reason,
		.next_at_ran_ms = s->next_at_ran_ms,
		.credited_minor = s->credited_minor};
	int rc = mark_voucher(ledger, s, flight);
	if (rc == 0)
		rc = ledger_card_move(ledger, op, card, &wish);
	if (rc == 0)
		rc = end_attempt(ledger, op, card->state);
	if (rc == 0)
		rc = mark_sim(ledger, op, card, flight);
	return rc == 0 ? audit_settle(ledger, op, card, flight->modem) : rc;
}

int
ledger_attempt_settle(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_attempt_settle *s = &op->u.attempt_settle;
	struct flight flight;
	struct ledger_card card;
	if ((unsigned)s->fate >= FATES || !is_proven(s))
		return -EINVAL;
	int rc = find_flight(ledger, s->attempt, &flight);
	if (rc == 0)
		rc = ledger_card_load(ledger, flight.voucher, &card);
	if (rc != 0)
		return rc;
	/* A flying attempt's voucher is dialing or pending, and only these
	 * two may be settled here. */
	if (card.state != VOUCHER_DIALING && card.state != VOUCHER_PENDING)
		return -EINVAL;
	result->id = s->attempt;
	return settle(ledger, op, &flight, &card);
}
