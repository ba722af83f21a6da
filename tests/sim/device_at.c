/*
 * device_at: the commands that are not USSD: identity, SIM, registration,
 * settings. Must never answer what the real family would not.
 */
#include "tests/sim/device_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/gsm.h"

enum { STRING_MAX = 256, RESET_MS = 50 };

const char *
at_pin_state(const struct device *device)
{
	const char *state = device->options.pin_state;
	if (strcmp(state, "SIM PIN") == 0 && device->unlocked)
		return "READY";
	return strcmp(state, "absent") == 0 ? "NOT INSERTED" : state;
}

int
at_sim_error(const struct device *device, int64_t now_ms)
{
	const char *state = at_pin_state(device);
	if (now_ms < device->awake_at_ms)
		return CME_SIM_BUSY;
	if (strcmp(state, "READY") == 0)
		return AT_OK;
	if (strcmp(state, "SIM PIN") == 0)
		return CME_SIM_PIN;
	return strcmp(state, "SIM PUK") == 0 ? CME_SIM_PUK : CME_NO_SIM;
}

/* 27.007 7.2: <stat>; 2 is "searching". */
int
at_registration(const struct device *device, int64_t now_ms)
{
	if (device->cfun != 1)
		return 0;
	if (at_sim_error(device, now_ms) > CME_SIM_BUSY ||
		strcmp(at_pin_state(device), "READY") != 0)
		return 0;
	if (now_ms < device->registered_at_ms)
		return 2;
	return device->options.registration;
}

void
at_string(const struct device *device, const char *utf8, char *out, size_t cap)
{
	if (device->charset != CHARSET_UCS2 || device->dialect->packed ||
		gsm_ucs2_hex(utf8, out, cap) < 0)
		(void)snprintf(out, cap, "%s", utf8);
}

typedef int at_run(struct device *device, int64_t now_ms, const char *args);

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

static int
run_cgmi(struct device *device, int64_t now_ms, const char *args)
{
	if (args[0] == '\0')
		line_say(device, now_ms, "%s", manufacturer(device));
	return args[0] == '\0' || strcmp(args, "=?") == 0 ? AT_OK : AT_ERROR;
}

static int
run_cgmm(struct device *device, int64_t now_ms, const char *args)
{
	if (args[0] == '\0')
		line_say(device, now_ms, "%s", model(device));
	return args[0] == '\0' || strcmp(args, "=?") == 0 ? AT_OK : AT_ERROR;
}

static int
run_cgsn(struct device *device, int64_t now_ms, const char *args)
{
	if (args[0] == '\0')
		line_say(device, now_ms, "%s", device->options.imei);
	return args[0] == '\0' || strcmp(args, "=?") == 0 ? AT_OK : AT_ERROR;
}

static int
run_cimi(struct device *device, int64_t now_ms, const char *args)
{
	int error = at_sim_error(device, now_ms);
	if (args[0] == '\0' && error == AT_OK)
		line_say(device, now_ms, "%s", device->sim.imsi);
	return args[0] == '=' ? AT_OK : error;
}

static int
run_cnum(struct device *device, int64_t now_ms, const char *args)
{
	int error = at_sim_error(device, now_ms);
	char number[STRING_MAX];
	(void)args;
	if (error != AT_OK)
		return error;
	at_string(device, device->sim.msisdn, number, sizeof number);
	if (number[0] != '\0')
		line_say(device, now_ms, "+CNUM: \"\",\"%s\",129", number);
	return AT_OK;
}

/* As the SIM stores it: padded with F, nibbles swapped (TS 51.011 10.1.1). */
static void
swap_nibbles(const char *digits, char *out, size_t cap)
{
	size_t len = strlen(digits);
	size_t n = 0;
	for (size_t i = 0; i < len && n + 3 < cap; i += 2) {
		out[n++] = i + 1 < len ? digits[i + 1] : 'F';
		out[n++] = digits[i];
	}
	out[n] = '\0';
}

