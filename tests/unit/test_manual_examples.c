/*
 * The examples of the documents are tried: files are read by what reads them,
 * commands are held against the table. An example that a reader cannot use is
 * worse than none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/batch.h"
#include "agent/config.h"
#include "agent/ctl_private.h"
#include "agent/problem.h"
#include "agent/profile.h"
#include "tests/support/page.h"

#define OPERATOR_5 "conf/man/topupd-operator.5"
#define BATCH_5    "conf/man/topupd-batch.5"
#define CONF_5     "conf/man/topupd.conf.5"

/* ---- literal blocks of a page -------------------------------------------- */

struct block {
	unsigned wanted, at; /* from 1 */
	bool inside;
	char text[4096];
};

/* A line as the page shows it: "\e" is a backslash. */
static void
add_line(struct block *b, const char *line)
{
	size_t len = strlen(b->text);
	for (; *line != '\0' && len + 2 < sizeof(b->text); line++) {
		b->text[len++] = *line;
		if (*line == '\\' && line[1] == 'e')
			line++;
	}
	b->text[len++] = '\n';
	b->text[len] = '\0';
}

static void
take_block(void *ctx, const struct page_line *line)
{
	struct block *b = ctx;
	if (strcmp(line->section, "EXAMPLES") != 0)
		return;
	if (strncmp(line->text, ".Bd -literal", 12) == 0) {
		b->inside = true;
		b->at++;
	} else if (strcmp(line->text, ".Ed") == 0) {
		b->inside = false;
	} else if (b->inside && b->at == b->wanted) {
		add_line(b, line->text);
	}
}

/* Literal block n of a page's EXAMPLES. */
static struct block
example(const char *page, unsigned n)
{
	struct block b = {.wanted = n};
	page_each(page, take_block, &b);
	assert_true(b.text[0] != '\0');
	return b;
}

static void
expect_no_problem(struct problems *problems)
{
	if (problems_line(problems, 0) != NULL)
		fail_msg("%s", problems_line(problems, 0));
	problems_free(problems);
}

/* ---- files --------------------------------------------------------------- */

static void
profile_of_the_manual_reads_the_text_of_the_manual(void **state)
{
	(void)state;
	struct block profile = example(OPERATOR_5, 1);
	struct block call = example(OPERATOR_5, 2);
	struct problems *problems = problems_new();
	struct classify_result read;
	struct profile *p = profile_read_text(
		"simtel.ini", span_str(profile.text), problems);
	expect_no_problem(problems);
	assert_non_null(p);
	char *text = strchr(call.text, '"');
	assert_non_null(text);
	text[1 + strcspn(text + 1, "\"")] = '\0';
	classifier_read(p->reply, span_str(text + 1), &read);
	assert_int_equal(read.verdict, VERDICT_LOADED);
	assert_string_equal(read.groups.amount, "100.00");
	profile_unref(p);
}

/* What this machine lacks is left out: the group, and the SIM's PIN. */
static void
configuration_of_the_manual_is_good(void **state)
{
	(void)state;
	struct block b = example(CONF_5, 1);
	static const char *const lacks[] = {"group ", "sim_pin_file"};
	char path[] = "/tmp/topupd-manual-XXXXXX";
	struct problems *problems = problems_new();
	for (size_t i = 0; i < 2; i++) {
		char *from = strstr(b.text, lacks[i]);
		assert_non_null(from);
		memset(from, ' ', strcspn(from, ";") + 1);
	}
	int fd = mkstemp(path);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, b.text, strlen(b.text)), strlen(b.text));
	assert_int_equal(close(fd), 0);
	struct config *config = config_load(path, problems);
	assert_int_equal(unlink(path), 0);
	expect_no_problem(problems);
	assert_non_null(config);
	assert_int_equal(config->modem_count, 2);
	config_free(config);
}

struct rows {
	unsigned good;
	char last[BATCH_WORD_MAX], operator[BATCH_WORD_MAX];
};

static void
on_row(void *ctx, const struct batch_row *row)
{
	struct rows *rows = ctx;
	rows->good++;
	(void)snprintf(rows->last, sizeof(rows->last), "%s", row->amount);
	(void)snprintf(
		rows->operator, sizeof(rows->operator), "%s", row->operator);
}

static void
on_fault(void *ctx, unsigned line, const char *reason)
{
	(void)ctx;
	fail_msg("line %u: %s", line, reason);
}

