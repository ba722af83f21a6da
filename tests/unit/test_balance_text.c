/*
 * test_balance_text: the balance asked by a text, in virtual time, on the
 * whole shop: which message answers, and which of them proves a card.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/balance.h"
#include "agent/loop.h"
#include "agent/message.h"
#include "agent/turn.h"
#include "tests/support/fakewire.h"
#include "tests/virtual/trade.h"

#define A        SHOP_PORT_A
#define CENTRE   "+2348030000000"
#define RECHARGE COUNTER_USSD "\nsms_from = 121\nsmsc = ^\\+2348"
#define BY_TEXT                                                                \
	"[balance]\nsms_to = 121\nsms_text = BAL\n"                            \
	"reply = (?i)balance is (?<balance>[\\d.,]+)\n"
#define PLAIN     COUNTER_SIMTEL(RECHARGE, BY_TEXT)
#define SENT      "\r\n+CMGS: 7\r\n\r\nOK\r\n"
#define TELLS_150 "Your balance is 150.00"
#define TELLS_250 "Your balance is 250.00"

struct scene {
	struct trade trade;
	unsigned answers;
	struct balance_answer answer; /* the last; its texts are below */
	char error[160];
	int64_t stamp_ms; /* 0: the moment at which it comes */
	const char *sender;
};

static void
on_answer(void *ctx, const struct balance_answer *answer)
{
	struct scene *s = ctx;
	s->answers++;
	s->answer = *answer;
	(void)snprintf(s->error, sizeof(s->error), "%s", answer->error);
}

static void
texts_are(const char *prompt, const char *sent)
{
	struct fakewire *w = virtual_wire(A);
	fakewire_rule(
		w, (struct fakewire_rule){
			   .when = "AT+CMGS=", .say = prompt, .after_ms = 20});
	fakewire_rule(
		w, (struct fakewire_rule){
			   .when = "0001", .say = sent, .after_ms = 2000});
}

static void
begin_scene(struct scene *s, void **state, const char *profile)
{
	memset(s, 0, sizeof(*s));
	s->sender = "121";
	trade_init(&s->trade, *state, profile);
	virtual_set_trusted(true);
	texts_are("\r\n> ", SENT);
	trade_open(&s->trade);
	trade_run(&s->trade, 3 * MINUTE);
}

static struct line *
line_of(struct scene *s)
{
	return shop_line(&s->trade.shop, "a");
}

static int
ask(struct scene *s)
{
	int rc = balance_ask(s->trade.balance, line_of(s), on_answer, s);
	trade_run(&s->trade, 5 * SECOND);
	return rc;
}

/* Texts that left whole. */
static unsigned
texts(void)
{
	return fakewire_count(virtual_wire(A), "\x1a");
}

/* A message comes; a second passes. */
static void
arrive(struct scene *s, const char *text)
{
	struct shop *shop = &s->trade.shop;
	const struct message_parts parts = {.loop = shop->loop,
		.turn = shop->turn,
		.vault = shop->purse->vault,
		.balance = s->trade.balance,
		.on_idle = {.ctx = &s->trade, .fn = NULL}};
	const struct message m = {.sender = s->sender,
		.smsc = CENTRE,
		.own_smsc = CENTRE,
		.stamp_wall_ms = s->stamp_ms ? s->stamp_ms : loop_wall_ms(),
		.text_utf8 = span_str(text)};
	assert_int_equal(message_on_arrival(&parts, line_of(s), &m), 0);
	trade_run(&s->trade, SECOND);
}

static struct ledger_sim
sim_of(struct scene *s)
{
	struct ledger_sim sim;
	assert_int_equal(ledger_sim(s->trade.shop.purse->ledger,
				 line_iccid(line_of(s)), 0, &sim),
		0);
	return sim;
}

/* The account's last word, as evidence. */
static void
expect_reading(struct scene *s, int64_t minor)
{
	assert_true(sim_of(s).balance_minor == minor);
	assert_true(sim_of(s).balance_is_last);
}

