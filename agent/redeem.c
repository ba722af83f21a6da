/*
 * redeem: one attempt from intent to verdict. The attempt is an operation of
 * the turn before its code is handed to the modem; what comes back is read,
 * judged by policy, and settled. It must never dial again by itself, and
 * never keep a PIN longer than a call lasts.
 */
#include "agent/redeem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "agent/loop.h"
#include "agent/mask.h"
#include "agent/message.h"
#include "agent/policy.h"
#include "agent/reading.h"
#include "agent/turn.h"
#include "agent/vault.h"
#include "agent/weigh.h"

/* One attempt under way. */
struct attempt {
	struct redeem *redeem;
	struct line *line;
	struct profile *profile; /* the one it began with; counted */
	int64_t voucher;
	enum voucher_event event; /* VOUCHER_DISPATCHED or VOUCHER_REPEATED */
	int64_t id;
	char target[LEDGER_TARGET_MAX];
	int64_t card_minor;
	int64_t balance_before_minor;
	int64_t asked_ms; /* loop clock: the request under way went out */
	char reply_before[LEDGER_TEXT_MAX]; /* of the SIM's attempt before */
	unsigned earlier_attempts, busy_before, not_sent_before;
	bool pin_in_request; /* it stands in the request under way */
	bool pin_out;        /* a request that held it may have been on air */
	size_t menu_next;    /* the first menu step not passed yet */
	struct attempt *next;
};

struct redeem {
	struct loop *loop;
	struct turn *turn;
	struct vault *vault;
	struct fleet_idle on_idle;
	struct attempt *attempts;
};

static bool
is_self(const struct attempt *a)
{
	return strcmp(a->target, "self") == 0;
}

static bool
has_pin(const char *template)
{
	return strstr(template, "{pin}") != NULL;
}

/* ---- the PIN, for as long as a call lasts ------------------------------ */

static int
unseal(const struct attempt *a, struct secret *voucher_pin)
{
	uint8_t blob[VAULT_SEALED_MAX];
	size_t len;
	int rc = ledger_sealed_pin(turn_ledger(a->redeem->turn), a->voucher,
		blob, sizeof(blob), &len);
	if (rc == 0)
		rc = vault_unseal(a->redeem->vault, blob, len, voucher_pin);
	if (rc != 0)
		log_line(LOG_AT_ERROR,
			"redeem unseal voucher=%lld why=\"its PIN cannot be "
			"read with this key\"",
			(long long)a->voucher);
	return rc;
}

/* A template filled in; code then holds the PIN where the template does. */
static int
fill(const struct attempt *a, const char *template, char *code, size_t cap)
{
	struct secret voucher_pin = {0};
	struct span msisdn = span_str(is_self(a) ? "" : a->target);
	if (has_pin(template) && unseal(a, &voucher_pin) != 0)
		return -EBADMSG;
	struct span pin_text = span_of(voucher_pin.bytes, voucher_pin.len);
	int rc = has_pin(template) && !profile_takes_pin(a->profile, pin_text)
	                 ? -EINVAL
	                 : profile_fill(template, pin_text, msisdn, code, cap);
	secret_wipe(&voucher_pin);
	return rc == 0 ? 0 : -EINVAL;
}

static bool
takes_pin(const void *profile, struct span digits)
{
	return profile_takes_pin(profile, digits);
}

/* A reply as it may be kept: no PIN in it, of this card or another. */
static void
mask_reply(const struct attempt *a, struct span text, char *out, size_t cap)
{
	struct secret voucher_pin = {0};
	if (unseal(a, &voucher_pin) != 0)
		secret_wipe(&voucher_pin);
	mask_text(text, span_of(voucher_pin.bytes, voucher_pin.len), takes_pin,
		a->profile, out, cap);
	secret_wipe(&voucher_pin);
}

/* ---- the end of an attempt --------------------------------------------- */

static void
forget(struct attempt *a)
{
	struct attempt **at = &a->redeem->attempts;
	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	a->line->busy = false;
	profile_unref(a->profile);
	free(a);
}

