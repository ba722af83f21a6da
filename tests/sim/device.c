/*
 * device: power, time and what comes in over the line.
 * Must never act on anything but the bytes and the time it is given.
 */
#include "tests/sim/device_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct device *
device_new(const struct device_options *options, struct network *network,
	struct sim_hook hook, uint64_t seed)
{
	const struct dialect *dialect = dialect_by_name(options->dialect);
	if (dialect == NULL)
		return NULL;
	struct device *device = calloc(1, sizeof *device);
	if (device == NULL)
		abort();
	device->options = *options;
	device->dialect = dialect;
	device->network = network;
	device->hook = hook;
	rng_init(&device->rng, seed, options->name);
	return device;
}

void
device_free(struct device *device)
{
	if (device == NULL)
		return;
	device->hook.on_event = NULL;
	line_drop(device, 0);
	free(device);
}

struct device_options *
device_options(struct device *device)
{
	return &device->options;
}

/* What a start puts on the line; %p is the SIM's state. */
static void
say_banner(struct device *device)
{
	const char *const *banner = device->dialect->banner;
	bool ready = strcmp(at_pin_state(device), "READY") == 0;
	for (size_t i = 0; banner[i] != NULL; i++) {
		int64_t due =
			i == 0 ? device->heard_from_ms : device->awake_at_ms;
		if (strcmp(banner[i], "%p") != 0) {
			line_say(device, due, "%s", banner[i]);
			continue;
		}
		line_say(device, due, "+CPIN: %s", at_pin_state(device));
		if (!ready)
			return;
	}
}

/* Reads the SIM that is in it. */
static void
read_sim(struct device *device, int64_t now_ms)
{
	const struct device_options *options = &device->options;
	struct device_sim *sim = &device->sim;
	if (sim->imsi[0] != '\0' && strcmp(sim->imsi, options->imsi) != 0)
		line_event(device, (struct sim_event){.kind = SIM_SWAP,
					   .t_ms = now_ms,
					   .by = options->imsi});
	if (sim->imsi[0] != '\0' && strcmp(sim->imsi, options->imsi) != 0)
		mail_swap(device);
	(void)snprintf(sim->imsi, sizeof sim->imsi, "%s", options->imsi);
	(void)snprintf(sim->iccid, sizeof sim->iccid, "%s", options->iccid);
	(void)snprintf(sim->msisdn, sizeof sim->msisdn, "%s", options->msisdn);
	device->unlocked = false;
}

void
device_detach(struct device *device, int64_t now_ms)
{
	network_end(device->network, device->sim.imsi);
	device->session_until_ms = 0;
	line_drop_replies(device, now_ms);
}

void
device_start(struct device *device, int64_t now_ms)
{
	const struct device_options *options = &device->options;
	line_drop(device, now_ms);
	network_end(device->network, device->sim.imsi);
	read_sim(device, now_ms);
	network_end(device->network, device->sim.imsi);
	device->input_len = device->line_len = 0;
	device->line_over = false;
	device->there = true;
	device->lives_on = false;
	device->echo = options->echo;
	device->ate0_refused = options->ate0_refused;
	device->cmee = device->cusd = device->creg = device->cops_format = 0;
	device->cfun = 1;
	device->ussdmode = options->ussdmode;
	int charset = charset_by_name(options->cscs[0] != '\0'
					      ? options->cscs
					      : device->dialect->charset);
	device->charset = charset < 0 ? CHARSET_GSM : (enum charset)charset;
	device->silenced = false;
	device->heard_from_ms = now_ms + options->boot_ms / 2;
	device->awake_at_ms = now_ms + options->boot_ms;
	device->registered_at_ms = device->awake_at_ms + options->register_ms;
	device->chatter_at_ms = device->awake_at_ms + options->chatter_ms;
	device->hung_until_ms = device->blocked_until_ms = 0;
	device->session_until_ms = device->answer_due_ms = 0;
	device->plan_at_ms = 0;
	mail_start(device);
	device->told_registration = at_registration(device, now_ms);
	line_event(
		device, (struct sim_event){.kind = SIM_BOOT, .t_ms = now_ms});
	say_banner(device);
}

void
device_vanish(struct device *device, int64_t now_ms, int64_t ms)
{
	if (!device->there)
		return;
	line_drop(device, now_ms);
	device->there = false;
	device->input_len = 0;
	device->back_at_ms = now_ms + (ms > 0 ? ms : device->options.vanish_ms);
	line_event(device,
		(struct sim_event){
			.kind = SIM_PORT, .t_ms = now_ms, .what = "down"});
}

