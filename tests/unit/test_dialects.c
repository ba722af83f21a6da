/*
 * The table of dialects: how a make is told, and what each row may say.
 */
#include "modem/dialects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* As their +CGMI and +CGMM, or ATI, say it. */
static const struct {
	const char *maker;
	const char *model;
	const char *dialect;
} makes[] = {
	{"huawei", "E1550", "huawei"},
	{"huawei", "K3715", "huawei"},
	{"HUAWEI INCORPORATED", "EC121", "huawei"},
	{"HUAWEI TECHNOLOGIES CO., LTD", "E3372", "huawei"},
	{"Huawei Technologies Co., Ltd.", "ME909u-521", "huawei-module"},
	{"huawei", "ME909s-120", "huawei-module"},
	{"huawei", "MU609", "huawei-module"},
	{"huawei", "EM770W", "huawei-module"},
	{"huawei", "EM820W", "huawei-module"},
	{"huawei", "MG301", "huawei-module"},
	{"Brovi", "E3372-325", "huawei"},
	{"ZTE INCORPORATED", "MF627", "zte"},
	{"ZTE CORPORATION", "K3565-Z", "zte"},
	{"ZTE CORPORATION", "K3805-Z", "icera"},
	{"QUALCOMM INCORPORATED", "MF190", "zte"},
	{"", "VIVBRMF710", "standard"},
	{"ZTE CORPORATION", "VIVBRMF710", "zte"},
	{"Quectel", "EC25", "quectel"},
	{"Quectel", "EC200A", "quectel"},
	{"Quectel", "EG912Y", "quectel"},
	{"Quectel", "UC20", "quectel"},
	{"Quectel", "EP06", "quectel"},
	{"QUALCOMM INCORPORATED", "EC25", "quectel"},
	{"Quectel_Ltd", "Quectel_M35", "quectel-2g"},
	{"Quectel_Ltd", "Quectel_M95", "quectel-2g"},
	{"Quectel_Ltd", "M66", "quectel-2g"},
	{"Quectel_Ltd", "Quectel_MC60", "quectel-2g"},
	{"Quectel", "RM500Q-AE", "quectel"},
	{"SIMCOM_Ltd", "SIMCOM_SIM800L", "simcom"},
	{"", "SIM900", "simcom"},
	{"SIM800 R14.18", "", "simcom"},
	{"SIMCOM_Ltd", "SIMCOM_SIM868", "simcom"},
	{"SIMCOM INCORPORATED", "SIM7600E-H", "simcom-lte"},
	{"SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "simcom-lte"},
	{"QUALCOMM INCORPORATED", "SIMCOM_SIM7600G-H", "simcom-lte"},
	{"SIMCOM INCORPORATED", "SIMCOM_SIM5320A", "simcom-lte"},
	{"SIMCOM INCORPORATED", "A7670E-FASE", "simcom-lte"},
	{"INCORPORATED", "A7672E", "simcom-lte"},
	{"SIMCOM INCORPORATED", "SIM7670G-MNGV", "simcom-lte"},
	{"u-blox", "SARA-G350", "ublox"},
	{"u-blox", "LARA-R211", "ublox"},
	{"", "SARA-G350-00S-00", "ublox"},
	{"Telit", "GM862-QUAD", "telit"},
	{"Telit", "LM960A18", "telit"},
	{"", "HE910-EUG", "telit"},
	{"WAVECOM MODEM", "MULTIBAND  900E  1800", "wavecom"},
	{"Sierra Wireless, Inc.", "C885", "sierra"},
	{"Sierra Wireless, Incorporated", "MC7455", "sierra"},
	{"Cinterion", "MC55i", "cinterion"},
	{"SIEMENS", "TC35", "cinterion"},
	{"Cinterion", "EHS5-E", "cinterion"},
	{"Gemalto", "PLS8-E", "cinterion"},
	{"Thales", "PLS63-W", "cinterion"},
	{"Ericsson", "F3607gw", "ericsson"},
	{"Sony Ericsson", "MD300", "ericsson"},
	{"Sony Ericsson", "AAB-1021031-CN Z710i", "sonyericsson"},
	{"Sony Ericsson", "K850i", "sonyericsson"},
	{"Sony Ericsson", "AAD-3021011-BV", "sonyericsson"},
	{"Lenovo", "H5321gw", "ericsson"},
	{"Fibocom Wireless Inc.", "FM350-GL", "mediatek"},
	{"Ai Thinker Co.LTD", "A6", "mediatek"},
	{"", "A9G", "mediatek"},
	{"Nokia", "Nokia 2720a-2b", "nokia"},
	{"Motorola CE, Copyright 2000", "MODEL=I250-000", "motorola"},
	{"Option N.V.", "GTM378", "option"},
	{"Option N.V.", "GlobeTrotter HSUPA Modem", "option"},
	{"Manufacturer", "HSPA USB MODEM", "alcatel"},
	{"Novatel Wireless Incorporated", "DELL XU870 ExpressCard", "qualcomm"},
	{"QUALCOMM INCORPORATED", "88", "qualcomm"},
	{"QUALCOMM INCORPORATED", "M6280", "qualcomm"},
	{"", "", "standard"},
	{"", "Air724UG", "standard"},
	{"AirM2M", "Air780EP", "standard"},
	{"Hua", "wei", "standard"},
	/* A word inside a word is none, nor is the half of one. */
	{"Chuawei", "XMF190", "standard"},
	{"Acme", "MF1", "standard"},
	{"Acme", "A670", "standard"},
	{"Acme", "ME909", "standard"},
	{"Adoption Ltd", "Fast", "standard"},
};

static void
makes_are_told_by_what_they_call_themselves(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof makes / sizeof *makes; i++) {
		const struct dialect *d = dialect_of(
			span_str(makes[i].maker), span_str(makes[i].model));

		if (strcmp(d->name, makes[i].dialect) != 0)
			fail_msg("%s, %s is %s", makes[i].maker, makes[i].model,
				d->name);
	}
}

