/*
 * balance: one request at a time on a line; the answer is a reading in the
 * ledger, and nothing more: it never settles a voucher here.
 */
#include "agent/balance.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/late.h"
#include "agent/loop.h"
#include "agent/mask.h"
#include "agent/turn.h"

/* One request under way. */
struct ask {
	struct balance *balance;
	struct line *line;
	struct profile *profile; /* the one it began with; counted */
	balance_fn *fn;
	void *ctx;
	struct ask *next;
};

struct balance {
	struct loop *loop;
	struct turn *turn;
	struct fleet_idle on_idle;
	struct ask *asks;
};

int64_t
balance_told(
	const struct profile *profile, const struct classify_groups *groups)
{
	int64_t minor;
	if (groups->balance[0] == '\0' ||
		money_parse(span_str(groups->balance), profile->number_format,
			profile->decimals, &minor) != 0)
		return MONEY_NONE;
	return minor;
}

static bool
takes_pin(const void *profile, struct span digits)
{
	return profile_takes_pin(profile, digits);
}

static void
store(struct ask *ask, int64_t minor, struct span text)
{
	struct ledger_op op = turn_op(ask->balance->turn, LEDGER_BALANCE);
	struct ledger_balance *b = &op.u.balance;
	(void)span_copy(
		b->modem, sizeof(b->modem), span_str(ask->line->config.name));
	(void)span_copy(
		b->iccid, sizeof(b->iccid), span_str(line_iccid(ask->line)));
	(void)span_copy(b->currency, sizeof(b->currency),
		span_str(ask->profile->currency));
	b->minor = minor;
	b->decimals = ask->profile->decimals;
	mask_text(text, span_str(""), takes_pin, ask->profile, b->reply,
		sizeof(b->reply));
	turn_must(ask->balance->turn, &op);
}

static const char *
failure(enum modem_cause cause)
{
	switch (cause) {
	case MODEM_TEXT:
		return "the answer tells no balance (see [balance] reply)";
	case MODEM_NO_ANSWER:
		return "the operator did not answer the balance request";
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

/* Tells the waiter and the line, and forgets the request. */
static void
finish(struct ask *ask, const struct balance_answer *answer)
{
	struct balance *balance = ask->balance;
	struct line *line = ask->line;
	line->busy = false;
	pace_line(line, answer->ok, loop_now_ms(balance->loop));
	if (!answer->ok)
		(void)span_copy(line->last_error, sizeof(line->last_error),
			span_str(answer->error));
	unlink_ask(ask);
	if (ask->fn)
		ask->fn(ask->ctx, answer);
	profile_unref(ask->profile);
	free(ask);
	balance->on_idle.fn(balance->on_idle.ctx, line);
}

/*
 * A text with a card's verdict answers no balance request: it is an earlier
 * attempt's, come late (contract, The fence), even where it tells a balance.
 * The answer to this request is then still to come.
 */
static bool
is_late(const struct classify_result *read)
{
	return read->verdict == VERDICT_LOADED ||
	       read->verdict == VERDICT_PENDING ||
	       (verdict_is_refusal(read->verdict) && !read->balance_matched);
}

/* What the text of an answer tells: MONEY_NONE where it is no reading. */
static int64_t
reading(struct ask *ask, struct span text)
{
	struct classify_result read;
	classifier_read(ask->profile->reply, text, &read);
	if (!is_late(&read))
		return balance_told(ask->profile, &read.groups);
	int64_t now_ms = loop_now_ms(ask->balance->loop);
	late_text(ask->balance->turn, ask->line, text, now_ms);
	line_doubt(ask->line, now_ms);
	return MONEY_NONE;
}

static void
on_result(void *ctx, const struct modem_result *result)
{
	struct ask *ask = ctx;
	struct balance_answer answer = {.minor = MONEY_NONE,
		.decimals = ask->profile->decimals,
		.currency = ask->profile->currency,
		.at_wall_ms = loop_wall_ms(),
		.error = failure(result->cause)};
	if (result->open)
		modem_end(ask->line->modem);
	/* Its answer may still come, and must not meet a PIN. */
	if (result->fate == MODEM_MAYBE_SENT)
		line_doubt(ask->line, loop_now_ms(ask->balance->loop));
	if (result->cause == MODEM_TEXT)
		answer.minor = reading(ask, result->text);
	if (answer.minor != MONEY_NONE) {
		answer.ok = true;
		answer.error = "";
		store(ask, answer.minor, result->text);
	}
	finish(ask, &answer);
}

int
balance_ask(
	struct balance *balance, struct line *line, balance_fn *fn, void *ctx)
{
	struct profile *profile = line->profile;
	if (!profile || profile->balance_ussd[0] == '\0')
		return -ENOTSUP;
	if (line->busy)
		return -EBUSY;
	struct ask *ask = calloc(1, sizeof(*ask));
	if (!ask)
		abort();
	*ask = (struct ask){.balance = balance,
		.line = line,
		.fn = fn,
		.ctx = ctx,
		.next = balance->asks};
	int rc = modem_ask(line->modem, span_str(profile->balance_ussd),
		MODEM_SEARCH, profile->timeout_ms, on_result, ask);
	if (rc != 0) {
		free(ask);
		return rc;
	}
	ask->profile = profile_ref(profile);
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
		profile_unref(ask->profile);
		free(ask);
	}
	free(balance);
}
