/*
 * test_message: what an operator's SMS does, on the real ledger, in virtual
 * time: which card it settles, and above all which it does not.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/loop.h"
#include "agent/message.h"
#include "agent/overdue.h"
#include "agent/redeem.h"
#include "agent/turn.h"
#include "tests/support/faulty_disk.h"
#include "tests/virtual/shop.h"

enum { ROW = 2, CARD = 10000 };

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)

#define CENTRE "+2348030000000"
#define LOADED "You have been credited with 100.00"

#define OPERATOR                                                               \
	COUNTER_SIMTEL(COUNTER_USSD "\nsms_from = 121, SimTel\n"               \
				    "smsc = ^\\+2348\nsms_timeout = 300",      \
		"loaded = (?i)card (?<serial>\\d+) gave (?<amount>[\\d.,]+)\n" \
		"deducted = (?i)loan (?<deducted>[\\d.,]+)\n" COUNTER_BALANCE)

struct scene {
	struct shop shop;
	struct line *line;
	struct redeem *redeem;
	struct message_parts parts;
	unsigned idle;
	int64_t stamp_ms; /* of messages; 0: now */
	const char *sender, *smsc, *own_smsc;
	char pin[16]; /* of the newest card */
};

static void
on_idle(void *ctx, struct line *line)
{
	struct scene *s = ctx;
	assert_ptr_equal(line, s->line);
	s->idle++;
}

static void
on_change(void *ctx, struct line *line)
{
	(void)ctx;
	(void)line;
}

static void
on_push(void *ctx, struct line *line, struct span text_utf8)
{
	(void)text_utf8;
	on_change(ctx, line);
}

static void
begin_scene(struct scene *s, void **state)
{
	static const struct fleet_hooks none = {
		.on_change = on_change, .on_push = on_push};
	memset(s, 0, sizeof(*s));
	shop_init(&s->shop, *state, &none);
	virtual_set_trusted(true);
	shop_operator(&s->shop, "simtel", OPERATOR);
	s->line = shop_one_ready(&s->shop);
	const struct fleet_idle idle = {.ctx = s, .fn = on_idle};
	s->redeem = redeem_new(
		s->shop.loop, s->shop.turn, s->shop.purse->vault, &idle);
	s->parts = (struct message_parts){.loop = s->shop.loop,
		.turn = s->shop.turn,
		.vault = s->shop.purse->vault,
		.on_idle = idle};
	s->sender = "121";
	s->smsc = CENTRE;
	s->own_smsc = CENTRE;
}

static void
end_scene(struct scene *s)
{
	shop_fini(&s->shop);
	redeem_free(s->redeem);
}

static void
commit(struct scene *s)
{
	assert_int_equal(turn_commit(s->shop.turn), 0);
}

static void
pass(struct scene *s, int64_t ms)
{
	virtual_run(s->shop.loop, ms);
}

/* ---- cards ------------------------------------------------------------- */

struct kind {
	int64_t minor;
	const char *serial, *target;
};

static const struct kind plain = {CARD, "", "self"};

static int64_t
card(struct scene *s, const struct kind *kind)
{
	struct purse *p = s->shop.purse;
	commit(s);
	int64_t batch = purse_open_batch(p);
	struct ledger_op row = purse_row(p, batch, ROW);
	row.u.batch_row.amount_minor = kind->minor;
	strcpy(row.u.batch_row.serial, kind->serial);
	strcpy(row.u.batch_row.target, kind->target);
	purse_must(p, &row);
	(void)snprintf(s->pin, sizeof(s->pin), "77%012u", p->serial);
	struct ledger_op accept = purse_op(p, LEDGER_BATCH_ACCEPT);
	accept.u.batch_accept.batch = batch;
	purse_must(p, &accept);
	return purse_voucher(p, batch, ROW);
}

static int64_t
dial(struct scene *s, int64_t voucher, const char *target)
{
	struct ledger_op op = turn_op(s->shop.turn, LEDGER_ATTEMPT_BEGIN);
	struct ledger_attempt_begin *b = &op.u.attempt_begin;
	struct ledger_result result = {0};
	bool own = strcmp(target, "self") == 0;
	b->voucher = voucher;
	b->event = VOUCHER_DISPATCHED;
	strcpy(b->modem, "a");
	strcpy(b->iccid, line_iccid(s->line));
	strcpy(b->account, own ? s->line->account : target);
	assert_int_equal(turn_try(s->shop.turn, &op, &result), 0);
	commit(s);
	pass(s, 1000);
	return result.id;
}

