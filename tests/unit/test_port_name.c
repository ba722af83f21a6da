/*
 * What a name in a configuration means, and what is said of a wrong one.
 */
#include "modem/port.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void
right_names_have_no_complaint(void **state)
{
	static const char *const good[] = {"/dev/ttyUSB0",
		"tcp://127.0.0.1:5000", "usb:1-1.2", "usb:2-4",
		"imei:350000000000006", "imei:490154203237518"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		bool doubt;

		assert_null(port_complaint(good[i], &doubt));
		assert_false(doubt);
	}
}

static void
wrong_names_are_told_what_they_lack(void **state)
{
	static const struct {
		const char *where, *word;
		bool doubt;
	} rows[] = {
		{"ttyUSB0", "usb:PLACE", false},
		{"usb:", "1-1.2", false},
		{"usb:1-1.2:1.0", "1-1.2", false},
		{"usb:/dev/ttyUSB0", "1-1.2", false},
		{"usb:../../etc", "1-1.2", false},
		{"imei:", "15 digits", false},
		{"imei:35000000000001", "15 digits", false},
		{"imei:3500000000000111", "15 digits", false},
		{"imei:35000000000000x", "15 digits", false},
		{"imei:350000000000011", "check", true},
		{"imei:490154203237581", "check", true},
		{"tcp://localhost:1", "usb:PLACE", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool doubt;
		const char *said = port_complaint(rows[i].where, &doubt);
		char why[160] = "";
		struct port_options options = {.where = rows[i].where};

		assert_non_null(said);
		assert_non_null(strstr(said, rows[i].word));
		assert_int_equal(doubt, rows[i].doubt);
		if (doubt)
			continue;
		assert_null(port_new(&options, why, sizeof why));
		assert_true(strlen(why) > 10);
	}
}

static void
one_modem_has_one_identity(void **state)
{
	char a[64], b[64];

	(void)state;
	assert_int_equal(port_identity("usb:1-1.2", a, sizeof a), 0);
	assert_string_equal(a, "usb:1-1.2");
	/* By its 14 digits: the check digit is not part of the name. */
	assert_int_equal(port_identity("imei:350000000000011", a, sizeof a), 0);
	assert_int_equal(port_identity("imei:350000000000016", b, sizeof b), 0);
	assert_string_equal(a, b);
	assert_int_equal(port_identity("imei:350000000000021", b, sizeof b), 0);
	assert_string_not_equal(a, b);
	assert_int_equal(port_identity("usb:x", a, sizeof a), -EINVAL);
	assert_int_equal(port_identity("imei:1", a, sizeof a), -EINVAL);
	assert_int_equal(port_identity("usb:1-1.2", a, 4), -ENOSPC);
}

static void
imei_is_asked_for_only_by_its_own_form(void **state)
{
	(void)state;
	assert_string_equal(
		port_imei("imei:350000000000011"), "350000000000011");
	assert_string_equal(port_imei("imei:35"), "");
	assert_string_equal(port_imei("usb:1-1"), "");
	assert_string_equal(port_imei("/dev/ttyUSB0"), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_names_have_no_complaint),
		cmocka_unit_test(wrong_names_are_told_what_they_lack),
		cmocka_unit_test(one_modem_has_one_identity),
		cmocka_unit_test(imei_is_asked_for_only_by_its_own_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
