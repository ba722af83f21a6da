/*
 * trade: see trade.h. It must never do what agent/topupd.c does not do.
 */
#include "tests/virtual/trade.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/balance.h"
#include "agent/dialogue.h"
#include "agent/follow_up.h"
#include "agent/loop.h"
#include "agent/message.h"
#include "agent/redeem.h"
#include "agent/sentry.h"
#include "agent/turn.h"

enum { FIRST_ROW = 2, SAYINGS = 64, SAYING_MAX = 256 };

/* Rules borrow their texts. */
static char sayings[SAYINGS][2][SAYING_MAX];
static size_t said;

static void
on_line(void *ctx, struct line *line)
{
	struct trade *t = ctx;
	(void)line;
	if (t->dispatch)
		dispatch_kick(t->dispatch);
}

static void
on_push(void *ctx, struct line *line, struct span text)
{
	struct trade *t = ctx;
	sentry_on_text(t->sentry, line, text);
}

static int
on_sms(void *ctx, struct line *line, const struct modem_message *sms)
{
	struct trade *t = ctx;
	const struct message_parts parts = {.loop = t->shop.loop,
		.turn = t->shop.turn,
		.vault = t->shop.purse->vault,
		.balance = t->balance,
		.on_idle = {.ctx = t, .fn = on_line}};
	return message_on_sms(&parts, line, sms);
}

static void
add_modem(struct trade *t, const char *name, const char *port)
{
	trade_answer(port, "*121*", TRADE_LOADED);
	trade_answer(port, "*123#", TRADE_BALANCE);
	shop_modem(&t->shop, name, port, "simtel");
}

void
trade_init(struct trade *t, struct purse *p, const char *profile)
{
	struct fleet_hooks hooks = {.ctx = t,
		.on_change = on_line,
		.on_push = on_push,
		.on_sms = on_sms};
	struct fleet_idle idle = {.ctx = t, .fn = on_line};
	struct shop *s = &t->shop;
	memset(t, 0, sizeof(*t));
	said = 0;
	shop_init(s, p, &hooks);
	shop_operator(s, "simtel", profile);
	t->balance = balance_new(s->loop, s->turn, &idle);
	t->dialogue = dialogue_new(s->loop, s->turn, s->fleet, &idle);
	t->redeem = redeem_new(s->loop, s->turn, p->vault, &idle);
	t->follow_up = follow_up_new(s->loop, s->turn, &idle);
	struct sentry_parts sentry = {.loop = s->loop,
		.turn = s->turn,
		.balance = t->balance,
		.on_idle = idle};
	t->sentry = sentry_new(&sentry);
	struct dispatch_parts parts = {.loop = s->loop,
		.turn = s->turn,
		.fleet = s->fleet,
		.redeem = t->redeem,
		.balance = t->balance,
		.sentry = t->sentry,
		.follow_up = t->follow_up};
	t->dispatch = dispatch_new(&parts);
	trade_add(t, 0);
}

const char *
trade_name(unsigned i)
{
	static const char *const names[TRADE_LINES] = {
		"a", "b", "c", "d", "e", "f", "g", "h"};
	assert_true(i < TRADE_LINES);
	return names[i];
}

const char *
trade_port(unsigned i)
{
	static const char *const ports[TRADE_LINES] = {SHOP_PORT_A, SHOP_PORT_B,
		"/dev/c", "/dev/d", "/dev/e", "/dev/f", "/dev/g", "/dev/h"};
	assert_true(i < TRADE_LINES);
	return ports[i];
}

void
trade_add(struct trade *t, unsigned i)
{
	char imsi[24], iccid[24]; /* of "a" and "b": SIM 1 and SIM 2 */
	(void)snprintf(imsi, sizeof(imsi), "0010100000000%u%u", i + 1, i + 1);
	(void)snprintf(
		iccid, sizeof(iccid), "89000000000000000%u%u", i + 1, i + 1);
	virtual_plug(trade_port(i), imsi, iccid);
	add_modem(t, trade_name(i), trade_port(i));
}

