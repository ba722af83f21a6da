/*
 * alarm_watch: what alarms are told of. What was told is a cursor of the
 * ledger, stored in the turn of its entry, so no life tells it again.
 */
#include "agent/alarm_watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/alarm.h"
#include "agent/dispatch.h"
#include "agent/fleet.h"
#include "agent/ledger.h"
#include "agent/loop.h"
#include "agent/money.h"
#include "agent/report.h"
#include "agent/turn.h"

enum { UNKNOWN_MAX = 200 }; /* cards that are looked at */

#define MINUTE_MS INT64_C(60000)

struct alarm_watch {
	struct alarm_watch_parts parts;
	struct alarm_watch_times times;
	struct loop_timer *timer;
	struct alarm_set set;
	int64_t credit_ran_ms; /* the newest credit, at the last look */
};

/* ---- telling ------------------------------------------------------------ */

/* What an entry says beside its name. */
struct news {
	const char *modem;
	int64_t voucher, batch;
	char note[256];
};

static void
store(struct alarm_watch *watch, const struct alarm *alarm, int64_t value)
{
	struct ledger_op op = turn_op(watch->parts.turn, LEDGER_CURSOR);

	/* A subject is short enough for that. */
	(void)snprintf(op.u.cursor.name, sizeof(op.u.cursor.name), "%s/%.45s",
		alarm_event(alarm->kind, false), alarm->subject);
	op.u.cursor.seq = value;
	turn_must(watch->parts.turn, &op);
}

static void
tell(struct alarm_watch *watch, const struct alarm *alarm, bool over,
	const struct news *news)
{
	struct ledger_op op = turn_op(watch->parts.turn, LEDGER_EVENT);
	struct ledger_event *e = &op.u.event;

	(void)span_copy(e->event, sizeof(e->event),
		span_str(alarm_event(alarm->kind, over)));
	(void)span_copy(e->modem, sizeof(e->modem), span_str(news->modem));
	(void)span_copy(e->note, sizeof(e->note), span_str(news->note));
	e->voucher = news->voucher;
	e->batch = news->batch;
	turn_must(watch->parts.turn, &op);
	store(watch, alarm, over ? 0 : op.at.wall_ms);
}

static void
see(struct alarm_watch *watch, enum alarm_kind kind, const char *subject,
	int64_t after_ms, const struct news *news)
{
	const struct alarm *alarm =
		alarm_see(&watch->set, kind, subject, after_ms);

	if (alarm)
		tell(watch, alarm, false, news);
}

/* ---- what is seen -------------------------------------------------------- */

static void
look_for_idle(struct alarm_watch *watch)
{
	struct ledger *ledger = turn_ledger(watch->parts.turn);
	int64_t counts[VOUCHER_STATES];
	struct ledger_moment credit;
	char at[REPORT_TIME_MAX];
	struct news news = {.modem = ""};

	if (ledger_last_credit(ledger, &credit) != 0 ||
		ledger_counts(ledger, counts) != 0)
		return;
	bool loaded = credit.ran_ms != watch->credit_ran_ms;

	watch->credit_ran_ms = credit.ran_ms;
	if (watch->times.idle_ms == 0 || loaded || counts[VOUCHER_READY] == 0 ||
		dispatch_waits_by_rule(watch->parts.dispatch))
		return;
	report_time(credit.wall_ms, at);
	(void)snprintf(news.note, sizeof(news.note),
		"ready=%" PRId64 " last_loaded=%s", counts[VOUCHER_READY],
		at[0] != '\0' ? at : "never");
	see(watch, ALARM_IDLE, "", watch->times.idle_ms, &news);
}

