/*
 * test_balance: one balance request on a line, with the real ledger, the
 * real driver and a scripted wire.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/balance.h"
#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/support/counter.h"

/* A real answer that no coding reads (see the corpus). */
#define BROKEN_HEX                                                             \
	"c47258e1ad7e7f477bb2c6781e0ec72785e691d36136481593cd54f6777d8c2ecb2"  \
	"3e1313d6dfd3d36f7764fc26974720fa1b242f8fd161f9b9cc"

enum { TIMEOUT_MS = 60000, REST_MS = 30000, LONGEST_REST_MS = 64 * 30000 };

static const char good[] =
	"\r\n+CUSD: 0,\"Your balance is 1,250.50 XTS.\",15\r\n";

struct scene {
	struct counter counter;
	struct balance *balance;
	unsigned answers;
	struct balance_answer answer; /* the last one; its texts are below */
	char error[128], currency[8];
	bool asks_again; /* the waiter asks once more from its answer */
};

static void
on_answer(void *ctx, const struct balance_answer *answer)
{
	struct scene *s = ctx;
	s->answers++;
	s->answer = *answer;
	(void)snprintf(s->error, sizeof(s->error), "%s", answer->error);
	(void)snprintf(
		s->currency, sizeof(s->currency), "%s", answer->currency);
	/* The line is free already, but told to nobody yet. */
	assert_false(s->counter.line.busy);
	assert_int_equal(s->counter.idle, s->answers - 1);
}

static void
begin_scene(struct scene *s, void **state, const char *profile)
{
	memset(s, 0, sizeof(*s));
	struct counter *c = &s->counter;
	counter_init(c, *state, profile);
	s->balance = balance_new(c->loop, c->turn, &c->on_idle);
}

static void
end_scene(struct scene *s)
{
	counter_fini(&s->counter);
	balance_free(s->balance);
}

static int
ask(struct scene *s)
{
	return balance_ask(s->balance, &s->counter.line, on_answer, s);
}

/* Asks, and waits longer than anything takes. */
static void
ask_and_wait(struct scene *s)
{
	assert_int_equal(ask(s), 0);
	assert_true(s->counter.line.busy);
	counter_run(&s->counter, 2 * (int64_t)TIMEOUT_MS);
	assert_false(s->counter.line.busy);
}

static struct ledger_sim
sim_of(struct scene *s)
{
	struct ledger_sim sim;
	assert_int_equal(ledger_sim(s->counter.purse->ledger,
				 line_iccid(&s->counter.line), 0, &sim),
		0);
	return sim;
}

static int64_t
rest_of(const struct scene *s)
{
	return s->counter.line.rest_until_ms - loop_now_ms(s->counter.loop);
}

/* ---- no reading -------------------------------------------------------- */

/* What the modem says instead of a balance, and whether the request can be
 * under way still. */
