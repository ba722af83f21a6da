/*
 * device_at: the commands that are not USSD: identity, SIM, registration,
 * settings. Must never answer what the real family would not.
 */
#include "tests/sim/device_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/gsm.h"

enum { STRING_MAX = 256 };

void
at_string(const struct device *device, const char *utf8, char *out, size_t cap)
{
	if (device->charset != CHARSET_UCS2 ||
		device->dialect->takes == TAKES_PACKED ||
		gsm_ucs2_hex(utf8, out, cap) < 0)
		(void)snprintf(out, cap, "%s", utf8);
}

static const char *
manufacturer(const struct device *device)
{
	return device->options.manufacturer[0] != '\0'
	               ? device->options.manufacturer
	               : device->dialect->manufacturer;
}

static const char *
model(const struct device *device)
{
	return device->options.model[0] != '\0' ? device->options.model
	                                        : device->dialect->model;
}

/* One of its names, as the family prints them. */
static int
say_name(struct device *device, int64_t now_ms, const char *command,
	const char *text)
{
	switch (device->dialect->names) {
	case NAMES_PLAIN:
		line_say(device, now_ms, "%s", text);
		break;
	case NAMES_PREFIXED:
		line_say(device, now_ms, "%s: %s", command, text);
		break;
	case NAMES_QUOTED:
		line_say(device, now_ms, "%s: \"%s\"", command, text);
		break;
	}
	return AT_OK;
}

static int
run_cgmi(struct device *device, int64_t now_ms, const char *args)
{
	if (args[0] == '\0')
		return say_name(device, now_ms, "+CGMI", manufacturer(device));
	return strcmp(args, "=?") == 0 ? AT_OK : AT_ERROR;
}

static int
run_cgmm(struct device *device, int64_t now_ms, const char *args)
{
	if (args[0] == '\0')
		return say_name(device, now_ms, "+CGMM", model(device));
	return strcmp(args, "=?") == 0 ? AT_OK : AT_ERROR;
}

static int
run_cgsn(struct device *device, int64_t now_ms, const char *args)
{
	if (args[0] == '\0')
		return say_name(device, now_ms, "+CGSN", device->options.imei);
	return strcmp(args, "=?") == 0 ? AT_OK : AT_ERROR;
}

static int
run_cmee(struct device *device, int64_t now_ms, const char *args)
{
	if (strcmp(args, "?") == 0)
		line_say(device, now_ms, "+CMEE: %d", device->cmee);
	else if (strcmp(args, "=?") == 0)
		line_say(device, now_ms, "+CMEE: (0-2)");
	else if (args[0] != '=' || args[1] < '0' || args[1] > '2')
		return AT_ERROR;
	else
		device->cmee = args[1] - '0';
	return AT_OK;
}

static bool
has_charset(const struct device *device, int charset)
{
	unsigned charsets = device->dialect->charsets;
	return charsets == 0 || (charsets & 1U << charset) != 0;
}

static void
test_cscs(struct device *device, int64_t now_ms)
{
	static const char *const names[] = {"GSM", "IRA", "UCS2", "HEX"};
	char list[64] = "";
	for (int i = 0; i < 4; i++) {
		size_t len = strlen(list);
		if (has_charset(device, i))
			(void)snprintf(list + len, sizeof list - len,
				"%s\"%s\"", len > 0 ? "," : "", names[i]);
	}
	line_say(device, now_ms, "+CSCS: (%s)", list);
}

static int
run_cscs(struct device *device, int64_t now_ms, const char *args)
{
	static const char *const names[] = {"GSM", "IRA", "UCS2", "HEX"};
	char name[8] = "";
	char text[STRING_MAX];
	if (strcmp(args, "=?") == 0) {
		test_cscs(device, now_ms);
		return AT_OK;
	}
	if (strcmp(args, "?") == 0) {
		at_string(device, names[device->charset], text, sizeof text);
		line_say(device, now_ms, "+CSCS: \"%s\"", text);
		return AT_OK;
	}
	(void)sscanf(args, "=\"%7[A-Za-z0-9]", name);
	/* In UCS2 the name may come in UCS2 as well. */
	if (name[0] == '\0' || charset_by_name(name) < 0) {
		char hex[40] = "";
		(void)sscanf(args, "=\"%39[0-9A-Fa-f]", hex);
		if (gsm_from_ucs2_hex(hex, name, sizeof name) < 0 ||
			charset_by_name(name) < 0)
			return CME_NOT_ALLOWED;
	}
	if (!has_charset(device, charset_by_name(name)))
		return CME_NOT_ALLOWED;
	device->charset = (enum charset)charset_by_name(name);
	return AT_OK;
}

