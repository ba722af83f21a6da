/*
 * dispatch: gives each free line the head of its queue. It decides by
 * pick_line() and the ledger's order, and never touches a PIN.
 */
#include "agent/dispatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/balance.h"
#include "agent/dispatch_private.h"
#include "agent/ledger.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/overdue.h"
#include "agent/redeem.h"
#include "agent/turn.h"

enum {
	DISK_RETRY_MS = 1000, /* after an intent that the ledger refused */
	HEADS = 8,            /* looked at for one line in one turn */
	/* A clock that becomes trusted tells nobody. */
	CLOCK_LOOK_MS = 60000,
	DAY_MIN = 24 * 60
};

/* ---- the local day ----------------------------------------------------- */

static struct tm
local_time(int64_t wall_ms)
{
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;
	(void)localtime_r(&t, &tm);
	return tm;
}

static int64_t
day_start_wall_ms(int64_t wall_ms)
{
	struct tm tm = local_time(wall_ms);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * 1000;
}

static unsigned
minute_of_day(int64_t wall_ms)
{
	struct tm tm = local_time(wall_ms);
	return (unsigned)(tm.tm_hour * 60 + tm.tm_min);
}

/* Minutes until the operator's hours allow dialling again. */
static unsigned
minutes_to_open(const struct profile *profile, unsigned minute)
{
	unsigned wait = 0;
	while (wait < DAY_MIN &&
		!profile_hours_allow(profile, (minute + wait) % DAY_MIN))
		wait++;
	return wait;
}

/* ---- may this line dial? ----------------------------------------------- */

static int64_t
to_ran(struct dispatch *d, int64_t loop_ms)
{
	return turn_now(d->parts.turn).ran_ms +
	       (loop_ms - loop_now_ms(d->parts.loop));
}

static void
weigh_hours(struct pick_case *c, const struct profile *p, int64_t wall_ms)
{
	unsigned minute = minute_of_day(wall_ms);
	c->has_hours = p->hours_count > 0;
	c->hours_allow = profile_hours_allow(p, minute);
	c->hours_open_ran_ms =
		c->now_ran_ms + (int64_t)minutes_to_open(p, minute) * 60 * 1000;
	c->next_day_ran_ms =
		c->now_ran_ms + (int64_t)(DAY_MIN - minute) * 60 * 1000;
	c->clock_trusted = loop_clock_is_trusted();
}

static void
weigh_sim(struct pick_case *c, const struct ledger_sim *sim, int64_t fence_ms)
{
	/* The line forgets its quiet time with a restart or a new name. */
	if (sim->last_in_doubt &&
		c->quiet_until_ran_ms < sim->last_ran_ms + fence_ms)
		c->quiet_until_ran_ms = sim->last_ran_ms + fence_ms;
	c->unsettled = sim->unsettled;
	c->blocked = sim->blocked;
	c->one_more = sim->one_more;
	c->counted = sim->counted;
	c->stopped_ran_ms = sim->stopped_ran_ms;
	c->last_ran_ms = sim->last_ran_ms;
	c->dialled_today = sim->dialled_today;
}

enum pick_answer
dispatch_pick(
	struct dispatch *d, const struct line *line, int64_t *until_ran_ms)
{
	struct ledger *ledger = turn_ledger(d->parts.turn);
	struct ledger_moment now = turn_now(d->parts.turn);
	const struct profile *p = line->profile;
	struct pick_case c = {.now_ran_ms = now.ran_ms,
		.paused = ledger_is_paused(ledger, "") ||
	                  ledger_is_paused(ledger, line->config.name),
		.max_rejects = p->max_rejects,
		.reject_pause_ms = p->reject_pause_ms,
		.min_interval_ms = p->min_interval_ms,
		.daily_max = p->daily_max,
		.quiet_until_ran_ms = to_ran(d, line->quiet_until_ms)};
	weigh_hours(&c, p, now.wall_ms);
	struct ledger_sim sim;
	if (ledger_sim(ledger, line_iccid(line), day_start_wall_ms(now.wall_ms),
		    &sim) == 0)
		weigh_sim(&c, &sim, p->fence_ms);
	else
		c.unsettled = 1; /* what is not known is not dialled on */
	return pick_line(&c, until_ran_ms);
}

/* ---- the next voucher -------------------------------------------------- */

struct heads {
	bool trusted;
	char today[12];
	int64_t pick; /* the voucher to dial; 0: none */
	int64_t batch;
	int64_t expired[HEADS];
	size_t expired_count;
};

/* Takes the first head that may be dialled today. */
static bool
on_head(void *ctx, const struct ledger_voucher *v)
{
	struct heads *h = ctx;
	if (v->expires[0] != '\0' && !h->trusted)
		return true; /* it waits for a clock; the next may go */
	if (v->expires[0] != '\0' && strcmp(v->expires, h->today) < 0) {
		if (h->expired_count < HEADS)
			h->expired[h->expired_count++] = v->id;
		return true;
	}
	h->pick = v->id;
	h->batch = v->batch;
	return false;
}

