/*
 * follow_up: one code from intent to answer. What comes back is the code's
 * own answer or nothing: it must never be a verdict for a card.
 */
#include "agent/follow_up.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/follow.h"
#include "agent/loop.h"
#include "agent/reading.h"
#include "agent/turn.h"
#include "agent/veil.h"

enum { DISK_RETRY_MS = 1000 }; /* after an intent that the ledger refused */

/* One code under way: on_result() comes, once. */
struct step {
	struct follow_up *follow_up;
	struct line *line;
	struct profile *profile; /* the one it began with; counted */
	int64_t id;
	unsigned tries; /* with this one */
	char code[PROFILE_FOLLOW_UP_MAX];
	char iccid[LEDGER_NAME_MAX];
	int64_t asked_ms;
	struct step *next;
};

struct follow_up {
	struct loop *loop;
	struct turn *turn;
	struct fleet_idle on_idle;
	struct step *steps;
};

static void
copy(char *dst, size_t cap, const char *src)
{
	(void)span_copy(dst, cap, span_str(src));
}

static bool
takes_pin(const void *profile, struct span digits)
{
	return profile_takes_pin(profile, digits);
}

static void
mask(const struct step *s, struct span text, char *out, size_t cap)
{
	const struct veil veil = {.ledger = turn_ledger(s->follow_up->turn),
		.iccid = s->iccid,
		.takes_pin = takes_pin,
		.ctx = s->profile};
	veil_text(&veil, text, out, cap);
}

/* ---- its end ------------------------------------------------------------ */

static void
release(struct step *s)
{
	profile_unref(s->profile);
	free(s);
}

static void
forget(struct step *s)
{
	struct step **at = &s->follow_up->steps;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	release(s);
}

static enum ledger_fate
ledger_fate_of(enum modem_fate fate)
{
	switch (fate) {
	case MODEM_NOT_SENT:
		return LEDGER_NOT_SENT;
	case MODEM_MAYBE_SENT:
		return LEDGER_MAYBE_SENT;
	case MODEM_ANSWERED:
		break;
	}
	return LEDGER_ANSWERED;
}

static const char *
why_of(enum modem_cause cause)
{
	switch (cause) {
	case MODEM_TEXT:
		return "";
	case MODEM_NO_ANSWER:
		return "no_answer";
	case MODEM_BROKEN:
		return "broken";
	case MODEM_REFUSED:
		return "refused";
	case MODEM_ERROR:
	case MODEM_DROPPED:
	case MODEM_NETWORK:
		return "network";
	case MODEM_UNREADABLE:
		return "unreadable";
	case MODEM_STOPPED:
		return "stopped";
	case MODEM_USSD_UNAVAILABLE:
		return "ussd_unavailable";
	}
	return "";
}

/* What its text is: also whose it may be beside its own. */
static struct follow_text
read_text(const struct step *s, struct span text, const char *masked)
{
	struct ledger_last last;
	struct classify_result read;
	const struct profile_follow_up *step =
		profile_find_follow_up(s->profile, s->code);
	bool known = ledger_last(turn_ledger(s->follow_up->turn), s->iccid,
			     &last) == 0;
	classifier_read(s->profile->reply, text, &read);
	struct reading told = reading_of(s->profile, &read.groups);
	return (struct follow_text){
		.matches = step && expression_matches(step->answer, text),
		.is_copy = known && last.attempt != 0 &&
	                   told.minor != MONEY_NONE &&
	                   strcmp(masked, last.reply) == 0,
		.is_verdict = classify_is_of_card(&read),
		.in_doubt = !known || last.in_doubt > 0};
}

/* What may still be answered must not meet a PIN. */
static void
warn_sentry(const struct step *s, const struct modem_result *result, bool owed)
{
	struct follow_up *f = s->follow_up;
	int64_t now_ms = loop_now_ms(f->loop);
	int64_t slowest_ms = s->asked_ms + s->profile->timeout_ms;
	bool broken =
		result->cause == MODEM_BROKEN || result->cause == MODEM_STOPPED;
	if (result->fate == MODEM_MAYBE_SENT)
		line_doubt(s->line, f->turn, "follow_up",
			broken && slowest_ms > now_ms ? slowest_ms : now_ms);
	else if (owed)
		line_doubt(s->line, f->turn, "text", slowest_ms);
}

