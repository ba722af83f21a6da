/*
 * ctl_probe: opens a port without the daemon, sets the modem on it up as the
 * daemon would, and tells what it found. It must never dial but the balance
 * code that it was asked to, nor leave a setting other than it was.
 */
#include "agent/ctl_probe.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/loop.h"
#include "agent/problem.h"
#include "agent/reload.h"
#include "modem/port.h"

enum {
	PROBE_LIMIT_MS = 60000, /* until it is registered */
	PROBE_SETTLE_MS = 1500, /* signal and network follow being ready */
	PROBE_BALANCE_MS = 60000
};

enum probe_phase { PROBE_SETS_UP, PROBE_SETTLES, PROBE_ASKS, PROBE_LEAVES };

struct probe {
	const struct probe_wish *wish;
	struct loop *loop;
	struct modem *modem;
	struct loop_timer *timer;    /* the modem's deadlines */
	struct loop_timer *patience; /* ours */
	struct loop_poll *poll;
	int fd;
	enum probe_phase phase;
	bool ticked; /* the port was tried */
	struct probe_found found;
};

/* ---- the modem on the loop ---------------------------------------------- */

static void look(struct probe *p);

static void
rearm(struct probe *p)
{
	loop_timer_at(p->timer, modem_wake_at(p->modem));
}

static void
on_timer(void *ctx)
{
	struct probe *p = ctx;
	modem_tick(p->modem, loop_now_ms(p->loop));
	p->ticked = true;
	look(p);
	rearm(p);
}

static void
on_poll(void *ctx, bool readable, bool writable)
{
	struct probe *p = ctx;
	(void)readable; /* the modem finds out which it is */
	(void)writable;
	modem_on_ready(p->modem, loop_now_ms(p->loop));
	look(p);
	rearm(p);
}

static void
on_fd(void *ctx, int fd, bool want_write)
{
	struct probe *p = ctx;
	if (p->poll != NULL && fd != p->fd) {
		loop_poll_free(p->poll);
		p->poll = NULL;
	}
	p->fd = fd;
	if (fd < 0)
		return;
	if (p->poll == NULL)
		p->poll = loop_poll_new(p->loop, fd, on_poll, p);
	loop_poll_want(p->poll, true, want_write);
}

static void
on_state(void *ctx)
{
	(void)ctx; /* looked at after each call */
}

static void
on_push(void *ctx, struct span text_utf8)
{
	(void)ctx;
	(void)text_utf8;
}

/* +CPMS: "SM",3,20,"ME",0,50: a store that is named twice is one. */
static void
note_stores(struct probe_found *found, const char *line)
{
	while ((line = strchr(line, '"')) != NULL) {
		struct probe_store store = {.name = ""};
		size_t len = strcspn(line + 1, "\"");
		bool known = len == 0 || len >= sizeof(store.name) ||
		             strncmp(line + 1 + len, "\",", 2) != 0 ||
		             found->store_count == PROBE_STORES_MAX;
		if (!known) {
			char *end = NULL;
			memcpy(store.name, line + 1, len);
			store.used =
				(uint32_t)strtoul(line + len + 3, &end, 10);
			if (*end == ',')
				store.size =
					(uint32_t)strtoul(end + 1, NULL, 10);
			known = *end != ',';
		}
		for (size_t i = 0; i < found->store_count; i++)
			known = known ||
			        strcmp(found->stores[i].name, store.name) == 0;
		if (!known)
			found->stores[found->store_count++] = store;
		line++;
		line += strcspn(line, "\"");
		line += *line != '\0';
	}
}

static void
on_trace(void *ctx, bool sent, struct span text)
{
	struct probe *p = ctx;
	char line[256];
	if (!sent && span_starts(text, span_str("+CPMS:")) &&
		span_copy(line, sizeof(line), text) == 0)
		note_stores(&p->found, line);
}

static void
on_turn_end(void *ctx)
{
	struct probe *p = ctx;
	modem_flush(p->modem, loop_now_ms(p->loop));
	look(p);
	rearm(p);
}

/* ---- the way ------------------------------------------------------------ */

static void
note_why(struct probe *p, const char *why)
{
	if (p->found.why[0] == '\0')
		(void)snprintf(p->found.why, sizeof(p->found.why), "%s", why);
}

/* What is known now is what is told: at the end the modem is a stopped one. */
static void
leave(struct probe *p)
{
	if (p->phase == PROBE_LEAVES)
		return;
	p->phase = PROBE_LEAVES;
	p->found.info = *modem_info(p->modem);
	loop_timer_at(p->patience, INT64_MAX);
	modem_leave(p->modem, loop_now_ms(p->loop));
}

