/*
 * test_dialogue: an administrator's USSD session beside the cards, in
 * virtual time with the real ledger.
 */
#include "agent/dialogue.h"

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
#include "agent/reserve.h"
#include "agent/turn.h"
#include "tests/virtual/trade.h"

#define A SHOP_PORT_A

/* The operator's time-out and its quiet time are a minute each. */
#define AFTER_FENCE (4 * MINUTE)

#define PIN "77123456789012"

/* ---- a person ----------------------------------------------------------- */

struct person {
	struct trade *trade;
	unsigned screens;
	char text[LEDGER_TEXT_MAX], error[128];
	bool open, over;
};

static void
on_screen(void *ctx, const struct dialogue_screen *screen)
{
	struct person *p = ctx;
	assert_false(p->over);
	p->screens++;
	(void)snprintf(p->text, sizeof(p->text), "%s", screen->text);
	(void)snprintf(p->error, sizeof(p->error), "%s", screen->error);
	p->open = screen->open;
	p->over = screen->over;
}

enum stays { LEAVES, STAYS };

static int
dial(struct trade *t, struct person *p, const char *code, enum stays stays)
{
	*p = (struct person){.trade = t};
	const struct dialogue_request request = {
		.line = shop_line(&t->shop, "a"),
		.code = code,
		.who = "uid:0(root)",
		.answers = stays == STAYS,
		.fn = on_screen,
		.ctx = p};
	return dialogue_begin(t->dialogue, &request);
}

/* What the network says to what begins so, as +CUSD: mode. */
static void
network_says(const char *to, const char *then)
{
	fakewire_rule(
		virtual_wire(A), (struct fakewire_rule){.when = to,
					 .say = "\r\nOK\r\n",
					 .then = then,
					 .then_after_ms = TRADE_ANSWER_MS});
}

static void
open_shop(struct trade *t, struct purse *p)
{
	trade_init(t, p, COUNTER_PLAIN);
	network_says("AT+CUSD=1,\"*140#",
		"\r\n+CUSD: 1,\"1. Packs 2. Loan\",15\r\n");
	network_says("AT+CUSD=1,\"2\"", "\r\n+CUSD: 1,\"How much?\",15\r\n");
	network_says("AT+CUSD=1,\"50\"", "\r\n+CUSD: 0,\"Lent 50\",15\r\n");
	trade_open(t);
}

static unsigned
closes(void)
{
	return fakewire_count(virtual_wire(A), "AT+CUSD=2\r");
}

/* ---- a session ---------------------------------------------------------- */

static void
a_code_is_answered_and_stands_in_the_audit_with_who_asked(void **state)
{
	struct trade t;
	struct person p;
	open_shop(&t, *state);
	trade_answer(A, "*150#", "You have 5 MB left");
	assert_int_equal(dial(&t, &p, "*150#", LEAVES), 0);
	assert_true(shop_line(&t.shop, "a")->busy);
	trade_run(&t, 5 * SECOND);
	assert_int_equal(p.screens, 1);
	assert_string_equal(p.text, "You have 5 MB left");
	assert_string_equal(p.error, "");
	assert_true(p.over);
	assert_false(p.open);
	assert_false(shop_line(&t.shop, "a")->busy);
	assert_int_equal(shop_events(&t.shop, "modem.ussd", "a"), 2);
	trade_assert_noted(&t, "modem.ussd", "answer: You have 5 MB left");
	trade_assert_noted(&t, "sim.spoiled", "by=ussd");
	assert_false(trade_is_fenced(&t, "a"));
	assert_int_equal(trade_codes(A, "*150#"), 1);
	trade_fini(&t);
}

struct seen {
	unsigned by_root;
	bool code, typed;
};

static bool
on_entry(void *ctx, const struct ledger_audit *a)
{
	struct seen *s = ctx;
	if (strcmp(a->event, "modem.ussd") != 0)
		return true;
	s->by_root += strcmp(a->who, "uid:0(root)") == 0;
	s->code |= strcmp(a->note, "code: *140#") == 0;
	s->typed |= strcmp(a->note, "typed: 50") == 0;
	return true;
}

