/*
 * weigh: what a text told, as numbers, beside what is known of the card: the
 * case that policy judges, for an answer and for a message alike. It must
 * never take a balance told for another account for the card's own.
 */
#ifndef AGENT_WEIGH_H
#define AGENT_WEIGH_H

#include "agent/classify.h"
#include "agent/policy.h"
#include "agent/profile.h"

/* Amounts are minor units, MONEY_NONE where the text tells none. */
struct weigh_told {
	enum verdict verdict;
	int64_t amount_minor, deducted_minor, bonus_minor;
	int64_t balance_minor; /* of whichever account */
};
struct weigh_told weigh_told(
	const struct profile *profile, const struct classify_result *read);

/* What is known of the card and of the attempt that the text is for. */
struct weigh_card {
	bool own; /* for the SIM that dialled */
	int64_t card_minor, balance_before_minor;
	unsigned earlier_attempts, busy_before, not_sent_before;
};

/* An answered case. Without a profile (NULL) nothing is tried again. */
struct policy_case weigh_case(const struct profile *profile,
	const struct weigh_card *card, const struct weigh_told *told);

#endif
