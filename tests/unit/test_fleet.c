/*
 * test_fleet: the set of modems in virtual time: who is there, which SIM and
 * operator it has, what a reload does to it, and when it is in doubt.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/virtual/shop.h"

enum { FENCE_MS = 60000, HEALTH_MS = 40000, REOPEN_MS = 3000 };

static const char port_a[] = "/dev/a", port_b[] = "/dev/b";

/* Another operator, for SIM 3. */
static const char other_ini[] =
	"[operator]\nname = Other\nmcc_mnc = 99999\ncurrency = XTS\n"
	"[recharge]\nussd = *9*{pin}#\n[reply]\nloaded = good\n"
	"[limits]\nfence = 90s\n";

struct scene {
	struct shop shop;
	unsigned changes;
	unsigned pushes;
	char push[256];
	char push_line[32];
};

static void
on_change(void *ctx, struct line *line)
{
	struct scene *s = ctx;
	assert_non_null(line);
	s->changes++;
}

static void
on_push(void *ctx, struct line *line, struct span text)
{
	struct scene *s = ctx;
	s->pushes++;
	(void)snprintf(
		s->push, sizeof(s->push), "%.*s", (int)text.len, text.ptr);
	(void)snprintf(
		s->push_line, sizeof(s->push_line), "%s", line->config.name);
}

static void
begin_scene(struct scene *s, void **state)
{
	struct fleet_hooks hooks = {
		.ctx = s, .on_change = on_change, .on_push = on_push};
	memset(s, 0, sizeof(*s));
	shop_init(&s->shop, *state, &hooks);
	shop_operator(&s->shop, "simtel", COUNTER_PLAIN);
}

static void
end_scene(struct scene *s)
{
	shop_fini(&s->shop);
}

/* One modem "a" of simtel with SIM 1, ready. */
static struct line *
one_ready(struct scene *s, void **state)
{
	begin_scene(s, state);
	virtual_plug(port_a, SHOP_SIM_1);
	shop_modem(&s->shop, "a", port_a, "simtel");
	shop_apply(&s->shop);
	shop_run_to(&s->shop, "a", MODEM_READY);
	return shop_line(&s->shop, "a");
}

static void
unplug(const char *port)
{
	struct fakewire *wire = virtual_wire(port);
	wire->gone = true;
	wire->open_error = -ENOENT;
}

/* ---- who is there ------------------------------------------------------ */

static void
an_absent_modem_is_told_once_and_looked_for_until_it_appears(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	shop_modem(&s.shop, "a", port_a, "simtel");
	shop_apply(&s.shop);
	virtual_run(s.shop.loop, 60000);
	struct line *line = shop_line(&s.shop, "a");
	assert_int_equal(shop_state(&s.shop, "a"), MODEM_ABSENT);
	assert_string_equal(line->last_error, "the port is not there");
	assert_int_equal(shop_events(&s.shop, "modem.absent", "a"), 1);
	virtual_plug(port_a, SHOP_SIM_1);
	int64_t took = shop_run_to(&s.shop, "a", MODEM_READY);
	assert_true(took < REOPEN_MS + 2000);
	assert_int_equal(shop_events(&s.shop, "modem.ready", "a"), 1);
	assert_true(s.changes > 0);
	end_scene(&s);
}

static void
a_modem_that_vanishes_is_told_and_comes_back(void **state)
{
	struct scene s;
	struct line *line = one_ready(&s, state);
	for (unsigned i = 1; i < 3; i++) {
		unplug(port_a);
		shop_run_to(&s.shop, "a", MODEM_ABSENT);
		virtual_run(s.shop.loop, 30000);
		assert_string_equal(line->last_error, "the port is not there");
		assert_int_equal(shop_events(&s.shop, "modem.absent", "a"), i);
		virtual_plug(port_a, SHOP_SIM_1);
		shop_run_to(&s.shop, "a", MODEM_READY);
		assert_int_equal(
			shop_events(&s.shop, "modem.ready", "a"), i + 1);
	}
	/* Nothing was on air: no session can be open. */
	assert_false(line->doubt);
	assert_int_equal(line->quiet_until_ms, 0);
	end_scene(&s);
}

