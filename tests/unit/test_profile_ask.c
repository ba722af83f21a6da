/* profile_ask: hours, what is dialled, and what is left of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/problem.h"
#include "agent/profile.h"
#include "agent/secret.h"

#define BASE "[recharge]\nussd = *121*{pin}#\n[reply]\nloaded = credited\n"

static char folder[] = "/tmp/topup-profile-XXXXXX";

static const char *
path_of(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static const char *
write_file(const char *name, const void *bytes, size_t len)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return path;
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
	char command[300];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static struct profile *
read_good(const char *text)
{
	struct problems *problems = problems_new();
	struct profile *p = profile_read(
		write_file("good.ini", text, strlen(text)), problems);

	if (!p)
		fail_msg("%s", problems_line(problems, 0));
	assert_null(problems_line(problems, 0));
	problems_free(problems);
	return p;
}

static void
hours_may_pass_midnight(void **state)
{
	(void)state;
	struct profile *night = read_good(BASE "[limits]\nhours = 22:00-06:00, "
					       "12:00-13:30\n");
	struct profile *all = read_good(BASE "[limits]\nhours = 00:00-24:00\n");
	static const struct {
		unsigned minute;
		bool allowed;
	} rows[] = {{0, true}, {359, true}, {360, false}, {719, false},
		{720, true}, {809, true}, {810, false}, {1319, false},
		{1320, true}, {1439, true}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(profile_hours_allow(night, rows[i].minute),
			rows[i].allowed);
		assert_true(profile_hours_allow(all, rows[i].minute));
	}
	profile_unref(night);
	profile_unref(all);
}

static void
what_is_dialled_is_plain_whatever_an_expression_allows(void **state)
{
	(void)state;
	struct profile *p =
		read_good("[operator]\npin = .+\nmsisdn = .+\n" BASE);
	static const struct {
		const char *text;
		bool voucher_pin;
		bool msisdn;
	} rows[] = {{"", false, false}, {"1234", true, true},
		{"AbC9", true, false}, {"12*4", false, false},
		{"12#", false, false}, {"12\n", false, false},
		{"٢٥٠", false, false}, {"1 2", false, false},
		{"+123", false, true}, {"1\"2", false, false},
		{"{pin}", false, false}};
	char digits[VOUCHER_PIN_MAX + 1];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(profile_takes_pin(p, span_str(rows[i].text)),
			rows[i].voucher_pin);
		assert_int_equal(
			profile_takes_msisdn(p, span_str(rows[i].text)),
			rows[i].msisdn);
	}
	assert_false(profile_takes_pin(p, span_of("1\0", 2)));
	memset(digits, '7', sizeof(digits));
	assert_true(profile_takes_pin(p, span_of(digits, VOUCHER_PIN_MAX)));
	assert_false(
		profile_takes_pin(p, span_of(digits, VOUCHER_PIN_MAX + 1)));
	assert_false(profile_takes_msisdn(p, span_of(digits, 33)));
	profile_unref(p);
}

static void
template_that_does_not_fit_leaves_no_pin_behind(void **state)
{
	(void)state;
	static const char want[] = "*1*12345678*0800*12345678#";
	static const char template[] = "*1*{pin}*{msisdn}*{pin}#";
	char out[sizeof(want)];
	char none[sizeof(want)] = "";

	for (size_t cap = 0; cap < sizeof(want); cap++) {
		memset(out, 0, sizeof(out));
		assert_int_equal(profile_fill(template, span_str("12345678"),
					 span_str("0800"), out, cap),
			-ENOSPC);
		assert_memory_equal(out, none, sizeof(out));
	}
	assert_int_equal(profile_fill(template, span_str("12345678"),
				 span_str("0800"), out, sizeof(out)),
		0);
	assert_string_equal(out, want);
	/* what is filled in is not looked at again */
	assert_int_equal(profile_fill("{pin}", span_str("{msisdn}"),
				 span_str("0"), out, sizeof(out)),
		0);
	assert_string_equal(out, "{msisdn}");
	assert_int_equal(profile_fill("{pin}{", span_of(NULL, 0),
				 span_of(NULL, 0), out, sizeof(out)),
		0);
	assert_string_equal(out, "{");
}

static void
absent_keys_have_the_contracts_defaults(void **state)
{
	(void)state;
	struct profile *p = read_good(BASE);

	assert_string_equal(p->stem, "good");
	assert_string_equal(p->name, "good");
	assert_string_equal(p->currency, "");
	assert_int_equal(p->mcc_mnc_count, 0);
	assert_int_equal(p->decimals, 2);
	assert_int_equal(p->number_format.group, ',');
	assert_int_equal(p->number_format.divide, '.');
	assert_true(profile_takes_pin(p, span_str("1234567890")));
	assert_true(profile_takes_pin(p, span_str("12345678901234567890")));
	assert_false(profile_takes_pin(p, span_str("123456789")));
	assert_false(profile_takes_pin(p, span_str("123456789012345678901")));
	assert_true(profile_takes_msisdn(p, span_str("+23480123456")));
	assert_string_equal(p->recharge_ussd, "*121*{pin}#");
	assert_string_equal(p->recharge_ussd_for_other, "");
	assert_int_equal(p->via_count, 1);
	assert_int_equal(p->via[0], PROFILE_VIA_USSD);
	assert_int_equal(p->verdict_by, PROFILE_VERDICT_USSD);
	assert_int_equal(p->timeout_ms, 60000);
	assert_false(p->repeat_once);
	assert_int_equal(p->menu_count, 0);
	assert_string_equal(p->balance_ussd, "");
	assert_int_equal(p->before, PROFILE_BEFORE_AUTO);
	assert_int_equal(p->balance_max_per_day, 0);
	assert_int_equal(p->low_minor, 0);
	assert_int_equal(p->max_rejects, 2);
	assert_int_equal(p->reject_pause_ms, 86400000);
	assert_int_equal(p->batch_rejects, 3);
	assert_int_equal(p->min_interval_ms, 5000);
	assert_int_equal(p->daily_max, 0);
	assert_int_equal(p->hours_count, 0);
	assert_int_equal(p->retries, 3);
	assert_int_equal(p->retry_pause_ms, 60000);
	assert_int_equal(p->fence_ms, 60000);
	profile_unref(p);
}

