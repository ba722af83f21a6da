/*
 * corpus: tables found by their header. Lines that begin with '#' before it
 * tell people what the columns are.
 */
#include "tests/support/corpus.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modem/span.h"

enum { LINE_MAX_LEN = 32768 };

struct table {
	const char *const *columns;
	int at[CORPUS_COLUMNS_MAX]; /* where columns[i] stands in a line */
	int width;                  /* of the header */
};

/* The fields of a line, in place. At most as many as fit; how many. */
static int
split(char *line, char *field[])
{
	char *rest = line;
	int n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (n < CORPUS_COLUMNS_MAX && rest != NULL)
		field[n++] = strsep(&rest, "\t");
	return n;
}

static bool
find_columns(struct table *t, char *header)
{
	char *field[CORPUS_COLUMNS_MAX];

	t->width = split(header, field);
	for (int i = 0; t->columns[i] != NULL; i++) {
		t->at[i] = -1;
		for (int k = 0; k < t->width; k++)
			if (strcmp(field[k], t->columns[i]) == 0)
				t->at[i] = k;
		if (t->at[i] < 0)
			return false;
	}
	return true;
}

static void
judge_line(const struct table *t, char *line, corpus_judge *judge,
	struct corpus_count *count)
{
	static char copy[LINE_MAX_LEN];
	char *field[CORPUS_COLUMNS_MAX];
	char *value[CORPUS_COLUMNS_MAX];
	enum corpus_verdict verdict = CORPUS_BAD;

	(void)snprintf(copy, sizeof copy, "%s", line); /* as long at most */
	count->rows++;
	if (split(line, field) == t->width) {
		for (int i = 0; t->columns[i] != NULL; i++)
			value[i] = field[t->at[i]];
		verdict = judge(value);
	}
	count->good += verdict == CORPUS_GOOD;
	count->skipped += verdict == CORPUS_SKIPPED;
	if (verdict == CORPUS_BAD)
		print_error("%s", copy);
}

static void
read_table(const char *path, const char *const columns[], corpus_judge *judge,
	struct corpus_count *count)
{
	static char line[LINE_MAX_LEN];
	struct table t = {.columns = columns};
	FILE *file = fopen(path, "r");
	bool begun = false;

	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		/* A longer line would be two. */
		assert_true(strlen(line) + 1 < sizeof line);
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (begun)
			judge_line(&t, line, judge, count);
		else if (find_columns(&t, line))
			count->tables += begun = true;
		else
			break;
	}
	(void)fclose(file);
}

struct corpus_count
corpus_read(const char *const columns[], corpus_judge *judge)
{
	const char *folder = getenv("CORPUS");
	struct corpus_count count = {.tables = 0};
	char pattern[4096];
	glob_t found;

	(void)snprintf(pattern, sizeof pattern, "%s/*.tsv",
		folder != NULL ? folder : "../shared/corpus");
	if (glob(pattern, 0, NULL, &found) != 0)
		return count;
	for (size_t i = 0; i < found.gl_pathc; i++)
		read_table(found.gl_pathv[i], columns, judge, &count);
	globfree(&found);
	print_message("%u rows of %u tables: %u good, %u skipped, %u bad\n",
		count.rows, count.tables, count.good, count.skipped,
		count.rows - count.good - count.skipped);
	return count;
}

void
corpus_expect(const char *const columns[], corpus_judge *judge)
{
	struct corpus_count count = corpus_read(columns, judge);

	if (count.tables == 0)
		skip();
	assert_true(count.good > 0);
	assert_int_equal(count.good + count.skipped, count.rows);
}

size_t
corpus_unescape(char *text)
{
	static const char from[] = "nrtf0\\";
	static const char to[] = "\n\r\t\f\0\\";
	char *put = text;
	uint8_t octet;
	size_t n;

	for (const char *p = text; *p != '\0'; p++) {
		const char *found =
			*p == '\\' && p[1] != '\0' ? strchr(from, p[1]) : NULL;

		if (found != NULL) {
			*put++ = to[found - from];
			p++;
		} else if (*p == '\\' && p[1] == 'x' && p[2] != '\0' &&
			   p[3] != '\0' &&
			   span_from_hex(span_of(p + 2, 2), &octet, 1, &n) ==
				   0) {
			*put++ = (char)octet;
			p += 3;
		} else {
			*put++ = *p;
		}
	}
	*put = '\0';
	return (size_t)(put - text);
}