static void
a_modem_without_a_sim_fails_and_says_so(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	virtual_plug(port_a, SHOP_SIM_1);
	fakewire_rule(
		virtual_wire(port_a), (struct fakewire_rule){.when = "AT+CPIN?",
					      .say = "\r\n+CME ERROR: 10\r\n"});
	shop_modem(&s.shop, "a", port_a, "simtel");
	shop_apply(&s.shop);
	shop_run_to(&s.shop, "a", MODEM_FAILED);
	assert_string_equal(
		shop_line(&s.shop, "a")->last_error, "there is no SIM");
	assert_int_equal(shop_events(&s.shop, "modem.failed", "a"), 1);
	end_scene(&s);
}

/* Ports that are dead in four ways, beside a healthy one. */
static void
dead_ports_do_not_slow_another(void **state)
{
	struct scene s;
	int64_t alone, beside;
	(void)one_ready(&s, state);
	end_scene(&s);
	begin_scene(&s, state);
	virtual_plug(port_a, SHOP_SIM_1);
	shop_modem(&s.shop, "a", port_a, "simtel");
	shop_apply(&s.shop);
	alone = shop_run_to(&s.shop, "a", MODEM_READY);
	end_scene(&s);

	begin_scene(&s, state);
	virtual_plug("/dev/silent", SHOP_SIM_2);
	fakewire_rule(virtual_wire("/dev/silent"),
		(struct fakewire_rule){.when = "", .say = NULL});
	virtual_plug("/dev/stuffed", SHOP_SIM_2);
	virtual_wire("/dev/stuffed")->take_max = 0;
	virtual_plug("/dev/babbles", SHOP_SIM_2);
	for (int i = 0; i < 50; i++)
		fakewire_say(virtual_wire("/dev/babbles"),
			"\r\n^RSSI: 17\r\n^BOOT:1,0,0,0,6\r\n", 20 * i);
	virtual_plug(port_a, SHOP_SIM_1);
	shop_modem(&s.shop, "gone", "/dev/gone", "simtel");
	shop_modem(&s.shop, "silent", "/dev/silent", "simtel");
	shop_modem(&s.shop, "stuffed", "/dev/stuffed", "simtel");
	shop_modem(&s.shop, "babbles", "/dev/babbles", "simtel");
	shop_modem(&s.shop, "a", port_a, "simtel");
	shop_apply(&s.shop);
	assert_int_equal(fleet_count(s.shop.fleet), 5);
	beside = shop_run_to(&s.shop, "a", MODEM_READY);
	assert_true(beside == alone);
	shop_run_to(&s.shop, "silent", MODEM_RESTING);
	shop_run_to(&s.shop, "stuffed", MODEM_ABSENT);
	assert_int_equal(shop_state(&s.shop, "gone"), MODEM_ABSENT);
	assert_int_equal(shop_state(&s.shop, "babbles"), MODEM_READY);
	assert_int_equal(shop_state(&s.shop, "a"), MODEM_READY);
	end_scene(&s);
}

static void
a_text_that_nobody_asked_for_is_handed_on_with_its_line(void **state)
{
	struct scene s;
	(void)one_ready(&s, state);
	fakewire_say(
		virtual_wire(port_a), "\r\n+CUSD: 0,\"Win a car\",15\r\n", 10);
	virtual_run(s.shop.loop, 1000);
	assert_int_equal(s.pushes, 1);
	assert_string_equal(s.push, "Win a car");
	assert_string_equal(s.push_line, "a");
	end_scene(&s);
}

static void
a_port_that_takes_few_bytes_at_a_time_is_served_to_the_end(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	virtual_plug(port_a, SHOP_SIM_1);
	virtual_wire(port_a)->take_max = 1;
	virtual_wire(port_a)->cut = 1;
	shop_modem(&s.shop, "a", port_a, "simtel");
	shop_apply(&s.shop);
	shop_run_to(&s.shop, "a", MODEM_READY);
	end_scene(&s);
}

/* ---- the operator ------------------------------------------------------ */

