/*
 * control_client: one connection's bytes: the request with the file that
 * comes with it, the queue of answer lines. It must never wait for a
 * reader, nor hold more than its bounds for one.
 */
#include "agent/control_client.h"

#include <assert.h>
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/control_private.h"
#include "agent/json.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/mask.h"
#include "agent/turn.h"

enum { PASSWD_MAX = 4096, FDS_MAX = 4 };

/* "uid:1000(ann)": the number is what counts, the name is for people. */
static void
print_who(uid_t uid, char *out, size_t cap)
{
	char buffer[PASSWD_MAX], name[33] = "";
	struct passwd entry, *found = NULL;
	if (getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found) == 0 &&
		found != NULL)
		(void)span_copy(name, sizeof(name), span_str(entry.pw_name));
	for (char *p = name; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~' || *p == '(' || *p == ')')
			*p = '?';
	}
	int n = snprintf(out, cap, "uid:%lu%s%s%s", (unsigned long)uid,
		name[0] != '\0' ? "(" : "", name, name[0] != '\0' ? ")" : "");
	assert(n > 0 && (size_t)n < cap);
}

static void
on_ready(void *ctx, bool readable, bool writable)
{
	struct client *client = ctx;
	(void)writable; /* the outlet at the end of this turn flushes */
	if (readable)
		client_receive(client);
}

struct client *
client_new(struct control *control, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return NULL;
	struct client *client = calloc(1, sizeof(*client));
	if (client == NULL)
		return NULL;
	client->in = malloc(CONTROL_REQUEST_MAX);
	if (client->in == NULL) {
		free(client);
		return NULL;
	}
	client->control = control;
	client->fd = fd;
	client->passed_fd = -1;
	client->since_ms = loop_now_ms(control->parts.loop);
	client->admin = peer.uid == 0 || peer.uid == geteuid();
	print_who(peer.uid, client->who, sizeof(client->who));
	client->poll = loop_poll_new(control->parts.loop, fd, on_ready, client);
	loop_poll_want(client->poll, true, false);
	return client;
}

/* An answer may be a PIN (reveal). */
static void
wipe_out(struct client *client)
{
	if (client->out_len > 0)
		explicit_bzero(client->out, client->out_len);
	client->out_sent = client->out_len = 0;
}

void
client_free(struct client *client)
{
	if (client == NULL)
		return;
	control_wait_forget(client);
	control_backup_forget(client);
	control_ussd_forget(client);
	control_record_forget(client);
	control_reveal_forget(client);
	control_retrieve_forget(client);
	control_totals_forget(client);
	control_sweep_forget(client);
	loop_poll_free(client->poll);
	(void)close(client->fd); /* nothing of it is owed to anybody */
	if (client->passed_fd >= 0)
		(void)close(client->passed_fd); /* only read from */
	explicit_bzero(client->in, CONTROL_REQUEST_MAX);
	free(client->in);
	wipe_out(client);
	free(client->out);
	free(client);
}

/* ---- in ------------------------------------------------------------------ */

/* Keeps the first descriptor; all others are closed at once. */
static void
take_descriptors(struct client *client, struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL;
		c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (client->passed_fd < 0)
				client->passed_fd = fd;
			else
				(void)close(fd); /* was never asked for */
		}
	}
}

static ssize_t
receive_some(struct client *client, char *into, size_t cap)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} extra;
	struct iovec piece = {.iov_base = into, .iov_len = cap};
	struct msghdr message = {.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = extra.bytes,
		.msg_controllen = sizeof(extra.bytes)};
	ssize_t n =
		recvmsg(client->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n >= 0)
		take_descriptors(client, &message);
	return n;
}

/* The request is whole once its line ends; an answer of a dialogue too. What
 * comes behind a line before it was answered is forgotten. */
static void
look_for_line(struct client *client)
{
	const char *end = memchr(client->in, '\n', client->in_len);
	if (end == NULL) {
		if (client->in_len == CONTROL_REQUEST_MAX)
			client_fail(client, CONTROL_USAGE,
				"the request is longer than %d bytes",
				CONTROL_REQUEST_MAX);
		return;
	}
	size_t len = (size_t)(end - client->in);
	client->in_len = 0;
	if (client->asked) {
		client->on_line(client, span_of(client->in, len));
		return;
	}
	client->asked = true;
	client->while_stuck = turn_stuck(client->control->parts.turn) != NULL;
	client_request(client, span_of(client->in, len));
}

