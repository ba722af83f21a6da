/*
 * control_history: what the SIM in a modem told of its balance over days, in
 * order. In slices; it must never ask the operator.
 */
#include "agent/control_private.h"

#include <errno.h>

#include "agent/control_shape.h"
#include "agent/fleet.h"
#include "agent/json.h"

/* As in control_totals.c. The list's modem is the account; left counts how
 * many older readings may still come in a row. */
enum { LOOK = 500, OLDER_MAX = 100 };

_Static_assert(sizeof(((struct client_list *)0)->modem) >= LEDGER_TARGET_MAX,
	"a list can name an account");

static void
fail_disk(struct client *client)
{
	client_fail(client, CONTROL_REFUSED, "the ledger cannot be read: %s",
		ledger_error(client->control->ledger));
}

/* ---- forwards, once it is known from where ------------------------------- */

static bool
send_reading(void *ctx, const struct ledger_heard *heard)
{
	struct client *client = ctx;
	struct client_list *list = &client->u.list;
	list->after = heard->id;
	if (heard->at_wall_ms < list->audit.since_wall_ms)
		return true; /* by a clock that was not set yet */
	struct json *o = json_new_object();
	json_put(o, "at", shape_time(heard->at_wall_ms));
	json_put(o, "balance", shape_money(heard->minor, heard->decimals));
	json_put_text(o, "currency", heard->currency);
	json_put_text(o, "modem", heard->modem);
	json_put_text(o, "iccid", heard->iccid);
	client_item(client, o);
	list->sent++;
	return client_has_room(client);
}

static void
step_forwards(struct client *client)
{
	struct client_list *list = &client->u.list;
	int64_t after = list->after;
	const struct ledger_heard_filter filter = {
		.account = list->modem, .after = after, .limit = LOOK};
	if (ledger_each_heard(client->control->ledger, &filter, send_reading,
		    client) != 0) {
		fail_disk(client);
	} else if (list->after != after) {
		client_again(client);
	} else {
		struct json *done = json_new_object();
		json_put_number(done, "count", list->sent);
		json_put(done, "since", shape_time(list->audit.since_wall_ms));
		client_done(client, done, CONTROL_DONE);
	}
}

/* ---- backwards, to the first one of the days ----------------------------- */

static bool
look_back(void *ctx, const struct ledger_heard *heard)
{
	struct client_list *list = ctx;
	list->before = heard->id;
	if (heard->at_wall_ms >= list->audit.since_wall_ms) {
		list->left = OLDER_MAX;
		list->after = heard->id - 1;
		return true;
	}
	return --list->left > 0;
}

static void
step_backwards(struct client *client)
{
	struct client_list *list = &client->u.list;
	int64_t before = list->before;
	const struct ledger_heard_filter filter = {.account = list->modem,
		.before = before,
		.backwards = true,
		.limit = LOOK};
	if (ledger_each_heard(
		    client->control->ledger, &filter, look_back, list) != 0) {
		fail_disk(client);
		return;
	}
	if (list->before == before || list->left == 0)
		client->step = step_forwards;
	client_again(client);
}

/* ---- the request --------------------------------------------------------- */

void
control_history(struct client *client, const struct json *args)
{
	struct client_list *list = &client->u.list;
	const char *modem = "", *iccid = "";
	*list = (struct client_list){.after = INT64_MAX, .left = OLDER_MAX};
	if (!args_text(client, args, "modem", &modem) ||
		!control_take_days(client, args, CONTROL_DAYS_SHOWN,
			&list->audit.since_wall_ms))
		return;
	const struct line *line =
		fleet_find(client->control->parts.fleet, modem);
	if (line != NULL)
		iccid = line_iccid(line);
	int rc = ledger_account_told(
		client->control->ledger, modem, iccid, list->modem);
	if (rc == 0)
		client->step = step_backwards;
	else if (rc != -ENOENT)
		fail_disk(client);
	else if (line == NULL)
		client_fail(client, CONTROL_REFUSED,
			"there is no modem '%.64s', nor was one that told a "
			"balance: topupctl modems lists them",
			modem);
	else
		client_fail(client, CONTROL_REFUSED,
			"nothing in %.64s has told a balance yet: topupctl "
			"balance %.64s asks for it",
			modem, modem);
}
