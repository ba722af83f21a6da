/*
 * fakewire: see fakewire.h. It knows nothing of AT but that a command ends with
 * CR, and a message with ^Z. It must never look at a real clock.
 */
#include "tests/support/fakewire.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static struct fakewire *
wire_of(struct port *port)
{
	return (struct fakewire *)port;
}

static int
on_open(struct port *port)
{
	struct fakewire *w = wire_of(port);

	if (w->open_error < 0)
		return w->open_error;
	assert(!w->is_open);
	w->is_open = true;
	w->opens++;
	return 0;
}

static int
on_fd(const struct port *port)
{
	const struct fakewire *w = (const struct fakewire *)port;

	return w->is_open ? w->fd : -1;
}

static struct fakewire_saying *
first_due(struct fakewire *w)
{
	struct fakewire_saying *due = NULL;

	for (size_t i = 0; i < w->saying_count; i++) {
		struct fakewire_saying *s = &w->sayings[i];

		if (s->at_ms <= w->now_ms && s->given < s->len &&
			(due == NULL || s->at_ms < due->at_ms))
			due = s;
	}
	return due;
}

static ssize_t
on_read(struct port *port, void *buf, size_t cap)
{
	struct fakewire *w = wire_of(port);
	struct fakewire_saying *s = first_due(w);
	size_t n;

	assert(w->is_open);
	if (w->gone)
		return w->gone_error != 0 ? w->gone_error : -EIO;
	if (s == NULL)
		return 0;
	n = s->len - s->given;
	n = w->cut > 0 && n > w->cut ? w->cut : n;
	n = n > cap ? cap : n;
	memcpy(buf, s->bytes + s->given, n);
	s->given += n;
	return (ssize_t)n;
}

static void
keep(struct fakewire *w, struct fakewire_saying *s, const char *bytes, size_t n)
{
	(void)w;
	assert(s->len + n <= sizeof s->bytes);
	memcpy(s->bytes + s->len, bytes, n);
	s->len += n;
}

static struct fakewire_saying *
new_saying(struct fakewire *w, int64_t after_ms)
{
	struct fakewire_saying *s = NULL;

	for (size_t i = 0; s == NULL && i < w->saying_count; i++)
		if (w->sayings[i].given == w->sayings[i].len)
			s = &w->sayings[i];
	if (s == NULL) {
		assert(w->saying_count < FAKEWIRE_SAYINGS_MAX);
		s = &w->sayings[w->saying_count++];
	}
	s->at_ms = w->now_ms + after_ms;
	s->len = 0;
	s->given = 0;
	return s;
}

static void
say(struct fakewire *w, const char *bytes, int64_t after_ms, bool with_noise)
{
	struct fakewire_saying *s = new_saying(w, after_ms);

	for (const char *p = bytes; *p != '\0'; p++) {
		keep(w, s, p, 1);
		if (with_noise && w->noise != NULL && *p == '\n')
			keep(w, s, w->noise, strlen(w->noise));
	}
}

void
fakewire_say(struct fakewire *w, const char *bytes, int64_t after_ms)
{
	say(w, bytes, after_ms, false);
}

void
fakewire_hush(struct fakewire *w)
{
	w->saying_count = 0;
}

static void
on_command(struct fakewire *w)
{
	struct fakewire_rule *rule = NULL;

	w->command[w->command_len] = '\0';
	w->command_len = 0;
	if (w->echo) {
		fakewire_say(w, w->command, 0);
		fakewire_say(w, "\r\r\n", 0);
	}
	for (size_t i = w->rule_count; rule == NULL && i-- > 0;)
		if (strncmp(w->command, w->rules[i].when,
			    strlen(w->rules[i].when)) == 0)
			rule = &w->rules[i];
	if (rule == NULL) {
		say(w, "\r\nERROR\r\n", 0, true);
		return;
	}
	if (rule->say != NULL)
		say(w, rule->say, rule->after_ms, true);
	if (rule->then != NULL)
		say(w, rule->then, rule->then_after_ms, true);
	if (rule->times > 0 && --rule->times == 0)
		rule->when = "\x01"; /* never again */
}

static ssize_t
on_write(struct port *port, const void *buf, size_t len)
{
	struct fakewire *w = wire_of(port);
	const char *p = buf;
	size_t n = len < w->take_max ? len : w->take_max;

	n = n < w->take_left ? n : w->take_left;
	w->take_left -= w->take_left < SIZE_MAX ? n : 0;
	assert(w->is_open);
	if (w->gone)
		return w->gone_error != 0 ? w->gone_error : -EIO;
	assert(w->written_len + n < sizeof w->written);
	memcpy(w->written + w->written_len, p, n);
	w->written_len += n;
	w->written[w->written_len] = '\0';
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\r' || p[i] == '\x1a') {
			on_command(w);
			continue;
		}
		assert(w->command_len + 1 < sizeof w->command);
		w->command[w->command_len++] = p[i];
	}
	return (ssize_t)n;
}

static void
on_close(struct port *port)
{
	struct fakewire *w = wire_of(port);

	w->closes += w->is_open ? 1 : 0;
	w->is_open = false;
	w->command_len = 0;
}

static void
on_free(struct port *port)
{
	on_close(port);
	wire_of(port)->was_freed = true;
}

void
fakewire_init(struct fakewire *w)
{
	static const struct port_ops ops = {.open = on_open,
		.fd = on_fd,
		.read = on_read,
		.write = on_write,
		.close = on_close,
		.free = on_free};

	memset(w, 0, sizeof *w);
	w->port.ops = &ops;
	w->take_max = SIZE_MAX;
	w->take_left = SIZE_MAX;
	w->fd = FAKEWIRE_FD;
}

void
fakewire_rule(struct fakewire *w, struct fakewire_rule rule)
{
	assert(w->rule_count < FAKEWIRE_RULES_MAX);
	w->rules[w->rule_count++] = rule;
}

int64_t
fakewire_next_ms(const struct fakewire *w)
{
	int64_t next = INT64_MAX;

	if (w->gone)
		return w->now_ms; /* a hang-up wakes at once */
	for (size_t i = 0; i < w->saying_count; i++)
		if (w->sayings[i].given < w->sayings[i].len &&
			w->sayings[i].at_ms < next)
			next = w->sayings[i].at_ms;
	return next;
}

unsigned
fakewire_count(const struct fakewire *w, const char *text)
{
	unsigned n = 0;

	for (const char *p = w->written; (p = strstr(p, text)) != NULL; p++)
		n++;
	return n;
}
