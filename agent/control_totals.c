/*
 * control_totals: what was loaded, refused and is unknown, and what accounts
 * told at both ends, in rows. Cards and readings are walked in slices of one
 * turn each; it must never hold the loop for all of them.
 */
#include "agent/control_private.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/control_shape.h"
#include "agent/figures.h"
#include "agent/json.h"
#include "agent/turn.h"

enum {
	LOOK = 500, /* cards, readings of one turn: some milliseconds */
	DAYS_MAX = 3660,
	/* A clock that was not set yet is behind for some readings; when so
	 * many in a row are older, the walk back has left the days. */
	OLDER_MAX = 100
};

/* The newest reading of a day. */
struct day_end {
	int64_t day, minor;
};

/* One account, walked from its newest reading back. */
struct account {
	struct ledger_teller teller;
	int64_t before; /* the last reading that was looked at */
	bool walking, has_closing, has_opening;
	unsigned older;
	int64_t opening_minor; /* before the days; else the first in them */
	int64_t closing_minor;
	struct day_end days[DAYS_MAX]; /* the newest first */
	size_t day_count;
};

/*
 * 1. Cards, then accounts, then rows; each goes on where its turn left it.
 * 2. sums has one row for each currency.
 */
struct totals {
	enum figures_by by;
	int64_t since_wall_ms, now_wall_ms;
	struct ledger_figure_walk walk;
	bool cards_done, accounts_done, too_many;
	struct account account;
	struct figures *rows, *sums;
	size_t sent; /* rows, then sums */
};

void
control_totals_forget(struct client *client)
{
	struct totals *totals = client->totals;
	if (totals == NULL)
		return;
	figures_free(totals->rows);
	figures_free(totals->sums);
	free(totals);
	client->totals = NULL;
}

/* ---- rows ---------------------------------------------------------------- */

static struct figures_key
money_key(const char *currency, unsigned decimals)
{
	struct figures_key key = {.decimals = decimals};
	(void)span_copy(key.currency, sizeof(key.currency), span_str(currency));
	return key;
}

/* NULL: there are too many, which is told at the end. */
static struct figures_row *
row_of(struct totals *totals, const struct figures_key *key)
{
	struct figures_row *row = figures_row(totals->rows, key);
	totals->too_many = totals->too_many || row == NULL;
	return row;
}

static struct figures_row *
row_of_day(struct totals *totals, const struct figures_key *money, int64_t day)
{
	struct figures_key key = *money;
	key.number = day;
	return row_of(totals, &key);
}

static struct figures_row *
row_of_text(struct totals *totals, const struct figures_key *money,
	const char *text)
{
	struct figures_key key = *money;
	(void)span_copy(key.text, sizeof(key.text), span_str(text));
	return row_of(totals, &key);
}

/* ---- cards --------------------------------------------------------------- */

static struct figures_row *
row_of_figure(struct totals *totals, const struct figures_key *money,
	const struct ledger_figure *figure)
{
	switch (totals->by) {
	case FIGURES_BY_BATCH:
		return row_of_day(totals, money, figure->batch);
	case FIGURES_BY_SIM:
		return row_of_text(totals, money, figure->iccid);
	case FIGURES_BY_OPERATOR:
		return row_of_text(totals, money, figure->operator);
	case FIGURES_BY_DAY:
		return row_of_day(
			totals, money, figures_day(figure->began_wall_ms));
	}
	return NULL;
}

static void
on_figure(void *ctx, const struct ledger_figure *figure)
{
	struct totals *totals = ctx;
	const struct figures_key money =
		money_key(figure->currency, figure->decimals);
	enum figures_kind kind =
		figure->state == VOUCHER_LOADED     ? FIGURES_LOADED
		: figure->state == VOUCHER_REJECTED ? FIGURES_REFUSED
						    : FIGURES_UNKNOWN;
	struct figures_row *row = row_of_figure(totals, &money, figure);
	struct figures_row *sum = figures_row(totals->sums, &money);
	if (row == NULL || sum == NULL)
		return;
	figures_add_card(row, kind, figure->minor);
	figures_add_card(sum, kind, figure->minor);
}

