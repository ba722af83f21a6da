/*
 * test_ledger_follow: what a SIM owes after a recharge, in the ledger: that it
 * comes with the load, and that nothing makes it go out twice.
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

#define CODES "1 *140*1#\n3 *140*3#\n"

/* ---- short words -------------------------------------------------------- */

/* As rows are compared: "1 owed *140*1#, 3 dropped *140*3# step_failed". */
struct rows {
	char text[256];
	int64_t ids[9];
	size_t count;
};

static bool
on_row(void *ctx, const struct ledger_follow *f)
{
	struct rows *rows = ctx;
	size_t len = strlen(rows->text);
	(void)snprintf(rows->text + len, sizeof(rows->text) - len,
		"%s%u %s %s%s%s", rows->count > 0 ? ", " : "", f->step,
		ledger_follow_state_name(f->state), f->code,
		f->why[0] != '\0' ? " " : "", f->why);
	rows->ids[rows->count++] = f->id;
	return true;
}

static struct rows
rows_of(struct purse *p, int64_t voucher)
{
	struct rows rows = {.count = 0};
	assert_int_equal(
		ledger_each_follow(p->ledger, voucher, on_row, &rows), 0);
	return rows;
}

static void
expect(struct purse *p, int64_t voucher, const char *rows)
{
	assert_string_equal(rows_of(p, voucher).text, rows);
}

static int64_t
next_owed(struct purse *p)
{
	struct rows rows = {.count = 0};
	assert_int_equal(
		ledger_next_follow(p->ledger, "sim1", on_row, &rows), 0);
	return rows.count > 0 ? rows.ids[0] : 0;
}

/* A card that owes, on air. */
static int64_t
dial(struct purse *p, int64_t voucher, const char *codes)
{
	struct ledger_op op = purse_begin(p, voucher);
	(void)snprintf(
		op.u.attempt_begin.follow_ups, LEDGER_TEXT_MAX, "%s", codes);
	return purse_must(p, &op);
}

static int64_t
load(struct purse *p, const char *codes)
{
	int64_t voucher = purse_fresh(p);
	purse_end(p, dial(p, voucher, codes), LEDGER_ANSWERED, VERDICT_LOADED,
		VOUCHER_CREDITED);
	return voucher;
}

static struct ledger_op
begin_op(struct purse *p, int64_t id)
{
	struct ledger_op op = purse_op(p, LEDGER_FOLLOW_BEGIN);
	op.u.follow_begin.id = id;
	strcpy(op.u.follow_begin.iccid, "sim1");
	strcpy(op.u.follow_begin.modem, "m1");
	strcpy(op.u.follow_begin.code, "*140*1#");
	return op;
}

static void
begin(struct purse *p, int64_t id)
{
	struct ledger_op op = begin_op(p, id);
	purse_must(p, &op);
}

static struct ledger_op
end_op(struct purse *p, int64_t id, enum ledger_fate fate, bool matched)
{
	struct ledger_op op = purse_op(p, LEDGER_FOLLOW_END);
	op.u.follow_end.id = id;
	op.u.follow_end.fate = fate;
	op.u.follow_end.matched = matched;
	return op;
}

static void
end(struct purse *p, int64_t id, enum ledger_fate fate, bool matched)
{
	struct ledger_op op = end_op(p, id, fate, matched);
	purse_must(p, &op);
}

/* ---- when something is owed --------------------------------------------- */

static void
a_load_by_the_operators_word_owes_its_codes_in_their_order(void **state)
{
	struct purse *p = *state;
	int64_t voucher = purse_fresh(p);
	int64_t attempt = dial(p, voucher, CODES);
	expect(p, voucher, "");
	assert_int_equal(next_owed(p), 0);
	purse_end(
		p, attempt, LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_CREDITED);
	expect(p, voucher, "1 owed *140*1#, 3 owed *140*3#");
	assert_int_equal(next_owed(p), rows_of(p, voucher).ids[0]);
	purse_is_sound(p);
}

static void
a_load_that_comes_to_light_owes_too(void **state)
{
	struct purse *p = *state;
	int64_t voucher = purse_fresh(p);
	int64_t attempt = dial(p, voucher, CODES);
	purse_end(p, attempt, LEDGER_MAYBE_SENT, VERDICT_NONE,
		VOUCHER_MAYBE_SENT);
	expect(p, voucher, "");
	struct ledger_op op = purse_op(p, LEDGER_EVIDENCE);
	op.u.evidence.attempt = attempt;
	op.u.evidence.event = VOUCHER_EVIDENCE;
	op.u.evidence.credited_minor = 10000;
	op.u.evidence.balance_minor = MONEY_NONE;
	purse_must(p, &op);
	expect(p, voucher, "1 owed *140*1#, 3 owed *140*3#");
}

