/*
 * test_fleet_pin: a SIM that asks for its PIN, with a real ledger, in virtual
 * time: what is typed, when never again, and what people are told.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/support/faulty_disk.h"
#include "tests/virtual/shop.h"

#define ASKS  "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n"
#define READY "\r\n+CPIN: READY\r\n\r\nOK\r\n"
#define OK    "\r\nOK\r\n"
#define WRONG "\r\n+CME ERROR: 16\r\n"

#define MINUTE_MS INT64_C(60000)

struct scene {
	struct shop shop;
	char path[192];
};

static void
on_change(void *ctx, struct line *line)
{
	(void)ctx;
	assert_non_null(line);
}

static void
on_push(void *ctx, struct line *line, struct span text)
{
	(void)ctx;
	(void)line;
	(void)text;
}

static struct fakewire *
wire(void)
{
	return virtual_wire(SHOP_PORT_A);
}

static void
rule(const char *when, const char *say, int times)
{
	fakewire_rule(wire(), (struct fakewire_rule){.when = when,
				      .say = say,
				      .after_ms = 5,
				      .times = times});
}

static void
tries_are(unsigned tries)
{
	static char lines[8][64];
	snprintf(lines[tries], sizeof(lines[tries]),
		"\r\n+CPINR: SIM PIN,%u,3\r\n\r\nOK\r\n", tries);
	rule("AT+CPINR", lines[tries], 0);
}

static void
write_pin(struct scene *s, const char *content)
{
	FILE *f = fopen(s->path, "w");
	assert_non_null(f);
	assert_true(fputs(content, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* A SIM that is locked, with three tries. */
static void
lock_sim(void)
{
	rule("AT+CPIN?", ASKS, 0);
	rule("AT+CIMI", "\r\n+CME ERROR: 11\r\n", 0);
	tries_are(3);
}

/* The right one is given, at this or the next question. */
static void
unlocks(void)
{
	rule("AT+CIMI", "\r\n001010000000011\r\n\r\nOK\r\n", 0);
	rule("AT+CPIN?", READY, 0);
	rule("AT+CPIN?", ASKS, 1);
	rule("AT+CPIN=", OK, 0);
}

static void
begin_scene(struct scene *s, void **state, const char *content)
{
	struct fleet_hooks hooks = {
		.ctx = s, .on_change = on_change, .on_push = on_push};
	memset(s, 0, sizeof(*s));
	shop_init(&s->shop, *state, &hooks);
	snprintf(s->path, sizeof(s->path), "%s",
		purse_path(s->shop.purse, "sim.pin"));
	struct config_modem *modem =
		shop_modem(&s->shop, "a", SHOP_PORT_A, "simtel");
	if (content != NULL) {
		modem->sim_pin_file = s->path;
		write_pin(s, content);
	}
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	lock_sim();
}

static void
end_scene(struct scene *s)
{
	shop_fini(&s->shop);
	(void)unlink(s->path);
}

static unsigned
typed(void)
{
	return fakewire_count(wire(), "AT+CPIN=\"");
}

static void
why_says(struct scene *s, const char *text)
{
	const char *why = modem_info(shop_line(&s->shop, "a")->modem)->why;
	if (strstr(why, text) == NULL)
		fail_msg("\"%s\" is not in: %s", text, why);
}

/* The modem goes, and comes as it is after power-on. */
static void
boot_again(struct scene *s)
{
	virtual_unplug(SHOP_PORT_A);
	shop_run_to(&s->shop, "a", MODEM_ABSENT);
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	lock_sim();
}

static void
right_pin_is_typed_once_at_each_start_of_the_modem(void **state)
{
	struct scene s;
	begin_scene(&s, state, " 4711\r\n");
	unlocks();
	shop_apply(&s.shop);
	for (unsigned boot = 1; boot <= 3; boot++) {
		shop_run_to(&s.shop, "a", MODEM_READY);
		virtual_run(s.shop.loop, 5 * MINUTE_MS);
		assert_int_equal(
			fakewire_count(wire(), "AT+CPIN=\"4711\"\r"), boot);
		assert_int_equal(
			shop_events(&s.shop, "sim.pin_tried", "a"), boot);
		assert_int_equal(
			shop_events(&s.shop, "sim.pin_taken", "a"), boot);
		boot_again(&s);
		unlocks();
	}
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_int_equal(shop_events(&s.shop, "sim.pin_refused", "a"), 0);
	end_scene(&s);
}

