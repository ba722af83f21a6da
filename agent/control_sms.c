/*
 * control_sms: an administrator's message over the socket, and what became of
 * it. It must never send one again, nor repeat what it refused.
 */
#include <errno.h>

#include "agent/control_private.h"
#include "agent/dialogue.h"
#include "agent/fleet.h"
#include "agent/json.h"
#include "modem/modem_sms.h"

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

static void
fail_size(struct client *client, const char *text)
{
	struct modem_sms_size size;
	modem_sms_measure(span_str(text), &size);
	client_fail(client, CONTROL_USAGE,
		"not sent: the text has %zu signs, and the %d messages that "
		"one text may take hold %zu%s",
		size.signs, (int)MODEM_SMS_PARTS_MAX, size.most,
		size.is_unicode
			? ", since it has signs that are not in the GSM "
			  "alphabet (with that alone they hold more than "
			  "twice as many)"
			: "");
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
	if (letter.line == NULL || control_hand_blocked(client, letter.line))
		return;
	int err = dialogue_send(parts->dialogue, &letter);
	client->in_dialogue = err == 0;
	if (err == -EMSGSIZE)
		fail_size(client, letter.text);
	else if (err == -EINVAL)
		client_fail(client, CONTROL_USAGE,
			"it cannot be sent: the number has 3 to 20 digits, "
			"with a + before them or none, and the text is not "
			"empty");
	else if (err != 0)
		control_hand_fail(client, letter.line, err);
}
