/*
 * classify: an operator's text to a verdict, by compiled expressions, and
 * the expressions of a profile in general. The one module with PCRE2; match,
 * depth and heap limits are set, no JIT. It must never guess: what no rule
 * matches has no verdict.
 */
#ifndef AGENT_CLASSIFY_H
#define AGENT_CLASSIFY_H

#include "agent/money.h"
#include "agent/verdict.h"
#include "modem/span.h"

/* One compiled expression (PCRE2, UTF-8). */
struct expression;

/* NULL on a syntax error; error (cap bytes) then says what and where. */
struct expression *expression_new(struct span pattern, char *error, size_t cap);
void expression_free(struct expression *e);

/* Whether some part of the text matches. Digits of any script are seen as
 * 0-9. A text that runs into the match limit does not match. */
bool expression_matches(const struct expression *e, struct span text);

/* Whether the whole text matches, first to last byte. */
bool expression_matches_whole(const struct expression *e, struct span text);

/* Whether it has a named group of that name. */
bool expression_has_group(const struct expression *e, const char *group);

/* The first of its named groups that the contract does not know: nothing is
 * read from it. NULL when there is none. The text is the expression's. */
const char *expression_odd_group(const struct expression *e);

enum { CLASSIFY_GROUP_MAX = 64 };

/* The named groups of the contract, as the text had them; "" if absent. */
struct classify_groups {
	char amount[CLASSIFY_GROUP_MAX];
	char balance[CLASSIFY_GROUP_MAX];
	char currency[CLASSIFY_GROUP_MAX];
	char serial[CLASSIFY_GROUP_MAX];
	char expiry[CLASSIFY_GROUP_MAX];
	char bonus[CLASSIFY_GROUP_MAX];
	char deducted[CLASSIFY_GROUP_MAX];
	char time[CLASSIFY_GROUP_MAX];
};

/* As expression_matches, and adds what the named groups caught. */
bool expression_match_groups(const struct expression *e, struct span text,
	struct classify_groups *groups);

/* The rules of one operator's [reply] and [balance]. */
struct classifier;

struct classifier *classifier_new(void);
void classifier_free(struct classifier *c);

enum classify_kind {
	CLASSIFY_VERDICT, /* a rule for .verdict */
	CLASSIFY_DEDUCTED,
	CLASSIFY_BONUS,
	CLASSIFY_BALANCE
};

/* Adds a rule; line is where it stands. 0, or -EINVAL with the error. */
int classifier_add(struct classifier *c, enum classify_kind kind,
	enum verdict verdict, struct span pattern, unsigned line, char *error,
	size_t cap);

struct classify_result {
	enum verdict verdict; /* VERDICT_NONE: no rule, only a balance, or a
	                         contradiction */
	bool contradiction;   /* loaded together with a refusal */
	bool balance_matched; /* [balance] reply matches */
	unsigned line;        /* of the rule that decided; 0 for none */
	const char *rule;     /* its key, "" for none; static */
	struct classify_groups groups;
};

/* Reads a text. Never fails: at worst there is no verdict. */
void classifier_read(const struct classifier *c, struct span text,
	struct classify_result *out);

/*
 * A text with a card's verdict answers no request for the balance, nor a
 * person's code: it is an earlier attempt's, come late (contract, The fence),
 * even where it tells a balance. A refusal that [balance] matches as well is
 * none.
 */
bool classify_is_of_card(const struct classify_result *read);

#endif
