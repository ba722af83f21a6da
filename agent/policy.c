/*
 * policy: the rows of the state table that an answer, or its absence, takes.
 * Decides; changes nothing.
 */
#include "agent/policy.h"

#include "agent/money.h"

static struct policy_step
step(enum voucher_event event, const char *reason)
{
	return (struct policy_step){
		.event = event, .reason = reason, .credited_minor = MONEY_NONE};
}

bool
policy_amount_is_right(const struct policy_case *c)
{
	if (!money_is_known(c->amount_minor) || !money_is_known(c->card_minor))
		return true;
	return c->amount_minor == c->card_minor ||
	       money_adds_up(
		       c->amount_minor, c->deducted_minor, c->card_minor) ||
	       money_adds_up(c->card_minor, c->bonus_minor, c->amount_minor) ||
	       money_adds_up(c->balance_before_minor, c->amount_minor,
		       c->balance_told_minor);
}

/* The SMS has so long to come; see overdue.c. */
static struct policy_step
on_pending(const struct policy_case *c)
{
	struct policy_step s = step(VOUCHER_TAKEN, "");
	s.wait_ms = c->sms_timeout_ms;
	return s;
}

static struct policy_step
on_loaded(const struct policy_case *c)
{
	if (c->verdict_by_sms)
		return on_pending(c);
	if (c->doubled)
		return step(VOUCHER_AMBIGUOUS, "ambiguous");
	struct policy_step s =
		policy_amount_is_right(c)
			? step(VOUCHER_CREDITED, "")
			: step(VOUCHER_AMOUNT_DIFFERS, "amount_differs");
	s.credited_minor = c->amount_minor;
	return s;
}

/* On a later attempt the refusal may be of our own first one, which worked. */
static struct policy_step
on_refusal(const struct policy_case *c, const char *reason)
{
	if (c->earlier_attempts > 0)
		return step(VOUCHER_REFUSED_ON_REPEAT, "refused_on_repeat");
	return step(VOUCHER_REFUSED_FIRST, reason);
}

static int64_t
grown_pause(const struct policy_case *c)
{
	unsigned doublings = c->busy_before < POLICY_PAUSE_DOUBLINGS
	                             ? c->busy_before
	                             : POLICY_PAUSE_DOUBLINGS;
	return c->retry_pause_ms * ((int64_t)1 << doublings);
}

static struct policy_step
on_busy(const struct policy_case *c)
{
	if (c->busy_before >= c->retries)
		return step(VOUCHER_BUSY_TOO_OFTEN, "busy");
	struct policy_step s = step(VOUCHER_BUSY, "retry");
	s.wait_ms = grown_pause(c);
	return s;
}

static struct policy_step
on_sim_blocked(void)
{
	struct policy_step s = step(VOUCHER_SIM_BLOCKED, "retry");
	s.sim_blocked = true;
	return s;
}

static struct policy_step
on_answer(const struct policy_case *c)
{
	switch (c->verdict) {
	case VERDICT_LOADED:
		return on_loaded(c);
	case VERDICT_USED_BY_ME:
		if (c->earlier_attempts > 0)
			return step(VOUCHER_USED_BY_ME_ON_REPEAT, "");
		return on_refusal(c, "used");
	case VERDICT_INVALID:
	case VERDICT_USED:
	case VERDICT_EXPIRED:
	case VERDICT_REFUSED:
	case VERDICT_CARD_BLOCKED:
		return on_refusal(c, verdict_name(c->verdict));
	case VERDICT_SIM_BLOCKED:
		return on_sim_blocked();
	case VERDICT_NOT_NOW:
		return step(VOUCHER_NOT_NOW, "not_now");
	case VERDICT_BUSY:
		return on_busy(c);
	case VERDICT_PENDING:
		return on_pending(c);
	case VERDICT_NONE:
	case VERDICT_COUNT:
		break;
	}
	return step(VOUCHER_NO_VERDICT, "unrecognised");
}

static struct policy_step
on_not_sent(const struct policy_case *c)
{
	if (c->not_sent_before + 1 < POLICY_NOT_SENT_MAX)
		return step(VOUCHER_NOT_SENT, "retry");
	struct policy_step s = step(VOUCHER_NOT_SENT_AGAIN, "not_sent");
	s.rest_modem = true;
	return s;
}

struct policy_step
policy_next(const struct policy_case *c)
{
	switch (c->fate) {
	case POLICY_NOT_SENT:
		return on_not_sent(c);
	case POLICY_MAYBE_SENT:
		return step(
			VOUCHER_MAYBE_SENT, c->broken ? "broken" : "no_answer");
	case POLICY_ANSWERED:
		return on_answer(c);
	}
	return step(VOUCHER_NO_VERDICT, "unrecognised");
}
