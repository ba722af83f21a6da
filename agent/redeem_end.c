/*
 * redeem_end: what came of an attempt: read, judged by policy, settled in one
 * turn with all that follows from it. It must never dial, nor keep a reply
 * that holds a PIN.
 */
#include "agent/redeem_private.h"

#include <stdio.h>

#include "agent/carry.h"
#include "agent/loop.h"
#include "agent/message.h"
#include "agent/policy.h"
#include "agent/reading.h"
#include "agent/secret.h"
#include "agent/turn.h"
#include "agent/veil.h"
#include "agent/weigh.h"

/* ---- what was said ----------------------------------------------------- */

/* A reply as it may be kept: no PIN in it, of this card or another. */
static void
mask_reply(const struct attempt *a, struct span text, char *out, size_t cap)
{
	struct secret voucher_pin = {0};
	if (redeem_unseal(a, &voucher_pin) != 0)
		secret_wipe(&voucher_pin);
	/* The SIM may be another than it was. */
	const struct veil veil = {.ledger = turn_ledger(a->redeem->turn),
		.iccid = line_iccid(a->line),
		.voucher_pin = span_of(voucher_pin.bytes, voucher_pin.len),
		.takes_pin = veil_takes_pin,
		.ctx = a->profile};
	veil_text(&veil, text, out, cap);
	secret_wipe(&voucher_pin);
}

/* ---- what it came to --------------------------------------------------- */

/*
 * The fate of the PIN, which is not always that of the last request: where a
 * menu asks for it, it may have gone out earlier, or never.
 */
static enum policy_fate
fate_of(const struct attempt *a, enum modem_fate fate)
{
	if (!a->pin_out)
		return POLICY_NOT_SENT;
	return fate == MODEM_ANSWERED ? POLICY_ANSWERED : POLICY_MAYBE_SENT;
}

static enum ledger_fate
ledger_fate_of(enum policy_fate fate)
{
	switch (fate) {
	case POLICY_NOT_SENT:
		return LEDGER_NOT_SENT;
	case POLICY_MAYBE_SENT:
		return LEDGER_MAYBE_SENT;
	case POLICY_ANSWERED:
		break;
	}
	return LEDGER_ANSWERED;
}

/* What an answer, or none, came to. */
struct outcome {
	struct classify_result read;
	struct reading told;
	char masked[LEDGER_TEXT_MAX];
	struct policy_case weighed;
	struct policy_step next;
	const char *by;             /* what decided */
	struct reading_proof proof; /* by the balance that the text told */
	bool proven;                /* ... that this card was credited */
};

static void
weigh(const struct attempt *a, const struct modem_result *result,
	struct outcome *o)
{
	struct weigh_card card = {.own = redeem_is_self(a),
		.card_minor = a->card_minor,
		.balance_before_minor = a->balance_before_minor,
		.earlier_attempts = a->earlier_attempts,
		.busy_before = a->busy_before,
		.not_sent_before = a->not_sent_before};
	struct weigh_told told = weigh_told(a->profile, &o->read);
	struct policy_case *c = &o->weighed;
	*c = weigh_case(a->profile, &card, &told);
	c->fate = fate_of(a, result->fate);
	c->broken =
		result->cause == MODEM_BROKEN || result->cause == MODEM_STOPPED;
	c->doubled = o->told.minor != MONEY_NONE &&
	             strcmp(o->masked, a->reply_before) == 0;
	c->verdict_by_sms = a->profile->verdict_by == PROFILE_VERDICT_SMS;
}

/* What no coding reads cannot be masked either: it may spell the PIN in hex.
 * A person learns that there was an answer, and how long it was. */
static void
keep_reply(const struct attempt *a, const struct modem_result *result,
	char *out, size_t cap)
{
	if (result->cause == MODEM_UNREADABLE)
		(void)snprintf(out, cap,
			"(an answer of %zu bytes that cannot be read in any "
			"coding)",
			result->text.len);
	else
		mask_reply(a, result->text, out, cap);
}

