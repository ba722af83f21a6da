/*
 * config_text: a configuration as one text, with what it includes in its
 * place, and where each line of it stands. For the files of config alone.
 */
#ifndef AGENT_CONFIG_TEXT_H
#define AGENT_CONFIG_TEXT_H

#include <stddef.h>

struct problems;

/* Where a line of the text stands. */
struct config_place {
	const char *file;
	unsigned line;
};

/*
 * 1. text is NUL-terminated once config_scan() is done.
 * 2. places[n] is of line n + 1 of the text; there is at least one.
 */
struct config_text {
	char *text;
	size_t len, cap;
	struct config_place *places;
	size_t place_count, place_cap;
	char **files; /* the names that places point to */
	size_t file_count;
};

/* Adds bytes; ends a line where they do, and the next one stands there. */
void config_text_add(struct config_text *text, const char *bytes, size_t len);
/* The next line of the text is that one. */
void config_text_place(
	struct config_text *text, const char *file, unsigned line);
/* A copy of a name that lives as long as the text. */
const char *config_text_name(struct config_text *text, const char *file);
/* The place of a line of the text, counted from 1; of the last line for
 * what is behind it. */
struct config_place config_text_where(
	const struct config_text *text, unsigned line);
void config_text_fini(struct config_text *text);

/*
 * config_scan.c: reads a configuration and what it includes. Tells what
 * libconfig 1.5 would misread or not survive: an @include of a folder ends
 * the process, an integer beyond 31 bits wraps, a NUL ends a text. 0, and
 * the text may be parsed (config_text_fini() frees it); -EINVAL after
 * telling.
 */
int config_scan(
	const char *file, struct config_text *out, struct problems *problems);

#endif
