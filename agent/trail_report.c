/*
 * trail_report: reports/ID-NAME.csv of every batch in which nothing moves by
 * itself any more, and anew after each later settlement. A view of the
 * ledger, in slices. It must never show more of a PIN than its mask.
 */
#include "agent/trail_private.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/ledger.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/report.h"
#include "agent/spool.h"
#include "agent/turn.h"

enum {
	SLICE_ROWS = 500,
	ROUND_MAX = 64,  /* batches in a round; the next one takes others */
	PAUSE_MS = 1000, /* between two rounds */
	PAUSE_TIMES = 4, /* and at least so many times what a round took */
	FAILED_MS = 10000
};

/* A report that is owed, as it was when the round began. */
struct owed {
	int64_t batch, generation;
	char name[SPOOL_NAME_MAX];
};

/*
 * Rounds: all that is owed is written once, then comes a pause, so that a
 * batch that moves does not write its report again with every voucher.
 * 1. While a round is under way, next < count, and either file is not NULL
 *    or written is true. Otherwise count is 0.
 * 2. A round is under way, or the timer runs (waiting), or nothing was
 *    committed since.
 */
struct trail_reports {
	struct loop *loop;
	struct turn *turn;
	const struct spool *spool;
	struct loop_timer *timer;
	struct loop_idle *idle;
	bool waiting;
	bool woken; /* something was committed since the round began */
	int64_t began_ms, not_before_ms; /* of rounds */
	struct owed owed[ROUND_MAX];
	size_t count, next;
	struct spool_file *file;
	bool written;  /* the report is out, the ledger does not know yet */
	int64_t after; /* the last voucher written */
	int64_t rows;  /* in this slice */
	int rc;
};

/* ---- one row ----------------------------------------------------------- */

enum {
	ROW,
	SERIAL,
	PIN_MASKED,
	OPERATOR,
	AMOUNT,
	TARGET,
	STATE,
	REASON,
	CREDITED,
	MODEM,
	ATTEMPTS,
	FINISHED_AT,
	REPLY,
	CELLS
};

/* What settled a card that its own answer had not, in a word for people: a
 * credit that somebody doubts can then be found (contract, Evidence). */
static const struct {
	const char *by, *say;
} evidences[] = {
	{"late_answer", "by late answer"},
	{"sms", "by SMS"},
	{"proof", "by proof"},
	{"balance", "by balance"},
};

static bool
on_attempt(void *ctx, const struct ledger_attempt *a)
{
	const char **say = ctx;
	for (size_t i = 0; i < sizeof(evidences) / sizeof(evidences[0]); i++)
		if (strcmp(a->by, evidences[i].by) == 0)
			*say = evidences[i].say;
	return true;
}

/* The reason of a loaded card is the evidence that it was; "" for its own
 * answer. */
static const char *
reason_of(struct trail_reports *reports, const struct ledger_voucher *v)
{
	const char *say = "";
	if (v->state != VOUCHER_LOADED)
		return v->reason;
	reports->rc = ledger_each_attempt(
		turn_ledger(reports->turn), v->id, on_attempt, &say);
	return say;
}

static int
write_row(struct spool_file *file, const struct ledger_voucher *v,
	const char *reason)
{
	char line[REPORT_ROW_MAX], row[16], attempts[16];
	char amount[MONEY_TEXT_MAX], credited[MONEY_TEXT_MAX];
	char finished[REPORT_TIME_MAX];
	struct span cells[CELLS];
	size_t len = 0;
	int rc;

	(void)snprintf(row, sizeof(row), "%u", v->row);
	(void)snprintf(attempts, sizeof(attempts), "%u", v->attempts);
	money_print(v->amount_minor, v->decimals, amount);
	money_print(v->credited_minor, v->decimals, credited);
	report_time(v->finished_wall_ms, finished);
	cells[ROW] = span_str(row);
	cells[SERIAL] = span_str(v->serial);
	cells[PIN_MASKED] = span_str(v->masked);
	cells[OPERATOR] = span_str(v->operator);
	cells[AMOUNT] = span_str(amount);
	cells[TARGET] = span_str(v->target);
	cells[STATE] = span_str(voucher_state_name(v->state));
	cells[REASON] = span_str(reason);
	cells[CREDITED] = span_str(credited);
	cells[MODEM] = span_str(v->modem);
	cells[ATTEMPTS] = span_str(attempts);
	cells[FINISHED_AT] = span_str(finished);
	cells[REPLY] = span_str(v->reply);
	rc = report_row(cells, CELLS, line, sizeof(line), &len);
	return rc == 0 ? spool_file_write(file, line, len) : rc;
}

static bool
on_voucher(void *ctx, const struct ledger_voucher *v)
{
	struct trail_reports *reports = ctx;

	reports->after = v->id;
	reports->rows++;
	const char *reason = reason_of(reports, v);
	if (reports->rc == 0)
		reports->rc = write_row(reports->file, v, reason);
	return reports->rc == 0;
}

/* ---- one report -------------------------------------------------------- */

static void
wait_until(struct trail_reports *reports, int64_t at_ms)
{
	reports->waiting = true;
	loop_timer_at(reports->timer, at_ms);
}