/* Nothing brings it back: no time, no restart of anything, no reload. */
static void
wrong_pin_is_typed_once_ever(void **state)
{
	struct scene s;
	begin_scene(&s, state, "4711");
	rule("AT+CPIN=", WRONG, 0);
	shop_apply(&s.shop);
	shop_run_to(&s.shop, "a", MODEM_FAILED);
	assert_int_equal(typed(), 1);
	why_says(&s, "refused the PIN in sim_pin_file: correct it");
	assert_non_null(strstr(shop_line(&s.shop, "a")->last_error, "refused"));
	tries_are(2);
	virtual_run(s.shop.loop, 10 * MINUTE_MS);
	assert_int_equal(typed(), 1);
	/* A phone gave the tries back. */
	boot_again(&s);
	shop_run_to(&s.shop, "a", MODEM_FAILED);
	virtual_run(s.shop.loop, 5 * MINUTE_MS);
	why_says(&s, "refused the PIN in sim_pin_file");
	/* Another life of the line. */
	struct config_modem *modem =
		shop_modem(&s.shop, "a", SHOP_PORT_A, "simtel");
	modem->baud = 9600;
	modem->sim_pin_file = s.path;
	shop_apply(&s.shop);
	virtual_run(s.shop.loop, FLEET_LEAVE_MS);
	fleet_sweep(s.shop.fleet);
	shop_run_to(&s.shop, "a", MODEM_FAILED);
	assert_int_equal(typed(), 1);
	assert_int_equal(shop_events(&s.shop, "sim.pin_tried", "a"), 1);
	assert_int_equal(shop_events(&s.shop, "sim.pin_refused", "a"), 1);
	assert_true(shop_events(&s.shop, "modem.failed", "a") >= 1);
	end_scene(&s);
}

static void
changed_file_is_tried_but_never_the_last_try(void **state)
{
	struct scene s;
	begin_scene(&s, state, "4711");
	rule("AT+CPIN=", WRONG, 0);
	shop_apply(&s.shop);
	shop_run_to(&s.shop, "a", MODEM_FAILED);
	tries_are(2);
	write_pin(&s, "4712");
	virtual_run(s.shop.loop, 2 * MINUTE_MS);
	assert_int_equal(fakewire_count(wire(), "AT+CPIN=\"4712\""), 1);
	tries_are(1);
	write_pin(&s, "4713");
	virtual_run(s.shop.loop, 5 * MINUTE_MS);
	assert_int_equal(typed(), 2);
	why_says(&s, "tries left: 1");
	/* The first content again, and tries enough: refused is refused. */
	tries_are(3);
	write_pin(&s, "4711");
	virtual_run(s.shop.loop, 5 * MINUTE_MS);
	assert_int_equal(typed(), 2);
	/* Blanks and line ends are no other content; digits are. */
	unlocks();
	write_pin(&s, "\xEF\xBB\xBF"
		      " 4711\r\n");
	rule("AT+CPIN?", ASKS, 0);
	virtual_run(s.shop.loop, 5 * MINUTE_MS);
	assert_int_equal(typed(), 2);
	unlocks();
	write_pin(&s, "4714\n");
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_int_equal(typed(), 3);
	end_scene(&s);
}

static void
what_cannot_be_known_is_not_typed_and_told(void **state)
{
	static const struct {
		const char *content; /* NULL: no file is configured */
		const char *when, *say;
		const char *why;
	} rows[] = {
		{NULL, NULL, NULL, "set sim_pin_file"},
		{"47", NULL, NULL, "none of 4 to 8 digits"},
		{"471147114", NULL, NULL, "none of 4 to 8 digits"},
		{"PIN=4711", NULL, NULL, "none of 4 to 8 digits"},
		{"", NULL, NULL, "none of 4 to 8 digits"},
		{"4711 0000", NULL, NULL, "none of 4 to 8 digits"},
		{"                                                            "
		 "          4711",
			NULL, NULL, "none of 4 to 8 digits"},
		{"4711", "AT+CPINR", "\r\nERROR\r\n", "how many tries"},
		{"4711", "AT+CCID", "\r\nERROR\r\n", "which SIM it is"},
		{"4711", "AT+CPINR", "\r\n+CPINR: SIM PIN,1\r\n\r\nOK\r\n",
			"tries left: 1"},
		{"4711", "AT+CPINR", "\r\n+CPINR: SIM PIN,0\r\n\r\nOK\r\n",
			"tries left: 0"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene s;
		begin_scene(&s, state, rows[i].content);
		rule("AT+CRSM", "\r\nERROR\r\n", 0);
		rule("AT+CSIM", "\r\nERROR\r\n", 0);
		rule("AT+ICCID", "\r\nERROR\r\n", 0);
		rule("AT+QCCID", "\r\nERROR\r\n", 0);
		rule("AT^ICCID", "\r\nERROR\r\n", 0);
		rule("AT+CICCID", "\r\nERROR\r\n", 0);
		if (rows[i].when != NULL)
			rule(rows[i].when, rows[i].say, 0);
		shop_apply(&s.shop);
		shop_run_to(&s.shop, "a", MODEM_FAILED);
		virtual_run(s.shop.loop, 3 * MINUTE_MS);
		assert_int_equal(typed(), 0);
		why_says(&s, rows[i].why);
		assert_int_equal(shop_events(&s.shop, "sim.pin_tried", "a"), 0);
		end_scene(&s);
	}
}

static void
file_that_went_away_is_told(void **state)
{
	struct scene s;
	begin_scene(&s, state, "4711");
	(void)unlink(s.path);
	shop_apply(&s.shop);
	shop_run_to(&s.shop, "a", MODEM_FAILED);
	why_says(&s, "cannot be read: No such file");
	write_pin(&s, "\xEF\xBB\xBF"
		      "4711");
	unlocks();
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_int_equal(typed(), 1);
	end_scene(&s);
}

/* While the try cannot be written, nothing leaves; afterwards it does. */
static void
nothing_is_typed_before_the_try_is_on_disk(void **state)
{
	static const enum faulty_disk faults[] = {
		FAULTY_DISK_FULL, FAULTY_DISK_IO_ERROR};
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct scene s;
		char content[8];
		snprintf(content, sizeof(content), "47%02zu", i);
		begin_scene(&s, state, content);
		unlocks();
		faulty_disk_set(faults[i]);
		shop_apply(&s.shop);
		virtual_run(s.shop.loop, 5 * MINUTE_MS);
		assert_int_equal(typed(), 0);
		faulty_disk_set(FAULTY_DISK_NOT);
		rule("AT+CPIN?", ASKS, 1);
		shop_run_to(&s.shop, "a", MODEM_READY);
		assert_int_equal(typed(), 1);
		assert_int_equal(shop_events(&s.shop, "sim.pin_tried", "a"),
			(unsigned)i + 1);
		end_scene(&s);
	}
}

