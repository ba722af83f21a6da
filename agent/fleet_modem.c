/*
 * fleet_modem: drives one modem of the fleet: its deadlines, its descriptor,
 * what it tells. Nothing is written to it here: that is the turn's outlet.
 */
#include "agent/fleet_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "agent/loop.h"
#include "agent/turn.h"
#include "modem/port.h"

void
fleet_rearm(struct slot *slot)
{
	loop_timer_at(slot->timer, modem_wake_at(slot->line.modem));
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

/* A dead modem is opened again each few minutes, for months: each word of
 * its way round is told once until it is ready again. */
static bool
is_told(struct slot *slot, const struct modem_info *info)
{
	if (info->state == MODEM_READY)
		slot->down_count = 0;
	for (size_t i = 0; i < slot->down_count && i < DOWN_MAX; i++)
		if (slot->down[i].state == info->state &&
			strcmp(slot->down[i].why, info->why) == 0)
			return true;
	if (info->state == MODEM_READY)
		return false;
	struct slot_down *down = &slot->down[slot->down_count++ % DOWN_MAX];
	down->state = info->state;
	fleet_copy(down->why, sizeof(down->why), info->why);
	return false;
}

static void
tell_state(struct slot *slot)
{
	const struct modem_info *info = modem_info(slot->line.modem);
	const char *event = event_of(info->state);
	if (info->state != MODEM_READY && info->why && info->why[0] != '\0')
		line_why(&slot->line, slot->line.last_error,
			sizeof(slot->line.last_error));
	if (!event || info->state == slot->told)
		return;
	/* Cured; but what a line rests for has its end by the clock. */
	if (info->state == MODEM_READY &&
		slot->line.rest_until_ms <= loop_now_ms(slot->fleet->loop))
		slot->line.last_error[0] = '\0';
	slot->told = info->state;
	if (is_told(slot, info))
		return;
	struct ledger_op op = turn_op(slot->fleet->turn, LEDGER_EVENT);
	fleet_copy(op.u.event.event, sizeof(op.u.event.event), event);
	fleet_copy(op.u.event.modem, sizeof(op.u.event.modem),
		slot->line.config.name);
	if (info->state == MODEM_READY)
		(void)snprintf(op.u.event.note, sizeof(op.u.event.note),
			"dialect=%s iccid=%s network=%s signal=%d",
			info->dialect, line_iccid(&slot->line), info->network,
			info->signal_dbm);
	else
		fleet_copy(op.u.event.note, sizeof(op.u.event.note), info->why);
	turn_must(slot->fleet->turn, &op);
}

static bool
tells_ussd(const struct modem_info *info)
{
	return info->state == MODEM_READY || info->state == MODEM_BUSY;
}

/* Texts only, or USSD again: cards that wait for it may go. */
static void
tell_ussd(struct slot *slot)
{
	const struct modem_info *info = modem_info(slot->line.modem);
	bool lacks = info->ussd_unavailable[0] != '\0';
	if (!tells_ussd(info) || lacks == slot->lacks_ussd)
		return;
	slot->lacks_ussd = lacks;
	struct ledger_op op = turn_op(slot->fleet->turn, LEDGER_EVENT);
	fleet_copy(op.u.event.event, sizeof(op.u.event.event),
		lacks ? "modem.ussd_unavailable" : "modem.ussd_available");
	fleet_copy(op.u.event.modem, sizeof(op.u.event.modem),
		slot->line.config.name);
	fleet_copy(op.u.event.note, sizeof(op.u.event.note),
		info->ussd_unavailable);
	turn_must(slot->fleet->turn, &op);
}

static void
on_timer(void *ctx)
{
	struct slot *slot = ctx;
	modem_tick(slot->line.modem, loop_now_ms(slot->fleet->loop));
	/* To the driver a port that was never there is no change. */
	tell_state(slot);
	fleet_rearm(slot);
}

static void
on_poll(void *ctx, bool readable, bool writable)
{
	struct slot *slot = ctx;
	(void)readable; /* the modem finds out which it is */
	(void)writable;
	modem_on_ready(slot->line.modem, loop_now_ms(slot->fleet->loop));
	fleet_rearm(slot);
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

void
fleet_let_go(struct slot *slot)
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
	if (modem_info(slot->line.modem)->state == MODEM_READY) {
		fleet_note_sim(slot);
		fleet_port_note(slot);
		fleet_note_unlocked(slot);
	}
	tell_state(slot);
	tell_ussd(slot);
	fleet->hooks.on_change(fleet->hooks.ctx, &slot->line);
}

struct modem *
fleet_make_modem(struct slot *slot)
{
	const struct config_modem *config = &slot->line.config;
	char why[128];
	slot->timer = loop_timer_new(slot->fleet->loop, on_timer, slot);
	struct port_options where = {.where = config->port,
		.baud = config->baud,
		.place = fleet_port_place(slot, port_imei(config->port)),
		.is_taken = fleet_port_is_taken,
		.ctx = slot};
	struct port *port = port_new(&where, why, sizeof(why));
	if (!port) {
		log_line(LOG_AT_ERROR, "fleet port modem=%s why=\"%s\"",
			config->name, why);
		return NULL;
	}
	struct modem_options options = {.name = config->name,
		.dialect = config->dialect,
		.roaming = config->roaming,
		.imei = port_imei(config->port)};
	struct modem_hooks hooks = {.ctx = slot,
		.on_fd = on_fd,
		.on_state = on_state,
		.on_push = on_push,
		.on_sms = slot->fleet->hooks.on_sms ? on_sms : NULL,
		.on_sim_pin = fleet_on_sim_pin,
		.on_imei = fleet_port_place,
		.on_spoke = fleet_port_on_spoke,
		.on_rung = fleet_on_rung,
		.on_power = config->power_command ? fleet_on_power : NULL,
		.on_trace = on_trace};
	struct modem *modem = modem_new(&options, port, &hooks);
	if (!modem) {
		log_line(LOG_AT_ERROR, "fleet dialect modem=%s dialect=%s",
			config->name, config->dialect);
		port->ops->free(port);
	}
	return modem;
}

int
fleet_record(struct line *line, fleet_record_fn *fn, void *ctx)
{
	struct slot *slot = (struct slot *)line; /* a line is its slot */
	if (slot->on_record)
		return -EBUSY;
	slot->on_record = fn;
	slot->record_ctx = ctx;
	modem_record(line->modem, fn, ctx);
	return 0;
}

void
fleet_deafen(struct fleet *fleet, const void *ctx)
{
	for (struct slot *s = fleet->slots; s; s = s->next) {
		if (!s->on_record || s->record_ctx != ctx)
			continue;
		s->on_record = NULL;
		modem_record(s->line.modem, NULL, NULL);
	}
}
