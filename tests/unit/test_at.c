/*
 * Lines as modems really print them: fields with quotes, gaps and blanks,
 * and every form of a final result.
 */
#include "modem/at.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define S(text) span_of(text, sizeof(text) - 1)

enum { FIELDS_MAX = 6 };

static void
line_with_another_prefix_is_not_ours(void **state)
{
	struct at_fields f;

	(void)state;
	assert_false(at_fields_init(&f, S("+CREG: 1"), S("+CGREG:")));
	assert_false(at_fields_init(&f, S("+CRE"), S("+CREG:")));
	assert_false(at_fields_init(&f, S(""), S("+CREG:")));
	assert_true(at_fields_init(&f, S("+CREG:"), S("+CREG:")));
}

/* Expected texts: NULL ends the row, "-" is an absent field. */
static const struct {
	const char *line;
	const char *want[FIELDS_MAX];
} field_rows[] = {
	{"+X:", {NULL}},
	{"+X:  \r\n", {NULL}},
	{"+X: 1", {"1"}},
	{"+X:1,2", {"1", "2"}},
	{"+X: 1 , 2 \r\n", {"1", "2"}},
	{"+X: 0,1,\"00C3\",\"0A\",7", {"0", "1", "00C3", "0A", "7"}},
	{"+X: ,", {"-", "-"}},
	{"+X: 1,,3", {"1", "-", "3"}},
	{"+X: 1,", {"1", "-"}},
	{"+X: \"\",1", {"", "1"}},
	{"+X: \" a \" , 2", {" a ", "2"}},
	{"+X: \"a,b\",2", {"a,b", "2"}},
	{"+X: \"a\"b\",2", {"a\"b", "2"}},
	{"+X: \"a\"b\"", {"a\"b"}},
	{"+X: \"a\"junk,2", {"a", "2"}},
	{"+X: \"a\"junk,\"b\"", {"a", "b"}},
	{"+X: \"open, and never closed", {"open, and never closed"}},
	{"+X: \"", {""}},
	{"+X: 2,\"x\r\ny\",15", {"2", "x\r\ny", "15"}},
	{"+X: (0-2),(1)", {"(0-2)", "(1)"}},
};

static void
fields_come_out_one_by_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof field_rows / sizeof field_rows[0]; i++) {
		struct at_fields f;
		struct at_field field;
		size_t n = 0;

		assert_true(at_fields_init(
			&f, span_str(field_rows[i].line), S("+X:")));
		while (at_fields_next(&f, &field)) {
			const char *want = field_rows[i].want[n++];

			assert_non_null(want);
			if (!strcmp(want, "-")) {
				assert_false(field.present);
				continue;
			}
			assert_true(field.present);
			assert_true(span_eq(field.text, span_str(want)));
		}
		assert_null(field_rows[i].want[n]);
		assert_false(at_fields_next(&f, &field));
	}
}

static void
quotes_are_told_from_bare_words(void **state)
{
	struct at_fields f;
	struct at_field field;

	(void)state;
	assert_true(at_fields_init(&f, S("+X: \"1\",1"), S("+X:")));
	assert_true(at_fields_next(&f, &field));
	assert_true(field.quoted);
	assert_true(at_fields_next(&f, &field));
	assert_false(field.quoted);
}

static void
number_field_says_why_it_is_none(void **state)
{
	struct at_fields f;
	uint32_t out = 4711;

	(void)state;
	assert_true(
		at_fields_init(&f, S("+X: ,word,100,-1,\"12\",7"), S("+X:")));
	assert_int_equal(at_fields_u32(&f, 99, &out), -ENODATA);
	assert_int_equal(at_fields_u32(&f, 99, &out), -EINVAL);
	assert_int_equal(at_fields_u32(&f, 99, &out), -EINVAL);
	assert_int_equal(at_fields_u32(&f, 99, &out), -EINVAL);
	assert_int_equal(out, 4711);
	assert_int_equal(at_fields_u32(&f, 99, &out), 0);
	assert_int_equal(out, 12);
	assert_int_equal(at_fields_u32(&f, 99, &out), 0);
	assert_int_equal(out, 7);
	assert_int_equal(at_fields_u32(&f, 99, &out), -ENODATA);
}

