/*
 * message_step: what a message does to the attempt that caused it, at once or
 * when that has ended. Moves nothing but along the table of states, and
 * nothing twice.
 */
#include <errno.h>

#include "agent/fit.h"
#include "agent/ledger_copy.h"
#include "agent/message.h"
#include "agent/message_private.h"
#include "agent/turn.h"

/* ---- what it is to the attempt ----------------------------------------- */

void
message_offer(struct fit *fit, const struct ledger_cause *cause)
{
	const struct fit_attempt attempt = {.id = cause->attempt,
		.voucher = cause->voucher,
		.standing = fit_standing_of(cause->state, cause->verdict,
			cause->open, cause->flying),
		.verdict = cause->verdict,
		.read = cause->read,
		.same_words = cause->same_words,
		.repeated = cause->on_air > 1,
		.elsewhere = cause->elsewhere,
		.card_minor = cause->card_minor,
		.serial = span_str(cause->serial),
		.number = span_str(cause->own ? "" : cause->target),
		.began = {cause->began.wall_ms, cause->began.ran_ms}};
	fit_offer(fit, &attempt);
}

static struct message_step
only(enum message_use use)
{
	return (struct message_step){.use = use};
}

static bool
may_take(const struct ledger_cause *cause, enum voucher_event event)
{
	const struct voucher_edge *edge =
		voucher_edge_find(cause->state, event);
	return edge && voucher_edge_permits(edge, cause->on_air, span_str(""));
}

static struct message_step
settle_pending(const struct profile *profile, const struct ledger_cause *cause,
	const struct weigh_told *told)
{
	struct weigh_card card = {.own = cause->own,
		.card_minor = cause->card_minor,
		.balance_before_minor = cause->balance_before_minor,
		.earlier_attempts = cause->attempts - 1,
		.busy_before = cause->busy};
	struct policy_case c = weigh_case(profile, &card, told);
	struct message_step step = {
		.use = MESSAGE_SETTLE, .next = policy_next(&c)};
	return may_take(cause, step.next.event) ? step : only(MESSAGE_NOTHING);
}

static struct message_step
prove(const struct ledger_cause *cause, const struct weigh_told *told)
{
	struct message_step step = {.use = MESSAGE_EVIDENCE,
		.next = {.reason = "", .credited_minor = MONEY_NONE}};
	if (told->verdict == VERDICT_LOADED) {
		step.next.event = VOUCHER_EVIDENCE;
		step.next.credited_minor = told->amount_minor;
	} else if (verdict_is_refusal(told->verdict)) {
		step.next.event = VOUCHER_LATE_REFUSAL;
		step.next.reason = told->verdict == VERDICT_USED_BY_ME
		                           ? "used"
		                           : verdict_name(told->verdict);
	} else {
		return only(MESSAGE_NOTHING);
	}
	return may_take(cause, step.next.event) ? step : only(MESSAGE_NOTHING);
}

struct message_step
message_use(const struct profile *profile, const struct ledger_cause *cause,
	const struct weigh_told *told)
{
	switch (fit_standing_of(
		cause->state, cause->verdict, cause->open, cause->flying)) {
	case FIT_OPEN:
		return only(MESSAGE_WAIT);
	case FIT_PENDING:
		return settle_pending(profile, cause, told);
	case FIT_DOUBT:
		/* "Try again" by text and by SMS. */
		if (cause->verdict == told->verdict &&
			cause->state != VOUCHER_UNKNOWN)
			return only(MESSAGE_READ);
		return prove(cause, told);
	case FIT_LOADED:
		return only(told->verdict == VERDICT_LOADED ||
					    told->verdict == cause->verdict
				    ? MESSAGE_READ
				    : MESSAGE_NOTHING);
	case FIT_REJECTED:
		return told->verdict == VERDICT_LOADED ? prove(cause, told)
		                                       : only(MESSAGE_READ);
	}
	return only(MESSAGE_NOTHING);
}

/* ---- the step ---------------------------------------------------------- */

static void
settle(const struct message_proof *p, const struct policy_step *next)
{
	struct ledger_op op = turn_op(p->turn, LEDGER_ATTEMPT_SETTLE);
	struct ledger_attempt_settle *s = &op.u.attempt_settle;
	s->attempt = p->cause->attempt;
	s->fate = LEDGER_ANSWERED;
	s->verdict = p->told->verdict;
	s->event = next->event;
	(void)span_copy(s->reason, sizeof(s->reason), span_str(next->reason));
	s->next_at_ran_ms = next->wait_ms > 0
	                            ? turn_now(p->turn).ran_ms + next->wait_ms
	                            : 0;
	s->credited_minor = next->credited_minor;
	s->balance_minor = p->balance_minor;
	s->deducted_minor = p->told->deducted_minor;
	s->bonus_minor = p->told->bonus_minor;
	(void)span_copy(s->by, sizeof(s->by), span_str("sms"));
	(void)span_copy(s->rule, sizeof(s->rule), span_str(p->rule));
	(void)span_copy(s->reply, sizeof(s->reply), span_str(p->text));
	turn_must(p->turn, &op);
}

