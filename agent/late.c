/*
 * late: reads an unasked text, weighs it for the last card of its SIM, and
 * writes it into the audit, masked. It must never settle any other card, and
 * never let one modem fill the disk.
 */
#include "agent/late.h"

#include <string.h>

#include "agent/evidence.h"
#include "agent/ledger_copy.h"
#include "agent/reading.h"
#include "agent/turn.h"
#include "agent/veil.h"
#include "agent/weigh.h"

/* What an operator sends in a minute is a handful. */
enum { WINDOW_MS = 60000, TEXTS_MAX = 30 };

/* One text, what it says, and whose it may be. */
struct late {
	struct turn *turn;
	struct line *line;
	struct span text;
	char masked[LEDGER_TEXT_MAX];
	struct classify_result read;
	struct reading reading;
	struct ledger_last last; /* attempt 0: none, or in the air */
	bool flooded; /* more texts this minute than any operator sends */
	struct late_news news;
};

/* ---- reading it -------------------------------------------------------- */

/* What the SIM dialled last, unless it is still being answered. */
static void
find_last(struct late *l)
{
	const char *iccid = line_iccid(l->line);
	if (iccid[0] == '\0' ||
		ledger_last(turn_ledger(l->turn), iccid, &l->last) != 0)
		l->last.attempt = 0;
	if (l->last.attempt != 0 && l->last.open)
		l->last.attempt = 0;
}

static void
read_text(struct late *l)
{
	struct profile *profile = l->line->profile;
	const struct veil veil = {.ledger = turn_ledger(l->turn),
		.iccid = line_iccid(l->line),
		.takes_pin = veil_takes_pin,
		.ctx = profile};
	veil_text(&veil, l->text, l->masked, sizeof(l->masked));
	if (!profile)
		return;
	classifier_read(profile->reply, l->text, &l->read);
	l->reading = reading_of(profile, &l->read.groups);
	find_last(l);
	l->news.verdict = l->text.len == 0 || l->read.verdict != VERDICT_NONE ||
	                  l->read.contradiction;
	l->news.copy = l->last.attempt != 0 && l->text.len > 0 &&
	               strcmp(l->masked, l->last.reply) == 0;
}

/* ---- whose it may be --------------------------------------------------- */

/* Attempts of that SIM in doubt, beside the last. */
static unsigned
others_in_doubt(const struct ledger_last *last)
{
	return last->doubt ? last->in_doubt - 1 : last->in_doubt;
}

/* Somebody's transfer hours later is no answer to a card that had one. */
static bool
answered_long_ago(const struct late *l)
{
	const struct profile *p = l->line->profile;
	return l->last.fate == LEDGER_ANSWERED &&
	       turn_now(l->turn).ran_ms - l->last.ended_ran_ms >
	               (int64_t)p->timeout_ms + p->fence_ms;
}

static bool
names_it(const struct late *l)
{
	return l->last.serial[0] != '\0' &&
	       strcmp(l->last.serial, l->read.groups.serial) == 0;
}

/* After it that SIM may have dialled more, which nobody here knows. */
static bool
is_of_lost_time(const struct late *l)
{
	int64_t restored_ms =
		ledger_cursor(turn_ledger(l->turn), LEDGER_RESTORED_CURSOR);
	return l->last.began_wall_ms < restored_ms && !names_it(l);
}

/* What follows a recharge is answered like one. */
static bool
is_followed(const struct late *l)
{
	return !names_it(l) &&
	       ledger_was_followed(turn_ledger(l->turn), line_iccid(l->line),
		       l->last.began_ran_ms);
}

static struct evidence_text
weigh(const struct late *l)
{
	const struct profile *p = l->line->profile;
	struct weigh_told told = weigh_told(p, &l->read);
	const struct ledger_last *last = &l->last;
	return (struct evidence_text){.state = last->state,
		.on_air = last->on_air,
		.others_in_doubt = others_in_doubt(last),
		.verdict = l->read.verdict,
		.balance_matched = l->read.balance_matched,
		.repeats = l->news.copy,
		.restored = is_of_lost_time(l),
		.followed = is_followed(l),
		.settles_by_ussd = p->verdict_by == PROFILE_VERDICT_USSD,
		.answered_long_ago = answered_long_ago(l),
		.card_minor = last->card_minor,
		.amount_minor = told.amount_minor,
		.deducted_minor = told.deducted_minor,
		.bonus_minor = told.bonus_minor,
		.balance_before_minor =
			last->own ? last->balance_before_minor : MONEY_NONE,
		.balance_told_minor =
			last->own ? l->reading.minor : MONEY_NONE};
}

