/*
 * The log against a log socket of its own in a temporary folder, and
 * against a pipe in the place of stderr.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
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

struct fixture {
	char dir[32];
	char path[64];
	int reader; /* the log socket; -1: no syslogd */
	int tty;    /* the real stderr, while a pipe stands for it */
	int pipe[2];
	char got[8192];
};

static void
start_syslogd(struct fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(
		address.sun_path, sizeof(address.sun_path), "%s", f->path);
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
}

/* The next datagram, "" when there is none. */
static const char *
received(struct fixture *f)
{
	ssize_t n = recv(f->reader, f->got, sizeof(f->got) - 1, 0);

	f->got[n > 0 ? n : 0] = '\0';
	return f->got;
}

static const char *
on_stderr(struct fixture *f)
{
	ssize_t n = read(f->pipe[0], f->got, sizeof(f->got) - 1);

	f->got[n > 0 ? n : 0] = '\0';
	return f->got;
}

static void
open_log(struct fixture *f, bool to_syslog, bool to_stderr)
{
	log_open(&(struct log_options){.ident = "topupd",
		.socket = f->path,
		.facility = LOG_LOCAL0,
		.level = LOG_AT_INFO,
		.to_syslog = to_syslog,
		.to_stderr = to_stderr});
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/test_log.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->path, sizeof(f->path), "%s/log", f->dir);
	f->reader = -1;
	assert_int_equal(pipe2(f->pipe, O_NONBLOCK), 0);
	f->tty = dup(STDERR_FILENO);
	assert_int_equal(dup2(f->pipe[1], STDERR_FILENO), STDERR_FILENO);
	close(f->pipe[1]);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	log_close();
	assert_int_equal(dup2(f->tty, STDERR_FILENO), STDERR_FILENO);
	close(f->tty);
	if (f->pipe[0] >= 0)
		close(f->pipe[0]);
	if (f->reader >= 0)
		stop_syslogd(f);
	unlink(f->path);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

/* "<PRI>topupd[PID]: " and then text. */
static void
assert_line(const char *line, int severity, const char *text)
{
	char want[4096];

	(void)snprintf(want, sizeof(want), "<%d>topupd[%d]: %s",
		LOG_LOCAL0 | severity, (int)getpid(), text);
	assert_string_equal(line, want);
}

static void
line_reaches_a_socket_that_comes_goes_and_comes(void **state)
{
	struct fixture *f = *state;

	open_log(f, true, false);
	log_line(LOG_AT_ERROR, "spool lost=%d", 1);
	assert_int_equal(log_try("audit seq=1"), -ENOTCONN);
	start_syslogd(f);
	log_line(LOG_AT_WARNING, "spool back=%d", 2);
	assert_line(received(f), LOG_WARNING, "warning log lost lines=1");
	assert_line(received(f), LOG_WARNING, "warning spool back=2");
	assert_int_equal(log_try("audit seq=1 head=ab"), 0);
	assert_line(received(f), LOG_NOTICE, "audit seq=1 head=ab");
	stop_syslogd(f);
	/* It was there: its daemon will be back, no other channel counts. */
	assert_int_equal(log_try("audit seq=2"), -EAGAIN);
	unlink(f->path);
	assert_int_equal(log_try("audit seq=2"), -EAGAIN);
	log_line(LOG_AT_INFO, "x");
	log_line(LOG_AT_INFO, "y");
	start_syslogd(f);
	assert_int_equal(log_try("audit seq=2"), 0);
	assert_line(received(f), LOG_NOTICE, "audit seq=2");
	log_line(LOG_AT_INFO, "z");
	assert_line(received(f), LOG_WARNING, "warning log lost lines=2");
	assert_line(received(f), LOG_INFO, "info z");
	assert_string_equal(received(f), "");
}

/* ctx is the fixture. */
static void *
read_one(void *ctx)
{
	(void)received(ctx);
	return NULL;
}

static void
reader_that_is_behind_is_waited_for_at_the_end(void **state)
{
	struct fixture *f = *state;
	pthread_t reader;

	start_syslogd(f);
	open_log(f, true, false);
	while (log_try("audit") == 0)
		;
	log_wait(1); /* for nothing */
	assert_int_equal(log_try("audit"), -EAGAIN);
	assert_int_equal(pthread_create(&reader, NULL, read_one, f), 0);
	log_wait(60000);
	assert_int_equal(log_try("audit"), 0);
	assert_int_equal(pthread_join(reader, NULL), 0);
}

static void
reader_that_stalls_costs_lines_but_no_time(void **state)
{
	struct fixture *f = *state;
	int taken = 0;
	char want[64];

	start_syslogd(f);
	open_log(f, true, false);
	while (taken < 100000 && log_try("audit") == 0)
		taken++;
	assert_int_equal(log_try("audit"), -EAGAIN);
	for (int i = 0; i < 7; i++)
		log_line(LOG_AT_NOTICE, "n");
	for (int i = 0; i < taken; i++)
		assert_line(received(f), LOG_NOTICE, "audit");
	assert_string_equal(received(f), "");
	log_line(LOG_AT_NOTICE, "n");
	(void)snprintf(want, sizeof(want), "warning log lost lines=%d", 7);
	assert_line(received(f), LOG_WARNING, want);
	assert_line(received(f), LOG_NOTICE, "notice n");
}

static void
lines_above_the_level_are_dropped_and_not_counted(void **state)
{
	struct fixture *f = *state;

	start_syslogd(f);
	open_log(f, true, false);
	log_line(LOG_AT_DEBUG, "d");
	log_line(LOG_AT_INFO, "i");
	assert_line(received(f), LOG_INFO, "info i");
	assert_string_equal(received(f), "");
}