static void
no_other_end_of_a_card_owes_anything(void **state)
{
	struct purse *p = *state;
	/* a person's word, */
	int64_t voucher = purse_fresh(p);
	purse_end(p, dial(p, voucher, CODES), LEDGER_MAYBE_SENT, VERDICT_NONE,
		VOUCHER_MAYBE_SENT);
	struct ledger_op op = purse_move(p, voucher, VOUCHER_RESOLVED_LOADED);
	purse_must(p, &op);
	expect(p, voucher, "");
	/* a refusal, */
	voucher = purse_fresh(p);
	op = purse_settle(p, dial(p, voucher, CODES), LEDGER_ANSWERED,
		VERDICT_INVALID, VOUCHER_REFUSED_FIRST);
	strcpy(op.u.attempt_settle.reason, "invalid");
	purse_must(p, &op);
	expect(p, voucher, "");
	/* a profile without such codes. */
	expect(p, load(p, ""), "");
	assert_int_equal(next_owed(p), 0);
}

static void
a_card_for_a_number_owes_nothing(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_open_batch(p);
	struct ledger_op op = purse_row(p, batch, 2);
	strcpy(op.u.batch_row.target, "0701234567");
	purse_must(p, &op);
	op = purse_op(p, LEDGER_BATCH_ACCEPT);
	op.u.batch_accept.batch = batch;
	purse_must(p, &op);
	int64_t voucher = purse_voucher(p, batch, 2);
	op = purse_begin(p, voucher);
	strcpy(op.u.attempt_begin.account, "0701234567");
	strcpy(op.u.attempt_begin.follow_ups, CODES);
	int64_t attempt = purse_must(p, &op);
	purse_end(
		p, attempt, LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_CREDITED);
	expect(p, voucher, "");
}

/* ---- how it goes out ---------------------------------------------------- */

static void
they_go_one_at_a_time_and_in_their_order(void **state)
{
	struct purse *p = *state;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	int64_t first = load(p, CODES), second = load(p, CODES);
	int64_t ids[] = {rows_of(p, first).ids[0], rows_of(p, first).ids[1],
		rows_of(p, second).ids[0], rows_of(p, second).ids[1]};
	for (size_t i = 0; i < 4; i++) {
		struct ledger_op op = begin_op(p, ids[i]);
		struct ledger_op later = begin_op(p, ids[(i + 1) % 4]);
		assert_int_equal(purse_do(p, &later, NULL), -EINVAL);
		purse_must(p, &op);
		purse_last_audit(p, event, note);
		assert_string_equal(event, "sim.follow_up");
		/* nor twice, nor the next, nor a PIN, while it is on air */
		assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
		assert_int_not_equal(purse_do(p, &later, NULL), 0);
		int64_t card = purse_fresh(p);
		struct ledger_op pin = purse_begin(p, card);
		assert_int_equal(purse_do(p, &pin, NULL), -EBUSY);
		end(p, ids[i], LEDGER_ANSWERED, true);
		purse_last_audit(p, event, note);
		assert_string_equal(event, "sim.followed");
		assert_non_null(strstr(note, "matched=yes"));
		assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	}
	expect(p, first, "1 done *140*1#, 3 done *140*3#");
	purse_is_sound(p);
}

static void
a_card_in_flight_keeps_it_back(void **state)
{
	struct purse *p = *state;
	int64_t owed = rows_of(p, load(p, CODES)).ids[0];
	int64_t attempt = purse_dial(p, purse_fresh(p));
	struct ledger_op op = begin_op(p, owed);
	assert_int_equal(purse_do(p, &op, NULL), -EBUSY);
	purse_end(
		p, attempt, LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_CREDITED);
	begin(p, owed);
}

static void
only_its_own_sim_dials_it(void **state)
{
	struct purse *p = *state;
	struct ledger_op op = begin_op(p, rows_of(p, load(p, CODES)).ids[0]);
	strcpy(op.u.follow_begin.iccid, "sim2");
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
}

/* ---- how it ends -------------------------------------------------------- */

static const struct {
	const char *what;
	enum ledger_fate fate;
	bool matched;
	const char *rows;
} ends[] = {
	{"answered as expected", LEDGER_ANSWERED, true,
		"1 done *140*1#, 3 owed *140*3#"},
	{"answered otherwise", LEDGER_ANSWERED, false,
		"1 failed *140*1#, 3 dropped *140*3# step_failed"},
	{"no answer", LEDGER_MAYBE_SENT, false,
		"1 failed *140*1#, 3 dropped *140*3# step_failed"},
	{"no answer, whatever it matched", LEDGER_MAYBE_SENT, true,
		"1 failed *140*1#, 3 dropped *140*3# step_failed"},
	{"surely not sent", LEDGER_NOT_SENT, false,
		"1 owed *140*1#, 3 owed *140*3#"},
};

