/*
 * ctl_read: the commands that only look: lists, one voucher, one batch,
 * reconcile. (ctl_status has the glance at all, ctl_events the audit.)
 */
#include "agent/ctl_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/json.h"

/* ---- modems -------------------------------------------------------------- */

int
ctl_run_modems(struct ctl *ctl)
{
	static const struct ctl_column columns[] = {
		{"NAME", "name", CELL_TEXT, 0, 0},
		{"STATE", "state", CELL_STATE, 0, 0},
		{"OPERATOR", "operator", CELL_TEXT, 6, 0},
		{"DBM", "signal", CELL_NUMBER, 0, 5},
		{"BALANCE", "balance", CELL_NUMBER, 0, 0},
		{"READ", "balance_at", CELL_TIME, 0, 8},
		{"UNTIL", "until", CELL_TIME, 0, 2},
		{"PORT", "port", CELL_TEXT, 8, 7},
		{"IN USE", "port_in_use", CELL_TEXT, 12, 3},
		{"IMEI", "imei", CELL_TEXT, 0, 10},
		{"ICCID", "iccid", CELL_TEXT, 0, 9},
		{"WHY", "why", CELL_SENTENCE, 20, 1},
		{"LAST ERROR", "last_error", CELL_TEXT, 10, 6},
		{.title = NULL}};
	return ctl_show_list(ctl, json_new_object(), columns,
		"there is no modem in the configuration");
}

/* ---- vouchers ------------------------------------------------------------ */

int
ctl_run_vouchers(struct ctl *ctl)
{
	static const struct ctl_column columns[] = {
		{"ID", "id", CELL_NUMBER, 0, 0},
		{"BATCH", "batch", CELL_NUMBER, 0, 6},
		{"ROW", "row", CELL_NUMBER, 0, 7},
		{"PIN", "pin", CELL_TEXT, 0, 0},
		{"SERIAL", "serial", CELL_TEXT, 6, 8},
		{"OPERATOR", "operator", CELL_TEXT, 6, 5},
		{"AMOUNT", "amount", CELL_NUMBER, 0, 0},
		{"TARGET", "target", CELL_TEXT, 8, 3},
		{"STATE", "state", CELL_STATE, 0, 0},
		{"REASON", "reason", CELL_TEXT, 8, 0},
		{"CREDITED", "credited", CELL_NUMBER, 0, 2},
		{"MODEM", "modem", CELL_TEXT, 5, 4},
		{"TRIES", "attempts", CELL_NUMBER, 0, 9},
		{"UPDATED", "updated_at", CELL_TIME, 0, 10},
		{"REPLY", "reply", CELL_TEXT, 12, 11}, {.title = NULL}};
	struct json *args = json_new_object();
	ctl_put_text(ctl, args, "state", "state");
	if (!ctl_put_number(ctl, args, "batch") ||
		!ctl_put_number(ctl, args, "limit") ||
		!ctl_put_number(ctl, args, "after")) {
		json_free(args);
		return CTL_USAGE;
	}
	return ctl_show_list(ctl, args, columns, "no vouchers");
}

/* ---- messages ------------------------------------------------------------ */

int
ctl_run_inbox(struct ctl *ctl)
{
	static const struct ctl_column columns[] = {
		{"ID", "id", CELL_NUMBER, 0, 0}, {"AT", "at", CELL_TIME, 0, 0},
		{"MODEM", "modem", CELL_TEXT, 5, 4},
		{"FROM", "sender", CELL_TEXT, 6, 0},
		{"THROUGH", "smsc", CELL_TEXT, 6, 6},
		{"SAYS", "verdict", CELL_TEXT, 0, 3},
		{"VOUCHER", "voucher", CELL_NUMBER, 0, 0},
		{"WHY", "why", CELL_TEXT, 6, 1},
		{"SENT", "sent_at", CELL_TIME, 0, 5},
		{"TEXT", "text", CELL_TEXT, 12, 0}, {.title = NULL}};
	struct json *args = json_new_object();
	if (ctl->arg_count > 0)
		json_put_text(args, "modem", ctl->args[0]);
	if (ctl_option_value(ctl, "newest") != NULL)
		json_put_flag(args, "newest", true);
	if (!ctl_put_number(ctl, args, "limit") ||
		!ctl_put_number(ctl, args, "after")) {
		json_free(args);
		return CTL_USAGE;
	}
	return ctl_show_list(ctl, args, columns, "no message has come yet");
}

/* A list inside an object. */
static void
print_inner(struct ctl *ctl, const struct json *list, const char *title,
	const struct ctl_column *columns)
{
	if (json_count(list) == 0)
		return;
	(void)printf("\n%s\n", title);
	struct ctl_table *table = ctl_table_new(columns, &ctl->out);
	for (size_t i = 0; i < json_count(list); i++)
		ctl_table_row(table, json_at(list, i));
	(void)ctl_table_end(table); /* not empty */
}

