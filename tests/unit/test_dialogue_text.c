/*
 * test_dialogue_text: an administrator's message beside the cards, in virtual
 * time with the real ledger: sent once, never with a PIN, and told as it was.
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
#include "agent/dialogue.h"
#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/support/fakewire.h"
#include "tests/virtual/trade.h"

#define A    SHOP_PORT_A
#define SENT "\r\n+CMGS: 7\r\n\r\nOK\r\n"
#define TEXTS                                                                  \
	COUNTER_USSD "\nsms_to = 121\nsms_text = TOP {pin}\nsms_from = 121"
#define PLAIN COUNTER_SIMTEL(TEXTS, COUNTER_BALANCE)

struct person {
	struct trade trade;
	unsigned told;
	enum dialogue_sent sent;
	char why[128];
};

static void
on_sent(void *ctx, enum dialogue_sent sent, const char *why)
{
	struct person *p = ctx;
	p->told++;
	p->sent = sent;
	(void)snprintf(p->why, sizeof(p->why), "%s", why);
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
	fakewire_rule(
		w, (struct fakewire_rule){
			   .when = "0041", .say = sent, .after_ms = 2000});
}

static void
begin(struct person *p, void **state)
{
	memset(p, 0, sizeof(*p));
	trade_init(&p->trade, *state, PLAIN);
	texts_are("\r\n> ", SENT);
	trade_open(&p->trade);
	trade_run(&p->trade, 10 * SECOND);
}

static int
send(struct person *p, const char *number, const char *text)
{
	const struct dialogue_letter letter = {
		.line = shop_line(&p->trade.shop, "a"),
		.number = number,
		.text = text,
		.who = "uid:0(root)",
		.fn = on_sent,
		.ctx = p};
	return dialogue_send(p->trade.dialogue, &letter);
}

/* Texts that left whole. */
static unsigned
texts(void)
{
	return fakewire_count(virtual_wire(A), "\x1a");
}

struct seen {
	unsigned entries, by_root;
	char notes[3][LEDGER_TEXT_MAX];
};

static bool
on_entry(void *ctx, const struct ledger_audit *a)
{
	struct seen *s = ctx;
	if (strcmp(a->event, "modem.sms") != 0)
		return true;
	assert_true(s->entries < 3);
	(void)snprintf(s->notes[s->entries++], LEDGER_TEXT_MAX, "%s", a->note);
	s->by_root += strcmp(a->who, "uid:0(root)") == 0;
	return true;
}

static struct seen
look(struct person *p)
{
	struct seen s = {.entries = 0};
	struct ledger_audit_filter all = {.after = 0};
	assert_int_equal(turn_commit(p->trade.shop.turn), 0);
	assert_int_equal(ledger_each_audit(p->trade.shop.purse->ledger, &all,
				 on_entry, &s),
		0);
	return s;
}

/* ---- sent, or not -------------------------------------------------------- */

static void
a_message_is_sent_once_and_stands_in_the_audit(void **state)
{
	struct person p;
	begin(&p, state);
	assert_int_equal(send(&p, "121", "LOAN 50"), 0);
	assert_true(shop_line(&p.trade.shop, "a")->busy);
	assert_int_equal(texts(), 0); /* not before the commit */
	trade_run(&p.trade, 10 * SECOND);
	assert_int_equal(p.told, 1);
	assert_int_equal(p.sent, DIALOGUE_SENT);
	assert_string_equal(p.why, "");
	assert_int_equal(texts(), 1);
	assert_false(shop_line(&p.trade.shop, "a")->busy);
	struct seen s = look(&p);
	assert_int_equal(s.entries, 2);
	assert_int_equal(s.by_root, 2);
	assert_string_equal(s.notes[0], "to 121: LOAN 50");
	assert_string_equal(s.notes[1], "sent");
	trade_assert_noted(&p.trade, "sim.spoiled", "by=sms");
	assert_false(trade_is_fenced(&p.trade, "a"));
	trade_fini(&p.trade);
}

static void
a_long_one_goes_in_parts_and_a_number_is_told_by_its_end(void **state)
{
	char text[400];
	struct person p;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text, "\xc4\x9b", 2); /* no letter of the GSM alphabet */
	begin(&p, state);
	assert_int_equal(send(&p, "+2348031234567", text), 0);
	trade_run(&p.trade, MINUTE);
	assert_int_equal(p.sent, DIALOGUE_SENT);
	assert_int_equal(texts(), 6);
	struct seen s = look(&p);
	assert_ptr_equal(strstr(s.notes[0], "to ...4567: "), s.notes[0]);
	assert_null(strstr(s.notes[0], "2348031"));
	trade_fini(&p.trade);
}

static void
what_becomes_of_it_is_told_as_far_as_anybody_knows(void **state)
{
	static const struct {
		const char *prompt, *sent;
		enum dialogue_sent expected;
		const char *note;
	} rows[] = {
		{"\r\nERROR\r\n", NULL, DIALOGUE_NOT_SENT, "not sent: "},
		{"\r\n> ", "\r\n+CMS ERROR: 500\r\n", DIALOGUE_MAYBE_SENT,
			"may have been sent: "},
		{"\r\n> ", NULL, DIALOGUE_MAYBE_SENT, "may have been sent: "},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct person p;
		purse_teardown(state);
		assert_int_equal(purse_setup(state), 0);
		begin(&p, state);
		texts_are(rows[i].prompt, rows[i].sent);
		assert_int_equal(send(&p, "121", "LOAN"), 0);
		trade_run(&p.trade, 5 * MINUTE);
		assert_int_equal(p.told, 1);
		assert_int_equal(p.sent, rows[i].expected);
		assert_true(p.why[0] != '\0');
		assert_true(texts() <= 1);
		struct seen s = look(&p);
		assert_ptr_equal(strstr(s.notes[1], rows[i].note), s.notes[1]);
		trade_fini(&p.trade);
	}
}

