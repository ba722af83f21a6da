/*
 * Messages that go out, on a scripted wire in virtual time: what the prompt,
 * the network and the port may do, and what is then sure.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modem/modem_private.h"
#include "tests/sim/sms.h"
#include "tests/support/rig.h"

#define TEXT   "TOP 12345678901234"
#define PROMPT "\r\n> "
#define SENT   "\r\n+CMGS: 7\r\n\r\nOK\r\n"
/* How the PDU of TEXT to 121 begins and ends. */
#define PDU "0001"

static struct rig rig;

static void
add(char *text, size_t cap, const char *more)
{
	size_t len = strlen(text);

	(void)snprintf(text + len, cap - len, "%s", more); /* fits */
}

static void
rule(const char *when, const char *say, int64_t after_ms)
{
	fakewire_rule(&rig.wire,
		(struct fakewire_rule){
			.when = when, .say = say, .after_ms = after_ms});
}

static void
begin(const char *prompt, const char *sent)
{
	rig_init_ready(&rig, "standard");
	rule("AT+CMGS=", prompt, 20);
	rule(PDU, sent, 2000);
	rig_forget_written(&rig);
}

/* Texts that left whole. */
static unsigned
texts(void)
{
	return fakewire_count(&rig.wire, "\x1a");
}

static void
expect(enum modem_fate fate, enum modem_cause cause)
{
	assert_int_equal(rig.results, 1);
	assert_int_equal(rig.result.fate, fate);
	assert_int_equal(rig.result.cause, cause);
	assert_int_equal(rig.result.text.len, 0);
}

/* The wire is in step: a code can be dialled, and no text came of it. */
static void
expect_in_step(void)
{
	unsigned before = texts();

	rig_run_to(&rig, MODEM_READY);
	rig_answer(&rig, "\r\n+CUSD: 0,\"Fine\",15\r\n", 500);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_ONCE), 0);
	rig_run(&rig, 60000);
	assert_int_equal(rig.result.fate, MODEM_ANSWERED);
	assert_string_equal(rig.text, "Fine");
	assert_int_equal(texts(), before);
}

/* ---- the good way ------------------------------------------------------ */

static void
text_is_sent_and_the_network_answers(void **state)
{
	struct sms_submit seen;
	char hex[SMS_HEX_MAX];
	const char *at;

	(void)state;
	begin(PROMPT, SENT);
	assert_int_equal(rig_send(&rig, "121", TEXT), 0);
	assert_int_equal(modem_info(rig.modem)->state, MODEM_BUSY);
	rig_run(&rig, 10000);
	expect(MODEM_ANSWERED, MODEM_TEXT);
	assert_int_equal(modem_info(rig.modem)->state, MODEM_READY);
	assert_int_equal(texts(), 1);
	at = strstr(rig.wire.written, PDU);
	assert_non_null(at);
	(void)snprintf(hex, sizeof hex, "%.*s", (int)strcspn(at, "\x1a"), at);
	assert_int_equal(sms_read_submit(hex, &seen), 0);
	assert_string_equal(seen.number, "121");
	assert_string_equal(seen.text, TEXT);
	assert_int_equal(seen.total, 0);
	(void)snprintf(hex, sizeof hex, "AT+CMGS=%ld\r", seen.octets);
	assert_non_null(strstr(rig.wire.written, hex));
	rig_fini(&rig);
}

static void
nothing_leaves_before_the_flush(void **state)
{
	(void)state;
	begin(PROMPT, SENT);
	rig.hold = true;
	assert_int_equal(rig_send(&rig, "121", TEXT), 0);
	rig_run(&rig, 30000);
	assert_int_equal(rig.wire.written_len, 0);
	rig.hold = false;
	rig_run(&rig, 10000);
	expect(MODEM_ANSWERED, MODEM_TEXT);
	rig_fini(&rig);
}