static void
an_answer_without_a_balance_is_no_reading(void **state)
{
	static const struct {
		const char *answer;
		const char *error;
		bool doubt;
	} rows[] = {
		{"+CUSD: 0,\"Happy birthday\",15", "tells no balance", false},
		{"+CUSD: 0,\"Your balance is soon\",15", "tells no balance",
			false},
		{"+CUSD: 0,\"Your balance is 1.2.3\",15", "tells no balance",
			false},
		{"+CUSD: 0,\"Credited with 100.00\",15", "tells no balance",
			true},
		{"+CUSD: 1,\"1. Balance 2. Credit\",15", "tells no balance",
			false},
		{"+CUSD: 2", "the network ended", true},
		{"+CUSD: 4", "the network ended", true},
		{"+CUSD: 5", "the network ended", true},
		{"+CME ERROR: 258", "the network ended", true},
		{"+CUSD: 1,\"" BROKEN_HEX "\",1", "cannot be read", false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene s;
		char line[256];
		begin_scene(&s, state, COUNTER_PLAIN);
		(void)snprintf(
			line, sizeof(line), "\r\n%s\r\n", rows[i].answer);
		rig_answer(&s.counter.rig, line, 4000);
		print_message("%s\n", rows[i].answer);
		ask_and_wait(&s);
		assert_int_equal(s.answers, 1);
		assert_int_equal(s.counter.idle, 1);
		assert_false(s.answer.ok);
		assert_true(s.answer.minor == MONEY_NONE);
		assert_non_null(strstr(s.error, rows[i].error));
		assert_string_equal(s.counter.line.last_error, s.error);
		assert_true(sim_of(&s).balance_minor == MONEY_NONE);
		assert_int_equal(s.counter.line.doubt, rows[i].doubt);
		assert_true(rest_of(&s) == REST_MS);
		end_scene(&s);
	}
}

static void
an_answer_that_never_comes_leaves_the_line_in_doubt(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	fakewire_rule(&s.counter.rig.wire,
		(struct fakewire_rule){.when = "AT+CUSD=1,", .say = NULL});
	ask_and_wait(&s);
	assert_int_equal(s.answers, 1);
	assert_non_null(strstr(s.error, "did not answer"));
	assert_true(s.counter.line.doubt);
	assert_true(s.counter.line.due_ms == loop_now_ms(s.counter.loop));
	assert_true(sim_of(&s).fence);
	assert_true(sim_of(&s).balance_minor == MONEY_NONE);
	end_scene(&s);
}

/* It is a text that no request asked for: late.c's. */
static void
an_answer_that_comes_too_late_is_no_reading(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	rig_answer(&s.counter.rig, good, TIMEOUT_MS + 5000);
	ask_and_wait(&s);
	assert_int_equal(s.answers, 1);
	assert_false(s.answer.ok);
	assert_int_equal(s.counter.rig.pushes, 1);
	assert_true(sim_of(&s).balance_minor == MONEY_NONE);
	end_scene(&s);
}

/* The request's own answer is still to come, and must not meet a PIN; but a
 * balance told beside the verdict is one. */
static void
a_late_answer_of_a_card_answers_no_request_and_leaves_doubt(void **state)
{
	static const struct {
		const char *text;
		int64_t minor;
	} rows[] = {
		{"\r\n+CUSD: 0,\"Invalid voucher\",15\r\n", MONEY_NONE},
		{"\r\n+CUSD: 0,\"You will receive an SMS\",15\r\n", MONEY_NONE},
		{"\r\n+CUSD: 0,\"Credited with 100.00. Your balance is "
		 "250.00\",15\r\n",
			25000},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene s;
		begin_scene(&s, state, COUNTER_PLAIN);
		rig_answer(&s.counter.rig, rows[i].text, 100);
		ask_and_wait(&s);
		assert_false(s.answer.ok);
		assert_true(s.answer.late);
		assert_true(s.counter.line.doubt);
		assert_true(sim_of(&s).balance_minor == rows[i].minor);
		end_scene(&s);
	}
}

static void
a_refusal_by_the_modem_itself_rests_the_line_but_leaves_no_doubt(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	fakewire_rule(&s.counter.rig.wire,
		(struct fakewire_rule){.when = "AT+CUSD=1,",
			.say = "\r\n+CME ERROR: 30\r\n",
			.after_ms = 20});
	ask_and_wait(&s);
	assert_non_null(strstr(s.error, "the modem refused"));
	assert_false(s.counter.line.doubt);
	assert_true(rest_of(&s) == REST_MS);
	end_scene(&s);
}

static void
a_modem_that_vanishes_or_is_stopped_answers_the_waiter(void **state)
{
	for (int stopped = 0; stopped < 2; stopped++) {
		struct scene s;
		begin_scene(&s, state, COUNTER_PLAIN);
		fakewire_rule(&s.counter.rig.wire,
			(struct fakewire_rule){
				.when = "AT+CUSD=1,", .say = NULL});
		assert_int_equal(ask(&s), 0);
		counter_run(&s.counter, 1000);
		assert_int_equal(s.answers, 0);
		if (stopped != 0) {
			modem_stop(
				s.counter.rig.modem, s.counter.rig.wire.now_ms);
		} else {
			s.counter.rig.wire.gone = true;
			counter_run(&s.counter, 1000);
		}
		assert_int_equal(s.answers, 1);
		assert_non_null(strstr(
			s.error, stopped != 0 ? "stopped" : "broke off"));
		assert_true(s.counter.line.doubt);
		end_scene(&s);
	}
}

/* A menu takes the next code for an answer. */
static void
a_session_that_asks_back_is_closed(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	unsigned before = fakewire_count(&s.counter.rig.wire, "AT+CUSD=2\r");
	rig_answer(&s.counter.rig,
		"\r\n+CUSD: 1,\"Your balance is 5.00. 1. More\",15\r\n", 500);
	ask_and_wait(&s);
	assert_true(s.answer.ok);
	assert_true(s.answer.minor == 500);
	assert_int_equal(
		fakewire_count(&s.counter.rig.wire, "AT+CUSD=2\r"), before + 1);
	end_scene(&s);
}

static void
the_pause_grows_with_each_failure_and_ends_with_an_answer(void **state)
{
	struct scene s;
	int64_t rest = REST_MS;
	begin_scene(&s, state, COUNTER_PLAIN);
	rig_answer(&s.counter.rig, "\r\n+CUSD: 0,\"Try later\",15\r\n", 100);
	for (int i = 0; i < 10; i++) {
		ask_and_wait(&s);
		assert_true(rest_of(&s) == rest);
		rest = rest < LONGEST_REST_MS ? 2 * rest : rest;
	}
	int64_t rest_until_ms = s.counter.line.rest_until_ms;
	rig_answer(&s.counter.rig, good, 100);
	ask_and_wait(&s);
	assert_int_equal(s.counter.line.balance_failures, 0);
	assert_true(s.counter.line.rest_until_ms == rest_until_ms);
	rig_answer(&s.counter.rig, "\r\n+CUSD: 0,\"Try later\",15\r\n", 100);
	ask_and_wait(&s);
	assert_true(rest_of(&s) == REST_MS);
	end_scene(&s);
}

/* ---- not asked --------------------------------------------------------- */

static void
a_line_that_is_taken_or_not_ready_is_not_asked(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	rig_answer(&s.counter.rig, good, 100);
	s.counter.line.busy = true;
	assert_int_equal(ask(&s), -EBUSY);
	assert_true(s.counter.line.busy);
	s.counter.line.busy = false;
	assert_int_equal(ask(&s), 0);
	assert_int_equal(ask(&s), -EBUSY);
	counter_run(&s.counter, 5000);
	assert_int_equal(s.answers, 1);
	modem_stop(s.counter.rig.modem, s.counter.rig.wire.now_ms);
	assert_int_equal(ask(&s), -EBUSY);
	assert_false(s.counter.line.busy);
	counter_run(&s.counter, 5000);
	assert_int_equal(s.answers, 1);
	end_scene(&s);
}

static void
an_operator_without_a_balance_code_is_not_asked(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_SIMTEL(COUNTER_USSD, ""));
	assert_int_equal(ask(&s), -ENOTSUP);
	struct profile *profile = s.counter.line.profile;
	s.counter.line.profile = NULL;
	assert_int_equal(ask(&s), -ENOTSUP);
	s.counter.line.profile = profile;
	assert_false(s.counter.line.busy);
	counter_run(&s.counter, 5000);
	assert_int_equal(s.answers, 0);
	assert_int_equal(fakewire_count(&s.counter.rig.wire, "AT+CUSD=1,"), 0);
	end_scene(&s);
}

