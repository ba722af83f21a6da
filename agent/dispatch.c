/*
 * dispatch: gives each free line the head of its queue. It decides by
 * pick_line() and the ledger's order, and never touches a PIN.
 */
#include "agent/dispatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/balance.h"
#include "agent/carry.h"
#include "agent/dispatch_private.h"
#include "agent/follow_up.h"
#include "agent/ledger.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/overdue.h"
#include "agent/redeem.h"
#include "agent/sentry.h"
#include "agent/turn.h"

enum {
	DISK_RETRY_MS = 1000, /* after an intent that the ledger refused */
	TRIPPED = 16,         /* batches held in one turn */
	/* A line behind so many cards that are stopped looks more rarely. */
	LONG_LOOK = 1000,
	LONG_LOOK_DIVISOR = 10,
	/* A clock that becomes trusted tells nobody. */
	CLOCK_LOOK_MS = 60000
};

/* ---- one line ---------------------------------------------------------- */

/* Whether what is known of the balance is the last thing the SIM told. */
static bool
knows_balance(const struct dispatch *d, const struct line *line)
{
	struct ledger_sim sim;
	return ledger_sim(turn_ledger(d->parts.turn), line_iccid(line), 0,
		       &sim) == 0 &&
	       sim.balance_is_last;
}

/* Whether the modem's coding is known, and the port on which answers come. A
 * message tells nothing of the way of USSD. */
static bool
knows_way(const struct line *line)
{
	const struct modem_info *info = modem_info(line->modem);
	return balance_goes_by_text(line) ||
	       (info->coding_known && !info->port_doubtful);
}

/* The contract's `before`: auto uses what is known, asks at the start of a
 * batch, and while the way to the operator is not known. */
static bool
wants_balance(const struct dispatch *d, const struct line *line, int64_t batch)
{
	const struct profile *p = line->profile;
	if (!balance_may_ask(d->parts.balance, line))
		return false;
	switch (p->before) {
	case PROFILE_BEFORE_NEVER:
		return false;
	case PROFILE_BEFORE_ALWAYS:
		return !knows_way(line) || !line->balance_fresh;
	case PROFILE_BEFORE_AUTO:
		break;
	}
	return !knows_way(line) ||
	       (line->balance_batch < batch && !knows_balance(d, line));
}

/* Asks the balance before the PIN. One that is not answered makes the line
 * rest (see balance.c), and is asked again while the coding is in doubt. */
static void
ask_first(struct dispatch *d, struct line *line, int64_t batch)
{
	line->balance_batch = batch;
	line->balance_fresh = true;
	(void)balance_ask(d->parts.balance, line, NULL, NULL);
}

/* Looks again at that moment of the loop's clock, or earlier. */
static void
wake_by(struct dispatch *d, int64_t at_ms)
{
	if (at_ms >= d->wake_ms)
		return;
	d->wake_ms = at_ms;
	loop_timer_at(d->timer, at_ms);
}

/* A card that this line can never dial waits for a person; the next may go. */
static void
hold(struct dispatch *d, int64_t voucher, const char *why)
{
	dispatch_move(d, voucher, VOUCHER_HOLD, "person", why);
	dispatch_kick(d);
}

static void
dial(struct dispatch *d, struct line *line, int64_t voucher)
{
	line->balance_fresh = false;
	int rc = redeem_begin(d->parts.redeem, line, voucher);
	if (rc == -EINVAL)
		hold(d, voucher,
			"its operator's profile cannot dial it: no code for "
			"its target, or another form of PIN");
	else if (rc == -EBADMSG)
		hold(d, voucher, "its PIN cannot be unsealed with this key");
	else if (rc != 0)
		wake_by(d, loop_now_ms(d->parts.loop) + DISK_RETRY_MS);
}

/* ---- repeat = once ----------------------------------------------------- */

struct repeat {
	struct dispatch *dispatch;
	const struct line *line;
	int64_t batch;
	bool stopped;
};

