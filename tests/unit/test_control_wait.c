/*
 * The control socket: answers that take their time.
 */
#include "agent/control.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/control_private.h"
#include "agent/control_shape.h"
#include "agent/json.h"
#include "agent/loop.h"
#include "agent/reserve.h"
#include "agent/turn.h"
#include "tests/support/desk.h"

#include "tests/unit/control_fakes.h"

/* ---- what takes its time ------------------------------------------------- */

static int
memory_file(const char *text)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static void
only_plain_files_are_taken(void **state)
{
	(void)state;
	int pipes[2];
	assert_int_equal(pipe(pipes), 0);
	int path = open(desk.purse->key, O_PATH);
	int only_write =
		open(purse_path(desk.purse, "w"), O_WRONLY | O_CREAT, 0600);
	assert_int_equal(unlink(purse_path(desk.purse, "w")), 0);
	int folder = open(desk.purse->dir, O_RDONLY);
	const int bad[] = {pipes[0], path, only_write, folder};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd = desk_connect();
		desk_tell_with(fd,
			"{\"command\":\"submit\",\"args\":{\"name\":\"a.csv\""
			"}}\n",
			bad[i]);
		assert_non_null(strstr(
			desk_error(desk_answer(fd), 1), "no plain file"));
		(void)close(bad[i]);
	}
	(void)close(pipes[1]);
	assert_null(intake.fn);
}

/* Nobody shall wait at the counter for a disk. */
static void
while_a_result_could_not_be_written_no_card_is_taken(void **state)
{
	static const char *const words[] = {"submit", "load"};
	struct reserve *reserve = reserve_open("/nonexistent/reserve");
	(void)state;
	turn_keep_reserve(desk.turn, reserve, NULL, NULL);
	for (size_t i = 0; i < 2; i++) {
		char line[128];
		int fd = desk_connect(), file = memory_file("12345678901234\n");
		snprintf(line, sizeof(line),
			"{\"command\":\"%s\",\"args\":{%s}}\n", words[i],
			i == 0 ? "\"name\":\"a.csv\"" : "");
		desk_tell_with(fd, line, file);
		const char *why = desk_error(desk_answer(fd), 1);
		assert_non_null(strstr(why, "disk of the ledger is full"));
		assert_non_null(strstr(why, "by itself"));
		(void)close(file);
	}
	assert_null(intake.fn);
	const struct json *attention =
		json_get(desk_done(desk_ask("{\"command\":\"status\"}"), 0),
			"attention");
	assert_string_equal(
		json_get_text(json_at(attention, 0), "what"), "ledger");
	assert_string_equal(json_get_text(json_at(attention, 0), "text"),
		turn_unsafe(desk.turn));
	turn_keep_reserve(desk.turn, NULL, NULL, NULL);
	reserve_close(reserve);
}

static void
a_submitted_file_is_answered_when_it_was_read(void **state)
{
	(void)state;
	int file = memory_file("pin\n"), fd = desk_connect();
	desk_tell_with(fd,
		"{\"command\":\"submit\",\"args\":{\"name\":\"a.csv\","
		"\"operator\":\"simtel\",\"amount\":\"5\"}}\n",
		file);
	desk_turns();
	assert_string_equal(intake.name, "a.csv");
	assert_string_equal(intake.defaults.operator, "simtel");
	assert_string_equal(intake.defaults.amount, "5");
	assert_int_equal(strncmp(intake.who, "uid:", 4), 0);
	char text[8] = "";
	assert_int_equal(read(intake.fd, text, sizeof(text)), 4);
	assert_false(desk_hear_anew(fd));
	assert_int_equal(desk.heard_len, 0);
	struct intake_result result = {.batch = desk_batch(2, 1),
		.rows = 2,
		.faults = 1,
		.reason = ""};
	intake.fn(intake.ctx, &result);
	const struct json *done = desk_done(desk_answer(fd), 0);
	assert_int_equal(desk_number(done, "batch"), 1);
	assert_int_equal(desk_number(done, "rows"), 2);
	assert_int_equal(desk_number(done, "bad_rows"), 1);
	assert_non_null(json_get(done, "first_bad_rows"));
	(void)close(file);
}

