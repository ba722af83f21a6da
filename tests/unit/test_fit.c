/*
 * test_fit: which attempt a message belongs to: each condition alone, and
 * what two that fit come to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/fit.h"
#include "agent/money.h"
#include "tests/support/fitting.h"

/* ---- each condition alone ---------------------------------------------- */

/* Changes one thing of a message and an attempt that fit. */
typedef void change(struct fit_message *m, struct fit_attempt *a);

#define CHANGE(name, ...)                                                      \
	static void name(struct fit_message *m, struct fit_attempt *a)         \
	{                                                                      \
		(void)m;                                                       \
		(void)a;                                                       \
		__VA_ARGS__                                                    \
	}

static void
as_it_is(struct fit_message *m, struct fit_attempt *a)
{
	(void)m;
	(void)a;
}

CHANGE(open_one, a->standing = FIT_OPEN;)
CHANGE(doubtful_one, a->standing = FIT_DOUBT;)
CHANGE(loaded_one, a->standing = FIT_LOADED; a->verdict = VERDICT_LOADED;)
CHANGE(rejected_one, a->standing = FIT_REJECTED; a->verdict = VERDICT_INVALID;)
CHANGE(rejected_one_with_its_serial, rejected_one(m, a);
	a->serial = m->serial = span_str("00123");)
CHANGE(has_read_its_own, a->read = a->same_words = true;)
CHANGE(other_amount, m->amount_minor = FITTING_CARD - 1;)
CHANGE(amount_not_told, m->amount_minor = MONEY_NONE;)
CHANGE(card_of_unknown_worth, a->card_minor = MONEY_NONE;)
CHANGE(less_by_the_loan, m->amount_minor = FITTING_CARD - 1500;
	m->deducted_minor = 1500;)
CHANGE(less_by_more_than_the_loan, less_by_the_loan(m, a); m->amount_minor--;)
CHANGE(more_by_the_bonus, m->amount_minor = FITTING_CARD + 500;
	m->bonus_minor = 500;)
CHANGE(more_by_another_bonus, more_by_the_bonus(m, a); m->bonus_minor++;)
CHANGE(its_serial, m->serial = span_str("ab-00 12 3");
	a->serial = span_str("AB00123");)
CHANGE(its_serial_without_zeros, m->serial = span_str("000123");
	a->serial = span_str("123");)
CHANGE(other_serial, m->serial = span_str("124"); a->serial = span_str("123");)
CHANGE(serial_of_the_card_not_known, m->serial = span_str("124");)
CHANGE(serial_not_told, a->serial = span_str("123");)

static void
a_day_ago(struct fit_message *m, struct fit_attempt *a)
{
	a->began = (struct fit_moment){
		FITTING_WALL_MS - FIT_DAY_MS, FITTING_RAN_MS - FIT_DAY_MS};
	m->stamp_wall_ms = FITTING_WALL_MS - FIT_DAY_MS;
}

CHANGE(more_than_a_day_ago, a->began.ran_ms = FITTING_RAN_MS - FIT_DAY_MS - 1;)
CHANGE(within_the_grace, m->stamp_wall_ms = a->began.wall_ms - FIT_GRACE_MS;)
CHANGE(dialled_after_it_was_sent,
	m->stamp_wall_ms = a->began.wall_ms - FIT_GRACE_MS - 1;)
CHANGE(dialled_after_by_a_doubtful_clock, dialled_after_it_was_sent(m, a);
	m->clock_trusted = false;)
CHANGE(in_the_grace_of_a_doubtful_clock, within_the_grace(m, a);
	m->clock_trusted = false;)
CHANGE(by_a_clock_that_is_behind, m->clock_trusted = false;
	m->stamp_wall_ms = FITTING_WALL_MS + 7 * FIT_DAY_MS;)

/* The wall was ahead when it was dialled. */
static void
dialled_in_the_future(struct fit_message *m, struct fit_attempt *a)
{
	a->began = (struct fit_moment){
		FITTING_WALL_MS + FIT_DAY_MS, FITTING_RAN_MS - FIT_DAY_MS / 2};
	m->stamp_wall_ms = FITTING_WALL_MS - FIT_DAY_MS / 3;
}

/* The daemon was off between the dialling and now. */
static void
dialled_before_a_long_stop(struct fit_message *m, struct fit_attempt *a)
{
	a->began = (struct fit_moment){
		FITTING_WALL_MS - FIT_DAY_MS / 2, FITTING_RAN_MS - 60000};
	m->stamp_wall_ms = FITTING_WALL_MS - FIT_DAY_MS / 3;
}

