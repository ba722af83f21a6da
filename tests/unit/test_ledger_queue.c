/*
 * ledger: batches, the heads of the queue, what breakers know of a SIM, and
 * kept counts against counted ones after random lives.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "agent/ledger_private.h"
#include "tests/support/purse.h"

/* ---- heads ------------------------------------------------------------- */

enum { HEADS_MAX = 16 };

struct heads {
	int64_t ids[HEADS_MAX];
	size_t count;
};

static bool
on_head(void *ctx, const struct ledger_voucher *v)
{
	struct heads *heads = ctx;
	assert_int_equal(v->state, VOUCHER_READY);
	heads->ids[heads->count++] = v->id;
	return heads->count < HEADS_MAX;
}

static struct heads
heads_of(struct purse *p, const char *modem, int64_t limit)
{
	struct ledger_head_query q = {.operator= "simtel",
		.modem = modem,
		.self_account = "sim1",
		.ran_ms = p->now.ran_ms,
		.limit = limit};
	struct heads heads = {.count = 0};
	assert_int_equal(ledger_each_head(p->ledger, &q, on_head, &heads), 0);
	return heads;
}

struct kind {
	unsigned priority;
	const char *operator, * modem, *target;
};

/* A batch with one row of that kind; the voucher's number. */
static int64_t
one_of_kind(struct purse *p, struct kind kind)
{
	int64_t batch = purse_open_batch(p);
	struct ledger_op op = purse_row(p, batch, 1);
	struct ledger_batch_row *row = &op.u.batch_row;
	row->priority = kind.priority;
	snprintf(row->operator, sizeof(row->operator), "%s", kind.operator);
	snprintf(row->modem, sizeof(row->modem), "%s", kind.modem);
	snprintf(row->target, sizeof(row->target), "%s", kind.target);
	int64_t voucher = purse_must(p, &op);
	op = purse_op(p, LEDGER_BATCH_ACCEPT);
	op.u.batch_accept.batch = batch;
	purse_must(p, &op);
	return voucher;
}

static void
heads_come_by_priority_then_batch_then_row(void **state)
{
	struct purse *p = *state;
	int64_t old = purse_batch(p, 2, "");
	int64_t low = one_of_kind(p, (struct kind){0, "simtel", "", "self"});
	int64_t mine = one_of_kind(p, (struct kind){5, "simtel", "m1", "self"});
	int64_t number = one_of_kind(p, (struct kind){5, "simtel", "", "0801"});
	int64_t high = one_of_kind(p, (struct kind){9, "simtel", "", "self"});
	one_of_kind(p, (struct kind){9, "other", "", "self"});
	one_of_kind(p, (struct kind){9, "simtel", "m2", "self"});
	const int64_t expected[] = {high, purse_voucher(p, old, 2),
		purse_voucher(p, old, 3), mine, number, low};
	for (int64_t limit = 0; limit <= 7; limit++) {
		struct heads heads = heads_of(p, "m1", limit);
		size_t n = limit < 6 ? (size_t)limit : 6;
		assert_int_equal(heads.count, n);
		assert_memory_equal(
			heads.ids, expected, n * sizeof(expected[0]));
	}
	/* Without a name there is no modem's own lane. */
	assert_int_equal(heads_of(p, "", 9).count, 5);
}

static void
account_in_flight_takes_its_vouchers_from_the_heads(void **state)
{
	struct purse *p = *state;
	int64_t self = one_of_kind(p, (struct kind){5, "simtel", "", "self"});
	int64_t one = one_of_kind(p, (struct kind){5, "simtel", "", "0801"});
	int64_t same = one_of_kind(p, (struct kind){5, "simtel", "", "0801"});
	int64_t other = one_of_kind(p, (struct kind){5, "simtel", "", "0802"});
	assert_int_equal(heads_of(p, "m1", 9).count, 4);
	struct ledger_op op = purse_begin(p, one);
	strcpy(op.u.attempt_begin.account, "0801");
	strcpy(op.u.attempt_begin.iccid, "sim2");
	int64_t attempt = purse_must(p, &op);
	struct heads heads = heads_of(p, "m1", 9);
	assert_int_equal(heads.count, 2);
	assert_int_equal(heads.ids[0], self);
	assert_int_equal(heads.ids[1], other);
	one_of_kind(p, (struct kind){5, "simtel", "m1", "self"});
	assert_int_equal(heads_of(p, "m1", 9).count, 3);
	purse_dial(p, self); /* account sim1: all for self wait */
	heads = heads_of(p, "m1", 9);
	assert_int_equal(heads.count, 1);
	assert_int_equal(heads.ids[0], other);
	op = purse_settle(
		p, attempt, LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_CREDITED);
	purse_must(p, &op);
	heads = heads_of(p, "m1", 9);
	assert_int_equal(heads.count, 2); /* and still do */
	assert_int_equal(heads.ids[0], same);
}

