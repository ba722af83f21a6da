/*
 * topupctl backup: what becomes of FILE when nothing good came of it. That
 * a good one is whole, a scenario shows with the real daemon.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/call.h"

static char dir[64], sock[96], file[96];

static int
set_up(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/test_backup.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(sock, sizeof(sock), "%s/control.sock", dir);
	(void)snprintf(file, sizeof(file), "%s/backup.db", dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink(sock);
	(void)unlink(file);
	return rmdir(dir);
}

/* A daemon for one question, that fills no file. */
static pid_t
daemon_with(const char *answer)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", sock);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(
		bind(listener, (struct sockaddr *)&address, sizeof(address)),
		0);
	assert_int_equal(listen(listener, 1), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char request[256];
		int fd = accept(listener, NULL, NULL);
		(void)recv(fd, request, sizeof(request), 0);
		(void)send(fd, answer, strlen(answer), MSG_NOSIGNAL);
		_exit(0);
	}
	(void)close(listener);
	return pid;
}

static void
file_that_exists_is_left_as_it_is(void **state)
{
	char text[8] = "";
	(void)state;
	FILE *f = fopen(file, "w");
	(void)fputs("old", f);
	(void)fclose(f);
	assert_int_equal(call_ctl("backup", file, "--socket", sock, NULL), 1);
	assert_non_null(strstr(call_err, "exists already"));
	f = fopen(file, "r");
	assert_int_equal(fread(text, 1, sizeof(text), f), 3);
	(void)fclose(f);
	assert_string_equal(text, "old");
}

static void
file_is_gone_when_no_backup_was_made(void **state)
{
	(void)state;
	static const struct {
		const char *answer; /* NULL: no daemon */
		int status;
		const char *said;
	} rows[] = {
		{NULL, 3, "does not answer"},
		{"{\"error\":\"no room\",\"exit\":1}\n", 1, "no room"},
		{"", 3, "left before it had answered"},
		/* It says that it did, and the file says another thing. */
		{"{\"done\":{\"seq\":7,\"head\":\"aa\",\"key_id\":\"k\","
		 "\"bytes\":4096},\"exit\":0}\n",
			1, "no backup was made"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pid_t pid = rows[i].answer != NULL ? daemon_with(rows[i].answer)
		                                   : 0;
		int status = call_ctl("backup", file, "--socket", sock, NULL);
		if (pid > 0)
			(void)waitpid(pid, NULL, 0);
		(void)unlink(sock);
		if (status != rows[i].status ||
			strstr(call_err, rows[i].said) == NULL)
			fail_msg("row %zu: %d, %s", i, status, call_err);
		assert_string_equal(call_out, "");
		assert_int_not_equal(access(file, F_OK), 0);
	}
}

static void
folder_that_is_not_there_is_said(void **state)
{
	(void)state;
	assert_int_equal(call_ctl("backup", "/nonexistent/backup.db",
				 "--socket", sock, NULL),
		1);
	assert_non_null(strstr(call_err, "No such file"));
}

int
main(void)
{
#define CTL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CTL_TEST(file_that_exists_is_left_as_it_is),
		CTL_TEST(file_is_gone_when_no_backup_was_made),
		CTL_TEST(folder_that_is_not_there_is_said),
	};
	return cmocka_run_group_tests_name("ctl_backup", tests, NULL, NULL);
}
