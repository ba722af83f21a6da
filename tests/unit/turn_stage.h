/*
 * turn_stage: a turn on a real ledger with a disk that fails on demand, a
 * loop that is a variable, and a reserve that is a number. For the tests of
 * turn alone.
 */
#ifndef TESTS_UNIT_TURN_STAGE_H
#define TESTS_UNIT_TURN_STAGE_H

#include "agent/turn.h"
#include "tests/support/purse.h"
#include "tests/unit/turn_loop.h"
#include "tests/unit/turn_reserve.h"

/* ---- the stage --------------------------------------------------------- */

struct stage {
	struct purse *purse;
	struct loop loop;
	struct turn *turn;
	unsigned let_out;     /* how often the outlet was opened */
	int64_t seen_on_disk; /* audit entries that another reader saw then */
	unsigned ops_to_add;  /* by the outlet */
	struct reserve reserve;
	unsigned became_safe;
};

static void
add_event(struct stage *s)
{
	struct ledger_op op = turn_op(s->turn, LEDGER_EVENT);
	strcpy(op.u.event.event, "modem.ready");
	turn_must(s->turn, &op);
}

static int64_t
entries_on_disk(struct stage *s)
{
	struct ledger_verify verify;
	struct ledger *reader =
		ledger_open(s->purse->path, LEDGER_OPEN_READ_ONLY,
			s->purse->vault, s->purse->why, sizeof(s->purse->why));
	assert_non_null(reader);
	assert_int_equal(ledger_verify_audit(reader, &verify), 0);
	assert_true(verify.ok);
	ledger_close(reader);
	return verify.entries;
}

static void
outlet(void *ctx)
{
	struct stage *s = ctx;
	s->let_out++;
	s->seen_on_disk = entries_on_disk(s);
	if (s->ops_to_add > 0) {
		s->ops_to_add--;
		add_event(s);
	}
}

static int
stage_setup(void **state)
{
	void *purse;
	if (purse_setup(&purse) != 0)
		return -1;
	struct stage *s = calloc(1, sizeof(*s));
	assert_non_null(s);
	s->purse = purse;
	s->loop.now_ms = 50000;
	s->turn = turn_new(&s->loop, s->purse->ledger);
	turn_add_outlet(s->turn, outlet, s);
	error_lines = 0;
	*state = s;
	return 0;
}

static int
stage_teardown(void **state)
{
	struct stage *s = *state;
	void *purse = s->purse;
	faulty_disk_set(FAULTY_DISK_NOT);
	turn_free(s->turn);
	free(s);
	return purse_teardown(&purse);
}

static struct ledger_op
begin_of(struct stage *s, int64_t voucher)
{
	struct ledger_op op = turn_op(s->turn, LEDGER_ATTEMPT_BEGIN);
	op.u.attempt_begin = purse_begin(s->purse, voucher).u.attempt_begin;
	return op;
}

struct life {
	int64_t batch, voucher, attempt;
};

/* A turn of several operations whose numbers callers hold. */
static struct life
busy_turn(struct stage *s)
{
	struct life life = {.batch = 0};
	struct ledger_result result;
	struct ledger_op op = turn_op(s->turn, LEDGER_BATCH_OPEN);
	strcpy(op.u.batch_open.name, "cards.csv");
	memset(op.u.batch_open.digest, 9, VAULT_HASH_LEN);
	assert_int_equal(turn_try(s->turn, &op, &result), 0);
	life.batch = result.id;
	op = purse_row(s->purse, life.batch, 2);
	assert_int_equal(turn_try(s->turn, &op, &result), 0);
	life.voucher = result.id;
	op = turn_op(s->turn, LEDGER_BATCH_ACCEPT);
	op.u.batch_accept.batch = life.batch;
	turn_must(s->turn, &op);
	op = begin_of(s, life.voucher);
	assert_int_equal(turn_try(s->turn, &op, &result), 0);
	life.attempt = result.id;
	return life;
}

/* What an attempt is refused for, people read in status. */
static void
is_unsafe(struct stage *s, const char *word)
{
	struct ledger_op op = turn_op(s->turn, LEDGER_ATTEMPT_BEGIN);
	assert_non_null(turn_unsafe(s->turn));
	assert_non_null(strstr(turn_unsafe(s->turn), word));
	assert_non_null(strstr(turn_unsafe(s->turn), "nothing is dialled"));
	assert_non_null(strstr(turn_unsafe(s->turn), "by itself"));
	assert_int_equal(turn_try(s->turn, &op, NULL), -EIO);
}

#endif
