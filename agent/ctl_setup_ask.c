/*
 * ctl_setup_ask: questions of `topupctl setup`, to a person or to an answers
 * file. It must never take an answer that nobody gave for one of a person.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/ctl_setup.h"
#include "modem/span.h"

enum { ANSWERS_MAX = 512 };

struct answer {
	char *key, *subject, *value; /* subject: NULL for none */
	unsigned line;
	bool asked;
};

struct setup_answers {
	char *path;
	struct answer *list;
	size_t count;
};

/* Keys, and whether a subject follows. */
static const struct {
	const char *name;
	bool has_subject;
} keys[] = {{"ports", false}, {"adapters", false}, {"balance", false},
	{"group", false}, {"timezone", false}, {"spool_dir", false},
	{"state_dir", false}, {"runtime_dir", false}, {"operators_dir", false},
	{"modem", true}, {"operator", true}, {"sim_pin_file", true},
	{"roaming", true}};

void
setup_tell(const struct setup *setup, const char *format, ...)
{
	va_list args;
	char *text = NULL;
	if (setup->ctl->json)
		return;
	va_start(args, format);
	int n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		return; /* a line less */
	char *at = text, *line;
	while ((line = strsep(&at, "\n")) != NULL) {
		char *clean = ctl_text_clean(line);
		(void)printf("%s%s", clean, at != NULL ? "\n" : "");
		free(clean);
	}
	(void)fflush(stdout);
	free(text);
}

/* ---- the file ----------------------------------------------------------- */

static bool
is_known(const char *key, bool has_subject)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i].name, key) == 0)
			return keys[i].has_subject == has_subject;
	return false;
}

static char *
copy(struct span text)
{
	char *out = strndup(text.ptr, text.len);
	if (out == NULL)
		abort(); /* a line's worth of memory */
	return out;
}

/* NULL is a subject of its own: none. */
static bool
is_same(const char *a, const char *b)
{
	return a != NULL && b != NULL ? strcmp(a, b) == 0 : a == b;
}

static const struct answer *
find_same(const struct setup_answers *answers, const struct answer *a)
{
	for (size_t i = 0; i < answers->count; i++) {
		const struct answer *b = &answers->list[i];
		if (strcmp(a->key, b->key) == 0 &&
			is_same(a->subject, b->subject))
			return b;
	}
	return NULL;
}

/* "key = value", "modem.SUBJECT = value". NULL: it was taken. */
static const char *
take_line(struct setup_answers *answers, struct span line, unsigned number)
{
	size_t sign = span_find(line, '=');
	if (sign == line.len)
		return "no 'key = value'";
	struct span key = span_trim(span_of(line.ptr, sign));
	struct span value = span_trim(span_skip(line, sign + 1));
	size_t dot = span_find(key, '.');
	if (answers->count == ANSWERS_MAX)
		return "too many answers";
	if (value.len >= SETUP_VALUE_MAX)
		return "the value is too long";
	struct answer *a = &answers->list[answers->count];
	*a = (struct answer){.key = copy(span_of(key.ptr, dot)),
		.subject = dot < key.len ? copy(span_skip(key, dot + 1)) : NULL,
		.value = copy(value),
		.line = number};
	const char *wrong = NULL;
	if (!is_known(a->key, a->subject != NULL))
		wrong = "unknown key";
	else if (find_same(answers, a) != NULL)
		wrong = "a key twice";
	if (wrong == NULL) {
		answers->count++;
	} else {
		free(a->key);
		free(a->subject);
		free(a->value);
	}
	return wrong;
}

static bool
read_lines(struct ctl *ctl, struct setup_answers *answers, FILE *file)
{
	char *text = NULL;
	size_t cap = 0, wrongs = 0;
	unsigned number = 0;
	ssize_t n;
	while ((n = getline(&text, &cap, file)) >= 0) {
		struct span line = span_trim(span_of(text, (size_t)n));
		number++;
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		const char *wrong = memchr(line.ptr, '\0', line.len) != NULL
		                            ? "a NUL byte"
		                            : take_line(answers, line, number);
		if (wrong == NULL)
			continue;
		wrongs++;
		ctl_say(ctl, "%s:%u: %s: %.*s", answers->path, number, wrong,
			(int)span_find(line, '='), line.ptr);
	}
	free(text);
	return wrongs == 0 && !ferror(file);
}

