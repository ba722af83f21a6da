/*
 * test_veil: texts of the network that repeat the PIN of a card that was
 * dialled, in spellings that are no number's: it is kept nowhere, whichever
 * way they come, and amounts stay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/balance.h"
#include "agent/dialogue.h"
#include "agent/turn.h"
#include "agent/veil.h"
#include "tests/virtual/post.h"
#include "tests/virtual/trade.h"

#define A    SHOP_PORT_A
#define TOLD "You have 1,234,567.89 XTS on 2026/11/22 10:20:33"

enum { SPELLED_MAX = 64, TEXT_MAX = 256, STORE_MAX = 1 << 22 };

/* 77,000,000,000,042; its front, which stands for it, is in front. */
static void
spell(const char *voucher_pin, char sign, char out[SPELLED_MAX])
{
	size_t at = 0;
	for (size_t i = 0; voucher_pin[i] != '\0'; i++) {
		if (i % 3 == 2)
			out[at++] = sign;
		out[at++] = voucher_pin[i];
	}
	out[at] = '\0';
}

static bool
is_in_file(const char *path, const char *word)
{
	static char bytes[STORE_MAX];
	FILE *file = fopen(path, "rbe");
	if (!file)
		return false;
	size_t len = fread(bytes, 1, sizeof(bytes), file);
	assert_true(len < sizeof(bytes));
	(void)fclose(file);
	return memmem(bytes, len, word, strlen(word)) != NULL;
}

static bool
is_kept(const struct purse *p, const char *word)
{
	char log[sizeof(p->path) + 8];
	(void)snprintf(log, sizeof(log), "%s-wal", p->path);
	return is_in_file(p->path, word) || is_in_file(log, word);
}

/* ---- a line of the shop ------------------------------------------------ */

struct scene {
	struct trade trade;
	char spelled[SPELLED_MAX], text[TEXT_MAX];
};

/* A card was loaded, and the next text has its PIN in it. */
static void
begin_scene(struct scene *s, void **state)
{
	char voucher_pin[SPELLED_MAX];
	trade_init(&s->trade, *state, COUNTER_PLAIN);
	trade_open(&s->trade);
	struct trade_batch b = trade_batch(&s->trade, 1, NULL);
	trade_run(&s->trade, 10 * SECOND);
	trade_expect(&s->trade, &b, 0, VOUCHER_LOADED, "");
	(void)snprintf(voucher_pin, sizeof(voucher_pin), "77%012u", b.first);
	spell(voucher_pin, ',', s->spelled);
	(void)snprintf(s->text, sizeof(s->text), "Card %s. " TOLD, s->spelled);
}

static void
end_scene(struct scene *s)
{
	trade_run(&s->trade, 10 * SECOND);
	assert_false(is_kept(s->trade.shop.purse, s->spelled));
	assert_true(is_kept(s->trade.shop.purse, TOLD));
	trade_fini(&s->trade);
}

static void
a_text_pushed_keeps_no_pin(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	trade_push(&s.trade, A, s.text);
	trade_assert_noted(&s.trade, "modem.text", TOLD);
	end_scene(&s);
}

static void
on_screen(void *ctx, const struct dialogue_screen *screen)
{
	(void)snprintf(ctx, TEXT_MAX, "%s", screen->text);
}

static void
an_answer_to_a_person_shows_no_pin(void **state)
{
	struct scene s;
	char shown[TEXT_MAX] = "";
	begin_scene(&s, state);
	trade_answer(A, "*150#", s.text);
	const struct dialogue_request request = {
		.line = shop_line(&s.trade.shop, "a"),
		.code = "*150#",
		.who = "uid:0(root)",
		.fn = on_screen,
		.ctx = shown};
	assert_int_equal(dialogue_begin(s.trade.dialogue, &request), 0);
	trade_run(&s.trade, 5 * SECOND);
	assert_non_null(strstr(shown, TOLD));
	assert_null(strstr(shown, s.spelled));
	end_scene(&s);
}

static void
a_balance_keeps_no_pin(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	(void)snprintf(s.text, sizeof(s.text),
		"Your balance is 250.00 XTS. Card %s. " TOLD, s.spelled);
	trade_answer(A, "*123#", s.text);
	assert_int_equal(balance_ask(s.trade.balance,
				 shop_line(&s.trade.shop, "a"), NULL, NULL),
		0);
	trade_run(&s.trade, 5 * SECOND);
	assert_true(shop_events(&s.trade.shop, "sim.balance", "a") > 0);
	end_scene(&s);
}

/* ---- a message --------------------------------------------------------- */

static void
a_message_keeps_no_pin(void **state)
{
	static const char signs[] = ",/_:;'\"|+=*";
	struct post s;
	char spelled[SPELLED_MAX], text[TEXT_MAX];
	post_init(&s, state);
	(void)post_dialled(&s, &post_plain, POST_UNKNOWN);
	for (const char *sign = signs; *sign != '\0'; sign++) {
		spell(s.pin, *sign, spelled);
		(void)snprintf(text, sizeof(text), "Card %s. " TOLD, spelled);
		(void)post_sms(&s, text);
		struct post_letters kept = post_kept(&s);
		assert_null(strstr(kept.text, spelled));
		assert_non_null(strstr(kept.text, TOLD));
	}
	post_fini(&s);
}

/* ---- which cards ------------------------------------------------------- */

static bool
hides(struct purse *p, const char *iccid, const char *voucher_pin)
{
	char spelled[SPELLED_MAX], out[TEXT_MAX];
	const struct veil veil = {.ledger = p->ledger, .iccid = iccid};
	spell(voucher_pin, ',', spelled);
	veil_text(&veil, span_str(spelled), out, sizeof(out));
	return strcmp(out, spelled) != 0;
}

static void
of_a_sim_its_own_cards_and_of_none_all(void **state)
{
	struct purse *p = *state;
	char first[SPELLED_MAX];
	int64_t voucher = purse_fresh(p);
	(void)snprintf(first, sizeof(first), "77%012u", p->serial);
	assert_false(hides(p, "sim1", first));
	purse_end(p, purse_dial(p, voucher), LEDGER_NOT_SENT, VERDICT_NONE,
		VOUCHER_NOT_SENT);
	assert_true(hides(p, "sim1", first));
	assert_true(hides(p, "", first));
	assert_false(hides(p, "sim2", first));
}

static void
the_last_cards_are_at_hand_and_no_more(void **state)
{
	struct purse *p = *state;
	struct secret cards[3];
	char newest[SPELLED_MAX];
	for (int i = 0; i < 4; i++) {
		purse_end(p, purse_dial(p, purse_fresh(p)), LEDGER_ANSWERED,
			VERDICT_LOADED, VOUCHER_CREDITED);
		p->now.wall_ms += 10000;
		p->now.ran_ms += 10000;
	}
	(void)snprintf(newest, sizeof(newest), "77%012u", p->serial);
	assert_int_equal(ledger_last_pins(p->ledger, "sim1", cards, 3), 3);
	assert_true(span_eq(
		span_of(cards[0].bytes, cards[0].len), span_str(newest)));
	assert_int_equal(ledger_last_pins(p->ledger, "", cards, 3), 3);
	assert_int_equal(ledger_last_pins(p->ledger, "sim2", cards, 3), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_text_pushed_keeps_no_pin),
		TEST(an_answer_to_a_person_shows_no_pin),
		TEST(a_balance_keeps_no_pin),
		TEST(a_message_keeps_no_pin),
		TEST(the_last_cards_are_at_hand_and_no_more),
		TEST(of_a_sim_its_own_cards_and_of_none_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
