/*
 * control_request: a request line to a command and its arguments. What
 * comes here is foreign: everything is checked, nothing asserted.
 */
#include "agent/control_private.h"

#include <string.h>

#include "agent/json.h"
#include "agent/turn.h"

enum { KEYS_MAX = 8 };

enum command_kind {
	LOOKS, /* changes nothing */
	ACTS,
	ADMIN /* acts; for root and the daemon's own user (contract) */
};

struct command {
	const char *name;
	control_fn *fn;
	enum command_kind kind;
	const char *keys[KEYS_MAX]; /* of its arguments */
};

static const struct command commands[] = {
	{"status", control_status, LOOKS, {NULL}},
	{"modems", control_modems, LOOKS, {NULL}},
	{"batches", control_batches, LOOKS, {NULL}},
	{"batch", control_batch, LOOKS, {"id", NULL}},
	{"vouchers", control_vouchers, LOOKS,
		{"batch", "state", "limit", "after", NULL}},
	{"voucher", control_voucher, LOOKS, {"id", NULL}},
	{"audit", control_audit, LOOKS,
		{"since_seq", "since_ms", "follow", NULL}},
	{"watch", control_watch, LOOKS, {NULL}},
	{"inbox", control_inbox, LOOKS,
		{"modem", "limit", "after", "newest", NULL}},
	{"reconcile", control_reconcile, LOOKS, {"since_ms", NULL}},
	{"claims", control_claims, LOOKS,
		{"batch", "operator", "since_ms", NULL}},
	{"totals", control_totals, LOOKS, {"by", "days", "since_ms", NULL}},
	{"history", control_history, LOOKS,
		{"modem", "days", "since_ms", NULL}},
	{"load", control_load, ACTS,
		{"to", "amount", "modem", "operator", "timeout", "progress",
			NULL}},
	{"submit", control_submit, ACTS,
		{"name", "operator", "amount", "target", "modem", "wait",
			"progress", NULL}},
	{"wait", control_wait, LOOKS, {"batch", "timeout", "progress", NULL}},
	{"balance", control_balance, ACTS, {"modem", NULL}},
	{"ussd", control_ussd, ADMIN, {"modem", "code", "dialogue", NULL}},
	{"sms", control_sms, ADMIN, {"modem", "number", "text", NULL}},
	{"hold", control_hold, ACTS, {"ids", "batch", NULL}},
	{"release", control_release, ACTS, {"ids", "batch", NULL}},
	{"cancel", control_cancel, ACTS, {"ids", "batch", NULL}},
	{"resolve", control_resolve, ADMIN,
		{"id", "how", "amount", "note", NULL}},
	{"pause", control_pause, ACTS, {"modem", NULL}},
	{"resume", control_resume, ACTS, {"modem", NULL}},
	{"unlock", control_unlock, ADMIN, {"what", NULL}},
	{"reload", control_reload, ADMIN, {NULL}},
	{"backup", control_backup, ADMIN, {NULL}},
	{"record", control_record, ADMIN, {"modem", NULL}},
	{"reveal", control_reveal, ADMIN, {"ids", NULL}},
	{"retrieve", control_retrieve, ADMIN, {"name", NULL}},
};

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static void
run(struct client *client, const struct json *request)
{
	static const char *const keys[] = {"command", "args", NULL};
	const char *name = json_get_text(request, "command");
	const struct json *args = json_get(request, "args");
	if (name == NULL || json_stranger(request, keys) != NULL ||
		(args != NULL && !json_holds_object(args))) {
		client_fail(client, CONTROL_USAGE,
			"a request is {\"command\": NAME, \"args\": {...}}");
		return;
	}
	const struct command *command = find_command(name);
	if (command == NULL) {
		client_fail(
			client, CONTROL_USAGE, "unknown command '%.64s'", name);
		return;
	}
	const char *stranger =
		args == NULL ? NULL : json_stranger(args, command->keys);
	if (stranger != NULL) {
		client_fail(client, CONTROL_USAGE,
			"%s takes no argument '%.64s'", name, stranger);
		return;
	}
	if (command->kind == ADMIN && !client->admin) {
		client_fail(client, CONTROL_REFUSED,
			"%s is for root and the user of topupd", name);
		return;
	}
	const char *stuck = turn_stuck(client->control->parts.turn);
	if (command->kind != LOOKS && stuck != NULL) {
		client_fail(client, CONTROL_REFUSED,
			"the ledger cannot be written (%s): nothing is done "
			"until it can",
			stuck);
		return;
	}
	command->fn(client, args);
}

void
client_request(struct client *client, struct span line)
{
	char why[160];
	struct json *request = json_parse(line, why, sizeof(why));
	if (request == NULL) {
		client_fail(client, CONTROL_USAGE, "not JSON: %s", why);
		return;
	}
	run(client, request);
	json_free(request);
}

/* ---- arguments ----------------------------------------------------------- */

bool
args_number(struct client *client, const struct json *args, const char *key,
	int64_t *out)
{
	const struct json *value = json_get(args, key);
	int64_t number = 0;
	if (value == NULL)
		return true;
	if (json_number(value, &number) == 0 && number >= 0) {
		*out = number;
		return true;
	}
	client_fail(client, CONTROL_USAGE, "'%s' is no whole number", key);
	return false;
}

bool
args_text(struct client *client, const struct json *args, const char *key,
	const char **out)
{
	const struct json *value = json_get(args, key);
	if (value == NULL)
		return true;
	const char *text = json_text(value);
	if (text != NULL && strlen(text) < LEDGER_TEXT_MAX) {
		*out = text;
		return true;
	}
	client_fail(client, CONTROL_USAGE,
		"'%s' is no text of less than %d "
		"bytes",
		key, (int)LEDGER_TEXT_MAX);
	return false;
}

bool
args_ids(struct client *client, const struct json *ids)
{
	size_t count = json_count(ids);
	int64_t id;
	for (size_t i = 0; i < count; i++) {
		if (json_number(json_at(ids, i), &id) != 0 || id <= 0 ||
			id >= CONTROL_ID_END)
			count = 0;
	}
	if (count > 0 && count <= CONTROL_IDS_MAX)
		return true;
	client_fail(client, CONTROL_USAGE,
		"'ids' is no list of 1 to %d voucher numbers",
		(int)CONTROL_IDS_MAX);
	return false;
}
