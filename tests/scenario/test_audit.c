/*
 * The audit chain, broken on purpose: `topupctl audit verify` finds a
 * changed, a removed and a cut-off entry, without the daemon.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

/* A ledger with some life in it, and no daemon on it any more. */
static void
leave_a_ledger(struct house *h)
{
	char batch[512] = "# operator: simtel\npin,serial\n";

	house_add_cards(h, 0, 5);
	for (unsigned i = 0; i < 5; i++)
		snprintf(batch + strlen(batch), sizeof(batch) - strlen(batch),
			"%s,S%u\n", house_pin(i), i);
	house_add_modem(h, "m1", "standard", NULL);
	house_start_sim(h);
	house_start(h);
	house_submit(h, "five.csv", batch);
	house_until_settled(h, 5);
	assert_int_equal(house_stop(h), 0);
	assert_int_equal(house_ctl(h, "audit", "verify", NULL), 0);
}

static sqlite3 *
open_ledger(struct house *h)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(house_path(h, "state/ledger.db"), &db,
				 SQLITE_OPEN_READWRITE, NULL),
		SQLITE_OK);
	return db;
}

static int
collect_name(void *ctx, int columns, char **values, char **names)
{
	char *list = ctx;

	(void)columns;
	(void)names;
	snprintf(list + strlen(list), 1024 - strlen(list),
		"DROP TRIGGER \"%s\";", values[0]);
	return 0;
}

/* As a forger would: what guards the table goes first. */
static void
forge(struct house *h, const char *sql)
{
	sqlite3 *db = open_ledger(h);
	char drop[1024] = "", *error = NULL;

	assert_int_equal(sqlite3_exec(db,
				 "SELECT name FROM sqlite_schema "
				 "WHERE type = 'trigger'",
				 collect_name, drop, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, drop, NULL, NULL, NULL), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
	assert_true(sqlite3_changes(db) > 0);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
assert_found(struct house *h, json_int_t first_bad)
{
	json_t *said;

	assert_int_equal(house_ctl(h, "audit", "verify", "--json", NULL), 1);
	said = json_loads(h->out, 0, NULL);
	assert_non_null(said);
	assert_true(json_is_false(json_object_get(said, "ok")));
	if (first_bad > 0)
		assert_int_equal(house_number(said, "first_bad"), first_bad);
	json_decref(said);
	/* People are told too. */
	assert_int_equal(house_ctl(h, "audit", "verify", NULL), 1);
	assert_true(strlen(h->out) + strlen(h->err) > 10);
}

static void
changed_entry_is_found(void **state)
{
	struct house *h = *state;

	leave_a_ledger(h);
	forge(h, "UPDATE audit SET who = 'nobody' WHERE seq = 4");
	assert_found(h, 4);
	house_done(h);
}

static void
changed_time_of_an_entry_is_found(void **state)
{
	struct house *h = *state;

	leave_a_ledger(h);
	forge(h, "UPDATE audit SET at = at + 1 WHERE seq = 5");
	assert_found(h, 5);
	house_done(h);
}

static void
removed_entry_is_found(void **state)
{
	struct house *h = *state;

	leave_a_ledger(h);
	forge(h, "DELETE FROM audit WHERE seq = 3");
	assert_found(h, 0);
	house_done(h);
}

static void
cut_off_end_is_found(void **state)
{
	struct house *h = *state;

	leave_a_ledger(h);
	forge(h, "DELETE FROM audit WHERE seq > "
		 "(SELECT max(seq) - 2 FROM audit)");
	assert_found(h, 0);
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(changed_entry_is_found),
		HOUSE_TEST(changed_time_of_an_entry_is_found),
		HOUSE_TEST(removed_entry_is_found),
		HOUSE_TEST(cut_off_end_is_found),
	};

	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
