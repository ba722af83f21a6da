/*
 * test_restored: what comes late to a ledger that was made from a backup: it
 * may be of a card that only the lost ledger knows, and settles none of this
 * one but by its serial.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/late.h"
#include "agent/ledger_copy.h"
#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/virtual/post.h"

#define MINUTE INT64_C(60000)

static const struct post_kind with_serial = {POST_CARD, "0123", "self"};

/* The backup was made before, the daemon starts with it now. */
static void
restore_now(struct post *s)
{
	struct ledger_op op = turn_op(s->shop.turn, LEDGER_CURSOR);
	strcpy(op.u.cursor.name, LEDGER_RESTORED_CURSOR);
	op.u.cursor.seq = loop_wall_ms();
	turn_must(s->shop.turn, &op);
	post_commit(s);
}

/* ---- messages ---------------------------------------------------------- */

static void
an_sms_sent_before_the_restore_settles_nothing(void **state)
{
	static const char *const texts[] = {POST_LOADED, "Invalid voucher",
		"Try again later", "Too many wrong attempts"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct post s;
		purse_teardown(state);
		assert_int_equal(purse_setup(state), 0);
		post_init(&s, state);
		int64_t voucher = post_dialled(&s, &post_plain, POST_UNKNOWN);
		int64_t sent_ms = loop_wall_ms();
		post_pass(&s, 10 * MINUTE);
		restore_now(&s);
		s.stamp_ms = sent_ms;
		assert_string_equal(post_sms(&s, texts[i]), "restored");
		post_expect(&s, voucher, VOUCHER_UNKNOWN, "no_answer");
		post_fini(&s);
	}
}

/* Nor a card that is dialled since: two clocks differ by a little. */
static void
an_sms_sent_before_the_restore_is_not_a_later_cards(void **state)
{
	struct post s;
	post_init(&s, state);
	restore_now(&s);
	s.stamp_ms = loop_wall_ms() + 1000;
	post_pass(&s, MINUTE);
	int64_t voucher = post_dialled(&s, &post_plain, POST_PENDING);
	assert_string_equal(post_sms(&s, POST_LOADED), "restored");
	post_expect(&s, voucher, VOUCHER_PENDING, "");
	post_pass(&s, 5 * MINUTE);
	s.stamp_ms = 0;
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

static void
the_serial_settles_it_all_the_same(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &with_serial, POST_UNKNOWN);
	int64_t sent_ms = loop_wall_ms();
	post_pass(&s, 10 * MINUTE);
	restore_now(&s);
	s.stamp_ms = sent_ms;
	assert_string_equal(post_sms(&s, POST_LOADED), "restored");
	post_expect(&s, voucher, VOUCHER_UNKNOWN, "no_answer");
	assert_string_equal(post_sms(&s, "Card 123 gave 100.00"), "");
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

/* The lost ledger may have dialled an equal card after this one. */
static void
a_card_dialled_before_the_restore_is_settled_by_its_serial_alone(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &with_serial, POST_UNKNOWN);
	restore_now(&s);
	post_pass(&s, 10 * MINUTE);
	assert_string_equal(post_sms(&s, POST_LOADED), "restored");
	post_expect(&s, voucher, VOUCHER_UNKNOWN, "no_answer");
	/* It may well be its: another one has two that fit. */
	int64_t later = post_dialled(&s, &post_plain, POST_UNKNOWN);
	assert_string_equal(post_sms(&s, POST_LOADED), "several");
	post_expect(&s, later, VOUCHER_UNKNOWN, "no_answer");
	assert_string_equal(post_sms(&s, "Card 123 gave 100.00"), "");
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	/* In other words it may still be its. */
	assert_string_equal(post_sms(&s, POST_LOADED), "several");
	assert_string_equal(post_sms(&s, "Card 124 gave 100.00"), "");
	post_expect(&s, later, VOUCHER_LOADED, "");
	post_fini(&s);
}

/* ---- pushed texts ------------------------------------------------------ */

static bool
push(struct post *s, const char *text)
{
	struct late_news news = late_text(s->shop.turn, s->line, span_str(text),
		LATE_AWAITS_NOTHING, loop_now_ms(s->shop.loop));
	post_commit(s);
	post_pass(s, 1000);
	return news.settled;
}

static void
a_text_pushed_after_the_restore_settles_by_the_serial_alone(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &with_serial, POST_UNKNOWN);
	restore_now(&s);
	post_pass(&s, MINUTE);
	assert_false(push(&s, POST_LOADED));
	assert_false(push(&s, "Invalid voucher"));
	assert_false(push(&s, "Card 124 gave 100.00"));
	post_expect(&s, voucher, VOUCHER_UNKNOWN, "no_answer");
	assert_true(push(&s, "Card 0123 gave 100.00"));
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

static void
a_text_pushed_for_a_card_dialled_since_the_restore_settles_it(void **state)
{
	struct post s;
	post_init(&s, state);
	restore_now(&s);
	post_pass(&s, MINUTE);
	int64_t voucher = post_dialled(&s, &post_plain, POST_UNKNOWN);
	assert_true(push(&s, POST_LOADED));
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_sms_sent_before_the_restore_settles_nothing),
		TEST(an_sms_sent_before_the_restore_is_not_a_later_cards),
		TEST(the_serial_settles_it_all_the_same),
		TEST(a_card_dialled_before_the_restore_is_settled_by_its_serial_alone),
		TEST(a_text_pushed_after_the_restore_settles_by_the_serial_alone),
		TEST(a_text_pushed_for_a_card_dialled_since_the_restore_settles_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
