/*
 * One question: rows of what happens, and what is sure about it in the
 * end. The rows are the specification of cause and fate.
 */
#include "modem/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* u030 of the corpus: begins as packed septets, and goes bad. */
#define BROKEN_HEX                                                             \
	"c47258e1ad7e7f477bb2c6781e0ec72785e691d36136481593cd54f6777d8c2ecb2"  \
	"3e1313d6dfd3d36f7764fc26974720fa1b242f8fd161f9b9cc"

enum {
	EVENTS_MAX = 8,
	TIMEOUT_MS = 60000,
	LATE = TIMEOUT_MS + 1,
	LONG_AFTER = 10 * TIMEOUT_MS
};

static const int codes[] = {3, 10, 30};
static const struct ask_refusals refusals = {codes, 3, 500};

/* "<word>" is an event, other lines are heard; the clock goes to at_ms. */
struct event {
	int64_t at_ms;
	const char *what;
};

struct row {
	const char *name;
	struct event events[EVENTS_MAX];
	enum modem_cause cause;
	enum modem_fate fate;
	int code;
	const char *text;
	bool open;
	bool synced; /* the command has had its final result */
};

static void
hear(struct ask *a, const char *what, int64_t now)
{
	struct span line = span_str(what);
	int code = -1;
	enum at_final final = at_final_of(line, &code);

	if (strcmp(what, "<some>") == 0)
		ask_on_sending(a);
	else if (strcmp(what, "<sent>") == 0)
		ask_on_sent(a, now);
	else if (strcmp(what, "<broken>") == 0)
		ask_end(a, MODEM_BROKEN);
	else if (strcmp(what, "<stopped>") == 0)
		ask_end(a, MODEM_STOPPED);
	else if (strcmp(what, "<push>") == 0)
		assert_false(ask_on_answer(
			a, span_str("+CUSD: 0,\"other\",15"), now));
	else if (strcmp(what, "<time>") != 0 && final != AT_FINAL_NONE)
		ask_on_final(a, final, code, now);
	else if (strcmp(what, "<time>") != 0)
		(void)ask_on_answer(a, line, now);
}

static void
play(struct ask *a, const struct row *row)
{
	ask_init(a);
	ask_begin(a, &refusals, TIMEOUT_MS);
	for (int i = 0; i < EVENTS_MAX && row->events[i].what != NULL; i++) {
		const struct event *event = &row->events[i];

		/* Deadlines are met on their own time, as in the driver. */
		if (ask_wake_at(a) < event->at_ms)
			ask_on_tick(a, ask_wake_at(a));
		hear(a, event->what, event->at_ms);
		ask_on_tick(a, event->at_ms);
	}
}

