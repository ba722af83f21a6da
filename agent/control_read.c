/*
 * control_read: lists and single records of the ledger. Lists go out in
 * slices, as fast as the client reads; nothing here changes anything.
 */
#include "agent/control_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/control_shape.h"
#include "agent/json.h"
#include "agent/turn.h"

enum {
	INLINE_FAULTS = 100, /* bad rows in a list of batches */
	RECORD_MAX = 1000    /* attempts, audit entries of one voucher */
};

/* Without this, a failure to read would look like an empty list. */
static void
fail_disk(struct client *client)
{
	client_fail(client, CONTROL_REFUSED, "the ledger cannot be read: %s",
		ledger_error(client->control->ledger));
}

static void
end_list(struct client *client)
{
	struct json *done = json_new_object();
	json_put_number(done, "count", client->u.list.sent);
	client_done(client, done, CONTROL_DONE);
}

/* ---- vouchers ------------------------------------------------------------ */

struct voucher_slice {
	struct ledger_voucher *rows[CLIENT_SLICE];
	size_t count;
};

static bool
keep_voucher(void *ctx, const struct ledger_voucher *v)
{
	struct voucher_slice *slice = ctx;
	slice->rows[slice->count++] = shape_keep_voucher(v);
	return slice->count < CLIENT_SLICE;
}

/* Rows are kept first: why one waits is asked of the ledger, too. */
static void
step_vouchers(struct client *client)
{
	struct client_list *list = &client->u.list;
	struct voucher_slice slice = {.count = 0};
	list->vouchers.limit =
		list->left < CLIENT_SLICE ? list->left : CLIENT_SLICE;
	list->vouchers.after = list->after;
	if (ledger_each_voucher(client->control->ledger, &list->vouchers,
		    keep_voucher, &slice) != 0) {
		fail_disk(client);
	}
	for (size_t i = 0; i < slice.count; i++) {
		client_item(
			client, shape_voucher(client->control, slice.rows[i]));
		list->after = slice.rows[i]->id;
		free(slice.rows[i]);
	}
	list->sent += (int64_t)slice.count;
	list->left -= (int64_t)slice.count;
	if (slice.count < CLIENT_SLICE || list->left == 0)
		end_list(client);
	else
		client_again(client);
}

void
control_vouchers(struct client *client, const struct json *args)
{
	struct client_list *list = &client->u.list;
	const char *state = NULL;
	int64_t limit = 0;
	*list = (struct client_list){.vouchers = {.state = -1}};
	if (!args_number(client, args, "batch", &list->vouchers.batch) ||
		!args_number(client, args, "after", &list->after) ||
		!args_number(client, args, "limit", &limit) ||
		!args_text(client, args, "state", &state))
		return;
	enum voucher_state wanted;
	if (state != NULL &&
		voucher_state_from_name(span_str(state), &wanted) != 0) {
		client_fail(client, CONTROL_USAGE,
			"'%.32s' is no state; topupctl vouchers --help lists "
			"them",
			state);
		return;
	}
	if (state != NULL)
		list->vouchers.state = (int)wanted;
	list->left = limit == 0 ? INT64_MAX : limit;
	client->step = step_vouchers;
}

static bool
add_attempt(void *ctx, const struct ledger_attempt *a)
{
	struct json *array = ctx;
	json_add(array, shape_attempt(a));
	return json_count(array) < RECORD_MAX;
}

static bool
add_follow(void *ctx, const struct ledger_follow *f)
{
	json_add(ctx, shape_follow(f));
	return true;
}

static bool
add_audit(void *ctx, const struct ledger_audit *a)
{
	json_add(ctx, shape_audit(a));
	return true;
}

/* What the fence after an attempt found, in its own words. */
struct fence_query {
	const char *modem;
	struct json *found; /* NULL: it is not over */
};

