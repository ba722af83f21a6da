/*
 * The fence: every step and every branch, in tables of what happens when and
 * what is wished for then.
 */
#include "agent/fence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { QUIET = 60000, ASK = 30000, SETTLE = FENCE_SETTLE_MS };

/* What happens at a moment; TICK only lets time pass. */
enum what { TICK, DONE, FAILED, TEXT, READING, BROKEN };

struct step {
	int64_t at_ms;
	enum what what;
	enum fence_phase phase; /* then it is there */
	enum fence_wish wish;   /* and wishes for that */
};

#define STEPS(...)                                                             \
	(const struct step[])                                                  \
	{                                                                      \
		__VA_ARGS__,                                                   \
		{                                                              \
			.at_ms = -1                                            \
		}                                                              \
	}

static struct fence_terms
terms(bool can_prove, bool can_ask)
{
	return (struct fence_terms){.quiet_ms = QUIET,
		.ask_ms = ASK,
		.can_prove = can_prove,
		.can_ask = can_ask};
}

static void
happen(struct fence *f, enum what what, int64_t at_ms)
{
	static const enum fence_event events[] = {[DONE] = FENCE_DONE,
		[FAILED] = FENCE_FAILED,
		[TEXT] = FENCE_TEXT,
		[READING] = FENCE_READING,
		[BROKEN] = FENCE_BROKEN};
	fence_tick(f, at_ms);
	if (what != TICK)
		fence_on(f, events[what], at_ms);
}

static void
walk(struct fence *f, const struct step *steps)
{
	for (const struct step *s = steps; s->at_ms >= 0; s++) {
		happen(f, s->what, s->at_ms);
		enum fence_wish wish = fence_take_wish(f);
		if (f->phase != s->phase || wish != s->wish)
			fail_msg("step %zu at %lld: phase %d wish %d",
				(size_t)(s - steps), (long long)s->at_ms,
				(int)f->phase, (int)wish);
		/* Each wish is given once. */
		assert_int_equal(fence_take_wish(f), FENCE_WISH_NONE);
	}
}

/* A raised fence, its cancel already wished for. */
static struct fence
raised(const struct fence_terms *t)
{
	struct fence f = {0};
	fence_raise(&f, t, 0);
	assert_true(fence_is_up(&f));
	assert_int_equal(fence_take_wish(&f),
		t->only_ask
			? (t->can_prove ? FENCE_WISH_PROOF : FENCE_WISH_BALANCE)
			: FENCE_WISH_CANCEL);
	return f;
}

static void
the_steps_come_in_order(void **state)
{
	(void)state;
	struct fence_terms t = terms(true, true);
	struct fence f = raised(&t);
	walk(&f, STEPS({100, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			 {100 + SETTLE - 1, TICK, FENCE_SETTLING,
				 FENCE_WISH_NONE},
			 {100 + SETTLE, TICK, FENCE_PROVING, FENCE_WISH_PROOF},
			 {3000, DONE, FENCE_ASKING, FENCE_WISH_BALANCE},
			 {4000, DONE, FENCE_QUIET, FENCE_WISH_NONE},
			 {4000 + QUIET - 1, TICK, FENCE_QUIET, FENCE_WISH_NONE},
			 {4000 + QUIET, TICK, FENCE_IDENTIFYING,
				 FENCE_WISH_IDENTIFY},
			 {70000, DONE, FENCE_IDENTIFYING, FENCE_WISH_END},
			 {70000, DONE, FENCE_DOWN, FENCE_WISH_NONE}));
	assert_false(fence_is_up(&f));
	assert_false(f.cut_short);
	assert_int_equal(fence_wake_at(&f), INT64_MAX);
}

static void
without_a_proof_the_balance_is_asked_at_once(void **state)
{
	(void)state;
	struct fence_terms t = terms(false, true);
	struct fence f = raised(&t);
	walk(&f, STEPS({0, FAILED, FENCE_SETTLING, FENCE_WISH_NONE},
			 {SETTLE, TICK, FENCE_ASKING, FENCE_WISH_BALANCE}));
}

static void
a_proof_that_fails_is_not_asked_again(void **state)
{
	(void)state;
	struct fence_terms t = terms(true, true);
	struct fence f = raised(&t);
	walk(&f, STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			 {SETTLE, TICK, FENCE_PROVING, FENCE_WISH_PROOF},
			 {9000, FAILED, FENCE_ASKING, FENCE_WISH_BALANCE}));
}

