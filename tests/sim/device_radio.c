/*
 * device_radio: registration, operator, signal, the radio's switch and the
 * network's time. Must never say that it is registered where it is not.
 */
#include "tests/sim/device_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STRING_MAX = 256, RESET_MS = 50, LTE = 7, UTRAN = 2 };

/* 27.007 7.2: <stat>; 2 is "searching", 6 and 7 are "SMS only". */
int
at_registration(const struct device *device, int64_t now_ms)
{
	int stat = device->options.registration;
	if (device->cfun != 1)
		return 0;
	if (at_sim_error(device, now_ms) > CME_SIM_BUSY ||
		strcmp(at_pin_state(device), "READY") != 0)
		return 0;
	if (now_ms < device->registered_at_ms)
		return 2;
	if (device->forced_down && (stat == 6 || stat == 7))
		return stat == 6 ? 1 : 5;
	return stat;
}

bool
radio_lacks_ussd(const struct device *device, int64_t now_ms)
{
	int stat = at_registration(device, now_ms);
	return stat == 6 || stat == 7 ||
	       (device->options.lte_only && !device->forced_down);
}

/* 27.007 7.2: <AcT> */
static int
access_technology(const struct device *device, int64_t now_ms)
{
	if (radio_lacks_ussd(device, now_ms))
		return LTE;
	return device->options.act < 0 || device->forced_down
	               ? UTRAN
	               : device->options.act;
}

static bool
is_registered(int stat)
{
	return stat == 1 || stat >= 5;
}

int
radio_creg(struct device *device, int64_t now_ms, const char *args)
{
	int stat = at_registration(device, now_ms);
	int act = access_technology(device, now_ms);
	char last[8] = "";
	if (act == LTE || device->options.act >= 0)
		(void)snprintf(last, sizeof last, ",%d", act);
	if (strcmp(args, "=?") == 0)
		line_say(device, now_ms, "+CREG: (0-2)");
	else if (args[0] == '=')
		device->creg = args[1] == '0' ? 0 : args[1] == '2' ? 2 : 1;
	else if (device->creg == 2 && is_registered(stat))
		line_say(device, now_ms, "+CREG: 2,%d,\"00C3\",\"01F4\"%s",
			stat, last);
	else
		line_say(device, now_ms, "+CREG: %d,%d", device->creg, stat);
	device->told_registration = stat;
	return AT_OK;
}

/* 27.007 10.1.22: registered for packets in E-UTRAN, where it is there. */
int
radio_cereg(struct device *device, int64_t now_ms, const char *args)
{
	int stat = at_registration(device, now_ms);
	bool there = access_technology(device, now_ms) == LTE;
	if (is_registered(stat))
		stat = !there ? 0 : stat == 5 || stat == 7 ? 5 : 1;
	if (strcmp(args, "=?") == 0)
		line_say(device, now_ms, "+CEREG: (0-2)");
	else if (args[0] == '=')
		device->cereg = args[1] == '0' ? 0 : args[1] == '2' ? 2 : 1;
	else if (device->cereg == 2 && is_registered(stat))
		line_say(device, now_ms, "+CEREG: 2,%d,\"00C3\",\"01F4\",%d",
			stat, LTE);
	else
		line_say(device, now_ms, "+CEREG: %d,%d", device->cereg, stat);
	return AT_OK;
}

/* Told to leave LTE alone, or no more; it registers anew. */
static void
force_down(struct device *device, int64_t now_ms, bool down)
{
	if (device->forced_down == down)
		return;
	device->forced_down = down;
	device->registered_at_ms = now_ms + device->options.register_ms;
	device_tell_registration(device, now_ms);
}

/* AT+WS46=22 and its like. */
int
radio_mode(struct device *device, int64_t now_ms, const char *args)
{
	const char *const *down = dialect_list(device->dialect->mode_down);
	bool is_down = false;
	if (args[0] != '=' || args[1] == '?')
		return AT_OK;
	for (; *down != NULL; down++)
		is_down |= strncasecmp(args, *down, strlen(*down)) == 0;
	force_down(device, now_ms, is_down);
	return AT_OK;
}

int
radio_cops(struct device *device, int64_t now_ms, const char *args)
{
	int stat = at_registration(device, now_ms);
	char name[STRING_MAX];
	char code[8];
	if (strcmp(args, "=?") == 0)
		return CME_NOT_ALLOWED;
	if (strncmp(args, "=3,", 3) == 0)
		device->cops_format = args[3] == '2' ? 2 : 0;
	if (strncmp(args, "=0,,,", 5) == 0)
		force_down(device, now_ms, args[5] != '7');
	if (args[0] == '=')
		return AT_OK;
	(void)snprintf(code, sizeof code, "%.5s", device->sim.imsi);
	at_string(device,
		device->cops_format == 2 ? code : device->options.operator_name,
		name, sizeof name);
	if (is_registered(stat))
		line_say(device, now_ms, "+COPS: 0,%d,\"%s\",%d",
			device->cops_format, name,
			access_technology(device, now_ms));
	else
		line_say(device, now_ms, "+COPS: 0");
	return AT_OK;
}

int
radio_csq(struct device *device, int64_t now_ms, const char *args)
{
	(void)args;
	line_say(device, now_ms, "+CSQ: %d,99",
		device->cfun == 1 ? device->options.signal : 99);
	return AT_OK;
}