static void
a_session_goes_on_with_the_persons_answers(void **state)
{
	struct trade t;
	struct person p;
	struct seen seen = {0};
	struct ledger_audit_filter all = {.after = 0};
	open_shop(&t, *state);
	assert_int_equal(dial(&t, &p, "*140#", STAYS), 0);
	trade_run(&t, 5 * SECOND);
	assert_string_equal(p.text, "1. Packs 2. Loan");
	assert_true(p.open);
	assert_false(p.over);
	assert_int_equal(dialogue_answer(t.dialogue, &p, "2"), 0);
	trade_run(&t, 50 * SECOND);
	assert_string_equal(p.text, "How much?");
	/* Each screen has its own time. */
	assert_int_equal(dialogue_answer(t.dialogue, &p, "50"), 0);
	trade_run(&t, 50 * SECOND);
	assert_string_equal(p.text, "Lent 50");
	assert_true(p.over);
	assert_int_equal(p.screens, 3);
	assert_int_equal(dialogue_answer(t.dialogue, &p, "1"), -EPROTO);
	assert_int_equal(
		ledger_each_audit(t.shop.purse->ledger, &all, on_entry, &seen),
		0);
	assert_int_equal(seen.by_root, 6);
	assert_true(seen.code);
	assert_true(seen.typed);
	trade_fini(&t);
}

static void
nothing_leaves_before_the_turn_is_on_disk(void **state)
{
	struct trade t;
	struct person p;
	open_shop(&t, *state);
	assert_int_equal(dial(&t, &p, "*140#", STAYS), 0);
	/* With it, that no balance is evidence from now on. */
	assert_int_equal(shop_events(&t.shop, "modem.ussd", "a"), 1);
	assert_int_equal(shop_events(&t.shop, "sim.spoiled", "a"), 1);
	assert_int_equal(trade_codes(A, "*140#"), 0);
	trade_run(&t, 5 * SECOND);
	assert_int_equal(trade_codes(A, "*140#"), 1);
	assert_int_equal(dialogue_answer(t.dialogue, &p, "2"), 0);
	assert_int_equal(shop_events(&t.shop, "sim.spoiled", "a"), 2);
	assert_int_equal(trade_codes(A, "2\""), 0);
	trade_run(&t, 5 * SECOND);
	assert_int_equal(trade_codes(A, "2\""), 1);
	trade_fini(&t);
}

static void
who_cannot_answer_has_the_session_closed(void **state)
{
	struct trade t;
	struct person p;
	open_shop(&t, *state);
	unsigned before = closes();
	assert_int_equal(dial(&t, &p, "*140#", LEAVES), 0);
	trade_run(&t, 5 * SECOND);
	assert_true(p.open);
	assert_true(p.over);
	assert_int_equal(closes(), before + 1);
	assert_int_equal(shop_state(&t.shop, "a"), MODEM_READY);
	trade_fini(&t);
}

static void
who_takes_too_long_has_the_session_closed(void **state)
{
	struct trade t;
	struct person p;
	open_shop(&t, *state);
	assert_int_equal(dial(&t, &p, "*140#", STAYS), 0);
	trade_run(&t, DIALOGUE_WAIT_MS - SECOND);
	unsigned before = closes();
	assert_false(p.over);
	assert_true(shop_line(&t.shop, "a")->busy);
	trade_run(&t, 5 * SECOND);
	assert_true(p.over);
	assert_non_null(strstr(p.error, "in time"));
	assert_int_equal(closes(), before + 1);
	assert_false(shop_line(&t.shop, "a")->busy);
	trade_assert_noted(&t, "modem.ussd", "no answer was typed");
	trade_fini(&t);
}

