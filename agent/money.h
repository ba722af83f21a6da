/*
 * money: amounts as integers in minor units. Never a float, never a long.
 * Pure.
 */
#ifndef AGENT_MONEY_H
#define AGENT_MONEY_H

#include "modem/span.h"

#define MONEY_NONE INT64_MIN /* an amount that is not known */

enum { MONEY_TEXT_MAX = 32 };

/* Which sign groups and which divides, as an operator writes numbers. */
struct money_format {
	char group;  /* 0 for none */
	char divide; /* 0 for none */
};

/* From an example such as "1,234.56" or "1 234,56". 0 or -EINVAL. */
int money_format_parse(struct span example, struct money_format *out);

/*
 * A number as the operator writes it into minor units of that many
 * decimals. Digits of any script count; a sign in front is understood; more
 * decimals than the currency has must be zeros. 0, -EINVAL, -ERANGE.
 */
int money_parse(struct span text, struct money_format format, unsigned decimals,
	int64_t *minor);

static inline bool
money_is_known(int64_t minor)
{
	return minor != MONEY_NONE;
}

/* a + b == c, all of them known, without overflow. */
bool money_adds_up(int64_t a, int64_t b, int64_t c);

/* "1234.50"; "" for MONEY_NONE. out has MONEY_TEXT_MAX bytes. */
void money_print(int64_t minor, unsigned decimals, char *out);

#endif
