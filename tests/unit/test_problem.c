/* problem: what is told, in which form, and what counts as an error. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/problem.h"

static void
control_characters_of_a_file_do_not_reach_a_terminal(void **state)
{
	(void)state;
	struct problems *p = problems_new();

	problems_add(p, "a\033b", 3, "unknown key '%s'", "x\n\x7fy\033[2J");
	assert_string_equal(
		problems_line(p, 0), "a?b:3: unknown key 'x??y?[2J'");
	problems_free(p);
}

static void
endless_message_is_cut_and_still_an_error(void **state)
{
	(void)state;
	struct problems *p = problems_new();
	char *text = malloc(100001);

	memset(text, 'x', 100000);
	text[100000] = '\0';
	problems_add(p, "f", 1, "%s", text);
	assert_int_equal(problems_errors(p), 1);
	assert_true(strlen(problems_line(p, 0)) < 2048);
	free(text);
	problems_free(p);
}

static void
warnings_stand_in_order_but_are_no_errors(void **state)
{
	(void)state;
	struct problems *p = problems_new();

	problems_add(p, "f", 2, "first %d", 1);
	problems_warn(p, "f", 0, "second");
	problems_add(p, "f", 0, "third");
	assert_int_equal(problems_errors(p), 2);
	assert_string_equal(problems_line(p, 0), "f:2: first 1");
	assert_string_equal(problems_line(p, 1), "f: warning: second");
	assert_string_equal(problems_line(p, 2), "f: third");
	assert_null(problems_line(p, 3));
	problems_free(p);
}

static void
many_problems_are_all_kept(void **state)
{
	(void)state;
	struct problems *p = problems_new();

	for (unsigned i = 1; i <= 1000; i++)
		problems_add(p, "f", i, "bad");
	assert_int_equal(problems_errors(p), 1000);
	assert_string_equal(problems_line(p, 999), "f:1000: bad");
	assert_null(problems_line(p, 1000));
	problems_free(p);
	problems_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			control_characters_of_a_file_do_not_reach_a_terminal),
		cmocka_unit_test(endless_message_is_cut_and_still_an_error),
		cmocka_unit_test(warnings_stand_in_order_but_are_no_errors),
		cmocka_unit_test(many_problems_are_all_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
