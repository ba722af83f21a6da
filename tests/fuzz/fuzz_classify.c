/*
 * fuzz_classify: any text against fixed rules. The verdict is the one that
 * the contract's order gives to what each rule says alone; loaded beside a
 * refusal is none; and the script of the digits changes nothing.
 * Must never read a text by the classifier alone.
 */
#include <string.h>

#include "agent/classify.h"
#include "agent/problem.h"
#include "agent/profile.h"
#include "tests/fuzz/fuzz.h"

enum { BYTES_MAX = 2048 };

/* The rules of fuzz_profile once more, each by itself. */
static const struct {
	enum verdict verdict;
	const char *pattern;
} alone[] = {
	{VERDICT_SIM_BLOCKED, "(?i)too many wrong"},
	{VERDICT_CARD_BLOCKED, "(?i)voucher (is|has been) blocked"},
	{VERDICT_USED_BY_ME, "(?i)already used by you"},
	{VERDICT_USED, "(?i)already used"},
	{VERDICT_EXPIRED, "(?i)has expired"},
	{VERDICT_INVALID, "(?i)invalid voucher"},
	{VERDICT_REFUSED, "(?i)not accepted"},
	{VERDICT_NOT_NOW, "(?i)not allowed on your plan"},
	{VERDICT_PENDING, "(?i)request received"},
	{VERDICT_LOADED,
		"(?i)credited with (?<amount>[\\d.,]+) (?<currency>XTS)"},
	{VERDICT_BUSY, "(?i)(try again later|busy)"},
};

enum { RULES = sizeof(alone) / sizeof(*alone) };

static struct profile *profile;
static struct expression *rules[RULES];

static void
prepare(void)
{
	char error[128];
	struct problems *problems = problems_new();

	profile = profile_read_text(
		"/fuzz.ini", span_str(fuzz_profile), problems);
	FUZZ_HOLDS(profile != NULL);
	problems_free(problems);
	for (size_t i = 0; i < RULES; i++) {
		rules[i] = expression_new(
			span_str(alone[i].pattern), error, sizeof(error));
		FUZZ_HOLDS(rules[i] != NULL);
	}
}

static enum verdict
expected(struct span text)
{
	enum verdict first = VERDICT_NONE;
	bool refused = false, loaded = false;

	for (size_t i = RULES; i-- > 0;) {
		if (!expression_matches(rules[i], text))
			continue;
		first = alone[i].verdict;
		refused |= verdict_is_refusal(first);
		loaded |= first == VERDICT_LOADED;
	}
	return refused && loaded ? VERDICT_NONE : first;
}

/* Digits as Arabic ones, of two bytes each. */
static struct span
in_arabic(struct span text, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9') {
			out[n++] = '\xd9';
			out[n++] = (char)(0xa0 + (text.ptr[i] - '0'));
		} else {
			out[n++] = text.ptr[i];
		}
	}
	return span_of(out, n);
}

static void
check(struct span in, struct rng *rng)
{
	struct classify_result result, arabic;
	char other[2 * BYTES_MAX];

	(void)rng;
	if (!profile)
		prepare();
	classifier_read(profile->reply, in, &result);
	FUZZ_HOLDS(result.verdict == expected(in));
	FUZZ_HOLDS(!result.contradiction || result.verdict == VERDICT_NONE);
	FUZZ_HOLDS((result.verdict == VERDICT_NONE) == (result.line == 0));
	FUZZ_HOLDS(strlen(result.groups.amount) < CLASSIFY_GROUP_MAX);
	classifier_read(profile->reply, in_arabic(in, other), &arabic);
	FUZZ_HOLDS(arabic.verdict == result.verdict);
	FUZZ_HOLDS(strcmp(arabic.groups.amount, result.groups.amount) == 0);
}

const struct fuzz_target fuzz_target = {
	.name = "classify", .most = BYTES_MAX, .grows = true, .check = check};