static void
a_refused_file_is_told_why(void **state)
{
	(void)state;
	int file = memory_file("pin\n"), fd = desk_connect();
	desk_tell_with(fd,
		"{\"command\":\"submit\",\"args\":{\"name\":\"a.csv\"}}\n",
		file);
	desk_turns();
	struct intake_result result = {.reason = "no good row"};
	intake.fn(intake.ctx, &result);
	assert_string_equal(
		desk_error(desk_answer(fd), 1), "not taken: no good row");
	intake.answer = -EBUSY;
	fd = desk_connect();
	desk_tell_with(fd,
		"{\"command\":\"submit\",\"args\":{\"name\":\"a.csv\"}}\n",
		file);
	assert_non_null(
		strstr(desk_error(desk_answer(fd), 1), "too many files"));
	(void)close(file);
}

static void
who_leaves_while_waiting_is_forgotten(void **state)
{
	(void)state;
	int file = memory_file("pin\n"), fd = desk_connect();
	desk_tell_with(fd,
		"{\"command\":\"submit\",\"args\":{\"name\":\"a.csv\"}}\n",
		file);
	desk_turns();
	(void)close(fd);
	desk_turns();
	assert_int_equal(intake.forgotten, 1);
	fd = desk_connect();
	desk_tell(fd,
		"{\"command\":\"balance\",\"args\":{\"modem\":\"shop1\"}}\n");
	desk_turns();
	(void)close(fd);
	desk_turns();
	assert_int_equal(balance.forgotten, 1);
	assert_null(desk.control->clients);
	(void)close(file);
}

/* One card at the counter: until its end, with the exit status of it. */
static void
load_waits_for_the_cards_end(void **state)
{
	(void)state;
	static const struct {
		enum verdict verdict;
		enum voucher_event event;
		const char *reason;
		int status;
	} rows[] = {{VERDICT_LOADED, VOUCHER_CREDITED, "", 0},
		{VERDICT_USED, VOUCHER_REFUSED_FIRST, "used", 1},
		{VERDICT_NONE, VOUCHER_MAYBE_SENT, "no_answer", 4},
		{VERDICT_NOT_NOW, VOUCHER_NOT_NOW, "not_now", 4}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int file = memory_file("pin\n"), fd = desk_connect();
		desk_tell_with(fd,
			"{\"command\":\"load\",\"args\":{\"to\":\"0800\","
			"\"progress\":true}}\n",
			file);
		desk_turns();
		assert_string_equal(intake.name, "counter.txt");
		assert_string_equal(intake.defaults.target, "0800");
		/* The only operator there is. */
		assert_string_equal(intake.defaults.operator, "simtel");
		struct intake_result result = {
			.batch = desk_batch(1, 0), .rows = 1, .reason = ""};
		int64_t id = desk_first(result.batch);
		intake.fn(intake.ctx, &result);
		desk_turns();
		assert_false(desk_hear_anew(fd));
		assert_non_null(strstr(desk.heard, "{\"progress\":{\"id\":"));
		desk_dial(id, rows[i].verdict, rows[i].event, rows[i].reason);
		const struct json *v =
			desk_done(desk_answer(fd), rows[i].status);
		assert_int_equal(desk_number(v, "id"), id);
		if (i == 0)
			assert_string_equal(
				json_get_text(v, "balance_after"), "250.00");
		(void)close(file);
		(void)close(intake.fd);
		intake.fd = -1;
	}
}