static void
only_whole_lines_are_final(void **state)
{
	static const struct {
		const char *line;
		enum at_final final;
		int code;
	} rows[] = {
		{"", AT_FINAL_NONE, -1},
		{"OK then", AT_FINAL_NONE, -1},
		{"OK+CUSD: 2", AT_FINAL_NONE, -1},
		{"ok", AT_FINAL_NONE, -1},
		{"ERRORS", AT_FINAL_NONE, -1},
		{"\"OK\"", AT_FINAL_NONE, -1},
		{"BUSY LINE", AT_FINAL_NONE, -1},
		{"+CME", AT_FINAL_NONE, -1},
		{"+CUSD: 0,\"ERROR\",15", AT_FINAL_NONE, -1},
		{"OK", AT_FINAL_OK, -1},
		{"\r\nOK\r\n", AT_FINAL_OK, -1},
		{"ERROR", AT_FINAL_ERROR, -1},
		{"COMMAND NOT SUPPORT", AT_FINAL_ERROR, -1},
		{"COMMAND NOT SUPPORTED", AT_FINAL_ERROR, -1},
		{"TOO MANY PARAMETERS", AT_FINAL_ERROR, -1},
		{"NO CARRIER", AT_FINAL_CALL, -1},
		{"BUSY", AT_FINAL_CALL, -1},
		{"NO ANSWER", AT_FINAL_CALL, -1},
		{"NO DIALTONE", AT_FINAL_CALL, -1},
		{"NO DIAL TONE", AT_FINAL_CALL, -1},
		{"+CME ERROR: 3", AT_FINAL_CME, 3},
		{"+CME ERROR:100", AT_FINAL_CME, 100},
		{"+CME ERROR: 15790320", AT_FINAL_CME, 15790320},
		{"+CME ERROR: 99999999999", AT_FINAL_CME, -1},
		{"+CME ERROR: SIM busy", AT_FINAL_CME, 14},
		{"+CME ERROR:sim BUSY ", AT_FINAL_CME, 14},
		{"+CME ERROR: retry operation", AT_FINAL_CME, -1},
		{"+CME ERROR: 25+CNUM: ,\"1\"", AT_FINAL_CME, -1},
		{"+CME ERROR: -3", AT_FINAL_CME, -1},
		{"+CME ERROR", AT_FINAL_CME, -1},
		{"+CMS ERROR: 322", AT_FINAL_CMS, 322},
		{"+CMS ERROR: SIM busy", AT_FINAL_CMS, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int code = 4711;

		assert_int_equal(at_final_of(span_str(rows[i].line), &code),
			rows[i].final);
		assert_int_equal(code, rows[i].code);
	}
}

static void
nul_in_a_line_ends_nothing(void **state)
{
	int code;

	(void)state;
	assert_int_equal(at_final_of(span_of("OK\0", 3), &code), AT_FINAL_NONE);
	assert_int_equal(at_final_of(span_of("+CME ERROR: 3\0", 14), &code),
		AT_FINAL_CME);
	assert_int_equal(code, -1);
}

static void
every_named_code_reads_back_by_its_name(void **state)
{
	char line[128] = "+CME ERROR: ";
	size_t start = strlen(line);
	int named = 0;

	(void)state;
	assert_null(at_cme_name(-1));
	assert_null(at_cme_name(9));
	assert_null(at_cme_name(15790320));
	assert_string_equal(at_cme_name(10), "SIM not inserted");
	for (int i = 0; i < 1000; i++) {
		const char *name = at_cme_name(i);
		int code;

		if (name == NULL)
			continue;
		named++;
		assert_int_equal(span_copy(line + start, sizeof line - start,
					 span_str(name)),
			0);
		assert_int_equal(
			at_final_of(span_str(line), &code), AT_FINAL_CME);
		assert_int_equal(code, i);
	}
	assert_true(named > 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_with_another_prefix_is_not_ours),
		cmocka_unit_test(fields_come_out_one_by_one),
		cmocka_unit_test(quotes_are_told_from_bare_words),
		cmocka_unit_test(number_field_says_why_it_is_none),
		cmocka_unit_test(only_whole_lines_are_final),
		cmocka_unit_test(nul_in_a_line_ends_nothing),
		cmocka_unit_test(every_named_code_reads_back_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
