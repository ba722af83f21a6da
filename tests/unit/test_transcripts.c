/*
 * Every tests/transcripts/NAME.transcript, replayed through the real driver
 * in virtual time: what we say is what was said, in that order, and what came
 * of it is what the transcript's head says. The README there tells the form.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modem/modem_sms.h"
#include "modem/port.h"

enum {
	LINES_MAX = 2000,
	TEXT_MAX = 8192,
	QUEUE_MAX = 64,
	AHEAD_MAX = 3, /* so many commands of then may be missing now */
	PATIENCE_MS = 120000,
	TURNS_MAX = 500000,
	TIMEOUT_MS = 60000,
	CUT = 3 /* bytes a read */
};

struct line {
	int64_t ms;
	bool sent;
	char *text;
	size_t len;
};

struct heard {
	int64_t at_ms;
	size_t line;
	size_t given;
};

static struct replay {
	struct port port; /* first */
	const char *name;
	struct line lines[LINES_MAX];
	size_t count, cursor; /* the next one that is to be said, or after it */
	char head[TEXT_MAX];
	struct heard queue[QUEUE_MAX];
	size_t queued;
	char command[TEXT_MAX];
	size_t command_len;
	char missed[TEXT_MAX]; /* said then, and not now */
	int64_t now_ms;
	bool is_open, was_ready, open_menu;
	struct modem *modem;
	uint64_t
		kept[QUEUE_MAX]; /* messages that its owner has, not yet said */
	size_t kept_count;
	char texts[TEXT_MAX], messages[TEXT_MAX]; /* as the head has them */
} r;

/* ---- the file ------------------------------------------------------------ */

static int
hex_of(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static void
add_line(char *text)
{
	struct line *line = &r.lines[r.count++];
	char *end = NULL;
	char *out;

	assert_true(r.count < LINES_MAX);
	line->ms = strtoll(text, &end, 10);
	if (end == text || end[0] != ' ' || (end[1] != '>' && end[1] != '<'))
		fail_msg("%s: no line of a transcript: %s", r.name, text);
	line->sent = end[1] == '>';
	line->text = out = strdup(end[2] == ' ' ? end + 3 : end + 2);
	for (const char *p = out; *p != '\0'; p++) {
		if (p[0] == '\\' && p[1] == 'x' && p[2] != '\0' &&
			p[3] != '\0') {
			*out++ = (char)(hex_of(p[2]) << 4 | hex_of(p[3]));
			p += 3;
		} else {
			p += p[0] == '\\' && p[1] == '\\';
			*out++ = *p;
		}
	}
	line->len = (size_t)(out - line->text);
	*out = '\0';
}

static void
read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t cap = 0;

	assert_non_null(file);
	while (getline(&text, &cap, file) > 0) {
		text[strcspn(text, "\r\n")] = '\0';
		if (text[0] == '#')
			(void)snprintf(r.head + strlen(r.head),
				sizeof r.head - strlen(r.head), "%s\n", text);
		else if (text[0] != '\0')
			add_line(text);
	}
	free(text);
	(void)fclose(file);
}

/* ---- the wire ------------------------------------------------------------ */

static void
say(size_t line, int64_t at_ms)
{
	assert_true(r.queued < QUEUE_MAX);
	r.queue[r.queued++] = (struct heard){.at_ms = at_ms, .line = line};
}

/* What was heard after that command, until the next one. */
static void
answer(size_t at)
{
	for (size_t i = at + 1; i < r.count && !r.lines[i].sent; i++)
		say(i, r.now_ms + 1 + r.lines[i].ms - r.lines[at].ms);
}

/* A command of ours as a transcript has it. */
static void
name_command(char *text, size_t cap)
{
	const char *name = NULL;
	if (strncmp(text, "AT+CUSD=1,", 10) == 0)
		name = "AT+CUSD=1,\"<";
	else if (strncmp(text, "AT+CPIN=\"", 9) == 0)
		name = "AT+CPIN=\"<";
	else if (strncmp(text, "AT+CMGS=", 8) == 0)
		name = "AT+CMGS=";
	else if (strchr(text, '\x1a') != NULL)
		name = "<pdu>";
	if (name)
		assert_int_equal(span_copy(text, cap, span_str(name)), 0);
}