CHANGE(dialled_in_a_doubtful_future, dialled_in_the_future(m, a);
	m->clock_trusted = false;)

/* A host without a clock of its own starts again far behind. */
static void
without_a_clock(struct fit_message *m)
{
	m->clock_trusted = false;
	m->now.wall_ms = 1000;
}

CHANGE(dialled_before_a_long_stop_without_a_clock,
	dialled_before_a_long_stop(m, a);
	without_a_clock(m);)
CHANGE(week_old_by_the_clock_of_the_dialling, without_a_clock(m);
	m->stamp_wall_ms = FITTING_WALL_MS - 7 * FIT_DAY_MS;)

static void
each_condition_alone_takes_an_attempt_out(void **state)
{
	(void)state;
	static const struct {
		change *change;
		const char *name;
		bool fits;
	} rows[] = {
#define ROW(name, fits) {name, #name, fits}
		ROW(as_it_is, true),
		ROW(open_one, true),
		ROW(doubtful_one, true),
		ROW(loaded_one, true),
		ROW(rejected_one, false),
		ROW(rejected_one_with_its_serial, true),
		ROW(has_read_its_own, false),
		ROW(other_amount, false),
		ROW(amount_not_told, true),
		ROW(card_of_unknown_worth, true),
		ROW(less_by_the_loan, true),
		ROW(less_by_more_than_the_loan, false),
		ROW(more_by_the_bonus, true),
		ROW(more_by_another_bonus, false),
		ROW(its_serial, true),
		ROW(its_serial_without_zeros, true),
		ROW(other_serial, false),
		ROW(serial_of_the_card_not_known, true),
		ROW(serial_not_told, true),
		ROW(a_day_ago, true),
		ROW(more_than_a_day_ago, false),
		ROW(within_the_grace, true),
		ROW(dialled_after_it_was_sent, false),
		ROW(dialled_after_by_a_doubtful_clock, false),
		ROW(in_the_grace_of_a_doubtful_clock, true),
		ROW(by_a_clock_that_is_behind, true),
		ROW(dialled_in_the_future, true),
		ROW(dialled_in_a_doubtful_future, false),
		ROW(dialled_before_a_long_stop, true),
		ROW(dialled_before_a_long_stop_without_a_clock, true),
		ROW(week_old_by_the_clock_of_the_dialling, false),
#undef ROW
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fit_message m = fitting_message();
		struct fit_attempt a = fitting_attempt(7);
		int64_t id;
		rows[i].change(&m, &a);
		enum fit_end end = fitting_end(&m, &a, 1, &id);
		if (end != (rows[i].fits ? FIT_ONE : FIT_NONE) ||
			id != (rows[i].fits ? 7 : FITTING_NOBODY))
			fail_msg("%s: %d", rows[i].name, (int)end);
	}
}

/* What is taken out leaves the other alone; what is not, in doubt. */
static void
one_that_is_left_of_two_is_the_one(void **state)
{
	(void)state;
	static const struct {
		change *change;
		enum fit_end end;
	} rows[] = {
		{as_it_is, FIT_SEVERAL},
		{open_one, FIT_SEVERAL},
		{doubtful_one, FIT_SEVERAL},
		{loaded_one, FIT_SEVERAL},
		{card_of_unknown_worth, FIT_SEVERAL},
		{serial_not_told, FIT_SEVERAL},
		{rejected_one, FIT_ONE},
		{has_read_its_own, FIT_ONE},
		{more_than_a_day_ago, FIT_ONE},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fit_message m = fitting_message();
		struct fit_attempt mine = fitting_attempt(1),
				   other = fitting_attempt(2);
		int64_t id;
		rows[i].change(&m, &other);
		assert_int_equal(
			fitting_end_both(&m, &mine, &other, &id), rows[i].end);
		assert_int_equal(
			id, rows[i].end == FIT_ONE ? 1 : FITTING_NOBODY);
	}
}

/* ---- what the text names ----------------------------------------------- */

