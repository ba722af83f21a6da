/*
 * control: the listening socket and its connections. What a turn answers
 * leaves in the outlet, after the commit. It must never block, nor let one
 * connection keep another from being served.
 */
#include "agent/control_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/backup.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/turn.h"

enum {
	BACKLOG = 16,
	ADMIN_EXTRA = 4,        /* connections kept free for admins */
	ACCEPT_PAUSE_MS = 1000, /* when no descriptor is left */
	LOOK_MS = 1000 /* so late is an answer while the ledger is stuck */
};

static size_t
count_clients(const struct control *control)
{
	size_t n = 0;
	for (const struct client *c = control->clients; c != NULL; c = c->next)
		n++;
	return n;
}

static void
add_client(struct control *control, int fd)
{
	struct client *client = client_new(control, fd);
	if (client == NULL) {
		log_line(LOG_AT_WARNING, "control refused reason=\"%s\"",
			strerror(errno));
		(void)close(fd); /* nothing was said on it */
		return;
	}
	size_t max = CONTROL_CLIENTS_MAX + (client->admin ? ADMIN_EXTRA : 0);
	if (count_clients(control) >= max) {
		log_line(LOG_AT_WARNING, "control too-many-connections who=%s",
			client->who);
		client_free(client);
		return;
	}
	client->next = control->clients;
	control->clients = client;
}

static void
on_connection(void *ctx, bool readable, bool writable)
{
	struct control *control = ctx;
	(void)readable;
	(void)writable;
	for (int i = 0; i < BACKLOG; i++) {
		struct sockaddr_un peer; /* has no name of its own */
		socklen_t len = sizeof(peer);
		int fd = accept4(control->fd, (struct sockaddr *)&peer, &len,
			SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			add_client(control, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
			/* It would stay readable, and spin. */
			log_line(LOG_AT_ERROR,
				"control accept-failed "
				"reason=\"%s\"",
				strerror(errno));
			loop_poll_want(control->poll, false, false);
			control->accept_again_ms =
				loop_now_ms(control->parts.loop) +
				ACCEPT_PAUSE_MS;
		}
		return;
	}
}

/* ---- the outlet ---------------------------------------------------------- */

static void
drop_late(struct client *client, int64_t now_ms)
{
	if (client_deadline(client) > now_ms)
		return;
	log_line(LOG_AT_INFO, "control dropped who=%s reason=%s", client->who,
		client->asked ? "not-reading" : "no-request");
	client->gone = true;
}

static void
remove_gone(struct control *control)
{
	struct client **link = &control->clients;
	while (*link != NULL) {
		struct client *client = *link;
		if (!client->gone) {
			link = &client->next;
			continue;
		}
		*link = client->next;
		client_free(client);
	}
}

static void
set_timer(struct control *control, int64_t now_ms)
{
	int64_t next = INT64_MAX;
	for (struct client *c = control->clients; c != NULL; c = c->next) {
		int64_t at = client_deadline(c);
		if (at < next)
			next = at;
		at = control_wait_next(c);
		if (at < next)
			next = at;
	}
	if (control->accept_again_ms < next)
		next = control->accept_again_ms;
	/* What is due was looked at just now. */
	if (next != INT64_MAX && next <= now_ms)
		next = now_ms + 1;
	loop_timer_at(control->timer, next);
}

static void
serve(struct client *client, int64_t now_ms)
{
	if (client->step != NULL && client_has_room(client))
		client->step(client);
	client_flush(client);
	drop_late(client, now_ms);
}

static void
on_outlet(void *ctx)
{
	struct control *control = ctx;
	int64_t now_ms = loop_now_ms(control->parts.loop);
	for (struct client *c = control->clients; c != NULL; c = c->next)
		serve(c, now_ms);
	remove_gone(control);
	set_timer(control, now_ms);
}

/*
 * While the ledger cannot be written the loop serves no descriptor and
 * there is no outlet. Who asks then is told so: looking is allowed, since
 * it needs no commit. All others keep waiting for their turn's.
 */
static void
on_look(void *ctx)
{
	struct control *control = ctx;
	int64_t now_ms = loop_now_ms(control->parts.loop);
	loop_timer_at(control->look, now_ms + LOOK_MS);
	if (turn_stuck(control->parts.turn) == NULL)
		return;
	control_backup_yield(control);
	on_connection(control, true, false);
	for (struct client *c = control->clients; c != NULL; c = c->next) {
		if (!c->asked && !c->done)
			client_receive(c);
		if (c->while_stuck || !c->asked)
			serve(c, now_ms);
	}
	remove_gone(control);
}

/* The outlet at the end of the turn does what is due. */
static void
on_wake(void *ctx)
{
	struct control *control = ctx;
	control->accept_again_ms = INT64_MAX;
	loop_poll_want(control->poll, true, false);
}

/* ---- opening ------------------------------------------------------------- */

/* 0, or -errno. The mode is right before anybody can connect. */
static int
listen_at(struct control *control, gid_t group)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (span_copy(address.sun_path, sizeof(address.sun_path),
		    span_str(control->path)) != 0)
		return -ENAMETOOLONG;
	control->fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->fd < 0)
		return -errno;
	/* Ours or a dead one's: a second daemon was refused by the ledger. */
	if (unlink(control->path) != 0 && errno != ENOENT)
		return -errno;
	mode_t before = umask(0177);
	int bound =
		bind(control->fd, (struct sockaddr *)&address, sizeof(address));
	int why = errno;
	(void)umask(before); /* cannot fail */
	if (bound != 0)
		return -why;
	if (group != (gid_t)-1 && lchown(control->path, (uid_t)-1, group) != 0)
		return -errno;
	if (chmod(control->path, 0660) != 0 ||
		listen(control->fd, BACKLOG) != 0)
		return -errno;
	return 0;
}

