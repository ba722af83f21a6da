/*
 * device_sim: the SIM behind the commands: identity, SIM PIN and its
 * counters. Must never take a try that nobody gave, nor give one back.
 */
#include "tests/sim/device_inner.h"

#include <stdio.h>
#include <string.h>

enum { STRING_MAX = 256, PIN2_TRIES = 3, PUK2_TRIES = 10 };

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

int
sim_mail_error(const struct device *device, int64_t now_ms)
{
	int error = at_sim_error(device, now_ms);
	return error == AT_OK && now_ms < device->sms_ready_at_ms ? CME_SIM_BUSY
	                                                          : error;
}

int
sim_cimi(struct device *device, int64_t now_ms, const char *args)
{
	int error = at_sim_error(device, now_ms);
	if (args[0] == '\0' && error == AT_OK)
		line_say(device, now_ms, "%s", device->sim.imsi);
	return args[0] == '=' ? AT_OK : error;
}

int
sim_cnum(struct device *device, int64_t now_ms, const char *args)
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

int
sim_iccid(struct device *device, int64_t now_ms, const char *args)
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
int
sim_crsm(struct device *device, int64_t now_ms, const char *args)
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

/* TS 102 221 11.1.9: VERIFY of CHV1 without a PIN asks how many tries are
 * left (63Cx), or says that there is nothing to verify. */
int
sim_csim(struct device *device, int64_t now_ms, const char *args)
{
	const char *state = device->options.pin_state;
	int error = at_sim_error(device, now_ms);
	char status[8];
	if (error == CME_NO_SIM || error == CME_SIM_BUSY)
		return error;
	if (strncmp(args, "=10,\"0020000100", 15) != 0)
		return CME_NOT_ALLOWED;
	if (strcmp(state, "SIM PUK") == 0)
		(void)snprintf(status, sizeof status, "6983");
	else if (strcmp(state, "READY") == 0)
		(void)snprintf(status, sizeof status, "6984");
	else if (device->unlocked)
		(void)snprintf(status, sizeof status, "9000");
	else
		(void)snprintf(status, sizeof status, "63C%X",
			(unsigned)device->options.sim_pin_tries & 0xF);
	line_say(device, now_ms, "+CSIM: 4,\"%s\"", status);
	return AT_OK;
}

/* A PUK is never right here; a program that gives one shows in the count. */
static int
enter_puk(struct device *device)
{
	struct device_options *options = &device->options;
	if (options->sim_puk_tries > 0)
		options->sim_puk_tries--;
	return CME_WRONG_PIN;
}

/* AT+CPIN="1234"; a wrong one costs a try, the last one the PIN. */
static int
enter_sim_pin(struct device *device, int64_t now_ms, const char *args)
{
	struct device_options *options = &device->options;
	char given[sizeof options->sim_pin] = "";
	if (strcmp(at_pin_state(device), "SIM PUK") == 0)
		return enter_puk(device);
	if (strcmp(at_pin_state(device), "SIM PIN") != 0)
		return CME_NOT_ALLOWED;
	(void)sscanf(args, "=\"%11[0-9]\"", given);
	if (given[0] == '\0')
		(void)sscanf(args, "=%11[0-9]", given);
	if (strcmp(given, options->sim_pin) == 0) {
		options->sim_pin_tries = 3;
		device->unlocked = true;
		device->registered_at_ms = now_ms + options->register_ms;
		device->sms_ready_at_ms = now_ms + options->sms_ready_ms;
		line_result(device, now_ms, AT_OK);
		device_say_ready(device, now_ms);
		return AT_SILENT;
	}
	if (--options->sim_pin_tries <= 0)
		(void)snprintf(options->pin_state, sizeof options->pin_state,
			"SIM PUK");
	return CME_WRONG_PIN;
}

int
sim_cpin(struct device *device, int64_t now_ms, const char *args)
{
	int error = at_sim_error(device, now_ms);
	if (error == CME_NO_SIM || error == CME_SIM_BUSY)
		return error;
	if (args[0] == '=' && args[1] != '?')
		return enter_sim_pin(device, now_ms, args);
	if (args[0] == '?')
		line_say(device, now_ms, "+CPIN: %s", at_pin_state(device));
	return args[0] == '?' && device->dialect->cpin_without_ok ? AT_SILENT
	                                                          : AT_OK;
}

