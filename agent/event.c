/*
 * event: which audit entries are events. Never more than somebody acts on,
 * or books: a program is run for each.
 */
#include "agent/event.h"

#include <string.h>

static const char *const names[] = {
	/* a voucher's end, */
	"voucher.loaded",
	"voucher.rejected",
	"voucher.cancelled",
	/* and what a person has to settle or release */
	"voucher.unknown",
	"voucher.held",
	/* a batch is done; or it was refused, stopped, acted on as a whole */
	"batch.finished",
	"batch.refused",
	"batch.stopped",
	"batch.held",
	"batch.cancelled",
	/* a modem is up, or down */
	"modem.ready",
	"modem.absent",
	"modem.resting",
	"modem.failed",
	/* what a SIM's operator, or its money, says */
	"sim.blocked",
	"sim.pin_refused",
	"sim.follow_up_failed",
	"sim.unexplained",
	/* alarms, and their ends */
	"alarm.idle",
	"alarm.idle_over",
	"alarm.unknown",
	"alarm.unknown_over",
	"alarm.modem",
	"alarm.modem_over",
	"alarm.balance",
	"alarm.balance_over",
	"alarm.locked_out",
	"alarm.locked_out_over",
};

bool
event_is_told(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

const char *
event_name(size_t i)
{
	return i < sizeof(names) / sizeof(names[0]) ? names[i] : NULL;
}
