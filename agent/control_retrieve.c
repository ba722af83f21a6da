/*
 * control_retrieve: a refused file back to an admin, into the descriptor that
 * came with the request. Nothing of it may leave before the audit entry that
 * says who asked is on disk, nor may a name lead out of failed/.
 */
#include "agent/control_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/json.h"
#include "agent/spool.h"
#include "agent/turn.h"
#include "agent/vault.h"

struct retrieval {
	struct vault_run *run;
	int from_fd, to_fd;
	char name[LEDGER_FILE_MAX];
};

static struct retrieval *
retrieval_new(struct vault *vault, const char *name, int from_fd, int to_fd)
{
	struct retrieval *r = calloc(1, sizeof(*r));
	if (r == NULL)
		abort();
	r->from_fd = from_fd;
	r->to_fd = to_fd;
	r->run = vault_run_new(vault, VAULT_UNSEALS, from_fd, to_fd);
	(void)span_copy(r->name, sizeof(r->name), span_str(name)); /* fits */
	return r;
}

void
control_retrieve_forget(struct client *client)
{
	struct retrieval *r = client->retrieval;
	if (r == NULL)
		return;
	client->retrieval = NULL;
	vault_run_free(r->run);
	(void)close(r->from_fd); /* only read */
	(void)close(r->to_fd);   /* the client has it, and checks it */
	free(r);
}

/* What was asked for may be anything, and is not repeated. */
static void
fail_open(struct client *client, int err)
{
	if (err == -ENOENT || err == -EINVAL)
		client_fail(client, CONTROL_REFUSED,
			"there is no refused file of that name: look for "
			"NAME.sealed in the spool's failed/");
	else
		client_fail(client, CONTROL_REFUSED,
			"the refused file cannot be read: %s", strerror(-err));
}

static void
fail(struct client *client, int err)
{
	if (err == -EBADMSG)
		client_fail(client, CONTROL_REFUSED,
			"%s is damaged, or was sealed with another key",
			client->retrieval->name);
	else
		client_fail(client, CONTROL_REFUSED,
			"%s cannot be given back: %s", client->retrieval->name,
			strerror(-err));
}

/* In the outlet: that it was asked for is on disk. */
static void
step_retrieve(struct client *client)
{
	struct retrieval *r = client->retrieval;
	struct stat st;
	int rc = vault_run_step(r->run);
	if (rc == 1) {
		client_again(client);
		return;
	}
	if (rc == 0 && fstat(r->to_fd, &st) != 0)
		rc = -errno;
	if (rc == 0) {
		struct json *done = json_new_object();
		json_put_text(done, "name", r->name);
		json_put_number(done, "bytes", st.st_size);
		client_done(client, done, CONTROL_DONE);
	} else {
		fail(client, rc);
	}
	control_retrieve_forget(client);
}

/* The descriptor that came along; a pipe could stop the loop. */
static bool
has_plain_file(const struct client *client)
{
	struct stat st;
	return client->passed_fd >= 0 && fstat(client->passed_fd, &st) == 0 &&
	       S_ISREG(st.st_mode);
}

static bool
write_down(struct client *client, const char *name)
{
	struct ledger_op op =
		turn_op(client->control->parts.turn, LEDGER_EVENT);
	(void)span_copy(op.who, sizeof(op.who), span_str(client->who));
	(void)span_copy(op.u.event.event, sizeof(op.u.event.event),
		span_str("file.retrieved")); /* fits */
	(void)snprintf(op.u.event.note, sizeof(op.u.event.note), "name=%s",
		name); /* a name is shorter */
	if (turn_try(client->control->parts.turn, &op, NULL) == 0)
		return true;
	client_fail(client, CONTROL_REFUSED, "the ledger cannot be written: %s",
		ledger_error(client->control->ledger));
	return false;
}

void
control_retrieve(struct client *client, const struct json *args)
{
	const struct control_parts *parts = &client->control->parts;
	const char *name = NULL;
	if (!args_text(client, args, "name", &name))
		return;
	if (name == NULL || !has_plain_file(client)) {
		client_fail(client, CONTROL_USAGE,
			"say a refused file; a plain file for it comes along");
		return;
	}
	int fd = spool_open_sealed(parts->spool, name);
	if (fd < 0) {
		fail_open(client, fd);
		return;
	}
	if (!write_down(client, name)) {
		(void)close(fd); /* only opened */
		return;
	}
	client->retrieval =
		retrieval_new(parts->vault, name, fd, client->passed_fd);
	client->passed_fd = -1;
	client->step = step_retrieve;
	client_again(client);
}
