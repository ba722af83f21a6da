/*
 * test_ledger_message: messages as they came, each once, bounded; and the
 * attempts that may have caused one.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/purse.h"

enum { ROW = 2, DAY_MS = 86400000 };

/* All fields that are written here are as long. */
static void
put(char dst[LEDGER_NAME_MAX], const char *text)
{
	(void)snprintf(dst, LEDGER_NAME_MAX, "%s", text);
}

/* Message n for a SIM, from 121. */
static struct ledger_op
message(const struct purse *p, const char *iccid, unsigned n)
{
	struct ledger_op op = purse_op(p, LEDGER_MESSAGE);
	struct ledger_message_keep *m = &op.u.message_keep;
	put(m->iccid, iccid);
	put(m->modem, "m1");
	put(m->sender, "121");
	put(m->smsc, "+2348030000000");
	put(m->text, "Credited with 100.00");
	put(m->why, "none");
	put(m->serial, "0123");
	m->stamp_wall_ms = p->now.wall_ms - 3000;
	memcpy(m->digest, &n, sizeof(n));
	m->verdict = VERDICT_LOADED;
	m->amount_minor = 10000;
	m->deducted_minor = m->bonus_minor = m->balance_minor = MONEY_NONE;
	return op;
}

struct list {
	struct ledger_message last; /* its texts are gone */
	char sender[LEDGER_NAME_MAX], text[LEDGER_TEXT_MAX],
		why[LEDGER_NAME_MAX], smsc[LEDGER_NAME_MAX],
		serial[LEDGER_NAME_MAX];
	size_t count;
	int64_t first;
};

static bool
take(void *ctx, const struct ledger_message *m)
{
	struct list *list = ctx;
	if (list->count++ == 0)
		list->first = m->id;
	list->last = *m;
	(void)snprintf(list->sender, sizeof(list->sender), "%s", m->sender);
	(void)snprintf(list->text, sizeof(list->text), "%s", m->text);
	(void)snprintf(list->smsc, sizeof(list->smsc), "%s", m->smsc);
	(void)snprintf(list->serial, sizeof(list->serial), "%s", m->serial);
	(void)snprintf(list->why, sizeof(list->why), "%s", m->why);
	return true;
}

static struct list
list_of(struct purse *p, struct ledger_message_filter filter)
{
	struct list list = {.count = 0};
	assert_int_equal(
		ledger_each_message(p->ledger, &filter, take, &list), 0);
	return list;
}

/* A card that went on air and had no answer. */
static int64_t
doubtful(struct purse *p)
{
	int64_t voucher = purse_voucher(p, purse_batch(p, 1, ""), ROW);
	int64_t attempt = purse_dial(p, voucher);
	struct ledger_op end = purse_settle(p, attempt, LEDGER_MAYBE_SENT,
		VERDICT_NONE, VOUCHER_MAYBE_SENT);
	strcpy(end.u.attempt_settle.reason, "no_answer");
	purse_must(p, &end);
	return attempt;
}

/* ---- keeping ----------------------------------------------------------- */

static void
a_message_is_kept_as_it_came(void **state)
{
	struct purse *p = *state;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	struct ledger_op op = message(p, "sim1", 1);
	int64_t id = purse_must(p, &op);
	purse_last_audit(p, event, note);
	assert_string_equal(event, "sim.message");
	assert_string_equal(
		note, "message=1 sender=121 verdict=loaded why=none");
	purse_close(p);
	purse_open(p);
	struct list list = list_of(p, (struct ledger_message_filter){0});
	assert_int_equal(list.count, 1);
	assert_int_equal(list.last.id, id);
	assert_string_equal(list.sender, "121");
	assert_string_equal(list.smsc, "+2348030000000");
	assert_string_equal(list.text, "Credited with 100.00");
	assert_string_equal(list.why, "none");
	assert_string_equal(list.serial, "0123");
	assert_true(list.last.stamp_wall_ms == op.u.message_keep.stamp_wall_ms);
	assert_true(list.last.arrived.ran_ms == op.at.ran_ms);
	assert_true(list.last.arrived.wall_ms == op.at.wall_ms);
	assert_int_equal(list.last.verdict, VERDICT_LOADED);
	assert_true(list.last.amount_minor == 10000);
	assert_true(list.last.balance_minor == MONEY_NONE);
	assert_int_equal(list.last.attempt, 0);
	assert_false(list.last.waits);
	purse_is_sound(p);
}

