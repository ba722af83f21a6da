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
#include "agent/message.h"
#include "agent/turn.h"
#include "tests/virtual/shop.h"

enum { FENCE_MS = 60000, HEALTH_MS = 40000, REOPEN_MS = 3000 };

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
	int sms_refusals, refuse_with; /* of so many messages */
	unsigned sms_offered;
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

/* As the daemon wires it, but for what is refused. */
static int
on_sms(void *ctx, struct line *line, const struct modem_message *sms)
{
	struct scene *s = ctx;
	const struct message_parts parts = {.loop = s->shop.loop,
		.turn = s->shop.turn,
		.vault = s->shop.purse->vault,
		.on_idle = {.ctx = s, .fn = on_change}};
	s->sms_offered++;
	if (s->sms_refusals-- > 0)
		return s->refuse_with;
	return message_on_sms(&parts, line, sms);
}

static void
begin_scene(struct scene *s, void **state)
{
	struct fleet_hooks hooks = {.ctx = s,
		.on_change = on_change,
		.on_push = on_push,
		.on_sms = on_sms};
	memset(s, 0, sizeof(*s));
	shop_init(&s->shop, *state, &hooks);
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
	return shop_one_ready(&s->shop);
}

/* ---- who is there ------------------------------------------------------ */

static void
an_absent_modem_is_told_once_and_looked_for_until_it_appears(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	shop_modem(&s.shop, "a", SHOP_PORT_A, "simtel");
	shop_apply(&s.shop);
	virtual_run(s.shop.loop, 60000);
	struct line *line = shop_line(&s.shop, "a");
	assert_int_equal(shop_state(&s.shop, "a"), MODEM_ABSENT);
	assert_string_equal(line->last_error, "the port is not there");
	assert_int_equal(shop_events(&s.shop, "modem.absent", "a"), 1);
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	int64_t took = shop_run_to(&s.shop, "a", MODEM_READY);
	assert_true(took < REOPEN_MS + 2000);
	assert_string_equal(line->last_error, ""); /* it is cured */
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
		virtual_unplug(SHOP_PORT_A);
		shop_run_to(&s.shop, "a", MODEM_ABSENT);
		virtual_run(s.shop.loop, 30000);
		assert_string_equal(line->last_error, "the port is not there");
		assert_int_equal(shop_events(&s.shop, "modem.absent", "a"), i);
		virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
		shop_run_to(&s.shop, "a", MODEM_READY);
		assert_int_equal(
			shop_events(&s.shop, "modem.ready", "a"), i + 1);
	}
	/* Whoever may still answer its SIM is fenced off. */
	assert_true(line->doubt);
	assert_string_equal(line->doubt_why, "replug");
	assert_int_equal(shop_events(&s.shop, "modem.fenced", "a"), 1);
	end_scene(&s);
}

static void
a_modem_without_a_sim_fails_and_says_so(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	fakewire_rule(virtual_wire(SHOP_PORT_A),
		(struct fakewire_rule){
			.when = "AT+CPIN?", .say = "\r\n+CME ERROR: 10\r\n"});
	shop_modem(&s.shop, "a", SHOP_PORT_A, "simtel");
	shop_apply(&s.shop);
	shop_run_to(&s.shop, "a", MODEM_FAILED);
	assert_string_equal(
		shop_line(&s.shop, "a")->last_error, "there is no SIM");
	assert_int_equal(shop_events(&s.shop, "modem.failed", "a"), 1);
	end_scene(&s);
}

/* A configuration is checked before, so this is only not to fall over. */
static void
a_modem_that_cannot_be_made_is_left_out(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	shop_modem(&s.shop, "nameless", "", "simtel");
	strcpy(shop_modem(&s.shop, "a", SHOP_PORT_A, "simtel")->dialect,
		"klingon");
	shop_apply(&s.shop);
	assert_int_equal(fleet_count(s.shop.fleet), 0);
	assert_true(virtual_wire(SHOP_PORT_A)->was_freed);
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	shop_modem(&s.shop, "a", SHOP_PORT_A, "simtel");
	shop_apply(&s.shop);
	assert_int_equal(fleet_count(s.shop.fleet), 1);
	shop_run_to(&s.shop, "a", MODEM_READY);
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
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	shop_modem(&s.shop, "a", SHOP_PORT_A, "simtel");
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
			"\r\n^RSSI: 17\r\n^BOOT:1,0,0,0,6\r\n",
			20 * (int64_t)i);
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	shop_modem(&s.shop, "gone", "/dev/gone", "simtel");
	shop_modem(&s.shop, "silent", "/dev/silent", "simtel");
	shop_modem(&s.shop, "stuffed", "/dev/stuffed", "simtel");
	shop_modem(&s.shop, "babbles", "/dev/babbles", "simtel");
	shop_modem(&s.shop, "a", SHOP_PORT_A, "simtel");
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
	fakewire_say(virtual_wire(SHOP_PORT_A),
		"\r\n+CUSD: 0,\"Win a car\",15\r\n", 10);
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
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	virtual_wire(SHOP_PORT_A)->take_max = 1;
	virtual_wire(SHOP_PORT_A)->cut = 1;
	shop_modem(&s.shop, "a", SHOP_PORT_A, "simtel");
	shop_apply(&s.shop);
	shop_run_to(&s.shop, "a", MODEM_READY);
	end_scene(&s);
}

