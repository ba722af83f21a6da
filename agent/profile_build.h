/*
 * profile_build: a profile while it is read. For the files of profile alone.
 */
#ifndef AGENT_PROFILE_BUILD_H
#define AGENT_PROFILE_BUILD_H

#include "agent/problem.h"
#include "agent/profile.h"

enum { PROFILE_KEYS_MAX = 64, PROFILE_AMOUNT_MAX = 32 };

struct profile_build {
	struct profile *profile;
	struct problems *problems;
	unsigned line;                   /* being read */
	struct span key;                 /* being read; "" between keys */
	unsigned seen[PROFILE_KEYS_MAX]; /* line of each row of the table */
	unsigned menu_lines[PROFILE_MENU_MAX];
	unsigned follow_up_lines[PROFILE_MENU_MAX];
	bool has_loaded;              /* [reply] has a rule for it */
	char low[PROFILE_AMOUNT_MAX]; /* read when decimals are known */
};

/* A problem of the line being read. */
#define PROFILE_WRONG(b, ...)                                                  \
	problems_add((b)->problems, (b)->profile->file, (b)->line, __VA_ARGS__)
#define PROFILE_WARN(b, ...)                                                   \
	problems_warn((b)->problems, (b)->profile->file, (b)->line, __VA_ARGS__)

/* profile_lines.c: the text of a whole file, line by line through inih, into
 * profile_take_key(). */
void profile_parse(struct profile_build *b, struct span text);

/* profile_keys.c: one key of a known section. */
void profile_take_key(
	struct profile_build *b, struct span section, struct span value);
bool profile_has_section(struct span section);

/* The line of a key that stood in the file; 0 when it did not. */
unsigned profile_line_of(
	const struct profile_build *b, const char *section, const char *key);

/* profile_check.c: what must hold between keys. */
void profile_check(struct profile_build *b);

/* profile_values.c: values by themselves. 0 or -EINVAL, -ERANGE. */
int profile_hours_parse(struct span text, struct profile_hours *out);

/* The next word of a list with commas, trimmed; false at its end. */
bool profile_next_word(struct span *list, struct span *word);

/* What is wrong with a template, or NULL. */
const char *profile_template_fault(struct span template);
bool profile_template_has(const char *template, const char *placeholder);

#endif