static int
run_iccid(struct device *device, int64_t now_ms, const char *args)
{
	char digits[STRING_MAX];
	(void)args;
	if (strcmp(device->options.pin_state, "absent") == 0)
		return CME_NO_SIM;
	if (now_ms < device->awake_at_ms)
		return CME_SIM_BUSY;
	if (device->dialect->iccid_swapped)
		swap_nibbles(device->sim.iccid, digits, sizeof digits);
	else
		(void)snprintf(digits, sizeof digits, "%s", device->sim.iccid);
	/* The format is the dialect's and holds one %s. */
	const char *format = device->dialect->iccid_format;
	size_t before = strcspn(format, "%");
	line_say(device, now_ms, "%.*s%s%s", (int)before, format, digits,
		format + before + 2);
	return AT_OK;
}

/* Read the binary file 2FE2, EF(ICCID): what all modems can. */
static int
run_crsm(struct device *device, int64_t now_ms, const char *args)
{
	char digits[STRING_MAX];
	int error = at_sim_error(device, now_ms);
	if (error == CME_NO_SIM || error == CME_SIM_BUSY)
		return error;
	if (strncmp(args, "=176,12258", 10) != 0)
		return CME_NOT_ALLOWED;
	swap_nibbles(device->sim.iccid, digits, sizeof digits);
	line_say(device, now_ms, "+CRSM: 144,0,\"%s\"", digits);
	return AT_OK;
}

/* AT+CPIN="1234"; a wrong one costs a try, the last one the PIN. */
static int
enter_sim_pin(struct device *device, int64_t now_ms, const char *args)
{
	struct device_options *options = &device->options;
	char given[sizeof options->sim_pin] = "";
	if (strcmp(at_pin_state(device), "SIM PIN") != 0)
		return CME_NOT_ALLOWED;
	(void)sscanf(args, "=\"%11[0-9]\"", given);
	if (given[0] == '\0')
		(void)sscanf(args, "=%11[0-9]", given);
	if (strcmp(given, options->sim_pin) == 0) {
		options->sim_pin_tries = 3;
		device->unlocked = true;
		device->registered_at_ms = now_ms + options->register_ms;
		return AT_OK;
	}
	if (--options->sim_pin_tries <= 0)
		(void)snprintf(options->pin_state, sizeof options->pin_state,
			"SIM PUK");
	return CME_WRONG_PIN;
}

static int
run_cpin(struct device *device, int64_t now_ms, const char *args)
{
	int error = at_sim_error(device, now_ms);
	if (error == CME_NO_SIM || error == CME_SIM_BUSY)
		return error;
	if (args[0] == '=' && args[1] != '?')
		return enter_sim_pin(device, now_ms, args);
	if (args[0] == '?')
		line_say(device, now_ms, "+CPIN: %s", at_pin_state(device));
	return AT_OK;
}

static int
run_pin_tries(struct device *device, int64_t now_ms, const char *args)
{
	int tries = device->options.sim_pin_tries;
	const char *state = at_pin_state(device);
	(void)args;
	switch (device->dialect->family) {
	case HUAWEI:
		line_say(device, now_ms, "^CPIN: %s,%d,10,%d,10,3", state,
			tries, tries);
		break;
	case QUECTEL:
		line_say(device, now_ms, "+QPINC: \"SC\",%d,10", tries);
		break;
	case SIMCOM:
		line_say(device, now_ms, "+SPIC: %d,3,10,10", tries);
		break;
	case STANDARD:
	case ALL:
		line_say(device, now_ms, "+CPINR: SIM PIN, %d,3", tries);
		line_say(device, now_ms, "+CPINR: SIM PUK, 10,10");
		break;
	}
	return AT_OK;
}

static int
run_creg(struct device *device, int64_t now_ms, const char *args)
{
	int stat = at_registration(device, now_ms);
	if (strcmp(args, "=?") == 0)
		line_say(device, now_ms, "+CREG: (0-2)");
	else if (args[0] == '=')
		device->creg = args[1] == '0' ? 0 : args[1] == '2' ? 2 : 1;
	else if (device->creg == 2 && (stat == 1 || stat == 5))
		line_say(device, now_ms, "+CREG: 2,%d,\"00C3\",\"01F4\"%s",
			stat, device->options.lte_only ? ",7" : "");
	else
		line_say(device, now_ms, "+CREG: %d,%d", device->creg, stat);
	device->told_registration = stat;
	return AT_OK;
}

