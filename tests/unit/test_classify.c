/* classify: what rules make of texts, the simulated operator's and worse. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/classify.h"

static struct expression *
expression_of(const char *pattern)
{
	char error[256] = "";
	struct expression *e =
		expression_new(span_str(pattern), error, sizeof(error));

	if (!e)
		fail_msg("%s: %s", pattern, error);
	return e;
}

static void
broken_expression_says_what_and_where(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		const char *error;
	} rows[] = {
		/* the words are PCRE2's and change with its versions */
		{"(abc", "parenthesis at offset 4"},
		{"a[z-b]", "at offset "},
		{"*", "quantifier"},
		{"a\\Cb", "\\C is disabled"},
		{"((((a{1000}){1000}){1000}){1000})", "too large"},
		{"\xff", "UTF-8 error"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char error[256] = "";

		assert_null(expression_new(
			span_str(rows[i].pattern), error, sizeof(error)));
		if (!strstr(error, rows[i].error))
			fail_msg("%s: %s", rows[i].pattern, error);
	}
	char tiny[4] = "";
	char *huge = calloc(1, 10000);

	assert_null(expression_new(span_str("(abc"), tiny, sizeof(tiny)));
	assert_int_equal(strlen(tiny), 3);
	memset(huge, 'a', 9999);
	assert_null(expression_new(span_of(huge, 9999), tiny, sizeof(tiny)));
	assert_string_equal(tiny, "too");
	free(huge);
	expression_free(NULL);
}

static void
catastrophic_expression_hits_a_limit_and_matches_nothing(void **state)
{
	(void)state;
	static const char *const patterns[] = {"(a+)+$", "(a|aa)+$", "(a|a?)+$",
		"^(([a-z])+.)+[A-Z]([a-z])+$", "(.*)*(.*)*x$",
		"(?<amount>(a+)+)$"};
	char text[2000];

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '!';
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct expression *e = expression_of(patterns[i]);
		struct classify_groups groups = {0};

		assert_false(
			expression_matches(e, span_of(text, sizeof(text))));
		assert_false(expression_matches_whole(
			e, span_of(text, sizeof(text))));
		assert_false(expression_match_groups(
			e, span_of(text, sizeof(text)), &groups));
		assert_string_equal(groups.amount, "");
		expression_free(e);
	}
	/* deep, not wide: a recursion for each character */
	struct expression *deep = expression_of("^(a(?1)?!?)$");

	assert_true(expression_matches(deep, span_str("aaa!")));
	char *many = malloc(8000);

	memset(many, 'a', 8000);
	assert_false(expression_matches(deep, span_of(many, 8000)));
	free(many);
	expression_free(deep);
}

static void
broken_and_endless_texts_match_nothing(void **state)
{
	(void)state;
	struct expression *e = expression_of("loaded");
	char *text = malloc(100000);

	assert_false(expression_matches(e, span_str("\xff loaded")));
	assert_false(expression_matches(e, span_str("loaded \xc3")));
	assert_false(expression_matches(e, span_of(NULL, 0)));
	(void)snprintf(text, 100000, "%-99999s", "loaded");
	assert_false(expression_matches(e, span_of(text, 99999)));
	assert_false(expression_matches_whole(e, span_of(text, 99999)));
	assert_true(expression_matches(e, span_of(text, 8192)));
	free(text);
	assert_true(expression_matches(e, span_of("\0loaded", 7)));
	expression_free(e);
}

static void
whole_match_takes_first_to_last_byte(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		const char *text;
		bool whole;
	} rows[] = {{"\\d{14}", "12345678901234", true},
		{"\\d{14}", "123456789012345", false},
		{"\\d{14}", " 12345678901234", false},
		{"\\d{14}", "12345678901234\n", false},
		{"\\d{14}$", "12345678901234\n", false}, {"1|12", "12", true},
		{"12|1", "12", true}, {"1|12", "123", false},
		{"1\\K2", "12", false}, {"", "", true}, {"", "1", false},
		{"0[789]\\d{8}", "0800000011", true}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct expression *e = expression_of(rows[i].pattern);

		if (expression_matches_whole(e, span_str(rows[i].text)) !=
			rows[i].whole)
			fail_msg("%s %s", rows[i].pattern, rows[i].text);
		expression_free(e);
	}
}

static void
digits_of_any_script_are_digits(void **state)
{
	(void)state;
	struct classify_groups groups = {0};
	struct expression *e =
		expression_of("رصيدك (?<balance>[0-9٫]+) ٥ (?<serial>\\d+)");

	assert_true(expression_match_groups(
		e, span_str("رصيدك ٢٥٠٫٥٠ ٥ ۱۲x"), &groups));
	assert_string_equal(groups.balance, "250٫50");
	assert_string_equal(groups.serial, "12");
	expression_free(e);
}