static bool
on_repeat(void *ctx, const struct ledger_voucher *v)
{
	struct repeat *r = ctx;
	int64_t until_ran;
	bool own = strcmp(v->target, "self") == 0;
	r->batch = v->batch;
	r->stopped = dispatch_account_stops(r->dispatch, r->line->profile,
		own ? r->line->account : v->target, &until_ran);
	return false;
}

/*
 * The unknown card that this SIM dials one more time before any other. Where
 * it cannot now, the others go on.
 */
static bool
repeats(struct dispatch *d, struct line *line)
{
	struct ledger *ledger = turn_ledger(d->parts.turn);
	struct repeat r = {.dispatch = d, .line = line, .stopped = true};
	struct ledger_voucher_filter filter = {.state = -1};
	/* Again only as it went, and of two ways nobody knows which. */
	if (!line->profile->repeat_once || line->profile->via_count > 1)
		return false;
	filter.id = ledger_repeatable(
		ledger, line_iccid(line), line->profile->stem);
	if (filter.id == 0 ||
		ledger_each_voucher(ledger, &filter, on_repeat, &r) != 0 ||
		r.stopped)
		return false;
	if (wants_balance(d, line, r.batch)) {
		ask_first(d, line, r.batch);
		return true;
	}
	if (redeem_repeat(d->parts.redeem, line, filter.id) != 0)
		return false; /* what was told is still fresh for the others */
	line->balance_fresh = false;
	return true;
}

/* ---- one line's turn --------------------------------------------------- */

/* When a line that found nothing looks again. A long look is not repeated
 * with each event, so that a long run of stopped cards costs little. */
static int64_t
look_again(struct dispatch *d, struct line *line, const struct dispatch_head *h)
{
	int64_t now = loop_now_ms(d->parts.loop);
	int64_t at = turn_loop_ms(d->parts.turn, h->until_ran_ms);
	if (h->goes_on)
		return now;
	if (h->passed >= LONG_LOOK)
		line->look_after_ms = now + h->passed / LONG_LOOK_DIVISOR;
	if (!fleet_clock_is_trusted(d->parts.fleet) && at > now + CLOCK_LOOK_MS)
		at = now + CLOCK_LOOK_MS;
	return at;
}

/* The head of the line's queue, after the balance where that is wanted. */
static int64_t
serve_head(struct dispatch *d, struct line *line)
{
	struct dispatch_head h;
	if (line->look_after_ms > loop_now_ms(d->parts.loop))
		return line->look_after_ms;
	dispatch_look(d, line, &h);
	if (h.voucher == 0)
		return look_again(d, line, &h);
	if (wants_balance(d, line, h.batch))
		ask_first(d, line, h.batch);
	else
		dial(d, line, h.voucher);
	return INT64_MAX;
}

/* Whether the line could dial a card if there were one for it. */
static bool
is_free(const struct line *line)
{
	return !line->busy && !line->draining && line->profile &&
	       line_iccid(line)[0] != '\0' &&
	       modem_info(line->modem)->state == MODEM_READY;
}

/* A clock that is set, or believed again, tells nobody. */
static int64_t
by_wall_clock(enum pick_answer answer, int64_t now, int64_t at)
{
	bool is = answer == PICK_HOURS || answer == PICK_DAILY_MAX;
	return is && at > now + CLOCK_LOOK_MS ? now + CLOCK_LOOK_MS : at;
}

/* Serves one line; when it may be looked at again (loop clock). */
static int64_t
serve(struct dispatch *d, struct line *line)
{
	int64_t now = loop_now_ms(d->parts.loop);
	int64_t until_ran;
	if (!is_free(line))
		return INT64_MAX;
	carry_look(line, now);
	int64_t until_ms;
	if (sentry_stops(d->parts.sentry, line, &until_ms))
		return until_ms;
	/* Nothing is under way and no fence is up: the time for a remedy, if
	 * one is called for. The fence that follows is the sentry's. */
	if (modem_recover(line->modem, now) == 0)
		return INT64_MAX;
	if (line->rest_until_ms > now)
		return line->rest_until_ms;
	if (follow_up_stops(d->parts.follow_up, line, &until_ms))
		return until_ms;
	enum pick_answer answer = dispatch_pick(d, line, &until_ran);
	if (answer == PICK_CLOCK)
		return now + CLOCK_LOOK_MS;
	if (answer == PICK_UNREAD || answer == PICK_UNSAFE)
		return now + DISK_RETRY_MS;
	if (answer != PICK_DIAL)
		return by_wall_clock(
			answer, now, turn_loop_ms(d->parts.turn, until_ran));
	if (repeats(d, line))
		return INT64_MAX;
	return serve_head(d, line);
}

