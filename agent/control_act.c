/*
 * control_act: what a person changes. Each wish is one operation of the
 * turn in which it came; the answer leaves after that turn's commit. It
 * must never move a voucher along an edge that the table has not.
 */
#include "agent/control_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/dispatch.h"
#include "agent/fleet.h"
#include "agent/control_shape.h"
#include "agent/json.h"
#include "agent/mask.h"
#include "agent/turn.h"

enum { WHY_MAX = 200 };

/* 0, or the code of the refusal; the wish's answer is not yet given. */
static int
try_op(struct client *client, struct ledger_op *op,
	struct ledger_result *result)
{
	(void)span_copy(op->who, sizeof(op->who), span_str(client->who));
	int err = turn_try(client->control->parts.turn, op, result);
	if (err == 0)
		dispatch_kick(client->control->parts.dispatch);
	return err;
}

static void
fail_write(struct client *client)
{
	client_fail(client, CONTROL_REFUSED, "the ledger cannot be written: %s",
		ledger_error(client->control->ledger));
}

/* ---- vouchers ------------------------------------------------------------ */

/* What a person asks for, in words: "only a ready one can be held". */
static const char *
done_word(enum voucher_event event)
{
	if (event == VOUCHER_HOLD)
		return "held";
	if (event == VOUCHER_RELEASE)
		return "released";
	return event == VOUCHER_CANCEL ? "cancelled" : "resolved so";
}

/* The states from which the table has the edge: "ready or held". */
static void
list_states(enum voucher_event event, char *out, size_t cap)
{
	out[0] = '\0';
	for (int i = 0; i < VOUCHER_STATES; i++) {
		enum voucher_state state = (enum voucher_state)i;
		size_t len = strlen(out);
		if (voucher_edge_find(state, event) != NULL)
			(void)snprintf(out + len, cap - len, "%s%s",
				len > 0 ? " or " : "",
				voucher_state_name(state));
	}
}

/* Why the edge is not permitted, for people. */
static void
say_condition(const struct voucher_edge *edge, char *why)
{
	if (edge->condition == VOUCHER_IF_NEVER_ON_AIR)
		(void)snprintf(why, WHY_MAX,
			"it was on air, and somebody may have been credited: "
			"it can be held, never %s",
			done_word(edge->by));
	else if (edge->condition == VOUCHER_IF_NOT_REVEALED)
		(void)snprintf(why, WHY_MAX,
			"its PIN was revealed, and somebody may have used it: "
			"`resolve ID retry` dials it all the same");
	else if (edge->condition == VOUCHER_IF_REVEALED)
		(void)snprintf(why, WHY_MAX,
			"it is held: release it, or reveal its PIN");
	else
		(void)snprintf(why, WHY_MAX, "it was never on air");
}

/* Whether the voucher can; if not, why says the reason for people. */
static bool
may_move(const struct ledger_voucher *v, enum voucher_event event, char *why)
{
	const struct voucher_edge *edge = voucher_edge_find(v->state, event);
	char states[96];
	if (edge == NULL) {
		list_states(event, states, sizeof(states));
		(void)snprintf(why, WHY_MAX,
			"it is %s: only what is %s can "
			"be %s",
			voucher_state_name(v->state), states, done_word(event));
		return false;
	}
	if (voucher_edge_permits(edge, v->on_air, span_str(v->reason)))
		return true;
	say_condition(edge, why);
	return false;
}

struct move {
	enum voucher_event event;
	const char *reason;
	const char *note;
	int64_t credited_minor;
};

/* true: moved. Otherwise why says the reason. */
static bool
move_one(struct client *client, int64_t id, const struct move *move, char *why)
{
	struct ledger_voucher *v =
		shape_find_voucher(client->control->ledger, id);
	if (v == NULL) {
		(void)snprintf(why, WHY_MAX, "there is no such voucher");
		return false;
	}
	bool may = may_move(v, move->event, why);
	free(v);
	if (!may)
		return false;
	struct ledger_op op =
		turn_op(client->control->parts.turn, LEDGER_VOUCHER_MOVE);
	op.u.voucher_move.voucher = id;
	op.u.voucher_move.event = move->event;
	op.u.voucher_move.credited_minor = move->credited_minor;
	(void)span_copy(op.u.voucher_move.reason,
		sizeof(op.u.voucher_move.reason), span_str(move->reason));
	mask_text(span_str(move->note), span_str(""), client_may_be_pin, NULL,
		op.u.voucher_move.note, sizeof(op.u.voucher_move.note));
	struct ledger_result result = {0};
	int err = try_op(client, &op, &result);
	if (err != 0)
		(void)snprintf(why, WHY_MAX, "%s",
			err == -EIO ? ledger_error(client->control->ledger)
				    : "the ledger refuses it");
	return err == 0;
}