static void
settle(const struct late *l, const struct evidence_step *step)
{
	struct ledger_op op = turn_op(l->turn, LEDGER_EVIDENCE);
	struct ledger_evidence *e = &op.u.evidence;
	e->attempt = l->last.attempt;
	e->event = step->event;
	e->verdict = l->read.verdict;
	span_copy_text(e->reason, sizeof(e->reason), step->reason);
	e->credited_minor = step->credited_minor;
	e->balance_minor = l->last.own ? l->reading.minor : MONEY_NONE;
	span_copy_text(e->by, sizeof(e->by), "late_answer");
	span_copy_text(e->rule, sizeof(e->rule), l->read.rule);
	span_copy_text(e->reply, sizeof(e->reply), l->masked);
	turn_must(l->turn, &op);
}

static bool
is_blocked(const struct late *l)
{
	struct ledger_sim sim;
	return ledger_sim(turn_ledger(l->turn), line_iccid(l->line), 0, &sim) ==
	               0 &&
	       sim.blocked;
}

static void
block_sim(const struct late *l)
{
	struct ledger_op op = turn_op(l->turn, LEDGER_SIM_BLOCKED);
	struct ledger_sim_blocked *b = &op.u.sim_blocked;
	span_copy_text(b->iccid, sizeof(b->iccid), line_iccid(l->line));
	span_copy_text(b->modem, sizeof(b->modem), l->line->config.name);
	turn_must(l->turn, &op);
}

static void
weigh_as_evidence(struct late *l)
{
	if (l->last.attempt == 0)
		return;
	struct evidence_text c = weigh(l);
	struct evidence_step step = evidence_by_text(&c);
	l->news.settled = step.settles;
	if (step.settles)
		settle(l, &step);
	if (l->read.verdict == VERDICT_SIM_BLOCKED && !l->news.copy &&
		!is_blocked(l))
		block_sim(l);
}

/* ---- the balance in it ------------------------------------------------- */

/* Beside a verdict, or as the answer that was owed, it is a reading. By
 * itself nobody knows how old it is. */
static void
weigh_as_reading(struct late *l, enum late_awaits awaits)
{
	/* What is evidence brought it already. */
	if (l->news.settled && l->last.own)
		return;
	if (l->reading.minor == MONEY_NONE || l->news.copy || l->flooded ||
		line_iccid(l->line)[0] == '\0')
		return;
	if (!l->news.verdict && awaits == LATE_AWAITS_NOTHING) {
		reading_spoil(l->turn, l->line, "text");
		return;
	}
	struct reading_proof proof =
		reading_take(l->turn, l->line, &l->reading, l->text);
	l->news.settled |= proof.settles && !proof.in_the_air;
	l->news.reading = !l->news.verdict;
}

/* ---- the audit --------------------------------------------------------- */

static void
write_entry(const struct late *l, const char *note)
{
	struct ledger_op op = turn_op(l->turn, LEDGER_EVENT);
	struct ledger_event *e = &op.u.event;
	span_copy_text(e->event, sizeof(e->event), "modem.text");
	span_copy_text(e->modem, sizeof(e->modem), l->line->config.name);
	span_copy_text(e->note, sizeof(e->note), note);
	turn_must(l->turn, &op);
}

/* A modem gone mad must not fill the ledger of the others. */
static void
count_text(struct late *l, int64_t now_ms)
{
	struct line *line = l->line;
	if (line->texts == 0 || now_ms - line->texts_since_ms >= WINDOW_MS) {
		line->texts = 0;
		line->texts_since_ms = now_ms;
	}
	if (line->texts <= TEXTS_MAX)
		line->texts++;
	l->flooded = line->texts > TEXTS_MAX;
}

/* Once told that there are too many, no more is kept. */
static void
keep(const struct late *l, bool is_first_too_many)
{
	if (!l->flooded)
		write_entry(l, l->text.len > 0
				       ? l->masked
				       : "(a text that no coding reads)");
	else if (is_first_too_many)
		write_entry(l, "(too many texts: more of this minute are not "
			       "kept)");
}

/* A copy of a verdict may come in two: not into the next card's session. */
static void
be_quiet(const struct late *l, int64_t now_ms)
{
	if (!l->news.verdict)
		return;
	int64_t until = now_ms + l->line->profile->min_interval_ms;
	if (l->line->quiet_until_ms < until)
		l->line->quiet_until_ms = until;
}

struct late_news
late_text(struct turn *turn, struct line *line, struct span text_utf8,
	enum late_awaits awaits, int64_t now_ms)
{
	struct late l = {.turn = turn,
		.line = line,
		.text = text_utf8,
		.reading = {.minor = MONEY_NONE}};
	bool was_flooded = line->texts > TEXTS_MAX;
	count_text(&l, now_ms);
	read_text(&l);
	weigh_as_evidence(&l);
	/* What is evidence, or a reading, is kept with it. */
	bool kept = l.news.settled;
	weigh_as_reading(&l, awaits);
	if (!kept && !l.news.reading)
		keep(&l, !was_flooded);
	be_quiet(&l, now_ms);
	return l.news;
}