static void
settle(const struct step *s, const struct modem_result *result, bool *owed)
{
	struct ledger_op op = turn_op(s->follow_up->turn, LEDGER_FOLLOW_END);
	struct ledger_follow_end *e = &op.u.follow_end;
	e->id = s->id;
	e->fate = ledger_fate_of(result->fate);
	copy(e->why, sizeof(e->why), why_of(result->cause));
	if (result->cause == MODEM_TEXT) {
		mask(s, result->text, e->reply, sizeof(e->reply));
		struct follow_text t = read_text(s, result->text, e->reply);
		e->matched = follow_is_answer(&t);
		*owed = follow_owes_text(&t);
	}
	turn_must(s->follow_up->turn, &op);
}

/* What it was told may come twice: not into the next code's session, nor a
 * card's. */
static void
pace(const struct step *s, const struct modem_result *result)
{
	struct line *line = s->line;
	int64_t now_ms = loop_now_ms(s->follow_up->loop);
	int64_t until_ms = now_ms + s->profile->min_interval_ms;
	if (result->fate == MODEM_NOT_SENT)
		line->rest_until_ms = now_ms + follow_rest_ms(s->tries);
	else if (line->quiet_until_ms < until_ms)
		line->quiet_until_ms = until_ms;
}

/* A balance read meanwhile, by another SIM of the account, is spoilt too. */
static void
on_result(void *ctx, const struct modem_result *result)
{
	struct step *s = ctx;
	struct follow_up *f = s->follow_up;
	struct line *line = s->line;
	struct fleet_idle on_idle = f->on_idle;
	bool owed = false;
	if (result->open)
		modem_end(line->modem);
	settle(s, result, &owed);
	reading_spoil(f->turn, line, "follow_up");
	warn_sentry(s, result, owed);
	pace(s, result);
	line->busy = false;
	forget(s);
	on_idle.fn(on_idle.ctx, line);
}

/* ---- its beginning ------------------------------------------------------ */

/* The intent, into the ledger. 0 or the code of ledger_apply(). */
static int
record(const struct step *s)
{
	struct ledger_op op = turn_op(s->follow_up->turn, LEDGER_FOLLOW_BEGIN);
	struct ledger_follow_begin *b = &op.u.follow_begin;
	b->id = s->id;
	copy(b->iccid, sizeof(b->iccid), s->iccid);
	copy(b->modem, sizeof(b->modem), s->line->config.name);
	mask(s, span_str(s->code), b->code, sizeof(b->code));
	int rc = turn_try(s->follow_up->turn, &op, NULL);
	if (rc == 0)
		reading_spoil(s->follow_up->turn, s->line, "follow_up");
	return rc;
}

static int
dial(struct step *s)
{
	int rc = record(s);
	if (rc != 0)
		return rc;
	if (modem_ask(s->line->modem, span_str(s->code), MODEM_ONCE,
		    s->profile->timeout_ms, on_result, s) != 0) {
		/* It is in the ledger already: it ends not_sent. */
		const struct modem_result none = {.fate = MODEM_NOT_SENT,
			.cause = MODEM_REFUSED,
			.code = -1,
			.text = span_str("")};
		on_result(s, &none);
	}
	return 0;
}

/* What the SIM owes first. */
struct owed {
	int64_t id;
	unsigned tries;
	char code[PROFILE_FOLLOW_UP_MAX];
};

static int
begin(struct follow_up *f, struct line *line, const struct owed *owed)
{
	struct step *s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	*s = (struct step){.follow_up = f,
		.line = line,
		.profile = profile_ref(line->profile),
		.id = owed->id,
		.tries = owed->tries + 1,
		.asked_ms = loop_now_ms(f->loop),
		.next = f->steps};
	copy(s->code, sizeof(s->code), owed->code);
	copy(s->iccid, sizeof(s->iccid), line_iccid(line));
	f->steps = s;
	line->busy = true;
	int rc = dial(s);
	if (rc != 0) {
		line->busy = false;
		forget(s);
	}
	return rc;
}

