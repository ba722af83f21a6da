/*
 * fleet: makes modems from the configuration, wires them to the loop, and
 * keeps what is known of each line. Their bytes leave only as an outlet of
 * the turn. It knows SIMs and operators, but no voucher.
 */
#include "agent/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "agent/loop.h"
#include "agent/turn.h"
#include "modem/port.h"

/* Messages kept in one turn; of more, the rest is handed over again. */
enum { KEPT_MAX = 32 };

/* A line and its wiring. Lines are never moved: stories hold pointers. */
struct slot {
	struct line line; /* first: a line is its slot */
	struct fleet *fleet;
	struct loop_timer *timer;
	struct loop_poll *poll;
	int fd;
	enum modem_state told;   /* the state that the audit knows */
	char seen_iccid[24];     /* the SIM that the ledger knows to be here */
	bool stopping;           /* we end it ourselves */
	uint64_t kept[KEPT_MAX]; /* messages that the commit makes safe */
	size_t kept_count;
	struct slot *next;
};

struct fleet {
	struct loop *loop;
	struct turn *turn;
	struct fleet_hooks hooks;
	const struct config *config;
	const struct profiles *profiles;
	bool doubt_all; /* new lines begin in doubt */
	struct slot *slots;
};

const char *
line_iccid(const struct line *line)
{
	const struct modem_info *info = modem_info(line->modem);
	/* A SIM that does not tell its ICCID is still one SIM. */
	return info->iccid[0] != '\0' ? info->iccid : info->imsi;
}

static void
copy(char *dst, size_t cap, const char *src)
{
	(void)span_copy(dst, cap, span_str(src));
}

/* Once for each fence: what is begun is not begun again. */
static void
write_doubt(const struct line *line, struct turn *turn)
{
	struct ledger_sim sim;
	const char *iccid = line_iccid(line);
	if (iccid[0] == '\0' ||
		ledger_sim(turn_ledger(turn), iccid, 0, &sim) != 0 || sim.fence)
		return;
	struct ledger_op op = turn_op(turn, LEDGER_FENCE);
	struct ledger_fence *f = &op.u.fence;
	copy(f->iccid, sizeof(f->iccid), iccid);
	copy(f->modem, sizeof(f->modem), line->config.name);
	copy(f->why, sizeof(f->why), line->doubt_why);
	turn_must(turn, &op);
}

void
line_doubt(
	struct line *line, struct turn *turn, const char *why, int64_t due_ms)
{
	if (!line->doubt)
		copy(line->doubt_why, sizeof(line->doubt_why), why);
	line->doubt = true;
	if (line->due_ms < due_ms)
		line->due_ms = due_ms;
	write_doubt(line, turn);
}

/* ---- driving one modem ------------------------------------------------- */

/* After each call into a modem: its next deadline. */
static void
rearm(struct slot *slot)
{
	loop_timer_at(slot->timer, modem_wake_at(slot->line.modem));
}

static void tell_state(struct slot *slot);

static void
on_timer(void *ctx)
{
	struct slot *slot = ctx;
	modem_tick(slot->line.modem, loop_now_ms(slot->fleet->loop));
	/* To the driver a port that was never there is no change. */
	tell_state(slot);
	rearm(slot);
}

static void
on_poll(void *ctx, bool readable, bool writable)
{
	struct slot *slot = ctx;
	(void)readable; /* the modem finds out which it is */
	(void)writable;
	modem_on_ready(slot->line.modem, loop_now_ms(slot->fleet->loop));
	rearm(slot);
}

static void
on_fd(void *ctx, int fd, bool want_write)
{
	struct slot *slot = ctx;
	if (slot->poll && fd != slot->fd) {
		loop_poll_free(slot->poll);
		slot->poll = NULL;
	}
	slot->fd = fd;
	if (fd < 0)
		return;
	if (!slot->poll)
		slot->poll =
			loop_poll_new(slot->fleet->loop, fd, on_poll, slot);
	loop_poll_want(slot->poll, true, want_write);
}

static void
on_push(void *ctx, struct span text_utf8)
{
	struct slot *slot = ctx;
	struct fleet *fleet = slot->fleet;
	fleet->hooks.on_push(fleet->hooks.ctx, &slot->line, text_utf8);
}

static void
on_sms(void *ctx, const struct modem_message *sms)
{
	struct slot *slot = ctx;
	struct fleet *fleet = slot->fleet;
	if (slot->kept_count < KEPT_MAX &&
		fleet->hooks.on_sms(fleet->hooks.ctx, &slot->line, sms) == 0)
		slot->kept[slot->kept_count++] = sms->handle;
}