static void
named_groups_are_found_whichever_branch_caught_them(void **state)
{
	(void)state;
	struct expression *e = expression_of(
		"(?<amount>\\d+) XTS|XTS (?<amount>\\d+)(?<unknown>!)?"
		"(?<time>)(?<bonus>\\?)?");
	struct classify_groups groups = {0};

	assert_true(expression_has_group(e, "amount"));
	assert_true(expression_has_group(e, "unknown"));
	assert_false(expression_has_group(e, "balance"));
	assert_false(expression_has_group(e, "amoun"));
	assert_true(expression_match_groups(e, span_str("XTS 77!"), &groups));
	assert_string_equal(groups.amount, "77");
	assert_string_equal(groups.time, "");
	assert_string_equal(groups.bonus, "");
	/* what stands already is not overwritten */
	assert_true(expression_match_groups(e, span_str("88 XTS"), &groups));
	assert_string_equal(groups.amount, "77");
	/* a match that fails adds nothing */
	memset(&groups, 0, sizeof(groups));
	assert_false(expression_match_groups(e, span_str("XTS"), &groups));
	assert_string_equal(groups.amount, "");
	expression_free(e);
}

static void
catch_too_long_for_its_group_is_left_out(void **state)
{
	(void)state;
	struct expression *e = expression_of("(?<serial>\\d+)");
	struct classify_groups groups = {0};
	char digits[CLASSIFY_GROUP_MAX];

	memset(digits, '7', sizeof(digits));
	assert_true(expression_match_groups(
		e, span_of(digits, sizeof(digits)), &groups));
	assert_string_equal(groups.serial, "");
	assert_true(expression_match_groups(
		e, span_of(digits, sizeof(digits) - 1), &groups));
	assert_int_equal(strlen(groups.serial), CLASSIFY_GROUP_MAX - 1);
	expression_free(e);
}

static void
add(struct classifier *c, enum classify_kind kind, enum verdict verdict,
	const char *pattern, unsigned line)
{
	char error[256] = "";

	if (classifier_add(c, kind, verdict, span_str(pattern), line, error,
		    sizeof(error)) != 0)
		fail_msg("%s: %s", pattern, error);
}

static struct classify_result
read_text(const struct classifier *c, const char *text)
{
	struct classify_result r;

	memset(&r, 0x5a, sizeof(r));
	classifier_read(c, span_str(text), &r);
	return r;
}

static void
broken_rule_is_refused_and_the_others_stay(void **state)
{
	(void)state;
	struct classifier *c = classifier_new();
	char error[256] = "";

	add(c, CLASSIFY_VERDICT, VERDICT_USED, "used", 7);
	assert_int_equal(classifier_add(c, CLASSIFY_VERDICT, VERDICT_USED,
				 span_str("("), 8, error, sizeof(error)),
		-EINVAL);
	assert_true(strlen(error) > 0);
	assert_int_equal(read_text(c, "used").verdict, VERDICT_USED);
	classifier_free(c);
	classifier_free(NULL);
}

static void
text_that_no_rule_claims_has_no_verdict(void **state)
{
	(void)state;
	struct classifier *c = classifier_new();
	static const char *const texts[] = {"", "hello", "\xff used", "USED"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct classify_result r = read_text(c, texts[i]);

		assert_int_equal(r.verdict, VERDICT_NONE);
		assert_false(r.contradiction);
		assert_false(r.balance_matched);
		assert_int_equal(r.line, 0);
		assert_string_equal(r.rule, "");
		assert_string_equal(r.groups.amount, "");
		add(c, CLASSIFY_VERDICT, VERDICT_USED, "used", 7);
	}
	classifier_free(c);
}

/* One rule for each verdict, whose expression is the verdict's own word
 * between stars. */
static struct classifier *
classifier_of_words(void)
{
	struct classifier *c = classifier_new();

	for (int v = VERDICT_COUNT - 1; v > VERDICT_NONE; v--) {
		char pattern[64];

		(void)snprintf(pattern, sizeof(pattern), "\\*%s\\*",
			verdict_name((enum verdict)v));
		add(c, CLASSIFY_VERDICT, (enum verdict)v, pattern,
			(unsigned)v + 100);
	}
	return c;
}

static void
precedence_is_the_contracts_for_every_pair(void **state)
{
	(void)state;
	struct classifier *c = classifier_of_words();

	for (int a = 1; a < VERDICT_COUNT; a++) {
		for (int b = a; b < VERDICT_COUNT; b++) {
			char text[128];
			struct classify_result r;
			bool clash = b == VERDICT_LOADED &&
			             verdict_is_refusal((enum verdict)a);

			(void)snprintf(text, sizeof(text), "x *%s* *%s* x",
				verdict_name((enum verdict)b),
				verdict_name((enum verdict)a));
			r = read_text(c, text);
			assert_int_equal(r.contradiction, clash);
			assert_int_equal(r.verdict, clash ? VERDICT_NONE : a);
			assert_int_equal(r.line, clash ? 0 : a + 100);
			assert_string_equal(r.rule,
				clash ? "" : verdict_name((enum verdict)a));
		}
	}
	classifier_free(c);
}

