/*
 * A script against the lines of a modem: rows of what is heard, and what
 * came of it.
 */
#include "modem/chat.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct chat_step steps[] = {
	{.text = "AT", .wait_ms = 1000, .tries = 3},
	{.text = "AT+CGMI",
		.takes = {"+CGMI:"},
		.wait_ms = 2000,
		.flags = CHAT_OPTIONAL | CHAT_BARE,
		.tag = 1},
	{.text = "AT+CREG?",
		.takes = {"+CREG:"},
		.wait_ms = 2000,
		.flags = CHAT_MARKED,
		.tag = 2},
};
static const struct chat_script script = {"test", steps, 3, 8000};

static const struct chat_step acting[] = {
	{.text = "AT+CSCS=\"{charset}\"", .wait_ms = 500},
	{.text = "AT+CUSD=1,\"{code}\",{dcs}",
		.takes = {"+CUSD:"},
		.flags = CHAT_ACTS,
		.tag = 3,
		.tries = 5},
};
static const struct chat_script acting_script = {"acting", acting, 2, 0};

static struct chat_args
args_of(const char *code)
{
	return (struct chat_args){.code = span_str(code),
		.charset = span_str("GSM"),
		.dcs = 15,
		.wait_ms = 60000};
}

static enum chat_took
hear(struct chat *c, const char *line, int64_t now)
{
	return chat_on_line(c, span_str(line), now);
}

static void
expect_to_send(struct chat *c, const char *text)
{
	struct chat_args args = args_of("*123#");
	char out[64];
	size_t len;

	assert_int_equal(c->state, CHAT_TO_SEND);
	assert_int_equal(chat_compose(c, &args, out, sizeof out, &len), 0);
	assert_int_equal(len, strlen(text));
	assert_string_equal(out, text);
}

static void
begin(struct chat *c, const struct chat_script *s)
{
	struct chat_args args = args_of("*123#");

	chat_init(c);
	chat_begin(c, s, &args);
}

static void
begin_and_send(struct chat *c, const struct chat_script *s)
{
	begin(c, s);
	chat_on_sent(c, 1000);
}

static void
commands_go_out_one_by_one_after_their_results(void **state)
{
	struct chat c;

	(void)state;
	begin(&c, &script);
	expect_to_send(&c, "AT\r");
	chat_on_sent(&c, 1000);
	assert_int_equal(hear(&c, "OK", 1001), CHAT_FINAL);
	expect_to_send(&c, "AT+CGMI\r");
	chat_on_sent(&c, 1002);
	assert_int_equal(hear(&c, "^RSSI:3", 1003), CHAT_UNSOLICITED);
	assert_int_equal(hear(&c, "RING", 1003), CHAT_UNSOLICITED);
	assert_int_equal(hear(&c, "Acme", 1003), CHAT_INFO);
	assert_int_equal(chat_tag(&c), 1);
	assert_int_equal(hear(&c, "OK", 1003), CHAT_FINAL);
	expect_to_send(&c, "AT+CREG?\r");
	chat_on_sent(&c, 1004);
	assert_int_equal(hear(&c, "+CREG: 0,1", 1005), CHAT_INFO);
	assert_int_equal(hear(&c, "OK", 1005), CHAT_FINAL);
	assert_int_equal(c.state, CHAT_OVER);
	assert_int_equal(c.result, CHAT_DONE);
	assert_true(chat_wake_at(&c) == INT64_MAX);
}

static void
only_whole_lines_are_results(void **state)
{
	static const char *const near[] = {"OKAY", "OK 1", "ERRORS", "+CME",
		"ok then", "BUSY", "NO CARRIER", ""};
	struct chat c;

	(void)state;
	begin_and_send(&c, &script);
	for (size_t i = 0; i < sizeof near / sizeof *near; i++)
		assert_int_equal(hear(&c, near[i], 1001), CHAT_UNSOLICITED);
	assert_int_equal(c.state, CHAT_WAITING);
}

static void
failed_timed_out_and_broken_differ(void **state)
{
	static const struct {
		const char *line; /* NULL: nothing */
		enum chat_result result;
		int code;
	} rows[] = {
		{"ERROR", CHAT_FAILED, -1},
		{"+CME ERROR: 30", CHAT_FAILED, 30},
		{"+CMS ERROR: 310", CHAT_FAILED, 310},
		{"COMMAND NOT SUPPORT", CHAT_FAILED, -1},
		{NULL, CHAT_TIMED_OUT, -1},
	};
	struct chat c;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin_and_send(&c, &acting_script);
		if (rows[i].line != NULL)
			(void)hear(&c, rows[i].line, 1001);
		else
			chat_on_tick(&c, 1500);
		assert_int_equal(c.state, CHAT_OVER);
		assert_int_equal(c.result, rows[i].result);
		assert_int_equal(c.code, rows[i].code);
		assert_false(c.acted);
	}
	begin_and_send(&c, &script);
	chat_break(&c);
	assert_int_equal(c.result, CHAT_BROKEN);
	chat_break(&c);
	assert_int_equal(c.state, CHAT_OVER);
}

