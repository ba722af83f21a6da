/*
 * control_inbox: the messages that came, for people. Their texts were masked
 * when they were kept; nothing here changes anything.
 */
#include "agent/control_private.h"

#include "agent/control_shape.h"
#include "agent/fleet.h"
#include "agent/json.h"
#include "agent/ledger.h"
#include "agent/verdict.h"

static struct json *
shape_message(const struct ledger_message *m)
{
	struct json *o = json_new_object();
	json_put_number(o, "id", m->id);
	json_put(o, "at", shape_time(m->arrived.wall_ms));
	json_put(o, "sent_at", shape_time(m->stamp_wall_ms));
	json_put_text(o, "modem", m->modem);
	json_put_text(o, "iccid", m->iccid);
	json_put_text(o, "sender", m->sender);
	json_put_text(o, "smsc", m->smsc);
	json_put_text(o, "text", m->text);
	json_put_text(o, "verdict", verdict_name(m->verdict));
	json_put_text(o, "rule", m->rule);
	json_put_text(o, "why", m->why);
	if (m->voucher > 0)
		json_put_number(o, "voucher", m->voucher);
	else
		json_put(o, "voucher", NULL);
	return o;
}

static bool
send_message(void *ctx, const struct ledger_message *m)
{
	struct client *client = ctx;
	struct client_list *list = &client->u.list;
	client_item(client, shape_message(m));
	if (list->newest)
		list->before = m->id;
	else
		list->after = m->id;
	list->sent++;
	list->left--;
	return client_has_room(client);
}

static void
step_inbox(struct client *client)
{
	struct client_list *list = &client->u.list;
	struct ledger *ledger = client->control->ledger;
	const struct ledger_message_filter filter = {.after = list->after,
		.before = list->before,
		.newest = list->newest,
		.limit = list->left < CLIENT_SLICE ? list->left : CLIENT_SLICE,
		.modem = list->modem[0] != '\0' ? list->modem : NULL};
	int64_t before = list->sent;
	int rc = list->left > 0 ? ledger_each_message(
					  ledger, &filter, send_message, client)
	                        : 0;
	if (rc != 0) {
		client_fail(client, CONTROL_REFUSED,
			"the ledger cannot be read: %s", ledger_error(ledger));
	} else if (list->sent > before) {
		client_again(client);
	} else {
		struct json *done = json_new_object();
		json_put_number(done, "count", list->sent);
		client_done(client, done, CONTROL_DONE);
	}
}

static bool
on_any(void *ctx, const struct ledger_message *m)
{
	(void)m; /* that there is one is all */
	*(bool *)ctx = true;
	return false;
}

/* A modem of the configuration, or one that was. */
static bool
is_known(struct client *client, const char *modem)
{
	const struct ledger_message_filter filter = {
		.limit = 1, .modem = modem};
	bool known = fleet_find(client->control->parts.fleet, modem) != NULL;
	if (!known)
		(void)ledger_each_message(client->control->ledger, &filter,
			on_any, &known); /* the list fails as well, and says */
	return known;
}

void
control_inbox(struct client *client, const struct json *args)
{
	struct client_list *list = &client->u.list;
	const char *modem = "";
	int64_t limit = 0;
	*list = (struct client_list){.newest = json_get_flag(args, "newest")};
	if (!args_text(client, args, "modem", &modem) ||
		!args_number(client, args, "after", &list->after) ||
		!args_number(client, args, "limit", &limit))
		return;
	if (span_copy(list->modem, sizeof(list->modem), span_str(modem)) != 0) {
		client_fail(
			client, CONTROL_USAGE, "'%.32s...' is no modem", modem);
		return;
	}
	if (modem[0] != '\0' && !is_known(client, list->modem)) {
		client_fail(client, CONTROL_REFUSED,
			"there is no modem '%s', and none of that name ever "
			"had a message",
			list->modem);
		return;
	}
	list->left = limit == 0 ? INT64_MAX : limit;
	client->step = step_inbox;
}