static void
who_leaves_is_not_told_and_the_message_goes(void **state)
{
	struct person p;
	begin(&p, state);
	assert_int_equal(send(&p, "121", "LOAN"), 0);
	dialogue_leave(p.trade.dialogue, &p);
	trade_run(&p.trade, MINUTE);
	assert_int_equal(p.told, 0);
	assert_int_equal(texts(), 1);
	assert_int_equal(look(&p).entries, 2);
	assert_false(shop_line(&p.trade.shop, "a")->busy);
	trade_fini(&p.trade);
}

/* ---- refused ------------------------------------------------------------- */

static void
what_may_hold_a_pin_is_refused_and_leaves_no_trace(void **state)
{
	static const struct {
		const char *number, *text;
		int rc;
	} rows[] = {
		{"121", "77123456789012", -EPERM},
		{"121", "please load 7712-3456-7890-12 thanks", -EPERM},
		{"+2348031234567", "77123456789012", -EPERM},
		{"121", "TOP 12345", -EPERM},
		{"121", "top 7712345", -EPERM},
		{"0800000011", "TOP77123", -EPERM},
		{"77123456789012", "121", -EPERM}, /* in the wrong order */
		{"121", "", -EINVAL},
		{"", "LOAN", -EINVAL},
		{"12", "LOAN", -EINVAL},
		{"SimTel", "LOAN", -EINVAL},
		{"12+34", "LOAN", -EINVAL},
		{"123456789012345678901", "LOAN", -EINVAL},
	};
	struct person p;
	begin(&p, state);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s: %s\n", rows[i].number, rows[i].text);
		assert_int_equal(
			send(&p, rows[i].number, rows[i].text), rows[i].rc);
		assert_false(shop_line(&p.trade.shop, "a")->busy);
	}
	char text[1532] = "";
	memset(text, 'a', sizeof(text) - 1);
	assert_int_equal(send(&p, "121", text), -EMSGSIZE);
	trade_run(&p.trade, MINUTE);
	assert_int_equal(texts(), 0);
	assert_int_equal(p.told, 0);
	assert_int_equal(look(&p).entries, 0);
	assert_int_equal(send(&p, "0800000011", "TOP up my phone"), 0);
	trade_run(&p.trade, MINUTE);
	assert_int_equal(texts(), 1);
	trade_fini(&p.trade);
}

static void
a_line_that_is_busy_or_fenced_is_not_taken(void **state)
{
	struct person p;
	memset(&p, 0, sizeof(p));
	(void)trade_unanswered(&p.trade, *state, PLAIN);
	texts_are("\r\n> ", SENT);
	assert_int_equal(send(&p, "121", "LOAN"), -EBUSY);
	trade_run(&p.trade, 50 * SECOND);
	assert_true(trade_is_fenced(&p.trade, "a"));
	assert_int_equal(send(&p, "121", "LOAN"), -EBUSY);
	trade_run(&p.trade, 5 * MINUTE);
	assert_int_equal(send(&p, "121", "LOAN"), 0);
	assert_int_equal(send(&p, "121", "LOAN"), -EBUSY);
	trade_run(&p.trade, MINUTE);
	assert_int_equal(texts(), 1);
	trade_fini(&p.trade);
}

static bool
balance_is_evidence(struct person *p)
{
	struct ledger_sim sim;
	assert_int_equal(
		ledger_sim(p->trade.shop.purse->ledger,
			line_iccid(shop_line(&p->trade.shop, "a")), 0, &sim),
		0);
	return sim.balance_is_last;
}

/* The loan that it asked for would pass for the card's credit. */
static void
no_balance_proves_a_card_across_a_message(void **state)
{
	struct person p;
	begin(&p, state);
	struct line *line = shop_line(&p.trade.shop, "a");
	assert_int_equal(balance_ask(p.trade.balance, line, NULL, NULL), 0);
	trade_run(&p.trade, MINUTE);
	assert_true(balance_is_evidence(&p));
	assert_int_equal(send(&p, "121", "LOAN"), 0);
	trade_run(&p.trade, 0);
	assert_false(balance_is_evidence(&p));
	/* Another SIM of the account tells it meanwhile. */
	const struct reading told = {
		.profile = line->profile, .minor = 100, .currency = "XTS"};
	(void)reading_take(p.trade.shop.turn, line, &told, span_str("1.00"));
	assert_true(balance_is_evidence(&p));
	trade_run(&p.trade, MINUTE);
	assert_false(balance_is_evidence(&p));
	trade_fini(&p.trade);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_is_sent_once_and_stands_in_the_audit),
		TEST(a_long_one_goes_in_parts_and_a_number_is_told_by_its_end),
		TEST(what_becomes_of_it_is_told_as_far_as_anybody_knows),
		TEST(who_leaves_is_not_told_and_the_message_goes),
		TEST(what_may_hold_a_pin_is_refused_and_leaves_no_trace),
		TEST(a_line_that_is_busy_or_fenced_is_not_taken),
		TEST(no_balance_proves_a_card_across_a_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