static const struct row rows[] = {
	{"answer after OK",
		{{0, "<sent>"}, {9, "OK"}, {5000, "+CUSD: 0,\"hi\",15"}},
		MODEM_TEXT, MODEM_ANSWERED, -1, "hi", false, true},
	{"answer before OK",
		{{0, "<sent>"}, {9, "+CUSD: 0,\"hi\",15"}, {20, "OK"}},
		MODEM_TEXT, MODEM_ANSWERED, -1, "hi", false, true},
	{"answer, and the OK never comes",
		{{0, "<sent>"}, {9, "+CUSD: 0,\"hi\",15"}, {2009, "<time>"}},
		MODEM_TEXT, MODEM_ANSWERED, -1, "hi", false, false},
	{"port blocked until the answer",
		{{0, "<sent>"}, {45000, "+CUSD: 2,\"hi\""}, {45001, "OK"}},
		MODEM_TEXT, MODEM_ANSWERED, -1, "hi", false, true},
	{"text under m=2",
		{{0, "<sent>"}, {9, "OK"}, {10, "+CUSD: 2,\"hi\",15"}},
		MODEM_TEXT, MODEM_ANSWERED, -1, "hi", false, true},
	{"menu", {{0, "<sent>"}, {9, "OK"}, {10, "+CUSD: 1,\"1. A\",15"}},
		MODEM_TEXT, MODEM_ANSWERED, -1, "1. A", true, true},
	{"menu without a text", {{0, "<sent>"}, {9, "OK"}, {10, "+CUSD: 1"}},
		MODEM_TEXT, MODEM_ANSWERED, -1, "", true, true},
	{"menu that is closed before the OK",
		{{0, "<sent>"}, {9, "+CUSD: 1,\"1. A\",15"}, {10, "+CUSD: 2"},
			{11, "OK"}},
		MODEM_TEXT, MODEM_ANSWERED, -1, "1. A", false, true},
	{"menu that breaks before the OK",
		{{0, "<sent>"}, {9, "+CUSD: 1,\"1. A\",15"}, {10, "<broken>"}},
		MODEM_TEXT, MODEM_ANSWERED, -1, "1. A", false, false},
	{"second text is not ours",
		{{0, "<sent>"}, {9, "+CUSD: 0,\"hi\",15"}, {10, "<push>"},
			{11, "OK"}, {12, "<push>"}},
		MODEM_TEXT, MODEM_ANSWERED, -1, "hi", false, true},
	{"text before the flush is not ours",
		{{0, "<push>"}, {1, "<some>"}, {2, "<push>"}, {3, "<sent>"},
			{4, "OK"}, {5, "+CUSD: 0,\"hi\",15"}},
		MODEM_TEXT, MODEM_ANSWERED, -1, "hi", false, true},
	{"release notice first",
		{{0, "<sent>"}, {9, "OK"},
			{10, "+CUSD: 2,\"Initiating Release\",15"},
			{9000, "+CUSD: 0,\"hi\",15"}},
		MODEM_TEXT, MODEM_ANSWERED, -1, "hi", false, true},
	{"other client first",
		{{0, "<sent>"}, {9, "OK"},
			{10, "+CUSD: 3,\"Other local client responded\",15"},
			{9000, "+CUSD: 0,\"hi\",15"}},
		MODEM_TEXT, MODEM_ANSWERED, -1, "hi", false, true},
	{"other client, then nothing",
		{{0, "<sent>"}, {9, "OK"}, {10, "+CUSD: 3"}, {LATE, "<time>"}},
		MODEM_NETWORK, MODEM_MAYBE_SENT, -1, "", false, true},
	{"stale end of session first",
		{{0, "<sent>"}, {5, "+CUSD: 2"}, {9, "OK"},
			{2999, "+CUSD: 0,\"hi\",15"}},
		MODEM_TEXT, MODEM_ANSWERED, -1, "hi", false, true},
	{"end of session, and nothing follows",
		{{0, "<sent>"}, {9, "OK"}, {50, "+CUSD: 2"}, {3050, "<time>"}},
		MODEM_DROPPED, MODEM_MAYBE_SENT, -1, "", false, true},
	{"end of session twice does not prolong the grace",
		{{0, "<sent>"}, {9, "OK"}, {50, "+CUSD: 2"},
			{2000, "+CUSD: 2,\"\""}, {3050, "<time>"}},
		MODEM_DROPPED, MODEM_MAYBE_SENT, -1, "", false, true},
	{"done without a text",
		{{0, "<sent>"}, {9, "OK"}, {50, "+CUSD: 0"}, {3050, "<time>"}},
		MODEM_DROPPED, MODEM_MAYBE_SENT, -1, "", false, true},
	{"end of session at the very end",
		{{0, "<sent>"}, {9, "OK"}, {59000, "+CUSD: 2"},
			{60000, "<time>"}},
		MODEM_DROPPED, MODEM_MAYBE_SENT, -1, "", false, true},
	{"error in the grace",
		{{0, "<sent>"}, {9, "+CUSD: 2"}, {10, "+CME ERROR: 30"}},
		MODEM_ERROR, MODEM_MAYBE_SENT, 30, "", false, true},
	{"not supported by the network",
		{{0, "<sent>"}, {9, "OK"}, {30000, "+CUSD: 4"}}, MODEM_NETWORK,
		MODEM_MAYBE_SENT, -1, "", false, true},
	{"network time-out with the request's echo, damaged",
		{{0, "<sent>"}, {9, "OK"}, {30000, "+CUSD: 5,\"*12\x01\",15"}},
		MODEM_NETWORK, MODEM_MAYBE_SENT, -1, "", false, true},
	{"unheard-of mode",
		{{0, "<sent>"}, {9, "OK"}, {30000, "+CUSD: 6, \"...\""}},
		MODEM_NETWORK, MODEM_MAYBE_SENT, -1, "", false, true},
	{"network error before OK",
		{{0, "<sent>"}, {9, "+CUSD: 4"}, {10, "OK"}}, MODEM_NETWORK,
		MODEM_MAYBE_SENT, -1, "", false, true},
	{"lone error after OK",
		{{0, "<sent>"}, {9, "OK"}, {4000, "+CME ERROR: 100"}},
		MODEM_ERROR, MODEM_MAYBE_SENT, 100, "", false, true},
	{"listed code, but alone after OK",
		{{0, "<sent>"}, {9, "OK"}, {10, "+CME ERROR: 30"}}, MODEM_ERROR,
		MODEM_MAYBE_SENT, 30, "", false, true},
	{"sure refusal", {{0, "<sent>"}, {500, "+CME ERROR: 30"}},
		MODEM_REFUSED, MODEM_NOT_SENT, 30, "", false, true},
	{"listed code, too late to be sure",
		{{0, "<sent>"}, {501, "+CME ERROR: 30"}}, MODEM_ERROR,
		MODEM_MAYBE_SENT, 30, "", false, true},
	{"code that is not listed", {{0, "<sent>"}, {9, "+CME ERROR: 100"}},
		MODEM_ERROR, MODEM_MAYBE_SENT, 100, "", false, true},
	{"textual error", {{0, "<sent>"}, {9, "+CME ERROR: retry operation"}},
		MODEM_ERROR, MODEM_MAYBE_SENT, -1, "", false, true},
	{"error without a code", {{0, "<sent>"}, {9, "ERROR"}}, MODEM_ERROR,
		MODEM_MAYBE_SENT, -1, "", false, true},
	{"error of the message service with a listed number",
		{{0, "<sent>"}, {9, "+CMS ERROR: 30"}}, MODEM_ERROR,
		MODEM_MAYBE_SENT, 30, "", false, true},
	{"nothing at all",
		{{0, "<sent>"}, {59999, "<time>"}, {60000, "<time>"}},
		MODEM_NO_ANSWER, MODEM_MAYBE_SENT, -1, "", false, false},
	{"OK, then nothing", {{0, "<sent>"}, {9, "OK"}, {60000, "<time>"}},
		MODEM_NO_ANSWER, MODEM_MAYBE_SENT, -1, "", false, true},
	{"release notice, then nothing",
		{{0, "<sent>"}, {9, "OK"},
			{10, "+CUSD: 2,\"Initiating Release\",15"},
			{60000, "<time>"}},
		MODEM_NO_ANSWER, MODEM_MAYBE_SENT, -1, "", false, true},
	{"unreadable",
		{{0, "<sent>"}, {9, "OK"},
			{10, "+CUSD: 1,\"" BROKEN_HEX "\",1"}},
		MODEM_UNREADABLE, MODEM_ANSWERED, -1, BROKEN_HEX, true, true},
	{"broken in the queue", {{0, "<broken>"}}, MODEM_BROKEN, MODEM_NOT_SENT,
		-1, "", false, false},
	{"broken half written", {{0, "<some>"}, {1, "<broken>"}}, MODEM_BROKEN,
		MODEM_MAYBE_SENT, -1, "", false, false},
	{"broken on air", {{0, "<sent>"}, {9, "OK"}, {20, "<broken>"}},
		MODEM_BROKEN, MODEM_MAYBE_SENT, -1, "", false, true},
	{"stopped in the queue", {{0, "<stopped>"}}, MODEM_STOPPED,
		MODEM_NOT_SENT, -1, "", false, false},
	{"stopped on air", {{0, "<sent>"}, {9, "<stopped>"}}, MODEM_STOPPED,
		MODEM_MAYBE_SENT, -1, "", false, false},
};

