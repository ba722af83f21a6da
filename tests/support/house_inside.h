/*
 * house_inside: what the files of house share among themselves; no test
 * includes it.
 */
#ifndef TESTS_SUPPORT_HOUSE_INSIDE_H
#define TESTS_SUPPORT_HOUSE_INSIDE_H

#include "tests/support/house.h"

struct house_command {
	const char *program;
	const char *const *argv;
	int in;                /* -1: /dev/null */
	const char *out, *err; /* files, appended to */
	uid_t uid;             /* 0: as the test */
	gid_t gid;
};

/* Starts a program that dies with the test. */
pid_t house_spawn(const struct house_command *command);

/* A moment on a clock that never jumps, in ms. */
int64_t house_now_ms(void);
/* Lets some milliseconds of a poll pass. */
void house_breathe(void);
/* The deadline of a wait that begins now. */
int64_t house_deadline(const struct house *h);

/* Polls until topupctl gets an answer. */
void house_until_answers(struct house *h);

/* What the command line and environment of a process hold, kept for
 * house_assert_secret(). */
void house_note_process(const struct house *h, pid_t pid);

/* The syslog socket's reader. */
struct house_syslog *house_syslog_open(const char *path, const char *log);
void house_syslog_close(struct house_syslog *s);

#endif