static int
print_voucher(struct ctl *ctl, const struct json *v, int exit_status)
{
	static const struct ctl_column fields[] = {
		{"voucher", "id", CELL_TEXT, 0, 0},
		{"state", "state", CELL_STATE, 0, 0},
		{"reason", "reason", CELL_TEXT, 0, 0},
		{"next at", "next_at", CELL_TIME, 0, 0},
		{"batch", "batch", CELL_TEXT, 0, 0},
		{"row", "row", CELL_TEXT, 0, 0},
		{"PIN", "pin", CELL_TEXT, 0, 0},
		{"serial", "serial", CELL_TEXT, 0, 0},
		{"operator", "operator", CELL_TEXT, 0, 0},
		{"amount", "amount", CELL_TEXT, 0, 0},
		{"currency", "currency", CELL_TEXT, 0, 0},
		{"target", "target", CELL_TEXT, 0, 0},
		{"expires", "expires", CELL_TEXT, 0, 0},
		{"credited", "credited", CELL_TEXT, 0, 0},
		{"modem", "modem", CELL_TEXT, 0, 0},
		{"attempts", "attempts", CELL_TEXT, 0, 0},
		{"reply", "reply", CELL_TEXT, 0, 0},
		{"balance before", "balance_before", CELL_TEXT, 0, 0},
		{"balance after", "balance_after", CELL_TEXT, 0, 0},
		{"evidence", "evidence", CELL_TEXT, 0, 0},
		{"updated", "updated_at", CELL_TIME, 0, 0},
		{"note", "note", CELL_TEXT, 0, 0}, {.title = NULL}};
	static const struct ctl_column attempts[] = {
		{"AT", "at", CELL_TIME, 0, 0},
		{"MODEM", "modem", CELL_TEXT, 5, 0},
		{"VIA", "via", CELL_TEXT, 0, 0},
		{"FATE", "fate", CELL_TEXT, 0, 0},
		{"VERDICT", "verdict", CELL_TEXT, 0, 0},
		{"BY", "by", CELL_TEXT, 0, 1},
		{"REPLY", "reply", CELL_SENTENCE, 12, 0}, {.title = NULL}};
	static const struct ctl_column follow_ups[] = {
		{"STEP", "step", CELL_NUMBER, 0, 0},
		{"STATE", "state", CELL_TEXT, 0, 0},
		{"AT", "at", CELL_TIME, 0, 0},
		{"MODEM", "modem", CELL_TEXT, 5, 1},
		{"FATE", "fate", CELL_TEXT, 0, 0},
		{"WHY", "why", CELL_TEXT, 0, 1},
		{"REPLY", "reply", CELL_SENTENCE, 12, 0}, {.title = NULL}};
	static const struct ctl_column audit[] = {
		{"SEQ", "seq", CELL_NUMBER, 0, 0},
		{"AT", "at", CELL_TIME, 0, 0},
		{"EVENT", "event", CELL_TEXT, 0, 0},
		{"WHO", "who", CELL_TEXT, 6, 1},
		{"NOTE", "note", CELL_SENTENCE, 24, 0}, {.title = NULL}};
	ctl_table_object(fields, v, &ctl->out);
	print_inner(ctl, json_get(v, "attempt_list"), "attempts", attempts);
	print_inner(ctl, json_get(v, "follow_ups"), "follow-ups", follow_ups);
	print_inner(ctl, json_get(v, "audit"), "audit", audit);
	return exit_status;
}

/* The number that is the only argument. */
static struct json *
args_with_id(struct ctl *ctl)
{
	int64_t id;
	if (!ctl_number(ctl, ctl->command->name, ctl->args[0], false, &id))
		return NULL;
	struct json *args = json_new_object();
	json_put_number(args, "id", id);
	return args;
}

int
ctl_run_voucher(struct ctl *ctl)
{
	struct json *args = args_with_id(ctl);
	return args == NULL ? CTL_USAGE
	                    : ctl_show_object(ctl, args, print_voucher);
}

/* ---- batches ------------------------------------------------------------- */

int
ctl_run_batches(struct ctl *ctl)
{
	static const struct ctl_column columns[] = {
		{"ID", "id", CELL_NUMBER, 0, 0},
		{"NAME", "name", CELL_TEXT, 10, 0},
		{"RECEIVED", "received_at", CELL_TIME, 0, 6},
		{"ROWS", "rows", CELL_NUMBER, 0, 0},
		{"BAD", "bad_row_count", CELL_NUMBER, 0, 5},
		{"READY", "counts.ready", CELL_NUMBER, 0, 0},
		{"DIALING", "counts.dialing", CELL_NUMBER, 0, 3},
		{"PENDING", "counts.pending", CELL_NUMBER, 0, 4},
		{"HELD", "counts.held", CELL_NUMBER, 0, 0},
		{"UNKNOWN", "counts.unknown", CELL_NUMBER, 0, 0},
		{"LOADED", "counts.loaded", CELL_NUMBER, 0, 0},
		{"REJECTED", "counts.rejected", CELL_NUMBER, 0, 0},
		{"CANCELLED", "counts.cancelled", CELL_NUMBER, 0, 8},
		{"CREDITED", "credited", CELL_NUMBER, 0, 2},
		{"FINISHED", "finished_at", CELL_TIME, 0, 7}, {.title = NULL}};
	return ctl_show_list(
		ctl, json_new_object(), columns, "no batch has come yet");
}

