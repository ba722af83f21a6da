/*
 * test_fleet_reload: what a reload does to the set of modems, and what is
 * doubted across it, in virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "tests/support/fakewire.h"
#include "tests/virtual/shop.h"

enum { FENCE_MS = 60000, LONG_MS = 40000, LEAVE_MS = 1000 };

/* Another operator, for SIM 3. */
static const char other_ini[] =
	"[operator]\nname = Other\nmcc_mnc = 99999\ncurrency = XTS\n"
	"[recharge]\nussd = *9*{pin}#\n[reply]\nloaded = good\n"
	"[limits]\nfence = 90s\n";

static void
on_change(void *ctx, struct line *line)
{
	(void)ctx;
	assert_non_null(line);
}

static void
begin(struct shop *s, void **state)
{
	struct fleet_hooks hooks = {.on_change = on_change};
	shop_init(s, *state, &hooks);
}

static struct line *
one_ready(struct shop *s, void **state)
{
	begin(s, state);
	return shop_one_ready(s);
}

/* A line that has drained leaves its modem, and is swept away. */
static void
sweep(struct shop *s)
{
	fleet_sweep(s->fleet);
	virtual_run(s->loop, LEAVE_MS);
	fleet_sweep(s->fleet);
}

/* ---- reload ------------------------------------------------------------ */

static void
a_modem_that_is_added_starts_and_the_others_go_on(void **state)
{
	struct shop s;
	struct line *a = one_ready(&s, state);
	virtual_plug(SHOP_PORT_B, SHOP_SIM_2);
	shop_modem(&s, "b", SHOP_PORT_B, "simtel");
	shop_apply(&s);
	assert_int_equal(fleet_count(s.fleet), 2);
	assert_ptr_equal(fleet_at(s.fleet, 0), a);
	assert_ptr_equal(fleet_at(s.fleet, 1), shop_line(&s, "b"));
	assert_null(fleet_at(s.fleet, 2));
	assert_null(fleet_find(s.fleet, "c"));
	shop_run_to(&s, "b", MODEM_READY);
	assert_int_equal(virtual_wire(SHOP_PORT_A)->opens, 1);
	shop_fini(&s);
}

static void
a_modem_that_is_removed_goes_at_once_when_it_is_idle(void **state)
{
	struct shop s;
	(void)one_ready(&s, state);
	shop_modem_gone(&s, "a");
	shop_apply(&s);
	/* As soon as its settings are put back. */
	assert_true(shop_line(&s, "a")->busy);
	assert_int_equal(shop_state(&s, "a"), MODEM_BUSY);
	sweep(&s);
	assert_int_equal(fleet_count(s.fleet), 0);
	assert_true(virtual_wire(SHOP_PORT_A)->was_freed);
	assert_false(virtual_wire(SHOP_PORT_A)->is_open);
	virtual_run(s.loop, LONG_MS);
	shop_fini(&s);
}

static void
a_modem_that_is_removed_while_busy_drains_first(void **state)
{
	struct shop s;
	struct line *line = one_ready(&s, state);
	line->busy = true;
	shop_modem_gone(&s, "a");
	shop_apply(&s);
	assert_int_equal(fleet_count(s.fleet), 1);
	assert_true(line->draining);
	fleet_sweep(s.fleet);
	virtual_run(s.loop, LONG_MS);
	assert_ptr_equal(shop_line(&s, "a"), line);
	assert_true(virtual_wire(SHOP_PORT_A)->is_open);
	line->busy = false;
	sweep(&s);
	assert_int_equal(fleet_count(s.fleet), 0);
	assert_true(virtual_wire(SHOP_PORT_A)->was_freed);
	shop_fini(&s);
}