static void
each_course_of_events_has_its_cause_and_fate(void **state)
{
	static struct ask a;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *row = &rows[i];

		play(&a, row);
		if (a.state != ASK_OVER || a.cause != row->cause ||
			a.fate != row->fate)
			fail_msg("%s: state %d cause %d fate %d", row->name,
				a.state, a.cause, a.fate);
		assert_int_equal(a.code, row->code);
		assert_int_equal(a.open, row->open);
		assert_int_equal(a.final_seen, row->synced);
		assert_int_equal(a.text_len, strlen(row->text));
		assert_memory_equal(a.text, row->text, a.text_len);
		assert_true(ask_wake_at(&a) == INT64_MAX);
	}
}

/* Money: whatever comes, once a byte is out only a sure refusal says that
 * nothing was sent, and an outcome never changes. */
static void
sent_request_is_never_called_unsent_by_any_lines(void **state)
{
	static const char unreadable[] = "+CUSD: 0,\"" BROKEN_HEX "\",1";
	static const char *const lines[] = {"OK", "ERROR", "+CME ERROR: 100",
		"+CUSD: 2", "+CUSD: 0,\"x\",15", "+CUSD: 1,\"x\",15",
		"+CUSD: 4", "+CUSD: 3", "<time>", "<broken>", unreadable};
	enum { N = sizeof lines / sizeof *lines };
	static struct ask a;

	(void)state;
	for (size_t i = 0; i < (size_t)N * N * N; i++) {
		enum modem_cause cause = MODEM_STOPPED;
		bool over = false;

		ask_init(&a);
		ask_begin(&a, &refusals, TIMEOUT_MS);
		ask_on_sending(&a);
		ask_on_sent(&a, 0);
		hear(&a, lines[i % N], 1);
		over = a.state == ASK_OVER;
		cause = a.cause;
		hear(&a, lines[i / N % N], 2);
		hear(&a, lines[i / N / N], 3);
		assert_true(!over || a.cause == cause);
		ask_on_tick(&a, LONG_AFTER);
		assert_int_equal(a.state, ASK_OVER);
		assert_int_not_equal(a.fate, MODEM_NOT_SENT);
	}
}

