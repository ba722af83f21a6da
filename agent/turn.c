/*
 * turn: the operations of one turn, their one commit, and then, never
 * before, the outlets. It must never drop an operation that it took.
 */
#include "agent/turn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "agent/loop.h"
#include "agent/reserve.h"

enum {
	OUTLETS_MAX = 16,
	/* A stuck turn is tried again after this, then twice as long, up to
	 * the longest: a disk that fails is not made better by more writes. */
	RETRY_MS = 1000,
	RETRY_LONGEST_MS = 30000,
	/* So often the room for the reserve is looked at, which writes
	 * nothing; taking it is tried more and more rarely. */
	LOOK_MS = 10000,
	TAKE_LONGEST_MS = 600000,
	/* So often the time that the daemon ran is stored when nothing
	 * else is: pauses may seem longer by that after a crash. More often
	 * would wear an SD card out for nothing. */
	RAN_MS = 600000,
	/* A list longer than this is given back after its commit. */
	KEEP_OPS = 256,
	STUCK_MAX = 256,
	UNSAFE_MAX = 640
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
 * 2. broken: something in ops may not be in the transaction.
 * 3. While is_stuck, nothing is begun and the loop is held.
 * 4. unsafe is "" exactly while not is_stuck and the reserve is whole.
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
	int64_t retry_ms;
	struct reserve *reserve; /* NULL: there is none */
	struct loop_timer *look;
	int64_t take_ms, take_at_ms; /* the pause; the end of it */
	turn_outlet_fn *on_safe;
	void *on_safe_ctx;
	char stuck[STUCK_MAX];
	char unsafe[UNSAFE_MAX];
};

/* ---- whether a result could be written --------------------------------- */

/* What people read in status: what is wrong, the money, what to do. */
static void
say_stuck(struct turn *turn)
{
	(void)snprintf(turn->unsafe, sizeof(turn->unsafe),
		"the ledger cannot be written (%s): nothing is dialled; what "
		"came of the cards on air is kept in memory until it can, so "
		"do not stop topupd; look at the disk, whether it is full, "
		"read-only or failing; it goes on by itself",
		turn->stuck);
}

static void
say_full(struct turn *turn)
{
	(void)snprintf(turn->unsafe, sizeof(turn->unsafe),
		"the disk of the ledger is full: nothing is dialled and no "
		"file is read; what came of the cards on air is kept, in room "
		"that was reserved for it; make room on that disk; it goes on "
		"by itself");
}

/* After each change of what turn_unsafe() depends on. */
static void
judge(struct turn *turn)
{
	bool was_unsafe = turn->unsafe[0] != '\0';
	bool is_held = !turn->reserve || reserve_is_held(turn->reserve);
	if (turn->is_stuck)
		say_stuck(turn);
	else if (!is_held)
		say_full(turn);
	else
		turn->unsafe[0] = '\0';
	if (was_unsafe && turn->unsafe[0] == '\0' && turn->on_safe)
		turn->on_safe(turn->on_safe_ctx);
}

static void
look_after_reserve(struct turn *turn)
{
	if (turn->reserve && !reserve_is_held(turn->reserve))
		loop_timer_at(turn->look, loop_now_ms(turn->loop) + LOOK_MS);
}

/* False where there is nothing that could be given up. */
static bool
give_up_reserve(struct turn *turn)
{
	if (!turn->reserve)
		return false;
	bool was_held = reserve_is_held(turn->reserve);
	bool gave = reserve_give_up(turn->reserve);
	if (was_held) {
		turn->take_ms = LOOK_MS;
		turn->take_at_ms = 0;
		look_after_reserve(turn);
		judge(turn);
		log_line(LOG_AT_ERROR, "turn reserve given up: %s",
			turn->unsafe);
	}
	return gave;
}

/* A failed try is not repeated soon: it may have written much. */
static void
take_reserve(struct turn *turn)
{
	int64_t now_ms = loop_now_ms(turn->loop);
	if (now_ms < turn->take_at_ms || !reserve_has_room(turn->reserve))
		return;
	int rc = reserve_take(turn->reserve);
	if (rc == 0) {
		log_line(LOG_AT_NOTICE, "turn reserve taken: the disk has "
					"room again, dialling goes on");
		return;
	}
	turn->take_at_ms = now_ms + turn->take_ms;
	turn->take_ms = turn->take_ms < TAKE_LONGEST_MS / 2 ? 2 * turn->take_ms
	                                                    : TAKE_LONGEST_MS;
	log_line(LOG_AT_WARNING, "turn reserve why=\"%s\" again_in_s=%lld",
		strerror(-rc), (long long)(turn->take_at_ms - now_ms) / 1000);
}