/* AT^CURC=0 stops most of what the family says by itself. */
static int
run_curc(struct device *device, int64_t now_ms, const char *args)
{
	if (strcmp(args, "?") == 0)
		line_say(device, now_ms, "^CURC: %d,,", !device->silenced);
	else if (args[0] == '=')
		device->silenced = args[1] == '0';
	return AT_OK;
}

static int
run_at(struct device *device, int64_t now_ms, const char *args)
{
	(void)device;
	(void)now_ms;
	(void)args;
	return AT_OK;
}

static const struct {
	const char *name;
	unsigned families;
	at_run *run;
} commands[] = {
	{"+CUSD", ALL, ussd_command},
	{"+CGMI", ALL, run_cgmi},
	{"+GMI", ALL, run_cgmi},
	{"+CGMM", ALL, run_cgmm},
	{"+GMM", ALL, run_cgmm},
	{"+CGSN", ALL, run_cgsn},
	{"+GSN", ALL, run_cgsn},
	{"+CIMI", ALL, sim_cimi},
	{"+CNUM", ALL, sim_cnum},
	{"+CRSM", ALL, sim_crsm},
	{"+CPIN", ALL, sim_cpin},
	{"+CLCK", ALL, sim_clck},
	{"+CPBS", ALL, sim_book},
	{"+CREG", ALL, radio_creg},
	{"+COPS", ALL, radio_cops},
	{"+CSQ", ALL, radio_csq},
	{"+CCLK", ALL, radio_cclk},
	{"+CTZR", ALL, radio_ctzr},
	{"+CMEE", ALL, run_cmee},
	{"+CSCS", ALL, run_cscs},
	{"+CFUN", ALL, radio_cfun},
	{"^CURC", CARETS, run_curc},
	{"^USSDMODE", CARETS, ussd_mode_command},
	{"^SYSINFO", CARETS, run_at},
	{"+QURCCFG", QUECTEL, port_urc_command},
	{"+CLTS", SIMCOM, run_at},
	{"+QLTS", QUECTEL, radio_qlts},
};

static bool
is_named(const char *name, const char *wanted)
{
	return wanted != NULL && strcasecmp(name, wanted) == 0;
}

/* The commands whose names the family has for itself. */
static at_run *
own_command(const struct dialect *dialect, const char *name)
{
	if (is_named(name, dialect->iccid_command))
		return sim_iccid;
	if (is_named(name, dialect->tries_command))
		return sim_tries;
	if (is_named(name, dialect->mode_command))
		return radio_mode;
	if (dialect->csim && is_named(name, "+CSIM"))
		return sim_csim;
	return dialect->lte && is_named(name, "+CEREG") ? radio_cereg : NULL;
}

/* Settings that are believed without an effect here. */
static const char *const accepted[] = {"+CRC", "+CLIP", "+CVHU", "+IFC", "+IPR",
	"+CGREG", "+CEREG", "+CMER", "+CSDH", "+CTZU", "+COLP", NULL};

static int
run_extended(struct device *device, int64_t now_ms, const char *name,
	const char *args)
{
	const struct dialect *dialect = device->dialect;
	at_run *own = own_command(dialect, name);
	if (is_named(name, dialect->quiet_command))
		device->silenced = true;
	if (own != NULL)
		return own(device, now_ms, args);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if ((commands[i].families & dialect->family) != 0 &&
			strcasecmp(commands[i].name, name) == 0)
			return commands[i].run(device, now_ms, args);
	int result = mail_command(device, now_ms, name, args);
	if (result != AT_UNKNOWN)
		return result;
	for (const char *const *p = accepted; *p != NULL; p++)
		if (strcasecmp(*p, name) == 0)
			return AT_OK;
	return AT_UNKNOWN;
}

