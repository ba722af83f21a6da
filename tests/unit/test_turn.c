/*
 * turn: nothing leaves before it is on disk, and nothing that was taken is
 * lost. The loop here is a variable clock; the ledger and its file are real,
 * the disk under it fails on demand.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/ledger_private.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/reserve.h"
#include "agent/turn.h"
#include "tests/support/faulty_disk.h"
#include "tests/support/purse.h"

/* ---- a loop that is a variable ----------------------------------------- */

enum { TIMERS_MAX = 8 };

struct loop_timer {
	loop_fn *fn;
	void *ctx;
	int64_t at_ms;
	bool always;
};

struct loop_idle {
	bool asked;
};

struct loop {
	int64_t now_ms;
	bool held;
	loop_fn *end;
	void *end_ctx;
	struct loop_timer timers[TIMERS_MAX];
	size_t timer_count;
	struct loop_idle idle;
};

static unsigned error_lines;

void
log_line(enum log_level level, const char *format, ...)
{
	(void)format;
	error_lines += level == LOG_AT_ERROR;
}

int64_t
loop_now_ms(const struct loop *loop)
{
	return loop->now_ms;
}

int64_t
loop_wall_ms(void)
{
	return 1700000000000;
}

struct loop_timer *
loop_timer_new(struct loop *loop, loop_fn *fn, void *ctx)
{
	assert_true(loop->timer_count < TIMERS_MAX);
	struct loop_timer *timer = &loop->timers[loop->timer_count++];
	*timer = (struct loop_timer){fn, ctx, INT64_MAX, false};
	return timer;
}

void
loop_timer_at(struct loop_timer *timer, int64_t at_ms)
{
	timer->at_ms = at_ms;
}

void
loop_timer_free(struct loop_timer *timer)
{
	timer->at_ms = INT64_MAX;
}

void
loop_timer_always(struct loop_timer *timer)
{
	timer->always = true;
}

void
loop_on_turn_end(struct loop *loop, loop_fn *fn, void *ctx)
{
	loop->end = fn;
	loop->end_ctx = ctx;
}

void
loop_hold(struct loop *loop, bool on)
{
	loop->held = on;
}

struct loop_idle *
loop_idle_new(struct loop *loop, loop_fn *fn, void *ctx)
{
	(void)fn;
	(void)ctx;
	return &loop->idle;
}

void
loop_idle_once(struct loop_idle *idle)
{
	idle->asked = true;
}

void
loop_idle_free(struct loop_idle *idle)
{
	idle->asked = false;
}

/* ---- a reserve that is a number ---------------------------------------- */

/* Giving up the last part makes room in this disk. */
struct reserve {
	bool held, has_room;
	unsigned parts;
	unsigned takes; /* tried */
	int take_code;
};

bool
reserve_is_held(const struct reserve *reserve)
{
	return reserve->held;
}

bool
reserve_give_up(struct reserve *reserve)
{
	reserve->held = false;
	if (reserve->parts == 0)
		return false;
	if (--reserve->parts == 0)
		faulty_disk_set(FAULTY_DISK_NOT);
	return true;
}

bool
reserve_has_room(const struct reserve *reserve)
{
	return reserve->has_room;
}

int
reserve_take(struct reserve *reserve)
{
	reserve->takes++;
	reserve->held = reserve->take_code == 0;
	return reserve->take_code;
}

/* The rest of a turn: what is due, and its end. */
static void
end_turn_at(struct loop *loop, int64_t now_ms)
{
	loop->now_ms = now_ms;
	loop->idle.asked = false;
	for (size_t i = 0; i < loop->timer_count; i++) {
		struct loop_timer *timer = &loop->timers[i];
		if (timer->at_ms > now_ms || (loop->held && !timer->always))
			continue;
		timer->at_ms = INT64_MAX;
		timer->fn(timer->ctx);
	}
	loop->end(loop->end_ctx);
}

/* ---- the stage --------------------------------------------------------- */

struct stage {
	struct purse *purse;
	struct loop loop;
	struct turn *turn;
	unsigned let_out;     /* how often the outlet was opened */
	int64_t seen_on_disk; /* audit entries that another reader saw then */
	unsigned ops_to_add;  /* by the outlet */
	struct reserve reserve;
	unsigned became_safe;
};

