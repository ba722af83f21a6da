/*
 * dispatch_status: why a line does not dial, and why a voucher waits, in
 * words for people. Reads; decides nothing.
 */
#include "agent/dispatch.h"

#include <stdio.h>
#include <string.h>

#include "agent/carry.h"
#include "agent/dispatch_private.h"
#include "agent/ledger.h"
#include "agent/loop.h"
#include "agent/turn.h"

static const char *const state_names[] = {
	[LINE_ABSENT] = "absent",
	[LINE_STARTING] = "starting",
	[LINE_READY] = "ready",
	[LINE_BUSY] = "busy",
	[LINE_FENCED] = "fenced",
	[LINE_RESTING] = "resting",
	[LINE_LOCKED_OUT] = "locked_out",
	[LINE_PAUSED] = "paused",
	[LINE_FAILED] = "failed",
};

const char *
line_state_name(enum line_state state)
{
	return state_names[state];
}

static int64_t
ran_to_wall(struct dispatch *d, int64_t ran_ms)
{
	struct ledger_moment now = turn_now(d->parts.turn);
	return ran_ms == PICK_NEVER ? 0 : now.wall_ms + ran_ms - now.ran_ms;
}

static int64_t
loop_to_wall(struct dispatch *d, int64_t loop_ms)
{
	return turn_now(d->parts.turn).wall_ms + loop_ms -
	       loop_now_ms(d->parts.loop);
}

static enum line_state
state_of_modem(enum modem_state state)
{
	switch (state) {
	case MODEM_ABSENT:
		return LINE_ABSENT;
	case MODEM_STARTING:
		return LINE_STARTING;
	case MODEM_READY:
		return LINE_READY;
	case MODEM_BUSY:
		return LINE_BUSY;
	case MODEM_RESTING:
		return LINE_RESTING;
	case MODEM_FAILED:
		return LINE_FAILED;
	}
	return LINE_FAILED;
}

static enum line_state
state_of_answer(enum pick_answer answer)
{
	switch (answer) {
	case PICK_PAUSED:
		return LINE_PAUSED;
	case PICK_QUIET:
		return LINE_FENCED;
	case PICK_BLOCKED:
	case PICK_LOCKED_OUT:
		return LINE_LOCKED_OUT;
	case PICK_UNREAD:
		return LINE_FAILED;
	case PICK_DIAL:
	case PICK_PENDING:
	case PICK_INTERVAL:
	case PICK_DAILY_MAX:
	case PICK_HOURS:
	case PICK_CLOCK:
	case PICK_UNSAFE:
		break;
	}
	return LINE_READY;
}

/* What it waits for, and what a person may do. %s is the modem's name. */
static const char *
why_of_answer(enum pick_answer answer)
{
	switch (answer) {
	case PICK_DIAL:
		break;
	case PICK_PAUSED:
		return "paused by a person; go on with: topupctl resume, or "
		       "where it was paused by its name: topupctl resume %s";
	case PICK_BLOCKED:
		return "the operator has barred this SIM from recharging; when "
		       "it is free again: topupctl unlock %s";
	case PICK_LOCKED_OUT:
		return "too many cards in a row on this SIM were refused or "
		       "are not settled; allow one PIN more with: "
		       "topupctl unlock %s";
	case PICK_PENDING:
		return "it waits for the SMS about its last card";
	case PICK_QUIET:
		return "quiet time: an older session may still answer";
	case PICK_INTERVAL:
		return "min_interval between two recharges";
	case PICK_DAILY_MAX:
		return "daily_max of this SIM is reached";
	case PICK_HOURS:
		return "outside the operator's hours";
	case PICK_CLOCK:
		return "the clock is not synchronised, so hours cannot be "
		       "judged";
	case PICK_UNREAD:
		return "what the ledger knows of this SIM cannot be read";
	case PICK_UNSAFE:
		return "nothing is dialled while the ledger cannot be written";
	}
	return "";
}

static void
say(struct line_status *out, enum line_state state, int64_t until_wall_ms,
	const char *why)
{
	out->state = state;
	out->until_wall_ms = until_wall_ms;
	(void)span_copy(out->why, sizeof(out->why), span_str(why));
}

/* A format of why_of_answer() with the line's name in it. */
static void
say_answer(struct dispatch *d, const struct line *line, struct line_status *out)
{
	int64_t until_ran;
	enum pick_answer answer = dispatch_pick(d, line, &until_ran);
	const char *why = why_of_answer(answer);
	const char *hole = strstr(why, "%s");
	say(out, state_of_answer(answer),
		answer == PICK_DIAL ? 0 : ran_to_wall(d, until_ran), "");
	if (hole)
		(void)snprintf(out->why, sizeof(out->why), "%.*s%s",
			(int)(hole - why), why, line->config.name);
	else
		(void)span_copy(out->why, sizeof(out->why), span_str(why));
}