static void
give_evidence(const struct message_proof *p, const struct policy_step *next)
{
	struct ledger_op op = turn_op(p->turn, LEDGER_EVIDENCE);
	struct ledger_evidence *e = &op.u.evidence;
	e->attempt = p->cause->attempt;
	e->event = next->event;
	e->verdict = p->told->verdict;
	(void)span_copy(e->reason, sizeof(e->reason), span_str(next->reason));
	e->credited_minor = next->credited_minor;
	e->balance_minor = p->balance_minor;
	(void)span_copy(e->by, sizeof(e->by), span_str("sms"));
	(void)span_copy(e->rule, sizeof(e->rule), span_str(p->rule));
	(void)span_copy(e->reply, sizeof(e->reply), span_str(p->text));
	turn_must(p->turn, &op);
}

void
message_take(const struct message_proof *p, const struct message_step *step)
{
	switch (step->use) {
	case MESSAGE_NOTHING:
	case MESSAGE_READ:
	case MESSAGE_WAIT:
		return;
	case MESSAGE_SETTLE:
		settle(p, &step->next);
		return;
	case MESSAGE_EVIDENCE:
		give_evidence(p, &step->next);
		return;
	}
}

/* ---- the balance that it tells ----------------------------------------- */

int64_t
message_reading(struct turn *turn, const char *iccid,
	const struct ledger_cause *cause, const struct weigh_told *told,
	int64_t stamp_wall_ms)
{
	struct ledger_last last;
	struct ledger_sim sim;
	if (!cause->own || told->balance_minor == MONEY_NONE ||
		ledger_last(turn_ledger(turn), iccid, &last) != 0 ||
		ledger_sim(turn_ledger(turn), iccid, 0, &sim) != 0)
		return MONEY_NONE;
	bool news = last.attempt == cause->attempt &&
	            sim.balance_wall_ms <= stamp_wall_ms;
	return news ? told->balance_minor : MONEY_NONE;
}

void
message_spoil(
	struct turn *turn, const char *iccid, const struct weigh_told *told)
{
	struct ledger_sim sim;
	if (told->balance_minor == MONEY_NONE ||
		ledger_sim(turn_ledger(turn), iccid, 0, &sim) != 0 ||
		sim.balance_minor == told->balance_minor)
		return;
	struct ledger_op op = turn_op(turn, LEDGER_SPOIL);
	struct ledger_spoil *s = &op.u.spoil;
	(void)span_copy(s->iccid, sizeof(s->iccid), span_str(iccid));
	(void)span_copy(s->modem, sizeof(s->modem), span_str(sim.modem));
	(void)span_copy(s->by, sizeof(s->by), span_str("text"));
	turn_must(turn, &op);
}

/* ---- those that wait --------------------------------------------------- */

static bool
take_cause(void *ctx, const struct ledger_cause *cause)
{
	struct ledger_cause *out = ctx;
	*out = *cause;
	out->serial = out->target = out->iccid = out->account = NULL;
	return false;
}

int
message_look_up(struct turn *turn, int64_t attempt, struct ledger_cause *cause)
{
	struct ledger_cause_query query = {.attempt = attempt};
	*cause = (struct ledger_cause){.attempt = 0};
	return ledger_each_cause(turn_ledger(turn), &query, take_cause, cause);
}

/* A message as its row has it. */
struct waiting {
	int64_t id, attempt, stamp_wall_ms;
	struct ledger_moment arrived;
	struct weigh_told told;
	char iccid[LEDGER_NAME_MAX];
	char serial[LEDGER_NAME_MAX];
	char rule[LEDGER_NAME_MAX];
	char text[LEDGER_TEXT_MAX];
};

static bool
take_waiting(void *ctx, const struct ledger_message *m)
{
	struct waiting *w = ctx;
	w->id = m->id;
	w->attempt = m->attempt;
	w->stamp_wall_ms = m->stamp_wall_ms;
	w->arrived = m->arrived;
	w->told = (struct weigh_told){.verdict = m->verdict,
		.amount_minor = m->amount_minor,
		.deducted_minor = m->deducted_minor,
		.bonus_minor = m->bonus_minor,
		.balance_minor = m->balance_minor};
	/* All came out of rows that are as long. */
	(void)span_copy(w->serial, sizeof(w->serial), span_str(m->serial));
	(void)span_copy(w->iccid, sizeof(w->iccid), span_str(m->iccid));
	(void)span_copy(w->rule, sizeof(w->rule), span_str(m->rule));
	(void)span_copy(w->text, sizeof(w->text), span_str(m->text));
	return false;
}

/* A fit of it, over again. Its time was judged when it came, and what passed
 * passes by a clock that is believed, too: in a ledger that was restored since,
 * by all that was dialled until then. */