/* After the commit: what the ledger has need not be in the modem. */
static void
let_go(struct slot *slot)
{
	for (size_t i = 0; i < slot->kept_count; i++)
		modem_sms_done(slot->line.modem, slot->kept[i]);
	slot->kept_count = 0;
}

static void
on_trace(void *ctx, bool sent, struct span text)
{
	struct slot *slot = ctx;
	log_line(LOG_AT_DEBUG, "modem wire name=%s %s %.*s",
		slot->line.config.name, sent ? "out" : "in", (int)text.len,
		text.ptr);
}

/* The outlet: what waits for the commit may leave now. */
static void
flush_all(void *ctx)
{
	struct fleet *fleet = ctx;
	for (struct slot *s = fleet->slots; s; s = s->next) {
		let_go(s);
		modem_flush(s->line.modem, loop_now_ms(fleet->loop));
		rearm(s);
	}
}

/* ---- the SIM and its operator ------------------------------------------ */

static struct profile *
find_profile(struct line *line, const struct profiles *profiles)
{
	line->why_no_profile[0] = '\0';
	if (strcmp(line->config.operator, "auto") != 0)
		return profiles_find(profiles, span_str(line->config.operator));
	const char *imsi = modem_info(line->modem)->imsi;
	struct profile *profile = NULL;
	size_t fits = profiles_of_imsi(profiles, span_str(imsi), &profile);
	if (fits == 1)
		return profile;
	(void)snprintf(line->why_no_profile, sizeof(line->why_no_profile),
		fits == 0 ? "no operator profile has this SIM's mcc_mnc "
			    "(%.5s): add one, or set operator"
			  : "several operator profiles fit this SIM's mcc_mnc "
			    "(%.5s): set operator for this modem",
		imsi);
	return NULL;
}

static void
choose_profile(struct slot *slot)
{
	struct profile *profile =
		find_profile(&slot->line, slot->fleet->profiles);
	if (profile == slot->line.profile)
		return;
	profile_unref(slot->line.profile);
	slot->line.profile = profile ? profile_ref(profile) : NULL;
}

/* Tells the ledger which SIM is in which modem, once for each change. */
static void
note_sim(struct slot *slot)
{
	struct line *line = &slot->line;
	const struct modem_info *info = modem_info(line->modem);
	const char *iccid = line_iccid(line);
	choose_profile(slot);
	copy(line->account, sizeof(line->account),
		line->config.account[0] ? line->config.account : iccid);
	if (iccid[0] == '\0' || strcmp(iccid, slot->seen_iccid) == 0)
		return;
	struct ledger_op op = turn_op(slot->fleet->turn, LEDGER_SIM_SEEN);
	struct ledger_sim_seen *seen = &op.u.sim_seen;
	copy(seen->modem, sizeof(seen->modem), line->config.name);
	copy(seen->iccid, sizeof(seen->iccid), iccid);
	copy(seen->imsi, sizeof(seen->imsi), info->imsi);
	copy(seen->imei, sizeof(seen->imei), info->imei);
	copy(seen->operator, sizeof(seen->operator),
		line->profile ? line->profile->stem : "");
	copy(seen->account, sizeof(seen->account), line->account);
	turn_must(slot->fleet->turn, &op);
	copy(slot->seen_iccid, sizeof(slot->seen_iccid), iccid);
	line->balance_batch = 0; /* another SIM, another balance */
	line->balance_fresh = false;
	line->balance_failures = 0;
	line->refusals = 0;
}

/* Being ready and being gone are news; starting and busy are not. */
static const char *
event_of(enum modem_state state)
{
	switch (state) {
	case MODEM_READY:
		return "modem.ready";
	case MODEM_ABSENT:
		return "modem.absent";
	case MODEM_RESTING:
		return "modem.resting";
	case MODEM_FAILED:
		return "modem.failed";
	case MODEM_STARTING:
	case MODEM_BUSY:
		break;
	}
	return NULL;
}

static void
tell_state(struct slot *slot)
{
	const struct modem_info *info = modem_info(slot->line.modem);
	const char *event = event_of(info->state);
	if (info->state != MODEM_READY && info->why && info->why[0] != '\0')
		copy(slot->line.last_error, sizeof(slot->line.last_error),
			info->why);
	if (!event || info->state == slot->told)
		return;
	slot->told = info->state;
	struct ledger_op op = turn_op(slot->fleet->turn, LEDGER_EVENT);
	copy(op.u.event.event, sizeof(op.u.event.event), event);
	copy(op.u.event.modem, sizeof(op.u.event.modem),
		slot->line.config.name);
	if (info->state == MODEM_READY)
		(void)snprintf(op.u.event.note, sizeof(op.u.event.note),
			"dialect=%s iccid=%s network=%s signal=%d",
			info->dialect, line_iccid(&slot->line), info->network,
			info->signal_dbm);
	else
		copy(op.u.event.note, sizeof(op.u.event.note), info->why);
	turn_must(slot->fleet->turn, &op);
}

