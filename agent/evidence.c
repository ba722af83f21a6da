/*
 * evidence: the conditions under which an unknown voucher is settled by what
 * came after its attempt. Each condition alone withholds. It must never
 * guess: where two things could have caused what is seen, it proves nothing.
 */
#include "agent/evidence.h"

#include <string.h>

#include "agent/money.h"
#include "agent/policy.h"

/* ---- the proof by balance ---------------------------------------------- */

/* A balance that did not rise proves nothing, whatever was deducted: the
 * credit may come later. */
static bool
rose_by_the_card(const struct evidence_case *c)
{
	int64_t rise;
	if (!money_is_known(c->before_minor) ||
		!money_is_known(c->after_minor) ||
		__builtin_sub_overflow(
			c->after_minor, c->before_minor, &rise) ||
		rise <= 0)
		return false;
	return rise == c->card_minor ||
	       money_adds_up(rise, c->deducted_minor, c->card_minor) ||
	       money_adds_up(c->card_minor, c->bonus_minor, rise);
}

static bool
same_currency(const struct evidence_case *c)
{
	return strcmp(c->before_currency, c->card_currency) == 0 &&
	       strcmp(c->after_currency, c->card_currency) == 0;
}

enum evidence_balance
evidence_by_balance(const struct evidence_case *c)
{
	if (!c->own)
		return EVIDENCE_OTHER_ACCOUNT;
	if (!c->has_before)
		return EVIDENCE_NO_BEFORE;
	if (!c->before_shown)
		return EVIDENCE_NOT_SHOWN;
	if (c->spoiled)
		return EVIDENCE_SPOILED;
	if (c->dialled_since)
		return EVIDENCE_DIALLED_SINCE;
	if (c->others_since)
		return EVIDENCE_OTHERS_SINCE;
	if (c->open != 1)
		return EVIDENCE_SEVERAL_OPEN;
	if (!same_currency(c))
		return EVIDENCE_CURRENCY;
	if (!money_is_known(c->card_minor))
		return EVIDENCE_NO_AMOUNT;
	return rose_by_the_card(c) ? EVIDENCE_PROVEN : EVIDENCE_OTHER_RISE;
}

const char *
evidence_balance_name(enum evidence_balance why)
{
	static const char *const names[] = {
		[EVIDENCE_PROVEN] = "proven",
		[EVIDENCE_OTHER_ACCOUNT] = "other_account",
		[EVIDENCE_NO_BEFORE] = "no_reading_before",
		[EVIDENCE_NOT_SHOWN] = "not_shown",
		[EVIDENCE_SPOILED] = "spoiled",
		[EVIDENCE_DIALLED_SINCE] = "dialled_since",
		[EVIDENCE_OTHERS_SINCE] = "others_since",
		[EVIDENCE_SEVERAL_OPEN] = "several_open",
		[EVIDENCE_CURRENCY] = "currency",
		[EVIDENCE_NO_AMOUNT] = "no_amount",
		[EVIDENCE_OTHER_RISE] = "other_rise",
	};
	return names[why];
}

/* ---- a text that came late --------------------------------------------- */

static struct evidence_step
nothing(void)
{
	return (struct evidence_step){
		.reason = "", .credited_minor = MONEY_NONE};
}

static struct evidence_step
credit(int64_t amount_minor)
{
	return (struct evidence_step){.settles = true,
		.event = VOUCHER_EVIDENCE,
		.reason = "",
		.credited_minor = amount_minor};
}

static bool
amount_is_right(const struct evidence_text *c)
{
	struct policy_case weighed = {.card_minor = c->card_minor,
		.amount_minor = c->amount_minor,
		.deducted_minor = c->deducted_minor,
		.bonus_minor = c->bonus_minor,
		.balance_before_minor = c->balance_before_minor,
		.balance_told_minor = c->balance_told_minor};
	return policy_amount_is_right(&weighed);
}

/* With another attempt on air the refusal may be of the one that followed a
 * credit. */
static struct evidence_step
of_refusal(const struct evidence_text *c)
{
	if (c->balance_matched || c->on_air != 1)
		return nothing();
	return (struct evidence_step){.settles = true,
		.event = VOUCHER_LATE_REFUSAL,
		.reason = c->verdict == VERDICT_USED_BY_ME
	                          ? verdict_name(VERDICT_USED)
	                          : verdict_name(c->verdict),
		.credited_minor = MONEY_NONE};
}

static struct evidence_step
of_unknown(const struct evidence_text *c)
{
	if (verdict_is_refusal(c->verdict))
		return of_refusal(c);
	if (c->verdict == VERDICT_LOADED && c->settles_by_ussd &&
		amount_is_right(c))
		return credit(c->amount_minor);
	return nothing();
}

/* It moved on already, so only a text that can be of no other card counts. */
static struct evidence_step
of_settled(const struct evidence_text *c)
{
	bool fits = money_is_known(c->amount_minor) &&
	            (!money_is_known(c->card_minor) ||
			    c->amount_minor == c->card_minor);
	if (c->on_air > 0 && c->others_in_doubt == 0 && c->settles_by_ussd &&
		!c->answered_long_ago && c->verdict == VERDICT_LOADED && fits)
		return credit(c->amount_minor);
	return nothing();
}

struct evidence_step
evidence_by_text(const struct evidence_text *c)
{
	if (c->repeats || c->restored || c->followed)
		return nothing();
	switch (c->state) {
	case VOUCHER_UNKNOWN:
		return of_unknown(c);
	case VOUCHER_READY:
	case VOUCHER_HELD:
	case VOUCHER_REJECTED:
		return of_settled(c);
	case VOUCHER_DIALING:
	case VOUCHER_PENDING:
	case VOUCHER_LOADED:
	case VOUCHER_CANCELLED:
	case VOUCHER_STATES:
		break;
	}
	return nothing();
}
