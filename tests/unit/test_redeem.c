/*
 * test_redeem: one attempt from intent to verdict, with the real ledger, the
 * real driver and a scripted wire. What the network says on the left, what
 * becomes of the card on the right.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/redeem.h"
#include "tests/support/counter.h"

enum { ROW = 2 };

#define MENU                                                                   \
	COUNTER_SIMTEL("ussd = *120#",                                         \
		"[menu]\n1 = (?i)enter the voucher -> {pin}\n"                 \
		"2 = (?i)confirm -> 1\n")

struct scene {
	struct counter counter;
	struct redeem *redeem;
	int64_t voucher;
	char pin[16]; /* of the newest row, as purse_row() draws it */
};

static void
begin_scene(struct scene *s, void **state, const char *profile)
{
	struct counter *c = &s->counter;
	counter_init(c, *state, profile);
	s->redeem = redeem_new(c->loop, c->turn, c->purse->vault, &c->on_idle);
	int64_t batch = purse_batch(c->purse, 1, "");
	s->voucher = purse_voucher(c->purse, batch, ROW);
	(void)snprintf(s->pin, sizeof(s->pin), "77%012u", c->purse->serial);
}

static void
end_scene(struct scene *s)
{
	counter_fini(&s->counter);
	redeem_free(s->redeem);
}

/* Dials, commits, lets the time run, commits. */
static void
dial(struct scene *s, int64_t run_ms)
{
	struct counter *c = &s->counter;
	c->rig.hold = true;
	assert_int_equal(redeem_begin(s->redeem, &c->line, s->voucher), 0);
	counter_run(c, run_ms);
}

static void
expect(struct scene *s, enum voucher_state state, const char *reason)
{
	struct purse_card card = purse_card(s->counter.purse, s->voucher);
	assert_string_equal(
		voucher_state_name(card.state), voucher_state_name(state));
	assert_string_equal(card.reason, reason);
}

static unsigned
dialled(const struct scene *s)
{
	return fakewire_count(&s->counter.rig.wire, s->pin);
}

/* ---- the answers ------------------------------------------------------- */

static void
each_answer_moves_the_card_as_the_state_table_says(void **state)
{
	static const struct {
		const char *answer;
		enum voucher_state to;
		const char *reason;
		int64_t credited;
	} rows[] = {
		{"+CUSD: 0,\"You have been credited with 100.00 XTS. Your "
		 "balance is 250.00 XTS.\",15",
			VOUCHER_LOADED, "", 10000},
		{"+CUSD: 2,\"Credited with 100.00\",15", VOUCHER_LOADED, "",
			10000},
		{"+CUSD: 0,\"Credited with 50.00\",15", VOUCHER_UNKNOWN,
			"amount_differs", MONEY_NONE},
		{"+CUSD: 0,\"Invalid voucher.\",15", VOUCHER_REJECTED,
			"invalid", MONEY_NONE},
		{"+CUSD: 0,\"Already used by you\",15", VOUCHER_REJECTED,
			"used", MONEY_NONE},
		{"+CUSD: 0,\"Try again later\",15", VOUCHER_READY, "retry",
			MONEY_NONE},
		{"+CUSD: 0,\"Too many wrong attempts\",15", VOUCHER_READY,
			"retry", MONEY_NONE},
		{"+CUSD: 0,\"Your balance is 250.00 XTS.\",15", VOUCHER_UNKNOWN,
			"unrecognised", MONEY_NONE},
		{"+CUSD: 0,\"Credited with 100.00? Invalid voucher!\",15",
			VOUCHER_UNKNOWN, "unrecognised", MONEY_NONE},
		{"+CUSD: 0,\"Happy birthday\",15", VOUCHER_UNKNOWN,
			"unrecognised", MONEY_NONE},
		{"+CUSD: 4", VOUCHER_UNKNOWN, "no_answer", MONEY_NONE},
		{"+CUSD: 2", VOUCHER_UNKNOWN, "no_answer", MONEY_NONE},
		{"+CME ERROR: 258", VOUCHER_UNKNOWN, "no_answer", MONEY_NONE},
		/* last: its account is taken until the SMS comes */
		{"+CUSD: 0,\"You will receive an SMS\",15", VOUCHER_PENDING, "",
			MONEY_NONE},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene s;
		char line[256];
		begin_scene(&s, state, COUNTER_PLAIN);
		(void)snprintf(
			line, sizeof(line), "\r\n%s\r\n", rows[i].answer);
		rig_answer(&s.counter.rig, line, 4000);
		dial(&s, 70000);
		print_message("%s\n", rows[i].answer);
		expect(&s, rows[i].to, rows[i].reason);
		struct purse_card card = purse_card(s.counter.purse, s.voucher);
		assert_true(card.v.credited_minor == rows[i].credited);
		assert_int_equal(dialled(&s), 1);
		assert_int_equal(s.counter.idle, 1);
		end_scene(&s);
	}
}