/* Nothing is written but by the turn's outlet, so after its commit. */
static void
a_modem_that_is_removed_is_left_as_it_was(void **state)
{
	struct shop s;
	begin(&s, state);
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	fakewire_rule(virtual_wire(SHOP_PORT_A),
		(struct fakewire_rule){.when = "AT+CUSD?",
			.say = "\r\n+CUSD: 0\r\n\r\nOK\r\n",
			.after_ms = 5});
	shop_modem(&s, "a", SHOP_PORT_A, "simtel");
	shop_apply(&s);
	shop_run_to(&s, "a", MODEM_READY);
	virtual_run(s.loop, LEAVE_MS);
	shop_modem_gone(&s, "a");
	fleet_apply(s.fleet, &s.config, &s.profiles);
	assert_int_equal(
		fakewire_count(virtual_wire(SHOP_PORT_A), "AT+CUSD=0\r"), 0);
	sweep(&s);
	assert_int_equal(
		fakewire_count(virtual_wire(SHOP_PORT_A), "AT+CUSD=0\r"), 1);
	assert_int_equal(fleet_count(s.fleet), 0);
	shop_fini(&s);
}

/* One that hangs keeps its name for no longer than the bound. */
static void
a_modem_that_hangs_while_it_is_left_is_freed_all_the_same(void **state)
{
	struct shop s;
	(void)one_ready(&s, state);
	fakewire_rule(virtual_wire(SHOP_PORT_A),
		(struct fakewire_rule){.when = "AT", .say = NULL});
	fakewire_rule(virtual_wire(SHOP_PORT_A),
		(struct fakewire_rule){.when = "AT+CREG?", .say = NULL});
	virtual_run(s.loop, 31000); /* in the middle of a look at its health */
	shop_modem_gone(&s, "a");
	shop_apply(&s);
	virtual_run(s.loop, 2500);
	fleet_sweep(s.fleet);
	assert_int_equal(fleet_count(s.fleet), 1);
	virtual_run(s.loop, FLEET_LEAVE_MS - 2500);
	fleet_sweep(s.fleet);
	assert_int_equal(fleet_count(s.fleet), 0);
	shop_fini(&s);
}

static void
a_changed_device_restarts_once_the_old_one_has_drained(void **state)
{
	struct shop s;
	struct line *line = one_ready(&s, state);
	virtual_plug(SHOP_PORT_B, SHOP_SIM_2);
	line->busy = true;
	shop_modem(&s, "a", SHOP_PORT_B, "simtel");
	shop_apply(&s);
	virtual_run(s.loop, 5000);
	assert_int_equal(fleet_count(s.fleet), 1);
	assert_int_equal(virtual_wire(SHOP_PORT_B)->opens, 0);
	line->busy = false;
	sweep(&s);
	assert_int_equal(fleet_count(s.fleet), 1);
	assert_true(virtual_wire(SHOP_PORT_A)->was_freed);
	shop_run_to(&s, "a", MODEM_READY);
	assert_int_equal(virtual_wire(SHOP_PORT_B)->opens, 1);
	assert_false(shop_line(&s, "a")->draining);
	shop_fini(&s);
}

/* Each of these is another device, or another way to speak to it. */
static void
what_the_driver_was_made_with_cannot_change_in_place(void **state)
{
	for (int i = 0; i < 4; i++) {
		struct shop s;
		(void)one_ready(&s, state);
		struct config_modem *m = shop_modem(
			&s, "a", i == 0 ? "/dev/other" : SHOP_PORT_A, "simtel");
		m->baud += i == 1 ? 1 : 0;
		m->roaming = i == 2;
		if (i == 3)
			strcpy(m->dialect, "huawei");
		shop_apply(&s);
		sweep(&s);
		assert_int_equal(fleet_count(s.fleet), 1);
		assert_int_equal(virtual_wire(SHOP_PORT_A)->closes, 1);
		assert_true(shop_state(&s, "a") != MODEM_READY);
		shop_fini(&s);
	}
}

static void
a_modem_that_comes_back_while_it_drains_starts_anew(void **state)
{
	struct shop s;
	struct line *line = one_ready(&s, state);
	line->busy = true;
	shop_modem_gone(&s, "a");
	shop_apply(&s);
	shop_modem(&s, "a", SHOP_PORT_A, "simtel");
	shop_apply(&s);
	assert_int_equal(fleet_count(s.fleet), 1);
	line->busy = false;
	sweep(&s);
	shop_run_to(&s, "a", MODEM_READY);
	assert_int_equal(fleet_count(s.fleet), 1);
	assert_false(shop_line(&s, "a")->draining);
	shop_fini(&s);
}

