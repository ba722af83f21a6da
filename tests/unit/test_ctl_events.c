/*
 * topupctl watch and audit --follow: one line, one object an event, and the
 * number to go on from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/call.h"
#include "tests/support/teller.h"

static void
followed_entries_are_one_object_a_line(void **state)
{
	(void)state;
	teller_will_say("{\"item\":{\"seq\":1,\"event\":\"x\"}}\n"
			"{\"item\":{\"seq\":2,\"event\":\"y\"}}"
			"\n");
	assert_int_equal(call_ctl("audit", "--follow", "--since", "0", "--json",
				 "--socket", teller_sock, NULL),
		3);
	assert_string_equal(call_out, "{\"seq\":1,\"event\":\"x\"}\n"
				      "{\"seq\":2,\"event\":\"y\"}\n");
	assert_non_null(strstr(call_err,
		"`topupctl audit --since 2 --follow` goes on behind it"));
	assert_non_null(
		strstr(teller_asked(), "\"since_seq\":0,\"follow\":true"));
	teller_will_say("{\"done\":{},\"exit\":0}"
			"\n");
	assert_int_equal(call_ctl("audit", "--since", "2026-01-31 09:30",
				 "--socket", teller_sock, NULL),
		0);
	assert_non_null(strstr(teller_asked(), "\"since_ms\":1769851800000"));
}

/* A script that follows knows where to go on, also when nothing came. */
static void
watched_events_stand_in_columns_and_name_the_last_one(void **state)
{
	(void)state;
	teller_will_say(
		"{\"item\":{\"seq\":41,\"at\":\"2026-01-31T23:30:00Z\","
		"\"event\":"
		"\"batch.accepted\",\"voucher\":null,\"batch\":3,\"modem\":"
		"null,"
		"\"who\":\"uid:0(root)\",\"note\":\"rows=2\",\"hash\":\"00\"}}"
		"\n"
		"{\"item\":{\"seq\":42,\"at\":\"2026-01-31T23:30:01Z\","
		"\"event\":"
		"\"voucher.loaded\",\"voucher\":17,\"batch\":3,\"modem\":"
		"\"m1\","
		"\"who\":\"daemon\",\"note\":\"a\\u001b[2Jb\",\"hash\":\"01\"}}"
		"\n");
	assert_int_equal(call_ctl("watch", "--socket", teller_sock, NULL), 3);
	assert_string_equal(call_out,
		"2026-01-31 23:30:00  batch.accepted     batch=3  "
		"who=uid:0(root)  rows=2\n"
		"2026-01-31 23:30:01  voucher.loaded     voucher=17  batch=3  "
		"modem=m1  who=daemon  a\\x1b[2Jb\n");
	assert_non_null(strstr(call_err, "audit --since 42 --follow"));
	assert_string_equal(
		teller_asked(), "{\"command\":\"watch\",\"args\":{}}\n");
	teller_will_say(""
			"\n");
	assert_int_equal(call_ctl("audit", "--follow", "--since", "9",
				 "--socket", teller_sock, NULL),
		3);
	assert_non_null(strstr(call_err, "audit --since 9 --follow"));
	(void)teller_asked();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(followed_entries_are_one_object_a_line),
		cmocka_unit_test(
			watched_events_stand_in_columns_and_name_the_last_one),
	};
	return cmocka_run_group_tests(tests, teller_setup, teller_teardown);
}
