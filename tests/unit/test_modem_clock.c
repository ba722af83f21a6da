/*
 * What the network says of the time reaches info, and what a modem's own
 * clock says does not; on a scripted wire in virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/rig.h"

/* 2026-03-09T12:36:21Z */
#define UTC_MS INT64_C(1773059781000)
#define NEWS   "\r\n*PSUTTZ: 2026,3,9,12,36,21,\"+4\",0\r\n"
#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)

static struct rig rig;
static char said[128];

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

/* AT+CCLK? from now on says so. */
static void
clock_says(const char *text)
{
	(void)snprintf(
		said, sizeof said, "\r\n+CCLK: \"%s\"\r\n\r\nOK\r\n", text);
	rule("AT+CCLK?", said);
}

static void
says(const char *line)
{
	fakewire_say(&rig.wire, line, 0);
	rig_run(&rig, 1000);
}

/* Now, by what the network said: 0 where it said nothing. */
static int64_t
utc_now(void)
{
	if (info()->network_utc_ms == 0)
		return 0;
	return info()->network_utc_ms + rig.wire.now_ms - info()->network_at_ms;
}

static void
network_word_is_told_with_its_moment(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	assert_int_equal(info()->network_utc_ms, 0);
	says(NEWS);
	assert_int_equal(utc_now(), UTC_MS + 1000);
	says("\r\n+CTZV: \"+04\"\r\n");
	says("\r\n*PSUTTZ: 2004,1,1,0,0,0,\"+0\",0\r\n");
	says("\r\n+CCLK: \"30/01/01,00:00:00+00\"\r\n"); /* nobody asked */
	assert_int_equal(utc_now(), UTC_MS + 4000);
	says("\r\n^NWTIME: 26/03/09,13:36:21+4,00\r\n");
	assert_int_equal(utc_now(), UTC_MS + HOUR + 1000);
	rig_fini(&rig);
}

static void
modem_clock_alone_is_never_asked(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	clock_says("26/03/09,13:36:21+04");
	rig_run(&rig, 3 * HOUR);
	assert_int_equal(info()->network_utc_ms, 0);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CCLK?"), 0);
	rig_fini(&rig);
}

static void
word_that_waited_in_the_modem_says_nothing(void **state)
{
	(void)state;
	rig_init(&rig, "standard");
	fakewire_say(&rig.wire, NEWS, 0); /* from hours ago, perhaps */
	rig_run_to(&rig, MODEM_READY);
	assert_int_equal(info()->network_utc_ms, 0);
	rig_fini(&rig);
}

/* Local, and UTC; each an hour later. */
static void
clock_that_agrees_makes_the_word_new(void **state)
{
	static const char *const clocks[] = {
		"26/03/09,14:36:51+04", "26/03/09,13:36:51+04"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		rig_init_ready(&rig, "standard");
		says(NEWS);
		clock_says(clocks[i]);
		rig_run(&rig, HOUR + MINUTE);
		assert_int_equal(fakewire_count(&rig.wire, "AT+CCLK?"), 1);
		assert_true(
			rig.wire.now_ms - info()->network_at_ms < 2 * MINUTE);
		/* The network's word, not the clock's half minute. */
		assert_int_equal(utc_now(), UTC_MS + 1000 + HOUR + MINUTE);
		rig_fini(&rig);
	}
}

static void
clock_that_never_agreed_says_nothing(void **state)
{
	static const char *const clocks[] = {"04/01/01,01:00:00+00",
		"26/03/09,14:46:21+04", "26/03/09,13:46:21+04", "", "nonsense"};

	(void)state;
	for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
		rig_init_ready(&rig, "standard");
		says(NEWS);
		int64_t at_ms = info()->network_at_ms;
		clock_says(clocks[i]);
		rig_run(&rig, 2 * HOUR + MINUTE);
		assert_int_equal(fakewire_count(&rig.wire, "AT+CCLK?"), 2);
		assert_int_equal(info()->network_at_ms, at_ms);
		assert_int_equal(info()->network_utc_ms, UTC_MS);
		rig_fini(&rig);
	}
}

static void
clock_that_agrees_no_more_ends_the_word(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	says(NEWS);
	clock_says("26/03/09,14:36:21+04");
	rig_run(&rig, HOUR + MINUTE);
	assert_true(info()->network_utc_ms != 0);
	clock_says("26/03/09,15:46:21+04"); /* ours stood for ten minutes */
	rig_run(&rig, HOUR);
	assert_int_equal(info()->network_utc_ms, 0);
	says(NEWS);
	assert_int_equal(utc_now(), UTC_MS + 1000);
	rig_fini(&rig);
}

