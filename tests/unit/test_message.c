/*
 * test_message: what an operator's SMS does, on the real ledger, in virtual
 * time: which card it settles, and above all which it does not.
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

/* ---- the row of the state table: pending ------------------------------- */

static void
its_message_decides_a_pending_card(void **state)
{
	static const struct {
		const char *text;
		enum voucher_state to;
		const char *reason;
	} rows[] = {
		{POST_LOADED, VOUCHER_LOADED, ""},
		{"Credited with 85.00, loan 15.00 repaid", VOUCHER_LOADED, ""},
		{"Invalid voucher", VOUCHER_REJECTED, "invalid"},
		{"Already used by you", VOUCHER_REJECTED, "used"},
		{"Try again later", VOUCHER_READY, "retry"},
		{"Too many wrong attempts", VOUCHER_READY, "retry"},
		/* these decide nothing */
		{"Credited with 50.00", VOUCHER_PENDING, ""},
		{"You will receive an SMS", VOUCHER_PENDING, ""},
		{"Your balance is 250.00", VOUCHER_PENDING, ""},
		{"Credited with 100.00? Invalid voucher!", VOUCHER_PENDING, ""},
		{"Win a car", VOUCHER_PENDING, ""},
		{"", VOUCHER_PENDING, ""},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct post s;
		purse_teardown(state);
		assert_int_equal(purse_setup(state), 0);
		post_init(&s, state);
		int64_t voucher = post_dialled(&s, &post_plain, POST_PENDING);
		bool decides = rows[i].to != VOUCHER_PENDING;
		bool says_why = post_sms(&s, rows[i].text)[0] != '\0';
		print_message("%s\n", rows[i].text);
		post_expect(&s, voucher, rows[i].to, rows[i].reason);
		assert_int_equal(says_why, !decides);
		assert_int_equal(s.idle, decides);
		post_fini(&s);
	}
}

static void
a_settlement_names_the_sms_and_keeps_it_masked(void **state)
{
	struct post s;
	char text[128], event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &post_plain, POST_PENDING);
	int64_t head = ledger_audit_head(s.shop.purse->ledger);
	(void)snprintf(text, sizeof(text), "%s: " POST_LOADED, s.pin);
	assert_string_equal(post_sms(&s, text), "");
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	assert_true(purse_card(s.shop.purse, voucher).v.credited_minor ==
		    POST_CARD);
	purse_audit(s.shop.purse, head + 1, event, note);
	assert_string_equal(event, "sim.message");
	purse_audit(s.shop.purse, head + 2, event, note);
	assert_string_equal(event, "voucher.loaded");
	assert_non_null(strstr(note, " by=sms "));
	struct post_letters k = post_kept(&s);
	assert_null(strstr(k.text, s.pin));
	assert_non_null(strstr(k.text, "credited"));
	assert_int_equal(k.last.voucher, voucher);
	post_fini(&s);
}

static void
an_sms_that_comes_after_its_time_is_evidence(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &post_plain, POST_PENDING);
	struct ledger_op op =
		purse_move(s.shop.purse, voucher, VOUCHER_SMS_TIMEOUT);
	strcpy(op.u.voucher_move.reason, "no_sms");
	post_pass(&s, 10 * MINUTE);
	turn_must(s.shop.turn, &op);
	post_commit(&s);
	post_expect(&s, voucher, VOUCHER_UNKNOWN, "no_sms");
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

/* ---- what follows a recharge -------------------------------------------- */

static bool
on_owed(void *ctx, const struct ledger_follow *f)
{
	*(int64_t *)ctx = f->id;
	return false;
}

