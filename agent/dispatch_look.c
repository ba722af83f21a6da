/*
 * dispatch_look: the next card for a line. It passes by what is stopped, and
 * holds what is past its date; it must never let one number's cards keep the
 * others waiting.
 */
#include <string.h>
#include <time.h>

#include "agent/carry.h"
#include "agent/dispatch_private.h"
#include "agent/ledger.h"
#include "agent/log.h"
#include "agent/turn.h"

enum {
	EXPIRED = 8,  /* held for one line in one turn */
	ACCOUNTS = 64 /* remembered in one look */
};

void
dispatch_move(struct dispatch *d, int64_t voucher, enum voucher_event event,
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

/* What one look found of an account. */
struct account {
	char name[LEDGER_TARGET_MAX];
	bool stopped;
	int64_t until_ran_ms;
};

/*
 * One look for one line. Cards for a number that is stopped are passed by,
 * however many they are: what its breaker says is asked once.
 */
struct look {
	struct dispatch *dispatch;
	const struct line *line;
	bool trusted;
	char today[12];
	struct dispatch_head *out;
	int64_t expired[EXPIRED];
	size_t expired_count;
	struct account accounts[ACCOUNTS]; /* a ring */
	size_t account_count, last;
};

static const struct account *
ask_account(struct look *look, const char *name)
{
	struct account *a = &look->accounts[look->account_count++ % ACCOUNTS];
	look->last = (size_t)(a - look->accounts);
	(void)span_copy(a->name, sizeof(a->name), span_str(name));
	a->stopped = dispatch_account_stops(
		look->dispatch, look->line->profile, name, &a->until_ran_ms);
	if (a->stopped && a->until_ran_ms < look->out->until_ran_ms)
		look->out->until_ran_ms = a->until_ran_ms;
	return a;
}

/* One number often stands in many cards after another. */
static const struct account *
find_account(struct look *look, const char *name)
{
	size_t count =
		look->account_count < ACCOUNTS ? look->account_count : ACCOUNTS;
	for (size_t i = 0; i < count; i++) {
		size_t at = (look->last + i) % count;
		if (strcmp(look->accounts[at].name, name) == 0) {
			look->last = at;
			return &look->accounts[at];
		}
	}
	return ask_account(look, name);
}

static bool
is_past(const struct look *look, const struct ledger_voucher *v)
{
	return v->expires[0] != '\0' && strcmp(v->expires, look->today) < 0;
}

/* Takes the first head that may be dialled today. */
static bool
on_head(void *ctx, const struct ledger_voucher *v)
{
	struct look *look = ctx;
	if (v->expires[0] != '\0' && !look->trusted)
		return true; /* it waits for a clock; the next may go */
	if (is_past(look, v)) {
		look->expired[look->expired_count++] = v->id;
		return look->expired_count < EXPIRED;
	}
	bool own = strcmp(v->target, "self") == 0;
	if (find_account(look, own ? look->line->account : v->target)
			->stopped) {
		look->out->passed++;
		return true;
	}
	look->out->voucher = v->id;
	look->out->batch = v->batch;
	return false;
}

void
dispatch_look(
	struct dispatch *d, const struct line *line, struct dispatch_head *out)
{
	struct ledger_moment now = turn_now(d->parts.turn);
	struct tm tm = dispatch_local_time(now.wall_ms);
	struct look look = {.dispatch = d,
		.line = line,
		.trusted = fleet_clock_is_trusted(d->parts.fleet),
		.out = out};
	*out = (struct dispatch_head){.until_ran_ms = PICK_NEVER};
	(void)strftime(look.today, sizeof(look.today), "%Y-%m-%d", &tm);
	struct ledger_head_query q = {.operator= line->profile->stem,
		.modem = line->config.name,
		.self_account = line->account,
		.iccid = line_iccid(line),
		.ran_ms = now.ran_ms,
		.skip_expiring = !look.trusted,
		.skip_own = !carry_takes(line, true),
		.skip_numbers = !carry_takes(line, false),
		.limit = INT64_MAX};
	if (ledger_each_head(turn_ledger(d->parts.turn), &q, on_head, &look) !=
		0)
		out->voucher = 0;
	for (size_t i = 0; i < look.expired_count; i++)
		dispatch_move(d, look.expired[i], VOUCHER_PAST_EXPIRY,
			"expired", "past the date in the batch");
	out->goes_on = look.expired_count == EXPIRED;
}