static void
who_leaves_an_open_screen_ends_the_session(void **state)
{
	struct trade t;
	struct person p;
	open_shop(&t, *state);
	assert_int_equal(dial(&t, &p, "*140#", STAYS), 0);
	trade_run(&t, 5 * SECOND);
	unsigned before = closes();
	dialogue_leave(t.dialogue, &p);
	trade_run(&t, 5 * SECOND);
	assert_int_equal(p.screens, 1);
	assert_int_equal(closes(), before + 1);
	assert_false(shop_line(&t.shop, "a")->busy);
	assert_int_equal(shop_state(&t.shop, "a"), MODEM_READY);
	trade_fini(&t);
}

static void
who_leaves_before_the_answer_ends_the_session_when_it_comes(void **state)
{
	struct trade t;
	struct person p;
	open_shop(&t, *state);
	assert_int_equal(dial(&t, &p, "*140#", STAYS), 0);
	trade_run(&t, 100);
	unsigned before = closes();
	dialogue_leave(t.dialogue, &p);
	trade_run(&t, 5 * SECOND);
	assert_int_equal(p.screens, 0);
	assert_int_equal(closes(), before + 1);
	assert_false(shop_line(&t.shop, "a")->busy);
	trade_assert_noted(&t, "modem.ussd", "asked back: 1. Packs");
	trade_fini(&t);
}

static void
who_types_before_he_is_asked_is_done(void **state)
{
	struct trade t;
	struct person p;
	open_shop(&t, *state);
	assert_int_equal(dial(&t, &p, "*140#", STAYS), 0);
	assert_int_equal(dialogue_answer(t.dialogue, &p, "2"), -EPROTO);
	trade_run(&t, 5 * SECOND);
	assert_int_equal(p.screens, 0);
	assert_int_equal(trade_codes(A, "2\""), 0);
	assert_false(shop_line(&t.shop, "a")->busy);
	trade_fini(&t);
}

/* ---- no PIN ------------------------------------------------------------- */

static void
no_code_with_a_pin_is_dialled_or_told_to_anybody(void **state)
{
	static const char *const codes[] = {"*121*" PIN "#", PIN,
		"*999*7712-3456-7890 12#", "*121*7712345#"};
	struct trade t;
	struct person p;
	open_shop(&t, *state);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		assert_int_equal(dial(&t, &p, codes[i], STAYS), -EPERM);
	trade_run(&t, MINUTE);
	assert_int_equal(trade_codes(A, ""), 0);
	assert_int_equal(shop_events(&t.shop, "modem.ussd", "a"), 0);
	assert_int_equal(shop_events(&t.shop, "sim.spoiled", "a"), 0);
	assert_false(shop_line(&t.shop, "a")->busy);
	/* Nor one of an operator that has no modem here. */
	shop_operator(&t.shop, "other",
		"[operator]\nname = O\nmcc_mnc = 00202\ncurrency = XTS\n"
		"decimals = 2\nnumber_format = 1,234.56\npin = \\d{9}\n"
		"[recharge]\nussd = *13*{pin}#\n[reply]\nloaded = fine\n");
	assert_int_equal(dial(&t, &p, "*999*123456789#", STAYS), -EPERM);
	assert_int_equal(p.screens, 0);
	trade_fini(&t);
}

static void
a_pin_typed_into_a_session_ends_it_and_is_not_sent(void **state)
{
	struct trade t;
	struct person p;
	open_shop(&t, *state);
	assert_int_equal(dial(&t, &p, "*140#", STAYS), 0);
	trade_run(&t, 5 * SECOND);
	unsigned before = closes();
	assert_int_equal(dialogue_answer(t.dialogue, &p, PIN), -EPERM);
	trade_run(&t, 5 * SECOND);
	assert_int_equal(fakewire_count(virtual_wire(A), PIN), 0);
	assert_int_equal(p.screens, 1);
	assert_int_equal(closes(), before + 1);
	assert_false(shop_line(&t.shop, "a")->busy);
	trade_fini(&t);
}