static void
a_copy_is_one_message_and_changes_nothing(void **state)
{
	struct purse *p = *state;
	struct ledger_result result = {0};
	struct ledger_op op = message(p, "sim1", 1);
	int64_t id = purse_must(p, &op);
	int64_t head = ledger_audit_head(p->ledger);
	put(op.u.message_keep.why, "other");
	assert_int_equal(purse_do(p, &op, &result), -EEXIST);
	assert_int_equal(result.id, id);
	assert_int_equal(ledger_audit_head(p->ledger), head);
	assert_string_equal(
		list_of(p, (struct ledger_message_filter){0}).why, "none");
	/* To another SIM the operator may well write the same. */
	op = message(p, "sim2", 1);
	assert_int_equal(purse_do(p, &op, &result), 0);
	assert_int_equal(
		list_of(p, (struct ledger_message_filter){0}).count, 2);
}

static void
what_makes_no_sense_is_refused(void **state)
{
	struct purse *p = *state;
	struct ledger_op op = message(p, "", 1);
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	op = message(p, "sim1", 1);
	op.u.message_keep.verdict = VERDICT_COUNT;
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	op = message(p, "sim1", 1);
	op.u.message_keep.attempt = 4711;
	assert_int_not_equal(purse_do(p, &op, NULL), 0);
	op = message(p, "sim1", 1);
	op.u.message_keep.waits = true; /* for what? */
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	assert_int_equal(
		list_of(p, (struct ledger_message_filter){0}).count, 0);
}

/* In one transaction: a sync takes longer than all the rest. */
static void
pour(struct purse *p, unsigned first, unsigned count)
{
	assert_int_equal(ledger_begin(p->ledger), 0);
	for (unsigned i = 0; i < count; i++) {
		struct ledger_op op = message(p, "sim1", first + i);
		assert_int_equal(ledger_apply(p->ledger, &op, NULL), 0);
		p->now.ran_ms += 10000;
	}
	assert_int_equal(ledger_commit(p->ledger, p->now.ran_ms), 0);
}

static void
the_oldest_that_decided_nothing_goes_first(void **state)
{
	struct purse *p = *state;
	struct ledger_message_filter all = {0};
	struct ledger_op other = message(p, "sim2", 1);
	int64_t others = purse_must(p, &other);
	struct ledger_op op = message(p, "sim1", 1);
	op.u.message_keep.attempt = doubtful(p);
	int64_t decided = purse_must(p, &op);
	pour(p, 100, LEDGER_MESSAGES_MAX + 7);
	struct list list = list_of(p, all);
	assert_int_equal(list.count, LEDGER_MESSAGES_MAX + 1);
	assert_int_equal(list.first, others);
	all.after = others;
	list = list_of(p, all);
	assert_int_equal(list.first, decided);
	all.after = decided;
	list = list_of(p, all);
	assert_int_equal(list.first, decided + 9); /* eight are gone */
	/* Its copy is known still. */
	assert_int_equal(purse_do(p, &op, NULL), -EEXIST);
	purse_is_sound(p);
}

static void
a_flood_is_told_in_a_handful_of_entries(void **state)
{
	struct purse *p = *state;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	int64_t head = ledger_audit_head(p->ledger);
	assert_int_equal(ledger_begin(p->ledger), 0);
	for (unsigned i = 0; i < 500; i++) {
		struct ledger_op op = message(p, "sim1", i);
		assert_int_equal(ledger_apply(p->ledger, &op, NULL), 0);
	}
	assert_int_equal(ledger_commit(p->ledger, p->now.ran_ms), 0);
	assert_int_equal(ledger_audit_head(p->ledger) - head, 31);
	purse_last_audit(p, event, note);
	assert_non_null(strstr(note, "too many"));
	assert_int_equal(
		list_of(p, (struct ledger_message_filter){0}).count, 500);
	/* Another SIM's are told, and the next minute's. */
	struct ledger_op op = message(p, "sim2", 1);
	purse_must(p, &op);
	p->now.ran_ms += 60000;
	op = message(p, "sim1", 1000);
	purse_must(p, &op);
	assert_int_equal(ledger_audit_head(p->ledger) - head, 33);
}

