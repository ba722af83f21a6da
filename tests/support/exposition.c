/*
 * exposition: a strict reader of Prometheus' text format. It must never let
 * pass what its server refuses.
 */
#include "tests/support/exposition.h"

#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FAMILIES_MAX = 64, SERIES_MAX = 1024, LINE_CAP = 512, LABELS_MAX = 8 };

struct reader {
	char families[FAMILIES_MAX][LINE_CAP]; /* in order, names */
	size_t family_count;
	bool is_counter, has_type;
	char series[SERIES_MAX][LINE_CAP];
	size_t series_count;
};

static size_t
name_len(const char *at, bool is_label)
{
	size_t len = 0;

	while (isalpha((unsigned char)at[len]) || at[len] == '_' ||
		(!is_label && at[len] == ':') ||
		(len > 0 && isdigit((unsigned char)at[len])))
		len++;
	return len;
}

static void
begin_family(struct reader *r, const char *line)
{
	const char *name = line + strlen("# HELP ");
	size_t len = name_len(name, false);

	assert_true(len > 0 && name[len] == ' ' && name[len + 1] != '\0');
	for (const char *c = name + len + 1; *c; c++)
		if (*c == '\\')
			assert_true(*++c == '\\' || *c == 'n');
	assert_true(r->family_count < FAMILIES_MAX && len < LINE_CAP);
	for (size_t i = 0; i < r->family_count; i++)
		assert_false(strlen(r->families[i]) == len &&
			     memcmp(r->families[i], name, len) == 0);
	memcpy(r->families[r->family_count++], name, len);
	r->has_type = false;
}

static void
take_type(struct reader *r, const char *line)
{
	const char *name = line + strlen("# TYPE ");
	size_t len = name_len(name, false);

	assert_true(r->family_count > 0 && !r->has_type);
	assert_true(strlen(r->families[r->family_count - 1]) == len &&
		    memcmp(r->families[r->family_count - 1], name, len) == 0);
	r->is_counter = strcmp(name + len, " counter") == 0;
	assert_true(r->is_counter || strcmp(name + len, " gauge") == 0);
	if (r->is_counter)
		assert_true(
			len > 6 && memcmp(name + len - 6, "_total", 6) == 0);
	r->has_type = true;
}

/* From { to behind }. */
static const char *
take_labels(const char *at)
{
	const char *names[LABELS_MAX];
	size_t lens[LABELS_MAX], count = 0;

	do {
		const char *name = ++at;
		size_t len = name_len(name, true);

		assert_true(len > 0 && count < LABELS_MAX);
		for (size_t i = 0; i < count; i++)
			assert_false(lens[i] == len &&
				     memcmp(names[i], name, len) == 0);
		names[count] = name;
		lens[count++] = len;
		at += len;
		assert_true(at[0] == '=' && at[1] == '"');
		for (at += 2; *at != '"'; at++) {
			assert_true((unsigned char)*at >= ' ');
			if (*at == '\\') {
				at++;
				assert_true(strchr("\\\"n", *at) && *at);
			}
		}
		at++;
	} while (*at == ',');
	assert_true(*at == '}');
	return at + 1;
}

static void
take_sample(struct reader *r, const char *line)
{
	size_t len = name_len(line, false);
	const char *at = line + len;
	char *end;

	assert_true(r->family_count > 0 && r->has_type);
	assert_true(strlen(r->families[r->family_count - 1]) == len &&
		    memcmp(r->families[r->family_count - 1], line, len) == 0);
	if (*at == '{')
		at = take_labels(at);
	assert_true(*at == ' ' && at[1] != ' ');
	for (size_t i = 0; i < r->series_count; i++)
		assert_false(
			strlen(r->series[i]) == (size_t)(at - line) &&
			memcmp(r->series[i], line, (size_t)(at - line)) == 0);
	assert_true(r->series_count < SERIES_MAX && at - line < LINE_CAP);
	memcpy(r->series[r->series_count++], line, (size_t)(at - line));
	double value = strtod(at + 1, &end);

	assert_true(end > at + 1 && *end == '\0' && isfinite(value));
	assert_true(!r->is_counter || value >= 0);
}

void
exposition_check(const char *text)
{
	struct reader *r = calloc(1, sizeof(*r));
	char line[LINE_CAP];

	assert_non_null(r);
	while (*text) {
		const char *end = strchr(text, '\n');

		assert_non_null(end);
		assert_true(end > text && end - text < LINE_CAP);
		memcpy(line, text, (size_t)(end - text));
		line[end - text] = '\0';
		if (strncmp(line, "# HELP ", 7) == 0)
			begin_family(r, line);
		else if (strncmp(line, "# TYPE ", 7) == 0)
			take_type(r, line);
		else
			take_sample(r, line);
		text = end + 1;
	}
	free(r);
}

bool
exposition_value(const char *text, const char *series, double *value)
{
	size_t len = strlen(series);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (strncmp(text, series, len) == 0 && text[len] == ' ') {
			*value = strtod(text + len + 1, NULL);
			return true;
		}
	}
	return false;
}
