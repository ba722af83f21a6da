/*
 * control_attention: what needs a person, the most urgent first, each with
 * the sentence that says what to do. It reads; it must never change anything,
 * nor show a PIN.
 */
#include "agent/control_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/control_shape.h"
#include "agent/dispatch.h"
#include "agent/fleet.h"
#include "agent/json.h"
#include "agent/turn.h"

enum {
	SCAN_MAX = 5000, /* vouchers that are looked at for one status */
	HEADS_MAX = 100, /* of each modem's queue */
	BATCHES_MAX = 8, /* named in one sentence */
	TEXT_MAX = 400,
	TELL_MS = 24 * 3600 * 1000
};

struct attention {
	const char *what;
	int64_t count;
	const char *text; /* what is the case */
	const char *say;  /* what a person does about it */
};

static void
add(struct json *list, const struct attention *a)
{
	struct json *o = json_new_object();
	json_put_text(o, "what", a->what);
	json_put_number(o, "count", a->count);
	json_put_text(o, "text", a->text);
	json_put_text(o, "say", a->say);
	json_add(list, o);
}

/* ---- the disk ------------------------------------------------------------ */

static void
attend_disk(struct control *control, struct json *list)
{
	const char *unsafe = turn_unsafe(control->parts.turn);
	if (unsafe != NULL)
		add(list, &(struct attention){"ledger", 1, unsafe,
				  "look at the disk of the ledger with: df, "
				  "dmesg; nothing has to be done in topupd"});
}

/* ---- unknown ------------------------------------------------------------- */

struct unknowns {
	int64_t scanned, oldest_wall_ms, oldest;
};

static bool
on_unknown(void *ctx, const struct ledger_voucher *v)
{
	struct unknowns *u = ctx;
	if (u->oldest == 0 || v->updated_wall_ms < u->oldest_wall_ms) {
		u->oldest = v->id;
		u->oldest_wall_ms = v->updated_wall_ms;
	}
	return ++u->scanned < SCAN_MAX;
}

/* Whether some fence may still bring evidence. */
static bool
is_asking(const struct control *control, int64_t *until_wall_ms)
{
	bool asks = false;
	struct fleet *fleet = control->parts.fleet;
	for (size_t i = 0; i < fleet_count(fleet); i++) {
		struct line_status status;
		dispatch_line_status(
			control->parts.dispatch, fleet_at(fleet, i), &status);
		if (status.state != LINE_FENCED)
			continue;
		asks = true;
		if (status.until_wall_ms > *until_wall_ms)
			*until_wall_ms = status.until_wall_ms;
	}
	return asks;
}

static void
attend_unknown(struct control *control, struct json *list, int64_t count)
{
	char text[TEXT_MAX], first[64] = "";
	char since[SHAPE_LOCAL_MAX], until[SHAPE_LOCAL_MAX];
	int64_t until_wall_ms = 0;
	struct unknowns u = {0};
	const struct ledger_voucher_filter filter = {.state = VOUCHER_UNKNOWN};
	if (count == 0 || ledger_each_voucher(control->ledger, &filter,
				  on_unknown, &u) != 0)
		return;
	shape_local_time(u.oldest_wall_ms, since);
	bool asks = is_asking(control, &until_wall_ms);
	shape_local_time(until_wall_ms, until);
	if (asks)
		(void)snprintf(first, sizeof(first),
			"evidence is being asked for%s%s: ",
			until_wall_ms > 0 ? " until " : "",
			until_wall_ms > 0 ? until : "");
	(void)snprintf(text, sizeof(text),
		"%s%lld unknown: %s may have been credited or not; the oldest "
		"is voucher %lld, since %s",
		first, (long long)count, count == 1 ? "it" : "they",
		(long long)u.oldest, since);
	add(list, &(struct attention){"unknown", count, text,
			  asks ? "wait until then; for what is unknown "
				 "afterwards: topupctl vouchers --state "
				 "unknown"
			       : "topupctl vouchers --state unknown; ask the "
				 "operator (balance, last recharges, "
				 "hotline); topupctl resolve ID "
				 "loaded|rejected|retry --note TEXT"});
}

/* ---- held ---------------------------------------------------------------- */