static bool
on_unknown(void *ctx, const struct ledger_voucher *v)
{
	struct alarm_watch *watch = ctx;
	struct news news = {
		.modem = v->modem, .voucher = v->id, .batch = v->batch};
	char subject[24], since[REPORT_TIME_MAX];

	int64_t age_ms =
		turn_now(watch->parts.turn).wall_ms - v->updated_wall_ms;

	(void)snprintf(subject, sizeof(subject), "%" PRId64, v->id);
	report_time(v->updated_wall_ms, since);
	(void)snprintf(news.note, sizeof(news.note),
		"since=%s reason=%.40s pin=%.40s", since, v->reason, v->masked);
	/* A clock that goes back makes none younger that was told of. */
	see(watch, ALARM_UNKNOWN, subject,
		age_ms >= watch->times.unknown_ms ? 0 : INT64_MAX, &news);
	return true;
}

static void
look_for_unknown(struct alarm_watch *watch)
{
	struct ledger_voucher_filter filter = {
		.state = VOUCHER_UNKNOWN, .limit = UNKNOWN_MAX};

	/* A disk that cannot be read is told of elsewhere. */
	if (watch->times.unknown_ms > 0)
		(void)ledger_each_voucher(turn_ledger(watch->parts.turn),
			&filter, on_unknown, watch);
}

/* Down is what does not serve, for whatever reason but ours. */
static bool
is_down(enum line_state state)
{
	switch (state) {
	case LINE_ABSENT:
	case LINE_STARTING:
	case LINE_RESTING:
	case LINE_FAILED:
		return true;
	case LINE_READY:
	case LINE_BUSY:
	case LINE_FENCED:
	case LINE_LOCKED_OUT:
	case LINE_PAUSED:
		break;
	}
	return false;
}

static void
look_at_modem(struct alarm_watch *watch, const struct line *line)
{
	struct line_status status;
	struct news news = {.modem = line->config.name};

	dispatch_line_status(watch->parts.dispatch, line, &status);
	if (watch->times.modem_down_ms == 0 || line->draining ||
		!is_down(status.state))
		return;
	(void)snprintf(news.note, sizeof(news.note), "state=%s why=%.200s",
		line_state_name(status.state), status.why);
	see(watch, ALARM_MODEM, line->config.name, watch->times.modem_down_ms,
		&news);
}

static void
say_balance(const struct ledger_sim *sim, const struct profile *profile,
	struct news *news)
{
	char balance[MONEY_TEXT_MAX], low[MONEY_TEXT_MAX];

	money_print(sim->balance_minor, sim->balance_decimals, balance);
	money_print(profile->low_minor, profile->decimals, low);
	(void)snprintf(news->note, sizeof(news->note),
		"account=%.47s balance=%s currency=%s low=%s", sim->account,
		balance, sim->balance_currency, low);
}

static void
look_at_balance(struct alarm_watch *watch, const struct line *line)
{
	struct ledger *ledger = turn_ledger(watch->parts.turn);
	const struct profile *profile = line->profile;
	struct news news = {.modem = line->config.name};
	struct ledger_sim sim;

	if (!profile || line_iccid(line)[0] == '\0' ||
		ledger_sim(ledger, line_iccid(line),
			turn_now(watch->parts.turn).wall_ms, &sim) != 0 ||
		sim.balance_minor == MONEY_NONE ||
		sim.balance_decimals != profile->decimals)
		return; /* not known */
	if (sim.balance_minor >= profile->low_minor ||
		profile->low_minor == 0) {
		alarm_deny(&watch->set, ALARM_BALANCE, line->account);
		return;
	}
	say_balance(&sim, profile, &news);
	see(watch, ALARM_BALANCE, line->account, 0, &news);
}

/* A number goes to syslog by its end alone. */
static bool
on_stop(void *ctx, const struct dispatch_stop *stop)
{
	struct alarm_watch *watch = ctx;
	struct news news = {.modem = stop->modem};
	size_t len = strlen(stop->name);

	if (stop->is_number)
		(void)snprintf(news.note, sizeof(news.note),
			"number_end=%s why=%s",
			stop->name + (len > 4 ? len - 4 : 0), stop->why);
	else
		(void)snprintf(news.note, sizeof(news.note), "sim=%.47s why=%s",
			stop->name, stop->why);
	/* A minute: after a start the operators have to be known first. */
	see(watch, ALARM_LOCKED_OUT, stop->name, MINUTE_MS, &news);
	return true;
}

