/*
 * person: see person.h. Each act is the operation that control_act.c makes
 * of it.
 */
#include "tests/crash/person.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/dispatch.h"
#include "agent/fleet.h"
#include "agent/ledger.h"
#include "agent/turn.h"
#include "tests/crash/clerk.h"
#include "tests/crash/law.h"
#include "tests/crash/life.h"
#include "tests/crash/realm.h"
#include "tests/crash/story.h"

enum { CHOICE_MAX = REALM_CARDS_MAX };

#define WHO "uid:1000(ann)"

static int
wish(struct life *life, struct ledger_op *op)
{
	(void)span_copy(op->who, sizeof(op->who), span_str(WHO));
	int rc = turn_try(life->turn, op, NULL);
	if (rc == 0)
		dispatch_kick(life->dispatch);
	return rc;
}

/* ---- vouchers ---------------------------------------------------------- */

struct choice {
	int64_t ids[CHOICE_MAX];
	enum voucher_state states[CHOICE_MAX];
	unsigned on_air[CHOICE_MAX];
	size_t count;
};

static bool
on_voucher(void *ctx, const struct ledger_voucher *v)
{
	struct choice *choice = ctx;
	if (choice->count == CHOICE_MAX)
		return false;
	choice->ids[choice->count] = v->id;
	choice->states[choice->count] = v->state;
	choice->on_air[choice->count++] = v->on_air;
	return true;
}

static void
list(struct life *life, int state, struct choice *out)
{
	struct ledger_voucher_filter filter = {.state = state};
	out->count = 0;
	(void)ledger_each_voucher(life->ledger, &filter, on_voucher, out);
}

static void
move(struct life *life, int64_t voucher, enum voucher_event event,
	const char *reason)
{
	struct ledger_op op = turn_op(life->turn, LEDGER_VOUCHER_MOVE);
	struct realm_card *card = law_card_of(voucher);
	if (!card)
		return;
	op.u.voucher_move.voucher = voucher;
	op.u.voucher_move.event = event;
	if (event == VOUCHER_RESOLVED_LOADED)
		op.u.voucher_move.credited_minor = card->amount_minor;
	(void)span_copy(op.u.voucher_move.reason,
		sizeof(op.u.voucher_move.reason), span_str(reason));
	int rc = wish(life, &op);
	story_tell("person: %s %" PRId64 " (%d)", voucher_event_name(event),
		voucher, rc);
	if (rc == 0 && event == VOUCHER_RESOLVED_RETRY)
		law_person_retries(card);
}

/* What the hotline says of a card that is unknown. */
static void
resolve(struct realm *r, struct life *life, int64_t voucher)
{
	struct realm_card *card = law_card_of(voucher);
	if (!card)
		return;
	const struct network_card *truth =
		network_card(r->network, card->voucher_pin);
	if (law_was_credited(card))
		move(life, voucher, VOUCHER_RESOLVED_LOADED, "");
	else if (truth && truth->state == CARD_GOOD)
		move(life, voucher, VOUCHER_RESOLVED_RETRY, "");
	else
		move(life, voucher, VOUCHER_RESOLVED_REJECTED, "");
}

/* Whoever looks at a list sees first what was tried in vain. */
static size_t
pick(struct realm *r, const struct choice *choice)
{
	size_t i = realm_draw(r, choice->count);
	bool looks = realm_draw(r, 2) == 0;
	for (size_t n = 0; looks && n < choice->count; n++)
		if (choice->on_air[(i + n) % choice->count] > 0)
			return (i + n) % choice->count;
	return i;
}

static void
act_on_one(struct realm *r, struct life *life)
{
	struct choice choice;
	list(life, realm_draw(r, 2) == 0 ? VOUCHER_HELD : -1, &choice);
	if (choice.count == 0)
		return;
	size_t i = pick(r, &choice);
	int64_t id = choice.ids[i];
	switch (choice.states[i]) {
	case VOUCHER_READY:
		if (realm_draw(r, 4) == 0 && choice.on_air[i] == 0)
			move(life, id, VOUCHER_CANCEL, "");
		else
			move(life, id, VOUCHER_HOLD, "person");
		break;
	case VOUCHER_HELD:
		/* The person may not know that it was on air. */
		if (realm_draw(r, 4) == 0)
			move(life, id, VOUCHER_CANCEL, "");
		else
			move(life, id, VOUCHER_RELEASE, "");
		break;
	case VOUCHER_UNKNOWN:
		resolve(r, life, id);
		break;
	case VOUCHER_DIALING:
	case VOUCHER_PENDING:
	case VOUCHER_LOADED:
	case VOUCHER_REJECTED:
	case VOUCHER_CANCELLED:
	case VOUCHER_STATES:
		break;
	}
}

/* Somebody wants a card back that was tried in vain: what waits is held, and
 * what is held is withdrawn. */
static void
take_back(struct realm *r, struct life *life)
{
	struct choice choice;
	list(life, -1, &choice);
	size_t from = choice.count > 0 ? realm_draw(r, choice.count) : 0;
	for (size_t n = 0; n < choice.count; n++) {
		size_t i = (from + n) % choice.count;
		enum voucher_state state = choice.states[i];
		if (choice.on_air[i] == 0)
			continue;
		if (state == VOUCHER_READY)
			move(life, choice.ids[i], VOUCHER_HOLD, "person");
		if (state == VOUCHER_READY || state == VOUCHER_HELD) {
			move(life, choice.ids[i], VOUCHER_CANCEL, "");
			return;
		}
	}
}