/* What the SIM owes goes out, and is answered. */
static void
follow(struct post *s)
{
	struct ledger_op op = turn_op(s->shop.turn, LEDGER_FOLLOW_BEGIN);
	const char *iccid = line_iccid(s->line);
	assert_int_equal(ledger_next_follow(s->shop.purse->ledger, iccid,
				 on_owed, &op.u.follow_begin.id),
		0);
	strcpy(op.u.follow_begin.iccid, iccid);
	turn_must(s->shop.turn, &op);
	struct ledger_op end = turn_op(s->shop.turn, LEDGER_FOLLOW_END);
	end.u.follow_end.id = op.u.follow_begin.id;
	end.u.follow_end.fate = LEDGER_ANSWERED;
	end.u.follow_end.matched = true;
	turn_must(s->shop.turn, &end);
	post_commit(s);
	post_pass(s, 1000);
}

static void
an_sms_that_a_follow_up_explains_is_no_cards(void **state)
{
#define BUNDLE "Bundle bought. " POST_LOADED
	struct post s;
	post_init(&s, state);
	(void)post_dialled(&s, &post_plain, POST_CREDITED);
	assert_string_equal(post_sms(&s, POST_LOADED), ""); /* it has its own */
	follow(&s);
	int64_t second = post_dialled(&s, &post_plain, POST_PENDING);
	assert_string_equal(post_sms(&s, BUNDLE), "follow_up");
	post_expect(&s, second, VOUCHER_PENDING, "");
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_expect(&s, second, VOUCHER_LOADED, "");
	/* Where nothing followed for a day it is a text like others. */
	post_pass(&s, 25 * HOUR);
	int64_t third = post_dialled(&s, &post_plain, POST_PENDING);
	assert_string_equal(post_sms(&s, BUNDLE), "");
	post_expect(&s, third, VOUCHER_LOADED, "");
	post_fini(&s);
}

/* ---- the likeliest false entry of all ---------------------------------- */

/* The operator answers each card twice: by USSD, and by SMS. */
static void
the_sms_of_a_settled_card_settles_no_other(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t first = post_dialled(&s, &post_plain, POST_CREDITED);
	int64_t second = post_dialled(&s, &post_plain, POST_UNKNOWN);
	assert_string_equal(post_sms(&s, POST_LOADED), "several");
	post_expect(&s, second, VOUCHER_UNKNOWN, "no_answer");
	/* Not by a second one either: two texts may be of one card. */
	assert_string_equal(post_sms(&s, POST_LOADED), "several");
	post_expect(&s, second, VOUCHER_UNKNOWN, "no_answer");
	post_expect(&s, first, VOUCHER_LOADED, "");
	post_fini(&s);
}

static void
once_the_settled_card_has_its_sms_the_next_is_the_others(void **state)
{
	struct post s;
	post_init(&s, state);
	(void)post_dialled(&s, &post_plain, POST_CREDITED);
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	assert_true(post_kept(&s).last.attempt != 0);
	assert_int_equal(s.idle, 0);
	int64_t second = post_dialled(&s, &post_plain, POST_UNKNOWN);
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_expect(&s, second, VOUCHER_LOADED, "");
	post_fini(&s);
}

#define THANKS "Thank you! You are credited with 100.00"

/* The operator writes twice of one card, in two ways. */
static void
a_message_in_other_words_may_be_the_second_of_a_settled_card(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t first = post_dialled(&s, &post_plain, POST_PENDING);
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_expect(&s, first, VOUCHER_LOADED, "");
	int64_t second = post_dialled(&s, &post_plain, POST_UNKNOWN);
	assert_string_equal(post_sms(&s, THANKS), "several");
	post_expect(&s, second, VOUCHER_UNKNOWN, "no_answer");
	/* In those that the first has had, it is not the first's. */
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_expect(&s, second, VOUCHER_LOADED, "");
	post_fini(&s);
}

static void
a_refusal_in_other_words_may_be_the_second_of_a_rejected_card(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t first = post_dialled(&s, &post_plain, POST_PENDING);
	assert_string_equal(post_sms(&s, "Invalid voucher"), "");
	post_expect(&s, first, VOUCHER_REJECTED, "invalid");
	int64_t second = post_dialled(&s, &post_plain, POST_UNKNOWN);
	assert_string_equal(
		post_sms(&s, "Sorry, you typed an invalid voucher"), "several");
	post_expect(&s, second, VOUCHER_UNKNOWN, "no_answer");
	assert_string_equal(post_sms(&s, "Invalid voucher"), "");
	post_expect(&s, second, VOUCHER_REJECTED, "invalid");
	post_fini(&s);
}

