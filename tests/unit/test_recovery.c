/*
 * A modem that hangs, or is of no use, and what brings it back: every rung
 * of the ladder on a scripted wire in virtual time.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modem/modem_private.h"
#include "tests/support/rig.h"

/* As amounts of milliseconds. */
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

static struct rig rig;

static const struct modem_info *
info(void)
{
	return modem_info(rig.modem);
}

static void
rule(const char *when, const char *say)
{
	fakewire_rule(
		&rig.wire, (struct fakewire_rule){
				   .when = when, .say = say, .after_ms = 5});
}

/* It takes bytes and says nothing. */
static void
hang(void)
{
	rig.wire.rule_count = 0;
	fakewire_hush(&rig.wire);
	rule("", NULL);
}

static void
speak_again(void)
{
	rig.wire.rule_count = 0;
	rig_speak(&rig, "Acme", "M1");
}

static bool
has_rung(const char *rung)
{
	return strstr(rig.rungs, rung) != NULL;
}

/* The wire that is cured by one thing only. */
struct cure {
	const char *dialect;
	const char *rung;    /* that has to be named */
	const char *command; /* that cures it, or NULL: */
	bool by_open, by_power;
};

static bool
is_cured(const struct cure *cure, unsigned opens)
{
	if (cure->by_power)
		return rig.powers > 0;
	if (cure->by_open)
		return rig.wire.opens > opens;
	return fakewire_count(&rig.wire, cure->command) > 0;
}

/* Until the cure comes; what it does to the modem; until all is well. */
static void
be_cured(const struct cure *cure)
{
	unsigned opens = rig.wire.opens;

	for (int i = 0; i < 3600 && !is_cured(cure, opens); i++)
		rig_run(&rig, SECOND);
	assert_true(is_cured(cure, opens));
	assert_int_not_equal(info()->state, MODEM_READY);
	speak_again();
	if (cure->by_power)
		modem_powered(rig.modem, rig.wire.now_ms);
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 2 * SECOND);
}

static const struct cure cures[] = {
	{.dialect = "standard", .rung = "=ask ", .command = "AT\r"},
	{.dialect = "standard", .rung = "=reset ", .command = "ATZ\r"},
	{.dialect = "standard", .rung = "=reopen ", .by_open = true},
	{.dialect = "standard", .rung = "=radio ", .command = "AT+CFUN=4\r"},
	{.dialect = "standard", .rung = "=radio ", .command = "AT+CFUN=1\r"},
	{.dialect = "standard", .rung = "=reboot ", .command = "AT+CFUN=1,1\r"},
	{.dialect = "standard", .rung = "=power ", .by_power = true},
	{.dialect = "huawei", .rung = "=reset ", .command = "ATZ\r"},
	{.dialect = "huawei", .rung = "=reopen ", .by_open = true},
	{.dialect = "huawei", .rung = "=radio ", .command = "AT+CFUN=4\r"},
	{.dialect = "huawei", .rung = "=power ", .by_power = true},
	{.dialect = "quectel", .rung = "=reboot ", .command = "AT+CFUN=1,1\r"},
	{.dialect = "quectel", .rung = "=power ", .by_power = true},
};

static void
hang_that_only_one_rung_cures_is_cured_by_that_rung(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cures / sizeof *cures; i++) {
		const struct cure *cure = &cures[i];

		rig_init_power(&rig, cure->dialect);
		rig_run_to(&rig, MODEM_READY);
		rig_run(&rig, SECOND);
		hang();
		rig_forget_written(&rig);
		rig_run(&rig, 35 * SECOND);
		rig_forget_written(&rig); /* the check that found it out */
		be_cured(cure);
		if (!has_rung(cure->rung))
			fail_msg("%s, not %s: %s", cure->dialect, cure->rung,
				rig.rungs);
		assert_string_equal(strchr(rig.rungs, '='), cure->rung);
		assert_int_equal(info()->state, MODEM_READY);
		assert_int_equal(info()->restarts, 1);
		assert_string_equal(info()->remedy, "");
		rig_fini(&rig);
	}
}

static void
huawei_is_never_told_what_costs_it_its_port(void **state)
{
	(void)state;
	rig_init_power(&rig, "huawei");
	rig_run_to(&rig, MODEM_READY);
	hang();
	for (int i = 0; i < 24; i++) {
		rig_run(&rig, HOUR);
		modem_powered(rig.modem, rig.wire.now_ms);
	}
	assert_int_equal(fakewire_count(&rig.wire, "AT+CFUN=1,1"), 0);
	assert_false(has_rung("reboot "));
	assert_true(has_rung("power "));
	rig_fini(&rig);
}

