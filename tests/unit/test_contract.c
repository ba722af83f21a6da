/*
 * tests/contract.md: each sentence of the contract names tests that hold it,
 * and each test that is named there stands in the sources.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/page.h"

#define CONTRACT "tests/contract.md"

/* The sources of "test_x", of which two folders may have one each; NULL where
 * there is none. The caller frees it. */
static char *
source_of(const char *test)
{
	static const char *const folders[] = {"unit", "scenario", "crash"};
	char path[160], *all = NULL;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char *text, *both = NULL;
		(void)snprintf(path, sizeof(path), "tests/%s/%.100s.c",
			folders[i], test);
		if (access(path, R_OK) != 0)
			continue;
		text = page_text(path);
		assert_true(asprintf(&both, "%s%s", all != NULL ? all : "",
				    text) >= 0);
		free(all);
		free(text);
		all = both;
	}
	return all;
}

/* A function of cmocka's form, by its whole name. */
static bool
has_test(const char *source, const char *name)
{
	char wanted[128];
	(void)snprintf(wanted, sizeof(wanted), "%.100s(void **", name);
	for (const char *p = source; (p = strstr(p, wanted)) != NULL; p++)
		if (p > source && !isalnum((unsigned char)p[-1]) &&
			p[-1] != '_')
			return true;
	return false;
}

/* "test_x: name, name"; how many of them are wrong. */
static size_t
check_part(char *part, unsigned line)
{
	char *file = strsep(&part, ":");
	char *source = source_of(file);
	size_t wrong = 0;
	if (source == NULL || part == NULL) {
		print_error("%s:%u: no tests are named by '%s'\n", CONTRACT,
			line, file);
		free(source);
		return 1;
	}
	for (char *name; (name = strsep(&part, ",")) != NULL;) {
		name += strspn(name, " ");
		name[strcspn(name, " ")] = '\0';
		if (has_test(source, name))
			continue;
		print_error("%s:%u: %s has no test %s\n", CONTRACT, line, file,
			name);
		wrong++;
	}
	free(source);
	return wrong;
}

/* "| sentence | tests |"; how much of it is wrong. */
static size_t
check_row(char *row, unsigned line)
{
	char *tests = strstr(row + 2, " | ");
	size_t wrong = 0;
	char *end = tests == NULL ? NULL : strstr(tests + 3, " |");
	if (end == NULL || end[2] != '\0') {
		print_error("%s:%u: not a sentence and its tests\n", CONTRACT,
			line);
		return 1;
	}
	*end = '\0';
	tests += 3;
	for (char *part; (part = strsep(&tests, ";")) != NULL;)
		wrong += check_part(part + strspn(part, " "), line);
	return wrong;
}

static void
each_test_that_a_sentence_names_is_there(void **state)
{
	(void)state;
	char *text = page_text(CONTRACT), *rest = text;
	unsigned line = 0, rows = 0;
	size_t wrong = 0;
	for (char *row; (row = strsep(&rest, "\n")) != NULL;) {
		line++;
		if (row[0] != '|' || strncmp(row, "|---", 4) == 0 ||
			strcmp(row, "| sentence | tests |") == 0)
			continue;
		wrong += check_row(row, line);
		rows++;
	}
	free(text);
	assert_int_equal(wrong, 0);
	assert_true(rows > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_test_that_a_sentence_names_is_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