static void
a_card_that_had_both_its_messages_holds_up_no_other(void **state)
{
	struct post s;
	post_init(&s, state);
	for (int i = 0; i < 3; i++) {
		int64_t voucher = post_dialled(&s, &post_plain, POST_PENDING);
		assert_string_equal(
			post_sms(&s, i == 1 ? THANKS : POST_LOADED), "");
		post_expect(&s, voucher, VOUCHER_LOADED, "");
		assert_string_equal(
			post_sms(&s, i == 1 ? POST_LOADED : THANKS), "");
		assert_int_equal(post_kept(&s).last.voucher, voucher);
	}
	assert_int_equal(s.idle, 3);
	post_fini(&s);
}

static void
a_pending_card_among_settled_ones_with_their_sms_is_decided(void **state)
{
	struct post s;
	post_init(&s, state);
	for (int i = 0; i < 3; i++) {
		int64_t voucher = post_dialled(&s, &post_plain, POST_PENDING);
		assert_string_equal(post_sms(&s, POST_LOADED), "");
		post_expect(&s, voucher, VOUCHER_LOADED, "");
	}
	post_fini(&s);
}

static void
the_refusal_of_a_rejected_card_settles_no_other(void **state)
{
	struct post s;
	post_init(&s, state);
	(void)post_dialled(&s, &post_plain, POST_REFUSED);
	int64_t second = post_dialled(&s, &post_plain, POST_UNKNOWN);
	assert_string_equal(post_sms(&s, "Invalid voucher"), "several");
	post_expect(&s, second, VOUCHER_UNKNOWN, "no_answer");
	/* But a rejected card is not what was credited. */
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_expect(&s, second, VOUCHER_LOADED, "");
	post_fini(&s);
}

static void
two_equal_cards_in_doubt_stay_in_doubt(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t first = post_dialled(&s, &post_plain, POST_UNKNOWN);
	int64_t second = post_dialled(&s, &post_plain, POST_UNKNOWN);
	assert_string_equal(post_sms(&s, POST_LOADED), "several");
	post_expect(&s, first, VOUCHER_UNKNOWN, "no_answer");
	post_expect(&s, second, VOUCHER_UNKNOWN, "no_answer");
	post_fini(&s);
}

/* Another SIM of the shop, "b", has dialled a card for that number. */
static int64_t
dialled_elsewhere(struct post *s)
{
	static const struct post_kind other = {POST_CARD, "", "0801234567"};
	int64_t voucher = post_card(s, &other);
	struct ledger_op op = turn_op(s->shop.turn, LEDGER_ATTEMPT_BEGIN);
	op.u.attempt_begin.voucher = voucher;
	strcpy(op.u.attempt_begin.modem, "b");
	strcpy(op.u.attempt_begin.iccid, "8900000000000000022");
	strcpy(op.u.attempt_begin.account, "0801234567");
	struct ledger_result begun;
	assert_int_equal(turn_try(s->shop.turn, &op, &begun), 0);
	post_commit(s);
	return voucher;
}

/* The number may be this SIM's. */
static void
a_card_for_a_number_elsewhere_keeps_one_in_doubt(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t mine = post_dialled(&s, &post_plain, POST_UNKNOWN);
	(void)dialled_elsewhere(&s);
	assert_string_equal(post_sms(&s, POST_LOADED), "several");
	post_expect(&s, mine, VOUCHER_UNKNOWN, "no_answer");
	/* Of another amount it is none of this. */
	assert_string_equal(post_sms(&s, "Invalid voucher"), "several");
	static const struct post_kind small = {5000, "", "self"};
	int64_t second = post_dialled(&s, &small, POST_UNKNOWN);
	assert_string_equal(post_sms(&s, "Credited with 50.00"), "");
	post_expect(&s, second, VOUCHER_LOADED, "");
	post_fini(&s);
}

