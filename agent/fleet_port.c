/*
 * fleet_port: which ports are whose, and which spoke before: a search for one
 * modem must never open what another one of the configuration has, or is named
 * by.
 */
#include <limits.h>
#include <string.h>

#include "agent/fleet_private.h"
#include "agent/turn.h"

static const char usb_prefix[] = "usb:";
static const char imei_prefix[] = "imei:";

static bool
begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Whether it has a port of that device open now. */
static bool
has_open(const struct line *line, const struct port_spot *spot)
{
	const char *place = modem_info(line->modem)->place;
	size_t n = strlen(spot->device);

	return n > 0 && strncmp(place, spot->device, n) == 0 && place[n] == ':';
}

/* A path that the configuration names; its links may lead elsewhere now. */
static bool
is_named(const char *port, const struct port_spot *spot)
{
	char named[PATH_MAX], found[PATH_MAX];

	return port_identity(port, named, sizeof(named)) == 0 &&
	       port_identity(spot->path, found, sizeof(found)) == 0 &&
	       strcmp(named, found) == 0;
}

bool
fleet_port_is_taken(void *ctx, const struct port_spot *spot)
{
	const struct slot *slot = ctx;

	for (struct slot *s = slot->fleet->slots; s; s = s->next) {
		const char *port = s->line.config.port;

		if (s == slot || !s->line.modem)
			continue;
		if (begins(port, usb_prefix)) {
			if (strcmp(port + strlen(usb_prefix), spot->device) ==
				0)
				return true;
		} else if (begins(port, imei_prefix)) {
			if (has_open(&s->line, spot))
				return true;
		} else if (is_named(port, spot)) {
			return true;
		}
	}
	return false;
}

const char *
fleet_port_place(void *ctx, const char *imei)
{
	const struct slot *slot = ctx;
	static struct ledger_device device;

	if (imei[0] == '\0' || ledger_device(turn_ledger(slot->fleet->turn),
				       imei, &device) != 0)
		return "";
	return device.place;
}

void
fleet_port_on_spoke(void *ctx)
{
	struct slot *slot = ctx;
	const struct modem_info *info = modem_info(slot->line.modem);
	struct ledger_op op = turn_op(slot->fleet->turn, LEDGER_DEVICE_SEEN);
	struct ledger_device_seen *seen = &op.u.device_seen;

	if (info->imei[0] == '\0' || info->place[0] == '\0')
		return;
	fleet_copy(seen->imei, sizeof(seen->imei), info->imei);
	fleet_copy(seen->modem, sizeof(seen->modem), slot->line.config.name);
	fleet_copy(seen->place, sizeof(seen->place), info->place);
	turn_must(slot->fleet->turn, &op);
}

void
fleet_port_note(struct slot *slot)
{
	struct line *line = &slot->line;
	const char *place = modem_info(line->modem)->place;

	if (slot->place[0] != '\0' && strcmp(slot->place, place) != 0) {
		line->rest_until_ms = 0;
		line->balance_failures = 0;
	}
	fleet_copy(slot->place, sizeof(slot->place), place);
}