static void
answer(struct scene *s, int64_t attempt, enum verdict verdict,
	enum voucher_event event)
{
	struct ledger_op op = turn_op(s->shop.turn, LEDGER_ATTEMPT_SETTLE);
	struct ledger_attempt_settle *t = &op.u.attempt_settle;
	t->attempt = attempt;
	t->fate = LEDGER_ANSWERED;
	t->verdict = verdict;
	t->event = event;
	strcpy(t->by, "text");
	if (event == VOUCHER_REFUSED_FIRST)
		strcpy(t->reason, verdict_name(verdict));
	if (event == VOUCHER_MAYBE_SENT) {
		t->fate = LEDGER_MAYBE_SENT;
		strcpy(t->reason, "no_answer");
	}
	turn_must(s->shop.turn, &op);
	commit(s);
	pass(s, 1000);
}

enum became { OPEN, PENDING, UNKNOWN, CREDITED, REFUSED };

/* A card that was dialled, and what its USSD session came to. */
static int64_t
dialled(struct scene *s, const struct kind *kind, enum became became)
{
	int64_t voucher = card(s, kind);
	int64_t attempt = dial(s, voucher, kind->target);
	switch (became) {
	case OPEN:
		break;
	case PENDING:
		answer(s, attempt, VERDICT_PENDING, VOUCHER_TAKEN);
		break;
	case UNKNOWN:
		answer(s, attempt, VERDICT_NONE, VOUCHER_MAYBE_SENT);
		break;
	case CREDITED:
		answer(s, attempt, VERDICT_LOADED, VOUCHER_CREDITED);
		break;
	case REFUSED:
		answer(s, attempt, VERDICT_INVALID, VOUCHER_REFUSED_FIRST);
		break;
	}
	return voucher;
}

static void
expect(struct scene *s, int64_t voucher, enum voucher_state state,
	const char *reason)
{
	struct purse_card now = purse_card(s->shop.purse, voucher);
	assert_string_equal(
		voucher_state_name(now.state), voucher_state_name(state));
	assert_string_equal(now.reason, reason);
}

/* ---- messages ---------------------------------------------------------- */

struct kept {
	size_t count;
	struct ledger_message last; /* its texts are gone */
	char why[LEDGER_NAME_MAX], text[LEDGER_TEXT_MAX];
};

static bool
take(void *ctx, const struct ledger_message *m)
{
	struct kept *kept = ctx;
	kept->count++;
	kept->last = *m;
	(void)snprintf(kept->why, sizeof(kept->why), "%s", m->why);
	(void)snprintf(kept->text, sizeof(kept->text), "%s", m->text);
	return true;
}

static struct kept
kept(struct scene *s)
{
	static const struct ledger_message_filter all;
	struct kept k = {.count = 0};
	assert_int_equal(
		ledger_each_message(s->shop.purse->ledger, &all, take, &k), 0);
	return k;
}

static int
arrive(struct scene *s, const char *text)
{
	const struct message m = {.sender = s->sender,
		.smsc = s->smsc,
		.own_smsc = s->own_smsc,
		.stamp_wall_ms = s->stamp_ms ? s->stamp_ms : loop_wall_ms(),
		.text_utf8 = span_str(text)};
	int rc = message_on_arrival(&s->parts, s->line, &m);
	commit(s);
	return rc;
}

/* One that is new; a second passes, so that the next has another stamp. Why
 * it decided nothing, "" where it did. */
static const char *
sms(struct scene *s, const char *text)
{
	static struct kept k;
	size_t before = kept(s).count;
	assert_int_equal(arrive(s, text), 0);
	k = kept(s);
	assert_int_equal(k.count, before + 1);
	pass(s, 1000);
	return k.why;
}

/* ---- the row of the state table: pending ------------------------------- */

static void
its_message_decides_a_pending_card(void **state)
{
	static const struct {
		const char *text;
		enum voucher_state to;
		const char *reason;
	} rows[] = {
		{LOADED, VOUCHER_LOADED, ""},
		{"Credited with 85.00, loan 15.00 repaid", VOUCHER_LOADED, ""},
		{"Invalid voucher", VOUCHER_REJECTED, "invalid"},
		{"Already used by you", VOUCHER_REJECTED, "used"},
		{"Try again later", VOUCHER_READY, "retry"},
		{"Too many wrong attempts", VOUCHER_READY, "retry"},
		/* these decide nothing */
		{"Credited with 50.00", VOUCHER_PENDING, ""},
		{"You will receive an SMS", VOUCHER_PENDING, ""},
		{"Your balance is 250.00", VOUCHER_PENDING, ""},
		{"Credited with 100.00? Invalid voucher!", VOUCHER_PENDING, ""},
		{"Win a car", VOUCHER_PENDING, ""},
		{"", VOUCHER_PENDING, ""},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene s;
		purse_teardown(state);
		assert_int_equal(purse_setup(state), 0);
		begin_scene(&s, state);
		int64_t voucher = dialled(&s, &plain, PENDING);
		bool decides = rows[i].to != VOUCHER_PENDING;
		bool says_why = sms(&s, rows[i].text)[0] != '\0';
		print_message("%s\n", rows[i].text);
		expect(&s, voucher, rows[i].to, rows[i].reason);
		assert_int_equal(says_why, !decides);
		assert_int_equal(s.idle, decides);
		end_scene(&s);
	}
}

