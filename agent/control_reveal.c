/*
 * control_reveal: shows PINs to who has the right to see them. Who asked is
 * on disk before a PIN is unsealed. A PIN must never come into a value or a
 * line that is not wiped, nor leave on another connection.
 */
#include "agent/control_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/control_shape.h"
#include "agent/json.h"
#include "agent/secret.h"
#include "agent/turn.h"
#include "agent/vault.h"

enum {
	AT_ONCE = 50, /* unsealed, and queued, together */
	LINE_MAX = 64 + 6 * VOUCHER_PIN_MAX
};

/* Those that are on disk as revealed, and those that are refused. */
struct reveal {
	struct json *refused;
	size_t count, next;
	int64_t ids[];
};

static void
refuse(struct reveal *reveal, int64_t id, const char *why)
{
	struct json *o = json_new_object();
	json_put_number(o, "id", id);
	json_put_text(o, "reason", why);
	json_add(reveal->refused, o);
}

/* Why its PIN is not shown now; NULL where it may be. */
static const char *
why_hidden(const struct ledger_voucher *v)
{
	if (v == NULL)
		return "there is no such voucher";
	switch (v->state) {
	case VOUCHER_READY:
		return "it is ready, and may be dialled at any moment: hold "
		       "it first";
	case VOUCHER_DIALING:
	case VOUCHER_PENDING:
		return "it is on air: wait for its end";
	case VOUCHER_HELD:
	case VOUCHER_UNKNOWN:
	case VOUCHER_LOADED:
	case VOUCHER_REJECTED:
	case VOUCHER_CANCELLED:
	case VOUCHER_STATES:
		break;
	}
	return NULL;
}

static void
ask_one(struct client *client, int64_t id)
{
	struct control *control = client->control;
	struct ledger_voucher *v = shape_find_voucher(control->ledger, id);
	const char *why = why_hidden(v);
	free(v);
	if (why != NULL) {
		refuse(client->reveal, id, why);
		return;
	}
	struct ledger_op op =
		turn_op(control->parts.turn, LEDGER_VOUCHER_REVEAL);
	struct ledger_result result = {0};
	op.u.voucher_reveal.voucher = id;
	(void)span_copy(op.who, sizeof(op.who), span_str(client->who));
	if (turn_try(control->parts.turn, &op, &result) == 0)
		client->reveal->ids[client->reveal->count++] = id;
	else
		refuse(client->reveal, id, "the ledger refuses it");
}

/* By hand, as JSON: no other text that holds it is made. A PIN is whatever
 * the profile says it is. */
static size_t
print_item(int64_t id, const struct secret *voucher_pin, char out[LINE_MAX])
{
	int n = snprintf(out, LINE_MAX, "{\"item\":{\"id\":%lld,\"pin\":\"",
		(long long)id);
	size_t len = (size_t)n;
	for (size_t i = 0; i < voucher_pin->len; i++) {
		unsigned char c = (unsigned char)voucher_pin->bytes[i];
		if (c >= ' ' && c != '"' && c != '\\')
			out[len++] = (char)c;
		else
			len += (size_t)snprintf(
				out + len, LINE_MAX - len, "\\u%04x", c);
	}
	return len + (size_t)snprintf(out + len, LINE_MAX - len, "\"}}");
}

static void
show_one(struct client *client, int64_t id)
{
	struct control *control = client->control;
	uint8_t blob[VAULT_SEALED_MAX];
	char line[LINE_MAX];
	struct secret voucher_pin = {0};
	size_t len = 0;
	if (ledger_sealed_pin(control->ledger, id, blob, sizeof(blob), &len) !=
			0 ||
		vault_unseal(control->parts.vault, blob, len, &voucher_pin) !=
			0) {
		refuse(client->reveal, id,
			"its PIN cannot be read with this key");
		return;
	}
	len = print_item(id, &voucher_pin, line);
	client_line(client, span_of(line, len));
	explicit_bzero(line, sizeof(line));
	secret_wipe(&voucher_pin);
}

/* After the commit. The next ones wait until the last ones have left. */
static void
step(struct client *client)
{
	struct reveal *reveal = client->reveal;
	if (client->out_sent < client->out_len)
		return;
	for (int i = 0; i < AT_ONCE && reveal->next < reveal->count; i++)
		show_one(client, reveal->ids[reveal->next++]);
	client_again(client);
	if (reveal->next < reveal->count)
		return;
	int exit_status = json_count(reveal->refused) > 0 ? CONTROL_REFUSED
	                                                  : CONTROL_DONE;
	struct json *done = json_new_object();
	json_put(done, "refused", reveal->refused);
	reveal->refused = NULL;
	client_done(client, done, exit_status);
}

void
control_reveal(struct client *client, const struct json *args)
{
	const struct json *ids = json_get(args, "ids");
	if (!args_ids(client, ids))
		return;
	client->reveal = calloc(
		1, sizeof(*client->reveal) + json_count(ids) * sizeof(int64_t));
	if (client->reveal == NULL)
		abort();
	client->reveal->refused = json_new_array();
	for (size_t i = 0; i < json_count(ids); i++) {
		int64_t id = 0;
		(void)json_number(json_at(ids, i), &id); /* was checked */
		ask_one(client, id);
	}
	client->step = step;
}

void
control_reveal_forget(struct client *client)
{
	if (client->reveal == NULL)
		return;
	json_free(client->reveal->refused);
	free(client->reveal);
	client->reveal = NULL;
}