static void
where_the_sms_decides_a_loaded_card_is_pending(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	s.counter.line.profile->verdict_by = PROFILE_VERDICT_SMS;
	rig_answer(&s.counter.rig,
		"\r\n+CUSD: 0,\"Credited with 100.00\",15\r\n", 10);
	dial(&s, 5000);
	expect(&s, VOUCHER_PENDING, "");
	end_scene(&s);
}

/* ---- by SMS ------------------------------------------------------------- */

#define TEXTS                                                                  \
	"sms_to = 121\nsms_text = TOP {pin}\nsms_from = SimTel\n"              \
	"ussd = *121*{pin}#\n"
#define BY_SMS   COUNTER_SIMTEL(TEXTS "via = sms", COUNTER_BALANCE)
#define BY_BOTH  COUNTER_SIMTEL(TEXTS "via = ussd, sms", COUNTER_BALANCE)
#define PROMPT   "\r\n> "
#define ACCEPTED "\r\n+CMGS: 7\r\n\r\nOK\r\n"

/* What the modem says to a text: before it, after it; NULL: nothing. */
static void
rule_text(struct scene *s, const char *prompt, const char *accepted)
{
	struct fakewire *w = &s->counter.rig.wire;
	fakewire_rule(
		w, (struct fakewire_rule){
			   .when = "AT+CMGS=", .say = prompt, .after_ms = 20});
	/* The number that it goes to, in its PDU. */
	fakewire_rule(w, (struct fakewire_rule){.when = "0001000381",
				 .say = accepted,
				 .after_ms = 300});
}

static unsigned
texts(const struct scene *s)
{
	return fakewire_count(&s->counter.rig.wire, "0001000381");
}

static void
a_text_that_was_taken_leaves_the_card_pending(void **state)
{
	struct scene s;
	begin_scene(&s, state, BY_SMS);
	rule_text(&s, PROMPT, ACCEPTED);
	s.counter.rig.hold = true;
	assert_int_equal(redeem_begin(s.redeem, &s.counter.line, s.voucher), 0);
	rig_run(&s.counter.rig, 1000);
	assert_int_equal(texts(&s), 0);
	counter_run(&s.counter, 5000);
	expect(&s, VOUCHER_PENDING, "");
	assert_int_equal(texts(&s), 1);
	assert_int_equal(fakewire_count(&s.counter.rig.wire, "AT+CUSD=1,"), 0);
	assert_false(s.counter.line.doubt);
	assert_int_equal(s.counter.idle, 1);
	end_scene(&s);
}

static void
a_text_whose_receipt_is_lost_is_never_sent_again(void **state)
{
	struct scene s;
	begin_scene(&s, state, BY_SMS);
	rule_text(&s, PROMPT, NULL);
	dial(&s, 200000);
	expect(&s, VOUCHER_UNKNOWN, "no_answer");
	assert_int_equal(texts(&s), 1);
	assert_true(s.counter.line.doubt);
	end_scene(&s);
}

static bool
append_way(void *ctx, const struct ledger_attempt *a)
{
	(void)strcat(strcat(ctx, " "), a->via);
	return true;
}

static void
expect_ways(struct scene *s, const char *wanted)
{
	char ways[32] = "";
	assert_int_equal(ledger_each_attempt(s->counter.purse->ledger,
				 s->voucher, append_way, ways),
		0);
	assert_string_equal(ways, wanted);
}

static void
the_next_way_is_gone_after_one_that_was_not_sent(void **state)
{
	struct scene s;
	begin_scene(&s, state, BY_BOTH);
	fakewire_rule(&s.counter.rig.wire,
		(struct fakewire_rule){.when = "AT+CUSD=1,",
			.say = "\r\n+CME ERROR: 30\r\n",
			.after_ms = 20});
	rule_text(&s, PROMPT, ACCEPTED);
	dial(&s, 5000);
	expect(&s, VOUCHER_READY, "retry");
	assert_int_equal(texts(&s), 0);
	dial(&s, 5000);
	expect(&s, VOUCHER_PENDING, "");
	assert_int_equal(texts(&s), 1);
	assert_int_equal(fakewire_count(&s.counter.rig.wire, "AT+CUSD=1,"), 1);
	expect_ways(&s, " ussd sms");
	end_scene(&s);
}