/*
 * The fate of the PIN, which is not always that of the last request: where a
 * menu asks for it, it may have gone out earlier, or never.
 */
static enum policy_fate
fate_of(const struct attempt *a, enum modem_fate fate)
{
	if (!a->pin_out)
		return POLICY_NOT_SENT;
	return fate == MODEM_ANSWERED ? POLICY_ANSWERED : POLICY_MAYBE_SENT;
}

static enum ledger_fate
ledger_fate_of(enum policy_fate fate)
{
	switch (fate) {
	case POLICY_NOT_SENT:
		return LEDGER_NOT_SENT;
	case POLICY_MAYBE_SENT:
		return LEDGER_MAYBE_SENT;
	case POLICY_ANSWERED:
		break;
	}
	return LEDGER_ANSWERED;
}

/* What an answer, or none, came to. */
struct outcome {
	struct classify_result read;
	struct reading told;
	char masked[LEDGER_TEXT_MAX];
	struct policy_case weighed;
	struct policy_step next;
	const char *by;             /* what decided */
	struct reading_proof proof; /* by the balance that the text told */
	bool proven;                /* ... that this card was credited */
};

static void
weigh(const struct attempt *a, const struct modem_result *result,
	struct outcome *o)
{
	struct weigh_card card = {.own = is_self(a),
		.card_minor = a->card_minor,
		.balance_before_minor = a->balance_before_minor,
		.earlier_attempts = a->earlier_attempts,
		.busy_before = a->busy_before,
		.not_sent_before = a->not_sent_before};
	struct weigh_told told = weigh_told(a->profile, &o->read);
	struct policy_case *c = &o->weighed;
	*c = weigh_case(a->profile, &card, &told);
	c->fate = fate_of(a, result->fate);
	c->broken =
		result->cause == MODEM_BROKEN || result->cause == MODEM_STOPPED;
	c->doubled = o->told.minor != MONEY_NONE &&
	             strcmp(o->masked, a->reply_before) == 0;
	c->verdict_by_sms = a->profile->verdict_by == PROFILE_VERDICT_SMS;
}

/* What no coding reads cannot be masked either: it may spell the PIN in hex.
 * A person learns that there was an answer, and how long it was. */
static void
keep_reply(const struct attempt *a, const struct modem_result *result,
	char *out, size_t cap)
{
	if (result->cause == MODEM_UNREADABLE)
		(void)snprintf(out, cap,
			"(an answer of %zu bytes that cannot be read in any "
			"coding)",
			result->text.len);
	else
		mask_reply(a, result->text, out, cap);
}

/*
 * A text without a verdict that tells a balance. Where the operator answers a
 * good recharge so, a proven rise is the verdict (contract, Evidence 4);
 * elsewhere it is the evidence that follows.
 */
static void
weigh_balance(const struct attempt *a, struct outcome *o)
{
	if (o->next.event != VOUCHER_NO_VERDICT || !is_self(a) ||
		o->told.minor == MONEY_NONE)
		return;
	o->proof = reading_weigh(a->redeem->turn, a->line->account, &o->told);
	o->proven =
		o->proof.attempt == a->id && o->proof.why == EVIDENCE_PROVEN;
	if (!o->proven || a->profile->verdict_by != PROFILE_VERDICT_BALANCE)
		return;
	o->next.event = VOUCHER_CREDITED;
	o->next.reason = "";
	o->next.credited_minor = o->proof.rise_minor;
	o->by = "balance";
}

/* With verdict = balance no text says that a card was loaded. */
static void
judge(const struct attempt *a, const struct modem_result *result,
	struct outcome *o)
{
	if (result->cause == MODEM_TEXT && a->pin_out)
		classifier_read(a->profile->reply, result->text, &o->read);
	o->told = reading_of(a->profile, &o->read.groups);
	keep_reply(a, result, o->masked, sizeof(o->masked));
	if (a->profile->verdict_by == PROFILE_VERDICT_BALANCE &&
		o->read.verdict == VERDICT_LOADED)
		o->read.verdict = VERDICT_NONE;
	weigh(a, result, o);
	o->by = o->weighed.fate == POLICY_ANSWERED ? "text" : "modem";
	o->next = policy_next(&o->weighed);
	weigh_balance(a, o);
}