static void
three_unanswered_questions_lead_to_the_radio(void **state)
{
	(void)state;
	struct fence_terms t = terms(false, true);
	struct fence f = raised(&t);
	walk(&f, STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			 {SETTLE, TICK, FENCE_ASKING, FENCE_WISH_BALANCE},
			 {10000, FAILED, FENCE_ASKING, FENCE_WISH_BALANCE},
			 {20000, FAILED, FENCE_ASKING, FENCE_WISH_BALANCE},
			 {30000, FAILED, FENCE_RADIO, FENCE_WISH_RADIO},
			 {40000, FAILED, FENCE_QUIET, FENCE_WISH_NONE},
			 {40000 + QUIET, TICK, FENCE_IDENTIFYING,
				 FENCE_WISH_IDENTIFY}));
}

static void
what_cannot_be_asked_leads_to_the_radio(void **state)
{
	(void)state;
	struct fence_terms t = terms(false, false);
	struct fence f = raised(&t);
	walk(&f, STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			 {SETTLE, TICK, FENCE_RADIO, FENCE_WISH_RADIO},
			 {9000, DONE, FENCE_QUIET, FENCE_WISH_NONE}));
}

static void
a_proof_alone_is_no_balance(void **state)
{
	(void)state;
	struct fence_terms t = terms(true, false);
	struct fence f = raised(&t);
	walk(&f, STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			 {SETTLE, TICK, FENCE_PROVING, FENCE_WISH_PROOF},
			 {9000, DONE, FENCE_RADIO, FENCE_WISH_RADIO}));
}

/* The answer to the question is still to come: it is asked again. */
static void
text_in_the_place_of_the_answer_ends_nothing(void **state)
{
	(void)state;
	struct fence_terms t = terms(false, true);
	struct fence f = raised(&t);
	walk(&f, STEPS({0, TEXT, FENCE_CANCELLING, FENCE_WISH_NONE},
			 {0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			 {1, TEXT, FENCE_SETTLING, FENCE_WISH_NONE},
			 {SETTLE, TICK, FENCE_ASKING, FENCE_WISH_BALANCE},
			 {9000, TEXT, FENCE_ASKING, FENCE_WISH_NONE},
			 {9000, FAILED, FENCE_ASKING, FENCE_WISH_BALANCE},
			 {9500, DONE, FENCE_QUIET, FENCE_WISH_NONE}));
	assert_int_equal(f.quiets, 1);
}

/* As a push, while the next question is under way or when all are asked. */
static void
late_answer_to_a_question_answers_it(void **state)
{
	(void)state;
	struct fence_terms t = terms(false, true);
	struct fence f = raised(&t);
	walk(&f, STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			 {SETTLE, TICK, FENCE_ASKING, FENCE_WISH_BALANCE}));
	assert_true(fence_awaits_reading(&f));
	walk(&f, STEPS({9000, FAILED, FENCE_ASKING, FENCE_WISH_BALANCE},
			 {9500, READING, FENCE_QUIET, FENCE_WISH_NONE}));
	assert_false(fence_awaits_reading(&f));
	assert_int_equal(f.quiets, 1);
	/* Its own outcome comes too late to change anything. */
	walk(&f, STEPS({9900, FAILED, FENCE_QUIET, FENCE_WISH_NONE}));

	f = raised(&t);
	assert_false(fence_awaits_reading(&f));
	walk(&f, STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			 {SETTLE, TICK, FENCE_ASKING, FENCE_WISH_BALANCE},
			 {3000, FAILED, FENCE_ASKING, FENCE_WISH_BALANCE},
			 {4000, FAILED, FENCE_ASKING, FENCE_WISH_BALANCE},
			 {5000, FAILED, FENCE_RADIO, FENCE_WISH_RADIO},
			 {6000, DONE, FENCE_QUIET, FENCE_WISH_NONE}));
	assert_true(fence_awaits_reading(&f));
	walk(&f, STEPS({7000, READING, FENCE_QUIET, FENCE_WISH_NONE}));
	assert_false(fence_awaits_reading(&f));
	assert_int_equal(fence_wake_at(&f), 6000 + QUIET);
}