static bool
take_why(void *ctx, const struct ledger_message *m)
{
	(void)snprintf(ctx, LEDGER_NAME_MAX, "%s", m->why);
	return true;
}

static const char *
last_why(struct scene *s)
{
	static char why[LEDGER_NAME_MAX];
	static const struct ledger_message_filter all;
	why[0] = '\0';
	assert_int_equal(ledger_each_message(s->trade.shop.purse->ledger, &all,
				 take_why, why),
		0);
	return why;
}

/* Asked and told: a reading. */
static void
told_150(struct scene *s)
{
	assert_int_equal(ask(s), 0);
	arrive(s, TELLS_150);
	assert_true(s->answer.ok);
	expect_reading(s, 15000);
}

/* A person's code, a loan, ... */
static void
touch(struct scene *s)
{
	reading_spoil(s->trade.shop.turn, line_of(s), "ussd");
	trade_run(&s->trade, 3 * MINUTE);
}

/* ---- the answer --------------------------------------------------------- */

static void
the_balance_is_asked_by_a_text_and_told_by_a_message(void **state)
{
	struct scene s;
	begin_scene(&s, state, PLAIN);
	assert_int_equal(ask(&s), 0);
	assert_int_equal(texts(), 1);
	assert_true(line_of(&s)->busy);
	assert_int_equal(ask(&s), -EBUSY);
	trade_run(&s.trade, 4 * MINUTE);
	assert_int_equal(s.answers, 0);
	arrive(&s, "Your balance is 1,250.50 XTS");
	assert_int_equal(s.answers, 1);
	assert_true(s.answer.ok);
	assert_false(s.answer.owed);
	assert_true(s.answer.minor == 125050);
	assert_false(line_of(&s)->busy);
	assert_string_equal(last_why(&s), "balance");
	expect_reading(&s, 125050);
	assert_int_equal(trade_codes(A, "*"), 0);
	trade_fini(&s.trade);
}

static void
a_message_that_comes_before_the_receipt_answers(void **state)
{
	struct scene s;
	begin_scene(&s, state, PLAIN);
	assert_int_equal(
		balance_ask(s.trade.balance, line_of(&s), on_answer, &s), 0);
	trade_run(&s.trade, SECOND);
	arrive(&s, TELLS_150);
	assert_int_equal(s.answers, 0);
	assert_true(line_of(&s)->busy);
	trade_run(&s.trade, 5 * SECOND);
	assert_int_equal(s.answers, 1);
	assert_true(s.answer.ok);
	expect_reading(&s, 15000);
	trade_fini(&s.trade);
}

static void
a_text_whose_receipt_is_lost_is_answered_all_the_same(void **state)
{
	for (int answered = 0; answered < 2; answered++) {
		struct scene s;
		purse_teardown(state);
		assert_int_equal(purse_setup(state), 0);
		begin_scene(&s, state, PLAIN);
		texts_are("\r\n> ", NULL);
		assert_int_equal(ask(&s), 0);
		trade_run(&s.trade, 2 * MINUTE);
		assert_int_equal(s.answers, 0);
		if (answered)
			arrive(&s, TELLS_150);
		trade_run(&s.trade, 6 * MINUTE);
		assert_int_equal(s.answers, 1);
		assert_int_equal(s.answer.ok, answered);
		assert_int_equal(s.answer.owed, !answered);
		assert_int_equal(texts(), 1);
		assert_false(trade_is_fenced(&s.trade, "a"));
		trade_fini(&s.trade);
	}
}

static void
a_text_that_was_not_sent_is_no_debt(void **state)
{
	struct scene s;
	begin_scene(&s, state, PLAIN);
	told_150(&s);
	texts_are("\r\nERROR\r\n", NULL);
	assert_int_equal(ask(&s), 0);
	assert_false(s.answer.ok);
	assert_false(s.answer.owed);
	assert_non_null(strstr(s.error, "was not sent"));
	touch(&s);
	texts_are("\r\n> ", SENT);
	told_150(&s);
	trade_fini(&s.trade);
}

