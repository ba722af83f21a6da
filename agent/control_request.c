/*
 * control_request: a request line to a command and its arguments. What
 * comes here is foreign: everything is checked, nothing asserted.
 */
#include "agent/control_private.h"

#include <string.h>

#include "agent/json.h"

enum { KEYS_MAX = 8 };

struct command {
	const char *name;
	control_fn *fn;
	bool admin; /* root and the daemon's own user (contract) */
	const char *keys[KEYS_MAX]; /* of its arguments */
};

static const struct command commands[] = {
	{"status", control_status, false, {NULL}},
	{"modems", control_modems, false, {NULL}},
	{"batches", control_batches, false, {NULL}},
	{"batch", control_batch, false, {"id", NULL}},
	{"vouchers", control_vouchers, false,
		{"batch", "state", "limit", "after", NULL}},
	{"voucher", control_voucher, false, {"id", NULL}},
	{"audit", control_audit, false,
		{"since_seq", "since_ms", "follow", NULL}},
	{"watch", control_watch, false, {NULL}},
	{"load", control_load, false,
		{"to", "amount", "modem", "operator", "timeout", "progress",
			NULL}},
	{"submit", control_submit, false,
		{"name", "operator", "amount", "target", "modem", "wait",
			"progress", NULL}},
	{"wait", control_wait, false, {"batch", "timeout", "progress", NULL}},
	{"balance", control_balance, false, {"modem", NULL}},
	{"hold", control_hold, false, {"ids", "batch", NULL}},
	{"release", control_release, false, {"ids", "batch", NULL}},
	{"cancel", control_cancel, false, {"ids", "batch", NULL}},
	{"resolve", control_resolve, true,
		{"id", "how", "amount", "note", NULL}},
	{"pause", control_pause, false, {"modem", NULL}},
	{"resume", control_resume, false, {"modem", NULL}},
	{"unlock", control_unlock, true, {"what", NULL}},
	{"reload", control_reload, true, {NULL}},
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
	if (command->admin && !client->admin) {
		client_fail(client, CONTROL_REFUSED,
			"%s is for root and the user of topupd", name);
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