static void
move(struct dispatch *d, int64_t voucher, enum voucher_event event,
	const char *reason, const char *note)
{
	struct ledger_op op = turn_op(d->parts.turn, LEDGER_VOUCHER_MOVE);
	struct ledger_voucher_move *m = &op.u.voucher_move;
	m->voucher = voucher;
	m->event = event;
	m->credited_minor = MONEY_NONE;
	(void)span_copy(m->reason, sizeof(m->reason), span_str(reason));
	(void)span_copy(m->note, sizeof(m->note), span_str(note));
	int rc = turn_try(d->parts.turn, &op, NULL);
	if (rc != 0)
		log_line(LOG_AT_ERROR,
			"dispatch move voucher=%lld event=%s "
			"code=%d",
			(long long)voucher, voucher_event_name(event), rc);
}

static void
find_head(struct dispatch *d, const struct line *line, struct heads *h)
{
	struct ledger_moment now = turn_now(d->parts.turn);
	struct tm tm = local_time(now.wall_ms);
	*h = (struct heads){.trusted = loop_clock_is_trusted()};
	(void)strftime(h->today, sizeof(h->today), "%Y-%m-%d", &tm);
	struct ledger_head_query q = {.operator= line->profile->stem,
		.modem = line->config.name,
		.self_account = line->account,
		.iccid = line_iccid(line),
		.ran_ms = now.ran_ms,
		.skip_expiring = !h->trusted,
		.limit = HEADS};
	if (ledger_each_head(turn_ledger(d->parts.turn), &q, on_head, h) != 0)
		h->pick = 0;
	for (size_t i = 0; i < h->expired_count; i++)
		move(d, h->expired[i], VOUCHER_PAST_EXPIRY, "expired",
			"past the date in the batch");
}

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

/* The contract's `before`: auto uses what is known, asks at the start of a
 * batch, and while the modem's coding is not known. */
static bool
wants_balance(const struct dispatch *d, const struct line *line, int64_t batch)
{
	const struct profile *p = line->profile;
	bool coding_known = modem_info(line->modem)->coding_known;
	if (p->balance_ussd[0] == '\0')
		return false;
	switch (p->before) {
	case PROFILE_BEFORE_NEVER:
		return false;
	case PROFILE_BEFORE_ALWAYS:
		return !coding_known || !line->balance_fresh;
	case PROFILE_BEFORE_AUTO:
		break;
	}
	return !coding_known ||
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
	move(d, voucher, VOUCHER_HOLD, "person", why);
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

/* ran_ms on the loop's clock. */
static int64_t
to_loop(struct dispatch *d, int64_t ran_ms)
{
	if (ran_ms == INT64_MAX)
		return INT64_MAX;
	return loop_now_ms(d->parts.loop) + ran_ms -
	       turn_now(d->parts.turn).ran_ms;
}

/* Serves one line; when it may be looked at again (loop clock). */
static int64_t
serve(struct dispatch *d, struct line *line)
{
	int64_t now = loop_now_ms(d->parts.loop);
	int64_t until_ran;
	if (line->busy || line->draining || !line->profile ||
		line_iccid(line)[0] == '\0' ||
		modem_info(line->modem)->state != MODEM_READY)
		return INT64_MAX;
	if (line->rest_until_ms > now)
		return line->rest_until_ms;
	enum pick_answer answer = dispatch_pick(d, line, &until_ran);
	if (answer == PICK_CLOCK)
		return now + CLOCK_LOOK_MS;
	if (answer != PICK_DIAL)
		return to_loop(d, until_ran);
	struct heads h;
	find_head(d, line, &h);
	if (h.pick == 0 && !h.trusted)
		return now + CLOCK_LOOK_MS;
	if (h.pick == 0)
		return h.expired_count > 0 ? now : INT64_MAX;
	if (wants_balance(d, line, h.batch))
		ask_first(d, line, h.batch);
	else
		dial(d, line, h.pick);
	return INT64_MAX;
}

static void
on_timer(void *ctx)
{
	struct dispatch *d = ctx;
	d->wake_ms = INT64_MAX;
	fleet_sweep(d->parts.fleet);
	if (d->draining)
		return;
	wake_by(d, to_loop(d, overdue_sweep(d->parts.turn)));
	for (size_t i = 0; i < fleet_count(d->parts.fleet); i++)
		wake_by(d, serve(d, fleet_at(d->parts.fleet, i)));
	wake_by(d, to_loop(d, ledger_next_due(turn_ledger(d->parts.turn),
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
