/*
 * control_tally: how far a batch is, or all there is, from what is on disk.
 * Changes nothing.
 */
#include "agent/control_tally.h"

#include <string.h>

#include "agent/control_shape.h"
#include "agent/intake.h"
#include "agent/json.h"
#include "agent/spool.h"

static bool
take_counts(void *ctx, const struct ledger_batch *b)
{
	struct control_tally *tally = ctx;
	memcpy(tally->counts, b->counts, sizeof(tally->counts));
	tally->owed = b->finished_wall_ms != 0 && b->generation > b->reported;
	return false;
}

static bool
take_owed(void *ctx, const struct ledger_batch *b)
{
	struct control_tally *tally = ctx;
	(void)b; /* that there is one is all */
	tally->owed = true;
	return false;
}

int64_t
control_tally_moving(const struct control_tally *tally)
{
	return tally->counts[VOUCHER_READY] + tally->counts[VOUCHER_DIALING] +
	       tally->counts[VOUCHER_PENDING];
}

int64_t
control_tally_left_open(const struct control_tally *tally)
{
	return tally->counts[VOUCHER_HELD] + tally->counts[VOUCHER_UNKNOWN];
}

void
control_tally_take(struct client *client, struct control_tally *tally)
{
	const struct control_parts *parts = &client->control->parts;
	struct ledger *ledger = client->control->ledger;
	memset(tally, 0, sizeof(*tally));
	/* A disk that cannot be read shows nothing done: it goes on. */
	if (client->u.wait.what == CLIENT_WAIT_BATCH) {
		if (ledger_each_batch(ledger, client->u.wait.batch, take_counts,
			    tally) != 0)
			tally->files = true;
		return;
	}
	if (ledger_counts(ledger, tally->counts) != 0)
		tally->files = true;
	/* The folder is looked at only where it decides. */
	if (control_tally_moving(tally) > 0 || tally->files)
		return;
	/* One that cannot be read owes nothing that a person could see. */
	(void)ledger_each_batch_due(
		ledger, LEDGER_DUE_REPORT, take_owed, tally);
	tally->files = intake_is_busy(parts->intake) ||
	               spool_has_incoming(parts->spool);
}

struct json *
control_tally_shape(
	const struct client *client, const struct control_tally *tally)
{
	const struct client_wait *wait = &client->u.wait;
	int64_t total = 0;
	for (int i = 0; i < VOUCHER_STATES; i++)
		total += tally->counts[i];
	struct json *o = json_new_object();
	if (wait->batch != 0)
		json_put_number(o, "batch", wait->batch);
	if (wait->goes_on) {
		json_put_number(o, "rows", wait->rows);
		json_put_number(o, "bad_rows", wait->faults);
		json_put(o, "first_bad_rows",
			shape_faults(client->control, wait->batch,
				wait->faults > 0 ? CONTROL_FAULTS_SHOWN : 0));
	}
	json_put_number(o, "total", total);
	json_put_number(o, "done", total - control_tally_moving(tally));
	json_put(o, "counts", shape_counts(tally->counts));
	return o;
}