static void
an_operator_found_by_imsi_must_be_exactly_one(void **state)
{
	static const char twin_ini[] =
		"[operator]\nmcc_mnc = 00101\n"
		"[recharge]\nussd = *9*{pin}#\n[reply]\nloaded = good\n";
	struct scene s;
	begin_scene(&s, state);
	virtual_plug(port_a, SHOP_SIM_3);
	shop_modem(&s.shop, "a", port_a, "auto");
	shop_apply(&s.shop);
	shop_run_to(&s.shop, "a", MODEM_READY);
	struct line *line = shop_line(&s.shop, "a");
	assert_null(line->profile);
	assert_non_null(strstr(line->why_no_profile, "no operator profile"));
	assert_non_null(strstr(line->why_no_profile, "(99999)"));

	shop_operator(&s.shop, "other", other_ini);
	shop_apply(&s.shop);
	assert_non_null(line->profile);
	assert_string_equal(line->profile->stem, "other");
	assert_string_equal(line->why_no_profile, "");

	/* Another SIM, which two profiles fit: not even the first is taken. */
	shop_operator(&s.shop, "twin", twin_ini);
	virtual_plug(port_a, SHOP_SIM_1);
	shop_apply(&s.shop);
	virtual_run(s.shop.loop, HEALTH_MS);
	assert_string_equal(line_iccid(line), "8900000000000000011");
	assert_null(line->profile);
	assert_non_null(strstr(line->why_no_profile, "several operator"));
	assert_non_null(strstr(line->why_no_profile, "set operator"));
	end_scene(&s);
}

static void
a_named_operator_holds_whatever_the_sim_says(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	virtual_plug(port_a, SHOP_SIM_3);
	shop_modem(&s.shop, "a", port_a, "simtel");
	shop_apply(&s.shop);
	struct line *line = shop_line(&s.shop, "a");
	assert_non_null(line->profile); /* as soon as it is configured */
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_string_equal(line->profile->stem, "simtel");
	end_scene(&s);
}

/* ---- the SIM ----------------------------------------------------------- */

static void
a_sim_is_noted_once_however_often_it_is_ready(void **state)
{
	struct scene s;
	struct line *line = one_ready(&s, state);
	assert_int_equal(shop_events(&s.shop, "sim.seen", "a"), 1);
	assert_string_equal(line->account, "8900000000000000011");
	unplug(port_a);
	shop_run_to(&s.shop, "a", MODEM_ABSENT);
	virtual_plug(port_a, SHOP_SIM_1);
	shop_run_to(&s.shop, "a", MODEM_READY);
	shop_apply(&s.shop); /* a reload that changes nothing */
	virtual_run(s.shop.loop, HEALTH_MS);
	assert_int_equal(shop_events(&s.shop, "sim.seen", "a"), 1);
	struct ledger_sim sim;
	assert_int_equal(ledger_sim(s.shop.purse->ledger, "8900000000000000011",
				 0, &sim),
		0);
	assert_string_equal(sim.modem, "a");
	assert_string_equal(sim.operator, "simtel");
	assert_string_equal(sim.account, "8900000000000000011");
	end_scene(&s);
}

static void
another_sim_is_noticed_and_nothing_of_the_last_one_is_believed(void **state)
{
	struct scene s;
	struct line *line = one_ready(&s, state);
	line->balance_batch = 7;
	line->balance_fresh = true;
	line->balance_failures = 3;
	line->refusals = 2;
	virtual_plug(port_a, SHOP_SIM_2); /* swapped while it was idle */
	virtual_run(s.shop.loop, HEALTH_MS);
	assert_int_equal(shop_state(&s.shop, "a"), MODEM_READY);
	assert_string_equal(line_iccid(line), "8900000000000000022");
	assert_string_equal(line->account, "8900000000000000022");
	assert_int_equal(shop_events(&s.shop, "sim.seen", "a"), 2);
	assert_int_equal(line->balance_batch, 0);
	assert_false(line->balance_fresh);
	assert_int_equal(line->balance_failures, 0);
	assert_int_equal(line->refusals, 0);
	end_scene(&s);
}

static void
a_sim_without_iccid_is_known_by_its_imsi(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	virtual_plug(port_a, SHOP_SIM_1);
	fakewire_rule(
		virtual_wire(port_a), (struct fakewire_rule){.when = "AT+CCID",
					      .say = "\r\nERROR\r\n"});
	shop_modem(&s.shop, "a", port_a, "auto");
	shop_apply(&s.shop);
	shop_run_to(&s.shop, "a", MODEM_READY);
	struct line *line = shop_line(&s.shop, "a");
	assert_string_equal(line_iccid(line), "001010000000011");
	assert_string_equal(line->account, "001010000000011");
	assert_int_equal(shop_events(&s.shop, "sim.seen", "a"), 1);
	end_scene(&s);
}

