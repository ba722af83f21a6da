/*
 * test_follow: whether what a SIM owes after a recharge may be dialled now,
 * and what its answer is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/follow.h"

enum { NOW = 1000000 };

static const struct {
	const char *what;
	struct follow_case c;
	enum follow_answer answer;
	int64_t until_ms;
} cases[] = {
	{"nothing is owed: cards may go", {.now_ms = NOW, .paused = true},
		FOLLOW_NOTHING, FOLLOW_NEVER},
	{"owed, and nothing against it",
		{.owed = true, .in_profile = true, .now_ms = NOW}, FOLLOW_DIAL,
		FOLLOW_NEVER},
	{"no code outside the profile", {.owed = true, .now_ms = NOW},
		FOLLOW_DROP, FOLLOW_NEVER},
	{"nor while all is paused",
		{.owed = true, .paused = true, .now_ms = NOW}, FOLLOW_DROP,
		FOLLOW_NEVER},
	{"a pause waits for a person",
		{.owed = true,
			.in_profile = true,
			.paused = true,
			.now_ms = NOW},
		FOLLOW_WAIT, FOLLOW_NEVER},
	{"a card of the SIM is in flight",
		{.owed = true,
			.in_profile = true,
			.flies = true,
			.now_ms = NOW},
		FOLLOW_WAIT, FOLLOW_NEVER},
	{"the end of the recharge may be told twice",
		{.owed = true,
			.in_profile = true,
			.now_ms = NOW,
			.last_ended_ms = NOW - 4000,
			.apart_ms = 5000},
		FOLLOW_WAIT, NOW + 1000},
	{"it was long ago",
		{.owed = true,
			.in_profile = true,
			.now_ms = NOW,
			.last_ended_ms = NOW - 5000,
			.apart_ms = 5000},
		FOLLOW_DIAL, FOLLOW_NEVER},
	{"a text with a verdict came",
		{.owed = true,
			.in_profile = true,
			.now_ms = NOW,
			.quiet_until_ms = NOW + 7,
			.last_ended_ms = NOW - 4999,
			.apart_ms = 5000},
		FOLLOW_WAIT, NOW + 7},
	{"the SIM never dialled a card here",
		{.owed = true,
			.in_profile = true,
			.now_ms = 100,
			.apart_ms = 5000},
		FOLLOW_DIAL, FOLLOW_NEVER},
};

static void
each_thing_that_is_in_the_way_keeps_the_code_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t until_ms = -1;
		enum follow_answer got = follow_next(&cases[i].c, &until_ms);
		if (got != cases[i].answer || until_ms != cases[i].until_ms)
			fail_msg("%s: %d until %lld", cases[i].what, (int)got,
				(long long)until_ms);
	}
}

static const struct {
	const char *what;
	struct follow_text text;
	bool answer, owes;
} texts[] = {
	{"as expected", {.matches = true}, true, false},
	{"another one", {.matches = false}, false, false},
	{"as expected, and like a recharge's",
		{.matches = true, .is_verdict = true}, true, false},
	{"... while a card is not settled",
		{.matches = true, .is_verdict = true, .in_doubt = true}, true,
		true},
	{"a card's verdict in its place", {.is_verdict = true}, false, true},
	{"what the last card was told, again",
		{.matches = true, .is_copy = true, .is_verdict = true}, false,
		true},
	{"no verdict, while a card is not settled",
		{.matches = true, .in_doubt = true}, true, false},
};

static void
a_text_is_its_answer_or_a_cards(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (follow_is_answer(&texts[i].text) != texts[i].answer ||
			follow_owes_text(&texts[i].text) != texts[i].owes)
			fail_msg("%s", texts[i].what);
}

static void
a_modem_that_does_not_send_it_rests_longer_each_time(void **state)
{
	(void)state;
	assert_int_equal(follow_rest_ms(1), 5000);
	assert_int_equal(follow_rest_ms(2), 10000);
	assert_int_equal(follow_rest_ms(3), 20000);
	assert_int_equal(follow_rest_ms(1000), 80000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_thing_that_is_in_the_way_keeps_the_code_back),
		cmocka_unit_test(a_text_is_its_answer_or_a_cards),
		cmocka_unit_test(
			a_modem_that_does_not_send_it_rests_longer_each_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
