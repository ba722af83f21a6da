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

static const char *const via_names[] = {
	[LEDGER_VIA_UNKNOWN] = "",
	[LEDGER_VIA_USSD] = "ussd",
	[LEDGER_VIA_SMS] = "sms",
};

enum { FATES = sizeof(fate_names) / sizeof(fate_names[0]) };

/* ---- begin ------------------------------------------------------------- */

/* -EBUSY where a PIN is in flight on that account, or of that SIM (law 5):
 * what answers may then be of one attempt only. Of numbers the last nine
 * digits count: a subscriber's may be written with the country's prefix, or
 * with a zero in its place. */
static int
check_flight(struct ledger *ledger, const struct ledger_attempt_begin *b,
	const struct ledger_card *card)
{
	int64_t one;
	int rc = ledger_number(ledger,
		"SELECT 1 FROM attempt WHERE account = ?1 AND flying = 1"
		" UNION ALL"
		" SELECT 1 FROM attempt WHERE iccid = ?2 AND flying = 1"
		" UNION ALL"
		" SELECT 1 FROM follow_up WHERE iccid = ?2"
		"  AND state = 'dialing'"
		" UNION ALL"
		" SELECT 1 FROM attempt WHERE ?3 = 0 AND own = 0 AND flying = 1"
		"  AND substr(account, -9) = substr(?1, -9)",
		&one, ledger_text(b->account), ledger_text(b->iccid),
		ledger_int(card->own));
	if (rc == 0)
		return -EBUSY;
	return rc == -ENOENT ? 0 : rc;
}

/* The batch as it was before this voucher: -EBUSY where it has tripped, or
 * its slow start allows no more. */
static int
check_batch(const struct ledger_card *card)
{
	return card->breaker.tripped != 0 ||
	                       card->batch_flies >= card->breaker.slots
	               ? -EBUSY
	               : 0;
}

/* What the breakers look at: there is no attempt without these rows. */
static int
add_owners(struct ledger *ledger, const struct ledger_attempt_begin *b,
	const struct ledger_card *card)
{
	int rc = ledger_run(ledger,
		"INSERT INTO sim(iccid,modem) VALUES(?1,?2)"
		" ON CONFLICT(iccid) DO NOTHING",
		ledger_text(b->iccid), ledger_text(b->modem));
	if (rc != 0)
		return rc;
	return ledger_run(ledger,
		"INSERT INTO account(name,operator) VALUES(?1,?2)"
		" ON CONFLICT(name) DO UPDATE SET operator = excluded.operator"
		" WHERE operator <> excluded.operator",
		ledger_text(b->account), ledger_text(card->operator));
}

static int
insert_attempt(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, struct ledger_result *result)
{
	const struct ledger_attempt_begin *b = &op->u.attempt_begin;
	int rc = ledger_run(ledger,
		"INSERT INTO attempt(voucher,modem,iccid,account,began,"
		"began_ran,balance_before,before_reading,own,operator,via,"
		"follow_ups)"
		" VALUES(?1,?2,?3,?4,?5,?6,?7,(SELECT max(id) FROM balance"
		"  WHERE account = ?4),?8,?9,nullif(?10,''),nullif(?11,''))",
		ledger_int(b->voucher), ledger_text(b->modem),
		ledger_text(b->iccid), ledger_text(b->account),
		ledger_int(op->at.wall_ms), ledger_int(op->at.ran_ms),
		ledger_money(b->balance_before_minor), ledger_int(card->own),
		ledger_text(card->operator), ledger_text(via_names[b->via]),
		ledger_text(card->own ? b->follow_ups : ""));
	if (rc != 0)
		return rc;
	result->id = sqlite3_last_insert_rowid(ledger->db);
	return add_owners(ledger, b, card);
}

