/*
 * ledger_breaker: slow start and breaker of a batch. Its counts belong to
 * its vouchers' ends since the start or the last release after a trip; it
 * must never let a batch that tripped go on by itself.
 */
#include "agent/ledger_private.h"

#include <errno.h>

enum {
	SLOTS_DOUBLINGS = 20, /* so many in flight are as good as no limit */
	RECENT_ENDS = 10,
	RECENT_BAD = 6
};

/* ---- counting ---------------------------------------------------------- */

static void
note_end(struct ledger_breaker *b, bool bad)
{
	b->recent = (b->recent << 1 | bad) & ((1U << RECENT_ENDS) - 1);
}

/* A voucher counts as what it is now: what it was before is taken back,
 * where it was counted since the start (a release may lie between). */
static void
take_back(struct ledger_breaker *b, enum voucher_state from)
{
	if (from == VOUCHER_UNKNOWN && b->unknown > 0)
		b->unknown--;
	if (from == VOUCHER_REJECTED && b->refused > 0)
		b->refused--;
}

static void
count(struct ledger_breaker *b, const struct ledger_card *card,
	enum voucher_state from, enum voucher_event event)
{
	take_back(b, from);
	if (card->state == VOUCHER_LOADED) {
		b->loaded++;
		if (b->slots < (int64_t)1 << SLOTS_DOUBLINGS)
			b->slots *= 2;
		note_end(b, false);
	} else if (card->state == VOUCHER_UNKNOWN) {
		b->unknown++;
		note_end(b, true);
	} else if (card->state == VOUCHER_REJECTED ||
		   event == VOUCHER_SIM_BLOCKED) {
		b->refused++;
		/* As unknown it was a bad end already. */
		if (from != VOUCHER_UNKNOWN)
			note_end(b, true);
	}
}

/* Why it stops now, or NULL. */
static const char *
trip(const struct ledger_breaker *b)
{
	if (b->tripped != 0 || b->rejects_max <= 0)
		return NULL;
	if (b->loaded == 0 && b->refused >= b->rejects_max)
		return "refused_before_success";
	if (b->loaded == 0 && b->unknown >= b->rejects_max)
		return "unknown_before_success";
	return __builtin_popcount(b->recent) >= RECENT_BAD ? "last_ten" : NULL;
}

static bool
is_an_end(const struct ledger_card *card, enum voucher_state from,
	enum voucher_event event)
{
	return card->state == VOUCHER_LOADED ||
	       card->state == VOUCHER_UNKNOWN ||
	       card->state == VOUCHER_REJECTED ||
	       event == VOUCHER_SIM_BLOCKED || from == VOUCHER_UNKNOWN ||
	       from == VOUCHER_REJECTED;
}

void
ledger_breaker_count(struct ledger_card *card, enum voucher_state from,
	enum voucher_event event)
{
	if (!is_an_end(card, from, event))
		return;
	count(&card->breaker, card, from, event);
	card->stops_batch = trip(&card->breaker);
	if (card->stops_batch != NULL)
		card->breaker.tripped = 1;
}

/* ---- anew -------------------------------------------------------------- */

/* What is still in flight may come back to the queue: it is held as well, so
 * the trip lasts until a person releases something. */
int
ledger_breaker_hold(struct ledger *ledger, int64_t batch)
{
	return ledger_run(ledger,
		"UPDATE batch SET tripped = 2 WHERE id = ?1 AND tripped = 1",
		ledger_int(batch));
}

/* What is ready before its rest was held is not released: it was not held.
 * It will be, with what is released now. */
int
ledger_breaker_release(struct ledger *ledger, int64_t batch)
{
	return ledger_run(ledger,
		"UPDATE batch SET slots = 1, since_loaded = 0,"
		" since_refused = 0, since_unknown = 0, recent = 0,"
		" tripped = 0 WHERE id = ?1"
		" AND (tripped = 2 OR (tripped = 1 AND n_ready = 0))",
		ledger_int(batch));
}

/* ---- reading ----------------------------------------------------------- */

int64_t
ledger_tripped_batch(struct ledger *ledger)
{
	int64_t id;
	/* What cannot be read is looked at again at the next occasion; heads
	 * it gives none meanwhile. */
	int rc = ledger_number_n(ledger,
		"SELECT id FROM batch INDEXED BY batch_tripped"
		" WHERE tripped > 0 AND n_ready > 0 AND accepted = 1"
		" ORDER BY id LIMIT 1",
		&id, NULL, 0);
	return rc == 0 ? id : 0;
}

int
ledger_wait(struct ledger *ledger, int64_t voucher, struct ledger_wait *out)
{
	sqlite3_stmt *stmt = ledger_take(ledger,
		"SELECT v.own = 0 AND EXISTS (SELECT 1 FROM attempt a"
		"  WHERE a.account = v.target AND a.flying = 1),"
		" b.n_dialing + b.n_pending >= b.slots, b.tripped > 0"
		" FROM voucher v JOIN batch b ON b.id = v.batch"
		" WHERE v.id = ?1",
		ledger_int(voucher));
	if (stmt == NULL)
		return -EIO;
	int rc = ledger_step(ledger, stmt);
	*out = (struct ledger_wait){.account_flies = false};
	if (rc == 1) {
		out->account_flies = sqlite3_column_int64(stmt, 0) != 0;
		out->slow_start = sqlite3_column_int64(stmt, 1) != 0;
		out->batch_stops = sqlite3_column_int64(stmt, 2) != 0;
	}
	ledger_give(ledger, stmt);
	return rc < 0 ? -EIO : 0;
}
