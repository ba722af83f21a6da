/*
 * turn: the operations of one turn, their one commit, and then, never
 * before, the outlets. It must never drop an operation that it took.
 */
#include "agent/turn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "agent/loop.h"

enum {
	OUTLETS_MAX = 16,
	RETRY_MS = 1000,
	/* So often the time that the daemon ran is stored when nothing
	 * else is: pauses may seem longer by that after a crash. More often
	 * would wear an SD card out for nothing. */
	RAN_MS = 600000,
	/* A list longer than this is given back after its commit. */
	KEEP_OPS = 256,
	STUCK_MAX = 256
};

/* What was taken, and the number that it was given: a replay must give the
 * same, since callers hold it. */
struct kept_op {
	struct ledger_op op;
	int64_t id;
	bool applied; /* else the disk refused it at first */
};

struct outlet {
	turn_outlet_fn *fn;
	void *ctx;
};

/*
 * 1. begun: a transaction was opened in this turn. SQLite may have ended it
 *    since; then every operation fails, and the commit too.
 * 2. broken: something in ops is not in the transaction.
 * 3. While is_stuck, nothing is begun and the loop is held.
 */
struct turn {
	struct loop *loop;
	struct ledger *ledger;
	struct loop_timer *retry, *ran;
	struct loop_idle *again;
	struct outlet outlets[OUTLETS_MAX];
	size_t outlet_count;
	struct kept_op *ops;
	size_t count, cap;
	int64_t ran_before_ms; /* in earlier lives, less the clock at start */
	bool begun, broken, is_stuck, letting_out;
	char stuck[STUCK_MAX];
};

/* ---- the list ---------------------------------------------------------- */

static void
keep(struct turn *turn, const struct ledger_op *op, int64_t id, bool applied)
{
	if (turn->count == turn->cap) {
		size_t cap = turn->cap > 0 ? 2 * turn->cap : 16;
		struct kept_op *more =
			realloc(turn->ops, cap * sizeof(*turn->ops));
		if (more == NULL)
			abort(); /* half a turn must not be committed */
		turn->ops = more;
		turn->cap = cap;
	}
	turn->ops[turn->count++] =
		(struct kept_op){.op = *op, .id = id, .applied = applied};
	if (!applied)
		turn->broken = true;
	/* What an outlet does waits for the end of a turn that must come. */
	if (turn->letting_out)
		loop_idle_once(turn->again);
}

static void
forget(struct turn *turn)
{
	if (turn->count > 0)
		explicit_bzero(turn->ops, turn->count * sizeof(*turn->ops));
	turn->count = 0;
	if (turn->cap > KEEP_OPS) {
		free(turn->ops);
		turn->ops = NULL;
		turn->cap = 0;
	}
}

/* ---- committing -------------------------------------------------------- */

struct ledger_moment
turn_now(const struct turn *turn)
{
	return (struct ledger_moment){.wall_ms = loop_wall_ms(),
		.ran_ms = turn->ran_before_ms + loop_now_ms(turn->loop)};
}

static int
begin(struct turn *turn)
{
	if (turn->begun)
		return 0;
	int rc = ledger_begin(turn->ledger);
	if (rc == 0)
		turn->begun = true;
	return rc;
}

/* Our own mistake: going on with a wrong ledger is worse than stopping. */
static void
give_up(const struct ledger_op *op, int rc)
{
	log_line(LOG_AT_ERROR, "turn impossible operation=%d code=%d: stopping",
		(int)op->kind, rc);
	abort();
}

/* All of the list anew, on the state before this turn. */
static int
replay(struct turn *turn)
{
	ledger_rollback(turn->ledger);
	turn->begun = false;
	int rc = begin(turn);
	for (size_t i = 0; i < turn->count && rc == 0; i++) {
		struct kept_op *kept = &turn->ops[i];
		struct ledger_result result = {0};
		rc = ledger_apply(turn->ledger, &kept->op, &result);
		if (rc != 0 && rc != -EIO)
			give_up(&kept->op, rc);
		if (rc == 0 && kept->applied && kept->id != result.id)
			give_up(&kept->op, -EINVAL);
		if (rc == 0) {
			kept->id = result.id;
			kept->applied = true;
		}
	}
	if (rc == 0)
		turn->broken = false;
	return rc;
}

static int
commit(struct turn *turn)
{
	int rc = 0;
	if (turn->broken || !turn->begun)
		rc = replay(turn);
	if (rc == 0)
		rc = ledger_commit(turn->ledger, turn_now(turn).ran_ms);
	if (rc != 0) {
		(void)span_copy(turn->stuck, sizeof(turn->stuck),
			span_str(ledger_error(turn->ledger)));
		ledger_rollback(turn->ledger);
		turn->broken = true;
	}
	turn->begun = false;
	if (rc == 0)
		forget(turn);
	return rc;
}

static void
let_out(struct turn *turn)
{
	turn->letting_out = true;
	for (size_t i = 0; i < turn->outlet_count; i++)
		turn->outlets[i].fn(turn->outlets[i].ctx);
	turn->letting_out = false;
}

static void
hold_on(struct turn *turn)
{
	if (!turn->is_stuck) {
		log_line(LOG_AT_ERROR,
			"turn stuck: the ledger cannot be written (%s); "
			"nothing is dialled until it can",
			turn->stuck);
		turn->is_stuck = true;
		loop_hold(turn->loop, true);
	}
	loop_timer_at(turn->retry, loop_now_ms(turn->loop) + RETRY_MS);
}

