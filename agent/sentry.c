/*
 * sentry: raises the fence of a line for the causes of law 4, and carries
 * its wishes out: the cancel, the questions, the radio, the SIM, and the
 * words in the ledger that it is over. It must never dial a PIN, and never
 * end a fence that the machine has not ended.
 */
#include "agent/sentry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/balance.h"
#include "agent/late.h"
#include "agent/loop.h"
#include "agent/proof.h"
#include "agent/turn.h"
#include "agent/veil.h"
#include "agent/weigh.h"

enum { RETRY_MS = 2000 }; /* the modem was not free for a wish */

/* A question of a fence under way. */
struct question {
	struct sentry *sentry;
	struct line *line;
	struct profile *profile; /* the one it began with; counted */
	unsigned restarts;       /* of the modem, when it was asked */
	/* What a failed balance request would change, and a fence must not. */
	bool doubt;
	int64_t rest_until_ms;
	unsigned balance_failures;
	struct question *next;
};

struct sentry {
	struct sentry_parts parts;
	struct question *questions;
};

static int64_t
now_of(const struct sentry *s)
{
	return loop_now_ms(s->parts.loop);
}

static void
found(struct line *line, const char *what, const char *detail)
{
	size_t len = strlen(line->found);
	(void)snprintf(line->found + len, sizeof(line->found) - len, "%s%s%s",
		len > 0 ? ", " : "", what, detail);
}

static void
owe_until(struct line *line, int64_t due_ms)
{
	if (line->fence.terms.due_ms < due_ms)
		line->fence.terms.due_ms = due_ms;
}

/* ---- raising it -------------------------------------------------------- */

/* When the answer to the last card was due, on the loop's clock. A PIN that
 * a menu asks for goes out after the first code: each screen had its time. */
static int64_t
last_due_ms(struct sentry *s, const struct line *line)
{
	struct ledger_last last;
	struct turn *turn = s->parts.turn;
	if (ledger_last(turn_ledger(turn), line_iccid(line), &last) != 0 ||
		last.attempt == 0 || last.fate == LEDGER_ANSWERED)
		return INT64_MIN;
	int64_t requests = 1 + (int64_t)line->profile->menu_count;
	return turn_loop_ms(turn, last.began_ran_ms) +
	       requests * line->profile->timeout_ms;
}

static struct fence_terms
terms_of(struct sentry *s, const struct line *line)
{
	const struct profile *p = line->profile;
	int64_t last_ms = last_due_ms(s, line);
	return (struct fence_terms){.quiet_ms = p->fence_ms,
		.ask_ms = balance_patience_ms(line),
		.due_ms = last_ms > line->due_ms ? last_ms : line->due_ms,
		.can_ask = balance_may_ask(s->parts.balance, line),
		.can_prove = p->proof_ussd[0] != '\0'};
}

static void
raise(struct sentry *s, struct line *line, const struct fence_terms *terms)
{
	if (!fence_is_up(&line->fence))
		line->found[0] = '\0';
	fence_raise(&line->fence, terms, now_of(s));
	span_copy_text(line->fenced_iccid, sizeof(line->fenced_iccid),
		line_iccid(line));
	line->doubt = false;
	line->wants_evidence = false;
}

static bool
last_is_unknown(struct sentry *s, const struct line *line)
{
	struct ledger_last last;
	return ledger_last(turn_ledger(s->parts.turn), line_iccid(line),
		       &last) == 0 &&
	       last.attempt != 0 && last.state == VOUCHER_UNKNOWN;
}

/* Evidence alone: nothing is under way. */
static void
raise_for_evidence(struct sentry *s, struct line *line)
{
	struct fence_terms terms = terms_of(s, line);
	terms.only_ask = true;
	line->wants_evidence = false;
	if ((!terms.can_ask && !terms.can_prove) || !last_is_unknown(s, line))
		return;
	/* Should we stop meanwhile, the ledger knows that it is owed. */
	line_doubt(line, s->parts.turn, "evidence", line->due_ms);
	raise(s, line, &terms);
}

static bool
is_open_in_ledger(struct sentry *s, const struct line *line)
{
	struct ledger_sim sim;
	return ledger_sim(turn_ledger(s->parts.turn), line_iccid(line), 0,
		       &sim) == 0 &&
	       sim.fence;
}