static void
voucher_that_waits_is_no_head_before_its_moment(void **state)
{
	struct purse *p = *state;
	int64_t voucher =
		one_of_kind(p, (struct kind){5, "simtel", "", "self"});
	int64_t attempt = purse_dial(p, voucher);
	struct ledger_op op = purse_settle(
		p, attempt, LEDGER_ANSWERED, VERDICT_BUSY, VOUCHER_BUSY);
	op.u.attempt_settle.next_at_ran_ms = p->now.ran_ms + 1000;
	purse_must(p, &op);
	assert_int_equal(heads_of(p, "m1", 9).count, 0);
	p->now.ran_ms += 2000;
	assert_int_equal(heads_of(p, "m1", 9).count, 1);
}

static void
batch_being_read_is_invisible(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_open_batch(p);
	struct ledger_op op = purse_row(p, batch, 1);
	int64_t voucher = purse_must(p, &op);
	int64_t counts[VOUCHER_STATES];
	assert_int_equal(heads_of(p, "m1", 9).count, 0);
	assert_int_equal(ledger_counts(p->ledger, counts), 0);
	assert_int_equal(counts[VOUCHER_READY], 0);
	op = purse_begin(p, voucher);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	op = purse_move(p, voucher, VOUCHER_HOLD);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	struct heads none = {.count = 0};
	struct ledger_voucher_filter filters[] = {
		{.id = voucher, .state = -1},
		{.batch = batch, .state = -1},
		{.state = VOUCHER_READY},
		{.state = -1},
	};
	for (size_t i = 0; i < 4; i++)
		ledger_each_voucher(p->ledger, &filters[i], on_head, &none);
	assert_int_equal(none.count, 0);
	purse_is_sound(p);
}

/* The plan itself: the two indexes in their order, no scan, no sorting. */
static void
head_query_never_walks_over_all_vouchers(void **state)
{
	struct purse *p = *state;
	char sql[4096];
	snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", ledger_head_sql);
	sqlite3_stmt *stmt;
	assert_int_equal(
		sqlite3_prepare_v2(p->ledger->db, sql, -1, &stmt, NULL),
		SQLITE_OK);
	unsigned lines = 0;
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *line = (const char *)sqlite3_column_text(stmt, 3);
		assert_null(strstr(line, "TEMP B-TREE"));
		assert_null(strstr(line, "SCAN v"));
		if (strstr(line, "voucher_queue") != NULL)
			lines |= 1;
		if (strstr(line, "batch_queue") != NULL)
			lines |= 2;
		if (strstr(line, "SCAN a USING") != NULL) /* those that fly */
			lines |= 4;
	}
	sqlite3_finalize(stmt);
	assert_int_equal(lines, 7);
}

