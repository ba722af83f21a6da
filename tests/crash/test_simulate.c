/*
 * Lives of the daemon in virtual time, some hundred seeds of them: no law is
 * broken, and a seed tells the same story twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/crash/law.h"
#include "tests/crash/realm.h"
#include "tests/crash/run.h"
#include "tests/crash/story.h"

#if defined(__SANITIZE_ADDRESS__)
enum { SEEDS = 25 };
#else
enum { SEEDS = 120 };
#endif
enum { STORY_LINES = 150 };

static const struct run_options options = {.hours = 0.25};

static void
run_good(uint64_t seed, const struct run_options *o)
{
	struct run_result result = run_seed(seed, o);
	if (result.good)
		return;
	story_print(stdout, STORY_LINES);
	fail_msg("%s\nagain: build/tests/crash/simulate --seed %llu "
		 "--hours %g --residual %s",
		result.broken, (unsigned long long)seed, o->hours,
		realm_residual_name((enum realm_residual)o->residual));
}

static void
no_seed_breaks_a_law(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run_good(seed, &options);
	/* They did something. */
	assert_true(law_counts()->redeemed > (uint64_t)SEEDS * 20);
	assert_true(law_counts()->cuts > SEEDS);
}

/* Where no rule can help, the ledger names what it believed. */
static void
residual_cases_are_found_by_their_evidence(void **state)
{
	(void)state;
	for (unsigned i = REALM_NOTHING + 1; i < REALM_RESIDUALS; i++) {
		struct run_options o = {.hours = 2, .residual = i};
		uint64_t before = law_counts()->forgiven;
		uint64_t seed = 1;
		while (seed <= SEEDS / 12)
			run_good(seed++, &o);
		/* They come up, sooner or later. */
		while (law_counts()->forgiven == before && seed <= SEEDS / 2)
			run_good(seed++, &o);
		assert_true(law_counts()->forgiven > before || SEEDS < 100);
	}
}

static void
a_seed_tells_the_same_story_twice(void **state)
{
	(void)state;
	for (uint64_t seed = 1000; seed < 1005; seed++) {
		struct run_result first = run_seed(seed, &options);
		(void)run_seed(seed + 7, &options); /* leaves nothing behind */
		struct run_result second = run_seed(seed, &options);
		assert_true(first.good);
		assert_int_equal(first.story, second.story);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_seed_breaks_a_law),
		cmocka_unit_test(residual_cases_are_found_by_their_evidence),
		cmocka_unit_test(a_seed_tells_the_same_story_twice),
	};
	run_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
