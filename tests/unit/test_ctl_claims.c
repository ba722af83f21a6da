/*
 * topupctl claims: the table, the CSV, the file that is whole or not there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/call.h"
#include "tests/support/teller.h"

#define USED                                                                   \
	"{\"item\":{\"id\":7,\"batch\":1,\"row\":2,\"serial\":\"S7\","         \
	"\"pin\":\"**********1234\",\"operator\":\"simtel\",\"amount\":"       \
	"\"100.00\",\"currency\":\"XTS\",\"target\":\"self\",\"state\":"       \
	"\"rejected\",\"reason\":\"used\",\"reply\":\"=cmd|' /C calc'!A0, "    \
	"\\\"used\\\"\\u001b[2J\\r\\nbye\",\"at\":\"2026-01-31T23:30:00Z\","   \
	"\"modem\":\"m1\",\"iccid\":\"8901\",\"attempts\":1}}\n"
#define LOST                                                                   \
	"{\"item\":{\"id\":9,\"batch\":1,\"row\":3,\"serial\":null,"           \
	"\"pin\":\"**********5678\",\"operator\":\"simtel\",\"amount\":null,"  \
	"\"currency\":\"XTS\",\"target\":\"self\",\"state\":\"unknown\","      \
	"\"reason\":\"no_answer\",\"reply\":null,\"at\":"                      \
	"\"2026-01-31T23:40:00Z\",\"modem\":\"m1\",\"iccid\":\"8901\","        \
	"\"attempts\":2}}\n"
#define DONE "{\"done\":{\"count\":2},\"exit\":0}\n"

static const char csv[] =
	"serial,pin,operator,amount,currency,state,reason,reply,at,modem,iccid,"
	"attempts,target,batch,row,voucher\r\n"
	"S7,**********1234,simtel,100.00,XTS,rejected,used,\"'=cmd|' /C "
	"calc'!A0, \"\"used\"\"?[2J\r\nbye\",2026-01-31T23:30:00Z,m1,8901,1,"
	"self,1,2,7\r\n"
	",**********5678,simtel,,XTS,unknown,no_answer,,2026-01-31T23:40:00Z,"
	"m1,8901,2,self,1,3,9\r\n";

static void
csv_is_safe_for_a_spreadsheet_and_whole(void **state)
{
	(void)state;
	char path[256];
	struct stat st;
	(void)snprintf(path, sizeof(path), "%s", teller_path("claims.csv"));
	for (int again = 0; again < 2;
		again++) { /* takes the old one's place */
		teller_will_say(USED LOST DONE);
		assert_int_equal(call_ctl("claims", "--csv", path, "--batch",
					 "1", "--operator", "SimTel", "--since",
					 "2026-01-31 09:30", "--socket",
					 teller_sock, NULL),
			0);
		assert_string_equal(teller_asked(),
			"{\"command\":\"claims\",\"args\":{\"operator\":"
			"\"SimTel\",\"batch\":1,\"since_ms\":1769851800000}}"
			"\n");
		assert_non_null(strstr(
			call_out, "claims.csv: 1 refused, 1 in doubt\n"));
		assert_non_null(strstr(call_err, "settle it before"));
		assert_string_equal(teller_read("claims.csv"), csv);
	}
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0137, 0);
	assert_null(teller_read("claims.csv.part"));
	teller_will_say(USED LOST DONE);
	assert_int_equal(
		call_ctl("claims", "--csv", "-", "--socket", teller_sock, NULL),
		0);
	assert_string_equal(call_out, csv);
	(void)teller_asked();
}

static void
half_a_list_leaves_no_file(void **state)
{
	(void)state;
	char path[256];
	static const struct {
		const char *answer;
		int status;
	} rows[] = {{USED, 3}, {"{\"error\":\"no\",\"exit\":1}\n", 1},
		{USED "{\"error\":\"the disk\",\"exit\":1}\n", 1}};
	(void)snprintf(path, sizeof(path), "%s", teller_path("half.csv"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		teller_will_say(rows[i].answer);
		assert_int_equal(call_ctl("claims", "--csv", path, "--socket",
					 teller_sock, NULL),
			rows[i].status);
		(void)teller_asked();
		assert_null(teller_read("half.csv"));
		assert_null(teller_read("half.csv.part"));
	}
}

static void
file_that_cannot_be_written_is_told(void **state)
{
	(void)state;
	assert_int_equal(call_ctl("claims", "--csv", "/nonexistent/c.csv",
				 "--socket", teller_sock, NULL),
		1);
	assert_non_null(strstr(call_err, "cannot write /nonexistent/c.csv: "));
	teller_will_say(USED DONE);
	assert_int_equal(call_ctl("claims", "--csv", "/dev/full", "--socket",
				 teller_sock, NULL),
		1);
	assert_non_null(strstr(call_err, "cannot write /dev/full: "));
	(void)teller_asked();
	assert_int_equal(call_ctl("claims", "--csv", "c", "--json", NULL), 2);
	assert_int_equal(call_ctl("claims", "--since", "soon", NULL), 2);
	assert_int_equal(call_ctl("claims", "--batch", "x", NULL), 2);
}

static void
people_get_a_table_and_a_sum(void **state)
{
	(void)state;
	teller_will_say(USED LOST DONE);
	assert_int_equal(call_ctl("claims", "--socket", teller_sock, NULL), 0);
	assert_non_null(strstr(call_out, "SERIAL"));
	assert_non_null(strstr(call_out, "2026-01-31 23:30:00"));
	assert_non_null(strstr(call_out, "\\x1b[2J"));
	assert_non_null(strstr(call_out, "1 refused, 1 in doubt\n"));
	(void)teller_asked();
	teller_will_say("{\"done\":{\"count\":0},\"exit\":0}\n");
	assert_int_equal(call_ctl("claims", "--socket", teller_sock, NULL), 0);
	assert_string_equal(
		call_out, "no card was refused, none is in doubt\n");
	assert_string_equal(call_err, "");
	(void)teller_asked();
}

static void
json_is_one_array(void **state)
{
	(void)state;
	teller_will_say("{\"item\":{\"id\":7}}\n{\"item\":{\"id\":9}}\n" DONE);
	assert_int_equal(
		call_ctl("claims", "--json", "--socket", teller_sock, NULL), 0);
	assert_string_equal(call_out, "[{\"id\":7},\n{\"id\":9}]\n");
	(void)teller_asked();
	teller_will_say("{\"done\":{\"count\":0},\"exit\":0}\n");
	assert_int_equal(
		call_ctl("claims", "--json", "--socket", teller_sock, NULL), 0);
	assert_string_equal(call_out, "[]\n");
	(void)teller_asked();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_is_safe_for_a_spreadsheet_and_whole),
		cmocka_unit_test(half_a_list_leaves_no_file),
		cmocka_unit_test(file_that_cannot_be_written_is_told),
		cmocka_unit_test(people_get_a_table_and_a_sum),
		cmocka_unit_test(json_is_one_array),
	};
	return cmocka_run_group_tests(tests, teller_setup, teller_teardown);
}
