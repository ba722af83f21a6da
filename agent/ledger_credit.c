/*
 * ledger_credit: what the end of a voucher means for its attempts, their
 * SIMs and accounts, and what comes to light of an attempt after its end.
 * It must never credit another attempt than the one that is proven.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <stdio.h>

/* ---- booking ----------------------------------------------------------- */

#define CLEAR_DOUBT                                                            \
	"UPDATE attempt SET doubt = 0 WHERE ended IS NOT NULL"                 \
	" AND doubt = 1 AND "

/* One row is found by its number: for more SQLite builds a table. */
static int
clear_doubt(struct ledger *ledger, const struct ledger_card *card)
{
	return ledger_run(ledger,
		card->attempts > 1 ? CLEAR_DOUBT "voucher = ?1"
				   : CLEAR_DOUBT
			"id = (SELECT id FROM attempt WHERE voucher = ?1)",
		ledger_int(card->id));
}

/*
 * Readings that were taken while this credit was not known cannot have been
 * weighed with it: none of them has "shown every earlier credit" any more,
 * and the next is compared with the last one before it.
 */
static int
unshow(struct ledger *ledger, int64_t attempt)
{
	return ledger_run(ledger,
		"UPDATE balance SET shown = 0 WHERE shown = 1 AND mark >= ?1"
		" AND account = (SELECT account FROM attempt WHERE id = ?1)",
		ledger_int(attempt));
}

/* Whether its account told a balance since: the newest reading has the
 * highest mark. */
static int
find_reading_after(struct ledger *ledger, int64_t attempt, bool *out)
{
	int64_t mark;
	int rc = ledger_number(ledger,
		"SELECT mark FROM balance WHERE account ="
		" (SELECT account FROM attempt WHERE id = ?1)"
		" ORDER BY id DESC LIMIT 1",
		&mark, ledger_int(attempt));
	*out = rc == 0 && mark >= attempt;
	return rc == -ENOENT ? 0 : rc;
}

static int
mark_credited(struct ledger *ledger, int64_t attempt)
{
	bool was_read = false;
	int rc = ledger_run(ledger,
		"UPDATE attempt SET credited = 1 WHERE id = ?1"
		" AND credited = 0",
		ledger_int(attempt));
	if (rc == 0)
		/* A later credit ends what the operator barred before. */
		rc = ledger_run(ledger,
			"UPDATE sim SET blocked = 0 WHERE blocked_attempt < ?1"
			" AND blocked = 1 AND iccid ="
			" (SELECT iccid FROM attempt WHERE id = ?1)",
			ledger_int(attempt));
	if (rc == 0)
		rc = find_reading_after(ledger, attempt, &was_read);
	if (rc == 0 && was_read)
		rc = unshow(ledger, attempt);
	if (rc == 0 && was_read)
		rc = ledger_tally_credit(ledger, attempt);
	return rc;
}

int
ledger_credit_first(struct ledger *ledger, int64_t *attempt)
{
	int64_t first;
	int rc = ledger_number(ledger,
		"SELECT f.id FROM attempt a JOIN attempt f"
		" ON f.voucher = a.voucher AND f.iccid = a.iccid"
		"  AND f.account = a.account AND f.id <= a.id"
		" WHERE a.id = ?1 AND f.fate <> 'not_sent'"
		"  AND (f.verdict = 'none' OR f.verdict = 'pending'"
		"   OR f.verdict = 'loaded')"
		" ORDER BY f.id LIMIT 1",
		&first, ledger_int(*attempt));
	if (rc == 0)
		*attempt = first;
	return rc == -ENOENT ? 0 : rc;
}

/* Where nothing says which it was: of the SIM that dialled it last. */
static int
find_any(struct ledger *ledger, int64_t voucher, int64_t *out)
{
	int rc = ledger_number(ledger,
		"SELECT id FROM attempt WHERE voucher = ?1"
		" AND fate <> 'not_sent' ORDER BY id DESC LIMIT 1",
		out, ledger_int(voucher));
	if (rc == -ENOENT)
		*out = 0; /* a person's word for a card never on air */
	if (rc == 0)
		rc = ledger_credit_first(ledger, out);
	return rc == -ENOENT ? 0 : rc;
}

int
ledger_credit_book(
	struct ledger *ledger, const struct ledger_card *card, int64_t credited)
{
	int rc = 0;
	if (voucher_has_ended(card->state))
		rc = clear_doubt(ledger, card);
	if (rc == 0 && card->state == VOUCHER_LOADED) {
		if (credited == 0)
			rc = find_any(ledger, card->id, &credited);
		if (rc == 0 && credited != 0)
			rc = mark_credited(ledger, credited);
	}
	return rc == 0 ? ledger_account_count_all(ledger, card) : rc;
}

/* ---- what comes to light later ----------------------------------------- */

struct found {
	int64_t voucher;
	char modem[LEDGER_NAME_MAX];
	char iccid[LEDGER_NAME_MAX];
};

/* An attempt that has ended, and was or may have been on air. */
static int
find_attempt(struct ledger *ledger, int64_t id, struct found *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT voucher,modem,iccid FROM attempt WHERE id = ?1"
		" AND ended IS NOT NULL AND flying = 0 AND fate <> 'not_sent'",
		ledger_int(id));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	if (rc == 1) {
		out->voucher = sqlite3_column_int64(stmt, 0);
		ledger_col_copy(stmt, 1, out->modem, sizeof(out->modem));
		ledger_col_copy(stmt, 2, out->iccid, sizeof(out->iccid));
	}
	ledger_give(ledger, stmt);
	if (rc == 0)
		return -EINVAL;
	return rc == 1 ? 0 : rc;
}