static int
audit_begin(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, int64_t attempt)
{
	const struct ledger_attempt_begin *b = &op->u.attempt_begin;
	struct ledger_note note = {.len = 0};
	ledger_note_number(&note, "attempt", attempt);
	if (b->event == VOUCHER_REPEATED)
		ledger_note_text(&note, "by", voucher_event_name(b->event));
	ledger_note_text(&note, "pin", card->masked);
	ledger_note_money(&note, "amount", card->amount_minor, card->decimals);
	ledger_note_money(&note, "balance_before", b->balance_before_minor,
		card->decimals);
	struct ledger_entry entry = {.event = "voucher.dialing",
		.modem = b->modem,
		.note = note.text,
		.voucher = card->id,
		.batch = card->batch};
	return ledger_audit_add(ledger, op, &entry);
}

int
ledger_attempt_begin(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_attempt_begin *b = &op->u.attempt_begin;
	struct ledger_card card;
	struct ledger_step_wish wish = {.event = b->event,
		.reason = "",
		.credited_minor = MONEY_NONE,
		.begins = b};
	if (b->event != VOUCHER_DISPATCHED && b->event != VOUCHER_REPEATED)
		return -EINVAL;
	int rc = ledger_card_load(ledger, b->voucher, &card);
	/* Law 2: once, and not before everything was asked in vain. */
	if (rc == 0 && b->event == VOUCHER_REPEATED)
		rc = ledger_repeat_check(ledger, b->iccid, b->voucher);
	card.breaker.rejects_max = b->batch_rejects;
	if (rc == 0)
		rc = ledger_card_move(ledger, op, &card, &wish);
	if (rc == 0)
		rc = check_flight(ledger, b, &card);
	if (rc == 0)
		rc = check_batch(&card);
	if (rc == 0)
		rc = insert_attempt(ledger, op, &card, result);
	return rc == 0 ? audit_begin(ledger, op, &card, result->id) : rc;
}

/* ---- what an attempt is ------------------------------------------------ */

struct flight {
	int64_t id, voucher;
	bool open;
	bool counted;
	char modem[LEDGER_NAME_MAX];
	char iccid[LEDGER_NAME_MAX];
};