/* ---- accounts ------------------------------------------------------------ */

static void
keep_day(struct account *account, int64_t day, int64_t minor)
{
	size_t n = account->day_count;
	/* Days go down, but for a clock that jumped: the newest reading of a
	 * day was there first. */
	if (n < DAYS_MAX && (n == 0 || day < account->days[n - 1].day))
		account->days[account->day_count++] =
			(struct day_end){.day = day, .minor = minor};
}

static bool
on_reading(void *ctx, const struct ledger_heard *heard)
{
	struct totals *totals = ctx;
	struct account *account = &totals->account;
	account->before = heard->id;
	if (heard->decimals != account->teller.decimals ||
		strcmp(heard->currency, account->teller.currency) != 0)
		return true; /* of other money */
	if (!account->has_closing)
		account->closing_minor = heard->minor;
	account->has_closing = true;
	if (heard->at_wall_ms < totals->since_wall_ms) {
		if (!account->has_opening)
			account->opening_minor = heard->minor;
		account->has_opening = true;
		return ++account->older < OLDER_MAX;
	}
	/* The first in the days, unless one comes that is older than them. */
	account->has_opening = false;
	account->older = 0;
	account->opening_minor = heard->minor;
	if (totals->by == FIGURES_BY_DAY)
		keep_day(account, figures_day(heard->at_wall_ms), heard->minor);
	return true;
}

/* Each day begins with what the day before ended with. */
static void
add_days(struct totals *totals, const struct figures_key *money)
{
	struct account *account = &totals->account;
	bool known = account->has_opening;
	int64_t minor = account->opening_minor;
	size_t left = account->day_count;
	int64_t day = known || left == 0 ? figures_day(totals->since_wall_ms)
	                                 : account->days[left - 1].day;
	for (; day <= totals->now_wall_ms && !totals->too_many;
		day = figures_day_later(day, 1)) {
		int64_t opening = minor;
		while (left > 0 && account->days[left - 1].day <= day)
			minor = account->days[--left].minor;
		struct figures_row *row = row_of_day(totals, money, day);
		if (row != NULL)
			figures_add_account(row, opening, minor);
	}
}

static void
add_account(struct totals *totals)
{
	const struct account *account = &totals->account;
	const struct ledger_teller *teller = &account->teller;
	const struct figures_key money =
		money_key(teller->currency, teller->decimals);
	struct figures_row *row = NULL;
	if (!account->has_closing)
		return;
	switch (totals->by) {
	case FIGURES_BY_BATCH:
		break; /* it has no balance of its own */
	case FIGURES_BY_SIM:
		row = row_of_text(totals, &money, teller->iccid);
		break;
	case FIGURES_BY_OPERATOR:
		row = row_of_text(totals, &money, teller->operator);
		break;
	case FIGURES_BY_DAY:
		add_days(totals, &money);
		break;
	}
	if (row != NULL)
		figures_add_account(
			row, account->opening_minor, account->closing_minor);
	row = figures_row(totals->sums, &money);
	if (row != NULL)
		figures_add_account(
			row, account->opening_minor, account->closing_minor);
}

/* 0, -EIO. */
static int
begin_account(struct ledger *ledger, struct totals *totals)
{
	char after[LEDGER_TARGET_MAX];
	struct account *account = &totals->account;
	(void)span_copy(
		after, sizeof(after), span_str(account->teller.account));
	memset(account, 0, offsetof(struct account, days));
	account->day_count = 0;
	int rc = ledger_next_teller(ledger, after, &account->teller);
	account->walking = rc == 0;
	totals->accounts_done = rc == -ENOENT;
	return rc == -ENOENT ? 0 : rc;
}

/* 0, -EIO. */
static int
walk_account(struct ledger *ledger, struct totals *totals)
{
	struct account *account = &totals->account;
	int64_t before = account->before;
	const struct ledger_heard_filter filter = {
		.account = account->teller.account,
		.before = before,
		.backwards = true,
		.limit = LOOK};
	int rc = ledger_each_heard(ledger, &filter, on_reading, totals);
	if (rc != 0)
		return rc;
	if (account->before != before && account->older < OLDER_MAX)
		return 0;
	add_account(totals);
	account->walking = false;
	return 0;
}