/* A line that lacks USSD says so, unless more stands in its way. */
static void
say_free(struct dispatch *d, const struct line *line, struct line_status *out)
{
	char why[CARRY_WHY_MAX];
	bool takes = carry_takes(line, true) || carry_takes(line, false);
	say_answer(d, line, out);
	if (out->state == LINE_READY && carry_lacks_ussd(line, why) &&
		(!takes || out->why[0] == '\0'))
		say(out, takes ? LINE_READY : LINE_FAILED, 0, why);
}

static void
say_fenced(struct dispatch *d, const struct line *line, struct line_status *out)
{
	int64_t now = loop_now_ms(d->parts.loop);
	say(out, LINE_FENCED, loop_to_wall(d, fence_ends_by(&line->fence, now)),
		line->fence.terms.only_ask
			? "evidence for its last card is asked for; it goes on "
			  "by itself"
			: "an older session of its SIM may still be answered: "
			  "no PIN is dialled before it is over; it goes on by "
			  "itself, then at the latest");
}

void
dispatch_line_status(
	struct dispatch *d, const struct line *line, struct line_status *out)
{
	const struct modem_info *info = modem_info(line->modem);
	enum line_state state = state_of_modem(info->state);
	if (state == LINE_ABSENT || state == LINE_RESTING) {
		say(out, state, loop_to_wall(d, info->until_ms), "");
		line_why(line, out->why, sizeof(out->why));
	} else if (fence_is_up(&line->fence) &&
		   (state == LINE_READY || state == LINE_BUSY))
		say_fenced(d, line, out);
	else if (state != LINE_READY)
		say(out, state, 0, info->why);
	else if (!line->profile)
		say(out, LINE_FAILED, 0, line->why_no_profile);
	else if (line_iccid(line)[0] == '\0')
		say(out, LINE_FAILED, 0,
			"the SIM tells neither ICCID nor IMSI, so nothing can "
			"be accounted to it");
	else if (line->rest_until_ms > loop_now_ms(d->parts.loop))
		say(out, LINE_RESTING, loop_to_wall(d, line->rest_until_ms),
			line->last_error);
	else if (line->busy)
		say(out, LINE_BUSY, 0, "");
	else
		say_free(d, line, out);
}

/* ---- a waiting voucher ------------------------------------------------- */

/* What a card waits for, and until when (ran_ms; PICK_NEVER: not known). */
struct wait {
	const char *word;
	int64_t until_ran_ms;
	bool account_stops;
};

static const char *
word_of_answer(enum pick_answer answer)
{
	switch (answer) {
	case PICK_PAUSED:
	case PICK_BLOCKED:
	case PICK_LOCKED_OUT:
	case PICK_UNREAD:
	case PICK_UNSAFE:
		return "stopped";
	case PICK_PENDING:
		return "account";
	case PICK_DAILY_MAX:
		return "daily_max";
	case PICK_HOURS:
		return "hours";
	case PICK_CLOCK:
		return "clock";
	case PICK_DIAL:
	case PICK_QUIET:
	case PICK_INTERVAL:
		break;
	}
	return "interval";
}

static bool
could_dial(const struct line *line, const struct ledger_voucher *v)
{
	return !line->draining && line->profile &&
	       strcmp(line->profile->stem, v->operator) == 0 &&
	       (v->modem_only[0] == '\0' ||
		       strcmp(v->modem_only, line->config.name) == 0);
}

/* One that rests, or whose SIM is not known, is no modem for a card. */
static bool
works(const struct dispatch *d, const struct line *line)
{
	enum modem_state state = modem_info(line->modem)->state;
	return (state == MODEM_READY || state == MODEM_BUSY) &&
	       line_iccid(line)[0] != '\0' &&
	       line->rest_until_ms <= loop_now_ms(d->parts.loop);
}

bool
dispatch_waits_by_rule(struct dispatch *d)
{
	bool any = false;
	int64_t unused_ms;
	if (ledger_is_paused(turn_ledger(d->parts.turn), ""))
		return true;
	for (size_t i = 0; i < fleet_count(d->parts.fleet); i++) {
		const struct line *line = fleet_at(d->parts.fleet, i);
		if (line->draining || !line->profile || !works(d, line))
			continue;
		enum pick_answer answer = dispatch_pick(d, line, &unused_ms);
		if (answer != PICK_HOURS && answer != PICK_DAILY_MAX &&
			answer != PICK_PAUSED)
			return false;
		any = true;
	}
	return any;
}

