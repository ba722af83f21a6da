/*
 * problem: a growing list of "FILE:LINE: message". Never lets a control
 * character of a foreign file through to a terminal, and never fails: out of
 * memory it still counts.
 */
#include "agent/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBLEM_LINE_MAX = 1024 };

struct problems {
	char **lines;
	size_t count;
	size_t cap;
	size_t errors;
};

struct problems *
problems_new(void)
{
	return calloc(1, sizeof(struct problems));
}

void
problems_free(struct problems *problems)
{
	if (!problems)
		return;
	for (size_t i = 0; i < problems->count; i++)
		free(problems->lines[i]);
	free(problems->lines);
	free(problems);
}

static void
defuse(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void
keep(struct problems *problems, const char *text)
{
	if (problems->count == problems->cap) {
		size_t cap = problems->cap ? 2 * problems->cap : 16;
		char **more = realloc(problems->lines, cap * sizeof(*more));

		if (!more)
			return;
		problems->lines = more;
		problems->cap = cap;
	}
	char *copy = strdup(text);

	if (copy)
		problems->lines[problems->count++] = copy;
}

/* Messages longer than PROBLEM_LINE_MAX are cut: they quote foreign text. */
static void
add(struct problems *problems, const char *file, unsigned line,
	const char *kind, const char *message)
{
	char text[PROBLEM_LINE_MAX];

	if (line > 0)
		(void)snprintf(text, sizeof(text), "%s:%u: %s%s", file, line,
			kind, message);
	else
		(void)snprintf(
			text, sizeof(text), "%s: %s%s", file, kind, message);
	defuse(text);
	keep(problems, text);
}

void
problems_add(struct problems *problems, const char *file, unsigned line,
	const char *format, ...)
{
	char message[PROBLEM_LINE_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	problems->errors++;
	add(problems, file, line, "", message);
}

void
problems_warn(struct problems *problems, const char *file, unsigned line,
	const char *format, ...)
{
	char message[PROBLEM_LINE_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	add(problems, file, line, "warning: ", message);
}

size_t
problems_errors(const struct problems *problems)
{
	return problems->errors;
}

const char *
problems_line(const struct problems *problems, size_t i)
{
	return i < problems->count ? problems->lines[i] : NULL;
}
