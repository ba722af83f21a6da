/*
 * A modem that is no use among others, in virtual time with a real ledger:
 * what the audit and a person are told, its power, and that the others sell
 * on meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/virtual/trade.h"

#define A SHOP_PORT_A
#define B SHOP_PORT_B

static char power_path[] = "/usr/sbin/power";

/* The program that switches the power of "a". */
static struct {
	unsigned runs;
	bool cures;
	int status;
	int64_t takes_ms;
} power;

static struct virtual_program
on_program(void *ctx, const struct loop_program *program)
{
	(void)ctx;
	assert_string_equal(program->path, power_path);
	assert_string_equal(program->argument, "a");
	assert_in_range(program->limit_ms, 30 * SECOND, 170 * SECOND);
	assert_false(virtual_wire(A)->is_open);
	power.runs++;
	if (power.cures)
		fakewire_rule(virtual_wire(A),
			(struct fakewire_rule){.when = "nothing"});
	return (struct virtual_program){power.takes_ms, power.status};
}

/* It takes bytes and says nothing. */
static void
hang(const char *port)
{
	virtual_wire(port)->rule_count = 0;
	fakewire_hush(virtual_wire(port));
	fakewire_rule(virtual_wire(port), (struct fakewire_rule){.when = ""});
}

static void
cure(const char *port)
{
	virtual_wire(port)->rule_count = 0;
	virtual_plug(port, SHOP_SIM_1);
	trade_answer(port, "*121*", TRADE_LOADED);
	trade_answer(port, "*123#", TRADE_BALANCE);
}

static void
open_two(struct trade *t, struct purse *p)
{
	memset(&power, 0, sizeof(power));
	trade_init(t, p, COUNTER_PLAIN);
	virtual_on_program(on_program, NULL);
	trade_add_b(t);
	t->shop.modems[0].power_command = power_path;
	trade_open_all(t, 2);
}

static unsigned
sold(const struct trade_batch *b, const char *port, unsigned rows)
{
	unsigned n = 0;
	for (unsigned i = 0; i < rows; i++)
		n += trade_dialled(port, b, i);
	return n;
}

static bool
is_noted(struct trade *t, const char *event)
{
	return shop_events(&t->shop, event, "a") > 0;
}

/* ---- a modem that hangs ------------------------------------------------ */

static void
run_until_power(struct trade *t)
{
	for (int i = 0; i < 3600 && power.runs == 0; i++)
		trade_run(t, SECOND);
	assert_int_equal(power.runs, 1);
}

static void
hang_that_only_its_power_cures_is_cured_and_the_others_sell_on(void **state)
{
	struct trade t;
	enum { ROWS = 40 };
	open_two(&t, *state);
	power.takes_ms = 20 * SECOND;
	hang(A);
	trade_run(&t, 2 * MINUTE); /* it is found out, and away */
	assert_int_not_equal(trade_status(&t, "a").state, LINE_READY);
	struct trade_batch b = trade_batch(&t, ROWS, NULL);
	run_until_power(&t);
	assert_int_equal(sold(&b, B, ROWS), ROWS);
	assert_int_equal(sold(&b, A, ROWS), 0);
	assert_int_equal(shop_events(&t.shop, "modem.powered", "a"), 0);
	cure(A);
	trade_run(&t, 21 * SECOND);
	trade_assert_noted(&t, "modem.powered", "exit=0");
	shop_run_to(&t.shop, "a", MODEM_READY);
	trade_run(&t, 5 * SECOND);
	trade_assert_noted(&t, "modem.recovered", "rung=power");
	assert_int_equal(shop_events(&t.shop, "modem.recovered", "a"), 1);
	assert_int_equal(shop_events(&t.shop, "modem.recovery", "b"), 0);
	/* Law 4: it dials no PIN before its fence is over. */
	assert_true(trade_is_fenced(&t, "a"));
	assert_int_equal(trade_codes(A, "*121*"), 0);
	trade_fini(&t);
}

static void
each_rung_is_an_audit_entry_and_reopening_is_told_once(void **state)
{
	static const char *const rungs[] = {
		"ask", "reset", "reopen", "radio", "reboot", "power", "person"};
	struct trade t;
	open_two(&t, *state);
	hang(A);
	trade_run(&t, 20 * MINUTE);
	/* ask, reset, reopen, radio, reboot, power; person */
	unsigned told = shop_events(&t.shop, "modem.recovery", "a");
	assert_int_equal(told, sizeof(rungs) / sizeof(rungs[0]));
	trade_assert_noted(&t, "modem.recovery", "rung=person");
	trade_run(&t, 23 * HOUR);
	told = shop_events(&t.shop, "modem.recovery", "a");
	assert_in_range(told, 15, 25); /* eighteen are heavy */
	/* It came and went each few minutes. */
	assert_int_equal(shop_events(&t.shop, "modem.absent", "a"), 1);
	assert_int_equal(shop_events(&t.shop, "modem.resting", "a"), 1);
	cure(A);
	shop_run_to(&t.shop, "a", MODEM_READY);
	hang(A);
	trade_run(&t, 20 * MINUTE);
	assert_int_equal(shop_events(&t.shop, "modem.resting", "a"), 2);
	assert_in_range(power.runs, 5, 6);
	assert_int_equal(
		shop_events(&t.shop, "modem.powered", "a"), power.runs);
	trade_fini(&t);
}