static void
clock_that_is_refused_is_not_asked_again(void **state)
{
	static const char *const answers[] = {"\r\nERROR\r\n", NULL};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		rig_init_ready(&rig, "standard");
		says(NEWS);
		rule("AT+CCLK?", answers[i]);
		rig_run(&rig, 5 * HOUR);
		assert_int_equal(fakewire_count(&rig.wire, "AT+CCLK?"), 1);
		assert_int_equal(info()->state, MODEM_READY);
		assert_int_equal(info()->restarts, 0);
		assert_int_equal(utc_now(), UTC_MS + 1000 + 5 * HOUR);
		rig_fini(&rig);
	}
}

static void
word_stays_when_the_modem_goes(void **state)
{
	(void)state;
	rig_init_ready(&rig, "standard");
	says(NEWS);
	says("\r\nRDY\r\n");
	rig_run_to(&rig, MODEM_READY);
	assert_true(utc_now() > UTC_MS);
	/* But its clock is another one now, and not asked. */
	rig_run(&rig, 2 * HOUR);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CCLK?"), 0);
	rig_fini(&rig);
}

static void
quectel_is_asked_when_ready_and_each_hour(void **state)
{
	(void)state;
	rig_init(&rig, "quectel");
	rule("AT+QLTS=1", "\r\n+QLTS: \"\"\r\n\r\nOK\r\n");
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 1000);
	assert_int_equal(fakewire_count(&rig.wire, "AT+QLTS=1"), 1);
	assert_int_equal(info()->network_utc_ms, 0);
	rule("AT+QLTS=1",
		"\r\n+QLTS: \"2026/03/09,12:36:21+04,0\"\r\n\r\nOK\r\n");
	rig_run(&rig, HOUR);
	assert_int_equal(fakewire_count(&rig.wire, "AT+QLTS=1"), 2);
	assert_int_equal(info()->network_utc_ms, UTC_MS);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CCLK?"), 0);
	rig_fini(&rig);
}

static void
question_that_is_not_known_is_asked_once(void **state)
{
	(void)state;
	rig_init(&rig, "quectel");
	rule("AT+QLTS=1", "\r\nERROR\r\n");
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 1000);
	says(NEWS);
	clock_says("26/03/09,14:36:21+04");
	rig_run(&rig, HOUR + MINUTE);
	assert_int_equal(fakewire_count(&rig.wire, "AT+QLTS=1"), 1);
	assert_int_equal(fakewire_count(&rig.wire, "AT+CCLK?"), 1);
	rig_fini(&rig);
}

static void
request_waits_for_no_more_than_the_question(void **state)
{
	(void)state;
	rig_init(&rig, "quectel");
	fakewire_rule(&rig.wire,
		(struct fakewire_rule){.when = "AT+QLTS=1",
			.say = "\r\n+QLTS: \"2026/03/09,12:36:21+04,0\"\r\n"
			       "\r\nOK\r\n",
			.after_ms = 3000});
	rig_run_to(&rig, MODEM_READY);
	rig_run(&rig, 100);
	rig_answer(&rig, "\r\n+CUSD: 0,\"Credited\",15\r\n", 500);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_SEARCH), 0);
	rig_run(&rig, 2000);
	assert_int_equal(rig.results, 0);
	rig_run(&rig, 3000);
	assert_int_equal(rig.results, 1);
	assert_string_equal(rig.text, "Credited");
	assert_true(info()->network_utc_ms == UTC_MS);
	rig_fini(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(network_word_is_told_with_its_moment),
		cmocka_unit_test(modem_clock_alone_is_never_asked),
		cmocka_unit_test(word_that_waited_in_the_modem_says_nothing),
		cmocka_unit_test(clock_that_agrees_makes_the_word_new),
		cmocka_unit_test(clock_that_never_agreed_says_nothing),
		cmocka_unit_test(clock_that_agrees_no_more_ends_the_word),
		cmocka_unit_test(clock_that_is_refused_is_not_asked_again),
		cmocka_unit_test(word_stays_when_the_modem_goes),
		cmocka_unit_test(quectel_is_asked_when_ready_and_each_hour),
		cmocka_unit_test(question_that_is_not_known_is_asked_once),
		cmocka_unit_test(request_waits_for_no_more_than_the_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
