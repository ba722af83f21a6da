/*
 * control_reconcile: what each account told and what it was credited, side
 * by side. It reads; it must never settle anything.
 */
#include "agent/control_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/control_shape.h"
#include "agent/json.h"

enum { SAY_MAX = 400 };

/* What the difference may mean; "" when there is none. */
static void
say_what(const struct ledger_reconcile *r, char *out, size_t cap)
{
	const char *more =
		r->open > 0 ? "; its unknown cards may explain it" : "";
	size_t len = 0;
	out[0] = '\0';
	if (r->unexplained_minor > 0)
		len = (size_t)snprintf(out, cap,
			"it rose by more than we know of: somebody else "
			"loaded it, or a card was credited that is not "
			"settled so%s",
			more);
	else if (r->unexplained_minor < 0)
		len = (size_t)snprintf(out, cap,
			"it has less than was credited: spent, or a credit is "
			"missing%s",
			more);
	if (r->credits_unknown > 0 && len < cap)
		(void)snprintf(out + len, cap - len,
			"%s%u card%s credited with an amount that nobody told",
			len > 0 ? "; " : "", r->credits_unknown,
			r->credits_unknown == 1 ? " was" : "s were");
}

static struct json *
shape_reconcile(const struct ledger_reconcile *r)
{
	char say[SAY_MAX];
	struct json *o = json_new_object();
	say_what(r, say, sizeof(say));
	json_put_text(o, "account", r->account);
	json_put_text(o, "modem", r->modem);
	json_put_text(o, "iccid", r->iccid);
	json_put_text(o, "operator", r->operator);
	json_put_text(o, "currency", r->currency);
	json_put(o, "then", shape_money(r->then_minor, r->decimals));
	json_put(o, "then_at", shape_time(r->then_wall_ms));
	json_put(o, "now", shape_money(r->now_minor, r->decimals));
	json_put(o, "now_at", shape_time(r->now_wall_ms));
	json_put(o, "credited", shape_money(r->credited_minor, r->decimals));
	json_put(o, "unexplained",
		shape_money(r->unexplained_minor, r->decimals));
	json_put_number(o, "unknown", r->open);
	json_put(o, "unknown_amount", shape_money(r->open_minor, r->decimals));
	json_put_text(o, "say", say);
	return o;
}

struct slice {
	struct client *client;
	int64_t skip, count;
	bool whole; /* nothing is left behind it */
};

static bool
send_account(void *ctx, const struct ledger_reconcile *r)
{
	struct slice *slice = ctx;
	struct client *client = slice->client;
	if (slice->skip-- > 0)
		return true;
	slice->whole = client_has_room(client);
	if (!slice->whole)
		return false;
	if (r->unexplained_minor != 0 || r->open > 0)
		client->u.list.left_open = true;
	client_item(client, shape_reconcile(r));
	slice->count++;
	return true;
}

static void
step_reconcile(struct client *client)
{
	struct client_list *list = &client->u.list;
	struct ledger *ledger = client->control->ledger;
	struct slice slice = {
		.client = client, .skip = list->sent, .whole = true};
	if (ledger_each_reconcile(ledger, list->audit.since_wall_ms,
		    send_account, &slice) != 0) {
		client_fail(client, CONTROL_REFUSED,
			"the ledger cannot be read: %s", ledger_error(ledger));
		return;
	}
	list->sent += slice.count;
	if (!slice.whole) {
		client_again(client);
		return;
	}
	struct json *done = json_new_object();
	json_put_number(done, "count", list->sent);
	client_done(client, done,
		list->left_open ? CONTROL_LEFT_OPEN : CONTROL_DONE);
}

void
control_reconcile(struct client *client, const struct json *args)
{
	struct client_list *list = &client->u.list;
	*list = (struct client_list){.left = INT64_MAX};
	if (args_number(client, args, "since_ms", &list->audit.since_wall_ms))
		client->step = step_reconcile;
}
