/*
 * dialogue_text: an administrator's message to a number. It must never send
 * one twice, whatever became of the first, nor one that may hold a PIN.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/dialogue_private.h"
#include "agent/loop.h"
#include "agent/reading.h"
#include "agent/turn.h"

enum {
	NUMBER_MIN = 3, /* digits; short codes are short */
	NUMBER_MAX = 20,
	NUMBER_SHOWN = 6, /* longer ones may be somebody's */
	NUMBER_END = 4
};

/* One message under way: on_result() comes, once. */
struct letter {
	struct dialogue *dialogue;
	struct line *line;
	struct profile *profile; /* the one it began with; counted */
	char who[LEDGER_NAME_MAX];
	dialogue_sent_fn *fn; /* NULL: the person left */
	void *ctx;
	struct letter *next;
};

static struct dialogue_hand
hand_of(const struct letter *l)
{
	return (struct dialogue_hand){.dialogue = l->dialogue,
		.line = l->line,
		.profile = l->profile,
		.who = l->who,
		.kind = "sms"};
}

/* ---- what may be sent ---------------------------------------------------- */

static bool
is_number(const char *number)
{
	const char *digits = number[0] == '+' ? number + 1 : number;
	size_t len = strspn(digits, "0123456789");
	return digits[len] == '\0' && len >= NUMBER_MIN && len <= NUMBER_MAX;
}

/* Typed in the wrong order, a PIN would stand where the number belongs. */
static bool
is_pin_for_number(const struct letter *l, const char *number)
{
	const struct guard guard = dialogue_guard(l->dialogue, l->profile);
	struct span text = span_str(number);
	return number[0] != '+' && !profile_takes_msisdn(l->profile, text) &&
	       guard_finds_pin(&guard, text);
}

static bool
may_hold_pin(const struct letter *l, const struct dialogue_letter *what)
{
	const struct guard guard = dialogue_guard(l->dialogue, l->profile);
	return is_pin_for_number(l, what->number) ||
	       guard_finds_pin_in_text(
		       &guard, span_str(what->number), span_str(what->text));
}

/* Of a subscriber's number only its end is told: the audit goes to syslog. */
static void
address(const char *number, char *out, size_t cap)
{
	size_t len = strlen(number);
	if (len > NUMBER_SHOWN)
		(void)snprintf(
			out, cap, "to ...%s: ", number + len - NUMBER_END);
	else
		(void)snprintf(out, cap, "to %s: ", number);
}

/* ---- its end ------------------------------------------------------------- */

static void
forget(struct letter *l)
{
	struct letter **at = &l->dialogue->letters;
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	profile_unref(l->profile);
	free(l);
}

static enum dialogue_sent
sent_of(enum modem_fate fate)
{
	switch (fate) {
	case MODEM_NOT_SENT:
		return DIALOGUE_NOT_SENT;
	case MODEM_MAYBE_SENT:
		return DIALOGUE_MAYBE_SENT;
	case MODEM_ANSWERED:
		break;
	}
	return DIALOGUE_SENT;
}

static const char *
why_of(const struct modem_result *result)
{
	switch (result->cause) {
	case MODEM_TEXT:
		return "";
	case MODEM_NO_ANSWER:
		return "the modem does not say whether it went out";
	case MODEM_BROKEN:
		return "the modem broke off";
	case MODEM_REFUSED:
		return "the modem refused it";
	case MODEM_ERROR:
	case MODEM_DROPPED:
	case MODEM_NETWORK:
	case MODEM_UNREADABLE:
		return "the network refused it";
	case MODEM_STOPPED:
		return "the modem was stopped";
	case MODEM_USSD_UNAVAILABLE: /* a text needs none */
		break;
	}
	return "";
}

/* A balance read meanwhile, by another SIM of the account, is spoilt too. */
static void
on_result(void *ctx, const struct modem_result *result)
{
	static const char *const words[] = {
		[DIALOGUE_SENT] = "sent",
		[DIALOGUE_NOT_SENT] = "not sent: ",
		[DIALOGUE_MAYBE_SENT] = "may have been sent: ",
	};
	struct letter *l = ctx;
	struct line *line = l->line;
	struct dialogue_hand hand = hand_of(l);
	struct fleet_idle on_idle = l->dialogue->on_idle;
	enum dialogue_sent sent = sent_of(result->fate);
	const char *why = why_of(result);
	dialogue_note(&hand, words[sent], span_str(why));
	reading_spoil(l->dialogue->turn, line, hand.kind);
	if (l->fn)
		l->fn(l->ctx, sent, why);
	line->busy = false;
	forget(l);
	on_idle.fn(on_idle.ctx, line);
}

void
dialogue_leave_letters(struct dialogue *dialogue, const void *ctx)
{
	for (struct letter *l = dialogue->letters; l; l = l->next)
		if (l->ctx == ctx)
			l->fn = NULL;
}

void
dialogue_free_letters(struct dialogue *dialogue)
{
	while (dialogue->letters) {
		struct letter *l = dialogue->letters;
		dialogue->letters = l->next;
		profile_unref(l->profile);
		free(l);
	}
}

/* ---- its beginning ------------------------------------------------------- */

static bool
is_too_long(struct span text)
{
	struct modem_sms_size size;
	modem_sms_measure(text, &size);
	return size.signs > size.most;
}

static int
send(struct letter *l, const struct dialogue_letter *what)
{
	const struct modem_sms sms = {
		span_str(what->number), span_str(what->text)};
	struct dialogue_hand hand = hand_of(l);
	char to[NUMBER_MAX + 16];
	if (!is_number(what->number) || what->text[0] == '\0')
		return -EINVAL;
	if (is_too_long(span_str(what->text)))
		return -EMSGSIZE;
	if (may_hold_pin(l, what))
		return -EPERM;
	if (turn_unsafe(l->dialogue->turn))
		return -EIO;
	address(what->number, to, sizeof(to));
	int rc = dialogue_record(&hand, to, what->text);
	if (rc != 0)
		return rc;
	rc = modem_send_sms(
		l->line->modem, &sms, l->profile->timeout_ms, on_result, l);
	if (rc != 0)
		dialogue_note(&hand, "not sent", span_str(""));
	return rc;
}

int
dialogue_send(struct dialogue *d, const struct dialogue_letter *what)
{
	struct line *line = what->line;
	if (!line->profile || line_iccid(line)[0] == '\0')
		return -ENOTSUP;
	if (dialogue_is_taken(line))
		return -EBUSY;
	struct letter *l = calloc(1, sizeof(*l));
	if (!l)
		abort();
	*l = (struct letter){.dialogue = d,
		.line = line,
		.profile = profile_ref(line->profile),
		.fn = what->fn,
		.ctx = what->ctx,
		.next = d->letters};
	(void)span_copy(l->who, sizeof(l->who), span_str(what->who));
	d->letters = l;
	int rc = send(l, what);
	if (rc == 0)
		line->busy = true;
	else
		forget(l);
	return rc;
}
