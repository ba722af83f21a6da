/*
 * What an operator's own code for the last recharge proves: the card's
 * serial, or a time that can be of this attempt alone.
 */
#include "agent/proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "agent/money.h"

#define NONE   MONEY_NONE
#define MINUTE INT64_C(60000)
#define BEGAN  INT64_C(1800000000000)
#define ENDED  (BEGAN + MINUTE)
#define FENCE  (2 * MINUTE)

static struct proof_case
by_serial(void)
{
	return (struct proof_case){.card_serial = "S7",
		.told_serial = "S7",
		.told_wall_ms = PROOF_NO_TIME,
		.began_wall_ms = BEGAN,
		.ended_wall_ms = ENDED,
		.fence_ms = FENCE,
		.card_minor = 10000,
		.told_minor = NONE};
}

static struct proof_case
by_time(int64_t told_wall_ms)
{
	struct proof_case c = by_serial();
	c.own = true;
	c.clock_trusted = true;
	c.card_serial = c.told_serial = "";
	c.told_wall_ms = told_wall_ms;
	return c;
}

static void
the_serial_of_the_card_proves_it(void **state)
{
	(void)state;
	struct proof_case c = by_serial();
	assert_true(proof_fits(&c));
	c.told_minor = 10000;
	assert_true(proof_fits(&c));
	c.card_minor = NONE;
	assert_true(proof_fits(&c));
	c.card_minor = 5000;
	assert_false(proof_fits(&c));
}

static void
another_serial_or_none_proves_nothing(void **state)
{
	(void)state;
	struct proof_case c = by_serial();
	c.told_serial = "S8";
	assert_false(proof_fits(&c));
	/* Not even at the right time. */
	c = by_time(BEGAN);
	c.card_serial = "S7";
	c.told_serial = "S8";
	assert_false(proof_fits(&c));
	c = by_serial();
	c.card_serial = c.told_serial = "";
	assert_false(proof_fits(&c));
	c = by_serial();
	c.told_serial = "";
	assert_false(proof_fits(&c));
}

static void
time_must_lie_in_the_attempt(void **state)
{
	(void)state;
	static const struct {
		int64_t told;
		bool fits;
	} rows[] = {
		{BEGAN - MINUTE - 1, false},
		{BEGAN - MINUTE, true},
		{BEGAN, true},
		{ENDED + FENCE, true},
		{ENDED + FENCE + 1, false},
		{PROOF_NO_TIME, false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct proof_case c = by_time(rows[i].told);
		assert_int_equal(proof_fits(&c), rows[i].fits);
	}
}

static void
time_proves_only_under_its_conditions(void **state)
{
	(void)state;
	struct proof_case c = by_time(BEGAN);
	assert_true(proof_fits(&c));
	c.own = false; /* the code tells of the SIM, not of the number */
	assert_false(proof_fits(&c));
	c = by_time(BEGAN);
	c.clock_trusted = false;
	assert_false(proof_fits(&c));
	c = by_time(BEGAN);
	c.told_minor = 5000;
	assert_false(proof_fits(&c));
}

/* A recharge just before, told in minutes, looks like this one. */
static void
time_near_the_attempt_before_proves_nothing(void **state)
{
	(void)state;
	struct proof_case c = by_time(BEGAN);
	c.before_wall_ms = BEGAN - MINUTE;
	assert_false(proof_fits(&c));
	c.before_wall_ms--;
	assert_true(proof_fits(&c));
}

static void
times_are_read_as_operators_write_them(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t second;
	} rows[] = {
		{"22/11/2026 17:05", 1795367100},
		{"22/11/2026 17:05:09", 1795367109},
		{"22-11-2026 17:05", 1795367100},
		{"22-11-2026 17:05:09", 1795367109},
		{"2026-11-22 17:05", 1795367100},
		{" 2026-11-22 17:05:09 ", 1795367109},
		{"29/02/2028 00:00", 1835395200},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(proof_time(span_str(rows[i].text)),
			rows[i].second * 1000);
}

static void
what_is_no_moment_is_none(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "17:05", "22/11/26 17:05",
		"2026/11/22 17:05", "22/11/2026",
		"22/11/2026 17:05:", "22/11/2026 17:05:9", "22/11/2026 1705",
		"31/02/2026 10:00", "22/13/2026 10:00", "00/01/2026 10:00",
		"22/11/2026 24:00", "22/11/2026 10:60", "22/11/2026 10:00:60",
		"29/02/2027 00:00", "-2/11/2026 10:00", "22/11/2026 10:00 PM",
		"2026-11-22T17:05"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (proof_time(span_str(texts[i])) != PROOF_NO_TIME)
			fail_msg("%s", texts[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_serial_of_the_card_proves_it),
		cmocka_unit_test(another_serial_or_none_proves_nothing),
		cmocka_unit_test(time_must_lie_in_the_attempt),
		cmocka_unit_test(time_proves_only_under_its_conditions),
		cmocka_unit_test(time_near_the_attempt_before_proves_nothing),
		cmocka_unit_test(times_are_read_as_operators_write_them),
		cmocka_unit_test(what_is_no_moment_is_none),
	};
	(void)setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
