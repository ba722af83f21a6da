/*
 * balance_text: the balance asked by a text, and the message that answers. It
 * must never take for a reading what may have been told before something else
 * moved the balance.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/balance_private.h"
#include "agent/fit.h"
#include "agent/loop.h"
#include "agent/turn.h"

/* ---- what may still be answered ----------------------------------------- */

/*
 * A cursor of the SIM: when the latest text went out that may still be
 * answered, by the daemon's own time; 0: none. It outlives us.
 */
static void
name_cursor(const char *iccid, char out[LEDGER_NAME_MAX])
{
	(void)snprintf(out, LEDGER_NAME_MAX, "balance_text:%.40s", iccid);
}

static struct ledger_op
cursor_op(struct balance *balance, const char *iccid, int64_t ran_ms)
{
	struct ledger_op op = turn_op(balance->turn, LEDGER_CURSOR);
	name_cursor(iccid, op.u.cursor.name);
	op.u.cursor.seq = ran_ms;
	return op;
}

static int64_t
ran_ms(const struct balance *balance)
{
	return turn_now(balance->turn).ran_ms;
}

static struct balance_debt *
add_debt(struct balance *balance, const char *iccid)
{
	char name[LEDGER_NAME_MAX];
	struct balance_debt *debt = calloc(1, sizeof(*debt));
	if (!debt)
		abort();
	(void)span_copy(debt->iccid, sizeof(debt->iccid), span_str(iccid));
	name_cursor(iccid, name);
	debt->last_ran_ms = ledger_cursor(turn_ledger(balance->turn), name);
	debt->count = debt->last_ran_ms != 0;
	debt->next = balance->debts;
	balance->debts = debt;
	return debt;
}

/* Of that SIM; after a day no answer comes any more. */
static struct balance_debt *
debt_of(struct balance *balance, const char *iccid)
{
	struct balance_debt *debt = balance->debts;
	while (debt && strcmp(debt->iccid, iccid) != 0)
		debt = debt->next;
	if (!debt)
		debt = add_debt(balance, iccid);
	if (ran_ms(balance) - debt->last_ran_ms > FIT_DAY_MS)
		debt->count = 0;
	return debt;
}

/* A text goes out. 0 or -EIO. */
static int
owe(struct ask *ask)
{
	struct balance *b = ask->balance;
	struct balance_debt *debt = debt_of(b, ask->iccid);
	struct ledger_op op = cursor_op(b, ask->iccid, ran_ms(b));
	struct ledger_touch touch;
	if (ledger_last_touch(turn_ledger(b->turn), ask->iccid, &touch) != 0 ||
		turn_try(b->turn, &op, NULL) != 0)
		return -EIO;
	if (debt->count == 0) {
		debt->known = true;
		debt->touch = touch;
		debt->sent_wall_ms = ask->began_wall_ms;
	}
	debt->count++;
	debt->last_ran_ms = ran_ms(b);
	return 0;
}

/* One of them was answered, or did not go out. */
static void
pay(struct balance *balance, struct balance_debt *debt)
{
	if (debt->count == 0 || --debt->count > 0)
		return;
	struct ledger_op op = cursor_op(balance, debt->iccid, 0);
	turn_must(balance->turn, &op);
}

void
balance_text_free_debts(struct balance *balance)
{
	while (balance->debts) {
		struct balance_debt *debt = balance->debts;
		balance->debts = debt->next;
		free(debt);
	}
}

/* ---- the message --------------------------------------------------------- */

static struct ask *
waiting_ask(const struct balance *balance, const struct line *line)
{
	struct ask *ask = balance->asks;
	while (ask && (ask->line != line || !ask->by_text || ask->answered ||
			      strcmp(ask->iccid, line_iccid(line)) != 0))
		ask = ask->next;
	return ask;
}

/* Two clocks differ by a little; one that may be wrong says nothing. */
static bool
was_sent_after(const struct balance_message *m, int64_t wall_ms)
{
	return !loop_clock_is_trusted() ||
	       m->stamp_wall_ms >= wall_ms - FIT_GRACE_MS;
}

/*
 * Whether nothing moved the balance between the earliest text that it may
 * answer and now. What the stamp says must bear it out: it may be a message
 * that nobody asked for, told before, come now.
 */
