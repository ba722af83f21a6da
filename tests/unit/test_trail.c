/*
 * The trail over a real ledger, a real spool and a log socket of its own.
 * Nothing sleeps: the loop runs until a condition holds, or a deadline.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/log.h"
#include "agent/loop.h"
#include "agent/report.h"
#include "agent/spool.h"
#include "agent/trail.h"
#include "agent/turn.h"
#include "tests/support/purse.h"

enum { DEADLINE_MS = 20000, LINES_MAX = 4096 };

struct fixture {
	struct purse *purse;
	char dir[32];
	char log_path[64];
	int reader; /* the log socket; -1: no syslogd */
	struct loop *loop;
	struct loop_timer *deadline, *tick;
	struct turn *turn;
	struct spool *spool;
	struct trail *trail;
	bool (*until)(struct fixture *f);
	int64_t want;
	bool late;
	int64_t lines[LINES_MAX]; /* the numbers that syslog got */
	size_t line_count;
	int64_t batch;
};

static void
start_syslogd(struct fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(
		address.sun_path, sizeof(address.sun_path), "%s", f->log_path);
	f->reader = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_true(f->reader >= 0);
	assert_int_equal(
		bind(f->reader, (struct sockaddr *)&address, sizeof(address)),
		0);
}

static void
stop_syslogd(struct fixture *f)
{
	close(f->reader);
	f->reader = -1;
	assert_int_equal(unlink(f->log_path), 0);
}

/* Takes what syslog got; each line has its number and the chain's head. */
static void
receive(struct fixture *f)
{
	char line[4096];
	ssize_t n;

	while (f->reader >= 0 &&
		(n = recv(f->reader, line, sizeof(line) - 1, 0)) > 0) {
		const char *at;

		line[n] = '\0';
		at = strstr(line, "audit seq=");
		if (!at)
			continue; /* another line of the log */
		assert_non_null(strstr(line, " event="));
		assert_non_null(strstr(line, " head="));
		assert_true(f->line_count < LINES_MAX);
		f->lines[f->line_count++] = strtoll(at + 10, NULL, 10);
	}
}

static void
on_deadline(void *ctx)
{
	struct fixture *f = ctx;

	f->late = true;
	loop_stop(f->loop);
}

static void
on_tick(void *ctx)
{
	struct fixture *f = ctx;

	receive(f);
	if (f->until(f))
		loop_stop(f->loop);
	else
		loop_timer_at(f->tick, loop_now_ms(f->loop) + 1);
}

static void
run_until(struct fixture *f, bool (*until)(struct fixture *f), int64_t want)
{
	f->until = until;
	f->want = want;
	loop_timer_at(f->deadline, loop_now_ms(f->loop) + DEADLINE_MS);
	loop_timer_at(f->tick, loop_now_ms(f->loop));
	loop_run(f->loop);
	assert_false(f->late);
	receive(f);
}

static void
open_trail(struct fixture *f)
{
	char why[256];

	f->loop = loop_new();
	f->deadline = loop_timer_new(f->loop, on_deadline, f);
	loop_timer_always(f->deadline);
	f->tick = loop_timer_new(f->loop, on_tick, f);
	f->turn = turn_new(f->loop, f->purse->ledger);
	f->spool = spool_open(f->loop, f->dir, (gid_t)-1, (spool_fn *)NULL,
		NULL, why, sizeof(why));
	assert_non_null(f->spool);
	f->trail = trail_new(f->loop, f->turn, f->spool);
}

/* As a crash would end it: nothing is finished. */
static void
close_trail(struct fixture *f)
{
	trail_free(f->trail);
	spool_close(f->spool);
	turn_free(f->turn);
	loop_free(f->loop);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(purse_setup((void **)&f->purse), 0);
	(void)strcpy(f->dir, "/tmp/test_trail.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->log_path, sizeof(f->log_path), "%s/log", f->dir);
	log_open(&(struct log_options){.ident = "topupd",
		.socket = f->log_path,
		.facility = LOG_LOCAL0,
		.level = LOG_AT_ERROR,
		.to_syslog = true});
	start_syslogd(f);
	open_trail(f);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;
	char command[64];

	close_trail(f);
	log_close();
	if (f->reader >= 0)
		stop_syslogd(f);
	(void)snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(purse_teardown((void **)&f->purse), 0);
	free(f);
	return 0;
}

static void
add_event(struct fixture *f, const char *event)
{
	struct ledger_op op = turn_op(f->turn, LEDGER_EVENT);

	(void)snprintf(op.u.event.event, sizeof(op.u.event.event), "%s", event);
	turn_must(f->turn, &op);
}

static bool
has_lines(struct fixture *f)
{
	return (int64_t)f->line_count >= f->want;
}

static bool
has_stored(struct fixture *f)
{
	return ledger_cursor(f->purse->ledger, "syslog") == f->want;
}

static void
assert_counts_up(const int64_t *list, size_t count, int64_t from)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(list[i], from + (int64_t)i);
}

