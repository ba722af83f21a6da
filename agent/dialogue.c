/*
 * dialogue: an administrator's session, from the audit entry before its
 * first byte to the end that nobody can miss. It must never begin where a
 * session of a card may still be answered, nor leave one that may be.
 */
#include "agent/dialogue_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/carry.h"
#include "agent/loop.h"
#include "agent/reading.h"
#include "agent/turn.h"
#include "agent/veil.h"

/*
 * One session.
 * 1. waits: a screen is open, and the modem has no request of ours.
 * 2. Otherwise on_result() comes, once.
 */
struct session {
	struct dialogue *dialogue;
	struct line *line;
	struct profile *profile; /* the one it began with; counted */
	struct loop_timer *timer;
	char who[LEDGER_NAME_MAX];
	bool answers;
	bool waits;
	bool card_wanted; /* the open screen asks for a card */
	dialogue_fn *fn;  /* NULL: the person left */
	void *ctx;
	int64_t asked_ms;
	struct session *next;
};

/* ---- the audit ---------------------------------------------------------- */

static bool
takes_pin(const void *ctx, struct span digits)
{
	const struct dialogue_hand *hand = ctx;
	const struct profiles *all = fleet_profiles(hand->dialogue->fleet);
	if (profile_takes_pin(hand->profile, digits))
		return true;
	for (size_t i = 0; all && i < all->count; i++)
		if (profile_takes_pin(all->list[i], digits))
			return true;
	return false;
}

void
dialogue_mask(const struct dialogue_hand *hand, struct span text, char *out,
	size_t cap)
{
	const struct veil veil = {.ledger = turn_ledger(hand->dialogue->turn),
		.iccid = line_iccid(hand->line),
		.takes_pin = takes_pin,
		.ctx = hand};
	veil_text(&veil, text, out, cap);
}

/* "modem.ussd": what, and a foreign text behind it, masked. */
static struct ledger_op
entry_of(const struct dialogue_hand *hand, const char *what, struct span text)
{
	struct ledger_op op = turn_op(hand->dialogue->turn, LEDGER_EVENT);
	struct ledger_event *e = &op.u.event;
	(void)snprintf(e->event, sizeof(e->event), "modem.%s", hand->kind);
	(void)span_copy(
		e->modem, sizeof(e->modem), span_str(hand->line->config.name));
	(void)span_copy(op.who, sizeof(op.who), span_str(hand->who));
	(void)span_copy(e->note, sizeof(e->note), span_str(what));
	size_t len = strlen(e->note);
	dialogue_mask(hand, text, e->note + len, sizeof(e->note) - len);
	return op;
}

void
dialogue_note(
	const struct dialogue_hand *hand, const char *what, struct span text)
{
	struct ledger_op op = entry_of(hand, what, text);
	turn_must(hand->dialogue->turn, &op);
}

int
dialogue_record(
	const struct dialogue_hand *hand, const char *what, const char *text)
{
	struct ledger_op op = entry_of(hand, what, span_str(text));
	if (turn_try(hand->dialogue->turn, &op, NULL) != 0)
		return -EIO;
	reading_spoil(hand->dialogue->turn, hand->line, hand->kind);
	return 0;
}

static struct dialogue_hand
hand_of(const struct session *s)
{
	return (struct dialogue_hand){.dialogue = s->dialogue,
		.line = s->line,
		.profile = s->profile,
		.who = s->who,
		.kind = "ussd"};
}

static void
note(const struct session *s, const char *what, struct span text_utf8)
{
	struct dialogue_hand hand = hand_of(s);
	dialogue_note(&hand, what, text_utf8);
}

static int
record(const struct session *s, const char *what, const char *text)
{
	struct dialogue_hand hand = hand_of(s);
	return dialogue_record(&hand, what, text);
}

/* ---- its end ------------------------------------------------------------ */

static void
unlink_session(struct session *s)
{
	struct session **at = &s->dialogue->sessions;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
}

static void
release(struct session *s)
{
	loop_timer_free(s->timer);
	profile_unref(s->profile);
	free(s);
}

static void
forget(struct session *s)
{
	unlink_session(s);
	release(s);
}

/* A balance read meanwhile, by another SIM of the account, is spoilt too. */
static void
finish(struct session *s)
{
	struct fleet_idle on_idle = s->dialogue->on_idle;
	struct line *line = s->line;
	if (s->waits)
		modem_end(line->modem);
	reading_spoil(s->dialogue->turn, line, "ussd");
	line->busy = false;
	forget(s);
	on_idle.fn(on_idle.ctx, line);
}

