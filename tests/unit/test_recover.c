/*
 * test_recover: what an earlier life left behind, on a real ledger that was
 * closed and opened again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/recover.h"
#include "agent/turn.h"
#include "tests/support/purse.h"

enum { ROW = 2 };

struct life {
	struct purse *purse;
	struct loop *loop;
	struct turn *turn;
};

static void
begin_life(struct life *life, struct purse *p)
{
	purse_close(p);
	purse_open(p);
	life->purse = p;
	life->loop = loop_new();
	life->turn = turn_new(life->loop, p->ledger);
}

static void
end_life(struct life *life)
{
	assert_int_equal(turn_commit(life->turn), 0);
	purse_is_sound(life->purse);
	turn_free(life->turn);
	loop_free(life->loop);
}

static void
note(struct life *life, const char *event)
{
	struct ledger_op op = turn_op(life->turn, LEDGER_EVENT);
	(void)snprintf(op.u.event.event, LEDGER_NAME_MAX, "%s", event);
	turn_must(life->turn, &op);
}

/* An attempt on a SIM and account of its own. */
static void
dial_on(struct purse *p, int64_t voucher, const char *sim)
{
	struct ledger_op op = purse_begin(p, voucher);
	(void)snprintf(op.u.attempt_begin.iccid, LEDGER_NAME_MAX, "%s", sim);
	(void)snprintf(
		op.u.attempt_begin.account, LEDGER_TARGET_MAX, "%s", sim);
	purse_must(p, &op);
}

static void
expect(struct purse *p, int64_t voucher, enum voucher_state state,
	const char *reason)
{
	struct purse_card card = purse_card(p, voucher);
	assert_string_equal(
		voucher_state_name(card.state), voucher_state_name(state));
	assert_string_equal(card.reason, reason);
}

static bool
count_open(void *ctx, const struct ledger_attempt *a)
{
	(void)a;
	++*(size_t *)ctx;
	return true;
}

static size_t
open_attempts(struct purse *p)
{
	size_t n = 0;
	assert_int_equal(ledger_each_attempt(p->ledger, 0, count_open, &n), 0);
	return n;
}

/* ---- attempts ---------------------------------------------------------- */

static void
an_open_attempt_is_unknown_and_not_dialled_again(void **state)
{
	struct purse *p = *state;
	int64_t batch = purse_batch(p, 2, "");
	int64_t voucher = purse_voucher(p, batch, ROW);
	purse_dial(p, voucher);
	struct life life;
	begin_life(&life, p);
	assert_int_equal(recover_attempts(life.turn), 1);
	assert_int_equal(turn_commit(life.turn), 0);
	expect(p, voucher, VOUCHER_UNKNOWN, "restart");
	expect(p, purse_voucher(p, batch, ROW + 1), VOUCHER_READY, "");
	assert_int_equal(open_attempts(p), 0);
	struct ledger_sim sim = purse_sim(p);
	assert_int_equal(sim.unsettled, 1);
	char event[LEDGER_NAME_MAX], text[LEDGER_TEXT_MAX];
	purse_last_audit(p, event, text);
	assert_string_equal(event, "voucher.unknown");
	assert_non_null(strstr(text, "restart"));
	end_life(&life);
}

static void
all_open_attempts_are_settled_whatever_had_ended_before(void **state)
{
	struct purse *p = *state;
	int64_t cards[4];
	for (unsigned i = 0; i < 4; i++)
		cards[i] = purse_voucher(p, purse_batch(p, 1, ""), ROW);
	int64_t ended = purse_dial(p, cards[0]);
	struct ledger_op settle = purse_settle(
		p, ended, LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_CREDITED);
	purse_must(p, &settle);
	dial_on(p, cards[1], "sim1");
	dial_on(p, cards[2], "sim2");
	dial_on(p, cards[3], "sim3");
	struct life life;
	begin_life(&life, p);
	assert_int_equal(recover_attempts(life.turn), 3);
	assert_int_equal(recover_attempts(life.turn), 0);
	assert_int_equal(turn_commit(life.turn), 0);
	expect(p, cards[0], VOUCHER_LOADED, "");
	for (unsigned i = 1; i < 4; i++)
		expect(p, cards[i], VOUCHER_UNKNOWN, "restart");
	end_life(&life);
}

