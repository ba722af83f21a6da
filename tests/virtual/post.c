/*
 * post: see post.h. It must never settle a card but by what a test says that
 * the network answered.
 */
#include "tests/virtual/post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/redeem.h"
#include "agent/turn.h"

enum { ROW = 2 };

#define OPERATOR                                                               \
	COUNTER_SIMTEL(COUNTER_USSD "\nsms_from = 121, SimTel\n"               \
				    "smsc = ^\\+2348\nsms_timeout = 300",      \
		"loaded = (?i)card (?<serial>\\d+) gave (?<amount>[\\d.,]+)\n" \
		"deducted = (?i)loan (?<deducted>[\\d.,]+)\n" COUNTER_BALANCE  \
		"[follow_up]\n1 = *140*1# => (?i)bundle\n")

static void
on_idle(void *ctx, struct line *line)
{
	struct post *s = ctx;
	assert_ptr_equal(line, s->line);
	s->idle++;
}

static void
on_change(void *ctx, struct line *line)
{
	(void)ctx;
	(void)line;
}

static void
on_push(void *ctx, struct line *line, struct span text_utf8)
{
	(void)text_utf8;
	on_change(ctx, line);
}

void
post_init(struct post *s, void **state)
{
	static const struct fleet_hooks none = {
		.on_change = on_change, .on_push = on_push};
	memset(s, 0, sizeof(*s));
	shop_init(&s->shop, *state, &none);
	virtual_set_trusted(true);
	shop_operator(&s->shop, "simtel", OPERATOR);
	s->line = shop_one_ready(&s->shop);
	const struct fleet_idle idle = {.ctx = s, .fn = on_idle};
	s->redeem = redeem_new(
		s->shop.loop, s->shop.turn, s->shop.purse->vault, &idle);
	s->parts = (struct message_parts){.loop = s->shop.loop,
		.turn = s->shop.turn,
		.vault = s->shop.purse->vault,
		.on_idle = idle};
	s->sender = "121";
	s->smsc = POST_CENTRE;
	s->own_smsc = POST_CENTRE;
}

void
post_fini(struct post *s)
{
	shop_fini(&s->shop);
	redeem_free(s->redeem);
}

void
post_commit(struct post *s)
{
	assert_int_equal(turn_commit(s->shop.turn), 0);
}

void
post_pass(struct post *s, int64_t ms)
{
	virtual_run(s->shop.loop, ms);
}

/* ---- cards ------------------------------------------------------------- */

const struct post_kind post_plain = {POST_CARD, "", "self"};

/* All fields of operations that are written here are as long. */
static void
put(char dst[LEDGER_NAME_MAX], const char *text)
{
	(void)snprintf(dst, LEDGER_NAME_MAX, "%s", text);
}

int64_t
post_card(struct post *s, const struct post_kind *kind)
{
	struct purse *p = s->shop.purse;
	post_commit(s);
	int64_t batch = purse_open_batch(p);
	struct ledger_op row = purse_row(p, batch, ROW);
	row.u.batch_row.amount_minor = kind->minor;
	put(row.u.batch_row.serial, kind->serial);
	put(row.u.batch_row.target, kind->target);
	purse_must(p, &row);
	(void)snprintf(s->pin, sizeof(s->pin), "77%012u", p->serial);
	struct ledger_op accept = purse_op(p, LEDGER_BATCH_ACCEPT);
	accept.u.batch_accept.batch = batch;
	purse_must(p, &accept);
	return purse_voucher(p, batch, ROW);
}

int64_t
post_dial(struct post *s, int64_t voucher, const char *target)
{
	struct ledger_op op = turn_op(s->shop.turn, LEDGER_ATTEMPT_BEGIN);
	struct ledger_attempt_begin *b = &op.u.attempt_begin;
	struct ledger_result result = {0};
	bool own = strcmp(target, "self") == 0;
	b->voucher = voucher;
	b->event = VOUCHER_DISPATCHED;
	strcpy(b->modem, "a");
	put(b->iccid, line_iccid(s->line));
	put(b->account, own ? s->line->account : target);
	put(b->follow_ups, "1 *140*1#\n");
	assert_int_equal(turn_try(s->shop.turn, &op, &result), 0);
	post_commit(s);
	post_pass(s, 1000);
	return result.id;
}

void
post_answer(struct post *s, int64_t attempt, enum verdict verdict,
	enum voucher_event event)
{
	struct ledger_op op = turn_op(s->shop.turn, LEDGER_ATTEMPT_SETTLE);
	struct ledger_attempt_settle *t = &op.u.attempt_settle;
	t->attempt = attempt;
	t->fate = LEDGER_ANSWERED;
	t->verdict = verdict;
	t->event = event;
	strcpy(t->by, "text");
	if (event == VOUCHER_REFUSED_FIRST)
		put(t->reason, verdict_name(verdict));
	if (event == VOUCHER_MAYBE_SENT) {
		t->fate = LEDGER_MAYBE_SENT;
		strcpy(t->reason, "no_answer");
	}
	turn_must(s->shop.turn, &op);
	post_commit(s);
	post_pass(s, 1000);
}

int64_t
post_dialled(
	struct post *s, const struct post_kind *kind, enum post_became became)
{
	int64_t voucher = post_card(s, kind);
	int64_t attempt = post_dial(s, voucher, kind->target);
	switch (became) {
	case POST_OPEN:
		break;
	case POST_PENDING:
		post_answer(s, attempt, VERDICT_PENDING, VOUCHER_TAKEN);
		break;
	case POST_UNKNOWN:
		post_answer(s, attempt, VERDICT_NONE, VOUCHER_MAYBE_SENT);
		break;
	case POST_CREDITED:
		post_answer(s, attempt, VERDICT_LOADED, VOUCHER_CREDITED);
		break;
	case POST_REFUSED:
		post_answer(s, attempt, VERDICT_INVALID, VOUCHER_REFUSED_FIRST);
		break;
	}
	return voucher;
}

void
post_expect(struct post *s, int64_t voucher, enum voucher_state state,
	const char *reason)
{
	struct purse_card now = purse_card(s->shop.purse, voucher);
	assert_string_equal(
		voucher_state_name(now.state), voucher_state_name(state));
	assert_string_equal(now.reason, reason);
}

/* ---- messages ---------------------------------------------------------- */

static bool
take(void *ctx, const struct ledger_message *m)
{
	struct post_letters *kept = ctx;
	kept->count++;
	kept->last = *m;
	(void)snprintf(kept->why, sizeof(kept->why), "%s", m->why);
	(void)snprintf(kept->text, sizeof(kept->text), "%s", m->text);
	return true;
}

struct post_letters
post_kept(struct post *s)
{
	static const struct ledger_message_filter all;
	struct post_letters k = {.count = 0};
	assert_int_equal(
		ledger_each_message(s->shop.purse->ledger, &all, take, &k), 0);
	return k;
}

int
post_arrive(struct post *s, const char *text)
{
	const struct message m = {.sender = s->sender,
		.smsc = s->smsc,
		.own_smsc = s->own_smsc,
		.stamp_wall_ms = s->stamp_ms ? s->stamp_ms : loop_wall_ms(),
		.text_utf8 = span_str(text)};
	int rc = message_on_arrival(&s->parts, s->line, &m);
	post_commit(s);
	return rc;
}

const char *
post_sms(struct post *s, const char *text)
{
	static struct post_letters k;
	size_t before = post_kept(s).count;
	assert_int_equal(post_arrive(s, text), 0);
	k = post_kept(s);
	assert_int_equal(k.count, before + 1);
	post_pass(s, 1000);
	return k.why;
}