struct setup_answers *
setup_answers_read(struct ctl *ctl, const char *path)
{
	struct setup_answers *answers = calloc(1, sizeof(*answers));
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (answers == NULL)
		abort();
	answers->path = copy(span_str(path));
	answers->list = calloc(ANSWERS_MAX, sizeof(answers->list[0]));
	if (answers->list == NULL)
		abort();
	bool good = file != NULL && read_lines(ctl, answers, file);
	if (file == NULL)
		ctl_say(ctl, "%s: %s", path, strerror(errno));
	else if (file != stdin)
		(void)fclose(file); /* only read */
	if (good)
		return answers;
	setup_answers_free(answers);
	return NULL;
}

void
setup_answers_free(struct setup_answers *answers)
{
	if (answers == NULL)
		return;
	for (size_t i = 0; i < answers->count; i++) {
		free(answers->list[i].key);
		free(answers->list[i].subject);
		free(answers->list[i].value);
	}
	free(answers->list);
	free(answers->path);
	free(answers);
}

const char *
setup_answers_left(struct setup_answers *answers, const char *key,
	const char **value, unsigned *line)
{
	for (size_t i = 0; answers != NULL && i < answers->count; i++) {
		struct answer *a = &answers->list[i];
		if (a->asked || a->subject == NULL || strcmp(a->key, key) != 0)
			continue;
		a->asked = true;
		*value = a->value;
		*line = a->line;
		return a->subject;
	}
	return NULL;
}

/* ---- asking ------------------------------------------------------------- */

static const char *
complaint_of(const struct setup *setup, const struct setup_question *q,
	const char *value)
{
	for (const char *c = value; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return "it has a control character";
	return q->complaint != NULL ? q->complaint(setup, value) : NULL;
}

static int
ask_file(struct setup *setup, const struct setup_question *q, char *out)
{
	struct setup_answers *answers = setup->answers;
	struct answer *found = NULL;
	for (size_t i = 0; i < answers->count; i++) {
		struct answer *a = &answers->list[i];
		if (strcmp(a->key, q->key) == 0 &&
			is_same(q->subject, a->subject))
			found = a;
	}
	if (found == NULL) {
		(void)snprintf(out, SETUP_VALUE_MAX, "%s", q->fallback);
		return 0;
	}
	found->asked = true;
	const char *wrong = complaint_of(setup, q, found->value);
	if (wrong != NULL) {
		ctl_say(setup->ctl, "%s:%u: %s: %s", answers->path, found->line,
			q->key, wrong);
		return -EINVAL;
	}
	(void)snprintf(out, SETUP_VALUE_MAX, "%s", found->value);
	return 0;
}

/* One line of a person, trimmed; "" takes the fallback. false: he leaves. */
static bool
read_line(const struct setup_question *q, char *out)
{
	char *text = NULL;
	size_t cap = 0;
	ssize_t n = getline(&text, &cap, stdin);
	struct span line = span_trim(span_of(text, n > 0 ? (size_t)n : 0));
	if (n >= 0)
		(void)snprintf(out, SETUP_VALUE_MAX, "%.*s",
			line.len > 0 ? (int)line.len : (int)strlen(q->fallback),
			line.len > 0 ? line.ptr : q->fallback);
	free(text);
	return n >= 0;
}

static int
ask_person(struct setup *setup, const struct setup_question *q, char *out)
{
	const char *wrong;
	do {
		(void)printf("%s%s%s%s: ", q->text,
			q->fallback[0] != '\0' ? " [" : "", q->fallback,
			q->fallback[0] != '\0' ? "]" : "");
		(void)fflush(stdout);
		if (!read_line(q, out)) {
			(void)putchar('\n');
			ctl_say(setup->ctl, "nothing was written");
			return -ECANCELED;
		}
		wrong = complaint_of(setup, q, out);
		if (wrong != NULL)
			(void)printf("  %s\n", wrong);
	} while (wrong != NULL);
	return 0;
}

int
setup_ask(struct setup *setup, const struct setup_question *question, char *out)
{
	if (setup->answers != NULL)
		return ask_file(setup, question, out);
	if (question->text != NULL)
		return ask_person(setup, question, out);
	(void)snprintf(out, SETUP_VALUE_MAX, "%s", question->fallback);
	return 0;
}

static const char *
complain_of_flag(const struct setup *setup, const char *value)
{
	(void)setup;
	return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0 ||
	                       strcmp(value, "y") == 0 ||
	                       strcmp(value, "n") == 0
	               ? NULL
	               : "yes or no";
}

int
setup_ask_flag(struct setup *setup, const char *key, const char *subject,
	const char *text, bool *out)
{
	const struct setup_question q = {.key = key,
		.subject = subject,
		.text = text,
		.fallback = "no",
		.complaint = complain_of_flag};
	char value[SETUP_VALUE_MAX];
	int rc = setup_ask(setup, &q, value);
	if (rc == 0)
		*out = value[0] == 'y';
	return rc;
}
