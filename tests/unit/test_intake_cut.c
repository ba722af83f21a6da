/*
 * Intake when the power goes, the file changes or the disk is full: every row
 * is taken once, and no file is lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/ledger_copy.h"
#include "agent/loop.h"
#include "agent/spool.h"
#include "tests/support/faulty_disk.h"
#include "tests/support/inbox.h"

enum { TEXT_MAX = INBOX_TEXT_MAX };

/* ---- power cuts -------------------------------------------------------- */

enum { MANY = 450 }; /* rows: several slices */

static void
many_rows(char *text, bool good)
{
	char *p = text;

	p += sprintf(p, "# operator: simtel\npin,serial\n");
	for (int i = 0; i < MANY; i++)
		p += sprintf(p, "%s%07d%05d,S%d\n", good ? "99" : "9",
			i * 7919 % 9999991, i, i);
}

/* Cut after so many turns, then a whole life. How many cuts were tried. */
static void
cut_everywhere(struct inbox *f, const char *name, const char *text,
	void (*check)(struct inbox *f))
{
	bool cut = true;
	int turns;

	for (turns = 0; cut && turns < 200; turns++) {
		inbox_drop(f, name, text);
		f->turns_left = turns;
		inbox_run(f);
		cut = f->cut;
		inbox_end_life(f);
		inbox_begin_life(f);
		/* A scan would tell it as well, after a second. */
		intake_on_file(f->intake, name);
		inbox_run(f);
		check(f);
		inbox_begin_anew(f);
	}
	print_message("cut after each of %d turns\n", turns - 1);
	assert_false(cut);
	assert_true(turns > 5);
}

static void
check_taken_once(struct inbox *f)
{
	char command[192];

	assert_int_equal(inbox_batches(f), 1);
	assert_int_equal(inbox_vouchers(f), MANY);
	assert_string_equal(inbox_get(f, "incoming/many.csv"), "(none)");
	(void)snprintf(command, sizeof(command),
		"cd %s && test \"$(ls -A failed done | wc -l)\" = 4 &&"
		" test \"$(grep -c '^\\*\\*' done/*)\" = %d && rm done/*",
		f->dir, MANY);
	assert_int_equal(system(command), 0);
	inbox_has_nowhere(f, "99000000000000");
	purse_is_sound(f->purse);
}

static void
power_cut_at_any_turn_loses_no_row_and_takes_none_twice(void **state)
{
	struct inbox *f = *state;
	static char text[TEXT_MAX];

	many_rows(text, true);
	cut_everywhere(f, "many.csv", text, check_taken_once);
}

static void
check_refused(struct inbox *f)
{
	char command[192];

	assert_int_equal(inbox_batches(f), 0);
	assert_int_equal(inbox_vouchers(f), 0);
	assert_string_equal(inbox_get(f, "incoming/many.csv"), "(none)");
	(void)snprintf(command, sizeof(command),
		"cd %s && test -s failed/many.csv.reason &&"
		" test -s failed/many.csv.sealed &&"
		" test \"$(ls -A failed | wc -l)\" = 2 && rm failed/*",
		f->dir);
	assert_int_equal(system(command), 0);
	purse_is_sound(f->purse);
}

static void
power_cut_at_any_turn_of_a_refusal_keeps_the_file(void **state)
{
	struct inbox *f = *state;
	static char text[TEXT_MAX];

	many_rows(text, false);
	cut_everywhere(f, "many.csv", text, check_refused);
}

static void
file_removed_before_it_was_finished_still_gets_its_done(void **state)
{
	struct inbox *f = *state;
	static char text[TEXT_MAX];
	bool cut = true;
	int accepted = 0;

	many_rows(text, true);
	for (int turns = 0; cut; turns++) {
		inbox_drop(f, "many.csv", text);
		f->turns_left = turns;
		inbox_run(f);
		cut = f->cut;
		inbox_end_life(f);
		(void)unlink(inbox_path(f, "incoming/many.csv"));
		inbox_begin_life(f);
		inbox_run(f);
		if (inbox_vouchers(f) > 0) {
			check_taken_once(f);
			accepted++;
		}
		inbox_begin_anew(f);
	}
	assert_true(accepted > 2);
}

static bool
on_count(void *ctx, const struct ledger_batch *b)
{
	(void)b;
	++*(int64_t *)ctx;
	return true;
}

/* Batches whose file the ledger believes in incoming/. */
static int64_t
unfinished(struct inbox *f)
{
	int64_t count = 0;

	assert_int_equal(ledger_each_batch_due(f->purse->ledger,
				 LEDGER_DUE_RETIRE, on_count, &count),
		0);
	return count;
}

static void
name_of_an_unfinished_batch_may_belong_to_another_file(void **state)
{
	struct inbox *f = *state;
	static char text[TEXT_MAX];
	bool cut = true;
	int accepted = 0;

	many_rows(text, true);
	for (int turns = 0; cut; turns++) {
		inbox_drop(f, "many.csv", text);
		f->turns_left = turns;
		inbox_run(f);
		cut = f->cut;
		inbox_end_life(f);
		inbox_drop(f, "many.csv",
			"# operator: simtel\npin\n77123456789012\n");
		inbox_begin_life(f);
		intake_on_file(f->intake, "many.csv");
		inbox_run(f);
		assert_true(inbox_vouchers(f) == 1 ||
			    inbox_vouchers(f) == MANY + 1);
		accepted += inbox_vouchers(f) == MANY + 1;
		assert_int_equal(unfinished(f), 0);
		purse_is_sound(f->purse);
		inbox_begin_anew(f);
	}
	assert_true(accepted > 2);
}