/* ---- the days between ---------------------------------------------------- */

/* A day without a card is a row, too: a picture has no holes then. */
static void
fill_days(struct totals *totals)
{
	const struct figures_row *first = figures_at(totals->rows, 0);
	const struct figures_row *sum;
	if (totals->by != FIGURES_BY_DAY || first == NULL)
		return;
	int64_t from = figures_day(totals->since_wall_ms);
	if (from < figures_day_later(totals->now_wall_ms, -DAYS_MAX))
		from = first->key.number;
	for (size_t i = 0; (sum = figures_at(totals->sums, i)) != NULL; i++) {
		int64_t day = from;
		for (; day <= totals->now_wall_ms && !totals->too_many;
			day = figures_day_later(day, 1))
			(void)row_of_day(totals, &sum->key, day);
	}
}

/* ---- shapes -------------------------------------------------------------- */

static bool
take_name(void *ctx, const struct ledger_batch *b)
{
	json_put_text(ctx, "name", b->name);
	return false;
}

static bool
take_modem(struct ledger *ledger, struct json *o, const char *iccid)
{
	struct ledger_sim sim;
	if (ledger_sim(ledger, iccid, 0, &sim) != 0)
		return false;
	json_put_text(o, "name", sim.modem);
	return true;
}

static void
put_key(struct ledger *ledger, struct json *o, const struct totals *totals,
	const struct figures_key *key)
{
	char text[24];
	time_t t = (time_t)(key->number / 1000);
	struct tm tm;
	json_put(o, "name", NULL);
	switch (totals->by) {
	case FIGURES_BY_BATCH:
		(void)snprintf(
			text, sizeof(text), "%lld", (long long)key->number);
		json_put_text(o, "key", text);
		(void)ledger_each_batch(ledger, key->number, take_name, o);
		return;
	case FIGURES_BY_SIM:
		json_put_text(o, "key", key->text);
		(void)take_modem(ledger, o, key->text);
		return;
	case FIGURES_BY_OPERATOR:
		json_put_text(o, "key", key->text);
		return;
	case FIGURES_BY_DAY:
		if (localtime_r(&t, &tm) == NULL ||
			strftime(text, sizeof(text), "%Y-%m-%d", &tm) == 0)
			text[0] = '\0';
		json_put_text(o, "key", text);
		return;
	}
}

static struct json *
shape_row(struct ledger *ledger, const struct totals *totals,
	const struct figures_row *row, bool is_sum)
{
	static const char *const by[] = {[FIGURES_BY_BATCH] = "batch",
		[FIGURES_BY_SIM] = "sim",
		[FIGURES_BY_OPERATOR] = "operator",
		[FIGURES_BY_DAY] = "day"};
	static const char *const counts[] = {[FIGURES_LOADED] = "loaded",
		[FIGURES_REFUSED] = "refused",
		[FIGURES_UNKNOWN] = "unknown"};
	static const char *const sums[] = {[FIGURES_LOADED] = "loaded_amount",
		[FIGURES_REFUSED] = "refused_amount",
		[FIGURES_UNKNOWN] = "unknown_amount"};
	unsigned decimals = row->key.decimals;
	struct json *o = json_new_object();
	json_put_text(o, "by", by[totals->by]);
	json_put(o, "key", NULL);
	if (!is_sum)
		put_key(ledger, o, totals, &row->key);
	json_put_text(o, "currency", row->key.currency);
	for (size_t i = 0; i < FIGURES_KINDS; i++) {
		json_put_number(o, counts[i], row->counts[i]);
		json_put(o, sums[i], shape_money(row->minor[i], decimals));
	}
	json_put_number(o, "no_amount", row->no_worth);
	json_put(o, "opening", shape_money(row->opening_minor, decimals));
	json_put(o, "closing", shape_money(row->closing_minor, decimals));
	json_put_flag(o, "sum", is_sum);
	return o;
}

/* ---- the steps ----------------------------------------------------------- */

