/* ledger: the chain of audit entries, and every way to tamper with it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "agent/audit.h"
#include "tests/support/purse.h"

enum { ENTRIES = 6 };

static void
add_event(struct purse *p, const char *event, const char *note)
{
	struct ledger_op op = purse_op(p, LEDGER_EVENT);
	snprintf(op.u.event.event, LEDGER_NAME_MAX, "%s", event);
	snprintf(op.u.event.note, LEDGER_TEXT_MAX, "%s", note);
	strcpy(op.u.event.modem, "m1");
	op.u.event.batch = 3;
	op.u.event.voucher = 9;
	purse_must(p, &op);
}

static void
fill(struct purse *p)
{
	for (int i = 0; i < ENTRIES; i++)
		add_event(p, "modem.ready", "as it is");
}

static struct ledger_verify
verify(struct purse *p)
{
	struct ledger_verify v;
	assert_int_equal(ledger_verify_audit(p->ledger, &v), 0);
	return v;
}

#define COPY_OF_LAST                                                           \
	"SELECT 7,at,event,voucher,batch,modem,who,note,hash FROM audit"       \
	" WHERE seq = 6"

static void
every_tampering_is_found(void **state)
{
	struct purse *p = *state;
	static const struct {
		const char *sql;
		int64_t first_bad;
	} rows[] = {
		{"UPDATE audit SET note = 'other' WHERE seq = 3", 3},
		{"UPDATE audit SET event = 'modem.failed' WHERE seq = 1", 1},
		{"UPDATE audit SET modem = '' WHERE seq = 2", 2},
		{"UPDATE audit SET who = 'uid:0(root)' WHERE seq = 2", 2},
		{"UPDATE audit SET at = at + 1 WHERE seq = 4", 4},
		{"UPDATE audit SET voucher = 8 WHERE seq = 4", 4},
		{"UPDATE audit SET voucher = NULL WHERE seq = 4", 4},
		{"UPDATE audit SET batch = 4 WHERE seq = 4", 4},
		{"UPDATE audit SET note = note || char(0) || 'x'"
		 " WHERE seq = 5",
			5},
		{"UPDATE audit SET hash = zeroblob(32) WHERE seq = 3", 3},
		{"UPDATE audit SET hash = zeroblob(32) WHERE seq = 6", 6},
		{"UPDATE audit SET hash = (SELECT hash FROM audit"
		 " WHERE seq = 5) WHERE seq = 6",
			6},
		{"DELETE FROM audit WHERE seq = 1", 1},
		{"DELETE FROM audit WHERE seq = 3", 3},
		{"DELETE FROM audit WHERE seq = 6", 6},
		{"DELETE FROM audit WHERE seq > 2", 3},
		{"DELETE FROM audit", 1},
		{"DELETE FROM audit WHERE seq = 3;"
		 "UPDATE audit SET seq = seq - 1 WHERE seq > 3",
			3},
		{"UPDATE audit SET seq = 99 WHERE seq = 2;"
		 "UPDATE audit SET seq = 2 WHERE seq = 3;"
		 "UPDATE audit SET seq = 3 WHERE seq = 99",
			2},
		{"INSERT INTO audit " COPY_OF_LAST, 7},
		{"UPDATE audit SET seq = 7 WHERE seq = 6", 6},
		/* The end moved back, by one who has no key. */
		{"DELETE FROM audit WHERE seq = 6;"
		 "UPDATE meta SET audit_seq = 5,"
		 " audit_hash = (SELECT hash FROM audit WHERE seq = 5)",
			5},
		{"DELETE FROM audit; UPDATE meta SET audit_seq = 0,"
		 " audit_hash = zeroblob(32)",
			1},
		{"UPDATE meta SET audit_seal = zeroblob(32)", 6},
		{"UPDATE meta SET audit_hash = zeroblob(32)", 6},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fill(p);
		assert_true(verify(p).ok);
		purse_close(p);
		purse_tamper(p, rows[i].sql);
		purse_look(p);
		struct ledger_verify v = verify(p);
		if (v.ok || v.first_bad != rows[i].first_bad)
			fail_msg("%s: %d %lld (%s)", rows[i].sql, v.ok,
				(long long)v.first_bad, v.what);
		assert_true(strlen(v.what) > 0);
		purse_close(p);
		unlink(p->path);
		purse_open(p);
	}
}

