/*
 * Configuration and profiles: each mistake is told with file and line, a
 * reload is taken or refused whole, and one state directory has one daemon
 * and one key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/house_proof.h"

static int
check(struct house *h)
{
	const char *argv[] = {
		"topupd", "-c", house_path(h, "topupd.conf"), "--check", NULL};

	return house_run(h, argv);
}

/* The line of a file on which a text stands, from 1. */
static unsigned
line_of(const char *path, const char *part)
{
	char *text = house_read(path), *at;
	unsigned line = 1;

	assert_non_null(text);
	at = strstr(text, part);
	assert_non_null(at);
	for (const char *c = text; c < at; c++)
		line += *c == '\n';
	free(text);
	return line;
}

/* --check must name the line on which the part stands. */
static void
assert_check_finds(struct house *h, const char *file, const char *part)
{
	char wanted[2 * HOUSE_PATH_MAX];
	const char *path = house_path(h, "%s", file);

	snprintf(wanted, sizeof(wanted), "%s:%u: ", path, line_of(path, part));
	if (check(h) != 1 || strstr(h->out, wanted) == NULL)
		fail_msg("--check says nothing of %s (wanted %s): %s%s", part,
			wanted, h->out, h->err);
}

static void
one_modem(struct house *h)
{
	snprintf(h->modems[0].name, sizeof(h->modems[0].name), "m1");
	snprintf(h->modems[0].port, sizeof(h->modems[0].port),
		"/dev/topupd-no-such-port");
	h->modem_count = 1;
}

static void
good_settings_pass_the_check_and_make_nothing(void **state)
{
	struct house *h = *state;

	one_modem(h);
	house_write_settings(h);
	if (check(h) != 0)
		fail_msg("--check: %s%s", h->out, h->err);
	assert_int_not_equal(access(house_path(h, "state/ledger.db"), F_OK), 0);
	assert_int_equal(house_ctl(h, "check", NULL), 0);
	house_done(h);
}

/* Each is a line that is added to a good configuration. */
static const char *const bad_configuration[] = {
	"colour = \"blue\";",
	"timezone = 7;",
	"timezone = \"Atlantis/Capital\";",
	"log2 = { level = \"info\"; };",
	"spool_dirs = \"/tmp\";",
	"on_event = 12;",
	"group = \"no such group here\";",
	"group = [1, 2];",
	"timezone = = \"UTC\";",
};

static void
each_mistake_in_the_configuration_is_told_with_its_line(void **state)
{
	struct house *h = *state;
	size_t n = sizeof(bad_configuration) / sizeof(bad_configuration[0]);

	one_modem(h);
	for (size_t i = 0; i < n; i++) {
		free(h->config_extra);
		h->config_extra = strdup(bad_configuration[i]);
		house_write_settings(h);
		assert_check_finds(h, "topupd.conf", bad_configuration[i]);
	}
	house_done(h);
}

/* Each stands in the place of the list of modems. */
static const struct bad_modems {
	const char *text, *part;
} bad_modems[] = {
	{"{ name = \"a\"; port = \"/dev/x\"; colour = 1; }", "colour"},
	{"{ name = \"a\"; port = 7; }", "port = 7"},
	{"{ name = \"a\"; port = \"/dev/x\"; operator = \"nobody\"; }",
		"nobody"},
	{"{ name = \"a\"; port = \"/dev/x\"; dialect = \"klingon\"; }",
		"klingon"},
	/* Two names of one device. */
	{"{ name = \"a\"; port = \"/dev/null\"; },\n"
	 "{ name = \"b\"; port = \"/dev/./null\"; }",
		"/dev/./null"},
	{"{ name = \"a\"; port = \"/dev/x\"; },\n"
	 "{ name = \"a\"; port = \"/dev/y\"; }",
		"/dev/y"},
	{"{ name = \"a\"; port = \"tcp://some.name:99\"; }", "some.name"},
	{"{ name = \"a\"; port = \"/dev/x\"; sim_pin_file = \"/no/such\"; }",
		"/no/such"},
	{"{ port = \"/dev/nameless\"; }", "nameless"},
	{"{ name = \"portless\"; }", "portless"},
};