static void
send_rows(struct client *client)
{
	struct totals *totals = client->totals;
	struct ledger *ledger = client->control->ledger;
	size_t rows = 0;
	while (figures_at(totals->rows, rows) != NULL)
		rows++;
	while (client_has_room(client)) {
		bool is_sum = totals->sent >= rows;
		const struct figures_row *row =
			is_sum ? figures_at(totals->sums, totals->sent - rows)
			       : figures_at(totals->rows, totals->sent);
		if (row == NULL) {
			struct json *done = json_new_object();
			json_put_number(done, "count", (int64_t)rows);
			client_done(client, done, CONTROL_DONE);
			control_totals_forget(client);
			return;
		}
		client_item(client, shape_row(ledger, totals, row, is_sum));
		totals->sent++;
	}
	client_again(client);
}

/* 0 or -EIO; what is over is marked. */
static int
gather(struct ledger *ledger, struct totals *totals)
{
	if (!totals->cards_done) {
		int rc = ledger_each_figure(
			ledger, &totals->walk, LOOK, on_figure, totals);
		totals->cards_done = rc == 0;
		return rc < 0 ? rc : 0;
	}
	if (totals->account.walking)
		return walk_account(ledger, totals);
	int rc = begin_account(ledger, totals);
	if (rc == 0 && totals->accounts_done)
		fill_days(totals);
	return rc;
}

static void
step_totals(struct client *client)
{
	struct totals *totals = client->totals;
	struct ledger *ledger = client->control->ledger;
	if (totals->accounts_done) {
		send_rows(client);
		return;
	}
	if (gather(ledger, totals) != 0)
		client_fail(client, CONTROL_REFUSED,
			"the ledger cannot be read: %s", ledger_error(ledger));
	else if (totals->too_many)
		client_fail(client, CONTROL_REFUSED,
			"these are more than %d rows: say a later --since",
			(int)FIGURES_ROWS_MAX);
	else
		client_again(client);
}

/* ---- the request --------------------------------------------------------- */

static bool
take_by(struct client *client, const char *text, enum figures_by *by)
{
	static const char *const words[] = {[FIGURES_BY_BATCH] = "batch",
		[FIGURES_BY_SIM] = "sim",
		[FIGURES_BY_OPERATOR] = "operator",
		[FIGURES_BY_DAY] = "day"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], text) == 0) {
			*by = (enum figures_by)i;
			return true;
		}
	}
	client_fail(client, CONTROL_USAGE,
		"'%.32s' is none of batch, sim, operator, day", text);
	return false;
}

/* Whole local days, today among them. */
bool
control_take_days(struct client *client, const struct json *args,
	int64_t days_else, int64_t *since_wall_ms)
{
	int64_t now_ms = turn_now(client->control->parts.turn).wall_ms;
	int64_t days = 0, since_ms = 0;
	if (!args_number(client, args, "days", &days) ||
		!args_number(client, args, "since_ms", &since_ms))
		return false;
	if (days > DAYS_MAX || (days > 0 && since_ms > 0)) {
		client_fail(client, CONTROL_USAGE,
			days > DAYS_MAX ? "these are more than ten years"
					: "days or a time: one of them");
		return false;
	}
	if (days == 0 && since_ms == 0)
		days = days_else;
	*since_wall_ms = since_ms;
	if (days > 0)
		*since_wall_ms =
			figures_day_later(figures_day(now_ms), 1 - (int)days);
	return true;
}

void
control_totals(struct client *client, const struct json *args)
{
	enum figures_by by = FIGURES_BY_DAY;
	const char *text = "day";
	int64_t since_ms = 0;
	if (!args_text(client, args, "by", &text) ||
		!take_by(client, text, &by) ||
		!control_take_days(client, args,
			by == FIGURES_BY_DAY ? CONTROL_DAYS_SHOWN : 0,
			&since_ms))
		return;
	struct totals *totals = calloc(1, sizeof(*totals));
	if (totals == NULL)
		abort();
	totals->by = by;
	totals->now_wall_ms = turn_now(client->control->parts.turn).wall_ms;
	totals->since_wall_ms = totals->walk.since_wall_ms = since_ms;
	totals->rows = figures_new();
	totals->sums = figures_new();
	client->totals = totals;
	client->step = step_totals;
}
