/*
 * control_status: the daemon at a glance, and its modems. It reads; it must
 * never change anything.
 */
#include "agent/control_private.h"

#include "agent/control_shape.h"
#include "agent/dispatch.h"
#include "agent/fleet.h"
#include "agent/json.h"
#include "agent/loop.h"

enum { UNDER_WAY_MAX = 100, STOPPED_MAX = 200 };

/* ---- what is stopped ----------------------------------------------------- */

static bool
add_stop(void *ctx, const struct dispatch_stop *stop)
{
	struct json *list = ctx;
	struct json *o = json_new_object();
	json_put_text(o, "kind", stop->is_number ? "number" : "sim");
	json_put_text(o, "name", stop->name);
	json_put_text(o, "modem", stop->modem);
	json_put(o, "since", shape_time(stop->since_wall_ms));
	json_put_text(o, "why", stop->why);
	json_put(o, "until", shape_time(stop->until_wall_ms));
	json_add(list, o);
	return json_count(list) < STOPPED_MAX;
}

static struct json *
list_stopped(struct control *control)
{
	struct json *list = json_new_array();
	/* What cannot be read is not shown; the ledger is told of above. */
	(void)dispatch_each_stop(control->parts.dispatch, add_stop, list);
	return list;
}

/* ---- batches under way --------------------------------------------------- */

static bool
add_under_way(void *ctx, const struct ledger_batch *b)
{
	struct json *list = ctx;
	if (b->counts[VOUCHER_READY] + b->counts[VOUCHER_DIALING] +
			b->counts[VOUCHER_PENDING] ==
		0)
		return true;
	struct json *o = json_new_object();
	json_put_number(o, "id", b->id);
	json_put_text(o, "name", b->name);
	json_put_number(o, "rows", b->rows);
	json_put(o, "counts", shape_counts(b->counts));
	json_add(list, o);
	return json_count(list) < UNDER_WAY_MAX;
}

/* ---- the answers --------------------------------------------------------- */

static struct json *
list_modems(struct control *control)
{
	struct json *modems = json_new_object();
	for (size_t i = 0; i < fleet_count(control->parts.fleet); i++) {
		const struct line *line = fleet_at(control->parts.fleet, i);
		struct line_status status;
		dispatch_line_status(control->parts.dispatch, line, &status);
		json_put_text(modems, line->config.name,
			line_state_name(status.state));
	}
	return modems;
}

/* Those that can dial nothing now: until when, and why. */
static struct json *
list_waiting(struct control *control)
{
	struct json *waiting = json_new_array();
	for (size_t i = 0; i < fleet_count(control->parts.fleet); i++) {
		const struct line *line = fleet_at(control->parts.fleet, i);
		struct line_status status;
		dispatch_line_status(control->parts.dispatch, line, &status);
		if (status.state == LINE_READY || status.state == LINE_BUSY)
			continue;
		struct json *o = json_new_object();
		json_put_text(o, "name", line->config.name);
		json_put_text(o, "state", line_state_name(status.state));
		json_put(o, "until", shape_time(status.until_wall_ms));
		json_put_text(o, "why", status.why);
		json_add(waiting, o);
	}
	return waiting;
}

static void
step_status(struct client *client)
{
	struct control *control = client->control;
	int64_t counts[VOUCHER_STATES] = {0};
	struct json *o = json_new_object();
	struct json *batches = json_new_array();
	int64_t up_ms = loop_now_ms(control->parts.loop) - control->started_ms;
	(void)ledger_counts(control->ledger, counts);
	(void)ledger_each_batch(control->ledger, 0, add_under_way, batches);
	json_put_text(o, "version", TOPUP_VERSION);
	json_put_number(o, "uptime", up_ms / 1000);
	json_put(o, "modems", list_modems(control));
	json_put(o, "waiting", list_waiting(control));
	json_put(o, "vouchers", shape_counts(counts));
	json_put(o, "batches", batches);
	json_put_flag(o, "paused", ledger_is_paused(control->ledger, ""));
	struct json *stopped = list_stopped(control);
	json_put(o, "attention", control_attention(control, counts, stopped));
	json_put(o, "stopped", stopped);
	client_done(client, o, CONTROL_DONE);
}

void
control_status(struct client *client, const struct json *args)
{
	(void)args;
	client->step = step_status;
}

static void
step_modems(struct client *client)
{
	struct control *control = client->control;
	struct json *done = json_new_object();
	size_t count = fleet_count(control->parts.fleet);
	for (size_t i = 0; i < count; i++)
		client_item(client, shape_modem(control,
					    fleet_at(control->parts.fleet, i)));
	json_put_number(done, "count", (int64_t)count);
	client_done(client, done, CONTROL_DONE);
}

void
control_modems(struct client *client, const struct json *args)
{
	(void)args;
	client->step = step_modems;
}