static void
on_balance(void *ctx, const struct modem_result *result)
{
	struct probe *p = ctx;
	(void)snprintf(p->found.balance, sizeof(p->found.balance), "%.*s",
		(int)result->text.len, result->text.ptr);
	if (result->cause != MODEM_TEXT)
		note_why(p, "the balance request got no readable answer");
	if (result->open)
		modem_end(p->modem);
	leave(p);
}

static void
find_operator(struct probe *p)
{
	const char *named = p->wish->operator;
	struct profile *profile = NULL;
	p->found.profiles = profiles_of_imsi(p->wish->profiles,
		span_str(modem_info(p->modem)->imsi), &profile);
	if (p->found.profiles != 1)
		profile = NULL;
	if (named != NULL)
		profile = profiles_find(p->wish->profiles, span_str(named));
	p->found.profile = profile;
}

static void
ask_balance(struct probe *p)
{
	const struct profile *profile = p->found.profile;
	int rc = -1;
	if (profile == NULL || profile->balance_ussd[0] == '\0') {
		note_why(p, "no profile that fits has a balance code "
			    "(--operator names one)");
		leave(p);
		return;
	}
	p->phase = PROBE_ASKS;
	rc = modem_ask(p->modem, span_str(profile->balance_ussd), MODEM_SEARCH,
		PROBE_BALANCE_MS, on_balance, p);
	if (rc != 0) {
		note_why(p, "the balance code cannot be sent");
		leave(p);
	}
}

/* It is ready since a while, or nothing more will come of it. */
static void
on_patience(void *ctx)
{
	struct probe *p = ctx;
	enum modem_state state = modem_info(p->modem)->state;
	if (p->phase == PROBE_SETTLES && state == MODEM_READY) {
		find_operator(p);
		if (p->wish->balance)
			ask_balance(p);
		else
			leave(p);
	} else {
		note_why(p, modem_info(p->modem)->why[0] != '\0'
				    ? modem_info(p->modem)->why
				    : "it did not get ready within a minute");
		find_operator(p);
		leave(p);
	}
	look(p);
	rearm(p);
}

static void
on_interrupt(void *ctx)
{
	struct probe *p = ctx;
	note_why(p, "interrupted");
	leave(p);
	look(p);
	rearm(p);
}

static void
give_up(struct probe *p)
{
	note_why(p, modem_info(p->modem)->why);
	find_operator(p);
	leave(p);
}

/* What the state says now; called after each call into the modem. */
static void
look(struct probe *p)
{
	if (p->phase == PROBE_LEAVES) {
		if (modem_is_stopped(p->modem))
			loop_stop(p->loop);
		return;
	}
	switch (modem_info(p->modem)->state) {
	case MODEM_ABSENT:
		if (p->ticked && p->fd < 0)
			give_up(p);
		break;
	case MODEM_READY:
		if (p->phase != PROBE_SETS_UP)
			break;
		p->phase = PROBE_SETTLES;
		loop_timer_at(
			p->patience, loop_now_ms(p->loop) + PROBE_SETTLE_MS);
		break;
	case MODEM_RESTING:
	case MODEM_FAILED:
		give_up(p);
		break;
	case MODEM_STARTING:
	case MODEM_BUSY:
		break;
	}
	if (p->phase == PROBE_LEAVES && modem_is_stopped(p->modem))
		loop_stop(p->loop);
}

/* ---- one port ----------------------------------------------------------- */

static struct modem *
make_modem(struct probe *p, char *why, size_t cap)
{
	const struct port_options where = {
		.where = p->wish->port, .baud = p->wish->baud};
	struct port *port = port_new(&where, why, cap);
	if (port == NULL)
		return NULL;
	const struct modem_options options = {
		.name = "probe", .dialect = p->wish->dialect, .roaming = true};
	const struct modem_hooks hooks = {.ctx = p,
		.on_fd = on_fd,
		.on_state = on_state,
		.on_push = on_push,
		.on_trace = on_trace};
	struct modem *modem = modem_new(&options, port, &hooks);
	if (modem == NULL) {
		(void)snprintf(why, cap, "'%s' is no dialect", options.dialect);
		port->ops->free(port);
	}
	return modem;
}