static void
the_next_way_is_not_gone_after_one_that_may_have_gone(void **state)
{
	struct scene s;
	begin_scene(&s, state, BY_BOTH);
	fakewire_rule(&s.counter.rig.wire,
		(struct fakewire_rule){.when = "AT+CUSD=1,", .say = NULL});
	rule_text(&s, PROMPT, ACCEPTED);
	dial(&s, 120000);
	expect(&s, VOUCHER_UNKNOWN, "no_answer");
	assert_int_equal(texts(&s), 0);
	end_scene(&s);
}

static void
nothing_leaves_before_the_attempt_is_on_disk(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	rig_answer(
		&s.counter.rig, "\r\n+CUSD: 0,\"Invalid voucher\",15\r\n", 10);
	s.counter.rig.hold = true;
	assert_int_equal(redeem_begin(s.redeem, &s.counter.line, s.voucher), 0);
	rig_run(&s.counter.rig, 1000);
	assert_int_equal(dialled(&s), 0);
	counter_commit(&s.counter);
	expect(&s, VOUCHER_DIALING, "");
	s.counter.rig.hold = false;
	rig_run(&s.counter.rig, 1000);
	assert_int_equal(dialled(&s), 1);
	end_scene(&s);
}

static void
an_answer_that_never_comes_leaves_the_card_unknown_and_the_line_in_doubt(
	void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	fakewire_rule(&s.counter.rig.wire,
		(struct fakewire_rule){.when = "AT+CUSD=1,", .say = NULL});
	dial(&s, 120000);
	expect(&s, VOUCHER_UNKNOWN, "no_answer");
	assert_true(s.counter.line.doubt);
	struct ledger_sim sim;
	assert_int_equal(ledger_sim(s.counter.purse->ledger,
				 line_iccid(&s.counter.line), 0, &sim),
		0);
	assert_int_equal(sim.unsettled, 1);
	assert_true(sim.fence);
	end_scene(&s);
}

static void
a_modem_that_vanishes_leaves_the_card_unknown(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	fakewire_rule(&s.counter.rig.wire,
		(struct fakewire_rule){.when = "AT+CUSD=1,", .say = NULL});
	dial(&s, 100);
	s.counter.rig.wire.gone = true;
	fakewire_say(&s.counter.rig.wire, "x", 0);
	rig_run(&s.counter.rig, 10000);
	counter_commit(&s.counter);
	expect(&s, VOUCHER_UNKNOWN, "broken");
	end_scene(&s);
}

static void
a_local_refusal_gives_the_card_back_and_rests_the_line(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	fakewire_rule(&s.counter.rig.wire,
		(struct fakewire_rule){.when = "AT+CUSD=1,",
			.say = "\r\n+CME ERROR: 30\r\n",
			.after_ms = 20});
	dial(&s, 5000);
	expect(&s, VOUCHER_READY, "retry");
	assert_true(s.counter.line.rest_until_ms > loop_now_ms(s.counter.loop));
	dial(&s, 5000);
	expect(&s, VOUCHER_READY, "retry");
	dial(&s, 5000);
	expect(&s, VOUCHER_HELD, "not_sent");
	end_scene(&s);
}

static void
a_refusal_after_an_earlier_attempt_is_not_believed(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	rig_answer(
		&s.counter.rig, "\r\n+CUSD: 0,\"Try again later\",15\r\n", 10);
	dial(&s, 5000);
	expect(&s, VOUCHER_READY, "retry");
	rig_answer(&s.counter.rig, "\r\n+CUSD: 0,\"Already used\",15\r\n", 10);
	dial(&s, 5000);
	expect(&s, VOUCHER_UNKNOWN, "refused_on_repeat");
	end_scene(&s);
}

static bool
take_reply(void *ctx, const struct ledger_voucher *v)
{
	(void)snprintf(ctx, LEDGER_TEXT_MAX, "%s", v->reply);
	return false;
}