int
radio_cfun(struct device *device, int64_t now_ms, const char *args)
{
	if (strcmp(args, "?") == 0) {
		line_say(device, now_ms, "+CFUN: %d", device->cfun);
		return AT_OK;
	}
	const char *levels = device->dialect->cfun_levels != NULL
	                             ? device->dialect->cfun_levels
	                             : "014";
	if (strlen(args) < 2 || strchr(levels, args[1]) == NULL ||
		(args[2] != '\0' && args[2] != ','))
		return CME_NOT_ALLOWED;
	int level = args[1] - '0';
	if (strcmp(args + 2, ",1") == 0) {
		device->plan = (struct device_strike){.fault = DEVICE_REBOOT};
		device->plan_at_ms = now_ms + RESET_MS;
		return AT_OK;
	}
	if (level != 1 && device->options.radio_stuck)
		return CME_NOT_ALLOWED;
	if (level == 1 && device->cfun != 1)
		device->registered_at_ms = now_ms + device->options.register_ms;
	if (level != 1)
		device_detach(device, now_ms);
	device->cfun = level;
	device_tell_registration(device, now_ms);
	return AT_OK;
}

/* ---- time -------------------------------------------------------------- */

/* What the network says of the time, in that many quarters east of UTC. */
static void
network_time(const struct device *device, int64_t now_ms, int quarters,
	struct tm *out)
{
	const struct device_options *options = &device->options;
	int64_t at_ms = options->mail.wall_ms + now_ms;
	if (options->clock == DEVICE_CLOCK_WRONG)
		at_ms += options->clock_shift_ms;
	time_t seconds = (time_t)(at_ms / 1000 + quarters * INT64_C(900));
	(void)gmtime_r(&seconds, out);
}

int
radio_cclk(struct device *device, int64_t now_ms, const char *args)
{
	int quarters = device->options.zone_quarters;
	struct tm tm;
	char text[64];
	if (args[0] != '?')
		return AT_OK;
	if (device->options.clock == DEVICE_CLOCK_ABSENT) {
		line_say(device, now_ms, "+CCLK: \"%s\"",
			device->dialect->cold_clock);
		return AT_OK;
	}
	network_time(device, now_ms, quarters, &tm);
	(void)strftime(text, sizeof text, "%y/%m/%d,%H:%M:%S", &tm);
	line_say(device, now_ms, "+CCLK: \"%s%+03d\"", text, quarters);
	return AT_OK;
}

/* 0: as the network said it; 1: in UTC; 2: local. Only what it said. */
int
radio_qlts(struct device *device, int64_t now_ms, const char *args)
{
	int quarters = device->options.zone_quarters;
	struct tm tm;
	char text[64];
	if (strcmp(args, "=?") == 0) {
		line_say(device, now_ms, "+QLTS: (0-2)");
		return AT_OK;
	}
	if (!device->nitz_told ||
		device->options.clock == DEVICE_CLOCK_ABSENT) {
		line_say(device, now_ms, "+QLTS: \"\"");
		return AT_OK;
	}
	network_time(
		device, now_ms, strcmp(args, "=2") == 0 ? quarters : 0, &tm);
	(void)strftime(text, sizeof text, "%Y/%m/%d,%H:%M:%S", &tm);
	line_say(device, now_ms, "+QLTS: \"%s%+03d,0\"", text, quarters);
	return AT_OK;
}

int
radio_ctzr(struct device *device, int64_t now_ms, const char *args)
{
	if (strcmp(args, "?") == 0)
		line_say(device, now_ms, "+CTZR: %d", device->ctzr);
	else if (strcmp(args, "=?") == 0)
		line_say(device, now_ms, "+CTZR: (0-2)");
	else if (args[0] != '=' || args[1] < '0' || args[1] > '2')
		return AT_ERROR;
	else
		device->ctzr = args[1] - '0';
	return AT_OK;
}

static void
say_own_time(struct device *device, int64_t now_ms, const struct tm *utc)
{
	int quarters = device->options.zone_quarters;
	char text[64];
	switch (device->dialect->nitz) {
	case NITZ_NONE:
		break;
	case NITZ_PSUTTZ:
		line_say(device, now_ms, "*PSUTTZ: %d,%d,%d,%d,%d,%d,\"%+d\",0",
			utc->tm_year + 1900, utc->tm_mon + 1, utc->tm_mday,
			utc->tm_hour, utc->tm_min, utc->tm_sec, quarters);
		line_say(device, now_ms, "DST: 0");
		break;
	case NITZ_NWTIME:
		(void)strftime(text, sizeof text, "%y/%m/%d,%H:%M:%S", utc);
		if (!device->silenced)
			line_say(device, now_ms, "^NWTIME: %s%+d,00", text,
				quarters);
		break;
	}
}

/* 27.007 8.41: +CTZV tells the zone, +CTZE the local time as well. */
void
radio_say_time(struct device *device, int64_t now_ms)
{
	int quarters = device->options.zone_quarters;
	struct tm utc;
	struct tm local;
	char text[64];
	device->nitz_told = true;
	if (!is_registered(at_registration(device, now_ms)) ||
		device->options.clock == DEVICE_CLOCK_ABSENT ||
		hang_is_mute(device))
		return;
	network_time(device, now_ms, 0, &utc);
	network_time(device, now_ms, quarters, &local);
	(void)strftime(text, sizeof text, "%Y/%m/%d,%H:%M:%S", &local);
	if (device->ctzr == 1)
		line_say(device, now_ms, "+CTZV: \"%+03d\"", quarters);
	else if (device->ctzr == 2)
		line_say(device, now_ms, "+CTZE: \"%+03d\",0,\"%s\"", quarters,
			text);
	else
		say_own_time(device, now_ms, &utc);
}