static void
lists_are_filtered_by_state_batch_and_number(void **state)
{
	struct purse *p = *state;
	int64_t first = purse_batch(p, 4, "");
	int64_t second = purse_batch(p, 3, "counted");
	int64_t in_first = purse_voucher(p, first, 2);
	int64_t in_second = purse_voucher(p, second, 2);
	struct ledger_op op = purse_move(p, in_first, VOUCHER_HOLD);
	purse_must(p, &op);
	const struct {
		struct ledger_voucher_filter filter;
		size_t count;
		int64_t first;
	} rows[] = {
		{{.state = -1}, 7, in_first},
		{{.state = -1, .limit = 2}, 2, in_first},
		{{.state = -1, .after = in_first}, 6, in_first + 1},
		{{.state = -1, .id = in_second}, 1, in_second},
		{{.state = VOUCHER_HELD, .id = in_second}, 1, in_second},
		{{.state = VOUCHER_READY, .id = in_second}, 0, 0},
		{{.state = -1, .batch = second}, 3, in_second},
		{{.state = -1, .batch = second, .by_row = true}, 3, in_second},
		{{.state = -1, .batch = second, .after = in_second}, 2,
			in_second + 1},
		{{.state = VOUCHER_HELD, .batch = first}, 1, in_first},
		{{.state = VOUCHER_HELD}, 4, in_first},
		{{.state = VOUCHER_HELD, .after = in_first}, 3, in_second},
		{{.state = VOUCHER_READY}, 3, in_first + 1},
		{{.state = VOUCHER_UNKNOWN}, 0, 0},
		{{.state = VOUCHER_DIALING}, 0, 0},
		{{.state = VOUCHER_PENDING}, 0, 0},
		{{.state = VOUCHER_LOADED}, 0, 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t got[HEADS_MAX] = {0};
		size_t n = purse_list(p, &rows[i].filter, got, HEADS_MAX);
		assert_int_equal(n, rows[i].count);
		assert_int_equal(got[0], rows[i].first);
	}
}

/* ---- random lives ------------------------------------------------------ */

static unsigned
draw(unsigned *seed, unsigned below)
{
	return (unsigned)rand_r(seed) % below;
}

static struct ledger_op
random_settle(struct purse *p, int64_t attempt, unsigned *seed)
{
	static const struct {
		enum ledger_fate fate;
		enum verdict verdict;
		enum voucher_event event;
	} ends[] = {
		{LEDGER_NOT_SENT, VERDICT_NONE, VOUCHER_NOT_SENT},
		{LEDGER_NOT_SENT, VERDICT_NONE, VOUCHER_NOT_SENT_AGAIN},
		{LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_MAYBE_SENT},
		{LEDGER_MAYBE_SENT, VERDICT_NONE, VOUCHER_FOUND_AT_START},
		{LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_CREDITED},
		{LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_AMOUNT_DIFFERS},
		{LEDGER_ANSWERED, VERDICT_INVALID, VOUCHER_REFUSED_FIRST},
		{LEDGER_ANSWERED, VERDICT_USED, VOUCHER_REFUSED_ON_REPEAT},
		{LEDGER_ANSWERED, VERDICT_SIM_BLOCKED, VOUCHER_SIM_BLOCKED},
		{LEDGER_ANSWERED, VERDICT_NOT_NOW, VOUCHER_NOT_NOW},
		{LEDGER_ANSWERED, VERDICT_BUSY, VOUCHER_BUSY},
		{LEDGER_ANSWERED, VERDICT_PENDING, VOUCHER_TAKEN},
		{LEDGER_ANSWERED, VERDICT_NONE, VOUCHER_NO_VERDICT},
	};
	unsigned i = draw(seed, sizeof(ends) / sizeof(ends[0]));
	struct ledger_op op = purse_settle(
		p, attempt, ends[i].fate, ends[i].verdict, ends[i].event);
	op.u.attempt_settle.credited_minor = draw(seed, 20000);
	if (draw(seed, 3) == 0)
		op.u.attempt_settle.balance_minor = draw(seed, 50000);
	return op;
}

/* What comes from beside: readings, evidence, fences, people. */
static struct ledger_op
random_beside(struct purse *p, unsigned *seed, unsigned attempts)
{
	static const enum ledger_op_kind kinds[] = {LEDGER_BALANCE,
		LEDGER_BALANCE, LEDGER_EVIDENCE, LEDGER_EVIDENCE, LEDGER_FENCE,
		LEDGER_SPOIL, LEDGER_BALANCE_ASKED, LEDGER_UNLOCK,
		LEDGER_SIM_BLOCKED, LEDGER_SIM_SEEN};
	struct ledger_op op = purse_op(
		p, kinds[draw(seed, sizeof(kinds) / sizeof(kinds[0]))]);
	char iccid[LEDGER_NAME_MAX], account[LEDGER_TARGET_MAX];
	snprintf(iccid, sizeof(iccid), "sim%u", draw(seed, 4));
	snprintf(account, sizeof(account), "account%u", draw(seed, 6));
	if (op.kind == LEDGER_BALANCE) {
		snprintf(op.u.balance.iccid, sizeof(op.u.balance.iccid), "%s",
			iccid);
		op.u.balance.decimals = draw(seed, 20) == 0 ? 3 : 2;
		op.u.balance.minor = draw(seed, 50000);
	} else if (op.kind == LEDGER_EVIDENCE) {
		struct ledger_evidence *e = &op.u.evidence;
		e->attempt = 1 + draw(seed, attempts);
		e->event = draw(seed, 2) == 0 ? VOUCHER_EVIDENCE
		                              : VOUCHER_LATE_REFUSAL;
		e->credited_minor = draw(seed, 20000);
		e->balance_minor =
			draw(seed, 2) == 0 ? MONEY_NONE : draw(seed, 50000);
	} else if (op.kind == LEDGER_FENCE) {
		snprintf(op.u.fence.iccid, sizeof(op.u.fence.iccid), "%s",
			iccid);
		op.u.fence.over = draw(seed, 3) > 0;
	} else if (op.kind == LEDGER_SPOIL) {
		snprintf(op.u.spoil.iccid, sizeof(op.u.spoil.iccid), "%s",
			iccid);
	} else if (op.kind == LEDGER_BALANCE_ASKED) {
		snprintf(op.u.balance_asked.iccid,
			sizeof(op.u.balance_asked.iccid), "%s", iccid);
	} else if (op.kind == LEDGER_UNLOCK) {
		snprintf(op.u.unlock.account, sizeof(op.u.unlock.account), "%s",
			account);
	} else if (op.kind == LEDGER_SIM_BLOCKED) {
		snprintf(op.u.sim_blocked.iccid, sizeof(op.u.sim_blocked.iccid),
			"%s", iccid);
	} else {
		snprintf(op.u.sim_seen.iccid, sizeof(op.u.sim_seen.iccid), "%s",
			iccid);
		snprintf(op.u.sim_seen.account, sizeof(op.u.sim_seen.account),
			"%s", account);
	}
	return op;
}

static struct ledger_op
random_begin(struct purse *p, unsigned *seed, unsigned vouchers)
{
	struct ledger_op op = purse_begin(p, 1 + draw(seed, vouchers));
	struct ledger_attempt_begin *b = &op.u.attempt_begin;
	snprintf(b->iccid, LEDGER_NAME_MAX, "sim%u", draw(seed, 4));
	snprintf(b->account, LEDGER_TARGET_MAX, "account%u", draw(seed, 6));
	b->batch_rejects = draw(seed, 10) == 0 ? 3 : 0;
	if (draw(seed, 4) == 0)
		b->event = VOUCHER_REPEATED;
	return op;
}

/* Half of the time the voucher that the ledger itself would repeat. */
static void
repeat_rightly(struct purse *p, struct ledger_op *op)
{
	int64_t voucher = ledger_repeatable(
		p->ledger, op->u.attempt_begin.iccid, "simtel");
	if (op->u.attempt_begin.event == VOUCHER_REPEATED && voucher != 0)
		op->u.attempt_begin.voucher = voucher;
}

static struct ledger_op
random_op(struct purse *p, unsigned *seed, unsigned vouchers)
{
	struct ledger_op op;
	switch (draw(seed, 11)) {
	case 0:
	case 1:
	case 2:
		op = random_begin(p, seed, vouchers);
		repeat_rightly(p, &op);
		return op;
	case 8:
	case 9:
	case 10:
		return random_beside(p, seed, vouchers);
	case 3:
	case 4:
	case 5:
		return random_settle(p, 1 + draw(seed, vouchers), seed);
	case 6:
		op = purse_op(p, LEDGER_BATCH_MOVE);
		op.u.batch_move.batch = 1 + draw(seed, 4);
		op.u.batch_move.event =
			(enum voucher_event)(VOUCHER_HOLD + draw(seed, 3));
		if (op.u.batch_move.event == VOUCHER_CANCEL &&
			draw(seed, 5) > 0)
			op.u.batch_move.event = VOUCHER_RELEASE;
		return op;
	default:
		op = purse_move(p, 1 + draw(seed, vouchers),
			(enum voucher_event)draw(seed, VOUCHER_EVENTS));
		op.u.voucher_move.credited_minor = draw(seed, 20000);
		return op;
	}
}

static void
kept_counts_equal_counted_ones_after_any_life(void **state)
{
	struct purse *p = *state;
	unsigned seed = (unsigned)time(NULL);
	unsigned vouchers = 0, taken = 0;
	const char *given = getenv("SEED");
	if (given != NULL)
		seed = (unsigned)strtoul(given, NULL, 10);
	print_message("seed %u\n", seed);
	for (unsigned i = 0; i < 4; i++) {
		purse_batch(p, 10 + 5 * i, i == 3 ? "lengths" : "");
		vouchers += 10 + 5 * i;
	}
	unsigned kinds[LEDGER_OP_KINDS] = {0};
	/* Some lives see no evidence for long. */
	for (unsigned turn = 0;
		turn < 60 || (kinds[LEDGER_EVIDENCE] == 0 && turn < 1000);
		turn++) {
		assert_int_equal(ledger_begin(p->ledger), 0);
		for (unsigned i = 0; i < 40; i++) {
			struct ledger_op op = random_op(p, &seed, vouchers);
			int rc = ledger_apply(p->ledger, &op, NULL);
			assert_true(rc == 0 || rc == -EINVAL || rc == -EBUSY);
			taken += rc == 0;
			kinds[op.kind] += rc == 0;
		}
		if (draw(&seed, 4) == 0)
			ledger_rollback(p->ledger);
		else
			assert_int_equal(ledger_commit(p->ledger, turn), 0);
		purse_is_sound(p);
	}
	assert_true(taken > 100);
	assert_true(kinds[LEDGER_EVIDENCE] > 0);
	assert_true(kinds[LEDGER_BALANCE] > 0);
}

int
main(void)
{
#define LEDGER_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(heads_come_by_priority_then_batch_then_row),
		LEDGER_TEST(
			account_in_flight_takes_its_vouchers_from_the_heads),
		LEDGER_TEST(voucher_that_waits_is_no_head_before_its_moment),
		LEDGER_TEST(batch_being_read_is_invisible),
		LEDGER_TEST(head_query_never_walks_over_all_vouchers),
		LEDGER_TEST(lists_are_filtered_by_state_batch_and_number),
		LEDGER_TEST(kept_counts_equal_counted_ones_after_any_life),
	};
	return cmocka_run_group_tests_name("ledger_queue", tests, NULL, NULL);
}
