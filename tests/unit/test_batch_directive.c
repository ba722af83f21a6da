/* batch_directive: what a batch says of all its rows, in lines and in its
 * name. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/batch.h"
#include "tests/support/told.h"

#define BYTES(s) s, sizeof(s) - 1

#define EXPECT_ALL(name, rows)                                                 \
	told_expect_all(name, rows, sizeof(rows) / sizeof((rows)[0]))

static void
directive_that_is_too_long_refuses_the_file(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		size_t max;
		const char *want;
	} rows[] = {{"operator", BATCH_WORD_MAX - 1,
			    "refused line 1: a directive that is too long\n"},
		{"target", BATCH_WORD_MAX - 1,
			"refused line 1: a directive that is too long\n"},
		{"modem", BATCH_WORD_MAX - 1,
			"refused line 1: a directive that is too long\n"},
		{"note", BATCH_NOTE_MAX - 1,
			"refused line 1: a note that is too long\n"},
		{"note", 5000, "refused line 1: too long\n"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[6000];
		char value[5100];

		memset(value, 'x', sizeof(value));
		value[rows[i].max + 1] = '\0';
		int len = snprintf(
			text, sizeof(text), "# %s: %s\n", rows[i].name, value);

		told_expect("a.txt", text, (size_t)len, rows[i].want);
	}
}

static void
directives_are_defaults_behind_a_rows_own_cells(void **state)
{
	(void)state;
	static const struct told_row rows[] = {
		{BYTES("# operator: SimTel\n#amount:100.50\n# target : self\n"
		       "# Modem: shop1\n# priority: 9\n# note: for \"May\", x\n"
		       "# made by hand\n#\n"
		       "pin,amount,target\n1,,\n2,50,0800\n"),
			"7 warning a line that is no directive is ignored\n"
			"8 warning a line that is no directive is ignored\n"
			"10 row 1 amount=100.50 operator=simtel target=self "
			"modem=shop1\n"
			"11 row 2 amount=50 operator=simtel target=0800 "
			"modem=shop1\n"
			"priority 9 note for \"May\", x\n"},
		/* they may follow the columns, up to the first row */
		{BYTES("pin\n# note: \"a, \"b\n# amount: 5\n1\n# amount: 6\n"),
			"4 row 1 amount=5\n5 row #amount:6 amount=5\n"
			"priority 5 note \"a, \"b\n"},
		/* as a spreadsheet saves them */
		{BYTES("# operator: simtel;;\r\n# amount: 5;;\r\n"
		       "pin;serial;note\r\n1;;\r\n"),
			"4 row 1 amount=5 operator=simtel\n"},
		{BYTES("# priority: 0\npin\n1\n"),
			"3 row 1\npriority 0 note \n"},
	};

	EXPECT_ALL("a.csv", rows);
}

static void
name_of_a_text_file_may_tell_operator_and_amount(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const char *text;
		const char *want;
	} rows[] = {
		{"SimTel-100-monday.txt", "1\n",
			"1 row 1 amount=100 operator=simtel\n"},
		{"simtel-50.25.TXT", "1\n",
			"1 row 1 amount=50.25 operator=simtel\n"},
		{"mtn-gh-100-2024-05.txt", "1\n",
			"1 row 1 amount=100 operator=mtn-gh\n"},
		{"cards.txt", "1\n", "1 row 1\n"},
		{"100.txt", "1\n", "1 row 1\n"},
		{"-100.txt", "1\n", "1 row 1\n"},
		{"simtel-x-y.txt", "1\n", "1 row 1\n"},
		{"simtel-.txt", "1\n", "1 row 1\n"},
		{"simtel--100.txt", "1\n",
			"1 row 1 amount=100 operator=simtel-\n"},
		{"an-operator-whose-name-is-far-too-long-to-be-the-stem-of-any-"
		 "profile-100-x.txt",
			"1\n", "1 row 1\n"},
		/* a directive is nearer than the name */
		{"simtel-100-x.txt", "# amount: 5\n1\n",
			"2 row 1 amount=5 operator=simtel\n"},
		{"simtel-100-x.txt", "# operator: SIMTEL\n1\n",
			"2 row 1 amount=100 operator=simtel\n"},
		{"cards-2024-05.txt", "# operator: simtel\n1\n",
			"2 row 1 operator=simtel\n"},
		{"simtel-100-x.csv", "pin\n1\n", "2 row 1\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		told_expect(rows[i].name, rows[i].text, strlen(rows[i].text),
			rows[i].want);
}

static void
name_tells_the_kind_of_a_file(void **state)
{
	(void)state;
	enum batch_kind kind = BATCH_TXT;
	static const char *const bad[] = {
		"", "a", ".csv", ".txt", "a.csvx", "a.xlsx", "csv", "a.csv.gz"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(batch_kind_of(bad[i], &kind), -EINVAL);
	assert_int_equal(batch_kind_of("a.CSV", &kind), 0);
	assert_int_equal(kind, BATCH_CSV);
	assert_int_equal(batch_kind_of("a.b.txt", &kind), 0);
	assert_int_equal(kind, BATCH_TXT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directive_that_is_too_long_refuses_the_file),
		cmocka_unit_test(
			directives_are_defaults_behind_a_rows_own_cells),
		cmocka_unit_test(
			name_of_a_text_file_may_tell_operator_and_amount),
		cmocka_unit_test(name_tells_the_kind_of_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
