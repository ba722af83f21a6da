/*
 * guard: what may hold a PIN is never sent by a person's hand (law 6).
 */
#include "agent/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/counter.h"

/* Another operator's PINs are of nine digits, with letters in its code. */
#define OTHER                                                                  \
	"[operator]\nname = Other\nmcc_mnc = 00202\ncurrency = XTS\n"          \
	"decimals = 2\nnumber_format = 1,234.56\npin = \\d{9}\n"               \
	"[recharge]\nussd = #13*{pin}#\n"                                      \
	"[menu]\n1 = (?i)card number -> {pin}\n2 = (?i)confirm -> 1\n"         \
	"[reply]\nloaded = (?i)fine\n"

struct row {
	const char *text;
	bool refused;
};

static const struct row codes[] = {
	/* what an administrator asks */
	{"*123#", false},
	{"*140*1#", false},
	{"*121#", false},
	{"*121*1#", false},
	{"1", false},
	{"", false},
	{"*131*0800000099#", true}, /* 9 digits of it could be the other's */
	{"*13*08000#", false},
	/* a whole PIN, as the operator writes it and as a person may */
	{"*121*77000000000042#", true},
	{"77000000000042", true},
	{"*999*77000000000042#", true},
	{"7700 0000 0000 42", true},
	{"7700-0000-000042", true},
	{"770000\n00000042", true},
	{"77000000*000042#", true},
	{"*77#0000*0000#0000*42#", true},
	/* digits of other scripts: Arabic, Devanagari, full width */
	{"\u0667\u0667\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660\u0660"
	 "\u0660\u0664\u0662",
		true},
	{"*131*\u096d\u096d\u0966\u0966\u0966\u0966\u0966\u0966\u0966#", true},
	{"\uff17\uff17\uff10\uff10\uff10\uff10\uff10\uff10\uff10", true},
	/* any operator's, not only this SIM's */
	{"*555*770000042#", true},
	/* a PIN with something before it and no sign between */
	{"12177000000000042", true},
	/* typed wrong, but where a PIN stands */
	{"*121*77000#", true},
	{"*121*7700#", false},
	{"* 121 * 77000#", true},
	{"#13*12345#", true},
	{"#13*1234#", false},
	{"*12l*77OOO#", true},
	{"#I3*l2345#", true},
	{"#I3*l234#", false},
	/* no code has so many */
	{"1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*"
	 "1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1",
		true},
};

/* The own operator's PINs are of 14 digits, the other's of nine. */
static const struct row spellings[] = {
	/* superscripts, subscripts, one of them alone among plain ones */
	{"\u2077\u2077\u2070\u2070\u2070\u2070\u2070\u2070\u2074", true},
	{"\u2087\u2087\u2080\u2080\u2080\u2080\u2080\u2080\u2084", true},
	{"77\u00b2\u00b3\u00b90004", true},
	{"77\u00b2\u00b3\u00b9000", false}, /* eight */
	/* circled, black, in brackets, with a full stop, Roman, Han */
	{"\u2460\u24ea\u2776\u24ff\u2780\u278a\u24f5\u2474\u2488", true},
	{"\u246a\u246b\u246c\u246d1", true}, /* 11 12 13 14 1 */
	{"\u246a\u246b\u246c\u246d", false},
	{"\U0001f101\U0001f102\U0001f10b\U0001f100\U0001f10c1234", true},
	{"\u2160\u2161\u2162\u2163\u2164\u2165\u2166\u2167\u2168", true},
	{"\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d", true},
	/* mathematical ones, and keycaps (a digit and two signs) */
	{"\U0001d7ce\U0001d7cf\U0001d7d0\U0001d7d1\U0001d7d21234", true},
	{"1\ufe0f\u20e3"
	 "2\ufe0f\u20e3"
	 "3\ufe0f\u20e3"
	 "4\ufe0f\u20e3"
	 "5\ufe0f\u20e3"
	 "6\ufe0f\u20e3"
	 "7\ufe0f\u20e3"
	 "8\ufe0f\u20e3"
	 "9\ufe0f\u20e3",
		true},
	/* letters for 0 and 1 */
	{"77OOOOOO4", true},
	{"77ooo00o4", true},
	{"7700l1I|4", true},
	{"O77000042", true},
	{"77000042O", true},
	{"7 7 O O O O O O 4", true},
	{"77-OOOO-OO4", true},
	{"77 OOOOOO 4", true},
	{"*131*77OOOOOO4#", true},
	{"77\u041e\u043e\u039f\u03bf\uff2f\uff4f\u00ba", true},
	{"77\u0406\u04c0\u0399\uff29\uff4c\u2223\u00a6", true},
	{"TOP77OOO0004", true},
	/* and words that are words */
	{"I pay 4500000 to Ollo", false},
	{"0800000 O 1 I", true},
	{"Call 0800 or 1234 III", false},
	{"Ill pay 80000000 I said", false},
	{"80000000 oil", false},
	{"*131*l2#", false},
	{"oOoOoOoOo", false},
	{"|||||||||", false},
};

static void
a_digit_in_any_dress_is_a_digit(void **state)
{
	struct profile *own = counter_profile(*state, "simtel", COUNTER_PLAIN);
	struct profile *other = counter_profile(*state, "other", OTHER);
	struct profile *list[] = {own, other};
	struct profiles all = {.list = list, .count = 2};
	const struct guard guard = {.all = &all, .own = own};
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		struct span text = span_str(spellings[i].text);
		print_message("%s\n", spellings[i].text);
		assert_int_equal(
			guard_finds_pin(&guard, text), spellings[i].refused);
		assert_int_equal(guard_finds_pin_in_text(
					 &guard, span_str("0800000011"), text),
			spellings[i].refused);
	}
	profile_unref(own);
	profile_unref(other);
}