static void
deadline_runs_from_the_flush(void **state)
{
	struct chat c;

	(void)state;
	begin(&c, &script);
	assert_true(chat_wake_at(&c) == INT64_MAX);
	chat_on_tick(&c, 1000000);
	assert_int_equal(c.state, CHAT_TO_SEND);
	chat_on_sent(&c, 1000000);
	assert_int_equal(chat_wake_at(&c), 1001000);
	chat_on_tick(&c, 1000999);
	assert_int_equal(c.state, CHAT_WAITING);
}

static void
silence_is_met_with_so_many_tries(void **state)
{
	struct chat c;
	int64_t now = 0;

	(void)state;
	begin(&c, &script);
	for (int i = 0; i < 3; i++) {
		expect_to_send(&c, "AT\r");
		chat_on_sent(&c, now);
		chat_on_tick(&c, now += 1000);
	}
	assert_int_equal(c.result, CHAT_TIMED_OUT);
}

static void
optional_step_is_passed_over(void **state)
{
	struct chat c;

	(void)state;
	begin_and_send(&c, &script);
	(void)hear(&c, "OK", 1001);
	chat_on_sent(&c, 1002);
	(void)hear(&c, "+CME ERROR: 4", 1003);
	expect_to_send(&c, "AT+CREG?\r");

	begin_and_send(&c, &script);
	(void)hear(&c, "OK", 1001);
	chat_on_sent(&c, 1002);
	chat_on_tick(&c, 3002);
	expect_to_send(&c, "AT+CREG?\r");
}

static void
script_has_a_deadline_as_well(void **state)
{
	struct chat c;

	(void)state;
	begin_and_send(&c, &script);
	(void)hear(&c, "OK", 1999);
	chat_on_sent(&c, 8500); /* the port was full for a while */
	assert_int_equal(chat_wake_at(&c), 9000);
	chat_on_tick(&c, 9000);
	assert_int_equal(c.result, CHAT_TIMED_OUT);

	begin_and_send(&c, &script);
	(void)hear(&c, "OK", 1001);
	chat_on_tick(&c, 9000); /* not even sent by then */
	assert_int_equal(c.result, CHAT_TIMED_OUT);
}

static void
acting_step_is_never_repeated(void **state)
{
	struct chat c;

	(void)state;
	begin_and_send(&c, &acting_script);
	assert_false(chat_acts(&c));
	(void)hear(&c, "OK", 1001);
	expect_to_send(&c, "AT+CUSD=1,\"*123#\",15\r");
	assert_true(chat_acts(&c));
	assert_false(c.acted);
	chat_on_sending(&c);
	assert_true(c.acted);
	chat_on_sent(&c, 2000);
	assert_int_equal(chat_wake_at(&c), 62000);
	chat_on_tick(&c, 62000);
	assert_int_equal(c.result, CHAT_TIMED_OUT);
	assert_true(c.acted);
	assert_int_equal(c.failed_tag, 3);
}

static void
late_result_of_another_command_does_not_pass_for_a_marked_one(void **state)
{
	struct chat c;

	(void)state;
	begin_and_send(&c, &script);
	(void)hear(&c, "OK", 1001);
	chat_on_sent(&c, 1002);
	chat_on_tick(&c, 3002); /* AT+CGMI timed out ... */
	chat_on_sent(&c, 3003);
	assert_int_equal(hear(&c, "OK", 3004), CHAT_FINAL); /* ... is late */
	assert_int_equal(c.state, CHAT_WAITING);
	(void)hear(&c, "+CREG: 0,1", 3005);
	(void)hear(&c, "OK", 3005);
	assert_int_equal(c.result, CHAT_DONE);
}