static void
a_port_that_was_stuffed_is_written_to_as_soon_as_it_takes_bytes(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	struct fakewire *wire = virtual_wire(SHOP_PORT_A);
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	wire->take_left = 0;
	shop_modem(&s.shop, "a", SHOP_PORT_A, "simtel");
	shop_apply(&s.shop);
	virtual_run(s.shop.loop, 2000);
	assert_int_equal(wire->written_len, 0);
	wire->take_left = SIZE_MAX;
	virtual_run(s.shop.loop, 0);
	assert_true(wire->written_len > 0);
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
	virtual_plug(SHOP_PORT_A, SHOP_SIM_3);
	shop_modem(&s.shop, "a", SHOP_PORT_A, "auto");
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
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
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
	virtual_plug(SHOP_PORT_A, SHOP_SIM_3);
	shop_modem(&s.shop, "a", SHOP_PORT_A, "simtel");
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
	virtual_unplug(SHOP_PORT_A);
	shop_run_to(&s.shop, "a", MODEM_ABSENT);
	line->balance_batch = 7;
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_int_equal(line->balance_batch, 7);
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
	virtual_plug(SHOP_PORT_A, SHOP_SIM_2); /* swapped while it was idle */
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

/* The modem may keep messages of the one before. */
static void
a_sim_is_here_since_it_took_the_place_of_another(void **state)
{
	struct scene s;
	virtual_set_trusted(true);
	struct line *line = one_ready(&s, state);
	int64_t first_ms = line->here_ran_ms;
	assert_int_not_equal(first_ms, 0);
	/* The line begins anew, with the same SIM: as in another life. */
	virtual_run(s.shop.loop, HEALTH_MS);
	shop_modem_gone(&s.shop, "a");
	shop_apply(&s.shop);
	virtual_run(s.shop.loop, HEALTH_MS);
	line = shop_one_ready(&s.shop);
	assert_int_equal(line->here_ran_ms, first_ms);
	virtual_plug(SHOP_PORT_A, SHOP_SIM_2);
	virtual_run(s.shop.loop, HEALTH_MS);
	int64_t second_ms = line->here_ran_ms;
	assert_true(second_ms > first_ms);
	/* Back again: what came for the second may still be there. */
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	virtual_run(s.shop.loop, HEALTH_MS);
	assert_true(line->here_ran_ms > second_ms);
	end_scene(&s);
}

/* It keeps messages of another SIM as well. */
static void
a_sim_is_here_since_another_modem_took_the_place_of_its_own(void **state)
{
	struct scene s;
	struct line *line = one_ready(&s, state);
	int64_t first_ms = line->here_ran_ms;
	virtual_unplug(SHOP_PORT_A);
	shop_run_to(&s.shop, "a", MODEM_ABSENT);
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	fakewire_rule(virtual_wire(SHOP_PORT_A),
		(struct fakewire_rule){.when = "AT+CGSN",
			.say = "\r\n490154203237518\r\n\r\nOK\r\n"});
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_string_equal(modem_info(line->modem)->imei, "490154203237518");
	assert_true(line->here_ran_ms > first_ms);
	end_scene(&s);
}

static void
a_sim_without_iccid_is_known_by_its_imsi(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	fakewire_rule(virtual_wire(SHOP_PORT_A),
		(struct fakewire_rule){
			.when = "AT+CCID", .say = "\r\nERROR\r\n"});
	shop_modem(&s.shop, "a", SHOP_PORT_A, "auto");
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
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	fakewire_rule(virtual_wire(SHOP_PORT_A),
		(struct fakewire_rule){
			.when = "AT+CCID", .say = "\r\nERROR\r\n"});
	fakewire_rule(virtual_wire(SHOP_PORT_A),
		(struct fakewire_rule){
			.when = "AT+CIMI", .say = "\r\nERROR\r\n"});
	shop_modem(&s.shop, "a", SHOP_PORT_A, "simtel");
	shop_apply(&s.shop);
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_string_equal(line_iccid(shop_line(&s.shop, "a")), "");
	assert_int_equal(shop_events(&s.shop, "sim.seen", "a"), 0);
	end_scene(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

/* ---- messages ---------------------------------------------------------- */

/* Until it is deleted the modem lists it each time. */
static void
store_message(void)
{
	fakewire_rule(virtual_wire(SHOP_PORT_A),
		(struct fakewire_rule){.when = "AT+CMGL=4",
			.say = "\r\n+CMGL: 3,1,,25\r\n"
			       "07915348500202000"
			       "40C9153486507895500006090608164138004D4F29C0E"
			       "\r\n\r\nOK\r\n",
			.after_ms = 5});
}

static unsigned
deletions(void)
{
	return fakewire_count(virtual_wire(SHOP_PORT_A), "AT+CMGD=3");
}

static bool
count_message(void *ctx, const struct ledger_message *m)
{
	assert_string_equal(m->sender, "+358456709855");
	++*(unsigned *)ctx;
	return true;
}

static unsigned
messages(struct scene *s)
{
	static const struct ledger_message_filter all;
	unsigned count = 0;
	assert_int_equal(ledger_each_message(s->shop.purse->ledger, &all,
				 count_message, &count),
		0);
	return count;
}

static void
a_message_that_is_not_kept_stays_and_is_handed_over_again(void **state)
{
	static const int codes[] = {-EAGAIN, -EIO};
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct scene s;
		purse_teardown(state);
		assert_int_equal(purse_setup(state), 0);
		(void)one_ready(&s, state);
		s.sms_refusals = 2;
		s.refuse_with = codes[i];
		store_message();
		while (s.sms_offered < 2) {
			virtual_run(s.shop.loop, 10000);
			assert_int_equal(deletions(), 0);
			assert_int_equal(messages(&s), 0);
		}
		virtual_run(s.shop.loop, 6 * INT64_C(60000));
		assert_true(s.sms_offered >= 3);
		assert_int_equal(messages(&s), 1);
		assert_true(deletions() >= 1);
		end_scene(&s);
	}
}

/* Whose it is nobody knows yet: it is kept as soon as the SIM is. */
static void
a_message_on_a_sim_that_is_not_known_waits_in_the_modem(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	fakewire_rule(virtual_wire(SHOP_PORT_A),
		(struct fakewire_rule){
			.when = "AT+CIMI", .say = "\r\nERROR\r\n"});
	fakewire_rule(virtual_wire(SHOP_PORT_A),
		(struct fakewire_rule){
			.when = "AT+CCID", .say = "\r\nERROR\r\n"});
	store_message();
	shop_modem(&s.shop, "a", SHOP_PORT_A, "simtel");
	shop_apply(&s.shop);
	shop_run_to(&s.shop, "a", MODEM_READY);
	virtual_run(s.shop.loop, 6 * INT64_C(60000));
	assert_true(s.sms_offered >= 2);
	assert_int_equal(messages(&s), 0);
	assert_int_equal(deletions(), 0);
	fakewire_rule(virtual_wire(SHOP_PORT_A),
		(struct fakewire_rule){.when = "AT+CCID",
			.say = "\r\n+CCID: 8900000000000000011\r\n"
			       "\r\nOK\r\n"});
	virtual_unplug(SHOP_PORT_A);
	shop_run_to(&s.shop, "a", MODEM_ABSENT);
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	shop_run_to(&s.shop, "a", MODEM_READY);
	virtual_run(s.shop.loop, 60000);
	assert_int_equal(messages(&s), 1);
	assert_true(deletions() >= 1);
	end_scene(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_absent_modem_is_told_once_and_looked_for_until_it_appears),
		TEST(a_modem_that_vanishes_is_told_and_comes_back),
		TEST(a_modem_without_a_sim_fails_and_says_so),
		TEST(a_modem_that_cannot_be_made_is_left_out),
		TEST(dead_ports_do_not_slow_another),
		TEST(a_text_that_nobody_asked_for_is_handed_on_with_its_line),
		TEST(a_port_that_takes_few_bytes_at_a_time_is_served_to_the_end),
		TEST(a_port_that_was_stuffed_is_written_to_as_soon_as_it_takes_bytes),
		TEST(an_operator_found_by_imsi_must_be_exactly_one),
		TEST(a_named_operator_holds_whatever_the_sim_says),
		TEST(a_sim_is_noted_once_however_often_it_is_ready),
		TEST(another_sim_is_noticed_and_nothing_of_the_last_one_is_believed),
		TEST(a_sim_is_here_since_it_took_the_place_of_another),
		TEST(a_sim_is_here_since_another_modem_took_the_place_of_its_own),
		TEST(a_sim_without_iccid_is_known_by_its_imsi),
		TEST(a_modem_that_tells_nothing_of_its_sim_is_noted_nowhere),
		TEST(a_message_that_is_not_kept_stays_and_is_handed_over_again),
		TEST(a_message_on_a_sim_that_is_not_known_waits_in_the_modem),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
