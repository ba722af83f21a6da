/*
 * control_record: the wire of one modem, line by line, for an administrator.
 * Lines come fit to be shown; nothing here changes anything. Who reads too
 * slowly is told so and let go.
 */
#include "agent/control_private.h"

#include "agent/fleet.h"
#include "agent/json.h"
#include "agent/loop.h"

void
control_record_forget(struct client *client)
{
	if (client->records)
		fleet_deafen(client->control->parts.fleet, client);
	client->records = false;
}

static void
on_wire(void *ctx, bool sent, struct span shown)
{
	struct client *client = ctx;
	char line[16384];
	if (shown.len == 0) {
		client->records = false; /* the line is being freed */
		client_done(client, json_new_object(), CONTROL_DONE);
		return;
	}
	if (!client->records || client->done || client->gone)
		return; /* until it is forgotten */
	if (!client_has_room(client)) {
		client_fail(client, CONTROL_REFUSED,
			"the recording is not read fast enough");
		return;
	}
	(void)span_copy(line, sizeof(line), shown); /* ASCII; it fits */
	struct json *o = json_new_object();
	json_put_number(o, "ms",
		loop_now_ms(client->control->parts.loop) - client->u.since_ms);
	json_put_flag(o, "sent", sent);
	json_put_text(o, "line", line);
	client_item(client, o);
}

void
control_record(struct client *client, const struct json *args)
{
	struct fleet *fleet = client->control->parts.fleet;
	const char *modem = NULL;
	if (!args_text(client, args, "modem", &modem))
		return;
	struct line *line = modem != NULL ? fleet_find(fleet, modem) : NULL;
	if (line == NULL) {
		client_fail(client,
			modem != NULL ? CONTROL_REFUSED : CONTROL_USAGE,
			"there is no modem '%.64s'",
			modem != NULL ? modem : "");
		return;
	}
	client->u.since_ms = loop_now_ms(client->control->parts.loop);
	if (fleet_record(line, on_wire, client) != 0) {
		client_fail(client, CONTROL_REFUSED,
			"%.64s is being recorded already", modem);
		return;
	}
	client->records = true;
	struct json *o = json_new_object();
	json_put_text(o, "modem", modem);
	json_put_text(o, "dialect", modem_info(line->modem)->dialect);
	client_item(client, o);
}
