/*
 * config_scan: a look at a configuration before libconfig sees it. Never
 * parses it: it knows strings, comments, integers and @include, no more.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/config_build.h"
#include "modem/span.h"

enum {
	FILE_MAX_BYTES = 1024 * 1024,
	INCLUDE_DEPTH_MAX = 10 /* libconfig's MAX_INCLUDE_DEPTH */
};

struct scan {
	const char *file;
	const char *folder; /* that @include begins at */
	struct problems *problems;
	struct span rest;
	unsigned line;
	unsigned depth;
	bool good;
};

static void scan_file(struct scan *scan);

static void
wrong(struct scan *scan, const char *what)
{
	problems_add(scan->problems, scan->file, scan->line, "%s", what);
	scan->good = false;
}

static char
look(const struct scan *scan, size_t ahead)
{
	return ahead < scan->rest.len ? scan->rest.ptr[ahead] : '\0';
}

static void
step(struct scan *scan, size_t n)
{
	for (size_t i = 0; i < n && i < scan->rest.len; i++)
		scan->line += scan->rest.ptr[i] == '\n';
	scan->rest = span_skip(scan->rest, n);
}

static void
skip_to(struct scan *scan, const char *end)
{
	while (scan->rest.len > 0 && !span_starts(scan->rest, span_str(end)))
		step(scan, 1);
}

/*
 * The inside of a string; the scan stands behind its closing quote. A text
 * that goes on over the end of its line has lost its quote, and libconfig
 * would tell of it where the next one stands: told here, and NULL.
 */
static struct span
skip_string(struct scan *scan)
{
	step(scan, 1);
	struct span inside = span_of(scan->rest.ptr, 0);

	while (look(scan, 0) != '"') {
		size_t n = look(scan, 0) == '\\' ? 2 : 1;

		if (scan->rest.len == 0 || look(scan, 0) == '\n') {
			wrong(scan, "a text without its closing quote");
			scan->rest.len = 0;
			return span_of(NULL, 0);
		}
		inside.len += n;
		step(scan, n);
	}
	step(scan, 1);
	return inside;
}

/*
 * A number, up to what ends it. Those with a point or an exponent are
 * floats, those with L are 64-bit, and those from 0x are as they are meant.
 */
static void
skip_number(struct scan *scan)
{
	size_t len = 0;
	uint32_t unused;

	while (isalnum((unsigned char)look(scan, len)) ||
		look(scan, len) == '.' || look(scan, len) == '_')
		len++;
	struct span digits = span_of(scan->rest.ptr, len);

	if (span_to_u32(digits, INT32_MAX, &unused) == -ERANGE)
		wrong(scan, "an integer too big");
	step(scan, len);
}

/* What is not there libconfig tells itself. */
static void
include_path(struct scan *outer, const char *path)
{
	struct stat st;
	struct scan inner = {.file = path,
		.folder = outer->folder,
		.problems = outer->problems,
		.depth = outer->depth + 1,
		.good = true};

	if (stat(path, &st) < 0)
		return;
	if (!S_ISREG(st.st_mode))
		wrong(outer, "@include of what is not a file");
	else if (inner.depth < INCLUDE_DEPTH_MAX)
		scan_file(&inner);
	outer->good = outer->good && inner.good;
}

/* Version 1.5 puts the folder before every name, later ones not before a
 * "/": what is there under either path must be a file. */
static void
include(struct scan *outer, struct span name)
{
	char *path;

	if (asprintf(&path, "%s/%.*s", outer->folder, (int)name.len, name.ptr) <
		0)
		return;
	include_path(outer, path);
	if (name.len > 0 && name.ptr[0] == '/')
		include_path(outer, path + strlen(outer->folder) + 1);
	free(path);
}

static void
take_include(struct scan *scan)
{
	step(scan, strlen("@include"));
	while (look(scan, 0) == ' ' || look(scan, 0) == '\t')
		step(scan, 1);
	if (look(scan, 0) != '"')
		return;
	struct span name = skip_string(scan);

	if (name.ptr)
		include(scan, name);
}

/* A name may hold digits that are no number: "shop1", "a-2". */
static bool
is_in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '*';
}

/* One word, string, comment or sign. */
static void
scan_next(struct scan *scan)
{
	char c = look(scan, 0);

	if (c == '"')
		(void)skip_string(scan);
	else if (c == '#' || (c == '/' && look(scan, 1) == '/'))
		skip_to(scan, "\n");
	else if (c == '/' && look(scan, 1) == '*') {
		skip_to(scan, "*/");
		if (scan->rest.len == 0)
			wrong(scan, "a comment without its end");
		step(scan, 2);
	} else if (span_starts(scan->rest, span_str("@include")))
		take_include(scan);
	else if (isdigit((unsigned char)c))
		skip_number(scan);
	else if (isalpha((unsigned char)c) || c == '_' || c == '*')
		while (is_in_name(look(scan, 0)))
			step(scan, 1);
	else
		step(scan, 1);
}

static void
scan_text(struct scan *scan, struct span text)
{
	scan->rest = text;
	scan->line = 1;
	if (memchr(text.ptr, '\0', text.len)) {
		scan->line = 0;
		wrong(scan, "a NUL byte");
		return;
	}
	while (scan->rest.len > 0)
		scan_next(scan);
}

/* NULL: could not, and why was told. */
static FILE *
open_file(struct scan *scan)
{
	struct stat st;
	FILE *f = NULL;

	if (stat(scan->file, &st) == 0 && !S_ISREG(st.st_mode)) {
		/* of a pipe: libconfig could not read it a second time */
		wrong(scan, "cannot be read: it is no plain file");
		return NULL;
	}
	f = fopen(scan->file, "re");
	if (!f)
		problems_add(scan->problems, scan->file, 0,
			"cannot be read: %s", strerror(errno));
	scan->good = f != NULL;
	return f;
}

static void
scan_file(struct scan *scan)
{
	FILE *f = open_file(scan);
	char *text = f ? malloc(FILE_MAX_BYTES + 1) : NULL;
	size_t len = text ? fread(text, 1, FILE_MAX_BYTES + 1, f) : 0;

	if (!f)
		return;
	if (!text || ferror(f))
		wrong(scan, "cannot be read");
	else if (len > FILE_MAX_BYTES)
		wrong(scan, "over 1 MiB");
	else
		scan_text(scan, span_of(text, len));
	free(text);
	(void)fclose(f); /* only read */
}

bool
config_scan(const char *file, struct problems *problems)
{
	char *folder = config_folder_of(file);
	struct scan scan = {.file = file,
		.folder = folder,
		.problems = problems,
		.good = true};

	scan_file(&scan);
	free(folder);
	return scan.good;
}

char *
config_folder_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	if (!slash)
		return strdup(".");
	return slash == file ? strdup("/")
	                     : strndup(file, (size_t)(slash - file));
}