static void
a_modem_that_tells_nothing_of_its_sim_is_noted_nowhere(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	virtual_plug(port_a, SHOP_SIM_1);
	fakewire_rule(
		virtual_wire(port_a), (struct fakewire_rule){.when = "AT+CCID",
					      .say = "\r\nERROR\r\n"});
	fakewire_rule(
		virtual_wire(port_a), (struct fakewire_rule){.when = "AT+CIMI",
					      .say = "\r\nERROR\r\n"});
	shop_modem(&s.shop, "a", port_a, "simtel");
	shop_apply(&s.shop);
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_string_equal(line_iccid(shop_line(&s.shop, "a")), "");
	assert_int_equal(shop_events(&s.shop, "sim.seen", "a"), 0);
	end_scene(&s);
}

/* ---- reload ------------------------------------------------------------ */

static void
a_modem_that_is_added_starts_and_the_others_go_on(void **state)
{
	struct scene s;
	struct line *a = one_ready(&s, state);
	virtual_plug(port_b, SHOP_SIM_2);
	shop_modem(&s.shop, "b", port_b, "simtel");
	shop_apply(&s.shop);
	assert_int_equal(fleet_count(s.shop.fleet), 2);
	assert_ptr_equal(fleet_at(s.shop.fleet, 0), a);
	assert_ptr_equal(fleet_at(s.shop.fleet, 1), shop_line(&s.shop, "b"));
	assert_null(fleet_at(s.shop.fleet, 2));
	assert_null(fleet_find(s.shop.fleet, "c"));
	shop_run_to(&s.shop, "b", MODEM_READY);
	assert_int_equal(virtual_wire(port_a)->opens, 1);
	end_scene(&s);
}

static void
a_modem_that_is_removed_goes_at_once_when_it_is_idle(void **state)
{
	struct scene s;
	(void)one_ready(&s, state);
	shop_modem_gone(&s.shop, "a");
	shop_apply(&s.shop);
	assert_int_equal(fleet_count(s.shop.fleet), 0);
	assert_true(virtual_wire(port_a)->was_freed);
	assert_false(virtual_wire(port_a)->is_open);
	virtual_run(s.shop.loop, HEALTH_MS);
	end_scene(&s);
}

static void
a_modem_that_is_removed_while_busy_drains_first(void **state)
{
	struct scene s;
	struct line *line = one_ready(&s, state);
	line->busy = true;
	shop_modem_gone(&s.shop, "a");
	shop_apply(&s.shop);
	assert_int_equal(fleet_count(s.shop.fleet), 1);
	assert_true(line->draining);
	fleet_sweep(s.shop.fleet);
	virtual_run(s.shop.loop, HEALTH_MS);
	assert_ptr_equal(shop_line(&s.shop, "a"), line);
	assert_true(virtual_wire(port_a)->is_open);
	line->busy = false;
	fleet_sweep(s.shop.fleet);
	assert_int_equal(fleet_count(s.shop.fleet), 0);
	assert_true(virtual_wire(port_a)->was_freed);
	end_scene(&s);
}

static void
a_changed_device_restarts_once_the_old_one_has_drained(void **state)
{
	struct scene s;
	struct line *line = one_ready(&s, state);
	virtual_plug(port_b, SHOP_SIM_2);
	line->busy = true;
	shop_modem(&s.shop, "a", port_b, "simtel");
	shop_apply(&s.shop);
	virtual_run(s.shop.loop, 5000);
	assert_int_equal(fleet_count(s.shop.fleet), 1);
	assert_int_equal(virtual_wire(port_b)->opens, 0);
	line->busy = false;
	fleet_sweep(s.shop.fleet);
	assert_int_equal(fleet_count(s.shop.fleet), 1);
	assert_true(virtual_wire(port_a)->was_freed);
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_int_equal(virtual_wire(port_b)->opens, 1);
	assert_false(shop_line(&s.shop, "a")->draining);
	end_scene(&s);
}