/* Audit goes to syslog, and people read it by its keys. */
static void
a_sender_is_told_without_its_number_and_cannot_forge_a_note(void **state)
{
	struct purse *p = *state;
	static const struct {
		const char *sender, *told;
	} rows[] = {
		{"121", " sender=121 "},
		{"SimTel", " sender=SimTel "},
		{"+2348031234567", " sender_end=4567 "},
		{"08031234567", " sender_end=4567 "},
		{"x attempt=9\nby=sms", " sender=x_attempt_9_by_sms "},
	};
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ledger_op op = message(p, "sim1", i);
		put(op.u.message_keep.sender, rows[i].sender);
		purse_must(p, &op);
		purse_last_audit(p, event, note);
		if (!strstr(note, rows[i].told) || strstr(note, "803123"))
			fail_msg("row %u: %s", i, note);
	}
}

/* ---- those that wait --------------------------------------------------- */

static void
one_that_waits_is_weighed_once(void **state)
{
	struct purse *p = *state;
	int64_t attempt = doubtful(p);
	struct ledger_message_filter waiting = {
		.waits = true, .attempt = attempt};
	struct ledger_op op = message(p, "sim1", 1);
	op.u.message_keep.attempt = attempt;
	op.u.message_keep.waits = true;
	int64_t id = purse_must(p, &op);
	assert_int_equal(list_of(p, waiting).last.id, id);
	waiting.attempt++;
	assert_int_equal(list_of(p, waiting).count, 0);
	struct ledger_op done = purse_op(p, LEDGER_MESSAGE_DONE);
	done.u.message_done.message = id;
	done.u.message_done.attempt = attempt;
	purse_must(p, &done);
	waiting.attempt = 0;
	assert_int_equal(list_of(p, waiting).count, 0);
	assert_int_equal(
		list_of(p, (struct ledger_message_filter){.attempt = attempt})
			.last.id,
		id);
	assert_int_equal(purse_do(p, &done, NULL), -EINVAL);
}

static void
one_that_was_not_its_gives_the_attempt_back(void **state)
{
	struct purse *p = *state;
	int64_t attempt = doubtful(p);
	struct ledger_op op = message(p, "sim1", 1);
	op.u.message_keep.attempt = attempt;
	op.u.message_keep.waits = true;
	struct ledger_op done = purse_op(p, LEDGER_MESSAGE_DONE);
	done.u.message_done.message = purse_must(p, &op);
	put(done.u.message_done.why, "changes_nothing");
	purse_must(p, &done);
	struct list list = list_of(p, (struct ledger_message_filter){0});
	assert_int_equal(list.last.attempt, 0);
	assert_false(list.last.waits);
	assert_string_equal(list.why, "changes_nothing");
}

/* ---- causes ------------------------------------------------------------ */

struct causes {
	int64_t ids[8];
	bool read[8], elsewhere[8];
	size_t count;
	struct ledger_cause last; /* its texts are gone */
};

static bool
take_cause(void *ctx, const struct ledger_cause *cause)
{
	struct causes *causes = ctx;
	assert_true(causes->count < 8);
	causes->read[causes->count] = cause->read;
	causes->elsewhere[causes->count] = cause->elsewhere;
	causes->ids[causes->count++] = cause->attempt;
	causes->last = *cause;
	return true;
}

static struct causes
causes_of(struct purse *p, const char *iccid, const char *account)
{
	struct causes causes = {.count = 0};
	struct ledger_cause_query query = {.iccid = iccid,
		.account = account,
		.operator= "simtel",
		.since_ran_ms = p->now.ran_ms - DAY_MS};
	assert_int_equal(
		ledger_each_cause(p->ledger, &query, take_cause, &causes), 0);
	return causes;
}

/* A card for that target, dialled by that SIM, without an answer. */
static int64_t
dial(struct purse *p, const char *iccid, const char *target)
{
	int64_t batch = purse_open_batch(p);
	struct ledger_op row = purse_row(p, batch, ROW);
	put(row.u.batch_row.target, target);
	put(row.u.batch_row.serial, "S1");
	purse_must(p, &row);
	struct ledger_op accept = purse_op(p, LEDGER_BATCH_ACCEPT);
	accept.u.batch_accept.batch = batch;
	purse_must(p, &accept);
	struct ledger_op begin = purse_begin(p, purse_voucher(p, batch, ROW));
	put(begin.u.attempt_begin.iccid, iccid);
	put(begin.u.attempt_begin.account,
		strcmp(target, "self") == 0 ? iccid : target);
	int64_t attempt = purse_must(p, &begin);
	struct ledger_op end = purse_settle(p, attempt, LEDGER_MAYBE_SENT,
		VERDICT_NONE, VOUCHER_MAYBE_SENT);
	strcpy(end.u.attempt_settle.reason, "no_answer");
	purse_must(p, &end);
	return attempt;
}