static void
raise_if_due(struct sentry *s, struct line *line)
{
	bool up = fence_is_up(&line->fence);
	if (line->doubt || (!up && is_open_in_ledger(s, line))) {
		/* Also where the SIM was not known when doubt came. */
		line_doubt(line, s->parts.turn,
			line->doubt ? line->doubt_why : "open", line->due_ms);
		struct fence_terms terms = terms_of(s, line);
		raise(s, line, &terms);
	} else if (line->wants_evidence) {
		raise_for_evidence(s, line);
	}
}

/* Another SIM: the fence of the one before stays open in the ledger, and is
 * raised again wherever that is put. */
static void
leave_other_sim(struct line *line)
{
	if (!fence_is_up(&line->fence) ||
		strcmp(line->fenced_iccid, line_iccid(line)) == 0)
		return;
	line->fence = (struct fence){.phase = FENCE_DOWN};
	line->wants_evidence = false;
}

/* ---- questions --------------------------------------------------------- */

static struct question *
begin_question(struct sentry *s, struct line *line)
{
	struct question *q = calloc(1, sizeof(*q));
	if (!q)
		abort();
	*q = (struct question){.sentry = s,
		.line = line,
		.profile = profile_ref(line->profile),
		.restarts = modem_info(line->modem)->restarts,
		.doubt = line->doubt,
		.rest_until_ms = line->rest_until_ms,
		.balance_failures = line->balance_failures,
		.next = s->questions};
	s->questions = q;
	return q;
}

static void
free_question(struct question *q)
{
	profile_unref(q->profile);
	free(q);
}

static void
end_question(struct question *q)
{
	struct question **at = &q->sentry->questions;
	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	free_question(q);
}

/* What was asked ended so. An answer that is still owed is waited for like
 * the card's own. */
static void
on_outcome(struct question *q, bool answered, bool late, bool owed)
{
	struct line *line = q->line;
	int64_t now_ms = now_of(q->sentry);
	if (owed)
		owe_until(line, now_ms);
	if (late || (owed && line->fence.phase == FENCE_QUIET))
		fence_on(&line->fence, FENCE_TEXT, now_ms);
	fence_on(&line->fence, answered ? FENCE_DONE : FENCE_FAILED, now_ms);
}

/* The fence is the doubt and the rest that a failed request asks for; but
 * not for a modem that started anew meanwhile. */
static void
take_back_doubt(const struct question *q)
{
	struct line *line = q->line;
	line->rest_until_ms = q->rest_until_ms;
	line->balance_failures = q->balance_failures;
	if (modem_info(line->modem)->restarts == q->restarts &&
		!line->fence.terms.only_ask)
		line->doubt = q->doubt;
}

static void
on_balance(void *ctx, const struct balance_answer *answer)
{
	struct question *q = ctx;
	struct line *line = q->line;
	take_back_doubt(q);
	if (answer->settled)
		found(line, answer->late ? "late_answer" : "balance: proven",
			"");
	else if (answer->ok && answer->proof.attempt != 0)
		found(line,
			"balance: ", evidence_balance_name(answer->proof.why));
	on_outcome(q, answer->ok, answer->late, answer->owed);
	end_question(q);
}

static void
ask_balance(struct sentry *s, struct line *line)
{
	struct question *q = begin_question(s, line);
	if (balance_may_ask(s->parts.balance, line) &&
		balance_ask(s->parts.balance, line, on_balance, q) == 0)
		return;
	end_question(q);
	fence_on(&line->fence, FENCE_FAILED, now_of(s));
}

/* ---- the operator's own proof ------------------------------------------ */

static int64_t
amount_of(const struct profile *profile, const struct classify_groups *groups)
{
	struct classify_result read = {.rule = "", .groups = *groups};
	return weigh_told(profile, &read).amount_minor;
}

static bool
fits(const struct question *q, const struct classify_groups *groups,
	const struct ledger_last *last)
{
	struct proof_case c = {.card_serial = last->serial,
		.told_serial = groups->serial,
		.own = last->own,
		.clock_trusted = loop_clock_is_trusted(),
		.told_wall_ms = proof_time(span_str(groups->time)),
		.before_wall_ms = last->before_wall_ms,
		.began_wall_ms = last->began_wall_ms,
		.ended_wall_ms = last->ended_wall_ms,
		.fence_ms = q->profile->fence_ms,
		.card_minor = last->card_minor,
		.told_minor = amount_of(q->profile, groups)};
	return proof_fits(&c);
}

