/*
 * fence: the steps around a SIM after a session that may still be answered.
 * Pure. It must never end before the quiet time is over, counted from the
 * last moment at which an answer was due.
 */
#include "agent/fence.h"

enum {
	/* What the radio and the SIM take at most; only for what people see. */
	RADIO_MS = 60000,
	IDENTIFY_MS = 10000
};

static void
enter(struct fence *f, enum fence_phase phase, enum fence_wish wish)
{
	f->phase = phase;
	f->wish = wish;
	f->wish_taken = false;
	f->wait_until_ms = INT64_MAX;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* ---- the steps, in order ----------------------------------------------- */

static void
begin_end(struct fence *f)
{
	enter(f, FENCE_IDENTIFYING, FENCE_WISH_END);
}

static void
begin_quiet(struct fence *f, int64_t now_ms)
{
	f->quiets++;
	enter(f, FENCE_QUIET, FENCE_WISH_NONE);
	f->wait_until_ms = later(now_ms, f->terms.due_ms) + f->terms.quiet_ms;
}

static void
begin_asking(struct fence *f)
{
	if (f->terms.can_ask)
		enter(f, FENCE_ASKING, FENCE_WISH_BALANCE);
	else if (f->terms.only_ask)
		begin_end(f);
	else
		enter(f, FENCE_RADIO, FENCE_WISH_RADIO);
}

static void
begin_questions(struct fence *f)
{
	if (f->terms.can_prove)
		enter(f, FENCE_PROVING, FENCE_WISH_PROOF);
	else
		begin_asking(f);
}

static void
begin(struct fence *f)
{
	f->asked = 0;
	f->quiets = 0;
	f->answered = false;
	f->cut_short = false;
	if (f->terms.only_ask)
		begin_questions(f);
	else
		enter(f, FENCE_CANCELLING, FENCE_WISH_CANCEL);
}

/* ---- what happens ------------------------------------------------------ */

static void
on_asked(struct fence *f, bool answered, int64_t now_ms)
{
	f->asked++;
	f->answered |= answered;
	if (f->terms.only_ask)
		begin_end(f);
	else if (answered)
		begin_quiet(f, now_ms);
	else if (f->asked < FENCE_ASKS)
		enter(f, FENCE_ASKING, FENCE_WISH_BALANCE);
	else
		enter(f, FENCE_RADIO, FENCE_WISH_RADIO);
}

/* A SIM that cannot be read now is read again: without it no fence ends. */
static void
on_identified(struct fence *f, bool done, int64_t now_ms)
{
	if (f->wish == FENCE_WISH_END && done)
		enter(f, FENCE_DOWN, FENCE_WISH_NONE);
	else if (f->wish == FENCE_WISH_IDENTIFY && done)
		begin_end(f);
	else
		f->wait_until_ms = now_ms + FENCE_SETTLE_MS;
}

/* The wish was carried out, or could not be. */
static void
on_outcome(struct fence *f, bool done, int64_t now_ms)
{
	switch (f->phase) {
	case FENCE_CANCELLING:
		enter(f, FENCE_SETTLING, FENCE_WISH_NONE);
		f->wait_until_ms = now_ms + FENCE_SETTLE_MS;
		break;
	case FENCE_PROVING:
		begin_asking(f);
		break;
	case FENCE_ASKING:
		on_asked(f, done, now_ms);
		break;
	case FENCE_RADIO:
		begin_quiet(f, now_ms);
		break;
	case FENCE_IDENTIFYING:
		on_identified(f, done, now_ms);
		break;
	case FENCE_DOWN:
	case FENCE_SETTLING:
	case FENCE_QUIET:
		break; /* nothing was wished for */
	}
}

/* While questions are asked a text ends nothing: the quiet time comes yet.
 * Where only evidence was wanted it shows that more is under way. */
static void
on_text(struct fence *f, int64_t now_ms)
{
	if (f->terms.only_ask) {
		f->terms.only_ask = false;
		f->terms.due_ms = later(f->terms.due_ms, now_ms);
		begin(f);
	} else if (f->phase == FENCE_QUIET || f->phase == FENCE_IDENTIFYING) {
		if (f->quiets < FENCE_QUIETS)
			begin_quiet(f, now_ms);
		else
			f->cut_short = true;
	}
}

void
fence_on(struct fence *f, enum fence_event event, int64_t now_ms)
{
	if (f->phase == FENCE_DOWN)
		return;
	switch (event) {
	case FENCE_DONE:
	case FENCE_FAILED:
		if (f->wish_taken)
			on_outcome(f, event == FENCE_DONE, now_ms);
		break;
	case FENCE_TEXT:
		on_text(f, now_ms);
		break;
	case FENCE_READING:
		if (f->phase == FENCE_ASKING)
			on_asked(f, true, now_ms);
		else
			f->answered = true;
		break;
	case FENCE_BROKEN:
		f->terms.only_ask = false;
		begin(f);
		break;
	}
}

void
fence_tick(struct fence *f, int64_t now_ms)
{
	if (now_ms < f->wait_until_ms)
		return;
	if (f->phase == FENCE_SETTLING)
		begin_questions(f);
	else if (f->phase == FENCE_QUIET)
		enter(f, FENCE_IDENTIFYING, FENCE_WISH_IDENTIFY);
	else if (f->phase == FENCE_IDENTIFYING)
		enter(f, FENCE_IDENTIFYING, f->wish);
}

/* ---- for the owner ----------------------------------------------------- */

void
fence_raise(struct fence *f, const struct fence_terms *terms, int64_t now_ms)
{
	int64_t due_ms = terms->due_ms;
	bool only_ask = terms->only_ask;
	if (fence_is_up(f)) {
		due_ms = later(due_ms, f->terms.due_ms);
		only_ask = only_ask && f->terms.only_ask;
	} else {
		f->began_ms = now_ms;
	}
	f->terms = *terms;
	f->terms.due_ms = due_ms;
	f->terms.only_ask = only_ask;
	begin(f);
}

enum fence_wish
fence_take_wish(struct fence *f)
{
	if (f->phase == FENCE_DOWN || f->wish_taken)
		return FENCE_WISH_NONE;
	f->wish_taken = f->wish != FENCE_WISH_NONE;
	return f->wish;
}

int64_t
fence_wake_at(const struct fence *f)
{
	return f->phase == FENCE_DOWN ? INT64_MAX : f->wait_until_ms;
}

bool
fence_is_up(const struct fence *f)
{
	return f->phase != FENCE_DOWN;
}

bool
fence_awaits_reading(const struct fence *f)
{
	bool asking = f->phase == FENCE_ASKING && f->wish_taken;
	return f->phase != FENCE_DOWN && !f->answered &&
	       (asking || f->asked > 0);
}

/* How long the questions, and the radio after them, can take from here. */
static int64_t
asking_ms(const struct fence *f)
{
	int64_t ms = f->terms.only_ask ? 0 : RADIO_MS;
	if (f->terms.can_ask && f->phase != FENCE_RADIO)
		ms += (f->terms.only_ask ? 1 : FENCE_ASKS - f->asked) *
		      f->terms.ask_ms;
	if (f->terms.can_prove && f->phase <= FENCE_PROVING)
		ms += f->terms.ask_ms;
	if (f->phase < FENCE_PROVING && !f->terms.only_ask)
		ms += FENCE_SETTLE_MS;
	return ms;
}

int64_t
fence_ends_by(const struct fence *f, int64_t now_ms)
{
	int64_t quiets = (int64_t)(FENCE_QUIETS - f->quiets);
	if (f->phase == FENCE_DOWN)
		return now_ms;
	if (f->terms.only_ask)
		return now_ms + asking_ms(f);
	if (f->phase == FENCE_IDENTIFYING)
		return now_ms + IDENTIFY_MS;
	if (f->phase == FENCE_QUIET)
		return f->wait_until_ms + quiets * f->terms.quiet_ms +
		       IDENTIFY_MS;
	return later(now_ms + asking_ms(f), f->terms.due_ms) +
	       quiets * f->terms.quiet_ms + IDENTIFY_MS;
}
