/*
 * problem: what is wrong with a file that a person wrote, collected so that
 * all of it can be told at once. Pure.
 */
#ifndef AGENT_PROBLEM_H
#define AGENT_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

struct problems;

struct problems *problems_new(void);
void problems_free(struct problems *problems);

/* Adds "FILE:LINE: message" (line 0: no line). Copies everything. */
void problems_add(struct problems *problems, const char *file, unsigned line,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* As problems_add, but does not count as an error: "warning: ..." */
void problems_warn(struct problems *problems, const char *file, unsigned line,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* How many errors (warnings left out). */
size_t problems_errors(const struct problems *problems);

/* All lines, errors and warnings in the order they came; NULL past the end.
 * The text is the list's. */
const char *problems_line(const struct problems *problems, size_t i);

#endif