/* This SIM dialled for the same number too, and has had its own message. */
static void
a_message_here_settles_no_card_that_was_dialled_elsewhere(void **state)
{
	static const struct post_kind mine = {POST_CARD, "", "0801234567"};
	struct post s;
	post_init(&s, state);
	(void)post_dialled(&s, &mine, POST_CREDITED);
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	int64_t elsewhere = dialled_elsewhere(&s);
	post_pass(&s, 60000);
	assert_string_not_equal(post_sms(&s, POST_LOADED), "");
	post_expect(&s, elsewhere, VOUCHER_DIALING, "");
	post_fini(&s);
}

static void
amount_serial_and_number_tell_cards_apart(void **state)
{
	static const struct {
		struct post_kind first, second;
		const char *text;
		int loaded; /* 1, 2, or 0: neither */
	} rows[] = {
		{{POST_CARD, "", "self"}, {5000, "", "self"}, POST_LOADED, 1},
		{{POST_CARD, "", "self"}, {5000, "", "self"},
			"Credited with 50.00", 2},
		{{MONEY_NONE, "", "self"}, {POST_CARD, "", "self"}, POST_LOADED,
			0},
		{{POST_CARD, "0123", "self"}, {POST_CARD, "0456", "self"},
			"Card 456 gave 100.00", 2},
		{{POST_CARD, "0123", "self"}, {POST_CARD, "", "self"},
			"Card 0123 gave 100.00", 1},
		{{POST_CARD, "0123", "self"}, {POST_CARD, "", "self"},
			"Card 0789 gave 100.00", 2},
		{{POST_CARD, "0123", "self"}, {POST_CARD, "0456", "self"},
			"Card 0789 gave 100.00", 0},
		{{POST_CARD, "", "0801234567"}, {POST_CARD, "", "0807654321"},
			"0807654321 credited with 100.00", 2},
		{{POST_CARD, "", "0801234567"}, {POST_CARD, "", "0807654321"},
			POST_LOADED, 0},
		{{POST_CARD, "", "0801234567"}, {POST_CARD, "", "self"},
			"0801234567 credited with 100.00", 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct post s;
		purse_teardown(state);
		assert_int_equal(purse_setup(state), 0);
		post_init(&s, state);
		int64_t first = post_dialled(&s, &rows[i].first, POST_UNKNOWN);
		int64_t second =
			post_dialled(&s, &rows[i].second, POST_UNKNOWN);
		(void)post_sms(&s, rows[i].text);
		print_message("row %zu: %s\n", i, rows[i].text);
		assert_int_equal(purse_card(s.shop.purse, first).state,
			rows[i].loaded == 1 ? VOUCHER_LOADED : VOUCHER_UNKNOWN);
		assert_int_equal(purse_card(s.shop.purse, second).state,
			rows[i].loaded == 2 ? VOUCHER_LOADED : VOUCHER_UNKNOWN);
		post_fini(&s);
	}
}

/* ---- late -------------------------------------------------------------- */

static void
a_late_refusal_rejects_a_card_of_one_attempt(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &post_plain, POST_UNKNOWN);
	assert_string_equal(post_sms(&s, "Invalid voucher"), "");
	post_expect(&s, voucher, VOUCHER_REJECTED, "invalid");
	post_fini(&s);
}

/* A person said "retry": the first attempt may have used the card. */
static void
a_refusal_after_two_attempts_decides_nothing_and_a_credit_does(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &post_plain, POST_UNKNOWN);
	struct ledger_op retry =
		purse_move(s.shop.purse, voucher, VOUCHER_RESOLVED_RETRY);
	strcpy(retry.u.voucher_move.note, "looked it up");
	turn_must(s.shop.turn, &retry);
	post_commit(&s);
	post_answer(&s, post_dial(&s, voucher, "self"), VERDICT_NONE,
		VOUCHER_MAYBE_SENT);
	assert_string_equal(post_sms(&s, "Already used"), "changes_nothing");
	post_expect(&s, voucher, VOUCHER_UNKNOWN, "no_answer");
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

