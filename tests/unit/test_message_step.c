/*
 * test_message_step: messages that come before the answer, balances in them,
 * and what is kept of them, in virtual time.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/overdue.h"
#include "agent/redeem.h"
#include "agent/turn.h"
#include "tests/support/faulty_disk.h"
#include "tests/virtual/post.h"
#include "tests/virtual/trade.h"

/* ---- before the answer ------------------------------------------------- */

/* The network answers the code so, after five seconds. */
static void
network(struct post *s, const char *say)
{
	static char line[128];
	(void)s;
	(void)snprintf(line, sizeof(line), "\r\n+CUSD: 0,\"%s\",15\r\n", say);
	fakewire_rule(virtual_wire(SHOP_PORT_A),
		(struct fakewire_rule){.when = "AT+CUSD=1,\"*121*",
			.say = "\r\nOK\r\n",
			.then = line,
			.then_after_ms = 5000});
}

static void
an_sms_before_the_answer_decides_when_that_has_come(void **state)
{
	static const struct {
		const char *sms, *answer;
		enum voucher_state to;
		const char *reason;
	} rows[] = {
		{POST_LOADED, "You will receive an SMS", VOUCHER_LOADED, ""},
		{"Invalid voucher", "You will receive an SMS", VOUCHER_REJECTED,
			"invalid"},
		{POST_LOADED, POST_LOADED, VOUCHER_LOADED, ""},
		{POST_LOADED, "Happy birthday", VOUCHER_LOADED, ""},
		{POST_LOADED, "Try again later", VOUCHER_LOADED, ""},
		{POST_LOADED, "Invalid voucher", VOUCHER_REJECTED, "invalid"},
		{"Invalid voucher", POST_LOADED, VOUCHER_LOADED, ""},
		{"Invalid voucher", "Happy birthday", VOUCHER_REJECTED,
			"invalid"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct post s;
		purse_teardown(state);
		assert_int_equal(purse_setup(state), 0);
		post_init(&s, state);
		network(&s, rows[i].answer);
		int64_t voucher = post_card(&s, &post_plain);
		assert_int_equal(redeem_begin(s.redeem, s.line, voucher), 0);
		post_pass(&s, 2000);
		assert_string_equal(post_sms(&s, rows[i].sms), "");
		assert_true(post_kept(&s).last.waits);
		post_expect(&s, voucher, VOUCHER_DIALING, "");
		post_pass(&s, 10000);
		print_message("%s, then %s\n", rows[i].sms, rows[i].answer);
		post_expect(&s, voucher, rows[i].to, rows[i].reason);
		assert_false(post_kept(&s).last.waits);
		post_fini(&s);
	}
}

/* Both wait for the session's end, and neither for ever. */
static void
two_messages_before_the_answer_are_both_weighed(void **state)
{
	struct post s;
	post_init(&s, state);
	network(&s, POST_LOADED);
	int64_t voucher = post_card(&s, &post_plain);
	assert_int_equal(redeem_begin(s.redeem, s.line, voucher), 0);
	post_pass(&s, 1000);
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	assert_true(post_kept(&s).last.waits);
	assert_string_equal(post_sms(&s, "Thanks, credited with 100.00"), "");
	assert_true(post_kept(&s).last.waits);
	post_pass(&s, 10000);
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	assert_false(post_kept(&s).last.waits);
	assert_int_equal(post_kept(&s).last.voucher, voucher);
	/* And so the next equal one is told by either. */
	voucher = post_dialled(&s, &post_plain, POST_UNKNOWN);
	assert_string_equal(post_sms(&s, "Thanks, credited with 100.00"), "");
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

/* Its own is still to come, and must find it. */
static void
an_sms_that_the_answer_contradicts_is_not_its(void **state)
{
	struct post s;
	post_init(&s, state);
	network(&s, "Invalid voucher");
	assert_int_equal(
		redeem_begin(s.redeem, s.line, post_card(&s, &post_plain)), 0);
	post_pass(&s, 2000);
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_pass(&s, 10000);
	assert_string_equal(post_kept(&s).why, "changes_nothing");
	assert_int_equal(post_kept(&s).last.attempt, 0);
	int64_t second = post_dialled(&s, &post_plain, POST_UNKNOWN);
	assert_string_equal(post_sms(&s, "Invalid voucher"), "several");
	post_expect(&s, second, VOUCHER_UNKNOWN, "no_answer");
	post_fini(&s);
}

/* The one that decides is to come, and must find the attempt. */
static void
a_promise_by_sms_is_not_the_message_of_its_attempt(void **state)
{
	struct post s;
	post_init(&s, state);
	network(&s, "You will receive an SMS");
	int64_t voucher = post_card(&s, &post_plain);
	assert_int_equal(redeem_begin(s.redeem, s.line, voucher), 0);
	post_pass(&s, 1000);
	assert_string_equal(
		post_sms(&s, "You will receive an SMS"), "no_verdict");
	assert_int_equal(post_kept(&s).last.attempt, 0);
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_pass(&s, 10000);
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

static void
an_sms_with_the_serial_outweighs_the_refusal_that_follows(void **state)
{
	static const struct post_kind known = {POST_CARD, "0123", "self"};
	struct post s;
	post_init(&s, state);
	network(&s, "Already used");
	int64_t voucher = post_card(&s, &known);
	assert_int_equal(redeem_begin(s.redeem, s.line, voucher), 0);
	post_pass(&s, 2000);
	assert_string_equal(post_sms(&s, "Card 00123 gave 100.00"), "");
	post_pass(&s, 10000);
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

/* The message is of the first attempt; the second never went out. */
static void
an_sms_for_a_code_that_was_not_sent_is_of_the_attempt_before(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_card(&s, &post_plain);
	post_answer(
		&s, post_dial(&s, voucher, "self"), VERDICT_BUSY, VOUCHER_BUSY);
	int64_t second = post_dial(&s, voucher, "self");
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	assert_int_equal(post_kept(&s).last.attempt, second);
	struct ledger_op op = turn_op(s.shop.turn, LEDGER_ATTEMPT_SETTLE);
	op.u.attempt_settle.attempt = second;
	op.u.attempt_settle.fate = LEDGER_NOT_SENT;
	op.u.attempt_settle.event = VOUCHER_NOT_SENT;
	turn_must(s.shop.turn, &op);
	message_on_settled(s.shop.turn, NULL, second);
	post_commit(&s);
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	assert_true(post_kept(&s).last.attempt < second);
	post_fini(&s);
}

/* Recalled late, it finds a card that was dialled after it came. */
static void
an_sms_that_waited_is_not_of_a_later_card(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t attempt = post_dial(&s, post_card(&s, &post_plain), "self");
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	post_answer(&s, attempt, VERDICT_INVALID, VOUCHER_REFUSED_FIRST);
	int64_t later = post_dialled(&s, &post_plain, POST_UNKNOWN);
	message_recall(s.shop.turn);
	post_commit(&s);
	post_expect(&s, later, VOUCHER_UNKNOWN, "no_answer");
	assert_int_equal(post_kept(&s).last.attempt, 0);
	assert_false(post_kept(&s).last.waits);
	post_fini(&s);
}

/* And where there was none before, it is nobody's. */
static void
an_sms_for_a_card_that_was_never_on_air_is_nobodys(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_card(&s, &post_plain);
	int64_t attempt = post_dial(&s, voucher, "self");
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	struct ledger_op op = turn_op(s.shop.turn, LEDGER_ATTEMPT_SETTLE);
	op.u.attempt_settle.attempt = attempt;
	op.u.attempt_settle.fate = LEDGER_NOT_SENT;
	op.u.attempt_settle.event = VOUCHER_NOT_SENT;
	turn_must(s.shop.turn, &op);
	message_on_settled(s.shop.turn, NULL, attempt);
	post_commit(&s);
	post_expect(&s, voucher, VOUCHER_READY, "");
	assert_int_equal(post_kept(&s).last.attempt, 0);
	post_fini(&s);
}

static void
what_waited_over_a_restart_is_weighed_before_time_runs_out(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t lost = post_card(&s, &post_plain);
	int64_t attempt = post_dial(&s, lost, "self");
	assert_string_equal(post_sms(&s, POST_LOADED), "");
	message_recall(s.shop.turn); /* it is in the air still */
	post_commit(&s);
	assert_true(post_kept(&s).last.waits);
	struct ledger_op op = turn_op(s.shop.turn, LEDGER_ATTEMPT_SETTLE);
	op.u.attempt_settle.attempt = attempt;
	op.u.attempt_settle.fate = LEDGER_MAYBE_SENT;
	op.u.attempt_settle.event = VOUCHER_FOUND_AT_START;
	strcpy(op.u.attempt_settle.reason, "restart");
	turn_must(s.shop.turn, &op);
	post_commit(&s);
	post_expect(&s, lost, VOUCHER_UNKNOWN, "restart");
	(void)overdue_sweep(s.shop.turn, NULL, NULL);
	post_commit(&s);
	post_expect(&s, lost, VOUCHER_LOADED, "");
	post_fini(&s);
}

/* ---- balances ---------------------------------------------------------- */

static int64_t
balance_now(struct post *s)
{
	struct ledger_sim sim;
	assert_int_equal(
		ledger_sim(s->shop.purse->ledger, line_iccid(s->line), 0, &sim),
		0);
	return sim.balance_minor;
}

static void
a_balance_in_its_message_is_a_reading(void **state)
{
	struct post s;
	post_init(&s, state);
	(void)post_dialled(&s, &post_plain, POST_PENDING);
	assert_string_equal(
		post_sms(&s, POST_LOADED ". Your balance is 250.00"), "");
	assert_true(balance_now(&s) == 25000);
	/* Not where a card was dialled behind it: it may be older. */
	(void)post_dialled(&s, &post_plain, POST_UNKNOWN);
	static const struct post_kind small = {5000, "", "self"};
	(void)post_dialled(&s, &small, POST_CREDITED);
	assert_string_equal(
		post_sms(&s, POST_LOADED ". Your balance is 350.00"), "");
	assert_true(balance_now(&s) == 25000);
	assert_int_equal(shop_events(&s.shop, "sim.spoiled", "a"), 1);
	post_fini(&s);
}

static void
a_balance_for_another_number_is_no_reading(void **state)
{
	static const struct post_kind other = {POST_CARD, "", "0801234567"};
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &other, POST_PENDING);
	assert_string_equal(
		post_sms(&s, POST_LOADED ". Your balance is 250.00"), "");
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	assert_true(balance_now(&s) == MONEY_NONE);
	assert_int_equal(shop_events(&s.shop, "sim.spoiled", "a"), 1);
	post_fini(&s);
}

/* ---- keeping ----------------------------------------------------------- */

static void
a_message_without_an_operator_is_kept_without_its_numbers(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &post_plain, POST_PENDING);
	struct profile *profile = s.line->profile;
	s.line->profile = NULL;
	assert_string_equal(
		post_sms(&s, "77000000000042 " POST_LOADED), "no_operator");
	assert_null(strstr(post_kept(&s).text, "7700000000"));
	s.line->profile = profile;
	post_expect(&s, voucher, VOUCHER_PENDING, "");
	post_fini(&s);
}

/* The operator's word of a balance that nobody asked for. */
static void
a_balance_that_tells_itself_spoils_the_reading_before(void **state)
{
	struct post s;
	post_init(&s, state);
	struct ledger_op op = turn_op(s.shop.turn, LEDGER_BALANCE);
	strcpy(op.u.balance.modem, "a");
	(void)snprintf(op.u.balance.iccid, sizeof(op.u.balance.iccid), "%s",
		line_iccid(s.line));
	strcpy(op.u.balance.currency, "XTS");
	op.u.balance.minor = 25000;
	op.u.balance.decimals = 2;
	turn_must(s.shop.turn, &op);
	post_commit(&s);
	s.sender = "0801234567";
	(void)post_sms(&s, "Your balance is 1.00");
	s.sender = "121";
	(void)post_sms(&s, "Your balance is 250.00, enjoy");
	assert_int_equal(shop_events(&s.shop, "sim.spoiled", "a"), 0);
	(void)post_sms(&s, "Your balance is 240.00");
	assert_int_equal(shop_events(&s.shop, "sim.spoiled", "a"), 1);
	post_fini(&s);
}

/* On the modem it is safe; here it is not. */
static void
while_the_disk_refuses_a_message_stays_on_the_modem(void **state)
{
	struct post s;
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &post_plain, POST_PENDING);
	const struct message m = {.sender = "121",
		.smsc = POST_CENTRE,
		.own_smsc = POST_CENTRE,
		.stamp_wall_ms = loop_wall_ms(),
		.text_utf8 = span_str(POST_LOADED)};
	struct message second = m;
	second.stamp_wall_ms += 1000;
	faulty_disk_set(FAULTY_DISK_FULL);
	(void)message_on_arrival(&s.parts, s.line, &m);
	assert_int_equal(turn_commit(s.shop.turn), -EIO);
	assert_int_equal(message_on_arrival(&s.parts, s.line, &second), -EIO);
	faulty_disk_set(FAULTY_DISK_NOT);
	post_commit(&s);
	assert_int_equal(post_kept(&s).count, 1);
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	assert_int_equal(message_on_arrival(&s.parts, s.line, &m), 0);
	assert_int_equal(message_on_arrival(&s.parts, s.line, &second), 0);
	post_commit(&s);
	assert_int_equal(post_kept(&s).count, 2);
	post_fini(&s);
}

static void
while_the_sim_is_not_known_messages_stay_where_they_are(void **state)
{
	struct post s;
	post_init(&s, state);
	/* Nothing is plugged in there. */
	shop_modem(&s.shop, "b", SHOP_PORT_B, "simtel");
	shop_apply(&s.shop);
	s.line = shop_line(&s.shop, "b");
	assert_string_equal(line_iccid(s.line), "");
	assert_int_equal(post_arrive(&s, POST_LOADED), -EAGAIN);
	assert_int_equal(post_kept(&s).count, 0);
	post_fini(&s);
}

static void
a_flood_of_messages_is_bounded_and_decides_nothing(void **state)
{
	struct post s;
	char text[64];
	post_init(&s, state);
	int64_t voucher = post_dialled(&s, &post_plain, POST_PENDING);
	int64_t head = ledger_audit_head(s.shop.purse->ledger);
	for (int i = 0; i < LEDGER_MESSAGES_MAX + 50; i++) {
		(void)snprintf(text, sizeof(text), "Offer %d", i);
		const struct message m = {.sender = "121",
			.smsc = POST_CENTRE,
			.own_smsc = POST_CENTRE,
			.stamp_wall_ms = loop_wall_ms(),
			.text_utf8 = span_str(text)};
		assert_int_equal(message_on_arrival(&s.parts, s.line, &m), 0);
	}
	post_commit(&s);
	assert_int_equal(post_kept(&s).count, LEDGER_MESSAGES_MAX);
	assert_in_range(ledger_audit_head(s.shop.purse->ledger) - head, 1, 100);
	post_expect(&s, voucher, VOUCHER_PENDING, "");
	assert_int_equal(post_arrive(&s, POST_LOADED), 0);
	assert_int_equal(post_kept(&s).count, LEDGER_MESSAGES_MAX);
	post_expect(&s, voucher, VOUCHER_LOADED, "");
	post_fini(&s);
}

/* ---- with all the others ----------------------------------------------- */

static void
on_settled(void *ctx, struct line *line)
{
	struct trade *t = ctx;
	(void)line;
	dispatch_kick(t->dispatch);
}

/* The message of the card that is pending. */
static void
write_to(struct trade *t, const char *text)
{
	struct message_parts parts = {.loop = t->shop.loop,
		.turn = t->shop.turn,
		.vault = t->shop.purse->vault,
		.on_idle = {.ctx = t, .fn = on_settled}};
	const struct message m = {.sender = "121",
		.smsc = POST_CENTRE,
		.own_smsc = "",
		.stamp_wall_ms = loop_wall_ms(),
		.text_utf8 = span_str(text)};
	assert_int_equal(
		message_on_arrival(&parts, shop_line(&t->shop, "a"), &m), 0);
	trade_run(t, 1000);
}

static unsigned
dialled_of(const struct trade_batch *b, unsigned cards)
{
	unsigned n = 0;
	for (unsigned i = 0; i < cards; i++)
		n += trade_dialled(SHOP_PORT_A, b, i);
	return n;
}

static void
a_batch_with_verdicts_by_sms_goes_card_by_card(void **state)
{
	enum { CARDS = 4 };
	struct trade t;
	trade_init(&t, *state,
		COUNTER_SIMTEL(COUNTER_USSD
			"\nsms_from = 121\nsmsc = any\nsms_timeout = 300",
			COUNTER_BALANCE));
	t.shop.list[0]->verdict_by = PROFILE_VERDICT_SMS;
	trade_open(&t);
	struct trade_batch b = trade_batch(&t, CARDS, NULL);
	for (unsigned i = 0; i < CARDS; i++) {
		trade_run(&t, MINUTE);
		trade_expect(&t, &b, i, VOUCHER_PENDING, "");
		assert_int_equal(dialled_of(&b, CARDS), i + 1);
		write_to(&t, i == 2 ? "Invalid voucher" : POST_LOADED);
		trade_expect(&t, &b, i,
			i == 2 ? VOUCHER_REJECTED : VOUCHER_LOADED,
			i == 2 ? "invalid" : "");
	}
	trade_run(&t, HOUR);
	assert_int_equal(dialled_of(&b, CARDS), CARDS);
	trade_fini(&t);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_sms_before_the_answer_decides_when_that_has_come),
		TEST(two_messages_before_the_answer_are_both_weighed),
		TEST(an_sms_that_the_answer_contradicts_is_not_its),
		TEST(a_promise_by_sms_is_not_the_message_of_its_attempt),
		TEST(an_sms_with_the_serial_outweighs_the_refusal_that_follows),
		TEST(an_sms_for_a_code_that_was_not_sent_is_of_the_attempt_before),
		TEST(an_sms_that_waited_is_not_of_a_later_card),
		TEST(an_sms_for_a_card_that_was_never_on_air_is_nobodys),
		TEST(what_waited_over_a_restart_is_weighed_before_time_runs_out),
		TEST(a_balance_in_its_message_is_a_reading),
		TEST(a_balance_for_another_number_is_no_reading),
		TEST(a_message_without_an_operator_is_kept_without_its_numbers),
		TEST(a_balance_that_tells_itself_spoils_the_reading_before),
		TEST(while_the_disk_refuses_a_message_stays_on_the_modem),
		TEST(while_the_sim_is_not_known_messages_stay_where_they_are),
		TEST(a_flood_of_messages_is_bounded_and_decides_nothing),
		TEST(a_batch_with_verdicts_by_sms_goes_card_by_card),
	};
	faulty_disk_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
