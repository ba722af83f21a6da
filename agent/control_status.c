/*
 * control_status: the daemon at a glance. What needs a person comes first,
 * each with the sentence what to do.
 */
#include "agent/control_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/dispatch.h"
#include "agent/fleet.h"
#include "agent/control_shape.h"
#include "agent/json.h"
#include "agent/loop.h"
#include "agent/turn.h"

enum { UNDER_WAY_MAX = 100, STOPPED_MAX = 200 };

/* Adds {what, text, do} to the list. */
static void
add_attention(struct json *list, const char *what, const char *text,
	const char *advice)
{
	struct json *o = json_new_object();
	json_put_text(o, "what", what);
	json_put_text(o, "text", text);
	json_put_text(o, "do", advice);
	json_add(list, o);
}

static void
attend_vouchers(struct json *list, const int64_t counts[VOUCHER_STATES])
{
	char text[128];
	if (counts[VOUCHER_UNKNOWN] > 0) {
		(void)snprintf(text, sizeof(text),
			"%lld unknown: they may have been credited",
			(long long)counts[VOUCHER_UNKNOWN]);
		add_attention(list, "unknown", text,
			"topupctl vouchers --state unknown; ask the operator; "
			"topupctl resolve ID loaded|rejected|retry "
			"--note TEXT");
	}
	if (counts[VOUCHER_HELD] > 0) {
		(void)snprintf(text, sizeof(text),
			"%lld held: not dialled until a person releases them",
			(long long)counts[VOUCHER_HELD]);
		add_attention(list, "held", text,
			"topupctl vouchers --state held; "
			"topupctl release ID... or cancel ID...");
	}
}

/* What a person can do about a modem; NULL when nobody has to. */
static const char *
advice_for(const struct line_status *status)
{
	switch (status->state) {
	case LINE_ABSENT:
		return "plug it in, or check its port in the configuration";
	case LINE_RESTING:
		return "it is tried again by itself; check its cable, its "
		       "signal and its supply";
	case LINE_FENCED:
		/* Quiet time ends by itself; an unsettled card does not. */
		return status->until_wall_ms > 0
		               ? NULL
		               : "ask the operator what became of the card; "
		                 "topupctl resolve ID "
		                 "loaded|rejected|retry --note TEXT";
	case LINE_LOCKED_OUT:
		return "find out why its cards were refused; "
		       "topupctl unlock MODEM allows one PIN";
	case LINE_FAILED:
		return "put right what it says; topupctl reload looks again";
	case LINE_PAUSED:
		return "topupctl resume MODEM";
	case LINE_STARTING:
	case LINE_READY:
	case LINE_BUSY:
		return NULL;
	}
	return NULL;
}

static void
attend_modem(struct control *control, struct json *list,
	const struct line *line, struct json *modems)
{
	struct line_status status;
	char text[320];
	dispatch_line_status(control->parts.dispatch, line, &status);
	json_put_text(modems, line->config.name, line_state_name(status.state));
	const char *advice = advice_for(&status);
	if (advice == NULL || status.state == LINE_PAUSED)
		return;
	(void)snprintf(text, sizeof(text), "modem %s is %s%s%s",
		line->config.name, line_state_name(status.state),
		status.why[0] != '\0' ? ": " : "", status.why);
	add_attention(list, line->config.name, text, advice);
}

/* ---- what is stopped ----------------------------------------------------- */

struct stopped {
	struct control *control;
	struct json *list;
};

static struct line *
line_of_sim(struct control *control, const char *iccid)
{
	for (size_t i = 0; i < fleet_count(control->parts.fleet); i++) {
		struct line *line = fleet_at(control->parts.fleet, i);
		if (strcmp(line_iccid(line), iccid) == 0)
			return line;
	}
	return NULL;
}

/* A SIM that no modem holds now can be stopped as well. */
static bool
add_stopped(void *ctx, const struct ledger_sim *sim)
{
	struct stopped *stopped = ctx;
	struct line_status status = {.state = LINE_ABSENT};
	struct line *line = line_of_sim(stopped->control, sim->iccid);
	if (line != NULL)
		dispatch_line_status(
			stopped->control->parts.dispatch, line, &status);
	bool is_stopped = status.state == LINE_LOCKED_OUT ||
	                  status.state == LINE_FENCED ||
	                  (line == NULL && sim->blocked);
	if (!is_stopped)
		return true;
	struct json *o = json_new_object();
	json_put_text(o, "iccid", sim->iccid);
	json_put_text(o, "modem", sim->modem);
	json_put_text(o, "number", NULL);
	json_put(o, "since", shape_time(sim->stopped_wall_ms));
	json_put_text(
		o, "why", line == NULL ? "the operator barred it" : status.why);
	json_put(o, "until", shape_time(status.until_wall_ms));
	json_add(stopped->list, o);
	return json_count(stopped->list) < STOPPED_MAX;
}

struct sims {
	struct ledger_sim *list;
	size_t count;
};

static bool
keep_sim(void *ctx, const struct ledger_sim *sim)
{
	struct sims *sims = ctx;
	if (!sim->blocked && sim->counted == 0 && sim->unsettled == 0)
		return true;
	sims->list =
		reallocarray(sims->list, sims->count + 1, sizeof(*sims->list));
	if (sims->list == NULL)
		abort();
	sims->list[sims->count++] = *sim;
	return true;
}

/* SIMs are kept first: their modem's state is asked of the ledger, too. */
static struct json *
list_stopped(struct control *control)
{
	struct stopped stopped = {control, json_new_array()};
	struct sims sims = {NULL, 0};
	int64_t now_ms = turn_now(control->parts.turn).wall_ms;
	(void)ledger_each_sim(control->ledger, now_ms, keep_sim, &sims);
	for (size_t i = 0; i < sims.count; i++) {
		if (!add_stopped(&stopped, &sims.list[i]))
			break;
	}
	free(sims.list);
	return stopped.list;
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

static void
put_pause(struct control *control, struct json *o, struct json *attention)
{
	bool paused = ledger_is_paused(control->ledger, "");
	json_put_flag(o, "paused", paused);
	if (paused)
		add_attention(attention, "paused", "dialling is paused",
			"topupctl resume");
}

static void
step_status(struct client *client)
{
	struct control *control = client->control;
	int64_t counts[VOUCHER_STATES] = {0};
	struct json *o = json_new_object();
	struct json *modems = json_new_object();
	struct json *batches = json_new_array();
	struct json *attention = json_new_array();
	const char *unsafe = turn_unsafe(control->parts.turn);
	if (unsafe != NULL)
		add_attention(attention, "ledger", unsafe,
			"look at the disk of the ledger with: df, dmesg; "
			"nothing has to be done in topupd");
	(void)ledger_counts(control->ledger, counts);
	attend_vouchers(attention, counts);
	for (size_t i = 0; i < fleet_count(control->parts.fleet); i++)
		attend_modem(control, attention,
			fleet_at(control->parts.fleet, i), modems);
	(void)ledger_each_batch(control->ledger, 0, add_under_way, batches);
	int64_t up_ms = loop_now_ms(control->parts.loop) - control->started_ms;
	json_put_text(o, "version", TOPUP_VERSION);
	json_put_number(o, "uptime", up_ms / 1000);
	json_put(o, "modems", modems);
	json_put(o, "vouchers", shape_counts(counts));
	json_put(o, "batches", batches);
	put_pause(control, o, attention);
	json_put(o, "stopped", list_stopped(control));
	json_put(o, "attention", attention);
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
