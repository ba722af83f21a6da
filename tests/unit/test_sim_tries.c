/*
 * The tries that a SIM leaves, as each make says them. The lines are of
 * public drivers, their tests and manuals.
 */
#include "modem/sim_tries.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { UNTOUCHED = 4711 };

static void
each_make_tells_the_tries_of_its_pin(void **state)
{
	static const struct {
		const char *line;
		unsigned tries;
	} rows[] = {
		{"+CPINR: SIM PIN,3,3", 3},
		{"+CPINR: \"SIM PIN\",2,3", 2},
		{"+CPINR: SIM PIN,0", 0},
		{"^CPIN: SIM PIN,3,10,2,9,1", 2},
		{"^CPIN: READY,,10,3,10,3", 3},
		{"^CPIN:SIM PUK,10,10,0,10,3", 0},
		{"+ZPINPUK: 3,10", 3},
		{"+ZPINPUK:1,10", 1},
		{"#PCT: 3", 3},
		{"#PCT: 2", 2},
		{"+QPINC: \"SC\",3,10", 3},
		{"+QPINC: SC,1,10", 1},
		{"+QTRPIN: 3,2,10,9", 3},
		{"+SPIC: 3,3,10,10", 3},
		{"+SPIC: 2,10,0,10", 2}, /* PUK second on newer ones */
		{"+SPIC: 3", 3},
		{"^SPIC: 1", 1},
		{"+UPINCNT: 3,2,10,10", 3},
		{"+UPINCNT: 0,3,5,5", 0},
		{"*EPIN: 2, 10, 3, 10", 2},
		{"%PINNUM: 3, 10, 1, 10", 3},
		{"_OERCN: 3, 10", 3},
		{"+XPINCNT: 2,3,10,10", 2},
		{"+EPINC: 3, 2, 10, 10", 3},
		{"+TPIN: 3,2,10,10", 3},
		{"+CPINC: 2,3,10,10", 2},
		{"+CSIM: 4,\"63C3\"", 3},
		{"+CSIM: 4,63c1", 1},
		{"+CSIM: 4,\"63C0\"", 0},
		{"+CSIM: 4,\"6983\"", 0},
		{"+PNNM: 3,10", 3},
		{"+PNNM: 15,10", 15},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned tries = UNTOUCHED;

		assert_int_equal(
			sim_tries_of(span_str(rows[i].line), &tries), 0);
		if (tries != rows[i].tries)
			fail_msg("%s is %u", rows[i].line, tries);
	}
}

static void
another_password_or_line_is_passed_over(void **state)
{
	static const char *const lines[] = {"+CPINR: SIM PUK,10,10",
		"+CPINR: SIM PIN2,3,3", "+CPINR: \"SIM PUK2\",10,10",
		"+CPINRE: SIM PIN,3", "+QPINC: \"P2\",3,10", "+CPIN: SIM PIN",
		"+CPIN: READY", "+CSIM: 4,\"9000\"", "+CSIM: 4,\"6E00\"",
		"+CSIM: 4,6B00", "OK", "", "PCT: 3", "+SPICE: 3", "^SIMST: 1",
		"3"};
	unsigned tries = UNTOUCHED;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		assert_int_equal(
			sim_tries_of(span_str(lines[i]), &tries), -ENOENT);
	assert_int_equal(tries, UNTOUCHED);
}

static void
a_line_without_its_number_says_nothing(void **state)
{
	static const char *const lines[] = {"+CPINR:", "+CPINR: SIM PIN",
		"+CPINR: SIM PIN,,3", "+CPINR: SIM PIN,x", "^CPIN: READY",
		"^CPIN: SIM PIN,3", "^CPIN: SIM PIN,3,10,,10,3",
		"#PCT:", "#PCT: SIM PIN", "+SPIC: -1,10", "*EPIN: ,10",
		"+UPINCNT: 4294967299,3", "+UPINCNT: 16,3", "^SPIC: SIM PIN2",
		"+QPINC: \"SC\"", "+ZPINPUK: (0-3)", "+CSIM:", "+CSIM: 4",
		"+CSIM: 4,\"63C\"", "+CSIM: 6,\"63C363\"", "+CSIM: 4,\"63CX\""};
	unsigned tries = UNTOUCHED;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (sim_tries_of(span_str(lines[i]), &tries) != -EINVAL)
			fail_msg("%s was taken", lines[i]);
	assert_int_equal(tries, UNTOUCHED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_make_tells_the_tries_of_its_pin),
		cmocka_unit_test(another_password_or_line_is_passed_over),
		cmocka_unit_test(a_line_without_its_number_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