static void
settle_in_ledger(const struct attempt *a, const struct outcome *o)
{
	const struct policy_case *c = &o->weighed;
	const struct policy_step *next = &o->next;
	struct turn *turn = a->redeem->turn;
	struct ledger_op op = turn_op(turn, LEDGER_ATTEMPT_SETTLE);
	struct ledger_attempt_settle *s = &op.u.attempt_settle;
	s->attempt = a->id;
	s->fate = ledger_fate_of(c->fate);
	s->verdict = o->read.verdict;
	s->event = next->event;
	(void)span_copy(s->reason, sizeof(s->reason), span_str(next->reason));
	s->next_at_ran_ms =
		next->wait_ms > 0 ? turn_now(turn).ran_ms + next->wait_ms : 0;
	s->credited_minor = next->credited_minor;
	s->balance_minor = c->balance_told_minor;
	s->deducted_minor = c->deducted_minor;
	s->bonus_minor = c->bonus_minor;
	(void)span_copy(s->by, sizeof(s->by), span_str(o->by));
	(void)span_copy(s->rule, sizeof(s->rule), span_str(o->read.rule));
	(void)span_copy(s->reply, sizeof(s->reply), span_str(o->masked));
	turn_must(turn, &op);
	if (o->proven && next->event == VOUCHER_NO_VERDICT)
		reading_settle(turn, &o->proof);
}

/* The operator barred the SIM: it dials no more until a person or the pause
 * says so. */
static void
block_sim(const struct attempt *a)
{
	struct ledger_op op = turn_op(a->redeem->turn, LEDGER_SIM_BLOCKED);
	struct ledger_sim_blocked *b = &op.u.sim_blocked;
	(void)span_copy(
		b->iccid, sizeof(b->iccid), span_str(line_iccid(a->line)));
	(void)span_copy(
		b->modem, sizeof(b->modem), span_str(a->line->config.name));
	turn_must(a->redeem->turn, &op);
}

enum { REST_MS = 5000, REST_DOUBLINGS = 7 };

/* A modem that refuses by itself rests, longer each time. */
static void
pace_line(const struct attempt *a, const struct policy_case *c,
	const struct policy_step *next)
{
	struct line *line = a->line;
	int64_t now = loop_now_ms(a->redeem->loop);
	if (c->fate != POLICY_NOT_SENT) {
		line->refusals = 0;
		return;
	}
	unsigned doublings = line->refusals < REST_DOUBLINGS ? line->refusals
	                                                     : REST_DOUBLINGS;
	if (next->rest_modem)
		doublings = REST_DOUBLINGS;
	line->refusals++;
	line->rest_until_ms = now + REST_MS * ((int64_t)1 << doublings);
}

static bool
becomes_unknown(enum voucher_event event)
{
	const struct voucher_edge *edge =
		voucher_edge_find(VOUCHER_DIALING, event);
	return edge && edge->to == VOUCHER_UNKNOWN;
}

/* A session that may still be answered is fenced off; an answer that settled
 * nothing has evidence asked for, before the SIM dials another card. */
static void
warn_sentry(const struct attempt *a, const struct modem_result *result,
	const struct outcome *o)
{
	int64_t due_ms = loop_now_ms(a->redeem->loop);
	int64_t slowest_ms = a->asked_ms + a->profile->timeout_ms;
	if (result->fate != MODEM_MAYBE_SENT) {
		a->line->wants_evidence |=
			becomes_unknown(o->next.event) && !o->proven;
		return;
	}
	/* A port that broke off says nothing of the network's answer. */
	if (o->weighed.broken && slowest_ms > due_ms)
		due_ms = slowest_ms;
	line_doubt(a->line, a->redeem->turn,
		o->weighed.broken ? "broken" : "no_answer", due_ms);
}