/* Half of them lost, or for ever at it, would both be worse. */
static void
a_disk_that_refuses_at_start_keeps_none_of_them_open(void **state)
{
	struct purse *p = *state;
	int64_t cards[2] = {purse_voucher(p, purse_batch(p, 1, ""), ROW),
		purse_voucher(p, purse_batch(p, 1, ""), ROW)};
	dial_on(p, cards[0], "sim1");
	dial_on(p, cards[1], "sim2");
	struct life life;
	begin_life(&life, p);
	/* A transaction that is not the turn's: its own cannot begin. */
	assert_int_equal(ledger_begin(p->ledger), 0);
	assert_int_equal(recover_attempts(life.turn), 2);
	assert_int_equal(open_attempts(p), 2);
	/* The commit tries all of it anew. */
	assert_int_equal(turn_commit(life.turn), 0);
	expect(p, cards[0], VOUCHER_UNKNOWN, "restart");
	expect(p, cards[1], VOUCHER_UNKNOWN, "restart");
	end_life(&life);
}

static void
an_empty_ledger_has_nothing_to_recover(void **state)
{
	struct purse *p = *state;
	struct life life;
	begin_life(&life, p);
	int64_t head = ledger_audit_head(p->ledger);
	assert_int_equal(recover_attempts(life.turn), 0);
	assert_int_equal(turn_commit(life.turn), 0);
	assert_int_equal(ledger_audit_head(p->ledger), head);
	end_life(&life);
}

/* ---- how the last life ended ------------------------------------------- */

static void
a_ledger_that_had_no_life_before_is_clean(void **state)
{
	struct life life;
	begin_life(&life, *state);
	assert_true(recover_was_clean(life.turn));
	end_life(&life);
}

static void
only_a_stop_as_the_last_word_is_a_clean_end(void **state)
{
	static const struct {
		const char *events[4];
		bool clean;
	} rows[] = {
		{{RECOVER_START}, false},
		{{RECOVER_START, "modem.ready"}, false},
		{{RECOVER_START, RECOVER_STOP}, true},
		{{RECOVER_START, "modem.ready", RECOVER_STOP}, true},
		{{RECOVER_STOP, RECOVER_START}, false},
		{{RECOVER_STOP, "modem.absent"}, false},
		{{RECOVER_STOP, "daemon.stopped"}, false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct life life;
		begin_life(&life, *state);
		for (size_t k = 0; k < 4 && rows[i].events[k]; k++)
			note(&life, rows[i].events[k]);
		end_life(&life);
		begin_life(&life, *state);
		if (recover_was_clean(life.turn) != rows[i].clean)
			fail_msg("row %zu", i);
		end_life(&life);
	}
}

static void
a_life_that_was_only_begun_is_seen_within_its_turn(void **state)
{
	struct life life;
	begin_life(&life, *state);
	note(&life, RECOVER_STOP);
	assert_true(recover_was_clean(life.turn));
	note(&life, RECOVER_START);
	assert_false(recover_was_clean(life.turn));
	end_life(&life);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_open_attempt_is_unknown_and_not_dialled_again),
		TEST(all_open_attempts_are_settled_whatever_had_ended_before),
		TEST(a_disk_that_refuses_at_start_keeps_none_of_them_open),
		TEST(an_empty_ledger_has_nothing_to_recover),
		TEST(a_ledger_that_had_no_life_before_is_clean),
		TEST(only_a_stop_as_the_last_word_is_a_clean_end),
		TEST(a_life_that_was_only_begun_is_seen_within_its_turn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