static void
add_event(struct stage *s)
{
	struct ledger_op op = turn_op(s->turn, LEDGER_EVENT);
	strcpy(op.u.event.event, "modem.ready");
	turn_must(s->turn, &op);
}

static int64_t
entries_on_disk(struct stage *s)
{
	struct ledger_verify verify;
	struct ledger *reader =
		ledger_open(s->purse->path, LEDGER_OPEN_READ_ONLY,
			s->purse->vault, s->purse->why, sizeof(s->purse->why));
	assert_non_null(reader);
	assert_int_equal(ledger_verify_audit(reader, &verify), 0);
	assert_true(verify.ok);
	ledger_close(reader);
	return verify.entries;
}

static void
outlet(void *ctx)
{
	struct stage *s = ctx;
	s->let_out++;
	s->seen_on_disk = entries_on_disk(s);
	if (s->ops_to_add > 0) {
		s->ops_to_add--;
		add_event(s);
	}
}

static int
stage_setup(void **state)
{
	void *purse;
	if (purse_setup(&purse) != 0)
		return -1;
	struct stage *s = calloc(1, sizeof(*s));
	assert_non_null(s);
	s->purse = purse;
	s->loop.now_ms = 50000;
	s->turn = turn_new(&s->loop, s->purse->ledger);
	turn_add_outlet(s->turn, outlet, s);
	error_lines = 0;
	*state = s;
	return 0;
}

static int
stage_teardown(void **state)
{
	struct stage *s = *state;
	void *purse = s->purse;
	faulty_disk_set(FAULTY_DISK_NOT);
	turn_free(s->turn);
	free(s);
	return purse_teardown(&purse);
}

static struct ledger_op
begin_of(struct stage *s, int64_t voucher)
{
	struct ledger_op op = turn_op(s->turn, LEDGER_ATTEMPT_BEGIN);
	op.u.attempt_begin = purse_begin(s->purse, voucher).u.attempt_begin;
	return op;
}

/* ---- effects ----------------------------------------------------------- */

static void
nothing_leaves_before_it_is_on_disk(void **state)
{
	struct stage *s = *state;
	add_event(s);
	add_event(s);
	assert_int_equal(s->let_out, 0);
	assert_int_equal(entries_on_disk(s), 0);
	end_turn_at(&s->loop, 50001);
	assert_int_equal(s->let_out, 1);
	assert_int_equal(s->seen_on_disk, 2);
}

static void
turn_without_operations_lets_out_too(void **state)
{
	struct stage *s = *state;
	end_turn_at(&s->loop, 50001);
	end_turn_at(&s->loop, 50002);
	assert_int_equal(s->let_out, 2);
	assert_false(s->loop.idle.asked);
}

static void
operations_of_an_outlet_get_a_turn_of_their_own(void **state)
{
	struct stage *s = *state;
	s->ops_to_add = 1;
	end_turn_at(&s->loop, 50001);
	assert_true(s->loop.idle.asked);
	assert_int_equal(entries_on_disk(s), 0);
	end_turn_at(&s->loop, 50002);
	assert_int_equal(s->seen_on_disk, 1);
	assert_false(s->loop.idle.asked);
}

static void
refused_intent_is_not_kept(void **state)
{
	struct stage *s = *state;
	struct ledger_result result = {.id = 7};
	int64_t batch = purse_batch(s->purse, 2, "");
	struct ledger_op op = begin_of(s, purse_voucher(s->purse, batch, 2));
	assert_int_equal(turn_try(s->turn, &op, &result), 0);
	assert_int_equal(result.id, 1);
	op = begin_of(s, purse_voucher(s->purse, batch, 3));
	assert_int_equal(turn_try(s->turn, &op, &result), -EBUSY);
	assert_int_equal(turn_try(s->turn, &op, NULL), -EBUSY);
	assert_int_equal(result.id, 1);
	/* Seen at once, by the same turn. */
	assert_int_equal(
		purse_card(s->purse, op.u.attempt_begin.voucher - 1).state,
		VOUCHER_DIALING);
	end_turn_at(&s->loop, 50001);
	assert_null(turn_stuck(s->turn));
	purse_is_sound(s->purse);
}