static void
a_settlement_names_the_sms_and_keeps_it_masked(void **state)
{
	struct scene s;
	char text[128], event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	begin_scene(&s, state);
	int64_t voucher = dialled(&s, &plain, PENDING);
	int64_t head = ledger_audit_head(s.shop.purse->ledger);
	(void)snprintf(text, sizeof(text), "%s: " LOADED, s.pin);
	assert_string_equal(sms(&s, text), "");
	expect(&s, voucher, VOUCHER_LOADED, "");
	assert_true(purse_card(s.shop.purse, voucher).v.credited_minor == CARD);
	purse_audit(s.shop.purse, head + 1, event, note);
	assert_string_equal(event, "sim.message");
	purse_audit(s.shop.purse, head + 2, event, note);
	assert_string_equal(event, "voucher.loaded");
	assert_non_null(strstr(note, " by=sms "));
	struct kept k = kept(&s);
	assert_null(strstr(k.text, s.pin));
	assert_non_null(strstr(k.text, "credited"));
	assert_int_equal(k.last.voucher, voucher);
	end_scene(&s);
}

static void
an_sms_that_comes_after_its_time_is_evidence(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	int64_t voucher = dialled(&s, &plain, PENDING);
	struct ledger_op op =
		purse_move(s.shop.purse, voucher, VOUCHER_SMS_TIMEOUT);
	strcpy(op.u.voucher_move.reason, "no_sms");
	pass(&s, 10 * MINUTE);
	turn_must(s.shop.turn, &op);
	commit(&s);
	expect(&s, voucher, VOUCHER_UNKNOWN, "no_sms");
	assert_string_equal(sms(&s, LOADED), "");
	expect(&s, voucher, VOUCHER_LOADED, "");
	end_scene(&s);
}

/* ---- the likeliest false entry of all ---------------------------------- */

/* The operator answers each card twice: by USSD, and by SMS. */
static void
the_sms_of_a_settled_card_settles_no_other(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	int64_t first = dialled(&s, &plain, CREDITED);
	int64_t second = dialled(&s, &plain, UNKNOWN);
	assert_string_equal(sms(&s, LOADED), "several");
	expect(&s, second, VOUCHER_UNKNOWN, "no_answer");
	/* Not by a second one either: two texts may be of one card. */
	assert_string_equal(sms(&s, LOADED), "several");
	expect(&s, second, VOUCHER_UNKNOWN, "no_answer");
	expect(&s, first, VOUCHER_LOADED, "");
	end_scene(&s);
}

static void
once_the_settled_card_has_its_sms_the_next_is_the_others(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	(void)dialled(&s, &plain, CREDITED);
	assert_string_equal(sms(&s, LOADED), "");
	assert_true(kept(&s).last.attempt != 0);
	assert_int_equal(s.idle, 0);
	int64_t second = dialled(&s, &plain, UNKNOWN);
	assert_string_equal(sms(&s, LOADED), "");
	expect(&s, second, VOUCHER_LOADED, "");
	end_scene(&s);
}

static void
a_pending_card_among_settled_ones_with_their_sms_is_decided(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	for (int i = 0; i < 3; i++) {
		int64_t voucher = dialled(&s, &plain, PENDING);
		assert_string_equal(sms(&s, LOADED), "");
		expect(&s, voucher, VOUCHER_LOADED, "");
	}
	end_scene(&s);
}

static void
the_refusal_of_a_rejected_card_settles_no_other(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	(void)dialled(&s, &plain, REFUSED);
	int64_t second = dialled(&s, &plain, UNKNOWN);
	assert_string_equal(sms(&s, "Invalid voucher"), "several");
	expect(&s, second, VOUCHER_UNKNOWN, "no_answer");
	/* But a rejected card is not what was credited. */
	assert_string_equal(sms(&s, LOADED), "");
	expect(&s, second, VOUCHER_LOADED, "");
	end_scene(&s);
}

static void
two_equal_cards_in_doubt_stay_in_doubt(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	int64_t first = dialled(&s, &plain, UNKNOWN);
	int64_t second = dialled(&s, &plain, UNKNOWN);
	assert_string_equal(sms(&s, LOADED), "several");
	expect(&s, first, VOUCHER_UNKNOWN, "no_answer");
	expect(&s, second, VOUCHER_UNKNOWN, "no_answer");
	end_scene(&s);
}