/* ---- looking --------------------------------------------------------------
 */

static void
tell_ends(struct alarm_watch *watch)
{
	struct alarm alarm;

	while (alarm_over(&watch->set, &alarm)) {
		struct news news = {.modem = ""};

		switch (alarm.kind) {
		case ALARM_MODEM:
			news.modem = alarm.subject;
			break;
		case ALARM_UNKNOWN:
			news.voucher = strtoll(alarm.subject, NULL, 10);
			break;
		case ALARM_BALANCE:
			(void)snprintf(news.note, sizeof(news.note),
				"account=%s", alarm.subject);
			break;
		case ALARM_LOCKED_OUT: /* its end, for it may be a number */
			(void)snprintf(news.note, sizeof(news.note), "end=%s",
				alarm.subject +
					(strlen(alarm.subject) > 4
							? strlen(alarm.subject) -
								  4
							: 0));
			break;
		case ALARM_IDLE:
		case ALARM_KINDS:
			break;
		}
		tell(watch, &alarm, true, &news);
	}
}

static void
on_look(void *ctx)
{
	struct alarm_watch *watch = ctx;
	struct fleet *fleet = watch->parts.fleet;

	alarm_begin(&watch->set, turn_now(watch->parts.turn).ran_ms);
	look_for_idle(watch);
	look_for_unknown(watch);
	for (size_t i = 0; i < fleet_count(fleet); i++) {
		look_at_modem(watch, fleet_at(fleet, i));
		look_at_balance(watch, fleet_at(fleet, i));
	}
	/* As above. */
	(void)dispatch_each_stop(watch->parts.dispatch, on_stop, watch);
	tell_ends(watch);
	loop_timer_at(
		watch->timer, loop_now_ms(watch->parts.loop) + ALARM_LOOK_MS);
}

/* ---- life -----------------------------------------------------------------
 */

static bool
on_cursor(void *ctx, const char *name, int64_t seq)
{
	struct alarm_watch *watch = ctx;
	const char *slash = strchr(name, '/');

	(void)seq;
	for (int kind = 0; slash && kind < ALARM_KINDS; kind++) {
		const char *event = alarm_event((enum alarm_kind)kind, false);

		if (strlen(event) == (size_t)(slash - name) &&
			strncmp(event, name, strlen(event)) == 0)
			alarm_restore(
				&watch->set, (enum alarm_kind)kind, slash + 1);
	}
	return true;
}

struct alarm_watch *
alarm_watch_new(const struct alarm_watch_parts *parts)
{
	struct alarm_watch *watch = calloc(1, sizeof(*watch));
	struct ledger *ledger = turn_ledger(parts->turn);
	struct ledger_moment credit;

	if (!watch)
		abort(); /* out of memory while starting */
	watch->parts = *parts;
	watch->set.now_ms = turn_now(parts->turn).ran_ms;
	/* Not readable: then nothing else is, and that is told. */
	(void)ledger_each_cursor(ledger, "alarm.", on_cursor, watch);
	if (ledger_last_credit(ledger, &credit) == 0)
		watch->credit_ran_ms = credit.ran_ms;
	watch->timer = loop_timer_new(parts->loop, on_look, watch);
	loop_timer_at(watch->timer, loop_now_ms(parts->loop) + ALARM_LOOK_MS);
	return watch;
}

void
alarm_watch_free(struct alarm_watch *watch)
{
	if (!watch)
		return;
	loop_timer_free(watch->timer);
	free(watch);
}

void
alarm_watch_set(
	struct alarm_watch *watch, const struct alarm_watch_times *times)
{
	watch->times = *times;
}