/* Cut off while it was typed: as good as refused. */
static void
try_without_an_end_is_never_repeated(void **state)
{
	struct scene s;
	begin_scene(&s, state, "4711");
	rule("AT+CPIN=", NULL, 0);
	shop_apply(&s.shop);
	while (typed() == 0)
		virtual_run(s.shop.loop, 1);
	for (int boot = 0; boot < 3; boot++) {
		boot_again(&s);
		write_pin(&s, boot == 1 ? "4711\n" : "4711");
		tries_are(boot == 2 ? 2 : 3);
		virtual_run(s.shop.loop, 5 * MINUTE_MS);
		assert_int_equal(typed(), 1);
		assert_int_equal(shop_state(&s.shop, "a"), MODEM_FAILED);
		why_says(&s, "what came of typing the SIM's PIN is not known");
		why_says(&s, "change it there and in sim_pin_file");
	}
	tries_are(3);
	unlocks();
	write_pin(&s, "4712");
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_int_equal(fakewire_count(wire(), "AT+CPIN=\"4712\""), 1);
	end_scene(&s);
}

/* The daemon that typed it is gone; the SIM did not start anew. */
static void
sim_that_is_ready_at_the_next_start_took_it(void **state)
{
	struct scene s;
	begin_scene(&s, state, "4711");
	rule("AT+CPIN=", NULL, 0);
	shop_apply(&s.shop);
	while (typed() == 0)
		virtual_run(s.shop.loop, 1);
	struct config_modem *modem =
		shop_modem(&s.shop, "a", SHOP_PORT_A, "simtel");
	modem->baud = 9600;
	modem->sim_pin_file = s.path;
	rule("AT+CIMI", "\r\n001010000000011\r\n\r\nOK\r\n", 0);
	rule("AT+CPIN?", READY, 0);
	shop_apply(&s.shop);
	virtual_run(s.shop.loop, FLEET_LEAVE_MS);
	fleet_sweep(s.shop.fleet);
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_int_equal(shop_events(&s.shop, "sim.pin_taken", "a"), 1);
	/* So it is typed when the SIM asks again. */
	boot_again(&s);
	unlocks();
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_int_equal(shop_events(&s.shop, "sim.pin_tried", "a"), 2);
	assert_int_equal(shop_events(&s.shop, "sim.pin_taken", "a"), 2);
	end_scene(&s);
}

/* The port took no byte of it: no doubt, and nobody has to do anything. */
static void
pin_that_never_left_is_typed_again_without_a_person(void **state)
{
	struct scene s;
	begin_scene(&s, state, "4711");
	unlocks();
	shop_apply(&s.shop);
	while (fakewire_count(wire(), "AT+CPINR") == 0)
		virtual_run(s.shop.loop, 1);
	wire()->take_left = 0;
	while (shop_events(&s.shop, "sim.pin_tried", "a") == 0)
		virtual_run(s.shop.loop, 1);
	virtual_run(s.shop.loop, 30000);
	assert_int_equal(typed(), 0);
	assert_int_equal(shop_events(&s.shop, "sim.pin_not_sent", "a"), 1);
	wire()->take_left = SIZE_MAX;
	rule("AT+CPIN?", ASKS, 1);
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_int_equal(typed(), 1);
	assert_int_equal(shop_events(&s.shop, "sim.pin_tried", "a"), 2);
	assert_int_equal(shop_events(&s.shop, "sim.pin_taken", "a"), 1);
	end_scene(&s);
}

