/*
 * The control socket: an administrator's USSD session, and his message.
 */
#include "agent/control.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/control_private.h"
#include "agent/json.h"
#include "agent/turn.h"
#include "tests/support/desk.h"

#include "tests/unit/control_fakes.h"

#define ASK(more)                                                              \
	"{\"command\":\"ussd\",\"args\":{\"modem\":\"shop1\",\"code\":"        \
	"\"*140#\"" more "}}"
#define DIALOGUE ASK(",\"dialogue\":true") "\n"

static void
screen_comes(const char *text, bool open, bool over)
{
	const struct dialogue_screen screen = {
		.text = text, .error = "", .open = open, .over = over};
	dialogue.request.fn(dialogue.request.ctx, &screen);
}

static void
a_code_is_asked_by_name_and_its_answer_told(void **state)
{
	(void)state;
	int fd = desk_connect();
	desk_tell(fd, ASK("") "\n");
	desk_turns();
	assert_string_equal(dialogue.code, "*140#");
	assert_int_equal(strncmp(dialogue.who, "uid:", 4), 0);
	assert_ptr_equal(dialogue.request.line, &shop1);
	assert_false(dialogue.request.answers);
	screen_comes("1. Packs", true, true);
	const struct json *done = desk_done(desk_answer(fd), 0);
	assert_string_equal(json_get_text(done, "text"), "1. Packs");
	assert_true(json_get_flag(done, "open"));
	assert_int_equal(dialogue.left, 0);
}

static void
a_person_answers_on_the_same_connection(void **state)
{
	(void)state;
	int fd = desk_connect();
	desk_tell(fd, DIALOGUE);
	desk_turns();
	assert_true(dialogue.request.answers);
	screen_comes("1. Packs", true, false);
	desk_turns();
	assert_false(desk_hear_anew(fd));
	assert_non_null(strstr(desk.heard,
		"{\"progress\":{\"text\":\"1. Packs\",\"open\":true}}"));
	desk_tell(fd, "{\"answer\":");
	desk_turns();
	assert_string_equal(dialogue.answer_text, "");
	desk_tell(fd, "\"1\"}\n");
	desk_turns();
	assert_string_equal(dialogue.answer_text, "1");
	screen_comes("Done", false, true);
	const struct json *done = desk_done(desk_answer(fd), 0);
	assert_string_equal(json_get_text(done, "text"), "Done");
	assert_false(json_get_flag(done, "open"));
	assert_int_equal(dialogue.left, 0);
}

static void
a_connection_that_closes_ends_the_session(void **state)
{
	(void)state;
	int fd = desk_connect();
	desk_tell(fd, DIALOGUE);
	desk_turns();
	screen_comes("1. Packs", true, false);
	desk_turns();
	assert_int_equal(dialogue.left, 0);
	(void)close(fd);
	desk_turns();
	assert_int_equal(dialogue.left, 1);
}

static void
what_is_no_answer_ends_the_session(void **state)
{
	static const char *const lines[] = {"nonsense\n", "{\"answer\":1}\n",
		"{\"answer\":\"1\",\"more\":1}\n", "[]\n"};
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int fd = desk_connect();
		desk_tell(fd, DIALOGUE);
		desk_turns();
		screen_comes("1. Packs", true, false);
		desk_tell(fd, lines[i]);
		(void)desk_error(desk_answer(fd), 2);
		assert_int_equal(dialogue.left, i + 1);
	}
	assert_string_equal(dialogue.answer_text, "");
}