static void
tell(struct session *s, const struct dialogue_screen *screen)
{
	dialogue_fn *fn = s->fn;
	if (screen->over)
		s->fn = NULL;
	if (fn)
		fn(s->ctx, screen);
}

/* Nobody answers the open screen: too late, or the person left. */
static void
on_timer(void *ctx)
{
	struct session *s = ctx;
	const struct dialogue_screen late = {.text = "",
		.error = "no answer was typed in time: the session was closed",
		.over = true};
	note(s, s->fn ? "closed: no answer was typed" : "closed: nobody waits",
		span_str(""));
	tell(s, &late);
	finish(s);
}

/* ---- what comes --------------------------------------------------------- */

static const char *
failure(enum modem_cause cause)
{
	switch (cause) {
	case MODEM_TEXT:
		return "";
	case MODEM_NO_ANSWER:
		return "the operator did not answer";
	case MODEM_BROKEN:
		return "the modem broke off";
	case MODEM_REFUSED:
		return "the modem refused the code";
	case MODEM_ERROR:
	case MODEM_DROPPED:
	case MODEM_NETWORK:
		return "the network ended the session";
	case MODEM_UNREADABLE:
		return "the answer cannot be read in any coding";
	case MODEM_STOPPED:
		return "the modem was stopped";
	case MODEM_USSD_UNAVAILABLE:
		return "the network carries no USSD to this modem";
	}
	return "the session failed";
}

/* A card's verdict in the place of an answer: an earlier attempt's, come
 * late, or this code's own? It is evidence of nothing; but the answer to
 * this code may be still to come. */
static bool
may_be_late(const struct session *s, struct span text_utf8)
{
	struct classify_result read;
	classifier_read(s->profile->reply, text_utf8, &read);
	return classify_is_of_card(&read);
}

/* What may still be answered must not meet a PIN. */
static void
warn_sentry(const struct session *s, const struct modem_result *result)
{
	int64_t now_ms = loop_now_ms(s->dialogue->loop);
	int64_t slowest_ms = s->asked_ms + s->profile->timeout_ms;
	bool broken =
		result->cause == MODEM_BROKEN || result->cause == MODEM_STOPPED;
	if (result->fate == MODEM_MAYBE_SENT)
		line_doubt(s->line, s->dialogue->turn, "ussd",
			broken && slowest_ms > now_ms ? slowest_ms : now_ms);
	else if (result->cause == MODEM_TEXT && may_be_late(s, result->text))
		line_doubt(s->line, s->dialogue->turn, "text", now_ms);
}

static void
on_result(void *ctx, const struct modem_result *result)
{
	struct session *s = ctx;
	struct dialogue_hand hand = hand_of(s);
	char text[LEDGER_TEXT_MAX] = "";
	char named[CARRY_WHY_MAX];
	const char *error = carry_names_ussd(s->line, result, named)
	                            ? named
	                            : failure(result->cause);
	s->waits = result->open;
	warn_sentry(s, result);
	if (result->cause == MODEM_TEXT) {
		dialogue_mask(&hand, result->text, text, sizeof(text));
		note(s, result->open ? "asked back: " : "answer: ",
			result->text);
	} else {
		note(s, "no answer: ", span_str(error));
	}
	const struct dialogue_screen screen = {.text = text,
		.error = error,
		.open = result->open,
		.over = !result->open || !s->answers || !s->fn};
	s->card_wanted = result->open &&
	                 guard_screen_wants_card(s->profile, result->text);
	if (!screen.over)
		loop_timer_at(s->timer,
			loop_now_ms(s->dialogue->loop) + DIALOGUE_WAIT_MS);
	tell(s, &screen);
	if (screen.over)
		finish(s);
}

/* ---- what goes ---------------------------------------------------------- */

bool
dialogue_is_taken(const struct line *line)
{
	return line->busy || line->draining || line->doubt ||
	       line->wants_evidence || line->refreshing ||
	       fence_is_up(&line->fence) ||
	       modem_info(line->modem)->state != MODEM_READY;
}

/* The operator's own codes to ask with are no PIN, whatever a PIN is. */
static bool
is_known_code(const struct profile *profile, const char *code)
{
	return code[0] != '\0' &&
	       (strcmp(code, profile->balance_ussd) == 0 ||
		       strcmp(code, profile->proof_ussd) == 0);
}