static void
operator_and_account_change_where_the_line_stands(void **state)
{
	struct shop s;
	struct line *line = one_ready(&s, state);
	struct profile *before = profile_ref(line->profile);
	shop_operator(&s, "other", other_ini);
	struct config_modem *m = shop_modem(&s, "a", SHOP_PORT_A, "other");
	strcpy(m->account, "shop");
	shop_apply(&s);
	assert_ptr_equal(shop_line(&s, "a"), line);
	assert_string_equal(line->profile->stem, "other");
	assert_string_equal(line->account, "shop");
	assert_int_equal(virtual_wire(SHOP_PORT_A)->opens, 1);
	assert_int_equal(shop_events(&s, "sim.seen", "a"), 2);
	struct ledger_sim sim;
	assert_int_equal(
		ledger_sim(s.purse->ledger, line_iccid(line), 0, &sim), 0);
	assert_string_equal(sim.operator, "other");
	assert_string_equal(sim.account, "shop");
	/* A profile that an attempt holds is not freed under it. */
	assert_string_equal(before->stem, "simtel");
	profile_unref(before);
	shop_fini(&s);
}

static void
an_operator_of_a_line_that_is_not_ready_changes_too(void **state)
{
	struct shop s;
	begin(&s, state);
	shop_operator(&s, "other", other_ini);
	shop_modem(&s, "a", SHOP_PORT_A, "simtel");
	shop_apply(&s);
	shop_modem(&s, "a", SHOP_PORT_A, "other");
	shop_apply(&s);
	struct line *line = shop_line(&s, "a");
	assert_string_equal(line->profile->stem, "other");
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	shop_run_to(&s, "a", MODEM_READY);
	assert_int_equal(shop_events(&s, "sim.seen", "a"), 1);
	shop_fini(&s);
}

static void
a_stopped_fleet_closes_its_ports_and_opens_none(void **state)
{
	struct shop s;
	(void)one_ready(&s, state);
	fleet_stop(s.fleet);
	assert_int_equal(shop_state(&s, "a"), MODEM_ABSENT);
	virtual_run(s.loop, 60000);
	assert_false(virtual_wire(SHOP_PORT_A)->is_open);
	assert_int_equal(virtual_wire(SHOP_PORT_A)->opens, 1);
	assert_int_equal(shop_events(&s, "modem.absent", "a"), 1);
	shop_fini(&s);
	fleet_free(NULL);
}

/* At the end of the daemon: all at the same time, and no doubt is raised. */
static void
a_fleet_that_is_left_stops_within_its_time(void **state)
{
	struct shop s;
	(void)one_ready(&s, state);
	virtual_plug(SHOP_PORT_B, SHOP_SIM_2);
	shop_modem(&s, "b", SHOP_PORT_B, "simtel");
	shop_modem(&s, "c", "/dev/c", "simtel");
	shop_apply(&s);
	shop_run_to(&s, "b", MODEM_READY);
	fakewire_rule(virtual_wire(SHOP_PORT_B),
		(struct fakewire_rule){.when = "AT", .say = NULL});
	assert_false(fleet_is_stopped(s.fleet));
	fleet_leave(s.fleet);
	virtual_run(s.loop, FLEET_LEAVE_MS);
	assert_true(fleet_is_stopped(s.fleet));
	assert_false(virtual_wire(SHOP_PORT_A)->is_open);
	assert_false(virtual_wire(SHOP_PORT_B)->is_open);
	assert_int_equal(shop_events(&s, "modem.fenced", "a"), 0);
	assert_int_equal(shop_events(&s, "modem.absent", "a"), 1);
	virtual_run(s.loop, 60000);
	assert_true(fleet_is_stopped(s.fleet));
	shop_fini(&s);
}

/* ---- doubt ------------------------------------------------------------- */

static bool
is_fenced_in_ledger(struct shop *s, const char *name)
{
	struct ledger_sim sim;
	return ledger_sim(s->purse->ledger, line_iccid(shop_line(s, name)), 0,
		       &sim) == 0 &&
	       sim.fence;
}