void
device_replug(struct device *device, int64_t now_ms, int64_t ms)
{
	if (!device->there)
		return;
	device->there = false;
	device->lives_on = true;
	device->input_len = device->line_len = 0;
	device->back_at_ms = now_ms + (ms > 0 ? ms : device->options.replug_ms);
	line_drop_until(device, now_ms, device->back_at_ms);
	line_event(device,
		(struct sim_event){
			.kind = SIM_PORT, .t_ms = now_ms, .what = "down"});
}

void
device_hang(struct device *device, int64_t now_ms, int64_t ms)
{
	line_drop(device, now_ms);
	device->input_len = device->line_len = 0;
	device->blocked_until_ms = 0;
	device->hung_until_ms = INT64_MAX;
	if (device->options.cure == DEVICE_BY_TIME)
		device->hung_until_ms =
			now_ms + (ms > 0 ? ms : device->options.hang_ms);
}

void
device_push(struct device *device, int64_t now_ms, int mode, const char *text)
{
	struct reply reply = {
		.due_ms = now_ms, .mode = mode, .text = text, .code = ""};
	if (device->there && device->hung_until_ms == 0)
		reply_send(device, &reply);
}

void
device_print(
	struct device *device, int64_t now_ms, const void *bytes, size_t len)
{
	if (device->there)
		line_bytes(device, now_ms, bytes, len);
}

void
device_strike(struct device *device, const struct device_strike *strike)
{
	if (device->strike_count < DEVICE_STRIKES)
		device->strikes[device->strike_count++] = *strike;
}

bool
device_is_there(const struct device *device)
{
	return device->there;
}

/* A line that comes to a hung device. */
static void
try_cure(struct device *device, int64_t now_ms)
{
	bool by_atz = strcasecmp(device->line, "ATZ") == 0;
	bool by_cfun = strcasecmp(device->line, "AT+CFUN=1,1") == 0;
	if ((device->options.cure == DEVICE_BY_ATZ && (by_atz || by_cfun)) ||
		(device->options.cure == DEVICE_BY_CFUN && by_cfun))
		device_start(device, now_ms);
}

/* Echo goes out byte by byte as it comes in, so unsolicited lines may cut
 * it, which they cannot do to an answer. */
static void
echo(struct device *device, int64_t now_ms, char c)
{
	if (!device->echo)
		return;
	if (device->options.noise && rng_strikes(&device->rng, 1.0 / 16))
		line_noise(device, now_ms);
	line_bytes(device, now_ms, &c, 1);
}

static void
take_line(struct device *device, int64_t now_ms)
{
	bool over = device->line_over;
	device->line[device->line_len] = '\0';
	device->line_len = 0;
	device->line_over = false;
	if (device->hung_until_ms != 0)
		try_cure(device, now_ms);
	else if (over)
		line_result(device, now_ms, AT_ERROR);
	else
		at_run_line(device, now_ms, device->line);
}

static void
take_byte(struct device *device, int64_t now_ms, char c)
{
	enum { ESC = 0x1B, BACKSPACE = 8 };
	if (device->hung_until_ms == 0)
		echo(device, now_ms, c);
	if (device->hung_until_ms == 0 && mail_takes_byte(device, now_ms, c))
		return;
	if (c == '\r')
		take_line(device, now_ms);
	else if (c == ESC)
		device->line_len = 0;
	else if (c == BACKSPACE && device->line_len > 0)
		device->line_len--;
	else if (c == '\n' || c == '\0' || c == BACKSPACE)
		return;
	else if (device->line_len < sizeof device->line - 1)
		device->line[device->line_len++] = c;
	else
		device->line_over = true;
}

/* Commands wait while one that blocks the line is under way. */
static void
take_input(struct device *device, int64_t now_ms)
{
	size_t n = 0;
	while (n < device->input_len && device->blocked_until_ms <= now_ms) {
		take_byte(device, now_ms, device->input[n++]);
		if (device->input_len == 0)
			return; /* it started anew */
	}
	device->input_len -= n;
	memmove(device->input, device->input + n, device->input_len);
}

void
device_feed(
	struct device *device, int64_t now_ms, const void *bytes, size_t len)
{
	device_tick(device, now_ms);
	if (!device->there || now_ms < device->heard_from_ms)
		return;
	size_t room = sizeof device->input - device->input_len;
	if (len > room)
		len = room;
	memcpy(device->input + device->input_len, bytes, len);
	device->input_len += len;
	take_input(device, now_ms);
}

