/*
 * classify: the rules of one operator and their precedence. Never guesses: a
 * text that no rule claims, or that contradicts itself, has no verdict.
 */
#include "agent/classify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/classify_expression.h"

struct rule {
	enum classify_kind kind;
	enum verdict verdict;
	struct expression *expression;
	unsigned line;
};

struct classifier {
	struct rule *rules;
	size_t count;
	size_t cap;
};

struct classifier *
classifier_new(void)
{
	return calloc(1, sizeof(struct classifier));
}

void
classifier_free(struct classifier *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++)
		expression_free(c->rules[i].expression);
	free(c->rules);
	free(c);
}

static int
make_room(struct classifier *c)
{
	if (c->count < c->cap)
		return 0;
	size_t cap = c->cap ? 2 * c->cap : 16;
	struct rule *rules = realloc(c->rules, cap * sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	c->rules = rules;
	c->cap = cap;
	return 0;
}

int
classifier_add(struct classifier *c, enum classify_kind kind,
	enum verdict verdict, struct span pattern, unsigned line, char *error,
	size_t cap)
{
	if (make_room(c) < 0) {
		(void)snprintf(error, cap, "out of memory");
		return -EINVAL;
	}
	struct expression *e = expression_new(pattern, error, cap);

	if (!e)
		return -EINVAL;
	c->rules[c->count++] = (struct rule){.kind = kind,
		.verdict = kind == CLASSIFY_VERDICT ? verdict : VERDICT_NONE,
		.expression = e,
		.line = line};
	return 0;
}

/* The first rule of each kind of verdict that matches; [NONE] stays NULL. */
struct claims {
	const struct rule *of[VERDICT_COUNT];
};

/* loaded beside what says that the card was refused: one of them is wrong,
 * and which one only a person can say. */
static bool
contradicts(const struct claims *claims)
{
	if (!claims->of[VERDICT_LOADED])
		return false;
	for (int v = 0; v < VERDICT_COUNT; v++)
		if (claims->of[v] && verdict_is_refusal((enum verdict)v))
			return true;
	return false;
}

/* The enum stands in the contract's order of precedence. */
static const struct rule *
decide(const struct claims *claims)
{
	for (int v = VERDICT_NONE + 1; v < VERDICT_COUNT; v++)
		if (claims->of[v])
			return claims->of[v];
	return NULL;
}

static void
collect_claims(
	const struct classifier *c, struct span plain, struct claims *claims)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct rule *rule = &c->rules[i];

		if (rule->kind == CLASSIFY_VERDICT &&
			!claims->of[rule->verdict] &&
			expression_matches_plain(rule->expression, plain, 0))
			claims->of[rule->verdict] = rule;
	}
}

/* balance, deducted and bonus tell something beside any verdict. */
static void
read_beside(const struct classifier *c, struct span plain,
	struct classify_result *out)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct rule *rule = &c->rules[i];

		if (rule->kind == CLASSIFY_VERDICT ||
			!expression_matches_plain(rule->expression, plain, 0))
			continue;
		expression_add_groups(rule->expression, plain, &out->groups);
		if (rule->kind == CLASSIFY_BALANCE)
			out->balance_matched = true;
	}
}

static void
read_plain(const struct classifier *c, struct span plain,
	struct classify_result *out)
{
	struct claims claims = {0};

	collect_claims(c, plain, &claims);
	out->contradiction = contradicts(&claims);
	const struct rule *rule = out->contradiction ? NULL : decide(&claims);

	if (rule) {
		out->verdict = rule->verdict;
		out->line = rule->line;
		out->rule = verdict_name(rule->verdict);
		expression_add_groups(rule->expression, plain, &out->groups);
	}
	read_beside(c, plain, out);
}

void
classifier_read(const struct classifier *c, struct span text,
	struct classify_result *out)
{
	struct plain_text plain;

	*out = (struct classify_result){.rule = ""};
	if (!plain_text_make(&plain, text))
		return;
	read_plain(c, span_of(plain.bytes, plain.len), out);
	plain_text_wipe(&plain);
}

bool
classify_is_of_card(const struct classify_result *read)
{
	return read->verdict == VERDICT_LOADED ||
	       read->verdict == VERDICT_PENDING ||
	       read->verdict == VERDICT_SIM_BLOCKED ||
	       (verdict_is_refusal(read->verdict) && !read->balance_matched);
}