static void
end_round(struct trail_reports *reports)
{
	int64_t now_ms = loop_now_ms(reports->loop);
	bool was_full = reports->count == ROUND_MAX;

	reports->count = reports->next = 0;
	reports->not_before_ms =
		now_ms + PAUSE_MS + PAUSE_TIMES * (now_ms - reports->began_ms);
	if (reports->woken || was_full)
		wait_until(reports, reports->not_before_ms);
}

/* A report is a view: nothing is lost, it is written later. */
static void
give_up(struct trail_reports *reports, int rc)
{
	log_line(LOG_AT_ERROR, "trail batch=%lld report is not written: %s",
		(long long)reports->owed[reports->next].batch, strerror(-rc));
	reports->count = reports->next = 0;
	wait_until(reports, loop_now_ms(reports->loop) + FAILED_MS);
}

static void
begin_report(struct trail_reports *reports)
{
	reports->after = 0;
	reports->file = spool_file_new(reports->spool, SPOOL_REPORTS,
		reports->owed[reports->next].name);
	if (!reports->file) {
		give_up(reports, -errno);
		return;
	}
	(void)spool_file_write(reports->file, REPORT_HEADER,
		strlen(REPORT_HEADER)); /* commit tells a failure */
	/* The first slice follows at the end of this turn. */
}

/* In a turn of its own: the report is on disk, now the ledger may say so. */
static void
on_idle(void *ctx)
{
	struct trail_reports *reports = ctx;
	const struct owed *owed = &reports->owed[reports->next];
	struct ledger_op op = turn_op(reports->turn, LEDGER_BATCH_REPORTED);

	if (!reports->written)
		return; /* it only kept the loop awake for the next slice */
	reports->written = false;
	/* Of the generation seen before the first row: what was settled
	 * meanwhile makes the report owed again. */
	op.u.batch_ref.batch = owed->batch;
	op.u.batch_ref.generation = owed->generation;
	turn_must(reports->turn, &op);
	if (++reports->next < reports->count)
		begin_report(reports);
	else
		end_round(reports);
}

/* By number: rows were stored in the order of the file, and the ledger goes
 * on after a number without a look at what is before it. */
static int
write_slice(struct trail_reports *reports)
{
	struct ledger_voucher_filter filter = {
		.batch = reports->owed[reports->next].batch,
		.state = -1,
		.after = reports->after,
		.limit = SLICE_ROWS};
	int rc;

	reports->rows = 0;
	reports->rc = 0;
	rc = ledger_each_voucher(
		turn_ledger(reports->turn), &filter, on_voucher, reports);
	return rc == 0 ? reports->rc : rc;
}

void
trail_reports_step(struct trail_reports *reports)
{
	int rc;

	if (!reports->file)
		return;
	rc = write_slice(reports);
	if (rc == 0 && reports->rows == SLICE_ROWS) {
		loop_idle_once(reports->idle);
		return;
	}
	if (rc == 0)
		rc = spool_file_commit(reports->file);
	else
		spool_file_abort(reports->file);
	reports->file = NULL;
	if (rc != 0) {
		give_up(reports, rc);
		return;
	}
	reports->written = true;
	loop_idle_once(reports->idle);
}

/* ---- rounds ------------------------------------------------------------ */

static bool
on_owed(void *ctx, const struct ledger_batch *b)
{
	struct trail_reports *reports = ctx;
	struct owed *owed = &reports->owed[reports->count++];
	char name[SPOOL_NAME_MAX];
	const char *dot = strrchr(b->name, '.');

	owed->batch = b->id;
	owed->generation = b->generation;
	(void)span_copy(name, sizeof(name),
		span_of(b->name,
			dot ? (size_t)(dot - b->name) : strlen(b->name)));
	spool_name(b->id, name, ".csv", owed->name);
	return reports->count < ROUND_MAX;
}

static void
begin_round(struct trail_reports *reports)
{
	int rc;

	reports->woken = false;
	reports->began_ms = loop_now_ms(reports->loop);
	rc = ledger_each_batch_due(turn_ledger(reports->turn),
		LEDGER_DUE_REPORT, on_owed, reports);
	if (rc != 0)
		reports->count = 0; /* comes again with the next commit */
	if (reports->count > 0)
		begin_report(reports);
	else
		end_round(reports);
}

static void
on_timer(void *ctx)
{
	struct trail_reports *reports = ctx;

	reports->waiting = false;
	begin_round(reports);
}

void
trail_reports_wake(struct trail_reports *reports)
{
	int64_t now_ms = loop_now_ms(reports->loop);

	reports->woken = true;
	if (reports->waiting || reports->count > 0)
		return;
	wait_until(reports, reports->not_before_ms > now_ms
				    ? reports->not_before_ms
				    : now_ms);
}

struct trail_reports *
trail_reports_new(
	struct loop *loop, struct turn *turn, const struct spool *spool)
{
	struct trail_reports *reports = calloc(1, sizeof(*reports));

	if (!reports)
		abort(); /* out of memory while starting */
	reports->loop = loop;
	reports->turn = turn;
	reports->spool = spool;
	reports->timer = loop_timer_new(loop, on_timer, reports);
	reports->idle = loop_idle_new(loop, on_idle, reports);
	/* What the last life owed. */
	wait_until(reports, loop_now_ms(loop));
	return reports;
}

void
trail_reports_free(struct trail_reports *reports)
{
	if (!reports)
		return;
	spool_file_abort(reports->file);
	loop_timer_free(reports->timer);
	loop_idle_free(reports->idle);
	free(reports);
}
