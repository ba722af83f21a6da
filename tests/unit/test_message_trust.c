/*
 * test_message_trust: whose messages an operator's SMS may be, and of which
 * moment, on the real ledger, in virtual time: what is forged, copied, old,
 * or without a time must settle nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/virtual/post.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)

/* ---- who says it, and when --------------------------------------------- */

static void
what_may_be_forged_changes_nothing(void **state)
{
	static const struct {
		const char *sender, *smsc, *why;
	} rows[] = {
		{"+2348031234567", POST_CENTRE, "sender"},
		{"simtel", POST_CENTRE, "sender"},
		{"", POST_CENTRE, "sender"},
		{"121", "+447700900000", "centre"},
		{"121", "", "centre"},
	};
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &post_plain, POST_PENDING);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s.sender = rows[i].sender;
		s.smsc = rows[i].smsc;
		assert_string_equal(post_sms(&s, POST_LOADED), rows[i].why);
		assert_int_equal(post_kept(&s).last.verdict, VERDICT_NONE);
		post_expect(&s, voucher, VOUCHER_PENDING, "");
	}
	s.sender = "SimTel";
	s.smsc = POST_CENTRE;
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

static void
without_an_expression_the_centre_is_compared_with_the_sims_own(void **state)
{
	struct post s;
	post_init(&s, state);
	expression_free(s.line->profile->smsc);
	s.line->profile->smsc = NULL;
	int64_t voucher = post_dialled(&s, &post_plain, POST_PENDING);
	s.own_smsc = "";
	assert_string_equal(post_sms(&s, POST_LOADED), "centre_not_known");
	s.own_smsc = "+447700900000";
	assert_string_equal(post_sms(&s, POST_LOADED), "centre");
	post_expect(&s, voucher, VOUCHER_PENDING, "");
	s.own_smsc = "2348039999999";
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

/* As the driver hands it over. */
static void
without_a_time_or_a_part_a_message_decides_nothing(void **state)
{
	static const struct {
		bool stamp_known, incomplete;
		const char *why;
	} rows[] = {
		{false, false, "no_time"},
		{true, true, "incomplete"},
		{true, false, ""},
	};
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &post_plain, POST_PENDING);
	for (size_t i = 0; i < 3; i++) {
		const struct modem_message sms = {.sender = s.sender,
			.smsc = s.smsc,
			.stamp_utc_ms = loop_wall_ms(),
			.stamp_known = rows[i].stamp_known,
			.incomplete = rows[i].incomplete,
			.text_utf8 = span_str(POST_LOADED)};
		post_expect(&s, voucher, VOUCHER_PENDING, "");
		assert_int_equal(message_on_sms(&s.parts, s.line, &sms), 0);
		post_commit(&s);
		assert_string_equal(post_kept(&s).why, rows[i].why);
		post_pass(&s, 1000);
	}
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

static void
a_copy_counts_once(void **state)
{
	struct post s;
	post_init(&s, state);
	(void)post_dialled(&s, &post_plain, POST_CREDITED);
	s.stamp_ms = loop_wall_ms();
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	int64_t second = post_dialled(&s, &post_plain, POST_UNKNOWN);
	int64_t head = ledger_audit_head(s.shop.purse->ledger);
	/* It may be deleted, and is not kept again. */
	assert_int_equal(post_arrive(&s, POST_LOADED), 0);
	assert_int_equal(post_kept(&s).count, 1);
	assert_int_equal(ledger_audit_head(s.shop.purse->ledger), head);
	post_expect(&s, second, VOUCHER_UNKNOWN, "no_answer");
	/* The same text a second later is another message. */
	s.stamp_ms += 60000;
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_expect(&s, second, VOUCHER_LOADED, "");
	post_fini(&s);
}

static void
after_a_day_a_message_decides_nothing(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &post_plain, POST_UNKNOWN);
	int64_t sent_ms = loop_wall_ms();
	post_pass(&s, 25 * HOUR);
	s.stamp_ms = sent_ms;
	assert_string_equal(post_sms(&s, POST_LOADED), "old");
	/* Nor one of today, for a card of yesterday. */
	s.stamp_ms = 0;
	assert_string_equal(post_sms(&s, POST_LOADED), "none");
	post_expect(&s, voucher, VOUCHER_UNKNOWN, "no_answer");
	post_fini(&s);
}

