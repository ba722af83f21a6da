/*
 * test_late: texts that no request asked for: kept masked, and quiet time
 * where they have a verdict.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/late.h"
#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/support/counter.h"

enum { NOW_MS = 1000000, INTERVAL_MS = 5000 };

struct scene {
	struct purse *purse;
	struct counter counter;
	struct line *line;
};

static void
begin_scene(struct scene *s, void **state)
{
	memset(s, 0, sizeof(*s));
	s->purse = *state;
	counter_init(&s->counter, s->purse, COUNTER_PLAIN);
	s->line = &s->counter.line;
}

static void
end_scene(struct scene *s)
{
	counter_fini(&s->counter);
}

/* The text comes; what the audit then says last. */
static const char *
hear(struct scene *s, const char *text)
{
	static char note[LEDGER_TEXT_MAX];
	char event[LEDGER_NAME_MAX];
	int64_t head = ledger_audit_head(s->purse->ledger);
	(void)late_text(s->counter.turn, s->line, span_str(text),
		LATE_AWAITS_NOTHING, NOW_MS);
	counter_commit(&s->counter);
	assert_true(ledger_audit_head(s->purse->ledger) > head);
	purse_last_audit(s->purse, event, note);
	assert_string_equal(event, "modem.text");
	return note;
}

static bool
take_modem(void *ctx, const struct ledger_audit *a)
{
	(void)snprintf(ctx, LEDGER_NAME_MAX, "%s", a->modem);
	return false;
}

static void
pins_in_it_are_masked(void **state)
{
	static const struct {
		const char *text, *kept;
	} rows[] = {
		{"Voucher 77000000000042 used", "Voucher **********0042 used"},
		{"7700-0000-0000-42", "**********0042"},
		/* no PIN of this operator */
		{"Call 0800000011", "Call 0800000011"},
		{"", "(a text that no coding reads)"},
	};
	struct scene s;
	begin_scene(&s, state);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *note = hear(&s, rows[i].text);
		if (!strstr(note, rows[i].kept) || strstr(note, "7700000000"))
			fail_msg("row %zu: %s", i, note);
	}
	end_scene(&s);
}

/* What a PIN looks like is then not known: no run of digits is shown. */
static void
without_an_operator_every_number_is_masked(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	struct profile *profile = s.line->profile;
	s.line->profile = NULL;
	const char *note = hear(
		&s, "Credited with 100.00 to 0800000011, card 77000000000042");
	assert_null(strstr(note, "0800000011"));
	assert_null(strstr(note, "100.00"));
	assert_null(strstr(note, "7700000000"));
	assert_non_null(strstr(note, "Credited with "));
	assert_int_equal(s.line->quiet_until_ms, 0);
	s.line->profile = profile;
	end_scene(&s);
}

static void
a_text_longer_than_a_note_is_cut(void **state)
{
	static char text[4 * LEDGER_TEXT_MAX];
	struct scene s;
	begin_scene(&s, state);
	memset(text, 'x', sizeof(text) - 1);
	const char *note = hear(&s, text);
	assert_true(strlen(note) < LEDGER_TEXT_MAX);
	assert_non_null(strstr(note, "xxxx"));
	end_scene(&s);
}

static void
a_flood_of_texts_does_not_fill_the_ledger(void **state)
{
	struct scene s;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	static const char *const texts[] = {"Invalid voucher",
		"Your balance is 5.00", "Too many wrong attempts"};
	begin_scene(&s, state);
	int64_t head = ledger_audit_head(s.purse->ledger);
	for (int i = 0; i < 10000; i++)
		(void)late_text(s.counter.turn, s.line, span_str(texts[i % 3]),
			LATE_AWAITS_NOTHING, NOW_MS + i);
	counter_commit(&s.counter);
	assert_in_range(ledger_audit_head(s.purse->ledger) - head, 2, 100);
	purse_last_audit(s.purse, event, note);
	assert_string_equal(event, "modem.text");
	assert_non_null(strstr(note, "too many"));
	/* What is not kept is heard all the same. */
	assert_int_equal(s.line->quiet_until_ms, NOW_MS + 9999 + INTERVAL_MS);
	/* The next minute is another one. */
	(void)late_text(s.counter.turn, s.line, span_str("Hello"),
		LATE_AWAITS_NOTHING, NOW_MS + 60000);
	counter_commit(&s.counter);
	purse_last_audit(s.purse, event, note);
	assert_string_equal(note, "Hello");
	end_scene(&s);
}

static void
only_a_text_with_a_verdict_begins_quiet_time(void **state)
{
	static const struct {
		const char *text;
		bool quiet;
	} rows[] = {
		{"Win a car! Dial *999#", false},
		{"Your balance is 250.00 XTS", false},
		/* A contradiction, and what nobody can read: who knows. */
		{"Credited with 100.00. Invalid voucher", true},
		{"", true},
		{"You have been credited with 100.00", true},
		{"Invalid voucher", true},
		{"You will receive an SMS", true},
		{"Please try again later", true},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene s;
		begin_scene(&s, state);
		int64_t want = rows[i].quiet ? NOW_MS + INTERVAL_MS : 0;
		(void)hear(&s, rows[i].text);
		if (s.line->quiet_until_ms != want)
			fail_msg("row %zu: %lld", i,
				(long long)s.line->quiet_until_ms);
		end_scene(&s);
	}
}

static void
a_longer_quiet_time_is_not_cut_short(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	s.line->quiet_until_ms = NOW_MS + 60000;
	(void)hear(&s, "Invalid voucher");
	assert_true(s.line->quiet_until_ms == NOW_MS + 60000);
	s.line->quiet_until_ms = NOW_MS + 1;
	(void)hear(&s, "Invalid voucher");
	assert_true(s.line->quiet_until_ms == NOW_MS + INTERVAL_MS);
	end_scene(&s);
}

static void
it_settles_no_voucher_and_names_the_modem(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	int64_t batch = purse_batch(s.purse, 1, "");
	int64_t voucher = purse_voucher(s.purse, batch, 2);
	purse_dial(s.purse, voucher);
	(void)hear(&s, "You have been credited with 100.00");
	assert_int_equal(purse_card(s.purse, voucher).state, VOUCHER_DIALING);
	char modem[LEDGER_NAME_MAX] = "";
	struct ledger_audit_filter last = {
		.after = ledger_audit_head(s.purse->ledger) - 1, .limit = 1};
	assert_int_equal(
		ledger_each_audit(s.purse->ledger, &last, take_modem, modem),
		0);
	assert_string_equal(modem, "m1");
	end_scene(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pins_in_it_are_masked),
		TEST(without_an_operator_every_number_is_masked),
		TEST(a_text_longer_than_a_note_is_cut),
		TEST(a_flood_of_texts_does_not_fill_the_ledger),
		TEST(only_a_text_with_a_verdict_begins_quiet_time),
		TEST(a_longer_quiet_time_is_not_cut_short),
		TEST(it_settles_no_voucher_and_names_the_modem),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