static void
a_credit_of_a_card_that_waits_to_be_dialled_again_is_seen(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_card(&s, &post_plain);
	post_answer(
		&s, post_dial(&s, voucher, "self"), VERDICT_BUSY, VOUCHER_BUSY);
	post_expect(&s, voucher, VOUCHER_READY, "");
	assert_string_equal(post_sms(&s, "Try again later"), "");
	assert_string_equal(post_sms(&s, POST_LOADED), "none");
	post_expect(&s, voucher, VOUCHER_READY, "");
	int64_t second = post_card(&s, &post_plain);
	post_answer(
		&s, post_dial(&s, second, "self"), VERDICT_BUSY, VOUCHER_BUSY);
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_expect(&s, second, VOUCHER_LOADED, "");
	post_fini(&s);
}

static void
a_rejected_card_is_credited_by_its_serial_alone(void **state)
{
	static const struct post_kind known = {POST_CARD, "0123", "self"};
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &known, POST_REFUSED);
	assert_string_equal(post_sms(&s, POST_LOADED), "none");
	post_expect(&s, voucher, VOUCHER_REJECTED, "invalid");
	assert_string_equal(post_sms(&s, "Card 123 gave 100.00"), "");
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

static void
too_many_wrong_blocks_the_sim_whosever_card_it_was(void **state)
{
	struct post s;
	struct ledger_sim sim;
	struct ledger *ledger = ((struct purse *)*state)->ledger;
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &post_plain, POST_UNKNOWN);
	s.sender = "+2348031234567";
	assert_string_equal(post_sms(&s, "Too many wrong"), "sender");
	assert_int_equal(ledger_sim(ledger, line_iccid(s.line), 0, &sim), 0);
	assert_false(sim.blocked);
	s.sender = "121";
	assert_string_equal(post_sms(&s, "Too many wrong"), "changes_nothing");
	assert_int_equal(ledger_sim(ledger, line_iccid(s.line), 0, &sim), 0);
	assert_true(sim.blocked);
	post_expect(&s, voucher, VOUCHER_UNKNOWN, "no_answer");
	post_fini(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_message_decides_a_pending_card),
		TEST(a_settlement_names_the_sms_and_keeps_it_masked),
		TEST(an_sms_that_comes_after_its_time_is_evidence),
		TEST(an_sms_that_a_follow_up_explains_is_no_cards),
		TEST(the_sms_of_a_settled_card_settles_no_other),
		TEST(once_the_settled_card_has_its_sms_the_next_is_the_others),
		TEST(a_message_in_other_words_may_be_the_second_of_a_settled_card),
		TEST(a_refusal_in_other_words_may_be_the_second_of_a_rejected_card),
		TEST(a_card_that_had_both_its_messages_holds_up_no_other),
		TEST(a_pending_card_among_settled_ones_with_their_sms_is_decided),
		TEST(the_refusal_of_a_rejected_card_settles_no_other),
		TEST(two_equal_cards_in_doubt_stay_in_doubt),
		TEST(a_card_for_a_number_elsewhere_keeps_one_in_doubt),
		TEST(a_message_here_settles_no_card_that_was_dialled_elsewhere),
		TEST(amount_serial_and_number_tell_cards_apart),
		TEST(a_late_refusal_rejects_a_card_of_one_attempt),
		TEST(a_refusal_after_two_attempts_decides_nothing_and_a_credit_does),
		TEST(a_credit_of_a_card_that_waits_to_be_dialled_again_is_seen),
		TEST(a_rejected_card_is_credited_by_its_serial_alone),
		TEST(too_many_wrong_blocks_the_sim_whosever_card_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
