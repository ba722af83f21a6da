/*
 * turn: what a disk without room does, and when dialling goes on. The ledger
 * and its file are real, the reserve is a number.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/ledger_private.h"
#include "tests/unit/turn_stage.h"

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
reserve_that_somebody_deleted_is_made_again_before_the_next_attempt(
	void **state)
{
	struct stage *s = *state;
	keep_reserve(s, true);
	struct ledger_op op = turn_op(s->turn, LEDGER_BATCH_OPEN);
	s->reserve.held = false;
	s->reserve.has_room = true;
	assert_int_equal(turn_try(s->turn, &op, NULL), -EIO);
	assert_non_null(turn_unsafe(s->turn));
	end_turn_at(&s->loop, s->loop.now_ms + LOOK_MS);
	assert_int_equal(s->reserve.takes, 1);
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

int
main(void)
{
#define TURN_TEST(name)                                                        \
	cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		TURN_TEST(
			reserve_is_given_up_so_that_a_result_is_on_disk_at_once),
		TURN_TEST(nothing_is_begun_until_the_reserve_is_whole_again),
		TURN_TEST(
			reserve_that_cannot_be_taken_is_tried_more_and_more_rarely),
		TURN_TEST(
			reserve_that_somebody_deleted_is_made_again_before_the_next_attempt),
		TURN_TEST(stuck_turn_without_room_goes_on_when_there_is_room),
		TURN_TEST(failing_disk_leaves_the_reserve_alone),
		TURN_TEST(intent_that_finds_no_room_makes_it_known),
		TURN_TEST(want_of_room_is_forgotten_when_it_is_over),
	};
	faulty_disk_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