static void
no_message_in_time_is_said_and_starts_no_fence(void **state)
{
	struct scene s;
	begin_scene(&s, state, PLAIN);
	assert_int_equal(ask(&s), 0);
	trade_run(&s.trade, 6 * MINUTE);
	assert_int_equal(s.answers, 1);
	assert_false(s.answer.ok);
	assert_true(s.answer.owed);
	assert_non_null(strstr(s.error, "sms_timeout"));
	assert_false(line_of(&s)->busy);
	assert_false(trade_is_fenced(&s.trade, "a"));
	assert_false(line_of(&s)->doubt);
	trade_fini(&s.trade);
}

static void
what_is_no_answer_leaves_the_question_open(void **state)
{
	static const struct {
		const char *sender, *text;
		int64_t age_ms;
	} rows[] = {
		{"+2348031234567", TELLS_150, 0},
		{"121", "Win a car", 0},
		{"121", "Try again later", 0},
		{"121", "Credited with 100.00. Your balance is 150.00", 0},
		{"121", "You will receive an SMS. Your balance is 150.00", 0},
		{"121", "Too many wrong. Your balance is 150.00", 0},
		{"121", "Invalid voucher", 0},
		{"121", "Your balance is 1.2.3", 0},
		{"121", TELLS_150, 10 * MINUTE},
	};
	struct scene s;
	begin_scene(&s, state, PLAIN);
	assert_int_equal(ask(&s), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s.sender = rows[i].sender;
		s.stamp_ms = loop_wall_ms() - rows[i].age_ms;
		arrive(&s, rows[i].text);
		if (s.answers > 0)
			fail_msg("row %zu: %s", i, rows[i].text);
	}
	s.stamp_ms = 0;
	arrive(&s, TELLS_250);
	assert_true(s.answer.minor == 25000);
	trade_fini(&s.trade);
}

static void
the_limit_of_a_day_counts_texts(void **state)
{
	struct scene s;
	begin_scene(&s, state,
		COUNTER_SIMTEL(RECHARGE, BY_TEXT "max_per_day = 1\n"));
	told_150(&s);
	assert_int_equal(ask(&s), -EDQUOT);
	assert_int_equal(texts(), 1);
	trade_fini(&s.trade);
}

static void
an_operator_with_a_code_is_asked_by_it(void **state)
{
	struct scene s;
	begin_scene(
		&s, state, COUNTER_SIMTEL(RECHARGE, BY_TEXT "ussd = *123#\n"));
	assert_int_equal(ask(&s), 0);
	assert_true(s.answer.ok);
	assert_int_equal(texts(), 0);
	assert_int_equal(trade_codes(A, "*123#"), 1);
	trade_fini(&s.trade);
}

/* Registered for texts only (27.007 7.2). */
static void
a_line_that_carries_no_ussd_is_asked_by_the_text(void **state)
{
	struct scene s;
	memset(&s, 0, sizeof(s));
	s.sender = "121";
	trade_init(&s.trade, *state,
		COUNTER_SIMTEL(RECHARGE, BY_TEXT "ussd = *123#\n"));
	fakewire_rule(
		virtual_wire(A), (struct fakewire_rule){.when = "AT+CREG?",
					 .say = "\r\n+CREG: 1,6\r\n\r\nOK\r\n",
					 .after_ms = 5});
	virtual_set_trusted(true);
	texts_are("\r\n> ", SENT);
	trade_open(&s.trade);
	told_150(&s);
	assert_int_equal(texts(), 1);
	assert_int_equal(trade_codes(A, "*"), 0);
	trade_fini(&s.trade);
}

/* ---- what is no reading ------------------------------------------------- */

/* The loan was taken in between: it would pass for a card's credit. */
static void
an_answer_that_may_be_of_a_text_before_a_touch_is_no_reading(void **state)
{
	struct scene s;
	begin_scene(&s, state, PLAIN);
	told_150(&s);
	assert_int_equal(ask(&s), 0);
	trade_run(&s.trade, 6 * MINUTE);
	touch(&s);
	assert_int_equal(ask(&s), 0);
	arrive(&s, TELLS_150);
	assert_true(s.answer.ok);
	assert_true(s.answer.minor == 15000);
	assert_false(sim_of(&s).balance_is_last);
	/* What is still owed comes: then the next is one again. */
	trade_run(&s.trade, MINUTE);
	arrive(&s, TELLS_250);
	touch(&s);
	told_150(&s);
	trade_fini(&s.trade);
}