/* -EINVAL for what is not in flight: settled before, or never begun. */
static int
find_flight(struct ledger *ledger, int64_t id, struct flight *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT voucher,ended IS NULL,modem,iccid,counted FROM attempt"
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
		out->counted = sqlite3_column_int64(stmt, 4) != 0;
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

#define END                                                                    \
	"UPDATE attempt SET ended = ?2, ended_ran = ?3, fate = ?4,"            \
	" verdict = ?5, decided_by = ?6, rule = ?7, reply = ?8,"               \
	" balance_told = ?9, flying = ?10, doubt = ?11, deducted = ?12,"       \
	" bonus = ?13"

/* doubt: what came of it is not known, for whatever reason. counted stays
 * with most ends, and so do the two indexes that have it. */
static int
end_attempt(struct ledger *ledger, const struct ledger_op *op,
	const struct flight *flight, enum voucher_state to)
{
	const struct ledger_attempt_settle *s = &op->u.attempt_settle;
	bool doubt = to == VOUCHER_UNKNOWN || to == VOUCHER_PENDING;
	return ledger_run(ledger,
		is_counted(s) == flight->counted ? END " WHERE id = ?1"
						 : END
			", counted = NOT counted WHERE id = ?1",
		ledger_int(s->attempt), ledger_int(op->at.wall_ms),
		ledger_int(op->at.ran_ms), ledger_text(fate_names[s->fate]),
		ledger_text(verdict_name(s->verdict)), ledger_text(s->by),
		ledger_text(s->rule), ledger_text(s->reply),
		ledger_money(s->balance_minor),
		ledger_int(to == VOUCHER_PENDING), ledger_int(doubt),
		ledger_money(s->deducted_minor), ledger_money(s->bonus_minor));
}

/* What an attempt teaches of its SIM: that its session may still be
 * answered, and the balance that the text told. */
static int
mark_sim(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, const struct flight *flight)
{
	const struct ledger_attempt_settle *s = &op->u.attempt_settle;
	int rc = 0;
	if (s->fate == LEDGER_MAYBE_SENT || s->event == VOUCHER_FOUND_AT_START)
		rc = ledger_run(ledger,
			"UPDATE sim SET fence = 1 WHERE iccid = ?1",
			ledger_text(flight->iccid));
	if (rc != 0 || !card->own || s->balance_minor == MONEY_NONE)
		return rc;
	struct ledger_reading reading = {.modem = flight->modem,
		.iccid = flight->iccid,
		.currency = card->currency,
		.reply = s->reply,
		.minor = s->balance_minor,
		.decimals = card->decimals,
		.at = op->at};
	return ledger_reading_add(ledger, &reading, NULL);
}

/*
 * Which attempt credited: this one, when its own answer says so. A message may
 * be an earlier one's. Where the operator says on a repeat that we have used
 * the card before, it was an earlier one, and this one was refused, as the
 * operator counts.
 */
static int
find_credited(struct ledger *ledger, const struct ledger_attempt_settle *s,
	int64_t voucher, int64_t *out)
{
	*out = s->attempt;
	if (s->event != VOUCHER_USED_BY_ME_ON_REPEAT)
		return strcmp(s->by, "sms") == 0
		               ? ledger_credit_first(ledger, out)
		               : 0;
	int rc = ledger_number(ledger,
		"SELECT id FROM attempt WHERE voucher = ?1 AND id < ?2"
		" AND fate <> 'not_sent' ORDER BY doubt DESC, id DESC LIMIT 1",
		out, ledger_int(voucher), ledger_int(s->attempt));
	if (rc == 0)
		rc = ledger_credit_first(ledger, out);
	return rc == -ENOENT ? 0 : rc;
}

/* A reading that the text told comes after what it credited. */
static int
book(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, const struct flight *flight)
{
	int64_t credited;
	int rc = find_credited(
		ledger, &op->u.attempt_settle, card->id, &credited);
	if (rc == 0)
		rc = ledger_credit_book(ledger, card, credited);
	if (rc == 0)
		rc = ledger_follow_owe(ledger, card, credited);
	return rc == 0 ? mark_sim(ledger, op, card, flight) : rc;
}

/* The reading told with it may leave something not explained, whatever
 * became of the card. */
static int
tell(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, const struct flight *flight)
{
	char account[LEDGER_TARGET_MAX];
	if (!card->own || op->u.attempt_settle.balance_minor == MONEY_NONE)
		return ledger_tally_tell_all(ledger, op, card);
	int rc = ledger_account_of(ledger, flight->iccid, account);
	if (rc == 0)
		rc = ledger_tally_tell(ledger, op, account, true);
	return rc == 0 ? ledger_tally_tell_all(ledger, op, card) : rc;
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
	/* Only the first end of an attempt counts as its way through the air;
	 * a pending one is told its verdict later. */
	bool sent = s->fate != LEDGER_NOT_SENT;
	struct ledger_told told = {.reply = s->reply,
		.balance_minor = s->balance_minor,
		.goes_on_air = flight->open && sent,
		.sent = sent,
		.busy = s->verdict == VERDICT_BUSY};
	struct ledger_step_wish wish = {.event = s->event,
		.reason = s->reason,
		.next_at_ran_ms = s->next_at_ran_ms,
		.credited_minor = s->credited_minor,
		.told = &told};
	int rc = ledger_card_move(ledger, op, card, &wish);
	if (rc == 0)
		rc = end_attempt(ledger, op, flight, card->state);
	if (rc == 0)
		rc = book(ledger, op, card, flight);
	if (rc == 0)
		rc = audit_settle(ledger, op, card, flight->modem);
	return rc == 0 ? tell(ledger, op, card, flight) : rc;
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
