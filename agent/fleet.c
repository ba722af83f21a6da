/*
 * fleet: the set of modems, made from the configuration. Their bytes leave
 * only as an outlet of the turn. It must never end a line at work, nor forget
 * that one may still be answered.
 */
#include "agent/fleet_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/loop.h"
#include "agent/turn.h"

/* The outlet: what waits for the commit may leave now. */
static void
flush_all(void *ctx)
{
	struct fleet *fleet = ctx;
	for (struct slot *s = fleet->slots; s; s = s->next) {
		fleet_let_go(s);
		modem_flush(s->line.modem, loop_now_ms(fleet->loop));
		fleet_switch_power(s);
		fleet_rearm(s);
	}
}

static void
free_config(struct config_modem *config)
{
	free(config->port);
	free(config->identity);
	free(config->sim_pin_file);
	free(config->power_command);
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
	mine.power_command = own(config->power_command);
	return mine;
}

static void
free_slot(struct slot *slot)
{
	if (slot->on_record)
		slot->on_record(slot->record_ctx, false, span_str(""));
	if (slot->line.modem)
		modem_free(slot->line.modem);
	if (slot->poll)
		loop_poll_free(slot->poll);
	loop_child_forget(slot->power);
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
	fleet_copy(
		slot->line.doubt_why, sizeof(slot->line.doubt_why), doubt->why);
	slot->line.config = copy_config(config);
	slot->line.modem = fleet_make_modem(slot);
	if (!slot->line.modem) {
		free_slot(slot);
		return;
	}
	struct slot **end = &fleet->slots;
	while (*end)
		end = &(*end)->next;
	*end = slot;
	fleet_choose_profile(slot);
	modem_start(slot->line.modem, loop_now_ms(fleet->loop));
	fleet_rearm(slot);
}

static bool
same_device(const struct config_modem *a, const struct config_modem *b)
{
	return strcmp(a->port, b->port) == 0 && a->baud == b->baud &&
	       strcmp(a->dialect, b->dialect) == 0 &&
	       a->roaming == b->roaming &&
	       (a->power_command != NULL) == (b->power_command != NULL);
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
		fleet_note_sim(slot);
	else
		fleet_choose_profile(slot);
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

/* Its settings are put back first. Whether it has stopped. */
static bool
leave(struct slot *slot)
{
	if (!slot->stopping) {
		slot->stopping = true;
		modem_leave(slot->line.modem, loop_now_ms(slot->fleet->loop));
		fleet_rearm(slot);
	}
	return modem_is_stopped(slot->line.modem);
}

/* Frees a line that is out of the list, and starts the one that takes its
 * name: whoever may still answer the old one may answer the new one. */
static void
replace(struct slot *slot)
{
	struct fleet *fleet = slot->fleet;
	const struct config_modem *now = wanted(fleet->config, slot);
	struct doubt doubt = doubt_of(&slot->line);
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
		bool free = !slot->line.busy || slot->stopping;
		if (slot->line.draining && free)
			slot->line.busy = true; /* nobody finds it free */
		if (!slot->line.draining || !free || !leave(slot)) {
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
fleet_leave(struct fleet *fleet)
{
	for (struct slot *s = fleet->slots; s; s = s->next)
		(void)leave(s);
}

bool
fleet_is_stopped(const struct fleet *fleet)
{
	for (struct slot *s = fleet->slots; s; s = s->next)
		if (!modem_is_stopped(s->line.modem))
			return false;
	return true;
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