static void
after_an_unclean_stop_each_modem_is_in_doubt(void **state)
{
	struct shop s;
	begin(&s, state);
	fleet_doubt_all(s.fleet);
	shop_modem(&s, "a", SHOP_PORT_A, "simtel");
	shop_apply(&s);
	virtual_run(s.loop, 10 * (int64_t)FENCE_MS);
	struct line *line = shop_line(&s, "a");
	assert_true(line->doubt);
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	shop_run_to(&s, "a", MODEM_READY);
	assert_true(line->doubt);
	assert_string_equal(line->doubt_why, "restart");
	/* Those that a reload adds have no earlier life. */
	virtual_plug(SHOP_PORT_B, SHOP_SIM_2);
	shop_modem(&s, "b", SHOP_PORT_B, "simtel");
	shop_apply(&s);
	shop_run_to(&s, "b", MODEM_READY);
	assert_false(shop_line(&s, "b")->doubt);
	shop_fini(&s);
}

/* The first cause is told; the latest answer is waited for. */
static void
doubt_is_written_at_once_and_keeps_the_latest_due(void **state)
{
	struct shop s;
	struct line *line = one_ready(&s, state);
	line_doubt(line, s.turn, "no_answer", 900);
	line_doubt(line, s.turn, "balance", 800);
	assert_true(line->doubt);
	assert_int_equal(line->due_ms, 900);
	assert_string_equal(line->doubt_why, "no_answer");
	virtual_run(s.loop, 0);
	assert_true(is_fenced_in_ledger(&s, "a"));
	assert_int_equal(shop_events(&s, "modem.fenced", "a"), 1);
	shop_fini(&s);
}

/* The network knows nothing of our configuration. */
static void
a_modem_that_restarts_for_a_reload_stays_in_doubt(void **state)
{
	for (int up = 0; up < 2; up++) {
		struct shop s;
		struct line *line = one_ready(&s, state);
		struct fence_terms terms = {.due_ms = 700};
		line_doubt(line, s.turn, "no_answer", 700);
		line->doubt = up == 0; /* or its fence is up already */
		if (up != 0)
			fence_raise(&line->fence, &terms, virtual_now_ms());
		line->quiet_until_ms = virtual_now_ms() + 4000;
		int64_t quiet_ms = line->quiet_until_ms;
		shop_modem(&s, "a", SHOP_PORT_A, "simtel")->baud = 9600;
		shop_apply(&s);
		sweep(&s);
		assert_int_equal(virtual_wire(SHOP_PORT_A)->closes, 1);
		shop_run_to(&s, "a", MODEM_READY);
		assert_true(shop_line(&s, "a")->doubt);
		assert_int_equal(shop_line(&s, "a")->due_ms, 700);
		assert_int_equal(shop_line(&s, "a")->quiet_until_ms, quiet_ms);
		shop_fini(&s);
	}
}

/* What we end ourselves is no replug. */
static void
a_modem_that_we_stop_leaves_no_doubt(void **state)
{
	struct shop s;
	(void)one_ready(&s, state);
	fleet_stop(s.fleet);
	assert_int_equal(shop_events(&s, "modem.fenced", "a"), 0);
	shop_fini(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_modem_that_is_added_starts_and_the_others_go_on),
		TEST(a_modem_that_is_removed_goes_at_once_when_it_is_idle),
		TEST(a_modem_that_is_removed_while_busy_drains_first),
		TEST(a_modem_that_is_removed_is_left_as_it_was),
		TEST(a_modem_that_hangs_while_it_is_left_is_freed_all_the_same),
		TEST(a_fleet_that_is_left_stops_within_its_time),
		TEST(a_changed_device_restarts_once_the_old_one_has_drained),
		TEST(what_the_driver_was_made_with_cannot_change_in_place),
		TEST(a_modem_that_comes_back_while_it_drains_starts_anew),
		TEST(operator_and_account_change_where_the_line_stands),
		TEST(an_operator_of_a_line_that_is_not_ready_changes_too),
		TEST(a_stopped_fleet_closes_its_ports_and_opens_none),
		TEST(after_an_unclean_stop_each_modem_is_in_doubt),
		TEST(doubt_is_written_at_once_and_keeps_the_latest_due),
		TEST(a_modem_that_we_stop_leaves_no_doubt),
		TEST(a_modem_that_restarts_for_a_reload_stays_in_doubt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
