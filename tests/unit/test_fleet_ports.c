/*
 * test_fleet_ports: the fleet on the real loop and real ports: simulated
 * modems behind pseudo-terminals, served by the same loop.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/balance.h"
#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/sim/lab.h"
#include "tests/support/counter.h"
#include "tests/support/ports.h"

enum { PATIENCE_MS = 10000, LABS = 2, MODEMS = 3 };

/* A simulated modem at the master of a pseudo-terminal. */
struct bench {
	struct loop *loop;
	struct lab *lab;
	struct ports_modem port;
	int slave; /* held open: a slave that nobody has hangs up for ever */
	struct loop_poll *poll;
	struct loop_timer *timer;
};

struct scene {
	struct loop *loop;
	struct turn *turn;
	struct fleet *fleet;
	struct balance *balance;
	struct loop_timer *patience;
	struct bench benches[LABS];
	struct config_modem modems[MODEMS];
	struct config config;
	struct profile *list[1];
	struct profiles profiles;
	bool (*seen)(struct scene *s);
	bool too_late;
	unsigned answers;
	int64_t told[LABS];
};

static struct lab sims[LABS]; /* large */

/* ---- the bench --------------------------------------------------------- */

static void
say_what_is_due(struct bench *b)
{
	int64_t now = loop_now_ms(b->loop);
	char bytes[512];
	size_t n;
	while ((n = device_take(b->lab->device, now, bytes, sizeof(bytes))) >
		0) {
		ssize_t written = write(b->port.master, bytes, n);
		assert_int_equal(written, n);
	}
	loop_timer_at(b->timer, device_wake_at(b->lab->device));
}

static void
on_timer(void *ctx)
{
	struct bench *b = ctx;
	device_tick(b->lab->device, loop_now_ms(b->loop));
	say_what_is_due(b);
}

static void
on_poll(void *ctx, bool readable, bool writable)
{
	struct bench *b = ctx;
	char bytes[512];
	(void)writable;
	ssize_t n = readable ? read(b->port.master, bytes, sizeof(bytes)) : 0;
	if (n > 0) {
		device_feed(
			b->lab->device, loop_now_ms(b->loop), bytes, (size_t)n);
		say_what_is_due(b);
	}
}

static void
bench_open(struct bench *b, struct lab *lab, struct loop *loop,
	const char *dialect)
{
	b->loop = loop;
	b->lab = lab;
	b->port = ports_modem_open();
	b->slave = open(b->port.path, O_RDWR | O_NOCTTY);
	assert_true(b->slave >= 0);
	lab_init(lab, dialect);
	lab->now_ms = loop_now_ms(loop);
	lab_start(lab);
	b->timer = loop_timer_new(loop, on_timer, b);
	b->poll = loop_poll_new(loop, b->port.master, on_poll, b);
	assert_non_null(b->poll);
}

static void
bench_hang_up(struct bench *b)
{
	if (b->port.master < 0)
		return;
	loop_poll_free(b->poll);
	loop_timer_free(b->timer);
	close(b->slave);
	close(b->port.master);
	b->port.master = -1;
}

/* ---- the scene --------------------------------------------------------- */

static void
look(struct scene *s)
{
	if (s->seen && s->seen(s))
		loop_stop(s->loop);
}

static void
on_line(void *ctx, struct line *line)
{
	(void)line;
	look(ctx);
}

static void
on_push(void *ctx, struct line *line, struct span text)
{
	(void)ctx;
	(void)line;
	(void)text;
}

static void
on_answer(void *ctx, const struct balance_answer *answer)
{
	struct scene *s = ctx;
	assert_true(answer->ok);
	s->told[s->answers++] = answer->minor;
}

static void
on_patience(void *ctx)
{
	struct scene *s = ctx;
	s->too_late = true;
	loop_stop(s->loop);
}

static void
run_until(struct scene *s, bool (*seen)(struct scene *s))
{
	s->seen = seen;
	loop_timer_at(s->patience, loop_now_ms(s->loop) + PATIENCE_MS);
	if (!seen(s))
		loop_run(s->loop);
	s->seen = NULL;
	assert_false(s->too_late);
}