/* ---- syslog ------------------------------------------------------------ */

static void
entries_arrive_once_in_order_and_the_cursor_follows(void **state)
{
	struct fixture *f = *state;
	int64_t head;

	for (int i = 0; i < 300; i++) /* more than one turn sends */
		add_event(f, "test.event");
	receive(f);
	assert_int_equal(f->line_count, 0); /* nothing before the commit */
	run_until(f, has_lines, 300);
	head = ledger_audit_head(f->purse->ledger);
	run_until(f, has_stored, head);
	assert_int_equal(f->line_count, 300);
	assert_counts_up(f->lines, f->line_count, head - 299);
	/* The cursor was no entry itself, and another life goes on there. */
	assert_int_equal(ledger_audit_head(f->purse->ledger), head);
	close_trail(f);
	open_trail(f);
	add_event(f, "test.event");
	run_until(f, has_lines, 301);
	assert_int_equal(f->lines[300], head + 1);
}

static bool
has_turned(struct fixture *f)
{
	return f->want-- <= 0;
}

static void
reader_that_is_away_misses_nothing(void **state)
{
	struct fixture *f = *state;

	add_event(f, "test.event");
	run_until(f, has_lines, 1);
	stop_syslogd(f);
	for (int i = 0; i < 10; i++)
		add_event(f, "test.event");
	run_until(f, has_turned, 20);
	start_syslogd(f);
	run_until(f, has_lines, 11);
	assert_counts_up(f->lines, 11, f->lines[0]);
}

static void
life_that_ends_in_a_crash_sends_again_what_was_not_stored(void **state)
{
	struct fixture *f = *state;
	int64_t first;

	add_event(f, "test.one");
	add_event(f, "test.two");
	run_until(f, has_lines, 2);
	assert_int_equal(ledger_cursor(f->purse->ledger, "syslog"), 0);
	first = f->lines[0];
	close_trail(f);
	f->line_count = 0;
	open_trail(f);
	run_until(f, has_lines, 2);
	assert_counts_up(f->lines, 2, first);
}

static void
finish_sends_and_stores_what_is_left(void **state)
{
	struct fixture *f = *state;
	int64_t head;

	for (int i = 0; i < 8; i++) /* a socket holds ten */
		add_event(f, "test.event");
	assert_int_equal(turn_commit(f->turn), 0);
	head = ledger_audit_head(f->purse->ledger);
	trail_finish(f->trail);
	assert_int_equal(turn_commit(f->turn), 0);
	receive(f);
	assert_int_equal(f->line_count, 8);
	assert_true(has_stored((f->want = head, f)));
}

static void
without_a_log_socket_entries_wait_in_the_ledger(void **state)
{
	struct fixture *f = *state;

	stop_syslogd(f);
	log_open(&(struct log_options){.ident = "topupd",
		.socket = f->log_path,
		.facility = LOG_LOCAL0,
		.level = LOG_AT_ERROR,
		.to_syslog = true}); /* it never was there */
	add_event(f, "test.event");
	run_until(f, has_turned, 20);
	trail_finish(f->trail);
	assert_int_equal(turn_commit(f->turn), 0);
	assert_int_equal(ledger_cursor(f->purse->ledger, "syslog"), 0);
	start_syslogd(f);
}

/* ---- reports ----------------------------------------------------------- */

/* A report by its end, or "". */
static const char *
report(struct fixture *f, int64_t batch)
{
	static char text[400000];
	char command[128];
	FILE *p;
	size_t n;

	(void)snprintf(command, sizeof(command),
		"cat %s/reports/%lld-*.csv 2>/dev/null", f->dir,
		(long long)batch);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(text, 1, sizeof(text) - 1, p);
	text[n] = '\0';
	(void)pclose(p);
	return text;
}

static bool
is_reported(struct fixture *f)
{
	struct ledger_batch b = purse_batch_now(f->purse, f->batch);

	return b.reported == b.generation && b.generation >= f->want;
}

static void
report_is_written_when_nothing_moves_and_after_each_settlement(void **state)
{
	struct fixture *f = *state;
	struct ledger_op op;
	int64_t voucher;

	f->batch = purse_batch(f->purse, 2, "counted");
	add_event(f, "test.event");
	run_until(f, is_reported, 1);
	assert_memory_equal(
		report(f, f->batch), REPORT_HEADER, strlen(REPORT_HEADER));
	assert_string_equal(report(f, f->batch) + strlen(REPORT_HEADER),
		"2,,**********0002,simtel,100.00,self,held,counted,,,0,,\r\n"
		"3,,**********0003,simtel,100.00,self,held,counted,,,0,,\r\n");
	voucher = purse_voucher(f->purse, f->batch, 3);
	op = purse_move(f->purse, voucher, VOUCHER_CANCEL);
	op.u.voucher_move.reason[0] = '\0';
	turn_must(f->turn, &op);
	run_until(
		f, is_reported, purse_batch_now(f->purse, f->batch).generation);
	assert_non_null(strstr(report(f, f->batch),
		"3,,**********0003,simtel,100.00,self,cancelled,,,,0,20"));
	assert_non_null(strstr(report(f, f->batch),
		"2,,**********0002,simtel,100.00,self,held,counted,,,0,,\r\n"));
}

