/*
 * The disk of the simulation: what it must promise SQLite, what it must not,
 * and what the ledger makes of a disk that fails, and forgets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/ledger_private.h"
#include "tests/crash/disk.h"
#include "tests/crash/life.h"
#include "tests/crash/paper.h"
#include "tests/crash/power.h"
#include "tests/crash/run.h"
#include "tests/sim/rng.h"

enum { CUTS = 60 };

struct bench {
	struct rng rng;
	struct vault *vault;
	struct ledger *ledger;
};

static void
open_it(struct bench *b)
{
	char why[256] = "";
	b->ledger = ledger_open(
		"ledger.db", LEDGER_OPEN_RW, b->vault, why, sizeof(why));
	if (!b->ledger)
		fail_msg("%s", why);
}

static void
setup(struct bench *b, uint64_t seed)
{
	char why[256];
	memset(b, 0, sizeof(*b));
	rng_init(&b->rng, seed, "disk");
	paper_reset(NULL);
	power_on();
	disk_reset(&b->rng);
	b->vault = vault_open("key", true, why, sizeof(why));
	assert_non_null(b->vault);
	open_it(b);
}

static void
finish(struct bench *b)
{
	ledger_close(b->ledger);
	vault_close(b->vault);
}

static void
die(struct bench *b, bool cut)
{
	power_off();
	ledger_close(b->ledger);
	if (cut)
		disk_cut();
	else
		disk_kill();
	power_on();
	open_it(b);
}

/* An event, committed. */
static int
note(struct bench *b)
{
	struct ledger_op op = {.kind = LEDGER_EVENT};
	(void)strcpy(op.who, "daemon");
	(void)strcpy(op.u.event.event, "test");
	int rc = ledger_begin(b->ledger);
	if (rc == 0)
		rc = ledger_apply(b->ledger, &op, NULL);
	if (rc == 0)
		rc = ledger_commit(b->ledger, 0);
	if (rc != 0)
		ledger_rollback(b->ledger);
	return rc;
}

static void
what_was_committed_survives_a_cut(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= CUTS; seed++) {
		struct bench b;
		setup(&b, seed);
		for (int64_t n = 1; n <= 5; n++) {
			assert_int_equal(note(&b), 0);
			die(&b, true);
			assert_int_equal(ledger_audit_head(b.ledger), n);
		}
		finish(&b);
	}
}

static void
what_was_not_synced_may_be_lost(void **state)
{
	unsigned lost = 0;
	(void)state;
	for (uint64_t seed = 1; seed <= CUTS; seed++) {
		struct bench b;
		setup(&b, seed);
		assert_int_equal(
			sqlite3_exec(b.ledger->db, "PRAGMA synchronous = OFF",
				NULL, NULL, NULL),
			SQLITE_OK);
		assert_int_equal(note(&b), 0);
		assert_int_equal(note(&b), 0);
		assert_false(disk_is_synced());
		die(&b, true);
		lost += ledger_audit_head(b.ledger) < 2;
		finish(&b);
	}
	assert_in_range(lost, CUTS / 4, CUTS - 1);
}

static void
a_kill_loses_nothing(void **state)
{
	struct bench b;
	(void)state;
	setup(&b, 1);
	assert_int_equal(note(&b), 0);
	die(&b, false);
	assert_int_equal(ledger_audit_head(b.ledger), 1);
	finish(&b);
}

static void
a_fuse_ends_everything(void **state)
{
	struct bench b;
	(void)state;
	setup(&b, 1);
	power_fuse(POWER_SYNC, 0);
	assert_int_not_equal(note(&b), 0);
	assert_false(power_is_on());
	assert_int_not_equal(note(&b), 0);
	die(&b, true);
	assert_int_equal(note(&b), 0);
	finish(&b);
}

static void
a_full_disk_says_so(void **state)
{
	struct bench b;
	(void)state;
	setup(&b, 1);
	disk_room(0);
	assert_int_not_equal(note(&b), 0);
	disk_room(-1);
	assert_int_equal(note(&b), 0);
	finish(&b);
}

/* Frames whose sync failed are read back after a kill; what is committed on
 * top of them must be safe. */
static void
nothing_is_built_on_what_a_failed_sync_left(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= CUTS; seed++) {
		struct bench b;
		setup(&b, seed);
		disk_is_harsh(true);
		assert_int_equal(note(&b), 0);
		disk_fault(DISK_SYNCS_FAIL);
		assert_int_not_equal(note(&b), 0);
		disk_fault(DISK_WORKS);
		die(&b, false);
		assert_int_equal(note(&b), 0);
		int64_t head = ledger_audit_head(b.ledger);
		die(&b, true);
		assert_int_equal(ledger_audit_head(b.ledger), head);
		finish(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_committed_survives_a_cut),
		cmocka_unit_test(what_was_not_synced_may_be_lost),
		cmocka_unit_test(a_kill_loses_nothing),
		cmocka_unit_test(a_fuse_ends_everything),
		cmocka_unit_test(a_full_disk_says_so),
		cmocka_unit_test(nothing_is_built_on_what_a_failed_sync_left),
	};
	run_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
