/*
 * The program of on_event over a real ledger, a real loop and real programs.
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
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/event.h"
#include "agent/event_run.h"
#include "agent/json.h"
#include "agent/loop.h"
#include "agent/turn.h"
#include "tests/support/purse.h"

enum { DEADLINE_MS = 20000 };

struct fixture {
	struct purse *purse;
	char dir[48];
	char program[80];
	struct loop *loop;
	struct loop_timer *deadline, *tick;
	struct turn *turn;
	struct event_run *run;
	bool (*until)(struct fixture *f);
	size_t want;
	bool late;
	char text[65536]; /* what programs wrote */
};

static const char *
path_of(const struct fixture *f, const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	return path;
}

/* A shell script; out is the file that read_out() reads. */
static void
write_program(struct fixture *f, const char *text)
{
	FILE *file = fopen(f->program, "w");

	assert_non_null(file);
	(void)fprintf(
		file, "#!/bin/sh\ndir=%s\nout=$dir/out\n%s\n", f->dir, text);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(f->program, 0700), 0);
}

static const char *
read_out(struct fixture *f)
{
	FILE *file = fopen(path_of(f, "out"), "r");
	size_t n = file ? fread(f->text, 1, sizeof(f->text) - 1, file) : 0;

	f->text[n] = '\0';
	if (file)
		(void)fclose(file);
	return f->text;
}

static size_t
count(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)); text++)
		n++;
	return n;
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

	if (f->until(f))
		loop_stop(f->loop);
	else
		loop_timer_at(f->tick, loop_now_ms(f->loop) + 2);
}