static void
amount_serial_and_number_tell_cards_apart(void **state)
{
	static const struct {
		struct kind first, second;
		const char *text;
		int loaded; /* 1, 2, or 0: neither */
	} rows[] = {
		{{CARD, "", "self"}, {5000, "", "self"}, LOADED, 1},
		{{CARD, "", "self"}, {5000, "", "self"}, "Credited with 50.00",
			2},
		{{MONEY_NONE, "", "self"}, {CARD, "", "self"}, LOADED, 0},
		{{CARD, "0123", "self"}, {CARD, "0456", "self"},
			"Card 456 gave 100.00", 2},
		{{CARD, "0123", "self"}, {CARD, "", "self"},
			"Card 0123 gave 100.00", 1},
		{{CARD, "0123", "self"}, {CARD, "", "self"},
			"Card 0789 gave 100.00", 2},
		{{CARD, "0123", "self"}, {CARD, "0456", "self"},
			"Card 0789 gave 100.00", 0},
		{{CARD, "", "0801234567"}, {CARD, "", "0807654321"},
			"0807654321 credited with 100.00", 2},
		{{CARD, "", "0801234567"}, {CARD, "", "0807654321"}, LOADED, 0},
		{{CARD, "", "0801234567"}, {CARD, "", "self"},
			"0801234567 credited with 100.00", 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene s;
		purse_teardown(state);
		assert_int_equal(purse_setup(state), 0);
		begin_scene(&s, state);
		int64_t first = dialled(&s, &rows[i].first, UNKNOWN);
		int64_t second = dialled(&s, &rows[i].second, UNKNOWN);
		(void)sms(&s, rows[i].text);
		print_message("row %zu: %s\n", i, rows[i].text);
		assert_int_equal(purse_card(s.shop.purse, first).state,
			rows[i].loaded == 1 ? VOUCHER_LOADED : VOUCHER_UNKNOWN);
		assert_int_equal(purse_card(s.shop.purse, second).state,
			rows[i].loaded == 2 ? VOUCHER_LOADED : VOUCHER_UNKNOWN);
		end_scene(&s);
	}
}

/* ---- who says it, and when --------------------------------------------- */

static void
what_may_be_forged_changes_nothing(void **state)
{
	static const struct {
		const char *sender, *smsc, *why;
	} rows[] = {
		{"+2348031234567", CENTRE, "sender"},
		{"simtel", CENTRE, "sender"},
		{"", CENTRE, "sender"},
		{"121", "+447700900000", "centre"},
		{"121", "", "centre"},
	};
	struct scene s;
	begin_scene(&s, state);
	int64_t voucher = dialled(&s, &plain, PENDING);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s.sender = rows[i].sender;
		s.smsc = rows[i].smsc;
		assert_string_equal(sms(&s, LOADED), rows[i].why);
		assert_int_equal(kept(&s).last.verdict, VERDICT_NONE);
		expect(&s, voucher, VOUCHER_PENDING, "");
	}
	s.sender = "SimTel";
	s.smsc = CENTRE;
	assert_string_equal(sms(&s, LOADED), "");
	expect(&s, voucher, VOUCHER_LOADED, "");
	end_scene(&s);
}

static void
without_an_expression_the_centre_is_compared_with_the_sims_own(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	expression_free(s.line->profile->smsc);
	s.line->profile->smsc = NULL;
	int64_t voucher = dialled(&s, &plain, PENDING);
	s.own_smsc = "";
	assert_string_equal(sms(&s, LOADED), "centre_not_known");
	s.own_smsc = "+447700900000";
	assert_string_equal(sms(&s, LOADED), "centre");
	expect(&s, voucher, VOUCHER_PENDING, "");
	s.own_smsc = "2348039999999";
	assert_string_equal(sms(&s, LOADED), "");
	expect(&s, voucher, VOUCHER_LOADED, "");
	end_scene(&s);
}

static void
a_copy_counts_once(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	(void)dialled(&s, &plain, CREDITED);
	s.stamp_ms = loop_wall_ms();
	assert_string_equal(sms(&s, LOADED), "");
	int64_t second = dialled(&s, &plain, UNKNOWN);
	int64_t head = ledger_audit_head(s.shop.purse->ledger);
	/* It may be deleted, and is not kept again. */
	assert_int_equal(arrive(&s, LOADED), 0);
	assert_int_equal(kept(&s).count, 1);
	assert_int_equal(ledger_audit_head(s.shop.purse->ledger), head);
	expect(&s, second, VOUCHER_UNKNOWN, "no_answer");
	/* The same text a second later is another message. */
	s.stamp_ms += 60000;
	assert_string_equal(sms(&s, LOADED), "");
	expect(&s, second, VOUCHER_LOADED, "");
	end_scene(&s);
}