static void
a_serial_decides_between_equal_cards(void **state)
{
	(void)state;
	struct fit_message m = fitting_message();
	struct fit_attempt a = fitting_attempt(1), b = fitting_attempt(2);
	int64_t id;
	m.serial = span_str("0456");
	a.serial = span_str("123");
	b.serial = span_str("456");
	assert_int_equal(fitting_end_both(&m, &a, &b, &id), FIT_ONE);
	assert_int_equal(id, 2);
	/* Also against a card whose serial is not known. */
	a.serial = span_str("");
	assert_int_equal(fitting_end_both(&m, &a, &b, &id), FIT_ONE);
	assert_int_equal(id, 2);
	/* Named, and it does not fit: then it is nobody else's. */
	b.read = true;
	assert_int_equal(fitting_end_both(&m, &a, &b, &id), FIT_NONE);
	b.read = false;
	b.card_minor = 5000;
	assert_int_equal(fitting_end_both(&m, &a, &b, &id), FIT_NONE);
}

static void
a_number_decides_between_other_targets(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum fit_end end;
		int64_t id;
	} rows[] = {
		{"0801234567 was credited with 100.00", FIT_ONE, 1},
		{"+234 801 234-567 was credited with 100.00", FIT_ONE, 1},
		{"100.00 for 0807654321.", FIT_ONE, 2},
		{"\u0660\u0668\u0660\u0667\u0666\u0665\u0664\u0663\u0662\u0661",
			FIT_ONE, 2},
		{"080****567 was credited with 100.00", FIT_SEVERAL,
			FITTING_NOBODY},
		{"Credited. Questions? Call 0800999888", FIT_SEVERAL,
			FITTING_NOBODY},
		{"", FIT_SEVERAL, FITTING_NOBODY},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fit_message m = fitting_message();
		struct fit_attempt a = fitting_attempt(1),
				   b = fitting_attempt(2);
		int64_t id;
		m.text_utf8 = span_str(rows[i].text);
		a.number = span_str("0801234567");
		b.number = span_str("0807654321");
		if (fitting_end_both(&m, &a, &b, &id) != rows[i].end ||
			id != rows[i].id)
			fail_msg("row %zu", i);
	}
}

/* The operator may write of a settled card once more. */
static void
one_that_had_its_message_is_out_for_those_words_alone(void **state)
{
	(void)state;
	static const struct {
		enum fit_standing standing;
		bool same_words;
		enum fit_end end;
	} rows[] = {
		{FIT_LOADED, true, FIT_ONE},
		{FIT_LOADED, false, FIT_SEVERAL},
		{FIT_OPEN, true, FIT_ONE},
		{FIT_OPEN, false, FIT_SEVERAL},
		{FIT_PENDING, false, FIT_ONE},
		{FIT_DOUBT, false, FIT_ONE},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fit_message m = fitting_message();
		struct fit_attempt a = fitting_attempt(1),
				   b = fitting_attempt(2);
		int64_t id;
		a.read = true;
		a.same_words = rows[i].same_words;
		a.standing = rows[i].standing;
		if (fitting_end_both(&m, &a, &b, &id) != rows[i].end)
			fail_msg("row %zu", i);
	}
}

static void
a_number_that_was_served_already_is_nobody_elses(void **state)
{
	(void)state;
	struct fit_message m = fitting_message();
	struct fit_attempt a = fitting_attempt(1), b = fitting_attempt(2);
	int64_t id;
	m.text_utf8 = span_str("0801234567 was credited with 100.00");
	a.number = span_str("0801234567");
	a.read = true;
	b.number = span_str("0807654321");
	assert_int_equal(fitting_end_both(&m, &a, &b, &id), FIT_NONE);
}

/* The number told may be the SIM's own. */
static void
a_number_takes_no_card_for_the_sim_itself_out(void **state)
{
	(void)state;
	struct fit_message m = fitting_message();
	struct fit_attempt a = fitting_attempt(1), b = fitting_attempt(2);
	int64_t id;
	m.text_utf8 = span_str("0801234567 was credited with 100.00");
	a.number = span_str("0801234567");
	assert_int_equal(fitting_end_both(&m, &a, &b, &id), FIT_SEVERAL);
	b.read = true;
	assert_int_equal(fitting_end_both(&m, &a, &b, &id), FIT_ONE);
	assert_int_equal(id, 1);
}

