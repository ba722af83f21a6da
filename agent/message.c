/*
 * message: reads a message, finds the attempt that caused it, and takes the
 * one step that it proves, all in one turn with the message itself. Keeping
 * comes first: what is not in the ledger has decided nothing.
 */
#include "agent/message.h"

#include <errno.h>

#include "agent/balance.h"
#include "agent/fit.h"
#include "agent/ledger_copy.h"
#include "agent/loop.h"
#include "agent/message_private.h"
#include "agent/turn.h"
#include "agent/vault.h"
#include "agent/veil.h"

/* ---- one that came ----------------------------------------------------- */

/* A message on its way through message_on_arrival(). */
struct arrival {
	const struct message_parts *parts;
	struct line *line;
	const struct message *message;
	char masked[LEDGER_TEXT_MAX]; /* its text */
	struct classify_result read;
	struct weigh_told told;
	struct ledger_cause cause; /* of its attempt; its texts are gone */
	struct message_step step;
	bool heard; /* it is the operator's word */
	enum balance_use use;
	const char *why; /* why it decides nothing; "" */
};

/* Pieces told apart by their lengths, so that none can pass for another. */
static void
add_piece(struct vault_digest *digest, struct span piece)
{
	uint64_t len = piece.len;
	vault_digest_add(digest, span_of((const char *)&len, sizeof(len)));
	vault_digest_add(digest, piece);
}

static void
digest_of(const struct arrival *a, uint8_t hash[VAULT_HASH_LEN])
{
	const struct message *m = a->message;
	struct vault_digest *digest = vault_digest_new(a->parts->vault);
	add_piece(digest, span_str(m->sender));
	add_piece(digest, span_of((const char *)&m->stamp_wall_ms,
				  sizeof(m->stamp_wall_ms)));
	add_piece(digest, m->text_utf8);
	vault_digest_end(digest, hash);
}

static struct fit_message
fit_message_of(const struct arrival *a)
{
	struct ledger_moment now = turn_now(a->parts->turn);
	return (struct fit_message){
		.verdict = a->told.verdict,
		.amount_minor = a->told.amount_minor,
		.deducted_minor = a->told.deducted_minor,
		.bonus_minor = a->told.bonus_minor,
		.serial = span_str(a->read.groups.serial),
		.text_utf8 = a->message->text_utf8,
		.stamp_wall_ms = a->message->stamp_wall_ms,
		.now = {now.wall_ms, now.ran_ms},
		.here = {a->line->here_wall_ms, a->line->here_ran_ms},
		.clock_trusted = loop_clock_is_trusted(),
		.restored_wall_ms = ledger_cursor(
			turn_ledger(a->parts->turn), LEDGER_RESTORED_CURSOR),
	};
}

/* Why the text may not be a verdict, "" where it may. */
static const char *
objection(const struct arrival *a)
{
	const struct profile *profile = a->line->profile;
	const struct message *m = a->message;
	struct fit_message times = fit_message_of(a);
	if (!profile)
		return "no_operator";
	if (!profile_takes_sender(profile, span_str(m->sender)))
		return "sender";
	if (!profile_takes_centre(
		    profile, span_str(m->smsc), span_str(m->own_smsc)))
		return m->own_smsc[0] != '\0' || profile->smsc
		               ? "centre"
		               : "centre_not_known";
	/* Of what day it is, or what the rest says, nobody can tell. */
	if (m->no_stamp || m->incomplete)
		return m->no_stamp ? "no_time" : "incomplete";
	return fit_is_stale(&times) ? "old" : "";
}

static bool
offer(void *ctx, const struct ledger_cause *cause)
{
	message_offer(ctx, cause);
	return true;
}