static void
move_ids(struct client *client, const struct json *ids, const struct move *move)
{
	struct json *refused = json_new_array();
	int64_t moved = 0, id = 0;
	for (size_t i = 0; i < json_count(ids); i++) {
		char why[WHY_MAX] = "";
		(void)json_number(json_at(ids, i), &id); /* was checked */
		if (move_one(client, id, move, why)) {
			moved++;
			continue;
		}
		struct json *o = json_new_object();
		json_put_number(o, "id", id);
		json_put_text(o, "reason", why);
		json_add(refused, o);
	}
	int exit_status =
		json_count(refused) > 0 ? CONTROL_REFUSED : CONTROL_DONE;
	struct json *done = json_new_object();
	json_put_number(done, "moved", moved);
	json_put(done, "refused", refused);
	client_done(client, done, exit_status);
}

/* "none of its vouchers is held: 3 loaded, 1 unknown". */
static void
say_nothing_moved(const struct ledger_batch *b, enum voucher_event event,
	char why[2 * WHY_MAX])
{
	char states[96];
	const size_t cap = 2 * (size_t)WHY_MAX;
	list_states(event, states, sizeof(states));
	size_t len = (size_t)snprintf(why, cap, "none of its vouchers is %s%s",
		states, event == VOUCHER_CANCEL ? " and was never on air" : "");
	for (int i = 0; i < VOUCHER_STATES; i++)
		if (b->counts[i] > 0 && len < cap)
			len += (size_t)snprintf(why + len, cap - len,
				"; %lld %s", (long long)b->counts[i],
				voucher_state_name((enum voucher_state)i));
}

static void
move_batch(struct client *client, int64_t batch, const struct move *move)
{
	struct ledger_batch *b =
		shape_find_batch(client->control->ledger, batch);
	if (b == NULL) {
		client_fail(client, CONTROL_REFUSED, "there is no batch %lld",
			(long long)batch);
		return;
	}
	char why[2 * WHY_MAX];
	say_nothing_moved(b, move->event, why);
	free(b);
	control_sweep_begin(client, &(struct control_sweep){.batch = batch,
					    .event = move->event,
					    .reason = move->reason,
					    .nothing = why});
}

static void
move_any(struct client *client, const struct json *args,
	enum voucher_event event, const char *reason)
{
	const struct move move = {.event = event,
		.reason = reason,
		.note = "",
		.credited_minor = MONEY_NONE};
	const struct json *ids = json_get(args, "ids");
	int64_t batch = 0;
	if (!args_number(client, args, "batch", &batch))
		return;
	if ((ids == NULL) == (batch == 0))
		client_fail(client, CONTROL_USAGE,
			"say either voucher numbers or a batch");
	else if (ids == NULL)
		move_batch(client, batch, &move);
	else if (args_ids(client, ids))
		move_ids(client, ids, &move);
}

void
control_hold(struct client *client, const struct json *args)
{
	move_any(client, args, VOUCHER_HOLD, "person");
}

void
control_release(struct client *client, const struct json *args)
{
	move_any(client, args, VOUCHER_RELEASE, "");
}

void
control_cancel(struct client *client, const struct json *args)
{
	move_any(client, args, VOUCHER_CANCEL, "");
}

/* ---- resolve ------------------------------------------------------------- */

static bool
parse_how(const char *how, enum voucher_event *event)
{
	if (how != NULL && strcmp(how, "loaded") == 0)
		*event = VOUCHER_RESOLVED_LOADED;
	else if (how != NULL && strcmp(how, "rejected") == 0)
		*event = VOUCHER_RESOLVED_REJECTED;
	else if (how != NULL && strcmp(how, "retry") == 0)
		*event = VOUCHER_RESOLVED_RETRY;
	else
		return false;
	return true;
}