static void
each_mistake_in_the_list_of_modems_is_told_with_its_line(void **state)
{
	struct house *h = *state;
	char text[4 * HOUSE_PATH_MAX];

	for (size_t i = 0; i < sizeof(bad_modems) / sizeof(bad_modems[0]);
		i++) {
		house_write_settings(h);
		snprintf(text, sizeof(text),
			"spool_dir = \"%s/spool\";\nstate_dir = \"%s/state\";\n"
			"operators_dir = \"%s/operators\";\nmodems = "
			"(\n%s\n);\n",
			h->dir, h->dir, h->dir, bad_modems[i].text);
		house_write(house_path(h, "topupd.conf"), text);
		assert_check_finds(h, "topupd.conf", bad_modems[i].part);
	}
	house_done(h);
}

static const struct house_rule bad_profile[] = {
	{"operator", "colour", "blue"},
	{"operator", "decimals", "many"},
	{"operator", "number_format", "1#2#3"},
	{"operator", "pin", "(\\d{14"},
	{"recharge", "ussd", "*121*nothing#"},
	{"recharge", "timeout", "2 weeks"},
	{"recharge", "via", "pigeon"},
	{"recharge", "verdict", "dream"},
	{"reply", "loaded", "(?<amount>[\\d.,]+"},
	{"reply", "perhaps", "maybe"},
	{"balance", "before", "sometimes"},
	{"limits", "max_rejects", "-1"},
	{"limits", "hours", "25:00-26:00"},
	{"menu", "1", "no arrow here"},
};

static void
each_mistake_in_a_profile_is_told_with_its_line(void **state)
{
	struct house *h = *state;
	char part[300];

	one_modem(h);
	for (size_t i = 0; i < sizeof(bad_profile) / sizeof(bad_profile[0]);
		i++) {
		const struct house_rule *r = &bad_profile[i];

		h->rule_count = 0; /* the good profile anew */
		house_rule_set(h, r->section, r->key, r->value);
		house_write_settings(h);
		snprintf(part, sizeof(part), "%s = %s", r->key, r->value);
		assert_check_finds(h, "operators/simtel.ini", part);
	}
	house_done(h);
}

/* What the INI reader would cut, join or not understand. */
static void
profile_lines_that_would_be_misread_are_refused(void **state)
{
	static const char *const lines[] = {
		"\tindented = value",
		"[colours]",
		"a line without a sign",
	};
	struct house *h = *state;
	char *good, *bad, longest[400];
	const char *path;

	one_modem(h);
	for (size_t i = 0; i < 4; i++) {
		const char *line = i < 3 ? lines[i] : longest;

		snprintf(longest, sizeof(longest), "busy = %0250d", 7);
		house_write_settings(h);
		path = house_path(h, "operators/simtel.ini");
		good = house_read(path);
		assert_true(asprintf(&bad, "%s%s\n", good, line) > 0);
		house_write(path, bad);
		free(good);
		free(bad);
		assert_check_finds(h, "operators/simtel.ini", line);
	}
	house_done(h);
}

static void
daemon_does_not_start_on_bad_settings(void **state)
{
	struct house *h = *state;

	one_modem(h);
	h->config_extra = strdup("colour = \"blue\";");
	house_write_settings(h);
	house_spawn_daemon(h);
	assert_int_not_equal(house_wait_daemon(h), 0);
	assert_int_not_equal(access(house_path(h, "state/ledger.db"), F_OK), 0);
	assert_int_equal(house_ctl(h, "status", NULL), 3);
	house_done(h);
}

static void
second_daemon_on_the_same_state_is_refused(void **state)
{
	struct house *h = *state;
	const char *argv[] = {"topupd", "-c", NULL, "--log=stderr", NULL};

	one_modem(h);
	house_start(h);
	argv[2] = house_path(h, "topupd.conf");
	assert_int_not_equal(house_run(h, argv), 0);
	if (strstr(h->err, "another") == NULL &&
		strstr(h->err, "already") == NULL)
		fail_msg("the second daemon does not say why: %s", h->err);
	/* The first one has not noticed. */
	assert_int_equal(house_ctl(h, "status", NULL), 0);
	house_done(h);
}

