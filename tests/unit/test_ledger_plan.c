/*
 * ledger: how its statements are carried out: what runs with each card must
 * not walk over the cards, attempts, readings or entries of years.
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
#include "tests/support/purse.h"

/* ---- one of everything ------------------------------------------------- */

static int64_t
lose(struct purse *p, int64_t voucher)
{
	int64_t attempt = purse_dial(p, voucher);
	struct ledger_op op = purse_settle(p, attempt, LEDGER_MAYBE_SENT,
		VERDICT_NONE, VOUCHER_MAYBE_SENT);
	op.u.attempt_settle.balance_minor = 77;
	strcpy(op.u.attempt_settle.reason, "no_answer");
	purse_must(p, &op);
	return attempt;
}

static void
tell(struct purse *p, int64_t minor)
{
	struct ledger_op op = purse_op(p, LEDGER_BALANCE);
	strcpy(op.u.balance.iccid, "sim1");
	strcpy(op.u.balance.currency, "XTS");
	op.u.balance.decimals = 2;
	op.u.balance.minor = minor;
	purse_must(p, &op);
}

static void
do_all(struct purse *p)
{
	int64_t batch = purse_batch(p, 1, "");
	int64_t voucher = purse_voucher(p, batch, 2);
	tell(p, 500);
	lose(p, voucher);
	struct ledger_op op = purse_op(p, LEDGER_FENCE);
	op.u.fence.over = true;
	strcpy(op.u.fence.iccid, "sim1");
	purse_must(p, &op);
	op = purse_begin(p, voucher);
	op.u.attempt_begin.event = VOUCHER_REPEATED;
	int64_t attempt = purse_must(p, &op);
	op = purse_settle(p, attempt, LEDGER_ANSWERED, VERDICT_USED_BY_ME,
		VOUCHER_USED_BY_ME_ON_REPEAT);
	purse_must(p, &op);
	op = purse_op(p, LEDGER_EVIDENCE);
	op.u.evidence.attempt =
		lose(p, purse_voucher(p, purse_batch(p, 1, ""), 2));
	op.u.evidence.event = VOUCHER_EVIDENCE;
	op.u.evidence.credited_minor = 10000;
	op.u.evidence.balance_minor = 10500;
	purse_must(p, &op);
	tell(p, 10600);
	op = purse_op(p, LEDGER_SPOIL);
	strcpy(op.u.spoil.iccid, "sim1");
	purse_must(p, &op);
	op = purse_op(p, LEDGER_BALANCE_ASKED);
	strcpy(op.u.balance_asked.iccid, "sim1");
	purse_must(p, &op);
	op = purse_op(p, LEDGER_UNLOCK);
	strcpy(op.u.unlock.iccid, "sim1");
	strcpy(op.u.unlock.account, "sim1");
	purse_must(p, &op);
	voucher = purse_voucher(p, purse_batch(p, 1, ""), 2);
	lose(p, voucher);
	op = purse_move(p, voucher, VOUCHER_RESOLVED_REJECTED);
	purse_must(p, &op);
}

static bool
on_head(void *ctx, const struct ledger_voucher *v)
{
	(void)ctx;
	(void)v;
	return true;
}

static bool
on_account(void *ctx, const struct ledger_account *a)
{
	(void)ctx;
	(void)a;
	return true;
}

static bool
on_reconcile(void *ctx, const struct ledger_reconcile *r)
{
	(void)ctx;
	(void)r;
	return true;
}

static bool
on_claim(void *ctx, const struct ledger_claim *claim)
{
	(void)ctx;
	(void)claim;
	return true;
}

static void
on_figure(void *ctx, const struct ledger_figure *figure)
{
	(void)ctx;
	(void)figure;
}

static bool
on_heard(void *ctx, const struct ledger_heard *heard)
{
	(void)ctx;
	(void)heard;
	return true;
}

/* Lists and sums for people: their walks begin where they left off. */
static void
read_figures(struct ledger *ledger)
{
	struct ledger_claim_filter claims = {.operator= "", .look = 9};
	struct ledger_figure_walk walk = {.since_wall_ms = 1};
	struct ledger_heard_filter heard = {.account = "sim1", .limit = 9};
	char account[LEDGER_TARGET_MAX];
	int64_t last;
	assert_int_equal(
		ledger_each_claim(ledger, &claims, on_claim, NULL, &last), 0);
	claims.batch = 1;
	assert_int_equal(
		ledger_each_claim(ledger, &claims, on_claim, NULL, &last), 0);
	assert_int_equal(
		ledger_each_figure(ledger, &walk, 99, on_figure, NULL), 0);
	assert_int_equal(ledger_each_heard(ledger, &heard, on_heard, NULL), 0);
	heard.backwards = true;
	assert_int_equal(ledger_each_heard(ledger, &heard, on_heard, NULL), 0);
	assert_int_equal(
		ledger_account_told(ledger, "m9", "", account), -ENOENT);
}

