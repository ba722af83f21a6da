/*
 * page: manual pages and other texts, line by line, and sets of names that are
 * held against each other. Must never let a name that one side lacks pass.
 */
#ifndef TESTS_SUPPORT_PAGE_H
#define TESTS_SUPPORT_PAGE_H

#include <stdbool.h>
#include <stddef.h>

/* ---- sets of names ------------------------------------------------------- */

struct names {
	char **list; /* each once, in the order in which they came */
	size_t count;
};

void names_add(struct names *names, const char *name); /* a copy */
bool names_have(const struct names *names, const char *name);
void names_free(struct names *names);

/* Fails, and tells each name, where one side lacks what the other has. */
void names_expect_same(const struct names *a, const char *what_a,
	const struct names *b, const char *what_b);

/* A page's names against a program's; frees both. */
void names_expect_code(
	struct names *page, const char *which, struct names *code);

/* ---- texts --------------------------------------------------------------- */

/* The whole file, which must be there; the caller frees it. */
char *page_text(const char *path);

/* What a program of the shell prints; the caller frees it. */
char *page_output(const char *command, int *exit_status);

/* One line of a manual page, and under which .Sh and .Ss it stands. */
struct page_line {
	const char *section, *part; /* "" before the first */
	char *text;
};
typedef void page_fn(void *ctx, const struct page_line *line);
void page_each(const char *path, page_fn *fn, void *ctx);

/* Options of an .It line of mdoc: "Fl -batch Ar ID" is "--batch". */
void page_options(const char *line, struct names *out);

/* The words behind "--" or "-" in a text for people: "--json", "-c". */
void page_dashed(const char *text, struct names *out);

/*
 * Each word in quotes that follows one of the given texts, over all files of
 * a pattern of glob(3): page_quoted("agent/x*.c", "why = ", &out).
 */
void page_quoted(const char *pattern, const char *before, struct names *out);

/* Each text in quotes that begins so, of small letters, '_' and '.' alone. */
void page_prefixed(const char *pattern, const char *prefix, struct names *out);

/* What fn prints on standard output, in a process of its own; the caller
 * frees it. */
char *page_printed_by(void (*fn)(void));

/* ---- what a page names --------------------------------------------------- */

/* Words behind a macro in the .It lines of a section ("" all of the page) and
 * of a part (NULL: any): ".It Ql a , b" with "Ql" gives both. */
struct names page_items(const char *page, const char *section, const char *part,
	const char *macro);

/* The options that stand in DESCRIPTION. */
struct names page_own_options(const char *page);

#endif