/* As a daemon of before noted it, over all bytes of the file. */
static void
note_old(struct scene *s, const char *content, enum ledger_sim_pin_step step)
{
	static const char iccid[] = "8900000000000000011"; /* SIM 1 */
	struct ledger_op op = turn_op(s->shop.turn, LEDGER_SIM_PIN);
	struct vault_digest *d = vault_digest_new(s->shop.purse->vault);
	vault_digest_add(d, span_str("sim pin file\n"));
	vault_digest_add(d, span_str(content));
	vault_digest_end(d, op.u.sim_pin.digest);
	snprintf(op.u.sim_pin.iccid, sizeof(op.u.sim_pin.iccid), "%s", iccid);
	snprintf(op.u.sim_pin.modem, sizeof(op.u.sim_pin.modem), "a");
	op.u.sim_pin.step = step;
	op.u.sim_pin.tries = 3;
	assert_int_equal(turn_try(s->shop.turn, &op, NULL), 0);
}

/* Ledgers of before know a content by all bytes of its file. */
static void
content_that_an_older_ledger_refused_is_not_typed(void **state)
{
	static const struct {
		const char *then, *now;
		enum ledger_sim_pin_step end;
		unsigned typed;
	} rows[] = {
		{"4711", "4711\n", LEDGER_SIM_PIN_REFUSED, 0},
		{"4712\n", "4712\n", LEDGER_SIM_PIN_REFUSED, 0},
		{"4713\n", "4713", LEDGER_SIM_PIN_REFUSED, 0},
		{"4714\r\n", "4714\n", LEDGER_SIM_PIN_REFUSED, 0},
		{" 4715 \n", " 4715 \n", LEDGER_SIM_PIN_REFUSED, 0},
		{"4716\n", "4716\n", LEDGER_SIM_PIN_TRIED, 0},
		{"4717\n", "4717\n", LEDGER_SIM_PIN_TAKEN, 1},
		{"4718\n", "4719\n", LEDGER_SIM_PIN_REFUSED, 1},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene s;
		begin_scene(&s, state, rows[i].now);
		unlocks();
		note_old(&s, rows[i].then, LEDGER_SIM_PIN_TRIED);
		if (rows[i].end != LEDGER_SIM_PIN_TRIED)
			note_old(&s, rows[i].then, rows[i].end);
		if (rows[i].typed == 0)
			rule("AT+CPIN?", ASKS, 0);
		shop_apply(&s.shop);
		shop_run_to(&s.shop, "a",
			rows[i].typed > 0 ? MODEM_READY : MODEM_FAILED);
		virtual_run(s.shop.loop, 3 * MINUTE_MS);
		assert_int_equal(typed(), rows[i].typed);
		end_scene(&s);
	}
}

/* No word came of it, but the SIM is ready without another start. */
static void
sim_that_is_ready_after_all_took_it(void **state)
{
	struct scene s;
	begin_scene(&s, state, "4711");
	rule("AT+CPIN=", NULL, 0);
	shop_apply(&s.shop);
	while (typed() == 0)
		virtual_run(s.shop.loop, 1);
	rule("AT+CIMI", "\r\n001010000000011\r\n\r\nOK\r\n", 0);
	rule("AT+CPIN?", READY, 0);
	shop_run_to(&s.shop, "a", MODEM_READY);
	assert_int_equal(typed(), 1);
	assert_int_equal(shop_events(&s.shop, "sim.pin_taken", "a"), 1);
	end_scene(&s);
}

int
main(void)
{
#define FLEET_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		FLEET_TEST(right_pin_is_typed_once_at_each_start_of_the_modem),
		FLEET_TEST(wrong_pin_is_typed_once_ever),
		FLEET_TEST(changed_file_is_tried_but_never_the_last_try),
		FLEET_TEST(what_cannot_be_known_is_not_typed_and_told),
		FLEET_TEST(file_that_went_away_is_told),
		FLEET_TEST(nothing_is_typed_before_the_try_is_on_disk),
		FLEET_TEST(try_without_an_end_is_never_repeated),
		FLEET_TEST(sim_that_is_ready_at_the_next_start_took_it),
		FLEET_TEST(pin_that_never_left_is_typed_again_without_a_person),
		FLEET_TEST(content_that_an_older_ledger_refused_is_not_typed),
		FLEET_TEST(sim_that_is_ready_after_all_took_it),
	};
	faulty_disk_install();
	return cmocka_run_group_tests_name("fleet_pin", tests, NULL, NULL);
}