static void
settle_by_proof(const struct question *q, const struct ledger_last *last,
	const struct classify_groups *groups, struct span text)
{
	struct turn *turn = q->sentry->parts.turn;
	struct ledger_op op = turn_op(turn, LEDGER_EVIDENCE);
	struct ledger_evidence *e = &op.u.evidence;
	e->attempt = last->attempt;
	e->event = VOUCHER_EVIDENCE;
	e->verdict = VERDICT_NONE;
	e->credited_minor = amount_of(q->profile, groups);
	span_copy_text(e->by, sizeof(e->by), "proof");
	const struct veil veil = {.ledger = turn_ledger(turn),
		.iccid = line_iccid(q->line),
		.takes_pin = veil_takes_pin,
		.ctx = q->profile};
	veil_text(&veil, text, e->reply, sizeof(e->reply));
	turn_must(turn, &op);
}

static void
weigh_proof(const struct question *q, const struct classify_groups *groups,
	struct span text)
{
	struct ledger_last last;
	struct line *line = q->line;
	struct ledger *ledger = turn_ledger(q->sentry->parts.turn);
	if (ledger_last(ledger, line_iccid(line), &last) != 0 ||
		last.attempt == 0 || last.open || last.state != VOUCHER_UNKNOWN)
		return;
	if (fits(q, groups, &last)) {
		settle_by_proof(q, &last, groups, text);
		found(line, "proof", "");
	} else {
		found(line, "proof: of another recharge", "");
	}
}

static bool
is_proof(const struct profile *p, struct span text,
	struct classify_groups *groups)
{
	for (size_t i = 0; i < p->proof_count; i++)
		if (expression_match_groups(p->proofs[i], text, groups))
			return true;
	return false;
}

/* Any other text was for somebody else, or is of no use: it is kept. */
static void
on_proof(void *ctx, const struct modem_result *result)
{
	struct question *q = ctx;
	struct line *line = q->line;
	struct sentry *s = q->sentry;
	struct classify_groups groups = {0};
	bool late = false, answered = false;
	line->busy = false;
	if (result->open)
		modem_end(line->modem);
	if (result->cause == MODEM_TEXT &&
		is_proof(q->profile, result->text, &groups)) {
		weigh_proof(q, &groups, result->text);
		answered = true;
	} else if (result->cause == MODEM_TEXT) {
		struct late_news news = late_text(s->parts.turn, line,
			result->text, LATE_AWAITS_NOTHING, now_of(s));
		late = news.verdict;
		if (news.settled)
			found(line, "late_answer", "");
	}
	on_outcome(q, answered, late, late || result->fate == MODEM_MAYBE_SENT);
	end_question(q);
	s->parts.on_idle.fn(s->parts.on_idle.ctx, line);
}

static void
ask_proof(struct sentry *s, struct line *line)
{
	struct question *q = begin_question(s, line);
	if (modem_ask(line->modem, span_str(line->profile->proof_ussd),
		    MODEM_SEARCH, line->profile->timeout_ms, on_proof,
		    q) == 0) {
		line->busy = true;
		return;
	}
	end_question(q);
	fence_on(&line->fence, FENCE_FAILED, now_of(s));
}

/* ---- the other wishes -------------------------------------------------- */

static void
refresh(struct sentry *s, struct line *line, enum modem_refresh what)
{
	line->restarts = modem_info(line->modem)->restarts;
	line->refreshing = modem_refresh(line->modem, what) == 0;
	if (line->refreshing)
		return;
	/* A session is open again: it is ended, and the wish comes again. */
	modem_end(line->modem);
	line->fence.wish_taken = false;
	line->fence.wait_until_ms = now_of(s) + RETRY_MS;
}

/*
 * The modem is ready again. One that started anew on the way has ended its
 * sessions as well as its radio would; but after the quiet time that is a
 * replug like any other.
 */
