/*
 * teller: a daemon with a prepared answer.
 */
#include "tests/support/teller.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

char teller_dir[64], teller_sock[96];
static pid_t pid;

int
teller_setup(void **state)
{
	(void)state;
	(void)snprintf(teller_dir, sizeof(teller_dir), "/tmp/teller.XXXXXX");
	(void)setenv("TZ", "UTC0", 1);
	(void)setenv("LC_ALL", "C.UTF-8", 1);
	tzset();
	if (mkdtemp(teller_dir) == NULL)
		return -1;
	(void)snprintf(teller_sock, sizeof(teller_sock), "%s/control.sock",
		teller_dir);
	return 0;
}

int
teller_teardown(void **state)
{
	(void)state;
	DIR *dir = opendir(teller_dir);
	for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.')
			(void)unlink(teller_path(e->d_name));
	if (dir != NULL)
		(void)closedir(dir);
	return rmdir(teller_dir);
}

const char *
teller_path(const char *name)
{
	static char path[512];
	(void)snprintf(path, sizeof(path), "%s/%s", teller_dir, name);
	return path;
}

const char *
teller_read(const char *name)
{
	static char bytes[65536];
	FILE *file = fopen(teller_path(name), "r");
	if (file == NULL)
		return NULL;
	size_t n = fread(bytes, 1, sizeof(bytes) - 1, file);
	bytes[n] = '\0';
	(void)fclose(file);
	return bytes;
}

/* Child: one connection. A person's Ctrl-C and its own reader may leave. */
static void
serve(int listener, const char *answer)
{
	char request[8192];
	size_t len = 0;
	int fd = accept(listener, NULL, NULL);
	while (len < sizeof(request)) {
		ssize_t n = recv(fd, request + len, sizeof(request) - len, 0);
		if (n <= 0)
			break;
		len += (size_t)n;
		if (request[len - 1] == '\n')
			break;
	}
	FILE *to = fopen(teller_path("request"), "w");
	(void)fwrite(request, 1, len, to);
	(void)fclose(to);
	for (size_t at = 0, end = strlen(answer); at < end;) {
		ssize_t n = send(fd, answer + at, end - at, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	(void)close(fd);
	_exit(0);
}

void
teller_will_say(const char *answer)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(
		address.sun_path, sizeof(address.sun_path), "%s", teller_sock);
	(void)unlink(teller_sock);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		bind(listener, (struct sockaddr *)&address, sizeof(address)),
		0);
	assert_int_equal(listen(listener, 1), 0);
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		serve(listener, answer);
	(void)close(listener); /* the child has it */
}

const char *
teller_asked(void)
{
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	const char *request = teller_read("request");
	assert_non_null(request);
	return request;
}