static void
foreign_text_is_shown_but_never_obeyed(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"a\nb", "a\\x0ab"},
		{"a\x1b[31m\r\tb\x7f", "a\\x1b[31m\\x0d\\x09b\\x7f"},
		{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
			"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"\xc2\x9b\x33", "\\xc2\\x9b3"},     /* C1 control */
		{"\xff\xc3", "\\xff\\xc3"},          /* no UTF-8, cut */
		{"\xc0\x8a", "\\xc0\\x8a"},          /* overlong */
		{"\xe0\x80\x8a", "\\xe0\\x80\\x8a"}, /* overlong */
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
		{"\xf0\x80\x80\x8a", "\\xf0\\x80\\x80\\x8a"}, /* overlong */
		{"\xf4\x90\x80\x80",
			"\\xf4\\x90\\x80\\x80"}, /* beyond 10FFFF */
		{"\xf5\x80", "\\xf5\\x80"},
		{"\xe2\x82(", "\\xe2\\x82("},
		{"", ""},
	};
	struct fixture *f = *state;

	start_syslogd(f);
	open_log(f, true, false);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(log_try(cases[i].in), 0);
		assert_line(received(f), LOG_NOTICE, cases[i].out);
	}
}

static void
over_long_lines_are_cut(void **state)
{
	struct fixture *f = *state;
	char text[9000];

	start_syslogd(f);
	open_log(f, true, true);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_line(LOG_AT_INFO, "%s", text);
	assert_true(strlen(received(f)) > 3000 && strlen(f->got) < 3200);
	assert_true(strlen(on_stderr(f)) > 3000 && strlen(f->got) < 3200);
	assert_int_equal(f->got[strlen(f->got) - 1], '\n');
	memset(text, '\n', sizeof(text) - 1);
	assert_int_equal(log_try(text), 0); /* each grows to four bytes */
	assert_true(strlen(received(f)) > 3000 && strlen(f->got) < 3200);
	assert_int_equal(strlen(on_stderr(f)) % 4, 1);
}

static void
stderr_gets_lines_when_asked(void **state)
{
	struct fixture *f = *state;

	open_log(f, false, true);
	log_line(LOG_AT_NOTICE, "modem up=%s", "a\n");
	assert_string_equal(on_stderr(f), "notice modem up=a\\x0a\n");
	assert_int_equal(log_try("audit seq=1"), 0);
	assert_string_equal(on_stderr(f), "audit seq=1\n");
	open_log(f, true, true);
	assert_int_equal(log_try("audit seq=2"), 0); /* no socket here */
	assert_string_equal(on_stderr(f), "audit seq=2\n");
	open_log(f, false, false);
	assert_int_equal(log_try("audit seq=3"), -ENOTCONN);
	log_line(LOG_AT_NOTICE, "gone");
	assert_string_equal(on_stderr(f), "");
}

static void
stderr_that_is_full_never_blocks(void **state)
{
	struct fixture *f = *state;
	char text[1000];
	int taken = 0;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	start_syslogd(f);
	open_log(f, true, true);
	while (taken < 10000 && log_try(text) == 0) {
		assert_string_not_equal(received(f), "");
		taken++;
	}
	assert_int_equal(log_try(text), -EAGAIN);
	/* It is tried again: syslog must not have it twice. */
	assert_string_equal(received(f), "");
	open_log(f, false, true);
	log_line(LOG_AT_INFO, "lost");
	for (int i = 0; i < taken; i++)
		(void)on_stderr(f);
	log_line(LOG_AT_INFO, "new");
	assert_string_equal(
		on_stderr(f), "warning log lost lines=1\ninfo new\n");
}

static void
stderr_without_a_reader_is_no_channel(void **state)
{
	struct fixture *f = *state;

	close(f->pipe[0]);
	f->pipe[0] = -1;
	start_syslogd(f);
	open_log(f, true, true);
	assert_int_equal(log_try("audit seq=1"), 0); /* and no SIGPIPE */
	assert_line(received(f), LOG_NOTICE, "audit seq=1");
	open_log(f, false, true);
	assert_int_equal(log_try("audit seq=2"), -ENOTCONN);
}

static void
facilities_and_levels_have_names(void **state)
{
	int facility = -1;
	enum log_level level = LOG_AT_DEBUG;

	(void)state;
	assert_int_equal(log_facility_from_name("local9", &facility), -EINVAL);
	assert_int_equal(facility, -1);
	assert_int_equal(log_facility_from_name("local0", &facility), 0);
	assert_int_equal(facility, LOG_LOCAL0);
	assert_int_equal(log_level_from_name("loud", &level), -EINVAL);
	assert_int_equal(level, LOG_AT_DEBUG);
	assert_int_equal(log_level_from_name("warning", &level), 0);
	assert_int_equal(level, LOG_AT_WARNING);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(line_reaches_a_socket_that_comes_goes_and_comes),
		CASE(reader_that_is_behind_is_waited_for_at_the_end),
		CASE(reader_that_stalls_costs_lines_but_no_time),
		CASE(lines_above_the_level_are_dropped_and_not_counted),
		CASE(foreign_text_is_shown_but_never_obeyed),
		CASE(over_long_lines_are_cut),
		CASE(stderr_gets_lines_when_asked),
		CASE(stderr_that_is_full_never_blocks),
		CASE(stderr_without_a_reader_is_no_channel),
		CASE(facilities_and_levels_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
