/* ledger: what accounts told against what was credited there. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/purse.h"

#define HUNDRED INT64_C(10000)

/* ---- short words ------------------------------------------------------- */

static int64_t
card(struct purse *p)
{
	return purse_voucher(p, purse_batch(p, 1, ""), 2);
}

static void
tell(struct purse *p, int64_t minor)
{
	struct ledger_op op = purse_op(p, LEDGER_BALANCE);
	strcpy(op.u.balance.iccid, "sim1");
	strcpy(op.u.balance.modem, "m1");
	strcpy(op.u.balance.currency, "XTS");
	op.u.balance.decimals = 2;
	op.u.balance.minor = minor;
	purse_must(p, &op);
}

static void
load(struct purse *p, int64_t credited_minor, int64_t balance_minor)
{
	struct ledger_op op = purse_settle(p, purse_dial(p, card(p)),
		LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_CREDITED);
	op.u.attempt_settle.credited_minor = credited_minor;
	op.u.attempt_settle.balance_minor = balance_minor;
	purse_must(p, &op);
}

static int64_t
lose(struct purse *p)
{
	int64_t voucher = card(p);
	struct ledger_op op = purse_settle(p, purse_dial(p, voucher),
		LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_MAYBE_SENT);
	purse_must(p, &op);
	return voucher;
}

static void
resolve(struct purse *p, int64_t voucher, enum voucher_event event)
{
	struct ledger_op op = purse_move(p, voucher, event);
	purse_must(p, &op);
}

static bool
on_row(void *ctx, const struct ledger_reconcile *r)
{
	struct ledger_reconcile *out = ctx;
	assert_string_equal(r->account, "sim1");
	assert_string_equal(r->iccid, "sim1");
	assert_string_equal(r->modem, "m1");
	assert_string_equal(r->currency, "XTS");
	*out = *r;
	return true;
}

static struct ledger_reconcile
since(struct purse *p, int64_t wall_ms)
{
	struct ledger_reconcile out = {.account = NULL};
	assert_int_equal(
		ledger_each_reconcile(p->ledger, wall_ms, on_row, &out), 0);
	return out;
}

/* The last entry, where it is of what is not explained; else "". */
static const char *
told(struct purse *p)
{
	static char note[LEDGER_TEXT_MAX];
	char event[LEDGER_NAME_MAX];
	purse_last_audit(p, event, note);
	return strcmp(event, "sim.unexplained") == 0 ? note : "";
}

static void
is_told(struct purse *p, const char *unexplained, const char *was)
{
	char head[96];
	snprintf(head, sizeof(head), "iccid=sim1 unexplained=%s was=%s ",
		unexplained, was);
	if (strncmp(told(p), head, strlen(head)) != 0)
		fail_msg("not '%s': %s", head, told(p));
}

static void
is_not_told(struct purse *p)
{
	assert_string_equal(told(p), "");
}

/* ---- figures ----------------------------------------------------------- */

static void
account_without_a_reading_is_not_listed(void **state)
{
	struct purse *p = *state;
	load(p, HUNDRED, MONEY_NONE);
	assert_null(since(p, 0).account);
}

static void
credits_between_two_readings_are_taken_off(void **state)
{
	struct purse *p = *state;
	load(p, HUNDRED, MONEY_NONE); /* before the first: in it */
	tell(p, 500);
	struct ledger_reconcile r = since(p, 0);
	assert_int_equal(r.unexplained_minor, 0);
	load(p, HUNDRED, MONEY_NONE);
	/* After the newest: the next will tell. */
	r = since(p, 0);
	assert_int_equal(r.credited_minor, 0);
	assert_int_equal(r.unexplained_minor, 0);
	int64_t before = p->now.wall_ms;
	tell(p, 600 + HUNDRED);
	r = since(p, 0);
	assert_int_equal(r.then_minor, 500);
	assert_int_equal(r.now_minor, 600 + HUNDRED);
	assert_int_equal(r.credited_minor, HUNDRED);
	assert_int_equal(r.unexplained_minor, 100);
	load(p, MONEY_NONE, MONEY_NONE); /* worth what the card is */
	int64_t unknown = lose(p);
	tell(p, 2 * HUNDRED);
	r = since(p, 0);
	assert_int_equal(r.credited_minor, 2 * HUNDRED);
	assert_int_equal(r.unexplained_minor, -500);
	assert_int_equal(r.open, 1);
	assert_int_equal(r.open_minor, HUNDRED);
	assert_int_equal(r.decimals, 2);
	/* From the last reading before a moment on. */
	r = since(p, before);
	assert_int_equal(r.then_minor, 600 + HUNDRED);
	assert_int_equal(r.then_wall_ms, before);
	assert_int_equal(r.credited_minor, HUNDRED);
	assert_int_equal(r.unexplained_minor, -600);
	r = since(p, 1);
	assert_int_equal(r.then_minor, 500);
	resolve(p, unknown, VOUCHER_RESOLVED_LOADED);
	r = since(p, 0);
	assert_int_equal(r.credited_minor, 3 * HUNDRED);
	assert_int_equal(r.open, 0);
	purse_is_sound(p);
}