static int
run_cops(struct device *device, int64_t now_ms, const char *args)
{
	int stat = at_registration(device, now_ms);
	bool registered = stat == 1 || stat >= 5;
	char name[STRING_MAX];
	char code[8];
	if (strcmp(args, "=?") == 0)
		return CME_NOT_ALLOWED;
	if (strncmp(args, "=3,", 3) == 0)
		device->cops_format = args[3] == '2' ? 2 : 0;
	if (args[0] == '=')
		return AT_OK;
	(void)snprintf(code, sizeof code, "%.5s", device->sim.imsi);
	at_string(device,
		device->cops_format == 2 ? code : device->options.operator_name,
		name, sizeof name);
	if (registered)
		line_say(device, now_ms, "+COPS: 0,%d,\"%s\",%d",
			device->cops_format, name,
			device->options.lte_only ? 7 : 2);
	else
		line_say(device, now_ms, "+COPS: 0");
	return AT_OK;
}

static int
run_csq(struct device *device, int64_t now_ms, const char *args)
{
	(void)args;
	line_say(device, now_ms, "+CSQ: %d,99",
		device->cfun == 1 ? device->options.signal : 99);
	return AT_OK;
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

static int
run_cscs(struct device *device, int64_t now_ms, const char *args)
{
	static const char *const names[] = {"GSM", "IRA", "UCS2", "HEX"};
	char name[8] = "";
	char text[STRING_MAX];
	if (strcmp(args, "=?") == 0) {
		line_say(device, now_ms,
			"+CSCS: (\"GSM\",\"IRA\",\"UCS2\",\"HEX\")");
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
	device->charset = (enum charset)charset_by_name(name);
	return AT_OK;
}

static int
run_cfun(struct device *device, int64_t now_ms, const char *args)
{
	if (strcmp(args, "?") == 0) {
		line_say(device, now_ms, "+CFUN: %d", device->cfun);
		return AT_OK;
	}
	if (strlen(args) < 2 || strchr("014", args[1]) == NULL ||
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
	{"+CIMI", ALL, run_cimi},
	{"+CNUM", ALL, run_cnum},
	{"+CRSM", ALL, run_crsm},
	{"+CPIN", ALL, run_cpin},
	{"+CREG", ALL, run_creg},
	{"+COPS", ALL, run_cops},
	{"+CSQ", ALL, run_csq},
	{"+CMEE", ALL, run_cmee},
	{"+CSCS", ALL, run_cscs},
	{"+CFUN", ALL, run_cfun},
	{"+CPINR", STANDARD, run_pin_tries},
	{"^CPIN", HUAWEI, run_pin_tries},
	{"^CURC", HUAWEI, run_curc},
	{"^USSDMODE", HUAWEI, ussd_mode_command},
	{"^SYSINFO", HUAWEI, run_at},
	{"+QPINC", QUECTEL, run_pin_tries},
	{"+QURCCFG", QUECTEL, run_at},
	{"+QCFG", QUECTEL, run_at},
	{"+SPIC", SIMCOM, run_pin_tries},
};

static int
run_extended(struct device *device, int64_t now_ms, const char *name,
	const char *args)
{
	const struct dialect *dialect = device->dialect;
	if (strcasecmp(name, dialect->iccid_command) == 0)
		return run_iccid(device, now_ms, args);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if ((commands[i].families & dialect->family) != 0 &&
			strcasecmp(commands[i].name, name) == 0)
			return commands[i].run(device, now_ms, args);
	int result = mail_command(device, now_ms, name, args);
	if (result != AT_UNKNOWN)
		return result;
	for (const char *const *p = dialect->accepted; *p != NULL; p++)
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
	return run_extended(device, now_ms, name, args);
}

static void
say_ati(struct device *device, int64_t now_ms)
{
	for (const char *const *p = device->dialect->ati; *p != NULL; p++) {
		char line[STRING_MAX];
		size_t before = strcspn(*p, "%");
		const char *value = (*p)[before] == '\0' ? ""
		                    : (*p)[before + 1] == 'm'
		                            ? model(device)
		                            : device->options.imei;
		(void)snprintf(
			line, sizeof line, "%.*s%s", (int)before, *p, value);
		if (p == device->dialect->ati)
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
	device->echo = true;
	device->cmee = device->creg = device->cusd = device->cops_format = 0;
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
		device->echo = value != 0;
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