static void
impossible_result_stops_the_daemon(void **state)
{
	struct stage *s = *state;
	struct ledger_op op = turn_op(s->turn, LEDGER_ATTEMPT_SETTLE);
	op.u.attempt_settle.attempt = 4711;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		turn_must(s->turn, &op);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void
empty_operation_knows_no_amount(void **state)
{
	struct stage *s = *state;
	struct ledger_op op = turn_op(s->turn, LEDGER_ATTEMPT_SETTLE);
	assert_true(op.u.attempt_settle.credited_minor == MONEY_NONE);
	assert_true(op.u.attempt_settle.balance_minor == MONEY_NONE);
	assert_string_equal(op.who, "daemon");
	op = turn_op(s->turn, LEDGER_VOUCHER_MOVE);
	assert_true(op.u.voucher_move.credited_minor == MONEY_NONE);
	op = turn_op(s->turn, LEDGER_BATCH_ROW);
	assert_true(op.u.batch_row.amount_minor == MONEY_NONE);
	op = turn_op(s->turn, LEDGER_ATTEMPT_BEGIN);
	assert_true(op.u.attempt_begin.balance_before_minor == MONEY_NONE);
	op = turn_op(s->turn, LEDGER_BALANCE);
	assert_true(op.u.balance.minor == MONEY_NONE);
}

/* ---- time -------------------------------------------------------------- */

static void
time_that_it_ran_goes_on_over_restarts(void **state)
{
	struct stage *s = *state;
	int64_t before = turn_now(s->turn).ran_ms;
	add_event(s);
	end_turn_at(&s->loop, 50000 + 7000);
	assert_int_equal(turn_now(s->turn).ran_ms, before + 7000);
	turn_free(s->turn);
	purse_close(s->purse);
	purse_open(s->purse);
	s->loop = (struct loop){.now_ms = 3}; /* another boot */
	s->turn = turn_new(&s->loop, s->purse->ledger);
	assert_int_equal(turn_now(s->turn).ran_ms, before + 7000);
}

static void
time_that_it_ran_is_stored_when_nothing_happens(void **state)
{
	struct stage *s = *state;
	static const int64_t hour_ms = 3600000;
	end_turn_at(&s->loop, 50000 + hour_ms);
	assert_int_equal(ledger_ran_ms(s->purse->ledger), hour_ms);
	end_turn_at(&s->loop, 50000 + hour_ms + 1);
	assert_int_equal(ledger_ran_ms(s->purse->ledger), hour_ms);
	end_turn_at(&s->loop, 50000 + 2 * hour_ms);
	assert_int_equal(ledger_ran_ms(s->purse->ledger), 2 * hour_ms);
	assert_int_equal(entries_on_disk(s), 0);
}

/* ---- a disk that refuses ----------------------------------------------- */

struct life {
	int64_t batch, voucher, attempt;
};

/* A turn of several operations whose numbers callers hold. */
static struct life
busy_turn(struct stage *s)
{
	struct life life = {.batch = 0};
	struct ledger_result result;
	struct ledger_op op = turn_op(s->turn, LEDGER_BATCH_OPEN);
	strcpy(op.u.batch_open.name, "cards.csv");
	memset(op.u.batch_open.digest, 9, VAULT_HASH_LEN);
	assert_int_equal(turn_try(s->turn, &op, &result), 0);
	life.batch = result.id;
	op = purse_row(s->purse, life.batch, 2);
	assert_int_equal(turn_try(s->turn, &op, &result), 0);
	life.voucher = result.id;
	op = turn_op(s->turn, LEDGER_BATCH_ACCEPT);
	op.u.batch_accept.batch = life.batch;
	turn_must(s->turn, &op);
	op = begin_of(s, life.voucher);
	assert_int_equal(turn_try(s->turn, &op, &result), 0);
	life.attempt = result.id;
	return life;
}

static bool
same_attempt(void *ctx, const struct ledger_attempt *a)
{
	const struct life *life = ctx;
	assert_int_equal(a->id, life->attempt);
	assert_int_equal(a->voucher, life->voucher);
	return true;
}

static void
is_stuck(struct stage *s, unsigned let_out)
{
	assert_non_null(turn_stuck(s->turn));
	assert_true(strlen(turn_stuck(s->turn)) > 0);
	assert_true(s->loop.held);
	assert_int_equal(s->let_out, let_out);
	assert_int_equal(error_lines, 1);
}

/* What an attempt is refused for, people read in status. */
static void
is_unsafe(struct stage *s, const char *word)
{
	struct ledger_op op = turn_op(s->turn, LEDGER_ATTEMPT_BEGIN);
	assert_non_null(turn_unsafe(s->turn));
	assert_non_null(strstr(turn_unsafe(s->turn), word));
	assert_non_null(strstr(turn_unsafe(s->turn), "nothing is dialled"));
	assert_non_null(strstr(turn_unsafe(s->turn), "by itself"));
	assert_int_equal(turn_try(s->turn, &op, NULL), -EIO);
}

static void
failed_commit_is_held_and_replayed(struct stage *s, enum faulty_disk fault)
{
	purse_batch(s->purse, 1, "");
	int64_t before = entries_on_disk(s);
	struct life life = busy_turn(s);
	faulty_disk_set(fault);
	end_turn_at(&s->loop, 50001);
	is_stuck(s, 0);
	/* What comes while it is stuck: intents are refused, results kept. */
	struct ledger_op op = turn_op(s->turn, LEDGER_PAUSE);
	op.u.pause.on = true;
	assert_int_equal(turn_try(s->turn, &op, NULL), -EIO);
	add_event(s);
	end_turn_at(&s->loop, 50500); /* not yet time to try again */
	is_stuck(s, 0);
	is_unsafe(s, "cannot be written");
	end_turn_at(&s->loop, 51001);
	is_stuck(s, 0);
	assert_int_equal(entries_on_disk(s), before);
	faulty_disk_set(FAULTY_DISK_NOT);
	end_turn_at(&s->loop, 53001);
	assert_null(turn_stuck(s->turn));
	assert_null(turn_unsafe(s->turn));
	assert_false(s->loop.held);
	assert_int_equal(error_lines, 2);
	assert_true(s->let_out >= 1);
	assert_int_equal(s->seen_on_disk, before + 3);
	assert_int_equal(
		purse_card(s->purse, life.voucher).state, VOUCHER_DIALING);
	assert_int_equal(ledger_each_attempt(s->purse->ledger, life.voucher,
				 same_attempt, &life),
		0);
	assert_false(ledger_is_paused(s->purse->ledger, ""));
	purse_is_sound(s->purse);
}

static void
sync_that_fails_is_replayed_with_the_same_numbers(void **state)
{
	failed_commit_is_held_and_replayed(*state, FAULTY_DISK_NO_SYNC);
}

static void
full_disk_is_replayed_with_the_same_numbers(void **state)
{
	failed_commit_is_held_and_replayed(*state, FAULTY_DISK_FULL);
}

static void
broken_disk_is_replayed_with_the_same_numbers(void **state)
{
	failed_commit_is_held_and_replayed(*state, FAULTY_DISK_IO_ERROR);
}

static void
disk_that_stays_bad_is_tried_more_and_more_rarely(void **state)
{
	struct stage *s = *state;
	unsigned tries = 0;
	add_event(s);
	faulty_disk_set(FAULTY_DISK_NO_SYNC);
	end_turn_at(&s->loop, 50001);
	static const int64_t hour_ms = 3600000;
	while (s->loop.now_ms < 50001 + hour_ms) {
		int64_t next_ms = s->loop.timers[0].at_ms; /* the first made */
		assert_in_range(next_ms - s->loop.now_ms, 1000, 30000);
		end_turn_at(&s->loop, next_ms);
		tries++;
	}
	assert_in_range(tries, 120, 125);
	faulty_disk_set(FAULTY_DISK_NOT);
	end_turn_at(&s->loop, s->loop.now_ms + 30000);
	assert_null(turn_stuck(s->turn));
	/* And the next trouble begins with the short pause. */
	add_event(s);
	faulty_disk_set(FAULTY_DISK_NO_SYNC);
	end_turn_at(&s->loop, s->loop.now_ms + 1);
	assert_int_equal(s->loop.timers[0].at_ms, s->loop.now_ms + 1000);
	faulty_disk_set(FAULTY_DISK_NOT);
	end_turn_at(&s->loop, s->loop.now_ms + 1000);
}

/* ---- the reserve ------------------------------------------------------- */

enum { PARTS = 3, LOOK_MS = 10000 };

static void
on_safe(void *ctx)
{
	struct stage *s = ctx;
	assert_null(turn_unsafe(s->turn));
	s->became_safe++;
}

static void
keep_reserve(struct stage *s, bool held)
{
	s->reserve = (struct reserve){.held = held, .parts = held ? PARTS : 0};
	turn_keep_reserve(s->turn, &s->reserve, on_safe, s);
}

static void
reserve_is_given_up_so_that_a_result_is_on_disk_at_once(void **state)
{
	struct stage *s = *state;
	keep_reserve(s, true);
	struct life life = busy_turn(s);
	assert_null(turn_unsafe(s->turn));
	int64_t before = entries_on_disk(s);
	faulty_disk_set(FAULTY_DISK_FULL);
	end_turn_at(&s->loop, 50001);
	/* In the same turn, with one word to people. */
	assert_null(turn_stuck(s->turn));
	assert_false(s->loop.held);
	assert_int_equal(s->reserve.parts, 0);
	assert_int_equal(s->seen_on_disk, before + 2);
	assert_int_equal(error_lines, 1);
	assert_int_equal(
		purse_card(s->purse, life.voucher).state, VOUCHER_DIALING);
	is_unsafe(s, "full");
	/* Its result is written too; nothing more is begun or read. */
	struct ledger_op op = turn_op(s->turn, LEDGER_BATCH_OPEN);
	assert_int_equal(turn_try(s->turn, &op, NULL), -EIO);
	op = purse_row(s->purse, life.batch, 3);
	assert_int_equal(turn_try(s->turn, &op, NULL), -EIO);
	op = turn_op(s->turn, LEDGER_PAUSE); /* a person may */
	op.u.pause.on = true;
	assert_int_equal(turn_try(s->turn, &op, NULL), 0);
	add_event(s);
	end_turn_at(&s->loop, 50002);
	assert_int_equal(s->seen_on_disk, before + 4);
	purse_is_sound(s->purse);
}

static void
nothing_is_begun_until_the_reserve_is_whole_again(void **state)
{
	struct stage *s = *state;
	keep_reserve(s, true);
	add_event(s);
	faulty_disk_set(FAULTY_DISK_FULL);
	end_turn_at(&s->loop, 50001);
	/* No room: it is looked at, and not a byte is written for it. */
	for (int i = 1; i <= 100; i++)
		end_turn_at(&s->loop, 50001 + i * LOOK_MS);
	assert_int_equal(s->reserve.takes, 0);
	is_unsafe(s, "full");
	assert_int_equal(s->became_safe, 0);
	s->reserve.has_room = true;
	end_turn_at(&s->loop, s->loop.now_ms + LOOK_MS);
	assert_int_equal(s->reserve.takes, 1);
	assert_null(turn_unsafe(s->turn));
	assert_int_equal(s->became_safe, 1);
	/* And that is all: it is not taken again. */
	for (int i = 1; i <= 10; i++)
		end_turn_at(&s->loop, s->loop.now_ms + LOOK_MS);
	assert_int_equal(s->reserve.takes, 1);
	assert_int_equal(s->became_safe, 1);
}

/* A quota has no room, whatever the disk says. */
static void
reserve_that_cannot_be_taken_is_tried_more_and_more_rarely(void **state)
{
	struct stage *s = *state;
	keep_reserve(s, false);
	is_unsafe(s, "full");
	s->reserve.has_room = true;
	s->reserve.take_code = -EDQUOT;
	for (int i = 0; i < 6 * 360; i++) /* six hours */
		end_turn_at(&s->loop, s->loop.now_ms + LOOK_MS);
	assert_in_range(s->reserve.takes, 36, 45);
	is_unsafe(s, "full");
	s->reserve.take_code = 0;
	for (int i = 0; i < 60; i++)
		end_turn_at(&s->loop, s->loop.now_ms + LOOK_MS);
	assert_null(turn_unsafe(s->turn));
	assert_int_equal(s->became_safe, 1);
}

static void
stuck_turn_without_room_goes_on_when_there_is_room(void **state)
{
	struct stage *s = *state;
	keep_reserve(s, true);
	s->reserve.parts = 0; /* somebody removed it */
	add_event(s);
	faulty_disk_set(FAULTY_DISK_FULL);
	end_turn_at(&s->loop, 50001);
	assert_non_null(turn_stuck(s->turn));
	is_unsafe(s, "cannot be written");
	faulty_disk_set(FAULTY_DISK_NOT);
	s->reserve.has_room = true;
	end_turn_at(&s->loop, 51001);
	assert_null(turn_stuck(s->turn));
	assert_int_equal(s->seen_on_disk, 1);
	is_unsafe(s, "full"); /* still without a reserve */
	end_turn_at(&s->loop, 51001 + LOOK_MS);
	assert_null(turn_unsafe(s->turn));
	assert_int_equal(s->became_safe, 1);
}

/* Room is not what is missing. */
static void
failing_disk_leaves_the_reserve_alone(void **state)
{
	static const enum faulty_disk faults[] = {
		FAULTY_DISK_NO_SYNC, FAULTY_DISK_IO_ERROR};
	struct stage *s = *state;
	keep_reserve(s, true);
	for (unsigned i = 0; i < 2; i++) {
		add_event(s);
		faulty_disk_set(faults[i]);
		end_turn_at(&s->loop, s->loop.now_ms + 1);
		is_unsafe(s, "cannot be written");
		assert_int_equal(s->reserve.parts, PARTS);
		faulty_disk_set(FAULTY_DISK_NOT);
		end_turn_at(&s->loop, s->loop.now_ms + 1000);
		assert_null(turn_unsafe(s->turn));
		assert_int_equal(s->became_safe, i + 1);
	}
	assert_int_equal(s->reserve.takes, 0);
}

/* An intent is not written in the reserve, but the next is not even tried. */
static void
intent_that_finds_no_room_makes_it_known(void **state)
{
	struct stage *s = *state;
	int rc = 0;
	assert_int_equal(sqlite3_exec(s->purse->ledger->db,
				 "PRAGMA cache_size = 5", NULL, NULL, NULL),
		SQLITE_OK);
	keep_reserve(s, true);
	faulty_disk_set(FAULTY_DISK_FULL);
	for (int i = 0; i < 200 && rc == 0; i++) {
		struct ledger_op op = turn_op(s->turn, LEDGER_EVENT);
		strcpy(op.u.event.event, "modem.ready");
		memset(op.u.event.note, 'x', LEDGER_TEXT_MAX - 1);
		rc = turn_try(s->turn, &op, NULL);
	}
	assert_int_equal(rc, -EIO);
	assert_int_equal(s->reserve.parts, PARTS - 1);
	is_unsafe(s, "full");
	faulty_disk_set(FAULTY_DISK_NOT);
	end_turn_at(&s->loop, 50001);
	assert_null(turn_stuck(s->turn));
	is_unsafe(s, "full");
}

/* An operation that was refused for want of room in a turn that ended well
 * all the same is no reason later. */
static void
want_of_room_is_forgotten_when_it_is_over(void **state)
{
	struct stage *s = *state;
	assert_int_equal(sqlite3_exec(s->purse->ledger->db,
				 "PRAGMA cache_size = 5", NULL, NULL, NULL),
		SQLITE_OK);
	keep_reserve(s, true);
	faulty_disk_set(FAULTY_DISK_FULL);
	for (int i = 0; i < 200; i++)
		add_event(s);
	faulty_disk_set(FAULTY_DISK_NOT);
	end_turn_at(&s->loop, 50001);
	assert_int_equal(s->seen_on_disk, 200);
	add_event(s);
	faulty_disk_set(FAULTY_DISK_NO_SYNC);
	end_turn_at(&s->loop, 50002);
	assert_int_equal(s->reserve.parts, PARTS);
	faulty_disk_set(FAULTY_DISK_NOT);
	end_turn_at(&s->loop, 51002);
	assert_null(turn_unsafe(s->turn));
}

/* The disk fills while operations are applied: with a small cache SQLite
 * writes before the commit, and may roll back the whole turn by itself. */
static void
result_that_the_disk_refuses_at_once_is_not_lost(void **state)
{
	struct stage *s = *state;
	unsigned refused = 0;
	assert_int_equal(sqlite3_exec(s->purse->ledger->db,
				 "PRAGMA cache_size = 5", NULL, NULL, NULL),
		SQLITE_OK);
	for (unsigned writes = 0; writes < 40; writes += 3) {
		int64_t before = entries_on_disk(s);
		faulty_disk_set(FAULTY_DISK_FULL);
		faulty_disk_after(writes);
		for (int i = 0; i < 200; i++) {
			struct ledger_op op = turn_op(s->turn, LEDGER_EVENT);
			strcpy(op.u.event.event, "modem.ready");
			memset(op.u.event.note, 'x', LEDGER_TEXT_MAX - 1);
			turn_must(s->turn, &op);
		}
		struct ledger_op op = turn_op(s->turn, LEDGER_PAUSE);
		refused += turn_try(s->turn, &op, NULL) != 0;
		s->loop.now_ms += 1000;
		end_turn_at(&s->loop, s->loop.now_ms);
		assert_non_null(turn_stuck(s->turn));
		assert_int_equal(entries_on_disk(s), before);
		faulty_disk_set(FAULTY_DISK_NOT);
		end_turn_at(&s->loop, s->loop.now_ms + 1000);
		assert_null(turn_stuck(s->turn));
		assert_int_equal(entries_on_disk(s), before + 200);
	}
	assert_true(refused > 0); /* it did happen before the commit */
	purse_is_sound(s->purse);
}

static void
turn_that_cannot_even_begin_keeps_its_results(void **state)
{
	struct stage *s = *state;
	/* Another hand has the ledger locked for writing. */
	assert_int_equal(ledger_begin(s->purse->ledger), 0);
	add_event(s);
	struct ledger_op op = turn_op(s->turn, LEDGER_PAUSE);
	assert_int_equal(turn_try(s->turn, &op, NULL), -EIO);
	end_turn_at(&s->loop, 50001);
	assert_int_equal(entries_on_disk(s), 1);
	assert_null(turn_stuck(s->turn));
}

static void
commit_on_demand_opens_no_outlet(void **state)
{
	struct stage *s = *state;
	assert_int_equal(turn_commit(s->turn), 0);
	add_event(s);
	assert_int_equal(turn_commit(s->turn), 0);
	assert_int_equal(s->let_out, 0);
	assert_int_equal(entries_on_disk(s), 1);
	add_event(s);
	faulty_disk_set(FAULTY_DISK_NO_SYNC);
	assert_int_equal(turn_commit(s->turn), -EIO);
	is_stuck(s, 0);
	faulty_disk_set(FAULTY_DISK_NOT);
	assert_int_equal(turn_commit(s->turn), 0);
	assert_false(s->loop.held);
	assert_int_equal(entries_on_disk(s), 2);
}

static void
what_was_not_committed_is_not_there_after_the_end(void **state)
{
	struct stage *s = *state;
	add_event(s);
	turn_free(s->turn);
	assert_int_equal(ledger_audit_head(s->purse->ledger), 0);
	turn_free(NULL);
	s->turn = turn_new(&s->loop, s->purse->ledger);
	purse_is_sound(s->purse);
}

int
main(void)
{
#define TURN_TEST(name)                                                        \
	cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		TURN_TEST(nothing_leaves_before_it_is_on_disk),
		TURN_TEST(turn_without_operations_lets_out_too),
		TURN_TEST(operations_of_an_outlet_get_a_turn_of_their_own),
		TURN_TEST(refused_intent_is_not_kept),
		TURN_TEST(impossible_result_stops_the_daemon),
		TURN_TEST(empty_operation_knows_no_amount),
		TURN_TEST(time_that_it_ran_goes_on_over_restarts),
		TURN_TEST(time_that_it_ran_is_stored_when_nothing_happens),
		TURN_TEST(sync_that_fails_is_replayed_with_the_same_numbers),
		TURN_TEST(full_disk_is_replayed_with_the_same_numbers),
		TURN_TEST(broken_disk_is_replayed_with_the_same_numbers),
		TURN_TEST(disk_that_stays_bad_is_tried_more_and_more_rarely),
		TURN_TEST(
			reserve_is_given_up_so_that_a_result_is_on_disk_at_once),
		TURN_TEST(nothing_is_begun_until_the_reserve_is_whole_again),
		TURN_TEST(
			reserve_that_cannot_be_taken_is_tried_more_and_more_rarely),
		TURN_TEST(stuck_turn_without_room_goes_on_when_there_is_room),
		TURN_TEST(failing_disk_leaves_the_reserve_alone),
		TURN_TEST(intent_that_finds_no_room_makes_it_known),
		TURN_TEST(want_of_room_is_forgotten_when_it_is_over),
		TURN_TEST(result_that_the_disk_refuses_at_once_is_not_lost),
		TURN_TEST(turn_that_cannot_even_begin_keeps_its_results),
		TURN_TEST(commit_on_demand_opens_no_outlet),
		TURN_TEST(what_was_not_committed_is_not_there_after_the_end),
	};
	faulty_disk_install();
	return cmocka_run_group_tests_name("turn", tests, NULL, NULL);
}
