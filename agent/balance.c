/*
 * balance: one request at a time on a line; the answer is a reading, weighed
 * as evidence before it is stored. It must never take a card's verdict for
 * the answer.
 */
#include "agent/balance_private.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "agent/carry.h"
#include "agent/late.h"
#include "agent/loop.h"
#include "agent/turn.h"

static const char *
failure(enum modem_cause cause)
{
	switch (cause) {
	case MODEM_TEXT:
		return "the answer tells no balance (see [balance] reply)";
	case MODEM_NO_ANSWER:
		return "the operator did not answer the balance request; "
		       "without one: [balance] before = never";
	case MODEM_BROKEN:
		return "the modem broke off during the balance request";
	case MODEM_REFUSED:
		return "the modem refused the balance request";
	case MODEM_ERROR:
	case MODEM_DROPPED:
	case MODEM_NETWORK:
		return "the network ended the balance request";
	case MODEM_UNREADABLE:
		return "the balance answer cannot be read in any coding";
	case MODEM_STOPPED:
		return "the modem was stopped";
	case MODEM_USSD_UNAVAILABLE:
		return "ussd_unavailable: the network carries no USSD to this "
		       "modem, so its balance cannot be asked";
	}
	return "the balance request failed";
}

static void
unlink_ask(struct ask *ask)
{
	struct ask **at = &ask->balance->asks;
	while (*at != ask)
		at = &(*at)->next;
	*at = ask->next;
}

enum { REST_MS = 30000, REST_DOUBLINGS = 6 };

/* A line whose operator does not tell its balance rests, longer each time. */
static void
pace_line(struct line *line, bool ok, int64_t now_ms)
{
	if (ok) {
		line->balance_failures = 0;
		return;
	}
	unsigned doublings = line->balance_failures < REST_DOUBLINGS
	                             ? line->balance_failures
	                             : REST_DOUBLINGS;
	line->balance_failures++;
	line->rest_until_ms = now_ms + REST_MS * ((int64_t)1 << doublings);
}

static void
free_ask(struct ask *ask)
{
	if (ask->timer)
		loop_timer_free(ask->timer);
	profile_unref(ask->profile);
	free(ask);
}

void
balance_finish(struct ask *ask, const struct balance_answer *answer)
{
	struct balance *balance = ask->balance;
	struct line *line = ask->line;
	line->busy = false;
	if (!line->ussd_refused) /* then cards go by text */
		pace_line(line, answer->ok, loop_now_ms(balance->loop));
	if (!answer->ok)
		(void)span_copy(line->last_error, sizeof(line->last_error),
			span_str(answer->error));
	else
		line->last_error[0] = '\0'; /* it is cured */
	unlink_ask(ask);
	if (ask->fn)
		ask->fn(ask->ctx, answer);
	free_ask(ask);
	balance->on_idle.fn(balance->on_idle.ctx, line);
}

/* A port that broke off says nothing of how long the network takes. */
static int64_t
due_ms(const struct ask *ask, const struct modem_result *result)
{
	int64_t now_ms = loop_now_ms(ask->balance->loop);
	int64_t due = ask->began_ms + ask->profile->timeout_ms;
	return result->cause == MODEM_BROKEN && due > now_ms ? due : now_ms;
}

static void
take_late(struct ask *ask, struct span text, struct balance_answer *answer)
{
	struct balance *b = ask->balance;
	int64_t now_ms = loop_now_ms(b->loop);
	struct late_news news = late_text(
		b->turn, ask->line, text, LATE_AWAITS_NOTHING, now_ms);
	line_doubt(ask->line, b->turn, "text", now_ms);
	answer->late = true;
	answer->owed = true;
	answer->settled = news.settled;
}

struct balance_answer
balance_no_answer(const struct ask *ask, const char *error)
{
	return (struct balance_answer){.minor = MONEY_NONE,
		.decimals = ask->profile->decimals,
		.currency = ask->profile->currency,
		.at_wall_ms = loop_wall_ms(),
		.error = error};
}

void
balance_told(const struct reading *told, struct balance_answer *answer)
{
	answer->ok = true;
	answer->error = "";
	answer->minor = told->minor;
}

void
balance_read(const struct ask *ask, const struct reading *told,
	struct span text, struct balance_answer *answer)
{
	balance_told(told, answer);
	answer->proof = reading_take(ask->balance->turn, ask->line, told, text);
	answer->settled = answer->proof.settles && !answer->proof.in_the_air;
}

/* Whether no other SIM of the account had a card on air while the answer was
 * on its way: nobody knows whether that told of it already. */
static bool
is_untouched(const struct ask *ask)
{
	struct ledger_touch now;
	return !ask->touch.elsewhere &&
	       ledger_last_touch(turn_ledger(ask->balance->turn), ask->iccid,
		       &now) == 0 &&
	       now.attempt == ask->touch.attempt;
}

static void
take_text(struct ask *ask, struct span text, struct balance_answer *answer)
{
	struct classify_result read;
	classifier_read(ask->profile->reply, text, &read);
	if (classify_is_of_card(&read)) {
		take_late(ask, text, answer);
		return;
	}
	struct reading told = reading_of(ask->profile, &read.groups);
	if (told.minor == MONEY_NONE)
		return;
	if (is_untouched(ask))
		balance_read(ask, &told, text, answer);
	else
		balance_told(&told, answer);
}