static const struct held_word {
	const char *reason, *text, *say;
} held_words[] = {
	{"batch",
		"held by the breaker of their batch: too many of its cards "
		"were refused or are unknown",
		"topupctl batch ID; find out why; then topupctl release "
		"--batch ID, or cancel --batch ID"},
	{"counted", "held: their PINs look counted rather than drawn",
		"see whether the right column was taken for the PIN; then "
		"topupctl release --batch ID, or cancel --batch ID"},
	{"lengths",
		"held: some PINs of their batch are one digit shorter than the "
		"rest",
		"see whether a spreadsheet ate their leading zeros; then "
		"topupctl release --batch ID, or cancel --batch ID"},
	{"restored",
		"held: they come from a backup, and may have been dialled "
		"since it was made",
		"ask the operator which of them are used; topupctl release "
		"ID... or cancel ID..."},
	{"expired", "held: past the date in their batch",
		"topupctl cancel ID..."},
	{"not_sent", "held: their modem would not send them, three times",
		"look at the modem (topupctl modems); then topupctl release "
		"ID..."},
	{"not_now", "held: the account cannot take such a card now",
		"topupctl voucher ID has the operator's words; topupctl "
		"release ID... once it can"},
	{"busy", "held: the operator was busy too often",
		"topupctl release ID... once it answers again"},
	{"revealed", "held: a person was shown their PIN, and may have used it",
		"find out what came of them; then topupctl resolve ID "
		"loaded|rejected|retry --note TEXT"},
	{"person", "held by a person, or because they cannot be dialled",
		"topupctl voucher ID says why; topupctl release ID... or "
		"cancel ID..."},
	{"", "held",
		"topupctl vouchers --state held; topupctl release ID... or "
		"cancel ID..."},
};
enum { HELD_WORDS = sizeof(held_words) / sizeof(held_words[0]) };

struct held {
	int64_t scanned;
	struct held_group {
		int64_t count, first;
		int64_t batches[BATCHES_MAX];
		size_t batch_count;
	} groups[HELD_WORDS];
};

static size_t
word_of(const char *reason)
{
	size_t i = 0;
	while (i + 1 < HELD_WORDS && strcmp(held_words[i].reason, reason) != 0)
		i++;
	return i;
}

static bool
on_held(void *ctx, const struct ledger_voucher *v)
{
	struct held *held = ctx;
	struct held_group *g = &held->groups[word_of(v->reason)];
	size_t i = 0;
	if (g->count++ == 0)
		g->first = v->id;
	while (i < g->batch_count && g->batches[i] != v->batch)
		i++;
	if (i == g->batch_count && i < BATCHES_MAX)
		g->batches[g->batch_count++] = v->batch;
	return ++held->scanned < SCAN_MAX;
}

/* "of batch 3", "of the batches 3, 5, ..." */
static void
name_batches(const struct held_group *g, char *out, size_t cap)
{
	size_t len = (size_t)snprintf(out, cap, "of %s",
		g->batch_count == 1 ? "batch " : "the batches ");
	for (size_t i = 0; i < g->batch_count && len < cap; i++)
		len += (size_t)snprintf(out + len, cap - len, "%s%lld",
			i > 0 ? ", " : "", (long long)g->batches[i]);
	if (g->batch_count == BATCHES_MAX && len < cap)
		(void)snprintf(out + len, cap - len, ", ...");
}

static void
attend_held(struct control *control, struct json *list, int64_t count)
{
	struct held held = {0};
	const struct ledger_voucher_filter filter = {.state = VOUCHER_HELD};
	if (count == 0 || ledger_each_voucher(control->ledger, &filter, on_held,
				  &held) != 0)
		return;
	for (size_t i = 0; i < HELD_WORDS; i++) {
		const struct held_group *g = &held.groups[i];
		char text[TEXT_MAX], batches[200];
		if (g->count == 0)
			continue;
		name_batches(g, batches, sizeof(batches));
		(void)snprintf(text, sizeof(text),
			"%lld%s %s (%s; the first is voucher %lld)",
			(long long)g->count,
			held.scanned < count ? " or more" : "",
			held_words[i].text, batches, (long long)g->first);
		add(list, &(struct attention){i == 0 ? "batch" : "held",
				  g->count, text, held_words[i].say});
	}
}

/* ---- what follows a recharge --------------------------------------------- */

struct failures {
	int64_t count, voucher;
	unsigned step;
};

static bool
on_failed(void *ctx, const struct ledger_follow *f)
{
	struct failures *failures = ctx;
	failures->count++;
	failures->voucher = f->voucher;
	failures->step = f->step;
	return failures->count < SCAN_MAX;
}

