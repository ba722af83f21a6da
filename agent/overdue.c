/*
 * overdue: the contract's row "pending, by sms_timeout, to unknown".
 */
#include "agent/overdue.h"

#include "agent/message.h"
#include "agent/turn.h"

/* Moved in one turn; the rest follows in the next. */
enum { SLICE = 64 };

struct sweep {
	int64_t now_ran_ms;
	int64_t next_ran_ms;
	int64_t due[SLICE];
	char modem[SLICE][LEDGER_NAME_MAX];
	size_t count;
};

static bool
on_pending(void *ctx, const struct ledger_voucher *v)
{
	struct sweep *s = ctx;
	if (v->next_at_ran_ms > s->now_ran_ms) {
		if (v->next_at_ran_ms < s->next_ran_ms)
			s->next_ran_ms = v->next_at_ran_ms;
		return true;
	}
	if (s->count == SLICE) {
		s->next_ran_ms = s->now_ran_ms;
		return false;
	}
	/* As long as the ledger's own. */
	(void)span_copy(
		s->modem[s->count], sizeof(s->modem[0]), span_str(v->modem));
	s->due[s->count++] = v->id;
	return true;
}

int64_t
overdue_sweep(struct turn *turn, overdue_fn *fn, void *ctx)
{
	struct ledger_voucher_filter filter = {.state = VOUCHER_PENDING};
	struct sweep s = {
		.now_ran_ms = turn_now(turn).ran_ms, .next_ran_ms = INT64_MAX};
	/* One that came is weighed before its time is called over: a failing
	 * disk, or a stop, may have been in between. */
	message_recall(turn);
	if (ledger_each_voucher(turn_ledger(turn), &filter, on_pending, &s) !=
		0)
		return INT64_MAX;
	for (size_t i = 0; i < s.count; i++) {
		struct ledger_op op = turn_op(turn, LEDGER_VOUCHER_MOVE);
		op.u.voucher_move.voucher = s.due[i];
		op.u.voucher_move.event = VOUCHER_SMS_TIMEOUT;
		op.u.voucher_move.credited_minor = MONEY_NONE;
		(void)span_copy(op.u.voucher_move.reason,
			sizeof(op.u.voucher_move.reason), span_str("no_sms"));
		turn_must(turn, &op);
		if (fn)
			fn(ctx, s.modem[i]);
	}
	return s.next_ran_ms;
}