static void
a_text_of_another_life_is_owed_too(void **state)
{
	struct scene s;
	struct purse *p = *state;
	begin_scene(&s, state, PLAIN);
	told_150(&s);
	assert_int_equal(ask(&s), 0);
	trade_restart(&s.trade, PLAIN);
	virtual_set_trusted(true);
	texts_are("\r\n> ", SENT);
	trade_open(&s.trade);
	assert_ptr_equal(s.trade.shop.purse, p);
	touch(&s);
	assert_int_equal(ask(&s), 0);
	arrive(&s, "Your balance is 140.00");
	assert_int_equal(s.answers, 2);
	assert_true(s.answer.ok);
	assert_false(sim_of(&s).balance_is_last);
	/* After a day nothing of it comes any more. */
	trade_run(&s.trade, 25 * HOUR);
	told_150(&s);
	trade_fini(&s.trade);
}

static void
a_balance_told_beside_a_touch_is_no_reading(void **state)
{
	struct scene s;
	begin_scene(&s, state, PLAIN);
	told_150(&s);
	touch(&s);
	/* Asked after it; but told before, as far as two clocks can say. */
	assert_int_equal(ask(&s), 0);
	s.stamp_ms = loop_wall_ms() - 90 * SECOND;
	arrive(&s, TELLS_150);
	assert_true(s.answer.ok);
	assert_false(sim_of(&s).balance_is_last);
	/* Something else touched it while the answer was under way. */
	s.stamp_ms = 0;
	assert_int_equal(ask(&s), 0);
	touch(&s);
	arrive(&s, TELLS_150);
	assert_int_equal(s.answers, 3);
	assert_false(sim_of(&s).balance_is_last);
	told_150(&s);
	trade_fini(&s.trade);
}

static void
without_a_clock_to_trust_no_message_is_a_reading(void **state)
{
	struct scene s;
	begin_scene(&s, state, PLAIN);
	virtual_set_trusted(false);
	assert_int_equal(ask(&s), 0);
	arrive(&s, TELLS_150);
	assert_true(s.answer.ok);
	assert_true(sim_of(&s).balance_minor == MONEY_NONE);
	trade_fini(&s.trade);
}

static void
a_balance_that_nobody_asked_for_spoils_the_one_before(void **state)
{
	struct scene s;
	begin_scene(&s, state, PLAIN);
	told_150(&s);
	arrive(&s, TELLS_250);
	assert_int_equal(s.answers, 1);
	assert_true(sim_of(&s).balance_minor == 15000);
	assert_false(sim_of(&s).balance_is_last);
	trade_fini(&s.trade);
}

/* ---- the fence ---------------------------------------------------------- */