/* Each of these is another device, or another way to speak to it. */
static void
what_the_driver_was_made_with_cannot_change_in_place(void **state)
{
	for (int i = 0; i < 4; i++) {
		struct scene s;
		(void)one_ready(&s, state);
		struct config_modem *m = shop_modem(
			&s.shop, "a", i == 0 ? "/dev/other" : port_a, "simtel");
		m->baud += i == 1 ? 1 : 0;
		m->roaming = i == 2;
		if (i == 3)
			strcpy(m->dialect, "huawei");
		shop_apply(&s.shop);
		assert_int_equal(fleet_count(s.shop.fleet), 1);
		assert_int_equal(virtual_wire(port_a)->closes, 1);
		assert_true(shop_state(&s.shop, "a") != MODEM_READY);
		end_scene(&s);
	}
}

static void
a_modem_that_comes_back_while_it_drains_starts_anew(void **state)
{
	struct scene s;
	struct line *line = one_ready(&s, state);
	line->busy = true;
	shop_modem_gone(&s.shop, "a");
	shop_apply(&s.shop);
	shop_modem(&s.shop, "a", port_a, "simtel");
	shop_apply(&s.shop);
	assert_int_equal(fleet_count(s.shop.fleet), 1);
	line->busy = false;
	fleet_sweep(s.shop.fleet);
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_int_equal(fleet_count(s.shop.fleet), 1);
	assert_false(shop_line(&s.shop, "a")->draining);
	end_scene(&s);
}

static void
operator_and_account_change_where_the_line_stands(void **state)
{
	struct scene s;
	struct line *line = one_ready(&s, state);
	struct profile *before = profile_ref(line->profile);
	shop_operator(&s.shop, "other", other_ini);
	struct config_modem *m = shop_modem(&s.shop, "a", port_a, "other");
	strcpy(m->account, "shop");
	shop_apply(&s.shop);
	assert_ptr_equal(shop_line(&s.shop, "a"), line);
	assert_string_equal(line->profile->stem, "other");
	assert_string_equal(line->account, "shop");
	assert_int_equal(virtual_wire(port_a)->opens, 1);
	assert_int_equal(shop_events(&s.shop, "sim.seen", "a"), 2);
	struct ledger_sim sim;
	assert_int_equal(
		ledger_sim(s.shop.purse->ledger, line_iccid(line), 0, &sim), 0);
	assert_string_equal(sim.operator, "other");
	assert_string_equal(sim.account, "shop");
	/* A profile that an attempt holds is not freed under it. */
	assert_string_equal(before->stem, "simtel");
	profile_unref(before);
	end_scene(&s);
}

static void
an_operator_of_a_line_that_is_not_ready_changes_too(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	shop_operator(&s.shop, "other", other_ini);
	shop_modem(&s.shop, "a", port_a, "simtel");
	shop_apply(&s.shop);
	shop_modem(&s.shop, "a", port_a, "other");
	shop_apply(&s.shop);
	struct line *line = shop_line(&s.shop, "a");
	assert_string_equal(line->profile->stem, "other");
	virtual_plug(port_a, SHOP_SIM_1);
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_int_equal(shop_events(&s.shop, "sim.seen", "a"), 1);
	end_scene(&s);
}

static void
a_stopped_fleet_closes_its_ports_and_opens_none(void **state)
{
	struct scene s;
	(void)one_ready(&s, state);
	fleet_stop(s.shop.fleet);
	assert_int_equal(shop_state(&s.shop, "a"), MODEM_ABSENT);
	virtual_run(s.shop.loop, 60000);
	assert_false(virtual_wire(port_a)->is_open);
	assert_int_equal(virtual_wire(port_a)->opens, 1);
	assert_int_equal(shop_events(&s.shop, "modem.absent", "a"), 1);
	end_scene(&s);
	fleet_free(NULL);
}

/* ---- doubt ------------------------------------------------------------- */

static bool
is_quiet_for(const struct line *line, int64_t ms)
{
	return line->quiet_until_ms == virtual_now_ms() + ms;
}

static void
after_an_unclean_stop_quiet_time_begins_when_a_modem_is_ready(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	fleet_doubt_all(s.shop.fleet);
	shop_modem(&s.shop, "a", port_a, "simtel");
	shop_apply(&s.shop);
	virtual_run(s.shop.loop, 10 * FENCE_MS);
	struct line *line = shop_line(&s.shop, "a");
	assert_true(line->doubt);
	virtual_plug(port_a, SHOP_SIM_1);
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_false(line->doubt);
	assert_true(is_quiet_for(line, FENCE_MS));
	/* Those that a reload adds have no earlier life. */
	virtual_plug(port_b, SHOP_SIM_2);
	shop_modem(&s.shop, "b", port_b, "simtel");
	shop_apply(&s.shop);
	shop_run_to(&s.shop, "b", MODEM_READY);
	assert_int_equal(shop_line(&s.shop, "b")->quiet_until_ms, 0);
	end_scene(&s);
}

