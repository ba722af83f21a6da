/*
 * control_shape: vouchers, batches, modems and audit entries as the
 * contract's JSON. It reads; it must never change anything.
 */
#include "agent/control_shape.h"

#include "agent/control_private.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/dispatch.h"
#include "agent/fleet.h"
#include "agent/json.h"
#include "agent/report.h"
#include "agent/turn.h"

/* ---- rows that outlive their reader -------------------------------------- */

/*
 * A struct whose members at the given offsets are texts: a copy in one
 * block, with the texts behind it.
 */
static void *
keep(const void *row, size_t size, const size_t *texts, size_t count)
{
	size_t need = size;
	for (size_t i = 0; i < count; i++) {
		const char *text;
		memcpy(&text, (const char *)row + texts[i], sizeof(text));
		need += (text == NULL ? 0 : strlen(text)) + 1;
	}
	char *copy = malloc(need);
	if (copy == NULL)
		abort();
	memcpy(copy, row, size);
	char *at = copy + size;
	for (size_t i = 0; i < count; i++) {
		const char *text;
		memcpy(&text, (const char *)row + texts[i], sizeof(text));
		size_t len = text == NULL ? 0 : strlen(text);
		if (len > 0)
			memcpy(at, text, len);
		at[len] = '\0';
		memcpy(copy + texts[i], &at, sizeof(at));
		at += len + 1;
	}
	return copy;
}

struct ledger_voucher *
shape_keep_voucher(const struct ledger_voucher *v)
{
	static const size_t texts[] = {offsetof(struct ledger_voucher, serial),
		offsetof(struct ledger_voucher, masked),
		offsetof(struct ledger_voucher, operator),
		offsetof(struct ledger_voucher, currency),
		offsetof(struct ledger_voucher, target),
		offsetof(struct ledger_voucher, modem_only),
		offsetof(struct ledger_voucher, note),
		offsetof(struct ledger_voucher, expires),
		offsetof(struct ledger_voucher, reason),
		offsetof(struct ledger_voucher, modem),
		offsetof(struct ledger_voucher, reply)};
	return keep(v, sizeof(*v), texts, sizeof(texts) / sizeof(texts[0]));
}

struct ledger_batch *
shape_keep_batch(const struct ledger_batch *b)
{
	static const size_t texts[] = {offsetof(struct ledger_batch, name),
		offsetof(struct ledger_batch, note),
		offsetof(struct ledger_batch, who)};
	struct ledger_batch *copy =
		keep(b, sizeof(*b), texts, sizeof(texts) / sizeof(texts[0]));
	copy->digest = NULL;
	return copy;
}

static bool
find_voucher(void *ctx, const struct ledger_voucher *v)
{
	struct ledger_voucher **out = ctx;
	*out = shape_keep_voucher(v);
	return false;
}

struct ledger_voucher *
shape_find_voucher(struct ledger *ledger, int64_t id)
{
	struct ledger_voucher *found = NULL;
	const struct ledger_voucher_filter filter = {
		.id = id, .state = -1, .limit = 1};
	if (id > 0)
		(void)ledger_each_voucher(
			ledger, &filter, find_voucher, &found);
	return found; /* a disk that cannot be read shows none */
}

static bool
find_batch(void *ctx, const struct ledger_batch *b)
{
	struct ledger_batch **out = ctx;
	*out = b->reading ? NULL : shape_keep_batch(b);
	return false;
}

struct ledger_batch *
shape_find_batch(struct ledger *ledger, int64_t id)
{
	struct ledger_batch *found = NULL;
	if (id > 0)
		(void)ledger_each_batch(ledger, id, find_batch, &found);
	return found; /* as above */
}

/* ---- small values -------------------------------------------------------- */

struct json *
shape_money(int64_t minor, unsigned decimals)
{
	char text[MONEY_TEXT_MAX];
	if (minor == MONEY_NONE)
		return NULL;
	money_print(minor, decimals, text);
	return json_new_text(text);
}

void
shape_local_time(int64_t wall_ms, char out[SHAPE_LOCAL_MAX])
{
	time_t at = (time_t)(wall_ms / 1000), now = time(NULL);
	struct tm local, today;
	out[0] = '\0';
	if (localtime_r(&at, &local) == NULL ||
		localtime_r(&now, &today) == NULL)
		return;
	bool is_today = local.tm_yday == today.tm_yday &&
	                local.tm_year == today.tm_year;
	(void)strftime(out, SHAPE_LOCAL_MAX,
		is_today ? "%H:%M" : "%Y-%m-%d %H:%M", &local); /* fits */
}