/* A card that got no answer; the balance before it was told. */
static struct trade_batch
unanswered(struct scene *s, void **state)
{
	begin_scene(s, state, PLAIN);
	told_150(s);
	trade_answer(A, "*121*", NULL);
	struct trade_batch b = trade_batch(&s->trade, 1, NULL);
	trade_run(&s->trade, 70 * SECOND);
	trade_expect(&s->trade, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	assert_true(trade_is_fenced(&s->trade, "a"));
	trade_run(&s->trade, 10 * SECOND);
	assert_int_equal(texts(), 2);
	return b;
}

static void
the_fence_asks_by_a_text_and_its_answer_proves_the_card(void **state)
{
	struct scene s;
	struct trade_batch b = unanswered(&s, state);
	arrive(&s, TELLS_250);
	trade_expect(&s.trade, &b, 0, VOUCHER_LOADED, "");
	trade_run(&s.trade, 3 * MINUTE);
	assert_false(trade_is_fenced(&s.trade, "a"));
	assert_int_equal(texts(), 2);
	trade_assert_noted(&s.trade, "modem.fence_over", "balance: proven");
	trade_fini(&s.trade);
}

/* Whichever of the two it answers, nothing touched the account since. */
static void
the_second_question_of_a_fence_proves_it_as_well(void **state)
{
	struct scene s;
	struct trade_batch b = unanswered(&s, state);
	trade_run(&s.trade, 5 * MINUTE + 10 * SECOND);
	assert_int_equal(texts(), 3);
	trade_expect(&s.trade, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	arrive(&s, TELLS_250);
	trade_expect(&s.trade, &b, 0, VOUCHER_LOADED, "");
	trade_fini(&s.trade);
}

static void
a_fence_whose_texts_are_not_answered_takes_the_radio(void **state)
{
	struct scene s;
	struct trade_batch b = unanswered(&s, state);
	trade_run(&s.trade, 16 * MINUTE);
	assert_int_equal(texts(), 4);
	assert_true(fakewire_count(virtual_wire(A), "AT+CFUN=4") > 0);
	trade_run(&s.trade, 3 * MINUTE);
	assert_false(trade_is_fenced(&s.trade, "a"));
	trade_expect(&s.trade, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	assert_int_equal(texts(), 4);
	trade_fini(&s.trade);
}

static void
a_pushed_balance_answers_no_text(void **state)
{
	struct scene s;
	struct trade_batch b = unanswered(&s, state);
	trade_push(&s.trade, A, TELLS_250);
	trade_expect(&s.trade, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	assert_false(sim_of(&s).balance_is_last);
	trade_fini(&s.trade);
}

static void
a_refusal_that_tells_the_balance_too_is_the_answer(void **state)
{
	struct scene s;
	struct trade_batch b = unanswered(&s, state);
	arrive(&s, "Invalid voucher? Your balance is 150.00");
	assert_string_equal(last_why(&s), "balance");
	trade_expect(&s.trade, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_fini(&s.trade);
}

/* Its coding is not found out by a text: that would go on for ever. */
static void
a_batch_asks_once_and_is_dialled(void **state)
{
	struct scene s;
	begin_scene(&s, state, PLAIN);
	struct trade_batch b = trade_batch(&s.trade, 2, NULL);
	trade_run(&s.trade, 10 * SECOND);
	assert_int_equal(texts(), 1);
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	arrive(&s, TELLS_150);
	trade_run(&s.trade, 2 * MINUTE);
	trade_expect(&s.trade, &b, 0, VOUCHER_LOADED, "");
	trade_expect(&s.trade, &b, 1, VOUCHER_LOADED, "");
	assert_int_equal(texts(), 1);
	trade_fini(&s.trade);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_balance_is_asked_by_a_text_and_told_by_a_message),
		TEST(a_message_that_comes_before_the_receipt_answers),
		TEST(a_text_whose_receipt_is_lost_is_answered_all_the_same),
		TEST(a_text_that_was_not_sent_is_no_debt),
		TEST(no_message_in_time_is_said_and_starts_no_fence),
		TEST(what_is_no_answer_leaves_the_question_open),
		TEST(the_limit_of_a_day_counts_texts),
		TEST(an_operator_with_a_code_is_asked_by_it),
		TEST(a_line_that_carries_no_ussd_is_asked_by_the_text),
		TEST(an_answer_that_may_be_of_a_text_before_a_touch_is_no_reading),
		TEST(a_text_of_another_life_is_owed_too),
		TEST(a_balance_told_beside_a_touch_is_no_reading),
		TEST(without_a_clock_to_trust_no_message_is_a_reading),
		TEST(a_balance_that_nobody_asked_for_spoils_the_one_before),
		TEST(the_fence_asks_by_a_text_and_its_answer_proves_the_card),
		TEST(the_second_question_of_a_fence_proves_it_as_well),
		TEST(a_fence_whose_texts_are_not_answered_takes_the_radio),
		TEST(a_pushed_balance_answers_no_text),
		TEST(a_refusal_that_tells_the_balance_too_is_the_answer),
		TEST(a_batch_asks_once_and_is_dialled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