static bool
is_same(const char *named, const struct line *line)
{
	size_t n = strlen(named);
	bool open_ended = n > 0 && strchr("<=", named[n - 1]) != NULL;

	if (strcmp(named, "<pdu>") == 0)
		return strncmp(line->text, named, n) == 0;
	return open_ended && strncmp(named, "AT+C", 4) == 0 &&
	                       (named[n - 1] == '<' ||
				       strcmp(named, "AT+CMGS=") == 0)
	               ? strncmp(line->text, named, n) == 0
	               : strcmp(line->text, named) == 0;
}

/* Where it was said: next, a little later, before; or nowhere. */
static void
on_command(char *text, size_t cap)
{
	static const char unknown[] = "ERROR";
	unsigned ahead = 0;

	name_command(text, cap);
	for (size_t i = r.cursor; i < r.count && ahead <= AHEAD_MAX; i++) {
		if (!r.lines[i].sent)
			continue;
		if (is_same(text, &r.lines[i])) {
			for (size_t k = r.cursor; k < i; k++)
				if (r.lines[k].sent)
					(void)snprintf(
						r.missed + strlen(r.missed),
						sizeof r.missed -
							strlen(r.missed),
						"%s\n", r.lines[k].text);
			r.cursor = i + 1;
			answer(i);
			return;
		}
		ahead++;
	}
	for (size_t i = r.cursor; i-- > 0;) {
		if (!r.lines[i].sent || !is_same(text, &r.lines[i]))
			continue;
		answer(i);
		return;
	}
	/* New since then: as a command that the modem does not know. */
	assert_true(r.count < LINES_MAX);
	r.lines[r.count] = (struct line){
		.text = (char *)unknown, .len = sizeof unknown - 1};
	say(r.count, r.now_ms + 1);
}

static int
open_port(struct port *port)
{
	(void)port;
	r.is_open = true;
	return 0;
}

static int
fd_of(const struct port *port)
{
	(void)port;
	return r.is_open ? 5 : -1;
}

static ssize_t
write_port(struct port *port, const void *bytes, size_t len)
{
	const char *p = bytes;

	(void)port;
	for (size_t i = 0; i < len; i++) {
		assert_true(r.command_len + 1 < sizeof r.command);
		if (p[i] != '\r')
			r.command[r.command_len++] = p[i];
		if (p[i] != '\r' && p[i] != '\x1a')
			continue;
		r.command[r.command_len] = '\0';
		if (r.command_len > 0)
			on_command(r.command, sizeof(r.command));
		r.command_len = 0;
	}
	return (ssize_t)len;
}

/* A line stands between line ends; a prompt before what is typed. */
static char
byte_of(const struct heard *h, bool *last)
{
	const struct line *line = &r.lines[h->line];
	bool prompt = strcmp(line->text, ">") == 0;
	size_t tail = prompt ? 1 : 2;
	size_t at = h->given;

	*last = at + 1 == 2 + line->len + tail;
	if (at < 2)
		return "\r\n"[at];
	if (at < 2 + line->len)
		return line->text[at - 2];
	return prompt ? ' ' : "\r\n"[at - 2 - line->len];
}

static ssize_t
read_port(struct port *port, void *buf, size_t cap)
{
	char *out = buf;
	size_t n = 0;

	(void)port;
	while (n < cap && n < CUT && r.queued > 0 &&
		r.queue[0].at_ms <= r.now_ms) {
		bool last;

		out[n++] = byte_of(&r.queue[0], &last);
		r.queue[0].given++;
		if (!last)
			continue;
		r.queued--;
		memmove(r.queue, r.queue + 1, r.queued * sizeof *r.queue);
	}
	return (ssize_t)n;
}

static void
close_port(struct port *port)
{
	(void)port;
	r.is_open = false;
}

static const struct port_ops ops = {.open = open_port,
	.fd = fd_of,
	.read = read_port,
	.write = write_port,
	.close = close_port,
	.free = close_port};

/* ---- the owner ----------------------------------------------------------- */

static void
on_fd(void *ctx, int fd, bool want_write)
{
	(void)ctx;
	(void)fd;
	(void)want_write;
}

static void
on_state(void *ctx)
{
	(void)ctx;
	r.was_ready = r.was_ready || modem_info(r.modem)->state == MODEM_READY;
}