static void
after_a_day_a_message_decides_nothing(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	int64_t voucher = dialled(&s, &plain, UNKNOWN);
	int64_t sent_ms = loop_wall_ms();
	pass(&s, 25 * HOUR);
	s.stamp_ms = sent_ms;
	assert_string_equal(sms(&s, LOADED), "old");
	/* Nor one of today, for a card of yesterday. */
	s.stamp_ms = 0;
	assert_string_equal(sms(&s, LOADED), "none");
	expect(&s, voucher, VOUCHER_UNKNOWN, "no_answer");
	end_scene(&s);
}

static void
a_message_sent_before_the_card_was_dialled_is_not_its(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	s.stamp_ms = loop_wall_ms() - HOUR;
	int64_t voucher = dialled(&s, &plain, PENDING);
	assert_string_equal(sms(&s, LOADED), "none");
	expect(&s, voucher, VOUCHER_PENDING, "");
	end_scene(&s);
}

static void
an_untrusted_clock_goes_by_the_arrival(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	virtual_set_trusted(false);
	s.stamp_ms = 1000;
	int64_t voucher = dialled(&s, &plain, PENDING);
	assert_string_equal(sms(&s, LOADED), "");
	expect(&s, voucher, VOUCHER_LOADED, "");
	end_scene(&s);
}

/* ---- late -------------------------------------------------------------- */

static void
a_late_refusal_rejects_a_card_of_one_attempt(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	int64_t voucher = dialled(&s, &plain, UNKNOWN);
	assert_string_equal(sms(&s, "Invalid voucher"), "");
	expect(&s, voucher, VOUCHER_REJECTED, "invalid");
	end_scene(&s);
}

/* A person said "retry": the first attempt may have used the card. */
static void
a_refusal_after_two_attempts_decides_nothing_and_a_credit_does(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	int64_t voucher = dialled(&s, &plain, UNKNOWN);
	struct ledger_op retry =
		purse_move(s.shop.purse, voucher, VOUCHER_RESOLVED_RETRY);
	strcpy(retry.u.voucher_move.note, "looked it up");
	turn_must(s.shop.turn, &retry);
	commit(&s);
	answer(&s, dial(&s, voucher, "self"), VERDICT_NONE, VOUCHER_MAYBE_SENT);
	assert_string_equal(sms(&s, "Already used"), "changes_nothing");
	expect(&s, voucher, VOUCHER_UNKNOWN, "no_answer");
	assert_string_equal(sms(&s, LOADED), "");
	expect(&s, voucher, VOUCHER_LOADED, "");
	end_scene(&s);
}

static void
a_credit_of_a_card_that_waits_to_be_dialled_again_is_seen(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	int64_t voucher = card(&s, &plain);
	answer(&s, dial(&s, voucher, "self"), VERDICT_BUSY, VOUCHER_BUSY);
	expect(&s, voucher, VOUCHER_READY, "");
	assert_string_equal(sms(&s, "Try again later"), "");
	assert_string_equal(sms(&s, LOADED), "none");
	expect(&s, voucher, VOUCHER_READY, "");
	int64_t second = card(&s, &plain);
	answer(&s, dial(&s, second, "self"), VERDICT_BUSY, VOUCHER_BUSY);
	assert_string_equal(sms(&s, LOADED), "");
	expect(&s, second, VOUCHER_LOADED, "");
	end_scene(&s);
}

static void
a_rejected_card_is_credited_by_its_serial_alone(void **state)
{
	static const struct kind known = {CARD, "0123", "self"};
	struct scene s;
	begin_scene(&s, state);
	int64_t voucher = dialled(&s, &known, REFUSED);
	assert_string_equal(sms(&s, LOADED), "none");
	expect(&s, voucher, VOUCHER_REJECTED, "invalid");
	assert_string_equal(sms(&s, "Card 123 gave 100.00"), "");
	expect(&s, voucher, VOUCHER_LOADED, "");
	end_scene(&s);
}

static void
too_many_wrong_blocks_the_sim_whosever_card_it_was(void **state)
{
	struct scene s;
	struct ledger_sim sim;
	struct ledger *ledger = ((struct purse *)*state)->ledger;
	begin_scene(&s, state);
	int64_t voucher = dialled(&s, &plain, UNKNOWN);
	s.sender = "+2348031234567";
	assert_string_equal(sms(&s, "Too many wrong"), "sender");
	assert_int_equal(ledger_sim(ledger, line_iccid(s.line), 0, &sim), 0);
	assert_false(sim.blocked);
	s.sender = "121";
	assert_string_equal(sms(&s, "Too many wrong"), "changes_nothing");
	assert_int_equal(ledger_sim(ledger, line_iccid(s.line), 0, &sim), 0);
	assert_true(sim.blocked);
	expect(&s, voucher, VOUCHER_UNKNOWN, "no_answer");
	end_scene(&s);
}