static void
a_forged_end_is_refused_with_a_sentence(void **state)
{
	struct purse *p = *state;
	fill(p);
	purse_close(p);
	purse_tamper(p, "INSERT INTO audit " COPY_OF_LAST);
	assert_null(ledger_open(
		p->path, LEDGER_OPEN_RW, p->vault, p->why, sizeof(p->why)));
	assert_non_null(strstr(p->why, "topupctl audit verify"));
}

static void
whole_chain_tells_its_number_and_head(void **state)
{
	struct purse *p = *state;
	struct ledger_verify v = verify(p);
	assert_true(v.ok);
	assert_int_equal(v.entries, 0);
	fill(p);
	v = verify(p);
	assert_true(v.ok);
	assert_int_equal(v.entries, ENTRIES);
	assert_int_equal(v.first_bad, 0);
	assert_int_equal(strlen(v.head), 2 * VAULT_HASH_LEN);
	purse_close(p);
	purse_open(p);
	add_event(p, "modem.ready", "another life");
	v = verify(p);
	assert_true(v.ok);
	assert_int_equal(v.entries, ENTRIES + 1);
}

struct links {
	struct vault *vault;
	uint8_t hash[VAULT_HASH_LEN];
};

static bool
on_link(void *ctx, const struct ledger_audit *a)
{
	struct links *links = ctx;
	struct audit_entry entry = {.seq = a->seq,
		.at_wall_ms = a->at_wall_ms,
		.voucher = a->voucher,
		.batch = a->batch,
		.event = span_str(a->event),
		.modem = span_str(a->modem),
		.who = span_str(a->who),
		.note = span_str(a->note)};
	uint8_t bytes[AUDIT_BYTES_MAX];
	size_t len;
	assert_int_equal(audit_bytes(&entry, bytes, sizeof(bytes), &len), 0);
	vault_chain(links->vault, links->hash,
		span_of((const char *)bytes, len), links->hash);
	assert_memory_equal(links->hash, a->hash, VAULT_HASH_LEN);
	return true;
}

static void
each_link_is_over_the_entry_and_the_link_before(void **state)
{
	struct purse *p = *state;
	static const struct ledger_audit_filter all = {.after = 0};
	struct links links = {.vault = p->vault};
	fill(p);
	purse_dial(p, purse_voucher(p, purse_batch(p, 1, ""), 2));
	assert_int_equal(
		ledger_each_audit(p->ledger, &all, on_link, &links), 0);
}

static void
chain_is_verified_inside_a_turn_too(void **state)
{
	struct purse *p = *state;
	fill(p);
	assert_int_equal(ledger_begin(p->ledger), 0);
	struct ledger_op op = purse_op(p, LEDGER_EVENT);
	strcpy(op.u.event.event, "modem.ready");
	assert_int_equal(ledger_apply(p->ledger, &op, NULL), 0);
	assert_true(verify(p).ok);
	ledger_rollback(p->ledger);
	struct ledger_verify v = verify(p);
	assert_true(v.ok);
	assert_int_equal(v.entries, ENTRIES);
}

static void
honest_hand_cannot_change_or_drop_an_entry(void **state)
{
	struct purse *p = *state;
	fill(p);
	purse_close(p);
	static const char *const tries[] = {
		"UPDATE audit SET note = 'x' WHERE seq = 1",
		"DELETE FROM audit WHERE seq = 6",
	};
	sqlite3 *db;
	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(sqlite3_exec(db, tries[i], NULL, NULL, NULL),
			SQLITE_CONSTRAINT);
	sqlite3_close(db);
	purse_open(p);
	assert_true(verify(p).ok);
}

/* ---- reading ----------------------------------------------------------- */

struct seen {
	unsigned count, stop_after;
	int64_t first, last;
};

static bool
on_entry(void *ctx, const struct ledger_audit *a)
{
	struct seen *seen = ctx;
	if (seen->count++ == 0)
		seen->first = a->seq;
	seen->last = a->seq;
	return seen->count != seen->stop_after;
}