static void
configure(struct scene *s, const char *name, char *port)
{
	struct config_modem *m = &s->modems[s->config.modem_count++];
	(void)snprintf(m->name, sizeof(m->name), "%s", name);
	strcpy(m->operator, "simtel");
	strcpy(m->dialect, "auto");
	m->baud = PORTS_BAUD;
	m->port = port;
}

static void
begin_scene(struct scene *s, struct purse *p)
{
	static char nowhere[] = "/nonexistent/ttyUSB0";
	struct fleet_hooks hooks = {
		.ctx = s, .on_change = on_line, .on_push = on_push};
	struct fleet_idle on_idle = {.ctx = s, .fn = on_line};
	memset(s, 0, sizeof(*s));
	s->loop = loop_new();
	s->turn = turn_new(s->loop, p->ledger);
	s->fleet = fleet_new(s->loop, s->turn, &hooks);
	s->balance = balance_new(s->loop, s->turn, &on_idle);
	s->patience = loop_timer_new(s->loop, on_patience, s);
	bench_open(&s->benches[0], &sims[0], s->loop, "huawei");
	bench_open(&s->benches[1], &sims[1], s->loop, "simcom");
	configure(s, "gone", nowhere);
	configure(s, "a", s->benches[0].port.path);
	configure(s, "b", s->benches[1].port.path);
	s->config.modems = s->modems;
	s->list[0] = counter_profile(p, "simtel", COUNTER_PLAIN);
	s->profiles = (struct profiles){.list = s->list, .count = 1};
	fleet_apply(s->fleet, &s->config, &s->profiles);
}

static void
end_scene(struct scene *s)
{
	fleet_stop(s->fleet);
	assert_int_equal(turn_commit(s->turn), 0);
	balance_free(s->balance);
	fleet_free(s->fleet);
	for (size_t i = 0; i < LABS; i++) {
		bench_hang_up(&s->benches[i]);
		lab_fini(&sims[i]);
	}
	profile_unref(s->list[0]);
	turn_free(s->turn);
	loop_free(s->loop);
}

static enum modem_state
state_of(const struct scene *s, const char *name)
{
	return modem_info(fleet_find(s->fleet, name)->modem)->state;
}

/* ---- tests ------------------------------------------------------------- */

static bool
both_are_ready(struct scene *s)
{
	return state_of(s, "a") == MODEM_READY &&
	       state_of(s, "b") == MODEM_READY;
}

static bool
both_have_told(struct scene *s)
{
	return s->answers == LABS;
}

static bool
one_is_absent(struct scene *s)
{
	return state_of(s, "a") == MODEM_ABSENT;
}

static void
modems_come_up_and_answer_beside_a_dead_port_and_one_that_vanishes(void **state)
{
	struct scene s;
	begin_scene(&s, *state);
	run_until(&s, both_are_ready);
	struct line *a = fleet_find(s.fleet, "a");
	struct line *b = fleet_find(s.fleet, "b");
	assert_string_equal(modem_info(a->modem)->dialect, "huawei");
	assert_string_equal(modem_info(b->modem)->dialect, "simcom");
	assert_int_equal(state_of(&s, "gone"), MODEM_ABSENT);
	assert_int_equal(balance_ask(s.balance, a, on_answer, &s), 0);
	assert_int_equal(balance_ask(s.balance, b, on_answer, &s), 0);
	run_until(&s, both_have_told);
	assert_true(s.told[0] == 5000 && s.told[1] == 5000);
	run_until(&s, both_are_ready);
	/* Its end goes away: the descriptor is not watched any more. */
	bench_hang_up(&s.benches[0]);
	run_until(&s, one_is_absent);
	assert_string_equal(a->last_error, "the port vanished");
	assert_int_equal(state_of(&s, "b"), MODEM_READY);
	end_scene(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(modems_come_up_and_answer_beside_a_dead_port_and_one_that_vanishes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