static bool
on_fence_over(void *ctx, const struct ledger_audit *a)
{
	struct fence_query *q = ctx;
	if (strcmp(a->event, "modem.fence_over") != 0 ||
		strcmp(a->modem, q->modem) != 0)
		return true;
	const char *why = strstr(a->note, "why=");
	struct span words = span_str(why != NULL ? why + 4 : a->note);
	char text[LEDGER_TEXT_MAX];
	if (words.len >= 2 && words.ptr[0] == '"') /* as the note quotes it */
		words = span_of(words.ptr + 1, words.len - 2);
	if (span_copy(text, sizeof(text), words) == 0)
		q->found = json_new_text(text);
	return false;
}

/* Of an unknown one: a fence follows the attempt soon, so a look at the
 * entries behind it is enough, of however long ago it is. */
static void
put_evidence(struct client *client, struct json *o,
	const struct ledger_voucher *v, const struct json *audit)
{
	struct fence_query q = {.modem = v->modem};
	struct ledger_audit_filter filter = {.limit = RECORD_MAX};
	for (size_t i = 0; i < json_count(audit); i++) {
		const struct json *entry = json_at(audit, i);
		const char *event = json_get_text(entry, "event");
		if (event != NULL && strcmp(event, "voucher.dialing") == 0)
			(void)json_get_number(entry, "seq", &filter.after);
	}
	if (v->state != VOUCHER_UNKNOWN || filter.after == 0 ||
		v->modem[0] == '\0')
		return;
	(void)ledger_each_audit(
		client->control->ledger, &filter, on_fence_over, &q);
	json_put(o, "evidence", q.found);
}

static void
step_voucher(struct client *client)
{
	struct ledger *ledger = client->control->ledger;
	int64_t id = client->u.id;
	struct ledger_voucher *v = shape_find_voucher(ledger, id);
	if (v == NULL) {
		client_fail(client, CONTROL_REFUSED, "there is no voucher %lld",
			(long long)id);
		return;
	}
	struct json *o = shape_voucher(client->control, v);
	struct json *attempts = json_new_array();
	struct json *follow_ups = json_new_array();
	struct json *audit = json_new_array();
	const struct ledger_audit_filter filter = {
		.voucher = id, .limit = RECORD_MAX};
	json_put_text(o, "note", v->note);
	json_put_text(o, "expires", v->expires);
	json_put(o, "attempt_list", attempts);
	json_put(o, "follow_ups", follow_ups);
	json_put(o, "audit", audit);
	if (ledger_each_attempt(ledger, id, add_attempt, attempts) != 0 ||
		ledger_each_follow(ledger, id, add_follow, follow_ups) != 0 ||
		ledger_each_audit(ledger, &filter, add_audit, audit) != 0) {
		free(v);
		json_free(o);
		fail_disk(client);
		return;
	}
	put_evidence(client, o, v, audit);
	free(v);
	client_done(client, o, CONTROL_DONE);
}

/* The one argument that must be there. */
static bool
take_id(struct client *client, const struct json *args)
{
	client->u.id = 0;
	if (!args_number(client, args, "id", &client->u.id))
		return false;
	if (client->u.id > 0)
		return true;
	client_fail(client, CONTROL_USAGE, "'id' is missing");
	return false;
}

void
control_voucher(struct client *client, const struct json *args)
{
	if (take_id(client, args))
		client->step = step_voucher;
}

/* ---- batches ------------------------------------------------------------- */

struct batch_slice {
	struct ledger_batch *rows[CLIENT_SLICE];
	size_t count;
	int64_t after;
};

static bool
keep_batch(void *ctx, const struct ledger_batch *b)
{
	struct batch_slice *slice = ctx;
	if (b->id <= slice->after)
		return true;
	slice->rows[slice->count++] = shape_keep_batch(b);
	return slice->count < CLIENT_SLICE;
}

