/*
 * shop: see shop.h. It must never reach into a line: tests see what stories
 * see.
 */
#include "tests/virtual/shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "agent/ledger_private.h"
#include "agent/loop.h"
#include "agent/turn.h"

enum { LONG_MS = 10 * 60 * 1000, BAUD = 115200 };

/* Virtual time has no power cuts, and a sync takes longer than an hour. */
static void
sync_nothing(struct ledger *ledger)
{
	assert_int_equal(sqlite3_exec(ledger->db, "PRAGMA synchronous = OFF",
				 NULL, NULL, NULL),
		SQLITE_OK);
}

void
shop_init(struct shop *s, struct purse *p, const struct fleet_hooks *hooks)
{
	virtual_reset();
	memset(s, 0, sizeof(*s));
	s->purse = p;
	sync_nothing(p->ledger);
	s->loop = loop_new();
	s->turn = turn_new(s->loop, p->ledger);
	s->fleet = fleet_new(s->loop, s->turn, hooks);
	fleet_keep_pins(s->fleet, p->vault);
	s->config.modems = s->modems;
	s->profiles.list = s->list;
	shop_operator(s, "simtel", COUNTER_PLAIN);
}

void
shop_fini(struct shop *s)
{
	assert_int_equal(turn_commit(s->turn), 0);
	purse_is_sound(s->purse);
	fleet_free(s->fleet);
	for (size_t i = 0; i < s->profiles.count; i++)
		profile_unref(s->list[i]);
	turn_free(s->turn);
	loop_free(s->loop);
}

static size_t
place_of(const struct shop *s, const char *name)
{
	size_t i = 0;
	while (i < s->config.modem_count &&
		strcmp(s->modems[i].name, name) != 0)
		i++;
	return i;
}

struct config_modem *
shop_modem(struct shop *s, const char *name, const char *port,
	const char *operator)
{
	size_t i = place_of(s, name);
	assert_true(i < SHOP_MODEMS_MAX);
	if (i == s->config.modem_count)
		s->config.modem_count++;
	struct config_modem *m = &s->modems[i];
	memset(m, 0, sizeof(*m));
	(void)snprintf(m->name, sizeof(m->name), "%s", name);
	(void)snprintf(m->operator, sizeof(m->operator), "%s", operator);
	(void)snprintf(m->dialect, sizeof(m->dialect), "standard");
	m->port = (char *)port; /* the configuration's, in earnest */
	m->baud = BAUD;
	return m;
}

void
shop_modem_gone(struct shop *s, const char *name)
{
	size_t i = place_of(s, name);
	assert_true(i < s->config.modem_count);
	s->config.modem_count--;
	memmove(&s->modems[i], &s->modems[i + 1],
		(s->config.modem_count - i) * sizeof(s->modems[0]));
}

void
shop_operator(struct shop *s, const char *stem, const char *text)
{
	struct profile *profile = counter_profile(s->purse, stem, text);
	for (size_t i = 0; i < s->profiles.count; i++)
		if (strcmp(s->list[i]->stem, stem) == 0) {
			profile_unref(s->list[i]); /* lines count theirs */
			s->list[i] = profile;
			return;
		}
	assert_true(s->profiles.count < SHOP_OPERATORS_MAX);
	s->list[s->profiles.count++] = profile;
}

void
shop_apply(struct shop *s)
{
	fleet_apply(s->fleet, &s->config, &s->profiles);
	virtual_run(s->loop, 0);
}

struct line *
shop_line(const struct shop *s, const char *name)
{
	struct line *line = fleet_find(s->fleet, name);
	assert_non_null(line);
	return line;
}

enum modem_state
shop_state(const struct shop *s, const char *name)
{
	return modem_info(shop_line(s, name)->modem)->state;
}

struct sought {
	const struct shop *shop;
	const char *name;
	enum modem_state state;
};

static bool
is_there(void *ctx)
{
	const struct sought *sought = ctx;
	return shop_state(sought->shop, sought->name) == sought->state;
}

int64_t
shop_run_to(struct shop *s, const char *name, enum modem_state state)
{
	struct sought sought = {s, name, state};
	int64_t from = virtual_now_ms();
	if (!virtual_run_until(s->loop, LONG_MS, is_there, &sought))
		fail_msg("%s: state %d, not %d", name, (int)shop_state(s, name),
			(int)state);
	return virtual_now_ms() - from;
}

struct line *
shop_one_ready(struct shop *s)
{
	virtual_plug(SHOP_PORT_A, SHOP_SIM_1);
	shop_modem(s, "a", SHOP_PORT_A, "simtel");
	shop_apply(s);
	shop_run_to(s, "a", MODEM_READY);
	return shop_line(s, "a");
}

struct count {
	const char *event, *modem;
	unsigned n;
};

static bool
count_one(void *ctx, const struct ledger_audit *a)
{
	struct count *count = ctx;
	if (strcmp(a->event, count->event) == 0 &&
		strcmp(a->modem, count->modem) == 0)
		count->n++;
	return true;
}

unsigned
shop_events(struct shop *s, const char *event, const char *modem)
{
	struct count count = {event, modem, 0};
	struct ledger_audit_filter all = {.after = 0};
	assert_int_equal(turn_commit(s->turn), 0);
	assert_int_equal(
		ledger_each_audit(s->purse->ledger, &all, count_one, &count),
		0);
	return count.n;
}