static void
carry_out(struct device *device, int64_t now_ms)
{
	const struct device_strike plan = device->plan;
	device->plan_at_ms = 0;
	if (plan.fault == DEVICE_REBOOT)
		device_start(device, now_ms);
	else if (plan.fault == DEVICE_HANG)
		device_hang(device, now_ms, plan.ms);
	else if (plan.fault == DEVICE_REPLUG)
		device_replug(device, now_ms, plan.ms);
	else
		device_vanish(device, now_ms, plan.ms);
}

static void
chatter(struct device *device, int64_t now_ms)
{
	const char *const *lines = device->dialect->chatter;
	size_t count = 0;
	while (lines[count] != NULL)
		count++;
	device->chatter_at_ms = now_ms + device->options.chatter_ms;
	if (count > 0 && !device->silenced && device->hung_until_ms == 0)
		line_say(device, now_ms, "%s",
			lines[device->noise_at++ % count]);
}

void
device_tell_registration(struct device *device, int64_t now_ms)
{
	int stat = at_registration(device, now_ms);
	if (stat == device->told_registration)
		return;
	device->told_registration = stat;
	if (device->creg > 0)
		line_say(device, now_ms, "+CREG: %d", stat);
}

void
device_changed(struct device *device, int64_t now_ms)
{
	device_tick(device, now_ms);
	if (device->there)
		device_tell_registration(device, now_ms);
}

/* Modems that notice say so; a family that has no word for it says none. */
void
device_swapped(struct device *device, int64_t now_ms)
{
	const char *const *lines = device->dialect->swapped;
	device_tick(device, now_ms);
	if (!device->there || device->hung_until_ms != 0)
		return; /* it is read at its start */
	device_detach(device, now_ms);
	read_sim(device, now_ms);
	device->registered_at_ms = now_ms + device->options.register_ms;
	device_tell_registration(device, now_ms);
	for (size_t i = 0; lines[i] != NULL; i++)
		line_say(device, now_ms, "%s", lines[i]);
}

/* The network waits no longer for an answer to its menu. */
static void
end_session(struct device *device, int64_t now_ms)
{
	device->session_until_ms = 0;
	network_end(device->network, device->sim.imsi);
	if (device->cusd == 1)
		line_say(device, now_ms, "+CUSD: 2");
}

void
device_tick(struct device *device, int64_t now_ms)
{
	if (!device->there) {
		if (device->back_at_ms == 0 || now_ms < device->back_at_ms)
			return;
		if (device->lives_on)
			device->there = true;
		else
			device_start(device, now_ms);
		device->lives_on = false;
		line_event(device, (struct sim_event){.kind = SIM_PORT,
					   .t_ms = now_ms,
					   .what = "up"});
	}
	if (device->plan_at_ms != 0 && now_ms >= device->plan_at_ms)
		carry_out(device, now_ms);
	if (!device->there)
		return;
	if (device->hung_until_ms != 0 && now_ms >= device->hung_until_ms)
		device->hung_until_ms = 0;
	if (device->session_until_ms != 0 && now_ms >= device->session_until_ms)
		end_session(device, now_ms);
	if (device->options.chatter_ms > 0 && now_ms >= device->chatter_at_ms)
		chatter(device, now_ms);
	if (now_ms >= device->registered_at_ms)
		device_tell_registration(device, now_ms);
	mail_tick(device, now_ms);
	if (device->input_len > 0)
		take_input(device, now_ms);
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return b != 0 && b < a ? b : a;
}

int64_t
device_wake_at(const struct device *device)
{
	if (!device->there)
		return device->back_at_ms == 0 ? INT64_MAX : device->back_at_ms;
	int64_t at = device->out == NULL ? INT64_MAX : device->out->due_ms;
	at = sooner(at, device->plan_at_ms);
	at = sooner(at, device->hung_until_ms);
	at = sooner(at, device->session_until_ms);
	at = sooner(at, mail_wake_at(device));
	if (device->options.chatter_ms > 0 &&
		device->dialect->chatter[0] != NULL && !device->silenced)
		at = sooner(at, device->chatter_at_ms);
	if (device->input_len > 0)
		at = sooner(at, device->blocked_until_ms);
	if (device->creg > 0 && device->told_registration == 2)
		at = sooner(at, device->registered_at_ms);
	return at;
}