/* It was ready and went away: whoever may still answer its SIM may answer
 * it later. The sentry takes what it wished for itself (line->refreshing). */
static void
doubt_restart(struct slot *slot)
{
	struct line *line = &slot->line;
	unsigned restarts = modem_info(line->modem)->restarts;
	if (restarts == line->restarts || line->refreshing || slot->stopping)
		return;
	line->restarts = restarts;
	line_doubt(line, slot->fleet->turn, "replug",
		loop_now_ms(slot->fleet->loop));
}

static void
on_state(void *ctx)
{
	struct slot *slot = ctx;
	struct fleet *fleet = slot->fleet;
	doubt_restart(slot);
	if (modem_info(slot->line.modem)->state == MODEM_READY)
		note_sim(slot);
	tell_state(slot);
	fleet->hooks.on_change(fleet->hooks.ctx, &slot->line);
}

/* ---- the set ----------------------------------------------------------- */

/* A modem over the port of the configuration; NULL with a line in the log. */
static struct modem *
make_modem(struct slot *slot)
{
	const struct config_modem *config = &slot->line.config;
	char why[128];
	struct port *port =
		port_new(config->port, config->baud, why, sizeof(why));
	if (!port) {
		log_line(LOG_AT_ERROR, "fleet port modem=%s why=\"%s\"",
			config->name, why);
		return NULL;
	}
	struct modem_options options = {.name = config->name,
		.dialect = config->dialect,
		.roaming = config->roaming};
	struct modem_hooks hooks = {.ctx = slot,
		.on_fd = on_fd,
		.on_state = on_state,
		.on_push = on_push,
		.on_sms = slot->fleet->hooks.on_sms ? on_sms : NULL,
		.on_trace = on_trace};
	struct modem *modem = modem_new(&options, port, &hooks);
	if (!modem) {
		log_line(LOG_AT_ERROR, "fleet dialect modem=%s dialect=%s",
			config->name, config->dialect);
		port->ops->free(port);
	}
	return modem;
}

static void
free_config(struct config_modem *config)
{
	free(config->port);
	free(config->identity);
	free(config->sim_pin_file);
}

static char *
own(const char *text)
{
	char *mine = text ? strdup(text) : NULL;
	if (text && !mine)
		abort(); /* memory is taken at start; see style, Memory */
	return mine;
}

static struct config_modem
copy_config(const struct config_modem *config)
{
	struct config_modem mine = *config;
	mine.port = own(config->port);
	mine.identity = own(config->identity);
	mine.sim_pin_file = own(config->sim_pin_file);
	return mine;
}

static void
free_slot(struct slot *slot)
{
	if (slot->line.modem)
		modem_free(slot->line.modem);
	if (slot->poll)
		loop_poll_free(slot->poll);
	loop_timer_free(slot->timer);
	profile_unref(slot->line.profile);
	free_config(&slot->line.config);
	free(slot);
}

/* What a new line begins with. */
struct doubt {
	bool is;
	const char *why;
	int64_t due_ms;
	int64_t quiet_until_ms;
};

static void
add_slot(struct fleet *fleet, const struct config_modem *config,
	const struct doubt *doubt)
{
	struct slot *slot = calloc(1, sizeof(*slot));
	if (!slot)
		abort();
	slot->fleet = fleet;
	slot->fd = -1;
	slot->told = MODEM_STARTING;
	slot->line.doubt = doubt->is;
	slot->line.due_ms = doubt->due_ms;
	slot->line.quiet_until_ms = doubt->quiet_until_ms;
	copy(slot->line.doubt_why, sizeof(slot->line.doubt_why), doubt->why);
	slot->line.config = copy_config(config);
	slot->timer = loop_timer_new(fleet->loop, on_timer, slot);
	slot->line.modem = make_modem(slot);
	if (!slot->line.modem) {
		free_slot(slot);
		return;
	}
	struct slot **end = &fleet->slots;
	while (*end)
		end = &(*end)->next;
	*end = slot;
	choose_profile(slot);
	modem_start(slot->line.modem, loop_now_ms(fleet->loop));
	rearm(slot);
}

static bool
same_device(const struct config_modem *a, const struct config_modem *b)
{
	return strcmp(a->port, b->port) == 0 && a->baud == b->baud &&
	       strcmp(a->dialect, b->dialect) == 0 && a->roaming == b->roaming;
}