static void
conclude(struct attempt *a, const struct modem_result *result)
{
	struct outcome o = {.read = {.verdict = VERDICT_NONE, .rule = ""}};
	judge(a, result, &o);
	warn_sentry(a, result, &o);
	settle_in_ledger(a, &o);
	message_on_settled(a->redeem->turn, a->profile, a->id);
	if (o.next.sim_blocked)
		block_sim(a);
	pace_line(a, &o.weighed, &o.next);
	struct fleet_idle on_idle = a->redeem->on_idle;
	struct line *line = a->line;
	forget(a);
	on_idle.fn(on_idle.ctx, line);
}

/* ---- a session that asks back ------------------------------------------ */

static void on_result(void *ctx, const struct modem_result *result);

/* The menu step for this screen: in order, each at most once. */
static const struct profile_menu_step *
next_menu_step(struct attempt *a, struct span screen)
{
	for (size_t i = a->menu_next; i < a->profile->menu_count; i++)
		if (expression_matches(a->profile->menu[i].screen, screen)) {
			a->menu_next = i + 1;
			return &a->profile->menu[i];
		}
	return NULL;
}

/* Types the answer of a menu step. 0, or what modem_reply() says; nothing
 * was typed then. */
static int
type_answer(struct attempt *a, const struct profile_menu_step *step)
{
	char answer[PROFILE_CODE_MAX + VOUCHER_PIN_MAX];
	int rc = fill(a, step->answer, answer, sizeof(answer));
	if (rc == 0)
		rc = modem_reply(a->line->modem, span_str(answer),
			a->profile->timeout_ms, on_result, a);
	explicit_bzero(answer, sizeof(answer));
	if (rc == 0) {
		a->pin_in_request = has_pin(step->answer);
		a->asked_ms = loop_now_ms(a->redeem->loop);
	}
	return rc;
}

static void
on_result(void *ctx, const struct modem_result *result)
{
	struct attempt *a = ctx;
	if (a->pin_in_request && result->fate != MODEM_NOT_SENT)
		a->pin_out = true;
	a->pin_in_request = false;
	if (result->open) {
		const struct profile_menu_step *step =
			next_menu_step(a, result->text);
		if (step && type_answer(a, step) == 0)
			return;
		/* Nothing more is typed into a session that goes on. */
		modem_end(a->line->modem);
	}
	conclude(a, result);
}

/* ---- the beginning ----------------------------------------------------- */

struct lookup {
	struct attempt *a;
	bool found;
};

static bool
on_voucher(void *ctx, const struct ledger_voucher *v)
{
	struct lookup *l = ctx;
	struct attempt *a = l->a;
	a->card_minor = v->amount_minor;
	a->earlier_attempts = v->attempts;
	a->busy_before = v->busy;
	a->not_sent_before = v->not_sent;
	l->found = span_copy(a->target, sizeof(a->target),
			   span_str(v->target)) == 0;
	return false;
}

/* What the SIM was told before, should the network say it twice. */
static void
look_up_reply(struct attempt *a)
{
	struct ledger_last last;
	if (ledger_last(turn_ledger(a->redeem->turn), line_iccid(a->line),
		    &last) == 0 &&
		last.attempt != 0)
		(void)span_copy(a->reply_before, sizeof(a->reply_before),
			span_str(last.reply));
}

/* What the ledger knows of the voucher and of the balance before. */
static int
look_up(struct attempt *a)
{
	struct ledger *ledger = turn_ledger(a->redeem->turn);
	struct ledger_voucher_filter filter = {.id = a->voucher, .state = -1};
	struct lookup l = {.a = a};
	struct ledger_sim sim;
	if (ledger_each_voucher(ledger, &filter, on_voucher, &l) != 0)
		return -EIO;
	a->balance_before_minor = MONEY_NONE;
	if (ledger_sim(ledger, line_iccid(a->line), 0, &sim) == 0 &&
		sim.balance_is_last)
		a->balance_before_minor = sim.balance_minor;
	look_up_reply(a);
	return l.found ? 0 : -EINVAL;
}