static void
reply_of(struct scene *s, char reply[LEDGER_TEXT_MAX])
{
	const struct ledger_voucher_filter filter = {
		.id = s->voucher, .state = -1};
	reply[0] = '\0';
	assert_int_equal(ledger_each_voucher(s->counter.purse->ledger, &filter,
				 take_reply, reply),
		0);
}

/* The PIN as UCS-2 in hex, behind it what makes the whole unreadable. */
static void
an_answer_that_nobody_can_read_keeps_no_pin_in_hex(void **state)
{
	struct scene s;
	char hex[128] = "", line[512], reply[LEDGER_TEXT_MAX];
	begin_scene(&s, state, COUNTER_PLAIN);
	for (size_t i = 0; s.pin[i] != '\0'; i++)
		(void)snprintf(hex + 4 * i, 5, "003%c", s.pin[i]);
	(void)snprintf(
		line, sizeof(line), "\r\n+CUSD: 0,\"%sD8FFFFFEA\",72\r\n", hex);
	rig_answer(&s.counter.rig, line, 10);
	dial(&s, 5000);
	expect(&s, VOUCHER_UNKNOWN, "unrecognised");
	reply_of(&s, reply);
	assert_null(strstr(reply, hex));
	assert_non_null(strstr(reply, "cannot be read"));
	end_scene(&s);
}

static void
a_pin_in_the_reply_is_masked_before_it_is_kept(void **state)
{
	struct scene s;
	char line[128], event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	char reply[LEDGER_TEXT_MAX];
	begin_scene(&s, state, COUNTER_PLAIN);
	(void)snprintf(line, sizeof(line),
		"\r\n+CUSD: 0,\"Invalid voucher %s.\",15\r\n", s.pin);
	rig_answer(&s.counter.rig, line, 10);
	dial(&s, 5000);
	expect(&s, VOUCHER_REJECTED, "invalid");
	int64_t head = ledger_audit_head(s.counter.purse->ledger);
	purse_audit(s.counter.purse, head - 1, event,
		note); /* batch.finished follows */
	assert_string_equal(event, "voucher.rejected");
	assert_null(strstr(note, s.pin));
	assert_non_null(strstr(note, "invalid"));
	assert_null(strstr(s.counter.rig.trace, s.pin));
	reply_of(&s, reply);
	assert_null(strstr(reply, s.pin));
	assert_non_null(strstr(reply, "Invalid voucher ****"));
	end_scene(&s);
}

/* ---- what cannot be dialled -------------------------------------------- */

static void
a_line_that_is_taken_dials_nothing_else(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	s.counter.line.busy = true;
	assert_int_equal(
		redeem_begin(s.redeem, &s.counter.line, s.voucher), -EBUSY);
	expect(&s, VOUCHER_READY, "");
	s.counter.line.busy = false;
	end_scene(&s);
}

static void
a_pin_of_another_form_is_not_dialled(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	expression_free(s.counter.line.profile->pins[0]);
	s.counter.line.profile->pins[0] =
		expression_new(span_str("\\d{16}"), NULL, 0);
	assert_int_equal(
		redeem_begin(s.redeem, &s.counter.line, s.voucher), -EINVAL);
	counter_commit(&s.counter);
	rig_run(&s.counter.rig, 1000);
	expect(&s, VOUCHER_READY, "");
	assert_int_equal(dialled(&s), 0);
	assert_int_equal(redeem_in_flight(s.redeem), 0);
	end_scene(&s);
}

static void
a_card_that_is_not_ready_is_not_dialled(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	struct ledger_op hold =
		purse_move(s.counter.purse, s.voucher, VOUCHER_HOLD);
	purse_must(s.counter.purse, &hold);
	assert_int_equal(
		redeem_begin(s.redeem, &s.counter.line, s.voucher), -EINVAL);
	assert_false(s.counter.line.busy);
	end_scene(&s);
}

/* ---- menus ------------------------------------------------------------- */

static void
menu_rules(struct scene *s, const char *first, const char *after_pin)
{
	static char pin_rule[64];
	(void)snprintf(pin_rule, sizeof(pin_rule), "AT+CUSD=1,\"%s", s->pin);
	fakewire_rule(&s->counter.rig.wire,
		(struct fakewire_rule){.when = "AT+CUSD=1,\"*120#",
			.say = "\r\nOK\r\n",
			.then = first,
			.then_after_ms = 500});
	fakewire_rule(
		&s->counter.rig.wire, (struct fakewire_rule){.when = pin_rule,
					      .say = "\r\nOK\r\n",
					      .then = after_pin,
					      .then_after_ms = 500});
	fakewire_rule(&s->counter.rig.wire,
		(struct fakewire_rule){.when = "AT+CUSD=1,\"1\"",
			.say = "\r\nOK\r\n",
			.then = "\r\n+CUSD: 0,\"Credited with 100.00\",15\r\n",
			.then_after_ms = 500});
}