static void
long_text_goes_in_parts_that_fit_together(void **state)
{
	static const char word[] = "TOP 1234567890 \xE2\x82\xAC ";
	struct sms_submit part;
	char text[900] = "";
	char joined[4 * SMS_TEXT_MAX] = "";
	char hex[SMS_HEX_MAX];
	const char *at;
	unsigned reference = 0;

	(void)state;
	begin(PROMPT, SENT);
	rule("0041", SENT, 500);
	while (strlen(text) + sizeof word < sizeof text - 400)
		add(text, sizeof text, word);
	assert_int_equal(rig_send(&rig, "+358401234567", text), 0);
	rig_run(&rig, 60000);
	expect(MODEM_ANSWERED, MODEM_TEXT);
	at = rig.wire.written;
	for (unsigned n = 1; n <= texts(); n++) {
		at = strstr(at, "\r0041");
		assert_non_null(at);
		at++;
		(void)snprintf(
			hex, sizeof hex, "%.*s", (int)strcspn(at, "\x1a"), at);
		assert_int_equal(sms_read_submit(hex, &part), 0);
		assert_int_equal(part.part, n);
		assert_int_equal(part.total, texts());
		assert_true(n == 1 || part.reference == reference);
		reference = part.reference;
		add(joined, sizeof joined, part.text);
	}
	assert_string_equal(joined, text);
	rig_fini(&rig);
}

static void
wire_in_pieces_changes_nothing(void **state)
{
	(void)state;
	for (size_t cut = 1; cut <= 7; cut++) {
		begin(PROMPT, SENT);
		rig.wire.cut = cut;
		rig.wire.take_max = cut;
		rig.wire.echo = cut % 2 == 0;
		assert_int_equal(rig_send(&rig, "121", TEXT), 0);
		rig_run(&rig, 20000);
		expect(MODEM_ANSWERED, MODEM_TEXT);
		assert_int_equal(texts(), 1);
		rig.results = 0;
		expect_in_step();
		rig_fini(&rig);
	}
}

/* ---- the prompt -------------------------------------------------------- */