static void
entries_are_filtered_by_number_time_voucher_and_limit(void **state)
{
	struct purse *p = *state;
	int64_t begin_ms = p->now.wall_ms;
	fill(p);
	int64_t batch = purse_batch(p, 1, "");
	int64_t voucher = purse_voucher(p, batch, 2);
	purse_dial(p, voucher);
	const struct {
		struct ledger_audit_filter filter;
		unsigned count;
		int64_t first, last;
	} rows[] = {
		{{.after = 0}, 8, 1, 8},
		{{.after = 5}, 3, 6, 8},
		{{.after = 8}, 0, 0, 0},
		{{.limit = 2}, 2, 1, 2},
		{{.since_wall_ms = begin_ms + 25}, 5, 4, 8},
		{{.voucher = 9}, 6, 1, 6},
		{{.voucher = 9, .after = 2, .limit = 1}, 1, 3, 3},
		{{.voucher = voucher}, 1, 8, 8},
		{{.voucher = 4711}, 0, 0, 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = {0};
		assert_int_equal(ledger_each_audit(p->ledger, &rows[i].filter,
					 on_entry, &seen),
			0);
		assert_int_equal(seen.count, rows[i].count);
		assert_int_equal(seen.first, rows[i].first);
		assert_int_equal(seen.last, rows[i].last);
	}
	struct seen seen = {.stop_after = 3};
	struct ledger_audit_filter all = {0};
	ledger_each_audit(p->ledger, &all, on_entry, &seen);
	assert_int_equal(seen.count, 3);
}

/* What is no change of state, or no news, makes no entry. */
static void
quiet_operations_write_no_entry(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_batch(p, 1, "counted");
	struct ledger_op seen = purse_op(p, LEDGER_SIM_SEEN);
	strcpy(seen.u.sim_seen.iccid, "sim1");
	strcpy(seen.u.sim_seen.modem, "m1");
	purse_must(p, &seen);
	struct ledger_op pause = purse_op(p, LEDGER_PAUSE);
	pause.u.pause.on = true;
	purse_must(p, &pause);
	int64_t head = ledger_audit_head(p->ledger);
	purse_must(p, &seen);
	purse_must(p, &pause);
	struct ledger_op op = purse_op(p, LEDGER_CURSOR);
	strcpy(op.u.cursor.name, "syslog");
	op.u.cursor.seq = 3;
	purse_must(p, &op);
	op = purse_op(p, LEDGER_BATCH_REPORTED);
	op.u.batch_ref.batch = batch;
	op.u.batch_ref.generation = 1;
	purse_must(p, &op);
	op.kind = LEDGER_BATCH_RETIRED;
	purse_must(p, &op);
	int64_t other = purse_open_batch(p);
	op = purse_row(p, other, 1);
	purse_must(p, &op);
	op = purse_op(p, LEDGER_BATCH_FAULT);
	op.u.batch_fault.batch = other;
	purse_must(p, &op);
	assert_int_equal(ledger_audit_head(p->ledger), head);
	assert_int_equal(ledger_cursor(p->ledger, "syslog"), 3);
	assert_int_equal(ledger_cursor(p->ledger, "none"), 0);
	/* And what is news does. */
	strcpy(seen.u.sim_seen.modem, "m2");
	purse_must(p, &seen);
	assert_int_equal(ledger_audit_head(p->ledger), head + 1);
}

int
main(void)
{
#define LEDGER_TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(every_tampering_is_found),
		LEDGER_TEST(a_forged_end_is_refused_with_a_sentence),
		LEDGER_TEST(whole_chain_tells_its_number_and_head),
		LEDGER_TEST(each_link_is_over_the_entry_and_the_link_before),
		LEDGER_TEST(chain_is_verified_inside_a_turn_too),
		LEDGER_TEST(honest_hand_cannot_change_or_drop_an_entry),
		LEDGER_TEST(
			entries_are_filtered_by_number_time_voucher_and_limit),
		LEDGER_TEST(quiet_operations_write_no_entry),
	};
	return cmocka_run_group_tests_name("ledger_audit", tests, NULL, NULL);
}