static void
on_look(void *ctx)
{
	struct turn *turn = ctx;
	if (!turn->is_stuck)
		take_reserve(turn);
	look_after_reserve(turn);
	judge(turn);
}

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

int64_t
turn_loop_ms(const struct turn *turn, int64_t ran_ms)
{
	return ran_ms == INT64_MAX ? INT64_MAX : ran_ms - turn->ran_before_ms;
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
commit_once(struct turn *turn)
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

/* What is given up is used at once, before another program can. */
static int
commit(struct turn *turn)
{
	int rc = commit_once(turn);
	while (ledger_lacked_room(turn->ledger) && rc != 0 &&
		give_up_reserve(turn))
		rc = commit_once(turn);
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
		turn->retry_ms = RETRY_MS;
		loop_hold(turn->loop, true);
	}
	judge(turn);
	loop_timer_at(turn->retry, loop_now_ms(turn->loop) + turn->retry_ms);
	turn->retry_ms = turn->retry_ms < RETRY_LONGEST_MS / 2
	                         ? 2 * turn->retry_ms
	                         : RETRY_LONGEST_MS;
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
	judge(turn);
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
	turn->look = loop_timer_new(loop, on_look, turn);
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
	loop_timer_free(turn->look);
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

void
turn_keep_reserve(struct turn *turn, struct reserve *reserve,
	turn_outlet_fn *on_safe, void *ctx)
{
	turn->reserve = reserve;
	turn->on_safe = on_safe;
	turn->on_safe_ctx = ctx;
	turn->take_ms = LOOK_MS;
	look_after_reserve(turn);
	judge(turn);
	if (reserve && !reserve_is_held(reserve))
		log_line(LOG_AT_ERROR, "turn reserve not held: %s",
			turn->unsafe);
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
	if (op->kind == LEDGER_MESSAGE) {
		struct ledger_message_keep *m = &op->u.message_keep;
		m->amount_minor = m->deducted_minor = MONEY_NONE;
		m->bonus_minor = m->balance_minor = MONEY_NONE;
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

/* What leads to a result, or fills the disk further. */
static bool
needs_room(enum ledger_op_kind kind)
{
	return kind == LEDGER_ATTEMPT_BEGIN || kind == LEDGER_FOLLOW_BEGIN ||
	       kind == LEDGER_BATCH_OPEN || kind == LEDGER_BATCH_ROW ||
	       kind == LEDGER_BATCH_FAULT;
}

/* Somebody may have deleted it: that is no change that we hear of. */
static void
miss_reserve(struct turn *turn)
{
	if (turn->unsafe[0] != '\0' || !turn->reserve ||
		reserve_is_held(turn->reserve))
		return;
	turn->take_ms = LOOK_MS;
	turn->take_at_ms = 0;
	look_after_reserve(turn);
	judge(turn);
}

int
turn_try(struct turn *turn, const struct ledger_op *op,
	struct ledger_result *result)
{
	struct ledger_result made = {0};
	if (needs_room(op->kind))
		miss_reserve(turn);
	if (needs_room(op->kind) && turn_unsafe(turn))
		return -EIO;
	/* Behind an operation that the disk refused nothing may stand. */
	if (turn->is_stuck || turn->broken || begin(turn) != 0)
		return -EIO;
	int rc = ledger_apply(turn->ledger, op, &made);
	if (rc == 0)
		keep(turn, op, made.id, true);
	/* SQLite may have undone all of the turn with it. The intent need not
	 * be written, but that there is no room must be known. */
	if (rc == -EIO)
		turn->broken = true;
	if (rc == -EIO && ledger_lacked_room(turn->ledger))
		(void)give_up_reserve(turn);
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

const char *
turn_unsafe(const struct turn *turn)
{
	return turn->unsafe[0] != '\0' ? turn->unsafe : NULL;
}
