/*
 * fakewire: a port that is a script: it keeps what was written, answers each
 * command by a table, and hands its bytes out in pieces, when they are due
 * by a clock that the test turns.
 */
#ifndef TESTS_SUPPORT_FAKEWIRE_H
#define TESTS_SUPPORT_FAKEWIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "modem/port.h"

enum {
	FAKEWIRE_RULES_MAX = 64,
	FAKEWIRE_SAYINGS_MAX = 64,
	FAKEWIRE_SAYING_MAX = 8192,
	FAKEWIRE_WRITTEN_MAX = 131072,
	FAKEWIRE_COMMAND_MAX = 2048,
	FAKEWIRE_FD = 77
};

/* What a command that begins with `when` is answered with. */
struct fakewire_rule {
	const char *when;
	const char *say;  /* NULL: nothing at all */
	int64_t after_ms; /* from the command's CR */
	const char *then; /* a second answer, or NULL */
	int64_t then_after_ms;
	int times; /* how often it holds; 0: always */
};

struct fakewire_saying {
	int64_t at_ms;
	size_t len, given;
	char bytes[FAKEWIRE_SAYING_MAX];
};

struct fakewire {
	struct port port; /* first: the port is the wire */
	int64_t now_ms;
	int fd;            /* what the port says; FAKEWIRE_FD at first */
	bool echo;         /* commands come back first */
	const char *noise; /* put behind each line end of an answer */
	size_t cut;        /* bytes a read at most; 0: all that is due */
	int open_error;    /* open() gives it, negative; 0: it opens */
	bool gone;         /* reads and writes give -EIO */
	int gone_error;    /* or this, where it is not 0 */
	size_t take_max;   /* bytes a write at most; SIZE_MAX: all */
	size_t take_left;  /* bytes it will still take; SIZE_MAX: no end */
	bool is_open;
	bool was_freed;
	unsigned opens, closes;
	struct fakewire_rule rules[FAKEWIRE_RULES_MAX];
	size_t rule_count;
	struct fakewire_saying sayings[FAKEWIRE_SAYINGS_MAX];
	size_t saying_count;
	char command[FAKEWIRE_COMMAND_MAX];
	size_t command_len;
	char written[FAKEWIRE_WRITTEN_MAX]; /* all of it, NUL-terminated */
	size_t written_len;
};

/* A closed port with no rules; the caller's storage. */
void fakewire_init(struct fakewire *w);

/* The latest rule that fits holds. */
void fakewire_rule(struct fakewire *w, struct fakewire_rule rule);

/* The modem says it by itself, so much later. */
void fakewire_say(struct fakewire *w, const char *bytes, int64_t after_ms);

/* Forgets what is still to be said. */
void fakewire_hush(struct fakewire *w);

/* When bytes are due next, or INT64_MAX. */
int64_t fakewire_next_ms(const struct fakewire *w);

/* How often text stands in what was written. */
unsigned fakewire_count(const struct fakewire *w, const char *text);

#endif