/*
 * A text without a verdict that tells a balance. Where the operator answers a
 * good recharge so, a proven rise is the verdict (contract, Evidence 4);
 * elsewhere it is the evidence that follows.
 */
static void
weigh_balance(const struct attempt *a, struct outcome *o)
{
	if (o->next.event != VOUCHER_NO_VERDICT || !redeem_is_self(a) ||
		o->told.minor == MONEY_NONE)
		return;
	o->proof = reading_weigh(a->redeem->turn, a->line->account, &o->told);
	o->proven =
		o->proof.attempt == a->id && o->proof.why == EVIDENCE_PROVEN;
	if (!o->proven || a->profile->verdict_by != PROFILE_VERDICT_BALANCE)
		return;
	o->next.event = VOUCHER_CREDITED;
	o->next.reason = "";
	o->next.credited_minor = o->proof.rise_minor;
	o->by = "balance";
}

/* With verdict = balance no text says that a card was loaded. */
static void
judge(const struct attempt *a, const struct modem_result *result,
	struct outcome *o)
{
	if (result->cause == MODEM_TEXT && a->pin_out)
		classifier_read(a->profile->reply, result->text, &o->read);
	/* The network took the text: the operator's message will decide. */
	if (a->by_sms && fate_of(a, result->fate) == POLICY_ANSWERED)
		o->read.verdict = VERDICT_PENDING;
	o->told = reading_of(a->profile, &o->read.groups);
	keep_reply(a, result, o->masked, sizeof(o->masked));
	if (a->profile->verdict_by == PROFILE_VERDICT_BALANCE &&
		o->read.verdict == VERDICT_LOADED)
		o->read.verdict = VERDICT_NONE;
	weigh(a, result, o);
	o->by = o->weighed.fate == POLICY_ANSWERED && !a->by_sms ? "text"
	                                                         : "modem";
	o->next = policy_next(&o->weighed);
	weigh_balance(a, o);
}

static void
settle_in_ledger(const struct attempt *a, const struct outcome *o)
{
	const struct policy_case *c = &o->weighed;
	const struct policy_step *next = &o->next;
	struct turn *turn = a->redeem->turn;
	struct ledger_op op = turn_op(turn, LEDGER_ATTEMPT_SETTLE);
	struct ledger_attempt_settle *s = &op.u.attempt_settle;
	s->attempt = a->id;
	s->fate = ledger_fate_of(c->fate);
	s->verdict = o->read.verdict;
	s->event = next->event;
	(void)span_copy(s->reason, sizeof(s->reason), span_str(next->reason));
	s->next_at_ran_ms =
		next->wait_ms > 0 ? turn_now(turn).ran_ms + next->wait_ms : 0;
	s->credited_minor = next->credited_minor;
	s->balance_minor = c->balance_told_minor;
	s->deducted_minor = c->deducted_minor;
	s->bonus_minor = c->bonus_minor;
	(void)span_copy(s->by, sizeof(s->by), span_str(o->by));
	(void)span_copy(s->rule, sizeof(s->rule), span_str(o->read.rule));
	(void)span_copy(s->reply, sizeof(s->reply), span_str(o->masked));
	turn_must(turn, &op);
	if (o->proven && next->event == VOUCHER_NO_VERDICT)
		reading_settle(turn, &o->proof);
}

/* The operator barred the SIM: it dials no more until a person or the pause
 * says so. */
static void
block_sim(const struct attempt *a)
{
	struct ledger_op op = turn_op(a->redeem->turn, LEDGER_SIM_BLOCKED);
	struct ledger_sim_blocked *b = &op.u.sim_blocked;
	(void)span_copy(
		b->iccid, sizeof(b->iccid), span_str(line_iccid(a->line)));
	(void)span_copy(
		b->modem, sizeof(b->modem), span_str(a->line->config.name));
	turn_must(a->redeem->turn, &op);
}

enum { REST_MS = 5000, REST_DOUBLINGS = 7 };