static void
note(char *list, const char *what, const char *who, struct span text)
{
	size_t used = strlen(list);
	int n = snprintf(list + used, TEXT_MAX - used, "# %s: %s%.*s\n", what,
		who, (int)text.len, text.ptr);

	for (int i = 0; i + 1 < n && used + (size_t)i < TEXT_MAX; i++)
		if (list[used + (size_t)i] == '\n' ||
			list[used + (size_t)i] == '\r')
			list[used + (size_t)i] = ' ';
}

static void
on_push(void *ctx, struct span text)
{
	(void)ctx;
	note(r.texts, "text", "", text);
}

static void
on_result(void *ctx, const struct modem_result *result)
{
	(void)ctx;
	r.open_menu = result->open;
	if (result->cause == MODEM_TEXT && result->text.len > 0)
		note(r.texts, "text", "", result->text);
}

static void
on_sms(void *ctx, const struct modem_message *message)
{
	char who[64];

	(void)ctx;
	(void)snprintf(who, sizeof who, "%s: ", message->sender);
	note(r.messages, "message", who, message->text_utf8);
	assert_true(r.kept_count < QUEUE_MAX);
	r.kept[r.kept_count++] = message->handle;
}

/* The next command of then, and the one after it. */
static const char *
next_sent(size_t from, size_t *at)
{
	for (*at = from; *at < r.count; (*at)++)
		if (r.lines[*at].sent)
			return r.lines[*at].text;
	return "";
}

/* What came was on disk when it was deleted, and no earlier. */
static void
keep_as_then(void)
{
	size_t at;
	const char *next = next_sent(r.cursor, &at);

	if (strncmp(next, "AT+CPMS=\"", 9) == 0)
		next = next_sent(at + 1, &at);
	if (r.kept_count == 0 ||
		(next[0] != '\0' && strncmp(next, "AT+CMGD=", 8) != 0))
		return;
	modem_sms_done(r.modem, r.kept[0]);
	r.kept_count--;
	memmove(r.kept, r.kept + 1, r.kept_count * sizeof *r.kept);
}

/* What the owner had done then, when it is its turn. */
static void
do_as_then(void)
{
	size_t at;
	const char *next = next_sent(r.cursor, &at);
	enum modem_state state = modem_info(r.modem)->state;
	static const struct modem_sms sms = {
		.number = {"121", 3}, .text_utf8 = {"X", 1}};

	if (state != MODEM_READY && !r.open_menu)
		return;
	/* It is ready before the last of these were answered. */
	while (strcmp(next, "AT+CSQ") == 0 || strcmp(next, "AT+COPS?") == 0)
		next = next_sent(at + 1, &at);
	if (strcmp(next, "AT+CUSD=2") == 0 && state == MODEM_READY)
		modem_end(r.modem);
	if (r.queued > 0)
		return;
	/* What goes before a request, and before a text of ours. */
	if (strncmp(next, "AT+CSCS=", 8) == 0 || strcmp(next, "AT+CMGF=0") == 0)
		next = next_sent(at + 1, &at);
	if (strncmp(next, "AT+CUSD=1,\"<reply>", 18) == 0 && r.open_menu)
		(void)modem_reply(
			r.modem, span_str("1"), TIMEOUT_MS, on_result, NULL);
	else if (strncmp(next, "AT+CUSD=1,\"<", 12) == 0)
		(void)modem_ask(r.modem, span_str("*100#"),
			strstr(next, "<ask>") != NULL ? MODEM_SEARCH
						      : MODEM_ONCE,
			TIMEOUT_MS, on_result, NULL);
	else if (strcmp(next, "AT+CUSD=2") == 0 && r.open_menu)
		modem_end(r.modem);
	else if (strcmp(next, "AT+CPIN?") == 0)
		(void)modem_refresh(r.modem, MODEM_REFRESH_SIM);
	else if (strcmp(next, "AT+CFUN=4") == 0)
		(void)modem_refresh(r.modem, MODEM_REFRESH_RADIO);
	else if (strncmp(next, "AT+CMGS=", 8) == 0)
		(void)modem_send_sms(
			r.modem, &sms, TIMEOUT_MS, on_result, NULL);
}

/* ---- the replay ---------------------------------------------------------- */

