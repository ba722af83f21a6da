/*
 * fleet_recover: what becomes known of a modem's recovery, and its power. It
 * must never switch the power of a modem on which something is under way, nor
 * before what led to it is on disk.
 */
#include <stdio.h>
#include <string.h>

#include "agent/fleet_private.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/turn.h"

/* Longer than a hub takes; shorter than the driver waits. */
enum { POWER_LIMIT_MS = 120000 };

static void
write_event(struct slot *slot, const char *event, const char *note)
{
	struct ledger_op op = turn_op(slot->fleet->turn, LEDGER_EVENT);
	fleet_copy(op.u.event.event, sizeof(op.u.event.event), event);
	fleet_copy(op.u.event.modem, sizeof(op.u.event.modem),
		slot->line.config.name);
	fleet_copy(op.u.event.note, sizeof(op.u.event.note), note);
	turn_must(slot->fleet->turn, &op);
}

/* A dead modem is opened again each few minutes: that is told once. */
static bool
is_news(struct slot *slot, const struct modem_rung *rung)
{
	bool reopen = strcmp(rung->name, "reopen") == 0 && !rung->cured;
	bool told = slot->told_reopen;
	slot->told_reopen = !rung->cured && (reopen || told);
	return !reopen || !told;
}

void
fleet_on_rung(void *ctx, const struct modem_rung *rung)
{
	struct slot *slot = ctx;
	char note[128];
	if (!is_news(slot, rung))
		return;
	if (rung->cured)
		(void)snprintf(note, sizeof(note), "rung=%s", rung->name);
	else
		(void)snprintf(note, sizeof(note), "rung=%s why=\"%s\" try=%u",
			rung->name, rung->why, rung->tries);
	write_event(
		slot, rung->cured ? "modem.recovered" : "modem.recovery", note);
}

/* ---- power_command ----------------------------------------------------- */

static void
on_ended(void *ctx, const struct loop_ended *ended)
{
	struct slot *slot = ctx;
	char note[256];
	slot->power = NULL;
	(void)snprintf(note, sizeof(note), "exit=%d signal=%d%s said=\"%s\"",
		ended->status, ended->signal, ended->late ? " late" : "",
		ended->said);
	log_line(ended->status == 0 && ended->signal == 0 ? LOG_AT_NOTICE
							  : LOG_AT_ERROR,
		"fleet power modem=%s %s", slot->line.config.name, note);
	write_event(slot, "modem.powered", note);
	modem_powered(slot->line.modem, loop_now_ms(slot->fleet->loop));
	fleet_rearm(slot);
}

void
fleet_on_power(void *ctx)
{
	struct slot *slot = ctx;
	slot->power_wanted = true; /* after the commit */
}

void
fleet_switch_power(struct slot *slot)
{
	struct loop_program program = {.path = slot->line.config.power_command,
		.argument = slot->line.config.name,
		.limit_ms = POWER_LIMIT_MS};
	bool wanted = slot->power_wanted;
	slot->power_wanted = false;
	if (!wanted || slot->power || slot->stopping)
		return;
	/* The driver has ended what it had: whoever still counts on it is
	 * about to hear of that. The next rung comes anyway. */
	if (slot->line.busy || !program.path) {
		modem_powered(slot->line.modem, loop_now_ms(slot->fleet->loop));
		return;
	}
	slot->power = loop_spawn(slot->fleet->loop, &program, on_ended, slot);
}

void
line_why(const struct line *line, char *out, size_t cap)
{
	const struct modem_info *info = modem_info(line->modem);
	bool rests = info->state == MODEM_RESTING && info->remedy[0] != '\0';
	(void)snprintf(out, cap, "%s%s%s", info->why, rests ? "; " : "",
		rests ? info->remedy : "");
}