static void
amounts_of_hostile_texts_overflow_nothing(void **state)
{
	struct purse *p = *state;
	static const int64_t minor[] = {INT64_MAX, -INT64_MAX, INT64_MAX, 0};
	for (size_t i = 0; i < sizeof(minor) / sizeof(minor[0]); i++) {
		tell(p, minor[i]);
		for (int k = 0; k < 3; k++)
			load(p, INT64_MAX - 1, minor[i]);
	}
	struct ledger_reconcile r = since(p, 0);
	assert_int_equal(r.credits_unknown, 12);
	assert_int_equal(r.credited_minor, 0);
	assert_int_equal(r.unexplained_minor, -INT64_MAX);
	purse_is_sound(p);
}

/* ---- events ------------------------------------------------------------ */

static void
what_grows_is_told_once(void **state)
{
	struct purse *p = *state;
	tell(p, 500);
	is_not_told(p);
	tell(p, 500);
	is_not_told(p);
	tell(p, 600);
	is_told(p, "1.00", "0.00");
	tell(p, 600);
	is_not_told(p);
	load(p, HUNDRED, 600 + HUNDRED);
	is_not_told(p);
	tell(p, 590 + HUNDRED); /* less than was told */
	is_not_told(p);
	tell(p, 600 + HUNDRED); /* more than was left of it */
	is_told(p, "1.00", "0.90");
	tell(p, 100 + HUNDRED);
	is_told(p, "-4.00", "1.00");
	load(p, HUNDRED, 100 + HUNDRED);
	is_told(p, "-104.00", "-4.00");
	purse_is_sound(p);
}

static void
card_in_doubt_explains_its_own_worth_until_it_is_refused(void **state)
{
	struct purse *p = *state;
	static const struct {
		enum voucher_event event;
		bool tells;
	} rows[] = {{VOUCHER_RESOLVED_REJECTED, true},
		{VOUCHER_RESOLVED_LOADED, false}};
	int64_t minor = 500;
	tell(p, minor);
	for (size_t i = 0; i < 2; i++) {
		int64_t voucher = lose(p);
		minor += HUNDRED;
		tell(p, minor);
		is_not_told(p);
		resolve(p, voucher, rows[i].event);
		if (rows[i].tells)
			is_told(p, "100.00", "0.00");
		else
			is_not_told(p);
	}
	lose(p);
	tell(p, minor + HUNDRED + 1);
	is_told(p, "200.01", "100.00");
	purse_is_sound(p);
}

static void
credit_is_not_missed_before_a_reading_can_show_it(void **state)
{
	struct purse *p = *state;
	tell(p, 500);
	int64_t voucher = lose(p);
	tell(p, 500);
	resolve(p, voucher, VOUCHER_RESOLVED_LOADED);
	is_not_told(p); /* it may be late */
	tell(p, 500);
	is_told(p, "-100.00", "0.00");
	tell(p, 500 + HUNDRED);
	is_not_told(p);
	assert_int_equal(since(p, 0).unexplained_minor, 0);
}

static void
other_money_begins_anew(void **state)
{
	struct purse *p = *state;
	tell(p, 500);
	struct ledger_op op = purse_op(p, LEDGER_BALANCE);
	strcpy(op.u.balance.iccid, "sim1");
	strcpy(op.u.balance.modem, "m1");
	strcpy(op.u.balance.currency, "XTS");
	op.u.balance.decimals = 3;
	op.u.balance.minor = 5000;
	purse_must(p, &op);
	is_not_told(p);
	assert_int_equal(since(p, 0).then_minor, 5000);
	purse_is_sound(p);
}

int
main(void)
{
#define LEDGER_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(account_without_a_reading_is_not_listed),
		LEDGER_TEST(credits_between_two_readings_are_taken_off),
		LEDGER_TEST(amounts_of_hostile_texts_overflow_nothing),
		LEDGER_TEST(what_grows_is_told_once),
		LEDGER_TEST(
			card_in_doubt_explains_its_own_worth_until_it_is_refused),
		LEDGER_TEST(credit_is_not_missed_before_a_reading_can_show_it),
		LEDGER_TEST(other_money_begins_anew),
	};
	return cmocka_run_group_tests_name(
		"ledger_reconcile", tests, NULL, NULL);
}
