/* reload: settings are whole or refused, and what may not change. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/problem.h"
#include "agent/reload.h"

static char folder[] = "/tmp/topup-reload-XXXXXX";

static const char *
write_text(const char *name, const char *text)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
	return path;
}

static int
make_folder(void **state)
{
	char path[256];

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/operators", folder);
	if (mkdir(path, 0700) < 0)
		return -1;
	(void)write_text("operators/good.ini",
		"[recharge]\nussd = *121*{pin}#\n[reply]\nloaded = credited\n");
	(void)write_text("operators/other.ini",
		"[recharge]\nussd = *121*{pin}#\n[reply]\nloaded = credited\n");
	return 0;
}

static int
remove_folder(void **state)
{
	char command[300];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

/* A configuration with our operators, and text below. */
static bool
read_with(
	const char *text, struct settings *settings, struct problems *problems)
{
	char whole[2048];

	(void)snprintf(whole, sizeof(whole),
		"operators_dir = \"%s/operators\";\n%s", folder, text);
	return settings_read(
		write_text("topupd.conf", whole), settings, problems);
}

static void
configuration_that_cannot_be_parsed_gives_nothing(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct settings settings;

	memset(&settings, 0x5a, sizeof(settings));
	assert_false(read_with("x", &settings, problems));
	assert_null(settings.config);
	assert_null(settings.profiles);
	assert_int_equal(problems_errors(problems), 1);
	assert_false(settings_read("/nonexistent/x", &settings, problems));
	assert_int_equal(problems_errors(problems), 2);
	settings_free(&settings);
	problems_free(problems);
}

static void
modem_of_an_operator_without_profile_is_told_with_its_line(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct settings settings;

	assert_false(read_with(
		"modems = ({ name = \"a\"; port = \"/dev/a\"; },\n"
		"{ name = \"b\"; port = \"/dev/b\"; operator = \"GOOD\"; },\n"
		"{ name = \"c\"; port = \"/dev/c\"; operator = \"gone\"; });",
		&settings, problems));
	assert_null(settings.config);
	assert_int_equal(problems_errors(problems), 1);
	assert_non_null(strstr(problems_line(problems, 0),
		"topupd.conf:4: operator: no profile 'gone' in "));
	problems_free(problems);
}

static void
dialect_that_no_modem_speaks_is_told_with_its_line(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct settings settings;

	assert_false(read_with(
		"modems = ({ name = \"a\"; port = \"/dev/a\"; "
		"dialect = \"huawei\"; },\n"
		"{ name = \"b\"; port = \"/dev/b\"; dialect = \"hauwei\"; });",
		&settings, problems));
	assert_int_equal(problems_errors(problems), 1);
	assert_non_null(strstr(problems_line(problems, 0),
		"topupd.conf:3: dialect: 'hauwei' is none that is known"));
	problems_free(problems);
}

static void
problems_of_profiles_and_configuration_are_told_together(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct settings settings;
	const char *path =
		write_text("operators/broken.ini", "[recharge]\ncolour = 1\n");

	assert_false(read_with("colour = 1;\n"
			       "modems = ({ name = \"a\"; port = \"/dev/a\"; "
			       "operator = \"broken\"; });",
		&settings, problems));
	assert_non_null(strstr(
		problems_line(problems, 0), "topupd.conf:2: unknown key"));
	assert_non_null(strstr(
		problems_line(problems, 1), "broken.ini:2: unknown key"));
	/* that the profile could redeem nothing; not that it is missing */
	assert_int_equal(problems_errors(problems), 4);
	assert_int_equal(unlink(path), 0);
	problems_free(problems);
}

static void
account_of_two_operators_is_refused(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct settings settings;

	assert_true(read_with(
		"modems = ({ name = \"a\"; port = \"/dev/a\"; "
		"operator = \"good\"; account = \"x\"; },\n"
		"{ name = \"b\"; port = \"/dev/b\"; operator = \"auto\"; "
		"account = \"x\"; },\n"
		"{ name = \"c\"; port = \"/dev/c\"; operator = \"Good\"; "
		"account = \"x\"; },\n"
		"{ name = \"d\"; port = \"/dev/d\"; operator = \"other\"; "
		"account = \"y\"; });",
		&settings, problems));
	settings_free(&settings);
	assert_false(read_with(
		"modems = ({ name = \"a\"; port = \"/dev/a\"; "
		"operator = \"good\"; account = \"x\"; },\n"
		"{ name = \"b\"; port = \"/dev/b\"; operator = \"other\"; "
		"account = \"x\"; });",
		&settings, problems));
	assert_non_null(strstr(problems_line(problems, 0),
		":3: account: 'x' is one of good in line 2 already"));
	problems_free(problems);
}

static void
good_settings_hold_the_configuration_and_its_profiles(void **state)
{
	(void)state;
	struct problems *problems = problems_new();
	struct settings settings;

	assert_true(read_with("", &settings, problems));
	assert_int_equal(problems_errors(problems), 0);
	assert_non_null(settings.config);
	assert_non_null(profiles_find(settings.profiles, span_str("good")));
	settings_free(&settings);
	assert_null(settings.config);
	settings_free(&settings);
	problems_free(problems);
}

static void
what_cannot_change_while_the_daemon_runs_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *want; /* NULL: it may change */
	} rows[] = {
		{"spool_dir = \"/b\";", "spool_dir: cannot change"},
		{"state_dir = \"/b\"; key_file = \"/var/lib/topupd/pin.key\";",
			"state_dir: cannot change"},
		{"runtime_dir = \"/b\";", "runtime_dir: cannot change"},
		{"key_file = \"/b\";", "key_file: cannot change"},
		{"group = \"root\";", "group: cannot change"},
		{"timezone = \"UTC\";", "timezone: cannot change"},
		{"log = { level = \"debug\"; };", "warning: log: changes"},
		{"log = { facility = \"local1\"; };", "warning: log: changes"},
		{"log = { socket = \"/b\"; };", "warning: log: changes"},
		{"modems = ({ name = \"a\"; port = \"/dev/a\"; });", NULL},
		{"spool_dir = \"/var/spool/topupd\";", NULL},
	};
	struct problems *unused = problems_new();
	struct settings old;

	assert_true(read_with("", &old, unused));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct problems *problems = problems_new();
		struct settings new;

		assert_true(read_with(rows[i].text, &new, unused));
		settings_compare(&old, &new, problems);
		const char *line = problems_line(problems, 0);

		if (!rows[i].want)
			assert_null(line);
		else if (!line || !strstr(line, rows[i].want))
			fail_msg("%s: %s", rows[i].text, line ? line : "-");
		assert_null(line ? problems_line(problems, 1) : NULL);
		settings_free(&new);
		problems_free(problems);
	}
	settings_free(&old);
	problems_free(unused);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			configuration_that_cannot_be_parsed_gives_nothing),
		cmocka_unit_test(
			modem_of_an_operator_without_profile_is_told_with_its_line),
		cmocka_unit_test(
			dialect_that_no_modem_speaks_is_told_with_its_line),
		cmocka_unit_test(
			problems_of_profiles_and_configuration_are_told_together),
		cmocka_unit_test(account_of_two_operators_is_refused),
		cmocka_unit_test(
			good_settings_hold_the_configuration_and_its_profiles),
		cmocka_unit_test(
			what_cannot_change_while_the_daemon_runs_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