static void
without_a_prompt_no_text_leaves(void **state)
{
	static const struct {
		const char *say;
		enum modem_cause cause;
		int code;
	} rows[] = {
		{NULL, MODEM_REFUSED, -1},                       /* missing */
		{"\r\nERROR\r\n", MODEM_REFUSED, -1},            /* RM500Q-AE */
		{"\r\n+CMS ERROR: 310\r\n", MODEM_REFUSED, 310}, /* no SIM */
		{"\r\nOK\r\n", MODEM_REFUSED, -1},               /* is none */
		{"\r\n>\r\n", MODEM_REFUSED, -1},
		{"\r\n+CMTI: \"SM\",4\r\n", MODEM_REFUSED, -1},
		{"\r\n1> Balance\r\n", MODEM_REFUSED, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin(rows[i].say, SENT);
		assert_int_equal(rig_send(&rig, "121", TEXT), 0);
		rig_run(&rig, 30000);
		expect(MODEM_NOT_SENT, rows[i].cause);
		assert_int_equal(rig.result.code, rows[i].code);
		assert_int_equal(texts(), 0);
		assert_null(strstr(rig.wire.written, PDU));
		assert_true(fakewire_count(&rig.wire, "\x1b") >= 1);
		rig.results = 0;
		expect_in_step();
		rig_fini(&rig);
	}
}

static void
prompt_is_known_behind_other_lines_and_late(void **state)
{
	static const char *const rows[] = {
		"\r\n+ZUSIMR:2\r\n\r\n> ",
		"\r\n^RSSI:14\r\n\r\n+CMTI: \"SM\",4\r\n\r\n> ",
		"\r\nOK\r\n\r\n> ", /* an OK of before */
		"> ",
		"\r\nRING\r\n\r\n+CUSD: 0,\"1> Balance\n> more\",15\r\n\r\n> ",
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (int64_t late = 20; late <= 9000; late += 4490) {
			begin(PROMPT, SENT);
			rule("AT+CMGS=", rows[i], late);
			assert_int_equal(rig_send(&rig, "121", TEXT), 0);
			rig_run(&rig, 30000);
			expect(MODEM_ANSWERED, MODEM_TEXT);
			assert_int_equal(texts(), 1);
			rig_fini(&rig);
		}
	}
}

/* After we gave up: what we say next must not become a text. */
static void
prompt_that_comes_too_late_is_left(void **state)
{
	(void)state;
	for (int64_t late = 10010; late < 12000; late += 100) {
		begin(PROMPT, SENT);
		rule("AT+CMGS=", PROMPT, late);
		assert_int_equal(rig_send(&rig, "121", TEXT), 0);
		rig_run(&rig, 40000);
		expect(MODEM_NOT_SENT, MODEM_REFUSED);
		assert_int_equal(texts(), 0);
		/* ESC is the first thing after it that can matter. */
		assert_true(fakewire_count(&rig.wire, "\x1b\r") >= 2);
		rig.results = 0;
		expect_in_step();
		rig_fini(&rig);
	}
}

static void
error_behind_the_prompt_takes_the_text_back(void **state)
{
	(void)state;
	begin("\r\n> \r\n+CMS ERROR: 500\r\n", SENT);
	assert_int_equal(rig_send(&rig, "121", TEXT), 0);
	rig_run(&rig, 30000);
	expect(MODEM_NOT_SENT, MODEM_REFUSED);
	assert_int_equal(texts(), 0);
	rig_fini(&rig);
}

/* ---- the network ------------------------------------------------------- */

static void
what_left_and_was_not_acknowledged_may_be_sent(void **state)
{
	static const struct {
		const char *say;
		int64_t after_ms;
		enum modem_fate fate;
		enum modem_cause cause;
	} rows[] = {
		{NULL, 0, MODEM_MAYBE_SENT, MODEM_NO_ANSWER},
		{"\r\nOK\r\n", 500, MODEM_MAYBE_SENT, MODEM_NO_ANSWER},
		{"\r\n+CMS ERROR: 500\r\n", 500, MODEM_MAYBE_SENT, MODEM_ERROR},
		{"\r\n+CMS ERROR: 331\r\n", 1, MODEM_MAYBE_SENT, MODEM_ERROR},
		{"\r\nERROR\r\n", 500, MODEM_MAYBE_SENT, MODEM_ERROR},
		{"\r\nRDY\r\n", 500, MODEM_MAYBE_SENT, MODEM_BROKEN},
		{SENT, 61000, MODEM_MAYBE_SENT, MODEM_NO_ANSWER},
		{SENT, 30000, MODEM_ANSWERED, MODEM_TEXT},
		{"\r\n+CMGS: 7\r\n", 500, MODEM_ANSWERED, MODEM_TEXT},
		{"\r\n+CMGS: 7\r\nOK\r\n\r\nOK\r\n", 500, MODEM_ANSWERED,
			MODEM_TEXT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin(PROMPT, SENT);
		rule(PDU, rows[i].say, rows[i].after_ms);
		assert_int_equal(rig_send(&rig, "121", TEXT), 0);
		rig_run(&rig, 200000);
		expect(rows[i].fate, rows[i].cause);
		assert_int_equal(texts(), 1); /* never a second one */
		rig.results = 0;
		expect_in_step();
		rig_fini(&rig);
	}
}

/* Some parts went, one did not: it is not sure that nothing went. */
static void
text_whose_second_part_fails_may_be_sent(void **state)
{
	char text[400];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	begin("\r\nERROR\r\n", SENT);
	fakewire_rule(&rig.wire, (struct fakewire_rule){.when = "AT+CMGS=",
					 .say = PROMPT,
					 .after_ms = 20,
					 .times = 1});
	rule("0041", SENT, 500);
	assert_int_equal(rig_send(&rig, "121", text), 0);
	rig_run(&rig, 60000);
	expect(MODEM_MAYBE_SENT, MODEM_ERROR);
	assert_int_equal(texts(), 1);
	rig_fini(&rig);
}

/* One part is taken, and the port breaks before the next. */
static void
text_of_which_a_part_went_may_be_sent(void **state)
{
	char text[400];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	begin(PROMPT, SENT);
	rule("0041", "\r\n+CMGS: 7\r\n", 500);
	assert_int_equal(rig_send(&rig, "121", text), 0);
	rig_run(&rig, 700);
	rig.wire.gone = true;
	rig_run(&rig, 1000);
	expect(MODEM_MAYBE_SENT, MODEM_BROKEN);
	rig_fini(&rig);
}

/* ---- the port ---------------------------------------------------------- */

static void
fate_when_the_port_breaks_follows_the_bytes(void **state)
{
	(void)state;
	for (size_t taken = 0; taken < 64; taken++) {
		size_t head = strlen("AT+CMGF=0\rAT+CMGS=27\r");
		bool left = taken > head;

		begin(PROMPT, SENT);
		rig.wire.take_left = taken;
		assert_int_equal(rig_send(&rig, "121", TEXT), 0);
		rig_run(&rig, 3000);
		rig.wire.take_left = SIZE_MAX;
		rig.wire.gone = true;
		rig_run(&rig, 3000);
		assert_int_equal(rig.results, 1);
		if (rig.result.cause == MODEM_BROKEN)
			assert_int_equal(rig.result.fate,
				left ? MODEM_MAYBE_SENT : MODEM_NOT_SENT);
		assert_true(left || texts() == 0);
		rig_fini(&rig);
	}
}

static void
stop_leaves_the_prompt_and_tells_the_fate(void **state)
{
	static const struct {
		int64_t at_ms;
		enum modem_fate fate;
		bool leaves;
	} rows[] = {{0, MODEM_NOT_SENT, true}, {15, MODEM_NOT_SENT, true},
		{500, MODEM_MAYBE_SENT, false}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin(PROMPT, NULL);
		assert_int_equal(rig_send(&rig, "121", TEXT), 0);
		rig_run(&rig, rows[i].at_ms);
		modem_stop(rig.modem, rig.wire.now_ms);
		expect(rows[i].fate, MODEM_STOPPED);
		assert_int_equal(strchr(rig.wire.written, '\x1b') != NULL,
			rows[i].leaves);
		assert_true(texts() == (rows[i].leaves ? 0 : 1));
		rig_fini(&rig);
	}
}

/* Killed between the command and its answer: the next life finds a modem at
 * its prompt, or one whose result comes late. */
static void
next_life_begins_with_escape(void **state)
{
	(void)state;
	rig_init(&rig, "standard");
	rule("AT", NULL, 0);
	rule("\x1b", "\r\n+CMGS: 7\r\n\r\nOK\r\n", 100);
	fakewire_rule(&rig.wire,
		(struct fakewire_rule){
			.when = "\x1b", .say = "\r\nOK\r\n", .after_ms = 10});
	rig_speak(&rig, "Acme", "M1");
	rig_run_to(&rig, MODEM_READY);
	assert_int_equal(rig.wire.written[0], '\x1b');
	assert_int_equal(texts(), 0);
	rig_fini(&rig);
}

/* ---- what is kept ------------------------------------------------------ */

/* The septets of the last digits, in hex, as they left. */
static const char *
last_septets(void)
{
	static char hex[17];
	const char *end = strchr(rig.wire.written, '\x1a');

	assert_non_null(end);
	(void)snprintf(hex, sizeof hex, "%.16s", end - 16);
	return hex;
}

static void
text_is_in_no_trace_and_wiped(void **state)
{
	(void)state;
	for (int echo = 0; echo < 2; echo++) {
		begin(PROMPT, SENT);
		rig.wire.echo = echo == 1;
		assert_int_equal(rig_send(&rig, "121", TEXT), 0);
		rig_run(&rig, 10000);
		expect(MODEM_ANSWERED, MODEM_TEXT);
		assert_non_null(strstr(rig.trace, "<redacted>"));
		assert_false(rig_holds(&rig, "12345678901234"));
		assert_false(rig_holds(&rig, last_septets()));
		rig_fini(&rig);
	}
}

static void
text_is_measured_as_messages_count_it(void **state)
{
	static const struct {
		const char *text;
		struct modem_sms_size size;
	} rows[] = {
		{"", {0, 1530, false}}, {"abc", {3, 1530, false}},
		{"\xE2\x82\xAC{", {4, 1530, false}}, /* both with escape */
		{"a\xD0\x96", {2, 670, true}},
		{"\xF0\x9F\x98\x80", {2, 670, true}}, /* a pair */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct modem_sms_size size;

		modem_sms_measure(span_str(rows[i].text), &size);
		assert_int_equal(size.signs, rows[i].size.signs);
		assert_int_equal(size.most, rows[i].size.most);
		assert_int_equal(size.is_unicode, rows[i].size.is_unicode);
	}
}

/* What is as long as it says is taken, and one sign more is not. */
static void
text_of_the_most_signs_is_sent(void **state)
{
	char text[1532] = "";
	struct modem_sms_size size;

	(void)state;
	memset(text, 'a', 1530);
	for (size_t more = 0; more <= 1; more++) {
		text[1529 + more] = 'a';
		modem_sms_measure(span_str(text), &size);
		assert_int_equal(size.signs > size.most, more);
		begin(PROMPT, SENT);
		assert_int_equal(
			rig_send(&rig, "121", text), more == 0 ? 0 : -EINVAL);
		rig_fini(&rig);
	}
}

static void
what_cannot_be_sent_is_refused(void **state)
{
	static char endless[2000];

	(void)state;
	memset(endless, 'x', sizeof endless - 1);
	begin(PROMPT, SENT);
	assert_int_equal(rig_send(&rig, "", TEXT), -EINVAL);
	assert_int_equal(rig_send(&rig, "Operator", TEXT), -EINVAL);
	assert_int_equal(rig_send(&rig, "121", ""), -EINVAL);
	assert_int_equal(rig_send(&rig, "121", "\xFF"), -EINVAL);
	assert_int_equal(rig_send(&rig, "121", endless), -EINVAL);
	assert_int_equal(modem_info(rig.modem)->state, MODEM_READY);
	assert_int_equal(rig_send(&rig, "121", TEXT), 0);
	assert_int_equal(rig_send(&rig, "121", TEXT), -EBUSY);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_ONCE), -EBUSY);
	assert_int_equal(modem_refresh(rig.modem, MODEM_REFRESH_SIM), -EBUSY);
	rig_run(&rig, 10000);
	expect(MODEM_ANSWERED, MODEM_TEXT);
	rig_fini(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_sent_and_the_network_answers),
		cmocka_unit_test(nothing_leaves_before_the_flush),
		cmocka_unit_test(long_text_goes_in_parts_that_fit_together),
		cmocka_unit_test(wire_in_pieces_changes_nothing),
		cmocka_unit_test(without_a_prompt_no_text_leaves),
		cmocka_unit_test(prompt_is_known_behind_other_lines_and_late),
		cmocka_unit_test(prompt_that_comes_too_late_is_left),
		cmocka_unit_test(error_behind_the_prompt_takes_the_text_back),
		cmocka_unit_test(
			what_left_and_was_not_acknowledged_may_be_sent),
		cmocka_unit_test(text_whose_second_part_fails_may_be_sent),
		cmocka_unit_test(text_of_which_a_part_went_may_be_sent),
		cmocka_unit_test(fate_when_the_port_breaks_follows_the_bytes),
		cmocka_unit_test(stop_leaves_the_prompt_and_tells_the_fate),
		cmocka_unit_test(next_life_begins_with_escape),
		cmocka_unit_test(text_is_in_no_trace_and_wiped),
		cmocka_unit_test(text_is_measured_as_messages_count_it),
		cmocka_unit_test(text_of_the_most_signs_is_sent),
		cmocka_unit_test(what_cannot_be_sent_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