static void
what_may_be_a_pin_of_any_operator_is_found(void **state)
{
	struct profile *own = counter_profile(*state, "simtel", COUNTER_PLAIN);
	struct profile *other = counter_profile(*state, "other", OTHER);
	struct profile *list[] = {own, other};
	struct profiles all = {.list = list, .count = 2};
	const struct guard guard = {.all = &all, .own = own};
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		print_message("%s\n", codes[i].text);
		assert_int_equal(
			guard_finds_pin(&guard, span_str(codes[i].text)),
			codes[i].refused);
	}
	profile_unref(own);
	profile_unref(other);
}

/* Texts that have a PIN by themselves, and one that begins with it. */
#define BY_TEXT                                                                \
	"[operator]\nname = Simple\nmcc_mnc = 00303\ncurrency = XTS\n"         \
	"decimals = 2\nnumber_format = 1,234.56\npin = \\d{16}\n"              \
	"[recharge]\nussd = *9*{pin}#\nsms_to = 555\nsms_text = {pin}\n"       \
	"sms_text_for_other = Pay to {msisdn} {pin}\n"                         \
	"[reply]\nloaded = (?i)fine\n"

static void
a_message_is_held_against_the_texts_of_every_operator(void **state)
{
	static const struct {
		const char *number, *text;
		bool refused;
	} rows[] = {
		{"121", "BAL", false},
		{"121", "", false},
		{"0800000011", "Rent is paid, 450.00 on 12 March", false},
		{"0800000011", "Call me on 0800000099", true}, /* 9 of them */
		{"0800000011", "card: 7700-0000-0000-42", true},
		{"555", "1234", false},
		{"555", "12345", true}, /* where a PIN stands */
		{"121", "12345", false},
		{"121", "pay to me 123-45", true},
		{"121", "Pay to me", false},
		{"121", "pay to me l23-4O", true},
		{"555", "\u2460\u2461\u2462\u2463\u2464", true},
		{"0800000011", "Can I have 45000000", false},
	};
	char text[4000];
	struct profile *own = counter_profile(*state, "simtel", COUNTER_PLAIN);
	struct profile *other = counter_profile(*state, "other", OTHER);
	struct profile *third = counter_profile(*state, "third", BY_TEXT);
	struct profile *list[] = {own, other, third};
	struct profiles all = {.list = list, .count = 3};
	const struct guard guard = {.all = &all, .own = own};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s: %s\n", rows[i].number, rows[i].text);
		assert_int_equal(guard_finds_pin_in_text(&guard,
					 span_str(rows[i].number),
					 span_str(rows[i].text)),
			rows[i].refused);
	}
	/* At the very end of a long one, too. */
	memset(text, 'x', sizeof(text));
	assert_false(guard_finds_pin_in_text(
		&guard, span_str("121"), span_of(text, sizeof(text))));
	static const char last[] = "77000000000042";
	size_t from = sizeof(text) - strlen(last);
	for (size_t i = 0; i < strlen(last); i++)
		text[from + i] = last[i];
	assert_true(guard_finds_pin_in_text(
		&guard, span_str("121"), span_of(text, sizeof(text))));
	profile_unref(own);
	profile_unref(other);
	profile_unref(third);
}

/* A line keeps the profile it began with, and before the first reload there
 * are no others. */
static void
the_sims_own_operator_counts_without_the_others(void **state)
{
	struct profile *own = counter_profile(*state, "simtel", COUNTER_PLAIN);
	const struct guard guard = {.own = own};
	assert_true(guard_finds_pin(&guard, span_str("77000000000042")));
	assert_true(guard_finds_pin(&guard, span_str("*121*77000#")));
	assert_false(guard_finds_pin(&guard, span_str("*555*770000042#")));
	profile_unref(own);
}

static void
a_screen_that_asks_for_a_card_gets_no_half_pin(void **state)
{
	struct profile *own = counter_profile(*state, "other", OTHER);
	assert_true(
		guard_screen_wants_card(own, span_str("Type the CARD NUMBER")));
	assert_false(guard_screen_wants_card(own, span_str("Confirm: 1")));
	assert_false(guard_screen_wants_card(own, span_str("1. Balance")));
	const struct guard guard = {.own = own, .card_wanted = true};
	assert_true(guard_finds_pin(&guard, span_str("12345")));
	assert_true(guard_finds_pin(&guard, span_str("1 2 3 4 5")));
	assert_false(guard_finds_pin(&guard, span_str("1234")));
	profile_unref(own);
}

/* Bytes that are no UTF-8 part nothing, and hide nothing. */
static void
bytes_that_are_no_text_hide_no_pin(void **state)
{
	struct profile *own = counter_profile(*state, "simtel", COUNTER_PLAIN);
	const struct guard guard = {.own = own};
	assert_true(guard_finds_pin(&guard, span_str("7700000\xff"
						     "0000042")));
	assert_true(guard_finds_pin(&guard, span_str("\xc3"
						     "77000000000042")));
	profile_unref(own);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_may_be_a_pin_of_any_operator_is_found),
		TEST(a_digit_in_any_dress_is_a_digit),
		TEST(a_message_is_held_against_the_texts_of_every_operator),
		TEST(the_sims_own_operator_counts_without_the_others),
		TEST(a_screen_that_asks_for_a_card_gets_no_half_pin),
		TEST(bytes_that_are_no_text_hide_no_pin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