static void
text_begins_the_quiet_time_again(void **state)
{
	(void)state;
	struct fence_terms t = terms(false, false);
	struct fence f = raised(&t);
	walk(&f,
		STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			{SETTLE, TICK, FENCE_RADIO, FENCE_WISH_RADIO},
			{10000, DONE, FENCE_QUIET, FENCE_WISH_NONE},
			{40000, TEXT, FENCE_QUIET, FENCE_WISH_NONE},
			{40000 + QUIET - 1, TICK, FENCE_QUIET, FENCE_WISH_NONE},
			{40000 + QUIET, TICK, FENCE_IDENTIFYING,
				FENCE_WISH_IDENTIFY},
			{40000 + QUIET, TEXT, FENCE_QUIET, FENCE_WISH_NONE},
			{40001 + QUIET, DONE, FENCE_QUIET, FENCE_WISH_NONE}));
	assert_false(f.cut_short);
}

static void
five_quiet_times_are_the_most(void **state)
{
	(void)state;
	struct fence_terms t = terms(false, false);
	struct fence f = raised(&t);
	walk(&f, STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			 {SETTLE, TICK, FENCE_RADIO, FENCE_WISH_RADIO},
			 {2000, DONE, FENCE_QUIET, FENCE_WISH_NONE},
			 {12000, TEXT, FENCE_QUIET, FENCE_WISH_NONE},
			 {22000, TEXT, FENCE_QUIET, FENCE_WISH_NONE},
			 {32000, TEXT, FENCE_QUIET, FENCE_WISH_NONE},
			 {42000, TEXT, FENCE_QUIET, FENCE_WISH_NONE}));
	assert_false(f.cut_short);
	int64_t end = 42000 + QUIET;
	walk(&f, STEPS({52000, TEXT, FENCE_QUIET, FENCE_WISH_NONE},
			 {62000, TEXT, FENCE_QUIET, FENCE_WISH_NONE},
			 {end - 1, TICK, FENCE_QUIET, FENCE_WISH_NONE},
			 {end, TICK, FENCE_IDENTIFYING, FENCE_WISH_IDENTIFY},
			 {end, TEXT, FENCE_IDENTIFYING, FENCE_WISH_NONE},
			 {end, DONE, FENCE_IDENTIFYING, FENCE_WISH_END}));
	assert_true(f.cut_short);
}

static void
quiet_time_counts_from_when_the_last_answer_was_due(void **state)
{
	(void)state;
	struct fence_terms t = terms(false, false);
	t.due_ms = 100000;
	struct fence f = raised(&t);
	walk(&f, STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			 {SETTLE, TICK, FENCE_RADIO, FENCE_WISH_RADIO},
			 {3000, DONE, FENCE_QUIET, FENCE_WISH_NONE},
			 {100000 + QUIET - 1, TICK, FENCE_QUIET,
				 FENCE_WISH_NONE},
			 {100000 + QUIET, TICK, FENCE_IDENTIFYING,
				 FENCE_WISH_IDENTIFY}));
}

