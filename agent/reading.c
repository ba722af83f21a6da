/*
 * reading: from a told balance to the ledger, and to the evidence that it
 * is. It must never store a reading before it was weighed.
 */
#include "agent/reading.h"

#include <string.h>

#include "agent/turn.h"
#include "agent/veil.h"

/* ---- what a text tells ------------------------------------------------- */

/* ISO 4217: three letters. "Rs" and the like name the operator's own. */
static bool
is_currency(struct span word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.ptr[i] < 'A' || word.ptr[i] > 'Z')
			return false;
	return word.len == 3;
}

struct reading
reading_of(const struct profile *profile, const struct classify_groups *groups)
{
	struct reading r = {.profile = profile, .minor = MONEY_NONE};
	struct span told = span_trim(span_str(groups->currency));
	span_copy_text(r.currency, sizeof(r.currency), profile->currency);
	if (is_currency(told))
		(void)span_copy(r.currency, sizeof(r.currency), told);
	if (groups->balance[0] == '\0' ||
		money_parse(span_str(groups->balance), profile->number_format,
			profile->decimals, &r.minor) != 0)
		r.minor = MONEY_NONE;
	return r;
}

/* ---- what it proves ---------------------------------------------------- */

static struct evidence_case
case_of(const struct ledger_proof *p, const struct reading *r)
{
	return (struct evidence_case){.own = p->own,
		.has_before = p->has_before,
		.before_shown = p->before_shown,
		.spoiled = p->spoiled,
		.dialled_since = p->dialled_since,
		.others_since = p->others_since,
		.open = p->open,
		.before_currency = p->before_currency,
		.card_currency = p->card_currency,
		.after_currency = r->currency,
		.before_minor = p->before_minor,
		.after_minor = r->minor,
		.card_minor = p->card_minor,
		.deducted_minor = p->deducted_minor,
		.bonus_minor = p->bonus_minor};
}

/* Whether a voucher may still be found credited. */
static bool
on_voucher(void *ctx, const struct ledger_voucher *v)
{
	const struct voucher_edge *edge =
		voucher_edge_find(v->state, VOUCHER_EVIDENCE);
	*(bool *)ctx = edge && voucher_edge_permits(
				       edge, v->on_air, span_str(v->reason));
	return false;
}

static bool
may_settle(struct turn *turn, int64_t voucher)
{
	struct ledger_voucher_filter filter = {.id = voucher, .state = -1};
	bool may = false;
	return ledger_each_voucher(
		       turn_ledger(turn), &filter, on_voucher, &may) == 0 &&
	       may;
}

struct reading_proof
reading_weigh(
	struct turn *turn, const char *account, const struct reading *reading)
{
	struct reading_proof proof = {.why = EVIDENCE_NO_BEFORE};
	struct ledger_proof p;
	if (ledger_proof(turn_ledger(turn), account, &p) != 0)
		return proof;
	struct evidence_case c = case_of(&p, reading);
	proof.attempt = p.attempt;
	proof.in_the_air = p.in_the_air;
	proof.why = evidence_by_balance(&c);
	if (proof.why == EVIDENCE_PROVEN) {
		proof.rise_minor = reading->minor - p.before_minor;
		proof.settles = p.in_the_air || may_settle(turn, p.voucher);
	}
	return proof;
}

void
reading_settle(struct turn *turn, const struct reading_proof *proof)
{
	struct ledger_op op = turn_op(turn, LEDGER_EVIDENCE);
	struct ledger_evidence *e = &op.u.evidence;
	e->attempt = proof->attempt;
	e->event = VOUCHER_EVIDENCE;
	e->verdict = VERDICT_NONE;
	e->credited_minor = proof->rise_minor;
	span_copy_text(e->by, sizeof(e->by), "balance");
	turn_must(turn, &op);
}

/* ---- into the ledger --------------------------------------------------- */

static void
store(struct turn *turn, const struct line *line, const struct reading *reading,
	struct span text_utf8)
{
	struct ledger_op op = turn_op(turn, LEDGER_BALANCE);
	struct ledger_balance *b = &op.u.balance;
	span_copy_text(b->modem, sizeof(b->modem), line->config.name);
	span_copy_text(b->iccid, sizeof(b->iccid), line_iccid(line));
	span_copy_text(b->currency, sizeof(b->currency), reading->currency);
	b->minor = reading->minor;
	b->decimals = reading->profile->decimals;
	const struct veil veil = {.ledger = turn_ledger(turn),
		.iccid = line_iccid(line),
		.takes_pin = veil_takes_pin,
		.ctx = reading->profile};
	veil_text(&veil, text_utf8, b->reply, sizeof(b->reply));
	turn_must(turn, &op);
}

struct reading_proof
reading_take(struct turn *turn, const struct line *line,
	const struct reading *reading, struct span text_utf8)
{
	struct reading_proof proof =
		reading_weigh(turn, line->account, reading);
	/* In this order the reading has shown the credit that it proves. */
	if (proof.settles && !proof.in_the_air)
		reading_settle(turn, &proof);
	store(turn, line, reading, text_utf8);
	return proof;
}

void
reading_spoil(struct turn *turn, const struct line *line, const char *by)
{
	struct ledger_op op = turn_op(turn, LEDGER_SPOIL);
	struct ledger_spoil *s = &op.u.spoil;
	span_copy_text(s->iccid, sizeof(s->iccid), line_iccid(line));
	span_copy_text(s->modem, sizeof(s->modem), line->config.name);
	span_copy_text(s->by, sizeof(s->by), by);
	turn_must(turn, &op);
}