#define ENTER   "\r\n+CUSD: 1,\"Enter the voucher\",15\r\n"
#define CONFIRM "\r\n+CUSD: 1,\"1. Confirm 2. Cancel\",15\r\n"

static void
a_menu_is_answered_in_order_and_each_step_once(void **state)
{
	struct scene s;
	begin_scene(&s, state, MENU);
	menu_rules(&s, ENTER, CONFIRM);
	dial(&s, 10000);
	expect(&s, VOUCHER_LOADED, "");
	assert_int_equal(dialled(&s), 1);
	end_scene(&s);
}

static void
an_unexpected_screen_before_the_pin_types_nothing(void **state)
{
	struct scene s;
	begin_scene(&s, state, MENU);
	menu_rules(&s, "\r\n+CUSD: 1,\"Pick a number from 1 to 7\",15\r\n",
		CONFIRM);
	dial(&s, 10000);
	expect(&s, VOUCHER_READY, "retry");
	assert_int_equal(dialled(&s), 0);
	assert_int_equal(fakewire_count(&s.counter.rig.wire, "AT+CUSD=2\r"), 2);
	end_scene(&s);
}

static void
a_code_without_a_pin_that_is_not_answered_was_not_sent(void **state)
{
	struct scene s;
	begin_scene(&s, state, MENU);
	menu_rules(&s, NULL, NULL);
	dial(&s, 120000);
	expect(&s, VOUCHER_READY, "retry");
	assert_true(s.counter.line.doubt);
	end_scene(&s);
}

static void
a_screen_that_comes_again_after_the_pin_gets_no_second_pin(void **state)
{
	struct scene s;
	begin_scene(&s, state, MENU);
	menu_rules(&s, ENTER, ENTER);
	dial(&s, 10000);
	expect(&s, VOUCHER_UNKNOWN, "unrecognised");
	assert_int_equal(dialled(&s), 1);
	/* It may be a copy: the PIN's own answer would meet the next card. */
	assert_true(s.counter.line.doubt);
	end_scene(&s);
}

static void
a_session_that_dies_before_the_confirmation_leaves_it_unknown(void **state)
{
	struct scene s;
	begin_scene(&s, state, MENU);
	menu_rules(&s, ENTER, "\r\n+CUSD: 2\r\n");
	dial(&s, 120000);
	expect(&s, VOUCHER_UNKNOWN, "no_answer");
	end_scene(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_answer_moves_the_card_as_the_state_table_says),
		TEST(where_the_sms_decides_a_loaded_card_is_pending),
		TEST(a_text_that_was_taken_leaves_the_card_pending),
		TEST(a_text_whose_receipt_is_lost_is_never_sent_again),
		TEST(the_next_way_is_gone_after_one_that_was_not_sent),
		TEST(the_next_way_is_not_gone_after_one_that_may_have_gone),
		TEST(nothing_leaves_before_the_attempt_is_on_disk),
		TEST(an_answer_that_never_comes_leaves_the_card_unknown_and_the_line_in_doubt),
		TEST(a_modem_that_vanishes_leaves_the_card_unknown),
		TEST(a_local_refusal_gives_the_card_back_and_rests_the_line),
		TEST(a_refusal_after_an_earlier_attempt_is_not_believed),
		TEST(an_answer_that_nobody_can_read_keeps_no_pin_in_hex),
		TEST(a_pin_in_the_reply_is_masked_before_it_is_kept),
		TEST(a_line_that_is_taken_dials_nothing_else),
		TEST(a_pin_of_another_form_is_not_dialled),
		TEST(a_card_that_is_not_ready_is_not_dialled),
		TEST(a_menu_is_answered_in_order_and_each_step_once),
		TEST(an_unexpected_screen_before_the_pin_types_nothing),
		TEST(a_code_without_a_pin_that_is_not_answered_was_not_sent),
		TEST(a_screen_that_comes_again_after_the_pin_gets_no_second_pin),
		TEST(a_session_that_dies_before_the_confirmation_leaves_it_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