static void
the_limit_of_a_day_is_for_persons_too(void **state)
{
	struct scene s;
	begin_scene(&s, state,
		COUNTER_SIMTEL(
			COUNTER_USSD, COUNTER_BALANCE "max_per_day = 1\n"));
	rig_answer(&s.counter.rig, good, 100);
	assert_int_equal(ask(&s), 0);
	counter_run(&s.counter, 5000);
	assert_int_equal(s.answers, 1);
	assert_int_equal(ask(&s), -EDQUOT);
	counter_run(&s.counter, 5000);
	assert_int_equal(s.answers, 1);
	assert_int_equal(fakewire_count(&s.counter.rig.wire, "AT+CUSD=1,"), 1);
	end_scene(&s);
}

/* Whether a text stands in a file of the ledger. */
static bool
stands_in(const char *path, const char *text)
{
	static char bytes[1 << 20];
	FILE *file = fopen(path, "r");
	if (!file)
		return false;
	size_t n = fread(bytes, 1, sizeof(bytes), file);
	assert_int_equal(fclose(file), 0);
	assert_true(n < sizeof(bytes));
	return memmem(bytes, n, text, strlen(text)) != NULL;
}

static bool
is_on_disk(struct scene *s, const char *text)
{
	struct purse *p = s->counter.purse;
	return stands_in(purse_path(p, "ledger.db"), text) ||
	       stands_in(purse_path(p, "ledger.db-wal"), text);
}