void
trade_add_b(struct trade *t)
{
	trade_add(t, 1);
}

void
trade_fini(struct trade *t)
{
	dispatch_free(t->dispatch);
	follow_up_free(t->follow_up);
	redeem_free(t->redeem);
	sentry_free(t->sentry);
	dialogue_free(t->dialogue);
	balance_free(t->balance);
	shop_fini(&t->shop);
}

void
trade_open(struct trade *t)
{
	shop_apply(&t->shop);
	shop_run_to(&t->shop, "a", MODEM_READY);
}

void
trade_open_all(struct trade *t, unsigned lines)
{
	shop_apply(&t->shop);
	for (unsigned i = 0; i < lines; i++)
		shop_run_to(&t->shop, trade_name(i), MODEM_READY);
}

void
trade_restart(struct trade *t, const char *profile)
{
	struct purse *p = t->shop.purse;
	trade_fini(t);
	purse_close(p);
	purse_open(p);
	trade_init(t, p, profile);
}

void
trade_answer(const char *port, const char *code, const char *text)
{
	assert_true(said < SAYINGS);
	char *when = sayings[said][0], *then = sayings[said][1];
	said++;
	(void)snprintf(when, SAYING_MAX, "AT+CUSD=1,\"%s", code);
	if (text)
		(void)snprintf(
			then, SAYING_MAX, "\r\n+CUSD: 0,\"%s\",15\r\n", text);
	fakewire_rule(
		virtual_wire(port), (struct fakewire_rule){.when = when,
					    .say = "\r\nOK\r\n",
					    .then = text ? then : NULL,
					    .then_after_ms = TRADE_ANSWER_MS});
}

struct trade_batch
trade_batch(struct trade *t, unsigned rows, trade_tweak *tweak)
{
	struct purse *p = t->shop.purse;
	struct trade_batch b = {.id = purse_open_batch(p)};
	b.first = p->serial + 1;
	for (unsigned i = 0; i < rows; i++) {
		struct ledger_op row = purse_row(p, b.id, i + FIRST_ROW);
		if (tweak)
			tweak(&row.u.batch_row, i);
		purse_must(p, &row);
	}
	struct ledger_op accept = purse_op(p, LEDGER_BATCH_ACCEPT);
	accept.u.batch_accept.batch = b.id;
	trade_act(t, &accept);
	return b;
}

int64_t
trade_card(struct trade *t, const struct trade_batch *b, unsigned i)
{
	return purse_voucher(t->shop.purse, b->id, i + FIRST_ROW);
}

static const char *
pin_of(const struct trade_batch *b, unsigned i)
{
	static char digits[16];
	(void)snprintf(digits, sizeof(digits), "77%012u", b->first + i);
	return digits;
}

unsigned
trade_dialled(const char *port, const struct trade_batch *b, unsigned i)
{
	return fakewire_count(virtual_wire(port), pin_of(b, i));
}

size_t
trade_place(const char *port, const struct trade_batch *b, unsigned i)
{
	const struct fakewire *wire = virtual_wire(port);
	const char *at = strstr(wire->written, pin_of(b, i));
	assert_non_null(at);
	return (size_t)(at - wire->written);
}

unsigned
trade_codes(const char *port, const char *code)
{
	char command[64];
	(void)snprintf(command, sizeof(command), "AT+CUSD=1,\"%s", code);
	return fakewire_count(virtual_wire(port), command);
}

void
trade_expect(struct trade *t, const struct trade_batch *b, unsigned i,
	enum voucher_state state, const char *reason)
{
	struct purse_card card = purse_card(t->shop.purse, trade_card(t, b, i));
	assert_string_equal(
		voucher_state_name(card.state), voucher_state_name(state));
	assert_string_equal(card.reason, reason);
}

void
trade_run(struct trade *t, int64_t ms)
{
	virtual_run(t->shop.loop, ms);
}

void
trade_act(struct trade *t, const struct ledger_op *op)
{
	purse_must(t->shop.purse, op);
	dispatch_kick(t->dispatch);
}