static const struct config_modem *
wanted(const struct config *config, const struct slot *slot)
{
	for (size_t i = 0; i < config->modem_count; i++)
		if (strcmp(config->modems[i].name, slot->line.config.name) == 0)
			return &config->modems[i];
	return NULL;
}

/* An operator or account that changed takes effect where it stands. */
static void
refresh(struct slot *slot, const struct config_modem *config)
{
	free_config(&slot->line.config);
	slot->line.config = copy_config(config);
	slot->seen_iccid[0] = '\0';
	if (modem_info(slot->line.modem)->state == MODEM_READY)
		note_sim(slot);
	else
		choose_profile(slot);
}

void
fleet_apply(struct fleet *fleet, const struct config *config,
	const struct profiles *profiles)
{
	fleet->config = config;
	fleet->profiles = profiles;
	for (struct slot *s = fleet->slots; s; s = s->next) {
		const struct config_modem *now = wanted(config, s);
		if (now && same_device(now, &s->line.config))
			refresh(s, now);
		else
			s->line.draining = true;
	}
	fleet_sweep(fleet);
	fleet->doubt_all = false; /* only those of the start */
}

static struct doubt
doubt_of(const struct line *line)
{
	int64_t fence_due =
		fence_is_up(&line->fence) && !line->fence.terms.only_ask
			? line->fence.terms.due_ms
			: INT64_MIN;
	return (struct doubt){.is = line->doubt || fence_due != INT64_MIN,
		.why = "reload",
		.due_ms = fence_due > line->due_ms ? fence_due : line->due_ms,
		.quiet_until_ms = line->quiet_until_ms};
}

/* Ends a line that is out of the list, and starts the one that takes its
 * name: whoever may still answer the old one may answer the new one. */
static void
replace(struct slot *slot)
{
	struct fleet *fleet = slot->fleet;
	const struct config_modem *now = wanted(fleet->config, slot);
	int64_t now_ms = loop_now_ms(fleet->loop);
	struct doubt doubt = doubt_of(&slot->line);
	slot->line.busy = true; /* no callback finds it free */
	slot->stopping = true;
	modem_stop(slot->line.modem, now_ms);
	free_slot(slot);
	if (now)
		add_slot(fleet, now, &doubt);
}

void
fleet_sweep(struct fleet *fleet)
{
	struct slot **at = &fleet->slots;
	while (*at) {
		struct slot *slot = *at;
		if (!slot->line.draining || slot->line.busy) {
			at = &slot->next;
			continue;
		}
		*at = slot->next;
		replace(slot);
	}
	struct doubt doubt = {.is = fleet->doubt_all,
		.why = "restart",
		.due_ms = fleet->doubt_all ? loop_now_ms(fleet->loop) : 0};
	for (size_t i = 0; i < fleet->config->modem_count; i++)
		if (!fleet_find(fleet, fleet->config->modems[i].name))
			add_slot(fleet, &fleet->config->modems[i], &doubt);
}

struct fleet *
fleet_new(struct loop *loop, struct turn *turn, const struct fleet_hooks *hooks)
{
	struct fleet *fleet = calloc(1, sizeof(*fleet));
	if (!fleet)
		abort();
	fleet->loop = loop;
	fleet->turn = turn;
	fleet->hooks = *hooks;
	turn_add_outlet(turn, flush_all, fleet);
	return fleet;
}

void
fleet_doubt_all(struct fleet *fleet)
{
	fleet->doubt_all = true;
}

void
fleet_stop(struct fleet *fleet)
{
	for (struct slot *s = fleet->slots; s; s = s->next) {
		s->stopping = true;
		modem_stop(s->line.modem, loop_now_ms(fleet->loop));
	}
}

void
fleet_free(struct fleet *fleet)
{
	if (!fleet)
		return;
	while (fleet->slots) {
		struct slot *slot = fleet->slots;
		fleet->slots = slot->next;
		free_slot(slot);
	}
	free(fleet);
}

const struct profiles *
fleet_profiles(const struct fleet *fleet)
{
	return fleet->profiles;
}

size_t
fleet_count(const struct fleet *fleet)
{
	size_t n = 0;
	for (struct slot *s = fleet->slots; s; s = s->next)
		n++;
	return n;
}

struct line *
fleet_at(const struct fleet *fleet, size_t i)
{
	struct slot *s = fleet->slots;
	while (s && i-- > 0)
		s = s->next;
	return s ? &s->line : NULL;
}

struct line *
fleet_find(const struct fleet *fleet, const char *name)
{
	for (struct slot *s = fleet->slots; s; s = s->next)
		if (strcmp(s->line.config.name, name) == 0)
			return &s->line;
	return NULL;
}
