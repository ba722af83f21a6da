/*
 * device_port: the ports of a device: what comes in byte by byte, its echo,
 * and which port hears what.
 * Must never let a port say what belongs to another.
 */
#include "tests/sim/device_inner.h"

#include <stdio.h>
#include <string.h>

enum { WAKE_MS = 100 };

static const struct device_port *
port_at(const struct device *device, int i)
{
	static const struct device_port alone = {DEVICE_ROLE_AT, true};
	return device->options.port_count == 0 ? &alone
	                                       : &device->options.ports[i];
}

int
device_ports(const struct device *device)
{
	int count = device->options.port_count;
	return count == 0 ? 1 : count;
}

/* The n-th port that answers commands, as a bit; 0 when there is none. */
static unsigned
answering(const struct device *device, int n)
{
	for (int i = 0; i < device_ports(device); i++)
		if (port_at(device, i)->role == DEVICE_ROLE_AT && n-- == 0)
			return 1U << i;
	return 0;
}

static unsigned
hear_unasked(const struct device *device)
{
	unsigned bits = 0;
	switch (device->options.urc_port) {
	case DEVICE_URC_FIRST:
		return answering(device, 0);
	case DEVICE_URC_SECOND:
		return answering(device, 1);
	case DEVICE_URC_NONE:
		return 0;
	case DEVICE_URC_ALL:
	case DEVICE_URC_PORTS:
		break;
	}
	for (int i = 0; i < device_ports(device); i++)
		if (port_at(device, i)->role == DEVICE_ROLE_AT &&
			(port_at(device, i)->urc ||
				device->options.urc_port == DEVICE_URC_ALL))
			bits |= 1U << i;
	return bits;
}

void
port_start(struct device *device)
{
	device->channel_count = device_ports(device);
	device->urc = device->to = hear_unasked(device);
	device->asker = 0;
	device->at = device->channels;
	for (int i = 0; i < DEVICE_PORTS_MAX; i++) {
		struct channel *channel = &device->channels[i];
		channel->input_len = channel->line_len = 0;
		channel->line_over = false;
		channel->echo = device->options.echo;
	}
}

unsigned
port_of_answers(const struct device *device)
{
	return device->options.answer_on_sender && device->asker != 0
	               ? device->asker
	               : device->urc;
}

/* AT+QURCCFG="urcport","usbat": kept over a start. */
int
port_urc_command(struct device *device, int64_t now_ms, const char *args)
{
	static const char *const names[] = {[DEVICE_URC_PORTS] = "usbat",
		[DEVICE_URC_FIRST] = "usbat",
		[DEVICE_URC_SECOND] = "usbmodem",
		[DEVICE_URC_NONE] = "uart1",
		[DEVICE_URC_ALL] = "all"};
	char wanted[16] = "";
	if (strcasecmp(args, "=\"urcport\"") == 0)
		line_say(device, now_ms, "+QURCCFG: \"urcport\",\"%s\"",
			names[device->options.urc_port]);
	if (strcmp(args, "=?") == 0 || args[0] != '=' ||
		strchr(args, ',') == NULL)
		return AT_OK;
	(void)sscanf(strchr(args, ',') + 1, "\"%15[a-z0-9]", wanted);
	for (int i = DEVICE_URC_FIRST; i <= DEVICE_URC_ALL; i++) {
		if (strcmp(names[i], wanted) != 0)
			continue;
		device->options.urc_port = (enum device_urc)i;
		device->urc = hear_unasked(device);
		return AT_OK;
	}
	return CME_NOT_ALLOWED;
}

/* Echo goes out byte by byte as it comes in, so unsolicited lines may cut
 * it, which they cannot do to an answer. */
static void
echo(struct device *device, int64_t now_ms, char c)
{
	bool silent = device->hung_until_ms != 0 &&
	              device->hang_kind == DEVICE_HANG_SILENT;
	if (!device->at->echo || silent)
		return;
	if (device->options.noise && rng_strikes(&device->rng, 1.0 / 16))
		line_noise(device, now_ms);
	line_bytes(device, now_ms, &c, 1);
	if (c == '\r' && device->options.echo_lf)
		line_bytes(device, now_ms, "\n", 1);
}

static void
take_line(struct device *device, int64_t now_ms)
{
	struct channel *channel = device->at;
	bool over = channel->line_over;
	channel->line[channel->line_len] = '\0';
	channel->line_len = 0;
	channel->line_over = false;
	if (hang_takes_line(device, now_ms))
		return;
	if (over)
		line_result(device, now_ms, AT_ERROR);
	else
		at_run_line(device, now_ms, channel->line);
}