struct control *
control_new(const struct control_parts *parts, const char *dir, gid_t group,
	char *why, size_t cap)
{
	struct control *control = calloc(1, sizeof(*control));
	if (control == NULL)
		abort();
	control->parts = *parts;
	control->ledger = turn_ledger(parts->turn);
	control->fd = -1;
	control->started_ms = loop_now_ms(parts->loop);
	backup_clean(control->ledger);
	control->accept_again_ms = INT64_MAX;
	if (asprintf(&control->path, "%s/%s", dir, CONTROL_SOCKET_NAME) < 0)
		abort();
	control->key_file =
		strdup(parts->key_file != NULL ? parts->key_file : "");
	if (control->key_file == NULL)
		abort();
	int err = listen_at(control, group);
	if (err != 0) {
		(void)snprintf(why, cap, "cannot listen at %s: %s",
			control->path, strerror(-err)); /* cut is fine */
		if (control->fd >= 0)
			(void)close(control->fd); /* was never used */
		free(control->key_file);
		free(control->path);
		free(control);
		return NULL;
	}
	control->timer = loop_timer_new(parts->loop, on_wake, control);
	control->idle = loop_idle_new(parts->loop, on_wake, control);
	control->look = loop_timer_new(parts->loop, on_look, control);
	loop_timer_always(control->look);
	loop_timer_at(control->look, control->started_ms + LOOK_MS);
	control->poll =
		loop_poll_new(parts->loop, control->fd, on_connection, control);
	loop_poll_want(control->poll, true, false);
	turn_add_outlet(parts->turn, on_outlet, control);
	return control;
}

void
control_free(struct control *control)
{
	if (control == NULL)
		return;
	while (control->clients != NULL) {
		struct client *client = control->clients;
		control->clients = client->next;
		client_free(client);
	}
	control_sweep_end(control);
	loop_poll_free(control->poll);
	loop_timer_free(control->timer);
	loop_timer_free(control->look);
	loop_idle_free(control->idle);
	(void)close(control->fd);    /* nothing is written on it */
	(void)unlink(control->path); /* a stale one is removed at start */
	free(control->key_file);
	free(control->path);
	free(control);
}
