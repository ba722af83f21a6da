/*
 * Who a modem says it is, in all the ways in which they say it: the lines
 * are of public logs, drivers' tests and manuals; numbers are made up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/rig.h"

static struct rig rig;

static const struct modem_info *
info(void)
{
	return modem_info(rig.modem);
}

static void
rule(const char *when, const char *say)
{
	fakewire_rule(
		&rig.wire, (struct fakewire_rule){
				   .when = when, .say = say, .after_ms = 5});
}

#define OK "\r\n\r\nOK\r\n"

static void
maker_and_model_are_read_in_every_form(void **state)
{
	static const struct {
		const char *cgmi;
		const char *cgmm;
		const char *ati;
		const char *manufacturer;
		const char *model;
		const char *dialect;
	} rows[] = {
		/* Blanks before the names. */
		{"\r\n WAVECOM MODEM" OK, "\r\n MULTIBAND  900E  1800" OK, NULL,
			"WAVECOM MODEM", "MULTIBAND  900E  1800", "wavecom"},
		/* A prefix and quotes. */
		{"\r\n+CGMI: \"Fibocom Wireless Inc.\"" OK,
			"\r\n+CGMM: \"FM350-GL\"" OK, NULL,
			"Fibocom Wireless Inc.", "FM350-GL", "mediatek"},
		/* An empty maker, and ATI that knows better. */
		{"\r\n+CGMI: \"\"" OK, "\r\n+CGMM: \"Air724UG\"" OK,
			"\r\nAirM2M_Air724UG_V401874_LTE_AT" OK,
			"AirM2M_Air724UG_V401874_LTE_AT", "Air724UG",
			"standard"},
		/* Only ATI, with labels. */
		{"\r\nERROR\r\n", "\r\nERROR\r\n",
			"\r\nManufacturer: huawei\r\nModel: E1550\r\n"
			"Revision: 11.608.09.01.21\r\nIMEI: 235012412595195\r\n"
			"+GCAP: +CGSM,+FCLASS,+DS" OK,
			"huawei", "E1550", "huawei"},
		{"\r\nERROR\r\n", "\r\nERROR\r\n",
			"\r\nManufacturer: huawei\r\nModel: ME909s-120\r\n"
			"Revision: 11.617.01.00.00" OK,
			"huawei", "ME909s-120", "huawei-module"},
		/* Only ATI, without labels. */
		{"\r\nERROR\r\n", "\r\nERROR\r\n",
			"\r\nQuectel\r\nRM500U-CNV\r\n"
			"Revision: RM500UCNVCAR03A12M2G" OK,
			"Quectel", "RM500U-CNV", "quectel"},
		{"\r\nERROR\r\n", "\r\nERROR\r\n", "\r\nSIM800 R14.18" OK,
			"SIM800 R14.18", "", "simcom"},
		/* The model in ATI alone, and the maker once more. */
		{"\r\nCinterion" OK, "\r\nERROR\r\n",
			"\r\nCinterion\r\nMC55i\r\nREVISION 01.201" OK,
			"Cinterion", "MC55i", "cinterion"},
		/* Labels where others have none; both in one. */
		{"\r\nManufacturer: SIMCOM INCORPORATED" OK,
			"\r\nModel: SIM7600E" OK, NULL, "SIMCOM INCORPORATED",
			"SIM7600E", "simcom-lte"},
		/* The chip's maker for a maker. */
		{"\r\nQUALCOMM INCORPORATED" OK, "\r\nMF190" OK, NULL,
			"QUALCOMM INCORPORATED", "MF190", "zte"},
		/* What the boot still says between. */
		{"\r\n+CPIN: READY\r\n\r\nSMS DONE\r\nSIMCOM INCORPORATED" OK,
			"\r\nPB DONE\r\nSIM7670G-MNGV" OK, NULL,
			"SIMCOM INCORPORATED", "SIM7670G-MNGV", "simcom-lte"},
		/* A line that nobody knows, before and after. */
		{"\r\nDODGY\r\n\r\nSony Ericsson\r\n\r\nDODGY" OK,
			"\r\nDODGY\r\n\r\nAAD-3021011-BV" OK, NULL,
			"Sony Ericsson", "AAD-3021011-BV", "sonyericsson"},
		{"\r\nDODGY\r\n\r\nhuawei" OK,
			"\r\nDODGY\r\n\r\nME909s-120\r\n\r\nDODGY" OK, NULL,
			"huawei", "ME909s-120", "huawei-module"},
		/* A maker that noise has cut in two. */
		{"\r\nhua\r\n^RSSI:14\r\nwei" OK, "\r\nE1550" OK,
			"\r\nManufacturer: huawei\r\nModel: E1550" OK, "huawei",
			"E1550", "huawei"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rig_init(&rig, "auto");
		rule("AT+CGMI", rows[i].cgmi);
		rule("AT+CGMM", rows[i].cgmm);
		if (rows[i].ati != NULL)
			rule("ATI", rows[i].ati);
		rig_run_to(&rig, MODEM_READY);
		assert_string_equal(info()->manufacturer, rows[i].manufacturer);
		assert_string_equal(info()->model, rows[i].model);
		assert_string_equal(info()->dialect, rows[i].dialect);
		assert_int_equal(fakewire_count(&rig.wire, "ATI\r"),
			rows[i].ati != NULL ? 1 : 0);
		rig_fini(&rig);
	}
}