/* Finds the attempt, and what the message does to it. 0 or -EIO. */
static int
find_attempt(struct arrival *a)
{
	struct turn *turn = a->parts->turn;
	struct fit_message message = fit_message_of(a);
	struct ledger_cause_query query = {.iccid = line_iccid(a->line),
		.account = a->line->account,
		.operator= a->line->profile->stem,
		.since_ran_ms = message.now.ran_ms - FIT_DAY_MS,
		.text = a->masked};
	struct fit fit;
	int64_t attempt = 0;
	fit_begin(&fit, &message);
	if (ledger_each_cause(turn_ledger(turn), &query, offer, &fit) != 0)
		return -EIO;
	switch (fit_decide(&fit, &attempt)) {
	case FIT_NONE:
		a->why = "none";
		return 0;
	case FIT_SEVERAL:
		a->why = "several";
		return 0;
	case FIT_RESTORED:
		a->why = "restored";
		return 0;
	case FIT_OTHER_SIM:
		a->why = "other_sim";
		return 0;
	case FIT_ONE:
		break;
	}
	if (message_look_up(turn, attempt, &a->cause) != 0)
		return -EIO;
	a->step = message_use(a->line->profile, &a->cause, &a->told);
	if (a->step.use == MESSAGE_NOTHING)
		a->why = "changes_nothing";
	return 0;
}

static struct balance_message
balance_message_of(const struct arrival *a)
{
	return (struct balance_message){.text_utf8 = a->message->text_utf8,
		.read = &a->read,
		.stamp_wall_ms = a->message->stamp_wall_ms};
}

/* A refusal that [balance] matches as well is no card's then. */
static bool
is_balance_answer(struct arrival *a)
{
	struct balance_message m = balance_message_of(a);
	struct fit_message times = fit_message_of(a);
	if (a->parts->balance && !fit_is_of_other_sim(&times))
		a->use = balance_weigh_message(a->parts->balance, a->line, &m);
	if (a->use != BALANCE_FOR_PEOPLE && a->use != BALANCE_READING)
		return false;
	a->told.verdict = VERDICT_NONE;
	a->read.rule = "";
	a->why = "balance";
	return true;
}

/* Those of cards and of what follows them are often alike; where it names no
 * card, what may answer such a code of this SIM does. */
static bool
is_of_follow_up(struct arrival *a)
{
	struct turn *turn = a->parts->turn;
	if (a->read.groups.serial[0] != '\0' ||
		!profile_is_followed_by(
			a->line->profile, a->message->text_utf8) ||
		!ledger_was_followed(turn_ledger(turn), line_iccid(a->line),
			turn_now(turn).ran_ms - FIT_DAY_MS))
		return false;
	a->told.verdict = VERDICT_NONE;
	a->read.rule = "";
	a->why = "follow_up";
	return true;
}

/* Reads it as far as it may be a verdict. 0 or -EIO. */
static int
judge(struct arrival *a)
{
	a->why = objection(a);
	if (a->why[0] != '\0')
		return 0;
	a->heard = true;
	classifier_read(
		a->line->profile->reply, a->message->text_utf8, &a->read);
	a->told = weigh_told(a->line->profile, &a->read);
	if (is_balance_answer(a) || is_of_follow_up(a))
		return 0;
	/* "You will get an SMS" by SMS: the one that decides is to come. */
	if (a->told.verdict == VERDICT_NONE ||
		a->told.verdict == VERDICT_PENDING) {
		a->why = "no_verdict";
		return 0;
	}
	return find_attempt(a);
}

static void
describe(const struct arrival *a, struct ledger_message_keep *keep)
{
	const struct message *m = a->message;
	(void)span_copy(keep->iccid, sizeof(keep->iccid),
		span_str(line_iccid(a->line)));
	(void)span_copy(keep->modem, sizeof(keep->modem),
		span_str(a->line->config.name));
	/* Longer ones than any network carries are cut. */
	(void)span_copy(
		keep->sender, sizeof(keep->sender), span_str(m->sender));
	(void)span_copy(keep->smsc, sizeof(keep->smsc), span_str(m->smsc));
	keep->stamp_wall_ms = m->stamp_wall_ms;
	digest_of(a, keep->digest);
	(void)span_copy(keep->text, sizeof(keep->text), span_str(a->masked));
	keep->verdict = a->told.verdict;
	(void)span_copy(keep->rule, sizeof(keep->rule), span_str(a->read.rule));
	(void)span_copy(keep->serial, sizeof(keep->serial),
		span_str(a->read.groups.serial));
	keep->amount_minor = a->told.amount_minor;
	keep->deducted_minor = a->told.deducted_minor;
	keep->bonus_minor = a->told.bonus_minor;
	keep->balance_minor = a->told.balance_minor;
	keep->waits = a->step.use == MESSAGE_WAIT;
	if (a->step.use != MESSAGE_NOTHING)
		keep->attempt = a->cause.attempt;
	(void)span_copy(keep->why, sizeof(keep->why), span_str(a->why));
}

