/*
 * control_claims: refused and doubtful cards that were on air, for whoever
 * sold them. In slices, as fast as the client reads; it must never keep a
 * list of them.
 */
#include "agent/control_private.h"

#include "agent/control_shape.h"
#include "agent/json.h"

/* Cards that are looked at in one turn: some milliseconds. */
enum { LOOK = 1000 };

static bool
send_claim(void *ctx, const struct ledger_claim *claim)
{
	struct client *client = ctx;
	struct json *o = shape_voucher(client->control, claim->voucher);
	json_put(o, "at", shape_time(claim->at_wall_ms));
	json_put_text(o, "iccid", claim->iccid);
	client_item(client, o);
	client->u.list.sent++;
	return client_has_room(client);
}

static void
step_claims(struct client *client)
{
	struct client_list *list = &client->u.list;
	struct ledger *ledger = client->control->ledger;
	int64_t last = 0;
	const struct ledger_claim_filter filter = {
		.batch = list->vouchers.batch,
		.operator= list->operator,
		.since_wall_ms = list->audit.since_wall_ms,
		.after = list->after,
		.look = LOOK};
	if (ledger_each_claim(ledger, &filter, send_claim, client, &last) !=
		0) {
		client_fail(client, CONTROL_REFUSED,
			"the ledger cannot be read: %s", ledger_error(ledger));
	} else if (last != 0) {
		list->after = last;
		client_again(client);
	} else {
		struct json *done = json_new_object();
		json_put_number(done, "count", list->sent);
		client_done(client, done, CONTROL_DONE);
	}
}

void
control_claims(struct client *client, const struct json *args)
{
	struct client_list *list = &client->u.list;
	const char *operator= "";
	*list = (struct client_list){.after = 0};
	if (!args_number(client, args, "batch", &list->vouchers.batch) ||
		!args_text(client, args, "operator", &operator) ||
		!args_number(
			client, args, "since_ms", &list->audit.since_wall_ms))
		return;
	if (span_copy(list->operator, sizeof(list->operator),
		    span_str(operator)) != 0) {
		client_fail(client, CONTROL_USAGE,
			"'%.32s...' is no operator", operator);
		return;
	}
	client->step = step_claims;
}