/* What a person says was credited: --amount, or the card's (contract). */
static bool
credited_by_person(struct client *client, const struct ledger_voucher *v,
	const char *amount, struct move *move)
{
	const struct money_format plain = {.group = 0, .divide = '.'};
	if (move->event != VOUCHER_RESOLVED_LOADED) {
		if (amount != NULL)
			client_fail(client, CONTROL_USAGE,
				"an amount goes with 'loaded' only");
		return amount == NULL;
	}
	move->credited_minor = v->amount_minor;
	if (amount != NULL && (money_parse(span_str(amount), plain, v->decimals,
				       &move->credited_minor) != 0 ||
				      move->credited_minor < 0)) {
		client_fail(client, CONTROL_USAGE,
			"'%.40s' is no amount such as 100 or 100.50", amount);
		return false;
	}
	return true;
}

static void
resolve(struct client *client, int64_t id, const char *amount,
	struct move *move)
{
	struct ledger_voucher *v =
		shape_find_voucher(client->control->ledger, id);
	char why[WHY_MAX] = "";
	if (v == NULL)
		client_fail(client, CONTROL_REFUSED, "there is no voucher %lld",
			(long long)id);
	else if (credited_by_person(client, v, amount, move)) {
		if (move_one(client, id, move, why)) {
			struct json *done = json_new_object();
			json_put_number(done, "moved", 1);
			json_put(done, "refused", json_new_array());
			client_done(client, done, CONTROL_DONE);
		} else {
			client_fail(client, CONTROL_REFUSED, "voucher %lld: %s",
				(long long)id, why);
		}
	}
	free(v);
}

void
control_resolve(struct client *client, const struct json *args)
{
	int64_t id = 0;
	const char *how = NULL, *amount = NULL, *note = NULL;
	struct move move = {.reason = "", .credited_minor = MONEY_NONE};
	if (!args_number(client, args, "id", &id) ||
		!args_text(client, args, "how", &how) ||
		!args_text(client, args, "amount", &amount) ||
		!args_text(client, args, "note", &note))
		return;
	if (!parse_how(how, &move.event) || id == 0) {
		client_fail(client, CONTROL_USAGE,
			"say a voucher and loaded, rejected or retry");
		return;
	}
	if (note == NULL || span_trim(span_str(note)).len == 0) {
		client_fail(client, CONTROL_USAGE,
			"a note must say how this is known");
		return;
	}
	move.note = note;
	resolve(client, id, amount, &move);
}

/* ---- pause, unlock, reload ----------------------------------------------- */

static void
pause_or_resume(struct client *client, const struct json *args, bool on)
{
	struct control *control = client->control;
	const char *modem = "";
	if (!args_text(client, args, "modem", &modem))
		return;
	if (modem[0] != '\0' &&
		fleet_find(control->parts.fleet, modem) == NULL) {
		client_fail(client, CONTROL_REFUSED,
			"there is no modem '%.64s'", modem);
		return;
	}
	struct ledger_op op = turn_op(control->parts.turn, LEDGER_PAUSE);
	struct ledger_result result = {0};
	(void)span_copy(
		op.u.pause.modem, sizeof(op.u.pause.modem), span_str(modem));
	op.u.pause.on = on;
	/* Saying it twice changes nothing, and writes nothing. */
	if (ledger_is_paused(control->ledger, modem) != on &&
		try_op(client, &op, &result) != 0) {
		fail_write(client);
		return;
	}
	struct json *done = json_new_object();
	json_put_text(done, "modem", modem);
	json_put_flag(done, "paused", on);
	client_done(client, done, CONTROL_DONE);
}

void
control_pause(struct client *client, const struct json *args)
{
	pause_or_resume(client, args, true);
}

void
control_resume(struct client *client, const struct json *args)
{
	pause_or_resume(client, args, false);
}

static bool
is_number(const char *text)
{
	size_t len = strspn(text, "0123456789");
	return len > 0 && text[len] == '\0' && len < LEDGER_TARGET_MAX;
}

struct known_sims {
	struct ledger_unlock *unlock;
	unsigned count;
};