static void
a_refusal_says_what_to_do_and_not_what_was_typed(void **state)
{
	static const struct {
		int err;
		int64_t exit_status;
		const char *why;
	} rows[] = {
		{-EPERM, 1, "use: topupctl load"},
		{-EBUSY, 1, "taken by something else"},
		{-ENOTSUP, 1, "its operator or its SIM is not known"},
		{-EINVAL, 2, "cannot be sent"},
		{-EIO, 1, "nothing was sent"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		dialogue.answer = rows[i].err;
		const char *why =
			desk_error(desk_ask(ASK("")), rows[i].exit_status);
		assert_non_null(strstr(why, rows[i].why));
		assert_null(strstr(why, "140"));
	}
	shop1_status = (struct line_status){
		.state = LINE_LOCKED_OUT, .why = "an older session"};
	dialogue.answer = -EBUSY;
	assert_string_equal(desk_error(desk_ask(ASK("")), 1),
		"shop1 is locked_out: an older session");
	assert_int_equal(dialogue.left, 0);
}

static void
a_refused_answer_ends_it_and_says_why(void **state)
{
	(void)state;
	int fd = desk_connect();
	desk_tell(fd, DIALOGUE);
	desk_turns();
	screen_comes("Card number?", true, false);
	dialogue.answer = -EPERM;
	desk_tell(fd, "{\"answer\":\"77123456789012\"}\n");
	const char *why = desk_error(desk_answer(fd), 1);
	assert_non_null(strstr(why, "use: topupctl load"));
	assert_null(strstr(why, "9012"));
	assert_int_equal(dialogue.left, 0); /* the session closed itself */
	dialogue.answer = 0;
	fd = desk_connect();
	desk_tell(fd, DIALOGUE);
	desk_turns();
	dialogue.answer = -EPROTO;
	desk_tell(fd, "{\"answer\":\"1\"}\n");
	assert_non_null(strstr(desk_error(desk_answer(fd), 1),
		"the operator has closed the session"));
}

static void
a_session_that_fails_says_why(void **state)
{
	(void)state;
	int fd = desk_connect();
	desk_tell(fd, DIALOGUE);
	desk_turns();
	const struct dialogue_screen screen = {.text = "",
		.error = "the operator did not answer",
		.over = true};
	dialogue.request.fn(dialogue.request.ctx, &screen);
	assert_string_equal(desk_error(desk_answer(fd), 1),
		"shop1: the operator did not answer");
	assert_int_equal(dialogue.left, 0);
}

static void
a_request_without_modem_or_code_is_wrong(void **state)
{
	(void)state;
	(void)desk_error(desk_ask("{\"command\":\"ussd\",\"args\":{\"code\":"
				  "\"*1#\"}}"),
		2);
	(void)desk_error(desk_ask("{\"command\":\"ussd\",\"args\":{\"modem\":"
				  "\"shop1\"}}"),
		2);
	assert_non_null(strstr(
		desk_error(desk_ask("{\"command\":\"ussd\",\"args\":{\"modem\":"
				    "\"m9\",\"code\":\"*1#\"}}"),
			1),
		"no modem 'm9'"));
	assert_null(dialogue.request.fn);
}

/* ---- a message ----------------------------------------------------------- */

#define SEND                                                                   \
	"{\"command\":\"sms\",\"args\":{\"modem\":\"shop1\","                  \
	"\"number\":\"121\",\"text\":\"LOAN 50\"}}"

static void
a_message_says_what_became_of_it(void **state)
{
	static const struct {
		enum dialogue_sent sent;
		int exit_status;
		const char *fate;
	} rows[] = {
		{DIALOGUE_SENT, 0, "sent"},
		{DIALOGUE_MAYBE_SENT, 4, "maybe_sent"},
		{DIALOGUE_NOT_SENT, 1, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = desk_connect();
		desk_tell(fd, SEND "\n");
		desk_turns();
		assert_int_equal(sent.count, i + 1);
		assert_string_equal(sent.number, "121");
		assert_string_equal(sent.text, "LOAN 50");
		assert_ptr_equal(sent.letter.line, &shop1);
		sent.letter.fn(sent.letter.ctx, rows[i].sent, "why not");
		if (!rows[i].fate) {
			assert_string_equal(desk_error(desk_answer(fd), 1),
				"shop1: not sent: why not");
			continue;
		}
		const struct json *done =
			desk_done(desk_answer(fd), rows[i].exit_status);
		assert_string_equal(json_get_text(done, "fate"), rows[i].fate);
		assert_string_equal(json_get_text(done, "modem"), "shop1");
	}
	assert_int_equal(dialogue.left, 0);
}

static void
a_message_that_is_refused_says_why_and_not_what(void **state)
{
	static const struct {
		int answer, exit_status;
		const char *why;
	} rows[] = {
		{-EPERM, 1, "use: topupctl load"},
		{-EBUSY, 1, "try again later"},
		{-ENOTSUP, 1, "its operator or its SIM is not known"},
		{-EINVAL, 2, "3 to 20 digits"},
		{-EIO, 1, "nothing was sent"},
	};
	(void)state;
	shop1_status = (struct line_status){.state = LINE_BUSY, .why = ""};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		dialogue.answer = rows[i].answer;
		const char *why =
			desk_error(desk_ask(SEND), rows[i].exit_status);
		assert_non_null(strstr(why, rows[i].why));
		assert_null(strstr(why, "LOAN"));
	}
	(void)desk_error(desk_ask("{\"command\":\"sms\",\"args\":{\"modem\":"
				  "\"shop1\",\"number\":\"121\"}}"),
		2);
	(void)desk_error(desk_ask("{\"command\":\"sms\",\"args\":{\"modem\":"
				  "\"m9\",\"number\":\"121\",\"text\":\"A\"}}"),
		1);
	assert_int_equal(sent.count, sizeof(rows) / sizeof(rows[0]));
}

static void
a_message_of_somebody_who_left_goes_its_way(void **state)
{
	(void)state;
	dialogue.request.ctx = NULL;
	int fd = desk_connect();
	desk_tell(fd, SEND "\n");
	desk_turns();
	assert_int_equal(sent.count, 1);
	dialogue.request.ctx = sent.letter.ctx; /* whom it would forget */
	(void)close(fd);
	desk_turns();
	assert_int_equal(dialogue.left, 1);
}

/* Of one that is not there neither SIM nor operator is known: that is not
 * what is wrong with it. */
static void
a_modem_that_is_away_or_locked_says_so_first(void **state)
{
	static const struct {
		enum modem_state modem;
		struct line_status status;
		const char *port, *why;
	} rows[] = {
		{MODEM_ABSENT, {LINE_ABSENT, "the port is not there", 0},
			"/dev/shop1",
			"shop1 is absent: the port is not there; plug it in, "
			"or check its port in the configuration"},
		{MODEM_ABSENT,
			{LINE_ABSENT, "nobody listens at that address", 0},
			"tcp://127.0.0.1:9",
			"shop1 is absent: nobody listens at that address; see "
			"that what serves its address runs and can be reached, "
			"or check its port in the configuration"},
		{MODEM_FAILED,
			{LINE_FAILED, "the SIM asks for its PIN (SIM PIN)", 0},
			"/dev/shop1",
			"shop1 is failed: the SIM asks for its PIN (SIM PIN); "
			"put right what it says; topupctl reload looks again"},
		{MODEM_STARTING, {LINE_READY, "", 0}, "/dev/shop1",
			"shop1 is ready; it is set up and looks for its "
			"network: try again in a minute"},
	};
	static const char *const asks[] = {ASK(""), SEND,
		"{\"command\":\"balance\",\"args\":{\"modem\":\"shop1\"}}"};
	(void)state;
	dialogue.answer = -ENOTSUP;
	balance.answer = -ENOTSUP;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		info.state = rows[i].modem;
		shop1_status = rows[i].status;
		shop1.config.port = (char *)rows[i].port;
		for (size_t k = 0; k < sizeof(asks) / sizeof(asks[0]); k++)
			assert_string_equal(
				desk_error(desk_ask(asks[k]), 1), rows[i].why);
	}
	info.state = MODEM_READY;
	assert_int_equal(sent.count, 0);
	assert_null(balance.fn);
}