static void
run(struct probe *p)
{
	p->timer = loop_timer_new(p->loop, on_timer, p);
	p->patience = loop_timer_new(p->loop, on_patience, p);
	loop_on_signal(p->loop, SIGINT, on_interrupt, p);
	loop_on_signal(p->loop, SIGTERM, on_interrupt, p);
	loop_on_turn_end(p->loop, on_turn_end, p);
	modem_start(p->modem, loop_now_ms(p->loop));
	loop_timer_at(p->patience, loop_now_ms(p->loop) + PROBE_LIMIT_MS);
	rearm(p);
	loop_run(p->loop);
}

int
probe_port(const struct probe_wish *wish, probe_fn *fn, void *ctx, char *why,
	size_t cap)
{
	struct probe p = {
		.wish = wish, .fd = -1, .found = {.port = wish->port}};
	p.loop = loop_new();
	p.modem = make_modem(&p, why, cap);
	bool made = p.modem != NULL;
	if (made) {
		run(&p);
		fn(ctx, &p.found);
		modem_free(p.modem);
	}
	if (p.poll != NULL)
		loop_poll_free(p.poll);
	loop_free(p.loop);
	return made ? 0 : -EINVAL;
}

/* ---- the command -------------------------------------------------------- */

struct command {
	struct ctl *ctl;
	struct settings settings; /* empty where they are no good ones */
	int exit_status;
};

/* Whose port it is by the configuration; NULL for nobody's. */
static const char *
owner_of(const struct command *c, const struct probe_found *found)
{
	char identity[512];
	const struct config *config = c->settings.config;
	if (config == NULL ||
		port_identity(found->port, identity, sizeof(identity)) != 0)
		return NULL;
	for (size_t i = 0; i < config->modem_count; i++)
		if (strcmp(config->modems[i].identity, identity) == 0)
			return config->modems[i].name;
	return NULL;
}

static void
name_owner(const struct command *c, struct probe_found *found)
{
	const char *owner = owner_of(c, found);
	if (owner == NULL || strstr(found->why, "holds the port") == NULL)
		return;
	(void)snprintf(found->why, sizeof(found->why),
		"another program holds the port: topupd, which has it as "
		"%.32s? (topupctl modems)",
		owner);
}

static void
on_found(void *ctx, struct probe_found *found)
{
	struct command *c = ctx;
	name_owner(c, found);
	probe_look_at_others(found);
	c->exit_status = probe_show(c->ctl, found);
}

/* The configuration's operators where it is a good one, else the shipped. */
static struct profiles *
read_operators(struct command *c)
{
	struct problems *problems = problems_new();
	const char *file =
		c->ctl->config != NULL ? c->ctl->config : CTL_CONFIG_DEFAULT;
	struct profiles *profiles =
		settings_read(file, &c->settings, problems)
			? c->settings.profiles
			: profiles_read(
				  TOPUP_DATADIR "/operators", NULL, problems);
	problems_free(problems);
	return profiles;
}

/* A name that no profile has is a slip: nothing is opened for it. */
static bool
is_operator_known(struct ctl *ctl, const struct probe_wish *wish)
{
	const char *named = wish->operator;
	if (named == NULL || profiles_find(wish->profiles, span_str(named)))
		return true;
	(void)ctl_wrong(ctl,
		"'%.32s' is no operator here: no profile %.32s.ini; "
		"without --operator the SIM tells it",
		named, named);
	return false;
}

int
ctl_run_probe(struct ctl *ctl)
{
	struct command c = {.ctl = ctl, .exit_status = CTL_USAGE};
	const char *dialect = ctl_option_value(ctl, "dialect");
	const char *speed = ctl_option_value(ctl, "baud");
	int64_t baud = PROBE_BAUD;
	char why[128] = "";
	if (speed != NULL && !ctl_number(ctl, "--baud", speed, false, &baud))
		return CTL_USAGE;
	struct profiles *profiles = read_operators(&c);
	const struct probe_wish wish = {.port = ctl->args[0],
		.baud = (unsigned)baud,
		.dialect = dialect != NULL ? dialect : "auto",
		.operator= ctl_option_value(ctl, "operator"),
		.balance = ctl_option_value(ctl, "balance") != NULL,
		.profiles = profiles};
	if (is_operator_known(ctl, &wish) &&
		probe_port(&wish, on_found, &c, why, sizeof(why)) != 0)
		c.exit_status = ctl_wrong(ctl, "%s: %s", wish.port, why);
	if (c.settings.profiles == NULL)
		profiles_free(profiles);
	settings_free(&c.settings);
	return c.exit_status;
}
