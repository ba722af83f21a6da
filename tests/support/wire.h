/*
 * wire: a port that is a script: it keeps what was written, answers each
 * command by a table, and hands its bytes out in pieces, when they are due
 * by a clock that the test turns.
 */
#ifndef TESTS_SUPPORT_WIRE_H
#define TESTS_SUPPORT_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "modem/port.h"

enum {
	WIRE_RULES_MAX = 64,
	WIRE_SAYINGS_MAX = 64,
	WIRE_SAYING_MAX = 8192,
	WIRE_WRITTEN_MAX = 32768,
	WIRE_COMMAND_MAX = 2048,
	WIRE_FD = 77 /* what the port says its descriptor is */
};

/* What a command that begins with `when` is answered with. */
struct wire_rule {
	const char *when;
	const char *say;  /* NULL: nothing at all */
	int64_t after_ms; /* from the command's CR */
	const char *then; /* a second answer, or NULL */
	int64_t then_after_ms;
	int times; /* how often it holds; 0: always */
};

struct wire_saying {
	int64_t at_ms;
	size_t len, given;
	char bytes[WIRE_SAYING_MAX];
};

struct wire {
	struct port port; /* first: the port is the wire */
	int64_t now_ms;
	bool echo;         /* commands come back first */
	const char *noise; /* put behind each line end of an answer */
	size_t cut;        /* bytes a read at most; 0: all that is due */
	int open_error;    /* open() gives it, negative; 0: it opens */
	bool gone;         /* reads and writes give -EIO */
	size_t take_max;   /* bytes a write at most; SIZE_MAX: all */
	bool is_open;
	bool was_freed;
	unsigned opens, closes;
	struct wire_rule rules[WIRE_RULES_MAX];
	size_t rule_count;
	struct wire_saying sayings[WIRE_SAYINGS_MAX];
	size_t saying_count;
	char command[WIRE_COMMAND_MAX];
	size_t command_len;
	char written[WIRE_WRITTEN_MAX]; /* all of it, NUL-terminated */
	size_t written_len;
};

/* A closed port with no rules; the caller's storage. */
void wire_init(struct wire *w);

/* The latest rule that fits holds. */
void wire_rule(struct wire *w, struct wire_rule rule);

/* The modem says it by itself, so much later. */
void wire_say(struct wire *w, const char *bytes, int64_t after_ms);

/* Forgets what is still to be said. */
void wire_hush(struct wire *w);

/* When bytes are due next, or INT64_MAX. */
int64_t wire_next_ms(const struct wire *w);

/* How often text stands in what was written. */
unsigned wire_count(const struct wire *w, const char *text);

#endif
