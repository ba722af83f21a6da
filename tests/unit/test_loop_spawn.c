/*
 * Programs that the loop runs, on real processes. Nothing sleeps: the loop
 * runs until what a test waits for, and a deadline makes it fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/loop.h"

enum { DEADLINE_MS = 20000, LONG_MS = 60000 };

static struct {
	struct loop *loop;
	struct loop_timer *deadline;
	struct loop_child *child;
	unsigned ends;
	struct loop_ended ended;
	char said[512];
	char path[64];
	bool held;
} f;

static void
on_deadline(void *ctx)
{
	(void)ctx;
	loop_stop(f.loop);
}

static void
on_ended(void *ctx, const struct loop_ended *ended)
{
	assert_ptr_equal(ctx, &f);
	f.ends++;
	f.ended = *ended;
	(void)snprintf(f.said, sizeof(f.said), "%s", ended->said);
	loop_stop(f.loop);
}

static int
setup(void **state)
{
	(void)state;
	memset(&f, 0, sizeof(f));
	f.loop = loop_new();
	f.deadline = loop_timer_new(f.loop, on_deadline, NULL);
	loop_timer_always(f.deadline);
	(void)snprintf(f.path, sizeof(f.path), "/tmp/test_loop_spawn.XXXXXX");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	loop_free(f.loop);
	(void)unlink(f.path); /* some tests make none */
	return 0;
}

static void
write_script(const char *text)
{
	int fd = mkstemp(f.path);
	FILE *file = fdopen(fd, "w");

	assert_non_null(file);
	(void)fprintf(file, "#!/bin/sh\n%s\n", text);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(f.path, 0700), 0);
}

static void
run_for(int64_t ms)
{
	loop_timer_at(f.deadline, loop_now_ms(f.loop) + ms);
	loop_run(f.loop);
}

static void
start(const char *path, int64_t limit_ms)
{
	struct loop_program program = {
		.path = path, .argument = "shop1", .limit_ms = limit_ms};

	f.child = loop_spawn(f.loop, &program, on_ended, &f);
	assert_int_equal(f.ends, 0);
}

static void
run_script(const char *text)
{
	write_script(text);
	start(f.path, LONG_MS);
	run_for(DEADLINE_MS);
	assert_int_equal(f.ends, 1);
}

static void
program_gets_its_argument_and_its_end_is_told(void **state)
{
	(void)state;
	run_script("echo \"$#: $1\"; echo oops >&2; exit 3");
	assert_string_equal(f.said, "1: shop1 oops");
	assert_int_equal(f.ended.status, 3);
	assert_int_equal(f.ended.signal, 0);
	assert_false(f.ended.late);
}

static void
program_gets_no_environment_input_or_descriptor(void **state)
{
	(void)state;
	assert_int_equal(setenv("TOPUP_SECRET", "12345678901234", 1), 0);
	assert_int_equal(dup2(STDERR_FILENO, 77), 77); /* no CLOEXEC */
	run_script("echo \"$TOPUP_SECRET|$HOME|$(cat)|$(pwd)|\"; "
		   "exec ls /proc/self/fd");
	assert_string_equal(f.said, "|||/| 0 1 2 3"); /* the folder is 3 */
	(void)close(77);
}

static void
program_that_is_not_there_ends_in_a_later_turn(void **state)
{
	(void)state;
	start("/nonexistent/program", LONG_MS);
	run_for(DEADLINE_MS);
	assert_int_equal(f.ends, 1);
	assert_int_equal(f.ended.status, 127);
}

/* With all that it started: its child holds no output that we wait for. */
static void
program_is_ended_at_its_limit(void **state)
{
	(void)state;
	write_script("sleep 1000 & wait");
	start(f.path, 100);
	run_for(DEADLINE_MS);
	assert_int_equal(f.ends, 1);
	assert_true(f.ended.late);
	assert_int_equal(f.ended.signal, 15);
}