/* ---- files that change ------------------------------------------------- */

static void
replace(struct inbox *f)
{
	static char text[TEXT_MAX];
	char *p = text;

	p += sprintf(p, "# operator: simtel\npin\n");
	for (int i = 0; i < 3; i++)
		p += sprintf(p, "88%012d\n", i * 7919);
	inbox_drop(f, "many.csv", text);
	f->results++;
}

static void
file_replaced_while_it_is_read_is_read_too(void **state)
{
	struct inbox *f = *state;
	static char text[TEXT_MAX];

	many_rows(text, true);
	for (int turns = 0; turns < 16; turns++) {
		inbox_drop(f, "many.csv", text);
		f->turns_left = turns;
		f->at_turn = replace;
		f->results = 0;
		do { /* it may have come with the last turn */
			inbox_run(f);
		} while (spool_has_incoming(f->spool));
		/* The new one for sure; the old one wholly or not at all. */
		assert_true(inbox_vouchers(f) == MANY + 3 * f->results ||
			    inbox_vouchers(f) == 3);
		purse_is_sound(f->purse);
		f->at_turn = NULL;
		inbox_begin_anew(f);
	}
}

static void
append_row(struct inbox *f)
{
	int fd = open(inbox_path(f, "incoming/many.csv"), O_WRONLY | O_APPEND);

	if (fd < 0)
		return; /* it was finished already */
	assert_int_equal(write(fd, "77123456789012,S\n", 17), 17);
	close(fd);
	f->results++;
}

static void
row_appended_while_it_is_read_is_not_lost(void **state)
{
	struct inbox *f = *state;
	static char text[TEXT_MAX];

	many_rows(text, true);
	for (int turns = 1; turns < 16; turns++) {
		bool kept;

		inbox_drop(f, "many.csv", text);
		f->turns_left = turns;
		f->at_turn = append_row;
		f->results = 0;
		do { /* it may have come with the last turn */
			inbox_run(f);
		} while (spool_has_incoming(f->spool));
		/* Read with the others, or, when those are known by then,
		 * kept in failed/ for a person. */
		kept = strcmp(inbox_get(f, "failed/many.csv.reason"),
			       "(none)") != 0;
		assert_int_equal(inbox_vouchers(f),
			f->results && !kept ? MANY + 1 : MANY);
		purse_is_sound(f->purse);
		f->at_turn = NULL;
		(void)unlink(inbox_path(f, "failed/many.csv.reason"));
		(void)unlink(inbox_path(f, "failed/many.csv.sealed"));
		inbox_begin_anew(f);
	}
}

/* ---- disks ------------------------------------------------------------- */

static void
on_disk_is_well(void *ctx)
{
	(void)ctx;
	faulty_disk_set(FAULTY_DISK_NOT);
}

static void
full_disk_only_makes_it_take_longer(void **state)
{
	static const unsigned writes[] = {2, 40};
	struct inbox *f = *state;
	static char text[TEXT_MAX];

	many_rows(text, true);
	for (size_t i = 0; i < sizeof(writes) / sizeof(*writes); i++) {
		struct loop_timer *well =
			loop_timer_new(f->loop, on_disk_is_well, f);

		loop_timer_always(well);
		loop_timer_at(well, loop_now_ms(f->loop) + 200);
		inbox_drop(f, "many.csv", text);
		faulty_disk_set(FAULTY_DISK_FULL);
		faulty_disk_after(writes[i]);
		inbox_run(f);
		check_taken_once(f);
		inbox_begin_anew(f);
	}
}

/* ---- a restored ledger --------------------------------------------------- */

static void
ledger_was_restored(struct inbox *f, int64_t wall_ms)
{
	struct ledger_op op = purse_op(f->purse, LEDGER_CURSOR);

	strcpy(op.u.cursor.name, LEDGER_RESTORED_CURSOR);
	op.u.cursor.seq = wall_ms;
	(void)purse_must(f->purse, &op);
}

static void
file_that_was_there_when_the_ledger_was_restored_is_held(void **state)
{
	static const struct {
		int64_t after_ms; /* of the restore, after the file */
		enum voucher_state state;
	} cases[] = {{10000, VOUCHER_HELD}, {-10000, VOUCHER_READY}};
	struct inbox *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct purse_card card;

		inbox_drop(f, "simtel-1-a.txt", "90000000000017\n");
		ledger_was_restored(f, loop_wall_ms() + cases[i].after_ms);
		inbox_run(f);
		card = purse_card(f->purse, purse_voucher(f->purse, 1, 1));
		assert_int_equal(card.state, cases[i].state);
		assert_string_equal(card.reason,
			card.state == VOUCHER_HELD ? "restored" : "");
		inbox_begin_anew(f);
	}
}

#define CASE(name)                                                             \
	cmocka_unit_test_setup_teardown(name, inbox_setup, inbox_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(power_cut_at_any_turn_loses_no_row_and_takes_none_twice),
		CASE(power_cut_at_any_turn_of_a_refusal_keeps_the_file),
		CASE(file_removed_before_it_was_finished_still_gets_its_done),
		CASE(name_of_an_unfinished_batch_may_belong_to_another_file),
		CASE(file_replaced_while_it_is_read_is_read_too),
		CASE(row_appended_while_it_is_read_is_not_lost),
		CASE(full_disk_only_makes_it_take_longer),
		CASE(file_that_was_there_when_the_ledger_was_restored_is_held),
	};

	faulty_disk_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
