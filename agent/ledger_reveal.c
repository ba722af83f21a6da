/*
 * ledger_reveal: what the ledger keeps of a PIN that is shown to a person:
 * who asked, and that no machine dials the card any more. The PIN itself
 * never comes here.
 */
#include "agent/ledger_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Its change of state, in the words of all the others. */
static int
audit_change(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card)
{
	char event[LEDGER_NAME_MAX];
	struct ledger_note note = {.len = 0};
	(void)snprintf(event, sizeof(event), "voucher.%s",
		voucher_state_name(card->state)); /* it fits */
	ledger_note_text(&note, "by", voucher_event_name(VOUCHER_REVEAL));
	ledger_note_text(&note, "reason", card->reason);
	ledger_note_text(&note, "pin", card->masked);
	struct ledger_entry entry = {.event = event,
		.note = note.text,
		.voucher = card->id,
		.batch = card->batch};
	return ledger_card_audit(ledger, op, card, &entry);
}

static int
withdraw(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_card *card)
{
	const struct ledger_step_wish wish = {
		.event = card->on_air > 0 ? VOUCHER_REVEAL_ON_AIR
	                                  : VOUCHER_REVEAL,
		.reason = "revealed",
		.credited_minor = MONEY_NONE};
	int rc = ledger_card_move(ledger, op, card, &wish);
	if (rc == 0)
		rc = audit_change(ledger, op, card);
	return rc == 0 ? ledger_tally_tell_all(ledger, op, card) : rc;
}

/* One name for every PIN that somebody has seen. */
static int
audit_reveal(struct ledger *ledger, const struct ledger_op *op,
	const struct ledger_card *card)
{
	struct ledger_note note = {.len = 0};
	ledger_note_text(&note, "state", voucher_state_name(card->state));
	ledger_note_text(&note, "pin", card->masked);
	struct ledger_entry entry = {.event = "voucher.revealed",
		.note = note.text,
		.voucher = card->id,
		.batch = card->batch};
	return ledger_audit_add(ledger, op, &entry);
}

int
ledger_voucher_reveal(struct ledger *ledger, const struct ledger_op *op,
	struct ledger_result *result)
{
	struct ledger_card card;
	int rc = ledger_card_load(ledger, op->u.voucher_reveal.voucher, &card);
	if (rc != 0)
		return rc;
	if (card.state == VOUCHER_READY || card.state == VOUCHER_DIALING ||
		card.state == VOUCHER_PENDING)
		return -EINVAL;
	if (card.state == VOUCHER_HELD && strcmp(card.reason, "revealed") != 0)
		rc = withdraw(ledger, op, &card);
	/* A person may use it now: no repeat of a machine's own. */
	if (rc == 0 && card.state == VOUCHER_UNKNOWN)
		rc = ledger_run(ledger,
			"UPDATE voucher SET repeated = 1 WHERE id = ?1",
			ledger_int(card.id));
	if (rc == 0)
		rc = audit_reveal(ledger, op, &card);
	*result = (struct ledger_result){.id = card.id, .count = 1};
	return rc;
}
