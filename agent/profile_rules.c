/*
 * profile_rules: keys that hold expressions. Never lets one in that would
 * match every text.
 */
#include <string.h>

#include "agent/profile_keys.h"

/*
 * A repeat that lost its brace, as in "\d{14": PCRE2 takes it for plain text,
 * and the expression would never match.
 */
static bool
has_open_repeat(struct span pattern)
{
	for (size_t i = 0; i < pattern.len; i++) {
		if (pattern.ptr[i] == '\\') {
			i++;
			continue;
		}
		if (pattern.ptr[i] != '{')
			continue;
		struct span inside = span_skip(pattern, i + 1);
		size_t n = 0;

		while (n < inside.len &&
			((inside.ptr[n] >= '0' && inside.ptr[n] <= '9') ||
				inside.ptr[n] == ','))
			n++;
		if (n > 0 && (n == inside.len || inside.ptr[n] != '}'))
			return true;
	}
	return false;
}

/*
 * Compiles a pattern, or tells what is wrong. One that matches an empty text
 * matches (but for anchors) every text, and each answer would be a verdict.
 */
static struct expression *
read_expression(struct profile_build *b, struct span pattern)
{
	char error[256];
	struct expression *e = expression_new(pattern, error, sizeof(error));

	if (!e) {
		PROFILE_WRONG(
			b, "%.*s: %s", (int)b->key.len, b->key.ptr, error);
		return NULL;
	}
	if (has_open_repeat(pattern)) {
		PROFILE_WRONG(b, "%.*s: a repeat without its closing brace",
			(int)b->key.len, b->key.ptr);
		expression_free(e);
		return NULL;
	}
	if (expression_matches(e, span_str(""))) {
		PROFILE_WRONG(b, "%.*s: matches an empty text", (int)b->key.len,
			b->key.ptr);
		expression_free(e);
		return NULL;
	}
	const char *odd = expression_odd_group(e);

	if (odd)
		PROFILE_WARN(b, "nothing is read from a group named '%s'", odd);
	return e;
}

void
profile_take_smsc(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	(void)key;
	b->profile->smsc_any = span_eq(value, span_str("any"));
	if (!b->profile->smsc_any)
		b->profile->smsc = read_expression(b, value);
}

static void
add_pattern(struct profile_build *b, struct expression **list, size_t *count,
	struct span pattern)
{
	struct expression *e = read_expression(b, pattern);

	if (e && *count == PROFILE_PATTERN_MAX) {
		PROFILE_WRONG(b, "%.*s: more than %d times", (int)b->key.len,
			b->key.ptr, PROFILE_PATTERN_MAX);
		expression_free(e);
	} else if (e) {
		list[(*count)++] = e;
	}
}

void
profile_take_voucher_pin(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	(void)key;
	add_pattern(b, b->profile->pins, &b->profile->pin_count, value);
}

void
profile_take_msisdn(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	(void)key;
	add_pattern(b, b->profile->msisdns, &b->profile->msisdn_count, value);
}

/* Without one of these it could tell no card from another. */
static bool
can_prove(const struct expression *e)
{
	return expression_has_group(e, "serial") ||
	       expression_has_group(e, "time");
}

void
profile_take_proof_reply(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	struct profile *p = b->profile;
	size_t before = p->proof_count;
	add_pattern(b, p->proofs, &p->proof_count, value);
	if (p->proof_count > before && !can_prove(p->proofs[before]))
		PROFILE_WRONG(b,
			"%s: neither a group (?<serial>...) nor "
			"(?<time>...)",
			key->name);
}

/* The number of a step, from 1, that has none yet; 0 after telling. */
static unsigned
step_number(struct profile_build *b, unsigned lines[PROFILE_MENU_MAX])
{
	uint32_t n;

	if (span_to_u32(b->key, PROFILE_MENU_MAX, &n) < 0 || n == 0 ||
		b->key.len != 1) {
		PROFILE_WRONG(b, "'%.*s' is not a number from 1 to %d",
			(int)b->key.len, b->key.ptr, PROFILE_MENU_MAX);
		return 0;
	}
	if (lines[n - 1] > 0) {
		PROFILE_WRONG(
			b, "%u stands in line %u already", n, lines[n - 1]);
		return 0;
	}
	lines[n - 1] = b->line;
	return n;
}