/* '#' as a digit. */
static void
fill(char *out, const char *word)
{
	size_t n = 0;

	for (; word != NULL && word[n] != '\0' && word[n] != '|'; n++)
		out[n] = word[n] == '#' ? '5' : word[n];
	out[n] = '\0';
}

/* A row that comes too late in the table would never be found. */
static void
every_mark_tells_its_own_row(void **state)
{
	char maker[32];
	char model[32];

	(void)state;
	for (size_t i = 0; dialect_at(i) != NULL; i++) {
		const struct dialect *d = dialect_at(i);

		for (size_t k = 0; k < DIALECT_MARKS_MAX; k++) {
			fill(maker, d->marks[k].maker);
			fill(model, d->marks[k].model);
			if (maker[0] == '\0' && model[0] == '\0')
				break;
			assert_ptr_equal(
				dialect_of(span_str(maker), span_str(model)),
				d);
			/* ATI may hold them both, or the other way round. */
			assert_ptr_equal(
				dialect_of(span_str(model), span_str(maker)),
				d);
		}
		assert_true(i == 0 || d->marks[0].maker != NULL ||
			    d->marks[0].model != NULL);
	}
}

static void
texts_of_any_length_and_content_tell_some_row(void **state)
{
	char noise[64];

	(void)state;
	for (size_t seed = 1; seed < 2000; seed++) {
		for (size_t i = 0; i < sizeof noise; i++)
			noise[i] = (char)(seed * 31 + i * 17 + seed * i * i);
		assert_non_null(dialect_of(span_of(noise, seed % sizeof noise),
			span_of(noise + sizeof noise - seed % 8, seed % 8)));
	}
	assert_ptr_equal(
		dialect_of(span_of("M", 1), span_of("F", 0)), dialect_at(0));
}

static void
rows_are_found_by_name_only(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; dialect_at(i) != NULL; i++)
		assert_ptr_equal(dialect_named(span_str(dialect_at(i)->name)),
			dialect_at(i));
	assert_true(i > 12);
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
		assert_non_null(d->pin_tries);
		assert_non_null(d->radio_off);
		assert_non_null(d->mail);
		for (size_t k = 0; k < DIALECT_STORES; k++)
			assert_non_null(d->stores[k]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(d->name, dialect_at(k)->name);
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
		{"quectel", USSD_UCS2_HEX}, {"simcom", USSD_PLAIN},
		{"huawei-module", USSD_PLAIN}, {"zte", USSD_PLAIN},
		{"quectel-2g", USSD_UCS2_HEX}, {"simcom-lte", USSD_PLAIN},
		{"telit", USSD_PLAIN}, {"ericsson", USSD_PLAIN}};

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
		cmocka_unit_test(every_mark_tells_its_own_row),
		cmocka_unit_test(texts_of_any_length_and_content_tell_some_row),
		cmocka_unit_test(rows_are_found_by_name_only),
		cmocka_unit_test(each_row_knows_every_coding_once_and_says_why),
		cmocka_unit_test(first_codings_are_what_the_makes_want),
		cmocka_unit_test(
			only_codes_that_are_surely_local_stand_as_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