static void
step_batches(struct client *client)
{
	struct client_list *list = &client->u.list;
	struct batch_slice slice = {.count = 0, .after = list->after};
	size_t shown = 0;
	if (ledger_each_batch(client->control->ledger, 0, keep_batch, &slice) !=
		0)
		fail_disk(client);
	/* Bad rows make long items: as many as there is room for. */
	while (shown < slice.count && client_has_room(client)) {
		const struct ledger_batch *b = slice.rows[shown++];
		client_item(
			client, shape_batch(client->control, b, INLINE_FAULTS));
		list->after = b->id;
	}
	list->sent += (int64_t)shown;
	for (size_t i = 0; i < slice.count; i++)
		free(slice.rows[i]);
	if (shown == slice.count && slice.count < CLIENT_SLICE)
		end_list(client);
	else
		client_again(client);
}

void
control_batches(struct client *client, const struct json *args)
{
	(void)args;
	client->u.list = (struct client_list){.left = INT64_MAX};
	client->step = step_batches;
}

struct fault_slice {
	struct client *client;
	int64_t skip, count;
};

static bool
send_fault(void *ctx, unsigned line, const char *reason)
{
	struct fault_slice *slice = ctx;
	if (slice->skip-- > 0)
		return true;
	struct json *o = json_new_object();
	json_put_number(o, "line", line);
	json_put_text(o, "reason", reason);
	client_item(slice->client, o);
	slice->count++;
	return client_has_room(slice->client);
}

/*
 * A batch may have any number of bad rows: they go first, in slices, and
 * the batch itself last; topupctl puts them together.
 */
static void
step_batch(struct client *client)
{
	struct control *control = client->control;
	struct client_list *list = &client->u.list;
	struct ledger_batch *b =
		shape_find_batch(control->ledger, list->vouchers.batch);
	if (b == NULL) {
		client_fail(client, CONTROL_REFUSED, "there is no batch %lld",
			(long long)list->vouchers.batch);
		return;
	}
	struct fault_slice slice = {.client = client, .skip = list->sent};
	bool all = b->faults <= list->sent;
	if (!all && ledger_each_fault(
			    control->ledger, b->id, send_fault, &slice) != 0)
		fail_disk(client);
	list->sent += slice.count;
	if (all || slice.count == 0)
		client_done(client, shape_batch(control, b, 0), CONTROL_DONE);
	else
		client_again(client);
	free(b);
}

void
control_batch(struct client *client, const struct json *args)
{
	if (!take_id(client, args))
		return;
	int64_t id = client->u.id;
	client->u.list = (struct client_list){.vouchers = {.batch = id}};
	client->step = step_batch;
}

/* ---- audit --------------------------------------------------------------- */

static bool
send_audit(void *ctx, const struct ledger_audit *a)
{
	struct client *client = ctx;
	client_item(client, shape_audit(a));
	client->u.list.after = a->seq;
	client->u.list.sent++;
	return client_has_room(client);
}

/* Who follows costs nothing while nothing happens, and a slow reader only
 * falls behind: the ledger keeps what he has not seen. */
static void
step_audit(struct client *client)
{
	struct client_list *list = &client->u.list;
	struct ledger *ledger = client->control->ledger;
	if (list->follow && ledger_audit_head(ledger) <= list->after)
		return;
	int64_t before = list->sent;
	list->audit.after = list->after;
	list->audit.limit = CLIENT_SLICE;
	if (ledger_each_audit(ledger, &list->audit, send_audit, client) != 0)
		fail_disk(client);
	else if (list->sent > before)
		client_again(client);
	else if (!list->follow)
		end_list(client);
}

void
control_audit(struct client *client, const struct json *args)
{
	struct client_list *list = &client->u.list;
	*list = (struct client_list){.follow = json_get_flag(args, "follow")};
	if (args_number(client, args, "since_seq", &list->after) &&
		args_number(
			client, args, "since_ms", &list->audit.since_wall_ms))
		client->step = step_audit;
}

static void
step_watch(struct client *client)
{
	client->u.list.after = ledger_audit_head(client->control->ledger);
	client->step = step_audit;
}

void
control_watch(struct client *client, const struct json *args)
{
	(void)args;
	client->u.list = (struct client_list){.follow = true};
	client->step = step_watch;
}