/* 0 or -EIO. */
static int
drop(struct follow_up *f, const struct line *line, int64_t id)
{
	struct ledger_op op = turn_op(f->turn, LEDGER_FOLLOW_DROP);
	struct ledger_follow_drop *d = &op.u.follow_drop;
	d->id = id;
	copy(d->modem, sizeof(d->modem), line->config.name);
	copy(d->why, sizeof(d->why), "profile");
	return turn_try(f->turn, &op, NULL);
}

/* ---- what is owed ------------------------------------------------------- */

static bool
on_owed(void *ctx, const struct ledger_follow *row)
{
	struct owed *owed = ctx;
	owed->id = row->id;
	owed->tries = row->tries;
	/* A longer one is in no profile. */
	if (span_copy(owed->code, sizeof(owed->code), span_str(row->code)) != 0)
		owed->code[0] = '\0';
	return false;
}

static bool
is_paused(struct ledger *ledger, const struct line *line)
{
	return ledger_is_paused(ledger, "") ||
	       ledger_is_paused(ledger, line->config.name);
}

/* The facts of the first that is owed. 0 or -EIO. */
static int
look(struct follow_up *f, const struct line *line, struct owed *owed,
	struct follow_case *c)
{
	struct ledger *ledger = turn_ledger(f->turn);
	struct ledger_sim sim = {.flies = false};
	*owed = (struct owed){.id = 0};
	int rc = ledger_next_follow(ledger, line_iccid(line), on_owed, owed);
	if (rc == 0 && owed->id != 0)
		rc = ledger_sim(ledger, line_iccid(line), 0, &sim);
	if (rc != 0)
		return -EIO;
	int64_t now_ms = turn_now(f->turn).ran_ms;
	*c = (struct follow_case){.owed = owed->id != 0, .now_ms = now_ms};
	if (!c->owed)
		return 0;
	c->in_profile = profile_find_follow_up(line->profile, owed->code);
	c->paused = is_paused(ledger, line);
	c->flies = sim.flies;
	c->quiet_until_ms =
		now_ms + line->quiet_until_ms - loop_now_ms(f->loop);
	c->last_ended_ms = sim.last_ran_ms;
	c->apart_ms = line->profile->min_interval_ms;
	return 0;
}

bool
follow_up_stops(struct follow_up *f, struct line *line, int64_t *until_ms)
{
	struct owed owed;
	struct follow_case c;
	int64_t until_ran_ms;
	int64_t now_ms = loop_now_ms(f->loop);
	for (;;) {
		*until_ms = now_ms + DISK_RETRY_MS;
		if (turn_unsafe(f->turn) || look(f, line, &owed, &c) != 0)
			return true;
		switch (follow_next(&c, &until_ran_ms)) {
		case FOLLOW_NOTHING:
			return false;
		case FOLLOW_DROP:
			if (drop(f, line, owed.id) != 0)
				return true;
			continue;
		case FOLLOW_WAIT:
			*until_ms = until_ran_ms == FOLLOW_NEVER
			                    ? INT64_MAX
			                    : now_ms + until_ran_ms - c.now_ms;
			return true;
		case FOLLOW_DIAL:
			if (begin(f, line, &owed) == 0)
				*until_ms = INT64_MAX;
			return true;
		}
	}
}

size_t
follow_up_in_flight(const struct follow_up *follow_up)
{
	size_t n = 0;
	for (const struct step *s = follow_up->steps; s; s = s->next)
		n++;
	return n;
}

struct follow_up *
follow_up_new(
	struct loop *loop, struct turn *turn, const struct fleet_idle *on_idle)
{
	struct follow_up *f = calloc(1, sizeof(*f));
	if (!f)
		abort();
	*f = (struct follow_up){
		.loop = loop, .turn = turn, .on_idle = *on_idle};
	return f;
}

void
follow_up_free(struct follow_up *follow_up)
{
	if (!follow_up)
		return;
	while (follow_up->steps) {
		struct step *s = follow_up->steps;
		follow_up->steps = s->next;
		release(s);
	}
	free(follow_up);
}