static void
end_refresh(struct sentry *s, struct line *line)
{
	bool anew = modem_info(line->modem)->restarts != line->restarts;
	line->restarts = modem_info(line->modem)->restarts;
	line->refreshing = false;
	if (anew && line->fence.phase != FENCE_RADIO)
		fence_on(&line->fence, FENCE_BROKEN, now_of(s));
	else
		fence_on(&line->fence, FENCE_DONE, now_of(s));
}

static void
write_end(struct sentry *s, struct line *line)
{
	struct ledger_op op = turn_op(s->parts.turn, LEDGER_FENCE);
	struct ledger_fence *f = &op.u.fence;
	if (line->fence.cut_short)
		found(line, "cut short: texts kept coming", "");
	span_copy_text(f->iccid, sizeof(f->iccid), line->fenced_iccid);
	span_copy_text(f->modem, sizeof(f->modem), line->config.name);
	f->over = true;
	span_copy_text(f->why, sizeof(f->why),
		line->found[0] != '\0' ? line->found : "found nothing");
	turn_must(s->parts.turn, &op);
}

static void
end_fence(struct sentry *s, struct line *line)
{
	write_end(s, line);
	line->due_ms = 0;
	fence_on(&line->fence, FENCE_DONE, now_of(s));
}

/* Whether there was one. */
static bool
carry_out_wish(struct sentry *s, struct line *line)
{
	switch (fence_take_wish(&line->fence)) {
	case FENCE_WISH_NONE:
		return false;
	case FENCE_WISH_CANCEL:
		modem_end(line->modem);
		fence_on(&line->fence, FENCE_DONE, now_of(s));
		return true;
	case FENCE_WISH_PROOF:
		ask_proof(s, line);
		return true;
	case FENCE_WISH_BALANCE:
		ask_balance(s, line);
		return true;
	case FENCE_WISH_RADIO:
		refresh(s, line, MODEM_REFRESH_RADIO);
		return line->refreshing;
	case FENCE_WISH_IDENTIFY:
		refresh(s, line, MODEM_REFRESH_SIM);
		return line->refreshing;
	case FENCE_WISH_END:
		end_fence(s, line);
		return true;
	}
	return false;
}

static bool
is_free(const struct line *line)
{
	return !line->busy && modem_info(line->modem)->state == MODEM_READY;
}

bool
sentry_stops(struct sentry *s, struct line *line, int64_t *until_ms)
{
	if (line->refreshing)
		end_refresh(s, line);
	leave_other_sim(line);
	raise_if_due(s, line);
	fence_tick(&line->fence, now_of(s));
	while (is_free(line) && carry_out_wish(s, line))
		;
	*until_ms = fence_wake_at(&line->fence);
	return fence_is_up(&line->fence) || !is_free(line);
}

/* ---- texts that nobody asked for --------------------------------------- */

void
sentry_on_text(struct sentry *s, struct line *line, struct span text_utf8)
{
	int64_t now_ms = now_of(s);
	struct fence *f = &line->fence;
	bool up = fence_is_up(f);
	/* What was asked by a text is not answered so. */
	bool awaited = fence_awaits_reading(f) && line->profile &&
	               !balance_goes_by_text(line);
	enum late_awaits awaits =
		awaited ? LATE_AWAITS_BALANCE : LATE_AWAITS_NOTHING;
	struct late_news news =
		late_text(s->parts.turn, line, text_utf8, awaits, now_ms);
	if (up && news.settled)
		found(line, news.reading ? "balance: proven" : "late_answer",
			"");
	if (news.reading)
		fence_on(f, FENCE_READING, now_ms);
	if (up && news.verdict)
		fence_on(f, FENCE_TEXT, now_ms);
	else if (news.verdict && !news.copy && text_utf8.len > 0)
		line_doubt(line, s->parts.turn, "text", now_ms);
	if (!line->busy)
		s->parts.on_idle.fn(s->parts.on_idle.ctx, line);
}

struct sentry *
sentry_new(const struct sentry_parts *parts)
{
	struct sentry *s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	s->parts = *parts;
	return s;
}

void
sentry_free(struct sentry *s)
{
	if (!s)
		return;
	while (s->questions) {
		struct question *q = s->questions;
		s->questions = q->next;
		free_question(q);
	}
	free(s);
}