static bool
is_reading(const struct balance *balance, const struct balance_debt *debt,
	const struct balance_message *m)
{
	struct ledger_touch now;
	if (!debt->known || !loop_clock_is_trusted() ||
		ledger_last_touch(
			turn_ledger(balance->turn), debt->iccid, &now) != 0)
		return false;
	return now.attempt == debt->touch.attempt &&
	       now.spoiled_seq == debt->touch.spoiled_seq &&
	       m->stamp_wall_ms >= now.spoiled_wall_ms + FIT_GRACE_MS;
}

static bool
tells_balance(const struct line *line, const struct balance_message *m,
	struct reading *told)
{
	if (!line->profile || !m->read->balance_matched ||
		classify_is_of_card(m->read))
		return false;
	*told = reading_of(line->profile, &m->read->groups);
	return told->minor != MONEY_NONE;
}

enum balance_use
balance_weigh_message(struct balance *balance, const struct line *line,
	const struct balance_message *m)
{
	struct reading told;
	if (!tells_balance(line, m, &told))
		return BALANCE_NOTHING;
	const struct ask *ask = waiting_ask(balance, line);
	if (!ask || !was_sent_after(m, ask->began_wall_ms))
		return BALANCE_UNASKED;
	return is_reading(balance, debt_of(balance, ask->iccid), m)
	               ? BALANCE_READING
	               : BALANCE_FOR_PEOPLE;
}

static void
pay_for(struct balance *balance, const struct line *line,
	const struct balance_message *m)
{
	struct balance_debt *debt = debt_of(balance, line_iccid(line));
	if (!debt->known || was_sent_after(m, debt->sent_wall_ms))
		pay(balance, debt);
}

void
balance_take_message(struct balance *balance, struct line *line,
	const struct balance_message *m, enum balance_use use)
{
	struct reading told;
	if (use == BALANCE_NOTHING || !tells_balance(line, m, &told))
		return;
	pay_for(balance, line, m);
	struct ask *ask = waiting_ask(balance, line);
	if (use == BALANCE_UNASKED || !ask)
		return;
	struct balance_answer answer = balance_no_answer(ask, "");
	if (use == BALANCE_READING)
		balance_read(ask, &told, m->text_utf8, &answer);
	else
		balance_told(&told, &answer);
	if (!ask->in_modem) {
		balance_finish(ask, &answer);
		return;
	}
	ask->answered = true;
	ask->answer = answer;
}

/* ---- the text ------------------------------------------------------------ */

/* A missing SMS is no open session: it starts no fence. */
static void
give_up(struct ask *ask, const char *error)
{
	struct balance_answer answer = balance_no_answer(ask, error);
	answer.owed = true;
	balance_finish(ask, &answer);
}

static void
on_timer(void *ctx)
{
	give_up(ctx, "no message told the balance within sms_timeout; without "
		     "one: [balance] before = never");
}

static void
on_sent(void *ctx, const struct modem_result *result)
{
	struct ask *ask = ctx;
	struct balance *b = ask->balance;
	ask->in_modem = false;
	if (ask->answered) {
		balance_finish(ask, &ask->answer);
	} else if (result->fate == MODEM_NOT_SENT) {
		struct balance_answer none = balance_no_answer(
			ask, "the text that asks for the balance was not sent");
		pay(b, debt_of(b, ask->iccid));
		balance_finish(ask, &none);
	} else if (result->cause == MODEM_STOPPED) {
		give_up(ask, "the modem was stopped");
	} else {
		/* Without its receipt it may be on its way all the same. */
		loop_timer_at(ask->timer,
			loop_now_ms(b->loop) + ask->profile->sms_timeout_ms);
	}
}

int
balance_text_begin(struct ask *ask)
{
	struct balance *b = ask->balance;
	const struct profile *p = ask->line->profile;
	const struct modem_sms sms = {
		span_str(p->balance_sms_to), span_str(p->balance_sms)};
	if (ask->iccid[0] == '\0')
		return -EBUSY;
	int rc = owe(ask);
	if (rc != 0)
		return rc;
	rc = modem_send_sms(
		ask->line->modem, &sms, p->timeout_ms, on_sent, ask);
	if (rc != 0) {
		pay(b, debt_of(b, ask->iccid));
		return rc;
	}
	ask->in_modem = true;
	ask->timer = loop_timer_new(b->loop, on_timer, ask);
	return 0;
}