/* As long as a PIN may be: an operator's own codes are known. */
static void
the_balance_code_is_always_allowed_and_is_no_reading(void **state)
{
	struct trade t;
	struct person p;
	trade_init(&t, *state,
		COUNTER_SIMTEL(COUNTER_USSD,
			"[balance]\nussd = *12345678901234#\n"
			"reply = (?i)balance is (?<balance>[\\d.,]+)\n"));
	trade_answer(A, "*12345678901234#", TRADE_BALANCE);
	trade_open(&t);
	assert_int_equal(dial(&t, &p, "*12345678901234#", LEAVES), 0);
	trade_run(&t, 5 * SECOND);
	assert_string_equal(p.text, TRADE_BALANCE);
	assert_int_equal(shop_events(&t.shop, "sim.balance", "a"), 0);
	trade_fini(&t);
}

static void
an_answer_with_a_pin_is_masked_everywhere(void **state)
{
	struct trade t;
	struct person p;
	open_shop(&t, *state);
	trade_answer(A, "*150#", "Last card " PIN);
	assert_int_equal(dial(&t, &p, "*150#", LEAVES), 0);
	trade_run(&t, 5 * SECOND);
	assert_string_equal(p.text, "Last card **********9012");
	trade_assert_noted(&t, "modem.ussd", "Last card **********9012");
	trade_fini(&t);
}

/* ---- the fence ---------------------------------------------------------- */

static void
a_code_without_an_answer_raises_a_fence_before_the_next_card(void **state)
{
	struct trade t;
	struct person p;
	open_shop(&t, *state);
	trade_answer(A, "*150#", NULL);
	assert_int_equal(dial(&t, &p, "*150#", LEAVES), 0);
	trade_run(&t, SECOND);
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 65 * SECOND);
	assert_non_null(strstr(p.error, "did not answer"));
	assert_true(p.over);
	assert_true(trade_is_fenced(&t, "a"));
	assert_int_equal(trade_dialled(A, &b, 0), 0);
	assert_int_equal(dial(&t, &p, "*140#", LEAVES), -EBUSY);
	trade_run(&t, AFTER_FENCE);
	trade_expect(&t, &b, 0, VOUCHER_LOADED, "");
	trade_fini(&t);
}

static void
a_cards_verdict_as_the_answer_settles_nothing_and_raises_a_fence(void **state)
{
	struct trade t;
	struct person p;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);
	trade_pause(&t, "a", true);
	trade_run(&t, AFTER_FENCE);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_answer(A, "*150#", TRADE_LOADED);
	assert_int_equal(dial(&t, &p, "*150#", LEAVES), 0);
	trade_run(&t, 5 * SECOND);
	assert_string_equal(p.text, TRADE_LOADED);
	trade_expect(&t, &b, 0, VOUCHER_UNKNOWN, "no_answer");
	trade_pause(&t, "a", false);
	trade_run(&t, 5 * SECOND);
	assert_true(trade_is_fenced(&t, "a"));
	assert_int_equal(trade_dialled(A, &b, 1), 0);
	trade_fini(&t);
}

static void
a_session_cut_off_by_the_modem_raises_a_fence(void **state)
{
	struct trade t;
	struct person p;
	open_shop(&t, *state);
	trade_answer(A, "*150#", NULL);
	assert_int_equal(dial(&t, &p, "*150#", LEAVES), 0);
	trade_run(&t, SECOND);
	virtual_wire(A)->gone = true;
	trade_run(&t, SECOND);
	assert_true(p.over);
	assert_non_null(strstr(p.error, "broke off"));
	assert_true(shop_line(&t.shop, "a")->doubt);
	trade_fini(&t);
}

/* ---- beside the cards --------------------------------------------------- */