/* Splits "LEFT sign RIGHT" at the last sign: the left may hold one too. */
static bool
split(struct span value, const char *sign, struct span *left,
	struct span *right)
{
	size_t len = strlen(sign);

	for (size_t at = value.len; at >= len; at--) {
		struct span here = span_of(value.ptr + at - len, len);

		if (!span_eq(here, span_str(sign)))
			continue;
		*left = span_trim(span_of(value.ptr, at - len));
		*right = span_trim(span_skip(value, at));
		return left->len > 0 && right->len > 0;
	}
	return false;
}

void
profile_take_menu(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	struct span screen;
	struct span answer;
	unsigned n = step_number(b, b->menu_lines);

	(void)key;
	if (n == 0)
		return;
	if (!split(value, "->", &screen, &answer)) {
		PROFILE_WRONG(b, "%u: EXPRESSION -> ANSWER", n);
		return;
	}
	const char *fault = profile_template_fault(answer);

	if (fault)
		PROFILE_WRONG(b, "%u: %s", n, fault);
	struct profile_menu_step *step = &b->profile->menu[n - 1];

	step->screen = read_expression(b, screen);
	(void)span_copy(step->answer, sizeof(step->answer), answer);
	if (b->profile->menu_count < n)
		b->profile->menu_count = n;
}

void
profile_take_follow_up(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	struct span code;
	struct span answer;
	unsigned n = step_number(b, b->follow_up_lines);

	(void)key;
	if (n == 0)
		return;
	if (!split(value, "=>", &code, &answer)) {
		PROFILE_WRONG(b, "%u: CODE => EXPRESSION", n);
		return;
	}
	struct profile_follow_up *step = &b->profile->follow_ups[n - 1];

	if (profile_template_fault(code) || span_find(code, '{') < code.len ||
		span_copy(step->code, sizeof(step->code), code) != 0)
		PROFILE_WRONG(b, "%u: not a code that can be dialled", n);
	step->answer = read_expression(b, answer);
}

/* A rule that must catch a group of that name (NULL: none). */
static void
add_rule(struct profile_build *b, enum classify_kind kind, enum verdict verdict,
	struct span pattern, const char *group)
{
	char error[256];
	struct expression *e = read_expression(b, pattern);

	/* A broken one is told where it stands, and only there. */
	b->has_loaded |= verdict == VERDICT_LOADED;
	if (!e)
		return;
	if (group && !expression_has_group(e, group))
		PROFILE_WRONG(b, "%.*s: no group (?<%s>...)", (int)b->key.len,
			b->key.ptr, group);
	else if (classifier_add(b->profile->reply, kind, verdict, pattern,
			 b->line, error, sizeof(error)) < 0)
		PROFILE_WRONG(
			b, "%.*s: %s", (int)b->key.len, b->key.ptr, error);
	expression_free(e);
}

void
profile_take_balance_reply(struct profile_build *b,
	const struct profile_key *key, struct span value)
{
	(void)key;
	add_rule(b, CLASSIFY_BALANCE, VERDICT_NONE, value, "balance");
}

void
profile_take_rule(struct profile_build *b, const struct profile_key *key,
	struct span value)
{
	enum verdict verdict = VERDICT_NONE;

	if (span_eq(b->key, span_str("deducted")))
		add_rule(b, CLASSIFY_DEDUCTED, verdict, value, "deducted");
	else if (span_eq(b->key, span_str("bonus")))
		add_rule(b, CLASSIFY_BONUS, verdict, value, "bonus");
	else if (verdict_from_name(b->key, &verdict) == 0 &&
		 verdict != VERDICT_NONE)
		add_rule(b, CLASSIFY_VERDICT, verdict, value, NULL);
	else
		PROFILE_WRONG(b, "unknown key '%.*s' in [%s]", (int)b->key.len,
			b->key.ptr, key->section);
}