/* ---- a reading --------------------------------------------------------- */

static void
a_good_answer_is_in_the_ledger_with_its_text_masked(void **state)
{
	struct scene s;
	char event[LEDGER_NAME_MAX], note[LEDGER_TEXT_MAX];
	begin_scene(&s, state, COUNTER_PLAIN);
	rig_answer(&s.counter.rig,
		"\r\n+CUSD: 0,\"Your balance is 1,250.50 XTS. Last card "
		"77000000000042.\",15\r\n",
		4000);
	ask_and_wait(&s);
	assert_int_equal(s.answers, 1);
	assert_true(s.answer.ok);
	assert_true(s.answer.minor == 125050);
	assert_int_equal(s.answer.decimals, 2);
	assert_string_equal(s.currency, "XTS");
	assert_string_equal(s.error, "");
	assert_true(s.answer.at_wall_ms > 0);
	struct ledger_sim sim = sim_of(&s);
	assert_true(sim.balance_minor == 125050);
	assert_int_equal(sim.balance_decimals, 2);
	assert_string_equal(sim.balance_currency, "XTS");
	assert_true(sim.balance_is_last);
	purse_last_audit(s.counter.purse, event, note);
	assert_string_equal(event, "sim.balance");
	assert_null(strstr(note, "77000000000042"));
	assert_true(is_on_disk(&s, "Last card **********0042."));
	assert_false(is_on_disk(&s, "77000000000042"));
	assert_false(s.counter.line.doubt);
	assert_int_equal(s.counter.line.rest_until_ms, 0);
	assert_string_equal(s.counter.line.last_error, "");
	end_scene(&s);
}

static void
nothing_is_asked_before_the_turn_ends(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	rig_answer(&s.counter.rig, good, 100);
	s.counter.rig.hold = true;
	assert_int_equal(ask(&s), 0);
	rig_run(&s.counter.rig, 1000);
	assert_int_equal(fakewire_count(&s.counter.rig.wire, "*123#"), 0);
	counter_run(&s.counter, 1000);
	assert_int_equal(fakewire_count(&s.counter.rig.wire, "*123#"), 1);
	assert_true(s.answer.ok);
	end_scene(&s);
}

/* It finds the coding, so that no PIN is dialled to find it. */
static void
other_codings_are_tried_until_one_is_answered(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	rig_answer(&s.counter.rig, "\r\n+CUSD: 4\r\n", 100);
	/* "*123#" in packed septets */
	fakewire_rule(&s.counter.rig.wire,
		(struct fakewire_rule){.when = "AT+CUSD=1,\"AA986C3602\"",
			.say = "\r\nOK\r\n",
			.then = good,
			.then_after_ms = 100});
	assert_false(modem_info(s.counter.rig.modem)->coding_known);
	ask_and_wait(&s);
	assert_true(s.answer.ok);
	assert_int_equal(s.answers, 1);
	assert_true(modem_info(s.counter.rig.modem)->coding_known);
	end_scene(&s);
}

/* ---- waiters ----------------------------------------------------------- */

static void
a_forgotten_waiter_is_never_called(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	rig_answer(&s.counter.rig, good, 4000);
	assert_int_equal(ask(&s), 0);
	balance_forget(s.balance, &s.answers); /* somebody else */
	counter_run(&s.counter, 10000);
	assert_int_equal(s.answers, 1);
	assert_int_equal(ask(&s), 0);
	counter_run(&s.counter, 1000);
	balance_forget(s.balance, &s);
	counter_run(&s.counter, 10000);
	assert_int_equal(s.answers, 1);
	assert_int_equal(s.counter.idle, 2);
	assert_false(s.counter.line.busy);
	assert_true(sim_of(&s).balance_minor == 125050);
	balance_forget(s.balance, &s);
	end_scene(&s);
}