/* ---- before the answer ------------------------------------------------- */

/* The network answers the code so, after five seconds. */
static void
network(struct scene *s, const char *say)
{
	static char line[128];
	(void)s;
	(void)snprintf(line, sizeof(line), "\r\n+CUSD: 0,\"%s\",15\r\n", say);
	fakewire_rule(virtual_wire(SHOP_PORT_A),
		(struct fakewire_rule){.when = "AT+CUSD=1,\"*121*",
			.say = "\r\nOK\r\n",
			.then = line,
			.then_after_ms = 5000});
}

static void
an_sms_before_the_answer_decides_when_that_has_come(void **state)
{
	static const struct {
		const char *sms, *answer;
		enum voucher_state to;
		const char *reason;
	} rows[] = {
		{LOADED, "You will receive an SMS", VOUCHER_LOADED, ""},
		{"Invalid voucher", "You will receive an SMS", VOUCHER_REJECTED,
			"invalid"},
		{LOADED, LOADED, VOUCHER_LOADED, ""},
		{LOADED, "Happy birthday", VOUCHER_LOADED, ""},
		{LOADED, "Try again later", VOUCHER_LOADED, ""},
		{LOADED, "Invalid voucher", VOUCHER_REJECTED, "invalid"},
		{"Invalid voucher", LOADED, VOUCHER_LOADED, ""},
		{"Invalid voucher", "Happy birthday", VOUCHER_REJECTED,
			"invalid"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene s;
		purse_teardown(state);
		assert_int_equal(purse_setup(state), 0);
		begin_scene(&s, state);
		network(&s, rows[i].answer);
		int64_t voucher = card(&s, &plain);
		assert_int_equal(redeem_begin(s.redeem, s.line, voucher), 0);
		pass(&s, 2000);
		assert_string_equal(sms(&s, rows[i].sms), "");
		assert_true(kept(&s).last.waits);
		expect(&s, voucher, VOUCHER_DIALING, "");
		pass(&s, 10000);
		print_message("%s, then %s\n", rows[i].sms, rows[i].answer);
		expect(&s, voucher, rows[i].to, rows[i].reason);
		assert_false(kept(&s).last.waits);
		end_scene(&s);
	}
}

/* Its own is still to come, and must find it. */
static void
an_sms_that_the_answer_contradicts_is_not_its(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	network(&s, "Invalid voucher");
	assert_int_equal(redeem_begin(s.redeem, s.line, card(&s, &plain)), 0);
	pass(&s, 2000);
	assert_string_equal(sms(&s, LOADED), "");
	pass(&s, 10000);
	assert_string_equal(kept(&s).why, "changes_nothing");
	assert_int_equal(kept(&s).last.attempt, 0);
	int64_t second = dialled(&s, &plain, UNKNOWN);
	assert_string_equal(sms(&s, "Invalid voucher"), "several");
	expect(&s, second, VOUCHER_UNKNOWN, "no_answer");
	end_scene(&s);
}

/* The one that decides is to come, and must find the attempt. */
static void
a_promise_by_sms_is_not_the_message_of_its_attempt(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	network(&s, "You will receive an SMS");
	int64_t voucher = card(&s, &plain);
	assert_int_equal(redeem_begin(s.redeem, s.line, voucher), 0);
	pass(&s, 1000);
	assert_string_equal(sms(&s, "You will receive an SMS"), "no_verdict");
	assert_int_equal(kept(&s).last.attempt, 0);
	assert_string_equal(sms(&s, LOADED), "");
	pass(&s, 10000);
	expect(&s, voucher, VOUCHER_LOADED, "");
	end_scene(&s);
}

static void
an_sms_with_the_serial_outweighs_the_refusal_that_follows(void **state)
{
	static const struct kind known = {CARD, "0123", "self"};
	struct scene s;
	begin_scene(&s, state);
	network(&s, "Already used");
	int64_t voucher = card(&s, &known);
	assert_int_equal(redeem_begin(s.redeem, s.line, voucher), 0);
	pass(&s, 2000);
	assert_string_equal(sms(&s, "Card 00123 gave 100.00"), "");
	pass(&s, 10000);
	expect(&s, voucher, VOUCHER_LOADED, "");
	end_scene(&s);
}

static void
what_waited_over_a_restart_is_weighed_before_time_runs_out(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	int64_t lost = card(&s, &plain);
	int64_t attempt = dial(&s, lost, "self");
	assert_string_equal(sms(&s, LOADED), "");
	struct ledger_op op = turn_op(s.shop.turn, LEDGER_ATTEMPT_SETTLE);
	op.u.attempt_settle.attempt = attempt;
	op.u.attempt_settle.fate = LEDGER_MAYBE_SENT;
	op.u.attempt_settle.event = VOUCHER_FOUND_AT_START;
	strcpy(op.u.attempt_settle.reason, "restart");
	turn_must(s.shop.turn, &op);
	commit(&s);
	expect(&s, lost, VOUCHER_UNKNOWN, "restart");
	(void)overdue_sweep(s.shop.turn);
	commit(&s);
	expect(&s, lost, VOUCHER_LOADED, "");
	end_scene(&s);
}

/* ---- balances ---------------------------------------------------------- */

static int64_t
balance_now(struct scene *s)
{
	struct ledger_sim sim;
	assert_int_equal(
		ledger_sim(s->shop.purse->ledger, line_iccid(s->line), 0, &sim),
		0);
	return sim.balance_minor;
}

static void
a_balance_in_its_message_is_a_reading(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	(void)dialled(&s, &plain, PENDING);
	assert_string_equal(sms(&s, LOADED ". Your balance is 250.00"), "");
	assert_true(balance_now(&s) == 25000);
	/* Not where a card was dialled behind it: it may be older. */
	(void)dialled(&s, &plain, UNKNOWN);
	static const struct kind small = {5000, "", "self"};
	(void)dialled(&s, &small, CREDITED);
	assert_string_equal(sms(&s, LOADED ". Your balance is 350.00"), "");
	assert_true(balance_now(&s) == 25000);
	assert_int_equal(shop_events(&s.shop, "sim.spoiled", "a"), 1);
	end_scene(&s);
}

static void
a_balance_for_another_number_is_no_reading(void **state)
{
	static const struct kind other = {CARD, "", "0801234567"};
	struct scene s;
	begin_scene(&s, state);
	int64_t voucher = dialled(&s, &other, PENDING);
	assert_string_equal(sms(&s, LOADED ". Your balance is 250.00"), "");
	expect(&s, voucher, VOUCHER_LOADED, "");
	assert_true(balance_now(&s) == MONEY_NONE);
	assert_int_equal(shop_events(&s.shop, "sim.spoiled", "a"), 1);
	end_scene(&s);
}

/* ---- keeping ----------------------------------------------------------- */

static void
a_message_without_an_operator_is_kept_without_its_numbers(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	int64_t voucher = dialled(&s, &plain, PENDING);
	struct profile *profile = s.line->profile;
	s.line->profile = NULL;
	assert_string_equal(sms(&s, "77000000000042 " LOADED), "no_operator");
	assert_null(strstr(kept(&s).text, "7700000000"));
	s.line->profile = profile;
	expect(&s, voucher, VOUCHER_PENDING, "");
	end_scene(&s);
}

/* The operator's word of a balance that nobody asked for. */
static void
a_balance_that_tells_itself_spoils_the_reading_before(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	struct ledger_op op = turn_op(s.shop.turn, LEDGER_BALANCE);
	strcpy(op.u.balance.modem, "a");
	strcpy(op.u.balance.iccid, line_iccid(s.line));
	strcpy(op.u.balance.currency, "XTS");
	op.u.balance.minor = 25000;
	op.u.balance.decimals = 2;
	turn_must(s.shop.turn, &op);
	commit(&s);
	s.sender = "0801234567";
	(void)sms(&s, "Your balance is 1.00");
	s.sender = "121";
	(void)sms(&s, "Your balance is 250.00, enjoy");
	assert_int_equal(shop_events(&s.shop, "sim.spoiled", "a"), 0);
	(void)sms(&s, "Your balance is 240.00");
	assert_int_equal(shop_events(&s.shop, "sim.spoiled", "a"), 1);
	end_scene(&s);
}

/* On the modem it is safe; here it is not. */
static void
while_the_disk_refuses_a_message_stays_on_the_modem(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	int64_t voucher = dialled(&s, &plain, PENDING);
	const struct message m = {.sender = "121",
		.smsc = CENTRE,
		.own_smsc = CENTRE,
		.stamp_wall_ms = loop_wall_ms(),
		.text_utf8 = span_str(LOADED)};
	struct message second = m;
	second.stamp_wall_ms += 1000;
	faulty_disk_set(FAULTY_DISK_FULL);
	(void)message_on_arrival(&s.parts, s.line, &m);
	assert_int_equal(turn_commit(s.shop.turn), -EIO);
	assert_int_equal(message_on_arrival(&s.parts, s.line, &second), -EIO);
	faulty_disk_set(FAULTY_DISK_NOT);
	commit(&s);
	assert_int_equal(kept(&s).count, 1);
	expect(&s, voucher, VOUCHER_LOADED, "");
	assert_int_equal(message_on_arrival(&s.parts, s.line, &m), 0);
	assert_int_equal(message_on_arrival(&s.parts, s.line, &second), 0);
	commit(&s);
	assert_int_equal(kept(&s).count, 2);
	end_scene(&s);
}

static void
while_the_sim_is_not_known_messages_stay_where_they_are(void **state)
{
	struct scene s;
	begin_scene(&s, state);
	/* Nothing is plugged in there. */
	shop_modem(&s.shop, "b", SHOP_PORT_B, "simtel");
	shop_apply(&s.shop);
	s.line = shop_line(&s.shop, "b");
	assert_string_equal(line_iccid(s.line), "");
	assert_int_equal(arrive(&s, LOADED), -EAGAIN);
	assert_int_equal(kept(&s).count, 0);
	end_scene(&s);
}

static void
a_flood_of_messages_is_bounded_and_decides_nothing(void **state)
{
	struct scene s;
	char text[64];
	begin_scene(&s, state);
	int64_t voucher = dialled(&s, &plain, PENDING);
	int64_t head = ledger_audit_head(s.shop.purse->ledger);
	for (int i = 0; i < LEDGER_MESSAGES_MAX + 50; i++) {
		(void)snprintf(text, sizeof(text), "Offer %d", i);
		const struct message m = {.sender = "121",
			.smsc = CENTRE,
			.own_smsc = CENTRE,
			.stamp_wall_ms = loop_wall_ms(),
			.text_utf8 = span_str(text)};
		assert_int_equal(message_on_arrival(&s.parts, s.line, &m), 0);
	}
	commit(&s);
	assert_int_equal(kept(&s).count, LEDGER_MESSAGES_MAX);
	assert_in_range(ledger_audit_head(s.shop.purse->ledger) - head, 1, 100);
	expect(&s, voucher, VOUCHER_PENDING, "");
	assert_int_equal(arrive(&s, LOADED), 0);
	assert_int_equal(kept(&s).count, LEDGER_MESSAGES_MAX);
	expect(&s, voucher, VOUCHER_LOADED, "");
	end_scene(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_message_decides_a_pending_card),
		TEST(a_settlement_names_the_sms_and_keeps_it_masked),
		TEST(an_sms_that_comes_after_its_time_is_evidence),
		TEST(the_sms_of_a_settled_card_settles_no_other),
		TEST(once_the_settled_card_has_its_sms_the_next_is_the_others),
		TEST(a_pending_card_among_settled_ones_with_their_sms_is_decided),
		TEST(the_refusal_of_a_rejected_card_settles_no_other),
		TEST(two_equal_cards_in_doubt_stay_in_doubt),
		TEST(amount_serial_and_number_tell_cards_apart),
		TEST(what_may_be_forged_changes_nothing),
		TEST(without_an_expression_the_centre_is_compared_with_the_sims_own),
		TEST(a_copy_counts_once),
		TEST(after_a_day_a_message_decides_nothing),
		TEST(a_message_sent_before_the_card_was_dialled_is_not_its),
		TEST(an_untrusted_clock_goes_by_the_arrival),
		TEST(a_late_refusal_rejects_a_card_of_one_attempt),
		TEST(a_refusal_after_two_attempts_decides_nothing_and_a_credit_does),
		TEST(a_credit_of_a_card_that_waits_to_be_dialled_again_is_seen),
		TEST(a_rejected_card_is_credited_by_its_serial_alone),
		TEST(too_many_wrong_blocks_the_sim_whosever_card_it_was),
		TEST(an_sms_before_the_answer_decides_when_that_has_come),
		TEST(an_sms_that_the_answer_contradicts_is_not_its),
		TEST(a_promise_by_sms_is_not_the_message_of_its_attempt),
		TEST(an_sms_with_the_serial_outweighs_the_refusal_that_follows),
		TEST(what_waited_over_a_restart_is_weighed_before_time_runs_out),
		TEST(a_balance_in_its_message_is_a_reading),
		TEST(a_balance_for_another_number_is_no_reading),
		TEST(a_message_without_an_operator_is_kept_without_its_numbers),
		TEST(a_balance_that_tells_itself_spoils_the_reading_before),
		TEST(while_the_disk_refuses_a_message_stays_on_the_modem),
		TEST(while_the_sim_is_not_known_messages_stay_where_they_are),
		TEST(a_flood_of_messages_is_bounded_and_decides_nothing),
	};
	faulty_disk_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
