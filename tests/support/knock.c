/*
 * knock: a process of its own for each request, so that it can be anybody's.
 */
#include "tests/support/knock.h"

#include <errno.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/house.h"

enum { ANSWER_S = 60, CANNOT_BE = 126 };

int
knock_as(struct knock_who who, int (*fn)(void *ctx), void *ctx)
{
	int status = -1;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (who.gid != (gid_t)-1 &&
			(setgroups(0, NULL) != 0 || setgid(who.gid) != 0))
			_exit(CANNOT_BE);
		if (who.uid != (uid_t)-1 && setuid(who.uid) != 0)
			_exit(CANNOT_BE);
		/* Who changes is forgotten as somebody's child. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
			_exit(CANNOT_BE);
		_exit(fn(ctx));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), CANNOT_BE);
	return WEXITSTATUS(status);
}

struct request {
	const char *socket, *line;
	int answer; /* where it is written */
	int file;   /* goes with it, or -1 */
};

static ssize_t
send_with(int sock, const char *line, int file)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} extra = {.bytes = {0}};
	struct iovec piece = {
		.iov_base = (void *)(uintptr_t)line, .iov_len = strlen(line)};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	if (file >= 0) {
		message.msg_control = extra.bytes;
		message.msg_controllen = sizeof(extra.bytes);
		struct cmsghdr *c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &file, sizeof(file));
	}
	return sendmsg(sock, &message, MSG_NOSIGNAL);
}

static int
ask(void *ctx)
{
	const struct request *request = ctx;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	const struct timeval limit = {.tv_sec = ANSWER_S};
	char bytes[4096];
	ssize_t n;
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", request->socket);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return 1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (send_with(fd, request->line, request->file) < 0 ||
		send(fd, "\n", 1, MSG_NOSIGNAL) < 0)
		return 2;
	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
		if (write(request->answer, bytes, (size_t)n) != n)
			return 3;
	}
	return n == 0 || errno == ECONNRESET ? 0 : 4;
}

static char *
ask_as(struct house *h, struct knock_who who, const char *line, int file)
{
	char path[HOUSE_PATH_MAX];
	snprintf(path, sizeof(path), "%s", house_path(h, "run/control.sock"));
	FILE *kept = fopen(house_path(h, "out/answers"), "a+");
	FILE *own = tmpfile();
	assert_true(kept != NULL && own != NULL);
	struct request request = {path, line, fileno(own), file};
	(void)knock_as(who, ask, &request);
	rewind(own);
	char *answer = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&answer, &len);
	assert_non_null(out);
	int c;
	while ((c = getc(own)) != EOF) {
		(void)putc(c, out);
		(void)putc(c, kept);
	}
	assert_int_equal(fclose(out), 0);
	assert_int_equal(fclose(own), 0);
	assert_int_equal(fclose(kept), 0);
	return answer;
}

char *
knock(struct house *h, struct knock_who who, const char *line)
{
	return ask_as(h, who, line, -1);
}

char *
knock_with(struct house *h, struct knock_who who, const char *line,
	const char *text)
{
	int file = memfd_create("knock", MFD_CLOEXEC);
	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	char *answer = ask_as(h, who, line, file);
	assert_int_equal(close(file), 0);
	return answer;
}