static void
hours_that_leave_no_minute_out_are_none(void **state)
{
	(void)state;
	static const struct {
		const char *hours;
		size_t count;
	} rows[] = {{"00:00-24:00", 0}, {"00:00-12:00, 12:00-24:00", 0},
		{"22:00-10:00, 10:00-22:00", 0}, {"00:00-23:59", 1},
		{"00:00-11:00, 12:00-24:00", 2}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[1024];
		(void)snprintf(text, sizeof(text), "%s[limits]\nhours = %s\n",
			BASE, rows[i].hours);
		struct profile *p = read_good(text);
		assert_int_equal(p->hours_count, rows[i].count);
		profile_unref(p);
	}
}

static void
profile_lives_as_long_as_an_attempt_holds_it(void **state)
{
	(void)state;
	struct profile *p = read_good(BASE);

	assert_ptr_equal(profile_ref(p), p);
	profile_unref(p);
	assert_string_equal(p->stem, "good");
	profile_unref(p);
	profile_unref(NULL);
}

/* BASE with more keys of [recharge]. */
static struct profile *
read_recharge(const char *keys)
{
	char text[512];
	int len = snprintf(text, sizeof(text),
		"[recharge]\nussd = *121*{pin}#\n%s"
		"[reply]\nloaded = credited\n",
		keys);
	struct problems *problems = problems_new();
	struct profile *p = profile_read(
		write_file("recharge.ini", text, (size_t)len), problems);

	assert_non_null(p);
	problems_free(problems);
	return p;
}

static void
only_a_sender_of_the_list_may_give_a_verdict(void **state)
{
	(void)state;
	static const struct {
		const char *keys, *sender;
		bool taken;
	} rows[] = {
		{"sms_from = 121, SimTel\n", "121", true},
		{"sms_from = 121, SimTel\n", "SimTel", true},
		{"sms_from = 121, SimTel\n", "SIMTEL", false},
		{"sms_from = 121, SimTel\n", "SimTel ", false},
		{"sms_from = 121, SimTel\n", "1212", false},
		{"sms_from = 121, SimTel\n", "12", false},
		{"sms_from = 121, SimTel\n", "", false},
		{"", "121", false},
		{"", "", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct profile *p = read_recharge(rows[i].keys);

		if (profile_takes_sender(p, span_str(rows[i].sender)) !=
			rows[i].taken)
			fail_msg("row %zu", i);
		profile_unref(p);
	}
}

static void
a_service_centre_is_the_profiles_or_like_the_sims_own(void **state)
{
	(void)state;
	static const struct {
		const char *keys, *centre, *own;
		bool taken;
	} rows[] = {
		{"", "+2348030000000", "+2348039999999", true},
		{"", "2348030000000", "+2348039999999", true},
		{"", "+2347030000000", "+2348039999999", false},
		{"", "+2348030000000", "", false},
		{"", "", "", false},
		{"", "+2348", "+2348", false},
		{"smsc = ^\\+2348\n", "+2348030000000", "", true},
		{"smsc = ^\\+2348\n", "+2348030000000", "+4477", true},
		{"smsc = ^\\+2348\n", "+447700900000", "+447700900000", false},
		{"smsc = any\n", "+447700900000", "+2348039999999", true},
		{"smsc = any\n", "", "", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct profile *p = read_recharge(rows[i].keys);

		if (profile_takes_centre(p, span_str(rows[i].centre),
			    span_str(rows[i].own)) != rows[i].taken)
			fail_msg("row %zu", i);
		profile_unref(p);
	}
}

/* The operator whose good answer is no more than a balance. */
static void
verdict_by_balance_needs_no_loaded(void **state)
{
	(void)state;
	struct profile *p =
		read_good("[recharge]\nussd = *121*{pin}#\nverdict = balance\n"
			  "[balance]\nussd = *123#\n"
			  "reply = is (?<balance>\\d+)\n");
	assert_int_equal(p->verdict_by, PROFILE_VERDICT_BALANCE);
	profile_unref(p);
}

static void
verdict_by_sms_names_who_writes(void **state)
{
	(void)state;
	struct profile *p =
		read_good("[recharge]\nussd = *121*{pin}#\nverdict = sms\n"
			  "sms_from = SimTel\n[reply]\nloaded = credited\n");
	assert_int_equal(p->verdict_by, PROFILE_VERDICT_SMS);
	profile_unref(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hours_may_pass_midnight),
		cmocka_unit_test(
			what_is_dialled_is_plain_whatever_an_expression_allows),
		cmocka_unit_test(
			template_that_does_not_fit_leaves_no_pin_behind),
		cmocka_unit_test(absent_keys_have_the_contracts_defaults),
		cmocka_unit_test(hours_that_leave_no_minute_out_are_none),
		cmocka_unit_test(profile_lives_as_long_as_an_attempt_holds_it),
		cmocka_unit_test(only_a_sender_of_the_list_may_give_a_verdict),
		cmocka_unit_test(
			a_service_centre_is_the_profiles_or_like_the_sims_own),
		cmocka_unit_test(verdict_by_balance_needs_no_loaded),
		cmocka_unit_test(verdict_by_sms_names_who_writes),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