static void
loaded_with_a_refusal_is_no_verdict_even_under_a_higher_kind(void **state)
{
	(void)state;
	struct classifier *c = classifier_of_words();
	struct classify_result r =
		read_text(c, "*sim_blocked* *loaded* *used*");

	assert_true(r.contradiction);
	assert_int_equal(r.verdict, VERDICT_NONE);
	classifier_free(c);
}

static void
rule_that_breaks_the_limit_counts_as_no_match(void **state)
{
	(void)state;
	struct classifier *c = classifier_new();
	char text[600];

	add(c, CLASSIFY_VERDICT, VERDICT_USED, "(a+)+$", 1);
	add(c, CLASSIFY_VERDICT, VERDICT_BUSY, "busy", 2);
	memset(text, 'a', sizeof(text));
	(void)snprintf(text + sizeof(text) - 7, 7, " busy!");
	struct classify_result r;

	classifier_read(c, span_of(text, sizeof(text) - 1), &r);
	assert_int_equal(r.verdict, VERDICT_BUSY);
	assert_int_equal(r.line, 2);
	classifier_free(c);
}

static void
first_matching_rule_of_a_kind_decides_and_gives_the_groups(void **state)
{
	(void)state;
	struct classifier *c = classifier_new();

	add(c, CLASSIFY_VERDICT, VERDICT_LOADED, "gone (?<amount>\\d+)", 3);
	add(c, CLASSIFY_VERDICT, VERDICT_LOADED, "got (?<amount>\\d+)", 4);
	add(c, CLASSIFY_VERDICT, VERDICT_LOADED, "ot (?<serial>\\d+)", 5);
	add(c, CLASSIFY_VERDICT, VERDICT_BUSY, "(?<expiry>got)", 6);
	struct classify_result r = read_text(c, "got 100");

	assert_int_equal(r.verdict, VERDICT_LOADED);
	assert_int_equal(r.line, 4);
	assert_string_equal(r.rule, "loaded");
	assert_string_equal(r.groups.amount, "100");
	assert_string_equal(r.groups.serial, "");
	assert_string_equal(r.groups.expiry, "");
	classifier_free(c);
}

static void
balance_loan_and_bonus_stand_beside_the_verdict(void **state)
{
	(void)state;
	struct classifier *c = classifier_new();

	add(c, CLASSIFY_VERDICT, VERDICT_LOADED, "credited (?<amount>\\d+)", 1);
	add(c, CLASSIFY_DEDUCTED, VERDICT_NONE, "loan (?<deducted>\\d+)", 2);
	add(c, CLASSIFY_BONUS, VERDICT_NONE, "bonus (?<bonus>\\d+)", 3);
	add(c, CLASSIFY_BALANCE, VERDICT_NONE,
		"balance (?<balance>\\d+) (?<currency>[A-Z]{3})", 4);
	struct classify_result r =
		read_text(c, "credited 100, loan 20, bonus 5, balance 90 XTS");

	assert_int_equal(r.verdict, VERDICT_LOADED);
	assert_true(r.balance_matched);
	assert_int_equal(r.line, 1);
	assert_string_equal(r.groups.amount, "100");
	assert_string_equal(r.groups.deducted, "20");
	assert_string_equal(r.groups.bonus, "5");
	assert_string_equal(r.groups.balance, "90");
	assert_string_equal(r.groups.currency, "XTS");
	r = read_text(c, "balance 90 XTS");
	assert_int_equal(r.verdict, VERDICT_NONE);
	assert_true(r.balance_matched);
	assert_false(r.contradiction);
	assert_int_equal(r.line, 0);
	assert_string_equal(r.rule, "");
	assert_string_equal(r.groups.balance, "90");
	r = read_text(c, "bonus 5");
	assert_int_equal(r.verdict, VERDICT_NONE);
	assert_false(r.balance_matched);
	classifier_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_expression_says_what_and_where),
		cmocka_unit_test(
			catastrophic_expression_hits_a_limit_and_matches_nothing),
		cmocka_unit_test(broken_and_endless_texts_match_nothing),
		cmocka_unit_test(whole_match_takes_first_to_last_byte),
		cmocka_unit_test(digits_of_any_script_are_digits),
		cmocka_unit_test(
			named_groups_are_found_whichever_branch_caught_them),
		cmocka_unit_test(catch_too_long_for_its_group_is_left_out),
		cmocka_unit_test(broken_rule_is_refused_and_the_others_stay),
		cmocka_unit_test(text_that_no_rule_claims_has_no_verdict),
		cmocka_unit_test(precedence_is_the_contracts_for_every_pair),
		cmocka_unit_test(
			loaded_with_a_refusal_is_no_verdict_even_under_a_higher_kind),
		cmocka_unit_test(rule_that_breaks_the_limit_counts_as_no_match),
		cmocka_unit_test(
			first_matching_rule_of_a_kind_decides_and_gives_the_groups),
		cmocka_unit_test(
			balance_loan_and_bonus_stand_beside_the_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