/* The intent, into the ledger. 0 or the code of ledger_apply(). */
static int
record(struct attempt *a)
{
	struct ledger_op op = turn_op(a->redeem->turn, LEDGER_ATTEMPT_BEGIN);
	struct ledger_attempt_begin *b = &op.u.attempt_begin;
	struct ledger_result result = {0};
	b->voucher = a->voucher;
	b->event = a->event;
	b->batch_rejects = a->profile->batch_rejects;
	b->balance_before_minor = a->balance_before_minor;
	(void)span_copy(
		b->modem, sizeof(b->modem), span_str(a->line->config.name));
	(void)span_copy(
		b->iccid, sizeof(b->iccid), span_str(line_iccid(a->line)));
	(void)span_copy(b->account, sizeof(b->account),
		span_str(is_self(a) ? a->line->account : a->target));
	int rc = turn_try(a->redeem->turn, &op, &result);
	if (rc == 0)
		a->id = result.id;
	return rc;
}

static int
dial(struct attempt *a)
{
	const char *template = is_self(a) ? a->profile->recharge_ussd
	                                  : a->profile->recharge_ussd_for_other;
	char code[PROFILE_CODE_MAX + VOUCHER_PIN_MAX];
	if (template[0] == '\0')
		return -EINVAL;
	int rc = fill(a, template, code, sizeof(code));
	if (rc == 0)
		rc = record(a);
	if (rc == 0) {
		a->pin_in_request = has_pin(template);
		a->asked_ms = loop_now_ms(a->redeem->loop);
		if (modem_ask(a->line->modem, span_str(code), MODEM_ONCE,
			    a->profile->timeout_ms, on_result, a) != 0) {
			/* It is in the ledger already: it ends not_sent. */
			struct modem_result none = {.fate = MODEM_NOT_SENT,
				.cause = MODEM_REFUSED,
				.code = -1,
				.text = span_str("")};
			conclude(a, &none);
		}
	}
	explicit_bzero(code, sizeof(code));
	return rc;
}

static int
begin(struct redeem *redeem, struct line *line, int64_t voucher,
	enum voucher_event event)
{
	if (line->busy || !line->profile ||
		modem_info(line->modem)->state != MODEM_READY)
		return -EBUSY;
	struct attempt *a = calloc(1, sizeof(*a));
	if (!a)
		abort();
	a->redeem = redeem;
	a->line = line;
	a->voucher = voucher;
	a->event = event;
	a->profile = profile_ref(line->profile);
	a->next = redeem->attempts;
	redeem->attempts = a;
	line->busy = true;
	int rc = look_up(a);
	if (rc == 0)
		rc = dial(a);
	if (rc != 0)
		forget(a);
	return rc;
}

int
redeem_begin(struct redeem *redeem, struct line *line, int64_t voucher)
{
	return begin(redeem, line, voucher, VOUCHER_DISPATCHED);
}

int
redeem_repeat(struct redeem *redeem, struct line *line, int64_t voucher)
{
	return begin(redeem, line, voucher, VOUCHER_REPEATED);
}

size_t
redeem_in_flight(const struct redeem *redeem)
{
	size_t n = 0;
	for (const struct attempt *a = redeem->attempts; a; a = a->next)
		n++;
	return n;
}

struct redeem *
redeem_new(struct loop *loop, struct turn *turn, struct vault *vault,
	const struct fleet_idle *on_idle)
{
	struct redeem *redeem = calloc(1, sizeof(*redeem));
	if (!redeem)
		abort();
	*redeem = (struct redeem){.loop = loop,
		.turn = turn,
		.vault = vault,
		.on_idle = *on_idle};
	return redeem;
}

void
redeem_free(struct redeem *redeem)
{
	if (!redeem)
		return;
	while (redeem->attempts) {
		struct attempt *a = redeem->attempts;
		redeem->attempts = a->next;
		profile_unref(a->profile);
		free(a);
	}
	free(redeem);
}
