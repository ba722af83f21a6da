/*
 * control_sms: an administrator's message over the socket, and what became of
 * it. It must never send one again, nor repeat what it refused.
 */
#include <errno.h>

#include "agent/control_private.h"
#include "agent/dialogue.h"
#include "agent/fleet.h"
#include "agent/json.h"

static struct json *
shape_sent(const struct client *client, const char *fate, const char *why)
{
	struct json *o = json_new_object();
	json_put_text(o, "modem", client->u.wait.modem);
	json_put_text(o, "fate", fate);
	json_put_text(o, "why", why);
	return o;
}

static void
on_sent(void *ctx, enum dialogue_sent sent, const char *why)
{
	struct client *client = ctx;
	client->in_dialogue = false;
	switch (sent) {
	case DIALOGUE_SENT:
		client_done(
			client, shape_sent(client, "sent", why), CONTROL_DONE);
		return;
	case DIALOGUE_NOT_SENT:
		client_fail(client, CONTROL_REFUSED, "%s: not sent: %s",
			client->u.wait.modem, why);
		return;
	case DIALOGUE_MAYBE_SENT:
		client_done(client, shape_sent(client, "maybe_sent", why),
			CONTROL_LEFT_OPEN);
		return;
	}
}

void
control_sms(struct client *client, const struct json *args)
{
	const struct control_parts *parts = &client->control->parts;
	struct dialogue_letter letter = {
		.who = client->who, .fn = on_sent, .ctx = client};
	if (!args_text(client, args, "number", &letter.number) ||
		!args_text(client, args, "text", &letter.text))
		return;
	if (letter.number == NULL || letter.text == NULL) {
		client_fail(client, CONTROL_USAGE,
			"say a modem, a number and a text");
		return;
	}
	letter.line = control_hand_line(client, args);
	if (letter.line == NULL)
		return;
	int err = dialogue_send(parts->dialogue, &letter);
	client->in_dialogue = err == 0;
	if (err == -EINVAL)
		client_fail(client, CONTROL_USAGE,
			"it cannot be sent: the number has 3 to 20 digits, "
			"with a + before them or none, and the text is not "
			"empty, nor longer than ten messages");
	else if (err != 0)
		control_hand_fail(client, letter.line, err);
}
