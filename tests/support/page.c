/*
 * page: texts and sets of names for the tests of manuals and tables.
 */
#include "tests/support/page.h"

#include <ctype.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- sets of names ------------------------------------------------------- */

bool
names_have(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->list[i], name) == 0)
			return true;
	return false;
}

void
names_add(struct names *names, const char *name)
{
	if (names_have(names, name))
		return;
	names->list =
		realloc(names->list, (names->count + 1) * sizeof(*names->list));
	assert_non_null(names->list);
	names->list[names->count] = strdup(name);
	assert_non_null(names->list[names->count++]);
}

void
names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	*names = (struct names){0};
}

/* How many of a are not in b; each is told. */
static size_t
tell_missing(const struct names *a, const char *what_a, const struct names *b,
	const char *what_b)
{
	size_t missing = 0;
	for (size_t i = 0; i < a->count; i++) {
		if (names_have(b, a->list[i]))
			continue;
		print_error("'%s' is in %s, and not in %s\n", a->list[i],
			what_a, what_b);
		missing++;
	}
	return missing;
}

void
names_expect_same(const struct names *a, const char *what_a,
	const struct names *b, const char *what_b)
{
	size_t missing = tell_missing(a, what_a, b, what_b);
	missing += tell_missing(b, what_b, a, what_a);
	assert_int_equal(missing, 0);
}

/* ---- texts --------------------------------------------------------------- */

static char *
read_all(FILE *in)
{
	size_t len = 0, cap = 4096;
	char *text = malloc(cap);
	assert_non_null(text);
	for (size_t n; (n = fread(text + len, 1, cap - len - 1, in)) > 0;) {
		len += n;
		if (cap - len > 1)
			continue;
		cap *= 2;
		char *more = realloc(text, cap);
		assert_non_null(more);
		text = more;
	}
	text[len] = '\0';
	return text;
}

char *
page_text(const char *path)
{
	FILE *in = fopen(path, "re");
	if (in == NULL)
		fail_msg("%s is not there", path);
	char *text = read_all(in);
	(void)fclose(in); /* only read */
	return text;
}

char *
page_output(const char *command, int *exit_status)
{
	FILE *in = popen(command, "re"); /* NOLINT: a test's own command */
	assert_non_null(in);
	char *text = read_all(in);
	int status = pclose(in);
	*exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return text;
}

void
page_each(const char *path, page_fn *fn, void *ctx)
{
	char *text = page_text(path), *rest = text;
	char section[64] = "", part[64] = "";
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		const struct page_line at = {section, part, line};
		if (strncmp(line, ".Sh ", 4) == 0) {
			(void)snprintf(
				section, sizeof(section), "%s", line + 4);
			part[0] = '\0';
		} else if (strncmp(line, ".Ss ", 4) == 0) {
			(void)snprintf(part, sizeof(part), "%s", line + 4);
		} else {
			fn(ctx, &at);
		}
	}
	free(text);
}

void
page_options(const char *line, struct names *out)
{
	char *copy = strdup(line), *rest = copy, name[64];
	bool flag = false;
	for (char *word; (word = strsep(&rest, " ")) != NULL;) {
		if (flag) {
			(void)snprintf(name, sizeof(name), "-%s", word);
			names_add(out, name);
		}
		flag = strcmp(word, "Fl") == 0;
	}
	free(copy);
}

void
page_dashed(const char *text, struct names *out)
{
	for (const char *p = text; *p != '\0'; p++) {
		bool begins = p == text || strchr(" [|\n", p[-1]) != NULL;
		size_t len = strspn(p, "-");
		char name[64];
		if (!begins || len == 0 || !islower((unsigned char)p[len]))
			continue;
		len += strspn(p + len, "abcdefghijklmnopqrstuvwxyz-");
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, p);
		names_add(out, name);
		p += len - 1;
	}
}