/* A day of a dead modem: few heavy rungs, and it is still looked for. */
static void
dead_modem_is_left_alone_more_and_more(void **state)
{
	unsigned reboots;

	(void)state;
	rig_init(&rig, "standard");
	rig_run_to(&rig, MODEM_READY);
	hang();
	rig_run(&rig, HOUR);
	assert_in_range(fakewire_count(&rig.wire, "AT+CFUN=1,1"), 2, 4);
	assert_true(has_rung("person "));
	assert_non_null(strstr(info()->remedy, "unplug"));
	for (int i = 1; i < 24; i++) {
		rig_forget_written(&rig);
		rig_run(&rig, HOUR);
	}
	reboots = rig.modem->session.ladder.tries[LADDER_REBOOT];
	assert_int_equal(reboots, LADDER_TRIES_MUTE);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CFUN"), 0);
	assert_true(fakewire_count(&rig.wire, "AT\r") >= 50);
	speak_again();
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 2 * SECOND);
	assert_true(has_rung("=reopen "));
	rig_fini(&rig);
}

/* While its port is away nobody can tell what ails it. */
static void
port_that_is_away_gets_no_rung(void **state)
{
	(void)state;
	rig_init_power(&rig, "standard");
	rig_run_to(&rig, MODEM_READY);
	rig.wire.gone = true;
	rig.wire.open_error = -ENOENT;
	rig_run(&rig, 5 * HOUR);
	assert_int_equal(info()->state, MODEM_ABSENT);
	assert_string_equal(rig.rungs, "");
	assert_int_equal(rig.powers, 0);
	rig_fini(&rig);
}

static void
modem_that_answers_all_with_an_error_climbs(void **state)
{
	(void)state;
	rig_init_power(&rig, "standard");
	rig_run_to(&rig, MODEM_READY);
	rig.wire.rule_count = 0;
	rule("", "\r\nERROR\r\n");
	rig_run(&rig, 40 * SECOND);
	assert_true(has_rung("ask "));
	be_cured(&(struct cure){.rung = "=power ", .by_power = true});
	assert_true(has_rung("=power "));
	assert_int_equal(info()->restarts, 1);
	rig_fini(&rig);
}

static void
modem_that_never_registers_has_its_radio_switched(void **state)
{
	(void)state;
	rig_init(&rig, "standard");
	rule("AT+CREG?", "\r\n+CREG: 1,2\r\n\r\nOK\r\n");
	rig_run(&rig, 3 * MINUTE);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CFUN=4"), 0);
	for (int i = 0; i < 300 && !has_rung("radio "); i++)
		rig_run(&rig, SECOND);
	rig_run(&rig, SECOND);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CFUN=4"), 1);
	rule("AT+CREG?", "\r\n+CREG: 1,1\r\n\r\nOK\r\n");
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 2 * SECOND);
	assert_string_equal(rig.rungs, "reopen radio =radio ");
	assert_int_equal(info()->restarts, 0);
	rig_fini(&rig);
}

/* Abroad, or barred: no radio changes that. */
static void
refused_registration_is_no_reason_for_a_rung(void **state)
{
	static const char *const refusals[] = {
		"\r\n+CREG: 1,3\r\n\r\nOK\r\n", "\r\n+CREG: 1,5\r\n\r\nOK\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		rig_init_power(&rig, "standard");
		rule("AT+CREG?", refusals[i]);
		rig_run(&rig, 2 * HOUR);
		assert_int_equal(info()->state, MODEM_FAILED);
		assert_string_equal(rig.rungs, "");
		assert_int_equal(rig_ask(&rig, "*1#", MODEM_SEARCH), -EBUSY);
		rig_fini(&rig);
	}
}

/* ---- requests that get no answer --------------------------------------- */

static void
ask_in_vain(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned results = rig.results;

		assert_int_equal(rig_ask(&rig, "*123#", MODEM_ONCE), 0);
		rig_run(&rig, 75 * SECOND);
		assert_int_equal(rig.results, results + 1);
		assert_int_equal(info()->state, MODEM_READY);
	}
}