/* A card dialled by purse, and settled later by that. */
static void
settle_later(struct fixture *f, unsigned row, const char *by)
{
	struct purse *p = f->purse;
	int64_t voucher = purse_voucher(p, f->batch, row);
	struct ledger_op op = turn_op(f->turn, LEDGER_EVIDENCE);

	op.u.evidence.attempt = purse_lose(p, voucher);
	op.u.evidence.event = VOUCHER_EVIDENCE;
	op.u.evidence.credited_minor = 10000;
	(void)snprintf(op.u.evidence.by, sizeof(op.u.evidence.by), "%s", by);
	turn_must(f->turn, &op);
	assert_int_equal(turn_commit(f->turn), 0);
}

static void
report_names_the_evidence_that_a_credit_rests_on(void **state)
{
	static const char *const rows[][2] = {
		{"balance", ",loaded,by balance,100.00,"},
		{"sms", ",loaded,by SMS,100.00,"},
		{"proof", ",loaded,by proof,100.00,"},
		{"late_answer", ",loaded,by late answer,100.00,"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f->batch = purse_batch(f->purse, 1, "");
		settle_later(f, 2, rows[i][0]);
		run_until(f, is_reported,
			purse_batch_now(f->purse, f->batch).generation);
		assert_non_null(strstr(report(f, f->batch), rows[i][1]));
	}
	f->batch = purse_batch(f->purse, 1, "");
	purse_end(f->purse,
		purse_dial(f->purse, purse_voucher(f->purse, f->batch, 2)),
		LEDGER_ANSWERED, VERDICT_LOADED, VOUCHER_CREDITED);
	add_event(f, "test.event");
	run_until(
		f, is_reported, purse_batch_now(f->purse, f->batch).generation);
	assert_non_null(strstr(report(f, f->batch), ",loaded,,"));
}

static void
batch_that_can_move_has_no_report(void **state)
{
	struct fixture *f = *state;

	f->batch = purse_batch(f->purse, 2, "");
	add_event(f, "test.event");
	run_until(f, has_turned, 50);
	assert_string_equal(report(f, f->batch), "");
}

static void
long_report_is_whole_and_in_order(void **state)
{
	enum { ROWS = 1700 }; /* several slices */
	struct fixture *f = *state;
	const char *at;

	f->batch = purse_batch(f->purse, ROWS, "counted");
	close_trail(f); /* owed since an earlier life */
	open_trail(f);
	run_until(f, is_reported, 1);
	at = report(f, f->batch) + strlen(REPORT_HEADER);
	for (int i = 0; i < ROWS; i++) {
		assert_int_equal(strtol(at, NULL, 10), i + 2);
		at = strchr(at, '\n');
		assert_non_null(at);
		at++;
	}
	assert_string_equal(at, "");
}

static void
several_batches_are_reported_in_one_round(void **state)
{
	struct fixture *f = *state;
	int64_t first = purse_batch(f->purse, 1, "counted");

	(void)purse_batch(f->purse, 1, "lengths");
	f->batch = purse_batch(f->purse, 1, "counted");
	add_event(f, "test.event");
	run_until(f, is_reported, 1);
	for (int64_t id = first; id <= f->batch; id++)
		assert_non_null(strstr(report(f, id), "held"));
}

static void
report_that_cannot_be_written_stays_owed(void **state)
{
	struct fixture *f = *state;
	char command[128];

	(void)snprintf(command, sizeof(command), "rmdir %s/reports", f->dir);
	assert_int_equal(system(command), 0);
	f->batch = purse_batch(f->purse, 1, "counted");
	add_event(f, "test.event");
	run_until(f, has_turned, 50);
	assert_int_equal(purse_batch_now(f->purse, f->batch).reported, 0);
	/* Another life, the folder back. */
	close_trail(f);
	open_trail(f);
	run_until(f, is_reported, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(entries_arrive_once_in_order_and_the_cursor_follows),
		CASE(reader_that_is_away_misses_nothing),
		CASE(life_that_ends_in_a_crash_sends_again_what_was_not_stored),
		CASE(finish_sends_and_stores_what_is_left),
		CASE(without_a_log_socket_entries_wait_in_the_ledger),
		CASE(report_is_written_when_nothing_moves_and_after_each_settlement),
		CASE(report_names_the_evidence_that_a_credit_rests_on),
		CASE(batch_that_can_move_has_no_report),
		CASE(long_report_is_whole_and_in_order),
		CASE(several_batches_are_reported_in_one_round),
		CASE(report_that_cannot_be_written_stays_owed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
