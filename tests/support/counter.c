/*
 * counter: see counter.h. It must never let bytes out before a commit that
 * a test holds back.
 */
#include "tests/support/counter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/problem.h"
#include "agent/turn.h"

struct profile *
counter_profile(const struct purse *p, const char *stem, const char *text)
{
	char name[PROFILE_NAME_MAX + 8];
	struct problems *problems = problems_new();
	(void)snprintf(name, sizeof(name), "%s.ini", stem); /* it fits */
	const char *path = purse_path(p, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	struct profile *profile = profile_read(path, problems);
	for (size_t i = 0; problems_line(problems, i); i++)
		print_message("%s\n", problems_line(problems, i));
	assert_non_null(profile);
	problems_free(problems);
	assert_int_equal(unlink(path), 0);
	return profile;
}

static void
on_idle(void *ctx, struct line *line)
{
	struct counter *c = ctx;
	assert_ptr_equal(line, &c->line);
	assert_false(line->busy);
	c->idle++;
}

void
counter_init(struct counter *c, struct purse *p, const char *profile)
{
	memset(c, 0, sizeof(*c));
	c->purse = p;
	c->loop = loop_new();
	c->turn = turn_new(c->loop, p->ledger);
	rig_init(&c->rig, "standard");
	rig_run_to(&c->rig, MODEM_READY);
	c->line.modem = c->rig.modem;
	c->line.profile = counter_profile(p, "simtel", profile);
	strcpy(c->line.config.name, "m1");
	strcpy(c->line.account, "sim1");
	c->on_idle = (struct fleet_idle){.ctx = c, .fn = on_idle};
	struct ledger_op seen = turn_op(c->turn, LEDGER_SIM_SEEN);
	strcpy(seen.u.sim_seen.modem, "m1");
	(void)snprintf(seen.u.sim_seen.iccid, sizeof(seen.u.sim_seen.iccid),
		"%s", line_iccid(&c->line));
	strcpy(seen.u.sim_seen.account, "sim1");
	turn_must(c->turn, &seen);
	counter_commit(c);
}

void
counter_fini(struct counter *c)
{
	counter_commit(c);
	purse_is_sound(c->purse);
	rig_fini(&c->rig);
	profile_unref(c->line.profile);
	turn_free(c->turn);
	loop_free(c->loop);
}

void
counter_commit(struct counter *c)
{
	assert_int_equal(turn_commit(c->turn), 0);
}

void
counter_run(struct counter *c, int64_t ms)
{
	counter_commit(c);
	c->rig.hold = false;
	rig_run(&c->rig, ms);
	counter_commit(c);
}