/* What pick says of a line, asked once a turn: a list of a million waiting
 * vouchers asks for each. */
static struct wait
shown_pick(struct dispatch *d, struct line *line)
{
	int64_t now = loop_now_ms(d->parts.loop);
	if (line->shown_ms != now) {
		line->shown_answer =
			(int)dispatch_pick(d, line, &line->shown_until_ran_ms);
		line->shown_ms = now;
	}
	return (struct wait){
		.word = word_of_answer((enum pick_answer)line->shown_answer),
		.until_ran_ms = line->shown_until_ran_ms};
}

/* The same for the account that was asked last. */
static bool
shown_stops(struct dispatch *d, const struct line *line,
	const struct ledger_voucher *v, int64_t *until_ran_ms)
{
	struct dispatch_shown *shown = &d->shown;
	bool own = strcmp(v->target, "self") == 0;
	const char *name = own ? line->account : v->target;
	int64_t now = loop_now_ms(d->parts.loop);
	if (own && line->busy)
		return false; /* its card in the air is counted already */
	if (shown->at_ms != now || strcmp(shown->account, name) != 0) {
		(void)span_copy(
			shown->account, sizeof(shown->account), span_str(name));
		shown->at_ms = now;
		shown->stops = dispatch_account_stops(
			d, line->profile, name, &shown->until_ran_ms);
	}
	*until_ran_ms = shown->until_ran_ms;
	return shown->stops;
}

/* What the card waits for at that line. */
static struct wait
wait_at(struct dispatch *d, struct line *line, const struct ledger_voucher *v)
{
	struct wait wait = shown_pick(d, line);
	int64_t until_ran;
	if (strcmp(wait.word, "interval") == 0 &&
		shown_stops(d, line, v, &until_ran))
		wait = (struct wait){"stopped", until_ran, true};
	return wait;
}

/* The line that may dial it first, and what it waits for there. */
static struct wait
wait_for_line(struct dispatch *d, const struct ledger_voucher *v)
{
	struct wait best = {"no_modem", PICK_NEVER, false};
	bool any = false;
	for (size_t i = 0; i < fleet_count(d->parts.fleet); i++) {
		struct line *line = fleet_at(d->parts.fleet, i);
		if (!could_dial(line, v) || !works(d, line) ||
			!carry_takes(line, strcmp(v->target, "self") == 0))
			continue;
		struct wait wait = wait_at(d, line, v);
		if (!any || wait.until_ran_ms < best.until_ran_ms)
			best = wait;
		any = true;
	}
	return best;
}

/* What stands in its way although a line could go on with it: its batch,
 * another card for its account. */
static struct wait
wait_for_others(struct dispatch *d, const struct ledger_voucher *v,
	const struct wait *line)
{
	struct ledger_wait w;
	if (ledger_wait(turn_ledger(d->parts.turn), v->id, &w) != 0 ||
		w.batch_stops)
		return (struct wait){"stopped", PICK_NEVER, false};
	if (w.account_flies) /* and is counted: so this first */
		return (struct wait){"account", PICK_NEVER, false};
	if (w.slow_start && !line->account_stops)
		return (struct wait){"slow_start", PICK_NEVER, false};
	return *line;
}

static struct wait
wait_of(struct dispatch *d, const struct ledger_voucher *v)
{
	if (v->next_at_ran_ms > turn_now(d->parts.turn).ran_ms)
		return (struct wait){"retry", v->next_at_ran_ms, false};
	if (v->expires[0] != '\0' && !fleet_clock_is_trusted(d->parts.fleet))
		return (struct wait){"clock", PICK_NEVER, false};
	struct wait wait = wait_for_line(d, v);
	if (wait.account_stops || strcmp(wait.word, "interval") == 0)
		return wait_for_others(d, v, &wait);
	return wait;
}

void
dispatch_why_waiting(struct dispatch *d, const struct ledger_voucher *v,
	char *reason, size_t cap, int64_t *next_at_wall_ms)
{
	struct wait wait = wait_of(d, v);
	struct ledger_moment now = turn_now(d->parts.turn);
	(void)span_copy(reason, cap, span_str(wait.word));
	*next_at_wall_ms = wait.until_ran_ms > now.ran_ms
	                           ? ran_to_wall(d, wait.until_ran_ms)
	                           : now.wall_ms;
}
