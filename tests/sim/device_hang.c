/*
 * device_hang: what a modem that hangs still does, and what cures it.
 * Must never be cured by what its cure does not name, or a ladder of
 * recovery that skips a rung would not be seen.
 */
#include "tests/sim/device_inner.h"

#include <string.h>

bool
hang_is_mute(const struct device *device)
{
	return device->hung_until_ms != 0 &&
	       (device->hang_kind == DEVICE_HANG_SILENT ||
		       device->hang_kind == DEVICE_HANG_ECHO);
}

static bool
is_restart(const struct device *device, const char *line)
{
	const char *own = device->dialect->reset_command;
	return strcasecmp(line, "AT+CFUN=1,1") == 0 ||
	       (own != NULL && strcasecmp(line, own) == 0);
}

/* Whether this line is what the cure waits for. */
static bool
ends_by(struct device *device, const char *line)
{
	bool off = strcasecmp(line, "AT+CFUN=0") == 0 ||
	           strcasecmp(line, "AT+CFUN=4") == 0;
	switch (device->options.cure) {
	case DEVICE_BY_ESC:
		device->cure_count += strcasecmp(line, "AT") == 0;
		return device->cure_began && device->cure_count >= 3;
	case DEVICE_BY_RADIO:
		device->cure_began |= off;
		return device->cure_began &&
		       (strcasecmp(line, "AT+CFUN=1") == 0 ||
			       strcasecmp(line, "AT+CFUN=1,0") == 0);
	case DEVICE_BY_ATZ:
		return strcasecmp(line, "ATZ") == 0;
	case DEVICE_BY_TIME:
	case DEVICE_BY_CFUN:
	case DEVICE_BY_POWER:
	case DEVICE_BY_REOPEN:
		break;
	}
	return false;
}

static bool
restart_helps(const struct device *device)
{
	switch (device->options.cure) {
	case DEVICE_BY_ATZ:
	case DEVICE_BY_CFUN:
	case DEVICE_BY_ESC:
	case DEVICE_BY_RADIO:
		return true;
	case DEVICE_BY_TIME:
	case DEVICE_BY_POWER:
	case DEVICE_BY_REOPEN:
		break;
	}
	return false;
}

bool
hang_outlives_restart(const struct device *device)
{
	return device->hung_until_ms != 0 && !restart_helps(device);
}

bool
hang_takes_line(struct device *device, int64_t now_ms)
{
	const char *line = device->at->line;
	if (device->hung_until_ms == 0)
		return false;
	bool ended = ends_by(device, line);
	/* One that heard nothing has nothing left to set back by ATZ. */
	if ((is_restart(device, line) && restart_helps(device)) ||
		(ended && device->options.cure == DEVICE_BY_ATZ &&
			hang_is_mute(device))) {
		device_start(device, now_ms);
		return true;
	}
	if (ended) {
		device->hung_until_ms = 0;
		return false;
	}
	if (device->hang_kind == DEVICE_HANG_ERROR)
		line_result(device, now_ms, AT_ERROR);
	return device->hang_kind != DEVICE_HANG_USSD;
}

void
hang_takes_esc(struct device *device)
{
	if (device->options.cure != DEVICE_BY_ESC)
		return;
	device->cure_began = true;
	device->cure_count = 0;
}

void
device_closed(struct device *device, int64_t now_ms)
{
	device_tick(device, now_ms);
	if (device->there && device->options.cure == DEVICE_BY_REOPEN)
		device->hung_until_ms = 0;
}
