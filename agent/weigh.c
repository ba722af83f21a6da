/*
 * weigh: amounts out of the words of a text, and the case for policy. Decides
 * nothing.
 */
#include "agent/weigh.h"

#include "agent/reading.h"

static int64_t
amount_of(const struct profile *profile, const char *text)
{
	int64_t minor;
	if (text[0] == '\0' ||
		money_parse(span_str(text), profile->number_format,
			profile->decimals, &minor) != 0)
		return MONEY_NONE;
	return minor;
}

struct weigh_told
weigh_told(const struct profile *profile, const struct classify_result *read)
{
	const struct classify_groups *g = &read->groups;
	return (struct weigh_told){
		.verdict = read->verdict,
		.amount_minor = amount_of(profile, g->amount),
		.deducted_minor = amount_of(profile, g->deducted),
		.bonus_minor = amount_of(profile, g->bonus),
		.balance_minor = reading_of(profile, g).minor,
	};
}

struct policy_case
weigh_case(const struct profile *profile, const struct weigh_card *card,
	const struct weigh_told *told)
{
	return (struct policy_case){
		.fate = POLICY_ANSWERED,
		.verdict = told->verdict,
		.earlier_attempts = card->earlier_attempts,
		.busy_before = card->busy_before,
		.not_sent_before = card->not_sent_before,
		.card_minor = card->card_minor,
		.amount_minor = told->amount_minor,
		.deducted_minor = told->deducted_minor,
		.bonus_minor = told->bonus_minor,
		.balance_before_minor =
			card->own ? card->balance_before_minor : MONEY_NONE,
		.balance_told_minor =
			card->own ? told->balance_minor : MONEY_NONE,
		.retries = profile ? profile->retries : 0,
		.retry_pause_ms = profile ? profile->retry_pause_ms : 0,
		.sms_timeout_ms = profile ? profile->sms_timeout_ms : 0,
	};
}
