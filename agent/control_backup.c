/*
 * control_backup: a backup over the control socket. The daemon fills the
 * file that came with the request; it must never open one by a name that
 * somebody said.
 */
#include "agent/control_private.h"

#include <ctype.h>

#include "agent/backup.h"
#include "agent/json.h"
#include "agent/turn.h"

static void
drop(struct control *control)
{
	backup_free(control->backup);
	control->backup = NULL;
	control->backup_for = NULL;
}

void
control_backup_forget(const struct client *client)
{
	if (client->control->backup_for == client)
		drop(client->control);
}

void
control_backup_yield(struct control *control)
{
	struct client *client = control->backup_for;
	if (client == NULL)
		return;
	client_fail(client, CONTROL_REFUSED,
		"the ledger cannot be written (%s): the backup was given up, "
		"so that it takes no room",
		turn_stuck(control->parts.turn));
	client->while_stuck = true;
	drop(control);
}

static void
put_head(struct json *done, const char *head)
{
	char small[2 * VAULT_HASH_LEN + 1] = ""; /* as syslog has it */
	for (size_t i = 0; head[i] != '\0' && i + 1 < sizeof(small); i++)
		small[i] = (char)tolower((unsigned char)head[i]);
	json_put_text(done, "head", small);
}

static void
answer(struct client *client)
{
	const struct control *control = client->control;
	const struct ledger_copy_info *info = backup_info(control->backup);
	struct json *done = json_new_object();
	json_put_number(done, "bytes", info->bytes);
	json_put_number(done, "vouchers", info->vouchers);
	json_put_number(done, "seq", info->seq);
	put_head(done, info->head);
	json_put_flag(done, "key_in_it", false);
	json_put_text(done, "key_id", info->key_id);
	json_put_text(done, "key_file", control->key_file);
	client_done(client, done, CONTROL_DONE);
}

/* In the outlet: what the slice before told the ledger is on disk. */
static void
step_backup(struct client *client)
{
	struct control *control = client->control;
	int rc = backup_step(control->backup);
	if (rc == 1) {
		client_again(client);
		return;
	}
	if (rc == 0)
		answer(client);
	else
		client_fail(client, CONTROL_REFUSED, "no backup was made: %s",
			backup_error(control->backup));
	drop(control);
}

void
control_backup(struct client *client, const struct json *args)
{
	struct control *control = client->control;
	char why[512];
	(void)args;
	if (client->passed_fd < 0) {
		client_fail(client, CONTROL_USAGE, "no file came with it");
		return;
	}
	if (control->backup != NULL) {
		client_fail(client, CONTROL_REFUSED,
			"a backup is being made already: try again later");
		return;
	}
	int fd = client->passed_fd;
	client->passed_fd = -1;
	control->backup = backup_begin(
		control->parts.turn, fd, client->who, why, sizeof(why));
	if (control->backup == NULL) {
		client_fail(
			client, CONTROL_REFUSED, "no backup was made: %s", why);
		return;
	}
	control->backup_for = client;
	client->step = step_backup;
	client_again(client);
}