static void
nobody_need_wait(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	rig_answer(&s.counter.rig, good, 100);
	assert_int_equal(
		balance_ask(s.balance, &s.counter.line, NULL, NULL), 0);
	counter_run(&s.counter, 5000);
	assert_int_equal(s.counter.idle, 1);
	assert_true(sim_of(&s).balance_minor == 125050);
	end_scene(&s);
}

/* The answer is read by the profile that asked. */
static void
a_reload_does_not_change_how_an_answer_is_read(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	rig_answer(&s.counter.rig, good, 4000);
	assert_int_equal(ask(&s), 0);
	counter_run(&s.counter, 1000);
	profile_unref(s.counter.line.profile);
	s.counter.line.profile = counter_profile(
		s.counter.purse, "simtel", COUNTER_SIMTEL(COUNTER_USSD, ""));
	counter_run(&s.counter, 10000);
	assert_true(s.answer.minor == 125050);
	end_scene(&s);
}

static void
a_request_under_way_is_given_up_at_the_end(void **state)
{
	struct scene s;
	begin_scene(&s, state, COUNTER_PLAIN);
	rig_answer(&s.counter.rig, good, 4000);
	assert_int_equal(ask(&s), 0);
	counter_run(&s.counter, 1000);
	end_scene(&s);
	assert_int_equal(s.answers, 0);
	balance_free(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, purse_setup, purse_teardown)

/* Another SIM of the account has a card in the air when it is asked, and it is
 * credited before the answer comes: that may be of before or after. */
static void
an_answer_across_another_sims_card_is_for_people_alone(void **state)
{
	for (int credited = 0; credited < 2; credited++) {
		struct scene s;
		begin_scene(&s, state, COUNTER_PLAIN);
		rig_answer(&s.counter.rig, good, 4000);
		struct purse *p = s.counter.purse;
		struct ledger_op op = purse_begin(
			p, purse_voucher(p, purse_batch(p, 1, ""), 2));
		strcpy(op.u.attempt_begin.iccid, "sim2");
		strcpy(op.u.attempt_begin.account, "sim1");
		int64_t attempt = purse_must(p, &op);
		assert_int_equal(ask(&s), 0);
		if (credited) {
			struct ledger_op end =
				purse_settle(p, attempt, LEDGER_ANSWERED,
					VERDICT_LOADED, VOUCHER_CREDITED);
			purse_must(p, &end);
		}
		counter_run(&s.counter, TIMEOUT_MS);
		assert_int_equal(s.answers, 1);
		assert_true(s.answer.ok);
		assert_true(s.answer.minor == 125050);
		assert_true(sim_of(&s).balance_minor == MONEY_NONE);
		end_scene(&s);
		assert_int_equal(purse_teardown(state), 0);
		assert_int_equal(purse_setup(state), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_without_a_balance_is_no_reading),
		TEST(an_answer_that_never_comes_leaves_the_line_in_doubt),
		TEST(an_answer_that_comes_too_late_is_no_reading),
		TEST(a_late_answer_of_a_card_answers_no_request_and_leaves_doubt),
		TEST(a_refusal_by_the_modem_itself_rests_the_line_but_leaves_no_doubt),
		TEST(a_modem_that_vanishes_or_is_stopped_answers_the_waiter),
		TEST(a_session_that_asks_back_is_closed),
		TEST(the_pause_grows_with_each_failure_and_ends_with_an_answer),
		TEST(a_line_that_is_taken_or_not_ready_is_not_asked),
		TEST(an_operator_without_a_balance_code_is_not_asked),
		TEST(the_limit_of_a_day_is_for_persons_too),
		TEST(a_good_answer_is_in_the_ledger_with_its_text_masked),
		TEST(an_answer_across_another_sims_card_is_for_people_alone),
		TEST(nothing_is_asked_before_the_turn_ends),
		TEST(other_codings_are_tried_until_one_is_answered),
		TEST(a_forgotten_waiter_is_never_called),
		TEST(nobody_need_wait),
		TEST(a_reload_does_not_change_how_an_answer_is_read),
		TEST(a_request_under_way_is_given_up_at_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