static void
doubt_counts_from_the_moment_that_the_line_is_ready_again(void **state)
{
	struct scene s;
	struct line *line = one_ready(&s, state);
	line_doubt(line, virtual_now_ms());
	assert_true(line->doubt);
	assert_true(is_quiet_for(line, FENCE_MS));
	unplug(port_a);
	shop_run_to(&s.shop, "a", MODEM_ABSENT);
	virtual_run(s.shop.loop, FENCE_MS);
	virtual_plug(port_a, SHOP_SIM_1);
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_true(is_quiet_for(line, FENCE_MS));
	assert_false(line->doubt);
	end_scene(&s);
}

/* How long quiet time is, only the operator tells. */
static void
doubt_waits_for_an_operator(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	fleet_doubt_all(s.shop.fleet);
	virtual_plug(port_a, SHOP_SIM_3);
	shop_modem(&s.shop, "a", port_a, "auto");
	shop_apply(&s.shop);
	shop_run_to(&s.shop, "a", MODEM_READY);
	struct line *line = shop_line(&s.shop, "a");
	line_doubt(line, virtual_now_ms());
	assert_true(line->doubt);
	assert_int_equal(line->quiet_until_ms, 0);
	shop_operator(&s.shop, "other", other_ini);
	shop_apply(&s.shop);
	assert_false(line->doubt);
	assert_true(is_quiet_for(line, 90000));
	end_scene(&s);
}

/* The network knows nothing of our configuration. */
static void
a_modem_that_restarts_for_a_reload_stays_in_doubt(void **state)
{
	for (int quiet = 0; quiet < 2; quiet++) {
		struct scene s;
		struct line *line = one_ready(&s, state);
		line_doubt(line, virtual_now_ms());
		line->doubt = quiet == 0; /* or its quiet time has begun */
		shop_modem(&s.shop, "a", port_a, "simtel")->baud = 9600;
		shop_apply(&s.shop);
		assert_int_equal(virtual_wire(port_a)->closes, 1);
		shop_run_to(&s.shop, "a", MODEM_READY);
		assert_true(is_quiet_for(shop_line(&s.shop, "a"), FENCE_MS));
		end_scene(&s);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_absent_modem_is_told_once_and_looked_for_until_it_appears),
		TEST(a_modem_that_vanishes_is_told_and_comes_back),
		TEST(a_modem_without_a_sim_fails_and_says_so),
		TEST(dead_ports_do_not_slow_another),
		TEST(a_text_that_nobody_asked_for_is_handed_on_with_its_line),
		TEST(a_port_that_takes_few_bytes_at_a_time_is_served_to_the_end),
		TEST(an_operator_found_by_imsi_must_be_exactly_one),
		TEST(a_named_operator_holds_whatever_the_sim_says),
		TEST(a_sim_is_noted_once_however_often_it_is_ready),
		TEST(another_sim_is_noticed_and_nothing_of_the_last_one_is_believed),
		TEST(a_sim_without_iccid_is_known_by_its_imsi),
		TEST(a_modem_that_tells_nothing_of_its_sim_is_noted_nowhere),
		TEST(a_modem_that_is_added_starts_and_the_others_go_on),
		TEST(a_modem_that_is_removed_goes_at_once_when_it_is_idle),
		TEST(a_modem_that_is_removed_while_busy_drains_first),
		TEST(a_changed_device_restarts_once_the_old_one_has_drained),
		TEST(what_the_driver_was_made_with_cannot_change_in_place),
		TEST(a_modem_that_comes_back_while_it_drains_starts_anew),
		TEST(operator_and_account_change_where_the_line_stands),
		TEST(an_operator_of_a_line_that_is_not_ready_changes_too),
		TEST(a_stopped_fleet_closes_its_ports_and_opens_none),
		TEST(after_an_unclean_stop_quiet_time_begins_when_a_modem_is_ready),
		TEST(doubt_counts_from_the_moment_that_the_line_is_ready_again),
		TEST(doubt_waits_for_an_operator),
		TEST(a_modem_that_restarts_for_a_reload_stays_in_doubt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