/* Nothing settles them: they are told of for a day. */
static void
attend_follow_ups(struct control *control, struct json *list)
{
	char text[TEXT_MAX];
	struct failures f = {.count = 0};
	int64_t since_ms = turn_now(control->parts.turn).ran_ms - TELL_MS;
	if (ledger_each_failed_follow(
		    control->ledger, since_ms, on_failed, &f) != 0 ||
		f.count == 0)
		return;
	(void)snprintf(text, sizeof(text),
		"%lld follow-up code%s failed since yesterday, and %s not "
		"dialled again (the last: step %u of voucher %lld)",
		(long long)f.count, f.count == 1 ? "" : "s",
		f.count == 1 ? "is" : "are", f.step, (long long)f.voucher);
	add(list, &(struct attention){"follow_up", f.count, text,
			  "topupctl voucher ID has the operator's words; see "
			  "what the account has, and dial by hand what is "
			  "missing: topupctl ussd MODEM CODE"});
}

/* ---- modems -------------------------------------------------------------- */

const char *
control_advice(const struct line *line, const struct line_status *status)
{
	bool is_far = strncmp(line->config.port, "tcp://", 6) == 0;
	switch (status->state) {
	case LINE_ABSENT:
		if (is_far)
			return "see that what serves its address runs and can "
			       "be reached, or check its port in the "
			       "configuration";
		return "plug it in, or check its port in the configuration";
	case LINE_RESTING:
		return "it is tried again by itself; check its cable, its "
		       "signal and its supply";
	case LINE_LOCKED_OUT:
		return "the cards that wait for it are not lost; see what "
		       "became of its last ones (topupctl vouchers), then "
		       "topupctl unlock MODEM allows one PIN";
	case LINE_FAILED:
		return "put right what it says; topupctl reload looks again";
	case LINE_FENCED:
	case LINE_PAUSED: /* told once for all, or wanted so */
	case LINE_STARTING:
	case LINE_READY:
	case LINE_BUSY:
		return NULL;
	}
	return NULL;
}

static void
attend_modem(
	struct control *control, struct json *list, const struct line *line)
{
	struct line_status status;
	char text[TEXT_MAX];
	dispatch_line_status(control->parts.dispatch, line, &status);
	const char *advice = control_advice(line, &status);
	if (advice == NULL)
		return;
	(void)snprintf(text, sizeof(text), "modem %s is %s%s%s",
		line->config.name, line_state_name(status.state),
		status.why[0] != '\0' ? ": " : "", status.why);
	add(list, &(struct attention){"modem", 1, text, advice});
}

/* ---- what is stopped ----------------------------------------------------- */

struct stops {
	int64_t numbers, sims;
	const char *first; /* number */
};

/* A SIM in a modem is told of with the modem. */
static bool
is_in_a_modem(struct control *control, const char *iccid)
{
	for (size_t i = 0; i < fleet_count(control->parts.fleet); i++)
		if (strcmp(line_iccid(fleet_at(control->parts.fleet, i)),
			    iccid) == 0)
			return true;
	return false;
}

static void
count_stop(
	struct control *control, const struct json *stop, struct stops *stops)
{
	const char *name = json_get_text(stop, "name");
	if (name == NULL)
		return; /* nothing to tell of it */
	if (strcmp(json_get_text(stop, "kind"), "number") != 0)
		stops->sims += !is_in_a_modem(control, name);
	else if (stops->numbers++ == 0)
		stops->first = name;
}

static void
attend_stops(
	struct control *control, struct json *list, const struct json *stopped)
{
	char text[TEXT_MAX];
	struct stops stops = {0};
	for (size_t i = 0; i < json_count(stopped); i++)
		count_stop(control, json_at(stopped, i), &stops);
	if (stops.numbers > 0) {
		(void)snprintf(text, sizeof(text),
			"%lld number%s stopped (%s%s): too many cards in a row "
			"were refused or are not settled",
			(long long)stops.numbers,
			stops.numbers == 1 ? " is" : "s are", stops.first,
			stops.numbers == 1 ? "" : ", ...");
		add(list,
			&(struct attention){"number", stops.numbers, text,
				"find out whether the number is right and why "
				"its cards were refused; topupctl unlock "
				"MSISDN allows one PIN"});
	}
	if (stops.sims == 0)
		return;
	(void)snprintf(text, sizeof(text),
		"%lld SIM%s stopped, and in no modem now",
		(long long)stops.sims, stops.sims == 1 ? " is" : "s are");
	add(list, &(struct attention){"sim", stops.sims, text,
			  "to use it again: put it into a modem, then topupctl "
			  "unlock MODEM allows one PIN"});
}

/* ---- the clock ----------------------------------------------------------- */