static void
line_without_ok_will_do_where_the_step_says_so(void **state)
{
	static const struct chat_step pin[] = {{.text = "AT+CPIN?",
		.takes = {"+CPIN:"},
		.wait_ms = 10000,
		.flags = CHAT_NO_OK}};
	static const struct chat_script s = {"pin", pin, 1, 20000};
	struct chat c;

	(void)state;
	begin_and_send(&c, &s);
	assert_int_equal(hear(&c, "+CPIN: READY", 1100), CHAT_INFO);
	assert_int_equal(chat_wake_at(&c), 2100);
	chat_on_tick(&c, 2100);
	assert_int_equal(c.result, CHAT_DONE);
	begin_and_send(&c, &s);
	chat_on_tick(&c, 11000);
	assert_int_equal(c.result, CHAT_TIMED_OUT);
}

static void
known_tag_spares_its_other_commands(void **state)
{
	static const struct chat_step ways[] = {
		{.text = "A", .wait_ms = 9, .flags = CHAT_OPTIONAL, .tag = 5},
		{.text = "B",
			.wait_ms = 9,
			.flags = CHAT_OPTIONAL | CHAT_UNLESS,
			.tag = 5},
		{.text = "C",
			.wait_ms = 9,
			.flags = CHAT_OPTIONAL | CHAT_UNLESS,
			.tag = 5},
	};
	static const struct chat_script s = {"ways", ways, 3, 0};
	struct chat c;

	(void)state;
	begin_and_send(&c, &s);
	(void)hear(&c, "ERROR", 1001);
	expect_to_send(&c, "B\r");
	chat_on_sent(&c, 1002);
	chat_saw(&c, 5);
	(void)hear(&c, "OK", 1003);
	assert_int_equal(c.result, CHAT_DONE);
	chat_init(&c);
	assert_false(chat_has_seen(&c, 5));
}

static void
prompt_and_silence_can_end_a_step(void **state)
{
	static const struct chat_step send[] = {
		{.text = "\x1b", .wait_ms = 300, .flags = CHAT_SILENT},
		{.text = "AT+CMGS=9", .wait_ms = 900, .flags = CHAT_PROMPT},
		{.text = "PDU", .wait_ms = 900},
	};
	static const struct chat_script s = {"send", send, 3, 0};
	struct chat c;

	(void)state;
	begin_and_send(&c, &s);
	assert_int_equal(hear(&c, "ERROR", 1100), CHAT_FINAL);
	chat_on_prompt(&c, 1100);
	assert_int_equal(c.state, CHAT_WAITING);
	chat_on_tick(&c, 1300);
	expect_to_send(&c, "AT+CMGS=9\r");
	chat_on_sent(&c, 1300);
	chat_on_prompt(&c, 1301);
	expect_to_send(&c, "PDU\r");
}

static void
template_that_does_not_fit_is_refused(void **state)
{
	struct chat_args args = args_of("*123#");
	struct chat c;
	char out[22] = "untouched";
	size_t len = 7;

	(void)state;
	begin_and_send(&c, &acting_script);
	(void)hear(&c, "OK", 1);
	for (size_t cap = 1; cap < sizeof out; cap++)
		assert_int_equal(
			chat_compose(&c, &args, out, cap, &len), -ENOSPC);
	assert_int_equal(len, 7);
	assert_int_equal(chat_compose(&c, &args, out, sizeof out, &len), 0);
	assert_int_equal(len, 21);
}

static void
nothing_is_ours_between_scripts(void **state)
{
	struct chat c;

	(void)state;
	chat_init(&c);
	assert_int_equal(hear(&c, "OK", 1), CHAT_UNSOLICITED);
	assert_true(chat_wake_at(&c) == INT64_MAX);
	begin(&c, &script);
	assert_int_equal(hear(&c, "OK", 1), CHAT_UNSOLICITED);
	expect_to_send(&c, "AT\r");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			commands_go_out_one_by_one_after_their_results),
		cmocka_unit_test(only_whole_lines_are_results),
		cmocka_unit_test(failed_timed_out_and_broken_differ),
		cmocka_unit_test(deadline_runs_from_the_flush),
		cmocka_unit_test(silence_is_met_with_so_many_tries),
		cmocka_unit_test(optional_step_is_passed_over),
		cmocka_unit_test(script_has_a_deadline_as_well),
		cmocka_unit_test(acting_step_is_never_repeated),
		cmocka_unit_test(
			late_result_of_another_command_does_not_pass_for_a_marked_one),
		cmocka_unit_test(
			line_without_ok_will_do_where_the_step_says_so),
		cmocka_unit_test(known_tag_spares_its_other_commands),
		cmocka_unit_test(prompt_and_silence_can_end_a_step),
		cmocka_unit_test(template_that_does_not_fit_is_refused),
		cmocka_unit_test(nothing_is_ours_between_scripts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