void
client_receive(struct client *client)
{
	char rest[512];
	/* After the request nothing is expected but the end, as a rule. */
	bool over = client->done || (client->asked && !client->on_line);
	ssize_t n = over ? receive_some(client, rest, sizeof(rest))
	                 : receive_some(client, client->in + client->in_len,
				   CONTROL_REQUEST_MAX - client->in_len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* Who half-closes is gone too: nobody would be there when
		 * an answer that takes its time comes. One that is queued
		 * is still flushed once. */
		client->gone = true;
		loop_poll_want(client->poll, false, false);
		return;
	}
	if (over)
		return;
	client->in_len += (size_t)n;
	look_for_line(client);
}

/* ---- out ----------------------------------------------------------------- */

static void
queue(struct client *client, const char *bytes, size_t len)
{
	if (client->out_len + len > CLIENT_OUT_MAX) {
		log_line(LOG_AT_WARNING, "control answer-too-long who=%s",
			client->who);
		client->gone = true;
		return;
	}
	if (client->out_len + len > client->out_cap) {
		size_t cap = 2 * (client->out_len + len);
		char *grown = malloc(cap);
		if (grown == NULL)
			abort(); /* half an answer is worse than none */
		if (client->out_len > 0) {
			memcpy(grown, client->out, client->out_len);
			explicit_bzero(client->out, client->out_len);
		}
		free(client->out);
		client->out = grown;
		client->out_cap = cap;
	}
	memcpy(client->out + client->out_len, bytes, len);
	client->out_len += len;
}

void
client_line(struct client *client, struct span line)
{
	if (client->done || client->gone)
		return;
	queue(client, line.ptr, line.len);
	queue(client, "\n", 1);
}

/* Takes the line over. After the last one nothing may follow. */
static void
queue_line(struct client *client, struct json *line)
{
	if (!client->done && !client->gone) {
		char *text = json_print(line);
		queue(client, text, strlen(text));
		queue(client, "\n", 1);
		free(text);
	}
	json_free(line);
}

static void
queue_value(struct client *client, const char *key, struct json *value)
{
	struct json *line = json_new_object();
	json_put(line, key, value);
	queue_line(client, line);
}

void
client_item(struct client *client, struct json *item)
{
	queue_value(client, "item", item);
}

void
client_progress(struct client *client, struct json *progress)
{
	queue_value(client, "progress", progress);
}

static void
finish(struct client *client, struct json *line, int exit_status)
{
	json_put_number(line, "exit", exit_status);
	queue_line(client, line);
	client->done = true;
	client->step = NULL;
	client->on_line = NULL;
}

void
client_done(struct client *client, struct json *done, int exit_status)
{
	struct json *line = json_new_object();
	json_put(line, "done", done);
	finish(client, line, exit_status);
}

bool
client_may_be_pin(const void *ctx, struct span digits)
{
	(void)ctx;
	return digits.len >= 10;
}

void
client_fail(struct client *client, int exit_status, const char *format, ...)
{
	char text[4096], masked[sizeof(text)];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* cut is fine */
	va_end(args);
	/* It may repeat what was typed. */
	mask_text(span_str(text), span_str(""), client_may_be_pin, NULL, masked,
		sizeof(masked));
	explicit_bzero(text, sizeof(text));
	struct json *line = json_new_object();
	json_put_text(line, "error", masked);
	finish(client, line, exit_status);
}

bool
client_has_room(const struct client *client)
{
	return !client->gone &&
	       client->out_len - client->out_sent < CLIENT_OUT_LOW;
}

void
client_again(struct client *client)
{
	loop_idle_once(client->control->idle);
}

void
client_flush(struct client *client)
{
	bool full = false;
	while (!full && client->out_sent < client->out_len) {
		ssize_t n = send(client->fd, client->out + client->out_sent,
			client->out_len - client->out_sent,
			MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			client->gone = true;
			return;
		}
		full = n < 0;
		if (!full) {
			client->out_sent += (size_t)n;
			client->since_ms =
				loop_now_ms(client->control->parts.loop);
		}
	}
	if (!full)
		wipe_out(client);
	if (client->done && !full)
		client->gone = true;
	if (!client->gone)
		loop_poll_want(client->poll, true, full);
}

int64_t
client_deadline(const struct client *client)
{
	if (client->out_sent < client->out_len)
		return client->since_ms + CLIENT_STALL_MS;
	if (!client->asked)
		return client->since_ms + CLIENT_ASK_MS;
	return INT64_MAX;
}
