/*
 * config_scan: a look at a configuration before libconfig sees it, and what
 * it includes put into its place. Never parses it: it knows strings, comments,
 * integers and @include, no more.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/config_build.h"
#include "modem/span.h"

enum {
	FILE_MAX_BYTES = 1024 * 1024,
	TOTAL_MAX_BYTES = 4 * FILE_MAX_BYTES,
	INCLUDE_DEPTH_MAX = 10, /* libconfig's MAX_INCLUDE_DEPTH */
	INCLUDE_FILES_MAX = 256 /* of one folder */
};

struct scan {
	const char *file;   /* its name in out */
	const char *folder; /* that @include begins at */
	struct problems *problems;
	struct config_text *out;
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

/* Over bytes that are not for libconfig. */
static void
pass(struct scan *scan, size_t n)
{
	for (size_t i = 0; i < n && i < scan->rest.len; i++)
		scan->line += scan->rest.ptr[i] == '\n';
	scan->rest = span_skip(scan->rest, n);
}

static void
step(struct scan *scan, size_t n)
{
	for (; n > 0 && scan->rest.len > 0; n--) {
		bool ends = look(scan, 0) == '\n';

		config_text_add(scan->out, scan->rest.ptr, 1);
		pass(scan, 1);
		if (ends)
			config_text_place(scan->out, scan->file, scan->line);
	}
}

static void
skip_to(struct scan *scan, const char *end)
{
	while (scan->rest.len > 0 && !span_starts(scan->rest, span_str(end)))
		step(scan, 1);
}

/*
 * A string; the scan stands behind its closing quote. A text that goes on
 * over the end of its line has lost its quote, and libconfig would tell of it
 * where the next one stands: told here, and the scan ends.
 */
static void
skip_string(struct scan *scan)
{
	step(scan, 1);
	while (look(scan, 0) != '"') {
		size_t n = look(scan, 0) == '\\' ? 2 : 1;

		if (scan->rest.len == 0 || look(scan, 0) == '\n') {
			wrong(scan, "a text without its closing quote");
			scan->rest.len = 0;
			return;
		}
		step(scan, n);
	}
	step(scan, 1);
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

/* Ends the line of the text: what follows stands elsewhere. */
static void
break_line(struct scan *scan)
{
	config_text_add(scan->out, "\n", 1);
	config_text_place(scan->out, scan->file, scan->line);
}

static void
include_file(struct scan *outer, const char *path)
{
	struct scan inner = {.file = config_text_name(outer->out, path),
		.folder = outer->folder,
		.problems = outer->problems,
		.out = outer->out,
		.line = 1,
		.depth = outer->depth + 1,
		.good = true};

	if (inner.depth > INCLUDE_DEPTH_MAX) {
		wrong(outer, "include file nesting too deep");
		return;
	}
	break_line(&inner);
	scan_file(&inner);
	outer->good = outer->good && inner.good;
	if (outer->good)
		break_line(outer);
}

static int
is_part(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > strlen(".conf") &&
	       strcmp(entry->d_name + len - strlen(".conf"), ".conf") == 0;
}

/* By bytes: the order must not depend on somebody's language. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
include_folder(struct scan *outer, const char *path)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_part, by_name);

	if (count < 0 || count > INCLUDE_FILES_MAX) {
		problems_add(outer->problems, outer->file, outer->line,
			"@include of %s: %s", path,
			count < 0 ? strerror(errno) : "over 256 files");
		outer->good = false;
	}
	for (int i = 0; i < count; i++) {
		char *file = NULL;

		if (outer->good &&
			asprintf(&file, "%s/%s", path, entries[i]->d_name) >= 0)
			include_file(outer, file);
		free(file);
		free(entries[i]);
	}
	free(entries);
}

static void
include_path(struct scan *outer, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		problems_add(outer->problems, outer->file, outer->line,
			"cannot open include file %s: %s", path,
			strerror(errno));
		outer->good = false;
	} else if (S_ISDIR(st.st_mode)) {
		include_folder(outer, path);
	} else if (S_ISREG(st.st_mode)) {
		include_file(outer, path);
	} else {
		wrong(outer, "@include of what is neither a file nor a folder");
	}
}

/* A name without a path is of what lies beside the configuration. */
static void
include(struct scan *outer, struct span name)
{
	char *path = NULL;
	bool whole = name.len > 0 && name.ptr[0] == '/';
	int rc = asprintf(&path, "%s%s%.*s", whole ? "" : outer->folder,
		whole ? "" : "/", (int)name.len, name.ptr);

	if (rc < 0)
		abort(); /* a path's worth of memory */
	include_path(outer, path);
	free(path);
}

/* It and its name are not for libconfig; anything else behind it is. */
static void
take_include(struct scan *scan)
{
	size_t len = strlen("@include");

	while (look(scan, len) == ' ' || look(scan, len) == '\t')
		len++;
	const char *name = scan->rest.ptr + len + 1;
	size_t name_len = 0;

	if (look(scan, len) != '"') {
		step(scan, len);
		return;
	}
	while (look(scan, len + 1 + name_len) != '"') {
		if (len + 1 + name_len >= scan->rest.len ||
			name[name_len] == '\n') {
			wrong(scan, "a text without its closing quote");
			scan->rest.len = 0;
			return;
		}
		name_len++;
	}
	pass(scan, len + name_len + 2);
	include(scan, span_of(name, name_len));
	if (!scan->good)
		scan->rest.len = 0; /* told; the rest would tell it again */
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
		skip_string(scan);
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
	if (memchr(text.ptr, '\0', text.len)) {
		scan->line = 0;
		wrong(scan, "a NUL byte");
		return;
	}
	if (scan->out->len + text.len > TOTAL_MAX_BYTES) {
		wrong(scan, "over 4 MiB with all that is included");
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

int
config_scan(
	const char *file, struct config_text *out, struct problems *problems)
{
	char *folder = config_folder_of(file);
	struct scan scan = {.folder = folder,
		.problems = problems,
		.out = out,
		.line = 1,
		.good = folder != NULL};

	*out = (struct config_text){0};
	scan.file = config_text_name(out, file);
	config_text_add(out, "", 0);
	config_text_place(out, scan.file, 1);
	if (scan.good)
		scan_file(&scan);
	free(folder);
	if (scan.good)
		return 0;
	config_text_fini(out);
	return -EINVAL;
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