static void
answer_is_wiped_when_it_is_forgotten(void **state)
{
	static const struct row row = {.events = {{0, "<sent>"}, {1, "OK"},
					       {2, "+CUSD: 0,\"secret\",15"}}};
	static struct ask a;

	(void)state;
	play(&a, &row);
	assert_memory_equal(a.text, "secret", 6);
	ask_forget(&a);
	assert_int_equal(a.state, ASK_IDLE);
	for (size_t i = 0; i < sizeof a.text; i++)
		assert_int_equal(a.text[i], 0);
}

static void
raw_text_of_any_length_is_kept_bounded(void **state)
{
	static char line[ASK_TEXT_MAX + 200];
	static struct ask a;

	(void)state;
	memset(line, '\x01', sizeof line - 1);
	(void)snprintf(line, 16, "+CUSD: 0,\""); /* fits, */
	line[strlen(line)] = '\x01';             /* and goes on */
	ask_init(&a);
	ask_begin(&a, &refusals, TIMEOUT_MS);
	ask_on_sent(&a, 0);
	hear(&a, "OK", 1);
	assert_true(ask_on_answer(&a, span_str(line), 2));
	assert_int_equal(a.state, ASK_OVER);
	assert_true(a.text_len <= sizeof a.text);
}

static void
notices_are_no_answers(void **state)
{
	(void)state;
	assert_true(ask_is_notice(span_str("Initiating Release")));
	assert_true(ask_is_notice(span_str(" Initiating Release\r\n")));
	assert_false(ask_is_notice(span_str("Initiating Release of funds")));
	assert_false(ask_is_notice(span_str("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_course_of_events_has_its_cause_and_fate),
		cmocka_unit_test(
			sent_request_is_never_called_unsent_by_any_lines),
		cmocka_unit_test(answer_is_wiped_when_it_is_forgotten),
		cmocka_unit_test(raw_text_of_any_length_is_kept_bounded),
		cmocka_unit_test(notices_are_no_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
