/*
 * call: topupctl inside the test.
 */
#include "tests/support/call.h"

#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/ctl.h"

enum { WORDS_MAX = 24 };

char call_out[65536], call_err[65536];

/* A stream's descriptor, for a while a file in memory. */
struct turned {
	int fd, saved, memory;
};

static struct turned
turn_away(int fd)
{
	struct turned turned = {.fd = fd, .saved = dup(fd)};
	turned.memory = memfd_create("call", MFD_CLOEXEC);
	assert_true(turned.saved >= 0 && turned.memory >= 0);
	assert_int_equal(dup2(turned.memory, fd), fd);
	return turned;
}

static void
turn_back(const struct turned *turned, char *into, size_t cap)
{
	assert_int_equal(dup2(turned->saved, turned->fd), turned->fd);
	ssize_t n = pread(turned->memory, into, cap - 1, 0);
	assert_true(n >= 0);
	into[n] = '\0';
	(void)close(turned->saved); /* both were only for this */
	(void)close(turned->memory);
}

/* How many; the first is the program's own name. */
static int
gather(char *words[WORDS_MAX], const char *first, va_list args)
{
	int count = 0;
	words[count++] = (char *)(uintptr_t) "topupctl";
	for (const char *w = first; w != NULL; w = va_arg(args, const char *)) {
		assert_true(count < WORDS_MAX - 1);
		words[count++] = (char *)(uintptr_t)w;
	}
	words[count] = NULL;
	return count;
}

int
call_ctl(const char *first, ...)
{
	char *words[WORDS_MAX];
	va_list args;
	va_start(args, first);
	int count = gather(words, first, args);
	va_end(args);
	(void)fflush(NULL);
	struct turned out = turn_away(STDOUT_FILENO);
	struct turned err = turn_away(STDERR_FILENO);
	int status = ctl_main(count, words);
	(void)fflush(NULL);
	turn_back(&out, call_out, sizeof(call_out));
	turn_back(&err, call_err, sizeof(call_err));
	return status;
}

/* What stands on the terminal until the child has left it. */
static void
read_terminal(int fd)
{
	size_t len = 0;
	char c;
	while (read(fd, &c, 1) == 1)
		if (c != '\r' && len + 1 < sizeof(call_out))
			call_out[len++] = c;
	call_out[len] = '\0';
}

int
call_ctl_on_terminal(unsigned columns, const char *first, ...)
{
	char *words[WORDS_MAX];
	struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};
	int fd, status;
	va_list args;
	va_start(args, first);
	int count = gather(words, first, args);
	va_end(args);
	(void)fflush(NULL);
	pid_t pid = forkpty(&fd, NULL, NULL, &size);
	assert_true(pid >= 0);
	if (pid == 0) {
		int from = 1;
		for (; from < count && strchr(words[from], '=') != NULL; from++)
			(void)putenv(words[from]);
		words[from - 1] = words[0];
		tzset();
		status = ctl_main(count - from + 1, words + from - 1);
		(void)fflush(NULL);
		_exit(status);
	}
	read_terminal(fd);
	(void)close(fd); /* all of it was read */
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}