static void
expect_batch(enum batch_kind kind, const char *name, const char *text)
{
	struct rows rows = {.good = 0};
	const struct batch_events events = {
		.ctx = &rows, .on_row = on_row, .on_fault = on_fault};
	struct batch_parser *p = batch_parser_new(kind, name, &events);
	assert_non_null(p);
	assert_int_equal(batch_parser_feed(p, span_str(text)), 0);
	assert_int_equal(batch_parser_finish(p), 0);
	assert_int_equal(rows.good, 2);
	assert_string_equal(rows.last, "100");
	assert_string_equal(rows.operator, "simtel");
	batch_parser_free(p);
}

static void
batches_of_the_manual_have_two_good_rows(void **state)
{
	(void)state;
	struct block csv = example(BATCH_5, 1), txt = example(BATCH_5, 2);
	expect_batch(BATCH_CSV, "monday.csv", csv.text);
	expect_batch(BATCH_TXT, "simtel-100-monday.txt", txt.text);
}

/* ---- commands ------------------------------------------------------------ */

static bool
has_option(const struct ctl_command *command, const char *word)
{
	static const char *const common[] = {
		"-c", "--socket", "--json", "--help", "--version"};
	size_t len = strcspn(word, "=");
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (strcmp(word, common[i]) == 0)
			return true;
	for (size_t i = 0; command && command->options[i].name != NULL; i++)
		if (strlen(command->options[i].name) == len - 2 &&
			strncmp(command->options[i].name, word + 2, len - 2) ==
				0)
			return true;
	return false;
}

/* What follows "topupctl " up to the line's end or what ends a call there;
 * how much of it is wrong. */
static size_t
check_call(const char *where, const char *call)
{
	char text[256];
	const struct ctl_command *command = NULL;
	(void)snprintf(text, sizeof(text), "%.*s",
		(int)strcspn(call, "\n`#;|>()"), call);
	char *rest = text;
	for (char *word; (word = strsep(&rest, " \t\\")) != NULL;) {
		if (word[0] == '-' && word[1] != '\0' &&
			!has_option(command, word)) {
			print_error("%s: topupctl %s\n", where, call);
			return 1;
		}
		if (command == NULL && word[0] >= 'a' && word[0] <= 'z') {
			command = ctl_command_find(word);
			if (command == NULL) {
				print_error(
					"%s: topupctl %.40s\n", where, call);
				return 1;
			}
		}
	}
	return 0;
}

/* Calls stand at the begin of a line or behind what opens one. */
static size_t
check_calls(const char *where, const char *before)
{
	char *text = page_text(where), mark[40];
	size_t wrong = 0, found = 0;
	(void)snprintf(mark, sizeof(mark), "%stopupctl ", before);
	for (const char *p = text; (p = strstr(p, mark)) != NULL;) {
		p += strlen(mark);
		wrong += check_call(where, p);
		found++;
	}
	free(text);
	assert_true(found > 0);
	return wrong;
}

static void
commands_that_documents_show_are_there(void **state)
{
	(void)state;
	size_t wrong = check_calls("README.md", "\n") +
	               check_calls("README.md", "`") +
	               check_calls("README.md", "sudo ") +
	               check_calls("conf/man/topupctl.1", ".Dl ") +
	               check_calls("conf/man/topupctl.1", "\n") +
	               check_calls("conf/man/topupd.8", "\n") +
	               check_calls("conf/man/topupd-operator.5", "\n");
	assert_int_equal(wrong, 0);
}

/* Of each command's own help, too. */
static void
examples_of_the_help_are_calls_of_their_command(void **state)
{
	(void)state;
	const struct ctl_command *command;
	for (size_t i = 0; (command = ctl_command_at(i)) != NULL; i++) {
		const char *call = command->example;
		assert_int_equal(strncmp(call, "topupctl ", 9), 0);
		assert_int_equal(check_call(command->name, call + 9), 0);
		assert_non_null(strstr(call, command->name));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			profile_of_the_manual_reads_the_text_of_the_manual),
		cmocka_unit_test(configuration_of_the_manual_is_good),
		cmocka_unit_test(batches_of_the_manual_have_two_good_rows),
		cmocka_unit_test(commands_that_documents_show_are_there),
		cmocka_unit_test(
			examples_of_the_help_are_calls_of_their_command),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
