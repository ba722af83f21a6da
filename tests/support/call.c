/*
 * call: topupctl inside the test.
 */
#include "tests/support/call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
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

int
call_ctl(const char *first, ...)
{
	char *words[WORDS_MAX] = {"topupctl"};
	int count = 1;
	va_list args;
	va_start(args, first);
	for (const char *w = first; w != NULL; w = va_arg(args, const char *)) {
		assert_true(count < WORDS_MAX - 1);
		words[count++] = (char *)(uintptr_t)w;
	}
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
