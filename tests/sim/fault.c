/*
 * fault: the names that configurations, orders and the truth use.
 * Must never change a name: scenarios are written in them.
 */
#include "tests/sim/fault.h"

#include <stddef.h>
#include <string.h>

static const char *const fault_names[DEVICE_FAULTS] = {
	[DEVICE_CME_LOCAL] = "cme_local",
	[DEVICE_LOSE_REQUEST] = "lose_request",
	[DEVICE_NEVER] = "never",
	[DEVICE_BUSY] = "busy",
	[DEVICE_LOSE_REPLY] = "lose_reply",
	[DEVICE_SILENT] = "silent",
	[DEVICE_REBOOT] = "reboot",
	[DEVICE_HANG] = "hang",
	[DEVICE_VANISH] = "vanish",
	[DEVICE_REPLUG] = "replug",
	[DEVICE_CME] = "cme",
	[DEVICE_DROPPED] = "dropped",
	[DEVICE_UNSUPPORTED] = "unsupported",
	[DEVICE_TIMEOUT] = "timeout",
	[DEVICE_LATE] = "late",
	[DEVICE_TWICE] = "twice",
	[DEVICE_GARBLE] = "garble",
	[DEVICE_ENDED] = "ended",
	[DEVICE_OPEN] = "open",
	[DEVICE_STALE] = "stale",
	[DEVICE_RELEASE] = "release",
	[DEVICE_QUOTES] = "quotes",
	[DEVICE_LINES] = "lines",
	[DEVICE_UNTERMINATED] = "unterminated",
	[DEVICE_SPLICE] = "splice",
	[DEVICE_GLUED] = "glued",
	[DEVICE_NO_OK] = "no_ok",
	[DEVICE_NO_DCS] = "no_dcs",
	[DEVICE_ODD_DCS] = "odd_dcs",
	[DEVICE_NO_QUOTES] = "no_quotes",
	[DEVICE_DCS17] = "dcs17",
	[DEVICE_DCS17_LANG] = "dcs17_lang",
	[DEVICE_LONG] = "long",
	[DEVICE_RAW_PACKED] = "raw_packed",
	[DEVICE_NULS] = "nuls",
	[DEVICE_PAD_AT] = "pad_at",
	[DEVICE_PAD_CR] = "pad_cr",
};

const char *
device_fault_name(enum device_fault fault)
{
	return (unsigned)fault < DEVICE_FAULTS ? fault_names[fault] : NULL;
}

enum device_fault
device_fault_by_name(const char *name)
{
	int i = 0;
	while (i < DEVICE_FAULTS && strcmp(fault_names[i], name) != 0)
		i++;
	return (enum device_fault)i;
}