/* A modem that refuses by itself rests, longer each time. */
static void
pace_line(const struct attempt *a, const struct policy_case *c,
	const struct policy_step *next)
{
	struct line *line = a->line;
	int64_t now = loop_now_ms(a->redeem->loop);
	if (c->fate != POLICY_NOT_SENT) {
		line->refusals = 0;
		return;
	}
	unsigned doublings = line->refusals < REST_DOUBLINGS ? line->refusals
	                                                     : REST_DOUBLINGS;
	if (next->rest_modem)
		doublings = REST_DOUBLINGS;
	line->refusals++;
	line->rest_until_ms = now + REST_MS * ((int64_t)1 << doublings);
}

static bool
becomes_unknown(enum voucher_event event)
{
	const struct voucher_edge *edge =
		voucher_edge_find(VOUCHER_DIALING, event);
	return edge && edge->to == VOUCHER_UNKNOWN;
}

/* A screen after the PIN that no rule knows may be a copy of one that was
 * answered: then the answer to what was typed last is still under way. */
static bool
is_still_owed(const struct attempt *a, const struct modem_result *result,
	const struct outcome *o)
{
	return result->open && a->pin_out && o->read.verdict == VERDICT_NONE;
}

/* A session that may still be answered is fenced off; an answer that settled
 * nothing has evidence asked for, before the SIM dials another card. */
static void
warn_sentry(const struct attempt *a, const struct modem_result *result,
	const struct outcome *o)
{
	int64_t due_ms = loop_now_ms(a->redeem->loop);
	int64_t slowest_ms = a->asked_ms + a->profile->timeout_ms;
	bool owed = is_still_owed(a, result, o);
	if (result->fate != MODEM_MAYBE_SENT && !owed) {
		a->line->wants_evidence |=
			becomes_unknown(o->next.event) && !o->proven;
		return;
	}
	/* A port that broke off says nothing of the network's answer. */
	if ((o->weighed.broken || owed) && slowest_ms > due_ms)
		due_ms = slowest_ms;
	line_doubt(a->line, a->redeem->turn,
		o->weighed.broken ? "broken" : "no_answer", due_ms);
}

/* What a person can do where the network carries no USSD. */
static void
name_ussd(const struct attempt *a, const struct modem_result *result)
{
	char why[CARRY_WHY_MAX];
	if (a->by_sms || !carry_names_ussd(a->line, result, why))
		return;
	(void)span_copy(a->line->last_error, sizeof(a->line->last_error),
		span_str(why));
	struct ledger_op op = turn_op(a->redeem->turn, LEDGER_EVENT);
	struct ledger_event *e = &op.u.event;
	(void)span_copy(
		e->event, sizeof(e->event), span_str("modem.ussd_failed"));
	(void)span_copy(
		e->modem, sizeof(e->modem), span_str(a->line->config.name));
	e->voucher = a->voucher;
	(void)span_copy(e->note, sizeof(e->note), span_str(why));
	turn_must(a->redeem->turn, &op);
}

void
redeem_conclude(struct attempt *a, const struct modem_result *result)
{
	struct outcome o = {.read = {.verdict = VERDICT_NONE, .rule = ""}};
	judge(a, result, &o);
	warn_sentry(a, result, &o);
	settle_in_ledger(a, &o);
	message_on_settled(a->redeem->turn, a->profile, a->id);
	if (o.next.sim_blocked)
		block_sim(a);
	if (result->cause == MODEM_TEXT)
		a->line->last_error[0] = '\0'; /* it is cured */
	name_ussd(a, result);
	/* Other ways go on at once; without one nothing is dialled there. */
	if (result->cause != MODEM_USSD_UNAVAILABLE)
		pace_line(a, &o.weighed, &o.next);
	struct fleet_idle on_idle = a->redeem->on_idle;
	struct line *line = a->line;
	redeem_forget(a);
	on_idle.fn(on_idle.ctx, line);
}