static void
program_that_will_not_end_is_killed(void **state)
{
	(void)state;
	write_script("trap '' TERM; while :; do sleep 1; done");
	start(f.path, 300);
	run_for(DEADLINE_MS);
	assert_int_equal(f.ends, 1);
	assert_true(f.ended.late);
	assert_int_equal(f.ended.signal, 9);
}

static void
output_is_bounded_and_printable(void **state)
{
	(void)state;
	run_script("printf 'a\\033[2Jb\\n'; head -c 1000000 /dev/zero | "
		   "tr '\\000' x; exit 0");
	assert_true(strlen(f.said) < 200);
	assert_memory_equal(f.said, "a [2Jb xxx", 10);
}

static void
end_is_not_told_while_the_loop_is_held(void **state)
{
	(void)state;
	write_script("exit 0");
	loop_hold(f.loop, true);
	start(f.path, LONG_MS);
	run_for(500);
	assert_int_equal(f.ends, 0);
	loop_hold(f.loop, false);
	run_for(DEADLINE_MS);
	assert_int_equal(f.ends, 1);
}

static void
forgotten_program_tells_nothing(void **state)
{
	(void)state;
	write_script("exit 0");
	start(f.path, LONG_MS);
	loop_child_forget(f.child);
	run_for(500);
	assert_int_equal(f.ends, 0);
}

/* Half of switching a power off and on would be worse than either. */
static void
program_outlives_the_loop(void **state)
{
	char text[256];
	char done[80];

	(void)state;
	(void)snprintf(
		done, sizeof(done), "/tmp/test_loop_spawn.%ld", (long)getpid());
	(void)snprintf(text, sizeof(text),
		"sleep 0.3; echo; echo; echo done >%s; echo", done);
	write_script(text);
	start(f.path, LONG_MS);
	loop_free(f.loop);
	f.loop = loop_new();
	f.deadline = loop_timer_new(f.loop, on_deadline, NULL);
	for (int i = 0; i < 100 && access(done, F_OK) != 0; i++)
		run_for(100);
	assert_int_equal(access(done, F_OK), 0);
	assert_int_equal(f.ends, 0);
	(void)unlink(done);
}

/* More than a pipe holds, to one that reads and to one that does not. */
static void
program_reads_its_input_from_its_beginning(void **state)
{
	enum { MUCH = 300000 };
	static char much[MUCH];
	struct loop_program program = {.path = f.path, .limit_ms = LONG_MS};

	(void)state;
	memset(much, 'x', sizeof(much));
	memcpy(much, "{\"seq\":1}\n", 10);
	program.input = span_of(much, sizeof(much));
	write_script("read line; echo \"$#: $line\"; wc -c; "
		     "echo more >&0; exec ls /proc/self/fd");
	f.child = loop_spawn(f.loop, &program, on_ended, &f);
	memset(much, 'y', sizeof(much)); /* it was copied */
	run_for(DEADLINE_MS);
	assert_int_equal(f.ends, 1);
	assert_non_null(strstr(f.said, "0: {\"seq\":1} 299990"));
	assert_non_null(strstr(f.said, "0 1 2 3"));
	assert_null(strstr(f.said, "3 4"));
	(void)unlink(f.path);
	(void)strcpy(f.path, "/tmp/test_loop_spawn.XXXXXX");
	write_script("exit 4"); /* reads nothing */
	f.child = loop_spawn(f.loop, &program, on_ended, &f);
	run_for(DEADLINE_MS);
	assert_int_equal(f.ends, 2);
	assert_int_equal(f.ended.status, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(program_gets_its_argument_and_its_end_is_told),
		TEST(program_gets_no_environment_input_or_descriptor),
		TEST(program_that_is_not_there_ends_in_a_later_turn),
		TEST(program_is_ended_at_its_limit),
		TEST(program_that_will_not_end_is_killed),
		TEST(output_is_bounded_and_printable),
		TEST(end_is_not_told_while_the_loop_is_held),
		TEST(forgotten_program_tells_nothing),
		TEST(program_outlives_the_loop),
		TEST(program_reads_its_input_from_its_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
