/*
 * device_line: what a device says, in the order in which it is due.
 * Must never let a reply go without its truth.
 */
#include "tests/sim/device_inner.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAY_MAX = 512 };

void
line_event(const struct device *device, struct sim_event event)
{
	if (event.modem == NULL)
		event.modem = device->options.name;
	if (device->hook.on_event != NULL)
		device->hook.on_event(device->hook.ctx, &event);
}

/* Behind all that is due before or at the same moment, and behind what has
 * begun to leave. */
static void
insert(struct channel *channel, struct piece *piece)
{
	struct piece **at = &channel->out;
	while (*at != NULL && ((*at)->due_ms <= piece->due_ms || (*at)->at > 0))
		at = &(*at)->next;
	piece->next = *at;
	*at = piece;
}

static struct piece *
piece_new(int64_t due_ms, const void *bytes, size_t len)
{
	struct piece *piece = calloc(1, sizeof *piece + len);
	if (piece == NULL)
		abort();
	piece->due_ms = due_ms;
	piece->len = len;
	memcpy(piece->bytes, bytes, len);
	return piece;
}

unsigned
line_turn(struct device *device, unsigned to)
{
	unsigned before = device->to;
	device->to = to;
	return before;
}

/* The first channel after i that hears; channel_count when none does. */
static int
next_hearer(const struct device *device, int i)
{
	do
		i++;
	while (i < device->channel_count && (device->to & 1U << i) == 0);
	return i;
}

void
line_bytes(struct device *device, int64_t due_ms, const void *bytes, size_t len)
{
	for (int i = next_hearer(device, -1);
		len > 0 && i < device->channel_count;
		i = next_hearer(device, i))
		insert(&device->channels[i], piece_new(due_ms, bytes, len));
}

void
line_reply(
	struct device *device, int64_t due_ms, const struct line_reply *reply)
{
	int first = next_hearer(device, -1);
	if (first == device->channel_count) {
		line_event(device, (struct sim_event){.kind = SIM_REPLY,
					   .t_ms = due_ms,
					   .text = reply->text,
					   .fate = "lost"});
		return;
	}
	if (device->options.noise)
		line_noise(device, due_ms);
	/* Its truth is told once. */
	struct piece *piece = piece_new(due_ms, reply->bytes, reply->len);
	piece->fate = reply->fate;
	piece->text = strdup(reply->text);
	if (piece->text == NULL)
		abort();
	insert(&device->channels[first], piece);
	for (int i = next_hearer(device, first); i < device->channel_count;
		i = next_hearer(device, i))
		insert(&device->channels[i],
			piece_new(due_ms, reply->bytes, reply->len));
}

void
line_noise(struct device *device, int64_t due_ms)
{
	const char *const *noise = dialect_list(device->dialect->noise);
	char line[SAY_MAX];
	size_t count = 0;
	while (noise[count] != NULL)
		count++;
	if (count == 0)
		return;
	const char *text = noise[device->noise_at++ % count];
	/* What it says of the registration has to be true. */
	if (strcmp(text, "+CREG: 1") == 0 &&
		at_registration(device, due_ms) != 1)
		text = "RING";
	int n = snprintf(line, sizeof line, "\r\n%s\r\n", text);
	line_bytes(device, due_ms, line, (size_t)n);
}

void
line_more(struct device *device, int64_t due_ms, const char *text)
{
	if (device->options.noise)
		line_noise(device, due_ms);
	line_bytes(device, due_ms, text, strlen(text));
	line_bytes(device, due_ms, "\r\n", 2);
}

/* In one piece, or with noise in the middle. */
static void
say_text(struct device *device, int64_t due_ms, const char *text)
{
	size_t len = strlen(text);
	size_t at = 0;
	int cuts = device->options.noise_cuts;
	if (cuts > 0 && device->options.noise && len > 1 &&
		rng_strikes(&device->rng, cuts / 100.0)) {
		at = (size_t)rng_between(&device->rng, 1, (int64_t)len - 1);
		line_bytes(device, due_ms, text, at);
		line_noise(device, due_ms);
	}
	line_bytes(device, due_ms, text + at, len - at);
}