static void
take_byte(struct device *device, int64_t now_ms, char c)
{
	enum { ESC = 0x1B, BACKSPACE = 8 };
	struct channel *channel = device->at;
	echo(device, now_ms, c);
	if (!hang_is_mute(device) && mail_takes_byte(device, now_ms, c))
		return;
	if (c == ESC)
		hang_takes_esc(device);
	if (c == '\r')
		take_line(device, now_ms);
	else if (c == ESC)
		channel->line_len = 0;
	else if (c == BACKSPACE && channel->line_len > 0)
		channel->line_len--;
	else if (c == '\n' || c == '\0' || c == BACKSPACE)
		return;
	else if (channel->line_len < sizeof channel->line - 1)
		channel->line[channel->line_len++] = c;
	else
		channel->line_over = true;
}

/* Commands wait while one that blocks the line is under way. */
static void
take_channel(struct device *device, int64_t now_ms, int i)
{
	struct channel *channel = &device->channels[i];
	bool mute = port_at(device, i)->role == DEVICE_ROLE_MUTE;
	size_t n = 0;
	if (mute)
		channel->input_len = 0;
	while (n < channel->input_len && device->blocked_until_ms <= now_ms) {
		device->at = channel;
		(void)line_turn(device, 1U << i);
		take_byte(device, now_ms, channel->input[n++]);
		device->at = device->channels;
		(void)line_turn(device, device->urc);
		if (channel->input_len == 0)
			return; /* it started anew */
	}
	channel->input_len -= n;
	memmove(channel->input, channel->input + n, channel->input_len);
}

void
port_take_input(struct device *device, int64_t now_ms)
{
	for (int i = 0; i < device->channel_count; i++)
		if (device->channels[i].input_len > 0)
			take_channel(device, now_ms, i);
}

int64_t
port_wake_at(const struct device *device)
{
	int64_t at = INT64_MAX;
	int64_t free_at = device->blocked_until_ms;
	for (int i = 0; i < device->channel_count; i++) {
		const struct channel *channel = &device->channels[i];
		if (channel->out != NULL && channel->out->due_ms < at)
			at = channel->out->due_ms;
		if (channel->input_len > 0 && free_at != 0 && free_at < at)
			at = free_at;
	}
	return at;
}

/* What wakes it is lost, and what comes right behind it. */
static bool
sleeps(struct device *device, int64_t now_ms)
{
	int64_t after_ms = device->options.sleep_ms;
	if (after_ms == 0)
		return false;
	if (now_ms - device->heard_at_ms >= after_ms)
		device->awake_again_at_ms = now_ms + WAKE_MS;
	device->heard_at_ms = now_ms;
	return now_ms < device->awake_again_at_ms;
}

void
device_feed_port(
	struct device *device, int port, int64_t now_ms, struct device_bytes in)
{
	device_tick(device, now_ms);
	if (!device->there || now_ms < device->heard_from_ms)
		return;
	struct channel *channel = &device->channels[port];
	if (in.len > 0 && sleeps(device, now_ms))
		return;
	size_t room = sizeof channel->input - channel->input_len;
	if (in.len > room)
		in.len = room;
	memcpy(channel->input + channel->input_len, in.bytes, in.len);
	channel->input_len += in.len;
	take_channel(device, now_ms, port);
}

void
device_feed(
	struct device *device, int64_t now_ms, const void *bytes, size_t len)
{
	device_feed_port(device, 0, now_ms, (struct device_bytes){bytes, len});
}

void
device_foreign(struct device *device, int64_t now_ms, const char *command)
{
	struct channel *channel = device->channels;
	device_tick(device, now_ms);
	for (int i = 0; i < device->channel_count; i++)
		if (device->channels + i == device->at ||
			(device->urc & 1U << i) != 0)
			channel = &device->channels[i];
	if (!device->there || hang_is_mute(device))
		return;
	/* A line that our side has begun stays as it is. */
	(void)line_turn(device, 1U << (channel - device->channels));
	device->at = channel;
	if (channel->echo) {
		line_bytes(device, now_ms, command, strlen(command));
		line_bytes(device, now_ms, "\r", 1);
	}
	at_run_line(device, now_ms, command);
	device->at = device->channels;
	(void)line_turn(device, device->urc);
}

void
device_flood(struct device *device, int64_t now_ms, size_t count)
{
	static const char junk[] = "Z9q~";
	device_tick(device, now_ms);
	for (size_t i = 0; i < count && device->there; i += 4)
		line_bytes(device, now_ms, junk, count - i < 4 ? count - i : 4);
}
