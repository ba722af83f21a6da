/*
 * redeem: one attempt from intent to verdict. The attempt is an operation of
 * the turn before its code is handed to the modem; what comes back is read,
 * judged by policy, and settled. It must never dial again by itself, and
 * never keep a PIN longer than a call lasts.
 */
#include "agent/redeem_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/carry.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/turn.h"
#include "agent/vault.h"

static bool
has_pin(const char *template)
{
	return strstr(template, "{pin}") != NULL;
}

/* ---- the PIN, for as long as a call lasts ------------------------------ */

int
redeem_unseal(const struct attempt *a, struct secret *voucher_pin)
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
	struct span msisdn = span_str(redeem_is_self(a) ? "" : a->target);
	if (has_pin(template) && redeem_unseal(a, &voucher_pin) != 0)
		return -EBADMSG;
	struct span pin_text = span_of(voucher_pin.bytes, voucher_pin.len);
	int rc = has_pin(template) && !profile_takes_pin(a->profile, pin_text)
	                 ? -EINVAL
	                 : profile_fill(template, pin_text, msisdn, code, cap);
	secret_wipe(&voucher_pin);
	return rc == 0 ? 0 : -EINVAL;
}

/* ---- the end of an attempt --------------------------------------------- */

void
redeem_forget(struct attempt *a)
{
	struct attempt **at = &a->redeem->attempts;
	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	a->line->busy = false;
	profile_unref(a->profile);
	free(a);
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
	redeem_conclude(a, result);
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

_Static_assert((int)PROFILE_FOLLOW_UPS_MAX <= (int)LEDGER_TEXT_MAX,
	"the attempt keeps all that follows it");

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
	b->via = a->by_sms ? LEDGER_VIA_SMS : LEDGER_VIA_USSD;
	b->balance_before_minor = a->balance_before_minor;
	(void)span_copy(
		b->modem, sizeof(b->modem), span_str(a->line->config.name));
	(void)span_copy(
		b->iccid, sizeof(b->iccid), span_str(line_iccid(a->line)));
	(void)span_copy(b->account, sizeof(b->account),
		span_str(redeem_is_self(a) ? a->line->account : a->target));
	if (redeem_is_self(a))
		profile_list_follow_ups(a->profile, b->follow_ups);
	int rc = turn_try(a->redeem->turn, &op, &result);
	if (rc == 0)
		a->id = result.id;
	return rc;
}

/* Surely not sent by USSD: no try is needed to know it. But one that may be
 * on air goes out again only as it went (dispatch repeats no card that has
 * another way). */
static bool
may_go(const struct attempt *a, enum profile_via via)
{
	return via != PROFILE_VIA_USSD || carry_has_ussd(a->line) ||
	       a->event == VOUCHER_REPEATED;
}

/*
 * The ways in their order, those that this card can go: the first, and the
 * next one only after one that was not sent. NULL where there is none.
 */
static const char *
choose_way(struct attempt *a)
{
	unsigned behind = a->not_sent_before;
	const char *chosen = NULL;
	for (size_t i = 0; i < a->profile->via_count; i++) {
		enum profile_via via = a->profile->via[i];
		const char *template =
			carry_template(a->profile, via, redeem_is_self(a));
		if (template[0] == '\0' || !may_go(a, via))
			continue;
		chosen = template;
		a->by_sms = via == PROFILE_VIA_SMS;
		if (behind-- == 0)
			break;
	}
	return chosen;
}

static int
hand_over(struct attempt *a, struct span code)
{
	struct modem *modem = a->line->modem;
	uint32_t timeout_ms = a->profile->timeout_ms;
	const struct modem_sms sms = {span_str(a->profile->sms_to), code};
	return a->by_sms ? modem_send_sms(modem, &sms, timeout_ms, on_result, a)
	                 : modem_ask(modem, code, MODEM_ONCE, timeout_ms,
				   on_result, a);
}

static int
dial(struct attempt *a)
{
	const char *template = choose_way(a);
	char code[PROFILE_CODE_MAX + VOUCHER_PIN_MAX];
	if (!template)
		return -EINVAL;
	int rc = fill(a, template, code, sizeof(code));
	if (rc == 0)
		rc = record(a);
	if (rc == 0) {
		a->pin_in_request = has_pin(template);
		a->asked_ms = loop_now_ms(a->redeem->loop);
		if (hand_over(a, span_str(code)) != 0) {
			/* It is in the ledger already: it ends not_sent. */
			struct modem_result none = {.fate = MODEM_NOT_SENT,
				.cause = MODEM_REFUSED,
				.code = -1,
				.text = span_str("")};
			redeem_conclude(a, &none);
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
		redeem_forget(a);
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