struct guard
dialogue_guard(const struct dialogue *dialogue, const struct profile *profile)
{
	return (struct guard){
		.all = fleet_profiles(dialogue->fleet), .own = profile};
}

static bool
may_hold_pin(const struct session *s, const char *text)
{
	struct guard guard = dialogue_guard(s->dialogue, s->profile);
	guard.card_wanted = s->card_wanted;
	return guard_finds_pin(&guard, span_str(text));
}

/* What the driver could not type either. */
static bool
can_be_typed(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == '"' || *p == '\x7f')
			return false;
	return text[0] != '\0' && strlen(text) < PROFILE_CODE_MAX;
}

static int
dial(struct session *s, const char *code)
{
	if (!can_be_typed(code))
		return -EINVAL;
	if (!is_known_code(s->profile, code) && may_hold_pin(s, code))
		return -EPERM;
	if (turn_unsafe(s->dialogue->turn))
		return -EIO;
	int rc = record(s, "code: ", code);
	if (rc != 0)
		return rc;
	rc = modem_ask(s->line->modem, span_str(code), MODEM_ONCE,
		s->profile->timeout_ms, on_result, s);
	if (rc != 0)
		note(s, "not sent", span_str(""));
	return rc;
}

int
dialogue_begin(struct dialogue *d, const struct dialogue_request *request)
{
	struct line *line = request->line;
	if (!line->profile || line_iccid(line)[0] == '\0')
		return -ENOTSUP;
	if (dialogue_is_taken(line))
		return -EBUSY;
	struct session *s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	*s = (struct session){.dialogue = d,
		.line = line,
		.profile = profile_ref(line->profile),
		.timer = loop_timer_new(d->loop, on_timer, s),
		.answers = request->answers,
		.fn = request->fn,
		.ctx = request->ctx,
		.asked_ms = loop_now_ms(d->loop),
		.next = d->sessions};
	(void)span_copy(s->who, sizeof(s->who), span_str(request->who));
	d->sessions = s;
	int rc = dial(s, request->code);
	if (rc == 0)
		line->busy = true;
	else
		forget(s);
	return rc;
}

static struct session *
find(struct dialogue *d, const void *ctx)
{
	struct session *s = d->sessions;
	while (s && (s->ctx != ctx || !s->fn))
		s = s->next;
	return s;
}

static int
type(struct session *s, const char *text)
{
	if (!can_be_typed(text))
		return -EINVAL;
	if (may_hold_pin(s, text))
		return -EPERM;
	if (turn_unsafe(s->dialogue->turn))
		return -EIO;
	int rc = record(s, "typed: ", text);
	if (rc != 0)
		return rc;
	rc = modem_reply(s->line->modem, span_str(text), s->profile->timeout_ms,
		on_result, s);
	if (rc != 0)
		note(s, "not sent: the session is over", span_str(""));
	return rc;
}

int
dialogue_answer(struct dialogue *d, void *ctx, const char *text)
{
	struct session *s = find(d, ctx);
	if (!s)
		return -EPROTO;
	if (!s->waits) { /* nobody asked: what is on air ends it */
		s->fn = NULL;
		return -EPROTO;
	}
	int rc = type(s, text);
	if (rc != 0) {
		finish(s);
		return rc;
	}
	s->waits = false;
	s->asked_ms = loop_now_ms(d->loop);
	loop_timer_at(s->timer, INT64_MAX);
	return 0;
}

void
dialogue_leave(struct dialogue *d, void *ctx)
{
	struct session *s = find(d, ctx);
	dialogue_leave_letters(d, ctx);
	if (!s)
		return;
	s->fn = NULL;
	if (s->waits)
		loop_timer_at(s->timer, loop_now_ms(d->loop));
}

struct dialogue *
dialogue_new(struct loop *loop, struct turn *turn, struct fleet *fleet,
	const struct fleet_idle *on_idle)
{
	struct dialogue *d = calloc(1, sizeof(*d));
	if (!d)
		abort();
	*d = (struct dialogue){.loop = loop,
		.turn = turn,
		.fleet = fleet,
		.on_idle = *on_idle};
	return d;
}

void
dialogue_free(struct dialogue *d)
{
	if (!d)
		return;
	while (d->sessions) {
		struct session *s = d->sessions;
		d->sessions = s->next;
		release(s);
	}
	dialogue_free_letters(d);
	free(d);
}