struct json *
shape_time(int64_t wall_ms)
{
	char text[REPORT_TIME_MAX];
	if (wall_ms == 0)
		return NULL;
	report_time(wall_ms, text);
	return json_new_text(text);
}

struct json *
shape_counts(const int64_t counts[VOUCHER_STATES])
{
	struct json *o = json_new_object();
	for (int i = 0; i < VOUCHER_STATES; i++)
		json_put_number(o, voucher_state_name((enum voucher_state)i),
			counts[i]);
	return o;
}

static void
put_id(struct json *o, const char *key, int64_t id)
{
	if (id == 0)
		json_put(o, key, NULL);
	else
		json_put_number(o, key, id);
}

/* ---- vouchers ------------------------------------------------------------ */

static void
put_reason(
	struct control *control, struct json *o, const struct ledger_voucher *v)
{
	char reason[32] = "";
	int64_t next_at = 0;
	if (v->state == VOUCHER_READY)
		dispatch_why_waiting(control->parts.dispatch, v, reason,
			sizeof(reason), &next_at);
	else
		(void)span_copy(reason, sizeof(reason), span_str(v->reason));
	json_put_text(o, "reason", reason);
	json_put(o, "next_at", shape_time(next_at));
}

struct json *
shape_voucher(struct control *control, const struct ledger_voucher *v)
{
	struct json *o = json_new_object();
	json_put_number(o, "id", v->id);
	json_put_number(o, "batch", v->batch);
	json_put_number(o, "row", v->row);
	json_put_text(o, "serial", v->serial);
	json_put_text(o, "pin", v->masked);
	json_put_text(o, "operator", v->operator);
	json_put(o, "amount", shape_money(v->amount_minor, v->decimals));
	json_put_text(o, "currency", v->currency);
	json_put_text(o, "target", v->target);
	json_put_text(o, "state", voucher_state_name(v->state));
	put_reason(control, o, v);
	json_put(o, "credited", shape_money(v->credited_minor, v->decimals));
	json_put_text(o, "modem", v->modem);
	json_put_number(o, "attempts", v->attempts);
	json_put_text(o, "reply", v->reply);
	json_put(o, "balance_before",
		shape_money(v->balance_before_minor, v->decimals));
	json_put(o, "balance_after",
		shape_money(v->balance_after_minor, v->decimals));
	json_put(o, "updated_at", shape_time(v->updated_wall_ms));
	return o;
}

static const char *
fate_name(int fate)
{
	switch (fate) {
	case LEDGER_NOT_SENT:
		return "not_sent";
	case LEDGER_MAYBE_SENT:
		return "maybe_sent";
	case LEDGER_ANSWERED:
		return "answered";
	}
	return NULL; /* still open */
}

struct json *
shape_attempt(const struct ledger_attempt *a)
{
	struct json *o = json_new_object();
	json_put(o, "at", shape_time(a->began_wall_ms));
	json_put_text(o, "modem", a->modem);
	json_put_text(o, "via", a->via);
	json_put_text(o, "fate", fate_name(a->fate));
	json_put_text(
		o, "verdict", a->fate < 0 ? NULL : verdict_name(a->verdict));
	json_put_text(o, "reply", a->reply);
	json_put_text(o, "by", a->by);
	json_put_text(o, "rule", a->rule);
	json_put(o, "ended_at", shape_time(a->ended_wall_ms));
	return o;
}

struct json *
shape_follow(const struct ledger_follow *f)
{
	struct json *o = json_new_object();
	json_put_number(o, "step", f->step);
	json_put_text(o, "state", ledger_follow_state_name(f->state));
	json_put(o, "at", shape_time(f->began_wall_ms));
	json_put_text(o, "modem", f->modem);
	json_put_text(o, "fate", fate_name(f->fate));
	if (f->fate < 0)
		json_put(o, "matched", NULL);
	else
		json_put_flag(o, "matched", f->matched);
	json_put_text(o, "why", f->why);
	json_put_text(o, "reply", f->reply);
	return o;
}

/* ---- batches ------------------------------------------------------------- */

struct faults {
	struct json *list;
	int64_t max;
};

static bool
add_fault(void *ctx, unsigned line, const char *reason)
{
	struct faults *faults = ctx;
	if (faults->max-- <= 0)
		return false;
	struct json *o = json_new_object();
	json_put_number(o, "line", line);
	json_put_text(o, "reason", reason);
	json_add(faults->list, o);
	return true;
}

