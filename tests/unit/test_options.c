/*
 * test_options: what topupd is told on its command line, and what it prints
 * where only that was wanted.
 */
#include <errno.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/options.h"

#define DEFAULT_FILE "/etc/topupd/topupd.conf"

enum { WORDS_MAX = 6, SAID_MAX = 2048 };

/* What one call printed, and gave back. */
struct call {
	int rc;
	struct options options;
	char file[64], restore[64];
	char out[SAID_MAX], err[SAID_MAX];
};

/* Sends a stream of ours into a file, and gives the way back. */
static int
redirect(FILE *stream, FILE *file)
{
	(void)fflush(stream);
	int kept = dup(fileno(stream));
	assert_true(kept >= 0);
	assert_true(dup2(fileno(file), fileno(stream)) >= 0);
	return kept;
}

static void
restore(FILE *stream, int kept, FILE *file, char said[SAID_MAX])
{
	(void)fflush(stream);
	assert_true(dup2(kept, fileno(stream)) >= 0);
	close(kept);
	rewind(file);
	said[fread(said, 1, SAID_MAX - 1, file)] = '\0';
	(void)fclose(file);
}

/* A list of words, NULL at its end. */
static struct call
call(const char *const *words)
{
	struct call c = {.rc = 0};
	char text[WORDS_MAX][64];
	char *argv[WORDS_MAX + 2] = {(char[]){"topupd"}};
	int argc = 1;
	for (size_t i = 0; i < WORDS_MAX && words[i]; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "%s", words[i]);
		argv[argc++] = text[i];
	}
	memset(&c.options, 0x5a, sizeof(c.options)); /* all of it is set */
	FILE *out = tmpfile(), *err = tmpfile();
	assert_non_null(out);
	assert_non_null(err);
	int kept_out = redirect(stdout, out), kept_err = redirect(stderr, err);
	optind = 0; /* getopt_long(3): begin anew */
	c.rc = options_read(argc, argv, &c.options);
	restore(stderr, kept_err, err, c.err);
	restore(stdout, kept_out, out, c.out);
	if (c.rc == 0) { /* they are argv's, which is gone soon */
		(void)snprintf(c.file, sizeof(c.file), "%s", c.options.file);
		(void)snprintf(c.restore, sizeof(c.restore), "%s",
			c.options.restore ? c.options.restore : "");
	}
	c.options.file = c.options.restore = NULL;
	return c;
}

static void
wrong_usage_is_said_on_standard_error(void **state)
{
	(void)state;
	static const struct {
		const char *words[WORDS_MAX];
		const char *said;
		bool shows_usage;
	} rows[] = {
		{{"--frobnicate"}, "frobnicate", true},
		{{"-x"}, "x", true},
		{{"-c"}, "requires an argument", true},
		{{"--config"}, "requires an argument", true},
		{{"--log"}, "requires an argument", true},
		{{"--restore"}, "requires an argument", true},
		{{"--check", "--restore=b"}, "does not go with", true},
		{{"--check=yes"}, "doesn't allow an argument", true},
		{{"extra"}, "what is 'extra' for?", true},
		{{"--check", "extra"}, "what is 'extra' for?", true},
		{{"--", "--check"}, "what is '--check' for?", true},
		{{"--log=file"}, "not 'file'", false},
		{{"--log=Syslog"}, "not 'Syslog'", false},
		{{"--log="}, "not ''", false},
		{{"--log=both", "--log=nowhere"}, "not 'nowhere'", false},
		{{"--log=nowhere", "--help"}, "not 'nowhere'", false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call c = call(rows[i].words);
		bool shown = strstr(c.err, "usage: topupd") != NULL;
		if (c.rc != -EINVAL || !strstr(c.err, rows[i].said) ||
			shown != rows[i].shows_usage || c.out[0] != '\0')
			fail_msg("row %zu: %d, %s", i, c.rc, c.err);
	}
}

static void
each_option_is_taken(void **state)
{
	(void)state;
	static const struct {
		const char *words[WORDS_MAX];
		const char *file;
		bool check;
		enum options_log log;
	} rows[] = {
		{{NULL}, DEFAULT_FILE, false, OPTIONS_LOG_DEFAULT},
		{{"--"}, DEFAULT_FILE, false, OPTIONS_LOG_DEFAULT},
		{{"-c", "x.conf"}, "x.conf", false, OPTIONS_LOG_DEFAULT},
		{{"-cx.conf"}, "x.conf", false, OPTIONS_LOG_DEFAULT},
		{{"--config=x.conf"}, "x.conf", false, OPTIONS_LOG_DEFAULT},
		{{"--config", "x.conf"}, "x.conf", false, OPTIONS_LOG_DEFAULT},
		{{"-c", "y.conf", "-c", "x.conf"}, "x.conf", false,
			OPTIONS_LOG_DEFAULT},
		{{"--check"}, DEFAULT_FILE, true, OPTIONS_LOG_DEFAULT},
		{{"--log=syslog"}, DEFAULT_FILE, false, OPTIONS_LOG_SYSLOG},
		{{"--log=stderr"}, DEFAULT_FILE, false, OPTIONS_LOG_STDERR},
		{{"--log", "both"}, DEFAULT_FILE, false, OPTIONS_LOG_BOTH},
		{{"--check", "--log=both", "-c", "x.conf"}, "x.conf", true,
			OPTIONS_LOG_BOTH},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call c = call(rows[i].words);
		if (c.rc != 0 || c.options.check != rows[i].check ||
			c.options.log != rows[i].log ||
			strcmp(c.file, rows[i].file) != 0)
			fail_msg("row %zu: %d, %s", i, c.rc, c.err);
		assert_string_equal(c.out, "");
		assert_string_equal(c.err, "");
	}
}

static void
help_and_version_are_answers_of_their_own(void **state)
{
	(void)state;
	static const struct {
		const char *words[WORDS_MAX];
		const char *said;
	} rows[] = {
		{{"--version"}, "topupd " TOPUP_VERSION "\n"},
		{{"--check", "--version", "extra"},
			"topupd " TOPUP_VERSION "\n"},
		{{"--help"}, "usage: topupd"},
		{{"-c", "x.conf", "--help"}, "usage: topupd"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call c = call(rows[i].words);
		assert_int_equal(c.rc, 1);
		assert_int_equal(
			strncmp(c.out, rows[i].said, strlen(rows[i].said)), 0);
		assert_string_equal(c.err, "");
	}
}

static void
backup_to_restore_is_taken(void **state)
{
	(void)state;
	static const struct {
		const char *words[WORDS_MAX];
		const char *restore;
	} rows[] = {
		{{"--restore=b.db"}, "b.db"},
		{{"-c", "x.conf", "--restore", "b.db"}, "b.db"},
		{{"-c", "x.conf"}, NULL},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call c = call(rows[i].words);
		assert_int_equal(c.rc, 0);
		if (rows[i].restore == NULL)
			assert_string_equal(c.restore, "");
		else
			assert_string_equal(c.restore, rows[i].restore);
	}
}

/* Each option that getopt is told of stands in the help. */
static void
help_names_every_option(void **state)
{
	(void)state;
	static const char *const options[] = {"-c", "--config", "--check",
		"--restore", "--log=", "--version", "--help"};
	struct call c = call((const char *[]){"--help", NULL});
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		assert_non_null(strstr(c.out, options[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_usage_is_said_on_standard_error),
		cmocka_unit_test(each_option_is_taken),
		cmocka_unit_test(backup_to_restore_is_taken),
		cmocka_unit_test(help_and_version_are_answers_of_their_own),
		cmocka_unit_test(help_names_every_option),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