static void
a_line_that_is_taken_or_fenced_is_refused(void **state)
{
	struct trade t;
	struct person p, other;
	struct trade_batch b = trade_unanswered(&t, *state, COUNTER_PLAIN);
	assert_int_equal(dial(&t, &p, "*150#", LEAVES), -EBUSY); /* on air */
	trade_run(&t, 65 * SECOND);
	assert_true(trade_is_fenced(&t, "a"));
	assert_int_equal(dial(&t, &p, "*150#", LEAVES), -EBUSY);
	trade_run(&t, AFTER_FENCE);
	trade_expect(&t, &b, 1, VOUCHER_LOADED, "");
	trade_answer(A, "*150#", "fine");
	assert_int_equal(dial(&t, &p, "*150#", LEAVES), 0);
	assert_int_equal(dial(&t, &other, "*150#", LEAVES), -EBUSY);
	trade_run(&t, 5 * SECOND);
	shop_line(&t.shop, "a")->draining = true;
	assert_int_equal(dial(&t, &p, "*150#", LEAVES), -EBUSY);
	shop_line(&t.shop, "a")->draining = false;
	shop_line(&t.shop, "a")->wants_evidence = true;
	assert_int_equal(dial(&t, &p, "*150#", LEAVES), -EBUSY);
	shop_line(&t.shop, "a")->wants_evidence = false;
	struct profile *profile = shop_line(&t.shop, "a")->profile;
	shop_line(&t.shop, "a")->profile = NULL;
	assert_int_equal(dial(&t, &p, "*150#", LEAVES), -ENOTSUP);
	shop_line(&t.shop, "a")->profile = profile;
	assert_int_equal(trade_codes(A, "*150#"), 1);
	trade_fini(&t);
}

static void
what_cannot_be_typed_is_refused(void **state)
{
	static const char *const codes[] = {"", "*1\"#", "*1\r#", "\x7f"};
	struct trade t;
	struct person p;
	open_shop(&t, *state);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		assert_int_equal(dial(&t, &p, codes[i], LEAVES), -EINVAL);
	trade_run(&t, SECOND);
	assert_int_equal(trade_codes(A, ""), 0);
	trade_fini(&t);
}

static void
while_a_result_could_not_be_written_nothing_is_dialled(void **state)
{
	struct trade t;
	struct person p;
	struct reserve *reserve = reserve_open("/nonexistent/reserve");
	open_shop(&t, *state);
	turn_keep_reserve(t.shop.turn, reserve, NULL, NULL);
	assert_int_equal(dial(&t, &p, "*150#", LEAVES), -EIO);
	turn_keep_reserve(t.shop.turn, NULL, NULL, NULL);
	trade_run(&t, SECOND);
	assert_int_equal(trade_codes(A, "*150#"), 0);
	trade_fini(&t);
	reserve_close(reserve);
}

/* The other line does not wait for a person. */
static void
cards_go_on_elsewhere_and_here_when_the_session_is_over(void **state)
{
	struct trade t;
	struct person p;
	open_shop(&t, *state);
	trade_add_b(&t);
	trade_open_all(&t, 2);
	assert_int_equal(dial(&t, &p, "*140#", STAYS), 0);
	trade_run(&t, SECOND);
	struct trade_batch b = trade_batch(&t, 3, NULL);
	trade_run(&t, 40 * SECOND);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(trade_dialled(A, &b, i), 0);
		trade_expect(&t, &b, i, VOUCHER_LOADED, "");
	}
	trade_pause(&t, "b", true);
	struct trade_batch c = trade_batch(&t, 1, NULL);
	trade_run(&t, 5 * SECOND);
	assert_int_equal(trade_dialled(A, &c, 0), 0);
	dialogue_leave(t.dialogue, &p);
	trade_run(&t, 20 * SECOND);
	assert_int_equal(trade_dialled(A, &c, 0), 1);
	trade_fini(&t);
}

/* ---- the proof by balance ----------------------------------------------- */

/* A reading, maybe a code, a card without an answer, and a balance that rose
 * by just the card. */