/* The number that another SIM dialled for may be this SIM's. */
static void
a_card_dialled_elsewhere_makes_an_own_one_doubtful(void **state)
{
	(void)state;
	static const struct {
		change *change;
		const char *number;
		enum fit_end end;
	} rows[] = {
		{doubtful_one, "", FIT_SEVERAL},
		{loaded_one, "", FIT_SEVERAL},
		/* its message is due */
		{as_it_is, "", FIT_ONE},
		{open_one, "", FIT_ONE},
		/* for a number, which is told to who dialled */
		{doubtful_one, "0801234567", FIT_ONE},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fit_message m = fitting_message();
		struct fit_attempt a = fitting_attempt(1),
				   b = fitting_attempt(2);
		int64_t id;
		rows[i].change(&m, &a);
		a.number = span_str(rows[i].number);
		b.number = span_str("0807654321");
		b.elsewhere = true;
		if (fitting_end_both(&m, &a, &b, &id) != rows[i].end)
			fail_msg("row %zu", i);
		b.read = true;
		if (fitting_end_both(&m, &a, &b, &id) != FIT_ONE)
			fail_msg("row %zu, read", i);
		b.read = false;
		b.card_minor = 5000;
		if (fitting_end_both(&m, &a, &b, &id) != FIT_ONE)
			fail_msg("row %zu, another amount", i);
		/* It is never the one itself. */
		b.card_minor = FITTING_CARD;
		assert_int_equal(fitting_end(&m, &b, 1, &id), FIT_NONE);
	}
}

/* The clock was ahead when it was dialled: no winner, but a cause. */
static void
a_card_of_a_doubtful_time_settles_nothing_and_lets_nothing_settle(void **state)
{
	(void)state;
	struct fit_message m = fitting_message();
	struct fit_attempt a = fitting_attempt(1), b = fitting_attempt(2);
	int64_t id;
	dialled_in_a_doubtful_future(&m, &a);
	assert_int_equal(fitting_end(&m, &a, 1, &id), FIT_NONE);
	b.began = (struct fit_moment){
		m.stamp_wall_ms, FITTING_RAN_MS - FIT_DAY_MS / 2};
	assert_int_equal(fitting_end(&m, &b, 1, &id), FIT_ONE);
	assert_int_equal(fitting_end_both(&m, &a, &b, &id), FIT_SEVERAL);
	assert_int_equal(fitting_end_both(&m, &b, &a, &id), FIT_SEVERAL);
	a.card_minor = 5000;
	assert_int_equal(fitting_end_both(&m, &a, &b, &id), FIT_ONE);
	assert_int_equal(id, 2);
}

/* ---- several attempts of one card -------------------------------------- */

static void
two_attempts_of_one_card_are_one_card(void **state)
{
	(void)state;
	struct fit_message m = fitting_message();
	struct fit_attempt a = fitting_attempt(1), b = fitting_attempt(2),
			   c = fitting_attempt(3);
	int64_t id;
	b.voucher = a.voucher;
	assert_int_equal(fitting_end_both(&m, &a, &b, &id), FIT_ONE);
	assert_int_equal(id, 2);
	struct fit_attempt three[] = {a, c, b};
	assert_int_equal(fitting_end(&m, three, 3, &id), FIT_SEVERAL);
}

/* ---- which SIM it came to, and when ------------------------------------- */

/* The SIM came an hour ago in the place of another. */
static void
what_came_before_its_sim_is_not_its(void **state)
{
	(void)state;
	static const struct {
		int64_t here_ms, stamp_ms, began_ms; /* ago */
		bool wall_known, clock_trusted;
		enum fit_end end;
	} rows[] = {
		{3600000, 3604000, 7200000, true, true, FIT_OTHER_SIM},
		{3600000, 3604000, 7200000, true, false, FIT_OTHER_SIM},
		{3600000, 3604000, 7200000, false, true, FIT_OTHER_SIM},
		{3600000, 3604000, 3600000, true, true, FIT_OTHER_SIM},
		{3600000, 3603000, 3600000, true, true, FIT_ONE},
		/* between the two clocks */
		{3600000, 3600000, 7200000, true, true, FIT_OTHER_SIM},
		{3600000, 3600000 - FIT_GRACE_MS, 7200000, true, true, FIT_ONE},
		{3600000, 3600000, 3599000, true, true, FIT_ONE},
		/* no clock was ever believed: the first SIM of that modem */
		{60000, 64000, 30000, true, false, FIT_OTHER_SIM},
		{60000, 50000, 30000, true, false, FIT_ONE},
		{60000, 50000, 70000, true, false, FIT_OTHER_SIM},
		/* ... or another than before */
		{60000, 50000, 30000, false, false, FIT_OTHER_SIM},
		{FIT_STAY_MS - 1, 0, 7200000, false, false, FIT_OTHER_SIM},
		{FIT_STAY_MS, 0, 7200000, false, false, FIT_ONE},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fit_message m = fitting_message();
		struct fit_attempt a = fitting_attempt(1);
		int64_t id;
		m.clock_trusted = rows[i].clock_trusted;
		m.here.ran_ms = FITTING_RAN_MS - rows[i].here_ms;
		if (rows[i].wall_known)
			m.here.wall_ms = FITTING_WALL_MS - rows[i].here_ms;
		m.stamp_wall_ms = FITTING_WALL_MS - rows[i].stamp_ms;
		a.began =
			(struct fit_moment){FITTING_WALL_MS - rows[i].began_ms,
				FITTING_RAN_MS - rows[i].began_ms};
		if (fitting_end(&m, &a, 1, &id) != rows[i].end)
			fail_msg("row %zu", i);
		m.serial = a.serial = span_str("123");
		if (fitting_end(&m, &a, 1, &id) != FIT_ONE)
			fail_msg("row %zu, by its serial", i);
	}
}