static void
a_message_sent_before_the_card_was_dialled_is_not_its(void **state)
{
	struct post s;
	post_init(&s, state);
	s.stamp_ms = loop_wall_ms() - HOUR;
	int64_t voucher = post_dialled(&s, &post_plain, POST_PENDING);
	assert_string_equal(post_sms(&s, POST_LOADED), "none");
	post_expect(&s, voucher, VOUCHER_PENDING, "");
	post_fini(&s);
}

/* Centres write local time with another zone: hours too early. */
static void
a_card_after_the_stamp_may_have_caused_the_message(void **state)
{
	static const enum post_became later[] = {POST_PENDING, POST_CREDITED};
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		struct post s;
		post_init(&s, state);
		int64_t first = post_dialled(&s, &post_plain, POST_UNKNOWN);
		post_pass(&s, 6 * HOUR);
		(void)post_dialled(&s, &post_plain, later[i]);
		s.stamp_ms = loop_wall_ms() - 5 * HOUR;
		assert_string_equal(post_sms(&s, POST_LOADED), "several");
		post_expect(&s, first, VOUCHER_UNKNOWN, "no_answer");
		post_fini(&s);
		purse_teardown(state);
		purse_setup(state);
	}
}

/* A clock that nobody vouches for may be behind; one that is ahead costs a
 * card its message, never its truth. */
static void
an_untrusted_clock_takes_no_message_from_before_the_card(void **state)
{
	struct post s;
	post_init(&s, state);
	virtual_set_trusted(false);
	int64_t voucher = post_dialled(&s, &post_plain, POST_PENDING);
	s.stamp_ms = loop_wall_ms() - 7 * 24 * HOUR;
	assert_string_equal(post_sms(&s, POST_LOADED), "none");
	post_expect(&s, voucher, VOUCHER_PENDING, "");
	s.stamp_ms = loop_wall_ms() + 7 * 24 * HOUR;
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

/* A modem keeps messages of the SIM that was in it before. */
static void
a_message_from_before_the_sim_was_here_settles_by_serial_alone(void **state)
{
	static const struct post_kind named = {POST_CARD, "0123", "self"};
	static const struct post_kind small = {5000, "", "self"};
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &named, POST_UNKNOWN);
	post_pass(&s, HOUR);
	s.line->here_wall_ms = loop_wall_ms();
	s.line->here_ran_ms = turn_now(s.shop.turn).ran_ms;
	s.stamp_ms = s.line->here_wall_ms - 60000;
	assert_string_equal(post_sms(&s, POST_LOADED), "other_sim");
	post_expect(&s, voucher, VOUCHER_UNKNOWN, "no_answer");
	assert_string_equal(post_sms(&s, "Card 0123 gave 100.00"), "");
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	/* What comes later is its own again. */
	post_pass(&s, HOUR);
	voucher = post_dialled(&s, &small, POST_UNKNOWN);
	s.stamp_ms = 0;
	assert_string_equal(post_sms(&s, "Credited with 50.00"), "");
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_may_be_forged_changes_nothing),
		TEST(without_an_expression_the_centre_is_compared_with_the_sims_own),
		TEST(without_a_time_or_a_part_a_message_decides_nothing),
		TEST(a_copy_counts_once),
		TEST(after_a_day_a_message_decides_nothing),
		TEST(a_message_sent_before_the_card_was_dialled_is_not_its),
		TEST(a_card_after_the_stamp_may_have_caused_the_message),
		TEST(an_untrusted_clock_takes_no_message_from_before_the_card),
		TEST(a_message_from_before_the_sim_was_here_settles_by_serial_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
