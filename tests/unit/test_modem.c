/*
 * The driver as its owner sees it: set-up and requests, on a scripted wire
 * in virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/rig.h"

static void
balance_is_asked_and_answered(void **state)
{
	static struct rig rig;

	(void)state;
	rig_init(&rig, "auto");
	rig_run_to(&rig, MODEM_READY);
	rig_answer(&rig, "\r\n+CUSD: 0,\"Your balance is 5\",15\r\n", 3000);
	assert_int_equal(rig_ask(&rig, "*123#", MODEM_SEARCH), 0);
	rig_run(&rig, 10000);
	assert_int_equal(rig.results, 1);
	assert_string_equal(rig.text, "Your balance is 5");
	rig_fini(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(balance_is_asked_and_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