static void
add_quoted(const char *text, const char *before, struct names *out)
{
	for (const char *p = text; (p = strstr(p, before)) != NULL;) {
		char word[64];
		p += strlen(before);
		size_t len = strspn(p, " \t\n");
		if (p[len] != '"')
			continue;
		p += len + 1;
		len = strcspn(p, "\"");
		(void)snprintf(word, sizeof(word), "%.*s", (int)len, p);
		if (len > 0 && len < sizeof(word))
			names_add(out, word);
	}
}

static void
add_prefixed(const char *text, const char *prefix, struct names *out)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_.";
	char quoted[32], word[64];
	(void)snprintf(quoted, sizeof(quoted), "\"%s", prefix);
	for (const char *p = text; (p = strstr(p, quoted)) != NULL;) {
		size_t len = strspn(++p, letters);
		(void)snprintf(word, sizeof(word), "%.*s", (int)len, p);
		if (p[len] == '"' && len > strlen(prefix) && len < sizeof(word))
			names_add(out, word);
	}
}

typedef void text_fn(const char *text, const char *word, struct names *out);

static void
of_each_file(
	const char *pattern, text_fn *fn, const char *word, struct names *out)
{
	glob_t found;
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *text = page_text(found.gl_pathv[i]);
		fn(text, word, out);
		free(text);
	}
	globfree(&found);
}

void
page_quoted(const char *pattern, const char *before, struct names *out)
{
	of_each_file(pattern, add_quoted, before, out);
}

void
page_prefixed(const char *pattern, const char *prefix, struct names *out)
{
	of_each_file(pattern, add_prefixed, prefix, out);
}

/* ---- what a page names --------------------------------------------------- */

/* Words that follow a macro in the .It lines of a section, as far as they are
 * one list: ".It Ql a , b" with "Ql" gives both. */
struct wanted {
	const char *section; /* "" all of the page */
	const char *part;    /* NULL: any */
	const char *macro;
	struct names found;
};

static bool
is_at(const struct page_line *line, const struct wanted *w)
{
	return (w->section[0] == '\0' ||
		       strcmp(line->section, w->section) == 0) &&
	       (w->part == NULL || strcmp(line->part, w->part) == 0);
}

static void
take_items(void *ctx, const struct page_line *line)
{
	struct wanted *w = ctx;
	char before[16];
	int len = snprintf(before, sizeof(before), ".It %s ", w->macro);
	if (!is_at(line, w) || strncmp(line->text, before, (size_t)len) != 0)
		return;
	char *rest = line->text + len;
	for (char *word; (word = strsep(&rest, " ")) != NULL;) {
		names_add(&w->found, word);
		if (rest == NULL || strncmp(rest, ", ", 2) != 0)
			return;
		rest += 2;
	}
}

struct names
page_items(const char *page, const char *section, const char *part,
	const char *macro)
{
	struct wanted w = {section, part, macro, {0}};
	page_each(page, take_items, &w);
	return w.found;
}

void
names_expect_code(struct names *page, const char *which, struct names *code)
{
	names_expect_same(page, which, code, "the program");
	names_free(page);
	names_free(code);
}

static void
take_own_options(void *ctx, const struct page_line *line)
{
	if (strcmp(line->section, "DESCRIPTION") == 0 &&
		strncmp(line->text, ".It Fl ", 7) == 0)
		page_options(line->text, ctx);
}

struct names
page_own_options(const char *path)
{
	struct names found = {0};
	page_each(path, take_own_options, &found);
	return found;
}

char *
page_printed_by(void (*fn)(void))
{
	FILE *out = tmpfile();
	assert_non_null(out);
	(void)fflush(NULL);
	pid_t child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0) {
		(void)dup2(fileno(out), STDOUT_FILENO);
		fn();
		(void)fflush(stdout);
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	char *text = calloc(1, 65536);
	assert_non_null(text);
	rewind(out);
	assert_true(fread(text, 1, 65535, out) > 0);
	(void)fclose(out);
	return text;
}