static bool
on_sim(void *ctx, const struct ledger_sim *sim)
{
	struct known_sims *known = ctx;
	if (strcmp(sim->modem, known->unlock->modem) != 0)
		return true;
	known->count++;
	(void)span_copy(known->unlock->iccid, sizeof(known->unlock->iccid),
		span_str(sim->iccid));
	(void)span_copy(known->unlock->account, sizeof(known->unlock->account),
		span_str(sim->account));
	return true;
}

/* The SIM in a modem, and the account of its own cards; while the modem
 * restarts, the one that was in it, if there was never another. */
static bool
fill_unlock_sim(struct client *client, const struct line *line,
	struct ledger_unlock *unlock)
{
	struct known_sims known = {.unlock = unlock};
	(void)span_copy(unlock->modem, sizeof(unlock->modem),
		span_str(line->config.name));
	(void)span_copy(unlock->iccid, sizeof(unlock->iccid),
		span_str(line_iccid(line)));
	(void)span_copy(unlock->account, sizeof(unlock->account),
		span_str(line->account));
	if (unlock->iccid[0] != '\0')
		return true;
	if (ledger_each_sim(client->control->ledger, 0, on_sim, &known) == 0 &&
		known.count == 1)
		return true;
	client_fail(client, CONTROL_REFUSED,
		"which SIM is in %s is not known yet; see: topupctl modems",
		line->config.name);
	return false;
}

/* A modem means the SIM in it; a number is the account credited. */
static bool
fill_unlock(
	struct client *client, const char *what, struct ledger_unlock *unlock)
{
	struct line *line = fleet_find(client->control->parts.fleet, what);
	if (line != NULL)
		return fill_unlock_sim(client, line, unlock);
	if (is_number(what)) {
		(void)span_copy(unlock->account, sizeof(unlock->account),
			span_str(what));
		return true;
	}
	client_fail(client, CONTROL_REFUSED,
		"'%.64s' is neither a modem nor a number", what);
	return false;
}

struct stop_query {
	const struct ledger_unlock *unlock;
	bool found;
};

static bool
on_stop(void *ctx, const struct dispatch_stop *stop)
{
	struct stop_query *q = ctx;
	q->found = strcmp(stop->name, q->unlock->iccid) == 0 ||
	           strcmp(stop->name, q->unlock->account) == 0;
	return !q->found;
}

/* To unlock what is not stopped would leave a PIN more to be refused later. */
static bool
is_stopped(struct client *client, const struct ledger_unlock *unlock)
{
	struct stop_query q = {.unlock = unlock};
	return dispatch_each_stop(
		       client->control->parts.dispatch, on_stop, &q) != 0 ||
	       q.found;
}

void
control_unlock(struct client *client, const struct json *args)
{
	const char *what = NULL;
	if (!args_text(client, args, "what", &what))
		return;
	if (what == NULL) {
		client_fail(client, CONTROL_USAGE, "say a modem or a number");
		return;
	}
	struct ledger_op op =
		turn_op(client->control->parts.turn, LEDGER_UNLOCK);
	if (!fill_unlock(client, what, &op.u.unlock))
		return;
	if (!is_stopped(client, &op.u.unlock)) {
		client_fail(client, CONTROL_REFUSED,
			"%.64s is not stopped; what is: topupctl status", what);
		return;
	}
	struct ledger_result result = {0};
	int err = try_op(client, &op, &result);
	if (err == -EIO) {
		fail_write(client);
	} else if (err != 0) {
		client_fail(client, CONTROL_REFUSED, "nothing is known of %s",
			what);
	} else {
		struct json *done = json_new_object();
		json_put_text(done, "unlocked", what);
		client_done(client, done, CONTROL_DONE);
	}
}

void
control_reload(struct client *client, const struct json *args)
{
	const struct control_parts *parts = &client->control->parts;
	char errors[4000] = "";
	(void)args;
	if (parts->reload(parts->ctx, client->who, errors, sizeof(errors)) !=
		0) {
		client_fail(client, CONTROL_REFUSED, "%s",
			errors[0] != '\0' ? errors : "refused");
		return;
	}
	struct json *done = json_new_object();
	json_put_flag(done, "reloaded", true);
	client_done(client, done, CONTROL_DONE);
}