static void
run_until(struct fixture *f, bool (*until)(struct fixture *f), size_t want)
{
	f->until = until;
	f->want = want;
	loop_timer_at(f->deadline, loop_now_ms(f->loop) + DEADLINE_MS);
	loop_timer_at(f->tick, loop_now_ms(f->loop));
	loop_run(f->loop);
	assert_false(f->late);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(purse_setup((void **)&f->purse), 0);
	(void)strcpy(f->dir, "/tmp/test_event_run.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->program, sizeof(f->program), "%s/program", f->dir);
	f->loop = loop_new();
	f->deadline = loop_timer_new(f->loop, on_deadline, f);
	f->tick = loop_timer_new(f->loop, on_tick, f);
	f->turn = turn_new(f->loop, f->purse->ledger);
	f->run = event_run_new(f->loop, f->turn);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;
	char command[80];

	event_run_free(f->run);
	turn_free(f->turn);
	loop_free(f->loop);
	(void)snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(purse_teardown((void **)&f->purse), 0);
	free(f);
	return 0;
}

static void
add_event(struct fixture *f, const char *event, const char *note)
{
	struct ledger_op op = turn_op(f->turn, LEDGER_EVENT);

	(void)snprintf(op.u.event.event, sizeof(op.u.event.event), "%s", event);
	(void)snprintf(op.u.event.modem, sizeof(op.u.event.modem), "shop1");
	(void)snprintf(op.u.event.note, sizeof(op.u.event.note), "%s", note);
	turn_must(f->turn, &op);
}

static bool
has_lines(struct fixture *f)
{
	return count(read_out(f), "\n") >= f->want;
}

static bool
has_turned(struct fixture *f)
{
	return f->want-- == 0;
}

static void
event_is_one_line_of_json_on_standard_input_alone(void **state)
{
	struct fixture *f = *state;
	static const char *const keys[] = {"seq", "at", "event", "voucher",
		"batch", "modem", "who", "note", "hash", NULL};
	char why[128];

	write_program(f, "{ echo \"$#\"; cat; } >>$out");
	event_run_set(f->run, f->program);
	add_event(f, "modem.ready", "a \"quoted\"\nnote");
	assert_string_equal(read_out(f), ""); /* nothing before the commit */
	run_until(f, has_lines, 2);
	assert_memory_equal(f->text, "0\n{", 3); /* no arguments */
	assert_int_equal(count(f->text, "\n"), 2);
	struct json *o = json_parse(span_str(f->text + 2), why, sizeof(why));
	assert_non_null(o);
	assert_null(json_stranger(o, keys));
	assert_string_equal(json_get_text(o, "event"), "modem.ready");
	assert_string_equal(json_get_text(o, "modem"), "shop1");
	assert_string_equal(json_get_text(o, "note"), "a \"quoted\"\nnote");
	assert_int_equal(strlen(json_get_text(o, "hash")), 64);
	json_free(o);
}

static void
only_events_are_told_and_only_those_after_it_was_set(void **state)
{
	struct fixture *f = *state;

	write_program(f, "cat >>$out");
	add_event(f, "modem.ready", "before");
	assert_int_equal(turn_commit(f->turn), 0);
	event_run_set(f->run, f->program);
	add_event(f, "modem.recovery", "no event");
	add_event(f, "modem.absent", "first");
	add_event(f, "daemon.reload", "no event");
	add_event(f, "alarm.modem", "second");
	run_until(f, has_lines, 2);
	run_until(f, has_turned, 20);
	assert_int_equal(count(read_out(f), "\n"), 2);
	assert_int_equal(count(f->text, "first"), 1);
	assert_int_equal(count(f->text, "second"), 1);
	event_run_set(f->run, NULL);
	add_event(f, "modem.absent", "after");
	run_until(f, has_turned, 20);
	assert_int_equal(count(read_out(f), "\n"), 2);
}

/* Its card's PIN is masked in it, as in the audit. */
static void
end_of_a_voucher_is_an_event_without_its_pin(void **state)
{
	struct fixture *f = *state;
	int64_t batch = purse_batch(f->purse, 1, "");

	write_program(f, "cat >>$out");
	event_run_set(f->run, f->program);
	struct ledger_op op = turn_op(f->turn, LEDGER_VOUCHER_MOVE);
	op.u.voucher_move = purse_move(
		f->purse, purse_voucher(f->purse, batch, 2), VOUCHER_CANCEL)
	                            .u.voucher_move;
	op.u.voucher_move.reason[0] = '\0';
	turn_must(f->turn, &op);
	run_until(f, has_lines, 2);
	assert_int_equal(count(f->text, "\"event\":\"voucher.cancelled\""), 1);
	assert_int_equal(count(f->text, "\"event\":\"batch.finished\""), 1);
	assert_int_equal(count(f->text, "**********0002"), 1);
}

/* Those that wrote down their number. */
static void
end_programs(struct fixture *f)
{
	FILE *file = fopen(path_of(f, "pids"), "r");
	long pid;

	assert_non_null(file);
	while (fscanf(file, "%ld", &pid) == 1)
		assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
	assert_int_equal(fclose(file), 0);
}

static bool
has_started(struct fixture *f)
{
	return count(read_out(f), "started\n") >= f->want;
}

/* Those that hang stop neither the loop nor, with more than can wait, grow
 * anything: the oldest go. */
static void
program_that_hangs_costs_only_its_own_events(void **state)
{
	struct fixture *f = *state;
	enum { MANY = EVENT_QUEUE_MAX + EVENT_RUN_MAX + 50 };

	write_program(
		f, "echo $$ >>$dir/pids; echo started >>$out; exec sleep 60");
	event_run_set(f->run, f->program);
	for (int i = 0; i < EVENT_RUN_MAX; i++)
		add_event(f, "modem.ready", "");
	run_until(f, has_started, EVENT_RUN_MAX);
	for (int i = EVENT_RUN_MAX; i < MANY; i++)
		add_event(f, "modem.ready", "");
	run_until(f, has_turned, 20);
	assert_int_equal(count(read_out(f), "started\n"), EVENT_RUN_MAX);
	assert_int_equal(event_run_dropped(f->run), 50);
	end_programs(f);
}

static void
program_that_fails_or_reads_nothing_harms_nobody(void **state)
{
	struct fixture *f = *state;

	write_program(f, "echo x >>$out; printf '\\033[2Jsaid\\n' >&2; exit 3");
	event_run_set(f->run, f->program);
	for (int i = 0; i < 10; i++)
		add_event(f, "modem.ready", "");
	run_until(f, has_lines, 10);
	event_run_set(f->run, "/nonexistent/program");
	add_event(f, "modem.ready", "");
	run_until(f, has_turned, 20);
	event_run_set(f->run, f->program);
	add_event(f, "modem.ready", "");
	run_until(f, has_lines, 11);
	assert_int_equal(event_run_dropped(f->run), 0);
}

static void
documents_name_the_events_that_there_are(void **state)
{
	static char text[65536];
	FILE *file = fopen("conf/topupd.conf", "r");
	const char *name;

	(void)state;
	assert_non_null(file); /* tests run where the sources are */
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	assert_int_equal(fclose(file), 0);
	for (size_t i = 0; (name = event_name(i)); i++) {
		const char *dot = strchr(name, '.');
		char area[32];

		assert_true(event_is_told(name));
		(void)snprintf(area, sizeof(area), "//   %.*s.",
			(int)(dot - name), name);
		if (strstr(name, "_over")
				? !strstr(text, "_over")
				: !strstr(text, area) || !strstr(text, dot))
			fail_msg("conf/topupd.conf does not name %s", name);
	}
	assert_false(event_is_told("voucher.dialing"));
	assert_false(event_is_told(""));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(event_is_one_line_of_json_on_standard_input_alone),
		CASE(only_events_are_told_and_only_those_after_it_was_set),
		CASE(end_of_a_voucher_is_an_event_without_its_pin),
		CASE(program_that_hangs_costs_only_its_own_events),
		CASE(program_that_fails_or_reads_nothing_harms_nobody),
		cmocka_unit_test(documents_name_the_events_that_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