static void
shopkeeper_is_told_what_is_wrong_and_what_is_done(void **state)
{
	struct trade t;
	open_two(&t, *state);
	hang(A);
	trade_run(&t, 70 * SECOND);
	struct line_status status = trade_status(&t, "a");
	assert_int_equal(status.state, LINE_RESTING);
	assert_true(status.until_wall_ms > 0);
	assert_non_null(strstr(status.why, "it does not answer; its "));
	trade_run(&t, HOUR);
	for (int i = 0; i < 600; i++) {
		status = trade_status(&t, "a");
		if (status.state == LINE_RESTING)
			break;
		trade_run(&t, SECOND);
	}
	assert_non_null(strstr(status.why, "unplug it"));
	assert_non_null(strstr(status.why, "power supply"));
	assert_non_null(
		strstr(shop_line(&t.shop, "a")->last_error, "unplug it"));
	trade_fini(&t);
}

/* It is told, and the ladder goes on. */
static void
power_command_that_fails_or_hangs_is_told_and_costs_nothing_else(void **state)
{
	static const struct {
		int status;
		int64_t takes_ms;
		const char *note;
	} rows[] = {{3, 1000, "exit=3"}, {0, HOUR, "late"}};
	for (size_t i = 0; i < 2; i++) {
		struct trade t;
		open_two(&t, *state);
		power.status = rows[i].status;
		power.takes_ms = rows[i].takes_ms;
		hang(A);
		run_until_power(&t);
		trade_run(&t, 3 * MINUTE);
		trade_assert_noted(&t, "modem.powered", rows[i].note);
		cure(A);
		shop_run_to(&t.shop, "a", MODEM_READY);
		trade_fini(&t);
	}
}

static void
modem_taken_out_while_its_power_is_switched_is_forgotten(void **state)
{
	struct trade t;
	open_two(&t, *state);
	power.takes_ms = 60 * SECOND;
	hang(A);
	run_until_power(&t);
	shop_modem_gone(&t.shop, "a");
	shop_apply(&t.shop);
	trade_run(&t, 5 * MINUTE);
	assert_int_equal(shop_events(&t.shop, "modem.powered", "a"), 0);
	trade_fini(&t);
}

static void
modem_without_power_command_has_no_such_rung(void **state)
{
	struct trade t;
	open_two(&t, *state);
	hang(B);
	trade_run(&t, 3 * HOUR);
	assert_int_equal(power.runs, 0);
	assert_true(shop_events(&t.shop, "modem.recovery", "b") > 4);
	trade_fini(&t);
}

static void
port_that_is_away_gets_no_rung(void **state)
{
	struct trade t;
	open_two(&t, *state);
	virtual_unplug(A);
	trade_run(&t, 6 * HOUR);
	assert_int_equal(power.runs, 0);
	assert_false(is_noted(&t, "modem.recovery"));
	assert_int_equal(trade_status(&t, "a").state, LINE_ABSENT);
	trade_fini(&t);
}

/* ---- a modem whose requests get no answer ------------------------------ */

static void
requests_without_an_answer_are_cured_between_fences_only(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_open(&t);
	trade_run(&t, SECOND);
	trade_answer(A, "*121*", NULL);
	trade_answer(A, "*123#", NULL);
	struct trade_batch b = trade_batch(&t, 3, NULL);
	for (int i = 0; i < 2400 && !is_noted(&t, "modem.recovery"); i++)
		trade_run(&t, SECOND);
	trade_assert_noted(&t, "modem.recovery", "get no answer");
	/* The second fence was over, or it had to wait. */
	assert_int_equal(shop_events(&t.shop, "modem.fence_over", "a"), 2);
	/* It began a new life, and so a fence. */
	trade_run(&t, 30 * SECOND);
	assert_true(trade_is_fenced(&t, "a"));
	trade_answer(A, "*123#", TRADE_BALANCE);
	trade_run(&t, 5 * MINUTE);
	assert_true(is_noted(&t, "modem.recovered"));
	assert_true(trade_dialled(A, &b, 0) <= 1);
	trade_fini(&t);
}

static void
operator_that_answers_nobody_is_no_reason_to_reboot_for_ever(void **state)
{
	struct trade t;
	trade_init(&t, *state, COUNTER_PLAIN);
	trade_answer(A, "*121*", NULL);
	trade_answer(A, "*123#", NULL);
	trade_open(&t);
	(void)trade_batch(&t, 2, NULL);
	for (int i = 0; i < 48; i++) {
		virtual_wire(A)->written_len = 0;
		trade_run(&t, HOUR);
	}
	assert_in_range(shop_events(&t.shop, "modem.recovery", "a"), 1, 4);
	trade_fini(&t);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hang_that_only_its_power_cures_is_cured_and_the_others_sell_on),
		TEST(each_rung_is_an_audit_entry_and_reopening_is_told_once),
		TEST(shopkeeper_is_told_what_is_wrong_and_what_is_done),
		TEST(power_command_that_fails_or_hangs_is_told_and_costs_nothing_else),
		TEST(modem_taken_out_while_its_power_is_switched_is_forgotten),
		TEST(modem_without_power_command_has_no_such_rung),
		TEST(port_that_is_away_gets_no_rung),
		TEST(requests_without_an_answer_are_cured_between_fences_only),
		TEST(operator_that_answers_nobody_is_no_reason_to_reboot_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
