/*
 * The table of dialects: how a make is told, and what each row may say.
 */
#include "modem/dialects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
makes_are_told_by_what_they_call_themselves(void **state)
{
	static const struct {
		const char *maker;
		const char *model;
		const char *dialect;
	} rows[] = {
		{"huawei", "E1550", "huawei"},
		{"HUAWEI TECHNOLOGIES CO., LTD", "E3372", "huawei"},
		{"Brovi", "E3372-325", "huawei"},
		{"Quectel", "EC25", "quectel"},
		{"Quectel_Ltd", "Quectel_M35", "quectel"},
		{"SIMCOM_Ltd", "SIMCOM_SIM800L", "simcom"},
		{"", "SIM900", "simcom"},
		{"SIMCOM INCORPORATED", "SIM7600E-H", "simcom"},
		{"", "", "standard"},
		{"", "Air724UG", "standard"},
		{"Telit", "GM862", "standard"},
		{"Hua", "wei", "standard"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(dialect_of(span_str(rows[i].maker),
					    span_str(rows[i].model))
					    ->name,
			rows[i].dialect);
}

static void
rows_are_found_by_name_only(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; dialect_at(i) != NULL; i++)
		assert_ptr_equal(dialect_named(span_str(dialect_at(i)->name)),
			dialect_at(i));
	assert_int_equal(i, 4);
	assert_string_equal(dialect_at(0)->name, "standard");
	assert_null(dialect_named(span_str("auto")));
	assert_null(dialect_named(span_str("")));
	assert_null(dialect_named(span_str("huawei2")));
}

static void
each_row_knows_every_coding_once_and_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; dialect_at(i) != NULL; i++) {
		const struct dialect *d = dialect_at(i);
		unsigned seen = 0;

		for (size_t k = 0; k < DIALECT_CODINGS; k++)
			seen |= 1U << d->codings[k];
		assert_int_equal(seen, 7);
		assert_non_null(d->ask);
		assert_true(strlen(d->reason) > 10);
		assert_int_equal(d->dcs, 15);
	}
}

static void
first_codings_are_what_the_makes_want(void **state)
{
	static const struct {
		const char *name;
		enum ussd_coding coding;
	} rows[] = {{"standard", USSD_PLAIN}, {"huawei", USSD_GSM7_HEX},
		{"quectel", USSD_UCS2_HEX}, {"simcom", USSD_PLAIN}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(
			dialect_named(span_str(rows[i].name))->codings[0],
			rows[i].coding);
	assert_string_equal(dialect_charset(USSD_PLAIN), "GSM");
	assert_string_equal(dialect_charset(USSD_GSM7_HEX), "GSM");
	assert_string_equal(dialect_charset(USSD_UCS2_HEX), "UCS2");
}

/* A code here means that a PIN may be dialled again: only what a modem
 * says by itself, and sooner than any network could answer. */
static void
only_codes_that_are_surely_local_stand_as_refusals(void **state)
{
	static const int local[] = {3, 4, 10, 11, 12, 14, 30};

	(void)state;
	for (size_t i = 0; dialect_at(i) != NULL; i++) {
		const struct ask_refusals *r = &dialect_at(i)->refusals;

		assert_true(r->within_ms <= 500);
		for (size_t k = 0; k < r->count; k++)
			assert_in_set((unsigned long)r->codes[k],
				((unsigned long[]){3, 4, 10, 11, 12, 14, 30}),
				sizeof local / sizeof *local);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_are_told_by_what_they_call_themselves),
		cmocka_unit_test(rows_are_found_by_name_only),
		cmocka_unit_test(each_row_knows_every_coding_once_and_says_why),
		cmocka_unit_test(first_codings_are_what_the_makes_want),
		cmocka_unit_test(
			only_codes_that_are_surely_local_stand_as_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