static void
resolve_one(struct realm *r, struct life *life)
{
	struct choice choice;
	list(life, VOUCHER_UNKNOWN, &choice);
	if (choice.count > 0)
		resolve(r, life, choice.ids[realm_draw(r, choice.count)]);
}

static bool
on_some_batch(void *ctx, const struct ledger_batch *b)
{
	*(int64_t *)ctx = b->id;
	return true;
}

static void
act_on_batch(struct realm *r, struct life *life)
{
	static const struct {
		enum voucher_event event;
		const char *reason;
	} acts[] = {{VOUCHER_HOLD, "person"}, {VOUCHER_RELEASE, ""},
		{VOUCHER_RELEASE, ""}};
	struct ledger_op op = turn_op(life->turn, LEDGER_BATCH_MOVE);
	size_t drawn = realm_draw(r, 3);
	int64_t last = 0;
	(void)ledger_each_batch(life->ledger, 0, on_some_batch, &last);
	if (last == 0)
		return;
	op.u.batch_move.batch = 1 + (int64_t)realm_draw(r, (size_t)last);
	op.u.batch_move.event = acts[drawn].event;
	(void)span_copy(op.u.batch_move.reason, sizeof(op.u.batch_move.reason),
		span_str(acts[drawn].reason));
	int rc = wish(life, &op);
	story_tell("person: batch %" PRId64 " %s (%d)", op.u.batch_move.batch,
		voucher_event_name(op.u.batch_move.event), rc);
}

/* ---- modems ------------------------------------------------------------ */

static void
unlock_sim(struct realm *r, struct life *life, const struct line *line)
{
	const struct realm_sim *sim = realm_sim(r, line_iccid(line));
	struct ledger_op op = turn_op(life->turn, LEDGER_UNLOCK);
	if (!sim)
		return;
	(void)span_copy(op.u.unlock.iccid, sizeof(op.u.unlock.iccid),
		span_str(line_iccid(line)));
	(void)span_copy(op.u.unlock.modem, sizeof(op.u.unlock.modem),
		span_str(line->config.name));
	int rc = wish(life, &op);
	story_tell("person: unlock %s (%d)", line->config.name, rc);
	if (rc == 0)
		law_person_unlocks(sim);
}

static void
unlock_account(struct life *life, const char *account)
{
	struct ledger_op op = turn_op(life->turn, LEDGER_UNLOCK);
	(void)span_copy(op.u.unlock.account, sizeof(op.u.unlock.account),
		span_str(account));
	int rc = wish(life, &op);
	story_tell("person: unlock %s (%d)", account, rc);
	if (rc == 0)
		law_person_unlocks_number(account);
}

static void
pause_modem(struct life *life, const char *modem, bool on)
{
	struct ledger_op op = turn_op(life->turn, LEDGER_PAUSE);
	(void)span_copy(
		op.u.pause.modem, sizeof(op.u.pause.modem), span_str(modem));
	op.u.pause.on = on;
	int rc = wish(life, &op);
	story_tell("person: %s %s (%d)", on ? "pause" : "resume", modem, rc);
}

void
person_acts(struct realm *r, struct life *life)
{
	size_t modem = realm_draw(r, r->modem_count);
	struct line *line = fleet_find(life->fleet, r->modems[modem].name);
	switch (realm_draw(r, 16)) {
	case 0:
	case 1:
		act_on_one(r, life);
		break;
	case 2:
		act_on_batch(r, life);
		break;
	case 3:
		if (line)
			unlock_sim(r, life, line);
		break;
	case 5:
	case 6:
	case 8:
	case 9:
		clerk_dials(r, life);
		break;
	case 7:
		take_back(r, life);
		break;
	case 4:
		pause_modem(life, r->modems[modem].name, realm_draw(r, 3) == 0);
		break;
	default:
		resolve_one(r, life);
		break;
	}
}

/* ---- at the end -------------------------------------------------------- */

static void
lift_locks(struct realm *r)
{
	for (size_t i = 0; i < r->sim_count; i++)
		network_account(r->network, r->sims[i].imsi)->locked = false;
}

void
person_rests(struct realm *r, struct life *life)
{
	lift_locks(r);
	pause_modem(life, "", true);
}

void
person_tidies_up(struct realm *r, struct life *life)
{
	struct choice choice;
	char number[24];
	lift_locks(r);
	pause_modem(life, "", false);
	for (size_t i = 0; i < r->modem_count; i++) {
		struct line *line = fleet_find(life->fleet, r->modems[i].name);
		pause_modem(life, r->modems[i].name, false);
		if (line)
			unlock_sim(r, life, line);
	}
	for (int i = 0; i < REALM_NUMBERS; i++) {
		(void)snprintf(number, sizeof(number), "070000009%d", i);
		unlock_account(life, number);
	}
	list(life, VOUCHER_UNKNOWN, &choice);
	for (size_t i = 0; i < choice.count; i++)
		resolve(r, life, choice.ids[i]);
	list(life, VOUCHER_HELD, &choice);
	for (size_t i = 0; i < choice.count; i++)
		move(life, choice.ids[i], VOUCHER_RELEASE, "");
}