static void
go_on(struct turn *turn)
{
	if (!turn->is_stuck)
		return;
	log_line(LOG_AT_ERROR, "turn over: the ledger is written again");
	turn->is_stuck = false;
	loop_timer_at(turn->retry, INT64_MAX);
	loop_hold(turn->loop, false);
}

int
turn_commit(struct turn *turn)
{
	if (turn->count == 0 && !turn->begun)
		return 0;
	int rc = commit(turn);
	if (rc == 0)
		go_on(turn);
	else
		hold_on(turn);
	return rc;
}

static void
on_turn_end(void *ctx)
{
	struct turn *turn = ctx;
	if (!turn->is_stuck && turn_commit(turn) == 0)
		let_out(turn);
}

static void
on_retry(void *ctx)
{
	struct turn *turn = ctx;
	if (turn->is_stuck && turn_commit(turn) == 0)
		let_out(turn);
}

/* A transaction of its own, with nothing in it but the time. */
static void
on_ran(void *ctx)
{
	struct turn *turn = ctx;
	loop_timer_at(turn->ran, loop_now_ms(turn->loop) + RAN_MS);
	(void)begin(turn); /* if not now, then with the next operation */
}

static void
on_again(void *ctx)
{
	(void)ctx; /* it is enough that there is another turn */
}

/* ---- for the stories --------------------------------------------------- */

struct turn *
turn_new(struct loop *loop, struct ledger *ledger)
{
	struct turn *turn = calloc(1, sizeof(*turn));
	if (turn == NULL)
		abort(); /* at start, before anything is in flight */
	turn->loop = loop;
	turn->ledger = ledger;
	turn->ran_before_ms = ledger_ran_ms(ledger) - loop_now_ms(loop);
	turn->retry = loop_timer_new(loop, on_retry, turn);
	loop_timer_always(turn->retry);
	turn->ran = loop_timer_new(loop, on_ran, turn);
	loop_timer_at(turn->ran, loop_now_ms(loop) + RAN_MS);
	turn->again = loop_idle_new(loop, on_again, turn);
	loop_on_turn_end(loop, on_turn_end, turn);
	return turn;
}

void
turn_free(struct turn *turn)
{
	if (turn == NULL)
		return;
	loop_on_turn_end(turn->loop, NULL, NULL);
	loop_timer_free(turn->retry);
	loop_timer_free(turn->ran);
	loop_idle_free(turn->again);
	ledger_rollback(turn->ledger); /* what turn_commit() did not store */
	turn->cap = KEEP_OPS + 1;
	forget(turn);
	free(turn);
}

void
turn_add_outlet(struct turn *turn, turn_outlet_fn *fn, void *ctx)
{
	if (turn->outlet_count == OUTLETS_MAX)
		abort(); /* their number is known when the daemon is built */
	turn->outlets[turn->outlet_count++] = (struct outlet){fn, ctx};
}

/* An amount that nobody gave is not known; it is not nothing. */
static void
forget_amounts(struct ledger_op *op)
{
	if (op->kind == LEDGER_BATCH_ROW)
		op->u.batch_row.amount_minor = MONEY_NONE;
	if (op->kind == LEDGER_VOUCHER_MOVE)
		op->u.voucher_move.credited_minor = MONEY_NONE;
	if (op->kind == LEDGER_ATTEMPT_BEGIN)
		op->u.attempt_begin.balance_before_minor = MONEY_NONE;
	if (op->kind == LEDGER_BALANCE)
		op->u.balance.minor = MONEY_NONE;
	if (op->kind == LEDGER_ATTEMPT_SETTLE) {
		op->u.attempt_settle.credited_minor = MONEY_NONE;
		op->u.attempt_settle.balance_minor = MONEY_NONE;
		op->u.attempt_settle.deducted_minor = MONEY_NONE;
		op->u.attempt_settle.bonus_minor = MONEY_NONE;
	}
	if (op->kind == LEDGER_EVIDENCE) {
		op->u.evidence.credited_minor = MONEY_NONE;
		op->u.evidence.balance_minor = MONEY_NONE;
	}
}

struct ledger_op
turn_op(const struct turn *turn, enum ledger_op_kind kind)
{
	struct ledger_op op;
	memset(&op, 0, sizeof(op));
	op.kind = kind;
	op.at = turn_now(turn);
	(void)span_copy(op.who, sizeof(op.who), span_str("daemon")); /* fits */
	forget_amounts(&op);
	return op;
}

int
turn_try(struct turn *turn, const struct ledger_op *op,
	struct ledger_result *result)
{
	struct ledger_result made = {0};
	/* Behind an operation that the disk refused nothing may stand. */
	if (turn->is_stuck || turn->broken || begin(turn) != 0)
		return -EIO;
	int rc = ledger_apply(turn->ledger, op, &made);
	if (rc == 0)
		keep(turn, op, made.id, true);
	if (result != NULL && (rc == 0 || rc == -EEXIST))
		*result = made;
	return rc;
}

void
turn_must(struct turn *turn, const struct ledger_op *op)
{
	struct ledger_result made = {0};
	int rc = -EIO;
	if (!turn->is_stuck && !turn->broken && begin(turn) == 0)
		rc = ledger_apply(turn->ledger, op, &made);
	if (rc != 0 && rc != -EIO)
		give_up(op, rc);
	keep(turn, op, made.id, rc == 0);
}

struct ledger *
turn_ledger(struct turn *turn)
{
	return turn->ledger;
}

const char *
turn_stuck(const struct turn *turn)
{
	return turn->is_stuck ? turn->stuck : NULL;
}
