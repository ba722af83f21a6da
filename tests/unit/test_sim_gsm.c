/*
 * The simulator's own codings against published +CUSD lines: what is wrong
 * here would be wrong in every scenario.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/gsm.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static void
codings_are_those_of_published_lines(void **state)
{
	static const struct {
		const char *text;
		const char *hex;
	} packed[] = {
		{"*100#", "AA180C3602"},
		{"*144#", "AA188D3602"},
		/* u002 */
		{"Ihr Guthaben für die Nr.4915783647410 beträgt 5.78 Euro",
			"49B41C74ACD3D16171D90D32FBE52072BA0C72CA5DB45CAC76C3CD"
			"6CB41B2D060389CB74F9FE4C07D55C371CA85897BF1B"},
		/* u001, whose middle its donor blanked */
		{"Ihr Guthaben¿LΘ3fLΘ3fLΘ34915783647410 beträgt 7.95 Euro",
			"49B41C74ACD3D16171D90D66666666666666666666B45CAC76C3CD"
			"6CB41B2D060389CB74F9FE4C07DD5CB91AA85897BF1B"},
		/* u019 */
		{" Aktuelles Guthaben: 9.91 EUR.",
			"A0E09A5E2FB3D9E539E858A7A3C3E2B25B07CAB9723150B12A750"
			"1"},
		/* u020 */
		{"OCTATOK 0.51 p.", "CF2135487D2E4130572D0682BB1A"},
		/* u044 */
		{"Aktualny stan konta dla numeru 48999999999 : 1,00 PLN. "
		 "Konto wazne do dnia 28-09-2019 11:44:30",
			"C135BD1E66BBF3A0393DEC06ADDF6E7A1844668741EE7ABB2CAF8"
			"368B85C2E97CBE572B91C48078AB160301094E97481966F37FD0D"
			"BA87F5EE3288FC0691DDE93048866BC1722D192C9603C5623A1A4"
			"D378301"},
	};
	/* u006 */
	static const char ucs2[] =
		"0414043B044F00200441043F044004300432043A04380020043E0020043104"
		"30043B0430043D044104350020043D04300431043504400438044204350020"
		"002A0031003000350023002E002004230441043B0443043304300020043104"
		"350441043F043B04300442043D0430002E";
	static const char russian[] =
		"Для справки о балансе наберите *105#. Услуга бесплатна.";
	char got[2048];
	(void)state;
	for (size_t i = 0; i < COUNT(packed); i++) {
		gsm_packed_hex(packed[i].text, got, sizeof got);
		assert_string_equal(got, packed[i].hex);
		gsm_from_packed_hex(packed[i].hex, got, sizeof got);
		assert_string_equal(got, packed[i].text);
	}
	/* u043: the network filled five spare bits with those of a CR */
	gsm_from_packed_hex(
		"D074192E0FCFD3EA7A7B0EA2A7CB6B50183EA7CBC3E4307DEE6A", got,
		sizeof got);
	assert_string_equal(got, "Pieprasijums tiek apstradats.");
	gsm_ucs2_hex(russian, got, sizeof got);
	assert_string_equal(got, ucs2);
	gsm_from_ucs2_hex(ucs2, got, sizeof got);
	assert_string_equal(got, russian);
}

static void
codings_refuse_what_they_cannot_hold(void **state)
{
	char got[64];
	uint8_t bytes[8];
	(void)state;
	gsm_packed_hex("{€}", got, sizeof got);
	gsm_from_packed_hex(got, got, sizeof got);
	assert_int_equal(gsm_packed_hex("Ж", got, sizeof got), -1);
	assert_int_equal(gsm_packed_hex("\xC3", got, sizeof got), -1);
	assert_int_equal(gsm_packed_hex("abc", got, 6), -1);
	assert_int_equal(gsm_from_packed_hex("AA1", got, sizeof got), -1);
	assert_int_equal(gsm_from_packed_hex("*1", got, sizeof got), -1);
	assert_int_equal(gsm_from_ucs2_hex("00", got, sizeof got), -1);
	assert_int_equal(gsm_from_ucs2_hex("00411", got, sizeof got), -1);
	assert_int_equal(gsm_from_ucs2_hex("00410042", got, 2), -1);
	assert_int_equal(gsm_latin("Ж", got, sizeof got), -1);
	assert_int_equal(gsm_from_hex("00112233445566778899", bytes, 8), -1);
	assert_int_equal(gsm_ucs2_hex("😀", got, sizeof got), 8);
	assert_string_equal(got, "D83DDE00");
	assert_int_equal(gsm_from_ucs2_hex("D83DDE00", got, sizeof got), 4);
	assert_string_equal(got, "😀");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codings_are_those_of_published_lines),
		cmocka_unit_test(codings_refuse_what_they_cannot_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