/* ---- the breaker of a batch -------------------------------------------- */

/* Holds the rest of a batch of which too much goes wrong: a slice of it, since
 * none of its cards is dialled any more. Whether others may follow now. */
static bool
hold_batch(struct dispatch *d, int64_t batch)
{
	struct ledger_op op = turn_op(d->parts.turn, LEDGER_BATCH_MOVE);
	struct ledger_batch_move *m = &op.u.batch_move;
	m->batch = batch;
	m->event = VOUCHER_HOLD;
	m->in_slices = true;
	m->after = batch == d->holding ? d->holding_after : 0;
	(void)span_copy(m->reason, sizeof(m->reason), span_str("batch"));
	(void)span_copy(m->note, sizeof(m->note),
		span_str("too many of its cards were refused or are unknown"));
	struct ledger_result held = {0};
	int rc = turn_try(d->parts.turn, &op, &held);
	if (rc == 0 && m->after == 0)
		log_line(LOG_AT_ERROR,
			"dispatch batch=%lld held why=\"too many of its cards "
			"were refused or are unknown\"",
			(long long)batch);
	if (rc != 0)
		wake_by(d, loop_now_ms(d->parts.loop) + DISK_RETRY_MS);
	d->holding = held.after > 0 ? batch : 0;
	d->holding_after = held.after;
	if (held.after > 0)
		dispatch_kick(d);
	/* One that began in the middle may have left the first rows. */
	return rc == 0 && held.after == 0 && (held.count > 0 || m->after > 0);
}

static void
hold_tripped(struct dispatch *d)
{
	for (int i = 0; i < TRIPPED; i++) {
		int64_t batch =
			ledger_tripped_batch(turn_ledger(d->parts.turn));
		/* All of it may be held before its last row was looked at. */
		if (batch != d->holding)
			d->holding = 0;
		if (batch == 0 || !hold_batch(d, batch))
			return;
	}
	dispatch_kick(d);
}

/* A message that did not come, or that two cards could have caused: nothing is
 * under way, but the balance may know more. */
static void
on_overdue(void *ctx, const char *modem)
{
	struct dispatch *d = ctx;
	struct line *line = fleet_find(d->parts.fleet, modem);
	if (line)
		line->wants_evidence = true;
}

static void
on_timer(void *ctx)
{
	struct dispatch *d = ctx;
	d->wake_ms = INT64_MAX;
	fleet_sweep(d->parts.fleet);
	if (d->draining)
		return;
	wake_by(d, turn_loop_ms(d->parts.turn,
			   overdue_sweep(d->parts.turn, on_overdue, d)));
	hold_tripped(d);
	for (size_t i = 0; i < fleet_count(d->parts.fleet); i++)
		wake_by(d, serve(d, fleet_at(d->parts.fleet, i)));
	wake_by(d, turn_loop_ms(d->parts.turn,
			   ledger_next_due(turn_ledger(d->parts.turn),
				   turn_now(d->parts.turn).ran_ms)));
}

void
dispatch_kick(struct dispatch *d)
{
	wake_by(d, loop_now_ms(d->parts.loop));
}

void
dispatch_drain(struct dispatch *d)
{
	d->draining = true;
}

struct dispatch *
dispatch_new(const struct dispatch_parts *parts)
{
	struct dispatch *d = calloc(1, sizeof(*d));
	if (!d)
		abort();
	d->parts = *parts;
	d->wake_ms = INT64_MAX;
	d->timer = loop_timer_new(parts->loop, on_timer, d);
	return d;
}

void
dispatch_free(struct dispatch *d)
{
	if (!d)
		return;
	loop_timer_free(d->timer);
	free(d);
}