/* One extended command; *at goes behind it and its semicolon. */
static int
next_extended(struct device *device, int64_t now_ms, const char **at)
{
	char name[STRING_MAX];
	char args[DEVICE_LINE_MAX];
	size_t len = 1 + strcspn(*at + 1, "=?;");
	(void)snprintf(name, sizeof name, "%.*s", (int)len, *at);
	const char *p = *at + len;
	const char *end = p;
	bool quoted = false;
	while (*end != '\0' && (quoted || *end != ';')) {
		quoted ^= *end == '"';
		end++;
	}
	(void)snprintf(args, sizeof args, "%.*s", (int)(end - p), p);
	*at = *end == ';' ? end + 1 : end;
	if (strcasecmp(name, device->options.only_ok_to) == 0)
		return AT_OK;
	int result = run_extended(device, now_ms, name, args);
	return strcasecmp(name, device->options.no_ok_to) == 0 &&
	                       result == AT_OK
	               ? AT_SILENT
	               : result;
}

static void
say_ati(struct device *device, int64_t now_ms)
{
	for (const char *const *p = dialect_list(device->dialect->ati);
		*p != NULL; p++) {
		char line[STRING_MAX];
		size_t before = strcspn(*p, "%");
		const char *value = (*p)[before] == '\0' ? ""
		                    : (*p)[before + 1] == 'm'
		                            ? model(device)
		                            : device->options.imei;
		(void)snprintf(
			line, sizeof line, "%.*s%s", (int)before, *p, value);
		if (p == dialect_list(device->dialect->ati))
			line_say(device, now_ms, "%s", line);
		else
			line_more(device, now_ms, line);
	}
}

/* ATZ and AT&F: what was set over the line, but not the radio or the SIM. */
static void
reset_settings(struct device *device)
{
	int charset = charset_by_name(device->dialect->charset);
	device->at->echo = true;
	device->cmee = device->creg = device->cereg = 0;
	device->cusd = device->cops_format = 0;
	device->charset = (enum charset)charset;
}

/* A basic command of V.250: a letter (after & perhaps) and a number. */
static int
next_basic(struct device *device, int64_t now_ms, const char **at)
{
	bool ampersand = **at == '&';
	const char *p = *at + ampersand;
	char letter = *p == '\0' ? '\0' : *p++;
	char *end;
	long value = strtol(p, &end, 10);
	*at = end;
	if (letter >= 'a' && letter <= 'z')
		letter = (char)(letter - 'a' + 'A');
	if (ampersand && letter == 'F')
		reset_settings(device);
	if (ampersand)
		return strchr("FCDKWSV", letter) != NULL ? AT_OK : AT_ERROR;
	if (letter == 'E' && value == 0 && device->ate0_refused > 0) {
		device->ate0_refused--;
		return AT_ERROR;
	}
	if (letter == 'E')
		device->at->echo = value != 0;
	else if (letter == 'Z')
		reset_settings(device);
	else if (letter == 'I')
		say_ati(device, now_ms);
	else if (letter == 'D')
		line_say(device, now_ms, "NO CARRIER");
	else if (letter == 'S')
		*at += strcspn(end, ";");
	else if (letter == '\0' || strchr("HQVXLM", letter) == NULL)
		return AT_ERROR;
	return letter == 'D' ? AT_SILENT : AT_OK;
}

void
at_run_line(struct device *device, int64_t now_ms, const char *line)
{
	/* V.250 5.2.1: what stands before "AT" is not heard. */
	const char *at = strcasestr(line, "AT");
	if (at == NULL)
		return;
	at += 2;
	int result = AT_OK;
	const char *reset = device->dialect->reset_command;
	if (reset != NULL && strcasecmp(at - 2, reset) == 0) {
		result = radio_cfun(device, now_ms, "=1,1");
		at += strlen(at);
	}
	while (*at != '\0' && result == AT_OK) {
		if (*at == ' ' || *at == ';')
			at++;
		else if (strchr("+^*#$%!_", *at) != NULL)
			result = next_extended(device, now_ms, &at);
		else
			result = next_basic(device, now_ms, &at);
	}
	if (result != AT_SILENT)
		line_result(device, now_ms, result);
}