static void
requests_without_an_answer_call_for_a_rung_when_its_owner_allows(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rule("AT+CUSD=1,", "\r\nOK\r\n");
	assert_int_equal(modem_recover(rig.modem, rig.wire.now_ms), -EAGAIN);
	ask_in_vain(LADDER_UNANSWERED_MAX);
	assert_int_equal(info()->unanswered, LADDER_UNANSWERED_MAX);
	rig_run(&rig, HOUR);
	assert_string_equal(rig.rungs, "");
	assert_int_equal(info()->restarts, 0);

	assert_int_equal(modem_recover(rig.modem, rig.wire.now_ms), 0);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_ONCE), -EBUSY);
	rig_run_to(&rig, MODEM_READY);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CFUN=4"), 1);
	assert_int_equal(info()->restarts, 1); /* and so a fence */
	rig_run(&rig, 2 * SECOND);
	assert_string_equal(rig.rungs, "radio ");
	assert_int_equal(modem_recover(rig.modem, rig.wire.now_ms), -EAGAIN);

	rig_answer(&rig, "\r\n+CUSD: 0,\"Hello\",15\r\n", 1000);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_ONCE), 0);
	rig_run(&rig, 5 * SECOND);
	assert_string_equal(rig.rungs, "radio =radio ");
	assert_int_equal(info()->unanswered, 0);
	rig_fini(&rig);
}

static void
recovery_keeps_out_of_a_request_and_an_open_session(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rule("AT+CUSD=1,", "\r\nOK\r\n");
	ask_in_vain(LADDER_UNANSWERED_MAX);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_ONCE), 0);
	assert_int_equal(modem_recover(rig.modem, rig.wire.now_ms), -EBUSY);
	fakewire_say(&rig.wire, "\r\n+CUSD: 1,\"1 Balance\",15\r\n", 100);
	rig_run(&rig, SECOND);
	assert_true(rig.result.open);
	rig.modem->session.ladder.unanswered = LADDER_UNANSWERED_MAX;
	assert_int_equal(modem_recover(rig.modem, rig.wire.now_ms), -EBUSY);
	assert_string_equal(rig.rungs, "");
	rig_fini(&rig);
}

/* An operator that answers nobody: a few rungs, then none. */
static void
silent_operator_gets_a_modem_restarted_a_few_times_only(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rule("AT+CUSD=1,", "\r\nOK\r\n");
	for (int i = 0; i < 400; i++) {
		ask_in_vain(1);
		if (modem_recover(rig.modem, rig.wire.now_ms) == 0)
			rig_run_to(&rig, MODEM_READY);
		rig_run(&rig, 2 * SECOND);
		rig_forget_written(&rig);
		rig.trace[0] = '\0';
	}
	assert_int_equal(info()->restarts, 2 * LADDER_TRIES_TALKS);
	rig_fini(&rig);
}

/* ---- registration ------------------------------------------------------ */

/* It says both within one answer, again and again. */
static void
contradiction_about_the_registration_does_not_keep_us_busy(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	rule("AT+CREG?", "\r\n+CREG: 1\r\n\r\n+CREG: 1,0\r\n\r\nOK\r\n");
	rig_forget_written(&rig);
	rig_run(&rig, 10 * MINUTE);
	assert_in_range(fakewire_count(&rig.wire, "AT+CREG?"), 10, 400);
	assert_true(rig.state_calls < 200);
	speak_again();
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, MINUTE);
	assert_int_equal(info()->state, MODEM_READY);
	rig_fini(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			hang_that_only_one_rung_cures_is_cured_by_that_rung),
		cmocka_unit_test(huawei_is_never_told_what_costs_it_its_port),
		cmocka_unit_test(dead_modem_is_left_alone_more_and_more),
		cmocka_unit_test(port_that_is_away_gets_no_rung),
		cmocka_unit_test(modem_that_answers_all_with_an_error_climbs),
		cmocka_unit_test(
			modem_that_never_registers_has_its_radio_switched),
		cmocka_unit_test(refused_registration_is_no_reason_for_a_rung),
		cmocka_unit_test(
			requests_without_an_answer_call_for_a_rung_when_its_owner_allows),
		cmocka_unit_test(
			recovery_keeps_out_of_a_request_and_an_open_session),
		cmocka_unit_test(
			silent_operator_gets_a_modem_restarted_a_few_times_only),
		cmocka_unit_test(
			contradiction_about_the_registration_does_not_keep_us_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