static void
another_key_than_the_ledgers_is_refused(void **state)
{
	struct house *h = *state;
	const char *argv[] = {"topupd", "-c", NULL, "--log=stderr", NULL};
	static const char other[33] = "0123456789abcdef0123456789abcdef";
	FILE *f;

	one_modem(h);
	house_start(h);
	assert_int_equal(house_stop(h), 0);
	assert_int_equal(unlink(house_path(h, "state/pin.key")), 0);
	f = fopen(house_path(h, "state/pin.key"), "w");
	assert_non_null(f);
	assert_int_equal(fwrite(other, 1, 32, f), 32);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(house_path(h, "state/pin.key"), 0400), 0);
	argv[2] = house_path(h, "topupd.conf");
	assert_int_not_equal(house_run(h, argv), 0);
	house_assert_contains(h->err, "key");
	/* Nor is a lost one made anew where there is a ledger. */
	assert_int_equal(unlink(house_path(h, "state/pin.key")), 0);
	assert_int_not_equal(house_run(h, argv), 0);
	assert_int_not_equal(access(house_path(h, "state/pin.key"), F_OK), 0);
	house_done(h);
}

static bool
is_gone(struct house *h, const void *ctx)
{
	return house_find(house_ask(h, "modems", NULL), "name", ctx) == NULL;
}

static void
reload_adds_a_modem_and_refuses_bad_settings(void **state)
{
	struct house *h = *state;
	char batch[256];

	house_add_cards(h, 0, 1);
	house_add_modem(h, "m1", "huawei", NULL);
	house_add_modem(h, "m2", "simcom", NULL);
	house_start_sim(h);
	h->modem_count = 1;
	house_start(h);
	house_until_modem(h, "m1", "ready");
	assert_null(house_find(house_ask(h, "modems", NULL), "name", "m2"));

	h->config_extra = strdup("colour = \"blue\";");
	h->modem_count = 2;
	house_write_settings(h);
	assert_int_equal(house_ctl(h, "reload", NULL), 1);
	house_assert_contains(h->err, "topupd.conf:");
	assert_null(house_find(house_ask(h, "modems", NULL), "name", "m2"));
	house_until_modem(h, "m1", "ready");

	free(h->config_extra);
	h->config_extra = NULL;
	house_write_settings(h);
	assert_int_equal(house_ctl(h, "reload", NULL), 0);
	house_until_modem(h, "m2", "ready");
	snprintf(batch, sizeof(batch),
		"# operator: simtel\npin,serial,modem\n%s,S0,m2\n",
		house_pin(0));
	house_submit(h, "one.csv", batch);
	house_until_state(h, "S0", "loaded");

	/* And takes one away, which first gets its settings back. */
	h->modem_count = 1;
	house_write_settings(h);
	assert_int_equal(house_ctl(h, "reload", NULL), 0);
	house_until(h, "m2 to be gone", is_gone, "m2");
	assert_non_null(house_find(house_ask(h, "modems", NULL), "name", "m1"));
	house_done(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOUSE_TEST(good_settings_pass_the_check_and_make_nothing),
		HOUSE_TEST(
			each_mistake_in_the_configuration_is_told_with_its_line),
		HOUSE_TEST(
			each_mistake_in_the_list_of_modems_is_told_with_its_line),
		HOUSE_TEST(each_mistake_in_a_profile_is_told_with_its_line),
		HOUSE_TEST(profile_lines_that_would_be_misread_are_refused),
		HOUSE_TEST(daemon_does_not_start_on_bad_settings),
		HOUSE_TEST(second_daemon_on_the_same_state_is_refused),
		HOUSE_TEST(another_key_than_the_ledgers_is_refused),
		HOUSE_TEST(reload_adds_a_modem_and_refuses_bad_settings),
	};

	cmocka_set_test_filter(getenv("ONLY")); /* one test's name, or all */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