static void
causes_are_those_of_the_sim_and_of_the_accounts_it_dialled_for(void **state)
{
	struct purse *p = *state;
	int64_t own = dial(p, "sim1", "self");
	int64_t number = dial(p, "sim1", "0801234567");
	int64_t same_number = dial(p, "sim2", "0801234567");
	int64_t shared = dial(p, "shop", "self");
	(void)dial(p, "sim2", "self");
	int64_t elsewhere = dial(p, "sim2", "0807654321");
	struct causes c = causes_of(p, "sim1", "shop");
	assert_int_equal(c.count, 5);
	/* The number may be the SIM's own. */
	assert_int_equal(c.ids[4], elsewhere);
	assert_true(c.last.elsewhere);
	for (size_t i = 0; i < 4; i++)
		assert_true(c.elsewhere[i] == (c.ids[i] == same_number));
	assert_int_equal(c.ids[0], own);
	assert_int_equal(c.ids[1], number);
	assert_int_equal(c.ids[2], same_number);
	assert_int_equal(c.ids[3], shared);
	assert_int_equal(c.last.state, VOUCHER_UNKNOWN);
	assert_int_equal(c.last.verdict, VERDICT_NONE);
	assert_false(c.last.own);
	assert_true(c.last.card_minor == 10000);
	assert_int_equal(c.last.on_air, 1);
	assert_int_equal(c.last.attempts, 1);
	assert_false(c.last.open);
	assert_false(c.last.flying);
}

static void
what_was_not_sent_or_began_before_causes_nothing(void **state)
{
	struct purse *p = *state;
	(void)dial(p, "sim1", "0801234567");
	p->now.ran_ms += DAY_MS;
	int64_t voucher = purse_voucher(p, purse_batch(p, 1, ""), ROW);
	struct ledger_op end = purse_settle(p, purse_dial(p, voucher),
		LEDGER_NOT_SENT, VERDICT_NONE, VOUCHER_NOT_SENT);
	purse_must(p, &end);
	assert_int_equal(causes_of(p, "sim1", "sim1").count, 0);
	/* Nor an account that it dialled for only before. */
	(void)dial(p, "sim2", "0801234567");
	assert_int_equal(causes_of(p, "sim1", "sim1").count, 1);
	assert_true(causes_of(p, "sim1", "sim1").last.elsewhere);
	p->now.ran_ms += DAY_MS + 1;
	int64_t open = purse_dial(p, voucher);
	struct causes c = causes_of(p, "sim1", "sim1");
	assert_int_equal(c.count, 1);
	assert_int_equal(c.ids[0], open);
	assert_true(c.last.open);
	assert_true(c.last.flying);
}

static void
an_attempt_has_read_the_message_that_is_its(void **state)
{
	struct purse *p = *state;
	int64_t first = doubtful(p), second = doubtful(p);
	struct ledger_op op = message(p, "sim1", 1);
	op.u.message_keep.attempt = first;
	purse_must(p, &op);
	struct causes c = causes_of(p, "sim1", "sim1");
	assert_int_equal(c.count, 2);
	assert_int_equal(c.ids[1], second);
	assert_true(c.read[0]);
	assert_false(c.read[1]);
	struct ledger_cause_query one = {.attempt = second};
	struct causes only = {.count = 0};
	assert_int_equal(
		ledger_each_cause(p->ledger, &one, take_cause, &only), 0);
	assert_int_equal(only.count, 1);
	assert_int_equal(only.ids[0], second);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_is_kept_as_it_came),
		TEST(a_copy_is_one_message_and_changes_nothing),
		TEST(what_makes_no_sense_is_refused),
		TEST(the_oldest_that_decided_nothing_goes_first),
		TEST(a_flood_is_told_in_a_handful_of_entries),
		TEST(a_sender_is_told_without_its_number_and_cannot_forge_a_note),
		TEST(one_that_waits_is_weighed_once),
		TEST(one_that_was_not_its_gives_the_attempt_back),
		TEST(causes_are_those_of_the_sim_and_of_the_accounts_it_dialled_for),
		TEST(what_was_not_sent_or_began_before_causes_nothing),
		TEST(an_attempt_has_read_the_message_that_is_its),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