/* Wherever it breaks off, it begins with the cancel again. */
static void
broken_modem_begins_the_fence_anew(void **state)
{
	(void)state;
	const struct step *const ways[] = {
		STEPS({0, TICK, FENCE_CANCELLING, FENCE_WISH_NONE}),
		STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE}),
		STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			{SETTLE, TICK, FENCE_PROVING, FENCE_WISH_PROOF}),
		STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			{SETTLE, TICK, FENCE_PROVING, FENCE_WISH_PROOF},
			{3000, DONE, FENCE_ASKING, FENCE_WISH_BALANCE},
			{3000, FAILED, FENCE_ASKING, FENCE_WISH_BALANCE}),
		STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			{SETTLE, TICK, FENCE_PROVING, FENCE_WISH_PROOF},
			{3000, DONE, FENCE_ASKING, FENCE_WISH_BALANCE},
			{3000, DONE, FENCE_QUIET, FENCE_WISH_NONE},
			{3001, TEXT, FENCE_QUIET, FENCE_WISH_NONE}),
		STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			{SETTLE, TICK, FENCE_PROVING, FENCE_WISH_PROOF},
			{3000, DONE, FENCE_ASKING, FENCE_WISH_BALANCE},
			{3000, DONE, FENCE_QUIET, FENCE_WISH_NONE},
			{5000 + QUIET, TICK, FENCE_IDENTIFYING,
				FENCE_WISH_IDENTIFY}),
	};
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct fence_terms t = terms(true, true);
		t.due_ms = 900;
		struct fence f = raised(&t);
		walk(&f, ways[i]);
		walk(&f, STEPS({200000, BROKEN, FENCE_CANCELLING,
				 FENCE_WISH_CANCEL}));
		assert_int_equal(f.asked, 0);
		assert_int_equal(f.quiets, 0);
		assert_int_equal(f.terms.due_ms, 900);
	}
}

static void
raised_again_it_begins_anew_and_keeps_the_later_due(void **state)
{
	(void)state;
	struct fence_terms t = terms(false, true);
	t.due_ms = 500000;
	struct fence f = raised(&t);
	walk(&f, STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE}));
	t.due_ms = 1000;
	fence_raise(&f, &t, 7000);
	assert_int_equal(f.terms.due_ms, 500000);
	assert_int_equal(fence_take_wish(&f), FENCE_WISH_CANCEL);
	/* A wish for evidence alone weakens no fence that is up. */
	t.only_ask = true;
	fence_raise(&f, &t, 8000);
	assert_false(f.terms.only_ask);
	assert_int_equal(fence_take_wish(&f), FENCE_WISH_CANCEL);
}

static void
evidence_alone_takes_one_question(void **state)
{
	(void)state;
	static const enum what ends[] = {DONE, FAILED};
	for (size_t i = 0; i < 2; i++) {
		struct fence_terms t = terms(true, true);
		t.only_ask = true;
		struct fence f = raised(&t);
		walk(&f,
			STEPS({0, ends[i], FENCE_ASKING, FENCE_WISH_BALANCE},
				{1, ends[i], FENCE_IDENTIFYING, FENCE_WISH_END},
				{1, DONE, FENCE_DOWN, FENCE_WISH_NONE}));
	}
	struct fence_terms t = terms(true, false);
	t.only_ask = true;
	struct fence f = raised(&t);
	walk(&f, STEPS({0, DONE, FENCE_IDENTIFYING, FENCE_WISH_END}));
}

static void
text_or_break_makes_a_whole_fence_of_a_question(void **state)
{
	(void)state;
	static const enum what ways[] = {TEXT, BROKEN};
	for (size_t i = 0; i < 2; i++) {
		struct fence_terms t = terms(false, true);
		t.only_ask = true;
		struct fence f = raised(&t);
		walk(&f, STEPS({5000, ways[i], FENCE_CANCELLING,
				 FENCE_WISH_CANCEL}));
		assert_false(f.terms.only_ask);
	}
}

static void
sim_that_cannot_be_read_is_read_again(void **state)
{
	(void)state;
	struct fence_terms t = terms(false, false);
	struct fence f = raised(&t);
	walk(&f, STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			 {SETTLE, TICK, FENCE_RADIO, FENCE_WISH_RADIO},
			 {3000, DONE, FENCE_QUIET, FENCE_WISH_NONE},
			 {3000 + QUIET, TICK, FENCE_IDENTIFYING,
				 FENCE_WISH_IDENTIFY},
			 {100000, FAILED, FENCE_IDENTIFYING, FENCE_WISH_NONE},
			 {100000 + SETTLE, TICK, FENCE_IDENTIFYING,
				 FENCE_WISH_IDENTIFY},
			 {110000, DONE, FENCE_IDENTIFYING, FENCE_WISH_END}));
}