/* What is not given keeps what there is. */
static int
store_evidence(struct ledger *ledger, const struct ledger_evidence *e)
{
	bool told = e->verdict != VERDICT_NONE;
	return ledger_run(ledger,
		"UPDATE attempt SET"
		" verdict = CASE WHEN ?2 THEN ?3 ELSE verdict END,"
		" decided_by = CASE WHEN ?4 <> '' THEN ?4 ELSE decided_by END,"
		" rule = CASE WHEN ?5 <> '' THEN ?5 ELSE rule END,"
		" reply = CASE WHEN ?6 <> '' THEN ?6 ELSE reply END,"
		" balance_told = ifnull(?7, balance_told) WHERE id = ?1",
		ledger_int(e->attempt), ledger_int(told),
		ledger_text(verdict_name(e->verdict)), ledger_text(e->by),
		ledger_text(e->rule), ledger_text(e->reply),
		ledger_money(e->balance_minor));
}

static int
mark_voucher(
	struct ledger *ledger, const struct ledger_evidence *e, int64_t voucher)
{
	return ledger_run(ledger,
		"UPDATE voucher SET"
		" reply = CASE WHEN ?2 <> '' THEN ?2 ELSE reply END,"
		" balance_after = ifnull(?3, balance_after) WHERE id = ?1",
		ledger_int(voucher), ledger_text(e->reply),
		ledger_money(e->balance_minor));
}

static int
add_reading(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, const struct found *found)
{
	const struct ledger_evidence *e = &op->u.evidence;
	if (!card->own || e->balance_minor == MONEY_NONE)
		return 0;
	struct ledger_reading reading = {.modem = found->modem,
		.iccid = found->iccid,
		.currency = card->currency,
		.reply = e->reply,
		.minor = e->balance_minor,
		.decimals = card->decimals,
		.at = op->at};
	return ledger_reading_add(ledger, &reading, NULL);
}

static int
audit_evidence(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, const struct found *found)
{
	const struct ledger_evidence *e = &op->u.evidence;
	char event[LEDGER_NAME_MAX];
	snprintf(event, sizeof(event), "voucher.%s",
		voucher_state_name(card->state));
	struct ledger_note note = {.len = 0};
	ledger_note_number(&note, "attempt", e->attempt);
	if (e->verdict != VERDICT_NONE)
		ledger_note_text(&note, "verdict", verdict_name(e->verdict));
	ledger_note_text(&note, "reason", card->reason);
	ledger_note_text(&note, "by", e->by);
	ledger_note_text(&note, "rule", e->rule);
	ledger_note_text(&note, "pin", card->masked);
	ledger_note_money(&note, "amount", card->amount_minor, card->decimals);
	ledger_note_money(&note, "credited", e->credited_minor, card->decimals);
	ledger_note_money(&note, "balance", e->balance_minor, card->decimals);
	struct ledger_entry entry = {.event = event,
		.modem = found->modem,
		.note = note.text,
		.voucher = card->id,
		.batch = card->batch};
	return ledger_card_audit(ledger, op, card, &entry);
}

/* A reading that came with it may leave something not explained. */
static int
tell(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card, const struct found *found)
{
	char account[LEDGER_TARGET_MAX];
	if (!card->own || op->u.evidence.balance_minor == MONEY_NONE)
		return ledger_tally_tell_all(ledger, op, card);
	int rc = ledger_account_of(ledger, found->iccid, account);
	if (rc == 0)
		rc = ledger_tally_tell(ledger, op, account, true);
	return rc == 0 ? ledger_tally_tell_all(ledger, op, card) : rc;
}

static int
settle(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_card *card, const struct found *found)
{
	const struct ledger_evidence *e = &op->u.evidence;
	struct ledger_step_wish wish = {.event = e->event,
		.reason = e->reason,
		.credited_minor = e->credited_minor};
	int rc = ledger_card_move(ledger, op, card, &wish);
	if (rc == 0)
		rc = store_evidence(ledger, e);
	if (rc == 0)
		rc = mark_voucher(ledger, e, card->id);
	int64_t credited = e->attempt;
	if (rc == 0)
		rc = ledger_credit_first(ledger, &credited);
	if (rc == 0)
		rc = ledger_credit_book(ledger, card, credited);
	if (rc == 0)
		rc = ledger_follow_owe(ledger, card, credited);
	if (rc == 0)
		rc = add_reading(ledger, op, card, found);
	if (rc == 0)
		rc = audit_evidence(ledger, op, card, found);
	return rc == 0 ? tell(ledger, op, card, found) : rc;
}

int
ledger_take_evidence(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	const struct ledger_evidence *e = &op->u.evidence;
	struct found found;
	struct ledger_card card;
	if ((e->event != VOUCHER_EVIDENCE &&
		    e->event != VOUCHER_LATE_REFUSAL) ||
		(unsigned)e->verdict >= VERDICT_COUNT)
		return -EINVAL;
	int rc = find_attempt(ledger, e->attempt, &found);
	if (rc == 0)
		rc = ledger_card_load(ledger, found.voucher, &card);
	if (rc == 0)
		rc = settle(ledger, op, &card, &found);
	if (rc == 0)
		*result = (struct ledger_result){.id = e->attempt, .count = 1};
	return rc;
}
