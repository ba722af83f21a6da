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
#include "tests/unit/turn_stage.h"

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
		TURN_TEST(result_that_the_disk_refuses_at_once_is_not_lost),
		TURN_TEST(turn_that_cannot_even_begin_keeps_its_results),
		TURN_TEST(commit_on_demand_opens_no_outlet),
		TURN_TEST(what_was_not_committed_is_not_there_after_the_end),
	};
	faulty_disk_install();
	return cmocka_run_group_tests_name("turn", tests, NULL, NULL);
}
