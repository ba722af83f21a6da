/*
 * control_ussd: an administrator's USSD session over the socket: the code,
 * each screen, the person's answers. It must never repeat what it refused,
 * nor leave a session to nobody.
 */
#include "agent/control_private.h"

#include <errno.h>
#include <string.h>

#include "agent/dialogue.h"
#include "agent/dispatch.h"
#include "agent/fleet.h"
#include "agent/json.h"
#include "agent/turn.h"

void
control_ussd_forget(struct client *client)
{
	if (client->in_dialogue)
		dialogue_leave(client->control->parts.dialogue, client);
}

/* ---- what comes ---------------------------------------------------------- */

static void
on_screen(void *ctx, const struct dialogue_screen *screen)
{
	struct client *client = ctx;
	if (screen->over)
		client->in_dialogue = false;
	if (screen->error[0] != '\0') {
		client_fail(client, CONTROL_REFUSED, "%s: %s",
			client->u.wait.modem, screen->error);
		return;
	}
	struct json *o = json_new_object();
	json_put_text(o, "text", screen->text);
	json_put_flag(o, "open", screen->open);
	if (screen->over)
		client_done(client, o, CONTROL_DONE);
	else
		client_progress(client, o);
}

/* ---- what is refused ----------------------------------------------------- */

static void
fail_busy(struct client *client, const struct line *line)
{
	struct line_status status;
	dispatch_line_status(client->control->parts.dispatch, line, &status);
	const char *name = line_state_name(status.state);
	if (status.why[0] != '\0')
		client_fail(client, CONTROL_REFUSED, "%s is %s: %s",
			client->u.wait.modem, name, status.why);
	else
		client_fail(client, CONTROL_REFUSED,
			"%s is taken by something else: try again later",
			client->u.wait.modem);
}

bool
control_hand_blocked(struct client *client, const struct line *line)
{
	enum modem_state state = modem_info(line->modem)->state;
	struct line_status status;
	if (state == MODEM_READY || state == MODEM_BUSY)
		return false;
	dispatch_line_status(client->control->parts.dispatch, line, &status);
	const char *advice = control_advice(line, &status);
	client_fail(client, CONTROL_REFUSED, "%s is %s%s%s; %s",
		line->config.name, line_state_name(status.state),
		status.why[0] != '\0' ? ": " : "", status.why,
		advice != NULL ? advice
			       : "it is set up and looks for its network: try "
				 "again in a minute");
	return true;
}

static void
fail_profile(struct client *client, const struct line *line)
{
	client_fail(client, CONTROL_REFUSED, "%s: %s", client->u.wait.modem,
		line != NULL && line->why_no_profile[0] != '\0'
			? line->why_no_profile
			: "its operator or its SIM is not known");
}

static void
fail_disk(struct client *client)
{
	const char *unsafe = turn_unsafe(client->control->parts.turn);
	client_fail(client, CONTROL_REFUSED, "nothing was sent: %s",
		unsafe != NULL ? unsafe
			       : ledger_error(client->control->ledger));
}

void
control_hand_fail(struct client *client, const struct line *line, int err)
{
	if (err == -EPERM)
		client_fail(client, CONTROL_REFUSED,
			"not sent: there may be a PIN in it, and a PIN is "
			"dialled by the ledger only; use: topupctl load");
	else if (err == -EBUSY && line != NULL)
		fail_busy(client, line);
	else if (err == -ENOTSUP)
		fail_profile(client, line);
	else if (err == -EINVAL)
		client_fail(client, CONTROL_USAGE,
			"it cannot be sent: it is empty, too long, or holds "
			"what a code cannot hold");
	else if (err == -EIO)
		fail_disk(client);
	else
		client_fail(client, CONTROL_REFUSED,
			"%s: the operator has closed the session",
			client->u.wait.modem);
}

/* ---- what goes ----------------------------------------------------------- */

static void
on_line(struct client *client, struct span line)
{
	static const char *const keys[] = {"answer", NULL};
	char why[160];
	struct json *value = json_parse(line, why, sizeof(why));
	const char *text = json_get_text(value, "answer");
	int err = -EINVAL;
	if (text != NULL && json_stranger(value, keys) == NULL)
		err = dialogue_answer(
			client->control->parts.dialogue, client, text);
	else
		dialogue_leave(client->control->parts.dialogue, client);
	json_free(value);
	if (err != 0) {
		client->in_dialogue = false;
		control_hand_fail(client, NULL, err);
	}
}

struct line *
control_hand_line(struct client *client, const struct json *args)
{
	const char *modem = NULL;
	if (!args_text(client, args, "modem", &modem))
		return NULL;
	if (modem == NULL) {
		client_fail(client, CONTROL_USAGE, "say a modem");
		return NULL;
	}
	struct line *line = fleet_find(client->control->parts.fleet, modem);
	if (line == NULL)
		client_fail(client, CONTROL_REFUSED,
			"there is no modem '%.64s'", modem);
	(void)span_copy(client->u.wait.modem, sizeof(client->u.wait.modem),
		span_str(modem));
	return line;
}

void
control_ussd(struct client *client, const struct json *args)
{
	const struct control_parts *parts = &client->control->parts;
	const char *code = NULL;
	if (!args_text(client, args, "code", &code))
		return;
	if (code == NULL) {
		client_fail(client, CONTROL_USAGE, "say a modem and a code");
		return;
	}
	struct line *line = control_hand_line(client, args);
	if (line == NULL || control_hand_blocked(client, line))
		return;
	const struct dialogue_request request = {.line = line,
		.code = code,
		.who = client->who,
		.answers = json_get_flag(args, "dialogue"),
		.fn = on_screen,
		.ctx = client};
	int err = dialogue_begin(parts->dialogue, &request);
	if (err != 0) {
		control_hand_fail(client, line, err);
		return;
	}
	client->in_dialogue = true;
	if (request.answers)
		client->on_line = on_line;
}