void
trade_pause(struct trade *t, const char *modem, bool on)
{
	struct ledger_op op = purse_op(t->shop.purse, LEDGER_PAUSE);
	(void)snprintf(op.u.pause.modem, LEDGER_NAME_MAX, "%s", modem);
	op.u.pause.on = on;
	trade_act(t, &op);
}

void
trade_unlock(struct trade *t, const char *modem)
{
	struct ledger_op op = purse_op(t->shop.purse, LEDGER_UNLOCK);
	(void)snprintf(op.u.unlock.iccid, LEDGER_NAME_MAX, "%s",
		line_iccid(shop_line(&t->shop, modem)));
	(void)snprintf(op.u.unlock.account, LEDGER_TARGET_MAX, "%s",
		shop_line(&t->shop, modem)->account);
	(void)snprintf(op.u.unlock.modem, LEDGER_NAME_MAX, "%s", modem);
	trade_act(t, &op);
}

void
trade_unlock_number(struct trade *t, const char *number)
{
	struct ledger_op op = purse_op(t->shop.purse, LEDGER_UNLOCK);
	(void)snprintf(op.u.unlock.account, LEDGER_TARGET_MAX, "%s", number);
	trade_act(t, &op);
}

void
trade_release(struct trade *t, const struct trade_batch *b)
{
	struct ledger_op op = purse_op(t->shop.purse, LEDGER_BATCH_MOVE);
	op.u.batch_move.batch = b->id;
	op.u.batch_move.event = VOUCHER_RELEASE;
	trade_act(t, &op);
}

struct line_status
trade_status(struct trade *t, const char *modem)
{
	struct line_status status;
	memset(&status, 0x5a, sizeof(status)); /* all of it is set */
	dispatch_line_status(t->dispatch, shop_line(&t->shop, modem), &status);
	return status;
}

void
trade_push(struct trade *t, const char *port, const char *text)
{
	char line[300];
	(void)snprintf(line, sizeof(line), "\r\n+CUSD: 0,\"%s\",15\r\n", text);
	fakewire_say(virtual_wire(port), line, 0);
	trade_run(t, SECOND);
}

struct search {
	const char *event;
	char note[LEDGER_TEXT_MAX];
	unsigned count;
};

static bool
on_entry(void *ctx, const struct ledger_audit *a)
{
	struct search *s = ctx;
	if (strcmp(a->event, s->event) != 0)
		return true;
	(void)snprintf(s->note, sizeof(s->note), "%s", a->note);
	s->count++;
	return true;
}

/* The last note of that event; "" when there is none. */
static const char *
noted(struct trade *t, const char *event)
{
	static struct search s;
	struct ledger_audit_filter all = {.after = 0};
	s = (struct search){.event = event};
	assert_int_equal(turn_commit(t->shop.turn), 0);
	assert_int_equal(
		ledger_each_audit(t->shop.purse->ledger, &all, on_entry, &s),
		0);
	return s.note;
}

void
trade_assert_noted(struct trade *t, const char *event, const char *what)
{
	const char *note = noted(t, event);
	if (!strstr(note, what))
		fail_msg("%s: '%s' has no '%s'", event, note, what);
}

bool
trade_is_fenced(struct trade *t, const char *modem)
{
	return fence_is_up(&shop_line(&t->shop, modem)->fence);
}

struct trade_batch
trade_unanswered(struct trade *t, struct purse *p, const char *profile)
{
	trade_init(t, p, profile);
	trade_answer(SHOP_PORT_A, "*121*", NULL);
	trade_open(t);
	struct trade_batch b = trade_batch(t, 2, NULL);
	trade_run(t, 20 * SECOND);
	assert_int_equal(trade_dialled(SHOP_PORT_A, &b, 0), 1);
	assert_int_equal(trade_codes(SHOP_PORT_A, "*123#"), 1);
	trade_answer(SHOP_PORT_A, "*121*", TRADE_LOADED);
	return b;
}