static void
each_make_is_asked_for_the_iccid_in_its_own_way_first(void **state)
{
	static const struct {
		const char *dialect;
		const char *when;
		const char *say;
		const char *iccid;
	} rows[] = {
		{"zte", "AT+ZGETICCID", "\r\n+ZGETICCID: 89860042190733578148",
			"89860042190733578148"},
		{"zte", "AT+ICCID", "\r\nICCID: 89860042190733578148",
			"89860042190733578148"},
		{"telit", "AT#CCID", "\r\n#CCID: 8901260580048502477",
			"8901260580048502477"},
		{"sierra", "AT!ICCID?", "\r\n!ICCID: 89610154253220000085",
			"89610154253220000085"},
		{"cinterion", "AT^SCID", "\r\n^SCID: 89490240001234567890",
			"89490240001234567890"},
		{"simcom-lte", "AT+CICCID", "\r\n+ICCID: 8900100000000000000f",
			"8900100000000000000"},
		{"simcom-lte", "AT+CICCID", "\r\n+CICCID: 89860000000000000012",
			"89860000000000000012"},
		/* Letters in its BCD; not swapped for that. */
		{"simcom", "AT+CCID", "\r\n898600700907A6019125",
			"898600700907A6019125"},
		{"standard", "AT+ICCID", "\r\nSCID: 89860042190733578148",
			"89860042190733578148"},
		/* Neither a number nor hex that begins as one. */
		{"telit", "AT#CCID", "\r\n#CCID: ABCDEABCDEABCDEABCDE", ""},
		{"telit", "AT#CCID", "\r\n#CCID: 89", ""},
		{"telit", "AT#CCID", "\r\n#CCID:", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char say[96];

		rig_init(&rig, rows[i].dialect);
		rule("AT+CCID", "\r\nERROR\r\n");
		(void)snprintf(say, sizeof say, "%s" OK, rows[i].say);
		rule(rows[i].when, say);
		rig_run_to(&rig, MODEM_READY);
		assert_string_equal(info()->iccid, rows[i].iccid);
		rig_fini(&rig);
	}
}

static void
radio_that_is_found_off_is_switched_on_in_every_form(void **state)
{
	static const struct {
		const char *say;
		unsigned count;
	} rows[] = {
		{"\r\n+CFUN: 4" OK, 1},
		{"\r\n+CFUN: 4,0" OK, 1}, /* u-blox */
		{"\r\n+CFUN: 0,0" OK, 1},
		{"\r\n+CFUN: 19,0" OK, 1},
		{"\r\n+CFUN: 1,0" OK, 0},
		{"\r\n+CFUN: 5" OK, 0},
		{"\r\n+CFUN: 41" OK, 0},
		{"\r\n+CFUN:" OK, 0},
		{"\r\nERROR\r\n", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rig_init(&rig, "auto");
		rule("AT+CFUN?", rows[i].say);
		rule("AT+CFUN=1", "\r\nOK\r\n");
		rig_run_to(&rig, MODEM_READY);
		assert_int_equal(fakewire_count(&rig.wire, "AT+CFUN=1\r"),
			rows[i].count);
		rig_fini(&rig);
	}
}

/* G24 knows no scheme, A9G refuses without one. */
static void
scheme_is_said_only_where_it_is_known(void **state)
{
	static const struct {
		const char *dialect;
		const char *command;
	} rows[] = {
		{"motorola", "AT+CUSD=1,\"*123#\"\r"},
		{"mediatek", "AT+CUSD=1,\"*123#\",15\r"},
		{"cinterion", "AT+CUSD=1,\"*123#\",15\r"},
		{"huawei-module", "AT+CUSD=1,\"*123#\",15\r"},
		{"huawei", "AT+CUSD=1,\"AA986C3602\",15\r"},
		{"quectel-2g", "AT+CUSD=1,\"002A0031003200330023\",15\r"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rig_init_ready(&rig, rows[i].dialect);
		rule("AT+CUSD=1,", "\r\nOK\r\n\r\n+CUSD: 0,\"Balance 5\"\r\n");
		assert_int_equal(rig_ask(&rig, "*123#", MODEM_ONCE), 0);
		rig_run(&rig, 10000);
		assert_int_equal(fakewire_count(&rig.wire, rows[i].command), 1);
		assert_int_equal(rig.results, 1);
		assert_string_equal(rig.text, "Balance 5");
		rig_fini(&rig);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maker_and_model_are_read_in_every_form),
		cmocka_unit_test(
			each_make_is_asked_for_the_iccid_in_its_own_way_first),
		cmocka_unit_test(
			radio_that_is_found_off_is_switched_on_in_every_form),
		cmocka_unit_test(scheme_is_said_only_where_it_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