/* The bad rows come one by one before the batch itself. */
struct batch {
	struct ctl *ctl;
	struct json *faults;
};

static void
on_fault(void *ctx, const struct json *fault)
{
	struct batch *batch = ctx;
	struct json *copy = json_new_object();
	json_share(copy, "line", json_get(fault, "line"));
	json_share(copy, "reason", json_get(fault, "reason"));
	json_add(batch->faults, copy);
}

static void
copy_member(void *ctx, const char *key, const struct json *value)
{
	json_share(ctx, key, value);
}

static int
on_batch(void *ctx, const struct json *done, int exit_status)
{
	static const struct ctl_column fields[] = {
		{"batch", "id", CELL_TEXT, 0, 0},
		{"name", "name", CELL_TEXT, 0, 0},
		{"received", "received_at", CELL_TIME, 0, 0},
		{"from", "who", CELL_TEXT, 0, 0},
		{"note", "note", CELL_TEXT, 0, 0},
		{"rows", "rows", CELL_TEXT, 0, 0},
		{"bad rows", "bad_row_count", CELL_TEXT, 0, 0},
		{"ready", "counts.ready", CELL_TEXT, 0, 0},
		{"held", "counts.held", CELL_TEXT, 0, 0},
		{"dialing", "counts.dialing", CELL_TEXT, 0, 0},
		{"pending", "counts.pending", CELL_TEXT, 0, 0},
		{"unknown", "counts.unknown", CELL_TEXT, 0, 0},
		{"loaded", "counts.loaded", CELL_TEXT, 0, 0},
		{"rejected", "counts.rejected", CELL_TEXT, 0, 0},
		{"cancelled", "counts.cancelled", CELL_TEXT, 0, 0},
		{"credited", "credited", CELL_TEXT, 0, 0},
		{"currency", "currency", CELL_TEXT, 0, 0},
		{"finished", "finished_at", CELL_TIME, 0, 0}, {.title = NULL}};
	static const struct ctl_column faults[] = {
		{"LINE", "line", CELL_NUMBER, 0, 0},
		{"REASON", "reason", CELL_SENTENCE, 10, 0}, {.title = NULL}};
	struct batch *batch = ctx;
	struct json *whole = json_new_object();
	json_each(done, copy_member, whole);
	json_share(whole, "bad_rows", batch->faults);
	if (batch->ctl->json) {
		ctl_show_json(whole);
	} else {
		ctl_table_object(fields, whole, &batch->ctl->out);
		print_inner(batch->ctl, batch->faults, "bad rows", faults);
	}
	json_free(whole);
	return exit_status;
}

int
ctl_run_batch(struct ctl *ctl)
{
	struct json *args = args_with_id(ctl);
	if (args == NULL)
		return CTL_USAGE;
	struct batch batch = {ctl, json_new_array()};
	const struct ctl_hooks hooks = {
		.ctx = &batch, .on_item = on_fault, .on_done = on_batch};
	int exit_status = ctl_ask(ctl, args, -1, &hooks);
	json_free(batch.faults);
	return exit_status;
}

/* ---- accounts ------------------------------------------------------------ */

int
ctl_run_reconcile(struct ctl *ctl)
{
	static const struct ctl_column columns[] = {
		{"MODEM", "modem", CELL_TEXT, 5, 0},
		{"ACCOUNT", "account", CELL_TEXT, 8, 5},
		{"OPERATOR", "operator", CELL_TEXT, 6, 7},
		{"THEN", "then", CELL_NUMBER, 0, 0},
		{"READ", "then_at", CELL_TIME, 0, 3},
		{"NOW", "now", CELL_NUMBER, 0, 0},
		{"READ", "now_at", CELL_TIME, 0, 4},
		{"CREDITED", "credited", CELL_NUMBER, 0, 0},
		{"UNEXPLAINED", "unexplained", CELL_NUMBER, 0, 0},
		{"UNKNOWN", "unknown", CELL_NUMBER, 0, 0},
		{"WORTH", "unknown_amount", CELL_NUMBER, 0, 2},
		{"CURRENCY", "currency", CELL_TEXT, 0, 6},
		{"WHICH MEANS", "say", CELL_SENTENCE, 12, 1}, {.title = NULL}};
	struct json *args = json_new_object();
	if (!ctl_put_since(ctl, args)) {
		json_free(args);
		return CTL_USAGE;
	}
	return ctl_show_list(
		ctl, args, columns, "no account has told its balance yet");
}