static void
a_text_that_is_too_long_is_counted(void **state)
{
	char line[2048], text[700];
	(void)state;
	memset(text, 'a', sizeof(text));
	(void)snprintf(line, sizeof(line),
		"{\"command\":\"sms\",\"args\":{\"modem\":\"shop1\","
		"\"number\":\"121\",\"text\":\"\xD0\x96%.699s\"}}",
		text);
	dialogue.answer = -EMSGSIZE;
	const char *why = desk_error(desk_ask(line), 2);
	assert_non_null(strstr(why,
		"the text has 700 signs, and the 10 messages that one text "
		"may take hold 670, since"));
	assert_null(strstr(why, "aaa"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_code_is_asked_by_name_and_its_answer_told),
		TEST(a_person_answers_on_the_same_connection),
		TEST(a_connection_that_closes_ends_the_session),
		TEST(what_is_no_answer_ends_the_session),
		TEST(a_refusal_says_what_to_do_and_not_what_was_typed),
		TEST(a_refused_answer_ends_it_and_says_why),
		TEST(a_session_that_fails_says_why),
		TEST(a_modem_that_is_away_or_locked_says_so_first),
		TEST(a_text_that_is_too_long_is_counted),
		TEST(a_request_without_modem_or_code_is_wrong),
		TEST(a_message_says_what_became_of_it),
		TEST(a_message_that_is_refused_says_why_and_not_what),
		TEST(a_message_of_somebody_who_left_goes_its_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