static bool
on_head(void *ctx, const struct ledger_voucher *v)
{
	bool *matters = ctx;
	*matters = v->expires[0] != '\0';
	return !*matters;
}

/* Whether something waits for the clock: hours, or a card with a date. */
static bool
clock_matters(struct control *control, const struct line *line)
{
	bool matters = false;
	if (line->profile == NULL)
		return false;
	if (line->profile->hours_count > 0)
		return true;
	const struct ledger_head_query q = {.operator= line->profile->stem,
		.modem = line->config.name,
		.self_account = line->account,
		.ran_ms = turn_now(control->parts.turn).ran_ms,
		.limit = HEADS_MAX};
	return ledger_each_head(control->ledger, &q, on_head, &matters) == 0 &&
	       matters;
}

/* "61 minutes"; of what is more than two days, days. */
static const char *
span_of_time(int64_t ms, char *out, size_t cap)
{
	enum { MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
	int64_t size_ms = ms < 0 ? -ms : ms;
	int64_t unit_ms = size_ms >= INT64_C(2) * DAY    ? DAY
	                  : size_ms >= INT64_C(2) * HOUR ? HOUR
	                                                 : MINUTE;
	(void)snprintf(out, cap, "%lld %s", (long long)(size_ms / unit_ms),
		unit_ms == DAY    ? "days"
		: unit_ms == HOUR ? "hours"
				  : "minutes");
	return out;
}

static void
say_clock(const struct fleet_clock *clock, char *out, size_t cap)
{
	char off[32];
	bool ahead = clock->most_ms > -clock->least_ms;
	switch (clock->judgement) {
	case CLOCK_UNTOLD:
	case CLOCK_AGREES: /* it became so just now */
		(void)snprintf(out, cap, "the clock is not synchronised");
		break;
	case CLOCK_DIFFERS:
		(void)snprintf(out, cap,
			"the clock is not synchronised, and %s %s what the "
			"network of modem %s says",
			span_of_time(ahead ? clock->most_ms : clock->least_ms,
				off, sizeof(off)),
			ahead ? "ahead of" : "behind",
			(ahead ? clock->most_by : clock->least_by)
				->config.name);
		break;
	case CLOCK_DISPUTED:
		(void)snprintf(out, cap,
			"the clock is not synchronised, and the networks of "
			"modems %s and %s tell times that are %s apart",
			clock->least_by->config.name,
			clock->most_by->config.name,
			span_of_time(clock->most_ms - clock->least_ms, off,
				sizeof(off)));
		break;
	}
}

static void
add_clock(struct control *control, struct json *list)
{
	struct fleet_clock clock;
	char why[TEXT_MAX / 2];
	char text[TEXT_MAX];
	fleet_clock_weigh(control->parts.fleet, &clock);
	say_clock(&clock, why, sizeof(why));
	(void)snprintf(text, sizeof(text),
		"%s: cards wait whose hours or dates it must judge", why);
	add(list,
		&(struct attention){"clock", 1, text,
			clock.judgement == CLOCK_DIFFERS
				? "set it (timedatectl set-time), or see that "
				  "the time is synchronised; dialling goes "
				  "on by itself"
				: "see that the time is synchronised "
				  "(timedatectl); dialling goes on by "
				  "itself"});
}

static void
attend_clock(struct control *control, struct json *list, int64_t ready)
{
	bool matters = false;
	if (fleet_clock_is_trusted(control->parts.fleet) || ready == 0)
		return;
	for (size_t i = 0; i < fleet_count(control->parts.fleet); i++)
		if (clock_matters(control, fleet_at(control->parts.fleet, i)))
			matters = true;
	if (matters)
		add_clock(control, list);
}

/* ---- all of it ----------------------------------------------------------- */

struct json *
control_attention(struct control *control, const int64_t counts[VOUCHER_STATES],
	const struct json *stopped)
{
	struct json *list = json_new_array();
	attend_disk(control, list);
	attend_unknown(control, list, counts[VOUCHER_UNKNOWN]);
	attend_held(control, list, counts[VOUCHER_HELD]);
	attend_follow_ups(control, list);
	for (size_t i = 0; i < fleet_count(control->parts.fleet); i++)
		attend_modem(control, list, fleet_at(control->parts.fleet, i));
	attend_stops(control, list, stopped);
	attend_clock(control, list, counts[VOUCHER_READY]);
	if (ledger_is_paused(control->ledger, ""))
		add(list, &(struct attention){"paused", 1, "dialling is paused",
				  "topupctl resume"});
	return list;
}