void
line_say(struct device *device, int64_t due_ms, const char *format, ...)
{
	char text[SAY_MAX];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (device->options.noise)
		line_noise(device, due_ms);
	line_bytes(device, due_ms, "\r\n", 2);
	say_text(device, due_ms, text);
	line_bytes(device, due_ms, "\r\n", 2);
}

void
line_result(struct device *device, int64_t due_ms, int result)
{
	if (result == AT_UNKNOWN && device->dialect->unknown != NULL) {
		line_say(device, due_ms, "%s", device->dialect->unknown);
		return;
	}
	if (result == AT_UNKNOWN)
		result = device->dialect->unknown_cme;
	const char *format = device->dialect->cme_format;
	if (result == AT_OK)
		line_say(device, due_ms, "OK");
	else if (result > 0 && format != NULL)
		line_say(device, due_ms, "%.*s%s", (int)strcspn(format, "%"),
			format, cme_text(result));
	else if (result < 0 || device->cmee == 0)
		line_say(device, due_ms, "ERROR");
	else if (device->cmee == 1)
		line_say(device, due_ms, "+CME ERROR: %d", result);
	else
		line_say(device, due_ms, "+CME ERROR: %s", cme_text(result));
}

static void
piece_free(struct piece *piece)
{
	free(piece->text);
	free(piece);
}

/* A piece that does not leave any more. */
static void
lose(struct device *device, int64_t now_ms, struct piece *piece)
{
	if (piece->fate != NULL && piece->at == 0)
		line_event(device, (struct sim_event){.kind = SIM_REPLY,
					   .t_ms = now_ms,
					   .text = piece->text,
					   .fate = "lost"});
	piece_free(piece);
}

void
line_drop(struct device *device, int64_t now_ms)
{
	line_drop_until(device, now_ms, INT64_MAX);
}

void
line_drop_until(struct device *device, int64_t now_ms, int64_t until_ms)
{
	for (int i = 0; i < DEVICE_PORTS_MAX; i++) {
		struct piece **first = &device->channels[i].out;
		while (*first != NULL &&
			((*first)->due_ms < until_ms || (*first)->at > 0 ||
				until_ms == INT64_MAX)) {
			struct piece *piece = *first;
			*first = piece->next;
			lose(device, now_ms, piece);
		}
	}
}

static void
drop_replies(struct device *device, int64_t now_ms, struct piece **at)
{
	while (*at != NULL) {
		struct piece *piece = *at;
		/* What is due is in the modem already. */
		if (piece->fate == NULL || piece->at > 0 ||
			piece->due_ms <= now_ms) {
			at = &piece->next;
			continue;
		}
		*at = piece->next;
		lose(device, now_ms, piece);
	}
}

void
line_drop_replies(struct device *device, int64_t now_ms)
{
	for (int i = 0; i < device->channel_count; i++)
		drop_replies(device, now_ms, &device->channels[i].out);
}

/* Takes from the first piece, at most room bytes. */
static size_t
take_some(struct device *device, struct channel *channel, int64_t now_ms,
	struct device_span out)
{
	struct piece *piece = channel->out;
	if (piece->at == 0 && piece->fate != NULL)
		line_event(device, (struct sim_event){.kind = SIM_REPLY,
					   .t_ms = now_ms,
					   .text = piece->text,
					   .fate = piece->fate});
	size_t n = piece->len - piece->at;
	if (n > out.len)
		n = out.len;
	memcpy(out.bytes, piece->bytes + piece->at, n);
	piece->at += n;
	if (piece->at == piece->len) {
		channel->out = piece->next;
		piece_free(piece);
	}
	return n;
}

size_t
device_take_port(
	struct device *device, int port, int64_t now_ms, struct device_span out)
{
	device_tick(device, now_ms);
	struct channel *channel = &device->channels[port];
	int cut = device->options.cut;
	size_t room = out.len;
	if (cut > 0) {
		size_t most = (size_t)rng_between(&device->rng, 1, cut);
		room = most < room ? most : room;
	}
	size_t len = 0;
	while (len < room && device->there && channel->out != NULL &&
		channel->out->due_ms <= now_ms)
		len += take_some(device, channel, now_ms,
			(struct device_span){out.bytes + len, room - len});
	return len;
}

size_t
device_take(struct device *device, int64_t now_ms, char *bytes, size_t cap)
{
	return device_take_port(
		device, 0, now_ms, (struct device_span){bytes, cap});
}