static void
balance_rises(void **state, bool with_code, enum voucher_state end)
{
	struct trade t;
	struct person p;
	trade_init(&t, *state,
		COUNTER_SIMTEL(
			COUNTER_USSD, COUNTER_BALANCE "before = never\n"));
	trade_answer(A, "*121*", NULL);
	trade_answer(A, "*150#", "You asked for a loan of 100.00");
	trade_open(&t);
	assert_int_equal(
		balance_ask(t.balance, shop_line(&t.shop, "a"), NULL, NULL), 0);
	trade_run(&t, 5 * SECOND);
	assert_int_equal(shop_events(&t.shop, "sim.balance", "a"), 1);
	if (with_code) {
		assert_int_equal(dial(&t, &p, "*150#", LEAVES), 0);
		trade_run(&t, 5 * SECOND);
		assert_true(p.over);
	}
	struct trade_batch b = trade_batch(&t, 1, NULL);
	trade_run(&t, 10 * SECOND);
	assert_int_equal(trade_dialled(A, &b, 0), 1);
	trade_answer(A, "*123#", "Your balance is 350.00 XTS");
	trade_run(&t, AFTER_FENCE);
	trade_assert_noted(&t, "modem.fence_over",
		with_code ? "balance: spoiled" : "balance: proven");
	trade_expect(&t, &b, 0, end, end == VOUCHER_LOADED ? "" : "no_answer");
	trade_fini(&t);
}

static void
a_rise_across_a_code_proves_nothing(void **state)
{
	balance_rises(state, true, VOUCHER_UNKNOWN);
}

static void
a_rise_without_a_code_proves_the_credit(void **state)
{
	balance_rises(state, false, VOUCHER_LOADED);
}

/* Another SIM of the account reads the balance while the session is open. */
static void
a_reading_within_a_session_proves_nothing_after_it(void **state)
{
	struct trade t;
	struct person p;
	open_shop(&t, *state);
	assert_int_equal(dial(&t, &p, "*140#", STAYS), 0);
	trade_run(&t, 5 * SECOND);
	unsigned before = shop_events(&t.shop, "sim.spoiled", "a");
	dialogue_leave(t.dialogue, &p);
	trade_run(&t, 5 * SECOND);
	assert_int_equal(shop_events(&t.shop, "sim.spoiled", "a"), before + 1);
	trade_fini(&t);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_code_is_answered_and_stands_in_the_audit_with_who_asked),
		TEST(a_session_goes_on_with_the_persons_answers),
		TEST(nothing_leaves_before_the_turn_is_on_disk),
		TEST(who_cannot_answer_has_the_session_closed),
		TEST(who_takes_too_long_has_the_session_closed),
		TEST(who_leaves_an_open_screen_ends_the_session),
		TEST(who_leaves_before_the_answer_ends_the_session_when_it_comes),
		TEST(who_types_before_he_is_asked_is_done),
		TEST(no_code_with_a_pin_is_dialled_or_told_to_anybody),
		TEST(a_pin_typed_into_a_session_ends_it_and_is_not_sent),
		TEST(the_balance_code_is_always_allowed_and_is_no_reading),
		TEST(an_answer_with_a_pin_is_masked_everywhere),
		TEST(a_code_without_an_answer_raises_a_fence_before_the_next_card),
		TEST(a_cards_verdict_as_the_answer_settles_nothing_and_raises_a_fence),
		TEST(a_session_cut_off_by_the_modem_raises_a_fence),
		TEST(a_line_that_is_taken_or_fenced_is_refused),
		TEST(what_cannot_be_typed_is_refused),
		TEST(while_a_result_could_not_be_written_nothing_is_dialled),
		TEST(cards_go_on_elsewhere_and_here_when_the_session_is_over),
		TEST(a_rise_across_a_code_proves_nothing),
		TEST(a_rise_without_a_code_proves_the_credit),
		TEST(a_reading_within_a_session_proves_nothing_after_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
