/*
 * test_dispatch_random: hours of a bad network and hasty people, drawn by
 * chance in virtual time: whatever happens, no card is dialled again but
 * after an attempt that permits it, and no PIN leaves in a quiet time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/redeem.h"
#include "tests/sim/rng.h"
#include "tests/virtual/trade.h"

enum {
	SEEDS = 8,
	STEPS = 100,
	STEP_MS = 40000,
	SMALL_MS = 250,
	CARDS = 60,
	LINES = 2
};

static const char *const ports[LINES] = {SHOP_PORT_A, SHOP_PORT_B};
static const char *const names[LINES] = {"a", "b"};

/* What a request may come to, as fakewire says it. The first permit that the
 * card is dialled again: surely not sent, and two verdicts. */
enum { PERMITS = 3, WELL = PERMITS };
static const struct fakewire_rule fates[] = {
	{.say = "\r\n+CME ERROR: 30\r\n", .after_ms = 5},
	{.say = "\r\nOK\r\n",
		.then = "\r\n+CUSD: 0,\"Try again later\",15\r\n",
		.then_after_ms = 3000},
	{.say = "\r\nOK\r\n",
		.then = "\r\n+CUSD: 0,\"Too many wrong\",15\r\n",
		.then_after_ms = 3000},
	{.say = "\r\nOK\r\n",
		.then = "\r\n+CUSD: 0,\"" TRADE_LOADED "\",15\r\n",
		.then_after_ms = 3000},
	{.say = "\r\nOK\r\n",
		.then = "\r\n+CUSD: 0,\"" TRADE_LOADED "\",15\r\n",
		.then_after_ms = 65000}, /* after the time-out */
	{.say = "\r\nOK\r\n",
		.then = "\r\n+CUSD: 0,\"" TRADE_INVALID "\",15\r\n",
		.then_after_ms = 3000},
	{.say = "\r\nOK\r\n",
		.then = "\r\n+CUSD: 0,\"You will receive an SMS\",15\r\n",
		.then_after_ms = 3000},
	{.say = "\r\nOK\r\n",
		.then = "\r\n+CUSD: 0,\"" TRADE_BALANCE "\",15\r\n",
		.then_after_ms = 3000},
	{.say = "\r\nOK\r\n", .then = "\r\n+CUSD: 2\r\n", .then_after_ms = 900},
	{.say = "\r\nOK\r\n", .then = "\r\n+CUSD: 4\r\n", .then_after_ms = 900},
	{.say = "\r\n+CME ERROR: 258\r\n", .after_ms = 5},
	{.say = "\r\nOK\r\n"},
	{.say = NULL},
};

struct day {
	struct trade t;
	struct trade_batch batch;
	struct rng rng;
	struct fakewire_rule *rules[LINES]; /* for recharges */
	unsigned fate[LINES];               /* the next request meets it */
	bool spent[CARDS]; /* dialled, and not permitted again */
};

static unsigned
draw(struct day *day, unsigned below)
{
	return (unsigned)(rng_next(&day->rng) % below);
}

/* Each request meets another one; a third of them are well. */
static void
turn_the_network(struct day *day)
{
	for (size_t i = 0; i < LINES; i++) {
		const char *when = day->rules[i]->when;
		unsigned n = sizeof(fates) / sizeof(fates[0]);
		day->fate[i] = draw(day, 3) == 0 ? WELL : draw(day, n);
		*day->rules[i] = fates[day->fate[i]];
		day->rules[i]->when = when;
	}
}

static void
do_something(struct day *day)
{
	struct trade *t = &day->t;
	unsigned i = draw(day, LINES);
	switch (draw(day, 16)) {
	case 0:
	case 1:
	case 2:
	case 3:
		if (line_iccid(shop_line(&t->shop, names[i]))[0] != '\0')
			trade_unlock(t, names[i]);
		break;
	case 4:
		trade_pause(t, draw(day, 2) == 0 ? "" : names[i], true);
		break;
	case 5:
		virtual_unplug(ports[i]);
		break;
	case 6:
		shop_modem(&t->shop, names[i], ports[i], "simtel")->baud =
			9600 + draw(day, 2);
		shop_apply(&t->shop);
		break;
	default:
		trade_release(t, &day->batch);
		trade_pause(t, "", false);
		trade_pause(t, names[i], false);
		virtual_plug(ports[0], SHOP_SIM_1);
		virtual_plug(ports[1], SHOP_SIM_2);
		break;
	}
}

/* The line as it was before a step. */
struct look {
	size_t written;
	unsigned dialled;
	int64_t quiet_until_ms;
};

static struct look
look_at(const struct day *day, size_t i)
{
	return (struct look){.written = virtual_wire(ports[i])->written_len,
		.dialled = trade_codes(ports[i], "*121*"),
		.quiet_until_ms =
			shop_line(&day->t.shop, names[i])->quiet_until_ms};
}