static void
read_all(struct purse *p)
{
	struct ledger_proof proof;
	struct ledger_last last;
	struct ledger_account account;
	struct ledger_wait wait;
	struct ledger_head_query q = {.operator= "simtel",
		.modem = "m1",
		.self_account = "sim1",
		.iccid = "sim1",
		.limit = 9};
	struct ledger *ledger = p->ledger;
	(void)purse_sim(p);
	(void)ledger_proof(ledger, "sim1", &proof);
	assert_int_equal(ledger_last(ledger, "sim1", &last), 0);
	assert_int_equal(ledger_repeatable(ledger, "sim1", "simtel"), 0);
	assert_int_equal(ledger_account(ledger, "sim1", &account), 0);
	assert_int_equal(ledger_wait(ledger, 1, &wait), 0);
	assert_int_equal(ledger_tripped_batch(ledger), 0);
	assert_int_equal(ledger_each_account(ledger, on_account, NULL), 0);
	assert_int_equal(
		ledger_each_reconcile(ledger, 1, on_reconcile, NULL), 0);
	assert_int_equal(ledger_each_head(ledger, &q, on_head, NULL), 0);
	read_figures(ledger);
}

/* ---- plans ------------------------------------------------------------- */

/* A walk through an index that has only what waits is none. */
static bool
walks(const char *line)
{
	static const char *const small[] = {"account_counted", "account_told",
		"batch_queue", "batch_tripped", "attempt_seat", "CONSTANT ROW",
		"SCAN (subquery", "SCAN sqlite_master", "SCAN meta"};
	/* What flies; longer names are other indexes. */
	static const char flying[] = " INDEX attempt_account";
	size_t len = strlen(line), end = sizeof(flying) - 1;
	if (strncmp(line, "SCAN ", 5) != 0)
		return strstr(line, "AUTOMATIC") != NULL;
	if (len > end && strcmp(line + len - end, flying) == 0)
		return false;
	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
		if (strstr(line, small[i]) != NULL)
			return false;
	return true;
}

static void
look_at(struct purse *p, const char *sql)
{
	char explain[8192];
	sqlite3_stmt *stmt = NULL;
	int n = snprintf(
		explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
	assert_in_range(n, 1, (int)sizeof(explain) - 1);
	assert_int_equal(
		sqlite3_prepare_v2(p->ledger->db, explain, -1, &stmt, NULL),
		SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *line = (const char *)sqlite3_column_text(stmt, 3);
		if (walks(line))
			fail_msg("%s:\n%s", line, sql);
	}
	sqlite3_finalize(stmt);
}

static void
nothing_that_runs_with_each_card_walks_over_a_table(void **state)
{
	struct purse *p = *state;
	do_all(p);
	read_all(p);
	purse_is_sound(p);
	/* The walks of verifying and of checking are meant. */
	purse_close(p);
	purse_open(p);
	do_all(p);
	read_all(p);
	size_t seen = 0;
	for (; seen < p->ledger->cached; seen++)
		if (strncmp(p->ledger->cache[seen].sql, "PRAGMA", 6) != 0)
			look_at(p, p->ledger->cache[seen].sql);
	assert_in_range(seen, 60, LEDGER_CACHE - 1);
}

/* ---- tables of their own ----------------------------------------------- */

static bool
builds_a_table(struct purse *p, const char *sql)
{
	char explain[4096];
	sqlite3_stmt *stmt = NULL;
	int n = snprintf(explain, sizeof(explain), "EXPLAIN %s", sql);
	assert_in_range(n, 1, (int)sizeof(explain) - 1);
	assert_int_equal(
		sqlite3_prepare_v2(p->ledger->db, explain, -1, &stmt, NULL),
		SQLITE_OK);
	bool builds = false;
	while (sqlite3_step(stmt) == SQLITE_ROW)
		if (strcmp((const char *)sqlite3_column_text(stmt, 1),
			    "OpenEphemeral") == 0)
			builds = true;
	sqlite3_finalize(stmt);
	return builds;
}

/* It costs more than all that an attempt writes. */
static void
no_statement_of_an_attempt_builds_a_table_of_its_own(void **state)
{
	struct purse *p = *state;
	assert_true(builds_a_table(p, "UPDATE voucher SET reason = 'x'"
				      " WHERE state IN ('a','b','c')"));
	int64_t voucher = purse_fresh(p);
	purse_close(p);
	purse_open(p);
	struct ledger_op op = purse_settle(p, purse_dial(p, voucher),
		LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_CREDITED);
	op.u.attempt_settle.balance_minor = 10000;
	purse_must(p, &op);
	size_t seen = 0;
	for (; seen < p->ledger->cached; seen++)
		if (builds_a_table(p, p->ledger->cache[seen].sql))
			fail_msg("%s", p->ledger->cache[seen].sql);
	assert_in_range(seen, 20, LEDGER_CACHE - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			nothing_that_runs_with_each_card_walks_over_a_table,
			purse_setup, purse_teardown),
		cmocka_unit_test_setup_teardown(
			no_statement_of_an_attempt_builds_a_table_of_its_own,
			purse_setup, purse_teardown),
	};
	return cmocka_run_group_tests_name("ledger_plan", tests, NULL, NULL);
}
