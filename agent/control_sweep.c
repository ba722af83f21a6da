/*
 * control_sweep: what a person does with a whole batch, in slices, so that a
 * million cards keep no modem waiting. Each slice is an operation with its
 * audit entry; an act that was begun goes on when its client has left.
 */
#include "agent/control_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/dispatch.h"
#include "agent/json.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/turn.h"

/* Acts that may wait for others: who asks and leaves could queue any number,
 * and a hold in need would wait behind them all. An admin's always may. */
enum { WAITING_MAX = 16 };

struct sweep {
	struct sweep *next;
	struct control *control;
	struct client *client; /* NULL: he has left */
	int64_t batch, after, moved;
	enum voucher_event event;
	char reason[LEDGER_NAME_MAX], who[LEDGER_NAME_MAX];
	char nothing[512];
};

static void
answer(struct sweep *sweep)
{
	struct client *client = sweep->client;
	if (client == NULL)
		return;
	struct json *done = json_new_object();
	json_put_number(done, "batch", sweep->batch);
	json_put_number(done, "moved", sweep->moved);
	if (sweep->moved == 0)
		json_put_text(done, "why", sweep->nothing);
	client_done(client, done, CONTROL_DONE);
}

static void
fail(const struct sweep *sweep)
{
	const char *why = ledger_error(sweep->control->ledger);
	log_line(LOG_AT_ERROR, "control batch=%lld %s stopped moved=%lld: %s",
		(long long)sweep->batch, voucher_event_name(sweep->event),
		(long long)sweep->moved, why);
	if (sweep->client == NULL)
		return;
	if (sweep->moved == 0)
		client_fail(sweep->client, CONTROL_REFUSED,
			"the ledger cannot be written: %s", why);
	else
		client_fail(sweep->client, CONTROL_REFUSED,
			"the ledger cannot be written (%s): it was done for "
			"%lld vouchers, do it again for the rest",
			why, (long long)sweep->moved);
}

/* Whether there is more. */
static bool
do_slice(struct sweep *sweep)
{
	struct control *control = sweep->control;
	struct ledger_op op = turn_op(control->parts.turn, LEDGER_BATCH_MOVE);
	struct ledger_batch_move *m = &op.u.batch_move;
	struct ledger_result result = {0};
	m->batch = sweep->batch;
	m->event = sweep->event;
	m->in_slices = true;
	m->after = sweep->after;
	(void)span_copy(m->reason, sizeof(m->reason), span_str(sweep->reason));
	(void)span_copy(op.who, sizeof(op.who), span_str(sweep->who));
	if (turn_try(control->parts.turn, &op, &result) != 0) {
		fail(sweep);
		return false;
	}
	sweep->moved += result.count;
	sweep->after = result.after;
	dispatch_kick(control->parts.dispatch);
	if (result.after == 0)
		answer(sweep);
	return result.after != 0;
}

static void
on_slice(void *ctx)
{
	struct control *control = ctx;
	struct sweep *sweep = control->sweeps;
	if (!do_slice(sweep)) {
		control->sweeps = sweep->next;
		free(sweep);
	}
	if (control->sweeps != NULL)
		loop_idle_once(control->sweep_idle);
}

/* It is answered by the slices. */
static void
step_wait(struct client *client)
{
	(void)client;
}

static void
queue(struct control *control, struct sweep *sweep)
{
	struct sweep **link = &control->sweeps;
	while (*link != NULL)
		link = &(*link)->next;
	*link = sweep;
	if (control->sweep_idle == NULL)
		control->sweep_idle =
			loop_idle_new(control->parts.loop, on_slice, control);
	loop_idle_once(control->sweep_idle);
}

static bool
may_wait(const struct client *client)
{
	size_t waiting = 0;
	for (const struct sweep *s = client->control->sweeps; s != NULL;
		s = s->next)
		waiting++;
	return client->admin || waiting < WAITING_MAX;
}

void
control_sweep_begin(struct client *client, const struct control_sweep *act)
{
	if (!may_wait(client)) {
		client_fail(client, CONTROL_REFUSED,
			"%d acts on whole batches are waiting already: ask "
			"again in a minute (`topupctl pause` stops all "
			"dialling at once)",
			WAITING_MAX);
		return;
	}
	struct sweep *sweep = calloc(1, sizeof(*sweep));
	if (sweep == NULL)
		abort();
	sweep->control = client->control;
	sweep->client = client;
	sweep->batch = act->batch;
	sweep->event = act->event;
	(void)span_copy(sweep->reason, sizeof(sweep->reason),
		span_str(act->reason)); /* fits */
	(void)span_copy(sweep->who, sizeof(sweep->who), span_str(client->who));
	(void)snprintf(
		sweep->nothing, sizeof(sweep->nothing), "%s", act->nothing);
	/* One act after another: a hold, then its release. */
	if (client->control->sweeps == NULL && !do_slice(sweep)) {
		free(sweep);
		return;
	}
	client->step = step_wait;
	queue(client->control, sweep);
}

void
control_sweep_forget(const struct client *client)
{
	for (struct sweep *s = client->control->sweeps; s != NULL; s = s->next)
		if (s->client == client)
			s->client = NULL;
}

void
control_sweep_end(struct control *control)
{
	while (control->sweeps != NULL) {
		struct sweep *sweep = control->sweeps;
		control->sweeps = sweep->next;
		log_line(LOG_AT_WARNING,
			"control batch=%lld %s is not done moved=%lld: the "
			"daemon ends",
			(long long)sweep->batch,
			voucher_event_name(sweep->event),
			(long long)sweep->moved);
		free(sweep);
	}
	if (control->sweep_idle != NULL)
		loop_idle_free(control->sweep_idle);
}
