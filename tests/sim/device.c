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

/* What a start puts on the line; %p is the SIM's state. What stands behind
 * it comes when messages are ready. */
static void
say_banner(struct device *device)
{
	const char *const *banner = dialect_list(device->dialect->banner);
	bool ready = strcmp(at_pin_state(device), "READY") == 0;
	bool opened = false;
	for (size_t i = 0; banner[i] != NULL; i++) {
		int64_t due = opened   ? device->sms_ready_at_ms
		              : i == 0 ? device->heard_from_ms
		                       : device->awake_at_ms;
		if (strcmp(banner[i], "%p") != 0) {
			line_say(device, due, "%s", banner[i]);
			continue;
		}
		line_say(device, due, "+CPIN: %s", at_pin_state(device));
		opened = true;
		if (!ready)
			return;
	}
}

void
device_say_ready(struct device *device, int64_t now_ms)
{
	const char *const *banner = dialect_list(device->dialect->banner);
	unsigned before = line_turn(device, device->urc);
	while (*banner != NULL && strcmp(*banner, "%p") != 0)
		banner++;
	if (*banner != NULL)
		line_say(device, now_ms, "+CPIN: READY");
	for (; *banner != NULL; banner++)
		if (strcmp(*banner, "%p") != 0)
			line_say(
				device, device->sms_ready_at_ms, "%s", *banner);
	(void)line_turn(device, before);
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
	device->there = true;
	device->lives_on = false;
	port_start(device);
	device->ate0_refused = options->ate0_refused;
	device->cmee = device->cusd = device->creg = device->cereg = 0;
	device->cops_format = 0;
	device->cfun = 1;
	device->ussdmode = options->ussdmode;
	int charset = charset_by_name(options->cscs[0] != '\0'
					      ? options->cscs
					      : device->dialect->charset);
	device->charset = charset < 0 ? CHARSET_GSM : (enum charset)charset;
	device->silenced = device->forced_down = device->nitz_told = false;
	device->ctzr = 0;
	device->heard_from_ms = now_ms + options->boot_ms / 2;
	device->awake_at_ms = now_ms + options->boot_ms;
	device->registered_at_ms = device->awake_at_ms + options->register_ms;
	device->sms_ready_at_ms = device->awake_at_ms + options->sms_ready_ms;
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

static void
forget_input(struct device *device)
{
	for (int i = 0; i < device->channel_count; i++)
		device->channels[i].input_len = device->channels[i].line_len =
			0;
}

void
device_vanish(struct device *device, int64_t now_ms, int64_t ms)
{
	if (!device->there) {
		device->lives_on = false; /* it is out, and its power too */
		return;
	}
	line_drop(device, now_ms);
	device->there = false;
	forget_input(device);
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
	forget_input(device);
	device->back_at_ms = now_ms + (ms > 0 ? ms : device->options.replug_ms);
	line_drop_until(device, now_ms, device->back_at_ms);
	line_event(device,
		(struct sim_event){
			.kind = SIM_PORT, .t_ms = now_ms, .what = "down"});
}

void
device_power(struct device *device, int64_t now_ms, int64_t ms)
{
	device_vanish(device, now_ms, ms);
	device->lives_on = false;
	device->back_at_ms = now_ms + (ms > 0 ? ms : device->options.vanish_ms);
}

void
device_hang(struct device *device, int64_t now_ms, int64_t ms)
{
	const struct device_options *options = &device->options;
	device->hang_kind = options->hang_kind;
	device->cure_began = false;
	device->cure_count = 0;
	device->hung_until_ms = INT64_MAX;
	if (options->cure == DEVICE_BY_TIME)
		device->hung_until_ms =
			now_ms + (ms > 0 ? ms : options->hang_ms);
	if (!hang_is_mute(device))
		return;
	line_drop(device, now_ms);
	forget_input(device);
	device->blocked_until_ms = 0;
}

void
device_push(struct device *device, int64_t now_ms, int mode, const char *text)
{
	struct reply reply = {
		.due_ms = now_ms, .mode = mode, .text = text, .code = ""};
	if (device->there && !hang_is_mute(device))
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

/* By its own command, which does not end every hang. */
static void
restart(struct device *device, int64_t now_ms)
{
	int64_t until_ms =
		hang_outlives_restart(device) ? device->hung_until_ms : 0;
	device_start(device, now_ms);
	device->hung_until_ms = until_ms;
}

static void
carry_out(struct device *device, int64_t now_ms)
{
	const struct device_strike plan = device->plan;
	device->plan_at_ms = 0;
	if (plan.fault == DEVICE_REBOOT)
		restart(device, now_ms);
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
	const char *const *lines = dialect_list(device->dialect->chatter);
	size_t count = 0;
	while (lines[count] != NULL)
		count++;
	device->chatter_at_ms = now_ms + device->options.chatter_ms;
	if (count > 0 && !device->silenced && !hang_is_mute(device))
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
	unsigned before = line_turn(device, device->urc);
	if (device->creg > 0)
		line_say(device, now_ms, "+CREG: %d", stat);
	(void)line_turn(device, before);
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
	const char *const *lines = dialect_list(device->dialect->swapped);
	device_tick(device, now_ms);
	if (!device->there)
		device->lives_on = false;
	if (!device->there || hang_is_mute(device))
		return; /* it is read at its start */
	device_detach(device, now_ms);
	read_sim(device, now_ms);
	device->registered_at_ms = now_ms + device->options.register_ms;
	device->sms_ready_at_ms = now_ms + device->options.sms_ready_ms;
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
	if (now_ms >= device->registered_at_ms && device->options.nitz &&
		!device->nitz_told)
		radio_say_time(device, now_ms);
	mail_tick(device, now_ms);
	port_take_input(device, now_ms);
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
	int64_t at = port_wake_at(device);
	at = sooner(at, device->plan_at_ms);
	at = sooner(at, device->hung_until_ms);
	at = sooner(at, device->session_until_ms);
	at = sooner(at, mail_wake_at(device));
	if (device->options.chatter_ms > 0 &&
		device->dialect->chatter != NULL && !device->silenced)
		at = sooner(at, device->chatter_at_ms);
	bool tells_time = device->options.nitz && !device->nitz_told;
	if ((device->creg > 0 && device->told_registration == 2) || tells_time)
		at = sooner(at, device->registered_at_ms);
	return at;
}
