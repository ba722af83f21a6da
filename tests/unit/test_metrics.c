/* metrics: what is put is legal text, whatever stands in a label. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/metrics.h"
#include "tests/support/exposition.h"

static void
families_and_samples_stand_as_the_format_says(void **state)
{
	const struct metrics_label one[] = {{"state", "ready"}, {0}};
	const struct metrics_label two[] = {
		{"operator", "simtel"}, {"verdict", "loaded"}, {0}};
	struct metrics m = {0};

	(void)state;
	metrics_family(&m, "topupd_vouchers", "gauge", "Vouchers by state.");
	metrics_put_number(&m, "topupd_vouchers", one, 12);
	metrics_family(&m, "topupd_attempts_total", "counter", "Ends.");
	metrics_put(&m, "topupd_attempts_total", two, "3");
	metrics_put_one(&m, "topupd_up", "Up.", 1);
	assert_string_equal(m.text,
		"# HELP topupd_vouchers Vouchers by state.\n"
		"# TYPE topupd_vouchers gauge\n"
		"topupd_vouchers{state=\"ready\"} 12\n"
		"# HELP topupd_attempts_total Ends.\n"
		"# TYPE topupd_attempts_total counter\n"
		"topupd_attempts_total{operator=\"simtel\",verdict=\"loaded\"}"
		" 3\n"
		"# HELP topupd_up Up.\n"
		"# TYPE topupd_up gauge\n"
		"topupd_up 1\n");
	exposition_check(m.text);
	metrics_fini(&m);
	assert_null(m.text);
}

static void
no_label_ends_its_quotes_or_its_line(void **state)
{
	static const char *const rows[][2] = {
		{"plain", "plain"},
		{"a\"} 1\nb", "a\\\"} 1\\nb"},
		{"back\\", "back\\\\"},
		{"tab\tesc\x1b[2J", "tab?esc?[2J"},
		{"\xe2\x82\xa6", "???"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct metrics_label labels[] = {{"x", rows[i][0]}, {0}};
		struct metrics m = {0};
		char want[128];

		metrics_family(&m, "n", "gauge", "h");
		metrics_put_number(&m, "n", labels, -7);
		(void)snprintf(want, sizeof(want),
			"# HELP n h\n# TYPE n gauge\nn{x=\"%s\"} -7\n",
			rows[i][1]);
		assert_string_equal(m.text, want);
		exposition_check(m.text);
		metrics_fini(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_and_samples_stand_as_the_format_says),
		cmocka_unit_test(no_label_ends_its_quotes_or_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