static void
what_was_not_wished_for_moves_nothing(void **state)
{
	(void)state;
	struct fence_terms t = terms(false, true);
	struct fence f = {0};
	walk(&f, STEPS({0, DONE, FENCE_DOWN, FENCE_WISH_NONE},
			 {0, TEXT, FENCE_DOWN, FENCE_WISH_NONE},
			 {0, BROKEN, FENCE_DOWN, FENCE_WISH_NONE}));
	fence_raise(&f, &t, 0);
	fence_on(&f, FENCE_DONE, 0); /* the wish was not taken yet */
	assert_int_equal(f.phase, FENCE_CANCELLING);
	assert_int_equal(fence_take_wish(&f), FENCE_WISH_CANCEL);
	walk(&f, STEPS({0, DONE, FENCE_SETTLING, FENCE_WISH_NONE},
			 {1, DONE, FENCE_SETTLING, FENCE_WISH_NONE}));
}

/* Texts as often as they count, questions as slow as they may be. */
static void
the_latest_end_is_never_passed(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 32; seed++) {
		struct fence_terms t = terms(seed & 1, seed & 2);
		t.due_ms = seed & 4 ? 150000 : 0;
		struct fence f = {0};
		fence_raise(&f, &t, 0);
		int64_t now = 0, by = fence_ends_by(&f, 0);
		for (unsigned i = 0; fence_is_up(&f); i++) {
			assert_in_range(i, 0, 100);
			int64_t until = fence_ends_by(&f, now);
			assert_true(until <= by);
			by = until;
			enum fence_wish wish = fence_take_wish(&f);
			if (wish == FENCE_WISH_BALANCE ||
				wish == FENCE_WISH_PROOF)
				now += ASK;
			if (f.phase == FENCE_QUIET && (seed & 8)) {
				now = fence_wake_at(&f) - 1;
				fence_on(&f, FENCE_TEXT, now);
			}
			if (wish != FENCE_WISH_NONE) {
				fence_on(&f,
					seed & 16 ? FENCE_FAILED : FENCE_DONE,
					now);
				if (f.phase == FENCE_IDENTIFYING)
					fence_on(&f, FENCE_DONE, now);
			} else {
				now = fence_wake_at(&f);
				fence_tick(&f, now);
			}
		}
		assert_true(now <= by);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_steps_come_in_order),
		cmocka_unit_test(without_a_proof_the_balance_is_asked_at_once),
		cmocka_unit_test(a_proof_that_fails_is_not_asked_again),
		cmocka_unit_test(three_unanswered_questions_lead_to_the_radio),
		cmocka_unit_test(what_cannot_be_asked_leads_to_the_radio),
		cmocka_unit_test(a_proof_alone_is_no_balance),
		cmocka_unit_test(text_in_the_place_of_the_answer_ends_nothing),
		cmocka_unit_test(late_answer_to_a_question_answers_it),
		cmocka_unit_test(text_begins_the_quiet_time_again),
		cmocka_unit_test(five_quiet_times_are_the_most),
		cmocka_unit_test(
			quiet_time_counts_from_when_the_last_answer_was_due),
		cmocka_unit_test(broken_modem_begins_the_fence_anew),
		cmocka_unit_test(
			raised_again_it_begins_anew_and_keeps_the_later_due),
		cmocka_unit_test(evidence_alone_takes_one_question),
		cmocka_unit_test(
			text_or_break_makes_a_whole_fence_of_a_question),
		cmocka_unit_test(sim_that_cannot_be_read_is_read_again),
		cmocka_unit_test(what_was_not_wished_for_moves_nothing),
		cmocka_unit_test(the_latest_end_is_never_passed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