static struct fit_message
fit_message_of(struct turn *turn, const struct waiting *w)
{
	int64_t restored_ms =
		ledger_cursor(turn_ledger(turn), LEDGER_RESTORED_CURSOR);
	return (struct fit_message){.verdict = w->told.verdict,
		.amount_minor = w->told.amount_minor,
		.deducted_minor = w->told.deducted_minor,
		.bonus_minor = w->told.bonus_minor,
		.serial = span_str(w->serial),
		.text_utf8 = span_str(w->text),
		.stamp_wall_ms = w->stamp_wall_ms,
		.now = {w->arrived.wall_ms, w->arrived.ran_ms},
		.clock_trusted = true,
		.restored_wall_ms =
			w->arrived.wall_ms < restored_ms ? 0 : restored_ms};
}

struct again {
	const struct waiting *w;
	struct fit fit;
};

static bool
offer_again(void *ctx, const struct ledger_cause *cause)
{
	struct again *again = ctx;
	struct ledger_cause c = *cause;
	if (c.attempt == again->w->attempt)
		c.read = false; /* but for this very message */
	if (c.began.ran_ms <= again->w->arrived.ran_ms)
		message_offer(&again->fit, &c);
	return true;
}

static int64_t
fit_again(struct turn *turn, const struct waiting *w,
	const struct ledger_cause_query *query)
{
	const struct fit_message m = fit_message_of(turn, w);
	struct again again = {.w = w};
	int64_t attempt = 0;
	fit_begin(&again.fit, &m);
	if (ledger_each_cause(turn_ledger(turn), query, offer_again, &again) !=
			0 ||
		fit_decide(&again.fit, &attempt) != FIT_ONE)
		return 0;
	return attempt;
}

/*
 * Whose it is, now that the attempt it waited for has ended; 0: nobody's. One
 * that was refused meanwhile is not what was credited; where it was not sent
 * at all, an earlier one of the same card may be.
 */
static int64_t
attempt_of(struct turn *turn, const struct waiting *w)
{
	struct ledger_cause_query alone = {.attempt = w->attempt};
	struct ledger_sim sim;
	int64_t attempt = fit_again(turn, w, &alone);
	if (attempt != 0 ||
		ledger_sim(turn_ledger(turn), w->iccid, 0, &sim) != 0)
		return attempt;
	struct ledger_cause_query all = {.iccid = w->iccid,
		.account = sim.account,
		.operator= sim.operator,
		.since_ran_ms = w->arrived.ran_ms - FIT_DAY_MS,
		.text = w->text};
	return fit_again(turn, w, &all);
}

/* It is weighed, once: before the step, which may not be lost then. */
static bool
is_done(struct turn *turn, const struct waiting *w,
	const struct message_step *step, int64_t attempt)
{
	struct ledger_op op = turn_op(turn, LEDGER_MESSAGE_DONE);
	struct ledger_message_done *d = &op.u.message_done;
	bool is_its = step->use != MESSAGE_NOTHING;
	d->message = w->id;
	d->attempt = is_its ? attempt : 0;
	(void)span_copy(d->why, sizeof(d->why),
		span_str(is_its ? "" : "changes_nothing"));
	return turn_try(turn, &op, NULL) == 0;
}

/* What it does to the attempt that has ended, or to nothing. 0 or -EIO. */
static int
judge(struct turn *turn, const struct profile *profile, const struct waiting *w,
	struct ledger_cause *cause, struct message_step *step)
{
	*step = only(MESSAGE_NOTHING);
	int64_t attempt = attempt_of(turn, w);
	if (attempt == 0)
		return 0;
	if (message_look_up(turn, attempt, cause) != 0)
		return -EIO;
	*step = message_use(profile, cause, &w->told);
	if (step->use == MESSAGE_WAIT)
		*step = only(MESSAGE_NOTHING);
	return 0;
}

static void
weigh_waiting(struct turn *turn, const struct profile *profile,
	const struct waiting *w)
{
	struct ledger_cause cause;
	struct message_step step;
	if (message_look_up(turn, w->attempt, &cause) != 0 || cause.open ||
		judge(turn, profile, w, &cause, &step) != 0 ||
		!is_done(turn, w, &step, cause.attempt))
		return;
	struct message_proof proof = {.turn = turn,
		.cause = &cause,
		.told = &w->told,
		.rule = w->rule,
		.text = w->text,
		.balance_minor = MONEY_NONE};
	if (step.use == MESSAGE_SETTLE || step.use == MESSAGE_EVIDENCE)
		proof.balance_minor = message_reading(
			turn, w->iccid, &cause, &w->told, w->stamp_wall_ms);
	message_take(&proof, &step);
	if (proof.balance_minor == MONEY_NONE)
		message_spoil(turn, w->iccid, &w->told);
}

static void
weigh_all(struct turn *turn, const struct profile *profile, int64_t attempt)
{
	struct ledger_message_filter filter = {
		.attempt = attempt, .waits = true, .limit = 1};
	for (;;) {
		struct waiting w = {.id = 0};
		if (ledger_each_message(turn_ledger(turn), &filter,
			    take_waiting, &w) != 0 ||
			w.id == 0)
			return;
		weigh_waiting(turn, profile, &w);
		filter.after = w.id;
	}
}

void
message_on_settled(
	struct turn *turn, const struct profile *profile, int64_t attempt)
{
	weigh_all(turn, profile, attempt);
}

void
message_recall(struct turn *turn)
{
	weigh_all(turn, NULL, 0);
}