struct json *
shape_faults(struct control *control, int64_t batch, int64_t faults_max)
{
	struct faults faults = {json_new_array(), faults_max};
	if (faults_max > 0) /* a list that breaks off is told as it is */
		(void)ledger_each_fault(
			control->ledger, batch, add_fault, &faults);
	return faults.list;
}

struct one_money {
	unsigned decimals;
	char currency[8];
};

static bool
take_money(void *ctx, const struct ledger_voucher *v)
{
	struct one_money *money = ctx;
	money->decimals = v->decimals;
	(void)span_copy(money->currency, sizeof(money->currency),
		span_str(v->currency));
	return false;
}

/* What was credited, in the money of the batch's first card. */
static void
put_total(struct control *control, struct json *o, const struct ledger_batch *b)
{
	struct one_money money = {.decimals = 0};
	const struct ledger_voucher_filter first = {
		.batch = b->id, .state = -1, .limit = 1};
	(void)ledger_each_voucher(control->ledger, &first, take_money, &money);
	json_put(o, "credited", shape_money(b->loaded_minor, money.decimals));
	json_put_text(o, "currency", money.currency);
}

struct json *
shape_batch(struct control *control, const struct ledger_batch *b,
	int64_t faults_max)
{
	struct json *o = json_new_object();
	json_put_number(o, "id", b->id);
	json_put_text(o, "name", b->name);
	json_put(o, "received_at", shape_time(b->received_wall_ms));
	json_put_number(o, "rows", b->rows);
	json_put(o, "bad_rows",
		shape_faults(control, b->id, b->faults > 0 ? faults_max : 0));
	json_put(o, "counts", shape_counts(b->counts));
	json_put(o, "finished_at", shape_time(b->finished_wall_ms));
	json_put_number(o, "bad_row_count", b->faults);
	put_total(control, o, b);
	json_put_text(o, "who", b->who);
	json_put_text(o, "note", b->note);
	return o;
}

/* ---- audit --------------------------------------------------------------- */

struct json *
shape_audit(const struct ledger_audit *a)
{
	char hex[sizeof(a->hash) * 2 + 1]; /* in small letters, as in syslog */
	for (size_t i = 0; i < sizeof(a->hash); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", a->hash[i]); /* fits */
	struct json *o = json_new_object();
	json_put_number(o, "seq", a->seq);
	json_put(o, "at", shape_time(a->at_wall_ms));
	json_put_text(o, "event", a->event);
	put_id(o, "voucher", a->voucher);
	put_id(o, "batch", a->batch);
	json_put_text(o, "modem", a->modem);
	json_put_text(o, "who", a->who);
	json_put_text(o, "note", a->note);
	json_put_text(o, "hash", hex);
	return o;
}

/* ---- modems -------------------------------------------------------------- */

static void
put_balance(struct control *control, struct json *o, const char *iccid)
{
	struct ledger_sim sim;
	int64_t now_ms = turn_now(control->parts.turn).wall_ms;
	if (iccid[0] == '\0' ||
		ledger_sim(control->ledger, iccid, now_ms, &sim) != 0)
		sim = (struct ledger_sim){.balance_minor = MONEY_NONE};
	json_put(o, "balance",
		shape_money(sim.balance_minor, sim.balance_decimals));
	json_put(o, "balance_at", shape_time(sim.balance_wall_ms));
	json_put_text(o, "currency", sim.balance_currency);
}

struct json *
shape_modem(struct control *control, const struct line *line)
{
	const struct modem_info *info = modem_info(line->modem);
	struct line_status status;
	dispatch_line_status(control->parts.dispatch, line, &status);
	struct json *o = json_new_object();
	json_put_text(o, "name", line->config.name);
	json_put_text(o, "port", line->config.port);
	json_put_text(o, "state", line_state_name(status.state));
	json_put(o, "until", shape_time(status.until_wall_ms));
	json_put_text(o, "operator",
		line->profile == NULL ? NULL : line->profile->stem);
	if (info->signal_dbm == 0)
		json_put(o, "signal", NULL);
	else
		json_put_number(o, "signal", info->signal_dbm);
	json_put_text(o, "imei", info->imei);
	json_put_text(o, "iccid", info->iccid);
	json_put_text(o, "imsi", info->imsi);
	put_balance(control, o, line_iccid(line));
	json_put_text(o, "last_error", line->last_error);
	json_put_text(o, "why", status.why);
	json_put_text(o, "network", info->network);
	json_put_text(o, "port_in_use", info->port[0] ? info->port : NULL);
	return o;
}