/* A PIN was dialled on that line: whose, and was that permitted? */
static void
on_dialled(struct day *day, size_t i)
{
	static const char code[] = "*121*77";
	const char *last = virtual_wire(ports[i])->written;
	for (const char *p = last; (p = strstr(p, code)); p++)
		last = p;
	unsigned long serial =
		strtoul(last + strlen(code), NULL, 10) - day->batch.first;
	assert_true(serial < CARDS);
	if (day->spent[serial])
		fail_msg("card %lu was dialled again", serial);
	day->spent[serial] = day->fate[i] >= PERMITS;
}

/* Runs in small steps: no PIN leaves in one that is quiet to its end. */
static void
pass(struct day *day, int64_t ms)
{
	struct look before[LINES];
	for (size_t i = 0; i < LINES; i++)
		before[i] = look_at(day, i);
	for (int64_t end = virtual_now_ms() + ms; virtual_now_ms() < end;) {
		turn_the_network(day);
		trade_run(&day->t, SMALL_MS);
		for (size_t i = 0; i < LINES; i++) {
			struct look *b = &before[i];
			struct look now = *b;
			if (virtual_wire(ports[i])->written_len != b->written)
				now = look_at(day, i);
			if (now.dialled > b->dialled &&
				b->quiet_until_ms > virtual_now_ms())
				fail_msg("a PIN in the quiet time");
			if (now.dialled > b->dialled)
				on_dialled(day, i);
			now.quiet_until_ms = shop_line(&day->t.shop, names[i])
			                             ->quiet_until_ms;
			*b = now;
		}
	}
}

struct life {
	unsigned attempts;
	bool over; /* the last one permits no other */
};

static bool
on_attempt(void *ctx, const struct ledger_attempt *a)
{
	struct life *life = ctx;
	if (life->over)
		fail_msg("dialled again: voucher %lld", (long long)a->voucher);
	life->attempts++;
	life->over = a->fate != LEDGER_NOT_SENT && a->verdict != VERDICT_BUSY &&
	             a->verdict != VERDICT_SIM_BLOCKED;
	return true;
}

static void
check_cards(struct day *day)
{
	int64_t counts[VOUCHER_STATES];
	assert_int_equal(ledger_counts(day->t.shop.purse->ledger, counts), 0);
	for (int i = 0; i < VOUCHER_STATES; i++)
		if (counts[i] > 0)
			print_message(" %s %lld",
				voucher_state_name((enum voucher_state)i),
				(long long)counts[i]);
	print_message("\n");
	for (unsigned i = 0; i < CARDS; i++) {
		struct life life = {0};
		unsigned dialled = 0;
		assert_int_equal(ledger_each_attempt(day->t.shop.purse->ledger,
					 trade_card(&day->t, &day->batch, i),
					 on_attempt, &life),
			0);
		for (size_t k = 0; k < LINES; k++)
			dialled += trade_dialled(ports[k], &day->batch, i);
		assert_true(dialled <= life.attempts);
	}
}

static void
live_through(struct day *day, struct purse *p, uint64_t seed)
{
	struct trade *t = &day->t;
	memset(day, 0, sizeof(*day));
	print_message("seed %llu:", (unsigned long long)seed);
	rng_init(&day->rng, seed, "");
	trade_init(t, p, TRADE_LIMITS("reject_pause = 5m\n"));
	trade_add_b(t);
	trade_open(t);
	for (size_t i = 0; i < LINES; i++) {
		trade_answer(ports[i], "*121*", TRADE_LOADED);
		struct fakewire *wire = virtual_wire(ports[i]);
		day->rules[i] = &wire->rules[wire->rule_count - 1];
	}
	day->batch = trade_batch(t, CARDS, NULL);
	for (int step = 0; step < STEPS; step++) {
		do_something(day);
		pass(day, 1 + draw(day, STEP_MS));
	}
	trade_run(t, HOUR); /* what is in the air ends */
	assert_int_equal(redeem_in_flight(t->redeem), 0);
	check_cards(day);
	trade_fini(t);
}

static void
no_card_is_dialled_again_but_where_the_rules_permit_it(void **state)
{
	const char *text = getenv("SEED");
	uint64_t first = text ? strtoull(text, NULL, 10) : 1;
	for (uint64_t i = 0; i < SEEDS; i++) {
		static struct day day;
		struct purse *p = NULL;
		(void)state;
		assert_int_equal(purse_setup((void **)&p), 0);
		live_through(&day, p, first + i);
		assert_int_equal(purse_teardown((void **)&p), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			no_card_is_dialled_again_but_where_the_rules_permit_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
