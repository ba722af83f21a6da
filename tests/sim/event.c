/*
 * event: the truth as lines of JSON.
 * Must never be shown to the program under test.
 */
#include "tests/sim/event.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {
	[SIM_REQUEST] = "request",
	[SIM_REDEEM] = "redeem",
	[SIM_REPLY] = "reply",
	[SIM_LOCK] = "lock",
	[SIM_FAULT] = "fault",
	[SIM_BOOT] = "boot",
	[SIM_PORT] = "port",
	[SIM_SMS] = "sms",
	[SIM_SMS_SENT] = "sms_sent",
	[SIM_SWAP] = "swap",
};

struct sink {
	char *out;
	size_t cap;
	size_t len;
	bool full;
};

static void
put(struct sink *sink, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	size_t room = sink->cap - sink->len;
	int n = vsnprintf(sink->out + sink->len, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room)
		sink->full = true;
	else
		sink->len += (size_t)n;
}

/* The length of the UTF-8 character at p, or 0. */
static size_t
utf8_length(const unsigned char *p)
{
	size_t n = *p < 0x80             ? 1
	           : (*p & 0xE0) == 0xC0 ? 2
	           : (*p & 0xF0) == 0xE0 ? 3
	           : (*p & 0xF8) == 0xF0 ? 4
	                                 : 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	return n;
}

static void
put_string(struct sink *sink, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	put(sink, "\"");
	while (*p != '\0' && !sink->full) {
		size_t n = utf8_length(p);
		if (n == 0)
			put(sink, "\\ufffd");
		else if (*p == '"' || *p == '\\')
			put(sink, "\\%c", *p);
		else if (*p < 0x20)
			put(sink, "\\u%04x", *p);
		else
			put(sink, "%.*s", (int)n, (const char *)p);
		p += n == 0 ? 1 : n;
	}
	put(sink, "\"");
}

bool
sim_json_string(char *out, size_t cap, size_t *len, const char *text)
{
	struct sink sink = {out, cap, *len, false};
	put_string(&sink, text);
	if (!sink.full)
		*len = sink.len;
	return !sink.full;
}

static void
put_field(struct sink *sink, const char *key, const char *value)
{
	if (value == NULL)
		return;
	put(sink, ",\"%s\":", key);
	put_string(sink, value);
}

long
sim_event_json(const struct sim_event *event, char *out, size_t cap)
{
	struct sink sink = {out, cap, 0, false};
	put(&sink, "{\"t\":%" PRId64 ",\"event\":\"%s\"", event->t_ms,
		kind_names[event->kind]);
	put_field(&sink, "modem", event->modem);
	put_field(&sink, "code", event->code);
	if (event->kind == SIM_REQUEST || event->kind == SIM_SMS_SENT)
		put(&sink, ",\"reached\":%s",
			event->reached ? "true" : "false");
	put_field(&sink, "pin", event->voucher_pin);
	put_field(&sink, "by", event->by);
	put_field(&sink, "account", event->account);
	if (event->kind == SIM_REDEEM)
		put(&sink, ",\"amount\":%" PRId64 ",\"executed\":%u",
			event->amount_minor, event->executed);
	put_field(&sink, "outcome", event->outcome);
	put_field(&sink, "text", event->text);
	put_field(&sink, "fate", event->fate);
	put_field(&sink, event->kind == SIM_FAULT ? "fault" : "state",
		event->what);
	put(&sink, "}\n");
	return sink.full ? -1 : (long)sink.len;
}