static void
load_and_wait_have_a_time_out(void **state)
{
	(void)state;
	int64_t batch = desk_batch(2, 0);
	int fd = desk_connect();
	desk_tell(fd,
		"{\"command\":\"wait\",\"args\":{\"batch\":1,\"timeout\":1,"
		"\"progress\":true}}\n");
	desk_turns();
	desk.control->clients->u.wait.deadline_ms = loop_now_ms(desk.loop);
	const struct json *done = desk_done(desk_answer(fd), 1);
	assert_true(json_get_flag(done, "timed_out"));
	assert_int_equal(desk_number(done, "done"), 0);
	assert_int_equal(desk_number(done, "total"), 2);
	assert_non_null(strstr(desk.heard, "{\"progress\":"));
	assert_int_equal(batch, 1);
	(void)desk_error(
		desk_ask("{\"command\":\"wait\",\"args\":{\"batch\":9}}"), 1);
}

/* As the trail does once the report is on disk. */
static void
write_report(int64_t batch)
{
	struct ledger_op op = purse_op(desk.purse, LEDGER_BATCH_REPORTED);
	op.u.batch_ref.batch = batch;
	struct ledger_batch *b = shape_find_batch(desk.control->ledger, batch);
	assert_non_null(b);
	op.u.batch_ref.generation = b->generation;
	free(b);
	(void)purse_must(desk.purse, &op);
}

static void
wait_ends_after_the_report_is_on_disk(void **state)
{
	static const char *const asks[] = {
		"{\"command\":\"wait\",\"args\":{\"batch\":1}}\n",
		"{\"command\":\"wait\"}\n"};
	(void)state;
	(void)desk_batch(1, 0);
	desk_dial(1, VERDICT_LOADED, VOUCHER_CREDITED, "");
	int fds[2];
	for (size_t i = 0; i < 2; i++) {
		fds[i] = desk_connect();
		desk_tell(fds[i], asks[i]);
		desk_turns();
		assert_false(desk_hear_anew(fds[i]));
		assert_int_equal(desk.heard_len, 0);
	}
	write_report(1);
	for (struct client *c = desk.control->clients; c != NULL; c = c->next)
		c->u.wait.next_ms = 0;
	desk_turns();
	for (size_t i = 0; i < 2; i++)
		(void)desk_done(desk_answer(fds[i]), 0);
}

/* A full disk keeps nobody waiting for what may never be written. */
static void
wait_ends_without_a_report_that_is_not_written(void **state)
{
	(void)state;
	(void)desk_batch(1, 0);
	desk_dial(1, VERDICT_LOADED, VOUCHER_CREDITED, "");
	int fd = desk_connect();
	desk_tell(fd, "{\"command\":\"wait\",\"args\":{\"batch\":1}}\n");
	desk_turns();
	assert_false(desk_hear_anew(fd));
	desk.control->clients->u.wait.report_by_ms = 1;
	desk.control->clients->u.wait.next_ms = 0;
	(void)desk_done(desk_answer(fd), 0);
}

static void
wait_ends_with_what_is_left(void **state)
{
	(void)state;
	(void)desk_batch(2, 0);
	int fd = desk_connect();
	desk_tell(fd, "{\"command\":\"wait\",\"args\":{\"batch\":1}}\n");
	desk_turns();
	desk_dial(1, VERDICT_LOADED, VOUCHER_CREDITED, "");
	desk_turns();
	assert_false(desk_hear_anew(fd));
	assert_int_equal(desk.heard_len, 0); /* nobody asked for progress */
	desk_dial(2, VERDICT_USED, VOUCHER_REFUSED_FIRST, "used");
	write_report(1);
	const struct json *done = desk_done(desk_answer(fd), 0);
	assert_int_equal(desk_number(json_get(done, "counts"), "loaded"), 1);
	(void)desk_batch(1, 0);
	desk_dial(3, VERDICT_NONE, VOUCHER_MAYBE_SENT, "no_answer");
	write_report(2);
	(void)desk_done(
		desk_ask("{\"command\":\"wait\",\"args\":{\"batch\":2}}"), 4);
	(void)desk_done(desk_ask("{\"command\":\"wait\"}"), 4);
}