static void
what_came_of_it_decides_what_goes_next(void **state)
{
	struct purse *p = *state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		int64_t other = load(p, "2 *150#\n");
		int64_t voucher = load(p, CODES);
		int64_t before = rows_of(p, other).ids[0];
		begin(p, before);
		end(p, before, LEDGER_ANSWERED, true);
		int64_t id = rows_of(p, voucher).ids[0];
		begin(p, id);
		end(p, id, ends[i].fate, ends[i].matched);
		if (strcmp(rows_of(p, voucher).text, ends[i].rows) != 0)
			fail_msg("%s: %s", ends[i].what,
				rows_of(p, voucher).text);
		/* Nothing is owed for the next row. */
		while ((id = next_owed(p)) != 0) {
			begin(p, id);
			end(p, id, LEDGER_ANSWERED, true);
		}
	}
	purse_is_sound(p);
}

static void
one_that_never_leaves_is_given_up_the_third_time(void **state)
{
	struct purse *p = *state;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	int64_t voucher = load(p, CODES);
	int64_t id = rows_of(p, voucher).ids[0];
	for (int i = 0; i < LEDGER_FOLLOW_TRIES; i++) {
		expect(p, voucher, "1 owed *140*1#, 3 owed *140*3#");
		begin(p, id);
		end(p, id, LEDGER_NOT_SENT, false);
	}
	expect(p, voucher, "1 failed *140*1#, 3 dropped *140*3# step_failed");
	purse_last_audit(p, event, note);
	assert_string_equal(event, "sim.follow_up_failed");
	assert_non_null(strstr(note, "steps_dropped=1"));
	struct rows failed = {.count = 0};
	assert_int_equal(
		ledger_each_failed_follow(p->ledger, 0, on_row, &failed), 0);
	assert_int_equal(failed.count, 1);
	failed.count = 0;
	assert_int_equal(ledger_each_failed_follow(
				 p->ledger, p->now.ran_ms + 1, on_row, &failed),
		0);
	assert_int_equal(failed.count, 0);
}

static void
one_that_nobody_wants_any_more_is_dropped(void **state)
{
	struct purse *p = *state;
	int64_t voucher = load(p, CODES);
	struct ledger_op op = purse_op(p, LEDGER_FOLLOW_DROP);
	op.u.follow_drop.id = rows_of(p, voucher).ids[0];
	strcpy(op.u.follow_drop.why, "profile");
	purse_must(p, &op);
	expect(p, voucher, "1 dropped *140*1# profile, 3 owed *140*3#");
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
	begin(p, rows_of(p, voucher).ids[1]);
	op.u.follow_drop.id = rows_of(p, voucher).ids[1];
	assert_int_equal(purse_do(p, &op, NULL), -EINVAL);
}

/* ---- whose a text may be ------------------------------------------------ */

static void
what_was_on_air_may_be_answered_later(void **state)
{
	struct purse *p = *state;
	int64_t id = rows_of(p, load(p, CODES)).ids[0];
	int64_t now_ms = p->now.ran_ms;
	assert_false(ledger_was_followed(p->ledger, "sim1", 0));
	begin(p, id);
	assert_true(ledger_was_followed(p->ledger, "sim1", now_ms));
	assert_false(ledger_was_followed(p->ledger, "sim2", 0));
	end(p, id, LEDGER_NOT_SENT, false);
	assert_false(ledger_was_followed(p->ledger, "sim1", 0));
	begin(p, id);
	end(p, id, LEDGER_MAYBE_SENT, false);
	assert_true(ledger_was_followed(p->ledger, "sim1", 0));
	assert_false(ledger_was_followed(p->ledger, "sim1", p->now.ran_ms + 1));
}

int
main(void)
{
#define CASE(name)                                                             \
	cmocka_unit_test_setup_teardown(name, purse_setup, purse_teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_load_by_the_operators_word_owes_its_codes_in_their_order),
		CASE(a_load_that_comes_to_light_owes_too),
		CASE(no_other_end_of_a_card_owes_anything),
		CASE(a_card_for_a_number_owes_nothing),
		CASE(they_go_one_at_a_time_and_in_their_order),
		CASE(a_card_in_flight_keeps_it_back),
		CASE(only_its_own_sim_dials_it),
		CASE(what_came_of_it_decides_what_goes_next),
		CASE(one_that_never_leaves_is_given_up_the_third_time),
		CASE(one_that_nobody_wants_any_more_is_dropped),
		CASE(what_was_on_air_may_be_answered_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