/* ---- what it does ------------------------------------------------------ */

/* "Too many wrong" is about the SIM, whichever card it was for; what an
 * attempt's own answer said before is known. */
static void
block_sim(const struct arrival *a)
{
	if (a->told.verdict != VERDICT_SIM_BLOCKED ||
		a->step.use == MESSAGE_READ)
		return;
	struct ledger_op op = turn_op(a->parts->turn, LEDGER_SIM_BLOCKED);
	struct ledger_sim_blocked *b = &op.u.sim_blocked;
	(void)span_copy(
		b->iccid, sizeof(b->iccid), span_str(line_iccid(a->line)));
	(void)span_copy(
		b->modem, sizeof(b->modem), span_str(a->line->config.name));
	turn_must(a->parts->turn, &op);
}

static void
take_balance(const struct arrival *a)
{
	struct balance_message m = balance_message_of(a);
	if (a->use != BALANCE_NOTHING)
		balance_take_message(a->parts->balance, a->line, &m, a->use);
}

/* Behind the message itself, in the same turn. */
static void
act(const struct arrival *a, const struct ledger_message_keep *kept,
	int64_t balance_minor)
{
	struct message_proof proof = {.turn = a->parts->turn,
		.cause = &a->cause,
		.told = &a->told,
		.rule = kept->rule,
		.text = kept->text,
		.balance_minor = balance_minor};
	message_take(&proof, &a->step);
	block_sim(a);
	/* One that waits has its balance weighed when it decides. */
	if (a->heard && balance_minor == MONEY_NONE &&
		a->step.use != MESSAGE_WAIT && a->use != BALANCE_READING)
		message_spoil(a->parts->turn, line_iccid(a->line), &a->told);
	take_balance(a);
	if (a->step.use == MESSAGE_SETTLE || a->step.use == MESSAGE_EVIDENCE)
		a->parts->on_idle.fn(a->parts->on_idle.ctx, a->line);
}

int
message_on_arrival(const struct message_parts *parts, struct line *line,
	const struct message *message)
{
	struct arrival a = {.parts = parts,
		.line = line,
		.message = message,
		.read = {.verdict = VERDICT_NONE, .rule = ""},
		.told = {VERDICT_NONE, MONEY_NONE, MONEY_NONE, MONEY_NONE,
			MONEY_NONE}};
	if (line_iccid(line)[0] == '\0')
		return -EAGAIN;
	const struct veil veil = {.ledger = turn_ledger(parts->turn),
		.iccid = line_iccid(line),
		.takes_pin = veil_takes_pin,
		.ctx = line->profile};
	veil_text(&veil, message->text_utf8, a.masked, sizeof(a.masked));
	if (judge(&a) != 0)
		return -EIO;
	struct ledger_op op = turn_op(parts->turn, LEDGER_MESSAGE);
	describe(&a, &op.u.message_keep);
	int64_t balance_minor = MONEY_NONE;
	if (a.step.use == MESSAGE_SETTLE || a.step.use == MESSAGE_EVIDENCE)
		balance_minor = message_reading(parts->turn, line_iccid(line),
			&a.cause, &a.told, message->stamp_wall_ms);
	int rc = turn_try(parts->turn, &op, NULL);
	if (rc == 0)
		act(&a, &op.u.message_keep, balance_minor);
	return rc == -EEXIST ? 0 : rc;
}

int
message_on_sms(const struct message_parts *parts, struct line *line,
	const struct modem_message *sms)
{
	const struct message message = {.sender = sms->sender,
		.smsc = sms->smsc,
		.own_smsc = modem_info(line->modem)->smsc,
		.stamp_wall_ms = sms->stamp_known ? sms->stamp_utc_ms : 0,
		.no_stamp = !sms->stamp_known,
		.incomplete = sms->incomplete,
		.text_utf8 = sms->text_utf8};
	return message_on_arrival(parts, line, &message);
}