static bool
turn(void)
{
	bool due = modem_wake_at(r.modem) <= r.now_ms;
	bool readable =
		r.is_open && r.queued > 0 && r.queue[0].at_ms <= r.now_ms;

	if (readable)
		modem_on_ready(r.modem, r.now_ms);
	if (due)
		modem_tick(r.modem, r.now_ms);
	keep_as_then();
	do_as_then();
	modem_flush(r.modem, r.now_ms);
	return readable || due;
}

/* Until all was said, and what follows it heard; or nothing more comes. */
static void
run(void)
{
	size_t at, last = 0;
	int64_t since_ms = r.now_ms;

	for (int i = 0; i < TURNS_MAX; i++) {
		bool did = turn();
		int64_t next = modem_wake_at(r.modem);

		if (r.cursor != last)
			since_ms = r.now_ms;
		last = r.cursor;
		if (r.now_ms - since_ms > PATIENCE_MS ||
			(next_sent(r.cursor, &at)[0] == '\0' && r.queued == 0 &&
				r.now_ms - since_ms > 2000))
			return;
		if (r.queued > 0 && r.queue[0].at_ms < next)
			next = r.queue[0].at_ms;
		if (!did && next > r.now_ms)
			r.now_ms =
				next < r.now_ms + 1000 ? next : r.now_ms + 1000;
	}
	fail_msg("%s: it does not end", r.name);
}

/* A recording may begin anywhere: its modem's start is where we begin. */
static void
find_start(void)
{
	while (r.cursor < r.count &&
		!(r.lines[r.cursor].sent &&
			r.lines[r.cursor].text[0] == '\x1b'))
		r.cursor++;
	if (r.cursor == r.count)
		fail_msg("%s: no start of a modem in it", r.name);
}

/* Each line of the head that expects something. */
static void
check_head(void)
{
	char all[4 * TEXT_MAX];

	(void)snprintf(all, sizeof all, "%s%s# dialect: %s\n# state: %s\n",
		r.texts, r.messages, modem_info(r.modem)->dialect,
		r.was_ready ? "ready" : "");
	for (char *line = strtok(r.head, "\n"); line != NULL;
		line = strtok(NULL, "\n")) {
		bool expects = strncmp(line, "# text: ", 8) == 0 ||
		               strncmp(line, "# message: ", 11) == 0 ||
		               strncmp(line, "# dialect: ", 11) == 0 ||
		               strncmp(line, "# state: ", 9) == 0;

		if (expects && strstr(all, line) == NULL)
			fail_msg("%s: expected \"%s\", and came:\n%s", r.name,
				line, all);
	}
	if (getenv("SHOW_TRANSCRIPTS") != NULL)
		print_message("%s", all);
}

static void
replay(const char *folder, const char *name)
{
	static const struct modem_hooks hooks = {.on_fd = on_fd,
		.on_state = on_state,
		.on_push = on_push,
		.on_sms = on_sms};
	struct modem_options options = {
		.name = name, .dialect = "auto", .roaming = true};
	char path[1024];
	size_t at;

	memset(&r, 0, sizeof r);
	r.port.ops = &ops;
	r.name = name;
	r.now_ms = 1000;
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	read_file(path);
	find_start();
	r.modem = modem_new(&options, &r.port, &hooks);
	modem_start(r.modem, r.now_ms);
	run();
	if (next_sent(r.cursor, &at)[0] != '\0')
		fail_msg("%s: said then, not now, from line %zu on: %s", name,
			at, r.lines[at].text);
	if (r.missed[0] != '\0')
		fail_msg("%s: said then, not now: %s", name, r.missed);
	check_head();
	modem_free(r.modem);
	for (size_t i = 0; i < r.count; i++)
		free(r.lines[i].text);
}

static void
every_transcript_is_replayed(void **state)
{
	static const char folder[] = "tests/transcripts";
	struct dirent **list = NULL;
	int count = scandir(folder, &list, NULL, alphasort);
	int replayed = 0;

	(void)state;
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		const char *dot = strrchr(list[i]->d_name, '.');

		if (dot != NULL && strcmp(dot, ".transcript") == 0) {
			replay(folder, list[i]->d_name);
			replayed++;
		}
		free(list[i]);
	}
	free(list);
	print_message("%d transcripts\n", replayed);
	assert_true(replayed > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_transcript_is_replayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