/* Whether a start asks for the SIM PIN. */
int
sim_clck(struct device *device, int64_t now_ms, const char *args)
{
	int error = at_sim_error(device, now_ms);
	if (error == CME_NO_SIM || error == CME_SIM_BUSY)
		return error;
	if (strncasecmp(args, "=\"SC\",2", 7) != 0)
		return CME_NOT_ALLOWED;
	line_say(device, now_ms, "+CLCK: %d",
		strcmp(device->options.pin_state, "READY") != 0);
	return AT_OK;
}

/* The phone book, which is ready when messages are. */
int
sim_book(struct device *device, int64_t now_ms, const char *args)
{
	int error = sim_mail_error(device, now_ms);
	if (error == AT_OK && strcmp(args, "?") == 0)
		line_say(device, now_ms, "+CPBS: \"SM\",0,250");
	return error;
}

/* AT+QPINC="SC" asks for one, AT+QPINC? for both. */
static void
say_qpinc(struct device *device, int64_t now_ms, const char *args)
{
	if (strstr(args, "P2") == NULL)
		line_say(device, now_ms, "+QPINC: \"SC\",%d,%d",
			device->options.sim_pin_tries,
			device->options.sim_puk_tries);
	if (strstr(args, "SC") == NULL)
		line_say(device, now_ms, "+QPINC: \"P2\",%d,%d", PIN2_TRIES,
			PUK2_TRIES);
}

/* 27.007 8.65: AT+CPINR="SIM PIN" asks for one. */
static void
say_cpinr(struct device *device, int64_t now_ms, const char *args)
{
	if (strstr(args, "PUK") == NULL)
		line_say(device, now_ms, "+CPINR: SIM PIN, %d,3",
			device->options.sim_pin_tries);
	if (strstr(args, "PIN") == NULL)
		line_say(device, now_ms, "+CPINR: SIM PUK, %d,10",
			device->options.sim_puk_tries);
}

/* Huawei leaves the first number out when nothing is asked for. */
static void
say_huawei(struct device *device, int64_t now_ms)
{
	const char *state = at_pin_state(device);
	int pin = device->options.sim_pin_tries;
	int puk = device->options.sim_puk_tries;
	char now[8] = "";
	if (strcmp(state, "READY") != 0)
		(void)snprintf(now, sizeof now, "%d",
			strcmp(state, "SIM PUK") == 0 ? puk : pin);
	line_say(device, now_ms, "^CPIN: %s,%s,%d,%d,%d,%d", state, now, puk,
		pin, PUK2_TRIES, PIN2_TRIES);
}

/* Four of them, in the family's order. */
static void
say_four(struct device *device, int64_t now_ms, const int counts[4])
{
	const char *blank = device->dialect->tries_apart ? " " : "";
	line_say(device, now_ms, "%s: %d,%s%d,%s%d,%s%d",
		device->dialect->tries_command, counts[0], blank, counts[1],
		blank, counts[2], blank, counts[3]);
}

int
sim_tries(struct device *device, int64_t now_ms, const char *args)
{
	int pin = device->options.sim_pin_tries;
	int puk = device->options.sim_puk_tries;
	const char *name = device->dialect->tries_command;
	bool wants_puk = strcmp(at_pin_state(device), "SIM PUK") == 0;
	if (strcmp(device->options.pin_state, "absent") == 0)
		return CME_NO_SIM;
	switch (device->dialect->tries) {
	case TRIES_HUAWEI:
		say_huawei(device, now_ms);
		break;
	case TRIES_QPINC:
		say_qpinc(device, now_ms, args);
		break;
	case TRIES_CPINR:
		say_cpinr(device, now_ms, args);
		break;
	case TRIES_PINS_FIRST:
		say_four(device, now_ms,
			(int[]){pin, PIN2_TRIES, puk, PUK2_TRIES});
		break;
	case TRIES_IN_PAIRS:
		say_four(device, now_ms,
			(int[]){pin, puk, PIN2_TRIES, PUK2_TRIES});
		break;
	case TRIES_ONE_PAIR:
		line_say(device, now_ms, "%s: %d,%d", name, pin, puk);
		break;
	case TRIES_OF_WANTED:
		line_say(device, now_ms, "%s: %d", name, wants_puk ? puk : pin);
		break;
	}
	return AT_OK;
}