static void
wait_tells_of_a_lock_out_once_and_ends_where_only_a_person_helps(void **state)
{
	(void)state;
	(void)desk_batch(1, 0);
	int fd = desk_connect();
	desk_tell(fd, "{\"command\":\"wait\",\"args\":{\"batch\":1}}\n");
	desk_turns();
	assert_false(desk_hear_anew(fd));
	assert_int_equal(desk.heard_len, 0);
	shop1_status = (struct line_status){
		.state = LINE_LOCKED_OUT, .until_wall_ms = 1769851800000};
	for (int i = 0; i < 3; i++) {
		desk.control->clients->u.wait.next_ms = 0;
		desk_turns();
	}
	assert_false(desk_hear(fd));
	assert_int_equal(desk_count(desk.heard, "\"notice\":"), 1);
	assert_non_null(strstr(desk.heard, "every SIM is locked out until "));
	(void)close(fd);
	desk_turns();
	shop1_status.until_wall_ms = 0;
	const struct json *done = desk_done(
		desk_ask("{\"command\":\"wait\",\"args\":{\"batch\":1}}"), 4);
	assert_true(json_get_flag(done, "locked_out"));
	assert_int_equal(desk_number(json_get(done, "counts"), "ready"), 1);
}

static void
wait_for_all_waits_for_files_too(void **state)
{
	(void)state;
	intake.incoming = true;
	int fd = desk_connect();
	desk_tell(fd, "{\"command\":\"wait\"}\n");
	desk_turns();
	assert_false(desk_hear_anew(fd));
	intake.incoming = false;
	intake.busy = true;
	desk.control->clients->u.wait.next_ms = 0;
	desk_turns();
	assert_false(desk_hear(fd));
	intake.busy = false;
	desk.control->clients->u.wait.next_ms = 0;
	(void)desk_done(desk_answer(fd), 0);
}

static void
balance_is_asked_now(void **state)
{
	(void)state;
	int fd = desk_connect();
	desk_tell(fd,
		"{\"command\":\"balance\",\"args\":{\"modem\":\"shop1\"}}\n");
	desk_turns();
	assert_non_null(balance.fn);
	struct balance_answer answer = {.ok = true,
		.minor = 25000,
		.decimals = 2,
		.currency = "XTS",
		.at_wall_ms = 1769851800000,
		.error = ""};
	balance.fn(balance.ctx, &answer);
	(void)desk_done(desk_answer(fd), 0);
	assert_string_equal(desk.heard,
		"{\"done\":{\"modem\":\"shop1\",\"balance\":\"250.00\","
		"\"currency\":\"XTS\",\"at\":\"2026-01-31T09:30:00Z\"},"
		"\"exit\":0}\n");
	fd = desk_connect();
	desk_tell(fd,
		"{\"command\":\"balance\",\"args\":{\"modem\":\"shop1\"}}\n");
	desk_turns();
	answer = (struct balance_answer){.error = "no answer in time"};
	balance.fn(balance.ctx, &answer);
	assert_string_equal(
		desk_error(desk_answer(fd), 1), "shop1: no answer in time");
	balance.answer = -EBUSY;
	shop1_status.state = LINE_BUSY;
	assert_string_equal(
		desk_error(
			desk_ask("{\"command\":\"balance\",\"args\":{\"modem\":"
				 "\"shop1\"}}"),
			1),
		"shop1 is taken by something else: try again later");
	(void)desk_error(
		desk_ask("{\"command\":\"balance\",\"args\":{\"modem\":"
			 "\"shop9\"}}"),
		1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_plain_files_are_taken),
		TEST(a_submitted_file_is_answered_when_it_was_read),
		TEST(a_refused_file_is_told_why),
		TEST(who_leaves_while_waiting_is_forgotten),
		TEST(while_a_result_could_not_be_written_no_card_is_taken),
		TEST(load_waits_for_the_cards_end),
		TEST(load_and_wait_have_a_time_out),
		TEST(wait_ends_with_what_is_left),
		TEST(wait_tells_of_a_lock_out_once_and_ends_where_only_a_person_helps),
		TEST(wait_ends_after_the_report_is_on_disk),
		TEST(wait_ends_without_a_report_that_is_not_written),
		TEST(wait_for_all_waits_for_files_too),
		TEST(balance_is_asked_now),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