/* Found by a clock that was years ahead: that does not outlive the clock. */
static void
a_sim_came_no_later_than_the_daemon_ran_with_it(void **state)
{
	(void)state;
	struct fit_message m = fitting_message();
	m.here = (struct fit_moment){
		FITTING_WALL_MS + 900 * FIT_DAY_MS, FITTING_RAN_MS - 60000};
	m.stamp_wall_ms = FITTING_WALL_MS - 50000;
	assert_false(fit_is_of_other_sim(&m));
	m.stamp_wall_ms = FITTING_WALL_MS - 64000;
	assert_true(fit_is_of_other_sim(&m));
}

static void
without_attempts_it_is_nobodys(void **state)
{
	(void)state;
	struct fit_message m = fitting_message();
	int64_t id;
	assert_int_equal(fitting_end(&m, NULL, 0, &id), FIT_NONE);
}

static void
a_message_of_yesterday_is_stale_by_a_trusted_clock(void **state)
{
	(void)state;
	struct fit_message m = fitting_message();
	assert_false(fit_is_stale(&m));
	m.stamp_wall_ms = FITTING_WALL_MS - FIT_DAY_MS;
	assert_false(fit_is_stale(&m));
	m.stamp_wall_ms--;
	assert_true(fit_is_stale(&m));
	m.clock_trusted = false;
	assert_false(fit_is_stale(&m));
}

static void
a_text_longer_than_any_message_is_read_in_part(void **state)
{
	(void)state;
	static char text[8 * FIT_DIGITS_MAX];
	struct fit_message m = fitting_message();
	struct fit_attempt a = fitting_attempt(1);
	int64_t id;
	memset(text, '7', sizeof(text));
	m.text_utf8 = span_of(text, sizeof(text));
	m.serial = m.text_utf8;
	a.number = span_of(text, 300);
	assert_int_equal(fitting_end(&m, &a, 1, &id), FIT_ONE);
	static const char broken[] = "\xff\xfe 0801234567 \xc3";
	m.text_utf8 = span_of(broken, sizeof(broken) - 1);
	a.number = span_str("0801234567");
	assert_int_equal(fitting_end(&m, &a, 1, &id), FIT_ONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_condition_alone_takes_an_attempt_out),
		cmocka_unit_test(one_that_is_left_of_two_is_the_one),
		cmocka_unit_test(a_serial_decides_between_equal_cards),
		cmocka_unit_test(a_number_decides_between_other_targets),
		cmocka_unit_test(
			one_that_had_its_message_is_out_for_those_words_alone),
		cmocka_unit_test(
			a_number_that_was_served_already_is_nobody_elses),
		cmocka_unit_test(a_number_takes_no_card_for_the_sim_itself_out),
		cmocka_unit_test(
			a_card_dialled_elsewhere_makes_an_own_one_doubtful),
		cmocka_unit_test(
			a_card_of_a_doubtful_time_settles_nothing_and_lets_nothing_settle),
		cmocka_unit_test(two_attempts_of_one_card_are_one_card),
		cmocka_unit_test(what_came_before_its_sim_is_not_its),
		cmocka_unit_test(
			a_sim_came_no_later_than_the_daemon_ran_with_it),
		cmocka_unit_test(without_attempts_it_is_nobodys),
		cmocka_unit_test(
			a_message_of_yesterday_is_stale_by_a_trusted_clock),
		cmocka_unit_test(
			a_text_longer_than_any_message_is_read_in_part),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
