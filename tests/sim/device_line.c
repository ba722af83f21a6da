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
insert(struct device *device, struct piece *piece)
{
	struct piece **at = &device->out;
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

void
line_bytes(struct device *device, int64_t due_ms, const void *bytes, size_t len)
{
	if (len > 0)
		insert(device, piece_new(due_ms, bytes, len));
}

void
line_reply(
	struct device *device, int64_t due_ms, const struct line_reply *reply)
{
	struct piece *piece = piece_new(due_ms, reply->bytes, reply->len);
	piece->fate = reply->fate;
	piece->text = strdup(reply->text);
	if (piece->text == NULL)
		abort();
	if (device->options.noise)
		line_noise(device, due_ms);
	insert(device, piece);
}

void
line_noise(struct device *device, int64_t due_ms)
{
	const char *const *noise = device->dialect->noise;
	char line[SAY_MAX];
	size_t count = 0;
	while (noise[count] != NULL)
		count++;
	if (count == 0)
		return;
	const char *text = noise[device->noise_at++ % count];
	/* What it says of the registration has to be true. */
	if (strcmp(text, "+CREG: 1") == 0 && device->options.registration != 1)
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
	line_bytes(device, due_ms, text, strlen(text));
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
	if (result == AT_OK)
		line_say(device, due_ms, "OK");
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
	while (device->out != NULL) {
		struct piece *piece = device->out;
		device->out = piece->next;
		lose(device, now_ms, piece);
	}
}

void
line_drop_until(struct device *device, int64_t now_ms, int64_t until_ms)
{
	while (device->out != NULL &&
		(device->out->due_ms < until_ms || device->out->at > 0)) {
		struct piece *piece = device->out;
		device->out = piece->next;
		lose(device, now_ms, piece);
	}
}

void
line_drop_replies(struct device *device, int64_t now_ms)
{
	struct piece **at = &device->out;
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

/* Takes from the first piece, at most room bytes. */
static size_t
take_some(struct device *device, int64_t now_ms, char *bytes, size_t room)
{
	struct piece *piece = device->out;
	if (piece->at == 0 && piece->fate != NULL)
		line_event(device, (struct sim_event){.kind = SIM_REPLY,
					   .t_ms = now_ms,
					   .text = piece->text,
					   .fate = piece->fate});
	size_t n = piece->len - piece->at;
	if (n > room)
		n = room;
	memcpy(bytes, piece->bytes + piece->at, n);
	piece->at += n;
	if (piece->at == piece->len) {
		device->out = piece->next;
		piece_free(piece);
	}
	return n;
}

size_t
device_take(struct device *device, int64_t now_ms, char *bytes, size_t cap)
{
	device_tick(device, now_ms);
	int cut = device->options.cut;
	size_t room = cap;
	if (cut > 0) {
		size_t most = (size_t)rng_between(&device->rng, 1, cut);
		room = most < cap ? most : cap;
	}
	size_t len = 0;
	while (len < room && device->there && device->out != NULL &&
		device->out->due_ms <= now_ms)
		len += take_some(device, now_ms, bytes + len, room - len);
	return len;
}