static void
on_result(void *ctx, const struct modem_result *result)
{
	struct ask *ask = ctx;
	struct balance *b = ask->balance;
	char named[CARRY_WHY_MAX];
	struct balance_answer answer = balance_no_answer(
		ask, carry_names_ussd(ask->line, result, named)
			     ? named
			     : failure(result->cause));
	if (result->open)
		modem_end(ask->line->modem);
	carry_on_refusal(ask->line, result, loop_now_ms(b->loop));
	/* Its answer may still come, and must not meet a PIN. */
	answer.owed = result->fate == MODEM_MAYBE_SENT;
	if (answer.owed)
		line_doubt(ask->line, b->turn, "balance", due_ms(ask, result));
	if (result->cause == MODEM_TEXT)
		take_text(ask, result->text, &answer);
	balance_finish(ask, &answer);
}

/* ---- asking ------------------------------------------------------------ */

/* The start of the local day. */
static int64_t
day_wall_ms(void)
{
	time_t now = (time_t)(loop_wall_ms() / 1000);
	struct tm tm;
	(void)localtime_r(&now, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * 1000;
}

/* [balance] max_per_day, where each request costs money. */
static bool
is_left_today(const struct balance *balance, const struct line *line)
{
	const struct profile *p = line->profile;
	struct ledger_sim sim;
	if (p->balance_max_per_day == 0)
		return true;
	return ledger_sim(turn_ledger(balance->turn), line_iccid(line),
		       day_wall_ms(), &sim) == 0 &&
	       sim.asked_today < p->balance_max_per_day;
}

/* A code, and a network that takes one. */
static bool
has_code(const struct line *line)
{
	return line->profile->balance_ussd[0] != '\0' && carry_has_ussd(line);
}

bool
balance_goes_by_text(const struct line *line)
{
	const struct profile *p = line->profile;
	return !has_code(line) && p->balance_sms_to[0] != '\0';
}

int64_t
balance_patience_ms(const struct line *line)
{
	const struct profile *p = line->profile;
	return p->timeout_ms +
	       (balance_goes_by_text(line) ? p->sms_timeout_ms : 0);
}

static bool
has_a_way(const struct line *line)
{
	return line->profile && (has_code(line) || balance_goes_by_text(line));
}

bool
balance_may_ask(const struct balance *balance, const struct line *line)
{
	return has_a_way(line) && is_left_today(balance, line);
}

/* Where requests cost money each is counted, before it goes out. */
static int
count_request(struct balance *balance, const struct line *line)
{
	struct ledger_op op = turn_op(balance->turn, LEDGER_BALANCE_ASKED);
	struct ledger_balance_asked *a = &op.u.balance_asked;
	if (line->profile->balance_max_per_day == 0)
		return 0;
	(void)span_copy(a->iccid, sizeof(a->iccid), span_str(line_iccid(line)));
	(void)span_copy(
		a->modem, sizeof(a->modem), span_str(line->config.name));
	a->day_wall_ms = day_wall_ms();
	return turn_try(balance->turn, &op, NULL);
}

static struct ask *
new_ask(struct balance *balance, struct line *line)
{
	struct ask *ask = calloc(1, sizeof(*ask));
	if (!ask)
		abort();
	*ask = (struct ask){.balance = balance,
		.line = line,
		.profile = profile_ref(line->profile),
		.began_ms = loop_now_ms(balance->loop),
		.by_text = balance_goes_by_text(line),
		.began_wall_ms = loop_wall_ms(),
		.next = balance->asks};
	(void)span_copy(
		ask->iccid, sizeof(ask->iccid), span_str(line_iccid(line)));
	return ask;
}

static int
begin(struct ask *ask)
{
	const struct profile *profile = ask->profile;
	if (ask->by_text)
		return balance_text_begin(ask);
	if (ledger_last_touch(turn_ledger(ask->balance->turn), ask->iccid,
		    &ask->touch) != 0)
		return -EIO;
	return modem_ask(ask->line->modem, span_str(profile->balance_ussd),
		MODEM_SEARCH, profile->timeout_ms, on_result, ask);
}

int
balance_ask(
	struct balance *balance, struct line *line, balance_fn *fn, void *ctx)
{
	if (!has_a_way(line))
		return -ENOTSUP;
	if (line->busy || modem_info(line->modem)->state != MODEM_READY)
		return -EBUSY;
	if (!is_left_today(balance, line))
		return -EDQUOT;
	int rc = count_request(balance, line);
	if (rc != 0)
		return rc;
	struct ask *ask = new_ask(balance, line);
	rc = begin(ask);
	if (rc != 0) {
		free_ask(ask);
		return rc;
	}
	ask->fn = fn;
	ask->ctx = ctx;
	balance->asks = ask;
	line->busy = true;
	return 0;
}

void
balance_forget(struct balance *balance, void *ctx)
{
	for (struct ask *ask = balance->asks; ask; ask = ask->next)
		if (ask->ctx == ctx)
			ask->fn = NULL;
}

struct balance *
balance_new(
	struct loop *loop, struct turn *turn, const struct fleet_idle *on_idle)
{
	struct balance *balance = calloc(1, sizeof(*balance));
	if (!balance)
		abort();
	*balance = (struct balance){
		.loop = loop, .turn = turn, .on_idle = *on_idle};
	return balance;
}

void
balance_free(struct balance *balance)
{
	if (!balance)
		return;
	while (balance->asks) {
		struct ask *ask = balance->asks;
		balance->asks = ask->next;
		free_ask(ask);
	}
	balance_text_free_debts(balance);
	free(balance);
}
